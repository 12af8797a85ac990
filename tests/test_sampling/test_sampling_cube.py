"""The cube method keeps its probabilities, its balancing equations, its size and the sizes of its strata."""

import numpy as np
import pytest
from scipy.stats import norm

from custody.errors import SamplingError
from sampling.methods.cube import balance, cube, flight_phase

RELATIVE = 1e-9
"""Balancing equations after the flight: rounding of some thousand pivots, and far below any use."""
DRAWS = 4000


def limit(units: int) -> float:
    """Bonferroni's limit of |z| over all units at 1 in 1,000."""
    return float(norm.isf(0.001 / units / 2))


def largest_z(draw, pik, draws: int = DRAWS) -> float:
    """Largest |z| of the inclusion frequencies over many draws."""
    counts = np.zeros(len(pik))
    for _ in range(draws):
        counts[draw()] += 1
    return float(np.max(np.abs(counts - draws * pik) / np.sqrt(draws * pik * (1 - pik))))


def population(seed: int, size: int, total: float):
    rng = np.random.default_rng(seed)
    pik = rng.uniform(0.5, 1.5, size)
    pik *= total / pik.sum()
    return rng, pik, np.column_stack([pik, rng.gamma(2.0, 1.0, (size, 2)), rng.integers(0, 2, size)])


@pytest.mark.parametrize(("landing", "draws"), [("lp", 1000), ("suppression", 3000)])
def test_inclusion_frequencies(landing, draws) -> None:
    rng, pik, x = population(1, 15, 5.0)
    assert largest_z(lambda: cube(x, pik, rng, landing=landing), pik, draws) < limit(15)


def test_flight_is_a_martingale() -> None:
    rng, pik, x = population(2, 12, 4.0)
    flights = np.array([flight_phase(x[:, :2], pik, rng) for _ in range(DRAWS)])
    z = (flights.mean(axis=0) - pik) / (flights.std(axis=0) / np.sqrt(DRAWS))
    assert np.abs(z).max() < limit(12)


@pytest.mark.parametrize("strata", [None, 7])
@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_flight_keeps_totals(strata, equal, seed) -> None:
    rng, pik, x = population(seed, 1400, 140.0)
    pik = np.full(1400, 0.1) if equal else pik
    x = np.column_stack([pik, x[:, 1:], x[:, 1] * 1e6, x[:, 2] + x[:, 1]])  # the last two repeat others
    labels = None if strata is None else np.arange(1400) % strata
    flown = flight_phase(x, pik, rng, strata=labels)
    open_units = np.sum((flown > 0) & (flown < 1))
    assert open_units <= 4 + (0 if strata is None else strata)
    np.testing.assert_allclose((x / pik[:, None]).T @ flown, x.sum(axis=0), rtol=RELATIVE)
    if labels is not None:
        np.testing.assert_allclose(np.bincount(labels, flown), np.bincount(labels, pik), rtol=RELATIVE)


def test_all_samples_of_a_tiny_case() -> None:
    """Two pairs that must give one each: four balanced samples, a quarter of the draws each."""
    rng, pik, draws = np.random.default_rng(11), np.full(4, 0.5), 4000
    x = np.column_stack([pik, [1.0, 1.0, 2.0, 2.0]])
    drawn = np.array([np.flatnonzero(flight_phase(x, pik, rng)) for _ in range(draws)])
    samples, counts = np.unique(drawn, axis=0, return_counts=True)
    assert samples.tolist() == [[0, 2], [0, 3], [1, 2], [1, 3]]
    assert np.abs(counts / draws - 0.25).max() < limit(4) * np.sqrt(0.25 * 0.75 / draws)


def test_flight_with_many_ties() -> None:
    """Indicators and equal probabilities: several units reach 0 or 1 in one step."""
    rng = np.random.default_rng(4)
    groups = [np.eye(6)[rng.integers(0, 6, 3000)] for _ in range(3)]
    pik = np.full(3000, 0.25)
    x = np.column_stack([pik, *groups])
    flown = flight_phase(x, pik, rng)
    assert np.sum((flown > 0) & (flown < 1)) <= 16
    np.testing.assert_allclose(x.T @ flown / 0.25, x.sum(axis=0), rtol=RELATIVE)


