"""Selection methods beside R sampling: the same sizes, one after the other in one run.

    python benchmarks/peers_methods.py [--repeats 5]

Stratified SRS of 5,000 from 750,000 in 20 strata, PPS systematic of 5,000 from 750,000, Sampford (even and
skewed sizes) and Brewer of 200 from 10,000. Drawing alone: reading and inclusion probabilities are not in the
figures, and the first run of each is not counted. Needs Rscript with the package sampling; without it, and
where R gives up, only our figures are printed.
"""

import argparse
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sampling.methods.brewer import brewer
from sampling.methods.inclusion import inclusion_probabilities
from sampling.methods.sampford import sampford
from sampling.methods.simple import stratified_srs
from sampling.methods.systematic import pps_systematic

SMALL, LARGE, STRATA = 10_000, 750_000, 20


def ours(cases: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for name, draw in cases.items():
        draw()
        found[name] = []
        for _turn in range(repeats):
            began = time.perf_counter()
            draw()
            found[name].append(time.perf_counter() - began)
    return found


def theirs(inputs: dict[str, np.ndarray], repeats: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    rscript = shutil.which("Rscript")
    if rscript is None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        for name, values in inputs.items():
            np.savetxt(Path(folder) / f"{name}.txt", values, fmt="%.17g")
        script = str(Path(__file__).with_suffix(".R"))
        done = subprocess.run(
            [rscript, script, folder, str(repeats)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
    if done.returncode:
        print(f"R did not run: {done.stderr.strip()}")
    for line in done.stdout.splitlines():
        name, seconds = line.rsplit(",", 1)
        found[name].append(float(seconds))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(20260401)
    inputs = {
        "small": rng.lognormal(0, 1, SMALL),
        "even": rng.uniform(1, 4, SMALL),
        "large": rng.lognormal(0, 1, LARGE),
        "strata": np.sort(rng.integers(0, STRATA, LARGE)),
        "sizes": np.full(STRATA, 5_000 // STRATA),
    }
    small, large = (
        inclusion_probabilities(inputs["small"], 200),
        inclusion_probabilities(inputs["large"], 5_000),
    )
    even = inclusion_probabilities(inputs["even"], 200)
    mixed = rng.permutation(inputs["strata"])  # ours needs no sorted frame
    cases: dict[str, Callable[[], object]] = {
        "stratified srs": lambda: stratified_srs(mixed, inputs["sizes"], rng=rng),
        "pps systematic": lambda: pps_systematic(large, rng=rng),
        "sampford": lambda: sampford(even, rng=rng),
        "sampford, skewed": lambda: sampford(small, rng=rng),
        "brewer": lambda: brewer(small, rng=rng),
    }
    mine, other = ours(cases, repeats), theirs(inputs, repeats)
    print(f"{'case':16} {'hyohon s':>10} {'R s':>10}  (medians of {repeats})")
    for name, seconds in mine.items():
        beside = f"{statistics.median(other[name]):10.5f}" if other.get(name) else f"{'-':>10}"
        print(f"{name:16} {statistics.median(seconds):10.5f} {beside}")


if __name__ == "__main__":
    main()
