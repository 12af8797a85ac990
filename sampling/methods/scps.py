"""Spatially correlated Poisson sampling: each decision lowers or raises the chances of the units nearby."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sampling.methods._compiled import wanted
from sampling.methods.balanced_inputs import as_columns
from sampling.methods.inclusion import EDGE, as_pik
from sampling.methods.neighbours import SAME, Neighbours

__all__ = ["spatially_correlated_poisson"]

SPARE: Final = 8
"""Neighbours listed beyond those whose weights sum to 1 when all probabilities are the mean one."""


def spatially_correlated_poisson(
    points: ArrayLike, pik: ArrayLike, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw a spatially spread sample by correlated Poisson sampling with maximal weights.

    Parameters
    ----------
    points : array_like
        Shape (N, d): coordinates; distances are Euclidean, so give all columns one scale.
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    rng : numpy.random.Generator
        Source of chance; units are decided in random order.

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
    Unit i is in with its present probability π_i; then each undecided j becomes π_j - (I_i - π_i) w_ij. The
    weights go to the nearest units first, each as much as keeps π_j within 0 and 1 whatever I_i is, so
    w_ij <= min(π_j / (1 - π_i), (1 - π_j) / π_i), until they sum to 1. Units at one distance share
    equally, as far as their limits let them.

    References
    ----------
    Bondesson, L. and Thorburn, D. (2008). A list sequential sampling method suitable for real-time sampling.
    Scandinavian Journal of Statistics 35, 466-483.
    Grafström, A. (2012). Spatially correlated Poisson sampling. Journal of Statistical Planning and Inference
    142, 139-147.

    Examples
    --------
    >>> import numpy as np
    >>> len(spatially_correlated_poisson(np.arange(12.0), np.full(12, 0.25), np.random.default_rng(1)))
    3
    """
    values = as_pik(pik)
    matrix = as_columns(points, len(values))
    units = np.flatnonzero((values > 0) & (values < 1)).astype(np.int64)
    if units.size:
        chances, order = rng.random(len(units)), rng.permutation(len(units))
        decide = _compiled if wanted(len(values)) else _plain
        values[units] = decide(matrix[units], values[units], order, chances)
    return np.flatnonzero(values > 0.5).astype(np.int64)


def _compiled(
    points: NDArray[np.float64],
    values: NDArray[np.float64],
    order: NDArray[np.int64],
    chances: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the decisions, made by the compiled loop."""
    from sampling.methods._compiled_spread import correlated, grow, room_for_tree

    tree = room_for_tree(points)
    grow(tree, np.arange(len(values)))
    correlated(tree, values, order, chances)
    return values


def _plain(
    points: NDArray[np.float64],
    values: NDArray[np.float64],
    order: NDArray[np.int64],
    chances: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the decisions, made with lists of neighbours that are taken in blocks."""
    typical = float(values.mean())
    depth = int(min(max(typical, 1 - typical) / min(typical, 1 - typical), 200.0)) + SPARE
    neighbours = Neighbours(points, np.arange(len(values)), depth)
    for unit, chance in zip(order.tolist(), chances.tolist(), strict=True):
        if 0.0 < values[unit] < 1.0:
            _decide(unit, chance, values, neighbours, depth)
    return values


def _decide(
    unit: int, chance: float, values: NDArray[np.float64], neighbours: Neighbours, depth: int
) -> None:
    """Decide one unit and pass what it leaves to its neighbours."""
    own = float(values[unit])
    near, weights = _weights(unit, own, values, neighbours, depth)
    chosen = 1.0 if chance < own else 0.0
    values[unit] = chosen
    neighbours.leave(unit)
    changed = values[near] - (chosen - own) * weights
    changed[changed < EDGE] = 0.0
    changed[changed > 1 - EDGE] = 1.0
    values[near] = changed
    for other in near[(changed == 0.0) | (changed == 1.0)].tolist():
        neighbours.leave(other)


def _weights(
    unit: int, own: float, values: NDArray[np.float64], neighbours: Neighbours, depth: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Neighbours that get a weight, and their weights."""
    units, distances, complete = neighbours.around(unit)
    while True:
        near, away = np.array(units, dtype=np.int64), np.array(distances)
        present = values[near]
        most = np.minimum(present / (1 - own), (1 - present) / own)
        used = np.cumsum(most)
        cut = int(np.searchsorted(used, 1.0))  # the first whose limit may not be used up
        if complete or (cut < len(near) and away[-1] > away[cut] * SAME):
            break
        depth *= 4
        units, distances, complete = neighbours.around(unit, depth)
    if cut >= len(near):
        return near, most
    tied = (away <= away[cut] * SAME) & (away * SAME >= away[cut])
    first, last = int(tied.argmax()), int(len(tied) - tied[::-1].argmax())
    before = float(used[first - 1]) if first else 0.0
    most[first:last] = _shared(most[first:last], 1.0 - before)
    return near[:last], most[:last]


def _shared(most: NDArray[np.float64], amount: float) -> NDArray[np.float64]:
    """Equal parts of an amount, none above its limit; the limits sum to the amount at least.

    Examples
    --------
    >>> import numpy as np
    >>> _shared(np.array([0.1, 0.6, 0.6]), 0.7).tolist()
    [0.1, 0.3, 0.3]
    """
    ranked = np.sort(most)
    held = np.cumsum(ranked) - ranked  # the smaller limits, used up
    levels = (amount - held) / np.arange(len(ranked), 0, -1)
    fitting = levels <= ranked
    level = levels[int(fitting.argmax())] if fitting.any() else ranked[-1]
    return np.asarray(np.minimum(most, level))
