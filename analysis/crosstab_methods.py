"""Cross tables, goodness of fit and questions with several answers as methods of a design."""

from analysis.crosstab import Crosstab
from analysis.crosstab_cells import read_cells
from analysis.design_base import DesignBase
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
