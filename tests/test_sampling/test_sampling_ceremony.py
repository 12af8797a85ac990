"""Commitment and seed follow the published formula, and whatever is changed after the commitment is named."""

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import sampling
from custody.errors import InputError, SamplingError
from sampling.ceremony import (
    RULE,
    CeremonyRecord,
    Commitment,
    ceremony_seed,
    check_commitment,
    commitment_digest,
    read_commitment,
    sha256_text,
)
from sampling.ceremony_design import StratumPlan, design_text, plan_strata
from sampling.ceremony_sheet import commitment_pdf
from sampling.ceremony_words import fingerprint_words
from sampling.design import StratifiedDesign
from sampling.drawing import draw
from sampling.frame import Frame
from sampling.frame_keys import frame_digest, frame_keys
from sampling.program_digest import PACKAGES, _installed, program_sha256

E1, E2 = "3141592653589793238462643383279502884197", "2718281828459045235360287471352662497757"
NONCE = "5" * 64
HOME = Path(sampling.__file__).resolve().parent.parent


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def commitment() -> Commitment:
    design = design_text(StratifiedDesign(n=3, by=["sex"]), [StratumPlan("女", 9, 3)])
    bound = commitment_digest(sha("frame"), sha(design), sha("program"), sha(NONCE))
    return Commitment(
        rule=RULE,
        commitment=bound,
        frame_digest=sha("frame"),
        design=design,
        design_sha256=sha(design),
        program_sha256=sha("program"),
        nonce_sha256=sha(NONCE),
        words=fingerprint_words(bound),
        strata=(StratumPlan("女", 9, 3),),
        n=3,
        reference_date=date(2009, 11, 1),
        knowledge_date=date(2009, 11, 2),
        title="調査",
        training=True,
    )


def record_of(commitment: Commitment) -> CeremonyRecord:
    return CeremonyRecord(
        rule=RULE,
        commitment=commitment.commitment,
        frame_digest=commitment.frame_digest,
        design=commitment.design,
        program_sha256=commitment.program_sha256,
        nonce=NONCE,
        entropies=(E1, E2),
        words=commitment.words,
    )


def test_formulas_written_out_once_more(commitment: Commitment) -> None:
    parts = f"{sha('frame')}|{sha(commitment.design)}|{sha('program')}|{sha(NONCE)}"
    assert commitment.commitment == sha(parts)
    seed = sha(f"hyohon ceremony v1|{sha(parts)}|{NONCE}|{E1}|{E2}")
    assert ceremony_seed(sha(parts), NONCE, (E1, E2)) == seed
    assert record_of(commitment).seed == seed


def test_vectors_made_with_sha256sum_and_openssl() -> None:
    bound = commitment_digest("frame", "design", "program", "nonce")
    assert bound == "f3fad59136c05a32b159183035c7cef4bfcb8bfcfeaa58f73c7246e1fe1e2294"
    seed = "87a5bc5dc52edb8df60209495049651320fbece677af36c8e87cac0aec74f98e"
    assert ceremony_seed(bound, "nonce", (E1, E2)) == seed


def test_the_order_and_every_digit_of_the_dice_count(commitment: Commitment) -> None:
    seeds = {
        ceremony_seed(commitment.commitment, NONCE, dice)
        for dice in [(E1, E2), (E2, E1), (E1[:-1] + "0", E2), (E1, E2, E1 + "0"), (E1 + E2,)]
    }
    assert len(seeds) == 5


def test_record_and_commitment_come_back_from_json(commitment: Commitment, tmp_path: Path) -> None:
    record = record_of(commitment)
    assert CeremonyRecord.from_dict(json.loads(json.dumps(record.to_dict()))) == record
    (tmp_path / "commitment.json").write_text(commitment.to_json(), encoding="utf-8")
    assert read_commitment(tmp_path / "commitment.json") == commitment
    assert commitment.tidy().to_dict("list") == {
        "stratum": ["女"],
        "persons": [9],
        "sample": [3],
        "reserve": [0],
    }
    assert "<table" in commitment._repr_html_()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"strata": [], "reference_date": "x"}'])
