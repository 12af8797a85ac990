"""Vertical writing: columns from the right, strokes upright, nothing over its edge, codes that read."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
import zxingcpp
from numpy.typing import NDArray

from custody.errors import LabelError
from custody.fonts import FontChain
from custody.pdf import MM
from labels.boxes import Box, LabelPlan
from labels.columns import ColumnMeasure, column_cells, place_columns
from labels.customer_barcode_draw import CLEAR_MM
from labels.customer_barcode_read import read_customer_barcodes
from labels.fit import Fitted, TextStyle, fit_block
from labels.layout import plan_label, quiet_zone
from labels.look import Look
from labels.paged_pdf import PagedPdf
from labels.printing import print_run
from labels.stocks import catalogue, stock
from labels.stream import PageStream

Labels = Callable[[int], pd.DataFrame]
USABLE = [sheet for sheet in catalogue() if sheet.width >= 60 and sheet.height >= 30]
LOOKS = [
    Look(writing="vertical", furigana=ruby, barcode=bars) for ruby in (False, True) for bars in (False, True)
]
LOW = 32.3
"""Labels lower than this (mm) have no room for footer, token and code above each other."""
SIZE = 100.0
DPI = 72
TINY = 1e-6


def drawn(text: str, fonts: FontChain, stretch: float = 1.0) -> NDArray[np.bool_]:
    """Draw one column of characters of 100 points on a page as wide as one of them; True = ink."""
    target, lines = io.BytesIO(), len(text)
    pdf = PagedPdf(target, "column", (SIZE, SIZE * lines), fonts)
    stream = PageStream(pdf.canvas, fonts)
    fitted = Fitted((text,), SIZE, False, stretch)
    measure = ColumnMeasure(fonts)
    stream.glyphs(place_columns(fitted, TextStyle(SIZE, SIZE, 1.2), SIZE, SIZE * lines, measure))
    stream.flush()
    pdf.show_page()
    target.write(pdf.finish())
    document = pypdfium2.PdfDocument(target.getvalue())
    pixels = np.asarray(document[0].render(scale=DPI / 72, grayscale=True).to_numpy()).squeeze()
    document.close()
    return pixels < 128


def extent(ink: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("練馬１丁目２３番４号", "練馬一丁目二三番四号"),
        ("3-10-205", "三－一〇－二〇五"),
        ("３−１０‐２０５", "三－一〇－二〇五"),
        ("ハイツｰＡ", "ハイツーＡ"),
        ("B1棟", "Ｂ一棟"),
        ("葛\U000e0100飾", "葛\U000e0100飾"),
        ("(株)", "（株）"),
    ],
)
def test_numbers_are_kanji_digits_and_hyphens_are_strokes(
    text: str, wanted: str, bare_fonts: FontChain
) -> None:
    """A number stands digit by digit, every hyphen becomes one stroke, letters become full-width."""
    fonts = FontChain.find()
    assert "".join(cell.unit for cell in column_cells(text, fonts)) == wanted


def test_long_latin_words_lie_and_short_ones_stand(bare_fonts: FontChain) -> None:
    """Up to three letters stand upright in a place each; from four they lie, each as high as it is wide."""
    short, long = column_cells("ABC", bare_fonts), column_cells("Ｍａｉｓｏｎ", bare_fonts)
    assert [(cell.unit, cell.height, cell.lying) for cell in short] == [(one, 1.0, False) for one in "ＡＢＣ"]
    assert "".join(cell.unit for cell in long) == "Maison"
    assert all(cell.lying and cell.height < 1 for cell in long)


@pytest.mark.parametrize("text", ["-", "－", "−", "ー", "～"])
def test_hyphens_and_long_vowels_stand_upright(text: str, fonts: FontChain) -> None:
    """Their ink is at least three times as high as wide, and in the middle of the column."""
    left, top, right, bottom = extent(drawn(text, fonts))
    if text != "～":
        assert bottom - top > 3 * (right - left)
    assert bottom - top > right - left
    assert abs((left + right) / 2 - SIZE / 2) < 0.12 * SIZE
    assert abs((top + bottom) / 2 - SIZE / 2) < 0.12 * SIZE


@pytest.mark.parametrize("text", ["、", "。"])
def test_comma_and_stop_lie_at_the_upper_right(text: str, fonts: FontChain) -> None:
    """On a line they lie at the lower left; in a column their ink is in the quarter at the upper right."""
    left, top, right, bottom = extent(drawn(text, fonts))
    assert min(left, right) > SIZE / 2
    assert max(top, bottom) < SIZE / 2


@pytest.mark.parametrize(("small", "large"), [("っ", "つ"), ("ョ", "ヨ")])
def test_small_kana_lie_at_the_right(small: str, large: str, fonts: FontChain) -> None:
    """A small kana is smaller than the large one and nearer to the right edge of the column."""
    one, other = extent(drawn(small, fonts)), extent(drawn(large, fonts))
    assert one[2] - one[0] < 0.9 * (other[2] - other[0])
    assert (one[0] + one[2]) / 2 > (other[0] + other[2]) / 2 + 0.03 * SIZE


def test_brackets_open_downwards(fonts: FontChain) -> None:
    """Brackets are wider than high, the opening one at the foot of its place, the closing one at the top."""
    opening, closing = extent(drawn("（", fonts)), extent(drawn("）", fonts))
    for box in (opening, closing):
        assert box[2] - box[0] > 1.5 * (box[3] - box[1])
    assert opening[1] > SIZE / 2 > closing[3]


def test_kanji_are_those_of_a_line_and_flattened_by_the_stretch(fonts: FontChain) -> None:
    """A kanji keeps its width; at a stretch of 0.8 its height is 0.8 of what it was."""
    whole, flat = extent(drawn("馬", fonts)), extent(drawn("馬", fonts, 0.8))
    assert abs((whole[2] - whole[0]) - (flat[2] - flat[0])) <= 2
    assert (flat[3] - flat[1]) / (whole[3] - whole[1]) == pytest.approx(0.8, abs=0.04)


def test_columns_go_from_right_to_left(bare_fonts: FontChain) -> None:
    """The second column stands left of the first by the leading, and both begin at the top."""
    text = Fitted(("練馬", "豊玉"), 10.0, False)
    placed = place_columns(text, TextStyle(10, 8, 1.25), 100.0, 200.0, ColumnMeasure(bare_fonts))
    assert [one.matrix[4] for one in placed] == pytest.approx([90, 90, 77.5, 77.5])
    assert [one.matrix[5] for one in placed] == pytest.approx([191.2, 181.2, 191.2, 181.2])


def test_text_is_flattened_then_shrunk_then_refused(bare_fonts: FontChain) -> None:
    """A column that is too short flattens the characters to the floor, then shrinks them, then holds back."""
    measure, style = ColumnMeasure(bare_fonts), TextStyle(10, 8, 1.2, condense=0.8)
    lengths = (50.0, 42.0, 33.0, 20.0)
    found = [fit_block(["あいうえお"], length, 10.0, style, measure) for length in lengths]
    told = [None if one is None else (one.size, one.shrunk, one.condensed) for one in found]
    assert told == [(10.0, False, False), (10.0, False, True), (8.0, True, True), None]


def parts(plan: LabelPlan) -> dict[str, Box]:
    names = ("postal", "name", "token", "footer", "qr", "furigana", "barcode")
    found = {name: box for name in names if (box := getattr(plan, name)) is not None}
    return found | {"address": plan.address[0]}


def apart(one: Box, other: Box, white: float) -> bool:
    return (
        one.left + one.width + white <= other.left + TINY
        or other.left + other.width + white <= one.left + TINY
        or one.top + one.height + white <= other.top + TINY
        or other.top + other.height + white <= one.top + TINY
    )


@pytest.mark.parametrize("look", LOOKS, ids=["plain", "barcode", "furigana", "both"])
def test_parts_lie_on_the_label_and_apart_or_the_stock_is_refused(look: Look) -> None:
    """On every stock of the table that is not refused as too low, with white around the codes."""
    refused, bars = 0, 0
    for sheet in USABLE:
        if sheet.height < LOW:
            with pytest.raises(LabelError, match="LAB-VERTICAL"):
                plan_label(sheet, look)
            refused += 1
            continue
        plan = plan_label(sheet, look)
        bars += plan.barcode is not None
        boxes = parts(plan)
        white = {"qr": quiet_zone(), "barcode": CLEAR_MM * MM}
        for name, box in boxes.items():
            margin = white.get(name, 0.0) if name == "barcode" else 0.0
            assert min(box.width, box.height) > 0, (sheet, name)
            assert min(box.left, box.top) >= margin - TINY, (sheet, name)
            assert box.left + box.width <= sheet.width * MM - margin + TINY, (sheet, name)
            assert box.top + box.height <= sheet.height * MM - margin + TINY, (sheet, name)
        for (a, one), (b, other) in itertools.combinations(boxes.items(), 2):
            assert apart(one, other, max(white.get(a, 0.0), white.get(b, 0.0))), (sheet, a, b)
        style, box = plan.styles["address"], plan.address[0]
        assert style.height(2, style.floor) <= box.width, sheet
        assert plan.styles["name"].size > plan.styles["address"].size, sheet
        assert (plan.barcode is None) is (plan.barcode_size == 0)
        assert bool(plan.barcode_note) is look.barcode
    assert 0 < refused < len(USABLE) // 2
    assert bars >= 20 if look.barcode else bars == 0


@pytest.mark.parametrize(
    ("name", "size", "upright"),
    [("KPC-E1121", 10.2, False), ("L7164", 8.3, True), ("L7165", 11.5, False), ("ELM012", 0.0, False)],
)
def test_barcode_lies_below_or_stands_at_the_edge_or_is_refused(
    name: str, size: float, upright: bool
) -> None:
    """Below where the label is wide enough, at the right edge where it is high enough, else with a reason."""
    plan = plan_label(stock(name), Look(writing="vertical", barcode=True))
    assert plan.barcode_size == size
    assert (plan.barcode is not None and plan.barcode.height > plan.barcode.width) is upright
    assert ("points on" in plan.barcode_note) is (size > 0)
    assert plan.barcode_note


def test_label_too_low_for_columns_says_how_high_it_would_have_to_be() -> None:
    """A label of 30 mm is refused with the least height, which is enough."""
    low = next(sheet for sheet in USABLE if sheet.height < 31)
    with pytest.raises(LabelError, match="LAB-VERTICAL") as found:
        plan_label(low, Look(writing="vertical"))
    least = float(str(found.value.hint).split(" mm")[0].split()[-1])
    assert 31 < least < 36
    assert plan_label(low, Look())


@pytest.mark.parametrize("name", ["KPC-E1121", "L7164", "ELM012"])
@pytest.mark.parametrize("dpi", [200, 300])
def test_codes_of_a_vertical_sheet_read_back(
    name: str, dpi: int, labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    """Every QR code and every customer barcode is read from the rendered page; a standing one when turned."""
    table = labels(12).assign(postal_code="176-0001", address="東京都練馬区練馬１丁目２番３号　コーポ４０５")
    look = Look(writing="vertical", barcode=True)
    made = print_run(table, tmp_path / "a.pdf", stock=name, fonts=bare_fonts, look=look, training=True)
    document = pypdfium2.PdfDocument(made.path)
    page = np.asarray(document[0].render(scale=dpi / 72, grayscale=True).to_numpy()).squeeze()
    document.close()
    found = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
    assert sorted(one.text for one in found) == sorted(f"{token}.1.1" for token in table["token"])
    turned = np.rot90(page) if name == "L7164" else page
    read = read_customer_barcodes(np.ascontiguousarray(turned), dpi)
    assert len(read) == made.barcodes == (0 if name == "ELM012" else 12)


def test_text_copied_from_columns_is_what_stands_there(
    bare_fonts: FontChain, tmp_path: Path, labels: Labels
) -> None:
    """Forms for columns copy as the characters that they stand for; the run reports what was made smaller."""
    table = labels(1).assign(name="ジョン　ー、（子）", address="東京都練馬区練馬3-4　コーポっ")
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=Look(writing="vertical"))
    document = pypdfium2.PdfDocument(made.path)
    text = "".join(document[0].get_textpage().get_text_bounded().split())
    document.close()
    for part in "ジョンー、（子）様東京都練馬区練馬三－四コーポっ":
        assert part in text
    assert not any(ord(one) >= 0xF0000 for one in text)
    table = labels(12)
    table["name"] = "寿限無寿限無　五劫太郎左衛門"
    made = print_run(table, tmp_path / "b.pdf", fonts=bare_fonts, look=Look(writing="vertical"))
    assert made.shrunk == tuple(range(1, 13))


def test_character_without_a_glyph_is_held_back_in_columns_too(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    """𠮷 is not in the bare font: its label is listed, the others are printed."""
    table = labels(3)
    table.loc[1, "name"] = "𠮷田　花子"
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=Look(writing="vertical"))
    assert [(one.row, one.code) for one in made.held_back] == [(2, "glyph")]
    assert made.labels == 2


def test_same_columns_give_the_same_bytes(labels: Labels, fonts: FontChain, tmp_path: Path) -> None:
    """Two runs of the same labels are one file, and lines give another."""
    look = Look(writing="vertical", furigana=True)
    table = labels(20).assign(furigana="ねりま　はなこ")
    one, two = (print_run(table, tmp_path / f"{n}.pdf", fonts=fonts, look=look).pdf_sha256 for n in (1, 2))
    assert one == two
    assert one != print_run(table, tmp_path / "3.pdf", fonts=fonts, look=Look(furigana=True)).pdf_sha256
