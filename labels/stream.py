"""Drawing straight into the content stream of a PDF page: texts in several fonts, QR codes as one path each.

reportlab builds an object for each shape; a page of labels has thousands. Here a page is a list of operators.
All that is private to reportlab is used in `PageStream` and nowhere else.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from custody.fonts import FontChain

__all__ = ["PageStream", "Placed", "qr_modules", "qr_path"]

ASCENT: Final = 0.88
"""Height of Japanese glyphs above the base line, in em: a box's first base line is this far under its top."""


class Placed(NamedTuple):
    """A glyph and where it stands.

    Parameters
    ----------
    font : str
        Name of the font.
    drawn : str
        What reportlab draws, as of `custody.fonts.FontChain.pieces`.
    size : float
        Points.
    matrix : tuple of float
        Text matrix: a, b, c, d, and the start of the base line from the page's lower left corner, points.
    """

    font: str
    drawn: str
    size: float
    matrix: tuple[float, float, float, float, float, float]


class PageStream:
    """Operators of one page, written to a canvas at once.

    Parameters
    ----------
    canvas : reportlab.pdfgen.canvas.Canvas
        An open canvas of `custody.pdf.new_canvas`.
    chain : FontChain
        The fonts.
    """

    def __init__(self, canvas: Any, chain: FontChain) -> None:
        from reportlab.pdfbase import pdfmetrics

        self._canvas = canvas
        self._chain = chain
        self._font_of = pdfmetrics.getFont
        self._operators: list[str] = []

    def text(self, x: float, baseline: float, size: float, text: str, stretch: float = 1.0) -> None:
        """Write one line.

        Parameters
        ----------
        x, baseline : float
            Start of the base line from the page's lower left corner, points.
        size : float
            Points.
        text : str
            Characters that the chain can draw.
        stretch : float
            Width of the characters as a part of their own width (長体).
        """
        document, escape = self._canvas._doc, self._canvas._escape
        shown = []
        for name, piece in self._chain.pieces(text):
            font = self._font_of(name)
            for subset, codes in font.splitString(piece, document):
                inner = font.getSubsetInternalName(subset, document)
                shown.append(f"{inner} {size:g} Tf ({escape(codes)}) Tj")
        line = f"BT 1 0 0 1 {x:.2f} {baseline:.2f} Tm {' '.join(shown)} ET"
        self._operators.append(line if stretch == 1 else f"q {100 * stretch:g} Tz {line} Q")

    def glyphs(self, placed: Iterable[Placed]) -> None:
        """Write glyphs each where it stands, as in columns.

        Parameters
        ----------
        placed : iterable of Placed
            The glyphs.
        """
        document, escape = self._canvas._doc, self._canvas._escape
        shown, before = [], ""
        for one in placed:
            font = self._font_of(one.font)
            ((subset, codes),) = font.splitString(one.drawn, document)
            face = f"{font.getSubsetInternalName(subset, document)} {one.size:g} Tf"
            *turn, x, y = one.matrix
            numbers = " ".join(f"{number:g}" for number in turn)
            change = "" if face == before else face + " "
            shown.append(f"{change}{numbers} {x:.2f} {y:.2f} Tm ({escape(codes)}) Tj")
            before = face
        self._operators.append(f"BT {' '.join(shown)} ET")

    def gray(self, level: float) -> None:
        """Set how dark what follows is.

        Parameters
        ----------
        level : float
            0 black to 1 white.
        """
        self._operators.append(f"{level:g} g")

    def qr(self, x: float, y: float, side: float, text: str) -> None:
        """Draw a QR code.

        Parameters
        ----------
        x, y : float
            Lower left corner of its modules from the page's lower left corner, points.
        side : float
            Side of the square of modules, points.
        text : str
            Content, ASCII.
        """
        modules = qr_modules(text)
        scale = side / len(modules)
        self._operators.append(f"q {scale:.4f} 0 0 {scale:.4f} {x:.2f} {y:.2f} cm {qr_path(modules)} f Q")

    def draw(self, operators: str) -> None:
        """Take PDF operators as they are.

        Parameters
        ----------
        operators : str
            ASCII, in points from the page's lower left corner.
        """
        self._operators.append(operators)

    def box(self, x: float, y: float, width: float, height: float, line: float = 0.0) -> None:
        """Draw a rectangle.

        Parameters
        ----------
        x, y : float
            Lower left corner from the page's lower left corner, points.
        width, height : float
            Points.
        line : float
            Width of its outline, points; 0 fills it.
        """
        shape = f"{x:.2f} {y:.2f} {width:.2f} {height:.2f} re"
        self._operators.append(f"q {line:g} w {shape} S Q" if line else f"{shape} f")

    def flush(self) -> None:
        """Hand the operators to the page that is open on the canvas."""
        self._canvas._code.append("\n".join(self._operators))
        self._operators.clear()


def qr_modules(text: str) -> NDArray[np.bool_]:
    """Make a QR code of error correction level M.

    Parameters
    ----------
    text : str
        Content; digits, capitals and ``.`` take the least room.

    Returns
    -------
    ndarray of bool
        Shape (k, k), k = 21, 25, ...; True = dark; first row on top.
    """
    import zxingcpp

    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    dark: NDArray[np.bool_] = np.asarray(code.to_image(scale=1, add_quiet_zones=False)) == 0
    return dark


def qr_path(modules: NDArray[np.bool_]) -> str:
    """Write dark modules as rectangles, one for each run in a row, with a module as the unit.

    Parameters
    ----------
    modules : ndarray of bool
        Shape (k, k), first row on top.

    Returns
    -------
    str
        PDF path operators, without the painting operator.
    """
    steps = np.diff(np.pad(modules, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    last = len(modules) - 1
    runs = zip(starts.tolist(), (last - rows).tolist(), (ends - starts).tolist(), strict=True)
    return " ".join([_run(*run) for run in runs])


@cache
def _run(x: int, y: int, length: int) -> str:
    return f"{x} {y} {length} 1 re"
