"""Cross tables and their tests obey their identities, and hold their level under clustering."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import SurveyDesign
from analysis.crosstab import Crosstab
from analysis.crosstab_view import crosstab_view

EXACT = 1e-11  # a covariance and its transformations: the last four or five of sixteen digits
STATISTICS = ("F", "Chisq", "Wald", "adjWald", "lincom", "saddlepoint")


def clustered(seed: int = 3) -> pd.DataFrame:
    """40 PSUs of 12 persons in 4 strata; a and b depend on the PSU."""
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(40), 12)
    lean = rng.normal(0, 0.8, 40)[psu]
    frame = pd.DataFrame({"h": psu // 10, "psu": psu, "w": rng.uniform(1, 4, psu.size)})
    frame["頻度 .a"] = np.array(["低", "中", "高"])[
        np.digitize(lean + rng.normal(size=psu.size), [-0.5, 0.7])
    ]
    frame["b"] = rng.normal(size=psu.size) + 0.3 * lean > 0.2
    frame["c"] = rng.integers(1, 4, psu.size)
    frame["many"] = 10
    return frame


def design(frame: pd.DataFrame | None = None, **options: Any) -> SurveyDesign:
    frame = clustered() if frame is None else frame
    return SurveyDesign(frame, **({"weights": "w", "strata": "h", "psu": "psu"} | options))


def table() -> Crosstab:
    return design().crosstab("頻度 .a", "b")


def test_margins_add_up() -> None:
    """Cells add up to margins, margins to the sum of weights, shares to 1, by total, row and column."""
    x = table()
    cells = x.table().set_index("頻度 .a")
    np.testing.assert_allclose(cells.sum(axis=1), x.margin("row").estimate, rtol=EXACT)
    np.testing.assert_allclose(cells.sum(axis=0), x.margin("column").estimate, rtol=EXACT)
    assert x.totals().estimate.sum() == pytest.approx(clustered()["w"].sum(), rel=EXACT)
    for base, groups in (("row", 3), ("column", 2), ("total", 1)):
        sums = x.percent(base).estimate.reshape(groups, -1).sum(axis=1)
        np.testing.assert_allclose(sums, 1.0, rtol=EXACT)
    assert x.margin("row", share=True).estimate.sum() == pytest.approx(1.0, rel=EXACT)
    assert x.n == 480
    assert x.totals().linear.n.sum() == 480


def test_shares_equal_the_estimators_of_means() -> None:
    """Row and column shares are proportions by domain, shares of the table those of a joint variable."""
    d, x = design(), table()
    joint = d.assign(cell=d.data["頻度 .a"] + d.data["b"].astype(str))
    pairs = [
        (x.percent("row"), d.assign(b=d.data["b"].astype(str)).proportion("b", by="頻度 .a")),
        (x.percent("column"), d.proportion("頻度 .a", by="b")),
        (x.percent("total"), joint.proportion("cell")),
        (x.totals(), joint.total("cell")),
        (x.margin("row"), d.total("頻度 .a")),
        (x.margin("row", share=True), d.proportion("頻度 .a")),
    ]
    for ours, other in pairs:
        np.testing.assert_allclose(ours.estimate, other.estimate, rtol=EXACT)
        np.testing.assert_allclose(ours.se, other.se, rtol=EXACT)
        one, two = ours.tidy(), other.tidy()
        np.testing.assert_allclose(
            one[["ci_low", "ci_high", "df"]], two[["ci_low", "ci_high", "df"]], rtol=1e-9
        )


def test_tidy_is_the_estimates_in_one_table() -> None:
    """One row a cell and measure, in the order of the cells, with the numbers of the estimates."""
    x = table()
    tidy = x.tidy()
    assert list(tidy.columns[:3]) == ["頻度 .a", "b", "measure"]
    for measure, base in (("row", "row"), ("share", "total"), ("column", "column")):
        part = tidy[tidy["measure"] == measure].set_index(["頻度 .a", "b"])
        estimate = x.percent(base).tidy()
        keys = estimate.iloc[:, 0].astype(str) + estimate["level"]
        ours = {f"{r}{c}": v for (r, c), v in part["se"].items()} if base != "column" else {}
        ours = ours or {f"{c}{r}": v for (r, c), v in part["se"].items()}
        np.testing.assert_allclose([ours[key] for key in keys], estimate["se"], rtol=EXACT)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_tests_do_not_hang_on_labels_order_or_scale(statistic: str) -> None:
    """Relabelled, reordered, transposed, with other units of weight or rows shuffled: the same test."""
    base = table().test(statistic)
    frame = clustered()
    other = frame.assign(
        x=pd.Categorical(frame["頻度 .a"].map({"低": "z", "中": "a", "高": "m"}), ["m", "z", "unused", "a"]),
        y=np.where(frame["b"], 1, 2),
        w=1000 * frame["w"],
    ).sample(frac=1, random_state=1)
    for changed in (design(other).crosstab("x", "y"), design(other).crosstab("y", "x")):
        test = changed.test(statistic)
        assert test.statistic == pytest.approx(base.statistic, rel=1e-9)
        assert test.p_value == pytest.approx(base.p_value, rel=1e-8)
        assert (test.df, test.df_residual) == pytest.approx((base.df, base.df_residual), rel=1e-9)


def simple(counts: list[list[int]], seed: int = 0) -> SurveyDesign:
    """Simple random sample with replacement, with the given table of a and b."""
    rows = [(i, j) for i, row in enumerate(counts) for j, k in enumerate(row) for _ in range(k)]
    frame = pd.DataFrame(rows, columns=["a", "b"]).assign(w=7.0)
    return SurveyDesign(frame.sample(frac=1, random_state=seed), weights="w")


def test_reduces_to_pearson() -> None:
    """With equal weights and replacement every design effect is n / (n - 1) and F is Pearson's X2 / df."""
    counts = [[20, 30, 25], [35, 18, 22]]
    pearson, _p, df, expected = stats.chi2_contingency(counts, correction=False)
    x, n = simple(counts).crosstab("a", "b"), 150
    f, chisq = x.test("F"), x.test("Chisq")
    np.testing.assert_allclose(f.eigenvalues, n / (n - 1), rtol=EXACT)
    assert f.statistic == pytest.approx(pearson / df * (n - 1) / n, rel=EXACT)
    assert (f.df, f.df_residual) == pytest.approx((df, df * (n - 1)), rel=EXACT)
    assert chisq.statistic == pytest.approx(pearson, rel=EXACT)
    assert chisq.p_value == pytest.approx(stats.chi2.sf(pearson * (n - 1) / n, df), rel=EXACT)
    np.testing.assert_allclose(chisq.expected, expected, rtol=EXACT)
    np.testing.assert_allclose(chisq.observed, counts, rtol=EXACT)
    # lincom with one common weight is an F with the same denominator
    assert x.test("lincom").p_value == pytest.approx(stats.f.sf(f.statistic, df, df * (n - 1)), rel=EXACT)


