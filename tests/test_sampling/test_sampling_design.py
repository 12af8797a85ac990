"""A design sums to n, keeps every limit, shares by its rule exactly, and says all that decides the draw."""

import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.design_settings import read_design_settings
from custody.errors import ConfigError, SamplingError
from custody.frame_settings import FrameSettings
from custody.settings import Settings
from sampling import StratifiedDesign
from sampling.allocate.exact import allocate, largest_remainder

SIZES = st.lists(st.integers(1, 5000), min_size=1, max_size=40)


@given(sizes=SIZES, minimum=st.integers(1, 4), data=st.data(), equal=st.booleans())
def test_sum_floor_and_ceiling(sizes, minimum, data, equal) -> None:
    floors = [min(minimum, size) for size in sizes]
    n = data.draw(st.integers(sum(floors), sum(sizes)))
    weights = [1] * len(sizes) if equal else sizes
    shares = allocate(n, weights, sizes, minimum=minimum)
    assert sum(shares) == n
    assert all(low <= share <= size for low, share, size in zip(floors, shares, sizes, strict=True))
    free = [
        (Fraction(share - 1, weight), Fraction(share + 1, weight))
        for low, share, size, weight in zip(floors, shares, sizes, weights, strict=True)
        if low < share < size
    ]
    # one common rate t lies within one person of every stratum that is at no limit
    assert not free or max(low for low, _ in free) < min(high for _, high in free)


@given(sizes=SIZES, data=st.data())
def test_a_larger_stratum_never_gives_fewer(sizes, data) -> None:
    n = data.draw(st.integers(0, sum(sizes)))
    pairs = sorted(zip(sizes, allocate(n, sizes, sizes), strict=True))
    assert all(one[1] <= two[1] for one, two in pairwise(pairs) if one[0] < two[0])


@pytest.mark.parametrize(
    ("design", "sizes", "shares"),
    [
        (StratifiedDesign(10, ["sex"]), [60, 40], [6, 4]),
        (StratifiedDesign(10, ["sex"], "equal"), [60, 40], [5, 5]),
        (StratifiedDesign(10, ["sex"], "equal"), [60, 3], [7, 3]),
        (StratifiedDesign(7, ["area"], "equal"), [9, 9, 9], [3, 2, 2]),
        (StratifiedDesign(10, ["area"]), [980, 10, 10], [6, 2, 2]),
        (StratifiedDesign(10, ["area"], minimum=1), [980, 10, 10], [8, 1, 1]),
        (StratifiedDesign(6, ["area"]), [500, 1, 200], [3, 1, 2]),
        (StratifiedDesign(12, ["sex"]), [6, 6], [6, 6]),
        (StratifiedDesign(5), [77], [5]),
    ],
)
def test_worked_allocations(design, sizes, shares) -> None:
    assert design.allocate(sizes) == shares


def test_largest_remainder_prefers_the_earlier_of_equals() -> None:
    assert largest_remainder([Fraction(1, 2), Fraction(3, 2), Fraction(1)]) == [1, 1, 1]


@given(sizes=SIZES, data=st.data(), equal=st.booleans())
def test_rules_and_limits_that_say_nothing_change_nothing(sizes, data, equal) -> None:
    """The exact arithmetic of the first version, also through response rates that are all the same."""
    n = data.draw(st.integers(sum(min(2, size) for size in sizes), sum(sizes)))
    rule = "equal" if equal else "proportional"
    weights = [1] * len(sizes) if equal else sizes
    old = allocate(n, weights, sizes, minimum=2)
    assert StratifiedDesign(n, ["area"], rule).allocate(sizes) == old
    assert StratifiedDesign(n, ["area"], rule, response=0.37, maximum=5000).allocate(sizes) == old


RATES = st.sampled_from([0.1, 0.25, 0.3, 0.55, 0.7, 1.0])
CASE = st.tuples(st.integers(2, 9), RATES, st.sampled_from([0.5, 1.0, 2.5]), st.sampled_from([1.0, 2.0, 5.0]))


