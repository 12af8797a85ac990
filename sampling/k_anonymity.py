"""k-anonymity (k-匿名性) of the package for the researcher: nobody is alone with area, age band and sex.

Columns of the frame are coarsened, never those of the design, and no row is left out.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.k_search import Ints, join_classes, recode

__all__ = ["Anonymity", "KSettings", "anonymise", "k_settings", "smallest_class"]

BAND: Final = re.compile(r"(\d+)(?:-(\d+)|\+)")
JOINT: Final = "・"


@dataclass(frozen=True, slots=True)
class KSettings:
    """How far to coarsen, each value explained in ``data/k_anonymity.toml``.

    Parameters
    ----------
    k : int
        Persons of a class, at least.
    max_local_share : float
        Share of persons in classes that may be joined one by one, 0 to 1.
    max_searched : int
        Recodings of whole columns that are compared.
    replicate_groups : int
        Random groups a stratum for replicate weights.
    price : mapping of str to float
        Variable → loss where all its values are joined.
    """

    k: int
    max_local_share: float
    max_searched: int
    replicate_groups: int
    price: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Anonymity:
    """How a table was coarsened: variables and values, never persons.

    Parameters
    ----------
    k : int
        Persons of a class, at least.
    variables : tuple of str
        The variables that make the classes.
    before, after : int
        Persons of the smallest class.
    classes_before, classes_after : int
        Number of classes.
    persons : mapping of str to int
        Variable → persons whose value was coarsened.
    recoded : mapping of str to tuple of str
        Variable → values that stand for several of its own in the whole column.
    joined : mapping of str to tuple of str
        Variable → values that stand for several only in single small classes.
    """

    k: int
    variables: tuple[str, ...]
    before: int
    after: int
    classes_before: int
    classes_after: int
    persons: Mapping[str, int]
    recoded: Mapping[str, tuple[str, ...]]
    joined: Mapping[str, tuple[str, ...]]

    @property
    def coarsened(self) -> tuple[str, ...]:
        """The variables of which anything was joined."""
        return tuple(name for name in self.variables if self.persons[name])

    def tidy(self) -> pd.DataFrame:
        """Return what was done with each variable.

        Returns
        -------
        pandas.DataFrame
            Columns variable, recoded, joined (values, with blanks between), persons, k, before, after; a row
            a variable.
        """
        rows = [
            (
                name,
                " ".join(self.recoded[name]),
                " ".join(self.joined[name]),
                self.persons[name],
                self.k,
                self.before,
                self.after,
            )
            for name in self.variables
        ]
        columns = ["variable", "recoded", "joined", "persons", "k", "before", "after"]
        return pd.DataFrame(rows, columns=columns)

    def facts(self) -> dict[str, Any]:
        """Return the report as plain values.

        Returns
        -------
        dict
            As the parameters, for JSON.
        """
        return {
            "k": self.k,
            "variables": list(self.variables),
            "smallest_class_before": self.before,
            "smallest_class_after": self.after,
            "classes_before": self.classes_before,
            "classes_after": self.classes_after,
            "persons_coarsened": dict(self.persons),
            "recoded": {name: list(values) for name, values in self.recoded.items()},
            "joined": {name: list(values) for name, values in self.joined.items()},
        }


@cache
def k_settings() -> KSettings:
    """Read the settings.

    Returns
    -------
    KSettings
        The values of ``data/k_anonymity.toml``.

    Examples
    --------
    >>> k_settings().k
    5
    """
    text = files("sampling").joinpath("data/k_anonymity.toml").read_text(encoding="utf-8")
    return KSettings(**tomllib.loads(text))


def smallest_class(table: pd.DataFrame, variables: Sequence[str]) -> int:
    """Count the persons of the smallest class that has any.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a person.
    variables : sequence of str
        Columns that make the classes.

    Returns
    -------
    int
        Persons.
    """
    return int(table.groupby(list(variables)).size().min())


def anonymise(
    table: pd.DataFrame,
    *,
    orders: Mapping[str, Sequence[str]] | None = None,
    settings: KSettings | None = None,
) -> tuple[pd.DataFrame, Anonymity]:
    """Coarsen a table until every class of its quasi-identifiers holds k persons.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a person, with some of the variables of ``settings.price`` as text.
    orders : mapping of str to sequence of str, optional
        Variable → its values in the order in which neighbours are joined; values that it does not name come
        last. Default: by the number with which they begin, then by text.
    settings : KSettings, optional
        Default: `k_settings`.

    Returns
    -------
    table : pandas.DataFrame
        A new table with the same rows and columns; where all classes were large enough, with the same values.
    report : Anonymity
        What was joined.

    Raises
    ------
    SamplingError
        ``SAM-K-PERSONS``: the whole table has fewer than k persons.

    Notes
    -----
    First, of all recodings of whole columns into runs of neighbours that leave at most ``max_local_share`` of
    the persons in classes below k, the one that loses least (`sampling.k_search.recoding_loss`). Then the
    smallest class is joined with the nearest until none is below k. No value is suppressed.

    References
    ----------
    Samarati, P., "Protecting respondents' identities in microdata release", IEEE Transactions on Knowledge
    and Data Engineering 13 (2001): generalisation with a bounded number of outliers.

    Examples
    --------
    >>> ages = ["65-69"] * 9 + ["70-74"] * 2 + ["75-79"] * 9
    >>> coarse, report = anonymise(pd.DataFrame({"age_band": ages}))
    >>> sorted(set(coarse["age_band"])), report.before, report.after
    (['65-69', '70-79'], 2, 9)
    """
    chosen = settings or k_settings()
    names = tuple(name for name in chosen.price if name in table)
    if len(table) < chosen.k:
        raise SamplingError(
            "SAM-K-PERSONS",
            _("Fewer persons than k = {k}: no package can hide one among others.").format(k=chosen.k),
            hint=_("Hand over a larger part of the sample."),
        )
    levels = [_levels(table[name], (orders or {}).get(name, ())) for name in names]
    codes = np.column_stack(
        [
            pd.Index(level).get_indexer(pd.Index(table[name]))
            for name, level in zip(names, levels, strict=True)
        ]
    )
    first, last, starts = _coarse(codes.astype(np.int64), [len(level) for level in levels], chosen, names)
    changed = {
        name: [_label(levels[at][i : j + 1]) for i, j in zip(first[:, at], last[:, at], strict=True)]
        for at, name in enumerate(names)
    }
    coarse = table.assign(**changed)
    return coarse, _report(table, coarse, chosen.k, names, _runs(levels, starts, names))


def _coarse(
    codes: Ints, sizes: Sequence[int], chosen: KSettings, names: Sequence[str]
) -> tuple[Ints, Ints, list[Ints]]:
    """First and last level of every person and variable, shapes (persons, variables), and the recoding."""
    counts = np.zeros(sizes, dtype=np.int64)
    np.add.at(counts, tuple(codes.T), 1)
    prices = [chosen.price[name] for name in names]
    allowed = chosen.max_local_share * len(codes)
    starts = recode(counts, chosen.k, prices, allowed, chosen.max_searched)
    ends = [np.append(start[1:], size) - 1 for start, size in zip(starts, sizes, strict=True)]
    groups = np.column_stack(
        [np.searchsorted(start, codes[:, at], side="right") - 1 for at, start in enumerate(starts)]
    )
    classes, place, persons = np.unique(groups, axis=0, return_inverse=True, return_counts=True)
    low = np.column_stack([start[classes[:, at]] for at, start in enumerate(starts)])
    high = np.column_stack([end[classes[:, at]] for at, end in enumerate(ends)])
    step = np.array([price / max(size - 1, 1) for price, size in zip(prices, sizes, strict=True)])
    first, last = join_classes(low, high, persons, chosen.k, step)
    return first[place.ravel()], last[place.ravel()], starts


def _levels(column: pd.Series, order: Sequence[str]) -> list[str]:
    """The values that occur, in the order in which neighbours are joined."""
    place = {value: number for number, value in enumerate(order)}

    def key(value: str) -> tuple[int, int, str]:
        number = re.match(r"\d+", value)
        return place.get(value, len(place)), int(number[0]) if number else 0, value

    return sorted({str(value) for value in column}, key=key)


def _label(run: Sequence[str]) -> str:
    """Name a run of values; bands of ages that follow each other are one band."""
    if len(run) == 1:
        return run[0]
    low, high = BAND.fullmatch(run[0]), BAND.fullmatch(run[-1])
    if low and high and len(run) > 1 and all(BAND.fullmatch(value) for value in run):
        return f"{low[1]}-{high[2]}" if high[2] else f"{low[1]}+"
    return JOINT.join(run)


def _runs(
    levels: Sequence[Sequence[str]], starts: Sequence[Ints], names: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Variable → names of the groups of several values in the whole column."""
    found = {}
    for name, level, start in zip(names, levels, starts, strict=True):
        ends = [*start[1:].tolist(), len(level)]
        groups = [level[i:j] for i, j in zip(start.tolist(), ends, strict=True)]
        found[name] = tuple(_label(group) for group in groups if len(group) > 1)
    return found


def _report(
    table: pd.DataFrame,
    coarse: pd.DataFrame,
    k: int,
    names: tuple[str, ...],
    recoded: dict[str, tuple[str, ...]],
) -> Anonymity:
    before, after = (one.groupby(list(names)).size() for one in (table, coarse))
    kept = {name: set(recoded[name]) | set(table[name]) for name in names}
    return Anonymity(
        k,
        names,
        int(before.min()),
        int(after.min()),
        len(before),
        len(after),
        {name: int((coarse[name] != table[name]).sum()) for name in names},
        recoded,
        {name: tuple(sorted(set(coarse[name]) - kept[name])) for name in names},
    )