def test_twins_count_once() -> None:
    """Lohr's 500 households (cable, computer): X2 = 2.281; with both partners asked, F stays as it was."""
    d = simple([[119, 188], [88, 105]])
    x = d.crosstab("a", "b")
    assert x.test("Chisq").statistic == pytest.approx(2.281, abs=5e-4)
    household = np.arange(500)
    couples = pd.concat([d.data.assign(house=household)] * 2, ignore_index=True)
    y = SurveyDesign(couples, weights="w", psu="house").crosstab("a", "b")
    assert y.test("Chisq").statistic == pytest.approx(2 * x.test("Chisq").statistic, rel=EXACT)
    for statistic in ("F", "Wald", "saddlepoint"):
        assert y.test(statistic).p_value == pytest.approx(x.test(statistic).p_value, rel=1e-9)
    assert y.cramer_v() == pytest.approx(np.sqrt(x.test("Chisq").statistic / 500), rel=EXACT)


def test_residuals() -> None:
    """Residuals of rows and columns cancel; in a simple sample they are near Haberman's; p by Student's t."""
    frame = table().residuals()
    apart = (frame["observed"] - frame["expected"]).to_numpy().reshape(3, 2)
    np.testing.assert_allclose(apart.sum(axis=1), 0, atol=1e-15)
    np.testing.assert_allclose(frame["se"][::2], frame["se"][1::2], rtol=1e-9)
    np.testing.assert_allclose(frame["p_value"], 2 * stats.t.sf(frame["residual"].abs(), 36), rtol=1e-10)
    counts = np.array([[20, 30, 25], [35, 18, 22]])
    ours = simple(counts.tolist()).crosstab("a", "b").residuals()["residual"].to_numpy().reshape(2, 3)
    expected = stats.contingency.expected_freq(counts)
    row, col = counts.sum(axis=1) / 150, counts.sum(axis=0) / 150
    haberman = (counts - expected) / np.sqrt(expected * np.outer(1 - row, 1 - col))
    # theirs takes the variance under independence, ours as observed
    np.testing.assert_allclose(ours, haberman, rtol=0.05)


