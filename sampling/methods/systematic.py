"""Systematic samples: equal steps through an order, or steps through cumulated inclusion probabilities."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .inclusion import part
from .inputs import as_numbers, check_n, check_units, isna

__all__ = ["pps_systematic", "serpentine", "systematic"]


def serpentine(keys: Sequence[ArrayLike]) -> NDArray[np.int64]:
    """Order of units by several keys, each key running up and down in turn.

    Parameters
    ----------
    keys : sequence of array_like
        Keys, the outermost first, each of shape (N,).

    Returns
    -------
    ndarray of int64
        Shape (N,): positions of the units in serpentine order; ties keep the order they came in.

    Raises
    ------
    SamplingError
        No key, keys of different lengths, or a missing value.

    Notes
    -----
    The inner key runs up in the first group of the outer keys, down in the second, up in the third: where one
    group ends, the next begins with a like unit. A systematic sample of this order is stratified implicitly.

    Examples
    --------
    >>> serpentine([["a", "a", "b", "b"], [1, 2, 1, 2]]).tolist()
    [0, 1, 3, 2]
    """
    columns = [np.asarray(key) for key in keys]
    shape = columns[0].shape if columns else ()
    if len(shape) != 1 or any(column.shape != shape or isna(column).any() for column in columns):
        raise SamplingError(
            "SAM-METHOD-KEYS",
            _("Keys to sort by must be columns of one length without missing values, at least one of them."),
            hint=_("Give each key one value for each unit, the outermost key first."),
        )
    group = np.zeros(shape, dtype=np.int64)
    for column in columns:
        values, codes = np.unique(column, return_inverse=True)
        turned = np.where(group % 2 == 0, codes, len(values) - 1 - codes)
        group = np.unique(group * len(values) + turned, return_inverse=True)[1].astype(np.int64)
    return np.argsort(group, kind="stable").astype(np.int64)


def systematic(
    units: int, n: int, *, rng: np.random.Generator, order: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Draw every (N / n)-th unit after a random start, with the same probability for all.

    Parameters
    ----------
    units : int
        Population size N.
    n : int
        Sample size, 0 to N.
    rng : numpy.random.Generator
        Source of randomness.
    order : array_like of int, optional
        Shape (N,): order to walk through, such as `serpentine` gives; as they come where left out.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        `n` is not a whole number from 0 to N, or the order does not hold each unit once.

    Notes
    -----
    The interval is a fraction: position k is floor((u + k) N / n), u uniform on [0, 1). So the size is `n`
    and pi_i = n / N for every N and n.

    Examples
    --------
    >>> len(systematic(10, 4, rng=np.random.default_rng(1)))
    4
    """
    size = check_n(n, check_units(units))
    walk = None if order is None else _as_order(order, int(units))
    steps = (rng.random() + np.arange(size)) * (units / max(size, 1))
    places = np.minimum(steps.astype(np.int64), units - 1)
    return places if walk is None else np.sort(walk[places])


def _as_order(order: ArrayLike, units: int) -> NDArray[np.int64]:
    """An order that holds each position once."""
    numbers = as_numbers(order)
    if numbers.shape != (units,) or not np.array_equal(np.sort(numbers), np.arange(units)):
        raise SamplingError(
            "SAM-METHOD-ORDER",
            _("An order must hold each position from 0 to N - 1 once."),
            hint=_("Take it from serpentine, or from an argsort of the frame."),
        )
    return numbers.astype(np.int64)


def pps_systematic(
    pik: ArrayLike, *, rng: np.random.Generator, randomised: bool = False
) -> NDArray[np.int64]:
    """Draw systematically with given inclusion probabilities.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities that sum to a whole number.
    rng : numpy.random.Generator
        Source of randomness.
    randomised : bool, default False
        Bring the units into random order first, so that nearly all pairs can be drawn.

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
    Unit i is drawn when one of u, u + 1, ... lies in [V_(i-1), V_i), V the cumulated probabilities.

    References
    ----------
    Madow (1949), Annals of Mathematical Statistics 20; Hartley and Rao (1962), same journal 33 (randomised).

    Examples
    --------
    >>> pps_systematic([1.0, 0.0, 1.0], rng=np.random.default_rng(1)).tolist()
    [0, 2]
    """
    parts = part(pik)
    if parts.n == 0:
        return parts.certain
    order = rng.permutation(len(parts.pik)) if randomised else np.arange(len(parts.pik))
    edges = np.cumsum(parts.pik[order])
    edges[-1] = parts.n
    hits = np.searchsorted(edges, rng.random() + np.arange(parts.n), side="right")
    return parts.joined(order[np.minimum(hits, len(order) - 1)])
