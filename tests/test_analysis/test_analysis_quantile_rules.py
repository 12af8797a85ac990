"""Quantile rules give the documented numbers, agree with unweighted quantiles, and keep their order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.quantile_rules import _RULES, LARGE, QUANTILE_RULES, Sample, weighted_quantiles

EXACT = 1e-12  # one or two roundings
VALUES, WEIGHTS = np.array([1.0, 2, 4, 7, 11]), np.array([1.0, 2, 3, 1, 3])
NUMPY = {
    "hf1": "inverted_cdf",
    "math": "inverted_cdf",
    "hf2": "averaged_inverted_cdf",
    "school": "averaged_inverted_cdf",
    "hf4": "interpolated_inverted_cdf",
    "hf5": "hazen",
    "hf6": "weibull",
    "hf7": "linear",
    "hf8": "median_unbiased",
    "hf9": "normal_unbiased",
}
# worked out on paper: C = 1, 3, 6, 7, 10 of T = 10, w_n = 3
BY_HAND = [
    ("math", 0.05, 1.0),  # below the first step
    ("math", 0.3, 2.0),  # F(2) = 0.3 exactly
    ("math", 0.31, 4.0),
    ("school", 0.3, 3.0),
    ("school", 0.31, 4.0),
    ("hf3", 0.1, 2.0),  # the first of the distinct values stands at an odd place
    ("hf3", 0.3, 2.0),  # the second at an even one
    ("hf3", 0.65, 7.0),
    ("hf4", 0.05, 1.0),  # below the first point
    ("hf4", 0.2, 1.5),  # halfway from (0.1, 1) to (0.3, 2)
    ("hf4", 1.0, 11.0),
    ("hf5", 0.45, 4.0),  # (6 - 1.5)/10
    ("hf5", 0.55, 5.5),  # halfway from (0.45, 4) to (0.65, 7)
    ("hf6", 7 / 13, 7.0),
    ("hf7", 3 / 7, 4.0),  # C_2/C_4
    ("hf7", 4.5 / 7, 5.5),
    ("hf8", 5 / 11, 4.0),  # (6 - 1)/(10 + 1)
    ("hf9", 4.875 / 10.75, 4.0),  # (6 - 9/8)/(10 + 3/4)
    # w* = 0.5, 1, 1.5, 0.5, 1.5; (C* + 1/2 - w*/2)/6 = 0.125, 0.25, 0.4583, 0.625, 0.7917
    ("shahvaish", 0.1, 1.0),
    ("shahvaish", 0.24, 1.0),
    ("shahvaish", 0.26, 2.0),
    ("shahvaish", 0.78, 7.0),
    ("shahvaish", 0.8, 11.0),
]
weights_of = st.floats(0.1, 50).map(lambda w: round(w, 3))
values_of = st.integers(-30, 30).map(float)
rows = st.lists(st.tuples(values_of, weights_of), min_size=1, max_size=40)
probs = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def arrays(pairs: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([v for v, _w in pairs]), np.array([w for _v, w in pairs])


@pytest.mark.parametrize(("rule", "p", "wanted"), BY_HAND)
def test_by_hand(rule: str, p: float, wanted: float) -> None:
    found = weighted_quantiles(VALUES, WEIGHTS, np.array([p]), rule)
    assert found[0] == pytest.approx(wanted, rel=EXACT)


@pytest.mark.parametrize("rule", NUMPY)
@settings(max_examples=40, deadline=None)
@given(values=st.lists(values_of, min_size=1, max_size=40), p=st.integers(0, 1000))
def test_equal_weights_give_the_unweighted_quantile(rule: str, values: list[float], p: int) -> None:
    # odd thousandths of few rows never meet F(x) = p by rounding alone, except where it is exact
    x, prob = np.array(values), p / 1000
    if rule in ("hf1", "math", "hf2", "school") and (p * x.size) % 1000 == 0 and 0 < p < 1000:
        prob += 1e-4
    wanted = np.quantile(x, prob, method=NUMPY[rule])
    found = weighted_quantiles(x, np.full(x.size, 3.7), np.array([prob]), rule)[0]
    assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("rule", QUANTILE_RULES)
@settings(max_examples=40, deadline=None)
@given(pairs=rows, ps=probs)
def test_quantiles_rise_with_p_and_stay_inside(
    rule: str, pairs: list[tuple[float, float]], ps: list[float]
) -> None:
    x, w = arrays(pairs)
    found = weighted_quantiles(x, w, np.sort(ps), rule)
    assert (np.diff(found) >= -1e-9).all()
    assert found.min() >= x.min() - 1e-9
    assert found.max() <= x.max() + 1e-9


@pytest.mark.parametrize("rule", QUANTILE_RULES)
@settings(max_examples=30, deadline=None)
@given(
    pairs=rows, ps=probs, scale=st.floats(0.5, 8), shift=st.floats(-100, 100), heavier=st.floats(1e-3, 1e3)
)
def test_scale_and_shift_pass_through_and_the_unit_of_weight_does_not_matter(
    rule: str, pairs: list[tuple[float, float]], ps: list[float], scale: float, shift: float, heavier: float
) -> None:
    x, w = arrays(pairs)
    p = np.round(np.array(ps), 4) * 0.9973  # keeps off F(x) = p, where rounding decides
    plain = weighted_quantiles(x, w, p, rule)
    moved = weighted_quantiles(scale * x + shift, w * heavier, p, rule)
    np.testing.assert_allclose(moved, scale * plain + shift, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("rule", QUANTILE_RULES)
def test_order_of_rows_does_not_matter(rule: str) -> None:
    rng = np.random.default_rng(5)
    x, w = rng.permutation(200).astype(float), rng.uniform(1, 9, 200)
    p = rng.uniform(size=20)
    shuffled = rng.permutation(200)
    np.testing.assert_allclose(
        weighted_quantiles(x[shuffled], w[shuffled], p, rule), weighted_quantiles(x, w, p, rule), rtol=1e-12
    )


@pytest.mark.parametrize("rule", ["math", "school", "hf1", "hf2", "hf3"])
def test_order_of_rows_does_not_matter_to_steps_with_ties(rule: str) -> None:
    rng = np.random.default_rng(6)
    x, w = rng.integers(0, 20, 300).astype(float), rng.uniform(1, 9, 300)
    p, shuffled = rng.uniform(size=20), rng.permutation(300)
    assert (
        weighted_quantiles(x[shuffled], w[shuffled], p, rule).tolist()
        == weighted_quantiles(x, w, p, rule).tolist()
    )


@pytest.mark.parametrize("rule", QUANTILE_RULES)
def test_rows_of_weight_zero_do_not_count(rule: str) -> None:
    p = np.linspace(0, 1, 21)
    found = weighted_quantiles(np.r_[VALUES, 0.0, 99.0, 5.0], np.r_[WEIGHTS, 0.0, 0.0, 0.0], p, rule)
    assert found.tolist() == weighted_quantiles(VALUES, WEIGHTS, p, rule).tolist()


@pytest.mark.parametrize("rule", QUANTILE_RULES)
def test_degenerate_samples(rule: str) -> None:
    p = np.array([0.0, 0.3, 1.0])
    one, ties = np.array([3.0]), np.full(4, 3.0)
    assert weighted_quantiles(one, np.array([2.0]), p, rule).tolist() == [3.0] * 3
    assert weighted_quantiles(ties, np.array([1.0, 5, 2, 9]), p, rule).tolist() == [3.0] * 3
    assert np.isnan(weighted_quantiles(one, np.array([0.0]), p, rule)).all()
    assert np.isnan(weighted_quantiles(VALUES, WEIGHTS, np.array([-0.1, 1.1, np.nan]), rule)).all()


def test_exact_hits_survive_rounding() -> None:
    # ten weights of 0.1 do not sum to 1, and 20/200 of 30.97 is not 619.4 in binary numbers
    x = np.arange(1.0, 201)
    for p, wanted in ((0.1, 20.0), (0.3, 60.0), (0.7, 140.0), (0.9, 180.0)):
        for weight in (0.1, 30.97, 1 / 3):
            w = np.full(200, weight)
            assert weighted_quantiles(x, w, np.array([p]), "math")[0] == wanted
            assert weighted_quantiles(x, w, np.array([p]), "school")[0] == wanted + 0.5


SHAPES = {
    "even": lambda rng, n: rng.normal(size=n),
    "ties": lambda rng, n: np.round(rng.normal(size=n), 1),
    "few": lambda rng, n: rng.integers(0, 5, n).astype(float),
    "outliers": lambda rng, n: np.exp(rng.normal(size=n) * 8),
    "constant": lambda rng, n: np.full(n, 7.0),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("uneven", [False, True])
def test_a_stretch_gives_what_the_whole_sorted_sample_gives(shape: str, uneven: bool) -> None:
    rng = np.random.default_rng(11)
    n = 2 * LARGE
    x = SHAPES[shape](rng, n)
    w = rng.pareto(1.1, n) + 1e-3 if uneven else rng.uniform(1, 30, n)
    p = np.r_[0.0, 1.0, 1e-6, 1 - 1e-6, rng.uniform(size=8)]
    for rule in QUANTILE_RULES:
        parts, whole = Sample(x, w).quantiles(p, rule), _RULES[rule](Sample(x, w).whole(), p)
        np.testing.assert_allclose(parts, whole, rtol=1e-8, err_msg=rule)
