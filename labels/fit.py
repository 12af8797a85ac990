"""Fitting Japanese text into a box: condense (長体), shrink to a floor, break well, or refuse."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from custody.fonts import FontChain
from custody.glyphs import cut_units

__all__ = ["Fitted", "Measure", "TextStyle", "fit_block", "wrap"]

STEP: Final = 0.5  # points
STRETCH_STEP: Final = 0.05
WRAP_GAIN: Final = 1.25
GOOD_END: Final = re.compile(r".*([0-9０-９一二三四五六七八九十]丁目|[区市郡町村・＝、])", re.DOTALL)
FAIR_END: Final = re.compile(r".*[0-9０-９一二三四五六七八九十](番地|番|号)", re.DOTALL)
NEVER_FIRST: Final = frozenset(
    "、。，．・」』）)]｝〉》ーｰ々ゝゞヽヾぁぃぅぇぉっゃゅょァィゥェォッャュョ号番階室棟館丁目地様-－−‐"
)
NEVER_LAST: Final = frozenset("「『（(［[｛〈《〒")
SELECTED: Final = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
BLANKS: Final = " \u3000"
AT_CHANGE: Final = 2.0
AFTER_LOT: Final = 4.0
INSIDE: Final = 10.0
"""How many characters of a line are given up rather than break where the kind of character changes (kanji,
katakana, digits), after 番 or 号, or inside a word."""


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text is set.

    Parameters
    ----------
    size, floor : float
        Wanted and smallest size, points.
    leading : float
        Distance of lines as a multiple of the size.
    condense : float
        Narrowest width of a character as a part of its own width (長体), 1 = never narrower.
    """

    size: float
    floor: float
    leading: float
    condense: float = 1.0

    def height(self, lines: int, size: float | None = None) -> float:
        """Return the height of a block of lines.

        Parameters
        ----------
        lines : int
            At least 1.
        size : float, optional
            Points; default the wanted size.

        Returns
        -------
        float
            Points, without space after the last line.
        """
        size = self.size if size is None else size
        return size * (1 + (lines - 1) * self.leading)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text that fits.

    Parameters
    ----------
    lines : tuple of str
        What stands on each line.
    size : float
        Points.
    shrunk : bool
        True where `size` is below the wanted size.
    stretch : float
        Width of the characters as a part of their own width; 1 = as the font has them.
    """

    lines: tuple[str, ...]
    size: float
    shrunk: bool
    stretch: float = 1.0

    @property
    def condensed(self) -> bool:
        """True where the characters are narrower than the font has them (長体)."""
        return self.stretch < 1


class Measure:
    """Widths of texts at 1 point, remembered for each character.

    Parameters
    ----------
    chain : FontChain
        The fonts.
    """

    def __init__(self, chain: FontChain) -> None:
        self._chain = chain
        self._widths: dict[str, float] = {}

    def widths(self, text: str) -> list[float]:
        """Return the width of each character at 1 point.

        Parameters
        ----------
        text : str
            Characters that the chain can draw.

        Returns
        -------
        list of float
            Points, one for each character; 0 for a variation selector, which belongs to the one before it.
        """
        known = self._widths
        if SELECTED.search(text) is None:
            for character in text:
                if character not in known:
                    known[character] = self._chain.width(character, 1.0)
            return [known[character] for character in text]
        units = cut_units(text)
        for unit in units:
            if unit not in known:
                known[unit] = self._chain.width(unit, 1.0)
        return [width for unit in units for width in (known[unit], *[0.0] * (len(unit) - 1))]

    def width(self, text: str) -> float:
        """Return the width of a text at 1 point.

        Parameters
        ----------
        text : str
            Characters that the chain can draw.

        Returns
        -------
        float
            Points.
        """
        return sum(self.widths(text))


def fit_block(
    parts: Sequence[str], width: float, height: float, style: TextStyle, measure: Measure
) -> Fitted | None:
    """Fit texts under each other into a box.

    Parameters
    ----------
    parts : sequence of str
        Texts that each begin a new line, at least one, none of them empty.
    width, height : float
        The box, points.
    style : TextStyle
        Wanted size, floor and leading.
    measure : Measure
        Widths of characters.

    Returns
    -------
    Fitted or None
        Every part on one line, wrapped only where that lets the characters be a quarter larger or wider. At
        the wanted size, condensed no further than needed; where the narrowest is still too wide, condensed
        as far and shrunk. None where even the floor is too large.

    Examples
    --------
    >>> from custody.fonts import FontChain
    >>> style, measure = TextStyle(10, 8, 1.2), Measure(FontChain.find())
    >>> fit_block(["練馬１丁目２番３号"], 100, 30, style, measure)
    Fitted(lines=('練馬１丁目２番３号',), size=10.0, shrunk=False, stretch=1.0)
    >>> fit_block(["練馬１丁目２番３号"], 60, 30, style, measure)
    Fitted(lines=('練馬１丁目', '２番３号'), size=10.0, shrunk=False, stretch=1.0)
    >>> fit_block(["練馬１丁目２番３号"], 72, 10, TextStyle(10, 8, 1.2, condense=0.7), measure)
    Fitted(lines=('練馬１丁目２番３号',), size=10, shrunk=False, stretch=0.8)
    """
    if style.condense < 1:
        lines = _condensed_lines(parts, width / style.size, height, style, measure)
        if lines:
            return _set(lines, style.size, width, style, measure)
    found = _shrunk_lines(parts, width / style.condense, height, style, measure)
    return None if found is None else _set(*found, width, style, measure)


def _condensed_lines(
    parts: Sequence[str], room: float, height: float, style: TextStyle, measure: Measure
) -> Sequence[str]:
    """Choose the lines at the wanted size, none where even the narrowest characters are too wide."""
    fits = style.height(len(parts)) <= height
    stretch = min(room / max(measure.width(part) for part in parts), 1.0) if fits else 0.0
    if stretch * WRAP_GAIN >= 1:
        return parts
    for wrapped in _stretches(style):
        if stretch * WRAP_GAIN > wrapped:
            break
        lines = _wrap_all(parts, room / wrapped, measure)
        if lines and style.height(len(lines)) <= height:
            return lines
    return parts if stretch >= style.condense else ()


def _shrunk_lines(
    parts: Sequence[str], width: float, height: float, style: TextStyle, measure: Measure
) -> tuple[Sequence[str], float] | None:
    """Choose lines and size, the largest that fits."""
    in_width = width / max(measure.width(part) for part in parts)
    unwrapped = min(in_width, height / style.height(len(parts), 1.0))
    for size in _sizes(style):
        if size <= unwrapped:
            return parts, size
        if unwrapped >= style.floor and size < WRAP_GAIN * unwrapped:
            continue
        lines = _wrap_all(parts, width / size, measure)
        if lines and style.height(len(lines), size) <= height:
            return lines, size
    return None


def _set(lines: Sequence[str], size: float, width: float, style: TextStyle, measure: Measure) -> Fitted:
    """Set lines as wide as their box allows, rounded down to a hundredth of the characters' width."""
    widest = max(measure.width(line) for line in lines) * size
    stretch = 1.0 if widest <= width + 1e-6 else max(int(100 * width / widest + 1e-6) / 100, style.condense)
    return Fitted(tuple(lines), size, size < style.size, stretch)


