"""Many draws of one case against its theory: exact binomial tails as z, sizes, and mutants that must fail.

Units of one draw depend on each other, so a chi-square over units is wrong: each unit, and each pair, is
compared on its own, and Bonferroni's limit stands for all of them together.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator], NDArray[np.int64]]
Mutant = Literal["favour", "size", "pairs"]
CHUNK: Final = 2_000
EXACT: Final = 1e-9
"""A probability this near to 0 or 1 is impossible or certain."""
ALPHA: Final = 0.001
POINT: Final = 0.01
"""The favoured unit of a mutant comes one percentage point too often."""


@dataclass(frozen=True, slots=True)
class Case:
    """A method on a population, and what theory says of it.

    Parameters
    ----------
    draw : callable
        Positions drawn, from a generator.
    expected : ndarray
        Shape (N,): inclusion probabilities; expected hits where `variance` is given.
    joint : ndarray, optional
        Shape (N, N): probability of each pair to be drawn at all.
    size : int, optional
        Sample size that is promised.
    variance : ndarray, optional
        Shape (N,): variance of the hits of a method that draws a unit more than once.
    slow : int
        1: a fifth of a millisecond a draw and more, fewer draws in the tests; 2: half a millisecond and more,
        fewer draws in the long run too.
    method, population : str
        Names in the table.
    """

    draw: Draw
    expected: Array
    joint: Array | None = None
    size: int | None = None
    variance: Array | None = None
    slow: int = 0
    method: str = ""
    population: str = ""

    @property
    def name(self) -> str:
        return f"{self.method} / {self.population}"

    @property
    def units(self) -> int:
        """Comparisons of units."""
        return int(np.sum(open_(self.expected))) if self.variance is None else len(self.expected)

    @property
    def couples(self) -> int:
        """Comparisons of pairs."""
        return (
            0 if self.joint is None else int(np.sum(open_(self.joint[np.triu_indices_from(self.joint, 1)])))
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over draws: hits of units, draws that hold each pair, smallest and largest size."""

    draws: int
    hits: NDArray[np.int64]
    pairs: NDArray[np.int64]
    sizes: tuple[int, int]

    def __add__(self, other: "Tally") -> "Tally":
        low, high = zip(self.sizes, other.sizes, strict=True)
        return Tally(
            self.draws + other.draws,
            self.hits + other.hits,
            self.pairs + other.pairs,
            (min(low), max(high)),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Largest |z| of units and pairs of a case beside the limits, and what is wrong (empty: nothing)."""

    case: Case
    tally: Tally
    unit: float
    pair: float | None
    faults: tuple[str, ...]


def open_(pik: Array) -> NDArray[np.bool_]:
    return (pik > EXACT) & (pik < 1 - EXACT)


def tally(case: Case, draws: int, rng: np.random.Generator) -> Tally:
    """Draw so many times."""
    units = len(case.expected)
    hits, pairs = np.zeros(units, dtype=np.int64), np.zeros((units, units), dtype=np.int64)
    low, high = units * 1000, 0
    for begin in range(0, draws, CHUNK):
        drawn = [case.draw(rng) for _draw in range(min(CHUNK, draws - begin))]
        sizes = np.array([len(sample) for sample in drawn])
        cells = np.repeat(np.arange(len(drawn)), sizes) * units + np.concatenate(drawn)
        matrix = np.bincount(cells, minlength=len(drawn) * units).reshape(len(drawn), units)
        present = (matrix > 0).astype(np.float64)
        hits += matrix.sum(axis=0)
        pairs += np.rint(present.T @ present).astype(np.int64)
        low, high = min(low, int(sizes.min())), max(high, int(sizes.max()))
    return Tally(draws, hits, pairs, (low, high))


def binomial_z(counts: NDArray[np.int64], draws: int, chance: Array) -> Array:
    """|z| with the probability of the exact binomial tails; infinite where the impossible came."""
    from scipy.stats import binom, norm  # slow to load, and the demo's own draws need neither

    z = np.zeros(len(counts))
    free = open_(chance)
    tails = np.minimum(
        binom.cdf(counts[free], draws, chance[free]), binom.sf(counts[free] - 1, draws, chance[free])
    )
    z[free] = norm.isf(np.minimum(tails, 0.5))
    sure = np.where(chance > 0.5, draws, 0)
    z[~free & (counts != sure)] = np.inf
    return z


def hits_z(hits: NDArray[np.int64], draws: int, expected: Array, variance: Array) -> Array:
    """|z| of hits; infinite where hits that cannot vary do."""
    off = np.abs(hits - draws * expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = off / np.sqrt(draws * variance)
    return np.where(variance > EXACT, z, np.where(off < EXACT * draws, 0.0, np.inf))


def limit(comparisons: int) -> float:
    """Bonferroni's limit of |z| over all comparisons of a run."""
    from scipy.stats import norm

    return float(norm.isf(ALPHA / 2 / max(comparisons, 1)))


def limits(cases: list[Case]) -> tuple[float, float]:
    """Limits for units and for pairs of the whole run."""
    return limit(sum(case.units for case in cases)), limit(sum(case.couples for case in cases))


def judge(case: Case, counted: Tally, bounds: tuple[float, float]) -> Verdict:
    """Hold counts against theory."""
    faults = []
    if case.variance is None:
        units = binomial_z(counted.hits, counted.draws, case.expected)
    else:
        units = hits_z(counted.hits, counted.draws, case.expected, case.variance)
    if units.max() > bounds[0]:
        faults.append(f"unit {int(units.argmax())}: |z| {units.max():.1f}")
    pair = None
    if case.joint is not None:
        upper = np.triu_indices_from(case.joint, 1 if case.variance is None else 0)
        z = binomial_z(counted.pairs[upper], counted.draws, case.joint[upper])
        pair = float(z.max())
        if pair > bounds[1]:
            at = int(z.argmax())
            faults.append(f"pair {int(upper[0][at])}, {int(upper[1][at])}: |z| {pair:.1f}")
    if case.size is not None and counted.sizes != (case.size, case.size):
        faults.append(f"size {counted.sizes[0]} to {counted.sizes[1]}, not {case.size}")
    return Verdict(case, counted, float(units.max()), pair, tuple(faults))


def mutated(case: Case, kind: Mutant) -> Case:
    """The same case with a method that is a little wrong."""
    if kind == "size":
        return replace(case, draw=_shrunk(case.draw))
    if kind == "pairs":
        return replace(case, draw=_evened(case))
    return replace(case, draw=_favoured(case.draw, case.expected))


def _favoured(draw: Draw, expected: Array) -> Draw:
    """One unit takes the place of another a little too often: one percentage point."""
    unit = int(np.argmin(np.abs(expected - 0.3)))
    rate = POINT / (1 - expected[unit])

    def favoured(rng: np.random.Generator) -> NDArray[np.int64]:
        drawn = draw(rng)
        loose = np.flatnonzero(expected[drawn] < 1 - EXACT)
        if rng.random() < rate and unit not in drawn and len(loose):
            drawn = drawn.copy()
            drawn[rng.choice(loose)] = unit
        return np.sort(drawn)

    return favoured


def _shrunk(draw: Draw) -> Draw:
    """One sample in a thousand lacks a unit."""

    def shrunk(rng: np.random.Generator) -> NDArray[np.int64]:
        drawn = draw(rng)
        return drawn[1:] if rng.random() < 0.001 else drawn

    return shrunk


def _evened(case: Case) -> Draw:
    """Right inclusion probabilities, wrong pairs: one draw in five is systematic."""
    edges = np.cumsum(case.expected)

    def evened(rng: np.random.Generator) -> NDArray[np.int64]:
        if rng.random() < 0.8:
            return case.draw(rng)
        points = rng.random() + np.arange(round(float(edges[-1])))
        return np.unique(np.searchsorted(edges, points, side="right").clip(max=len(edges) - 1))

    return evened
