"""The design with the fewest samples that has given inclusion probabilities."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import EDGE, part

__all__ = ["minimum_support", "support_joint", "supported"]


def minimum_support(pik: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a sample of fixed size by the minimum support method.

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
    At most N samples can be drawn at all, so most pairs never are and the variance cannot be estimated
    without bias: a yardstick for other methods and for rules on few clusters, not for a survey of persons.
    See `supported` for the samples.

    References
    ----------
    Deville and Tillé (1998), Biometrika 85, 89-101, section 4.1.

    Examples
    --------
    >>> minimum_support([0.5, 0.5, 1.0], rng=np.random.default_rng(2)).tolist()
    [0, 2]
    """
    parts = part(pik)
    if parts.n == 0:
        return parts.certain
    return parts.joined(next(drawn for drawn, share in _splits(parts.pik, parts.n) if rng.random() < share))


def supported(pik: NDArray[np.float64], n: int) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Samples that can be drawn by the minimum support method, and their probabilities.

    Parameters
    ----------
    pik : ndarray
        Shape (N,): inclusion probabilities strictly between 0 and 1 that sum to `n`.
    n : int
        Sample size.

    Returns
    -------
    members : ndarray of bool
        Shape (S, N), S at most N: the units of each sample.
    chances : ndarray of float64
        Shape (S,): probabilities that sum to 1.

    Notes
    -----
    The n units with the largest probabilities are a sample, of probability
    min(the least of theirs, 1 - the greatest of the others). Taken out, it leaves probabilities of the same
    kind, of which at least one more is 0 or 1; and so on.

    References
    ----------
    Deville and Tillé (1998), Biometrika 85, 89-101, section 4.1.

    Examples
    --------
    >>> supported(np.array([0.25, 0.75]), 1)[1].tolist()
    [0.75, 0.25]
    """
    members, chances, weight = [], [], 1.0
    for drawn, share in _splits(pik, n):
        members.append(np.isin(np.arange(len(pik)), drawn))
        chances.append(weight * share)
        weight *= 1 - share
    return np.array(members), np.array(chances)


def _splits(pik: NDArray[np.float64], n: int) -> Iterator[tuple[NDArray[np.int64], float]]:
    """Units of one sample after the other, with its share of what those before have left; the last is 1."""
    left = pik * (n / pik.sum())
    for turn in range(len(pik)):
        order = np.argsort(-left, kind="stable")
        inside, outside = order[:n], order[n:]
        share = min(float(left[inside[-1]]), 1.0 - float(left[outside[0]]))
        if share > 1 - EDGE or turn == len(pik) - 1:
            yield inside, 1.0
            return
        yield inside, share
        left[inside] -= share
        left = np.clip(left / (1 - share), 0.0, 1.0)


def support_joint(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Joint inclusion probabilities of the minimum support method.

    Parameters
    ----------
    pik : ndarray
        Shape (N,): inclusion probabilities strictly between 0 and 1 that sum to `n`.
    n : int
        Sample size.

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric; the diagonal holds `pik`.

    Examples
    --------
    >>> support_joint(np.array([0.5, 0.5]), 1).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    members, chances = supported(pik, n)
    return np.asarray((members.T * chances) @ members)
