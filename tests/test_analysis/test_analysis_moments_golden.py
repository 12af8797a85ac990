"""Variances, covariances and correlations of variables, with their errors, equal R survey and hand work."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from survey_designs import design, expected

from analysis import Estimate, SurveyDesign
from custody.errors import AnalysisError

RELATIVE = 1e-9  # what the project promises
EXACT = 1e-12
EXPECTED = expected("moments")
GROUPS = {"dstrat": "stype", "dclus1": "stype"}
CASES = [
    pytest.param(*key, rows, id="-".join(key))
    for key, rows in EXPECTED.groupby(["design", "case", "by"], sort=False)
]


def ours(name: str, case: str, by: str) -> Estimate:
    what, names = case.split(":")
    d, columns = design(name), names.split("|")
    if by:
        d = d.subset((d.data[GROUPS[name]] == by).to_numpy())
    if what == "std":
        return d.std(columns, na="listwise")
    if what == "correlation":
        return d.correlation(columns, na="listwise")
    return d.var(columns, covariance=True, na="listwise")


@pytest.mark.parametrize(("name", "case", "by", "theirs"), CASES)
def test_equals_r(name: str, case: str, by: str, theirs: pd.DataFrame) -> None:
    e = ours(name, case, by)
    if case.startswith("matrix"):
        places = {f"{term}|{level}": j for j, (term, level) in enumerate(e.terms)}
        found = [
            e.linear.covariance[places[a], places[b]]
            for a, b in zip(theirs["term"], theirs["level"], strict=True)
        ]
        scale = np.abs(theirs["value"]).max() * EXACT
        np.testing.assert_allclose(found, theirs["value"], rtol=RELATIVE, atol=scale)
        return
    frame = e.tidy().fillna({"level": ""}).set_index(["term", "level"])
    found = [frame.loc[(row.term, row.level), row.what] for row in theirs.itertuples()]
    np.testing.assert_allclose(found, theirs["value"], rtol=RELATIVE)


def survey(seed: int = 9) -> SurveyDesign:
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, 30, 300)
    x = rng.normal(size=300)
    frame = pd.DataFrame(
        {
            "x": x,
            "y": 0.6 * x + rng.normal(size=300) + psu / 30,
            "z": rng.exponential(size=300),
            "g": rng.choice(["a", "b"], 300),
            "psu": psu,
            "w": rng.uniform(1, 6, 300),
        }
    )
    return SurveyDesign(frame, weights="w", psu="psu")


def test_variance_by_hand() -> None:
    # 1, 2, 3, 6: squares around 3 are 4, 1, 0, 9; times 4/3: mean 14/3; (u - 14/3)^2 sum to 784/9
    row = SurveyDesign(pd.DataFrame({"y": [1.0, 2, 3, 6], "w": 5.0}), weights="w").var("y").tidy().iloc[0]
    assert row["estimate"] == pytest.approx(14 / 3, rel=EXACT)
    assert row["se"] == pytest.approx(np.sqrt(784 / 9 / 3 / 4), rel=EXACT)


def test_equal_weights_give_the_textbook_numbers() -> None:
    d = SurveyDesign(survey().data.assign(one=1.0), weights="one")
    x, y = d.data["x"], d.data["y"]
    e = d.var(["x", "y"], covariance=True)
    assert e.estimate.tolist() == pytest.approx([x.var(), x.cov(y), y.var()], rel=EXACT)
    assert d.std("x").estimate[0] == pytest.approx(x.std(), rel=EXACT)
    assert d.correlation(["x", "y"]).estimate[0] == pytest.approx(x.corr(y), rel=EXACT)


@pytest.mark.parametrize("method", ["var", "std", "correlation"])
def test_a_domain_is_the_subset(method: str) -> None:
    d = survey()
    whole = getattr(d, method)(["x", "y", "z"], by="g").tidy().set_index("g")
    for group in ("a", "b"):
        part = getattr(d.subset((d.data["g"] == group).to_numpy()), method)(["x", "y", "z"]).tidy()
        for column in ("estimate", "se", "ci_low", "ci_high", "df", "n"):
            np.testing.assert_allclose(whole.loc[group, column], part[column], rtol=RELATIVE)


def test_levels_have_the_variance_of_their_indicators() -> None:
    d = survey()
    e = d.var("g")
    assert e.terms == (("g", "a"), ("g", "b"))
    share = d.mean("g").estimate
    np.testing.assert_allclose(e.estimate, share * (1 - share) * 300 / 299, rtol=EXACT)
    assert d.std("g").estimate.tolist() == pytest.approx(np.sqrt(e.estimate), rel=EXACT)


@pytest.mark.parametrize("deff", [True, "replace"])
def test_the_design_effect_is_that_of_the_mean_square(deff: Any) -> None:
    d = design("dclus1")
    e = d.var("api00", deff=deff)
    x = d.data["api00"]
    square = (x - d.mean("api00").estimate[0]) ** 2 * 183 / 182
    wanted = d.assign(square=square).mean("square", deff=deff)
    assert e.tidy()["deff"][0] == pytest.approx(wanted.tidy()["deff"][0], rel=RELATIVE)
    assert e.se[0] == pytest.approx(wanted.se[0], rel=RELATIVE)


def test_order_of_rows_and_labels() -> None:
    e = survey().var(["z", "x", "y"], covariance=True)
    assert e.terms == (("z", "z"), ("z", "x"), ("z", "y"), ("x", "x"), ("x", "y"), ("y", "y"))
    assert survey().correlation(["z", "x", "y"]).terms == (("z", "x"), ("z", "y"), ("x", "y"))
    assert survey().var("z").terms == (("z", None),)


def test_the_correlation_is_the_smooth_function_of_the_variances() -> None:
    d = survey()
    v = d.var(["x", "y"], covariance=True)
    a, c, b = v.estimate
    slope = np.array([-c / (2 * a), 1.0, -c / (2 * b)]) / np.sqrt(a * b)
    r = d.correlation(["x", "y"])
    assert r.estimate[0] == pytest.approx(c / np.sqrt(a * b), rel=EXACT)
    assert r.se[0] == pytest.approx(np.sqrt(slope @ v.linear.covariance @ slope), rel=1e-10)


def test_scale_shift_and_sign() -> None:
    d = survey()
    moved = d.assign(x=1e6 + 3 * d.data["x"], y=-d.data["y"])
    assert moved.var("x").estimate[0] == pytest.approx(9 * d.var("x").estimate[0], rel=RELATIVE)
    assert moved.var("x").se[0] == pytest.approx(9 * d.var("x").se[0], rel=RELATIVE)
    r, s = d.correlation(["x", "y"]), moved.correlation(["x", "y"])
    assert s.estimate[0] == pytest.approx(-r.estimate[0], rel=RELATIVE)
    assert s.se[0] == pytest.approx(r.se[0], rel=RELATIVE)


def test_a_census_has_no_error() -> None:
    d = SurveyDesign(survey().data.assign(N=300), fpc="N")
    for e in (d.var(["x", "y"], covariance=True), d.std("x"), d.correlation(["x", "y"])):
        assert (e.se == 0).all()


def test_fisher_limits_stay_inside_and_agree_in_the_middle() -> None:
    x = np.arange(12.0)
    frame = pd.DataFrame({"x": x, "y": x + np.sin(7 * x) / 3, "w": 1.0})
    d = SurveyDesign(frame, weights="w")
    plain, fisher = (d.correlation(["x", "y"], interval=i).tidy().iloc[0] for i in ("symmetric", "fisher"))
    assert fisher["ci_low"] < plain["estimate"] < fisher["ci_high"] < 1
    t = stats.t.ppf(0.975, 11)
    z = np.arctanh(plain["estimate"]) - t * plain["se"] / (1 - plain["estimate"] ** 2)
    assert fisher["ci_low"] == pytest.approx(np.tanh(z), rel=1e-10)


def test_where_nothing_varies_there_is_no_correlation() -> None:
    frame = pd.DataFrame({"x": [1.0, 1, 1, 2], "y": [1.0, 2, 3, 4], "g": list("aaab"), "w": 1.0})
    d = SurveyDesign(frame, weights="w")
    r = d.correlation(["x", "y"], by="g").tidy()
    assert r[["estimate", "se", "ci_low", "ci_high"]].isna().all(axis=None)
    v, s = d.var("x", by="g").tidy(), d.std("x", by="g").tidy()
    assert v.loc[0, ["estimate", "se"]].tolist() == [0.0, 0.0]
    assert s.loc[0, "estimate"] == 0.0
    assert np.isnan(s.loc[0, "se"])
    assert v.loc[1, ["estimate", "se"]].isna().all()  # one row has no variance


def test_missing_values() -> None:
    d = design("dclus2")
    with pytest.raises(AnalysisError, match="missing"):
        d.var("enroll")
    pairs = d.correlation(["enroll", "api00", "api99"], na="domain").tidy().set_index(["term", "level"])
    assert pairs["n"].tolist() == [120, 120, 126]
    known = d.subset(d.data["enroll"].notna().to_numpy())
    alone = known.correlation(["enroll", "api00"])
    assert pairs.loc[("enroll", "api00"), "se"] == pytest.approx(alone.se[0], rel=EXACT)
    assert d.var("api00", na="domain").se[0] == d.var("api00").se[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.var(["x", "g"], covariance=True), "Numbers"),
        (lambda d: d.correlation("x"), "two variables"),
        (lambda d: d.correlation(["x"]), "two variables"),
        (lambda d: d.correlation(["x", "y"], interval="bootstrap"), "interval"),
        (lambda d: d.std("nobody"), "no such column"),
    ],
)
def test_refusals(call: Any, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        call(survey())
