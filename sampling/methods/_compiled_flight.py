"""The walk of the flight phase as a loop on numbers: see `sampling.methods.flight` for what it does."""

import numpy as np
from numpy.typing import NDArray

from sampling.methods._compiled import compiled
from sampling.methods.flight import ALIKE, REFRESH, TIE, ZERO

__all__ = ["walk"]


@compiled
def _weigh(inverse: NDArray[np.float64], row: NDArray[np.float64], weight: NDArray[np.float64]) -> None:
    """Write a unit's row in the basis."""
    for i in range(len(row)):
        total = 0.0
        for j in range(len(row)):
            total += inverse[i, j] * row[j]
        weight[i] = total


@compiled
def _largest(weight: NDArray[np.float64], among: NDArray[np.bool_]) -> int:
    """Return the first of the places with the largest weight; -1 where that is none."""
    most, best = 0.0, -1
    for i in range(len(weight)):
        if among[i]:
            most = max(most, abs(weight[i]))
    for i in range(len(weight)):
        if best < 0 and among[i] and most > ZERO and abs(weight[i]) >= most * ALIKE:
            best = i
    return best


@compiled
def _room(inside: float, weight: float, up: bool) -> float:
    """Return the longest step of the new unit, up or down, that keeps a member within 0 and 1."""
    return (1.0 - inside) / abs(weight) if (weight < 0) == up else inside / abs(weight)


@compiled
def _pivot(inverse: NDArray[np.float64], weight: NDArray[np.float64], place: int) -> None:
    """Change the inverse of the basis: the unit of `weight` took a place in it."""
    rank = len(weight)
    for j in range(rank):
        inverse[place, j] /= weight[place]
    for i in range(rank):
        if i != place:
            for j in range(rank):
                inverse[i, j] -= weight[i] * inverse[place, j]


@compiled
def walk(rows: NDArray[np.float64], values: NDArray[np.float64], chances: NDArray[np.float64]) -> None:
    """Walk through the units in their order; a solver loop, so it is long.

    Parameters
    ----------
    rows : ndarray of float64
        Shape (N, rank): well-scaled rows.
    values : ndarray of float64
        Shape (N,): probabilities, changed in place to those at the end of the flight.
    chances : ndarray of float64
        Shape (N,): uniform random numbers.
    """
    size, rank = rows.shape
    empty, tied, count = np.ones(rank, dtype=np.bool_), np.zeros(rank, dtype=np.bool_), 0
    members, inside, weight = np.zeros(rank, dtype=np.int64), np.full(rank, 0.5), np.zeros(rank)
    basis, inverse = np.eye(rank), np.eye(rank)
    for unit in range(size):
        _weigh(inverse, rows[unit], weight)
        own = values[unit]
        place = _largest(weight, empty) if count < rank else -1
        if place >= 0:
            count += 1
        else:
            up, down = 1.0 - own, own
            for i in range(rank):
                if not empty[i] and abs(weight[i]) > ZERO:
                    up = min(up, _room(inside[i], weight[i], True))
                    down = min(down, _room(inside[i], weight[i], False))
            up, down = up if up > TIE else 0.0, down if down > TIE else 0.0
            rising = chances[unit] * (up + down) < down
            step = up if rising else -down
            for i in range(rank):
                tied[i] = False
                if not empty[i] and abs(weight[i]) > ZERO:
                    tied[i] = _room(inside[i], weight[i], rising) <= abs(step) + TIE
                    inside[i] = min(max(inside[i] - step * weight[i], 0.0), 1.0)
            if (1.0 - own if rising else own) <= abs(step) + TIE:
                values[unit] = 1.0 if rising else 0.0
                continue
            own += step
            place = _largest(weight, tied)
            values[members[place]] = 1.0 if (weight[place] < 0) == rising else 0.0
        empty[place] = False
        members[place], inside[place] = unit, own
        for i in range(rank):
            basis[i, place] = rows[unit, i]
        _pivot(inverse, weight, place)
        if (unit + 1) % REFRESH == 0:
            inverse[:, :] = np.linalg.inv(basis)
    for i in range(rank):
        if not empty[i]:
            values[members[i]] = inside[i]
