"""Identities hold for any data: censuses, domains, sums over groups, order, scale, labels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import SurveyDesign

CLOSE = 1e-9  # two ways to the same sum
QUICK = settings(max_examples=25, deadline=None, derandomize=True)


@st.composite
def samples(draw: st.DrawFn) -> pd.DataFrame:
    """Two to four strata of two to five units with one to three rows, any numbers."""
    rows: list[tuple[str, str]] = []
    for s in range(draw(st.integers(2, 4))):
        for u in range(draw(st.integers(2, 5))):
            rows += [(f"s{s}", f"u{s}-{u}")] * draw(st.integers(1, 3))
    number = st.floats(-1000, 1000, allow_nan=False).map(lambda v: round(v, 3))
    n = len(rows)
    frame = pd.DataFrame(rows, columns=["s", "u"])
    frame["y"] = draw(st.lists(number, min_size=n, max_size=n))
    frame["x"] = draw(st.lists(st.floats(1, 50).map(lambda v: round(v, 2)), min_size=n, max_size=n))
    frame["w"] = draw(st.lists(st.floats(1, 9).map(lambda v: round(v, 2)), min_size=n, max_size=n))
    frame["g"] = draw(st.lists(st.sampled_from("abc"), min_size=n, max_size=n))
    return frame


def same(one: object, other: object, scale: float = 1.0) -> None:
    first, second = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    size = float(np.nanmax(np.abs(second), initial=0.0))
    np.testing.assert_allclose(first, second, rtol=CLOSE, atol=CLOSE * max(size, scale))


def make(frame: pd.DataFrame, clustered: bool) -> SurveyDesign:
    return SurveyDesign(frame, weights="w", strata="s", psu="u" if clustered else None, lonely_psu="adjust")


def both_ways(function):
    return pytest.mark.parametrize("clustered", [False, True], ids=["elements", "clusters"])(function)


@both_ways
@QUICK
@given(frame=samples())
def test_domain_mean_is_a_ratio_of_totals(frame: pd.DataFrame, clustered: bool) -> None:
    inside = (frame["g"] == "a").astype(float)
    if inside.sum() == 0:
        return
    d = make(frame.assign(inside=inside, y_inside=frame["y"] * inside), clustered)
    row = d.mean("y", by="g").tidy().set_index("g").loc["a"]
    ratio = d.ratio("y_inside", "inside")
    same(row["estimate"], ratio.estimate[0], 1000)
    same(row["se"], ratio.se[0], 1000)
    subset = d.subset(frame["g"] == "a").mean("y").tidy().iloc[0]
    same(subset[["estimate", "se"]], row[["estimate", "se"]], 1000)
    assert subset["df"] == row["df"]


@both_ways
@QUICK
@given(frame=samples())
def test_totals_of_groups_add_up_with_their_covariance(frame: pd.DataFrame, clustered: bool) -> None:
    d = make(frame, clustered)
    parts, whole = d.total("y", by="g"), d.total("y")
    same(parts.estimate.sum(), whole.estimate[0], 1e4)
    same(parts.covariance.to_numpy().sum(), whole.se[0] ** 2, 1e6)


@both_ways
@QUICK
@given(frame=samples())
def test_levels_add_up_to_one(frame: pd.DataFrame, clustered: bool) -> None:
    e = make(frame, clustered).mean("g")
    same(e.estimate.sum(), 1.0)
    same(e.covariance.to_numpy().sum(), 0.0)


@both_ways
@QUICK
@given(frame=samples(), seed=st.integers(0, 99))
def test_order_and_labels_do_not_matter(frame: pd.DataFrame, clustered: bool, seed: int) -> None:
    other = frame.sample(frac=1, random_state=seed)
    other = other.assign(s=other["s"].map(lambda v: "z" + v[::-1]), u=pd.factorize(other["u"])[0])
    ours, theirs = make(frame, clustered), make(other, clustered)
    for name in ("mean", "total"):
        a, b = (getattr(d, name)(["y", "x"], by="g").tidy() for d in (ours, theirs))
        same(b[["estimate", "se", "df"]], a[["estimate", "se", "df"]], 1e4)


@both_ways
@QUICK
@given(frame=samples(), scale=st.floats(0.01, 100), shift=st.floats(-1e6, 1e6))
def test_scale_and_shift(frame: pd.DataFrame, clustered: bool, scale: float, shift: float) -> None:
    d = make(frame.assign(z=frame["y"] * scale + shift, heavy=frame["w"] * 7), clustered)
    plain, moved = d.mean("y", by="g"), d.mean("z", by="g")
    np.testing.assert_allclose(moved.estimate, plain.estimate * scale + shift, rtol=CLOSE, atol=1e-6)
    np.testing.assert_allclose(moved.se, plain.se * scale, rtol=1e-6, atol=1e-7)
    seven = SurveyDesign(
        d.data, weights="heavy", strata="s", psu="u" if clustered else None, lonely_psu="adjust"
    )
    same(seven.mean("y", by="g").se, plain.se, 1000)
    same(seven.total("y").se, 7 * d.total("y").se, 1e4)


@both_ways
@QUICK
@given(frame=samples())
def test_a_census_has_no_variance(frame: pd.DataFrame, clustered: bool) -> None:
    units = frame.drop_duplicates("u") if clustered else frame
    sizes = units.groupby("s").size()
    whole = frame.assign(N=frame["s"].map(sizes), w=1.0)
    d = SurveyDesign(whole, weights="w", strata="s", psu="u" if clustered else None, fpc="N")
    for e in (d.mean(["y", "x"], by="g"), d.total("y"), d.ratio("y", "x"), d.mean("g")):
        assert not e.se.any()


@QUICK
@given(frame=samples())
def test_elements_and_clusters_agree(frame: pd.DataFrame) -> None:
    """A row cut into two half rows is a cluster of two: the other way through the code, the same numbers."""
    single = frame.assign(row=np.arange(len(frame)), N=40)
    halves = pd.concat([single.assign(w=single["w"] / 2)] * 2)
    design = {"weights": "w", "strata": "s", "psu": "row", "fpc": "N", "lonely_psu": "adjust"}
    one, two = SurveyDesign(single, **design), SurveyDesign(halves, **design)
    for name in ("mean", "total"):
        a, b = (getattr(d, name)(["y", "g"], by="g") for d in (one, two))
        same(b.covariance, a.covariance, 1e4)
        assert (a.linear.df == b.linear.df).all()


def test_a_common_offset_costs_no_digits() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"y": rng.integers(0, 100, 300).astype(float), "g": rng.integers(0, 3, 300), "w": 1.0}
    )
    d = SurveyDesign(frame.assign(far=frame["y"] + 2.0**40), weights="w")
    np.testing.assert_allclose(d.mean("far", by="g").se, d.mean("y", by="g").se, rtol=1e-11)


def test_zero_weights_count_as_units_but_not_as_persons() -> None:
    frame = pd.DataFrame({"y": [1.0, 2, 3, 9], "w": [1.0, 1, 1, 0], "s": ["a", "a", "b", "b"]})
    d = SurveyDesign(frame, weights="w", strata="s")
    row = d.mean("y").tidy().iloc[0]
    assert (row["n"], row["df"], row["estimate"]) == (3, 1, 2.0)
