"""Quantiles, medians and distribution functions as methods of a design."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.arrays import DesignArrays, FloatArray
from analysis.design_base import DesignBase
from analysis.estimators import Linear, Term, used_counts
from analysis.options import option_error
from analysis.proportion_intervals import PROPORTION_METHODS, ProportionMethod
from analysis.quantile_rules import QUANTILE_RULES, QuantileRule
from analysis.quantiles import QUANTILE_INTERVALS, QuantileInterval, below, quantiles, samples_of
from analysis.results import Estimate
from analysis.variables import Missing, Variables, read_numbers
from analysis.variance import Domains
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DistributionFunction", "QuantileMethods", "checked_probs"]

POINTS: Final = 100
"""A distribution with more distinct values is drawn at its percentiles."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DistributionFunction(Estimate):
    """Estimated distribution function (累積分布), ready for a step plot.

    Attributes
    ----------
    at : tuple of float
        (terms,) the values at which it was estimated.
    """

    at: tuple[float, ...] = ()

    def tidy(self, *, cv: bool = False) -> "pd.DataFrame":
        """One row a domain and value, with the value as a number.

        Parameters
        ----------
        cv : bool
            Add the coefficient of variation.

        Returns
        -------
        pandas.DataFrame
            Columns as of `Estimate.tidy`, with ``value`` (float) after ``level`` (the same as text). Draw
            ``estimate`` over ``value`` as steps that hold to the right, ``ci_low`` and ``ci_high`` likewise.
        """
        frame = Estimate.tidy(self, cv=cv)
        frame.insert(list(frame.columns).index("level") + 1, "value", list(self.at) * len(self.by))
        return frame


