"""A sample of a sample has the variance of both: R's numbers, the matrix written out, every outcome."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign
from custody.errors import AnalysisError

GOLDEN = Path(__file__).parents[1] / "golden"
ALIKE = 1e-9
FRAME = pd.read_csv(GOLDEN / "survey_data" / "two_phase.csv").assign(all=790)
FIRST: dict[str, Any] = {
    "strata": {"strata": "h", "fpc": "N"},
    "plain": {"fpc": "all"},
    "clusters": {"strata": "h", "psu": "k", "fpc": "M"},
}


def both(name: str) -> SurveyDesign:
    return SurveyDesign(FRAME, **FIRST[name]).second_phase(FRAME["s"] == 1, strata="r")


@pytest.mark.parametrize("name", FIRST)
def test_r_says_the_same(name: str) -> None:
    table = pd.read_csv(GOLDEN / "survey_two_phase_expected.csv")
    rows = table[table["design"] == name].set_index(["case", "what"])["value"]
    d = both(name)
    for case, estimate in (
        ("mean", d.mean(["y", "x"])),
        ("total", d.total(["y", "x"])),
        ("domain", d.subset(d.data["x"] > 5).mean("y")),
    ):
        np.testing.assert_allclose(estimate.estimate, rows[(case, "estimate")], rtol=ALIKE)
        np.testing.assert_allclose(estimate.se, rows[(case, "se")], rtol=ALIKE)
    assert d.df == rows[("df", "df")].item()


def pairs(
    stratum: np.ndarray, unit: np.ndarray, sampled: dict[int, int], there: dict[int, int]
) -> np.ndarray:
    """1 - pi_i pi_j / pi_ij written out for stratified sampling of whole units."""
    n = np.array([sampled[h] for h in stratum], float)
    size = np.array([there[h] for h in stratum], float)
    same = stratum[:, None] == stratum
    joint = np.where(same, (n / size * (n - 1) / (size - 1))[:, None], (n / size)[:, None] * (n / size))
    joint = np.where(unit[:, None] == unit, (n / size)[:, None], joint)
    form: np.ndarray = 1 - (n / size)[:, None] * (n / size) / joint
    return form


@pytest.mark.parametrize("name", FIRST)
def test_the_cells_are_the_matrix_of_pairs(name: str) -> None:
    d, rows = both(name), FRAME["s"].to_numpy() == 1
    stratum = np.zeros(120, int) if name == "plain" else FRAME["h"].to_numpy()
    unit = FRAME["k"].to_numpy() if name == "clusters" else np.arange(120)
    there = {h: int(FRAME[FIRST[name]["fpc"]][stratum == h].iloc[0]) for h in set(stratum)}
    one = pairs(stratum[rows], unit[rows], {h: np.unique(unit[stratum == h]).size for h in there}, there)
    again = FRAME["r"].to_numpy()
    drawn, known = (
        {r: int((again[rows] == r).sum()) for r in (1, 2)},
        {r: int((again == r).sum()) for r in (1, 2)},
    )
    two = pairs(again[rows], np.flatnonzero(rows), drawn, known)
    z = d.weights * FRAME["y"].to_numpy()[rows]
    variance = d.total("y").covariance.to_numpy()[0, 0]
    np.testing.assert_allclose(variance, z @ (one + two - one * two) @ z, rtol=ALIKE)


def test_over_all_outcomes_the_variance_is_right_on_average() -> None:
    y = np.array([3.0, 8.0, 1.0, 12.0, 7.0])
    group = np.array([0, 0, 0, 1, 1])
    totals, variances, chances = [], [], []
    for first in combinations(range(5), 4):
        rows = np.array(first)
        frame = pd.DataFrame({"y": y[rows], "g": group[rows], "N": 5})
        members = [np.flatnonzero(frame["g"] == g).tolist() for g in (0, 1)]
        choices = [list(combinations(rows, min(2, len(rows)))) for rows in members]
        for a in choices[0]:
            for b in choices[1]:
                d = SurveyDesign(frame, fpc="N").second_phase(np.isin(np.arange(4), [*a, *b]), strata="g")
                estimate = d.total("y")
                totals.append(estimate.estimate[0])
                variances.append(estimate.linear.covariance[0, 0])
                chances.append(1 / 5 / len(choices[0]) / len(choices[1]))
    p, t = np.array(chances), np.array(totals)
    assert p.sum() == pytest.approx(1)
    assert p @ t == pytest.approx(y.sum())
    assert p @ np.array(variances) == pytest.approx(p @ (t - y.sum()) ** 2)


def test_taking_everybody_again_changes_nothing() -> None:
    d = SurveyDesign(FRAME, strata="h", fpc="N")
    again = d.second_phase(np.ones(120, bool))
    np.testing.assert_allclose(again.mean("y", by="r").se, d.mean("y", by="r").se, rtol=ALIKE)
    np.testing.assert_allclose(again.weights, d.weights)
    assert (
        SurveyDesign(FRAME.assign(N=40), strata="h", fpc="N").second_phase(np.ones(120, bool)).total("y").se
        == 0
    )


def test_units_of_the_second_phase_may_be_clusters() -> None:
    d = SurveyDesign(FRAME.assign(one=1.0), weights="one")
    chosen = FRAME["k"].isin([1, 4, 9, 16, 17, 20]).to_numpy()
    estimate = d.second_phase(chosen, psu="k").mean("y")
    assert estimate.linear.df.item() == 5
    whole = SurveyDesign(FRAME[chosen].assign(one=4.0), weights="one", psu="k").mean("y")
    np.testing.assert_allclose(estimate.estimate, whole.estimate)


CASES: dict[str, tuple[str, Callable[[], Any]]] = {
    "stages": (
        "ANA-STAGES",
        lambda: SurveyDesign(FRAME.assign(n=50), psu=["k", None], fpc=["M", "n"], strata="h").second_phase(
            FRAME["s"] == 1
        ),
    ),
    "part of a unit": (
        "ANA-PSU-PART",
        lambda: SurveyDesign(FRAME, fpc="N", strata="h").second_phase(FRAME["s"] == 1, psu="k"),
    ),
    "nobody": ("ANA-EMPTY", lambda: SurveyDesign(FRAME, fpc="all").second_phase(FRAME["h"] == 1, strata="h")),
    "one alone": (
        "ANA-LONELY",
        lambda: SurveyDesign(FRAME, fpc="all").second_phase(FRAME.index.isin([3, 50, 55]), strata="r"),
    ),
    "numbers": ("ANA-MASK", lambda: SurveyDesign(FRAME, fpc="all").second_phase("s")),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_by_name(name: str) -> None:
    code, call = CASES[name]
    with pytest.raises(AnalysisError) as caught:
        call()
    assert (caught.value.code, bool(caught.value.hint)) == (code, True)
