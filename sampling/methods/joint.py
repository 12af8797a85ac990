"""Joint inclusion probabilities of the methods that have them in closed form or by listing."""

from collections.abc import Callable
from math import comb
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .brewer import brewer_chances
from .conditional_poisson import conditional_joint, working_probabilities
from .inclusion import as_pik, part
from .sampford import sampford_joint
from .tille import tille_joint

__all__ = ["JointMethod", "joint_inclusion"]

JointMethod = Literal[
    "bernoulli",
    "brewer",
    "conditional_poisson",
    "midzuno",
    "poisson",
    "pps_systematic",
    "pps_with_replacement",
    "sampford",
    "srs",
    "systematic",
    "tille",
]
"""Methods whose joint inclusion probabilities are known."""

LISTED: Final = 50_000
"""Most sets of units that are listed for Brewer's method (about a second)."""


def joint_inclusion(method: JointMethod, pik: ArrayLike) -> NDArray[np.float64]:
    """Probability of each pair of units to be in the sample together.

    Parameters
    ----------
    method : str
        Name of the function that draws.
    pik : array_like
        Shape (N,): inclusion probabilities as the method is given them, in the order of the draw for the
        systematic ones. For ``"pps_with_replacement"`` the expected draws n x_i / sum(x).

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric; `pik` on the diagonal (with replacement: the probability to be drawn at all).

    Raises
    ------
    SamplingError
        A method without known joint probabilities, probabilities that do not fit the method, or a population
        too large to list (Brewer).

    Notes
    -----
    For methods with fixed size n the sum over j of pi_ij, j unlike i, is (n - 1) pi_i. Randomised systematic,
    Pareto and Chromy are not here: estimate theirs from many draws, or use an approximation.

    References
    ----------
    Tillé (2006), Sampling Algorithms, chapters 5 and 6.

    Examples
    --------
    >>> joint_inclusion("srs", [0.5, 0.5, 0.5, 0.5])[0].round(4).tolist()
    [0.5, 0.1667, 0.1667, 0.1667]
    """
    if method in ("poisson", "bernoulli"):
        return _with_diagonal(np.outer(as_pik(pik), as_pik(pik)), as_pik(pik))
    if method == "pps_with_replacement":
        return _replacement(np.asarray(pik, dtype=np.float64))
    if method not in _FIXED:
        raise SamplingError(
            "SAM-METHOD-JOINT",
            _("Joint inclusion probabilities of this method are not known in closed form."),
            hint=_("Use one of: {names}.").format(names=", ".join(sorted(get_args(JointMethod)))),
        )
    parts, values = part(pik), as_pik(pik)
    joint = np.outer(values, values)  # right wherever one of the two is certain or impossible
    if parts.n:
        joint[np.ix_(parts.free, parts.free)] = _FIXED[method](parts.pik, parts.n)
    return _with_diagonal(joint, values)


def _with_diagonal(joint: NDArray[np.float64], pik: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same with `pik` on the diagonal, and no rounding outside the possible."""
    np.clip((joint + joint.T) / 2, 0.0, np.minimum.outer(pik, pik), out=joint)
    np.fill_diagonal(joint, pik)
    return joint


def _replacement(hits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - (1 - q_i)^n - (1 - q_j)^n + (1 - q_i - q_j)^n, q the chance at one draw."""
    n = part(hits - np.floor(hits)).n + int(np.floor(hits).sum())
    q = hits / hits.sum()
    never = (1 - q) ** n
    neither = np.maximum(1 - np.add.outer(q, q), 0.0) ** n
    return _with_diagonal(1 - np.add.outer(never, never) + neither, 1 - never)


def _srs(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """N (n - 1) / (N (N - 1)), for equal probabilities only."""
    count = len(pik)
    _refuse_unequal(pik)
    return np.full((count, count), n * (n - 1) / (count * (count - 1)))


def _systematic(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Equal steps are steps through equal probabilities."""
    _refuse_unequal(pik)
    return _pps_systematic(pik, n)


def _refuse_unequal(pik: NDArray[np.float64]) -> None:
    if np.ptp(pik) > 1e-9:
        raise SamplingError(
            "SAM-METHOD-EQUAL",
            _("This method gives all units the same inclusion probability."),
            hint=_("Use a method with unequal probabilities, such as sampford."),
        )


def _pps_systematic(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Length of the starts that hit both units: each unit is an arc of a circle of length 1."""
    ends = np.cumsum(pik)
    ends[-1] = n
    low = np.append(0.0, ends[:-1])
    low -= np.floor(low)
    high = low + pik
    arcs = [(low, np.minimum(high, 1.0)), (np.zeros(len(pik)), np.maximum(high - 1.0, 0.0))]
    joint = np.zeros((len(pik), len(pik)))
    for left, right in arcs:
        for other_left, other_right in arcs:
            overlap = np.minimum.outer(right, other_right) - np.maximum.outer(left, other_left)
            joint += np.maximum(overlap, 0.0)
    return joint


def _conditional_poisson(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    return conditional_joint(working_probabilities(pik), n)


def _midzuno(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Both in = neither left out: pi_i + pi_j - 1 + the joint probability of the complement."""
    return np.add.outer(pik, pik) - 1 + tille_joint(1 - pik, len(pik) - n)


def _brewer(pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """List the sets that can be drawn, one draw after another."""
    count = len(pik)
    if sum(comb(count, size) for size in range(n)) > LISTED:
        raise SamplingError(
            "SAM-METHOD-JOINT-SIZE",
            _("The population is too large to list the samples of Brewer's method."),
            hint=_(
                "Use sampford, tille or conditional_poisson, which have joint probabilities for any size."
            ),
        )
    chance = {frozenset[int](): 1.0}
    for _draw in range(n):
        following: dict[frozenset[int], float] = {}
        for drawn, so_far in chance.items():
            mask = np.zeros(count, dtype=np.bool_)
            mask[list(drawn)] = True
            for unit, step in enumerate(brewer_chances(pik, mask).tolist()):
                if not mask[unit]:
                    after = drawn | {unit}
                    following[after] = following.get(after, 0.0) + so_far * step
        chance = following
    member = np.zeros((len(chance), count))
    for row, drawn in enumerate(chance):
        member[row, list(drawn)] = 1.0
    return np.asarray((member.T * np.fromiter(chance.values(), dtype=np.float64)) @ member)


_FIXED: Final[dict[str, Callable[[NDArray[np.float64], int], NDArray[np.float64]]]] = {
    "brewer": _brewer,
    "conditional_poisson": _conditional_poisson,
    "midzuno": _midzuno,
    "pps_systematic": _pps_systematic,
    "sampford": sampford_joint,
    "srs": _srs,
    "systematic": _systematic,
    "tille": tille_joint,
}
