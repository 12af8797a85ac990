"""Control totals (件数表): how many rows the section that made the extracts says each file has."""

import csv
import io
import unicodedata
from pathlib import Path
from typing import Final

from custody.errors import InputError
from custody.messages import gettext as _

__all__ = ["read_totals"]

FILE_HEADERS: Final = ("ファイル名", "ファイル", "file")
ROWS_HEADERS: Final = ("件数", "レコード件数", "rows")
MOST_BYTES: Final = 1 << 20
"""A list of files is small; a larger file is not one."""
MOST_DIGITS: Final = 12
"""No register has more rows."""


def read_totals(path: str | Path) -> dict[str, int]:
    """Read a list of files with their number of data rows.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV in UTF-8 or CP932 with the columns ファイル名 (or ``file``) and 件数 (or ``rows``).

    Returns
    -------
    dict of str to int
        Name of the file (without folder) → data rows, the header line not counted.

    Raises
    ------
    InputError
        The list cannot be read, lacks a column, has a count that is not a whole number, or a file twice.
    """
    path = Path(path)
    text = _text(path)
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline="")) if any(line)]
    except csv.Error:
        text = _("The list of control totals is not CSV: a quote is left open.")
        raise _refused("SAM-TOTALS-TEXT", text, path) from None
    if not lines:
        raise _refused("SAM-TOTALS-EMPTY", _("The list of control totals is empty."), path)
    header = [_plain(cell) for cell in lines[0]]
    name_at, rows_at = (_place(header, names, path) for names in (FILE_HEADERS, ROWS_HEADERS))
    totals: dict[str, int] = {}
    for number, line in enumerate(lines[1:], start=1):
        cells = [unicodedata.normalize("NFKC", cell).strip() for cell in line]
        cells += [""] * (len(header) - len(cells))
        name, rows = line[name_at].strip() if name_at < len(line) else "", cells[rows_at].replace(",", "")
        if not name or not rows.isascii() or not rows.isdigit() or len(rows) > MOST_DIGITS or name in totals:
            text = _("This line does not give one file, once, and a whole number of rows.")
            raise _refused("SAM-TOTALS-LINE", text, path, number)
        totals[name] = int(rows)
    return totals


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError:
        raise _refused("SAM-FILE-NONE", _("The file cannot be opened."), path) from None
    if len(data) <= MOST_BYTES and b"\x00" not in data:
        for encoding in ("utf-8-sig", "cp932"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise _refused(
        "SAM-TOTALS-TEXT", _("The list of control totals is no small CSV in UTF-8 or CP932."), path
    )


def _place(header: list[str], names: tuple[str, ...], path: Path) -> int:
    for name in names:
        if header.count(name) == 1:
            return header.index(name)
    text = _("The list of control totals lacks a column, or has it twice: {names}.")
    raise _refused("SAM-TOTALS-COLUMN", text.format(names=" / ".join(names)), path)


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFKC", cell).strip().casefold()


def _refused(code: str, message: str, path: Path, row: int | None = None) -> InputError:
    hint = _("Write a CSV with the columns ファイル名 and 件数, one line for each file.")
    return InputError(code, message, hint=hint, file=path.name, row=row)
