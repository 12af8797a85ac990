"""Multivariate optimal allocation: the cheapest sample that keeps every CV target (Bethel, Chromy)."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.allocate.precision import (
    POSITIVE,
    TOTAL,
    Allocation,
    expected_precision,
    membership,
    per_stratum,
    per_variable,
    refuse,
)

__all__ = ["bethel", "solve_bethel"]

Floats = NDArray[np.float64]
CHROMY_STEPS: Final = 60
NEWTON_STEPS: Final = 200
ROUNDING: Final = 1e-9
"""Relative error that does not make a stratum's sample one larger; targets hold to it."""


def bethel(
    N_h: ArrayLike,
    S_h: ArrayLike,
    means: ArrayLike,
    targets: ArrayLike | Mapping[str, ArrayLike],
    *,
    domains: Mapping[str, ArrayLike] | None = None,
    costs: ArrayLike = 1.0,
    response: ArrayLike = 1.0,
    minimum: int = 2,
    maximum: ArrayLike = np.inf,
    tolerance: float = 1e-8,
    strata: Sequence[str] | None = None,
    variables: Sequence[str] | None = None,
) -> Allocation:
    """Find the cheapest allocation that keeps a CV target for each variable and domain.

    Parameters
    ----------
    N_h : array_like of int, shape (H,)
        Persons of each stratum, 1 or more.
    S_h, means : array_like of float, shape (H,) or (H, V)
        Standard deviation and mean of each variable in each stratum.
    targets : array_like of float, shape (V,), or mapping of str to such
        Greatest CV of each variable's estimate (0.05: 5 %), above 0, for the total; or by domain, "total"
        among them. Infinite: no target.
    domains, costs, response, strata, variables
        As in `expected_precision`.
    minimum : int
        Persons drawn at least in each stratum (all it has, where fewer), 1 or more.
    maximum : array_like of float, shape (H,) or ()
        Persons drawn at most; N_h holds in any case.
    tolerance : float
        Greatest relative gap between the cost before rounding and its lower bound by duality.

    Returns
    -------
    Allocation
        Rounded up, then lessened by one wherever all targets still hold; `gap` is the gap reached.

    Raises
    ------
    SamplingError
        A value that is not allowed; targets out of reach; the tolerance not reached.

    Notes
    -----
    Minimise sum c_h n_h subject to sum_h a_jh / n_h <= 1 for each target j and min <= n_h <= max, with
    a_jh = N_h² S_jh² / r_h / (T_j² cv_j² + sum_h N_h S_jh²) over the strata of the domain, T_j its total.

    References
    ----------
    Bethel (1989), Sample allocation in multivariate surveys, Survey Methodology 15, 47-57.
    Chromy (1987), Design optimization with multiple objectives, Proc. Survey Research Methods, ASA, 194-199.

    Examples
    --------
    >>> plan = bethel([400, 300, 300], [[8, 3], [5, 9], [2, 4]], [[20, 10], [25, 20], [30, 15]], [0.02, 0.03])
    >>> plan.n_h, plan.cv.round(4)
    (array([47, 56, 24]), array([[0.0199, 0.0299]]))
    """
    sizes = per_stratum("N_h", N_h, None, 1)
    prices = per_stratum("costs", costs, len(sizes), POSITIVE)
    upper = np.minimum(np.floor(per_stratum_or_all("maximum", maximum, sizes)), sizes)
    if minimum < 1:
        raise refuse("minimum", _("Give one number for each stratum, within its limits."))
    lower = np.minimum(minimum, upper)
    burden = _burden(sizes, S_h, means, targets, domains, response)
    if burden.size and (burden / upper).sum(axis=1).max() > 1 + ROUNDING:
        text = _("The precision asked for is out of reach even if everybody is drawn.")
        raise SamplingError("SAM-ALLOC-REACH", text, hint=_("Allow a greater CV, or a higher maximum."))
    real, gap = solve_bethel(burden, prices, lower, upper)
    if gap > tolerance:
        text = _("The allocation was not found to the tolerance asked for.")
        raise SamplingError("SAM-ALLOC-GAP", text, hint=_("Allow a greater tolerance, or drop a target."))
    whole = _lessen(np.ceil(real * (1 - ROUNDING)), burden, prices, lower)
    return expected_precision(
        whole, sizes, S_h, means, costs=prices, response=response, domains=domains, strata=strata,
        variables=variables, gap=gap,
    )  # fmt: skip


