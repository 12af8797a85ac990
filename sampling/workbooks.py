"""Excel workbooks (.xlsx) and Parquet files as binary columns: every cell as text, nothing guessed.

A spreadsheet that turned ``0000000012`` into the number 12 has lost the zeros; they are not invented here, so
the row fails by its width. Excel is read cell by cell, as its format demands; large registers are better CSV.
"""

import hashlib
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from custody.errors import HyohonError, InputError
from custody.messages import gettext as _
from sampling.decoding import to_text
from sampling.filetypes import check_type, read_start
from sampling.layout import RegisterLayout
from sampling.limits import limits
from sampling.parsed import ParsedFile, check_headers, no_rows

__all__ = ["parse_excel", "parse_parquet"]

EXACT_BELOW: Final = 10**15
"""Excel keeps 15 digits of a number; a longer one has been rounded."""
PIECE_BYTES: Final = 1 << 20
PIECE_ROWS: Final = 1 << 16
MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell ref="[A-Z]+(\d+)')
FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ />]")
OVERLAP: Final = 64
"""Bytes of the former piece that are looked at again: longer than any tag that is searched for."""
ERRORS: Final = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})

AS_TEXT: Final = (pa.types.is_integer, pa.types.is_string, pa.types.is_large_string, pa.types.is_null)
"""Types of Parquet columns that become text without loss."""


@dataclass(slots=True)
class _Cells:
    """Cells of the columns that are read, and the rows that did not fit."""

    names: tuple[str, ...]
    row: int = 0
    waiting: list[tuple[str, ...]] = field(default_factory=list)
    chunks: list[Any] = field(default_factory=list)
    misfits: dict[int, tuple[str, bytes]] = field(default_factory=dict)

    def add(self, cells: Sequence[Any], fault: str | None) -> None:
        """Take the next row."""
        self.row += 1
        texts = tuple(_text(cell) for cell in cells)
        if fault:
            self.misfits[self.row] = (fault, "\t".join(texts).encode("utf-8"))
            return
        self.waiting.append(texts)
        if len(self.waiting) >= PIECE_ROWS:
            self.flush()

    def flush(self) -> None:
        """Turn the waiting rows into columns."""
        columns = zip(*self.waiting, strict=True) if self.waiting else [()] * len(self.names)
        arrays = [pa.array(column, type=pa.string()).cast(pa.binary()) for column in columns]
        self.chunks.append(pa.table(arrays, names=list(self.names)))
        self.waiting.clear()


def parse_excel(path: Path, rules: RegisterLayout, encoding: str) -> ParsedFile:
    """Read the columns of a layout from a workbook.

    Parameters
    ----------
    path : pathlib.Path
        The workbook (.xlsx).
    rules : RegisterLayout
        Names the sheet and the columns.
    encoding : str
        Not used; the cells are UTF-8 afterwards.

    Returns
    -------
    ParsedFile
        Text as it stands, numbers as their digits, dates as YYYYMMDD. Misfits: ``formula`` (a formula without
        a stored result), ``cell_error`` (``#N/A``), ``rounded_number`` (over 15 digits), ``column_count``.

    Raises
    ------
    InputError
        Not a workbook, too large, no such sheet, a merged or calculated header, a wrong header, or no rows.
    """
    check_type(path, read_start(path), "excel")
    with _readable(path, "SAM-EXCEL-BROKEN"), warnings.catch_warnings(), _book(path, values=True) as book:
        warnings.simplefilter("ignore")  # of styles and validations, which are not read
        title, member = _sheet(book, rules, path)
        merged, calculated = _look_through(path, member)
        if merged and rules.header:
            raise _refused("SAM-EXCEL-HEADER", _("The header of the sheet has merged cells."), path)
        if not calculated:
            return _parse_sheet(path, rules, _rows(book[title]), iter(()))
        with _book(path, values=False) as formulas:
            return _parse_sheet(path, rules, _rows(book[title]), formulas[title].iter_rows())


