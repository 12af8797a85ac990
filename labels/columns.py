"""Vertical writing (縦書き): what stands in each place of a column, how high it is, and how it is drawn.

As on an envelope written by hand: numbers in kanji digits one by one (一〇三), hyphens as upright strokes,
Latin letters upright one by one or, from four, lying on their side; marks and small kana by the forms that
the font has for columns, else turned.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from custody.fonts import FontChain
from custody.glyphs import cut_units
from labels.fit import BLANKS, Fitted, Measure, TextStyle
from labels.stream import ASCENT, Placed

__all__ = ["Cell", "ColumnMeasure", "column_cells", "place_columns"]

DIGITS: Final = "〇一二三四五六七八九"
HYPHENS: Final = frozenset("-‐‑‒–—―−－")
STROKE: Final = "－"
LONG_VOWEL: Final = {"ｰ": "ー"}
WORD: Final = re.compile("[A-Za-zＡ-Ｚａ-ｚ]{4,}")
TURNED: Final = frozenset("－ー～〜…‥（）「」『』【】〈〉《》［］｛｝〔〕＝：；｜")
"""Drawn on their side where the font has no form for columns."""
BLANK_HEIGHT: Final = 0.5
MIDDLE: Final = 0.38
"""Middle of the body of Japanese glyphs above the base line, em."""
FULL_WIDTH: Final = 0xFEE0
"""Distance of a full-width form from its ASCII character."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in a column.

    Parameters
    ----------
    unit : str
        What stands there, with its variation selector where it has one; empty for a blank.
    height : float
        Em.
    lying : bool
        True for a letter of a Latin word on its side.
    """

    unit: str
    height: float
    lying: bool = False


class ColumnMeasure(Measure):
    """Heights in a column in place of widths on a line.

    Parameters
    ----------
    chain : FontChain
        The fonts.
    """

    def __init__(self, chain: FontChain) -> None:
        super().__init__(chain)
        self.chain = chain
        self._wide: dict[str, float] = {}

    def width_of(self, unit: str) -> float:
        """Return how wide a character is, as on a line.

        Parameters
        ----------
        unit : str
            A character with its variation selector.

        Returns
        -------
        float
            Em.
        """
        if unit not in self._wide:
            self._wide[unit] = self.chain.width(unit, 1.0)
        return self._wide[unit]

    def widths(self, text: str) -> list[float]:
        """Return the height of each character at 1 point.

        Parameters
        ----------
        text : str
            Characters that the chain can draw.

        Returns
        -------
        list of float
            Points, one for each character; 0 for a variation selector.
        """
        units = cut_units(text)
        cells = column_cells(text, self.chain)
        return [
            height
            for unit, cell in zip(units, cells, strict=True)
            for height in (cell.height, *[0.0] * (len(unit) - 1))
        ]


def column_cells(text: str, chain: FontChain) -> list[Cell]:
    """Say what stands in each place of a column.

    Parameters
    ----------
    text : str
        Characters that the chain can draw.
    chain : FontChain
        The fonts.

    Returns
    -------
    list of Cell
        One for each character of the text, a variation selector counting with its character.

    Examples
    --------
    >>> chain = FontChain.find()
    >>> "".join(cell.unit for cell in column_cells("１丁目30-8 ＡB棟", chain))
    '一丁目三〇－八ＡＢ棟'
    >>> [cell.lying for cell in column_cells("Maison", chain)]
    [True, True, True, True, True, True]
    """
    lying = {place for word in WORD.finditer(text) for place in range(*word.span())}
    cells, place = [], 0
    for unit in cut_units(text):
        cells.append(_cell(unit, chain, lying=place in lying))
        place += len(unit)
    return cells


def _cell(unit: str, chain: FontChain, *, lying: bool) -> Cell:
    if unit in BLANKS:
        return Cell("", BLANK_HEIGHT)
    if lying:
        letter = unicodedata.normalize("NFKC", unit)
        return Cell(letter, chain.width(letter, 1.0), True)
    wanted = _upright(unit)
    return Cell(unit if chain.missing(wanted) else wanted, 1.0)


def _upright(unit: str) -> str:
    """Return the character that stands for another in a column."""
    if unit.isdecimal() and len(unit) == 1:
        return DIGITS[int(unit)]
    if unit in HYPHENS:
        return STROKE
    if unit.isascii() and len(unit) == 1:
        return chr(ord(unit) + FULL_WIDTH)
    return LONG_VOWEL.get(unit, unit)


def place_columns(
    text: Fitted, style: TextStyle, right: float, top: float, measure: ColumnMeasure
) -> list[Placed]:
    """Place the glyphs of a text in columns from right to left.

    Parameters
    ----------
    text : Fitted
        Its lines are the columns; `stretch` is the height of the characters as a part of their own (平体).
    style : TextStyle
        Distance of the columns.
    right, top : float
        Upper right corner of the first column, points from the page's lower left corner.
    measure : ColumnMeasure
        With the fonts.

    Returns
    -------
    list of Placed
        For `labels.stream.PageStream.glyphs`.
    """
    placed: list[Placed] = []
    centre, high = right - text.size / 2, text.size * text.stretch
    for line in text.lines:
        place = top
        for cell in column_cells(line, measure.chain):
            if cell.unit:
                placed.append(_placed(cell, centre, place, text.size, text.stretch, measure))
            place -= cell.height * high
        centre -= text.size * style.leading
    return placed


def _placed(
    cell: Cell, centre: float, top: float, size: float, stretch: float, measure: ColumnMeasure
) -> Placed:
    font, drawn, made = measure.chain.in_column(cell.unit)
    if cell.lying or (cell.unit in TURNED and not made):
        spare = 0.0 if cell.lying else (1.0 - measure.width_of(cell.unit)) / 2 * size * stretch
        return Placed(font, drawn, size, (0, -stretch, 1, 0, centre - MIDDLE * size, top - spare))
    left = centre - measure.width_of(cell.unit) * size / 2
    return Placed(font, drawn, size, (1, 0, 0, stretch, left, top - ASCENT * size * stretch))