def test_two_by_two_by_hand() -> None:
    """In a 2 x 2 table the design effect is that of the log odds ratio; Wald is a squared t of o - e."""
    frame = clustered()
    x = design(frame.assign(two=frame["c"] == 1)).crosstab("b", "two")
    t, v = x.cells.total, x.cells.covariance
    share, n = t / t.sum(), x.n
    odds = np.array([1, -1, -1, 1]) / t
    simple_variance = (1 / share).sum() / n
    expected = x.test("Chisq").expected.to_numpy().reshape(-1)
    pearson = ((n * share - expected) ** 2 / expected).sum()
    f = x.test("F")
    assert f.statistic == pytest.approx(pearson * simple_variance / (odds @ v @ odds), rel=1e-10)
    assert (f.df, f.df_residual) == pytest.approx((1, 36))
    whole, row, col = t.sum(), t[0] + t[1], t[0] + t[2]
    slope = np.array([1, 0, 0, 0]) - np.array([col + row, col, row, 0]) / whole + row * col / whole**2
    wald = (t[0] - row * col / whole) ** 2 / (slope @ v @ slope)
    assert x.test("Wald").statistic == pytest.approx(wald, rel=1e-10)
    assert x.test("adjWald").p_value == pytest.approx(2 * stats.t.sf(np.sqrt(wald), 36), rel=1e-10)


def test_census_and_strata_have_no_variance() -> None:
    """A census gives variance 0 and no p-value; a margin that the strata fix has variance 0."""
    frame = clustered()
    census = design(frame, fpc="many").crosstab("b", "c")
    np.testing.assert_array_equal(census.totals().se, 0.0)
    assert np.isnan(census.test("F").p_value)
    assert np.isnan(census.test("lincom").p_value)
    elements = frame.assign(size=frame.groupby("h")["w"].transform("size") * 5.0, w=5.0)
    x = SurveyDesign(elements, weights="w", strata="h", fpc="size").crosstab("h", "b")
    np.testing.assert_array_equal(x.margin("row").se, 0.0)
    np.testing.assert_array_equal(x.margin("row", share=True).se, 0.0)
    assert (x.totals().se > 0).all()


def test_layers_are_subsets() -> None:
    """A layer's table and test are those of the subset; layers add up to the table without them."""
    d = design()
    x = d.crosstab("頻度 .a", "b", "c")
    np.testing.assert_allclose(
        x.totals().estimate.reshape(3, 6).sum(axis=0), table().totals().estimate, rtol=EXACT
    )
    tests = x.test_layers("F").tidy()
    for k, (level, layer) in enumerate(zip([1, 2, 3], x.layers(), strict=True)):
        alone = d.subset(d.data["c"] == level).crosstab("頻度 .a", "b")
        pd.testing.assert_frame_equal(layer.tidy(), alone.tidy(), check_exact=False, rtol=1e-9)
        assert tests.loc[k, "c"] == level
        assert tests.loc[k, "p_value"] == pytest.approx(alone.test("F").p_value, rel=1e-9)
        part = x.percent("row").tidy().query("c == @level")
        np.testing.assert_allclose(part["se"], alone.percent("row").se, rtol=1e-9)
        np.testing.assert_allclose(part["df"], alone.percent("row").linear.df.reshape(-1))


def test_layer_without_a_test() -> None:
    """A layer with one row only has no test, and NaN in the table of tests."""
    frame = clustered()
    frame["area"] = np.where(frame["h"] == 0, "only", "rest")
    frame["d"] = np.where(frame["area"] == "only", "x", np.where(frame["b"], "x", "y"))
    tests = design(frame).crosstab("d", "c", "area").test_layers().tidy().set_index("area")
    assert np.isnan(tests.loc["only", "p_value"])
    assert 0 < tests.loc["rest", "p_value"] < 1


