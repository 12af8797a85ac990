"""Of all combinations of purpose, period, act, items, media, number and recipient only those inside pass."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from custody import gate
from custody.approval import ACTS, Approval
from custody.clock import JST, SimulatedClock
from custody.errors import ApprovalError
from custody.gate import CARE_CERTIFICATION, CARE_QUALIFICATION, PAPER, RESIDENT_REGISTER, USB
from custody.ledger import Ledger, verify_ledger

TRAINING = files("custody").joinpath("data/approval_training.toml").read_text(encoding="utf-8")
PERIOD_ACTS = {"frame", "draw", "refresh", "hand_over_labels"}

PURPOSES = [("高齢者・食の実態調査", True), ("購買行動の調査", False)]
# The instant; may an act bound by the period happen; may one bound by the retention.
TIMES = [
    (datetime(2009, 10, 31, 23, 59, 59, tzinfo=JST), False, False),
    (datetime(2009, 11, 1, 0, 0, 0, tzinfo=JST), True, True),
    (datetime(2009, 11, 30, 23, 59, 59, tzinfo=JST), True, True),
    (datetime(2009, 12, 1, 0, 0, 0, tzinfo=JST), False, True),  # APP-004
    (datetime(2011, 3, 31, 23, 59, 59, tzinfo=JST), False, True),
    (datetime(2011, 4, 1, 0, 0, 0, tzinfo=JST), False, False),
]
ITEMS: list[tuple[tuple[str, ...], bool]] = [
    ((), True),
    ((RESIDENT_REGISTER, CARE_CERTIFICATION, CARE_QUALIFICATION), True),
    ((CARE_CERTIFICATION, "課税情報"), False),
    (("*",), False),
]
MEDIA = [
    (None, True),
    (PAPER, True),
    (USB, True),
    ("共有フォルダ", False),  # APP-010
    ("メール添付", False),
    ("クラウド", False),
]
COUNTS = [(5000, True), (5001, False)]
RECIPIENTS: list[tuple[str | None, set[str]]] = [
    (None, set(ACTS)),
    ("contractor", set(ACTS) - {"hand_over_research"}),
    ("researcher", set(ACTS) - {"hand_over_labels"}),
    ("printer", set()),
]
CASES = list(product(PURPOSES, TIMES, [*ACTS, "publish"], ITEMS, MEDIA, COUNTS, RECIPIENTS))


@dataclass(frozen=True, slots=True)
class Survey:
    """What the gate needs, and its purpose."""

    approval_path: Path
    ledger_path: Path
    clock: SimulatedClock
    purpose: str


@pytest.fixture
def survey_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Survey of a purpose at an instant, whose gate keeps one ledger open and reads the approval once."""
    approval, path = tmp_path / "approval.toml", tmp_path / "ledger.sqlite"
    approval.write_text(TRAINING, encoding="utf-8")

    class Clock:
        now_at = TIMES[0][0]

        def now(self) -> datetime:
            return self.now_at

    clock = Clock()
    with Ledger.open(path, clock) as ledger:  # type: ignore[arg-type]
        ledger._connection.execute(
            "PRAGMA synchronous = OFF"
        )  # thousands of events; durability is tested elsewhere

        class Opened:
            @staticmethod
            @contextmanager
            def open(_path: Path, _clock: object) -> Iterator[Ledger]:
                yield ledger

        monkeypatch.setattr(gate, "Ledger", Opened)
        monkeypatch.setattr(Approval, "load", cache(Approval.load))

        def make(purpose: str, at: datetime) -> Survey:
            clock.now_at = at
            return Survey(approval, path, SimulatedClock(at), purpose)

        yield make


def test_every_combination_outside_is_refused_every_one_inside_permitted_and_the_ledger_holds_each(
    survey_at: Any, tmp_path: Path
) -> None:
    wanted, inside_count = [], 0
    for purpose, when, act, item, medium, count, receiver in sorted(CASES, key=lambda case: case[1][0]):
        in_time = when[1] if act in PERIOD_ACTS else when[2]
        parts = (purpose[1], act in ACTS, in_time, item[1], medium[1], count[1], act in receiver[1])
        survey = survey_at(purpose[0], when[0])
        try:
            granted = gate.permit(
                survey, act, items=item[0], media=medium[0], n=count[0], recipient=receiver[0]
            )
        except ApprovalError as refusal:
            assert not all(parts), (purpose, when, act, item, medium, count, receiver)
            wanted.append(("denial", {"act": act if act in ACTS else "unknown", "code": refusal.code}))
        else:
            assert all(parts), (purpose, when, act, item, medium, count, receiver)
            inside_count += 1
            wanted.append(("permit", {"act": act, "approval": granted.approval_sha256}))
    with Ledger.read(tmp_path / "ledger.sqlite") as ledger:
        assert [(event.kind, event.facts) for event in ledger.events()] == wanted
    kinds = dict(verify_ledger(tmp_path / "ledger.sqlite").kinds)
    assert kinds == {"denial": len(CASES) - inside_count, "permit": inside_count}
    # Counted apart: 2 instants for acts of the period (labels to 2 recipients), 4 for those of the retention.
    places = 2 * 3 * 1  # items, media, number
    assert inside_count == places * (2 * (3 * 3 + 2) + 4 * (2 + 3))
    assert len(CASES) == 16_128


def test_each_refusal_names_what_alone_was_outside(survey_at: Any) -> None:
    """One part outside at a time: its own code, whatever the act."""
    codes: Counter[str] = Counter()
    for purpose, when, act, item, medium, count, receiver in sorted(CASES, key=lambda case: case[1][0]):
        in_time = when[1] if act in PERIOD_ACTS else when[2]
        parts = {
            "APP-ACT": act in ACTS,
            "APP-PURPOSE": purpose[1],
            "APP-PERIOD": in_time,
            "APP-ITEM": item[1],
            "APP-MEDIA": medium[1],
            "APP-N": count[1],
            "APP-RECIPIENT": act in receiver[1],
        }
        outside = [code for code, good in parts.items() if not good]
        if len(outside) != 1:
            continue
        with pytest.raises(ApprovalError) as caught:
            gate.permit(
                survey_at(purpose[0], when[0]),
                act,
                items=item[0],
                media=medium[0],
                n=count[0],
                recipient=receiver[0],
            )
        assert caught.value.code == outside[0]
        codes[caught.value.code] += 1
    assert set(codes) == {"APP-PURPOSE", "APP-PERIOD", "APP-ITEM", "APP-MEDIA", "APP-N", "APP-RECIPIENT"}
