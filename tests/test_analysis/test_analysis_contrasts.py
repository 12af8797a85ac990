"""Contrasts find the estimates that are meant, differentiate exactly, and refuse what is not arithmetic."""

from collections.abc import Callable
from contextlib import nullcontext, suppress

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import SurveyDesign
from analysis.adjustment import adjusted
from analysis.contrasts import delta_method, evaluate
from analysis.expressions import parse_expression
from analysis.formulas import parse_formula
from custody.errors import AnalysisError

RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "y": RNG.normal(50, 9, 60),
        "x.1": RNG.normal(10, 2, 60),
        "食費 月": RNG.gamma(4, 9, 60),
        "g": np.tile(["p", "q", "r"], 20),
        "h": np.repeat(["p", "z"], 30),
        "u": np.repeat(np.arange(20), 3),
        "w": RNG.uniform(1, 4, 60),
    }
)
DESIGN = SurveyDesign(FRAME, weights="w", psu="u")


@pytest.mark.parametrize(
    ("text", "derivative"),
    [
        ("a + 2*b", lambda a, b: (1, 2)),
        ("a - -b", lambda a, b: (1, 1)),
        ("a * b", lambda a, b: (b, a)),
        ("a / b", lambda a, b: (1 / b, -a / b**2)),
        ("a ^ 2 + b", lambda a, b: (2 * a, 1)),
        ("a ** b", lambda a, b: (b * a ** (b - 1), a**b * np.log(a))),
        ("(a - 9) ^ 3 * b ^ 0", lambda a, b: (3 * (a - 9) ** 2, 0)),
        ("log(a / b)", lambda a, b: (1 / a, -1 / b)),
        ("exp(-a) + sqrt(b)", lambda a, b: (-np.exp(-a), 0.5 / np.sqrt(b))),
        ("abs(a - b) + abs(b)", lambda a, b: (-1, 2)),
        ("I(a) * 1e-1 + .5 * b + 2.", lambda a, b: (0.1, 0.5)),
    ],
)
def test_derivatives_are_exact(text: str, derivative: Callable[[float, float], tuple[float, float]]) -> None:
    a, b = 1.7, 2.9
    expression = parse_expression(text)
    assert expression.names == ("a", "b")
    _value, slope = evaluate(expression, np.array([[a], [b]]))
    np.testing.assert_allclose(slope[:, 0], derivative(a, b), rtol=1e-14)


