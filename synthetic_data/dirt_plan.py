"""Who is met by which fault in the dirty form: chosen once, from the first extract of a ward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from synthetic_data import certification as care
from synthetic_data.certification_rows import Rows
from synthetic_data.dates import Days, birth_interval, parts
from synthetic_data.dirt_text import ERAS, has_variant
from synthetic_data.extracts import Extract
from synthetic_data.households import INSTITUTION
from synthetic_data.people import FRAME, People, rising_numbers
from synthetic_data.residency import ELDER
from synthetic_data.streams import Streams
from synthetic_data.tables import given_names, settings, surnames

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

PER = 10_000


@dataclass(frozen=True, slots=True)
class Outsiders:
    """People without a registered address here.

    Attributes
    ----------
    number, surname, given, sex, town : numpy.ndarray
        Shape (outsiders,): 宛名番号 (住登外), places in the tables of names, sex, place in the list of towns.
    ban, go : numpy.ndarray
        Numbers of the address.
    birth, since : numpy.ndarray
        datetime64[D].
    """

    number: Ints
    surname: Ints
    given: Ints
    sex: Ints
    town: Ints
    ban: Ints
    go: Ints
    birth: Days
    since: Days


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is met by which fault.

    Attributes
    ----------
    who : mapping of str to numpy.ndarray
        Fault (keys of ``dirt.toml``) → rising places of people; below 0 for those who live elsewhere.
    away : Outsiders
        The k-th person insured here who lives elsewhere (place -1 - k).
    strangers : Outsiders
        Other 住登外 people.
    """

    who: Mapping[str, Ints]
    away: Outsiders
    strangers: Outsiders

    def met(self, fault: str, person: Ints) -> Flags:
        """Who of some people is met by a fault.

        Parameters
        ----------
        fault : str
            Its name.
        person : numpy.ndarray
            Places of people.

        Returns
        -------
        numpy.ndarray
            bool, shape of `person`.
        """
        return np.isin(person, self.who[fault])

    def flags(self, fault: str, n: int) -> Flags:
        """Who of the residents is met by a fault.

        Parameters
        ----------
        fault : str
            Its name.
        n : int
            Number of residents.

        Returns
        -------
        numpy.ndarray
            bool, shape (n,).
        """
        found = np.zeros(n, dtype=np.bool_)
        found[self.who[fault]] = True
        return found


