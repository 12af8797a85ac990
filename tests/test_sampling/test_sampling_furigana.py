"""Readings of names enter the vault where the approval names them, and leave only when asked for."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from custody import gate
from custody.errors import ApprovalError, SamplingError
from custody.ledger import Ledger
from custody.survey import Survey, create_survey
from sampling import RegisterFiles, draw_sample, hand_over_labels, refresh_survey
from sampling.handover import LABEL_COLUMNS
from sampling.register_files import read_registers
from sampling.vault import VAULT_COLUMNS, load_vault, seal_table
from synthetic_data import make_ward

DAY, LATER = "2009-11-05T10:00", "2009-11-10T10:00"


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> tuple[RegisterFiles, RegisterFiles]:
    """Registers of 8,000 people whose layout has readings, at the draw and on 20 November."""
    ward = make_ward(8_000, "refresh, dirty")
    folder = tmp_path_factory.mktemp("readings")
    first, second = (
        RegisterFiles(
            made["residents"],
            made["certifications"],
            residents_layout="resident_csv",
            certifications_layout="certification_csv",
            qualifications=made["qualifications"],
        )
        for made in (
            ward.write(folder / "a", form="dirty"),
            ward.later(date(2009, 11, 20)).write(folder / "b", form="dirty"),
        )
    )
    return first, second


@pytest.fixture(scope="module")
def once(extracts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A survey whose approval names the readings, its sample of 120 drawn from the first registers."""
    folder = tmp_path_factory.mktemp("read") / "survey"
    create_survey(folder, training=True, sample=120, seed="tests")
    survey = Survey.open(folder, DAY)
    allow(survey)
    sample = draw_sample(survey, extracts[0], seed="31", knowledge_date=date(2009, 11, 2)).sample
    assert "furigana" not in sample.table.columns
    return folder


@pytest.fixture
def read_out(once: Path, tmp_path: Path) -> Callable[[str], Survey]:
    """A copy of that survey, opened at a later time."""
    shutil.copytree(once, tmp_path / "survey")
    return lambda at: Survey.open(tmp_path / "survey", at)


def readings_in(files: RegisterFiles) -> dict[str, str]:
    """Resident number to reading, as the register has it."""
    residents = read_registers(files).residents
    pairs = zip(residents.table["resident_no"].to_pylist(), residents.text("kana").to_pylist(), strict=True)
    return {str(number): reading or "" for number, reading in pairs}


def allow(survey: Survey) -> None:
    """Add the readings of names to the items of the survey's approval."""
    text = survey.approval_path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("items"))
    named = line.removesuffix("]") + f', "{gate.FURIGANA}"]'
    survey.approval_path.write_text(text.replace(line, named), encoding="utf-8")


def facts_of(survey: Survey, kind: str) -> list[dict[str, object]]:
    with Ledger.read(survey.ledger_path) as ledger:
        return [dict(event.facts) for event in ledger.events(kind)]


def test_vault_holds_no_readings_unless_the_approval_names_them(opened, files) -> None:
    """Without the item the vault has exactly its columns, and asking for readings is denied by the gate."""
    survey = opened(DAY)
    draw_sample(survey, files, seed="31")
    assert list(load_vault(survey).columns) == list(VAULT_COLUMNS)
    with pytest.raises(ApprovalError) as refusal:
        hand_over_labels(opened(LATER), furigana=True)
    assert refusal.value.code == "APP-ITEM"
    assert facts_of(survey, "denial") == [{"act": "hand_over_labels", "code": "APP-ITEM"}]
    assert not (survey.out / "labels.sp").exists()


def test_item_named_after_the_draw_finds_no_readings(opened, files) -> None:
    """An approval that names the item later opens the gate, but nothing was kept at the draw."""
    survey = opened(DAY)
    draw_sample(survey, files, seed="31")
    allow(survey)
    with pytest.raises(SamplingError, match="SAM-FURIGANA-NONE"):
        hand_over_labels(opened(LATER), furigana=True)
    assert not (survey.out / "labels.sp").exists()
    assert facts_of(survey, "refusal")[-1]["code"] == "SAM-FURIGANA-NONE"


def test_readings_are_those_of_the_register_and_leave_only_when_asked_for(
    read_out, extracts, opened_by_contractor
) -> None:
    """With the item: by default the package is as without; with furigana each reading is its person's."""
    survey = read_out(LATER)
    vault = load_vault(survey)
    assert list(vault.columns) == [*VAULT_COLUMNS, "furigana"]
    of = readings_in(extracts[0])
    assert vault["furigana"].tolist() == [of[number] for number in vault["resident_no"]]
    assert (vault["furigana"] != "").mean() > 0.9
    plain = hand_over_labels(survey)
    assert plain.columns == (*LABEL_COLUMNS, "seals")
    assert "furigana" not in facts_of(survey, "hand_over_labels")[-1]
    asked = hand_over_labels(survey, again=1, furigana=True)
    assert asked.columns == (*LABEL_COLUMNS, "furigana", "seals")
    assert facts_of(survey, "hand_over_labels")[-1]["furigana"] is True
    table, _manifest = opened_by_contractor(survey, "labels")
    wanted = vault.set_index("token")["furigana"]
    pd.testing.assert_series_equal(
        table.set_index("token")["furigana"].sort_index(), wanted.sort_index(), check_dtype=False
    )


def test_same_persons_are_drawn_with_and_without_readings(opened, files) -> None:
    """The item changes what the vault keeps, never who is drawn; a register without readings gives none."""
    survey = opened(DAY)
    first = draw_sample(survey, files, seed="31").sample.table
    allow(survey)
    again = draw_sample(opened(LATER), files, seed="31", redraw_reason="readings of names").sample.table
    columns = ["stratum", "address", "name", "postal_code"]
    pd.testing.assert_frame_equal(first[columns], again[columns])
    assert list(load_vault(survey).columns) == list(VAULT_COLUMNS)


def test_refresh_brings_readings_up_to_date_with_the_names(read_out, extracts) -> None:
    """After a refresh the vault has the later register's reading of everybody who may be mailed."""
    survey = read_out("2009-11-22T10:00")
    vault = load_vault(survey)
    wrong = vault.assign(furigana="マエノ　ヨミ")
    survey.vault_path.write_bytes(seal_table(wrong, survey.keys.recipient("staff")))
    refresh_survey(survey, extracts[1], knowledge_date=date(2009, 11, 20))
    later, now = readings_in(extracts[1]), load_vault(survey)
    fresh = now["furigana"] != "マエノ　ヨミ"
    assert fresh.mean() > 0.9
    assert now.loc[fresh, "furigana"].tolist() == [later[number] for number in now.loc[fresh, "resident_no"]]
