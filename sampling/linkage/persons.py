"""Persons of the certification register, and the particulars that a register keeps of somebody.

No care field is read here: not the decision, not the level, not a date of certification.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.linkage.result import whole
from sampling.registers import Register

__all__ = [
    "Particulars",
    "Persons",
    "cells_of",
    "group_rows",
    "last_known",
    "particulars_at",
    "persons_particulars",
]

TEXTS: Final = ("name", "kana", "alias", "address")

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Persons:
    """The certification rows as persons.

    Parameters
    ----------
    of_row : ndarray of int64
        Shape (rows,): person of each row, from 0 in the order of first rows.
    resident_no, insured_no : pyarrow.Array of string
        Shape (persons,): the resident number of the rows, and the last insured number; null where none.
    """

    of_row: Ints
    resident_no: Any = field(repr=False)
    insured_no: Any = field(repr=False)

    @property
    def count(self) -> int:
        """Number of persons."""
        return len(self.resident_no)


@dataclass(frozen=True, slots=True)
class Particulars:
    """Who somebody is, as one register writes it; all of one length.

    Parameters
    ----------
    name, kana, alias, address : pyarrow.Array of string
        As normalised by the reader; null or empty where unknown.
    born, born_latest : pyarrow.Array of date32
        Earliest and latest possible day of birth; equal where it is known.
    sex : pyarrow.Array of string
        ``M`` or ``F``.
    """

    name: Any = field(repr=False)
    kana: Any = field(repr=False)
    alias: Any = field(repr=False)
    address: Any = field(repr=False)
    born: Any = field(repr=False)
    born_latest: Any = field(repr=False)
    sex: Any = field(repr=False)


def group_rows(certifications: Register) -> Persons:
    """Group certification rows to persons.

    Parameters
    ----------
    certifications : Register
        From `read_certifications`.

    Returns
    -------
    Persons
        Rows of one resident number are one person. Rows without it are one person by their insured number:
        the person of other rows with that number, where those name one resident. A row with neither is
        itself.
    """
    numbers = cells_of(certifications, "resident_no")
    insured = cells_of(certifications, "insured_no")
    resident, cover = _codes(numbers), _codes(insured)
    rows, most = len(resident), len(resident) + 1
    named, both = resident >= 0, (resident >= 0) & (cover >= 0)
    owner = _only_owner(cover[both], resident[both], int(cover.max(initial=-1)) + 1)
    joined = np.where(cover >= 0, owner[np.maximum(cover, 0)] if len(owner) else -1, -1)
    key = np.where(
        named,
        resident,
        np.where(joined >= 0, joined, np.where(cover >= 0, most + cover, 2 * most + np.arange(rows))),
    )
    _keys, first, of_key = np.unique(key, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    of_row = rank[of_key.reshape(-1)]
    last = last_known(of_row, len(first), (numbers, insured))
    return Persons(of_row, numbers.take(last[0]), insured.take(last[1]))


def last_known(of_row: Ints, persons: int, columns: Sequence[Any]) -> list[Any]:
    """Find each person's last row in which a column is known.

    Parameters
    ----------
    of_row : ndarray of int64
        Person of each row.
    persons : int
        Number of persons.
    columns : sequence of pyarrow.Array
        Columns of the rows.

    Returns
    -------
    list of pyarrow.Array of int64
        For each column shape (persons,): the row, null where the column is never known.
    """
    found = []
    for column in columns:
        known = np.flatnonzero(np.asarray(pc.is_valid(column)))
        last = np.full(persons, -1, dtype=np.int64)
        last[of_row[known]] = known  # later rows overwrite
        found.append(pa.array(last, mask=last < 0))
    return found


def particulars_at(register: Register, positions: Any) -> Particulars:
    """Read the particulars of some rows.

    Parameters
    ----------
    register : Register
        Residents or certifications.
    positions : ndarray of int
        Rows, shape (n,).

    Returns
    -------
    Particulars
        Of length n; only these names and addresses are decoded.
    """
    texts = {name: _known(_text(register, name, positions)) for name in TEXTS}
    born, latest, sex = (
        cells_of(register, name).take(pa.array(positions)) for name in ("birth_date", "birth_latest", "sex")
    )
    return Particulars(**texts, born=born, born_latest=pc.coalesce(latest, born), sex=sex)


def persons_particulars(certifications: Register, persons: Persons, which: Ints) -> Particulars:
    """Read the particulars of persons of the certification register: the last row that knows each.

    Parameters
    ----------
    certifications : Register
        Where they stand.
    persons : Persons
        From `group_rows`.
    which : ndarray of int64
        Persons, rising, shape (n,).

    Returns
    -------
    Particulars
        Of length n.
    """
    wanted = np.zeros(persons.count, dtype=np.bool_)
    wanted[which] = True
    rows = np.flatnonzero(wanted[persons.of_row])
    each = particulars_at(certifications, rows)
    of_row = np.searchsorted(which, persons.of_row[rows])
    columns = [getattr(each, name) for name in Particulars.__slots__]
    last = last_known(of_row, len(which), columns)
    taken = {
        name: column.take(row) for name, column, row in zip(Particulars.__slots__, columns, last, strict=True)
    }
    taken["born_latest"] = each.born_latest.take(last[Particulars.__slots__.index("born")])
    return Particulars(**taken)


def cells_of(register: Register, name: str) -> Any:
    """Return a typed column of a register in one piece.

    Parameters
    ----------
    register : Register
        Any.
    name : str
        A number, date or code.

    Returns
    -------
    pyarrow.Array
        string for numbers and codes, date32 for dates; all null where the layout has no such column.
    """
    table = register.table
    kind = pa.date32() if name.startswith("birth") else pa.string()
    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    return whole(table[name]).cast(kind)


def _text(register: Register, name: str, positions: Any) -> Any:
    if name not in register.table.column_names:
        return pa.nulls(len(positions), pa.string())
    if pa.types.is_string(register.table[name].type):
        return whole(register.table[name].take(pa.array(positions)))
    return whole(register.text(name, positions))


def _known(cells: Any) -> Any:
    return pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)


def _codes(numbers: Any) -> Ints:
    """Return a whole number for each different number; -1 for none."""
    codes: Ints = np.asarray(numbers.dictionary_encode().indices.fill_null(-1), dtype=np.int64)
    return codes


def _only_owner(cover: Ints, resident: Ints, count: int) -> Ints:
    """Return the one resident of each insured number; -1 for none or several."""
    owner = np.full(count, -1, dtype=np.int64)
    owner[cover] = resident
    owner[cover[owner[cover] != resident]] = -1
    return owner