def share(base: int, rate: int) -> int:
    """Number of cases for a rate per 10,000: one at least.

    Parameters
    ----------
    base : int
        Size of the group.
    rate : int
        Rate per 10,000.

    Returns
    -------
    int
        0 for an empty group.

    Examples
    --------
    >>> share(2_000, 300), share(10, 5), share(0, 5)
    (60, 1, 0)
    """
    return min(base, max(1, (base * rate + PER // 2) // PER))


def make_plan(first: Extract) -> Plan:
    """Choose who is met by which fault.

    Parameters
    ----------
    first : Extract
        The first extract; a later one has the same faults.

    Returns
    -------
    Plan
        Every fault of ``dirt.toml``.
    """
    streams = Streams(f"{first.seed}|dirt")
    who = _residents(first, streams) | _insurance(first, streams)
    who |= _certifications(first, np.union1d(first.rows.person, who["withdrawn"]), streams)
    away = len(first.insured.elsewhere)
    listed = streams.pick("away_row", np.arange(away), share(away, _rates("residents")["away_row"]))
    who["away_row"] = np.sort(-1 - listed)
    strangers = share(len(first.people.number), _rates("residents")["strangers"])
    step = settings("residency")["numbers"]["person_step"]
    begin = settings("dirt")["numbers"]["stranger_first"]
    numbers = rising_numbers("stranger", strangers, begin, step, streams)
    return Plan(
        who,
        outsiders("away", first.insured.elsewhere, first, streams),
        outsiders("strangers", numbers, first, streams),
    )


def outsiders(name: str, number: Ints, first: Extract, streams: Streams) -> Outsiders:
    """Invent people who live elsewhere, with names of people who live here.

    Parameters
    ----------
    name : str
        Name of their streams.
    number : numpy.ndarray
        Their 宛名番号.
    first : Extract
        The first extract.
    streams : Streams
        Source of chance.

    Returns
    -------
    Outsiders
        Elders of 75 and over.
    """
    people, n = first.people, len(number)
    old = np.flatnonzero(people.age >= 75)
    like = old[streams.below(f"{name}.like", n, len(old))]
    last = streams.below(f"{name}.surname", n, len(people.number))
    return Outsiders(
        number=number,
        surname=people.surname[last],
        given=people.given[like],
        sex=people.sex[like],
        town=streams.below(f"{name}.town", n, len(settings("dirt")["elsewhere"]["towns"])),
        ban=streams.below(f"{name}.ban", n, 40) + 1,
        go=streams.below(f"{name}.go", n, 20) + 1,
        birth=people.birth[like] - (streams.below(f"{name}.birth", n, 27) + 1),
        since=first.reference - 30 - streams.below(f"{name}.since", n, 3000),
    )


def _rates(table: str) -> dict[str, int]:
    rates: dict[str, int] = settings("dirt")[table]
    return rates


def birth_border(reference: np.datetime64) -> np.datetime64:
    """Last day of birth of those who are 65 by law.

    Parameters
    ----------
    reference : numpy.datetime64
        Reference date.

    Returns
    -------
    numpy.datetime64
        The day.

    Examples
    --------
    >>> str(birth_border(np.datetime64("2009-11-01")))
    '1944-11-02'
    """
    return np.datetime64(birth_interval(np.array([ELDER]), reference)[1][0])


class _Picker:
    """Groups that share nobody, each a share of its own pool."""

    def __init__(self, table: str, streams: Streams) -> None:
        self.rates, self.streams = _rates(table), streams
        self.taken = np.zeros(0, dtype=np.int64)

    def take(self, name: str, pool: Ints) -> Ints:
        """Take a share of a pool, without those taken before."""
        free = np.setdiff1d(pool, self.taken)
        who = self.streams.pick(name, free, share(len(pool), self.rates[name]))
        self.taken = np.union1d(self.taken, who)
        return who

    def any(self, name: str, pool: Ints) -> Ints:
        """Take a share of a pool, whoever else is taken."""
        return self.streams.pick(name, pool, share(len(pool), self.rates[name]))


def _residents(first: Extract, streams: Streams) -> dict[str, Ints]:
    people, pick = first.people, _Picker("residents", streams)
    year = parts(people.birth)[0]
    border = int(parts(birth_border(first.reference))[0])
    here = np.isnat(people.removed) & (people.since <= first.reference)
    elder = here & (people.age >= ELDER)
    clear = elder & ~np.isin(year, [*(era[3] for era in ERAS), border])
    plain = np.setdiff1d(np.flatnonzero(elder), first.rows.person)
    who = {name: pick.take(name, plain) for name in ("impossible_birth", "wrong_era", "unknown_sex")}
    who["partial_border"] = pick.take("partial_border", np.flatnonzero(here & (year == border)))
    who |= {name: pick.take(name, np.flatnonzero(clear)) for name in ("partial_day", "partial_month")}
    frame = np.flatnonzero(elder & (people.outcome == FRAME))
    who["protection_over"] = pick.take("protection_over", frame)
    who["gaiji"] = pick.any("gaiji", np.arange(len(people.number)))
    return who


def _insurance(first: Extract, streams: Streams) -> dict[str, Ints]:
    people, pick = first.people, _Picker("insurance", streams)
    frame = np.flatnonzero((people.outcome == FRAME) & np.isnat(people.removed))
    frame = np.setdiff1d(frame, first.rows.person)
    nursed = frame[people.role[frame] == INSTITUTION]
    rates, who = pick.rates, {}
    for name in ("insured_elsewhere", "exempt"):
        count = share(len(frame), rates[name])
        inside = streams.pick(name, np.setdiff1d(nursed, pick.taken), count)
        others = np.setdiff1d(frame, np.concatenate((nursed, pick.taken)))
        more = streams.pick(f"{name}.more", others, count - len(inside))
        who[name] = np.union1d(inside, more)
        pick.taken = np.union1d(pick.taken, who[name])
    who["withdrawn"] = pick.take("withdrawn", frame)
    who["opted_out"] = pick.take("opted_out", frame)
    return who


def _certifications(first: Extract, persons: Ints, streams: Streams) -> dict[str, Ints]:
    people, rows, pick = first.people, first.rows, _Picker("certifications", streams)
    who = {"absent": pick.take("absent", persons[(persons >= 0) & _gone(persons, people)])}
    persons = np.setdiff1d(persons, who["absent"])
    local = persons[persons >= 0]
    single = _with_rows(rows, 1, 1)
    valid = local[(people.state[local] == care.VALID) & np.isnat(people.removed[local])]
    valid = np.intersect1d(valid, single)
    for name in ("contradictory", "unknown_code", "impossible_date"):
        who[name] = pick.take(name, valid)
    who["no_number"] = streams.pick(
        "no_number", np.setdiff1d(local, pick.taken), share(len(local), pick.rates["no_number"])
    )
    who["mapped"] = pick.any("mapped", who["no_number"])
    pick.taken = np.union1d(pick.taken, who["no_number"])
    who["number_swapped"] = pick.take("number_swapped", local)
    who["second_number"] = pick.any("second_number", np.intersect1d(local, _with_rows(rows, 2, 99)))
    faulty = [who[name] for name in ("contradictory", "unknown_code", "impossible_date")]
    usual = np.setdiff1d(np.intersect1d(persons, rows.person), np.concatenate(faulty))
    who["duplicated"] = pick.any("duplicated", usual)
    named = [place for place, person in enumerate(local.tolist()) if _varies(people, person)]
    who["variant"] = pick.any("variant", local[named])
    births = _Picker("certifications", streams)
    for name in ("birth_swapped", "birth_digit"):
        who[name] = births.take(name, local)
    for name in ("kana", "sex", "moved"):
        who[name] = pick.any(name, local)
    who["renamed"] = pick.any("renamed", np.setdiff1d(local, who["variant"]))
    return who


def _gone(persons: Ints, people: People) -> Flags:
    return np.asarray(~np.isnat(people.removed[np.maximum(persons, 0)]))


def _with_rows(rows: Rows, least: int, most: int) -> Ints:
    person, count = np.unique(rows.person, return_counts=True)
    return np.asarray(person[(count >= least) & (count <= most)])


@cache
def _surname_varies() -> list[bool]:
    return [has_variant(name) for name in surnames().text]


@cache
def _given_varies() -> list[bool]:
    return [has_variant(name) for name in given_names().text]


def _varies(people: People, person: int) -> bool:
    return _surname_varies()[int(people.surname[person])] or _given_varies()[int(people.given[person])]
