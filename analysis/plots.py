"""Plots in Japanese, each one function from a tidy table to a matplotlib Figure.

Figures belong to no window and change no global setting; show one by naming it in a notebook, or save it with
``figure.savefig``.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.blocks import TRAINING
from custody.figures import figure_png, japanese, new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figure_png", "interval_plot", "likert_bars", "sorted_bars"]

COLOURS: Final = ("#1b5e8c", "#5b9bc8", "#c9d6df", "#e2a76f", "#b5552b", "#7a7a7a", "#4c8c5a", "#a78bba")
"""Dark to light to dark: neighbours differ in lightness, so that they stay apart in grey print."""
NO_ANSWER_COLOUR: Final = "#e8e8e8"
ROW_HEIGHT: Final = 0.34
LABEL_FROM: Final = 4.0  # percent: narrower parts of a bar carry no number


def interval_plot(
    tidy: "pd.DataFrame",
    *,
    labels: Sequence[str],
    title: str,
    axis: str = "",
    percent: bool = True,
    gaps: Sequence[int] = (),
    training: bool = False,
) -> "Figure":
    """Draw estimates with their confidence intervals, one row each.

    Parameters
    ----------
    tidy : pandas.DataFrame
        Columns estimate, ci_low, ci_high; rows with a missing estimate are shown as "…".
    labels : sequence of str
        (rows,) names, drawn from the top.
    title, axis : str
        Title, and what the horizontal axis counts.
    percent : bool
        Estimates are shares, drawn as percent.
    gaps : sequence of int
        Row numbers before which a line is drawn, to set groups apart.
    training : bool
        Draw the training mark.

    Returns
    -------
    matplotlib.figure.Figure
        The plot.
    """
    factor = 100.0 if percent else 1.0
    values, low, high = (
        tidy[name].to_numpy(np.float64) * factor for name in ("estimate", "ci_low", "ci_high")
    )
    rows = np.arange(len(values))
    with japanese():
        figure, axes = plot_axes(len(values), title, training)
        axes.hlines(rows, low, high, color=COLOURS[1], linewidth=3, zorder=2)
        axes.plot(values, rows, "o", color=COLOURS[0], markersize=5, zorder=3)
        for row, value, right in zip(rows, values, high, strict=True):
            known = not np.isnan(value)
            x, text = (
                (max(value, right if np.isfinite(right) else value), f" {value:.1f}") if known else (0, "…")
            )
            axes.annotate(text, (x, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8)
        for gap in gaps:
            axes.axhline(gap - 0.5, color="#999999", linewidth=0.6)
        name_rows(axes, labels)
        axes.set_xlabel(axis)
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.margins(x=0.08)
        if percent and values.size and np.nanmin(low, initial=100.0) < 30:
            axes.set_xlim(left=0)
    return figure


def likert_bars(
    shares: "pd.DataFrame",
    *,
    labels: Sequence[str],
    bases: Sequence[int],
    title: str,
    no_answer: str | None = None,
    training: bool = False,
) -> "Figure":
    """Draw stacked bars of 100 percent (帯グラフ), one bar a question or group.

    Parameters
    ----------
    shares : pandas.DataFrame
        (bars, answers) shares between 0 and 1, columns in the order drawn; missing parts stay white.
    labels : sequence of str
        (bars,) names, drawn from the top.
    bases : sequence of int
        (bars,) n of each bar, written beside its name.
    title : str
        Title.
    no_answer : str, optional
        The column of 無回答, drawn in light grey.
    training : bool
        Draw the training mark.

    Returns
    -------
    matplotlib.figure.Figure
        The plot.
    """
    named = [f"{label}  (n={base:,})" for label, base in zip(labels, bases, strict=True)]
    colours = _bar_colours([str(name) for name in shares.columns], no_answer)
    with japanese():
        figure, axes = plot_axes(len(shares), title, training, extra=0.5)
        left = np.zeros(len(shares))
        for name, colour in colours.items():
            width = np.nan_to_num(shares[name].to_numpy(np.float64) * 100)
            axes.barh(np.arange(len(shares)), width, left=left, color=colour, label=name, edgecolor="white")
            _write_inside(axes, left, width, colour)
            left += width
        name_rows(axes, named)
        axes.set_xlim(0, 100)
        axes.set_xlabel("%")
        columns = min(len(colours), 4)
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside lower center",
            ncols=columns,
            fontsize=8,
            frameon=False,
        )
    return figure


def sorted_bars(
    tidy: "pd.DataFrame",
    *,
    labels: Sequence[str],
    title: str,
    base: int,
    last: Sequence[str] = (),
    training: bool = False,
) -> "Figure":
    """Draw a question with several answers as bars, the most frequent on top.

    Parameters
    ----------
    tidy : pandas.DataFrame
        Columns estimate, ci_low, ci_high (shares); rows with a missing estimate are left out.
    labels : sequence of str
        (rows,) answers.
    title : str
        Title.
    base : int
        Persons asked.
    last : sequence of str
        Answers that stay at the end, such as その他 and 無回答.
    training : bool
        Draw the training mark.

    Returns
    -------
    matplotlib.figure.Figure
        The plot.
    """
    frame = tidy.assign(label=list(labels), end=[label in last for label in labels])
    frame = frame[frame["estimate"].notna()].sort_values(["end", "estimate"], ascending=[True, False])
    values, low, high = (frame[name].to_numpy(np.float64) * 100 for name in ("estimate", "ci_low", "ci_high"))
    rows = np.arange(len(values))
    with japanese():
        figure, axes = plot_axes(len(values), f"{title}  (n={base:,})", training)
        axes.barh(rows, values, color=[COLOURS[2] if end else COLOURS[1] for end in frame["end"]])
        axes.hlines(rows, low, high, color=COLOURS[0], linewidth=1.2)
        for row, value, right in zip(rows, values, high, strict=True):
            axes.annotate(f" {value:.1f}", (np.fmax(value, right), row), va="center", fontsize=8)
        name_rows(axes, frame["label"].tolist())
        axes.set_xlim(0, min(100.0, float(np.nanmax(np.append(high, values), initial=10.0)) * 1.15))
        axes.set_xlabel("%")
    return figure


def plot_axes(rows: int, title: str, training: bool, extra: float = 0.0) -> "tuple[Figure, Axes]":
    """Make a figure for so many rows, with one plot in it."""
    figure = new_figure(8.0, 1.3 + extra + ROW_HEIGHT * max(rows, 2))
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    bare(axes)
    mark_training(figure, training)
    return figure, axes


def bare(axes: "Axes") -> None:
    """Leave of the frame only the axis below."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False, labelsize=9)


