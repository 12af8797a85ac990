"""Every selection method draws each sample with its exact probability, listed sample by sample."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations, pairwise, permutations, product
from math import comb, factorial, prod

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2

from sampling.methods.brewer import brewer, brewer_chances
from sampling.methods.chromy import chromy, hit_chance
from sampling.methods.conditional_poisson import conditional_poisson, rejective, working_probabilities
from sampling.methods.inclusion import inclusion_probabilities, part
from sampling.methods.joint import joint_inclusion
from sampling.methods.midzuno import midzuno
from sampling.methods.pareto import pareto
from sampling.methods.poisson import poisson, pps_with_replacement
from sampling.methods.sampford import _poisson, _with_replacement, sampford
from sampling.methods.simple import bernoulli, srs, srs_with_replacement, stratified_srs
from sampling.methods.systematic import pps_systematic, systematic
from sampling.methods.tille import tille

DRAWS = 8_000
LEVEL = 1e-4  # of one comparison; the seeds are fixed
SIZE = np.array([3.0, 7.0, 1.0, 5.0, 4.0])
PIK = inclusion_probabilities(SIZE, 2)
HITS = np.array([0.4, 1.7, 0.9, 0.0, 2.5, 0.5])
STEEP = inclusion_probabilities([5.0, 7.0, 1.0, 4.0, 2.0, 3.5], 3)
WORKING = working_probabilities(STEEP)

Design = dict[tuple[int, ...], float]


def normed(weights: Design) -> Design:
    total = sum(weights.values())
    return {sample: weight / total for sample, weight in weights.items()}


def subsets(pik: np.ndarray, weight: Callable[[tuple[int, ...]], float]) -> Design:
    n = round(float(pik.sum()))
    return normed({sample: weight(sample) for sample in combinations(range(len(pik)), n)})


def sampford_design(pik: np.ndarray) -> Design:
    odds = pik / (1 - pik)
    return subsets(pik, lambda s: float(np.prod(odds[list(s)]) * np.sum(1 - pik[list(s)])))


def entropy_design(pik: np.ndarray) -> Design:
    p = working_probabilities(pik)
    return subsets(pik, lambda s: float(np.prod(p[list(s)] / (1 - p[list(s)]))))


def brewer_design(pik: np.ndarray) -> Design:
    n, design = round(float(pik.sum())), Counter[tuple[int, ...]]()
    for path in permutations(range(len(pik)), n):
        drawn, chance = np.zeros(len(pik), dtype=bool), 1.0
        for unit in path:
            chance *= brewer_chances(pik, drawn)[unit]
            drawn[unit] = True
        design[tuple(sorted(path))] += chance
    return dict(design)


def elimination_design(pik: np.ndarray) -> Design:
    """Tillé's procedure as the paper states it: from k + 1 to k by 1 - pi(i | k) / pi(i | k + 1)."""
    design: Design = {tuple(range(len(pik))): 1.0}
    for k in range(len(pik) - 1, round(float(pik.sum())) - 1, -1):
        rate = 1 - inclusion_probabilities(pik, k) / inclusion_probabilities(pik, k + 1)
        following = Counter[tuple[int, ...]]()
        for sample, chance in design.items():
            for unit in sample:
                following[tuple(other for other in sample if other != unit)] += chance * rate[unit]
        design = dict(following)
    return design


def complement_design(pik: np.ndarray) -> Design:
    units = set(range(len(pik)))
    return {tuple(sorted(units - set(s))): chance for s, chance in elimination_design(1 - pik).items()}


def pareto_design(pik: np.ndarray) -> Design:
    """Integral over the largest rank in the sample, F(t) = t o / (1 + t o) with o the odds."""
    odds = pik / (1 - pik)

    def chance(sample: tuple[int, ...]) -> float:
        outside = [unit for unit in range(len(pik)) if unit not in sample]

        def density(x: float) -> float:
            t = x / (1 - x)
            below = t * odds / (1 + t * odds)
            slope = odds / (1 + t * odds) ** 2
            inner = sum(slope[i] * prod(below[j] for j in sample if j != i) for i in sample)
            return float(inner * np.prod(1 - below[outside]) / (1 - x) ** 2)

        return quad(density, 0, 1)[0]

    return {sample: chance(sample) for sample in combinations(range(len(pik)), round(float(pik.sum())))}


