"""From the columns of a table to the arrays of a design, with every check at the door."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray, IntArray, Joint, LonelyPsu, Stage, compact
from analysis.columns import Codes, column, encode, numbers
from analysis.lonely import lonely_error
from analysis.stages import later_stage, refuse_missing, with_fpc
from analysis.unequal import PairVariance, Pps, joint_stage, no_probabilities
from analysis.variance import Domains, degrees_of_freedom, rows_in
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DesignColumns", "assemble", "build_arrays", "restrict", "reweight"]


@dataclass(frozen=True, slots=True)
class DesignColumns:
    """The columns that describe a design.

    Attributes
    ----------
    weights : str or None
        Sampling weights.
    strata : tuple of (str or None)
        (stages,) strata of each stage.
    psu : tuple of (str or None)
        (stages,) units of each stage; None for the row.
    fpc : tuple of (str or None)
        (stages,) population sizes or fractions.
    nest : bool
        PSU labels repeat across strata.
    pps : str, matrix or None
        How units with unequal probabilities were drawn.
    variance : {"HT", "YG"}
        Estimator for pairs of units.
    """

    weights: str | None
    strata: tuple[str | None, ...]
    psu: tuple[str | None, ...]
    fpc: tuple[str | None, ...]
    nest: bool = False
    pps: Pps = None
    variance: PairVariance = "HT"


def build_arrays(frame: "pd.DataFrame", names: DesignColumns, lonely_psu: LonelyPsu) -> DesignArrays:
    """Read the design columns of a table and check them.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    names : DesignColumns
        Column names.
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
    stages: list[Stage] = []
    for level in range(len(names.psu)):
        stages.append(_first(frame, names) if level == 0 else later_stage(frame, names, stages, level))
    joint = None
    if isinstance(names.pps, str) and names.pps == "brewer":
        if stages[0].probability is None:
            raise no_probabilities()
    elif names.pps is not None:
        stages[0], joint = joint_stage(stages[0], names.pps, names.variance, _unit_names(frame, names.psu[0]))
    row_weights = _weights(frame, names, stages)
    for level, stage in enumerate(stages):
        if lonely_psu == "fail" and stage.lonely.any() and (level or joint is None):
            raise lonely_error(stage, level + 1)
    return assemble(row_weights, tuple(stages), lonely_psu, joint)


def _first(frame: "pd.DataFrame", names: DesignColumns) -> Stage:
    stratum = design_levels(frame, names.strata[0])
    unit, unit_stratum = first_units(frame, names.psu[0], stratum, names.nest)
    sampled = np.bincount(unit_stratum, minlength=len(stratum.levels)).astype(np.float64)
    single_row = unit is None or unit_stratum.size == len(frame)
    open_end = np.full(sampled.size, np.inf)
    stage = Stage(unit, unit_stratum, sampled, open_end, single_row, stratum.levels)
    return with_fpc(frame, stage, names.fpc[0], by_unit=names.pps is not None)


def _unit_names(frame: "pd.DataFrame", psu: str | None) -> "pd.Series[Any] | None":
    return None if psu is None else column(frame, psu)


def assemble(
    weights: FloatArray, stages: tuple[Stage, ...], lonely_psu: LonelyPsu, joint: Joint | None = None
) -> DesignArrays:
    """Put checked parts together and count degrees of freedom.

    Parameters
    ----------
    weights : FloatArray
        (rows,).
    stages : tuple of Stage
        The stages, the first one first.
    lonely_psu : LonelyPsu
        Rule for strata with one unit.
    joint : Joint or None
        Variance of the first stage by pairs of units.

    Returns
    -------
    DesignArrays
        The design.
    """
    used = None if weights.min(initial=1.0) > 0 else weights > 0
    domains = Domains(None, 1, weights.size)
    counts = rows_in(domains, used, stages[0])
    df = degrees_of_freedom(used, domains, stages[0], counts)
    return DesignArrays(weights, stages, lonely_psu, used is None, int(counts[0]), int(df[0]), joint)


def reweight(arrays: DesignArrays, weights: FloatArray) -> DesignArrays:
    """Put other weights on a design, everything else as drawn.

    Parameters
    ----------
    arrays : DesignArrays
        The design.
    weights : FloatArray
        (rows,) not negative.

    Returns
    -------
    DesignArrays
        The design with these weights.
    """
    other = assemble(weights, arrays.stages, arrays.lonely_psu, arrays.joint)
    return replace(other, phases=arrays.phases)


def restrict(arrays: DesignArrays, mask: BoolArray) -> DesignArrays:
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
    stages = tuple(stage.keep(mask) for stage in arrays.stages)
    phases = tuple(part.keep(mask) for part in arrays.phases)
    return reweight(replace(arrays, stages=stages, phases=phases), arrays.weights[mask])


def design_levels(frame: "pd.DataFrame", name: str | None) -> Codes:
    if name is None:
        return Codes(np.zeros(len(frame), dtype=np.int64), ("",))
    codes = encode(column(frame, name))
    refuse_missing(codes.codes < 0, name)
    return codes


def first_units(
    frame: "pd.DataFrame", psu: str | None, stratum: Codes, nest: bool
) -> tuple[IntArray | None, IntArray]:
    """Number the units and find the stratum of each."""
    if psu is None:
        return None, stratum.codes
    labels = design_levels(frame, psu)
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


def _weights(frame: "pd.DataFrame", names: DesignColumns, stages: Sequence[Stage]) -> FloatArray:
    if names.weights is None:
        return weights_of_stages(names, stages)
    name = names.weights
    values = numbers(column(frame, name))
    refuse_missing(np.isnan(values), name)
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


def weights_of_stages(names: DesignColumns, stages: Sequence[Stage]) -> FloatArray:
    chance = np.ones(1)
    for stage in stages:
        if not stage.taken.all():
            raise AnalysisError(
                "ANA-NO-WEIGHT",
                _("The design has neither weights nor an fpc for every stage."),
                hint=_("Name a weight column; for equal weights make a column of ones."),
            )
        chance = chance * stage.taken[stage.row_unit()]
    return np.asarray(1.0 / chance)
