"""A variant (異体字) is drawn with the glyph its font lists for it, never with another, never as a box."""

import struct
from io import BytesIO

import numpy as np
import pypdfium2
import pytest
from fontTools.pens.qu2cuPen import Qu2CuPen
from fontTools.pens.recordingPen import DecomposingRecordingPen, RecordingPen
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from reportlab.pdfbase import pdfmetrics

from custody.errors import LabelError
from custody.fonts import Font, FontChain
from custody.glyphs import read_variants
from custody.pdf import draw_text, new_canvas, save_canvas

SIZE, BASE, PAGE = 150.0, 40.0, (200.0, 200.0)
SAME = 0.999  # correlation of two drawings of one outline: the same pixels but for rounding
CHAIN = FontChain.find()
MANY = ("葛\U000e0100", "葛\U000e0101", "辻\U000e0100", "辻\U000e0101", "祇\U000e0100", "﨑\U000e0100")
IN_MJ = ("葛\U000e0102", "辻\U000e0103", "邉\U000e0112", "邉\U000e010f", "𠮷", "髙", "﨑", "祇\U000e0103")


def rendered(data: bytes) -> NDArray[np.float64]:
    page = pypdfium2.PdfDocument(data)[0]
    return 255.0 - page.render(scale=1.5, grayscale=True).to_numpy().squeeze().astype(float)


def drawn(text: str, chain: FontChain) -> NDArray[np.float64]:
    buffer = BytesIO()
    canvas = new_canvas(buffer, "", training=False, pagesize=PAGE, chain=chain)
    draw_text(canvas, 20, BASE, text, SIZE, chain)
    canvas.showPage()
    return rendered(save_canvas(canvas, buffer))


def outline(font: Font, glyph: str) -> NDArray[np.float64]:
    """Draw a glyph as an outline, with no text operator and no code of ours."""
    file, buffer = TTFont(font.path, lazy=True), BytesIO()
    glyphs = file.getGlyphSet()
    quadratic, cubic = DecomposingRecordingPen(glyphs), RecordingPen()
    glyphs[glyph].draw(quadratic)
    quadratic.replay(Qu2CuPen(cubic, 0.5, all_cubic=True))
    canvas = new_canvas(buffer, "", training=False, pagesize=PAGE, chain=CHAIN)
    canvas.translate(20, BASE)
    canvas.scale(SIZE / file["head"].unitsPerEm, SIZE / file["head"].unitsPerEm)
    path = canvas.beginPath()
    steps = {"moveTo": path.moveTo, "lineTo": path.lineTo, "curveTo": path.curveTo}
    for name, points in cubic.value:
        if name in steps:
            steps[name](*(float(number) for point in points for number in point))
        else:
            path.close()
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)
    canvas.showPage()
    return rendered(save_canvas(canvas, buffer))


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def wanted(font: Font, text: str) -> str:
    """Name the glyph that a font lists for a character or a pair, as fontTools reads it."""
    file = TTFont(font.path, lazy=True)
    plain = file.getBestCmap()[ord(text[0])]
    if len(text) == 1:
        return plain
    pairs = next(table for table in file["cmap"].tables if table.format == 14).uvsDict[ord(text[1])]
    return dict(pairs)[ord(text[0])] or plain


def font_of(text: str, chain: FontChain) -> Font:
    name = chain.pieces(text)[0][0]
    return next(font for font in chain.fonts if font.name == name)


@pytest.mark.parametrize("font", CHAIN.fonts, ids=lambda font: font.name)
def test_every_pair_of_every_font_is_read_as_fonttools_reads_it(font: Font) -> None:
    file = TTFont(font.path, lazy=True)
    table = next(table for table in file["cmap"].tables if table.format == 14)
    listed = {
        chr(base) + chr(selector): file.getGlyphID(glyph) if glyph else 0
        for selector, pairs in table.uvsDict.items()
        for base, glyph in pairs
    }
    face = pdfmetrics.getFont(font.name).face
    assert read_variants(face.get_table("cmap")) == listed
    codes = {pair: ord(text) for pair, text in font.variants.items()}
    assert set(codes) == {pair for pair in listed if listed[pair] or face.charToGlyph.get(ord(pair[0]))}
    for pair, code in codes.items():
        assert face.charToGlyph[code] == (listed[pair] or face.charToGlyph[ord(pair[0])])
        assert code in face.charWidths
    own = [code for pair, code in codes.items() if code != ord(pair[0])]
    assert len(own) == len(set(own))
    assert not font.characters.intersection(own)


