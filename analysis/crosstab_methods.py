"""Cross tables, goodness of fit and questions with several answers as methods of a design."""

from collections.abc import Sequence

from analysis.agreement import cohen_kappa, cronbach_alpha, read_items, read_ratings
from analysis.crosstab import Crosstab
from analysis.crosstab_cells import read_cells
from analysis.design_base import DesignBase
from analysis.goodness_of_fit import Probabilities, fit_test, read_fit
from analysis.multiple_answers import AnswerBase, MultipleAnswers, read_answers
from analysis.results import Estimate
from analysis.table_tests import FitStatistic, TableTest
from analysis.variables import Missing
from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["CrosstabMethods"]


class CrosstabMethods(DesignBase):
    """Tables and their tests; `SurveyDesign` has them."""

    __slots__ = ()

    def crosstab(self, row: str, column: str, *layers: str, na: Missing = "fail") -> Crosstab:
        """Cross two variables, within layers of others where named (クロス集計).

        Parameters
        ----------
        row, column : str
            Columns of text, categories, whole numbers or booleans.
        *layers : str
            Further columns: one table for each combination of their levels.
        na : {"fail", "domain", "listwise"}
            Missing values: refuse with the count, or (both other options) take the rows that are complete in
            all variables as a domain, as R.

        Returns
        -------
        Crosstab
            With ``totals()``, ``percent()``, ``margin()``, ``test()``, ``tidy()`` and an HTML face.

        Raises
        ------
        AnalysisError
            A column is unknown, named twice, or has missing values under ``na="fail"``.
        """
        names = (row, column, *layers)
        if len(set(names)) < len(names):
            raise AnalysisError(
                "ANA-OPTION",
                _("A table needs different variables."),
                hint=_("Name each variable once."),
                column=next(name for name in names if names.count(name) > 1),
            )
        cells, levels = read_cells(self._data, (*layers, row, column), na, self.arrays)
        ordered = (*levels[-2:], *levels[:-2])
        return Crosstab(names, ordered, cells)

    def gof(
        self, variable: str, probs: Probabilities, test: FitStatistic = "F", *, na: Missing = "fail"
    ) -> TableTest:
        """Test that the shares of a variable's levels are given ones (適合度検定).

        Parameters
        ----------
        variable : str
            Column of text, categories, whole numbers or booleans.
        probs : mapping of level to float, or sequence of float
            Shares under the hypothesis, scaled to sum 1; a sequence follows the category order (all declared
            categories), else the ascending levels.
        test : {"F", "Chisq", "satterthwaite", "Wald", "adjWald", "lincom", "saddlepoint"}
            See `analysis.goodness_of_fit.fit_test`; R's ``svygofchisq`` is ``"satterthwaite"``.
        na : {"fail", "domain", "listwise"}
            Missing values: refuse with the count, or (both other options) leave the rows out as a domain.

        Returns
        -------
        TableTest
            With ``statistic``, ``df``, ``df_residual``, ``p_value``.

        Raises
        ------
        AnalysisError
            The column is unknown, or the shares do not fit its levels.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import SurveyDesign
        >>> frame = pd.DataFrame({"a": ["x"] * 30 + ["y"] * 20, "w": 1.0})
        >>> d = SurveyDesign(frame, weights="w")
        >>> round(d.gof("a", {"x": 0.5, "y": 0.5}, "Chisq").statistic, 6)  # (30 - 25)^2 / 25 twice
        2.0
        """
        cells, levels, shares = read_fit(self._data, variable, probs, na, self.arrays)
        return fit_test(cells, levels, shares, test, variable)

    def multiple_answers(
        self,
        items: Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        base: AnswerBase = "any",
        na: Missing = "fail",
    ) -> MultipleAnswers:
        """Summarise a question where several items may be named (複数回答).

        Parameters
        ----------
        items : sequence of str
            Columns of booleans, or of 1 (named) and 0.
        by : str or sequence of str, optional
            Grouping columns.
        base : {"any", "all"}
            Persons who count: those who named at least one item (who named none left the question blank, or
            chose a "none" that has its own column), or all.
        na : {"fail", "domain", "listwise"}
            Missing values: refuse with the count, or (both other options) take the rows with every item.

        Returns
        -------
        MultipleAnswers
            With ``persons()``, ``answers()``, ``mean_count()``, ``test()``, ``tidy()`` and an HTML face.

        Raises
        ------
        AnalysisError
            A column is unknown or holds other values, or nobody is in the base.
        """
        terms, domains, groups = read_answers(self._data, items, by, base, na)
        return MultipleAnswers(tuple(items), groups, terms, domains, self.arrays)

    def kappa(
        self, first: str, second: str, by: str | Sequence[str] | None = None, *, na: Missing = "fail"
    ) -> Estimate:
        """Estimate Cohen's kappa, the agreement of two ratings beyond chance (一致係数).

        Parameters
        ----------
        first, second : str
            Columns with the two ratings; levels are matched by value.
        by : str or sequence of str, optional
            As in `mean`.
        na : {"fail", "domain", "listwise"}
            Missing values: refuse with the count, or (both other options) take the rows with both ratings.

        Returns
        -------
        Estimate
            One row a domain; NaN where everybody gives one and the same rating.

        Notes
        -----
        Estimate and standard error equal R ``svykappa``; see `analysis.agreement.cohen_kappa`.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import SurveyDesign
        >>> ratings = {"a": ["y"] * 25 + ["n"] * 25, "b": ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15}
        >>> d = SurveyDesign(pd.DataFrame(ratings).assign(w=1.0), weights="w")
        >>> d.kappa("a", "b").estimate.round(6).tolist()  # (0.7 - 0.5) / (1 - 0.5)
        [0.4]
        """
        one, two, domains, groups = read_ratings(self._data, first, second, by, na)
        linear = cohen_kappa(one, two, domains, self.arrays)
        return Estimate("kappa", groups, ((f"{first} x {second}", None),), linear)

    def alpha(
        self, items: Sequence[str], by: str | Sequence[str] | None = None, *, na: Missing = "fail"
    ) -> Estimate:
        """Estimate Cronbach's alpha of a scale (クロンバックのα係数).

        Parameters
        ----------
        items : sequence of str
            At least two numeric columns, all pointing in the same direction.
        by : str or sequence of str, optional
            As in `mean`.
        na : {"fail", "domain", "listwise"}
            Missing values: refuse with the count, or (both other options) take the rows with every item.

        Returns
        -------
        Estimate
            One row a domain; NaN where the sum of the items does not vary.

        Notes
        -----
        The estimate equals R ``svycralpha``, which gives no standard error; ours is linearised, see
        `analysis.agreement.cronbach_alpha`.

        Examples
        --------
        >>> import pandas as pd
        >>> from analysis import SurveyDesign
        >>> frame = pd.DataFrame({"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "w": 1.0})
        >>> SurveyDesign(frame, weights="w").alpha(["a", "b"]).estimate.round(4).tolist()
        [0.9412]
        """
        read = read_items(self._data, items, by, na)
        linear = cronbach_alpha(read.terms, read.domains, self.arrays)
        return Estimate("alpha", read.by, (("alpha", None),), linear)
