"""Co-ordination of samples by permanent random numbers on the circle of 0 to 1."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .inclusion import as_pik
from .inputs import as_numbers, as_strata, check_n, check_repeats, uniforms

__all__ = [
    "collocated",
    "cotton_hesse",
    "expected_overlap",
    "rotation_sample",
    "shifted_prn",
    "srs_prn",
]


def shifted_prn(prn: ArrayLike, start: float) -> NDArray[np.float64]:
    """Permanent random numbers seen from a starting point of the circle.

    Parameters
    ----------
    prn : array_like
        Shape (N,): permanent random numbers in [0, 1).
    start : float
        Starting point in [0, 1).

    Returns
    -------
    ndarray of float64
        Shape (N,): how far each number lies after the starting point, in [0, 1).

    Raises
    ------
    SamplingError
        A number outside [0, 1).

    Notes
    -----
    Give the result to `poisson`, `pareto`, `sequential_poisson` or `successive` as `prn`: one starting point
    for two surveys keeps as many units as may be (positive co-ordination), starting points far apart as few
    (negative). Inclusion probabilities are those of the method, whatever the starting point.

    References
    ----------
    Ohlsson (1995), Coordination of samples using permanent random numbers, Business Survey Methods, 153-169.

    Examples
    --------
    >>> shifted_prn([0.25, 0.75], 0.5).tolist()
    [0.75, 0.25]
    """
    numbers = uniforms(np.size(prn), None, prn)
    point = uniforms(1, None, [start])[0]
    away = np.where(numbers >= point, numbers - point, numbers - point + 1.0)
    return np.asarray(
        np.minimum(away, np.nextafter(1.0, 0.0))
    )  # a number just before the point is not the point itself


def srs_prn(
    prn: ArrayLike, n: ArrayLike, *, start: float = 0.0, stratum: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Draw the units whose permanent random numbers come first after a starting point.

    Parameters
    ----------
    prn : array_like
        Shape (N,): permanent random numbers in [0, 1).
    n : int or array_like of int
        Sample size; with `stratum` shape (H,), one for each stratum.
    start : float, default 0
        Starting point on the circle, in [0, 1).
    stratum : array_like of int, optional
        Shape (N,): stratum code of each unit, 0 to H - 1.

    Returns
    -------
    ndarray of int64
        Shape (sum n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        Numbers outside [0, 1), codes that do not fit, or more to draw than there are.

    Notes
    -----
    Simple random sampling by stratum, pi_i = n_h / N_h, where the numbers are independent and uniform and
    the starting point does not depend on them. The order of the frame plays no part but for equal numbers,
    where the earlier unit comes first. JALES, the Swedish SAMU and the Australian synchronised sampling are
    of this kind.

    References
    ----------
    Ohlsson (1995), Coordination of samples using permanent random numbers, Business Survey Methods, 153-169.

    Examples
    --------
    >>> srs_prn([0.1, 0.9, 0.5, 0.7], 2, start=0.6).tolist()
    [1, 3]
    """
    numbers = shifted_prn(prn, start)
    codes, sizes = _strata(stratum, n, len(numbers))
    return np.flatnonzero(_ranks(numbers, codes) < sizes[codes])


