"""Label sheets beside pylabels and reportlab's own widgets: text, QR code and customer barcode, in one run.

    python benchmarks/peers_labels.py [--labels 5000] [--peers 300] [--repeats 3]

Seconds of the processor for a PDF of labels on A4 sheets of 2 x 6 (Kokuyo KPC-E1121): ours for `--labels`;
reportlab's canvas with drawString, QrCodeWidget and one rect a bar for `--peers`, and pylabels (installed
into a temporary folder; left out where pip cannot) with the same shapes, both scaled to as many. Texts and
barcodes of the peers are made before; ours checks and fits every text and finds every barcode in its time.
Medians of `--repeats`.
"""

import argparse
import importlib.util
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pandas as pd
from reportlab.graphics import renderPDF, shapes
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.pdfgen import canvas

from custody.console import say
from custody.fonts import FontChain
from custody.pdf import A4, MM
from labels import Look, customer_barcode, print_run, stock
from labels.tokens import KeyedSource, new_tokens

A4_MM: Final = (210, 297)
STOCK: Final = "KPC-E1121-20N"
QR_SIDE: Final = 14 * MM
BAR: Final = 0.6 * 1.02 * MM
HEIGHTS: Final = {"1": (0.0, 3.6), "2": (1.2, 2.4), "3": (0.0, 2.4), "4": (1.2, 1.2)}
"""A bar's foot and height in mm at 10 points, by kind."""


def rows(count: int) -> pd.DataFrame:
    """Invented labels: house numbers and names differ, so that nothing is drawn from a cache alone."""
    tokens = new_tokens(count, KeyedSource(bytes(32)))
    names = [f"{'練馬豊玉石神大泉'[n % 8]}田　{'一二三四五六七八九'[n % 9]}郎" for n in range(count)]
    streets = [f"東京都練馬区豊玉北{n % 6 + 1}丁目{n % 40 + 1}番{n % 30 + 1}号" for n in range(count)]
    return pd.DataFrame(
        {"postal_code": "176-0012", "address": streets, "name": names, "token": tokens, "copy": 1}
    )


def lines(row: Any) -> list[tuple[float, float, float, str]]:
    """Texts of a label: left, up from its foot, size, text."""
    return [
        (10.0, 100.0, 9.0, f"〒{row.postal_code}"),
        (10.0, 88.0, 9.0, row.address),
        (20.0, 55.0, 14.0, f"{row.name} 様"),
        (10.0, 18.0, 7.0, row.token),
        (10.0, 8.0, 5.0, f"run 01  copy {row.copy}"),
    ]


def bars(row: Any) -> list[tuple[float, float, float, float]]:
    """Rectangles of the customer barcode of a label."""
    code = customer_barcode(row.postal_code, row.address).bars or ""
    places = [(10 + 1.2 * MM * at, *HEIGHTS[kind]) for at, kind in enumerate(code)]
    return [(x, 30 + foot * MM, BAR, height * MM) for x, foot, height in places]


def by_canvas(prepared: list[tuple[Any, list[Any]]], font: str) -> bytes:
    """Draw with reportlab's canvas and widgets."""
    sheet, buffer = stock(STOCK), io.BytesIO()
    page = canvas.Canvas(buffer, pagesize=A4)
    for number, (row, rectangles) in enumerate(prepared):
        place = number % sheet.per_sheet
        if number and not place:
            page.showPage()
        left, top = sheet.position(place)
        x, y = left * MM, A4[1] - (top + sheet.height) * MM
        for dx, dy, size, text in lines(row):
            page.setFont(font, size)
            page.drawString(x + dx, y + dy, text)
        for bx, by, width, height in rectangles:
            page.rect(x + bx, y + by, width, height, stroke=0, fill=1)
        drawing = shapes.Drawing(QR_SIDE, QR_SIDE)
        drawing.add(QrCodeWidget(f"{row.token}.1.{row.copy}", barWidth=QR_SIDE, barHeight=QR_SIDE))
        renderPDF.draw(drawing, page, x + 195, y + 5)
    page.save()
    return buffer.getvalue()


def by_pylabels(pylabels: Any, prepared: list[tuple[Any, list[Any]]], font: str) -> bytes:
    """Draw with pylabels and shapes."""
    sheet = stock(STOCK)
    form = pylabels.Specification(
        *A4_MM,
        sheet.columns,
        sheet.rows,
        sheet.width,
        sheet.height,
        left_margin=sheet.left,
        top_margin=sheet.top,
    )

    def draw(label: Any, _width: float, _height: float, item: tuple[Any, list[Any]]) -> None:
        row, rectangles = item
        for dx, dy, size, text in lines(row):
            label.add(shapes.String(dx, dy, text, fontName=font, fontSize=size))
        for one in rectangles:
            label.add(shapes.Rect(*one, strokeWidth=0))
        code = QrCodeWidget(f"{row.token}.1.{row.copy}", barWidth=QR_SIDE, barHeight=QR_SIDE)
        code.x, code.y = 195, 5
        label.add(code)

    made = pylabels.Sheet(form, draw, border=False)
    made.add_labels(prepared)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.pdf"
        made.save(str(path))
        return path.read_bytes()


def load_pylabels(folder: str) -> Any:
    """Install pylabels into a folder and load it by another name: its own is that of our room; None: no."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, "pylabels"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return None
    root = Path(folder) / "labels"
    spec = importlib.util.spec_from_file_location(
        "pylabels", root / "__init__.py", submodule_search_locations=[str(root)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["pylabels"] = module
    spec.loader.exec_module(module)
    return module


def timed(act: Callable[[], bytes], repeats: int) -> tuple[float, int]:
    """Median processor seconds, and bytes of the PDF; the first turn is not counted."""
    size, seconds = len(act()), []
    for _turn in range(repeats):
        began = time.process_time()
        act()
        seconds.append(time.process_time() - began)
    return statistics.median(seconds), size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=5000)
    parser.add_argument("--peers", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    fonts = FontChain.find(["IPAexGothic"])
    data = rows(options.labels)
    some = [(row, bars(row)) for row in data.head(options.peers).itertuples()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ours.pdf"

        def ours() -> bytes:
            print_run(data, path, stock=STOCK, fonts=fonts, look=Look(barcode=True))
            return path.read_bytes()

        found = {"hyohon": (*timed(ours, options.repeats), options.labels)}
    font = fonts.first
    found["reportlab"] = (*timed(lambda: by_canvas(some, font), options.repeats), options.peers)
    with tempfile.TemporaryDirectory() as folder:
        if (pylabels := load_pylabels(folder)) is None:
            say("pylabels could not be installed")
        else:
            turned = timed(lambda: by_pylabels(pylabels, some, font), options.repeats)
            found["pylabels"] = (*turned, options.peers)
    mine = found["hyohon"][0] / options.labels
    head = ("way", "labels", "seconds", f"for {options.labels}", "times ours", "MB")
    say("{:10} {:>7} {:>9} {:>10} {:>11} {:>6}".format(*head))
    for name, (seconds, size, count) in found.items():
        each = seconds / count
        whole, scaled = each * options.labels, size / count * options.labels / 1e6
        say(f"{name:10} {count:7,} {seconds:9.3f} {whole:10.2f} {each / mine:11.1f} {scaled:6.2f}")


if __name__ == "__main__":
    main()
