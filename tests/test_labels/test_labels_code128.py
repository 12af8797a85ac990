"""Code 128 stands on wide labels beside the QR code, and both are read from every rendered label."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
import zxingcpp

from custody.errors import LabelError
from custody.fonts import FontChain
from custody.messages import set_language
from custody.pdf import MM
from labels.boxes import LabelPlan
from labels.code128 import code128_box, code128_content, code128_modules, code128_operators, without_foot
from labels.layout import plan_label
from labels.look import Look
from labels.printing import PrintRun, print_run
from labels.scans import parse_code
from labels.seals import seal_of
from labels.stocks import Stock, stock
from labels.tokens import KeyedSource, new_tokens

Labels = Callable[[int], pd.DataFrame]
WIDE = "L7163"  # 99.1 x 38.1 mm, 14 on a sheet
MODULE = 25.4 / 75
SHEETS = 22


def with_seals(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(seal=[seal_of(bytes(32), token, 1, 1) for token in table["token"]])


def many_labels(n: int) -> pd.DataFrame:
    tokens = new_tokens(n, KeyedSource(bytes(range(32))))
    rows = [
        (f"{176 + k % 3}-{k % 90:04d}", f"東京都練馬区豊玉北{k % 9 + 1}丁目{k % 30 + 1}番", "練馬　太郎")
        for k in range(n)
    ]
    return pd.DataFrame(rows, columns=["postal_code", "address", "name"]).assign(token=tokens, copy=1)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory, bare_fonts: FontChain) -> tuple[Path, pd.DataFrame]:
    """308 labels with seals, QR code and Code 128."""
    table = with_seals(many_labels(SHEETS * 14))
    path = tmp_path_factory.mktemp("code128") / "labels.pdf"
    print_run(table, path, stock=WIDE, fonts=bare_fonts, look=Look(code128=True))
    return path, table


def codes_on(path: Path, sheet: Stock, dpi: int) -> tuple[list[str], list[str]]:
    """Read the codes of each label of a PDF: what its Code 128 and what its QR code say."""
    wanted = zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode
    found: tuple[list[str], list[str]] = ([], [])
    document = pypdfium2.PdfDocument(path)
    for page in document:
        image = np.asarray(page.render(scale=dpi / 72, grayscale=True).to_pil())
        for place in range(sheet.per_sheet):
            left, top = sheet.position(place)
            edges = [int(mm * dpi / 25.4) for mm in (top, top + sheet.height, left, left + sheet.width)]
            label = np.ascontiguousarray(image[edges[0] : edges[1], edges[2] : edges[3]])
            read = zxingcpp.read_barcodes(label, formats=wanted)
            for texts, kind in zip(found, wanted, strict=True):
                texts.extend(one.text for one in read if one.format == kind)
    return found


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_every_code_of_every_label_is_read(printed: tuple[Path, pd.DataFrame], dpi: int) -> None:
    path, table = printed
    bars, squares = codes_on(path, stock(WIDE), dpi)
    plain = {f"{token}.1.1" for token in table["token"]}
    sealed = {f"{token}.1.1.{seal}" for token, seal in zip(table["token"], table["seal"], strict=True)}
    assert len(squares) == len(table)
    assert set(squares) == sealed
    assert plain <= set(bars)
    for misread in set(bars) - plain:  # a row of a code read at its edge, once in a thousand: never a token
        with pytest.raises(LabelError):
            parse_code(misread)


def test_seal_is_in_the_bars_where_the_label_is_wide_enough() -> None:
    content = f"0123456789ABC59.1.2.{seal_of(bytes(32), '0123456789ABC59', 1, 2)}"
    wide = Stock("own", "WIDE", "A4", 1, 4, 130.0, 60.0, 20.0, 20.0, 130.0, 60.0)
    assert code128_content(content, code128_box(wide).width) == content
    assert code128_content(content, code128_box(stock(WIDE)).width) == "0123456789ABC59.1.2"
    assert code128_content("0123456789ABC59.100.100", code128_box(stock(WIDE)).width) == ""


def test_bars_have_the_module_the_height_and_the_white_of_the_standard() -> None:
    for text in ("0123456789ABC59.1.1", "ZZZZZZZZZZZZZZZ.99.99", "000000000000000.10.10"):
        sheet = stock(WIDE)
        box = code128_box(sheet)
        words = code128_operators(text, box, 0.0, 0.0).split()
        module, height, left = float(words[1]), float(words[4]), float(words[5])
        modules = code128_modules(text)
        assert module == pytest.approx(MODULE * MM, abs=1e-4)
        assert height == pytest.approx(5.0 * MM, abs=1e-3)
        assert left >= 10 * module
        assert left + len(modules) * module <= sheet.width * MM - 10 * module
        dark = sum(int(words[place - 2]) for place, word in enumerate(words) if word == "re")
        assert dark == modules.sum()


@pytest.mark.parametrize("name", ["KPC-E1121", "L7160", "L7162"])
def test_stock_that_cannot_carry_it_says_so(name: str) -> None:
    with pytest.raises(LabelError, match="LAB-CODE128") as refusal:
        plan_label(stock(name), Look(code128=True))
    assert stock(name).name in str(refusal.value)


def test_nothing_of_the_label_stands_on_the_bars() -> None:
    sheet = stock(WIDE)
    plan = plan_label(sheet, Look(code128=True))
    rest = without_foot(sheet)
    assert plan.code128 is not None
    assert plan == replace(plan_label(rest), code128=plan.code128)
    for box in (plan.postal, *plan.address, plan.name, plan.token, plan.footer, plan.qr):
        assert box.top + box.height <= plan.code128.top - 2.0 * MM
    assert plan.code128.top + plan.code128.height <= sheet.height * MM - 2.0 * MM


def test_without_the_option_a_run_is_as_it_was(labels: Labels, tmp_path: Path, bare_fonts: FontChain) -> None:
    def made(look: Look | None, name: str) -> PrintRun:
        return print_run(labels(5), tmp_path / name, stock=WIDE, fonts=bare_fonts, look=look)

    assert made(None, "a.pdf").pdf_sha256 == made(Look(), "b.pdf").pdf_sha256
    assert made(Look(code128=True), "c.pdf").pdf_sha256 != made(None, "d.pdf").pdf_sha256


@pytest.mark.parametrize(("width", "code128"), [(99.06, True), (99.06, False), (75.0, False), (120.0, True)])
def test_the_height_named_for_the_barcode_is_the_least_that_carries_it(width: float, code128: bool) -> None:
    def plan(height: float) -> LabelPlan:
        return plan_label(
            Stock("own", "1", "A4", 1, 1, width, height, 0, 0, 0, 0), Look(barcode=True, code128=code128)
        )

    set_language("en")
    found = re.search(r"([0-9.]+) mm high", plan(38.1 if code128 else 31.0).barcode_note)
    set_language(None)
    assert found is not None
    assert plan(float(found[1])).barcode is not None
    assert plan(float(found[1]) - 0.6).barcode is None
