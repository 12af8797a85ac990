"""What a design does with its values: checks them once, and shares sample and reserve between strata."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from custody.design_settings import ALLOCATIONS, METHODS
from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.allocate.exact import check_reach, share_within
from sampling.allocate.optimum import check_total, round_best
from sampling.allocate.rules import allocation_weights
from sampling.design_settings import decimal_fraction, frozen_each, marked, refuse_value, resolve

if TYPE_CHECKING:
    from sampling.design import StratifiedDesign

__all__ = [
    "NEEDS",
    "ORDER_COLUMNS",
    "fixed_sizes",
    "frozen_values",
    "share_by_rule",
    "share_reserve",
    "stratum_limits",
]

ORDER_COLUMNS: Final = ("area", "town", "postal_code", "age", "age_band", "sex")
"""Columns of the frame by which systematic sampling may order."""
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "neyman": ("sd",),
    "cost": ("sd", "costs"),
    "power": ("sd", "means"),
}
"""What an allocation rule uses of each stratum, beside its persons and its response."""
_EACH: Final = {
    "response": ("0 < r <= 1", {"low": 0, "high": 1, "closed": False}),
    "sd": ("0 <= s", {"low": 0}),
    "means": ("…", {}),
    "costs": ("0 < c", {"low": 0, "closed": False}),
    "maximum": ("1, 2, 3, …", {"low": 1, "whole": True}),
}


def frozen_values(design: "StratifiedDesign") -> dict[str, Any]:
    """Check the values of a design and return them so that they can be hashed.

    Parameters
    ----------
    design : StratifiedDesign
        As given by the caller.

    Returns
    -------
    dict
        Field → value: sequences as tuples, mappings as pairs sorted by name.

    Raises
    ------
    SamplingError
        A value that is not allowed.
    """
    values: dict[str, Any] = {name: tuple(getattr(design, name)) for name in ("by", "order")}
    values["take_all"] = tuple(sorted(set(design.take_all)))
    for name, least in (("n", 1), ("minimum", 1), ("reserve", 0)):
        values[name] = _whole(name, getattr(design, name), least)
    for name, (allowed, bounds) in _EACH.items():
        value = getattr(design, name)
        values[name] = None if value is None else frozen_each(name, value, allowed, **bounds)  # type: ignore[arg-type]
    values["power"] = frozen_each("power", design.power, "0 <= q <= 1", 0, 1)
    values["allocation"] = _rule(design.allocation, values)
    _check_method(design, values["order"])
    if values["maximum"] is not None and min(_numbers(values["maximum"])) < values["minimum"]:
        raise refuse_value("maximum", "minimum <= maximum")
    return values


def stratum_limits(
    sizes: Sequence[int], minimum: int, maximum: Sequence[float], whole: Sequence[bool]
) -> tuple[list[int], list[int]]:
    """Return the least and the most that each stratum gives.

    Parameters
    ----------
    sizes : sequence of int
        (H,) persons of each stratum.
    minimum : int
        Least of each, or all it has where it has fewer.
    maximum : sequence of float
        (H,) most of each.
    whole : sequence of bool
        (H,) whether everybody is drawn.

    Returns
    -------
    low, high : list of int
        (H,) limits.

    Examples
    --------
    >>> stratum_limits([1, 50, 9], 2, [20, 20, 5], [False, False, True])
    ([1, 2, 9], [1, 20, 9])
    """
    most = [
        size if all_of_it else min(int(limit), size)
        for size, limit, all_of_it in zip(sizes, maximum, whole, strict=True)
    ]
    low = [limit if all_of_it else min(minimum, limit) for limit, all_of_it in zip(most, whole, strict=True)]
    return low, most


def share_by_rule(
    n: int,
    rule: str,
    sizes: Sequence[int],
    low: Sequence[int],
    high: Sequence[int],
    *,
    response: Sequence[float],
    power: float = 0.5,
    **values: Sequence[float],
) -> list[int]:
    """Share a number of draws between strata by a rule.

    Parameters
    ----------
    n : int
        Persons to draw.
    rule : {"proportional", "equal", "neyman", "cost", "power"}
        The rule.
    sizes, low, high : sequence of int
        (H,) persons of each stratum, and the limits of what it gives.
    response : sequence of float
        (H,) expected response rates.
    power : float
        Exponent of the power rule.
    **values : sequence of float
        (H,) sd, means, costs, as `NEEDS` says.

    Returns
    -------
    list of int
        (H,) draws that sum to `n`: proportional and equal exact, by largest remainder; else the best whole
        numbers.

    Raises
    ------
    SamplingError
        The limits do not allow `n`.

    Examples
    --------
    >>> share_by_rule(30, "neyman", [60, 60], [2, 2], [60, 60], response=[1, 0.25], sd=[1, 1])
    [10, 20]
    """
    check_total(n, np.array(low, dtype=np.float64), np.array(high, dtype=np.float64))
    if rule in ("proportional", "equal"):
        units = sizes if rule == "proportional" else [1] * len(sizes)
        weights = [unit / decimal_fraction(rate) for unit, rate in zip(units, response, strict=True)]
        return share_within(n, weights, low, high)
    sd = values.pop("sd")
    pulls = allocation_weights(rule, sizes, sd, response=response, power=power, **values)  # type: ignore[arg-type]
    return [int(size) for size in round_best(n, pulls, low, high)]


def fixed_sizes(
    given: Mapping[str, float], strata: Sequence[str], low: Sequence[int], high: Sequence[int]
) -> list[int]:
    """Return how many are drawn from each stratum, where the design says so.

    Parameters
    ----------
    given : mapping of str to int
        Stratum → persons.
    strata : sequence of str
        (H,) names.
    low, high : sequence of int
        (H,) limits.

    Returns
    -------
    list of int
        (H,) persons to draw.

    Raises
    ------
    SamplingError
        A stratum that is missing or unknown, or a number outside its limits.

    Examples
    --------
    >>> fixed_sizes({"F": 30, "M": 20}, ["M", "F"], [2, 2], [99, 99])
    [20, 30]
    """
    marked("allocation", list(given), strata, ())
    drawn = [int(size) for size in resolve("allocation", dict(given), strata, ())]
    for size, least, most, name in zip(drawn, low, high, strata, strict=True):
        if not least <= size <= most:
            raise refuse_value(f"allocation.{name}", f"{least:,} … {most:,}")
    return drawn


def share_reserve(reserve: int, sizes: Sequence[int], drawn: Sequence[int]) -> list[int]:
    """Share the reserve in proportion to the sample, at most what each stratum has left.

    Parameters
    ----------
    reserve : int
        Persons in all.
    sizes, drawn : sequence of int
        (H,) persons of each stratum, and those of the sample, 1 or more.

    Returns
    -------
    list of int
        (H,) persons who follow the sample in order.

    Raises
    ------
    SamplingError
        Sample and reserve are more than there are.

    Examples
    --------
    >>> share_reserve(10, [100, 22], [40, 20])
    [8, 2]
    """
    check_reach(sum(drawn) + reserve, sizes, [0] * len(sizes), 0)
    room = [size - sample for size, sample in zip(sizes, drawn, strict=True)]
    return share_within(reserve, [Fraction(sample) for sample in drawn], [0] * len(room), room)


def _whole(name: str, value: Any, least: int) -> int:
    number = frozen_each(name, value, f"{least}, {least + 1}, {least + 2}, …", least, whole=True)
    if isinstance(number, tuple):
        raise refuse_value(name, f"{least}, {least + 1}, {least + 2}, …")
    return int(number)


def _numbers(value: Any) -> list[float]:
    return [number for _name, number in value] if isinstance(value, tuple) else [value]


def _rule(rule: Any, values: Mapping[str, Any]) -> Any:
    """Return the rule, or the pairs of a fixed allocation that sum to n; the rule has what it needs."""
    if not isinstance(rule, str):
        pairs = frozen_each("allocation", rule, ", ".join(ALLOCATIONS), 1, whole=True)
        if not isinstance(pairs, tuple) or sum(_numbers(pairs)) != values["n"]:
            raise refuse_value("allocation", f"n = {values['n']:,}")
        return pairs
    if rule not in ALLOCATIONS:
        raise refuse_value("allocation", ", ".join(ALLOCATIONS))
    for name in NEEDS.get(rule, ()):
        if values[name] is None:
            text = _("The value of {name} is not allowed.").format(name=name)
            hint = _("Give one number for each stratum, within its limits.")
            raise SamplingError("SAM-DESIGN", text, hint=hint)
    return rule


def _check_method(design: "StratifiedDesign", order: tuple[str, ...]) -> None:
    """Refuse orders that nothing uses, and a list of households in systematic steps."""
    if design.method not in METHODS:
        raise refuse_value("method", ", ".join(METHODS))
    if not set(order) <= set(ORDER_COLUMNS) or len(set(order)) < len(order):
        raise refuse_value("order", ", ".join(ORDER_COLUMNS))
    if order and design.method != "systematic":
        raise refuse_value("order", 'method = "systematic"')
    if design.method == "systematic" and design.one_per_household:
        raise refuse_value("method", "srs (one_per_household)")
