"""A drawn customer barcode keeps Japan Post's tolerances, and all on a page read back or are refused."""

import random
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from custody.errors import LabelError
from custody.fonts import FontChain
from custody.pdf import A4, MM, new_canvas, save_canvas
from labels import (
    CustomerBarcode,
    ReadBarcode,
    Stock,
    barcode_fit,
    barcode_of_number,
    draw_customer_barcode,
    find_stocks,
    largest_size,
    read_customer_barcodes,
    stock,
)
from labels.customer_barcode_draw import CLEAR_MM, barcode_size_mm
from labels.customer_barcode_symbols import BAR_COUNT
from labels.stream import PageStream

SIZES = [size / 10 for size in range(80, 116)]
Picture = NDArray[np.float32]
# mm at 10 points, from Japan Post's table (zipmanual p. 12): least and most; semi-long: two thirds of long
LONG, TIMING, PITCH, WIDTH, SPACE = (3.40, 3.60), (1.05, 1.35), (0.95, 1.30), (0.50, 0.70), (0.45, 0.60)
EXACT = 0.002  # mm: operators have four decimals


def some_barcodes(n: int, seed: int) -> list[CustomerBarcode]:
    """Return n barcodes of invented numbers that hold every symbol."""
    rng = random.Random(seed)
    letters = "0123456789" * 3 + "-" * 6 + "ABFKLMSTUZ"
    return [
        barcode_of_number(
            f"{rng.randrange(10**7):07d}", "".join(rng.choice(letters) for _ in range(rng.randrange(16)))
        )
        for _ in range(n)
    ]


def sheets(sheet: Stock, barcodes: list[CustomerBarcode], chain: FontChain) -> bytes:
    """Draw sheets of labels with texts above each barcode and a QR code below it."""
    buffer, size = BytesIO(), barcode_fit(sheet).size or 0.0
    width, height = (length * MM for length in sheet.paper_size)
    canvas = new_canvas(buffer, "test", training=False, pagesize=(width, height), chain=chain)
    stream = PageStream(canvas, chain)
    bars_width, bars_height = (length * MM for length in barcode_size_mm(size))
    for start in range(0, len(barcodes), sheet.per_sheet):
        for index, barcode in enumerate(barcodes[start : start + sheet.per_sheet]):
            left, top = (length * MM for length in sheet.position(index))
            x, y = left, height - top
            stream.text(x + 4 * MM, y - 5 * MM, 9, "東京都世田谷区三軒茶屋２丁目10番20号 |||| IIII 1111")
            stream.text(x + 4 * MM, y - 13 * MM, 16, "見本　太郎　様")
            bottom = y - (14 + CLEAR_MM) * MM - bars_height
            draw_customer_barcode(
                stream, barcode.bars or "", x + (sheet.width * MM - bars_width) / 2, bottom, size
            )
            stream.qr(
                x + (sheet.width - 20) * MM, bottom - (CLEAR_MM + 14) * MM, 14 * MM, f"7F3K9QXM2CDE{index}.1"
            )
        stream.flush()
        canvas.showPage()
    return save_canvas(canvas, buffer)


def pictures(pdf: bytes, dpi: int) -> Iterator[NDArray[Any]]:
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        yield np.asarray(page.render(scale=dpi / 72, grayscale=True).to_numpy()).squeeze()
    document.close()


def operators_of(bars: str, size: float, chain: FontChain) -> str:
    canvas = new_canvas(BytesIO(), "test", training=False, chain=chain)
    stream = PageStream(canvas, chain)
    draw_customer_barcode(stream, bars, 30, 40, size)
    stream.flush()
    return str(canvas._code[-1])


def rectangles_mm(operators: str) -> NDArray[np.float64]:
    """Return left, lower end, width, height of every rectangle, mm, shape (n, 4)."""
    found = re.search(r"q ([\d.]+) 0 0 ([\d.]+) ([\d.]+) ([\d.]+) cm (.*) f Q", operators)
    assert found
    x_scale, y_scale, x, y = (float(value) for value in found.groups()[:4])
    boxes = np.array([one.split() for one in found[5].split(" re")[:-1]], dtype=np.float64)
    boxes *= np.array([x_scale, y_scale, x_scale, y_scale])
    boxes[:, 0] += x
    boxes[:, 1] += y
    return boxes / MM


