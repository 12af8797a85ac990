"""Fixed size, certain units, joint sums and frequencies hold for any inclusion probabilities."""

from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from custody.errors import SamplingError
from sampling.methods.brewer import brewer
from sampling.methods.chromy import chromy
from sampling.methods.conditional_poisson import (
    conditional_inclusion,
    conditional_poisson,
    rejective,
    working_probabilities,
)
from sampling.methods.hanurav import hanurav_vijayan
from sampling.methods.inclusion import inclusion_probabilities, part
from sampling.methods.joint import joint_inclusion
from sampling.methods.midzuno import midzuno
from sampling.methods.order import sequential_poisson, successive
from sampling.methods.pareto import pareto
from sampling.methods.poisson import poisson, pps_with_replacement
from sampling.methods.sampford import sampford
from sampling.methods.simple import srs, stratified_srs
from sampling.methods.support import minimum_support
from sampling.methods.systematic import pps_systematic, serpentine, systematic
from sampling.methods.tille import tille

EXACT = [brewer, chromy, hanurav_vijayan, midzuno, minimum_support, pps_systematic, sampford, tille]
FIXED = [*EXACT, conditional_poisson, pareto, sequential_poisson, successive]
ROWS = (
    "conditional_poisson",
    "hanurav_vijayan",
    "midzuno",
    "minimum_support",
    "pps_systematic",
    "sampford",
    "tille",
)
SIZES = st.lists(st.integers(0, 500), min_size=3, max_size=25).filter(
    lambda sizes: sum(map(bool, sizes)) >= 2
)


@given(sizes=SIZES, data=st.data())
def test_probabilities_are_proportional_and_sum_to_n(sizes, data) -> None:
    n = data.draw(st.integers(0, sum(map(bool, sizes))))
    pik = inclusion_probabilities(sizes, n)
    assert pik.sum() == pytest.approx(n, abs=1e-10)
    assert np.all((pik >= 0) & (pik <= 1))
    size = np.array(sizes, dtype=float)
    free = (pik > 0) & (pik < 1)
    if free.any():
        rate = (pik[free] / size[free]).mean()
        np.testing.assert_allclose(pik[free], rate * size[free], rtol=1e-12)
        assert np.all(rate * size[pik == 1] >= 1 - 1e-12)


@settings(max_examples=40, deadline=None)
@given(sizes=SIZES, seed=st.integers(0, 2**32 - 1), data=st.data())
def test_size_order_and_certain_units(sizes, seed, data) -> None:
    n = data.draw(st.integers(1, sum(map(bool, sizes)) - 1))
    pik = inclusion_probabilities(sizes, n)
    for method in FIXED:
        drawn = method(pik, rng=np.random.default_rng(seed))
        assert len(drawn) == n, method
        assert drawn.dtype == np.int64
        assert np.all(np.diff(drawn) > 0)
        assert np.isin(np.flatnonzero(pik == 1), drawn).all()
        assert np.all(pik[drawn] > 0)
        assert drawn.tolist() == method(pik, rng=np.random.default_rng(seed)).tolist()


@settings(max_examples=40, deadline=None)
@given(sizes=SIZES, data=st.data())
def test_joint_rows_sum_to_what_a_fixed_size_asks(sizes, data) -> None:
    n = data.draw(st.integers(1, sum(map(bool, sizes)) - 1))
    pik = inclusion_probabilities(sizes, n)
    for method in ROWS:
        joint = joint_inclusion(method, pik)
        np.testing.assert_array_equal(np.diag(joint), np.where(pik > 1 - 1e-10, 1.0, pik))
        np.testing.assert_allclose(joint.sum(axis=1) - pik, (n - 1) * pik, rtol=0, atol=1e-9, err_msg=method)
        assert np.all(joint >= 0)
        assert np.all(joint <= np.minimum.outer(pik, pik) + 1e-10)


