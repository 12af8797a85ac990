"""Many writers on one ledger: each label is scanned by all of them and accepted from one."""

import multiprocessing
import random
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from torture_children import start
from torture_scans import scan_found

from custody.clock import SystemClock
from custody.ledger import verify_ledger
from labels.tokens import KeyedSource, new_tokens
from labels.tracking import ScanLedger

__all__ = ["Race", "race"]


@dataclass(frozen=True, slots=True)
class Race:
    """What a race showed.

    Parameters
    ----------
    tokens, writers : int
        Labels, and processes that each scanned all of them one by one.
    answers : Counter
        What the calls said: ``accepted``, ``duplicate`` or another code.
    faults : tuple of str
        What does not hold.
    waits : tuple of float
        Milliseconds that a call took: median, 99 of 100, longest.
    seconds : float
        The whole race.
    """

    tokens: int
    writers: int
    answers: Counter[str]
    faults: tuple[str, ...]
    waits: tuple[float, float, float]
    seconds: float


def scan_all(path: Path, tokens: list[str], together: Any, told: Connection) -> None:
    """Scan every label, one call each; tell the answers in the order of the calls, and their seconds."""
    answers, waits = [], []
    with ScanLedger.open(path, SystemClock()) as ledger:
        together.wait()
        for token in tokens:
            began = time.perf_counter()
            found = ledger.scan([token])
            waits.append(time.perf_counter() - began)
            answers.append(found.exceptions[0].code if found.exceptions else "accepted")
    told.send((answers, waits))


def race(folder: Path, tokens: int, writers: int, seed: int) -> Race:
    """Let all writers scan all labels: half of them in one order, the others each in its own."""
    rng, path = random.Random(seed), folder / "ledger.sqlite"
    labels = new_tokens(tokens, KeyedSource(rng.randbytes(32)))
    with ScanLedger.open(path, SystemClock()) as ledger:
        ledger.record_run({"run": 1}, [(token, 1) for token in labels], [], run=1, wave=1)
    orders = [labels if k % 2 else rng.sample(labels, tokens) for k in range(writers)]
    together, began = multiprocessing.get_context("fork").Barrier(writers), time.perf_counter()
    children = [start(scan_all, path, order, together) for order in orders]
    told = [child.pipe.recv() for child in children]
    seconds = time.perf_counter() - began
    for child in children:
        child.kill()
    accepted = Counter(
        token
        for order, (answers, _waits) in zip(orders, told, strict=True)
        for token, answer in zip(order, answers, strict=True)
        if answer == "accepted"
    )
    answers = Counter(answer for found, _waits in told for answer in found)
    waits = np.concatenate([found for _answers, found in told]) * 1000
    middle, late, longest = (float(np.quantile(waits, share)) for share in (0.5, 0.99, 1.0))
    faults = tuple(_faults(path, labels, accepted, answers, writers))
    return Race(tokens, writers, answers, faults, (middle, late, longest), seconds)


def _faults(
    path: Path, labels: list[str], accepted: Counter[str], answers: Counter[str], writers: int
) -> list[str]:
    """Hold the ledger against what the writers were told."""
    faults = []
    if accepted != Counter(labels):
        faults.append("race: a label was accepted from none or from two")
    if answers != {"accepted": len(labels), "duplicate": len(labels) * (writers - 1)}:
        faults.append("race: another answer than accepted or duplicate")
    stored = scan_found(path)
    once = Counter(token for token, _state, code in stored.elements() if code == "accepted")
    if once != Counter(labels) or stored.total() != len(labels) * writers:
        faults.append("race: the ledger does not hold what was told")
    if verify_ledger(path).events != 1 + len(labels) * (writers + 1):
        faults.append("race: events are missing from the chain")
    return faults
