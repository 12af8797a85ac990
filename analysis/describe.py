"""A design in words and numbers."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.arrays import DesignArrays, FloatArray, sum_by
from analysis.lazy import LazyModule
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["DesignDescription", "describe_arrays", "kish_deff"]

SHOWN_STRATA: Final = 100
"""Strata that a notebook shows; `DesignDescription.strata_table` has all."""


def kish_deff(weights: FloatArray) -> float:
    """Kish's design effect of unequal weights: n sum(w^2) / (sum w)^2 = 1 + CV^2.

    Parameters
    ----------
    weights : FloatArray
        (rows,) weights, not negative, not all zero. Rows with weight 0 do not count.

    Returns
    -------
    float
        1 for equal weights; 1.2 says that means lose about a sixth of the sample's worth.

    Raises
    ------
    AnalysisError
        A weight is negative or missing, or all are zero.

    References
    ----------
    Kish, L. (1992). Weighting for unequal P_i. Journal of Official Statistics 8, 183-200.

    Examples
    --------
    >>> round(kish_deff(np.array([1.0, 1.0, 2.0])), 3)
    1.125
    """
    values = np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(values).all() and values.min(initial=0) >= 0 and values.sum() > 0):
        raise AnalysisError(
            "ANA-WEIGHT-SUM",
            _("The weights must be at least zero, and not all zero."),
            hint=_("Check the weight column."),
        )
    used = values[values > 0]
    return float(used.size * (used @ used) / used.sum() ** 2)


@dataclass(frozen=True, slots=True)
class DesignDescription:
    """Counts and weights of a design.

    Attributes
    ----------
    rows, psus, strata, df : int
        Rows, units drawn, strata, degrees of freedom.
    single_psu_strata : int
        Strata with one unit that was not taken with certainty.
    population : float
        Sum of the weights, the estimated number of persons.
    with_fpc : bool
        Whether a finite population correction is made.
    weight_min, weight_max : float
        Range of the weights.
    deff_kish : float
        Design effect of unequal weights.
    later_units : tuple of int
        Units drawn at the second and later stages.
    unequal : bool
        Whether units were drawn with unequal probabilities.
    phases : int
        1, or 2 where a second phase was drawn from a first.
    strata_table : pandas.DataFrame
        One row a stratum: stratum, psus (drawn), population (units there are; NaN where unknown), rows,
        weight_sum, weight_min, weight_max of its rows.
    """

    rows: int
    psus: int
    strata: int
    df: int
    single_psu_strata: int
    population: float
    with_fpc: bool
    weight_min: float
    weight_max: float
    deff_kish: float
    later_units: tuple[int, ...] = ()
    unequal: bool = False
    phases: int = 1
    strata_table: "pd.DataFrame" = field(default_factory=lambda: pd.DataFrame(), repr=False, compare=False)

    def tidy(self) -> "pd.DataFrame":
        """One row a fact.

        Returns
        -------
        pandas.DataFrame
            Columns item, value (text).
        """
        items = {
            _("rows"): f"{self.rows:,}",
            _("PSUs"): f"{self.psus:,}",
            _("strata"): f"{self.strata:,}",
            _("degrees of freedom"): f"{self.df:,}",
            _("strata with one PSU"): f"{self.single_psu_strata:,}",
            _("sum of weights"): f"{self.population:,.1f}",
            _("finite population correction"): _("yes") if self.with_fpc else _("no"),
            _("smallest weight"): f"{self.weight_min:,.4f}",
            _("largest weight"): f"{self.weight_max:,.4f}",
            _("design effect of the weights (Kish)"): f"{self.deff_kish:.4f}",
        }
        for level, units in enumerate(self.later_units, start=2):
            items[_("units of stage {level}").format(level=level)] = f"{units:,}"
        if self.unequal:
            items[_("unequal probabilities")] = _("yes")
        if self.phases > 1:
            items[_("phases")] = str(self.phases)
        return pd.DataFrame({"item": list(items), "value": list(items.values())})

    def __repr__(self) -> str:
        return (
            f"<DesignDescription: {self.rows:,} rows, {self.psus:,} PSUs, {self.strata:,} strata, "
            f"sum of weights {self.population:,.1f}, Kish deff {self.deff_kish:.3f}>"
        )

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        tables = [table_html(self.tidy(), table_id="hyohon-design")]
        if self.strata > 1:
            shown = self.strata_table.head(SHOWN_STRATA)
            tables.append(table_html(shown, table_id="hyohon-design-strata", decimals=2))
        return "\n".join(tables)


def describe_arrays(arrays: DesignArrays) -> DesignDescription:
    """Summarise a design.

    Parameters
    ----------
    arrays : DesignArrays
        The design.

    Returns
    -------
    DesignDescription
        Its counts and weights.
    """
    stage, weights = arrays.first, arrays.weights
    return DesignDescription(
        rows=arrays.rows,
        psus=stage.units,
        strata=stage.strata,
        df=arrays.df,
        single_psu_strata=int(stage.lonely.sum()),
        population=float(weights.sum()),
        with_fpc=bool(np.isfinite(stage.population).any()),
        weight_min=float(weights.min()),
        weight_max=float(weights.max()),
        deff_kish=kish_deff(weights),
        later_units=tuple(later.units for later in arrays.stages[1:]),
        unequal=stage.probability is not None,
        phases=2 if arrays.phases else 1,
        strata_table=_strata_table(arrays),
    )


def _strata_table(arrays: DesignArrays) -> "pd.DataFrame":
    stage, weights, stratum = arrays.first, arrays.weights, arrays.first.row_stratum()
    low, high = np.full(stage.strata, np.inf), np.full(stage.strata, -np.inf)
    np.minimum.at(low, stratum, weights)
    np.maximum.at(high, stratum, weights)
    rows = np.bincount(stratum, minlength=stage.strata)
    columns = {
        "stratum": [str(label) for label in stage.labels],
        "psus": stage.sampled.astype(np.int64),
        "population": np.where(np.isfinite(stage.population), stage.population, np.nan),
        "rows": rows,
        "weight_sum": sum_by(stratum, weights, stage.strata),
        "weight_min": np.where(rows > 0, low, np.nan),
        "weight_max": np.where(rows > 0, high, np.nan),
    }
    return pd.DataFrame(columns)
