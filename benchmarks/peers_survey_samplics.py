"""Estimates by samplics, for peers_survey.py: prints case,seconds and case MB,peak over the data.

Run by a Python that has samplics: peers_survey_samplics.py DATA REPEATS. It has no design object and one
quantile, the median; each call takes the design anew.
"""

import os
import sys
import time
from pathlib import Path

import pandas as pd
from metering import peak_mb, reset_peak
from peers_survey_ours import resident_mb
from samplics.categorical import CrossTabulation
from samplics.estimation import TaylorEstimator
from samplics.utils.types import PopParam

clock = time.process_time if os.environ.get("PEERS_CLOCK") == "cpu" else time.perf_counter


def main() -> None:
    repeats = int(sys.argv[2])
    frame = pd.read_parquet(Path(f"{sys.argv[1]}.parquet"))
    print(f"data MB,{frame.memory_usage(deep=True).sum() / 2**20}")
    drawn = dict(zip(range(60), (1 - frame.groupby("stratum")["psu"].nunique() / 1_000.0), strict=True))
    design = {"samp_weight": frame["w"], "stratum": frame["stratum"], "psu": frame["psu"], "fpc": drawn}
    text = frame[["a", "b"]].astype(str)

    def table() -> None:
        CrossTabulation(PopParam.prop).tabulate(vars=text, varnames=["a", "b"], **design)

    def estimate(what: PopParam, **more: object) -> None:
        TaylorEstimator(what).estimate(y=frame["y"], **design, **more)

    cases = {
        "mean": lambda: estimate(PopParam.mean),
        "total": lambda: estimate(PopParam.total),
        "20 domains": lambda: estimate(PopParam.mean, domain=frame["domain"]),
        "cross-table with F test": table,
        "median": lambda: estimate(PopParam.median),
    }
    for name, call in cases.items():
        most = 0.0
        try:
            call()
            for _turn in range(repeats):
                before = resident_mb()
                reset_peak()
                began = clock()
                call()
                print(f"{name},{clock() - began}", flush=True)
                most = max(most, peak_mb() - before)
        except Exception as fault:  # a case that gives up has no figure
            print(f"{name}: {type(fault).__name__}: {fault}"[:200], file=sys.stderr)
            continue
        print(f"{name} MB,{most}")


if __name__ == "__main__":
    main()
