"""Counts, sizes, strata, orders, keys and cluster labels that are none are refused; edges of counts hold."""

from collections.abc import Callable
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from custody.errors import SamplingError
from sampling import methods as m
from sampling.methods.joint import JointMethod

Draw = Callable[..., np.ndarray]


def seeded(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def drawn_well(drawn: np.ndarray, units: int) -> None:
    assert isinstance(drawn, np.ndarray)
    assert drawn.dtype == np.int64
    assert drawn.ndim == 1
    assert np.all(np.diff(drawn) > 0)
    assert np.all((drawn >= 0) & (drawn < units))


COUNTED: dict[str, Draw] = {
    "inclusion_probabilities": lambda units, n: m.inclusion_probabilities(np.ones(units), n),
    "pps_with_replacement": lambda units, n: m.pps_with_replacement(np.ones(units), n, rng=seeded()),
    "rotation_sample": lambda units, n: m.rotation_sample(seeded().random(units), n, panels=2, occasion=1),
    "srs": lambda units, n: m.srs(units, n, rng=seeded()),
    "srs_prn": lambda units, n: m.srs_prn(seeded().random(units), n),
    "srs_with_replacement": lambda units, n: m.srs_with_replacement(units, n, rng=seeded()),
    "stratified_srs": lambda units, n: m.stratified_srs(np.zeros(units), [n], rng=seeded()),
    "systematic": lambda units, n: m.systematic(units, n, rng=seeded()),
}
AGAIN = ("pps_with_replacement", "srs_with_replacement")  # a unit can come more than once


@pytest.mark.parametrize("n", [-1, 1.5, np.nan, np.inf, "3", None, [1, 2], 6])
@pytest.mark.parametrize("name", COUNTED)
def test_sample_sizes_that_are_none_are_refused(name, n) -> None:
    if n == 6 and name in AGAIN:
        assert len(COUNTED[name](5, n)) == 6
        return
    with pytest.raises(SamplingError) as caught:
        COUNTED[name](5, n)
    assert caught.value.code in ("SAM-METHOD-N", "SAM-METHOD-STRATUM")
    assert caught.value.hint


@pytest.mark.parametrize("name", [name for name in COUNTED if name != "inclusion_probabilities"])
def test_sample_sizes_at_the_edges(name) -> None:
    for units, n in ((0, 0), (1, 0), (1, 1), (5, 0), (5, 5), (5, np.int32(2)), (5, 2.0)):
        drawn = COUNTED[name](units, n)
        assert drawn.dtype == np.int64
        assert len(drawn) == n
        assert np.all(np.diff(drawn) >= (0 if name in AGAIN else 1))
        if n == units and name not in AGAIN:
            assert drawn.tolist() == list(range(units))


@pytest.mark.parametrize("units", [-1, 1.5, np.nan, "3", None, [3]])
@pytest.mark.parametrize(
    "draw",
    [
        lambda units: m.srs(units, 0, rng=seeded()),
        lambda units: m.srs_with_replacement(units, 0, rng=seeded()),
        lambda units: m.bernoulli(units, 0.5, rng=seeded()),
        lambda units: m.systematic(units, 0, rng=seeded()),
        lambda units: m.random_groups(units, 1, rng=seeded()),
        lambda units: m.balanced_bootstrap(units, 1, rng=seeded()),
    ],
    ids=["srs", "srs_with_replacement", "bernoulli", "systematic", "random_groups", "balanced_bootstrap"],
)
def test_population_sizes_that_are_none_are_refused(draw, units) -> None:
    with pytest.raises(SamplingError) as caught:
        draw(units)
    assert caught.value.code == "SAM-METHOD-UNITS"


def test_nobody_can_be_drawn_again_and_again_from_nobody() -> None:
    for draw in (
        lambda: m.srs_with_replacement(0, 2, rng=seeded()),
        lambda: m.pps_with_replacement([], 2, rng=seeded()),
        lambda: m.pps_with_replacement([0, 0], 2, rng=seeded()),
        lambda: m.murthy([], rng=seeded()),
    ):
        with pytest.raises(SamplingError) as caught:
            draw()
        assert caught.value.code == "SAM-METHOD-N"


@pytest.mark.parametrize("size", [[1, np.nan], [1, -1], [1, np.inf], [[1, 2]], ["a", "b"], None, 3])
def test_sizes_that_are_none_are_refused(size) -> None:
    for draw in (
        lambda: m.inclusion_probabilities(size, 1),
        lambda: m.pps_with_replacement(size, 1, rng=seeded()),
        lambda: m.murthy(size, rng=seeded()),
    ):
        with pytest.raises(SamplingError) as caught:
            draw()
        assert caught.value.code == "SAM-METHOD-SIZE"


def test_sizes_of_any_magnitude_keep_their_shares() -> None:
    for scale in (1e-300, 1e-12, 1e12, 1e307):
        sizes = np.array([1.0, 2.0, 3.0, 4.0, 5.0]) * scale
        np.testing.assert_allclose(m.inclusion_probabilities(sizes, 2).sum(), 2.0)
        np.testing.assert_allclose(
            m.inclusion_probabilities(sizes, 1), [1 / 15, 2 / 15, 3 / 15, 4 / 15, 5 / 15]
        )


@pytest.mark.parametrize(
    "stratum", [[0, 2, 1], [0, -1, 1], [0, np.nan, 1], [0, 0.5, 1], ["a", "b", "c"], [[0, 1, 1]]]
)
def test_strata_that_are_none_are_refused(stratum) -> None:
    for draw in (
        lambda: m.stratified_srs(stratum, [1, 1], rng=seeded()),
        lambda: m.srs_prn([0.1, 0.2, 0.3], [1, 1], stratum=stratum),
        lambda: m.stratified_inclusion_probabilities([1, 1, 1], stratum, [1, 1]),
        lambda: m.cotton_hesse([0.1, 0.2, 0.3], [1, 1], stratum=stratum),
        lambda: m.reserve_order([0.1, 0.2, 0.3], [1, 1], [0, 0], stratum=stratum),
    ):
        with pytest.raises(SamplingError) as caught:
            draw()
        assert caught.value.code == "SAM-METHOD-STRATUM"


def test_strata_without_units_and_units_without_strata() -> None:
    assert m.stratified_srs([], [], rng=seeded()).tolist() == []
    assert m.stratified_srs([2, 2], [0, 0, 1], rng=seeded()).tolist() in ([0], [1])
    assert m.reserve_order([], 0, 0).tolist() == []
    assert m.cotton_hesse([], 0).tolist() == []
    assert m.collocated([], rng=seeded()).tolist() == []
    assert m.random_groups(0, 3, rng=seeded()).tolist() == []


@pytest.mark.parametrize("chance", [-0.1, 1.1, np.nan, "a", None])
def test_a_chance_that_is_none_is_refused(chance) -> None:
    with pytest.raises(SamplingError) as caught:
        m.bernoulli(3, chance, rng=seeded())
    assert caught.value.code == "SAM-METHOD-PIK"


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [0, 1, 3], [0.0, 1.5, 2.0], "abc"])
def test_an_order_that_is_none_is_refused(order) -> None:
    with pytest.raises(SamplingError) as caught:
        m.systematic(3, 1, rng=seeded(), order=order)
    assert caught.value.code == "SAM-METHOD-ORDER"


