"""Estimates from files larger than memory are those of the loaded table, for every design and rule."""

import functools
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from survey_designs import DESIGNS, LONELY_RULES, table

from analysis import SurveyDesign
from analysis.estimators import Deff
from analysis.file_design import FileDesign
from analysis.proportion_intervals import ProportionMethod
from analysis.results import Estimate
from analysis.variables import Missing

SAME = 1e-10
"""Relative: sums over cells add the same numbers in another order."""
NAMES = (
    "dsrs",
    "dstrat",
    "dclus1",
    "dclus2",
    "dnhanes",
    "own_blocks",
    "own_two",
    "own_three",
    "own_three_weights",
)
CASES = [(name, "fail") for name in NAMES]
CASES += [("own_lonely", rule) for rule in LONELY_RULES] + [("own_lonely_two", rule) for rule in LONELY_RULES]
Y = '数.a"b'


@functools.cache
def data(name: str) -> pd.DataFrame:
    """The table of a design with a number, holes in a number and in a level, and domains."""
    frame = table(name).copy()
    rng = np.random.default_rng(len(name))
    frame[Y] = rng.normal(50, 10, len(frame))
    frame["穴"] = np.where(rng.random(len(frame)) < 0.3, np.nan, rng.gamma(2.0, 3.0, len(frame)))
    answers = pd.Series(rng.choice(["はい", "いいえ", "他"], len(frame)), dtype="str")
    frame["答え"] = answers.mask(rng.random(len(frame)) < 0.2).to_numpy()
    frame["段階"] = pd.Categorical(rng.choice(["低", "中", "高"], len(frame)), ["高", "中", "低", "無"])
    frame["区"] = rng.choice(["北", "南"], len(frame))
    frame["真"] = rng.random(len(frame)) < 0.5
    frame["組"] = rng.integers(1, 4, len(frame))
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("表 [1]")


@functools.cache
def both(folder: Path, name: str, rule: str = "fail") -> tuple[SurveyDesign, FileDesign]:
    """The design over the table and over the file."""
    source, options = DESIGNS[name]
    path = folder / f"{source}.parquet"
    if not path.exists():
        data(source).to_parquet(path)
    options = options | {"lonely_psu": rule}
    return SurveyDesign(pd.read_parquet(path), **options), FileDesign(path, **options)


def assert_same(a: Estimate, b: Estimate) -> None:
    pd.testing.assert_frame_equal(a.by, b.by)
    assert a.terms == b.terms
    scale = np.abs(a.estimate)
    np.testing.assert_allclose(b.estimate, a.estimate, rtol=SAME, atol=SAME * np.nanmax(scale, initial=0))
    size = np.nanmax(np.abs(a.linear.covariance), initial=0.0)
    np.testing.assert_allclose(b.linear.covariance, a.linear.covariance, rtol=SAME, atol=SAME * size)
    np.testing.assert_array_equal(b.linear.n, a.linear.n)
    np.testing.assert_array_equal(b.linear.df, a.linear.df)
    if a.linear.deff is not None:
        assert b.linear.deff is not None
        np.testing.assert_allclose(b.linear.deff, a.linear.deff, rtol=1e-9)


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_means_of_numbers_and_levels_with_all_covariances(folder: Path, name: str, rule: str) -> None:
    """Means of numbers and levels by domain, a domain column among them, have the table's covariances."""
    table, file = both(folder, name, rule)
    variables = [Y, "真", "段階"]
    assert_same(table.mean(variables), file.mean(variables))
    assert_same(table.mean(variables, ["段階", "真"]), file.mean(variables, ["段階", "真"]))


@pytest.mark.parametrize(("name", "rule"), CASES)
def test_totals_ratios_and_cross_tables(folder: Path, name: str, rule: str) -> None:
    """Totals, ratios and cross tables with their test are those of the table."""
    table, file = both(folder, name, rule)
    assert_same(table.total([Y, "組"], "区"), file.total([Y, "組"], "区"))
    assert_same(table.ratio(Y, "組", "区"), file.ratio(Y, "組", "区"))
    a, b = table.crosstab("段階", "真"), file.crosstab("段階", "真")
    assert_same(a.totals(), b.totals())
    assert_same(a.percent("row"), b.percent("row"))
    assert b.test("F").p_value == pytest.approx(a.test("F").p_value, rel=1e-8)


@pytest.mark.parametrize("na", ["domain", "listwise"])
@pytest.mark.parametrize("name", ["dstrat", "dclus1", "dclus2", "own_three"])
def test_missing_values_in_variables_and_domains(folder: Path, name: str, na: Missing) -> None:
    """Both rules for missing values take the rows that they take of the table."""
    table, file = both(folder, name)
    variables = ["穴", Y, "答え", "段階"]
    assert_same(table.mean(variables, na=na), file.mean(variables, na=na))
    assert_same(table.total(variables, ["区", "答え"], na=na), file.total(variables, ["区", "答え"], na=na))
    assert_same(table.ratio("穴", Y, "答え", na=na), file.ratio("穴", Y, "答え", na=na))
    assert_same(table.proportion("答え", by="区", na=na), file.proportion("答え", by="区", na=na))
    assert_same(table.crosstab("答え", "区", na=na).totals(), file.crosstab("答え", "区", na=na).totals())


