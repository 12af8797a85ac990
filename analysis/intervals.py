"""Confidence intervals: t intervals, and the way to intervals for proportions.

`scipy.special` is imported at first use, because importing it costs more than the rest of the package.
"""

from numbers import Real
from typing import Literal

import numpy as np

from analysis.arrays import FloatArray, IntArray
from analysis.lazy import LazyModule
from analysis.proportion_intervals import PROPORTION_METHODS, ProportionMethod, Share, proportion_limits
from custody.errors import AnalysisError
from custody.messages import gettext as _

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scipy import special
else:
    special = LazyModule("scipy.special")

__all__ = ["Distribution", "IntervalMethod", "check_level", "interval", "t_quantile"]

Distribution = Literal["t", "normal"]
IntervalMethod = Literal["symmetric"] | ProportionMethod


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


def check_level(level: object) -> None:
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
    if not (isinstance(level, Real) and 0 < float(level) < 1):
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
    method : {"symmetric", "mean", "logit", "xlogit", "beta", "korn-graubard", "likelihood", "asin", "wilson"}
        ``symmetric`` and ``mean``: estimate -/+ t se. The others are for proportions; formulas and rules for
        proportions of 0 and 1: `analysis.proportion_intervals.proportion_limits`.
    estimate, variance, df, n : array
        Same shape: estimate, its variance, degrees of freedom (infinite: normal), rows used.
    level : float
        Confidence level.

    Returns
    -------
    low, high : FloatArray
        Same shape; NaN where there are no degrees of freedom or the method is undefined.

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
    if method not in PROPORTION_METHODS:
        raise AnalysisError(
            "ANA-OPTION",
            _("There is no interval method {name}.").format(name=repr(method)),
            hint=_("Choose one of {names}.").format(names=", ".join(PROPORTION_METHODS)),
        )
    rows = n.astype(np.float64)
    share = Share(estimate, variance, rows, t, t_quantile(level, rows - 1), level)
    return proportion_limits(method, share)
