"""Tests, contrasts, the Gini coefficient and standardised rates as methods of a design."""

from collections.abc import Mapping, Sequence
from typing import Any, overload

from analysis.design_base import DesignBase
from analysis.inequality import ginis
from analysis.joint_contrasts import joint_contrast
from analysis.mean_methods import estimate_of
from analysis.ranktests import RankTest, Scores, Ties, rank_test_of
from analysis.results import Estimate
from analysis.standardise import cells_of, standardised_means
from analysis.tested import DomainTests, SurveyTest
from analysis.ttests import read_grouped, refuse_missing, t_test_of
from analysis.variables import Missing, read_numbers, read_variables

__all__ = ["TestMethods"]


class TestMethods(DesignBase):
    """Tests of means and ranks, functions of statistics, inequality; `SurveyDesign` has them."""

    __slots__ = ()

    @overload
    def ttest(
        self, formula: str, by: None = None, *, null: float = 0.0, na: Missing = "fail"
    ) -> SurveyTest: ...

    @overload
    def ttest(
        self, formula: str, by: str | Sequence[str], *, null: float = 0.0, na: Missing = "fail"
    ) -> DomainTests: ...

    def ttest(
        self,
        formula: str,
        by: str | Sequence[str] | None = None,
        *,
        null: float = 0.0,
        na: Missing = "fail",
    ) -> SurveyTest | DomainTests:
        """Test a mean, a mean difference of pairs, or the difference of two groups.

        Parameters
        ----------
        formula : str
            ``"y ~ group"`` (two levels), ``"y ~ 0"``, or ``"before - after ~ 0"``. Arithmetic over columns is
            allowed at the left; names with blanks or signs stand in backticks.
        by : str or sequence of str, optional
            Columns whose combinations are the domains: one test in each.
        null : float
            Mean or difference under the hypothesis.
        na : {"fail", "domain", "listwise"}
            Missing values: refuse, or restrict to the rows with all values of the formula (a domain: strata
            and PSUs stay as drawn).

        Returns
        -------
        SurveyTest or DomainTests
            For two groups the second level minus the first. With `by`, one test a domain, and none where it
            is not possible.

        Raises
        ------
        AnalysisError
            The formula cannot be read, the groups are not two, nothing varies, or values are missing.

        Notes
        -----
        t is the estimate by its linearised standard error, with degf - 1 degrees of freedom, where degf are
        the PSUs minus strata among the rows used: for one sample and for two, as R's ``svyttest`` gives them.
        (An interval of `mean` uses degf.) Two groups may be any two levels, and are compared by level, not by
        their numbers.

        References
        ----------
        Korn, E.L. and Graubard, B.I. (1999). Analysis of Health Surveys. Wiley, section 3.2.
        """
        return t_test_of(read_grouped(self._data, formula, na, by), self.arrays, null)

    @overload
    def ranktest(
        self,
        formula: str,
        test: RankTest | Scores = "wilcoxon",
        by: None = None,
        *,
        ties: Ties = "average",
        na: Missing = "fail",
    ) -> SurveyTest: ...

    @overload
    def ranktest(
        self,
        formula: str,
        test: RankTest | Scores = "wilcoxon",
        *,
        by: str | Sequence[str],
        ties: Ties = "average",
        na: Missing = "fail",
    ) -> DomainTests: ...

    def ranktest(
        self,
        formula: str,
        test: RankTest | Scores = "wilcoxon",
        by: str | Sequence[str] | None = None,
        *,
        ties: Ties = "average",
        na: Missing = "fail",
    ) -> SurveyTest | DomainTests:
        """Compare the distribution of a variable between groups by ranks.

        Parameters
        ----------
        formula : str
            ``"y ~ group"`` with two or more levels.
        test : {"wilcoxon", "vanderwaerden", "median", "kruskal"} or function
            Scores: the rank itself, its normal quantile, whether it is above the middle; kruskal is wilcoxon,
            usually of more than two groups. A function takes the (rows,) estimated population ranks and the
            estimated population size, and returns (rows,) scores. R's spellings are taken too.
        by : str or sequence of str, optional
            Columns whose combinations are the domains: one test in each, of the ranks within it.
        ties : {"average", "weighted"}
            Rank of equal values: the plain mean of their ranks, as R (with unequal weights it depends a
            little on the order of rows), or their weighted mean, which does not.
        na : {"fail", "domain", "listwise"}
            As in `ttest`.

        Returns
        -------
        SurveyTest or DomainTests
            Two groups: difference of mean scores, t with degf - 1. More groups: Wald's chi-squared, p by F.
            With `by`, one test a domain, and none where it is not possible.

        Raises
        ------
        AnalysisError
            The formula cannot be read, there is one group, no such test, or the groups' scores do not vary.

        Notes
        -----
        Scores are g(F(y)) with F the weighted distribution function over all groups, at mid-steps; they count
        as fixed for the standard error, as in R's ``svyranktest``.

        References
        ----------
        Lumley, T. and Scott, A.J. (2013). Two-sample rank tests under complex sampling. Biometrika 100,
        831-842.
        """
        return rank_test_of(read_grouped(self._data, formula, na, by), self.arrays, test, ties)

    def contrast(
        self,
        what: str | Sequence[str] | Mapping[str, str],
        by: str | Sequence[str] | None = None,
        *,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate functions of different statistics, with the covariance between them.

        Parameters
        ----------
        what : str, sequence of str or mapping of str to str
            Expressions, plain or named, such as ``"mean(api00) / total(enroll)"``. Statistics: ``mean(x)``,
            ``total(x)``, ``ratio(x, y)``, ``gini(x)``; ``mean(x, "level")`` and ``total(x, "level")`` for the
            share and the count of one level.
        by : str or sequence of str, optional
            As in `mean`: the function is estimated in each domain.
        na : {"fail", "domain", "listwise"}
            As in `mean`.

        Returns
        -------
        Estimate
            Rows by domain, then expression; rows and degrees of freedom are the smallest of its statistics.

        Raises
        ------
        AnalysisError
            An expression cannot be read, names a column outside of a statistic, or values are missing.

        Notes
        -----
        Delta method with analytic derivatives. Contrasts between the rows of one result: `Estimate.contrast`.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import SurveyDesign
        >>> d = SurveyDesign(pd.DataFrame({"y": [1.0, 3.0], "x": [2.0, 4.0], "w": [1.0, 1.0]}), weights="w")
        >>> d.contrast("total(y) / total(x) - ratio(y, x)").se.round(12).tolist()
        [0.0]
        """
        return joint_contrast(self._data, self.arrays, what, by, na)

    def gini(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate the Gini coefficient (ジニ係数).

        Parameters
        ----------
        variables : str or sequence of str
            Numeric columns, such as income.
        by : str or sequence of str, optional
            As in `mean`.
        na : {"fail", "domain", "listwise"}
            As in `mean`.

        Returns
        -------
        Estimate
            Between 0 (all alike) and 1; NaN where the total is not above zero. Negative values count as they
            are. Formula and references: `analysis.inequality.gini_influence`.

        Raises
        ------
        AnalysisError
            A column is unknown, holds text, or has missing values under ``na="fail"``.
        """
        read = read_numbers(self._data, variables, by, na)
        return estimate_of("gini", read, ginis(read.terms, read.domains, self.arrays))

    def standardise(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str],
        population: Mapping[Any, float],
        over: str | Sequence[str] | None = None,
        *,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate means and rates standardised to a known population, as by age (年齢調整割合).

        Parameters
        ----------
        variables : str or sequence of str
            As in `mean`.
        by : str or sequence of str
            Columns that are standardised, such as the age group.
        population : mapping
            Size or share of each level of `by` in the standard population; tuples of levels where `by` names
            several columns.
        over : str or sequence of str, optional
            Columns whose combinations are compared.
        na : {"fail", "domain", "listwise"}
            As in `mean`, for the variables and for `by`.

        Returns
        -------
        Estimate
            One row for each group of `over`, variable and level; NaN where a group has nobody at a level of
            `by` that has a share above zero.

        Raises
        ------
        AnalysisError
            A level of the data is not in the population, or a size is negative or missing.

        Notes
        -----
        ``sum_c p_c mean_c`` with the shares p_c as known numbers; rows with a missing variable take no part
        in the means, and the shares stay (R: ``svystandardize`` with ``excluding.missing``).
        """
        cells, share = cells_of(self._data, by, population)
        refuse_missing(cells >= 0, na, by if isinstance(by, str) else ", ".join(by))
        read = read_variables(self._data, variables, over, na)
        linear = standardised_means(read.terms, read.domains, cells, share, self.arrays)
        return estimate_of("standardised", read, linear)
