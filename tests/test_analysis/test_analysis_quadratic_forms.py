"""Tails of weighted sums of chi-squared variables equal closed forms and published values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.quadratic_forms import quadratic_form_tail
from custody.errors import AnalysisError

EXACT = 1e-9  # the integral leaves 12 digits; a power of a million degrees of freedom costs three
PRINTED = 5e-5  # four printed decimals


@pytest.mark.parametrize(
    ("weights", "x", "printed"),
    [
        ([0.6, 0.3, 0.1], 0.1, 0.9458),
        ([0.6, 0.3, 0.1], 0.7, 0.5064),
        ([0.6, 0.3, 0.1], 2.0, 0.1240),
    ],
)
def test_equals_imhof(weights: list[float], x: float, printed: float) -> None:
    """Table 1 of Imhof (1961), first quadratic form."""
    assert quadratic_form_tail(x, np.array(weights)) == pytest.approx(printed, abs=PRINTED)


def exponentials(x: float, scales: list[float], df: float) -> float:
    """Weights that occur twice make a sum of exponentials: partial fractions; over F: E exp(-x D / 2a)."""
    total = 0.0
    for a in scales:
        share = np.prod([a / (a - b) for b in scales if b != a])
        total += share * (np.exp(-x / (2 * a)) if np.isinf(df) else (1 + x / (a * df)) ** (-df / 2))
    return total


@pytest.mark.parametrize("df", [1.0, 2.5, 14.0, 6000.0, 1e6, np.inf])
@pytest.mark.parametrize("x", [0.01, 1.0, 5.2, 30.0, 120.0])
def test_equals_partial_fractions(x: float, df: float) -> None:
    """The exact tail keeps its relative precision, far out too."""
    scales = [1.5, 0.7, 0.4]
    ours = quadratic_form_tail(x, np.repeat(scales, 2), df)
    # for small x partial fractions are differences of numbers near 1
    assert ours == pytest.approx(exponentials(x, scales, df), rel=EXACT)


@pytest.mark.parametrize("df", [3.0, 20.0, np.inf])
@pytest.mark.parametrize("count", [2, 7])
def test_nearly_equal_weights_are_chi_squared(count: int, df: float) -> None:
    """With one common weight the sum is chi-squared or F; the integral and the shortcut agree."""
    nearly = np.linspace(1 - 1e-9, 1 + 1e-9, count)
    for x in (0.3, 2.0, count, 25.0):
        exact = stats.chi2.sf(x, count) if np.isinf(df) else stats.f.sf(x / count, count, df)
        assert quadratic_form_tail(x, nearly, df) == pytest.approx(exact, rel=1e-8)
        assert quadratic_form_tail(x, np.ones(count), df) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("df", [5.0, np.inf])
def test_approximations_are_near(df: float) -> None:
    """Saddlepoint within 8 %, Satterthwaite within 12 % of the exact tail; both scale with the weights."""
    weights = np.array([1.9, 0.8, 0.3])
    for x in (1.0, 3.0, 3.0000001, 8.0, 20.0):
        exact = quadratic_form_tail(x, weights, df)
        assert quadratic_form_tail(x, weights, df, "saddlepoint") == pytest.approx(exact, rel=0.08)
        assert quadratic_form_tail(100 * x, 100 * weights, df) == pytest.approx(exact, rel=EXACT)
    assert quadratic_form_tail(8.0, weights, df, "satterthwaite") == pytest.approx(
        quadratic_form_tail(8.0, weights, df), rel=0.12
    )


def test_saddlepoint_is_smooth_at_the_mean() -> None:
    """At the mean the formula is 0/0; the limit joins both sides."""
    weights = np.array([1.0, 0.5])
    sides = [quadratic_form_tail(1.5 + d, weights, method="saddlepoint") for d in (-1e-3, 0.0, 1e-3)]
    assert sides[0] > sides[1] > sides[2]
    assert sides[0] - sides[2] < 2e-3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.01, 5), min_size=1, max_size=8),
    st.floats(0.01, 60),
    st.sampled_from([1.0, 4.0, 50.0, np.inf]),
)
def test_tail_falls_with_x(weights: list[float], x: float, df: float) -> None:
    """A tail lies between 0 and 1 and never grows with x."""
    near, far = (quadratic_form_tail(v, np.array(weights), df) for v in (x, 1.1 * x))
    assert 0 <= far <= near * (1 + 1e-9) <= 1 + 1e-9


def test_degenerate_input() -> None:
    """Nothing to add gives NaN, x at or below 0 gives 1, bad weights and methods are refused."""
    assert np.isnan(quadratic_form_tail(1.0, np.zeros(3)))
    assert np.isnan(quadratic_form_tail(np.nan, np.ones(2)))
    assert quadratic_form_tail(0.0, np.array([1.0, 2.0])) == 1.0
    assert quadratic_form_tail(1e9, np.array([1.0, 2.0])) == 0.0
    for weights in ([1.0, -0.5], [np.nan, 1.0], [-1.0]):
        with pytest.raises(AnalysisError, match="ANA-TAIL"):
            quadratic_form_tail(1.0, np.array(weights))
    with pytest.raises(AnalysisError, match="ANA-OPTION"):
        quadratic_form_tail(1.0, np.ones(2), method="davies")
