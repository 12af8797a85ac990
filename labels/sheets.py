"""Drawing prepared labels on sheets."""

from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Final

from custody.console import progress
from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.pdf import MM, TRAINING_TEXT
from labels.bags import starts_of_bags
from labels.boxes import Box, LabelPlan
from labels.code128 import code128_content, code128_operators
from labels.column_draw import ColumnDrawer
from labels.customer_barcode_draw import draw_customer_barcode
from labels.fit import Fitted, Measure, TextStyle
from labels.layout import SheetLine, plan_sheet_line
from labels.look import Look
from labels.paged_pdf import PagedPdf, Target
from labels.prepare import CheckedLabels, ReadyLabel
from labels.stocks import Stock
from labels.stream import ASCENT, PageStream

__all__ = ["RunOptions", "draw_sheets"]

GRAY: Final = 0.35
MARK_SIZE: Final = 7.0
BORDER: Final = 0.3
TAB_MM: Final = (1.0, 1.2)
"""Distance from a label's left edge and width of the mark where another bag begins."""
BAG_SIZE: Final = 6.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What is said about a print run on its sheets.

    Parameters
    ----------
    stock : Stock
        The label sheet.
    run, wave : int
        Number of the print run and of the mailing, from 1.
    first_label : int
        Place of the first label on the first sheet, 1 = upper left.
    training : bool
        True marks every label and sheet.
    title : str
        Title of the survey.
    printed_on : datetime.date, optional
        Date for the margin.
    look : Look
        How the labels look.
    show : bool, optional
        Whether to show on standard error how far it is; None: only at a terminal.
    """

    stock: Stock
    run: int
    wave: int
    first_label: int
    training: bool
    title: str
    printed_on: date | None = None
    look: Look = field(default_factory=Look)
    show: bool | None = None

    def sheets(self, labels: int) -> int:
        """Return how many sheets a number of labels takes.

        Parameters
        ----------
        labels : int
            Labels to print.

        Returns
        -------
        int
            Sheets, the first one from place ``first_label``.
        """
        return -(-(self.first_label - 1 + labels) // self.stock.per_sheet)


def draw_sheets(
    labels: CheckedLabels, plan: LabelPlan, options: RunOptions, chain: FontChain, target: Target
) -> bytes:
    """Draw labels on sheets; each sheet is written as soon as it is drawn.

    Parameters
    ----------
    labels : CheckedLabels
        At least one, in the order of printing.
    plan : LabelPlan
        Where the parts of a label stand.
    options : RunOptions
        Stock, numbers, title.
    chain : FontChain
        The fonts.
    target : Target
        Takes the sheets.

    Returns
    -------
    bytes
        The end of the PDF, to be written after them.
    """
    sheet, total = options.stock, options.sheets(len(labels))
    width, height = (length * MM for length in sheet.paper_size)
    title = _("{title} labels run {run:02d}").format(title=options.title, run=options.run).strip()
    subject = TRAINING_TEXT if options.training else ""
    pdf = PagedPdf(target, title, (width, height), chain, subject=subject)
    draw = _Drawer(plan, options, chain, PageStream(pdf.canvas, chain), height)
    bags = starts_of_bags(labels.postal_codes(), options.look.bags)
    waiting, skipped = iter(labels), options.first_label - 1
    for page in progress(range(total), total, _("sheets"), show=options.show):
        start = page * sheet.per_sheet - skipped
        first = max(start, 0)
        here = list(islice(waiting, start + sheet.per_sheet - first))
        draw.begin()
        draw.margin(page + 1, total, range(first, first + len(here)), len(labels), _copies(here))
        for number, label in enumerate(here, start=first):
            draw.label(label, bags.get(number, ""), *sheet.position(number - start))
        draw.stream.flush()
        pdf.show_page()
    return pdf.finish()


def _copies(labels: list[ReadyLabel]) -> str:
    return "+".join(map(str, sorted({int(label.copy) for label in labels})))


class _Drawer:
    """Draws labels and the margin line into the stream of the present page."""

    def __init__(
        self, plan: LabelPlan, options: RunOptions, chain: FontChain, stream: PageStream, paper_height: float
    ) -> None:
        self.stream = stream
        self._plan = plan
        self._options = options
        self._measure = Measure(chain)
        self._paper_height = paper_height
        self._line = plan_sheet_line(options.stock)
        self._columns = ColumnDrawer(plan, stream, chain) if plan.vertical else None
        self._mark_width = self._measure.width(TRAINING_TEXT) * MARK_SIZE

    def begin(self) -> None:
        """Set the printer right, and draw the edges of the labels where they are wanted."""
        look, sheet = self._options.look, self._options.stock
        if look.printer.corrects:
            self.stream.draw(look.printer.operator(self._paper_height))
        for place in range(sheet.per_sheet if look.borders else 0):
            left, top = (length * MM for length in sheet.position(place))
            height = sheet.height * MM
            self.stream.box(left, self._paper_height - top - height, sheet.width * MM, height, BORDER)

    def label(self, label: ReadyLabel, bag: str, left_mm: float, top_mm: float) -> None:
        """Draw one label whose upper left corner lies there on the sheet."""
        plan, options = self._plan, self._options
        x, y = left_mm * MM, self._paper_height - top_mm * MM
        self.stream.gray(0)
        if self._columns is not None:
            self._columns.label(label, x, y)
        else:
            self._lines(label, x, y)
        if plan.barcode is not None and label.barcode is not None and label.barcode.bars:
            self._barcode(plan.barcode, label.barcode.bars, x, y)
        if bag:
            self._bag(bag, x, y)
        self.stream.qr(x + plan.qr.left, y - plan.qr.top - plan.qr.height, plan.qr.height, label.content)
        if plan.code128 is not None and (text := code128_content(label.content, plan.code128.width)):
            self.stream.draw(code128_operators(text, plan.code128, x, y))
        self.stream.gray(GRAY)
        footer = (f"run {options.run:02d}  copy {label.copy}", f"no. {label.row:04d}")
        if self._columns is not None:
            self._columns.foot(footer, x, y, training=options.training)
            return
        self._line_of(plan.footer, "footer", "  ".join(footer), x, y)
        if options.training:
            right = plan.postal.left + plan.postal.width - self._mark_width
            self.stream.text(x + right, y - plan.postal.top - MARK_SIZE * ASCENT, MARK_SIZE, TRAINING_TEXT)

    def _lines(self, label: ReadyLabel, x: float, y: float) -> None:
        plan = self._plan
        self._line_of(plan.postal, "postal", label.postal, x, y)
        self._block(plan.address[0], plan.styles["address"], label.address, x, y)
        middle = _centred(plan.name, plan.styles["name"], label.name)
        self._block(middle, plan.styles["name"], label.name, x, y)
        if plan.furigana is not None and label.furigana is not None:
            self._block(plan.furigana, plan.styles["furigana"], label.furigana, x, y)
        self._line_of(plan.token, "token", label.token, x, y)

    def _barcode(self, box: Box, bars: str, x: float, y: float) -> None:
        """Draw the bars; in a box that is higher than wide, turned so that they begin at the top."""
        left, bottom, size = x + box.left, y - box.top - box.height, self._plan.barcode_size
        if box.height > box.width:
            self.stream.draw(f"q 0 -1 1 0 {left:.2f} {bottom + box.height:.2f} cm")
            draw_customer_barcode(self.stream, bars, 0, 0, size)
            self.stream.draw("Q")
        else:
            draw_customer_barcode(self.stream, bars, left, bottom, size)

    def _bag(self, bag: str, x: float, y: float) -> None:
        """Mark the label with which a bag begins: a tab at its left edge, and the digits."""
        plan, size = self._plan, BAG_SIZE
        left, width = (length * MM for length in TAB_MM)
        self.stream.box(x + left, y - plan.postal.top - plan.postal.height, width, plan.postal.height)
        right = plan.footer.left + plan.footer.width - self._measure.width(bag) * size
        self.stream.text(x + right, y - plan.footer.top - plan.footer.height * ASCENT, size, bag)

    def margin(self, page: int, total: int, here: range, labels: int, copies: str) -> None:
        """Write title, run, copies, sheet and counts into the margin of the sheet."""
        line, options = self._line, self._options
        if line is None:
            return
        run = _(
            "run {run:02d}   copy {copies}   sheet {page:,} of {total:,}   "
            "labels {first:,} to {last:,} of {labels:,}"
        )
        places = {"first": here.start + 1, "last": here.stop, "labels": labels}
        right = run.format(run=options.run, copies=copies, page=page, total=total, **places)
        if options.printed_on is not None:
            right += f"   {options.printed_on.isoformat()}"
        left = f"{TRAINING_TEXT}   {options.title}" if options.training else options.title
        self.stream.gray(GRAY)
        self._margin_texts(line, left, right)

    def _margin_texts(self, line: SheetLine, left: str, right: str) -> None:
        room = (line.right - line.left) / line.size
        right_width = self._measure.width(right)
        left_width = self._measure.width(left)
        size = line.size * min(1.0, room / (left_width + right_width + 2))
        self.stream.text(line.left, line.baseline, size, left)
        self.stream.text(line.right - right_width * size, line.baseline, size, right)

    def _line_of(self, box: Box, key: str, text: str, x: float, y: float) -> None:
        size = self._plan.styles[key].size
        self.stream.text(x + box.left, y - box.top - size * ASCENT, size, text)

    def _block(self, box: Box, style: TextStyle, text: Fitted, x: float, y: float) -> None:
        baseline = y - box.top - text.size * ASCENT
        for line in text.lines:
            self.stream.text(x + box.left, baseline, text.size, line, text.stretch)
            baseline -= text.size * style.leading


def _centred(box: Box, style: TextStyle, text: Fitted) -> Box:
    """Move a box down so that the text stands in its middle."""
    spare = box.height - style.height(len(text.lines), text.size)
    return Box(box.left, box.top + spare / 2, box.width, box.height)
