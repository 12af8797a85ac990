"""What a file really is, by its first bytes: a workbook renamed .csv, a file with a password, a ZIP."""

import zipfile
from pathlib import Path
from typing import Final

from custody.errors import InputError
from custody.messages import gettext as _
from custody.messages import mark
from sampling.canonical import FileFormat

__all__ = ["START_BYTES", "check_type", "read_start", "real_type"]

START_BYTES: Final = 65536
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OLE_DIRECTORY_BYTES: Final = 1 << 24
"""The directory of an OLE file lies anywhere; workbooks with a password are small enough to look through."""
SIGNATURES: Final = (
    (b"PAR1", "Parquet"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "gzip (.gz)"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip (.7z)"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"SQLite format 3\x00", "SQLite"),
    (b"age-encryption.org/", mark("a file encrypted by age")),
)
MARKUP: Final = (b"<html", b"<!doctype", b"<table", b"<?xml")
FORMATS: Final[dict[FileFormat, str]] = {
    "delimited": mark("a CSV file"),
    "fixed": mark("a fixed-width file"),
    "excel": mark("an Excel workbook (.xlsx)"),
    "parquet": mark("a Parquet file"),
}
OWN: Final[dict[str, FileFormat]] = {"Excel (.xlsx)": "excel", "Parquet": "parquet"}


def read_start(path: Path) -> bytes:
    """Read the beginning of a file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    bytes
        At most 65,536 bytes.

    Raises
    ------
    InputError
        The file cannot be opened, or is empty.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(START_BYTES)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        raise _refused("SAM-FILE-NONE", _("The file cannot be opened."), path) from None
    if not start.strip():
        raise _refused("SAM-FILE-EMPTY", _("The file is empty."), path)
    return start


def check_type(path: Path, start: bytes, form: FileFormat) -> None:
    """Refuse a file that is not of the form that the layout declares.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    start : bytes
        Its beginning.
    form : {"delimited", "fixed", "excel", "parquet"}
        What the layout says.

    Raises
    ------
    InputError
        The file is something else; the real type is named.
    """
    kind = real_type(path, start)
    if OWN.get(kind or "") == form or (kind is None and form in ("delimited", "fixed")):
        return
    text = _("This is not {wanted}: {kind}.")
    message = text.format(wanted=_(FORMATS[form]), kind=_(kind) if kind else _("plain text or unknown"))
    hint = _("Ask the section that made the extract for the right file.")
    if kind in OWN:
        hint = _('Save it as CSV, or use a layout that says format = "{form}".').format(form=OWN[kind])
    raise InputError("SAM-FILE-TYPE", message, hint=hint, file=path.name)


def real_type(path: Path, start: bytes) -> str | None:
    """Name what a file is where it is not plain text.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    start : bytes
        Its beginning.

    Returns
    -------
    str or None
        Name of the type; None for what may be text.
    """
    if start.startswith(b"PK\x03\x04"):
        return _zip_type(path)
    if start.startswith(OLE):
        return _ole_type(path)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:9].lower().startswith(MARKUP):
        return mark("a web page or XML")
    return next((kind for magic, kind in SIGNATURES if start.startswith(magic)), None)


def _zip_type(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            declared = archive.read("mimetype")[:80] if "mimetype" in names else b""
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError, NotImplementedError, EOFError):
        return mark("Excel (.xlsx) or ZIP, damaged")
    if b"opendocument" in declared:
        return mark("OpenDocument (.ods)")
    for inside, kind in (
        ("xl/workbook.xml", "Excel (.xlsx)"),
        ("xl/workbook.bin", "Excel (.xlsb)"),
        ("word/document.xml", "Word (.docx)"),
    ):
        if inside in names:
            return kind
    return "ZIP"


def _ole_type(path: Path) -> str:
    with path.open("rb") as stream:
        inside = stream.read(OLE_DIRECTORY_BYTES)
    if "EncryptedPackage".encode("utf-16-le") in inside:
        return mark("Excel with a password")
    if any(name.encode("utf-16-le") in inside for name in ("Workbook", "Book")):
        return "Excel (.xls)"
    return mark("an old Office file (.xls, .doc)")


def _refused(code: str, message: str, path: Path) -> InputError:
    return InputError(
        code, message, hint=_("Ask the section that made the extract for the right file."), file=path.name
    )
