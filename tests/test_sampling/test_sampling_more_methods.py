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
    assert repr(found) == "SimulatedJoint(6 units, 4000 draws)"
    assert found._repr_html_().count("<tr>") == 22


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
