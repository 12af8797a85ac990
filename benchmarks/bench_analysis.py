"""Estimators on 10,000 and 1,000,000 rows: ``python benchmarks/bench_analysis.py``.

60 strata, 6,000 PSUs, one thread; the median of a few runs after one to warm up. Beside each figure stands
the limit that the project sets itself at 1,000,000 rows.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from metering import peak_mb, reset_peak

from analysis import SurveyDesign
from custody.console import say

ROWS, STRATA, PSUS, DOMAINS = 1_000_000, 60, 6_000, 20
LIMITS = {
    "design": 0.1,
    "mean with SE": 0.03,
    "total with SE": 0.03,
    "20 domains": 0.1,
    "import analysis": 0.7,
}
"""Seconds at 1,000,000 rows."""


def make_table(rows: int, seed: int = 20091101) -> pd.DataFrame:
    """Invent a clustered sample: integer and text keys, weights, one variable, 20 domains."""
    rng = np.random.default_rng(seed)
    psu = rng.integers(0, PSUS, rows)
    frame = pd.DataFrame({"psu": psu, "stratum": psu % STRATA, "fpc": 1_000.0})
    frame["y"] = rng.normal(50, 10, rows)
    frame["w"] = rng.uniform(1, 5, rows)
    frame["domain"] = rng.integers(0, DOMAINS, rows)
    frame["answer"] = pd.Categorical.from_codes(rng.integers(0, 4, rows), list("abcd"))
    return frame.assign(
        psu_text=frame["psu"].map("P{:05d}".format), stratum_text=frame["stratum"].map("S{:02d}".format)
    )


def cases(frame: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Name what is measured."""
    clusters = {"weights": "w", "strata": "stratum", "psu": "psu", "fpc": "fpc"}
    design = SurveyDesign(frame, **clusters)
    elements = SurveyDesign(frame, weights="w", strata="stratum")
    return {
        "design": lambda: SurveyDesign(frame, **clusters),
        "design, text keys": lambda: SurveyDesign(
            frame, weights="w", strata="stratum_text", psu="psu_text", fpc="fpc"
        ),
        "mean with SE": lambda: design.mean("y"),
        "total with SE": lambda: design.total("y"),
        "20 domains": lambda: design.mean("y", by="domain"),
        "20 domains, deff": lambda: design.mean("y", by="domain", deff=True),
        "four levels": lambda: design.mean("answer"),
        "subset": lambda: design.subset(frame["domain"] == 3).mean("y"),
        "elements: mean": lambda: elements.mean("y"),
        "elements: 20 domains": lambda: elements.mean("y", by="domain"),
    }


def median_seconds(call: Callable[[], Any], repeats: int) -> float:
    """Run once to warm up, then take the median."""
    call()
    seconds = []
    for _run in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def import_seconds(repeats: int = 3) -> float:
    """Time ``import analysis`` in a fresh interpreter, the interpreter itself left out."""
    code = "import time; a = time.perf_counter(); import analysis; print(time.perf_counter() - a)"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(repeats)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def measure(rows: int = ROWS, repeats: int = 5) -> dict[str, float]:
    """Measure every case.

    Returns
    -------
    dict of str to float
        Seconds of each case, and ``peak_mb``: memory of the process with the data.
    """
    frame = make_table(rows)
    reset_peak()
    found = {name: median_seconds(call, repeats) for name, call in cases(frame).items()}
    found["import analysis"] = import_seconds()
    found["peak_mb"] = peak_mb()
    return found


def main() -> int:
    """Print one table; fail where a limit is passed at the full size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    found = measure(options.rows, options.repeats)
    say(f"{options.rows:,} rows, {STRATA} strata, {PSUS:,} PSUs; peak {found.pop('peak_mb'):,.0f} MB")
    say(f"{'step':<24}{'seconds':>10}{'limit':>8}")
    for name, seconds in found.items():
        limit = f"{LIMITS[name]:>8.2f}" if name in LIMITS else ""
        say(f"{name:<24}{seconds:>10.4f}{limit}")
    return int(any(found[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
