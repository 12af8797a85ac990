"""The design of a file: one pass over the design columns, with every check at the door.

The rows are grouped by the units of the last stage (or its strata, where units are rows). What comes into
memory is one row a group.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.arrays import FloatArray, IntArray, LonelyPsu, Stage, sum_by
from analysis.file_source import FileSource
from analysis.lazy import LazyModule
from analysis.lonely import lonely_error
from analysis.stages import later_stage, with_fpc
from analysis.structure import DesignColumns, design_levels, first_units, weights_of_stages
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["Drawn", "Facts", "facts_of", "read_design"]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """How many rows are in use.

    Attributes
    ----------
    rows, positive : IntArray
        (groups,) rows of each group of `Drawn`; those with a weight above zero.
    """

    rows: IntArray
    positive: IntArray

    @property
    def total(self) -> int:
        """Rows in use."""
        return int(self.rows.sum())

    @property
    def zeros(self) -> bool:
        """Whether some weights are zero."""
        return bool(self.positive.sum() < self.rows.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was drawn: the stages over the groups of rows that the last stage makes.

    Attributes
    ----------
    names : DesignColumns
        Column names.
    keys : tuple of str
        Columns that tell the groups apart.
    groups : pandas.Index
        (groups,) values of `keys`.
    stages : tuple of Stage
        Stages; their ``unit`` holds one entry a group.
    scale : FloatArray or None
        (groups,) weight of each row of the group, where the weight follows from the fpc.
    lonely_psu : LonelyPsu
        Rule for strata with one unit.
    by_row : bool
        Whether the units of the last stage are rows.
    """

    names: DesignColumns
    keys: tuple[str, ...]
    groups: "pd.Index[Any]"
    stages: tuple[Stage, ...]
    scale: FloatArray | None
    lonely_psu: LonelyPsu
    by_row: bool

    def find(self, columns: "Sequence[pd.Series[Any]]", rows: int = 1) -> IntArray:
        """Find the group of each row of a result.

        Parameters
        ----------
        columns : sequence of pandas.Series
            Values of `keys`.
        rows : int
            Rows of the result.

        Returns
        -------
        IntArray
            (rows,).
        """
        if not self.keys:
            return np.zeros(rows, dtype=np.int64)
        return self.groups.get_indexer(_key_index(columns)).astype(np.int64)

    def copied(self, copies: FloatArray, at: IntArray | None = None) -> tuple[Stage, ...]:
        """Lay the stages over cells of rows.

        Parameters
        ----------
        copies : FloatArray
            (cells,) rows of each cell.
        at : IntArray or None
            (cells,) group of each cell; None: the groups themselves.

        Returns
        -------
        tuple of Stage
            The stages over the cells.
        """
        where = slice(None) if at is None else at
        return tuple(replace(one, unit=one.row_unit()[where], copies=copies) for one in self.stages)


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """One row a group: labels under the names of their columns, numbers under names of ours."""

    labels: "pd.DataFrame"
    numbers: "pd.DataFrame"


def read_design(source: FileSource, names: DesignColumns, lonely_psu: LonelyPsu) -> tuple[Drawn, Facts]:
    """Read and check the design columns.

    Parameters
    ----------
    source : FileSource
        Rows.
    names : DesignColumns
        Column names.
    lonely_psu : LonelyPsu
        Rule for strata with one unit.

    Returns
    -------
    drawn : Drawn
        Stages.
    facts : Facts
        Counts.

    Raises
    ------
    AnalysisError
        As of `SurveyDesign`; places are named by column, not by row.
    """
    labels = tuple(dict.fromkeys(name for name in (*names.strata, *names.psu) if name is not None))
    groups = _grouped(source, names, labels)
    if (groups.numbers["least"] <= 0).any():
        groups = _grouped(source, names, labels, signs=True)
    _check(groups, names)
    try:
        stages = _stages(groups, names)
    except AnalysisError as error:
        raise AnalysisError(error.code, error.message, hint=error.hint, column=error.column) from None
    _check_weights(groups, names)
    scale = weights_of_stages(names, stages) if names.weights is None else None
    for level, stage in enumerate(stages):
        if lonely_psu == "fail" and stage.lonely.any():
            raise lonely_error(stage, level + 1)
    keys = _keys(names)
    index = _key_index([groups.labels[name] for name in keys])
    drawn = Drawn(names, keys, index, tuple(stages), scale, lonely_psu, names.psu[-1] is None)
    return drawn, _facts(groups, drawn, np.arange(len(groups.numbers)))


def facts_of(source: FileSource, drawn: Drawn) -> Facts:
    """Count the rows in use.

    Parameters
    ----------
    source : FileSource
        Rows, after conditions.
    drawn : Drawn
        What was drawn.

    Returns
    -------
    Facts
        Counts.
    """
    groups = _grouped(source, drawn.names, drawn.keys, signs=True)
    return _facts(groups, drawn, drawn.find([groups.labels[name] for name in drawn.keys]))


def _keys(names: DesignColumns) -> tuple[str, ...]:
    """Enough columns to tell the groups apart, once strata are known to hold whole units."""
    wanted = [*names.psu]
    if names.nest or names.psu[0] is None:
        wanted.append(names.strata[0])
    if names.psu[-1] is None:
        wanted.append(names.strata[-1])
    return tuple(dict.fromkeys(name for name in wanted if name is not None))


