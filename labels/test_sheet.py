"""The test sheet (テストシート) of a printer: edges, marks to read its offset from, rulers, instructions."""

from io import BytesIO
from pathlib import Path
from typing import Final

from custody.files import write_whole
from custody.fonts import FontChain
from custody.pdf import MM, new_canvas, save_canvas
from labels.fit import Measure
from labels.printers import Printer
from labels.stocks import Stock
from labels.stream import PageStream

__all__ = ["Rect", "make_test_sheet", "mark_places", "panel_place", "target_places"]

Rect = tuple[float, float, float, float]
"""Left, top, width and height from the sheet's upper left corner, mm."""

REACH: Final = 5.0
"""Marks reach this far to both sides of an edge, mm."""
HALF: Final = 4.0
"""Half the length of the longest mark, with its number, mm."""
LINE: Final = 0.15
RULER: Final = (150, 60)
"""Length of the rulers across and down, mm."""
PANEL: Final = (164.0, 92.0)
STEP: Final = 4.8
"""From line to line, mm."""
TARGET: Final = 4.0
NUMBERED: Final = 8
"""Marks that carry a number, counted from the edge: 4 mm."""
SIZES: Final = (5.0, 8.0, 12.0)
"""Numbers, words and title, points."""
TITLE: Final = "印刷位置の確認シート"
STEPS: Final = (
    "１　「実際のサイズ」（100％）で、ラベル用紙に印刷する。「用紙に合わせる」は使わない。",
    "　　普通紙に印刷し、ラベル用紙に重ねて光に透かしてもよい。",
    "２　①～④の目盛りで、ラベルの切れ目と重なる線の数字を読む。最も長い線が 0、線は 0.5 mm ごと。",
    "　　ラベルが紙の端まであるときは、紙の端と重なる線を読む。四つとも 0 なら、ずれはない。",
    "　　①最初のラベルの左　②最初のラベルの上　③最後のラベルの右　④最後のラベルの下",
    "３　読んだ数字を①②③④の順に入力すると、補正が {file} に書き込まれる。",
    "　　hyohon labels test-sheet --stock {stock} --printer {printer}",
    '　　　　--read "①,②,③,④"　　　例：--read "0.5,-1,0.5,-1"',
    "４　もう一度印刷し、四つとも 0 なら終わり。次からは --printer を付けて印刷する。",
    "５　上と左の目盛りを物差しで測る。{across} mm、{down} mm でなければ、印刷の倍率を確かめる。",
)


def make_test_sheet(
    path: Path | str,
    sheet: Stock,
    printer: Printer | None = None,
    *,
    fonts: FontChain | None = None,
    file: str = "printers.toml",
) -> Path:
    """Write a test sheet.

    Parameters
    ----------
    path : path
        The PDF.
    sheet : Stock
        The label sheet.
    printer : Printer, optional
        The printer, with the correction that it has now; default none.
    fonts : FontChain, optional
        Default: the fonts of this computer.
    file : str
        Name of the file of printers, for the instructions.

    Returns
    -------
    pathlib.Path
        The PDF, one page.

    Notes
    -----
    The mark with which a label's cut edge coincides is the distance of the print from where it should be, so
    the four readings give offset and scale (`labels.printers.correct`).
    """
    printer = Printer() if printer is None else printer
    chain = FontChain.find() if fonts is None else fonts
    width, height = (length * MM for length in sheet.paper_size)
    buffer = BytesIO()
    canvas = new_canvas(
        buffer, f"{TITLE} {sheet.name}", training=False, pagesize=(width, height), chain=chain
    )
    draw = _Drawer(PageStream(canvas, chain), Measure(chain), sheet)
    if printer.corrects:
        draw.stream.draw(printer.operator(height))
    draw.labels()
    for number, ((left, top, wide, _high), upright) in enumerate(mark_places(sheet), start=1):
        draw.marks("①②③④"[number - 1], left, top, upright=upright, wide=wide)
    draw.panel(panel_place(sheet), _words(sheet, printer, file))
    draw.stream.flush()
    canvas.showPage()
    return write_whole(Path(path), save_canvas(canvas, buffer))


def mark_places(sheet: Stock) -> list[tuple[Rect, bool]]:
    """Say where the four rows of marks stand.

    Parameters
    ----------
    sheet : Stock
        The label sheet.

    Returns
    -------
    list of (Rect, bool)
        At the left and upper edge of the first label, at the right and lower edge of the last; True where the
        edge is upright. The edge runs through the middle of each.
    """
    left, top = sheet.position(0)
    right, bottom = sheet.position(sheet.per_sheet - 1)
    middle, half = (sheet.width / 2, sheet.height / 2), 2 * REACH
    places = [
        (left, top + middle[1], True),
        (left + middle[0], top, False),
        (right + sheet.width, bottom + middle[1], True),
        (right + middle[0], bottom + sheet.height, False),
    ]
    return [
        ((x - REACH, y - HALF, half, 2 * HALF) if upright else (x - HALF, y - REACH, 2 * HALF, half), upright)
        for x, y, upright in places
    ]


def panel_place(sheet: Stock) -> Rect:
    """Say where the instructions stand: in the middle, or as near to it as the marks allow.

    Parameters
    ----------
    sheet : Stock
        The label sheet.

    Returns
    -------
    Rect
        The panel.
    """
    paper_width, paper_height = sheet.paper_size
    wide, high = PANEL
    left, middle = (paper_width - wide) / 2, (paper_height - high) / 2
    tops = sorted(
        (float(top) for top in range(8, int(paper_height - high) - 7, 2)), key=lambda t: abs(t - middle)
    )
    marks = [place for place, _upright in mark_places(sheet)]
    free = (top for top in tops if not any(_meet((left, top, wide, high), mark) for mark in marks))
    return left, next(free, middle), wide, high


