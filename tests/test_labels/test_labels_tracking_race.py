"""Sixteen scanners on one ledger count every person once, and what each was told is what the ledger holds."""

import multiprocessing
from collections import Counter
from datetime import datetime
from pathlib import Path

from custody.clock import SimulatedClock, SystemClock
from custody.ledger import verify_ledger
from labels.tokens import KeyedSource, new_tokens
from labels.tracking import ScanLedger

CLOCK = SimulatedClock(datetime(2009, 11, 20, 10, 0))


def scan_until_done(path: Path, labels: list[str]) -> dict[str, int]:
    with ScanLedger.open(path, SystemClock()) as ledger:
        batches = [labels[:1], labels[1:2], labels[2:5], *(labels[k : k + 19] for k in range(5, 100, 19))]
        results = [ledger.scan(batch, reason="ANSWERED") for batch in batches]
    codes = Counter(found.code for result in results for found in result.exceptions)
    return {"accepted": sum(sum(result.accepted.values()) for result in results), **codes}


def test_sixteen_writers_on_a_hundred_persons_count_each_person_once(tmp_path: Path) -> None:
    """Eight scan the labels of the first wave, eight those of the second; one of the two counts."""
    path, tokens = tmp_path / "ledger.sqlite", new_tokens(100, KeyedSource(bytes(range(16))))
    with ScanLedger.open(path, CLOCK) as ledger:
        for wave in (1, 2):
            ledger.record_run({"run": wave}, [(token, 1) for token in tokens], [], run=wave, wave=wave)
            ledger.mail()
    orders = [tokens[7 * k :] + tokens[: 7 * k] for k in range(8)]
    work = [(path, [f"{token}.{wave}.1" for token in order]) for wave in (1, 2) for order in orders]
    with multiprocessing.get_context("spawn").Pool(16) as pool:
        found = sum((Counter(one) for one in pool.starmap(scan_until_done, work)), Counter())
    assert found == {"accepted": 100, "second_return": 100, "duplicate": 1_400}
    with ScanLedger.open(path, CLOCK) as ledger:
        assert ledger.reconcile().returned == 100
        assert ledger.counts()["returned"] == 200
        assert len(ledger.exceptions) == 1_400
    assert verify_ledger(path).events == 2 * (1 + 100 + 100) + 16 * 100
