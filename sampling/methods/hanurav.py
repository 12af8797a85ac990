"""The Hanurav-Vijayan method: inclusion probabilities proportional to size, joint ones in closed form."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .inclusion import part

__all__ = ["hanurav_joint", "hanurav_vijayan"]


def hanurav_vijayan(pik: ArrayLike, *, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a sample of fixed size by the Hanurav-Vijayan method.

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
    METHOD=PPS of SURVEYSELECT. Units rise in pi. A number i of 1 to n is drawn (`_cuts`); the n - i largest
    units are in, and the others above unit N - n + 1 count as large as that one. Then i units of the first
    N - n + i are drawn in their order: a unit is in with (units still to draw) z / (sum of z from it on),
    which gives every unit i z / sum(z), and never fails as the last i units are equal. All pairs can be
    drawn together where n is 2 or more, and pi_ij < pi_i pi_j where n is 2.

    References
    ----------
    Hanurav (1967), Journal of the Royal Statistical Society B 29, 374-391.
    Vijayan (1968), same journal 30, 556-566.

    Examples
    --------
    >>> len(hanurav_vijayan([0.5, 0.5, 0.4, 0.6], rng=np.random.default_rng(1)))
    2
    """
    parts = part(pik)
    if parts.n == 0:
        return parts.certain
    n, order = parts.n, np.argsort(parts.pik, kind="stable")
    sizes = parts.pik[order]
    chances = np.cumsum(_cuts(sizes, n))
    i = 1 + int(np.searchsorted(chances / chances[-1], rng.random(), side="right"))
    cut = _levelled(sizes, n, i)
    sums, left, drawn = np.cumsum(cut[::-1])[::-1].tolist(), i, []
    for unit, (z, u) in enumerate(zip(cut.tolist(), rng.random(len(cut)).tolist(), strict=True)):
        if u * sums[unit] < left * z or len(cut) - unit == left:
            drawn.append(unit)
            left -= 1
            if left == 0:
                break
    return parts.joined(order[[*drawn, *range(len(cut), len(order))]])


def _cuts(sizes: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Probability of each i of 1 to n: shape (n,); sizes rise and sum to n, so that 1 comes after the last.

    (z_(N-n+i+1) - z_(N-n+i)) (T + i z_(N-n+1)) / T with T the sum of the N - n smallest.
    """
    first = len(sizes) - n
    rest = sizes[:first].sum()
    steps = np.diff(np.append(sizes[first:], 1.0))
    return np.asarray(steps * (rest + np.arange(1, n + 1) * sizes[first]) / rest)


def _levelled(sizes: NDArray[np.float64], n: int, i: int) -> NDArray[np.float64]:
    """Sizes of the first N - n + i units, those after unit N - n + 1 as large as that one."""
    first = len(sizes) - n
    return np.append(sizes[:first], np.full(i, sizes[first]))


def hanurav_joint(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Joint inclusion probabilities of the Hanurav-Vijayan method.

    Parameters
    ----------
    pik : ndarray
        Shape (N,): inclusion probabilities strictly between 0 and 1 that sum to `n`.
    n : int
        Sample size.

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric; the diagonal holds nothing of use.

    Notes
    -----
    Given i, with z scaled to sum 1, both of j < k of the first N - n + i are in with probability
    i (i - 1) z_k P_j prod(1 - P_m, m < j), P_m = z_m / (sum of z after m); one of them and one of the
    largest with i z_j; two of the largest surely.

    References
    ----------
    Vijayan (1968), Journal of the Royal Statistical Society B 30, 556-566.

    Examples
    --------
    >>> float(hanurav_joint(np.array([0.5, 0.5, 0.5, 0.5]), 2)[0, 1].round(12))
    0.166666666667
    """
    order = np.argsort(pik, kind="stable")
    sizes = pik[order]
    joint = np.zeros((len(pik), len(pik)))
    for i, chance in enumerate(_cuts(sizes, n).tolist(), start=1):
        if chance > 0:
            joint += chance * _joint_given(_levelled(sizes, n, i), i, len(pik))
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return np.asarray(joint[np.ix_(back, back)])


def _joint_given(cut: NDArray[np.float64], i: int, count: int) -> NDArray[np.float64]:
    """Joint probabilities in rising order of size, given i."""
    z, small = cut / cut.sum(), len(cut)
    after = np.cumsum(z[::-1])[::-1] - z
    rate = np.divide(z, after, out=np.zeros(small), where=after > 1e-14)
    before = np.cumprod(np.append(1.0, 1 - np.minimum(rate[:-1], 1.0)))
    upper = np.triu(i * (i - 1) * np.multiply.outer(rate * before, z), 1)
    joint = np.ones((count, count))
    joint[:small, :small] = upper + upper.T
    joint[:small, small:] = i * z[:, None]
    joint[small:, :small] = i * z
    return joint
