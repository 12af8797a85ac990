"""People and the households they live in: the age pyramid, roles, couples, children, old parents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthetic_data.streams import Streams
from synthetic_data.tables import pyramid, settings, share_out

Ints = npt.NDArray[np.int64]

MAN, WOMAN = 1, 2
SINGLE, COUPLE, CHILD, LONE_PARENT, OLD_PARENT, OTHER, INSTITUTION = range(7)
ADULT = 18
SHIFTS = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6)


@dataclass(frozen=True, slots=True)
class Living:
    """Who lives with whom.

    Attributes
    ----------
    age, sex, role, household : numpy.ndarray
        Shape (people,): age by law at the reference date; 1 man, 2 woman; one of the role constants of this
        module; number of the household, 0 to households - 1. People of one household stand together, parents
        before children.
    """

    age: Ints
    sex: Ints
    role: Ints
    household: Ints


def people_by_age(n: int) -> tuple[Ints, Ints]:
    """Ages and sexes of `n` people, exactly as the pyramid has them.

    Parameters
    ----------
    n : int
        Number of people.

    Returns
    -------
    tuple of numpy.ndarray
        Age and sex, each of shape (n,).

    Examples
    --------
    >>> age, sex = people_by_age(1000)
    >>> len(age), int((age >= 65).sum())
    (1000, 185)
    """
    counts = share_out(pyramid().ravel(), n)
    cell = np.repeat(np.arange(len(counts)), counts)
    return cell // 2, cell % 2 + 1


def draw_roles(age: Ints, sex: Ints, streams: Streams) -> Ints:
    """Draw each person's role in a household from the shares of age and sex.

    Parameters
    ----------
    age, sex : numpy.ndarray
        Shape (people,).
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Role of each person.
    """
    table = settings("households")
    role = np.empty(len(age), dtype=np.int64)
    for code, key in ((MAN, "male"), (WOMAN, "female")):
        bounds = [row["from"] for row in table[key]]
        shares = [row["shares"] for row in table[key]]
        who = np.flatnonzero(sex == code)
        band = np.searchsorted(bounds, age[who], side="right") - 1
        role[who] = streams.weighted(f"role.{key}", shares, band)
    return role


def place_in_group(group: Ints) -> Ints:
    """Running number 0, 1, 2 … inside each run of equal values of a sorted array.

    Parameters
    ----------
    group : numpy.ndarray
        Sorted numbers.

    Returns
    -------
    numpy.ndarray
        Same shape.

    Examples
    --------
    >>> place_in_group(np.array([4, 4, 7, 7, 7])).tolist()
    [0, 1, 0, 1, 2]
    """
    index = np.arange(len(group))
    start = np.where(np.r_[True, group[1:] != group[:-1]], index, 0) if len(group) else index
    return np.asarray(index - np.maximum.accumulate(start))


def match_by_age(wanted: Ints, offered: Ints, priority: Ints) -> Ints:
    """Give each seeker a free slot of the age wanted, or of the nearest age up to six years off.

    Parameters
    ----------
    wanted : numpy.ndarray
        Age that each seeker wants, shape (seekers,).
    offered : numpy.ndarray
        Age of each slot, shape (slots,).
    priority : numpy.ndarray
        Slots of one age are given out in this order, shape (slots,).

    Returns
    -------
    numpy.ndarray
        Slot of each seeker, -1 where none was left.

    Examples
    --------
    >>> match_by_age(np.array([3, 3, 30]), np.array([4, 3, 9]), np.array([0, 0, 0])).tolist()
    [1, 0, -1]
    """
    given = np.full(len(wanted), -1, dtype=np.int64)
    order = np.lexsort((priority, offered))
    seekers = np.argsort(wanted, kind="stable")
    for shift in SHIFTS:
        if len(seekers) == 0 or len(order) == 0:
            break
        ages = offered[order]
        target = wanted[seekers] + shift
        place = place_in_group(target) + np.searchsorted(ages, target, side="left")
        found = place < np.searchsorted(ages, target, side="right")
        given[seekers[found]] = order[place[found]]
        free = np.ones(len(order), dtype=bool)
        free[place[found]] = False
        seekers, order = seekers[~found], order[free]
    return given


def pair_couples(age: Ints, sex: Ints, role: Ints, streams: Streams) -> tuple[Ints, Ints]:
    """Pair husbands and wives by age; those left over become single.

    Parameters
    ----------
    age, sex, role : numpy.ndarray
        Shape (people,); `role` is changed in place for those left over.
    streams : Streams
        Source of chance.

    Returns
    -------
    tuple of numpy.ndarray
        Husbands and wives, each of shape (couples,), in matching order.
    """
    ages: dict[str, Any] = settings("households")["ages"]
    sides = []
    for code, name, later in ((MAN, "husband", 0), (WOMAN, "wife", ages["wife_younger_eighths"])):
        who = np.flatnonzero((role == COUPLE) & (sex == code))
        queue = (
            age[who] * 8 + later + streams.below(f"queue.{name}", len(who), ages["partner_spread_eighths"])
        )
        sides.append((who, queue, name))
    couples = min(len(who) for who, _, _ in sides)
    paired = []
    for who, queue, name in sides:
        keep = streams.pick(f"couples.{name}", np.arange(len(who)), couples)
        single = np.ones(len(who), dtype=bool)
        single[keep] = False
        role[who[single]] = SINGLE
        paired.append(who[keep][np.argsort(queue[keep], kind="stable")])
    return paired[0], paired[1]


def child_slots(mother_age: Ints, lone: npt.NDArray[np.bool_], streams: Streams) -> tuple[Ints, Ints, Ints]:
    """Children that each family has had, as slots to be filled by those who still live at home.

    Parameters
    ----------
    mother_age : numpy.ndarray
        Age of the mother (or lone parent), shape (families,).
    lone : numpy.ndarray
        True for lone parents, who have at least one child.
    streams : Streams
        Source of chance.

    Returns
    -------
    tuple of numpy.ndarray
        Family, age and priority of each slot.
    """
    ages = settings("households")["ages"]
    n = len(mother_age)
    children = streams.weighted("children", [ages["children"], ages["lone_children"]], lone.astype(np.int64))
    gap = streams.from_pairs("first_birth", ages["first_birth"], n) + streams.below("first_birth_odd", n, 2)
    family, age, priority = [], [], []
    for order in range(len(ages["children"]) - 1):
        if order:
            gap = gap + streams.from_pairs(f"spacing.{order}", ages["spacing"], n)
        here = np.flatnonzero((children > order) & (mother_age >= gap))
        chance = streams.below(f"slot.{order}", len(here), 1 << 20)
        family.append(here)
        age.append(mother_age[here] - gap[here])
        priority.append(np.where(lone[here], chance - (1 << 20), chance))
    return np.concatenate(family), np.concatenate(age), np.concatenate(priority)


def place_children(age: Ints, role: Ints, home: Ints, mother_age: Ints, lone: Any, streams: Streams) -> None:
    """Put the children into families with a mother of fitting age.

    Parameters
    ----------
    age, role, home : numpy.ndarray
        Shape (people,); `home` (family number) is filled in place, grown children without a family become
        single.
    mother_age, lone : numpy.ndarray
        Shape (families,).
    streams : Streams
        Source of chance.
    """
    who = np.flatnonzero(role == CHILD)
    family, slot_age, priority = child_slots(mother_age, lone, streams)
    slot = match_by_age(age[who], slot_age, priority)
    home[who] = np.where(slot >= 0, family[slot] if len(family) else -1, -1)
    lost = who[home[who] < 0]
    grown = age[lost] >= ADULT
    role[lost[grown]] = SINGLE
    small = lost[~grown]
    hosts = np.flatnonzero((mother_age >= 24) & (mother_age < 55))
    if len(hosts):
        home[small] = hosts[streams.below("small_children", len(small), len(hosts))]
    else:
        role[small] = SINGLE


def place_old_parents(age: Ints, sex: Ints, role: Ints, home: Ints, host_age: Ints, streams: Streams) -> None:
    """Put old parents into the families of their children, father and mother into the same one.

    Parameters
    ----------
    age, sex, role, home : numpy.ndarray
        Shape (people,); `home` is filled in place, those without a family become single.
    host_age : numpy.ndarray
        Age of each family's older grown-up, shape (families,).
    streams : Streams
        Source of chance.
    """
    gaps = settings("households")["ages"]["old_parent_gap"]
    mothers = np.flatnonzero((role == OLD_PARENT) & (sex == WOMAN))
    wanted = age[mothers] - streams.from_pairs("mother_gap", gaps, len(mothers))
    slot = match_by_age(wanted, host_age, streams.below("mother_host", len(host_age), 1 << 20))
    home[mothers] = slot
    fathers = np.flatnonzero((role == OLD_PARENT) & (sex == MAN))
    beside = mothers[slot >= 0]
    priority = streams.below("father_beside", len(beside), 1 << 20)
    wife = match_by_age(age[fathers] - 3, age[beside], priority)
    home[fathers] = np.where(wife >= 0, home[beside[wife]] if len(beside) else -1, -1)
    lost = np.concatenate((mothers, fathers))
    role[lost[home[lost] < 0]] = SINGLE


def place_others(age: Ints, role: Ints, home: Ints, first: int) -> int:
    """Let the people with role `other` live two by two, neighbours in age.

    Parameters
    ----------
    age, role, home : numpy.ndarray
        Shape (people,); changed in place.
    first : int
        First free household number.

    Returns
    -------
    int
        Next free household number.
    """
    who = np.flatnonzero(role == OTHER)
    who = who[np.argsort(age[who], kind="stable")]
    pairs = len(who) // 2
    home[who[: 2 * pairs]] = first + np.repeat(np.arange(pairs), 2)
    role[who[2 * pairs :]] = SINGLE
    return first + pairs


def live_together(n: int, streams: Streams) -> Living:
    """Make `n` people and let them live in households.

    Parameters
    ----------
    n : int
        Number of people, 1 or more.
    streams : Streams
        Source of chance.

    Returns
    -------
    Living
        Households in random order, their members together.

    Examples
    --------
    >>> living = live_together(2000, Streams("example"))
    >>> len(living.age), round(2000 / int(living.household[-1] + 1), 1)
    (2000, 2.2)
    """
    age, sex = people_by_age(n)
    role = draw_roles(age, sex, streams)
    home = np.full(n, -1, dtype=np.int64)
    husband, wife = pair_couples(age, sex, role, streams)
    alone = np.flatnonzero(role == LONE_PARENT)
    couples = len(husband)
    families = couples + len(alone)
    home[husband] = home[wife] = np.arange(couples)
    home[alone] = np.arange(couples, families)
    mother_age = np.concatenate((age[wife], age[alone] - 2 * (sex[alone] == MAN)))
    host_age = np.concatenate((np.maximum(age[husband], age[wife]), age[alone]))
    place_children(age, role, home, mother_age, np.arange(families) >= couples, streams)
    place_old_parents(age, sex, role, home, host_age, streams)
    used = place_others(age, role, home, families)
    rest = np.flatnonzero(home < 0)
    home[rest] = used + np.arange(len(rest))
    households = used + len(rest)
    shuffled = np.empty(households, dtype=np.int64)
    shuffled[np.argsort(streams.raw("household_order", households), kind="stable")] = np.arange(households)
    member = np.select([role == CHILD, role == OLD_PARENT], [200 - age, 400 - age], sex)
    order = np.lexsort((member, shuffled[home]))
    return Living(age[order], sex[order], role[order], shuffled[home][order])
