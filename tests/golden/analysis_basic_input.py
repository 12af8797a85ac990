"""Make the made-up tables that analysis_basic.R and the tests read (run once; the CSV files are kept)."""

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent
STRATA = {"練馬": (60, 1500), "光が丘": (30, 400), "石神井": (50, 90), "大泉": (24, 24)}


def persons(rng: np.random.Generator) -> pd.DataFrame:
    parts = []
    for name, (n, size) in STRATA.items():
        psu = rng.integers(1, 7, n)
        shift = rng.normal(0, 3, 7)[psu]
        x = rng.gamma(4, 2, n).round(3)
        part = pd.DataFrame(
            {"stratum": name, "N": size, "psu": psu, "M": 12 if name != "大泉" else 6, "x": x}
        )
        part["y"] = (20 + shift + 1.5 * x + rng.normal(0, 2, n)).round(3)
        part["w"] = (size / n * rng.uniform(0.7, 1.4, n)).round(4)
        part["g"] = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
        part["band"] = rng.choice(["65-69", "70-74", "75+"], n)
        part["bin"] = (rng.uniform(size=n) < 0.15).astype(int)
        part["m"] = np.where(rng.uniform(size=n) < 0.1, np.nan, part["y"] - x)
        part["far"] = (1e6 + part["y"] * 1e-2).round(6)
        parts.append(part)
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=5).reset_index(drop=True)


def lonely(rng: np.random.Generator) -> pd.DataFrame:
    psus = {"A": 4, "B": 1, "C": 3, "D": 1, "E": 5}
    rows = [(s, f"{s}{k}") for s, count in psus.items() for k in range(count) for _ in range(3)]
    frame = pd.DataFrame(rows, columns=["stratum", "psu"])
    frame["N"] = frame["stratum"].map({"A": 9, "B": 5, "C": 3, "D": 2, "E": 30})
    frame["w"] = rng.uniform(1, 3, len(frame)).round(3)
    frame["y"] = rng.normal(10, 2, len(frame)).round(3)
    frame["x"] = rng.gamma(3, 1, len(frame)).round(3)
    frame["g"] = rng.choice(["a", "b"], len(frame))
    return frame


if __name__ == "__main__":
    generator = np.random.default_rng(20091101)
    for title, table in {"persons": persons(generator), "lonely": lonely(generator)}.items():
        table.to_csv(
            FOLDER / f"analysis_basic_{title}.csv", index=False, encoding="utf-8", lineterminator="\n"
        )
