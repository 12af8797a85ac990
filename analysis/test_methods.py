"""Tests and contrasts as methods of a design."""

from analysis.design_base import DesignBase
from analysis.ranktests import RankTest, Scores, Ties, rank_test_of
from analysis.tested import SurveyTest
from analysis.ttests import read_grouped, t_test_of
from analysis.variables import Missing

__all__ = ["TestMethods"]


class TestMethods(DesignBase):
    """Tests of means and ranks; `SurveyDesign` has them."""

    __slots__ = ()

    def ttest(self, formula: str, *, null: float = 0.0, na: Missing = "fail") -> SurveyTest:
        """Test a mean, a mean difference of pairs, or the difference of two groups.

        Parameters
        ----------
        formula : str
            ``"y ~ group"`` (two levels), ``"y ~ 0"``, or ``"before - after ~ 0"``. Arithmetic over columns is
            allowed at the left; names with blanks or signs stand in backticks.
        null : float
            Mean or difference under the hypothesis.
        na : {"fail", "domain", "listwise"}
            Missing values: refuse, or restrict to the rows with all values of the formula (a domain: strata
            and PSUs stay as drawn).

        Returns
        -------
        SurveyTest
            For two groups the second level minus the first.

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
        return t_test_of(read_grouped(self._data, formula, na), self.arrays, null)

    def ranktest(
        self,
        formula: str,
        test: RankTest | Scores = "wilcoxon",
        *,
        ties: Ties = "average",
        na: Missing = "fail",
    ) -> SurveyTest:
        """Compare the distribution of a variable between groups by ranks.

        Parameters
        ----------
        formula : str
            ``"y ~ group"`` with two or more levels.
        test : {"wilcoxon", "vanderwaerden", "median", "kruskal"} or function
            Scores: the rank itself, its normal quantile, whether it is above the middle; kruskal is wilcoxon,
            usually of more than two groups. A function takes the (rows,) estimated population ranks and the
            estimated population size, and returns (rows,) scores. R's spellings are taken too.
        ties : {"average", "weighted"}
            Rank of equal values: the plain mean of their ranks, as R (with unequal weights it depends a
            little on the order of rows), or their weighted mean, which does not.
        na : {"fail", "domain", "listwise"}
            As in `ttest`.

        Returns
        -------
        SurveyTest
            Two groups: difference of mean scores, t with degf - 1. More groups: Wald's chi-squared, p by F.

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
        return rank_test_of(read_grouped(self._data, formula, na), self.arrays, test, ties)
