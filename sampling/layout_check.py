"""A file seen through a layout: how its first rows are understood, and what fails in all of it.

For the desk of the person who writes a layout. Cells are masked by their shape unless asked for otherwise;
nothing of this enters the ledger.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from custody.errors import ConfigError
from custody.messages import gettext as _
from sampling.fields import read_field
from sampling.layout import Field, Layout, RegisterKind, RegisterLayout, load_layout
from sampling.normalise import clean_kana, clean_text
from sampling.parsed import ParsedFile
from sampling.parsing import parse_register
from sampling.typed import TypedColumn

__all__ = ["LayoutCheck", "check_layout", "masked", "printable"]

DATE_WORDS: Final = frozenset("明治大正昭和平成令元年月日不詳頃MTSHR")
"""Letters of a date that say how it is written, and nothing about a person."""
SHAPES: Final = (
    ("FULLWIDTH DIGIT", "９"),
    ("FULLWIDTH LATIN", "Ａ"),
    ("HALFWIDTH KATAKANA", "ｶ"),
    ("KATAKANA", "カ"),
    ("HIRAGANA", "か"),
    ("CJK", "漢"),
    ("LATIN", "A"),
)
"""Beginning of a character's Unicode name, and what stands for it."""
GAIJI: Final = "〓"


@dataclass(frozen=True, slots=True)
class LayoutCheck:
    """What a layout makes of a file.

    Parameters
    ----------
    kind : {"residents", "certifications", "qualifications"}
        Which register.
    layout, encoding : str
        Name of the layout; encoding of the file.
    rows, failed, ignored : int
        Data rows; rows with at least one failure; columns that are not read.
    fields : pandas.DataFrame
        Columns field, column, type, empty (cells), failed (cells); one row for each field.
    failures : pandas.DataFrame
        Columns field, column, code, rows; field and column are empty where a whole row could not be cut.
    first : pandas.DataFrame
        Columns row, field, column, type, cell, value, code: the first rows. Not shown by ``repr``.
    """

    kind: RegisterKind
    layout: str
    encoding: str
    rows: int
    failed: int
    ignored: int
    fields: pd.DataFrame = field(repr=False)
    failures: pd.DataFrame = field(repr=False)
    first: pd.DataFrame = field(repr=False)

    def tidy(self) -> pd.DataFrame:
        """Return the counts of failures.

        Returns
        -------
        pandas.DataFrame
            As `failures`.
        """
        return self.failures.copy()


def check_layout(
    path: str | Path,
    layout: str | Path | Layout,
    *,
    kind: RegisterKind | None = None,
    encoding: str | None = None,
    rows: int = 5,
    show_values: bool = False,
) -> LayoutCheck:
    """Read a file by a layout and say how it is understood.

    Parameters
    ----------
    path : str or pathlib.Path
        The extract; it is only read.
    layout : str, pathlib.Path or Layout
        The layout.
    kind : {"residents", "certifications", "qualifications"}, optional
        Which register; may be left out where the layout describes one only.
    encoding : str, optional
        Encoding of the file; left out: the layout's.
    rows : int
        How many of the first rows to show, 0 or more.
    show_values : bool
        Show the cells as they stand instead of their shapes: personal data on the screen.

    Returns
    -------
    LayoutCheck
        The first rows and the counts of what fails, cell by cell. Rules over several cells or rows (doubles,
        contradictions) are applied when a register is read, not here.

    Raises
    ------
    ConfigError
        The layout cannot be used, or describes several registers and `kind` is left out.
    InputError
        The file as a whole cannot be read.
    """
    opened = load_layout(layout)
    rules = opened.register(_chosen(opened, kind))
    path = Path(path)
    parsed = parse_register(path, rules, encoding or rules.encoding)
    read = {rule.name: read_field(parsed.table[rule.column], rule, parsed.encoding) for rule in rules.fields}
    failed = np.zeros(parsed.table.num_rows, dtype=np.bool_)
    for column in read.values():
        for failure in column.failures:
            failed[failure.rows] = True
    return LayoutCheck(
        kind=rules.kind,
        layout=opened.name,
        encoding=encoding or rules.encoding,
        rows=parsed.rows,
        failed=int(failed.sum()) + len(parsed.misfits),
        ignored=parsed.ignored,
        fields=_fields(parsed, rules, read),
        failures=_failures(parsed, rules, read),
        first=_first(parsed, rules, read, rows, show_values=show_values),
    )


def _chosen(layout: Layout, kind: RegisterKind | None) -> RegisterKind:
    if kind is not None:
        return kind
    if len(layout.kinds) > 1:
        text = _("The layout {name} describes several registers: {kinds}.")
        raise ConfigError(
            "SAM-LAYOUT-KIND",
            text.format(name=layout.name, kinds=", ".join(layout.kinds)),
            hint=_("Say which one this file is (--register residents)."),
        )
    return layout.kinds[0]


