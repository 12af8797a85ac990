"""Exact designs of the selection methods by independent code: each sample of a small population, its chance.

Each function states the method as its paper does, in plain Python and without the code that draws. A design
maps samples (tuples of rising positions) to probabilities; `pairs` gives its joint inclusion probabilities.
"""

from collections import defaultdict
from collections.abc import Callable
from itertools import combinations, pairwise, permutations, product
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad

from sampling.methods.conditional_poisson import working_probabilities
from sampling.methods.inclusion import inclusion_probabilities

Array = NDArray[np.float64]
Sample = tuple[int, ...]
Design = dict[Sample, float]


def weights() -> defaultdict[Sample, float]:
    """No samples yet."""
    return defaultdict(float)


def normed(design: Design) -> Design:
    total = sum(design.values())
    return {sample: weight / total for sample, weight in design.items()}


def size_of(pik: Array) -> int:
    return round(float(pik.sum()))


def pairs(design: Design, units: int) -> Array:
    """Joint inclusion probabilities of a design, first-order ones on the diagonal."""
    member = np.zeros((len(design), units))
    for row, sample in enumerate(design):
        member[row, list(sample)] = 1.0
    joint: Array = (member.T * np.fromiter(design.values(), dtype=np.float64)) @ member
    return joint


def subsets(pik: Array, weight: Callable[[Sample], float]) -> Design:
    return normed({sample: weight(sample) for sample in combinations(range(len(pik)), size_of(pik))})


def sampford_design(pik: Array) -> Design:
    """Sampford (1967): prod pi / (1 - pi) times the sum of 1 - pi over the sample."""
    odds = pik / (1 - pik)
    return subsets(pik, lambda s: float(np.prod(odds[list(s)]) * np.sum(1 - pik[list(s)])))


def entropy_design(pik: Array) -> Design:
    p = working_probabilities(pik)
    return subsets(pik, lambda s: float(np.prod(p[list(s)] / (1 - p[list(s)]))))


def brewer_design(pik: Array) -> Design:
    """Brewer (1975): draw by draw proportional to pi (a - pi) / (a - r pi)."""
    n, design = size_of(pik), weights()
    for path in permutations(range(len(pik)), n):
        chance, left = 1.0, set(range(len(pik)))
        for step, unit in enumerate(path):
            a, r = sum(pik[k] for k in left), n - step
            weight = {k: pik[k] * (a - pik[k]) / (a - r * pik[k]) if r > 1 else pik[k] for k in left}
            chance *= weight[unit] / sum(weight.values())
            left.remove(unit)
        design[tuple(sorted(path))] += chance
    return dict(design)


def elimination_design(pik: Array) -> Design:
    """Tillé (1996): from k + 1 units to k, unit i leaves with 1 - pi(i | k) / pi(i | k + 1)."""
    design: Design = {tuple(range(len(pik))): 1.0}
    for k in range(len(pik) - 1, size_of(pik) - 1, -1):
        rate = 1 - inclusion_probabilities(pik, k) / inclusion_probabilities(pik, k + 1)
        following = weights()
        for sample, chance in design.items():
            for unit in sample:
                following[tuple(other for other in sample if other != unit)] += chance * rate[unit]
        design = {sample: chance for sample, chance in following.items() if chance > 0}
    return design


def complement_design(pik: Array) -> Design:
    units = set(range(len(pik)))
    return {tuple(sorted(units - set(s))): chance for s, chance in elimination_design(1 - pik).items()}


def pareto_design(pik: Array) -> Design:
    """Integral over the largest rank in the sample, F(t) = t o / (1 + t o) with o the odds."""
    odds = pik / (1 - pik)

    def chance(sample: Sample) -> float:
        outside = [unit for unit in range(len(pik)) if unit not in sample]

        def density(x: float) -> float:
            t = x / (1 - x)
            below = t * odds / (1 + t * odds)
            slope = odds / (1 + t * odds) ** 2
            inner = sum(slope[i] * prod(below[j] for j in sample if j != i) for i in sample)
            return float(inner * np.prod(1 - below[outside]) / (1 - x) ** 2)

        return float(quad(density, 0, 1)[0])

    return {sample: chance(sample) for sample in combinations(range(len(pik)), size_of(pik))}


