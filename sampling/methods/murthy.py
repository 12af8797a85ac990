"""Murthy's draw of two units without replacement, each draw proportional to size, and what it comes to."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import inclusion_probabilities
from .inputs import as_numbers

__all__ = ["murthy", "murthy_inclusion", "murthy_joint"]


def murthy(size: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw two units, the second proportional to size among those that are left.

    Parameters
    ----------
    size : array_like
        Shape (N,): size of each unit, 0 or more, at least two of them above 0.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (2,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        Sizes that are missing, negative or infinite, or fewer than two units with a size.

    Notes
    -----
    METHOD=PPS_MURTHY of SURVEYSELECT. With z the share of the total, unit i first and j second have
    z_i z_j / (1 - z_i). Inclusion probabilities are `murthy_inclusion`, not proportional to size.

    References
    ----------
    Murthy (1957), Sankhyā 18, 379-390; Cochran (1977), Sampling Techniques, section 9A.11.

    Examples
    --------
    >>> murthy([0, 3, 1], rng=np.random.default_rng(1)).tolist()
    [1, 2]
    """
    shares = _shares(size)
    first = _one(shares, rng)
    left = shares.copy()
    left[first] = 0.0
    return np.sort(np.array([first, _one(left, rng)], dtype=np.int64))


def _one(sizes: NDArray[np.float64], rng: np.random.Generator) -> int:
    """One unit with probability proportional to size."""
    edges = np.cumsum(sizes)
    return int(np.searchsorted(edges / edges[-1], rng.random(), side="right"))


def murthy_inclusion(size: ArrayLike) -> NDArray[np.float64]:
    """Inclusion probabilities of `murthy`.

    Parameters
    ----------
    size : array_like
        Shape (N,): size of each unit, 0 or more, at least two of them above 0.

    Returns
    -------
    ndarray of float64
        Shape (N,): probabilities that sum to 2.

    Raises
    ------
    SamplingError
        As `murthy`.

    Notes
    -----
    pi_i = z_i (1 + K - z_i / (1 - z_i)), K the sum of z / (1 - z).

    References
    ----------
    Cochran (1977), Sampling Techniques, section 9A.11.

    Examples
    --------
    >>> murthy_inclusion([1, 1, 2]).round(6).tolist()
    [0.583333, 0.583333, 0.833333]
    """
    shares = _shares(size)
    odds = shares / (1 - shares)
    return np.asarray(shares * (1 + odds.sum() - odds))


def murthy_joint(size: ArrayLike) -> NDArray[np.float64]:
    """Joint inclusion probabilities of `murthy`: the probability of each sample.

    Parameters
    ----------
    size : array_like
        Shape (N,): size of each unit, 0 or more, at least two of them above 0.

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric; `murthy_inclusion` on the diagonal.

    Raises
    ------
    SamplingError
        As `murthy`.

    Notes
    -----
    pi_ij = z_i z_j (2 - z_i - z_j) / ((1 - z_i) (1 - z_j)).

    References
    ----------
    Cochran (1977), Sampling Techniques, section 9A.11.

    Examples
    --------
    >>> murthy_joint([1, 1, 2]).round(6)[0].tolist()
    [0.583333, 0.166667, 0.416667]
    """
    shares = _shares(size)
    second = np.multiply.outer(shares / (1 - shares), shares)
    joint = second + second.T
    np.fill_diagonal(joint, murthy_inclusion(size))
    return joint


def _shares(size: ArrayLike) -> NDArray[np.float64]:
    """Shares of the total, at least two of them above 0."""
    inclusion_probabilities(size, 2)  # refuses sizes that are none, and fewer than two units with a size
    sizes = as_numbers(size)
    return np.asarray(sizes / sizes.max() / (sizes / sizes.max()).sum())
