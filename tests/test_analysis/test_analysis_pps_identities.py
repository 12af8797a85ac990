"""Unequal probabilities: equal ones give the simple sample, certain units no variance, any order the same."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from survey_estimators import ESTIMATORS, multistage, same

from analysis import SurveyDesign

QUICK = settings(max_examples=6, deadline=None, derandomize=True)
# joint probabilities of equal ones: exact, hence the simple sample's variance by every rule
RULES: list[tuple[object, str]] = [
    ("brewer", "HT"),
    ("overton", "HT"),
    ("overton", "YG"),
    ("hr", "HT"),
    ("hr", "YG"),
    ("matrix", "HT"),
    ("matrix", "YG"),
]
rules = pytest.mark.parametrize(("pps", "variance"), RULES)


def units(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a PSU in the order in which they first occur, with its stratum and its probability."""
    first = frame.drop_duplicates("u")[["s", "u", "N1"]].reset_index(drop=True)
    return first.assign(p=first.groupby("s")["u"].transform("size") / first["N1"])


def joint(first: pd.DataFrame) -> Any:
    """n (n - 1) / (N (N - 1)) within a stratum, the product of both between strata."""
    n, size = first.groupby("s")["u"].transform("size").to_numpy(), first["N1"].to_numpy()
    pairs = np.outer(first["p"], first["p"])
    within = first["s"].to_numpy()[:, None] == first["s"].to_numpy()[None, :]
    pairs[within] = np.broadcast_to((n * (n - 1) / (size * (size - 1)))[:, None], pairs.shape)[within]
    pairs[np.diag_indices_from(pairs)] = first["p"]
    return pairs


def make(frame: pd.DataFrame, pps: object, variance: str, p: str = "p") -> SurveyDesign:
    chosen: Any = joint(units(frame)) if pps == "matrix" else pps
    kind: Any = variance
    return SurveyDesign(frame, strata="s", psu="u", fpc=p, pps=chosen, variance=kind)


def with_chances(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.merge(units(frame)[["u", "p"]], on="u", how="left")


@rules
@QUICK
@given(frame=multistage())
def test_equal_probabilities_are_a_simple_sample_of_units(
    frame: pd.DataFrame, pps: object, variance: str
) -> None:
    unequal = make(with_chances(frame), pps, variance)
    simple = SurveyDesign(frame, strata="s", psu="u", fpc="N1")
    for name, estimator in ESTIMATORS.items():
        a, b = estimator(unequal), estimator(simple)
        same(a.estimate, b.estimate, what=name)
        same(a.covariance, b.covariance, what=name)
        assert (a.linear.df == b.linear.df).all(), name


@pytest.mark.parametrize(("pps", "variance"), RULES[:5])
@QUICK
@given(frame=multistage(), seed=st.integers(0, 99))
def test_order_of_rows_does_not_matter(frame: pd.DataFrame, pps: object, variance: str, seed: int) -> None:
    """R 4.1-1 differs by order for clusters after Brewer."""
    rng = np.random.default_rng(seed)
    chance = pd.Series(rng.uniform(0.1, 0.95, frame["u"].nunique()).round(3), frame["u"].unique())
    frame = frame.assign(p=frame["u"].map(chance))
    one, other = (make(data, pps, variance) for data in (frame, frame.sample(frac=1, random_state=seed)))
    for name, estimator in ESTIMATORS.items():
        same(estimator(other).estimate, estimator(one).estimate, what=name)
        same(estimator(other).covariance, estimator(one).covariance, what=name)


@QUICK
@given(frame=multistage(), seed=st.integers(0, 99))
def test_a_matrix_with_labels_may_be_in_any_order(frame: pd.DataFrame, seed: int) -> None:
    first = units(frame)
    table = pd.DataFrame(joint(first), first["u"], first["u"])
    order = np.random.default_rng(seed).permutation(len(first))
    data = with_chances(frame)
    design: dict[str, Any] = {"strata": "s", "psu": "u", "fpc": "p"}
    one = SurveyDesign(data, pps=table, **design)
    other = SurveyDesign(data.sample(frac=1, random_state=seed), pps=table.iloc[order, order], **design)
    same(other.total(["y", "x"]).covariance, one.total(["y", "x"]).covariance)


@pytest.mark.parametrize(("pps", "variance"), RULES[:5])
@QUICK
@given(frame=multistage())
def test_units_taken_for_certain_add_no_variance(frame: pd.DataFrame, pps: object, variance: str) -> None:
    d = make(frame.assign(p=1.0), pps, variance)
    assert not d.total(["y", "x"]).se.any()
    assert not d.ratio("y", "x").se.any()
    part = with_chances(frame)
    part.loc[part["s"] == "s0", "p"] = 1.0
    inside = make(part, pps, variance).total("x", by="s").tidy()
    assert inside["se"].iloc[0] == pytest.approx(0, abs=1e-9)
    assert inside["estimate"].iloc[0] == pytest.approx(frame.loc[frame["s"] == "s0", "x"].sum(), rel=1e-12)


def test_estimators_are_unbiased_over_every_sample_of_a_small_population() -> None:
    """Three of five units by exact probabilities: HT and YG average to the true variance of the total."""
    rng = np.random.default_rng(8)
    y = rng.uniform(1, 9, 5)
    samples = [(a, b, c) for a in range(5) for b in range(a) for c in range(b)]
    share = rng.dirichlet(np.full(len(samples), 3.0))
    pairs = np.zeros((5, 5))
    for sample, chance in zip(samples, share, strict=True):
        pairs[np.ix_(sample, sample)] += chance
    single = np.diag(pairs)
    totals = np.array([(y[list(s)] / single[list(s)]).sum() for s in samples])
    truth = (share * (totals - y.sum()) ** 2).sum()
    frames = [pd.DataFrame({"y": y[list(s)], "p": single[list(s)]}) for s in samples]
    for kind in ("HT", "YG"):
        found: list[float] = []
        for sample, frame in zip(samples, frames, strict=True):
            chosen: Any = {"pps": pairs[np.ix_(sample, sample)], "variance": kind}
            found.append(SurveyDesign(frame, fpc="p", **chosen).total("y").linear.covariance[0, 0])
        assert (share * np.array(found)).sum() == pytest.approx(truth, rel=1e-12), kind
