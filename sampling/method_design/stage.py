"""One stage of a design: a method, what it draws and how many of them."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from math import isfinite
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any, Final

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.method_design.rules import MethodName, Rule, rule

__all__ = ["Columns", "Count", "Rate", "Stage", "as_names"]

Columns = str | Sequence[str]
"""One column name, or several."""
Count = int | Mapping[Any, int]
"""A number to draw, or one for each stratum."""
Rate = float | Mapping[Any, float]
"""A share to draw, or one for each stratum."""

_SEVERAL: Final = ("order", "balance", "points")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a `MethodDesign` (抽出段階).

    Parameters
    ----------
    method : str
        Function of `sampling.methods`; `method_table` lists them.
    unit : str, optional
        Column whose values name the units drawn (towns, 丁目, households). None: the rows themselves.
    n : int or mapping, optional
        Units drawn, 1 or more. At the first stage of a design with strata: in all, shared by the design's
        allocation, or one number for each stratum. At a later stage: from each unit drawn above (all, where
        there are fewer). ``"poisson"``: the expected number.
    rate : float or mapping, optional
        Share drawn instead, above 0 and at most 1, of each stratum or unit above; numbers are rounded to the
        nearest whole one, at least 1.
    size : str, optional
        Column of sizes above 0; a unit's size is the sum over its rows. None where `unit` is given: the
        number of its rows.
    order : str or sequence of str
        Columns by which units are put into serpentine order before a systematic draw. The first row of a unit
        counts.
    balance : str or sequence of str
        Columns whose totals the sample shall hit (``"cube"``); a unit's value is the sum over its rows.
    points : str or sequence of str
        Columns of coordinates, all in one scale; a unit's value is the mean over its rows.
    certainty : float, optional
        Units with so large a share of the sizes of their stratum are taken with certainty, above 0 and at
        most 1; asked again of the units left until there is none (SAS ``CERTSIZE=P=``).
    maximum_size, minimum_size : float, optional
        Sizes above or below count as this, above 0.
    randomised : bool
        ``"pps_systematic"``: the units come in random order.
    prn : str, optional
        Column of permanent random numbers, 0 or more and below 1 (永久乱数): rows with low ones are drawn, in
        this survey and in others, whatever the seed. For rows, by a method that can use them.
    start : float, optional
        Point of the circle, 0 or more and below 1, after which the permanent random numbers begin.
        Default: 0.

    Raises
    ------
    SamplingError
        A method that is not known, an option that it needs and has not or does not use, or a number out of
        range.

    Examples
    --------
    >>> Stage("pps_systematic", unit="town", n=20, size="persons")
    Stage('pps_systematic', unit='town', n=20, size='persons')
    """

    method: MethodName
    _: KW_ONLY
    unit: str | None = None
    n: Count | None = None
    rate: Rate | None = None
    size: str | None = None
    order: Columns = ()
    balance: Columns = ()
    points: Columns = ()
    certainty: float | None = None
    maximum_size: float | None = None
    minimum_size: float | None = None
    randomised: bool = False
    prn: str | None = None
    start: float | None = None

    def __post_init__(self) -> None:
        for name in _SEVERAL:
            object.__setattr__(self, name, as_names(getattr(self, name), name))
        for name in ("n", "rate"):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                object.__setattr__(self, name, MappingProxyType(dict(value)))
        known = rule(self.method)
        _check_options(self, known)
        _check_numbers(self)

    def given(self) -> dict[str, Any]:
        """Options that were given.

        Returns
        -------
        dict
            Name → value, in the order of the fields, without those at their default.
        """
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "method"}
        return {name: value for name, value in values.items() if not _absent(value)}

    def __repr__(self) -> str:
        return f"Stage({', '.join([repr(self.method), *_shown(self.given())])})"

    @property
    def rule(self) -> Rule:
        """The rule of its method."""
        return rule(self.method)

    @property
    def sized(self) -> bool:
        """Whether units are drawn by size; else all of a group have one probability."""
        return self.size is not None or "size" in self.rule.needs

    def columns(self) -> tuple[str, ...]:
        """Columns of the frame that it reads.

        Returns
        -------
        tuple of str
            Each once, sorted.
        """
        single = [name for name in (self.unit, self.size, self.prn) if name is not None]
        return tuple(sorted({*single, *self.order, *self.balance, *self.points}))


