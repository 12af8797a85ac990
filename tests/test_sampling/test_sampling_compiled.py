"""Compiled loops draw the same samples as plain ones, seed by seed, and leave the generator where they do."""

import sys
from importlib.util import find_spec
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import norm

from sampling.methods import (
    _compiled_spread,
    brewer,
    inclusion_probabilities,
    joint_inclusion,
    local_pivotal_1,
    local_pivotal_2,
    pivotal,
    spatially_correlated_poisson,
    tille,
)
from sampling.methods._compiled import FEW, SWITCH, wanted
from sampling.methods._landing import cheapest_plan
from sampling.methods.cube import cube

SEEDS = range(6)


@pytest.fixture
def both(monkeypatch):
    """Run a draw both ways (without numba the loops run uncompiled): samples and the next random number."""

    def run(draw, seed: int) -> list[tuple[list[int], float]]:
        found = []
        for setting in ("0", "1"):
            monkeypatch.setenv(SWITCH, setting)
            rng = np.random.default_rng(seed)
            found.append((draw(rng).tolist(), float(rng.random())))
        return found

    return run


def balanced(seed: int, tied: bool):
    rng = np.random.default_rng(seed)
    pik = np.full(240, 0.25) if tied else rng.uniform(0.1, 0.3, 240)
    pik *= round(pik.sum()) / pik.sum()
    others = np.eye(5)[rng.integers(0, 5, 240)] if tied else rng.gamma(2.0, 1.0, (240, 3))
    return pik, np.column_stack([pik, others])


@pytest.mark.parametrize("strata", [None, 6])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("landing", ["lp", "suppression"])
@pytest.mark.parametrize("seed", SEEDS)
def test_cube(both, seed, landing, tied, strata) -> None:
    pik, x = balanced(seed, tied)
    labels = None if strata is None else np.arange(240) % strata
    plain, fast = both(lambda rng: cube(x, pik, rng, strata=labels, landing=landing), seed)
    assert plain == fast
    assert len(plain[0]) > 20


def spread_out(seed: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Points in 1 to 10 dimensions; tied: on a small grid, many at one place, probabilities equal."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 160)), seed % 10 + 1)
    points = rng.integers(0, 4, shape).astype(float) if kind == "tied" else rng.random(shape)
    return points, np.full(shape[0], 0.25) if kind == "tied" else rng.uniform(0.01, 0.9, shape[0])


@pytest.mark.parametrize("kind", ["tied", "apart"])
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("method", [local_pivotal_1, local_pivotal_2, spatially_correlated_poisson])
def test_spread_methods(both, method, seed, kind) -> None:
    points, pik = spread_out(seed, kind)
    plain, fast = both(lambda rng: method(points, pik, rng), seed)
    assert plain == fast


@pytest.mark.parametrize("order", ["random", "given"])
@pytest.mark.parametrize("seed", SEEDS)
def test_pivotal(both, seed, order) -> None:
    plain, fast = both(lambda rng: pivotal(spread_out(seed, "apart")[1], rng, order=order), seed)
    assert plain == fast


@pytest.mark.parametrize("size", [np.ones(150), np.random.default_rng(1).lognormal(0, 2, 150)])
@pytest.mark.parametrize("seed", SEEDS)
def test_tille(both, seed, size) -> None:
    pik = inclusion_probabilities(size, 40)
    plain, fast = both(lambda rng: tille(pik, rng=rng), seed)
    assert plain == fast
    assert len(plain[0]) == 40


@pytest.mark.parametrize("proposals", [0, 100])
def test_brewer_with_and_without_a_list_of_all(monkeypatch, proposals) -> None:
    """Pairs come with their joint probabilities whichever way a unit is found."""
    monkeypatch.setattr(sys.modules["sampling.methods.brewer"], "PROPOSALS", proposals)
    pik, rng, draws = (
        inclusion_probabilities([7.0, 1.0, 3.0, 4.0, 2.0, 5.0], 3),
        np.random.default_rng(1),
        6000,
    )
    joint, counts = joint_inclusion("brewer", pik), np.zeros((6, 6))
    for _ in range(draws):
        drawn = brewer(pik, rng=rng)
        counts[np.ix_(drawn, drawn)] += 1
    z = (counts - draws * joint) / np.sqrt(draws * joint * (1 - joint))
    assert np.abs(z).max() < norm.isf(0.001 / 21 / 2)


def test_brewer_of_nearly_certain_units() -> None:
    pik = np.append(np.full(30, 1 - 2e-10), [0.5, 0.5 + 6e-9])
    assert len(brewer(pik, rng=np.random.default_rng(1))) == 31


def test_a_tree_finds_the_nearest_while_units_leave() -> None:
    """Against all distances: with units at one place, and in ten dimensions."""
    rng = np.random.default_rng(2)
    for points in (rng.integers(0, 5, (120, 2)).astype(float), rng.random((120, 10))):
        tree, left = _compiled_spread.room_for_tree(points), rng.permutation(120).tolist()
        _compiled_spread.grow(tree, np.arange(120))
        near, away = np.empty(120, dtype=np.int64), np.empty(120)
        while len(left) > 1:
            unit, others = left[0], np.sort(left[1:])
            squares = np.sum((points[others] - points[unit]) ** 2, axis=1)
            count, squared = _compiled_spread._nearest(tree, unit, near, away)
            assert squared == pytest.approx(squares.min(), rel=1e-12)
            assert near[:count].tolist() == others[squares <= squares.min() * (1 + 1e-12)].tolist()
            _compiled_spread._leave(tree, left.pop())


def test_the_switch(monkeypatch) -> None:
    for setting, expected in (("0", False), ("1", True)):
        monkeypatch.setenv(SWITCH, setting)
        assert wanted(1) is wanted(10**6) is expected
    monkeypatch.delenv(SWITCH)
    assert not wanted(FEW - 1)
    assert wanted(FEW) is (find_spec("numba") is not None)


@pytest.mark.skipif(
    find_spec("numba") is None, reason="numba (extra `fast`) is not installed: loops stay plain"
)
def test_loops_are_compiled() -> None:
    from sampling.methods import _compiled_flight

    assert hasattr(_compiled_flight.walk, "py_func")


@pytest.mark.parametrize("seed", range(60))
def test_the_landing_finds_the_cheapest_plan(seed) -> None:
    """Costs of our simplex against HiGHS, equal probabilities and equal costs among the cases."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(2, 9))
    chances = np.full(count, rng.integers(1, 8) / 8) if seed % 3 else rng.random(count)
    samples = np.array(list(product([0.0, 1.0], repeat=count)))
    if seed % 2:
        chances *= max(1, int(chances.sum())) / chances.sum()
        samples = samples[np.abs((samples - chances).sum(axis=1)) < 1e-7]
    costs = rng.integers(0, 3, len(samples)) * 1.0 if seed % 5 else rng.random(len(samples))
    rows, goal = np.vstack([samples.T, np.ones(len(samples))]), np.append(chances, 1.0)
    plan = cheapest_plan(costs, rows, goal)
    assert plan is not None
    assert plan.min() > -1e-9
    np.testing.assert_allclose(rows @ plan, goal, rtol=0, atol=1e-9)
    best = linprog(costs, A_eq=rows, b_eq=goal, method="highs").fun
    np.testing.assert_allclose(costs @ plan, best, rtol=0, atol=1e-7)


def test_no_plan() -> None:
    assert cheapest_plan(np.array([1.0]), np.array([[1.0], [1.0]]), np.array([0.25, 0.5])) is None
