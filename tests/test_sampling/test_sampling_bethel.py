"""Bethel's allocation keeps every target, is the cheapest that does, and equals Neyman's for one variable."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, minimize

from custody.errors import SamplingError
from sampling.allocate.bethel import bethel, solve_bethel
from sampling.allocate.optimum import optimal_for_variance
from sampling.allocate.precision import expected_precision

SLACK = 1e-9
"""Relative error of floating point in a kept target."""


def problem(seed: int, strata: int, targets: int):
    """Burdens of targets, costs and limits at random; full samples keep every target."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 900, strata).astype(float)
    squares = sizes * rng.gamma(1, 1, (targets, strata)) ** 2 * (rng.random((targets, strata)) < 0.7)
    squares[:, 0] += 1
    wanted = (rng.uniform(0.01, 0.3, targets) * sizes.sum()) ** 2
    burden = squares * sizes / (wanted + squares.sum(axis=1))[:, None]
    return burden, rng.uniform(1, 20, strata), np.minimum(2.0, sizes), sizes


def population(seed: int, strata: int, variables: int):
    """Sizes, standard deviations and means at random."""
    rng = np.random.default_rng(seed)
    means = rng.uniform(5, 40, (strata, variables))
    return rng.integers(20, 2000, strata), means * rng.uniform(0.1, 1.2, (strata, variables)), means


@settings(deadline=None, max_examples=80, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 25), st.integers(1, 12))
def test_the_solution_meets_its_lower_bound(seed, strata, targets) -> None:
    burden, costs, lower, upper = problem(seed, strata, targets)
    sizes, gap = solve_bethel(burden, costs, lower, upper)
    assert (burden @ (1 / sizes)).max() <= 1 + SLACK
    assert np.all((sizes >= lower) & (sizes <= upper))
    assert gap < 1e-9


@settings(deadline=None, max_examples=25, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 10), st.integers(1, 5))
def test_karush_kuhn_tucker_multipliers_exist(seed, strata, targets) -> None:
    """Independent of the solver's own bound: c_h = sum_j λ_j a_jh / n_h² with λ >= 0 on tight targets."""
    burden, costs, lower, upper = problem(seed, strata, targets)
    sizes, _ = solve_bethel(burden, costs, lower, upper)
    tight = (burden @ (1 / sizes)) > 1 - 1e-7
    # Unknown: λ of tight targets, then the price of the lower limit (+) and of the upper one (-).
    pull = (burden[tight] / sizes**2 / costs).T
    low = np.eye(strata)[:, sizes <= lower * (1 + 1e-9)]
    high = -np.eye(strata)[:, sizes >= upper * (1 - 1e-9)]
    columns = np.hstack([pull, low, high])
    scale = np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
    fit = lsq_linear(columns / scale, np.ones(strata), bounds=(0, np.inf), method="bvls")
    np.testing.assert_allclose(columns / scale @ fit.x, 1, atol=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_no_other_solver_finds_a_cheaper_one(seed) -> None:
    burden, costs, lower, upper = problem(seed, 8, 4)
    sizes, _ = solve_bethel(burden, costs, lower, upper)
    other = minimize(
        lambda x: costs @ (1 / x) / (costs @ sizes),
        1 / upper,
        jac=lambda x: -costs / x**2 / (costs @ sizes),
        bounds=list(zip(1 / upper, 1 / lower, strict=True)),
        constraints={"type": "ineq", "fun": lambda x: 1 - burden @ x, "jac": lambda x: -burden},
        method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-14},
    )
    kept = (burden @ other.x).max() <= 1 + 1e-7
    assert kept
    assert other.fun >= 1 - 1e-6
    assert other.fun == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_one_variable_gives_neymans_allocation(seed) -> None:
    sizes, sd, means = population(seed, 12, 1)
    plan = bethel(sizes, sd, means, [0.03])
    variance = (0.03 * float(sizes @ means[:, 0])) ** 2
    neyman = optimal_for_variance(variance, sizes, sd[:, 0], minimum=2)
    assert neyman.n <= plan.n <= neyman.n + 1
    assert np.abs(plan.n_h - neyman.n_h).max() <= 1


def test_one_variable_by_hand() -> None:
    # N S = 4000, 12000 and V = 160000: n = 16000 (4000, 12000) / (160000 + 40000 + 240000) = 145.45, 436.36.
    burden = np.array([[4000.0**2, 12_000.0**2]]) / 440_000
    sizes, gap = solve_bethel(burden, np.ones(2), np.full(2, 2.0), np.array([400.0, 600.0]))
    np.testing.assert_allclose(sizes, [16_000 * 4000 / 440_000, 16_000 * 12_000 / 440_000], rtol=1e-9)
    assert gap < 1e-11


