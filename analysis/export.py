"""Tables into files: an Excel workbook, and one long CSV for further work."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from analysis.blocks import TRAINING, Block, Sheet
from analysis.lazy import LazyModule

if TYPE_CHECKING:
    import pandas as pd

    from analysis.questions import Question
else:
    pd = LazyModule("pandas")

__all__ = ["long_table", "write_csv", "write_workbook"]

FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r")
DECIMALS: Final = {"c": 0, "p": 1, "x": 3, "f": 15}
"""What is not shown is not written either: further digits would tell the counts behind hidden cells.
Only f, for researchers' own tables, writes what it has."""
NUMBER_FORMAT: Final = {"c": "#,##0", "p": "0.0", "x": "0.000", "f": "#,##0.0000"}
WIDEST_COLUMN: Final = 48.0


def write_workbook(
    path: Path | str, sheets: Sequence[Sheet], *, training: bool, created: datetime | None = None
) -> Path:
    """Write an Excel workbook.

    Parameters
    ----------
    path : path
        The file, ending in ``.xlsx``.
    sheets : sequence of Sheet
        Sheets in order.
    training : bool
        Put the training mark on top of each sheet.
    created : datetime.datetime, optional
        Date in the file's properties; None: a fixed day, so that the same tables give the same bytes.

    Returns
    -------
    pathlib.Path
        The file.

    Notes
    -----
    Text is written as text, never as a formula, a link or a number.
    """
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(path),
        {"strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False},
    )
    book.set_properties({"created": (created or datetime(2009, 11, 1)).replace(tzinfo=None)})
    styles = _styles(book)
    for sheet in sheets:
        _write_sheet(book.add_worksheet(sheet.name[:31]), sheet, styles, training)
    book.close()
    return Path(path)


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": "Yu Gothic", "font_size": 10}
    styles = {key: book.add_format(base | {"num_format": form}) for key, form in NUMBER_FORMAT.items()}
    styles["t"] = book.add_format(base)
    styles["right"] = book.add_format(base | {"align": "right"})
    styles["title"] = book.add_format(base | {"bold": True, "font_size": 11})
    styles["head"] = book.add_format(
        base | {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "text_wrap": True, "valign": "top"}
    )
    styles["training"] = book.add_format(base | {"bold": True, "font_color": "#B00020"})
    styles["line"] = book.add_format(base | {"text_wrap": True, "valign": "top"})
    return styles


def _write_sheet(page: Any, sheet: Sheet, styles: dict[str, Any], training: bool) -> None:
    row = 0
    if training:
        page.write_string(row, 0, TRAINING, styles["training"])
        row += 1
    for line in sheet.lines:
        page.merge_range(row, 0, row, 9, "", styles["line"])
        page.write_string(row, 0, line, styles["line"])
        page.set_row(row, 30)
        row += 1
    widths: dict[int, float] = {}
    for block in sheet.blocks:
        row = _write_block(page, block, row + 1, styles, widths)
    for position, width in widths.items():
        page.set_column(position, position, width)
    page.set_landscape()
    page.fit_to_pages(1, 0)


def _write_block(page: Any, block: Block, row: int, styles: dict[str, Any], widths: dict[int, float]) -> int:
    """Write one table and return the row after it."""
    page.write_string(row, 0, block.title, styles["title"])
    for position, name in enumerate(block.frame.columns):
        page.write_string(row + 1, position, str(name), styles["head"])
        cells = block.frame[name].tolist()
        longest = max((text_width(str(cell)) for cell in cells if isinstance(cell, str)), default=0.0)
        widths[position] = min(WIDEST_COLUMN, max(widths.get(position, 9.0), longest + 2))
        kind = block.formats[position]
        for offset, cell in enumerate(cells):
            if isinstance(cell, str):
                page.write_string(row + 2 + offset, position, cell, styles["t" if kind == "t" else "right"])
            else:
                form = kind if kind in DECIMALS else "p"
                page.write_number(row + 2 + offset, position, round(cell, DECIMALS[form]), styles[form])
    end = row + 2 + len(block.frame)
    if block.note:
        page.write_string(end, 0, block.note, styles["t"])
        end += 1
    return end


def text_width(text: str) -> float:
    """Width in half-width characters: Japanese characters take two."""
    return sum(2.0 if ord(character) > 0x2E7F else 1.0 for character in text)


def long_table(figures: "pd.DataFrame", questions: "Sequence[Question]") -> "pd.DataFrame":
    """Put main figures and questions under each other, one row a number.

    Parameters
    ----------
    figures : pandas.DataFrame
        From `analysis.questions.hide_figures`.
    questions : sequence of Question
        Tables of questions.

    Returns
    -------
    pandas.DataFrame
        Columns table (``figure`` or ``question``), code, kind, banner, group, level, answer, n, count,
        estimate, se, ci_low, ci_high, df, hidden. Shares are fractions. Hidden rows are blank.
    """
    parts = [figures.assign(table="figure", answer="").drop(columns="undetermined")]
    for question in questions:
        words = dict(question.levels)
        kind = "mean" if question.unit is not None else "share"
        answer = [words.get(level, level) for level in question.rows["level"]]
        parts.append(question.rows.assign(table="question", code=question.code, kind=kind, answer=answer))
    names = ["table", "code", "kind", "banner", "group", "level", "answer", "n", "count"]
    names += ["estimate", "se", "ci_low", "ci_high", "df", "hidden"]
    return pd.concat([part[names] for part in parts], ignore_index=True)


def write_csv(path: Path | str, frame: "pd.DataFrame") -> Path:
    """Write a CSV that Excel opens in the right encoding and without running anything.

    Parameters
    ----------
    path : path
        The file.
    frame : pandas.DataFrame
        The table.

    Returns
    -------
    pathlib.Path
        The file, UTF-8 with byte order mark. Text that starts like a formula gets an apostrophe in front.
    """
    safe = frame.copy()
    for name in safe.columns:
        if pd.api.types.is_string_dtype(safe[name].dtype) or safe[name].dtype == object:
            safe[name] = [_safe(value) for value in safe[name]]
    safe.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n", float_format="%.4f")
    return Path(path)


def _safe(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_START) else value
