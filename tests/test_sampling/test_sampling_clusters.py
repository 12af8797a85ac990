"""Probabilities of a draw in stages multiply, its frequencies agree, and its counts of clusters are right."""

from functools import partial

import numpy as np
import pytest
from scipy.stats import norm

from custody.errors import SamplingError
from sampling.methods.clusters import multistage, one_per_cluster, two_stage

DRAWS = 5000
TOWN = np.repeat(["a", "b", "c", "d"], [3, 4, 6, 7])
BLOCK = np.array([1, 1, 2, 1, 1, 2, 2, 1, 1, 1, 2, 2, 3, 1, 2, 2, 2, 3, 3, 3])


def frequencies(draw, units: int, draws: int = DRAWS):
    """Inclusion counts and each unit's probability as the draws gave it."""
    counts, stated = np.zeros(units), np.full(units, np.nan)
    for _ in range(draws):
        drawn = draw()
        counts[drawn.positions] += 1
        stated[drawn.positions] = drawn.probability
    return counts, stated


def within(counts, pik, draws: int = DRAWS) -> bool:
    """Whether every unit's z is within Bonferroni's limit at 1 in 1,000."""
    z = (counts - draws * pik) / np.sqrt(draws * pik * (1 - pik))
    return bool(np.abs(z).max() < norm.isf(0.001 / len(pik) / 2))


def test_two_stages_by_simple_random_sampling() -> None:
    rng = np.random.default_rng(1)
    sizes = np.repeat([3, 4, 6, 7], [3, 4, 6, 7])
    counts, stated = frequencies(lambda: two_stage(TOWN, 2, 2, rng), 20)
    np.testing.assert_allclose(stated, 2 / 4 * 2 / sizes, rtol=1e-12)
    assert within(counts, stated)


def test_size_and_equal_numbers_inside_weigh_the_same() -> None:
    rng = np.random.default_rng(2)
    counts, stated = frequencies(lambda: two_stage(TOWN, 2, 3, rng, method="pps"), 20)
    np.testing.assert_allclose(stated, 2 * 3 / 20, rtol=1e-12)
    assert within(counts, stated)


def test_size_given_for_each_unit() -> None:
    rng = np.random.default_rng(3)
    size = np.arange(1.0, 21.0)
    totals = np.array([size[name == TOWN].sum() for name in "abcd"])
    drawn = two_stage(TOWN, 1, None, rng, method="pps", size=size)
    town = TOWN[drawn.positions][0]
    np.testing.assert_allclose(drawn.probability, totals["abcd".index(town)] / 210, rtol=1e-12)
    assert len(drawn.positions) == (town == TOWN).sum()


def test_certain_clusters() -> None:
    """A town with most of the people is always in; the others share what is left."""
    town = np.repeat([0, 1, 2], [80, 12, 8])
    rng = np.random.default_rng(4)
    for _ in range(20):
        drawn = two_stage(town, 2, 4, rng, method="pps")
        first = dict(zip(town[drawn.positions].tolist(), drawn.stage_probabilities[:, 0], strict=True))
        assert first[0] == 1.0
        assert len(first) == 2
        np.testing.assert_allclose(first.get(1, 0.6), 0.6, rtol=1e-12)
        np.testing.assert_allclose(first.get(2, 0.4), 0.4, rtol=1e-12)


@pytest.mark.parametrize("method", ["srs", "pps"])
def test_three_stages(method) -> None:
    rng = np.random.default_rng(5)
    counts, stated = frequencies(lambda: multistage([TOWN, BLOCK], [3, 1, 1], rng, method=method), 20)
    for name in "abcd":
        inside = name == TOWN
        blocks = BLOCK[inside]
        sizes = np.array([(block == blocks).sum() for block in blocks])
        share = 3 * inside.sum() / 20 if method == "pps" else 3 / 4
        if method == "pps":  # 3 · 7 / 20 is above 1: town d is certain, the rest share 2
            share = 1.0 if name == "d" else 2 * inside.sum() / 13
        chance = sizes / inside.sum() if method == "pps" else 1 / len(set(blocks.tolist()))
        np.testing.assert_allclose(stated[inside], share * chance / sizes, rtol=1e-12)
    assert within(counts, stated)


def test_columns_of_a_draw() -> None:
    """Columns multiply, count the clusters there are, and name a cluster the same in every draw."""
    rng = np.random.default_rng(6)
    names: dict[int, set[int]] = {}
    blocks = {"a": 2, "b": 2, "c": 3, "d": 3}
    for _ in range(30):
        drawn = multistage([TOWN, BLOCK], [2, 2, 2], rng)
        table = drawn.tidy()
        assert table["position"].is_monotonic_increasing
        product = table["probability_1"] * table["probability_2"] * table["probability_3"]
        np.testing.assert_allclose(table["probability"], product, rtol=1e-12)
        np.testing.assert_allclose(table["base_weight"] * table["probability"], 1.0, rtol=1e-12)
        assert set(table["fpc_1"]) == {4.0}
        assert table["psu_1"].nunique() == 2
        for row in table.itertuples():
            town, block = TOWN[row.position], BLOCK[row.position]
            assert row.fpc_2 == blocks[town]
            assert row.fpc_3 == np.sum((town == TOWN) & (block == BLOCK))
            names.setdefault(row.psu_2, set()).add((town, block))
        counts = table.groupby("psu_2")["fpc_3"].agg(["size", "first"])
        assert (counts["size"] == np.minimum(counts["first"], 2)).all()
    assert all(len(found) == 1 for found in names.values())


def test_a_first_stage_of_all_is_a_stratification() -> None:
    drawn = multistage([TOWN], [None, 2], np.random.default_rng(7))
    assert [int(np.sum(TOWN[drawn.positions] == name)) for name in "abcd"] == [2, 2, 2, 2]
    np.testing.assert_allclose(np.sum(1 / drawn.probability), 20)


def test_one_of_each_household() -> None:
    rng = np.random.default_rng(8)
    household = rng.integers(0, 8, 20)
    sizes = np.bincount(household)[household]
    counts, stated = frequencies(lambda: one_per_cluster(household, rng), 20)
    np.testing.assert_allclose(stated, 1 / sizes, rtol=1e-12)
    assert within(counts[sizes > 1], stated[sizes > 1])
    drawn = one_per_cluster(household, rng)
    assert sorted(household[drawn.positions].tolist()) == sorted(set(household.tolist()))


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (partial(two_stage, TOWN, 0, 1), "SAM-CLUSTER-STAGES"),
        (partial(multistage, [TOWN], [1]), "SAM-CLUSTER-STAGES"),
        (partial(multistage, [TOWN, BLOCK[:3]], [1, 1, 1]), "SAM-CLUSTER-STAGES"),
        (partial(two_stage, TOWN, 1, 1, size=np.zeros(20)), "SAM-CLUSTER-STAGES"),
        (partial(two_stage, TOWN, 1, 1, method="other"), "SAM-CLUSTER-METHOD"),
    ],
)
def test_refusals(act, code) -> None:
    with pytest.raises(SamplingError) as refusal:
        act(rng=np.random.default_rng(1))
    assert refusal.value.code == code
