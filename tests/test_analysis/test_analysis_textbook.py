"""Small designs worked out by hand, formula by formula, come out to the last digit."""

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign, kish_deff

EXACT = 1e-12  # short sums of short numbers: only the last digits may differ


def two_strata() -> SurveyDesign:
    # Stratum A: N = 100, sample 2, 4, 6 (mean 4, s2 = 4). Stratum B: N = 50, sample 10, 14 (mean 12, s2 = 8).
    frame = pd.DataFrame({"s": list("AAABB"), "y": [2.0, 4, 6, 10, 14], "N": [100, 100, 100, 50, 50]})
    frame["g"] = ["x", "x", "z", "x", "z"]
    return SurveyDesign(frame, strata="s", fpc="N")


def clusters(fpc: str | None = "M", lonely: str = "fail") -> SurveyDesign:
    # One stratum of M = 10 clusters, 4 drawn, all members asked: totals 3, 7, 5, 9; sizes 2, 3, 2, 3.
    members = {"c1": [1, 2], "c2": [2, 2, 3], "c3": [4, 1], "c4": [3, 3, 3]}
    rows = [(c, float(v)) for c, values in members.items() for v in values]
    frame = pd.DataFrame(rows, columns=["psu", "y"]).assign(M=10, w=2.5)
    return SurveyDesign(frame, psu="psu", weights="w", fpc=fpc, lonely_psu=lonely)


def test_stratified_total() -> None:
    row = two_strata().total("y").tidy().iloc[0]
    # 100 x 4 + 50 x 12 = 1000; variance 100^2 (1 - 3/100) 4/3 + 50^2 (1 - 2/50) 8/2 = 12933.33… + 9600
    assert row["estimate"] == pytest.approx(1000, rel=EXACT)
    assert row["se"] == pytest.approx(np.sqrt(10000 * 0.97 * 4 / 3 + 9600), rel=EXACT)
    # t with 5 - 2 = 3 degrees of freedom: 3.182446305284
    assert row["df"] == 3
    assert row["ci_high"] == pytest.approx(1000 + 3.182446305284 * row["se"], rel=1e-11)


def test_stratified_mean_is_total_over_n() -> None:
    mean, total = two_strata().mean("y"), two_strata().total("y")
    assert mean.estimate[0] == pytest.approx(1000 / 150, rel=EXACT)
    assert mean.se[0] == pytest.approx(total.se[0] / 150, rel=EXACT)


def test_domain_total() -> None:
    # Domain x: A has 2, 4, 0 (mean 2, s2 = 4), B has 10, 0 (mean 5, s2 = 50): the others count as zero.
    row = two_strata().total("y", by="g").tidy().query("g == 'x'").iloc[0]
    assert row["estimate"] == pytest.approx(100 * 2 + 50 * 5, rel=EXACT)
    assert row["se"] == pytest.approx(np.sqrt(10000 * 0.97 * 4 / 3 + 2500 * 0.96 * 50 / 2), rel=EXACT)
    # Rows of the domain: 2 in A, 1 in B, so 3 units - 2 strata = 1 degree of freedom.
    assert row["df"] == 1


def test_cluster_total() -> None:
    # Weight 10/4: total 2.5 x 24 = 60; mean of totals 6, s2 = (9 + 1 + 1 + 9)/3;
    # variance 10^2 (1 - 4/10) s2 / 4.
    row = clusters().total("y").tidy().iloc[0]
    assert row["estimate"] == pytest.approx(60, rel=EXACT)
    assert row["se"] == pytest.approx(np.sqrt(100 * 0.6 * (20 / 3) / 4), rel=EXACT)


def test_cluster_mean_is_a_ratio() -> None:
    # Mean 24/10 = 2.4; residual totals 3 - 4.8, 7 - 7.2, 5 - 4.8, 9 - 7.2 = -1.8, -0.2, 0.2, 1.8;
    # they sum to 0, their squares to 6.56.
    row = clusters(fpc=None).mean("y").tidy().iloc[0]
    assert row["estimate"] == pytest.approx(2.4, rel=EXACT)
    assert row["se"] == pytest.approx(np.sqrt(4 * (6.56 / 3)) / 10, rel=1e-11)


LONELY_PSUS = pd.DataFrame(
    # Stratum A: totals 1, 3; stratum B: one unit with total 8. Weights 1.
    {"s": ["A", "A", "B"], "u": [1, 2, 3], "y": [1.0, 3.0, 8.0], "w": 1.0}
)


@pytest.mark.parametrize(
    ("rule", "variance"),
    [
        # A alone: 2/(2-1) x (1 + 1) = 4.
        ("remove", 4.0),
        ("certainty", 4.0),
        # Both strata count, one is known: 4 x 2/1.
        ("average", 8.0),
        # B deviates from the mean of all unit totals, (1 + 3 + 8)/3 = 4: 4 + (8 - 4)^2.
        ("adjust", 20.0),
    ],
)
@pytest.mark.parametrize("psu", [None, "u"])
def test_lonely_psu_rules(rule: str, variance: float, psu: str | None) -> None:
    d = SurveyDesign(LONELY_PSUS, weights="w", strata="s", psu=psu, lonely_psu=rule)
    assert d.total("y").se[0] ** 2 == pytest.approx(variance, rel=EXACT)


@pytest.mark.parametrize("rule", ["adjust", "average"])
def test_lonely_psu_rules_agree_for_clusters_of_two(rule: str) -> None:
    """The same units split into two rows each take the other way through the code."""
    halves = pd.concat([LONELY_PSUS.assign(w=0.5)] * 2)
    one = SurveyDesign(LONELY_PSUS, weights="w", strata="s", psu="u", lonely_psu=rule)
    two = SurveyDesign(halves, weights="w", strata="s", psu="u", lonely_psu=rule)
    assert two.total("y").se[0] == pytest.approx(one.total("y").se[0], rel=EXACT)


def test_a_stratum_taken_whole_is_not_lonely() -> None:
    frame = LONELY_PSUS.assign(N=[9, 9, 1])
    row = SurveyDesign(frame, strata="s", fpc="N").total("y").tidy().iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(81 * (1 - 2 / 9) * 2 / 2), rel=EXACT)


def test_design_effect_of_simple_random_sampling_is_one() -> None:
    frame = pd.DataFrame({"y": [1.0, 5, 2, 8, 4], "N": 50})
    d = SurveyDesign(frame, fpc="N")
    assert d.mean("y", deff=True).tidy()["deff"][0] == pytest.approx(1, rel=EXACT)
    assert d.total("y", deff=True).tidy()["deff"][0] == pytest.approx(1, rel=EXACT)
    assert d.mean("y", deff="replace").tidy()["deff"][0] == pytest.approx(0.9, rel=EXACT)


def test_kish() -> None:
    # n sum(w2) / (sum w)2 = 3 (1 + 4 + 9) / 36
    assert kish_deff(np.array([1.0, 2.0, 3.0])) == pytest.approx(42 / 36, rel=EXACT)
