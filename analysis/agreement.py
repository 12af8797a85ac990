"""Agreement of two ratings (Cohen's kappa) and of several items (Cronbach's alpha), with standard errors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray
from analysis.columns import Codes, column, encode
from analysis.estimators import Linear, Term, divide, used_counts
from analysis.options import option_error
from analysis.variables import Missing, Variables, domains_of, read_variables, refuse_missing_values
from analysis.variance import Domains, variance_of_sums
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cohen_kappa", "cronbach_alpha", "read_items", "read_ratings"]

NO_SPREAD: Final = 1e-28
"""A variance below this share of the mean square is the rounding noise of equal values."""


def read_ratings(
    frame: "pd.DataFrame", first: str, second: str, by: str | Sequence[str] | None, na: Missing
) -> tuple[Codes, Codes, Domains, "pd.DataFrame"]:
    """Read two ratings on one scale.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    first, second : str
        Columns with the two ratings.
    by : str or sequence of str or None
        Domain columns.
    na : Missing
        Rule for missing values; ``"domain"`` and ``"listwise"`` both take the rows with both ratings.

    Returns
    -------
    first, second : Codes
        Ratings as numbers of the same list of levels: those of either rating.
    domains : Domains
        Groups of rows.
    names : pandas.DataFrame
        (domains, by columns).

    Raises
    ------
    AnalysisError
        A column is unknown, or has missing values under ``na="fail"``.
    """
    if na not in get_args(Missing):
        raise option_error("na", na, get_args(Missing))
    one, two = encode(column(frame, first)), encode(column(frame, second))
    if na == "fail":
        for name, codes in ((first, one), (second, two)):
            refuse_missing_values(name, codes.codes >= 0)
    levels = (*one.levels, *(level for level in two.levels if level not in one.levels))
    place = np.array([levels.index(level) for level in two.levels] + [-1], dtype=np.int64)
    domains, names = domains_of(frame, by, na)
    return Codes(one.codes, levels), Codes(place[two.codes], levels), domains, names


def cohen_kappa(first: Codes, second: Codes, domains: Domains, arrays: DesignArrays) -> Linear:
    """Cohen's kappa by domain.

    Parameters
    ----------
    first, second : Codes
        (rows,) ratings over the same levels; -1 where missing.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    Linear
        ``(a - e) / (1 - e)`` with a the weighted share of agreement and e the one expected from the margins;
        NaN where everybody gives the same rating twice (e = 1).

    Notes
    -----
    With r and c the margins, the derivative by cell (i, j) is ``[i = j] / (1 - e) - (1 - a) (r_j + c_i) /
    (1 - e)^2``; the influence of a row is its weight times its cell's derivative less the mean derivative.

    References
    ----------
    Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement
    20, 37-46.
    """
    size = len(first.levels)
    used: BoolArray = (first.codes >= 0) & (second.codes >= 0)
    outer = 0 if domains.codes is None else domains.codes
    inside = used if domains.codes is None else used & (domains.codes < domains.count)
    cell = np.where(inside, (outer * size + first.codes) * size + second.codes, domains.count * size * size)
    table = Domains(cell, domains.count * size * size, domains.rows).sums(arrays.weights)
    whole = np.append(table.reshape(domains.count, -1).sum(axis=1), 1.0)
    share = divide(table, np.repeat(whole[:-1], size * size))
    kappa, slope = _kappa_slope(share.reshape(-1, size, size))
    group = np.minimum(cell // (size * size), domains.count)
    influence = (
        arrays.weights * np.append(np.nan_to_num(slope), 0.0)[cell] / np.where(whole > 0, whole, 1.0)[group]
    )
    return _linear(kappa, influence, inside, domains, arrays)


def _kappa_slope(share: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Kappa of each domain and its centred derivative by each cell."""
    row, col = share.sum(axis=2), share.sum(axis=1)
    agreed = np.trace(share, axis1=1, axis2=2)
    rest = 1.0 - (row * col).sum(axis=1)
    rest = np.where(rest > 1e-14, rest, np.nan)
    kappa: FloatArray = 1.0 - (1.0 - agreed) / rest
    margins = row[:, None, :] + col[:, :, None]
    slope = np.eye(share.shape[1]) / rest[:, None, None] - margins * ((1 - agreed) / rest**2)[:, None, None]
    centred: FloatArray = slope - (slope * share).sum(axis=(1, 2), keepdims=True)
    return kappa, centred


