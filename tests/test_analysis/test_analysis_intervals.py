"""Intervals are those of their formulas, with the degrees of freedom that the documentation says."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import SurveyDesign
from analysis.intervals import interval, t_quantile

EXACT = 1e-10  # quantiles are inverted numerically


@pytest.mark.parametrize("df", [1, 2, 3, 17, 250, 10_000, np.inf])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_quantiles(level: float, df: float) -> None:
    wanted = stats.t.ppf(0.5 + level / 2, df)
    assert t_quantile(level, np.array([float(df)]))[0] == pytest.approx(wanted, rel=EXACT)


def test_no_degrees_of_freedom_no_quantile() -> None:
    assert np.isnan(t_quantile(0.95, np.array([0.0, -3.0]))).all()


def test_wilson_by_hand() -> None:
    # p = 0.2, v = 0.0016: m = 0.16/0.0016 = 100; t(19) = 2.093024: z = t^2/100 = 0.0438075
    low, high = interval("wilson", np.array([0.2]), np.array([0.0016]), np.array([19.0]), np.array([80]))
    z = stats.t.ppf(0.975, 19) ** 2 / 100
    centre, half = (0.2 + z / 2) / (1 + z), np.sqrt(z * (0.16 + z / 4)) / (1 + z)
    assert (low[0], high[0]) == pytest.approx((centre - half, centre + half), rel=EXACT)


def test_beta_by_hand() -> None:
    # m = 100 (t(79)/t(19))^2, Clopper-Pearson with m p and m (1 - p)
    low, high = interval("beta", np.array([0.2]), np.array([0.0016]), np.array([19.0]), np.array([80]))
    m = 100 * (stats.t.ppf(0.975, 79) / stats.t.ppf(0.975, 19)) ** 2
    wanted = stats.beta.ppf(0.025, 0.2 * m, 0.8 * m + 1), stats.beta.ppf(0.975, 0.2 * m + 1, 0.8 * m)
    assert (low[0], high[0]) == pytest.approx(wanted, rel=EXACT)


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        ("mean", 0.0, 0.0),
        ("logit", np.nan, np.nan),
        # m = n = 20: t(19)^2 / (20 + t(19)^2), and 1 - 0.025^(1/20)
        ("wilson", 0.0, 2.093024054408263**2 / (20 + 2.093024054408263**2)),
        ("beta", 0.0, 1 - 0.025 ** (1 / 20)),
    ],
)
@pytest.mark.parametrize("share", [0, 1])
def test_nobody_and_everybody(method: str, low: float, high: float, share: int) -> None:
    frame = pd.DataFrame({"yes": [share == 1] * 20, "w": 1.0})
    row = SurveyDesign(frame, weights="w").proportion("yes", method=method).tidy().iloc[0]
    wanted = (low, high) if share == 0 else (1 - high, 1 - low)
    assert tuple(row[["ci_low", "ci_high"]]) == pytest.approx(wanted, rel=1e-9, nan_ok=True)


def test_confint_levels_and_distributions() -> None:
    frame = pd.DataFrame({"y": [1.0, 2, 4, 9, 5, 6], "w": 1.0})
    e = SurveyDesign(frame, weights="w").mean("y")
    for level in (0.8, 0.95):
        for dist, q in (("t", stats.t.ppf(0.5 + level / 2, 5)), ("normal", stats.norm.ppf(0.5 + level / 2))):
            row = e.confint(level, dist).iloc[0]
            wanted = (4.5 - q * e.se[0], 4.5 + q * e.se[0])
            assert (row["ci_low"], row["ci_high"]) == pytest.approx(wanted, rel=EXACT)


def test_limits_of_proportions_stay_inside() -> None:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"yes": rng.uniform(size=60) < 0.04, "w": rng.uniform(1, 30, 60)})
    for method in ("logit", "wilson", "beta"):
        row = SurveyDesign(frame, weights="w").proportion("yes", method=method).tidy().iloc[0]
        assert 0 < row["ci_low"] < row["estimate"] < row["ci_high"] < 1
