"""Functions of different statistics of one design, with their covariance: ``mean(x) / total(y)``."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.arrays import DesignArrays, FloatArray
from analysis.columns import column, encode
from analysis.contrasts import delta_method, evaluate
from analysis.estimators import Linear, Term, means
from analysis.expressions import Expression, Leaf, expression_error, parse_expression
from analysis.inequality import gini_influence
from analysis.results import Estimate
from analysis.variables import Missing, Variables, assemble_terms, find_level, indicators, numeric
from analysis.variance import Domains, variance_of_sums
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STATISTICS", "joint_contrast"]

Part = tuple[FloatArray, FloatArray]
"""(domains,) estimates and (rows,) weighted influence values."""
Column = tuple[str, str | None]


def _mean(terms: Sequence[Term], domains: Domains, weights: FloatArray) -> Part:
    ones = Term(np.ones(weights.size), terms[0].used)
    return _ratio([terms[0], ones], domains, weights)


def _total(terms: Sequence[Term], domains: Domains, weights: FloatArray) -> Part:
    weighted = _used(terms[0], weights) * terms[0].values
    return domains.sums(weighted), weighted


def _ratio(terms: Sequence[Term], domains: Domains, weights: FloatArray) -> Part:
    above, below = terms
    used = _used(below, _used(above, weights))
    base = domains.sums(used * below.values)
    some = np.where(base == 0, 1.0, base)
    ratio = domains.sums(used * above.values) / some
    apart = used * (above.values - domains.spread(ratio) * below.values)
    ratio = np.where(base == 0, np.nan, ratio + domains.sums(apart) / some)
    return ratio, apart * domains.spread(1 / some)


def _gini(terms: Sequence[Term], domains: Domains, weights: FloatArray) -> Part:
    return gini_influence(terms[0], domains, weights)


def _used(term: Term, weights: FloatArray) -> FloatArray:
    return weights if term.used is None else weights * term.used


STATISTICS: Final[Mapping[str, Callable[[Sequence[Term], Domains, FloatArray], Part]]] = {
    "mean": _mean,
    "total": _total,
    "ratio": _ratio,
    "gini": _gini,
}
"""Statistics that an expression may name."""


def joint_contrast(
    frame: "pd.DataFrame",
    arrays: DesignArrays,
    what: str | Sequence[str] | Mapping[str, str],
    by: str | Sequence[str] | None,
    na: Missing,
) -> Estimate:
    """Estimate functions of several statistics with one covariance.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    arrays : DesignArrays
        The design.
    what : str, sequence of str or mapping of str to str
        Expressions over calls of `STATISTICS`.
    by : str or sequence of str or None
        Domain columns.
    na : Missing
        Rule for missing values.

    Returns
    -------
    Estimate
        One term an expression in each domain; rows and degrees of freedom are the smallest of its statistics.

    Raises
    ------
    AnalysisError
        An expression cannot be read, or names a column outside of a statistic.

    Notes
    -----
    All statistics are linearised, their influence values give one covariance V, and the functions have
    J V J'.
    """
    pairs = [(what, what)] if isinstance(what, str) else _pairs(what)
    named = {name.strip(): parse_expression(text, STATISTICS.keys()) for name, text in pairs}
    leaves = list(dict.fromkeys(leaf for one in named.values() for leaf in one.leaves))
    columns = {leaf: _columns(leaf, named) for leaf in leaves}
    wanted = list(dict.fromkeys(pair for pairs in columns.values() for pair in pairs))
    read = _read(frame, wanted, by, na)
    terms = {leaf: [read.terms[wanted.index(pair)] for pair in columns[leaf]] for leaf in leaves}
    parts = [STATISTICS[leaf.function](terms[leaf], read.domains, arrays.weights) for leaf in leaves]
    covariance = variance_of_sums([influence for _value, influence in parts], read.domains, arrays)
    table = np.stack([value for value, _influence in parts], axis=1)
    counted = means([_common(terms[leaf]) for leaf in leaves], read.domains, arrays)
    linear = _linear(
        list(named.values()), leaves, np.where(counted.n > 0, table, np.nan), covariance, counted
    )
    return Estimate("contrast", read.by, tuple((name, None) for name in named), linear)


def _pairs(what: Sequence[str] | Mapping[str, str]) -> list[tuple[str, str]]:
    pairs: list[tuple[Any, Any]] = list(
        what.items() if isinstance(what, Mapping) else zip(what, what, strict=True)
    )
    if not pairs or not all(isinstance(name, str) and isinstance(text, str) for name, text in pairs):
        raise expression_error(str(what), _("it names nothing"), _example())
    return pairs


def _columns(leaf: Leaf, named: Mapping[str, Expression]) -> tuple[Column, ...]:
    """List the columns that a statistic takes, each with a level where one is named."""
    count = len(leaf.arguments)
    text = next(one.text for one in named.values() if leaf in one.leaves)
    if leaf.function == "ratio" and count == 2:
        return (leaf.arguments[0], None), (leaf.arguments[1], None)
    if leaf.function in ("mean", "total") and count == 2:
        return ((leaf.arguments[0], leaf.arguments[1]),)
    if leaf.function in ("mean", "total", "gini") and count == 1:
        return ((leaf.arguments[0], None),)
    if not leaf.function:
        reason = _("{name} stands outside of a statistic").format(name=leaf.arguments[0])
        raise expression_error(text, reason, _example())
    reason = _("{name} takes other arguments").format(name=leaf.function)
    raise expression_error(text, reason, _example())


def _example() -> str:
    return _('Write for example mean(x) / total(y), ratio(x, y), gini(x), or mean(g, "level").')


def _read(
    frame: "pd.DataFrame", wanted: Sequence[Column], by: str | Sequence[str] | None, na: Missing
) -> Variables:
    """Read columns as numbers, or as the indicator of one level."""
    columns = []
    for name, level in wanted:
        series = column(frame, name)
        if level is None:
            columns.append(numeric(series))
            continue
        codes = encode(series)
        names = [str(one) for one in codes.levels]
        place = names.index(level) if level in names else find_level(series, codes, level)
        columns.append(indicators(name, codes, [place], level))
    return assemble_terms(frame, columns, by, na)


def _common(terms: Sequence[Term]) -> Term:
    masks = [term.used for term in terms if term.used is not None]
    return Term(terms[0].values, np.logical_and.reduce(masks) if masks else None)


def _linear(
    expressions: Sequence[Expression],
    leaves: Sequence[Leaf],
    table: FloatArray,
    covariance: FloatArray,
    counted: Linear,
) -> Linear:
    jacobian = np.zeros((len(table), len(expressions), len(leaves)))
    value = np.empty((len(table), len(expressions)))
    df, n = (np.empty(value.shape, dtype=np.int64) for _column in range(2))
    for j, one in enumerate(expressions):
        places = [leaves.index(leaf) for leaf in one.leaves]
        value[:, j], slope = evaluate(one, table[:, places].T)
        jacobian[:, j, places] = slope.T
        df[:, j] = counted.df[:, places].min(axis=1)
        n[:, j] = counted.n[:, places].min(axis=1)
    return Linear(value, delta_method(covariance, jacobian), df, n, None)
