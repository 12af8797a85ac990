"""Conditional Poisson sampling: fixed size, maximum entropy and the inclusion probabilities asked for."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .inclusion import Parts, as_pik, part
from .spectrum import blocks, spectrum

__all__ = [
    "conditional_inclusion",
    "conditional_joint",
    "conditional_poisson",
    "rejective",
    "working_probabilities",
]

STEPS: Final = 200
"""Steps of the solver: it needs fewer than ten where the variance of the size is above 1."""

CLOSE: Final = 1e-13
"""Largest error left in an inclusion probability: the rounding of the sums themselves."""

FURTHEST: Final = 4.0
"""Longest change of a logit in one step."""

TINY: Final = 1e-15
"""Least variance of an indicator that is divided by."""

NEWTON: Final = 300
"""Units up to which the full Newton step is taken; with more, its diagonal is as good."""


def conditional_inclusion(p: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Inclusion probabilities of Poisson sampling given that the size is `n`.

    Parameters
    ----------
    p : ndarray
        Shape (N,): working probabilities strictly between 0 and 1, with a sum near `n`.
    n : int
        Sample size.

    Returns
    -------
    ndarray of float64
        Shape (N,).

    Notes
    -----
    pi_i = p_i P(size without i = n - 1) / P(size = n).

    Examples
    --------
    >>> conditional_inclusion(np.array([0.5, 0.5, 0.5]), 1).round(12).tolist()
    [0.333333333333, 0.333333333333, 0.333333333333]
    """
    circle = spectrum(p)
    pi, total = np.empty(len(p)), circle.at(n).real.sum()
    for units, factor in blocks(p, circle.z):
        pi[units] = p[units] * ((1.0 / factor) @ circle.at(n - 1)).real / total
    return pi


def conditional_joint(p: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Joint inclusion probabilities of Poisson sampling given that the size is `n`.

    Parameters
    ----------
    p : ndarray
        Shape (N,): working probabilities strictly between 0 and 1, with a sum near `n`.
    n : int
        Sample size.

    Returns
    -------
    ndarray of float64
        Shape (N, N); the diagonal holds nothing of use.

    Notes
    -----
    pi_ij = p_i p_j P(size without i and j = n - 2) / P(size = n).

    Examples
    --------
    >>> float(conditional_joint(np.array([0.5, 0.5, 0.5]), 2)[0, 1].round(12))
    0.333333333333
    """
    circle = spectrum(p)
    inverse = 1.0 / (1.0 + p[:, None] * (circle.z - 1.0))
    pairs = ((inverse * circle.at(n - 2)) @ inverse.T).real
    return np.asarray(np.outer(p, p) * pairs / circle.at(n).real.sum())


def _step(
    p: NDArray[np.float64], pi: NDArray[np.float64], gap: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Change of the logits that closes the gap: Newton's, or its diagonal where units are many."""
    variance = np.maximum(pi * (1 - pi), TINY)
    if len(p) > NEWTON:
        return np.asarray(gap / variance)
    covariance = conditional_joint(p, n) - np.outer(pi, pi)
    np.fill_diagonal(covariance, variance)
    # scaled to correlations; the logits are known but for a constant, which the added rank one fixes
    root = np.sqrt(variance)
    correlation = covariance / np.outer(root, root) + np.outer(root, root) / variance.sum()
    return np.asarray(np.linalg.solve(correlation, gap / root) / root)


def working_probabilities(pik: ArrayLike) -> NDArray[np.float64]:
    """Poisson probabilities that give the wanted inclusion probabilities once the size is fixed.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities that sum to a whole number n.

    Returns
    -------
    ndarray of float64
        Shape (N,): working probabilities; the odds of units that are not certain are unique up to a factor.

    Raises
    ------
    SamplingError
        Not probabilities, or the solver does not arrive (a probability much too near to 0 or 1).

    Notes
    -----
    Newton's iteration on the logits; the derivative is the covariance of the inclusion indicators. It is the
    maximum of a concave likelihood, so there is one answer.

    References
    ----------
    Chen, Dempster and Liu (1994), Biometrika 81.

    Examples
    --------
    >>> working_probabilities([0.5, 0.5]).round(12).tolist()
    [0.5, 0.5]
    """
    parts, working = part(pik), as_pik(pik)
    if parts.n:
        working[parts.free] = _solve(parts)
    return working


def _solve(parts: Parts) -> NDArray[np.float64]:
    """Working probabilities of the free units. A solver loop, longer for the step back after one too far."""
    target, logit = parts.pik, np.log(parts.pik / (1 - parts.pik))
    goal = target * (parts.n / target.sum())  # the sum may be off by its tolerance
    p, before, pace = target, np.inf, 1.0
    best = logit
    for _turn in range(STEPS):
        pi = conditional_inclusion(p, parts.n)
        gap = goal - pi
        error = float(np.max(np.abs(gap)))
        if error < CLOSE:
            return p
        if error < before:
            before, best, step, pace = error, logit, _step(p, pi, gap, parts.n), min(1.0, 2 * pace)
        else:
            pace /= 4  # too far: back to the best point, and a shorter step from there
            if before < 100 * CLOSE and pace < 1e-3:
                return np.asarray(1 / (1 + np.exp(-best)))
        logit = best + np.clip(pace * step, -FURTHEST, FURTHEST)
        p = 1 / (1 + np.exp(-logit))
    raise SamplingError(
        "SAM-METHOD-SOLVER",
        _("No working probabilities were found for conditional Poisson sampling."),
        hint=_("Take units with a probability near 1 with certainty, or use sampford or tille."),
    )


def rejective(p: NDArray[np.float64], n: int, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw Poisson samples until one has size `n`.

    Parameters
    ----------
    p : ndarray
        Shape (N,): working probabilities with a sum near `n`.
    n : int
        Sample size.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions.

    Notes
    -----
    About sqrt(2 pi V) samples are drawn, V the variance of the size of a Poisson sample.

    References
    ----------
    Hájek (1964), Annals of Mathematical Statistics 35.

    Examples
    --------
    >>> len(rejective(np.array([0.5, 0.5, 0.5]), 2, rng=np.random.default_rng(1)))
    2
    """
    while True:
        drawn = rng.random(len(p)) < p
        if np.count_nonzero(drawn) == n:
            return np.flatnonzero(drawn)


def conditional_poisson(pik: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a sample of fixed size with maximum entropy and exact inclusion probabilities.

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
        Not probabilities, their sum is not a whole number, or the solver does not arrive.

    References
    ----------
    Chen, Dempster and Liu (1994), Biometrika 81; Hájek (1981), Sampling from a Finite Population.

    Examples
    --------
    >>> len(conditional_poisson([0.5, 0.5, 0.4, 0.6], rng=np.random.default_rng(1)))
    2
    """
    parts = part(pik)
    if parts.n == 0:
        return parts.certain
    return parts.joined(rejective(working_probabilities(parts.pik), parts.n, rng=rng))
