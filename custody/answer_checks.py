"""Answers against the codebook, a column at a time: what is kept, what becomes a missing code, and the log.

The log names row, column and rule, never a value. Reading is keeping: an answer that the codebook allows
leaves as it came, and a table that was checked once passes a second time without a word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custody.codebook_items import Item
from custody.errors import InputError
from custody.messages import gettext as _
from custody.messages import mark

__all__ = ["ANSWER_RULES", "CheckedAnswers", "check_answers"]

ANSWER_RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unknown-column": mark("The codebook does not know the column; it was left out."),
        "missing-column": mark("The column is missing; it was filled with no answer."),
        "not-a-number": mark("Not a number; read as no answer."),
        "not-in-list": mark("Not a code of the question; read as no answer."),
        "out-of-range": mark("A number outside the range of the question."),
        "answered-not-asked": mark("Answered though the question was not asked; set to not asked."),
        "not-answered-though-asked": mark("Asked and left blank; read as no answer."),
        "exclusive-with-others": mark(
            "An answer that excludes others stood with others; the others were kept."
        ),
        "over-max-marks": mark("More marks than the form allows; all were kept."),
        "no-mark": mark("No mark on a question with several answers; read as no answer."),
        "marked-no-answer": mark("Marked as no answer though there are marks; the marks were kept."),
    }
)
"""What each code of the log means, in English (through `custody.messages.gettext` in the language in use)."""

_Numbers = NDArray[np.float64]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CheckedAnswers:
    """Answers after the check.

    Parameters
    ----------
    table : pandas.DataFrame, shape (rows of the input, kept columns + codebook columns)
        Whole-number codes (int64); numbers with decimals are float64.
    log : pandas.DataFrame, columns row (int64), column (str), code (str)
        What was changed or is worth a look, by row. Row 1 is the first data row; row 0 is the whole column. A
        column that the codebook does not know is named by its place only, ``"#3"`` for the third.
    """

    table: pd.DataFrame
    log: pd.DataFrame


@dataclass(slots=True)
class _Log:
    rows: list[NDArray[np.int64]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)

    def whole(self, column: str, code: str) -> None:
        self.rows.append(np.zeros(1, dtype=np.int64))
        self.columns.append(column)
        self.codes.append(code)

    def add(self, where: _Flags, column: str, code: str) -> None:
        rows = np.flatnonzero(where)
        if rows.size:
            self.rows.append(rows.astype(np.int64) + 1)
            self.columns.append(column)
            self.codes.append(code)

    def frame(self) -> pd.DataFrame:
        sizes = [rows.size for rows in self.rows]
        row = np.concatenate(self.rows) if self.rows else np.empty(0, dtype=np.int64)
        order = np.argsort(row, kind="stable")
        names = {"column": self.columns, "code": self.codes}
        parts = {key: np.repeat(np.array(texts, dtype=object), sizes)[order] for key, texts in names.items()}
        return pd.DataFrame(
            {"row": row[order], **{key: pd.Series(x, dtype="str") for key, x in parts.items()}}
        )


@dataclass(frozen=True, slots=True)
class _Cells:
    """One column as it came: numbers (NaN where none), blank cells, cells that are no number."""

    values: _Numbers
    blank: _Flags
    bad: _Flags
    given: bool = True


def check_answers(items: Sequence[Item], table: pd.DataFrame, *, keep: Sequence[str] = ()) -> CheckedAnswers:
    """Check a table of answers.

    Parameters
    ----------
    items : sequence of Item
        The codebook's items in order.
    table : pandas.DataFrame, shape (n, any)
        One row for each form; codes as numbers or as text. It is not changed.
    keep : sequence of str
        Columns outside the codebook that pass untouched, such as ``("token",)``.

    Returns
    -------
    CheckedAnswers
        Table and log.

    Raises
    ------
    InputError
        A column stands twice, or a column to keep is missing.

    Notes
    -----
    Items are taken in the order of the form, and each branch is decided on the answers as checked so far. One
    column costs a few vectorised passes: the time grows with rows times columns.
    """
    known = [name for item in items for name in item.data_columns]
    _refuse_header(table, known, keep)
    log = _Log()
    wanted = {*known, *keep}
    for place, name in enumerate(table.columns, start=1):
        if name not in wanted:
            log.whole(f"#{place}", "unknown-column")
    done = _checked(items, table, log)
    whole = {name: not item.decimals for item in items for name in item.data_columns}
    checked = {name: done[name].astype(np.int64) if whole[name] else done[name] for name in known}
    kept = {name: table[name] for name in keep if name not in checked}
    return CheckedAnswers(pd.DataFrame({**kept, **checked}, index=table.index), log.frame())


def _checked(items: Sequence[Item], table: pd.DataFrame, log: _Log) -> dict[str, _Numbers]:
    done: dict[str, _Numbers] = {}
    for item in items:
        asked = np.ones(len(table), dtype=np.bool_) if item.show_if is None else item.show_if.evaluate(done)
        cells = {name: _cells(table, name) for name in item.data_columns}
        for name in item.columns:
            if not cells[name].given:
                log.whole(name, "missing-column")
        done.update(
            _several(item, cells, asked, log) if item.type == "MA" else _single(item, cells, asked, log)
        )
    return done


def _refuse_header(table: pd.DataFrame, known: Iterable[str], keep: Sequence[str]) -> None:
    twice = set(table.columns[table.columns.duplicated()])
    for name in (*known, *keep):
        if name in twice:
            hint = _("Leave one of them out.")
            raise InputError("ANS-TWICE", _("A column stands twice."), hint=hint, column=name)
    for name in keep:
        if name not in table.columns:
            hint = _("Add the column to the answers.")
            raise InputError("ANS-COLUMN", _("A column that is needed is missing."), hint=hint, column=name)


def _cells(table: pd.DataFrame, name: str) -> _Cells:
    if name not in table.columns:
        blank = np.ones(len(table), dtype=np.bool_)
        return _Cells(np.full(len(table), np.nan), blank, ~blank, given=False)
    column = table[name]
    if column.dtype.kind in "iufb":
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        blank = np.isnan(values)
    else:
        values, blank = _parsed(column)
    bad = ~blank & ~np.isfinite(values)
    return _Cells(np.where(bad, np.nan, values), blank, bad)


def _parsed(column: "pd.Series[Any]") -> tuple[_Numbers, _Flags]:
    places, distinct = pd.factorize(column.astype("str"))  # few distinct texts: each is read once
    texts = pd.Series(distinct, dtype="str").str.normalize("NFKC").str.strip()  # full-width １２ is 12
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    empty = (texts == "").to_numpy(dtype=np.bool_)
    return np.append(numbers, np.nan)[places], np.append(empty, True)[places]  # place -1: a missing cell


def _single(item: Item, cells: Mapping[str, _Cells], asked: _Flags, log: _Log) -> dict[str, _Numbers]:
    name, codes = item.code, item.missing
    cell = cells[name]
    no_answer = np.nan if codes.no_answer is None else float(codes.no_answer)
    silent = cell.blank | cell.bad | (cell.values == codes.not_asked)
    open_ = asked & silent & ~cell.bad
    wrong = asked & ~silent & ~_allowed(item, cell.values)
    log.add(cell.bad, name, "not-a-number")
    log.add(~asked & ~silent & (cell.values != no_answer), name, "answered-not-asked")
    if cell.given:
        log.add(open_, name, "not-answered-though-asked")
    log.add(wrong, name, "out-of-range" if item.type == "NUM" else "not-in-list")
    instead = codes.out_of_range if item.type == "NUM" and codes.out_of_range is not None else no_answer
    values = np.where(silent, no_answer, np.where(wrong, instead, cell.values))
    return {name: np.where(asked, values, codes.not_asked)}


def _allowed(item: Item, values: _Numbers) -> _Flags:
    inside: _Flags
    if item.valid_range is None:
        inside = np.isin(values, item.values)
    else:
        least, most = item.valid_range
        inside = (values >= least) & (values <= most)
        if not item.decimals:
            inside &= values == np.floor(values)
    return inside | np.isin(values, list(item.missing.codes))


def _several(item: Item, cells: Mapping[str, _Cells], asked: _Flags, log: _Log) -> dict[str, _Numbers]:
    not_asked = item.missing.not_asked
    marks = {name: cells[name].values == 1 for name in item.columns}
    for name, cell in cells.items():
        log.add(cell.bad, name, "not-a-number")
        log.add(~asked & (cell.values == 1) & (name in marks), name, "answered-not-asked")
        known = cell.blank | cell.bad | np.isin(cell.values, (0, 1))
        log.add(~known & ((cell.values != not_asked) | asked), name, "not-in-list")
    _drop_exclusive(item, marks, asked, log)
    count = np.sum(list(marks.values()), axis=0)
    if item.max_marks is not None:
        log.add(asked & (count > item.max_marks), item.code, "over-max-marks")
    done = {name: np.where(asked, mark_.astype(np.float64), not_asked) for name, mark_ in marks.items()}
    if item.no_answer_column is not None:
        claimed = cells[item.no_answer_column].values == 1
        if any(cells[name].given for name in item.columns):
            log.add(asked & (count == 0) & ~claimed, item.no_answer_column, "no-mark")
        log.add(asked & (count > 0) & claimed, item.no_answer_column, "marked-no-answer")
        done[item.no_answer_column] = np.where(asked, (count == 0).astype(np.float64), not_asked)
    return done


def _drop_exclusive(item: Item, marks: dict[str, _Flags], asked: _Flags, log: _Log) -> None:
    alone = [
        name for name, value in zip(item.columns, item.values, strict=True) if value in item.exclusive_options
    ]
    others = [marks[name] for name in item.columns if name not in alone]
    if not alone or not others:
        return
    several = np.any(others, axis=0)
    for name in alone:
        log.add(asked & several & marks[name], name, "exclusive-with-others")
        marks[name] = marks[name] & ~several