def wrap(text: str, limit: float, measure: Measure) -> list[str] | None:
    """Break a text into lines at sensible places.

    Parameters
    ----------
    text : str
        One text. Lines end best after a blank, 丁目, 町 or ・, then where the kind of character
        changes; never inside a number or a Latin word, and never before a closing mark or a small kana.
    limit : float
        Room on a line, in widths at 1 point.
    measure : Measure
        Widths of characters.

    Returns
    -------
    list of str or None
        The lines, without blanks at their ends; None where no allowed place fits.
    """
    lines: list[str] = []
    rest = text.strip(BLANKS)
    while rest:
        fits = _count_that_fits(measure.widths(rest), limit)
        if fits == len(rest):
            lines.append(rest)
            break
        place = _best_break(rest, fits)
        if place is None:
            return None
        lines.append(rest[:place].rstrip(BLANKS))
        rest = rest[place:].lstrip(BLANKS)
    return lines


def _wrap_all(parts: Iterable[str], limit: float, measure: Measure) -> list[str]:
    """Wrap every part; an empty list where one of them cannot be wrapped."""
    lines: list[str] = []
    for part in parts:
        wrapped = wrap(part, limit, measure)
        if wrapped is None:
            return []
        lines += wrapped
    return lines


def _sizes(style: TextStyle) -> list[float]:
    steps = int((style.size - style.floor) / STEP)
    return [style.size - STEP * step for step in range(steps + 1)]


def _stretches(style: TextStyle) -> list[float]:
    return [1 - place * STRETCH_STEP for place in range(int((1 - style.condense) / STRETCH_STEP + 1e-6) + 1)]


def _count_that_fits(widths: list[float], limit: float) -> int:
    used = 0.0
    for count, width in enumerate(widths):
        used += width
        if used > limit + 1e-9:
            return count
    return len(widths)


def _best_break(text: str, fits: int) -> int | None:
    """Choose where the first line ends, given how many characters fit on it."""
    places = [(_cost(text, place), place) for place in range(1, fits + 1)]
    allowed = [(cost + (fits - place), -place) for cost, place in places if cost is not None]
    return -min(allowed)[1] if allowed else None


def _cost(text: str, place: int) -> float | None:
    """Rate a break before `place` in characters given up: 0 is best, None not allowed."""
    before, after = text[place - 1], text[place]
    if after in BLANKS or after in NEVER_FIRST or before in NEVER_LAST or SELECTED.match(after):
        return None
    if before in BLANKS or GOOD_END.fullmatch(text, 0, place):
        return 0.0
    if FAIR_END.fullmatch(text, 0, place):
        return AFTER_LOT
    left, right = _kind(before), _kind(after)
    if left != right:
        return None if {left, right} <= {"digit", "latin"} else AT_CHANGE
    return None if left in ("digit", "latin") else INSIDE


def _kind(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    if plain.isdecimal() or plain in "-−‐":
        return "digit"
    if plain.isascii() and plain.isalpha():
        return "latin"
    name = unicodedata.name(character, "")
    return next((kind for kind in ("HIRAGANA", "KATAKANA") if kind in name), "other")
