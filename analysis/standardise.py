"""Directly standardised means and rates: shares of a standard population in place of a group's own."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.arrays import DesignArrays, FloatArray, IntArray
from analysis.columns import Codes, column, combine, encode
from analysis.estimators import Linear, Term, means
from analysis.variance import Domains, variance_of_sums
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cells_of", "standardised_means"]


def cells_of(
    frame: "pd.DataFrame", by: str | Sequence[str], population: Mapping[Any, float]
) -> tuple[IntArray, FloatArray]:
    """Number the cells of the standard population, such as age groups.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    by : str or sequence of str
        Columns that make the cells.
    population : mapping
        Size or share of each cell in the standard population; the keys are levels, tuples of levels where
        `by` names several columns.

    Returns
    -------
    codes : IntArray
        (rows,) cell of each row; -1 where a column has no value.
    share : FloatArray
        (cells,) shares of the standard population, adding to 1, in the order of the mapping.

    Raises
    ------
    AnalysisError
        A cell of the data is not in the population, or a size is negative, missing or not finite.
    """
    names = [by] if isinstance(by, str) else list(by)
    parts = [encode(column(frame, name)) for name in names]
    keys = [key if len(names) > 1 else (key,) for key in population]
    sizes = np.array([float(size) for size in population.values()])
    if not names or not sizes.size or not np.isfinite(sizes).all() or sizes.min() < 0 or sizes.sum() <= 0:
        raise AnalysisError(
            "ANA-POPULATION",
            _("The standard population needs a size of at least zero for each group, not all zero."),
            hint=_("Give for example {example}.").format(example='{"65-74": 0.55, "75+": 0.45}'),
        )
    groups, members = combine(parts)
    place = {tuple(_plain(v) for v in key): j for j, key in enumerate(keys)}
    found = [_find(parts, member, place, names) for member in members]
    codes = np.where(groups < 0, -1, np.array([*found, -1], dtype=np.int64)[groups])
    return codes, sizes / sizes.sum()


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _find(
    parts: Sequence[Codes], member: IntArray, place: Mapping[tuple[Any, ...], int], names: Sequence[str]
) -> int:
    key = tuple(_plain(part.levels[m]) for part, m in zip(parts, member, strict=True))
    if key not in place:
        raise AnalysisError(
            "ANA-POPULATION",
            _("The standard population has no group {name}.").format(name=":".join(map(str, key))),
            hint=_("Give a size for every group of the data, 0 to leave it out; text and numbers differ."),
            column=", ".join(names),
        )
    return place[key]


def standardised_means(
    terms: Sequence[Term], domains: Domains, cells: IntArray, share: FloatArray, arrays: DesignArrays
) -> Linear:
    """Directly standardised means by domain, with their covariance.

    Parameters
    ----------
    terms : sequence of Term
        Variables.
    domains : Domains
        Groups of rows to be compared.
    cells : IntArray
        (rows,) cell of the standard population; -1: outside.
    share : FloatArray
        (cells,) shares of the standard population.
    arrays : DesignArrays
        The design.

    Returns
    -------
    Linear
        ``sum_c p_c mean_c`` over the cells of each domain; NaN, and without a variance, where a cell with a
        share above zero has no row.

    Notes
    -----
    The shares are known numbers. The influence of a row of cell c is ``w (y - mean_c) p_c / N_c`` with N_c
    the weights of the domain's cell over the rows used, so that covariances within and across domains come
    with it. R's ``svystandardize(excluding.missing=)`` followed by ``svymean`` gives the same.

    References
    ----------
    Korn, E.L. and Graubard, B.I. (1999). Analysis of Health Surveys. Wiley, section 3.5.
    """
    count = share.size
    outer = np.zeros(cells.size, np.int64) if domains.codes is None else domains.codes
    inside = (cells >= 0) & (outer < domains.count)
    crossed = Domains(
        np.where(inside, outer * count + cells, domains.count * count), domains.count * count, cells.size
    )
    kept = [
        Term(np.where(inside, t.values, 0.0), inside if t.used is None else t.used & inside) for t in terms
    ]
    parts = [_standardised(term, crossed, share, arrays.weights) for term in kept]
    counted = means(kept, domains, arrays)
    estimate = np.stack([value for value, _influence in parts], axis=1)
    covariance = variance_of_sums([influence for _value, influence in parts], domains, arrays)
    unknown = np.isnan(estimate).reshape(-1)
    covariance[unknown, :] = np.nan
    covariance[:, unknown] = np.nan
    return Linear(estimate, covariance, counted.df, counted.n, None)


def _standardised(
    term: Term, crossed: Domains, share: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    used = weights * term.used if term.used is not None else weights
    size = crossed.sums(used)
    some = np.where(size > 0, size, 1.0)
    mean = crossed.sums(used * term.values) / some
    apart = used * (term.values - crossed.spread(mean))
    mean += crossed.sums(apart) / some
    p = np.tile(share, crossed.count // share.size)
    parts = np.where(p == 0, 0.0, p * np.where(size > 0, mean, np.nan))
    influence: FloatArray = apart * crossed.spread(p / some)
    return parts.reshape(-1, share.size).sum(axis=1), influence
