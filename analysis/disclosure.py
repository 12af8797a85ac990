"""Small cells in tables that go out (少数セルの秘匿), first version: a limit on unweighted counts.

What it does: a row with a small base is hidden whole; a cell with few persons is hidden, and where it would
be the only one in its row, the next smallest too. What it does not do yet: look at several tables together,
or at a total beside the rows that make it up. Limits: ``data/disclosure.toml``.
"""

from dataclasses import dataclass

import numpy as np

from analysis.arrays import BoolArray, IntArray
from analysis.settings import read_settings

__all__ = ["SmallCellRule", "hidden_cells", "small_cell_rule"]


@dataclass(frozen=True, slots=True)
class SmallCellRule:
    """Limits of the small-cell rule.

    Attributes
    ----------
    min_base : int
        Fewest persons (unweighted) in the base of a row.
    min_count : int
        Fewest persons in a cell that is not zero.
    complement : bool
        Hide a second cell where one alone would be hidden.
    reference_below : int
        Rows with fewer persons are marked as reference values (参考値).
    mark : str
        What stands in a hidden cell.
    """

    min_base: int
    min_count: int
    complement: bool
    reference_below: int
    mark: str


def small_cell_rule() -> SmallCellRule:
    """Read the limits.

    Returns
    -------
    SmallCellRule
        From ``data/disclosure.toml``.

    Examples
    --------
    >>> small_cell_rule().min_count
    10
    """
    return SmallCellRule(**read_settings("disclosure"))


def hidden_cells(base: IntArray, counts: IntArray, rule: SmallCellRule, open_cells: BoolArray) -> BoolArray:
    """Decide which cells of a table are hidden.

    Parameters
    ----------
    base : IntArray
        (rows,) persons in the base of each row, unweighted.
    counts : IntArray
        (rows, cells) persons in each cell, unweighted.
    rule : SmallCellRule
        Limits.
    open_cells : BoolArray
        (cells,) cells that tell nothing about a person, such as 無回答: never hidden by their own count.

    Returns
    -------
    BoolArray
        (rows, cells) True where hidden.

    Examples
    --------
    >>> counts = np.array([[3, 40, 57], [0, 50, 50], [2, 3, 4]])
    >>> none_open = np.zeros(3, dtype=bool)
    >>> hidden_cells(np.array([100, 100, 9]), counts, small_cell_rule(), none_open).tolist()
    [[True, True, False], [False, False, False], [True, True, True]]
    """
    hidden = (counts > 0) & (counts < rule.min_count) & ~open_cells
    if rule.complement:
        alone = np.flatnonzero(hidden.sum(axis=1) == 1)
        others = np.where(hidden | (counts == 0) | open_cells, np.iinfo(np.int64).max, counts)[alone]
        second = others.argmin(axis=1)
        found = others[np.arange(alone.size), second] < np.iinfo(np.int64).max
        hidden[alone[found], second[found]] = True
    hidden[base < rule.min_base] = True
    return hidden
