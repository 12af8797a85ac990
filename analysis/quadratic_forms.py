"""Tails of weighted sums of chi-squared variables, alone or over the denominator of an F.

Three ways: exactly by integrating the characteristic function along a path through the saddlepoint, by the
saddlepoint approximation, and by Satterthwaite's scaled chi-squared. A denominator chi2_v / v with v degrees
of freedom is one more term with a negative weight: P(Q / (chi2_v / v) > x) = P(Q - (x / v) chi2_v > 0).
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from analysis.arrays import FloatArray
from analysis.lazy import LazyModule
from analysis.options import option_error
from custody.errors import AnalysisError
from custody.messages import gettext as _

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scipy import optimize, special
else:
    optimize = LazyModule("scipy.optimize")
    special = LazyModule("scipy.special")

__all__ = ["TailMethod", "quadratic_form_tail"]

TailMethod = Literal["exact", "saddlepoint", "satterthwaite"]
NEGLIGIBLE: Final = 1e-10
"""Weights below this share of the largest are rounding noise of an eigenvalue that is 0."""
NEAR_MEAN: Final = 1e-5
"""Below this value of the signed root the saddlepoint formula is 0/0 and its limit is taken."""
BEND: Final = 0.5
"""How far the path of the integral turns to the right."""
STEP: Final = 0.02
"""Step of the integral; halving it moves no digit above 1e-12."""


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """Q = sum_i weight_i chi2(count_i), with the threshold its tail is asked for."""

    weights: FloatArray
    counts: FloatArray
    threshold: float

    def cumulant(self, s: float) -> float:
        """Log of the moment generating function at s."""
        return float(-0.5 * np.sum(self.counts * np.log1p(-2 * self.weights * s)))

    def slope(self, s: float, order: int) -> float:
        """Derivative of the cumulant generating function: order 1, 2 or 3."""
        factor = {1: 1.0, 2: 2.0, 3: 8.0}[order]
        ratio = self.weights / (1 - 2 * self.weights * s)
        return float(factor * np.sum(self.counts * ratio**order))

    def saddlepoint(self) -> float:
        """The s where the slope of the cumulant equals the threshold."""
        high = 0.5 / self.weights.max()
        low = 0.5 / self.weights.min() if self.weights.min() < 0 else -high
        if self.weights.min() > 0:
            while self.slope(low, 1) >= self.threshold:
                low *= 2
        edges = low * (1 - 1e-12), high * (1 - 1e-12)
        root = optimize.brentq(lambda s: self.slope(s, 1) - self.threshold, *edges, xtol=1e-14, rtol=1e-13)
        return float(root)


def quadratic_form_tail(
    x: float, weights: FloatArray, df_residual: float = np.inf, method: TailMethod = "exact"
) -> float:
    """Probability that a weighted sum of chi-squared variables, over an F denominator, exceeds x.

    Parameters
    ----------
    x : float
        Observed value.
    weights : FloatArray
        (terms,) weights of independent chi-squared variables with one degree of freedom, not negative.
        Weights below 1e-10 of the largest count as 0.
    df_residual : float
        Degrees of freedom v of the denominator ``chi2_v / v``; infinite: no denominator.
    method : {"exact", "saddlepoint", "satterthwaite"}
        Numerical inversion of the characteristic function; the saddlepoint approximation; or a scaled
        chi-squared (F) variable with the same mean and variance.

    Returns
    -------
    float
        Between 0 and 1; NaN where x is NaN or no weight is above 0.

    Raises
    ------
    AnalysisError
        A weight is negative or not finite, or the method does not exist.

    Notes
    -----
    With ``K(s) = -(1/2) sum_i h_i log(1 - 2 a_i s)`` the tail is ``(1 / 2 pi i) int exp(K(s) - s x) / s ds``
    along a path to the right of 0 that keeps clear of the cuts. We go through the saddlepoint K'(s) = x,
    where the integrand does not oscillate: small p-values keep their relative precision. The saddlepoint
    approximation is ``1 - Phi(w + log(v / w) / w)`` with ``w = sign(s) sqrt(2 (s x - K(s)))`` and ``v = s
    sqrt(K''(s))``. Satterthwaite takes ``P(F(d, v) > x / sum(a))`` with ``d = sum(a)^2 / sum(a^2)``.

    References
    ----------
    Imhof, J.P. (1961). Computing the distribution of quadratic forms in normal variables. Biometrika 48,
    419-426.

    Rice, S.O. (1980). Distribution of quadratic forms in normal random variables: evaluation by numerical
    integration. SIAM Journal on Scientific and Statistical Computing 1, 438-448.

    Kuonen, D. (1999). Saddlepoint approximations for distributions of quadratic forms in normal variables.
    Biometrika 86, 929-935.

    Satterthwaite, F.E. (1946). An approximate distribution of estimates of variance components. Biometrics
    Bulletin 2, 110-114.

    Examples
    --------
    >>> round(quadratic_form_tail(2.0, np.array([0.6, 0.3, 0.1])), 4)
    0.124
    """
    if method not in get_args(TailMethod):
        raise option_error("method", method, get_args(TailMethod))
    used = _used_weights(weights)
    if used.size == 0 or np.isnan(x):
        return np.nan
    if x <= 0:
        return 1.0
    scale = float(used.max())
    used, x = used / scale, x / scale
    if method == "satterthwaite" or (method == "exact" and np.ptp(used) < NEGLIGIBLE):
        return _scaled_tail(x, used, df_residual)
    if np.isinf(df_residual) and special.gammaincc(used.size / 2, x / 2) == 0:
        return 0.0
    form = _form(x, used, df_residual)
    return _saddlepoint_tail(form) if method == "saddlepoint" else _exact_tail(form)


def _used_weights(weights: FloatArray) -> FloatArray:
    values = np.asarray(weights, dtype=np.float64).reshape(-1)
    top = values.max(initial=0.0)
    if not np.isfinite(values).all() or (values < -1e-6 * top).any():
        raise AnalysisError(
            "ANA-TAIL",
            _("The weights of a sum of chi-squared variables must be numbers of at least zero."),
            hint=_("Check the covariance they come from."),
        )
    above: FloatArray = values[values > NEGLIGIBLE * top]
    return above


def _form(x: float, weights: FloatArray, df_residual: float) -> _Form:
    ones = np.ones_like(weights)
    if np.isinf(df_residual):
        return _Form(weights, ones, x)
    return _Form(np.append(weights, -x / df_residual), np.append(ones, df_residual), 0.0)


def _scaled_tail(x: float, weights: FloatArray, df_residual: float) -> float:
    total, squares = weights.sum(), (weights**2).sum()
    df = total**2 / squares
    if np.isinf(df_residual):
        return float(special.gammaincc(df / 2, x * total / squares / 2))
    return float(special.fdtrc(df, df_residual, x / total))


def _saddlepoint_tail(form: _Form) -> float:
    s = form.saddlepoint()
    squared = 2 * (s * form.threshold - form.cumulant(s))
    w = np.sign(s) * np.sqrt(max(squared, 0.0))
    if abs(w) < NEAR_MEAN:
        return float(special.ndtr(-form.slope(0.0, 3) / form.slope(0.0, 2) ** 1.5 / 6))
    v = s * np.sqrt(form.slope(s, 2))
    return float(special.ndtr(-(w + np.log(v / w) / w)))


def _exact_tail(form: _Form) -> float:
    """Integrate along a hyperbola through the saddlepoint, or beside it where that lies near the pole at 0.

    The path bends to the right, where the integrand dies out without oscillating; its lower half mirrors the
    upper one.
    """
    s = form.saddlepoint()
    spread = 1 / np.sqrt(form.slope(s, 2))
    centre = s if abs(s) > 0.5 * spread else min(0.5 * spread, 0.25 / float(form.weights.max()))
    reach = 8.0 if form.threshold > 0 else 40.0
    v = np.arange(0.0, reach, STEP)
    path = centre + spread * (1j * np.sinh(v) + BEND * (np.cosh(v) - 1))
    speed = spread * (1j * np.cosh(v) + BEND * np.sinh(v))
    logs = (form.counts[:, None] * np.log(1 - 2 * form.weights[:, None] * path)).sum(axis=0)
    values = np.exp(-0.5 * logs - path * form.threshold) * speed / path
    tail = float((values.sum() - values[0] / 2).imag * STEP / np.pi)
    return min(max(tail if centre > 0 else 1 + tail, 0.0), 1.0)
