"""Selection methods of svy, for peers_methods.py: prints case,seconds for each measurement.

Run by a Python that has svy: peers_methods_svy.py FOLDER REPEATS. A draw shrinks its Sample in place, so each
measurement gets a new one, whose making is not timed; the draw itself computes the inclusion probabilities.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import svy

clock = time.process_time if os.environ.get("PEERS_CLOCK") == "cpu" else time.perf_counter


def main() -> None:
    folder, repeats = Path(sys.argv[1]), int(sys.argv[2])
    read = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    rng = np.random.default_rng(1)
    strata = pl.DataFrame({"stratum": rng.permutation(read["strata"])})
    sized = {name: pl.DataFrame({"size": read[name]}) for name in ("small", "even", "large")}
    by_size = svy.Design(mos="size")
    cases = {
        "stratified srs": (strata, svy.Design(stratum="stratum"), "srs", int(read["sizes"][0])),
        "pps systematic from sizes": (sized["large"], by_size, "pps_sys", 5_000),
        "sampford from sizes": (sized["even"], by_size, "pps_rs", 200),
        "brewer from sizes": (sized["small"], by_size, "pps_brewer", 200),
    }
    for name, (frame, design, method, n) in cases.items():
        for turn in range(repeats + 1):
            sample = svy.Sample(frame, design)
            draw = getattr(sample.sampling, method)
            began = clock()
            try:
                draw(n=n, rstate=turn)
            except Exception as fault:  # a method that gives up has no figure
                print(f"{name}: {type(fault).__name__}", file=sys.stderr)
                break
            if turn:
                print(f"{name},{clock() - began}")


if __name__ == "__main__":
    main()
