"""The plot of margins against sample sizes (標本数と標本誤差), in Japanese.

The figure belongs to no window and changes no global setting.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from custody.figures import japanese, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["precision_plot"]

COLOURS: Final = ("#1b5e8c", "#b5552b", "#4c8c5a", "#7a7a7a", "#a78bba", "#5b9bc8")
STYLES: Final = ("-", "--", "-.", ":")


def precision_plot(
    table: pd.DataFrame,
    *,
    title: str = "標本数と標本誤差",
    x_label: str = "発送数（人）",
    y_label: str = "標本誤差（±ポイント）",
    target: float | None = None,
) -> "Figure":
    """Draw margins against sample sizes, one line a proportion.

    Parameters
    ----------
    table : pandas.DataFrame
        (rows, columns) as `sampling.size.precision_table` returns it, at least one row.
    title, x_label, y_label : str
        Words of the plot.
    target : float, optional
        Margin wanted, drawn as a level line (0.03: ±3 points).

    Returns
    -------
    matplotlib.figure.Figure
        The plot; it shows itself at the end of a notebook cell.

    Raises
    ------
    LabelError
        No Japanese font is on this computer.

    Examples
    --------
    >>> from sampling.size.single import precision_table
    >>> figure = precision_plot(precision_table(range(200, 3001, 50), response=0.6), target=0.03)
    >>> len(figure.axes)
    1
    """
    with japanese():
        figure, axes = _axes(title, x_label, y_label)
        shown = table.sort_index()
        for place, p in enumerate(shown.columns):
            axes.plot(
                shown.index.to_numpy(),
                100 * shown[p].to_numpy(np.float64),
                color=COLOURS[place % len(COLOURS)],
                linestyle=STYLES[place % len(STYLES)],
                marker="o" if len(shown) < 15 else None,
                markersize=4,
                label=f"{100 * float(p):g}%",
            )
        if target is not None:
            axes.axhline(100 * target, color="#b00020", linewidth=1)
            axes.annotate(
                f"目標 ±{100 * target:g}", (1, 100 * target), xycoords=("axes fraction", "data"),
                xytext=(0, 3), textcoords="offset points", ha="right", fontsize=9, color="#b00020",
            )  # fmt: skip
        axes.set_ylim(bottom=0)
        axes.legend(title="回答の割合", fontsize=9, title_fontsize=9, frameon=False)
    return figure


def _axes(title: str, x_label: str, y_label: str) -> "tuple[Figure, Axes]":
    from matplotlib.ticker import StrMethodFormatter

    figure = new_figure(8.0, 4.5)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.grid(color="#dddddd", linewidth=0.6)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes
