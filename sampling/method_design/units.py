"""Units of each stage over a whole frame, with what the methods ask of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.method_design.design import MethodDesign
from sampling.method_design.source import Levels, Source, as_levels, as_numbers
from sampling.method_design.stage import Stage
from sampling.methods.permanent import shifted_prn

__all__ = ["Plan", "StageUnits", "compact", "read_plan", "within_groups"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StageUnits:
    """Units of one stage.

    Parameters
    ----------
    stage : Stage
        What is drawn.
    group : ndarray of int64
        Shape (units,): number of the unit above that each lies in (at the first stage: of the stratum).
    counts : ndarray of int64
        Shape (groups,): units in each.
    of_row : ndarray of int64, optional
        Shape (rows,): unit of each row. None: the rows are the units.
    size : ndarray of float64, optional
        Shape (units,): sizes, for a draw by size.
    rank : ndarray of int64, optional
        Shape (units,): place in serpentine order within the group.
    balance, points : ndarray of float64, optional
        Shape (units, columns): totals, and coordinates.
    prn : ndarray of float64, optional
        Shape (units,): permanent random numbers, from the start on.
    """

    stage: Stage
    group: Ints
    counts: Ints
    of_row: Ints | None = None
    size: Floats | None = None
    rank: Ints | None = None
    balance: Floats | None = None
    points: Floats | None = None
    prn: Floats | None = None

    def sums(self, values: Floats) -> Floats:
        """Sum values of rows over each unit.

        Parameters
        ----------
        values : ndarray of float64
            Shape (rows,).

        Returns
        -------
        ndarray of float64
            Shape (units,).
        """
        if self.of_row is None:
            return values
        return np.bincount(self.of_row, values, minlength=len(self.group)).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A frame as a design sees it.

    Parameters
    ----------
    source : Source
        The table, in the order of the walk.
    columns : dict
        Column of the design → pyarrow.Array of shape (rows,).
    labels : list
        Shape (strata,): value of each stratum, a tuple where there are several columns.
    names : pyarrow.Array
        Shape (strata,): the same as a column has it: values of the one column, else texts joined by ``|``;
        ``all`` without strata.
    units : tuple of StageUnits
        One a stage.
    """

    source: Source
    columns: dict[str, Any]
    labels: list[Any]
    names: Any
    units: tuple[StageUnits, ...]


def read_plan(design: MethodDesign, source: Source) -> Plan:
    """Read the columns of a design and number the units of each stage.

    Parameters
    ----------
    design : MethodDesign
        The design.
    source : Source
        The table.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        A column is missing, has missing values, or holds no numbers where they are needed.
    """
    if design.key is not None:
        source = source.sorted_by(design.key)
    columns = {name: source.column(name) for name in design.columns()}
    group, labels, names = _strata([as_levels(columns[name]) for name in design.strata], source.rows)
    groups, units = len(labels), []
    for stage in design.parts:
        made = _stage_units(stage, group, groups, columns, source)
        units.append(made)
        group, groups = made.group if made.of_row is None else made.of_row, len(made.group)
    return Plan(source, columns, labels, names, tuple(units))


def compact(codes: Ints, cells: int) -> tuple[Ints, Ints]:
    """Number codes anew from 0 without gaps.

    Parameters
    ----------
    codes : ndarray of int64
        Shape (rows,): codes, 0 to `cells` - 1.
    cells : int
        Codes there might be.

    Returns
    -------
    numbers : ndarray of int64
        Shape (rows,).
    present : ndarray of int64
        Shape (numbers,): code of each, ascending.

    Examples
    --------
    >>> compact(np.array([5, 0, 5]), 6)
    (array([1, 0, 1]), array([0, 5]))
    """
    if cells > 4 * len(codes) + 1024:
        present, numbers = np.unique(codes, return_inverse=True)
        return numbers.astype(np.int64), present.astype(np.int64)
    there = np.bincount(codes, minlength=cells) > 0
    present = np.flatnonzero(there).astype(np.int64)
    if len(present) == cells:
        return codes, present
    return (np.cumsum(there) - 1)[codes].astype(np.int64), present


