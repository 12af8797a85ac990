"""Maps of estimates by area, from shapes the user brings or from tiles; grey print keeps the shades apart."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.arrays import FloatArray
from analysis.plots import mark_training
from custody.errors import AnalysisError
from custody.figures import japanese, new_figure
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["area_map", "tile_shapes"]

SHADES: Final = ("#e6eef5", "#b9d0e4", "#7fabd0", "#3f7fb3", "#124a75")
"""Light to dark."""
UNKNOWN: Final = "#ffffff"

Ring = Sequence[tuple[float, float]]


def tile_shapes(tiles: Mapping[str, tuple[int, int]]) -> dict[str, list[Ring]]:
    """Make a square for each area, where no shapes may be used or areas are too unequal to see.

    Parameters
    ----------
    tiles : mapping of str to (int, int)
        Column and row of each area, from the upper left corner.

    Returns
    -------
    dict of str to list of ring
        Shapes for `area_map`.

    Examples
    --------
    >>> tile_shapes({"練馬": (0, 0)})["練馬"][0][0]
    (0.03, -0.03)
    """
    gap = 0.03
    return {
        name: [
            [
                (x + gap, -y - gap),
                (x + 1 - gap, -y - gap),
                (x + 1 - gap, -y - 1 + gap),
                (x + gap, -y - 1 + gap),
            ]
        ]
        for name, (x, y) in tiles.items()
    }


def area_map(
    tidy: "pd.DataFrame",
    area: str,
    shapes: Mapping[str, Any],
    *,
    title: str,
    percent: bool = False,
    decimals: int = 1,
    classes: Sequence[float] | int = 5,
    labels: Mapping[str, str] | None = None,
    training: bool = False,
) -> "Figure":
    """Colour areas by their estimates (地区別の地図).

    Parameters
    ----------
    tidy : pandas.DataFrame
        Columns `area` and estimate, one row an area; missing estimates (hidden cells) are hatched.
    area : str
        Column that names the area.
    shapes : mapping of str to shape
        For each area a list of rings, a ring being (x, y) pairs, or a GeoJSON geometry (Polygon,
        MultiPolygon); see also `tile_shapes`.
    title : str
        Title.
    percent : bool
        Estimates are shares, drawn as percent.
    decimals : int
        Decimals of numbers.
    classes : int or sequence of float
        Number of classes with about equally many areas (2 to 5), or the inner bounds in the unit shown.
    labels : mapping of str to str, optional
        Words for areas.
    training : bool
        Draw the training mark.

    Returns
    -------
    matplotlib.figure.Figure
        The plot, with a legend of classes.

    Raises
    ------
    AnalysisError
        An area has no shape, occurs twice, or the classes are not 2 to 5.
    """
    rings = {str(name): _rings(shape) for name, shape in shapes.items()}
    names = [str(value) for value in tidy[area]]
    _check_areas(names, rings)
    values = tidy["estimate"].to_numpy(np.float64) * (100.0 if percent else 1.0)
    bounds = _bounds(values, classes)
    shown = dict(zip(names, values, strict=True))
    with japanese():
        figure = new_figure(7.0, 6.2)
        axes = figure.add_subplot()
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_axis_off()
        axes.set_aspect("equal")
        for name, parts in rings.items():
            _draw(
                axes, name, parts, shown.get(name, np.nan), bounds, decimals, (labels or {}).get(name, name)
            )
        axes.autoscale_view()
        _legend(figure, bounds, decimals, "%" if percent else "", bool(np.isnan(list(shown.values())).any()))
        mark_training(figure, training)
    return figure


def _rings(shape: Any) -> list[FloatArray]:
    """Outer and inner rings; GeoJSON's nesting is undone, holes run against what they are in."""
    if not isinstance(shape, Mapping):
        return [np.asarray(ring, dtype=np.float64)[:, :2] for ring in shape]
    polygons = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
    rings = [
        (np.asarray(ring, dtype=np.float64)[:, :2], place)
        for polygon in polygons
        for place, ring in enumerate(polygon)
    ]
    return [ring if (_area(ring) > 0) == (place == 0) else ring[::-1] for ring, place in rings]


