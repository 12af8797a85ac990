"""Expected precision of a stratified sample before it is drawn: variance and CV by variable and domain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.views import html_table

__all__ = ["Allocation", "expected_precision", "per_stratum", "per_variable"]

Floats = NDArray[np.float64]
TOTAL: Final = "total"
POSITIVE: Final = float(np.nextafter(0, 1))
"""The least number above 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Allocation:
    """How many persons each stratum gives, and the precision to expect; arrays are read-only.

    Parameters
    ----------
    n_h : ndarray of int64, shape (H,)
        Persons to draw of each stratum.
    N_h : ndarray of int64, shape (H,)
        Persons of each stratum.
    answers : ndarray of float64, shape (H,)
        Answers expected: n_h times the response rate.
    costs : ndarray of float64, shape (H,)
        Cost of one person drawn.
    variance : ndarray of float64, shape (D, V)
        Variance of the estimated total of each variable in each domain, in its unit squared.
    cv : ndarray of float64, shape (D, V)
        Coefficient of variation of the estimated total (and mean); missing without means.
    strata, variables, domains : tuple of str
        Their names; the first domain is the total.
    gap : float
        Relative distance of the cost before rounding to its lower bound, where an optimiser found it; else 0.

    Examples
    --------
    >>> expected_precision([10, 10], [100, 50], [2.0, 4.0], [10.0, 20.0])
    <Allocation 20 of 150 in 2 strata, cost 20, greatest CV 4.123%>
    """

    n_h: NDArray[np.int64]
    N_h: NDArray[np.int64]
    answers: Floats = field(repr=False)
    costs: Floats
    variance: Floats
    cv: Floats
    strata: tuple[str, ...]
    variables: tuple[str, ...]
    domains: tuple[str, ...]
    gap: float = 0.0

    def __post_init__(self) -> None:
        for array in (self.n_h, self.N_h, self.answers, self.costs, self.variance, self.cv):
            array.setflags(write=False)

    @property
    def n(self) -> int:
        """Persons to draw in all."""
        return int(self.n_h.sum())

    @property
    def cost(self) -> float:
        """Cost of all persons drawn."""
        return float(self.costs @ self.n_h)

    def tidy(self) -> pd.DataFrame:
        """Return one row a stratum.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, N, n, fraction, answers, cost.
        """
        return pd.DataFrame(
            {
                "stratum": self.strata,
                "N": self.N_h,
                "n": self.n_h,
                "fraction": self.n_h / self.N_h,
                "answers": self.answers,
                "cost": self.costs * self.n_h,
            }
        )

    def precision(self) -> pd.DataFrame:
        """Return one row a domain and variable.

        Returns
        -------
        pandas.DataFrame
            Columns domain, variable, variance (of the total), cv.
        """
        wide = len(self.variables)
        return pd.DataFrame(
            {
                "domain": np.repeat(self.domains, wide),
                "variable": np.tile(self.variables, len(self.domains)),
                "variance": self.variance.ravel(),
                "cv": self.cv.ravel(),
            }
        )

    def __repr__(self) -> str:
        known = self.cv[~np.isnan(self.cv)]
        worst = f", greatest CV {100 * known.max():.4g}%" if known.size else ""
        size = f"{self.n:,} of {self.N_h.sum():,} in {len(self.N_h):,} strata"
        return f"<Allocation {size}, cost {self.cost:,.6g}{worst}>"

    def _repr_html_(self) -> str:
        strata = html_table(self.tidy(), name="hyohon-allocation")
        return strata + html_table(self.precision(), name="hyohon-allocation-precision")


