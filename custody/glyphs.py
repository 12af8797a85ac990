"""Variant glyphs (異体字): which glyph of a font a character and its selector ask for, and how it is drawn.

A name may be written with an ideographic variation sequence (IVS), as 葛 and U+E0100. A font lists in its
character map (format 14) which glyph that is. Each such pair gets a code of its own in the private planes, so
that the pair is drawn, measured, embedded and copied like any other character.
"""

import functools
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

__all__ = ["add_variants", "cut_units", "read_variants", "without_selectors"]

_SELECTORS: Final = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
UNIT: Final = re.compile(f"[^{_SELECTORS}][{_SELECTORS}]*|[{_SELECTORS}]+", re.DOTALL)
SELECTOR: Final = re.compile(f"[{_SELECTORS}]")
PRIVATE: Final = (range(0x100000, 0x10FFFE), range(0xF0000, 0xFFFFE))
"""Codes for pairs; those that the font itself uses are left out."""
FORMAT: Final = 14
UNITS_PER_EM: Final = 18
"""Where the table ``head`` has it."""
LAST_OF_FOUR_DIGITS: Final = 0xFFFF


def cut_units(text: str) -> list[str]:
    r"""Cut a text into characters, each with the variation selectors that follow it.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of str
        In order; together they are the text.

    Examples
    --------
    >>> [len(unit) for unit in cut_units("葛\U000e0100飾")]
    [2, 1]
    """
    return UNIT.findall(text)


def without_selectors(text: str) -> str:
    r"""Take the variation selectors out of a text, which leaves the base characters.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text without selectors.

    Examples
    --------
    >>> without_selectors("葛\U000e0100飾")
    '葛飾'
    """
    return SELECTOR.sub("", text)


def read_variants(cmap: bytes) -> dict[str, int]:
    """Read the variation sequences of a font.

    Parameters
    ----------
    cmap : bytes
        The table ``cmap`` of a TrueType font.

    Returns
    -------
    dict of str to int
        Character and selector to glyph; 0 where the sequence asks for the glyph of the character alone. Empty
        where the font has no variation sequences.

    References
    ----------
    ISO/IEC 14496-22 (Open Font Format), table cmap, subtable format 14; Unicode Technical Standard 37.
    """
    tables = struct.unpack_from(">H", cmap, 2)[0]
    offsets = [struct.unpack_from(">HHI", cmap, 4 + 8 * table)[2] for table in range(tables)]
    start = next((at for at in offsets if struct.unpack_from(">H", cmap, at)[0] == FORMAT), None)
    found: dict[str, int] = {}
    if start is None:
        return found
    for record in range(struct.unpack_from(">I", cmap, start + 6)[0]):
        high, low, usual, other = struct.unpack_from(">BHII", cmap, start + 10 + 11 * record)
        selector = chr(high << 16 | low)
        if usual:
            found |= {chr(code) + selector: 0 for code in _usual(cmap, start + usual)}
        if other:
            found |= {chr(code) + selector: glyph for code, glyph in _other(cmap, start + other)}
    return found


def add_variants(font: Any, meant: dict[int, str] | None = None) -> dict[str, str]:
    """Teach a font that reportlab has loaded to draw its variation sequences.

    Parameters
    ----------
    font : reportlab.pdfbase.ttfonts.TTFont
        The font; each pair with a glyph of its own gets a private code, by code point and not by use, so that
        the same text gives the same file.
    meant : dict of int to str, optional
        Takes what each private code is copied as; whoever adds codes of his own adds to it.

    Returns
    -------
    dict of str to str
        Character and selector to the one character to draw in its place. What cannot be drawn is not in it.

    Notes
    -----
    Text copied from the PDF gives the character and its selector again, and characters above U+FFFF, for
    which reportlab alone writes another character. A pair that asks for the usual glyph is drawn, and
    copied, as the character alone.
    """
    face = font.face
    em = struct.unpack_from(">H", face.get_table("head"), UNITS_PER_EM)[0]
    taken = frozenset(face.charToGlyph)
    codes = (code for plane in PRIVATE for code in plane if code not in taken)
    drawn: dict[str, str] = {}
    meant = {} if meant is None else meant
    for pair, glyph in sorted(read_variants(face.get_table("cmap")).items()):
        own = face.charToGlyph.get(ord(pair[0]), 0)
        if glyph in (0, own):
            drawn |= {pair: pair[0]} if own else {}
        elif (code := next(codes, None)) is not None:
            face.charToGlyph[code] = glyph
            face.charWidths[code] = face.hmetrics[glyph][0] * 1000 / em
            meant[code], drawn[pair] = pair, chr(code)
    font.addObjects = functools.partial(_add_objects, font, font.addObjects, meant)
    return drawn


def _usual(cmap: bytes, start: int) -> Iterator[int]:
    """Yield the characters whose own glyph is asked for."""
    ranges = struct.unpack_from(">I", cmap, start)[0]
    for high, low, more in struct.iter_unpack(">BHB", cmap[start + 4 : start + 4 + 4 * ranges]):
        first = high << 16 | low
        yield from range(first, first + more + 1)


def _other(cmap: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield characters and the glyph that is asked for."""
    pairs = struct.unpack_from(">I", cmap, start)[0]
    for high, low, glyph in struct.iter_unpack(">BHH", cmap[start + 4 : start + 4 + 5 * pairs]):
        yield high << 16 | low, glyph


def _add_objects(font: Any, add: Callable[[Any], None], meant: Mapping[int, str], document: Any) -> None:
    """Add the font to a document, then correct what its glyphs above U+FFFF are copied as."""
    subsets = font.state[document].subsets if document in font.state else []
    add(document)
    for number, codes in enumerate(subsets):
        if max(codes) > LAST_OF_FOUR_DIGITS:
            stream = document.idToObject[f"toUnicodeCMap:{_subset_name(font, number)}"]
            wrong, texts = [f"<{code:04X}>" for code in codes], [meant.get(code, chr(code)) for code in codes]
            for place, (old, text) in enumerate(zip(wrong, texts, strict=True)):
                new = f"<{text.encode('utf-16-be').hex().upper()}>"
                stream.content = stream.content.replace(
                    f"\n<{place:02X}> {old}\n", f"\n<{place:02X}> {new}\n"
                )


def _subset_name(font: Any, number: int) -> str:
    from reportlab.pdfbase.ttfonts import SUBSETN

    name: bytes = SUBSETN(number) + b"+" + font.face.name + font.face.subfontNameX
    return name.decode("pdfdoc")
