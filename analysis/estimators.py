"""Means, totals and ratios by domain, linearised: numbers in, numbers out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.arrays import BoolArray, DesignArrays, FloatArray, IntArray
from analysis.options import option_error
from analysis.variance import Domains, degrees_of_freedom, rows_in, variance_of_sums
from custody.errors import AnalysisError
from custody.messages import gettext as _

__all__ = ["Deff", "Linear", "Term", "means", "ratios", "totals"]

Deff = Literal["replace"] | bool


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One variable of an estimate.

    Attributes
    ----------
    values : FloatArray
        (rows,); 0 in rows that are not used.
    used : BoolArray or None
        (rows,) rows that count; None: all rows.
    within : FloatArray or None
        (rows,) weighted squares around `values`, where a row stands for several with different values.
    """

    values: FloatArray
    used: BoolArray | None = None
    within: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Estimates with their covariance.

    Attributes
    ----------
    estimate : FloatArray
        (domains, terms); NaN where a domain has no used row.
    covariance : FloatArray
        (domains x terms, domains x terms), domain first, then term.
    df : IntArray
        (domains, terms) units minus strata among the used rows.
    n : IntArray
        (domains, terms) used rows with a weight above zero.
    deff : FloatArray or None
        (domains, terms) design effect.
    """

    estimate: FloatArray
    covariance: FloatArray
    df: IntArray
    n: IntArray
    deff: FloatArray | None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One term in all domains: estimate, weighted influence before division, divisor, squares for deff."""

    estimate: FloatArray
    influence: FloatArray
    divisor: FloatArray
    squares: FloatArray | None = None
    size: FloatArray | None = None


def means(terms: Sequence[Term], domains: Domains, arrays: DesignArrays, deff: Deff = False) -> Linear:
    """Weighted means by domain.

    Parameters
    ----------
    terms : sequence of Term
        Variables.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.
    deff : bool or {"replace"}
        Design effect against simple random sampling without (True) or with replacement.

    Returns
    -------
    Linear
        Mean sum(w y)/sum(w) of each domain and term.

    Notes
    -----
    The influence of row i is ``w_i (y_i - mean) / sum(w)``. Values are centred before they are summed, and
    the mean is refined by the mean residual, so a large common offset costs no digits. The design effect
    divides the variance by ``S^2 (1/n - 1/N)`` with ``S^2 = n/(n-1) sum(w (y - mean)^2)/N`` and ``N =
    sum(w)``, as R ``survey``.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer, chapter 5.
    """

    def part(term: Term) -> Part:
        weights = _used_weights(term, arrays)
        size = domains.sums(weights)
        mean = divide(domains.sums(weights * term.values), size)
        residual = _apart(term.values, mean, domains)
        residual *= weights
        mean = mean + divide(domains.sums(residual), size)
        squares = _squares(term, weights, mean, domains) if deff else None
        return Part(mean, residual, size, squares, size)

    return _estimate(part, terms, domains, arrays, deff)


def totals(terms: Sequence[Term], domains: Domains, arrays: DesignArrays, deff: Deff = False) -> Linear:
    """Weighted totals by domain.

    Parameters
    ----------
    terms, domains, arrays, deff
        As in `means`.

    Returns
    -------
    Linear
        Total sum(w y) of each domain and term.

    Notes
    -----
    The influence of row i is ``w_i y_i``. The design effect divides by ``N^2 S^2 (1/n - 1/N)``.

    References
    ----------
    Horvitz, D.G. and Thompson, D.J. (1952). Journal of the American Statistical Association 47, 663-685.
    """

    def part(term: Term) -> Part:
        weights = _used_weights(term, arrays)
        weighted = weights * term.values
        total = domains.sums(weighted)
        if not deff:
            return Part(total, weighted, np.ones(domains.count))
        size = domains.sums(weights)
        squares = _squares(term, weights, divide(total, size), domains) * size**2
        return Part(total, weighted, np.ones(domains.count), squares, size)

    return _estimate(part, terms, domains, arrays, deff)