@settings(deadline=None, max_examples=120, derandomize=True)
@given(cells=st.lists(CASE, min_size=2, max_size=4), data=st.data())
@pytest.mark.parametrize("rule", ["neyman", "cost", "power"])
def test_response_aware_optimum_beats_every_other_allocation(rule, cells, data) -> None:
    """What a rule minimises with n draws in all, against all whole numbers within the limits."""
    sizes, rates, sd, costs = (np.array(column) for column in zip(*cells, strict=True))
    n = data.draw(st.integers(2 * len(sizes), min(sum(sizes), 16 if len(sizes) < 4 else 12)))
    means = 2.0 + np.arange(len(sizes))
    squares = {
        "neyman": (sizes * sd) ** 2 / rates,
        "cost": (sizes * sd) ** 2 / rates / costs,
        "power": ((sizes * means) ** 0.5 * sd / means) ** 2 / rates,
    }[rule]
    names = [f"s{place}" for place in range(len(sizes))]
    given_values = {
        name: dict(zip(names, map(float, values), strict=True))
        for name, values in (("response", rates), ("sd", sd), ("costs", costs), ("means", means))
    }
    design = StratifiedDesign(n, ["area"], rule, **given_values)
    best = min(
        float((squares / np.array(drawn)).sum())
        for drawn in product(*(range(2, size + 1) for size in sizes))
        if sum(drawn) == n
    )
    drawn = design.allocate([int(size) for size in sizes], names)
    assert sum(drawn) == n
    assert float((squares / np.array(drawn)).sum()) == pytest.approx(best, rel=1e-12)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(cells=st.lists(CASE, min_size=2, max_size=4))
def test_cost_rule_gives_the_smallest_product_of_variance_and_cost(cells) -> None:
    """(sum a² / n)(sum c n) >= (sum a sqrt(c))², reached at n in proportion to a / sqrt(c)."""
    sizes, rates, sd, costs = (np.array(column) for column in zip(*cells, strict=True))
    big = [int(size) * 10_000 for size in sizes]
    names = [f"s{place}" for place in range(len(sizes))]
    pairs = {name: dict(zip(names, map(float, v), strict=True)) for name, v in (("sd", sd), ("costs", costs))}
    design = StratifiedDesign(5_000, ["area"], "cost", response=dict(zip(names, rates, strict=True)), **pairs)
    drawn = np.array(design.allocate(big, names))
    squares = (np.array(big) * sd) ** 2 / rates
    least = float(np.sqrt(squares * costs).sum()) ** 2
    assert least <= float((squares / drawn).sum() * (costs * drawn).sum()) * (1 + 1e-12)
    assert float((squares / drawn).sum() * (costs * drawn).sum()) == pytest.approx(least, rel=1e-4)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(cells=st.lists(st.tuples(st.integers(50, 4000), RATES), min_size=2, max_size=8), equal=st.booleans())
def test_answers_are_as_proportional_or_equal_as_whole_numbers_allow(cells, equal) -> None:
    sizes, rates = zip(*cells, strict=True)
    names = [f"s{place}" for place in range(len(sizes))]
    n = sum(sizes) // 40 + 2 * len(sizes)
    rule = "equal" if equal else "proportional"
    design = StratifiedDesign(n, ["area"], rule, response=dict(zip(names, rates, strict=True)))
    drawn = design.allocate(sizes, names)
    assert sum(drawn) == n
    free = [
        ((size - 1) * Fraction(str(rate)) / unit, (size + 1) * Fraction(str(rate)) / unit)
        for size, rate, unit, most in zip(
            drawn, rates, [1] * len(sizes) if equal else sizes, sizes, strict=True
        )
        if 2 < size < most
    ]
    assert not free or max(low for low, _ in free) < min(high for _, high in free)


NAMED = ["N/F", "N/M", "S/F", "S/M"]
FOUR = [400, 300, 200, 100]


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ({"response": {"F": 0.5, "M": 0.25}}, [57, 86, 29, 28]),  # 800 : 1200 : 400 : 400
        ({"response": {"N": 0.5, "S": 0.25}}, [62, 46, 61, 31]),  # 800 : 600 : 800 : 400
        ({"response": dict(zip(NAMED, (0.4, 0.3, 0.2, 0.1), strict=True))}, [50, 50, 50, 50]),
        ({"maximum": 60}, [60, 60, 53, 27]),
        ({"maximum": {"F": 150, "M": 20}}, [107, 20, 53, 20]),
        ({"minimum": 30}, [75, 57, 38, 30]),
        ({"take_all": ["S/M"]}, [45, 33, 22, 100]),
        ({"allocation": dict(zip(NAMED, (90, 50, 40, 20), strict=True))}, [90, 50, 40, 20]),
        ({"allocation": "neyman", "sd": {"F": 1, "M": 3}}, [45, 100, 22, 33]),  # 4 : 9 : 2 : 3
    ],
)
def test_worked_designs(values, drawn) -> None:
    assert StratifiedDesign(**{"n": 200, "by": ["area", "sex"], **values}).allocate(FOUR, NAMED) == drawn


