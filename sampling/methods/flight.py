"""The flight phase of the cube method: from probabilities towards a sample, every balancing equation kept."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sampling.methods._compiled import wanted
from sampling.methods.inclusion import EDGE

__all__ = ["ALIKE", "REFRESH", "TIE", "ZERO", "fly"]

ZERO: Final = 1e-10
"""A coordinate of a column (entries of size about 1) in the basis below this is none."""
TIE: Final = 1e-13
"""Rooms this near to the step end together: the member of the greatest weight leaves."""
REFRESH: Final = 64
"""Units between two fresh inversions of the basis, so that rounding does not build up."""
ALIKE: Final = 1 - 1e-9
"""Weights this near to the largest are as large: the first of them is taken."""
RANK: Final = 1e-10
"""Singular values below this share of the largest are none: variables that repeat each other."""
CLEAR: Final = 1e-8
"""Where all eigenvalues of A'A are above this share of the largest, they tell the rank well enough."""


def fly(
    columns: NDArray[np.float64],
    pik: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    fast: bool | None = None,
) -> NDArray[np.float64]:
    """Move probabilities at random to 0 or 1 until no move keeps the balancing equations.

    Parameters
    ----------
    columns : ndarray of float64
        Shape (N, p): row k is x_k / π_k, with the first-order probability π_k of the whole draw.
    pik : ndarray of float64
        Shape (N,): where the walk begins, 0 to 1.
    rng : numpy.random.Generator
        Order of the units and directions.
    fast : bool, optional
        Whether the compiled walk is taken; left out, it is for large populations where numba is installed.

    Returns
    -------
    ndarray of float64
        Shape (N,): 0 or 1 but for at most p units (at most the rank of their rows).

    Notes
    -----
    Chauvet and Tillé look at p + 1 undecided units at a time. Here p of them are kept as a basis and the next
    unit, of row a, is written in it: w = B⁻¹ a, so u = (1, -w) is a direction that changes no total. With λ⁺
    and λ⁻ the longest steps along u and -u within [0, 1], the step λ⁺ u is taken with probability
    λ⁻ / (λ⁺ + λ⁻), else -λ⁻ u: the expected step is zero, so probabilities stay what they were. The unit that
    reaches 0 or 1 leaves; where it was in the basis, the new unit takes its place (a pivot, as in the
    simplex method). A unit outside the span of the basis enters it without a step.

    References
    ----------
    Deville, J.-C. and Tillé, Y. (2004). Efficient balanced sampling: the cube method. Biometrika 91, 893-912.
    Chauvet, G. and Tillé, Y. (2006). A fast algorithm for balanced sampling. Computational Statistics 21,
    53-62.

    Examples
    --------
    >>> import numpy as np
    >>> moved = fly(np.ones((6, 1)), np.full(6, 0.5), np.random.default_rng(1))
    >>> float(moved.sum()), sorted(set(moved.tolist()))
    (3.0, [0.0, 1.0])
    """
    result = pik.copy()
    free = rng.permutation(np.flatnonzero((pik > 0) & (pik < 1)))
    if free.size:
        rows, chances = _orthonormal(columns[free]), rng.random(free.size)
        if wanted(len(pik)) if fast is None else fast:
            from sampling.methods._compiled_flight import walk

            values = pik[free]
            walk(rows, values, chances)
            result[free] = values
        else:
            result[free] = _walk(rows, pik[free], chances.tolist())
    result[result < EDGE] = 0.0
    result[result > 1 - EDGE] = 1.0
    return result


