"""Compiled loops draw the same samples as plain ones, seed by seed, and leave the generator where they do."""

from importlib.util import find_spec
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

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