def systematic_design(pik: Array) -> Design:
    """Madow (1949): the starts between two edges draw the same sample."""
    edges, design = np.cumsum(pik), weights()
    cuts = np.unique(np.concatenate([[0.0, 1.0], (edges % 1.0).round(12)]))
    for low, high in pairwise(cuts.tolist()):
        points = (low + high) / 2 + np.arange(size_of(pik))
        design[tuple(np.searchsorted(edges, points).tolist())] += high - low
    return dict(design)


def randomised_design(pik: Array) -> Design:
    design, count = weights(), factorial(len(pik))
    for order in permutations(range(len(pik))):
        for sample, chance in systematic_design(pik[list(order)]).items():
            design[tuple(sorted(order[place] for place in sample))] += chance / count
    return dict(design)


def independent_design(pik: Array) -> Design:
    design = {}
    for taken in product([False, True], repeat=len(pik)):
        design[tuple(np.flatnonzero(taken).tolist())] = float(np.prod(np.where(taken, pik, 1 - pik)))
    return design


def replacement_design(share: Array, n: int) -> Design:
    design = weights()
    for path in product(range(len(share)), repeat=n):
        design[tuple(sorted(path))] += float(np.prod(share[list(path)]))
    return dict(design)


def one_above(before: float, now: float, extra: bool) -> float:
    """Chromy (1979): chance that the hits so far are one above the whole part of the sum so far."""
    if extra:
        return now / before if before > now else 1.0
    return (now - before) / (1 - before) if now > before else 0.0


def chromy_design(hits: Array) -> Design:
    """Every start and every branch of the walk."""
    design, count, n = weights(), len(hits), size_of(hits)
    for start in np.flatnonzero(hits):
        states: dict[tuple[Sample, int], float] = {((), 0): float(hits[start]) / n}
        order, total = np.roll(np.arange(count), -start), 0.0
        for unit in order:
            before, total = total, round(total + hits[unit], 12)
            following = defaultdict[tuple[Sample, int], float](float)
            for (sample, so_far), chance in states.items():
                up = one_above(before % 1.0, total % 1.0, so_far > before // 1)
                for extra, part_of in ((1, up), (0, 1 - up)):
                    now = int(total // 1) + extra
                    if part_of > 0:
                        following[sample + (int(unit),) * (now - so_far), now] += chance * part_of
            states = dict(following)
        for (sample, _hits), chance in states.items():
            design[tuple(sorted(sample))] += chance
    return dict(design)


def chromy_joint(hits: Array) -> Array:
    """Chance of each pair to be hit at all: two states a unit (whole part, one above), over all starts."""
    count, n = len(hits), size_of(hits)
    joint = np.zeros((count, count))
    for start in np.flatnonzero(hits).tolist():
        order = np.roll(np.arange(count), -start)
        sums = np.append(0.0, np.cumsum(hits[order]).round(12))
        steps, hit = [], []
        for before, now in pairwise(sums.tolist()):
            up = np.array([one_above(before % 1, now % 1, extra) for extra in (False, True)])
            steps.append(np.column_stack([1 - up, up]))
            gained = now // 1 + np.arange(2)[None, :] - (before // 1 + np.arange(2)[:, None])
            hit.append(np.where(gained > 0, steps[-1], 0.0))
        ahead = np.array([1.0, 0.0])
        for i in range(count):
            with_i = ahead @ hit[i]
            joint[order[i], order[i]] += hits[start] / n * with_i.sum()
            for j in range(i + 1, count):
                both = hits[start] / n * float((with_i @ hit[j]).sum())
                joint[order[i], order[j]] += both
                joint[order[j], order[i]] += both
                with_i = with_i @ steps[j]
            ahead = ahead @ steps[i]
    return joint
