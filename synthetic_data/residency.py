"""Dates of a resident's record: birth, becoming a resident, removal, and the protection flag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthetic_data.dates import ONE_DAY, Days, birth_interval, build, parts
from synthetic_data.households import CHILD, Living
from synthetic_data.streams import Streams
from synthetic_data.tables import settings

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

STAYS, MOVED_OUT, DIED, STRUCK_OFF = range(4)
REASONS = ("", "転出", "死亡", "職権消除")
ELDER = 65
SIBLING_DAYS = 280
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True)
class Residency:
    """Dates and flags of each person's record.

    Attributes
    ----------
    birth, since, removed : numpy.ndarray
        Shape (people,), datetime64[D]: birth; 住民となった日; 消除日 (NaT where the record is live).
    reason : numpy.ndarray
        Shape (people,): place in `REASONS`.
    protected : numpy.ndarray
        Shape (people,), bool: 支援措置.
    """

    birth: Days
    since: Days
    removed: Days
    reason: Ints
    protected: Flags


def quota(base: int, per_100k: int) -> int:
    """Number of cases for a rate: at least one, so that a small ward shows every rule.

    Parameters
    ----------
    base : int
        Size of the group.
    per_100k : int
        Rate per 100,000.

    Returns
    -------
    int
        Between 1 and `base` (0 for an empty group).

    Examples
    --------
    >>> quota(1000, 300), quota(10, 300), quota(0, 300)
    (3, 1, 0)
    """
    return min(base, max(1, round(base * per_100k / 100_000)))


def draw_births(living: Living, reference: np.datetime64, streams: Streams) -> Days:
    """Dates of birth that give each person the age wanted at the reference date.

    Parameters
    ----------
    living : Living
        People in household order.
    reference : numpy.datetime64
        Reference date.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Shape (people,), datetime64[D].

    Notes
    -----
    Brothers and sisters are never born within 280 days of one another, except on the same day: those who
    would be, in one year of age, become twins; those in neighbouring years are moved apart. One person who
    turns 65 on the reference date, and one who does so a day later, are always there.
    """
    first, last = birth_interval(living.age, reference)
    span = (last - first).astype(np.int64) + 1
    offset = streams.below("birth_day", len(span), span)
    for border, day in ((ELDER, span - 1), (ELDER - 1, np.zeros_like(span))):
        planted = np.flatnonzero(living.age == border)[:1]
        offset[planted] = day[planted]
    birth = first + offset
    if reference < birth.max():
        birth = np.minimum(birth, reference)
    child = living.role == CHILD
    for _ in range(3):
        order = np.lexsort((birth, living.household))
        older, younger = order[:-1], order[1:]
        gap = (birth[younger] - birth[older]).astype(np.int64)
        close = child[older] & child[younger] & (living.household[older] == living.household[younger])
        close &= (gap > 0) & (gap < SIBLING_DAYS)
        twins = close & (living.age[older] == living.age[younger])
        birth[younger[twins]] = birth[older[twins]]
        apart = close & ~twins
        birth[older[apart]] = first[older[apart]] + offset[older[apart]] // 8
        birth[younger[apart]] = last[younger[apart]] - offset[younger[apart]] // 8
    return np.asarray(np.minimum(birth, reference))


def household_start(living: Living, birth: Days, reference: np.datetime64, streams: Streams) -> Days:
    """Day on which each household came to the ward.

    Parameters
    ----------
    living : Living
        People in household order.
    birth : numpy.ndarray
        Dates of birth.
    reference : numpy.datetime64
        Reference date.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Shape (households,), datetime64[D], before or on the reference date.
    """
    table = settings("residency")["tenure"]
    head = np.flatnonzero(np.r_[True, living.household[1:] != living.household[:-1]])
    n = len(head)
    band = (living.age[head] >= 35).astype(np.int64) + (living.age[head] >= ELDER)
    weights = [[w * 100 for w in table[key]] for key in ("young", "middle", "old")]
    bounds = np.array(table["classes"])[streams.weighted("tenure", weights, band)] * 365
    days = bounds[:, 0] + streams.below("tenure_days", n, bounds[:, 1] - bounds[:, 0])
    year, month, day = parts(reference - days)
    busy = streams.below("busy", n, 1000) < table["busy_share"]
    busy_month = np.array(table["busy_months"])[streams.below("busy_month", n, len(table["busy_months"]))]
    start = np.minimum(build(year, np.where(busy, busy_month, month), day), reference)
    return np.asarray(np.maximum(start, birth[head]))


def removal(living: Living, birth: Days, reference: np.datetime64, streams: Streams) -> tuple[Days, Ints]:
    """Choose the records that are removed, when and why.

    Parameters
    ----------
    living : Living
        People in household order.
    birth : numpy.ndarray
        Dates of birth: nobody is removed before it.
    reference : numpy.datetime64
        Reference date.
    streams : Streams
        Source of chance.

    Returns
    -------
    tuple of numpy.ndarray
        Day of removal (NaT for live records) and reason, each of shape (people,).
    """
    table = settings("residency")
    rates = table["rates"]
    n = len(living.age)
    removed = np.full(n, NEVER)
    reason = np.zeros(n, dtype=np.int64)
    past = table["kept"]["years"] * 365

    def remove(name: str, who: Ints, why: int, first: int, days: int) -> None:
        who = who[reason[who] == STAYS]
        day = reference + first * ONE_DAY + streams.below(f"removed.{name}", len(who), days)
        removed[who] = np.maximum(day, birth[who])
        reason[who] = why

    everyone = np.arange(n)
    households = int(living.household[-1]) + 1
    gone = streams.pick("gone", np.arange(households), quota(households, rates["moved_out_household"]))
    place = np.searchsorted(gone, living.household)
    whole = gone[np.minimum(place, len(gone) - 1)] == living.household
    day = reference - ONE_DAY - streams.below("removed.gone", len(gone), past)
    np.maximum.at(day, place[whole], np.minimum(birth[whole], reference - ONE_DAY))
    removed[whole] = day[place[whole]]
    reason[whole] = MOVED_OUT
    young = everyone[(living.age >= 18) & (living.age < 75)]
    single = streams.pick("single_gone", young, quota(n, rates["moved_out_person"]))
    remove("single", single, MOVED_OUT, -past, past)
    remove("dead", choose_dead(living.age, quota(n, rates["died"]), streams), DIED, -past, past)
    remove("struck", streams.pick("struck", everyone, quota(n, rates["struck_off"])), STRUCK_OFF, -past, past)
    elders = everyone[living.age >= ELDER]
    on_day = streams.pick("on_day", elders, quota(n, rates["removed_on_reference_date"]))
    remove("on_day", on_day, DIED, 0, 1)
    leaving = streams.pick("leaving", everyone, quota(n, rates["leaving_later"]))
    remove("leaving", leaving, MOVED_OUT, 1, 14)
    remove("died_later", streams.pick("died_later", elders, quota(n, rates["died_later"])), DIED, 1, 1)
    return removed, reason


def choose_dead(age: Ints, k: int, streams: Streams) -> Ints:
    """Choose who has died, the old more often.

    Parameters
    ----------
    age : numpy.ndarray
        Ages.
    k : int
        How many.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Indices of the chosen, sorted; at most `k` (somebody drawn twice counts once).
    """
    table = settings("residency")["died_weight"]
    weight = np.array(table["weight"])[np.searchsorted(table["from"], age, side="right") - 1]
    return np.unique(streams.weighted("dead", weight, k))


def settle(living: Living, reference: np.datetime64, streams: Streams) -> Residency:
    """Give everybody the dates and flags of a resident's record.

    Parameters
    ----------
    living : Living
        People in household order.
    reference : numpy.datetime64
        Reference date.
    streams : Streams
        Source of chance.

    Returns
    -------
    Residency
        One entry for each person.
    """
    rates = settings("residency")["rates"]
    birth = draw_births(living, reference, streams)
    start = household_start(living, birth, reference, streams)
    removed, reason = removal(living, birth, reference, streams)
    untouched = np.bincount(living.household, weights=reason) == 0
    free = np.flatnonzero(untouched)
    households = len(start)
    arrived = streams.pick("arrived", free, quota(households, rates["arrived_later"]))
    start[arrived] = reference + ONE_DAY
    old_home = np.zeros(households, dtype=bool)
    old_home[living.household[living.age >= ELDER]] = True
    kept = np.setdiff1d(free, arrived)
    count = quota(households, rates["protected_household"])
    shielded = np.zeros(households, dtype=bool)
    shielded[streams.pick("protected", kept, count)] = True
    shielded[streams.pick("protected_elder", kept[old_home[kept]], 1)] = True
    since = np.maximum(start[living.household], birth)
    since = np.where(np.isnat(removed), since, np.minimum(since, removed))
    return Residency(birth, since, removed, reason, shielded[living.household])
