"""Glyphs for vertical writing (縦書き): which glyph a font has for a character that stands in a column.

A font lists in its glyph substitutions (table GSUB, feature ``vert``) the forms for columns of 、。ー（）「」
and small kana. Each such character gets a code of its own in the private planes, as variants do.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final

from custody.glyphs import PRIVATE, UNITS_PER_EM

__all__ = ["add_vertical_forms", "read_vertical"]

FEATURE: Final = b"vert"
SINGLE: Final = 1
EXTENSION: Final = 7
"""Types of a lookup: one glyph for another; and one that lies further away than 16 bits reach."""


def add_vertical_forms(font: Any, meant: dict[int, str]) -> dict[str, str]:
    """Teach a font that reportlab has loaded to draw its forms for columns.

    Parameters
    ----------
    font : reportlab.pdfbase.ttfonts.TTFont
        The font, after `custody.glyphs.add_variants`.
    meant : dict of int to str
        Private code to what is copied from the PDF; the codes of the forms are added.

    Returns
    -------
    dict of str to str
        Character to the one character to draw in its place in a column. Empty where the font has no such
        forms.

    References
    ----------
    ISO/IEC 14496-22 (Open Font Format), table GSUB, lookup types 1 and 7; feature ``vert``.
    """
    face = font.face
    em = struct.unpack_from(">H", face.get_table("head"), UNITS_PER_EM)[0]
    try:
        forms = read_vertical(face.get_table("GSUB"))
    except (KeyError, struct.error):  # no such table, or a damaged one: marks are turned instead
        return {}
    taken = frozenset(face.charToGlyph)
    codes = (code for plane in PRIVATE for code in plane if code not in taken)
    own = sorted((code, glyph) for code, glyph in face.charToGlyph.items() if code not in meant)
    drawn: dict[str, str] = {}
    for character, glyph in own:
        if glyph in forms and (code := next(codes, None)) is not None:
            face.charToGlyph[code] = forms[glyph]
            face.charWidths[code] = face.hmetrics[forms[glyph]][0] * 1000 / em
            meant[code], drawn[chr(character)] = chr(character), chr(code)
    return drawn


def read_vertical(gsub: bytes) -> dict[int, int]:
    """Read which glyph stands for another in a column.

    Parameters
    ----------
    gsub : bytes
        The table ``GSUB`` of a TrueType font.

    Returns
    -------
    dict of int to int
        Glyph to glyph; empty where the font has none.
    """
    features, lookups = struct.unpack_from(">HH", gsub, 6)
    wanted: set[int] = set()
    for record in range(struct.unpack_from(">H", gsub, features)[0]):
        tag, offset = struct.unpack_from(">4sH", gsub, features + 2 + 6 * record)
        if tag == FEATURE:
            at = features + offset
            count = struct.unpack_from(">H", gsub, at + 2)[0]
            wanted.update(struct.unpack_from(f">{count}H", gsub, at + 4))
    found: dict[int, int] = {}
    for number in sorted(wanted):
        lookup = lookups + struct.unpack_from(">H", gsub, lookups + 2 + 2 * number)[0]
        for kind, at in _subtables(gsub, lookup):
            if kind == SINGLE:
                found |= dict(_single(gsub, at))
    return found


def _subtables(gsub: bytes, lookup: int) -> Iterator[tuple[int, int]]:
    """Yield type and place of each subtable of a lookup."""
    kind, _flags, count = struct.unpack_from(">HHH", gsub, lookup)
    for offset in struct.unpack_from(f">{count}H", gsub, lookup + 6):
        at = lookup + offset
        if kind == EXTENSION:
            _format, inner, more = struct.unpack_from(">HHI", gsub, at)
            yield inner, at + more
        else:
            yield kind, at


def _single(gsub: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield pairs of a single substitution: by a difference, or one by one."""
    form, coverage, last = struct.unpack_from(">HHH", gsub, at)
    glyphs = _covered(gsub, at + coverage)
    if form == 1:
        yield from ((glyph, (glyph + last) & 0xFFFF) for glyph in glyphs)
    else:
        yield from zip(glyphs, struct.unpack_from(f">{last}H", gsub, at + 6), strict=False)


def _covered(gsub: bytes, at: int) -> list[int]:
    form, count = struct.unpack_from(">HH", gsub, at)
    if form == 1:
        return list(struct.unpack_from(f">{count}H", gsub, at + 4))
    ranges = struct.iter_unpack(">HHH", gsub[at + 4 : at + 4 + 6 * count])
    return [glyph for first, last, _start in ranges for glyph in range(first, last + 1)]
