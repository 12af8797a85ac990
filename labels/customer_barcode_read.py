"""Reading customer barcodes (郵便カスタマバーコード) from the picture of a page, to check what is printed."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from custody.errors import LabelError
from custody.messages import gettext as _
from custody.messages import mark
from labels.customer_barcode_draw import LARGEST, SMALLEST
from labels.customer_barcode_find import BarRow, find_rows, ink_of
from labels.customer_barcode_symbols import BAR_COUNT, POSTCODE_LENGTH, check_symbol, number_of, symbols_of

__all__ = ["PROBLEMS", "ReadBarcode", "read_customer_barcodes"]

PROBLEMS: Final = {
    "bars": mark("not all 67 bars are there, or there are more"),
    "symbols": mark("the bars are no customer barcode, or its check symbol is wrong"),
    "unclear": mark("a bar is neither of one kind nor of another"),
}
"""Why a row of bars was not read: code and what it means."""

SEARCHED: Final = 72
"""Bars looked for on each side of one amid the row."""
FEWEST: Final = 18
"""A broken row with fewer bars than this is not reported."""
ACROSS: Final = np.array([-0.12, 0.0, 0.12])
MIDDLE: Final = np.array([-0.08, 0.0, 0.08])
ARM: Final = np.linspace(0.24, 0.42, 7)
"""Where a bar is looked at, in pitches and in long bars from its middle."""
UNCLEAR: Final = (0.32, 0.68)
"""Ink on a bar's arm, as part of the ink on its middle, that says neither that it is there nor that it is
not."""
SAME_MM: Final = 1.0
LINE_MM: Final = 2.0
"""Places nearer than this are one; barcodes whose heights differ by less stand on one line."""
FINE: Final = 60
"""Points at which the length and the width of a bar are measured."""
TOLERANCES: Final = {"long": (3.40, 3.60), "pitch": (0.95, 1.30), "bar": (0.50, 0.70), "space": (0.45, 0.60)}
"""Japan Post's least and most at 10 points, mm; they grow with the size."""
MEASURED_TO: Final = 0.03
"""How exactly lengths are measured, mm."""
UPSIDE_DOWN: Final = str.maketrans("23", "32")
DPI: Final = (100.0, 1200.0)


@dataclass(frozen=True, slots=True)
class ReadBarcode:
    """A customer barcode that was read, or a row of bars that could not be.

    Parameters
    ----------
    postcode : str
        7 digits; empty where it was not read.
    address_number : str
        As printed, so without what was cut off.
    symbols : tuple of str
        20 data symbols; empty where it was not read.
    check : str
        Check symbol; empty where it was not read.
    ok : bool
        True where all bars are clear and the check symbol is right.
    problem : str
        One of `PROBLEMS` where it is not.
    left_mm, top_mm : float
        Middle of the first bar on the left, upper end of a long bar there, from the picture's edges.
    width_mm, angle : float
        From first to last bar, mm; degrees clockwise.
    pitch_mm, long_mm, bar_mm : float
        Measured pitch, length of long bars and width of bars; the latter two 0 where it was not read.
    """

    postcode: str
    address_number: str
    symbols: tuple[str, ...]
    check: str
    ok: bool
    problem: str
    left_mm: float
    top_mm: float
    width_mm: float
    angle: float
    pitch_mm: float
    long_mm: float = 0.0
    bar_mm: float = 0.0

    def __repr__(self) -> str:
        where = f"at {self.left_mm:.1f}, {self.top_mm:.1f} mm"
        return f"ReadBarcode({'ok' if self.ok else self.problem}, {where}, {self.size:.1f} points)"

    @property
    def size(self) -> float:
        """Size by the measured pitch, points."""
        return self.pitch_mm / 1.2 * 10

    @property
    def in_tolerance(self) -> bool:
        """Whether some size of 8 to 11.5 points has room for all measures in Japan Post's tolerances."""
        measures = {"long": self.long_mm, "pitch": self.pitch_mm, "bar": self.bar_mm}
        measures["space"] = self.pitch_mm - self.bar_mm
        least = [(measures[name] - MEASURED_TO) / high for name, (_low, high) in TOLERANCES.items()]
        most = [(measures[name] + MEASURED_TO) / low for name, (low, _high) in TOLERANCES.items()]
        return self.ok and max(*least, SMALLEST / 10) <= min(*most, LARGEST / 10)

    @property
    def message(self) -> str:
        """What is wrong, in the language in use; empty where nothing is."""
        return _(PROBLEMS[self.problem]) if self.problem else ""