@pytest.mark.parametrize("keys", [[], [[1, 2], [1]], [[[1, 2]]], [3], [[1, np.nan]], [["a", None]]])
def test_keys_that_are_none_are_refused(keys) -> None:
    with pytest.raises(SamplingError) as caught:
        m.serpentine(keys)
    assert caught.value.code == "SAM-METHOD-KEYS"


STAGES: dict[str, Draw] = {
    "balanced_clusters": lambda labels: m.balanced_clusters(np.ones(len(labels)), labels, 1, seeded()),
    "balanced_two_stage": lambda labels: m.balanced_two_stage(np.ones(len(labels)), labels, 1, 1, seeded()),
    "multistage": lambda labels: m.multistage([labels], [1, None], seeded()),
    "one_per_cluster": lambda labels: m.one_per_cluster(labels, seeded()),
    "two_stage": lambda labels: m.two_stage(labels, 1, 1, seeded()),
    "two_stage, pps": lambda labels: m.two_stage(labels, 1, 1, seeded(), method="pps"),
}


@pytest.mark.parametrize("name", STAGES)
def test_clusters_of_any_label_and_one_unit_alone(name) -> None:
    for labels in (["a"], [7], ["b", "a", "b"], pd.Series(["x", "x"], index=[5, 6])):
        found = STAGES[name](labels)
        drawn_well(found.positions, len(labels))
        assert len(found.positions) >= 1
        assert np.all((found.probability > 0) & (found.probability <= 1))
        assert len(found.tidy()) == len(found.positions)
    alone = STAGES[name]([3])
    assert alone.positions.tolist() == [0]
    assert alone.probability.tolist() == [1.0]


