"""Tables of a survey as tidy numbers: response, shares by group, means by group, main figures.

Everything here returns one row a figure; how it looks on paper is `analysis.layout`'s matter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.columns import column, combine, encode
from analysis.design import SurveyDesign
from analysis.estimators import means
from analysis.intervals import IntervalMethod, interval
from analysis.lazy import LazyModule
from analysis.variables import Variables, level_terms, read_variables

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = LazyModule("pandas")

__all__ = ["Figure", "figure_table", "mean_table", "response_table", "share_table"]

Columns = dict[str, NDArray[Any]]
FigureKind = Literal["mean", "share", "state"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A main figure of a report.

    Attributes
    ----------
    code : str
        Column of the scores.
    kind : {"mean", "share", "state"}
        A mean; the share of True; or the share of ``at_risk`` in a column of three states.
    """

    code: str
    kind: FigureKind


def response_table(
    table: "pd.DataFrame", status: dict[str, Sequence[str]], by: Sequence[str | Sequence[str]] = ()
) -> "pd.DataFrame":
    """Count the returns (回収状況表).

    Parameters
    ----------
    table : pandas.DataFrame
        One row a sampled person, with the column ``status``.
    status : dict of str to sequence of str
        Values of ``status`` that count as ``undeliverable``, ``refused``, ``returned`` (回収) and ``valid``
        (有効回収); and as ``not_mailed`` (発送中止: voided between draw and mailing), if any do.
    by : sequence of str or of sequences of str
        Columns, or crossings of columns, that the rows are split by after the total.

    Returns
    -------
    pandas.DataFrame
        Columns banner, group (values joined by "/"), sampled, undeliverable, refused, returned, valid, rate
        (valid / sampled) and rate_reached (valid / (sampled - undeliverable)). Where somebody was not mailed
        to, also not_mailed and rate_mailed (valid / (sampled - not_mailed)); rate_reached leaves them out.
    """
    values = column(table, "status")
    counts = {name: values.isin(list(kinds)).to_numpy() for name, kinds in status.items()}
    blocks = [_response_block(table, counts, [])]
    blocks += [_response_block(table, counts, [one] if isinstance(one, str) else list(one)) for one in by]
    frame = pd.concat(blocks, ignore_index=True)
    frame["rate"] = frame["valid"] / frame["sampled"]
    not_mailed = frame.pop("not_mailed")
    mailed = frame["sampled"] - not_mailed
    frame["rate_reached"] = _rate(frame["valid"], mailed - frame["undeliverable"])
    if not_mailed.any():
        frame = frame.assign(not_mailed=not_mailed, rate_mailed=_rate(frame["valid"], mailed))
    return frame


def _rate(count: "pd.Series[Any]", base: "pd.Series[Any]") -> "pd.Series[float]":
    return (count / base.where(base > 0)).astype("float64")


def _response_block(table: "pd.DataFrame", counts: dict[str, Any], by: Sequence[str]) -> "pd.DataFrame":
    if not by:
        groups, names = np.zeros(len(table), dtype=np.int64), [""]
    else:
        parts = [encode(column(table, name)) for name in by]
        groups, members = combine(parts)
        names = ["/".join(str(p.levels[j]) for p, j in zip(parts, row, strict=True)) for row in members]
    inside = groups >= 0
    frame = pd.DataFrame({"banner": "/".join(by), "group": names})
    frame["sampled"] = np.bincount(groups[inside], minlength=len(names))
    for name in ("undeliverable", "refused", "returned", "valid", "not_mailed"):
        here = inside & counts[name] if name in counts else np.zeros_like(inside)
        frame[name] = np.bincount(groups[here], minlength=len(names))
    return frame


def share_table(
    design: SurveyDesign,
    columns: str | Sequence[str],
    by: Sequence[str] = (),
    *,
    method: IntervalMethod = "logit",
) -> "pd.DataFrame":
    """Estimate the share of each answer, in all and by group.

    Parameters
    ----------
    design : SurveyDesign
        Respondents.
    columns : str or sequence of str
        One labelled column (one answer), or several boolean columns (several answers) over the rows where all
        have a value.
    by : sequence of str
        Columns that the rows are split by, one after the other.
    method : IntervalMethod
        Interval.

    Returns
    -------
    pandas.DataFrame
        Columns banner, group, level (the answer, or the column of a several-answers question), n (persons in
        the base, unweighted), count (persons with the answer, unweighted), estimate, se, ci_low, ci_high, df.
    """
    frame = design.data

    def read(banner: str | None) -> Variables:
        if isinstance(columns, str):
            return level_terms(frame, columns, None, banner, "domain")
        return read_variables(frame, list(columns), banner, "listwise")

    return pd.DataFrame(_by_banner(design, read, by, method))


