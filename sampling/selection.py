"""Selection: from keyed numbers to the persons drawn, on arrays."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Selection", "keyed_numbers", "smallest_in_strata"]


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
    order = np.lexsort((*numbers.T[::-1], strata))
    counts = np.bincount(strata, minlength=len(sizes))
    starts = np.cumsum(counts) - counts
    place = np.arange(len(order)) - starts[strata[order]]
    positions = order[place < sizes[strata[order]]]
    last = np.where(sizes > 0, starts + sizes - 1, 0)
    texts = [
        numbers[order[at]].astype(">u8").tobytes().hex() if size else ""
        for at, size in zip(last, sizes, strict=True)
    ]
    return Selection(positions, tuple(texts))