class QuantileMethods(DesignBase):
    """Quantiles, the median and the distribution function; `SurveyDesign` has them."""

    __slots__ = ()

    def quantile(
        self,
        variables: str | Sequence[str],
        probs: float | Sequence[float],
        by: str | Sequence[str] | None = None,
        *,
        qrule: QuantileRule = "math",
        interval: QuantileInterval = "mean",
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate quantiles (分位点) of numbers.

        Parameters
        ----------
        variables : str or sequence of str
            Numeric columns.
        probs : float or sequence of float
            Probabilities, 0 to 1.
        by : str or sequence of str, optional
            Columns whose combinations are the domains.
        qrule : {"math", "school", "shahvaish", "hf1", ..., "hf9"}
            Which number stands for a quantile that lies between two values; formulas at
            `analysis.quantile_rules.weighted_quantiles`.
        interval : {"mean", "beta", "xlogit", "asin", "score"}
            Woodruff's interval by a method for proportions, or the inverted score test; formulas and the
            rules for the ends of the data at `analysis.quantiles.quantiles`.
        na : {"fail", "domain", "listwise"}
            Missing values, as in `SurveyDesign.mean`.

        Returns
        -------
        Estimate
            Rows by domain, then variable, then probability; ``level`` holds the probability as text,
            ``"0.5"``.

        Raises
        ------
        AnalysisError
            A column is unknown or holds text, a probability is outside 0 to 1, or an option does not exist.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import SurveyDesign
        >>> d = SurveyDesign(pd.DataFrame({"y": range(1, 101), "w": 2.0}), weights="w")
        >>> d.quantile("y", [0.25, 0.5]).tidy()[["level", "estimate", "ci_low", "ci_high"]].values.tolist()
        [['0.25', 25.0, 17.0, 34.0], ['0.5', 50.0, 41.0, 60.0]]
        """
        return _quantile("quantile", self, variables, probs, by, qrule, interval, na)

    def median(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        qrule: QuantileRule = "math",
        interval: QuantileInterval = "mean",
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate medians (中央値): `quantile` with the probability 0.5.

        Parameters
        ----------
        variables, by, qrule, interval, na
            As in `quantile`.

        Returns
        -------
        Estimate
            Rows by domain, then variable.
        """
        return _quantile("median", self, variables, 0.5, by, qrule, interval, na)

    def cdf(
        self,
        variable: str,
        at: float | Sequence[float] | None = None,
        by: str | Sequence[str] | None = None,
        *,
        method: ProportionMethod = "logit",
        na: Missing = "fail",
    ) -> DistributionFunction:
        """Estimate the distribution function (累積分布関数): the share at or below each value.

        Parameters
        ----------
        variable : str
            Numeric column.
        at : float or sequence of float, optional
            Values. None: every distinct value where there are at most 100, otherwise the percentiles of the
            whole sample.
        by : str or sequence of str, optional
            Columns whose combinations are the domains.
        method : {"logit", "xlogit", "beta", "korn-graubard", "likelihood", "asin", "wilson", "mean"}
            Pointwise interval; see `analysis.proportion_intervals.proportion_limits`.
        na : {"fail", "domain", "listwise"}
            Missing values, as in `SurveyDesign.mean`.

        Returns
        -------
        DistributionFunction
            Rows by domain, then value in the order given (ascending where `at` is None).

        Raises
        ------
        AnalysisError
            As `quantile`; or a domain column is called ``value``.
        """
        if method not in PROPORTION_METHODS:
            raise option_error("method", method, PROPORTION_METHODS)
        read = read_numbers(self._data, variable, by, na)
        _refuse_value_column(read)
        term = read.terms[0]
        values = _points(term, self.arrays) if at is None else np.atleast_1d(np.asarray(at, dtype=np.float64))
        if np.isnan(values).any():
            raise option_error("at", np.nan, ("numbers",))
        linear = _shares(term, values, read.domains, self.arrays)
        labels = tuple((variable, f"{value:.10g}") for value in values)
        return DistributionFunction("cdf", read.by, labels, linear, method, at=tuple(values.tolist()))


def _quantile(
    kind: str,
    design: DesignBase,
    variables: str | Sequence[str],
    probs: float | Sequence[float],
    by: str | Sequence[str] | None,
    qrule: QuantileRule,
    interval: QuantileInterval,
    na: Missing,
) -> Estimate:
    for name, given, allowed in (
        ("qrule", qrule, QUANTILE_RULES),
        ("interval", interval, QUANTILE_INTERVALS),
    ):
        if given not in allowed:
            raise option_error(name, given, allowed)
    wanted = checked_probs(probs)
    read = read_numbers(design._data, variables, by, na)
    linear, limits = quantiles(read.terms, read.domains, design.arrays, wanted, qrule, interval)
    labels = tuple((name, f"{p:.10g}") for name, _level in read.labels for p in wanted)
    return Estimate(kind, read.by, labels, linear, limits=limits)


def checked_probs(probs: float | Sequence[float]) -> FloatArray:
    """Take probabilities as an array.

    Parameters
    ----------
    probs : float or sequence of float
        Probabilities.

    Returns
    -------
    FloatArray
        (probs,).

    Raises
    ------
    AnalysisError
        There is none, or one is not between 0 and 1.
    """
    wanted = np.atleast_1d(np.asarray(probs, dtype=np.float64))
    if wanted.ndim != 1 or wanted.size == 0 or not ((wanted >= 0) & (wanted <= 1)).all():
        raise AnalysisError(
            "ANA-OPTION",
            _("A probability must lie between 0 and 1."),
            hint=_("For the median write 0.5."),
        )
    return wanted


def _points(term: Term, arrays: DesignArrays) -> FloatArray:
    """Values to show a distribution at."""
    sample = samples_of(term, Domains(None, 1, arrays.rows), arrays)[0]
    distinct = np.unique(sample.values)
    if distinct.size <= POINTS:
        return distinct
    return np.unique(sample.quantiles(np.arange(1, POINTS + 1) / POINTS, "math"))


def _shares(term: Term, values: FloatArray, domains: Domains, arrays: DesignArrays) -> Linear:
    thresholds = np.tile(values, (domains.count, 1))
    shares, covariance = below([term] * values.size, thresholds, domains, arrays)
    n, df = (np.tile(counts[:, None], values.size) for counts in used_counts(term, domains, arrays))
    return Linear(shares, covariance, df, n, None)


def _refuse_value_column(read: Variables) -> None:
    if "value" in read.by.columns:
        raise AnalysisError(
            "ANA-COLUMN",
            _("A domain column may not have the name of a result column."),
            hint=_("Rename the column."),
            column="value",
        )
