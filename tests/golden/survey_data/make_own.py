"""Make the made-up persons that survey_designs.R and the tests read (run once; the CSV file is kept)."""

from pathlib import Path

import numpy as np
import pandas as pd

# district: town blocks drawn, town blocks in all
DISTRICTS = {"練馬": (6, 20), "光が丘": (4, 9), "石神井": (5, 30), "大泉": (4, 4), "関町": (1, 7)}
OFTEN = ["毎日", "週3-6日", "週1-2日", "ほとんどない"]


def household(rng: np.random.Generator, base: float, least: int) -> pd.DataFrame:
    """Persons drawn of one household; sizes differ, so some households are taken whole."""
    size = int(rng.integers(1, 6))
    drawn = min(size, int(rng.integers(least, 4)))
    age = rng.integers(65, 98, drawn)
    frame = pd.DataFrame({"N3": size, "年齢": age, "性別": rng.choice(["男", "女"], drawn, p=[0.43, 0.57])})
    frame["食費.月"] = (base + rng.gamma(3, 4000, drawn)).round(0)
    frame["体 重"] = (52 + 8 * (frame["性別"] == "男") + rng.normal(0, 7, drawn)).round(1)
    frame["外食"] = rng.choice(OFTEN, drawn, p=[0.15, 0.25, 0.3, 0.3])
    frame["独居"] = int(size == 1)
    frame["塩分.g"] = np.where(rng.uniform(size=drawn) < 0.12, np.nan, rng.gamma(9, 1.1, drawn).round(2))
    frame["満足"] = np.where(rng.uniform(size=drawn) < 0.08, np.nan, rng.integers(1, 6, drawn))
    return frame


def persons(rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for district, (blocks, total) in DISTRICTS.items():
        for block in range(1, blocks + 1):
            in_block = int(rng.integers(5, 40))
            drawn = min(in_block, int(rng.integers(3, 12)))
            base = 18000 + 4000 * rng.normal()
            for number in range(1, drawn + 1):
                part = household(rng, base, 2 if blocks > 1 else 1)
                part.insert(0, "地区", district)
                part.insert(1, "丁目", f"{district}{block}")
                part.insert(2, "世帯", f"{district}{block}-{number}")
                part.insert(3, "個人", [f"{district}{block}-{number}-{k + 1}" for k in range(len(part))])
                part.insert(4, "N1", total)
                part.insert(5, "N2", in_block)
                parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    n1 = frame.groupby("地区")["丁目"].transform("nunique")
    n2 = frame.groupby("丁目")["世帯"].transform("nunique")
    n3 = frame.groupby("世帯")["個人"].transform("size")
    size = frame["N2"] / frame.groupby("地区")["N2"].transform("mean")
    frame["p1"] = np.where(n1 == frame["N1"], 1.0, (n1 / frame["N1"] * size).clip(upper=0.9)).round(6)
    frame["f2"] = n2 / frame["N2"]
    exact = frame["N1"] / n1 * frame["N2"] / n2 * frame["N3"] / n3
    frame["重み"] = (exact * rng.uniform(0.8, 1.3, len(frame))).round(4)
    frame.loc[rng.uniform(size=len(frame)) < 0.06, "重み"] = 0.0
    return frame.sample(frac=1, random_state=11).reset_index(drop=True)


if __name__ == "__main__":
    table = persons(np.random.default_rng(20091102))
    path = Path(__file__).parent / "own_persons.csv"
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