def test_missing_values_are_a_domain() -> None:
    """Incomplete rows leave the table and stay in the design; unused and weightless levels are left out."""
    frame = clustered()
    gap = frame.assign(a=frame["頻度 .a"].where(frame.index % 7 != 0), flag=frame.index % 7 != 0)
    one = design(gap).crosstab("a", "b", na="domain")
    two = design(gap).subset(gap["flag"].to_numpy()).crosstab("a", "b")
    pd.testing.assert_frame_equal(one.tidy(), two.tidy(), check_exact=False, rtol=1e-9)
    kinds = pd.Categorical(frame["頻度 .a"], ["高", "never", "中", "低"])
    weight = frame["w"].where(frame["頻度 .a"] != "中", 0.0)
    x = design(frame.assign(a=kinds, w=weight)).crosstab("a", "b")
    assert x.levels[0].tolist() == ["高", "低"]
    assert x.n == (weight > 0).sum()


def test_empty_cells() -> None:
    """An empty cell has total 0 and the test goes on; too many of them are refused with a name."""
    x = simple([[10, 0, 12], [8, 9, 7], [5, 14, 9]]).crosstab("a", "b")
    assert x.table()["1"].iloc[0] == 0
    assert 0 < x.test("F").p_value < 1
    shares = x.percent("row").tidy()
    assert np.isnan(shares.loc[1, "ci_low"])  # logit of 0
    assert x.percent("row", method="beta").tidy().loc[1, ["ci_low"]].item() == 0.0


def test_views_are_plain() -> None:
    """The HTML is the same twice, has a fixed id and no script."""
    x = table()
    html = x._repr_html_()
    assert html == table()._repr_html_()
    assert 'id="hyohon-crosstab"' in html
    assert "<script" not in html
    assert "hyohon-table-test" in x.test()._repr_html_()
    assert repr(x) == "<Crosstab 頻度 .a x b: 3 x 2 cells, 480 rows>"


def test_view_holds_the_estimates() -> None:
    """What is shown are n, weighted totals and row shares, with a row of totals under each layer."""
    x = design().crosstab("頻度 .a", "b", "c")
    view = crosstab_view(x)
    assert view["頻度 .a"].tolist()[3::4] == ["Total"] * 3
    body, foot = view[view["頻度 .a"] != "Total"], view[view["頻度 .a"] == "Total"]
    assert body["n"].sum() == foot["n"].sum() == 480
    np.testing.assert_allclose(body["total"], x.margin("row").estimate, atol=0.5)
    np.testing.assert_allclose(
        body[["b: False", "b: True"]].to_numpy().reshape(-1), x.percent("row").estimate
    )
    np.testing.assert_allclose(foot["b: True"], x.margin("column", share=True).estimate[1::2], rtol=EXACT)


def test_level_under_clustering() -> None:
    """With no association, F rejects in about 5 of 100 samples of clusters, Pearson's test in many more."""
    rng = np.random.default_rng(12)
    psu = np.repeat(np.arange(30), 15)
    rejected = np.zeros(3)
    runs = 250
    for _ in range(runs):
        lean = rng.normal(0, 1.0, (2, 30))
        a = np.digitize(lean[0][psu] + rng.normal(size=psu.size), [-0.6, 0.6])
        b = np.digitize(lean[1][psu] + rng.normal(size=psu.size), [0.0])
        x = SurveyDesign(
            pd.DataFrame({"psu": psu, "a": a, "b": b, "w": 1.0}), weights="w", psu="psu"
        ).crosstab("a", "b")
        pearson = x.test("Chisq").statistic
        p = [x.test("F").p_value, x.test("lincom").p_value, stats.chi2.sf(pearson, 2)]
        rejected += np.array(p) < 0.05
    # three standard errors of a share of 5 % over 250 runs are 4.1 points
    assert 0.009 < rejected[0] / runs < 0.091
    assert 0.009 < rejected[1] / runs < 0.091
    assert rejected[2] / runs > 0.15
