"""Twelve rules for a weighted quantile (加重分位点): pure numbers, one sample at a time.

With values in ascending order, weights w_k, cumulated weights C_k and their total T, a rule says which number
stands for the value below which a share p of the weight lies. Small samples are sorted once. Of a large one
only the stretch around the quantile is sorted, found by one histogram of the weights over the values.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np

from analysis.arrays import FloatArray, IntArray, sum_by

__all__ = ["QUANTILE_RULES", "QuantileRule", "Sample", "Window", "weighted_quantiles"]

QuantileRule = Literal[
    "math", "school", "shahvaish", "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9"
]
QUANTILE_RULES: Final[tuple[QuantileRule, ...]] = get_args(QuantileRule)
HIT: Final = 1e-12
"""A cumulated weight within this share of the total counts as equal to p T: sums carry such errors."""
BINS: Final = 4096
LARGE: Final = 20_000
"""Samples of more rows are not sorted as a whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A stretch of a sample in ascending order.

    Attributes
    ----------
    values, weights : FloatArray
        (stretch,) values ascending, rows of equal value in the order of the table; their weights.
    cumulative : FloatArray
        (stretch,) weight of the sample up to and with each row.
    total : float
        Weight of the whole sample.
    rows : int
        Rows of the whole sample.
    last : float
        Weight of the last row of the whole sample.
    """

    values: FloatArray
    weights: FloatArray
    cumulative: FloatArray
    total: float
    rows: int
    last: float


@dataclass(frozen=True, slots=True, eq=False)
class _Histogram:
    """Bin of each row, the weight up to and with each bin, the bins with rows, largest and last weight."""

    bins: "np.ndarray[tuple[int, ...], np.dtype[np.int16]]"
    cumulative: FloatArray
    filled: IntArray
    most: float
    last: float


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Values and weights of one sample, sorted as far as needed.

    Attributes
    ----------
    values, weights : FloatArray
        (rows,) without missing values; weights above zero.
    """

    values: FloatArray
    weights: FloatArray
    _cache: dict[object, object] = field(default_factory=dict, init=False, repr=False)

    def quantiles(self, probs: FloatArray, rule: QuantileRule) -> FloatArray:
        """Quantiles of the sample.

        Parameters
        ----------
        probs : FloatArray
            (probs,) probabilities; NaN or outside 0 to 1 gives NaN.
        rule : QuantileRule
            See `weighted_quantiles`.

        Returns
        -------
        FloatArray
            (probs,).
        """
        result = np.full(probs.shape, np.nan)
        inside = (probs >= 0) & (probs <= 1)
        if self.values.size == 0 or not inside.any():
            return result
        if self.values.size <= LARGE or rule == "hf3":
            result[inside] = _RULES[rule](self.whole(), probs[inside])
            return result
        for j in np.flatnonzero(inside):
            result[j] = _RULES[rule](self.around(float(probs[j])), probs[j : j + 1])[0]
        return result

    def whole(self) -> Window:
        """Sort all rows.

        Returns
        -------
        Window
            The whole sample.
        """
        found = self._cache.get("whole")
        if isinstance(found, Window):
            return found
        order = np.argsort(self.values, kind="stable")
        weights = self.weights[order]
        cumulative = np.cumsum(weights)
        window = Window(
            self.values[order], weights, cumulative, float(cumulative[-1]), order.size, float(weights[-1])
        )
        self._cache["whole"] = window
        return window

    def around(self, prob: float) -> Window:
        """Sort the rows near a quantile.

        Parameters
        ----------
        prob : float
            Probability, 0 to 1.

        Returns
        -------
        Window
            All rows whose cumulated weight is within twice the largest weight of `prob`, and at least one row
            beyond on either side; every rule looks no further.
        """
        histogram = self._histogram()
        if histogram is None:
            return self.whole()
        cumulative, filled = histogram.cumulative, histogram.filled
        reach = 2 * histogram.most
        ends = prob * cumulative[-1] + np.array([-reach, reach])
        first, last = np.searchsorted(cumulative[filled], ends)
        first, last = max(int(first) - 1, 0), min(int(last) + 1, filled.size - 1)
        key = (first, last)
        found = self._cache.get(key)
        if not isinstance(found, Window):
            found = self._cut(int(filled[first]), int(filled[last]), histogram)
            self._cache[key] = found
        return found

    def _cut(self, first: int, last: int, histogram: _Histogram) -> Window:
        bins = histogram.bins
        rows = np.flatnonzero(bins == first if first == last else (bins >= first) & (bins <= last))
        if 2 * rows.size > bins.size:
            return self.whole()
        rows = rows[np.argsort(self.values[rows], kind="stable")]
        weights = self.weights[rows]
        below = histogram.cumulative[first - 1] if first else 0.0
        return Window(
            self.values[rows],
            weights,
            below + np.cumsum(weights),
            float(histogram.cumulative[-1]),
            bins.size,
            histogram.last,
        )

    def _histogram(self) -> _Histogram | None:
        """Count the weight in equal bins of values; None where that is no use."""
        found = self._cache.get("histogram")
        if isinstance(found, _Histogram):
            return found
        low, high = float(self.values.min()), float(self.values.max())
        with np.errstate(over="ignore", divide="ignore"):
            scale = np.float64(BINS) / np.float64(high - low)
        if not (np.isfinite(scale) and scale > 0):
            return None
        places = self.values - low
        places *= scale
        bins = np.minimum(places.astype(np.int16), np.int16(BINS - 1))
        del places
        weights = sum_by(bins, self.weights, BINS)
        last = float(self.weights[np.flatnonzero(self.values == high)[-1]])
        most = float(self.weights.max())
        histogram = _Histogram(bins, np.cumsum(weights), np.flatnonzero(weights > 0), most, last)
        self._cache["histogram"] = histogram
        return histogram


