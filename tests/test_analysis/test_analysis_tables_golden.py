"""Cross tables, their tests, goodness of fit, several answers, kappa and alpha equal R survey."""

import numpy as np
import pandas as pd
import pytest
from survey_designs import LONELY_RULES, design, expected

from analysis import SurveyDesign
from analysis.crosstab import Crosstab

RELATIVE = 1e-9  # what the project promises of estimates and standard errors
STATISTIC = 1e-8  # and of test statistics: a solve with a covariance matrix costs a digit
FORMULA = 1e-4  # saddlepoint: R seeks the root to eight digits, and it enters a tail
APPROXIMATE = 0.05  # lincom: ours is exact, R without CompQuadForm takes the saddlepoint approximation
NEAR_ZERO = 1e-12  # of the largest number: what is 0 in exact arithmetic
EXPECTED = expected("tables")
ITEMS = ["sch.wide", "comp.imp", "awards", "both"]


def graded(d: SurveyDesign) -> SurveyDesign:
    high = np.where(d.data["api00"] > 650, "x", "y")
    return d.assign(grade=np.where(d.data["stype"] == "H", "z", high))


def marked(name: str, mark: str) -> SurveyDesign:
    """The design of a case: a subset, a derived column, or a rule for lonely PSUs."""
    if mark in LONELY_RULES:
        return design(name, mark)
    d = design(name)
    if mark == "grade":
        letters = d.data["stype"].astype(str).map({"E": "x", "H": "z", "M": "y"})
        return graded(d).assign(stype2=letters)
    if mark == "older":
        return d.assign(older=(d.data["年齢"] > 80).astype(int))
    if mark == "county":
        size = np.select([d.data["votes"] > 200_000, d.data["votes"] > 50_000], ["large", "middle"], "small")
        return d.assign(won=np.where(d.data["Bush"] > d.data["Kerry"], "Bush", "Kerry"), size=size)
    masks = {
        "notH": lambda: d.data["stype"] != "H",
        "men": lambda: d.data["RIAGENDR"] == 1,
        "women": lambda: d.data["性別"] == "女",
        "met": lambda: d.data["sch.wide"] == "Yes",
    }
    if mark in ("E", "H", "M"):
        return d.subset(d.data["stype"] == mark)
    return d.subset(masks[mark]()) if mark in masks else d


def cases(kind: str, what: str | None = None) -> list[object]:
    """Designs and cases of a kind; only those with a number called `what`."""
    rows = EXPECTED[EXPECTED["case"].str.split("|").str[0] == kind]
    rows = (rows if what is None else rows[rows["what"] == what])[["design", "case"]]
    return [pytest.param(*row, id="-".join(row)) for row in rows.drop_duplicates().itertuples(index=False)]


def wanted(name: str, case: str) -> pd.DataFrame:
    return EXPECTED[(EXPECTED["design"] == name) & (EXPECTED["case"] == case)]


def crosstab(name: str, case: str) -> Crosstab:
    _kind, a, b, mark = case.split("|")
    return marked(name, mark).crosstab(a, b, na="listwise")


def text(level: object) -> str:
    return str(int(level)) if isinstance(level, float) else str(level)


def measured(x: Crosstab) -> dict[tuple[str, str, str], float]:
    """Our numbers under the names of the script: by, term, what."""
    rows, columns = ([text(v) for v in levels] for levels in x.levels)
    found: dict[tuple[str, str, str], float] = {}

    def put(estimate: object, what: str, keys: list[tuple[str, str]]) -> None:
        for (by, term), value, se in zip(keys, estimate.estimate, estimate.se, strict=True):
            found[by, term, what], found[by, term, f"{what}_se"] = value, se

    cells = [("", f"{r}|{c}") for r in rows for c in columns]
    put(x.totals(), "total", cells)
    put(x.percent("total"), "share", cells)
    put(x.percent("row"), "row", [(r, c) for r in rows for c in columns])
    put(x.percent("column"), "column", [(c, r) for c in columns for r in rows])
    put(x.margin("row"), "row_margin", [("", r) for r in rows])
    put(x.margin("column", share=True), "column_share", [("", c) for c in columns])
    df = x.percent("row").linear.df[:, 0]
    return found | {(r, "", "row_df"): value for r, value in zip(rows, df, strict=True)}