def systematic_design(pik: np.ndarray) -> Design:
    """The starts between two edges draw the same sample."""
    edges, design = np.cumsum(pik), Counter[tuple[int, ...]]()
    cuts = np.unique(np.concatenate([[0.0, 1.0], (edges % 1.0).round(12)]))
    for low, high in pairwise(cuts):
        points = (low + high) / 2 + np.arange(round(float(pik.sum())))
        design[tuple(np.searchsorted(edges, points).tolist())] += high - low
    return dict(design)


def randomised_design(pik: np.ndarray) -> Design:
    design, count = Counter[tuple[int, ...]](), factorial(len(pik))
    for order in permutations(range(len(pik))):
        for sample, chance in systematic_design(pik[list(order)]).items():
            design[tuple(sorted(order[place] for place in sample))] += chance / count
    return dict(design)


def independent_design(pik: np.ndarray) -> Design:
    design = {}
    for taken in product([False, True], repeat=len(pik)):
        design[tuple(np.flatnonzero(taken).tolist())] = float(np.prod(np.where(taken, pik, 1 - pik)))
    return design


def replacement_design(share: np.ndarray, n: int) -> Design:
    design = Counter[tuple[int, ...]]()
    for path in product(range(len(share)), repeat=n):
        design[tuple(sorted(path))] += float(np.prod(share[list(path)]))
    return dict(design)