def weighted_quantiles(
    values: FloatArray, weights: FloatArray, probs: FloatArray, rule: QuantileRule = "math"
) -> FloatArray:
    """Quantiles of a weighted sample.

    Parameters
    ----------
    values : FloatArray
        (rows,) numbers, none missing.
    weights : FloatArray
        (rows,) not negative; rows of weight 0 do not count.
    probs : FloatArray
        (probs,) probabilities; NaN or outside 0 to 1 gives NaN.
    rule : {"math", "school", "shahvaish", "hf1", ..., "hf9"}
        See Notes.

    Returns
    -------
    FloatArray
        (probs,); NaN where no row has a weight.

    Notes
    -----
    With ``F(x)`` the share of the weight at values up to x:

    - ``math``, ``hf1``: the smallest value x with ``F(x) >= p``.
    - ``school``, ``hf2``: the same, but the middle of x and the next higher value where ``F(x) = p``.
    - ``hf3``: where ``F(x) = p``, whichever of x and the next higher value stands at an even place among the
      distinct values; otherwise as ``math``. So R ``survey``; R's ``quantile(type=3)`` takes the nearest
      order statistic instead.
    - ``hf4`` to ``hf9``: straight lines between the points ``(p_k, x_k)``, and the first and last value
      outside them, with p_k = C_k/T (hf4), (C_k - w_k/2)/T (hf5), C_k/(T + w_n) (hf6), C_(k-1)/C_(n-1)
      (hf7), (C_k - w_k/3)/(T + w_n/3) (hf8), (C_k - 3 w_k/8)/(T + w_n/4) (hf9); w_n is the weight of the
      largest value. Equal weights give R's ``quantile`` of types 4 to 9.
    - ``shahvaish``: the largest x_k with ``(C*_k + 1/2 - w*_k/2)/(n + 1) <= p``, with weights w* scaled to
      sum to n; the first value where there is none.

    Rows of equal value and unequal weight stand in the order of the table, as in R; ``shahvaish`` and ``hf4``
    to ``hf9`` depend on it. R survey 4.1 departs from its own documentation at three places: below
    the first step ``math`` gives the second value; ``hf4`` extrapolates below the first point and is missing
    at p = 1; ``shahvaish`` uses unscaled weights w_k beside scaled C*_k, so that it depends on their scale.

    References
    ----------
    Hyndman, R.J. and Fan, Y. (1996). Sample quantiles in statistical packages. The American Statistician 50,
    361-365.
    Shah, B.V. and Vaish, A.K. (2006). Confidence intervals for quantile estimation from complex survey data.
    Proceedings of the Section on Survey Research Methods, American Statistical Association.
    Lumley, T. (2021). Estimating quantiles. Vignette of the R package survey.

    Examples
    --------
    >>> values, weights = np.array([1.0, 2.0, 4.0, 7.0, 11.0]), np.array([1.0, 2.0, 3.0, 1.0, 3.0])
    >>> weighted_quantiles(values, weights, np.array([0.25, 0.5, 0.6]), "school").tolist()
    [2.0, 4.0, 5.5]
    """
    counts = weights > 0
    return Sample(values[counts], weights[counts]).quantiles(np.asarray(probs, dtype=np.float64), rule)


