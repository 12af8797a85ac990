"""Taylor variance: weighted influence values, summed per unit, spread within strata.

For estimates with influence values u (one per row, term and domain) the covariance under stratified sampling
of units is the sum over strata h of ``(1 - n_h/N_h) n_h/(n_h - 1) sum_i (z_hi - mean z_h)(z_hi - mean z_h)'``
with z_hi the sum of u over unit i. Units without a row in a domain count as zeros, which makes domains right.

Two ways lead there. Clustered designs sum rows to units x domains by one `numpy.bincount`. In element
sampling, where a unit is one row and so lies in one domain only, the same sum splits into a part within
stratum x domain and a part between, and nothing of size units x domains is ever held.

Later stages add their own sum, strata being the units (and strata) they lie in, times the share of units
drawn before: V = V1 + f1 V2 + f1 f2 V3. Units drawn with unequal probabilities put ``1 - pi_i`` in the place
of ``1 - n_h/N_h`` (Brewer), or bring a matrix over pairs of units.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from analysis.arrays import (
    BoolArray,
    DesignArrays,
    FloatArray,
    IntArray,
    Joint,
    LonelyPsu,
    Stage,
    count_by,
    sum_by,
)
from analysis.domains import Domains, cell_count, counts_of_cells, row_cells, sums_of_cells, to_units
from analysis.lonely import with_lonely_rule
from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["Domains", "degrees_of_freedom", "rows_in", "stratum_scale", "variance_of_sums"]

MOST_ESTIMATES: Final = 5_000
"""Their covariance matrix takes 200 MB."""
ROUNDING: Final = 1e-13
"""A sum of positive and negative terms is zero below this share of their sizes."""


def variance_of_sums(influence: Sequence[FloatArray], domains: Domains, arrays: DesignArrays) -> FloatArray:
    """Covariance of weighted sums over all domains and terms.

    Parameters
    ----------
    influence : sequence of FloatArray
        One (rows,) array a term: weight times influence value; 0 in rows that are not used.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    FloatArray
        (domains x terms, domains x terms), symmetric; domain first, then term.

    Raises
    ------
    AnalysisError
        More than 5,000 estimates at once; or a stratum has a lonely unit and the rule is ``"fail"``, or every
        stratum is lonely under ``"average"``.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer,
    chapters 4 (clusters and stages), 5 (linearisation) and 9 (two phases).
    Brewer, K.R.W. (2002). Combined Survey Sampling Inference. Arnold, chapter 9.
    """
    if domains.count * len(influence) > MOST_ESTIMATES:
        raise _too_many(domains.count * len(influence))
    if arrays.phases:
        return _phase_variance(influence, domains, arrays)
    rule = arrays.lonely_psu
    result = (
        _stage_variance(influence, domains, arrays.first, rule)
        if arrays.joint is None
        else _joint_variance(influence, domains, arrays.first, arrays.joint)
    )
    for stage in arrays.stages[1:]:
        if stage.factor is None or stage.factor.any():
            result = result + _stage_variance(influence, domains, stage, rule)
    return result


def _stage_variance(
    influence: Sequence[FloatArray], domains: Domains, stage: Stage, rule: LonelyPsu
) -> FloatArray:
    by_row = stage.single_row and stage.probability is None
    parts = _element_parts if by_row else _cluster_parts
    within, totals, grand = parts(influence, domains, stage)
    return with_lonely_rule(within, totals, grand, stage, rule)


def _joint_variance(
    influence: Sequence[FloatArray], domains: Domains, stage: Stage, joint: Joint
) -> FloatArray:
    totals = _unit_totals(influence, domains, stage)
    result: FloatArray = totals.T @ (joint.form @ totals)
    size = np.abs(totals)
    return _settled(
        (result + result.T) / 2, np.einsum("ia,ij,ja->a", size, np.abs(joint.form), size, optimize=True)
    )


def _phase_variance(influence: Sequence[FloatArray], domains: Domains, arrays: DesignArrays) -> FloatArray:
    size = domains.count * len(influence)
    result, terms = np.zeros((size, size)), np.zeros(size)
    for part in arrays.phases:
        sums = _cell_sums(influence, domains, part.cell, part.weight.size)
        result += sums.T @ (sums * part.weight[:, None])
        terms += np.abs(part.weight) @ sums**2
    return _settled(result, terms)


def _settled(result: FloatArray, terms: FloatArray) -> FloatArray:
    """Call variances zero that are so within rounding of the terms that cancelled; others may be negative."""
    zero = np.abs(np.diag(result)) <= ROUNDING * terms
    result[zero, :] = result[:, zero] = 0.0
    return result


def _too_many(count: int) -> AnalysisError:
    return AnalysisError(
        "ANA-SIZE",
        _("One call asks for {count:,} estimates; with all their covariances {most:,} are the most.").format(
            count=count, most=MOST_ESTIMATES
        ),
        hint=_("Split the call by variable, or take fewer domains."),
    )


def stratum_scale(stage: Stage) -> FloatArray:
    """Factor (1 - n/N) n/(n - 1) of each stratum, times the shares drawn before; 0 for one unit alone.

    Parameters
    ----------
    stage : Stage
        A stage.

    Returns
    -------
    FloatArray
        (strata,).
    """
    return stage.open_share * _spread_factor(stage)


def _spread_factor(stage: Stage) -> FloatArray:
    """Factor n/(n - 1) of each stratum, times the shares drawn before; 0 for one unit alone."""
    n = stage.sampled
    factor = np.where(n > 1, n / np.maximum(n - 1.0, 1.0), 0.0)
    return factor if stage.factor is None else factor * stage.factor


def _unit_totals(influence: Sequence[FloatArray], domains: Domains, stage: Stage) -> FloatArray:
    """Sum rows to (units, domains x terms)."""
    return _cell_sums(influence, domains, stage.row_unit(), stage.units)


def _cell_sums(influence: Sequence[FloatArray], domains: Domains, groups: IntArray, count: int) -> FloatArray:
    at = range(len(influence))  # by place: an array made on demand is gone before the next one
    table = [to_units(sums_of_cells(groups, domains, count, influence[j]), domains) for j in at]
    return np.stack(table, axis=2).reshape(count, -1)


def _cluster_parts(
    influence: Sequence[FloatArray], domains: Domains, stage: Stage
) -> tuple[FloatArray, FloatArray, FloatArray]:
    totals = _unit_totals(influence, domains, stage)
    by_stratum = np.stack([sum_by(stage.stratum, z, stage.strata) for z in totals.T], axis=1)
    centred = totals - (by_stratum / stage.sampled[:, None])[stage.stratum]
    centred *= np.sqrt(_unit_scale(stage))[:, None]
    grand: FloatArray = totals.sum(axis=0) / stage.units
    return centred.T @ centred, by_stratum, grand


def _unit_scale(stage: Stage) -> FloatArray:
    """(units,) what the square of each unit's deviation counts."""
    if stage.probability is None:
        return stratum_scale(stage)[stage.stratum]
    return (1.0 - stage.probability) * _spread_factor(stage)[stage.stratum]


