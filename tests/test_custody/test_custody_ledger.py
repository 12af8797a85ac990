"""A ledger keeps every acknowledged event, lets no personal data in, and shows each change made to it."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from custody import ledger_file as store
from custody.clock import SimulatedClock
from custody.errors import LedgerError
from custody.ledger import Head, Ledger, verify_ledger
from custody.survey_clock import open_at

AT = datetime(2009, 11, 2, 9)
CLOCK = SimulatedClock(AT)
BEGIN_WITH = 5
KILLS = 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "ledger.sqlite"
    with Ledger.open(file, CLOCK) as ledger:
        ledger.append("frame", elders=129512, sha="a" * 64)
        ledger.append_many("label.printed", ({"token": f"7F3K{number}", "copy": 1} for number in range(3)))
        ledger.append("draw", once="draw.1", n=3000, done=True)
    return file


def test_events_come_back_as_they_went_in(path: Path) -> None:
    report = verify_ledger(path)
    assert (report.events, dict(report.kinds)) == (BEGIN_WITH, {"draw": 1, "frame": 1, "label.printed": 3})
    with Ledger.read(path) as ledger:
        events = list(ledger.events())
        assert [event.seq for event in events] == [1, 2, 3, 4, 5]
        assert dict(events[-1].facts) == {"once": "draw.1", "n": 3000, "done": True}
        assert ledger.head() == report.head == Head(5, events[-1].hash)
        assert [event.facts["token"] for event in ledger.events("label.printed")] == [
            "7F3K0",
            "7F3K1",
            "7F3K2",
        ]


def change(path: Path, statement: str, *values: object) -> None:
    """Change the file as somebody would who knows SQLite: guards off, change, guards back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        guards = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _sql in guards:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(statement, values)
        for _name, sql in guards:
            raw.execute(sql)


CHANGES = [
    ("UPDATE event SET at = '2009-11-03T09:00:00.000+09:00' WHERE seq = ?", 3),
    ("UPDATE event SET kind = 'label.mailed' WHERE seq = ?", 3),
    ("UPDATE event SET facts = replace(facts, '7F3K1', '7F3K9') WHERE seq = ?", 3),
    ("UPDATE event SET prev = hash WHERE seq = ?", 3),
    ("UPDATE event SET hash = prev WHERE seq = ?", 3),
    ("UPDATE event SET once = 'draw.2' WHERE seq = ?", 5),
    ("UPDATE event SET once = NULL WHERE seq = ?", 5),
    ("UPDATE event SET once = 'free' WHERE seq = ?", 1),
    ("DELETE FROM event WHERE seq = ?", 1),
    ("DELETE FROM event WHERE seq = ?", 3),
    ("UPDATE event SET seq = 9 WHERE seq = ?", 5),
]


@pytest.mark.parametrize(("statement", "seq"), CHANGES)
def test_each_change_is_found_and_named(path: Path, statement: str, seq: int) -> None:
    change(path, statement, seq)
    with pytest.raises(LedgerError) as caught:
        verify_ledger(path)
    assert caught.value.code == "LED-BROKEN"
    assert f"event {seq} " in str(caught.value)


def test_swapped_events_are_found(path: Path) -> None:
    other = "SELECT facts FROM event AS other WHERE other.seq = 5 - event.seq"
    change(path, f"UPDATE event SET facts = ({other}) WHERE seq IN (2, 3)")  # noqa: S608
    with pytest.raises(LedgerError, match="LED-BROKEN"):
        verify_ledger(path)


def test_cut_tail_is_found_with_an_anchor_and_only_then(path: Path) -> None:
    anchor = verify_ledger(path).head
    assert verify_ledger(path, anchor=anchor).events == BEGIN_WITH
    change(path, "DELETE FROM event WHERE seq = ?", 5)
    assert verify_ledger(path).events == BEGIN_WITH - 1
    with pytest.raises(LedgerError, match="LED-CUT"):
        verify_ledger(path, anchor=anchor)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET kind = 'x' WHERE seq = 1",
        "DELETE FROM event WHERE seq = 5",
        "INSERT OR REPLACE INTO event SELECT seq, at, 'x', facts, prev, hash, once FROM event WHERE seq = 1",
        "INSERT INTO event SELECT 99, at, kind, facts, prev, hash, NULL FROM event WHERE seq = 1",
    ],
)
def test_guards_refuse_plain_sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as raw, pytest.raises(sqlite3.DatabaseError):
        raw.execute(statement)
    assert verify_ledger(path).events == BEGIN_WITH


def test_missing_guard_is_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TRIGGER event_no_delete")
    with pytest.raises(LedgerError, match="LED-SCHEMA"):
        verify_ledger(path)
    with pytest.raises(LedgerError, match="LED-SCHEMA"):
        Ledger.open(path, CLOCK)


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("draw", {"name": "練馬　太郎"}),
        ("draw", {"name": "Nerima Taro"}),
        ("draw", {"note": "a" * 201}),
        ("draw", {"n": 1.5}),
        ("draw", {"n": 2**53}),
        ("draw", {"n": None}),
        ("draw", {"n": b"1"}),
        ("draw", {"Name": 1}),
        ("draw", {"練馬": 1}),
        ("draw", {"a" * 33: 1}),
        ("draw", {"once": 1}),
        ("Draw", {}),
        ("draw\n", {}),
        ("draw", {"code": "A\n"}),
    ],
)
def test_nothing_but_codes_and_counts_gets_in(path: Path, kind: str, facts: dict[str, Any]) -> None:
    with Ledger.open(path, CLOCK) as ledger, pytest.raises(LedgerError) as caught:
        ledger.append(kind, **facts)
    assert caught.value.code == "LED-FACT"
    assert "練馬" not in str(caught.value)
    assert "Nerima" not in str(caught.value)
    assert verify_ledger(path).events == BEGIN_WITH


