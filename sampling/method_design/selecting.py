"""Choosing units in many groups at once, each by the method of its stage."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sampling.method_design.chances import expected_hits
from sampling.method_design.stage import Stage
from sampling.methods.brewer import brewer
from sampling.methods.chromy import chromy
from sampling.methods.conditional_poisson import conditional_poisson
from sampling.methods.cube import cube
from sampling.methods.hanurav import hanurav_vijayan
from sampling.methods.local_cube import local_cube
from sampling.methods.midzuno import midzuno
from sampling.methods.murthy import murthy
from sampling.methods.order import sequential_poisson, successive
from sampling.methods.pareto import pareto
from sampling.methods.permanent import srs_prn
from sampling.methods.pivotal import local_pivotal_1, local_pivotal_2, pivotal
from sampling.methods.poisson import poisson, pps_with_replacement
from sampling.methods.sampford import sampford
from sampling.methods.scps import spatially_correlated_poisson
from sampling.methods.simple import stratified_srs
from sampling.methods.support import minimum_support
from sampling.methods.systematic import pps_systematic, systematic
from sampling.methods.tille import tille

__all__ = ["Request", "select"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
FEW: Final = 1_000
"""Up to so many groups simple random samples are drawn one after the other; above, by one sort."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """Units that may be drawn, and how many.

    Parameters
    ----------
    stage : Stage
        Method and options.
    slot : ndarray of int64
        Shape (units,): group of each, 0 to groups - 1.
    counts : ndarray of int64
        Shape (groups,): units of each group.
    n : ndarray of float64
        Shape (groups,): units to draw from each.
    size, rank, balance, points, prn : ndarray, optional
        As in `StageUnits`, for these units.
    """

    stage: Stage
    slot: Ints
    counts: Ints
    n: Floats
    size: Floats | None = None
    rank: Ints | None = None
    balance: Floats | None = None
    points: Floats | None = None
    prn: Floats | None = None


def select(request: Request, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Draw units in each group.

    Parameters
    ----------
    request : Request
        The units.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    chosen : ndarray of int64
        Shape (n,): rising positions of the units drawn; with replacement a unit as often as it was hit.
    expected : ndarray of float64
        Shape (n,): expected hits of each, given its group.

    Examples
    --------
    >>> request = Request(Stage("srs", n=1), np.array([0, 0, 1]), np.array([2, 1]), np.ones(2))
    >>> select(request, np.random.default_rng(1))[1].tolist()
    [0.5, 1.0]
    """
    stage, slot = request.stage, request.slot
    if stage.method in ("srs", "srs_with_replacement"):
        draw = _srs if stage.method == "srs" else _srs_with_replacement
        chosen = draw(request, rng)
        return chosen, request.n[slot[chosen]] / request.counts[slot[chosen]]
    pik = expected_hits(stage, slot, request.n, request.counts, request.size)
    if stage.method in ("bernoulli", "poisson"):
        chosen = poisson(pik, rng=rng if request.prn is None else None, prn=request.prn)
    elif stage.method in ("cube", "local_cube"):
        chosen = _balanced(request, pik, rng)
    else:
        chosen = _by_group(request, pik, rng)
    return chosen.astype(np.int64), pik[chosen]


def _srs(request: Request, rng: np.random.Generator) -> Ints:
    """Simple random samples: by group, or for many groups by the ranks of one random number a unit."""
    if request.prn is not None:
        return srs_prn(request.prn, request.n.astype(np.int64), stratum=request.slot)
    if len(request.n) <= FEW:
        return stratified_srs(request.slot, request.n.astype(np.int64), rng=rng)
    order = np.lexsort((rng.random(len(request.slot)), request.slot))
    starts = np.cumsum(request.counts) - request.counts
    groups = request.slot[order]
    rank = np.arange(len(order)) - starts[groups]
    return np.sort(order[rank < request.n[groups]]).astype(np.int64)


def _srs_with_replacement(request: Request, rng: np.random.Generator) -> Ints:
    order = np.argsort(request.slot, kind="stable")
    starts = np.cumsum(request.counts) - request.counts
    draws = np.repeat(np.arange(len(request.n)), request.n.astype(np.int64))
    return np.sort(order[starts[draws] + rng.integers(0, request.counts[draws])]).astype(np.int64)


