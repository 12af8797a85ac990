"""True inclusion probabilities of order sampling, of single units and of pairs, by quadrature."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .order import OrderKind, ranked_below

__all__ = ["order_joint"]

LARGEST: Final = 400
"""Most units: time goes with the cube of their number (about a second at 100)."""

FIRST: Final = 4
"""Nodes of the first rule in each piece of the range of thresholds; doubled until the sum is right."""

MOST: Final = 512
"""Nodes at which doubling ends."""

CLOSE: Final = 1e-9
"""Largest error left in the sum of the inclusion probabilities, relative to n."""


def order_joint(kind: OrderKind, pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Joint inclusion probabilities of order sampling, the true first-order ones on the diagonal.

    Parameters
    ----------
    kind : {"exponential", "pareto", "uniform"}
        Distribution of the ranks.
    pik : ndarray
        Shape (N,): target inclusion probabilities strictly between 0 and 1 that sum to `n`.
    n : int
        Sample size.

    Returns
    -------
    ndarray of float64
        Shape (N, N), symmetric.

    Raises
    ------
    SamplingError
        More than 400 units, or probabilities so uneven that the quadrature does not arrive.

    Notes
    -----
    With F_i(t) the chance that the rank of unit i lies below t: unit i is in when fewer than n of the others
    lie below its rank, so pi_i is the integral of P(at most n - 1 of the others below t) over dF_i(t); units
    i and j are both in when at most n - 2 of the others lie below the larger of the two, so pi_ij is the
    integral of P(at most n - 2 of the others below t) over d(F_i F_j)(t). The number below t is a sum of
    independent indicators; its distribution is had from the generating function on the unit circle, the
    factors of i and j divided out. Gauss-Legendre in pieces; nodes are doubled until the pi_i sum to n.

    References
    ----------
    Aires (1999), Methodology and Computing in Applied Probability 1, 457-469.
    Matei and Tillé (2007), Computational aspects of order pi-ps sampling schemes, Computational Statistics
    and Data Analysis 51, 3703-3717.

    Examples
    --------
    >>> order_joint("pareto", np.array([0.5, 0.5, 0.5, 0.5]), 2)[0].round(6).tolist()
    [0.5, 0.166667, 0.166667, 0.166667]
    """
    if len(pik) > LARGEST:
        raise SamplingError(
            "SAM-METHOD-JOINT-SIZE",
            _("The population is too large for the joint probabilities of order sampling."),
            hint=_("Use approximate_joint, or simulate_joint with many draws."),
        )
    nodes, close = FIRST, CLOSE * n
    while nodes <= MOST:
        joint = _integrals(kind, pik, n, nodes)
        pairs_of_each = joint.sum(axis=1) - n * np.diag(joint)  # a fixed size makes this 0
        if abs(np.trace(joint) - n) < close and np.max(np.abs(pairs_of_each)) < close:
            return joint
        nodes *= 2
    raise SamplingError(
        "SAM-METHOD-SOLVER",
        _("The joint probabilities of order sampling could not be computed exactly enough."),
        hint=_("Use simulate_joint with many draws, or take units with a probability near 1 with certainty."),
    )


def _pieces(kind: OrderKind, pik: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Ends of the pieces of 0 <= x <= 1, x = t / (1 + t): uniform ranks have a corner where F_i gets to 1."""
    if kind != "uniform":
        return np.linspace(0.0, 1.0, 5)
    corners = np.unique(1 / np.sort(pik)[::-1][:n])  # from the last of these on, n units surely lie below
    return np.concatenate([[0.0, 0.25, 0.5], corners / (1 + corners)])


def _integrals(kind: OrderKind, pik: NDArray[np.float64], n: int, nodes: int) -> NDArray[np.float64]:
    """Both integrals by one rule, over x = t / (1 + t)."""
    count = len(pik)
    z = np.exp(2j * np.pi * np.arange(count + 1) / (count + 1))
    at_most = [_coefficients(z, most) for most in (n - 1, n - 2)]
    joint, single = np.zeros((count, count)), np.zeros(count)
    for x, weight in zip(*_rule(_pieces(kind, pik, n), nodes), strict=True):
        t = x / (1 - x)
        below, slope = ranked_below(kind, pik, np.array([t]))[0], _slope(kind, pik, t) / (1 - x) ** 2
        factor = 1.0 + np.multiply.outer(below, z - 1.0)
        inverse, all_ = 1.0 / factor, np.prod(factor, axis=0)
        single += weight * slope * (inverse @ (at_most[0] * all_)).real
        pairs = ((inverse * (at_most[1] * all_)) @ inverse.T).real
        change = np.multiply.outer(slope, below)
        joint += weight * pairs * (change + change.T)
    np.fill_diagonal(joint, single)
    return joint


def _coefficients(z: NDArray[np.complex128], most: int) -> NDArray[np.complex128]:
    """Weights that turn a generating function on the circle into the chance of at most so many."""
    powers = z[:, None] ** -np.arange(most + 1)
    return np.asarray(powers.sum(axis=1) / len(z))


def _slope(kind: OrderKind, pik: NDArray[np.float64], t: float) -> NDArray[np.float64]:
    """Derivative of F_i at t."""
    if kind == "uniform":
        return np.where(t * pik < 1, pik, 0.0)
    if kind == "exponential":
        rate = -np.log1p(-pik)
        return np.asarray(rate * np.exp(-rate * t))
    return np.asarray(pik * (1 - pik) / (1 - pik + t * pik) ** 2)


def _rule(ends: NDArray[np.float64], nodes: int) -> tuple[list[float], list[float]]:
    """Gauss-Legendre nodes and weights in each piece."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    middle, half = (ends[1:] + ends[:-1]) / 2, np.diff(ends) / 2
    x = middle[:, None] + half[:, None] * places
    return x.ravel().tolist(), (half[:, None] * weights).ravel().tolist()
