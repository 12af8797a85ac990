"""Printers that die: a PDF under its final name is whole and recorded, and what was told is there."""

import json
import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pandas as pd
from torture_children import Child, Span, Toll, reap, start

from custody.clock import JST, SystemClock
from custody.errors import HyohonError
from custody.files import sha256_file
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import Head, Ledger, verify_ledger
from custody.packages import Origin, seal
from labels.job_printing import print_package
from labels.pieces import PRINTED, RUN
from labels.tokens import KeyedSource, new_tokens
from labels.tracking import ScanLedger

__all__ = ["Package", "PrintShop", "make_package", "print_once"]

LABELS, RUNS = 4, 24
"""Labels of a package, and after how many runs another job begins."""


@dataclass(frozen=True, slots=True)
class Package:
    """A sealed package of invented labels, the contractor's keys, and fonts already read."""

    path: Path
    keys: KeyStore
    fonts: FontChain


def make_package(folder: Path, labels: int = LABELS) -> Package:
    """Seal some invented labels."""
    keys = KeyStore(folder / "keys")
    for role in ("staff", "contractor"):
        keys.create(role)
    table = pd.DataFrame({"token": new_tokens(labels, KeyedSource(bytes(32)))})
    table["postal_code"], table["address"] = "176-0001", "東京都練馬区練馬１丁目２番３号"
    table["name"], table["copy"] = "練馬　太郎", 1
    path = folder / "labels.sp"
    seal(
        path,
        kind="labels",
        payload=table.to_csv(index=False, lineterminator="\n").encode("utf-8"),
        facts={},
        recipient=keys.recipient("contractor"),
        signer=keys.signer("staff"),
        created=datetime(2009, 11, 4, 9, tzinfo=JST),
        origin=Origin("abcd1234", "高齢者・食の実態調査", True, keys.recipient("staff")),
    )
    return Package(path, keys, FontChain.find(["IPAexGothic"]))


def print_on(package: Package, job: Path, told: Connection) -> None:
    """Print run after run; tell when one is composed, and of each that was acknowledged."""
    record = ScanLedger.record_run

    def tell_composed(*what: Any, **more: Any) -> None:
        told.send_bytes(b"composed\n")
        record(*what, **more)

    ScanLedger.record_run = tell_composed  # type: ignore[method-assign]
    try:
        while True:
            made = print_package(package.path, job, keys=package.keys, reason="jam", fonts=package.fonts)
            told.send_bytes(f"{made.path.name} {made.pdf_sha256}\n".encode("ascii"))
    except HyohonError as problem:
        told.send_bytes(f"refused {problem.code}\n".encode("ascii"))


def print_once(shop: "PrintShop") -> Path:
    """Print a run in this process."""
    package = shop.package
    return print_package(package.path, shop.job, keys=package.keys, reason="jam", fonts=package.fonts).path


class PrintShop:
    """One job folder, from before its first file, and one printer at a time that dies over it."""

    def __init__(
        self, folder: Path, rng: random.Random, toll: Toll, package: Package, spans: tuple[Span, Span]
    ) -> None:
        self._spans = spans
        self.job, self.toll, self.package, self._rng = folder, toll, package, rng
        self.told: dict[str, str] = {}
        self.head = Head(0, "")
        self._seen: Counter[str] = Counter()
        self.may_lose = 0

    @property
    def full(self) -> bool:
        """Whether to begin another job."""
        return self._seen["runs recorded"] >= RUNS

    def cycle(self) -> None:
        """Start a printer, kill it anywhere or in the last steps of a run, and look."""
        child = start(print_on, self.package, self.job)
        late = self._rng.random() < 0.5 and child.hear(10.0)
        span = self._spans[late]
        self.may_lose += 1
        self.toll.counts["printers killed"] += reap([child], span.seconds, self._rng)
        span.learn(sum(line != "composed" for line in child.lines))
        self._hear(child)
        if (self.job / "ledger.sqlite").exists():
            self.look()

    def _hear(self, child: Child) -> None:
        for name, what in (line.split() for line in child.lines if line != "composed"):
            if name == "refused":
                self.toll.failures.append(f"print: refused with {what}")
            else:
                self.told[name] = what
                self.toll.counts["print runs acknowledged"] += 1

    def look(self) -> None:
        """Hold the folder against the ledger, and both against what was told."""
        if not self.head.seq:  # a death before the first event may leave a file without a table, made now
            Ledger.open(self.job / "ledger.sqlite", SystemClock()).close()
        try:
            self.head = verify_ledger(
                self.job / "ledger.sqlite", anchor=self.head if self.head.seq else None
            ).head
        except HyohonError as problem:
            self.toll.failures.append(f"print: the chain does not verify ({problem.code})")
            return
        with Ledger.read(self.job / "ledger.sqlite") as ledger:
            runs = {f"labels-run{event.facts['run']:02d}.pdf": event.facts for event in ledger.events(RUN)}
            copies = Counter((event.facts["token"], event.facts["copy"]) for event in ledger.events(PRINTED))
        files = {path.name: sha256_file(path) for path in (self.job / "out").glob("*.pdf")}
        check = self.toll.check
        check(files.keys() <= runs.keys(), "print: a PDF that no run records")
        whole = all(digest == runs[name]["pdf"] for name, digest in files.items() if name in runs)
        check(whole, "print: a PDF under its final name is not the recorded one")
        check(self.told.items() <= files.items(), "print: an acknowledged run has no file")
        check(set(copies.values()) <= {1}, "print: a copy is printed twice")
        check(copies.total() == LABELS * len(runs), "print: a run is recorded in part")
        check(len(runs) - len(files) <= self.may_lose, "print: a run lost its file without a death")
        self._check_small_files()
        self._note(len(runs), len(files))

    def _check_small_files(self) -> None:
        json.loads((self.job / "job.json").read_text(encoding="utf-8"))
        table = self.job / "out" / "held-back.csv"
        whole = not table.exists() or table.read_bytes().endswith(b"row,code,reason\n")
        self.toll.check(whole, "print: half a table under its final name")

    def _note(self, runs: int, files: int) -> None:
        parts = len(list(self.job.rglob(".*.part")))
        now = Counter(
            {"runs recorded": runs, "runs recorded without a file": runs - files, "part files left": parts}
        )
        for name, count in now.items():
            self.toll.counts[name] += count - self._seen[name]
        self._seen = now
