"""A design in words and numbers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.arrays import DesignArrays, FloatArray
from analysis.lazy import LazyModule
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["DesignDescription", "describe_arrays", "kish_deff"]


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
        return pd.DataFrame({"item": list(items), "value": list(items.values())})

    def __repr__(self) -> str:
        return (
            f"<DesignDescription: {self.rows:,} rows, {self.psus:,} PSUs, {self.strata:,} strata, "
            f"sum of weights {self.population:,.1f}, Kish deff {self.deff_kish:.3f}>"
        )

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id="hyohon-design")


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
    )