@pytest.mark.parametrize("landing", ["lp", "suppression"])
@pytest.mark.parametrize("column", [0, 2])
def test_fixed_size_and_near_balance(landing, column) -> None:
    """The size is fixed wherever π stands among the columns, and totals are nearer than by chance."""
    rng, pik, x = population(5, 600, 60.0)
    x[:, [0, column]] = x[:, [column, 0]]
    errors = []
    for _ in range(15):
        drawn = cube(x, pik, rng, landing=landing)
        assert len(drawn) == 60
        assert np.all(np.diff(drawn) > 0)
        errors.append(balance(x, pik, drawn).tidy()["relative"].to_numpy())
    poisson = np.sqrt(np.sum(x**2 * ((1 - pik) / pik)[:, None], axis=0)) / x.sum(axis=0)
    assert np.all(np.sqrt(np.mean(np.square(errors), axis=0)) < poisson / 2)


def test_lp_costs_no_more_than_suppression() -> None:
    rng, pik, x = population(6, 200, 20.0)
    errors = {
        landing: np.mean(
            [
                np.sum(balance(x, pik, cube(x, pik, rng, landing=landing)).tidy()["relative"] ** 2)
                for _ in range(100)
            ]
        )
        for landing in ("lp", "suppression")
    }
    assert errors["lp"] < errors["suppression"]


@pytest.mark.parametrize("landing", ["lp", "suppression"])
def test_exact_sizes_of_strata(landing) -> None:
    rng = np.random.default_rng(7)
    strata = np.repeat(np.arange(20), np.arange(10, 30))
    wanted = np.arange(20) % 5 + 1
    pik = (wanted / np.bincount(strata))[strata]
    x = rng.gamma(2.0, 1.0, (len(strata), 2))
    for _ in range(20):
        drawn = cube(x, pik, rng, strata=strata, landing=landing)
        np.testing.assert_array_equal(np.bincount(strata[drawn], minlength=20), wanted)


def test_inclusion_frequencies_in_strata() -> None:
    rng, pik, x = population(8, 18, 6.0)
    strata = np.repeat(["a", "b"], 9)
    for name in "ab":
        pik[strata == name] *= 3 / pik[strata == name].sum()
    draws = 800
    assert largest_z(lambda: cube(x[:, 1], pik, rng, strata=strata), pik, draws) < limit(18)


def test_strata_that_sum_to_no_whole_number() -> None:
    rng = np.random.default_rng(9)
    strata = np.repeat([0, 1, 2], 10)
    pik = np.repeat([0.25, 0.31, 0.5], 10)
    for _ in range(40):
        counts = np.bincount(strata[cube(rng.random(30), pik, rng, strata=strata)], minlength=3)
        assert np.all(np.abs(counts - [2.5, 3.1, 5.0]) < 1)
        assert counts[2] == 5


def test_certain_and_impossible_units() -> None:
    rng = np.random.default_rng(10)
    pik = np.array([1.0, 0.0, 0.5, 0.5, 0.5, 0.5])
    for _ in range(20):
        drawn = cube(np.column_stack([pik, np.arange(6.0)]), pik, rng)
        assert 0 in drawn
        assert 1 not in drawn
        assert len(drawn) == 3


def test_no_choice_at_all() -> None:
    assert cube([1.0, 2.0], [1.0, 0.0], np.random.default_rng(1)).tolist() == [0]
    assert cube(np.zeros((3, 1)), [0.0, 0.0, 0.0], np.random.default_rng(1)).size == 0


def test_the_same_seed_gives_the_same_sample() -> None:
    pik = np.full(40, 0.25)
    one, two = (cube(np.arange(40.0), pik, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("x", "pik", "options", "code"),
    [
        ([1.0, 2.0], [0.5, 1.5], {}, "SAM-METHOD-PIK"),
        ([1.0, 2.0], [0.5, np.nan], {}, "SAM-METHOD-PIK"),
        ([1.0], [0.5, 0.5], {}, "SAM-METHOD-COLUMNS"),
        ([1.0, np.inf], [0.5, 0.5], {}, "SAM-METHOD-COLUMNS"),
        ([1.0, 2.0], [0.5, 0.5], {"strata": ["a"]}, "SAM-CUBE-STRATA"),
        ([1.0, 2.0], [0.5, 0.5], {"landing": "none"}, "SAM-CUBE-LANDING"),
    ],
)
def test_refusals(x, pik, options, code) -> None:
    with pytest.raises(SamplingError) as refusal:
        cube(x, pik, np.random.default_rng(1), **options)
    assert refusal.value.code == code
