"""Forest plots and population pyramids: intervals with their numbers beside them, two groups back to back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.arrays import FloatArray
from analysis.plots import COLOURS, ROW_HEIGHT, bare, mark_training, name_rows, plot_axes
from custody.errors import AnalysisError
from custody.figures import japanese, new_figure
from custody.messages import gettext as _

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["forest_plot", "pyramid_plot"]

LARGEST_MARK: Final = 11.0


def forest_plot(
    tidy: "pd.DataFrame",
    *,
    labels: Sequence[str],
    title: str,
    axis: str = "",
    reference: float | None = None,
    percent: bool = False,
    decimals: int = 1,
    training: bool = False,
) -> "Figure":
    """Draw estimates with their intervals, and the numbers to the right (フォレストプロット).

    Parameters
    ----------
    tidy : pandas.DataFrame
        Columns estimate, ci_low, ci_high; with a column n the area of a mark follows it.
    labels : sequence of str
        (rows,) names, drawn from the top.
    title, axis : str
        Title, and what the horizontal axis counts.
    reference : float, optional
        Where a dashed line is drawn: no difference, or the whole's value.
    percent : bool
        Estimates are shares, drawn as percent.
    decimals : int
        Decimals of the numbers.
    training : bool
        Draw the training mark.

    Returns
    -------
    matplotlib.figure.Figure
        The plot.
    """
    factor = 100.0 if percent else 1.0
    values, low, high = _columns(tidy, factor)
    rows = np.arange(values.size)
    with japanese():
        figure, axes = plot_axes(values.size, title, training)
        if reference is not None:
            axes.axvline(reference * factor, color="#888888", linewidth=0.9, linestyle="--", zorder=1)
        axes.hlines(rows, low, high, color=COLOURS[0], linewidth=1.4, zorder=2)
        for row, value, size in zip(rows, values, _marks(tidy), strict=True):
            axes.plot([value], [row], "s", color=COLOURS[0], markersize=size, zorder=3)
        _numbers(axes, values, low, high, decimals)
        name_rows(axes, labels)
        axes.set_xlabel(axis)
        axes.xaxis.set_major_formatter(lambda value, _place: f"{value:,.10g}")
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    return figure


def _columns(tidy: "pd.DataFrame", factor: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    parts = [tidy[name].to_numpy(np.float64) * factor for name in ("estimate", "ci_low", "ci_high")]
    return parts[0], parts[1], parts[2]


def _marks(tidy: "pd.DataFrame") -> FloatArray:
    """Sizes of marks, their areas as the numbers of rows."""
    if "n" not in tidy.columns:
        return np.full(len(tidy), LARGEST_MARK / 2)
    n = tidy["n"].to_numpy(np.float64)
    sizes: FloatArray = LARGEST_MARK * np.sqrt(n / max(n.max(initial=1.0), 1.0))
    return np.maximum(sizes, 2.0)


def _numbers(axes: "Axes", values: FloatArray, low: FloatArray, high: FloatArray, decimals: int) -> None:
    for row, (value, left, right) in enumerate(zip(values, low, high, strict=True)):
        text = "…"
        if np.isfinite(value):
            text = f"{value:,.{decimals}f}"
            if np.isfinite(left) and np.isfinite(right):
                text += f"  ({left:,.{decimals}f}～{right:,.{decimals}f})"
        axes.annotate(
            text,
            (1.02, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8,
            annotation_clip=False,
        )


def pyramid_plot(
    left: "pd.DataFrame",
    right: "pd.DataFrame",
    *,
    labels: Sequence[str],
    names: tuple[str, str] = ("男", "女"),
    title: str,
    axis: str = "",
    percent: bool = False,
    training: bool = False,
) -> "Figure":
    """Draw two groups back to back with their intervals, such as women and men by age (ピラミッド).

    Parameters
    ----------
    left, right : pandas.DataFrame
        Columns estimate, ci_low, ci_high of the two groups, one row a label.
    labels : sequence of str
        (rows,) names such as age groups, drawn from the bottom.
    names : (str, str)
        The two groups.
    title, axis : str
        Title, and what the horizontal axis counts.
    percent : bool
        Estimates are shares, drawn as percent.
    training : bool
        Draw the training mark.

    Returns
    -------
    matplotlib.figure.Figure
        The plot.

    Raises
    ------
    AnalysisError
        The two groups and the labels have different numbers of rows.
    """
    if not len(left) == len(right) == len(labels):
        raise AnalysisError(
            "ANA-PLOT",
            _("The two sides of a pyramid and its labels must have the same number of rows."),
            hint=_("Give one row a label on both sides; a missing estimate may be empty."),
        )
    factor = 100.0 if percent else 1.0
    sides = [_columns(frame, factor) for frame in (left, right)]
    widest = max(float(np.nanmax(np.append(part, 0.0))) for side in sides for part in side) * 1.12 or 1.0
    with japanese():
        figure = new_figure(8.0, 1.6 + ROW_HEIGHT * max(len(labels), 2))
        figure.suptitle(title, x=0.02, ha="left", fontsize=11)
        first, second = figure.subplots(1, 2)
        for axes, side, name, colour in zip(
            (first, second), sides, names, (COLOURS[0], COLOURS[4]), strict=True
        ):
            _side(axes, side, name, colour, axis)
        first.set_xlim(widest, 0)
        second.set_xlim(0, widest)
        first.set_yticks([])
        second.set_yticks(np.arange(len(labels)), labels=list(labels))
        mark_training(figure, training)
    return figure


def _side(
    axes: "Axes", side: tuple[FloatArray, FloatArray, FloatArray], name: str, colour: str, axis: str
) -> None:
    values, low, high = side
    rows = np.arange(values.size)
    axes.barh(rows, np.nan_to_num(values), color=colour, alpha=0.75, height=0.8)
    axes.hlines(rows, low, high, color="#222222", linewidth=1.1)
    axes.set_ylim(-0.6, values.size - 0.4)
    bare(axes)
    axes.set_xlabel(f"{name}  {axis}".strip())
