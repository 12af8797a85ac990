"""Japanese fonts for paper: which ones are here, and which of them can draw a text.

A chain of fonts is asked in order for each character: BIZ UD Gothic (made for legibility), IPAmj Mincho for
what it lacks, IPAexGothic as the one that is always there. What no font can draw is named before anything is
printed; a box never stands in for a character.
"""

import importlib.util
import os
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from custody.errors import LabelError
from custody.messages import gettext as _

__all__ = ["Font", "FontChain", "font_folders"]

SELECTORS: Final = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""Variation selectors: they change the character before them (異体字セレクタ)."""


@dataclass(frozen=True, slots=True)
class Font:
    """A font that reportlab has loaded.

    Parameters
    ----------
    name : str
        The name under which reportlab knows it.
    path : pathlib.Path
        Its file.
    characters : frozenset of int
        Code points that it has a glyph for.
    """

    name: str
    path: Path
    characters: frozenset[int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FontChain:
    """Fonts in order of preference.

    Parameters
    ----------
    fonts : tuple of Font
        At least one.

    Examples
    --------
    >>> chain = FontChain.find()
    >>> chain.missing("練馬 太郎 髙﨑")
    frozenset()
    >>> "".join(text for name, text in chain.pieces("ねりま 1-2"))
    'ねりま 1-2'
    """

    fonts: tuple[Font, ...]

    @classmethod
    def find(cls, names: Sequence[str] | None = None) -> "FontChain":
        """Find and load the fonts of this machine.

        Parameters
        ----------
        names : sequence of str, optional
            Only these names of `data/fonts.toml`; None takes all that are here.

        Returns
        -------
        FontChain
            The fonts that are here, in order of preference.

        Raises
        ------
        LabelError
            None of them is here.
        """
        fonts = tuple(
            font
            for entry in _wanted()
            if (names is None or entry["name"] in names) and (font := _load(entry["name"])) is not None
        )
        if not fonts:
            raise LabelError(
                "FONT-NONE",
                _("No Japanese TrueType font was found on this computer."),
                hint=_("Install the package matplotlib-fontja, or BIZ UD Gothic from the system."),
            )
        return cls(fonts)

    @property
    def first(self) -> str:
        """Name of the preferred font."""
        return self.fonts[0].name

    def pieces(self, text: str) -> list[tuple[str, str]]:
        """Cut a text where the font changes.

        Parameters
        ----------
        text : str
            Any text that the chain can draw.

        Returns
        -------
        list of (str, str)
            Font name and piece, in order.

        Raises
        ------
        LabelError
            No font can draw one of the characters (ask `missing` first; the message does not name it).
        """
        pieces: list[tuple[str, str]] = []
        for unit in _units(text):
            name = self._font_for(unit)
            if name is None:
                hint = _("Leave this label to staff, or install a font that has the character.")
                raise LabelError("FONT-GLYPH", _("A character has no glyph in any font."), hint=hint)
            if pieces and pieces[-1][0] == name:
                pieces[-1] = (name, pieces[-1][1] + unit)
            else:
                pieces.append((name, unit))
        return pieces

    def missing(self, text: str) -> frozenset[str]:
        """Name the characters that no font of the chain can draw.

        Parameters
        ----------
        text : str
            Any text.

        Returns
        -------
        frozenset of str
            Characters, each with its variation selector where it has one.
        """
        return frozenset(unit for unit in set(_units(text)) if self._font_for(unit) is None)

    def width(self, text: str, size: float) -> float:
        """Measure a text.

        Parameters
        ----------
        text : str
            A text that the chain can draw.
        size : float
            Font size in points.

        Returns
        -------
        float
            Width in points.
        """
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return float(sum(stringWidth(piece, name, size) for name, piece in self.pieces(text)))

    def _font_for(self, unit: str) -> str | None:
        if len(unit) > 1:
            return None  # a variant glyph: drawing the base character instead would print another name
        code = ord(unit)
        return next((font.name for font in self.fonts if code in font.characters), None)


def font_folders() -> list[Path]:
    """Return where fonts may lie: the folder of HYOHON_FONTS, the user's, the system's, matplotlib-fontja's.

    Returns
    -------
    list of pathlib.Path
        Folders that exist.
    """
    named = os.environ.get("HYOHON_FONTS")
    home = Path.home()
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", home)) / "Microsoft" / "Windows" / "Fonts"
        system = [local, Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"]
    elif sys.platform == "darwin":
        system = [home / "Library" / "Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    else:
        system = [home / ".local/share/fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]
    spec = importlib.util.find_spec("matplotlib_fontja")
    packaged = [Path(place) / "fonts" for place in (spec.submodule_search_locations or ())] if spec else []
    folders = [*([Path(named)] if named else []), *system, *packaged]
    return [folder for folder in folders if folder.is_dir()]


@cache
def _wanted() -> tuple[dict[str, Any], ...]:
    text = (files("custody") / "data" / "fonts.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["font"])


@cache
def _found() -> dict[str, Path]:
    names = {name for entry in _wanted() for name in entry["files"]}
    found: dict[str, Path] = {}
    for folder in font_folders():
        for place, _folders, here in os.walk(folder):
            for name in names.intersection(here):
                found.setdefault(name, Path(place) / name)
    return found


@cache
def _load(name: str) -> Font | None:
    """Register a font with reportlab once and read which characters it has."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    entry = next(entry for entry in _wanted() if entry["name"] == name)
    path = next((_found()[file] for file in entry["files"] if file in _found()), None)
    if path is None:
        return None
    try:
        font = TTFont(name, str(path), subfontIndex=entry["index"])
    except (TTFError, OSError):
        return None  # a damaged file, or one with outlines that cannot be embedded: the next font serves
    pdfmetrics.registerFont(font)
    return Font(name, path, frozenset(code for code, glyph in font.face.charToGlyph.items() if glyph))


def _units(text: str) -> Iterator[str]:
    """Yield characters, each with the variation selector that follows it."""
    unit = ""
    for character in text:
        if unit and any(ord(character) in selectors for selectors in SELECTORS):
            unit += character
            continue
        if unit:
            yield unit
        unit = character
    if unit:
        yield unit