def read_items(
    frame: "pd.DataFrame", items: Sequence[str], by: str | Sequence[str] | None, na: Missing
) -> Variables:
    """Read the numeric items of a scale over the rows that have them all.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    items : sequence of str
        At least two numeric columns.
    by : str or sequence of str or None
        Domain columns.
    na : Missing
        Rule for missing values; ``"domain"`` and ``"listwise"`` both take the complete rows.

    Returns
    -------
    Variables
        One term an item.

    Raises
    ------
    AnalysisError
        Fewer than two items, an item that is not numeric, or missing values under ``na="fail"``.
    """
    names = [items] if isinstance(items, str) else list(items)
    read = read_variables(frame, names, by, "listwise" if na == "domain" else na)
    words = [name for name, level in read.labels if level is not None]
    if words or len(set(names)) < 2 or len(set(names)) < len(names):
        raise AnalysisError(
            "ANA-ITEMS",
            _("A scale needs at least two different numeric items."),
            hint=_("Recode answers to numbers that point in the same direction."),
            column=words[0] if words else None,
        )
    return read


def cronbach_alpha(terms: Sequence[Term], domains: Domains, arrays: DesignArrays) -> Linear:
    """Cronbach's alpha by domain.

    Parameters
    ----------
    terms : sequence of Term
        Items, all over the same used rows.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    Linear
        ``k / (k - 1) (1 - A / B)`` with A the sum of the item variances and B the variance of the sum; NaN
        where the sum does not vary.

    Notes
    -----
    The influence of row i is ``-k / ((k - 1) B) w_i (sum_j (x_ij - mean_j)^2 - A / B (t_i - mean_t)^2) / N``.

    References
    ----------
    Cronbach, L.J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika 16, 297-334.
    """
    used = terms[0].used
    weights = arrays.weights if used is None else arrays.weights * used
    size = domains.sums(weights)

    def squared(values: FloatArray) -> FloatArray:
        mean = divide(domains.sums(weights * values), size)
        apart = values - domains.spread(np.nan_to_num(mean))
        return apart * apart

    items, score = np.sum([squared(term.values) for term in terms], axis=0), _score(terms)
    total = squared(score)
    parts, whole = domains.sums(weights * items), domains.sums(weights * total)
    whole = np.where(whole > NO_SPREAD * domains.sums(weights * score**2), whole, 0.0)
    ratio = divide(parts, whole)
    factor = len(terms) / (len(terms) - 1)
    scale = domains.spread(np.nan_to_num(divide(np.full_like(whole, factor), whole)))
    influence = -scale * weights * (items - domains.spread(np.nan_to_num(ratio)) * total)
    return _linear(factor * (1 - ratio), influence, used, domains, arrays)


def _score(terms: Sequence[Term]) -> FloatArray:
    """Sum of the items."""
    score: FloatArray = np.sum([term.values for term in terms], axis=0)
    return score


def _linear(
    estimate: FloatArray,
    influence: FloatArray,
    used: BoolArray | None,
    domains: Domains,
    arrays: DesignArrays,
) -> Linear:
    """One estimate a domain; NaN estimates have a NaN variance."""
    n, df = used_counts(Term(influence, used), domains, arrays)
    defined = np.where(np.isnan(estimate), np.nan, 1.0)
    covariance = variance_of_sums([influence], domains, arrays) * np.outer(defined, defined)
    return Linear(estimate[:, None], covariance, df[:, None], n[:, None], None)
