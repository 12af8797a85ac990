"""Hanurav-Vijayan, Murthy, order sampling and the other further methods keep what their papers promise."""

from collections import Counter
from itertools import combinations, pairwise, permutations, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi2, norm

from custody.errors import SamplingError
from sampling import methods as m
from sampling.methods.chromy import hit_chance
from sampling.methods.joint import _pps_systematic
from sampling.methods.support import supported

DRAWS = 6_000
LEVEL = 1e-4  # of one comparison; the seeds are fixed
SIZE = np.array([3.0, 7.0, 1.0, 5.0, 4.0])
PIK = m.inclusion_probabilities(SIZE, 2)
STEEP = m.inclusion_probabilities([5.0, 7.0, 1.0, 4.0, 2.0, 3.5], 3)
HITS = np.array([0.4, 1.7, 0.9, 0.0, 2.5, 0.5])

Design = dict[tuple[int, ...], float]


def successive_design(intensity: np.ndarray, n: int) -> Design:
    """Every order in which n units can come, each draw proportional to the intensity."""
    design = Counter[tuple[int, ...]]()
    for path in permutations(range(len(intensity)), n):
        chance, left = 1.0, float(intensity.sum())
        for unit in path:
            chance, left = chance * intensity[unit] / left, left - intensity[unit]
        design[tuple(sorted(path))] += chance
    return dict(design)


def uniform_order_design(pik: np.ndarray) -> Design:
    """Integral over the largest rank u / pi in the sample, between the corners of the densities."""
    n, corners = round(float(pik.sum())), np.concatenate([[0.0], np.sort(1 / pik)])

    def chance(sample: tuple[int, ...]) -> float:
        inside, outside = list(sample), [unit for unit in range(len(pik)) if unit not in sample]

        def density(t: float) -> float:
            below = np.minimum(t * pik, 1.0)
            slope = np.where(t * pik < 1, pik, 0.0)
            last = sum(slope[i] * np.prod(below[[j for j in inside if j != i]]) for i in inside)
            return float(last * np.prod(1 - below[outside]))

        return sum(quad(density, low, high)[0] for low, high in pairwise(corners))

    return {sample: chance(sample) for sample in combinations(range(len(pik)), n)}


def pareto_design(pik: np.ndarray) -> Design:
    """Integral over the largest rank in the sample, t = x / (1 - x), F = t o / (1 + t o) with o the odds."""
    odds = pik / (1 - pik)

    def chance(sample: tuple[int, ...]) -> float:
        inside, outside = list(sample), [unit for unit in range(len(pik)) if unit not in sample]

        def density(x: float) -> float:
            t = x / (1 - x)
            below, slope = t * odds / (1 + t * odds), odds / (1 + t * odds) ** 2
            last = sum(slope[i] * np.prod(below[[j for j in inside if j != i]]) for i in inside)
            return float(last * np.prod(1 - below[outside]) / (1 - x) ** 2)

        return quad(density, 0, 1)[0]

    return {sample: chance(sample) for sample in combinations(range(len(pik)), round(float(pik.sum())))}


def vijayan_design(pik: np.ndarray) -> Design:
    """As Vijayan states it: the chance of each cut, then each path through the units in rising order."""
    order, n = np.argsort(pik), round(float(pik.sum()))
    z, first = np.append(np.sort(pik) / n, 1 / n), len(pik) - n
    rest, design = z[:first].sum(), Counter[tuple[int, ...]]()
    for i in range(1, n + 1):
        cut = n * (z[first + i] - z[first + i - 1]) * (rest + i * z[first]) / rest
        sizes = np.append(z[:first], np.full(i, z[first]))
        for sample in combinations(range(first + i), i):
            chance, left = cut, i
            for unit in range(first + i):
                taken = left * sizes[unit] / sizes[unit:].sum()
                chance *= taken if unit in sample else 1 - taken
                left -= unit in sample
            design[tuple(sorted(order[[*sample, *range(first + i, len(pik))]].tolist()))] += chance
    return {sample: chance for sample, chance in design.items() if chance > 1e-15}


def support_design(pik: np.ndarray) -> Design:
    members, chances = supported(pik, round(float(pik.sum())))
    return {
        tuple(np.flatnonzero(row).tolist()): float(chance)
        for row, chance in zip(members, chances, strict=True)
    }


