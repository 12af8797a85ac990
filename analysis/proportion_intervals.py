"""Confidence limits for proportions (割合の信頼区間): one function a method, numbers in, numbers out.

`scipy.special` is imported at first use, because importing it costs more than the rest of the package.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from analysis.arrays import FloatArray
from analysis.lazy import LazyModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scipy import special
else:
    special = LazyModule("scipy.special")

__all__ = ["PROPORTION_METHODS", "ProportionMethod", "Share", "proportion_limits"]

ProportionMethod = Literal["logit", "xlogit", "beta", "korn-graubard", "likelihood", "asin", "wilson", "mean"]
PROPORTION_METHODS: Final[tuple[ProportionMethod, ...]] = get_args(ProportionMethod)
HALVINGS: Final = 60
"""Steps of the bisection for likelihood limits: 2^-60 is below the spacing of numbers near 1."""
CERTAIN: Final = 1e15
"""An effective sample size above this is a variance of 0 that rounding has touched."""
Limits = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """Estimated proportions and what their limits need; all arrays of the same shape.

    Attributes
    ----------
    p : FloatArray
        The proportions, 0 to 1.
    variance : FloatArray
        Their variances.
    n : FloatArray
        Rows used.
    t : FloatArray
        Two-sided quantile of Student's t with the design's degrees of freedom; NaN where there is none.
    t_rows : FloatArray
        The same with n - 1 degrees of freedom.
    level : float
        Confidence level.
    """

    p: FloatArray
    variance: FloatArray
    n: FloatArray
    t: FloatArray
    t_rows: FloatArray
    level: float

    @property
    def edge(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
        """Nobody or everybody: p is 0 or 1."""
        return (self.p <= 0) | (self.p >= 1)

    @property
    def effective(self) -> FloatArray:
        """Effective sample size m = p (1 - p) / v; n where p is 0 or 1."""
        return np.where(self.edge, self.n, self.p * (1 - self.p) / self.variance)


def proportion_limits(method: ProportionMethod, share: Share) -> Limits:
    """Confidence limits of proportions.

    Parameters
    ----------
    method : {"logit", "xlogit", "beta", "korn-graubard", "likelihood", "asin", "wilson", "mean"}
        See Notes.
    share : Share
        The proportions.

    Returns
    -------
    low, high : FloatArray
        Same shape; NaN where there are no degrees of freedom or the method is undefined.

    Notes
    -----
    With v the variance, t the quantile with the design's (the domain's) degrees of freedom and
    ``m = p (1 - p) / v`` the effective sample size:

    - ``logit``, ``xlogit``: ``logit(p) -/+ t sqrt(v) / (p (1 - p))``, back-transformed. R's ``logit`` fits a
      logistic regression whose converged answer is this one; its iteration stops at about 1e-8.
    - ``beta``: Clopper-Pearson limits with ``m (t(n - 1) / t)^2`` in place of the sample size, as R.
    - ``korn-graubard``: the same, but with n at most: a design that gains precision gets no more than a
      simple random sample (the convention of the US National Center for Health Statistics).
    - ``likelihood``: all q with ``2 m (n - 1)/n (p log(p/q) + (1 - p) log((1 - p)/(1 - q))) <= t^2``, the
      binomial likelihood with m in place of the sample size (Rao and Scott's correction; (n - 1)/n from the
      dispersion, as R). R interpolates a profile of the same function, and agrees to about 1e-3.
    - ``asin``: ``arcsin(sqrt(p)) -/+ t / (2 sqrt(m))``, back-transformed. As in R, an end below 0 (above
      pi/2) is squared back inside, as long as it stays beside p; further out it is 0 (1).
    - ``wilson``: the score interval with m and t.
    - ``mean``: ``p -/+ t sqrt(v)``; may leave 0 to 1.

    Where p is 0 or 1 the variance says nothing: ``logit`` and ``xlogit`` are undefined (NaN), ``mean`` gives
    p alone, and the others use m = n, as Korn and Graubard (1998) propose. Where v is 0 and p is neither 0
    nor 1 (a census, or the strata themselves), both limits are p. Without degrees of freedom, or with
    a negative variance, every limit is NaN.

    References
    ----------
    Korn, E.L. and Graubard, B.I. (1998). Confidence intervals for proportions with small expected number of
    positive counts estimated from survey data. Survey Methodology 24, 193-201.
    Rao, J.N.K. and Scott, A.J. (1984). On chi-squared tests for multiway contingency tables with cell
    proportions estimated from survey data. Annals of Statistics 12, 46-60.
    Parker, J.D. et al. (2017). National Center for Health Statistics data presentation standards for
    proportions. Vital and Health Statistics 2(175).
    Wilson, E.B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the
    American Statistical Association 22, 209-212.

    Examples
    --------
    >>> p, v, n, t = np.array([0.2]), np.array([0.0016]), np.array([80.0]), np.array([1.96])
    >>> low, high = proportion_limits("asin", Share(p, v, n, t, t, 0.95))
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.128, 0.284)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = _METHODS[method](share)
        certain = ~share.edge & (share.p * (1 - share.p) > CERTAIN * share.variance)
    low, high = np.where(certain, share.p, low), np.where(certain, share.p, high)
    undefined = np.isnan(share.t) | ~(share.variance >= 0)
    return np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)


