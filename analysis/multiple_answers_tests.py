"""Tests of several items against one grouping: each item, adjusted for their number, and all jointly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.adjustment import adjusted
from analysis.arrays import DesignArrays, FloatArray, IntArray
from analysis.crosstab_cells import CellTotals
from analysis.crosstab_tests import design_effects, independence_test, pearson_projection
from analysis.estimators import Term, used_counts
from analysis.lazy import LazyModule
from analysis.table_tests import METHODS, FitStatistic, TableStatistic, TableTest, corrected_test
from analysis.variance import Domains, variance_of_sums

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["ItemTests", "ItemTotals", "item_tests", "item_totals"]


@dataclass(frozen=True, slots=True, eq=False)
class ItemTotals:
    """Totals of persons and of those who named each item, by group, in one covariance.

    Attributes
    ----------
    total : FloatArray
        (groups, 1 + items) persons, then persons who named each item.
    covariance : FloatArray
        (groups x (1 + items), same).
    n : IntArray
        (groups, 1 + items) the same as rows with a weight above zero.
    df : int
        Degrees of freedom of the rows of the base.
    domains : Domains
        Group of each row; rows outside the base lie outside.
    arrays : DesignArrays
        The design.
    """

    total: FloatArray
    covariance: FloatArray
    n: IntArray
    df: int
    domains: Domains
    arrays: DesignArrays

    def cells(self, item: int) -> CellTotals:
        """Table group x (named, not named) of one item.

        Parameters
        ----------
        item : int
            0-based number.

        Returns
        -------
        CellTotals
            Groups without persons are left out.
        """
        kept = np.flatnonzero(self.n[:, 0] > 0)
        jacobian = self.jacobian(item)
        n = np.stack([self.n[kept, 1 + item], self.n[kept, 0] - self.n[kept, 1 + item]], axis=1)
        total = np.stack(
            [self.total[kept, 1 + item], self.total[kept, 0] - self.total[kept, 1 + item]], axis=1
        )
        covariance = jacobian @ self.covariance @ jacobian.T
        flat = np.where(n > 0, total, 0.0).reshape(-1)
        return CellTotals((kept.size, 2), flat, covariance, n.reshape(-1), self.df, self.domains, self.arrays)

    def jacobian(self, item: int) -> FloatArray:
        """Matrix from the totals to the cells of one item's table.

        Parameters
        ----------
        item : int
            0-based number.

        Returns
        -------
        FloatArray
            (cells, groups x (1 + items)).
        """
        width = self.total.shape[1]
        kept = np.flatnonzero(self.n[:, 0] > 0)
        matrix = np.zeros((kept.size, 2, self.total.size))
        rows = np.arange(kept.size)
        matrix[rows, 0, kept * width + 1 + item] = 1.0
        matrix[rows, 1, kept * width] = 1.0
        matrix[rows, 1, kept * width + 1 + item] = -1.0
        return matrix.reshape(2 * kept.size, -1)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ItemTests:
    """Tests of the items of a question against a grouping.

    Attributes
    ----------
    items : tuple of str
        Columns.
    tests : tuple of (TableTest or None)
        (items,) None where everybody or nobody named the item.
    joint : TableTest
        All items together: is the share of persons who named it the same in every group, for every item?

    Notes
    -----
    The joint statistic is the sum of the items' Pearson chi-squared values. Its generalised design effects
    are the eigenvalues of the joint covariance of all items' interaction contrasts, so that items named
    together do not count twice. Corrections are those of a single table; where Wald's test is asked for, the
    joint test is F.

    References
    ----------
    Bilder, C.R. and Loughin, T.M. (2004). Testing for marginal independence between two categorical variables
    with multiple responses. Biometrics 60, 241-248.

    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6, 65-70.
    """

    items: tuple[str, ...]
    tests: tuple[TableTest | None, ...]
    joint: TableTest

    @property
    def p_values(self) -> FloatArray:
        """(items,) p-values as they stand; NaN where there is no test."""
        return np.array([np.nan if test is None else test.p_value for test in self.tests])

    def tidy(self) -> "pd.DataFrame":
        """One row an item.

        Returns
        -------
        pandas.DataFrame
            Columns: item, statistic, df, df_residual, p_value, p_bonferroni, p_holm.
        """
        rows = [[np.nan] * 3 if t is None else [t.statistic, t.df, t.df_residual] for t in self.tests]
        frame = pd.DataFrame(rows, columns=["statistic", "df", "df_residual"])
        frame.insert(0, "item", list(self.items))
        return frame.assign(
            p_value=self.p_values,
            p_bonferroni=adjusted(self.p_values, "bonferroni"),
            p_holm=adjusted(self.p_values, "holm"),
        )

    def __repr__(self) -> str:
        return f"<ItemTests: {len(self.items)} items, joint p {self.joint.p_value:.4g}>"

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id="hyohon-item-tests")


def item_totals(terms: Sequence[Term], domains: Domains, arrays: DesignArrays) -> ItemTotals:
    """Sum persons and answers by group, with one covariance for all.

    Parameters
    ----------
    terms : sequence of Term
        Items, 1 where named, over the same used rows.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    ItemTotals
        Totals of groups and items.
    """
    codes = np.zeros(domains.rows, dtype=np.int64) if domains.codes is None else domains.codes
    used = terms[0].used
    inside = Domains(
        codes if used is None else np.where(used, codes, domains.count), domains.count, domains.rows
    )
    influence = [arrays.weights, *(arrays.weights * term.values for term in terms)]
    covariance = variance_of_sums(influence, inside, arrays)
    total = np.stack([inside.sums(values) for values in influence], axis=1)
    n = np.stack([inside.counts(values > 0) for values in influence], axis=1)
    _n, df = used_counts(
        Term(arrays.weights, inside.codes < domains.count) if inside.codes is not None else terms[0],
        Domains(None, 1, domains.rows),
        arrays,
    )
    return ItemTotals(total, covariance, n, int(df[0]), inside, arrays)


def item_tests(
    totals: ItemTotals,
    items: Sequence[str],
    groups: "pd.Index[Any]",
    grouping: str,
    statistic: TableStatistic,
) -> ItemTests:
    """Test each item and all items against the grouping.

    Parameters
    ----------
    totals : ItemTotals
        Totals of groups and items.
    items : sequence of str
        Names of the items.
    groups : pandas.Index
        Names of the groups.
    grouping : str
        Name of the grouping.
    statistic : TableStatistic
        See `analysis.crosstab_tests.independence_test`.

    Returns
    -------
    ItemTests
        With adjusted p-values and the joint test.
    """
    kept = groups[totals.n[:, 0] > 0]
    levels = (kept, pd.Index(["named", "not named"]))
    tables = [totals.cells(j) for j in range(len(items))]
    varies = [len(kept) > 1 and bool((t.n.reshape(-1, 2).sum(axis=0) > 0).all()) for t in tables]
    tests = tuple(
        independence_test(table, (grouping, item), levels, statistic) if usable else None
        for table, item, usable in zip(tables, items, varies, strict=True)
    )
    joint = _joint_test(totals, [j for j, usable in enumerate(varies) if usable], items, kept, statistic)
    return ItemTests(tuple(items), tests, joint)


def _joint_test(
    totals: ItemTotals,
    usable: Sequence[int],
    items: Sequence[str],
    groups: "pd.Index[Any]",
    statistic: TableStatistic,
) -> TableTest:
    name: FitStatistic = "F" if statistic in ("Wald", "adjWald") else statistic
    n = float(totals.n[:, 0].sum())
    persons = totals.total[:, 0][totals.n[:, 0] > 0]
    pearson, projections, observed, expected = 0.0, [], {}, {}
    for j in usable:
        share = totals.cells(j).total.reshape(-1, 2) / persons.sum()
        fitted = np.outer(share.sum(axis=1), share.sum(axis=0))
        pearson += n * float(((share - fitted) ** 2 / fitted).sum())
        to_shares = np.eye(share.size) - share.reshape(-1)[:, None]
        projections.append(pearson_projection(share, n) @ to_shares @ totals.jacobian(j) / persons.sum())
        observed[items[j]], expected[items[j]] = n * share[:, 0], n * fitted[:, 0]
    stacked = np.concatenate(projections) if projections else np.zeros((0, totals.total.size))
    eigenvalues = design_effects(stacked, totals.covariance) if projections else np.zeros(0)
    numbers = corrected_test(pearson, eigenvalues, totals.df, name)
    tables = [pd.DataFrame(table, index=groups) for table in (observed, expected)]
    return TableTest(name, METHODS[name], *numbers, eigenvalues, tables[0], tables[1], tuple(items))
