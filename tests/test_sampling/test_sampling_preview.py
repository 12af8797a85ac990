"""A preview expects the variance, answers, cost and warnings that many draws then have."""

import math
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.errors import SamplingError
from sampling import StratifiedDesign, draw
from sampling.allocate.precision import expected_precision
from sampling.preview import preview_plan
from sampling.preview_numbers import domain_variances, expected_inverse, kish_effect
from sampling.preview_page import preview_html, preview_page
from sampling.preview_plot import preview_plot
from sampling.size.single import margin_mean, margin_proportion

BY = ["area", "sex"]
NAMES = ["N/F", "N/M", "S/F", "S/M"]
VALUES = pd.DataFrame({"area": ["N", "N", "S", "S"], "sex": ["F", "M", "F", "M"]})
SIZES = [4000, 3000, 2000, 1000]
DRAWS = 20_000
SAME = 0.04
"""Relative error of a simulated variance: sqrt(2 / 20,000) = 1 % is its standard error."""


def previewed(design: StratifiedDesign, sizes=SIZES, **options):
    """Preview four strata without a frame."""
    drawn = design.allocate(sizes, NAMES)
    plan = pd.DataFrame({"stratum": NAMES, "persons": sizes, "sample": drawn})
    plan["inclusion_prob"], plan["base_weight"] = plan["sample"] / sizes, plan["persons"] / plan["sample"]
    return preview_plan(design, plan, VALUES, **options)


def row(preview, by: str, domain: str, variable: str = "proportion") -> pd.Series:
    table = preview.precision().set_index(["variable", "by", "domain"])
    return table.loc[(variable, by, domain)]


def test_one_stratum_is_the_sample_size_formula(ward_frame) -> None:
    size = len(ward_frame)
    preview = StratifiedDesign(200, sd=3, means=12).preview(ward_frame, p=0.3)
    assert preview.margin == pytest.approx(float(margin_proportion(200, p=0.3, N=size)), rel=1e-12)
    mean = row(preview, "all", "all", "mean")
    assert mean["margin"] == pytest.approx(float(margin_mean(200, sd=3, N=size)), rel=1e-12)
    assert mean["cv"] == pytest.approx(mean["se"] / 12)
    assert preview.deff == 1


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.data())
def test_full_response_is_the_variance_of_the_allocation(data) -> None:
    sizes = np.array(data.draw(st.lists(st.integers(2, 500), min_size=2, max_size=8)), dtype=np.float64)
    drawn = np.array([data.draw(st.integers(1, int(size))) for size in sizes], dtype=np.float64)
    sd = np.array([data.draw(st.floats(0.1, 9)) for _ in sizes])
    part = np.array([data.draw(st.booleans()) for _ in sizes[1:]] + [True])
    plan = expected_precision(drawn, sizes, sd, domains={"part": part})
    member = np.stack([np.ones(len(sizes), dtype=bool), part])
    ours = domain_variances(member, sizes, 1 / drawn, sd**2) * (member @ sizes) ** 2
    np.testing.assert_allclose(ours, plan.variance[:, 0], rtol=1e-9, atol=1e-6)
    effect = kish_effect(member, sizes, drawn, np.ones(len(sizes)))
    weights = np.repeat(sizes / drawn, drawn.astype(int))
    assert effect[0] == pytest.approx(len(weights) * (weights**2).sum() / weights.sum() ** 2)
    assert np.all(effect >= 1 - 1e-12)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.55, 0.9, 1.0])
@pytest.mark.parametrize("n", [1, 2, 7, 40, 180, 200, 201, 900])
def test_the_mean_of_the_inverse_is_that_of_all_numbers_of_answers(n, rate) -> None:
    ways = [math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)] if n <= 900 else []
    exact = sum(way / k for k, way in enumerate(ways) if k) / (1 - ways[0])
    found = float(expected_inverse(np.array([float(n)]), np.array([rate]))[0])
    # Above 200 draws a formula of second order; its error is of the order of 2 / (n r)².
    assert found == pytest.approx(max(exact, 1 / (n * rate)), rel=1e-12 if n <= 200 else 3 / (n * rate) ** 2)


def simulated(y: list[np.ndarray], drawn: list[int], rates: list[float], rng) -> np.ndarray:
    """Return the stratified estimates of means by stratum, shape (strata, DRAWS), answers at random."""
    rows = []
    for values, n, rate in zip(y, drawn, rates, strict=True):
        keys = rng.random((DRAWS, len(values)))
        chosen = values[np.argpartition(keys, n, axis=1)[:, :n]]
        answered = rng.random(chosen.shape) < rate
        rows.append((chosen * answered).sum(axis=1) / answered.sum(axis=1))
    return np.stack(rows)


