"""Allocations sum exactly, are the best that whole numbers allow, and match worked cases."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.errors import SamplingError
from sampling.allocate.exact import allocate
from sampling.allocate.optimum import optimal_for_budget, optimal_for_variance, round_best
from sampling.allocate.precision import expected_precision
from sampling.allocate.rules import (
    allocate_strata,
    allocation_weights,
    clipped_shares,
    draws_for_answers,
    round_remainder,
)

RULES = ("equal", "proportional", "neyman", "cost", "power")
COLLEGES = {"N_h": [13, 18, 26, 42, 73, 24], "S_h": [325, 190, 189, 82, 86, 190]}
"""Six strata of teachers' colleges by enrolment, after Cochran (1977), chapter 5."""


@st.composite
def cases(draw, most: int = 12):
    """Weights, limits and a total within them."""
    strata = draw(st.integers(1, 4))
    weights = draw(st.lists(st.floats(0.1, 50), min_size=strata, max_size=strata))
    upper = draw(st.lists(st.integers(1, 6), min_size=strata, max_size=strata))
    lower = [min(1, most) for most in upper]
    total = draw(st.integers(sum(lower), min(most, sum(upper)) if most >= sum(lower) else sum(upper)))
    return total, weights, lower, upper


@settings(deadline=None, max_examples=150, derandomize=True)
@given(cases())
def test_priority_values_give_the_optimum_of_all_whole_numbers(case) -> None:
    total, weights, lower, upper = case
    squares = np.array(weights) ** 2
    best = min(
        float((squares / np.array(sizes)).sum())
        for sizes in product(*(range(low, most + 1) for low, most in zip(lower, upper, strict=True)))
        if sum(sizes) == total
    )
    found = round_best(total, weights, lower, upper)
    assert found.sum() == total
    assert np.all((found >= lower) & (found <= upper))
    assert float((squares / found).sum()) == pytest.approx(best, rel=1e-12)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(cases())
def test_clipped_shares_satisfy_the_optimality_conditions(case) -> None:
    total, weights, lower, upper = case
    shares = clipped_shares(total, weights, lower, upper)
    assert shares.sum() == pytest.approx(total)
    scale = shares / weights
    free = (shares > np.array(lower) + 1e-9) & (shares < np.array(upper) - 1e-9)
    if free.any():
        t = scale[free][0]
        np.testing.assert_allclose(scale[free], t, rtol=1e-9)
        assert np.all(scale[(shares <= np.array(lower) + 1e-9) & (np.array(upper) > lower)] >= t * (1 - 1e-9))
        full = (shares >= np.array(upper) - 1e-9) & (np.array(upper) > lower)
        assert np.all(scale[full] <= t * (1 + 1e-9))
    whole = round_remainder(shares)
    assert whole.sum() == total
    assert np.all((whole >= lower) & (whole <= upper))
    assert np.all(np.abs(whole - shares) < 1)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=12), st.data())
def test_real_shares_and_exact_fractions_agree(sizes, data) -> None:
    total = data.draw(st.integers(0, sum(sizes)))
    shares = clipped_shares(total, sizes, 0, sizes)
    exact = allocate(total, sizes, sizes)
    assert np.all(np.abs(shares - exact) < 1 + 1e-9)
    assert sum(exact) == int(round_remainder(shares).sum()) == total


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("rounding", ["best", "remainder"])
@pytest.mark.parametrize("n", [6, 50, 123, 196])
def test_every_rule_sums_exactly_within_the_sizes(rule, rounding, n) -> None:
    means = [10, 20, 30, 40, 50, 60]
    plan = allocate_strata(n, **COLLEGES, rule=rule, means=means, costs=[1, 2, 3, 4, 5, 6], rounding=rounding)
    assert plan.n == n
    assert np.all((plan.n_h >= 1) & (plan.n_h <= plan.N_h))
    assert plan.tidy()["n"].sum() == n


def test_neyman_for_cochrans_colleges() -> None:
    # Sum of N S = 4225 + 3420 + 4914 + 3444 + 6278 + 4560 = 26841; shares of 50 by hand.
    shares = clipped_shares(50, allocation_weights("neyman", **COLLEGES), 0, COLLEGES["N_h"])
    np.testing.assert_allclose(shares, [7.870, 6.371, 9.154, 6.416, 11.695, 8.494], atol=5e-4)
    plan = allocate_strata(50, **COLLEGES, rule="neyman", rounding="remainder")
    np.testing.assert_array_equal(plan.n_h, [8, 6, 9, 6, 12, 9])
    least = 26841**2 / 50 - sum(N * S**2 for N, S in zip(*COLLEGES.values(), strict=True))
    assert least < float(plan.variance[0, 0]) < 1.01 * least


