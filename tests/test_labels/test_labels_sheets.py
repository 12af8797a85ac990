"""What a run may add to its sheets: barcodes that read back, bags, furigana, borders, own sheets, windows."""

from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
import zxingcpp
from numpy.typing import NDArray

from custody.cli import run
from custody.errors import InputError
from custody.fonts import FontChain
from custody.keys import KeyStore
from labels.bag_list import write_bags
from labels.bags import bag_table, bags_of, discount_sentence, starts_of_bags
from labels.customer_barcode_make import customer_barcode
from labels.customer_barcode_read import read_customer_barcodes
from labels.layout import plan_label
from labels.look import Look
from labels.own_stocks import window_stock
from labels.printers import Printer, save_printer
from labels.printing import print_run
from labels.stocks import stock

DPI = 300
PIXEL = DPI / 25.4
Labels = Callable[[int], pd.DataFrame]
EXAMPLE = Path(str(files("labels") / "data" / "stocks_example.toml"))


def page_of(path: Path, number: int = 0) -> NDArray[np.uint8]:
    page = pypdfium2.PdfDocument(path)[number]
    return page.render(scale=DPI / 72, grayscale=True).to_numpy().squeeze()


def text_of(path: Path) -> str:
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path))


def real_towns(table: pd.DataFrame) -> pd.DataFrame:
    """Addresses whose postal code and town go together, so that a barcode can be made."""
    return table.assign(
        postal_code="176-0001",
        address=[f"東京都練馬区練馬{k % 9 + 1}丁目{k % 40 + 1}番{k % 20 + 1}号" for k in range(len(table))],
    )


