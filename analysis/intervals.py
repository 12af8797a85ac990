"""Confidence intervals: t intervals, and intervals for proportions.

`scipy.special` is imported at first use, because importing it costs more than the rest of the package.
"""

from typing import Final, Literal, get_args

import numpy as np

from analysis.arrays import FloatArray, IntArray
from analysis.lazy import LazyModule
from custody.errors import AnalysisError
from custody.messages import gettext as _

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scipy import special
else:
    special = LazyModule("scipy.special")

__all__ = ["Distribution", "IntervalMethod", "check_level", "interval", "t_quantile"]

Distribution = Literal["t", "normal"]
IntervalMethod = Literal["symmetric", "mean", "logit", "wilson", "beta"]
METHODS: Final = get_args(IntervalMethod)


def t_quantile(level: float, df: FloatArray) -> FloatArray:
    """Two-sided quantile of Student's t.

    Parameters
    ----------
    level : float
        Confidence level, between 0 and 1.
    df : FloatArray
        Degrees of freedom; infinite means the normal distribution. Below 1 there is no quantile: NaN.

    Returns
    -------
    FloatArray
        Same shape as `df`.

    Examples
    --------
    >>> t_quantile(0.95, np.array([10.0, np.inf])).round(4).tolist()
    [2.2281, 1.96]
    """
    upper = 0.5 + level / 2
    finite = np.where(np.isfinite(df) & (df >= 1), df, 1.0)
    quantile = np.where(np.isinf(df), special.ndtri(upper), special.stdtrit(finite, upper))
    return np.where(df >= 1, quantile, np.nan)


def check_level(level: float) -> None:
    """Refuse a confidence level outside (0, 1).

    Parameters
    ----------
    level : float
        Confidence level.

    Raises
    ------
    AnalysisError
        The level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise AnalysisError(
            "ANA-OPTION",
            _("The confidence level must lie between 0 and 1."),
            hint=_("For 95 percent write 0.95."),
        )


def interval(
    method: IntervalMethod,
    estimate: FloatArray,
    variance: FloatArray,
    df: FloatArray,
    n: IntArray,
    level: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Confidence limits of estimates.

    Parameters
    ----------
    method : {"symmetric", "mean", "logit", "wilson", "beta"}
        ``symmetric`` and ``mean``: estimate -/+ t se. The others are for proportions; see Notes.
    estimate, variance, df, n : array
        Same shape: estimate, its variance, degrees of freedom (infinite: normal), rows used.
    level : float
        Confidence level.

    Returns
    -------
    low, high : FloatArray
        Same shape; NaN where there are no degrees of freedom or the method is undefined.

    Notes
    -----
    With ``m = p (1 - p) / v`` the effective sample size and t the quantile with the design's df:
    ``logit``: ``logit(p) -/+ t sqrt(v) / (p (1 - p))``, back-transformed, as R ``svyciprop(method="logit")``;
    undefined (NaN) for p = 0 or 1. ``wilson``: score interval with m and t. ``beta``: Clopper-Pearson limits
    with m multiplied by ``(t(n - 1) / t(df))^2``, as R ``svyciprop(method="beta")``. Where p is 0 or 1,
    ``wilson`` and ``beta`` use m = n (Korn and Graubard 1998).

    References
    ----------
    Korn, E.L. and Graubard, B.I. (1998). Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data. Survey Methodology 24, 193-201.

    Examples
    --------
    >>> half, var, n = np.array([0.5]), np.array([0.0025]), np.array([100])
    >>> low, high = interval("wilson", half, var, np.array([np.inf]), n)
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.404, 0.596)
    """
    check_level(level)
    t = t_quantile(level, df)
    if method in ("symmetric", "mean"):
        half = t * np.sqrt(variance)
        return estimate - half, estimate + half
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "logit":
            return _logit(estimate, variance, t)
        edge = (estimate <= 0) | (estimate >= 1)
        effective = np.where(edge, n.astype(np.float64), estimate * (1 - estimate) / variance)
        if method == "wilson":
            return _wilson(estimate, effective, t)
        if method == "beta":
            ratio = t_quantile(level, n.astype(np.float64) - 1) / t
            effective = np.where(edge, n, effective * ratio**2)
            return _beta(estimate, effective, level, t)
    raise AnalysisError(
        "ANA-OPTION",
        _("There is no interval method {name}.").format(name=repr(method)),
        hint=_("Choose one of {names}.").format(names=", ".join(METHODS[1:])),
    )


def _logit(p: FloatArray, variance: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = (p > 0) & (p < 1)
    safe = np.where(inside, p, np.nan)
    centre, half = special.logit(safe), t * np.sqrt(variance) / (safe * (1 - safe))
    return special.expit(centre - half), special.expit(centre + half)


def _wilson(p: FloatArray, m: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    z = t * t / m
    centre = (p + z / 2) / (1 + z)
    half = np.sqrt(z * (p * (1 - p) + z / 4)) / (1 + z)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def _beta(p: FloatArray, m: FloatArray, level: float, t: FloatArray) -> tuple[FloatArray, FloatArray]:
    tail, yes, no = (1 - level) / 2, m * p, m * (1 - p)
    low = np.where(yes <= 0, 0.0, special.betaincinv(yes, no + 1, tail))
    high = np.where(no <= 0, 1.0, special.betaincinv(yes + 1, no, 1 - tail))
    return np.where(np.isnan(t), np.nan, low), np.where(np.isnan(t), np.nan, high)
