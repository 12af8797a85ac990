"""Reading scans: a CSV with token, state, date and reason, or a plain list as a hand scanner types it."""

import csv
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, get_args

from custody.errors import InputError
from custody.messages import gettext as _
from labels.pieces import ScanState
from labels.reasons import REASON_MARK, plain_code
from labels.seals import plain_seal
from labels.tokens import parse_token

__all__ = ["Scan", "ScanMode", "ScannedCode", "parse_code", "parse_day", "passed_day", "read_scans"]

CODE: Final = re.compile(
    r"(?P<token>.+?)\.(?P<wave>[0-9]{1,3})\.(?P<copy>[0-9]{1,3})(?:\.(?P<seal>[0-9A-Za-z]{8}))?", re.DOTALL
)
DAY: Final = re.compile(r"([0-9]{4})[-/.]?([0-9]{1,2})[-/.]?([0-9]{1,2})")
LARGEST: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan as it was given.

    Parameters
    ----------
    row : int
        Row in the file, 1 = first data row.
    text : str
        A token in any spelling, or the content of a QR code.
    state : str
        The state, empty where none was given.
    date : str
        The day, empty where none was given.
    reason : str
        Code of why the letter came back, empty where none was given.
    """

    row: int
    text: str
    state: str = ""
    date: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """A code that was read: the token, and copy, wave and seal where the code told them."""

    token: str
    copy: int | None
    wave: int | None = None
    seal: str = field(default="", repr=False)


def parse_code(text: str) -> ScannedCode:
    """Read a token or the content of a label's QR code.

    Parameters
    ----------
    text : str
        ``token`` in any spelling, or ``token.wave.copy``, with a seal of eight symbols after it or without.

    Returns
    -------
    ScannedCode
        Token, copy, wave and seal.

    Raises
    ------
    LabelError
        It holds no valid token.

    Examples
    --------
    >>> parse_code("0123456789ABC59.1.2")
    ScannedCode(token='0123456789ABC59', copy=2, wave=1)
    """
    plain = plain_code(text)
    found = CODE.fullmatch(plain)
    if found is None:
        return ScannedCode(parse_token(plain), None)
    seal = plain_seal(found["seal"] or "")
    return ScannedCode(parse_token(found["token"]), int(found["copy"]), int(found["wave"]), seal)


def parse_day(text: str) -> str | None:
    """Read a day.

    Parameters
    ----------
    text : str
        ``2009-11-05``, ``2009/11/5`` (as Excel writes it) or ``20091105``.

    Returns
    -------
    str or None
        ``YYYY-MM-DD``, None where it is no day.

    Examples
    --------
    >>> parse_day("2009/11/5"), parse_day("2009-11-31")
    ('2009-11-05', None)
    """
    found = DAY.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups())).isoformat()
    except ValueError:
        return None


def passed_day(text: str, latest: str) -> str:
    """Read a day on which something was done: today or before.

    Parameters
    ----------
    text : str
        As for `parse_day`.
    latest : str
        The last day that may be, ``YYYY-MM-DD`` (`custody.clock.last_day`).

    Returns
    -------
    str
        ``YYYY-MM-DD``.

    Raises
    ------
    InputError
        ``LAB-DAY`` where it is no day, ``LAB-DAY-FUTURE`` where it is after `latest`.

    Examples
    --------
    >>> passed_day("2009/11/5", "2009-11-05")
    '2009-11-05'
    """
    day = parse_day(text)
    if day is None:
        raise InputError("LAB-DAY", _("This is not a day."), hint=_("Write it like 2009-11-05."))
    if day > latest:
        raise InputError(
            "LAB-DAY-FUTURE",
            _("This day is after today ({day}): what was not done yet is not recorded.").format(day=latest),
            hint=_("Look at the date, and at the clock of this computer."),
        )
    return day


def read_scans(path: Path | str) -> list[Scan]:
    """Read a file of scans.

    Parameters
    ----------
    path : path
        CSV with a column ``token`` and, if wanted, ``state``, ``date`` and ``reason``; or one token or QR
        content a line, without a header, after the code of a reason where there is one. UTF-8, CP932, or
        UTF-16 with its mark, as Windows writes it; columns may be parted by tabs.

    Returns
    -------
    list of Scan
        Every line that holds something.

    Raises
    ------
    InputError
        The file cannot be read, or its header has no column ``token``.
    """
    path = Path(path)
    lines = _text(path).splitlines()
    first = next((line for line in lines if line.strip()), "")
    for delimiter in ",\t":
        if "token" in (name.strip().strip('"').casefold() for name in first.split(delimiter)):
            return list(_from_csv(lines, delimiter))
    if "," in first:
        raise InputError(
            "LAB-SCAN-COLUMNS",
            _("The file of scans has no column token."),
            hint=_("Columns are token, state, date and reason; or give one code a line and nothing else."),
            file=path.name,
        )
    mode = ScanMode()
    found = [mode.take(line, row) for row, line in enumerate(lines, start=1) if line.strip()]
    return [scan for scan in found if scan is not None]


class ScanMode:
    """What a hand scanner types, line by line: the code of a reason or a state, then the labels of it.

    Examples
    --------
    >>> mode = ScanMode()
    >>> mode.take("R.MOVED", 1), mode.take("0123456789ABC59.1.1", 2).reason
    (None, 'MOVED')
    """

    def __init__(self) -> None:
        self.code = ""

    def take(self, line: str, row: int) -> Scan | None:
        """Take one line.

        Parameters
        ----------
        line : str
            What was scanned.
        row : int
            Number of the line.

        Returns
        -------
        Scan or None
            A label; None for a code that changes what the next labels mean. ``R.MAILED`` and the other
            states do as reasons do, and ``R.END`` takes the reason back. A reason that nobody knows stays:
            its labels are set aside, never recorded under the reason before.
        """
        plain = plain_code(line).upper()
        if plain.startswith(REASON_MARK):
            self.code = plain.removeprefix(REASON_MARK)
            self.code = "" if self.code == "END" else self.code
            return None
        state = self.code.casefold() if self.code.casefold() in get_args(ScanState) else ""
        return Scan(row, line.strip(), state, reason="" if state else self.code)


def _from_csv(lines: list[str], delimiter: str) -> Iterator[Scan]:
    reader = csv.DictReader((line for line in lines if line.strip()), delimiter=delimiter)
    reader.fieldnames = [name.strip().casefold() for name in reader.fieldnames or ()]
    for row, values in enumerate(reader, start=1):
        text, state, day, reason = (
            (values.get(key) or "").strip() for key in ("token", "state", "date", "reason")
        )
        if text or state or day or reason:
            yield Scan(row, text, state.casefold(), day, reason)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise _unreadable(path)
        data = path.read_bytes()
    except OSError:
        raise _unreadable(path) from None
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp932", errors="replace")


def _unreadable(path: Path) -> InputError:
    return InputError(
        "LAB-SCAN-FILE",
        _("The file of scans cannot be read."),
        hint=_("Name a text file of at most 64 MB."),
        file=path.name,
    )
