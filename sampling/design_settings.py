"""Values of a design: one number for all strata or one for each, checked, hashable, canonical as JSON."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from numbers import Real
from typing import Any

from custody.errors import SamplingError
from custody.messages import gettext as _

__all__ = [
    "Each",
    "canonical_json",
    "decimal_fraction",
    "frozen_each",
    "marked",
    "plain_each",
    "refuse_value",
    "resolve",
]

Pairs = tuple[tuple[str, float], ...]
Each = float | Mapping[str, float] | Pairs
"""One number for all strata, or name → number; kept as pairs sorted by name, so that it can be hashed."""


def refuse_value(name: str, allowed: str) -> SamplingError:
    """Make the error for a value of a design.

    Parameters
    ----------
    name : str
        Name of the value.
    allowed : str
        What is allowed.

    Returns
    -------
    SamplingError
        To be raised by the caller.
    """
    text = _("The value of {name} is not allowed.").format(name=name)
    return SamplingError("SAM-DESIGN", text, hint=_("Allowed: {range}.").format(range=allowed))


def frozen_each(
    name: str,
    value: Any,
    allowed: str,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    closed: bool = True,
    whole: bool = False,
) -> float | Pairs:
    """Check one number for all strata, or one for each, and make it hashable.

    Parameters
    ----------
    name : str
        Name of the value.
    value : float, mapping of str to float, or pairs
        The numbers.
    allowed : str
        What is allowed, for the message.
    low, high : float
        Limits; the upper one is allowed itself, the lower one where `closed`.
    closed : bool
        Whether `low` itself is allowed.
    whole : bool
        Whole numbers only.

    Returns
    -------
    float or tuple of (str, float)
        The number, or the pairs sorted by name. Whole numbers are int.

    Raises
    ------
    SamplingError
        A value that is not allowed, or no pair at all.

    Examples
    --------
    >>> frozen_each("response", {"M": 0.5, "F": 1.0}, "0 < r <= 1", 0, 1, closed=False)
    (('F', 1), ('M', 0.5))
    """
    if not isinstance(value, Mapping | tuple):
        return _number(name, value, allowed, low, high, closed, whole)
    pairs = value.items() if isinstance(value, Mapping) else value
    if not pairs or not all(isinstance(pair, tuple) and len(pair) == 2 for pair in pairs):
        raise refuse_value(name, allowed)
    return tuple(
        sorted((str(key), _number(name, number, allowed, low, high, closed, whole)) for key, number in pairs)
    )


def plain_each(value: Any) -> Any:
    """Return a value as JSON holds it: pairs as an object, other tuples as a list.

    Examples
    --------
    >>> plain_each((("F", 0.6), ("M", 0.5))), plain_each(("area", "sex")), plain_each(0.6)
    ({'F': 0.6, 'M': 0.5}, ['area', 'sex'], 0.6)
    """
    if not isinstance(value, tuple):
        return value
    return dict(value) if value and isinstance(value[0], tuple) else list(value)


def resolve(name: str, value: Each, strata: Sequence[str], by: Sequence[str]) -> list[float]:
    """Return the number of each stratum.

    Parameters
    ----------
    name : str
        Name of the value, for the message.
    value : float or tuple of (str, float)
        One for all; one for each stratum; or one for each value of one of the columns.
    strata : sequence of str
        (H,) names: the values of the columns joined by "/".
    by : sequence of str
        The columns.

    Returns
    -------
    list of float
        (H,) numbers.

    Raises
    ------
    SamplingError
        A stratum has no number.

    Examples
    --------
    >>> resolve("response", (("F", 0.6), ("M", 0.5)), ["North/F", "North/M", "South/F"], ["area", "sex"])
    [0.6, 0.5, 0.6]
    """
    if not isinstance(value, Mapping | tuple):
        return [value] * len(strata)
    known, missing = dict(value), []
    for keys in _readings(strata, by):
        lacking = [key for key in keys if key not in known]
        if not lacking:
            return [known[key] for key in keys]
        missing.append(lacking)
    fewest = min(missing, key=len)
    text = _("{name} has no number for {stratum}.")
    raise SamplingError(
        "SAM-DESIGN-STRATUM",
        text.format(name=name, stratum=fewest[0]),
        hint=_("Name every stratum, or every value of one of its columns."),
    )


def marked(name: str, named: Sequence[str], strata: Sequence[str], by: Sequence[str]) -> list[bool]:
    """Tell which strata are named, by their whole name or by one of their values.

    Parameters
    ----------
    name : str
        Name of the value, for the message.
    named : sequence of str
        The names.
    strata, by : sequence of str
        As in `resolve`.

    Returns
    -------
    list of bool
        (H,) whether the stratum is named.

    Raises
    ------
    SamplingError
        A name that is no stratum's.

    Examples
    --------
    >>> marked("take_all", ["85+"], ["65-69/F", "85+/F"], ["age_band", "sex"])
    [False, True]
    """
    found = [frozenset(names) for names in zip(*_readings(strata, by), strict=True)]
    for wanted in named:
        if not any(wanted in names for names in found):
            text = _("{name} names {stratum}, which is no stratum of the frame.")
            raise SamplingError(
                "SAM-DESIGN-STRATUM",
                text.format(name=name, stratum=wanted),
                hint=_("Name every stratum, or every value of one of its columns."),
            )
    return [not names.isdisjoint(named) for names in found]


def _readings(strata: Sequence[str], by: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the names of the strata, and then their values in each column."""
    yield strata
    parts = [name.split("/") for name in strata]
    if len(by) > 1 and all(len(part) == len(by) for part in parts):
        yield from zip(*parts, strict=True)


def decimal_fraction(value: float) -> Fraction:
    """Return a number as the fraction that its shortest decimal text means.

    Examples
    --------
    >>> decimal_fraction(0.55)
    Fraction(11, 20)
    """
    return Fraction(repr(value))


def canonical_json(facts: Mapping[str, Any]) -> str:
    """Write facts as the one JSON text that they have.

    Parameters
    ----------
    facts : mapping
        Plain values.

    Returns
    -------
    str
        Keys sorted, no blanks, text as it is.

    Examples
    --------
    >>> canonical_json({"n": 3000, "by": ["area"]})
    '{"by":["area"],"n":3000}'
    """
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _number(name: str, value: Any, allowed: str, low: float, high: float, closed: bool, whole: bool) -> float:
    if value is True or value is False or not isinstance(value, Real) or not math.isfinite(value):
        raise refuse_value(name, allowed)
    number = float(value)
    inside = (low <= number if closed else low < number) and number <= high
    if not inside or (whole and number != int(number)):
        raise refuse_value(name, allowed)
    return int(number) if number == int(number) and abs(number) < 2**53 else number