def inside(lengths: NDArray[np.float64], limits: tuple[float, float], size: float) -> bool:
    low, high = limits[0] * size / 10, limits[1] * size / 10
    return bool((lengths >= low).all() and (lengths <= high + 1e-9).all())


@pytest.mark.parametrize("size", SIZES)
def test_every_size_keeps_the_tolerances(size: float, bare_fonts: FontChain) -> None:
    bars = some_barcodes(1, 1)[0].bars or ""
    kinds = np.array(list(bars))
    left, low, width, height = rectangles_mm(operators_of(bars, size, bare_fonts)).T
    assert len(left) == BAR_COUNT
    assert inside(height[kinds == "1"], LONG, size)
    assert inside(height[kinds == "4"], TIMING, size)
    assert inside(np.diff(left), PITCH, size)
    assert inside(width, WIDTH, size)
    assert inside(np.diff(left) - width[:-1], SPACE, size)
    assert height[(kinds == "2") | (kinds == "3")] == pytest.approx(0.24 * size, abs=EXACT)
    base, top = low.min(), (low + height).max()
    assert low[(kinds == "1") | (kinds == "3")] == pytest.approx(base)
    assert (low + height)[(kinds == "1") | (kinds == "2")] == pytest.approx(top)
    assert low[(kinds == "4") | (kinds == "2")] == pytest.approx(base + (top - base) / 3)
    taken = (left[-1] + width[-1] - left[0], top - base)
    assert taken == pytest.approx(barcode_size_mm(size), abs=EXACT * 4)


def test_the_canvas_of_reportlab_gets_the_same_bars(bare_fonts: FontChain) -> None:
    barcode = some_barcodes(1, 5)[0]
    buffer = BytesIO()
    canvas = new_canvas(buffer, "test", training=False, chain=bare_fonts)
    draw_customer_barcode(canvas, barcode.bars or "", 60, 700, 9)
    page = next(pictures(save_canvas(canvas, buffer), 300))
    (read,) = read_customer_barcodes(page, 300)
    assert read.symbols == barcode.symbols
    assert read.left_mm == pytest.approx(60 / MM + 0.27, abs=0.1)
    assert read.top_mm == pytest.approx((A4[1] - 700) / MM - 3.24, abs=0.15)
    assert read.size == pytest.approx(9, abs=0.02)
    assert read.long_mm == pytest.approx(3.24, abs=0.02)
    assert read.bar_mm == pytest.approx(0.54, abs=0.01)
    assert read.pitch_mm == pytest.approx(1.08, abs=0.003)
    assert read.in_tolerance


@pytest.mark.parametrize(("bars", "size"), [("1" * 67, 7.9), ("1" * 67, 11.6), ("1" * 66, 9), ("5" * 67, 9)])
def test_what_japan_post_does_not_allow_is_not_drawn(bars: str, size: float, bare_fonts: FontChain) -> None:
    with pytest.raises(LabelError):
        operators_of(bars, size, bare_fonts)


def test_the_largest_size_that_fits_is_chosen() -> None:
    assert [largest_size(width, 20) for width in (66, 67.83, 67.85, 70, 79.82, 83.8, 86.4, 99.1, 200)] == [
        None, None, 8.0, 8.2, 9.5, 10.0, 10.3, 11.5, 11.5
    ]  # fmt: skip
    assert [largest_size(200, height) for height in (6.8, 6.89, 8.13, 8.15)] == [None, 8.0, 11.4, 11.5]
    for size in SIZES:
        width, height = (length + 2 * CLEAR_MM for length in barcode_size_mm(size))
        assert largest_size(width, height) == size


def test_every_stock_carries_a_barcode_inside_its_labels_or_says_that_it_does_not() -> None:
    fits = [(sheet, barcode_fit(sheet)) for sheet in find_stocks()]
    for sheet, fit in fits:
        assert sheet.name in fit.sentence
        if fit.size is None:
            assert min(sheet.width - fit.width_mm, sheet.height - fit.height_mm) < 0
        else:
            assert fit.width_mm <= sheet.width + 1e-6
            assert fit.height_mm <= sheet.height + 1e-6
    assert {fit.size is None for _sheet, fit in fits} == {True, False}
    assert barcode_fit(stock("ELM012")).size is None  # 66 mm
    assert barcode_fit(stock("ELM011")).size == 8.2  # 70 mm


