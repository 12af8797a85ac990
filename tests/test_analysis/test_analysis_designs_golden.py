"""Means, totals, ratios, domains and covariances of every design equal R survey to nine digits."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from survey_designs import LONELY_RULES, design, expected, r_names

from analysis import Estimate, SurveyDesign
from analysis.arrays import FloatArray

RELATIVE = 1e-9  # what the project promises; sums differ in the last two or three of sixteen digits
EXPECTED = expected("designs")
PLANS: dict[str, dict[str, Any]] = {
    "api": {
        "v": ["api00", "api99"],
        "r": ["api.stu", "api00"],
        "f": "stype",
        "g": "comp.imp",
        "m": "acs.46",
        "s": ("api99", 600, "above"),
    },
    "nhanes": {
        "v": ["RIAGENDR", "race"],
        "r": ["race", "RIAGENDR"],
        "f": "agecat",
        "g": "agecat",
        "m": "HI_CHOL",
        "s": ("race", 2, "equal"),
    },
    "hospital": {"v": ["births"], "g": "oblevel"},
    "mu284": {"v": ["y1", "id2"], "r": ["y1", "id2"], "s": ("y1", 40, "above")},
    "scd": {"v": ["arrests", "alive"], "r": ["alive", "arrests"], "g": "ESA"},
    "yrbs": {"v": ["weight"], "m": "qn8", "g": "stratum"},
    "election": {
        "v": ["Bush", "Kerry"],
        "r": ["Bush", "votes"],
        "f": "g",
        "g": "g",
        "s": ("votes", 100000, "above"),
    },
    "own": {
        "v": ["食費.月", "体 重"],
        "r": ["食費.月", "体 重"],
        "f": "外食",
        "g": "性別",
        "m": "塩分.g",
        "s": ("年齢", 74, "above"),
    },
}
PLANS["clus2"] = PLANS["api"] | {"r": ["api.stu", "enroll"], "m": "enroll"}
Call = Callable[[SurveyDesign, dict[str, Any], bool], Estimate]


def ratio(d: SurveyDesign, p: dict[str, Any], by: str | None = None) -> Estimate:
    """A ratio over the rows where both columns have a value."""
    return d.ratio(p["r"][0], p["r"][1], by=by, na="listwise")


def subset(d: SurveyDesign, p: dict[str, Any]) -> SurveyDesign:
    name, value, how = p["s"]
    return d.subset(d.data[name] > value if how == "above" else d.data[name] == value)


CALLS: dict[str, Call] = {
    "mean": lambda d, p, deff: d.mean(p["v"], deff=deff),
    "mean_replace": lambda d, p, deff: d.mean(p["v"], deff="replace"),
    "total": lambda d, p, deff: d.total(p["v"], deff=deff),
    "ratio": lambda d, p, deff: ratio(d, p),
    "level_mean": lambda d, p, deff: d.mean(p["f"]),
    "level_total": lambda d, p, deff: d.total(p["f"]),
    "by_mean": lambda d, p, deff: d.mean(p["v"], by=p["g"], deff=deff),
    "by_total": lambda d, p, deff: d.total(p["v"], by=p["g"], deff=deff),
    "by_ratio": lambda d, p, deff: ratio(d, p, p["g"]),
    "by_level": lambda d, p, deff: d.mean(p["f"], by=p["g"]),
    "cross_mean": lambda d, p, deff: d.mean(p["v"][0], by=p["g"]),
    "cross_total": lambda d, p, deff: d.total(p["v"][0], by=p["g"]),
    "na_domain": lambda d, p, deff: d.mean(p["m"], na="domain"),
    "na_listwise": lambda d, p, deff: d.mean([*p["v"], p["m"]], na="listwise"),
    "na_by": lambda d, p, deff: d.mean(p["m"], by=p["g"], na="domain"),
    "subset": lambda d, p, deff: subset(d, p).mean(p["v"]),
    "subset_total": lambda d, p, deff: subset(d, p).total(p["v"]),
    "subset_by": lambda d, p, deff: subset(d, p).mean(p["v"], by=p["g"]),
}


def plan(name: str) -> dict[str, Any]:
    if "own" in name:
        return PLANS["own"]
    if name.startswith("dclus2"):
        return PLANS["clus2"]
    if name.startswith(("dsrs", "dstrat", "dclus1")):
        return PLANS["api"]
    return PLANS["election" if name.startswith("pps") else name.removeprefix("d")]


def found(estimate: Estimate) -> dict[tuple[str, str, str, str], float]:
    """Our numbers under R's names: domain, term, other term (or domain), quantity."""
    frame = estimate.tidy()
    by = [str(v) for v in frame.iloc[:, 0]] if estimate.by.shape[1] else [""] * len(frame)
    names, rows = r_names(frame), dict[tuple[str, str, str, str], float]()
    for what in ("estimate", "se", "deff", "df"):
        if what in frame:
            keys = zip(by, names, strict=True)
            rows |= {(b, n, "", what): v for (b, n), v in zip(keys, frame[what], strict=True)}
    matrix = estimate.covariance.to_numpy()
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            rows[by[i], a, by[j] if by[j] else b, "cov"] = matrix[i, j]
    return rows


