"""Seals (封印): eight symbols after a label's code that only staff can make, so that no code can be made up.

A seal is HMAC-SHA256 over ``token.wave.copy``, cut to 40 bits. Staff hold the key; the package of labels
carries the seals of the copies that may be printed; the contractor's ledger keeps of each printed seal a
short check, enough to see a wrong one, too little to find the right one from it.
"""

import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from custody.errors import InputError, LabelError
from custody.ledger import Ledger
from custody.messages import gettext as _
from custody.messages import mark
from labels.pieces import FINAL_STATES, SCANNED, UNDONE
from labels.tokens import ALPHABET, LOOK_ALIKES

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "SEALS_COLUMN",
    "SEAL_LENGTH",
    "SEAL_NOTES",
    "SealReport",
    "check_seals",
    "fits_check",
    "plain_seal",
    "scanned_codes",
    "seal_check",
    "seal_of",
    "seals_field",
    "seals_from_field",
]

SEAL_LENGTH: Final = 8
SEALS_COLUMN: Final = "seals"
"""Column of the package of labels: the seals of copy 1, 2, ... that may be printed, a blank between."""

CHECK_DIGITS: Final = 5
"""Hex digits of a check: 20 bits. Of a seal's 40 bits as many stay unknown to who steals the ledger."""

SEAL: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
SEALED: Final = re.compile(rf"(?P<wave>[0-9]{{1,3}})\.(?P<copy>[0-9]{{1,3}})\.(?P<seal>{SEAL.pattern})")

SEAL_NOTES: Final = {
    "seal-unknown": mark("The code of a returned piece names no label of this survey."),
    "seal-wrong": mark("The seal of a returned piece is not ours: its code may be made up."),
}
"""What staff note of a returned piece, by its row in the events: code and meaning."""


def seal_of(key: bytes, token: str, wave: int, copy: int) -> str:
    """Make the seal of a label.

    Parameters
    ----------
    key : bytes
        Staff's secret ``seal``, 16 bytes or more.
    token : str
        15 symbols.
    wave, copy : int
        Numbers of the mailing and of the copy, from 1.

    Returns
    -------
    str
        8 symbols of the tokens' alphabet.

    Raises
    ------
    LabelError
        ``LAB-SEAL-KEY`` where the key is too short.

    Notes
    -----
    The first 40 bits of HMAC-SHA256(key, ``token.wave.copy``), five bits a symbol, the highest first
    (FIPS 198-1; truncation after NIST SP 800-107 5.3.3). Who guesses is right once in 2^40 tries.

    Examples
    --------
    >>> seal_of(bytes(32), "0123456789ABC59", 1, 1)
    'BH08N95E'
    """
    if len(key) < 16:
        raise LabelError(
            "LAB-SEAL-KEY",
            _("The key for seals is shorter than 16 bytes."),
            hint=_("Use the key that the key store made."),
        )
    digest = hmac.digest(key, f"{token}.{wave}.{copy}".encode("ascii"), hashlib.sha256)
    number = int.from_bytes(digest[:5], "big")
    return "".join(ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))


def plain_seal(text: str) -> str:
    """Write a seal as it was made: capitals, I and L as 1, O as 0.

    Parameters
    ----------
    text : str
        8 symbols, or nothing.

    Returns
    -------
    str
        The seal.

    Examples
    --------
    >>> plain_seal("bho8n95e")
    'BH08N95E'
    """
    return text.upper().translate(LOOK_ALIKES)


def seals_field(key: bytes, token: str, wave: int, copies: int) -> str:
    """Write the seals of the labels of a token that may be printed in a wave.

    Parameters
    ----------
    key : bytes
        Staff's secret ``seal``.
    token : str
        15 symbols.
    wave : int
        Number of the mailing.
    copies : int
        How many copies, 1 or more.

    Returns
    -------
    str
        The seals of copy 1, 2, ..., with blanks between.

    Examples
    --------
    >>> seals_field(bytes(32), "0123456789ABC59", 1, 2)
    'BH08N95E PP2V7PGC'
    """
    return " ".join(seal_of(key, token, wave, copy) for copy in range(1, copies + 1))


def seals_from_field(text: str) -> list[str]:
    """Read what `seals_field` wrote.

    Parameters
    ----------
    text : str
        One cell of the column ``seals``.

    Returns
    -------
    list of str
        The seals of copy 1, 2, ...

    Raises
    ------
    InputError
        ``LAB-SEALS`` where it is not of that form.
    """
    words = text.split()
    if not all(SEAL.fullmatch(word) for word in words):
        raise InputError(
            "LAB-SEALS",
            _("The seals of a label are not of the form that they should have."),
            hint=_("Ask the sender for a new package."),
            column=SEALS_COLUMN,
        )
    return words


