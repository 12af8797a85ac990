"""The table of selection methods and populations that `inclusion.py` holds against theory.

A new method: an entry of `METHODS`, a function from a population to its case (None: it does not apply).
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import inclusion_designs as designs
import inclusion_orders as orders
import inclusion_trees as trees
import numpy as np
from inclusion_engine import Array, Case
from inclusion_numbers import NUMBERED
from inclusion_staged import STAGED
from numpy.typing import NDArray

from sampling import methods as m
from sampling.methods.conditional_poisson import rejective, working_probabilities
from sampling.methods.inclusion import part


@dataclass(frozen=True, slots=True)
class Population:
    """Sizes of units, sample size, and where the units lie.

    Parameters
    ----------
    name : str
        What is special.
    size : ndarray
        Shape (N,): sizes, 0 or more.
    n : int
        Sample size.
    points : ndarray
        Shape (N, 2): about a grid, so that some distances tie.
    pik : ndarray
        Shape (N,): inclusion probabilities.
    """

    name: str
    size: Array
    n: int
    points: Array = field(init=False)
    pik: Array = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.size)
        grid = np.column_stack([np.arange(count) % 5, np.arange(count) // 5]).astype(np.float64)
        grid[-1] += 0.3
        if not self.tiny:  # all distances tie in a grid: some must do here, for they cost time
            grid[3:] += np.random.default_rng(count).uniform(0, 0.1, (count - 3, 2))
        object.__setattr__(self, "points", grid)
        object.__setattr__(self, "pik", m.inclusion_probabilities(self.size, self.n))

    @property
    def equal(self) -> bool:
        return float(np.ptp(self.size)) == 0.0

    @property
    def tiny(self) -> bool:
        return len(self.size) <= 6

    @property
    def columns(self) -> Array:
        """Balancing variables: pik and another one."""
        other = np.random.default_rng(len(self.size)).gamma(2.0, 1.0, len(self.size))
        return np.column_stack([self.pik, other])


def populations() -> list[Population]:
    """Equal, skewed with certain units, ties, zero sizes, n = 1, n = N - 1, and one small enough to list."""
    skewed = np.random.default_rng(1).lognormal(0, 2.0, 16)
    zeros = np.random.default_rng(2).integers(0, 4, 18).astype(np.float64)
    left_out = np.random.default_rng(4).uniform(0.5, 1.5, 10)
    return [
        Population("equal", np.ones(20), 5),
        Population("skewed", skewed, 7),
        Population("ties", np.repeat([1.0, 2.0, 3.0], 6), 6),
        Population("zeros", zeros, 5),
        Population("n=1", np.random.default_rng(3).uniform(1, 4, 12), 1),
        Population("n=N-1", 1 - left_out / left_out.sum(), 9),
        Population("tiny", np.array([5.0, 7.0, 1.0, 4.0, 2.0, 3.5]), 3),
    ]


Make = Callable[[Population], Case | None]
Take = Callable[[Population, np.random.Generator], NDArray[np.int64]]


def padded(pik: Array, closed: Callable[[Array], Array]) -> Array:
    """Joint probabilities of all units from those of the free ones, true single ones on the diagonal."""
    free = np.flatnonzero((pik > 1e-9) & (pik < 1 - 1e-9))
    single = pik.copy()
    inner = closed(pik[free])
    single[free] = np.diag(inner)
    joint = np.outer(single, single)
    joint[np.ix_(free, free)] = inner
    np.fill_diagonal(joint, single)
    return joint


def listed(p: Population, design: Callable[[], designs.Design]) -> Array | None:
    """Joint probabilities by listing all samples, where the population is tiny."""
    return designs.pairs(design(), len(p.pik)) if p.tiny else None


@lru_cache
def cube_branches(name: str) -> designs.Design:
    """All branches of the cube method on one of the populations: 720 orders, so listed once."""
    p = next(population for population in populations() if population.name == name)
    return trees.cube_design(p.pik, p.columns)


def simple(joint: str) -> Callable[[Take], Make]:
    """Methods of equal probabilities: for the population of equal sizes only."""

    def made(draw: Take) -> Make:
        def make(p: Population) -> Case | None:
            if not p.equal:
                return None
            known = m.joint_inclusion(joint, p.pik)  # type: ignore[arg-type]
            return Case(lambda rng: draw(p, rng), p.pik, known, None if joint == "bernoulli" else p.n)

        return make

    return made


def fixed(name: str, draw: Callable[..., NDArray[np.int64]]) -> Make:
    """A method of fixed size whose joint probabilities `joint_inclusion` has."""
    return lambda p: Case(
        lambda rng: draw(p.pik, rng=rng),
        p.pik,
        m.joint_inclusion(name, p.pik),  # type: ignore[arg-type]
        p.n,
    )


def replacing(draw: Take, *, equal: bool = False) -> Make:
    """Hits of independent draws: n q (1 - q)."""

    def make(p: Population) -> Case | None:
        if equal and not p.equal:
            return None
        q = p.size / p.size.sum()
        joint = m.joint_inclusion("pps_with_replacement", p.n * q)
        return Case(lambda rng: draw(p, rng), p.n * q, joint, p.n, p.n * q * (1 - q))

    return make


def conditional(p: Population) -> Case:
    """The design of the working probabilities, solved once; `conditional_poisson` itself on the tiny one."""
    parts = part(p.pik)
    working = working_probabilities(parts.pik)

    def draw(rng: np.random.Generator) -> NDArray[np.int64]:
        if p.tiny:
            return m.conditional_poisson(p.pik, rng=rng)
        return parts.joined(rejective(working, parts.n, rng=rng))

    return Case(draw, p.pik, m.joint_inclusion("conditional_poisson", p.pik), p.n, slow=2 * p.tiny)


def ordered(draw: Callable[..., NDArray[np.int64]], closed: Callable[[Array], Array]) -> Make:
    """Exact probabilities of the smallest ranks by integrals: not those the method aims at."""

    def make(p: Population) -> Case:
        joint = padded(p.pik, closed)
        return Case(lambda rng: draw(p.pik, rng=rng), np.diag(joint).copy(), joint, p.n)

    return make


def poisson(p: Population) -> Case:
    def draw(rng: np.random.Generator) -> NDArray[np.int64]:
        return m.poisson(p.pik, prn=rng.random(len(p.pik)))

    return Case(draw, p.pik, m.joint_inclusion("poisson", p.pik))


def murthy(p: Population) -> Case:
    """Two units by their sizes; the sample is the pair."""
    joint = designs.pairs(orders.murthy_design(p.size), len(p.size))
    return Case(lambda rng: m.murthy(p.size, rng=rng), np.diag(joint).copy(), joint, 2)


def chromy(p: Population) -> Case:
    return Case(lambda rng: m.chromy(p.pik, rng=rng), p.pik, designs.chromy_joint(p.pik), p.n)


def chromy_hits(p: Population) -> Case:
    """Sizes as they are: large units come more than once."""
    hits = p.n * p.size / p.size.sum()
    part_of = hits - np.floor(hits)
    joint = designs.chromy_joint(hits)
    return Case(lambda rng: m.chromy(hits, rng=rng), hits, joint, p.n, part_of * (1 - part_of))


def walk(
    draw: Take,
    design: Callable[[Population], designs.Design] | None,
    *,
    slow: int = 1,
    only: tuple[str, ...] = (),
) -> Make:
    """Pivotal, spread and balanced methods: joint probabilities by all branches of the tiny population."""

    def make(p: Population) -> Case | None:
        if only and p.name not in only:
            return None
        joint = listed(p, lambda: design(p)) if design else None
        return Case(lambda rng: draw(p, rng), p.pik, joint, p.n, slow=slow)

    return make


def first_part(p: Population) -> Case | None:
    """A part of a spread sample: pi n_1 / n."""
    if p.name != "zeros":
        return None

    def draw(rng: np.random.Generator) -> NDArray[np.int64]:
        drawn = m.hierarchical_local_pivotal(p.points, p.pik, [2, p.n - 2], rng)
        part_of: NDArray[np.int64] = drawn.positions[drawn.parts == 0]
        return part_of

    return Case(draw, p.pik * 2 / p.n, None, 2, slow=2)


HARD = ("skewed", "zeros", "tiny")
"""Populations of the slow methods: certain units, zero sizes and distances that tie are among them."""

METHODS: dict[str, Make] = {
    "srs": simple("srs")(lambda p, rng: m.srs(len(p.pik), p.n, rng=rng)),
    "bernoulli": simple("bernoulli")(lambda p, rng: m.bernoulli(len(p.pik), p.n / len(p.pik), rng=rng)),
    "systematic": simple("systematic")(lambda p, rng: m.systematic(len(p.pik), p.n, rng=rng)),
    "srs_with_replacement": replacing(
        lambda p, rng: m.srs_with_replacement(len(p.pik), p.n, rng=rng), equal=True
    ),
    "pps_with_replacement": replacing(lambda p, rng: m.pps_with_replacement(p.size, p.n, rng=rng)),
    "poisson": poisson,
    "pareto": ordered(m.pareto, orders.pareto_joint),
    "sequential_poisson": ordered(m.sequential_poisson, orders.sequential_poisson_joint),
    "successive": ordered(m.successive, orders.successive_joint),
    "pps_systematic": fixed("pps_systematic", m.pps_systematic),
    "pps_systematic, randomised": walk(
        lambda p, rng: m.pps_systematic(p.pik, rng=rng, randomised=True),
        lambda p: designs.randomised_design(p.pik),
        slow=0,
    ),
    "conditional_poisson": conditional,
    "sampford": fixed("sampford", m.sampford),
    "brewer": fixed("brewer", m.brewer),
    "tille": fixed("tille", m.tille),
    "midzuno": fixed("midzuno", m.midzuno),
    "hanurav_vijayan": fixed("hanurav_vijayan", m.hanurav_vijayan),
    "minimum_support": fixed("minimum_support", m.minimum_support),
    "murthy": murthy,
    "chromy": chromy,
    "chromy, hits": chromy_hits,
    "pivotal": walk(
        lambda p, rng: m.pivotal(p.pik, rng),
        lambda p: trees.random_pivotal_design(p.pik),
        slow=0,
    ),
    "pivotal, given order": walk(
        lambda p, rng: m.pivotal(p.pik, rng, order="given"),
        lambda p: trees.ordered_pivotal_design(p.pik),
        slow=0,
    ),
    "local_pivotal_1": walk(
        lambda p, rng: m.local_pivotal_1(p.points, p.pik, rng),
        lambda p: trees.local_pivotal_design(p.pik, p.points, mutual=True),
        only=HARD,
    ),
    "local_pivotal_2": walk(
        lambda p, rng: m.local_pivotal_2(p.points, p.pik, rng),
        lambda p: trees.local_pivotal_design(p.pik, p.points, mutual=False),
        only=HARD,
    ),
    "spatially_correlated_poisson": walk(
        lambda p, rng: m.spatially_correlated_poisson(p.points, p.pik, rng),
        lambda p: trees.correlated_poisson_design(p.pik, p.points),
        only=HARD,
    ),
    "hierarchical_local_pivotal": walk(
        lambda p, rng: m.hierarchical_local_pivotal(p.points, p.pik, [1, p.n - 1], rng).positions,
        lambda p: trees.local_pivotal_design(p.pik, p.points, mutual=False),
        slow=2,
        only=("skewed", "tiny"),
    ),
    "hierarchical_local_pivotal, first part": first_part,
    "local_cube": walk(lambda p, rng: m.local_cube(p.columns, p.points, p.pik, rng), None, slow=2, only=HARD),
    "cube": walk(
        lambda p, rng: m.cube(p.columns, p.pik, rng),
        lambda p: cube_branches(p.name),
        only=("ties", "tiny"),
    ),
    "cube, suppression": walk(
        lambda p, rng: m.cube(p.columns, p.pik, rng, landing="suppression"),
        lambda p: cube_branches(p.name),
        only=HARD,
    ),
}
"""Name (the function's, and after a comma the variant) and how its cases are made."""


OTHERS = STAGED | NUMBERED


def cases(only: str = "") -> list[Case]:
    """All cases whose method's name holds `only`."""
    made = []
    for name, make in METHODS.items():
        for p in populations() if only in name else ():
            case = make(p)
            if case is not None:
                made.append(replace(case, method=name, population=p.name))
    return made + [
        replace(build(), method=name, population=population)
        for (name, population), build in OTHERS.items()
        if only in name
    ]