@pytest.mark.parametrize(("name", "case"), cases("crosstab", "share"))
def test_cells_and_shares_equal_r(name: str, case: str) -> None:
    """Totals, shares of row, column and table, margins, with standard errors and degrees of freedom."""
    rows = wanted(name, case).query("level == '' and what != 'n'")
    found = measured(crosstab(name, case))
    for what, part in rows.groupby("what"):
        theirs = part["value"].to_numpy()
        ours = np.array(
            [found[key] for key in part[["by", "term", "what"]].itertuples(index=False, name=None)]
        )
        scale = 1.0 if what not in ("total", "total_se") else theirs.max()
        np.testing.assert_allclose(ours, theirs, rtol=RELATIVE, atol=NEAR_ZERO * scale, err_msg=what)


@pytest.mark.parametrize(("name", "case"), cases("crosstab"))
def test_tests_of_independence_equal_r(name: str, case: str) -> None:
    """F, Chisq, Wald, adjWald, lincom and saddlepoint: statistic, degrees of freedom and p."""
    rows, x = wanted(name, case), crosstab(name, case)
    # R counts rows of weight 0 in the n of Pearson's chi-squared
    share = x.n / rows.query("what == 'n'")["value"].iloc[0]
    for statistic, part in rows.query("level != ''").groupby("level"):
        ours, theirs = x.test(statistic), part.set_index("what")["value"]
        pearson = statistic in ("Chisq", "lincom", "saddlepoint")
        assert ours.statistic == pytest.approx(theirs["statistic"] * (share if pearson else 1), rel=STATISTIC)
        loose = {"lincom": APPROXIMATE, "saddlepoint": FORMULA}.get(statistic, STATISTIC * 10)
        if statistic != "lincom" or theirs["p_value"] > 0.01:
            assert ours.p_value == pytest.approx(theirs["p_value"], rel=loose, abs=1e-15), statistic
        for what in {"df", "df_residual"} & set(theirs.index):
            assert getattr(ours, what) == pytest.approx(theirs[what], rel=STATISTIC), what


@pytest.mark.parametrize(("name", "case"), cases("gof"))
def test_goodness_of_fit_equals_r(name: str, case: str) -> None:
    """Statistic, scale, degrees of freedom and p of svygofchisq."""
    _kind, a, mark = case.split("|")
    rows = wanted(name, case)
    probs = rows.query("what == 'p'")["value"].tolist()
    ours = marked(name, mark).gof(a, probs, "satterthwaite", na="listwise")
    for what, value in rows.query("term == ''")[["what", "value"]].itertuples(index=False):
        assert getattr(ours, what) == pytest.approx(value, rel=STATISTIC * 10), what


@pytest.mark.parametrize(("name", "case"), cases("kappa"))
def test_kappa_equals_r(name: str, case: str) -> None:
    """Cohen's kappa and its standard error."""
    _kind, a, b, mark = case.split("|")
    ours = marked(name, mark).kappa(a, b).tidy().iloc[0]
    for what, value in wanted(name, case)[["what", "value"]].itertuples(index=False):
        assert ours[what] == pytest.approx(value, rel=RELATIVE), what


@pytest.mark.parametrize(("name", "case"), cases("alpha"))
def test_alpha_equals_r(name: str, case: str) -> None:
    """Cronbach's alpha of complete rows."""
    ours = design(name).alpha(case.split("|")[1:], na="listwise").estimate[0]
    assert ours == pytest.approx(wanted(name, case)["value"].iloc[0], rel=RELATIVE)


@pytest.mark.parametrize(("name", "case"), cases("answers"))
def test_several_answers_equal_r(name: str, case: str) -> None:
    """Shares of persons and of answers with standard errors, by group, and the items' tests."""
    d = design(name)
    d = d.assign(**{item: d.data[item] == "Yes" for item in ITEMS})
    rows, found = wanted(name, case), {}
    for by in ("", "stype"):
        m = d.multiple_answers(ITEMS, by=by or None)
        for what, estimate in (
            ("persons", m.persons()),
            ("answers", m.answers()),
            ("mean_count", m.mean_count()),
        ):
            groups = [str(v) for v in m.by["stype"]] if by else [""]
            names = [(g, term) for g in groups for term, _level in estimate.terms]
            for (g, term), value, se in zip(names, estimate.estimate, estimate.se, strict=True):
                found[g, term, what], found[g, term, f"{what}_se"] = value, se
    keys = rows.query("level == ''")
    ours = [found[key] for key in keys[["by", "term", "what"]].itertuples(index=False, name=None)]
    np.testing.assert_allclose(ours, keys["value"], rtol=RELATIVE, atol=1e-14)
    for statistic, part in rows.query("level != ''").groupby("level"):
        tests = d.multiple_answers(ITEMS, by="stype").test(statistic).tidy().set_index("item")
        ours = tests.loc[part["term"], "p_value"]
        np.testing.assert_allclose(ours, part["value"], rtol=STATISTIC * 10, err_msg=statistic)
