"""Contrasts and smooth functions of estimates equal R's svycontrast, across domains too."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from survey_designs import design, expected

from analysis import Estimate, SurveyDesign

RELATIVE = 1e-9  # what the project promises; R differentiates by symbols, we in forward mode
EXPECTED = expected("tests")
CONTRASTS = EXPECTED[EXPECTED["case"].str.startswith("c_")]

CALLS: dict[str, Callable[[SurveyDesign], Estimate]] = {
    "c_linear": lambda d: d.mean(["api00", "api99"]).contrast(
        {"change": {"api00": 1, "api99": -1}, "middle": {"api00": 0.5, "api99": 0.5}}
    ),
    "c_ratio": lambda d: d.mean(["api00", "api99"]).contrast("api00 / api99"),
    "c_smooth": lambda d: d.mean(["api00", "api99"]).contrast(
        "log(api00) * sqrt(api99) - exp(api00 / 1000) + api99^2 / 1e4 - 2"
    ),
    "c_names": lambda d: d.total(["api.stu", "target"], na="listwise").contrast("`api.stu` / target"),
    "c_domains": lambda d: d.mean("api00", by="stype").contrast(
        {"EH": {"E": 1, "H": -1}, "HM": {"H": 1, "M": -1}}
    ),
    "c_domain_ratio": lambda d: d.mean("api00", by="stype").contrast("(E - H) / M"),
    "c_several": lambda d: d.total(["api00", "api99"], by="stype").contrast(
        "`E:api00` / `E:api99` - `H:api00` / `H:api99`"
    ),
    "c_levels": lambda d: d.mean("stype").contrast("stypeE / (1 - stypeH)"),
    "c_nhanes": lambda d: d.mean("HI_CHOL", by="race", na="domain").contrast(
        {"a": {1: 1, 2: -1}, "b": {"1": -1, "3": 1, "4": 0}}
    ),
    "c_nhanes_odds": lambda d: d.mean("HI_CHOL", by="race", na="domain").contrast(
        "log(`1` / (1 - `1`)) - log(`2` / (1 - `2`))"
    ),
}


def found(estimate: Estimate) -> dict[tuple[str, str, str], float]:
    names = [name for name, _level in estimate.terms]
    rows = {(name, "", "estimate"): value for name, value in zip(names, estimate.estimate, strict=True)}
    rows |= {(name, "", "se"): value for name, value in zip(names, estimate.se, strict=True)}
    matrix = estimate.covariance.to_numpy()
    return rows | {(a, b, "cov"): matrix[i, j] for i, a in enumerate(names) for j, b in enumerate(names)}


CASES = [tuple(row) for row in CONTRASTS[["design", "case"]].drop_duplicates().itertuples(index=False)]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_equals_r(name: str, case: str) -> None:
    ours = found(CALLS[case](design(name)))
    rows = CONTRASTS[(CONTRASTS["design"] == name) & (CONTRASTS["case"] == case)]
    only = next(iter(ours))[0]
    theirs = rows["value"].to_numpy()
    keys = [(only if t == "contrast" else t, level, what) for t, level, what in _keys(rows)]
    scale = np.abs(theirs).max() * 1e-12  # a variance of 0 leaves rounding
    np.testing.assert_allclose([ours[key] for key in keys], theirs, rtol=RELATIVE, atol=scale)


def _keys(rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    return [(t, level, what) for t, level, what in rows[["term", "level", "what"]].itertuples(index=False)]


def test_every_case_of_r_is_checked() -> None:
    assert set(CONTRASTS["case"]) == set(CALLS)
