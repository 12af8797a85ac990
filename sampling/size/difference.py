"""Sample size of two groups, for a difference of proportions and of means.

The groups are independent samples; the size is the smallest whose power, as `sampling.size.power` gives it,
is enough.
"""

import math
from collections.abc import Callable

import numpy as np

from sampling.size.power import (
    Pair,
    Populations,
    Sides,
    pair,
    populations,
    power_two_means,
    power_two_proportions,
    unit_variances,
)
from sampling.size.result import (
    ROUNDING,
    SampleSize,
    check_open,
    common,
    draws_for,
    normal_quantile,
    unreachable,
)

__all__ = ["size_two_means", "size_two_proportions"]

Notes = tuple[tuple[str, float | str], ...]
MOST = 2**52  # beyond it a float does not count persons one by one


def size_two_proportions(
    p1: float,
    p2: float,
    *,
    power: float = 0.8,
    ratio: float = 1.0,
    sides: Sides = "two",
    pooled: bool = True,
    N: Populations = None,
    deff: Pair = 1.0,
    response: Pair = 1.0,
    level: float = 0.95,
) -> SampleSize:
    """Find the sample size of two groups for a difference of proportions.

    Parameters
    ----------
    p1, p2 : float
        Proportions expected in the groups, between 0 and 1, not equal.
    power : float
        Probability that the test finds the difference, from 1 - level to 1.
    ratio : float
        n2 / n1, above 0.
    sides : {"two", "one"}
        Test against any difference, or in the direction of p2 - p1 alone.
    pooled : bool
        Standard error under no difference from the pooled proportion (the z test); False: from p1 and p2
        (the Wald test, which design-based regressions use).
    N : int or (int, int), optional
        Sizes of the populations, 2 or more. Default: without limit.
    deff, response : float or (float, float)
        Design effect, above 0, and response rate, above 0 to 1, of each group.
    level : float
        1 minus the size of the test, and level of the two-sided interval whose margin is given.

    Returns
    -------
    SampleSize
        Two parts, group 1 and group 2; margin is that of the difference; of a part, that of its proportion.

    Raises
    ------
    SamplingError
        A value that is not allowed, or more persons than there are.

    Notes
    -----
    Smallest n1 with z_level √V0 + z_power √V1 <= |p2 - p1|, n2 = ratio n1 rounded up;
    V1 = Σ deff_i p_i(1 - p_i) (1/n_i) (N_i - n_i)/(N_i - 1), V0 the same with the pooled proportion.

    References
    ----------
    Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, 3rd ed., section 4.2,
    without continuity correction. Valliant, Dever and Kreuter (2018), Practical Tools, 2nd ed., chapter 4.

    Examples
    --------
    >>> size_two_proportions(0.5, 0.75, power=0.9)
    <SampleSize difference of proportions: 154 answers, draw 154 in 2 parts, margin ±0.1477 at 95%>
    """
    check_open("p1", p1, 0, 1)
    check_open("p2", p2, 0, 1)
    check_open("|p2 - p1|", abs(p2 - p1), 0, 1)

    def power_of(n1: int, n2: int) -> float:
        return float(
            power_two_proportions(n1, n2, p1, p2, sides=sides, pooled=pooled, N=N, deff=deff, level=level)
        )

    return _two_groups(
        "proportion",
        _search(power_of, power, ratio, N, level),
        (p1 * (1 - p1), p2 * (1 - p2)),
        ((("p", p1),), (("p", p2),)),
        (("power", power), ("ratio", ratio), ("sides", sides), ("pooled", str(pooled))),
        N=N,
        deff=deff,
        response=response,
        level=level,
    )


def size_two_means(
    difference: float,
    *,
    sd: Pair,
    power: float = 0.8,
    ratio: float = 1.0,
    sides: Sides = "two",
    N: Populations = None,
    deff: Pair = 1.0,
    response: Pair = 1.0,
    level: float = 0.95,
) -> SampleSize:
    """Find the sample size of two groups for a difference of means.

    Parameters
    ----------
    difference : float
        Difference to be found, in the unit of the variable, not 0.
    sd : float or (float, float)
        Standard deviation in each group, above 0.
    power, ratio, sides, N, deff, response, level
        As in `size_two_proportions`.

    Returns
    -------
    SampleSize
        Two parts, group 1 and group 2; margin is that of the difference, of the parts that of each mean.

    Raises
    ------
    SamplingError
        A value that is not allowed, or more persons than there are.

    Notes
    -----
    Smallest n1 with (z_level + z_power) √(Σ deff_i sd_i² (1/n_i - 1/N_i)) <= |difference|. With the t
    test and equal groups about z²_level / 4 more are needed in each.

    References
    ----------
    Valliant, Dever and Kreuter (2018), Practical Tools, 2nd ed., chapter 4.

    Examples
    --------
    >>> size_two_means(1, sd=1, power=0.9).parts[0].n
    22
    """
    s1, s2 = pair(sd)
    check_open("|difference|", abs(difference), 0, np.inf)

    def power_of(n1: int, n2: int) -> float:
        return float(power_two_means(n1, n2, difference, sd=sd, sides=sides, N=N, deff=deff, level=level))

    return _two_groups(
        "mean",
        _search(power_of, power, ratio, N, level),
        (s1**2, s2**2),
        ((("sd", s1),), (("sd", s2),)),
        (("difference", difference), ("power", power), ("ratio", ratio), ("sides", sides)),
        N=N,
        deff=deff,
        response=response,
        level=level,
    )


def _search(
    power_of: Callable[[int, int], float], power: float, ratio: float, N: Populations, level: float
) -> tuple[int, int]:
    """Find the smallest n1, and n2 = ratio n1 rounded up, whose power is enough, by halving."""
    check_open("power", power, 1 - level, 1)
    check_open("ratio", ratio, 0, np.inf)

    def second(n1: int) -> int:
        return max(1, math.ceil(n1 * ratio * (1 - ROUNDING)))

    size1, size2 = (MOST if size is None else size for size in populations(N))
    most = max(1, min(size1, math.floor(size2 / ratio * (1 + ROUNDING))))
    low, high = 0, 1
    while high < most and power_of(high, min(second(high), size2)) < power:
        low, high = high, min(2 * high, most)
    if second(high) > size2 or power_of(high, second(high)) < power:
        raise unreachable(high + second(high), size1 + size2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(middle, second(middle)) >= power else (middle, high)
    return high, second(high)


def _two_groups(
    what: str,
    n: tuple[int, int],
    variances: tuple[float, float],
    own: tuple[Notes, Notes],
    shared: Notes,
    *,
    N: Populations,
    deff: Pair,
    response: Pair,
    level: float,
) -> SampleSize:
    """Put the groups and their difference together."""
    z = normal_quantile(level)
    units = unit_variances(n, N, deff, counted=what == "proportion")
    errors = [float(unit) * variance for unit, variance in zip(units, variances, strict=True)]
    sizes, effects, rates = populations(N), pair(deff), pair(response)
    parts = tuple(
        SampleSize(
            what,
            n[i],
            draws_for(n[i], rates[i], sizes[i]),
            z * math.sqrt(errors[i]),
            level,
            effects[i],
            sizes[i],
            rates[i],
            own[i],
            f"group {i + 1}",
        )
        for i in (0, 1)
    )
    return SampleSize(
        f"difference of {what}s",
        sum(n),
        sum(part.n_draw for part in parts),
        z * math.sqrt(sum(errors)),
        level,
        common(effects),
        None if sizes[0] is None or sizes[1] is None else sizes[0] + sizes[1],
        common(rates),
        shared,
        name="difference",
        parts=parts,
    )
