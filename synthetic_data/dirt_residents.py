"""The resident register of the dirty form: files of the layouts ``resident_csv`` and ``resident_fixed``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthetic_data.addresses import WIDE
from synthetic_data.dates import build, parts
from synthetic_data.dirt_plan import PER, Outsiders, Plan
from synthetic_data.dirt_text import KNOWN, NO_DAY, NO_MONTH, gaiji, half_width, mixed, spelled
from synthetic_data.extracts import Extract
from synthetic_data.registers import (
    CHUNK_ROWS,
    chosen,
    flat_addresses,
    joined,
    padded,
    street_addresses,
)
from synthetic_data.residency import REASONS
from synthetic_data.streams import Streams
from synthetic_data.tables import given_names, settings, surnames, towns

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

COLUMNS = (
    "宛名番号",
    "世帯番号",
    "氏名",
    "氏名カナ",
    "通称名",
    "生年月日",
    "性別",
    "郵便番号",
    "住所",
    "方書",
    "住民となった日",
    "消除日",
    "消除事由",
    "支援措置",
    "支援措置開始日",
    "支援措置終了日",
    "住登外",
)
WIDTHS = (10, 10, 40, 30, 0, 7, 1, 7, 80, 60, 7, 7, 1, 1, 7, 7, 1)
"""Bytes of each column in the fixed form, 0 is not written; 続柄 stands behind 世帯番号, spare ones last."""

RELATION_BYTES, SPARE_BYTES = 2, 22
FAULTY = ("impossible_birth", "wrong_era", "unknown_sex")
YEAR = 365


def resident_rows(extract: Extract, plan: Plan, form: str) -> Any:
    """The dirty resident register as a table of text.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.
    form : {"csv", "fixed"}
        The fixed form spells dates and reasons in digits.

    Returns
    -------
    pyarrow.Table
        Columns `COLUMNS`: residents in rising order of 宛名番号, then the 住登外 rows.
    """
    table = pa.table(dict(zip(COLUMNS, _columns(extract, plan, form), strict=True)))
    listed = -1 - plan.who["away_row"]
    rows = [
        table.filter(pa.array(in_file(extract, plan))),
        _outsider_rows(plan.away, np.sort(listed), form),
        _outsider_rows(plan.strangers, np.arange(len(plan.strangers.number)), form),
    ]
    return pa.concat_tables(rows)


def in_file(extract: Extract, plan: Plan) -> Flags:
    """Whose row is in the file of the resident register.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.

    Returns
    -------
    numpy.ndarray
        bool, shape (people,).
    """
    return extract.kept & ~plan.flags("absent", len(extract.kept))


def unknown_parts(plan: Plan, n: int) -> Ints:
    """What is unknown of each birth date.

    Parameters
    ----------
    plan : Plan
        Who is met by which fault.
    n : int
        Number of residents.

    Returns
    -------
    numpy.ndarray
        Shape (n,): 0 nothing, 1 the day, 2 month and day.
    """
    unknown = np.full(n, KNOWN, dtype=np.int64)
    unknown[plan.who["partial_day"]] = NO_DAY
    unknown[plan.who["partial_month"]] = NO_MONTH
    unknown[plan.who["partial_border"]] = NO_MONTH
    return unknown


def protection(extract: Extract, plan: Plan) -> tuple[Flags, Any, Any]:
    """支援措置 of each resident: the mark, and the first and last day of its period.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.

    Returns
    -------
    tuple of numpy.ndarray
        Shape (people,): bool, datetime64[D], datetime64[D].

    Notes
    -----
    Periods are of one year. Those of ``protection_over`` ended before the reference date; those that began
    after the first extract are known by their day.
    """
    people, streams = extract.people, Streams(f"{extract.seed}|dirt")
    ago = streams.below("protection", len(people.household_number), YEAR - 70)[people.household]
    start = extract.reference - ago
    first = extract.protected_before
    start = np.where(first, start, extract.day)
    over = plan.flags("protection_over", len(ago))
    start = np.where(over & ~people.protected, extract.reference - 2 * YEAR + ago % 200, start)
    marked = people.protected | over
    none = np.datetime64("NaT", "D")
    return marked, np.where(marked, start, none), np.where(marked, start + YEAR, none)


def _columns(extract: Extract, plan: Plan, form: str) -> list[Any]:
    people, n = extract.people, len(extract.people.number)
    household = pa.array(people.household)
    marked, begins, ends = protection(extract, plan)
    births = _dates("residents_birth", people.birth, form, extract.seed, unknown_parts(plan, n))
    reasons = REASONS if form == "csv" else ("0", "1", "2", "3")
    return [
        padded(people.number),
        padded(people.household_number).take(household),
        _names(people.surname, people.given, plan),
        half_kana(people.surname, people.given),
        pa.array([""] * n),
        _wrong_births(births, plan, form),
        replaced(chosen(("", "1", "2"), people.sex), plan.who["unknown_sex"], ["3"]),
        chosen(towns().postal_code, extract.homes.town).take(household),
        street_addresses(extract.homes).take(household),
        flat_addresses(extract.homes).take(household),
        _dates("residents_since", people.since, form, extract.seed),
        _dates("residents_removed", people.removed, form, extract.seed),
        chosen(reasons, people.reason),
        chosen(("0", "1"), marked.astype(np.int64)),
        _dates("residents_protection", begins, form, extract.seed),
        _dates("residents_protection", ends, form, extract.seed),
        pa.array(["0"] * n),
    ]


def _names(surname: Ints, given: Ints, plan: Plan) -> Any:
    names = full_names(surname, given)
    who = plan.who["gaiji"]
    return replaced(names, who, [gaiji(name) for name in names.take(pa.array(who)).to_pylist()])


def full_names(surname: Ints, given: Ints) -> Any:
    """氏名 with a full-width space.

    Parameters
    ----------
    surname, given : numpy.ndarray
        Places in the tables of names.

    Returns
    -------
    pyarrow.Array
        Text.
    """
    return joined(chosen(surnames().text, surname), "　", chosen(given_names().text, given))


@cache
def _half_names() -> tuple[list[str], list[str]]:
    return [half_width(k) for k in surnames().kana], [half_width(k) for k in given_names().kana]


def half_kana(surname: Ints, given: Ints) -> Any:
    """氏名カナ in half width.

    Parameters
    ----------
    surname, given : numpy.ndarray
        Places in the tables of names.

    Returns
    -------
    pyarrow.Array
        Text.
    """
    last, first = _half_names()
    return joined(chosen(last, surname), " ", chosen(first, given))


def _dates(column: str, days: Any, form: str, seed: str, unknown: Ints | None = None) -> Any:
    if form == "fixed":
        return spelled(days, "fixed", unknown, "0000000")
    table = settings("dirt")["spelling"]
    other = Streams(f"{seed}|dirt").below(f"spelling.{column}", len(days), PER) < table["other"]
    return mixed(days, table[column], other, unknown)


def _wrong_births(births: Any, plan: Plan, form: str) -> Any:
    words = ("3200230", "3650101") if form == "fixed" else ("昭和20年2月30日", "昭和65年1月1日")
    births = replaced(births, plan.who["impossible_birth"], [words[0]])
    return replaced(births, plan.who["wrong_era"], [words[1]])


def replaced(column: Any, who: Ints, words: list[str]) -> Any:
    """Put other words in place of some cells.

    Parameters
    ----------
    column : pyarrow.Array
        Text of shape (rows,).
    who : numpy.ndarray
        Rising places of the cells.
    words : list of str
        One word for all, or one for each.

    Returns
    -------
    pyarrow.Array
        Text of shape (rows,).
    """
    if not len(who):
        return column
    mask = np.zeros(len(column), dtype=np.bool_)
    mask[who] = True
    values = words if len(words) == len(who) else words * len(who)
    return pc.replace_with_mask(column, pa.array(mask), pa.array(values, pa.string()))


def outsider_addresses(who: Outsiders) -> Any:
    """住所 of people who live elsewhere.

    Parameters
    ----------
    who : Outsiders
        They.

    Returns
    -------
    pyarrow.Array
        Text.
    """
    digits = [str(number).translate(WIDE) for number in range(64)]
    fronts = settings("dirt")["elsewhere"]["towns"]
    return joined(chosen(fronts, who.town), chosen(digits, who.ban), "番地", chosen(digits, who.go))


def _outsider_rows(who: Outsiders, listed: Ints, form: str) -> Any:
    n = len(who.number)
    nothing = np.full(n, np.datetime64("NaT", "D"))
    style = ("kanji", "letter", "digit") if form == "csv" else ("fixed",) * 3
    empty, missing = pa.array([""] * n), "" if form == "csv" else "0000000"
    none = spelled(nothing, "fixed", missing=missing)
    columns = (
        padded(who.number),
        empty,
        full_names(who.surname, who.given),
        half_kana(who.surname, who.given),
        empty,
        spelled(who.birth, style[0]),
        chosen(("", "1", "2"), who.sex),
        chosen(settings("dirt")["elsewhere"]["postal"], who.town),
        outsider_addresses(who),
        empty,
        spelled(who.since, style[1]),
        none,
        pa.array(["" if form == "csv" else "0"] * n),
        pa.array(["0"] * n),
        none,
        none,
        pa.array(["1"] * n),
    )
    return pa.table(dict(zip(COLUMNS, columns, strict=True))).take(pa.array(listed))


def write_fixed(table: Any, path: Path) -> Path:
    """Write the register as records of 300 bytes (CP932), each ended by CRLF.

    Parameters
    ----------
    table : pyarrow.Table
        From `resident_rows` with the form ``"fixed"``.
    path : pathlib.Path
        The file.

    Returns
    -------
    pathlib.Path
        The same path.
    """
    spare = " " * SPARE_BYTES
    with path.open("wb") as file:
        for batch in table.to_batches(max_chunksize=CHUNK_ROWS):
            parts_of = [
                _fixed(name, batch[name], width) for name, width in zip(COLUMNS, WIDTHS, strict=True) if width
            ]
            parts_of.insert(2, " " * RELATION_BYTES)
            rows = pc.binary_join_element_wise(*parts_of, spare, "")
            file.write(("\r\n".join(rows.to_pylist()) + "\r\n").encode("cp932"))
    return path


def _fixed(name: str, column: Any, width: int) -> Any:
    """Fill up with half-width blanks: three bytes of UTF-8 are two of CP932, or one of half-width kana."""
    letters = pc.utf8_length(column).to_numpy(zero_copy_only=False).astype(np.int64)
    used = letters
    if name != "氏名カナ":
        used = letters + (pc.binary_length(column).to_numpy(zero_copy_only=False) - letters) // 2
    if (used == width).all():
        return column
    return joined(column, chosen([" " * k for k in range(width + 1)], width - used))


def birth_bounds(extract: Extract, plan: Plan) -> tuple[Any, Any]:
    """Earliest and latest day of birth that the register says.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.

    Returns
    -------
    tuple of numpy.ndarray
        datetime64[D], each of shape (people,).
    """
    birth = extract.people.birth
    unknown = unknown_parts(plan, len(birth))
    year, month, _day = parts(birth)
    first = np.where(unknown == NO_MONTH, 1, month)
    last = np.where(unknown == NO_MONTH, 12, month)
    earliest, latest = build(year, first, np.ones_like(year)), build(year, last, np.full_like(year, 31))
    return np.where(unknown > 0, earliest, birth), np.where(unknown > 0, latest, birth)
