"""Every bad certification of the table, and every resident it names for a rule, meets what the table says."""

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from custody.errors import ApprovalError, ConfigError, HyohonError, InputError, SamplingError
from sampling import (
    RegisterFiles,
    build_frame,
    draw_sample,
    frame_survey,
    read_certifications,
    read_residents,
)

TABLE = Path(__file__).parents[1] / "data" / "bad_register_inputs.csv"
with TABLE.open(encoding="utf-8", newline="") as stream:
    ROWS = {row["id"]: row for row in csv.DictReader(stream)}
DAY = "2009-11-05T10:00"
LEVEL = "要介護状態区分"
PERIOD = ("有効期間開始日", "有効期間終了日")
VALUES = ("00000000", "2009", "練馬", "要支援３", "要支援3")
Change = dict[str, str]


def expected(identifier: str, outcome: str) -> str:
    row = ROWS[identifier]
    assert row["outcome"] == outcome
    return row["code"]


def number(of: int) -> Change:
    return {"宛名番号": f"{of:010d}"}


def ordinary(desk: Any, *changes: Change, clean: int = 120) -> Path:
    """Write rows of the persons 1 to `clean`, then one row a change."""
    path: Path = desk.certifications(*[number(of) for of in range(1, clean + 1)], *changes)
    return path


def check_refusal(error: HyohonError, identifier: str) -> None:
    assert error.code == expected(identifier, "refused")
    text = f"{error} {error.args}"
    assert [words for words in ROWS[identifier]["words"].split(";") if words not in text] == []
    assert not [value for value in VALUES[0:1] + VALUES[2:] if value in text]
    assert error.__suppress_context__ or error.__context__ is None
    assert error.hint


SET_ASIDE: dict[str, tuple[str, list[Change]]] = {
    "CER-007": (LEVEL, [{LEVEL: "要支援3"}, {LEVEL: "経過的要介護"}, {LEVEL: "99"}]),
    "CER-011": (PERIOD[1], [{PERIOD[0]: "20100201"}]),
    "CER-024": (LEVEL, [{LEVEL: ""}]),
    "CER-028": (PERIOD[1], [{PERIOD[1]: ""}]),
}


@pytest.mark.parametrize("identifier", SET_ASIDE)
def test_the_row_is_set_aside_and_its_person_is_not_drawn(desk, identifier) -> None:
    code = expected(identifier, "set aside")
    column, changes = SET_ASIDE[identifier]
    for change in changes:
        register = read_certifications(ordinary(desk, {**number(500), **change}))
        found = list(register.quarantine.itertuples(index=False, name=None))
        assert found == [(122, column, code)], change
        assert register.read == register.accepted + register.quarantined == 122
        assert register.unclear.to_pylist() == ["0000000500"]
        people = read_residents(desk.residents(clean=999))
        frame = build_frame(
            people, register, reference_date=date(2009, 11, 1), knowledge_date=date(2009, 11, 2)
        )
        assert frame.removed["certification_unclear"] == 1
        assert "0000000500" not in set(frame.table["resident_no"])


def test_a_number_that_meets_only_after_repair_needs_a_confirmation(desk) -> None:  # CER-017
    code = expected("CER-017", "set aside")
    path = ordinary(desk, {"宛名番号": "０００００００５００"}, {"宛名番号": "501"}, clean=250)
    register = read_certifications(path)
    assert register.quarantine["code"].tolist() == [code, "width"]
    assert (register.accepted, register.quarantined) == (251, 2)
    repaired = read_certifications(path, confirm_repairs=True)
    assert repaired.table["resident_no"].to_pylist()[-2:] == ["0000000500", "0000000501"]
    assert repaired.repairs.set_index("code")["cells"].to_dict() == {code: 1, "width": 1}


def test_a_row_that_names_nobody_is_counted_as_such(desk) -> None:  # CER-031
    register = read_certifications(ordinary(desk, {"宛名番号": ""}))
    assert register.quarantine["code"].tolist() == [expected("CER-031", "set aside")]
    assert (register.unattributed, len(register.unclear)) == (1, 0)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize("act", [frame_survey, draw_sample])
def test_nobody_counts_as_not_certified_because_a_file_is_missing(
    opened, files, tmp_path, spoil, act
) -> None:
    survey = opened(DAY)  # CER-001
    path = tmp_path / "certifications.csv"
    path.write_bytes(files.certifications.read_bytes())
    spoil(path)
    with pytest.raises(InputError) as caught:
        act(survey, RegisterFiles(files.residents, path))
    assert caught.value.code in (expected("CER-001", "refused"), "SAM-FILE-EMPTY")
    assert caught.value.file == "certifications.csv"
    with survey.ledger() as ledger:
        (event,) = ledger.events("refusal")
    assert event.facts["code"] == caught.value.code
    assert not survey.vault_path.exists()
    assert list(survey.out.iterdir()) == []


def test_an_empty_resident_register_leaves_its_refusal_in_the_ledger(opened, files, tmp_path) -> None:
    survey = opened(DAY)  # REG-001
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(InputError):
        frame_survey(survey, RegisterFiles(empty, files.certifications))
    with survey.ledger() as ledger:
        (event,) = ledger.events("refusal")
    assert dict(event.facts) == {"act": "frame", "code": expected("REG-001", "refused")}
    assert list(survey.out.iterdir()) == []


def test_no_knowledge_of_the_future(opened, files) -> None:  # CER-003
    with pytest.raises(ConfigError) as caught:
        frame_survey(opened(DAY), files, knowledge_date=date(2009, 11, 6))
    check_refusal(caught.value, "CER-003")


