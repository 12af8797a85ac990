"""The variables and domains of one call: names in, checked terms out."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np

from analysis.arrays import BoolArray, FloatArray
from analysis.columns import Codes, as_names, column, combine, encode, is_labelled, numbers
from analysis.estimators import Term
from analysis.lazy import LazyModule
from analysis.variance import Domains
from custody.errors import AnalysisError
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = [
    "Missing",
    "Variables",
    "domains_of",
    "level_terms",
    "missing_error",
    "read_numbers",
    "read_pair",
    "read_variables",
]

Missing = Literal["fail", "domain", "listwise"]
RESULT_COLUMNS: Final = ("term", "level", "estimate", "se", "ci_low", "ci_high", "df", "n", "deff", "cv")


@dataclass(frozen=True, slots=True, eq=False)
class Variables:
    """What one call estimates.

    Attributes
    ----------
    terms : tuple of Term
        Arrays of the terms.
    labels : tuple of (str, str or None)
        Variable and level of each term.
    domains : Domains
        Groups of rows.
    by : pandas.DataFrame
        (domains, by columns) names of the groups.
    """

    terms: tuple[Term, ...]
    labels: tuple[tuple[str, str | None], ...]
    domains: Domains
    by: "pd.DataFrame"


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """One variable: its value arrays (one, or one a level) and the rows that have a value."""

    name: str
    values: tuple[FloatArray, ...]
    levels: tuple[str | None, ...]
    present: BoolArray | None


def read_variables(
    frame: "pd.DataFrame", variables: str | Sequence[str], by: str | Sequence[str] | None, na: Missing
) -> Variables:
    """Read the variables of a call.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    variables : str or sequence of str
        Column names.
    by : str or sequence of str or None
        Domain columns.
    na : Missing
        Rule for missing values.

    Returns
    -------
    Variables
        Terms in the order given; levels in category order, else ascending.
    """
    names = as_names(variables)
    if not names:
        raise AnalysisError("ANA-OPTION", _("No variable was named."), hint=_("Name at least one column."))
    columns = [_read(column(frame, name)) for name in names]
    return assemble_terms(frame, columns, by, na)


def read_numbers(
    frame: "pd.DataFrame", variables: str | Sequence[str], by: str | Sequence[str] | None, na: Missing
) -> Variables:
    """Read variables that must be numbers (or booleans): one term each.

    Parameters
    ----------
    frame, variables, by, na
        As in `read_variables`.

    Returns
    -------
    Variables
        Terms in the order given.

    Raises
    ------
    AnalysisError
        A column holds text or categories, or an infinite number.
    """
    names = as_names(variables)
    if not names:
        raise AnalysisError("ANA-OPTION", _("No variable was named."), hint=_("Name at least one column."))
    return assemble_terms(frame, [numeric(column(frame, name)) for name in names], by, na)


def read_pair(
    frame: "pd.DataFrame", numerator: str, denominator: str, by: str | Sequence[str] | None, na: Missing
) -> tuple[Term, Term, Variables]:
    """Read numerator and denominator of a ratio, over the rows where both have a value.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    numerator, denominator : str
        Column names.
    by : str or sequence of str or None
        Domain columns.
    na : Missing
        Rule for missing values.

    Returns
    -------
    numerator, denominator : Term
        The two terms, with the same used rows.
    variables : Variables
        Domains and the label of the ratio.
    """
    columns = [numeric(column(frame, name)) for name in (numerator, denominator)]
    read = assemble_terms(frame, columns, by, "listwise" if na == "domain" else na)
    above, below = read.terms
    label = ((f"{numerator}/{denominator}", None),)
    return above, below, Variables((above,), label, read.domains, read.by)


def level_terms(
    frame: "pd.DataFrame", name: str, level: object, by: str | Sequence[str] | None, na: Missing
) -> Variables:
    """Read one variable as indicators of levels.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    name : str
        Column name.
    level : object
        The level, a list of levels, or None for True of booleans and every level of other columns.
    by : str or sequence of str or None
        Domain columns.
    na : Missing
        Rule for missing values.

    Returns
    -------
    Variables
        One term a level.
    """
    series = column(frame, name)
    codes = encode(series)
    if level is None and pd.api.types.is_bool_dtype(series.dtype):
        level = True
    named = level if isinstance(level, list | tuple) else [level]
    places = range(len(codes.levels))
    wanted = list(places) if level is None else [find_level(series, codes, one) for one in named]
    return assemble_terms(frame, [indicators(name, codes, wanted, level)], by, na)


def find_level(series: "pd.Series[Any]", codes: Codes, level: object) -> int:
    if level in codes.levels:
        return codes.levels.index(level)
    declared = isinstance(series.dtype, pd.CategoricalDtype) and level in series.cat.categories
    if declared or (isinstance(level, bool) and pd.api.types.is_bool_dtype(series.dtype)):
        return len(codes.levels)
    raise AnalysisError(
        "ANA-LEVEL",
        _("The column has no level {level}; it has {names}.").format(
            level=repr(level), names=", ".join(repr(value) for value in codes.levels[:12])
        ),
        hint=_("Check the spelling and whether the level is text or a number."),
        column=str(series.name),
    )


def domains_of(
    frame: "pd.DataFrame", by: str | Sequence[str] | None, na: Missing
) -> tuple[Domains, "pd.DataFrame"]:
    """Group the rows by the columns named.

    Parameters
    ----------
    frame : pandas.DataFrame
        The data.
    by : str or sequence of str or None
        Domain columns.
    na : Missing
        Rows with a missing group: refused under ``"fail"``, otherwise outside every domain.

    Returns
    -------
    domains : Domains
        The groups that occur, in the order of the first column, then the second.
    names : pandas.DataFrame
        (domains, by columns).
    """
    columns = [] if by is None else as_names(by)
    if not columns:
        return Domains(None, 1, len(frame)), pd.DataFrame(index=range(1))
    series = [column(frame, name) for name in columns]
    for one in series:
        if str(one.name) in RESULT_COLUMNS:
            raise AnalysisError(
                "ANA-COLUMN",
                _("A domain column may not have the name of a result column."),
                hint=_("Rename the column."),
                column=str(one.name),
            )
    parts = [encode(one) for one in series]
    for name, part in zip(columns, parts, strict=True):
        if na == "fail":
            refuse_missing_values(name, part.codes >= 0)
    groups, members = combine(parts)
    if not members.size:
        raise _no_value(str(columns[0]))
    names = {
        name: _group_names(one, part.levels, members[:, j])
        for j, (name, one, part) in enumerate(zip(columns, series, parts, strict=True))
    }
    outside = np.where(groups < 0, len(members), groups) if (groups < 0).any() else groups
    return Domains(outside, len(members), len(frame)), pd.DataFrame(names)


def _group_names(series: "pd.Series[Any]", levels: tuple[Hashable, ...], members: Any) -> Any:
    values = [levels[m] for m in members]
    if isinstance(series.dtype, pd.CategoricalDtype):
        return pd.Categorical(values, dtype=series.dtype)
    return values


def _read(series: "pd.Series[Any]") -> _Column:
    if not is_labelled(series):
        return numeric(series)
    codes = encode(series)
    return indicators(str(series.name), codes, list(range(len(codes.levels))), None)


def numeric(series: "pd.Series[Any]") -> _Column:
    values = numbers(series)
    present = None
    if np.isnan(values.sum()):
        present = ~np.isnan(values)
        values = np.where(present, values, 0.0)
    if not np.isfinite(values.sum()):
        raise AnalysisError(
            "ANA-TYPE",
            _("The column has infinite numbers."),
            hint=_("Replace them by missing values or correct them."),
            column=str(series.name),
        )
    return _Column(str(series.name), (values,), (None,), present)


def indicators(name: str, codes: Codes, wanted: Sequence[int], level: object) -> _Column:
    """Mark the levels wanted, under the name or names given, or their own."""
    present = codes.codes >= 0
    named = level if isinstance(level, list | tuple) else [level] * len(wanted)
    names = [str(codes.levels[j] if one is None else one) for j, one in zip(wanted, named, strict=True)]
    values = tuple((codes.codes == j).astype(np.float64) for j in wanted)
    return _Column(name, values, tuple(names), None if present.all() else present)


def assemble_terms(
    frame: "pd.DataFrame", columns: Sequence[_Column], by: str | Sequence[str] | None, na: Missing
) -> Variables:
    if na not in get_args(Missing):
        raise AnalysisError(
            "ANA-OPTION",
            _("{name} cannot be {given}.").format(name="na", given=repr(na)),
            hint=_("Choose one of {names}.").format(names=", ".join(get_args(Missing))),
        )
    domains, names = domains_of(frame, by, na)
    present = [one.present for one in columns]
    if na == "fail":
        for one in columns:
            refuse_missing_values(one.name, one.present)
    elif na == "listwise":
        complete = _all_present(present)
        present = [complete] * len(columns)
    terms = [
        Term(values if used is None else values * used, used)
        for one, used in zip(columns, present, strict=True)
        for values in one.values
    ]
    labels = [(one.name, level) for one in columns for level in one.levels]
    if not terms:
        raise _no_value(columns[0].name)
    return Variables(tuple(terms), tuple(labels), domains, names)


def _no_value(name: str) -> AnalysisError:
    return AnalysisError(
        "ANA-EMPTY", _("The column has no value at all."), hint=_("Check the column."), column=name
    )


def _all_present(masks: Sequence[BoolArray | None]) -> BoolArray | None:
    known = [mask for mask in masks if mask is not None]
    return np.logical_and.reduce(known) if known else None


def refuse_missing_values(name: str, present: BoolArray | None) -> None:
    count = 0 if present is None else int(np.count_nonzero(~present))
    if count:
        raise missing_error(name, count)


def missing_error(name: str, count: int) -> AnalysisError:
    """Describe missing values of a variable.

    Parameters
    ----------
    name : str
        The column.
    count : int
        How many.

    Returns
    -------
    AnalysisError
        To be raised by the caller.
    """
    return AnalysisError(
        "ANA-MISSING",
        _("{count:,} values are missing.").format(count=count),
        hint=_('Choose na="domain" (each variable over its own rows) or na="listwise".'),
        column=name,
    )
