"""The model of the probabilistic step, read from ``data/linkage.toml``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

__all__ = ["Comparison", "Level", "Model", "model"]


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of agreement.

    Parameters
    ----------
    name : str
        Name of the level.
    sql : str
        Its condition; empty for the last level, which takes what is left.
    m, u : float
        Share of true pairs and of other pairs at this level, 0 to 1.
    frequency : str, optional
        Column whose commonness counts at this level.
    """

    name: str
    sql: str
    m: float
    u: float
    frequency: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that is compared.

    Parameters
    ----------
    name : str
        ``name``, ``birth``, ``sex`` or ``address``.
    unknown : str
        Condition under which it says nothing.
    levels : tuple of Level
        From the closest to the last.
    """

    name: str
    unknown: str
    levels: tuple[Level, ...]

    def case(self) -> str:
        """Return the place of the level as SQL.

        Returns
        -------
        str
            An expression: the place in `levels`, or -1 where unknown.
        """
        last = len(self.levels) - 1
        whens = [f"WHEN {level.sql} THEN {place}" for place, level in enumerate(self.levels[:-1])]
        return f"CASE WHEN {self.unknown} THEN -1 {' '.join(whens)} ELSE {last} END"


@dataclass(frozen=True, slots=True)
class Model:
    """The whole model.

    Parameters
    ----------
    comparisons : tuple of Comparison
        What is compared.
    rules : tuple of str
        Blocking rules.
    estimation, assignment : mapping of str to value
        Numbers, each explained in ``data/linkage.toml``.
    """

    comparisons: tuple[Comparison, ...]
    rules: tuple[str, ...]
    estimation: Mapping[str, Any]
    assignment: Mapping[str, Any]


@cache
def model() -> Model:
    """Read the model.

    Returns
    -------
    Model
        Of ``data/linkage.toml``.

    Examples
    --------
    >>> [comparison.name for comparison in model().comparisons]
    ['name', 'birth', 'sex', 'address']
    """
    text = files("sampling").joinpath("data/linkage.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Model(
        comparisons=tuple(_comparison(name, table) for name, table in data["comparisons"].items()),
        rules=tuple(data["blocking"]["rules"]),
        estimation=MappingProxyType(data["estimation"]),
        assignment=MappingProxyType(data["assignment"]),
    )


def _comparison(name: str, table: Mapping[str, Any]) -> Comparison:
    levels = tuple(
        Level(level, facts.get("sql", ""), facts["m"], facts["u"], facts.get("frequency"))
        for level, facts in table["levels"].items()
    )
    return Comparison(name, table["unknown"], levels)
