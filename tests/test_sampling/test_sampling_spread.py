"""Pivotal, local pivotal and correlated Poisson draws keep their probabilities and size, and spread out."""

from functools import partial
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from custody.errors import SamplingError
from sampling.methods.pivotal import local_pivotal_1, local_pivotal_2, pivotal
from sampling.methods.scps import spatially_correlated_poisson
from sampling.methods.spread import voronoi_balance

LOCAL = [local_pivotal_1, local_pivotal_2, spatially_correlated_poisson]
METHODS = [
    lambda points, pik, rng: pivotal(pik, rng),
    lambda points, pik, rng: pivotal(pik, rng, order="given"),
    *LOCAL,
]
DRAWS = 6000
GRID = np.array(list(product(range(20), range(20))), dtype=float)
LINE = np.array([0.0, 1.0, 2.0, 3.0, 4.5, 7.0, 7.0, 7.0, 9.0, 10.0, 11.0, 30.0])


def pivotal_joint(pik: list[float]) -> np.ndarray:
    """Joint inclusion probabilities of the pivotal method in the given order, by its tree of outcomes."""
    joint = np.zeros((len(pik), len(pik)))

    def walk(values: list[float], current: int, unit: int, chance: float) -> None:
        if unit == len(values):
            for last, share in ((1.0, values[current]), (0.0, 1 - values[current])):
                final = np.round([*values[:current], last, *values[current + 1 :]])
                joint[:] += chance * share * np.outer(final, final)
            return
        a, b = values[current], values[unit]
        total = a + b
        if total < 1:
            outcomes = [(a / total, total, 0.0), (b / total, 0.0, total)]
        else:
            outcomes = [
                ((1 - b) / (2 - total), 1.0, total - 1),
                ((1 - a) / (2 - total), total - 1, 1.0),
            ]
        for share, first, second in outcomes:
            after = list(values)
            after[current], after[unit] = first, second
            open_unit = current if 1e-12 < first < 1 - 1e-12 else unit
            walk(after, open_unit, unit + 1, chance * share)

    walk(list(pik), 0, 1, 1.0)
    return joint


def test_joint_frequencies_of_the_ordered_pivotal_method() -> None:
    pik = [0.3, 0.55, 0.4, 0.25, 0.5]
    expected = pivotal_joint(pik)
    np.testing.assert_allclose(np.diag(expected), pik, rtol=1e-12)
    rng, draws = np.random.default_rng(1), 20_000
    counts = np.zeros((5, 5))
    for _ in range(draws):
        drawn = pivotal(pik, rng, order="given")
        counts[np.ix_(drawn, drawn)] += 1
    possible = expected > 1e-12
    assert not counts[~possible].any()
    z = (counts - draws * expected)[possible] / np.sqrt(draws * (expected * (1 - expected))[possible])
    assert np.abs(z).max() < norm.isf(0.001 / 25 / 2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("total", [4.0, 3.3])
def test_inclusion_frequencies_and_size(method, total) -> None:
    """Also with points that coincide; a total of 3.3 gives 3 or 4 units in the pivotal methods."""
    rng = np.random.default_rng(2)
    pik = rng.uniform(0.5, 1.5, len(LINE))
    pik *= total / pik.sum()
    draws = DRAWS // 3
    counts, sizes = np.zeros(len(pik)), set()
    for _ in range(draws):
        drawn = method(LINE, pik, rng)
        counts[drawn] += 1
        sizes.add(len(drawn))
    assert sizes == ({4} if total == 4.0 else {3, 4})
    z = (counts - draws * pik) / np.sqrt(draws * pik * (1 - pik))
    assert np.abs(z).max() < norm.isf(0.001 / len(pik) / 2)


@pytest.mark.parametrize("method", LOCAL)
def test_spread_on_a_grid(method) -> None:
    rng, pik = np.random.default_rng(3), np.full(len(GRID), 0.1)
    spread = [voronoi_balance(GRID, pik, method(GRID, pik, rng)).value for _ in range(20)]
    simple = [voronoi_balance(GRID, pik, rng.choice(len(GRID), 40, replace=False)).value for _ in range(20)]
    assert max(spread) < min(simple)
    assert np.mean(spread) < np.mean(simple) / 2


@pytest.mark.parametrize("method", LOCAL)
def test_neighbours_are_seldom_drawn_together(method) -> None:
    """Pairs of twins far from all others, half of them drawn: each pair gives exactly one."""
    points = np.repeat(np.arange(30) * 100.0, 2) + np.tile([0.0, 1.0], 30)
    rng = np.random.default_rng(4)
    for _ in range(10):
        drawn = method(points, np.full(60, 0.5), rng)
        np.testing.assert_array_equal(drawn // 2, np.arange(30))


@pytest.mark.parametrize("method", LOCAL)
def test_all_units_at_one_place(method) -> None:
    rng = np.random.default_rng(5)
    assert len(method(np.zeros((200, 2)), np.full(200, 0.1), rng)) == 20


@pytest.mark.parametrize("method", METHODS)
def test_certain_and_impossible_units(method) -> None:
    pik = np.array([0.0, 1.0, 0.5, 0.5, 1.0, 0.0])
    drawn = method(np.arange(6.0), pik, np.random.default_rng(6))
    assert {1, 4} <= set(drawn.tolist()) <= {1, 2, 3, 4}
    assert len(drawn) == 3
    assert method(np.arange(2.0), [0.0, 0.0], np.random.default_rng(6)).size == 0


def test_voronoi_sums_by_hand() -> None:
    """Every unit belongs to its nearest sampled one by all distances; ties are shared."""
    rng = np.random.default_rng(7)
    pik = rng.uniform(0.05, 0.15, len(GRID))
    sample = np.sort(rng.choice(len(GRID), 40, replace=False))
    distances = np.linalg.norm(GRID[:, None] - GRID[sample], axis=2)
    near = np.isclose(distances, distances.min(axis=1, keepdims=True), rtol=1e-9)
    sums = (pik[:, None] * near / near.sum(axis=1, keepdims=True)).sum(axis=0)
    found = voronoi_balance(GRID, pik, sample)
    np.testing.assert_allclose(found.sums, sums, rtol=1e-12)
    np.testing.assert_allclose(found.value, np.mean((sums - 1) ** 2), rtol=1e-12)
    np.testing.assert_allclose(found.tidy()["voronoi_sum"].sum(), pik.sum(), rtol=1e-12)


def test_ring_of_many_ties() -> None:
    """A unit in the middle of 24 sampled ones is shared by all."""
    angles = np.arange(24) * np.pi / 12
    points = np.vstack([np.column_stack([np.cos(angles), np.sin(angles)]), [[0.0, 0.0]]])
    found = voronoi_balance(points, np.append(np.full(24, 0.5), 0.24), np.arange(24))
    np.testing.assert_allclose(found.sums, 0.51, rtol=1e-12)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (partial(voronoi_balance, [0.0, 1.0], [0.5, 0.5], []), "SAM-SPREAD-EMPTY"),
        (partial(local_pivotal_2, [0.0], [0.5, 0.5], np.random.default_rng(1)), "SAM-METHOD-COLUMNS"),
        (partial(pivotal, [-0.5], np.random.default_rng(1)), "SAM-METHOD-PIK"),
    ],
)
def test_refusals(act, code) -> None:
    with pytest.raises(SamplingError) as refusal:
        act()
    assert refusal.value.code == code
