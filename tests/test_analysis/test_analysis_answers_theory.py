"""Goodness of fit, several answers, kappa and alpha obey hand calculations, identities and refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import SurveyDesign
from analysis.adjustment import adjusted
from custody.errors import AnalysisError

EXACT = 1e-10  # a covariance and its transformations
ITEMS = ["q_1", "q_2", "q_3", "q_4"]


def persons(seed: int = 5, n: int = 300) -> pd.DataFrame:
    """60 PSUs of 5 persons; four items that hang together, two ratings, a scale of three items."""
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(n // 5), 5)
    lean = rng.normal(0, 0.6, n // 5)[psu] + rng.normal(0, 0.5, n)
    frame = pd.DataFrame({"psu": psu, "h": psu % 3, "w": rng.uniform(1, 3, n)})
    for j, item in enumerate(ITEMS):
        frame[item] = (lean + rng.normal(size=n) > 0.2 * j).astype(int)
    frame["g"] = np.array(["光が丘", "大泉", "練馬"])[rng.integers(0, 3, n)]
    frame["one"] = np.digitize(lean + rng.normal(0, 0.5, n), [-0.5, 0.5])
    frame["two"] = np.digitize(lean + rng.normal(0, 0.5, n), [-0.5, 0.5])
    for name in ("x", "y", "z"):
        frame[name] = np.round(3 + lean + rng.normal(0, 0.7, n), 1)
    return frame


def design(frame: pd.DataFrame | None = None) -> SurveyDesign:
    return SurveyDesign(persons() if frame is None else frame, weights="w", strata="h", psu="psu")


def simple(**columns: Any) -> SurveyDesign:
    return SurveyDesign(pd.DataFrame(columns).assign(w=2.0), weights="w")


def test_fit_of_a_simple_sample() -> None:
    """With equal weights F is Pearson's X2 over its variance by hand, and Wald for two levels a squared t."""
    n, counts, null = 120, np.array([50, 40, 30]), np.array([0.5, 0.3, 0.2])
    d, p = simple(a=np.repeat(["x", "y", "z"], counts)), counts / 120
    f = d.gof("a", dict(zip("xyz", null, strict=True)))
    # the number of persons is known, so only shares vary: variance p (1 - p) / (n - 1) over the null share
    pearson, effect = ((p - null) ** 2 / null).sum(), (p * (1 - p) / null).sum() / (n - 1)
    assert f.statistic == pytest.approx(pearson / effect, rel=EXACT)
    assert f.df_residual == pytest.approx(f.df * (n - 1), rel=EXACT)
    chisq = d.gof("a", null, "Chisq")
    assert chisq.statistic == pytest.approx(2 * n * pearson, rel=EXACT)
    assert chisq.p_value == pytest.approx(stats.chi2.sf(2 * pearson / effect, 2), rel=EXACT)
    two = simple(b=np.repeat([True, False], [70, 50]))
    t = (70 / 120 - 0.5) / np.sqrt(70 / 120 * 50 / 120 / 119)
    assert two.gof("b", [1, 1], "Wald").statistic == pytest.approx(t**2, rel=EXACT)
    assert two.gof("b", [1, 1], "adjWald").p_value == pytest.approx(2 * stats.t.sf(t, 119), rel=EXACT)


@pytest.mark.parametrize("test", ["F", "Chisq", "satterthwaite", "Wald", "adjWald", "lincom", "saddlepoint"])
def test_fit_does_not_hang_on_order_or_scale(test: str) -> None:
    """Levels in another order, weights in another unit, shares not summing to 1: the same p-value."""
    frame = persons()
    base = design(frame).gof("g", {"光が丘": 0.3, "大泉": 0.4, "練馬": 0.3}, test)
    other = frame.assign(w=50 * frame["w"], g=pd.Categorical(frame["g"], ["練馬", "光が丘", "大泉"]))
    changed = design(other).gof("g", [3, 3, 4], test)
    assert changed.p_value == pytest.approx(base.p_value, rel=1e-8)
    assert changed.observed.index.tolist() == ["練馬", "光が丘", "大泉"]


def test_fit_with_the_observed_shares_is_perfect() -> None:
    """The estimated shares themselves give statistic 0 and p 1; a level without rows counts as observed 0."""
    d = design()
    shares = d.mean("g").estimate
    assert d.gof("g", list(shares)).p_value == pytest.approx(1.0)
    extra = d.gof("g", {"光が丘": 1, "大泉": 1, "練馬": 1, "関町": 0.2}, "Chisq")
    assert extra.observed.loc["関町", "total"] == 0
    assert extra.df == 3


