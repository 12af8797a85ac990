"""Joint inclusion probabilities of the methods that have them in closed form or by listing."""

from collections.abc import Callable
from math import comb
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .brewer import brewer_chances
from .chromy import as_hits
from .conditional_poisson import conditional_joint, working_probabilities
from .hanurav import hanurav_joint
from .inclusion import as_pik, part
from .inputs import as_numbers, as_strata
from .joint_sequential import sequential_joint
from .joint_systematic import randomised_joint
from .murthy import murthy_joint
from .order import OrderKind
from .order_joint import order_joint
from .sampford import sampford_joint
from .support import support_joint
from .tille import tille_joint

__all__ = ["JointMethod", "joint_hits", "joint_inclusion"]

JointMethod = Literal[
    "bernoulli",
    "brewer",
    "chromy",
    "conditional_poisson",
    "hanurav_vijayan",
    "midzuno",
    "minimum_support",
    "murthy",
    "pareto",
    "poisson",
    "pps_systematic",
    "pps_with_replacement",
    "randomised_systematic",
    "sampford",
    "sequential_poisson",
    "srs",
    "srs_with_replacement",
    "successive",
    "systematic",
    "tille",
]
"""Methods whose joint inclusion probabilities are known."""

LISTED: Final = 50_000
"""Most sets of units that are listed for Brewer's method (about a second)."""


