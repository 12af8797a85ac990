"""The plot of a plan (抽出計画の図), in Japanese: expected sample and mean probability of each stratum."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from custody.figures import japanese, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plan_plot"]

MOST: Final = 40
BAR, POINT = "#1b5e8c", "#b5552b"


def plan_plot(plan: pd.DataFrame, *, title: str) -> "Figure":
    """Draw the expected sample and the mean inclusion probability of each stratum.

    Parameters
    ----------
    plan : pandas.DataFrame
        `MethodPreview.plan`.
    title : str
        Words above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        One row of two panels a stage; beyond 40 strata the 40 with the largest samples.

    Raises
    ------
    LabelError
        No Japanese font is on this computer.

    Examples
    --------
    >>> from sampling.method_design import MethodDesign
    >>> frame = pd.DataFrame({"area": ["E"] * 30 + ["W"] * 70})
    >>> preview = MethodDesign("srs", n=10, strata="area").preview(frame)
    >>> len(plan_plot(preview.plan, title="抽出計画").axes)
    2
    """
    stages = [part for _stage, part in plan.groupby("stage")]
    lengths = [min(len(part), MOST) for part in stages]
    with japanese():
        figure = new_figure(8.0, 1.0 + sum(0.5 + 0.28 * length for length in lengths))
        panels = figure.subplots(
            len(stages), 2, sharey="row", squeeze=False, gridspec_kw={"height_ratios": lengths}
        )
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        for (left, right), part in zip(panels, stages, strict=True):
            _stage(left, right, part)
    return figure


def _stage(left: "Axes", right: "Axes", part: pd.DataFrame) -> None:
    """Two panels of one stage, the first stratum above."""
    kept = part["sample"].to_numpy().argsort(kind="stable")[::-1][:MOST]
    shown = part.iloc[np.sort(kept)[::-1]]
    places = np.arange(len(shown))
    left.barh(places, shown["sample"].to_numpy(), color=BAR, height=0.7)
    left.set_yticks(places, [str(name) for name in shown["stratum"]], fontsize=9)
    unit = str(shown["unit"].iloc[0]) or "行"
    left.set_xlabel(f"第{int(shown['stage'].iloc[0])}段 抽出数（{unit}）", fontsize=9)
    right.hlines(
        places,
        shown["inclusion_min"].to_numpy(),
        shown["inclusion_max"].to_numpy(),
        color=POINT,
        linewidth=1.5,
    )
    right.plot(shown["inclusion_mean"].to_numpy(), places, "o", color=POINT, markersize=5)
    right.set_xlabel("抽出確率（最小・平均・最大）", fontsize=9)
    right.set_xlim(left=0)
    for axes in (left, right):
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
