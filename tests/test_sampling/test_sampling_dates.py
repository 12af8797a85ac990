"""Dates in every form of Japanese registers are the same day; a day outside era or calendar is none."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.eras import read_days
from sampling.fields import read_field
from sampling.layout import Field

EPOCH = date(1970, 1, 1)
ERAS = (  # name, letter, digit, year before its first, first and last day of its use here
    ("明治", "M", 1, 1867, date(1873, 1, 1), date(1912, 7, 30)),
    ("大正", "T", 2, 1911, date(1912, 7, 30), date(1926, 12, 25)),
    ("昭和", "S", 3, 1925, date(1926, 12, 25), date(1989, 1, 7)),
    ("平成", "H", 4, 1988, date(1989, 1, 8), date(2019, 4, 30)),
    ("令和", "R", 5, 2018, date(2019, 5, 1), date(2099, 12, 31)),
)
WIDE = str.maketrans("0123456789/.-", "０１２３４５６７８９／．－")


def one(cell: str, *, partial: bool = False) -> tuple[date | None, date | None, str]:
    table = read_days([cell], partial=partial)
    if table.codes[0]:
        return None, None, table.codes[0]
    first, last = (EPOCH + timedelta(days=int(days[0])) for days in (table.first, table.last))
    return first, last, ""


def forms(day: date, era: tuple[str, str, int, int, date, date]) -> list[str]:
    name, letter, digit, zero = era[:4]
    year, month, number = day.year - zero, day.month, day.day
    first = "元" if year == 1 else str(year)
    return [
        f"{day:%Y%m%d}",
        f"{day.year}/{month}/{number}",
        f"{day:%Y-%m-%d}",
        f"{day:%Y-%m-%d} 00:00:00",
        f"{day.year}.{month:02d}.{number:02d}",
        f"{day.year}年{month}月{number}日",
        f"{name}{first}年{month}月{number}日",
        f"{name} {first}年 {month}月 {number}日",
        f"{name[0]}{year}.{month}.{number}",
        f"{letter}{year}.{month}.{number}",
        f"{letter.lower()}{year:02d}/{month:02d}/{number:02d}",
        f"{letter}{year:02d}{month:02d}{number:02d}",
        f"{digit}-{year:02d}{month:02d}{number:02d}",
        f"{digit}{year:02d}{month:02d}{number:02d}",
        f"{letter}{year}.{month}.{number}".translate(WIDE),
        f"{name}{first}年{month}月{number}日".translate(WIDE),
    ]


@given(st.sampled_from(ERAS), st.data())
def test_every_form_of_a_day_is_that_day(era, data) -> None:
    day = data.draw(st.dates(era[4], era[5]))
    for form in forms(day, era):
        assert one(form) == (day, day, ""), form


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("明治45年7月30日", date(1912, 7, 30)),
        ("大正元年7月30日", date(1912, 7, 30)),
        ("大正15年12月25日", date(1926, 12, 25)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成二十一年十一月一日", date(2009, 11, 1)),
        ("㍻21年11月1日", date(2009, 11, 1)),
        ("昭和一〇年四月一〇日", date(1935, 4, 10)),
        ("4-21.4.1", date(2009, 4, 1)),
        ("S10. 4. 1", date(1935, 4, 1)),
    ],
)
def test_days_on_the_borders_and_in_kanji(cell, day) -> None:
    assert one(cell) == (day, day, "")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("昭和65年1月1日", "era_border"),
        ("昭和64年1月8日", "era_border"),
        ("平成元年1月7日", "era_border"),
        ("S64.1.8", "era_border"),
        ("4-010107", "era_border"),
        ("平成31年5月1日", "era_border"),
        ("令和元年4月30日", "era_border"),
        ("大正15年12月26日", "era_border"),
        ("明治5年12月2日", "implausible_date"),
        ("19440230", "impossible_date"),
        ("19430229", "impossible_date"),
        ("平成21年13月1日", "impossible_date"),
        ("平成0年1月8日", "impossible_date"),
        ("昭和10年4月00日", "partial_date"),
        ("昭和10年不詳月不詳日", "partial_date"),
        ("44/02/03", "format"),
        ("21.11.1", "format"),
        ("40118", "format"),
        ("1935-04-01 12:30", "format"),
        ("2009/11-1", "format"),
        ("昭和十年", "format"),
        ("昨日", "format"),
        ("6-010101", "format"),
        ("2011 12 1", "format"),  # without its blanks it would be 大正1年11月21日
        ("2009年111", "format"),
        ("٢٠٠٩١١٠١", "format"),
    ],
)
def test_what_is_no_day_says_why(cell, code) -> None:
    assert one(cell) == (None, None, code)


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        ("19440000", date(1944, 1, 1), date(1944, 12, 31)),
        ("19440200", date(1944, 2, 1), date(1944, 2, 29)),
        ("昭和19年00月00日", date(1944, 1, 1), date(1944, 12, 31)),
        ("昭和19年11月不詳日", date(1944, 11, 1), date(1944, 11, 30)),
        ("昭和64年00月00日", date(1989, 1, 1), date(1989, 1, 7)),
        ("平成元年00月00日", date(1989, 1, 8), date(1989, 12, 31)),
        ("昭和元年00月00日", date(1926, 12, 25), date(1926, 12, 31)),
        ("3-190000", date(1944, 1, 1), date(1944, 12, 31)),
        ("昭和19年不詳", date(1944, 1, 1), date(1944, 12, 31)),
        ("1944年不詳月不詳日", date(1944, 1, 1), date(1944, 12, 31)),
    ],
)
def test_an_unknown_month_or_day_is_a_span_inside_its_era(cell, first, last) -> None:
    assert one(cell, partial=True) == (first, last, "")
    assert one(cell) == (None, None, "partial_date")


@given(st.lists(st.sampled_from(["20091101", "H21.11.1", "19440000", "", "昭和65年1月1日", "x"]), min_size=1))
def test_a_column_reads_each_cell_as_alone(cells) -> None:
    field = Field("birth_date", "生年月日", "date", required=False, partial=True)
    read = read_field(pa.array([cell.encode("cp932") for cell in cells]), field, "cp932")
    failed = {int(row): failure.code for failure in read.failures for row in failure.rows}
    for row, cell in enumerate(cells):
        first, last, code = one(cell, partial=True) if cell else (None, None, "")
        assert (read.values[row].as_py(), read.latest[row].as_py()) == (first, last)
        assert failed.get(row, "") == code


def test_days_hold_their_type() -> None:
    table = read_days(["20091101", "x"])
    assert (table.first.dtype, table.last.dtype, table.codes) == (np.int32, np.int32, ("", "format"))
