"""The order in which a sample and its reserve are released: any first part is spread over the strata."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inputs import as_numbers, as_strata, check_n
from .permanent import shifted_prn

__all__ = ["reserve_order"]


def reserve_order(
    prn: ArrayLike,
    n: ArrayLike,
    reserve: ArrayLike,
    *,
    start: float = 0.0,
    stratum: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Draw by permanent random numbers, and put the sample and its reserve in the order of release.

    Parameters
    ----------
    prn : array_like
        Shape (N,): permanent random numbers in [0, 1).
    n : int or array_like of int
        Sample size; with `stratum` shape (H,), one for each stratum.
    reserve : int or array_like of int
        Units that follow in each stratum, like `n`.
    start : float, default 0
        Starting point on the circle, in [0, 1).
    stratum : array_like of int, optional
        Shape (N,): stratum code of each unit, 0 to H - 1.

    Returns
    -------
    ndarray of int64
        Shape (sum n + sum reserve,): positions in the order of release, not rising: first the sample of
        `srs_prn` with the same arguments, then the reserve.

    Raises
    ------
    SamplingError
        As `srs_prn`, or more in sample and reserve than there are.

    Notes
    -----
    The k-th unit of stratum h (k = 0, 1, ... by number) has the priority (k + 1/2) / n_h, smallest first, and
    the same for the reserve with its own sizes; of equal ones the stratum of lower code goes first. So after
    m releases stratum h has had near m n_h / n of them (Sainte-Laguë), as a pilot of the first 50 needs. In
    each stratum any first part is a simple random sample.

    Examples
    --------
    >>> reserve_order([0.1, 0.2, 0.3, 0.4, 0.5], [2, 1], [1, 0], stratum=[0, 0, 0, 1, 1]).tolist()
    [0, 3, 1, 2]
    """
    numbers = shifted_prn(prn, start)
    sizes, more = np.atleast_1d(as_numbers(n)), np.atleast_1d(as_numbers(reserve))
    codes = np.zeros(len(numbers), dtype=np.int64)
    if stratum is not None:
        codes = as_strata(stratum, len(numbers), len(sizes))
    counts = np.bincount(codes, minlength=len(sizes)).tolist()
    if len(more) != len(sizes) or len(counts) != len(sizes):
        as_strata(np.nan)  # refused: not one sample size and one reserve for each stratum
    for size, extra, count in zip(sizes.tolist(), more.tolist(), counts, strict=True):
        check_n(extra, count - check_n(size, count))
    order = np.lexsort((numbers, codes))
    strata = codes[order]
    place = np.arange(len(order)) - np.searchsorted(strata, strata)
    taken = place < sizes[strata]
    kept = place < (sizes + more)[strata]
    step = np.where(taken, place, place - sizes[strata])
    priority = (step + 0.5) / np.maximum(np.where(taken, sizes[strata], more[strata]), 1.0)
    released = np.lexsort((strata, priority, ~taken))
    return order[released[kept[released]]].astype(np.int64)
