"""Our estimates, for peers_survey.py: prints case,seconds and case MB,peak over the data.

Run: python benchmarks/peers_survey_ours.py DATA REPEATS, DATA being the path without .parquet.
"""

import contextlib
import ctypes
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from metering import STATUS, peak_mb, reset_peak

clock = time.process_time if os.environ.get("PEERS_CLOCK") == "cpu" else time.perf_counter
CLUSTERS = {"weights": "w", "strata": "stratum", "psu": "psu", "fpc": "fpc"}
IMPORT = "import time; a = time.{clock}(); import analysis; print(time.{clock}() - a)"


def cases(path: Path) -> dict[str, Callable[[], object]]:
    import pandas as pd

    from analysis import FileDesign, SurveyDesign

    frame = pd.read_parquet(path)
    print(f"data MB,{frame.memory_usage(deep=True).sum() / 2**20}")
    d = SurveyDesign(frame, **CLUSTERS)
    opened = FileDesign(path, **CLUSTERS)
    return {
        "design": lambda: SurveyDesign(frame, **CLUSTERS),
        "mean": lambda: d.mean("y").se,
        "total": lambda: d.total("y").se,
        "20 domains": lambda: d.mean("y", by="domain").se,
        "cross-table with F test": lambda: d.crosstab("a", "b").test("F"),
        "three quantiles": lambda: d.quantile("y", [0.25, 0.5, 0.75]).tidy(),
        "mean from Parquet": lambda: FileDesign(path, **CLUSTERS).mean("y").se,
        "mean from Parquet, opened before": lambda: opened.mean("y").se,
        "20 domains from Parquet, opened before": lambda: opened.mean("y", by="domain").se,
        "cross-table from Parquet, opened before": lambda: opened.crosstab("a", "b").test("F"),
    }


def resident_mb() -> float:
    """Memory of this process now, what the C library only keeps for later given back first."""
    if not STATUS.exists():
        return 0.0
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def import_seconds() -> float:
    code = IMPORT.format(clock=clock.__name__)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    path, repeats = Path(f"{sys.argv[1]}.parquet"), int(sys.argv[2])
    for name, call in cases(path).items():
        call()
        most = 0.0
        for _turn in range(repeats):
            before = resident_mb()
            reset_peak()
            began = clock()
            call()
            print(f"{name},{clock() - began}")
            most = max(most, peak_mb() - before)
        print(f"{name} MB,{most}")
    for _turn in range(repeats):
        print(f"import analysis,{import_seconds()}")


if __name__ == "__main__":
    main()
