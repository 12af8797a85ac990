"""Seconds, rows a second and peak memory of steps, each step's peak on its own where the system allows it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CLEAR = Path("/proc/self/clear_refs")
STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measured step; ``peak_mb`` is 0 where the system does not tell."""

    step: str
    seconds: float
    rows: int
    peak_mb: float

    def row(self, base: float | None = None) -> str:
        """One line of the table; with `base` also the ratio to that many seconds."""
        rate = f"{self.rows / self.seconds:>14,.0f}" if self.rows else " " * 14
        ratio = f"{self.seconds / base:>8.2f}" if base else ""
        return f"{self.step:<44}{self.seconds:>9.3f}{rate}{self.peak_mb:>10,.0f}{ratio}"


@dataclass(slots=True)
class Meter:
    """Collects the measures of one run."""

    measures: list[Measure] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, rows: int = 0) -> Iterator[None]:
        """Measure the block."""
        reset_peak()
        started = time.perf_counter()
        yield
        self.measures.append(Measure(name, time.perf_counter() - started, rows, peak_mb()))

    def seconds(self, *names: str) -> float:
        """Sum of the seconds of the named steps."""
        return sum(m.seconds for m in self.measures if m.step in names)


def reset_peak() -> None:
    """Forget the peak so far (Linux; elsewhere nothing happens)."""
    if CLEAR.exists():
        CLEAR.write_text("5", encoding="ascii")


def peak_mb() -> float:
    """Peak resident memory of this process since `reset_peak`, in megabytes (0 where unknown)."""
    if not STATUS.exists():
        return 0.0
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