def _parse_sheet(
    path: Path, rules: RegisterLayout, rows: Iterator[tuple[Any, ...]], formulas: Iterator[tuple[Any, ...]]
) -> ParsedFile:
    first = next(rows, ())
    places, columns = _places(first, rules, path)
    if not rules.header:
        rows = chain([first], rows)
    elif any(cell.data_type == "f" for cell in next(formulas, ())):
        raise _refused("SAM-EXCEL-HEADER", _("A header of the sheet is calculated by a formula."), path)
    cells = _Cells(rules.columns)
    blank = 0
    for row, written in zip_longest(rows, formulas, fillvalue=()):
        if all(cell is None for cell in row) and not any(cell.data_type == "f" for cell in written):
            blank += 1  # a sheet ends with any number of empty rows
            continue
        for _row in range(blank):
            cells.add([None] * len(places), None)
        blank = 0
        picked = [row[place] if place < len(row) else None for place in places]
        cells.add(picked, _fault(row, picked, written, places, columns))
    if not cells.row:
        raise no_rows(path)
    cells.flush()
    return ParsedFile(
        table=pa.concat_tables(cells.chunks),
        misfits=tuple(cells.misfits),
        encoding="utf-8",
        sha256=_digest(path),
        misfit_codes=tuple(code for code, _line in cells.misfits.values()),
        misfit_lines=tuple(line for _code, line in cells.misfits.values()),
        ignored=columns - len(places),
    )


def _fault(
    row: Sequence[Any], picked: Sequence[Any], written: Sequence[Any], places: Sequence[int], columns: int
) -> str | None:
    """Say why a row of a sheet cannot be read, or None."""
    for cell, place in zip(picked, places, strict=True):
        if cell is None and place < len(written) and written[place].data_type == "f":
            return "formula"
        if isinstance(cell, str) and cell in ERRORS:
            return "cell_error"
        if isinstance(cell, int | float) and abs(cell) >= EXACT_BELOW:
            return "rounded_number"
    return "column_count" if any(cell is not None for cell in row[columns:]) else None


def _places(first: Sequence[Any], rules: RegisterLayout, path: Path) -> tuple[list[int], int]:
    """Return the place of each column that is read, and the number of columns of the sheet."""
    if not rules.header:
        return [(rule.position or 1) - 1 for rule in rules.fields], max(
            len(first), *(rule.position or 1 for rule in rules.fields)
        )
    headers = [_text(cell).strip() for cell in first]
    while headers and not headers[-1]:
        headers.pop()
    check_headers(headers, rules, path)
    return [headers.index(column) for column in rules.columns], len(headers)


