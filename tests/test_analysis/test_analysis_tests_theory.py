"""t and rank tests equal contrasts and hand calculations, keep what must not change them, refuse the rest."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis import SurveyDesign
from analysis.ranktests import population_ranks
from analysis.tested import f_test
from custody.errors import AnalysisError

RELATIVE = 1e-9  # sums in another order


def frame(seed: int, rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.integers(1, 12, rows).astype(float),
            "before": rng.normal(5, 1, rows),
            "after": rng.normal(5.4, 1, rows),
            "g": rng.permutation(np.resize(["a", "b"], rows)),
            "k": rng.permutation(np.resize(["p", "q", "r"], rows)),
            "s": np.resize(["1", "2"], rows),
            "u": np.arange(rows) // 4 * 2 + np.arange(rows) % 2,
            "w": rng.uniform(1, 5, rows),
        }
    )


def design(table: pd.DataFrame, **options: Any) -> SurveyDesign:
    return SurveyDesign(table, **({"weights": "w", "strata": "s", "psu": "u"} | options))


def srs(table: pd.DataFrame) -> SurveyDesign:
    return SurveyDesign(table.assign(w=2.0), weights="w")


def test_one_sample_of_a_simple_sample_is_students_t() -> None:
    table = frame(1)
    found = srs(table).ttest("after - before ~ 0")
    classic = stats.ttest_rel(table["after"], table["before"])
    assert found.statistic == pytest.approx(classic.statistic, rel=RELATIVE)
    assert found.df == len(table) - 2
    assert found.p_value == pytest.approx(
        2 * stats.t.sf(abs(classic.statistic), len(table) - 2), rel=RELATIVE
    )


def test_two_samples_by_hand() -> None:
    table = pd.DataFrame({"y": [1.0, 2, 4, 6, 5], "g": list("aabbb")})
    found = srs(table).ttest("y ~ g")
    # difference 5 - 1.5; variance n/(n-1) (SS_a/2^2 + SS_b/3^2) = 5/4 (0.5/4 + 2/9)
    variance = 5 / 4 * (0.5 / 4 + 2 / 9)
    assert (found.estimate, found.se) == (pytest.approx(3.5), pytest.approx(np.sqrt(variance), rel=RELATIVE))
    assert (found.df, found.groups, found.n) == (3, ("a", "b"), 5)
    low, high = found.confint(0.9)
    assert high - low == pytest.approx(2 * stats.t.ppf(0.95, 3) * np.sqrt(variance), rel=RELATIVE)


def test_null_moves_the_statistic_only() -> None:
    d = design(frame(2))
    plain, moved = d.ttest("y ~ g"), d.ttest("y ~ g", null=0.5)
    assert moved.statistic == pytest.approx((plain.estimate - 0.5) / plain.se, rel=RELATIVE)
    assert (moved.estimate, moved.se, moved.confint()) == (plain.estimate, plain.se, plain.confint())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_two_samples_are_the_contrast_of_domains(seed: int) -> None:
    d = design(frame(seed))
    test, contrast = d.ttest("y ~ g"), d.mean("y", by="g").contrast("b - a", df=d.df - 1)
    assert test.estimate == pytest.approx(contrast.estimate[0], rel=RELATIVE, abs=1e-12)
    assert test.se == pytest.approx(contrast.se[0], rel=RELATIVE)
    np.testing.assert_allclose(test.confint(), contrast.confint().loc[0, ["ci_low", "ci_high"]], rtol=1e-8)


TESTS: dict[str, Callable[[SurveyDesign], Any]] = {
    "ttest": lambda d: d.ttest("y ~ g"),
    "wilcoxon": lambda d: d.ranktest("y ~ g", ties="weighted"),
    "vanderwaerden": lambda d: d.ranktest("y ~ g", "vanderwaerden", ties="weighted"),
    "median": lambda d: d.ranktest("y ~ g", "median", ties="weighted"),
    "kruskal": lambda d: d.ranktest("y ~ k", "kruskal", ties="weighted"),
}


@pytest.mark.parametrize("kind", TESTS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_order_and_scale_of_weights_do_not_matter(kind: str, seed: int) -> None:
    table = frame(seed)
    base = TESTS[kind](design(table))
    other = table.sample(frac=1, random_state=1).reset_index(drop=True).assign(w=lambda t: t["w"] * 1000)
    found = TESTS[kind](design(other))
    assert found.statistic == pytest.approx(base.statistic, rel=1e-7, abs=1e-9)
    assert (found.df, found.df_residual) == (base.df, base.df_residual)


@pytest.mark.parametrize("kind", TESTS)
def test_relabelling_turns_the_sign_and_no_more(kind: str) -> None:
    table = frame(4)
    base = TESTS[kind](design(table))
    names = {"a": "y", "b": "x", "p": "3", "q": "1", "r": "2"}
    found = TESTS[kind](design(table.assign(g=table["g"].map(names), k=table["k"].map(names))))
    sign = 1 if kind == "kruskal" else -1
    assert found.statistic == pytest.approx(sign * base.statistic, rel=1e-8)
    assert found.p_value == pytest.approx(base.p_value, rel=1e-8)


@pytest.mark.parametrize("kind", [name for name in TESTS if name != "ttest"])
@pytest.mark.parametrize("change", [np.log, np.exp, lambda y: y**3 - 40])
def test_rank_tests_see_the_order_only(kind: str, change: Callable[[Any], Any]) -> None:
    table = frame(5)
    base, found = (TESTS[kind](design(t)) for t in (table, table.assign(y=change(table["y"]))))
    assert found.statistic == base.statistic
    assert found.p_value == base.p_value


def test_ranks_of_equal_weights_are_mid_ranks() -> None:
    values = frame(6)["y"].to_numpy()
    for ties in ("average", "weighted"):
        ranks = population_ranks(values, np.full(values.size, 2.0), ties)
        np.testing.assert_allclose(ranks / 2 + 0.5, stats.rankdata(values), rtol=1e-12)


def test_ranks_are_the_distribution_function_at_mid_steps() -> None:
    table = frame(7)
    y, w = table["y"].to_numpy(), table["w"].to_numpy()
    by_hand = [w[y < v].sum() + w[y == v].sum() / 2 for v in y]
    np.testing.assert_allclose(population_ranks(y, w, "weighted"), by_hand, rtol=1e-12)


def test_wilcoxon_by_hand() -> None:
    table = pd.DataFrame({"y": [1.0, 2, 3, 4, 5, 6], "g": list("aababb")})
    found = srs(table).ranktest("y ~ g")
    # scores (rank - 1/2)/6: a 0.5 1.5 3.5, b 2.5 4.5 5.5 (in sixths): means 11/36, 25/36
    spread = sum(
        (x / 6 - m) ** 2 for m, part in ((11 / 36, (0.5, 1.5, 3.5)), (25 / 36, (2.5, 4.5, 5.5))) for x in part
    )
    assert found.estimate == pytest.approx(14 / 36, rel=RELATIVE)
    assert found.se == pytest.approx(np.sqrt(6 / 5 * spread / 9), rel=RELATIVE)


def test_kruskal_of_two_groups_is_the_square_of_wilcoxon() -> None:
    table = frame(8)
    d = design(table)
    two = d.ranktest("y ~ g")
    assert d.ranktest("y ~ g", "KruskalWallis").statistic == two.statistic
    means = d.mean("before", by="g")
    contrast = means.contrast("b - a")
    statistic, p = f_test(contrast.estimate, contrast.covariance.to_numpy(), d.df - 1)
    t = d.ttest("before ~ g")
    assert (statistic, p) == (pytest.approx(t.statistic**2, rel=1e-9), pytest.approx(t.p_value, rel=1e-9))


def test_a_test_of_many_groups_does_not_depend_on_the_first() -> None:
    table = frame(9)
    base = design(table).ranktest("before ~ k")
    turned = pd.Categorical(table["k"], ["r", "p", "q"])
    found = design(table.assign(k=turned)).ranktest("before ~ k")
    assert found.groups == ("r", "p", "q")
    assert found.statistic == pytest.approx(base.statistic, rel=1e-9)


def test_missing_values_are_a_domain() -> None:
    table = frame(10)
    table.loc[:7, "y"] = np.nan
    table.loc[55:, "g"] = None
    found = design(table).ttest("y ~ g", na="domain")
    complete = table["y"].notna() & table["g"].notna()
    by_hand = design(table).subset(complete).ttest("y ~ g")
    assert found.tidy().equals(by_hand.tidy())
    assert found.n == int(complete.sum())


def test_a_null_hypothesis_that_holds_is_refused_at_the_level_said() -> None:
    rng, hits = np.random.default_rng(11), np.zeros(3)
    for _ in range(300):
        units = rng.normal(0, 0.5, 30).repeat(6)
        table = pd.DataFrame(
            {
                "y": np.exp(units + rng.normal(size=180)),
                "g": np.resize(["a", "b"], 180),
                "k": np.resize(["p", "q", "r"], 180),
                "u": np.arange(180) // 6,
                "w": rng.uniform(1, 3, 180),
            }
        )
        d = SurveyDesign(table, weights="w", psu="u")
        tests = (d.ttest("y ~ g"), d.ranktest("y ~ g"), d.ranktest("y ~ k", "vanderwaerden"))
        hits += [test.p_value < 0.05 for test in tests]
    assert ((hits / 300 > 0.015) & (hits / 300 < 0.09)).all(), hits  # 5 % +- 3 standard errors


def _change(**columns: Any) -> SurveyDesign:
    return design(frame(12).assign(**columns))


REFUSALS: dict[str, tuple[str, Callable[[], object]]] = {
    "three groups": ("ANA-GROUPS", lambda: _change().ttest("y ~ k")),
    "one group": ("ANA-GROUPS", lambda: _change(g="a").ttest("y ~ g")),
    "one group of ranks": ("ANA-GROUPS", lambda: _change(g="a").ranktest("y ~ g")),
    "ranks without groups": ("ANA-GROUPS", lambda: _change().ranktest("y ~ 0")),
    "group without values": (
        "ANA-GROUPS",
        lambda: _change(y=frame(12)["y"].where(frame(12)["g"] == "a")).ttest("y ~ g", na="domain"),
    ),
    "group without weight": (
        "ANA-GROUPS",
        lambda: _change(w=np.where(frame(12)["g"] == "a", 1.0, 0.0)).ttest("y ~ g"),
    ),
    "constant": ("ANA-NO-VARIANCE", lambda: _change(y=7.3).ttest("y ~ g")),
    "constant of one sample": ("ANA-NO-VARIANCE", lambda: _change(y=7.3).ttest("y ~ 0")),
    "constant ranks": ("ANA-NO-VARIANCE", lambda: _change(y=7.3).ranktest("y ~ g")),
    "constant ranks of three": ("ANA-SINGULAR", lambda: _change(y=7.3).ranktest("y ~ k")),
    "missing response": (
        "ANA-MISSING",
        lambda: _change(y=frame(12)["y"].replace(3.0, np.nan)).ttest("y ~ g"),
    ),
    "missing group": ("ANA-MISSING", lambda: _change(g=frame(12)["g"].replace("a", None)).ttest("y ~ g")),
    "logarithm of zero": ("ANA-MISSING", lambda: _change(y=frame(12)["y"] - 1).ttest("log(y) ~ g")),
    "nothing at all": ("ANA-EMPTY", lambda: _change(y=np.nan).ttest("y ~ g", na="domain")),
    "unknown response": ("ANA-COLUMN", lambda: _change().ttest("z ~ g")),
    "unknown group": ("ANA-COLUMN", lambda: _change().ttest("y ~ z")),
    "text": ("ANA-TYPE", lambda: _change().ttest("k ~ g")),
    "no formula": ("ANA-EXPRESSION", lambda: _change().ttest("y")),
    "unknown test": ("ANA-OPTION", lambda: _change().ranktest("y ~ g", "sign")),
    "unknown ties": ("ANA-OPTION", lambda: _change().ranktest("y ~ g", ties="first")),
    "unknown rule": ("ANA-OPTION", lambda: _change().ttest("y ~ g", na="drop")),
    "scores of other length": ("ANA-SCORES", lambda: _change().ranktest("y ~ g", lambda r, n: r[:3])),
    "scores without number": ("ANA-SCORES", lambda: _change().ranktest("y ~ g", lambda r, n: np.log(r - r))),
    "no degrees of freedom": (
        "ANA-DF",
        lambda: design(frame(12).iloc[:8], strata=None, psu="s").ttest("y ~ g"),
    ),
    "level of the interval": ("ANA-OPTION", lambda: _change().ttest("y ~ g").confint(95)),
}


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_refusals_have_names(case: str) -> None:
    code, call = REFUSALS[case]
    with pytest.raises(AnalysisError) as refused:
        call()
    assert refused.value.code == code


def test_results_have_a_table_and_a_line() -> None:
    d = design(frame(13))
    for test in (d.ttest("y ~ g"), d.ranktest("y ~ k")):
        assert len(test.tidy()) == 1
        assert test.formula in repr(test)
        assert "hyohon-test" in test._repr_html_()


BY_DOMAIN: dict[str, Callable[..., Any]] = {
    "ttest": lambda d, **by: d.ttest("y ~ g", na="domain", **by),
    "one sample": lambda d, **by: d.ttest("after - before ~ 0", na="domain", **by),
    "wilcoxon": lambda d, **by: d.ranktest("y ~ g", na="domain", **by),
    "weighted": lambda d, **by: d.ranktest("y ~ g", "median", ties="weighted", na="domain", **by),
    "kruskal": lambda d, **by: d.ranktest("before ~ k", "vanderwaerden", na="domain", **by),
    "own": lambda d, **by: d.ranktest("y ~ g", lambda r, n: r > 0.75 * n, na="domain", **by),
}


@pytest.mark.parametrize("kind", BY_DOMAIN)
def test_tests_by_domain_are_those_of_the_subsets(kind: str) -> None:
    table = frame(14, 240).assign(area=np.repeat(["練馬", "大泉", "関町"], 80))
    table.loc[::9, "y"] = np.nan
    table.loc[200:210, "area"] = None
    d = design(table)
    rows = BY_DOMAIN[kind](d, by="area").tidy().set_index("area")
    assert rows.index.tolist() == ["大泉", "練馬", "関町"]
    for area in rows.index:
        alone = BY_DOMAIN[kind](d.subset((table["area"] == area).to_numpy(bool))).tidy().iloc[0]
        for name in ("estimate", "se", "ci_low", "statistic", "df", "df_residual", "p_value", "n"):
            assert rows.loc[area, name] == pytest.approx(alone[name], rel=1e-8, nan_ok=True), name


def test_a_domain_that_cannot_be_tested_has_no_test() -> None:
    table = frame(15, 240).assign(area=np.repeat(["p", "q", "r"], 80))
    table.loc[table["area"] == "q", "g"] = "a"
    table.loc[table["area"] == "r", "y"] = 3.0
    found = design(table).ttest("y ~ g", by="area")
    assert [test is None for test in found.tests] == [False, True, True]
    assert np.isnan(found.tidy()["p_value"]).tolist() == [False, True, True]
    assert "1 tests in 3 domains" in repr(found)
    assert "hyohon-tests" in found._repr_html_()
