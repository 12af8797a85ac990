"""A sheet of codes to lay beside the scanner: scan why the letters came back, then the letters."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from custody.files import write_whole
from custody.fonts import FontChain
from custody.pdf import A4, MM, new_canvas, save_canvas
from labels.reasons import REASON_MARK, reasons
from labels.stream import PageStream

__all__ = ["write_reason_sheet"]

TITLE: Final = "返送の理由を読み取るためのコード"
HOW: Final = (
    "先に理由のコードを読み取り、続けてその理由で戻った封筒のラベルを読み取ります。"
    "次の理由のコードを読むまで有効です。"
)
OTHERS: Final = (
    ("MAILED", "発送した", "mailed"),
    ("SPOILED", "破損・印刷不良で使わない", "spoiled"),
    ("DESTROYED", "廃棄した", "destroyed"),
    ("RETURNED_UNUSED", "使わずに区へ返した", "given back to staff unused"),
    ("END", "理由の終わり", "end of the reason"),
)
"""Codes that are no reasons: states, and the end of a reason."""

COLUMNS: Final = 2
ROWS: Final = 11
CELL: Final = (92 * MM, 23 * MM)
LEFT: Final = 13 * MM
TOP: Final = 262 * MM
SIDE: Final = 18 * MM
"""Side of a QR code; at least 4 modules of white stay around it."""


def write_reason_sheet(path: Path | str, fonts: FontChain | None = None) -> Path:
    """Write the sheet.

    Parameters
    ----------
    path : path
        The PDF, one page A4.
    fonts : FontChain, optional
        Default: the fonts of this computer.

    Returns
    -------
    pathlib.Path
        The path.
    """
    chain = FontChain.find() if fonts is None else fonts
    buffer = BytesIO()
    canvas = new_canvas(buffer, TITLE, training=False, pagesize=A4, chain=chain)
    page = PageStream(canvas, chain)
    page.text(LEFT, 279 * MM, 15, TITLE)
    page.text(LEFT, 271 * MM, 8, HOW)
    for place, (code, stamp, words) in enumerate(_cells()):
        row, column = place % ROWS, place // ROWS
        x, y = LEFT + column * CELL[0], TOP - (row + 1) * CELL[1] + 3 * MM
        page.qr(x, y, SIDE, code)
        page.text(x + SIDE + 5 * MM, y + 11 * MM, 13 if len(stamp) < 11 else 11, stamp)
        page.text(x + SIDE + 5 * MM, y + 6 * MM, 7.5, words)
        page.text(x + SIDE + 5 * MM, y + 1 * MM, 9, code)
    page.flush()
    canvas.showPage()
    return write_whole(Path(path), save_canvas(canvas, buffer))


def _cells() -> Iterator[tuple[str, str, str]]:
    for reason in reasons().values():
        yield reason.scan_code, reason.stamp, reason.english
    for code, stamp, words in OTHERS:
        yield REASON_MARK + code, stamp, words
