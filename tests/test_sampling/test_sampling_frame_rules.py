"""Every rule of the frame has a title and a place; a survey's switches reach its frame and its ledger."""

import os
import tomllib
from dataclasses import replace
from datetime import date
from importlib.resources import files as resources
from string import Template

import pandas as pd
import pyarrow as pa
import pytest

from custody.errors import ApprovalError, InputError
from custody.frame_settings import FRAME_SWITCHES, FrameSettings
from sampling import build_frame, frame_survey
from sampling.frame import Frame
from sampling.frame_files import write_review, write_staff_list
from sampling.frame_rules import RULE_TITLES, RULES, STAFF_RULES, SWITCHED, FrameRules
from sampling.linkage import Links
from sampling.linkage.result import REVIEW_COLUMNS

DAY = "2009-11-05T10:00"


def test_every_rule_has_a_title_and_every_switch_a_rule() -> None:
    assert ("register", "quarantined", *RULES, "frame") == tuple(RULE_TITLES)
    assert set(FRAME_SWITCHES) == set(SWITCHED) < set(RULES)
    assert set(STAFF_RULES) < set(RULES) - set(SWITCHED)
    assert len(set(RULE_TITLES.values())) == len(RULE_TITLES)


def test_a_new_survey_file_lists_every_switch_with_its_default() -> None:
    text = resources("custody").joinpath("data/survey_template.toml").read_text(encoding="utf-8")
    names = ("id", "title", "title_en", "reference_date", "language", "training", "phone", "sample")
    table = tomllib.loads(Template(text).substitute(dict.fromkeys(names, "0")))["frame"]
    assert table == {**FRAME_SWITCHES, "one_per_household": False}


def test_rules_of_a_survey_are_those_of_its_file() -> None:
    settings = FrameSettings({**FRAME_SWITCHES, "lapsed": "exclude"}, one_per_household=True)
    rules = FrameRules.from_settings(settings)
    assert rules.switches == settings.switches
    assert rules.one_per_household
    assert rules.tidy()["rule"].tolist() == list(SWITCHED)
    assert FrameRules().switches == FRAME_SWITCHES
    assert [rule for rule in RULES if not FrameRules().excludes(rule)] == [
        *("institution", "checklist", "lapsed", "not_eligible", "withdrawn", "recent_mover"),
    ]


def switch(survey, name: str, value: str) -> None:
    path = survey.folder / "survey.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    changed = [f'{name} = "{value}"' if line.startswith(f"{name} = ") else line for line in lines]
    assert changed != lines
    path.write_text("\n".join(changed), encoding="utf-8")


def test_a_switch_in_the_survey_file_moves_persons_from_flag_to_rule(opened, files) -> None:
    before = frame_survey(opened(DAY), files).frame
    flagged = before.flags.set_index("flag")["persons"]
    assert flagged["lapsed"] > 0
    switch(opened(DAY), "lapsed", "exclude")
    survey = opened(DAY)
    after = frame_survey(survey, files).frame
    assert after.removed["lapsed"] == flagged["lapsed"] == len(before) - len(after)
    assert "lapsed" not in after.flags["flag"].tolist()
    with survey.ledger() as ledger:
        first, second = (event.facts for event in ledger.events("frame"))
    assert (first["lapsed"], first["flag_lapsed"], second["lapsed"]) == (
        0,
        flagged["lapsed"],
        flagged["lapsed"],
    )
    assert "flag_lapsed" not in second


def test_frame_counts_are_tables_of_their_own(ward_frame: Frame) -> None:
    assert ward_frame.tidy().equals(ward_frame.flow)
    assert list(ward_frame.flags.columns) == ["flag", "persons"]
    assert ward_frame.staff_list["reason"].tolist() == list(STAFF_RULES)
    assert list(ward_frame.exclusion_lists.columns) == ["list", "entries", "matched", "unmatched"]
    assert "rules" not in repr(ward_frame)


def test_qualifications_need_their_own_approval(opened, files, tmp_path) -> None:
    survey = opened(DAY)
    text = survey.approval_path.read_text(encoding="utf-8")
    survey.approval_path.write_text(text.replace(', "介護保険資格情報"]', "]"), encoding="utf-8")
    with pytest.raises(ApprovalError) as refusal:
        frame_survey(survey, replace(files, qualifications=tmp_path / "none.csv"))
    assert refusal.value.code == "APP-ITEM"
    frame_survey(survey, files)


