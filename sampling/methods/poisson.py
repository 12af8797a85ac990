"""Poisson sampling and probability-proportional-to-size sampling with replacement."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import as_pik, inclusion_probabilities
from .inputs import check_n, uniforms

__all__ = ["poisson", "pps_with_replacement"]


def poisson(
    pik: ArrayLike, *, rng: np.random.Generator | None = None, prn: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Take each unit on its own with its own probability: the sample size is random.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities; their sum, the expected size, need not be whole.
    rng : numpy.random.Generator, optional
        Source of randomness; this or `prn`.
    prn : array_like, optional
        Shape (N,): permanent random numbers in [0, 1): units with low ones are drawn in every survey.

    Returns
    -------
    ndarray of int64
        Rising positions of the units drawn.

    Raises
    ------
    SamplingError
        Not probabilities, or not one source of numbers.

    Notes
    -----
    pi_ij = pi_i pi_j; the size has expectation sum(pi) and variance sum(pi (1 - pi)).

    Examples
    --------
    >>> poisson([0.0, 1.0, 1.0], rng=np.random.default_rng(1)).tolist()
    [1, 2]
    """
    values = as_pik(pik)
    return np.flatnonzero(uniforms(len(values), rng, prn) < values)


def pps_with_replacement(size: ArrayLike, n: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw `n` times, each time one unit with probability proportional to size.

    Parameters
    ----------
    size : array_like
        Shape (N,): size of each unit, 0 or more.
    n : int
        Draws.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions, a unit as often as it was drawn.

    Raises
    ------
    SamplingError
        Sizes that are missing, negative, infinite or all 0, or `n` not a whole number.

    Notes
    -----
    Multinomial sampling. Expected draws of a unit: n x_i / sum(x). Its inclusion probability:
    1 - (1 - x_i / sum(x))^n.

    References
    ----------
    Hansen and Hurwitz (1943), Annals of Mathematical Statistics 14.

    Examples
    --------
    >>> pps_with_replacement([0, 3], 2, rng=np.random.default_rng(1)).tolist()
    [1, 1]
    """
    if check_n(n) == 0:
        return np.flatnonzero(inclusion_probabilities(size, 0))
    edges = np.cumsum(inclusion_probabilities(size, 1))
    return np.searchsorted(edges / edges[-1], np.sort(rng.random(int(n))), side="right")
