"""95 percent intervals cover the truth in about 95 of 100 redraws of a small made-up population."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import Estimate, SurveyDesign, nonresponse_classes
from analysis.intervals import interval

REDRAWS = 400
# With a true coverage of 0.95, 400 redraws lie in this range with probability 0.9998; small strata and skewed
# variables cost up to one more point, so the lower end is taken from 0.94.
LOW = stats.binom.ppf(1e-4, REDRAWS, 0.94) / REDRAWS
HIGH = stats.binom.ppf(1 - 1e-4, REDRAWS, 0.95) / REDRAWS


def population(rng: np.random.Generator) -> pd.DataFrame:
    sizes = {"a": 900, "b": 600, "c": 300}
    frame = pd.DataFrame({"s": np.repeat(list(sizes), list(sizes.values()))})
    frame["N"] = frame["s"].map(sizes)
    frame["g"] = rng.choice(["x", "y"], len(frame), p=[0.3, 0.7])
    frame["y"] = rng.gamma(3, 2, len(frame)) + frame["s"].map({"a": 0, "b": 2, "c": 5})
    frame["share"] = rng.uniform(size=len(frame)) < 0.25
    frame["x"] = frame["y"] * rng.uniform(0.5, 1.5, len(frame))
    frame["answers"] = rng.uniform(size=len(frame)) < frame["s"].map({"a": 0.5, "b": 0.7, "c": 0.9})
    return frame


ESTIMATES = {
    "mean": (lambda d: d.mean("y"), lambda p: p["y"].mean()),
    "total": (lambda d: d.total("y"), lambda p: p["y"].sum()),
    "ratio": (lambda d: d.ratio("y", "x"), lambda p: p["y"].sum() / p["x"].sum()),
    "proportion": (lambda d: d.proportion("share"), lambda p: p["share"].mean()),
    "domain": (lambda d: d.mean("y", by="g"), lambda p: p.loc[p["g"] == "x", "y"].mean()),
}


def covers(e: Estimate, truth: float) -> bool:
    df, n = e.linear.df.reshape(-1).astype(float), e.linear.n.reshape(-1)
    low, high = interval(e.method, e.estimate, e.se**2, df, n)
    return bool(low[0] <= truth <= high[0])


@pytest.fixture(scope="module")
def coverage() -> dict[tuple[str, str], float]:
    """Coverage by (who is in: everyone or respondents, estimate)."""
    rng = np.random.default_rng(20091101)
    people = population(rng)
    order = people.groupby("s").indices
    hits = {(who, name): 0 for who in ("everyone", "respondents") for name in ESTIMATES}
    for _redraw in range(REDRAWS):
        rows = np.concatenate([rng.choice(order[s], 60, replace=False) for s in order])
        d = SurveyDesign(people.iloc[rows], strata="s", fpc="N")
        for who, design in (("everyone", d), ("respondents", nonresponse_classes(d, "answers"))):
            for name, (estimate, truth) in ESTIMATES.items():
                hits[who, name] += covers(estimate(design), truth(people))
    return {key: count / REDRAWS for key, count in hits.items()}


@pytest.mark.parametrize("name", ESTIMATES)
@pytest.mark.parametrize("who", ["everyone", "respondents"])
def test_coverage(coverage: dict[tuple[str, str], float], who: str, name: str) -> None:
    """Respondents answer at random within strata here: the adjustment must then keep coverage too."""
    assert LOW <= coverage[who, name] <= HIGH