def _area(ring: FloatArray) -> float:
    """Area of a ring, positive where it runs against the clock."""
    x, y = ring[:, 0], ring[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _check_areas(names: Sequence[str], rings: Mapping[str, Any]) -> None:
    lost = [name for name in names if name not in rings]
    if lost or len(set(names)) < len(names):
        raise AnalysisError(
            "ANA-PLOT",
            _("{count} areas have no shape, the first is {name}.").format(count=len(lost), name=lost[0])
            if lost
            else _("An area occurs in more than one row."),
            hint=_("Give one row an area, named as in the shapes."),
        )


def _bounds(values: FloatArray, classes: Sequence[float] | int) -> FloatArray:
    known = values[np.isfinite(values)]
    if isinstance(classes, int):
        count = classes
        inner = np.quantile(known, np.arange(1, count) / count) if known.size and count > 0 else np.zeros(0)
    else:
        inner, count = np.asarray(sorted(classes), dtype=np.float64), len(classes) + 1
    if not 2 <= count <= len(SHADES):
        raise AnalysisError(
            "ANA-PLOT",
            _("A map has 2 to {most} classes.").format(most=len(SHADES)),
            hint=_("More shades cannot be told apart in print."),
        )
    return np.unique(inner)


def _draw(
    axes: "Axes",
    name: str,
    parts: list[FloatArray],
    value: float,
    bounds: FloatArray,
    decimals: int,
    label: str,
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    path = Path.make_compound_path(*(Path(np.vstack([ring, ring[:1]]), closed=True) for ring in parts))
    known = bool(np.isfinite(value))
    place = int(np.searchsorted(bounds, value, side="right")) if known else 0
    colour = _shade(place, bounds.size + 1) if known else UNKNOWN
    hatch = None if known else "////"
    axes.add_patch(PathPatch(path, facecolor=colour, edgecolor="#666666", linewidth=0.7, hatch=hatch))
    x, y = _centre(max(parts, key=len))
    text = f"{label}\n{value:,.{decimals}f}" if known else f"{label}\n…"
    dark = known and int(colour[1:3], 16) < 100
    ground = None if known else {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    ink = "white" if dark else "black"
    axes.text(x, y, text, ha="center", va="center", fontsize=8, color=ink, bbox=ground)


def _shade(place: int, count: int) -> str:
    return SHADES[round(place * (len(SHADES) - 1) / max(count - 1, 1))]


def _centre(ring: FloatArray) -> tuple[float, float]:
    """Centre of gravity of a ring's area; the middle of its points where it has none."""
    x, y = ring[:, 0], ring[:, 1]
    cross = x * np.roll(y, -1) - np.roll(x, -1) * y
    area = _area(ring)
    if abs(area) < 1e-12:
        return float(x.mean()), float(y.mean())
    across = ((x + np.roll(x, -1)) * cross).sum() / (6 * area)
    up = ((y + np.roll(y, -1)) * cross).sum() / (6 * area)
    return float(across), float(up)


def _legend(figure: "Figure", bounds: FloatArray, decimals: int, unit: str, unknown: bool) -> None:
    from matplotlib.patches import Patch

    edges = [f"{value:,.{decimals}f}" for value in bounds]
    words = [f"{a}～{b}" for a, b in zip(["", *edges], [*edges, ""], strict=True)]
    words[0], words[-1] = f"～{edges[0]}" if edges else "", f"{edges[-1]}～" if edges else ""
    handles = [
        Patch(facecolor=_shade(place, len(words)), edgecolor="#666666", label=f"{word} {unit}".strip())
        for place, word in enumerate(words)
    ]
    if unknown:
        handles.append(Patch(facecolor=UNKNOWN, edgecolor="#666666", hatch="////", label="非表示・該当なし"))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
