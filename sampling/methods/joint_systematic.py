"""Joint inclusion probabilities of systematic sampling from a list in random order, exact and approximate."""

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .inclusion import as_pik, part

__all__ = ["approximate_joint", "randomised_joint"]

LARGEST: Final = 18
"""Most units for the exact ones: the subsets of all but two are listed (two seconds)."""


def randomised_joint(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Joint inclusion probabilities of randomised systematic sampling, by listing.

    Parameters
    ----------
    pik : ndarray
        Shape (N,): inclusion probabilities strictly between 0 and 1 that sum to `n`; at most 18 units.
    n : int
        Sample size.

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric; the diagonal holds nothing of use.

    Raises
    ------
    SamplingError
        More than 18 units.

    Notes
    -----
    Bent to a circle of circumference n, all rotations of an order are one. Seen from unit i, unit j begins
    after the sum of the units A between them; A has probability |A|! (N - 2 - |A|)! / (N - 1)!, and both are
    drawn with the length that the arcs [0, pi_i) and [sum, sum + pi_j) have in common on a circle of length
    1. So 2^(N-2) subsets do instead of N! orders.

    References
    ----------
    Hartley and Rao (1962), Annals of Mathematical Statistics 33, 350-374.

    Examples
    --------
    >>> float(randomised_joint(np.array([0.5, 0.5, 0.5, 0.5]), 2)[0, 1].round(12))
    0.166666666667
    """
    count = len(pik)
    if count > LARGEST:
        raise SamplingError(
            "SAM-METHOD-JOINT-SIZE",
            _("The population is too large to list the orders of a randomised systematic sample."),
            hint=_("Use approximate_joint, or simulate_joint with many draws."),
        )
    joint = np.zeros((count, count))
    chance = _subset_chances(count)
    for i in range(count):
        for j in range(i + 1, count):
            gaps = _subset_sums(np.delete(pik, [i, j])) + pik[i]
            joint[i, j] = joint[j, i] = chance @ _overlap(float(pik[i]), gaps - np.floor(gaps), float(pik[j]))
    return joint


def _subset_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of each subset, in binary order."""
    sums = np.zeros(1)
    for value in values.tolist():
        sums = np.concatenate([sums, sums + value])
    return sums


def _subset_chances(count: int) -> NDArray[np.float64]:
    """Probability that just these of the others stand between two units, in the order of `_subset_sums`."""
    members = _subset_sums(np.ones(count - 2)).astype(np.int64)
    weight = np.ones(count - 1)  # |A|! (N - 2 - |A|)! / (N - 1)!
    for size in range(count - 1):
        ways = np.prod(np.arange(1, size + 1) / np.arange(count - 1 - size, count - 1)) if size else 1.0
        weight[size] = ways / (count - 1)
    return np.asarray(weight[members])


def _overlap(first: float, begin: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Length that [0, first) and [begin, begin + length) share on a circle of length 1."""
    end = begin + length
    straight = np.maximum(np.minimum(end, first) - begin, 0.0)
    return np.asarray(straight + np.maximum(np.minimum(end - 1.0, first), 0.0))


def approximate_joint(
    pik: ArrayLike, kind: Literal["hajek", "hartley_rao"] = "hartley_rao"
) -> NDArray[np.float64]:
    """Joint inclusion probabilities from the single ones, for methods near maximum entropy.

    Parameters
    ----------
    pik : array_like
        Shape (N,): inclusion probabilities that sum to a whole number n.
    kind : {"hartley_rao", "hajek"}
        For randomised systematic sampling; or for conditional Poisson and whatever is near it.

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric; `pik` on the diagonal.

    Raises
    ------
    SamplingError
        Not probabilities, their sum is not a whole number, or a kind that is not known.

    Notes
    -----
    Hájek: pi_i pi_j (1 - (1 - pi_i) (1 - pi_j) / sum(pi (1 - pi))). Hartley and Rao: to order N^-4, for
    pi of order 1 / N; the more the pi differ and the larger they are, the worse. Rows sum to (n - 1) pi_i
    only nearly.

    References
    ----------
    Hájek (1964), Annals of Mathematical Statistics 35, 1491-1523.
    Hartley and Rao (1962), same journal 33, 350-374, equation 5.17.

    Examples
    --------
    >>> float(approximate_joint(np.full(20, 0.1), "hajek")[0, 1].round(6))  # exact: 2 / 380 = 0.005263
    0.0055
    """
    if kind not in ("hajek", "hartley_rao"):
        raise SamplingError(
            "SAM-METHOD-APPROXIMATE",
            _("The approximation {kind!r} is not known.").format(kind=kind),
            hint=_("Choose 'hartley_rao' or 'hajek'."),
        )
    parts, values = part(pik), as_pik(pik)
    joint = np.outer(values, values)
    if parts.n:
        formula = _hajek if kind == "hajek" else _hartley_rao
        joint[np.ix_(parts.free, parts.free)] = formula(parts.pik, parts.n)
    np.clip(joint, 0.0, np.minimum.outer(values, values), out=joint)
    np.fill_diagonal(joint, values)
    return joint


def _hajek(pik: NDArray[np.float64], _n: int) -> NDArray[np.float64]:
    out = 1 - pik
    return np.asarray(np.outer(pik, pik) * (1 - np.outer(out, out) / np.sum(pik * out)))


def _hartley_rao(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    i, j = pik[:, None], pik[None, :]
    squares, cubes = np.sum(pik**2), np.sum(pik**3)
    series = (
        1.0
        + (i + j) / n
        - squares / n**2
        + 2 * (i**2 + j**2 + i * j) / n**2
        - 3 * (i + j) * squares / n**3
        + 3 * squares**2 / n**4
        - 2 * cubes / n**3
    )
    return np.asarray((n - 1) / n * i * j * series)
