"""The tables of this package: population, towns, names, homes, certification; read once and kept."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def read_rows(name: str) -> list[dict[str, str]]:
    """Rows of one CSV file in this package's data folder.

    Parameters
    ----------
    name : str
        File name, such as ``towns.csv``.

    Returns
    -------
    list of dict
        One dictionary of text values for each row.
    """
    text = files("synthetic_data").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def settings(name: str) -> dict[str, Any]:
    """One TOML file in this package's data folder.

    Parameters
    ----------
    name : str
        File name without its ending, such as ``households``.

    Returns
    -------
    dict
        The parsed file. It is shared: read it, do not change it.
    """
    text = files("synthetic_data").joinpath("data", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@dataclass(frozen=True, slots=True)
class Towns:
    """The 46 towns of the ward.

    Attributes
    ----------
    town, kana, postal_code, area : tuple of str
        Name, reading, seven-digit postal code and area of each town.
    chome_count : numpy.ndarray
        Number of 丁目, shape (46,); 0 where the town has none.
    weight : numpy.ndarray
        Relative number of homes, shape (46,); assumed.
    """

    town: tuple[str, ...]
    kana: tuple[str, ...]
    postal_code: tuple[str, ...]
    area: tuple[str, ...]
    chome_count: Ints
    weight: Ints


@cache
def towns() -> Towns:
    """Read the towns of the ward.

    Returns
    -------
    Towns
        In the order of their postal codes.

    Examples
    --------
    >>> towns().town[:3], towns().postal_code[0], len(towns().town)
    (('練馬', '桜台', '羽沢'), '1760001', 46)
    """
    rows = read_rows("towns.csv")

    def column(key: str) -> tuple[str, ...]:
        return tuple(row[key] for row in rows)

    def numbers(key: str) -> Ints:
        return np.array([int(row[key]) for row in rows], dtype=np.int64)

    return Towns(
        column("town"),
        column("kana"),
        column("postal_code"),
        column("area"),
        numbers("chome_count"),
        numbers("weight"),
    )


@dataclass(frozen=True, slots=True)
class Names:
    """A list of names with readings and weights.

    Attributes
    ----------
    text, kana : tuple of str
        The name as written and its reading in full-width katakana.
    weight : numpy.ndarray
        Relative frequency, shape (k,).
    """

    text: tuple[str, ...]
    kana: tuple[str, ...]
    weight: Ints


@cache
def surnames() -> Names:
    """Read the surnames.

    Returns
    -------
    Names
        About 300 frequent surnames; a name with two readings stands there twice.

    Examples
    --------
    >>> names = surnames()
    >>> names.text[0], names.kana[0]
    ('佐藤', 'サトウ')
    """
    rows = read_rows("surnames.csv")
    weight = np.array([int(row["weight"]) for row in rows], dtype=np.int64)
    return Names(tuple(row["surname"] for row in rows), tuple(row["kana"] for row in rows), weight)


@dataclass(frozen=True, slots=True)
class GivenNames:
    """Given names by birth period and sex, as one long list with a table of weights.

    Attributes
    ----------
    text, kana : tuple of str
        Every name once for each period and sex in which it stands.
    first_year : numpy.ndarray
        First birth year of each period, rising, shape (periods,).
    weight : numpy.ndarray
        Shape (periods * 2, names): row ``2 * period + (sex - 1)`` holds the weights of that period and sex,
        0 for all other names.
    """

    text: tuple[str, ...]
    kana: tuple[str, ...]
    first_year: Ints
    weight: Ints


@cache
def given_names() -> GivenNames:
    """Read the given names.

    Returns
    -------
    GivenNames
        Six birth periods, two sexes.

    Examples
    --------
    >>> names = given_names()
    >>> names.first_year.tolist(), names.weight.shape[0]
    ([1860, 1926, 1945, 1965, 1985, 2000], 12)
    """
    rows = read_rows("given_names.csv")
    years = sorted({int(row["first_year"]) for row in rows})
    weight = np.zeros((2 * len(years), len(rows)), dtype=np.int64)
    for place, row in enumerate(rows):
        weight[2 * years.index(int(row["first_year"])) + int(row["sex"]) - 1, place] = int(row["weight"])
    return GivenNames(
        tuple(row["name"] for row in rows),
        tuple(row["kana"] for row in rows),
        np.array(years, dtype=np.int64),
        weight,
    )


@cache
def pyramid() -> Ints:
    """Read the age pyramid of the ward.

    Returns
    -------
    numpy.ndarray
        Shape (ages, 2): people by single year of age (0, 1, …) and sex (men, women).

    Notes
    -----
    The totals are those of the census of October 2010; the five-year groups from 65 are an estimate for
    January 2010; the single years and the ages 15 to 64 are assumed.

    Examples
    --------
    >>> pyramid().sum(axis=0).tolist()
    [350647, 365477]
    """
    rows = read_rows("pyramid.csv")
    return np.array([[int(row["male"]), int(row["female"])] for row in rows], dtype=np.int64)


def share_out(weights: npt.ArrayLike, total: int) -> Ints:
    """Whole numbers in proportion to `weights` that add up to `total` (largest remainder).

    Parameters
    ----------
    weights : array_like of int
        Shape (k,), not all zero.
    total : int
        What the result adds up to, 0 or more.

    Returns
    -------
    numpy.ndarray
        Shape (k,), int64. Equal remainders go to the earlier place.

    Examples
    --------
    >>> share_out([1, 1, 1], 4).tolist()
    [2, 1, 1]
    """
    weight = np.asarray(weights, dtype=np.int64)
    scaled = weight * total
    whole, rest = np.divmod(scaled, int(weight.sum()))
    order = np.argsort(-rest, kind="stable")
    whole[order[: total - int(whole.sum())]] += 1
    return np.asarray(whole)