@given(sizes=SIZES, data=st.data())
def test_reserve_follows_the_sample_where_there_is_room(sizes, data) -> None:
    from sampling.design_shares import share_reserve

    n = data.draw(st.integers(sum(min(2, size) for size in sizes), sum(sizes)))
    drawn = StratifiedDesign(n, ["area"]).allocate(sizes)
    reserve = data.draw(st.integers(0, sum(sizes) - n))
    extra = share_reserve(reserve, sizes, drawn)
    assert sum(extra) == reserve
    assert all(0 <= more <= size - sample for more, size, sample in zip(extra, sizes, drawn, strict=True))
    with pytest.raises(SamplingError, match="SAM-DESIGN-N"):
        share_reserve(sum(sizes) - n + 1, sizes, drawn)


def test_plan_has_a_reserve_only_where_the_design_has_one(ward_frame) -> None:
    design = StratifiedDesign(150, ["area", "sex"])
    with_reserve = replace(design, reserve=40).plan(ward_frame)
    assert with_reserve["reserve"].sum() == 40
    assert with_reserve.drop(columns="reserve").equals(design.plan(ward_frame))


DESIGNS = [
    StratifiedDesign(200, ["area", "sex"]),
    StratifiedDesign(200, ["area", "sex"], "equal", 1, one_per_household=True),
    StratifiedDesign(200, ["area", "sex"], response={"M": 0.3, "F": 0.55}, take_all=["S/M"], reserve=20),
    StratifiedDesign(200, ["area", "sex"], "neyman", sd={"N": 1.5, "S": 3}, maximum=90),
    StratifiedDesign(200, ["area", "sex"], "power", sd=2, means={"N": 5, "S": 9}, power=0.25),
    StratifiedDesign(200, ["area", "sex"], {"N/F": 90, "N/M": 50, "S/F": 40, "S/M": 20}),
    StratifiedDesign(200, ["area", "sex"], method="systematic", order=["town", "age"]),
]


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.rule)
def test_facts_say_all_that_decides_the_draw(design) -> None:
    again = StratifiedDesign(**json.loads(design.facts_text()))
    assert again.facts_text() == design.facts_text()
    assert again.allocate(FOUR, NAMED) == design.allocate(FOUR, NAMED)
    assert (again.reserve, again.method, again.order) == (design.reserve, design.method, design.order)
    assert hash(replace(design)) == hash(design)
    assert eval(repr(design), {"StratifiedDesign": StratifiedDesign}) == design


def test_facts_are_one_text_for_one_draw() -> None:
    one = StratifiedDesign(200, ["sex"], response={"F": 1, "M": 0.5}, costs=9, means=4)
    two = StratifiedDesign(200, ("sex",), response={"M": 0.50, "F": 1.0}, power=0.9)
    assert one.facts_text() == two.facts_text()
    assert (
        one.facts_text()
        == '{"allocation":"proportional","by":["sex"],"minimum":2,"n":200,"response":{"F":1,"M":0.5}}'
    )
    assert replace(DESIGNS[5], response=0.5, sd=3).facts_text() == DESIGNS[5].facts_text()
    assert [design.is_plain for design in DESIGNS] == [True, True, False, False, False, False, False]


SYSTEMATIC = {"method": "systematic", "one_per_household": True}


@pytest.mark.parametrize(
    "values",
    [
        {"minimum": 0},
        {"n": True},
        {"n": 9.5},
        {"allocation": "best"},
        {"allocation": {"F": 5, "M": 6}},
        {"allocation": "neyman"},
        {"allocation": "power", "sd": 1},
        {"response": 0},
        {"response": 1.01},
        {"response": {}},
        {"response": {"F": "half"}},
        {"sd": -1},
        {"costs": 0},
        {"power": 2},
        {"means": float("nan")},
        {"maximum": 1},
        {"maximum": {"F": 2.5, "M": 3}},
        {"method": "cube"},
        {"order": ["town"]},
        {"method": "systematic", "order": ["name"]},
        {"method": "systematic", "order": ["town", "town"]},
        SYSTEMATIC,
        {"reserve": -1},
    ],
    ids=str,
)
def test_values_that_cannot_be(values) -> None:
    with pytest.raises(SamplingError) as refusal:
        StratifiedDesign(**{"n": 10, "by": ["sex"], **values})
    assert refusal.value.code == "SAM-DESIGN"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"response": {"N/F": 0.5}}, "SAM-DESIGN-STRATUM"),
        ({"response": {"F": 0.5}}, "SAM-DESIGN-STRATUM"),
        ({"take_all": ["85+"]}, "SAM-DESIGN-STRATUM"),
        ({"allocation": {"N/F": 100, "N/M": 100}}, "SAM-DESIGN-STRATUM"),
        ({"allocation": {**dict.fromkeys(NAMED, 40), "X/F": 40}}, "SAM-DESIGN-STRATUM"),
        ({"allocation": {"N/F": 40, "N/M": 30, "S/F": 20, "S/M": 110}}, "SAM-DESIGN"),
        ({"allocation": {"N/F": 101, "N/M": 50, "S/F": 48, "S/M": 1}}, "SAM-DESIGN"),
        ({"maximum": 40}, "SAM-ALLOC-TOTAL"),
        ({"take_all": ["F"]}, "SAM-ALLOC-TOTAL"),
    ],
    ids=str,
)
def test_designs_that_do_not_fit_the_strata(values, code) -> None:
    design = StratifiedDesign(**{"n": 200, "by": ["area", "sex"], **values})
    with pytest.raises(SamplingError) as refusal:
        design.allocate(FOUR, NAMED)
    assert refusal.value.code == code


