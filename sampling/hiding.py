"""Hiding small cells (秘匿) of counts that add up, so that no hidden one can be had back from the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from sampling.dispositions import GROUPS
from sampling.response_rates import RATES, UNKNOWN, Rate

__all__ = ["HIDDEN", "Sum", "hidden_cells", "rate_steps"]

HIDDEN: Final = "X"
"""What stands for a hidden cell, as in Japanese official statistics."""

STEP: Final = 0.01
"""Rates that would tell a hidden count are shown in whole percents, or not at all."""

FIRST: Final = tuple(dict.fromkeys(("RR2", "RR1", "RR6", "COOP2", "REF1", "CON1", *RATES)))
"""The rates in the order in which they are let out."""

TINY: Final = 1e-9
"""Below it a number of the linear algebra, whose entries are 0, 1 and -1, is zero."""

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sum:
    """Cells that add up.

    Parameters
    ----------
    parts : ndarray of int64
        Positions of the parts.
    total : int or None
        Position of their total; None where the total is public.
    """

    parts: Ints
    total: int | None = None

    @property
    def cells(self) -> Ints:
        """Positions of parts and total."""
        return self.parts if self.total is None else np.append(self.parts, self.total)


def hidden_cells(cells: Ints, sums: Sequence[Sum], limit: int) -> Bools:
    """Say which cells are hidden.

    Parameters
    ----------
    cells : ndarray of int64
        Shape (m,): counts, totals among them.
    sums : sequence of Sum
        What adds up.
    limit : int
        Counts of 1 to ``limit - 1`` are hidden; zero is shown.

    Returns
    -------
    ndarray of bool
        Shape (m,). Beside small cells the smallest others are hidden, until no sum has a single hidden cell
        or hidden ones below the limit together, and no small cell follows from all sums taken together.

    Notes
    -----
    A hidden cell follows from the sums where its row in a basis of the null space of their matrix, cut to the
    hidden cells, is zero.

    Examples
    --------
    >>> hidden_cells(np.array([50, 4, 30, 0]), [Sum(np.array([0, 1, 2, 3]))], 10).tolist()
    [False, True, True, False]
    """
    small = (cells > 0) & (cells < limit)
    hidden = small.copy()
    matrix = np.zeros((len(sums), len(cells)))
    for row, one in enumerate(sums):
        matrix[row, one.parts] = 1
        if one.total is not None:
            matrix[row, one.total] = -1
    while True:
        grown = [_hide_another(cells, hidden, one.cells) for one in sums if _weak(cells, hidden, one, limit)]
        if any(grown):
            continue
        found = np.flatnonzero(small)[_follows(matrix, hidden)[small[hidden]]]
        around = [one.cells for cell in found for one in sums if cell in one.cells]
        if not any(_hide_another(cells, hidden, places) for places in around):
            return hidden


def _weak(cells: Ints, hidden: Bools, one: Sum, limit: int) -> bool:
    """Say whether the hidden cells of a sum are too few to hide one another."""
    places = one.cells
    count, persons = int(hidden[places].sum()), int(cells[places][hidden[places]].sum())
    return count == 1 or (count > 1 and persons < limit)


def _hide_another(cells: Ints, hidden: Bools, places: Ints) -> bool:
    """Hide the smallest shown cell of some, one with persons before an empty one; False where none is."""
    shown = places[~hidden[places]]
    filled = shown[cells[shown] > 0]
    chosen = filled if len(filled) else (shown if hidden[places].sum() == 1 else filled)
    if len(chosen):
        hidden[chosen[np.argmin(cells[chosen])]] = True
    return bool(len(chosen))


def _follows(matrix: NDArray[np.float64], hidden: Bools) -> Bools:
    """Say of each hidden cell whether the sums give it away."""
    left = matrix[:, hidden]
    if not left.size:
        return np.zeros(int(hidden.sum()), dtype=np.bool_)
    _u, values, rows = np.linalg.svd(left, full_matrices=True)
    rank = int((values > TINY).sum())
    follows: Bools = np.abs(rows[rank:]).sum(axis=0) < TINY
    return follows


def rate_steps(counts: NDArray[np.float64], hidden: Bools, e: float, limit: int) -> NDArray[np.float64]:
    """Say how precisely each rate may be shown.

    Parameters
    ----------
    counts : ndarray of float64
        Shape (k, 8): persons by domain and group, in the order of `GROUPS`.
    hidden : ndarray of bool
        Shape (k, 8): counts that are not shown.
    e : float
        Share of those of unknown eligibility who are eligible, 0 to 1.
    limit : int
        As in `hidden_cells`.

    Returns
    -------
    ndarray of float64
        Shape (k, 16), in the order of `RATES`: 0 as it is; 0.01 rounded to whole percents; nan not at all.

    Notes
    -----
    A rate whose numerator and denominator hold all hidden groups or none tells no more of them than the
    persons drawn do. Another is rounded, if the rounded rates of the domain together, and the persons drawn,
    leave every small count at least as many values as the limit (the widest and the narrowest by linear
    programming); the rates that are asked for most come first.

    Examples
    --------
    >>> counts = np.array([[1587.0, 145, 119, 20, 41, 967, 115, 6]])
    >>> hidden = np.array([[False] * 3 + [True] + [False] * 3 + [True]])  # NC and NE
    >>> steps = rate_steps(counts, hidden, 1.0, 10)[0]
    >>> dict(zip(RATES, steps.tolist()))["RR2"], dict(zip(RATES, steps.tolist()))["COOP4"]
    (0.01, 0.0)
    """
    return np.array([_row_steps(row, secret, e, limit) for row, secret in zip(counts, hidden, strict=True)])


def _row_steps(row: NDArray[np.float64], hidden: Bools, e: float, limit: int) -> list[float]:
    known: list[NDArray[np.float64]] = []
    steps = {}
    for name in FIRST:
        above, below = _coefficients(RATES[name], e)
        if all(len(set(part[hidden].tolist())) < 2 for part in (above, below)):
            steps[name] = 0.0
            continue
        told = _told(row, above, below)
        if _leaves_room([*known, *told], row, hidden, limit):
            known += told
            steps[name] = STEP
        else:
            steps[name] = np.nan
    return [steps[name] for name in RATES]


def _coefficients(rate: Rate, e: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what each group counts in numerator and denominator."""
    unknown = {"1": 1.0, "e": e, "0": 0.0}[rate.unknown]
    above = [float(group in rate.above) for group in GROUPS]
    below = [unknown if group in UNKNOWN else float(group in rate.below) for group in GROUPS]
    return np.array(above), np.array(below)


def _told(
    row: NDArray[np.float64], above: NDArray[np.float64], below: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return what a rate in whole percents tells: coefficients of the groups whose sum is at most 0."""
    if not below @ row:
        return []
    shown = round(float(above @ row / (below @ row)) / STEP) * STEP
    return [above - (shown + STEP / 2) * below, (shown - STEP / 2) * below - above]


def _leaves_room(
    known: list[NDArray[np.float64]], row: NDArray[np.float64], hidden: Bools, limit: int
) -> bool:
    """Say whether every small hidden count may still have as many values as the limit."""
    if not known:
        return True
    table, total = np.array(known), row[hidden].sum()
    rest = -(table[:, ~hidden] @ row[~hidden])
    for place in np.flatnonzero((row[hidden] > 0) & (row[hidden] < limit)):
        unit = np.eye(int(hidden.sum()))[place]
        low, high = (
            linprog(sign * unit, table[:, hidden], rest, [np.ones_like(unit)], [total], bounds=(0, total)).fun
            for sign in (1, -1)
        )
        if low is None or high is None or -high - low < limit - 1:
            return False
    return True
