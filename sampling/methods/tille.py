"""Tillé's elimination procedure: from the whole population down to n units, one leaves at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._compiled import wanted
from .inclusion import part

__all__ = ["Elimination", "elimination", "tille", "tille_joint"]


@dataclass(frozen=True, slots=True)
class Elimination:
    """What happens at each step, units sorted from the largest to the smallest.

    Attributes
    ----------
    order : ndarray of int64
        Shape (N,): positions of the units, the largest first.
    certain : ndarray of int64
        Shape (N - n + 1,): of a sample of N, N - 1, ..., n units, how many of the largest are certain.
    scale : ndarray of float64
        Shape (N - n + 1,): inclusion probability of the others as a multiple of their `pik`.
    """

    order: NDArray[np.int64]
    certain: NDArray[np.int64]
    scale: NDArray[np.float64]


def elimination(pik: NDArray[np.float64], n: int) -> Elimination:
    """Plan of the steps: which units are certain at each size, and the scale of the others.

    Parameters
    ----------
    pik : ndarray
        Shape (N,): inclusion probabilities strictly between 0 and 1 that sum to `n`.
    n : int
        Sample size.

    Returns
    -------
    Elimination
        The plan.

    Notes
    -----
    With sizes x sorted downwards and X_t the sum from unit t + 1 on, unit t + 1 is certain in samples of
    t + X_t / x_(t+1) units or more. This bound rises with t, so one search gives the plan of all sizes.

    Examples
    --------
    >>> elimination(np.array([0.5, 0.5]), 1).certain.tolist()
    [2, 0]
    """
    order = np.argsort(-pik, kind="stable")
    sizes = pik[order]
    tails = np.append(np.cumsum(sizes[::-1])[::-1], 0.0)
    bound = np.arange(len(pik)) + tails[:-1] / sizes
    steps = np.arange(len(pik), n - 1, -1)
    certain = np.searchsorted(bound, steps * (1 + 1e-14), side="right")
    certain[0], certain[-1] = len(pik), 0 if n < len(pik) else len(pik)
    scale = np.zeros(len(steps))
    rest = certain < len(pik)
    scale[rest] = (steps[rest] - certain[rest]) / tails[certain[rest]]
    return Elimination(order, certain, scale)


def tille(pik: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a sample of fixed size by Tillé's elimination procedure.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities that sum to a whole number n.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Shape (n,): rising positions of the units drawn.

    Raises
    ------
    SamplingError
        Not probabilities, or their sum is not a whole number.

    Notes
    -----
    From k + 1 to k units, unit i leaves with probability 1 - pi(i | k) / pi(i | k + 1). This is the same for
    all units that are certain at neither size, so they lie in one pool and a step costs the same however
    many there are.

    References
    ----------
    Tillé (1996), Biometrika 83.

    Examples
    --------
    >>> len(tille([0.5, 0.5, 0.4, 0.6], rng=np.random.default_rng(1)))
    2
    """
    parts = part(pik)
    if parts.n == 0:
        return parts.certain
    return parts.joined(_survivors(elimination(parts.pik, parts.n), parts.pik, rng))


def _survivors(plan: Elimination, pik: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Run the plan: one loop over the steps, the pool a list that a unit leaves by a swap with the last."""
    chances = rng.random(len(plan.certain) - 1)
    if wanted(len(pik)):
        from ._compiled_tille import survivors

        return plan.order[survivors(plan.certain, plan.scale, pik[plan.order], chances)]
    order, certain, scale = plan.order.tolist(), plan.certain.tolist(), plan.scale.tolist()
    sizes, pool = pik[plan.order].tolist(), list[int]()
    for step, u in enumerate(chances.tolist(), start=1):
        was, now = certain[step - 1], certain[step]
        leaver = -1
        for unit in range(now, was):  # certain until now
            u -= 1.0 - sizes[unit] * scale[step]
            if u < 0 and leaver < 0:
                leaver = unit
                break
        if leaver < 0:
            if pool:
                rate = 1.0 - scale[step] / scale[step - 1]
                place = min(int(u / rate), len(pool) - 1) if rate > 0 else len(pool) - 1
                pool[place], pool[-1] = pool[-1], pool[place]
                pool.pop()
            else:
                leaver = was - 1
        pool.extend(unit for unit in range(now, was) if unit != leaver)
    return np.array([order[unit] for unit in [*pool, *range(certain[-1])]], dtype=np.int64)


def tille_joint(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Joint inclusion probabilities of Tillé's elimination procedure.

    Parameters
    ----------
    pik : ndarray
        Shape (N,): inclusion probabilities strictly between 0 and 1 that sum to `n`.
    n : int
        Sample size.

    Returns
    -------
    ndarray of float64
        Shape (N, N); the diagonal holds nothing of use.

    Notes
    -----
    pi_ij is the product over the steps of 1 - r_i - r_j. For a pair whose larger unit is certain until step
    e: the smaller one alone until e, then the step e itself, then 1 - 2 r of the pool. So the product is a
    lookup, and all pairs cost N^2.

    References
    ----------
    Tillé (1996), Biometrika 83.

    Examples
    --------
    >>> float(tille_joint(np.array([0.5, 0.5, 0.5, 0.5]), 2)[0, 1].round(12))
    0.166666666667
    """
    plan = elimination(pik, n)
    count, sizes = len(pik), pik[plan.order]
    rate = np.zeros(len(plan.scale))  # of the pool at each step, 0 where there is none
    rate[2:] = 1 - plan.scale[2:] / np.where(plan.scale[1:-1] > 0, plan.scale[1:-1], np.inf)
    rate[2:][plan.scale[1:-1] == 0] = 0.0
    after = np.append(np.cumprod((1 - 2 * rate)[::-1])[::-1], 1.0)  # product from each step to the last
    leave = np.searchsorted(-plan.certain, -np.arange(count), side="left")  # first step where not certain
    later = np.maximum.outer(leave, leave)  # step of the pair's larger unit

    def chance(step: NDArray[np.int64]) -> NDArray[np.float64]:
        """Inclusion probability of each unit (rows) in the sample after a step."""
        held = plan.certain[step] > np.arange(count)[:, None]
        return np.where(held, 1.0, sizes[:, None] * plan.scale[step])

    before = chance(later - 1)
    gone = 1 - chance(later) / before
    pairs = before * before.T * (1 - gone - gone.T) * after[np.minimum(later + 1, len(after) - 1)]
    joint = np.empty((count, count))
    joint[np.ix_(plan.order, plan.order)] = pairs
    return joint
