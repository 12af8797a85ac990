"""What a design object costs above the bare method: 5,000 of 750,000 rows, medians in seconds.

    python benchmarks/method_design.py [--repeats 7]

The bare method gets arrays: stratum codes, sizes. The object gets a table and also reads and checks its
columns, hashes them, numbers the strata, cuts out the rows with their weights and writes the record. Each
case once with strata as numbers and once as text; a key is sorted too.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa

from sampling.method_design import MethodDesign
from sampling.methods import inclusion_probabilities, pps_systematic, stratified_srs

ROWS, DRAWN, STRATA = 750_000, 5_000, 20


def measure(run: Callable[[], object], repeats: int) -> float:
    run()
    found = []
    for _turn in range(repeats):
        began = time.perf_counter()
        run()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(20260401)
    codes, size = rng.integers(0, STRATA, ROWS), rng.lognormal(0, 1, ROWS)
    text = np.array([f"地区{code:02d}" for code in range(STRATA)])[codes]
    keys = [f"k{value:012x}" for value in rng.permutation(ROWS).tolist()]
    frame = pd.DataFrame({"code": codes, "area": text, "size": size, "key": keys})
    arrow = pa.Table.from_pandas(frame)
    each = np.full(STRATA, DRAWN // STRATA)
    bare_srs = measure(lambda: stratified_srs(codes, each, rng=rng), repeats)
    bare_pps = measure(lambda: pps_systematic(inclusion_probabilities(size, DRAWN), rng=rng), repeats)
    design, small = MethodDesign, {"n": DRAWN, "allocation": "equal"}
    cases: list[tuple[str, float, MethodDesign, object]] = [
        ("stratified srs, codes", bare_srs, design("srs", strata="code", **small), frame),
        ("stratified srs, text", bare_srs, design("srs", strata="area", **small), frame),
        ("stratified srs, Arrow", bare_srs, design("srs", strata="area", **small), arrow),
        ("stratified srs, text, key", bare_srs, design("srs", strata="area", key="key", **small), frame),
        ("pps systematic", bare_pps, design("pps_systematic", size="size", n=DRAWN), frame),
        ("pps systematic, Arrow", bare_pps, design("pps_systematic", size="size", n=DRAWN), arrow),
    ]
    print(f"{'case':28} {'bare s':>9} {'object s':>9} {'times':>6}")
    for name, bare, one, table in cases:
        seconds = measure(lambda one=one, table=table: one.draw(table, seed=1), repeats)
        print(f"{name:28} {bare:9.4f} {seconds:9.4f} {seconds / bare:6.2f}")


if __name__ == "__main__":
    main()
