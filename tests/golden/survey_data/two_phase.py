"""Make two_phase.csv: 120 invented members of a first phase, a third to a half of them in the second."""

from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    rng = np.random.default_rng(20091101)
    size = 120
    frame = pd.DataFrame({"h": np.repeat([1, 2, 3], 40), "k": np.repeat(np.arange(1, 25), 5)})
    frame["y"] = np.round(rng.normal(50, 9, size), 2)
    frame["x"] = np.round(rng.uniform(1, 9, size), 2)
    frame["r"] = rng.integers(1, 3, size)
    frame["N"] = np.array([400, 300, 90])[frame["h"] - 1]
    frame["M"] = np.array([80, 60, 18])[frame["h"] - 1]
    chosen = np.zeros(size, dtype=int)
    for group in (1, 2):
        rows = np.flatnonzero(frame["r"] == group)
        chosen[rng.choice(rows, rows.size // (group + 1), replace=False)] = 1
    frame["s"] = chosen
    frame.to_csv(Path(__file__).with_suffix(".csv"), index=False, encoding="utf-8", lineterminator="\n")


if __name__ == "__main__":
    main()
