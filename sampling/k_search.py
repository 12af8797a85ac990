"""The search for the least coarse classes of at least k persons: whole columns first, then single classes.

Levels of a variable are numbered in an order in which neighbours may be joined; a group of levels is a run.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ints", "join_classes", "recode", "recoding_loss", "small_persons"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def small_persons(counts: Ints, starts: Sequence[Ints], k: int) -> int:
    """Count the persons in classes of fewer than k.

    Parameters
    ----------
    counts : ndarray of int64
        Persons, one axis a variable, shape (levels of the first, …).
    starts : sequence of ndarray of int64
        For each variable the first level of each group, ascending from 0.
    k : int
        Persons that a class holds at least.

    Returns
    -------
    int
        Persons.

    Examples
    --------
    >>> counts = np.array([[9, 1], [2, 8]])
    >>> both = np.array([0, 1])
    >>> small_persons(counts, [both, both], 5), small_persons(counts, [np.array([0]), both], 5)
    (3, 0)
    """
    for axis, first in enumerate(starts):
        counts = np.add.reduceat(counts, first, axis=axis)
    return int(counts[counts < k].sum())


def recoding_loss(margin: Ints, start: Ints, price: float) -> float:
    """Say what a recoding of one variable loses.

    Parameters
    ----------
    margin : ndarray of int64
        Persons of each level, shape (levels,).
    start : ndarray of int64
        First level of each group.
    price : float
        Loss where all levels are one.

    Returns
    -------
    float
        0 to `price`.

    Notes
    -----
    The mean over persons of price (w - 1) / (L - 1): w levels in the group of the person, L levels in all.

    Examples
    --------
    >>> recoding_loss(np.array([5, 5, 10]), np.array([0, 2]), 1.0)
    0.25
    """
    if len(margin) < 2:
        return 0.0
    width = np.diff(np.append(start, len(margin)))
    share = np.add.reduceat(margin, start) / margin.sum()
    return float(price * (share * (width - 1)).sum() / (len(margin) - 1))


def recode(counts: Ints, k: int, prices: Sequence[float], allowed: float, searched: int) -> list[Ints]:
    """Find the recoding of whole columns that loses least.

    Parameters
    ----------
    counts : ndarray of int64
        As in `small_persons`; no level is empty, all together at least k persons.
    k : int
        Persons that a class holds at least.
    prices : sequence of float
        As in `recoding_loss`, one a variable.
    allowed : float
        Persons who may be left in smaller classes.
    searched : int
        Up to so many recodings are compared; beyond, the join with most persons helped for its loss is taken,
        one after the other.

    Returns
    -------
    list of ndarray of int64
        For each variable the first level of each group.

    Examples
    --------
    >>> counts = np.array([[9, 1], [2, 8]])
    >>> [start.tolist() for start in recode(counts, 5, [1.0, 2.0], 0, 100)]
    [[0], [0, 1]]
    """
    margins = [
        counts.sum(axis=tuple(other for other in range(counts.ndim) if other != axis))
        for axis in range(counts.ndim)
    ]
    if sum(counts.shape) - counts.ndim > np.log2(searched):
        return _one_at_a_time(counts, k, prices, allowed, margins)
    each = [
        [(recoding_loss(margin, start, price), start) for start in _all_starts(len(margin))]
        for margin, price in zip(margins, prices, strict=True)
    ]
    whole = sorted(product(*each), key=lambda chosen: sum(loss for loss, _start in chosen))
    found = ([start for _loss, start in chosen] for chosen in whole)
    return next(starts for starts in found if small_persons(counts, starts, k) <= allowed)


def join_classes(low: Ints, high: Ints, persons: Ints, k: int, prices: Floats) -> tuple[Ints, Ints]:
    """Join the smallest class with the nearest one, until all have k persons.

    Parameters
    ----------
    low, high : ndarray of int64
        First and last level of each class and variable, shape (classes, variables).
    persons : ndarray of int64
        Persons of each class, shape (classes,); all together at least k.
    k : int
        Persons that a class holds at least.
    prices : ndarray of float64
        Loss of one more level, shape (variables,).

    Returns
    -------
    tuple of ndarray of int64
        First and last levels of the class into which each class went, shapes (classes, variables).

    Notes
    -----
    Joined classes get the shortest runs of levels that hold both. The nearest class is the one whose join
    loses least: persons times prices times added levels, of both sides.

    Examples
    --------
    >>> low = np.array([[0], [1], [2]])
    >>> first, last = join_classes(low, low, np.array([9, 2, 3]), 5, np.array([1.0]))
    >>> first.ravel().tolist(), last.ravel().tolist()
    ([0, 1, 1], [0, 2, 2])
    """
    low, high, persons = low.copy(), high.copy(), persons.astype(np.int64)
    goes = np.arange(len(persons))  # where the persons of each first class are now; others' counts are 0
    while True:
        alive = np.flatnonzero(persons)
        small = alive[np.argmin(persons[alive])]
        if persons[small] >= k:
            return low[goes], high[goes]
        first = np.minimum(low[alive], low[small])
        last = np.maximum(high[alive], high[small])
        mine = ((low[small] - first + last - high[small]) * prices).sum(axis=1) * persons[small]
        theirs = ((low[alive] - first + last - high[alive]) * prices).sum(axis=1) * persons[alive]
        place = int(np.argmin(np.where(alive == small, np.inf, mine + theirs)))
        low[small], high[small] = first[place], last[place]
        same = (low[alive] == low[small]).all(axis=1) & (high[alive] == high[small]).all(axis=1)
        joined = np.union1d(alive[same], [alive[place], small])
        total = persons[joined].sum()
        persons[joined] = 0
        persons[small] = total
        goes[np.isin(goes, joined)] = small


def _all_starts(levels: int) -> Iterator[Ints]:
    """Every cut of a run of levels into runs, the finest first."""
    for cuts in range(levels - 1, -1, -1):
        for chosen in combinations(range(1, levels), cuts):
            yield np.array([0, *chosen], dtype=np.int64)


def _one_at_a_time(
    counts: Ints, k: int, prices: Sequence[float], allowed: float, margins: Sequence[Ints]
) -> list[Ints]:
    starts = [np.arange(levels) for levels in counts.shape]
    while (small := small_persons(counts, starts, k)) > allowed:
        tried = []
        for axis, start in enumerate(starts):
            before = recoding_loss(margins[axis], start, prices[axis])
            for cut in range(1, len(start)):
                fewer = np.delete(start, cut)
                loss = recoding_loss(margins[axis], fewer, prices[axis]) - before
                helped = small - small_persons(counts, [*starts[:axis], fewer, *starts[axis + 1 :]], k)
                tried.append((-helped / loss, loss, axis, cut))
        _worth, _loss, axis, cut = min(tried)
        starts[axis] = np.delete(starts[axis], cut)
    return starts