@pytest.mark.parametrize("rule", ["proportional", "equal"])
def test_expected_precision_is_that_of_simulated_surveys(rule) -> None:
    rng = np.random.default_rng(20091101)
    sizes, ones, rates = [160, 120, 90, 60], [48, 60, 27, 42], {"F": 0.8, "M": 0.5}
    design = StratifiedDesign(140, BY, rule, response=rates)
    shares = {name: count / size for name, count, size in zip(NAMES, ones, sizes, strict=True)}
    preview = previewed(design, sizes, p=shares)
    y = [np.arange(size) < count for size, count in zip(sizes, ones, strict=True)]
    drawn = preview.plan["sample"].tolist()
    means = simulated(y, drawn, design.each("response", NAMES), rng)
    for by, domain, places in (
        ("all", "all", [0, 1, 2, 3]),
        ("area", "S", [2, 3]),
        ("sex", "M", [1, 3]),
    ):
        weights = np.array(sizes)[places]
        estimate = weights @ means[places] / weights.sum()
        expected = row(preview, by, domain)
        assert estimate.var() == pytest.approx(expected["se"] ** 2, rel=SAME)
        assert estimate.mean() == pytest.approx(expected["mean"], abs=0.002)
        assert expected["persons"] == weights.sum()


def test_draws_of_the_product_vary_as_the_preview_expects(ward_frame) -> None:
    """The whole way: 200 draws by seed, the share of one age band estimated from each."""
    design = StratifiedDesign(150, ["area", "sex"])
    table = ward_frame.table
    table["stratum"], table["y"] = table["area"] + "/" + table["sex"], table["age_band"] == "70-74"
    shares = table.groupby("stratum")["y"].mean().clip(1e-9, 1 - 1e-9).to_dict()
    preview = design.preview(ward_frame, p=shares)
    estimates = []
    for seed in range(200):
        sample = draw(ward_frame, design, seed=f"preview {seed}").table
        estimates.append(np.average(sample["age_band"] == "70-74", weights=sample["base_weight"]))
    expected = row(preview, "all", "all")
    # The relative standard error of a variance of 200 values is sqrt(2 / 200) = 10 %.
    assert np.var(estimates) == pytest.approx(expected["se"] ** 2, rel=0.3)
    assert np.mean(estimates) == pytest.approx(expected["mean"], abs=4 * expected["se"] / np.sqrt(200))


