"""The ``[design]`` table of `survey.toml`: how many are drawn, from which strata, and by which rules.

``n``, ``by`` and ``allocation`` must be there; every other line may be missing, and then the default holds.
Columns and strata are checked by the design itself, which knows the frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from custody.messages import gettext as _
from custody.settings import Settings

__all__ = ["ALLOCATIONS", "COORDINATIONS", "METHODS", "DesignSettings", "read_design_settings"]

Each = float | Mapping[str, float]
"""One number for all strata, or a table of numbers."""

ALLOCATIONS: Final = ("proportional", "equal", "neyman", "cost", "power")
METHODS: Final = ("srs", "systematic")
COORDINATIONS: Final = ("none", "independent", "negative", "positive", "rotate")
_KEYS: Final = (
    "n",
    "by",
    "allocation",
    "minimum",
    "maximum",
    "take_all",
    "response",
    "sd",
    "means",
    "costs",
    "power",
    "method",
    "order",
    "reserve",
    "coordination",
    "panels",
)


@dataclass(frozen=True, slots=True)
class DesignSettings:
    """The planned draw.

    Parameters
    ----------
    n : int
        Persons to draw (抽出数).
    by : tuple of str
        Columns whose values make the strata (層).
    allocation : str, or mapping of str to int
        Rule of the allocation (配分), or how many from each stratum.
    minimum : int, optional
        Persons of each stratum at least. Default: the limit of the sampling room.
    maximum : int or mapping of str to int, optional
        Persons of each stratum at most.
    take_all : tuple of str
        Strata of which everybody is drawn (悉皆層).
    response, costs : float or mapping of str to float
        Expected response rate (回収率), above 0 to 1, and cost of one person drawn.
    sd, means : float or mapping of str to float, optional
        Standard deviation and mean of the main variable.
    power : float
        Exponent of the power allocation, 0 to 1.
    method : {"srs", "systematic"}
        Simple random or systematic (系統抽出) within each stratum.
    order : tuple of str
        Columns that order the persons for systematic sampling.
    reserve : int
        Persons in order after the sample (予備標本).
    coordination : {"none", "independent", "negative", "positive", "rotate"}
        What the draw has to do with an earlier one.
    panels : int
        Panels of the rotation, 2 or more; 0 without rotation.
    """

    n: int
    by: tuple[str, ...]
    allocation: str | Mapping[str, int]
    minimum: int | None = None
    maximum: int | Mapping[str, int] | None = None
    take_all: tuple[str, ...] = ()
    response: Each = 1.0
    sd: Each | None = field(default=None)
    means: Each | None = field(default=None)
    costs: Each = 1.0
    power: float = 0.5
    method: str = "srs"
    order: tuple[str, ...] = ()
    reserve: int = 0
    coordination: str = "none"
    panels: int = 0


def read_design_settings(values: Settings) -> DesignSettings:
    """Read the table.

    Parameters
    ----------
    values : Settings
        The table ``[design]``.

    Returns
    -------
    DesignSettings
        The planned draw.

    Raises
    ------
    ConfigError
        A line that nobody reads (the nearest name is suggested), or a value that is not allowed.

    Examples
    --------
    >>> table = {"n": 3000, "by": ["sex"], "allocation": "equal", "response": {"F": 0.6, "M": 0.5}}
    >>> design = read_design_settings(Settings("survey.toml", table, "design"))
    >>> design.n, dict(design.response), design.method
    (3000, {'F': 0.6, 'M': 0.5}, 'srs')
    """
    values.only(*_KEYS)
    there = values.values
    coordination = values.choice("coordination", COORDINATIONS) if "coordination" in there else "none"
    panels = values.integer("panels", least=2) if "panels" in there else 0
    if (panels > 0) != (coordination == "rotate"):
        raise values.refusal("panels", _("a whole number of at least {least}").format(least=2) + " (rotate)")
    return DesignSettings(
        n=values.integer("n", least=1),
        by=tuple(values.texts("by")),
        allocation=_allocation(values),
        minimum=values.integer("minimum", least=1) if "minimum" in there else None,
        maximum=_whole(values, "maximum") if "maximum" in there else None,
        take_all=_texts(values, "take_all"),
        response=_numbers(values, "response", "0 < … <= 1", 0, 1),
        sd=_numbers(values, "sd", "0 <= …", 0, closed=True) if "sd" in there else None,
        means=_numbers(values, "means", "…", None) if "means" in there else None,
        costs=_numbers(values, "costs", "0 < …", 0),
        power=_number(values, "power", 0.5, "0 <= … <= 1", 0, 1, closed=True),
        method=values.choice("method", METHODS) if "method" in there else "srs",
        order=_texts(values, "order"),
        reserve=values.integer("reserve", least=0) if "reserve" in there else 0,
        coordination=coordination,
        panels=panels,
    )


def _allocation(values: Settings) -> str | Mapping[str, int]:
    """Read the rule, or the table of how many from each stratum."""
    if not isinstance(values.values.get("allocation"), dict):
        return values.choice("allocation", ALLOCATIONS)
    table = values.table("allocation")
    return MappingProxyType({name: table.integer(name, least=1) for name in table.keys()})  # noqa: SIM118


def _whole(values: Settings, key: str) -> int | Mapping[str, int]:
    if not isinstance(values.values[key], dict):
        return values.integer(key, least=1)
    table = values.table(key)
    return MappingProxyType({name: table.integer(name, least=1) for name in table.keys()})  # noqa: SIM118


def _texts(values: Settings, key: str) -> tuple[str, ...]:
    return () if values.values.get(key, []) == [] else tuple(values.texts(key))


def _numbers(
    values: Settings,
    key: str,
    allowed: str,
    low: float | None,
    high: float | None = None,
    *,
    closed: bool = False,
) -> Each:
    """Read one number, or a table with one for each stratum or each value of a column."""
    if not isinstance(values.values.get(key), dict):
        return _number(values, key, 1.0, allowed, low, high, closed=closed)
    table = values.table(key)
    pairs = {name: _number(table, name, 1.0, allowed, low, high, closed=closed) for name in table.keys()}  # noqa: SIM118
    if not pairs:
        raise values.refusal(key, allowed)
    return MappingProxyType(pairs)


def _number(
    values: Settings,
    key: str,
    default: float,
    allowed: str,
    low: float | None,
    high: float | None = None,
    *,
    closed: bool = False,
) -> float:
    """Read a finite number between limits; `closed`: the lower one is allowed itself."""
    value = values.values.get(key, default)
    real = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
    fits = real and (low is None or value > low or (closed and value == low))
    if not fits or (high is not None and value > high):
        raise values.refusal(key, allowed)
    return float(value)