CASES = [
    pytest.param(name, case, id=f"{name}-{case}")
    for name, case in EXPECTED[["design", "case"]].drop_duplicates().itertuples(index=False)
]


def tolerance(ours: dict[tuple[str, str, str, str], float], rows: pd.DataFrame) -> FloatArray:
    """Nine digits of the number, or twelve of the largest number of its kind where it is a sum near zero."""
    theirs = rows["value"].abs().to_numpy()
    size = np.nanmax([abs(v) for key, v in ours.items() if key[3] == "estimate"])
    least = rows["what"].map({"cov": (1e-12 * size) ** 2, "se": 1e-12 * size}).fillna(0.0).to_numpy()
    largest = pd.Series(theirs).groupby(rows["what"].to_numpy()).transform("max").to_numpy()
    allowed: FloatArray = np.maximum(RELATIVE * theirs, np.maximum(1e-12 * largest, least))
    return allowed


@pytest.mark.parametrize(("name", "case"), CASES)
def test_equals_r(name: str, case: str) -> None:
    rows = EXPECTED[(EXPECTED["design"] == name) & (EXPECTED["case"] == case)]
    base, _, rule = name.partition("/")
    made = design(base, "fail" if rule == "" else next(r for r in LONELY_RULES if r == rule))
    ours = found(CALLS[case](made, plan(base), bool((rows["what"] == "deff").any())))
    keys = [tuple(row) for row in rows[["by", "term", "level", "what"]].itertuples(index=False)]
    got, theirs = np.array([ours[key] for key in keys]), rows["value"].to_numpy()
    wrong = ~(np.abs(got - theirs) <= tolerance(ours, rows))
    assert not wrong.any(), [(keys[i], got[i], theirs[i]) for i in np.flatnonzero(wrong)]


@pytest.mark.parametrize("name", ["pps_overton", "pps_hr_yg", "pps_joint", "pps_joint_yg"])
def test_joint_designs_compare_with_the_same_simple_sample_as_others(name: str) -> None:
    """Joint probabilities change no deff's divisor (in R 4.1-1 they do)."""
    calls: list[Callable[[SurveyDesign], Estimate]] = [
        lambda d: d.mean(["Bush", "Kerry"], deff=True),
        lambda d: d.total(["Bush", "Kerry"], by="g", deff=True),
    ]
    for call in calls:
        ours, brewer = call(design(name)).tidy(), call(design("pps_brewer")).tidy()
        np.testing.assert_allclose(
            ours["se"] ** 2 / ours["deff"], brewer["se"] ** 2 / brewer["deff"], rtol=RELATIVE
        )


def test_adjusted_total_of_a_lonely_stratum_by_hand() -> None:
    """The deviation of its total from the mean of all PSU totals counts, as in 4.5; 4.1-1 takes the total."""
    frame = design("own_lonely", "adjust").data
    frame = frame.assign(z=frame["重み"] * frame["食費.月"])
    units = frame.groupby(["地区", "丁目", "N1"])["z"].sum().reset_index()
    variance = 0.0
    for _name, part in units.groupby("地区"):
        n, share = len(part), 1 - len(part) / part["N1"].iloc[0]
        apart = part["z"] - (units["z"].mean() if n == 1 else part["z"].mean())
        variance += share * n / max(n - 1, 1) * (apart**2).sum()
    assert design("own_lonely", "adjust").total("食費.月").se[0] == pytest.approx(variance**0.5, rel=1e-12)


def test_listwise_and_alone_are_two_numbers() -> None:
    """api00 of the two-stage sample of schools: SE 30.099 alone, 31.057 asked together with enroll."""
    d = design("dclus2")
    alone, together = d.mean("api00"), d.mean(["api00", "enroll"], na="listwise")
    by_variable = d.mean(["api00", "enroll"], na="domain")
    assert [round(e.se[0], 3) for e in (alone, together, by_variable)] == [30.099, 31.057, 30.099]
