"""What a sample size is made of: the result, and the checks and rounding that all sizes share."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.views import html_table

__all__ = ["SampleSize", "answers_for", "check_open", "draws_for", "normal_quantile", "spread"]

ROUNDING: Final = 1e-12
"""Relative error of floating point that does not make a size one larger."""


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How many answers are needed, how many persons to draw for them, and under which assumptions.

    Parameters
    ----------
    estimand : str
        What is estimated: proportion, mean, total, difference of proportions, difference of means.
    n : int
        Complete answers needed, 1 or more; over all parts.
    n_draw : int
        Persons to draw so that `n` answers are expected; over all parts.
    margin : float
        Half-width of the confidence interval with `n` answers, in the unit of the estimate.
    level : float
        Confidence level, between 0 and 1.
    deff : float or None
        Design effect of the estimate; None where the parts differ.
    N : int or None
        Size of the finite population; None: without limit.
    response : float or None
        Expected response rate, above 0 to 1; None where the parts differ.
    assumptions : tuple of (str, float or str)
        Further assumptions by name, such as p, sd or power.
    name : str
        Name of the domain or group.
    parts : tuple of SampleSize
        Domains or groups that make the whole; empty for a single size.

    Examples
    --------
    >>> from sampling.size.single import size_proportion
    >>> size_proportion(0.05, N=3200, response=0.6)
    <SampleSize proportion: 344 answers, draw 574, margin ±0.04992 at 95%>
    """

    estimand: str
    n: int
    n_draw: int
    margin: float
    level: float
    deff: float | None
    N: int | None
    response: float | None
    assumptions: tuple[tuple[str, float | str], ...] = ()
    name: str = "total"
    parts: tuple["SampleSize", ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Return the parts and, last, the whole.

        Returns
        -------
        pandas.DataFrame
            Columns part, estimand, n, n_draw, margin, level, deff, N (missing: no limit), response, then one
            column an assumption.
        """
        rows = [
            {
                "part": size.name,
                "estimand": size.estimand,
                "n": size.n,
                "n_draw": size.n_draw,
                "margin": size.margin,
                "level": size.level,
                "deff": np.nan if size.deff is None else size.deff,
                "N": pd.NA if size.N is None else size.N,
                "response": np.nan if size.response is None else size.response,
                **dict(size.assumptions),
            }
            for size in (*self.parts, self)
        ]
        return pd.DataFrame(rows).astype({"N": "Int64"})

    def __repr__(self) -> str:
        parts = f" in {len(self.parts)} parts" if self.parts else ""
        return (
            f"<SampleSize {self.estimand}: {self.n:,} answers, draw {self.n_draw:,}{parts}, "
            f"margin ±{self.margin:.4g} at {100 * self.level:g}%>"
        )

    def _repr_html_(self) -> str:
        table = self.tidy().astype(object)
        return html_table(table.where(table.notna(), "–"), name="hyohon-sample-size")


def check_open(name: str, values: ArrayLike, low: float, high: float, *, closed: bool = False) -> None:
    """Check that low < value < high (`closed`: value <= high).

    Parameters
    ----------
    name : str
        Name of the argument.
    values : array_like of float
        Any shape.
    low, high : float
        Limits; `high` may be infinite.
    closed : bool
        The upper limit itself is allowed.

    Raises
    ------
    SamplingError
        A value outside, or missing.
    """
    array = np.asarray(values, dtype=np.float64)
    inside = (array > low) & ((array <= high) if closed else (array < high))
    if not np.all(inside):
        above = "" if math.isinf(high) else f" {'<=' if closed else '<'} {high:g}"
        raise SamplingError(
            "SAM-SIZE-VALUE",
            _("The value of {name} is not allowed.").format(name=name),
            hint=_("Allowed: {range}.").format(range=f"{low:g} < {name}{above}"),
        )


def normal_quantile(level: float, *, sides: int = 2) -> float:
    """Return z with probability `level` between -z and z (one side: below z).

    Parameters
    ----------
    level : float
        Between 0 and 1.
    sides : {1, 2}
        Number of tails that share 1 - level.

    Returns
    -------
    float
        Quantile of the standard normal distribution.

    Examples
    --------
    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    check_open("level", level, 0, 1)
    return float(ndtri(1 - (1 - level) / sides))


def spread(n: ArrayLike, deff: ArrayLike, N: int | None, *, counted: bool) -> NDArray[np.float64]:
    """Return the variance of an estimated mean for a unit variance of the population.

    Parameters
    ----------
    n : array_like of float
        Answers, any shape.
    deff : array_like of float
        Design effect against simple random sampling without replacement, above 0.
    N : int or None
        Size of the population.
    counted : bool
        The variance of the population has the divisor N, as p(1 - p) has, not N - 1.

    Returns
    -------
    ndarray of float64
        deff (1/n - 1/N), times N/(N - 1) where `counted`.

    Raises
    ------
    SamplingError
        A value that is not allowed.
    """
    check_open("deff", deff, 0, np.inf)
    if N is None:
        check_open("n", n, 0, np.inf)
        return np.asarray(np.asarray(deff, np.float64) / np.asarray(n, np.float64))
    check_open("N", N, 1, np.inf)
    check_open("n", n, 0, N, closed=True)
    factor = N / (N - 1) if counted else 1.0
    return np.asarray(factor * np.asarray(deff, np.float64) * (1 / np.asarray(n, np.float64) - 1 / N))


def answers_for(unit: float, deff: float, N: int | None, *, counted: bool) -> int:
    """Return the fewest answers n for which `spread` is at most `unit`: its inverse, rounded up.

    Parameters
    ----------
    unit : float
        Variance wanted for a unit variance of the population, above 0.
    deff, N, counted
        As in `spread`.

    Returns
    -------
    int
        From 1 to N.

    Raises
    ------
    SamplingError
        A value that is not allowed.
    """
    check_open("deff", deff, 0, np.inf)
    if N is None:
        return max(1, math.ceil(deff / unit * (1 - ROUNDING)))
    check_open("N", N, 1, np.inf)
    n0 = deff / unit * (N / (N - 1) if counted else 1.0)
    return min(N, max(1, math.ceil(n0 / (1 + n0 / N) * (1 - ROUNDING))))


def draws_for(n: float, response: float, N: int | None) -> int:
    """Return how many persons to draw, so that `n` answers are expected.

    Parameters
    ----------
    n : float
        Answers needed.
    response : float
        Expected response rate, above 0 to 1.
    N : int or None
        Size of the population.

    Returns
    -------
    int
        n / response, rounded up.

    Raises
    ------
    SamplingError
        More than there are, or a value that is not allowed.

    Examples
    --------
    >>> draws_for(385, 0.55, None)
    700
    """
    check_open("response", response, 0, 1, closed=True)
    draw = math.ceil(n / response * (1 - ROUNDING))
    if N is not None and draw > N:
        raise unreachable(n, N)
    return draw


def unreachable(n: float, N: int) -> SamplingError:
    """Return the error that a population does not give so many answers."""
    text = _("{n:,} answers cannot be expected from {size:,} persons.")
    hint = _("Allow a wider margin, less power or a higher response rate.")
    return SamplingError("SAM-SIZE-REACH", text.format(n=math.ceil(n), size=N), hint=hint)


def common(values: Iterable[float]) -> float | None:
    """Return the value that all share, or None where they differ."""
    different = set(values)
    return different.pop() if len(different) == 1 else None
