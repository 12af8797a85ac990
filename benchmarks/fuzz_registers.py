"""Mutated input files for every reader of the sampling room: ``make fuzz``.

Small valid files of every shipped layout, form and encoding (and layouts and lists) are changed at random:
cells, lines, columns, bytes, line ends, encodings. For each of them a reader gives a register whose counts
balance and whose columns keep their promises, or refuses by a code, with what to do and without a value of a
row. Anything else is a failure: another exception, more than five seconds, a process that dies or grows. Its
input is kept in ``benchmarks/out/``, and ``--repeat NUMBER`` runs it again.
"""

import argparse
import contextlib
import faulthandler
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd
from fuzz_oracle import check_refusal
from fuzz_targets import Target, targets
from metering import peak_mb, reset_peak

from custody.console import progress, say
from custody.errors import HyohonError
from custody.messages import set_language

CASES, SEED, CHUNK = 200_000, 1, 250
SLOW_SECONDS: Final = 5.0
DEAD_SECONDS: Final = 60.0
MAX_MB: Final = 1500.0
OUT: Final = Path(__file__).resolve().parent / "out"


class TooSlow(BaseException):
    """A case took too long; not an Exception, so that no reader can catch it."""


@dataclass(slots=True)
class Tally:
    """What came of some cases: outcomes by target, and the failures."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Add the cases of another tally."""
        self.outcomes += other.outcomes
        self.failures += other.failures

    @property
    def cases(self) -> int:
        """Cases that were run."""
        return self.outcomes.total()

    def by_target(self) -> pd.DataFrame:
        """Cases by target (rows) and what became of them (columns)."""
        rows = [(name, _group(outcome), count) for (name, outcome), count in self.outcomes.items()]
        table = pd.DataFrame(rows, columns=["file", "outcome", "cases"])
        return table.pivot_table("cases", "file", "outcome", "sum", 0, margins=True, margins_name="all")

    def by_code(self) -> pd.DataFrame:
        """Refusals by code."""
        counts: Counter[str] = Counter()
        for (_name, outcome), count in self.outcomes.items():
            counts[outcome] += count
        return pd.DataFrame(counts.most_common(), columns=["outcome", "cases"])


def _group(outcome: str) -> str:
    return outcome if outcome in ("accepted", "quarantined", "FAILED") else "refused"


def run_case(number: int, seed: int, every: list[Target], folder: Path) -> tuple[str, str, str]:
    """Make and read one case; return its target, its outcome, and what failed."""
    rng = random.Random(f"{seed}:{number}")
    target = rng.choices(every, [one.weight for one in every])[0]
    case = target.make(rng)
    path = folder / f"case{target.suffix}"
    path.write_bytes(case.data)
    for allowed in (SLOW_SECONDS, 4 * SLOW_SECONDS):  # a busy machine gets a second chance
        try:
            with watched(allowed):
                return target.name, target.read(path, case.declared), ""
        except TooSlow:
            continue
        except HyohonError as refusal:
            return target.name, *_refused(refusal, private=target.private)
        except Exception:
            return target.name, "FAILED", traceback.format_exc()
    return target.name, "FAILED", f"more than {SLOW_SECONDS} seconds, twice"


def _refused(refusal: HyohonError, *, private: bool) -> tuple[str, str]:
    try:
        check_refusal(refusal, private=private)
    except Exception:
        return "FAILED", traceback.format_exc()
    return refusal.code, ""


@contextlib.contextmanager
def watched(seconds: float) -> Iterator[None]:
    """Raise `TooSlow` in a case that takes too long; where no signal can, measure it afterwards."""
    armed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    started = time.monotonic()
    if armed:
        signal.signal(signal.SIGALRM, _ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        if armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
    if time.monotonic() - started > seconds:
        raise TooSlow


def _ring(_number: int, _frame: Any) -> None:
    raise TooSlow


def run_chunk(first: int, count: int, seed: int, *, guarded: bool = True) -> Tally:
    """Run consecutive cases in this process; guarded, the process ends where a case never does."""
    set_language("en")
    every, tally = targets(), Tally()
    reset_peak()
    before = peak_mb()  # a process that has done other things holds their memory still
    with tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        for number in range(first, first + count):
            if guarded:
                faulthandler.dump_traceback_later(DEAD_SECONDS, exit=True)
            name, outcome, why = run_case(number, seed, every, Path(folder))
            tally.outcomes[name, outcome] += 1
            if why:
                tally.failures.append((number, name, why))
                keep(number, seed, Path(folder))
        faulthandler.cancel_dump_traceback_later()
    if peak_mb() - before > MAX_MB:
        tally.failures.append((first, "memory", f"{peak_mb() - before:,.0f} MB for the cases from {first}"))
    return tally


def memory_folder() -> str | None:
    """Return a folder that lies in memory, where there is one."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and os.access(folder, os.W_OK) else None


def keep(number: int, seed: int, folder: Path) -> None:
    """Keep the input of a failed case."""
    OUT.mkdir(exist_ok=True)
    newest = max(folder.glob("case*"), key=lambda path: path.stat().st_mtime_ns)
    (OUT / f"fuzz-{seed}-{number}{newest.suffix}").write_bytes(newest.read_bytes())


def run(cases: int, seed: int, workers: int) -> Tally:
    """Run all cases in processes of their own; one that dies is a failure."""
    chunks = [(first, min(CHUNK, cases - first)) for first in range(0, cases, CHUNK)]
    total = Tally()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting = [(first, pool.submit(run_chunk, first, count, seed)) for first, count in chunks]
        for first, done in progress(waiting, len(waiting), "fuzz"):
            try:
                total.add(done.result())
            except BrokenProcessPool:
                total.failures.append((first, "process", f"died within the {CHUNK} cases from {first}"))
                break
    return total


def report(tally: Tally, seconds: float) -> None:
    """Print the tables."""
    say(tally.by_target().to_string())
    say(f"\n{tally.by_code().to_string(index=False)}")
    for number, name, why in tally.failures[:20]:
        say(f"\ncase {number} ({name}):\n{why}")
    rate = tally.cases / seconds if seconds else 0.0
    say(f"\n{tally.cases:,} cases, {len(tally.failures)} failures, {seconds:,.0f} s, {rate:,.0f} cases/s")


def main() -> int:
    """Run and report; fail where a case failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeat", type=int, metavar="NUMBER", help="run only this case, and keep its input")
    options = parser.parse_args()
    started = time.perf_counter()
    if options.repeat is not None:
        tally = run_chunk(options.repeat, 1, options.seed)
    else:
        tally = run(options.cases, options.seed, options.workers)
    report(tally, time.perf_counter() - started)
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