def chromy_design(hits: np.ndarray) -> Design:
    """Every start and every branch of the walk."""
    design, count, n = Counter[tuple[int, ...]](), len(hits), round(float(hits.sum()))
    for start in np.flatnonzero(hits):
        states: dict[tuple[tuple[int, ...], int], float] = {((), 0): hits[start] / n}
        order, total = np.roll(np.arange(count), -start), 0.0
        for unit in order:
            before, total = total, round(total + hits[unit], 12)
            following = Counter[tuple[tuple[int, ...], int]]()
            for (sample, so_far), chance in states.items():
                up = hit_chance(before % 1.0, total % 1.0, so_far > before // 1)
                for extra, part_of in ((1, up), (0, 1 - up)):
                    now = int(total // 1) + extra
                    if part_of > 0:
                        following[sample + (int(unit),) * (now - so_far), now] += chance * part_of
            states = dict(following)
        for (sample, _hits), chance in states.items():
            design[tuple(sorted(sample))] += chance
    return dict(design)


def equal_systematic(units: int, n: int) -> Design:
    return systematic_design(np.full(units, n / units))


def strata_design() -> Design:
    return {
        tuple(sorted((*first, *second))): 1 / 18
        for first in combinations((0, 2, 4, 5), 2)
        for second in combinations((1, 3, 6), 1)
    }


EQUAL = np.full(5, 0.4)
CASES = {
    "srs": (lambda rng: srs(5, 2, rng=rng), subsets(EQUAL, lambda _s: 1.0)),
    "srs_with_replacement": (
        lambda rng: srs_with_replacement(4, 2, rng=rng),
        replacement_design(np.full(4, 0.25), 2),
    ),
    "stratified_srs": (lambda rng: stratified_srs([0, 1, 0, 1, 0, 0, 1], [2, 1], rng=rng), strata_design()),
    "bernoulli": (lambda rng: bernoulli(4, 0.3, rng=rng), independent_design(np.full(4, 0.3))),
    "poisson": (lambda rng: poisson(PIK, rng=rng), independent_design(PIK)),
    "systematic": (lambda rng: systematic(7, 3, rng=rng), equal_systematic(7, 3)),
    "pps_systematic": (lambda rng: pps_systematic(STEEP, rng=rng), systematic_design(STEEP)),
    "pps_systematic, randomised": (
        lambda rng: pps_systematic(PIK, rng=rng, randomised=True),
        randomised_design(PIK),
    ),
    "pps_with_replacement": (
        lambda rng: pps_with_replacement(SIZE, 2, rng=rng),
        replacement_design(SIZE / SIZE.sum(), 2),
    ),
    "pareto": (lambda rng: pareto(PIK, rng=rng), pareto_design(PIK)),
    "conditional_poisson": (
        lambda rng: rejective(WORKING, 3, rng=rng),
        entropy_design(STEEP),
    ),
    "sampford": (lambda rng: sampford(STEEP, rng=rng), sampford_design(STEEP)),
    "sampford, with replacement": (
        lambda rng: _with_replacement(part(STEEP), normed_odds(STEEP), 5, rng),
        sampford_design(STEEP),
    ),
    "sampford, Poisson": (lambda rng: _poisson(part(STEEP), rng), sampford_design(STEEP)),
    "brewer": (lambda rng: brewer(STEEP, rng=rng), brewer_design(STEEP)),
    "tille": (lambda rng: tille(STEEP, rng=rng), elimination_design(STEEP)),
    "midzuno": (lambda rng: midzuno(STEEP, rng=rng), complement_design(STEEP)),
    "chromy": (lambda rng: chromy(HITS, rng=rng), chromy_design(HITS)),
}


def normed_odds(pik: np.ndarray) -> np.ndarray:
    odds = pik / (1 - pik)
    return odds / odds.sum()


def p_value(draw: Callable[[np.random.Generator], np.ndarray], design: Design) -> float:
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


@pytest.mark.parametrize("name", CASES)
def test_samples_come_with_their_probability(name) -> None:
    draw, design = CASES[name]
    assert sum(design.values()) == pytest.approx(1.0, abs=1e-8)
    assert p_value(draw, design) > LEVEL


def test_the_comparison_tells_methods_apart() -> None:
    assert p_value(CASES["tille"][0], CASES["sampford"][1]) < LEVEL
    assert p_value(CASES["brewer"][0], CASES["tille"][1]) < LEVEL


def test_conditional_poisson_draws_by_its_working_probabilities() -> None:
    rng, again = np.random.default_rng(7), np.random.default_rng(7)
    expected = rejective(working_probabilities(STEEP), 3, rng=again)
    assert conditional_poisson(STEEP, rng=rng).tolist() == expected.tolist()


def pairs(design: Design, units: int) -> np.ndarray:
    joint = np.zeros((units, units))
    for sample, chance in design.items():
        member = np.isin(np.arange(units), sample).astype(float)
        joint += chance * np.outer(member, member)
    return joint


JOINT = {
    "srs": (EQUAL, subsets(EQUAL, lambda _s: 1.0)),
    "systematic": (np.full(7, 3 / 7), equal_systematic(7, 3)),
    "bernoulli": (np.full(4, 0.3), independent_design(np.full(4, 0.3))),
    "poisson": (PIK, independent_design(PIK)),
    "pps_systematic": (STEEP, systematic_design(STEEP)),
    "pps_with_replacement": (3 * SIZE / SIZE.sum(), replacement_design(SIZE / SIZE.sum(), 3)),
    "conditional_poisson": (STEEP, entropy_design(STEEP)),
    "sampford": (STEEP, sampford_design(STEEP)),
    "brewer": (STEEP, brewer_design(STEEP)),
    "tille": (STEEP, elimination_design(STEEP)),
    "midzuno": (STEEP, complement_design(STEEP)),
}


@pytest.mark.parametrize("method", JOINT)
def test_joint_probabilities_equal_the_listed_ones(method) -> None:
    pik, design = JOINT[method]
    listed = pairs(design, len(pik))
    np.testing.assert_allclose(joint_inclusion(method, pik), listed, rtol=0, atol=1e-11)
    if method != "pps_with_replacement":
        np.testing.assert_allclose(np.diag(listed), pik, rtol=0, atol=1e-11)


def test_midzuno_is_midzunos_where_his_condition_holds() -> None:
    pik, n = np.array([0.7, 0.65, 0.55, 0.6, 0.5]), 3  # all at least (n - 1) / (N - 1)
    first = pik * 4 / 2 - 2 / 2  # chance of the unit that is drawn by size
    design = {s: float(first[list(s)].sum()) / comb(4, n - 1) for s in combinations(range(5), n)}
    np.testing.assert_allclose(joint_inclusion("midzuno", pik), pairs(design, 5), rtol=0, atol=1e-12)


def test_chromy_hits_are_as_expected() -> None:
    mean = np.zeros(len(HITS))
    for sample, chance in chromy_design(HITS).items():
        hits = np.bincount(sample, minlength=len(HITS))
        assert np.all((hits == np.floor(HITS)) | (hits == np.ceil(HITS)))
        mean += chance * hits
    np.testing.assert_allclose(mean, HITS, rtol=0, atol=1e-12)
