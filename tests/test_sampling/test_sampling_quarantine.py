"""A row in quarantine is named by number, column and code; its values lie in a file that only staff open."""

import csv
import re
from pathlib import Path

import pandas as pd
import pytest

from custody.cli import run
from custody.errors import ApprovalError, SamplingError
from sampling import RegisterFiles, frame_survey, read_residents
from sampling.quarantine import REASONS, open_quarantine, write_values
from sampling.vault import open_table, seal_table

ROOM = Path(__file__).parents[2] / "sampling"
DAY, AFTER = "2009-11-05T10:00", "2030-01-01T10:00"
CANARIES = ("秘密", "ヒミツ", "19440230", "極秘")
BAD = [
    {"氏名": "秘密　花子", "生年月日": "19440230"},
    {"氏名": "=極秘", "性別": "9", "宛名番号": "123"},
]


@pytest.fixture
def framed(desk, opened):
    """Build a frame from registers with two bad rows."""
    people = desk.residents(*BAD, clean=700)
    survey = opened(DAY)
    run_ = frame_survey(survey, RegisterFiles(people, desk.certifications(of=700)))
    return survey, run_


def test_the_table_names_rows_and_what_to_do_but_no_value(framed) -> None:
    survey, made = framed
    raw = (survey.out / "quarantine.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(raw.splitlines()))
    assert [(row["register"], row["row"], row["column"], row["code"]) for row in rows] == [
        ("residents", "1", "生年月日", "impossible_date"),
        ("residents", "2", "宛名番号", "width"),
        ("residents", "2", "性別", "unknown_code"),
    ]
    assert all(row["what to do"] for row in rows)
    assert not any(canary in raw for canary in CANARIES)
    assert {path.name for path in made.files} >= {"quarantine.csv", "quarantine.age"}


def test_values_are_found_only_with_the_key_of_staff(framed) -> None:
    survey, _made = framed
    cells = open_quarantine(survey)
    assert set(cells.loc[cells["column"] == "氏名", "cell"]) == {"秘密　花子", "=極秘"}
    assert set(cells["row"]) == {"1", "2"}
    for path in (path for path in survey.folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert not any(canary.encode(code) in data for canary in CANARIES for code in ("utf-8", "cp932"))


def test_a_cell_with_line_ends_is_one_cell_of_the_encrypted_file(opened) -> None:
    survey = opened(DAY)
    cells = pd.DataFrame({"row": ["1", "2", "3"], "cell": ["\r極秘", "極\r\n秘", ' "極, 秘" ']})
    path = survey.folder / "cells.age"
    path.write_bytes(seal_table(cells, survey.keys.recipient("staff")))
    assert open_table(path, survey.keys.identity("staff")).to_dict("list") == cells.to_dict("list")


def test_the_command_writes_them_as_text_and_leaves_an_event(framed, tmp_path) -> None:
    survey, _made = framed
    out = tmp_path / "failed.csv"
    assert run(["sampling", "quarantine", str(survey.folder), "--out", str(out), "--at", DAY]) == 0
    shown = pd.read_csv(out, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    assert "'=極秘" in set(shown["cell"])
    with survey.ledger() as ledger:
        (event,) = ledger.events("quarantine_shown")
    assert event.facts == {"rows": 2}


def test_values_stay_shut_when_the_approval_is_over(framed, opened, tmp_path) -> None:
    with pytest.raises(ApprovalError):
        write_values(opened(AFTER), tmp_path / "failed.csv")
    assert not (tmp_path / "failed.csv").exists()


def test_nothing_is_left_where_no_row_failed_any_more(desk, framed) -> None:
    survey, _made = framed
    clean = RegisterFiles(desk.residents(clean=700), desk.certifications(of=700))
    frame_survey(survey, clean)
    assert not (survey.out / "quarantine.csv").exists()
    with pytest.raises(SamplingError, match="No row is in quarantine"):
        write_values(survey, survey.folder / "x.csv")


def test_a_line_that_could_not_be_cut_is_named_and_not_kept(desk) -> None:
    path = desk.residents({}, {}, {"性別": "9"}, clean=300)
    lines = path.read_bytes().split(b"\r\n")
    lines[5] += ",極秘".encode("cp932")  # a column that nobody approved may stand anywhere in it
    path.write_bytes(b"\r\n".join(lines))
    register = read_residents(path)
    assert register.quarantine.to_dict("records") == [
        {"row": 3, "column": "性別", "code": "unknown_code"},
        {"row": 5, "column": "", "code": "column_count"},
    ]
    assert register.quarantined == 2
    assert register.failed_values["row"].tolist() == ["3"]
    assert "極秘" not in register.failed_values.to_csv()


def test_every_code_that_a_row_can_fail_by_says_what_to_do() -> None:
    named = set()
    for path in ROOM.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'(?:Failure\([^"]*?|code=|repair=|, 0, )"([a-z]+_?[a-z]+)"', text))
    named -= {"layout", "format_"}
    assert named >= {"missing", "impossible_date", "unknown_code", "bidi_control"}
    assert named - set(REASONS) == set()
