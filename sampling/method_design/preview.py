"""What a design by method will draw, before anything is drawn (抽出計画)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from custody.messages import gettext as _
from sampling.method_design.chances import expected_hits, first_sizes, later_sizes
from sampling.method_design.design import MethodDesign
from sampling.method_design.expected import total_variance
from sampling.method_design.source import as_numbers, open_source
from sampling.method_design.stage import option_error
from sampling.method_design.units import Plan, read_plan
from sampling.methods.inclusion import EDGE
from sampling.views import html_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MethodPreview", "make_preview"]

SHOWN: Final = 100
"""Lines of a plan that a notebook shows; `tidy` has all of them."""
Floats = NDArray[np.float64]
Cost = float | str | Sequence[float] | None


@dataclass(frozen=True, slots=True, eq=False)
class MethodPreview:
    """What a design will draw.

    Parameters
    ----------
    plan : pandas.DataFrame
        One row a stage and stratum: stage (from 1), unit (its column, "" for rows), stratum, units there are,
        sample (expected number drawn), inclusion_min, inclusion_mean, inclusion_max over the units (overall
        probabilities; with replacement expected hits), certain (units that are in for certain, given the unit
        above), and at the last stage deff (see `deff`) and cost where one was given.
    precision : pandas.DataFrame
        One row a variable: variable, total (in the frame), se and cv of its estimate, formula of each stage
        (``none``: there is none, and se and cv are NaN).
    rows : int
        Rows of the frame.
    sample : float
        Expected number of rows drawn.
    deff : float
        Expected design effect of unequal weights (Kish), n sum(1 / pi) / N².
    cost : float or None
        Expected cost, where one was given.

    References
    ----------
    Kish, L. (1992). Weighting for unequal P_i. Journal of Official Statistics 8, 183-200.
    """

    plan: pd.DataFrame = field(repr=False)
    precision: pd.DataFrame = field(repr=False)
    rows: int
    sample: float
    deff: float
    cost: float | None

    def tidy(self) -> pd.DataFrame:
        """Return the plan.

        Returns
        -------
        pandas.DataFrame
            A copy of `plan`.
        """
        return self.plan.copy()

    def plot(self, *, title: str = "抽出計画") -> "Figure":
        """Draw the expected sample and the mean inclusion probability of each stratum.

        Parameters
        ----------
        title : str
            Words above the plot.

        Returns
        -------
        matplotlib.figure.Figure
            One row of panels a stage; beyond 40 strata the 40 with the largest samples.

        Raises
        ------
        LabelError
            No Japanese font is on this computer.
        """
        from sampling.method_design.plot import plan_plot

        return plan_plot(self.plan, title=title)

    def __repr__(self) -> str:
        cost = "" if self.cost is None else f", cost {self.cost:,.0f}"
        return f"<MethodPreview: {self.sample:,.1f} of {self.rows:,} rows, deff {self.deff:.3f}{cost}>"

    def _repr_html_(self) -> str:
        shown, caption = self.plan.head(SHOWN), repr(self)[1:-1]
        caption += f", {len(shown):,} of {len(self.plan):,} lines" if len(shown) < len(self.plan) else ""
        plan = html_table(shown, name="hyohon-method-preview", caption=caption)
        if self.precision.empty:
            return plan
        return plan + html_table(self.precision, name="hyohon-method-precision")


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """Expected numbers of one stage: given the unit above, overall, and the stratum of each unit."""

    n: Floats
    expected: Floats
    overall: Floats
    stratum: NDArray[np.int64]


def make_preview(design: MethodDesign, frame: Any, variables: tuple[str, ...], cost: Cost) -> MethodPreview:
    """Compute what a design will draw; see `MethodDesign.preview`.

    Parameters
    ----------
    design : MethodDesign
        The design.
    frame : pandas.DataFrame, pyarrow.Table, polars.DataFrame
        The frame.
    variables : tuple of str
        Columns whose totals are of interest.
    cost : float or str or sequence of float, optional
        Cost of a row, column with it, or cost of a unit at each stage.

    Returns
    -------
    MethodPreview

    Raises
    ------
    SamplingError, InputError
        As `MethodDesign.preview`.
    """
    plan = read_plan(design, open_source(frame))
    levels = _levels(design, plan)
    last = plan.units[-1]
    pi, stratum = levels[-1].overall, levels[-1].stratum
    if last.of_row is not None:
        pi, stratum = pi[last.of_row], stratum[last.of_row]
    strata = len(plan.labels)
    costs = None if cost is None else _costs(plan, levels, pi, stratum, cost)
    table = pd.concat([_stage_table(plan, level, place) for place, level in enumerate(levels)])
    drawn, there = np.bincount(stratum, pi, minlength=strata), np.bincount(stratum, minlength=strata)
    spread = np.bincount(stratum, 1 / pi, minlength=strata)
    table["deff"] = np.append(np.full(len(table) - strata, np.nan), drawn * spread / there**2)
    if costs is not None:
        table["cost"] = np.append(np.full(len(table) - strata, np.nan), costs)
    return MethodPreview(
        table.reset_index(drop=True),
        _precision(plan, levels, variables),
        plan.source.rows,
        float(pi.sum()),
        float(pi.sum() * (1 / pi).sum() / len(pi) ** 2),
        None if costs is None else float(costs.sum()),
    )


def _levels(design: MethodDesign, plan: Plan) -> list[_Level]:
    """Expected numbers of every stage, over all units of the frame."""
    found: list[_Level] = []
    for units in plan.units:
        n = later_sizes(units.stage, units.counts) if found else first_sizes(design, plan)
        hits = expected_hits(units.stage, units.group, n, units.counts, units.size)
        overall = hits * found[-1].overall[units.group] if found else hits
        found.append(_Level(n, hits, overall, found[-1].stratum[units.group] if found else units.group))
    return found


def _stage_table(plan: Plan, level: _Level, place: int) -> pd.DataFrame:
    """One row a stratum."""
    strata, codes = len(plan.labels), level.stratum
    there = np.bincount(codes, minlength=strata)
    sample = np.bincount(codes, level.overall, minlength=strata)
    low, high = np.full(strata, np.inf), np.zeros(strata)
    np.minimum.at(low, codes, level.overall)
    np.maximum.at(high, codes, level.overall)
    certain = np.bincount(codes, level.expected >= 1 - EDGE, minlength=strata).astype(np.int64)
    return pd.DataFrame(
        {
            "stage": place + 1,
            "unit": plan.units[place].stage.unit or "",
            "stratum": plan.names.to_pylist(),
            "units": there,
            "sample": sample,
            "inclusion_min": low,
            "inclusion_mean": sample / there,
            "inclusion_max": high,
            "certain": certain,
        }
    )


def _costs(
    plan: Plan,
    levels: list[_Level],
    pi: Floats,
    stratum: NDArray[np.int64],
    cost: float | str | Sequence[float],
) -> Floats:
    """Expected cost of each stratum."""
    strata = len(plan.labels)
    if isinstance(cost, str):
        of_rows = as_numbers(plan.source.column(cost), cost)
        return np.bincount(stratum, pi * of_rows, minlength=strata).astype(np.float64)
    if isinstance(cost, int | float):
        return np.bincount(stratum, pi * cost, minlength=strata).astype(np.float64)
    values = [float(value) for value in cost]
    if len(values) != len(levels):
        raise option_error("cost", _("Give one number, a column of numbers, or one number for each stage."))
    parts = [
        value * np.bincount(level.stratum, level.overall, minlength=strata)
        for value, level in zip(values, levels, strict=True)
    ]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def _precision(plan: Plan, levels: list[_Level], variables: tuple[str, ...]) -> pd.DataFrame:
    """Expected standard error of each variable's total."""
    formula = ", ".join(units.stage.rule.variance for units in plan.units)
    rows = []
    for name in variables:
        y = as_numbers(plan.source.column(name), name)
        variance = total_variance(
            y, plan.units, tuple(level.expected for level in levels), tuple(level.n for level in levels)
        )
        total, se = float(y.sum()), float(np.sqrt(variance))
        rows.append((name, total, se, se / abs(total) if total else float("nan"), formula))
    return pd.DataFrame(rows, columns=["variable", "total", "se", "cv", "formula"])
