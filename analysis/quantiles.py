"""Quantiles by domain with intervals (分位点): numbers in, numbers out.

A quantile has no influence function that is safe to use, so its interval comes from the share of the
population at or below it: an interval for that share is carried back to the values (Woodruff 1952), or values
are tried until the share differs from p by more than chance (Francisco and Fuller 1991).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, get_args

import numpy as np

from analysis.arrays import DesignArrays, FloatArray, IntArray
from analysis.estimators import Linear, Term, used_counts
from analysis.intervals import IntervalMethod, interval, t_quantile
from analysis.on_demand import OnDemand
from analysis.quantile_rules import QuantileRule, Sample
from analysis.variance import Domains, variance_of_sums

__all__ = ["QUANTILE_INTERVALS", "QuantileInterval", "below", "quantiles", "samples_of"]

QuantileInterval = Literal["mean", "beta", "xlogit", "asin", "score"]
QUANTILE_INTERVALS: Final[tuple[QuantileInterval, ...]] = get_args(QuantileInterval)
LEVEL: Final = 0.95
"""Standard errors come from the interval of this level, as in R."""
Limits = tuple[FloatArray, FloatArray]
LimitRule = Callable[[float, FloatArray], Limits]


def below(
    terms: Sequence[Term], thresholds: FloatArray, domains: Domains, arrays: DesignArrays
) -> tuple[FloatArray, FloatArray]:
    """Estimate the share of each domain at or below thresholds.

    Parameters
    ----------
    terms : sequence of Term
        One variable a threshold; the same one may come again.
    thresholds : FloatArray
        (domains, terms).
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    shares : FloatArray
        (domains, terms) ``F(x) = sum(w 1[y <= x]) / sum(w)``; NaN where a domain has no weight.
    covariance : FloatArray
        (domains x terms, domains x terms).
    """
    sizes = np.stack([_size(term, domains, arrays) for term in terms], axis=1)
    sizes = np.where(sizes > 0, sizes, np.nan)
    shares = np.empty(thresholds.shape)
    for j, term in enumerate(terms):
        shares[:, j] = domains.sums(_marked(term, thresholds[:, j], 0.0, domains, arrays))
    shares /= sizes

    def influence(j: int) -> FloatArray:
        centre = domains.spread(np.nan_to_num(shares[:, j]))
        return _marked(terms[j], thresholds[:, j], centre, domains, arrays)

    flat = sizes.reshape(-1)
    rows = OnDemand(len(terms), influence)
    return shares, variance_of_sums(rows, domains, arrays) / np.outer(flat, flat)


def _marked(
    term: Term, thresholds: FloatArray, centre: FloatArray | float, domains: Domains, arrays: DesignArrays
) -> FloatArray:
    """Weight times (value at or below its threshold - centre); 0 in rows that are not used."""
    inside = term.values <= domains.spread(thresholds)
    rows: FloatArray = np.subtract(inside, centre, dtype=np.float64)
    rows *= arrays.weights
    if term.used is not None:
        rows *= term.used
    return rows


def _size(term: Term, domains: Domains, arrays: DesignArrays) -> FloatArray:
    return domains.sums(arrays.weights if term.used is None else arrays.weights * term.used)


def samples_of(term: Term, domains: Domains, arrays: DesignArrays) -> tuple[Sample, ...]:
    """Split the rows of a term by domain, without rows of weight 0.

    Parameters
    ----------
    term : Term
        Variable.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.

    Returns
    -------
    tuple of Sample
        (domains,).
    """
    used = term.used
    if not arrays.positive:
        used = arrays.weights > 0 if used is None else used & (arrays.weights > 0)
    values, weights, codes = term.values, arrays.weights, domains.codes
    if used is not None:
        values, weights = values[used], weights[used]
        codes = None if codes is None else codes[used]
    if codes is None:
        return (Sample(values, weights),)
    small = (
        np.uint16 if domains.count < 2**16 else np.int64
    )  # whole numbers of 16 bits are sorted by counting
    order = np.argsort(codes.astype(small), kind="stable")
    edges = np.searchsorted(codes[order], np.arange(domains.count + 1))
    values, weights = values[order], weights[order]
    return tuple(Sample(values[a:b], weights[a:b]) for a, b in pairwise(edges))


def quantiles(
    terms: Sequence[Term],
    domains: Domains,
    arrays: DesignArrays,
    probs: FloatArray,
    rule: QuantileRule = "math",
    method: QuantileInterval = "mean",
) -> tuple[Linear, LimitRule]:
    """Quantiles by domain.

    Parameters
    ----------
    terms : sequence of Term
        Variables.
    domains : Domains
        Groups of rows.
    arrays : DesignArrays
        The design.
    probs : FloatArray
        (probs,) probabilities, 0 to 1.
    rule : QuantileRule
        Which number stands for a quantile; see `analysis.quantile_rules.weighted_quantiles`.
    method : {"mean", "beta", "xlogit", "asin", "score"}
        Interval; see Notes.

    Returns
    -------
    linear : Linear
        (domains, terms x probs) quantiles with their covariance; terms first, then probs.
    limits : callable
        From a level and (domains x terms x probs,) degrees of freedom to lower and upper limits.

    Notes
    -----
    ``mean``, ``beta``, ``xlogit``, ``asin``: with q the estimated quantile and F the estimated distribution,
    an interval (a, b) for the share F(q) by this method
    (`analysis.proportion_intervals.proportion_limits`) becomes (F^-1(a), F^-1(b)) by the same rule (Woodruff
    1952). A limit is NaN where a or b lies outside 0 to 1, and for ``mean`` where F(q) is 1: the sample says
    nothing beyond its largest value.
    ``score``: the lower limit is the first value x with ``F(x) - p >= -t se(F(x))``, the upper limit the
    first with ``F(x) - p > t se(F(x))``, whatever the rule (Francisco and Fuller 1991). R 4.1 finds these
    ends up to one value off, and is wrong with unequal weights.
    The standard error is the length of the 95 % interval over 2 t, with the domain's degrees of freedom, as
    R. The covariance of two quantiles is their standard errors times the correlation of their F(q).

    References
    ----------
    Woodruff, R.S. (1952). Confidence intervals for medians and other position measures. Journal of the
    American Statistical Association 47, 635-646.
    Francisco, C.A. and Fuller, W.A. (1991). Quantile estimation with a complex survey design. Annals of
    Statistics 19, 454-469.
    """
    samples = [samples_of(term, domains, arrays) for term in terms]
    table = [[sample.quantiles(probs, rule) for sample in column] for column in samples]
    estimate = np.stack([np.stack(rows) for rows in table], axis=1).reshape(domains.count, -1)
    repeated = [term for term in terms for _p in probs]
    shares, covariance = below(repeated, np.nan_to_num(estimate), domains, arrays)
    counts = [used_counts(term, domains, arrays) for term in terms]
    n, df = (np.repeat(np.stack([c[i] for c in counts], axis=1), probs.size, axis=1) for i in (0, 1))
    limits: LimitRule
    if method == "score":
        limits = Kept(_Score(tuple(repeated), samples, domains, arrays, probs))
    else:
        limits = Kept(_Woodruff(samples, shares, np.diag(covariance), n, probs.size, rule, method))
    spread = quantile_errors(limits, df)
    return Linear(estimate, quantile_covariance(covariance, spread), df, n, None), limits


def quantile_errors(limits: LimitRule, df: IntArray) -> FloatArray:
    flat = df.reshape(-1).astype(np.float64)
    low, high = limits(LEVEL, flat)
    spread: FloatArray = (high - low) / (2 * t_quantile(LEVEL, flat))
    return spread


def quantile_covariance(shares: FloatArray, se: FloatArray) -> FloatArray:
    """Carry the covariance of the shares over to the quantiles, se^2 on the diagonal."""
    root = np.sqrt(np.maximum(np.diag(shares), 0.0))
    slope = np.divide(se, root, out=np.zeros(se.shape), where=root > 0)
    result: FloatArray = shares * np.outer(slope, slope)
    np.fill_diagonal(result, se * se)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Limits that remember what they were asked, so that tables do not compute them again."""

    rule: LimitRule
    known: dict[tuple[float, bytes], Limits] = field(default_factory=dict)

    def __call__(self, level: float, df: FloatArray) -> Limits:
        key = (level, df.tobytes())
        if key not in self.known:
            self.known[key] = self.rule(level, df)
        return self.known[key]


