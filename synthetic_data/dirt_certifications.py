"""The certification register of the dirty form, and whose each of its rows really is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthetic_data.addresses import WIDE
from synthetic_data.certification_rows import NEVER, NEW, REFUSED, UNDECIDED, Rows
from synthetic_data.dates import ONE_DAY, Days, build, parts
from synthetic_data.dirt_plan import PER, Plan
from synthetic_data.dirt_residents import full_names, in_file, outsider_addresses, replaced
from synthetic_data.dirt_text import mixed, swapped_digits, variant, wrong_kana
from synthetic_data.extracts import Extract
from synthetic_data.registers import chosen, joined, padded
from synthetic_data.streams import Streams
from synthetic_data.tables import given_names, settings, surnames, towns

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

WITHDRAWN = -3
PLAIN, COPY, CONTRADICTION, UNKNOWN_CODE, IMPOSSIBLE_DATE, OLD_NUMBER = range(6)
ROW_FAULTS = ("", "duplicated", "contradictory", "unknown_code", "impossible_date", "second_number")
COLUMNS = (
    "被保険者番号",
    "宛名番号",
    "氏名",
    "氏名カナ",
    "生年月日",
    "性別",
    "住所",
    "申請区分",
    "申請日",
    "認定日",
    "要介護状態区分",
    "結果",
    "有効期間開始日",
    "有効期間終了日",
)
LINK_COLUMNS = ("row", "resident_no", "why", "errors")
PERSON_FAULTS = (
    "no_number",
    "number_swapped",
    "kana",
    "variant",
    "birth_swapped",
    "birth_digit",
    "sex",
    "moved",
    "renamed",
    "gaiji",
    "partial_day",
    "partial_month",
    "partial_border",
)


@dataclass(frozen=True, slots=True)
class DirtyRows:
    """Rows of the dirty certification register, in the order of the file.

    Attributes
    ----------
    rows : Rows
        As numbers; the level -3 is an application 取下げ.
    insured : numpy.ndarray
        Shape (rows,): 被保険者番号.
    fault : numpy.ndarray
        Shape (rows,): place in `ROW_FAULTS`.
    """

    rows: Rows
    insured: Ints
    fault: Ints


def second_numbers(plan: Plan) -> Ints:
    """Old 被保険者番号 of those who came back.

    Parameters
    ----------
    plan : Plan
        Who is met by which fault.

    Returns
    -------
    numpy.ndarray
        One for each person of ``second_number``.
    """
    first = int(settings("dirt")["numbers"]["second_first"])
    return first + 3 * np.arange(len(plan.who["second_number"]))


def dirty_rows(extract: Extract, plan: Plan) -> DirtyRows:
    """Put the rows of the dirty register together.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.

    Returns
    -------
    DirtyRows
        In rising order of 被保険者番号.
    """
    rows = extract.rows
    first = np.r_[True, rows.person[1:] != rows.person[:-1]]
    fault = np.full(len(first), PLAIN, dtype=np.int64)
    insured = extract.insured.of(rows.person)
    for code in (UNKNOWN_CODE, IMPOSSIBLE_DATE, OLD_NUMBER):
        fault[first & plan.met(ROW_FAULTS[code], rows.person)] = code
    old = np.flatnonzero(fault == OLD_NUMBER)
    insured[old] = second_numbers(plan)[np.searchsorted(plan.who["second_number"], rows.person[old])]
    copies = np.flatnonzero(first & plan.met("duplicated", rows.person))
    denied = np.flatnonzero(first & plan.met("contradictory", rows.person))
    blocks = [
        (rows, insured, fault),
        (_taken(rows, copies), insured[copies], np.full(len(copies), COPY)),
        (_denied(rows, denied), insured[denied], np.full(len(denied), CONTRADICTION)),
        _withdrawn(extract, plan),
    ]
    names = [field.name for field in fields(Rows)]
    columns = {name: np.concatenate([getattr(block[0], name) for block in blocks]) for name in names}
    numbers, faults = (np.concatenate([block[k] for block in blocks]) for k in (1, 2))
    order = np.lexsort((faults, columns["applied"], numbers))
    sorted_rows = Rows(**{name: column[order] for name, column in columns.items()})
    return DirtyRows(sorted_rows, numbers[order], faults[order])


def _taken(rows: Rows, which: Ints, **changes: Any) -> Rows:
    return Rows(**({f.name: getattr(rows, f.name)[which] for f in fields(Rows)} | changes))


def _denied(rows: Rows, which: Ints) -> Rows:
    nothing = np.full(len(which), NEVER)
    return _taken(rows, which, level=np.full(len(which), REFUSED), start=nothing, end=nothing)


def _withdrawn(extract: Extract, plan: Plan) -> tuple[Rows, Ints, Ints]:
    """Applications that ended without a decision, of people who had none; they have numbers of their own."""
    who = plan.who["withdrawn"]
    n, streams = len(who), Streams(f"{extract.seed}|dirt")
    applied = extract.reference - 20 * ONE_DAY - streams.below("withdrawn.day", n, 200)
    nothing = np.full(n, NEVER)
    ended = np.minimum(applied + 5 + streams.below("withdrawn.ended", n, 14), extract.day)
    rows = Rows(who, np.full(n, NEW), np.full(n, WITHDRAWN), applied, ended, nothing, nothing)
    first = int(settings("dirt")["numbers"]["second_first"]) + 3 * len(plan.who["second_number"])
    return rows, first + 3 * np.arange(n), np.full(n, PLAIN)


def certification_rows(extract: Extract, plan: Plan, dirty: DirtyRows) -> tuple[Any, Any]:
    """The dirty certification register, and the truth of its rows, as tables of text.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.
    dirty : DirtyRows
        Its rows.

    Returns
    -------
    tuple of pyarrow.Table
        Columns `COLUMNS`; and `LINK_COLUMNS`: number of the row (1 = first data row), true 宛名番号 or empty,
        why there is none (``lives_elsewhere``, ``absent``), faults joined by semicolons.
    """
    persons, place = np.unique(dirty.rows.person, return_inverse=True)
    texts, kinds = _persons(extract, plan, persons)
    table = pa.table(
        dict(
            zip(
                COLUMNS,
                [
                    padded(dirty.insured),
                    *(text.take(pa.array(place)) for text in texts),
                    *_facts(extract.seed, dirty),
                ],
                strict=True,
            )
        )
    )
    return table, _links(extract, plan, dirty, persons, place, kinds)


def _facts(seed: str, dirty: DirtyRows) -> list[Any]:
    rows, codes = dirty.rows, settings("certification")["codes"]
    words = (*codes["levels"], codes["not_eligible"], "")
    level = np.select([rows.level == REFUSED, rows.level < 0], [7, 8], rows.level)
    result = np.select(
        [rows.level == WITHDRAWN, rows.level == UNDECIDED, rows.level == REFUSED], [3, 0, 2], 1
    )
    unknown, impossible = (np.flatnonzero(dirty.fault == code) for code in (UNKNOWN_CODE, IMPOSSIBLE_DATE))
    return [
        chosen(codes["kinds"], rows.kind),
        _dates(seed, "applied", rows.applied),
        _dates(seed, "decided", rows.decided),
        replaced(chosen(words, level), unknown, ["99"]),
        chosen(("", "認定", "非該当", "取下げ"), result),
        replaced(_dates(seed, "start", rows.start), impossible, ["20090230"]),
        _dates(seed, "end", rows.end),
    ]


def _dates(seed: str, column: str, days: Days) -> Any:
    table = settings("dirt")["spelling"]
    other = Streams(f"{seed}|dirt").below(f"spelling.{column}", len(days), PER) < table["other"]
    return mixed(days, table["certifications_dates"], other)


def _persons(extract: Extract, plan: Plan, persons: Ints) -> tuple[list[Any], dict[int, str]]:
    """宛名番号, 氏名, 氏名カナ, 生年月日, 性別, 住所 of each person as the care insurance has them."""
    people, away = extract.people, plan.away
    surname, given, birth, sex = (
        np.concatenate((getattr(people, name), getattr(away, name)[::-1]))[persons]
        for name in ("surname", "given", "birth", "sex")
    )
    met = {name: np.flatnonzero(plan.met(name, persons)) for name in PERSON_FAULTS}
    streams = Streams(f"{extract.seed}|dirt")
    old = streams.below("renamed.surname", len(met["renamed"]), len(surnames().text) - 1)
    surname[met["renamed"]] = old + (old >= surname[met["renamed"]])
    sex[met["sex"]] = 3 - sex[met["sex"]]
    birth[met["birth_swapped"]] = swapped_days(birth[met["birth_swapped"]])
    birth[met["birth_digit"]] = wrong_years(birth[met["birth_digit"]])
    names = full_names(surname, given)
    changed = [variant(name) for name in names.take(pa.array(met["variant"])).to_pylist()]
    kana, kinds = _kana(surname, given, persons, met["kana"], streams)
    table = settings("dirt")["spelling"]
    other = streams.below("spelling.person", len(persons), PER) < table["other"]
    texts = [
        _numbers(extract, plan, persons, met),
        replaced(names, met["variant"], changed),
        kana,
        mixed(birth, table["certifications_birth"], other),
        chosen(("", "1", "2"), sex),
        _addresses(extract, plan, persons, met["moved"], streams),
    ]
    return texts, kinds


def _kana(
    surname: Ints, given: Ints, persons: Ints, who: Ints, streams: Streams
) -> tuple[Any, dict[int, str]]:
    kana = joined(chosen(surnames().kana, surname), "　", chosen(given_names().kana, given))
    weights = settings("dirt")["kana_kinds"]
    drawn = streams.weighted("kana.kind", list(weights.values()), len(who))
    kinds = [list(weights)[place] for place in drawn.tolist()]
    right = kana.take(pa.array(who)).to_pylist()
    made = [wrong_kana(text, kind) for text, kind in zip(right, kinds, strict=True)]
    names = {person: kind for person, (_text, kind) in zip(persons[who].tolist(), made, strict=True)}
    return replaced(kana, who, [text for text, _kind in made]), names


def _numbers(extract: Extract, plan: Plan, persons: Ints, met: dict[str, Ints]) -> Any:
    numbers = true_numbers(extract, persons)
    swapped = met["number_swapped"]
    numbers[swapped] = [swapped_digits(number) for number in numbers[swapped].tolist()]
    text = padded(numbers)
    hidden = np.union1d(met["no_number"], np.flatnonzero((persons < 0) & ~plan.met("away_row", persons)))
    return replaced(text, hidden, [""])


def true_numbers(extract: Extract, persons: Ints) -> Ints:
    """宛名番号 of people, whether or not their row is in the resident register.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    persons : numpy.ndarray
        Places; below 0 for people who live elsewhere.

    Returns
    -------
    numpy.ndarray
        Shape of `persons`.
    """
    return np.concatenate((extract.people.number, extract.insured.elsewhere[::-1]))[persons]


def swapped_days(birth: Days) -> Days:
    """Births whose day has its digits exchanged; where that is no other day, one day more or less.

    Parameters
    ----------
    birth : numpy.ndarray
        datetime64[D].

    Returns
    -------
    numpy.ndarray
        Other days of the same month.

    Examples
    --------
    >>> swapped_days(np.array(["1935-04-12", "1935-04-11", "1935-04-09"], dtype="datetime64[D]")).tolist()
    [datetime.date(1935, 4, 21), datetime.date(1935, 4, 12), datetime.date(1935, 4, 8)]
    """
    year, month, day = parts(birth)
    turned = (day % 10) * 10 + day // 10
    fits = (turned >= 1) & (turned <= 28) & (turned != day)
    beside = np.where(day % 10 == 9, day - 1, np.where(day >= 28, day - 1, day + 1))
    return build(year, month, np.where(fits, turned, beside))


def wrong_years(birth: Days) -> Days:
    """Births whose year has its last digit one too high or too low.

    Parameters
    ----------
    birth : numpy.ndarray
        datetime64[D].

    Returns
    -------
    numpy.ndarray
        The same month and day (28 where it was later) of another year.

    Examples
    --------
    >>> wrong_years(np.array(["1935-04-12", "1939-04-30"], dtype="datetime64[D]")).tolist()
    [datetime.date(1936, 4, 12), datetime.date(1938, 4, 28)]
    """
    year, month, day = parts(birth)
    return build(np.where(year % 10 == 9, year - 1, year + 1), month, np.minimum(day, 28))


def _addresses(extract: Extract, plan: Plan, persons: Ints, moved: Ints, streams: Streams) -> Any:
    """住所 as the care insurance has it: without 東京都, and 番 and 号 with a hyphen."""
    homes = extract.homes
    local = np.flatnonzero(persons >= 0)
    home = np.zeros(len(persons), dtype=np.int64)
    home[local] = extract.people.household[persons[local]]
    households = int(extract.people.household[extract.first - 1]) + 1
    away = 1 + streams.below("moved.home", len(moved), households - 1)
    home[moved] = (home[moved] + away) % households
    digits = [str(number).translate(WIDE) for number in range(int(homes.ban.max(initial=0)) + 64)]
    most = int(towns().chome_count.max()) + 1
    fronts = [
        f"練馬区{town}" + (f"{digits[chome]}丁目" if chome else "")
        for town in towns().town
        for chome in range(most)
    ]
    front = chosen(fronts, homes.town[home] * most + homes.chome[home])
    text = joined(front, chosen(digits, homes.ban[home]), "－", chosen(digits, homes.go[home]))
    outside = np.flatnonzero(persons < 0)
    far = outsider_addresses(plan.away).take(pa.array(-1 - persons[outside]))
    house = settings("dirt")["elsewhere"]["house"]
    return replaced(text, outside, [f"{place}　{house}" for place in far.to_pylist()])


def _links(
    extract: Extract, plan: Plan, dirty: DirtyRows, persons: Ints, place: Ints, kinds: dict[int, str]
) -> Any:
    local = persons >= 0
    listed = np.where(
        local, in_file(extract, plan)[np.where(local, persons, 0)], plan.met("away_row", persons)
    )
    why = np.where(listed, 0, np.where(local, 2, 1))
    numbers = replaced(padded(true_numbers(extract, persons)), np.flatnonzero(~listed), [""])
    words = _errors(plan, persons, kinds)
    row_faults = chosen(ROW_FAULTS, dirty.fault).to_pylist()
    errors = [
        ";".join(part for part in (words[p], fault) if part)
        for p, fault in zip(place.tolist(), row_faults, strict=True)
    ]
    rows = pa.array(np.arange(1, len(place) + 1)).cast(pa.string())
    columns = (
        rows,
        numbers.take(pa.array(place)),
        chosen(("", "lives_elsewhere", "absent"), why[place]),
        pa.array(errors, pa.string()),
    )
    return pa.table(dict(zip(LINK_COLUMNS, columns, strict=True)))


def _errors(plan: Plan, persons: Ints, kinds: dict[int, str]) -> list[str]:
    found: list[list[str]] = [[] for _person in persons]
    for name in PERSON_FAULTS:
        for place in np.flatnonzero(plan.met(name, persons)).tolist():
            kind = kinds.get(int(persons[place]), "")
            found[place].append(f"kana_{kind}" if name == "kana" else name)
    return [";".join(names) for names in found]