def expected_precision(
    n_h: ArrayLike,
    N_h: ArrayLike,
    S_h: ArrayLike,
    means: ArrayLike | None = None,
    *,
    costs: ArrayLike = 1.0,
    response: ArrayLike = 1.0,
    domains: Mapping[str, ArrayLike] | None = None,
    strata: Sequence[str] | None = None,
    variables: Sequence[str] | None = None,
    gap: float = 0.0,
) -> Allocation:
    """Expect the variance and CV that an allocation gives.

    Parameters
    ----------
    n_h : array_like of int, shape (H,)
        Persons to draw, 0 to N_h.
    N_h : array_like of int, shape (H,)
        Persons of each stratum, 1 or more.
    S_h : array_like of float, shape (H,) or (H, V)
        Standard deviation of each variable within the stratum (divisor N_h - 1), 0 or more.
    means : array_like of float, shape (H,) or (H, V), optional
        Mean of each variable in the stratum. Without them there is no CV.
    costs : array_like of float, shape (H,) or ()
        Cost of one person drawn, above 0.
    response : array_like of float, shape (H,) or ()
        Expected response rate r_h, above 0 to 1; who answers is taken as random within the stratum.
    domains : mapping of str to array_like of bool, shape (H,), optional
        Domains made of whole strata; the total comes first by itself.
    strata, variables : sequence of str, optional
        Names. Default: numbers from 1.
    gap : float
        Kept in the result.

    Returns
    -------
    Allocation
        With variance and CV of shape (1 + domains, V).

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Notes
    -----
    Var = sum over the domain's strata of N_h² S_h² (1 / m_h - 1 / N_h), m_h = n_h r_h; infinite where a
    stratum with S_h > 0 gives nobody. CV = sqrt(Var) / |sum of N_h mean_h|.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 5.3, equation 5.7.

    Examples
    --------
    >>> expected_precision([10, 10], [100, 50], [2.0, 4.0]).variance
    array([[6800.]])
    """
    persons = per_stratum("N_h", N_h, None, 1)
    sizes = persons.astype(np.int64)
    drawn = per_stratum("n_h", n_h, len(sizes), 0, persons).astype(np.int64)
    prices = per_stratum("costs", costs, len(sizes), POSITIVE)
    answers = drawn * per_stratum("response", response, len(sizes), POSITIVE, 1)
    sd = per_variable("S_h", S_h, len(sizes), 0)
    member, names = membership(domains, len(sizes))
    with np.errstate(divide="ignore", invalid="ignore"):
        left = (1 / answers - 1 / sizes)[:, None]
        each = np.where(sd > 0, (sizes[:, None] * sd) ** 2 * left, 0.0)
    variance = np.stack([each[rows].sum(axis=0) for rows in member])
    cv = np.full_like(variance, np.nan)
    if means is not None:
        totals = member @ (sizes[:, None] * per_variable("means", means, len(sizes), -np.inf, sd.shape[1]))
        with np.errstate(divide="ignore", invalid="ignore"):
            cv = np.sqrt(variance) / np.abs(totals)
    labels = (_names(strata, len(sizes)), _names(variables, sd.shape[1]), names)
    return Allocation(drawn, sizes, answers, prices, variance, cv, *labels, gap)


def membership(
    domains: Mapping[str, ArrayLike] | None, strata: int
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Return which strata make which domain, shape (D, H), and the domains' names; the total is first."""
    named = {TOTAL: np.ones(strata, dtype=bool)}
    for name, rows in (domains or {}).items():
        member = np.asarray(rows)
        if name == TOTAL or member.dtype != np.bool_ or member.shape != (strata,) or not member.any():
            raise refuse("domains", _("Name each domain, and mark its strata with true or false."))
        named[name] = member
    return np.stack(list(named.values())), tuple(named)


def per_stratum(
    name: str, values: ArrayLike, strata: int | None, low: float, high: float | Floats = np.inf
) -> Floats:
    """Check one number a stratum and return an own copy.

    Parameters
    ----------
    name : str
        Name of the argument.
    values : array_like of float, shape (H,) or ()
        Values; one for all is repeated.
    strata : int or None
        Number H of strata; None: as many as values.
    low, high : float (high also one a stratum)
        Limits, themselves allowed; values are finite.

    Returns
    -------
    ndarray of float64, shape (H,)
        The values.

    Raises
    ------
    SamplingError
        A value outside the limits, or another shape.

    Examples
    --------
    >>> per_stratum("costs", 2, 3, 0)
    array([2., 2., 2.])
    """
    array = np.asarray(values, dtype=np.float64)
    if strata is not None and array.ndim == 0:
        array = np.full(strata, array)
    fits = array.ndim == 1 and array.size > 0 and strata in (None, array.size)
    if not fits or not np.all(np.isfinite(array) & (array >= low) & (array <= high)):
        raise refuse(name, _("Give one number for each stratum, within its limits."))
    return array.copy()


def per_variable(
    name: str, values: ArrayLike, strata: int, low: float, variables: int | None = None
) -> Floats:
    """Check a table of strata by variables.

    Parameters
    ----------
    name : str
        Name of the argument.
    values : array_like of float, shape (H,) or (H, V)
        Values.
    strata : int
        Number H of strata.
    low : float
        Lowest value allowed; values are finite.
    variables : int, optional
        Number V of variables.

    Returns
    -------
    ndarray of float64, shape (H, V)
        The values.

    Raises
    ------
    SamplingError
        A value outside the limit, or another shape.

    Examples
    --------
    >>> per_variable("S_h", [1, 2], 2, 0).shape
    (2, 1)
    """
    array = np.asarray(values, dtype=np.float64)
    array = array[:, None] if array.ndim == 1 else array
    fits = array.ndim == 2 and array.shape[0] == strata and variables in (None, array.shape[-1])
    if not fits or array.size == 0 or not np.all(np.isfinite(array) & (array >= low)):
        raise refuse(name, _("Give one number for each stratum, within its limits."))
    return array


def refuse(name: str, hint: str) -> SamplingError:
    """Return the error that an argument is not allowed."""
    text = _("The value of {name} is not allowed.").format(name=name)
    return SamplingError("SAM-ALLOC-VALUE", text, hint=hint)


def _names(names: Sequence[Any] | None, count: int) -> tuple[str, ...]:
    if names is None:
        return tuple(str(number + 1) for number in range(count))
    if len(names) != count:
        raise refuse("names", _("Give one name for each stratum and each variable."))
    return tuple(str(name) for name in names)
