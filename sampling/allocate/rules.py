"""Allocation rules for stratified samples: weights of each rule, limits, and whole numbers that sum exactly.

Every rule gives weights w_h; for a fixed total it minimises sum w_h² / n_h, as does "best" rounding.
"""

from collections.abc import Sequence
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.messages import gettext as _
from sampling.allocate.optimum import check_total, round_best
from sampling.allocate.precision import (
    POSITIVE,
    Allocation,
    expected_precision,
    per_stratum,
    per_variable,
    refuse,
)

__all__ = [
    "allocate_strata",
    "allocation_weights",
    "clipped_shares",
    "draws_for_answers",
    "round_remainder",
]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Rule = Literal["equal", "proportional", "neyman", "cost", "power"]
Rounding = Literal["best", "remainder"]
Total = Literal["answers", "draws"]
ROUNDING_ERROR: Final = 1e-9


def allocation_weights(
    rule: Rule,
    N_h: ArrayLike,
    S_h: ArrayLike | None = None,
    *,
    means: ArrayLike | None = None,
    costs: ArrayLike = 1.0,
    power: float = 0.5,
    measure: ArrayLike | None = None,
    response: ArrayLike | None = None,
) -> Floats:
    """Return the relative share of each stratum under a rule.

    Parameters
    ----------
    rule : {"equal", "proportional", "neyman", "cost", "power"}
        The rule.
    N_h : array_like of int, shape (H,)
        Persons of each stratum, 1 or more.
    S_h : array_like of float, shape (H,)
        Standard deviations; needed by neyman, cost and power.
    means : array_like of float, shape (H,)
        Means, not 0; needed by power.
    costs : array_like of float, shape (H,) or ()
        Cost of one unit, above 0; used by cost.
    power : float
        Bankier's q, 0 to 1: 0 gives each stratum about the same CV, 1 is Neyman's (with `measure` the total).
    measure : array_like of float, shape (H,)
        Importance X_h, above 0, of power; default: the size of the stratum's total, N_h |mean_h|.
    response : array_like of float, shape (H,) or (), optional
        Expected response rate r_h, above 0 to 1: the weights are then those of the persons drawn, whose
        total is given. Default: the weights of the answers.

    Returns
    -------
    ndarray of float64, shape (H,)
        Weights w_h, 0 or more.

    Raises
    ------
    SamplingError
        A value that is missing or not allowed.

    Notes
    -----
    equal 1; proportional N_h; neyman N_h S_h; cost N_h S_h / sqrt(c_h); power X_h^q S_h / |mean_h|.

    Of n_h persons drawn m_h = n_h r_h answer. Equal or proportional answers ask for m_h in proportion to 1
    or N_h: draws in proportion to 1 / r_h or N_h / r_h. The other rules minimise a sum of a_h² / m_h =
    (a_h² / r_h) / n_h, with a_h = N_h S_h (power: X_h^q S_h / |mean_h|). With the total of n_h given,
    Lagrange's condition a_h² / (r_h n_h²) = λ gives n_h in proportion to a_h / sqrt(r_h); with the cost
    sum c_h n_h given, a_h² / (r_h n_h²) = λ c_h gives a_h / sqrt(r_h c_h).

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., sections 5.5 and 5.9.
    Bankier (1988), Power allocations: determining sample sizes for subnational areas, The American
    Statistician 42, 174-177.

    Examples
    --------
    >>> allocation_weights("cost", [100, 100], [2, 3], costs=[1, 9])
    array([200., 100.])
    """
    if rule not in get_args(Rule):
        raise refuse("rule", _("Allowed: {range}.").format(range=", ".join(get_args(Rule))))
    sizes = per_stratum("N_h", N_h, None, 1)
    rates = per_stratum("response", 1.0 if response is None else response, len(sizes), POSITIVE, 1)
    if rule in ("equal", "proportional"):
        return (sizes if rule == "proportional" else np.ones_like(sizes)) / rates
    if S_h is None:
        raise refuse("S_h", _("Give one number for each stratum, within its limits."))
    sd = per_stratum("S_h", S_h, len(sizes), 0) / np.sqrt(rates)
    if rule == "power":
        return np.asarray(sd * _power(sizes, means, power, measure), dtype=np.float64)
    prices = per_stratum("costs", costs, len(sizes), POSITIVE) if rule == "cost" else 1.0
    return np.asarray(sizes * sd / np.sqrt(prices), dtype=np.float64)


