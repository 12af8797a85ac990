"""Quantiles by domain, their limits and covariances, medians and distributions follow their definitions."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from survey_designs import design, table

from analysis import DistributionFunction, SurveyDesign
from analysis.proportion_intervals import PROPORTION_METHODS
from analysis.quantile_rules import QUANTILE_RULES
from analysis.quantiles import QUANTILE_INTERVALS
from custody.errors import AnalysisError

EXACT = 1e-12
QUARTILES = [0.25, 0.5, 0.75]


def hundred() -> SurveyDesign:
    return SurveyDesign(pd.DataFrame({"y": np.arange(1.0, 101), "w": 2.0}), weights="w")


def clusters(rows: int = 400, seed: int = 3) -> SurveyDesign:
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, 40, rows)
    frame = pd.DataFrame(
        {
            "y": np.round(rng.normal(50, 10, rows) + psu % 5, 1),
            "z": rng.exponential(3, rows),
            "食費.月": rng.integers(10, 90, rows) * 1000.0,
            "g": rng.choice(["甲", "乙", "丙"], rows),
            "psu": psu,
            "s": psu % 4,
            "w": rng.uniform(1, 9, rows),
        }
    )
    return SurveyDesign(frame, weights="w", strata="s", psu="psu")


def test_woodruff_by_hand() -> None:
    # F(50) = 0.5, v = 0.25/99, t(99) = 1.984217: 0.5 -/+ 0.0997 = 0.4003, 0.5997: values 41 and 60
    row = hundred().quantile("y", 0.5).tidy().iloc[0]
    assert (row["estimate"], row["ci_low"], row["ci_high"]) == (50.0, 41.0, 60.0)
    assert row["se"] == pytest.approx(19 / (2 * stats.t.ppf(0.975, 99)), rel=EXACT)
    assert (row["level"], row["df"], row["n"]) == ("0.5", 99, 100)


def test_score_by_hand() -> None:
    # t(99) = 1.984; F(40): -0.1/sqrt(0.24/99) = -2.03 < -t, F(41): -0.09/0.0494 = -1.82: low 41
    # F(59): 0.09/0.0494 = 1.82, F(60): 0.1/sqrt(0.24/99) = 2.03 > t: high 60
    row = hundred().quantile("y", 0.5, interval="score").tidy().iloc[0]
    assert (row["estimate"], row["ci_low"], row["ci_high"]) == (50.0, 41.0, 60.0)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.92])
def test_score_limits_are_where_the_test_turns(p: float) -> None:
    d = clusters()
    row = d.quantile("y", p, interval="score").tidy().iloc[0]
    values, t = np.unique(d.data["y"]), stats.t.ppf(0.975, d.df)

    def score(x: float) -> float:
        e = d.assign(below=(d.data["y"] <= x).astype(float)).mean("below")
        return float((e.estimate[0] - p) / e.se[0])

    for what, passes in (("ci_low", lambda z: z >= -t), ("ci_high", lambda z: z > t)):
        at = int(np.searchsorted(values, row[what]))
        assert passes(score(values[at]))
        assert not passes(score(values[at - 1]))
    assert row["ci_low"] <= row["estimate"] <= row["ci_high"]


@pytest.mark.parametrize("interval", QUANTILE_INTERVALS)
@pytest.mark.parametrize("qrule", ["math", "school", "hf7"])
def test_a_domain_is_the_subset(interval: str, qrule: str) -> None:
    d = clusters()
    options: dict[str, Any] = {"qrule": qrule, "interval": interval}
    whole = d.quantile(["y", "z"], QUARTILES, by="g", **options).tidy().set_index("g")
    for group in ("甲", "乙", "丙"):
        part = d.subset(d.data["g"] == group).quantile(["y", "z"], QUARTILES, **options).tidy()
        for column in ("estimate", "se", "ci_low", "ci_high", "df", "n"):
            np.testing.assert_allclose(whole.loc[group, column], part[column], rtol=1e-9, err_msg=column)


def test_rows_come_by_domain_then_variable_then_probability() -> None:
    e = clusters().quantile(["z", "食費.月"], [0.9, 0.1], by="g")
    frame = e.tidy()
    assert list(frame.columns[:3]) == ["g", "term", "level"]
    assert frame["term"].tolist() == ["z", "z", "食費.月", "食費.月"] * 3
    assert frame["level"].tolist() == ["0.9", "0.1"] * 6
    single = clusters().quantile("食費.月", 0.1, by="g").tidy()
    picked = frame[(frame["term"] == "食費.月") & (frame["level"] == "0.1")]
    assert picked["se"].tolist() == single["se"].tolist()
    assert e.kind == "quantile"


def test_the_covariance_has_the_variances_and_the_correlation_of_the_shares() -> None:
    d = clusters()
    e = d.quantile("y", [0.4, 0.6], by="g")
    matrix = e.covariance.to_numpy()
    np.testing.assert_allclose(np.diag(matrix), e.se**2, rtol=EXACT)
    q = e.estimate.reshape(3, 2)
    groups = ["丙", "乙", "甲"] if e.by["g"].tolist()[0] == "丙" else e.by["g"].tolist()
    marks = {
        f"m{i}{k}": ((d.data["g"] == group) & (d.data["y"] <= q[i, k])).astype(float)
        - (d.data["g"] == group) * below_share(d, group, q[i, k])
        for i, group in enumerate(groups)
        for k in range(2)
    }
    shares = d.assign(**marks).total(list(marks)).linear.covariance
    root = np.sqrt(np.diag(shares))
    np.testing.assert_allclose(
        matrix / np.outer(e.se, e.se), shares / np.outer(root, root), rtol=1e-8, atol=1e-10
    )


def below_share(d: SurveyDesign, group: str, x: float) -> float:
    inside = d.data["g"] == group
    return float(d.weights[inside & (d.data["y"] <= x)].sum() / d.weights[inside].sum())


@pytest.mark.parametrize("interval", QUANTILE_INTERVALS)
def test_other_levels_and_the_normal_distribution(interval: str) -> None:
    e = clusters().quantile("y", QUARTILES, interval=interval)
    widths = []
    for level in (0.5, 0.8, 0.95, 0.99):
        rows = e.confint(level)
        assert (rows["ci_low"] <= e.estimate).all()
        assert (rows["ci_high"] >= e.estimate).all()
        widths.append((rows["ci_high"] - rows["ci_low"]).to_numpy())
    assert (np.diff(np.array(widths), axis=0) >= 0).all()
    normal, student = e.confint(0.95, "normal"), e.tidy()
    assert (normal["ci_low"] >= student["ci_low"]).all()
    if interval == "mean":
        low = 0.5 - stats.norm.ppf(0.975) * np.sqrt(0.25 / 99)
        wanted = np.ceil(100 * low - 1e-9)
        assert hundred().quantile("y", 0.5).confint(0.95, "normal")["ci_low"][0] == wanted


def test_missing_values() -> None:
    d = design("dclus2")
    with pytest.raises(AnalysisError, match="missing"):
        d.quantile("enroll", 0.5)
    known = d.subset(d.data["enroll"].notna().to_numpy())
    alone = d.quantile(["enroll", "api00"], QUARTILES, na="domain").tidy()
    both = d.quantile(["enroll", "api00"], QUARTILES, na="listwise").tidy()
    for column in ("estimate", "se", "n"):
        assert alone.loc[:2, column].tolist() == known.quantile("enroll", QUARTILES).tidy()[column].tolist()
        assert both.loc[3:, column].tolist() == known.quantile("api00", QUARTILES).tidy()[column].tolist()
        assert alone.loc[3:, column].tolist() == d.quantile("api00", QUARTILES).tidy()[column].tolist()


def test_rows_of_weight_zero_and_a_domain_without_a_value() -> None:
    frame = pd.DataFrame(
        {"y": [1.0, 2, 3, 4, 5, np.nan, 99], "g": list("aaaaabb"), "w": [1.0, 1, 1, 1, 1, 1, 0]}
    )
    rows = SurveyDesign(frame, weights="w").quantile("y", 0.5, by="g", na="domain").tidy()
    assert rows["estimate"].tolist()[0] == 3.0
    assert rows["n"].tolist() == [5, 0]
    assert rows.loc[1, ["estimate", "se", "ci_low", "ci_high"]].isna().all()


@pytest.mark.parametrize("interval", QUANTILE_INTERVALS)
@pytest.mark.parametrize("qrule", QUANTILE_RULES)
def test_one_row_and_one_unit_have_an_estimate_and_no_interval(interval: str, qrule: str) -> None:
    frame = pd.DataFrame({"y": [7.0, 1, 2, 3, 3], "g": list("abbbb"), "psu": [1, 2, 2, 3, 3], "w": 1.0})
    rows = SurveyDesign(frame, weights="w", psu="psu").quantile(
        "y", 0.5, by="g", qrule=qrule, interval=interval
    )
    frame = rows.tidy()
    assert frame.loc[0, "estimate"] == 7.0
    assert frame.loc[0, "df"] == 0
    assert frame.loc[0, ["se", "ci_low", "ci_high"]].isna().all()


@pytest.mark.parametrize("interval", ["mean", "xlogit"])
def test_nothing_is_said_beyond_the_largest_value(interval: str) -> None:
    row = hundred().quantile("y", 0.999, interval=interval).tidy().iloc[0]
    assert row["estimate"] == 100.0
    assert row[["se", "ci_low", "ci_high"]].isna().all()


def test_an_end_outside_the_probabilities_is_missing_and_exact_methods_stay_inside() -> None:
    d = SurveyDesign(pd.DataFrame({"y": np.arange(1.0, 15), "w": 1.0}), weights="w")
    row = d.quantile("y", 0.1).tidy().iloc[0]
    assert np.isnan(row["ci_low"])
    assert row["ci_high"] > row["estimate"]
    assert np.isfinite(d.quantile("y", 0.1, interval="beta").tidy().loc[0, "ci_low"])


@pytest.mark.parametrize("interval", QUANTILE_INTERVALS)
def test_a_census_knows_its_quantiles(interval: str) -> None:
    frame = pd.DataFrame({"y": np.arange(1.0, 31), "N": 30})
    rows = SurveyDesign(frame, fpc="N").quantile("y", [0.21, 0.52, 0.81], interval=interval).tidy()
    assert rows["estimate"].tolist() == [7.0, 16.0, 25.0]
    assert rows["se"].tolist() == [0.0] * 3
    assert rows["ci_low"].tolist() == rows["ci_high"].tolist() == [7.0, 16.0, 25.0]


def test_units_of_value_and_weight() -> None:
    d = clusters()
    e = d.quantile("y", QUARTILES)
    frame = d.data.assign(y=1000 * d.data["y"] + 7, w=d.data["w"] / 3)
    other = SurveyDesign(frame, weights="w", strata="s", psu="psu").quantile("y", QUARTILES)
    np.testing.assert_allclose(other.estimate, 1000 * e.estimate + 7, rtol=EXACT)
    np.testing.assert_allclose(other.se, 1000 * e.se, rtol=1e-10)


def test_order_of_rows_does_not_matter() -> None:
    d = clusters()
    mixed = d.data.sample(frac=1, random_state=2).reset_index(drop=True)
    other = SurveyDesign(mixed, weights="w", strata="s", psu="psu")
    for options in ({}, {"qrule": "school"}, {"interval": "score"}, {"interval": "beta"}):
        a, b = (x.quantile("y", QUARTILES, by="g", **options).tidy() for x in (d, other))
        pd.testing.assert_frame_equal(a, b, rtol=1e-9)


def test_large_samples_take_another_way_to_the_same_numbers() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"y": rng.normal(size=30_000), "w": rng.uniform(1, 5, 30_000)})
    frame["h"] = "all"
    row = SurveyDesign(frame, weights="w").quantile("y", [0.1, 0.5]).tidy()
    order = np.argsort(frame["y"].to_numpy())
    share = np.cumsum(frame["w"].to_numpy()[order]) / frame["w"].sum()
    for j, p in enumerate((0.1, 0.5)):
        assert row.loc[j, "estimate"] == frame["y"].to_numpy()[order][np.searchsorted(share, p)]


def test_the_median_is_the_middle_quantile() -> None:
    d = design("dstrat")
    a, b = (
        d.median(["api00", "api99"], by="stype", qrule="hf7"),
        d.quantile(["api00", "api99"], 0.5, by="stype", qrule="hf7"),
    )
    pd.testing.assert_frame_equal(a.tidy(), b.tidy())
    assert a.kind == "median"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"probs": 1.5}, "probability"),
        ({"probs": [0.5, np.nan]}, "probability"),
        ({"probs": []}, "probability"),
        ({"qrule": "hf10"}, "qrule"),
        ({"interval": "wald"}, "interval"),
        ({"variables": "g"}, "Numbers"),
        ({"variables": "nobody"}, "no such column"),
        ({"variables": []}, "No variable"),
        ({"na": "drop"}, "na"),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        clusters().quantile(**({"variables": "y", "probs": 0.5} | options))


@pytest.mark.parametrize("method", PROPORTION_METHODS)
def test_a_distribution_is_the_share_at_or_below(method: str) -> None:
    d = clusters()
    found = d.cdf("y", [40, 52.5, 61], by="g", method=method).tidy()
    for x in (40, 52.5, 61):
        marked = d.assign(below=d.data["y"] <= x).proportion("below", by="g", method=method).tidy()
        rows = found[found["value"] == x]
        for column in ("estimate", "se", "ci_low", "ci_high", "df", "n"):
            np.testing.assert_allclose(rows[column], marked[column], rtol=1e-9, err_msg=column)


def test_a_distribution_is_ready_to_draw() -> None:
    d = clusters()
    e = d.cdf("食費.月")
    frame = e.tidy()
    assert isinstance(e, DistributionFunction)
    assert list(frame.columns[:4]) == ["term", "level", "value", "estimate"]
    assert frame["value"].tolist() == sorted(set(d.data["食費.月"]))
    assert frame["estimate"].is_monotonic_increasing
    assert frame["estimate"].iloc[-1] == 1.0
    assert "level" in e.tidy(cv=True)
    many = d.cdf("z").tidy()
    assert len(many) <= 100
    assert many["value"].is_monotonic_increasing
    assert many["value"].iloc[-1] == d.data["z"].max()


def test_quantiles_and_distribution_invert_each_other() -> None:
    d = design("dnhanes")
    q = d.quantile("WTMEC2YR", QUARTILES).estimate
    share = d.cdf("WTMEC2YR", q.tolist()).estimate
    assert (share >= QUARTILES).all()
    before = d.cdf("WTMEC2YR", np.nextafter(q, 0).tolist()).estimate
    assert (before < QUARTILES).all()


def test_distribution_refusals() -> None:
    frame = table("api_strat").assign(value=1)
    d = SurveyDesign(frame, weights="pw")
    with pytest.raises(AnalysisError, match="result column"):
        d.cdf("api00", by="value")
    with pytest.raises(AnalysisError, match="method"):
        d.cdf("api00", method="wald")
