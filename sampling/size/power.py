"""Power and detectable difference of two groups, for proportions and for means.

The groups are independent samples, each with its own design effect and population; the test is the normal
one, and the far tail of a two-sided test is left out, as in R's power.prop.test.
"""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.size.result import check_open, normal_quantile, spread

__all__ = [
    "detectable_two_means",
    "detectable_two_proportions",
    "power_two_means",
    "power_two_proportions",
]

Sides = Literal["two", "one"]
Pair = float | tuple[float, float]
Populations = int | tuple[int | None, int | None] | None


def power_two_proportions(
    n1: ArrayLike,
    n2: ArrayLike,
    p1: ArrayLike,
    p2: ArrayLike,
    *,
    sides: Sides = "two",
    pooled: bool = True,
    N: Populations = None,
    deff: Pair = 1.0,
    level: float = 0.95,
) -> NDArray[np.float64]:
    """Find the power of the test of two proportions for given numbers of answers.

    Parameters
    ----------
    n1, n2 : array_like of float
        Answers of each group, above 0 and at most N.
    p1, p2 : array_like of float
        Proportions, 0 to 1; broadcast with the numbers.
    sides, pooled, N, deff, level
        As in `size_two_proportions`.

    Returns
    -------
    ndarray of float64
        Probabilities Φ((|p2 - p1| - z √V0) / √V1), in the shape of the arguments together.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Examples
    --------
    >>> float(power_two_proportions(77, 77, 0.5, 0.75).round(3))
    0.901
    """
    unit1, unit2 = unit_variances((n1, n2), N, deff, counted=True)
    first, second = np.asarray(p1, np.float64), np.asarray(p2, np.float64)
    check_open("p1", first, 0, 1)
    check_open("p2", second, 0, 1)
    one = first * (1 - first) * unit1 + second * (1 - second) * unit2
    sizes = np.asarray(n1, np.float64), np.asarray(n2, np.float64)
    mean = (sizes[0] * first + sizes[1] * second) / (sizes[0] + sizes[1])
    none = mean * (1 - mean) * (unit1 + unit2) if pooled else one
    return _power(np.abs(second - first), none, one, level, sides)


def power_two_means(
    n1: ArrayLike,
    n2: ArrayLike,
    difference: ArrayLike,
    *,
    sd: Pair,
    sides: Sides = "two",
    N: Populations = None,
    deff: Pair = 1.0,
    level: float = 0.95,
) -> NDArray[np.float64]:
    """Find the power of the test of two means for given numbers of answers.

    Parameters
    ----------
    n1, n2 : array_like of float
        Answers of each group, above 0 and at most N.
    difference : array_like of float
        Difference of the means; broadcast with the numbers.
    sd, sides, N, deff, level
        As in `size_two_means`.

    Returns
    -------
    ndarray of float64
        Probabilities Φ(|difference| / √V - z), in the shape of the arguments together.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Examples
    --------
    >>> power_two_means([22, 44], [22, 44], 1, sd=1).round(3)
    array([0.913, 0.997])
    """
    variance = _variance_means(n1, n2, sd, N, deff)
    return _power(np.abs(np.asarray(difference, np.float64)), variance, variance, level, sides)


