"""The staff list (review.csv) and the decisions that staff write into it.

The list holds names and addresses: only staff have it, and the decisions are read back from it. A pair has a
keyed number, so that a decision still fits when the registers are extracted again.
"""

import csv
import hashlib
import hmac
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.keys import hmac_pads
from sampling.linkage.result import REVIEW_COLUMNS, Links
from sampling.spreadsheet import from_text_cell, text_cell

__all__ = [
    "Decisions",
    "pair_id",
    "read_decisions",
    "review_csv",
]

HEADERS: Final[Mapping[str, str]] = dict(
    zip(
        REVIEW_COLUMNS,
        (
            "照合番号",
            "確率",
            "住基カナ",
            "認定カナ",
            "住基氏名",
            "認定氏名",
            "住基生年月日",
            "認定生年月日",
            "住基性別",
            "認定性別",
            "住基住所",
            "認定住所",
            "判定",
        ),
        strict=True,
    )
)
"""Column → header of the file."""
SAME: Final = ("同一", "same")
DIFFERENT: Final = ("別人", "different")
ENCODINGS: Final = ("utf-8-sig", "cp932")
LENGTH: Final = 24
LARGEST: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Decisions:
    """What staff decided.

    Parameters
    ----------
    same, different : frozenset of str
        Numbers of the pairs that are one person, and of those that are not.
    blank : int
        Rows without a decision.
    sha256 : str
        Digest of the file.
    """

    same: frozenset[str] = field(default=frozenset(), repr=False)
    different: frozenset[str] = field(default=frozenset(), repr=False)
    blank: int = 0
    sha256: str = ""

    def __repr__(self) -> str:
        counts = f"{len(self.same)} same, {len(self.different)} different, {self.blank} blank"
        return f"<Decisions: {counts}>"


def pair_id(resident_no: str, identity: str, secret: bytes) -> str:
    """Return the number of a pair.

    Parameters
    ----------
    resident_no : str
        Number of the resident.
    identity : str
        What names the person of the certification register in every extract.
    secret : bytes
        Secret of the survey, at least 16 bytes.

    Returns
    -------
    str
        ``P`` and 24 hex digits of HMAC-SHA256; the letter keeps a spreadsheet from reading a number.

    Examples
    --------
    >>> pair_id("0000000001", "i:0210000001", bytes(32))
    'P9932f554c7417bbb096573a5'
    """
    text = f"link|{resident_no}|{identity}".encode()
    return "P" + hmac.digest(secret, text, "sha256").hex()[:LENGTH]


def review_csv(links: Links) -> bytes:
    """Return the staff list as a CSV for Excel.

    Parameters
    ----------
    links : Links
        From `link_registers`.

    Returns
    -------
    bytes
        UTF-8 with mark; it holds personal values.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([HEADERS[name] for name in REVIEW_COLUMNS])
    for row in links.review[list(REVIEW_COLUMNS)].itertuples(index=False):
        writer.writerow([text_cell(_shown(value)) for value in row])
    return out.getvalue().encode("utf-8-sig")


def read_decisions(path: str | Path) -> Decisions:
    """Read the staff list with its decisions.

    Parameters
    ----------
    path : str or pathlib.Path
        The file of `review_csv`, saved as UTF-8 or CP932; the column 判定 (decision) holds 同一 (same),
        別人 (different) or nothing.

    Returns
    -------
    Decisions
        By the numbers of the pairs.

    Raises
    ------
    InputError
        The file is missing, too large, in another encoding or without the two columns; a decision is another
        word, a number is missing, or one pair has two decisions; with the row.
    """
    file = Path(path)
    data = _bytes(file)
    rows = iter(_rows(_decoded(data, file), file))
    pair_at, decision_at = _columns(next(rows, []), file)
    found: dict[str, bool] = {}
    blank = 0
    for number, row in enumerate((row for row in rows if any(row)), 1):
        cells = [from_text_cell(row[at].strip()) if at < len(row) else "" for at in (pair_at, decision_at)]
        if not cells[1]:
            blank += 1
            continue
        same = _decided(cells[1], file, number)
        if not cells[0] or found.get(cells[0], same) != same:
            raise _bad_pair(file, number)
        found[cells[0]] = same
    return Decisions(
        same=frozenset(pair for pair, same in found.items() if same),
        different=frozenset(pair for pair, same in found.items() if not same),
        blank=blank,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def check_secret(secret: bytes) -> None:
    """Refuse a secret that is too short.

    Parameters
    ----------
    secret : bytes
        At least 16 bytes.

    Raises
    ------
    SamplingError
        It is shorter.
    """
    hmac_pads(secret)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]


def _bytes(file: Path) -> bytes:
    if not file.is_file():
        raise InputError(
            "SAM-REVIEW-FILE",
            _("The staff list is not there."),
            hint=_("Give the path of the list with its decisions."),
            file=file.name,
        )
    if file.stat().st_size > LARGEST:
        raise _unreadable(file)
    return file.read_bytes()


def _decoded(data: bytes, file: Path) -> str:
    for encoding in ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(file)


def _rows(text: str, file: Path) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        raise InputError(
            "SAM-REVIEW-CSV",
            _("The staff list is not CSV: a quote is left open."),
            hint=_("Save it in the spreadsheet as CSV (UTF-8), and give it again."),
            file=file.name,
        ) from None


def _unreadable(file: Path) -> InputError:
    return InputError(
        "SAM-REVIEW-ENCODING",
        _("The staff list is neither UTF-8 nor CP932, or far too large."),
        hint=_("Save it in the spreadsheet as CSV (UTF-8), and give it again."),
        file=file.name,
    )


def _columns(header: list[str], file: Path) -> tuple[int, int]:
    places = []
    for name in ("pair", "decision"):
        known = (HEADERS[name], name)
        at = [place for place, cell in enumerate(header) if cell.strip() in known]
        if len(at) != 1:
            raise InputError(
                "SAM-REVIEW-COLUMN",
                _("The staff list lacks a column, or has it twice."),
                hint=_("Write the decisions into the list as it was written, and change no header."),
                file=file.name,
                column=HEADERS[name],
            )
        places += at
    return places[0], places[1]


def _decided(word: str, file: Path, row: int) -> bool:
    if word in SAME:
        return True
    if word in DIFFERENT:
        return False
    raise InputError(
        "SAM-REVIEW-DECISION",
        _("A decision is neither 同一 (same) nor 別人 (different)."),
        hint=_("Write one of the two, or leave the cell empty where it is not decided."),
        file=file.name,
        row=row,
        column=HEADERS["decision"],
    )


def _bad_pair(file: Path, row: int) -> InputError:
    return InputError(
        "SAM-REVIEW-PAIR",
        _("A pair has no number, or stands in the list with two different decisions."),
        hint=_("Keep the column of numbers as it was written, and one decision for each pair."),
        file=file.name,
        row=row,
        column=HEADERS["pair"],
    )
