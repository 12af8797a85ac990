"""The pivotal method and its local forms: two units meet, one is decided, the other takes up what is left."""

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sampling.methods._compiled import wanted
from sampling.methods.balanced_inputs import as_columns
from sampling.methods.inclusion import EDGE, as_pik
from sampling.methods.neighbours import SAME, Neighbours

__all__ = ["local_pivotal_1", "local_pivotal_2", "pivotal"]

DEPTH: Final = 6
"""Neighbours listed for each unit; where all of them are decided, the tree is asked again."""
BLOCK: Final = 4096
"""Tries for which random numbers are taken at a time."""


def pivotal(
    pik: ArrayLike, rng: np.random.Generator, *, order: Literal["random", "given"] = "random"
) -> NDArray[np.int64]:
    """Draw a sample by the pivotal method.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    rng : numpy.random.Generator
        Source of chance.
    order : {"random", "given"}
        Order in which units meet. Given: units that stand near each other are seldom drawn together, as in
        a systematic draw.

    Returns
    -------
    ndarray of int64
        Shape (n,): positions of the units drawn, rising; n = Σ π where that is a whole number, else one of
        the two whole numbers beside it.

    Raises
    ------
    SamplingError
        Probabilities that are none.

    Notes
    -----
    Units i and j meet. Where π_i + π_j < 1, one of them is out and the other goes on with π_i + π_j: it is j
    that is out with probability π_i / (π_i + π_j). Else one is in and the other goes on with π_i + π_j - 1:
    it is i that is in with probability (1 - π_j) / (2 - π_i - π_j). The last unit alone is in with what it
    has.

    References
    ----------
    Deville, J.-C. and Tillé, Y. (1998). Unequal probability sampling without replacement through a splitting
    method. Biometrika 85, 89-101.

    Examples
    --------
    >>> import numpy as np
    >>> drawn = pivotal([0.2, 0.5, 0.7, 0.6], np.random.default_rng(1))
    >>> len(drawn)
    2
    """
    values = as_pik(pik)
    units = _open(values)
    if order == "random":
        units = rng.permutation(units)
    chances = rng.random(len(units))
    if wanted(len(values)):
        from sampling.methods._compiled_spread import meetings

        meetings(values, units, chances)
        return _drawn(values, rng)
    listed, current = values.tolist(), -1
    for unit, chance in zip(units.tolist(), chances.tolist(), strict=True):
        if current >= 0:
            _meet(listed, current, unit, chance)
        if current < 0 or not 0.0 < listed[current] < 1.0:
            current = unit if 0.0 < listed[unit] < 1.0 else -1
    return _drawn(np.array(listed), rng)


