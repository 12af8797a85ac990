"""Samples drawn in two phases: a sample, and a sample of it, by what the first one told.

With ``D1_ij = 1 - pi1_i pi1_j / pi1_ij`` of the first phase and D2 of the second, the variance of a sum of z,
the values over both probabilities, is ``z' (D1 + D2 - D1 D2) z`` over the rows of the second phase, products
taken element by element. In stratified (cluster) sampling D1 and D2 are constant over pairs in the same unit
and over pairs in the same stratum, so the form is a few sums over cells, never a matrix of rows x rows.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray, IntArray, Partition, Stage, compact
from analysis.columns import column, encode
from analysis.lonely import lonely_error
from analysis.stages import refuse_missing, split_units, with_fpc
from analysis.structure import assemble
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["second_phase"]


def second_phase(
    frame: "pd.DataFrame",
    arrays: DesignArrays,
    selected: BoolArray,
    strata: str | None,
    psu: str | None,
    fpc: str | None,
) -> DesignArrays:
    """Arrays of a sample drawn from the rows of another.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a member of the first phase.
    arrays : DesignArrays
        The first phase.
    selected : BoolArray
        (rows,) True for members of the second phase.
    strata, psu, fpc : str or None
        Columns of the second phase: its strata; its units, None for rows; its sampled fractions or numbers of
        units, None for the numbers that the first phase had.

    Returns
    -------
    DesignArrays
        The second phase, with the weights of both and the variance of both.

    Raises
    ------
    AnalysisError
        The first phase has several stages or unequal probabilities, or a stratum of the second has no unit,
        or one that was not taken with certainty.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer, chapter 9.
    """
    _check_first(arrays)
    first = arrays.first.keep(selected)
    second = _second_stage(frame, selected, strata, psu, fpc)
    for stage in (arrays.first, second):
        if stage.lonely.any():
            raise lonely_error(stage)
    chance = second.taken[second.row_unit()]
    both = assemble(arrays.weights[selected] / chance, (second,), arrays.lonely_psu)
    return replace(both, phases=_forms(first, second))


def _check_first(arrays: DesignArrays) -> None:
    later = [stage for stage in arrays.stages[1:] if stage.factor is None or stage.factor.any()]
    if later or arrays.joint is not None or arrays.first.probability is not None or arrays.phases:
        raise AnalysisError(
            "ANA-STAGES",
            _("The first of two phases must be one stage of stratified sampling of units."),
            hint=_("Describe the first phase by its first stage alone, without fpc."),
        )


def _second_stage(
    frame: "pd.DataFrame", selected: BoolArray, strata: str | None, psu: str | None, fpc: str | None
) -> Stage:
    """The second phase as a stage; without fpc its population is what the first phase had."""
    stratum, count = np.zeros(len(frame), dtype=np.int64), 1
    labels: tuple[object, ...] = ("",)
    if strata is not None:
        codes = encode(column(frame, strata))
        refuse_missing(codes.codes < 0, strata)
        stratum, count, labels = codes.codes, len(codes.levels), codes.levels
    unit, unit_stratum = split_units(frame, psu, np.zeros_like(stratum), stratum)
    units = np.arange(len(frame)) if unit is None else unit
    drawn = np.zeros(unit_stratum.size, dtype=np.bool_)
    drawn[units[selected]] = True
    _check_whole(drawn, units, selected, psu)
    sampled = np.bincount(unit_stratum[drawn], minlength=count).astype(np.float64)
    if not sampled.all():
        raise AnalysisError(
            "ANA-EMPTY",
            _("{count} strata of the second phase have nobody selected.").format(
                count=int((sampled == 0).sum())
            ),
            hint=_("Join them with other strata: their part of the first phase would be lost."),
            column=strata,
        )
    there = np.bincount(unit_stratum, minlength=count).astype(np.float64)
    number = (np.cumsum(drawn) - 1)[units[selected]]
    single = unit is None or int(drawn.sum()) == number.size
    stage = Stage(number, unit_stratum[drawn], sampled, there, single, labels)
    return stage if fpc is None else with_fpc(frame[selected], stage, fpc, by_unit=False)


def _check_whole(drawn: BoolArray, units: IntArray, selected: BoolArray, psu: str | None) -> None:
    partly = drawn[units] & ~selected
    if partly.any():
        raise AnalysisError(
            "ANA-PSU-PART",
            _("{count:,} rows lie in a unit of the second phase but were not selected.").format(
                count=int(partly.sum())
            ),
            hint=_("A unit is drawn whole; leave out psu where rows were drawn."),
            row=int(np.flatnonzero(partly)[0]) + 1,
            column=psu,
        )


def _forms(first: Stage, second: Stage) -> tuple[Partition, ...]:
    """The cells whose sums are squared: units, strata and where those of both phases meet."""
    unit1, own1, all1 = first.row_unit(), *_pair_weights(first)
    unit2, own2, all2 = second.row_unit(), *_pair_weights(second)
    stratum1, stratum2 = first.row_stratum(), second.row_stratum()
    sides1 = ((unit1, own1[stratum1]), (stratum1, all1[stratum1]))
    sides2 = ((unit2, own2[stratum2]), (stratum2, all2[stratum2]))
    forms = [_partition(cell, weight) for cell, weight in (*sides1, *sides2)]
    forms += [
        _partition(_meet(cell1, cell2), -weight1 * weight2)
        for cell1, weight1 in sides1
        for cell2, weight2 in sides2
    ]
    return tuple(forms)


def _pair_weights(stage: Stage) -> tuple[FloatArray, FloatArray]:
    """D of two rows in one unit, beyond that of two rows in one stratum; and the latter, by stratum."""
    share = stage.open_share
    apart = np.where(stage.sampled > 1, -share / np.maximum(stage.sampled - 1.0, 1.0), 0.0)
    return share - apart, apart


def _meet(left: IntArray, right: IntArray) -> IntArray:
    return compact(left * (int(right.max()) + 1) + right)[0]


def _partition(cell: IntArray, row_weight: FloatArray) -> Partition:
    number, cells = compact(cell)
    weight = np.empty(cells.size)
    weight[number] = row_weight
    return Partition(number, weight)
