"""A disk that is full: at each request of SQLite once, and at each size of a file, from the system itself.

The first is done inside the process (`torture_vfs`), for every write, truncation and sync of a whole job: it
alone is refused, or all from it on. The second forks processes that may not make a file larger than so many
bytes (``RLIMIT_FSIZE``), which meets the PDF and the tables too.
"""

import random
import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from torture_children import Span, Toll, start
from torture_cuts import setting
from torture_prints import PrintShop, make_package, print_once
from torture_scans import ScanShop, scan_found, scan_on
from torture_vfs import Recorder, recording

from custody.clock import SystemClock
from custody.errors import HyohonError, LedgerError
from custody.files import is_part, sha256_file
from custody.ledger import verify_ledger
from labels.tokens import KeyedSource, new_tokens
from labels.tracking import ScanLedger

__all__ = ["refuse_each_request", "refuse_each_size"]

LABELS, BATCH, LARGEST, LARGEST_PDF = 24, 2, 160_000, 32_000
"""Labels, labels of a scan, and bytes that no file of the job, and no PDF, reaches."""
SPANS = Span(0.0, 0), Span(0.0, 0)
REFUSED = {"LED-FILE", "FILE-WRITE"}
"""Codes of a disk that refuses, in words that tell what to do."""


def refuse_each_request(folder: Path, toll: Toll, step: int = 1) -> None:
    """Refuse each (or each n-th) request of a job, alone and with all that follow."""
    shop, tokens = folder / "shop", new_tokens(LABELS, KeyedSource(bytes(32)))
    for many in (False, True):
        number, met = 0, True
        while met:
            shutil.rmtree(shop, ignore_errors=True)
            shop.mkdir(parents=True)
            met = _job_with_a_refusal(shop, tokens, number, many, toll)
            toll.counts["requests refused " + ("with all after" if many else "alone")] += met
            number += step


def _job_with_a_refusal(shop: Path, tokens: list[str], number: int, many: bool, toll: Toll) -> bool:
    """Record a run and scan; return False where the job made fewer requests than that."""
    path, told = shop / "ledger.sqlite", Counter[str]()
    with setting("FULL"), recording(shop) as recorder:
        recorder.refuse_from, recorder.refuse_many = number, many
        with _until_done(lambda: ScanLedger.open(path, SystemClock()), recorder, toll) as ledger:
            printed = [(token, 1) for token in tokens]
            _until_done(lambda: ledger.record_run({"run": 1}, printed, [], run=1, wave=1), recorder, toll)
            for begin in range(0, LABELS, BATCH):
                batch = tokens[begin : begin + BATCH]
                found = _until_done(partial(ledger.scan, batch), recorder, toll)
                toll.check(found.accepted == {"mailed": BATCH}, "full: a refused batch was recorded")
                told.update(batch)
        met = recorder.asked > number
    stored = scan_found(path)
    accepted = Counter(token for token, _state, code in stored.elements() if code == "accepted")
    toll.check(accepted == told == Counter(tokens), "full: an acknowledged scan is lost or counts twice")
    toll.check(verify_ledger(path).events == 1 + 2 * LABELS, "full: the ledger holds too much")
    return met


def _until_done(act: Callable[[], Any], recorder: Recorder, toll: Toll) -> Any:
    """Do an act; where the disk refuses, make room and do it once more."""
    try:
        return act()
    except LedgerError as problem:
        toll.check(problem.code in REFUSED, f"full: refused with {problem.code}")
        toll.counts["clean errors inside SQLite"] += 1
    recorder.refuse_from = None
    return act()


def refuse_each_size(folder: Path, toll: Toll, step: int) -> None:
    """Print and scan in processes whose files may grow to so many bytes, from none on."""
    folder.mkdir()
    package, rng = make_package(folder), random.Random(0)
    for limit in range(0, LARGEST, step):
        _print_limited(limit, limit, PrintShop(folder / f"print{limit}", rng, toll, package, SPANS))
        scanner = ScanShop(folder / f"scan{limit}", rng, toll, SPANS[0])
        scanner.hear(_limited(limit, toll, scan_on, scanner.path, scanner.batches()))
        scanner.look()
        scan_all(scanner)
        scanner.look()
    for limit in range(0, LARGEST_PDF, step):
        _print_limited(-1, limit, PrintShop(folder / f"pdf{limit}", rng, toll, package, SPANS))


def _print_limited(limit: int, after: int, shop: PrintShop) -> None:
    """Print under a limit, and under another once a run is recorded; then print with room."""
    shop.told.update(line.split() for line in _limited(limit, shop.toll, _print_two, shop, after))
    parts = [path for path in shop.job.rglob("*") if is_part(path)]
    shop.toll.check(not parts, "full: a part file with names was left behind")
    shop.may_lose = 1
    if (shop.job / "ledger.sqlite").exists():
        shop.look()
    made = print_once(shop)
    shop.toll.check(made.exists(), "full: no run after there was room again")
    shop.look()


def scan_all(shop: ScanShop) -> None:
    """Scan each label of a shop in this process, which has room."""
    with ScanLedger.open(shop.path, SystemClock()) as ledger:
        ledger.scan(shop.tokens)


def _print_two(shop: PrintShop, after: int, told: Connection) -> None:
    record = ScanLedger.record_run

    def record_then_limit(*what: Any, **more: Any) -> None:
        record(*what, **more)
        _limit(after)

    ScanLedger.record_run = record_then_limit  # type: ignore[method-assign]
    for _run in range(2):
        made = print_once(shop)
        told.send_bytes(f"{made.name} {sha256_file(made)}\n".encode("ascii"))


def _limited(limit: int, toll: Toll, work: Callable[..., None], *what: Any) -> list[str]:
    """Do work in a child whose files may not grow further; return the lines that it told."""
    child = start(_under_limit, limit, work, what)
    child.process.join()
    child.kill()
    lines = [line for line in child.lines if not line.startswith(("refused ", "failed "))]
    for line in child.lines:
        if line.startswith("refused "):
            toll.check(line.split()[1] in REFUSED, f"full: {line}")
            toll.counts["clean errors under a limit"] += 1
        toll.check(not line.startswith("failed "), f"full: {line}")
    toll.counts["processes under a limit"] += 1
    return lines


def _under_limit(limit: int, work: Callable[..., None], what: tuple[Any, ...], told: Connection) -> None:
    _limit(limit)
    try:
        work(*what, told)
    except HyohonError as problem:
        told.send_bytes(f"refused {problem.code}\n".encode("ascii"))
    except Exception as other:
        told.send_bytes(f"failed with {type(other).__name__}\n".encode("ascii"))


def _limit(largest: int) -> None:
    import resource  # not on Windows

    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
