"""Allocation: how many persons each stratum gives, in whole numbers that sum exactly.

Exact arithmetic throughout: the same sizes give the same allocation on every machine.
"""

from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction

from custody.errors import SamplingError
from custody.messages import gettext as _

__all__ = ["allocate", "check_reach", "largest_remainder", "share_within"]


def allocate(n: int, weights: Sequence[int], sizes: Sequence[int], *, minimum: int = 0) -> list[int]:
    """Share a sample between strata in proportion to weights, within limits.

    Parameters
    ----------
    n : int
        Persons to draw, 0 or more.
    weights : sequence of int
        Relative share of each stratum, 1 or more: the sizes for proportional, ones for equal allocation.
    sizes : sequence of int
        Persons of each stratum N_h, 1 or more; no stratum gives more.
    minimum : int
        Each stratum gives at least so many (or all it has, where it has fewer).

    Returns
    -------
    list of int
        n_h, in the order of the strata; they sum to `n`.

    Raises
    ------
    SamplingError
        `n` is more than there are, or less than the minimum of all strata together.

    Notes
    -----
    n_h = clip(t w_h, lower_h, N_h) with the one t for which they sum to n; then whole numbers by largest
    remainder, ties to the earlier stratum.

    Examples
    --------
    >>> allocate(10, [50, 30, 20], [50, 30, 20])
    [5, 3, 2]
    >>> allocate(10, [900, 99, 1], [900, 99, 1], minimum=2)
    [7, 2, 1]
    >>> allocate(7, [1, 1, 1], [100, 100, 1])
    [3, 3, 1]
    """
    lower = [min(minimum, size) for size in sizes]
    check_reach(n, sizes, lower, minimum)
    return share_within(n, [Fraction(weight) for weight in weights], lower, sizes)


def check_reach(n: int, sizes: Sequence[int], lower: Sequence[int], minimum: int) -> None:
    """Check that a sample is neither more than there are nor less than the minimum of all strata.

    Parameters
    ----------
    n : int
        Persons to draw.
    sizes, lower : sequence of int
        Persons of each stratum, and the least that each gives.
    minimum : int
        The rule behind `lower`, for the message.

    Raises
    ------
    SamplingError
        `n` is more than the sum of sizes, or less than the sum of lower.
    """
    if n > sum(sizes):
        text = _("The design asks for {n:,} persons, but the frame has {size:,}.")
        raise SamplingError(
            "SAM-DESIGN-N", text.format(n=n, size=sum(sizes)), hint=_("Draw fewer, or check the frame.")
        )
    if n < sum(lower):
        text = _("{n:,} persons are fewer than {minimum} from each of {strata:,} strata.")
        raise SamplingError(
            "SAM-DESIGN-MIN",
            text.format(n=n, minimum=minimum, strata=len(sizes)),
            hint=_("Draw more, use fewer strata, or lower the minimum."),
        )


def share_within(
    n: int, weights: Sequence[Fraction], lower: Sequence[int], upper: Sequence[int]
) -> list[int]:
    """Share a whole number in proportion to weights, within limits of each share.

    Parameters
    ----------
    n : int
        The number, from sum(lower) to sum(upper).
    weights : sequence of fractions.Fraction
        Relative shares, above 0.
    lower, upper : sequence of int
        Limits of each share, 0 or more, lower <= upper.

    Returns
    -------
    list of int
        Shares that sum to `n`.

    Notes
    -----
    clip(t w_h, lower_h, upper_h) with the one t for which they sum to n; then whole numbers by largest
    remainder, ties to the earlier one.

    Examples
    --------
    >>> share_within(10, [Fraction(1, 2), Fraction(1, 3)], [0, 0], [5, 9])
    [5, 5]
    """
    scale = _scale(n, weights, lower, upper)
    shares = [
        _clip(scale * weight, least, most) for weight, least, most in zip(weights, lower, upper, strict=True)
    ]
    return largest_remainder(shares)


def largest_remainder(shares: Sequence[Fraction]) -> list[int]:
    """Round shares that sum to a whole number, keeping the sum.

    Parameters
    ----------
    shares : sequence of fractions.Fraction
        0 or more; their sum is whole.

    Returns
    -------
    list of int
        Each share rounded down, or up for the largest remainders; ties to the earlier one.

    Examples
    --------
    >>> largest_remainder([Fraction(7, 3), Fraction(7, 3), Fraction(7, 3)])
    [3, 2, 2]
    """
    whole = [share.numerator // share.denominator for share in shares]
    order = sorted(range(len(shares)), key=lambda h: (whole[h] - shares[h], h))
    for h in order[: int(sum(shares)) - sum(whole)]:
        whole[h] += 1
    return whole


def _clip(share: Fraction, least: int, most: int) -> Fraction:
    return max(Fraction(least), min(Fraction(most), share))


def _scale(n: int, weights: Sequence[Fraction], lower: Sequence[int], upper: Sequence[int]) -> Fraction:
    """Find t with sum(clip(t w, lower, upper)) = n: linear between the points where a limit is met."""

    def total(scale: Fraction) -> Fraction:
        return sum(
            (_clip(scale * w, least, most) for w, least, most in zip(weights, lower, upper, strict=True)),
            start=Fraction(0),
        )

    met = {limit / w for bound in (lower, upper) for limit, w in zip(bound, weights, strict=True)}
    corners = [Fraction(0), *sorted(met)]
    place = bisect_left(corners, Fraction(n), key=total)
    if place == 0:
        return corners[0]
    below, above = corners[place - 1 : place + 1]
    return below + (above - below) * (n - total(below)) / (total(above) - total(below))
