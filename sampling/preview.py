"""What a design will draw, and how precise that will be, before anything is drawn."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sampling.design_settings import Each, frozen_each, resolve
from sampling.limits import limits
from sampling.preview_numbers import domain_variances, expected_inverse, kish_effect
from sampling.size.result import normal_quantile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sampling.design import StratifiedDesign

__all__ = ["Preview", "preview_plan"]

Floats = NDArray[np.float64]
ALL: Final = "all"
"""Column and value of the domain that is everybody."""
RATES: Final = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
"""Response rates for which the margin in all is shown."""


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """What a design will draw from a frame, and the precision to expect; nothing is drawn.

    Parameters
    ----------
    plan : pandas.DataFrame
        Columns stratum, persons (N_h), sample (n_h), inclusion_prob, base_weight, answers (n_h r_h); ordered
        by stratum. Where the design says so also reserve and cost (of the sample, in the unit of the costs).
        With one person a household also households (N'_h, after persons): before the draw the number that
        the choice within households gives on average; inclusion_prob is the mean n_h / N_h over the persons,
        and base_weight its inverse.
    expected : pandas.DataFrame
        One row a variable and domain: variable ("proportion"; "mean" where the design has sd), by ("all" or
        a column), domain, persons, sample, answers, response, mean (p, or the mean), se, margin, cv, deff.
    warnings : pandas.DataFrame
        Columns kind ("whole", "few", "wide"), by, domain, value.
    responses : pandas.DataFrame
        Columns response, answers, se, margin: a proportion in all, if the same share r answered everywhere.
    design : StratifiedDesign
        The design.
    level : float
        Confidence level of the margins.
    cost : float or None
        Cost of the sample in all.
    """

    plan: pd.DataFrame = field(repr=False)
    expected: pd.DataFrame = field(repr=False)
    warnings: pd.DataFrame = field(repr=False)
    responses: pd.DataFrame = field(repr=False)
    design: "StratifiedDesign"
    level: float
    cost: float | None = None

    def tidy(self) -> pd.DataFrame:
        """Return the plan.

        Returns
        -------
        pandas.DataFrame
            A copy of `plan`.
        """
        return self.plan.copy()

    def precision(self) -> pd.DataFrame:
        """Return the precision to expect.

        Returns
        -------
        pandas.DataFrame
            A copy of `expected`.
        """
        return self.expected.copy()

    @property
    def margin(self) -> float:
        """Margin of a proportion in all, as a share (0.02: ±2 points)."""
        return float(self.expected["margin"].iloc[0])

    @property
    def deff(self) -> float:
        """Kish's design effect of the unequal weights, in all."""
        return float(self.expected["deff"].iloc[0])

    def plot(self, *, training: bool = False) -> "Figure":
        """Draw persons against sample, and the margins of the domains.

        Parameters
        ----------
        training : bool
            Draw the training mark (訓練用).

        Returns
        -------
        matplotlib.figure.Figure
            Two panels, in Japanese.

        Raises
        ------
        LabelError
            No Japanese font is on this computer.
        """
        from sampling.preview_plot import preview_plot

        return preview_plot(self, training=training)

    def __repr__(self) -> str:
        return (
            f"<Preview: {self.plan['sample'].sum():,} of {self.plan['persons'].sum():,} persons, "
            f"{len(self.plan)} strata, margin ±{100 * self.margin:.1f} points, "
            f"{len(self.warnings)} warnings>"
        )

    def _repr_html_(self) -> str:
        from sampling.preview_page import preview_html

        return preview_html(self)


def preview_plan(
    design: "StratifiedDesign",
    plan: pd.DataFrame,
    values: pd.DataFrame,
    *,
    p: Each = 0.5,
    cost: Each | None = None,
    level: float = 0.95,
    effect: Floats | None = None,
) -> Preview:
    """Work out the precision of a plan.

    Parameters
    ----------
    design : StratifiedDesign
        The design.
    plan : pandas.DataFrame
        (H,) rows as `StratifiedDesign.plan` gives them.
    values : pandas.DataFrame
        (H,) rows: the value of each stratum in each column of `design.by`.
    p, cost, level
        As in `StratifiedDesign.preview`.
    effect : ndarray of float64, optional
        (H,) effect of household sizes, as `household_effect` gives it; then no finite population correction
        is taken.

    Returns
    -------
    Preview
        The result.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Notes
    -----
    m_h = n_h r_h answers are expected; who answers is taken as random within the stratum.
    A proportion has S_h² = p_h (1 - p_h) N_h / (N_h - 1). Domains are made of whole strata; see
    `domain_variances`. Systematic samples are shown as random ones: their order mostly makes them better.
    One person a household: weights of m in the stratum enlarge S_h² by `household_effect`, and the choice
    within households is covered by leaving out the finite population correction; estimates are taken as
    post-stratified to N_h.

    Examples
    --------
    >>> from sampling import StratifiedDesign
    >>> plan = pd.DataFrame({"stratum": ["F", "M"], "persons": [6000, 4000], "sample": [600, 400]})
    >>> preview_plan(StratifiedDesign(1000, ["sex"]), plan, pd.DataFrame({"sex": ["F", "M"]}))
    <Preview: 1,000 of 10,000 persons, 2 strata, margin ±2.9 points, 0 warnings>
    """
    strata = plan["stratum"].tolist()
    rates = np.array(design.each("response", strata))
    shown = plan.assign(answers=plan["sample"] * rates)
    price = cost if cost is not None else (None if design.costs == 1 else design.costs)
    if price is not None:
        checked = frozen_each("cost", price, "0 < c", 0, closed=False)
        shown["cost"] = plan["sample"] * np.array(resolve("cost", checked, strata, design.by))
    domains, z = _domains(values), normal_quantile(level)
    variables = _variables(design, p, shown)
    expected = pd.concat(
        [_variable(*variable, shown, domains, z, effect) for variable in variables], ignore_index=True
    )
    total = float(shown["cost"].sum()) if price is not None else None
    others = pd.concat(
        [
            _variable(*variables[0], plan.assign(answers=plan["sample"] * r), domains[:1], z, effect)
            for r in RATES
        ]
    )
    responses = others[["response", "answers", "se", "margin"]].reset_index(drop=True)
    return Preview(shown, expected, _warnings(shown, expected), responses, design, level, total)


def _domains(values: pd.DataFrame) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Return column, value and strata of everybody and of each value of each column."""
    named = [(ALL, ALL, np.ones(len(values), dtype=bool))]
    for column in values.columns:
        for value in sorted(values[column].unique()):
            named.append((column, value, (values[column] == value).to_numpy()))
    return named


def _variables(design: "StratifiedDesign", p: Each, plan: pd.DataFrame) -> list[tuple[str, Any, Any]]:
    """Return name, mean and S_h² of the proportion and, where the design has sd, of its variable."""
    strata = plan["stratum"].tolist()
    checked = frozen_each("p", p, "0 < p < 1", 0, float(np.nextafter(1, 0)), closed=False)
    share = np.array(resolve("p", checked, strata, design.by))
    sizes = plan["persons"].to_numpy(dtype=np.float64)
    found = [("proportion", share, share * (1 - share) * sizes / np.maximum(sizes - 1, 1))]
    if design.sd is not None:
        missing = np.full(len(plan), np.nan)
        means = missing if design.means is None else np.array(design.each("means", strata), dtype=np.float64)
        found.append(("mean", means, np.array(design.each("sd", strata), dtype=np.float64) ** 2))
    return found


def _variable(
    name: str,
    mean: Floats,
    squares: Floats,
    plan: pd.DataFrame,
    domains: list[tuple[str, str, NDArray[np.bool_]]],
    z: float,
    effect: Floats | None,
) -> pd.DataFrame:
    """Return the rows of one variable."""
    member = np.stack([rows for _column, _value, rows in domains])
    sizes, answers = (plan[column].to_numpy(dtype=np.float64) for column in ("persons", "answers"))
    within = np.ones(len(plan)) if effect is None else effect
    drawn = plan["sample"].to_numpy(dtype=np.float64)
    inverse = expected_inverse(drawn, answers / drawn)
    se = np.sqrt(domain_variances(member, sizes, inverse, squares * within, corrected=effect is None))
    persons = member @ sizes
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = np.array([float(sizes[rows] @ mean[rows]) for rows in member]) / persons
        cv = se / np.abs(centre)
    sample = member @ plan["sample"].to_numpy()
    return pd.DataFrame(
        {
            "variable": name,
            "by": [column for column, _value, _rows in domains],
            "domain": [value for _column, value, _rows in domains],
            "persons": persons.astype(np.int64),
            "sample": sample.astype(np.int64),
            "answers": member @ answers,
            "response": member @ answers / sample,
            "mean": centre,
            "se": se,
            "margin": z * se,
            "cv": cv,
            "deff": kish_effect(member, sizes, answers, within),
        }
    )


def _warnings(plan: pd.DataFrame, expected: pd.DataFrame) -> pd.DataFrame:
    """Return what staff should look at before they draw."""
    units = plan["households"].round().clip(lower=1) if "households" in plan else plan["persons"]
    whole = plan[plan["sample"] == units]
    rows = [
        ("whole", "stratum", name, float(n))
        for name, n in zip(whole["stratum"], whole["sample"], strict=True)
    ]
    share = expected[expected["variable"] == "proportion"]
    few = share[share["answers"] < limits().few_answers]
    wide = share[share["margin"] > limits().wide_margin]
    for kind, found, column in (("few", few, "answers"), ("wide", wide, "margin")):
        rows += [(kind, *row) for row in found[["by", "domain", column]].itertuples(index=False, name=None)]
    return pd.DataFrame(rows, columns=["kind", "by", "domain", "value"])
