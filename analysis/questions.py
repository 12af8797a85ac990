"""Every question of a codebook as a table: shares (or a mean), in all and by group, small cells hidden."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.disclosure import SmallCellRule, hidden_cells
from analysis.labelling import no_answer_word
from analysis.lazy import LazyModule
from analysis.study import FoodStudy
from analysis.tables import mean_table, share_table

if TYPE_CHECKING:
    import pandas as pd

    from custody.codebook import Item
else:
    pd = LazyModule("pandas")

__all__ = ["VALUES", "Question", "hide_figures", "hide_response", "question_table", "question_tables"]

VALUES: Final = ("count", "estimate", "se", "ci_low", "ci_high")
"""Columns that are blank where a row is hidden."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One question as a table.

    Attributes
    ----------
    code : str
        Item of the codebook.
    text : str
        The question in the language of the study.
    unit : str or None
        Unit of a number; None for shares.
    several : bool
        Several answers allowed.
    levels : tuple of (str, str)
        Value in ``rows.level`` and the words for it, in the order of the form, with 無回答 last; those that
        nobody chose too.
    rows : pandas.DataFrame
        See `analysis.tables.share_table`, with the column hidden; hidden rows are blank in `VALUES`.
    """

    code: str
    text: str
    unit: str | None
    several: bool
    levels: tuple[tuple[str, str], ...]
    rows: "pd.DataFrame"


def question_tables(study: FoodStudy, rule: SmallCellRule, codes: Sequence[str] = ()) -> tuple[Question, ...]:
    """Make the tables of all questions, or of some.

    Parameters
    ----------
    study : FoodStudy
        The survey.
    rule : SmallCellRule
        Small-cell limits.
    codes : sequence of str
        Items; none: all that were asked of somebody.

    Returns
    -------
    tuple of Question
        In the order of the form.
    """
    data = study.respondents.data
    items = [item for item in study.codebook.items if not codes or item.code in codes]
    return tuple(question_table(study, item, rule) for item in items if data[item.columns[0]].notna().any())


def question_table(study: FoodStudy, item: "Item", rule: SmallCellRule) -> Question:
    """Make the table of one question.

    Parameters
    ----------
    study : FoodStudy
        The survey.
    item : Item
        Item of the codebook.
    rule : SmallCellRule
        Small-cell limits.

    Returns
    -------
    Question
        Numbers in all and by the banners of the study.
    """
    design, by, lang = study.respondents, study.banners, study.lang
    text = item.text.say(lang)
    if item.type == "NUM":
        unit = item.unit.say(lang) if item.unit is not None else ""
        rows = mean_table(design, item.code, by)
        hidden = (rows["n"] < rule.min_base).to_numpy()
        return Question(item.code, text, unit, False, ((item.code, text),), _blank(rows, hidden))
    blank = no_answer_word(study.codebook, lang)
    if item.type == "MA":
        words = [option.text.say(lang) for option in item.options]
        levels = [*zip(item.columns, words, strict=True)]
        levels += [(item.no_answer_column, blank)] if item.no_answer_column else []
        rows = share_table(design, [name for name, _word in levels], by)
        open_ = {item.no_answer_column}
        rule = SmallCellRule(rule.min_base, rule.min_count, False, rule.reference_below, rule.mark)
        return Question(item.code, text, None, True, tuple(levels), _hide_shares(rows, rule, open_))
    rows = share_table(design, item.code, by)
    levels = [(word, word) for word in (*(o.text.say(lang) for o in item.options), blank)]
    return Question(item.code, text, None, False, tuple(levels), _hide_shares(rows, rule, {blank}))


def _hide_shares(rows: "pd.DataFrame", rule: SmallCellRule, open_levels: set[str | None]) -> "pd.DataFrame":
    """Hide small cells of a full grid: groups in rows, levels in columns."""
    levels = list(dict.fromkeys(rows["level"]))
    grid = (-1, len(levels))
    base, counts = rows["n"].to_numpy().reshape(grid)[:, 0], rows["count"].to_numpy().reshape(grid)
    open_ = np.array([level in open_levels for level in levels])
    return _blank(rows, hidden_cells(base, counts, rule, open_).reshape(-1))


def hide_figures(rows: "pd.DataFrame", rule: SmallCellRule) -> "pd.DataFrame":
    """Hide main figures of few persons: a small base, few that count, or few that do not.

    Parameters
    ----------
    rows : pandas.DataFrame
        See `analysis.tables.figure_table`.
    rule : SmallCellRule
        Small-cell limits.

    Returns
    -------
    pandas.DataFrame
        A new table with the column hidden.
    """
    count, base = rows["count"].to_numpy(), rows["n"].to_numpy()
    two = np.stack([count, base - count], axis=1)
    hidden = hidden_cells(base, two, rule, np.zeros(2, dtype=bool)).any(axis=1)
    return _blank(rows, hidden | (base < rule.min_base), ("undetermined",))


def hide_response(rows: "pd.DataFrame", rule: SmallCellRule) -> "pd.DataFrame":
    """Hide small counts of the response table.

    Where one group of a column is hidden, all groups beside it are, because the total would tell it. Groups
    that cross several columns show only who was mailed and who answered.

    Parameters
    ----------
    rows : pandas.DataFrame
        See `analysis.tables.response_table`.
    rule : SmallCellRule
        Small-cell limits.

    Returns
    -------
    pandas.DataFrame
        A new table; hidden counts and rates are missing.
    """
    frame = rows.copy()
    crossed = frame["banner"].str.contains("/")
    left = [name for name in ("undeliverable", "refused", "returned", "not_mailed") if name in frame]
    for name in (*left, "valid"):
        small = (frame[name] > 0) & (frame[name] < rule.min_count)
        beside = small.groupby(frame["banner"]).transform("any") & ~crossed
        drop = small | beside | (crossed & (name in left))
        frame[name] = frame[name].astype("Int64").mask(drop)
    frame["rate"] = frame["rate"].mask(frame["valid"].isna())
    unknown = frame["valid"].isna()
    if "not_mailed" in frame:
        unknown |= frame["not_mailed"].isna()
        frame["rate_mailed"] = frame["rate_mailed"].mask(unknown)
    frame["rate_reached"] = frame["rate_reached"].mask(unknown | frame["undeliverable"].isna())
    return frame


def _blank(
    rows: "pd.DataFrame", hidden: "np.ndarray[tuple[int], np.dtype[np.bool_]]", more: Sequence[str] = ()
) -> "pd.DataFrame":
    frame = rows.assign(hidden=hidden, count=rows["count"].astype("Int64"))
    for name in (*VALUES, *more):
        frame[name] = frame[name].mask(hidden)
    return frame
