"""Our selection methods, for peers_methods.py: prints case,seconds for each measurement.

Run: python benchmarks/peers_methods_ours.py FOLDER REPEATS, with HYOHON_COMPILED=1 or 0 in the environment.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sampling.methods import (
    brewer,
    cube,
    inclusion_probabilities,
    local_pivotal_1,
    local_pivotal_2,
    pivotal,
    pps_systematic,
    sampford,
    spatially_correlated_poisson,
    stratified_srs,
    tille,
)

Cases = dict[str, Callable[[], object]]

clock = time.process_time if os.environ.get("PEERS_CLOCK") == "cpu" else time.perf_counter


def cases(folder: Path, rng: np.random.Generator) -> Cases:
    read = {path.stem: np.load(path) for path in folder.glob("*.npy")}
    chances = inclusion_probabilities
    small, even, large = (
        chances(read["small"], 200),
        chances(read["even"], 200),
        chances(read["large"], 5_000),
    )
    half = chances(read["even"], 500)
    mixed = rng.permutation(read["strata"])  # ours needs no sorted frame
    balanced, points = np.column_stack([half, read["variables"]]), read["points"]
    return {
        "stratified srs": lambda: stratified_srs(mixed, read["sizes"], rng=rng),
        "pps systematic": lambda: pps_systematic(large, rng=rng),
        "pps systematic from sizes": lambda: pps_systematic(chances(read["large"], 5_000), rng=rng),
        "sampford": lambda: sampford(even, rng=rng),
        "sampford from sizes": lambda: sampford(chances(read["even"], 200), rng=rng),
        "sampford, skewed": lambda: sampford(small, rng=rng),
        "brewer": lambda: brewer(small, rng=rng),
        "brewer from sizes": lambda: brewer(chances(read["small"], 200), rng=rng),
        "tille": lambda: tille(small, rng=rng),
        "pivotal": lambda: pivotal(small, rng),
        "cube": lambda: cube(balanced, half, rng),
        "local pivotal 1": lambda: local_pivotal_1(points, half, rng),
        "local pivotal 2": lambda: local_pivotal_2(points, half, rng),
        "correlated poisson": lambda: spatially_correlated_poisson(points, half, rng),
    }


def main() -> None:
    folder, repeats = Path(sys.argv[1]), int(sys.argv[2])
    for name, draw in cases(folder, np.random.default_rng(1)).items():
        draw()
        for _turn in range(repeats):
            began = clock()
            draw()
            print(f"{name},{clock() - began}")


if __name__ == "__main__":
    main()
