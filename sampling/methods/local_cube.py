"""The local cube method: samples that are balanced and spread at once."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.methods.balanced_inputs import as_columns
from sampling.methods.inclusion import EDGE, as_pik
from sampling.methods.inputs import isna

__all__ = ["local_cube"]

FLAT: Final = 1e-11
"""A component of a direction (of length 1) below this is none."""

SPARE: Final = 3
"""Neighbours listed at first, for each one that is needed."""


def local_cube(
    X: ArrayLike,
    points: ArrayLike,
    pik: ArrayLike,
    rng: np.random.Generator,
    *,
    strata: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Draw a doubly balanced sample: balanced on known totals and spread over space.

    Parameters
    ----------
    X : array_like
        Shape (N, p): balancing variables, the most important first; few of them, as each step takes p + 2
        neighbours. The size is balanced always and need not be among them.
    points : array_like
        Shape (N, d): coordinates; distances are Euclidean, so give all columns one scale.
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    rng : numpy.random.Generator
        Source of chance.
    strata : array_like, optional
        Shape (N,): stratum of each unit; the sizes of all strata are balanced too.

    Returns
    -------
    ndarray of int64
        Shape (n,): positions of the units drawn, rising; n = Σ π where that is a whole number, else one of
        the two whole numbers beside it. The same holds for each stratum.

    Raises
    ------
    SamplingError
        Probabilities, variables, coordinates or strata that do not fit each other.

    Notes
    -----
    A unit chosen at random and its p + 1 nearest undecided neighbours move along the direction in which no
    total changes, forwards or backwards, until one of them is at 0 or 1; the chances of the two ends keep
    the probabilities. What one unit loses its neighbours gain, so near units are seldom drawn together. When
    p + 1 units are left, the last variable is left out, and so on; the size goes last. Without variables it
    is the local pivotal method 2. With strata: so far in each stratum that the p + 1 last units are left;
    then on with these over all strata, sizes of strata balanced with `X`, until variables would be left
    out; then in each stratum to the end.

    References
    ----------
    Chauvet, G. (2009). Stratified balanced sampling. Survey Methodology 35, 115-119.
    Grafström, A. and Tillé, Y. (2013). Doubly balanced spatial sampling with spreading and restitution of
    auxiliary totals. Environmetrics 24, 120-131.

    Examples
    --------
    >>> import numpy as np
    >>> income, place = np.arange(20.0), np.random.default_rng(1).random((20, 2))
    >>> len(local_cube(income, place, np.full(20, 0.25), np.random.default_rng(7)))
    5
    """
    values = as_pik(pik)
    matrix, places = as_columns(X, len(values)), as_columns(points, len(values))
    # in random order, so that of equal distances one is the nearer by chance
    free = rng.permutation(np.flatnonzero((values > 0) & (values < 1)))
    rows = np.column_stack([np.ones(len(free)), matrix[free] / values[free, None]])
    codes = _codes(strata, len(values))[free]
    values[free] = _by_stratum(_scaled(rows), places[free], values[free], codes, rng)
    return np.flatnonzero(values > 0.5).astype(np.int64)


