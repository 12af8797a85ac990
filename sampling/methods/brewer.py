"""Brewer's method, one draw after another, for any sample size."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import part

__all__ = ["brewer", "brewer_chances"]


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
    for _step in range(parts.n):
        edges = np.cumsum(brewer_chances(parts.pik, drawn))
        drawn[np.searchsorted(edges, rng.random() * edges[-1], side="right")] = True
    return parts.joined(np.flatnonzero(drawn))
