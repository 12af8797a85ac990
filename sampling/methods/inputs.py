"""Checks at the door of the selection methods: numbers, counts, strata, random numbers."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

__all__ = ["as_numbers", "as_strata", "check_n", "check_repeats", "check_units", "isna", "uniforms"]


def as_numbers(values: ArrayLike) -> NDArray[np.float64]:
    """Numbers as an array of their own; whatever is no number becomes NaN.

    Parameters
    ----------
    values : array_like
        Numbers, of any shape.

    Returns
    -------
    ndarray of float64
        A copy; one NaN where the whole is not numbers (text, even of digits; dates; rows of unequal length),
        so that the check of its range refuses it.

    Examples
    --------
    >>> as_numbers([1, None]).tolist(), as_numbers(["a"]).tolist()
    ([1.0, nan], nan)
    """
    try:
        given = np.asarray(values)
        text = given.dtype.kind == "O" and any(isinstance(value, str) for value in given.ravel())
        if given.dtype.kind in "biufO" and not text:
            return np.array(values, dtype=np.float64)
        return np.array(np.nan)
    except (TypeError, ValueError):
        return np.array(np.nan)


def isna(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which values are missing: NaN, NaT, None or NA.

    Parameters
    ----------
    values : ndarray
        Labels or numbers of any kind and shape.

    Returns
    -------
    ndarray of bool
        The same shape.

    Examples
    --------
    >>> isna(np.array(["a", None], dtype=object)).tolist()
    [False, True]
    """
    import pandas as pd

    return np.asarray(pd.isna(values), dtype=np.bool_)


def as_strata(stratum: ArrayLike, units: int | None = None, strata: int | None = None) -> NDArray[np.int64]:
    """Stratum codes, checked.

    Parameters
    ----------
    stratum : array_like of int
        Shape (N,): stratum code of each unit, 0 to H - 1.
    units : int, optional
        N, where it is known.
    strata : int, optional
        H, where it is known.

    Returns
    -------
    ndarray of int64
        Shape (N,).

    Raises
    ------
    SamplingError
        Not one column of whole numbers from 0 to H - 1, or not one for each unit.

    Examples
    --------
    >>> as_strata([1, 0]).tolist()
    [1, 0]
    """
    numbers = as_numbers(stratum)
    fits = numbers.ndim == 1 and (units is None or len(numbers) == units)
    below = np.inf if strata is None else strata
    if not fits or not np.all((numbers >= 0) & (numbers < below) & (numbers == np.floor(numbers))):
        raise SamplingError(
            "SAM-METHOD-STRATUM",
            _("Each stratum code must have a sample size."),
            hint=_("Number strata from 0, and give one sample size for each, 0 where none is drawn."),
        )
    return numbers.astype(np.int64)


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
    if not _is_count(n) or (most is not None and n > most):
        raise SamplingError(
            "SAM-METHOD-N",
            _("The sample size must be a whole number from 0 to the number of units that can be drawn."),
            hint=_("Lower n, or look for units of size 0."),
        )
    return int(n)


def check_units(units: int) -> int:
    """Population size, checked.

    Parameters
    ----------
    units : int
        Units there are, 0 or more.

    Returns
    -------
    int
        `units`.

    Raises
    ------
    SamplingError
        Not a whole number, or negative.

    Examples
    --------
    >>> check_units(3)
    3
    """
    if not _is_count(units):
        raise SamplingError(
            "SAM-METHOD-UNITS",
            _("The number of units must be a whole number, 0 or more."),
            hint=_("Give the number of rows of the frame."),
        )
    return int(units)


def check_repeats(times: int) -> int:
    """How often something is done, checked.

    Parameters
    ----------
    times : int
        1 or more.

    Returns
    -------
    int
        `times`.

    Raises
    ------
    SamplingError
        Not a whole number, or below 1.

    Examples
    --------
    >>> check_repeats(3)
    3
    """
    if not _is_count(times) or times < 1:
        raise SamplingError(
            "SAM-METHOD-REPEATS",
            _("Numbers of draws, panels and replicates must be whole numbers, 1 or more."),
            hint=_("Give 1 or more."),
        )
    return int(times)


def _is_count(value: object) -> bool:
    """Whether it is one whole number, 0 or more."""
    numbers = as_numbers(value)  # type: ignore[arg-type]
    return numbers.ndim == 0 and bool(np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers)))


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
    numbers = as_numbers([] if prn is None else prn)
    if rng is not None or numbers.shape != (count,) or not np.all((numbers >= 0) & (numbers < 1)):
        raise SamplingError(
            "SAM-METHOD-PRN",
            _("Give either a generator or one permanent random number from 0 to below 1 for each unit."),
            hint=_("Look for missing numbers, and for numbers in another order than the units."),
        )
    return numbers
