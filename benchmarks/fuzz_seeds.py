"""Small valid registers of every shipped layout, as the fuzzer's beginning: ``make fuzz``.

Rows are made from the layout itself, so a layout that is added is fuzzed as well. Names, kana, addresses,
numbers and the column that nobody reads hold words that may never show in a message: canaries.
"""

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from sampling.layout import Field, Layout, RegisterKind, RegisterLayout, load_layout, shipped_layouts

__all__ = ["CANARIES", "Form", "as_bytes", "cells_of", "choose", "forms", "headers_of", "valid_rows"]

CANARIES: Final = ("秘密", "ﾋﾐﾂ", "ヒミツ", "秘匿", "90817", "カナリア", "ZQX")
"""No message and no view may hold one of these."""
FIRST_NUMBER: Final = 90817263
TEXTS: Final = {
    "name": "秘密　花子",
    "kana": "ﾋﾐﾂ ﾊﾅｺ",
    "alias": "",
    "address": "東京都練馬区秘匿１丁目２番３号",
    "building": "秘匿荘１０１",
}
DATES: Final = {
    "birth_date": "19350401",
    "resident_since": "19700401",
    "applied_on": "20090701",
    "decided_on": "20090801",
    "valid_from": "20090701",
    "valid_to": "20100131",
    "acquired_on": "20000401",
}
CODES: Final = {
    "sex": "M",
    "protection": "no",
    "registered": "resident",
    "institution": "no",
    "application": "new",
    "decision": "certified",
    "status": "insured",
}
UNREAD: Final = ("備考", "カナリア極秘")
ERA_DIGITS: Final = 7
"""A date field of seven bytes holds an era digit and six digits: 3-100401 for 1935-04-01."""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """One register in one form and encoding."""

    name: str
    kind: RegisterKind
    layout: Layout
    encoding: str
    weight: int

    @property
    def rules(self) -> RegisterLayout:
        """The layout of the register."""
        return self.layout.register(self.kind)


def forms() -> list[Form]:
    """Return every register of every shipped layout, in every form that it may come in."""
    found: list[Form] = []
    for name in shipped_layouts():
        layout = load_layout(name)
        for kind in layout.kinds:
            found += _variants(name, kind, layout)
    return found


def _variants(name: str, kind: RegisterKind, layout: Layout) -> list[Form]:
    rules = layout.register(kind)
    label = f"{name} {kind}" if len(layout.kinds) > 1 else name
    weights = {"cp932": 40, "utf-8": 12, "utf-8-sig": 6, "utf-16": 12}
    if rules.format == "fixed":
        weights = {rules.encoding: 60, "utf-8": 10}
    if rules.format not in ("delimited", "fixed"):
        weights = {rules.encoding: 4}
    found = [
        Form(f"{label} {rules.format}", kind, layout, encoding, weight)
        for encoding, weight in weights.items()
    ]
    if rules.format == "delimited" and rules.header:
        for form, weight in (("excel", 1), ("parquet", 6)):
            other = replace(layout, **{kind: replace(rules, format=form)})
            found.append(Form(f"{label} {form}", kind, other, "utf-8", weight))
    return found


def cells_of(field: Field, number: int) -> str:
    """Return a valid cell of a field in the row `number`."""
    if field.type == "number":
        width = field.width or 1
        return f"{FIRST_NUMBER + number:0{width}d}"[-width:]
    if field.type == "date":
        day = DATES.get(field.name, "")
        return _era(day) if day and field.bytes == ERA_DIGITS else day
    if field.type == "code":
        wanted = CODES.get(field.name)
        return next((code for code, value in field.codes.items() if value == wanted), "")
    return "1760001" if field.type == "postal" else TEXTS[field.name]


def _era(day: str) -> str:
    year = int(day[:4])
    return f"3{year - 1925:02d}{day[4:]}" if year < 1989 else f"4{year - 1988:02d}{day[4:]}"


def headers_of(rules: RegisterLayout) -> list[str]:
    """Return the headers of a file: those of the layout, and one of a column that is not read."""
    return [*rules.columns, UNREAD[0]]


def valid_rows(rules: RegisterLayout, count: int, first: int = 1) -> list[list[str]]:
    """Return rows of valid cells, in the order of `headers_of` (of the layout for fixed width)."""
    rows = []
    for number in range(first, first + count):
        row = [cells_of(field, number) for field in rules.fields]
        rows.append(row if rules.format == "fixed" else _placed(row, rules))
    return rows


def _placed(row: list[str], rules: RegisterLayout) -> list[str]:
    """Put cells where a file without headers has them by number; what nobody reads holds a canary."""
    if rules.header or rules.format == "parquet":
        return [*row, UNREAD[1]]
    last = max(field.position or 1 for field in rules.fields)
    cells = [UNREAD[1]] * (last + 1)
    for cell, field in zip(row, rules.fields, strict=True):
        cells[(field.position or 1) - 1] = cell
    return cells


def as_bytes(
    rules: RegisterLayout,
    rows: Sequence[Sequence[str]],
    encoding: str,
    *,
    quoted: bool = False,
    end: str = "\r\n",
) -> bytes:
    """Write rows (headers among them where the form has any) as a file of the form."""
    if rules.format == "excel":
        return _workbook(rules, rows)
    if rules.format == "parquet":
        return _parquet(rows)
    if rules.format == "fixed":
        return b"".join(_record(rules, row, encoding) + end.encode("ascii") for row in rows)
    lines = [rules.delimiter.join(f'"{cell}"' if quoted else cell for cell in row) for row in rows]
    return "".join(line + end for line in lines).encode(encoding, "replace")


def _record(rules: RegisterLayout, row: Sequence[str], encoding: str) -> bytes:
    record = bytearray(b" " * (rules.record_bytes or 0))
    for cell, field in zip(row, rules.fields, strict=False):
        start, length = (field.start or 1) - 1, field.bytes or 0
        record[start : start + length] = _fitting(cell, encoding, length)
    return bytes(record)


def _fitting(cell: str, encoding: str, length: int) -> bytes:
    """Encode a cell, cut between two characters and filled up with blanks."""
    cell = cell[:length]  # a character is a byte or more
    raw = cell.encode(encoding, "replace")
    while len(raw) > length:
        cell = cell[:-1]
        raw = cell.encode(encoding, "replace")
    return raw.ljust(length)


def _workbook(rules: RegisterLayout, rows: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = rules.sheet or "Sheet1"
    for line, row in enumerate(rows, 1):
        for place, cell in enumerate(row, 1):
            sheet.cell(line, place).value = _without_controls(cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _without_controls(cell: Any) -> Any:
    """Leave out what no XML can hold."""
    if not isinstance(cell, str):
        return cell
    return "".join(char for char in cell if char >= " " or char in "\t\n\r")[:32000]


def _parquet(rows: Sequence[Sequence[Any]]) -> bytes:
    headers, body = rows[0], rows[1:]
    columns = [
        pa.array([_cell(row, place) for row in body], from_pandas=True) for place in range(len(headers))
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=[str(name) for name in headers]), out)
    return out.getvalue()


def _cell(row: Sequence[Any], place: int) -> Any:
    return row[place] if place < len(row) else None


def choose(rng: random.Random, every: Sequence[Form]) -> Form:
    """Choose a form by the weights."""
    return rng.choices(every, [form.weight for form in every])[0]
