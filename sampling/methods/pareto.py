"""Pareto sampling: the n smallest of ranked uniform numbers."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import part
from .inputs import uniforms

__all__ = ["pareto"]


def pareto(
    pik: ArrayLike, *, rng: np.random.Generator | None = None, prn: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Draw a sample of fixed size by Pareto order sampling.

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
    The n smallest of Q_i = (u_i / (1 - u_i)) / (pi_i / (1 - pi_i)). The true probabilities come near the
    target ones, the nearer the larger n is; ``joint_inclusion("pareto", pik)`` gives them. For exact ones use
    `sampford`, `tille` or `conditional_poisson`.

    References
    ----------
    Rosén (1997), Journal of Statistical Planning and Inference 62.

    Examples
    --------
    >>> pareto([1.0, 0.0, 1.0], rng=np.random.default_rng(1)).tolist()
    [0, 2]
    """
    parts = part(pik)
    if parts.n == 0:
        return parts.certain
    u = uniforms(len(np.asarray(pik)), rng, prn)[parts.free]
    ranks = u * (1 - parts.pik) / ((1 - u) * parts.pik)
    return parts.joined(np.argpartition(ranks, parts.n - 1)[: parts.n])
