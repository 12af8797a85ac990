"""The local cube, parts of a spread sample and balanced clusters balance, spread and keep probabilities."""

import numpy as np
import pytest
from scipy.stats import norm

from sampling import methods as m


def population() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(10)
    return (
        rng.random((300, 2)),
        rng.normal(2, 1, (300, 2)),
        m.inclusion_probabilities(rng.uniform(1, 2, 300), 30),
    )


def quality(draw) -> tuple[float, float]:
    """Root mean square of the relative errors of totals, and mean of the Voronoi measure."""
    points, X, pik = population()
    gaps, spread = [], []
    for seed in range(25):
        drawn = draw(np.random.default_rng(seed))
        assert len(drawn) == 30
        gaps.append(m.balance(X, pik, drawn).tidy()["relative"])
        spread.append(m.voronoi_balance(points, pik, drawn).value)
    return float(np.sqrt(np.mean(np.square(gaps)))), float(np.mean(spread))


def test_the_local_cube_balances_and_spreads() -> None:
    points, X, pik = population()
    both = quality(lambda rng: m.local_cube(X, points, pik, rng))
    spread_only = quality(lambda rng: m.local_pivotal_2(points, pik, rng))
    balanced_only = quality(lambda rng: m.cube(np.column_stack([pik, X]), pik, rng))
    assert both[0] < spread_only[0] / 2
    assert both[1] < balanced_only[1] / 1.5


def frequencies(draw, pik: np.ndarray, draws: int) -> float:
    rng, counts = np.random.default_rng(11), np.zeros(len(pik))
    for _draw in range(draws):
        counts[draw(rng)] += 1
    return float(np.max(np.abs(counts - draws * pik) / np.sqrt(draws * pik * (1 - pik))))


def test_the_local_cube_keeps_the_probabilities() -> None:
    rng = np.random.default_rng(12)
    points, X, pik = (
        rng.random((24, 2)),
        rng.random((24, 2)),
        m.inclusion_probabilities(rng.uniform(1, 4, 24), 8),
    )
    z = frequencies(lambda rng: m.local_cube(X, points, pik, rng), pik, 900)
    assert z < norm.isf(1e-3 / 2 / 24)


def test_the_local_cube_with_strata_fixes_their_sizes_and_balances() -> None:
    points, X, _pik = population()
    strata = np.repeat(["a", "b", "c", "d", "e"], 60)
    pik = np.repeat([0.1, 0.05, 0.2, 0.1, 0.15], 60)
    gaps, plain = [], []
    for seed in range(20):
        drawn = m.local_cube(X, points, pik, np.random.default_rng(seed), strata=strata)
        assert [int(np.sum(strata[drawn] == name)) for name in "abcde"] == [6, 3, 12, 6, 9]
        other = m.stratified_srs(
            np.repeat(np.arange(5), 60), [6, 3, 12, 6, 9], rng=np.random.default_rng(seed)
        )
        for sample, into in ((drawn, gaps), (other, plain)):
            into.append(m.balance(X, pik, sample).tidy()["relative"])
    assert np.std(gaps) < np.std(plain) / 1.5
    z = frequencies(
        lambda rng: m.local_cube(X[:90], points[:90], pik[:90], rng, strata=strata[:90]), pik[:90], 150
    )
    assert z < norm.isf(1e-3 / 2 / 90)


def test_the_local_cube_without_variables_is_the_local_pivotal_method() -> None:
    """Four units on a line, close in twos: one of each two, whatever the chance."""
    for seed in range(20):
        drawn = m.local_cube(np.zeros((4, 0)), [0.0, 0.1, 5.0, 5.1], [0.5] * 4, np.random.default_rng(seed))
        assert drawn[0] < 2 <= drawn[1]


def test_parts_of_a_spread_sample_are_spread_and_have_their_probabilities() -> None:
    points, pik = population()[0][:60], np.full(60, 0.4)
    rng, counts, spread, plain = np.random.default_rng(13), np.zeros(60), [], []
    for _draw in range(250):
        drawn = m.hierarchical_local_pivotal(points, pik, [6, 18], rng)
        assert np.bincount(drawn.parts).tolist() == [6, 18]
        assert np.all(np.diff(drawn.positions) > 0)
        pilot = drawn.positions[drawn.parts == 0]
        counts[pilot] += 1
        spread.append(m.voronoi_balance(points, np.full(60, 0.1), pilot).value)
        plain.append(m.voronoi_balance(points, np.full(60, 0.1), m.srs(60, 6, rng=rng)).value)
    assert repr(drawn) == "SplitSample(24 units, parts of [6, 18])"
    assert drawn._repr_html_().startswith('<table id="hyohon-split-sample"')
    assert np.abs((counts - 25) / np.sqrt(250 * 0.09)).max() < norm.isf(1e-3 / 2 / 60)
    assert np.mean(spread) < 0.75 * np.mean(plain)


def towns() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(14)
    return np.repeat(np.arange(20), rng.integers(3, 12, 20)), rng.normal(5, 1, 400)


@pytest.mark.parametrize("method", ["srs", "pps"])
def test_balanced_clusters_hold_all_their_units_and_the_totals(method) -> None:
    town, x = towns()
    X = np.column_stack([np.ones(len(town)), x[: len(town)]])
    gaps, plain = [], []
    for seed in range(40):
        drawn = m.balanced_clusters(X, town, 8, np.random.default_rng(seed), method=method)
        assert len(np.unique(town[drawn.positions])) == 8
        assert np.all(np.isin(np.flatnonzero(np.isin(town, town[drawn.positions])), drawn.positions))
        other = m.two_stage(town, 8, None, np.random.default_rng(seed), method=method)
        for found, into in ((drawn, gaps), (other, plain)):
            into.append(np.sum(X[found.positions, 1] / found.probability) - X[:, 1].sum())
    assert np.std(gaps) < (0.5 if method == "srs" else 0.8) * np.std(plain)


def test_balanced_clusters_keep_the_probabilities() -> None:
    town = np.repeat(np.arange(8), [3, 5, 8, 4, 6, 7, 5, 2])
    x = np.random.default_rng(15).normal(5, 1, len(town))
    pik = m.inclusion_probabilities(np.bincount(town), 3)
    z = frequencies(
        lambda rng: np.unique(town[m.balanced_clusters(x, town, 3, rng, method="pps").positions]), pik, 500
    )
    assert z < norm.isf(1e-3 / 2 / 8)
    inside = m.balanced_two_stage(x, town, 3, 2, np.random.default_rng(16), method="pps")
    np.testing.assert_allclose(inside.probability, (pik * 2 / np.bincount(town))[town[inside.positions]])


def test_both_stages_are_balanced_and_sizes_are_fixed() -> None:
    town, x = towns()
    x = x[: len(town)]
    gaps, plain = [], []
    for seed in range(40):
        drawn = m.balanced_two_stage(x, town, 8, 2, np.random.default_rng(seed))
        assert np.unique(town[drawn.positions], return_counts=True)[1].tolist() == [2] * 8
        size = np.bincount(town)[town[drawn.positions]]
        np.testing.assert_allclose(drawn.probability, 8 / 20 * 2 / size)
        assert drawn.fpc[:, 1].tolist() == size.tolist()
        other = m.two_stage(town, 8, 2, np.random.default_rng(seed))
        for found, into in ((drawn, gaps), (other, plain)):
            into.append(np.sum(x[found.positions] / found.probability) - x.sum())
    assert np.std(gaps) < 0.6 * np.std(plain)
