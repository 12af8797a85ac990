"""Systematic draws (系統抽出・等間隔抽出) whose start follows from the seed: on arrays."""

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sampling.methods.systematic import serpentine
from sampling.selection import Selection

__all__ = ["SYSTEMATIC_RULE", "places_in_strata", "systematic_in_strata"]

SYSTEMATIC_RULE: Final = "hyohon systematic v1"
DIGITS: Final = 13


def places_in_strata(strata: NDArray[np.int64], keys: Sequence[ArrayLike]) -> NDArray[np.int64]:
    """Give each person a place in the order of the stratum: by the keys, up and down in turn.

    Parameters
    ----------
    strata : ndarray of int64
        Shape (N,): stratum of each person, 0 to H - 1.
    keys : sequence of array_like
        Keys of shape (N,), the outermost first; none: the order given. Ties keep the order given.

    Returns
    -------
    ndarray of int64
        Shape (N,): 0, 1, 2, … within each stratum.

    Notes
    -----
    Each key runs up in one group of the keys before it and down in the next (`sampling.methods.serpentine`),
    so neighbours in the order are alike, and a systematic draw is stratified by the keys implicitly.

    Examples
    --------
    >>> places_in_strata(np.array([0, 0, 1, 0]), [["b", "a", "a", "c"]]).tolist()
    [1, 0, 0, 2]
    """
    places = np.empty(len(strata), dtype=np.int64)
    by_stratum = np.argsort(strata, kind="stable")
    for members in np.split(by_stratum, np.flatnonzero(np.diff(strata[by_stratum])) + 1):
        order = serpentine([np.asarray(key)[members] for key in keys]) if keys else slice(None)
        places[members[order]] = np.arange(len(members))
    return places


def systematic_in_strata(
    strata: NDArray[np.int64],
    places: NDArray[np.int64],
    sizes: NDArray[np.int64],
    names: Sequence[str],
    seed: str,
) -> Selection:
    """Draw in each stratum at equal steps from a start that follows from the seed.

    Parameters
    ----------
    strata : ndarray of int64
        Shape (N,): stratum of each person, 0 to H - 1.
    places : ndarray of int64
        Shape (N,): from `places_in_strata`.
    sizes : ndarray of int64
        Shape (H,): persons to draw from each, at most those it has.
    names : sequence of str
        Names of the strata.
    seed : str
        The seed of the draw.

    Returns
    -------
    Selection
        ``sizes.sum()`` persons by stratum and place; the thresholds are "".

    Notes
    -----
    Places floor((u + k) N / n), k = 0 … n - 1, with u = x / 16^13 and x the first 13 hex digits of
    SHA-256("hyohon systematic v1|" + seed + "|" + stratum), in whole numbers: exactly n persons, each with
    probability n / N whether or not the step N / n is whole.

    Examples
    --------
    >>> strata = np.zeros(10, dtype=np.int64)
    >>> systematic_in_strata(strata, np.arange(10), np.array([4]), ["all"], "1").positions.tolist()
    [0, 2, 5, 7]
    """
    order = np.lexsort((places, strata))
    counts = np.bincount(strata, minlength=len(sizes))
    firsts = np.cumsum(counts) - counts
    taken: list[int] = []
    for stratum, (name, size) in enumerate(zip(names, sizes.tolist(), strict=True)):
        whole = 16**DIGITS
        text = f"{SYSTEMATIC_RULE}|{seed}|{name}"
        chance = int(hashlib.sha256(text.encode()).hexdigest()[:DIGITS], 16)
        count, first = int(counts[stratum]), int(firsts[stratum])
        taken += [first + (chance + step * whole) * count // (size * whole) for step in range(size)]
    return Selection(order[taken].astype(np.int64), ("",) * len(sizes))
