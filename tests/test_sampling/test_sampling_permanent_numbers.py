"""Permanent random numbers coordinate samples and release them in order; random groups are equal to one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from sampling import methods as m


def test_the_circle_wraps_and_the_order_of_the_frame_plays_no_part() -> None:
    rng = np.random.default_rng(15)
    prn, stratum = rng.random(80), rng.integers(0, 3, 80)
    drawn = m.srs_prn(prn, [4, 0, 7], start=0.8, stratum=stratum)
    for code, size in enumerate((4, 0, 7)):
        own = np.flatnonzero(stratum == code)
        expected = own[np.argsort((prn[own] - 0.8) % 1.0)][:size]
        assert set(drawn[stratum[drawn] == code]) == set(expected)
    mixed = rng.permutation(80)
    again = m.srs_prn(prn[mixed], [4, 0, 7], start=0.8, stratum=stratum[mixed])
    assert sorted(mixed[again].tolist()) == drawn.tolist()


def test_samples_of_permanent_numbers_have_their_probabilities() -> None:
    rng, counts = np.random.default_rng(16), np.zeros(10)
    for _draw in range(4_000):
        counts[m.srs_prn(rng.random(10), 3, start=0.9)] += 1
    assert np.abs((counts - 1_200) / np.sqrt(4_000 * 0.21)).max() < norm.isf(1e-3 / 2 / 10)


@pytest.mark.parametrize("n", [7, 12])
def test_one_panel_is_replaced_each_time(n) -> None:
    prn = np.random.default_rng(17).random(50)
    drawn = [set(m.rotation_sample(prn, n, panels=4, occasion=t).tolist()) for t in range(9)]
    assert all(len(sample) == n for sample in drawn)
    for apart in range(1, 5):
        for first, second in zip(drawn, drawn[apart:], strict=False):
            assert abs(len(first & second) - n * (1 - apart / 4)) < 1


def test_exchanged_numbers_avoid_the_last_sample_and_stay_uniform() -> None:
    rng = np.random.default_rng(18)
    prn, stratum = rng.random(60), rng.integers(0, 2, 60)
    after = m.cotton_hesse(prn, [8, 5], stratum=stratum)
    assert sorted(after.tolist()) == sorted(prn.tolist())
    first = m.srs_prn(prn, [8, 5], stratum=stratum)
    assert not np.isin(m.srs_prn(after, [15, 15], stratum=stratum), first).any()
    values = np.array([m.cotton_hesse(rng.random(5), 2)[1] for _draw in range(3_000)])
    assert np.abs(np.histogram(values, bins=6, range=(0, 1))[0] - 500).max() < 5 * np.sqrt(500)


def test_collocated_numbers_fix_the_size_and_keep_the_order() -> None:
    rng = np.random.default_rng(19)
    prn, counts = rng.random(40), np.zeros(40)
    for _draw in range(500):
        spaced = m.collocated(prn, rng=rng)
        assert np.array_equal(np.argsort(spaced), np.argsort(prn))
        size = len(m.bernoulli(40, 0.23, prn=spaced))
        assert size in (9, 10)
        counts += m.collocated(rng.random(40), rng=rng) < 0.23
    assert np.abs((counts - 115) / np.sqrt(500 * 0.23 * 0.77)).max() < norm.isf(1e-3 / 2 / 40)


def test_the_overlap_is_as_expected() -> None:
    rng = np.random.default_rng(20)
    first, second = rng.uniform(0, 1, 30), rng.uniform(0, 1, 30)
    for start, other in ((0.0, 0.0), (0.3, 0.9), (0.7, 0.2)):
        shared = []
        for _draw in range(2_000):
            prn = rng.random(30)
            one = m.poisson(first, prn=m.shifted_prn(prn, start))
            two = m.poisson(second, prn=m.shifted_prn(prn, other))
            shared.append(len(np.intersect1d(one, two)))
        expected = m.expected_overlap(first, second, start=start, other=other)
        assert abs(np.mean(shared) - expected) < 4 * np.std(shared) / np.sqrt(2_000)
    assert m.expected_overlap(first, second) == pytest.approx(np.minimum(first, second).sum())


def test_any_first_part_of_the_release_is_spread_over_the_strata() -> None:
    rng = np.random.default_rng(21)
    prn, stratum = rng.random(900), rng.integers(0, 3, 900)
    n, reserve = np.array([50, 120, 30]), np.array([10, 0, 20])
    order = m.reserve_order(prn, n, reserve, start=0.4, stratum=stratum)
    assert len(set(order.tolist())) == len(order) == 230
    assert sorted(order[:200].tolist()) == m.srs_prn(prn, n, start=0.4, stratum=stratum).tolist()
    all_ = m.srs_prn(prn, n + reserve, start=0.4, stratum=stratum)
    assert sorted(order.tolist()) == all_.tolist()
    for released in range(1, 201):
        counts = np.bincount(stratum[order[:released]], minlength=3)
        assert np.all(np.abs(counts - released * n / 200) < 1.5)
    own = order[stratum[order] == 1]
    assert np.all(np.diff((prn[own] - 0.4) % 1.0) > 0)


@given(units=st.integers(0, 60), groups=st.integers(1, 9), seed=st.integers(0, 2**32 - 1))
def test_groups_are_equal_to_one_in_each_stratum_and_over_all(units, groups, seed) -> None:
    rng = np.random.default_rng(seed)
    stratum = rng.integers(0, 4, units)
    found = m.random_groups(units, groups, rng=rng, stratum=stratum)
    for part in (found, *(found[stratum == code] for code in range(4))):
        assert np.ptp(np.bincount(part, minlength=groups)) <= 1
    again = m.random_groups(units, np.bincount(found, minlength=groups), rng=rng)
    assert np.bincount(again, minlength=groups).tolist() == np.bincount(found, minlength=groups).tolist()


def test_each_unit_is_in_each_group_equally_often() -> None:
    rng, counts = np.random.default_rng(8), np.zeros((5, 3))
    for _draw in range(3_000):
        counts[np.arange(5), m.random_groups(5, 3, rng=rng)] += 1
    z = (counts - 1_000) / np.sqrt(3_000 * 2 / 9)
    assert np.abs(z).max() < norm.isf(1e-3 / 2 / 15)


def test_the_balanced_bootstrap_takes_each_unit_equally_often() -> None:
    drawn = m.balanced_bootstrap(11, 6, rng=np.random.default_rng(9))
    assert drawn.shape == (6, 11)
    assert np.all(np.bincount(drawn.ravel()) == 6)
    assert len(set(drawn[0].tolist())) < 11