@pytest.mark.parametrize("text", MANY, ids=ascii)
def test_glyph_on_the_page_is_the_one_listed_for_the_pair(text: str) -> None:
    for chain in (CHAIN, FontChain.find(["IPAexGothic"])):
        if not chain.missing(text):
            font = font_of(text, chain)
            assert alike(drawn(text, chain), outline(font, wanted(font, text))) > SAME
    assert not CHAIN.missing(text) or len(CHAIN.fonts) == 1


@pytest.mark.parametrize("text", IN_MJ, ids=ascii)
def test_rarer_characters_come_from_the_font_that_lists_them(text: str) -> None:
    if CHAIN.missing("𠮷"):
        pytest.skip("needs IPAmj Mincho (Debian package fonts-ipamj-mincho)")
    font = font_of(text, CHAIN)
    assert alike(drawn(text, CHAIN), outline(font, wanted(font, text))) > SAME


def test_table_without_variants_has_none_and_a_cut_one_is_noticed() -> None:
    table = pdfmetrics.getFont(CHAIN.first).face.get_table("cmap")
    assert read_variants(b"\0\0\0\0") == {}
    with pytest.raises(struct.error):
        read_variants(table[:40])


def test_selector_changes_what_is_drawn() -> None:
    bare = FontChain.find(["IPAexGothic"])
    plain, one, other = (drawn(text, bare) for text in ("葛", "葛\U000e0100", "葛\U000e0101"))
    assert min(alike(plain, one), alike(plain, other)) < SAME
    assert alike(one, other) < 0.99
    assert {round(alike(plain, one), 2), round(alike(plain, other), 2)} & {
        1.0
    }  # one of them is the usual form


def test_collections_are_not_mixed_up() -> None:
    """IPAmj lists other selectors than Adobe-Japan1; what one font lacks, only the font that has it draws."""
    if CHAIN.missing("𠮷"):
        pytest.skip("needs IPAmj Mincho (Debian package fonts-ipamj-mincho)")
    assert font_of("葛\U000e0102", CHAIN).name == "IPAmjMincho"
    assert font_of("葛\U000e0100", CHAIN).name != "IPAmjMincho"
    assert FontChain.find(["IPAmjMincho"]).missing("葛\U000e0100") == {"葛\U000e0100"}


@pytest.mark.parametrize(
    "text",
    [
        "葛\U000e01ef",
        "葛\ufe00",
        "A\U000e0100",
        "葛\U000e0100\U000e0101",
        "\U000e0100",
        "\U00100000",
        "\U00100001",
    ],
    ids=ascii,
)
def test_unknown_pair_is_named_and_never_drawn_by_its_base(text: str) -> None:
    for chain in (CHAIN, FontChain.find(["IPAexGothic"])):
        assert chain.missing(f"練馬{text}" if text[0] != "\U000e0100" else text) == {text}
        with pytest.raises(LabelError, match="FONT-GLYPH"):
            chain.pieces(text)


def test_private_codes_are_never_drawn_whatever_a_font_has_there() -> None:
    """A ward's own character (外字) stands at a private code; another maker's font has another there."""
    for font in CHAIN.fonts:
        private = [
            code for code in pdfmetrics.getFont(font.name).face.charToGlyph if 0xE000 <= code <= 0xF8FF
        ]
        for code in (0xE000, 0xF8FF, *private):
            assert CHAIN.missing(f"練馬{chr(code)}") == {chr(code)}


def test_base_characters_stand_in_only_when_asked_for() -> None:
    assert CHAIN.with_base_characters("葛\U000e01ef飾\U000e0100") == "葛飾" + "\U000e0100" * (
        not CHAIN.missing("飾\U000e0100")
    )
    assert CHAIN.with_base_characters("葛\U000e0100城") == "葛\U000e0100城"
    assert CHAIN.missing(CHAIN.with_base_characters("\U0010fffd\U000e0100")) == {"\U0010fffd"}


def test_text_copied_from_the_page_is_the_text_that_was_set() -> None:
    """But for a selector that asks for the usual glyph: that is drawn as the character alone."""
    pairs = [pair for pair in MANY if not CHAIN.missing(pair) and font_of(pair, CHAIN).drawn(pair) != pair[0]]
    assert len(pairs) >= 3
    text = f"練馬 {''.join(pairs)} 太郎" + ("" if CHAIN.missing("𠮷") else "𠮷田 邉\U000e0112")
    buffer = BytesIO()
    canvas = new_canvas(buffer, "", training=False, chain=CHAIN)
    draw_text(canvas, 20, 40, text, 12, CHAIN)
    canvas.showPage()
    page = pypdfium2.PdfDocument(save_canvas(canvas, buffer))[0]
    assert page.get_textpage().get_text_range() == text


def test_width_of_a_variant_is_that_of_its_glyph() -> None:
    for text in MANY[:4]:
        assert CHAIN.width(text, 10) == pytest.approx(10)