def read_customer_barcodes(image: NDArray[Any], dpi: float) -> list[ReadBarcode]:
    """Read all customer barcodes on a page.

    Parameters
    ----------
    image : ndarray
        Shape (height, width), grey levels 0 to 255, paper brighter than ink.
    dpi : float
        Pixels to the inch: 200 and more; 150 is enough for a clean picture.

    Returns
    -------
    list of ReadBarcode
        From top to bottom, then from left to right. A row of at least 18 bars that cannot be read is in it
        with its problem; no single wrong symbol is read as another, since the check symbol finds it.

    Raises
    ------
    LabelError
        ``LAB-BARCODE-IMAGE`` where the array is no grey picture or the resolution is out of range.

    Notes
    -----
    Upright marks with neighbours at a pitch of 0.7 to 1.55 mm make a row; a line through the bars that are
    alike above and below and an even pitch through all give each bar's place, whatever touches it. Ink is
    then measured on the arms. The page may be askew by 5 degrees, or upside down.

    Examples
    --------
    >>> read_customer_barcodes(np.full((400, 600), 255, dtype=np.uint8), 200)
    []
    """
    if image.ndim != 2 or not DPI[0] <= dpi <= DPI[1]:
        raise LabelError(
            "LAB-BARCODE-IMAGE",
            _("This is no grey picture of 100 to 1,200 dpi."),
            hint=_("Pass a two-dimensional array of grey levels and its resolution."),
        )
    ink = ink_of(image)
    if ink is None:
        return []
    found = (_read(ink, row, dpi / 25.4) for row in find_rows(ink, dpi))
    return _once(one for one in found if one is not None)


def _read(ink: NDArray[np.float32], row: BarRow, mm: float) -> ReadBarcode | None:
    first, count = _extent(ink, row)
    x, y = row.points(np.array([first]), np.zeros(1), np.array([-0.5]))
    read = ReadBarcode(
        *("", "", (), "", False, "bars"),
        left_mm=float(x[0, 0] + 0.5) / mm,
        top_mm=float(y[0, 0] + 0.5) / mm,
        width_mm=(count - 1) * row.pitch / mm,
        angle=float(np.degrees(np.arctan(row.slope))),
        pitch_mm=row.pitch / mm,
    )
    up, down = _arms(ink, row, first + np.arange(count, dtype=np.float64))
    if count != BAR_COUNT:
        looks_like_one = FEWEST <= count < SEARCHED and bool(
            (up > down + 0.5).any() and (down > up + 0.5).any()
        )
        return read if looks_like_one else None
    arms = np.concatenate([up, down])
    if ((arms > UNCLEAR[0]) & (arms < UNCLEAR[1])).any():
        return replace(read, problem="unclear")
    read = _decoded(read, (up > 0.5), (down > 0.5))
    return _measured(read, ink, row, first + np.flatnonzero((up > 0.5) & (down > 0.5))) if read.ok else read


def _decoded(read: ReadBarcode, up: NDArray[np.bool_], down: NDArray[np.bool_]) -> ReadBarcode:
    bars = "".join(np.array(["4", "3", "2", "1"])[2 * up + down].tolist())
    symbols = symbols_of(bars) or symbols_of(bars[::-1].translate(UPSIDE_DOWN))
    if symbols is None:
        return replace(read, problem="symbols")
    postcode = "".join(symbols[:POSTCODE_LENGTH])
    return replace(
        read,
        postcode=postcode,
        address_number=number_of(symbols),
        symbols=symbols,
        check=check_symbol(symbols),
        ok=True,
        problem="",
    )


