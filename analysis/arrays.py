"""The arrays of a sample design: one row of data, one unit of a stage, one stratum of a stage.

A design is a tuple of stages, the first stage first. Stages are nested: a stratum of a later stage lies
within one unit of the stage before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BoolArray",
    "DesignArrays",
    "FloatArray",
    "IntArray",
    "Joint",
    "LonelyPsu",
    "Partition",
    "Stage",
    "compact",
    "count_by",
    "row_blocks",
    "sum_by",
]

BLOCK: Final = 1 << 16
"""Rows summed together where all at once would need as much memory again as their values."""
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
LonelyPsu = Literal["fail", "remove", "adjust", "average", "certainty"]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One stage of selection.

    Attributes
    ----------
    unit : IntArray or None
        (rows,) number of the unit (PSU) of each row; None while row i is unit i.
    stratum : IntArray
        (units,) number of the stratum of each unit.
    sampled : FloatArray
        (strata,) units drawn, n_h. Units without rows (after a subset) stay counted.
    population : FloatArray
        (strata,) units in the population, N_h; infinite where no fpc was given.
    single_row : bool
        True where no unit has more than one row (element sampling).
    labels : tuple of object
        (strata,) names of the strata, for messages and tables.
    factor : FloatArray or None
        (strata,) share of the units drawn at the stages before, multiplied: the part of this stage's variance
        that counts. None: 1, as at the first stage.
    probability : FloatArray or None
        (units,) inclusion probabilities of units drawn with unequal ones. None: the same within a stratum.
    copies : FloatArray or None
        (rows,) rows of the data that each row stands for, where these were summed to cells before. None: 1.
    """

    unit: IntArray | None
    stratum: IntArray
    sampled: FloatArray
    population: FloatArray
    single_row: bool
    labels: tuple[object, ...]
    factor: FloatArray | None = None
    probability: FloatArray | None = None
    copies: FloatArray | None = None

    @property
    def units(self) -> int:
        """Number of units drawn at this stage."""
        return int(self.stratum.size)

    @property
    def strata(self) -> int:
        """Number of strata at this stage."""
        return int(self.sampled.size)

    @property
    def open_share(self) -> FloatArray:
        """(strata,) the finite population factor 1 - n_h / N_h."""
        share: FloatArray = 1.0 - self.sampled / self.population
        return share

    @property
    def taken(self) -> FloatArray:
        """(units,) the chance that each unit had at this stage."""
        chance: FloatArray = (self.sampled / self.population)[self.stratum]
        return chance if self.probability is None else self.probability

    @property
    def lonely(self) -> BoolArray:
        """(strata,) True where one unit stands alone, was not taken with certainty, and counts."""
        alone: BoolArray = (self.sampled == 1) & (self.open_share > 1e-7)
        return alone if self.factor is None else alone & (self.factor > 0)

    def row_stratum(self) -> IntArray:
        """Stratum of each row.

        Returns
        -------
        IntArray
            (rows,).
        """
        return self.stratum if self.unit is None else self.stratum[self.unit]

    def row_unit(self) -> IntArray:
        """Unit of each row.

        Returns
        -------
        IntArray
            (rows,).
        """
        return np.arange(self.units) if self.unit is None else self.unit

    def keep(self, mask: BoolArray) -> "Stage":
        """Restrict the rows and leave strata, units and n_h as drawn (a domain, not a smaller sample).

        Parameters
        ----------
        mask : BoolArray
            (rows,) True for rows that stay.

        Returns
        -------
        Stage
            The same stage over fewer rows.
        """
        rows = np.flatnonzero(mask)
        copies = None if self.copies is None else self.copies[rows]
        return replace(self, unit=rows if self.unit is None else self.unit[rows], copies=copies)


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """How pairs of units were drawn, where that replaces the variance of the first stage.

    Attributes
    ----------
    form : FloatArray
        (units, units) symmetric; the variance of a sum of unit totals z is z' form z. For Horvitz and
        Thompson the elements are ``1 - pi_i pi_j / pi_ij``; Yates and Grundy's take the row sums off the
        diagonal.
    """

    form: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """One part of a variance that is a sum of squares of sums over cells of rows.

    Attributes
    ----------
    cell : IntArray
        (rows,) cell of each row.
    weight : FloatArray
        (cells,) what the square of each cell's sum counts; may be negative.
    """

    cell: IntArray
    weight: FloatArray

    def keep(self, mask: BoolArray) -> "Partition":
        """Restrict the rows; cells and their weights stay.

        Parameters
        ----------
        mask : BoolArray
            (rows,) True for rows that stay.

        Returns
        -------
        Partition
            The same cells over fewer rows.
        """
        return Partition(self.cell[mask], self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class DesignArrays:
    """Everything that variance estimation needs to know of a design.

    Attributes
    ----------
    weights : FloatArray
        (rows,) sampling weights, not negative.
    stages : tuple of Stage
        Stages of selection, first stage first.
    lonely_psu : LonelyPsu
        Rule for a stratum with one unit.
    positive : bool
        True where every weight is above zero.
    rows_used : int
        Rows with a weight above zero.
    df : int
        Degrees of freedom: units minus strata among the rows with a weight above zero.
    joint : Joint or None
        Variance of the first stage by pairs of units. None: by the stage's own fractions.
    phases : tuple of Partition
        The whole variance of a two-phase sample; empty for samples of one phase.
    """

    weights: FloatArray
    stages: tuple[Stage, ...]
    lonely_psu: LonelyPsu
    positive: bool
    rows_used: int
    df: int
    joint: Joint | None = None
    phases: tuple[Partition, ...] = ()

    @property
    def first(self) -> Stage:
        """The first stage of selection."""
        return self.stages[0]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.weights.size)


