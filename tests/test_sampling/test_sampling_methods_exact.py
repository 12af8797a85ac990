"""Every selection method draws each sample with its exact probability, listed sample by sample."""

import importlib
from collections import Counter
from collections.abc import Callable
from itertools import combinations, product
from math import comb
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from sampling.methods.brewer import brewer
from sampling.methods.chromy import chromy
from sampling.methods.conditional_poisson import conditional_poisson, rejective, working_probabilities
from sampling.methods.cube import cube
from sampling.methods.hanurav import hanurav_vijayan
from sampling.methods.inclusion import inclusion_probabilities, part
from sampling.methods.joint import joint_inclusion
from sampling.methods.midzuno import midzuno
from sampling.methods.murthy import murthy
from sampling.methods.order import successive
from sampling.methods.pareto import pareto
from sampling.methods.pivotal import local_pivotal_1, local_pivotal_2, pivotal
from sampling.methods.poisson import poisson, pps_with_replacement
from sampling.methods.sampford import _poisson, _with_replacement, sampford
from sampling.methods.scps import spatially_correlated_poisson
from sampling.methods.simple import bernoulli, srs, srs_with_replacement, stratified_srs
from sampling.methods.support import minimum_support
from sampling.methods.systematic import pps_systematic, systematic
from sampling.methods.tille import tille

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    listed = importlib.import_module("inclusion_designs")
    orders = importlib.import_module("inclusion_orders")
    trees = importlib.import_module("inclusion_trees")

DRAWS = 5_000
SLOW = 1_500  # of the methods that take half a millisecond a draw
LEVEL = 1e-4  # of one comparison; the seeds are fixed
SIZE = np.array([3.0, 7.0, 1.0, 5.0, 4.0])
PIK = inclusion_probabilities(SIZE, 2)
HITS = np.array([0.4, 1.7, 0.9, 0.0, 2.5, 0.5])
STEEP = inclusion_probabilities([5.0, 7.0, 1.0, 4.0, 2.0, 3.5], 3)
WORKING = working_probabilities(STEEP)
PLACES = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.5, 0.3], [2.6, 1.0]])  # four tie
BALANCED = np.column_stack([STEEP, [1.0, 4.0, 2.5, 3.7, 0.6, 2.9]])

Design = dict[tuple[int, ...], float]


def equal_systematic(units: int, n: int) -> Design:
    return listed.systematic_design(np.full(units, n / units))


def strata_design() -> Design:
    return {
        tuple(sorted((*first, *second))): 1 / 18
        for first in combinations((0, 2, 4, 5), 2)
        for second in combinations((1, 3, 6), 1)
    }


EQUAL = np.full(5, 0.4)
CASES = {
    "srs": (lambda rng: srs(5, 2, rng=rng), listed.subsets(EQUAL, lambda _s: 1.0)),
    "srs_with_replacement": (
        lambda rng: srs_with_replacement(4, 2, rng=rng),
        listed.replacement_design(np.full(4, 0.25), 2),
    ),
    "stratified_srs": (lambda rng: stratified_srs([0, 1, 0, 1, 0, 0, 1], [2, 1], rng=rng), strata_design()),
    "bernoulli": (lambda rng: bernoulli(4, 0.3, rng=rng), listed.independent_design(np.full(4, 0.3))),
    "poisson": (lambda rng: poisson(PIK, rng=rng), listed.independent_design(PIK)),
    "systematic": (lambda rng: systematic(7, 3, rng=rng), equal_systematic(7, 3)),
    "pps_systematic": (lambda rng: pps_systematic(STEEP, rng=rng), listed.systematic_design(STEEP)),
    "pps_systematic, randomised": (
        lambda rng: pps_systematic(PIK, rng=rng, randomised=True),
        listed.randomised_design(PIK),
    ),
    "pps_with_replacement": (
        lambda rng: pps_with_replacement(SIZE, 2, rng=rng),
        listed.replacement_design(SIZE / SIZE.sum(), 2),
    ),
    "pareto": (lambda rng: pareto(PIK, rng=rng), listed.pareto_design(PIK)),
    "conditional_poisson": (
        lambda rng: rejective(WORKING, 3, rng=rng),
        listed.entropy_design(STEEP),
    ),
    "sampford": (lambda rng: sampford(STEEP, rng=rng), listed.sampford_design(STEEP)),
    "sampford, with replacement": (
        lambda rng: _with_replacement(part(STEEP), normed_odds(STEEP), 5, rng),
        listed.sampford_design(STEEP),
    ),
    "sampford, Poisson": (lambda rng: _poisson(part(STEEP), rng), listed.sampford_design(STEEP)),
    "brewer": (lambda rng: brewer(STEEP, rng=rng), listed.brewer_design(STEEP)),
    "tille": (lambda rng: tille(STEEP, rng=rng), listed.elimination_design(STEEP)),
    "midzuno": (lambda rng: midzuno(STEEP, rng=rng), listed.complement_design(STEEP)),
    "chromy": (lambda rng: chromy(HITS, rng=rng), listed.chromy_design(HITS)),
    "hanurav_vijayan": (lambda rng: hanurav_vijayan(STEEP, rng=rng), orders.hanurav_design(STEEP)),
    "minimum_support": (lambda rng: minimum_support(STEEP, rng=rng), orders.support_design(STEEP)),
    "murthy": (lambda rng: murthy(SIZE, rng=rng), orders.murthy_design(SIZE)),
    "successive": (lambda rng: successive(STEEP, rng=rng), orders.successive_design(STEEP)),
    "pivotal": (lambda rng: pivotal(STEEP, rng), trees.random_pivotal_design(STEEP)),
    "pivotal, given order": (
        lambda rng: pivotal(STEEP, rng, order="given"),
        trees.ordered_pivotal_design(STEEP),
    ),
}
WALKS = {
    "local_pivotal_1": (
        lambda rng: local_pivotal_1(PLACES, STEEP, rng),
        lambda: trees.local_pivotal_design(STEEP, PLACES, mutual=True),
    ),
    "local_pivotal_2": (
        lambda rng: local_pivotal_2(PLACES, STEEP, rng),
        lambda: trees.local_pivotal_design(STEEP, PLACES, mutual=False),
    ),
    "spatially_correlated_poisson": (
        lambda rng: spatially_correlated_poisson(PLACES, STEEP, rng),
        lambda: trees.correlated_poisson_design(STEEP, PLACES),
    ),
    "cube": (lambda rng: cube(BALANCED, STEEP, rng), lambda: trees.cube_design(STEEP, BALANCED)),
    "cube, suppression": (
        lambda rng: cube(BALANCED, STEEP, rng, landing="suppression"),
        lambda: trees.cube_design(STEEP, BALANCED),
    ),
}