NAMES = {
    "term of one domain": (DESIGN.mean(["y", "x.1"]), "y - x.1", [0, 1]),
    "term in backticks": (DESIGN.mean(["食費 月", "y"]), "`食費 月` - y", [0, 1]),
    "level": (DESIGN.mean("g"), "p - r", [0, 2]),
    "level as R writes it": (DESIGN.mean("g"), "gp - gr", [0, 2]),
    "level in brackets": (DESIGN.mean("g"), "`g[q]` - `g[r]`", [1, 2]),
    "domain": (DESIGN.mean("y", by="g"), "q - p", [1, 0]),
    "domain and term": (DESIGN.mean(["y", "x.1"], by="g"), "`q:y` - `r:x.1`", [2, 5]),
    "two domains columns": (DESIGN.mean("y", by=["g", "h"]), "`p:z` - `q:p`", [1, 2]),
    "domain and level": (DESIGN.mean("g", by="h"), "`p:q` - `z:r`", [1, 5]),
    "domain and level by R": (DESIGN.mean("g", by="h"), "`p:gq` - `z:gr`", [1, 5]),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_is_a_row_of_the_table(case: str) -> None:
    estimate, text, (i, j) = NAMES[case]
    covariance, found = estimate.covariance.to_numpy(), estimate.contrast(text)
    variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
    assert found.estimate[0] == pytest.approx(estimate.estimate[i] - estimate.estimate[j], rel=1e-12)
    assert found.se[0] == pytest.approx(np.sqrt(variance), rel=1e-12)


def test_names_of_terms_make_a_contrast_in_every_domain() -> None:
    whole = DESIGN.mean(["y", "x.1"], by="g").contrast({"ratio": "y / x.1", "gap": {"y": 1, "x.1": -1}})
    assert whole.tidy()["g"].tolist() == ["p", "p", "q", "q", "r", "r"]
    for group in ("p", "q", "r"):
        part = DESIGN.subset(FRAME["g"] == group).mean(["y", "x.1"]).contrast(["y / x.1", "y - x.1"])
        rows = whole.tidy()[lambda t, g=group: t["g"] == g]
        for column in ("estimate", "se", "df", "n"):
            np.testing.assert_allclose(rows[column], part.tidy()[column], rtol=1e-12)


def test_weights_expression_and_matrix_agree() -> None:
    estimate = DESIGN.mean("y", by="g")
    forms = [{"p": 1, "q": -0.5, "r": -0.5}, "p - q / 2 - r / 2", np.array([1, -0.5, -0.5])]
    results = [estimate.contrast(form) for form in forms]
    for one in results[1:]:
        assert one.estimate[0] == pytest.approx(results[0].estimate[0], rel=1e-12)
        assert one.se[0] == pytest.approx(results[0].se[0], rel=1e-12)
    assert results[0].terms == (("p - 0.5 q - 0.5 r", None),)
    assert [(one.linear.n.item(), one.linear.df.item()) for one in results] == [(60, 19)] * 3


def test_degrees_of_freedom_can_be_given() -> None:
    estimate = DESIGN.mean("y", by="g").contrast("p - q", df=7)
    low, high = estimate.confint().loc[0, ["ci_low", "ci_high"]]
    assert high - low == pytest.approx(2 * 2.364624251592785 * estimate.se[0], rel=1e-9)


def test_an_empty_domain_spoils_only_what_uses_it() -> None:
    frame = FRAME.assign(y=FRAME["y"].where(FRAME["g"] != "r"))
    estimate = SurveyDesign(frame, weights="w", psu="u").mean("y", by="g", na="domain")
    found = estimate.contrast({"good": "p - q", "bad": "p - r", "none": {"p": 1, "r": 0}})
    assert np.isnan(found.estimate).tolist() == [False, True, False]
    assert np.isnan(found.se).tolist() == [False, True, False]


@pytest.mark.parametrize("text", ["log(y - 1000)", "y / (x.1 - x.1)", "sqrt(-y)", "(x.1 - y) ^ 0.5"])
def test_what_is_undefined_has_no_standard_error(text: str) -> None:
    found = DESIGN.mean(["y", "x.1"]).contrast(text)
    assert np.isnan([found.estimate[0], found.se[0]]).all()


def test_a_corner_has_no_derivative() -> None:
    value, slope = evaluate(parse_expression("abs(a)"), np.zeros((1, 1)))
    assert value[0] == 0
    assert np.isnan(slope[0, 0])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3), st.integers(1, 4))
def test_delta_method_is_j_v_j(seed: int, groups: int, functions: int, inputs: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(groups * inputs, groups * inputs))
    jacobian = rng.normal(size=(groups, functions, inputs))
    whole = np.zeros((groups, functions, groups, inputs))
    whole[np.arange(groups), :, np.arange(groups), :] = jacobian
    whole = whole.reshape(groups * functions, groups * inputs)
    np.testing.assert_allclose(
        delta_method(root @ root.T, jacobian), whole @ root @ root.T @ whole.T, rtol=1e-9, atol=1e-9
    )


