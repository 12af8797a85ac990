"""Joint expectations of Chromy's sequential method, exact, by the chain that its walk is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .chromy import WHOLE

__all__ = ["sequential_joint"]

LARGEST: Final = 600
"""Most units: time goes with the cube of their number (some seconds at 600)."""


def sequential_joint(hits: NDArray[np.float64], *, counted: bool) -> NDArray[np.float64]:
    """Joint probabilities or joint expected hits of `chromy`.

    Parameters
    ----------
    hits : ndarray
        Shape (N,): expected hits, 0 or more, with a whole sum.
    counted : bool
        Expected product of the hits of each pair (the diagonal: of the square); else the probability that
        both are drawn (the diagonal: that the unit is).

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric.

    Raises
    ------
    SamplingError
        More than 600 units.

    Notes
    -----
    The total so far is the whole part of the cumulated sum or one above, a chain of two states; the hits of
    a unit are the step of the total. For each start (with its probability) the products of the 2 by 2
    transition matrices between two units give their joint expectation; all starts go side by side.

    References
    ----------
    Chromy (1979), Proceedings of the Survey Research Methods Section, ASA, 401-406.

    Examples
    --------
    >>> sequential_joint(np.array([0.5, 0.5, 1.0]), counted=False).round(6).tolist()
    [[0.5, 0.0, 0.5], [0.0, 0.5, 0.5], [0.5, 0.5, 1.0]]
    """
    count = len(hits)
    if count > LARGEST:
        raise SamplingError(
            "SAM-METHOD-JOINT-SIZE",
            _("The population is too large for the joint probabilities of Chromy's method."),
            hint=_("Use simulate_joint with many draws, or the variance of a systematic sample."),
        )
    starts = np.flatnonzero(hits)
    weight = hits[starts] / hits.sum()
    joint, marginal = np.zeros((count, count)), np.zeros(count)
    at = np.zeros((len(starts), 2))
    at[:, 0] = 1.0  # no hit yet: none above the whole part
    so_far = np.zeros(
        (len(starts), count, 2)
    )  # by place in the walk: the mean of a unit's value, by state now
    for place, (step, value) in enumerate(_transitions(hits, starts, counted)):
        units = (starts + place) % count
        reached = (step * value).sum(axis=2)  # mean of the value, by state before
        earlier = (starts[:, None] + np.arange(place)) % count
        pairs = np.einsum("sqa,sa->sq", so_far[:, :place], reached) * weight[:, None]
        joint[earlier, units[:, None]] += pairs
        marginal[units] += weight * np.einsum("sa,sab,sab->s", at, step, value**2)
        so_far[:, :place] = np.einsum("sqa,sab->sqb", so_far[:, :place], step)
        so_far[:, place] = np.einsum("sa,sab->sb", at, step * value)
        at = np.einsum("sa,sab->sb", at, step)
    joint = joint + joint.T
    np.fill_diagonal(joint, marginal)
    return joint


def _transitions(
    hits: NDArray[np.float64], starts: NDArray[np.int64], counted: bool
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """For each place of the walk: chances of (state before, state after) and what the unit then counts.

    Shapes (S, 2, 2); state 1 is one hit above the whole part.
    """
    count = len(hits)
    sums = np.cumsum(hits[(starts[:, None] + np.arange(count)) % count], axis=1)
    near = np.rint(sums)
    sums = np.where(np.abs(sums - near) < WHOLE, near, sums)
    whole = np.floor(sums)
    parts = np.hstack([np.zeros((len(starts), 1)), sums - whole])
    wholes = np.hstack([np.zeros((len(starts), 1)), whole])
    result = []
    for place in range(count):
        up = np.stack(_up(parts[:, place], parts[:, place + 1]), axis=1)
        step = np.stack([1 - up, up], axis=2)
        base = (wholes[:, place + 1] - wholes[:, place])[:, None, None]
        value = np.maximum(base + np.array([[0.0, 1.0], [-1.0, 0.0]]), 0.0)
        result.append((step, value if counted else np.minimum(value, 1.0)))
    return result


def _up(
    before: NDArray[np.float64], now: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`hit_chance` for the two states before, on arrays."""
    not_above = np.where(now > before, (now - before) / (1.0 - before), 0.0)
    above = np.where(now >= before, 1.0, now / np.where(before > 0, before, 1.0))
    return not_above, above
