"""Tests of one mean, of paired values, and of the means of groups."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray
from analysis.columns import column, encode
from analysis.estimators import Linear, Term, _counts, means
from analysis.formulas import Formula, parse_formula
from analysis.options import option_error
from analysis.tested import SurveyTest, f_test, t_test
from analysis.variables import Missing
from analysis.variance import Domains
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Grouped", "compare_groups", "read_grouped", "refuse_missing", "t_test_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """A response and the groups of its rows.

    Attributes
    ----------
    formula : Formula
        What was asked.
    values : FloatArray
        (rows,) the response; 0 in rows that are not used.
    used : BoolArray or None
        (rows,) rows with a response and a group; None: all.
    domains : Domains
        The groups; one domain of all rows for one sample.
    levels : tuple of str
        Names of the groups; empty for one sample.
    """

    formula: Formula
    values: FloatArray
    used: BoolArray | None
    domains: Domains
    levels: tuple[str, ...]


def read_grouped(frame: "pd.DataFrame", formula: str, na: Missing) -> Grouped:
    """Read the two sides of a formula.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    formula : str
        See `parse_formula`.
    na : {"fail", "domain", "listwise"}
        Rows without a response or a group: refused, or outside (the two restrictions are the same here).

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
    if parsed.group is None:
        return _grouped(parsed, values, used, Domains(None, 1, len(frame)), ())
    codes = encode(column(frame, parsed.group))
    refuse_missing(codes.codes >= 0, na, parsed.group)
    used &= codes.codes >= 0
    levels = tuple(str(name) for name in codes.levels)
    groups = codes.codes
    if not used.all():
        present = np.bincount(groups[used], minlength=len(levels)) > 0
        number = np.append(np.cumsum(present) - 1, present.sum())
        groups = number[np.where(used, groups, len(levels))]
        levels = tuple(name for name, some in zip(levels, present, strict=True) if some)
    return _grouped(parsed, values, used, Domains(groups, len(levels), len(frame)), levels)


def _grouped(
    formula: Formula, values: FloatArray, used: BoolArray, domains: Domains, levels: tuple[str, ...]
) -> Grouped:
    if not used.any():
        raise AnalysisError(
            "ANA-EMPTY",
            _("No row has all values of {formula}.").format(formula=formula.text),
            hint=_("Check the columns."),
        )
    if used.all():
        return Grouped(formula, values, None, domains, levels)
    return Grouped(formula, np.where(used, values, 0.0), used, domains, levels)


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


def t_test_of(data: Grouped, arrays: DesignArrays, null: float) -> SurveyTest:
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
    SurveyTest
        t with the design's degrees of freedom (over the rows used) minus 1.

    Raises
    ------
    AnalysisError
        There are groups, but not two; nothing varies; or no degree of freedom is left.
    """
    if not data.levels and data.domains.codes is None:
        linear, df = _means(data, arrays)
        size = float(np.abs(data.values).max())
        estimate, variance = float(linear.estimate[0, 0]), float(linear.covariance[0, 0])
        statistic, se, p = t_test(estimate, variance, df - 1, null, size)
        n = int(linear.n[0, 0])
        name = _("one-sample t test")
        return SurveyTest(name, data.formula.text, "t", statistic, df - 1, None, p, estimate, se, null, (), n)
    if len(data.levels) != 2:
        raise AnalysisError(
            "ANA-GROUPS",
            _("A t test compares two groups, and the column has {count} with values: {names}.").format(
                count=len(data.levels), names=", ".join(data.levels[:12])
            ),
            hint=_("Restrict to two levels by subset(), or use ranktest() or pairwise()."),
            column=data.formula.group,
        )
    return compare_groups(data, arrays, _("t test"), null)


def compare_groups(data: Grouped, arrays: DesignArrays, name: str, null: float = 0.0) -> SurveyTest:
    """Compare the means of two or more groups.

    Parameters
    ----------
    data : Grouped
        Response and groups.
    arrays : DesignArrays
        The design.
    name : str
        Name of the test.
    null : float
        Difference of two groups under the hypothesis.

    Returns
    -------
    SurveyTest
        Two groups: t with df - 1. More: Wald's chi-squared with groups - 1 and df - groups + 1 degrees of
        freedom, where df are those of the design over the rows used.

    Raises
    ------
    AnalysisError
        There is one group, nothing varies, or no degree of freedom is left.
    """
    count = len(data.levels)
    if count < 2:
        raise AnalysisError(
            "ANA-GROUPS",
            _("Two groups with values are needed; there is {names}.").format(names=", ".join(data.levels)),
            hint=_("Check the column of groups."),
            column=data.formula.group,
        )
    linear, df = _means(data, arrays)
    mean, v, n = linear.estimate[:, 0], linear.covariance, int(linear.n.sum())
    difference = mean[1:] - mean[0]
    covariance = v[1:, 1:] - v[1:, :1] - v[:1, 1:] + v[0, 0]
    text, size = data.formula.text, float(np.abs(data.values).max())
    if count == 2:
        estimate = float(difference[0])
        statistic, se, p = t_test(estimate, float(covariance[0, 0]), df - 1, null, size)
        return SurveyTest(name, text, "t", statistic, df - 1, None, p, estimate, se, null, data.levels, n)
    residual = df - (count - 1)
    statistic, p = f_test(difference, covariance, residual, size)
    return SurveyTest(name, text, "Chisq", statistic, count - 1, residual, p, None, None, 0.0, data.levels, n)


def _means(data: Grouped, arrays: DesignArrays) -> tuple[Linear, int]:
    """Means by group, and degrees of freedom of the design over all rows used."""
    term = Term(data.values, data.used)
    linear = means([term], data.domains, arrays)
    if np.isnan(linear.estimate).any():
        raise AnalysisError(
            "ANA-GROUPS",
            _("A group has no row with a weight above zero."),
            hint=_("Leave the group out by subset()."),
            column=data.formula.group,
        )
    if data.domains.codes is None:
        return linear, int(linear.df[0, 0])
    _n, df = _counts(term, Domains(None, 1, data.domains.rows), arrays)
    return linear, int(df[0])
