"""Sample size for a proportion, a mean and a total, and the margin that a sample size gives.

One rule throughout: the variance of an estimate is the design effect times the variance of a simple random
sample without replacement, and intervals are normal ones, estimate ± z times the standard error.
"""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.size.result import SampleSize, answers_for, check_open, draws_for, normal_quantile, spread

__all__ = [
    "SampleSize",
    "margin_mean",
    "margin_proportion",
    "margin_total",
    "precision_table",
    "size_mean",
    "size_proportion",
    "size_total",
]

Interval = Literal["wald", "wilson"]


def size_proportion(
    margin: float,
    *,
    p: float = 0.5,
    N: int | None = None,
    deff: float = 1.0,
    response: float = 1.0,
    level: float = 0.95,
    method: Interval = "wald",
) -> SampleSize:
    """Find the sample size for a proportion.

    Parameters
    ----------
    margin : float
        Half-width of the confidence interval wanted (0.03: ±3 points), between 0 and 0.5.
    p : float
        Expected proportion, between 0 and 1; 0.5 asks for the most.
    N : int, optional
        Size of the population, 2 or more. Default: without limit.
    deff : float
        Design effect against simple random sampling without replacement, above 0.
    response : float
        Expected response rate, above 0 to 1.
    level : float
        Confidence level, between 0 and 1.
    method : {"wald", "wilson"}
        Interval whose half-width is meant: p ± z se, or Wilson's score interval (better for small p).

    Returns
    -------
    SampleSize
        The fewest answers that keep the margin.

    Raises
    ------
    SamplingError
        A value that is not allowed, or more persons to draw than there are.

    Notes
    -----
    n0 = z² deff p(1-p) / margin²; for a population of N and deff = 1: n = n0 / (1 + (n0 - 1) / N). With a
    design effect the correction stays inside it, Var = deff (1 - n/N) S²/n, so n never exceeds N.
    Wilson: with x = z²/n_effective, margin² (1 + x)² = p(1-p) x + x²/4.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 4.4. Kish (1965), Survey Sampling, section 8.2.
    Wilson (1927), JASA 22, 209-212.

    Examples
    --------
    >>> size_proportion(0.05)
    <SampleSize proportion: 385 answers, draw 385, margin ±0.04994 at 95%>
    >>> size_proportion(0.03, N=5000, deff=1.3, response=0.6).n_draw
    1812
    """
    check_open("margin", margin, 0, 0.5)
    unit = _unit_proportion(margin, p, method) / normal_quantile(level) ** 2
    n = answers_for(unit, deff, N, counted=True)
    reached = float(margin_proportion(n, p=p, N=N, deff=deff, level=level, method=method))
    notes: tuple[tuple[str, float | str], ...] = (("p", p), ("method", method))
    return SampleSize("proportion", n, draws_for(n, response, N), reached, level, deff, N, response, notes)


def size_mean(
    margin: float,
    *,
    sd: float,
    N: int | None = None,
    deff: float = 1.0,
    response: float = 1.0,
    level: float = 0.95,
) -> SampleSize:
    """Find the sample size for a mean.

    Parameters
    ----------
    margin : float
        Half-width of the confidence interval wanted, in the unit of the variable, above 0.
    sd : float
        Standard deviation of the population (divisor N - 1), in the same unit, above 0. For a relative margin
        give the coefficient of variation as `sd` and the margin as a share of the mean.
    N, deff, response, level
        As in `size_proportion`.

    Returns
    -------
    SampleSize
        The fewest answers that keep the margin.

    Raises
    ------
    SamplingError
        A value that is not allowed, or more persons to draw than there are.

    Notes
    -----
    n0 = z² deff sd² / margin²; n = n0 / (1 + n0 / N).

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 4.6.

    Examples
    --------
    >>> size_mean(2, sd=15).n
    217
    >>> size_mean(2, sd=15, N=500).n
    151
    """
    check_open("margin", margin, 0, np.inf)
    check_open("sd", sd, 0, np.inf)
    n = answers_for((margin / sd / normal_quantile(level)) ** 2, deff, N, counted=False)
    reached = float(margin_mean(n, sd=sd, N=N, deff=deff, level=level))
    return SampleSize("mean", n, draws_for(n, response, N), reached, level, deff, N, response, (("sd", sd),))


def size_total(
    margin: float, *, sd: float, N: int, deff: float = 1.0, response: float = 1.0, level: float = 0.95
) -> SampleSize:
    """Find the sample size for the total of a population of known size.

    Parameters
    ----------
    margin : float
        Half-width of the confidence interval of the total wanted, in the unit of the variable, above 0.
    sd : float
        Standard deviation of the population (divisor N - 1), above 0; for a count of persons with a share p
        it is the root of p(1 - p) N / (N - 1).
    N : int
        Size of the population, 2 or more.
    deff, response, level
        As in `size_proportion`.

    Returns
    -------
    SampleSize
        The fewest answers that keep the margin.

    Raises
    ------
    SamplingError
        A value that is not allowed, or more persons to draw than there are.

    Notes
    -----
    The total is N times the mean: the size is that of the mean with margin / N.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 4.6.

    Examples
    --------
    >>> size_total(1000, sd=15, N=500).n
    151
    """
    check_open("N", N, 1, np.inf)
    mean = size_mean(margin / N, sd=sd, N=N, deff=deff, response=response, level=level)
    return SampleSize(
        "total", mean.n, mean.n_draw, mean.margin * N, level, deff, N, response, mean.assumptions
    )


