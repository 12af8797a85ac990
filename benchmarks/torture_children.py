"""Processes that are killed, what they told before, and the tally of it all.

A child tells on a pipe what a call of the package has returned to it: that is acknowledged. What is written
to a pipe outlives the writer, so that after the death the parent can hold it against the files.
"""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["Child", "Span", "Toll", "may_fork", "reap", "start"]


@dataclass(slots=True)
class Toll:
    """What was seen: counts by name, and each thing that does not hold."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Processes that SIGKILL ended."""
        return self.counts["scanners killed"] + self.counts["printers killed"]

    def add(self, other: "Toll") -> None:
        """Add what another worker saw."""
        self.counts += other.counts
        self.failures += other.failures

    def check(self, holds: bool, what: str) -> None:
        """Note a failure where something does not hold."""
        if not holds:
            self.failures.append(what)


@dataclass(slots=True)
class Span:
    """Within which time a child is killed: it follows the speed of the machine, so that deaths fall anywhere.

    It grows while children die before they have told enough, and shrinks while they tell more.
    """

    seconds: float
    enough: int

    def learn(self, told: int) -> None:
        """Take in how much a child told before it died."""
        self.seconds = min(2.0, self.seconds * (1.1 if told < self.enough else 0.93))


@dataclass(slots=True)
class Child:
    """A process that will be killed, and the lines that it told."""

    process: Any
    pipe: Connection
    lines: list[str] = field(default_factory=list)

    def hear(self, seconds: float) -> bool:
        """Wait for a first message."""
        if not self.pipe.poll(seconds):
            return False
        with suppress(EOFError):
            self._take()
        return True

    def kill(self) -> bool:
        """Send SIGKILL, read what it had told, and say whether it was the signal that ended it."""
        self.process.kill()
        self.process.join()
        with suppress(EOFError):
            while True:
                self._take()
        self.pipe.close()
        killed = bool(self.process.exitcode == -9)
        self.process.close()
        return killed

    def _take(self) -> None:
        self.lines += self.pipe.recv_bytes().decode("ascii").splitlines()


def may_fork() -> bool:
    """Say whether this system forks (Linux): a child that is spawned takes a second to be there."""
    return "fork" in multiprocessing.get_all_start_methods()


def start(work: Callable[..., None], *what: Any) -> Child:
    """Fork a child of this warm process; it gets the pipe to tell on as its last argument."""
    context: Any = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(*what, theirs))
    process.start()
    theirs.close()
    return Child(process, ours)


def reap(children: Sequence[Child], seconds: float, rng: random.Random) -> int:
    """Kill each child at an instant of its own within some seconds; return how many died of it."""
    began, killed = time.perf_counter(), 0
    instants = sorted(rng.uniform(0.0, seconds) for _ in children)
    for child, instant in zip(children, instants, strict=True):
        time.sleep(max(0.0, began + instant - time.perf_counter()))
        killed += child.kill()
    return killed
