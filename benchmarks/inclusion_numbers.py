"""Cases of permanent random numbers, groups, bootstrap samples and balanced clusters."""

from collections.abc import Callable
from math import comb

import numpy as np
from inclusion_engine import Array, Case
from inclusion_staged import TOWN, nested_joint, srs_joint
from numpy.typing import NDArray

from sampling import methods as m

UNITS, TAKEN = 15, 4
STRATUM, SIZES = np.repeat([0, 1], [9, 6]), np.array([4, 2])
SHARE = np.random.default_rng(10).uniform(0.1, 0.7, UNITS)

Select = Callable[[Array, np.random.Generator], NDArray[np.int64]]


def strata_joint() -> Array:
    return nested_joint(np.ones((2, 2)), [srs_joint(9, 4), srs_joint(6, 2)], STRATUM)


def numbered(select: Select, joint: Array, size: int | None) -> Callable[[], Case]:
    """Fresh permanent numbers for each draw: over them a unit is drawn with its probability."""

    def build() -> Case:
        return Case(lambda rng: select(rng.random(UNITS), rng), np.diag(joint).copy(), joint, size)

    return build


def independent_joint() -> Array:
    joint = np.outer(SHARE, SHARE)
    np.fill_diagonal(joint, SHARE)
    return joint


def next_survey(prn: Array, _rng: np.random.Generator) -> NDArray[np.int64]:
    """Who is drawn from the numbers that were exchanged after a survey by other strata."""
    return m.srs_prn(m.cotton_hesse(prn, SIZES, stratum=STRATUM), TAKEN)


def collocated() -> Case:
    """Poisson sampling with evenly spaced numbers: the same probabilities; pairs depend on each other."""
    return Case(lambda rng: m.poisson(SHARE, prn=m.collocated(rng.random(UNITS), rng=rng)), SHARE)


def group_of_given_size() -> Case:
    joint = srs_joint(UNITS, TAKEN)
    return Case(
        lambda rng: np.flatnonzero(m.random_groups(UNITS, [6, TAKEN, 5], rng=rng) == 1),
        np.full(UNITS, TAKEN / UNITS),
        joint,
        TAKEN,
    )


def group_of_strata() -> Case:
    """Three groups of strata of 9 and 6: three and two units of each, pairs as in samples of strata."""
    joint = nested_joint(np.ones((2, 2)), [srs_joint(9, 3), srs_joint(6, 2)], STRATUM)
    return Case(
        lambda rng: np.flatnonzero(m.random_groups(UNITS, 3, rng=rng, stratum=STRATUM) == 0),
        np.full(UNITS, 1 / 3),
        joint,
        5,
    )


def uneven_groups() -> Case:
    """Four groups of 15 units: three of 4 and one of 3, which one by chance."""
    return Case(
        lambda rng: np.flatnonzero(m.random_groups(UNITS, 4, rng=rng) == 0), np.full(UNITS, 0.25), None, None
    )


def bootstrap() -> Case:
    """A row of R = 3: N of 3 N copies without replacement."""
    count, copies = 7, 3

    def without(units: int) -> float:
        return comb(copies * (count - units), count) / comb(copies * count, count)

    seen, both = 1 - without(1), 1 - 2 * without(1) + without(2)
    variance = (1 - 1 / count) * (copies * count - count) / (copies * count - 1)
    joint = np.full((count, count), both)
    np.fill_diagonal(joint, seen)
    return Case(
        lambda rng: m.balanced_bootstrap(count, copies, rng=rng)[1],
        np.ones(count),
        joint,
        count,
        np.full(count, variance),
    )


def balanced_towns(inside: int | None) -> Callable[[], Case]:
    """Two of four towns, balanced on their sizes; with all persons or some of each."""
    x = np.random.default_rng(11).gamma(2.0, 1.0, len(TOWN))
    counts = np.bincount(TOWN)[TOWN]

    def draw(rng: np.random.Generator) -> NDArray[np.int64]:
        if inside is None:
            return m.balanced_clusters(x, TOWN, 2, rng).positions
        return m.balanced_two_stage(x, TOWN, 2, inside, rng).positions

    share = 2 / 4 * (np.ones(len(TOWN)) if inside is None else inside / counts)
    size = None if inside is None else 2 * inside
    return lambda: Case(draw, share, None, size, slow=2)


NUMBERED: dict[tuple[str, str], Callable[[], Case]] = {
    ("srs_prn", "start 0.7"): numbered(
        lambda prn, rng: m.srs_prn(prn, TAKEN, start=0.7), srs_joint(UNITS, TAKEN), TAKEN
    ),
    ("srs_prn", "two strata"): numbered(
        lambda prn, rng: m.srs_prn(prn, SIZES, start=0.2, stratum=STRATUM), strata_joint(), 6
    ),
    ("rotation_sample", "third occasion"): numbered(
        lambda prn, rng: m.rotation_sample(prn, SIZES, panels=3, occasion=2, stratum=STRATUM),
        strata_joint(),
        6,
    ),
    ("cotton_hesse", "other strata"): numbered(next_survey, srs_joint(UNITS, TAKEN), TAKEN),
    ("shifted_prn", "poisson"): numbered(
        lambda prn, rng: m.poisson(SHARE, prn=m.shifted_prn(prn, 0.4)), independent_joint(), None
    ),
    ("reserve_order", "first part"): numbered(
        lambda prn, rng: m.reserve_order(prn, TAKEN, 3)[:2], srs_joint(UNITS, 2), 2
    ),
    ("reserve_order", "reserve"): numbered(
        lambda prn, rng: m.reserve_order(prn, TAKEN, 3, start=0.9)[TAKEN:], srs_joint(UNITS, 3), 3
    ),
    ("collocated", "poisson"): collocated,
    ("random_groups", "sizes"): group_of_given_size,
    ("random_groups", "strata"): group_of_strata,
    ("random_groups", "uneven"): uneven_groups,
    ("balanced_bootstrap", "three samples"): bootstrap,
    ("balanced_clusters", "four towns"): balanced_towns(None),
    ("balanced_two_stage", "four towns"): balanced_towns(2),
}
"""Method and population of each case."""