def _measured(
    read: ReadBarcode, ink: NDArray[np.float32], row: BarRow, long_bars: NDArray[np.intp]
) -> ReadBarcode:
    """Measure long bars by the ink along and across them, finer than a pixel."""
    places, middle = long_bars.astype(np.float64), np.zeros(1)
    around = (np.arange(FINE) + 0.5) / FINE - 0.5
    along = _ink_at(ink, row, places, middle, 1.4 * around).mean(axis=1)
    across = _ink_at(ink, row, places, around, middle).mean(axis=1)
    length, width = 1.4 * row.height * np.median(along), row.pitch * np.median(across)
    scale = read.pitch_mm / row.pitch
    return replace(read, long_mm=float(length * scale), bar_mm=float(width * scale))


def _extent(ink: NDArray[np.float32], row: BarRow) -> tuple[int, int]:
    """Return the first bar and the number of bars with ink on their middles, without a gap."""
    places = np.arange(-SEARCHED, SEARCHED + 1, dtype=np.float64)
    dark = _middles(ink, row, places) > 0.5
    inside = np.flatnonzero(dark & (np.abs(places) < 1.5))
    if not len(inside):
        return 0, 0
    white = np.flatnonzero(~dark)
    after = white[white > inside[0]]
    before = white[white < inside[0]]
    start = before[-1] + 1 if len(before) else 0
    stop = after[0] if len(after) else len(dark)
    return int(places[start]), int(stop - start)


def _middles(ink: NDArray[np.float32], row: BarRow, places: NDArray[np.float64]) -> NDArray[np.float64]:
    return _mean_ink(ink, row, places, MIDDLE)


def _arms(
    ink: NDArray[np.float32], row: BarRow, places: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ink on the upper and lower arm of bars, as parts of the ink on their middles."""
    middle = np.maximum(_middles(ink, row, places), 0.2)
    return _mean_ink(ink, row, places, -ARM) / middle, _mean_ink(ink, row, places, ARM) / middle


def _mean_ink(
    ink: NDArray[np.float32], row: BarRow, places: NDArray[np.float64], along: NDArray[np.float64]
) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = _ink_at(ink, row, places, ACROSS, along).mean(axis=1)
    return mean


def _ink_at(
    ink: NDArray[np.float32],
    row: BarRow,
    places: NDArray[np.float64],
    across: NDArray[np.float64],
    along: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the ink at a grid of points on each bar, shape (n, across x along)."""
    right, down = (grid.ravel() for grid in np.meshgrid(across, along))
    return _between_pixels(ink, *row.points(places, right, down))


def _between_pixels(
    ink: NDArray[np.float32], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return ink between pixels (bilinear); paper outside the picture."""
    height, width = ink.shape
    outside = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    column, line = np.clip(x, 0, width - 1.001), np.clip(y, 0, height - 1.001)
    left, top = column.astype(np.intp), line.astype(np.intp)
    right, low = column - left, line - top
    upper = ink[top, left] * (1 - right) + ink[top, left + 1] * right
    lower = ink[top + 1, left] * (1 - right) + ink[top + 1, left + 1] * right
    return np.where(outside, 0.0, upper * (1 - low) + lower * low)


def _are_one(left: ReadBarcode, right: ReadBarcode) -> bool:
    """Say whether two findings are the same, or two parts of a barcode that is broken."""
    across = right.left_mm - left.left_mm
    drop = right.top_mm - left.top_mm - across * math.tan(math.radians(left.angle))
    in_reach = across + right.width_mm < BAR_COUNT * left.pitch_mm
    broken = left.problem == right.problem == "bars" and in_reach
    return abs(drop) < SAME_MM and (abs(across) < SAME_MM or broken)


def _once(found: Iterable[ReadBarcode]) -> list[ReadBarcode]:
    """Put barcodes in order, each once: a row that a spot divides was found twice."""
    kept: list[ReadBarcode] = []
    for one in sorted(found, key=lambda one: one.left_mm):
        if not any(_are_one(before, one) for before in kept):
            kept.append(one)
    slope = math.tan(math.radians(float(np.median([one.angle for one in kept] or [0.0]))))
    level = np.array([one.top_mm - slope * one.left_mm for one in kept])
    line = np.empty(len(kept), dtype=np.intp)
    order = np.argsort(level)
    line[order] = np.cumsum(np.diff(level[order], prepend=level[order[:1]]) > LINE_MM)
    return [kept[k] for k in np.lexsort((np.array([one.left_mm for one in kept]), line))]