def compact(codes: NDArray[Any]) -> tuple[IntArray, NDArray[Any]]:
    """Number whole numbers densely in their own order.

    Parameters
    ----------
    codes : NDArray
        (rows,) integers, any range.

    Returns
    -------
    numbers : IntArray
        (rows,) 0-based rank of each value among the values present.
    values : NDArray
        (values,) the values present, ascending.

    Notes
    -----
    Where the range is narrow a counting table is used (two passes, no sorting), otherwise a sort.

    Examples
    --------
    >>> compact(np.array([30, 10, 30]))[0].tolist()
    [1, 0, 1]
    """
    if codes.size == 0:
        return codes.astype(np.int64), codes
    low, high = int(codes.min()), int(codes.max())
    if high - low > 4 * codes.size + 1024:
        values, inverse = np.unique(codes, return_inverse=True)
        return inverse.astype(np.int64, copy=False), values
    shifted = codes.astype(np.int64, copy=False)
    shifted = shifted - low if low else shifted
    present = np.bincount(shifted, minlength=high - low + 1) > 0
    values = (np.flatnonzero(present) + low).astype(codes.dtype)
    if present.all():
        return shifted, values
    return (np.cumsum(present) - 1)[shifted], values


def sum_by(codes: NDArray[Any], values: FloatArray, size: int) -> FloatArray:
    """Sum rows by group.

    Parameters
    ----------
    codes : IntArray
        (rows,) group of each row, 0 to size - 1.
    values : FloatArray
        (rows,).
    size : int
        Number of groups.

    Returns
    -------
    FloatArray
        (size,).

    Notes
    -----
    `numpy.bincount` copies arrays that may not be written to, as columns of a table: they go in some rows at
    a time.
    """
    if (codes.flags.writeable and values.flags.writeable) or codes.size <= 2 * max(BLOCK, size):
        return np.bincount(codes, weights=values, minlength=size).astype(np.float64, copy=False)
    total = np.zeros(size)
    for rows in row_blocks(codes.size, size):
        total += np.bincount(codes[rows], weights=values[rows], minlength=size)
    return total


def count_by(codes: IntArray, size: int) -> IntArray:
    """Count rows by group.

    Parameters
    ----------
    codes : IntArray
        (rows,) group of each row, 0 to size - 1.
    size : int
        Number of groups.

    Returns
    -------
    IntArray
        (size,).
    """
    if codes.flags.writeable or codes.size <= 2 * max(BLOCK, size):
        return np.bincount(codes, minlength=size).astype(np.int64, copy=False)
    total = np.zeros(size, dtype=np.int64)
    for rows in row_blocks(codes.size, size):
        total += np.bincount(codes[rows], minlength=size)
    return total


def row_blocks(rows: int, size: int) -> Iterator[slice]:
    """Divide rows into blocks that are worth a table of sums each.

    Parameters
    ----------
    rows : int
        Number of rows.
    size : int
        Number of groups.

    Returns
    -------
    iterator of slice
        The blocks in order.
    """
    step = max(BLOCK, size)
    return (slice(first, first + step) for first in range(0, rows, step))
