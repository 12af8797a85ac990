"""Order sampling with fixed size by uniform and exponential ranks; the Pareto ranks are in `pareto`."""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import part
from .inputs import uniforms

__all__ = ["OrderKind", "ranked_below", "sequential_poisson", "successive"]

OrderKind = Literal["exponential", "pareto", "uniform"]
"""Distribution of the ranks: that of `successive`, `pareto` and `sequential_poisson`."""

Curve = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def sequential_poisson(
    pik: ArrayLike, *, rng: np.random.Generator | None = None, prn: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Draw a sample of fixed size by sequential Poisson sampling: uniform order sampling.

    Parameters
    ----------
    pik : array_like
        Shape (N,): target inclusion probabilities that sum to a whole number n.
    rng : numpy.random.Generator, optional
        Source of randomness; this or `prn`.
    prn : array_like, optional
        Shape (N,): permanent random numbers in [0, 1): units with low ones are drawn in every survey.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        Not probabilities, their sum is not a whole number, or not one source of numbers.

    Notes
    -----
    The n smallest of u_i / pi_i: Poisson sampling with its threshold moved until the size is n. The true
    probabilities come near the target ones; ``joint_inclusion("sequential_poisson", pik)`` gives them.

    References
    ----------
    Ohlsson (1998), Journal of Official Statistics 14, 149-162.

    Examples
    --------
    >>> sequential_poisson([0.5, 0.5, 1.0], prn=[0.9, 0.2, 0.5]).tolist()
    [1, 2]
    """
    parts = part(pik)
    u = uniforms(len(np.asarray(pik)), rng, prn)[parts.free]
    return parts.joined(np.argsort(u / parts.pik, kind="stable")[: parts.n])


def successive(
    pik: ArrayLike, *, rng: np.random.Generator | None = None, prn: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Draw a sample of fixed size by successive sampling: exponential order sampling.

    Parameters
    ----------
    pik : array_like
        Shape (N,): target inclusion probabilities that sum to a whole number n.
    rng : numpy.random.Generator, optional
        Source of randomness; this or `prn`.
    prn : array_like, optional
        Shape (N,): permanent random numbers in [0, 1): units with low ones are drawn in every survey.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        Not probabilities, their sum is not a whole number, or not one source of numbers.

    Notes
    -----
    The n smallest of log(1 - u_i) / log(1 - pi_i): the same as n draws, each proportional to
    -log(1 - pi) among the units not drawn yet. The true probabilities come near the target ones;
    ``joint_inclusion("successive", pik)`` gives them.

    References
    ----------
    Rosén (1997), Journal of Statistical Planning and Inference 62, 135-158.

    Examples
    --------
    >>> successive([0.5, 0.5, 1.0], prn=[0.9, 0.2, 0.5]).tolist()
    [1, 2]
    """
    parts = part(pik)
    u = uniforms(len(np.asarray(pik)), rng, prn)[parts.free]
    return parts.joined(np.argsort(np.log1p(-u) / np.log1p(-parts.pik), kind="stable")[: parts.n])


def _uniform(pik: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(np.multiply.outer(t, pik), 1.0)


def _exponential(pik: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-np.expm1(np.multiply.outer(t, np.log1p(-pik))))


def _pareto(pik: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.multiply.outer(t, pik) / (1 - pik + np.multiply.outer(t, pik)))


_CURVES: Final[dict[OrderKind, Curve]] = {
    "exponential": _exponential,
    "pareto": _pareto,
    "uniform": _uniform,
}


def ranked_below(kind: OrderKind, pik: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that the rank of each unit lies below each threshold.

    Parameters
    ----------
    kind : {"exponential", "pareto", "uniform"}
        Distribution of the ranks.
    pik : ndarray
        Shape (N,): target inclusion probabilities strictly between 0 and 1.
    t : ndarray
        Shape (L,): thresholds, 0 or more; at 1 each probability is `pik`.

    Returns
    -------
    ndarray of float64
        Shape (L, N).

    Examples
    --------
    >>> ranked_below("pareto", np.array([0.25, 0.5]), np.array([1.0])).tolist()
    [[0.25, 0.5]]
    """
    return _CURVES[kind](pik, t)