def test_lohrs_farms_of_four_regions() -> None:
    # Lohr, Sampling: Design and Analysis, ch. 3: acres of farms by county, n = 300 in proportion.
    sizes = [220, 1054, 1382, 422]
    variances = np.array([7_647_472_708, 29_618_183_543, 53_587_487_856, 396_185_950_266])
    means = [97_629.8, 300_504.2, 211_315.0, 662_295.5]
    plan = allocate_strata(300, sizes, np.sqrt(variances), means=means, rounding="remainder")
    np.testing.assert_array_equal(plan.n_h, [21, 103, 135, 41])
    assert float(np.sqrt(plan.variance[0, 0])) == pytest.approx(50_417_248, rel=1e-6)
    assert float(plan.cv[0, 0]) == pytest.approx(50_417_248 / 909_736_035, rel=1e-5)


def test_proportional_variance_is_never_below_neymans() -> None:
    plans = [allocate_strata(60, **COLLEGES, rule=rule) for rule in ("equal", "proportional", "neyman")]
    equal, proportional, neyman = (float(plan.variance[0, 0]) for plan in plans)
    assert neyman < min(equal, proportional)


def test_a_full_stratum_gives_the_rest_to_the_others_again_and_again() -> None:
    # Shares of 100: 70, 20, 10. The first takes all 30; 70 shared 2 : 1 fills the second at 40; 30 are left.
    np.testing.assert_allclose(clipped_shares(100, [7, 2, 1], 0, [30, 40, 99]), [30, 40, 30])


def test_take_all_and_limits() -> None:
    limits = {"minimum": 25, "maximum": [99, 99, 40], "take_all": [True, False, False]}
    plan = allocate_strata(60, [10, 200, 300], [1, 2, 3], rule="neyman", **limits)
    np.testing.assert_array_equal(plan.n_h, [10, 25, 25])
    plan = allocate_strata(80, [10, 200, 300], [1, 2, 9], rule="neyman", maximum=[99, 99, 40])
    # Weights 10, 400, 2700: the third is full at 40; the other 40 are shared 1 : 40.
    np.testing.assert_array_equal(plan.n_h, [1, 39, 40])


def test_cost_optimum_of_a_hand_worked_case() -> None:
    # Cochran's theorem 5.6: n_h = C N S / sqrt(c) / sum(N S sqrt(c)). N S = 4000, 12000; c = 4, 9;
    # sum(N S sqrt(c)) = 8000 + 36000; C = 4400 gives n = 200 and 400, cost 800 + 3600.
    plan = optimal_for_budget(4400, [400, 600], [10, 20], [4, 9])
    np.testing.assert_array_equal(plan.n_h, [200, 400])
    assert plan.cost == 4400
    # Its variance 16e6/200 + 144e6/400 - 400*100 - 600*400 = 160000 is reached by no cheaper plan.
    assert float(plan.variance[0, 0]) == pytest.approx(160_000)
    back = optimal_for_variance(160_000, [400, 600], [10, 20], [4, 9])
    assert back.cost == pytest.approx(4400, abs=9)
    assert float(back.variance[0, 0]) <= 160_000 * (1 + 1e-9)


def test_the_least_sample_for_a_variance_is_found_exactly() -> None:
    sizes, sd = np.array([8, 9, 7]), np.array([3.0, 1.0, 5.0])
    goal = 250.0
    fewest = min(
        sum(n)
        for n in product(*(range(1, size + 1) for size in sizes))
        if float((sizes**2 * sd**2 * (1 / np.array(n) - 1 / sizes)).sum()) <= goal
    )
    assert optimal_for_variance(goal, sizes, sd).n == fewest


def test_bankiers_extremes() -> None:
    sizes, sd, means = np.array([9000, 900, 100]), np.array([5.0, 4.0, 9.0]), np.array([10.0, 8.0, 18.0])
    # q = 1 with X = N mean is Neyman's; q = 0 with equal CVs gives equal sizes, hence equal CVs.
    one = allocation_weights("power", sizes, sd, means=means, power=1)
    np.testing.assert_allclose(one, allocation_weights("neyman", sizes, sd))
    flat = allocate_strata(90, sizes, sd, rule="power", means=means, power=0)
    np.testing.assert_array_equal(flat.n_h, [30, 30, 30])
    # q = 1/2 by hand: X = 90000, 7200, 1800; sqrt = 300, 84.853, 42.426; all CVs 0.5.
    half = allocation_weights("power", sizes, sd, means=means, power=0.5)
    np.testing.assert_allclose(half, [150, 42.4264, 21.2132], rtol=1e-5)


def test_power_allocation_minimises_bankiers_sum() -> None:
    rng = np.random.default_rng(4)
    sizes, sd, means = rng.integers(50, 900, 5), rng.uniform(1, 9, 5), rng.uniform(5, 30, 5)
    weights = allocation_weights("power", sizes, sd, means=means, power=0.4)
    shares = clipped_shares(100, weights, 0, sizes)

    def loss(n):
        return float((((sizes * means) ** 0.4 * sd / means) ** 2 * (1 / n - 1 / sizes)).sum())

    for _ in range(50):
        move = rng.normal(size=5)
        assert loss(shares + 0.5 * (move - move.mean())) >= loss(shares)