def _orthonormal(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same column space with orthogonal columns of mean square 1: shape (N, rank)."""
    norms = np.linalg.norm(columns, axis=0)
    kept: NDArray[np.float64] = columns[:, norms > 0] / norms[norms > 0]
    if not kept.shape[1]:
        return kept
    squares, turn = np.linalg.eigh(kept.T @ kept)
    if squares[0] > CLEAR * squares[-1]:
        return np.ascontiguousarray(kept @ (turn * (len(columns) / squares) ** 0.5))
    left, singular, _right = np.linalg.svd(kept, full_matrices=False)
    return np.ascontiguousarray(left[:, singular > RANK * singular[0]] * len(columns) ** 0.5)


def _walk(rows: NDArray[np.float64], pik: NDArray[np.float64], chances: list[float]) -> NDArray[np.float64]:
    """Walk through the units in their order: probabilities of shape (N,) at the end of the flight."""
    size, rank = rows.shape
    values = pik.copy()
    empty = np.ones(rank, dtype=bool)  # places of the basis that hold no unit yet, but a unit vector
    members = np.full(rank, -1, dtype=np.int64)
    basis, inverse = np.eye(rank), np.eye(rank)  # columns of the basis are the members' rows
    inside = np.full(rank, 0.5)  # probabilities of the members
    for unit in range(size):
        row, own = rows[unit], float(values[unit])
        weight = inverse @ row
        size_of = np.abs(weight)
        place = -1
        if empty.any():
            place = _outside(size_of, empty)
            size_of = np.where(empty, 0.0, size_of)
        if place < 0:
            moving = size_of > ZERO
            step, rooms, limit, end = _direction(weight, size_of, moving, inside, own, chances[unit])
            inside = np.clip(inside - step * np.where(moving, weight, 0.0), 0.0, 1.0)
            if limit <= abs(step) + TIE:
                values[unit] = end
                continue
            own += step
            place = _first(np.where(rooms <= abs(step) + TIE, size_of, 0.0))
            values[members[place]] = 1.0 if (weight[place] < 0) == (end == 1.0) else 0.0
        empty[place] = False
        members[place], inside[place], basis[:, place] = unit, own, row
        inverse = _pivoted(inverse, weight, place)
        if (unit + 1) % REFRESH == 0:
            inverse = np.asarray(np.linalg.inv(basis), dtype=np.float64)
    values[members[~empty]] = inside[~empty]
    return values


def _outside(size_of: NDArray[np.float64], empty: NDArray[np.bool_]) -> int:
    """Return the empty place that the unit fills, where it lies outside the span of the members; else -1."""
    outside = np.where(empty, size_of, 0.0)
    best = _first(outside)
    return best if outside[best] > ZERO else -1


def _first(sizes: NDArray[np.float64]) -> int:
    """Return the first of the largest, whatever rounding made of equal ones."""
    return int((sizes >= sizes.max() * ALIKE).argmax())


def _direction(
    weight: NDArray[np.float64],
    size_of: NDArray[np.float64],
    moving: NDArray[np.bool_],
    inside: NDArray[np.float64],
    own: float,
    chance: float,
) -> tuple[float, NDArray[np.float64], float, float]:
    """Choose the step by chance: its length, the rooms of members and unit, and where the unit ends."""
    with np.errstate(divide="ignore", invalid="ignore"):
        to_one = np.where(moving, (1.0 - inside) / size_of, np.inf)
        to_zero = np.where(moving, inside / size_of, np.inf)
    rising = weight < 0  # members that rise when the new unit rises
    ahead, behind = np.where(rising, to_one, to_zero), np.where(rising, to_zero, to_one)
    up = min(float(ahead.min(initial=np.inf)), 1.0 - own)
    down = min(float(behind.min(initial=np.inf)), own)
    up, down = up if up > TIE else 0.0, down if down > TIE else 0.0
    if chance * (up + down) < down:
        return up, ahead, 1.0 - own, 1.0
    return -down, behind, own, 0.0


def _pivoted(inverse: NDArray[np.float64], weight: NDArray[np.float64], place: int) -> NDArray[np.float64]:
    """Return the inverse of the basis after the unit of `weight` took a place in it."""
    pivot_row = inverse[place] / weight[place]
    others = weight.copy()
    others[place] = 0.0
    changed: NDArray[np.float64] = inverse - np.multiply.outer(others, pivot_row)
    changed[place] = pivot_row
    return changed
