"""Dates as registers write them: calendar years and era years (和暦), with an unknown month or day.

A register has few different dates, so each different cell is read once and the rows look it up.
"""

import calendar
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["DayTable", "read_days"]

EPOCH: Final = date(1970, 1, 1)
SOLAR: Final = date(1873, 1, 1)
"""First day of the solar calendar (明治6年1月1日); a day before it cannot be converted by its numbers."""


@dataclass(frozen=True, slots=True)
class _Era:
    """An era: the year before its first, its first and last day."""

    zero: int
    first: date
    last: date


MEIJI: Final = _Era(1867, date(1868, 1, 25), date(1912, 7, 30))
TAISHO: Final = _Era(1911, date(1912, 7, 30), date(1926, 12, 25))
SHOWA: Final = _Era(1925, date(1926, 12, 25), date(1989, 1, 7))
HEISEI: Final = _Era(1988, date(1989, 1, 8), date(2019, 4, 30))
REIWA: Final = _Era(2018, date(2019, 5, 1), date.max)
ERAS: Final = {
    **dict.fromkeys(("明治", "明", "M", "1"), MEIJI),
    **dict.fromkeys(("大正", "大", "T", "2"), TAISHO),
    **dict.fromkeys(("昭和", "昭", "S", "3"), SHOWA),
    **dict.fromkeys(("平成", "平", "H", "4"), HEISEI),
    **dict.fromkeys(("令和", "令", "R", "5"), REIWA),
}
"""How an era is named; the digits are those of resident systems (1 明治 … 5 令和)."""

MIDNIGHT: Final = re.compile(r"[T ]0?0:00(?::00)?(?:\.0+)?$")
"""The time that spreadsheets and databases add to a day."""
HYPHENS: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−－", "-"))
UNKNOWN: Final = frozenset({"0", "00", "不詳", "不明"})
BLANKS: Final = re.compile(r"(?<![0-9]) | (?![0-9])")
"""Blanks that may go: one between two digits parts two numbers (2011 12 1 is not 2011121)."""
_PART: Final = r"(\d{1,2}|不詳|不明)"
_NAMED: Final = r"(明治|大正|昭和|平成|令和|[明大昭平令MTSHR])"
_KANJI_DAY: Final = rf"(?:{_PART}月{_PART}日?|(?:不詳|不明)月?(?:不詳|不明)?日?)"
FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        r"()(\d{4})(\d{2})(\d{2})",
        rf"()(\d{{4}})([-/.]){_PART}\3{_PART}",
        rf"()(\d{{4}})年{_KANJI_DAY}",
        r"([MTSHR])(\d{2})(\d{2})(\d{2})",
        r"([1-5])-?(\d{2})(\d{2})(\d{2})",
        rf"{_NAMED}(\d{{1,2}}|元)年{_KANJI_DAY}",
        rf"{_NAMED}(\d{{1,2}}|元)([-/.]){_PART}\3{_PART}",
        rf"([1-5])-(\d{{1,2}})([-/.]){_PART}\3{_PART}",
    )
)
"""Era (or nothing), year, perhaps a mark that must stand twice, month, day."""

_DIGITS: Final = {char: value for value, char in enumerate("〇一二三四五六七八九")}
_KANJI: Final = re.compile(r"[〇一二三四五六七八九十]+")


@dataclass(frozen=True, slots=True)
class DayTable:
    """Different cells as days.

    Parameters
    ----------
    first, last : ndarray of int32
        Earliest and latest possible day of each cell, days since 1970-01-01, shape (cells,); 0 where it
        failed.
    codes : tuple of str
        Why it failed, shape (cells,); ``""`` where it is right. ``format`` no date at all,
        ``impossible_date`` no such day, ``era_border`` outside its era, ``partial_date`` month or day unknown
        where that is not allowed, ``implausible_date`` before the solar calendar.
    """

    first: NDArray[np.int32]
    last: NDArray[np.int32]
    codes: tuple[str, ...]


def read_days(cells: Sequence[str], *, partial: bool = False) -> DayTable:
    """Read dates in any of the forms of Japanese registers.

    Parameters
    ----------
    cells : sequence of str
        Different cells, shape (cells,).
    partial : bool
        Month and day may be unknown (``00`` or 不詳).

    Returns
    -------
    DayTable
        The days, shape (cells,).

    Notes
    -----
    Understood: 20091101, 2009/11/1, 2009-11-01, 2009.11.1, 2009年11月1日, 平成21年11月1日, H21.11.1, H211101,
    4-211101, 4211101, 4-21.11.1; full-width letters and digits, kanji numerals, 元 for the first year. A
    two-digit year without its era is refused. The last day of an era may be the first of the next (30 July
    1912, 25 December 1926); 昭和64年 ends on 7 January 1989, and 平成元年 begins on the next day.

    Examples
    --------
    >>> table = read_days(["平成21年11月1日", "S64.1.8", "昭和10年00月00日"], partial=True)
    >>> [str(np.datetime64(int(day), "D")) for day in table.first]
    ['2009-11-01', '1970-01-01', '1935-01-01']
    >>> table.codes
    ('', 'era_border', '')
    """
    read = [_read(_plain(cell), partial) for cell in cells]
    return DayTable(
        first=np.array([first for first, _last, _code in read], dtype=np.int32),
        last=np.array([last for _first, last, _code in read], dtype=np.int32),
        codes=tuple(code for _first, _last, code in read),
    )


def _plain(cell: str) -> str:
    """Fold width, blanks and kanji numerals."""
    text = MIDNIGHT.sub("", unicodedata.normalize("NFKC", cell).upper().strip())
    text = BLANKS.sub("", " ".join(text.translate(HYPHENS).split()))
    return _KANJI.sub(lambda found: _numeral(found[0]), text)


def _numeral(kanji: str) -> str:
    """Turn 二十一, 二一 and 十 into digits; 〇 stands for a place."""
    if "十" not in kanji:
        return "".join(str(_DIGITS[char]) for char in kanji)
    tens, ones = kanji.split("十", 1)
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return kanji
    return str((_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0))


def _read(text: str, partial: bool) -> tuple[int, int, str]:
    for form in FORMS:
        found = form.fullmatch(text)
        if found:
            era, year, *rest = found.groups()
            month, day = (part or "00" for part in rest[-2:])
            return _span(
                ERAS.get(era) if era else None, 1 if year == "元" else int(year), month, day, partial
            )
    return 0, 0, "format"


def _span(era: _Era | None, year: int, month: str, day: str, partial: bool) -> tuple[int, int, str]:
    """Return the first and last possible day, or why there is none."""
    unknown = month in UNKNOWN or day in UNKNOWN
    if unknown and not partial:
        return 0, 0, "partial_date"
    full = year + (era.zero if era else 0)
    if year < 1 or full > date.max.year:
        return 0, 0, "impossible_date"
    try:
        first, last = _bounds(full, month, day)
    except ValueError:
        return 0, 0, "impossible_date"
    if era:
        if unknown:  # an unknown day lies inside its era
            first, last = max(first, era.first), min(last, era.last)
        if first > last or first < era.first or last > era.last:
            return 0, 0, "era_border"
    if first < SOLAR and era:
        return 0, 0, "implausible_date"
    return (first - EPOCH).days, (last - EPOCH).days, ""


def _bounds(year: int, month: str, day: str) -> tuple[date, date]:
    if month in UNKNOWN:
        return date(year, 1, 1), date(year, 12, 31)
    number = int(month)
    if day in UNKNOWN:
        if not 1 <= number <= 12:
            raise ValueError("month")
        return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])
    return date(year, number, int(day)), date(year, number, int(day))