def margin_proportion(
    n: ArrayLike,
    *,
    p: ArrayLike = 0.5,
    N: int | None = None,
    deff: ArrayLike = 1.0,
    level: float = 0.95,
    method: Interval = "wald",
) -> NDArray[np.float64]:
    """Find the margin of a proportion for a number of answers.

    Parameters
    ----------
    n : array_like of float
        Answers, above 0 and at most N.
    p : array_like of float
        Expected proportion, between 0 and 1; broadcast with `n`.
    N, deff, level, method
        As in `size_proportion`; deff is broadcast too.

    Returns
    -------
    ndarray of float64
        Half-widths of the interval, in the shape of `n`, `p` and `deff` together.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Notes
    -----
    z √(deff (N - n) / (N - 1) p(1 - p) / n); Wilson: √(p(1-p) x + x²/4) / (1 + x), x = z² / n_effective.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 3.2. Wilson (1927), JASA 22, 209-212.

    Examples
    --------
    >>> margin_proportion([400, 1600]).round(4)
    array([0.049 , 0.0245])
    """
    check_open("p", p, 0, 1)
    _check_method(method)
    x = normal_quantile(level) ** 2 * spread(n, deff, N, counted=True)
    share = np.asarray(p, np.float64)
    if method == "wald":
        return np.asarray(np.sqrt(share * (1 - share) * x))
    return np.asarray(np.sqrt(share * (1 - share) * x + x**2 / 4) / (1 + x))


def margin_mean(
    n: ArrayLike, *, sd: ArrayLike, N: int | None = None, deff: ArrayLike = 1.0, level: float = 0.95
) -> NDArray[np.float64]:
    """Find the margin of a mean for a number of answers.

    Parameters
    ----------
    n : array_like of float
        Answers, above 0 and at most N.
    sd : array_like of float
        Standard deviation of the population (divisor N - 1), above 0; broadcast with `n`.
    N, deff, level
        As in `size_proportion`; deff is broadcast too.

    Returns
    -------
    ndarray of float64
        Half-widths of the interval, z sd √(deff (1/n - 1/N)), in the unit of `sd`.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Examples
    --------
    >>> float(margin_mean(225, sd=15).round(2))
    1.96
    """
    check_open("sd", sd, 0, np.inf)
    return np.asarray(
        normal_quantile(level) * np.asarray(sd, np.float64) * np.sqrt(spread(n, deff, N, counted=False))
    )


def margin_total(
    n: ArrayLike, *, sd: ArrayLike, N: int, deff: ArrayLike = 1.0, level: float = 0.95
) -> NDArray[np.float64]:
    """Find the margin of a total for a number of answers.

    Parameters
    ----------
    n, sd, deff, level
        As in `margin_mean`.
    N : int
        Size of the population, 2 or more.

    Returns
    -------
    ndarray of float64
        N times the margin of the mean.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Examples
    --------
    >>> float(margin_total(500, sd=15, N=500))
    0.0
    """
    return np.asarray(N * margin_mean(n, sd=sd, N=N, deff=deff, level=level))


def precision_table(
    ns: Sequence[int],
    ps: Sequence[float] = (0.1, 0.2, 0.3, 0.4, 0.5),
    *,
    N: int | None = None,
    deff: float = 1.0,
    response: float = 1.0,
    level: float = 0.95,
    method: Interval = "wald",
) -> pd.DataFrame:
    """Tabulate the margin of a proportion by sample size (標本誤差の早見表).

    Parameters
    ----------
    ns : sequence of int
        (rows,) persons drawn, 1 to N.
    ps : sequence of float
        (columns,) proportions, between 0 and 1.
    N, deff, response, level, method
        As in `size_proportion`.

    Returns
    -------
    pandas.DataFrame
        (rows, columns) margins, index n_draw, columns p. Each is that of the n_draw × response answers
        expected.

    Raises
    ------
    SamplingError
        A value that is not allowed.

    Examples
    --------
    >>> precision_table([500, 1000], [0.1, 0.5], response=0.8).round(4)  # doctest: +NORMALIZE_WHITESPACE
    p          0.1     0.5
    n_draw
    500     0.0294  0.0490
    1000    0.0208  0.0346
    """
    check_open("response", response, 0, 1, closed=True)
    check_open("n_draw", ns, 0, np.inf if N is None else N, closed=True)
    answers = np.asarray(ns, np.float64)[:, None] * response
    margins = margin_proportion(answers, p=ps, N=N, deff=deff, level=level, method=method)
    return pd.DataFrame(
        margins, index=pd.Index(list(ns), name="n_draw"), columns=pd.Index(list(ps), name="p")
    )


def _check_method(method: str) -> None:
    if method not in get_args(Interval):
        raise SamplingError(
            "SAM-SIZE-VALUE",
            _("The value of {name} is not allowed.").format(name="method"),
            hint=_("Allowed: {range}.").format(range=", ".join(get_args(Interval))),
        )


def _unit_proportion(margin: float, p: float, method: Interval) -> float:
    """Return z² / n_effective for which the interval has the margin."""
    check_open("p", p, 0, 1)
    _check_method(method)
    if method == "wald":
        return margin**2 / (p * (1 - p))
    b, a = 2 * margin**2 - p * (1 - p), 0.25 - margin**2
    root = float(np.sqrt(b * b + 4 * a * margin**2))
    return (b + root) / (2 * a) if b > 0 else 2 * margin**2 / (root - b)  # the form without cancellation