def _fields(parsed: ParsedFile, rules: RegisterLayout, read: dict[str, TypedColumn]) -> pd.DataFrame:
    import pyarrow.compute as pc

    counts = [
        (
            rule.name,
            rule.column,
            rule.type,
            int(pc.sum(pc.equal(pc.binary_length(parsed.table[rule.column]), 0)).as_py() or 0),
            sum(len(failure.rows) for failure in read[rule.name].failures),
        )
        for rule in rules.fields
    ]
    return pd.DataFrame(counts, columns=["field", "column", "type", "empty", "failed"])


def _failures(parsed: ParsedFile, rules: RegisterLayout, read: dict[str, TypedColumn]) -> pd.DataFrame:
    found = [
        (rule.name, rule.column, failure.code, len(failure.rows))
        for rule in rules.fields
        for failure in read[rule.name].failures
    ]
    found += [("", "", code, parsed.misfit_codes.count(code)) for code in dict.fromkeys(parsed.misfit_codes)]
    return pd.DataFrame(found, columns=["field", "column", "code", "rows"])


def _first(
    parsed: ParsedFile, rules: RegisterLayout, read: dict[str, TypedColumn], rows: int, *, show_values: bool
) -> pd.DataFrame:
    count = min(rows, parsed.table.num_rows)
    numbers = parsed.row_numbers(np.arange(count))
    lines = [
        (numbers[place], rule.name, rule.column, rule.type, cell, value, code)
        for rule in rules.fields
        for place, (cell, value, code) in enumerate(
            _understood(parsed, rule, read[rule.name], count, show_values=show_values)
        )
    ]
    return pd.DataFrame(lines, columns=["row", "field", "column", "type", "cell", "value", "code"])


def _understood(
    parsed: ParsedFile, rule: Field, column: TypedColumn, count: int, *, show_values: bool
) -> Iterator[tuple[str, str, str]]:
    """Yield cell, value and failure code of the first rows of one column."""
    codes = {int(row): failure.code for failure in column.failures for row in failure.rows[:count]}
    cells = parsed.table[rule.column].slice(0, count).to_pylist()
    values = column.values.slice(0, count).to_pylist()
    for place, (raw, value) in enumerate(zip(cells, values, strict=True)):
        cell = raw.decode(parsed.encoding, errors="replace")
        text = _shown(value, rule, parsed.encoding)
        if not show_values:
            cell = masked(cell, keep=DATE_WORDS if rule.type == "date" else frozenset())
            text = _("(in the list)") if text and rule.type == "code" else masked(text)
        yield printable(cell), printable(text), codes.get(place, "")


def _shown(value: Any, rule: Field, encoding: str) -> str:
    """Return a value as a register gives it: texts and readings in one way."""
    if not isinstance(value, bytes):
        return "" if value is None else str(value)
    clean = clean_kana if rule.type == "kana" else clean_text
    text: str = clean(pa.array([value.decode(encoding, errors="replace")]))[0].as_py()
    return text


def masked(text: str, *, keep: frozenset[str] = frozenset()) -> str:
    """Replace every letter and digit by one of its kind: the shape of a cell without its content.

    Parameters
    ----------
    text : str
        The cell.
    keep : frozenset of str
        Characters that stay.

    Returns
    -------
    str
        As many characters.

    Examples
    --------
    >>> masked("練馬　ﾀﾛｳ 12-3号"), masked("昭和10年4月1日", keep=frozenset("昭和年月日"))
    ('漢漢　ｶｶｶ 99-9漢', '昭和99年9月9日')
    """
    return "".join(char if char in keep else _shape(char) for char in text)


def _shape(char: str) -> str:
    if char.isascii():
        return "9" if char.isdigit() else "A" if char.isalpha() else char
    category = unicodedata.category(char)
    if category == "Co":
        return GAIJI
    name = unicodedata.name(char, "")
    for start, shape in SHAPES:
        if name.startswith(start):
            return shape
    return "9" if category.startswith("N") else "?" if category.startswith("L") else char


def printable(text: str) -> str:
    """Write characters that a terminal would obey or hide as their code points.

    Parameters
    ----------
    text : str
        A cell.

    Returns
    -------
    str
        Safe to print in one line.

    Examples
    --------
    >>> printable("a" + chr(0x202E) + "b")
    'a<U+202E>b'
    """
    return "".join(
        char if char.isprintable() or char == "\u3000" else f"<U+{ord(char):04X}>" for char in text
    )
