"""Looking again at the persons drawn, in later registers: whom a letter must not reach, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from custody.messages import mark
from sampling.ages import born_by
from sampling.building import with_building
from sampling.exclusions import Exclusions, insurance_marks
from sampling.frame_rules import SWITCHED, FrameRules
from sampling.furigana import FURIGANA, readings_at
from sampling.judging import Clocks, judge_reasons
from sampling.limits import limits
from sampling.linkage import Links
from sampling.register_files import Registers
from sampling.registers import Register

__all__ = ["REASONS", "REASON_TITLES", "Reread", "reread"]

REASON_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "died": mark("died"),
        "moved": mark("moved out of the ward"),
        "removed": mark("struck off, or not a resident any more"),
        "not_found": mark("number not in the register any more: look, and say who they are now"),
        "protected": mark("protection measure (support for victims)"),
        "opted_out": mark("wished not to be asked"),
        "certified": mark("certified for care since"),
        "pending": mark("application for care open"),
        "insured_elsewhere": mark("insured by another municipality, or outside the care insurance"),
        "unclear": mark("row unreadable, or certification unclear: look, and decide"),
    }
)
"""Why nothing is mailed to a person drawn, in the order in which the reasons are tried."""

REASONS: Final = tuple(REASON_TITLES)

BY_RULE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "certified_valid": "certified",
        "pending_new": "pending",
        "pending_renewal": "pending",
        "pending_change": "pending",
        "certification_unclear": "unclear",
        "link_undecided": "unclear",
        "insured_elsewhere": "insured_elsewhere",
        "exempt": "insured_elsewhere",
    }
)
"""Rule of the frame → reason not to mail."""

NOT_A_REASON: Final = frozenset(SWITCHED) - BY_RULE.keys()
"""Rules that a survey may have switched on for its frame, and that are no reason not to mail."""

OLD: Final = date(1900, 1, 1)
JUDGED: Final = ("removed_on", "removal", "protection", "protection_from", "protection_to", "registered")
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reread:
    """The persons drawn, as later registers show them.

    Parameters
    ----------
    reasons : ndarray of str
        Shape (drawn,): one of `REASONS`, or "" for who may be mailed. Not shown.
    contacts : pandas.DataFrame
        Columns postal_code, address, name, shape (drawn,): as the later register has them for who may be
        mailed, as before for the others. Not shown.
    """

    reasons: NDArray[np.object_] = field(repr=False)
    contacts: pd.DataFrame = field(repr=False)


def reread(
    drawn: pd.DataFrame,
    registers: Registers,
    links: Links,
    exclusions: Exclusions,
    *,
    reference_date: date,
    knowledge_date: date,
    rules: FrameRules,
) -> Reread:
    """Find every person drawn in later registers, and say why nothing may be mailed to some.

    Parameters
    ----------
    drawn : pandas.DataFrame
        The vault: columns resident_no, postal_code, address, name at least.
    registers : Registers
        The later extracts.
    links : Links
        Whose each row of the later certifications is.
    exclusions : Exclusions
        Lists; only ``opted_out`` counts here.
    reference_date : datetime.date
        The survey's reference date (D).
    knowledge_date : datetime.date
        Day of the later extracts (K).
    rules : FrameRules
        The survey's switches: a pending application that keeps nobody out of the frame keeps no letter back.

    Returns
    -------
    Reread
        Reasons and contacts, in the order of `drawn`.

    Raises
    ------
    SamplingError
        Hardly anybody is found, or the certifications are cut short: it is the wrong file.
    InputError
        A number of the list has another width than those of the register.

    Notes
    -----
    The first reason of `REASONS` that holds counts. Certified: a certification known on K that holds on D or
    on K; pending: an application open on D or on K. Protected: a measure that has not ended before D, also
    one that begins after K, since a renewal overwrites the period before it. A removal with a day after K
    (転出予定) is none yet.
    """
    residents, n = registers.residents, len(drawn)
    numbers = pa.array(drawn["resident_no"].tolist(), pa.string())
    place = _places(numbers, residents.table["resident_no"])
    found = place >= 0
    _check_found(residents, numbers, found)
    _check_certified_share(residents, links, knowledge_date)
    flags: dict[str, Flags] = {name: np.zeros(n, dtype=np.bool_) for name in REASONS}
    there = np.flatnonzero(found)
    people = residents.table.select(_present(residents.table)).take(pa.array(place[there]))
    for name, holds in _register_flags(people, reference_date, knowledge_date).items():
        flags[name][there] = holds
    failed = pc.is_in(numbers, value_set=_whole(residents.unclear).cast(pa.string())).to_numpy(False)
    flags["not_found"] = ~found & ~failed
    flags["opted_out"] = _opted_out(numbers, residents, exclusions)
    clocks = Clocks(reference_date, knowledge_date), Clocks(knowledge_date, knowledge_date)
    for rule_reasons in _certification_reasons(place, registers, links, clocks, rules):
        for rule, reason in BY_RULE.items():
            flags[reason] |= rule_reasons == rule
    flags["unclear"] |= ~found & failed
    chosen = np.select([flags[name] for name in REASONS], list(REASONS), default="")
    reasons: NDArray[np.object_] = chosen.astype(np.object_)
    return Reread(reasons, _contacts(drawn, residents, place, found & (reasons == "")))


def _present(table: Any) -> list[str]:
    """Name the columns that decide, where the layout has them."""
    return [name for name in JUDGED if name in table.column_names] or [table.column_names[0]]


def _places(numbers: Any, column: Any) -> NDArray[np.int64]:
    """Return the place of each number in a register, -1 where it is not there."""
    found = pc.fill_null(pc.index_in(numbers, value_set=_whole(column)), -1)
    places: NDArray[np.int64] = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _register_flags(people: Any, reference: date, known: date) -> dict[str, Flags]:
    """Judge rows of the resident register."""
    day, first = pa.scalar(known, pa.date32()), pa.scalar(reference, pa.date32())
    column = {name: people[name] for name in people.column_names}
    absent = pa.nulls(people.num_rows, pa.string())
    removal = column.get("removal", absent).cast(pa.string())
    removed_on = column.get("removed_on", absent.cast(pa.date32()))
    gone = _flag(
        pc.if_else(pc.is_null(removed_on), pc.is_valid(removal), pc.less_equal(removed_on, day)),
    )
    since = column.get("protection_from", absent.cast(pa.date32()))
    until = column.get("protection_to", absent.cast(pa.date32()))
    stated = column.get("protection", absent).cast(pa.string())
    protected = pc.fill_null(pc.equal(stated, "yes"), False)
    protected = pc.or_(protected, pc.and_(pc.is_null(stated), pc.is_valid(since)))
    running = pc.fill_null(pc.greater_equal(until, first), True)
    outside = _flag(pc.equal(column.get("registered", absent).cast(pa.string()), "non_resident"))
    died, moved = (gone & _flag(pc.equal(removal, name)) for name in ("died", "moved"))
    return {
        "died": died,
        "moved": moved,
        "removed": (gone | outside) & ~died & ~moved,
        "protected": _flag(pc.and_(protected, running)),
    }


def _opted_out(numbers: Any, residents: Register, exclusions: Exclusions) -> Flags:
    wishes = exclusions.opted_out
    if wishes is None:
        return np.zeros(len(numbers), dtype=np.bool_)
    wishes.places(residents.table["resident_no"])  # refuses numbers of another width
    listed: Flags = pc.is_in(numbers, value_set=wishes.numbers).to_numpy(False)
    return listed


def _certification_reasons(
    place: NDArray[np.int64],
    registers: Registers,
    links: Links,
    clocks: tuple[Clocks, ...],
    rules: FrameRules,
) -> list[NDArray[np.object_]]:
    """Judge the persons drawn, as if all lived here and were of age, by their certifications alone."""
    residents, n = registers.residents, len(place)
    drawn_of = np.full(residents.accepted, -1, dtype=np.int32)
    drawn_of[place[place >= 0]] = np.flatnonzero(place >= 0)
    row_of = pc.fill_null(links.resident_of_row, -1).to_numpy(zero_copy_only=False)
    person = np.where(row_of >= 0, drawn_of[row_of], -1)
    rows = registers.certifications.table.filter(pa.array(person >= 0))
    whose = pa.array(person[person >= 0].astype(np.int32))
    people = pa.table(
        {
            "resident_no": pa.array([str(number) for number in range(n)]),
            "birth_date": pa.array([OLD] * n, pa.date32()),
        }
    )
    marks = {"undecided": links.undecided, "unclear": links.unclear_residents}
    switches = FrameRules(dict(rules.switches) | dict.fromkeys(NOT_A_REASON, "include"))
    found = []
    for clock in clocks:
        insured = insurance_marks(residents, registers.qualifications, clock.reference)[0]
        whole = {name: _at(positions, residents.accepted) for name, positions in marks.items()} | insured
        near = {name: np.where(place >= 0, flags[place], False) for name, flags in whole.items()}
        found.append(judge_reasons(people, rows, whose, near, clock, switches))
    return found


def _contacts(
    drawn: pd.DataFrame, residents: Register, place: NDArray[np.int64], mailed: Flags
) -> pd.DataFrame:
    """Take postal code, address and name of who may be mailed from the later register."""
    known = [name for name in (FURIGANA,) if name in drawn]
    contacts = drawn[["postal_code", "address", "name", *known]].copy()
    positions = place[mailed]
    codes = residents.table["postal_code"].take(pa.array(positions)).to_pylist()
    contacts.loc[mailed, "postal_code"] = np.asarray(codes, dtype=object)
    address, building, name = (residents.text(part, positions) for part in ("address", "building", "name"))
    contacts.loc[mailed, "address"] = np.asarray(with_building(address, building).to_pylist(), dtype=object)
    contacts.loc[mailed, "name"] = np.asarray(name.to_pylist(), dtype=object)
    for column in known:
        contacts.loc[mailed, column] = np.asarray(readings_at(residents, positions), dtype=np.object_)
    return contacts.fillna("")


def _check_found(residents: Register, numbers: Any, found: Flags) -> None:
    share = float(found.mean()) if len(found) else 1.0
    if share < limits().min_found_share:
        text = _("Only {share:.1%} of the persons drawn are in this register; at least {least:.0%} must be.")
        raise _wrong_file("SAM-REFRESH-FOUND", text.format(share=share, least=limits().min_found_share))


def _check_certified_share(residents: Register, links: Links, known: date) -> None:
    """Refuse certifications that hardly concern the elders of this register."""
    rows = len(links.resident_of_row)
    rate = 1 - links.resident_of_row.null_count / rows if rows else 0.0
    if rate < limits().min_match_rate:
        text = _(
            "Only {rate:.1%} of the certification rows are in the resident register; "
            "at least {least:.0%} must be."
        )
        raise _wrong_file("SAM-LINK-RATE", text.format(rate=rate, least=limits().min_match_rate))
    by = pa.scalar(born_by(limits().min_age, known), pa.date32())
    old = _flag(pc.less_equal(residents.table["birth_date"], by))
    applied = np.unique(links.resident_of_row.drop_null().to_numpy(zero_copy_only=False))
    share = float(old[applied].sum()) / max(int(old.sum()), 1)
    if old.sum() >= limits().judged_from and share < limits().min_elder_share:
        text = _("Only {share:.1%} of the elders have a certification row; at least {least:.0%} must.")
        raise _wrong_file("SAM-LINK-SHARE", text.format(share=share, least=limits().min_elder_share))


def _wrong_file(code: str, message: str) -> SamplingError:
    hint = _(
        "It is probably another file, another year or another number. Nobody was voided; nothing changed."
    )
    return SamplingError(code, message, hint=hint)


def _at(positions: NDArray[np.int32], n: int) -> Flags:
    flags = np.zeros(n, dtype=np.bool_)
    flags[positions] = True
    return flags


def _flag(mask: Any) -> Flags:
    flags: Flags = _whole(pc.fill_null(mask, False)).to_numpy(zero_copy_only=False)
    return flags


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
