"""t tests, rank tests, standardised rates and the Gini coefficient equal R on public and own data."""

from collections.abc import Callable

import numpy as np
import pytest
from survey_designs import DESIGNS, design, expected, table

from analysis import Estimate, SurveyDesign
from analysis.tested import SurveyTest

RELATIVE = 1e-8  # what the project promises of test statistics
TINY = 1e-14  # p-values far out keep fewer digits, and estimates near 0
EXPECTED = expected("tests")
IN_DOMAINS = EXPECTED["case"].str.endswith("_domain")
TESTS = EXPECTED[EXPECTED["case"].str.match("[tr]_") & ~IN_DOMAINS]
DOMAINS = EXPECTED[IN_DOMAINS]

TTESTS = {
    "t_two": "enroll ~ `comp.imp`",
    "t_log": "log(enroll) ~ comp.imp",
    "t_paired": "I(api00 - api99) ~ 0",
    "t_one": "api00 ~ 0",
    "t_nhanes": "HI_CHOL ~ RIAGENDR",
    "t_nhanes_one": "HI_CHOL ~ 1",
    "t_own": "食費.月 ~ 性別",
    "t_own_missing": "`塩分.g` ~ `独居`",
}
RANKTESTS = {
    "r_two": "enroll ~ `comp.imp`",
    "r_ties": "ell ~ comp.imp",
    "r_groups": "enroll ~ stype",
    "r_tied_groups": "meals ~ stype",
    "r_own": "塩分.g ~ 性別",
    "r_own_groups": "満足 ~ 外食",
    "r_own_real": "`体 重` ~ 独居",
}
SCORES: dict[str, object] = {
    "wilcoxon": "wilcoxon",
    "vanderWaerden": "vanderwaerden",
    "median": "median",
    "KruskalWallis": "kruskal",
    "upper": lambda r, n: (r > 0.75 * n).astype(float),
}


def run(d: SurveyDesign, case: str) -> SurveyTest:
    if case in TTESTS:
        return d.ttest(TTESTS[case], na="domain")
    kind, score = case.rsplit("_", 1)
    return d.ranktest(RANKTESTS[kind], SCORES[score], na="domain")


def in_order_of_r(name: str) -> SurveyDesign:
    """Make the design with the rows in the order of survey_designs.R: R's ranks of ties depend on it."""
    if not name.startswith("own_"):
        return design(name)
    data, options = DESIGNS[name]
    return SurveyDesign(table(data).sort_values(["地区", "丁目", "世帯", "個人"]), **options)


def ours(test: SurveyTest, what: str) -> float:
    if what.startswith("ci_"):
        return test.confint()[what == "ci_high"]
    return float(getattr(test, what))


CASES = [tuple(row) for row in TESTS[["design", "case"]].drop_duplicates().itertuples(index=False)]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_equals_r(name: str, case: str) -> None:
    test = run(in_order_of_r(name), case)
    rows = TESTS[(TESTS["design"] == name) & (TESTS["case"] == case)]
    found = [ours(test, what) for what in rows["what"]]
    np.testing.assert_allclose(found, rows["value"], rtol=RELATIVE, atol=TINY)


def test_every_case_of_r_is_checked() -> None:
    kinds = {case if case in TTESTS else case.rsplit("_", 1)[0] for case in TESTS["case"]}
    assert kinds == set(TTESTS) | set(RANKTESTS)
    assert {case.rsplit("_", 1)[1] for case in TESTS["case"] if case not in TTESTS} == set(SCORES)


@pytest.mark.parametrize("case", ["t_domain", "r_domain"])
@pytest.mark.parametrize("name", DOMAINS["design"].unique())
def test_tests_in_domains_equal_r(name: str, case: str) -> None:
    d, formula = design(name), "enroll ~ comp.imp"
    if case == "t_domain":
        found = d.ttest(formula, by="stype", na="domain")
    else:
        found = d.ranktest(formula, "vanderWaerden", by="stype", na="domain")
    frame = found.tidy().set_index("stype")
    rows = DOMAINS[(DOMAINS["design"] == name) & (DOMAINS["case"] == case)]
    ours = [frame.loc[by, what] for by, what in rows[["by", "what"]].itertuples(index=False)]
    np.testing.assert_allclose(ours, rows["value"], rtol=RELATIVE, atol=TINY)


@pytest.mark.parametrize("name", EXPECTED[EXPECTED["case"] == "g_gini"]["design"].unique())
def test_gini_equals_its_double_sum_and_linearised_total_in_r(name: str) -> None:
    rows = EXPECTED[(EXPECTED["case"] == "g_gini") & (EXPECTED["design"] == name)]
    found = design(name).gini("api.stu")
    np.testing.assert_allclose([found.estimate[0], found.se[0]], rows["value"], rtol=1e-9)


STANDARD = EXPECTED[EXPECTED["case"].str.startswith("s_")]
AGES = {"(0,19]": 55901, "(19,39]": 77670, "(39,59]": 72816, "(59,Inf]": 45364}
STANDARDISED: dict[str, Callable[[SurveyDesign], Estimate]] = {
    "s_over": lambda d: d.standardise("HI_CHOL", "agecat", AGES, ["race", "RIAGENDR"], na="domain"),
    "s_all": lambda d: d.standardise("HI_CHOL", "agecat", AGES, na="domain"),
    "s_api": lambda d: d.standardise("api00", "stype", {"E": 4421, "H": 755, "M": 1018}, "comp.imp"),
}


@pytest.mark.parametrize(
    ("name", "case"), [tuple(r) for r in STANDARD[["design", "case"]].drop_duplicates().to_numpy()]
)
def test_standardised_rates_equal_r(name: str, case: str) -> None:
    estimate = STANDARDISED[case](design(name))
    frame = estimate.tidy()
    names = [":".join(map(str, row)) for row in estimate.by.to_numpy()]
    rows = STANDARD[(STANDARD["design"] == name) & (STANDARD["case"] == case)]
    for what in ("estimate", "se"):
        theirs = rows[rows["what"] == what].set_index("by")["value"]
        np.testing.assert_allclose(frame[what], theirs[names], rtol=1e-9)
