"""One person a household (同一世帯から1人): the first phase of a draw, on arrays."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.limits import limits
from sampling.selection import keyed_numbers

__all__ = ["HOUSEHOLD_RULE", "Households", "choose_members", "group_households", "household_key_hex"]

HOUSEHOLD_RULE: Final = "hyohon household v1"


@dataclass(frozen=True, slots=True)
class Households:
    """The households of a frame. Its repr shows counts only.

    Parameters
    ----------
    codes : ndarray of int64
        Shape (N,): household of each person, 0 to `count` - 1. Each person of an institution has one alone.
    sizes : ndarray of int64
        Shape (N,): m, persons of the frame in the person's household, 1 or more; 1 in an institution.
    keys : pyarrow.Array of string
        Shape (N,): the smallest person key among those who share the household number, institutions too;
        "" for who shares it with nobody or has none.
    count : int
        Households, each person of an institution counted as one.
    largest : int
        Persons of a household, at most.
    institutions, institution_persons : int
        Household numbers shared by more than `largest` persons, and those persons.
    """

    codes: NDArray[np.int64] = field(repr=False)
    sizes: NDArray[np.int64] = field(repr=False)
    keys: Any = field(repr=False)
    count: int
    largest: int
    institutions: int
    institution_persons: int


def household_key_hex(seed: str) -> str:
    """Turn a seed into the key of the choice within households.

    Parameters
    ----------
    seed : str
        The seed of the draw.

    Returns
    -------
    str
        SHA-256 of ``"hyohon household v1|" + seed`` in UTF-8, 64 hex digits.

    Examples
    --------
    >>> household_key_hex("1")[:16]
    '409d343813e45169'
    """
    return hashlib.sha256(f"{HOUSEHOLD_RULE}|{seed}".encode()).hexdigest()


def group_households(numbers: Any, person_keys: Any, largest: int | None = None) -> Households:
    """Group the persons of a frame by their household number.

    Parameters
    ----------
    numbers : pyarrow.ChunkedArray of string
        Shape (N,): household numbers (世帯番号); null or "" is a household of one.
    person_keys : pyarrow.ChunkedArray of string
        Shape (N,), ascending.
    largest : int, optional
        A number that more persons share is an institution's: its persons count one by one. Default: the
        limit of this room.

    Returns
    -------
    Households
        Their sizes and pseudonymous keys.

    Examples
    --------
    >>> homes = group_households(pa.array(["7", "7", None, "8"]), pa.array(["a", "b", "c", "d"]))
    >>> homes.sizes.tolist(), homes.keys.to_pylist(), homes.count
    ([2, 2, 1, 1], ['a', 'a', '', ''], 3)
    """
    largest = limits().largest_household if largest is None else largest
    shared, first = _shared_numbers(numbers)
    members = np.bincount(shared, minlength=len(shared))[shared]
    alone = (members == 1) | (members > largest)
    place = np.arange(len(shared), dtype=np.int64)
    kept = pc.if_else(pa.array(members == 1), "", _whole(person_keys).take(pa.array(first[shared])))
    _, codes = np.unique(np.where(alone, place, first[shared]), return_inverse=True)
    crowded = members > largest
    return Households(
        codes=codes.astype(np.int64),
        sizes=np.where(alone, 1, members).astype(np.int64),
        keys=kept,
        count=int(codes.max(initial=-1)) + 1,
        largest=largest,
        institutions=len(np.unique(shared[crowded])),
        institution_persons=int(crowded.sum()),
    )


def choose_members(homes: Households, person_keys: Any, key_hex: str) -> NDArray[np.int64]:
    """Choose one person of each household: who has the smallest number.

    Parameters
    ----------
    homes : Households
        The households.
    person_keys : pyarrow.ChunkedArray of string
        Shape (N,), ascending: the order decides ties.
    key_hex : str
        From `household_key_hex`.

    Returns
    -------
    ndarray of int64
        Shape (homes.count,): places of the chosen in the frame, ascending.

    Notes
    -----
    The number is SHA-256(key_hex + "|" + person_key). A person of a household of m is chosen with
    probability 1 / m, independently between households.

    Examples
    --------
    >>> keys = pa.array(["a", "b", "c", "d"])
    >>> homes = group_households(pa.array(["7", "7", None, "8"]), keys)
    >>> choose_members(homes, keys, household_key_hex("1")).tolist()
    [1, 2, 3]
    """
    several = np.flatnonzero(homes.sizes > 1)
    numbers = keyed_numbers(_whole(person_keys).take(pa.array(several)).to_pylist(), key_hex)
    order = several[np.lexsort((*numbers.T[::-1], homes.codes[several]))]
    _, firsts = np.unique(homes.codes[order], return_index=True)
    return np.sort(np.concatenate([np.flatnonzero(homes.sizes == 1), order[firsts]]))


def _shared_numbers(numbers: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Code the household numbers, who has none alone; return codes and each code's first person."""
    filled = pc.if_else(pc.equal(numbers, ""), None, numbers)
    indices = _whole(filled).dictionary_encode().indices
    codes = pc.fill_null(indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    none = codes < 0
    codes[none] = codes.max(initial=-1) + 1 + np.arange(int(none.sum()))
    _, first, dense = np.unique(codes, return_index=True, return_inverse=True)
    return dense.astype(np.int64), first.astype(np.int64)


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