@pytest.mark.parametrize("units", [2, 3, 40, 2_000])
def test_working_probabilities_give_back_the_wanted_ones(units) -> None:
    size = np.random.default_rng(units).lognormal(0, 1.5, units)
    pik = inclusion_probabilities(size, max(1, units // 4))
    parts = part(pik)
    found = conditional_inclusion(working_probabilities(pik)[parts.free], parts.n)
    np.testing.assert_allclose(found, parts.pik, rtol=0, atol=1e-11)


@pytest.mark.parametrize("method", [*EXACT, "rejective"])
def test_frequencies_of_many_units(method) -> None:
    """A z for each of 60 units, against Bonferroni's limit."""
    pik = inclusion_probabilities(np.random.default_rng(3).lognormal(0, 1, 60), 20)
    rng, draws, counts = np.random.default_rng(11), 3_000, np.zeros(60)
    parts = part(pik)
    working = working_probabilities(pik)[parts.free]
    for _draw in range(draws):
        drawn = (
            parts.joined(rejective(working, parts.n, rng=rng))
            if method == "rejective"
            else method(pik, rng=rng)
        )
        counts[drawn] += 1
    free = parts.free
    z = (counts[free] - draws * pik[free]) / np.sqrt(draws * pik[free] * (1 - pik[free]))
    assert np.max(np.abs(z)) < norm.isf(1e-3 / 2 / len(free))
    assert np.all(counts[parts.certain] == draws)


def test_pareto_comes_near_its_target() -> None:
    pik = inclusion_probabilities(np.random.default_rng(3).uniform(1, 4, 60), 20)
    rng, draws, counts = np.random.default_rng(12), 20_000, np.zeros(60)
    for _draw in range(draws):
        counts[pareto(pik, rng=rng)] += 1
    assert np.max(np.abs(counts / draws - pik)) < 0.02


@given(units=st.integers(1, 200), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_equal_systematic_is_even(units, seed, data) -> None:
    n = data.draw(st.integers(0, units))
    drawn = systematic(units, n, rng=np.random.default_rng(seed))
    assert len(set(drawn.tolist())) == n
    steps = np.diff(drawn)
    assert np.all((steps >= floor(units / max(n, 1))) & (steps <= ceil(units / max(n, 1))))


def test_systematic_of_a_serpentine_order_is_proportional_in_each_group() -> None:
    rng = np.random.default_rng(4)
    town, age = rng.integers(0, 6, 600), rng.integers(65, 100, 600)
    order = serpentine([town, age])
    drawn = systematic(600, 60, rng=rng, order=order)
    counts, all_ = np.bincount(town[drawn], minlength=6), np.bincount(town, minlength=6)
    assert np.all(np.abs(counts - all_ / 10) < 1)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=60))
def test_serpentine_turns_at_each_group(rows) -> None:
    order = serpentine([np.array(column) for column in zip(*rows, strict=True)])
    assert sorted(order.tolist()) == list(range(len(rows)))
    seen = [rows[place] for place in order]
    for depth in range(3):
        groups = list(dict.fromkeys(row[: depth + 1] for row in seen))
        assert len(groups) == len({row[: depth + 1] for row in rows}), "a group comes once"
    parents = list(dict.fromkeys(row[:1] for row in seen))
    for place, parent in enumerate(parents):
        inner = [row[1] for row in seen if row[:1] == parent]
        assert inner == sorted(inner, reverse=bool(place % 2))


def test_strata_get_their_sizes() -> None:
    rng = np.random.default_rng(5)
    stratum = rng.integers(0, 9, 5_000)
    sizes = np.array([3, 0, 50, 7, 1, 20, 2, 9, 11])
    drawn = stratified_srs(stratum, sizes, rng=rng)
    assert np.bincount(stratum[drawn], minlength=9).tolist() == sizes.tolist()
    assert np.all(np.diff(drawn) > 0)


@pytest.mark.parametrize("method", [poisson, pareto])
def test_permanent_numbers_keep_units_as_far_as_their_probabilities_allow(method) -> None:
    rng = np.random.default_rng(6)
    prn, size = rng.random(400), rng.uniform(1, 3, 400)
    smaller = method(inclusion_probabilities(size, 50), prn=prn)
    larger = method(inclusion_probabilities(size, 100), prn=prn)
    assert smaller.tolist() == method(inclusion_probabilities(size, 50), prn=prn).tolist()
    assert np.isin(smaller, larger).mean() > 0.95
    assert np.isin(smaller, method(inclusion_probabilities(size, 50), prn=1 - prn - 1e-9)).mean() < 0.05


REFUSED = {
    "SAM-METHOD-PRN": lambda _rng: poisson([0.5, 0.5], prn=[0.1, 1.0]),
    "SAM-METHOD-N": lambda rng: srs(3, 4, rng=rng),
    "SAM-METHOD-SIZE": lambda rng: pps_with_replacement([1, -1], 2, rng=rng),
    "SAM-METHOD-PIK": lambda rng: poisson([0.5, float("nan")], rng=rng),
    "SAM-METHOD-SUM": lambda rng: sampford([0.5, 0.7], rng=rng),
    "SAM-METHOD-HITS": lambda rng: chromy([0.5, 0.7], rng=rng),
    "SAM-METHOD-STRATUM": lambda rng: stratified_srs([0, 2], [1, 1], rng=rng),
    "SAM-METHOD-JOINT": lambda _rng: joint_inclusion("cube", [0.5, 0.5]),
    "SAM-METHOD-EQUAL": lambda _rng: joint_inclusion("srs", [0.4, 0.6]),
    "SAM-METHOD-JOINT-SIZE": lambda _rng: joint_inclusion("brewer", [0.5] * 60),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_does_not_fit_is_refused(code) -> None:
    with pytest.raises(SamplingError) as caught:
        REFUSED[code](np.random.default_rng(1))
    assert caught.value.code == code


@pytest.mark.parametrize("method", FIXED)
def test_nobody_and_everybody(method) -> None:
    rng = np.random.default_rng(1)
    assert method([0.0, 0.0], rng=rng).tolist() == []
    assert method([1.0, 1.0], rng=rng).tolist() == [0, 1]
    assert method([1 - 1e-8, 1 - 1e-8, 1e-8], rng=rng).tolist() == [0, 1]
