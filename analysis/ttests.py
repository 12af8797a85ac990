"""Tests of one mean, of paired values, and of the means of groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray, IntArray
from analysis.columns import column, encode
from analysis.estimators import Term, means, used_counts
from analysis.formulas import Formula, parse_formula
from analysis.options import option_error
from analysis.tested import DomainTests, SurveyTest, f_test, t_test
from analysis.variables import Missing, domains_of
from analysis.variance import Domains
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Grouped", "compare_groups", "read_grouped", "refuse_missing", "t_test_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """A response and the groups of its rows, in each domain.

    Attributes
    ----------
    formula : Formula
        What was asked.
    values : FloatArray
        (rows,) the response; 0 in rows that are not used.
    used : BoolArray or None
        (rows,) rows with a response, a group and a domain; None: all.
    groups : IntArray or None
        (rows,) group of each row, where it is used; None for one sample.
    levels : tuple of str
        Names of the groups; empty for one sample.
    domains : Domains
        The domains in which the test is made.
    by : pandas.DataFrame
        (domains, by columns) their names; without columns where there is one test.
    """

    formula: Formula
    values: FloatArray
    used: BoolArray | None
    groups: IntArray | None
    levels: tuple[str, ...]
    domains: Domains
    by: "pd.DataFrame"

    @property
    def cells(self) -> Domains:
        """The groups of each domain, domain first."""
        if self.groups is None:
            return self.domains
        count = self.domains.count * len(self.levels)
        codes = self.groups
        if self.domains.codes is not None:
            codes = self.domains.codes * len(self.levels) + codes
        return Domains(codes if self.used is None else np.where(self.used, codes, count), count, codes.size)


def read_grouped(
    frame: "pd.DataFrame", formula: str, na: Missing, by: str | Sequence[str] | None = None
) -> Grouped:
    """Read the two sides of a formula.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    formula : str
        See `parse_formula`.
    na : {"fail", "domain", "listwise"}
        Rows without a response, a group or a domain: refused, or outside (the two restrictions are the same
        here).
    by : str or sequence of str, optional
        Domain columns.

    Returns
    -------
    Grouped
        Levels in category order, else ascending; levels without a row used are left out.

    Raises
    ------
    AnalysisError
        A column is unknown or holds text, or values are missing under ``"fail"``.
    """
    if na not in get_args(Missing):
        raise option_error("na", na, get_args(Missing))
    parsed = parse_formula(formula)
    values = parsed.values(frame)
    used = ~np.isnan(values)
    refuse_missing(used, na, parsed.response.text)
    domains, names = domains_of(frame, by, na)
    if domains.codes is not None:
        used &= domains.codes < domains.count
    groups, levels = _read_groups(frame, parsed.group, na, used)
    if not used.any():
        raise _nothing(parsed.text)
    if used.all():
        return Grouped(parsed, values, None, groups, levels, domains, names)
    return Grouped(parsed, np.where(used, values, 0.0), used, groups, levels, domains, names)


def _read_groups(
    frame: "pd.DataFrame", name: str | None, na: Missing, used: BoolArray
) -> tuple[IntArray | None, tuple[str, ...]]:
    """Number the groups that have a row used; rows without a group are struck out of `used`, in place."""
    if name is None:
        return None, ()
    codes = encode(column(frame, name))
    refuse_missing(codes.codes >= 0, na, name)
    used &= codes.codes >= 0
    levels = tuple(str(level) for level in codes.levels)
    if used.all():
        return codes.codes, levels
    present = np.bincount(codes.codes[used], minlength=len(levels)) > 0
    number = np.cumsum(present) - 1
    return number[codes.codes], tuple(x for x, some in zip(levels, present, strict=True) if some)


def _nothing(formula: str) -> AnalysisError:
    return AnalysisError(
        "ANA-EMPTY",
        _("No row has all values of {formula}.").format(formula=formula),
        hint=_("Check the columns."),
    )


def refuse_missing(present: BoolArray, na: Missing, name: str) -> None:
    """Refuse missing values under ``"fail"``.

    Parameters
    ----------
    present : BoolArray
        (rows,) rows with a value.
    na : Missing
        Rule for missing values.
    name : str
        Column.

    Raises
    ------
    AnalysisError
        A value is missing, and the rule is ``"fail"``.
    """
    count = int(np.count_nonzero(~present))
    if na == "fail" and count:
        raise AnalysisError(
            "ANA-MISSING",
            _("{count:,} values are missing.").format(count=count),
            hint=_('Choose na="domain" (each variable over its own rows) or na="listwise".'),
            column=name,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Means:
    """Means of groups in all domains.

    (domains, groups) mean and n; (domains, groups, groups) covariance; (domains,) degrees of freedom of the
    design over the rows used; size of the values.
    """

    mean: FloatArray
    covariance: FloatArray
    n: IntArray
    df: IntArray
    size: float


def t_test_of(data: Grouped, arrays: DesignArrays, null: float) -> SurveyTest | DomainTests:
    """Test one mean, or the difference of two.

    Parameters
    ----------
    data : Grouped
        Response and groups.
    arrays : DesignArrays
        The design.
    null : float
        Mean or difference under the hypothesis.

    Returns
    -------
    SurveyTest or DomainTests
        t with the design's degrees of freedom (over the rows used) minus 1; one test a domain where there are
        ``by`` columns.

    Raises
    ------
    AnalysisError
        There are groups, but not two; nothing varies; or no degree of freedom is left.
    """
    if data.groups is not None and len(data.levels) != 2:
        raise AnalysisError(
            "ANA-GROUPS",
            _("A t test compares two groups, and the column has {count} with values: {names}.").format(
                count=len(data.levels), names=", ".join(data.levels[:12])
            ),
            hint=_("Restrict to two levels by subset(), or use ranktest() or pairwise()."),
            column=data.formula.group,
        )
    return compare_groups(data, arrays, _("one-sample t test") if data.groups is None else _("t test"), null)


def compare_groups(
    data: Grouped, arrays: DesignArrays, name: str, null: float = 0.0
) -> SurveyTest | DomainTests:
    """Compare the means of groups, or test one mean.

    Parameters
    ----------
    data : Grouped
        Response and groups.
    arrays : DesignArrays
        The design.
    name : str
        Name of the test.
    null : float
        Mean, or difference of two groups, under the hypothesis.

    Returns
    -------
    SurveyTest or DomainTests
        One sample or two groups: t with df - 1. More: Wald's chi-squared with groups - 1 and df - groups + 1
        degrees of freedom, where df are those of the design over the rows used. One test a domain where there
        are ``by`` columns.

    Raises
    ------
    AnalysisError
        There is one group, nothing varies, or no degree of freedom is left; with ``by`` columns, such domains
        have no test.
    """
    means_of = _means(data, arrays)
    if not data.by.shape[1]:
        return _test(data, means_of, 0, name, null)
    tests: list[SurveyTest | None] = []
    for d in range(data.domains.count):
        try:
            tests.append(_test(data, means_of, d, name, null))
        except AnalysisError:
            tests.append(None)
    return DomainTests(data.by, tuple(tests))


def _test(data: Grouped, found: _Means, d: int, name: str, null: float) -> SurveyTest:
    """Make the test of domain d."""
    there = found.n[d] > 0
    mean, v = found.mean[d][there], found.covariance[d][np.ix_(there, there)]
    levels = tuple(level for level, some in zip(data.levels, there, strict=False) if some)
    df, n, text, count = int(found.df[d]), int(found.n[d].sum()), data.formula.text, mean.size
    if not count:
        raise _nothing(text)
    if data.groups is None:
        difference, covariance = mean, v
    else:
        _check_groups(data, levels)
        difference = mean[1:] - mean[0]
        covariance = v[1:, 1:] - v[1:, :1] - v[:1, 1:] + v[0, 0]
    if difference.size == 1:
        estimate = float(difference[0])
        statistic, se, p = t_test(estimate, float(covariance[0, 0]), df - 1, null, found.size)
        return SurveyTest(name, text, "t", statistic, df - 1, None, p, estimate, se, null, levels, n)
    residual = df - (count - 1)
    statistic, p = f_test(difference, covariance, residual, found.size)
    return SurveyTest(name, text, "Chisq", statistic, count - 1, residual, p, None, None, 0.0, levels, n)


def _check_groups(data: Grouped, levels: tuple[str, ...]) -> None:
    """Refuse fewer than two groups, and groups that are there in rows of weight 0 only."""
    if len(levels) < 2:
        raise AnalysisError(
            "ANA-GROUPS",
            _("Two groups with values are needed; there is {names}.").format(names=", ".join(levels)),
            hint=_("Check the column of groups."),
            column=data.formula.group,
        )
    if not data.by.shape[1] and len(levels) < len(data.levels):
        raise AnalysisError(
            "ANA-GROUPS",
            _("A group has no row with a weight above zero."),
            hint=_("Leave the group out by subset()."),
            column=data.formula.group,
        )


def _means(data: Grouped, arrays: DesignArrays) -> _Means:
    term, domains = Term(data.values, data.used), data.domains.count
    linear = means([term], data.cells, arrays)
    mean = linear.estimate.reshape(domains, -1)
    width = mean.shape[1]
    blocks = linear.covariance.reshape(domains, width, domains, width)
    _n, df = used_counts(term, data.domains, arrays)
    size = float(np.abs(data.values).max())
    return _Means(mean, np.einsum("dadb->dab", blocks), linear.n.reshape(domains, width), df, size)