def test_another_file_is_no_commitment(text: str, tmp_path: Path) -> None:
    (tmp_path / "commitment.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="SAM-CEREMONY-FILE"):
        read_commitment(tmp_path / "commitment.json")


@pytest.mark.parametrize(
    ("field", "value", "problems"),
    [
        ("rule", "hyohon ceremony v2", ["rule"]),
        ("frame_digest", sha("other"), ["commitment", "words"]),
        ("design", "{}", ["commitment", "words"]),
        ("program_sha256", sha("other"), ["commitment", "words"]),
        ("nonce", "6" * 64, ["commitment", "words"]),
        ("commitment", sha("other"), ["commitment"]),
        ("words", ("いちご",) * 8, ["words"]),
    ],
)
def test_a_changed_record_is_noticed(
    commitment: Commitment, field: str, value: object, problems: list[str]
) -> None:
    record = record_of(commitment)
    assert record.problems() == []
    assert replace(record, **{field: value}).problems() == problems  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"frame_digest": sha("x")}, "frame."),
        ({"design_text": "{}"}, "design."),
        ({"program_sha256": sha("x")}, "program."),
        ({"frame_digest": sha("x"), "program_sha256": sha("x")}, "frame, program."),
    ],
)
def test_what_differs_from_the_commitment_is_named(
    commitment: Commitment, changed: dict[str, str], named: str
) -> None:
    same = {
        "frame_digest": commitment.frame_digest,
        "design_text": commitment.design,
        "program_sha256": commitment.program_sha256,
    }
    check_commitment(commitment, **same)
    with pytest.raises(SamplingError, match="SAM-CEREMONY-CHANGED") as refusal:
        check_commitment(commitment, **(same | changed))
    assert refusal.value.message.endswith(named)


def test_design_text_is_canonical_json() -> None:
    plan = [StratumPlan("北/M", 10, 2), StratumPlan("南/F", 20, 3, 4)]
    text = design_text(StratifiedDesign(n=5, by=["area", "sex"]), plan, prn_key_sha256=sha("key"))
    values = json.loads(text)
    assert text == json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert values["strata"] == [["北/M", 10, 2, 0], ["南/F", 20, 3, 4]]
    assert values["prn_key_sha256"] == sha("key")
    assert {"n", "by", "allocation"} <= set(values["design"])
    household = [StratumPlan("北/M", 10, None)]
    assert set(json.loads(design_text(StratifiedDesign(n=5, one_per_household=True), household))) == {
        "design"
    }


@pytest.mark.parametrize("home", [False, True])
def test_the_digest_committed_to_is_that_of_the_certificate(ward_frame: Frame, home: bool) -> None:
    design = StratifiedDesign(n=60, by=["sex"], one_per_household=home)
    certificate = draw(ward_frame, design, seed="1").certificate
    assert frame_digest(frame_keys(ward_frame, design)) == certificate.frame_digest
    planned = plan_strata(design, ward_frame)
    certified = [(one.stratum, one.persons, None if home else one.sample) for one in certificate.strata]
    assert [(one.stratum, one.persons, one.sample) for one in planned] == certified


@pytest.fixture
def program(tmp_path: Path) -> Path:
    for package in PACKAGES:
        (tmp_path / package / "data").mkdir(parents=True)
        (tmp_path / package / "__init__.py").write_bytes(b'"""A."""\nB = 1\n')
        (tmp_path / package / "data" / "limits.toml").write_bytes(b"a = 1\n")
    return tmp_path


def test_line_ends_and_other_files_do_not_change_the_program(program: Path) -> None:
    before = program_sha256(program)
    (program / "labels" / "__init__.py").write_bytes(b'"""A."""\r\nB = 1\r\n')
    (program / "labels" / "notes.txt").write_text("x", encoding="utf-8")
    (program / "analysis").mkdir()
    (program / "analysis" / "other.py").write_text("x", encoding="utf-8")
    assert program_sha256(program) == before


@pytest.mark.parametrize("name", ["sampling/__init__.py", "custody/data/limits.toml", "labels/new.sql"])
def test_every_file_of_the_program_counts(program: Path, name: str) -> None:
    before = program_sha256(program)
    with (program / name).open("ab") as stream:
        stream.write(b"\n")
    assert program_sha256(program) != before


def test_a_renamed_file_is_another_program(program: Path) -> None:
    before = program_sha256(program)
    shutil.move(program / "labels" / "__init__.py", program / "labels" / "init.py")
    assert program_sha256(program) != before


def test_the_installed_program_is_digested_by_default() -> None:
    _installed.cache_clear()
    assert program_sha256() == program_sha256(HOME)
    lines = sorted(
        f"{path.relative_to(HOME).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
        for package in ("custody", "labels", "sampling")
        for pattern in ("*.py", "*.sql", "*.toml")
        for path in (HOME / package).rglob(pattern)
    )
    assert program_sha256(HOME) == sha("".join(lines))


def test_the_page_holds_what_the_minutes_need(commitment: Commitment) -> None:
    import pypdfium2

    page = commitment_pdf(commitment, sha("json"))
    assert page == commitment_pdf(commitment, sha("json"))
    document = pypdfium2.PdfDocument(page)
    assert len(document) == 1
    text = document[0].get_textpage().get_text_range()
    groups = [commitment.commitment[place : place + 8] for place in range(0, 64, 8)]
    for wanted in (*groups, *commitment.words, sha("json"), commitment.nonce_sha256, "訓練用", "2009-11-02"):
        assert wanted in text
    real = pypdfium2.PdfDocument(commitment_pdf(replace(commitment, training=False), sha("json")))
    assert "訓練用" not in real[0].get_textpage().get_text_range()
    assert sha256_text(NONCE) == commitment.nonce_sha256
    assert NONCE not in text
