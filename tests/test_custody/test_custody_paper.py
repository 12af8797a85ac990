"""A PDF has the same bytes each time, the training mark on every page, and no box in place of a character."""

from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest

from custody.errors import LabelError
from custody.fonts import FontChain
from custody.pdf import draw_text, fit_size, new_canvas, save_canvas

NAME = "練馬　太郎 髙﨑 ｱｲｳ 〒 ① －"
ONLY_IN_SOME = "𠮷"
UNKNOWN_VARIANT = "葛\U000e01ef"
UNDRAWABLE = "\U0010fffd"


@pytest.fixture(scope="module")
def chain() -> FontChain:
    return FontChain.find()


@pytest.fixture(scope="module")
def bare() -> FontChain:
    """The font that comes with the installation: what a machine without others has."""
    return FontChain.find(["IPAexGothic"])


def test_usual_names_are_drawn_by_the_bare_machine_too(chain: FontChain, bare: FontChain) -> None:
    for fonts in (chain, bare):
        assert fonts.missing(NAME) == set()
        assert "".join(text for _font, text in fonts.pieces(NAME)) == NAME
        assert fonts.width(NAME, 20) == pytest.approx(2 * fonts.width(NAME, 10))


@pytest.mark.parametrize("text", [ONLY_IN_SOME, UNKNOWN_VARIANT, UNDRAWABLE])
def test_what_the_font_lacks_is_named_and_not_drawn(bare: FontChain, text: str) -> None:
    assert bare.missing(f"練馬{text}太郎") == {text}
    with pytest.raises(LabelError, match="FONT-GLYPH") as caught:
        bare.pieces(f"練馬{text}太郎")
    assert "太郎" not in str(caught.value)
    assert text not in str(caught.value)


def test_next_font_of_the_chain_serves_what_the_first_lacks(chain: FontChain) -> None:
    if chain.missing(ONLY_IN_SOME):
        pytest.skip("needs a font with 𠮷 (IPAmj Mincho: Debian package fonts-ipamj-mincho)")
    names = [name for name, _text in chain.pieces(f"練{ONLY_IN_SOME}馬")]
    assert names == [chain.first, names[1], chain.first]
    assert names[1] != chain.first


def test_no_font_at_all_is_refused() -> None:
    with pytest.raises(LabelError, match="FONT-NONE"):
        FontChain.find([])


def made(chain: FontChain, target: BytesIO | Path, *, training: bool) -> bytes:
    canvas = new_canvas(target, "宛名ラベル", training=training, chain=chain)
    for _page in range(3):
        draw_text(canvas, 100, 400, NAME, 12, chain)
        canvas.showPage()
    if isinstance(target, BytesIO):
        return save_canvas(canvas, target)
    canvas.save()
    return target.read_bytes()


def test_same_text_gives_the_same_bytes(bare: FontChain, tmp_path: Path) -> None:
    first = made(bare, BytesIO(), training=True)
    assert first == made(bare, BytesIO(), training=True) == made(bare, tmp_path / "a.pdf", training=True)
    metadata = pypdfium2.PdfDocument(first).get_metadata_dict()
    assert metadata["Title"] == "宛名ラベル"
    assert metadata["CreationDate"].startswith("D:2000")


@pytest.mark.parametrize("training", [True, False])
def test_training_mark_stands_on_every_page_of_training_only(bare: FontChain, training: bool) -> None:
    document = pypdfium2.PdfDocument(made(bare, BytesIO(), training=training))
    texts = [page.get_textpage().get_text_range() for page in document]
    assert len(texts) == 3
    assert ["TRAINING" in text and "訓練用" in text for text in texts] == [training] * 3
    assert all("練馬" in text for text in texts)


@pytest.mark.parametrize(
    ("width", "size", "floor", "fits"),
    [(1000, 10, 6, 10), (24, 10, 6, 8.0), (18, 10, 6, 6.0), (17, 10, 6, None)],
)
def test_line_shrinks_to_its_room_and_not_below_the_floor(
    bare: FontChain, width: float, size: float, floor: float, fits: float | None
) -> None:
    found = fit_size("練馬区", width, size, floor, bare)
    assert found == fits
    assert found is None or bare.width("練馬区", found) <= width
