"""Bad input meets a named error or a named rule, and the caller's table stays as it was."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from analysis import SurveyDesign, kish_deff, nonresponse_classes
from custody.errors import AnalysisError

FRAME = pd.DataFrame(
    {
        "s": ["a", "a", "b", "b", "b"],
        "u": ["1", "2", "3", "4", "5"],
        "w": [1.0, 2.0, 1.0, 2.0, 1.0],
        "N": [10, 10, 30, 30, 30],
        "y": [1.0, 2.0, np.nan, 4.0, 7.0],
        "x": [1.0, 2.0, 3.0, 4.0, 5.0],
        "g": ["p", "q", "p", None, "q"],
        "yes": [True, False, True, True, False],
    }
)


def change(**columns: Any) -> pd.DataFrame:
    return FRAME.assign(**columns)


def design(frame: pd.DataFrame = FRAME, **options: Any) -> SurveyDesign:
    return SurveyDesign(frame, **({"weights": "w", "strata": "s"} | options))


CASES: dict[str, tuple[str, Callable[[], object]]] = {
    "no table": ("ANA-TABLE", lambda: SurveyDesign([1, 2], weights="w")),
    "no rows": ("ANA-EMPTY", lambda: design(FRAME.iloc[:0])),
    "column twice": ("ANA-TABLE", lambda: design(pd.concat([FRAME, FRAME["w"]], axis=1))),
    "unknown weights": ("ANA-COLUMN", lambda: design(weights="ww")),
    "unknown strata": ("ANA-COLUMN", lambda: design(strata="ss")),
    "unknown variable": ("ANA-COLUMN", lambda: design().mean("z")),
    "unknown domain": ("ANA-COLUMN", lambda: design().mean("x", by="z")),
    "no weights, no fpc": ("ANA-NO-WEIGHT", lambda: SurveyDesign(FRAME)),
    "missing weight": ("ANA-DESIGN-MISSING", lambda: design(change(w=[1, 2, np.nan, 1, 1]))),
    "missing stratum": ("ANA-DESIGN-MISSING", lambda: design(change(s=["a", "a", None, "b", "b"]))),
    "missing psu": ("ANA-DESIGN-MISSING", lambda: design(change(u=["1", None, "3", "4", "5"]), psu="u")),
    "missing fpc": ("ANA-DESIGN-MISSING", lambda: design(change(N=[9, 9, np.nan, 9, 9]), fpc="N")),
    "negative weight": ("ANA-WEIGHT-NEGATIVE", lambda: design(change(w=[1, 2, -1, 1, 1]))),
    "all weights zero": ("ANA-WEIGHT-SUM", lambda: design(change(w=0.0))),
    "infinite weight": ("ANA-WEIGHT-SUM", lambda: design(change(w=[1, 2, np.inf, 1, 1]))),
    "text as weight": ("ANA-TYPE", lambda: design(weights="g")),
    "psu in two strata": ("ANA-PSU-STRATA", lambda: design(change(u=["1", "2", "1", "4", "5"]), psu="u")),
    "fpc below n": ("ANA-FPC-SMALL", lambda: design(change(N=[10, 10, 2, 2, 2]), fpc="N")),
    "fpc of zero": ("ANA-FPC-SMALL", lambda: design(change(N=[10, 10, 0, 0, 0]), fpc="N")),
    "fpc varies": ("ANA-FPC-VARIES", lambda: design(change(N=[10, 11, 30, 30, 30]), fpc="N")),
    "one psu": ("ANA-LONELY", lambda: design(change(s=["a", "b", "b", "b", "b"]))),
    "all lonely": (
        "ANA-LONELY",
        lambda: design(change(s=list("abcde")), lonely_psu="average").mean("x"),
    ),
    "more fpc than stages": ("ANA-STAGES", lambda: design(psu="u", fpc=["n", "n"])),
    "no stage at all": ("ANA-STAGES", lambda: design(psu=[])),
    "unknown pps": ("ANA-OPTION", lambda: design(pps="sampford")),
    "yates without pairs": ("ANA-OPTION", lambda: design(variance="YG")),
    "unknown lonely rule": ("ANA-OPTION", lambda: design(lonely_psu="ignore")),
    "missing values": ("ANA-MISSING", lambda: design().mean("y")),
    "missing level": ("ANA-MISSING", lambda: design().mean("g")),
    "missing domain": ("ANA-MISSING", lambda: design().mean("x", by="g")),
    "infinite value": ("ANA-TYPE", lambda: design(change(x=[1, 2, np.inf, 4, 5])).mean("x")),
    "column of lists": ("ANA-TYPE", lambda: design(change(g=[["p"]] * 5)).mean("g")),
    "text in a ratio": ("ANA-TYPE", lambda: design().ratio("x", "g", na="domain")),
    "unknown rule for missing": ("ANA-OPTION", lambda: design().mean("x", na="drop")),
    "no variable": ("ANA-OPTION", lambda: design().mean([])),
    "only missing values": (
        "ANA-EMPTY",
        lambda: design(change(g=pd.Series([None] * 5, dtype="str"))).mean("g", na="domain"),
    ),
    "unknown level": ("ANA-LEVEL", lambda: design().proportion("g", "z", na="domain")),
    "unknown interval": ("ANA-OPTION", lambda: design().proportion("yes", method="exact")),
    "level of 1": ("ANA-OPTION", lambda: design().mean("x").confint(level=95)),
    "empty subset": ("ANA-EMPTY", lambda: design().subset(FRAME["x"] > 9)),
    "mask of numbers": ("ANA-MASK", lambda: design().subset(FRAME["x"])),
    "mask too short": ("ANA-MASK", lambda: design().subset([True, False])),
    "result name as domain": ("ANA-COLUMN", lambda: design(change(n=1)).mean("x", by="n")),
    "deff without a population": ("ANA-DEFF", lambda: design(change(w=0.5)).mean("x", deff=True)),
    "too many domains": (
        "ANA-SIZE",
        lambda: SurveyDesign(pd.DataFrame({"g": range(6000), "w": 1.0}), weights="w").mean("w", by="g"),
    ),
    "kish of nothing": ("ANA-WEIGHT-SUM", lambda: kish_deff(np.zeros(3))),
    "status missing": ("ANA-MISSING", lambda: nonresponse_classes(design(), "g")),
    "nobody answered": ("ANA-EMPTY", lambda: nonresponse_classes(design(), "s", answered="c")),
    "class missing": ("ANA-MISSING", lambda: nonresponse_classes(design(), "yes", classes="g")),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_by_name(name: str) -> None:
    code, call = CASES[name]
    with pytest.raises(AnalysisError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.hint


def test_errors_tell_where_and_how_many() -> None:
    with pytest.raises(AnalysisError) as caught:
        design(change(w=[1, 2, -1, -1, 1]))
    assert (caught.value.column, caught.value.row) == ("w", 3)
    assert "2" in caught.value.message
    with pytest.raises(AnalysisError) as caught:
        design().mean("y")
    assert (caught.value.column, "1" in caught.value.message) == ("y", True)


def test_rules_for_missing_values() -> None:
    d = design()
    assert d.mean("y", na="domain").linear.n.tolist() == [[4]]
    assert d.mean(["y", "x"], na="domain").linear.n.tolist() == [[4, 5]]
    assert d.mean(["y", "x"], na="listwise").linear.n.tolist() == [[4, 4]]
    tidy = d.mean("x", by="g", na="domain").tidy()
    assert tidy["g"].tolist() == ["p", "q"]
    assert tidy["n"].tolist() == [2, 2]


def test_a_domain_without_values_is_nan_with_n_0() -> None:
    frame = change(g=["p", "p", "q", "p", "p"])
    row = design(frame).mean("y", by="g", na="domain").tidy().set_index("g").loc["q"]
    assert row["n"] == 0
    assert np.isnan(row[["estimate", "se", "ci_low", "ci_high"]].astype(float)).all()


def test_one_degree_too_few_gives_no_interval() -> None:
    frame = change(g=["p", "q", "q", "q", "q"])
    row = design(frame).mean("x", by="g").tidy().set_index("g").loc["p"]
    assert row["df"] == 0
    assert row["se"] >= 0
    assert np.isnan(row["ci_low"])


CALLS = [
    lambda d: d.mean(["y", "g"], by="s", na="domain"),
    lambda d: d.total("x", by=["s", "yes"]),
    lambda d: d.ratio("x", "w"),
    lambda d: d.proportion("yes", by="s"),
    lambda d: d.subset("yes").mean("x"),
    lambda d: d.assign(z=1).mean("z"),
    lambda d: nonresponse_classes(d, "yes", min_answered=1),
    lambda d: d.describe().tidy(),
]


@pytest.mark.parametrize("call", CALLS)
def test_the_callers_table_is_not_changed(call: Callable[[SurveyDesign], object]) -> None:
    mine = FRAME.copy()
    call(design(mine, lonely_psu="adjust"))
    pd.testing.assert_frame_equal(mine, FRAME)


def test_later_changes_of_the_table_do_not_reach_the_design() -> None:
    mine = FRAME.copy()
    d = design(mine)
    before = d.total("x").estimate[0]
    mine.loc[:, "x"] = 0.0
    mine.loc[:, "w"] = 99.0
    assert d.total("x").estimate[0] == before
    copy = d.data
    copy.loc[:, "x"] = 0.0
    d.weights[:] = 0
    assert d.total("x").estimate[0] == before


def test_a_design_is_immutable() -> None:
    with pytest.raises(AttributeError):
        design().names = {}  # type: ignore[misc]


class ArrowStream:
    """Any table of another library that speaks the Arrow protocol, as Polars does."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("wrap", [lambda table: table, ArrowStream], ids=["pyarrow", "arrow stream"])
