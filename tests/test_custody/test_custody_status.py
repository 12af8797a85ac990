"""Status says which stages, later waves and response a survey has, and what is still to come."""

from pathlib import Path

import pytest

from custody.cli import run
from custody.survey import Survey, create_survey

PLAN = """
[[waves]]
kind = "questionnaire"
days = 0
[[waves]]
kind = "thanks"
days = 7
[[waves]]
kind = "replacement"
days = 14
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A survey with three waves planned, drawn once in vain and once more."""
    path = create_survey(tmp_path / "survey", training=True, at="2009-11-02T09:00").folder
    settings = path / "survey.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + PLAN, encoding="utf-8")
    record(path, "2009-11-05T10:00", "draw", n=500)
    record(path, "2009-11-06T10:00", "hand_over_wave", wave=2, rows=499)
    record(path, "2009-11-07T10:00", "draw", n=600)
    return path


def record(folder: Path, at: str, kind: str, **facts: int) -> None:
    with Survey.open(folder, at).ledger() as ledger:
        ledger.append(kind, **facts)


def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert run(["--lang", "en", "status", str(folder)]) == 0
    return capsys.readouterr().out.splitlines()


def test_later_waves_are_planned_until_they_are_handed_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line.split() for line in said(folder, capsys) if "wave" in line]
    assert lines == [
        ["-", "wave", "2:", "thank-you", "card", "to", "all"],
        ["-", "wave", "3:", "replacement", "to", "who", "has", "not", "answered"],
    ]
    record(folder, "2009-11-16T10:00", "hand_over_wave", wave=2, rows=1580)
    record(folder, "2009-11-17T10:00", "hand_over_wave", wave=2, rows=1581)
    (line,) = [line for line in said(folder, capsys) if "wave 2" in line]
    assert line.split()[:3] == ["2009-11-17", "10:00", "wave"]
    assert line.endswith("(1,581 persons)")


def test_response_is_the_one_counted_last(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not [line for line in said(folder, capsys) if "response:" in line]
    record(folder, "2009-11-20T10:00", "response", drawn=600, complete=100, partial=1)
    record(folder, "2009-12-20T10:00", "response", drawn=600, complete=366, partial=4)
    (line,) = [line for line in said(folder, capsys) if "response:" in line]
    assert line.strip() == "2009-12-20 10:00  response: 366 complete and 4 partial of 600 drawn"


def test_survey_with_one_mailing_has_no_line_of_waves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = create_survey(tmp_path / "survey", training=True, at="2009-11-02T09:00").folder
    assert not [line for line in said(folder, capsys) if "wave" in line]
