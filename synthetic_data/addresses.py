"""Homes with addresses: town, 丁目, 番, 号, and for flats a building with a room of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from synthetic_data.households import INSTITUTION, OLD_PARENT, Living, place_in_group
from synthetic_data.streams import Streams
from synthetic_data.tables import settings, surnames, towns

Ints = npt.NDArray[np.int64]

HOUSE, SMALL, LARGE, ESTATE, HOME = range(5)
BUILDING_KINDS = ("small", "large", "estate")
YOUNG, ELDER_ALONE, PAIR, FAMILY, THREE = range(5)


@dataclass(frozen=True, slots=True)
class Homes:
    """Where each household lives.

    Attributes
    ----------
    town, chome, ban, go : numpy.ndarray
        Shape (households,): place in the table of towns; 丁目 (0 where the town has none), 番 and 号.
    building : numpy.ndarray
        Shape (households,): place in `names`; 0 is "no building" (a house).
    room : numpy.ndarray
        Shape (households,): room number, 0 in a house.
    names, endings : tuple of str
        Name of each building and what follows its room numbers (号, 号室 or nothing).
    """

    town: Ints
    chome: Ints
    ban: Ints
    go: Ints
    building: Ints
    room: Ints
    names: tuple[str, ...]
    endings: tuple[str, ...]


def household_kind(living: Living) -> Ints:
    """Kind of each household, as far as homes depend on it.

    Parameters
    ----------
    living : Living
        People in household order.

    Returns
    -------
    numpy.ndarray
        Shape (households,): young single, elder alone, two grown-ups, family, three generations.
    """
    size = np.bincount(living.household)
    head = np.flatnonzero(np.r_[True, living.household[1:] != living.household[:-1]])
    old_parent = np.bincount(living.household, weights=living.role == OLD_PARENT) > 0
    kind = np.where(size == 1, np.where(living.age[head] >= 65, ELDER_ALONE, YOUNG), FAMILY)
    kind[(size == 2) & (living.age[head] >= 18)] = PAIR
    kind[old_parent] = THREE
    return kind


def draw_towns(kind: Ints, streams: Streams) -> Ints:
    """Town of each household; elders who live alone have weights of their own by area.

    Parameters
    ----------
    kind : numpy.ndarray
        Kind of each household.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Place in the table of towns, shape (households,).
    """
    table = towns()
    tilt = settings("households")["alone_elder_area"]
    tilted = table.weight * np.array([tilt[area] for area in table.area])
    weights = np.stack((table.weight * 1000, tilted))
    return streams.weighted("town", weights, (kind == ELDER_ALONE).astype(np.int64))


def draw_home_kinds(living: Living, kind: Ints, streams: Streams) -> Ints:
    """House or which kind of building each household lives in.

    Parameters
    ----------
    living : Living
        People in household order.
    kind : numpy.ndarray
        Kind of each household.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        HOUSE, SMALL, LARGE, ESTATE or HOME (institution), shape (households,).
    """
    table = settings("households")["homes"]
    rows = [table[key] for key in ("single_young", "single_elder", "couple", "family", "three_generations")]
    home = streams.weighted("home", rows, kind)
    facility = living.household[living.role == INSTITUTION]
    home[facility] = HOME
    return home


def group_into_buildings(town: Ints, home: Ints, streams: Streams) -> tuple[Ints, Ints, Ints]:
    """Put the households in flats of one town and kind together into buildings.

    Parameters
    ----------
    town, home : numpy.ndarray
        Town and kind of home of each household.
    streams : Streams
        Source of chance.

    Returns
    -------
    tuple of numpy.ndarray
        Lot of each household (a house or a building; numbered in the order of towns), room of each household
        (0 in a house), and kind of home of each lot.
    """
    table = settings("buildings")
    n = len(home)
    order = np.lexsort((streams.raw("neighbours", n), home, town))
    group = (town * 5 + home)[order]
    place = place_in_group(group)
    block = np.where(home[order] == HOUSE, place, 0)
    room = np.zeros(n, dtype=np.int64)
    for kind in range(SMALL, HOME + 1):
        here = np.flatnonzero(home[order] == kind)
        if kind == HOME:
            size = np.full(len(towns().town), table["institution"]["residents"])
            wide = np.full_like(size, 20)
        else:
            shape = table[BUILDING_KINDS[kind - SMALL]]
            floors = streams.from_pairs(f"floors.{kind}", shape["floors"], len(towns().town) * 64)
            wide = streams.from_pairs(f"rooms.{kind}", shape["rooms"], len(floors))
            size = floors * wide
        # the buildings of a town are cut one after another from the shared list, starting at its own place
        start = (group[here] // 5) * 7
        cut = np.cumsum(
            np.r_[0, np.tile(size, 1 + int(place[here].max(initial=0)) // max(int(size.sum()), 1))]
        )
        moved = place[here] + cut[start % len(size)]
        which = np.searchsorted(cut, moved, side="right") - 1
        block[here] = which
        within = moved - cut[which]
        width = wide[which % len(wide)]
        room[here] = (within // width + 1) * 100 + within % width + 1
    lot_key = group * (int(block.max(initial=0)) + 1) + block
    distinct, first, lot = np.unique(lot_key, return_index=True, return_inverse=True)
    lot_of, room_of = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    lot_of[order], room_of[order] = lot, room
    return lot_of, room_of, home[order][first] if len(distinct) else distinct


def number_lots(lot_town: Ints, streams: Streams) -> tuple[Ints, Ints, Ints]:
    """丁目, 番 and 号 of each lot: numbers of their own inside a town, spread over its 丁目.

    Parameters
    ----------
    lot_town : numpy.ndarray
        Town of each lot, rising.
    streams : Streams
        Source of chance.

    Returns
    -------
    tuple of numpy.ndarray
        丁目 (0 where the town has none), 番 and 号 of each lot; no two lots of a town share all three.
    """
    blocks = settings("buildings")["blocks"]
    chomes = np.maximum(towns().chome_count, 1)
    order = np.lexsort((streams.raw("lot_order", len(lot_town)), lot_town))
    gap = streams.from_pairs("lot_gap", blocks["gap"], len(lot_town))
    running = np.cumsum(gap)
    start = np.searchsorted(lot_town, np.arange(len(chomes)))
    before = np.r_[0, running][start]
    serial = running - before[lot_town] - 1
    end = np.r_[0, running][np.searchsorted(lot_town, np.arange(len(chomes)), side="right")] - before
    per_chome = -(-end // chomes) + 1
    chome = serial // per_chome[lot_town]
    rest = serial % per_chome[lot_town]
    size = streams.from_pairs("block_size", blocks["numbers"], int(per_chome.max(initial=1)) // 10 + 2)
    cut = np.cumsum(np.r_[0, size])
    ban = np.searchsorted(cut, rest, side="right") - 1
    result = np.empty((3, len(lot_town)), dtype=np.int64)
    result[:, order] = np.stack((chome + 1, ban + 1, rest - cut[ban] + 1))
    result[0, towns().chome_count[lot_town] == 0] = 0
    return result[0], result[1], result[2]


def name_buildings(lot_kind: Ints, lot_town: Ints, streams: Streams) -> tuple[Ints, tuple[str, ...]]:
    """Names of the buildings.

    Parameters
    ----------
    lot_kind, lot_town : numpy.ndarray
        Kind of home and town of each lot.
    streams : Streams
        Source of chance.

    Returns
    -------
    tuple
        Place of each lot's name (0 for houses), shape (lots,), and the names, the first one empty.
    """
    table: dict[str, Any] = settings("buildings")
    who = np.flatnonzero(lot_kind != HOUSE)
    n = len(who)
    start = streams.below("name_start", n, 1 << 16)
    ending = streams.below("name_end", n, 1 << 16)
    middle = streams.below("name_middle", n, 3)
    family = streams.weighted("name_family", surnames().weight, n)
    garden = streams.below("name_garden", n, len(table["words"]["garden"]))
    names = [""]
    for i, lot in enumerate(who):
        kind, town = int(lot_kind[lot]), towns().town[lot_town[lot]]
        if kind == HOME:
            choice = table["institution"]["names"]
            names.append(choice[start[i] % len(choice)].format(town=town))
            continue
        words = table[BUILDING_KINDS[kind - SMALL]]
        prefix = words["prefix"][start[i] % len(words["prefix"])]
        suffix = words["suffix"][ending[i] % len(words["suffix"])]
        core = (town, surnames().text[family[i]], table["words"]["garden"][garden[i]])[middle[i]]
        if kind == ESTATE:
            names.append(f"{town}{prefix}{suffix}" + str(i % 24 + 1).translate(WIDE) + "号棟")
        elif start[i] & 1024:
            names.append(prefix + core)
        else:
            names.append(core + suffix)
    place = np.zeros(len(lot_kind), dtype=np.int64)
    place[who] = np.arange(1, n + 1)
    return place, tuple(names)


WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def find_homes(living: Living, streams: Streams) -> Homes:
    """Give every household a home with an address.

    Parameters
    ----------
    living : Living
        People in household order.
    streams : Streams
        Source of chance.

    Returns
    -------
    Homes
        One entry for each household.
    """
    words = settings("buildings")["words"]
    kind = household_kind(living)
    town = draw_towns(kind, streams)
    home = draw_home_kinds(living, kind, streams)
    lot, room, lot_kind = group_into_buildings(town, home, streams)
    lot_town = np.zeros(len(lot_kind), dtype=np.int64)
    lot_town[lot] = town
    chome, ban, go = number_lots(lot_town, streams)
    building, names = name_buildings(lot_kind, lot_town, streams)
    ending = streams.weighted("room_ending", words["room_ending_weight"], len(names))
    endings = tuple(words["room_ending"][place] for place in ending)
    return Homes(town, chome[lot], ban[lot], go[lot], building[lot], room, names, endings)
