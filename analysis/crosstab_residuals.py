"""Which cells of a table stand out (残差分析): observed minus expected shares with design-based errors."""

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.adjustment import adjusted
from analysis.arrays import FloatArray
from analysis.crosstab_cells import CellTotals, transformed
from analysis.lazy import LazyModule

if TYPE_CHECKING:
    import pandas as pd
    from scipy import special
else:
    pd = LazyModule("pandas")
    special = LazyModule("scipy.special")

__all__ = ["cell_departures", "cramer_v", "residual_table"]


def cell_departures(cells: CellTotals) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed shares, those expected under independence, and the covariance of their difference.

    Parameters
    ----------
    cells : CellTotals
        A table of two axes.

    Returns
    -------
    share, expected : FloatArray
        (rows, columns) p and r c', with r and c the margins.
    covariance : FloatArray
        (cells, cells) of p - r c', by the delta method.
    """
    rows, columns = cells.shape
    whole = cells.total.sum()
    share = (cells.total / whole).reshape(rows, columns)
    row, column = share.sum(axis=1), share.sum(axis=0)
    r, c = np.indices((rows, columns)).reshape(2, -1)
    slope = (r[:, None] == r) * column[c][:, None] + (c[:, None] == c) * row[r][:, None]
    to_shares = (np.eye(r.size) - share.reshape(-1)[:, None]) / whole
    covariance = transformed((np.eye(r.size) - slope) @ to_shares, cells.covariance)
    return share, np.outer(row, column), covariance


def residual_table(
    cells: CellTotals, names: tuple[str, str], levels: tuple["pd.Index[Any]", "pd.Index[Any]"]
) -> "pd.DataFrame":
    """Adjusted residuals of all cells.

    Parameters
    ----------
    cells : CellTotals
        A table of two axes.
    names : tuple of (str, str)
        Row and column variable.
    levels : tuple of pandas.Index
        Their levels.

    Returns
    -------
    pandas.DataFrame
        Columns: row variable, column variable, observed, expected (shares of the table), se (of their
        difference), residual (difference / se, NaN where se is 0), p_value (Student's t with the design's
        degrees of freedom), p_holm (adjusted for the number of cells).

    Notes
    -----
    In a simple random sample the residuals are near Haberman's adjusted residuals; here their standard errors
    take the design into account.

    References
    ----------
    Haberman, S.J. (1973). The analysis of residuals in cross-classified tables. Biometrics 29, 205-220.
    """
    share, expected, covariance = cell_departures(cells)
    se = np.sqrt(np.diag(covariance))
    residual = np.full(se.shape, np.nan)
    np.divide((share - expected).reshape(-1), se, out=residual, where=se > 0)
    p = 2 * special.stdtr(float(cells.df), -np.abs(residual)) if cells.df > 0 else np.full(se.shape, np.nan)
    keys = pd.MultiIndex.from_product(levels, names=names).to_frame(index=False)
    return keys.assign(
        observed=share.reshape(-1),
        expected=expected.reshape(-1),
        se=se,
        residual=residual,
        p_value=p,
        p_holm=adjusted(p, "holm"),
    )


def cramer_v(cells: CellTotals) -> float:
    """Cramér's V of a weighted table.

    Parameters
    ----------
    cells : CellTotals
        A table of two axes with at least two levels each.

    Returns
    -------
    float
        0 (independent) to 1; NaN with one row or one column.

    Notes
    -----
    ``sqrt(sum (p - e)^2 / e / (min(rows, columns) - 1))`` with p the weighted shares and e those expected.

    References
    ----------
    Cramér, H. (1946). Mathematical Methods of Statistics. Princeton University Press, chapter 21.
    """
    smaller = min(cells.shape) - 1
    if smaller < 1:
        return np.nan
    share = (cells.total / cells.total.sum()).reshape(cells.shape)
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    return float(np.sqrt(((share - expected) ** 2 / expected).sum() / smaller))
