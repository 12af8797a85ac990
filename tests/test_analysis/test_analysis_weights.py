"""After the nonresponse adjustment respondents are the sample of their stratum; each step is on record."""

import numpy as np
import pandas as pd
import pytest

from analysis import SurveyDesign, nonresponse_classes
from analysis.weights import join_small

CLOSE = 1e-12


def sample(n: int = 300, seed: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"area": rng.choice(["A", "B"], n), "sex": rng.choice(["F", "M"], n)})
    frame["stratum"] = frame["area"] + frame["sex"]
    frame["N"] = frame["stratum"].map({"AF": 900, "AM": 700, "BF": 500, "BM": 400})
    frame["y"] = rng.normal(5, 1, n)
    frame["status"] = rng.choice(["answered", "no_return", "refused"], n, p=[0.5, 0.4, 0.1])
    return frame


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [None, ["area", "sex"]])
def test_equals_a_design_of_the_respondents(weighted: bool, classes: list[str] | None) -> None:
    frame = sample()
    whole = SurveyDesign(frame, strata="stratum", fpc="N")
    ours = nonresponse_classes(whole, "status", weighted=weighted, classes=classes)
    theirs = SurveyDesign(frame[frame["status"] == "answered"], strata="stratum", fpc="N")
    for name in ("mean", "total"):
        a, b = (getattr(d, name)("y", by="area").tidy() for d in (ours, theirs))
        pd.testing.assert_frame_equal(a, b, rtol=CLOSE)
    assert ours.weights.sum() == pytest.approx(2500, rel=CLOSE)


def test_the_step_is_on_record() -> None:
    frame = sample()
    step = nonresponse_classes(SurveyDesign(frame, strata="stratum", fpc="N"), "status").steps[-1]
    tidy = step.tidy().set_index("class")
    counts = frame.groupby("stratum")["status"].agg(["size", lambda s: (s == "answered").sum()])
    assert tidy["sampled"].tolist() == counts.iloc[:, 0].tolist()
    assert tidy["answered"].tolist() == counts.iloc[:, 1].tolist()
    np.testing.assert_allclose(tidy["factor"] * tidy["rate"], 1)


def test_classes_wider_than_strata_keep_the_strata() -> None:
    frame = sample()
    d = nonresponse_classes(SurveyDesign(frame, strata="stratum", fpc="N"), "status", classes="area")
    assert d.arrays.first.strata == 4
    by_area = frame.groupby("area")["status"].agg(lambda s: len(s) / (s == "answered").sum())
    answered = frame[frame["status"] == "answered"]
    base = (frame["N"] / frame.groupby("stratum")["y"].transform("size"))[answered.index]
    np.testing.assert_allclose(d.weights, base * answered["area"].map(by_area))


def test_a_stratum_with_one_answer_joins_its_neighbour() -> None:
    frame = sample()
    lost = frame.index[(frame["stratum"] == "BF") & (frame["status"] == "answered")][1:]
    frame.loc[lost, "status"] = "no_return"
    whole = SurveyDesign(frame, strata="stratum", fpc="N")
    d = nonresponse_classes(whole, "status", classes=["area", "sex"])
    assert d.steps[-1].classes == ("A/F", "A/M", "B/F + B/M")
    assert d.steps[-1].joined == 1
    stage = d.arrays.first
    assert stage.population.tolist() == [900, 700, 900]
    assert np.isfinite(d.mean("y").se[0])


def test_clusters_stay_as_drawn() -> None:
    frame = sample().assign(psu=lambda f: f["stratum"] + (f.index % 5).astype(str), w=10.0)
    whole = SurveyDesign(frame, strata="stratum", psu="psu", weights="w")
    ours = nonresponse_classes(whole, "status")
    assert ours.arrays.first.sampled.tolist() == whole.arrays.first.sampled.tolist()
    factor = frame.groupby("stratum")["status"].transform(lambda s: len(s) / (s == "answered").sum())
    zero = frame.assign(w=frame["w"] * factor * (frame["status"] == "answered"))
    theirs = SurveyDesign(zero, strata="stratum", psu="psu", weights="w")
    np.testing.assert_allclose(ours.mean("y").se, theirs.mean("y").se, rtol=1e-9)


@pytest.mark.parametrize(
    ("answered", "members", "minimum", "expected"),
    [
        ([5, 5], [[0], [1]], 2, [0, 1]),
        ([0, 5, 9], [[0], [1], [2]], 2, [0, 0, 1]),
        ([5, 1, 3], [[0], [1], [2]], 2, [0, 1, 1]),  # the smaller neighbour
        ([3, 1, 3], [[0], [1], [2]], 2, [0, 0, 1]),  # a tie: the earlier
        ([9, 1, 3], [[0, 0], [0, 1], [1, 0]], 2, [0, 0, 1]),  # the nearer one, though larger
        ([1, 1, 1, 1], [[0], [1], [2], [3]], 4, [0, 0, 0, 0]),
        ([0, 0, 1], [[0], [1], [2]], 2, [0, 0, 0]),  # nobody left to join
    ],
)
def test_joining(answered: list[int], members: list[list[int]], minimum: int, expected: list[int]) -> None:
    assert join_small(np.array(answered), np.array(members), minimum).tolist() == expected
