"""Scanners that die: no acknowledged scan is lost, none counts twice, and the chain verifies."""

import random
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from torture_children import Span, Toll, reap, start

from custody.clock import SystemClock
from custody.errors import HyohonError
from custody.ledger import Event, Head, Ledger, verify_ledger
from labels.pieces import MAILED, SCANNED, SET_ASIDE
from labels.tokens import KeyedSource, new_tokens
from labels.tracking import ScanLedger

__all__ = ["Found", "ScanShop", "scan_found"]

TOKENS, ENOUGH = 60, 6
"""Labels of one ledger, and how many scans the scanners of a round should have told when the last dies."""

Found = tuple[str, str, str]
"""Token, state and ``accepted``; or token, nothing, and why the scan was set aside."""


def scan_on(path: Path, batches: list[tuple[str, list[str]]], told: Connection) -> None:
    """Scan batch after batch, and tell of each label what the call said."""
    with ScanLedger.open(path, SystemClock()) as ledger:
        for state, labels in batches:
            found = ledger.scan(labels, state)
            codes = {one.row: one.code for one in found.exceptions}
            lines = [f"{label} {state} {codes.get(row, 'accepted')}\n" for row, label in enumerate(labels, 1)]
            told.send_bytes("".join(lines).encode("ascii"))


class ScanShop:
    """One ledger, and one to three scanners at a time that die over it."""

    def __init__(self, folder: Path, rng: random.Random, toll: Toll, span: Span) -> None:
        folder.mkdir(parents=True)
        self._span = span
        self.path, self.toll, self._rng = folder / "ledger.sqlite", toll, rng
        self.tokens = new_tokens(TOKENS, KeyedSource(rng.randbytes(32)))
        self.told: Counter[Found] = Counter()
        self.head = Head(0, "")
        self._stored = 0
        with ScanLedger.open(self.path, SystemClock()) as ledger:
            ledger.record_run({"run": 1}, [(token, 1) for token in self.tokens], [], run=1, wave=1)

    @property
    def full(self) -> bool:
        """Whether to begin another ledger."""
        return self.head.seq > 8 * TOKENS

    def cycle(self) -> None:
        """Start scanners, kill each at its own instant, and look."""
        children = [start(scan_on, self.path, self.batches()) for _ in range(self._rng.choice((1, 1, 2, 3)))]
        self.toll.counts["scanners killed"] += reap(children, self._span.seconds, self._rng)
        self._span.learn(sum(len(child.lines) for child in children))
        for child in children:
            self.hear(child.lines)
        self.look()

    def batches(self) -> list[tuple[str, list[str]]]:
        """Draw what a scanner will scan."""
        sizes = self._rng.choices((1, 1, 1, 5), k=60)
        states = self._rng.choices(("mailed", "returned"), k=len(sizes))
        return [
            (state, self._rng.sample(self.tokens, size)) for state, size in zip(states, sizes, strict=True)
        ]

    def hear(self, lines: list[str]) -> None:
        """Take in what a scanner told."""
        for line in lines:
            token, state, code = line.split()
            self.told[token, state if code == "accepted" else "", code] += 1
        self.toll.counts["scans acknowledged"] += len(lines)

    def look(self) -> None:
        """Hold the ledger against what was told; its events of the last look must still be there, too."""
        try:
            self.head = verify_ledger(self.path, anchor=self.head if self.head.seq else None).head
        except HyohonError as problem:
            self.toll.failures.append(f"scan: the chain does not verify ({problem.code})")
            return
        stored = scan_found(self.path)
        lost = sum(max(0, times - stored[what]) for what, times in self.told.items())
        self.toll.check(not lost, f"scan: {lost} acknowledged scans are lost")
        accepted = Counter({what: times for what, times in stored.items() if what[2] == "accepted"})
        self.toll.check(accepted.total() == len(accepted), "scan: a scan counts twice")
        with ScanLedger.open(self.path, SystemClock()) as tracking:
            counts = tracking.counts()
        states = Counter(state for _token, state, _code in accepted)
        right = counts["mailed"] == states["mailed"] - states["returned"] and (
            counts["returned"] == states["returned"]
        )
        self.toll.check(right, "scan: the counts are not those of the scans")
        self.toll.counts["scans in the ledgers"] += stored.total() - self._stored
        self._stored = stored.total()


def scan_found(path: Path) -> Counter[Found]:
    """Count the scans of a ledger."""
    with Ledger.read(path) as ledger:
        found = [_found(event) for event in ledger.events()]
    return Counter(one for one in found if one is not None)


def _found(event: Event) -> Found | None:
    facts = event.facts
    if event.kind in (MAILED, SCANNED):
        return str(facts["token"]), str(facts["state"]), "accepted"
    return (str(facts["token"]), "", str(facts["code"])) if event.kind == SET_ASIDE else None
