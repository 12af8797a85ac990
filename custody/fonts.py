"""Japanese fonts for paper: which ones are here, and which of them can draw a text.

A chain of fonts is asked in order for each character: BIZ UD Gothic (made for legibility), IPAmj Mincho for
what it lacks, IPAexGothic as the one that is always there. A variant (異体字) is drawn by the first font that
has its pair of character and selector: the register's own selectors decide. What no font can draw is named
before anything is printed; a box never stands in for a character.
"""

import importlib.util
import os
import struct
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from unicodedata import category

from custody.errors import LabelError
from custody.glyphs import add_variants, cut_units, without_selectors
from custody.glyphs_vertical import add_vertical_forms
from custody.messages import gettext as _

__all__ = ["Font", "FontChain", "font_folders"]


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
        Code points that it has a glyph for, private ones left out.
    variants : dict of str to str
        Character and variation selector to what reportlab draws for them (異体字).
    vertical : dict of str to str
        Character to what reportlab draws for it in a column (縦書き), where that is another glyph.
    """

    name: str
    path: Path
    characters: frozenset[int] = field(repr=False)
    variants: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    vertical: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def drawn(self, unit: str) -> str | None:
        """Return what reportlab must draw for a character.

        Parameters
        ----------
        unit : str
            A character, with its variation selector where it has one.

        Returns
        -------
        str or None
            One character; None where the font has no such glyph.
        """
        if len(unit) == 1:
            return unit if ord(unit) in self.characters and without_selectors(unit) else None
        return self.variants.get(unit)


@dataclass(frozen=True, slots=True)
class FontChain:
    r"""Fonts in order of preference.

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
    >>> chain.missing("葛\U000e0100飾")
    frozenset()
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
            Font name and what reportlab draws, in order: the text itself, with a private code in place of
            each character with a variation selector.

        Raises
        ------
        LabelError
            No font can draw one of the characters (ask `missing` first; the message does not name it).
        """
        pieces: list[tuple[str, str]] = []
        for unit in cut_units(text):
            name, drawn = self._drawn(unit)
            if drawn is None:
                hint = _("Leave this label to staff, or install a font that has the character.")
                raise LabelError("FONT-GLYPH", _("A character has no glyph in any font."), hint=hint)
            if pieces and pieces[-1][0] == name:
                pieces[-1] = (name, pieces[-1][1] + drawn)
            else:
                pieces.append((name, drawn))
        return pieces

    def in_column(self, unit: str) -> tuple[str, str, bool]:
        """Say how a character is drawn in vertical writing (縦書き).

        Parameters
        ----------
        unit : str
            A character that the chain can draw, with its variation selector where it has one.

        Returns
        -------
        tuple of str, str and bool
            Font name, what reportlab draws, and whether that is a form made for columns.

        Raises
        ------
        LabelError
            As for `pieces`.
        """
        ((name, drawn),) = self.pieces(unit)
        font = next(font for font in self.fonts if font.name == name)
        form = font.vertical.get(unit)
        return name, form or drawn, form is not None

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
        return frozenset(unit for unit in set(cut_units(text)) if self._drawn(unit)[1] is None)

    def with_base_characters(self, text: str) -> str:
        """Replace variants that no font can draw by their base characters.

        Parameters
        ----------
        text : str
            Any text.

        Returns
        -------
        str
            The text without the selectors of those characters; say so to staff wherever it differs.
        """
        units = cut_units(text)
        return "".join(unit if self._drawn(unit)[1] else without_selectors(unit) for unit in units)

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

    def _drawn(self, unit: str) -> tuple[str, str | None]:
        """Return the font of a character and what it draws; never the base character of another variant."""
        tries = ((font.name, font.drawn(unit)) for font in self.fonts)
        return next(((name, drawn) for name, drawn in tries if drawn), ("", None))


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
        meant: dict[int, str] = {}
        variants = add_variants(font, meant)
        vertical = add_vertical_forms(font, meant)
    except (TTFError, OSError, struct.error):
        return None  # a damaged file, or one with outlines that cannot be embedded: the next font serves
    # a ward's own character (外字) has a private code: what a font has there is another character
    glyphs = font.face.charToGlyph.items()
    characters = frozenset(code for code, glyph in glyphs if glyph and category(chr(code)) != "Co")
    pdfmetrics.registerFont(font)
    return Font(name, path, characters, variants, vertical)
