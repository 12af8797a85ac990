"""The basics of every PDF: fixed metadata, embedded fonts, the training mark, text that fits.

A PDF made twice from the same data is the same file: no dates, no computer's name, no random identifiers.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from custody.fonts import FontChain

__all__ = ["A4", "MM", "draw_text", "draw_training_mark", "fit_size", "new_canvas", "save_canvas"]

MM: Final = 72 / 25.4
"""Points in a millimetre."""
A4: Final = (210 * MM, 297 * MM)
"""A4 upright, points."""
TRAINING_TEXT: Final = "訓練用 TRAINING"
_MARK_SIZE: Final = 7.0


def new_canvas(
    target: Path | str | BytesIO,
    title: str,
    *,
    training: bool,
    pagesize: tuple[float, float] = A4,
    chain: FontChain | None = None,
) -> Any:
    """Start a PDF.

    Parameters
    ----------
    target : path or io.BytesIO
        Where it is written when ``save()`` is called.
    title : str
        Title in the metadata; never a person's name.
    training : bool
        True puts 「訓練用 TRAINING」 on every page.
    pagesize : (float, float)
        Width and height in points.
    chain : FontChain, optional
        Fonts of the document; None finds them.

    Returns
    -------
    reportlab.pdfgen.canvas.Canvas
        An open canvas.
    """
    from reportlab.pdfgen.canvas import Canvas

    # reportlab names Helvetica, which is not embedded, in every file that does not begin with another font
    file = target if isinstance(target, BytesIO) else str(target)
    chain = FontChain.find() if chain is None else chain
    canvas = Canvas(file, pagesize=pagesize, invariant=1, pageCompression=1, initialFontName=chain.first)
    canvas.setTitle(title)
    canvas.setAuthor("hyohon")
    canvas.setCreator("hyohon")
    canvas.setSubject(TRAINING_TEXT if training else "")
    if training:
        _mark_every_page(canvas, chain)
    return canvas


def _mark_every_page(canvas: Any, chain: FontChain) -> None:
    show: Callable[[], None] = canvas.showPage

    def show_marked() -> None:
        draw_training_mark(canvas, chain)
        show()

    canvas.showPage = show_marked


def draw_training_mark(canvas: Any, chain: FontChain) -> None:
    """Write the training mark at the top right of the present page, outside the usual print area.

    Parameters
    ----------
    canvas : reportlab.pdfgen.canvas.Canvas
        An open canvas.
    chain : FontChain
        Its fonts.
    """
    width, height = canvas._pagesize
    canvas.saveState()
    canvas.setFillGray(0.35)
    x = width - 8 * MM - chain.width(TRAINING_TEXT, _MARK_SIZE)
    draw_text(canvas, x, height - 6 * MM, TRAINING_TEXT, _MARK_SIZE, chain)
    canvas.restoreState()


def draw_text(canvas: Any, x: float, y: float, text: str, size: float, chain: FontChain) -> float:
    """Write one line, changing the font where a character needs it.

    Parameters
    ----------
    canvas : reportlab.pdfgen.canvas.Canvas
        An open canvas.
    x, y : float
        Start of the base line, points.
    text : str
        The line; every character must have a glyph.
    size : float
        Font size in points.
    chain : FontChain
        Its fonts.

    Returns
    -------
    float
        Width written, points.

    Raises
    ------
    LabelError
        A character has no glyph.
    """
    from reportlab.pdfbase.pdfmetrics import stringWidth

    start = x
    for name, piece in chain.pieces(text):
        canvas.setFont(name, size)
        canvas.drawString(x, y, piece)
        x += stringWidth(piece, name, size)
    return x - start


def fit_size(text: str, width: float, size: float, floor: float, chain: FontChain) -> float | None:
    """Find the font size at which a line fits.

    Parameters
    ----------
    text : str
        The line.
    width : float
        Room in points.
    size, floor : float
        Wanted and smallest size in points.
    chain : FontChain
        Its fonts.

    Returns
    -------
    float or None
        At most ``size``, at least ``floor``, in steps of 0.1 point; None where even the floor is too wide.

    Examples
    --------
    >>> chain = FontChain.find()
    >>> fit_size("練馬区", 100, 10, 6, chain)
    10
    >>> fit_size("練馬区" * 100, 100, 10, 6, chain) is None
    True
    """
    natural = chain.width(text, 1.0)
    if natural * size <= width:
        return size
    fitted = int(10 * width / natural) / 10
    return fitted if fitted >= floor else None


def save_canvas(canvas: Any, buffer: BytesIO) -> bytes:
    """Finish a PDF that was started on a buffer.

    Parameters
    ----------
    canvas : reportlab.pdfgen.canvas.Canvas
        The canvas, its last page shown.
    buffer : io.BytesIO
        The buffer given to `new_canvas`.

    Returns
    -------
    bytes
        The file.
    """
    canvas.save()
    return buffer.getvalue()
