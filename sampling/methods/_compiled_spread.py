"""Pivotal, local pivotal and correlated Poisson loops, with the k-d tree they search.

All in one file: numba makes kept machine code anew only where the file of the loop itself has changed. What
the loops do stands in `sampling.methods.pivotal` and `sampling.methods.scps`.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sampling.methods._compiled import compiled
from sampling.methods.inclusion import EDGE
from sampling.methods.neighbours import SAME

__all__ = ["Tree", "correlated", "grow", "local_meetings", "meetings", "room_for_tree"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Lists = tuple[Ints, Floats, Floats]
Memory = tuple[Ints, Ints, Floats]
LEAF: Final = 12
"""Units a leaf holds at most when the tree is made."""
SQUARE: Final = SAME * SAME
"""Squared distances that differ by less than this factor are the same."""


class Tree(NamedTuple):
    """A k-d tree that units leave: nodes numbered as in a heap, all leaves at one depth.

    Points of shape (N, d); units in their order, leaf by leaf, in each leaf those that are left first, and
    their coordinates beside them; place in the order and leaf of each unit; first place of each node and how
    many of its units are left; the box around its units when the tree was made. Size: nodes, units then.
    """

    points: Floats
    order: Ints
    held: Floats
    place: Ints
    home: Ints
    start: Ints
    left: Ints
    low: Floats
    high: Floats
    size: Ints
    stack: Ints


def room_for_tree(points: Floats) -> Tree:
    """Arrays of a tree for points of shape (N, d); `grow` fills them."""
    units, width = points.shape
    nodes = 4 * (units // LEAF) + 3
    own, held = np.ascontiguousarray(points), np.empty((units, width))
    order, of_nodes = np.zeros((3, units), dtype=np.int64), np.zeros((2, nodes), dtype=np.int64)
    low, high = np.zeros((2, nodes, width))
    size, stack = np.zeros(2, dtype=np.int64), np.zeros(64, dtype=np.int64)
    return Tree(own, order[0], held, order[1], order[2], of_nodes[0], of_nodes[1], low, high, size, stack)


@compiled
def _swap(tree: Tree, a: int, b: int) -> None:
    """Let two places of the order change their units."""
    tree.order[a], tree.order[b] = tree.order[b], tree.order[a]
    for k in range(tree.held.shape[1]):
        tree.held[a, k], tree.held[b, k] = tree.held[b, k], tree.held[a, k]


@compiled
def _halve(tree: Tree, first: int, last: int, middle: int, k: int) -> None:
    """Bring the units with the smaller coordinate k before the middle (quickselect on first to last)."""
    while first < last:
        pivot = tree.held[(first + last) // 2, k]
        i, j = first, last
        while i <= j:
            while tree.held[i, k] < pivot:
                i += 1
            while tree.held[j, k] > pivot:
                j -= 1
            if i <= j:
                _swap(tree, i, j)
                i, j = i + 1, j - 1
        first, last = (first, j) if middle <= j else (i, last) if middle >= i else (middle, middle)


@compiled
def _box(tree: Tree, node: int) -> int:
    """Write the box of a node; return the coordinate in which it is widest."""
    first, last, widest = tree.start[node], tree.start[node] + tree.left[node], 0
    for k in range(tree.held.shape[1]):
        low, high = np.inf, -np.inf
        for i in range(first, last):
            low, high = min(low, tree.held[i, k]), max(high, tree.held[i, k])
        tree.low[node, k], tree.high[node, k] = low, high
        if high - low > tree.high[node, widest] - tree.low[node, widest]:
            widest = k
    return widest


@compiled
def grow(tree: Tree, units: Ints) -> None:
    """Sort units into nodes, from the root down; again when many have left, so that searches stay short."""
    nodes = 1
    while len(units) * 2 > LEAF * (nodes + 1):  # (nodes + 1) / 2 leaves
        nodes = 2 * nodes + 1
    tree.size[0], tree.size[1] = nodes, len(units)
    tree.start[0], tree.left[0] = 0, len(units)
    for i in range(len(units)):
        tree.order[i] = units[i]
        for k in range(tree.held.shape[1]):
            tree.held[i, k] = tree.points[units[i], k]
    for node in range(nodes):
        widest, first, count = _box(tree, node), tree.start[node], tree.left[node]
        if 2 * node + 2 < nodes:
            half = count // 2
            _halve(tree, first, first + count - 1, first + half, widest)
            tree.start[2 * node + 1], tree.left[2 * node + 1] = first, half
            tree.start[2 * node + 2], tree.left[2 * node + 2] = first + half, count - half
        else:
            for i in range(first, first + count):
                tree.home[tree.order[i]], tree.place[tree.order[i]] = node, i


@compiled
def _leave(tree: Tree, unit: int) -> None:
    """Take a unit out."""
    node = tree.home[unit]
    here, last = tree.place[unit], tree.start[node] + tree.left[node] - 1
    _swap(tree, here, last)
    tree.place[tree.order[here]], tree.place[unit] = here, last
    tree.left[node] -= 1
    while node > 0:
        node = (node - 1) // 2
        tree.left[node] -= 1


@compiled
def _distance(tree: Tree, unit: int, place: int) -> float:
    """Squared distance from a unit to the one at a place of the order."""
    total = 0.0
    for k in range(tree.held.shape[1]):
        step = tree.points[unit, k] - tree.held[place, k]
        total += step * step
    return total


@compiled
def _gap(tree: Tree, unit: int, node: int) -> float:
    """Squared distance from a unit to the box of a node; infinite where nobody is left in it."""
    if tree.left[node] == 0:
        return np.inf
    total = 0.0
    for k in range(tree.held.shape[1]):
        at = tree.points[unit, k]
        step = max(tree.low[node, k] - at, at - tree.high[node, k])
        if step > 0.0:
            total += step * step
    return total


@compiled
def _push(tree: Tree, unit: int, node: int, size: int) -> int:
    """Put the two nodes below one on the stack, the nearer one on top."""
    nearer, other = 2 * node + 1, 2 * node + 2
    if _gap(tree, unit, other) < _gap(tree, unit, nearer):
        nearer, other = other, nearer
    tree.stack[size], tree.stack[size + 1] = other, nearer
    return size + 2


@compiled
def _scan(
    tree: Tree, unit: int, leaf: int, near: Ints, away: Floats, count: int, best: float
) -> tuple[int, float]:
    """Look through a leaf for the nearest units so far: how many, and their squared distance."""
    for place in range(tree.start[leaf], tree.start[leaf] + tree.left[leaf]):
        squared = _distance(tree, unit, place)
        if squared <= best * SQUARE and tree.order[place] != unit:
            if squared * SQUARE < best:
                count = 0
            best = min(best, squared)
            near[count], away[count] = tree.order[place], squared
            count += 1
    return count, best


@compiled
def _nearest(tree: Tree, unit: int, near: Ints, away: Floats) -> tuple[int, float]:
    """Write the nearest units, rising, to `near`: how many there are, and their squared distance.

    The search begins in the unit's own leaf and climbs: at each node the other half is looked at.
    """
    node = tree.home[unit]
    inner = tree.size[0] // 2  # nodes below this number are no leaves
    count, best = _scan(tree, unit, node, near, away, 0, np.inf)
    while node > 0:
        tree.stack[0], size = node - 1 if node % 2 == 0 else node + 1, 1
        node = (node - 1) // 2
        while size:
            size -= 1
            other = tree.stack[size]
            if tree.left[other] == 0 or _gap(tree, unit, other) > best * SQUARE:
                continue
            if other < inner:
                size = _push(tree, unit, other, size)
            else:
                count, best = _scan(tree, unit, other, near, away, count, best)
    kept = 0
    for i in range(count):
        if away[i] <= best * SQUARE:
            near[kept] = near[i]
            kept += 1
    if kept > 1:
        near[:kept].sort()
    return kept, best


@compiled
def _snapped(value: float) -> float:
    """A probability, put at 0 or 1 where it is within rounding of it."""
    if value < EDGE:
        return 0.0
    return 1.0 if value > 1 - EDGE else value


@compiled
def _meet(values: Floats, i: int, j: int, chance: float) -> None:
    """Decide one of two units and give the other what is left."""
    a, b = values[i], values[j]
    total = a + b
    if total < 1:
        kept, out = (i, j) if chance * total < a else (j, i)
        values[kept], values[out] = _snapped(total), 0.0
    else:
        kept, out = (i, j) if chance * (2 - total) < 1 - b else (j, i)
        values[kept], values[out] = 1.0, _snapped(total - 1)


@compiled
def meetings(values: Floats, units: Ints, chances: Floats) -> None:
    """Let units meet in their order; `values` (N,) change in place, `chances` holds one number a unit."""
    current = -1
    for k in range(len(units)):
        unit = units[k]
        if current >= 0:
            _meet(values, current, unit, chances[k])
        if current < 0 or not 0.0 < values[current] < 1.0:
            current = unit if 0.0 < values[unit] < 1.0 else -1


@compiled
def _around(tree: Tree, unit: int, memory: Memory, near: Ints, away: Floats) -> tuple[int, float]:
    """Nearest units, remembered where there is only one: it stays so until that one leaves."""
    where, friend, reach = memory
    if friend[unit] >= 0 and where[friend[unit]] >= 0:
        near[0] = friend[unit]
        return 1, reach[unit]
    count, squared = _nearest(tree, unit, near, away)
    friend[unit], reach[unit] = near[0] if count == 1 else -1, squared
    return count, squared


@compiled
def local_meetings(
    tree: Tree,
    values: Floats,
    alive: Ints,
    memory: Memory,
    chances: Floats,
    left: int,
    mutual: bool,
) -> int:
    """Let units near each other meet until one or none is left, or the random numbers are used up.

    `values` (N,) change in place; `alive` (N,) holds the `left` undecided units first; `memory` has for each
    unit its place among them (-1: decided), its nearest unit (-1: not known) and the squared distance. Each
    try takes a row of `chances` (K, 3): the unit, its partner among equals, the outcome.
    """
    near, away, where = np.empty(len(values), dtype=np.int64), np.empty(len(values)), memory[0]
    for k in range(len(chances)):
        unit = alive[int(chances[k, 0] * left)]
        count, squared = _around(tree, unit, memory, near, away)
        other = near[int(chances[k, 1] * count)]
        if mutual and squared > _around(tree, other, memory, near, away)[1] * SQUARE:
            continue
        _meet(values, unit, other, chances[k, 2])
        for one in (unit, other):
            if not 0.0 < values[one] < 1.0:
                left -= 1
                place, last = where[one], alive[left]
                alive[place], where[last], where[one] = last, place, -1
                _leave(tree, one)
        if left < 2:
            break
        if 2 * left < tree.size[1]:
            grow(tree, alive[:left])
    return left


@compiled
def _insert(lists: Lists, state: tuple[int, int, float]) -> tuple[int, int, float]:
    """Move the last unit of the list to its place by distance, and drop those that can get no weight.

    State: units listed before, the first at which the limits in `most` sum to 1, and their sum before it.
    """
    (near, away, most), (place, cut, before) = lists, state
    count, unit, squared, share = place + 1, near[place], away[place], most[place]
    while place > 0 and away[place - 1] > squared:
        near[place], away[place], most[place] = near[place - 1], away[place - 1], most[place - 1]
        place -= 1
    near[place], away[place], most[place] = unit, squared, share
    if place <= cut:
        cut, before = cut + 1, before + share
        while before >= 1.0:
            cut -= 1
            before -= most[cut]
    while cut < count and away[count - 1] > away[cut] * SQUARE:
        count -= 1
    return count, cut, before


@compiled
def _gather(tree: Tree, unit: int, values: Floats, lists: Lists) -> int:
    """List the units that may get a weight, by distance, and their largest weights; return how many."""
    near, away, most = lists
    own, inner, node = values[unit], tree.size[0] // 2, -1
    state, limit, size = (0, 0, 0.0), np.inf, 1
    tree.stack[0] = tree.home[unit]
    while size:
        while size:
            size -= 1
            other = tree.stack[size]
            if tree.left[other] == 0 or _gap(tree, unit, other) > limit:
                continue
            if other < inner:
                size = _push(tree, unit, other, size)
                continue
            for place in range(tree.start[other], tree.start[other] + tree.left[other]):
                squared, one = _distance(tree, unit, place), tree.order[place]
                if squared <= limit and one != unit:
                    near[state[0]], away[state[0]] = one, squared
                    most[state[0]] = min(values[one] / (1 - own), (1 - values[one]) / own)
                    state = _insert(lists, state)
                    limit = away[state[1]] * SQUARE if state[1] < state[0] else np.inf
        node = tree.home[unit] if node < 0 else (node - 1) // 2
        if node > 0:  # the other half below the node above
            tree.stack[0], size = node - 1 if node % 2 == 0 else node + 1, 1
    return state[0]


@compiled
def _weigh(away: Floats, most: Floats) -> None:
    """Turn largest weights into weights that sum to 1: units as far as the last one share what is left."""
    cut, before = 0, 0.0
    while cut < len(most) and before + most[cut] < 1.0:
        before += most[cut]
        cut += 1
    if cut == len(most):
        return
    first, last = cut, cut + 1
    while last < len(most) and away[last] <= away[cut] * SQUARE:
        last += 1
    while first > 0 and away[first - 1] * SQUARE >= away[cut]:
        first -= 1
        before -= most[first]
    ranked, held = np.sort(most[first:last]), 0.0
    level = ranked[-1]
    for i in range(len(ranked)):
        part = (1.0 - before - held) / (len(ranked) - i)
        if part <= ranked[i]:
            level = part
            break
        held += ranked[i]
    for i in range(first, last):
        most[i] = min(most[i], level)
    most[last:] = 0.0


@compiled
def correlated(tree: Tree, values: Floats, order: Ints, chances: Floats) -> None:
    """Decide the units in their order, with one number each; `values` (N,) change in place to 0 and 1."""
    near, away, most = np.empty(len(values), dtype=np.int64), np.empty(len(values)), np.empty(len(values))
    for k in range(len(order)):
        unit = order[k]
        own = values[unit]
        if not 0.0 < own < 1.0:
            continue
        count = _gather(tree, unit, values, (near, away, most))
        _weigh(away[:count], most[:count])
        chosen = 1.0 if chances[k] < own else 0.0
        values[unit] = chosen
        _leave(tree, unit)
        for i in range(count):
            other = near[i]
            values[other] = _snapped(values[other] - (chosen - own) * most[i])
            if not 0.0 < values[other] < 1.0:
                _leave(tree, other)
        if 2 * tree.left[0] < tree.size[1]:
            grow(tree, np.flatnonzero((values > 0.0) & (values < 1.0)))
