"""Midzuno's method for any inclusion probabilities: the complement of an elimination."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import as_pik
from .tille import tille

__all__ = ["midzuno"]


def midzuno(pik: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a sample of fixed size by the generalised Midzuno method.

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
    The units that Tillé's elimination leaves out when run with 1 - pi. Where every pi is at least
    (n - 1) / (N - 1) this is Midzuno's own method: one unit by size, the others by simple random sampling.

    References
    ----------
    Midzuno (1952), Annals of the Institute of Statistical Mathematics 3.
    Deville and Tillé (1998), Biometrika 85.

    Examples
    --------
    >>> len(midzuno([0.5, 0.5, 0.4, 0.6], rng=np.random.default_rng(1)))
    2
    """
    values = as_pik(pik)
    left_out = tille(1.0 - values, rng=rng)
    return np.setdiff1d(np.arange(len(values)), left_out, assume_unique=True).astype(np.int64)
