"""Spellings that a vendor's file has: era dates, half-width kana, and names written wrongly."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthetic_data.dates import Days, parts
from synthetic_data.registers import chosen
from synthetic_data.tables import settings

Ints = npt.NDArray[np.int64]

KNOWN, NO_DAY, NO_MONTH = range(3)
ERAS = (
    ("1868-01-25", "明治", "M", 1868),
    ("1912-07-30", "大正", "T", 1912),
    ("1926-12-25", "昭和", "S", 1926),
    ("1989-01-08", "平成", "H", 1989),
    ("2019-05-01", "令和", "R", 2019),
)
"""First day, name, letter and first year of each era; its digit is its place from 1."""

FORMS = {
    "plain": "{0}{3}{4}",
    "slash": "{0}/{1}/{2}",
    "kanji": "{5}{9}年{1}月{2}日",
    "letter": "{6}{8}.{1}.{2}",
    "digit": "{7}-{8:02d}{3}{4}",
    "fixed": "{7}{8:02d}{3}{4}",
}
"""0 year, 1 month, 2 day, 3 and 4 both in two digits, 5 era, 6 its letter, 7 its digit, 8 year of it, 9 the
same with 元 for 1."""

TENS = tuple(f"{number:02d}" for number in range(32))
FAR = 1_000_000

SMALL = str.maketrans("ァィゥェォャュョッ", "アイウエオヤユヨツ")
VOICED = str.maketrans("ズヅジヂ", "ヅズヂジ")
LONG_ROWS = ("オコソトノホモヨロゴゾドボポョ", "ウクスツヌフムユルグズブプュ")
WRONG_LETTERS = "アイキコサタナミモリ"
GAIJI_FIRST, GAIJI_COUNT = 0xE000, 1880


def spelled(days: Days, style: str, unknown: Ints | None = None, missing: str = "") -> Any:
    """Dates in one spelling.

    Parameters
    ----------
    days : numpy.ndarray
        datetime64[D], shape (rows,).
    style : str
        ``plain`` 19350401, ``slash`` 1935/4/1, ``kanji`` 昭和10年4月1日, ``letter`` S10.4.1,
        ``digit`` 3-100401, ``fixed`` 3100401.
    unknown : numpy.ndarray, optional
        Shape (rows,): 0 known, 1 day unknown, 2 month and day unknown.
    missing : str
        What stands for no date.

    Returns
    -------
    pyarrow.Array
        Text of shape (rows,).

    Examples
    --------
    >>> day = np.array(["1935-04-01", "1989-01-08"], dtype="datetime64[D]")
    >>> [spelled(day, style).to_pylist()[0] for style in ("kanji", "letter", "digit", "fixed")]
    ['昭和10年4月1日', 'S10.4.1', '3-100401', '3100401']
    >>> spelled(day, "kanji", np.array([2, 0])).to_pylist()
    ['昭和10年00月00日', '平成元年1月8日']
    """
    less = np.zeros(len(days), dtype=np.int64) if unknown is None else unknown
    none = np.isnat(days)
    filled = np.where(none, np.datetime64("1900-01-01"), days).astype("datetime64[D]")
    key = np.where(none, -1, (filled.astype(np.int64) + FAR) * 3 + less)
    distinct, place = np.unique(key, return_inverse=True)
    known = distinct[distinct >= 0]
    words = _words((known // 3 - FAR).astype("datetime64[D]"), known % 3, style)
    return chosen([missing] * (len(distinct) - len(known)) + words, place)


def mixed(days: Days, styles: Sequence[str], other: Any, unknown: Ints | None = None) -> Any:
    """Dates in the spelling of a file, some rows in another.

    Parameters
    ----------
    days : numpy.ndarray
        datetime64[D], shape (rows,).
    styles : sequence of str
        The usual and the other spelling.
    other : numpy.ndarray
        Shape (rows,), bool: rows in the other spelling.
    unknown : numpy.ndarray, optional
        As in `spelled`.

    Returns
    -------
    pyarrow.Array
        Text of shape (rows,).
    """
    usual = spelled(days, styles[0], unknown)
    which = np.flatnonzero(other)
    some = spelled(days[which], styles[1], None if unknown is None else unknown[which])
    return pc.replace_with_mask(usual, pa.array(other), some)


def _words(days: Days, unknown: Ints, style: str) -> list[str]:
    """Each different date in one spelling."""
    years, months, dates = (part.tolist() for part in parts(days))
    firsts = np.array([era[0] for era in ERAS], dtype="datetime64[D]")
    eras = (np.searchsorted(firsts, days, side="right") - 1).tolist()
    form = FORMS[style]
    words = []
    for year, month, day, era, less in zip(years, months, dates, eras, unknown.tolist(), strict=True):
        _first, name, letter, first_year = ERAS[era]
        short = year - first_year + 1
        m, d = 0 if less == NO_MONTH else month, 0 if less else day
        values = (year, m or "00", d or "00", TENS[m], TENS[d], name, letter, era + 1, short)
        words.append(form.format(*values, "元" if short == 1 else short))
    return words


@cache
def _halves() -> dict[int, str]:
    plain = [chr(code) for code in range(0xFF65, 0xFF9E)]
    marked = [letter + mark for letter in plain for mark in ("ﾞ", "ﾟ")]
    forms = {unicodedata.normalize("NFKC", half): half for half in plain + marked}
    return {ord(full): half for full, half in forms.items() if len(full) == 1} | {ord("　"): " "}


def half_width(text: str) -> str:
    """Katakana and spaces in half width.

    Parameters
    ----------
    text : str
        Full-width katakana.

    Returns
    -------
    str
        The same in half width; a voiced letter becomes two.

    Examples
    --------
    >>> half_width("ネリマ　ギョウコ")
    'ﾈﾘﾏ ｷﾞｮｳｺ'
    """
    return text.translate(_halves())


def gaiji(name: str) -> str:
    """A name whose surname ends in a letter of the vendor's own.

    Parameters
    ----------
    name : str
        Surname, full-width space, given name.

    Returns
    -------
    str
        The same with one private-use letter, which CP932 writes as F040 to F9FC.

    Examples
    --------
    >>> [hex(ord(letter)) for letter in gaiji("渡辺　花子")][1]
    '0xe432'
    """
    last, _space, first = name.partition("　")
    return f"{last[:-1]}{chr(GAIJI_FIRST + ord(last[-1]) % GAIJI_COUNT)}　{first}"


@cache
def _pairs() -> dict[str, str]:
    pairs = settings("dirt")["variants"]["pairs"]
    return dict(pairs) | {b: a for a, b in pairs}


def has_variant(name: str) -> bool:
    """Whether a name has a letter with another form.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    bool
        True if `variant` changes it.
    """
    return any(letter in _pairs() for letter in name)


def variant(name: str) -> str:
    """The first letter that has another form, written in it.

    Parameters
    ----------
    name : str
        The name.

    Returns
    -------
    str
        The same name in another form.

    Examples
    --------
    >>> variant("髙橋　栄"), variant("渡辺　清")
    ('高橋　栄', '渡邊　清')
    """
    for place, letter in enumerate(name):
        if letter in _pairs():
            return name[:place] + _pairs()[letter] + name[place + 1 :]
    return name


def _small(kana: str) -> str:
    return kana.translate(SMALL)


def _long(kana: str) -> str:
    for place in range(1, len(kana)):
        if kana[place] == "ウ" and any(kana[place - 1] in row for row in LONG_ROWS):
            return f"{kana[:place]}ー{kana[place + 1 :]}"
    return kana


def _voiced(kana: str) -> str:
    return kana.translate(VOICED)


def _space(kana: str) -> str:
    return kana.replace("　", "")


def _letter(kana: str) -> str:
    place = len(kana) - 1
    wrong = WRONG_LETTERS[ord(kana[place]) % len(WRONG_LETTERS)]
    if wrong == kana[place]:
        wrong = "ヨ"
    return kana[:place] + wrong


KANA_KINDS: dict[str, Callable[[str], str]] = {
    "small": _small,
    "long": _long,
    "voiced": _voiced,
    "letter": _letter,
    "space": _space,
}


def wrong_kana(kana: str, kind: str) -> tuple[str, str]:
    """A reading with one error.

    Parameters
    ----------
    kana : str
        Full-width katakana.
    kind : str
        ``small``, ``long``, ``voiced``, ``letter`` or ``space``.

    Returns
    -------
    tuple of str
        The wrong reading and the kind really made: a reading with nothing to change gets a wrong letter.

    Examples
    --------
    >>> wrong_kana("キョウコ", "small"), wrong_kana("ハナ", "long")
    (('キヨウコ', 'small'), ('ハア', 'letter'))
    """
    wrong = KANA_KINDS[kind](kana)
    return (wrong, kind) if wrong != kana else (_letter(kana), "letter")


def swapped_digits(number: int) -> int:
    """A number with two neighbouring digits exchanged, the last two that differ.

    Parameters
    ----------
    number : int
        A number with two different digits.

    Returns
    -------
    int
        Another number of the same length.

    Examples
    --------
    >>> swapped_digits(1000153), swapped_digits(1000122)
    (1000135, 1000212)
    """
    text = str(number)
    for place in range(len(text) - 1, 1, -1):
        if text[place] != text[place - 1]:
            return int(text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :])
    return number
