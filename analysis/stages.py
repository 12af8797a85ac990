"""Stages after the first, and how many units there were to draw from at each."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import BoolArray, FloatArray, IntArray, Stage, compact, sum_by
from analysis.columns import column, encode, numbers
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from analysis.structure import DesignColumns

__all__ = ["later_stage", "refuse_missing", "split_units", "with_fpc"]

BLOCK = 1 << 17
"""Rows compared together."""
ALIKE = 1e-9
"""Probabilities of one unit may differ by this share, as sums and quotients of them do."""


def later_stage(
    frame: "pd.DataFrame", names: "DesignColumns", stages: "Sequence[Stage]", level: int
) -> Stage:
    """Read a stage within the units of the stage before.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    names : DesignColumns
        Column names.
    stages : sequence of Stage
        The stages before.
    level : int
        0-based number of the stage.

    Returns
    -------
    Stage
        Its strata are the units of the stage before, split by this stage's own strata if there are any.

    Raises
    ------
    AnalysisError
        A value is missing, or a unit lies in two strata.
    """
    before, labels = stages[-1], (names.psu[level - 1], names.strata[level])
    parent = before.row_unit()
    row_stratum, own = _within(frame, parent, names.strata[level])
    first_row = np.full(own, len(frame), dtype=np.int64)
    np.minimum.at(first_row, row_stratum, np.arange(len(frame)))
    unit, unit_stratum = split_units(frame, names.psu[level], parent, row_stratum)
    sampled = np.bincount(unit_stratum, minlength=own).astype(np.float64)
    chance = np.ones(1)
    for stage in stages:
        chance = chance * stage.taken[stage.row_unit()]
    shown = [frame[name].iloc[first_row].astype(str) for name in labels if name is not None]
    titles = tuple(shown[0] if len(shown) == 1 else shown[0].str.cat(shown[1], sep="/")) if shown else ()
    stage = Stage(
        unit,
        unit_stratum,
        sampled,
        np.full(own, np.inf),
        unit is None or unit_stratum.size == len(frame),
        titles or tuple(range(1, own + 1)),
        np.broadcast_to(chance, len(frame))[first_row],
    )
    return with_fpc(frame, stage, names.fpc[level], by_unit=names.pps is not None)


def _within(frame: "pd.DataFrame", parent: IntArray, strata: str | None) -> tuple[IntArray, int]:
    if strata is None:
        return parent, int(parent.max()) + 1
    codes = encode(column(frame, strata))
    refuse_missing(codes.codes < 0, strata)
    row_stratum, cells = compact(parent * len(codes.levels) + codes.codes)
    return row_stratum, cells.size


def split_units(
    frame: "pd.DataFrame", psu: str | None, parent: IntArray, row_stratum: IntArray
) -> tuple[IntArray | None, IntArray]:
    """Number the units of a stage within their parents.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    psu : str or None
        Column of the units; None: rows.
    parent : IntArray
        (rows,) unit of the stage before.
    row_stratum : IntArray
        (rows,) stratum of this stage.

    Returns
    -------
    unit : IntArray or None
        (rows,) unit of each row; None where units are rows.
    stratum : IntArray
        (units,) stratum of each unit.

    Raises
    ------
    AnalysisError
        A label is missing, or a unit lies in two strata.
    """
    if psu is None:
        return None, row_stratum
    codes = encode(column(frame, psu))
    refuse_missing(codes.codes < 0, psu)
    unit, cells = compact(parent * len(codes.levels) + codes.codes)
    unit_stratum = np.empty(cells.size, dtype=np.int64)
    unit_stratum[unit] = row_stratum
    split = unit_stratum[unit] != row_stratum
    if split.any():
        raise AnalysisError(
            "ANA-PSU-STRATA",
            _("{count} units of a later stage occur in more than one of its strata.").format(
                count=np.unique(unit[split]).size
            ),
            hint=_("Correct the labels of the units or of the strata of that stage."),
            row=int(np.flatnonzero(split)[0]) + 1,
            column=psu,
        )
    return unit, unit_stratum


def with_fpc(frame: "pd.DataFrame", stage: Stage, fpc: str | None, *, by_unit: bool) -> Stage:
    """Add population sizes, or probabilities, to a stage.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    stage : Stage
        A stage without them.
    fpc : str or None
        Column of sizes, or of fractions where all are at most 1. None: drawn with replacement.
    by_unit : bool
        Fractions are the inclusion probabilities of units and may differ within a stratum.

    Returns
    -------
    Stage
        The stage with its population.

    Raises
    ------
    AnalysisError
        A value is missing, not above zero, differs where it may not, or is smaller than the sample.
    """
    if fpc is None:
        return stage
    values = numbers(column(frame, fpc))
    refuse_missing(np.isnan(values), fpc)
    if values.min() <= 0:
        raise _fpc_error("ANA-FPC-SMALL", _("The fpc must be above zero."), values <= 0, fpc)
    if by_unit and values.max() <= 1:
        return _with_probabilities(stage, values, fpc)
    by_stratum, varies = np.empty(stage.strata), np.zeros(values.size, dtype=bool)
    blocks = [slice(first, first + BLOCK) for first in range(0, values.size, BLOCK)]
    stratum_of = _rows_stratum(stage)
    for rows in blocks:
        by_stratum[stratum_of(rows)] = values[rows]
    for rows in blocks:
        varies[rows] = by_stratum[stratum_of(rows)] != values[rows]
    if varies.any():
        raise _fpc_error("ANA-FPC-VARIES", _("The fpc differs within a stratum."), varies, fpc)
    population = stage.sampled / by_stratum if values.max() <= 1 else by_stratum
    small = population < stage.sampled
    if small.any():
        text = _("The fpc is smaller than the number of PSUs drawn in {count} strata.").format(
            count=int(small.sum())
        )
        raise _fpc_error("ANA-FPC-SMALL", text, small[stage.row_stratum()], fpc)
    return replace(stage, population=population)


def _rows_stratum(stage: Stage) -> "Callable[[slice], IntArray]":
    """Strata of some rows at a time, never of all."""
    unit = stage.unit
    return stage.stratum.__getitem__ if unit is None else lambda rows: stage.stratum[unit[rows]]


def _with_probabilities(stage: Stage, values: FloatArray, fpc: str) -> Stage:
    unit = stage.row_unit()
    probability = np.empty(stage.units)
    probability[unit] = values
    varies = np.abs(probability[unit] - values) > ALIKE * values
    if varies.any():
        raise _fpc_error("ANA-FPC-VARIES", _("The fpc differs within a unit."), varies, fpc)
    population = sum_by(stage.stratum, 1.0 / probability, stage.strata)
    return replace(stage, population=population, probability=probability)


def _fpc_error(code: str, text: str, rows: BoolArray, column_name: str) -> AnalysisError:
    return AnalysisError(
        code,
        text,
        hint=_("Give the number of units in each stratum of the population, or the sampled fraction."),
        row=int(np.flatnonzero(rows)[0]) + 1,
        column=column_name,
    )


def refuse_missing(missing: BoolArray, name: str) -> None:
    """Refuse missing values in a design column.

    Parameters
    ----------
    missing : BoolArray
        (rows,) True where the value is missing.
    name : str
        The column.

    Raises
    ------
    AnalysisError
        Some value is missing.
    """
    count = int(np.count_nonzero(missing))
    if count:
        raise AnalysisError(
            "ANA-DESIGN-MISSING",
            _("{count:,} rows have no value in a design column.").format(count=count),
            hint=_("Every row needs its weight, stratum, PSU and fpc; remove or complete those rows."),
            row=int(np.flatnonzero(missing)[0]) + 1,
            column=name,
        )
