"""Corrections of p-values for their number."""

from typing import Literal

import numpy as np

from analysis.arrays import FloatArray

__all__ = ["Adjustment", "adjusted"]

Adjustment = Literal["holm", "bonferroni", "none"]


def adjusted(p: FloatArray, adjust: Adjustment) -> FloatArray:
    """Correct p-values for their number.

    Parameters
    ----------
    p : FloatArray
        (comparisons,) p-values; NaN ones do not count.
    adjust : {"holm", "bonferroni", "none"}
        Correction.

    Returns
    -------
    FloatArray
        (comparisons,) corrected p-values, at most 1.

    Notes
    -----
    Bonferroni multiplies by the number m of comparisons. Holm sorts them and multiplies the k-th smallest by
    m - k + 1, keeping the order; it is never less powerful and needs no independence.

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
    Statistics 6, 65-70.

    Examples
    --------
    >>> adjusted(np.array([0.01, 0.04, 0.03]), "holm").round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    known = np.flatnonzero(~np.isnan(p))
    result = p.astype(np.float64, copy=True)
    if adjust == "bonferroni":
        result[known] = np.minimum(p[known] * known.size, 1.0)
    elif adjust == "holm":
        order = known[np.argsort(p[known], kind="stable")]
        steps = p[order] * np.arange(known.size, 0, -1)
        result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return result