def normed_odds(pik: np.ndarray) -> np.ndarray:
    odds = pik / (1 - pik)
    return odds / odds.sum()


def p_value(draw: Callable[[np.random.Generator], np.ndarray], design: Design, draws: int = DRAWS) -> float:
    """Whole samples are independent of each other, so Pearson's test holds; rare samples are put together."""
    rng = np.random.default_rng(20260401)
    seen = Counter(tuple(draw(rng).tolist()) for _draw in range(draws))
    if any(design.get(sample, 0.0) < 1e-12 for sample in seen):
        return 0.0  # a sample that cannot be
    often = [sample for sample, chance in design.items() if chance * draws >= 5]
    chances = np.array([design[sample] for sample in often])
    counts = np.array([seen[sample] for sample in often], dtype=float)
    rest = 1 - chances.sum()
    if rest > 1e-9:
        chances, counts = np.append(chances, rest), np.append(counts, draws - counts.sum())
    return float(chi2.sf(np.sum((counts - draws * chances) ** 2 / (draws * chances)), len(chances) - 1))


@pytest.mark.parametrize("name", CASES)
def test_samples_come_with_their_probability(name) -> None:
    draw, design = CASES[name]
    assert sum(design.values()) == pytest.approx(1.0, abs=1e-8)
    assert p_value(draw, design) > LEVEL


@pytest.mark.parametrize("name", WALKS)
def test_walks_come_to_each_sample_with_its_probability(name) -> None:
    """All branches of the method as its paper states it, with distances that tie."""
    draw, make = WALKS[name]
    design = make()
    np.testing.assert_allclose(np.diag(listed.pairs(design, 6)), STEEP, rtol=0, atol=1e-10)
    assert {len(sample) for sample in design} == {3}
    assert p_value(draw, design, SLOW) > LEVEL


def test_the_comparison_tells_methods_apart() -> None:
    assert p_value(CASES["tille"][0], CASES["sampford"][1]) < LEVEL
    assert p_value(CASES["brewer"][0], CASES["tille"][1]) < LEVEL
    assert p_value(WALKS["local_pivotal_1"][0], WALKS["spatially_correlated_poisson"][1](), SLOW) < LEVEL
    assert p_value(WALKS["cube"][0], CASES["pivotal"][1], SLOW) < LEVEL


def test_conditional_poisson_draws_by_its_working_probabilities() -> None:
    rng, again = np.random.default_rng(7), np.random.default_rng(7)
    expected = rejective(working_probabilities(STEEP), 3, rng=again)
    assert conditional_poisson(STEEP, rng=rng).tolist() == expected.tolist()


