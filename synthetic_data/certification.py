"""Care certification: who has which decision, periods by the rules of 2009, open applications, old rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthetic_data.certification_rows import RowMaker, Rows
from synthetic_data.dates import Days
from synthetic_data.households import INSTITUTION, WOMAN, Living
from synthetic_data.residency import ELDER, Residency
from synthetic_data.streams import Streams
from synthetic_data.tables import read_rows, settings, share_out

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NONE, VALID, PENDING_NEW, PENDING_RENEWAL, PENDING_CHANGE, LAPSED, NOT_ELIGIBLE = range(7)
RECENT_DAYS = 90
_GroupTable = dict[str, tuple[Callable[[Ints], None], int, int | None]]


@dataclass(frozen=True, slots=True)
class Certification:
    """The certification register and what it says of each resident.

    Attributes
    ----------
    state : numpy.ndarray
        Shape (people,): one of the constants of this module, as at the reference date.
    rows : Rows
        The rows of the register; `person` is a place among the residents, or -1 - k for the k-th person who
        is insured here but lives elsewhere.
    planted : dict
        Rows of each special kind, by name.
    """

    state: Ints
    rows: Rows
    planted: dict[str, int]


def choose_certified(living: Living, here: Flags, streams: Streams) -> Ints:
    """Choose the certified: the given rate in every cell of age and sex, facility residents first.

    Parameters
    ----------
    living : Living
        People in household order.
    here : numpy.ndarray
        Shape (people,), bool: resident on the reference date.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Indices of certified people, sorted.
    """
    facility = settings("certification")["valid"]["institution_rate"]
    chosen = []
    for number, cell in enumerate(read_rows("certification_cells.csv")):
        inside = here & (living.sex == int(cell["sex"]))
        inside &= (living.age >= int(cell["from_age"])) & (living.age <= int(cell["to_age"]))
        base = np.flatnonzero(inside)
        total = int(
            share_out([int(cell["rate_per_10000"]), 10000 - int(cell["rate_per_10000"])], len(base))[0]
        )
        nursed = base[living.role[base] == INSTITUTION]
        first = streams.pick(f"facility.{number}", nursed, min(total, len(nursed) * facility // 10000))
        others = base[living.role[base] != INSTITUTION]
        chosen += [first, streams.pick(f"certified.{number}", others, total - len(first))]
    return np.sort(np.concatenate(chosen))


def level_rows(age: Ints, sex: Ints) -> Ints:
    """Row of the table of care levels for each person.

    Parameters
    ----------
    age, sex : numpy.ndarray
        Shape (k,); ages from 40.

    Returns
    -------
    numpy.ndarray
        Row number, shape (k,).
    """
    cells = read_rows("certification_cells.csv")
    start = sorted({int(cell["from_age"]) for cell in cells})
    band = np.searchsorted(start, np.maximum(age, start[0]), side="right") - 1
    return np.asarray(2 * band + (sex == WOMAN), dtype=np.int64)


def draw_levels(age: Ints, sex: Ints, streams: Streams) -> Ints:
    """Care level of each person by age and sex.

    Parameters
    ----------
    age, sex : numpy.ndarray
        Shape (k,).
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Place in the list of levels, 0 (要支援1) to 6 (要介護5).
    """
    codes = settings("certification")["codes"]["levels"]
    weights = [[int(cell[code]) for code in codes] for cell in read_rows("certification_cells.csv")]
    return streams.weighted("level", weights, level_rows(age, sex))


class _Groups:
    """Disjoint groups of people, taken out of a pool one after another."""

    def __init__(self, pool: Ints, base: int, streams: Streams) -> None:
        self.left, self.base, self.streams = pool, base, streams

    def take(self, name: str, share: int | None = None) -> Ints:
        """Take a share (per 10,000 of the base, at least one person) out of the pool."""
        rate = settings("certification")["shares"][name] if share is None else share
        count = max(1, round(self.base * rate / 10_000)) if rate else 0
        taken = self.streams.pick(f"group.{name}", self.left, count)
        self.left = np.setdiff1d(self.left, taken)
        return taken


def certify(
    living: Living, residency: Residency, reference: np.datetime64, extract: np.datetime64, streams: Streams
) -> Certification:
    """Make the certification register.

    Parameters
    ----------
    living : Living
        People in household order.
    residency : Residency
        Their records.
    reference, extract : numpy.datetime64
        Reference date, and the day on which the file was made: nothing later is known to it.
    streams : Streams
        Source of chance.

    Returns
    -------
    Certification
        State of each resident and the rows of the register.
    """
    here = ~(residency.removed <= reference) & (residency.since <= reference)
    certified = choose_certified(living, here, streams)
    state = np.zeros(len(living.age), dtype=np.int64)
    state[certified] = VALID
    maker = RowMaker(reference, extract, streams)
    plain = here & (living.age >= ELDER) & ~residency.protected
    special = _Groups(certified[plain[certified]], len(certified), streams)
    elders = int(np.count_nonzero(here & (living.age >= ELDER)))
    open_cases = _Groups(np.flatnonzero(plain & (state == NONE)), elders, streams)
    levels = np.zeros(len(state), dtype=np.int64)
    levels[certified] = draw_levels(living.age[certified], living.sex[certified], streams)
    after = None if extract > reference else 0
    planted = _make_groups(special, _certified_groups(maker, levels, after), state)
    planted |= _make_groups(open_cases, _open_groups(maker, after), state)
    usual = np.setdiff1d(certified, maker.people())
    maker.valid("usual", usual, levels[usual])
    planted["removed_with_certification"] = _removed_rows(
        maker, living, residency.removed, reference, streams
    )
    away = -1 - np.arange(max(1, round(elders * settings("certification")["shares"]["elsewhere"] / 10_000)))
    maker.valid("elsewhere", away, streams.below("level.elsewhere", len(away), 7))
    planted["lives_elsewhere"] = len(away)
    return Certification(state, maker.rows(), planted)


def _certified_groups(maker: RowMaker, levels: Ints, after: int | None) -> _GroupTable:
    def with_level(make: Callable[[Ints, Ints], None]) -> Callable[[Ints], None]:
        return lambda who: make(who, levels[who])

    return {
        "expired_renewal_pending": (with_level(maker.expired_renewal), PENDING_RENEWAL, None),
        "expired_change_pending": (with_level(maker.expired_change), PENDING_CHANGE, None),
        "decided_on_extract_day": (with_level(maker.decided_last), VALID, after),
        "second_row_renewal": (with_level(maker.renewal_open), VALID, None),
        "renewed_ahead": (with_level(maker.renewed_ahead), VALID, None),
        "second_row_change": (with_level(maker.change_open), VALID, None),
    }


def _open_groups(maker: RowMaker, after: int | None) -> _GroupTable:
    return {
        "pending_new": (maker.pending_new, PENDING_NEW, None),
        "applied_after": (maker.applied_after, NONE, after),
        "not_eligible": (maker.not_eligible, NOT_ELIGIBLE, None),
        "lapsed": (maker.lapsed, LAPSED, None),
    }


def _make_groups(pool: _Groups, groups: _GroupTable, state: Ints) -> dict[str, int]:
    planted = {}
    for name, (make, code, share) in groups.items():
        who = pool.take(name, share)
        make(who)
        state[who] = code
        planted[name] = len(who)
    return planted


def _removed_rows(
    maker: RowMaker, living: Living, removed: Days, reference: np.datetime64, streams: Streams
) -> int:
    recent = (
        (removed <= reference) & (removed > reference - np.timedelta64(RECENT_DAYS, "D")) & (living.age >= 75)
    )
    who = np.flatnonzero(recent)
    count = -(-len(who) * settings("certification")["shares"]["removed_kept"] // 10_000)
    who = streams.pick("removed_kept", who, count)
    maker.valid("removed_kept", who, streams.below("level.removed_kept", len(who), 7))
    return len(who)