def pairs(design: Design, units: int) -> np.ndarray:
    joint = np.zeros((units, units))
    for sample, chance in design.items():
        member = np.isin(np.arange(units), sample).astype(float)
        joint += chance * np.outer(member, member)
    return joint


def p_value(draw, design: Design) -> float:
    """Whole samples are independent of each other, so Pearson's test holds; rare samples are put together."""
    rng = np.random.default_rng(20260401)
    seen = Counter(tuple(draw(rng).tolist()) for _draw in range(DRAWS))
    if any(design.get(sample, 0.0) < 1e-12 for sample in seen):
        return 0.0  # a sample that cannot be
    often = [sample for sample, chance in design.items() if chance * DRAWS >= 5]
    chances = np.array([design[sample] for sample in often])
    counts = np.array([seen[sample] for sample in often], dtype=float)
    rest = 1 - chances.sum()
    if rest > 1e-9:
        chances, counts = np.append(chances, rest), np.append(counts, DRAWS - counts.sum())
    return float(chi2.sf(np.sum((counts - DRAWS * chances) ** 2 / (DRAWS * chances)), len(chances) - 1))


SHARES = SIZE / SIZE.sum()
CASES = {
    "hanurav_vijayan": (lambda rng: m.hanurav_vijayan(STEEP, rng=rng), STEEP, vijayan_design(STEEP)),
    "minimum_support": (lambda rng: m.minimum_support(STEEP, rng=rng), STEEP, support_design(STEEP)),
    "murthy": (lambda rng: m.murthy(SIZE, rng=rng), SIZE, successive_design(SHARES, 2)),
    "pareto": (lambda rng: m.pareto(STEEP, rng=rng), STEEP, pareto_design(STEEP)),
    "sequential_poisson": (
        lambda rng: m.sequential_poisson(STEEP, rng=rng),
        STEEP,
        uniform_order_design(STEEP),
    ),
    "successive": (
        lambda rng: m.successive(STEEP, rng=rng),
        STEEP,
        successive_design(-np.log1p(-STEEP), 3),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_samples_come_with_their_probability(name) -> None:
    draw, _given, design = CASES[name]
    assert sum(design.values()) == pytest.approx(1.0, abs=1e-8)
    assert p_value(draw, design) > LEVEL


def test_the_comparison_tells_methods_apart() -> None:
    assert p_value(CASES["successive"][0], CASES["hanurav_vijayan"][2]) < LEVEL
    assert p_value(CASES["sequential_poisson"][0], CASES["successive"][2]) < LEVEL


@pytest.mark.parametrize("name", CASES)
def test_joint_probabilities_equal_the_listed_ones(name) -> None:
    _draw, given_to_it, design = CASES[name]
    listed = pairs(design, len(given_to_it))
    np.testing.assert_allclose(m.joint_inclusion(name, given_to_it), listed, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["hanurav_vijayan", "minimum_support"])
def test_inclusion_probabilities_are_those_asked_for(name) -> None:
    _draw, pik, design = CASES[name]
    np.testing.assert_allclose(np.diag(pairs(design, len(pik))), pik, rtol=0, atol=1e-12)


def test_murthy_of_cochrans_formula() -> None:
    listed = np.diag(pairs(CASES["murthy"][2], 5))
    np.testing.assert_allclose(m.murthy_inclusion(SIZE), listed, rtol=0, atol=1e-14)
    assert m.murthy_inclusion(SIZE).sum() == pytest.approx(2.0)


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 500), min_size=3, max_size=14), data=st.data())
def test_rows_of_joint_probabilities_sum_to_what_a_fixed_size_asks(sizes, data) -> None:
    n = data.draw(st.integers(1, len(sizes) - 1))
    pik = m.inclusion_probabilities(sizes, n)
    for method in ("hanurav_vijayan", "minimum_support"):
        joint = m.joint_inclusion(method, pik)
        np.testing.assert_allclose(joint.sum(axis=1) - pik, (n - 1) * pik, rtol=0, atol=1e-8, err_msg=method)
        assert np.all((joint >= 0) & (joint <= np.minimum.outer(pik, pik) + 1e-10))
    if n == 2:
        joint = m.joint_inclusion("hanurav_vijayan", pik)
        assert np.all(joint <= np.outer(pik, pik) + np.diag(pik) + 1e-12), "Sen-Yates-Grundy is not negative"