def _mean(share: Share) -> Limits:
    half = share.t * np.sqrt(share.variance)
    return share.p - half, share.p + half


def _logit(share: Share) -> Limits:
    safe = np.where(share.edge, np.nan, share.p)
    centre, half = special.logit(safe), share.t * np.sqrt(share.variance) / (safe * (1 - safe))
    return special.expit(centre - half), special.expit(centre + half)


def _wilson(share: Share) -> Limits:
    z = share.t * share.t / share.effective
    centre = (share.p + z / 2) / (1 + z)
    half = np.sqrt(z * (share.p * (1 - share.p) + z / 4)) / (1 + z)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def _adjusted(share: Share) -> FloatArray:
    """Effective size for exact limits: times (t(n - 1) / t)^2 except where p is 0 or 1."""
    return np.where(share.edge, share.n, share.effective * (share.t_rows / share.t) ** 2)


def _beta(share: Share) -> Limits:
    return _exact(share, _adjusted(share))


def _korn_graubard(share: Share) -> Limits:
    return _exact(share, np.minimum(_adjusted(share), share.n))


def _exact(share: Share, m: FloatArray) -> Limits:
    """Clopper-Pearson limits with m trials and m p successes, whole or not."""
    tail, yes, no = (1 - share.level) / 2, m * share.p, m * (1 - share.p)
    low = np.where(yes <= 0, 0.0, special.betaincinv(yes, no + 1, tail))
    high = np.where(no <= 0, 1.0, special.betaincinv(yes + 1, no, 1 - tail))
    return low, high


def _asin(share: Share) -> Limits:
    centre, half = np.arcsin(np.sqrt(np.clip(share.p, 0, 1))), share.t / (2 * np.sqrt(share.effective))
    low, high = np.sin(centre - half) ** 2, np.sin(centre + half) ** 2
    return (
        np.where(half >= 2 * centre, 0.0, low),
        np.where(half >= np.pi - 2 * centre, 1.0, high),
    )


def _likelihood(share: Share) -> Limits:
    """Bisect from p outwards for the q whose likelihood ratio reaches t^2."""
    m = share.effective * np.where(share.edge, 1.0, (share.n - 1) / share.n)
    bound = share.t**2 / (2 * m)
    return tuple(_bisect(share.p, bound, edge) for edge in (0.0, 1.0))  # type: ignore[return-value]


def _bisect(p: FloatArray, bound: FloatArray, edge: float) -> FloatArray:
    inner, outer = p.astype(np.float64), np.full(p.shape, edge)
    for _step in range(HALVINGS):
        middle = (inner + outer) / 2
        apart = special.rel_entr(p, middle) + special.rel_entr(1 - p, 1 - middle)
        inside = apart <= bound
        inner, outer = np.where(inside, middle, inner), np.where(inside, outer, middle)
    limit: FloatArray = np.where(p == edge, edge, (inner + outer) / 2)
    return limit


_METHODS: Final[dict[str, Callable[[Share], Limits]]] = {
    "logit": _logit,
    "xlogit": _logit,
    "beta": _beta,
    "korn-graubard": _korn_graubard,
    "likelihood": _likelihood,
    "asin": _asin,
    "wilson": _wilson,
    "mean": _mean,
}
