"""SurveyDesign takes the samples as they are, and the preview's precision is what simulation finds."""

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign
from sampling.method_design import MethodDesign, Stage

REPS = 4000
SE_ERROR = 5 / np.sqrt(2 * REPS)  # five relative standard errors of a standard deviation
RNG = np.random.default_rng(21)
ROWS = 120
FRAME = pd.DataFrame(
    {
        "地区 名": RNG.choice(["北", "南", "東"], ROWS),
        "town": np.repeat(np.arange(12), [4, 6, 8, 10, 12, 14, 16, 10, 10, 10, 10, 10]),
        "size": RNG.gamma(4.0, 10.0, ROWS),
    }
)
FRAME["y"] = FRAME["size"] * 0.5 + RNG.normal(20, 4, ROWS)


def test_stratified_samples_give_the_textbook_variance() -> None:
    table = MethodDesign("srs", n=30, strata="地区 名").draw(FRAME, seed=1).table
    design = SurveyDesign(table, weights="base_weight", strata="stratum", psu="psu", fpc="fpc")
    by = table.groupby("地区 名")["y"]
    sizes, n = FRAME["地区 名"].value_counts()[by.size().index], by.size()
    variance = (sizes**2 * (1 - n / sizes) * by.var() / n).sum()
    found = design.total("y").tidy()
    assert found["estimate"][0] == pytest.approx((sizes * by.mean()).sum())
    assert found["se"][0] == pytest.approx(np.sqrt(variance))


def test_whole_clusters_give_the_textbook_variance() -> None:
    table = MethodDesign("srs", psu="town", n=5).draw(FRAME, seed=1).table
    design = SurveyDesign(table, weights="base_weight", strata="stratum", psu="psu", fpc="fpc")
    totals = table.groupby("town")["y"].sum()
    assert len(totals) == 5
    found = design.total("y").tidy()
    assert found["estimate"][0] == pytest.approx(12 * totals.mean())
    assert found["se"][0] == pytest.approx(np.sqrt(12**2 * (1 - 5 / 12) * totals.var() / 5))


def test_hits_give_hansen_and_hurwitz() -> None:
    """A row for each hit, no fpc: the variance between draws."""
    table = MethodDesign("pps_with_replacement", size="size", n=40).draw(FRAME, seed=1).table
    assert table["hits"].max() > 1
    design = SurveyDesign(table, weights="base_weight", strata="stratum", psu="psu")
    ratios = table["y"] / table["size"] * FRAME["size"].sum()
    found = design.total("y").tidy()
    assert found["estimate"][0] == pytest.approx(ratios.mean())
    assert found["se"][0] == pytest.approx(ratios.std() / np.sqrt(40))


def test_first_stage_of_a_two_stage_sample_is_taken() -> None:
    design = MethodDesign.stages([Stage("srs", unit="town", n=6), Stage("srs", n=3)])
    table = design.draw(FRAME, seed=1).table
    found = SurveyDesign(table, weights="base_weight", strata="stratum", psu="psu", fpc="fpc")
    assert found.df == 5
    totals = table.groupby("town").agg(y=("y", "mean"), m=("fpc_2", "first"))
    assert found.total("y").tidy()["estimate"][0] == pytest.approx(2 * (totals["y"] * totals["m"]).sum())


