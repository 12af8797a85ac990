"""Groups of rows, and sums of rows over cells: unit (or stratum) x domain."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import BLOCK, BoolArray, FloatArray, IntArray, count_by, row_blocks, sum_by

__all__ = ["Domains", "cell_count", "counts_of_cells", "row_cells", "sums_of_cells", "to_units"]

Number = TypeVar("Number", np.float64, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Domains:
    """The domains of one call: groups of rows that do not overlap.

    Attributes
    ----------
    codes : IntArray or None
        (rows,) domain of each row; `count` marks rows outside every domain. None: all rows, one domain.
    count : int
        Number of domains.
    rows : int
        Number of rows.
    """

    codes: IntArray | None
    count: int
    rows: int

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum rows by domain.

        Parameters
        ----------
        values : FloatArray
            (rows,).

        Returns
        -------
        FloatArray
            (domains,).
        """
        if self.codes is None:
            return np.array([values.sum()])
        return sum_by(self.codes, values, self.count + 1)[: self.count]

    def counts(self, used: BoolArray | None) -> IntArray:
        """Count rows by domain.

        Parameters
        ----------
        used : BoolArray or None
            (rows,) rows that count; None: all.

        Returns
        -------
        IntArray
            (domains,).
        """
        if self.codes is None:
            return np.array([self.rows if used is None else np.count_nonzero(used)], dtype=np.int64)
        codes = self.codes if used is None else self.codes[used]
        return count_by(codes, self.count + 1)[: self.count]

    def spread(self, values: FloatArray) -> FloatArray:
        """Give each row its domain's value; rows outside get 0.

        Parameters
        ----------
        values : FloatArray
            (domains,).

        Returns
        -------
        FloatArray
            (rows,), or (1,) where there is one domain of all rows.
        """
        return values if self.codes is None else np.append(values, 0.0)[self.codes]


def cell_count(domains: Domains, groups: int) -> int:
    """Count the cells group x domain, the domain of rows outside included.

    Parameters
    ----------
    domains : Domains
        Groups of rows.
    groups : int
        Number of units or strata.

    Returns
    -------
    int
        Cells.
    """
    return groups * (1 if domains.codes is None else domains.count + 1)


def row_cells(groups: IntArray, domains: Domains) -> IntArray:
    """Number the cell group x domain of each row; the last domain column holds rows outside.

    Parameters
    ----------
    groups : IntArray
        (rows,) unit or stratum.
    domains : Domains
        Groups of rows.

    Returns
    -------
    IntArray
        (rows,) cell.
    """
    return groups if domains.codes is None else groups * (domains.count + 1) + domains.codes


def sums_of_cells(groups: IntArray, domains: Domains, count: int, values: FloatArray) -> FloatArray:
    """Sum rows by cell, some rows at a time: the cell of each row is never held for all rows.

    Parameters
    ----------
    groups : IntArray
        (rows,) unit or stratum.
    domains : Domains
        Groups of rows.
    count : int
        Number of units or strata.
    values : FloatArray
        (rows,).

    Returns
    -------
    FloatArray
        (cells,).
    """
    size = cell_count(domains, count)
    if domains.codes is None or values.size <= 2 * max(BLOCK, size):
        return sum_by(row_cells(groups, domains), values, size)
    total = np.zeros(size)
    for rows in row_blocks(values.size, size):
        part = Domains(domains.codes[rows], domains.count, 0)
        total += sum_by(row_cells(groups[rows], part), values[rows], size)
    return total


def counts_of_cells(groups: IntArray, domains: Domains, size: int, used: BoolArray | None) -> IntArray:
    """Count the used rows by cell, some rows at a time.

    Parameters
    ----------
    groups : IntArray
        (rows,) unit or stratum.
    domains : Domains
        Groups of rows.
    size : int
        Number of cells.
    used : BoolArray or None
        (rows,) rows that count; None: all.

    Returns
    -------
    IntArray
        (cells,).
    """
    total = np.zeros(size, dtype=np.int64)
    for rows in row_blocks(groups.size, size):
        codes = None if domains.codes is None else domains.codes[rows]
        cells = row_cells(groups[rows], Domains(codes, domains.count, 0))
        total += count_by(cells if used is None else cells[used[rows]], size)
    return total


def to_units(sums: NDArray[Number], domains: Domains) -> NDArray[Number]:
    """Shape sums over cells as (groups, domains).

    Parameters
    ----------
    sums : NDArray
        (cells,).
    domains : Domains
        Groups of rows.

    Returns
    -------
    NDArray
        (groups, domains), without the rows outside every domain.
    """
    width = 1 if domains.codes is None else domains.count + 1
    return sums.reshape(-1, width)[:, : domains.count]