def clipped_shares(n: float, weights: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> Floats:
    """Share a total in proportion to weights within limits; what a full stratum cannot take, the others get.

    Parameters
    ----------
    n : float
        Total, from sum(lower) to sum(upper).
    weights, lower, upper : array_like of float, shape (H,) (limits also ())
        w_h >= 0 and the limits of each share.

    Returns
    -------
    ndarray of float64, shape (H,)
        clip(t w_h, lower_h, upper_h), with the t for which they sum to n. Where only strata without weight
        have room left, they share the rest in proportion to it.

    Raises
    ------
    SamplingError
        The total is outside the limits, or a value is not allowed.

    Examples
    --------
    >>> clipped_shares(100, [1, 2, 7], 0, [50, 50, 40])
    array([20., 40., 40.])
    """
    w = per_stratum("weights", weights, None, 0)
    low, high = per_stratum("lower", lower, len(w), 0), per_stratum("upper", upper, len(w), 0)
    check_total(n, low, high)
    on = (w > 0) & (high > low)
    full = np.where(w > 0, high, low)
    if n >= full.sum():
        room = high - full
        return np.asarray(full + room * ((n - full.sum()) / max(room.sum(), POSITIVE)), dtype=np.float64)
    if not on.any() or n <= low.sum():
        return low
    corners = np.unique(np.concatenate([[0.0], low[on] / w[on], high[on] / w[on]]))
    place, end = 0, len(corners) - 1
    while end - place > 1:
        middle = (place + end) // 2
        place, end = (middle, end) if np.clip(corners[middle] * w, low, full).sum() <= n else (place, middle)
    below = np.clip(corners[place] * w, low, full)
    above = np.clip(corners[end] * w, low, full)
    part = (n - below.sum()) / (above.sum() - below.sum())
    return np.asarray(below + part * (above - below), dtype=np.float64)


def round_remainder(shares: ArrayLike) -> Whole:
    """Round shares to whole numbers by largest remainder, keeping the sum; ties to the earlier stratum.

    Parameters
    ----------
    shares : array_like of float, shape (H,)
        0 or more; the sum is whole to about 1e-6.

    Returns
    -------
    ndarray of int64, shape (H,)
        Each share rounded down or up.

    Examples
    --------
    >>> round_remainder([2.4, 2.4, 2.2])
    array([3, 2, 2])
    """
    real = per_stratum("shares", shares, None, 0)
    whole = np.floor(real + ROUNDING_ERROR * np.maximum(real, 1))
    missing = round(float(real.sum())) - int(whole.sum())
    remainder = np.round(real - whole, 9)
    whole[np.argsort(-remainder, kind="stable")[:missing]] += 1
    return whole.astype(np.int64)


def draws_for_answers(answers: ArrayLike, N_h: ArrayLike, response: ArrayLike) -> Whole:
    """Return how many persons to draw so that the answers allocated are expected: more where fewer answer.

    Parameters
    ----------
    answers : array_like of float, shape (H,)
        Answers wanted in each stratum, 0 to N_h r_h.
    N_h : array_like of int, shape (H,)
        Persons of each stratum.
    response : array_like of float, shape (H,) or ()
        Expected response rate r_h, above 0 to 1.

    Returns
    -------
    ndarray of int64, shape (H,)
        answers / r_h, rounded up.

    Raises
    ------
    SamplingError
        More than there are, or a value that is not allowed.

    Examples
    --------
    >>> draws_for_answers([30, 30], [100, 100], [0.6, 0.4])
    array([50, 75])
    """
    sizes = per_stratum("N_h", N_h, None, 1)
    rates = per_stratum("response", response, len(sizes), POSITIVE, 1)
    wanted = per_stratum("answers", answers, len(sizes), 0)
    drawn = np.ceil(wanted / rates * (1 - ROUNDING_ERROR))
    check_total(float(drawn.sum()), np.zeros_like(sizes), sizes)
    if np.any(drawn > sizes):
        raise refuse("answers", _("Give one number for each stratum, within its limits."))
    return drawn.astype(np.int64)


def allocate_strata(
    n: int,
    N_h: ArrayLike,
    S_h: ArrayLike | None = None,
    *,
    rule: Rule = "proportional",
    means: ArrayLike | None = None,
    costs: ArrayLike = 1.0,
    power: float = 0.5,
    measure: ArrayLike | None = None,
    minimum: ArrayLike = 1,
    maximum: ArrayLike | None = None,
    take_all: ArrayLike | None = None,
    response: ArrayLike = 1.0,
    total: Total = "answers",
    rounding: Rounding = "best",
    strata: Sequence[str] | None = None,
) -> Allocation:
    """Allocate n answers or draws to strata by a rule, in whole numbers within limits; expect the precision.

    Parameters
    ----------
    n : int
        Answers, or persons drawn, in all (the same, where everybody answers).
    N_h, S_h, means, costs, power, measure
        As in `allocation_weights`; with a total of answers a unit of the cost rule costs c_h / r_h.
    rule : {"equal", "proportional", "neyman", "cost", "power"}
        The rule.
    minimum, maximum : array_like of int, shape (H,) or ()
        Limits of the answers or draws; a stratum that has fewer than the minimum gives all.
    take_all : array_like of bool, shape (H,), optional
        Strata of which everybody is drawn.
    response : array_like of float, shape (H,) or ()
        Expected response rate r_h, above 0 to 1.
    total : {"answers", "draws"}
        What `n` counts. Answers: n_h / r_h persons are drawn, rounded up, so that their sum follows. Draws:
        n letters are paid for, and the rule shares them so that the answers serve it best.
    rounding : {"best", "remainder"}
        Smallest sum w_h² / n_h (`round_best`), or largest remainder.
    strata : sequence of str, optional
        Names.

    Returns
    -------
    Allocation
        With a total of draws n_h sums to `n`. Without `S_h` a standard deviation of 1 is assumed.

    Raises
    ------
    SamplingError
        A value that is not allowed, or a total outside the limits.

    Examples
    --------
    >>> allocate_strata(100, [600, 300, 100], [2, 4, 10], rule="neyman").n_h
    array([35, 35, 30])
    >>> allocate_strata(100, [600, 300, 100], response=[0.5, 0.75, 1.0]).n_h
    array([120,  40,  10])
    >>> allocate_strata(170, [600, 300, 100], response=[0.5, 0.75, 1.0], total="draws").n_h
    array([120,  40,  10])
    """
    if total not in get_args(Total):
        raise refuse("total", _("Allowed: {range}.").format(range=", ".join(get_args(Total))))
    sizes = per_stratum("N_h", N_h, None, 1)
    rates = per_stratum("response", response, len(sizes), POSITIVE, 1)
    prices = per_stratum("costs", costs, len(sizes), POSITIVE)
    of_answers = total == "answers"
    w = allocation_weights(
        rule, sizes, S_h, means=means, costs=prices / rates if of_answers else prices, power=power,
        measure=measure, response=None if of_answers else rates,
    )  # fmt: skip
    most = np.floor(sizes * rates + ROUNDING_ERROR) if of_answers else sizes
    low, high = _limits(most, minimum, maximum, take_all)
    if rounding not in get_args(Rounding) or n != int(n):
        raise refuse("rounding, n", _("Allowed: {range}.").format(range="best, remainder; 1, 2, 3, …"))
    if rounding == "best":
        drawn = round_best(n, w, low, high)
    else:
        drawn = round_remainder(clipped_shares(n, w, low, high))
    drawn = draws_for_answers(drawn, sizes, rates) if of_answers else drawn
    if take_all is not None:
        drawn = np.where(np.asarray(take_all), sizes, drawn).astype(np.int64)
    sd = np.ones_like(sizes) if S_h is None else S_h
    return expected_precision(drawn, sizes, sd, means, costs=prices, response=rates, strata=strata)


def _power(sizes: Floats, means: ArrayLike | None, power: float, measure: ArrayLike | None) -> Floats:
    """Return X_h^q / |mean_h|."""
    if means is None or not 0 <= power <= 1:
        raise refuse("means, power", _("Allowed: {range}.").format(range="0 <= power <= 1"))
    centre = np.abs(per_variable("means", means, len(sizes), -np.inf, 1)[:, 0])
    if not centre.all():
        raise refuse("means", _("Give one number for each stratum, within its limits."))
    importance = sizes * centre if measure is None else per_stratum("measure", measure, len(sizes), POSITIVE)
    return np.asarray(importance**power / centre, dtype=np.float64)


def _limits(
    most: Floats, minimum: ArrayLike, maximum: ArrayLike | None, take_all: ArrayLike | None
) -> tuple[Floats, Floats]:
    """Return the least and the most of each stratum, whole numbers."""
    high = most if maximum is None else np.minimum(most, per_stratum("maximum", maximum, len(most), 0))
    high = np.floor(high)
    low = np.minimum(np.ceil(per_stratum("minimum", minimum, len(most), 0)), high)
    if take_all is not None:
        whole = np.asarray(take_all)
        if whole.dtype != np.bool_ or whole.shape != most.shape:
            raise refuse("take_all", _("Give one number for each stratum, within its limits."))
        low, high = np.where(whole, most, low), np.where(whole, most, high)
    return low, high