def solve_bethel(burden: Floats, costs: Floats, lower: Floats, upper: Floats) -> tuple[Floats, float]:
    """Minimise the cost over real sizes under linear limits on their inverses.

    Parameters
    ----------
    burden : ndarray of float64, shape (J, H)
        a_jh, 0 or more: target j is kept if sum_h a_jh / n_h <= 1.
    costs : ndarray of float64, shape (H,)
        c_h, above 0.
    lower, upper : ndarray of float64, shape (H,)
        Limits of n_h, above 0; at `upper` all targets are kept.

    Returns
    -------
    n_h : ndarray of float64, shape (H,)
        Keeps all targets to 1e-12.
    gap : float
        (cost - lower bound) / cost; the bound is the Lagrange dual, so the true optimum is no farther.

    Notes
    -----
    n_h(λ) = clip(sqrt(sum_j λ_j a_jh / c_h), lower, upper). First Chromy's steps λ_j <- λ_j v_j²,
    v_j = sum_h a_jh / n_h; then projected Newton steps on the concave dual. Stops at a gap of 1e-12.

    Examples
    --------
    >>> one = np.ones(2)
    >>> solve_bethel(np.array([[4.0, 16.0]]), one, 2 * one, 99 * one)[0].round(6)
    array([12., 24.])
    """
    if not burden.size:
        return lower.copy(), 0.0
    worth = np.full(len(burden), 1.0)
    worth *= float(np.max(np.sqrt(burden * costs).sum(axis=1))) ** 2 / len(burden)
    best, bound = upper.copy(), -np.inf
    # One loop over both kinds of step: each is judged by the same gap, so there is one place to stop.
    for step in range(CHROMY_STEPS + NEWTON_STEPS):
        sizes = _sizes(worth, burden, costs, lower, upper)
        feasible = _grow(sizes, burden, upper)
        best = feasible if costs @ feasible < costs @ best else best
        bound = max(bound, _dual(worth, burden, costs, lower, upper))
        if costs @ best - bound <= 1e-12 * (costs @ best):
            break
        if step < CHROMY_STEPS:
            worth = np.maximum(worth * (burden @ (1 / sizes)) ** 2, 1e-300)
        else:
            worth = _newton(worth, burden, costs, lower, upper)
    return best, max(0.0, float((costs @ best - bound) / (costs @ best)))


def per_stratum_or_all(name: str, values: ArrayLike, sizes: Floats) -> Floats:
    """Return the upper limits; an infinite one becomes the size of the stratum."""
    limits = np.minimum(np.broadcast_to(np.asarray(values, dtype=np.float64), sizes.shape), sizes)
    return per_stratum(name, limits, len(sizes), 1)


def _burden(
    sizes: Floats,
    S_h: ArrayLike,
    means: ArrayLike,
    targets: ArrayLike | Mapping[str, ArrayLike],
    domains: Mapping[str, ArrayLike] | None,
    response: ArrayLike,
) -> Floats:
    """Return a_jh of the finite targets, shape (J, H); targets that nothing burdens are left out."""
    sd = per_variable("S_h", S_h, len(sizes), 0)
    mean = per_variable("means", means, len(sizes), -np.inf, sd.shape[1])
    rates = per_stratum("response", response, len(sizes), POSITIVE, 1)
    member, names = membership(domains, len(sizes))
    rows = []
    for name, wanted in (targets if isinstance(targets, Mapping) else {TOTAL: targets}).items():
        cv = np.asarray(wanted, dtype=np.float64)
        if name not in names or cv.shape != (sd.shape[1],) or not np.all(cv > 0):
            raise refuse("targets", _("Give one CV above 0 for each variable, by domain."))
        inside = member[names.index(name)]
        for variable in np.flatnonzero(np.isfinite(cv)):
            total = float((sizes * mean[:, variable])[inside].sum())
            squares = np.where(inside, sizes * sd[:, variable] ** 2, 0.0)
            if squares.any():
                rows.append(squares * sizes / rates / ((total * cv[variable]) ** 2 + squares.sum()))
    return np.array(rows).reshape(len(rows), len(sizes))