@pytest.mark.parametrize("at", ["2009-10-31T23:59:59", "2009-12-01T00:00:00"])
def test_outside_the_approved_month_nothing_is_opened(opened, tmp_path, at) -> None:  # CER-019
    from custody.survey import Survey, create_survey

    folder = tmp_path / "early"
    create_survey(folder, training=True, sample=50, at="2009-10-30T09:00")
    survey = Survey.open(folder, at)
    with pytest.raises(ApprovalError) as caught:
        frame_survey(survey, RegisterFiles(tmp_path / "none.csv", tmp_path / "none.csv"))
    assert caught.value.code == expected("CER-019", "refused")
    with survey.ledger() as ledger:
        (event,) = ledger.events("denial")
    assert dict(event.facts) == {"act": "frame", "code": "APP-PERIOD"}


@pytest.mark.parametrize("identifier", ["CER-005", "CER-022"])
def test_rows_that_hardly_meet_the_register_give_no_frame(desk, identifier) -> None:
    rows = [{"宛名番号": f"{90_000 + of:010d}", "被保険者番号": f"{of:010d}"} for of in range(100)]
    with pytest.raises(SamplingError) as caught:
        desk.frame([{}], rows)
    check_refusal(caught.value, identifier)


def test_levels_of_another_system_are_refused_with_the_file(desk) -> None:  # CER-021
    path = desk.certifications(*[{LEVEL: str(level)} for level in range(1, 8)])
    with pytest.raises(InputError) as caught:
        read_certifications(path)
    check_refusal(caught.value, "CER-021")


def test_registers_that_are_exchanged_are_refused(desk) -> None:
    with pytest.raises(InputError) as caught:  # CER-023
        read_certifications(desk.residents(clean=3))
    check_refusal(caught.value, "CER-023")
    people, rows = read_residents(desk.residents(clean=3)), read_certifications(ordinary(desk))
    clocks = {"reference_date": date(2009, 11, 1), "knowledge_date": date(2009, 11, 2)}
    with pytest.raises(SamplingError) as mixed:  # CER-030
        build_frame(rows, people, **clocks)
    check_refusal(mixed.value, "CER-030")
    with pytest.raises(SamplingError) as early:  # CER-027
        build_frame(people, rows, **{**clocks, "knowledge_date": date(2009, 10, 31)})
    check_refusal(early.value, "CER-027")


OPEN = {"認定日": "", LEVEL: "", **dict.fromkeys(PERIOD, "")}
REFUSED_LATER = {"申請区分": "区分変更", "申請日": "20091001", "認定日": "20091015", LEVEL: "01"}
YOUNG = {"生年月日": "19500101"}
RULES: dict[str, tuple[Change, list[Change]]] = {
    "CER-009": ({}, [{**OPEN, "申請日": "20091020"}]),
    "CER-013": ({}, [{}, {**REFUSED_LATER, **dict.fromkeys(PERIOD, "")}]),
    "CER-015": (YOUNG, [{}]),
    "CER-020": ({}, [{}, {}]),
    "CER-026": ({}, [{"申請日": "20091020", "認定日": "20091102", PERIOD[0]: "20091020"}]),
    "REG-023": ({"住民となった日": "20091102"}, []),
    "REG-025": ({"支援措置": "1"}, []),
    "REG-060": ({"消除日": "20091031", "消除事由": "死亡"}, []),
}


@pytest.mark.parametrize("identifier", RULES)
def test_the_person_is_left_out_under_a_rule_of_its_own(desk, identifier) -> None:
    resident, rows = RULES[identifier]
    frame = desk.frame([{}, resident, {}], [{**number(2), **row} for row in rows])
    others = 1 if expected(identifier, "left out") == "certified_valid" else 0  # the last one of the desk
    assert frame.removed[ROWS[identifier]["code"]] == 1 + others
    assert len(frame) == 2
    assert frame.flow["removed"].sum() + len(frame) == frame.read
    assert frame.linkage.certified_under_65 == (1 if identifier == "CER-015" else 0)


def test_an_unknown_day_of_birth_near_the_border_is_for_staff(desk) -> None:  # REG-070
    from sampling import load_layout

    layout = load_layout("demo")
    fields = [replace(field, partial=field.name == "birth_date") for field in layout.residents.fields]
    own = replace(layout, residents=replace(layout.residents, fields=tuple(fields)))
    people = [{"生年月日": day} for day in ("昭和19年00月00日", "19430000", "19450000", "19440200")]
    register = read_residents(desk.residents(*people, clean=995), layout=own)
    frame = build_frame(
        register,
        read_certifications(desk.certifications()),
        reference_date=date(2009, 11, 1),
        knowledge_date=date(2009, 11, 2),
    )
    assert frame.removed[expected("REG-070", "left out")] == 1
    assert frame.removed["under_65"] == 1
    assert {"0000000002", "0000000004"} <= set(frame.table["resident_no"])


def test_a_lapsed_period_keeps_the_person_with_a_flag(desk) -> None:  # CER-025
    frame = desk.frame([{}], [{**number(1), PERIOD[1]: "20090930"}])
    assert frame.table["certification_flag"].tolist() == [expected("CER-025", "kept")]


def test_a_row_of_nobody_here_leaves_nobody_out_and_is_counted(desk) -> None:  # CER-029
    assert expected("CER-029", "accepted") == ""
    rows = [number(of) for of in range(1, 21)]
    frame = desk.frame([{}] * 21, [*rows, number(5000)])
    assert (frame.linkage.rows, frame.linkage.matched) == (22, 21)
    assert frame.table["resident_no"].tolist() == ["0000000021"]


def test_every_row_of_the_table_has_its_test() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in ROWS if name.startswith("CER") and name not in source] == []
