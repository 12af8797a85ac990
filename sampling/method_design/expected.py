"""Expected variance of the estimated total of a variable that is known in the frame."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sampling.method_design.rules import VarianceRule
from sampling.method_design.units import StageUnits

__all__ = ["stage_variance", "total_variance"]

Floats = NDArray[np.float64]


def total_variance(
    y: Floats, units: tuple[StageUnits, ...], expected: tuple[Floats, ...], numbers: tuple[Floats, ...]
) -> float:
    """Variance of the Horvitz-Thompson (Hansen-Hurwitz) estimator of a total through all stages.

    Parameters
    ----------
    y : ndarray of float64
        Shape (rows,): the variable.
    units : tuple of StageUnits
        Units of each stage.
    expected : tuple of ndarray of float64
        Expected hits of each stage's units, given the unit above, each of shape (units,).
    numbers : tuple of ndarray of float64
        Units that each group gives at each stage, each of shape (groups,).

    Returns
    -------
    float
        NaN where a stage has no formula.

    Notes
    -----
    V = V_1(t_i) + sum_i V_i / pi_i, t_i the total and V_i the variance within unit i of the first stage, and
    so on downwards.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling, section 4.4.
    """
    within = np.zeros(len(units[-1].group))
    for of, hits, n in zip(reversed(units), reversed(expected), reversed(numbers), strict=True):
        between = stage_variance(of, of.sums(y), hits, n)
        within = between + np.bincount(of.group, within / hits, minlength=len(n))
    return float(within.sum())


def stage_variance(units: StageUnits, y: Floats, expected: Floats, n: Floats) -> Floats:
    """Variance of the estimated total of each group at one stage.

    Parameters
    ----------
    units : StageUnits
        The units.
    y : ndarray of float64
        Shape (units,): total of each unit.
    expected : ndarray of float64
        Shape (units,): expected hits given the group.
    n : ndarray of float64
        Shape (groups,): units each group gives.

    Returns
    -------
    ndarray of float64
        Shape (groups,); NaN where the method has no formula.

    Notes
    -----
    Equal probabilities: N² (1 - n / N) S² / n. One by one: sum y² (1 / pi - 1). With replacement:
    sum y² / E - Y² / n. Fixed size by pi: sum b (y / pi - B)², b = pi (1 - pi) m / (m - 1) over the m units
    that are not certain, B the mean of y / pi weighted by b (Hájek's approximation; with equal pi it is the
    first one). Balanced: the same with residuals of the regression of y / pi on x / pi weighted by b,
    m / (m - p) in place of m / (m - 1).

    References
    ----------
    Hájek (1964), Annals of Mathematical Statistics 35; Deville and Tillé (2005), Journal of Statistical
    Planning and Inference 128, 569-591 (balanced).
    """
    return _FORMULAS[units.stage.rule.variance](units, y, expected, n)


def _none(units: StageUnits, y: Floats, expected: Floats, n: Floats) -> Floats:
    return np.full(len(n), np.nan)


def _poisson(units: StageUnits, y: Floats, expected: Floats, n: Floats) -> Floats:
    return np.bincount(units.group, y * y * (1 / expected - 1), minlength=len(n)).astype(np.float64)


def _replacement(units: StageUnits, y: Floats, expected: Floats, n: Floats) -> Floats:
    squares = np.bincount(units.group, y * y / expected, minlength=len(n))
    totals = np.bincount(units.group, y, minlength=len(n))
    return np.maximum(squares - totals**2 / n, 0.0)


def _hajek(units: StageUnits, y: Floats, expected: Floats, n: Floats) -> Floats:
    factors, free = _factors(units, expected, len(n), 1)
    means = np.bincount(units.group, factors * y / expected, minlength=len(n))
    sums = np.bincount(units.group, factors, minlength=len(n))
    centre = np.divide(means, sums, out=np.zeros(len(n)), where=sums > 0)
    gaps = (y / expected - centre[units.group]) * free
    return np.bincount(units.group, factors * gaps**2, minlength=len(n)).astype(np.float64)


def _balanced(units: StageUnits, y: Floats, expected: Floats, n: Floats) -> Floats:
    """Residuals over all groups together, the groups' sizes being balanced too."""
    columns = np.zeros((len(y), 0)) if units.balance is None else units.balance
    factors, _free = _factors(units, expected, len(n), 1 + columns.shape[1] / max(len(n), 1))
    sums = np.bincount(units.group, factors, minlength=len(n))
    several = np.column_stack([y, columns]) / expected[:, None]
    for place in range(several.shape[1]):
        means = np.bincount(units.group, factors * several[:, place], minlength=len(n))
        several[:, place] -= np.divide(means, sums, out=np.zeros(len(n)), where=sums > 0)[units.group]
    root = np.sqrt(factors)[:, None]
    slope = np.linalg.lstsq(root * several[:, 1:], root[:, 0] * several[:, 0], rcond=None)[0]
    gaps = several[:, 0] - several[:, 1:] @ slope
    return np.bincount(units.group, factors * gaps**2, minlength=len(n)).astype(np.float64)


def _factors(units: StageUnits, expected: Floats, groups: int, lost: float) -> tuple[Floats, Floats]:
    """The factors b with m / (m - lost), and 1 for each unit that is not certain."""
    free = (expected < 1).astype(np.float64)
    left = np.bincount(units.group, free, minlength=groups)
    scale = np.divide(left, left - lost, out=np.zeros(groups), where=left > lost)
    return free * expected * (1 - expected) * scale[units.group], free


_FORMULAS: Final[dict[VarianceRule, Callable[[StageUnits, Floats, Floats, Floats], Floats]]] = {
    "balanced": _balanced,
    "hajek": _hajek,
    "none": _none,
    "poisson": _poisson,
    "replacement": _replacement,
    "srs": _hajek,  # with equal probabilities the same number
}
