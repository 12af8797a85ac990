"""Taylor variance: weighted influence values, summed per unit, spread within strata.

For estimates with influence values u (one per row, term and domain) the covariance under stratified sampling
of units is the sum over strata h of ``(1 - n_h/N_h) n_h/(n_h - 1) sum_i (z_hi - mean z_h)(z_hi - mean z_h)'``
with z_hi the sum of u over unit i. Units without a row in a domain count as zeros, which makes domains right.

Two ways lead there. Clustered designs sum rows to units x domains by one `numpy.bincount`. In element
sampling, where a unit is one row and so lies in one domain only, the same sum splits into a part within
stratum x domain and a part between, and nothing of size units x domains is ever held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis.arrays import BoolArray, DesignArrays, FloatArray, IntArray, LonelyPsu, Stage, count_by, sum_by
from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["Domains", "degrees_of_freedom", "lonely_error", "stratum_scale", "variance_of_sums"]

MOST_ESTIMATES: Final = 5_000
"""Their covariance matrix takes 200 MB."""
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
    chapters 4 (clusters) and 5 (linearisation).
    """
    stage = arrays.first
    if domains.count * len(influence) > MOST_ESTIMATES:
        raise _too_many(domains.count * len(influence))
    if stage.single_row:
        within, totals, grand = _element_parts(influence, domains, stage)
    else:
        within, totals, grand = _cluster_parts(influence, domains, stage)
    return _with_lonely_rule(within, totals, grand, stage, arrays.lonely_psu)


def _too_many(count: int) -> AnalysisError:
    return AnalysisError(
        "ANA-SIZE",
        _("One call asks for {count:,} estimates; with all their covariances {most:,} are the most.").format(
            count=count, most=MOST_ESTIMATES
        ),
        hint=_("Split the call by variable, or take fewer domains."),
    )


def stratum_scale(stage: Stage) -> FloatArray:
    """Factor (1 - n/N) n/(n - 1) of each stratum; 0 for one unit alone.

    Parameters
    ----------
    stage : Stage
        A stage.

    Returns
    -------
    FloatArray
        (strata,).
    """
    n = stage.sampled
    return np.where(n > 1, stage.open_share * n / np.maximum(n - 1.0, 1.0), 0.0)


def _cluster_parts(
    influence: Sequence[FloatArray], domains: Domains, stage: Stage
) -> tuple[FloatArray, FloatArray, FloatArray]:
    cells = _row_cells(stage.row_unit(), domains)
    table = [_to_units(sum_by(cells, u, _cells(domains, stage.units)), domains) for u in influence]
    totals = np.stack(table, axis=2).reshape(stage.units, -1)
    by_stratum = np.stack([sum_by(stage.stratum, z, stage.strata) for z in totals.T], axis=1)
    centred = totals - (by_stratum / stage.sampled[:, None])[stage.stratum]
    centred *= np.sqrt(stratum_scale(stage))[stage.stratum][:, None]
    grand: FloatArray = totals.sum(axis=0) / stage.units
    return centred.T @ centred, by_stratum, grand


def _cells(domains: Domains, groups: int) -> int:
    """Count the cells group x domain, the domain of rows outside included."""
    return groups * (1 if domains.codes is None else domains.count + 1)


def _row_cells(groups: IntArray, domains: Domains) -> IntArray:
    """Number the cell group x domain of each row; the last domain column holds rows outside."""
    return groups if domains.codes is None else groups * (domains.count + 1) + domains.codes


def _to_units(sums: NDArray[Number], domains: Domains) -> NDArray[Number]:
    """Shape sums over cells as (groups, domains)."""
    width = 1 if domains.codes is None else domains.count + 1
    return sums.reshape(-1, width)[:, : domains.count]


def _element_parts(
    influence: Sequence[FloatArray], domains: Domains, stage: Stage
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Within plus between stratum x domain: T T' (n - m)/(m n) keeps full precision where m = n.

    With m rows of a stratum in a domain and T their sum, the sum of squares around the stratum's mean over
    all n units is (squares around T/m) + T^2/m - T^2/n within a domain, and -T_d T_e/n between two domains.
    """
    row_stratum = stage.row_stratum()
    cell = _row_cells(row_stratum, domains)
    size = _cells(domains, stage.strata)
    rows = count_by(cell, size).astype(np.float64)
    sums = np.stack([sum_by(cell, u, size) for u in influence])
    means = sums / np.maximum(rows, 1.0)
    scale = stratum_scale(stage)
    root = np.sqrt(scale)[row_stratum]
    deviations = [(u - mean[cell]) * root for u, mean in zip(influence, means, strict=True)]
    totals = np.stack([_to_units(t, domains) for t in sums], axis=2)
    result = _between(totals, _to_units(rows, domains), scale, stage.sampled)
    _add_within(result, deviations, domains)
    by_stratum = totals.reshape(stage.strata, -1)
    grand: FloatArray = by_stratum.sum(axis=0) / stage.units
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


def _with_lonely_rule(
    within: FloatArray, totals: FloatArray, grand: FloatArray, stage: Stage, rule: LonelyPsu
) -> FloatArray:
    """Apply the rule for strata with one unit.

    ``remove`` and ``certainty`` add nothing, ``adjust`` takes the deviation from the mean of all unit totals
    (as R survey 4.5; 4.1 took it from zero, which differs for totals), ``average`` gives such strata the mean
    variance of the others.
    """
    lonely = stage.lonely
    if not lonely.any() or rule in ("remove", "certainty"):
        return within
    if rule == "fail":
        raise lonely_error(stage)
    if rule == "adjust":
        apart = (totals[lonely] - grand) * np.sqrt(stage.open_share[lonely])[:, None]
        return within + apart.T @ apart
    if lonely.all():
        raise lonely_error(stage)
    return within * (stage.strata / (stage.strata - int(lonely.sum())))


def lonely_error(stage: Stage) -> AnalysisError:
    """Describe strata with one unit.

    Parameters
    ----------
    stage : Stage
        A stage with at least one lonely unit.

    Returns
    -------
    AnalysisError
        To be raised by the caller.
    """
    names = [str(stage.labels[h]) for h in np.flatnonzero(stage.lonely)]
    return AnalysisError(
        "ANA-LONELY",
        _("{count} strata have only one PSU, the first is {name}.").format(count=len(names), name=names[0]),
        hint=_("Join strata, or choose lonely_psu: adjust, average, remove or certainty."),
    )


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
    cells = _row_cells(groups, domains)
    size = _cells(domains, stage.strata if stage.single_row else stage.units)
    table = _to_units(count_by(cells if used is None else cells[used], size), domains) > 0
    if stage.single_row:
        return counts - _column_sums(table)
    unit, domain = np.nonzero(table)
    pairs = np.unique(stage.stratum[unit] * domains.count + domain)
    return _column_sums(table) - count_by(pairs % domains.count, domains.count)


def _column_sums(table: BoolArray) -> IntArray:
    sums: IntArray = table.sum(axis=0, dtype=np.int64)
    return sums
