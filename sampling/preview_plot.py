"""The plot of a preview: persons against sample, and the margins to expect, in Japanese."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from custody.figures import japanese, new_figure
from sampling.limits import limits
from sampling.preview_words import domain_title, level_title, stratum_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sampling.preview import Preview

__all__ = ["preview_plot"]

PERSONS: Final = "#b9c6cf"
SAMPLE: Final = "#1b5e8c"
WIDE: Final = "#b00020"
GRID: Final = "#dddddd"
TRAINING: Final = "訓練用 TRAINING"
MOST_STRATA: Final = 24
"""With more strata the left panel shows the domains instead."""
ROW_HEIGHT: Final = 0.36


def preview_plot(preview: "Preview", *, training: bool = False) -> "Figure":
    """Draw a preview.

    Parameters
    ----------
    preview : Preview
        What a design will draw.
    training : bool
        Draw the training mark (訓練用).

    Returns
    -------
    matplotlib.figure.Figure
        Left: persons and sample of each stratum (of each domain, where there are many strata); right: the
        margin of a proportion in all and in each domain.

    Raises
    ------
    LabelError
        No Japanese font is on this computer.
    """
    domains = preview.precision().query("variable == 'proportion'").reset_index(drop=True)
    parts = _parts(preview, domains)
    with japanese():
        figure = new_figure(10.0, 1.5 + ROW_HEIGHT * max(len(parts), len(domains), 3))
        left, right = figure.subplots(1, 2, width_ratios=(5, 4))
        _draw_counts(left, parts)
        _draw_margins(right, domains, preview.level)
        figure.legend(loc="outside lower left", ncols=2, fontsize=8, frameon=False)
        if training:
            figure.text(0.995, 0.995, TRAINING, ha="right", va="top", fontsize=8, color=WIDE)
    return figure


def _parts(preview: "Preview", domains: pd.DataFrame) -> pd.DataFrame:
    """Return title, group, persons and sample of the rows on the left."""
    by = tuple(preview.design.by)
    plan = preview.tidy()
    if len(plan) <= MOST_STRATA or len(domains) == 1:
        titles = [stratum_title(name, by) for name in plan["stratum"]]
        return plan.assign(title=titles, group="")[["title", "group", "persons", "sample"]]
    rows = domains[domains["by"] != "all"]
    titles = [domain_title(*pair) for pair in zip(rows["by"], rows["domain"], strict=True)]
    table = rows.assign(title=titles, group=rows["by"])[["title", "group", "persons", "sample"]]
    return table.reset_index(drop=True)


def _draw_counts(axes: "Axes", parts: pd.DataFrame) -> None:
    """Draw two bars a row, on scales in which equal lengths are equal sampling fractions."""
    rows = np.arange(len(parts))
    persons, sample = (parts[name].to_numpy(np.float64) for name in ("persons", "sample"))
    scale = sample.sum() / persons.sum()
    above = axes.twiny()
    axes.barh(rows - 0.2, persons, height=0.38, color=PERSONS, label="対象者(下の目盛)")
    above.barh(rows + 0.2, sample, height=0.38, color=SAMPLE, label="抽出数(上の目盛)")
    end = 1.22 * max(persons.max(), sample.max() / scale)
    axes.set_xlim(0, end)
    above.set_xlim(0, end * scale)
    for row, many, few in zip(rows, persons, sample, strict=True):
        axes.annotate(f" {many:,.0f}", (many, row - 0.2), va="center", fontsize=7, color="#555555")
        above.annotate(f" {few:,.0f}", (few, row + 0.2), va="center", fontsize=7, color=SAMPLE)
    _dress(axes, parts["title"].tolist(), parts["group"].tolist())
    _thousands(axes, above)
    axes.set_xlabel("人(棒の長さが同じなら、抽出率は全体と同じ)", fontsize=9)
    above.spines[["right", "left", "bottom"]].set_visible(False)
    above.set_title("誰から何人を抽出するか", loc="left", fontsize=11)


def _draw_margins(axes: "Axes", domains: pd.DataFrame, level: float) -> None:
    rows = np.arange(len(domains))
    margins = 100 * domains["margin"].to_numpy(np.float64)
    limit = 100 * limits().wide_margin
    colours = [WIDE if margin > limit else SAMPLE for margin in margins]
    axes.hlines(rows, 0, margins, color=colours, linewidth=2)
    axes.scatter(rows * 0 + margins, rows, color=colours, s=24, zorder=3)
    for row, margin in zip(rows, margins, strict=True):
        axes.annotate(
            f"±{margin:.1f}", (margin, row), xytext=(6, 0), textcoords="offset points", va="center",
            fontsize=8, bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip
    if margins.max() > 0.6 * limit:
        axes.axvline(limit, color=WIDE, linewidth=0.8, linestyle="--")
    titles = [domain_title(*pair) for pair in zip(domains["by"], domains["domain"], strict=True)]
    _dress(axes, titles, domains["by"].tolist())
    axes.set_xlim(0, 1.25 * margins.max())
    axes.set_xlabel(f"標本誤差(±ポイント、{level_title(level)})", fontsize=9)
    axes.set_title("どれだけ正確か", loc="left", fontsize=11)


def _dress(axes: "Axes", titles: Sequence[str], groups: Sequence[str]) -> None:
    """Name the rows from the top, set groups apart by a line, and take away what is not needed."""
    axes.set_yticks(range(len(titles)), titles, fontsize=8)
    axes.set_ylim(len(titles) - 0.4, -0.6)
    for row in range(1, len(groups)):
        if groups[row] != groups[row - 1]:
            axes.axhline(row - 0.5, color="#999999", linewidth=0.6)
    axes.tick_params(left=False, labelsize=8)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _thousands(*all_axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    for axes in all_axes:
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.tick_params(labelsize=8)
