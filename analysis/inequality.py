"""The Gini coefficient with its linearised standard error."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from analysis.arrays import DesignArrays, FloatArray
from analysis.estimators import Linear, Term, means
from analysis.variance import Domains, variance_of_sums

__all__ = ["gini_influence", "ginis"]

_SMALLEST: Final = 1e-12
"""A total below this share of the sum of absolute values counts as 0."""


def gini_influence(term: Term, domains: Domains, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gini coefficient by domain, with the weighted influence of each row.

    Parameters
    ----------
    term : Term
        Variable, for example income.
    domains : Domains
        Groups of rows.
    weights : FloatArray
        (rows,) weights.

    Returns
    -------
    estimate : FloatArray
        (domains,) coefficient, between 0 (all alike) and 1; NaN where the total is not above zero.
    influence : FloatArray
        (rows,) weight times influence value.

    Notes
    -----
    ``G = sum_i sum_j w_i w_j |y_i - y_j| / (2 N Y)`` with ``N = sum(w)`` and ``Y = sum(w y)``. With
    ``A_k = sum_j w_j |y_k - y_j|`` the influence value, the derivative of G by w_k, is
    ``A_k / (N Y) - G (1 / N + y_k / Y)``. Both come from one sort: with C and S the sums of w and of w y over
    rows up to y_k, ``A_k = y_k (2 C - N) + Y - 2 S``, and ties need no rule. Negative values are counted as
    they are (G may then exceed 1).

    References
    ----------
    Binder, D.A. and Kovačević, M.S. (1995). Estimating some measures of income inequality from survey data:
    an application of the estimating equations approach. Survey Methodology 21, 137-145.
    Langel, M. and Tillé, Y. (2013). Variance estimation of the Gini index: revisiting a result several times
    published. Journal of the Royal Statistical Society A 176, 521-540.

    Examples
    --------
    >>> everybody = Domains(None, 1, 4)
    >>> gini_influence(Term(np.array([0.0, 0.0, 0.0, 8.0])), everybody, np.ones(4))[0].tolist()
    [0.75]
    """
    used = weights if term.used is None else weights * term.used
    values = term.values
    size, total = domains.sums(used), domains.sums(used * values)
    solid = (size > 0) & (total > _SMALLEST * domains.sums(used * np.abs(values)))
    n, y = np.where(solid, size, 1.0), np.where(solid, total, 1.0)
    apart = _distances(values, used, domains, size, total)
    gini = np.where(solid, domains.sums(used * apart) / (2 * n * y), np.nan)
    g = np.where(solid, gini, 0.0)
    slope = apart * domains.spread(np.where(solid, 1 / (n * y), 0.0))
    slope -= domains.spread(g / n) + domains.spread(g / y) * values
    return gini, used * slope


def _distances(
    values: FloatArray, weights: FloatArray, domains: Domains, size: FloatArray, total: FloatArray
) -> FloatArray:
    """Give the weighted sum of distances of each row from the rows of its domain (rows outside: anything)."""
    codes = domains.codes
    order = np.argsort(values)
    if codes is not None:
        small = codes[order].astype(np.uint16 if domains.count < 2**16 else np.int64)
        order = order[np.argsort(small, kind="stable")]  # by digits where 16 bits are enough
    ordered, w = values[order], weights[order]
    last = np.append(ordered[1:] != ordered[:-1], True)
    if codes is not None:
        last[:-1] |= codes[order][1:] != codes[order][:-1]
    ends = np.flatnonzero(last)
    place = np.cumsum(last) - last  # the tie group of each row
    upto, sums = np.cumsum(w)[ends][place], np.cumsum(w * ordered)[ends][place]
    below = np.empty((2, values.size))
    below[:, order] = upto, sums
    n_before, y_before = np.cumsum(size) - size, np.cumsum(total) - total
    c, s = below[0] - domains.spread(n_before), below[1] - domains.spread(y_before)
    result: FloatArray = values * (2 * c - domains.spread(size)) + domains.spread(total) - 2 * s
    return result


def ginis(terms: Sequence[Term], domains: Domains, arrays: DesignArrays) -> Linear:
    """Gini coefficients by domain with their covariance.

    Parameters
    ----------
    terms : sequence of Term
        Variables.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    Linear
        Coefficients; NaN with NaN variance where the total is not above zero.
    """
    parts = [gini_influence(term, domains, arrays.weights) for term in terms]
    counted = means(terms, domains, arrays)
    estimate = np.stack([gini for gini, _influence in parts], axis=1)
    covariance = variance_of_sums([influence for _gini, influence in parts], domains, arrays)
    unknown = np.isnan(estimate).reshape(-1)
    covariance[unknown, :] = np.nan
    covariance[:, unknown] = np.nan
    return Linear(estimate, covariance, counted.df, counted.n, None)
