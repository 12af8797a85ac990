"""Inclusion probabilities: proportional to size, checked, and parted into certain and free units."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .inputs import as_numbers, as_strata, check_n

__all__ = [
    "EDGE",
    "SUM_TOLERANCE",
    "Parts",
    "as_pik",
    "check_certain",
    "inclusion_probabilities",
    "part",
    "stratified_inclusion_probabilities",
]

EDGE: Final = 1e-10
"""A probability this near to 0 or 1 counts as decided: far above rounding, far below any use."""

SUM_TOLERANCE: Final = 1e-6
"""How far the sum of the inclusion probabilities may lie from a whole number."""

LARGEST: Final = 1e290
"""Largest size that is summed as it is; larger ones are scaled down."""


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
    values = as_numbers(pik)
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


def inclusion_probabilities(
    size: ArrayLike,
    n: int,
    *,
    certsize: float | None = None,
    certshare: float | None = None,
    minsize: float | None = None,
    maxsize: float | None = None,
) -> NDArray[np.float64]:
    """Inclusion probabilities proportional to size, at most 1.

    Parameters
    ----------
    size : array_like
        Shape (N,): size of each unit, 0 or more; units of size 0 cannot be drawn.
    n : int
        Sample size, 0 to the number of units with a size above 0.
    certsize : float, optional
        Units of at least this size are taken with certainty.
    certshare : float, optional
        Units of at least this share of the total (above 0, at most 1) are taken with certainty; then those
        with at least this share of what is left, and so on.
    minsize, maxsize : float, optional
        Smaller sizes above 0 are raised to the one, larger ones cut to the other, before anything else.

    Returns
    -------
    ndarray of float64
        Shape (N,): probabilities that sum to `n`.

    Raises
    ------
    SamplingError
        A size is missing, negative or infinite, `n` is more than there are units with a size, a limit that
        is none, or more units certain than drawn.

    Notes
    -----
    pi_i = n x_i / sum(x). Units at 1 or above are taken with certainty and the rest is shared among the
    others, until none is left at 1 or above. In SURVEYSELECT: CERTSIZE=, CERTSIZE=P=, MINSIZE=, MAXSIZE=.

    References
    ----------
    Tillé (2006), Sampling Algorithms, section 2.10.

    Examples
    --------
    >>> inclusion_probabilities([1, 1, 2, 16], 2).tolist()
    [0.25, 0.25, 0.5, 1.0]
    >>> inclusion_probabilities([1, 1, 2, 4], 2, certsize=4).tolist()
    [0.25, 0.25, 0.5, 1.0]
    """
    sizes = as_numbers(size)
    if sizes.ndim != 1 or not np.all(np.isfinite(sizes) & (sizes >= 0)):
        raise SamplingError(
            "SAM-METHOD-SIZE",
            _("Sizes must be one column of finite numbers, 0 or more."),
            hint=_("Fill missing sizes, or leave those units out of the frame."),
        )
    _check_limits(certsize, certshare, minsize, maxsize)
    sizes[sizes > 0] = np.clip(sizes[sizes > 0], minsize, maxsize)
    pik, free = np.zeros(len(sizes)), sizes > 0
    left = check_n(n, int(free.sum()))
    certain = np.zeros(len(sizes), dtype=np.bool_) if certsize is None else sizes >= certsize
    sizes /= max(1.0, float(sizes.max(initial=0.0)) / LARGEST)  # so that no sum overflows
    certain = _with_share(sizes, certain, certshare)
    pik[certain], free, left = 1.0, free & ~certain, check_certain(left, int(certain.sum()))
    while left > 0:
        pik[free] = left * (sizes[free] / sizes[free].sum())
        over = free & (pik >= 1.0)
        if not over.any():
            break
        pik[over], free, left = 1.0, free & ~over, left - int(over.sum())
    pik[free] *= left > 0
    return pik


def _check_limits(
    certsize: float | None, certshare: float | None, low: float | None, high: float | None
) -> None:
    """Limits of sizes are numbers above 0 that do not contradict each other."""
    given = as_numbers([limit for limit in (certsize, certshare, low, high) if limit is not None])
    crossed = low is not None and high is not None and low > high
    if not np.all((given > 0) & np.isfinite(given)) or crossed or (certshare is not None and certshare > 1):
        raise SamplingError(
            "SAM-METHOD-LIMITS",
            _("Limits of sizes must be above 0, the least not above the largest, a share at most 1."),
            hint=_("Give certsize, minsize and maxsize in the unit of the sizes, and certshare as a share."),
        )


def _with_share(
    sizes: NDArray[np.float64], certain: NDArray[np.bool_], certshare: float | None
) -> NDArray[np.bool_]:
    """Units that are certain, and those that have the share of what these leave, again and again."""
    while certshare is not None:
        over = ~certain & (sizes > 0) & (sizes >= certshare * sizes[~certain].sum())
        if not over.any():
            break
        certain = certain | over
    return certain


def check_certain(n: int, certain: int) -> int:
    """Units left to draw after the certain ones.

    Parameters
    ----------
    n : int
        Sample size.
    certain : int
        Units taken with certainty.

    Returns
    -------
    int
        `n - certain`.

    Raises
    ------
    SamplingError
        More units are certain than are to be drawn.

    Examples
    --------
    >>> check_certain(5, 2)
    3
    """
    if certain > n:
        raise SamplingError(
            "SAM-METHOD-CERTAIN",
            _("More units are certain than are to be drawn."),
            hint=_("Raise n, or raise certsize or certshare."),
        )
    return n - certain


def stratified_inclusion_probabilities(
    size: ArrayLike, stratum: ArrayLike, n: ArrayLike
) -> NDArray[np.float64]:
    """Inclusion probabilities proportional to size within each stratum.

    Parameters
    ----------
    size : array_like
        Shape (N,): size of each unit, 0 or more.
    stratum : array_like of int
        Shape (N,): stratum code of each unit, 0 to H - 1.
    n : array_like of int
        Shape (H,): sample size of each stratum.

    Returns
    -------
    ndarray of float64
        Shape (N,): probabilities that sum to the sample size in each stratum.

    Raises
    ------
    SamplingError
        As `inclusion_probabilities`, or codes that do not fit the sizes.

    Examples
    --------
    >>> stratified_inclusion_probabilities([1, 3, 2, 2], [0, 0, 1, 1], [1, 2]).tolist()
    [0.25, 0.75, 1.0, 1.0]
    """
    sizes, numbers = np.atleast_1d(as_numbers(size)), np.atleast_1d(as_numbers(n))
    codes = as_strata(stratum, len(sizes), len(numbers))
    pik = np.zeros(len(sizes))
    for code, number in enumerate(numbers.tolist()):
        pik[codes == code] = inclusion_probabilities(sizes[codes == code], number)
    return pik
