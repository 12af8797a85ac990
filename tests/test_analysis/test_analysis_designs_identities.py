"""Whatever the sample of several stages: censuses, limits, hand formulas, order, labels, scale, domains."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from survey_estimators import ESTIMATORS, SMOOTH, multistage, same, three_stages

from analysis import SurveyDesign

QUICK = settings(max_examples=10, deadline=None, derandomize=True)


def alike(one: SurveyDesign, other: SurveyDesign) -> None:
    """Every estimator gives the same over both: estimates, covariances, degrees of freedom, rows."""
    for name, estimator in ESTIMATORS.items():
        a, b = estimator(one), estimator(other)
        same(b.estimate, a.estimate, what=name)
        same(b.covariance, a.covariance, what=name)
        assert (a.linear.df == b.linear.df).all(), name
        assert (a.linear.n == b.linear.n).all(), name


@QUICK
@given(frame=multistage(census=True))
def test_a_census_of_every_stage_has_no_variance(frame: pd.DataFrame) -> None:
    d = three_stages(frame)
    for name, estimator in SMOOTH.items():
        assert not np.nan_to_num(estimator(d).se).any(), name


@QUICK
@given(frame=multistage())
def test_units_taken_whole_are_clusters(frame: pd.DataFrame) -> None:
    """With every lower unit drawn, the stages below the first add nothing."""
    whole = frame.assign(
        N2=frame.groupby("u")["v"].transform("nunique"), N3=frame.groupby(["u", "v"])["i"].transform("size")
    )
    alike(three_stages(whole), SurveyDesign(whole, strata="s", psu="u", fpc="N1"))


@settings(QUICK, max_examples=5)
@given(frame=multistage())
def test_an_endless_population_is_drawn_with_replacement(frame: pd.DataFrame) -> None:
    endless = three_stages(frame.assign(N=1e16), weights="w", fpc=["N", "N2", "N3"])
    alike(endless, three_stages(frame, weights="w", fpc=None))
    alike(endless, three_stages(frame, weights="w", fpc=[None, "N2", "N3"]))
    alike(endless, three_stages(frame, weights="w", psu="u", fpc=None))


@QUICK
@given(frame=multistage())
def test_variance_of_a_total_by_hand(frame: pd.DataFrame) -> None:
    """The sum over stages of (fractions above) x (1 - f) n/(n - 1) x squares of unit totals."""
    d = three_stages(frame)
    data = frame.assign(z=d.weights * frame["y"])
    n1 = data.groupby("s")["u"].transform("nunique")
    n2 = data.groupby("u")["v"].transform("nunique")
    n3 = data.groupby(["u", "v"])["i"].transform("size")
    data = data.assign(f1=n1 / data["N1"], f2=n2 / data["N2"], f3=n3 / data["N3"], one=1.0)
    data = data.assign(f12=data["f1"] * data["f2"])
    variance = 0.0
    for unit, within, taken, above in (
        (["u"], ["s"], "f1", "one"),
        (["u", "v"], ["u"], "f2", "f1"),
        (["u", "v", "i"], ["u", "v"], "f3", "f12"),
    ):
        keys = list(dict.fromkeys([*within, *unit]))
        sums = data.groupby([*keys, taken, above])["z"].sum().reset_index()
        for _name, part in sums.groupby(within):
            n = len(part)
            squares = ((part["z"] - part["z"].mean()) ** 2).sum() * n / max(n - 1, 1)
            variance += part[above].iloc[0] * (1 - part[taken].iloc[0]) * squares
    same(d.total("y").se[0] ** 2, variance, scale=1e4)


@QUICK
@given(frame=multistage())
def test_rows_of_a_unit_may_be_added_up_first(frame: pd.DataFrame) -> None:
    """One row a PSU that holds its weighted sums gives the same totals and ratios."""
    d = SurveyDesign(frame, weights="w", strata="s", psu="u", fpc="N1")
    sums = frame.assign(y=frame["w"] * frame["y"], x=frame["w"] * frame["x"])
    units = sums.groupby(["s", "u", "N1"])[["y", "x"]].sum().reset_index().assign(w=1.0)
    collapsed = SurveyDesign(units, weights="w", strata="s", fpc="N1")
    same(collapsed.total(["y", "x"]).covariance, d.total(["y", "x"]).covariance)
    same(collapsed.ratio("y", "x").se, d.ratio("y", "x").se)
    assert collapsed.df == d.df


@QUICK
@given(frame=multistage(), seed=st.integers(0, 99))
def test_order_of_rows_and_names_of_units_do_not_matter(frame: pd.DataFrame, seed: int) -> None:
    other = frame.sample(frac=1, random_state=seed)
    other = other.assign(s=other["s"].str[::-1], u=pd.factorize(other["u"])[0], v=other["v"] * -3 + 100)
    alike(three_stages(frame), three_stages(other))


@QUICK
@given(frame=multistage(), factor=st.floats(0.001, 1000))
def test_weights_in_other_units_change_totals_alone(frame: pd.DataFrame, factor: float) -> None:
    one, other = (three_stages(frame.assign(w=frame["w"] * by), weights="w") for by in (1.0, factor))
    for name, estimator in ESTIMATORS.items():
        a, b = estimator(one), estimator(other)
        by = factor if "total" in a.kind else 1.0
        same(b.estimate, a.estimate * by, scale=by, what=name)
        same(b.covariance, a.covariance * by**2, scale=by**2, what=name)


@QUICK
@given(frame=multistage())
def test_rows_of_weight_0_change_nothing(frame: pd.DataFrame) -> None:
    more = pd.concat([frame, frame.assign(w=0.0, y=1e6, x=1e6)], ignore_index=True)
    options: dict[str, Any] = {"weights": "w", "psu": "u", "fpc": "N1"}
    alike(three_stages(frame, **options), three_stages(more, **options))


@QUICK
@given(frame=multistage())
def test_a_domain_is_a_ratio_and_a_domain_of_a_domain_is_both(frame: pd.DataFrame) -> None:
    d = three_stages(frame)
    for condition in (frame["g"] == "a", (frame["g"] == "a") & (frame["h"] == "男")):
        if not condition.any():
            continue
        inside = d.assign(inside=condition.astype(float), y_inside=frame["y"] * condition)
        ratio, part = inside.ratio("y_inside", "inside"), d.subset(condition).mean("y")
        same(part.estimate, ratio.estimate, scale=100)
        same(part.se, ratio.se, scale=100)
    first = d.subset(frame["g"] == "a") if (frame["g"] == "a").any() else d
    twice, both = first.mean("y", by="h").tidy(), d.mean("y", by=["g", "h"]).tidy()
    if first is not d:
        same(twice[["estimate", "se", "df", "n"]], both[both["g"] == "a"][["estimate", "se", "df", "n"]])


@QUICK
@given(frame=multistage())
def test_margins_of_a_table_are_sums_of_its_cells(frame: pd.DataFrame) -> None:
    d = three_stages(frame)
    x, whole = d.crosstab("g", "h"), d.total(["g", "h"])
    cells = x.totals()
    tidy, matrix = cells.tidy(), cells.covariance.to_numpy()
    by_row = d.total("g").tidy()
    for level, estimate, se in by_row[["level", "estimate", "se"]].itertuples(index=False):
        inside = (tidy.iloc[:, 0] == level).to_numpy()
        same(tidy["estimate"][inside].sum(), estimate)
        same(matrix[np.ix_(inside, inside)].sum() ** 0.5, se)
    rows = x.percent("row").tidy()
    same(rows.groupby(rows.columns[0])["estimate"].sum(), np.ones(len(by_row)))
    same(x.percent("total").estimate.sum(), 1.0)
    same(whole.estimate.sum(), 2 * d.weights.sum())
