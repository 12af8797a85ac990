"""A household draw is run again in both phases, tampering is named, and household sizes stay in the vault."""

import csv
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pypdfium2
import pytest

from custody.packages import open_package
from custody.survey import Survey
from labels.tokens import KeyedSource
from sampling import StratifiedDesign, draw, draw_sample, hand_over_labels, load_vault, read_certificate
from sampling.certificate_pdf import certificate_pdf
from sampling.checking import check_draw
from sampling.drawing import SAMPLE_COLUMNS
from sampling.limits import limits
from sampling.verify_draw import verify


def rows(table: pa.Table) -> list[tuple[str, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def pairs(sample) -> list[tuple[str, str]]:
    return list(zip(sample.data["person_key"], sample.data["stratum"], strict=True))


@pytest.fixture(scope="module")
def sample(ward_frame):
    design = StratifiedDesign(200, ["area", "sex"], one_per_household=True)
    return draw(ward_frame, design, seed="11", token_source=KeyedSource(bytes(32)))


def test_weights_carry_both_phases(sample, ward_frame) -> None:
    data = sample.data.merge(
        ward_frame.table[["resident_no", "household_no"]], on="resident_no", validate="one_to_one"
    )
    members = ward_frame.table["household_no"].value_counts()
    m = data["household_no"].map(members)
    m = m.where(m <= limits().largest_household, 1)
    assert (data["household_size"] == m).all()
    assert set(m) >= {1, 2}
    taken = data["stratum"].map(data["stratum"].value_counts())
    assert np.allclose(data["base_weight"], m * data["fpc"] / taken, rtol=1e-12)
    assert np.allclose(data["base_weight"] * data["inclusion_prob"], 1, rtol=1e-12)
    assert data["psu"].is_unique
    assert (data.groupby("stratum")["fpc"].nunique() == 1).all()
    assert data.drop_duplicates("stratum")["fpc"].sum() == sample.certificate.one_per_household.households
    assert list(sample.table.columns) == list(SAMPLE_COLUMNS)


def test_order_of_the_register_does_not_matter_and_the_seed_decides(sample, ward_frame) -> None:
    design = StratifiedDesign(200, ["area", "sex"], one_per_household=True)
    again = draw(ward_frame, design, seed="11", token_source=KeyedSource(bytes(32)))
    pd.testing.assert_frame_equal(again.data, sample.data)
    assert again.certificate == sample.certificate
    other = draw(ward_frame, design, seed="12")
    assert other.certificate.frame_digest == sample.certificate.frame_digest
    assert len(set(other.link["resident_no"]) & set(sample.link["resident_no"])) < 60


@pytest.fixture(scope="module")
def evidence(sample):
    return json.loads(sample.certificate.to_json()), rows(sample.frame_keys), pairs(sample)


def test_both_phases_are_run_again(evidence) -> None:
    facts, frame, drawn = evidence
    assert verify(facts, frame, drawn) == []
    assert verify(facts, frame[::-1], drawn) == []


def test_the_mate_of_a_drawn_person_is_found(evidence) -> None:
    """Another member of the household in the list of the drawn, at the same position."""
    facts, frame, drawn = evidence
    home = {row[0]: row[2] for row in frame}
    at, mate = next(
        (at, row)
        for at, (key, _) in enumerate(drawn)
        for row in frame
        if home[key] and row[2] == home[key] and row[0] != key
    )
    swapped = [*drawn[:at], mate[:2], *drawn[at + 1 :]]
    assert verify(facts, frame, swapped) == [
        f"position {at + 1}, stratum {drawn[at][1]}: another person was drawn"
    ]


def with_home(frame, at, home):
    return [*frame[:at], (*frame[at][:2], home), *frame[at + 1 :]]


def paired(frame):
    return next(at for at, row in enumerate(frame) if row[2])


TAMPERED = [
    (lambda frame, facts: with_home(frame, paired(frame), "f" * 64), "the frame is not the certified one"),
    (lambda frame, facts: with_home(frame, paired(frame), ""), "households, not"),
    (lambda frame, facts: [row[:2] for row in frame], "the frame is not the certified one"),
    (lambda frame, facts: [row[:2] for row in frame], "households, not"),
    (lambda frame, facts: facts.pop("one_per_household") and frame, "not the certified sample"),
    (lambda frame, facts: facts["one_per_household"].update(rule="mine") or frame, "key of the households"),
    (
        lambda frame, facts: facts["one_per_household"].update(key_hex="0" * 64) or frame,
        "key of the households",
    ),
    (lambda frame, facts: facts["one_per_household"].update(households=7) or frame, "households, not 7"),
    (lambda frame, facts: facts["one_per_household"].update(largest=1) or frame, "households, not"),
    (lambda frame, facts: facts["strata"][0].update(households=5) or frame, "households, not 5"),
    (lambda frame, facts: facts.update(seed="12") or frame, "the key of the households"),
]


@pytest.mark.parametrize(("tamper", "words"), TAMPERED)
def test_every_tampering_with_households_is_named(evidence, tamper, words) -> None:
    facts, frame, _ = json.loads(json.dumps(evidence))
    changed = tamper([tuple(row) for row in frame], facts)
    problems = verify(facts, changed)
    assert any(words in problem for problem in problems), problems


def test_certificate_reads_back_and_prints_on_one_page(sample, tmp_path) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(sample.certificate.to_json(), encoding="utf-8")
    assert read_certificate(path) == sample.certificate
    facts = json.loads(path.read_text(encoding="utf-8"))
    assert facts["one_per_household"]["households"] == sum(record["households"] for record in facts["strata"])
    document = pypdfium2.PdfDocument(certificate_pdf(sample.certificate, "0" * 64))
    assert len(document) == 1
    assert f"{facts['one_per_household']['households']:,}" in document[0].get_textpage().get_text_range()
    assert sample.tidy()["households"].sum() == facts["one_per_household"]["households"]


@pytest.fixture
def household_survey(opened):
    survey = opened("2009-11-05T10:00")
    path = survey.folder / "survey.toml"
    text = path.read_text(encoding="utf-8")
    assert "one_per_household = false" in text
    path.write_text(text.replace("one_per_household = false", "one_per_household = true"), encoding="utf-8")
    return Survey.open(survey.folder, "2009-11-05T10:00")


def test_household_size_stays_in_the_vault(household_survey, files) -> None:
    survey = household_survey
    run = draw_sample(survey, files, seed="31")
    vault = load_vault(survey)
    assert vault.columns[-1] == "household_size"
    assert vault["household_size"].tolist() == run.sample.data["household_size"].tolist()
    assert vault["household_size"].max() > 1
    with (survey.out / "frame-keys.csv").open(encoding="utf-8", newline="") as stream:
        assert next(csv.reader(stream)) == ["person_key", "stratum", "household_key"]
    certificate = survey.out / "draw-certificate.json"
    held = check_draw(certificate, survey.out / "frame-keys.csv", survey.out / "sample-keys.csv")
    assert held.problems == ()
    with survey.ledger() as ledger:
        (event,) = ledger.events("draw")
    assert event.facts["households"] == run.sample.certificate.one_per_household.households
    hand_over_labels(survey)
    package = open_package(
        survey.out / "labels.sp",
        kind="labels",
        identity=survey.keys.identity("contractor"),
        verifier=survey.keys.verifier("staff"),
    )
    assert b"household" not in package.payload
