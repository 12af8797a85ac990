"""Means, totals, ratios and shares as methods of a design."""

from collections.abc import Sequence

from analysis.design_base import DesignBase
from analysis.estimators import Deff, Linear, means, ratios, totals
from analysis.intervals import IntervalMethod
from analysis.options import option_error
from analysis.proportion_intervals import PROPORTION_METHODS, ProportionMethod
from analysis.results import Estimate
from analysis.variables import Missing, Variables, level_terms, read_pair, read_variables

__all__ = ["MeanMethods"]


class MeanMethods(DesignBase):
    """The estimators of means and totals; `SurveyDesign` has them."""

    __slots__ = ()

    def mean(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        deff: Deff = False,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate means, or the shares of each level.

        Parameters
        ----------
        variables : str or sequence of str
            Numeric or boolean columns (one row each; a boolean gives the share of True), text or categorical
            columns (one row a level).
        by : str or sequence of str, optional
            Columns whose combinations are the domains; combinations without rows are not listed.
        deff : bool or {"replace"}
            Add the design effect, against simple random sampling without (True) or with replacement.
        na : {"fail", "domain", "listwise"}
            Missing values: refuse with the count, restrict each variable to its rows, or restrict all
            variables to the rows that are complete in this call (R's ``na.rm=TRUE``). A restriction is a
            domain: strata and PSUs stay as drawn.

        Returns
        -------
        Estimate
            Rows by domain, then variable, then level.

        Raises
        ------
        AnalysisError
            A column is unknown, or has missing values under ``na="fail"``.
        """
        read = read_variables(self._data, variables, by, na)
        return estimate_of("mean", read, means(read.terms, read.domains, self.arrays, deff))

    def total(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        deff: Deff = False,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate totals, or the number of persons at each level.

        Parameters
        ----------
        variables, by, deff, na
            As in `mean`.

        Returns
        -------
        Estimate
            Rows by domain, then variable, then level.
        """
        read = read_variables(self._data, variables, by, na)
        return estimate_of("total", read, totals(read.terms, read.domains, self.arrays, deff))

    def ratio(
        self,
        numerator: str,
        denominator: str,
        by: str | Sequence[str] | None = None,
        *,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate the ratio of two totals.

        Parameters
        ----------
        numerator, denominator : str
            Numeric columns.
        by : str or sequence of str, optional
            As in `mean`.
        na : {"fail", "domain", "listwise"}
            As in `mean`; both restrictions mean rows where both columns have a value.

        Returns
        -------
        Estimate
            One row a domain; the term reads ``"numerator/denominator"``.
        """
        above, below, read = read_pair(self._data, numerator, denominator, by, na)
        return estimate_of("ratio", read, ratios(above, below, read.domains, self.arrays))

    def proportion(
        self,
        variable: str,
        level: object = None,
        by: str | Sequence[str] | None = None,
        *,
        method: ProportionMethod = "logit",
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate the share of rows at one level, with an interval made for proportions.

        Parameters
        ----------
        variable : str
            Any column.
        level : object, optional
            The level counted, or a list of them. None: True for booleans, otherwise every level.
        by : str or sequence of str, optional
            As in `mean`.
        method : {"logit", "xlogit", "beta", "korn-graubard", "likelihood", "asin", "wilson", "mean"}
            Interval; formulas and the rules for 0 and 1 at `analysis.proportion_intervals.proportion_limits`.
        na : {"fail", "domain", "listwise"}
            As in `mean`.

        Returns
        -------
        Estimate
            Rows by domain, then level.

        Raises
        ------
        AnalysisError
            The level does not occur (nor is it a declared category).
        """
        if method not in PROPORTION_METHODS:
            raise option_error("method", method, PROPORTION_METHODS)
        read = level_terms(self._data, variable, level, by, na)
        linear = means(read.terms, read.domains, self.arrays)
        return estimate_of("proportion", read, linear, method)


def estimate_of(kind: str, read: Variables, linear: Linear, method: IntervalMethod = "symmetric") -> Estimate:
    """Wrap numbers of one call.

    Parameters
    ----------
    kind : str
        Name of the estimator.
    read : Variables
        What was read.
    linear : Linear
        Numbers.
    method : IntervalMethod
        How intervals are made.

    Returns
    -------
    Estimate
        Rows by domain, then variable, then level.
    """
    return Estimate(kind, read.by, read.labels, linear, method)