def test_arrow_tables(wrap: Callable[[pa.Table], Any]) -> None:
    table = pa.Table.from_pandas(FRAME.assign(s=FRAME["s"].astype("category")))
    ours, theirs = (
        design(data).mean(["x", "g"], by="s", na="domain").tidy() for data in (wrap(table), FRAME)
    )
    pd.testing.assert_frame_equal(ours.drop(columns="s"), theirs.drop(columns="s"))


def test_names_with_dots_and_japanese_and_nullable_types() -> None:
    frame = FRAME.rename(columns={"x": "api.stu", "s": "地区"}).assign(
        k=pd.array([1, None, 3, 4, 5], "Int64")
    )
    d = SurveyDesign(frame, weights="w", strata="地区")
    tidy = d.mean(["api.stu", "k"], by="地区", na="domain").tidy()
    assert tidy["term"].tolist() == ["api.stu", "k"] * 2
    assert tidy["n"].tolist() == [2, 1, 3, 3]


def test_levels_come_in_category_order_and_only_if_present() -> None:
    order = pd.Categorical(["low", "high", "low", "high", "mid"], categories=["low", "mid", "none", "high"])
    tidy = design(change(g=order)).mean("g").tidy()
    assert tidy["level"].tolist() == ["low", "mid", "high"]
    declared = design(change(g=order)).proportion("g", "none").tidy().iloc[0]
    assert (declared["estimate"], declared["se"]) == (0.0, 0.0)
