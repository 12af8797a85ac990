"""The numbers of a preview: variances and design effects that a plan lets expect, on arrays."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln, xlog1py, xlogy

__all__ = ["domain_variances", "expected_inverse", "household_effect", "kish_effect"]

Floats = NDArray[np.float64]
SUMMED: Final = 200
"""Up to so many draws of a stratum the mean of the inverse is summed exactly."""


def expected_inverse(drawn: Floats, rates: Floats) -> Floats:
    """Expect the inverse of the number of answers in each stratum.

    Parameters
    ----------
    drawn : ndarray of float64, shape (H,)
        Persons drawn n_h, whole numbers of 1 or more.
    rates : ndarray of float64, shape (H,)
        Response rates r_h, above 0 to 1.

    Returns
    -------
    ndarray of float64, shape (H,)
        E[1 / M], M the binomial number of answers, given that somebody answers; at least 1 / (n_h r_h), for a
        stratum in which nobody answers is pooled with another.

    Notes
    -----
    A sum over all M up to 200 draws; beyond, 1 / m + (1 - r) / m², m = n r, from the second order of 1 / M.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 5A.9.

    Examples
    --------
    >>> expected_inverse(np.array([2.0, 4.0]), np.array([1.0, 0.5])).round(4)
    array([0.5   , 0.5722])
    """
    mean = drawn * rates
    inverse = np.asarray(1 / mean + (1 - rates) / mean**2, dtype=np.float64)
    few = drawn <= SUMMED
    if few.any():
        n, r = drawn[few][:, None], rates[few][:, None]
        m = np.arange(1.0, n.max() + 1)
        rest = np.maximum(n - m, 0)
        logs = gammaln(n + 1) - gammaln(m + 1) - gammaln(rest + 1) + xlogy(m, r) + xlog1py(rest, -r)
        ways = np.where(m <= n, np.exp(logs), 0.0)
        inverse[few] = (ways / m).sum(axis=1) / ways.sum(axis=1)
    return np.asarray(np.maximum(inverse, 1 / mean), dtype=np.float64)


def domain_variances(
    member: NDArray[np.bool_], sizes: Floats, inverse: Floats, squares: Floats, *, corrected: bool = True
) -> Floats:
    """Expect the variances of the estimated means of domains made of whole strata.

    Parameters
    ----------
    member : ndarray of bool, shape (D, H)
        Which strata make which domain.
    sizes : ndarray of float64, shape (H,)
        Persons N_h.
    inverse : ndarray of float64, shape (H,)
        Inverse of the number of answers, 1 / m_h or `expected_inverse`.
    squares : ndarray of float64, shape (H,)
        Variances S_h² within the strata.
    corrected : bool
        Take the finite population correction.

    Returns
    -------
    ndarray of float64, shape (D,)
        sum (N_h / N_d)² S_h² (1 / m_h - 1 / N_h).

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 5.3, theorem 5.3.

    Examples
    --------
    >>> one = np.ones((1, 2), dtype=bool)
    >>> domain_variances(one, np.array([100.0, 100.0]), np.array([0.05, 0.04]), np.array([4.0, 4.0])).round(4)
    array([0.07])
    """
    left = inverse - (1 / sizes if corrected else 0.0)
    return np.asarray(member @ (sizes**2 * squares * left) / (member @ sizes) ** 2, dtype=np.float64)


def kish_effect(member: NDArray[np.bool_], sizes: Floats, answers: Floats, effect: Floats) -> Floats:
    """Expect Kish's design effect of unequal weights, m sum w² / (sum w)², in domains.

    Parameters
    ----------
    member, sizes
        As in `domain_variances`.
    answers : ndarray of float64, shape (H,)
        Answers m_h, above 0.
    effect : ndarray of float64, shape (H,)
        The same within each stratum, 1 where all weights N_h / m_h are equal.

    Returns
    -------
    ndarray of float64, shape (D,)
        1 or more.

    References
    ----------
    Kish (1965), Survey Sampling, section 11.2C.

    Examples
    --------
    >>> one = np.ones((1, 2), dtype=bool)
    >>> kish_effect(one, np.array([300.0, 100.0]), np.array([50.0, 50.0]), np.ones(2))
    array([1.25])
    """
    squares = member @ (sizes**2 * effect / answers)
    return np.asarray((member @ answers) * squares / (member @ sizes) ** 2, dtype=np.float64)


def household_effect(plan: pd.DataFrame, sums: Floats) -> Floats:
    """Expect the effect of household sizes within each stratum, where one person a household is drawn.

    Parameters
    ----------
    plan : pandas.DataFrame
        (H,) rows with persons N_h and households N'_h.
    sums : ndarray of float64
        (H,) sums of the household sizes m over the persons.

    Returns
    -------
    ndarray of float64
        (H,) E[m²] / E[m]² over the persons chosen, whose weights are in proportion to m.

    Notes
    -----
    A person is chosen with probability 1 / m, so E[m] = N_h / N'_h and E[m²] = sum m / N'_h.

    Examples
    --------
    >>> household_effect(pd.DataFrame({"persons": [4], "households": [3.0]}), np.array([6.0]))
    array([1.125])
    """
    persons = plan["persons"].to_numpy(dtype=np.float64)
    return np.asarray(sums * plan["households"].to_numpy(dtype=np.float64) / persons**2, dtype=np.float64)