def rotation_sample(
    prn: ArrayLike, n: ArrayLike, *, panels: int, occasion: int, stratum: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Sample of one occasion of a survey in which one panel is replaced each time.

    Parameters
    ----------
    prn : array_like
        Shape (N,): permanent random numbers in [0, 1).
    n : int or array_like of int
        Sample size; with `stratum` shape (H,), one for each stratum.
    panels : int
        Panels P, 1 or more: a unit stays for P occasions.
    occasion : int
        0 for the first survey, 1 for the second and so on.
    stratum : array_like of int, optional
        Shape (N,): stratum code of each unit, 0 to H - 1.

    Returns
    -------
    ndarray of int64
        Shape (sum n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        As `srs_prn`, or counts that are none.

    Notes
    -----
    The units of rank floor(t n / P) to floor(t n / P) + n - 1 by their numbers, counted round the stratum.
    Two occasions d apart share n (1 - d / P) units (to one) while the frame stays, and pi_i = n_h / N_h.
    Where units come and go, ranks move: then take `srs_prn` with a starting point that moves by
    n_h / (N_h P) each time.

    References
    ----------
    Ohlsson (1995), Coordination of samples using permanent random numbers, Business Survey Methods, 153-169.

    Examples
    --------
    >>> [rotation_sample([0.1, 0.3, 0.5, 0.7], 2, panels=2, occasion=t).tolist() for t in range(3)]
    [[0, 1], [1, 2], [2, 3]]
    """
    numbers = shifted_prn(prn, 0.0)
    codes, sizes = _strata(stratum, n, len(numbers))
    counts = np.maximum(np.bincount(codes, minlength=len(sizes)), 1)
    begin = (check_n(occasion) * sizes) // check_repeats(panels)
    return np.flatnonzero((_ranks(numbers, codes) - begin[codes]) % counts[codes] < sizes[codes])


def cotton_hesse(prn: ArrayLike, n: ArrayLike, *, stratum: ArrayLike | None = None) -> NDArray[np.float64]:
    """Numbers for the next survey, exchanged so that the units of this one come last.

    Parameters
    ----------
    prn : array_like
        Shape (N,): random numbers of this survey, in [0, 1); its sample has the `n` smallest.
    n : int or array_like of int
        Sample size; with `stratum` shape (H,), one for each stratum.
    stratum : array_like of int, optional
        Shape (N,): stratum code of each unit in this survey, 0 to H - 1.

    Returns
    -------
    ndarray of float64
        Shape (N,): the same numbers within each stratum; the unit of rank r takes that of rank r - n_h,
        counted round.

    Raises
    ------
    SamplingError
        As `srs_prn`.

    Notes
    -----
    Numbers that were independent and uniform stay so, since who changes with whom depends on ranks alone.
    So the next survey may have other strata, and its sample avoids this one as far as its sizes allow.

    References
    ----------
    Cotton and Hesse (1992), Tirages coordonnés d'échantillons, INSEE, Document de travail E9206.

    Examples
    --------
    >>> cotton_hesse([0.1, 0.3, 0.5, 0.7], 1).tolist()
    [0.7, 0.1, 0.3, 0.5]
    """
    numbers = shifted_prn(prn, 0.0)
    codes, sizes = _strata(stratum, n, len(numbers))
    order = np.lexsort((numbers, codes))
    counts = np.maximum(np.bincount(codes, minlength=len(sizes)), 1)
    starts = np.searchsorted(codes[order], np.arange(len(sizes)))
    ranks = (_ranks(numbers, codes) - sizes[codes]) % counts[codes]
    return numbers[order[starts[codes] + ranks]] if len(numbers) else numbers


def collocated(
    prn: ArrayLike, *, rng: np.random.Generator, stratum: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Permanent random numbers spaced evenly, so that a Poisson sample hardly varies in size.

    Parameters
    ----------
    prn : array_like
        Shape (N,): permanent random numbers in [0, 1).
    rng : numpy.random.Generator
        Source of the one number that shifts all of a stratum.
    stratum : array_like of int, optional
        Shape (N,): stratum code of each unit, 0 to H - 1.

    Returns
    -------
    ndarray of float64
        Shape (N,): (rank + u) / N_h in each stratum, in the order of the numbers; for `poisson`.

    Raises
    ------
    SamplingError
        Numbers outside [0, 1), or codes that do not fit.

    Notes
    -----
    Each number alone is still uniform, so pi_i stays as given; with equal probabilities p the size in each
    stratum is one of the two whole numbers beside p N_h. Take the numbers from here for each survey anew from
    the same permanent ones: the order, and so the overlap, stays.

    References
    ----------
    Brewer, Early and Hanif (1984), Poisson, modified Poisson and collocated sampling, Journal of Statistical
    Planning and Inference 10, 15-30.

    Examples
    --------
    >>> spaced = collocated([0.2, 0.9, 0.5, 0.4], rng=np.random.default_rng(1))
    >>> np.sort(spaced).round(3).tolist()
    [0.128, 0.378, 0.628, 0.878]
    """
    numbers = shifted_prn(prn, 0.0)
    codes = as_strata(np.zeros(len(numbers)) if stratum is None else stratum, len(numbers))
    counts = np.bincount(codes, minlength=1)
    return np.asarray((_ranks(numbers, codes) + rng.random(len(counts))[codes]) / counts[codes])


def expected_overlap(first: ArrayLike, second: ArrayLike, *, start: float = 0.0, other: float = 0.0) -> float:
    """Expected number of units that two Poisson samples with the same permanent numbers share.

    Parameters
    ----------
    first, second : array_like
        Shape (N,): inclusion probabilities of the two surveys; 0 where a unit is not in the frame.
    start, other : float, default 0
        Starting points of the first and of the second survey, in [0, 1).

    Returns
    -------
    float
        Between the sums of max(0, pi + pi' - 1) and of min(pi, pi').

    Raises
    ------
    SamplingError
        Probabilities or starting points that are none, or not the same units.

    Notes
    -----
    A unit is in both where its number lies on both arcs, [start, start + pi) and [other, other + pi'). For
    samples of fixed size by order sampling it is nearly that.

    Examples
    --------
    >>> expected_overlap([0.5, 0.5], [0.25, 0.5]), expected_overlap([0.5, 0.5], [0.25, 0.5], other=0.5)
    (0.75, 0.0)
    """
    pik, pik_other = as_pik(first), as_pik(second)
    if pik.shape != pik_other.shape:
        raise SamplingError(
            "SAM-METHOD-OVERLAP",
            _("The inclusion probabilities of two surveys must be of the same units."),
            hint=_("Put both on one list of units, with 0 for those that a survey cannot draw."),
        )
    gap = shifted_prn([other], start)[0]
    straight = np.maximum(np.minimum(pik, gap + pik_other) - gap, 0.0)
    return float(np.sum(straight + np.clip(np.minimum(pik, gap + pik_other - 1.0), 0.0, None)))


def _strata(
    stratum: ArrayLike | None, n: ArrayLike, units: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Codes, and a sample size for each stratum that it can give."""
    numbers = np.atleast_1d(as_numbers(n))
    codes = np.zeros(units, dtype=np.int64) if stratum is None else as_strata(stratum, units, len(numbers))
    if stratum is None and numbers.shape != (1,):
        as_strata(np.nan)  # refused: several sizes, but no strata
    counts = np.bincount(codes, minlength=len(numbers)).tolist()
    sizes = [check_n(size, count) for size, count in zip(numbers.tolist(), counts, strict=True)]
    return codes, np.array(sizes, dtype=np.int64)


def _ranks(numbers: NDArray[np.float64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rank of each unit in its stratum, 0 on; of equal numbers the earlier unit comes first."""
    order = np.lexsort((numbers, codes))
    ranks = np.empty(len(numbers), dtype=np.int64)
    within = np.arange(len(numbers)) - np.searchsorted(codes[order], codes[order])
    ranks[order] = within
    return ranks
