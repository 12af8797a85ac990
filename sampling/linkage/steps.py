"""The steps that need no probability: numbers, and exact keys that are unique on both sides."""

from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.linkage.keys import address_keys, kana_key, kanji_key
from sampling.linkage.model import model
from sampling.linkage.persons import Particulars, Persons, cells_of, last_known, particulars_at
from sampling.linkage.result import places_of, whole
from sampling.registers import Register

__all__ = ["Found", "by_insured_number", "by_number", "by_unique_key", "insured_pairs", "one_each", "unlike"]

NOBODY: Final = -1

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """What a step found.

    Parameters
    ----------
    position : ndarray of int64
        Shape (persons,): place of the resident, -1 for nobody.
    refused : ndarray of bool
        Shape (persons,): something was found and not taken.
    """

    position: Ints
    refused: Mask


def by_number(residents: Register, certifications: Register, persons: Persons) -> Found:
    """Find residents by resident number (宛名番号).

    Parameters
    ----------
    residents, certifications : Register
        The registers.
    persons : Persons
        From `group_rows`.

    Returns
    -------
    Found
        Not taken where birth date and, besides, reading or sex are somebody else's.
    """
    place = places_of(persons.resident_no, residents.table["resident_no"])
    position = np.asarray(place.fill_null(NOBODY), dtype=np.int64)
    return _taken(residents, certifications, persons, position)


def by_insured_number(
    residents: Register,
    certifications: Register,
    persons: Persons,
    todo: Mask,
    qualifications: Register | None,
) -> tuple[Found, Mask]:
    """Find residents by insured number (被保険者番号), through the registers that know both numbers.

    Parameters
    ----------
    residents, certifications : Register
        The registers.
    persons : Persons
        From `group_rows`.
    todo : ndarray of bool
        Shape (persons,): who is looked for.
    qualifications : Register, optional
        The qualification register.

    Returns
    -------
    Found
        As in `by_number`.
    ambiguous : ndarray of bool
        Shape (persons,): the numbers are those of several residents.
    """
    rows = np.flatnonzero(todo[persons.of_row])
    insured = cells_of(certifications, "insured_no").take(pa.array(rows)).dictionary_encode()
    wanted = insured.dictionary
    code, position = insured_pairs(residents, qualifications, wanted)
    table = pd.DataFrame({"code": code, "position": position}).drop_duplicates()
    asked = pd.DataFrame({"person": persons.of_row[rows], "code": insured.indices.to_pandas()}).dropna()
    hits = asked.merge(table, on="code")
    found, ambiguous = one_each(hits["person"].to_numpy(), hits["position"].to_numpy(), persons.count)
    return _taken(residents, certifications, persons, found), ambiguous


def by_unique_key(
    residents: Register, wanted: Particulars, elsewhere: Mask, municipality: str
) -> NDArray[np.int64]:
    """Find residents by reading, complete birth date and sex, where each side has them once.

    Parameters
    ----------
    residents : Register
        The resident register; removed records count.
    wanted : Particulars
        Who is looked for, shape (n,).
    elsewhere : ndarray of bool
        Shape (n,): insured here, lives elsewhere.
    municipality : str
        What may stand before the town in an address.

    Returns
    -------
    ndarray of int64
        Shape (n,): place of the resident, -1 for nobody. Not taken where the kanji and the address both
        differ; nor, for somebody who lives elsewhere, a present resident of another address.
    """
    mine = _exact_keys(wanted)
    near = np.flatnonzero(
        np.asarray(pc.is_in(cells_of(residents, "birth_date"), value_set=pc.unique(wanted.born)))
    )
    theirs = _exact_keys(particulars_at(residents, near))
    left = pd.DataFrame({"key": mine, "person": np.arange(len(mine))}).dropna()
    right = pd.DataFrame({"key": theirs, "position": near}).dropna()
    both = left.drop_duplicates("key", keep=False).merge(right.drop_duplicates("key", keep=False), on="key")
    person, position = both["person"].to_numpy("int64"), both["position"].to_numpy("int64")
    good = _plausible(residents, position, wanted, person, elsewhere[person], municipality)
    found = np.full(len(mine), NOBODY, dtype=np.int64)
    found[person[good]] = position[good]
    return found


def insured_pairs(residents: Register, qualifications: Register | None, numbers: Any) -> tuple[Ints, Ints]:
    """Find the residents of insured numbers.

    Parameters
    ----------
    residents : Register
        The resident register, which may know insured numbers itself.
    qualifications : Register, optional
        The qualification register.
    numbers : pyarrow.Array of string
        Insured numbers, each once.

    Returns
    -------
    number, position : ndarray of int64
        Place in `numbers`, and place of a resident who has that number; a number may have several.
    """
    pairs = [_own_pairs(residents, numbers), _mapped_pairs(residents, qualifications, numbers)]
    number, position = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    return number, position