def mean_table(design: SurveyDesign, name: str, by: Sequence[str] = ()) -> "pd.DataFrame":
    """Estimate a mean, in all and by group, over the rows that have a value.

    Parameters
    ----------
    design : SurveyDesign
        Respondents.
    name : str
        Numeric column.
    by : sequence of str
        Columns that the rows are split by, one after the other.

    Returns
    -------
    pandas.DataFrame
        As `share_table`; count is the base.
    """
    return pd.DataFrame(_mean_columns(design, name, by))


def figure_table(design: SurveyDesign, figures: Sequence[Figure], by: Sequence[str] = ()) -> "pd.DataFrame":
    """Estimate the main figures, in all and by group.

    Parameters
    ----------
    design : SurveyDesign
        Respondents with their scores.
    figures : sequence of Figure
        What to estimate.
    by : sequence of str
        Columns that the rows are split by, one after the other.

    Returns
    -------
    pandas.DataFrame
        As `share_table`, with the columns code and kind in front and undetermined at the end: the share
        判定不能 of a column of three states, NaN otherwise.
    """
    blocks = [_figure_columns(design, figure, by) for figure in figures]
    return pd.DataFrame({name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]})


def _figure_columns(design: SurveyDesign, figure: Figure, by: Sequence[str]) -> Columns:
    if figure.kind == "mean":
        columns = _mean_columns(design, figure.code, by)
    elif figure.kind == "share":
        columns = _level_columns(design, figure.code, True, by)
    else:
        columns = _level_columns(design, figure.code, "at_risk", by)
        columns["undetermined"] = _level_columns(design, figure.code, "undetermined", by)["estimate"]
    size = columns["n"].size
    columns.setdefault("undetermined", np.full(size, np.nan))
    words = {"code": np.full(size, figure.code, object), "kind": np.full(size, figure.kind, object)}
    return words | columns


def _mean_columns(design: SurveyDesign, name: str, by: Sequence[str]) -> Columns:
    def read(banner: str | None) -> Variables:
        return read_variables(design.data, name, banner, "domain")

    columns = _by_banner(design, read, by, "symmetric")
    return columns | {"count": columns["n"]}


def _level_columns(design: SurveyDesign, name: str, level: object, by: Sequence[str]) -> Columns:
    frame = design.data

    def read(banner: str | None) -> Variables:
        return level_terms(frame, name, level, banner, "domain")

    return _by_banner(design, read, by, "logit")


def _by_banner(
    design: SurveyDesign, read: Callable[[str | None], Variables], by: Sequence[str], method: IntervalMethod
) -> Columns:
    """Estimate once for all and once for each banner; plain arrays, because frames would cost most of it."""
    blocks = [_block(design, read(banner), banner or "", method) for banner in (None, *by)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _block(design: SurveyDesign, variables: Variables, banner: str, method: IntervalMethod) -> Columns:
    linear = means(variables.terms, variables.domains, design.arrays)
    estimate, n = linear.estimate.reshape(-1), linear.n.reshape(-1)
    df = linear.df.reshape(-1)
    variance = np.diag(linear.covariance)
    low, high = interval(method, estimate, variance, df.astype(np.float64), n)
    domains, terms = linear.n.shape
    groups = variables.by.iloc[:, 0].astype(str).tolist() if banner else [""]
    answers = [level if level is not None else name for name, level in variables.labels]
    counts = np.stack([variables.domains.sums(term.values) for term in variables.terms], axis=1)
    return {
        "banner": np.full(estimate.size, banner, object),
        "group": np.repeat(np.array(groups, object), terms),
        "level": np.tile(np.array(answers, object), domains),
        "n": n,
        "count": np.rint(counts).astype(np.int64).reshape(-1),
        "estimate": estimate,
        "se": np.sqrt(variance),
        "ci_low": low,
        "ci_high": high,
        "df": df,
    }
