"""Japan Post's rules that take the address number (住所表示番号) out of what follows the town."""

import re
import unicodedata
from typing import Final

__all__ = ["KANJI_DIGITS", "NUMERALS", "address_number", "clean", "kanji_number", "number_in"]

KANJI_DIGITS: Final = "〇一二三四五六七八九"
UNITS: Final = {"十": 10, "百": 100, "千": 1000}
LONGEST: Final = 12
"""Kanji numerals in one number; what is longer is read digit by digit."""

NUMERALS: Final = f"{KANJI_DIGITS}十百千"
_TO_DIGITS: Final = str.maketrans(KANJI_DIGITS, "0123456789", "十百千")
_CLOSED_UP: Final = re.compile("[&/.・·]")
_SELECTORS: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_CIRCLE: Final = re.compile(f"(?<=[{NUMERALS}])[○◯]|[○◯](?=[{NUMERALS}])")
_NUMBER: Final = re.compile(f"[{NUMERALS}]++(?=[丁番号線のノ]|地割)")
_WORD: Final = re.compile("[A-Z]{2,}")
_FLOOR: Final = re.compile("(?<=[0-9])F")
_OTHER: Final = re.compile("[^0-9A-Z]+")
_AT_LETTER: Final = re.compile("-?([A-Z])-?")


def clean(text: str) -> str:
    """Bring a text to the forms that the rules speak of.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        In normalisation form NFKC (１ is 1, Ｆ is F, ﾉ is ノ), without variation selectors, with capitals;
        零, and a circle beside kanji numerals, as 〇.

    Examples
    --------
    >>> clean("砧二○番地１０ｆ")
    '砧二〇番地10F'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _SELECTORS.sub("", text))
    text = text.upper().replace("零", "〇")
    return _CIRCLE.sub("〇", text) if "○" in text or "◯" in text else text


def address_number(after_town: str) -> str:
    """Take the address number out of what follows the town.

    Parameters
    ----------
    after_town : str
        The part of an address after its town (住所B): block, lot, house, building, room.

    Returns
    -------
    str
        Digits, hyphens and single capital letters, not cut.

    Notes
    -----
    The rules in their order: small letters become capitals; & / ・ . are closed up (basic 1, 2); kanji
    numerals, with 十, 百, 千 or by place (二〇), become digits directly before 丁目, 丁, 番地, 番, 号, 地割,
    線, の and ノ (extra 1); words of two letters or more are not taken, nor is an F directly after a digit,
    the floor (basic 3, extra 2); whatever else stands between becomes one hyphen (basic 4, 5, extra 3), so
    every look-alike of a hyphen is one; none stands first or last (basic 6), nor beside a letter (extra 4),
    even where letters meet by that (extra 5).

    References
    ----------
    Japan Post, 郵便番号・バーコードマニュアル, p. 18 to 20 (post.japanpost.jp/zipcode/zipmanual).

    Examples
    --------
    >>> address_number("3丁目30-8　郵便ビル403号")
    '3-30-8-403'
    >>> address_number("二丁目十番二十号　Ｆ室")
    '2-10-20F'
    """
    return number_in(clean(after_town))


def number_in(cleaned: str) -> str:
    """Take the address number out of a text that is cleaned already; see `address_number`.

    Parameters
    ----------
    cleaned : str
        From `clean`.

    Returns
    -------
    str
        Digits, hyphens and single capital letters, not cut.
    """
    text = _NUMBER.sub(_digits, _CLOSED_UP.sub("", cleaned))
    text = _FLOOR.sub("-", _WORD.sub("-", text))
    return _AT_LETTER.sub(r"\1", _OTHER.sub("-", text)).strip("-")


def kanji_number(text: str) -> str:
    """Write kanji numerals in digits.

    Parameters
    ----------
    text : str
        One or more of 〇一二三四五六七八九十百千.

    Returns
    -------
    str
        Digits.

    Examples
    --------
    >>> [kanji_number(text) for text in ("十", "二十三", "百二十", "二〇", "千五百二十四", "一〇五")]
    ['10', '23', '120', '20', '1524', '105']
    """
    if len(text) > LONGEST or not any(unit in text for unit in UNITS):
        return text.translate(_TO_DIGITS)
    total = waiting = 0
    for character in text:
        if character in UNITS:
            total, waiting = total + (waiting or 1) * UNITS[character], 0
        else:
            waiting = waiting * 10 + KANJI_DIGITS.index(character)
    return str(total + waiting)


def _digits(found: re.Match[str]) -> str:
    """Write a number in digits, with a hyphen where digits stand directly before it (8二号室 is 8-2)."""
    before = found.string[found.start() - 1 : found.start()]
    return ("-" if before.isdecimal() else "") + kanji_number(found[0])