def test_household_weights_enlarge_the_variance_as_expected(ward_frame) -> None:
    """One person a household, both phases drawn 20,000 times, against the preview."""
    rng = np.random.default_rng(7)
    homes = rng.integers(1, 4, 4000)
    home = np.repeat(np.arange(len(homes)), homes)
    y = rng.random(len(home)) < 0.4
    frame = _with_households(ward_frame, home)
    persons = len(frame)
    home, y = home[:persons], y[:persons]
    design = StratifiedDesign(60, one_per_household=True)
    preview = design.preview(frame, p=float(y.mean()))
    first = np.unique(home, return_index=True)[1]
    sizes = np.bincount(home)
    estimates = np.empty(DRAWS // 4)
    for place in range(len(estimates)):
        drawn = rng.choice(len(sizes), 60, replace=False)
        member = first[drawn] + (rng.random(60) * sizes[drawn]).astype(int)
        estimates[place] = np.average(y[member], weights=sizes[drawn])
    assert preview.deff == pytest.approx(persons_effect(sizes), rel=1e-9)
    assert estimates.var() == pytest.approx(row(preview, "all", "all")["se"] ** 2, rel=0.12)


def persons_effect(sizes: np.ndarray) -> float:
    """Return E[m²] / E[m]² over households, each giving one person of weight m."""
    return float((sizes**2).mean() / sizes.mean() ** 2)


def _with_households(frame, home: np.ndarray):
    from dataclasses import replace

    numbers = pa.array([f"{number:010d}" for number in home[: len(frame)]], type=pa.string())
    place = frame.data.column_names.index("household_no")
    return replace(frame, data=frame.data.set_column(place, "household_no", numbers))


def test_answers_costs_and_response_add_up() -> None:
    design = StratifiedDesign(1000, BY, response={"N": 0.5, "S": 0.25}, costs={"F": 200, "M": 300})
    preview = previewed(design)
    plan = preview.tidy()
    assert plan["answers"].tolist() == [
        n * r for n, r in zip(plan["sample"], [0.5, 0.5, 0.25, 0.25], strict=True)
    ]
    assert preview.cost == plan["cost"].sum() == (plan["sample"] * [200, 300, 200, 300]).sum()
    assert row(preview, "area", "S")["response"] == 0.25
    assert row(preview, "all", "all")["answers"] == pytest.approx(plan["answers"].sum())
    assert previewed(design, cost=240).cost == 240_000
    assert previewed(StratifiedDesign(1000, BY)).cost is None
    # Answers in proportion to the persons: no weight differs but by rounding.
    assert preview.deff == pytest.approx(1, abs=1e-4)
    assert previewed(StratifiedDesign(1000, BY)).deff == pytest.approx(1, abs=1e-9)


def test_the_table_of_response_rates_is_the_preview_at_each_rate() -> None:
    table = previewed(StratifiedDesign(1000, BY), p=0.3).responses
    assert table["response"].is_monotonic_increasing
    for rate, margin in zip(table["response"], table["margin"], strict=True):
        other = previewed(StratifiedDesign(1000, BY, response=round(rate, 9)), p=0.3)
        assert margin == pytest.approx(other.margin)


def test_warnings_name_what_staff_should_look_at() -> None:
    sizes = [4000, 3000, 60, 20]
    table = previewed(StratifiedDesign(400, BY, take_all=["S/M"], response=0.6), sizes).warnings
    assert table[table["kind"] == "whole"]["domain"].tolist() == ["S/M"]
    few = table[table["kind"] == "few"]
    assert list(zip(few["by"], few["domain"], strict=True)) == [("area", "S")]
    assert few["value"].iloc[0] < 30
    assert set(table[table["kind"] == "wide"]["domain"]) == {"S"}
    assert previewed(StratifiedDesign(4000, BY)).warnings.empty


@pytest.mark.parametrize(
    "options", [{"p": 0}, {"p": 1}, {"p": {"N": 0.5}}, {"cost": 0}, {"level": 1}, {"level": 0}], ids=str
)
def test_options_that_cannot_be(options) -> None:
    with pytest.raises(SamplingError):
        previewed(StratifiedDesign(400, BY), **options)


def test_it_shows_itself_without_script_and_without_changing(ward_frame) -> None:
    design = StratifiedDesign(150, ["area", "age_band", "sex"], "neyman", sd=2, means=9, reserve=20)
    preview = design.preview(ward_frame, cost=240)
    before = preview.precision().to_csv(), preview.tidy().to_csv()
    html = preview_html(preview)
    assert preview._repr_html_() == html
    for name in ("hyohon-preview-precision", "hyohon-preview"):
        assert html.count(f'id="{name}"') == 1
    page = preview_page(preview, title="食 <b>", date="2009-11-01", training=True)
    assert page == preview_page(preview, title="食 <b>", date="2009-11-01", training=True)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "食 &lt;b&gt;" in page
    for words in (
        "訓練用",
        "まだ誰も抽出していません",
        "ネイマン配分",
        "36,000円",
        "年齢階級",
        "85歳以上",
        "予備",
    ):
        assert words in page
    assert "訓練用" not in preview_page(preview, title="食", date="2009-11-01", training=False)
    copy = preview.tidy()
    copy["sample"] = 99
    assert before == (preview.precision().to_csv(), preview.tidy().to_csv())
    assert "margin ±" in repr(preview)


@pytest.mark.parametrize("by", [[], ["sex"], ["area", "age_band", "sex"]], ids=str)
def test_the_plot_shows_the_table(ward_frame, by) -> None:
    preview = StratifiedDesign(200, by, response=0.5).preview(ward_frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a missing glyph would warn
        figure = preview_plot(preview, training=True)
        assert figure._repr_png_().startswith(b"\x89PNG")
    left, right, above = figure.axes
    persons = [bar.get_width() for bar in left.patches]
    sample = [bar.get_width() for bar in above.patches]
    rows = len(by) if len(by) > 1 else 1
    assert sum(persons) == rows * len(ward_frame)
    assert sum(sample) == rows * 200
    # Equal lengths are equal fractions: both scales end at the same fraction of the whole.
    assert above.get_xlim()[1] / left.get_xlim()[1] == pytest.approx(200 / len(ward_frame))
    shown = sorted(x for x, _y in right.collections[1].get_offsets())
    assert shown == pytest.approx(sorted(100 * preview.precision()["margin"]))
    assert any("訓練用" in text.get_text() for text in figure.texts)


def test_domains_of_the_frame_are_counted_right(ward_frame) -> None:
    preview = StratifiedDesign(200, ["area", "age_band", "sex"]).preview(ward_frame)
    for column in ("area", "age_band", "sex"):
        counts = {
            item["values"]: item["counts"] for item in pc.value_counts(ward_frame.data[column]).to_pylist()
        }
        table = preview.precision().query("by == @column")
        assert dict(zip(table["domain"], table["persons"], strict=True)) == counts
        assert table["sample"].sum() == 200