def _text(cell: Any) -> str:
    """Write a cell as the text that a CSV would hold."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() != time():
        return cell.isoformat()
    if isinstance(cell, date):
        return f"{cell.year:04d}{cell.month:02d}{cell.day:02d}"
    return str(cell)


@contextmanager
def _book(path: Path, *, values: bool) -> Iterator[Any]:
    from openpyxl import load_workbook

    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > limits().max_workbook_bytes:
        text = _("The workbook holds {bytes:,} bytes when unpacked; at most {most:,} are read.")
        raise _refused("SAM-EXCEL-SIZE", text.format(bytes=size, most=limits().max_workbook_bytes), path)
    with path.open("rb") as stream:  # by its content: openpyxl refuses the name "a.csv"
        book = load_workbook(stream, read_only=True, data_only=values, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _sheet(book: Any, rules: RegisterLayout, path: Path) -> tuple[str, str]:
    """Return the name of the sheet and of its part of the archive."""
    if rules.sheet is not None and rules.sheet not in book.sheetnames:
        text = _("The workbook has no sheet of the name that the layout gives.")
        raise _refused("SAM-EXCEL-SHEET", text, path)
    sheet = book[rules.sheet] if rules.sheet is not None else book.worksheets[0]
    return sheet.title, sheet._worksheet_path  # the only place where openpyxl keeps it


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # programs write wrong ones
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(values_only=True)
    return rows


def _look_through(path: Path, member: str) -> tuple[bool, bool]:
    """Say whether the first row of a sheet has merged cells, and whether any cell has a formula."""
    merged = calculated = False
    rest = b""
    with zipfile.Path(path, at=member.lstrip("/")).open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            text = rest + piece
            calculated = calculated or FORMULA.search(text) is not None
            merged = merged or any(int(row) == 1 for row in MERGED.findall(text))
            rest = text[-OVERLAP:]
    return merged, calculated


def parse_parquet(path: Path, rules: RegisterLayout, encoding: str) -> ParsedFile:
    """Read the columns of a layout from a Parquet file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    rules : RegisterLayout
        Names the columns.
    encoding : str
        Encoding of binary columns; columns of text are UTF-8 by their format.

    Returns
    -------
    ParsedFile
        Text as it stands, whole numbers as their digits, dates as YYYYMMDD, nulls as empty cells.

    Raises
    ------
    InputError
        Not a Parquet file, a wrong header, a column of a type that is no text, number or date, or no rows.
    """
    check_type(path, read_start(path), "parquet")
    with _readable(path, "SAM-PARQUET-BROKEN"), pq.ParquetFile(path) as file:
        names = [str(name) for name in file.schema_arrow.names]
        check_headers(names, rules, path)
        packed = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        if sum(group.total_byte_size for group in packed) > limits().max_workbook_bytes:
            raise _refused("SAM-PARQUET-SIZE", _("The file is larger than any register."), path)
        table = file.read(columns=list(rules.columns)).select(list(rules.columns))
        if not table.num_rows:
            raise no_rows(path)
        columns = {name: _bytes(table[name], name, encoding, path) for name in rules.columns}
    return ParsedFile(
        table=pa.table(columns),
        misfits=(),
        encoding="utf-8",
        sha256=_digest(path),
        ignored=len(names) - len(rules.columns),
    )


def _bytes(column: Any, name: str, encoding: str, path: Path) -> Any:
    """Return one column of a Parquet file as bytes of UTF-8."""
    column.validate(full=True)  # a damaged file may say text and hold none
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        days = column.cast(pa.date32())  # refused by pyarrow where a time of the day would be lost
        text = pc.strftime(days, format="%Y%m%d")
    elif any(fits(kind) for fits in AS_TEXT):
        text = column.cast(pa.string())
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        cells = pc.fill_null(column.cast(pa.binary()), b"")
        _refuse_nul(cells, name, path)
        text = _decoded(cells, name, encoding, path)
    else:
        raise InputError(
            "SAM-PARQUET-TYPE",
            _("A column is neither text, whole number nor date: {type}.").format(type=kind),
            hint=_("Write every column of the register as text."),
            file=path.name,
            column=name,
        )
    cells = pc.fill_null(text, "").cast(pa.binary())
    _refuse_nul(cells, name, path)
    return cells


def _decoded(cells: Any, name: str, encoding: str, path: Path) -> Any:
    try:
        return pa.chunked_array([to_text(chunk, encoding) for chunk in cells.chunks], type=pa.string())
    except UnicodeDecodeError:
        raise InputError(
            "SAM-FILE-ENCODING",
            _("The bytes of this column are not text in {encoding}.").format(encoding=encoding),
            hint=_("Say the right encoding (--encoding), or ask for the extract again."),
            file=path.name,
            column=name,
        ) from None


def _refuse_nul(cells: Any, name: str, path: Path) -> None:
    found = np.flatnonzero(np.asarray(pc.match_substring(cells, b"\x00")))
    if len(found):
        raise InputError(
            "SAM-FILE-CONTROL",
            _("A cell holds the control character 0x00."),
            hint=_("Ask the section that made the extract for a clean file."),
            file=path.name,
            row=int(found[0]) + 1,
            column=name,
        )


@contextmanager
def _readable(path: Path, code: str) -> Iterator[None]:
    """Refuse a file that the library cannot read, whatever it raises."""
    try:
        yield
    except HyohonError:
        raise
    except Exception:  # of a damaged archive, XML or column: any kind, and its text may quote a cell
        raise _refused(code, _("The file is damaged, or no such file inside."), path) from None


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _refused(code: str, message: str, path: Path) -> InputError:
    hint = _("Ask for a plain sheet: one header row, one cell for each column; or for a CSV.")
    return InputError(code, message, hint=hint, file=path.name)