def detectable_two_proportions(
    n1: float,
    n2: float,
    p1: float,
    *,
    power: float = 0.8,
    upward: bool = True,
    sides: Sides = "two",
    pooled: bool = True,
    N: Populations = None,
    deff: Pair = 1.0,
    level: float = 0.95,
) -> float:
    """Find the smallest difference of proportions that the test finds with a given power.

    Parameters
    ----------
    n1, n2 : float
        Answers of each group, above 0 and at most N.
    p1 : float
        Proportion of group 1, between 0 and 1.
    power, sides, pooled, N, deff, level
        As in `size_two_proportions`.
    upward : bool
        Group 2 has the larger proportion.

    Returns
    -------
    float
        p2 - p1: above 0 where `upward`, else below; 0 where everybody answers.

    Raises
    ------
    SamplingError
        A value that is not allowed, or no proportion of group 2 is far enough from p1.

    Examples
    --------
    >>> round(detectable_two_proportions(77, 77, 0.5, power=0.9), 2)
    0.25
    """
    check_open("p1", p1, 0, 1)
    check_open("power", power, 1 - level, 1)

    def lacking(p2: float) -> float:
        options = {"sides": sides, "pooled": pooled, "N": N, "deff": deff, "level": level}
        return float(power_two_proportions(n1, n2, p1, p2, **options)) - power  # type: ignore[arg-type]

    edge = 1e-9  # the proportions 0 and 1 themselves have no variance
    start, end = (p1 + edge, 1 - edge) if upward else (p1 - edge, edge)
    if (p1 > 1 - 2 * edge if upward else p1 < 2 * edge) or lacking(end) < 0:
        raise SamplingError(
            "SAM-SIZE-REACH",
            _("No difference from p1 is found with this power."),
            hint=_("Ask more persons, or accept less power."),
        )
    if lacking(start) > 0:
        return 0.0
    return float(brentq(lacking, start, end, xtol=1e-13)) - p1


def detectable_two_means(
    n1: ArrayLike,
    n2: ArrayLike,
    *,
    sd: Pair,
    power: float = 0.8,
    sides: Sides = "two",
    N: Populations = None,
    deff: Pair = 1.0,
    level: float = 0.95,
) -> NDArray[np.float64]:
    """Find the smallest difference of means that the test finds with a given power.

    Parameters
    ----------
    n1, n2 : array_like of float
        Answers of each group, above 0 and at most N.
    sd, power, sides, N, deff, level
        As in `size_two_means`.

    Returns
    -------
    ndarray of float64
        (z_level + z_power) √V, 0 or more, in the unit of `sd`.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Examples
    --------
    >>> float(detectable_two_means(22, 22, sd=1, power=0.9).round(3))
    0.977
    """
    check_open("power", power, 1 - level, 1)
    z = normal_quantile(level, sides=tails(sides)) + float(ndtri(power))
    return np.asarray(z * np.sqrt(_variance_means(n1, n2, sd, N, deff)))


def pair(value: Pair) -> tuple[float, float]:
    """Return the values of both groups."""
    return value if isinstance(value, tuple) else (value, value)


def populations(N: Populations) -> tuple[int | None, int | None]:
    """Return the sizes of both populations."""
    return N if isinstance(N, tuple) else (N, N)


def tails(sides: Sides) -> int:
    """Return the number of tails of the test."""
    if sides not in get_args(Sides):
        raise SamplingError(
            "SAM-SIZE-VALUE",
            _("The value of {name} is not allowed.").format(name="sides"),
            hint=_("Allowed: {range}.").format(range=", ".join(get_args(Sides))),
        )
    return 2 if sides == "two" else 1


def unit_variances(
    n: tuple[ArrayLike, ArrayLike], N: Populations, deff: Pair, *, counted: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the variance of each group's estimate for a unit variance of its population."""
    sizes, effects = populations(N), pair(deff)
    return (
        spread(n[0], effects[0], sizes[0], counted=counted),
        spread(n[1], effects[1], sizes[1], counted=counted),
    )


def _variance_means(
    n1: ArrayLike, n2: ArrayLike, sd: Pair, N: Populations, deff: Pair
) -> NDArray[np.float64]:
    s1, s2 = pair(sd)
    check_open("sd", (s1, s2), 0, np.inf)
    unit1, unit2 = unit_variances((n1, n2), N, deff, counted=False)
    return np.asarray(s1**2 * unit1 + s2**2 * unit2)


def _power(
    difference: NDArray[np.float64],
    none: NDArray[np.float64],
    one: NDArray[np.float64],
    level: float,
    sides: Sides,
) -> NDArray[np.float64]:
    """Return Φ((difference - z √none) / √one); where nothing is left to chance, whether there is any."""
    lead = difference - normal_quantile(level, sides=tails(sides)) * np.sqrt(none)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = ndtr(lead / np.sqrt(one))
    return np.asarray(np.where(one > 0, power, (lead > 0).astype(np.float64)))