def _balanced(request: Request, pik: Floats, rng: np.random.Generator) -> Ints:
    """All groups together: totals are balanced over them, and the size of each is kept."""
    columns, strata = _given(request.balance), request.slot if len(request.n) > 1 else None
    if request.stage.method == "local_cube":
        return local_cube(columns, _given(request.points), pik, rng, strata=strata)
    fixed = columns if strata is not None else np.column_stack([pik, columns])
    return cube(fixed, pik, rng, strata=strata)


def _by_group(request: Request, pik: Floats, rng: np.random.Generator) -> Ints:
    """One call of the method for each group, its units in their order."""
    draw, drawn = _DRAW[request.stage.method], []
    for members, group in _groups(request):
        inside = _Group(request, members, pik[members], int(request.n[group]), rng)
        drawn.append(members[draw(inside)])
    return np.sort(np.concatenate(drawn)) if drawn else np.zeros(0, dtype=np.int64)


def _groups(request: Request) -> list[tuple[Ints, int]]:
    """Units of each group that is not empty, in the order of the draw."""
    if len(request.n) == 1 and request.rank is None:
        return [(np.arange(len(request.slot)), 0)]
    if request.rank is None:
        small = request.slot.astype(np.int16 if len(request.n) < 2**15 else np.int64)  # sorted by counting
        order = np.argsort(small, kind="stable")
    else:
        order = np.lexsort((request.rank, request.slot))
    ends = np.cumsum(request.counts)
    return [
        (order[end - count : end], group)
        for group, (end, count) in enumerate(zip(ends.tolist(), request.counts.tolist(), strict=True))
        if count
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """One group of a request: its units in the order of the draw."""

    request: Request
    members: Ints
    pik: Floats
    n: int
    rng: np.random.Generator

    @property
    def chance(self) -> dict[str, Any]:
        """Source of random numbers of order sampling: the generator or permanent ones."""
        prn = self.request.prn
        return {"rng": self.rng} if prn is None else {"prn": prn[self.members]}

    @property
    def points(self) -> Floats:
        """Coordinates of its units."""
        return _given(self.request.points)[self.members]


def _given(values: Floats | None) -> Floats:
    """Columns that the stage has been checked to have."""
    assert values is not None
    return values


def _pivotal(group: _Group) -> Ints:
    return pivotal(group.pik, group.rng, order="random" if group.request.rank is None else "given")


def _pps_systematic(group: _Group) -> Ints:
    return pps_systematic(group.pik, rng=group.rng, randomised=group.request.stage.randomised)


def _murthy(group: _Group) -> Ints:
    if len(group.members) == 1:
        return np.zeros(1, dtype=np.int64)
    return murthy(_given(group.request.size)[group.members], rng=group.rng)


def _pps_with_replacement(group: _Group) -> Ints:
    return pps_with_replacement(_given(group.request.size)[group.members], group.n, rng=group.rng)


_DRAW: Final[dict[str, Callable[[_Group], Any]]] = {
    "brewer": lambda group: brewer(group.pik, rng=group.rng),
    "chromy": lambda group: chromy(group.pik, rng=group.rng),
    "conditional_poisson": lambda group: conditional_poisson(group.pik, rng=group.rng),
    "hanurav_vijayan": lambda group: hanurav_vijayan(group.pik, rng=group.rng),
    "local_pivotal_1": lambda group: local_pivotal_1(group.points, group.pik, group.rng),
    "local_pivotal_2": lambda group: local_pivotal_2(group.points, group.pik, group.rng),
    "midzuno": lambda group: midzuno(group.pik, rng=group.rng),
    "minimum_support": lambda group: minimum_support(group.pik, rng=group.rng),
    "murthy": _murthy,
    "pareto": lambda group: pareto(group.pik, **group.chance),
    "pivotal": _pivotal,
    "pps_systematic": _pps_systematic,
    "pps_with_replacement": _pps_with_replacement,
    "sampford": lambda group: sampford(group.pik, rng=group.rng),
    "sequential_poisson": lambda group: sequential_poisson(group.pik, **group.chance),
    "spatially_correlated_poisson": lambda group: spatially_correlated_poisson(
        group.points, group.pik, group.rng
    ),
    "successive": lambda group: successive(group.pik, **group.chance),
    "systematic": lambda group: systematic(len(group.members), group.n, rng=group.rng),
    "tille": lambda group: tille(group.pik, rng=group.rng),
}