def test_answers_by_hand() -> None:
    """Five persons, three items: shares of persons and of answers, and who counts as the base."""
    d = simple(a=[1, 1, 0, 1, 0], b=[1, 0, 1, 0, 0], c=[0, 0, 1, 1, 0])
    named, everyone = d.multiple_answers(["a", "b", "c"]), d.multiple_answers(["a", "b", "c"], base="all")
    np.testing.assert_allclose(named.persons().estimate, [3 / 4, 2 / 4, 2 / 4], rtol=EXACT)
    np.testing.assert_allclose(everyone.persons().estimate, [3 / 5, 2 / 5, 2 / 5], rtol=EXACT)
    for m in (named, everyone):
        np.testing.assert_allclose(m.answers().estimate, [3 / 7, 2 / 7, 2 / 7], rtol=EXACT)
    assert named.mean_count().estimate[0] == pytest.approx(7 / 4, rel=EXACT)
    tidy = named.tidy("descending")
    assert tidy["item"].tolist() == ["a", "b", "c"]
    assert tidy["n"].tolist() == [4, 4, 4]


def test_answers_follow_the_estimators_of_ratios() -> None:
    """Shares of persons are domain means, shares of answers ratios; the latter add up to 1 in every group."""
    d = design()
    named = d.data[ITEMS].sum(axis=1)
    restricted = d.assign(count=named).subset((named > 0).to_numpy())
    m = d.multiple_answers(ITEMS, by="g")
    mean = restricted.mean(ITEMS, by="g")
    np.testing.assert_allclose(m.persons().estimate, mean.estimate, rtol=EXACT)
    np.testing.assert_allclose(m.persons().covariance, mean.covariance, rtol=1e-9, atol=1e-16)
    answers = m.answers()
    np.testing.assert_allclose(answers.estimate.reshape(3, 4).sum(axis=1), 1.0, rtol=EXACT)
    ratio = restricted.ratio("q_2", "count", by="g")
    np.testing.assert_allclose(answers.se[1::4], ratio.se, rtol=1e-9)


def test_item_tests_are_cross_tables() -> None:
    """Each item's test is that of its cross table over the base; adjusted p-values are never smaller."""
    d = design()
    tests = d.multiple_answers(ITEMS, by="g", base="all").test()
    for item, test in zip(ITEMS, tests.tests, strict=True):
        alone = d.crosstab("g", item).test("F")
        assert test.statistic == pytest.approx(alone.statistic, rel=1e-9)
        assert test.p_value == pytest.approx(alone.p_value, rel=1e-9)
    tidy = tests.tidy()
    assert (tidy["p_value"] <= tidy["p_holm"]).all()
    assert (tidy["p_holm"] <= tidy["p_bonferroni"]).all()
    assert repr(tests).startswith("<ItemTests: 4 items, joint p 0.")


@pytest.mark.parametrize("statistic", ["F", "lincom"])
def test_joint_test_counts_an_item_once(statistic: str) -> None:
    """One item with its opposite, or twice, is that item's own test; the order of items does not matter."""
    d = design()
    d = d.assign(again=d.data["q_1"], opposite=1 - d.data["q_1"])
    single = d.crosstab("g", "q_1").test(statistic)
    for other in ("again", "opposite"):
        joint = d.multiple_answers(["q_1", other], by="g", base="all").test(statistic).joint
        assert joint.p_value == pytest.approx(single.p_value, rel=1e-6)
    one, two = (d.multiple_answers(items, by="g").test(statistic).joint for items in (ITEMS, ITEMS[::-1]))
    assert one.p_value == pytest.approx(two.p_value, rel=1e-9)
    assert one.eigenvalues.size == 8


def test_joint_test_holds_its_level() -> None:
    """With items that hang together and a grouping that does not matter, about 5 of 100 samples reject."""
    rejected, runs = 0, 300
    for seed in range(runs):
        d = design(persons(seed, 150))
        rejected += d.multiple_answers(ITEMS, by="g", base="all").test("F").joint.p_value < 0.05
    # four standard errors of 5 % over 300 runs are 5 points
    assert 0.005 < rejected / runs < 0.1