def target_places(sheet: Stock) -> list[Rect]:
    """Say where the target marks stand.

    Parameters
    ----------
    sheet : Stock
        The label sheet.

    Returns
    -------
    list of Rect
        In the middle of the labels in the corners of the sheet, where the marks and instructions leave room.
    """
    last = sheet.per_sheet - 1
    corners = dict.fromkeys((0, sheet.columns - 1, last - sheet.columns + 1, last))
    taken = [*(place for place, _upright in mark_places(sheet)), panel_place(sheet)]
    targets = []
    for place in corners:
        x, y = sheet.position(place)
        middle = (x + sheet.width / 2 - TARGET, y + sheet.height / 2 - TARGET, 2 * TARGET, 2 * TARGET)
        if not any(_meet(middle, other) for other in taken):
            targets.append(middle)
    return targets


def _meet(one: Rect, other: Rect) -> bool:
    return all(
        one[side] < other[side] + other[side + 2] and other[side] < one[side] + one[side + 2]
        for side in (0, 1)
    )


def _words(sheet: Stock, printer: Printer, file: str) -> list[str]:
    moved = f"横 {printer.offset_x:+g} mm、縦 {printer.offset_y:+g} mm"
    scaled = f"倍率 横 {printer.scale_x:g}、縦 {printer.scale_y:g}"
    now = f"{moved}、{scaled}" if printer.corrects else "なし"
    facts = {"file": file, "across": RULER[0], "down": RULER[1]}
    quoted = {"stock": f'"{sheet.name}"', "printer": f'"{printer.name or "名前"}"'}
    steps = [step.format(**facts, **quoted) for step in STEPS]
    return [f"用紙：{sheet.describe()}", f"プリンター：{printer.name or '－'}　　今の補正：{now}", "", *steps]


class _Drawer:
    """Draws in mm from the sheet's upper left corner."""

    def __init__(self, stream: PageStream, measure: Measure, sheet: Stock) -> None:
        self.stream = stream
        self._measure = measure
        self._sheet = sheet
        self._height = sheet.paper_size[1]

    def labels(self) -> None:
        """Draw the edges of all labels, and target marks in the corners."""
        sheet = self._sheet
        for place in range(sheet.per_sheet):
            self._frame(*sheet.position(place), sheet.width, sheet.height)
        for left, top, wide, high in target_places(sheet):
            self._bar(left, top + high / 2 - LINE / 2, wide, LINE)
            self._bar(left + wide / 2 - LINE / 2, top, LINE, high)
            self._frame(left + wide / 4, top + high / 4, wide / 2, high / 2)

    def marks(self, name: str, left: float, top: float, *, upright: bool, wide: float) -> None:
        """Draw marks every half millimetre to both sides of an edge."""
        for step in range(int(-2 * REACH), int(2 * REACH) + 1):
            length = 6.0 if step == 0 else 3.6 if step % 2 == 0 else 2.0
            along = REACH + step / 2 - LINE / 2
            if upright:
                self._bar(left + along, top + 3 - length / 2, LINE, length)
            else:
                self._bar(left + 3 - length / 2, top + along, length, LINE)
            if abs(step) == NUMBERED:
                x, y = (left + along - 0.8, top + 7.6) if upright else (left + 6.2, top + along + 0.6)
                self._text(x, y, SIZES[0], f"{step // 2:+d}")
        beside = top + REACH + (4 if top + 2 * REACH < self._sheet.paper_size[1] - 4 else -2)
        x, y = (left + wide + 0.6, top + 4) if upright else (left - 3.4, beside)
        self._text(x if x < self._sheet.paper_size[0] - 8 else left - 4, y, SIZES[1], name)

    def panel(self, place: Rect, words: list[str]) -> None:
        """Draw the rulers and how to read the sheet on white ground."""
        left, top, wide, high = place
        self.stream.gray(1)
        self._bar(left, top, wide, high)
        self.stream.gray(0)
        self._frame(left, top, wide, high)
        x, y = left + 8, top + 7
        self._ruler(x, y, RULER[0], across=True)
        self._ruler(x - 3, y + 4, RULER[1], across=False)
        baseline, text_left = y + 12, x + 8
        self._text(text_left, baseline, SIZES[2], TITLE)
        baseline += 7
        room = (left + wide - 3 - text_left) * MM
        for word in words:
            size = min(SIZES[1], room / max(self._measure.width(word), 1.0))
            self._text(text_left, baseline, size, word)
            baseline += STEP

    def _ruler(self, x: float, y: float, length: int, *, across: bool) -> None:
        for step in range(length + 1):
            high = 4.0 if step % 10 == 0 else 3.0 if step % 5 == 0 else 1.8
            if across:
                self._bar(x + step - LINE / 2, y - high, LINE, high)
            else:
                self._bar(x - high, y + step - LINE / 2, high, LINE)
            if step % 10 == 0:
                number = (x + step - 1, y + 2.2) if across else (x + 0.5, y + step + 0.6)
                self._text(*number, SIZES[0], str(step))

    def _bar(self, left: float, top: float, wide: float, high: float) -> None:
        self.stream.box(left * MM, (self._height - top - high) * MM, wide * MM, high * MM)

    def _frame(self, left: float, top: float, wide: float, high: float) -> None:
        self.stream.box(left * MM, (self._height - top - high) * MM, wide * MM, high * MM, LINE * MM)

    def _text(self, left: float, baseline: float, size: float, text: str) -> None:
        if text:
            self.stream.text(left * MM, (self._height - baseline) * MM, size, text)
