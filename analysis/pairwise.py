"""All pairs of domains compared, with p-values corrected for their number."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from analysis.adjustment import Adjustment, adjusted
from analysis.arrays import FloatArray, IntArray
from analysis.intervals import t_quantile
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.results import Estimate
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
    from scipy import special
else:
    pd = LazyModule("pandas")
    special = LazyModule("scipy.special")

__all__ = ["Comparisons", "compare_pairs"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Comparisons:
    """Differences of all pairs of domains, for each term.

    Attributes
    ----------
    pairs : pandas.DataFrame
        (comparisons, 4): term, level, first, second.
    estimate, se, statistic, p_value, p_adjusted : FloatArray
        (comparisons,) second minus first, its standard error, t, p and p after the correction.
    df : IntArray
        (comparisons,) degrees of freedom.
    adjust : {"holm", "bonferroni", "none"}
        The correction, over the comparisons of one term and level.
    """

    pairs: "pd.DataFrame"
    estimate: FloatArray
    se: FloatArray
    statistic: FloatArray
    df: IntArray
    p_value: FloatArray
    p_adjusted: FloatArray
    adjust: Adjustment

    def tidy(self) -> "pd.DataFrame":
        """One row a pair.

        Returns
        -------
        pandas.DataFrame
            Columns term, level, first, second, estimate (second minus first), se, ci_low, ci_high (95 %, not
            corrected), statistic, df, p_value, p_adjusted.
        """
        half = t_quantile(0.95, self.df.astype(np.float64)) * self.se
        return self.pairs.assign(
            estimate=self.estimate,
            se=self.se,
            ci_low=self.estimate - half,
            ci_high=self.estimate + half,
            statistic=self.statistic,
            df=self.df,
            p_value=self.p_value,
            p_adjusted=self.p_adjusted,
        )

    def __repr__(self) -> str:
        return f"<Comparisons: {len(self.pairs)} pairs, p adjusted by {self.adjust}>"

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id="hyohon-pairwise")


def compare_pairs(estimate: Estimate, adjust: Adjustment = "holm", df: float | None = None) -> Comparisons:
    """Compare each pair of domains.

    Parameters
    ----------
    estimate : Estimate
        Estimates by domain.
    adjust : {"holm", "bonferroni", "none"}
        Correction of the p-values.
    df : float, optional
        Degrees of freedom. None: the smaller of the two domains' own.

    Returns
    -------
    Comparisons
        Term by term; pairs in the order of the domains.

    Raises
    ------
    AnalysisError
        There are fewer than two domains, or no such correction.
    """
    if adjust not in get_args(Adjustment):
        raise option_error("adjust", adjust, get_args(Adjustment))
    numbers, (domains, terms) = estimate.linear, estimate.linear.estimate.shape
    if domains < 2:
        raise AnalysisError(
            "ANA-GROUPS",
            _("Two domains are needed for a comparison."),
            hint=_("Estimate with by= first, and compare the result."),
        )
    first, second = np.triu_indices(domains, k=1)
    covariance = numbers.covariance.reshape(domains, terms, domains, terms)
    own = np.einsum("dtdt->dt", covariance)
    between = np.einsum("dtet->det", covariance)[first, second]
    difference = (numbers.estimate[second] - numbers.estimate[first]).T.reshape(-1)
    se = np.sqrt(np.maximum(own[first] + own[second] - 2 * between, 0.0)).T.reshape(-1)
    smaller = np.minimum(numbers.df[first], numbers.df[second]).T.reshape(-1)
    freedom = smaller if df is None else np.full(smaller.shape, df)
    statistic = np.divide(difference, se, out=np.full(se.shape, np.nan), where=se > 0)
    p = np.where(freedom >= 1, 2 * special.stdtr(np.maximum(freedom, 1), -np.abs(statistic)), np.nan)
    corrected = np.concatenate([adjusted(one, adjust) for one in p.reshape(terms, -1)])
    return Comparisons(
        _pairs(estimate, first, second), difference, se, statistic, freedom, p, corrected, adjust
    )


def _pairs(estimate: Estimate, first: IntArray, second: IntArray) -> "pd.DataFrame":
    names = np.array([":".join(map(str, row)) for row in estimate.by.itertuples(index=False)], dtype=object)
    count = len(estimate.terms)
    terms = pd.DataFrame({"term": [name for name, _level in estimate.terms]})
    terms["level"] = pd.Series([level for _name, level in estimate.terms], dtype="str")
    frame = terms.loc[np.repeat(terms.index, len(first))].reset_index(drop=True)
    return frame.assign(first=np.tile(names[first], count), second=np.tile(names[second], count))