def _sizes(worth: Floats, burden: Floats, costs: Floats, lower: Floats, upper: Floats) -> Floats:
    sizes: Floats = np.clip(np.sqrt(worth @ burden / costs), lower, upper)
    return sizes


def _dual(worth: Floats, burden: Floats, costs: Floats, lower: Floats, upper: Floats) -> float:
    sizes = _sizes(worth, burden, costs, lower, upper)
    return float(costs @ sizes + worth @ (burden @ (1 / sizes) - 1))


def _grow(sizes: Floats, burden: Floats, upper: Floats) -> Floats:
    """Multiply sizes by the least common factor that keeps all targets, by bisection in its logarithm."""

    def kept(factor: float) -> bool:
        return bool((burden @ (1 / np.minimum(sizes * factor, upper))).max() <= 1 + 1e-12)

    if kept(1.0):
        return sizes
    low, high = 1.0, 1.0 + 1e-12
    while not kept(high):
        low, high = high, 1 + 4 * (high - 1)
        if high > 1e12:
            return upper.copy()
    for _step in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if kept(middle) else (middle, high)
    return np.minimum(sizes * high, upper)


def _newton(worth: Floats, burden: Floats, costs: Floats, lower: Floats, upper: Floats) -> Floats:
    """Maximise the dual's quadratic model over worth >= 0, and go there, halved until the dual grows."""
    demand = np.sqrt(worth @ burden / costs)
    slope = burden @ (1 / np.clip(demand, lower, upper)) - 1
    loose = (demand > lower) & (demand < upper)
    curve = np.zeros_like(demand)
    curve[loose] = 0.5 / (costs[loose] * demand[loose] ** 3)
    scale = worth.max()
    hessian = (burden * curve * scale) @ burden.T
    ridge = 1e-11 * max(float(np.trace(hessian)), 1e-6)
    factor = np.linalg.cholesky(hessian + ridge * np.eye(len(hessian)))
    goal = solve_triangular(factor, hessian @ (worth / scale) + ridge * (worth / scale) + slope, lower=True)
    move = nnls(factor.T, goal, maxiter=50 * len(worth))[0] * scale - worth
    now = _dual(worth, burden, costs, lower, upper)
    for halving in range(40):
        trial = np.maximum(worth + 0.5**halving * move, 0.0)
        if _dual(trial, burden, costs, lower, upper) >= now - 1e-13 * abs(now):  # its own rounding
            return np.asarray(trial, dtype=np.float64)
    return worth


def _lessen(sizes: Floats, burden: Floats, costs: Floats, lower: Floats) -> Floats:
    """Take one from the dearest stratum that can spare it, until none can; targets stay kept."""
    sizes = sizes.copy()
    able = sizes > lower
    while able.any():
        used = burden @ (1 / sizes)
        with np.errstate(divide="ignore", invalid="ignore"):
            after = used[:, None] + burden * (1 / np.maximum(sizes - 1, 0.5) - 1 / sizes)
        worst = after.max(axis=0) if len(burden) else np.zeros_like(sizes)
        able &= (worst <= 1 + ROUNDING) & (sizes > lower)
        if able.any():
            place = np.flatnonzero(able)
            sizes[place[np.lexsort((worst[place], -costs[place]))[0]]] -= 1
    return sizes