def ratios(numerator: Term, denominator: Term, domains: Domains, arrays: DesignArrays) -> Linear:
    """Ratio of two totals by domain.

    Parameters
    ----------
    numerator, denominator : Term
        Variables with the same used rows.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    Linear
        Ratio sum(w y)/sum(w x) of each domain; NaN where the denominator is 0.

    Notes
    -----
    The influence of row i is ``w_i (y_i - R x_i) / sum(w x)``.

    References
    ----------
    Särndal, C.-E., Swensson, B. and Wretman, J. (1992). Model Assisted Survey Sampling. Springer, chapter 5.
    """

    def part(term: Term) -> Part:
        weights = _used_weights(term, arrays)
        base = domains.sums(weights * denominator.values)
        ratio = divide(domains.sums(weights * term.values), base)
        fitted = domains.spread(np.nan_to_num(ratio)) * denominator.values
        return Part(ratio, weights * (term.values - fitted), base)

    return _estimate(part, [numerator], domains, arrays, False)


def _estimate(
    part: Callable[[Term], Part], terms: Sequence[Term], domains: Domains, arrays: DesignArrays, deff: Deff
) -> Linear:
    if deff not in (False, True, "replace"):
        raise option_error("deff", deff, ("True", "False", "replace"))
    parts = [part(term) for term in terms]
    counts = [used_counts(term, domains, arrays) for term in terms]
    divisor = np.stack([p.divisor for p in parts], axis=1)
    n = np.stack([n for n, _df in counts], axis=1)
    flat = np.where((divisor == 0) | (n == 0), np.nan, divisor).reshape(-1)
    covariance = variance_of_sums([p.influence for p in parts], domains, arrays) / np.outer(flat, flat)
    estimate = np.stack([p.estimate for p in parts], axis=1)
    effects = deff_of(parts, n, covariance, deff) if deff else None
    return Linear(
        np.where(n > 0, estimate, np.nan), covariance, np.stack([df for _n, df in counts], 1), n, effects
    )


def _used_weights(term: Term, arrays: DesignArrays) -> FloatArray:
    return arrays.weights if term.used is None else arrays.weights * term.used


def divide(above: FloatArray, below: FloatArray) -> FloatArray:
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient


def _apart(values: FloatArray, centre: FloatArray, domains: Domains) -> FloatArray:
    """Values minus the centre of their domain, in one new array."""
    spread = domains.spread(np.nan_to_num(centre))
    if spread.shape == values.shape and domains.codes is not None:
        return np.subtract(values, spread, out=spread)
    return values - spread


def _squares(term: Term, weights: FloatArray, mean: FloatArray, domains: Domains) -> FloatArray:
    """Weighted mean square around the domain's mean."""
    apart = term.values - domains.spread(np.nan_to_num(mean))
    squares = weights * apart * apart
    if term.within is not None:
        squares = squares + term.within
    return divide(domains.sums(squares), domains.sums(weights))


def used_counts(term: Term, domains: Domains, arrays: DesignArrays) -> tuple[IntArray, IntArray]:
    used = term.used
    if not arrays.positive:
        used = arrays.weights > 0 if used is None else used & (arrays.weights > 0)
    if term.used is None and domains.codes is None:
        return np.array([arrays.rows_used]), np.array([arrays.df])
    n = rows_in(domains, used, arrays.first)
    return n, degrees_of_freedom(used, domains, arrays.first, n)


def deff_of(parts: Sequence[Part], n: IntArray, covariance: FloatArray, deff: Deff) -> FloatArray:
    size = np.stack([np.zeros(0) if p.size is None else p.size for p in parts], axis=1)
    squares = np.stack([np.zeros(0) if p.squares is None else p.squares for p in parts], axis=1)
    if deff is True and (size < n * (1 - 1e-9)).any():
        raise AnalysisError(
            "ANA-DEFF",
            _("The weights sum to less than the number of rows: they do not tell the population size."),
            hint=_('Use weights that sum to the population, or deff="replace".'),
        )
    share = np.ones_like(size) if deff == "replace" else 1.0 - n / size
    with np.errstate(invalid="ignore", divide="ignore"):
        simple = squares / (n - 1) * share
        effects: FloatArray = np.diag(covariance).reshape(n.shape) / np.where(simple > 0, simple, np.nan)
    return effects
