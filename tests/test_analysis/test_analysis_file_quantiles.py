"""Quantiles from files larger than memory, and their limits, are those of the loaded table."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import FileDesign, SurveyDesign, file_quantiles
from analysis.quantile_rules import QuantileRule
from analysis.quantiles import QuantileInterval
from analysis.variables import Missing
from custody.errors import AnalysisError

SAME = 1e-9
PROBS = [0.0, 0.25, 0.5, 0.99, 1.0]
DESIGNS: dict[str, dict[str, Any]] = {
    "rows": {"weights": "w", "strata": "s"},
    "units": {"weights": "w", "strata": "s", "psu": "p"},
    "rows, weights of the fpc": {"strata": "s", "fpc": "N"},
    "units, weights of the fpc": {"strata": "s", "psu": "p", "fpc": "N"},
    "two stages": {"strata": "s", "psu": ["p", None], "fpc": ["N", "M"]},
}


def people(rows: int = 1_500) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"s": rng.integers(0, 4, rows), "N": 3_000.0, "M": 500})
    frame["p"] = frame["s"] * 100 + rng.integers(0, 8, rows)
    frame["w"] = rng.integers(1, 6, rows) * 1.5
    frame.loc[:20, "w"] = 0.0
    frame["y"] = rng.lognormal(3, 2, rows)
    frame["点"] = rng.integers(0, 12, rows)
    frame["穴"] = np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows))
    frame["区"] = rng.choice(["北", "南", 'a"b'], rows)
    frame["群"] = frame["区"].mask(rng.random(rows) < 0.1)
    return frame


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("quantiles") / "people.parquet"
    people().to_parquet(found, row_group_size=400)
    return found


def assert_same(path: Path, options: dict[str, Any], *call: Any, **more: Any) -> None:
    a = SurveyDesign(pd.read_parquet(path), **options).quantile(*call, **more)
    b = FileDesign(path, **options).quantile(*call, **more)
    pd.testing.assert_frame_equal(b.tidy(), a.tidy(), rtol=SAME)
    size = np.nanmax(np.abs(a.linear.covariance))
    np.testing.assert_allclose(b.linear.covariance, a.linear.covariance, rtol=SAME, atol=SAME * size)


@pytest.mark.parametrize(
    ("name", "rule"), [*((name, "math") for name in DESIGNS), ("rows", "school"), ("units", "school")]
)
def test_quantiles_by_domain(
    path: Path, name: str, rule: QuantileRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quantiles of numbers and of scores with ties, with limits and covariances, for every kind of design."""
    monkeypatch.setattr(file_quantiles, "FETCHED", 400)
    assert_same(path, DESIGNS[name], ["y", "点"], PROBS, qrule=rule)
    assert_same(path, DESIGNS[name], "y", 0.5, "区", qrule=rule)


@pytest.mark.parametrize("interval", ["mean", "beta", "xlogit", "asin"])
def test_intervals(path: Path, interval: QuantileInterval) -> None:
    """Each of Woodruff's intervals is the table's, at any level."""
    assert_same(path, DESIGNS["units"], "点", [0.25, 0.5], ["区", "s"], interval=interval)
    options = DESIGNS["rows"]
    a = SurveyDesign(pd.read_parquet(path), **options).quantile("y", 0.5, interval=interval)
    b = FileDesign(path, **options).quantile("y", 0.5, interval=interval)
    pd.testing.assert_frame_equal(b.confint(0.8, "normal"), a.confint(0.8, "normal"), rtol=SAME)


@pytest.mark.parametrize("na", ["domain", "listwise"])
@pytest.mark.parametrize("name", ["rows", "units, weights of the fpc"])
def test_missing_values(path: Path, name: str, na: Missing) -> None:
    """Both rules for missing values take the rows that they take of the table."""
    assert_same(path, DESIGNS[name], ["穴", "y"], [0.5, 0.9], "群", na=na)


def test_values_that_lie_far_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bins find a quantile among values of thirty orders of magnitude."""
    monkeypatch.setattr(file_quantiles, "FETCHED", 5)
    frame = pd.DataFrame({"y": 10.0 ** np.linspace(-15, 15, 301), "w": 1.0})
    frame.to_parquet(tmp_path / "a.parquet")
    assert_same(tmp_path / "a.parquet", {"weights": "w"}, "y", [0.1, 0.5, 0.9])


def test_what_files_cannot_do_is_refused(path: Path) -> None:
    """Rules that need the rows in order, the score interval and impossible probabilities are refused."""
    d = FileDesign(path, weights="w")
    bad: list[dict[str, Any]] = [{"qrule": "hf7"}, {"interval": "score"}, {"probs": 1.5}, {"probs": []}]
    for options in bad:
        with pytest.raises(AnalysisError) as error:
            d.quantile("y", **({"probs": 0.5} | options))
        assert error.value.code == "ANA-OPTION"
    with pytest.raises(AnalysisError) as error:
        d.quantile("穴", 0.5)
    assert error.value.code == "ANA-MISSING"
    with pytest.raises(AnalysisError) as error:
        d.quantile("区", 0.5)
    assert error.value.code == "ANA-TYPE"
