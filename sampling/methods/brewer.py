"""Brewer's method, one draw after another, for any sample size."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import Parts, part

__all__ = ["brewer", "brewer_chances"]

PROPOSALS: Final = 100
"""Expected proposals above which all units are listed instead: both then take about the same time."""
BLOCK: Final = 512
"""Random numbers taken at a time."""
NEAR_ONE: Final = 1e-12
"""Least divisor: where rounding makes less of it, all units that are left are nearly certain, and listed."""


def brewer_chances(pik: NDArray[np.float64], drawn: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Probability of each unit to be the next one drawn.

    Parameters
    ----------
    pik : ndarray
        Shape (N,): inclusion probabilities strictly between 0 and 1 that sum to n.
    drawn : ndarray of bool
        Shape (N,): units drawn so far, fewer than n.

    Returns
    -------
    ndarray of float64
        Shape (N,): probabilities that sum to 1, 0 for units drawn.

    Notes
    -----
    With r units still to draw and a = n - sum of the drawn pi: proportional to pi (a - pi) / (a - r pi).

    References
    ----------
    Brewer (1975), Australian Journal of Statistics 17.

    Examples
    --------
    >>> brewer_chances(np.full(4, 0.5), np.array([True, False, False, False])).round(2).tolist()
    [0.0, 0.33, 0.33, 0.33]
    """
    left = float(pik[~drawn].sum())
    chance = np.zeros(len(pik))
    draws = round(float(pik.sum())) - int(drawn.sum())
    open_ = pik[~drawn]
    chance[~drawn] = open_ * (left - open_) / (left - draws * open_) if draws > 1 else open_
    return np.asarray(chance / chance.sum())


def brewer(pik: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a sample of fixed size by Brewer's method.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities that sum to a whole number n.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        Not probabilities, or their sum is not a whole number.

    Notes
    -----
    A unit is proposed with probability proportional to pi among all and accepted in proportion to
    (a - pi) / (a - r pi), which is largest for the largest unit that is left: the law of `brewer_chances`
    without listing all units at each step. Where few proposals would be accepted, they are listed.

    References
    ----------
    Brewer (1975), Australian Journal of Statistics 17; Tillé (2006), Sampling Algorithms, section 6.4.

    Examples
    --------
    >>> len(brewer([0.5, 0.5, 0.4, 0.6], rng=np.random.default_rng(1)))
    2
    """
    parts = part(pik)
    drawn = np.zeros(len(parts.pik), dtype=np.bool_)
    if parts.n:
        _draw(parts, drawn, rng)
    return parts.joined(np.flatnonzero(drawn))


def _draw(parts: Parts, drawn: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Draw n units one after the other, marking them in `drawn`."""
    sizes, edges = parts.pik.tolist(), np.cumsum(parts.pik)
    ranked, largest, left = np.argsort(-parts.pik, kind="stable").tolist(), 0, float(edges[-1])
    listed, chances = edges.tolist(), _uniforms(rng)
    for draws in range(parts.n, 0, -1):
        while drawn[ranked[largest]]:
            largest += 1
        most = _factor(sizes[ranked[largest]], left, draws)
        unit = -1
        while unit < 0 and most * listed[-1] < PROPOSALS * left:
            unit = bisect_right(listed, next(chances) * listed[-1], hi=len(listed) - 1)
            if next(chances) * most >= _factor(sizes[unit], left, draws) or drawn[unit]:
                unit = -1
        if unit < 0:
            steps = np.cumsum(brewer_chances(parts.pik, drawn))
            unit = int(np.searchsorted(steps, next(chances) * steps[-1], side="right"))
        drawn[unit] = True
        left -= sizes[unit]


def _factor(size: float, left: float, draws: int) -> float:
    """Chance of a unit to be the next, over its inclusion probability, up to a constant."""
    return (left - size) / max(left - draws * size, NEAR_ONE) if draws > 1 else 1.0


def _uniforms(rng: np.random.Generator) -> Iterator[float]:
    """Uniform random numbers without end."""
    while True:
        yield from rng.random(BLOCK).tolist()