def test_item_that_nobody_named() -> None:
    """An item that nobody named has no test and does not count among the tests."""
    d = design(persons().assign(never=0))
    tests = d.multiple_answers([*ITEMS, "never"], by="g").test()
    assert tests.tests[4] is None
    without = d.multiple_answers(ITEMS, by="g").test()
    np.testing.assert_allclose(tests.tidy()["p_bonferroni"][:4], without.tidy()["p_bonferroni"], rtol=EXACT)
    assert tests.joint.p_value == pytest.approx(without.joint.p_value, rel=EXACT)


def test_adjusted_p_values() -> None:
    """Bonferroni and Holm of Holm's kind of example, worked out by hand."""
    p = np.array([0.01, 0.02, 0.03, 0.5])
    np.testing.assert_allclose(adjusted(p, "bonferroni"), [0.04, 0.08, 0.12, 1.0])
    np.testing.assert_allclose(adjusted(p, "holm"), [0.04, 0.06, 0.06, 0.5])


def test_kappa_by_hand() -> None:
    """A simple sample: kappa and the variance of Fleiss, Cohen and Everitt (1969), times n / (n - 1)."""
    table = np.array([[40, 6, 4], [5, 25, 5], [2, 3, 30]])
    rows = [(i, j) for i in range(3) for j in range(3) for _ in range(table[i, j])]
    d = simple(a=[r[0] for r in rows], b=[r[1] for r in rows])
    n = table.sum()
    p = table / n
    row, col, agreed = p.sum(axis=1), p.sum(axis=0), np.trace(p)
    chance = row @ col
    kappa = (agreed - chance) / (1 - chance)
    same = sum(p[i, i] * ((1 - chance) - (row[i] + col[i]) * (1 - agreed)) ** 2 for i in range(3))
    apart = sum(p[i, j] * (col[i] + row[j]) ** 2 for i in range(3) for j in range(3) if i != j)
    rest = (agreed * chance - 2 * chance + agreed) ** 2
    variance = (same + (1 - agreed) ** 2 * apart - rest) / (n * (1 - chance) ** 4)
    estimate = d.kappa("a", "b")
    assert estimate.estimate[0] == pytest.approx(kappa, rel=EXACT)
    assert estimate.se[0] == pytest.approx(np.sqrt(variance * n / (n - 1)), rel=EXACT)


def test_kappa_by_domain_is_that_of_the_subset() -> None:
    """Kappa by group equals kappa of the subsets; perfect agreement is 1 with SE 0, one level gives NaN."""
    d = design()
    by = d.kappa("one", "two", by="g")
    for k, g in enumerate(by.by["g"]):
        alone = d.subset(d.data["g"] == g).kappa("one", "two")
        assert by.estimate[k] == pytest.approx(alone.estimate[0], rel=EXACT)
        assert by.se[k] == pytest.approx(alone.se[0], rel=EXACT)
    perfect = d.kappa("one", "one")
    assert (perfect.estimate[0], perfect.se[0]) == pytest.approx((1.0, 0.0), abs=1e-12)
    constant = d.assign(k="same").kappa("k", "k")
    assert np.isnan(constant.estimate[0])
    assert np.isnan(constant.se[0])


def test_alpha_is_a_function_of_means() -> None:
    """Alpha and its SE by the delta method from the covariance of first and second moments."""
    d = design()
    values = d.data[["x", "y", "z"]].to_numpy()
    frame = {f"m{j}": values[:, j] for j in range(3)} | {f"s{j}": values[:, j] ** 2 for j in range(3)}
    moments = d.assign(**frame, total=values.sum(axis=1), squared=values.sum(axis=1) ** 2)
    names = [*frame, "total", "squared"]
    means = moments.mean(names)
    m = means.estimate
    parts, whole = (m[3:6] - m[:3] ** 2).sum(), m[7] - m[6] ** 2
    ours = d.alpha(["x", "y", "z"])
    assert ours.estimate[0] == pytest.approx(1.5 * (1 - parts / whole), rel=EXACT)
    slope = -1.5 / whole * np.concatenate([-2 * m[:3], np.ones(3), parts / whole * np.array([2 * m[6], -1])])
    assert ours.se[0] == pytest.approx(np.sqrt(slope @ means.covariance.to_numpy() @ slope), rel=1e-8)