def seal_check(code: str, seal: str) -> str:
    """Shorten a seal to what the contractor's ledger keeps of it.

    Parameters
    ----------
    code : str
        ``token.wave.copy``, which no other label has: the salt.
    seal : str
        8 symbols.

    Returns
    -------
    str
        5 hex digits.

    Notes
    -----
    The first 20 bits of SHA-256("hyohon seal check v1|" + code + "|" + seal). A whole digest would give the
    seal away: 2^40 tries take a graphics card minutes. From 20 bits a thief learns which 2^20 seals fit and
    not which one is right; a made-up seal passes the contractor once in 2^20, and staff once in 2^40.

    Examples
    --------
    >>> len(seal_check("0123456789ABC59.1.1", "BH08N95E"))
    5
    """
    text = f"hyohon seal check v1|{code}|{seal}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:CHECK_DIGITS]


def fits_check(seal: str, check: str, code: str) -> bool:
    """Say whether a seal may be the one of a label.

    Parameters
    ----------
    seal : str
        As scanned; empty where the code had none (a token typed by hand, a Code 128 too narrow for it).
    check : str
        What the ledger keeps; empty for a label without a seal.
    code : str
        ``token.wave.copy``.

    Returns
    -------
    bool
        True where there is nothing to compare, or it fits.
    """
    return not seal or not check or seal_check(code, seal) == check


@dataclass(frozen=True, slots=True)
class SealReport:
    """What became of the seals of the pieces that came back.

    Parameters
    ----------
    right, wrong, unknown, without : int
        Pieces that came back, by their seal. unknown: the token is not of this survey. without: typed by
        hand or printed before there were seals.
    rows : tuple of (int, str)
        Row of the events (1 = first) and code of `SEAL_NOTES`, for each that is wrong or unknown.
    """

    right: int
    wrong: int
    unknown: int
    without: int
    rows: tuple[tuple[int, str], ...]

    @property
    def counts(self) -> dict[str, int]:
        """Pieces by what their seal is."""
        return {name: getattr(self, name) for name in ("right", "wrong", "unknown", "without")}

    def tidy(self) -> "pd.DataFrame":
        """Give the counts.

        Returns
        -------
        DataFrame
            Columns ``seal, pieces``.
        """
        import pandas as pd

        return pd.DataFrame({"seal": list(self.counts), "pieces": list(self.counts.values())})


def check_seals(
    events: Sequence[Mapping[str, str]], key: bytes, tokens: Iterable[str] | None = None
) -> SealReport:
    """Check the seal of every code that came back.

    Parameters
    ----------
    events : sequence of mappings
        Rows of the contractor's events: ``token``, ``state``, and ``code`` (`scanned_codes`). Rows of persons
        from whom nothing came back are passed over.
    key : bytes
        Staff's secret ``seal``.
    tokens : iterable of str, optional
        The tokens of the survey. Default: none is unknown.

    Returns
    -------
    SealReport
        Counts, and the rows that are worth a look; never a token or a seal.

    Examples
    --------
    >>> row = {"token": "0123456789ABC59", "state": "returned", "code": "1.1.BH08N95E"}
    >>> check_seals([row, {**row, "code": "1.2.BH08N95E"}], bytes(32)).rows
    ((2, 'seal-wrong'),)
    """
    known = None if tokens is None else frozenset(tokens)
    found = [
        (row, _judge(event["token"], code, key, known))
        for row, event in enumerate(events, start=1)
        if event["state"] in FINAL_STATES
        for code in (event.get("code") or "").split() or [""]
    ]
    counts = Counter(word for _row, word in found)
    noted = tuple((row, f"seal-{word}") for row, word in found if f"seal-{word}" in SEAL_NOTES)
    return SealReport(counts["right"], counts["wrong"], counts["unknown"], counts["without"], noted)


def scanned_codes(ledger: Ledger) -> dict[str, str]:
    """Read from a job's ledger which seals were scanned on letters that came back.

    Parameters
    ----------
    ledger : Ledger
        Of the job.

    Returns
    -------
    dict of str to str
        Token → ``wave.copy.seal`` of each of its letters, a blank between; the last scan of each counts,
        unless it was taken back.
    """
    found: dict[str, dict[int, str]] = {}
    for event in ledger.events():
        facts = event.facts
        if event.kind in (SCANNED, UNDONE):
            codes, wave = found.setdefault(str(facts["token"]), {}), int(facts.get("wave", 1))
            codes.pop(wave, None)
            if "seal" in facts:
                codes[wave] = f"{wave}.{facts['copy']}.{facts['seal']}"
    return {token: " ".join(codes[wave] for wave in sorted(codes)) for token, codes in found.items() if codes}


def _judge(token: str, code: str, key: bytes, known: frozenset[str] | None) -> str:
    if known is not None and token not in known:
        return "unknown"
    if not code:
        return "without"
    parts = SEALED.fullmatch(code)
    if parts is None:
        return "wrong"
    right = seal_of(key, token, int(parts["wave"]), int(parts["copy"]))
    return "right" if hmac.compare_digest(right, parts["seal"]) else "wrong"