DRAWN = {
    "by size": (
        MethodDesign("sampford", n=10, size="size", strata="地区 名"),
        {"psu": "psu", "fpc": "fpc"},
        0.06,
    ),
    "two stages": (
        MethodDesign.stages([Stage("srs", unit="town", n=5), Stage("srs", n=3)]),
        {"psu": ["psu", "ssu"], "fpc": ["fpc", "fpc_2"]},
        0.08,
    ),
    "towns by size": (
        MethodDesign.stages([Stage("sampford", unit="town", size="size", n=5), Stage("srs", n=3)]),
        {"psu": ["psu", "ssu"], "fpc": ["fpc", "fpc_2"]},
        0.1,
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_estimated_variance_is_right_on_average(name) -> None:
    """Over 1,000 draws; allowed: five standard errors of a variance, and what Brewer's formula neglects."""
    design, options, allowed = DRAWN[name]
    reps = 1000
    table = design.draw(FRAME, seed="variance", reps=reps).table
    pps = "brewer" if name != "two stages" else None
    totals, variances = [], []
    for _replicate, part in table.groupby("replicate"):
        found = SurveyDesign(part, strata="stratum", pps=pps, **options).total("y")
        totals.append(found.estimate[0])
        variances.append(found.linear.covariance[0, 0])
    assert np.mean(totals) == pytest.approx(FRAME["y"].sum(), rel=0.01)
    assert np.mean(variances) == pytest.approx(np.var(totals), rel=allowed + 5 * np.sqrt(2 / reps))


CASES = [
    MethodDesign("srs", n=12, strata="地区 名"),
    MethodDesign("srs_with_replacement", n=12),
    MethodDesign("bernoulli", rate=0.1),
    MethodDesign("poisson", n=12, size="size", strata="地区 名"),
    MethodDesign("pps_with_replacement", n=12, size="size"),
    MethodDesign("srs", psu="town", n=4),
    MethodDesign.stages([Stage("srs", unit="town", n=4), Stage("srs", n=3)]),
    MethodDesign.stages([Stage("pps_with_replacement", unit="town", n=4), Stage("srs", n=3)]),
]


@pytest.mark.parametrize("design", CASES, ids=lambda design: "-".join(p.method for p in design.parts))
def test_expected_precision_is_what_simulation_finds(design) -> None:
    expected = design.preview(FRAME, variables="y").precision
    assert expected["total"][0] == pytest.approx(FRAME["y"].sum())
    table = design.draw(FRAME, seed="precision", reps=REPS).table
    totals = (table["y"] * table["base_weight"]).groupby(table["replicate"]).sum()
    totals = totals.reindex(range(1, REPS + 1), fill_value=0.0)
    assert expected["se"][0] == pytest.approx(totals.std(), rel=SE_ERROR)
    assert expected["cv"][0] == pytest.approx(expected["se"][0] / FRAME["y"].sum())


@pytest.mark.parametrize(
    ("design", "reps"),
    [
        (MethodDesign("sampford", n=12, size="size", strata="地区 名"), 1500),
        (MethodDesign("pps_systematic", n=12, size="size", randomised=True), 1500),
        (MethodDesign("cube", n=12, balance="size", size="size"), 500),
    ],
    ids=["sampford", "randomised systematic", "cube"],
)
def test_approximate_precision_is_near(design, reps) -> None:
    """Within a tenth: the approximation's own error, and simulation's."""
    expected = design.preview(FRAME, variables="y").precision["se"][0]
    table = design.draw(FRAME, seed="precision", reps=reps).table
    totals = (table["y"] * table["base_weight"]).groupby(table["replicate"]).sum()
    assert expected == pytest.approx(totals.std(), rel=0.1)


def test_where_no_formula_exists_there_is_no_number() -> None:
    preview = MethodDesign("local_pivotal_2", n=12, points="size").preview(FRAME, variables=["y", "size"])
    assert preview.precision["cv"].isna().all()
    assert preview.precision["formula"].tolist() == ["none", "none"]


@pytest.mark.parametrize("design", CASES, ids=lambda design: "-".join(p.method for p in design.parts))
def test_the_plan_is_what_is_drawn_on_average(design) -> None:
    preview = design.preview(FRAME, cost=2.5)
    last = preview.plan[preview.plan["stage"] == len(design.parts)]
    assert preview.cost == pytest.approx(2.5 * preview.sample)
    assert last["cost"].sum() == pytest.approx(preview.cost)
    table = design.draw(FRAME, seed="plan", reps=500).table
    counts = table.groupby("replicate").size().reindex(range(1, 501), fill_value=0)
    assert abs(counts.mean() - preview.sample) <= 4 * counts.std() / np.sqrt(500) + 1e-9
    weights = table["base_weight"]
    kish = len(weights) * (weights**2).sum() / weights.sum() ** 2
    assert preview.deff == pytest.approx(kish, rel=0.03)
    assert last["inclusion_min"].min() <= 1 / weights.max() + 1e-12
    assert last["inclusion_max"].max() >= 1 / weights.min() - 1e-12


def test_costs_by_column_and_by_stage() -> None:
    design = MethodDesign.stages([Stage("srs", unit="town", n=6), Stage("srs", n=2)])
    assert design.preview(FRAME, cost=[100, 7]).cost == pytest.approx(6 * 100 + 12 * 7)
    flat = MethodDesign("srs", n=12).preview(FRAME, cost="size")
    assert flat.cost == pytest.approx(12 * FRAME["size"].mean())


def test_the_preview_shows_itself() -> None:
    design = MethodDesign.stages([Stage("srs", unit="town", n=6), Stage("srs", n=2)], strata="地区 名")
    preview = design.preview(FRAME, variables="y", cost=1)
    assert preview.tidy().equals(preview.plan)
    assert preview.tidy() is not preview.plan
    html = preview._repr_html_()
    assert "北" in html
    assert "<script" not in html
    figure = preview.plot()
    assert figure.axes[0].get_xlabel() == "第1段 抽出数（town）"
    assert figure._repr_png_()[:4] == b"\x89PNG"
    assert repr(preview) == "<MethodPreview: 11.3 of 120 rows, deff 1.199, cost 11>"


def test_everything_has_a_line_and_a_table() -> None:
    sample = MethodDesign("srs", n=12, strata="地区 名").draw(FRAME, seed=1)
    assert repr(sample) == "<MethodSample: 12 of 120 rows, 3 strata>"
    assert sample.tidy()["rows"].sum() == len(sample) == 12
    assert sample.tidy()["weight_sum"].sum() == pytest.approx(ROWS)
    assert "hyohon-method-sample" in sample._repr_html_()
    assert "hyohon method v1" in sample.record._repr_html_()
    assert repr(sample.record).startswith("<MethodRecord: 12 rows of 120, sample ")