def _key_index(columns: "Sequence[pd.Series[Any]]") -> "pd.Index[Any]":
    if not columns:
        return pd.RangeIndex(1)
    return pd.Index(columns[0]) if len(columns) == 1 else pd.MultiIndex.from_arrays(list(columns))


def _grouped(
    source: FileSource, names: DesignColumns, labels: Sequence[str], *, signs: bool = False
) -> _Groups:
    """Count rows by the design columns, with the range of each fpc, and the weights by their sign."""
    inner = {f"k{j}": source.label(name) for j, name in enumerate(labels)}
    inner["w"] = "1.0::DOUBLE" if names.weights is None else source.number(names.weights)
    counted = ["count(*) AS rows", "count(w) AS weighed", "sum(w) AS w1", "min(w) AS least"]
    if signs:
        counted += ["count(*) FILTER (WHERE w < 0) AS negative", "count(*) FILTER (WHERE w > 0) AS positive"]
    for j, name in enumerate(_fpcs(names)):
        inner[f"f{j}"] = source.number(name)
        counted += [f"min(f{j}) AS low{j}", f"max(f{j}) AS high{j}", f"count(f{j}) AS known{j}"]
    keys = [f"k{j}" for j in range(len(labels))]
    frame = source.summed(inner, keys, counted)
    titles = frame[keys].set_axis(list(labels), axis=1)
    return _Groups(source.with_categories(titles, labels), frame.drop(columns=keys))


def _fpcs(names: DesignColumns) -> list[str]:
    return list(dict.fromkeys(name for name in names.fpc if name is not None))


def _check(groups: _Groups, names: DesignColumns) -> None:
    numbers = groups.numbers
    if numbers["rows"].sum() == 0:
        raise AnalysisError(
            "ANA-EMPTY", _("The table has no rows."), hint=_("Check the file and the filter.")
        )
    for name in groups.labels.columns:
        _refuse_missing(int(numbers["rows"][groups.labels[name].isna()].sum()), name)
    for j, name in enumerate(_fpcs(names)):
        _refuse_missing(int((numbers["rows"] - numbers[f"known{j}"]).sum()), name)
        if (numbers[f"low{j}"] != numbers[f"high{j}"]).any():
            raise AnalysisError(
                "ANA-FPC-VARIES",
                _("The fpc differs within a stratum."),
                hint=_(
                    "Give the number of units in each stratum of the population, or the sampled fraction."
                ),
                column=name,
            )


def _check_weights(groups: _Groups, names: DesignColumns) -> None:
    if names.weights is None:
        return
    numbers, name = groups.numbers, names.weights
    _refuse_missing(int((numbers["rows"] - numbers["weighed"]).sum()), name)
    negative = int(numbers["negative"].sum()) if "negative" in numbers.columns else 0
    if negative:
        raise AnalysisError(
            "ANA-WEIGHT-NEGATIVE",
            _("{count:,} weights are negative.").format(count=negative),
            hint=_("Weights are at least zero."),
            column=name,
        )
    if not np.isfinite(numbers["w1"].sum()) or numbers["w1"].sum() == 0:
        raise AnalysisError(
            "ANA-WEIGHT-SUM",
            _("The weights sum to zero or are infinite."),
            hint=_("Check the weight column."),
            column=name,
        )


def _refuse_missing(count: int, name: str) -> None:
    if count:
        raise AnalysisError(
            "ANA-DESIGN-MISSING",
            _("{count:,} rows have no value in a design column.").format(count=count),
            hint=_("Every row needs its weight, stratum, PSU and fpc; remove or complete those rows."),
            column=name,
        )


def _stages(groups: _Groups, names: DesignColumns) -> list[Stage]:
    frame = groups.labels.copy(deep=False)
    frame.index = groups.numbers.index
    for j, name in enumerate(_fpcs(names)):
        if name not in frame.columns:
            frame[name] = groups.numbers[f"low{j}"]
    rows = groups.numbers["rows"].to_numpy(dtype=np.float64)
    bare = replace(names, fpc=(None,) * len(names.fpc))
    stages: list[Stage] = []
    for level, psu in enumerate(names.psu):
        stage = later_stage(frame, bare, stages, level) if level else _first(frame, names)
        if psu is None:
            stage = _of_rows(stage, rows)
        stage = replace(stage, unit=stage.row_unit(), single_row=psu is None)
        stages.append(with_fpc(frame, stage, names.fpc[level], by_unit=False))
    return stages


def _first(frame: "pd.DataFrame", names: DesignColumns) -> Stage:
    stratum = design_levels(frame, names.strata[0])
    unit, unit_stratum = first_units(frame, names.psu[0], stratum, names.nest)
    count = len(stratum.levels)
    sampled = np.bincount(unit_stratum, minlength=count).astype(np.float64)
    return Stage(unit, unit_stratum, sampled, np.full(count, np.inf), False, stratum.levels)


def _of_rows(stage: Stage, rows: FloatArray) -> Stage:
    """Let a whole stratum stand for its units, the rows, which are counted."""
    row_stratum = stage.row_stratum()
    sampled = sum_by(row_stratum, rows, stage.strata)
    return replace(stage, unit=row_stratum, stratum=np.arange(stage.strata), sampled=sampled)


def _facts(groups: _Groups, drawn: Drawn, at: IntArray) -> Facts:
    numbers = groups.numbers
    rows, positive = (np.zeros(drawn.stages[0].row_unit().size, dtype=np.int64) for _i in range(2))
    rows[at] = numbers["rows"]
    positive[at] = numbers["positive" if "positive" in numbers.columns else "rows"]
    return Facts(rows, positive)
