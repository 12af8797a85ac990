"""The cheapest plan of samples with given probabilities: a linear programme with few rows."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

__all__ = ["cheapest_plan"]

NONE: Final = 1e-9
"""Reduced costs (of costs scaled to 1) and entries of the tableau below this are none."""
STEPS: Final = 200
"""Pivots after which the general solver is asked; a programme of 4,096 samples takes about 30."""


def cheapest_plan(
    costs: NDArray[np.float64], rows: NDArray[np.float64], wanted: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Least costs' plan >= 0 with rows plan = wanted.

    Parameters
    ----------
    costs : ndarray of float64
        Shape (S,): cost of each sample.
    rows : ndarray of float64
        Shape (m, S): m small.
    wanted : ndarray of float64
        Shape (m,): 0 or more.

    Returns
    -------
    ndarray of float64 or None
        Shape (S,): a vertex of the plans; None where there is no plan.

    Notes
    -----
    The simplex method on a full tableau, in two phases: the first drives out artificial columns. The entering
    column is the one of the least reduced cost, the leaving row the first of the smallest ratio. Where this
    does not end (ties without end), HiGHS decides.

    Examples
    --------
    >>> cheapest_plan(np.array([1.0, 3.0]), np.array([[1.0, 1.0]]), np.array([1.0])).tolist()
    [1.0, 0.0]
    """
    height, width = rows.shape
    table = np.hstack([rows, np.eye(height), wanted[:, None]])
    basis = np.arange(width, width + height)
    scaled = np.append(costs / max(float(np.abs(costs).max(initial=0.0)), 1e-300), np.zeros(height))
    if _improve(table, basis, np.append(np.zeros(width), np.ones(height)), width):
        _drive_out(table, basis, width)
        if _improve(table, basis, scaled, width) and np.all(table[basis >= width, -1] <= NONE):
            plan = np.zeros(width + height)
            plan[basis] = table[:, -1]
            return plan[:width]
    found = linprog(costs, A_eq=rows, b_eq=wanted, method="highs").x
    return None if found is None else np.asarray(found, dtype=np.float64)


def _improve(
    table: NDArray[np.float64], basis: NDArray[np.int64], costs: NDArray[np.float64], width: int
) -> bool:
    """Pivot until no column of the first `width` lowers the costs; False where that does not come."""
    for _step in range(STEPS):
        reduced = costs[:width] - costs[basis] @ table[:, :width]
        column = int((reduced <= reduced.min() * (1 - NONE)).argmax())
        if reduced[column] >= -NONE:
            return True
        entries = table[:, column]
        ratios = np.full(len(entries), np.inf)
        np.divide(table[:, -1], entries, out=ratios, where=entries > NONE)
        if not np.isfinite(ratios.min()):
            return False
        _pivot(table, basis, int((ratios <= ratios.min() + 1e-12).argmax()), column)
    return False


def _drive_out(table: NDArray[np.float64], basis: NDArray[np.int64], width: int) -> None:
    """Put columns of samples in place of artificial ones at 0; a row without any repeats others."""
    for row in np.flatnonzero((basis >= width) & (table[:, -1] <= NONE)).tolist():
        entries = np.abs(table[row, :width])
        if entries.max() > NONE:
            _pivot(table, basis, row, int(entries.argmax()))
        else:
            table[row] = 0.0


def _pivot(table: NDArray[np.float64], basis: NDArray[np.int64], row: int, column: int) -> None:
    """Bring a column into the basis in place of the one that a row held."""
    table[row] /= table[row, column]
    others = table[:, column].copy()
    others[row] = 0.0
    table -= np.multiply.outer(others, table[row])
    basis[row] = column