def as_names(names: Columns, option: str) -> tuple[str, ...]:
    """Column names as a tuple, each once.

    Parameters
    ----------
    names : str or sequence of str
        One or several.
    option : str
        Option they were given for.

    Returns
    -------
    tuple of str

    Raises
    ------
    SamplingError
        Not texts, or one twice.

    Examples
    --------
    >>> as_names("area", "strata")
    ('area',)
    """
    several = (names,) if isinstance(names, str) else tuple(names)
    if any(not isinstance(name, str) or not name for name in several) or len(set(several)) < len(several):
        raise option_error(option, _("Give names of columns, each once."))
    return several


def option_error(option: str, hint: str) -> SamplingError:
    """Make the refusal of an option's value.

    Parameters
    ----------
    option : str
        Its name.
    hint : str
        What is allowed.

    Returns
    -------
    SamplingError
        To be raised.
    """
    return SamplingError(
        "SAM-MDESIGN-OPTION",
        _("The option {option} of the design has a value that is not allowed.").format(option=option),
        hint=hint,
    )


def _shown(options: dict[str, Any]) -> list[str]:
    plain = {k: dict(v) if isinstance(v, Mapping) else v for k, v in options.items()}
    return [f"{name}={value!r}" for name, value in plain.items()]


def _check_options(stage: Stage, known: Rule) -> None:
    """Refuse what the method does not use, and what it needs and has not."""
    given = stage.given()
    needed = [name for name in known.needs if name not in given and not (name == "size" and stage.unit)]
    unused = sorted(set(given) - known.uses - {"unit"})
    if needed or unused:
        text = _("The method {method} needs {needed} and does not use {unused}.")
        raise SamplingError(
            "SAM-MDESIGN-UNUSED" if unused else "SAM-MDESIGN-NEEDS",
            text.format(
                method=stage.method, needed=", ".join(known.needs or ("n",)), unused=", ".join(unused) or "-"
            ),
            hint=_("It may have: {names}.").format(names=", ".join(sorted(known.uses))),
        )
    if stage.randomised and stage.order:
        raise option_error("randomised", _("Give an order, or let the units come in random order."))
    if (stage.n is None) == (stage.rate is None):
        raise option_error("n", _("Give either n or rate."))
    if (stage.prn is None and stage.start is not None) or (stage.prn is not None and stage.unit is not None):
        raise option_error("prn", _("Permanent random numbers belong to rows; a start belongs to them."))
    if not stage.sized and {"certainty", "maximum_size", "minimum_size"} & set(given):
        raise option_error("size", _("Limits of sizes need a column of sizes."))


def _check_numbers(stage: Stage) -> None:
    """Refuse numbers out of their range."""
    for given in (stage.n, stage.rate):
        labels = [one for label in given for one in _parts(label)] if isinstance(given, Mapping) else []
        if not all(isinstance(label, str | Real) for label in labels):
            raise option_error("n", _("Name strata by texts or numbers, or by tuples of them."))
    for value in _values(stage.n):
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            raise option_error("n", _("Give a whole number, 1 or more, or one for each stratum."))
    if stage.method == "murthy" and any(value != 2 for value in _values(stage.n)):
        raise option_error("n", _("Murthy's method draws two units: give 2."))
    if stage.start is not None and not (_is_number(stage.start) and 0 <= stage.start < 1):
        raise option_error("start", _("Give a number from 0 to below 1."))
    for name in ("rate", "certainty"):
        for value in _values(getattr(stage, name)):
            if not _is_number(value) or not 0 < value <= 1:
                raise option_error(name, _("Give a share above 0 and at most 1."))
    limits = [getattr(stage, name) for name in ("minimum_size", "maximum_size")]
    low, high = ([0.0] if limit is None else _values(limit) for limit in limits)
    if any(not _is_number(v) or v <= 0 for limit in limits for v in _values(limit)) or (
        limits[1] is not None and low[0] > high[0]
    ):
        raise option_error("minimum_size", _("Give limits above 0, the minimum below the maximum."))


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Real) and isfinite(value)


def _parts(label: object) -> tuple[object, ...]:
    return label if isinstance(label, tuple) else (label,)


def _absent(value: object) -> bool:
    return value is None or value is False or (isinstance(value, tuple) and not value)


def _values(value: Any) -> list[Any]:
    """Each of a mapping's values, the value alone, or nothing of None."""
    if isinstance(value, Mapping):
        return list(value.values()) or [None]
    return [] if value is None else [value]