TABLE = {"n": 200, "by": ["area", "sex"], "allocation": "proportional"}


def settings_of(**values):
    return read_design_settings(Settings("survey.toml", {**TABLE, **values}, "design"))


def test_survey_toml_makes_the_same_design() -> None:
    household = FrameSettings(one_per_household=True)
    assert StratifiedDesign.from_settings(settings_of(), FrameSettings()) == DESIGNS[0]
    equal = settings_of(allocation="equal", minimum=1)
    assert StratifiedDesign.from_settings(equal, household) == DESIGNS[1]
    more = settings_of(response={"F": 0.55, "M": 0.3}, take_all=["S/M"], reserve=20)
    assert StratifiedDesign.from_settings(more, FrameSettings()) == DESIGNS[2]
    fixed = settings_of(allocation={"N/F": 90, "N/M": 50, "S/F": 40, "S/M": 20})
    assert StratifiedDesign.from_settings(fixed, FrameSettings()) == DESIGNS[5]
    steps = settings_of(method="systematic", order=["town", "age"], coordination="rotate", panels=4)
    assert StratifiedDesign.from_settings(steps, FrameSettings()) == DESIGNS[6]
    assert (steps.coordination, steps.panels) == ("rotate", 4)


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"minimum": 0}, "design.minimum"),
        ({"maximum": {"F": 0}}, "design.maximum.F"),
        ({"response": 1.5}, "design.response"),
        ({"response": {"F": 0}}, "design.response.F"),
        ({"response": {}}, "design.response"),
        ({"response": "60%"}, "design.response"),
        ({"costs": -1}, "design.costs"),
        ({"sd": True}, "design.sd"),
        ({"means": float("inf")}, "design.means"),
        ({"power": 1.2}, "design.power"),
        ({"method": "pps"}, "design.method"),
        ({"order": "town"}, "design.order"),
        ({"reserve": 1.5}, "design.reserve"),
        ({"take_all": [1]}, "design.take_all"),
        ({"allocation": {"F": 0}}, "design.allocation.F"),
        ({"coordination": "new"}, "design.coordination"),
        ({"coordination": "rotate"}, "design.panels"),
        ({"panels": 3}, "design.panels"),
        ({"respons": 0.5}, "design.respons"),
    ],
    ids=str,
)
def test_a_wrong_line_of_survey_toml_is_refused_by_name(values, column) -> None:
    with pytest.raises(ConfigError) as refusal:
        settings_of(**values)
    assert (refusal.value.code, refusal.value.file, refusal.value.column) == (
        "CFG-FIELD",
        "survey.toml",
        column,
    )


@pytest.mark.parametrize(
    ("n", "by", "code"),
    [(0, ["sex"], "SAM-DESIGN"), (5, ["name"], "SAM-DESIGN-BY"), (5, ["sex", "sex"], "SAM-DESIGN-BY")],
)
def test_designs_that_cannot_be(n, by, code) -> None:
    with pytest.raises(SamplingError) as refusal:
        StratifiedDesign(n, by)
    assert refusal.value.code == code


def test_a_design_larger_than_the_frame_or_smaller_than_its_strata(ward_frame) -> None:
    for n, code in ((len(ward_frame) + 1, "SAM-DESIGN-N"), (20, "SAM-DESIGN-MIN")):
        with pytest.raises(SamplingError) as refusal:
            StratifiedDesign(n, ["area", "age_band", "sex"]).preview(ward_frame)
        assert refusal.value.code == code


def test_preview_shows_what_will_be_drawn(ward_frame) -> None:
    preview = StratifiedDesign(150, ["area", "sex"]).preview(ward_frame)
    plan = preview.tidy()
    assert plan["sample"].sum() == 150
    assert plan["persons"].sum() == len(ward_frame)
    assert (plan["base_weight"] * plan["inclusion_prob"]).round(12).eq(1).all()
    assert "150 of" in repr(preview)
    assert "<script" not in preview._repr_html_()
