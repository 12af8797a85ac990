"""An act that may happen once enters the ledger once, whoever decides and whoever writes."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from custody.clock import SimulatedClock
from custody.errors import LedgerError
from custody.ledger import Act, Ledger, verify_ledger

CLOCK = SimulatedClock(datetime(2009, 11, 2))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_second_act_of_the_same_name_is_refused_and_nothing_of_its_batch_stays(path: Path) -> None:
    with Ledger.open(path, CLOCK) as first, Ledger.open(path, CLOCK) as second:
        first.append("label.scanned", once="7F3K.mailed")
        batch = [{"once": "9QXM.mailed"}, {"once": "7F3K.mailed"}]
        with pytest.raises(LedgerError, match="LED-TWICE"):
            second.append_many("label.scanned", batch)
        second.append("label.scanned", once="9QXM.mailed")
    assert verify_ledger(path).events == 2


def test_events_without_once_may_repeat(path: Path) -> None:
    with Ledger.open(path, CLOCK) as ledger:
        assert ledger.append_many("denial", [{"code": "A"}, {"code": "A"}]) == 2


def test_decision_sees_the_newest_events_and_writes_several_kinds(path: Path) -> None:
    with Ledger.open(path, CLOCK) as ledger, Ledger.open(path, CLOCK) as other:
        other.append("draw", n=3000)

        def decide() -> Iterator[Act]:
            seen = [event.seq for event in ledger.events(after=0)]
            yield "seen", {"events": len(seen)}
            yield "done", {}

        events = ledger.append_decided(decide)
        assert [(event.kind, dict(event.facts)) for event in events] == [
            ("seen", {"events": 1}),
            ("done", {}),
        ]
        assert [event.kind for event in ledger.events(after=1)] == ["seen", "done"]
        assert [event.seq for event in ledger.events("done", after=1)] == [3]


def test_refused_decision_writes_nothing_and_frees_the_lock(path: Path) -> None:
    with Ledger.open(path, CLOCK) as ledger, Ledger.open(path, CLOCK) as other:

        def decide() -> Iterator[Act]:
            yield "draw", {"n": 1}
            raise ValueError

        with pytest.raises(ValueError):
            ledger.append_decided(decide)
        other.append("draw", n=2)
    assert verify_ledger(path).events == 1
