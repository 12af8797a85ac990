"""How many units each group gives, and the expected number of hits of each unit."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.allocate.exact import allocate
from sampling.method_design.design import MethodDesign
from sampling.method_design.stage import Stage
from sampling.method_design.units import Plan, StageUnits
from sampling.methods.inclusion import EDGE
from sampling.methods.murthy import murthy_inclusion

__all__ = ["expected_hits", "first_sizes", "grouped_probabilities", "later_sizes"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def first_sizes(design: MethodDesign, plan: Plan) -> Floats:
    """Units that each stratum gives at the first stage.

    Parameters
    ----------
    design : MethodDesign
        The design.
    plan : Plan
        The frame as it sees it.

    Returns
    -------
    ndarray of float64
        Shape (strata,): whole numbers, but where the method takes units one by one.

    Raises
    ------
    SamplingError
        A stratum without a number, a number without a stratum, or fewer units than are asked for.
    """
    units, labels = plan.units[0], plan.labels
    stage, counts = units.stage, units.counts
    if stage.rate is not None:
        rates = np.array(_by_stratum(stage.rate, labels), dtype=np.float64)
        return _rated(stage, rates, counts)
    if isinstance(stage.n, Mapping) or design.allocation == "each" or stage.method == "murthy":
        wanted = np.array(_by_stratum(stage.n, labels), dtype=np.int64)
    else:
        n, sizes = int(stage.n or 0), [int(count) for count in counts]
        upper = [max(n, size) for size in sizes] if stage.rule.replacement else sizes
        wanted = np.array(
            [n] if len(sizes) == 1 else allocate(n, _weights(design, units), upper, minimum=design.minimum),
            dtype=np.int64,
        )
    short = wanted > counts
    if short.any() and not stage.rule.replacement:
        raise SamplingError(
            "SAM-MDESIGN-SHORT",
            _("{count:,} strata have fewer units than the design asks of them.").format(
                count=int(short.sum())
            ),
            hint=_("Ask for fewer, or join strata."),
            row=None if units.of_row is not None else plan.source.row_number(short[units.group]),
        )
    return wanted.astype(np.float64)


def later_sizes(stage: Stage, counts: Ints) -> Floats:
    """Units that each unit drawn gives at the stage below.

    Parameters
    ----------
    stage : Stage
        The stage below.
    counts : ndarray of int64
        Shape (groups,): units there are.

    Returns
    -------
    ndarray of float64
        Shape (groups,).
    """
    if stage.rate is not None:
        return _rated(stage, np.full(len(counts), stage.rate, dtype=np.float64), counts)
    wanted = np.full(len(counts), stage.n, dtype=np.float64)
    return wanted if stage.rule.replacement else np.minimum(wanted, counts)


def expected_hits(stage: Stage, slot: Ints, n: Floats, counts: Ints, size: Floats | None) -> Floats:
    """Expected number of hits of each unit, given its group: its inclusion probability without replacement.

    Parameters
    ----------
    stage : Stage
        Method and limits.
    slot : ndarray of int64
        Shape (units,): group of each.
    n : ndarray of float64
        Shape (groups,): units each group gives.
    counts : ndarray of int64
        Shape (groups,): units each group has.
    size : ndarray of float64, optional
        Shape (units,): sizes above 0. None: all alike.

    Returns
    -------
    ndarray of float64
        Shape (units,).

    Notes
    -----
    n / N, or n x / sum(x) with units at 1 or above taken with certainty (not with replacement); Murthy's
    method: `murthy_inclusion`.
    """
    if size is None:
        return (n / np.maximum(counts, 1))[slot]
    if stage.method == "murthy":
        return _murthy(slot, size, counts)
    if stage.rule.replacement:
        totals = np.bincount(slot, size, minlength=len(n))
        return n[slot] * size / totals[slot]
    return grouped_probabilities(size, slot, n, certainty=stage.certainty)


def grouped_probabilities(size: Floats, slot: Ints, n: Floats, *, certainty: float | None = None) -> Floats:
    """Inclusion probabilities proportional to size in each group.

    Parameters
    ----------
    size : ndarray of float64
        Shape (units,): sizes above 0.
    slot : ndarray of int64
        Shape (units,): group of each, 0 to groups - 1.
    n : ndarray of float64
        Shape (groups,): units each group gives, at most those it has.
    certainty : float, optional
        Units with this share of the sizes of the units left in their group, or more, are certain.

    Returns
    -------
    ndarray of float64
        Shape (units,): at most 1; they sum to `n` in each group.

    Raises
    ------
    SamplingError
        More units are certain by their share than a group gives.

    Notes
    -----
    As `sampling.methods.inclusion_probabilities` in each group.

    Examples
    --------
    >>> sizes, groups = np.array([1.0, 1, 2, 16, 3, 1]), np.array([0, 0, 0, 0, 1, 1])
    >>> grouped_probabilities(sizes, groups, np.array([2.0, 1.0]))
    array([0.25, 0.25, 0.5 , 1.  , 0.75, 0.25])
    """
    pik, free, left = np.zeros(len(size)), np.ones(len(size), dtype=bool), n.astype(np.float64)
    while True:
        totals = np.bincount(slot[free], size[free], minlength=len(n))
        rate = np.divide(left, totals, out=np.zeros(len(n)), where=totals > 0)
        pik[free] = rate[slot[free]] * size[free]
        over = free & (pik >= 1.0 - EDGE)
        if certainty is not None:
            over |= free & (size >= certainty * totals[slot])
        if not over.any():
            return pik
        pik[over], free = 1.0, free & ~over
        left = left - np.bincount(slot[over], minlength=len(n))
        if left.min(initial=0.0) < -EDGE:
            raise SamplingError(
                "SAM-MDESIGN-CERTAIN",
                _("More units are certain by their size than the design draws."),
                hint=_("Raise the share of certainty, or draw more."),
            )


def _rated(stage: Stage, rates: Floats, counts: Ints) -> Floats:
    """Numbers by share: whole ones, at least 1, where the method has a fixed size."""
    shares: Floats = rates * counts
    return np.maximum(np.floor(shares + 0.5), 1.0) if stage.rule.fixed else shares


def _murthy(slot: Ints, size: Floats, counts: Ints) -> Floats:
    """Inclusion probabilities of Murthy's method in each group; a unit alone is certain."""
    chances = np.ones(len(size))
    for group in np.flatnonzero(counts > 1).tolist():
        members = np.flatnonzero(slot == group)
        chances[members] = murthy_inclusion(size[members])
    return chances


def _by_stratum(value: Any, labels: list[Any]) -> list[Any]:
    """One number for each stratum, in the order of the labels."""
    if not isinstance(value, Mapping):
        return [value] * len(labels)
    lacking, unknown = [label for label in labels if label not in value], set(value) - set(labels)
    if lacking or unknown:
        text = _("{lacking:,} strata of the frame have no number, and {unknown:,} numbers have no stratum.")
        raise SamplingError(
            "SAM-MDESIGN-STRATA",
            text.format(lacking=len(lacking), unknown=len(unknown)),
            hint=_("Give one number for each value of the strata column (a tuple where there are several)."),
        )
    return [value[label] for label in labels]


def _weights(design: MethodDesign, units: StageUnits) -> Any:
    """Relative shares of the strata, exact."""
    if design.allocation == "proportional":
        return units.counts.tolist()
    if design.allocation == "equal" or units.size is None:
        return [1] * len(units.counts)
    return [Fraction(total) for total in np.bincount(units.group, units.size).tolist()]