@pytest.mark.parametrize("dpi", [200, 300])
@pytest.mark.parametrize(("number", "pages"), [("KPC-E1121", 10), ("ELM011", 6)])
def test_every_barcode_of_whole_sheets_reads_back(
    number: str, pages: int, dpi: int, bare_fonts: FontChain
) -> None:
    sheet = stock(number)
    barcodes = some_barcodes(sheet.per_sheet * pages, pages)
    read = [
        one
        for page in pictures(sheets(sheet, barcodes, bare_fonts), dpi)
        for one in read_customer_barcodes(page, dpi)
    ]
    assert [one.symbols for one in read] == [one.symbols for one in barcodes]
    assert [one.check for one in read] == [one.check for one in barcodes]
    assert all(one.ok and one.in_tolerance and one.message == "" for one in read)
    size = barcode_fit(sheet).size
    assert [one.size for one in read] == pytest.approx([size] * len(read), abs=0.02)


@pytest.fixture(scope="module")
def sheet_at_200_dpi(bare_fonts: FontChain) -> tuple[Picture, list[CustomerBarcode]]:
    barcodes = some_barcodes(14, 3)
    page = next(pictures(sheets(stock("L7163"), barcodes, bare_fonts), 200))
    return page.astype(np.float32), barcodes


def noisy(page: Picture) -> Picture:
    return np.clip(page + np.random.default_rng(1).normal(0, 25, page.shape), 0, 255).astype(np.float32)


def turned(angle: float) -> Callable[[Picture], Picture]:
    return lambda page: ndimage.rotate(page, angle, order=1, cval=255.0)


SCANS: dict[str, Callable[[Picture], Picture]] = {
    "as printed": lambda page: page,
    "noise": noisy,
    "blur": lambda page: ndimage.gaussian_filter(page, 0.5),
    "more ink": lambda page: ndimage.grey_erosion(page, 3),
    "grey paper, pale ink": lambda page: 90 + page * 0.45,
    "upside down": lambda page: page[::-1, ::-1],
    "2 degrees": turned(2),
    "-2 degrees": turned(-2),
    "5 degrees": turned(5),
    "-5 degrees, noise": lambda page: noisy(turned(-5)(page)),
}


@pytest.mark.parametrize("scan", SCANS)
def test_a_scan_that_is_not_perfect_reads_back(
    scan: str, sheet_at_200_dpi: tuple[Picture, list[CustomerBarcode]]
) -> None:
    page, barcodes = sheet_at_200_dpi
    read = read_customer_barcodes(SCANS[scan](page), 200)
    wanted = [barcode.symbols for barcode in barcodes]
    assert [one.symbols for one in read] == (wanted[::-1] if scan == "upside down" else wanted)


def test_a_print_that_was_scaled_or_stretched_is_out_of_tolerance(bare_fonts: FontChain) -> None:
    barcode = some_barcodes(1, 9)[0]
    for size, shrunk in ((8, 0.92), (11.5, 1.06)):
        page = one_barcode(barcode.bars or "", bare_fonts, size=size)
        assert read_one(page).in_tolerance
        (scaled,) = read_customer_barcodes(page, 300 / shrunk)  # as if every pixel were smaller or larger
        assert scaled.symbols == barcode.symbols
        assert not scaled.in_tolerance
    page = one_barcode(barcode.bars or "", bare_fonts)
    wide = read_one(ndimage.zoom(page.astype(np.float32), (1, 1.15), order=1))
    bold = read_one(ndimage.grey_erosion(page, (1, 3)))
    assert (wide.symbols, bold.symbols) == (barcode.symbols, barcode.symbols)
    assert (wide.in_tolerance, bold.in_tolerance) == (False, False)


@pytest.mark.parametrize("dpi", [150, 200])
def test_a_page_without_barcodes_gives_none(dpi: int, bare_fonts: FontChain) -> None:
    buffer = BytesIO()
    canvas = new_canvas(buffer, "test", training=False, chain=bare_fonts)
    stream = PageStream(canvas, bare_fonts)
    for line in range(40):
        stream.text(
            30, 800 - 12 * line, 7 + line % 6, "|||||||||||||||||||||||||||| IIIIIIIIIIIIIIIII 1111111"
        )
    for tick in range(150):  # a ruler with a line at every millimetre
        stream.draw(f"{30 + tick * MM:.2f} 200 1.2 {6 if tick % 5 else 9} re f")
    stream.qr(400, 40, 100, "7F3K9QXM2CDE4TX.1.1")
    stream.flush()
    assert read_customer_barcodes(next(pictures(save_canvas(canvas, buffer), dpi)), dpi) == []


