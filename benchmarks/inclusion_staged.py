"""Cases of designs with strata, orders and stages: each on its own population, with joint probabilities."""

from collections.abc import Callable

import numpy as np
from inclusion_designs import pairs
from inclusion_engine import Array, Case
from inclusion_trees import random_pivotal_design
from numpy.typing import NDArray

from sampling import methods as m

TOWN = np.repeat([0, 1, 2, 3], [3, 4, 5, 6])
BLOCK = np.array([0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2])
HOME = np.array([0, 1, 1, 2, 3, 3, 3, 4, 5, 5, 6, 7, 7, 7, 7, 8])
WEIGHT = np.random.default_rng(6).uniform(1.0, 3.0, len(TOWN))


def srs_joint(units: int, n: int) -> Array:
    """n (n - 1) / (N (N - 1)), n / N on the diagonal."""
    joint = np.full((units, units), n * (n - 1) / (units * (units - 1)) if units > 1 else 1.0)
    np.fill_diagonal(joint, n / units)
    return joint


def nested_joint(first: Array, inner: list[Array], labels: NDArray[np.int64]) -> Array:
    """Pairs of two stages: of the clusters, then within a cluster, or apart in two of them."""
    joint = first[np.ix_(labels, labels)]
    for a in range(len(inner)):
        for b in range(len(inner)):
            rows, columns = np.flatnonzero(labels == a), np.flatnonzero(labels == b)
            apart = np.outer(np.diag(inner[a]), np.diag(inner[b]))
            joint[np.ix_(rows, columns)] *= inner[a] if a == b else apart
    return joint


def stratified() -> Case:
    """Some of each stratum, none of one, all of another."""
    stratum, n = np.repeat([0, 1, 2, 3], [7, 5, 4, 3]), np.array([2, 3, 0, 3])
    order = np.random.default_rng(7).permutation(len(stratum))
    stratum = stratum[order]
    sizes = np.bincount(stratum)
    joint = nested_joint(np.ones((4, 4)), [srs_joint(s, k) for s, k in zip(sizes, n, strict=True)], stratum)
    return Case(
        lambda rng: m.stratified_srs(stratum, n, rng=rng),
        np.diag(joint).copy(),
        joint,
        int(n.sum()),
    )


def serpentine() -> Case:
    """A systematic draw along a serpentine order: its joint probabilities are those of the places."""
    keys = np.random.default_rng(8).integers(0, 3, (2, 19))
    order = m.serpentine(list(keys))
    joint = np.empty((19, 19))
    joint[np.ix_(order, order)] = m.joint_inclusion("systematic", np.full(19, 4 / 19))
    return Case(
        lambda rng: m.systematic(19, 4, rng=rng, order=order),
        np.full(19, 4 / 19),
        joint,
        4,
    )


def two_stage_srs() -> Case:
    counts = np.bincount(TOWN)
    joint = nested_joint(srs_joint(4, 2), [srs_joint(int(c), 2) for c in counts], TOWN)
    return Case(
        lambda rng: m.two_stage(TOWN, 2, 2, rng).positions,
        np.diag(joint).copy(),
        joint,
        4,
    )


def pivotal_joint_of_towns(first: Array) -> Array:
    """Towns come by the randomised pivotal method: all orders, all branches."""
    return pairs(random_pivotal_design(first), len(first))


def two_stage_pps() -> Case:
    counts = np.bincount(TOWN)
    totals = np.bincount(TOWN, WEIGHT)
    first = pivotal_joint_of_towns(2 * totals / totals.sum())
    joint = nested_joint(first, [srs_joint(int(c), 2) for c in counts], TOWN)
    return Case(
        lambda rng: m.two_stage(TOWN, 2, 2, rng, method="pps", size=WEIGHT).positions,
        np.diag(joint).copy(),
        joint,
        4,
    )


def three_stages() -> Case:
    """Three of four towns, a block of each, a person of the block."""
    share = np.empty(len(TOWN))
    for place, (town, block) in enumerate(zip(TOWN, BLOCK, strict=True)):
        blocks = BLOCK[town == TOWN]
        share[place] = 3 / 4 / len(set(blocks.tolist())) / np.sum(blocks == block)
    apart = np.where(TOWN[:, None] == TOWN, 0.0, np.outer(share, share) * (2 / 3) / (3 / 4))
    np.fill_diagonal(apart, share)
    return Case(
        lambda rng: m.multistage([TOWN, BLOCK], [3, 1, 1], rng).positions,
        share,
        apart,
        3,
    )


def one_of_each() -> Case:
    counts = np.bincount(HOME)
    joint = nested_joint(np.ones((9, 9)), [srs_joint(int(c), 1) for c in counts], HOME)
    return Case(
        lambda rng: m.one_per_cluster(HOME, rng).positions,
        np.diag(joint).copy(),
        joint,
        9,
    )


def stratified_cube() -> Case:
    """Sizes of strata are whole: they are kept, and with them the size."""
    strata, pik = np.repeat([0, 1], 6), np.repeat([0.5, 1 / 3], 6)
    x = np.random.default_rng(9).gamma(2.0, 1.0, 12)
    return Case(
        lambda rng: m.cube(x, pik, rng, strata=strata, landing="suppression"),
        pik,
        None,
        5,
        slow=1,
    )


STAGED: dict[tuple[str, str], Callable[[], Case]] = {
    ("stratified_srs", "four strata"): stratified,
    ("systematic, serpentine", "N=19"): serpentine,
    ("two_stage, srs", "four towns"): two_stage_srs,
    ("two_stage, pps", "four towns"): two_stage_pps,
    ("multistage", "towns, blocks, persons"): three_stages,
    ("one_per_cluster", "nine households"): one_of_each,
    ("cube, strata", "two strata"): stratified_cube,
}
"""Method and population of each case."""