def local_pivotal_1(points: ArrayLike, pik: ArrayLike, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a spatially spread sample by the local pivotal method 1.

    Parameters
    ----------
    points : array_like
        Shape (N, d): coordinates; distances are Euclidean, so give all columns one scale.
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of int64
        Shape (n,): positions of the units drawn, rising; n = Σ π where that is a whole number.

    Raises
    ------
    SamplingError
        Probabilities or coordinates that do not fit each other.

    Notes
    -----
    A unit chosen at random meets one of its nearest undecided neighbours (at random among equals) where it is
    one of that neighbour's nearest too; else another unit is chosen. The meeting is that of `pivotal`.

    References
    ----------
    Grafström, A., Lundström, N. L. P. and Schelin, L. (2012). Spatially balanced sampling through the pivotal
    method. Biometrics 68, 514-520.

    Examples
    --------
    >>> import numpy as np
    >>> len(local_pivotal_1(np.arange(12.0), np.full(12, 0.25), np.random.default_rng(1)))
    3
    """
    return _local(points, pik, rng, True)


def local_pivotal_2(points: ArrayLike, pik: ArrayLike, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a spatially spread sample by the local pivotal method 2: faster, nearly as spread.

    Parameters
    ----------
    points : array_like
        Shape (N, d): coordinates; distances are Euclidean, so give all columns one scale.
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of int64
        Shape (n,): positions of the units drawn, rising; n = Σ π where that is a whole number.

    Raises
    ------
    SamplingError
        Probabilities or coordinates that do not fit each other.

    Notes
    -----
    A unit chosen at random meets one of its nearest undecided neighbours (at random among equals), whether
    or not it is nearest to that one. The meeting is that of `pivotal`.

    References
    ----------
    Grafström, A., Lundström, N. L. P. and Schelin, L. (2012). Spatially balanced sampling through the pivotal
    method. Biometrics 68, 514-520.

    Examples
    --------
    >>> import numpy as np
    >>> len(local_pivotal_2(np.arange(12.0), np.full(12, 0.25), np.random.default_rng(1)))
    3
    """
    return _local(points, pik, rng, False)


def _local(points: ArrayLike, pik: ArrayLike, rng: np.random.Generator, mutual: bool) -> NDArray[np.int64]:
    """Let units near each other meet until one or none is left: each try takes three random numbers."""
    values = as_pik(pik)
    matrix, units = as_columns(points, len(values)), _open(values)
    if units.size:
        local = _local_compiled if wanted(len(values)) else _local_plain
        values[units] = local(matrix[units], values[units], rng, mutual)
    return _drawn(values, rng)


def _local_compiled(
    points: NDArray[np.float64], values: NDArray[np.float64], rng: np.random.Generator, mutual: bool
) -> NDArray[np.float64]:
    """Return the probabilities after the meetings, by the compiled loop."""
    from sampling.methods._compiled_spread import grow, local_meetings, room_for_tree

    tree, left = room_for_tree(points), len(values)
    alive, memory = np.arange(left), (np.arange(left), np.full(left, -1), np.zeros(left))
    grow(tree, alive)
    while left > 1:
        left = local_meetings(
            tree, values, alive, memory, rng.random((min(BLOCK, 4 * len(values)), 3)), left, mutual
        )
    return values


def _local_plain(
    points: NDArray[np.float64], values: NDArray[np.float64], rng: np.random.Generator, mutual: bool
) -> NDArray[np.float64]:
    """Return the probabilities after the meetings, by lists and a k-d tree that is asked in blocks."""
    listed = values.tolist()
    neighbours = Neighbours(points, np.arange(len(listed)), DEPTH)
    alive = neighbours.alive
    while len(alive) > 1:
        for first, second, third in rng.random((min(BLOCK, 4 * len(listed)), 3)).tolist():
            unit = alive[int(first * len(alive))]
            near, distance = neighbours.nearest(unit)
            other = near[int(second * len(near))]
            if mutual and distance > neighbours.nearest(other)[1] * SAME:
                continue
            _meet(listed, unit, other, third)
            for one in (unit, other):
                if not 0.0 < listed[one] < 1.0:
                    neighbours.leave(one)
            if len(alive) < 2:
                break
    return np.array(listed)


def _meet(values: list[float], i: int, j: int, chance: float) -> None:
    """Decide one of two units and give the other what is left."""
    a, b = values[i], values[j]
    total = a + b
    if total < 1:
        kept, out = (i, j) if chance * total < a else (j, i)
        values[kept], values[out] = _snapped(total), 0.0
    else:
        kept, out = (i, j) if chance * (2 - total) < 1 - b else (j, i)
        values[kept], values[out] = 1.0, _snapped(total - 1)


def _snapped(value: float) -> float:
    """A probability, put at 0 or 1 where it is within rounding of it."""
    if value < EDGE:
        return 0.0
    return 1.0 if value > 1 - EDGE else value


def _open(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of the units that are neither in nor out."""
    return np.flatnonzero((values > 0) & (values < 1)).astype(np.int64)


def _drawn(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions of the units that are in; a unit left alone is decided here."""
    for unit in _open(values).tolist():
        values[unit] = 1.0 if rng.random() < values[unit] else 0.0
    return np.flatnonzero(values > 0.5).astype(np.int64)