def within_groups(group: Ints, keys: list[Ints]) -> Ints:
    """Serpentine order of units within each group.

    Parameters
    ----------
    group : ndarray of int64
        Shape (units,): group of each.
    keys : list of ndarray of int64
        Codes 0 on of each ordering column, the outermost first, each of shape (units,).

    Returns
    -------
    ndarray of int64
        Shape (units,): place of each unit in an order by group and then serpentine.

    Notes
    -----
    As `sampling.methods.serpentine` in each group: the first key runs up in each, a later one up and down in
    turn.

    Examples
    --------
    >>> within_groups(np.zeros(4, int), [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]).tolist()
    [0, 1, 3, 2]
    """
    nest = group
    for key in keys:
        top = int(key.max(initial=0)) + 1
        lowest = np.full(int(group.max(initial=0)) + 1, np.iinfo(np.int64).max)
        np.minimum.at(lowest, group, nest)
        turned = np.where((nest - lowest[group]) % 2 == 0, key, top - 1 - key)
        nest = compact(nest * top + turned, (int(nest.max(initial=0)) + 1) * top)[0]
    rank = np.empty(len(group), dtype=np.int64)
    rank[np.argsort(nest, kind="stable")] = np.arange(len(group))
    return rank


def _strata(columns: list[Levels], rows: int) -> tuple[Ints, list[Any], Any]:
    """Stratum of each row; the labels; the labels as a column."""
    if not columns:
        return np.zeros(rows, dtype=np.int64), ["all"], pa.array(["all"])
    codes = columns[0].codes
    sizes = [len(column.values) for column in columns]
    for column, size in zip(columns[1:], sizes[1:], strict=True):
        codes = codes * size + column.codes
    codes, present = compact(codes, int(np.prod(sizes)))
    if len(columns) == 1:
        return codes, columns[0].values.to_pylist(), columns[0].values
    places = np.unravel_index(present, sizes)
    parts = [c.values.take(pa.array(p)).to_pylist() for c, p in zip(columns, places, strict=True)]
    labels = list(zip(*parts, strict=True))
    return codes, labels, pa.array(["|".join(map(str, label)) for label in labels])


def _stage_units(
    stage: Stage, group: Ints, groups: int, columns: dict[str, Any], source: Source
) -> StageUnits:
    """Number the units of a stage and collect what its method asks of them."""
    of_row, first = None, None
    if stage.unit is not None:
        level = as_levels(columns[stage.unit])
        of_row, cells = compact(group * len(level.values) + level.codes, groups * len(level.values))
        first = np.empty(len(cells), dtype=np.int64)
        first[of_row[::-1]] = np.arange(len(of_row))[::-1]  # the last writing is the unit's first row
        group = cells // len(level.values)
    counts = np.bincount(group, minlength=groups).astype(np.int64)
    bare = StageUnits(stage, group, counts, of_row)
    means = [
        bare.sums(as_numbers(columns[name], name)) / bare.sums(np.ones(len(columns[name])))
        for name in stage.points
    ]
    keys = [as_levels(columns[name]).codes for name in stage.order]
    sums = [bare.sums(as_numbers(columns[name], name)) for name in stage.balance]
    return StageUnits(
        stage,
        group,
        counts,
        of_row,
        _sizes(bare, columns, source),
        within_groups(group, [key if first is None else key[first] for key in keys]) if keys else None,
        np.column_stack(sums) if sums else None,
        np.column_stack(means) if means else None,
        None if stage.prn is None else _permanent(stage, columns[stage.prn]),
    )


def _permanent(stage: Stage, column: Any) -> Floats:
    """Permanent random numbers from the start on."""
    return shifted_prn(as_numbers(column, stage.prn or ""), stage.start or 0.0)


def _sizes(units: StageUnits, columns: dict[str, Any], source: Source) -> Floats | None:
    """Size of each unit within its limits, refused where it could not be drawn."""
    stage = units.stage
    if not stage.sized:
        return None
    of_rows = as_numbers(columns[stage.size], stage.size) if stage.size else None
    if of_rows is None:
        of_rows = np.ones(len(units.group) if units.of_row is None else len(units.of_row))
    if np.any(of_rows < 0):
        raise _size_error(of_rows < 0, stage, source)
    sizes = units.sums(of_rows)
    if stage.minimum_size is not None or stage.maximum_size is not None:
        sizes = np.clip(sizes, stage.minimum_size, stage.maximum_size)
    if not np.all(sizes > 0):
        raise _size_error(sizes <= 0 if units.of_row is None else (sizes <= 0)[units.of_row], stage, source)
    return sizes


def _size_error(rows: NDArray[np.bool_], stage: Stage, source: Source) -> InputError:
    return InputError(
        "SAM-MDESIGN-SIZE",
        _("{count:,} rows have a size of 0 or less: they could never be drawn.").format(
            count=int(rows.sum())
        ),
        hint=_("Give a minimum_size, correct the sizes, or leave those rows out of the frame."),
        row=source.row_number(rows),
        column=stage.size,
    )