def _codes(strata: ArrayLike | None, units: int) -> NDArray[np.int64]:
    """Code of each unit's stratum."""
    labels = np.zeros(units) if strata is None else np.asarray(strata)
    if labels.shape != (units,) or isna(labels).any():
        raise SamplingError(
            "SAM-CUBE-STRATA",
            _("Strata need one value for each unit."),
            hint=_("Give as many strata as inclusion probabilities."),
        )
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _by_stratum(
    rows: NDArray[np.float64],
    places: NDArray[np.float64],
    values: NDArray[np.float64],
    codes: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Probabilities of the units, all decided: in each stratum, over all of them, in each again."""
    values, groups = values.copy(), [np.flatnonzero(codes == code) for code in np.unique(codes)]
    if len(groups) > 1:
        for group in groups:
            values[group] = _fly(rows[group], places[group], values[group], rng, least=rows.shape[1])
        left = np.flatnonzero((values > 0.0) & (values < 1.0))
        sizes = (codes[left, None] == np.unique(codes[left])).astype(np.float64)
        both = np.hstack([sizes, rows[left, 1:]])
        values[left] = _fly(both, places[left], values[left], rng, least=both.shape[1])
    for group in groups:
        inner = rows[group] if len(groups) == 1 else rows[group, :1]
        values[group] = _fly(inner, places[group], values[group], rng, least=0)
    return values


def _scaled(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns of mean square 1, each without its part in those before; repeated ones are left out."""
    if not rows.size:
        return rows
    rows = rows / np.maximum(np.abs(rows).max(axis=0), np.finfo(np.float64).tiny)
    q, r = np.linalg.qr(rows)
    kept = np.abs(np.diag(r)) > 1e-9 * np.linalg.norm(rows, axis=0).max()
    return np.asarray(q[:, kept] * len(rows) ** 0.5)


def _fly(
    rows: NDArray[np.float64],
    places: NDArray[np.float64],
    values: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    least: int,
) -> NDArray[np.float64]:
    """Flight, and landing where `least` is 0; a loop, longer for the tree that is built anew."""
    values = values.copy()
    kept, alive = rows.shape[1], np.flatnonzero((values > 0.0) & (values < 1.0))
    while kept and len(alive) > max(1, least):
        if len(alive) <= kept:
            kept -= 1
            continue
        tree, wanted = cKDTree(places[alive]), kept + 1
        among = np.arange(1, min(SPARE * wanted, len(alive)) + 1)
        lists = np.asarray(tree.query(places[alive], k=among)[1])
        for unit in range(len(alive) - max(kept, len(alive) // 2)):  # then half the units may have left
            if not 0.0 < values[alive[unit]] < 1.0:
                continue
            near = alive[lists[unit]]
            near = near[(values[near] > 0.0) & (values[near] < 1.0)][:wanted]
            if len(near) < wanted:
                near = _further(tree, places, alive, unit, values, wanted)
            if len(near) < wanted:
                break
            values[near] = _moved(rows[near, :kept], values[near], rng)
        alive = rng.permutation(alive[(values[alive] > 0.0) & (values[alive] < 1.0)])
    for unit in alive.tolist() if least == 0 else []:
        values[unit] = float(rng.random() < values[unit])
    return values


def _further(
    tree: cKDTree,
    places: NDArray[np.float64],
    alive: NDArray[np.int64],
    unit: int,
    values: NDArray[np.float64],
    wanted: int,
) -> NDArray[np.int64]:
    """Nearest undecided units of one, looked for further and further away."""
    count = SPARE * wanted
    while True:
        count = min(4 * count, len(alive))
        near = alive[tree.query(places[alive[unit]], k=np.arange(1, count + 1))[1]]
        near = near[(values[near] > 0.0) & (values[near] < 1.0)][:wanted]
        if len(near) == wanted or count == len(alive):
            return np.asarray(near)


def _moved(
    rows: NDArray[np.float64], values: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """One step of one unit more than there are columns: no total changes, and a unit is decided."""
    if rows.shape == (2, 1) and rows.any():
        direction = np.array([rows[1, 0], -rows[0, 0]]) / np.linalg.norm(rows)
    else:
        direction = np.linalg.svd(rows.T)[2][-1]
    direction[np.abs(direction) < FLAT] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        to_one, to_zero = (1 - values) / np.abs(direction), values / np.abs(direction)
    up = float(np.min(np.where(direction > 0, to_one, np.where(direction < 0, to_zero, np.inf))))
    down = float(np.min(np.where(direction > 0, to_zero, np.where(direction < 0, to_one, np.inf))))
    step = up if rng.random() * (up + down) < down else -down
    moved = values + step * direction
    moved[moved < EDGE] = 0.0
    moved[moved > 1 - EDGE] = 1.0
    return np.asarray(moved)
