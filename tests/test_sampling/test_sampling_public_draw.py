"""A public draw in a survey folder, and a survey that follows another: from the commands to the check."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from custody.cli import run
from custody.errors import SamplingError
from custody.survey import Survey, create_survey
from sampling import draw_sample, load_vault, read_certificate
from sampling.certificate_pdf import certificate_pdf
from sampling.checking import check_draw

DAY = "2009-11-05T10:00"
DICE = ("3141592653 5897932384 6264338327 9502884197", "2718281828459045235360287471352662497757")
VERIFY = Path(__file__).parents[2] / "sampling" / "verify_draw.py"
SECOND = Path(__file__).with_name("second_draw.mjs")


def hyohon(*arguments: str | Path) -> int:
    return run(["--lang", "en", "sampling", *map(str, arguments), "--at", DAY])


@pytest.fixture
def registers(files) -> list[str]:
    return ["--residents", str(files.residents), "--certifications", str(files.certifications)]


def test_commit_throw_draw_and_check(opened, registers, capsys, tmp_path) -> None:
    survey = opened(DAY)
    folder, out = survey.folder, survey.out
    assert hyohon("commit", folder, *registers) == 0
    commitment = json.loads((out / "commitment.json").read_text(encoding="utf-8"))
    capsys.readouterr()
    assert hyohon("draw", folder, *registers) == 1  # no dice
    assert "SAM-CEREMONY-DICE" in capsys.readouterr().err
    assert hyohon("draw", folder, *registers, "--dice", DICE[0], "--dice", DICE[1]) == 0
    certificate = read_certificate(out / "draw-certificate.json")
    assert certificate.ceremony is not None
    assert certificate.ceremony.commitment == commitment["commitment"]
    assert certificate.seed == certificate.ceremony.seed
    assert certificate.frame_digest == commitment["frame_digest"]
    assert read_certificate(out / "draw-certificate.json").to_json() == certificate.to_json()
    copy = tmp_path / "verify_draw.py"
    shutil.copy(VERIFY, copy)
    command = [
        sys.executable,
        "-I",
        "-S",
        str(copy),
        str(out / "draw-certificate.json"),
        str(out / "frame-keys.csv"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, "The draw holds: 120" in done.stdout) == (0, True)
    assert certificate_pdf(certificate, "0" * 64).startswith(b"%PDF")


def test_the_second_implementation_makes_the_seed_from_the_dice(opened, registers) -> None:
    if shutil.which("node") is None:
        pytest.skip("the second implementation needs node (Debian: nodejs)")
    survey = opened(DAY)
    assert hyohon("commit", survey.folder, *registers) == 0
    assert hyohon("draw", survey.folder, *registers, "--dice", DICE[0], "--dice", DICE[1]) == 0
    names = [str(survey.out / name) for name in ("draw-certificate.json", "frame-keys.csv")]
    done = subprocess.run(
        ["node", str(SECOND), *names], capture_output=True, text=True, encoding="utf-8", check=True
    )
    *persons, seed = done.stdout.splitlines()
    assert seed == f"seed,{read_certificate(survey.out / 'draw-certificate.json').seed}"
    lines = (survey.out / "sample-keys.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert persons == [f"sample,{line}" for line in lines]


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (lambda facts: facts["ceremony"].update(nonce="0" * 64), "not committed to"),
        (lambda facts: facts["ceremony"].update(program_sha256="0" * 64), "not committed to"),
        (lambda facts: facts["ceremony"]["entropies"].reverse(), "the seed is not that of nonce and dice"),
        (lambda facts: facts.update(seed="1"), "the seed is not that of nonce and dice"),
        (
            lambda facts: facts["ceremony"].update(design=facts["ceremony"]["design"].replace("120", "121")),
            "not committed",
        ),
        (
            lambda facts: facts["strata"][0].update(sample=facts["strata"][0]["sample"] + 1),
            "the strata are not those",
        ),
        (lambda facts: facts.pop("ceremony"), None),
    ],
)
def test_tampering_with_a_ceremony_is_named(opened, registers, tamper, words) -> None:
    survey = opened(DAY)
    assert hyohon("commit", survey.folder, *registers) == 0
    assert hyohon("draw", survey.folder, *registers, "--dice", DICE[0], "--dice", DICE[1]) == 0
    path = survey.out / "draw-certificate.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    tamper(facts)
    path.write_text(json.dumps(facts), encoding="utf-8")
    problems = check_draw(path).problems
    if (
        words is None
    ):  # a certificate without its ceremony holds as a draw; the ledger and the minutes miss it
        assert problems == ()
    else:
        assert any(words in problem for problem in problems)


def test_a_changed_design_or_another_register_is_not_what_was_committed_to(opened, registers, files) -> None:
    survey = opened(DAY)
    assert hyohon("commit", survey.folder, *registers) == 0
    settings = survey.folder / "survey.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("n = 120", "n = 121"), encoding="utf-8")
    with pytest.raises(SamplingError) as refusal:
        draw_sample(opened(DAY), files, entropies=DICE)
    assert refusal.value.code == "SAM-CEREMONY-CHANGED"
    assert not survey.vault_path.exists()
    with survey.ledger() as ledger:
        assert [event.facts["code"] for event in ledger.events("refusal")] == ["SAM-CEREMONY-CHANGED"]
        assert not list(ledger.events("reveal"))  # the nonce stays shut


@pytest.mark.parametrize(
    ("kind", "common"), [("negative", 0), ("positive", 120), ("rotate", None), ("independent", None)]
)
def test_a_survey_that_follows_another(tmp_path, registers, kind, common) -> None:
    """The old draw was an ordinary one: its key becomes the permanent one."""
    folders = [tmp_path / name for name in ("survey2009", "survey2010")]
    for number, folder in enumerate(folders):
        create_survey(folder, training=True, sample=120, seed=f"follow {number}")
    old, new = folders
    assert hyohon("draw", old, *registers, "--seed", "2009") == 0
    assert hyohon("follow", new, old, "--coordination", kind) == 0
    assert hyohon("draw", new, *registers, "--seed", "2010") == 0
    persons = [set(load_vault(Survey.open(folder, DAY))["resident_no"]) for folder in folders]
    shared = len(persons[0] & persons[1])
    certificate = read_certificate(new / "out" / "draw-certificate.json")
    assert certificate.coordination is not None
    assert certificate.coordination.kind == kind
    if kind == "negative":  # tiny strata of which two of three are drawn cannot be avoided
        strata = read_certificate(old / "out" / "draw-certificate.json").strata
        common = sum(max(0, 2 * one.sample - one.persons) for one in strata)
    if kind == "rotate":
        common = 120 - sum(-(-one.sample // 4) for one in certificate.strata)
    if common is not None:
        assert shared == common
    assert (
        check_draw(new / "out" / "draw-certificate.json", None, new / "out" / "sample-keys.csv").problems
        == ()
    )


def test_a_public_draw_of_a_survey_that_follows(tmp_path, registers) -> None:
    """The commitment binds the permanent key and the coordination too."""
    folders = [tmp_path / name for name in ("old", "new")]
    for number, folder in enumerate(folders):
        create_survey(folder, training=True, sample=120, seed=f"public {number}")
    old, new = folders
    assert hyohon("draw", old, *registers) == 0
    assert hyohon("follow", new, old) == 0
    assert hyohon("commit", new, *registers) == 0
    assert hyohon("draw", new, *registers, "--dice", DICE[0], "--dice", DICE[1]) == 0
    path = new / "out" / "draw-certificate.json"
    assert check_draw(path).problems == ()
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["key_hex"] = "0" * 64
    path.write_text(json.dumps(facts), encoding="utf-8")
    assert "the permanent key is another" in check_draw(path).problems
