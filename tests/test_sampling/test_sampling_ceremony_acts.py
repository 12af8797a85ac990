"""In a survey a commitment comes before the dice, holds the draw to what it says, and stays visible."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pyrage
import pytest
from typer.testing import CliRunner

import sampling
from custody.errors import SamplingError
from custody.ledger import verify_ledger
from custody.survey import Survey
from sampling import RegisterFiles, draw_sample, read_certificate
from sampling.acts import _build
from sampling.ceremony import CeremonyRecord, check_commitment, sha256_text
from sampling.ceremony_acts import commit_draw, open_ceremony, reveal, withdraw_commitment
from sampling.ceremony_design import planned_text
from sampling.ceremony_store import ceremony_for_draw, commitment_files, nonce_path
from sampling.checking import check_draw
from sampling.commands import build
from sampling.design import StratifiedDesign
from sampling.drawing import Sample, draw
from sampling.frame_keys import frame_digest, frame_keys
from sampling.program_digest import program_sha256

E1, E2 = "3141592653589793238462643383279502884197", "2718281828459045235360287471352662497757"
DOCS = Path(sampling.__file__).resolve().parent.parent / "docs" / "ceremony.md"
Opened = Callable[[str], Survey]


@dataclass(frozen=True, slots=True)
class PublicDraw:
    """A sample and the ceremony it came from."""

    sample: Sample
    record: CeremonyRecord


def draw_in_public(survey: Survey, files: RegisterFiles, dice: Sequence[str]) -> PublicDraw:
    """The order of a public draw: the commitment, the frame again, the comparison, the nonce, the draw."""
    commitment = ceremony_for_draw(survey, dice)
    assert commitment is not None
    frame = _build(survey, files, commitment.knowledge_date).frame
    design = StratifiedDesign.from_settings(survey.design, survey.frame)
    check_commitment(
        commitment,
        frame_digest=frame_digest(frame_keys(frame, design)),
        design_text=planned_text(survey, design, frame),
        program_sha256=program_sha256(),
    )
    record = reveal(survey, dice)
    return PublicDraw(draw(frame, design, seed=record.seed), record)


def kinds(survey: Survey) -> list[str]:
    with survey.ledger() as ledger:
        return [event.kind for event in ledger.events() if event.kind != "file"]


def test_commit_then_dice_then_sample(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commitment = commit_draw(survey, files)
    assert open_ceremony(survey) == commitment
    assert (commitment.draw_number, commitment.attempt, commitment.n) == (1, 1, 120)
    assert sum(plan.sample or 0 for plan in commitment.strata) == 120
    later = opened("2009-11-20T15:00")
    public = draw_in_public(later, files, [f" {E1[:20]} {E1[20:]}", "-".join(E2)])
    assert public.record.problems() == []
    assert public.record.entropies == (E1, E2)
    assert public.sample.certificate.seed == public.record.seed
    assert public.sample.certificate.frame_digest == commitment.frame_digest
    planned = [(plan.stratum, plan.persons, plan.sample) for plan in commitment.strata]
    assert planned == [(one.stratum, one.persons, one.sample) for one in public.sample.certificate.strata]
    verify_ledger(survey.ledger_path)


def test_the_same_dice_again_draw_the_same_persons(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commit_draw(survey, files)
    first, second = (draw_in_public(survey, files, (E1, E2)) for _time in range(2))
    assert first.record == second.record
    assert first.sample.certificate.sample_digest == second.sample.certificate.sample_digest
    assert kinds(survey).count("reveal") == 1


def test_the_secret_is_for_staff_alone_and_is_the_committed_one(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commitment = commit_draw(survey, files)
    staff = pyrage.x25519.Identity.from_str(survey.keys.identity("staff"))
    nonce = pyrage.decrypt(nonce_path(survey).read_bytes(), [staff]).decode()
    assert re.fullmatch("[0-9a-f]{64}", nonce)
    assert sha256_text(nonce) == commitment.nonce_sha256
    others = [path for path in survey.folder.rglob("*") if path.is_file() and path.parent.name != "keys"]
    assert not [path for path in others if nonce.encode() in path.read_bytes()]


def test_nobody_is_named_in_what_is_public(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commit_draw(survey, files)
    rows = files.residents.read_text(encoding="cp932").splitlines()
    cells = {cell for row in rows[1:] for cell in row.split(",") if "　" in cell or len(cell) > 5}
    names = {cell for cell in cells if not cell.isascii()} | {row.split(",")[0] for row in rows[1:]}
    page = pypdfium2.PdfDocument(commitment_files(survey)[2])[0].get_textpage().get_text_range()
    public = page + "".join(path.read_text(encoding="utf-8") for path in commitment_files(survey)[:2])
    assert len(names) > 6000
    assert not [name for name in names if name in public]


def test_two_commitments_to_the_same_draw_have_different_secrets(
    opened: Opened, files: RegisterFiles
) -> None:
    survey = opened("2009-11-04T09:00")
    first = commit_draw(survey, files)
    withdraw_commitment(survey, "test")
    second = commit_draw(survey, files)
    assert first.frame_digest == second.frame_digest
    assert first.design == second.design
    assert first.nonce_sha256 != second.nonce_sha256
    assert (second.draw_number, second.attempt) == (1, 2)


@pytest.mark.parametrize(
    ("dice", "seed", "code"),
    [
        ((), None, "SAM-CEREMONY-DICE"),
        ((), "5", "SAM-CEREMONY-DICE"),
        ((E1, E2), "5", "SAM-CEREMONY-DICE"),
        ((E1,), None, "SAM-DICE-PARTIES"),
        ((E1, "7" * 40), None, "SAM-DICE-PATTERN"),
    ],
)
def test_after_a_commitment_only_dice_draw(
    opened: Opened, files: RegisterFiles, dice: tuple[str, ...], seed: str | None, code: str
) -> None:
    survey = opened("2009-11-04T09:00")
    commit_draw(survey, files)
    with pytest.raises(SamplingError) as refusal:
        ceremony_for_draw(survey, dice, seed)
    assert refusal.value.code == code
    assert open_ceremony(survey) is not None


def test_without_a_commitment_dice_do_not_count(opened: Opened) -> None:
    survey = opened("2009-11-04T09:00")
    assert ceremony_for_draw(survey, ()) is None
    assert ceremony_for_draw(survey, (), "5") is None
    for act in (lambda: ceremony_for_draw(survey, (E1, E2)), lambda: reveal(survey, (E1, E2))):
        with pytest.raises(SamplingError, match="SAM-CEREMONY-NONE"):
            act()


def test_other_dice_are_not_tried_after_the_first(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commit_draw(survey, files)
    reveal(survey, (E1, E2))
    for dice in [(E2, E1), (E1, E2[:-1] + "0"), (E1, E2, E1 + "5")]:
        with pytest.raises(SamplingError, match="SAM-CEREMONY-OTHER"):
            reveal(survey, dice)
    assert reveal(survey, (E1, E2)).entropies == (E1, E2)


def test_another_register_is_another_frame(opened: Opened, files: RegisterFiles, tmp_path: Path) -> None:
    survey = opened("2009-11-04T09:00")
    commit_draw(survey, files)
    lines = files.residents.read_bytes().split(b"\r\n")
    fewer = tmp_path / "fewer.csv"
    fewer.write_bytes(b"\r\n".join(lines[:-200]) + b"\r\n")
    with pytest.raises(SamplingError, match=r"SAM-CEREMONY-CHANGED.*frame, design\."):
        draw_in_public(survey, RegisterFiles(fewer, files.certifications), (E1, E2))
    assert "reveal" not in kinds(survey)


def test_another_design_is_named(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commit_draw(survey, files)
    settings = survey.folder / "survey.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(re.sub(r"(?m)^n = 120\b", "n = 121", text), encoding="utf-8")
    with pytest.raises(SamplingError, match=r"SAM-CEREMONY-CHANGED.*in: design\."):
        draw_in_public(opened("2009-11-04T10:00"), files, (E1, E2))


def test_a_second_commitment_is_refused(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    first = commit_draw(survey, files)
    with pytest.raises(SamplingError, match="SAM-CEREMONY-OPEN"):
        commit_draw(survey, files)
    assert open_ceremony(survey) == first
    assert kinds(survey).count("commit") == 1


def test_a_withdrawal_stays_visible_with_its_reason_and_the_secret(
    opened: Opened, files: RegisterFiles
) -> None:
    survey = opened("2009-11-04T09:00")
    commitment = commit_draw(survey, files)
    with pytest.raises(SamplingError, match="SAM-CEREMONY-REASON"):
        withdraw_commitment(survey, "  ")
    reveal(survey, (E1, E2))
    told = json.loads(withdraw_commitment(survey, "名簿の誤り").read_text(encoding="utf-8"))
    assert (told["reason"], told["dice_entered"]) == ("名簿の誤り", True)
    assert told["commitment"] == commitment.commitment
    assert sha256_text(told["nonce"]) == commitment.nonce_sha256
    assert ceremony_for_draw(survey, ()) is None
    with pytest.raises(SamplingError, match="SAM-CEREMONY-NONE"):
        withdraw_commitment(survey, "again")
    second = json.loads(withdrawn_again(survey, files).read_text(encoding="utf-8"))
    assert (second["attempt"], second["dice_entered"]) == (2, False)
    assert kinds(survey).count("commit.withdrawn") == 2
    verify_ledger(survey.ledger_path)


def withdrawn_again(survey: Survey, files: RegisterFiles) -> Path:
    commit_draw(survey, files)
    return withdraw_commitment(survey, "again")


def test_after_a_draw_a_commitment_needs_a_reason(opened: Opened, files: RegisterFiles) -> None:
    draw_sample(opened("2009-11-04T09:00"), files, seed="5")
    survey = opened("2009-11-05T09:00")
    with pytest.raises(SamplingError, match="SAM-DRAW-TWICE"):
        commit_draw(survey, files)
    commitment = commit_draw(survey, files, redraw_reason="公開で引き直す")
    assert (commitment.draw_number, commitment.attempt) == (2, 1)


def test_a_draw_closes_the_commitment(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commit_draw(survey, files)
    with survey.ledger() as ledger:
        ledger.append("draw", once="draw.1")
    assert open_ceremony(survey) is None


def test_the_draw_of_the_program_is_that_of_the_ceremony(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commitment = commit_draw(survey, files)
    later = opened("2009-11-20T15:00")
    with pytest.raises(SamplingError, match="SAM-CEREMONY-DICE"):
        draw_sample(later, files)
    expected = draw_in_public(later, files, (E1, E2))
    words = ["draw", str(survey.folder), "--residents", str(files.residents), "--at", "2009-11-20T15:00"]
    words += ["--certifications", str(files.certifications), "--dice", "-".join(E1), "--dice", E2]
    done = CliRunner().invoke(build(), words)
    assert done.exit_code == 0, done.output
    assert " ".join(E1[start : start + 10] for start in range(0, 40, 10)) in done.output
    certificate = read_certificate(survey.out / "draw-certificate.json")
    assert certificate.ceremony == expected.record
    assert certificate.sample_digest == expected.sample.certificate.sample_digest
    assert certificate.knowledge_date == commitment.knowledge_date
    keys = [survey.out / name for name in ("draw-certificate.json", "frame-keys.csv", "sample-keys.csv")]
    assert check_draw(*keys).problems == ()
    assert open_ceremony(later) is None
    with pytest.raises(SamplingError, match="SAM-CEREMONY-NONE"):
        draw_sample(later, files, entropies=(E1, E2), redraw_reason="again")


@pytest.mark.parametrize(
    "change",
    [
        ("[design]", "[design]\nreserve = 30"),
        ("[design]", '[design]\nmethod = "systematic"\norder = ["town"]'),
        ("[design]", "[design]\nresponse = 0.5\nmaximum = 40"),
        ("one_per_household = false", "one_per_household = true"),
    ],
)
def test_every_design_is_drawn_in_public(
    opened: Opened, files: RegisterFiles, change: tuple[str, str]
) -> None:
    settings = opened("2009-11-04T09:00").folder / "survey.toml"
    text = settings.read_text(encoding="utf-8")
    assert change[0] in text
    settings.write_text(text.replace(*change, 1), encoding="utf-8")
    survey = opened("2009-11-04T09:00")
    commitment = commit_draw(survey, files)
    run = draw_sample(survey, files, entropies=(E1, E2))
    assert run.sample.certificate.frame_digest == commitment.frame_digest
    assert run.sample.certificate.ceremony is not None
    assert run.sample.certificate.ceremony.design == commitment.design
    assert (
        check_draw(*(survey.out / name for name in ("draw-certificate.json", "frame-keys.csv"))).problems
        == ()
    )


def test_a_void_draw_is_made_again_in_public(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    draw_sample(survey, files, seed="5")
    commit_draw(survey, files, redraw_reason="公開で引き直す")
    with pytest.raises(SamplingError, match="SAM-DRAW-TWICE"):
        draw_sample(survey, files, entropies=(E1, E2))
    with pytest.raises(SamplingError, match="SAM-CEREMONY-DICE"):
        draw_sample(survey, files, redraw_reason="公開で引き直す")
    again = draw_sample(survey, files, entropies=(E1, E2), redraw_reason="公開で引き直す")
    assert (again.sample.certificate.draw_number, again.sample.certificate.redraw_reason) == (
        2,
        "公開で引き直す",
    )
    assert open_ceremony(survey) is None


def test_every_act_passes_the_gate(opened: Opened, files: RegisterFiles) -> None:
    from custody.errors import ApprovalError

    survey = opened("2009-12-24T09:00")
    with pytest.raises(ApprovalError):
        commit_draw(survey, files)
    assert kinds(survey)[-1] == "denial"
    assert not commitment_files(survey)[0].exists()


def test_commands_commit_and_withdraw(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    at = ["--at", "2009-11-04T09:00"]
    registers = ["--residents", str(files.residents), "--certifications", str(files.certifications)]
    done = CliRunner().invoke(build(), ["commit", str(survey.folder), *registers, *at])
    assert done.exit_code == 0, done.output
    commitment = open_ceremony(survey)
    assert commitment is not None
    assert " ".join(commitment.words) in done.output
    assert commitment.commitment in done.output
    done = CliRunner().invoke(build(), ["commit", str(survey.folder), "--withdraw", "reason", *at])
    assert done.exit_code == 0, done.output
    assert open_ceremony(survey) is None
    done = CliRunner().invoke(build(), ["commit", str(survey.folder), *at])
    assert isinstance(done.exception, Exception)
    assert "SAM-CEREMONY-REGISTERS" in str(done.exception)


@pytest.mark.skipif(
    not all(map(shutil.which, ("sh", "sed", "sha256sum", "openssl", "find"))),
    reason="the auditor's commands need sh, sed, sha256sum, openssl and find",
)
def test_an_auditor_with_a_shell_finds_the_same(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commitment = commit_draw(survey, files)
    public = draw_in_public(survey, files, (E1, E2))
    rows = public.sample.frame_keys.to_pydict().values()
    lines = ["person_key,stratum", *(",".join(row) for row in zip(*rows, strict=True))]
    (survey.out / "frame-keys.csv").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    bound, nonce_and_seed, frame, program = re.findall(r"```sh\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    values = f"C={commitment.commitment} NONCE={public.record.nonce} E1={E1} E2={E2}\n"
    assert _shell(bound, survey.out) == [commitment.commitment] * 2
    assert _shell(values + nonce_and_seed, survey.out) == [commitment.nonce_sha256, public.record.seed]
    assert _shell(frame, survey.out) == [commitment.frame_digest]
    assert _shell(program, DOCS.parent.parent) == [program_sha256(DOCS.parent.parent)]


def _shell(commands: str, folder: Path) -> list[str]:
    done = subprocess.run(["sh", "-e", "-c", commands], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().split()


def test_the_design_file_has_the_digest_committed_to(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commitment = commit_draw(survey, files)
    text, design, page = (path.read_bytes() for path in commitment_files(survey))
    assert hashlib.sha256(design).hexdigest() == commitment.design_sha256
    assert page.startswith(b"%PDF")
    with survey.ledger() as ledger:
        event = next(ledger.events("commit"))
    assert event.facts["commitment_sha256"] == hashlib.sha256(text).hexdigest()
    assert event.facts["commitment"] == commitment.commitment
