"""Exact designs of the methods that walk (pivotal, local pivotal, correlated Poisson, cube): all branches.

A state is the tuple of present probabilities; each function follows every branch of the method as its paper
states it, states of equal probabilities put together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from math import factorial

import numpy as np
from inclusion_designs import Array, Design, Sample, weights

State = tuple[float, ...]
Branches = Iterator[tuple[float, State]]
CLOSE = 1e-9
"""Two distances, or a probability and 0 or 1, nearer than this are the same."""


def kept(values: Array | list[float]) -> State:
    """Present probabilities without the rounding of many branches."""
    near = np.round(np.asarray(values, dtype=np.float64), 12)
    return tuple(np.where(near < CLOSE, 0.0, np.where(near > 1 - CLOSE, 1.0, near)).tolist())


def undecided(state: State) -> list[int]:
    return [unit for unit, value in enumerate(state) if 0 < value < 1]


def meeting(state: State, i: int, j: int) -> Branches:
    """Deville and Tillé (1998): one of two units is decided, the other has what is left."""
    a, b = state[i], state[j]
    if a + b < 1:
        outcomes = [(a / (a + b), a + b, 0.0), (b / (a + b), 0.0, a + b)]
    else:
        outcomes = [((1 - b) / (2 - a - b), 1.0, a + b - 1), ((1 - a) / (2 - a - b), a + b - 1, 1.0)]
    for chance, first, second in outcomes:
        values = list(state)
        values[i], values[j] = first, second
        yield chance, kept(values)


def walked(pik: Array, branch: Callable[[State], Branches]) -> Design:
    """Follow all branches until at most one unit is undecided; that one is in with what it has."""
    states: dict[State, float] = {kept(pik): 1.0}
    design = weights()
    while states:
        following = defaultdict[State, float](float)
        for state, so_far in states.items():
            left = undecided(state)
            if len(left) > 1:
                for chance, after in branch(state):
                    following[after] += so_far * chance
                continue
            for chance, last in [(state[left[0]], 1.0), (1 - state[left[0]], 0.0)] if left else [(1.0, 0.0)]:
                values = [*state[: left[0]], last, *state[left[0] + 1 :]] if left else state
                design[tuple(np.flatnonzero(values).tolist())] += so_far * chance
        states = following
    return dict(design)


def ordered_pivotal_design(pik: Array) -> Design:
    """The first two undecided units in the order meet; the one that goes on meets the next."""

    def branch(state: State) -> Branches:
        first, second, *_rest = undecided(state)
        yield from meeting(state, first, second)

    return walked(pik, branch)


def random_pivotal_design(pik: Array) -> Design:
    design, count = weights(), factorial(len(pik))
    for order in permutations(range(len(pik))):
        for sample, chance in ordered_pivotal_design(pik[list(order)]).items():
            design[tuple(sorted(order[place] for place in sample))] += chance / count
    return dict(design)


def apart(points: Array) -> Array:
    """Distances of all pairs; infinite to itself."""
    rows = points.reshape(len(points), -1)
    distances: Array = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances


def nearest(distances: Array, unit: int, among: list[int]) -> list[int]:
    least = min(distances[unit, other] for other in among)
    return [other for other in among if distances[unit, other] <= least * (1 + CLOSE)]


def local_pivotal_design(pik: Array, points: Array, *, mutual: bool) -> Design:
    """Grafström, Lundström and Schelin (2012), method 1 (mutual) or 2."""
    distances = apart(points)

    def branch(state: State) -> Branches:
        left, chances = undecided(state), dict[tuple[int, int], float]()
        for unit in left:
            near = nearest(distances, unit, left)
            for other in near:
                if not mutual or unit in nearest(distances, other, left):
                    chances[unit, other] = 1 / len(near)
        total = sum(chances.values())
        for (unit, other), chance in chances.items():
            for share, after in meeting(state, unit, other):
                yield chance / total * share, after

    return walked(pik, branch)


def maximal_weights(state: State, unit: int, distances: Array) -> Array:
    """Grafström (2012): nearest units first, each as much as it bears, until the weights sum to 1."""
    weights, left, own = np.zeros(len(state)), 1.0, state[unit]
    among = [other for other in undecided(state) if other != unit]
    limit = {other: min(state[other] / (1 - own), (1 - state[other]) / own) for other in among}
    while among and left > 1e-14:
        tied = nearest(distances, unit, among)
        among = [other for other in among if other not in tied]
        while tied and left > 1e-14:  # equal parts, again among those that bear more
            part = min(left / len(tied), min(limit[other] - weights[other] for other in tied))
            weights[tied] += part
            left -= part * len(tied)
            tied = [other for other in tied if limit[other] - weights[other] > 1e-14]
    return weights


def correlated_poisson_design(pik: Array, points: Array) -> Design:
    """Every undecided unit is as likely to be next; its decision goes to the others by the weights."""
    distances = apart(points)

    def branch(state: State) -> Branches:
        left = undecided(state)
        for unit in left:
            weights = maximal_weights(state, unit, distances)
            for chosen, chance in ((1.0, state[unit]), (0.0, 1 - state[unit])):
                values = np.array(state) - (chosen - state[unit]) * weights
                values[unit] = chosen
                yield chance / len(left), kept(values)

    return walked(pik, branch)


def flown(state: State, window: list[int], rows: Array) -> Branches:
    """One step of the flight: along the one direction of p + 1 units that changes no total, either way."""
    direction = np.linalg.svd(rows[window].T)[2][-1]
    values = np.array(state)[window]
    lengths = []
    for way in (direction, -direction):
        with np.errstate(divide="ignore"):
            room = np.where(way > 0, (1 - values) / way, np.where(way < 0, values / -way, np.inf))
        lengths.append(float(room.min()))
    for way, here, there in ((direction, *lengths), (-direction, *lengths[::-1])):
        after = np.array(state)
        after[window] = values + here * way
        yield there / sum(lengths), kept(after)


def cube_design(pik: Array, x: Array) -> Design:
    """Chauvet and Tillé (2006) in all orders; x holds pik, so two units left are decided by their size."""
    rows = x / pik[:, None]
    width = x.shape[1]
    design = weights()
    orders = list(permutations(range(len(pik))))
    for order in orders:

        def branch(state: State, order: Sample = order) -> Branches:
            left = [unit for unit in order if 0 < state[unit] < 1]
            if len(left) > width:
                yield from flown(state, left[: width + 1], rows)
            else:  # landing on the size alone: what is left sums to a whole number
                yield from landed(state, left)

        for sample, chance in walked(pik, branch).items():
            design[sample] += chance / len(orders)
    return dict(design)


def landed(state: State, left: list[int]) -> Branches:
    """Two units whose probabilities sum to 1: one of them."""
    for first, second in combinations(left, 2):
        assert abs(state[first] + state[second] - 1) < CLOSE
        for chosen, other in ((first, second), (second, first)):
            values = list(state)
            values[chosen], values[other] = 1.0, 0.0
            yield state[chosen], kept(values)