@pytest.mark.parametrize("labels", [["a", None], [1.0, np.nan], [["a"], ["b"]], pd.Series(["a", pd.NA])])
@pytest.mark.parametrize("name", STAGES)
def test_labels_that_are_missing_are_refused(name, labels) -> None:
    with pytest.raises(SamplingError) as caught:
        STAGES[name](labels)
    assert caught.value.code == "SAM-CLUSTER-STAGES"


@pytest.mark.parametrize("take", [0, -1, 1.5, np.nan, np.inf, "2"])
def test_numbers_of_clusters_that_are_none_are_refused(take) -> None:
    for takes in ([take, 1], [1, take]):
        with pytest.raises(SamplingError):
            m.multistage([["a", "b", "b"]], takes, seeded())
    with pytest.raises(SamplingError):
        m.balanced_two_stage([1.0, 1.0], ["a", "b"], 1, take, seeded())


@pytest.mark.parametrize("times", [0, -1, 1.5, np.nan, "2", None])
def test_numbers_of_repeats_that_are_none_are_refused(times) -> None:
    for act in (
        lambda: m.balanced_bootstrap(3, times, rng=seeded()),
        lambda: m.simulate_joint(lambda rng: m.srs(3, 1, rng=rng), 3, times, rng=seeded()),
        lambda: m.rotation_sample([0.1, 0.2], 1, panels=times, occasion=0),
    ):
        with pytest.raises(SamplingError) as caught:
            act()
        assert caught.value.code == "SAM-METHOD-REPEATS"


@pytest.mark.parametrize("name", ["multistage", "one_per_cluster", "two_stage", "two_stage, pps"])
def test_no_clusters_give_nobody(name) -> None:
    assert STAGES[name]([]).positions.tolist() == []


@pytest.mark.parametrize("method", [m.balanced_clusters, m.balanced_two_stage])
def test_no_balanced_clusters_give_nobody(method) -> None:
    more = (1,) if method is m.balanced_two_stage else ()
    assert method([], [], 0, *more, seeded()).positions.tolist() == []
    assert method([1.0, 2.0], ["a", "b"], 0, *more, seeded()).positions.tolist() == []
    with pytest.raises(SamplingError):
        method([1.0, 2.0], ["a", "b"], 3, *more, seeded())


JOINT = sorted(set(get_args(JointMethod)) - {"murthy", "pps_with_replacement", "srs_with_replacement"})


@pytest.mark.parametrize("method", JOINT)
def test_joint_probabilities_at_the_edges(method) -> None:
    assert m.joint_inclusion(method, []).shape == (0, 0)
    assert m.joint_inclusion(method, [0.0, 0.0]).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert m.joint_inclusion(method, [1.0, 1.0]).tolist() == [[1.0, 1.0], [1.0, 1.0]]
    mixed = m.joint_inclusion(method, [1.0, 0.0, 0.5, 0.5])
    assert mixed[0].round(9).tolist() == [1.0, 0.0, 0.5, 0.5]
    assert np.array_equal(mixed, mixed.T)
    frozen = np.array([0.5, 0.5])
    frozen.flags.writeable = False
    assert m.joint_inclusion(method, frozen)[0, 0].round(9) == 0.5
    with pytest.raises(SamplingError):
        m.joint_inclusion(method, [0.5, np.nan])