@pytest.mark.parametrize("name", ["dsrs", "dstrat", "dclus1", "dclus2", "own_three"])
@pytest.mark.parametrize("deff", [True, "replace"])
def test_design_effects(folder: Path, name: str, deff: Deff) -> None:
    """Design effects of means and totals, which need weighted squares, are those of the table."""
    table, file = both(folder, name)
    variables = ["穴", Y, "段階"]
    for by in (None, "区"):
        given = table.mean(variables, by, deff=deff, na="domain")
        assert_same(given, file.mean(variables, by, deff=deff, na="domain"))
        assert_same(table.total(Y, by, deff=deff), file.total(Y, by, deff=deff))


@pytest.mark.parametrize("method", ["logit", "wilson", "beta"])
def test_proportions_and_their_intervals(folder: Path, method: ProportionMethod) -> None:
    """Shares of levels of text, categories, whole numbers and booleans have the table's intervals."""
    for name in ("dstrat", "own_two"):
        table, file = both(folder, name)
        for variable, level in (("段階", None), ("真", None), ("組", 2), ("段階", "無"), ("区", "北")):
            a = table.proportion(variable, level, "区", method=method)
            b = file.proportion(variable, level, "区", method=method)
            assert_same(a, b)
            np.testing.assert_allclose(
                b.tidy()[["ci_low", "ci_high"]], a.tidy()[["ci_low", "ci_high"]], rtol=1e-8
            )


@pytest.mark.parametrize("name", ["dstrat", "dclus1", "own_two", "own_three"])
def test_subsets_are_domains(folder: Path, name: str) -> None:
    """A subset keeps strata and units as drawn, by a boolean column and by values, also one after another."""
    table, file = both(folder, name)
    rows = table.data
    assert_same(table.subset("真").mean(Y, "区"), file.subset("真").mean(Y, "区"))
    few = table.subset(((rows["区"] == "北") & rows["組"].isin([1, 3])).to_numpy())
    other = file.subset({"区": "北", "組": [1, 3]})
    assert_same(few.total([Y, "段階"]), other.total([Y, "段階"]))
    assert other.subset("真").df == few.subset("真").df
    assert repr(other).split(":")[1] == repr(few).split(":")[1]
    assert_described(few, other)


@pytest.mark.parametrize("name", ["dsrs", "dstrat", "dclus1", "dclus2", "own_blocks", "own_three"])
def test_descriptions(folder: Path, name: str) -> None:
    """The description counts what the table's counts."""
    table, file = both(folder, name)
    assert_described(table, file)
    assert file.df == table.df


def assert_described(a: SurveyDesign, b: FileDesign) -> None:
    one, two = asdict(a.describe()), asdict(b.describe())
    pd.testing.assert_frame_equal(two.pop("strata_table"), one.pop("strata_table"), rtol=SAME)
    assert list(one) == list(two)
    for name, value in one.items():
        assert two[name] == (pytest.approx(value, rel=SAME) if isinstance(value, float) else value)


def test_a_large_offset_costs_no_digits(tmp_path: Path) -> None:
    """Values of a thousand million with a spread of one keep ten digits of the standard error."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"y": 1e9 + rng.normal(size=5_000), "s": rng.integers(0, 5, 5_000)})
    frame["p"] = frame["s"] * 100 + rng.integers(0, 20, 5_000)
    frame["w"] = rng.uniform(1, 9, 5_000)
    frame.to_parquet(tmp_path / "a.parquet")
    designs: list[dict[str, Any]] = [{"strata": "s"}, {"strata": "s", "psu": "p"}]
    for options in designs:
        a = SurveyDesign(frame.assign(y=frame["y"] - 1e9), weights="w", **options).mean("y", deff=True)
        b = FileDesign(tmp_path / "a.parquet", weights="w", **options).mean("y", deff=True)
        assert b.se[0] == pytest.approx(a.se[0], rel=1e-9)
        assert b.linear.deff == pytest.approx(a.linear.deff, rel=1e-9)


def test_a_census_has_no_variance(tmp_path: Path) -> None:
    """All units drawn give variance 0, not rounding noise."""
    frame = pd.DataFrame({"y": np.arange(40) % 7 * 1.5, "s": np.arange(40) % 4, "N": 10})
    frame.to_parquet(tmp_path / "a.parquet")
    assert FileDesign(tmp_path / "a.parquet", strata="s", fpc="N").total("y", by="s").se.tolist() == [0.0] * 4
