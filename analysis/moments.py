"""Variances, covariances and correlations of variables by domain (分散・相関): numbers in, numbers out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.arrays import DesignArrays, FloatArray, IntArray
from analysis.estimators import Deff, Linear, Part, Term, deff_of, used_counts
from analysis.on_demand import OnDemand
from analysis.variance import Domains, variance_of_sums

__all__ = ["Pair", "correlations", "covariances", "deviations"]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two variables over the rows where both have a value; twice the same one for a variance.

    Attributes
    ----------
    x, y : Term
        The variables.
    """

    x: Term
    y: Term

    @property
    def used(self) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None":
        """(rows,) rows with both values; None: all rows."""
        known = [term.used for term in (self.x, self.y) if term.used is not None]
        return np.logical_and.reduce(known) if known else None


@dataclass(frozen=True, slots=True, eq=False)
class _Centred:
    """What the products of a pair need in every domain: weights, their sum, the means, the rows."""

    weights: FloatArray
    size: FloatArray
    means: tuple[FloatArray, FloatArray]
    n: IntArray
    df: IntArray


def covariances(pairs: Sequence[Pair], domains: Domains, arrays: DesignArrays, deff: Deff = False) -> Linear:
    """Covariances of variables in the population, by domain.

    Parameters
    ----------
    pairs : sequence of Pair
        Variables; twice the same one gives its variance.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.
    deff : bool or {"replace"}
        Design effect of S as a mean of products, against simple random sampling without (True) or with
        replacement.

    Returns
    -------
    Linear
        (domains, pairs) ``S = n/(n-1) sum(w (x - mean)(y - mean)) / sum(w)``; NaN for fewer than two rows.

    Notes
    -----
    The influence of row i is ``w_i (n/(n-1) (x_i - mean)(y_i - mean) - S) / sum(w)``: the means add nothing,
    because the deviations from them sum to zero. As R ``svyvar``; n counts the rows used with a weight above
    zero, as R does for a subset (R's ``na.rm=TRUE`` counts the missing rows too).

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer, chapter 5.
    """
    centred = [_centre(pair, domains, arrays) for pair in pairs]

    def products(j: int) -> FloatArray:
        dx, dy = _deviations(pairs[j], centred[j], domains)
        rows: FloatArray = dx * dy * domains.spread(_bessel(centred[j].n))
        return rows

    estimate = np.stack(
        [divide(domains.sums(c.weights * products(j)), c.size) for j, c in enumerate(centred)], axis=1
    )
    estimate = np.where(np.stack([c.n for c in centred], axis=1) > 1, estimate, np.nan)

    def influence(j: int) -> FloatArray:
        rows: FloatArray = centred[j].weights * (products(j) - domains.spread(np.nan_to_num(estimate[:, j])))
        return rows

    linear = _linear(estimate, influence, centred, domains, arrays)
    return _with_effects(linear, products, centred, domains, deff) if deff else linear


def correlations(pairs: Sequence[Pair], domains: Domains, arrays: DesignArrays) -> Linear:
    """Correlations of variables in the population, by domain.

    Parameters
    ----------
    pairs : sequence of Pair
        Two variables each.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    Linear
        (domains, pairs) ``r = S_xy / sqrt(S_xx S_yy)``; NaN where a variable does not vary.

    Notes
    -----
    By the delta method, with zx and zy the deviations over their standard deviations, the influence of row i
    is ``w_i (zx zy - r (zx^2 + zy^2)/2) / sum(w)``.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer, chapter 5.
    """
    centred = [_centre(pair, domains, arrays) for pair in pairs]

    def scores(j: int) -> tuple[FloatArray, FloatArray]:
        both, c = _deviations(pairs[j], centred[j], domains), centred[j]
        roots = [np.sqrt(divide(domains.sums(c.weights * d * d), c.size)) for d in both]
        inverse = [np.divide(1.0, root, out=np.zeros(root.shape), where=root > 0) for root in roots]
        return both[0] * domains.spread(inverse[0]), both[1] * domains.spread(inverse[1])

    estimate, varies = (
        np.empty((domains.count, len(pairs))),
        np.empty((domains.count, len(pairs)), dtype=bool),
    )
    for j, c in enumerate(centred):
        zx, zy = scores(j)
        estimate[:, j] = divide(domains.sums(c.weights * zx * zy), c.size)
        varies[:, j] = (domains.sums(c.weights * zx * zx) > 0) & (domains.sums(c.weights * zy * zy) > 0)
    estimate = np.where(varies, np.clip(estimate, -1.0, 1.0), np.nan)

    def influence(j: int) -> FloatArray:
        zx, zy = scores(j)
        half = domains.spread(np.nan_to_num(estimate[:, j]) / 2)
        rows: FloatArray = centred[j].weights * (zx * zy - half * (zx * zx + zy * zy))
        return rows

    return _linear(estimate, influence, centred, domains, arrays)


