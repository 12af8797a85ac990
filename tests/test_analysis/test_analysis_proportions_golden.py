"""Intervals of proportions equal R survey for every method, design, level and domain; other rules by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from survey_designs import design, expected

from analysis import SurveyDesign
from analysis.intervals import interval
from analysis.proportion_intervals import PROPORTION_METHODS
from custody.errors import AnalysisError

RELATIVE = 1e-9  # what the project promises
PROFILE = 1e-3  # R interpolates a spline through a profile of the likelihood
RARE = 5e-4  # near 0 that spline, taken on the log-odds scale, is coarser
EXACT = 1e-10  # quantiles are inverted numerically
EXPECTED = expected("proportions")
KEYS = ["design", "case", "by", "term", "level"]
GROUPS = {"dclus1": "stype", "dstrat": "stype", "dnhanes": "race"}


def ours(name: str, method: str, by: str, term: str, level: str) -> pd.Series:
    d = design(name)
    wanted = level if d.data[term].dtype.kind not in "iuf" else float(level)
    options = {"by": GROUPS[name]} if by else {}
    frame = d.proportion(term, wanted, method=method, na="domain", **options).tidy()
    return (frame[frame[GROUPS[name]].astype(str) == by] if by else frame).iloc[0]


CASES = [
    pytest.param(*key, rows.set_index("what")["value"].to_dict(), id="-".join(key))
    for key, rows in EXPECTED.groupby(KEYS, sort=False)
]


@pytest.mark.parametrize((*KEYS, "theirs"), CASES)
def test_equals_r(design: str, case: str, by: str, term: str, level: str, theirs: dict[str, float]) -> None:
    row = ours(design, case, by, term, level)
    for what, value in theirs.items():
        profile = case == "likelihood" and what.startswith("ci")
        close = (
            {"rel": PROFILE, "abs": RARE if theirs["estimate"] < 0.05 else 0.0}
            if profile
            else {"rel": RELATIVE}
        )
        assert row[what] == pytest.approx(value, **close), what


def test_korn_graubard_is_cut_at_the_number_of_rows_and_beta_is_not() -> None:
    # p 0.8743, se 0.02036, 183 rows, 14 df: m = 265.1, adjusted 224.4, cut 183; beta is R's 0.8237
    rows = {
        m: design("dclus1").proportion("sch.wide", "Yes", method=m).tidy().iloc[0]
        for m in ("beta", "korn-graubard")
    }
    p = rows["beta"]["estimate"]
    low = stats.beta.ppf(0.025, 183 * p, 183 * (1 - p) + 1)
    assert rows["korn-graubard"]["ci_low"] == pytest.approx(low, rel=EXACT)
    assert round(rows["korn-graubard"]["ci_low"], 4) == 0.8174
    assert round(rows["beta"]["ci_low"], 4) == 0.8237


def test_korn_graubard_is_beta_where_the_design_loses_precision() -> None:
    rows = [design("dclus1").proportion("ell", 0, method=m).tidy().iloc[0] for m in ("beta", "korn-graubard")]
    assert tuple(rows[0][["ci_low", "ci_high"]]) == tuple(rows[1][["ci_low", "ci_high"]])


def test_likelihood_limits_reach_the_bound() -> None:
    row = design("dclus1").proportion("sch.wide", "Yes", method="likelihood").tidy().iloc[0]
    p, m = row["estimate"], row["estimate"] * (1 - row["estimate"]) / row["se"] ** 2
    for q in (row["ci_low"], row["ci_high"]):
        ratio = 2 * m * 182 / 183 * (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q)))
        assert ratio == pytest.approx(stats.t.ppf(0.975, 14) ** 2, rel=EXACT)


T = stats.t.ppf(0.975, 19)
NOBODY = {
    "logit": (np.nan, np.nan),
    "xlogit": (np.nan, np.nan),
    "mean": (0.0, 0.0),
    "wilson": (0.0, T**2 / (20 + T**2)),
    "beta": (0.0, 1 - 0.025 ** (1 / 20)),
    "korn-graubard": (0.0, 1 - 0.025 ** (1 / 20)),
    "likelihood": (0.0, 1 - np.exp(-(T**2) / 40)),
    "asin": (0.0, np.sin(T / (2 * np.sqrt(20))) ** 2),
}


@pytest.mark.parametrize("share", [0, 1])
@pytest.mark.parametrize("method", PROPORTION_METHODS)
def test_nobody_and_everybody(method: str, share: int) -> None:
    frame = pd.DataFrame({"yes": [share == 1] * 20, "w": 1.0})
    row = SurveyDesign(frame, weights="w").proportion("yes", method=method).tidy().iloc[0]
    low, high = NOBODY[method]
    wanted = (low, high) if share == 0 else (1 - high, 1 - low)
    assert tuple(row[["ci_low", "ci_high"]]) == pytest.approx(wanted, rel=RELATIVE, abs=1e-15, nan_ok=True)


@pytest.mark.parametrize("method", PROPORTION_METHODS)
def test_a_domain_with_one_unit_has_no_interval(method: str) -> None:
    frame = pd.DataFrame(
        {"yes": [True, False, True, False, True], "g": list("aaabb"), "psu": [1, 1, 2, 3, 3], "w": 1.0}
    )
    rows = SurveyDesign(frame, weights="w", psu="psu").proportion("yes", by="g", method=method).tidy()
    assert rows["df"].tolist() == [1, 0]
    assert np.isnan(rows.loc[1, ["ci_low", "ci_high"]].astype(float)).all()


@pytest.mark.parametrize("method", PROPORTION_METHODS)
def test_a_census_knows(method: str) -> None:
    frame = pd.DataFrame({"yes": [True, False, True, False, True], "N": 5})
    row = SurveyDesign(frame, fpc="N").proportion("yes", method=method).tidy().iloc[0]
    assert tuple(row[["ci_low", "ci_high"]]) == pytest.approx((0.6, 0.6), rel=EXACT)


@pytest.mark.parametrize("method", PROPORTION_METHODS)
def test_yes_mirrors_no_and_wider_levels_hold_narrower_ones(method: str) -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"yes": rng.uniform(size=90) < 0.1, "w": rng.uniform(1, 9, 90)})
    d = SurveyDesign(frame, weights="w")
    yes, no = (d.proportion("yes", level, method=method) for level in (True, False))
    for level in (0.5, 0.9, 0.99):
        a, b = yes.confint(level).iloc[0], no.confint(level).iloc[0]
        assert (a["ci_low"], a["ci_high"]) == pytest.approx((1 - b["ci_high"], 1 - b["ci_low"]), rel=1e-8)
    inner, outer = yes.confint(0.8).iloc[0], yes.confint(0.95).iloc[0]
    assert outer["ci_low"] < inner["ci_low"] < yes.estimate[0] < inner["ci_high"] < outer["ci_high"]


@pytest.mark.parametrize(("p", "wanted"), [(0.02, 0.0), (0.98, 1.0)])
def test_an_arcsine_end_far_outside_is_the_edge(p: float, wanted: float) -> None:
    # arcsin(sqrt(0.02)) = 0.142; five effective rows and t(4) = 2.776 give half a width of 0.621
    low, high = interval("asin", np.array([p]), np.array([p * (1 - p) / 5]), np.array([4.0]), np.array([5]))
    assert (low[0] if p < 0.5 else high[0]) == wanted
    assert low[0] <= p <= high[0]


@pytest.mark.parametrize("method", PROPORTION_METHODS)
def test_the_share_of_a_stratum_is_known(method: str) -> None:
    row = design("dstrat").proportion("stype", "M", method=method).tidy().iloc[0]
    assert tuple(row[["ci_low", "ci_high"]]) == pytest.approx((row["estimate"],) * 2, rel=1e-7)


@pytest.mark.parametrize("method", PROPORTION_METHODS)
def test_several_levels_are_the_single_ones_in_the_order_asked(method: str) -> None:
    d = design("dstrat")
    both = d.proportion("sch.wide", ["Yes", "No"], by="stype", method=method).tidy()
    assert both["level"].tolist() == ["Yes", "No"] * 3
    for level in ("Yes", "No"):
        alone = d.proportion("sch.wide", level, by="stype", method=method).tidy()
        rows = both[both["level"] == level].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, alone, rtol=1e-10)
    every = d.proportion("stype", method=method).tidy()
    assert every["level"].tolist() == ["E", "H", "M"]
    with pytest.raises(AnalysisError, match="no level"):
        d.proportion("sch.wide", ["Yes", "Perhaps"])
