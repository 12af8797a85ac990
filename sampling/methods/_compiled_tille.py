"""The elimination procedure as a loop on arrays: see `sampling.methods.tille` for what it does."""

import numpy as np
from numpy.typing import NDArray

from sampling.methods._compiled import compiled

__all__ = ["survivors"]


@compiled
def survivors(
    certain: NDArray[np.int64],
    scale: NDArray[np.float64],
    sizes: NDArray[np.float64],
    chances: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Run the plan.

    Parameters
    ----------
    certain, scale : ndarray
        Shape (N - n + 1,): the plan, as in `sampling.methods.tille.Elimination`.
    sizes : ndarray of float64
        Shape (N,): inclusion probabilities, the largest first.
    chances : ndarray of float64
        Shape (N - n,): uniform random numbers.

    Returns
    -------
    ndarray of int64
        Shape (n,): places of the units that are left.
    """
    pool, count = np.empty(len(sizes), dtype=np.int64), 0
    for step in range(1, len(certain)):
        was, now, u, leaver = certain[step - 1], certain[step], chances[step - 1], -1
        for unit in range(now, was):  # certain until now
            u -= 1.0 - sizes[unit] * scale[step]
            if u < 0:
                leaver = unit
                break
        if leaver < 0 and count:
            rate = 1.0 - scale[step] / scale[step - 1]
            place = min(int(u / rate), count - 1) if rate > 0 else count - 1
            count -= 1
            pool[place] = pool[count]
        elif leaver < 0:
            leaver = was - 1
        for unit in range(now, was):
            if unit != leaver:
                pool[count] = unit
                count += 1
    return np.concatenate((pool[:count], np.arange(certain[-1])))