def mark_training(figure: "Figure", training: bool) -> None:
    """Write the training mark in the corner, where the numbers are of invented people."""
    if training:
        figure.text(0.995, 0.995, TRAINING, ha="right", va="top", fontsize=8, color="#b00020")


def name_rows(axes: "Axes", labels: Sequence[str]) -> None:
    """Write the names of the rows, the first on top."""
    axes.set_yticks(np.arange(len(labels)), labels=list(labels))
    axes.set_ylim(len(labels) - 0.5, -0.5)


def _write_inside(
    axes: "Axes", left: "np.ndarray[Any, Any]", width: "np.ndarray[Any, Any]", colour: str
) -> None:
    dark = sum(int(colour[i : i + 2], 16) for i in (1, 3, 5)) < 3 * 140
    for row, (start, part) in enumerate(zip(left, width, strict=True)):
        if part >= LABEL_FROM:
            ink = "white" if dark else "black"
            axes.text(start + part / 2, row, f"{part:.1f}", ha="center", va="center", fontsize=8, color=ink)


def _bar_colours(names: Sequence[str], no_answer: str | None) -> Mapping[str, str]:
    palette = iter(COLOURS)
    return {name: NO_ANSWER_COLOUR if name == no_answer else next(palette, "#bbbbbb") for name in names}
