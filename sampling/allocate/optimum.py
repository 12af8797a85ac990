"""Integer optimum of a stratified sample: for a number, for a budget, for a variance, by priority values."""

import heapq
import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.allocate.precision import POSITIVE, Allocation, expected_precision, per_stratum

__all__ = ["check_total", "optimal_for_budget", "optimal_for_variance", "round_best"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
NEARLY: Final = 1e-12
"""Relative error of floating point by which a variance may pass its target."""


def round_best(n: int, weights: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Whole:
    """Find the whole numbers n_h that minimise sum w_h² / n_h, exactly, by priority values.

    Parameters
    ----------
    n : int
        Their sum, from sum(lower) to sum(upper).
    weights : array_like of float, shape (H,)
        w_h, 0 or more; N_h S_h gives the smallest variance of the total.
    lower, upper : array_like of int, shape (H,) or ()
        Limits of n_h. Where `lower` is 0 a stratum of any weight gets its first unit before others get more.

    Returns
    -------
    ndarray of int64, shape (H,)
        n_h; ties to the earlier stratum.

    Raises
    ------
    SamplingError
        The total is outside the limits, or a value is not allowed.

    Notes
    -----
    From the lower limits on, each next unit goes where w_h / sqrt(n_h (n_h + 1)) is greatest. The
    objective is separable and convex, so this is the optimum. With w_h = N_h it is
    the method of equal proportions.

    References
    ----------
    Wright (2012), The equivalence of Neyman optimum allocation for sampling and equal proportions for
    apportioning the U.S. House of Representatives, The American Statistician 66, 217-224.
    Wright (2017), Exact optimal sample allocation: more efficient than Neyman, Statistics & Probability
    Letters 129, 50-57.

    Examples
    --------
    >>> round_best(10, [47, 41, 12], 1, 99)
    array([5, 4, 1])
    """
    w = per_stratum("weights", weights, None, 0)
    low, high = per_stratum("lower", lower, len(w), 0), per_stratum("upper", upper, len(w), 0)
    check_total(n, low, high)
    return _climb(w, np.ones_like(w), low, high, steps=n - int(low.sum()))


def optimal_for_budget(
    budget: float,
    N_h: ArrayLike,
    S_h: ArrayLike,
    costs: ArrayLike,
    *,
    means: ArrayLike | None = None,
    response: ArrayLike = 1.0,
    minimum: int = 1,
    strata: Sequence[str] | None = None,
) -> Allocation:
    """Find the smallest variance of the total that a budget buys.

    Parameters
    ----------
    budget : float
        Cost of all persons drawn at most (without fixed costs), in the unit of `costs`.
    N_h, S_h, means, response, strata
        As in `expected_precision`, one variable.
    costs : array_like of float, shape (H,) or ()
        Cost c_h of one person drawn, above 0.
    minimum : int
        Persons of each stratum at least (all it has, where fewer).

    Returns
    -------
    Allocation
        n_h about t N_h S_h / sqrt(r_h c_h). Exact for equal costs; with unequal ones the budget left over is
        less than the dearest unit, and another spending of it may be better by that unit's worth.

    Raises
    ------
    SamplingError
        The budget does not pay the minimum, or a value is not allowed.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 5.5, theorem 5.6.

    Examples
    --------
    >>> optimal_for_budget(100, [400, 600], [10, 20], [4, 9]).n_h
    array([4, 9])
    """
    sizes, rates, prices, low = _read(N_h, response, costs, minimum)
    least = float(prices @ low)
    check_total(budget, np.array([least]), np.array([np.inf]))
    w = sizes * per_stratum("S_h", S_h, len(sizes), 0) / np.sqrt(rates)
    drawn = _climb(w, prices, low, sizes, budget=budget * (1 + NEARLY))
    return expected_precision(drawn, sizes, S_h, means, costs=prices, response=rates, strata=strata)


def optimal_for_variance(
    variance: float,
    N_h: ArrayLike,
    S_h: ArrayLike,
    costs: ArrayLike = 1.0,
    *,
    means: ArrayLike | None = None,
    response: ArrayLike = 1.0,
    minimum: int = 1,
    strata: Sequence[str] | None = None,
) -> Allocation:
    """Find the cheapest allocation whose estimated total has at most a given variance.

    Parameters
    ----------
    variance : float
        Variance of the estimated total at most, in the variable's unit squared; for a mean, times N².
    N_h, S_h, means, response, strata
        As in `expected_precision`, one variable.
    costs : array_like of float, shape (H,) or ()
        Cost of one person drawn, above 0.
    minimum : int
        Persons of each stratum at least (all it has, where fewer).

    Returns
    -------
    Allocation
        Exact for equal costs; with unequal ones dearer than the optimum by less than the last unit.

    Raises
    ------
    SamplingError
        The variance is less than that of a census, or a value is not allowed.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 5.5 and 5.9.

    Examples
    --------
    >>> optimal_for_variance(1e6, [400, 600], [10, 20])
    <Allocation 200 of 1,000 in 2 strata, cost 200>
    """
    sizes, rates, prices, low = _read(N_h, response, costs, minimum)
    sd = per_stratum("S_h", S_h, len(sizes), 0)
    w = sizes * sd / np.sqrt(rates)
    goal = variance + float((sizes * sd**2).sum())
    if goal * (1 + NEARLY) < float((w**2 / sizes).sum()):
        text = _("The precision asked for is out of reach even if everybody is drawn.")
        raise SamplingError("SAM-ALLOC-REACH", text, hint=_("Allow a greater CV, or a higher maximum."))
    drawn = _climb(w, prices, low, sizes, excess=goal * (1 + NEARLY))
    return expected_precision(drawn, sizes, sd, means, costs=prices, response=rates, strata=strata)


def check_total(n: float, low: Floats, high: Floats) -> None:
    """Check that a total is within the limits of the strata.

    Parameters
    ----------
    n : float
        The total.
    low, high : ndarray of float64, shape (H,)
        Limits of each stratum.

    Raises
    ------
    SamplingError
        The total is outside, or a lower limit is above its upper one.
    """
    if not low.sum() <= n <= high.sum() or np.any(low > high):
        text = _("The total of {n:,} is outside what the strata allow, {low:,.0f} to {high:,.0f}.")
        raise SamplingError(
            "SAM-ALLOC-TOTAL",
            text.format(n=n, low=low.sum(), high=high.sum()),
            hint=_("Change the total, the minimum or the maximum."),
        )


def _read(N_h: ArrayLike, response: ArrayLike, costs: ArrayLike, minimum: int) -> tuple[Floats, ...]:
    """Return sizes, response rates, costs and lower limits, checked."""
    sizes = per_stratum("N_h", N_h, None, 1)
    rates = per_stratum("response", response, len(sizes), POSITIVE, 1)
    prices = per_stratum("costs", costs, len(sizes), POSITIVE)
    low = np.minimum(per_stratum("minimum", minimum, len(sizes), 1), sizes)
    return sizes, rates, prices, low


def _climb(
    weights: Floats,
    costs: Floats,
    low: Floats,
    high: Floats,
    *,
    steps: float = np.inf,
    budget: float = np.inf,
    excess: float | None = None,
) -> Whole:
    """Give units where w² / (n (n + 1) c) is greatest, until steps, budget or sum w² / n <= excess."""
    squares, prices, most = (weights**2).tolist(), costs.tolist(), high.tolist()
    counts = low.astype(np.int64).tolist()
    queue = [(-_priority(squares[h], n, prices[h]), h) for h, n in enumerate(counts) if n < most[h]]
    heapq.heapify(queue)
    left, over = budget - float(costs @ low), _inverse_sum(squares, counts)
    # Not vectorised: each step depends on the last, and the exact optimum is these very steps.
    while queue and steps > 0:
        if excess is not None and over <= excess * (1 + 1e-9):
            over = _inverse_sum(squares, counts)  # near the end exactly, free of summed rounding
            if over <= excess:
                break
        h = heapq.heappop(queue)[1]
        if prices[h] > left:
            continue
        counts[h], left, steps = counts[h] + 1, left - prices[h], steps - 1
        if excess is not None and counts[h] > 1:
            over -= squares[h] / counts[h] / (counts[h] - 1)
        if counts[h] < most[h]:
            heapq.heappush(queue, (-_priority(squares[h], counts[h], prices[h]), h))
    return np.array(counts, dtype=np.int64)


def _inverse_sum(squares: list[float], counts: list[int]) -> float:
    """Return the sum of w² / n; infinite where a stratum with weight has none."""
    pairs = zip(squares, counts, strict=True)
    return math.fsum(square / n if n else math.inf for square, n in pairs if square)


def _priority(square: float, count: int, cost: float) -> float:
    """Return the gain of one more unit by its cost; the first unit of a stratum comes before all."""
    if count == 0:
        return float("inf") if square else 0.0
    return square / (count * (count + 1)) / cost
