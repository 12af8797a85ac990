"""Drawing letters: what all copies share is written once, and each page adds a name and a token to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from custody.console import progress
from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.pdf import TRAINING_TEXT, draw_training_mark, new_canvas, save_canvas
from labels.fit import Fitted
from labels.letters_data import letter_data
from labels.letters_layout import LetterPage, Line, Rectangle, name_style
from labels.paged_pdf import PagedPdf, Target
from labels.stream import PageStream

__all__ = ["ReadyLetter", "draw_letters", "draw_page", "write_letters"]

FORM: Final = "letter"
GRAY: Final = 0.35


@dataclass(frozen=True, slots=True)
class ReadyLetter:
    """A letter of one person, sure to print.

    Parameters
    ----------
    row : int
        Row in the package, 1 = first; as on the label.
    name : Fitted
        The name with 様.
    token : str
        In groups, for people.
    """

    row: int
    name: Fitted
    token: str


def draw_letters(
    page: LetterPage,
    letters: Sequence[ReadyLetter],
    chain: FontChain,
    *,
    title: str,
    training: bool,
    run: int,
) -> bytes:
    """Draw one page a person, in memory.

    Parameters
    ----------
    page, letters, chain, title, training, run
        As in `write_letters`.

    Returns
    -------
    bytes
        The PDF.
    """
    buffer = BytesIO()
    buffer.write(write_letters(page, letters, chain, buffer, title=title, training=training, run=run))
    return buffer.getvalue()


def write_letters(
    page: LetterPage,
    letters: Sequence[ReadyLetter],
    chain: FontChain,
    target: Target,
    *,
    title: str,
    training: bool,
    run: int,
) -> bytes:
    """Draw one page a person; each page is written as soon as it is drawn.

    Parameters
    ----------
    page : LetterPage
        What all share.
    letters : sequence of ReadyLetter
        In the order of printing; none: one page without a name, to be copied.
    chain : FontChain
        The fonts.
    target : Target
        Takes the pages.
    title : str
        For the metadata; no person's name.
    training : bool
        True marks every page.
    run : int
        Number of the run of letters, for the foot.

    Returns
    -------
    bytes
        The end of the PDF, to be written after the pages.
    """
    size, subject = (page.paper.width, page.paper.height), TRAINING_TEXT if training else ""
    pdf = PagedPdf(target, title, size, chain, subject=subject)
    canvas, stream = pdf.canvas, PageStream(pdf.canvas, chain)
    canvas.beginForm(FORM, 0, 0, page.paper.width, page.paper.height)
    _shared(stream, page)
    if not letters and page.addressee is not None:
        _line(stream, page.addressee)
    stream.flush()
    if training:
        draw_training_mark(canvas, chain)
    canvas.endForm()
    if not letters:
        canvas.doForm(FORM)
        pdf.show_page()
    widths: dict[str, float] = {}
    for letter in progress(iter(letters), len(letters), _("letters")):
        canvas.doForm(FORM)
        _own(stream, page, letter, run, chain, widths)
        stream.flush()
        pdf.show_page()
    return pdf.finish()


def draw_page(
    width: float,
    height: float,
    lines: Iterable[Line],
    operators: Iterable[str],
    chain: FontChain,
    *,
    title: str,
    training: bool,
) -> bytes:
    """Draw one page of lines and shapes, such as the face of an envelope.

    Parameters
    ----------
    width, height : float
        Of the paper, points.
    lines : iterable of Line
        Texts.
    operators : iterable of str
        Shapes as PDF operators, drawn before the texts.
    chain : FontChain
        The fonts.
    title : str
        For the metadata.
    training : bool
        True marks the page.

    Returns
    -------
    bytes
        The PDF.
    """
    buffer = BytesIO()
    canvas = new_canvas(buffer, title, training=training, pagesize=(width, height), chain=chain)
    stream = PageStream(canvas, chain)
    for shape in operators:
        stream.draw(shape)
    stream.gray(0)
    for line in lines:
        _line(stream, line)
    stream.flush()
    canvas.showPage()
    return save_canvas(canvas, buffer)


def _shared(stream: PageStream, page: LetterPage) -> None:
    stream.gray(0)
    for shape in page.rectangles:
        stream.draw(_rectangle(shape))
    for line in page.lines:
        _line(stream, line)


def _rectangle(shape: Rectangle) -> str:
    box = f"{shape.x:.2f} {shape.y:.2f} {shape.width:.2f} {shape.height:.2f} re"
    return f"{shape.stroke:g} w {box} S" if shape.stroke else f"{box} f"


def _line(stream: PageStream, line: Line) -> None:
    """Write a line; bold is the same glyph with a thin stroke around it."""
    if line.bold:
        stream.draw(f"q 2 Tr {letter_data()['style']['bold'] * line.size:.2f} w")
    stream.text(line.x, line.baseline, line.size, line.text)
    if line.bold:
        stream.draw("Q")


def _own(
    stream: PageStream,
    page: LetterPage,
    letter: ReadyLetter,
    run: int,
    chain: FontChain,
    widths: dict[str, float],
) -> None:
    """Write what is a person's own: the name, and at the foot the token and the label's number."""
    stream.gray(0)
    if page.addressee is not None:
        baseline, style = page.addressee.baseline, name_style()
        for text in letter.name.lines:
            stream.text(page.addressee.x, baseline, letter.name.size, text)
            baseline -= letter.name.size * style.leading
    if page.foot:
        paper = page.paper
        stream.gray(GRAY)
        stream.text(paper.left, paper.bottom, paper.foot, page.foot.replace("{token}", letter.token))
        number = f"run {run:02d}  no. {letter.row:04d}"
        width = widths.setdefault(number[:3] + str(len(number)), chain.width(number, paper.foot))
        stream.text(paper.width - paper.right - width, paper.bottom, paper.foot, number)
