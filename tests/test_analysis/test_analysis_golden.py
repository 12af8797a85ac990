"""Estimates, standard errors, design effects, covariances, intervals equal R survey to nine digits."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis import Estimate, SurveyDesign

GOLDEN = Path(__file__).parents[1] / "golden"
RELATIVE = 1e-9  # what the project promises; sums differ in the last two or three of sixteen digits
EXPECTED = pd.read_csv(GOLDEN / "analysis_basic_expected.csv", encoding="utf-8", keep_default_na=False)


def persons() -> pd.DataFrame:
    frame = pd.read_csv(GOLDEN / "analysis_basic_persons.csv", encoding="utf-8")
    return frame.assign(f=frame.groupby("stratum")["y"].transform("size") / frame["N"], bin=frame["bin"] == 1)


def lonely() -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "analysis_basic_lonely.csv", encoding="utf-8")


CLUSTERS = {"strata": "stratum", "psu": "psu", "weights": "w", "nest": True}
DESIGNS = {
    "strata_fpc": {"strata": "stratum", "fpc": "N"},
    "strata_weights": {"strata": "stratum", "weights": "w"},
    "srs_weights": {"weights": "w"},
    "clusters_nest": CLUSTERS,
    "clusters_fpc": CLUSTERS | {"fpc": "M"},
    "strata_fraction": {"strata": "stratum", "fpc": "f"},
    "subset": CLUSTERS | {"fpc": "M"},
}
CALLS = {
    "mean": lambda d: d.mean(["y", "x"], deff=True),
    "mean_replace": lambda d: d.mean("y", deff="replace"),
    "total": lambda d: d.total(["y", "x"], deff=True),
    "level_mean": lambda d: d.mean("g"),
    "level_total": lambda d: d.total("g"),
    "ratio": lambda d: d.ratio("y", "x"),
    "by_mean": lambda d: d.mean("y", by="g", deff=True),
    "by_total": lambda d: d.total("y", by="g", deff=True),
    "by_level": lambda d: d.mean("g", by="band"),
    "by_ratio": lambda d: d.ratio("y", "x", by="g"),
    "na_domain": lambda d: d.mean("m", na="domain"),
    "na_listwise": lambda d: d.mean(["y", "m"], na="listwise"),
    "far": lambda d: d.mean("far"),
}


def design(case: str) -> SurveyDesign:
    if case.startswith("lonely_"):
        rule = case.removeprefix("lonely_")
        return SurveyDesign(lonely(), strata="stratum", psu="psu", weights="w", fpc="N", lonely_psu=rule)
    whole = SurveyDesign(persons(), **DESIGNS[case])
    return whole.subset(whole.data["y"] > 30) if case == "subset" else whole


def names(frame: pd.DataFrame) -> list[str]:
    return [
        term if pd.isna(level) else f"{term}{level}"
        for term, level in zip(frame["term"], frame["level"], strict=True)
    ]


def found(estimate: Estimate) -> dict[tuple[str, str, str, str], float]:
    """Our numbers under R's names."""
    frame = estimate.tidy()
    by = [str(v) for v in frame.iloc[:, 0]] if estimate.by.shape[1] else [""] * len(frame)
    rows = {}
    for what in ("estimate", "se", "deff", "df"):
        if what in frame:
            keys = zip(by, names(frame), strict=True)
            rows |= {(b, n, "", what): v for (b, n), v in zip(keys, frame[what], strict=True)}
    matrix, labels = estimate.covariance.to_numpy(), names(frame)
    rows |= {("", a, b, "cov"): matrix[i, j] for i, a in enumerate(labels) for j, b in enumerate(labels)}
    return rows


CASES = [
    pytest.param(case, kind, id=f"{case}-{kind}")
    for case, kind in EXPECTED[["case", "kind"]].drop_duplicates().itertuples(index=False)
    if kind != "proportion"
]


@pytest.mark.parametrize(("case", "kind"), CASES)
def test_equals_r(case: str, kind: str) -> None:
    ours = found(CALLS[kind](design(case)))
    rows = EXPECTED[(EXPECTED["case"] == case) & (EXPECTED["kind"] == kind)]
    keys = [tuple(row) for row in rows[["by", "term", "level", "what"]].itertuples(index=False)]
    theirs = rows["value"].astype(float).to_numpy()
    scale = np.abs(theirs).max() * 1e-12
    np.testing.assert_allclose([ours[key] for key in keys], theirs, rtol=RELATIVE, atol=scale)


@pytest.mark.parametrize(
    ("ours", "theirs", "relative"),
    [
        ("logit", "xlogit", RELATIVE),
        ("logit", "logit", 1e-7),
        ("mean", "mean", RELATIVE),
        ("beta", "beta", RELATIVE),
    ],
)
@pytest.mark.parametrize("case", DESIGNS)
def test_proportion_intervals_equal_r(case: str, ours: str, theirs: str, relative: float) -> None:
    row = design(case).proportion("bin", method=ours).tidy().iloc[0]
    rows = EXPECTED[(EXPECTED["case"] == case) & (EXPECTED["kind"] == "proportion")]
    for what, value in rows[rows["level"] == theirs][["what", "value"]].itertuples(index=False):
        assert row[what] == pytest.approx(float(value), rel=relative), what
