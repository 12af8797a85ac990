"""A made-up research table: everyone sampled, answers of those who replied."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from custody.codebook import Codebook, Item


def share_module(name: str) -> None:
    """Let every test of this folder import a helper module that lies beside it."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


share_module("survey_designs")
share_module("survey_estimators")
AREAS = {"練馬": 12000, "光が丘": 8000, "石神井": 11000, "大泉": 9000}
BANDS = ["65-69", "70-74", "75-79", "80-84", "85+"]


def answers(item: Item, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    if item.type == "NUM":
        low, high = item.valid_range or (0, 99)
        return {item.code: np.where(rng.uniform(size=n) < 0.05, 999, rng.integers(int(low), int(high), n))}
    if item.type == "MA":
        marks = {name: (rng.uniform(size=n) < 0.25).astype(int) for name in item.columns}
        none = (np.stack(list(marks.values())).sum(axis=0) == 0).astype(int)
        return marks | ({item.no_answer_column: none} if item.no_answer_column else {})
    share = np.arange(len(item.values), 0, -1) ** 1.5
    codes = rng.choice(item.values, size=n, p=share / share.sum())
    return {item.code: np.where(rng.uniform(size=n) < 0.02, 99, codes)}


def make_research_table(n: int = 1200, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    cells = [(a, b, s) for a in AREAS for b in BANDS for s in ("M", "F")]
    which = np.sort(rng.integers(0, len(cells), n))
    frame = pd.DataFrame([cells[i] for i in which], columns=["area", "age_band", "sex"])
    frame.insert(0, "rid", [f"R{i:05d}" for i in range(n)])
    frame.insert(1, "stratum", [f"S{i + 1:02d}" for i in which])
    frame.insert(2, "psu", [f"P{i:05d}" for i in range(n)])
    frame.insert(3, "fpc", frame["area"].map(AREAS) // 10)
    frame.insert(4, "base_weight", frame["fpc"] / frame.groupby("stratum")["rid"].transform("size"))
    shares = [0.6, 0.36, 0.01, 0.02, 0.01]
    frame["status"] = rng.choice(
        ["answered", "no_return", "undeliverable", "refused", "blank"], size=n, p=shares
    )
    columns: dict[str, np.ndarray] = {}
    for item in Codebook.load("food_survey").items:
        columns |= answers(item, n, rng)
    table = pd.DataFrame(columns).astype("float64")
    table["Q11"], table["Q12"] = rng.normal(155, 8, n).round(), rng.normal(55, 9, n).round()
    table[frame["status"] != "answered"] = np.nan
    return pd.concat([frame, table], axis=1)


@pytest.fixture(scope="session")
def research_table() -> pd.DataFrame:
    return make_research_table()
