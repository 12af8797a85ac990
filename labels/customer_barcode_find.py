"""Finding rows of bars at an even pitch on the picture of a page, a little askew or not."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["BarRow", "find_rows", "ink_of"]

Floats = NDArray[np.float64]

PITCH_MM: Final = (0.72, 1.55)
"""0.95 x 0.8 to 1.30 x 1.15 mm by Japan Post's tolerances, and a little more."""
HEIGHT_MM: Final = (0.65, 4.7)
WIDTH_MM: Final = (0.22, 1.4)
LEAST_FILL: Final = 0.35
LEAST_SLENDER: Final = 0.9
LINK_X_MM: Final = (0.6, 1.7)
LINK_Y_MM: Final = 1.75
"""Distances of neighbouring bars' middles: a pitch aside, up to a third of a long bar up or down."""
LEAST_BARS: Final = 15
LEAST_CONTRAST: Final = 40
"""Grey levels between paper and ink below which a page counts as blank."""
REGULAR: Final = 0.15
"""Parts of a pitch by which the bars of a row may lie off their places."""
LEAST_REGULAR: Final = 0.85


@dataclass(frozen=True, slots=True)
class BarRow:
    """A row of bars at an even pitch; pixels.

    Parameters
    ----------
    x, y : float
        Middle of a bar amid the row.
    pitch : float
        From bar to bar.
    slope : float
        How far the row falls for each pixel to the right.
    height : float
        Length of its long bars.
    """

    x: float
    y: float
    pitch: float
    slope: float
    height: float

    def points(self, places: Floats, across: Floats, along: Floats) -> tuple[Floats, Floats]:
        """Return points on bars.

        Parameters
        ----------
        places : ndarray of float64
            Shape (n,), numbers of bars, 0 the one at `x` and `y`.
        across, along : ndarray of float64
            Shape (k,), distances from the bar's middle to the right and down, pitches and long bars.

        Returns
        -------
        tuple of ndarray of float64
            x and y, shape (n, k) each, pixels.
        """
        norm = np.hypot(1.0, self.slope)
        right = (places[:, None] + across) * self.pitch / norm
        down = along * self.height / norm
        return self.x + right - down * self.slope, self.y + right * self.slope + down


def ink_of(image: NDArray[np.generic]) -> NDArray[np.float32] | None:
    """Turn grey levels into ink.

    Parameters
    ----------
    image : ndarray
        Shape (height, width), grey levels, paper brighter than ink.

    Returns
    -------
    ndarray of float32 or None
        Same shape, 0 paper to 1 ink; None for a blank page.
    """
    sample = image[::3, ::3].astype(np.float64)
    paper, black = float(np.median(sample)), float(np.percentile(sample, 0.1))
    if paper - black < LEAST_CONTRAST:
        return None
    ink: NDArray[np.float32] = (np.float32(paper) - image.astype(np.float32)) / np.float32(paper - black)
    return np.clip(ink, 0, 1, out=ink)


def find_rows(ink: NDArray[np.float32], dpi: float) -> list[BarRow]:
    """Find rows of bars.

    Parameters
    ----------
    ink : ndarray of float32
        Shape (height, width), 0 paper to 1 ink.
    dpi : float
        Pixels to the inch.

    Returns
    -------
    list of BarRow
        Rows with at least 15 bars beside each other; a row that is broken may be there twice.
    """
    marks = _upright_marks(ink, dpi / 25.4)
    rows = (_fit(marks[group], dpi / 25.4) for group in _groups(marks, dpi / 25.4))
    return [row for row in rows if row is not None]


def _upright_marks(ink: NDArray[np.float32], mm: float) -> Floats:
    """Return middle x, middle y and height of what may be a bar, shape (n, 3), pixels."""
    from scipy import ndimage

    labels, count = ndimage.label(ink > 0.5, structure=np.ones((3, 3)))
    if not count:
        return np.empty((0, 3))
    boxes = np.array(
        [(y.start, y.stop, x.start, x.stop) for y, x in ndimage.find_objects(labels)], dtype=np.float64
    )
    area = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    height, width = boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]
    keep = _between(height, HEIGHT_MM, mm) & _between(width, WIDTH_MM, mm)
    keep &= (area >= LEAST_FILL * height * width) & (height >= LEAST_SLENDER * width)
    middle_y, middle_x = boxes[:, :2].mean(axis=1), boxes[:, 2:].mean(axis=1)
    marks: Floats = np.column_stack([middle_x - 0.5, middle_y - 0.5, height])[keep]
    return marks


def _between(lengths: Floats, limits_mm: tuple[float, float], mm: float) -> NDArray[np.bool_]:
    return (lengths >= limits_mm[0] * mm) & (lengths <= limits_mm[1] * mm)


def _groups(marks: Floats, mm: float) -> list[NDArray[np.intp]]:
    """Return the numbers of marks that stand beside each other at a pitch that may be a barcode's."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    if len(marks) < LEAST_BARS:
        return []
    pairs = cKDTree(marks[:, :2]).query_pairs(np.hypot(LINK_X_MM[1], LINK_Y_MM) * mm, output_type="ndarray")
    step = np.abs(marks[pairs[:, 0], :2] - marks[pairs[:, 1], :2])
    pairs = pairs[_between(step[:, 0], LINK_X_MM, mm) & (step[:, 1] <= LINK_Y_MM * mm)]
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(marks), len(marks)))
    group = connected_components(links, directed=False)[1]
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(group))[:-1])
    return [part for part in parts if len(part) >= LEAST_BARS]


def _fit(marks: Floats, mm: float) -> BarRow | None:
    """Lay a line and an even pitch through marks; None where they do not stand so."""
    x, y, heights = marks[np.argsort(marks[:, 0])].T
    height = float(np.percentile(heights, 90))
    level = (heights > 0.84 * height) | (heights < 0.5 * height)
    line = _line(x[level], y[level], height)
    if line is None:
        return None
    slope, start = line
    norm = np.hypot(1.0, slope)
    along = np.sort((x + slope * (y - start)) / norm)
    steps = np.diff(along)
    near = steps[_between(steps, PITCH_MM, mm)]
    if len(near) < LEAST_BARS - 1:
        return None
    places = np.concatenate([[0], np.cumsum(np.rint(steps / np.median(near)))])
    pitch, first = np.polyfit(places, along, 1)
    regular = np.abs(along - first - pitch * places) < REGULAR * pitch
    if regular.mean() < LEAST_REGULAR or not _between(np.array([pitch]), PITCH_MM, mm)[0]:
        return None
    pitch, first = np.polyfit(places[regular], along[regular], 1)
    first += pitch * places[regular][regular.sum() // 2]
    return BarRow(
        float(first / norm), float(start + first * slope / norm), float(pitch), float(slope), height
    )


def _line(x: Floats, y: Floats, height: float) -> tuple[float, float] | None:
    """Lay a line through the middles of bars that are alike above and below; outliers do not count."""
    good = np.ones(len(x), dtype=np.bool_)
    slope = start = 0.0
    for _round in range(3):
        if good.sum() < 3 or np.ptp(x[good]) == 0:
            return None
        slope, start = (float(value) for value in np.polyfit(x[good], y[good], 1))
        good = np.abs(y - start - slope * x) < height / 10
    return (slope, start) if good.mean() > 0.5 else None
