"""Tests of independence in a weighted two-way table: Rao and Scott's corrections and Wald's tests."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.arrays import BoolArray, FloatArray, IntArray
from analysis.crosstab_cells import CellTotals
from analysis.lazy import LazyModule
from analysis.table_tests import METHODS, TableStatistic, TableTest, corrected_test, wald_test
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = [
    "contrasts",
    "design_effects",
    "independence_test",
    "pearson_projection",
    "share_covariance",
]


def independence_test(
    cells: CellTotals,
    variables: tuple[str, ...],
    levels: Sequence["pd.Index[Any]"],
    statistic: TableStatistic,
) -> TableTest:
    """Test that the rows and columns of a table are independent.

    Parameters
    ----------
    cells : CellTotals
        A table of two axes.
    variables : tuple of str
        Names of the axes.
    levels : sequence of pandas.Index
        Names of rows and columns.
    statistic : {"F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"}
        ``Chisq`` divides Pearson's chi-squared by the mean generalised design effect; ``F`` also matches the
        second moment (Satterthwaite) and uses the design's degrees of freedom; ``lincom`` takes the whole
        weighted sum of chi-squared variables over the F denominator, ``saddlepoint`` an approximation of it.
        ``Wald`` is a quadratic form in observed minus expected totals over its df, ``adjWald`` the same times
        ``(v - k + 1) / v`` with v design degrees of freedom and k = (rows - 1)(columns - 1).

    Returns
    -------
    TableTest
        Equal to R ``svychisq``. Observed and expected tables are scaled to the number of rows of data.

    Raises
    ------
    AnalysisError
        There is one row or one column; empty cells leave fewer cells than the test needs; or Wald's test has
        too few degrees of freedom.

    Notes
    -----
    With cell shares p, ``V`` their covariance, ``C`` the contrasts of interaction and ``D = diag(p)``: the
    generalised design effects are the eigenvalues of ``(C' D^-1 C / n)^-1 C' D^-1 V D^-1 C`` (the observed
    shares, as R and Stata; empty cells count 0 in ``D^-1``). ``F = X^2 / sum(d)`` on ``sum(d)^2 / sum(d^2)``
    and v times as many degrees of freedom. ``lincom`` and ``saddlepoint`` refer ``X^2`` to ``sum d_i chi2_1``
    over ``chi2_m / f``, f the denominator degrees of freedom of F and m their whole part, as R does. Levels
    without weight are not part of the table; R gives NaN there.

    References
    ----------
    Rao, J.N.K. and Scott, A.J. (1984). On chi-squared tests for multiway contingency tables with cell
    proportions estimated from survey data. Annals of Statistics 12, 46-60.

    Thomas, D.R. and Rao, J.N.K. (1987). Small-sample comparisons of level and power for simple
    goodness-of-fit statistics under cluster sampling. Journal of the American Statistical Association 82,
    630-636.

    Koch, G.G., Freeman, D.H. and Freeman, J.L. (1975). Strategies in the multivariate analysis of data from
    complex surveys. International Statistical Review 43, 59-78.
    """
    rows, columns = cells.shape
    if rows < 2 or columns < 2:
        raise AnalysisError(
            "ANA-ONE-LEVEL",
            _(
                "A test needs two variables with at least two levels each; the table has {rows} x {columns}."
            ).format(rows=rows, columns=columns),
            hint=_("Check the subset and the missing values."),
        )
    share = (cells.total / cells.total.sum()).reshape(rows, columns)
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    n = float(cells.n.sum())
    if statistic in ("Wald", "adjWald"):
        numbers = _independence_wald(cells, statistic == "adjWald")
        eigenvalues = np.zeros(0)
    else:
        pearson = n * float(((share - expected) ** 2 / expected).sum())
        eigenvalues = design_effects(pearson_projection(share, n), share_covariance(cells))
        numbers = corrected_test(pearson, eigenvalues, cells.df, statistic)
    tables = [pd.DataFrame(n * t, index=levels[0], columns=levels[1]) for t in (share, expected)]
    return TableTest(statistic, METHODS[statistic], *numbers, eigenvalues, tables[0], tables[1], variables)


def contrasts(size: int) -> FloatArray:
    """Orthonormal contrasts (Helmert).

    Parameters
    ----------
    size : int
        Number of levels.

    Returns
    -------
    FloatArray
        (size, size - 1) columns of length 1 that sum to 0 and are orthogonal.

    Examples
    --------
    >>> contrasts(2).round(3).tolist()
    [[0.707], [-0.707]]
    """
    result = np.triu(np.ones((size, size - 1)))
    result[np.arange(1, size), np.arange(size - 1)] = -np.arange(1.0, size)
    scaled: FloatArray = result / np.linalg.norm(result, axis=0)
    return scaled


def pearson_projection(share: FloatArray, n: float) -> FloatArray:
    """Matrix H such that Pearson's chi-squared is near the squared length of H (p - expected).

    Parameters
    ----------
    share : FloatArray
        (rows, columns) cell shares.
    n : float
        Sample size that Pearson's chi-squared is computed with.

    Returns
    -------
    FloatArray
        ((rows - 1)(columns - 1), cells); with V the covariance of the shares, the eigenvalues of H V H' are
        the generalised design effects.

    Raises
    ------
    AnalysisError
        So many cells are empty that the interaction is not estimable.
    """
    rows, columns = share.shape
    flat = share.reshape(-1)
    inverse = np.divide(1.0, flat, out=np.zeros_like(flat), where=flat > 0)
    contrast = np.kron(contrasts(rows), contrasts(columns))
    weighted = contrast.T * inverse
    if np.linalg.matrix_rank(contrast[flat > 0]) < contrast.shape[1]:
        raise _empty_cells(int((flat <= 0).sum()))
    root = np.linalg.cholesky(weighted @ contrast / n)
    half: FloatArray = np.linalg.solve(root, weighted)
    return half


def design_effects(projection: FloatArray, covariance: FloatArray) -> FloatArray:
    """Generalised design effects: eigenvalues of H V H'.

    Parameters
    ----------
    projection : FloatArray
        (k, cells) H.
    covariance : FloatArray
        (cells, cells) V.

    Returns
    -------
    FloatArray
        (k,) ascending.
    """
    effects: FloatArray = np.linalg.eigvalsh(projection @ covariance @ projection.T).astype(np.float64)
    return effects


def _empty_cells(count: int) -> AnalysisError:
    return AnalysisError(
        "ANA-EMPTY-CELLS",
        _("{count} cells are empty, too many for a test of independence.").format(count=count),
        hint=_("Join levels."),
    )


def share_covariance(cells: CellTotals) -> FloatArray:
    """Covariance of the cells' shares of the whole table.

    Parameters
    ----------
    cells : CellTotals
        Totals and covariance.

    Returns
    -------
    FloatArray
        (cells, cells).
    """
    whole = cells.total.sum()
    jacobian = (np.eye(cells.total.size) - (cells.total / whole)[:, None]) / whole
    covariance: FloatArray = jacobian @ cells.covariance @ jacobian.T
    return covariance


def _independence_wald(cells: CellTotals, adjusted: bool) -> tuple[float, float, float, float]:
    """Observed minus expected totals, last row and column left out: they follow from the others."""
    rows, columns = cells.shape
    table, whole = cells.total.reshape(rows, columns), cells.total.sum()
    row, column = table.sum(axis=1), table.sum(axis=0)
    expected = np.outer(row, column) / whole
    r, c = np.indices((rows, columns)).reshape(2, -1)
    inner = (r < rows - 1) & (c < columns - 1)
    slope = _expected_slope(r, c, row / whole, column / whole, inner)
    jacobian = np.eye(r.size)[inner] - slope
    difference = (table - expected).reshape(-1)[inner]
    return wald_test(difference, jacobian @ cells.covariance @ jacobian.T, cells.df, adjusted)


def _expected_slope(
    r: IntArray, c: IntArray, row: FloatArray, column: FloatArray, inner: BoolArray
) -> FloatArray:
    """Derivative of row total x column total / total by each cell."""
    same_row = (r[inner][:, None] == r) * column[c[inner]][:, None]
    same_column = (c[inner][:, None] == c) * row[r[inner]][:, None]
    slope: FloatArray = same_row + same_column - (row[r[inner]] * column[c[inner]])[:, None]
    return slope