@pytest.mark.parametrize("seed", range(4))
def test_targets_hold_after_rounding_and_none_can_spare_one(seed) -> None:
    sizes, sd, means = population(seed, 9, 3)
    parts = {"north": np.arange(9) < 4, "south": np.arange(9) >= 4}
    targets = {"total": [0.02, 0.03, 0.05], "north": [0.05, 0.04, np.inf], "south": [0.06, np.inf, 0.04]}
    wanted = np.array(list(targets.values()))
    plan = bethel(sizes, sd, means, targets, domains=parts, costs=np.linspace(1, 3, 9))
    assert np.all(plan.cv <= wanted * (1 + 1e-8))
    assert np.all((plan.n_h >= 2) & (plan.n_h <= sizes))
    assert plan.gap < 1e-8
    for h in np.flatnonzero(plan.n_h > 2):
        less = expected_precision(plan.n_h - np.eye(9, dtype=int)[h], sizes, sd, means, domains=parts)
        assert np.any(less.cv > wanted)


def test_tighter_targets_never_cost_less() -> None:
    sizes, sd, means = population(11, 15, 2)
    costs = [bethel(sizes, sd, means, [cv, 2 * cv]).cost for cv in (0.1, 0.05, 0.03, 0.02, 0.01, 0.001)]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1] <= sizes.sum()


def test_a_census_is_drawn_where_nothing_less_will_do() -> None:
    plan = bethel([30, 40], [5.0, 5.0], [1.0, 1.0], [1e-9])
    np.testing.assert_array_equal(plan.n_h, [30, 40])


def test_fewer_answers_mean_more_draws_for_the_same_precision() -> None:
    sizes, sd, means = population(3, 6, 2)
    full = bethel(sizes, sd, means, [0.06, 0.06])
    half = bethel(sizes, sd, means, [0.06, 0.06], response=0.5)
    assert np.all(half.cv <= 0.06 * (1 + 1e-8))
    # All free strata double, but for rounding and limits.
    np.testing.assert_allclose(half.n, 2 * full.n, rtol=0.05)


def test_a_ward_with_areas_and_ages() -> None:
    """Four areas by three ages, two proportions, targets in total and in each area, as R2BEAT plans."""
    sizes = np.array([900, 700, 300, 1500, 1100, 500, 400, 350, 150, 2100, 1600, 700])
    shares = np.column_stack([np.tile([0.2, 0.35, 0.55], 4), np.tile([0.6, 0.5, 0.3], 4)])
    sd = np.sqrt(shares * (1 - shares) * (sizes / (sizes - 1))[:, None])
    areas = {f"area {k}": np.repeat(np.arange(4), 3) == k for k in range(4)}
    targets = {"total": [0.06, 0.06], **{area: [0.1, 0.1] for area in areas}}
    plan = bethel(sizes, sd, shares, targets, domains=areas)
    assert plan.cv.shape == (5, 2)
    assert np.all(plan.cv <= np.array(list(targets.values())) * (1 + 1e-8))
    # The small area needs a far greater fraction than the great one.
    fraction = [plan.n_h[rows].sum() / sizes[rows].sum() for rows in areas.values()]
    assert fraction[2] > 2 * fraction[3]
    # Planned alone, an area costs no more than within the whole; nor does the target of the total.
    for name, rows in areas.items():
        alone = bethel(sizes[rows], sd[rows], shares[rows], [0.1, 0.1])
        assert alone.n <= plan.n_h[rows].sum() + 1, name
    assert bethel(sizes, sd, shares, [0.06, 0.06]).n <= plan.n + 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"targets": [0.0]}, "SAM-ALLOC-VALUE"),
        ({"targets": [0.1, 0.1]}, "SAM-ALLOC-VALUE"),
        ({"targets": {"east": [0.1]}}, "SAM-ALLOC-VALUE"),
        ({"domains": {"east": [False, False]}}, "SAM-ALLOC-VALUE"),
        ({"minimum": 0}, "SAM-ALLOC-VALUE"),
        ({"maximum": 3, "targets": [0.001]}, "SAM-ALLOC-REACH"),
        ({"response": 0.2, "targets": [0.001]}, "SAM-ALLOC-REACH"),
        ({"tolerance": -1.0}, "SAM-ALLOC-GAP"),
    ],
)
def test_what_is_not_allowed_is_refused(change, code) -> None:
    arguments = {"targets": [0.1], **change}
    with pytest.raises(SamplingError) as caught:
        bethel([50, 60], [3.0, 4.0], [5.0, 5.0], arguments.pop("targets"), **arguments)
    assert caught.value.code == code