def test_order_sampling_comes_near_its_target_and_pareto_nearest() -> None:
    pik = m.inclusion_probabilities(np.random.default_rng(1).lognormal(0, 0.5, 36), 12)
    gaps = []
    for method in ("pareto", "successive", "sequential_poisson"):
        joint = m.joint_inclusion(method, pik)
        gaps.append(np.abs(np.diag(joint) - pik).max())
        np.testing.assert_allclose(joint.sum(axis=1), 12 * np.diag(joint), rtol=0, atol=1e-7)
    assert gaps == sorted(gaps)
    assert gaps[0] < 1e-3
    assert gaps[2] < 2e-2


def test_equal_order_sampling_is_simple_random_sampling() -> None:
    pik = np.full(9, 1 / 3)
    for method in ("pareto", "successive", "sequential_poisson"):
        np.testing.assert_allclose(m.joint_inclusion(method, pik), m.joint_inclusion("srs", pik), atol=1e-9)


def chromy_pairs(hits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every start and every branch of the walk: both drawn, and product of the hits."""
    count, n = len(hits), round(float(hits.sum()))
    both, products = np.zeros((count, count)), np.zeros((count, count))
    for start in np.flatnonzero(hits):
        states: dict[tuple[tuple[int, ...], int], float] = {((), 0): hits[start] / n}
        total = 0.0
        for unit in np.roll(np.arange(count), -start).tolist():
            before, total = total, round(total + hits[unit], 12)
            following = Counter[tuple[tuple[int, ...], int]]()
            for (sample, so_far), chance in states.items():
                up = hit_chance(before % 1.0, total % 1.0, so_far > before // 1)
                for extra, part_of in ((1, up), (0, 1 - up)):
                    if part_of > 0:
                        now = int(total // 1) + extra
                        following[sample + (unit,) * (now - so_far), now] += chance * part_of
            states = dict(following)
        for (sample, _total), chance in states.items():
            counts = np.bincount(sample, minlength=count)
            both += chance * np.outer(counts > 0, counts > 0)
            products += chance * np.outer(counts, counts)
    return both, products


def test_chromys_pairs_equal_the_listed_ones() -> None:
    both, products = chromy_pairs(HITS)
    np.testing.assert_allclose(m.joint_inclusion("chromy", HITS), both, rtol=0, atol=1e-12)
    np.testing.assert_allclose(m.joint_hits("chromy", HITS), products, rtol=0, atol=1e-12)
    np.testing.assert_allclose(products.sum(axis=1), 6 * HITS, rtol=0, atol=1e-12)


def test_hits_with_replacement_equal_the_listed_ones() -> None:
    products = np.zeros((3, 3))
    share = np.array([0.5, 0.2, 0.3])
    for path in product(range(3), repeat=3):
        counts = np.bincount(path, minlength=3)
        products += np.prod(share[list(path)]) * np.outer(counts, counts)
    np.testing.assert_allclose(m.joint_hits("pps_with_replacement", 3 * share), products, atol=1e-14)


def test_randomised_systematic_pairs_equal_those_of_all_orders() -> None:
    listed, count = np.zeros((6, 6)), 0
    for order in permutations(range(6)):
        listed[np.ix_(order, order)] += _pps_systematic(STEEP[list(order)], 3)
        count += 1
    listed /= count
    np.fill_diagonal(listed, STEEP)
    np.testing.assert_allclose(m.joint_inclusion("randomised_systematic", STEEP), listed, atol=1e-13)


def test_hartley_and_raos_series_is_near_the_exact_pairs() -> None:
    pik = m.inclusion_probabilities(np.random.default_rng(2).uniform(2, 3, 16), 3)
    exact = m.joint_inclusion("randomised_systematic", pik)
    off = ~np.eye(16, dtype=bool)
    assert np.abs(m.approximate_joint(pik) / exact - 1)[off].max() < 0.04
    equal = m.approximate_joint(np.full(50, 0.1))[0, 1]
    assert equal == pytest.approx(5 * 4 / (50 * 49), rel=2 / 50**3)
    entropy = m.joint_inclusion("conditional_poisson", pik)
    assert np.abs(m.approximate_joint(pik, "hajek") / entropy - 1)[off].max() < 0.05


def test_strata_are_independent_of_each_other() -> None:
    stratum = np.array([0, 1, 0, 1, 0, 1, 1])
    pik = m.stratified_inclusion_probabilities([1, 2, 3, 4, 5, 6, 7], stratum, [1, 2])
    joint = m.joint_inclusion("sampford", pik, stratum=stratum)
    inner = m.joint_inclusion("sampford", pik[stratum == 1])
    np.testing.assert_allclose(joint[np.ix_(stratum == 1, stratum == 1)], inner)
    np.testing.assert_allclose(
        joint[np.ix_(stratum == 0, stratum == 1)], np.outer(pik[stratum == 0], pik[stratum == 1])
    )
    srs = m.joint_inclusion("srs", [0.5, 0.5, 0.25, 0.25, 0.25, 0.25], stratum=[0, 0, 1, 1, 1, 1])
    assert srs[0].tolist() == [0.5, 0.0, 0.125, 0.125, 0.125, 0.125]


def test_simulated_pairs_agree_with_the_closed_form() -> None:
    found = m.simulate_joint(lambda rng: m.tille(STEEP, rng=rng), 6, 4_000, rng=np.random.default_rng(3))
    z = (found.joint - m.joint_inclusion("tille", STEEP)) / found.error
    assert np.abs(z).max() < norm.isf(1e-3 / 2 / 21)
    assert found.tidy().shape == (21, 4)


# -- certainty and limits of sizes


def test_certain_sizes_are_taken_and_the_rest_is_shared() -> None:
    pik = m.inclusion_probabilities([1, 2, 3, 4, 50], 3, certsize=4)
    assert pik.tolist() == [1 / 6, 2 / 6, 3 / 6, 1.0, 1.0]


def test_certain_shares_are_taken_again_from_what_is_left() -> None:
    """50 has half of 100, and then 30 has half of 50; of the 20 left 8 is less than half."""
    pik = m.inclusion_probabilities([4, 4, 4, 8, 30, 50], 4, certshare=0.5)
    assert pik.round(12).tolist() == [0.4, 0.4, 0.4, 0.8, 1.0, 1.0]


def test_sizes_are_raised_and_cut_but_nobody_of_size_0_comes_in() -> None:
    pik = m.inclusion_probabilities([0, 1, 5, 100], 1, minsize=4, maxsize=11)
    assert pik.tolist() == [0.0, 0.2, 0.25, 0.55]


# -- groups


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


# -- balanced and spread


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
        lambda rng: m.local_cube(X[:90], points[:90], pik[:90], rng, strata=strata[:90]), pik[:90], 400
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


# -- permanent random numbers


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


REFUSED = {
    "SAM-METHOD-CERTAIN": lambda _rng: m.inclusion_probabilities([1, 9, 9], 1, certsize=5),
    "SAM-METHOD-LIMITS": lambda _rng: m.inclusion_probabilities([1, 9], 1, certshare=1.5),
    "SAM-METHOD-GROUPS": lambda rng: m.random_groups(5, [2, 2], rng=rng),
    "SAM-METHOD-PARTS": lambda rng: m.hierarchical_local_pivotal([1, 2, 3], [2 / 3] * 3, [1, 2], rng),
    "SAM-METHOD-N": lambda rng: m.murthy([0, 3], rng=rng),
    "SAM-METHOD-OVERLAP": lambda _rng: m.expected_overlap([0.5], [0.5, 0.5]),
    "SAM-METHOD-APPROXIMATE": lambda _rng: m.approximate_joint([0.5, 0.5], "other"),
    "SAM-METHOD-JOINT-SIZE": lambda _rng: m.joint_inclusion("randomised_systematic", [0.5] * 40),
    "SAM-METHOD-JOINT": lambda _rng: m.joint_hits("sampford", [0.5, 0.5]),
    "SAM-METHOD-STRATUM": lambda _rng: m.srs_prn([0.1, 0.2], [1, 1]),
    "SAM-CLUSTER-STAGES": lambda rng: m.balanced_two_stage([1, 2], [0, 1], 1, 0, rng),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_does_not_fit_is_refused(code) -> None:
    with pytest.raises(SamplingError) as caught:
        REFUSED[code](np.random.default_rng(1))
    assert caught.value.code == code


def test_combinations_are_as_many_as_listed() -> None:
    assert len(CASES["murthy"][2]) == comb(5, 2)