def _first(window: Window, p: FloatArray) -> IntArray:
    """Place of the first row whose cumulated weight reaches p."""
    found = np.searchsorted(window.cumulative, (p - HIT) * window.total)
    return np.minimum(found, window.values.size - 1).astype(np.int64)


def _next(window: Window, at: IntArray) -> IntArray:
    return np.minimum(at + 1, window.values.size - 1)


def _hits(window: Window, p: FloatArray, at: IntArray) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    return np.abs(window.cumulative[at] - p * window.total) <= HIT * window.total


def _math(window: Window, p: FloatArray) -> FloatArray:
    return window.values[_first(window, p)]


def _school(window: Window, p: FloatArray) -> FloatArray:
    at = _first(window, p)
    low, high = window.values[at], window.values[_next(window, at)]
    middle: FloatArray = np.where(_hits(window, p, at), (low + high) / 2, low)
    return middle


def _even(window: Window, p: FloatArray) -> FloatArray:
    at = _first(window, p)
    place = np.cumsum(np.diff(window.values, prepend=-np.inf) > 0)[at]
    up = _hits(window, p, at) & (place % 2 == 1)
    return np.where(up, window.values[_next(window, at)], window.values[at])


def _shah_vaish(window: Window, p: FloatArray) -> FloatArray:
    share = window.rows / window.total
    points = ((window.cumulative - window.weights / 2) * share + 0.5) / (window.rows + 1)
    at = np.searchsorted(points, p + HIT, side="right") - 1
    return window.values[np.maximum(at, 0)]


def _line(part: float, more: float) -> Callable[[Window, FloatArray], FloatArray]:
    """Interpolate between ``p_k = (C_k - part w_k)/(T + more w_n)``."""

    def rule(window: Window, p: FloatArray) -> FloatArray:
        whole = window.total + more * window.last
        if window.rows == 1:
            return np.full(p.shape, window.values[0])
        points = (window.cumulative - part * window.weights) / whole
        return np.interp(p, points, window.values)

    return rule


_RULES: Final[dict[QuantileRule, Callable[[Window, FloatArray], FloatArray]]] = {
    "math": _math,
    "school": _school,
    "shahvaish": _shah_vaish,
    "hf1": _math,
    "hf2": _school,
    "hf3": _even,
    "hf4": _line(0.0, 0.0),
    "hf5": _line(1 / 2, 0.0),
    "hf6": _line(0.0, 1.0),
    "hf7": _line(1.0, -1.0),
    "hf8": _line(1 / 3, 1 / 3),
    "hf9": _line(3 / 8, 1 / 4),
}