@pytest.mark.parametrize("name", ["KPC-E1121", "L7163", "A-one 31538", "L7165", "Avery 5163"])
def test_every_barcode_and_qr_code_on_the_sheet_reads_back(
    name: str, labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    table, sheet = real_towns(labels(stock(name).per_sheet)), stock(name)
    look = Look(barcode=True, bags=3)
    made = print_run(table, tmp_path / "a.pdf", stock=sheet, fonts=bare_fonts, look=look)
    wanted = [customer_barcode(*row) for row in zip(table["postal_code"], table["address"], strict=True)]
    assert (made.barcodes, made.without_barcode) == (len(table), ())
    page = page_of(made.path)
    read = read_customer_barcodes(page, DPI)
    assert all(one.ok for one in read)
    assert sorted(one.symbols for one in read) == sorted(one.symbols for one in wanted)
    codes = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
    assert {code.text.split(".")[0] for code in codes} == set(table["token"])


def test_run_says_why_a_label_or_a_stock_carries_no_barcode(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    table = real_towns(labels(12))
    table.loc[4, "postal_code"] = "176-0000"
    look = Look(barcode=True)
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=look)
    assert (made.barcodes, made.without_barcode) == (11, ((5, "representative"),))
    assert made.labels == 12
    small = print_run(table, tmp_path / "b.pdf", stock="L7160", fonts=bare_fonts, look=look)
    plain = print_run(table, tmp_path / "c.pdf", stock="L7160", fonts=bare_fonts)
    assert (small.barcodes, small.labels) == (0, 12)
    assert "cannot carry" in small.barcode_note
    assert small.pdf_sha256 == plain.pdf_sha256
    assert (plain.barcodes, plain.barcode_note) == (0, "")


@pytest.mark.parametrize(
    ("barcodes", "said"), [(0, "begins at 1,000"), (999, "begins"), (1000, "3 % discount")]
)
def test_discount_is_stated_from_a_thousand_pieces(barcodes: int, said: str) -> None:
    assert said in discount_sentence(barcodes)


def test_bags_are_counted_in_the_order_of_printing() -> None:
    codes = ["〒176-0001", "〒176-0002", "〒177-0001", "〒179-0001", "〒179-0002"]
    assert [(bag.digits, bag.labels, bag.first, bag.last) for bag in bags_of(codes)] == [
        ("176", 2, 1, 2),
        ("177", 1, 3, 3),
        ("179", 2, 4, 5),
    ]
    assert starts_of_bags(codes, 3) == {0: "176", 2: "177", 3: "179"}
    assert starts_of_bags(codes, 2) == {0: "17"}
    assert starts_of_bags(codes, 0) == {}
    assert bag_table(bags_of(codes))["labels"].sum() == 5


def test_bag_list_for_the_post_office_counts_every_label(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(120).assign(postal_code=[f"{100 + k // 4}-0001" for k in range(120)])
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=Look(bags=3))
    path = write_bags(tmp_path, made, title="食の調査", training=True, day=date(2009, 11, 5))
    text = text_of(path)
    assert len(pypdfium2.PdfDocument(path)) == 2
    assert all(f"{100 + k}" in text for k in range(30))
    for part in ("食の調査", "2009年11月5日", "合計", "120", "1,000 通", "3％", "届かない", "訓練用"):
        assert part in text
    listed = pd.read_csv(tmp_path / "bags-run01.csv", encoding="utf-8-sig", dtype=str)
    assert listed["labels"].astype(int).sum() == 120
    assert listed["postal_code_begins"].tolist() == [str(100 + k) for k in range(30)]


def test_print_command_takes_printer_look_and_own_sheet(
    labels: Labels,
    sealed: Callable[..., Path],
    keys: KeyStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    package, job = sealed(real_towns(labels(14))), tmp_path / "job"
    (tmp_path / "stocks.toml").write_bytes(EXAMPLE.read_bytes())
    save_printer(Printer("2F", 0.5, -0.5), tmp_path / "printers.toml")
    print_ = ["--lang", "en", "labels", "print", str(package), "--job", str(job), "--keys", str(keys.folder)]
    assert run([*print_, "--printer", "3F"]) == 1
    assert "LAB-PRINTER" in capsys.readouterr().err
    options = ["--printer", "2F", "--stock", "12面 特注", "--barcode", "--bags", "3", "--honorific", "御中"]
    assert run([*print_, *options]) == 0
    said = capsys.readouterr().out
    for part in ("labels 14", "condensed", "10.2 points on own 12面 特注", "1,000"):
        assert part in said
    assert "御中" in text_of(job / "out" / "labels-run01.pdf")
    assert (job / "out" / "bags-run01.pdf").exists()


def test_tab_stands_on_the_labels_where_a_bag_begins_and_nowhere_else(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    sheet, table = stock("KPC-E1121"), labels(12)
    made = print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=Look(bags=3))
    assert sum(bag.labels for bag in made.bags) == 12
    page = page_of(made.path)
    starts = {bag.first - 1 for bag in made.bags}
    assert len(starts) > 1
    for place in range(12):
        x, y = sheet.position(place)
        strip = page[
            round((y + 2) * PIXEL) : round((y + 20) * PIXEL),
            round((x + 0.9) * PIXEL) : round((x + 2.3) * PIXEL),
        ]
        assert (strip < 128).any() == (place in starts)


def test_borders_are_the_edges_of_the_labels(labels: Labels, bare_fonts: FontChain, tmp_path: Path) -> None:
    sheet = stock("L7160")
    page = page_of(
        print_run(labels(1), tmp_path / "a.pdf", stock=sheet, fonts=bare_fonts, look=Look(borders=True)).path
    )
    for place in range(sheet.per_sheet):
        x, y = sheet.position(place)
        middle = round((y + sheet.height / 2) * PIXEL)
        for edge in (x, x + sheet.width):
            assert (page[middle, round(edge * PIXEL) - 3 : round(edge * PIXEL) + 4] < 160).any()


def test_furigana_and_honorific_stand_with_the_name(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(3).assign(furigana=["ねりま　たろう", "", "たなか　きよ"])
    look = Look(furigana=True, honorific="殿")
    text = text_of(print_run(table, tmp_path / "a.pdf", fonts=bare_fonts, look=look).path)
    for part in ("ねりま　たろう", "練馬　太郎 殿", "田　キヨ 殿", "たなか　きよ"):
        assert part in text
    assert "様" not in text
    assert "ねりま" not in text_of(print_run(table, tmp_path / "b.pdf", fonts=bare_fonts).path)
    with pytest.raises(InputError, match="LAB-FURIGANA"):
        print_run(labels(3), tmp_path / "c.pdf", fonts=bare_fonts, look=look)
    table.loc[0, "furigana"] = "ねりま\U0010fffd"
    held = print_run(table, tmp_path / "d.pdf", fonts=bare_fonts, look=look).held_back
    assert [(one.row, one.code) for one in held] == [(1, "glyph")]


def test_window_shows_the_whole_address_and_nothing_else_however_the_sheet_lies(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    envelope, window, folded = (235, 120), (20, 15, 100, 60), (210, 99)
    sheet = window_stock("洋長3 窓", envelope=envelope, window=window, folded=folded)
    made = print_run(
        labels(1), tmp_path / "a.pdf", stock=sheet, fonts=bare_fonts, title="食の調査", training=True
    )
    ink = page_of(made.path) < 200
    rows, columns = np.nonzero(ink[: round(90 * PIXEL)])
    for across in (0, envelope[0] - folded[0]):
        for down in (0, envelope[1] - folded[1]):
            left, top = window[0] - across, window[1] - down
            assert columns.min() / PIXEL > left
            assert columns.max() / PIXEL < left + window[2]
            assert rows.min() / PIXEL > top
            assert rows.max() / PIXEL < top + window[3]
    assert "食の調査" in text_of(made.path)  # at the foot of the sheet, out of the window's reach
    assert np.nonzero(ink)[0].max() / PIXEL > 280
    assert plan_label(sheet, Look(barcode=True)).barcode_size >= 8