def test_blank_pages_hold_no_barcode_and_no_picture_is_refused() -> None:
    for level in (0, 128, 255):
        assert read_customer_barcodes(np.full((300, 200), level, dtype=np.uint8), 200) == []
    for image, dpi in ((np.zeros((9, 9, 3)), 200), (np.zeros((9, 9)), 50)):
        with pytest.raises(LabelError, match="LAB-BARCODE-IMAGE"):
            read_customer_barcodes(image, dpi)


def one_barcode(bars: str, chain: FontChain, dpi: int = 300, size: float = 10) -> NDArray[Any]:
    buffer = BytesIO()
    canvas = new_canvas(buffer, "test", training=False, pagesize=(110 * MM, 30 * MM), chain=chain)
    draw_customer_barcode(canvas, bars, 10 * MM, 12 * MM, size)
    return next(pictures(save_canvas(canvas, buffer), dpi))


def test_bars_of_another_kind_are_refused_and_not_misread(bare_fonts: FontChain) -> None:
    bars = some_barcodes(1, 11)[0].bars or ""
    rng = random.Random(2)
    for place in range(0, BAR_COUNT, 3):
        other = rng.choice([bar for bar in "1234" if bar != bars[place]])
        page = one_barcode(bars[:place] + other + bars[place + 1 :], bare_fonts, 200)
        assert not any(one.ok for one in read_customer_barcodes(page, 200))


def damaged(
    page: NDArray[Any], bar: float, width: float, lower: float, upper: float, level: int
) -> NDArray[Any]:
    """Paint over a part of a barcode of `one_barcode`: from a bar on, bars wide, mm above its foot."""
    mm = 300 / 25.4
    left, right = (10 + 1.2 * bar) * mm, (10 + 1.2 * (bar + width)) * mm
    page = page.copy()
    page[round((18 - upper) * mm) : round((18 - lower) * mm), round(left) : round(right)] = level
    return page


def read_one(page: NDArray[Any]) -> ReadBarcode:
    (read,) = read_customer_barcodes(page, 300)
    return read


def test_a_damaged_barcode_is_reported_with_its_problem_or_read_right(bare_fonts: FontChain) -> None:
    barcode = some_barcodes(1, 4)[0]
    page = one_barcode(barcode.bars or "", bare_fonts)
    assert read_one(page).ok
    missing = read_one(damaged(page, 60, 8, -1, 5, 255))
    assert (missing.ok, missing.problem, missing.symbols) == (False, "bars", ())
    assert "67" in missing.message
    black = read_one(damaged(page, 30, 3, 0, 3.6, 0))
    assert (black.ok, black.problem) == (False, "symbols")
    cut = read_one(damaged(page, 40, 20, 2.9, 3.7, 255))
    assert (cut.ok, cut.problem) == (False, "unclear")
    assert repr(cut).startswith("ReadBarcode(unclear, at ")
    scratch = read_one(damaged(page, -2, 71, 0.5, 0.6, 255))
    assert scratch.symbols == barcode.symbols


def test_chance_damage_never_gives_another_barcode(bare_fonts: FontChain) -> None:
    barcode = some_barcodes(1, 8)[0]
    page = one_barcode(barcode.bars or "", bare_fonts)
    rng = np.random.default_rng(6)
    seen = set()
    for _round in range(100):
        spots = page.copy()
        for _spot in range(rng.integers(1, 4)):
            lower = rng.uniform(-0.5, 3.3)
            spots = damaged(
                spots, rng.uniform(0, 66), rng.uniform(0.2, 4), lower, lower + rng.uniform(0.2, 1.5),
                int(rng.choice([0, 255])),
            )  # fmt: skip
        for read in read_customer_barcodes(spots, 300):
            seen.add(read.problem)
            assert read.symbols in ((), barcode.symbols)
    assert {"", "symbols", "unclear"} <= seen
