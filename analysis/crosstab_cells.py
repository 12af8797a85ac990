"""The cells of a cross table: weighted totals with the covariance of all cells, from one pass over rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np

from analysis.arrays import DesignArrays, FloatArray, IntArray
from analysis.columns import Codes, column, encode
from analysis.estimators import Term, used_counts
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.variables import RESULT_COLUMNS, Missing, refuse_missing_values
from analysis.variance import Domains, rows_in, variance_of_sums
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["CellTotals", "cell_totals", "read_cells", "transformed"]

FEW_LEVELS: Final = 20
"""Up to so many categories, counting the unused ones costs less than looking for them."""
ROUNDING: Final = 1e-14
"""Variances below this share of what they are the difference of are rounding noise."""
OWN_COLUMNS: Final = (*RESULT_COLUMNS, "measure")


@dataclass(frozen=True, slots=True, eq=False)
class CellTotals:
    """Weighted totals of the cells of a table.

    Attributes
    ----------
    shape : tuple of int
        Levels of each axis; the cells below are numbered in this order, last axis fastest.
    total : FloatArray
        (cells,) sums of weights.
    covariance : FloatArray
        (cells, cells) covariance of `total`.
    n : IntArray
        (cells,) rows with a weight above zero.
    df : int
        Degrees of freedom of the rows of the table.
    rows : Domains
        Cell of each row of the data.
    arrays : DesignArrays
        The design.
    """

    shape: tuple[int, ...]
    total: FloatArray
    covariance: FloatArray
    n: IntArray
    df: int
    rows: Domains
    arrays: DesignArrays

    def grouped_df(self, group: IntArray, count: int) -> IntArray:
        """Degrees of freedom of groups of cells.

        Parameters
        ----------
        group : IntArray
            (cells,) group of each cell.
        count : int
            Number of groups.

        Returns
        -------
        IntArray
            (groups,).
        """
        if count == 1:
            return np.array([self.df])
        codes = np.append(group, count)[_row_codes(self.rows)]
        _n, df = used_counts(Term(self.arrays.weights), Domains(codes, count, self.rows.rows), self.arrays)
        return df

    def keep(self, levels: Sequence[IntArray], df: int | None = None) -> "CellTotals":
        """Restrict to some levels of each axis; rows of other cells stay in the design as zeros.

        Parameters
        ----------
        levels : sequence of IntArray
            Levels to keep, one array an axis.
        df : int, optional
            Degrees of freedom of the rows that stay, where they are known already.

        Returns
        -------
        CellTotals
            A smaller table.
        """
        shape = tuple(len(kept) for kept in levels)
        if shape == self.shape:
            return self
        cells = np.arange(self.total.size).reshape(self.shape)[np.ix_(*levels)].reshape(-1)
        renumber = np.full(self.total.size + 1, cells.size)
        renumber[cells] = np.arange(cells.size)
        codes = renumber[_row_codes(self.rows)]
        if df is None:
            used = Term(self.arrays.weights, codes < cells.size)
            df = int(used_counts(used, Domains(None, 1, self.rows.rows), self.arrays)[1][0])
        covariance = self.covariance[np.ix_(cells, cells)]
        domains = Domains(codes, cells.size, self.rows.rows)
        return CellTotals(shape, self.total[cells], covariance, self.n[cells], df, domains, self.arrays)


def _row_codes(domains: Domains) -> IntArray:
    return np.zeros(domains.rows, dtype=np.int64) if domains.codes is None else domains.codes


def cell_totals(domains: Domains, shape: tuple[int, ...], arrays: DesignArrays) -> CellTotals:
    """Sum the weights of each cell, with the covariance of all cells.

    Parameters
    ----------
    domains : Domains
        Cell of each row.
    shape : tuple of int
        Levels of each axis; their product is the number of cells.
    arrays : DesignArrays
        The design.

    Returns
    -------
    CellTotals
        Totals, covariance and counts.

    Raises
    ------
    AnalysisError
        No row lies in a cell, or there are more than 5,000 cells.

    Notes
    -----
    One influence array (the weight itself) and cells as domains: units x cells is the largest array.
    """
    n = rows_in(domains, None if arrays.positive else arrays.weights > 0, arrays.first)
    if n.sum() == 0:
        raise AnalysisError(
            "ANA-EMPTY",
            _("No row has a value in every variable of the table."),
            hint=_("Check the columns, or take fewer variables."),
        )
    codes = domains.codes
    inside = None if codes is None or n.sum() == arrays.rows_used else codes < domains.count
    _n, df = used_counts(Term(arrays.weights, inside), Domains(None, 1, domains.rows), arrays)
    covariance = variance_of_sums([arrays.weights], domains, arrays)
    return CellTotals(shape, domains.sums(arrays.weights), covariance, n, int(df[0]), domains, arrays)


def transformed(jacobian: FloatArray, covariance: FloatArray) -> FloatArray:
    """Covariance of linear combinations J t, with 0 where a variance is nothing but rounding noise.

    Parameters
    ----------
    jacobian : FloatArray
        (results, cells) J.
    covariance : FloatArray
        (cells, cells) covariance of t.

    Returns
    -------
    FloatArray
        (results, results) J V J'; NaN where J is.

    Notes
    -----
    Margins that the design fixes (the strata) have variance 0; as a difference of the cells' variances they
    would come out as a tiny number of either sign. Negative variances by joint probabilities stay as they
    are: their standard errors are missing.
    """
    result: FloatArray = jacobian @ covariance @ jacobian.T
    most = (np.abs(jacobian) @ np.sqrt(np.maximum(np.diag(covariance), 0.0))) ** 2
    noise = np.abs(np.diag(result)) < ROUNDING * most
    result[noise, :] = 0.0
    result[:, noise] = 0.0
    return result


def read_cells(
    frame: "pd.DataFrame", names: Sequence[str], na: Missing, arrays: DesignArrays
) -> tuple[CellTotals, tuple["pd.Index[Any]", ...]]:
    """Read the variables of a table and sum its cells.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    names : sequence of str
        Columns, one an axis, first axis first.
    na : Missing
        Rule for missing values; ``"domain"`` and ``"listwise"`` both take the rows complete in all columns.
    arrays : DesignArrays
        The design.

    Returns
    -------
    cells : CellTotals
        The table; levels without weight are left out.
    levels : tuple of pandas.Index
        Names of the levels of each axis, in category order, else ascending.

    Raises
    ------
    AnalysisError
        A column is unknown or has missing values under ``na="fail"``, or no row is complete.
    """
    if na not in get_args(Missing):
        raise option_error("na", na, get_args(Missing))
    parts = [_read_axis(frame, name, na) for name in names]
    shape = tuple(len(part.levels) for part in parts)
    domains = Domains(_crossed(parts, shape), int(np.prod(shape)), len(frame))
    cells = cell_totals(domains, shape, arrays)
    counts = cells.n.reshape(shape)
    axes = range(len(shape))
    kept = [np.flatnonzero(counts.sum(axis=tuple(a for a in axes if a != axis))) for axis in axes]
    levels = tuple(
        _level_index(frame[name], part, keep) for name, part, keep in zip(names, parts, kept, strict=True)
    )
    return cells.keep(kept), levels


def _read_axis(frame: "pd.DataFrame", name: str, na: Missing) -> Codes:
    series = column(frame, name)
    if name in OWN_COLUMNS:
        raise AnalysisError(
            "ANA-COLUMN",
            _("A domain column may not have the name of a result column."),
            hint=_("Rename the column."),
            column=name,
        )
    codes = _declared(series) or encode(series)
    if na == "fail" and codes.codes.min(initial=0) < 0:
        refuse_missing_values(name, codes.codes >= 0)
    return codes


def _declared(series: "pd.Series[Any]") -> Codes | None:
    """Codes of a categorical column as they stand: unused levels have no weight and are dropped later."""
    if not isinstance(series.dtype, pd.CategoricalDtype) or series.cat.categories.size > FEW_LEVELS:
        return None
    codes: Any = series.cat.codes.to_numpy()
    return Codes(codes, tuple(series.cat.categories.to_numpy(dtype=object).tolist()))


def _crossed(parts: Sequence[Codes], shape: tuple[int, ...]) -> IntArray:
    """Cell of each row; the number of cells where a value is missing."""
    cells = parts[0].codes.astype(np.int64)
    for part, size in zip(parts[1:], shape[1:], strict=True):
        cells *= size
        cells += part.codes
    missing = [part.codes < 0 for part in parts if part.codes.min(initial=0) < 0]
    return np.where(np.logical_or.reduce(missing), int(np.prod(shape)), cells) if missing else cells


def _level_index(series: "pd.Series[Any]", codes: Codes, kept: IntArray) -> "pd.Index[Any]":
    values = [codes.levels[j] for j in kept]
    if isinstance(series.dtype, pd.CategoricalDtype):
        return pd.CategoricalIndex(values, dtype=series.dtype)
    index: pd.Index[Any] = pd.Index(values)
    return index
