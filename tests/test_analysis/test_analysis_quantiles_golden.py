"""Quantiles, their limits and standard errors equal R survey for every rule, interval, design and domain."""

import numpy as np
import pandas as pd
import pytest
from survey_designs import design, expected

RELATIVE = 1e-9  # what the project promises
GROUPS = {"dstrat": "stype", "dclus1": "stype", "dnhanes": "race"}
KEYS = ["design", "case", "by", "term"]
EXPECTED = expected("quantiles")
WOODRUFF = EXPECTED[~EXPECTED["case"].str.endswith("score")]
SCORE = EXPECTED[EXPECTED["case"].str.endswith("score")]


def ours(name: str, case: str, by: str, term: str, probs: list[str]) -> pd.DataFrame:
    rule, interval = case.split(".")
    options = {"by": GROUPS[name]} if by else {}
    e = design(name).quantile(
        term, [float(p) for p in probs], qrule=rule, interval=interval, na="domain", **options
    )
    frame = e.tidy()
    if by:
        frame = frame[frame[GROUPS[name]].astype(str) == by]
    return frame.set_index("level")


def cases(rows: pd.DataFrame) -> list[object]:
    return [
        pytest.param(*key, part.pivot(index="level", columns="what", values="value"), id="-".join(key))
        for key, part in rows.groupby(KEYS, sort=False)
    ]


@pytest.mark.parametrize((*KEYS, "theirs"), cases(WOODRUFF))
def test_equals_r(design: str, case: str, by: str, term: str, theirs: pd.DataFrame) -> None:
    found = ours(design, case, by, term, list(theirs.index))
    for what in theirs:
        np.testing.assert_allclose(found.loc[theirs.index, what], theirs[what], rtol=RELATIVE, err_msg=what)


@pytest.mark.parametrize((*KEYS, "theirs"), cases(SCORE))
def test_score_limits_lie_within_one_value_of_r(
    design: str, case: str, by: str, term: str, theirs: pd.DataFrame
) -> None:
    # R looks for a root of a step function and may stop on either side of the step
    found = ours(design, case, by, term, list(theirs.index))
    values = np.unique(table_values(design, term))
    for what in ("ci_low", "ci_high"):
        apart = np.searchsorted(values, found.loc[theirs.index, what]) - np.searchsorted(values, theirs[what])
        assert np.abs(apart).max() <= 1, what


def table_values(name: str, term: str) -> np.ndarray:
    return design(name).data[term].dropna().to_numpy(dtype=float)


def test_where_the_share_is_met_exactly_the_value_is_that_row() -> None:
    # 200 equal weights of 30.97: the 20th and 180th value; R's rounding takes the next one
    values = np.sort(table_values("dsrs", "api00"))
    found = design("dsrs").quantile("api00", [0.1, 0.9]).estimate
    assert found.tolist() == [values[19], values[179]]


def test_the_interquartile_range_is_a_contrast() -> None:
    e = design("dstrat").quantile("api00", [0.25, 0.75])
    row = e.contrast({"0.75": 1, "0.25": -1}).tidy().iloc[0]
    matrix = e.linear.covariance
    assert row["estimate"] == e.estimate[1] - e.estimate[0]
    assert row["se"] == pytest.approx(np.sqrt(matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]), rel=RELATIVE)
