"""Selection: from keyed numbers to the persons drawn, on arrays."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ranking", "Selection", "keyed_numbers", "rank_numbers", "smallest_in_strata", "take_from"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Persons drawn, ordered by stratum and then by number.

    Parameters
    ----------
    positions : ndarray of int64
        Shape (n,): places in the frame.
    thresholds : tuple of str
        Shape (strata,): the largest number drawn in each stratum, 64 hex digits; "" where nobody was.
    """

    positions: NDArray[np.int64]
    thresholds: tuple[str, ...]


def keyed_numbers(person_keys: Sequence[str], key_hex: str) -> NDArray[np.uint64]:
    """Give each person the number of the draw.

    Parameters
    ----------
    person_keys : sequence of str
        Shape (N,).
    key_hex : str
        Key of the draw, 64 hex digits.

    Returns
    -------
    ndarray of uint64
        Shape (N, 4): SHA-256(key_hex + "|" + person_key) as four words, the most significant first, so that
        the order of the words is the order of the hex text.

    Examples
    --------
    >>> keyed_numbers(["a", "b"], "0").shape
    (2, 4)
    """
    start = hashlib.sha256(f"{key_hex}|".encode())
    digests = bytearray()
    for key in person_keys:
        number = start.copy()
        number.update(key.encode())
        digests += number.digest()
    return np.frombuffer(digests, dtype=">u8").reshape(len(person_keys), 4).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Persons by stratum and, within it, by number. Its repr shows counts only.

    Parameters
    ----------
    order : ndarray of int64
        Shape (N,): places in the frame, by stratum and number.
    firsts, counts : ndarray of int64
        Shape (H,): where each stratum begins in `order`, and its persons.
    numbers : ndarray of uint64
        Shape (N, words), as given.
    """

    order: NDArray[np.int64] = field(repr=False)
    firsts: NDArray[np.int64] = field(repr=False)
    counts: NDArray[np.int64]
    numbers: NDArray[np.uint64] = field(repr=False)

    def number(self, stratum: int, rank: int) -> str:
        """Return a number as text.

        Parameters
        ----------
        stratum : int
            0 to H - 1.
        rank : int
            0 to counts - 1, from the smallest.

        Returns
        -------
        str
            16 lower hex digits a word.
        """
        words: bytes = self.numbers[self.order[self.firsts[stratum] + rank]].astype(">u8").tobytes()
        return words.hex()


def rank_numbers(numbers: NDArray[np.uint64], strata: NDArray[np.int64], count: int) -> Ranking:
    """Order persons by stratum and number.

    Parameters
    ----------
    numbers : ndarray of uint64
        Shape (N, words), most significant word first. Persons stand in the order of their keys: it decides
        ties.
    strata : ndarray of int64
        Shape (N,): stratum of each person, 0 to H - 1.
    count : int
        H.

    Returns
    -------
    Ranking
        The order.
    """
    order = np.lexsort((*numbers.T[::-1], strata)).astype(np.int64)
    counts = np.bincount(strata, minlength=count).astype(np.int64)
    return Ranking(order, np.cumsum(counts) - counts, counts, numbers)


def take_from(ranking: Ranking, starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> Selection:
    """Take in each stratum the next persons from a rank on, going round after the last.

    Parameters
    ----------
    ranking : Ranking
        Persons by stratum and number.
    starts : ndarray of int64
        Shape (H,): rank of the first person to take, 0 to the persons of the stratum.
    sizes : ndarray of int64
        Shape (H,): persons to take, at most those it has.

    Returns
    -------
    Selection
        ``sizes.sum()`` persons, by stratum and in the order they were come upon.

    Examples
    --------
    >>> ranking = rank_numbers(np.array([[9], [3], [5]], dtype=np.uint64), np.zeros(3, dtype=np.int64), 1)
    >>> take_from(ranking, np.array([2]), np.array([2])).positions.tolist()
    [0, 1]
    """
    taken = np.flatnonzero(sizes)
    of = np.repeat(taken, sizes[taken])
    place = np.arange(len(of)) - np.repeat(np.cumsum(sizes[taken]) - sizes[taken], sizes[taken])
    ranks = (starts[of] + place) % ranking.counts[of]
    ends = (starts + sizes - 1) % np.maximum(ranking.counts, 1)
    texts = [
        ranking.number(stratum, int(ends[stratum])) if size else "" for stratum, size in enumerate(sizes)
    ]
    return Selection(ranking.order[ranking.firsts[of] + ranks], tuple(texts))


def smallest_in_strata(
    numbers: NDArray[np.uint64], strata: NDArray[np.int64], sizes: NDArray[np.int64]
) -> Selection:
    """Choose in each stratum the persons with the smallest numbers.

    Parameters
    ----------
    numbers : ndarray of uint64
        Shape (N, words), most significant word first. Persons stand in the order of their keys: it decides
        ties.
    strata : ndarray of int64
        Shape (N,): stratum of each person, 0 to H - 1.
    sizes : ndarray of int64
        Shape (H,): persons to draw from each, at most those it has.

    Returns
    -------
    Selection
        ``sizes.sum()`` persons.

    Examples
    --------
    >>> numbers = np.array([[9], [3], [5], [1]], dtype=np.uint64)
    >>> smallest_in_strata(numbers, np.array([0, 0, 0, 1]), np.array([2, 1])).positions.tolist()
    [1, 2, 3]
    """
    ranking = rank_numbers(numbers, strata, len(sizes))
    return take_from(ranking, np.zeros(len(sizes), dtype=np.int64), sizes)
