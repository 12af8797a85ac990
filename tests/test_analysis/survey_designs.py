"""The designs of the survey golden tests by name, as tests/golden/survey_designs.R defines them for R.

conftest.py makes this module importable: ``from survey_designs import design, expected``.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import SurveyDesign
from analysis.arrays import LonelyPsu

__all__ = ["DESIGNS", "LONELY_RULES", "design", "expected", "joint_matrix", "r_names", "table"]

GOLDEN = Path(__file__).parents[1] / "golden"
OFTEN = ["毎日", "週3-6日", "週1-2日", "ほとんどない"]
LONELY_RULES: tuple[LonelyPsu, ...] = ("remove", "certainty", "adjust", "average")
CLUSTERS: dict[str, Any] = {"strata": "地区", "psu": "丁目"}
BLOCKS: dict[str, Any] = CLUSTERS | {"weights": "重み"}
TWO: dict[str, Any] = BLOCKS | {"psu": ["丁目", "世帯"], "fpc": ["N1", "N2"]}
THREE: dict[str, Any] = {"strata": "地区", "psu": ["丁目", "世帯", "個人"], "fpc": ["N1", "N2", "N3"]}
CLUS2: dict[str, Any] = {"psu": ["dnum", "snum"]}
# name of the design: (name of the table, arguments of SurveyDesign); *_wr: with replacement
DESIGNS: dict[str, tuple[str, dict[str, Any]]] = {
    "dsrs": ("api_srs", {"weights": "pw", "fpc": "fpc"}),
    "dsrs_wr": ("api_srs", {"weights": "pw"}),
    "dstrat": ("api_strat", {"strata": "stype", "weights": "pw", "fpc": "fpc"}),
    "dstrat_wr": ("api_strat", {"strata": "stype", "weights": "pw"}),
    "dclus1": ("api_clus1", {"psu": "dnum", "weights": "pw", "fpc": "fpc"}),
    "dclus1_wr": ("api_clus1", {"psu": "dnum", "weights": "pw"}),
    "dclus2": ("api_clus2", CLUS2 | {"fpc": ["fpc1", "fpc2"]}),
    "dclus2_wr": ("api_clus2", CLUS2 | {"weights": "pw"}),
    "dnhanes": ("nhanes", {"psu": "SDMVPSU", "strata": "SDMVSTRA", "weights": "WTMEC2YR", "nest": True}),
    "dhospital": ("hospital", {"strata": "oblevel", "weights": "weighta", "fpc": "tothosp"}),
    "dmu284": ("mu284", {"psu": ["id1", "id2"], "fpc": ["n1", "n2"]}),
    "dscd": ("scd", {"psu": "ambulance", "strata": "ESA", "weights": "w", "nest": True}),
    "dyrbs": ("yrbs", {"psu": "psu", "strata": "stratum", "weights": "weight"}),
    "pps_brewer": ("election", {"fpc": "p", "pps": "brewer"}),
    "pps_overton": ("election", {"fpc": "p", "pps": "overton"}),
    "pps_overton_yg": ("election", {"fpc": "p", "pps": "overton", "variance": "YG"}),
    "pps_hr": ("election", {"fpc": "p", "pps": "hr"}),
    "pps_hr_yg": ("election", {"fpc": "p", "pps": "hr", "variance": "YG"}),
    "pps_joint": ("election", {"fpc": "p", "pps": "joint"}),
    "pps_joint_yg": ("election", {"fpc": "p", "pps": "joint", "variance": "YG"}),
    "pps_strata_overton": ("election", {"strata": "s", "fpc": "p", "pps": "overton"}),
    "pps_strata_overton_yg": ("election", {"strata": "s", "fpc": "p", "pps": "overton", "variance": "YG"}),
    "pps_strata_brewer": ("election", {"strata": "s", "fpc": "p", "pps": "brewer"}),
    "pps_own_brewer": ("own_main", CLUSTERS | {"fpc": "p1", "pps": "brewer"}),
    "pps_own_two": (
        "own_main",
        {"strata": "地区", "psu": ["丁目", "世帯"], "fpc": ["p1", "f2"], "pps": "brewer"},
    ),
    "pps_own_overton": ("own_main", CLUSTERS | {"fpc": "p1", "pps": "overton"}),
    "pps_own_overton_yg": ("own_main", CLUSTERS | {"fpc": "p1", "pps": "overton", "variance": "YG"}),
    "pps_wr": ("election", {"weights": "w"}),
    "own_blocks": ("own_main", BLOCKS | {"fpc": "N1"}),
    "own_blocks_wr": ("own_main", BLOCKS),
    "own_two": ("own_main", TWO),
    "own_three": ("own_main", THREE),
    "own_three_weights": ("own_main", THREE | {"weights": "重み"}),
    "own_lonely": ("own_persons", BLOCKS | {"fpc": "N1"}),
    "own_lonely_two": ("own_persons", TWO),
    "own_lonely_three": ("own_persons", THREE),
}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / "survey_data" / f"{name}.csv", encoding="utf-8")


@cache
def table(name: str) -> pd.DataFrame:
    """Data of one file, with the few columns that survey_designs.R adds; do not change it."""
    if name == "scd":
        return read("scd").assign(w=1.0)
    if name == "election":
        frame = read("election")
        third = np.where(frame["Nader"] > 0, "some", "none")
        return frame.assign(w=1 / frame["p"], g=third, s=np.arange(len(frame)) % 2)
    if not name.startswith("own_"):
        return read(name)
    frame = read("own_persons")
    frame["外食"] = pd.Categorical(frame["外食"], OFTEN)
    return frame if name == "own_persons" else frame[frame["地区"] != "関町"].reset_index(drop=True)


@cache
def joint_matrix() -> "np.ndarray[Any, np.dtype[np.float64]]":
    """(40, 40) joint inclusion probabilities of the sample of counties."""
    return read("election_joint").to_numpy()


@cache
def design(name: str, lonely_psu: LonelyPsu = "fail") -> SurveyDesign:
    """The design of this name; made once, as designs never change.

    `own_lonely*` need one of `LONELY_RULES`.
    """
    data, options = DESIGNS[name]
    if options.get("pps") == "joint":
        options = options | {"pps": joint_matrix()}
    return SurveyDesign(table(data), **options, lonely_psu=lonely_psu)


@cache
def expected(area: str) -> pd.DataFrame:
    """Numbers of survey_<area>_expected.csv: design, case, by, term, level, what (text), value (float)."""
    frame = pd.read_csv(
        GOLDEN / f"survey_{area}_expected.csv", encoding="utf-8", dtype=str, keep_default_na=False
    )
    return frame.assign(value=[np.nan if v in ("NA", "NaN") else float(v) for v in frame["value"]])


def r_names(tidy: pd.DataFrame) -> list[str]:
    """R's names of the rows of `Estimate.tidy()`: the variable, with its level appended."""
    pairs = zip(tidy["term"], tidy["level"], strict=True)
    return [str(term) if pd.isna(level) else f"{term}{level}" for term, level in pairs]
