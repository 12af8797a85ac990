"""The cube method: samples whose weighted totals of known variables equal the population's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.methods._compiled import wanted
from sampling.methods._landing import cheapest_plan
from sampling.methods.balanced_inputs import as_columns
from sampling.methods.flight import fly
from sampling.methods.inclusion import EDGE, as_pik

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Balance", "Landing", "balance", "cube", "flight_phase"]

Landing = Literal["lp", "suppression"]
LARGEST_LP: Final = 12
"""Undecided units a linear programme takes (4,096 samples); above, variables are left out first."""
SAME: Final = 1e-14
"""A variable that differs from a multiple of π by this share alone is one."""


@dataclass(frozen=True, slots=True)
class Balance:
    """How near a sample comes to the totals it was balanced on.

    Parameters
    ----------
    totals, estimates : ndarray of float64
        Shape (p,): Σ x over the population, Σ x / π over the sample, in the variables' units.
    """

    totals: NDArray[np.float64]
    estimates: NDArray[np.float64]

    def tidy(self) -> "pd.DataFrame":
        """One row a balancing variable.

        Returns
        -------
        pandas.DataFrame
            Columns variable (1 to p), total, estimate, relative (difference over total; NaN for total 0).
        """
        import pandas as pd

        totals = np.where(self.totals == 0, np.nan, self.totals)
        return pd.DataFrame(
            {
                "variable": np.arange(1, len(totals) + 1),
                "total": self.totals,
                "estimate": self.estimates,
                "relative": (self.estimates - self.totals) / totals,
            }
        )


def balance(X: ArrayLike, pik: ArrayLike, sample: ArrayLike) -> Balance:
    """Compare the estimated totals of balancing variables with the population's.

    Parameters
    ----------
    X : array_like
        Shape (N, p): balancing variables.
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    sample : array_like of int
        Shape (n,): positions of the units drawn.

    Returns
    -------
    Balance

    Examples
    --------
    >>> balance([1.0, 2.0, 3.0, 4.0], [0.5] * 4, [0, 3]).estimates.tolist()
    [10.0]
    """
    probabilities = as_pik(pik)
    matrix = as_columns(X, len(probabilities))
    drawn = np.asarray(sample, dtype=np.int64)
    return Balance(matrix.sum(axis=0), (matrix[drawn] / probabilities[drawn, None]).sum(axis=0))


def flight_phase(
    X: ArrayLike, pik: ArrayLike, rng: np.random.Generator, *, strata: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Flight phase of the cube method alone.

    Parameters
    ----------
    X : array_like
        Shape (N, p): balancing variables.
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    rng : numpy.random.Generator
        Source of chance.
    strata : array_like, optional
        Shape (N,): stratum of each unit; the sizes of all strata are balanced too.

    Returns
    -------
    ndarray of float64
        Shape (N,): 0 or 1, but for at most p units (p plus the number of strata).

    Notes
    -----
    Σ x_k ψ_k / π_k = Σ x_k holds for the returned ψ to rounding; E(ψ) = π. See `sampling.methods.flight.fly`.

    References
    ----------
    Chauvet, G. and Tillé, Y. (2006). A fast algorithm for balanced sampling. Computational Statistics 21,
    53-62.

    Examples
    --------
    >>> import numpy as np
    >>> flown = flight_phase(np.arange(1.0, 9.0), np.full(8, 0.5), np.random.default_rng(3))
    >>> int(np.sum((flown > 0) & (flown < 1))) <= 1
    True
    """
    return _fly_all(*_prepare(X, pik, strata), rng)


def cube(
    X: ArrayLike,
    pik: ArrayLike,
    rng: np.random.Generator,
    *,
    strata: ArrayLike | None = None,
    landing: Landing = "lp",
) -> NDArray[np.int64]:
    """Draw a balanced sample with given inclusion probabilities.

    Parameters
    ----------
    X : array_like
        Shape (N, p): balancing variables, the most important first.
    pik : array_like
        Shape (N,): inclusion probabilities, 0 to 1.
    rng : numpy.random.Generator
        Source of chance.
    strata : array_like, optional
        Shape (N,): stratum of each unit; each stratum gives Σ π of its units (exactly, where that is a whole
        number; else one of the two whole numbers beside it), and totals are balanced within strata as far as
        may be.
    landing : {"lp", "suppression"}
        How the units left by the flight are decided: a linear programme over all their samples (for more
        than 12 of them, after variables are left out), or leaving out one variable after the other from
        the last.

    Returns
    -------
    ndarray of int64
        Shape (n,): positions of the units drawn, rising.

    Raises
    ------
    SamplingError
        Probabilities, variables or strata that do not fit each other, or a landing that is not known.

    Notes
    -----
    The size is fixed where π is among the columns of `X` (or a combination of them) and sums to a whole
    number. Inclusion probabilities are those given. The landing's cost of a sample s is
    (s - ψ)' A (A'A)⁺ A' (s - ψ), with A the rows x / π of the undecided units and A'A over the population.
    With strata: a flight in each, then one over all units left, balanced on sizes of strata and `X` together.

    References
    ----------
    Deville, J.-C. and Tillé, Y. (2004). Efficient balanced sampling: the cube method. Biometrika 91, 893-912.
    Chauvet, G. and Tillé, Y. (2006). A fast algorithm for balanced sampling. Computational Statistics 21,
    53-62.
    Chauvet, G. (2009). Stratified balanced sampling. Survey Methodology 35, 115-119.

    Examples
    --------
    >>> import numpy as np
    >>> pik = np.full(20, 0.25)
    >>> drawn = cube(np.column_stack([pik, np.arange(20.0)]), pik, np.random.default_rng(7))
    >>> len(drawn)
    5
    """
    if landing not in ("lp", "suppression"):
        text = _("The landing {landing!r} is not known.")
        raise SamplingError(
            "SAM-CUBE-LANDING", text.format(landing=landing), hint=_("Choose 'lp' or 'suppression'.")
        )
    exact, soft, probabilities, codes = _prepare(X, pik, strata)
    flown = _fly_all(exact, soft, probabilities, codes, rng)
    rows = np.hstack([exact, soft])
    flown = _suppress(rows, exact.shape[1], flown, LARGEST_LP if landing == "lp" else 0, rng)
    left = _undecided(flown)
    if left.size:
        flown[left] = _programme(exact[left], rows, left, flown[left], rng)
    return np.flatnonzero(flown > 0.5).astype(np.int64)