def deviations(variances: Linear) -> Linear:
    """Turn variances into standard deviations, by the delta method.

    Parameters
    ----------
    variances : Linear
        Of `covariances`.

    Returns
    -------
    Linear
        Square roots; the standard error is that of the variance over twice the root, NaN where the variance
        is 0.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> root = deviations(Linear(16 * one, 4 * one, one.astype(int), one.astype(int), None))
    >>> float(root.estimate[0, 0]), float(root.covariance[0, 0])
    (4.0, 0.0625)
    """
    roots = np.sqrt(np.maximum(variances.estimate, 0.0))
    flat = roots.reshape(-1)
    slope = np.divide(0.5, flat, out=np.full(flat.shape, np.nan), where=flat > 0)
    return Linear(roots, variances.covariance * np.outer(slope, slope), variances.df, variances.n, None)


def _linear(
    estimate: FloatArray,
    influence: Callable[[int], FloatArray],
    centred: Sequence[_Centred],
    domains: Domains,
    arrays: DesignArrays,
) -> Linear:
    size = np.stack([c.size for c in centred], axis=1)
    flat = np.where(np.isnan(estimate) | (size <= 0), np.nan, size).reshape(-1)
    rows = OnDemand(len(centred), influence)
    covariance = variance_of_sums(rows, domains, arrays) / np.outer(flat, flat)
    n, df = (np.stack([getattr(c, name) for c in centred], axis=1) for name in ("n", "df"))
    return Linear(estimate, covariance, df, n, None)


def _with_effects(
    linear: Linear,
    products: Callable[[int], FloatArray],
    centred: Sequence[_Centred],
    domains: Domains,
    deff: Deff,
) -> Linear:
    """Add design effects: the products in place of the values of a mean."""
    parts = []
    for j, c in enumerate(centred):
        apart = products(j) - domains.spread(np.nan_to_num(linear.estimate[:, j]))
        squares = divide(domains.sums(c.weights * apart * apart), c.size)
        parts.append(Part(linear.estimate[:, j], apart, c.size, squares, c.size))
    effects = deff_of(parts, linear.n, linear.covariance, deff)
    return Linear(linear.estimate, linear.covariance, linear.df, linear.n, effects)


def _centre(pair: Pair, domains: Domains, arrays: DesignArrays) -> _Centred:
    used = pair.used
    weights = arrays.weights if used is None else arrays.weights * used
    size = domains.sums(weights)
    n, df = used_counts(Term(weights, used), domains, arrays)
    x = _mean(pair.x.values, weights, size, domains)
    y = x if pair.y is pair.x else _mean(pair.y.values, weights, size, domains)
    return _Centred(weights, size, (x, y), n, df)


def _mean(values: FloatArray, weights: FloatArray, size: FloatArray, domains: Domains) -> FloatArray:
    """Refine the mean by the mean residual, so that a large common offset costs no digits."""
    mean = np.nan_to_num(divide(domains.sums(weights * values), size))
    rest = divide(domains.sums(weights * (values - domains.spread(mean))), size)
    refined: FloatArray = mean + np.nan_to_num(rest)
    return refined


def _deviations(pair: Pair, centred: _Centred, domains: Domains) -> tuple[FloatArray, FloatArray]:
    dx = pair.x.values - domains.spread(centred.means[0])
    return dx, dx if pair.y is pair.x else pair.y.values - domains.spread(centred.means[1])


def _bessel(n: IntArray) -> FloatArray:
    return np.where(n > 1, n / np.maximum(n - 1, 1), 0.0)


def divide(above: FloatArray, below: FloatArray) -> FloatArray:
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient
