"""Bad design columns at every stage, impossible probabilities, odd types: a named error or a named rule."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from survey_estimators import ESTIMATORS, READS, STAGES, same

from analysis import SurveyDesign
from custody.errors import AnalysisError


def make_frame() -> pd.DataFrame:
    """Two strata of three units of two households of two persons."""
    rng = np.random.default_rng(4)
    rows = [
        (f"s{s}", f"u{s}{u}", v, i) for s in range(2) for u in range(3) for v in range(2) for i in range(2)
    ]
    frame = pd.DataFrame(rows, columns=["s", "u", "v", "i"])
    frame = frame.assign(N1=9.0, N2=5.0, N3=4.0, w=7.0, y=rng.normal(size=24), x=rng.uniform(1, 2, 24))
    chance = dict(zip(frame["u"].unique(), [0.2, 0.3, 0.4, 0.5, 0.6, 0.7], strict=True))
    return frame.assign(
        g=list("aab" * 8),
        h=list("男女" * 12),
        yes=rng.uniform(size=24) < 0.5,
        k=rng.integers(1, 6, 24),
        k2=[1, 2, 3, 4, 5, 1] * 4,
        p=frame["u"].map(chance),
        f2=0.4,
    )


FRAME = make_frame()
UNITS = FRAME.drop_duplicates("u")
PAIRS = np.outer(UNITS["p"], UNITS["p"]) * 0.9
np.fill_diagonal(PAIRS, UNITS["p"])
BY_SIZE: dict[str, Any] = {"strata": "s", "psu": "u", "fpc": "p"}


def change(row: int, column: str, value: object) -> pd.DataFrame:
    """The table with one value changed."""
    values = FRAME[column].astype(object if isinstance(value, str | None) else float)
    values[row] = value
    return FRAME.assign(**{column: values})


def design(frame: pd.DataFrame = FRAME, **options: Any) -> SurveyDesign:
    return SurveyDesign(frame, **(STAGES | {"weights": "w"} | options))


def refused(call: Callable[[], object], *codes: str) -> AnalysisError:
    with pytest.raises(AnalysisError) as caught:
        call()
    assert caught.value.code in codes
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5, 1.5, 1e300])
@pytest.mark.parametrize("column", ["N1", "N2", "N3"])
def test_one_bad_size_at_any_stage_is_refused(column: str, value: float) -> None:
    """It is missing, not above zero, below the units drawn, or differs from its neighbours."""
    error = refused(
        lambda: design(change(3, column, value)), "ANA-DESIGN-MISSING", "ANA-FPC-SMALL", "ANA-FPC-VARIES"
    )
    assert error.column == column
    assert error.row is not None


@pytest.mark.parametrize(("column", "small"), [("N1", 2), ("N2", 1.5), ("N3", 1.5)])
def test_a_size_below_the_units_drawn_is_refused_at_any_stage(column: str, small: float) -> None:
    error = refused(lambda: design(FRAME.assign(**{column: small})), "ANA-FPC-SMALL")
    assert error.column == column


@pytest.mark.parametrize("column", ["s", "u", "v", "i"])
def test_a_unit_or_stratum_without_a_label_is_refused(column: str) -> None:
    error = refused(lambda: design(change(3, column, None)), "ANA-DESIGN-MISSING")
    assert (error.column, error.row) == (column, 4)


@pytest.mark.parametrize("column", ["w", "N1", "N2", "N3"])
def test_text_where_numbers_belong_is_refused(column: str) -> None:
    error = refused(lambda: design(FRAME.assign(**{column: FRAME[column].astype(str)})), "ANA-TYPE")
    assert error.column == column


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0])
def test_one_bad_weight_is_refused(value: float) -> None:
    codes = ("ANA-DESIGN-MISSING", "ANA-WEIGHT-NEGATIVE", "ANA-WEIGHT-SUM")
    assert refused(lambda: design(change(3, "w", value)), *codes).column == "w"


def test_a_unit_in_two_strata_is_refused_unless_labels_are_nested() -> None:
    moved = change(3, "s", "s1")
    refused(lambda: design(moved), "ANA-PSU-STRATA")
    nested = design(moved, psu="u", fpc=None, nest=True)
    other = design(moved.assign(u=moved["s"] + moved["u"]), psu="u", fpc=None)
    assert nested.df == other.df == 5
    same(nested.total("y").covariance, other.total("y").covariance)


def test_a_unit_of_a_later_stage_belongs_to_its_own_parent() -> None:
    """Households 0 and 1 of every unit are different households, with and without nest."""
    named = FRAME.assign(v=FRAME["u"] + FRAME["v"].astype(str))
    for nest in (False, True):
        same(design(nest=nest).total("y").covariance, design(named).total("y").covariance)


def test_one_unit_at_any_stage_is_refused_or_meets_its_rule() -> None:
    first = FRAME[FRAME["s"].eq("s0") | FRAME["u"].eq("u10")]
    second = FRAME[FRAME["u"].ne("u10") | FRAME["v"].eq(0)]
    third = FRAME[FRAME["u"].ne("u10") | FRAME["v"].eq(0) | FRAME["i"].eq(0)]
    for frame, stage in ((first, ""), (second, "2"), (third, "3")):
        assert stage in refused(partial(design, frame), "ANA-LONELY").message
        least = design(frame, lonely_psu="remove").total("y").se[0]
        assert least == design(frame, lonely_psu="certainty").total("y").se[0]
        for rule in ("adjust", "average"):
            assert design(frame, lonely_psu=rule).total("y").se[0] > least


def test_one_unit_in_all_has_no_variance_to_give() -> None:
    """Without any other unit even adjust and average are refused; remove says 0 and gives no interval."""
    alone = FRAME[FRAME["u"] == "u00"]
    for rule in ("adjust", "average"):
        lone = design(alone, psu="u", fpc=None, lonely_psu=rule)
        refused(partial(lone.mean, "y"), "ANA-LONELY")
    row = design(alone, psu="u", fpc=None, lonely_psu="remove").mean("y").tidy().iloc[0]
    assert (row["se"], row["df"]) == (0.0, 0)
    assert np.isnan(row["ci_low"])


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 0.0, 1.2])
@pytest.mark.parametrize("pps", ["brewer", "overton", "hr"])
def test_a_bad_probability_is_refused(pps: str, value: float) -> None:
    frame = FRAME.assign(p=FRAME["p"].mask(FRAME["u"] == "u01", value))
    codes = ("ANA-DESIGN-MISSING", "ANA-FPC-SMALL", "ANA-FPC-VARIES", "ANA-PPS")
    assert refused(lambda: SurveyDesign(frame, pps=pps, **BY_SIZE), *codes).column == "p"


@pytest.mark.parametrize("pps", ["brewer", "overton", "hr"])
def test_probabilities_must_be_there_and_one_a_unit(pps: str) -> None:
    refused(lambda: SurveyDesign(change(3, "p", 0.35), pps=pps, **BY_SIZE), "ANA-FPC-VARIES")
    refused(lambda: SurveyDesign(FRAME, weights="w", psu="u", pps=pps), "ANA-PPS")
    refused(lambda: SurveyDesign(FRAME, pps=pps, **(BY_SIZE | {"fpc": "N1"})), "ANA-PPS")
    alone = FRAME[FRAME["s"].eq("s0") | FRAME["u"].eq("u10")]
    refused(lambda: SurveyDesign(alone, pps=pps, **BY_SIZE), "ANA-LONELY")


def altered(i: int, j: int, value: float, both: bool = True) -> Any:
    matrix = PAIRS.copy()
    matrix[i, j] = value
    if both:
        matrix[j, i] = value
    return matrix


LABELS = UNITS["u"].to_numpy()
MATRICES: dict[str, Any] = {
    "too small": PAIRS[:5, :5],
    "a vector": UNITS["p"].to_numpy(),
    "a number": 3,
    "not symmetric": altered(0, 1, 0.05, both=False),
    "zero for two drawn": altered(0, 1, 0.0),
    "missing": altered(0, 1, np.nan),
    "negative": altered(0, 1, -0.1),
    "infinite": altered(0, 1, np.inf),
    "above either alone": altered(0, 1, 0.25),
    "another diagonal": altered(0, 0, 0.3),
    "words": [["a"] * 6] * 6,
    "unknown labels": pd.DataFrame(PAIRS, list("abcdef"), list("abcdef")),
    "labels twice": pd.DataFrame(PAIRS, [LABELS[0]] * 6, [LABELS[0]] * 6),
    "labels on one side": pd.DataFrame(PAIRS, LABELS, range(6)),
}


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_that_cannot_be_is_refused(name: str) -> None:
    refused(lambda: SurveyDesign(FRAME, pps=MATRICES[name], **BY_SIZE), "ANA-PPS")


def test_a_matrix_may_come_as_lists_or_with_labels() -> None:
    plain, lists, labelled = (
        SurveyDesign(FRAME, pps=pps, **BY_SIZE).total(["y", "x"]).covariance
        for pps in (PAIRS, PAIRS.tolist(), pd.DataFrame(PAIRS, LABELS, LABELS).iloc[::-1, ::-1])
    )
    same(lists, plain)
    same(labelled, plain)


NAMES: dict[str, Callable[[], object]] = {
    "unknown unit of stage 2": lambda: design(psu=["u", "zz"], fpc=None),
    "unknown size of stage 2": lambda: design(psu=["u", "v"], fpc=["N1", "zz"]),
    "unknown stratum of stage 2": lambda: design(strata=["s", "zz", None]),
    "a number as unit": lambda: design(psu=5, fpc=None),
    "a number as stratum": lambda: design(strata=5),
    "a list as weights": lambda: design(weights=["w"]),
    "nothing as variable": lambda: design().mean(None),  # type: ignore[arg-type]
    "a number as variable": lambda: design().mean(3),  # type: ignore[arg-type]
    "a number as domain": lambda: design().mean("y", by=3),  # type: ignore[arg-type]
    "a blank too many": lambda: design().mean("y "),
    "unknown in a table": lambda: design().crosstab("g", "zz"),
    "unknown quantile": lambda: design().quantile("zz", 0.5),
    "unknown in a ratio": lambda: design().ratio("y", "zz"),
    "unknown mask": lambda: design().subset("zz"),
}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_column_is_refused(name: str) -> None:
    refused(NAMES[name], "ANA-COLUMN")


OPTIONS: dict[str, tuple[str, Callable[[], object]]] = {
    "more sizes than stages": ("ANA-STAGES", lambda: design(psu=["u", "v"])),
    "more strata than stages": ("ANA-STAGES", lambda: design(psu="u", fpc=None, strata=["s", "v"])),
    "deff in other words": ("ANA-OPTION", lambda: design().mean("y", deff="with")),  # type: ignore[arg-type]
    "True of a text": ("ANA-LEVEL", lambda: design().proportion("g", True)),
    "True of numbers": ("ANA-LEVEL", lambda: design(FRAME.assign(k=FRAME["k"] + 5)).proportion("k", True)),
    "text of numbers": ("ANA-LEVEL", lambda: design().proportion("k", "3")),
    "an unknown level of several": ("ANA-LEVEL", lambda: design().proportion("k", [1, 9])),
    "a level of confidence in words": ("ANA-OPTION", lambda: design().mean("y").confint("95 %")),  # type: ignore[arg-type]
    "another distribution": ("ANA-OPTION", lambda: design().mean("y").confint(dist="z")),  # type: ignore[arg-type]
    "a distribution at no value": ("ANA-OPTION", lambda: design().cdf("y", [np.nan])),
    "a quantile above 1": ("ANA-OPTION", lambda: design().quantile("y", 50)),
    "a correlation alone": ("ANA-OPTION", lambda: design().correlation(["y"])),
    "a scale of one item": ("ANA-ITEMS", lambda: design().alpha(["y"])),
    "a population without a group": ("ANA-POPULATION", lambda: design().standardise("y", "g", {"a": 1.0})),
    "five groups in a t test": ("ANA-GROUPS", lambda: design().ttest("y ~ k")),
    "shares that miss a level": ("ANA-PROBABILITY", lambda: design().gof("g", [1.0])),
    "a table with itself": ("ANA-OPTION", lambda: design().crosstab("g", "g")),
    "complex numbers": ("ANA-TYPE", lambda: design(FRAME.assign(y=FRAME["y"] + 0j)).mean("y")),
    "dates in a ratio": ("ANA-TYPE", lambda: design(FRAME.assign(y=pd.Timestamp(0))).ratio("y", "x")),
    "a domain without a value": (
        "ANA-EMPTY",
        lambda: design(FRAME.assign(g=pd.Categorical([None] * 24, ["a"]))).mean("y", by="g", na="domain"),
    ),
    "no rows": ("ANA-EMPTY", lambda: design(FRAME.iloc[:0])),
    "a column twice": ("ANA-TABLE", lambda: design(pd.concat([FRAME, FRAME["y"]], axis=1))),
    "an empty domain": ("ANA-EMPTY", lambda: design().subset(FRAME["y"] > 99)),
    "missing in a mask": ("ANA-MASK", lambda: design().subset(pd.array([True, None] * 12, "boolean"))),
    "places as a mask": ("ANA-MASK", lambda: design().subset(np.arange(24))),
    "a mask of other rows": (
        "ANA-MASK",
        lambda: design().subset(pd.Series([True] * 24, index=range(100, 124))),
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_odd_options_are_refused(name: str) -> None:
    code, call = OPTIONS[name]
    refused(call, code)


def test_a_mask_goes_by_its_index() -> None:
    """A Series in another order means the same rows, as in pandas; an array goes by place."""
    mask = FRAME["y"] > 0
    expected = design().subset(mask.to_numpy()).total("y")
    assert design().subset(mask.sample(frac=1, random_state=1)).total("y").estimate == expected.estimate
    assert design(FRAME.set_axis([0] * 24)).subset(mask.to_numpy()).total("y").estimate == expected.estimate


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("name", "column"), [(name, column) for name in READS for column in READS[name]])
def test_one_value_missing_or_infinite_never_becomes_a_number(name: str, column: str, value: float) -> None:
    """Every estimator refuses it in the columns that it reads as numbers."""
    broken = design(change(3, column, value))
    error = refused(lambda: ESTIMATORS[name](broken), "ANA-MISSING", "ANA-TYPE")
    assert error.column == column


def as_types(name: str) -> Any:
    if name == "nullable":
        return FRAME.convert_dtypes()
    if name == "arrow types":
        return FRAME.convert_dtypes(dtype_backend="pyarrow")
    if name == "categories":
        return FRAME.assign(**{c: FRAME[c].astype("category") for c in ("s", "u", "v", "i", "g", "h")})
    if name == "unused categories":
        return FRAME.assign(g=pd.Categorical(FRAME["g"], ["a", "none", "b"]))
    if name == "objects":
        return FRAME.assign(**{c: FRAME[c].astype(object) for c in ("s", "u", "g", "h")})
    if name == "small numbers":
        return FRAME.assign(k=FRAME["k"].astype("int8"), N1=FRAME["N1"].astype("uint16"))
    if name == "decimals":
        exact = [Decimal(repr(value)) for value in FRAME["w"]]
        return FRAME.assign(w=pd.Series(exact).astype(pd.ArrowDtype(pa.decimal128(20, 10))))
    if name == "arrow table":
        return pa.Table.from_pandas(FRAME.assign(g=FRAME["g"].astype("category")))
    return FRAME.set_axis(pd.MultiIndex.from_frame(FRAME[["s", "u"]]))


KINDS = (
    "nullable",
    "arrow types",
    "categories",
    "unused categories",
    "objects",
    "small numbers",
    "decimals",
    "arrow table",
    "index of labels",
)


@pytest.mark.parametrize("kind", KINDS)
def test_types_do_not_change_numbers(kind: str) -> None:
    data = as_types(kind)
    for name, estimator in ESTIMATORS.items():
        a, b = estimator(SurveyDesign(data, weights="w", **STAGES)), estimator(design())
        same(a.estimate, b.estimate, what=name)
        same(a.covariance, b.covariance, what=name)
        assert (a.linear.n == b.linear.n).all(), name


def test_rules_where_a_number_is_not_defined() -> None:
    """NaN, not 0: a ratio over zero, a domain whose weights are all zero, a variable without any value."""
    assert np.isnan(design(FRAME.assign(x=0.0)).ratio("y", "x").estimate[0])
    row = design(FRAME.assign(w=FRAME["h"].eq("男") * 7.0)).mean("y", by="h").tidy().set_index("h").loc["女"]
    assert row["n"] == 0
    assert np.isnan(row[["estimate", "se"]].astype(float)).all()
    empty = design(FRAME.assign(y=np.nan))
    for estimate in (empty.mean("y", na="domain"), empty.total("y", na="domain")):
        assert estimate.linear.n.tolist() == [[0]]
        assert np.isnan(estimate.estimate[0])
