"""A design over data larger than memory: Parquet files or a DuckDB table, by streaming sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from analysis.arrays import DesignArrays, LonelyPsu
from analysis.columns import as_names
from analysis.crosstab import Crosstab
from analysis.crosstab_methods import CrosstabMethods
from analysis.describe import DesignDescription
from analysis.design import by_stage
from analysis.estimators import Deff, means, ratios, totals
from analysis.file_cells import Asked, Cells
from analysis.file_collapse import collapse
from analysis.file_describe import describe_file
from analysis.file_door import Drawn, Facts, facts_of, read_design
from analysis.file_quantile_methods import file_quantile
from analysis.file_source import FileSource, open_source
from analysis.file_subset import subset_source
from analysis.mean_methods import estimate_of
from analysis.options import option_error
from analysis.proportion_intervals import PROPORTION_METHODS, ProportionMethod
from analysis.quantile_methods import checked_probs
from analysis.quantile_rules import QuantileRule
from analysis.quantiles import QuantileInterval
from analysis.results import Estimate
from analysis.structure import DesignColumns, assemble
from analysis.variables import Missing, level_terms, read_pair, read_variables
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FileDesign"]


@dataclass(frozen=True, slots=True, eq=False)
class _CellDesign(CrosstabMethods):
    """Cells of rows in the place of a table of respondents."""

    _data: "pd.DataFrame"
    arrays: DesignArrays


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class FileDesign:
    """A sample design over rows that stay in a file (ファイルの上の標本設計).

    Parameters
    ----------
    source : path, sequence of path, or DuckDB connection
        Parquet files (``*`` in a name is a pattern), a DuckDB file, or a connection.
    table : str, optional
        Table or view of the DuckDB file or connection.
    weights, strata, psu, fpc, nest, lonely_psu
        As of `SurveyDesign`.
    threads : int
        Threads of the engine; more are faster, one is reproducible to the last bit.
    memory_limit : str
        Memory of the engine; beyond it sums go to the disk. With `threads` unused for a connection.

    Raises
    ------
    AnalysisError
        As of `SurveyDesign`, or the file cannot be read.

    Notes
    -----
    The estimates are those of `SurveyDesign` on the same rows, not approximations. Estimators that are linear
    in the weighted values need, of each unit, domain and level, only ``sum(w)``, ``sum(w y)`` and the number
    of rows, which one grouping query streams; where the rows themselves are the units, of each stratum,
    domain and level also the squares and products of w and w y. Sums are taken around the mean. In memory
    stand the units of the last stage (its strata, where units are rows) and these cells. Design columns are
    read and checked when the design is made, variables at each call. Groups that do not fit into
    `memory_limit` are written to the system's temporary folder while a query runs.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> from pathlib import Path
    >>> frame = pd.DataFrame({"y": [3.0, 5.0, 8.0, 12.0], "s": ["a", "a", "b", "b"], "N": [10, 10, 20, 20]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     frame.to_parquet(Path(folder) / "answers.parquet")
    ...     d = FileDesign(Path(folder) / "answers.parquet", strata="s", fpc="N")
    ...     d.total("y").tidy()[["estimate", "se", "df"]].round(2).to_dict("records")
    [{'estimate': 240.0, 'se': 38.99, 'df': 2}]
    """

    source: FileSource
    drawn: Drawn
    facts: Facts

    def __init__(
        self,
        source: Any,
        *,
        table: str | None = None,
        weights: str | None = None,
        strata: str | Sequence[str | None] | None = None,
        psu: str | Sequence[str | None] | None = None,
        fpc: str | Sequence[str | None] | None = None,
        nest: bool = False,
        lonely_psu: LonelyPsu = "fail",
        threads: int = 1,
        memory_limit: str = "1GB",
    ) -> None:
        if lonely_psu not in get_args(LonelyPsu):
            raise option_error("lonely_psu", lonely_psu, get_args(LonelyPsu))
        units = by_stage("psu", psu, None)
        if None in units[:-1]:
            raise AnalysisError(
                "ANA-STAGES",
                _("{name} names {count} stages, psu names {stages}.").format(
                    name="psu", count=len(units), stages=units.index(None) + 1
                ),
                hint=_(
                    "Name the units of each stage in psu, the first stage first; None stands for the row."
                ),
            )
        parts = by_stage("strata", strata, len(units)), units, by_stage("fpc", fpc, len(units))
        names = DesignColumns(weights, *parts, nest)
        rows = open_source(source, table, threads, memory_limit)
        self._set(rows, *read_design(rows, names, lonely_psu))

    def _set(self, source: FileSource, drawn: Drawn, facts: Facts) -> None:
        for name, value in (("source", source), ("drawn", drawn), ("facts", facts)):
            object.__setattr__(self, name, value)

    @property
    def df(self) -> int:
        """Degrees of freedom: PSUs minus strata among the rows (with a weight above zero)."""
        return self._arrays().df

    def subset(self, condition: str | Mapping[str, Any]) -> "FileDesign":
        """Restrict to a domain; strata and PSUs stay as drawn, so variances stay right.

        Parameters
        ----------
        condition : str or mapping
            A boolean column, or columns with the value (or list of values) that rows must have, for example
            ``{"sex": "F", "area": ["North", "East"]}``.

        Returns
        -------
        FileDesign
            A design over fewer rows of the same file.

        Raises
        ------
        AnalysisError
            The column is not boolean or has missing values, a value does not occur, or no row is left.
        """
        source = subset_source(self.source, condition)
        facts = facts_of(source, self.drawn)
        if not facts.total:
            raise AnalysisError(
                "ANA-EMPTY", _("The subset has no rows."), hint=_("Check the condition of the subset.")
            )
        other = object.__new__(FileDesign)
        other._set(source, self.drawn, facts)
        return other

    def mean(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        deff: Deff = False,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate means, or the shares of each level, as `SurveyDesign.mean`.

        Parameters
        ----------
        variables, by, deff, na
            As in `SurveyDesign.mean`.

        Returns
        -------
        Estimate
            Rows by domain, then variable, then level.

        Raises
        ------
        AnalysisError
            A column is unknown, or has missing values under ``na="fail"``.
        """
        cells = self._cells(variables, by, na, squares=bool(deff), centred=True)
        read = cells.read(read_variables(cells.frame, variables, by, "domain"))
        linear = means(read.terms, read.domains, cells.arrays, deff)
        return estimate_of("mean", read, cells.shifted(linear, read))

    def total(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None = None,
        *,
        deff: Deff = False,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate totals, or the number of persons at each level, as `SurveyDesign.total`.

        Parameters
        ----------
        variables, by, deff, na
            As in `SurveyDesign.mean`.

        Returns
        -------
        Estimate
            Rows by domain, then variable, then level.
        """
        cells = self._cells(variables, by, na, squares=bool(deff))
        read = cells.read(read_variables(cells.frame, variables, by, "domain"))
        return estimate_of("total", read, totals(read.terms, read.domains, cells.arrays, deff))

    def ratio(
        self,
        numerator: str,
        denominator: str,
        by: str | Sequence[str] | None = None,
        *,
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate the ratio of two totals, as `SurveyDesign.ratio`.

        Parameters
        ----------
        numerator, denominator, by, na
            As in `SurveyDesign.ratio`.

        Returns
        -------
        Estimate
            One row a domain.
        """
        numbers = tuple(dict.fromkeys((numerator, denominator)))
        rule: Missing = "listwise" if na == "domain" else na
        cells = collapse(self.source, self.drawn, Asked(numbers, (), self._by(by), rule))
        above, below, read = read_pair(cells.frame, numerator, denominator, by, "listwise")
        read = cells.read(read)
        return estimate_of("ratio", read, ratios(above, below, read.domains, cells.arrays))

    def proportion(
        self,
        variable: str,
        level: object = None,
        by: str | Sequence[str] | None = None,
        *,
        method: ProportionMethod = "logit",
        na: Missing = "fail",
    ) -> Estimate:
        """Estimate the share of rows at one level, as `SurveyDesign.proportion`.

        Parameters
        ----------
        variable, level, by, method, na
            As in `SurveyDesign.proportion`.

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
        asked = Asked((), (self.source.require(variable),), self._by(by), na)
        cells = collapse(self.source, self.drawn, asked)
        read = cells.read(level_terms(cells.frame, variable, level, by, "domain"))
        return estimate_of("proportion", read, means(read.terms, read.domains, cells.arrays), method)

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
        """Estimate quantiles, as `SurveyDesign.quantile`.

        Parameters
        ----------
        variables, probs, by, na
            As in `SurveyDesign.quantile`.
        qrule : {"math", "school", "hf1", "hf2"}
            Which number stands for a quantile; the other rules need the rows in their order.
        interval : {"mean", "beta", "xlogit", "asin"}
            Woodruff's interval by a method for proportions.

        Returns
        -------
        Estimate
            Rows by domain, then variable, then probability.

        Raises
        ------
        AnalysisError
            As of `SurveyDesign.quantile`, or the rule or interval is not for files.
        """
        wanted = checked_probs(probs)
        names = [self.source.require(name) for name in as_names(variables)]
        where = self.source, self.drawn, names, wanted, self._by(by)
        return file_quantile(*where, qrule, interval, na)

    def crosstab(self, row: str, column: str, *layers: str, na: Missing = "fail") -> Crosstab:
        """Cross two variables, within layers of others where named, as `SurveyDesign.crosstab`.

        Parameters
        ----------
        row, column, *layers, na
            As in `SurveyDesign.crosstab`.

        Returns
        -------
        Crosstab
            With ``totals()``, ``percent()``, ``margin()``, ``test()``, ``tidy()`` and an HTML face.

        Raises
        ------
        AnalysisError
            A column is unknown, named twice, or has missing values under ``na="fail"``.
        """
        names = tuple(dict.fromkeys(self.source.require(name) for name in (*layers, row, column)))
        cells = collapse(self.source, self.drawn, Asked((), names, (), na, crossed=True))
        return _CellDesign(cells.frame, cells.arrays).crosstab(row, column, *layers, na="domain")

    def describe(self) -> DesignDescription:
        """Summarise strata, PSUs, weights and Kish's design effect.

        Returns
        -------
        DesignDescription
            With ``tidy()`` and an HTML face.
        """
        return describe_file(self.source, self.drawn, self.facts, self.df)

    def __repr__(self) -> str:
        stage = self.drawn.stages[0]
        return (
            f"<FileDesign: {self.facts.total:,} rows, {int(stage.sampled.sum()):,} PSUs, "
            f"{stage.strata:,} strata, df {self.df:,}>"
        )

    def _repr_html_(self) -> str:
        return self.describe()._repr_html_()

    def _arrays(self) -> DesignArrays:
        """Arrays over the groups of rows, to count degrees of freedom with."""
        rows = self.facts.positive.astype(np.float64)
        return assemble(rows, self.drawn.copied(rows), self.drawn.lonely_psu)

    def _by(self, by: str | Sequence[str] | None) -> tuple[str, ...]:
        names = [] if by is None else as_names(by)
        return tuple(dict.fromkeys(self.source.require(name) for name in names))

    def _cells(
        self,
        variables: str | Sequence[str],
        by: str | Sequence[str] | None,
        na: Missing,
        *,
        squares: bool,
        centred: bool = False,
    ) -> Cells:
        names = list(dict.fromkeys(self.source.require(name) for name in as_names(variables)))
        if not names:
            raise AnalysisError(
                "ANA-OPTION", _("No variable was named."), hint=_("Name at least one column.")
            )
        levels = tuple(name for name in names if self.source.is_labelled(name))
        numbers = tuple(name for name in names if name not in levels)
        asked = Asked(numbers, levels, self._by(by), na, squares, centred, zeros=self.facts.zeros)
        return collapse(self.source, self.drawn, asked)