def _prepare(
    X: ArrayLike, pik: ArrayLike, strata: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64] | None]:
    """Rows x / π of the exact constraints (sizes) and of the soft ones; π; codes of strata."""
    probabilities = as_pik(pik)
    matrix = as_columns(X, len(probabilities))
    alive = probabilities > 0
    soft = np.divide(matrix, probabilities[:, None], out=np.zeros_like(matrix), where=alive[:, None])
    if strata is None:
        live = soft if alive.all() else soft[alive]
        first = live[:1].sum(axis=0)
        same = np.array([_alike(live[:, j], first[j]) for j in range(live.shape[1])], dtype=np.bool_)
        sized = bool(np.any(same & (first != 0))) or _holds_constant(live)
        return np.ones((len(soft), int(sized))), soft[:, ~same], probabilities, None
    labels = np.asarray(strata)
    if labels.shape != probabilities.shape:
        raise SamplingError(
            "SAM-CUBE-STRATA",
            _("Strata need one value for each unit."),
            hint=_("Give as many strata as inclusion probabilities."),
        )
    names, codes = np.unique(labels, return_inverse=True)
    return np.eye(len(names))[codes], soft, probabilities, codes.astype(np.int64)


def _alike(column: NDArray[np.float64], first: float) -> bool:
    """Whether all values are the first one, to rounding: whether a variable is a multiple of π."""
    few = column[: 2 * LARGEST_LP]  # nearly always enough to tell
    return all(bool(np.all(np.abs(part - first) <= SAME * abs(first))) for part in (few, column))


def _holds_constant(rows: NDArray[np.float64]) -> bool:
    """Whether 1 is a combination of the columns: whether π is one of the balancing variables."""
    if not rows.size:
        return False
    norms = np.linalg.norm(rows, axis=0)
    scaled = rows[:, norms > 0] / norms[norms > 0]
    ones = np.ones(len(rows))
    found = np.linalg.lstsq(scaled, ones, rcond=None)[0]
    return bool(np.abs(scaled @ found - ones).max() < 1e-9)


def _fly_all(
    exact: NDArray[np.float64],
    soft: NDArray[np.float64],
    pik: NDArray[np.float64],
    codes: NDArray[np.int64] | None,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Flight in each stratum, then over all."""
    flown, fast = pik.copy(), wanted(len(pik))
    if codes is not None:
        order = np.argsort(codes, kind="stable")
        for units in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1):
            inner = np.hstack([np.ones((len(units), 1)), soft[units]])
            flown[units] = fly(inner, flown[units], rng, fast=fast)
    left = _undecided(flown)
    flown[left] = fly(np.hstack([exact, soft])[left], flown[left], rng, fast=fast)
    return flown


def _undecided(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of the units that are neither in nor out."""
    return np.flatnonzero((values > EDGE) & (values < 1 - EDGE)).astype(np.int64)


def _suppress(
    rows: NDArray[np.float64], exact: int, flown: NDArray[np.float64], limit: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Leave out the last variable and fly on, until `limit` units are left; sizes go last, all together."""
    for kept in [*range(rows.shape[1] - 1, exact - 1, -1), 0]:
        left = _undecided(flown)
        if len(left) <= limit:
            break
        flown[left] = fly(rows[left, :kept], flown[left], rng, fast=wanted(len(flown)))
    return flown


def _programme(
    exact: NDArray[np.float64],
    rows: NDArray[np.float64],
    left: NDArray[np.int64],
    chances: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw one sample of the units left, by the cheapest plan with their probabilities."""
    count = len(chances)
    samples = ((np.arange(2**count)[:, None] >> np.arange(count)) & 1).astype(np.float64)
    samples = samples[np.all(np.abs((samples - chances) @ exact) < 1 - 1e-7, axis=1)]
    scale = np.linalg.norm(rows, axis=0)
    scaled = rows / np.where(scale > 0, scale, 1.0)
    gaps = (samples - chances) @ scaled[left]
    costs = np.einsum("sp,pq,sq->s", gaps, np.linalg.pinv(scaled.T @ scaled, hermitian=True), gaps)
    found = cheapest_plan(costs, np.vstack([samples.T, np.ones(len(samples))]), np.append(chances, 1.0))
    if found is None:
        raise SamplingError(
            "SAM-CUBE-LP", _("The landing found no plan."), hint=_("Use the landing 'suppression'.")
        )
    plan = np.clip(found, 0.0, None)
    drawn: NDArray[np.float64] = samples[rng.choice(len(samples), p=plan / plan.sum())]
    return drawn