def test_alpha_of_equal_items_is_one() -> None:
    """Identical items have alpha 1; by group it is that of the subset; a scale without spread gives NaN."""
    d = design()
    assert d.assign(twin=d.data["x"]).alpha(["x", "twin"]).estimate[0] == pytest.approx(1.0, rel=EXACT)
    by = d.alpha(["x", "y"], by="g")
    alone = d.subset(d.data["g"] == "大泉").alpha(["x", "y"])
    assert by.estimate[1] == pytest.approx(alone.estimate[0], rel=EXACT)
    assert by.se[1] == pytest.approx(alone.se[0], rel=EXACT)
    assert np.isnan(d.assign(c=1.0, k=2.0).alpha(["c", "k"]).estimate[0])


def gap(column: str) -> SurveyDesign:
    frame = persons()
    return design(frame.assign(**{column: frame[column].where(frame.index > 3)}))


REFUSALS: dict[str, tuple[str, Callable[[], object]]] = {
    "same variable twice": ("ANA-OPTION", lambda: design().crosstab("g", "g")),
    "unknown variable": ("ANA-COLUMN", lambda: design().crosstab("g", "nowhere")),
    "missing values": ("ANA-MISSING", lambda: gap("g").crosstab("g", "one")),
    "unknown rule": ("ANA-OPTION", lambda: design().crosstab("g", "one", na="drop")),
    "name of a result": ("ANA-COLUMN", lambda: design(persons().assign(n=1)).crosstab("n", "g")),
    "unknown test": ("ANA-OPTION", lambda: design().crosstab("g", "one").test("G")),
    "unknown base": ("ANA-OPTION", lambda: design().crosstab("g", "one").percent("all")),
    "unknown interval": ("ANA-OPTION", lambda: design().crosstab("g", "one").percent(method="exact")),
    "test of layers": ("ANA-LAYERS", lambda: design().crosstab("g", "one", "q_1").test()),
    "residuals of layers": ("ANA-LAYERS", lambda: design().crosstab("g", "one", "q_1").residuals()),
    "one level": ("ANA-ONE-LEVEL", lambda: design(persons().assign(k=1)).crosstab("g", "k").test()),
    "too many empty cells": (
        "ANA-EMPTY-CELLS",
        lambda: design(persons().assign(t=persons()["one"])).crosstab("one", "t").test(),
    ),
    "wald, few psus": ("ANA-SINGULAR", lambda: design(persons(n=30)).crosstab("g", "one").test("Wald")),
    "nothing complete": (
        "ANA-EMPTY",
        lambda: design(persons().assign(k=np.nan)).crosstab("g", "k", na="domain"),
    ),
    "shares for other levels": ("ANA-PROBABILITY", lambda: design().gof("g", {"大泉": 1, "練馬": 1})),
    "too few shares": ("ANA-PROBABILITY", lambda: design().gof("g", [0.5, 0.5])),
    "share of zero": ("ANA-PROBABILITY", lambda: design().gof("g", [0.5, 0.5, 0])),
    "fit, unknown test": ("ANA-OPTION", lambda: design().gof("g", [1, 1, 1], "G")),
    "fit, missing values": ("ANA-MISSING", lambda: gap("g").gof("g", [1, 1, 1])),
    "one item": ("ANA-ITEMS", lambda: design().multiple_answers(["q_1"])),
    "item of other values": ("ANA-ITEMS", lambda: design().multiple_answers(["q_1", "one"])),
    "item missing": ("ANA-MISSING", lambda: gap("q_1").multiple_answers(ITEMS)),
    "nobody named any": (
        "ANA-EMPTY",
        lambda: design(persons().assign(k=0, m=0)).multiple_answers(["k", "m"]),
    ),
    "unknown answer base": ("ANA-OPTION", lambda: design().multiple_answers(ITEMS, base="answered")),
    "items without groups": ("ANA-ONE-LEVEL", lambda: design().multiple_answers(ITEMS).test()),
    "kappa, missing values": ("ANA-MISSING", lambda: gap("one").kappa("one", "two")),
    "alpha of text": ("ANA-ITEMS", lambda: design().alpha(["x", "g"])),
    "alpha of one item": ("ANA-ITEMS", lambda: design().alpha(["x"])),
    "alpha, missing values": ("ANA-MISSING", lambda: gap("x").alpha(["x", "y"])),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case: str) -> None:
    """Bad input meets a named error with a hint."""
    code, call = REFUSALS[case]
    with pytest.raises(AnalysisError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.hint
