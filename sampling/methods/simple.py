"""Simple random samples: without and with replacement, by stratum, and Bernoulli."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import as_pik
from .inputs import as_numbers, as_strata, check_n, check_units, uniforms

__all__ = ["bernoulli", "srs", "srs_with_replacement", "stratified_srs"]


def srs(units: int, n: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a simple random sample without replacement.

    Parameters
    ----------
    units : int
        Population size N.
    n : int
        Sample size, 0 to N.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        `n` is not a whole number from 0 to N.

    Notes
    -----
    pi_i = n / N and pi_ij = n (n - 1) / (N (N - 1)).

    Examples
    --------
    >>> srs(4, 4, rng=np.random.default_rng(1)).tolist()
    [0, 1, 2, 3]
    """
    size = check_n(n, check_units(units))
    return np.sort(rng.choice(int(units), size, replace=False, shuffle=False)).astype(np.int64)


def srs_with_replacement(units: int, n: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a simple random sample with replacement.

    Parameters
    ----------
    units : int
        Population size N.
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
        `n` is not a whole number, or negative; or there is nobody to draw.

    Notes
    -----
    Expected draws of a unit: n / N. Its inclusion probability: 1 - (1 - 1 / N)^n.

    Examples
    --------
    >>> srs_with_replacement(1, 3, rng=np.random.default_rng(1)).tolist()
    [0, 0, 0]
    """
    size = check_n(n, None if check_units(units) else 0)
    return np.sort(rng.integers(0, max(int(units), 1), size))


def bernoulli(
    units: int,
    probability: float,
    *,
    rng: np.random.Generator | None = None,
    prn: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Take each unit on its own with the same probability: the sample size is random.

    Parameters
    ----------
    units : int
        Population size N.
    probability : float
        From 0 to 1.
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
        The probability is not between 0 and 1, the number of units is none, or not one source of numbers.

    Notes
    -----
    pi_i = p and pi_ij = p^2; the size is binomial with expectation N p.

    Examples
    --------
    >>> bernoulli(3, 1.0, rng=np.random.default_rng(1)).tolist()
    [0, 1, 2]
    """
    chance = as_pik(np.atleast_1d(probability))[:1]
    return np.flatnonzero(uniforms(check_units(units), rng, prn) < chance)


def stratified_srs(stratum: ArrayLike, n: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a simple random sample without replacement in each stratum.

    Parameters
    ----------
    stratum : array_like of int
        Shape (N,): stratum code of each unit, 0 to H - 1.
    n : array_like of int
        Shape (H,): sample size of each stratum.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (sum n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        A stratum code without a sample size, or a stratum with fewer units than its sample size.

    Notes
    -----
    pi_i = n_h / N_h; for two units of one stratum pi_ij = n_h (n_h - 1) / (N_h (N_h - 1)), for units of two
    strata pi_i pi_j.

    Examples
    --------
    >>> stratified_srs([1, 0, 1, 0], [2, 0], rng=np.random.default_rng(1)).tolist()
    [1, 3]
    """
    sizes = np.atleast_1d(as_numbers(n))
    codes = as_strata(stratum, strata=len(sizes))
    small = codes.astype(np.int16 if len(sizes) < 2**15 else np.int64)  # 16 bits are sorted by counting
    order, counts = np.argsort(small, kind="stable"), np.bincount(codes, minlength=len(sizes))
    starts = np.cumsum(counts) - counts
    drawn = [
        order[start + rng.choice(count, check_n(size, count), replace=False, shuffle=False)]
        for start, count, size in zip(starts.tolist(), counts.tolist(), sizes.tolist(), strict=True)
        if size
    ]
    return np.sort(np.concatenate(drawn)).astype(np.int64) if drawn else np.zeros(0, dtype=np.int64)