def test_batch_is_written_whole_or_not_at_all(path: Path) -> None:
    rows: list[dict[str, Any]] = [{"copy": 1}, {"copy": "with blank"}]
    with Ledger.open(path, CLOCK) as ledger:
        with pytest.raises(LedgerError, match="LED-FACT"):
            ledger.append_many("label.printed", rows)
        assert ledger.append_many("label.printed", []) == 0
    assert verify_ledger(path).events == BEGIN_WITH


@pytest.mark.parametrize(
    ("back", "refused"),
    [(timedelta(seconds=1), False), (timedelta(seconds=3), True), (timedelta(days=365), True)],
)
def test_clock_behind_the_ledger_is_refused(path: Path, back: timedelta, refused: bool) -> None:
    with Ledger.open(path, SimulatedClock(AT - back)) as ledger:
        if refused:
            with pytest.raises(LedgerError, match="LED-CLOCK"):
                ledger.append("draw")
        else:
            assert ledger.append("draw").at.startswith("2009-11-02T09:00:00.000")
    assert verify_ledger(path).events == BEGIN_WITH + (not refused)


def no_file(path: Path) -> None:
    path.unlink()


def other_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE person (name TEXT)")


def no_database(path: Path) -> None:
    path.write_bytes(b"not a database, however long it may be " * 50)


@pytest.mark.parametrize(
    ("spoil", "code"), [(no_file, "LED-NONE"), (other_database, "LED-SCHEMA"), (no_database, "LED-FILE")]
)
def test_what_is_no_ledger_is_refused(path: Path, spoil: Callable[[Path], None], code: str) -> None:
    spoil(path)
    with pytest.raises(LedgerError, match=code):
        verify_ledger(path)


def touched(path: Path) -> None:
    path.unlink()
    path.touch()


def without_its_table(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode=WAL")


@pytest.mark.parametrize("spoil", [touched, without_its_table])
def test_ledger_whose_maker_was_stopped_is_new_and_not_changed(
    path: Path, spoil: Callable[[Path], None]
) -> None:
    anchor = verify_ledger(path).head
    spoil(path)
    for use in (verify_ledger, Ledger.read):
        with pytest.raises(LedgerError, match=r"LED-EMPTY.*new and empty.*again"):
            use(path)
    with pytest.raises(LedgerError, match="LED-CUT"):
        verify_ledger(path, anchor=anchor)  # events were seen before: then it is no new ledger
    with Ledger.open(path, CLOCK) as ledger:
        assert ledger.append("new").seq == 1
    assert verify_ledger(path).events == 1


def test_training_survey_opens_though_its_ledger_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.touch()
    assert open_at(None, training=True, ledger=path).today().isoformat() == "2009-11-02"


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_ledger_that_another_holds_says_so_and_takes_the_event_later(
    path: Path, lock: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "WAIT_SECONDS", 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, Ledger.open(path, CLOCK) as ledger:
        other.execute(lock)
        with pytest.raises(LedgerError, match=r"LED-BUSY.*Another program.*nothing was recorded.*Wait"):
            ledger.append("draw")
        assert verify_ledger(path).events == BEGIN_WITH
        other.execute("ROLLBACK")
        assert ledger.append("draw").seq == BEGIN_WITH + 1


WRITER = """
import sys
from custody.clock import SystemClock
from custody.ledger import Ledger
with Ledger.open(sys.argv[1], SystemClock()) as ledger:
    for number in range(100000):
        event = ledger.append("label.scanned", writer=sys.argv[2], number=number)
        print(event.seq, event.hash, flush=True)
"""


def test_no_acknowledged_event_is_lost_when_writers_are_killed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    acknowledged: dict[int, str] = {}
    for _round in range(KILLS):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE, text=True
            )
            for name in "ab"
        ]
        time.sleep(0.6)
        for writer in writers:
            writer.kill()
        for writer in writers:
            lines = (
                line.split()
                for line in writer.communicate()[0].splitlines(keepends=True)
                if line.endswith("\n")
            )
            acknowledged |= {int(seq): digest for seq, digest in lines}
        assert verify_ledger(path).events >= max(acknowledged, default=0)
    with Ledger.read(path) as ledger:
        stored = {event.seq: event.hash for event in ledger.events()}
    assert len(acknowledged) > KILLS
    assert acknowledged.items() <= stored.items()


def test_three_thousand_events_take_well_under_a_second(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite", CLOCK) as ledger:
        start = time.perf_counter()
        ledger.append_many("label.printed", ({"token": f"T{number}", "copy": 1} for number in range(3000)))
        assert time.perf_counter() - start < 1.0
