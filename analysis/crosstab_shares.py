"""Shares of cells in their row, their column or their layer, with the covariance of all of them."""

import numpy as np

from analysis.arrays import FloatArray, IntArray
from analysis.crosstab_cells import CellTotals, transformed
from analysis.estimators import divide

__all__ = ["bases_of", "shares_of"]


def bases_of(base: str, layers: int, rows: int, columns: int) -> tuple[IntArray, IntArray, int]:
    """Say which cells a cell's share is taken of.

    Parameters
    ----------
    base : {"row", "column", "total"}
        What adds up to 1.
    layers, rows, columns : int
        Shape of the table.

    Returns
    -------
    group : IntArray
        (cells,) number of the base of each cell.
    order : IntArray
        (cells,) order of the cells in the result: for columns, column by column.
    width : int
        Cells a line of the result.
    """
    layer, row, column = np.indices((layers, rows, columns)).reshape(3, -1)
    order = np.arange(layer.size)
    if base == "row":
        return layer * rows + row, order, columns
    if base == "column":
        swapped = order.reshape(layers, rows, columns).transpose(0, 2, 1).reshape(-1)
        return layer * columns + column, swapped, rows
    return layer, order, columns


def shares_of(cells: CellTotals, group: IntArray, sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Cell over base total, with the covariance by the delta method.

    Parameters
    ----------
    cells : CellTotals
        Totals and covariance.
    group : IntArray
        (cells,) base of each cell.
    sums : FloatArray
        (bases,) total of each base.

    Returns
    -------
    shares : FloatArray
        (cells,) NaN where the base is 0.
    covariance : FloatArray
        (cells, cells).
    """
    base = sums[group]
    shares = divide(cells.total, base)
    same = group[:, None] == group[None, :]
    jacobian = (np.eye(group.size) - np.where(same, np.nan_to_num(shares)[:, None], 0.0)) / np.where(
        base > 0, base, np.nan
    )[:, None]
    return shares, transformed(jacobian, cells.covariance)
