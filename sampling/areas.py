"""From an address to its town (町) and area (地区)."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, partial
from importlib.resources import files
from string import Template
from types import MappingProxyType
from typing import Any, Final

import pyarrow.compute as pc

__all__ = ["default_areas", "fold_address", "place_of", "places"]

PREFECTURE = re.compile(r"^(?:東京都|北海道|京都府|大阪府|.{2,3}県)")
NUMBER = re.compile(r"[0-9０-９]|[一二三四五六七八九十百]+(?:丁目|番)|$")
"""What may follow a town's name: a number, or nothing."""

HYPHENS: Final = r"[\x{2010}-\x{2015}\x{2212}\x{30FC}\x{FF70}\x{2500}\x{2501}ノの]"
FOLDS: Final = (
    (r"[\s\x{200B}-\x{200F}\x{FEFF}]+", ""),
    (r"([0-9])(?:丁目|番地の?|番|号室?)", r"\1-"),
    *[(rf"([0-9]){HYPHENS}+([0-9])", r"\1-\2")] * 2,  # twice: a number between two hyphens ends the first
    (r"-+", "-"),
    (r"-$", ""),
)
"""Pattern (RE2) → replacement, in their order, after NFKC."""
DIGITS: Final = "一二三四五六七八九"
CHOME: Final = {f"十{digit}": f"1{number}" for number, digit in enumerate(DIGITS, 1)} | {
    digit: str(number) for number, digit in enumerate(DIGITS + "十", 1)
}
"""Numbers of a 丁目 in kanji, the longer ones first."""


def place_of(head: str, areas: Mapping[str, str], municipality: str) -> tuple[str, str] | None:
    """Find the town and area of an address.

    Parameters
    ----------
    head : str
        The address, or its beginning up to the first number, with or without the municipality before it.
    areas : mapping of str to str
        Town → area.
    municipality : str
        Prefecture and municipality, such as ``東京都練馬区``.

    Returns
    -------
    tuple of str, or None
        Town and area of the longest town that the address begins with and that a number follows; None
        where there is none.

    Examples
    --------
    >>> areas = {"西大泉": "大泉", "西大泉町": "大泉", "中村": "練馬"}
    >>> place_of("東京都練馬区西大泉町", areas, "東京都練馬区")
    ('西大泉町', '大泉')
    >>> place_of("西大泉三丁目", areas, "東京都練馬区")
    ('西大泉', '大泉')
    >>> place_of("中村北", areas, "東京都練馬区") is None
    True
    """
    short = PREFECTURE.sub("", municipality)
    rest = head.strip().removeprefix(municipality)
    rest = rest.removeprefix(short) if rest == head.strip() else rest
    fitting = [town for town in areas if rest.startswith(town) and NUMBER.match(rest, len(town))]
    town = max(fitting, key=len, default=None)
    return None if town is None else (town, areas[town])


def places(heads: Iterable[str], areas: Mapping[str, str], municipality: str) -> dict[str, tuple[str, str]]:
    """Find the places of many different address beginnings.

    Parameters
    ----------
    heads : iterable of str
        Beginnings of addresses.
    areas, municipality
        As in `place_of`.

    Returns
    -------
    dict
        Head → (town, area), for those that have one.
    """
    find = partial(place_of, areas=areas, municipality=municipality)
    found = ((head, find(head)) for head in heads)
    return {head: place for head, place in found if place is not None}


def fold_address(cells: Any, municipality: str = "") -> Any:
    """Write addresses in one way, so that the same place is the same text.

    Parameters
    ----------
    cells : pyarrow.Array of string
        Addresses or buildings, shape (rows,); null counts as blank.
    municipality : str
        Prefecture and municipality that may stand before the town.

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,), only for comparing: width, blanks, hyphens and 丁目・番・号 are made the same.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = pa.array(["東京都練馬区練馬１丁目２番３号", "練馬区練馬一丁目2-3", "練馬１−２ー３"])
    >>> fold_address(cells, "東京都練馬区").to_pylist()
    ['練馬1-2-3', '練馬1-2-3', '練馬1-2-3']
    """
    folded = pc.utf8_normalize(pc.fill_null(cells, ""), "NFKC")
    for kanji, digit in CHOME.items():
        folded = pc.replace_substring(folded, f"{kanji}丁目", f"{digit}丁目")
    for pattern, new in FOLDS:
        folded = pc.replace_substring_regex(folded, pattern, new)
    for prefix in (municipality, PREFECTURE.sub("", municipality)) if municipality else ():
        starts = pc.starts_with(folded, prefix)
        folded = pc.if_else(starts, pc.utf8_slice_codeunits(folded, len(prefix)), folded)
    return folded


@cache
def default_areas() -> Mapping[str, str]:
    """Return the towns of 練馬区 with their areas, as a new survey file lists them.

    Returns
    -------
    mapping of str to str
        Town → area.

    Examples
    --------
    >>> default_areas()["光が丘"], len(default_areas())
    ('光が丘', 46)
    """
    template = files("custody").joinpath("data/survey_template.toml").read_text(encoding="utf-8")
    filled = Template(template).substitute(defaultdict(lambda: "0"))
    areas = tomllib.loads(filled)["areas"]
    return MappingProxyType({town: area for area, towns in areas.items() for town in towns})
