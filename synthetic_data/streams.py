"""Random numbers that stay the same: raw 64-bit draws, integer tables, one named stream per use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Streams:
    """Independent streams of random numbers, each found by its name.

    Every use of chance in this package asks for a stream by a name of its own, so that a change in one part
    (say, one more surname) does not move the numbers of any other part.

    Parameters
    ----------
    seed : str
        Any text. The same seed gives the same numbers on every machine.

    Notes
    -----
    A stream is the raw output of PCG64 whose start is SHA-256(seed + "|" + name). Only raw 64-bit words are
    taken from numpy: they are fixed by the generator's definition, while the streams of ``Generator.choice``,
    ``normal`` or ``gamma`` may change between releases of numpy.

    References
    ----------
    O'Neill, M. E. (2014). PCG: A family of simple fast space-efficient statistically good algorithms for
    random number generation. Harvey Mudd College, HMC-CS-2014-0905.

    Examples
    --------
    >>> streams = Streams("example")
    >>> streams.below("dice", 5, 6)
    array([0, 4, 1, 2, 1])
    >>> bool((streams.below("dice", 5, 6) == Streams("example").below("dice", 5, 6)).all())
    True
    """

    seed: str

    def raw(self, name: str, n: int) -> npt.NDArray[np.uint64]:
        """Raw 64-bit words of the stream called `name`.

        Parameters
        ----------
        name : str
            Name of the stream.
        n : int
            How many words, 0 or more.

        Returns
        -------
        numpy.ndarray
            Shape (n,), uint64.
        """
        start = int.from_bytes(hashlib.sha256(f"{self.seed}|{name}".encode()).digest(), "big")
        return np.asarray(np.random.PCG64(start).random_raw(n), dtype=np.uint64).reshape(n)

    def below(self, name: str, n: int, bound: int | Ints) -> Ints:
        """Whole numbers from 0 up to, not including, `bound`.

        Parameters
        ----------
        name : str
            Name of the stream.
        n : int
            How many numbers.
        bound : int or numpy.ndarray
            Upper bound, 1 to 2**32; one for all or one for each.

        Returns
        -------
        numpy.ndarray
            Shape (n,), int64.
        """
        high = self.raw(name, n) >> np.uint64(32)
        return ((high * np.asarray(bound, dtype=np.uint64)) >> np.uint64(32)).astype(np.int64)

    def uniform(self, name: str, n: int) -> Floats:
        """Numbers between 0 and 1, both excluded, in steps of 2**-53.

        Parameters
        ----------
        name : str
            Name of the stream.
        n : int
            How many numbers.

        Returns
        -------
        numpy.ndarray
            Shape (n,), float64.
        """
        return ((self.raw(name, n) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def normal(self, name: str, n: int) -> Floats:
        """Standard normal numbers: the inverse distribution function of `uniform`.

        Parameters
        ----------
        name : str
            Name of the stream.
        n : int
            How many numbers.

        Returns
        -------
        numpy.ndarray
            Shape (n,), float64.
        """
        return np.asarray(ndtri(self.uniform(name, n)), dtype=np.float64)

    def weighted(self, name: str, weights: npt.ArrayLike, rows: int | Ints) -> Ints:
        """Places in a table of weights, each drawn in proportion to its weight.

        Parameters
        ----------
        name : str
            Name of the stream.
        weights : array_like of int
            Shape (k,): one table for all draws; or (r, k): one table in each row.
        rows : int or numpy.ndarray
            With one table, the number of draws; with many, the row of `weights` for each draw.

        Returns
        -------
        numpy.ndarray
            Place 0 to k - 1 of each draw, int64.

        Examples
        --------
        >>> Streams("example").weighted("coin", [1, 3], 6)
        array([1, 1, 1, 1, 1, 1])
        """
        table = np.asarray(weights, dtype=np.int64)
        row: Ints
        if table.ndim == 1:
            row, table = np.zeros(int(np.asarray(rows)), dtype=np.int64), table[None, :]
        else:
            row = np.asarray(rows, dtype=np.int64)
        totals = table.sum(axis=1)
        drawn = self.below(name, len(row), totals[row]) + (np.cumsum(totals) - totals)[row]
        place = np.searchsorted(np.cumsum(table.ravel()), drawn, side="right")
        return np.asarray(place - row * table.shape[1], dtype=np.int64)

    def from_pairs(self, name: str, pairs: list[list[int]], n: int) -> Ints:
        """Values drawn from a list of (value, weight) pairs.

        Parameters
        ----------
        name : str
            Name of the stream.
        pairs : list of [value, weight]
            The table.
        n : int
            How many values.

        Returns
        -------
        numpy.ndarray
            Shape (n,), int64.
        """
        values = np.array([value for value, _ in pairs], dtype=np.int64)
        return np.asarray(values[self.weighted(name, [weight for _, weight in pairs], n)])

    def pick(self, name: str, candidates: Ints, k: int) -> Ints:
        """Exactly `k` of the candidates (all of them if there are fewer), in rising order.

        Parameters
        ----------
        name : str
            Name of the stream.
        candidates : numpy.ndarray
            What to choose from, each once.
        k : int
            How many.

        Returns
        -------
        numpy.ndarray
            The chosen candidates, sorted.

        Examples
        --------
        >>> import numpy as np
        >>> Streams("example").pick("three", np.arange(10), 3)
        array([3, 5, 6])
        """
        order = np.argsort(self.raw(name, len(candidates)), kind="stable")
        return np.sort(candidates[order[: max(k, 0)]])