def joint_inclusion(
    method: JointMethod, pik: ArrayLike, *, stratum: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Probability of each pair of units to be in the sample together.

    Parameters
    ----------
    method : str
        Name of the function that draws; ``"randomised_systematic"`` for `pps_systematic` with
        ``randomised=True``.
    pik : array_like
        Shape (N,): inclusion probabilities as the method is given them, in the order of the draw for the
        systematic ones and Chromy's. With replacement, and for Chromy's, the expected draws n x_i / sum(x);
        for ``"murthy"`` the sizes.
    stratum : array_like of int, optional
        Shape (N,): stratum code of each unit, 0 on, where the method is used in each stratum on its own.

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric; on the diagonal the probability of the unit to be drawn at all: `pik`, but
        for draws with replacement, ``"murthy"`` and the order sampling methods.

    Raises
    ------
    SamplingError
        A method without known joint probabilities, probabilities that do not fit the method, or a population
        too large to list (Brewer, randomised systematic) or to integrate (Chromy, order sampling).

    Notes
    -----
    For methods with fixed size n the sum over j of pi_ij, j unlike i, is (n - 1) pi_i. Units of two strata
    are drawn together with pi_i pi_j. Balanced and spread methods have no form: see `simulate_joint`.

    References
    ----------
    Tillé (2006), Sampling Algorithms, chapters 5 and 6.

    Examples
    --------
    >>> joint_inclusion("srs", [0.5, 0.5, 0.5, 0.5])[0].round(4).tolist()
    [0.5, 0.1667, 0.1667, 0.1667]
    """
    if method not in get_args(JointMethod):
        raise SamplingError(
            "SAM-METHOD-JOINT",
            _("Joint inclusion probabilities of this method are not known in closed form."),
            hint=_("Use one of: {names}.").format(names=", ".join(sorted(get_args(JointMethod)))),
        )
    if stratum is None:
        return _one_stratum(method, pik)
    values = as_numbers(pik)
    codes = as_strata(stratum, values.size)
    blocks = [
        (np.flatnonzero(codes == code), _one_stratum(method, values[codes == code]))
        for code in np.unique(codes)
    ]
    single = np.zeros(values.size)
    for units, joint in blocks:
        single[units] = np.diag(joint)
    result = np.outer(single, single)
    for units, joint in blocks:
        result[np.ix_(units, units)] = joint
    return result


def joint_hits(method: Literal["chromy", "pps_with_replacement"], hits: ArrayLike) -> NDArray[np.float64]:
    """Expected product of the hits of each pair of units, where a unit can be drawn more than once.

    Parameters
    ----------
    method : {"chromy", "pps_with_replacement"}
        Name of the function that draws.
    hits : array_like
        Shape (N,): expected hits n x_i / sum(x), with a whole sum n.

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric; each row sums to n times the expected hits. On the diagonal the expected
        square of the hits.

    Raises
    ------
    SamplingError
        Another method, or hits that are missing or negative or have no whole sum.

    Notes
    -----
    With replacement (n - 1) / n h_i h_j, and h_i + (n - 1) / n h_i^2 on the diagonal. JTPROBS of
    SURVEYSELECT gives the same off the diagonal.

    References
    ----------
    Chromy (1979), Proceedings of the Survey Research Methods Section, ASA, 401-406.

    Examples
    --------
    >>> joint_hits("pps_with_replacement", [0.5, 1.5]).tolist()
    [[0.625, 0.375], [0.375, 2.625]]
    """
    expected = as_hits(hits)
    if method == "chromy":
        return sequential_joint(expected, counted=True)
    if method != "pps_with_replacement":
        raise SamplingError(
            "SAM-METHOD-JOINT",
            _("Joint inclusion probabilities of this method are not known in closed form."),
            hint=_("Use one of: {names}.").format(names="chromy, pps_with_replacement"),
        )
    n = round(float(expected.sum()))
    return np.outer(expected, expected) * ((n - 1) / max(n, 1)) + np.diag(expected)


def _one_stratum(method: JointMethod, pik: ArrayLike) -> NDArray[np.float64]:
    """`joint_inclusion` without strata, of a method that is known."""
    if method in ("poisson", "bernoulli"):
        return _with_diagonal(np.outer(as_pik(pik), as_pik(pik)), as_pik(pik))
    if method == "murthy":
        return murthy_joint(pik)
    if method == "chromy":
        return sequential_joint(as_hits(pik), counted=False)
    if method in ("pps_with_replacement", "srs_with_replacement"):
        hits = as_hits(pik)
        if method == "srs_with_replacement":
            _refuse_unequal(hits)
        return _replacement(hits)
    parts, values = part(pik), as_pik(pik)
    single = values.copy()
    inner = _FIXED[method](parts.pik, parts.n) if parts.n else np.zeros((0, 0))
    if parts.n and method in _ORDER:
        single[parts.free] = np.diag(inner)
    joint = np.outer(single, single)  # right wherever one of the two is certain or impossible
    if parts.n:
        joint[np.ix_(parts.free, parts.free)] = inner
    return _with_diagonal(joint, single)


def _with_diagonal(joint: NDArray[np.float64], pik: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same with `pik` on the diagonal, and no rounding outside the possible."""
    np.clip((joint + joint.T) / 2, 0.0, np.minimum.outer(pik, pik), out=joint)
    np.fill_diagonal(joint, pik)
    return joint


def _replacement(hits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - (1 - q_i)^n - (1 - q_j)^n + (1 - q_i - q_j)^n, q the chance at one draw."""
    n = round(float(hits.sum()))
    q = hits / max(float(hits.sum()), 1.0)
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
    if len(pik) and np.ptp(pik) > 1e-9:
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


def _order(kind: OrderKind) -> Callable[[NDArray[np.float64], int], NDArray[np.float64]]:
    return lambda pik, n: order_joint(kind, pik, n)


_ORDER: Final[dict[str, OrderKind]] = {
    "pareto": "pareto",
    "sequential_poisson": "uniform",
    "successive": "exponential",
}
_FIXED: Final[dict[str, Callable[[NDArray[np.float64], int], NDArray[np.float64]]]] = {
    "brewer": _brewer,
    "conditional_poisson": _conditional_poisson,
    "hanurav_vijayan": hanurav_joint,
    "midzuno": _midzuno,
    "minimum_support": support_joint,
    "pps_systematic": _pps_systematic,
    "randomised_systematic": randomised_joint,
    "sampford": sampford_joint,
    "srs": _srs,
    "systematic": _systematic,
    "tille": tille_joint,
} | {method: _order(kind) for method, kind in _ORDER.items()}
