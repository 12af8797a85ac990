"""Why a letter came back (返戻理由): the stamps of the post office and other notes, with what each means.

The table is ``data/return_reasons.csv``. A code such as ``R.MOVED`` stands on a sheet beside the scanner: it
is scanned first, then all letters that came back for this reason.
"""

import csv
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal, get_args

from custody.errors import InputError
from custody.messages import gettext as _
from custody.messages import language

__all__ = ["DEFAULT_AAPOR", "REASON_MARK", "Reason", "Reminders", "aapor_of", "find_reason", "reasons"]

Reminders = Literal["on", "thanks", "off"]
"""on: reminders go on. thanks: only the thank-you card still goes. off: nothing more."""

REASON_MARK: Final = "R."
"""How a scannable code of a reason or a state begins; no token and no label's code begins so."""

DEFAULT_AAPOR: Final[Mapping[str, str]] = MappingProxyType(
    {"returned": "1.1", "undeliverable": "3.30", "refused": "3.231", "mailed": "3.19"}
)
"""State without a reason → its code of AAPOR; a label in any other state was not mailed (3.11)."""

NOT_MAILED: Final = "3.11"
FULL_STOPS: Final = str.maketrans("。．", "..")
UNSEEN: Final = dict.fromkeys([*range(32), 127, 0xFEFF])
"""Control characters with which some scanners begin and end a code (STX, ETX, GS), and the mark of UTF-8."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason.

    Parameters
    ----------
    code : str
        Capitals: ``MOVED``.
    stamp : str
        As it is stamped or noted in Japan: 転居先不明.
    english : str
        What it means.
    state : str
        The state of the label that it means: returned, undeliverable or refused.
    aapor : str
        Code of Table 3 (mail surveys of specifically named persons); ours, where a Japanese stamp has none
        of its own, is the family's: 3.30 could not be delivered.
    reminders : {"on", "thanks", "off"}
        What may still be mailed to the person.
    """

    code: str
    stamp: str
    english: str
    state: str
    aapor: str
    reminders: Reminders

    @property
    def scan_code(self) -> str:
        """What its code on the sheet says: ``R.MOVED``."""
        return REASON_MARK + self.code

    @property
    def title(self) -> str:
        """The stamp, or in an English session what it means."""
        return self.stamp if language() == "ja" else self.english


@cache
def reasons() -> Mapping[str, Reason]:
    """Read the table of reasons.

    Returns
    -------
    mapping of str to Reason
        Code → reason, in the order of the table, read only.

    Examples
    --------
    >>> reasons()["MOVED"].stamp, reasons()["MOVED"].state, reasons()["MOVED"].aapor
    ('転居先不明', 'undeliverable', '3.30')
    """
    text = files("labels").joinpath("data/return_reasons.csv").read_text(encoding="utf-8")
    found = [
        Reason(**{**row, "reminders": next(one for one in get_args(Reminders) if one == row["reminders"])})
        for row in csv.DictReader(text.splitlines())
    ]
    return MappingProxyType({reason.code: reason for reason in found})


def find_reason(text: str) -> Reason:
    """Find a reason by its code, by the code on its sheet, or by its stamp.

    Parameters
    ----------
    text : str
        ``MOVED``, ``r.moved``, ``Ｒ．ＭＯＶＥＤ`` or ``転居先不明``.

    Returns
    -------
    Reason
        The reason.

    Raises
    ------
    InputError
        ``LAB-SCAN-REASON`` where there is none.

    Examples
    --------
    >>> find_reason("r.moved").code, find_reason("あて所に尋ねあたりません").code
    ('MOVED', 'UNKNOWN')
    """
    plain = plain_code(text)
    by_stamp = {reason.stamp: reason for reason in reasons().values()}
    found = reasons().get(plain.upper().removeprefix(REASON_MARK)) or by_stamp.get(plain)
    if found is None:
        raise InputError(
            "LAB-SCAN-REASON",
            _("There is no such reason for a letter to come back."),
            hint=_("Choose one of: {reasons}.").format(reasons=", ".join(reasons())),
        )
    return found


def plain_code(text: str) -> str:
    """Return what a scanner typed in half width, without blanks around it and signs that cannot be seen.

    Examples
    --------
    >>> plain_code("Ｒ。ＭＯＶＥＤ ")
    'R.MOVED'
    """
    return unicodedata.normalize("NFKC", text.translate(UNSEEN)).translate(FULL_STOPS).strip()


def aapor_of(state: str, reason: str = "") -> str:
    """Return the code of AAPOR for what became of a letter.

    Parameters
    ----------
    state : str
        State of the label, empty where there is none.
    reason : str
        Code of a reason, empty where none was given.

    Returns
    -------
    str
        Such as "3.30".

    Examples
    --------
    >>> aapor_of("refused", "DECLINED"), aapor_of("refused"), aapor_of("mailed"), aapor_of("printed")
    ('2.112', '3.231', '3.19', '3.11')
    """
    known = reasons().get(reason)
    return known.aapor if known is not None else DEFAULT_AAPOR.get(state, NOT_MAILED)
