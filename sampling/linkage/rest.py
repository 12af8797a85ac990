"""The persons that no number finds: unique keys, probabilities, decisions of staff."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.linkage.assigning import Assigned, Thresholds, assign, probabilities
from sampling.linkage.candidates import compared
from sampling.linkage.keys import kana_key
from sampling.linkage.listing import identities, review_rows
from sampling.linkage.model import Model, model
from sampling.linkage.persons import (
    Particulars,
    Persons,
    cells_of,
    particulars_at,
    persons_particulars,
)
from sampling.linkage.probabilistic import COLUMNS, scored_pairs
from sampling.linkage.result import REVIEW_COLUMNS
from sampling.linkage.review import Decisions, pair_id
from sampling.linkage.shares import estimated, sampled
from sampling.linkage.steps import by_unique_key
from sampling.registers import Register

__all__ = ["Rest", "link_rest"]

NOBODY: Final = -1

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Registers = tuple[Register, Register, Register | None]


@dataclass(frozen=True, slots=True)
class Rest:
    """What became of the persons without a number.

    Parameters
    ----------
    found : mapping of str to ndarray of int64
        Step → shape (persons,): place of the resident, -1 for nobody.
    on_list : ndarray of bool
        Shape (persons,): on the staff list.
    why : ndarray of str
        Shape (persons,): why nobody was found, where nobody was.
    undecided : ndarray of int32
        Places of the residents whom a person on the staff list may be, rising.
    review : pandas.DataFrame
        The staff list.
    false, missed : float
        Expected number of persons tied to somebody else, and of residents not found.
    counted : mapping of str to int
        Further counts.
    """

    found: Mapping[str, Ints] = field(repr=False)
    on_list: Mask = field(repr=False)
    why: Any = field(repr=False)
    undecided: NDArray[np.int32] = field(repr=False)
    review: pd.DataFrame = field(repr=False)
    false: float = 0.0
    missed: float = 0.0
    counted: Mapping[str, int] = field(default_factory=dict)

    @staticmethod
    def empty(persons: int) -> "Rest":
        """Return the result where nobody is left over.

        Parameters
        ----------
        persons : int
            Number of persons.

        Returns
        -------
        Rest
            Nothing found, nothing listed.
        """
        return Rest(
            found={},
            on_list=np.zeros(persons, dtype=np.bool_),
            why=np.full(persons, "not_found", dtype=object),
            undecided=np.zeros(0, dtype=np.int32),
            review=pd.DataFrame(columns=list(REVIEW_COLUMNS)),
        )


@dataclass(frozen=True, slots=True)
class _Left:
    """The persons left over and what is known of them."""

    which: Ints = field(repr=False)
    people: Particulars = field(repr=False)
    elsewhere: Mask = field(repr=False)
    ended: Mask = field(repr=False)
    identity: list[str] = field(repr=False)


def link_rest(
    registers: Registers,
    persons: Persons,
    position: Ints,
    decisions: Decisions,
    secret: bytes,
    bounds: tuple[float, float],
    municipality: str,
) -> Rest:
    """Find the persons that no number finds.

    Parameters
    ----------
    registers : tuple of Register
        Residents, certifications and, or None, qualifications.
    persons : Persons
        From `group_rows`.
    position : ndarray of int64
        Shape (persons,): place of the resident whom a number found, -1 for nobody.
    decisions : Decisions
        Of staff; empty for none.
    secret : bytes
        For the numbers of the pairs.
    bounds : tuple of float
        ``accept`` and ``review``.
    municipality : str
        What may stand before the town in an address.

    Returns
    -------
    Rest
        For all persons.
    """
    residents, certifications, qualifications = registers
    left = _left_over(certifications, persons, np.flatnonzero(position < 0), qualifications)
    exact = by_unique_key(residents, left.people, left.elsewhere, municipality)
    exact = _not_refused(residents, left, exact, decisions, secret)
    scores = _scored(residents, certifications, persons, position, left, exact, municipality)
    pairs, staff = _decided(scores.pairs, residents, left, decisions, secret)
    assigned = assign(probabilities(pairs), _limits(bounds), _twins(left))
    return _rest(residents, persons, left, exact, staff, assigned, scores, secret)


@dataclass(frozen=True, slots=True)
class _Scores:
    """Pairs of the persons left over (person: place in `_Left`), and what the model makes of the rest."""

    pairs: pd.DataFrame
    chance: float
    outside: Mask


def _left_over(
    certifications: Register, persons: Persons, which: Ints, qualifications: Register | None
) -> _Left:
    people = persons_particulars(certifications, persons, which)
    rows = np.flatnonzero(np.isin(persons.of_row, which))
    of_row = np.searchsorted(which, persons.of_row[rows])
    insured = cells_of(certifications, "insured_no").take(pa.array(rows))
    marks = []
    for numbers in _insurance(qualifications):
        mark = np.zeros(len(which), dtype=np.bool_)
        mark[of_row[np.asarray(pc.is_in(insured, value_set=numbers))]] = True
        marks.append(mark)
    taken = (column.take(pa.array(which)) for column in (persons.resident_no, persons.insured_no))
    return _Left(which, people, marks[0], marks[1], identities(people, *taken))


def _insurance(qualifications: Register | None) -> tuple[Any, Any]:
    """Return the insured numbers of people who live elsewhere, and those whose insurance ended."""
    if qualifications is None:
        return pa.array([], pa.string()), pa.array([], pa.string())
    numbers = cells_of(qualifications, "insured_no")
    ended = pc.is_valid(qualifications.table["lost_on"])
    away = pc.equal(cells_of(qualifications, "status"), "lives_elsewhere")
    lasting = numbers.filter(pc.invert(ended))
    elsewhere = numbers.filter(pc.fill_null(pc.and_(away, pc.invert(ended)), False))
    over = numbers.filter(ended)
    over = over.filter(pc.invert(pc.is_in(over, value_set=lasting.drop_null())))
    return elsewhere.drop_null(), over.drop_null()


def _not_refused(residents: Register, left: _Left, exact: Ints, decisions: Decisions, secret: bytes) -> Ints:
    """Take back what staff said is somebody else."""
    if not decisions.different:
        return exact
    found = np.flatnonzero(exact >= 0)
    pairs = _pair_ids(residents, left, found, exact[found], secret)
    refused = found[np.array([pair in decisions.different for pair in pairs], dtype=np.bool_)]
    taken = exact.copy()
    taken[refused] = NOBODY
    return taken


def _pair_ids(residents: Register, left: _Left, person: Ints, position: Ints, secret: bytes) -> list[str]:
    numbers = residents.table["resident_no"].take(pa.array(position)).to_pylist()
    return [pair_id(number, left.identity[who], secret) for number, who in zip(numbers, person, strict=True)]


def _comparable(people: Particulars) -> Mask:
    known = pc.or_(pc.is_valid(people.kana), pc.is_valid(people.name))
    return np.asarray(pc.and_(known, pc.is_valid(people.born)))


def _scored(
    residents: Register,
    certifications: Register,
    persons: Persons,
    position: Ints,
    left: _Left,
    exact: Ints,
    municipality: str,
) -> _Scores:
    """Weigh the pairs of whom the unique key did not find, and who has a name and a birth date."""
    asked = np.flatnonzero((exact < 0) & _comparable(left.people))
    outside = np.zeros(len(left.which), dtype=np.bool_)
    if not len(asked):
        return _Scores(pd.DataFrame(columns=COLUMNS), 0.0, outside)
    near = _old_enough(residents, certifications)
    theirs = compared(particulars_at(residents, near), near, municipality)
    mine = compared(_some(left.people, asked), asked, municipality)
    fitted = _fitted(residents, certifications, persons, position, theirs, municipality)
    share, chance = _shares(fitted, exact, int(_comparable(left.people).sum()), len(near))
    pairs = scored_pairs(fitted, mine, theirs, share / ((1 - share) * len(near) + share))
    pairs["odds"] *= _discounts(residents, position, left, pairs, fitted)
    towns = pc.is_in(mine["town"], value_set=pc.unique(theirs["town"]).drop_null())
    outside[asked] = np.asarray(pc.and_(pc.is_valid(mine["town"]), pc.invert(towns)))
    return _Scores(pairs, chance, outside)


def _old_enough(residents: Register, certifications: Register) -> Ints:
    """Find the residents who are not younger than everybody in the certification register."""
    youngest = pc.max(cells_of(certifications, "birth_date"))
    born = cells_of(residents, "birth_date")
    return np.flatnonzero(np.asarray(pc.fill_null(pc.less_equal(born, youngest), False)))


def _some(people: Particulars, which: Ints) -> Particulars:
    row = pa.array(which)
    return Particulars(*(getattr(people, name).take(row) for name in Particulars.__slots__))


def _fitted(
    residents: Register,
    certifications: Register,
    persons: Persons,
    position: Ints,
    theirs: Any,
    municipality: str,
) -> Model:
    """Estimate the model: u from everybody, m from persons whom a number found."""
    facts = model().estimation
    anybody = sampled(persons.count, facts["u_persons"], facts["seed"])
    mine = compared(persons_particulars(certifications, persons, anybody), anybody, municipality)
    others = theirs.take(pa.array(sampled(len(theirs), facts["u_residents"], facts["seed"])))
    tied = np.flatnonzero(position >= 0)
    tied = tied[sampled(len(tied), facts["m_pairs"], facts["seed"])]
    known = (
        compared(persons_particulars(certifications, persons, tied), tied, municipality),
        compared(particulars_at(residents, position[tied]), position[tied], municipality),
    )
    return estimated(model(), mine, others, known)


def _shares(fitted: Model, exact: Ints, persons: int, residents: int) -> tuple[float, float]:
    """Return the share of persons who are residents, and of whom the unique key found the chance of error."""
    facts = fitted.estimation
    levels = {(part.name, level.name): level for part in fitted.comparisons for level in part.levels}
    exactly = [levels[key] for key in (("birth", "same"), ("sex", "same"))]
    names = [levels["name", name] for name in ("both", "kana")]
    agree = sum(level.m for level in names) * np.prod([level.m for level in exactly])
    by_chance = residents * sum(level.u for level in names) * np.prod([level.u for level in exactly])
    found = int((exact >= 0).sum())
    share = found / (agree * persons) if found else facts["in_register"]
    share = min(max(share, facts["in_register_least"]), facts["in_register_most"])
    wrong = (1 - share) * by_chance / (share * agree + (1 - share) * by_chance)
    return float(share), float(wrong)


def _discounts(
    residents: Register, position: Ints, left: _Left, pairs: pd.DataFrame, fitted: Model
) -> NDArray[np.float64]:
    """Return what the odds are multiplied by: people who live elsewhere, residents who are tied already."""
    facts = fitted.estimation
    person, place = pairs["person"].to_numpy(np.int64), pairs["position"].to_numpy(np.int64)
    present = np.asarray(pc.is_null(cells_of(residents, "removed_on").take(pa.array(place))))
    tied = np.isin(place, position[position >= 0])
    away = np.where(left.elsewhere[person] & present, facts["elsewhere"], 1.0)
    return np.asarray(away * np.where(tied, facts["taken"], 1.0))


def _decided(
    pairs: pd.DataFrame, residents: Register, left: _Left, decisions: Decisions, secret: bytes
) -> tuple[pd.DataFrame, Ints]:
    """Apply the decisions of staff: who is the same is taken, who is different is no candidate."""
    staff = np.full(len(left.which), NOBODY, dtype=np.int64)
    if not (decisions.same or decisions.different) or pairs.empty:
        return pairs, staff
    likely = pairs[pairs["odds"] >= model().assignment["forgotten"]]
    person, place = likely["person"].to_numpy(np.int64), likely["position"].to_numpy(np.int64)
    ids = _pair_ids(residents, left, person, place, secret)
    same = np.array([pair in decisions.same for pair in ids], dtype=np.bool_)
    if len(np.unique(person[same])) < same.sum():
        raise SamplingError(
            "SAM-LINK-DECISIONS",
            _("One person of the certification register was decided to be two residents."),
            hint=_("Look at the list of decisions again: 同一 (same) once for each person."),
        )
    staff[person[same]] = place[same]
    different = np.array([pair in decisions.different for pair in ids], dtype=np.bool_)
    kept = likely[~different]
    return kept[staff[kept["person"].to_numpy(np.int64)] < 0], staff


def _limits(bounds: tuple[float, float]) -> Thresholds:
    facts, levels = model().assignment, [level.name for level in model().comparisons[0].levels]
    named = tuple(levels.index(name) for name in facts["named"])
    return Thresholds(*bounds, candidates=facts["candidates"], named=named)


def _twins(left: _Left) -> Ints:
    """Give persons of equal reading, birth date and sex one number: one person with two insured numbers."""
    people = left.people
    keys = pc.binary_join_element_wise(kana_key(people.kana), people.born.cast(pa.string()), people.sex, "|")
    codes = np.asarray(keys.dictionary_encode().indices.fill_null(NOBODY), dtype=np.int64)
    return np.where(codes < 0, len(codes) + np.arange(len(codes)), codes)


def _rest(
    residents: Register,
    persons: Persons,
    left: _Left,
    exact: Ints,
    staff: Ints,
    assigned: Assigned,
    scores: _Scores,
    secret: bytes,
) -> Rest:
    accepted, listed = assigned.accepted, assigned.listed
    likely = np.full(len(left.which), NOBODY, dtype=np.int64)
    likely[accepted["person"].to_numpy(np.int64)] = accepted["position"].to_numpy(np.int64)
    steps = {"deterministic": exact, "probabilistic": likely, "staff": staff}
    on_list = np.zeros(persons.count, dtype=np.bool_)
    on_list[left.which[listed["person"].to_numpy(np.int64)]] = True
    why = np.full(persons.count, "not_found", dtype=object)
    why[left.which] = _reasons(left, scores.outside)
    return Rest(
        found={step: _for_all(persons, left, found) for step, found in steps.items()},
        on_list=on_list,
        why=why,
        undecided=assigned.open.astype(np.int32),
        review=_list(residents, left, listed, secret),
        false=float((1 - accepted["probability"]).sum() + scores.chance * (exact >= 0).sum()),
        missed=assigned.missed,
        counted={"listed_persons": int(on_list.sum()), "listed_pairs": len(listed)},
    )


def _for_all(persons: Persons, left: _Left, found: Ints) -> Ints:
    position = np.full(persons.count, NOBODY, dtype=np.int64)
    position[left.which] = found
    return position


def _reasons(left: _Left, outside: Mask) -> Any:
    """Say why nobody was found, the surest reason first."""
    return np.select(
        [left.elsewhere | outside, left.ended, ~_comparable(left.people)],
        ["lives_elsewhere", "insurance_ended", "no_particulars"],
        default="not_found",
    ).astype(object)


def _list(residents: Register, left: _Left, listed: pd.DataFrame, secret: bytes) -> pd.DataFrame:
    person, place = listed["person"].to_numpy(np.int64), listed["position"].to_numpy(np.int64)
    ids = _pair_ids(residents, left, person, place, secret)
    both = particulars_at(residents, place), _some(left.people, person)
    return review_rows(ids, listed["probability"], *both)
