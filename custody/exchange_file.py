"""Reading an exchange file: CSV in UTF-8 or CP932, as texts, with nothing guessed and nothing repaired."""

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custody.errors import InputError
from custody.messages import gettext as _

__all__ = ["MAX_BYTES", "ExchangeTable", "read_exchange_bytes", "read_exchange_file"]

MAX_BYTES: Final = 64 * 1024 * 1024
"""Largest file; a ward's payments of a day are a thousandth of it."""
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class ExchangeTable:
    """A file as texts.

    Parameters
    ----------
    file : str
        Its name.
    sha256 : str
        Digest of its bytes.
    header : tuple of str
        Names of the columns, as written.
    rows : tuple of tuple of str
        Cells of each data row; a row may have another width than the header.
    """

    file: str
    sha256: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read_exchange_file(path: Path | str) -> ExchangeTable:
    """Read an exchange file.

    Parameters
    ----------
    path : path
        A CSV file with a header, UTF-8 (with or without byte order mark) or CP932.

    Returns
    -------
    ExchangeTable
        Its cells.

    Raises
    ------
    InputError
        ``EXC-FILE``, ``EXC-SIZE``, ``EXC-ENCODING``, ``EXC-CSV`` or ``EXC-EMPTY``.
    """
    path = Path(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as problem:
        text = _("The file cannot be read ({reason}).").format(reason=type(problem).__name__)
        hint = _("Name the file that was handed over.")
        raise InputError("EXC-FILE", text, hint=hint, file=path.name) from None
    return read_exchange_bytes(data, path.name)


def read_exchange_bytes(data: bytes, name: str) -> ExchangeTable:
    r"""Read the bytes of an exchange file, such as the content of an opened package.

    Parameters
    ----------
    data : bytes
        The CSV text.
    name : str
        Name for messages.

    Returns
    -------
    ExchangeTable
        Its cells.

    Raises
    ------
    InputError
        As `read_exchange_file`.

    Examples
    --------
    >>> read_exchange_bytes("番号,金額\r\n0001,300\r\n".encode("cp932"), "a.csv").rows
    (('0001', '300'),)
    """
    if len(data) > MAX_BYTES:
        text = _("The file is larger than {limit:,} bytes.").format(limit=MAX_BYTES)
        raise InputError("EXC-SIZE", text, hint=_("Ask for smaller files."), file=name)
    reader = csv.reader(io.StringIO(_text(data, name), newline=""), strict=True)
    rows: list[tuple[str, ...]] = []
    try:
        rows.extend(tuple(cells) for cells in reader if cells)
    except csv.Error:
        hint = _("Quotes must be closed, and a cell may hold 131,072 characters. Ask for the file again.")
        text = _("The file is not CSV from here on.")
        raise InputError("EXC-CSV", text, hint=hint, file=name, row=len(rows)) from None
    if not rows:
        hint = _("A file of no payments has its header all the same.")
        raise InputError("EXC-EMPTY", _("The file is empty."), hint=hint, file=name)
    return ExchangeTable(name, hashlib.sha256(data).hexdigest(), rows[0], tuple(rows[1:]))


def _text(data: bytes, name: str) -> str:
    for encoding in () if data[:2] in _UTF16 else ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text or "\x1a" in text:
            break
        return text
    text = _("The file is not text in UTF-8 or CP932.")
    hint = _("Save it as CSV in one of the two; a workbook or a packed file cannot be checked.")
    raise InputError("EXC-ENCODING", text, hint=hint, file=name)