def test_fewer_answers_mean_more_persons_drawn() -> None:
    rates = np.array([0.8, 0.5, 0.37])
    full = allocate_strata(300, [2000, 2000, 1000])
    plan = allocate_strata(300, [2000, 2000, 1000], response=rates)
    assert np.all(plan.answers >= full.n_h)
    assert np.all(plan.answers - full.n_h < rates)
    np.testing.assert_array_equal(draws_for_answers([40, 40], [100, 80], [0.8, 0.5]), [50, 80])
    with pytest.raises(SamplingError, match="SAM-ALLOC"):
        draws_for_answers([40, 41], [100, 80], [0.8, 0.5])


@pytest.mark.parametrize("rule", RULES)
def test_a_total_of_draws_is_kept_and_is_the_same_where_everybody_answers(rule) -> None:
    values = {"rule": rule, "means": [10, 20, 30, 40, 50, 60], "costs": [1, 2, 3, 4, 5, 6]}
    full = allocate_strata(60, **COLLEGES, **values)
    np.testing.assert_array_equal(full.n_h, allocate_strata(60, **COLLEGES, **values, total="draws").n_h)
    rates = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    assert allocate_strata(60, **COLLEGES, **values, response=rates, total="draws").n == 60


def test_paid_letters_serve_neyman_best_by_the_root_of_the_response() -> None:
    # N S = 1000 and 1000, r = 0.64 and 0.16: n in proportion to 1 / 0.8 and 1 / 0.4; answers alone 1 : 4.
    draws = allocate_strata(90, [1000, 1000], [1, 1], rule="neyman", response=[0.64, 0.16], total="draws")
    np.testing.assert_array_equal(draws.n_h, [30, 60])
    answers = allocate_strata(36, [1000, 1000], [1, 1], rule="neyman", response=[0.64, 0.16])
    np.testing.assert_array_equal(answers.n_h, [29, 113])


def test_expected_variance_is_that_of_simulated_draws() -> None:
    rng = np.random.default_rng(8)
    strata = [rng.normal(10, 2, 40), rng.normal(30, 6, 25)]
    plan = expected_precision([8, 5], [40, 25], [y.std(ddof=1) for y in strata], [y.mean() for y in strata])
    draws = 20_000
    totals = sum(
        len(y) * rng.permuted(np.tile(y, (draws, 1)), axis=1)[:, :n].mean(axis=1)
        for y, n in zip(strata, plan.n_h, strict=True)
    )
    # The relative standard error of a variance of 20,000 normal values is sqrt(2 / 20,000) = 1 %.
    assert totals.var() == pytest.approx(float(plan.variance[0, 0]), rel=0.04)
    assert float(plan.cv[0, 0]) == pytest.approx(totals.std() / totals.mean(), rel=0.02)


def test_domains_add_up_and_the_result_shows_itself() -> None:
    sd, means = [[1, 2], [3, 4], [0, 1]], [[5, 5], [6, 6], [7, 7]]
    parts = {"north": [True, True, False], "south": [False, False, True]}
    names = ["meals", "weight <g>"]
    plan = expected_precision([5, 6, 0], [50, 60, 70], sd, means, domains=parts, variables=names)
    assert plan.domains == ("total", "north", "south")
    np.testing.assert_allclose(plan.variance[0, 0], plan.variance[1:, 0].sum())
    assert np.isinf(plan.variance[2, 1])
    assert plan.precision().shape == (6, 4)
    html = plan._repr_html_()
    assert "<g>" not in html
    assert "<script" not in html
    with pytest.raises(ValueError, match="read-only"):
        plan.n_h[0] = 9


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"n": 500}, "SAM-ALLOC-TOTAL"),
        ({"n": 5}, "SAM-ALLOC-TOTAL"),
        ({"N_h": [0, 1, 2, 3, 4, 5]}, "SAM-ALLOC-VALUE"),
        ({"S_h": [1, 2]}, "SAM-ALLOC-VALUE"),
        ({"S_h": None}, "SAM-ALLOC-VALUE"),
        ({"S_h": [-1, 1, 1, 1, 1, 1]}, "SAM-ALLOC-VALUE"),
        ({"rule": "power"}, "SAM-ALLOC-VALUE"),
        ({"rule": "best"}, "SAM-ALLOC-VALUE"),
        ({"response": 1.2}, "SAM-ALLOC-VALUE"),
        ({"take_all": [1, 0, 0, 0, 0, 0]}, "SAM-ALLOC-VALUE"),
        ({"costs": float("nan")}, "SAM-ALLOC-VALUE"),
        ({"rounding": "up"}, "SAM-ALLOC-VALUE"),
        ({"total": "letters"}, "SAM-ALLOC-VALUE"),
    ],
)
def test_what_is_not_allowed_is_refused(change, code) -> None:
    arguments = {"n": 60, **COLLEGES, "rule": "neyman", **change}
    with pytest.raises(SamplingError) as caught:
        allocate_strata(arguments.pop("n"), arguments.pop("N_h"), arguments.pop("S_h"), **arguments)
    assert caught.value.code == code
