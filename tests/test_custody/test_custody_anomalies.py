"""The weekly list finds repeats, strangers, refusals, nights, many reprints, and shows no person's data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from custody.anomalies import find_anomalies
from custody.cli import run
from custody.clock import SimulatedClock
from custody.ledger import Event, Fact, Ledger
from custody.survey_clock import TRAINING_AT

TOKEN = "7F3K9QXM2CDE4TX"


def event(seq: int, kind: str = "label.mailed", at: str = "2009-11-02T10:00", **facts: Fact) -> Event:
    return Event(seq, f"{at}:00.000+09:00", kind, facts, "", "")


CASES: list[tuple[Event, list[str]]] = [
    (event(1), []),
    (event(1, "label.set_aside", code="duplicate"), ["repeat_scan"]),
    (event(1, "label.set_aside", code="second_return"), ["repeat_scan"]),
    (event(1, "label.set_aside", code="unknown_token"), ["unknown_token"]),
    (event(1, "label.set_aside", code="wrong_seal"), ["unknown_token"]),
    (event(1, "label.set_aside", code="bad_date"), []),
    (event(1, "denial", code="APR-PERIOD"), ["denial"]),
    (event(1, "refusal", code="SAM-X"), ["denial"]),
    (event(1, at="2009-11-02T21:59"), []),
    (event(1, at="2009-11-02T22:00"), ["night"]),
    (event(1, at="2009-11-03T05:59"), ["night"]),
    (event(1, at="2009-11-03T06:00"), []),
    (event(1, "denial", at="2009-11-03T00:00"), ["denial", "night"]),
]


@pytest.mark.parametrize(("one", "names"), CASES)
def test_each_event_is_what_it_is(one: Event, names: list[str]) -> None:
    """Codes and hours at both edges; an event may be two anomalies."""
    assert [found.name for found in find_anomalies([one]).found] == names


def prints(first: int, again: int, at: str = "2009-11-02T10:00") -> Iterator[Event]:
    for seq in range(1, first + again + 1):
        yield event(seq, "label.printed", at, copy=1 if seq <= first else 2)


@pytest.mark.parametrize(
    ("first", "again", "many"), [(100, 4, False), (95, 5, True), (999, 9, False), (999, 10, True)]
)
def test_reprints_count_from_a_share_or_a_number_on(first: int, again: int, many: bool) -> None:
    """Five in a hundred labels of the week, or ten."""
    found = find_anomalies(prints(first, again)).found
    assert [(one.name, len(one.events)) for one in found] == ([("reprint", again)] if many else [])


def test_weeks_are_iso_weeks_and_one_can_be_chosen() -> None:
    """Sunday belongs to the week before, and 1 January 2010 to the last week of 2009."""
    events = [event(1, "denial", f"{day}T10:00") for day in ("2009-11-08", "2009-11-09", "2010-01-01")]
    assert [one.week for one in find_anomalies(events).found] == ["2009-W45", "2009-W46", "2009-W53"]
    assert [one.week for one in find_anomalies(events, "2009-W46").found] == ["2009-W46"]


def test_table_holds_counts_and_numbers_only() -> None:
    """Numbers in a row are one range; nothing of the facts is in the table."""
    events = [event(seq, "label.set_aside", code="duplicate", token=TOKEN) for seq in (3, 4, 5, 9)]
    table = find_anomalies(events).tidy()
    assert table.to_dict("records") == [
        {"week": "2009-W45", "anomaly": "repeat_scan", "count": 4, "events": "3-5 9"}
    ]


def test_command_prints_no_token_and_refuses_what_is_no_week(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any folder with a ledger; a week that does not exist is refused."""
    with Ledger.open(tmp_path / "ledger.sqlite", SimulatedClock(TRAINING_AT)) as ledger:
        ledger.append("label.set_aside", code="unknown_token", token=TOKEN)
    command = ["--lang", "en", "custody", "anomalies", str(tmp_path)]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert "2009-W45" in out
    assert TOKEN not in out
    assert run([*command, "--week", "2009-W44"]) == 0
    assert "nothing to ask about" in capsys.readouterr().out
    for week in ("2009-W54", "2009-45", "2009-W5", "x"):
        assert run([*command, "--week", week]) == 1
