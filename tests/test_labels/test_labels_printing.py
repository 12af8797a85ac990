"""Every printed label shows its data whole, inside its edges, with a QR code that reads back as the data."""

import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2 as pdfium
import pytest
import zxingcpp
from numpy.typing import NDArray

from custody.clock import SimulatedClock
from custody.errors import InputError, LabelError
from custody.fonts import FontChain
from labels.printing import print_run
from labels.stocks import PAPERS, Stock, stock

DPI = 200
PIXEL = DPI / 25.4
BLEED = 2  # pixels: anti-aliasing at an edge
Labels = Callable[[int], pd.DataFrame]


def pages(path: Path) -> Iterator[NDArray[np.uint8]]:
    document = pdfium.PdfDocument(path)
    try:
        for page in document:
            yield np.asarray(page.render(scale=DPI / 72, grayscale=True).to_numpy()).squeeze()
    finally:
        document.close()


def codes_on(page: NDArray[np.uint8]) -> list[zxingcpp.Barcode]:
    return zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)


def place_of(code: zxingcpp.Barcode, sheet: Stock) -> int:
    """Say on which label of the sheet a code lies."""
    x, y = code.position.top_left.x / PIXEL, code.position.top_left.y / PIXEL
    column, row = int((x - sheet.left) // sheet.pitch_x), int((y - sheet.top) // sheet.pitch_y)
    return row * sheet.columns + column


def ink_outside(page: NDArray[np.uint8], sheet: Stock) -> NDArray[np.bool_]:
    """Return the dark pixels of a page that lie on no label."""
    dark = page < 200
    for index in range(sheet.per_sheet):
        x, y = sheet.position(index)
        top, bottom = round(y * PIXEL), round((y + sheet.height) * PIXEL)
        left, right = round(x * PIXEL), round((x + sheet.width) * PIXEL)
        dark[top + BLEED : bottom - BLEED, left + BLEED : right - BLEED] = False
    return dark


@pytest.mark.parametrize(
    "name", ["Kokuyo KPC-E1121", "L7160", "ELM012", "L7165", "A-one 31538", "L7162", "ELM009"]
)
def test_every_code_reads_back_and_lies_on_its_own_label(
    name: str, labels: Labels, fonts: FontChain, tmp_path: Path
) -> None:
    sheet, table = stock(name), labels(40)
    made = print_run(table, tmp_path / "a.pdf", stock=sheet, run=3, wave=2, first_label=3, fonts=fonts)
    held = {found.row for found in made.held_back}
    assert {found.code for found in made.held_back} <= {"address_too_long", "name_too_long"}
    assert made.labels + len(held) == 40
    wanted = [f"{token}.2.1" for row, token in enumerate(table["token"], start=1) if row not in held]
    found = {}
    for number, page in enumerate(pages(made.path)):
        for code in codes_on(page):
            found[number * sheet.per_sheet + place_of(code, sheet)] = code.text
    assert [found[place] for place in sorted(found)] == wanted
    assert sorted(found) == list(range(2, 2 + made.labels))


@pytest.mark.parametrize("name", ["Kokuyo KPC-E1121", "L7160", "ELM012", "L7165", "Hisago ELM007"])
def test_ink_stays_on_the_labels(name: str, labels: Labels, fonts: FontChain, tmp_path: Path) -> None:
    sheet = stock(name)
    made = print_run(labels(24), tmp_path / "a.pdf", stock=sheet, fonts=fonts, title="題", training=True)
    for page in pages(made.path):
        outside = ink_outside(page, sheet)
        assert outside[: int(sheet.top * PIXEL) - BLEED].any()  # the line that names run and sheet
        assert not outside[int(sheet.top * PIXEL) :].any()


def test_white_around_every_code_is_kept(labels: Labels, fonts: FontChain, tmp_path: Path) -> None:
    made = print_run(labels(12), tmp_path / "a.pdf", fonts=fonts)
    page = next(pages(made.path))
    module = 14 / 21 * PIXEL
    for code in codes_on(page):
        corners = code.position
        left, top = corners.top_left.x, corners.top_left.y
        right, bottom = corners.bottom_right.x, corners.bottom_right.y
        white = int(3.5 * module)
        around = page[top - white : bottom + white, left - white : right + white].copy()
        around[white - 3 : -white + 3, white - 3 : -white + 3] = 255
        assert (around > 200).all()


def test_text_of_a_label_says_what_the_data_say(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(12).iloc[:1]
    clock = SimulatedClock(datetime(2009, 11, 5))
    path = tmp_path / "a.pdf"
    print_run(table, path, run=7, fonts=bare_fonts, title="食の調査", training=True, clock=clock)
    document = pdfium.PdfDocument(path)
    text = document[0].get_textpage().get_text_bounded()
    row = table.iloc[0]
    token = "-".join(re.findall(".{1,4}", row["token"]))
    for part in (f"〒{row['postal_code']}", *row["address"].split("　"), f"{row['name']} 様", token):
        assert part in text
    for part in ("run 07 copy 1 no. 0001", "食の調査", "2009-11-05"):
        assert part in text
    assert text.count("訓練用 TRAINING") == 2
    document.close()


def test_same_data_give_the_same_bytes_without_names_in_the_metadata(
    labels: Labels, fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(30)
    before = table.copy()
    first = print_run(table, tmp_path / "a.pdf", fonts=fonts, title="食の調査")
    second = print_run(table, tmp_path / "b.pdf", fonts=fonts, title="食の調査")
    pd.testing.assert_frame_equal(table, before)
    data = first.path.read_bytes()
    assert data == second.path.read_bytes()
    assert first.pdf_sha256 == hashlib.sha256(data).hexdigest()
    about = pdfium.PdfDocument(data).get_metadata_dict()
    assert about["Title"] == "食の調査 labels run 01"
    assert not any(part in str(about) for name in set(table["name"]) for part in name.split("　"))


def test_only_embedded_fonts_are_named(labels: Labels, fonts: FontChain, tmp_path: Path) -> None:
    data = print_run(labels(12), tmp_path / "a.pdf", fonts=fonts).path.read_bytes()
    names = set(re.findall(rb"/BaseFont /([A-Za-z0-9+#-]+)", data))
    assert names
    assert all(re.fullmatch(rb"[A-Z]{6}\+.+", name) for name in names)
    assert data.count(b"/FontFile2") >= len(names)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("name", "𠮷田　太郎", "glyph"),
        ("address", "東京都練馬区\ue000町１番", "glyph"),
        ("name", "葛\U000e01ef西　太郎", "glyph"),
        ("name", "練馬\u200b　太郎", "control"),
        ("name", "練馬\u202e　太郎", "control"),
        ("address", "東京都\n練馬区", "control"),
        ("name", "　", "blank"),
        ("address", "", "blank"),
        ("name", None, "blank"),
        ("name", "寿限無" * 20, "name_too_long"),
        ("address", "東京都練馬区練馬" * 30, "address_too_long"),
        ("address", "1" * 80, "address_too_long"),
        ("postal_code", "1760001", "postal_code"),
        ("postal_code", "〒176-0001", "postal_code"),
        ("token", "0123456789ABC50", "token"),
        ("copy", 0, "copy"),
        ("copy", "1.0", "copy"),
    ],
)
def test_label_that_cannot_be_right_is_held_back_by_row_and_code(
    column: str, value: object, code: str, labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(13).astype({"copy": object})
    table.loc[4, column] = value
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts)
    assert [(held.row, held.code) for held in made.held_back] == [(5, code)]
    assert made.labels == 12
    listed = made.held_back_table()
    assert listed[["row", "code"]].to_numpy().tolist() == [[5, code]]
    assert len(str(value)) < 4 or str(value) not in listed.to_csv()
    assert table["token"][4] not in [code.text.split(".")[0] for code in codes_on(next(pages(made.path)))]


def test_box_for_a_missing_character_is_never_drawn(labels: Labels, tmp_path: Path) -> None:
    everything = FontChain.find()
    if everything.missing("𠮷"):
        pytest.skip("no font here has 𠮷 (install fonts-ipamj-mincho)")
    table = labels(12)
    table.loc[0, "name"] = "𠮷田　太郎"
    assert print_run(table, tmp_path / "a.pdf", fonts=everything).held_back == ()


def test_order_of_printing_is_the_postal_code_then_the_data(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(12)
    table["postal_code"] = ["179-0001", "176-0001"] * 6
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts)
    sheet = stock("Kokuyo KPC-E1121")
    codes = sorted(codes_on(next(pages(made.path))), key=lambda code: place_of(code, sheet))
    tokens = table["token"].tolist()
    assert [code.text.split(".")[0] for code in codes] == tokens[1::2] + tokens[0::2]


@pytest.mark.parametrize(
    ("change", "error", "code"),
    [
        ({"stock": "no such sheet"}, LabelError, "LAB-STOCK-NAME"),
        ({"stock": "L7651"}, LabelError, "LAB-STOCK-SMALL"),
        ({"first_label": 13}, LabelError, "LAB-STOCK-PLACE"),
        ({"first_label": 0}, LabelError, "LAB-STOCK-PLACE"),
    ],
)
def test_run_that_cannot_be_is_refused_before_any_file(
    change: dict[str, object], error: type[Exception], code: str, labels: Labels, tmp_path: Path
) -> None:
    with pytest.raises(error, match=code):
        print_run(labels(3), tmp_path / "a.pdf", **change)
    assert list(tmp_path.iterdir()) == []


def test_data_that_are_no_labels_are_refused(labels: Labels, bare_fonts: FontChain, tmp_path: Path) -> None:
    table = labels(3)
    twice = pd.concat([table, table.iloc[[1]]], ignore_index=True)
    for data, error, code in (
        (table.drop(columns="copy"), InputError, "LAB-COLUMNS"),
        (twice, InputError, "LAB-TWICE"),
        (table.assign(name=""), LabelError, "LAB-NOTHING"),
        (table.iloc[:0], LabelError, "LAB-NOTHING"),
    ):
        with pytest.raises(error, match=code):
            print_run(data, tmp_path / "a.pdf", fonts=bare_fonts)
    assert list(tmp_path.iterdir()) == []


def test_sheets_are_counted_from_the_first_label(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    made = print_run(labels(12), tmp_path / "a.pdf", first_label=2, fonts=bare_fonts)
    assert (made.sheets, made.labels) == (2, 12)
    assert len(list(pages(made.path))) == 2
    assert made.tidy().loc[0, ["run", "labels", "sheets", "held_back"]].tolist() == [1, 12, 2, 0]
    assert repr(made) == "PrintRun(run 1: 12 labels, 2 sheets, 0 held back)"


def test_long_texts_are_condensed_or_shrunk_and_reported(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(12)
    table["name"], table["address"] = "練馬　太郎", "東京都練馬区栄町１２番３号"
    table.loc[3, "name"] = "勅使河原五十嵐　千代子太郎"
    table.loc[6, "address"] = "東京都練馬区光が丘" + "７" * 12 + "号"
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts)
    assert made.held_back == ()
    assert (made.shrunk, made.condensed) == ((4,), (4, 7))
    table.loc[6, "address"] = "東京都練馬区光が丘" + "７" * 33 + "号"
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts)
    assert (made.shrunk, made.condensed) == ((4, 7), (4, 7))


def test_killed_printing_leaves_no_file_under_the_final_name(tmp_path: Path) -> None:
    """The process dies after a random part of its work; the name holds nothing or the whole file."""
    script = """
import os, sys
from pathlib import Path
import custody.files
real = custody.files.os.fsync
def die(handle):
    real(handle)
    os._exit(9)
custody.files.os.fsync = die
sys.path.insert(0, sys.argv[2])
from conftest import make_labels
from labels.printing import print_run
print_run(make_labels(12), Path(sys.argv[1]) / "a.pdf")
"""
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), here], check=False, capture_output=True
    )
    assert done.returncode == 9
    assert not (tmp_path / "a.pdf").exists()


def test_paper_of_the_page_is_the_paper_of_the_stock(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    for name in ("Kokuyo KPC-E1121", "Avery 5163"):
        made = print_run(labels(3), tmp_path / "a.pdf", stock=name, fonts=bare_fonts)
        size = pdfium.PdfDocument(made.path)[0].get_size()
        assert size == pytest.approx([mm * 72 / 25.4 for mm in PAPERS[stock(name).paper]], abs=0.1)


def test_three_thousand_labels_take_less_than_ten_seconds_and_two_megabytes(
    labels: Labels, fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(3_000)
    start = time.process_time()
    made = print_run(table, tmp_path / "a.pdf", fonts=fonts)
    assert time.process_time() - start < 10
    assert (made.labels, made.sheets) == (3_000, 250)
    assert made.path.stat().st_size < 2_000_000
