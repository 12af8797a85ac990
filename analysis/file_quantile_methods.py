"""Quantiles of a file with Woodruff's intervals, as estimates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.arrays import FloatArray, IntArray
from analysis.estimators import Linear, Term, used_counts
from analysis.file_cells import Asked
from analysis.file_collapse import collapse
from analysis.file_door import Drawn
from analysis.file_joined import OWN, binned, numbered, weighted
from analysis.file_quantiles import FILE_RULES, Search
from analysis.file_source import FileSource, quoted
from analysis.intervals import IntervalMethod, interval
from analysis.options import option_error
from analysis.quantile_rules import QuantileRule
from analysis.quantiles import Kept, LimitRule, QuantileInterval, below, quantile_covariance, quantile_errors
from analysis.results import Estimate
from analysis.variables import Missing, read_numbers

if TYPE_CHECKING:
    from analysis.variance import Domains

__all__ = ["FILE_INTERVALS", "file_quantile"]

FILE_INTERVALS: Final = ("mean", "beta", "xlogit", "asin")


@dataclass(frozen=True, slots=True, eq=False)
class _Woodruff:
    """Limits of the shares at or below the quantiles, carried back to the values."""

    searches: tuple[Search, ...]
    shares: FloatArray
    variance: FloatArray
    n: IntArray
    rule: QuantileRule
    method: IntervalMethod

    def __call__(self, level: float, df: FloatArray) -> tuple[FloatArray, FloatArray]:
        flat = self.shares.reshape(-1)
        low, high = interval(self.method, flat, self.variance, df, self.n.reshape(-1), level)
        if self.method == "mean":
            low, high = np.where(flat >= 1, np.nan, low), np.where(flat >= 1, np.nan, high)
        shape = (self.shares.shape[0], len(self.searches), -1)
        wanted = np.concatenate([low.reshape(shape), high.reshape(shape)], axis=2)
        found = np.stack(
            [search.values(wanted[:, i], self.rule) for i, search in enumerate(self.searches)], axis=1
        )
        half = wanted.shape[2] // 2
        return found[:, :, :half].reshape(-1), found[:, :, half:].reshape(-1)


def file_quantile(
    source: FileSource,
    drawn: Drawn,
    variables: Sequence[str],
    probs: FloatArray,
    by: tuple[str, ...],
    rule: QuantileRule,
    method: QuantileInterval,
    na: Missing,
) -> Estimate:
    """Quantiles by domain, equal to `analysis.quantiles.quantiles` on the loaded table.

    Parameters
    ----------
    source : FileSource
        Rows.
    drawn : Drawn
        The design.
    variables : sequence of str
        Numeric columns.
    probs : FloatArray
        (probs,) probabilities, 0 to 1.
    by : tuple of str
        Domain columns.
    rule : {"math", "school", "hf1", "hf2"}
        Which number stands for a quantile; the other rules need the rows in their order.
    method : {"mean", "beta", "xlogit", "asin"}
        Woodruff's interval by this method for the share.
    na : Missing
        Rule for missing values.

    Returns
    -------
    Estimate
        Rows by domain, then variable, then probability.

    Raises
    ------
    AnalysisError
        A rule or interval is not for files, or a column is unknown, holds text or has missing values.
    """
    if rule not in FILE_RULES:
        raise option_error("qrule", rule, FILE_RULES)
    if method == "score" or method not in FILE_INTERVALS:
        raise option_error("interval", method, FILE_INTERVALS)
    cells = collapse(source, drawn, Asked(tuple(dict.fromkeys(variables)), (), by, na))
    read = cells.read(read_numbers(cells.frame, variables, by or None, "domain"))
    counts = [used_counts(term, read.domains, cells.arrays) for term in read.terms]
    n, df = (np.repeat(np.stack([c[i] for c in counts], axis=1), probs.size, axis=1) for i in (0, 1))
    rows, design = weighted(source, drawn)
    rows, domain = numbered(rows, by, read.by)
    kept = _complete(rows, variables, na)
    weight, searches = str(design.names.weights), []
    for name in variables:
        counted = rows.where(f"{quoted(weight)} > 0 AND {quoted(domain)} IS NOT NULL AND {kept}")
        counted = counted.where(f"{rows.number(name)} IS NOT NULL")
        searches.append(Search(counted, name, weight, domain, read.domains.count))
    tiled = np.tile(probs, (read.domains.count, 1))
    estimate = np.stack([search.values(tiled, rule) for search in searches], axis=1)
    shares, covariance = _shares(rows, design, variables, estimate, by, domain, kept)
    limits: LimitRule = Kept(_Woodruff(tuple(searches), shares, np.diag(covariance), n, rule, method))
    flat = estimate.reshape(read.domains.count, -1)
    linear = Linear(flat, quantile_covariance(covariance, quantile_errors(limits, df)), df, n, None)
    labels = tuple((name, f"{p:.10g}") for name in variables for p in probs)
    return Estimate("quantile", read.by, labels, linear, limits=limits)


def _complete(rows: FileSource, variables: Sequence[str], na: Missing) -> str:
    every = [f"{rows.number(name)} IS NOT NULL" for name in variables] if na == "listwise" else []
    return " AND ".join(["TRUE", *every])


def _shares(
    rows: FileSource,
    drawn: Drawn,
    variables: Sequence[str],
    values: FloatArray,
    by: tuple[str, ...],
    domain: str,
    kept: str,
) -> tuple[FloatArray, FloatArray]:
    """Shares at or below (domains, variables, probs) values, with their covariance.

    A row counts the values of its domain below its own: y is at or below the k-th smallest of them where
    this count is at most k - 1. The count takes the place of the variable.
    """
    ordered = np.sort(values, axis=2)
    ranks = (ordered[:, :, None, :] < values[:, :, :, None]).sum(axis=3).astype(np.float64)
    names = tuple(f"{OWN}count{i}" for i in range(len(variables)))
    for i, variable in enumerate(variables):
        rows = binned(rows, names[i], variable, domain, ordered[:, i], kept)
    cells = collapse(rows, drawn, Asked((), names, by, "domain"))
    read = cells.read(read_numbers(cells.frame, list(names), by or None, "domain"))
    terms: list[Term] = [term for term in read.terms for _p in range(values.shape[2])]
    domains: Domains = read.domains
    return below(terms, ranks.reshape(domains.count, -1), domains, cells.arrays)
