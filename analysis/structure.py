"""From the columns of a table to the arrays of a design, with every check at the door."""

from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.arrays import DesignArrays, FloatArray, IntArray, LonelyPsu, Stage, compact
from analysis.columns import Codes, column, encode, numbers
from analysis.variance import Domains, degrees_of_freedom, lonely_error
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["assemble", "build_arrays", "restrict"]


def build_arrays(
    frame: "pd.DataFrame",
    *,
    weights: str | None,
    strata: str | None,
    psu: str | None,
    fpc: str | None,
    nest: bool,
    lonely_psu: LonelyPsu,
) -> DesignArrays:
    """Read the design columns of a table and check them.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    weights, strata, psu, fpc : str or None
        Column names.
    nest : bool
        PSU labels repeat across strata.
    lonely_psu : LonelyPsu
        Rule for strata with one unit.

    Returns
    -------
    DesignArrays
        Checked arrays.

    Raises
    ------
    AnalysisError
        A value is missing, negative, or contradicts the design.
    """
    stratum = _levels(frame, strata)
    unit, unit_stratum = _units(frame, psu, stratum, nest)
    sampled = np.bincount(unit_stratum, minlength=len(stratum.levels)).astype(np.float64)
    population = _population(frame, fpc, stratum, sampled)
    single_row = unit is None or unit_stratum.size == len(frame)
    stage = Stage(unit, unit_stratum, sampled, population, single_row, stratum.levels)
    row_weights = _weights(frame, weights, fpc, stage)
    if lonely_psu == "fail" and stage.lonely.any():
        raise lonely_error(stage)
    return assemble(row_weights, stage, lonely_psu)


def assemble(weights: FloatArray, stage: Stage, lonely_psu: LonelyPsu) -> DesignArrays:
    """Put checked parts together and count degrees of freedom.

    Parameters
    ----------
    weights : FloatArray
        (rows,).
    stage : Stage
        The first stage.
    lonely_psu : LonelyPsu
        Rule for strata with one unit.

    Returns
    -------
    DesignArrays
        The design.
    """
    used = None if weights.min(initial=1.0) > 0 else weights > 0
    domains = Domains(None, 1, weights.size)
    counts = domains.counts(used)
    df = degrees_of_freedom(used, domains, stage, counts)
    return DesignArrays(weights, (stage,), lonely_psu, used is None, int(counts[0]), int(df[0]))


def restrict(arrays: DesignArrays, mask: "np.ndarray[Any, np.dtype[np.bool_]]") -> DesignArrays:
    """Restrict a design to a domain: fewer rows, the same strata and units as drawn.

    Parameters
    ----------
    arrays : DesignArrays
        The design.
    mask : BoolArray
        (rows,) True for rows of the domain.

    Returns
    -------
    DesignArrays
        The design over the domain's rows.
    """
    return assemble(arrays.weights[mask], arrays.first.keep(mask), arrays.lonely_psu)


def _levels(frame: "pd.DataFrame", name: str | None) -> Codes:
    if name is None:
        return Codes(np.zeros(len(frame), dtype=np.int64), ("",))
    codes = encode(column(frame, name))
    _refuse_missing(codes.codes < 0, name)
    return codes


def _refuse_missing(missing: "np.ndarray[Any, np.dtype[np.bool_]]", name: str) -> None:
    count = int(np.count_nonzero(missing))
    if count:
        raise AnalysisError(
            "ANA-DESIGN-MISSING",
            _("{count:,} rows have no value in a design column.").format(count=count),
            hint=_("Every row needs its weight, stratum, PSU and fpc; remove or complete those rows."),
            row=int(np.flatnonzero(missing)[0]) + 1,
            column=name,
        )


def _units(
    frame: "pd.DataFrame", psu: str | None, stratum: Codes, nest: bool
) -> tuple[IntArray | None, IntArray]:
    """Number the units and find the stratum of each."""
    if psu is None:
        return None, stratum.codes
    labels = _levels(frame, psu)
    unit, count = labels.codes, len(labels.levels)
    if nest:
        unit, cells = compact(stratum.codes * count + unit)
        return unit, (cells // count).astype(np.int64)
    unit_stratum = np.empty(count, dtype=np.int64)
    unit_stratum[unit] = stratum.codes
    split = unit_stratum[unit] != stratum.codes
    if split.any():
        raise AnalysisError(
            "ANA-PSU-STRATA",
            _("{count} PSUs occur in more than one stratum.").format(count=np.unique(unit[split]).size),
            hint=_("If PSU labels repeat across strata, say nest=True; otherwise correct the labels."),
            row=int(np.flatnonzero(split)[0]) + 1,
            column=psu,
        )
    return unit, unit_stratum


def _population(frame: "pd.DataFrame", fpc: str | None, stratum: Codes, sampled: FloatArray) -> FloatArray:
    """Population units of each stratum: sizes, or fractions where all are at most 1."""
    if fpc is None:
        return np.full(sampled.size, np.inf)
    values = numbers(column(frame, fpc))
    _refuse_missing(np.isnan(values), fpc)
    by_stratum = np.empty(sampled.size)
    by_stratum[stratum.codes] = values
    varies = by_stratum[stratum.codes] != values
    if varies.any():
        raise _fpc_error("ANA-FPC-VARIES", _("The fpc differs within a stratum."), varies, fpc)
    if values.min() <= 0:
        raise _fpc_error("ANA-FPC-SMALL", _("The fpc must be above zero."), values <= 0, fpc)
    population = sampled / by_stratum if values.max() <= 1 else by_stratum
    small = population < sampled
    if small.any():
        text = _("The fpc is smaller than the number of PSUs drawn in {count} strata.").format(
            count=int(small.sum())
        )
        raise _fpc_error("ANA-FPC-SMALL", text, small[stratum.codes], fpc)
    return population


def _fpc_error(
    code: str, text: str, rows: "np.ndarray[Any, np.dtype[np.bool_]]", column_name: str
) -> AnalysisError:
    return AnalysisError(
        code,
        text,
        hint=_("Give the number of units in each stratum of the population, or the sampled fraction."),
        row=int(np.flatnonzero(rows)[0]) + 1,
        column=column_name,
    )


def _weights(frame: "pd.DataFrame", name: str | None, fpc: str | None, stage: Stage) -> FloatArray:
    if name is None:
        if fpc is None:
            raise AnalysisError(
                "ANA-NO-WEIGHT",
                _("The design has neither weights nor fpc."),
                hint=_("Name a weight column; for equal weights make a column of ones."),
            )
        return (stage.population / stage.sampled)[stage.row_stratum()]
    values = numbers(column(frame, name))
    _refuse_missing(np.isnan(values), name)
    if values.min() < 0:
        raise AnalysisError(
            "ANA-WEIGHT-NEGATIVE",
            _("{count:,} weights are negative.").format(count=int(np.count_nonzero(values < 0))),
            hint=_("Weights are at least zero."),
            row=int(np.flatnonzero(values < 0)[0]) + 1,
            column=name,
        )
    if not np.isfinite(values.sum()) or values.max() == 0:
        raise AnalysisError(
            "ANA-WEIGHT-SUM",
            _("The weights sum to zero or are infinite."),
            hint=_("Check the weight column."),
            column=name,
        )
    return values
