"""Power cuts at any write of a job: what ``synchronous=FULL`` keeps, and what NORMAL and OFF lose.

A job prints and scans while each request to the disk is recorded. Then the power is cut after each of them,
and the ledger of what is left is opened, followed and held against what had been told by then.
"""

import os
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from torture_disk import Disk
from torture_prints import Package, make_package
from torture_vfs import Op, Recorder, recording

from custody import ledger_file
from custody.clock import JST, SimulatedClock
from custody.errors import HyohonError
from custody.files import sha256_file
from custody.ledger import Head, Ledger, verify_ledger
from labels.job_printing import print_package
from labels.pieces import MAILED, RUN, SCANNED
from labels.tracking import ScanLedger

DAY = SimulatedClock(datetime(2009, 11, 5, 9, tzinfo=JST))
"""A day on which the package is valid: a training's clock follows its ledger."""

__all__ = ["Cuts", "Mode", "cut_many", "record_job", "setting"]

Mode = Literal["FULL", "NORMAL", "OFF"]
PAGES_TO_CHECKPOINT, SCANS = 24, 30
"""A short log, so that many checkpoints fall into a job; scans after each of its two print runs."""


@dataclass(slots=True)
class Cuts:
    """What was found after the power cuts of one mode: how many cuts by outcome."""

    mode: str
    requests: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def cuts(self) -> int:
        """Power cuts."""
        return self.outcomes.total()

    @property
    def bad(self) -> int:
        """Cuts after which something told was lost, or the chain does not verify, or a file is half."""
        return self.cuts - self.outcomes["kept"]


@contextmanager
def setting(mode: Mode) -> Iterator[None]:
    """Open ledgers with another ``synchronous``, and with a short log so that checkpoints fall in."""
    prepare = ledger_file.prepare

    def prepare_so(connection: sqlite3.Connection) -> None:
        prepare(connection)
        connection.execute(f"PRAGMA wal_autocheckpoint={PAGES_TO_CHECKPOINT}")
        if mode != "FULL":
            connection.execute(f"PRAGMA synchronous={mode}")

    with mock.patch.object(ledger_file, "prepare", prepare_so):
        yield


@contextmanager
def whole_files(recorder: Recorder, *, synced: bool) -> Iterator[None]:
    """Record what `custody.files.write_whole` asks of the disk, too; its syncs only where they are wanted."""
    real_sync, real_replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        real_sync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if not path.is_relative_to(recorder.folder):
            return  # the folder above, where the job's own is made
        name = recorder.name_of(path) if path != recorder.folder else "."
        if path.is_dir():
            recorder.log += [("sync folder", name)] if synced else []
        else:
            recorder.log += [("create", name, False), ("write", name, 0, path.read_bytes())]
            recorder.log += [("sync", name)] if synced else []

    def replace(path: Path, target: Path) -> Any:
        recorder.log.append(("rename", recorder.name_of(path), recorder.name_of(target)))
        return real_replace(path, target)

    with mock.patch.object(os, "fsync", fsync), mock.patch.object(Path, "replace", replace):
        yield


def record_job(folder: Path, package: Package, mode: Mode, rng: random.Random, scans: int) -> list[Op]:
    """Print and scan in a folder, and return each request to the disk, with what was told in between."""
    job = folder / "job"
    with setting(mode), recording(job) as recorder, whole_files(recorder, synced=mode != "OFF"):
        for _run in range(2):
            made = print_package(package.path, job, keys=package.keys, reason="jam", fonts=package.fonts)
            recorder.log.append(("told", "file", f"out/{made.path.name}", made.pdf_sha256))
            with ScanLedger.open(job / "ledger.sqlite", DAY) as ledger:
                tokens = list(ledger.known())
                for _scan in range(scans):
                    ledger.scan(rng.sample(tokens, rng.choice((1, 1, 3))), rng.choice(("spoiled", "mailed")))
                    recorder.log.append(("told", "head", ledger.ledger.head()))
    return recorder.log


def cut_many(mode: Mode, cuts: int, rng: random.Random, scans: int = SCANS) -> Cuts:
    """Cut the power at least that often, as often after each request of a job."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        folder = Path(name).resolve()
        log = record_job(folder, make_package(folder, 12), mode, rng, scans)
        found, disk = Cuts(mode, len(log)), Disk()
        for op in log:
            disk.take(op)
            for _again in range(-(-cuts // len(log))):
                found.outcomes[outcome(disk.cut(rng), disk.told, folder / "after")] += 1
    return found


def outcome(files: dict[str, bytes], told: list[Op], folder: Path) -> str:
    """Say what is left of a job: ``kept``, or what is not."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    folder.mkdir(exist_ok=True)
    heads = [op[2] for op in told if op[1] == "head"]
    try:
        runs = recover(folder / "ledger.sqlite", heads[-1] if heads else None)
    except HyohonError as problem:
        return "a told event is lost" if problem.code == "LED-CUT" else f"unsound ({problem.code})"
    if counted_twice(folder / "ledger.sqlite"):
        return "counted twice"
    return files_left(folder, runs, {op[2]: op[3] for op in told if op[1] == "file"})


def recover(path: Path, anchor: Head | None) -> dict[str, str]:
    """Open the ledger as the next act would, follow it, and return the digests of its runs by file."""
    Ledger.open(path, DAY).close()
    verify_ledger(path, anchor=anchor)
    with Ledger.read(path) as ledger:
        return {
            f"out/labels-run{event.facts['run']:02d}.pdf": str(event.facts["pdf"])
            for event in ledger.events(RUN)
        }


def files_left(folder: Path, runs: dict[str, str], told: dict[str, str]) -> str:
    """Say whether the PDFs under final names are whole and recorded, and those told are there."""
    files = {f"out/{path.name}": sha256_file(path) for path in (folder / "out").glob("labels-run*.pdf")}
    if not files.keys() <= runs.keys():
        return "a PDF that no run records"
    if any(runs[name] != digest for name, digest in files.items()):
        return "half a PDF"
    return "kept" if told.items() <= files.items() else "a told PDF is lost"


def counted_twice(path: Path) -> bool:
    """Say whether a copy of a label took the same step twice."""
    with Ledger.read(path) as ledger:
        steps = [event.facts["once"] for kind in (MAILED, SCANNED) for event in ledger.events(kind)]
    return len(steps) > len(set(steps))
