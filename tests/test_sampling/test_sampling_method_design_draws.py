"""Every method through a design keeps its sizes, estimates without bias, and multiplies over stages."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from sampling.method_design import MethodDesign, Stage, method_table
from sampling.methods import joint_inclusion

REPS = 2000
UNITS = 24
RNG = np.random.default_rng(11)
SMALL = pd.DataFrame(
    {
        "unit": np.arange(UNITS),
        "side": np.repeat(["w", "e"], [10, 14]),
        "size": RNG.integers(2, 9, UNITS),
        "x": RNG.random(UNITS),
        "y": RNG.random(UNITS),
        "town": np.repeat(np.arange(6), [2, 3, 4, 4, 5, 6]),
        "block": np.tile([1, 2, 1, 2], 6),
    }
)
SLOW = (
    "conditional_poisson",
    "cube",
    "local_cube",
    "local_pivotal_1",
    "local_pivotal_2",
    "spatially_correlated_poisson",
)
NEAR = ("pareto", "sequential_poisson", "successive")  # their probabilities are near the target ones only
TABLE = method_table().set_index("method")


def options(method: str) -> dict:
    """What a method needs, over two strata of 3 and 4."""
    needs = TABLE.loc[method, "needs"]
    found = {"size": "size"} if "size" in TABLE.loc[method, "uses"] + needs else {}
    found |= {"points": ["x", "y"]} if "points" in needs else {}
    found |= {"balance": ["x", "y"]} if "balance" in needs else {}
    if method == "bernoulli":
        return found | {"rate": 0.3}
    return found | {"n": 2 if method == "murthy" else {"w": 3, "e": 4}}


def within(counts, chances) -> bool:
    """Whether every unit's z is within Bonferroni's limit at 1 in 1,000."""
    free = (chances > 0) & (chances < 1)
    assert np.all(counts[~free] == REPS * chances[~free])
    z = (counts - REPS * chances)[free] / np.sqrt(REPS * (chances * (1 - chances))[free])
    return bool(np.abs(z).max() < norm.isf(0.001 / len(counts) / 2))


def unbiased(totals, truth: float) -> bool:
    """Whether the mean over replicates is the truth, within 4 standard errors."""
    return abs(totals.mean() - truth) < 4 * totals.std(ddof=1) / np.sqrt(len(totals))


@pytest.mark.parametrize("method", TABLE.index)
def test_sizes_weights_and_frequencies(method) -> None:
    design = MethodDesign(method, strata="side", **options(method))
    reps = REPS // 10 if method in SLOW else REPS
    table = design.draw(SMALL, seed=f"s-{method}", reps=reps).table
    sizes = table.groupby(["replicate", "stratum"]).size().unstack(fill_value=0)
    if TABLE.loc[method, "fixed"]:
        assert (sizes == [4, 3] if method != "murthy" else sizes == 2).all(axis=None)
    if TABLE.loc[method, "fixed"] and method != "murthy":  # its probabilities are not proportional to size
        # sizes divided by their probabilities sum to the population's sizes, whatever is drawn
        known = "size" if design.parts[0].sized else "one"
        estimates = table.assign(one=1)[known] * table["base_weight"]
        by = estimates.groupby([table["replicate"], table["stratum"]]).sum().unstack()
        truth = SMALL.assign(one=1).groupby("side")[known].sum()
        np.testing.assert_allclose(by, np.broadcast_to(truth[by.columns], by.shape), rtol=1e-10)
    totals = (table["y"] * table["base_weight"]).groupby(table["replicate"]).sum()
    if method not in NEAR:
        assert unbiased(totals.reindex(range(1, reps + 1), fill_value=0.0), SMALL["y"].sum())
    if not TABLE.loc[method, "replacement"] and method not in NEAR and reps == REPS:
        chances = table.groupby("unit")["inclusion_prob"].first().reindex(range(UNITS)).to_numpy()
        assert within(table["unit"].value_counts().reindex(range(UNITS)).to_numpy(), chances)


@pytest.mark.parametrize(
    "design",
    [
        MethodDesign("srs", psu="town", n=2),
        MethodDesign("pps_systematic", psu="town", n=2, size="size", randomised=True),
        MethodDesign.stages([Stage("srs", unit="town", n=3), Stage("srs", n=2)]),
        MethodDesign.stages(
            [Stage("sampford", unit="town", n=1), Stage("srs", unit="block", n=1), Stage("systematic", n=1)],
            strata="side",
            minimum=1,
            allocation="each",
        ),
        MethodDesign.stages([Stage("pps_systematic", unit="town", n=3), Stage("poisson", size="size", n=2)]),
        MethodDesign.stages([Stage("srs", unit="town", n=3), Stage("cube", balance="x", rate=0.5)]),
    ],
    ids=lambda design: "-".join(part.method for part in design.parts),
)
def test_stages_multiply_and_estimate_without_bias(design) -> None:
    reps = REPS if design.parts[-1].method != "cube" else 600
    table = design.draw(SMALL, seed="stages", reps=reps).table
    if len(design.parts) > 1:
        names = [f"inclusion_prob_{level + 1}" for level in range(len(design.parts))]
        np.testing.assert_allclose(table[names].prod(axis=1), table["inclusion_prob"], rtol=1e-12)
    if reps == REPS:
        chances = table.groupby("unit")["inclusion_prob"].first().reindex(range(UNITS)).to_numpy()
        counts = table["unit"].value_counts().reindex(range(UNITS)).to_numpy()
        assert within(counts, chances)
    totals = (table["y"] * table["base_weight"]).groupby(table["replicate"]).sum()
    assert unbiased(totals.reindex(range(1, reps + 1), fill_value=0.0), SMALL["y"].sum())


def test_towns_by_persons_and_equal_numbers_inside_weigh_the_same() -> None:
    """n m / N for everybody: 3 towns by their rows and 2 rows in each, of 24."""
    design = MethodDesign.stages([Stage("pps_systematic", unit="town", n=3), Stage("srs", n=2)])
    table = design.draw(SMALL, seed=1).table
    np.testing.assert_allclose(table["base_weight"], 24 / 6, rtol=1e-12)
    assert table.groupby("psu").size().tolist() == [2, 2, 2]
    assert table["fpc_2"].tolist() == table["town"].map(SMALL["town"].value_counts()).tolist()
    np.testing.assert_allclose(table["fpc"], table["inclusion_prob_1"], rtol=0)
    preview = design.preview(SMALL)
    assert preview.deff == pytest.approx(1.0)
    assert preview.sample == pytest.approx(6.0)


def test_clusters_with_replacement_have_a_row_for_each_hit_and_subsamples_of_their_own() -> None:
    design = MethodDesign.stages([Stage("pps_with_replacement", unit="town", n=4), Stage("srs", n=1)])
    table = design.draw(SMALL, seed=5, reps=REPS).table
    one = table[table["replicate"] == 1]
    assert sorted(one["psu"]) == [1, 2, 3, 4]
    assert "fpc" not in table.columns
    hits = one.groupby("town")["hits"].agg(["first", "size"])
    assert (hits["first"] == hits["size"]).all()
    assert table["hits"].max() > 1
    np.testing.assert_allclose(table["base_weight"], 6.0, rtol=1e-12)
    totals = (table["y"] * table["base_weight"]).groupby(table["replicate"]).sum()
    assert unbiased(totals, SMALL["y"].sum())


def test_one_person_of_each_of_many_households() -> None:
    homes = pd.DataFrame({"home": np.repeat(np.arange(1500), 1 + np.arange(1500) % 3)})
    table = MethodDesign("srs", n=1, strata="home", allocation="each").draw(homes, seed=1).table
    assert table["home"].tolist() == list(range(1500))
    assert table["base_weight"].sum() == len(homes)
    design = MethodDesign("srs", n=1, strata="home", allocation="each")
    for shown in (design.preview(homes), design.draw(homes, seed=1)):
        assert shown._repr_html_().count("<tr>") == 101  # the first hundred, and the head


def test_rates_and_allocations() -> None:
    def drawn(**given) -> list[int]:
        table = MethodDesign("srs", strata="side", **given).draw(SMALL, seed=1).table
        return table["stratum"].value_counts().reindex(["w", "e"]).tolist()

    assert drawn(rate=0.25) == [3, 4]  # 2.5 and 3.5, rounded up
    assert drawn(rate={"w": 0.1, "e": 1.0}) == [1, 14]
    assert drawn(n=12) == [5, 7]
    assert drawn(n=12, allocation="equal") == [6, 6]
    assert drawn(n=5, allocation="each") == [5, 5]
    by_size = MethodDesign("sampford", size="size", n=12, strata="side", allocation="size").draw(
        SMALL, seed=1
    )
    totals = SMALL.groupby("side")["size"].sum()
    share = 12 * totals["w"] / totals.sum()
    assert abs((by_size.table["stratum"] == "w").sum() - share) < 1


def test_certainty_and_limits_of_sizes() -> None:
    frame = pd.DataFrame({"size": [100.0, 40, 5, 5, 5, 5, 5, 5, 0]})
    design = MethodDesign("sampford", n=3, size="size", certainty=0.5, minimum_size=1.0)
    plan = design.preview(frame).plan
    # 100 is half of 171 and more, then 40 is half of 71 and more; the rest share one place
    assert plan["certain"].tolist() == [2]
    assert plan["inclusion_min"][0] == pytest.approx(1 / 31)
    table = design.draw(frame, seed=1).table
    assert {100.0, 40.0} <= set(table["size"])
    levelled = MethodDesign("sampford", n=3, size="size", minimum_size=5, maximum_size=5).preview(frame)
    assert levelled.plan[["inclusion_min", "inclusion_max"]].to_numpy().ravel() == pytest.approx(3 / 9)


def test_replicates_begin_with_the_single_sample_and_are_independent() -> None:
    design = MethodDesign("systematic", n=6, order=["side", "x"])
    alone, many = design.draw(SMALL, seed="a"), design.draw(SMALL, seed="a", reps=REPS)
    first = many.table[many.table["replicate"] == 1].drop(columns="replicate")
    pd.testing.assert_frame_equal(first, alone.table)
    # 24 units by steps of 4: four samples, each as likely
    kinds = many.table.groupby("replicate")["unit"].agg(tuple).value_counts()
    assert len(kinds) == 4
    assert np.all(np.abs(kinds - REPS / 4) < 4 * np.sqrt(REPS * 3 / 16))


def test_random_groups_are_even_in_strata_and_keep_clusters_whole() -> None:
    rng = np.random.default_rng(3)
    sample = MethodDesign("srs", n={"w": 7, "e": 9}, strata="side").draw(SMALL, seed=2, reps=2)
    groups = sample.groups(3, rng)
    for part in (["replicate"], ["replicate", "stratum"]):
        counts = sample.table.assign(g=groups).groupby([*part, "g"]).size().unstack()
        assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    clusters = MethodDesign("srs", psu="town", n=4).draw(SMALL, seed=2)
    found = clusters.table.assign(g=clusters.groups(2, rng)).groupby("town")["g"].nunique()
    assert (found == 1).all()


@pytest.mark.parametrize(
    "method", ["srs", "systematic", "sampford", "hanurav_vijayan", "pps_systematic", "poisson"]
)
def test_joint_probabilities_are_those_of_the_method(method) -> None:
    given = {"size": "size"} if "size" in TABLE.loc[method, "needs"] else {}
    order = {"order": "x"} if "order" in TABLE.loc[method, "uses"] else {}
    design = MethodDesign(method, n={"w": 3, "e": 4}, strata="side", **given, **order)
    sample = design.draw(SMALL, seed=3, joint=True)
    assert [one.stratum for one in sample.joint] == ["e", "w"]
    for one in sample.joint:
        rows = sample.table.iloc[one.rows]
        inside = SMALL[SMALL["side"] == one.stratum]
        inside = inside.sort_values("x") if order else inside
        n = {"w": 3, "e": 4}[one.stratum]
        sizes = inside["size"] if given else pd.Series(1, index=inside.index)
        joint = joint_inclusion(method, (n * sizes / sizes.sum()).to_numpy())
        places = inside.index.get_indexer(rows.index)
        np.testing.assert_allclose(one.joint, joint[np.ix_(places, places)], atol=1e-12)
        np.testing.assert_allclose(np.diag(one.joint), rows["inclusion_prob"], rtol=1e-10)


def test_all_pairs_of_a_stratum_too_large_are_refused() -> None:
    from custody.errors import SamplingError

    with pytest.raises(SamplingError, match="SAM-MDESIGN-JOINT"):
        MethodDesign("srs", n=5).draw(pd.DataFrame({"x": np.zeros(6_001)}), seed=1, joint=True)


def test_joint_probabilities_of_two_units_by_murthy() -> None:
    sample = MethodDesign("murthy", n=2, size="size", strata="side").draw(SMALL, seed=3, joint=True)
    for one in sample.joint:
        inside = SMALL.index[SMALL["side"] == one.stratum]
        joint = joint_inclusion("murthy", SMALL.loc[inside, "size"])
        places = inside.get_indexer(sample.table.index[one.rows])
        np.testing.assert_allclose(one.joint, joint[np.ix_(places, places)], rtol=1e-10)


@pytest.mark.parametrize(
    "method", ["srs", "bernoulli", "poisson", "pareto", "sequential_poisson", "successive"]
)
def test_permanent_random_numbers_draw_the_same_rows_whatever_the_seed(method) -> None:
    frame = SMALL.assign(永久=np.random.default_rng(8).random(UNITS))
    given = options(method) | {"prn": "永久", "strata": "side"}
    first = MethodDesign(method, **given).draw(frame, seed=1).table
    assert first["unit"].tolist() == MethodDesign(method, **given).draw(frame, seed=2).table["unit"].tolist()
    start = frame["永久"].nlargest(3).min()
    shifted = MethodDesign(method, start=float(start), **given).draw(frame, seed=1).table
    again = frame.assign(永久=(frame["永久"] - start) % 1.0)
    assert (
        shifted["unit"].tolist() == MethodDesign(method, **given).draw(again, seed=1).table["unit"].tolist()
    )
    if method == "srs":
        lowest = frame.sort_values("永久").groupby("side").head(3)
        assert set(lowest["unit"]) <= set(first["unit"])