JOINT = {
    "srs": (EQUAL, listed.subsets(EQUAL, lambda _s: 1.0)),
    "systematic": (np.full(7, 3 / 7), equal_systematic(7, 3)),
    "bernoulli": (np.full(4, 0.3), listed.independent_design(np.full(4, 0.3))),
    "poisson": (PIK, listed.independent_design(PIK)),
    "pps_systematic": (STEEP, listed.systematic_design(STEEP)),
    "pps_with_replacement": (3 * SIZE / SIZE.sum(), listed.replacement_design(SIZE / SIZE.sum(), 3)),
    "conditional_poisson": (STEEP, listed.entropy_design(STEEP)),
    "sampford": (STEEP, listed.sampford_design(STEEP)),
    "brewer": (STEEP, listed.brewer_design(STEEP)),
    "tille": (STEEP, listed.elimination_design(STEEP)),
    "midzuno": (STEEP, listed.complement_design(STEEP)),
    "hanurav_vijayan": (STEEP, orders.hanurav_design(STEEP)),
    "minimum_support": (STEEP, orders.support_design(STEEP)),
    "randomised_systematic": (STEEP, listed.randomised_design(STEEP)),
    "chromy": (HITS, listed.chromy_design(HITS)),
    "murthy": (SIZE, orders.murthy_design(SIZE)),
    "successive": (STEEP, orders.successive_design(STEEP)),
}
NOT_AIMED_AT = {"pps_with_replacement", "chromy", "murthy", "successive"}  # single ones are not pik


@pytest.mark.parametrize("method", JOINT)
def test_joint_probabilities_equal_the_listed_ones(method) -> None:
    pik, design = JOINT[method]
    expected = listed.pairs(design, len(pik))
    np.testing.assert_allclose(joint_inclusion(method, pik), expected, rtol=0, atol=1e-11)
    if method not in NOT_AIMED_AT:
        np.testing.assert_allclose(np.diag(expected), pik, rtol=0, atol=1e-11)


@pytest.mark.parametrize("method", ["pareto", "sequential_poisson", "successive"])
def test_order_sampling_by_a_second_integral(method) -> None:
    """Over counts of ranks instead of generating functions, with corners where uniform ranks have them."""
    expected = getattr(orders, f"{method}_joint")(STEEP)
    assert np.trace(expected) == pytest.approx(3.0, abs=1e-10)
    np.testing.assert_allclose(joint_inclusion(method, STEEP), expected, rtol=0, atol=1e-9)


def test_chromy_pairs_by_a_second_chain() -> None:
    hits = inclusion_probabilities(np.random.default_rng(5).uniform(1, 6, 15), 5) * 1.2
    np.testing.assert_allclose(joint_inclusion("chromy", hits), listed.chromy_joint(hits), rtol=0, atol=1e-9)


def test_midzuno_is_midzunos_where_his_condition_holds() -> None:
    pik, n = np.array([0.7, 0.65, 0.55, 0.6, 0.5]), 3  # all at least (n - 1) / (N - 1)
    first = pik * 4 / 2 - 2 / 2  # chance of the unit that is drawn by size
    design = {s: float(first[list(s)].sum()) / comb(4, n - 1) for s in combinations(range(5), n)}
    np.testing.assert_allclose(joint_inclusion("midzuno", pik), listed.pairs(design, 5), rtol=0, atol=1e-12)


def test_chromy_hits_are_as_expected() -> None:
    mean = np.zeros(len(HITS))
    for sample, chance in listed.chromy_design(HITS).items():
        hits = np.bincount(sample, minlength=len(HITS))
        assert np.all((hits == np.floor(HITS)) | (hits == np.ceil(HITS)))
        mean += chance * hits
    np.testing.assert_allclose(mean, HITS, rtol=0, atol=1e-12)


class Replay:
    """A generator that gives chosen numbers, one after the other."""

    def __init__(self, numbers) -> None:
        self.numbers = list(numbers)

    def random(self, size: int | None = None):
        if size is None:
            return self.numbers.pop(0)
        return np.array([self.numbers.pop(0) for _number in range(size)])


GRID = 400
REPLAYED = {
    "systematic": (lambda rng: systematic(7, 3, rng=rng), equal_systematic(7, 3), 1),
    "pps_systematic": (lambda rng: pps_systematic(STEEP, rng=rng), listed.systematic_design(STEEP), 1),
    "bernoulli": (lambda rng: bernoulli(2, 0.3, rng=rng), listed.independent_design(np.full(2, 0.3)), 2),
    "poisson": (lambda rng: poisson(PIK[:2], rng=rng), listed.independent_design(PIK[:2]), 2),
    "pps_with_replacement": (
        lambda rng: pps_with_replacement(SIZE, 2, rng=rng),
        listed.replacement_design(SIZE / SIZE.sum(), 2),
        2,
    ),
}


@pytest.mark.parametrize("name", REPLAYED)
def test_all_outcomes_of_the_chances(name) -> None:
    """The numbers of a grid fed to the method: each sample on its share of the grid, but for cells cut."""
    draw, design, numbers = REPLAYED[name]
    steps = GRID if numbers == 1 else GRID // 4
    points = (np.arange(steps) + 0.5) / steps
    counts = Counter(tuple(draw(Replay(chosen)).tolist()) for chosen in product(points, repeat=numbers))
    assert set(counts) == {sample for sample, chance in design.items() if chance > 1e-12}
    for sample, count in counts.items():
        assert abs(count / steps**numbers - design[sample]) <= 2 * numbers / steps
