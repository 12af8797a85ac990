"""Gini, standardised rates and joint contrasts: known values, exact derivatives, coverage, identities."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import SurveyDesign
from analysis.estimators import Term
from analysis.inequality import gini_influence
from analysis.variance import Domains
from custody.errors import AnalysisError

RELATIVE = 1e-9  # sums in another order


def frame(seed: int, rows: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "income": rng.gamma(2, 30, rows).round(),
            "size": rng.integers(1, 6, rows).astype(float),
            "age": rng.permutation(np.resize(["65-74", "75-84", "85+"], rows)),
            "sex": rng.permutation(np.resize(["F", "M"], rows)),
            "area": np.resize(["練馬", "大泉"], rows),
            "block": np.arange(rows) // 6 * 2 + np.arange(rows) % 2,
            "w": rng.uniform(1, 5, rows),
        }
    )


def design(table: pd.DataFrame, **options: Any) -> SurveyDesign:
    return SurveyDesign(table, **({"weights": "w", "strata": "area", "psu": "block"} | options))


@pytest.mark.parametrize(
    ("values", "weights", "gini"),
    [
        ([5, 5, 5], [1, 2, 3], 0),
        ([0, 0, 0, 8], [1, 1, 1, 1], 3 / 4),
        ([1, 3], [1, 1], 1 / 4),
        ([1, 3], [3, 1], 1 / 4),  # sum w w |d| = 2*3*2; 2 N Y = 2*4*6
        ([1, 2, 3, 4], [1, 1, 1, 1], 1 / 4),
    ],
)
def test_gini_by_hand(values: list[float], weights: list[float], gini: float) -> None:
    d = SurveyDesign(pd.DataFrame({"y": values, "w": weights}), weights="w")
    assert d.gini("y").estimate[0] == pytest.approx(gini, rel=1e-12, abs=1e-15)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_gini_is_half_the_relative_mean_difference_of_each_domain(seed: int) -> None:
    table = frame(seed)
    found = design(table).gini("income", by="age").tidy().set_index("age")["estimate"]
    for age, part in table.groupby("age"):
        y, w = part["income"].to_numpy(), part["w"].to_numpy()
        apart = (np.outer(w, w) * np.abs(y[:, None] - y)).sum()
        assert found[age] == pytest.approx(apart / (2 * w.sum() * (w @ y)), rel=RELATIVE)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_influence_is_the_derivative_by_the_weight(seed: int) -> None:
    table = frame(seed, 30)
    y, w = Term(table["income"].to_numpy()), table["w"].to_numpy()
    domains = Domains((table["sex"] == "M").to_numpy().astype(np.int64), 2, 30)
    _gini, influence = gini_influence(y, domains, w)
    for k in range(5):
        step = np.zeros(30)
        step[k] = 1e-5
        (up, _a), (down, _b) = (gini_influence(y, domains, w + s) for s in (step, -step))
        slope = (up - down)[domains.codes[k]] / 2e-5
        assert influence[k] / w[k] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_gini_standard_error_agrees_with_the_jackknife() -> None:
    table = frame(3, 600).assign(block=np.arange(600) // 10 * 2 + np.arange(600) % 2)
    d = design(table)
    whole, ginis = d.gini("income"), []
    units = table[["area", "block"]].drop_duplicates()
    size = units.groupby("area")["block"].size()
    for area, block in units.itertuples(index=False):
        factor = np.where(table["area"] == area, size[area] / (size[area] - 1), 1.0)
        jack = table.assign(w=table["w"] * np.where(table["block"] == block, 0.0, factor))
        ginis.append((area, design(jack).gini("income").estimate[0]))
    replicates = pd.DataFrame(ginis, columns=["area", "gini"])
    spread = replicates["gini"] - replicates.groupby("area")["gini"].transform("mean")
    variance = (spread**2 * replicates["area"].map((size - 1) / size)).sum()
    assert whole.se[0] == pytest.approx(np.sqrt(variance), rel=0.02)  # both are first-order


def test_gini_intervals_cover() -> None:
    rng = np.random.default_rng(8)
    population = rng.lognormal(3, 0.6, 20_000)
    truth = SurveyDesign(pd.DataFrame({"y": population, "w": 1.0}), weights="w").gini("y").estimate[0]
    hits = 0
    for _ in range(500):
        drawn = pd.DataFrame({"y": rng.choice(population, 300, replace=False), "N": 20_000})
        low, high = SurveyDesign(drawn, fpc="N").gini("y").tidy().loc[0, ["ci_low", "ci_high"]]
        hits += low <= truth <= high
    assert 0.915 <= hits / 500 <= 0.975  # 95 % -+ 2.5 standard errors, less a little for skewness


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_gini_does_not_see_scale_order_or_copies(seed: int) -> None:
    table = frame(seed)
    base = design(table).gini("income")
    scaled = design(table.assign(income=table["income"] * 7, w=table["w"] * 3)).gini("income")
    turned = design(table.sample(frac=1, random_state=1)).gini("income")
    twice = design(pd.concat([table, table]).assign(w=lambda t: t["w"] / 2)).gini("income")
    for other in (scaled, turned, twice):
        assert other.estimate[0] == pytest.approx(base.estimate[0], rel=RELATIVE)
        assert other.se[0] == pytest.approx(base.se[0], rel=1e-8)


def test_gini_of_a_domain_is_that_of_the_subset() -> None:
    table = frame(4)
    table.loc[::11, "income"] = np.nan
    d = design(table)
    whole = d.gini(["income", "size"], by=["age", "sex"], na="domain").tidy()
    for age, sex in (("65-74", "F"), ("85+", "M")):
        part = d.subset((table["age"] == age) & (table["sex"] == sex)).gini(["income", "size"], na="domain")
        rows = whole[(whole["age"] == age) & (whole["sex"] == sex)]
        for name in ("estimate", "se", "df", "n"):
            np.testing.assert_allclose(rows[name], part.tidy()[name], rtol=1e-8)


def test_gini_of_nothing_is_no_number() -> None:
    table = frame(5).assign(debt=lambda t: np.where(t["sex"] == "F", t["income"], -1.0))
    rows = design(table).gini("debt", by="sex").tidy()
    assert np.isnan(rows["estimate"]).tolist() == [False, True]
    assert np.isnan(rows["se"]).tolist() == [False, True]


AGES = {"85+": 100, "65-74": 500, "75-84": 400}


def test_standardised_means_are_weighted_cell_means() -> None:
    table = frame(6)
    found = design(table).standardise("income", "age", AGES, over="sex").tidy()
    cells = design(table).mean("income", by=["sex", "age"])
    for sex in ("F", "M"):
        weights = {f"{sex}:{age}": size / 1000 for age, size in AGES.items()}
        by_hand = cells.contrast(weights)
        row = found[found["sex"] == sex].iloc[0]
        assert row["estimate"] == pytest.approx(by_hand.estimate[0], rel=RELATIVE)
        assert row["se"] == pytest.approx(by_hand.se[0], rel=RELATIVE)
        assert row["n"] == by_hand.linear.n.item()


def test_differences_of_standardised_means_have_their_covariance() -> None:
    table = frame(7)
    found = design(table).standardise("income", "age", AGES, over="sex").contrast("M - F")
    cells = design(table).mean("income", by=["sex", "age"])
    weights = {f"{sex}:{a}": sign * n / 1000 for sex, sign in (("M", 1), ("F", -1)) for a, n in AGES.items()}
    by_hand = cells.contrast(weights)
    assert found.se[0] == pytest.approx(by_hand.se[0], rel=RELATIVE)


def test_standardising_to_the_own_population_changes_the_error_only() -> None:
    table = frame(8)
    d = design(table)
    own = d.total("age").tidy().set_index("level")["estimate"].to_dict()
    assert d.standardise("income", "age", own).estimate[0] == pytest.approx(d.mean("income").estimate[0])


def test_two_columns_and_levels_are_standardised() -> None:
    table = frame(9)
    sizes = {(age, sex): size * (2 if sex == "F" else 1) for age, size in AGES.items() for sex in "FM"}
    d = design(table.assign(yes=table["income"] > 50))
    shares = d.standardise("area", ["age", "sex"], sizes).tidy()
    assert shares["estimate"].sum() == pytest.approx(1, rel=RELATIVE)
    assert shares["level"].tolist() == ["大泉", "練馬"]
    assert 0 < d.standardise("yes", ["age", "sex"], sizes).estimate[0] < 1


def test_a_group_without_an_age_has_no_standardised_mean() -> None:
    table = frame(10).query("not (sex == 'M' and age == '85+')")
    d = design(table)
    rows = d.standardise("income", "age", AGES, over="sex").tidy()
    assert np.isnan(rows[["estimate", "se"]]).all(axis=1).tolist() == [False, True]
    left_out = d.standardise("income", "age", AGES | {"85+": 0}, over="sex").tidy()
    assert not np.isnan(left_out["se"]).any()


JOINT: dict[str, tuple[str, Callable[[SurveyDesign], Any]]] = {
    "mean": ("mean(income)", lambda d: d.mean("income", by="sex")),
    "total": ("total(income)", lambda d: d.total("income", by="sex")),
    "ratio": ("ratio(income, size)", lambda d: d.ratio("income", "size", by="sex")),
    "ratio of totals": ("total(income) / total(size)", lambda d: d.ratio("income", "size", by="sex")),
    "ratio of means": ("mean(income) / mean(size)", lambda d: d.ratio("income", "size", by="sex")),
    "gini": ("gini(income)", lambda d: d.gini("income", by="sex")),
    "smooth": (
        "log(mean(income)) - 2 * mean(size)",
        lambda d: d.mean(["income", "size"], by="sex").contrast("log(income) - 2 * size"),
    ),
    "level": ('mean(age, "85+")', lambda d: d.proportion("age", "85+", by="sex")),
    "level of text": ("mean(`age`, '85+') + 0", lambda d: d.mean("age", by="sex").contrast("`85+`")),
}


@pytest.mark.parametrize("case", JOINT)
def test_joint_contrasts_are_the_statistics_they_name(case: str) -> None:
    text, other = JOINT[case]
    d = design(frame(11))
    found, expected = d.contrast(text, by="sex"), other(d)
    np.testing.assert_allclose(found.estimate, expected.estimate, rtol=RELATIVE)
    np.testing.assert_allclose(found.covariance, expected.covariance, rtol=1e-8, atol=1e-12)
    np.testing.assert_array_equal(found.linear.n, expected.linear.n)
    np.testing.assert_array_equal(found.linear.df, expected.linear.df)


def test_joint_contrasts_take_missing_values_by_rule() -> None:
    table = frame(12)
    table.loc[::7, "income"] = np.nan
    d = design(table)
    own, rows = (d.contrast("mean(income) / mean(size)", na=na) for na in ("domain", "listwise"))
    np.testing.assert_allclose(
        rows.estimate, d.ratio("income", "size", na="listwise").estimate, rtol=RELATIVE
    )
    assert own.estimate[0] == pytest.approx(
        d.mean("income", na="domain").estimate[0] / d.mean("size").estimate[0], rel=RELATIVE
    )
    named = d.contrast({"difference": "mean(size) - gini(size)", "size": "mean(size)"})
    assert named.tidy()["term"].tolist() == ["difference", "size"]


def test_a_domain_without_values_spoils_itself_only() -> None:
    table = frame(13).assign(income=lambda t: t["income"].where(t["sex"] == "F"))
    rows = design(table).contrast(["mean(income) - mean(size)", "mean(size)"], by="sex", na="domain").tidy()
    assert np.isnan(rows["estimate"]).tolist() == [False, False, True, False]
    assert np.isnan(rows["se"]).tolist() == [False, False, True, False]


@pytest.mark.filterwarnings("error")
def test_rows_outside_of_every_domain_do_not_matter() -> None:
    table = frame(15).assign(sex=lambda t: t["sex"].where(t["age"] != "85+"))
    d, inside = design(table), design(table).subset(table["sex"].notna())
    calls: list[Callable[[SurveyDesign], Any]] = [
        lambda d: d.contrast("mean(income) / total(size) + gini(size)", by="sex", na="domain"),
        lambda d: d.gini("income", by="sex", na="domain"),
        lambda d: d.standardise("income", "age", AGES | {"85+": 0}, over="sex", na="domain"),
    ]
    for call in calls:
        np.testing.assert_allclose(call(d).covariance, call(inside).covariance, rtol=1e-8)


D = design(frame(14))
REFUSALS: dict[str, tuple[str, Callable[[], object]]] = {
    "gini of text": ("ANA-TYPE", lambda: D.gini("age")),
    "gini of nothing": ("ANA-COLUMN", lambda: D.gini("z")),
    "name outside": ("ANA-EXPRESSION", lambda: D.contrast("income / mean(size)")),
    "unknown statistic": ("ANA-EXPRESSION", lambda: D.contrast("mode(size)")),
    "no argument": ("ANA-EXPRESSION", lambda: D.contrast("mean()")),
    "wrong arguments": ("ANA-EXPRESSION", lambda: D.contrast("ratio(size)")),
    "arithmetic inside": ("ANA-EXPRESSION", lambda: D.contrast("mean(size + 1)")),
    "no expression": ("ANA-EXPRESSION", lambda: D.contrast([])),
    "weights": ("ANA-EXPRESSION", lambda: D.contrast({"E": 1})),
    "mean of text": ("ANA-TYPE", lambda: D.contrast("mean(age)")),
    "unknown level": ("ANA-LEVEL", lambda: D.contrast('mean(age, "90+")')),
    "unknown column": ("ANA-COLUMN", lambda: D.contrast("mean(z)")),
    "population without a level": ("ANA-POPULATION", lambda: D.standardise("size", "age", {"85+": 1})),
    "population of nobody": ("ANA-POPULATION", lambda: D.standardise("size", "age", dict.fromkeys(AGES, 0))),
    "negative population": ("ANA-POPULATION", lambda: D.standardise("size", "age", AGES | {"85+": -1})),
    "population unknown": ("ANA-POPULATION", lambda: D.standardise("size", "age", AGES | {"85+": np.nan})),
    "no population": ("ANA-POPULATION", lambda: D.standardise("size", "age", {})),
    "missing age": (
        "ANA-MISSING",
        lambda: design(frame(14).assign(age=frame(14)["age"].replace("85+", None))).standardise(
            "size", "age", AGES
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals_have_names(case: str) -> None:
    code, call = REFUSALS[case]
    with pytest.raises(AnalysisError) as refused:
        call()
    assert refused.value.code == code
