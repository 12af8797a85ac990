"""Rao-Sampford sampling: exact, by the cheaper of two rejective forms, and its joint probabilities."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import Parts, part
from .spectrum import spectrum

__all__ = ["sampford", "sampford_joint"]

CELLS: Final = 1 << 16
"""Draws made at once by the form with replacement."""


def sampford(pik: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a sample of fixed size by the Rao-Sampford method.

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
    P(s) is proportional to prod(lambda_j) sum(1 - pi_i) over the sample, lambda = pi / (1 - pi). Two exact
    ways: one unit with probability pi / n and n - 1 more with replacement, proportional to lambda, kept if
    all differ (few of many); or one unit with probability pi / n and a Poisson sample of all, kept if that
    has n - 1 units and not the first one (large fractions). The one with fewer random numbers is taken.

    References
    ----------
    Sampford (1967), Biometrika 54; Grafström (2009), Journal of Statistical Planning and Inference 139.

    Examples
    --------
    >>> len(sampford([0.5, 0.5, 0.4, 0.6], rng=np.random.default_rng(1)))
    2
    """
    parts = part(pik)
    if parts.n == 0:
        return parts.certain
    p, n = parts.pik, parts.n
    share = p / (1 - p)
    share /= share.sum()
    different = np.exp(-0.5 * n * (n - 1) * float(np.sum(share**2)))
    variance = float(np.sum(p * (1 - p)))
    sized = variance / n / np.sqrt(1 + 2 * np.pi * variance)
    if n * sized < len(p) * different:
        return parts.joined(
            _with_replacement(parts, share, max(1, min(CELLS // n, int(1 / different) + 1)), rng)
        )
    return parts.joined(_poisson(parts, rng))


def _with_replacement(
    parts: Parts, share: NDArray[np.float64], tries: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Many tries side by side; the first whose units all differ is kept."""
    first, others = np.cumsum(parts.pik), np.cumsum(share)
    first, others = first / first[-1], others / others[-1]
    while True:
        units = np.empty((tries, parts.n), dtype=np.int64)
        units[:, 0] = np.searchsorted(first, rng.random(tries), side="right")
        units[:, 1:] = np.searchsorted(others, rng.random((tries, parts.n - 1)), side="right")
        units.sort(axis=1)
        kept = np.flatnonzero(np.all(units[:, 1:] != units[:, :-1], axis=1))
        if len(kept):
            return np.asarray(units[kept[0]])


def _poisson(parts: Parts, rng: np.random.Generator) -> NDArray[np.int64]:
    """One unit and a Poisson sample, until together they are n different units."""
    edges = np.cumsum(parts.pik)
    edges /= edges[-1]
    while True:
        drawn = rng.random(len(parts.pik)) < parts.pik
        first = np.searchsorted(edges, rng.random(), side="right")
        if np.count_nonzero(drawn) == parts.n - 1 and not drawn[first]:
            drawn[first] = True
            return np.flatnonzero(drawn)


def sampford_joint(p: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Joint inclusion probabilities of Rao-Sampford sampling.

    Parameters
    ----------
    p : ndarray
        Shape (N,): inclusion probabilities strictly between 0 and 1 that sum to `n`.
    n : int
        Sample size.

    Returns
    -------
    ndarray of float64
        Shape (N, N); the diagonal holds nothing of use.

    Notes
    -----
    Sampford's design is a Poisson sample of size n weighted by the sum of 1 - p over its units. With
    A_i = 1 / (1 - p_i + p_i z), g(z) = sum p (1 - p) z A and h_i = (1 - p_i)^2 A_i, the pair (i, j) has the
    generating function phi(z) p_i p_j z^2 A_i A_j (g + h_i + h_j), and all samples phi(z) g(z): no
    alternating sums as in the closed form of 1967, and the same numbers.

    References
    ----------
    Sampford (1967), Biometrika 54.

    Examples
    --------
    >>> float(sampford_joint(np.array([0.5, 0.5, 0.5, 0.5]), 2)[0, 1].round(12))
    0.166666666667
    """
    circle = spectrum(p)
    inverse = 1.0 / (1.0 + p[:, None] * (circle.z - 1.0))
    g = circle.z * ((p * (1 - p)) @ inverse)
    base = circle.at(n - 2)
    half = ((inverse**2 * ((1 - p) ** 2)[:, None]) * base) @ inverse.T
    pairs = ((inverse * (base * g)) @ inverse.T + half + half.T).real
    return np.asarray(np.outer(p, p) * pairs / (circle.at(n) * g).real.sum())