TOTALS = [
    ("residents.csv,6000\n", "SAM-TOTALS-FILE"),
    ("residents.csv,6000\ncertifications.csv,{rows}\n", None),
    ("residents.csv,5999\ncertifications.csv,{rows}\n", "SAM-FILE-TOTAL"),
    ("residents.csv,6000\ncertifications.csv,{rows}1\n", "SAM-FILE-TOTAL"),
]


@pytest.mark.parametrize(("lines", "code"), TOTALS)
def test_control_totals_name_every_file_and_fit(opened, files, tmp_path, lines, code) -> None:
    totals = tmp_path / "totals.csv"
    rows = files.certifications.read_bytes().count(b"\n") - 1
    totals.write_text("ファイル名,件数\n" + lines.format(rows=rows), encoding="cp932")
    survey = opened(DAY)
    if code is None:
        assert frame_survey(survey, replace(files, totals=totals)).certifications.read == rows
        return
    with pytest.raises(InputError) as refusal:
        frame_survey(survey, replace(files, totals=totals))
    assert refusal.value.code == code
    with survey.ledger() as ledger:
        assert [event.facts["code"] for event in ledger.events("refusal")] == [code]
    assert list(survey.out.iterdir()) == []


def test_repairs_need_a_confirmation(opened, files, tmp_path) -> None:
    text = files.certifications.read_bytes().decode("cp932")
    first = text.splitlines()[1]
    number = first.split(",")[1]
    wide = number.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    path = tmp_path / "certifications.csv"
    path.write_bytes(text.replace(first, first.replace(number, wide), 1).encode("cp932"))
    changed = replace(files, certifications=path)
    survey = opened(DAY)
    assert frame_survey(survey, changed).certifications.quarantined == 1
    repaired = frame_survey(survey, replace(changed, confirm_repairs=True)).certifications
    assert (repaired.quarantined, int(repaired.repairs["cells"].sum())) == (0, 1)


def test_staff_see_whom_they_must_look_at_and_nobody_else_does(hand, opened, files) -> None:
    people = [
        {"resident_no": "0000000001", "birth_latest": date(1945, 4, 1)},
        {"resident_no": "0000000002", "address": "東京都中野区中野１丁目"},
        {"resident_no": "0000000003"},
        {"resident_no": "0000000004"},
    ]
    broken = {"application": None, "applied_on": date(2009, 10, 1), "resident_no": "0000000003"}
    frame = build_frame(
        hand("residents", people),
        hand("certifications", [broken]),
        reference_date=date(2009, 11, 1),
        knowledge_date=date(2009, 11, 2),
    )
    assert frame.staff.to_pylist() == [
        {"resident_no": "0000000001", "reason": "age_undecidable"},
        {"resident_no": "0000000003", "reason": "certification_unclear"},
        {"resident_no": "0000000002", "reason": "area_unknown"},
    ]
    assert frame.staff_list["persons"].tolist() == [1, 1, 0, 1]
    assert "0000000001" not in repr(frame)
    survey = opened(DAY)
    (path,) = write_staff_list(survey, frame)
    assert path == survey.folder / "staff-list.csv"
    assert path.stat().st_mode & 0o077 == 0 or os.name == "nt"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "resident_no,reason,title"
    assert lines[1].startswith("0000000001,age_undecidable,")
    assert write_staff_list(survey, frame) == []
    shorter = replace(frame, staff=frame.staff.slice(0, 1))
    assert [path.name for path in write_staff_list(survey, shorter)] == ["staff-list-02.csv"]
    assert write_staff_list(survey, replace(frame, staff=frame.staff.slice(0, 0))) == []
    assert "staff-list" not in " ".join(path.name for path in survey.out.iterdir())


def test_a_private_list_runs_nothing_in_a_spreadsheet(opened) -> None:
    pairs = pd.DataFrame({name: ["=HYPERLINK(1)", "練馬　太郎"] for name in REVIEW_COLUMNS})
    links = Links(resident_of_row=pa.array([], pa.int32()), review=pairs)
    survey = opened(DAY)
    (path,) = write_review(survey, links)
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    for name in table.columns:
        assert table[name].tolist() == ["'=HYPERLINK(1)", "練馬　太郎"]
    assert write_review(survey, links) == []
    assert write_review(survey, Links(resident_of_row=pa.array([], pa.int32()))) == []