def _element_parts(
    influence: Sequence[FloatArray], domains: Domains, stage: Stage
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Within plus between stratum x domain: T T' (n - m)/(m n) keeps full precision where m = n.

    With m rows of a stratum in a domain and T their sum, the sum of squares around the stratum's mean over
    all n units is (squares around T/m) + T^2/m - T^2/n within a domain, and -T_d T_e/n between two domains.
    """
    row_stratum = stage.row_stratum()
    cell = row_cells(row_stratum, domains)
    size = cell_count(domains, stage.strata)
    copies = stage.copies
    rows = count_by(cell, size).astype(np.float64) if copies is None else sum_by(cell, copies, size)
    sums = np.stack([sum_by(cell, u, size) for u in influence])
    means = sums / np.maximum(rows, 1.0)
    scale = stratum_scale(stage)
    root = np.sqrt(scale)[row_stratum]
    if copies is None:
        deviations = [(u - mean[cell]) * root for u, mean in zip(influence, means, strict=True)]
    else:
        root = root / np.sqrt(np.maximum(copies, 1.0))
        deviations = [(u - copies * mean[cell]) * root for u, mean in zip(influence, means, strict=True)]
    totals = np.stack([to_units(t, domains) for t in sums], axis=2)
    result = _between(totals, to_units(rows, domains), scale, stage.sampled)
    _add_within(result, deviations, domains)
    by_stratum = totals.reshape(stage.strata, -1)
    grand: FloatArray = by_stratum.sum(axis=0) / stage.sampled.sum()
    return result, by_stratum, grand


def _between(totals: FloatArray, rows: FloatArray, scale: FloatArray, sampled: FloatArray) -> FloatArray:
    strata, count, terms = totals.shape
    flat = totals.reshape(strata, -1)
    result: FloatArray = -(flat * (scale / sampled)[:, None]).T @ flat
    inner = scale[:, None] * (sampled[:, None] - rows) / np.maximum(rows * sampled[:, None], 1.0)
    blocks = np.einsum("hda,hd,hdb->dab", totals, inner, totals, optimize=True)
    for d in range(count):
        block = slice(d * terms, (d + 1) * terms)
        result[block, block] = blocks[d]
    return result


def _add_within(result: FloatArray, deviations: Sequence[FloatArray], domains: Domains) -> None:
    """Add squares and products of deviations to the block of each domain, in place."""
    terms = len(deviations)
    if terms == 1:
        squares = deviations[0] * deviations[0]
        result[np.diag_indices_from(result)] += domains.sums(squares)
        return
    table = np.stack(deviations, axis=1)
    if domains.codes is None:
        result += table.T @ table
        return
    order = np.argsort(domains.codes, kind="stable")
    edges = np.searchsorted(domains.codes[order], np.arange(domains.count + 1))
    table = table[order]
    for d in range(domains.count):
        rows = table[edges[d] : edges[d + 1]]
        block = slice(d * terms, (d + 1) * terms)
        result[block, block] += rows.T @ rows


def rows_in(domains: Domains, used: BoolArray | None, stage: Stage) -> IntArray:
    """Count the rows of the data by domain, cells of rows by the rows they stand for.

    Parameters
    ----------
    domains : Domains
        Groups of rows.
    used : BoolArray or None
        (rows,) rows that count; None: all.
    stage : Stage
        The first stage.

    Returns
    -------
    IntArray
        (domains,).
    """
    if stage.copies is None:
        return domains.counts(used)
    copies = stage.copies if used is None else stage.copies * used
    return np.rint(domains.sums(copies)).astype(np.int64)


def degrees_of_freedom(used: BoolArray | None, domains: Domains, stage: Stage, counts: IntArray) -> IntArray:
    """Units minus strata among the rows of each domain, as R's ``degf`` of a subset.

    Parameters
    ----------
    used : BoolArray or None
        (rows,) rows that count; None: all.
    domains : Domains
        Groups of rows.
    stage : Stage
        The first stage.
    counts : IntArray
        (domains,) used rows of each domain.

    Returns
    -------
    IntArray
        (domains,).
    """
    groups = stage.row_stratum() if stage.single_row else stage.row_unit()
    size = cell_count(domains, stage.strata if stage.single_row else stage.units)
    table = to_units(counts_of_cells(groups, domains, size, used), domains) > 0
    if stage.single_row:
        return counts - _column_sums(table)
    unit, domain = np.nonzero(table)
    pairs = np.unique(stage.stratum[unit] * domains.count + domain)
    return _column_sums(table) - count_by(pairs % domains.count, domains.count)


def _column_sums(table: BoolArray) -> IntArray:
    sums: IntArray = table.sum(axis=0, dtype=np.int64)
    return sums