def one_each(person: Ints, position: Ints, count: int) -> tuple[Ints, Mask]:
    """Keep the persons who have one resident.

    Parameters
    ----------
    person, position : ndarray of int64
        Pairs.
    count : int
        Number of persons.

    Returns
    -------
    found : ndarray of int64
        Shape (count,): the one place, -1 for none or several.
    several : ndarray of bool
        Shape (count,).

    Examples
    --------
    >>> import numpy as np
    >>> found, several = one_each(np.array([0, 0, 2, 2]), np.array([5, 5, 6, 7]), 3)
    >>> found.tolist(), several.tolist()
    ([5, -1, -1], [False, False, True])
    """
    found = np.full(count, NOBODY, dtype=np.int64)
    found[person] = position
    several = np.zeros(count, dtype=np.bool_)
    several[person[found[person] != position]] = True
    found[several] = NOBODY
    return found, several


def unlike(mine: Any, theirs: Any) -> Mask:
    """Say which readings are of different names.

    Parameters
    ----------
    mine, theirs : pyarrow.Array of string
        Kana keys, shape (n,).

    Returns
    -------
    ndarray of bool
        Shape (n,): both are known and their similarity is below ``assignment.unlike`` of the model.
    """
    pairs = pa.table({"a": mine, "b": theirs})  # noqa: F841 (DuckDB reads it by its name)
    with duckdb.connect() as db:
        scores = db.execute("SELECT jaro_winkler_similarity(a, b) FROM pairs").fetchnumpy()
    values = np.ma.filled(next(iter(scores.values())).astype(np.float64), 1.0)
    return np.asarray(values < model().assignment["unlike"])


def _taken(residents: Register, certifications: Register, persons: Persons, position: Ints) -> Found:
    refused = np.zeros(persons.count, dtype=np.bool_)
    found = np.flatnonzero(position >= 0)
    refused[found[_contradicted(residents, certifications, persons, found, position[found])]] = True
    return Found(np.where(refused, NOBODY, position), refused)


def _contradicted(
    residents: Register, certifications: Register, persons: Persons, which: Ints, position: Ints
) -> Mask:
    """Say which persons are not the resident of their number; names are read only where births differ."""
    birth, latest = (cells_of(certifications, name) for name in ("birth_date", "birth_latest"))
    [row] = last_known(persons.of_row, persons.count, [birth])
    at = row.take(pa.array(which))
    place = pa.array(position)
    mine = birth.take(at), pc.coalesce(latest, birth).take(at)
    born = cells_of(residents, "birth_date").take(place)
    theirs = born, pc.coalesce(cells_of(residents, "birth_latest").take(place), born)
    apart = pc.or_(pc.less(mine[1], theirs[0]), pc.less(theirs[1], mine[0]))
    result = np.asarray(pc.fill_null(apart, False), dtype=np.bool_).copy()
    suspects = np.flatnonzero(result)
    if len(suspects):
        claimed = particulars_at(certifications, np.asarray(at.take(pa.array(suspects))))
        real = particulars_at(residents, position[suspects])
        other_sex = np.asarray(pc.fill_null(pc.not_equal(claimed.sex, real.sex), False))
        result[suspects] = other_sex | unlike(kana_key(claimed.kana), kana_key(real.kana))
    return result


def _own_pairs(residents: Register, wanted: Any) -> tuple[Ints, Ints]:
    return _pairs(pc.index_in(cells_of(residents, "insured_no"), value_set=wanted))


def _mapped_pairs(residents: Register, qualifications: Register | None, wanted: Any) -> tuple[Ints, Ints]:
    if qualifications is None or not len(wanted):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    code, row = _pairs(pc.index_in(cells_of(qualifications, "insured_no"), value_set=wanted))
    numbers = cells_of(qualifications, "resident_no").take(pa.array(row))
    place = np.asarray(places_of(numbers, residents.table["resident_no"]).fill_null(NOBODY), dtype=np.int64)
    return code[place >= 0], place[place >= 0]


def _pairs(codes: Any) -> tuple[Ints, Ints]:
    """Return the codes that are there, and their places."""
    there = np.flatnonzero(np.asarray(codes.is_valid()))
    return np.asarray(codes.drop_null(), dtype=np.int64), there


def _exact_keys(people: Particulars) -> Any:
    """Return reading, birth date and sex as one text; None where a part is unknown or the date incomplete."""
    complete = pc.fill_null(pc.equal(people.born, people.born_latest), False)
    birth = pc.if_else(complete, people.born.cast(pa.string()), pa.scalar(None, pa.string()))
    keys = pc.binary_join_element_wise(kana_key(people.kana), birth, people.sex, "|")
    return whole(keys).to_pandas()


def _plausible(
    residents: Register,
    position: Ints,
    wanted: Particulars,
    person: Ints,
    elsewhere: Mask,
    municipality: str,
) -> Mask:
    real, row = particulars_at(residents, position), pa.array(person)
    kanji = pc.equal(kanji_key(wanted.name.take(row)), kanji_key(real.name))
    mine = address_keys(wanted.address.take(row), municipality).address
    address = pc.equal(mine, address_keys(real.address, municipality).address)
    gone = pc.is_valid(cells_of(residents, "removed_on").take(pa.array(position)))
    outside = pc.equal(cells_of(residents, "registered").take(pa.array(position)), "non_resident")
    one, here = (np.asarray(pc.fill_null(part, True)) for part in (kanji, address))
    away = np.asarray(gone) | np.asarray(pc.fill_null(outside, False))
    return np.asarray(np.where(elsewhere, here | away, one | here))