@dataclass(frozen=True, slots=True, eq=False)
class _Woodruff:
    """Limits of the shares at or below the quantiles, carried back to the values."""

    samples: Sequence[tuple[Sample, ...]]
    shares: FloatArray
    variance: FloatArray
    n: IntArray
    probs: int
    rule: QuantileRule
    method: IntervalMethod

    def __call__(self, level: float, df: FloatArray) -> Limits:
        flat = self.shares.reshape(-1)
        low, high = interval(self.method, flat, self.variance, df, self.n.reshape(-1), level)
        if self.method == "mean":
            low, high = np.where(flat >= 1, np.nan, low), np.where(flat >= 1, np.nan, high)
        return self._values(low), self._values(high)

    def _values(self, shares: FloatArray) -> FloatArray:
        table = shares.reshape(len(self.samples[0]), len(self.samples), self.probs)
        found = np.empty(table.shape)
        for j, column in enumerate(self.samples):
            for d, sample in enumerate(column):
                found[d, j] = sample.quantiles(table[d, j], self.rule)
        return found.reshape(-1)


@dataclass(frozen=True, slots=True, eq=False)
class _Score:
    """Values at which the share at or below them parts from p by more than t standard errors."""

    terms: tuple[Term, ...]
    samples: Sequence[tuple[Sample, ...]]
    domains: Domains
    arrays: DesignArrays
    probs: FloatArray

    def __call__(self, level: float, df: FloatArray) -> Limits:
        bound = t_quantile(level, df).reshape(self.domains.count, -1)
        return self._search(-bound, strict=False), self._search(bound, strict=True)

    def _search(self, bound: FloatArray, *, strict: bool) -> FloatArray:
        """Bisect over the sorted values for the first whose score passes the bound."""
        ordered = [
            [sample.whole().values if sample.values.size else np.full(1, np.nan) for sample in column]
            for column in self.samples
            for _p in self.probs
        ]
        top = np.array([[values.size - 1 for values in column] for column in ordered]).T
        bottom = np.full(top.shape, -1)
        while (top - bottom > 1).any():
            middle = np.maximum((top + bottom) // 2, 0)
            score = self._score(_pick(ordered, middle))
            passed = score > bound if strict else score >= bound
            moving = top - bottom > 1
            top = np.where(moving & passed, middle, top)
            bottom = np.where(moving & ~passed, middle, bottom)
        return np.where(np.isnan(bound), np.nan, _pick(ordered, top)).reshape(-1)

    def _score(self, thresholds: FloatArray) -> FloatArray:
        shares, covariance = below(self.terms, np.nan_to_num(thresholds), self.domains, self.arrays)
        apart = shares - np.tile(self.probs, len(self.samples))
        root = np.sqrt(np.maximum(np.diag(covariance), 0.0)).reshape(apart.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            score: FloatArray = np.where(apart == 0, 0.0, apart / root)
        return score


def _pick(ordered: Sequence[Sequence[FloatArray]], at: IntArray) -> FloatArray:
    return np.array(
        [[values[at[d, j]] for d, values in enumerate(column)] for j, column in enumerate(ordered)]
    ).T
