"""Exact designs of order sampling, Murthy's and Hanurav-Vijayan's method and minimum support, by own code."""

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np
from inclusion_designs import Array, Design, Sample, size_of, weights

QUARTERS = np.linspace(0.0, 1.0, 5)


def murthy_design(size: Array) -> Design:
    """Murthy (1957): two draws, the second among those that are left."""
    share, design = size / size.sum(), weights()
    for first, second in permutations(range(len(size)), 2):
        design[min(first, second), max(first, second)] += share[first] * share[second] / (1 - share[first])
    return {sample: chance for sample, chance in design.items() if chance > 0}


def successive_design(pik: Array) -> Design:
    """Rosén (1997): exponential ranks are draws one after another, proportional to -log(1 - pi)."""
    rate, design = -np.log1p(-pik), weights()
    for path in permutations(range(len(pik)), size_of(pik)):
        chance, left = 1.0, float(rate.sum())
        for unit in path:
            chance *= rate[unit] / left
            left -= rate[unit]
        design[tuple(sorted(path))] += chance
    return dict(design)


def hanurav_design(pik: Array) -> Design:
    """Vijayan (1968) in the form of the SURVEYSELECT manual: theta_i, then i units by a_j(r)."""
    n, count = size_of(pik), len(pik)
    order = np.argsort(pik, kind="stable")
    z = pik[order] / n
    padded = np.append(z, 1 / n)
    base, design = float(z[: count - n].sum()), weights()
    for i in range(1, n + 1):
        theta = n * (padded[count - n + i] - padded[count - n + i - 1])
        theta *= (base + i * z[count - n]) / base
        cut = np.append(z[: count - n + 1], np.full(i - 1, z[count - n])) / (base + i * z[count - n])
        for inner, chance in _vijayan(cut, i, i, 0).items():
            sample = [*inner, *range(count - n + i, count)]
            design[tuple(sorted(int(order[place]) for place in sample))] += theta * chance
    return {sample: chance for sample, chance in design.items() if chance > 1e-15}


def _vijayan(cut: Array, i: int, left: int, begin: int) -> Design:
    """The `left` units that follow, each unit j with a weight a_j among those from `begin` on."""
    if left == 0:
        return {(): 1.0}
    after = np.append(np.cumsum(cut[::-1])[::-1][1:], 0.0)
    places = range(begin, len(cut) - left + 1)
    so_far, a = 1.0, []
    for j in places:
        a.append(left * cut[j] * so_far)
        so_far *= 1 - (left - 1) * cut[j] / after[j] if after[j] > 0 else 0.0
    design = weights()
    for j, weight in zip(places, a, strict=True):
        for sample, chance in _vijayan(cut, i, left - 1, j + 1).items() if weight > 1e-15 else ():
            design[(j, *sample)] += weight / sum(a) * chance
    return dict(design)


def support_design(pik: Array) -> Design:
    """Deville and Tillé (1998), 4.1: the largest n again and again, each as often as probabilities allow."""
    n, left, weight, design = size_of(pik), pik.copy(), 1.0, weights()
    while weight > 1e-12:
        ranked = sorted(range(len(pik)), key=lambda unit: (-left[unit], unit))
        sample, others = ranked[:n], ranked[n:]
        share = min(left[sample].min(), 1 - left[others].max())
        design[tuple(sorted(sample))] += weight * share
        weight *= 1 - share
        if share < 1:
            left[sample] -= share
            left = np.clip(left / (1 - share), 0.0, 1.0)
            left[left < 1e-12], left[left > 1 - 1e-12] = 0.0, 1.0
    return dict(design)


def order_joint(
    pik: Array, below: Callable[[Array], Array], slope: Callable[[Array], Array], ends: Array = QUARTERS
) -> Array:
    """Joint inclusion probabilities of the n smallest ranks: an integral over the larger rank of two units.

    `below` and `slope` give distribution and density of all ranks at t, shape (nodes, N); t = x / (1 - x),
    x in pieces between `ends`.
    """
    nodes, share = np.polynomial.legendre.leggauss(64)
    middle, half = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    x, weights = (middle[:, None] + half[:, None] * nodes).ravel(), np.outer(half, share).ravel()
    t = (x / (1 - x))[:, None]
    f, density = below(t), slope(t) * (weights / (1 - x) ** 2)[:, None]
    count, n = len(pik), size_of(pik)

    def fewer(leave: Sample, most: int) -> Array:
        """Chance that at most so many of the other ranks are below t."""
        state = np.zeros((len(x), max(most, 0) + 1))
        state[:, 0] = 1.0
        for k in range(count):
            if k not in leave:
                moved = state * (1 - f[:, [k]])
                moved[:, 1:] += state[:, :-1] * f[:, [k]]
                state = moved
        chance: Array = state.sum(axis=1) * (most >= 0)
        return chance

    joint = np.diag([float(density[:, i] @ fewer((i,), n - 1)) for i in range(count)])
    for i, j in combinations(range(count), 2):
        larger = density[:, i] * f[:, j] + density[:, j] * f[:, i]
        joint[i, j] = joint[j, i] = float(larger @ fewer((i, j), n - 2))
    return joint


def pareto_joint(pik: Array) -> Array:
    """Exact inclusion probabilities of Pareto sampling, not the ones it aims at."""
    odds = pik / (1 - pik)
    return order_joint(pik, lambda t: t * odds / (1 + t * odds), lambda t: odds / (1 + t * odds) ** 2)


def sequential_poisson_joint(pik: Array) -> Array:
    """Uniform ranks: F(t) = min(t pi, 1), with a corner for each unit."""
    corners = np.unique(1 / pik)
    ends = np.concatenate([[0.0, 0.25], corners / (1 + corners), [1.0]])
    return order_joint(
        pik, lambda t: np.minimum(t * pik, 1.0), lambda t: np.where(t * pik < 1, pik, 0.0), ends
    )


def successive_joint(pik: Array) -> Array:
    """Exponential ranks: F(t) = 1 - (1 - pi)^t."""
    rate = -np.log1p(-pik)
    return order_joint(pik, lambda t: -np.expm1(-t * rate), lambda t: rate * np.exp(-t * rate))
