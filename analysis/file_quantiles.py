"""Quantiles of a file: the weights in bins of values, ever finer around each quantile, until it is found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.arrays import FloatArray, IntArray
from analysis.file_source import FileSource, quoted
from analysis.quantile_rules import _RULES, HIT, QuantileRule, Window

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FILE_RULES", "Search"]

FILE_RULES: Final[tuple[QuantileRule, ...]] = ("math", "school", "hf1", "hf2")
"""The others depend on the order of rows of equal value, or on the number of distinct values."""
BINS: Final = 1024
FETCHED: Final = 100_000
"""Rows around the quantiles whose values may come into memory."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ranges:
    """For each domain and probability: (domains, probs) range of values that holds the quantile.

    `below` is the weight under the range, `rows` the rows within. Two ranges of a domain are the same or
    have no value in common.
    """

    low: FloatArray
    high: FloatArray
    below: FloatArray
    rows: FloatArray

    def alike(self, domain: int) -> IntArray:
        """(probs,) the first range of the domain with the same ends."""
        ends = np.stack([self.low[domain], self.high[domain]], axis=1)
        first: IntArray = np.argmax((ends[:, None] == ends[None]).all(axis=2), axis=1)
        return first


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """The distribution of one variable of a file, by domain.

    Attributes
    ----------
    source : FileSource
        Rows with a number of the domain (missing outside all domains); only those that count.
    variable, weight, domain : str
        Columns.
    domains : int
        Number of domains.
    """

    source: FileSource
    variable: str
    weight: str
    domain: str
    domains: int

    def values(self, probs: FloatArray, rule: QuantileRule) -> FloatArray:
        """Find quantiles.

        Parameters
        ----------
        probs : FloatArray
            (domains, probs) probabilities.
        rule : QuantileRule
            One of `FILE_RULES`.

        Returns
        -------
        FloatArray
            (domains, probs); NaN where the probability is NaN or outside 0 to 1, or the domain has no weight.

        Notes
        -----
        Each pass divides every range into 1,024 bins and keeps the one in which the cumulated weight reaches
        p T, until few rows are left; only their values are sorted.
        """
        ranges, total = self._whole(probs.shape[1])
        wanted = (probs >= 0) & (probs <= 1) & (total > 0)[:, None]
        target = np.where(wanted, (probs - HIT) * total[:, None], np.nan)
        low, high = (np.where(wanted, end, np.nan) for end in (ranges.low, ranges.high))
        ranges = _Ranges(low, high, ranges.below, ranges.rows)
        while (ranges.rows * (ranges.low < ranges.high)).sum() > FETCHED:
            ranges = self._narrowed(ranges, target)
        found = np.full(probs.shape, np.nan)
        windows = self._windows(ranges, total, after=rule in ("school", "hf2"))
        for (d, j), window in windows.items():
            found[d, j] = _RULES[rule](window, probs[d, j : j + 1])[0]
        return found

    def _whole(self, width: int) -> tuple[_Ranges, FloatArray]:
        measures = ["min(v) AS low", "max(v) AS high", "sum(w) AS total", "count(*) AS rows"]
        frame = self._summed(["d"], measures)
        table = np.full((self.domains, 4), np.nan)
        table[frame["d"].to_numpy(dtype=np.int64)] = frame[["low", "high", "total", "rows"]].to_numpy(
            dtype=np.float64
        )
        low, high, total, rows = (np.repeat(column[:, None], width, axis=1) for column in table.T)
        return _Ranges(low, high, np.zeros_like(low), np.nan_to_num(rows)), np.nan_to_num(total[:, 0])

    def _narrowed(self, ranges: _Ranges, target: FloatArray) -> _Ranges:
        """Keep the bin of each range in which the cumulated weight reaches the target."""
        measures = ["sum(w) AS w", "count(*) AS rows", "min(v) AS low", "max(v) AS high"]
        frame = self._summed(["d", "j", "bin"], measures, ranges).sort_values(["d", "j", "bin"])
        place = (frame["d"] * ranges.low.shape[1] + frame["j"]).to_numpy(dtype=np.int64)
        table = frame[["w", "rows", "low", "high"]].to_numpy(dtype=np.float64)
        result = _Ranges(*(one.copy() for one in (ranges.low, ranges.high, ranges.below, ranges.rows)))
        for d, j in zip(*np.nonzero(np.isfinite(target)), strict=True):
            own = slice(
                *np.searchsorted(place, d * ranges.low.shape[1] + ranges.alike(d)[j] + np.array([0, 1]))
            )
            reached = ranges.below[d, j] + np.cumsum(table[own, 0])
            at = min(int(np.searchsorted(reached, target[d, j])), reached.size - 1)
            result.below[d, j] = reached[at - 1] if at else ranges.below[d, j]
            result.rows[d, j], result.low[d, j], result.high[d, j] = table[own][at, 1:]
        return result

    def _windows(self, ranges: _Ranges, total: FloatArray, *, after: bool) -> dict[tuple[int, int], Window]:
        """The values of each range in order, with the next value above it where a rule needs that."""
        frame = self._summed(["d", "j", "v"], ["sum(w) AS w"], ranges).sort_values(["d", "j", "v"])
        width = ranges.low.shape[1]
        place = (frame["d"] * width + frame["j"]).to_numpy(dtype=np.int64)
        values, weights = (frame[name].to_numpy(dtype=np.float64) for name in ("v", "w"))
        above = self._above(ranges) if after else np.full(ranges.low.shape, np.nan)
        result = {}
        for d, j in zip(*np.nonzero(np.isfinite(ranges.low)), strict=True):
            own = slice(*np.searchsorted(place, d * width + ranges.alike(d)[j] + np.array([0, 1])))
            more = np.isfinite(above[d, j])
            value = np.append(values[own], above[d, j]) if more else values[own]
            weight = np.append(weights[own], total[d]) if more else weights[own]
            cumulative = ranges.below[d, j] + np.cumsum(weight)
            result[int(d), int(j)] = Window(value, weight, cumulative, float(total[d]), value.size, 0.0)
        return result

    def _above(self, ranges: _Ranges) -> FloatArray:
        width = ranges.low.shape[1]
        measures = [f"min(v) FILTER (WHERE v > high{j}) AS a{j}" for j in range(width)]
        frame = self._summed(["d"], measures, ranges)
        result = np.full(ranges.low.shape, np.nan)
        result[frame["d"].to_numpy(dtype=np.int64)] = frame.iloc[:, 1:].to_numpy(dtype=np.float64)
        return result

    def _summed(
        self, groups: Sequence[str], measures: Sequence[str], ranges: _Ranges | None = None
    ) -> "pd.DataFrame":
        """Sum by domain, and by range (j) and its bins; ranges are parameters, one list of domains each."""
        value, domain = self.source.number(self.variable), quoted(self.domain)
        columns = {"v": value, "w": quoted(self.weight), "d": domain}
        source, bound = self.source, {}
        if ranges is not None:
            ends = []
            for j in range(ranges.low.shape[1]):
                for name, numbers in (("low", ranges.low), ("high", ranges.high)):
                    bound[f"{name}{j}"] = [None if np.isnan(x) else float(x) for x in numbers[:, j]]
                    columns[f"{name}{j}"] = f"list_extract(${name}{j}::DOUBLE[], {domain}::INTEGER + 1)"
                ends.append((columns[f"low{j}"], columns[f"high{j}"]))
            inside = [f"{value} BETWEEN {low} AND {high}" for low, high in ends]
            columns["j"] = _case(inside, [str(j) for j in range(len(ends))])
            columns["bin"] = _case(inside, [_bin(value, low, high) for low, high in ends])
            source = source.where(" OR ".join(inside)) if "j" in groups else source
        return source.summed(columns, groups, measures, **bound)


def _case(conditions: Sequence[str], results: Sequence[str]) -> str:
    pairs = zip(conditions, results, strict=True)
    return "CASE " + " ".join(f"WHEN {one} THEN {result}" for one, result in pairs) + " END"


def _bin(value: str, low: str, high: str) -> str:
    place = f"floor(({value} - {low}) / ({high} - {low}) * {BINS})"
    return f"CASE WHEN {high} > {low} THEN least({place}, {BINS - 1}) ELSE 0 END"
