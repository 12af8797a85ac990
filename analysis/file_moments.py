"""Rows that stand for many: cells of rows with the same sums, squares and products.

In element sampling a variance needs sums of squares of single rows, which a cell's totals do not have. Pairs
of rows of opposite weight and equal value bring them back: they add nothing to any weighted sum, but each
adds the square of its influence to the variance.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.arrays import FloatArray, IntArray

__all__ = ["Pairs", "spread_pairs"]

NOTHING: Final = 1e-15
"""Directions with less than this share of a cell's spread are rounding noise."""
TINY: Final = 1e-8
"""Weight, as a share of the cell's mean weight, of a pair that spreads values but not weights."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows in adjacent pairs of opposite weight.

    Attributes
    ----------
    cell : IntArray
        (rows,) cell that each row belongs to.
    weight : FloatArray
        (rows,) weights, positive and negative in turn.
    value : FloatArray
        (rows, variables) values as differences from where products were centred.
    """

    cell: IntArray
    weight: FloatArray
    value: FloatArray


def spread_pairs(scatter: FloatArray, mean_weight: FloatArray) -> Pairs:
    """Find pairs of rows whose squares add up to the scatter of each cell.

    Parameters
    ----------
    scatter : FloatArray
        (cells, 1 + variables, 1 + variables) sums of squares and products, around their means within the
        cell, of the weight w and the products w d, d being a centred value.
    mean_weight : FloatArray
        (cells,) mean weight of a row.

    Returns
    -------
    Pairs
        For each cell with scatter ``C = sum_r l_r l_r'`` and each column ``l = (l_0, l_1, ...)`` the rows
        ``+l/sqrt(2)`` and ``-l/sqrt(2)``, written as weight l_0 and value l_j/l_0. Where l_0 is 0, four rows
        of weights -/+ e and values -/+ l_j/e, whose terms in e cancel.

    Notes
    -----
    The weighted influence of a row is linear in (w, w d), so that its square summed over the pairs is
    ``a' C a``, which is the sum of squares over the rows of the cell around their mean.

    Examples
    --------
    >>> pairs = spread_pairs(np.array([[[2.0, 0.0], [0.0, 0.0]]]), np.array([3.0]))
    >>> pairs.weight.round(3).tolist(), float(pairs.weight @ pairs.weight)
    ([1.0, -1.0], 2.0)
    """
    size = scatter.shape[1]
    unit = np.sqrt(np.maximum(np.einsum("cii->ci", scatter), 0.0))
    scale = np.where(unit > 0, unit, 1.0)
    values, vectors = np.linalg.eigh(scatter / scale[:, :, None] / scale[:, None, :])
    cell, column = np.nonzero(values > NOTHING * size)
    factor = vectors[cell, :, column] * np.sqrt(values[cell, column])[:, None] * scale[cell]
    tiny = TINY * mean_weight[cell]
    even = np.abs(factor[:, 0]) < tiny
    plain, spread = np.flatnonzero(~even), np.flatnonzero(even)
    first = _mirrored(cell[plain], factor[plain, 0], factor[plain, 1:], np.sqrt(0.5))
    half = factor[spread, 1:]
    second = _mirrored(cell[spread], tiny[spread], half, 0.5)
    third = _mirrored(cell[spread], tiny[spread], -half, 0.5)
    parts = (first, second, third)
    return Pairs(
        np.concatenate([part.cell for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.value for part in parts]),
    )


def _mirrored(cell: IntArray, weight: FloatArray, product: FloatArray, share: float) -> Pairs:
    """Each row and its mirror image, one after the other."""
    value = product / weight[:, None]
    signs = np.tile([share, -share], cell.size)
    return Pairs(np.repeat(cell, 2), np.repeat(weight, 2) * signs, np.repeat(value, 2, axis=0))
