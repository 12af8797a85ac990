"""Drawing a customer barcode (郵便カスタマバーコード) as rectangles; the size that a label has room for."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from custody.errors import LabelError
from custody.messages import gettext as _
from custody.pdf import MM
from labels.customer_barcode_symbols import BAR_COUNT
from labels.stocks import Stock
from labels.stream import PageStream

__all__ = [
    "CLEAR_MM",
    "LARGEST",
    "SMALLEST",
    "BarcodeFit",
    "barcode_fit",
    "barcode_size_mm",
    "customer_barcode_path",
    "draw_customer_barcode",
    "largest_size",
]

SMALLEST: Final = 8.0
LARGEST: Final = 11.5
"""Sizes that Japan Post allows, points."""
CLEAR_MM: Final = 2.0
"""White on all four sides, mm."""

UNIT_MM: Final = 0.6
"""Width of a bar and of a space at 10 points, mm: pitch 2 units, long bar 6, timing bar 2."""
HEIGHT: Final = 6
BAR_SPAN: Final = {"1": (0, 6), "2": (2, 4), "3": (0, 4), "4": (2, 2)}
"""Lower end and length of each kind of bar, units."""
STEP: Final = 0.1
"""Sizes are rounded down to this, points."""


def customer_barcode_path(bars: str) -> str:
    """Write bars as PDF path operators, without the painting operator.

    Parameters
    ----------
    bars : str
        Characters 1 to 4.

    Returns
    -------
    str
        One rectangle a bar, in whole units: the width of a bar, from the lower left corner.

    Examples
    --------
    >>> customer_barcode_path("14")
    '0 0 1 6 re 2 2 1 2 re'
    """
    return " ".join([_bar(place, bar) for place, bar in enumerate(bars)])


def draw_customer_barcode(target: PageStream | Any, bars: str, x: float, y: float, size: float) -> None:
    """Draw a customer barcode.

    Parameters
    ----------
    target : PageStream or reportlab.pdfgen.canvas.Canvas
        Where to draw; the stream is faster.
    bars : str
        67 characters 1 to 4.
    x, y : float
        Lower left corner of the bars from the page's lower left corner, points; the clear zone lies outside.
    size : float
        8 to 11.5 points.

    Raises
    ------
    LabelError
        ``LAB-BARCODE-SIZE`` where Japan Post allows no such size, ``LAB-BARCODE-BARS`` where these are no
        bars.

    Notes
    -----
    Bars have the nominal size: the long bar is as long, and the space as wide, as is allowed at most, so the
    scale is rounded down. Paint black on white; never let a viewer fit the page to the paper.
    """
    if not SMALLEST <= size <= LARGEST:
        raise LabelError(
            "LAB-BARCODE-SIZE",
            _("Japan Post allows no customer barcode of this size."),
            hint=_("Choose 8 to 11.5 points."),
        )
    if len(bars) != BAR_COUNT or set(bars) - set(BAR_SPAN):
        raise LabelError(
            "LAB-BARCODE-BARS",
            _("These are not the bars of a customer barcode."),
            hint=_("Pass the bars that labels.customer_barcode makes."),
        )
    scale = math.floor(UNIT_MM * size / 10 * MM * 1e4) / 1e4
    if isinstance(target, PageStream):
        target.draw(f"q {scale:.4f} 0 0 {scale:.4f} {x:.2f} {y:.2f} cm {customer_barcode_path(bars)} f Q")
        return
    path = target.beginPath()
    for place, bar in enumerate(bars):
        low, length = BAR_SPAN[bar]
        path.rect(x + 2 * place * scale, y + low * scale, scale, length * scale)
    target.drawPath(path, stroke=0, fill=1)


def barcode_size_mm(size: float) -> tuple[float, float]:
    """Return the room that a barcode takes.

    Parameters
    ----------
    size : float
        Points.

    Returns
    -------
    tuple of float
        Width and height of the bars, mm, without the clear zone.

    Examples
    --------
    >>> [round(length, 2) for length in barcode_size_mm(10)]
    [79.8, 3.6]
    """
    unit = UNIT_MM * size / 10
    return (2 * BAR_COUNT - 1) * unit, HEIGHT * unit


def largest_size(width_mm: float, height_mm: float) -> float | None:
    """Return the largest size that fits with its clear zone.

    Parameters
    ----------
    width_mm, height_mm : float
        The room, mm.

    Returns
    -------
    float or None
        8 to 11.5 points in steps of 0.1; None where not even 8 points fit.

    Examples
    --------
    >>> largest_size(83.8, 20), largest_size(66, 20)
    (10.0, None)
    """
    width, height = barcode_size_mm(1.0)
    fits = min((width_mm - 2 * CLEAR_MM) / width, (height_mm - 2 * CLEAR_MM) / height, LARGEST)
    size = math.floor(fits / STEP + 1e-6) * STEP
    return round(size, 1) if size >= SMALLEST - 1e-9 else None


@dataclass(frozen=True, slots=True)
class BarcodeFit:
    """How a customer barcode fits on the labels of a sheet.

    Parameters
    ----------
    size : float or None
        The largest size, points; None where the labels cannot carry one.
    width_mm, height_mm : float
        Room that it takes (or would take at 8 points) with its clear zone, mm.
    sentence : str
        The same in words.
    """

    size: float | None
    width_mm: float
    height_mm: float
    sentence: str


def barcode_fit(stock: Stock) -> BarcodeFit:
    """Say whether the labels of a sheet can carry a customer barcode, and how large.

    Parameters
    ----------
    stock : Stock
        The label sheet.

    Returns
    -------
    BarcodeFit
        Size and sentence.

    Examples
    --------
    >>> from labels import stock
    >>> barcode_fit(stock("KPC-E1121")).size, barcode_fit(stock("L7160")).size
    (10.3, None)
    """
    size = largest_size(stock.width, stock.height)
    width, height = (length + 2 * CLEAR_MM for length in barcode_size_mm(size or SMALLEST))
    if size is None:
        sentence = _(
            "The labels of {name} cannot carry the customer barcode: with its clear zone it needs "
            "{width:.1f} x {height:.1f} mm at 8 points."
        )
    else:
        sentence = _(
            "The labels of {name} carry the customer barcode at {size:g} points: with its clear zone it "
            "takes {width:.1f} x {height:.1f} mm."
        )
    text = sentence.format(name=stock.name, size=size, width=width, height=height)
    return BarcodeFit(size, width, height, text)


@cache
def _bar(place: int, bar: str) -> str:
    low, length = BAR_SPAN[bar]
    return f"{2 * place} {low} 1 {length} re"
