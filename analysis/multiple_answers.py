"""Questions with several answers (複数回答): shares of persons and of answers, tests against a grouping."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray
from analysis.columns import column, numbers
from analysis.estimators import Linear, Term, divide, means, used_counts
from analysis.lazy import LazyModule
from analysis.multiple_answers_tests import ItemTests, ItemTotals, item_tests, item_totals
from analysis.options import option_error
from analysis.results import Estimate
from analysis.table_tests import TableStatistic, check_statistic
from analysis.variables import Missing, domains_of, refuse_missing_values
from analysis.variance import Domains, variance_of_sums
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["AnswerBase", "MultipleAnswers", "answer_shares", "read_answers"]

AnswerBase = Literal["any", "all"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MultipleAnswers:
    """Answers to a question where several items may be named.

    Attributes
    ----------
    items : tuple of str
        Columns, in the order given.
    by : pandas.DataFrame
        (domains, by columns) groups; one row and no column without ``by``.
    terms : tuple of Term
        (items,) 1 where an item was named; all over the rows of the base.
    domains : Domains
        Group of each row.
    arrays : DesignArrays
        The design.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import SurveyDesign
    >>> frame = pd.DataFrame({"q_1": [1, 1, 0, 0], "q_2": [0, 1, 1, 0], "q_3": [0, 0, 1, 0], "w": 1.0})
    >>> m = SurveyDesign(frame, weights="w").multiple_answers(["q_1", "q_2", "q_3"])
    >>> m.tidy()[["item", "persons", "answers"]].round(2).to_dict("list")
    {'item': ['q_1', 'q_2', 'q_3'], 'persons': [0.67, 0.67, 0.33], 'answers': [0.4, 0.4, 0.2]}
    """

    items: tuple[str, ...]
    by: "pd.DataFrame"
    terms: tuple[Term, ...]
    domains: Domains
    arrays: DesignArrays

    def persons(self) -> Estimate:
        """Share of persons of the base who named each item (回答者ベース).

        Returns
        -------
        Estimate
            Rows by group, then item; the shares of a group may add up to more than 1. Logit intervals.
        """
        linear = means(self.terms, self.domains, self.arrays)
        return Estimate("multiple-persons", self.by, self._labels(), linear, "logit")

    def answers(self) -> Estimate:
        """Share of each item among all answers (回答数ベース).

        Returns
        -------
        Estimate
            Rows by group, then item; the shares of a group add up to 1. Logit intervals.
        """
        linear = answer_shares(self.terms, self.domains, self.arrays)
        return Estimate("multiple-answers", self.by, self._labels(), linear, "logit")

    def mean_count(self) -> Estimate:
        """Mean number of items that a person of the base named.

        Returns
        -------
        Estimate
            One row a group.
        """
        count = Term(np.sum([term.values for term in self.terms], axis=0), self.terms[0].used)
        return Estimate(
            "multiple-count", self.by, (("count", None),), means([count], self.domains, self.arrays)
        )

    def test(self, statistic: TableStatistic = "F") -> ItemTests:
        """Test each item, and all together, against the grouping.

        Parameters
        ----------
        statistic : {"F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint"}
            Test of each item's table group x named, as in `Crosstab.test`. The joint test of all items takes
            the same correction; for Wald's tests it takes ``F``.

        Returns
        -------
        ItemTests
            One test an item with p-values adjusted by Bonferroni and by Holm, and the joint test.

        Raises
        ------
        AnalysisError
            There is no grouping, or one group only.
        """
        check_statistic(statistic)
        if len(self.by) < 2:
            raise AnalysisError(
                "ANA-ONE-LEVEL",
                _("A test needs a grouping with at least two groups."),
                hint=_("Name a column with by=."),
            )
        totals: ItemTotals = item_totals(self.terms, self.domains, self.arrays)
        groups = pd.Index([" / ".join(map(str, row)) for row in self.by.itertuples(index=False)])
        return item_tests(totals, self.items, groups, " x ".join(map(str, self.by.columns)), statistic)

    def tidy(self, order: Literal["given", "descending"] = "given") -> "pd.DataFrame":
        """One row a group and item.

        Parameters
        ----------
        order : {"given", "descending"}
            Items as given, or by the share of persons over all groups together, largest first.

        Returns
        -------
        pandas.DataFrame
            Columns: the ``by`` columns, item, persons, persons_se, persons_low, persons_high, answers,
            answers_se, answers_low, answers_high, df, n.
        """
        if order not in ("given", "descending"):
            raise option_error("order", order, ("given", "descending"))
        persons, answers = self.persons().tidy(), self.answers().tidy()
        frame = persons[list(self.by.columns)].assign(item=persons["term"])
        for name, part in (("persons", persons), ("answers", answers)):
            frame[name], frame[f"{name}_se"] = part["estimate"], part["se"]
            frame[f"{name}_low"], frame[f"{name}_high"] = part["ci_low"], part["ci_high"]
        frame["df"], frame["n"] = persons["df"], persons["n"]
        if order == "descending":
            count = len(self.items)
            rows = np.arange(len(frame)).reshape(-1, count)[:, self._ranking()].reshape(-1)
            frame = frame.iloc[rows].reset_index(drop=True)
        return frame

    def _ranking(self) -> Any:
        inside = _inside(self.domains)
        totals = [-(self.arrays.weights * term.values * inside).sum() for term in self.terms]
        return np.argsort(totals, kind="stable")

    def _labels(self) -> tuple[tuple[str, None], ...]:
        return tuple((item, None) for item in self.items)

    def __repr__(self) -> str:
        return f"<MultipleAnswers: {len(self.items)} items, {len(self.by)} groups>"

    def _repr_html_(self) -> str:
        from analysis.html import table_html

        return table_html(self.tidy(), table_id="hyohon-multiple-answers")


def _inside(domains: Domains) -> FloatArray:
    if domains.codes is None:
        return np.ones(domains.rows)
    return (domains.codes < domains.count).astype(np.float64)


def read_answers(
    frame: "pd.DataFrame",
    items: Sequence[str],
    by: str | Sequence[str] | None,
    base: AnswerBase,
    na: Missing,
) -> tuple[tuple[Term, ...], Domains, "pd.DataFrame"]:
    """Read the items of a question.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    items : sequence of str
        Columns of booleans, or of 1 (named) and 0.
    by : str or sequence of str or None
        Grouping columns.
    base : {"any", "all"}
        Rows that count: those with at least one item named, or all.
    na : Missing
        Rule for missing values; ``"domain"`` and ``"listwise"`` both take the rows complete in all items.

    Returns
    -------
    terms : tuple of Term
        (items,) 1 where named, all over the same rows.
    domains : Domains
        Groups.
    names : pandas.DataFrame
        (groups, by columns).

    Raises
    ------
    AnalysisError
        An item holds other values than 0 and 1, fewer than two items are named, nobody is in the base, or an
        option does not exist.
    """
    for option, given, allowed in (("base", base, get_args(AnswerBase)), ("na", na, get_args(Missing))):
        if given not in allowed:
            raise option_error(option, given, allowed)
    names = [items] if isinstance(items, str) else list(items)
    if len(names) < 2 or len(set(names)) < len(names):
        raise AnalysisError(
            "ANA-ITEMS",
            _("A question with several answers needs at least two different items."),
            hint=_("Name each item's column once."),
        )
    columns = [_marks(frame, name, na) for name in names]
    used: BoolArray = np.logical_and.reduce([~np.isnan(values) for values in columns])
    if base == "any":
        used = used & np.logical_or.reduce([values == 1 for values in columns])
    if not used.any():
        raise AnalysisError(
            "ANA-EMPTY", _("Nobody named any of the items."), hint=_("Check the items, or use base='all'.")
        )
    domains, groups = domains_of(frame, by, na)
    kept = None if used.all() else used
    return tuple(Term(np.where(used, values, 0.0), kept) for values in columns), domains, groups


def _marks(frame: "pd.DataFrame", name: str, na: Missing) -> FloatArray:
    values = numbers(column(frame, name))
    present = ~np.isnan(values)
    if na == "fail":
        refuse_missing_values(name, present)
    if not np.isin(values[present], (0.0, 1.0)).all():
        raise AnalysisError(
            "ANA-ITEMS",
            _("An item may hold 1 (named), 0 (not named) and missing values only."),
            hint=_("Recode the column."),
            column=name,
        )
    return values


def answer_shares(terms: Sequence[Term], domains: Domains, arrays: DesignArrays) -> Linear:
    """Share of each item among all answers, by domain.

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
    Linear
        ``sum(w x_j) / sum_k sum(w x_k)``; NaN where a domain has no answer.

    Notes
    -----
    The influence of a row is ``w (x_j - share_j x) / sum(w x)`` with x the number of items it named.
    """
    named = np.sum([term.values for term in terms], axis=0)
    whole = domains.sums(arrays.weights * named)
    shares = [divide(domains.sums(arrays.weights * term.values), whole) for term in terms]
    scale = arrays.weights * domains.spread(np.nan_to_num(divide(np.ones_like(whole), whole)))
    influence = [
        scale * (term.values - domains.spread(np.nan_to_num(share)) * named)
        for term, share in zip(terms, shares, strict=True)
    ]
    n, df = used_counts(terms[0], domains, arrays)
    estimate = np.stack(shares, axis=1)
    defined = np.where(np.isnan(estimate.reshape(-1)), np.nan, 1.0)
    covariance = variance_of_sums(influence, domains, arrays) * np.outer(defined, defined)
    width = (1, len(terms))
    return Linear(estimate, covariance, np.tile(df[:, None], width), np.tile(n[:, None], width), None)
