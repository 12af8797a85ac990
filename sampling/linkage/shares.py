"""Estimating the model from the registers: u from pairs at random, m from pairs that numbers already tied.

The known pairs are labelled, so no EM is needed: it would start from the few hundred persons left over, and
its figures differ between runs.
"""

from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from sampling.linkage.model import Comparison, Model

__all__ = ["estimated", "level_counts", "rounded", "sampled"]

RENAMED = "SELECT COLUMNS('(.*)') AS '\\1_{side}' FROM {table}"

Counts = NDArray[np.int64]


def estimated(model: Model, persons: Any, residents: Any, known: tuple[Any, Any]) -> Model:
    """Return the model with the shares of these registers.

    Parameters
    ----------
    model : Model
        With the figures of ``data/linkage.toml``.
    persons, residents : pyarrow.Table
        Keys of persons and residents drawn at random, from `compared`.
    known : tuple of pyarrow.Table
        Keys of known pairs: person and resident in the same row.

    Returns
    -------
    Model
        m and u rounded; both of every comparison add up to 1 before rounding.

    Notes
    -----
    With counts :math:`c_k` of n pairs and figures :math:`p_k` that weigh w pairs,
    :math:`(c_k + w p_k) / (n + w)`.
    """
    facts = model.estimation
    comparisons = []
    for comparison in model.comparisons:
        u = level_counts(comparison, persons, residents, paired=False)
        m = level_counts(comparison, *known, paired=True)
        m = m * min(1.0, facts["m_most"] / max(int(m.sum()), 1)) * (m.sum() >= facts["m_from"])
        comparisons.append(_drawn(comparison, m, u, facts))
    return replace(model, comparisons=tuple(comparisons))


def level_counts(comparison: Comparison, left: Any, right: Any, *, paired: bool) -> Counts:
    """Count the pairs at each level.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    left, right : pyarrow.Table
        Keys of both sides.
    paired : bool
        Row by row, or everybody with everybody.

    Returns
    -------
    ndarray of int64
        Shape (levels,); pairs of which the comparison says nothing are not counted.
    """
    sides = [
        RENAMED.format(side=side, table=table) for side, table in (("l", "left_rows"), ("r", "right_rows"))
    ]
    joint = f"({sides[0]}) {'POSITIONAL' if paired else 'CROSS'} JOIN ({sides[1]})"
    counts = np.zeros(len(comparison.levels), dtype=np.int64)
    with duckdb.connect() as db:
        db.register("left_rows", left)
        db.register("right_rows", right)
        sql = f"SELECT {comparison.case()} AS level, count(*) FROM {joint} GROUP BY level"  # noqa: S608
        for level, pairs in db.execute(sql).fetchall():
            if level >= 0:
                counts[level] = pairs
    return counts


def sampled(count: int, size: int, seed: int) -> NDArray[np.int64]:
    """Draw places without replacement.

    Parameters
    ----------
    count : int
        Places to draw from.
    size : int
        How many; all where there are fewer.
    seed : int
        Of the generator.

    Returns
    -------
    ndarray of int64
        Rising.
    """
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(count, size=min(size, count), replace=False))


def rounded(value: float, digits: int) -> float:
    """Round to significant digits.

    Parameters
    ----------
    value : float
        Above 0.
    digits : int
        How many.

    Returns
    -------
    float
        The decimal number nearest to `value`.

    Examples
    --------
    >>> rounded(0.000123456, 3)
    0.000123
    """
    return float(f"{value:.{digits - 1}e}")


def _drawn(comparison: Comparison, m: Any, u: Counts, facts: Any) -> Comparison:
    """Draw the shares towards the figures of the model."""
    levels = []
    for level, true, other in zip(comparison.levels, m, u, strict=True):
        shares = [
            (count + weight * prior) / (total + weight)
            for count, total, weight, prior in (
                (true, m.sum(), facts["m_weight"], level.m),
                (other, u.sum(), facts["u_weight"], level.u),
            )
        ]
        true_share, other_share = (rounded(share, facts["digits"]) for share in shares)
        levels.append(replace(level, m=true_share, u=other_share))
    return replace(comparison, levels=tuple(levels))
