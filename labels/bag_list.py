"""The list of bags that goes to the post office with the letters (差出通数表)."""

from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from custody.files import write_whole
from custody.fonts import FontChain
from custody.pdf import A4, MM, draw_text, fit_size, new_canvas, save_canvas
from labels.bags import Bag, bag_table, discount_rule
from labels.jobs import write_table
from labels.printing import PrintRun

__all__ = ["make_bag_list", "write_bags"]

LEFT: Final = 25 * MM
RIGHT: Final = A4[0] - 25 * MM
TOP: Final = A4[1] - 28 * MM
ROW: Final = 7.0 * MM
ROWS: Final = 28
"""Bags on one page."""
COLUMNS: Final = (LEFT + 3 * MM, LEFT + 80 * MM, LEFT + 116 * MM)
HEAD: Final = ("郵便番号の上３けた", "通数", "ラベルの順番")
SIZE: Final = 11.0


def write_bags(folder: Path, made: PrintRun, *, title: str, training: bool, day: date | None) -> Path:
    """Write the list of bags, for people and for a spreadsheet.

    Parameters
    ----------
    folder : pathlib.Path
        Where to: ``bags-run01.pdf`` and ``bags-run01.csv``.
    made : PrintRun
        The run.
    title : str
        Title of the survey.
    training : bool
        True marks the page.
    day : datetime.date, optional
        Date of printing.

    Returns
    -------
    pathlib.Path
        The PDF.
    """
    write_table(folder / f"bags-run{made.run:02d}.csv", bag_table(made.bags))
    path = folder / f"bags-run{made.run:02d}.pdf"
    return make_bag_list(path, made, title=title, training=training, day=day)


def make_bag_list(
    path: Path | str,
    made: PrintRun,
    *,
    title: str = "",
    training: bool = False,
    day: date | None = None,
    fonts: FontChain | None = None,
) -> Path:
    """Write the list of bags as PDF: letters by the first three digits of the postal code, and the discount.

    Parameters
    ----------
    path : path
        The PDF.
    made : PrintRun
        The run.
    title : str
        Title of the survey.
    training : bool
        True marks every page.
    day : datetime.date, optional
        Date of printing.
    fonts : FontChain, optional
        Default: the fonts of this computer.

    Returns
    -------
    pathlib.Path
        The PDF; in Japanese, for the post office.
    """
    chain, buffer = FontChain.find() if fonts is None else fonts, BytesIO()
    canvas = new_canvas(buffer, f"差出通数表 run {made.run:02d}", training=training, chain=chain)
    for first in range(0, len(made.bags), ROWS):
        page = made.bags[first : first + ROWS]
        y = _head(canvas, chain, made, title, day)
        y = _table(canvas, chain, y, page)
        if first + ROWS >= len(made.bags):
            _foot(canvas, chain, y, made)
        canvas.showPage()
    return write_whole(Path(path), save_canvas(canvas, buffer))


def _head(canvas: Any, chain: FontChain, made: PrintRun, title: str, day: date | None) -> float:
    draw_text(canvas, LEFT, TOP, "差出通数表（郵便番号の上３けた別）", 16, chain)
    facts = [
        f"印刷番号 {made.run:02d}",
        f"用紙 {made.stock}",
        *([f"{day.year}年{day.month}月{day.day}日"] if day else []),
    ]
    y = TOP
    for line in (title, "　　".join(facts)):
        y -= ROW
        size = fit_size(line, RIGHT - LEFT, SIZE, 6, chain) if line else None
        if size is not None:
            draw_text(canvas, LEFT, y, line, size, chain)
    return y - 1.5 * ROW


def _table(canvas: Any, chain: FontChain, y: float, bags: tuple[Bag, ...]) -> float:
    """Draw one line a bag; return where the next line stands."""
    canvas.setLineWidth(0.5)
    _row(canvas, chain, y, HEAD)
    for bag in bags:
        canvas.line(LEFT, y - 0.3 * ROW, RIGHT, y - 0.3 * ROW)
        y -= ROW
        _row(canvas, chain, y, (bag.digits, f"{bag.labels:,}", f"{bag.first:,} － {bag.last:,}"))
    canvas.setLineWidth(1.0)
    canvas.line(LEFT, y - 0.3 * ROW, RIGHT, y - 0.3 * ROW)
    return y - ROW


def _row(canvas: Any, chain: FontChain, y: float, texts: tuple[str, ...]) -> None:
    """Write the cells of a line, the number of letters to the right of its column."""
    for place, (x, text) in enumerate(zip(COLUMNS, texts, strict=True)):
        shift = 18 * MM - chain.width(text, SIZE) if place == 1 else 0.0
        draw_text(canvas, x + shift, y, text, SIZE, chain)


def _foot(canvas: Any, chain: FontChain, y: float, made: PrintRun) -> None:
    least, percent = discount_rule()
    _row(canvas, chain, y, ("合計", f"{made.labels:,}", ""))
    reached = "届いている。" if made.barcodes >= least else "届かない。"
    for line in (
        f"うち郵便カスタマバーコードを印刷したもの　{made.barcodes:,} 通",
        f"バーコード付郵便物の割引（{percent}％）は、定形郵便物を同時に {least:,} 通以上差し出すとき。"
        f"{reached}",
        "初めて差し出す前に、印刷見本を郵便局に見てもらうこと。",
    ):
        y -= ROW
        draw_text(canvas, LEFT, y, line, fit_size(line, RIGHT - LEFT, SIZE, 6, chain) or 6, chain)