REFUSED = [
    "__import__('os')", "y.real()", "(lambda: 1)()", "[y]", "y if y else y", "y and y", "y < 3", "y; y",
    "y @ y", "open(y)", "log(y, y)", "log()", "y x", "2y", "`y", "", "3 + 4", "y[0]", "f'{y}'", "y := 3",
    "*y", "log(x=y)", "(" * 400 + "y" + ")" * 400, "-" * 4000 + "y", "y" * 6000,
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_only_arithmetic_is_read(text: str) -> None:
    with pytest.raises(AnalysisError) as refused:
        DESIGN.mean("y").contrast(text)
    assert refused.value.code == "ANA-EXPRESSION"


@pytest.mark.parametrize(
    "what",
    [
        "z - y", {"z": 1}, {}, [], {"a": 3j}, {"a": {"y": float("nan")}}, [3], np.ones(7), np.ones((1, 2, 3)),
        {"a": 1, "b": "y"}, "p:y",
    ],
)  # fmt: skip
def test_contrasts_of_nothing_are_refused(what: object) -> None:
    with pytest.raises(AnalysisError, match=r"ANA-CONTRAST|ANA-EXPRESSION"):
        DESIGN.mean(["y", "x.1"], by="g").contrast(what)


def test_a_name_of_several_estimates_is_refused() -> None:
    with pytest.raises(AnalysisError, match="p means several"):
        DESIGN.mean(["g", "h"]).contrast("p - q")


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=30), st.text("ymean()`~+-*/^,.'\"0 あ1e", max_size=40)))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse_expression, parse_formula, lambda t: parse_expression(t, {"mean"})):
        with suppress(AnalysisError):  # any other error fails
            read(text)


@pytest.mark.parametrize("depth", [50, 400, 700, 1500, 4900])
def test_deep_expressions_are_read_or_refused(depth: int) -> None:
    with suppress(AnalysisError) if depth > 300 else nullcontext():
        assert DESIGN.mean("y").contrast("-" * depth + "y").estimate[0] > 0


def test_a_huge_power_is_no_number_and_does_not_hang() -> None:
    assert np.isnan(DESIGN.mean("y").contrast("y - 9^9^9^9").estimate[0])


FORMULAS = {
    "enroll ~ `comp.imp`": (("enroll",), "comp.imp"),
    "enroll~comp.imp": (("enroll",), "comp.imp"),
    "I(a - b) ~ 0": (("a", "b"), None),
    "a - b ~ 1": (("a", "b"), None),
    "`食費 月` ~ `性~別`": (("食費 月",), "性~別"),
    "塩分.g ~ 独居": (("塩分.g",), "独居"),
    "log(x) ~ g2": (("x",), "g2"),
}


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_read(text: str) -> None:
    formula = parse_formula(text)
    assert (formula.response.names, formula.group) == FORMULAS[text]


@pytest.mark.parametrize(
    "text", ["y", "~ g", "y ~", "y ~ g ~ h", "y ~ g + h", "y ~ 2", "y ~ log(g)", "1 ~ g"]
)
def test_other_formulas_are_refused(text: str) -> None:
    with pytest.raises(AnalysisError, match="ANA-EXPRESSION"):
        parse_formula(text)


def test_pairs_are_contrasts_and_holm_is_at_most_bonferroni() -> None:
    estimate = DESIGN.mean(["y", "x.1"], by="g")
    holm, bonferroni = estimate.pairwise().tidy(), estimate.pairwise("bonferroni").tidy()
    assert holm[["term", "first", "second"]].to_numpy().tolist() == [
        [term, *pair] for term in ("y", "x.1") for pair in (["p", "q"], ["p", "r"], ["q", "r"])
    ]
    for row in holm.itertuples():
        one = estimate.contrast({f"{row.second}:{row.term}": 1, f"{row.first}:{row.term}": -1})
        assert (row.estimate, row.se) == (
            pytest.approx(one.estimate[0], rel=1e-10),
            pytest.approx(one.se[0], rel=1e-10),
        )
        assert row.df == one.linear.df.item()
    assert (holm["p_adjusted"] <= bonferroni["p_adjusted"]).all()
    np.testing.assert_allclose(bonferroni["p_adjusted"], np.minimum(3 * holm["p_value"], 1))


def test_holm_by_hand() -> None:
    p = np.array([0.01, np.nan, 0.02, 0.022, 0.9])
    np.testing.assert_allclose(adjusted(p, "holm"), [0.04, np.nan, 0.06, 0.06, 0.9])
    np.testing.assert_allclose(adjusted(p, "none"), p)


@pytest.mark.parametrize(("by", "adjust"), [(None, "holm"), ("g", "tukey")])
def test_comparisons_without_sense_are_refused(by: str | None, adjust: str) -> None:
    with pytest.raises(AnalysisError, match=r"ANA-GROUPS|ANA-OPTION"):
        DESIGN.mean("y", by=by).pairwise(adjust)
