"""Cross tables (クロス集計): totals and shares of cells with standard errors, margins, layers, tests."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np

from analysis.arrays import sum_by
from analysis.crosstab_cells import CellTotals, transformed
from analysis.crosstab_residuals import cramer_v, residual_table
from analysis.crosstab_shares import bases_of, shares_of
from analysis.crosstab_tests import independence_test
from analysis.estimators import Linear, divide
from analysis.intervals import IntervalMethod
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.results import Estimate
from analysis.table_tests import LayerTests, TableStatistic, TableTest, check_statistic
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["Base", "Crosstab"]

Axis = Literal["row", "column"]
Base = Literal["row", "column", "total"]
SHARE_INTERVALS: Final = ("logit", "mean", "wilson", "beta")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Crosstab:
    """A cross table of two variables, or of two within layers of others.

    Attributes
    ----------
    variables : tuple of str
        Row variable, column variable, then the layer variables.
    levels : tuple of pandas.Index
        Levels of each variable in category order, else ascending; levels without weight are left out.
    cells : CellTotals
        Totals and covariance; axes: layers, rows, columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import SurveyDesign
    >>> frame = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["p", "q", "q", "q"], "w": [1.0, 1, 2, 2]})
    >>> x = SurveyDesign(frame, weights="w").crosstab("a", "b")
    >>> x.table("row").round(2).to_dict("records")
    [{'a': 'x', 'p': 0.5, 'q': 0.5}, {'a': 'y', 'p': 0.0, 'q': 1.0}]
    """

    variables: tuple[str, ...]
    levels: tuple["pd.Index[Any]", ...]
    cells: CellTotals

    @property
    def n(self) -> int:
        """Rows of the table with a weight above zero."""
        return int(self.cells.n.sum())

    @property
    def df(self) -> int:
        """Degrees of freedom of the rows of the table."""
        return self.cells.df

    @property
    def shape(self) -> tuple[int, int, int]:
        """Combinations of layers, rows, columns."""
        rows, columns = self.cells.shape[-2:]
        return self.cells.total.size // (rows * columns), rows, columns

    def totals(self) -> Estimate:
        """Weighted total of each cell, the estimated number of persons.

        Returns
        -------
        Estimate
            Rows by layer, row level, column level; n are the rows of the cell.
        """
        layers, rows, columns = self.shape
        linear = Linear(
            self.cells.total.reshape(layers * rows, columns),
            self.cells.covariance,
            np.full((layers * rows, columns), self.df),
            self.cells.n.reshape(layers * rows, columns),
            None,
        )
        return Estimate("crosstab-total", self._keys("row"), self._terms("column"), linear)

    def percent(self, base: Base = "total", *, method: IntervalMethod = "logit") -> Estimate:
        """Shares of the cells in their row, their column or their layer's whole table, as fractions of 1.

        Parameters
        ----------
        base : {"row", "column", "total"}
            What adds up to 1: the cells of a row (行%), of a column (列%), or of the table of a layer.
        method : {"logit", "mean", "wilson", "beta"}
            Interval; see `analysis.intervals.interval`.

        Returns
        -------
        Estimate
            Rows by layer, row level, column level; for ``"column"`` by layer, column level, row level. The
            degrees of freedom and n are those of the base, as in ``d.proportion(b, by=a)``. NaN where the
            base has no weight.

        Raises
        ------
        AnalysisError
            An option does not exist.

        Notes
        -----
        The share t_c / T of a cell with base total T has the influence ``(t_c's - share T's) / T``.
        """
        _check_base(base)
        if method not in SHARE_INTERVALS:
            raise option_error("method", method, SHARE_INTERVALS)
        layers, rows, columns = self.shape
        group, order, width = bases_of(base, layers, rows, columns)
        count = int(group.max()) + 1
        sums = sum_by(group, self.cells.total, count)
        n = np.bincount(group, weights=self.cells.n, minlength=count).astype(np.int64)
        estimate, covariance = shares_of(self.cells, group, sums)
        df = self.cells.grouped_df(group, count)
        shape = (-1, width)
        linear = Linear(
            estimate[order].reshape(shape),
            covariance[np.ix_(order, order)],
            df[group[order]].reshape(shape),
            n[group[order]].reshape(shape),
            None,
        )
        names: tuple[Axis, Axis] = ("column", "row") if base == "column" else ("row", "column")
        return Estimate(
            f"crosstab-{base}",
            self._keys(names[0]),
            self._terms(names[1]),
            linear,
            method,
        )

    def margin(self, of: Axis, *, share: bool = False) -> Estimate:
        """Total, or share of the layer's table, of each row or column.

        Parameters
        ----------
        of : {"row", "column"}
            Which margin.
        share : bool
            Shares (fractions of 1) instead of totals.

        Returns
        -------
        Estimate
            Rows by layer, then level.
        """
        if of not in ("row", "column"):
            raise option_error("of", of, ("row", "column"))
        layers, rows, columns = self.shape
        layer, row, column = np.indices(self.shape).reshape(3, -1)
        size = rows if of == "row" else columns
        target = layer * size + (row if of == "row" else column)
        add = (target == np.arange(layers * size)[:, None]).astype(np.float64)
        margin = replace(
            self.cells,
            total=add @ self.cells.total,
            covariance=transformed(add, self.cells.covariance),
            n=np.bincount(target, weights=self.cells.n, minlength=layers * size).astype(np.int64),
        )
        estimate, covariance, n = margin.total, margin.covariance, margin.n
        df = np.full((layers, size), self.df)
        if share:
            group = np.repeat(np.arange(layers), size)
            estimate, covariance = shares_of(margin, group, margin.total.reshape(layers, size).sum(axis=1))
            n = np.repeat(n.reshape(layers, size).sum(axis=1), size)
            df = np.repeat(self.cells.grouped_df(layer, layers), size).reshape(layers, size)
        linear = Linear(estimate.reshape(layers, size), covariance, df, n.reshape(layers, size), None)
        kind = f"crosstab-{of}-margin"
        return Estimate(kind, self._keys(None), self._terms(of), linear, "logit" if share else "symmetric")

    def layers(self) -> "tuple[Crosstab, ...]":
        """The table of each combination of layer levels; the table itself where there is no layer.

        Returns
        -------
        tuple of Crosstab
            Tables of two variables, over the same design; levels without weight in a layer are left out.
        """
        if len(self.variables) == 2:
            return (self,)
        outer, count = self.cells.shape[:-2], self.shape[0]
        df = self.cells.grouped_df(np.indices(self.shape)[0].reshape(-1), count)
        present = [k for k in range(count) if self._weighs(k)]
        return tuple(self._layer(np.unravel_index(k, outer), int(df[k])) for k in present)

    def test(self, statistic: TableStatistic = "F") -> TableTest:
        """Test that row and column variable are independent.

        Parameters
        ----------
        statistic : {"F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"}
            See `analysis.crosstab_tests.independence_test`; the default is Rao and Scott's second-order
            correction.

        Returns
        -------
        TableTest
            With ``statistic``, ``df``, ``df_residual``, ``p_value``.

        Raises
        ------
        AnalysisError
            The table has layers, one row or one column, or too many empty cells for the test.
        """
        check_statistic(statistic)
        return independence_test(self._two_way(), self.variables, self.levels, statistic)

    def residuals(self) -> "pd.DataFrame":
        """Which cells stand out: observed minus expected shares over their standard errors (調整残差).

        Returns
        -------
        pandas.DataFrame
            Columns: row variable, column variable, observed, expected, se, residual, p_value, p_holm; see
            `analysis.crosstab_residuals.residual_table`.

        Raises
        ------
        AnalysisError
            The table has layers.
        """
        names = (self.variables[0], self.variables[1])
        return residual_table(self._two_way(), names, (self.levels[0], self.levels[1]))

    def cramer_v(self) -> float:
        """Strength of the association, 0 to 1 (クラメールの連関係数).

        Returns
        -------
        float
            Cramér's V of the weighted table; NaN with one row or one column.

        Raises
        ------
        AnalysisError
            The table has layers.
        """
        return cramer_v(self._two_way())

    def test_layers(self, statistic: TableStatistic = "F") -> LayerTests:
        """Test row against column variable within each layer.

        Parameters
        ----------
        statistic : {"F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"}
            As in `test`.

        Returns
        -------
        LayerTests
            One test a layer; a layer with one row or one column has none, and NaN in ``tidy()``.
        """
        check_statistic(statistic)
        tables = self.layers()
        keys = [self._keys(None).iloc[k] for k in range(self.shape[0]) if self._weighs(k)]
        tests = [None if min(t.shape[1:]) < 2 else t.test(statistic) for t in tables]
        frame = pd.DataFrame(keys).reset_index(drop=True) if len(self.variables) > 2 else self._keys(None)
        return LayerTests(frame, tuple(tests))

    def tidy(self) -> "pd.DataFrame":
        """One row a cell and measure.

        Returns
        -------
        pandas.DataFrame
            Columns: layer variables, row variable, column variable, measure (total, row, column, share),
            estimate, se, ci_low, ci_high, df, n. ``share`` is the share of the layer's whole table.
        """
        parts = [self._long(self.totals(), "total")]
        for base in get_args(Base):
            parts.append(self._long(self.percent(base), "share" if base == "total" else base))
        frame = pd.concat(parts, ignore_index=True)
        order = np.argsort(np.tile(np.arange(self.cells.total.size), len(parts)), kind="stable")
        return frame.iloc[order].reset_index(drop=True)

    def table(self, base: Base | Literal["count"] = "count") -> "pd.DataFrame":
        """The table as people read it: a row a row level, a column a column level.

        Parameters
        ----------
        base : {"count", "row", "column", "total"}
            Weighted totals, or shares as in `percent`.

        Returns
        -------
        pandas.DataFrame
            Layer variables, row variable, then one column a level of the column variable.
        """
        if base != "count":
            _check_base(base)
        layers, rows, columns = self.shape
        if base == "count":
            values = self.cells.total.reshape(layers * rows, columns)
        else:
            group, _order, _width = bases_of(base, layers, rows, columns)
            sums = sum_by(group, self.cells.total, int(group.max()) + 1)
            values = divide(self.cells.total, sums[group]).reshape(layers * rows, columns)
        body = pd.DataFrame(values, columns=[str(level) for level in self.levels[1]])
        return pd.concat([self._keys("row"), body], axis=1)

    def _long(self, estimate: Estimate, measure: str) -> "pd.DataFrame":
        """Rows in the order of the cells, whatever the base."""
        frame = estimate.tidy()
        layers, rows, columns = self.shape
        if measure == "column":
            _group, order, _width = bases_of("column", layers, rows, columns)
            frame = frame.iloc[np.argsort(order)].reset_index(drop=True)
        keys = self._keys("row").loc[np.repeat(np.arange(layers * rows), columns)].reset_index(drop=True)
        keys[self.variables[1]] = np.tile(self.levels[1], layers * rows)
        keys["measure"] = measure
        return pd.concat([keys, frame[["estimate", "se", "ci_low", "ci_high", "df", "n"]]], axis=1)

    def _two_way(self) -> CellTotals:
        if len(self.variables) > 2:
            raise AnalysisError(
                "ANA-LAYERS",
                _("The test is for two variables, and this table has layers."),
                hint=_("Use test_layers(), or take one of layers()."),
            )
        return self.cells

    def _weighs(self, layer: int) -> bool:
        return bool(self.cells.n.reshape(self.shape)[layer].sum() > 0)

    def _layer(self, where: tuple[Any, ...], df: int) -> "Crosstab":
        block = self.cells.n.reshape(self.cells.shape)[where]
        kept = (np.flatnonzero(block.sum(axis=1)), np.flatnonzero(block.sum(axis=0)))
        cells = self.cells.keep([np.array([one]) for one in where] + list(kept), df)
        cells = replace(cells, shape=cells.shape[-2:])
        return Crosstab(self.variables[:2], (self.levels[0][kept[0]], self.levels[1][kept[1]]), cells)

    def _keys(self, inner: Axis | None) -> "pd.DataFrame":
        """Names of the layers, crossed with the levels of rows or columns."""
        axes = list(range(2, len(self.variables))) + ([] if inner is None else [0 if inner == "row" else 1])
        if not axes:
            return pd.DataFrame(index=range(1))
        crossed = pd.MultiIndex.from_product(
            [self.levels[a] for a in axes], names=[self.variables[a] for a in axes]
        )
        return crossed.to_frame(index=False)

    def _terms(self, axis: Axis) -> tuple[tuple[str, str | None], ...]:
        a = 0 if axis == "row" else 1
        return tuple((self.variables[a], str(level)) for level in self.levels[a])

    def __repr__(self) -> str:
        sizes = " x ".join(str(len(levels)) for levels in self.levels)
        return f"<Crosstab {' x '.join(self.variables)}: {sizes} cells, {self.n:,} rows>"

    def _repr_html_(self) -> str:
        from analysis.crosstab_view import crosstab_view
        from analysis.html import table_html

        return table_html(crosstab_view(self), table_id="hyohon-crosstab")


def _check_base(base: str) -> None:
    if base not in get_args(Base):
        raise option_error("base", base, get_args(Base))
