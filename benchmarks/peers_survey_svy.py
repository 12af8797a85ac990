"""Estimates by svy, for peers_survey.py: prints case,seconds and case MB,peak over the data.

Run by a Python that has svy: peers_survey_svy.py DATA REPEATS. svy works the population sizes out of a column
of its own; its Sample is kept, and warm, for every case but the design.
"""

import os
import sys
import time
from pathlib import Path

import polars as pl
import svy
from metering import peak_mb, reset_peak
from peers_survey_ours import resident_mb

clock = time.process_time if os.environ.get("PEERS_CLOCK") == "cpu" else time.perf_counter


def main() -> None:
    repeats = int(sys.argv[2])
    frame = pl.read_parquet(Path(f"{sys.argv[1]}.parquet"))
    print(f"data MB,{frame.estimated_size('mb')}")
    design = svy.Design(stratum="stratum", psu="psu", wgt="w", pop_size="fpc")
    sample = svy.Sample(frame, design)
    estimation = sample.estimation
    cases = {
        "design": lambda: svy.Sample(frame, design),
        "mean": lambda: estimation.mean("y"),
        "total": lambda: estimation.total("y"),
        "20 domains": lambda: estimation.mean("y", by="domain"),
        "cross-table with F test": lambda: sample.categorical.tabulate("a", "b"),
        "three quantiles": lambda: estimation.quantile("y", p=(0.25, 0.5, 0.75)),
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
                print(f"{name},{clock() - began}")
                most = max(most, peak_mb() - before)
        except Exception as fault:  # a case that gives up has no figure
            print(f"{name}: {type(fault).__name__}: {fault}"[:200], file=sys.stderr)
            continue
        print(f"{name} MB,{most}")


if __name__ == "__main__":
    main()
