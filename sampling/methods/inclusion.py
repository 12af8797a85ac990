"""Inclusion probabilities: proportional to size, checked, and parted into certain and free units."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

__all__ = [
    "EDGE",
    "SUM_TOLERANCE",
    "Parts",
    "as_pik",
    "check_n",
    "inclusion_probabilities",
    "part",
    "uniforms",
]

EDGE: Final = 1e-10
"""A probability this near to 0 or 1 counts as decided: far above rounding, far below any use."""

SUM_TOLERANCE: Final = 1e-6
"""How far the sum of the inclusion probabilities may lie from a whole number."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Units that are surely in, and those the draw decides.

    Attributes
    ----------
    certain : ndarray of int64
        Shape (C,): rising positions of the units with probability 1.
    free : ndarray of int64
        Shape (F,): rising positions of the units with probability strictly between 0 and 1.
    pik : ndarray of float64
        Shape (F,): inclusion probabilities of the free units.
    n : int
        Units to be drawn from the free ones.
    """

    certain: NDArray[np.int64]
    free: NDArray[np.int64]
    pik: NDArray[np.float64]
    n: int

    def joined(self, drawn: ArrayLike) -> NDArray[np.int64]:
        """Positions in the population of the certain units and the free ones that were drawn.

        Parameters
        ----------
        drawn : array_like of int
            Positions within `free`.

        Returns
        -------
        ndarray of int64
            Rising positions.

        Examples
        --------
        >>> part([1.0, 0.5, 0.0, 0.5]).joined([1]).tolist()
        [0, 3]
        """
        return np.sort(np.concatenate([self.certain, self.free[np.asarray(drawn, dtype=np.int64)]]))


def as_pik(pik: ArrayLike) -> NDArray[np.float64]:
    """Inclusion probabilities as an array of its own, checked.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1 (off by rounding, at most `EDGE`).

    Returns
    -------
    ndarray of float64
        Shape (N,): a copy, what lies within `EDGE` of 0 or 1 put there.

    Raises
    ------
    SamplingError
        Not one column of numbers from 0 to 1.

    Examples
    --------
    >>> as_pik([0.5, 1.0]).tolist()
    [0.5, 1.0]
    """
    values = np.array(pik, dtype=np.float64)
    if values.ndim != 1 or not np.all((values >= -EDGE) & (values <= 1 + EDGE)):
        raise SamplingError(
            "SAM-METHOD-PIK",
            _("Inclusion probabilities must be one column of numbers from 0 to 1."),
            hint=_("Take certainty units out first, and look for missing values."),
        )
    values[values < EDGE] = 0.0
    values[values > 1 - EDGE] = 1.0
    return values


def part(pik: ArrayLike) -> Parts:
    """Check probabilities of a method with fixed size, and take certain and impossible units out.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1; their sum is a whole number within `SUM_TOLERANCE`.

    Returns
    -------
    Parts
        Certain units, free units and how many of these to draw.

    Raises
    ------
    SamplingError
        Not probabilities, or their sum is not a whole number.

    Examples
    --------
    >>> part([1.0, 0.5, 0.0, 0.5])
    Parts(certain=array([0]), free=array([1, 3]), pik=array([0.5, 0.5]), n=1)
    """
    values = as_pik(pik)
    certain, free = values == 1.0, (values > 0.0) & (values < 1.0)
    total = float(values.sum())
    if abs(total - round(total)) > SUM_TOLERANCE:
        raise SamplingError(
            "SAM-METHOD-SUM",
            _("Inclusion probabilities of a method with fixed size must sum to a whole number."),
            hint=_("Compute them with inclusion_probabilities(size, n)."),
        )
    n = round(total) - int(certain.sum())
    if n in (0, int(free.sum())):  # all that is left is nearly 0 or nearly 1, within the tolerance of the sum
        certain, free, n = certain | (free & (n > 0)), np.zeros_like(free), 0
    return Parts(np.flatnonzero(certain), np.flatnonzero(free), values[free], n)


def check_n(n: int, most: int | None = None) -> int:
    """Sample size, checked.

    Parameters
    ----------
    n : int
        Units to draw.
    most : int, optional
        Units there are, where each can be drawn once.

    Returns
    -------
    int
        `n`.

    Raises
    ------
    SamplingError
        Not a whole number, negative, or more than there are.

    Examples
    --------
    >>> check_n(3, 5)
    3
    """
    if n != int(n) or n < 0 or (most is not None and n > most):
        raise SamplingError(
            "SAM-METHOD-N",
            _("The sample size must be a whole number from 0 to the number of units that can be drawn."),
            hint=_("Lower n, or look for units of size 0."),
        )
    return int(n)


def inclusion_probabilities(size: ArrayLike, n: int) -> NDArray[np.float64]:
    """Inclusion probabilities proportional to size, at most 1.

    Parameters
    ----------
    size : array_like
        Shape (N,): size of each unit, 0 or more; units of size 0 cannot be drawn.
    n : int
        Sample size, 0 to the number of units with a size above 0.

    Returns
    -------
    ndarray of float64
        Shape (N,): probabilities that sum to `n`.

    Raises
    ------
    SamplingError
        A size is missing, negative or infinite, or `n` is more than there are units with a size.

    Notes
    -----
    pi_i = n x_i / sum(x). Units at 1 or above are taken with certainty and the rest is shared among the
    others, until none is left at 1 or above.

    References
    ----------
    Tillé (2006), Sampling Algorithms, section 2.10.

    Examples
    --------
    >>> inclusion_probabilities([1, 1, 2, 16], 2).tolist()
    [0.25, 0.25, 0.5, 1.0]
    """
    sizes = np.asarray(size, dtype=np.float64)
    if sizes.ndim != 1 or not np.all(np.isfinite(sizes) & (sizes >= 0)):
        raise SamplingError(
            "SAM-METHOD-SIZE",
            _("Sizes must be one column of finite numbers, 0 or more."),
            hint=_("Fill missing sizes, or leave those units out of the frame."),
        )
    pik, free = np.zeros(len(sizes)), sizes > 0
    left = check_n(n, int(free.sum()))
    while left > 0:
        pik[free] = left * sizes[free] / sizes[free].sum()
        over = free & (pik >= 1.0)
        if not over.any():
            break
        pik[over], free, left = 1.0, free & ~over, left - int(over.sum())
    pik[free] *= left > 0
    return pik


def uniforms(count: int, rng: np.random.Generator | None, prn: ArrayLike | None) -> NDArray[np.float64]:
    """One number for each unit: permanent ones where given, else fresh ones.

    Parameters
    ----------
    count : int
        Units N.
    rng : numpy.random.Generator or None
        Source of fresh numbers.
    prn : array_like or None
        Shape (N,): permanent random numbers, 0 or more and below 1.

    Returns
    -------
    ndarray of float64
        Shape (N,).

    Raises
    ------
    SamplingError
        Neither or both are given, or the permanent numbers are not one for each unit in [0, 1).

    Examples
    --------
    >>> uniforms(2, None, [0.25, 0.5]).tolist()
    [0.25, 0.5]
    """
    if rng is not None and prn is None:
        return rng.random(count)
    numbers = np.asarray([] if prn is None else prn, dtype=np.float64)
    if rng is not None or numbers.shape != (count,) or not np.all((numbers >= 0) & (numbers < 1)):
        raise SamplingError(
            "SAM-METHOD-PRN",
            _("Give either a generator or one permanent random number from 0 to below 1 for each unit."),
            hint=_("Look for missing numbers, and for numbers in another order than the units."),
        )
    return numbers
