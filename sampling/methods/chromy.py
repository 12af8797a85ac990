"""Chromy's sequential sampling with probability proportional to size and minimum replacement."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .inclusion import SUM_TOLERANCE
from .inputs import as_numbers

__all__ = ["as_hits", "chromy", "hit_chance"]

WHOLE: Final = 1e-9
"""A cumulated sum this near to a whole number is one: above the rounding of long sums."""


def hit_chance(before: float, now: float, extra: bool) -> float:
    """Probability that the hits so far are one above the whole part of the cumulated sum.

    Parameters
    ----------
    before, now : float
        Fractional parts of the cumulated expected hits up to the last unit and with this one.
    extra : bool
        Whether the hits up to the last unit were one above the whole part.

    Returns
    -------
    float
        The probability.

    References
    ----------
    Chromy (1979), Proceedings of the Survey Research Methods Section, ASA, 401-406.

    Examples
    --------
    >>> hit_chance(0.5, 0.75, False), hit_chance(0.5, 0.25, True)
    (0.5, 0.5)
    """
    if extra:
        return 1.0 if now >= before else now / before
    return (now - before) / (1.0 - before) if now > before else 0.0


def chromy(hits: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw sequentially with minimum replacement along the order of the units.

    Parameters
    ----------
    hits : array_like
        Shape (N,): expected hits of each unit, 0 or more, with a whole sum n: n x_i / sum(x), or inclusion
        probabilities.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions; a unit with h expected hits comes floor(h) or ceil(h) times.

    Raises
    ------
    SamplingError
        Hits that are missing or negative, or their sum is not a whole number.

    Notes
    -----
    The walk starts at a unit drawn by its hits and goes round, so that nearly all pairs can be drawn. At each
    unit the total so far is the whole part of the cumulated sum or one above, with `hit_chance`.

    References
    ----------
    Chromy (1979), Proceedings of the Survey Research Methods Section, ASA, 401-406.

    Examples
    --------
    >>> chromy([2.0, 0.0, 1.0], rng=np.random.default_rng(1)).tolist()
    [0, 0, 2]
    """
    expected = as_hits(hits)
    if round(expected.sum()) == 0:
        return np.zeros(0, dtype=np.int64)
    edges = np.cumsum(expected)
    start = int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))
    order = np.roll(np.arange(len(expected)), -start)
    return np.repeat(np.arange(len(expected)), _walk(expected[order], rng)[np.argsort(order)]).astype(
        np.int64
    )


def as_hits(hits: ArrayLike) -> NDArray[np.float64]:
    """Expected hits, checked.

    Parameters
    ----------
    hits : array_like
        Shape (N,): expected hits, 0 or more, with a whole sum.

    Returns
    -------
    ndarray of float64
        Shape (N,): a copy.

    Raises
    ------
    SamplingError
        Hits that are missing or negative, or their sum is not a whole number.

    Examples
    --------
    >>> as_hits([1.5, 0.5]).tolist()
    [1.5, 0.5]
    """
    expected = as_numbers(hits)
    good = expected.ndim == 1 and bool(np.all(np.isfinite(expected) & (expected >= 0)))
    if not good or abs(expected.sum() - round(expected.sum())) > SUM_TOLERANCE:
        raise SamplingError(
            "SAM-METHOD-HITS",
            _("Expected hits must be one column of numbers, 0 or more, with a whole sum."),
            hint=_("Compute them as n times the size over the sum of the sizes."),
        )
    return expected


def _walk(expected: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Hits of each unit on one way round, in the order of the walk."""
    sums = np.cumsum(expected)
    sums[-1] = round(float(sums[-1]))
    near = np.rint(sums)
    sums = np.where(np.abs(sums - near) < WHOLE, near, sums)
    whole = np.floor(sums)
    extra, before, above = False, 0.0, []
    for now, u in zip((sums - whole).tolist(), rng.random(len(sums)).tolist(), strict=True):
        extra = u < hit_chance(before, now, extra)
        above.append(extra)
        before = now
    return np.asarray(np.diff(whole + np.array(above), prepend=0.0), dtype=np.int64)
