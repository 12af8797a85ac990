"""Estimates straight from a Parquet file larger than a table should be: seconds and peak memory by step.

    python benchmarks/survey_file.py [--rows 36000000]

60 strata, 6,000 PSUs, one thread, engine held to 1 GB. The file (20 bytes a row) lies in the temporary folder
and is deleted afterwards.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from metering import Meter

GROUP = 1_000_000
CLUSTERS = {"weights": "w", "strata": "stratum", "psu": "psu", "fpc": "fpc"}


def write(path: Path, rows: int) -> None:
    """Write the file in groups of 1,000,000 rows."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng, writer = np.random.default_rng(1), None
    for first in range(0, rows, GROUP):
        count = min(GROUP, rows - first)
        psu = rng.integers(0, 6_000, count)
        columns = {"psu": psu, "stratum": psu % 60, "fpc": np.full(count, 1_000.0)}
        columns |= {"y": rng.normal(50, 10, count), "w": rng.uniform(1, 5, count)}
        table = pa.table(columns | {"domain": rng.integers(0, 20, count), "a": rng.integers(0, 4, count)})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=36_000_000)
    parser.add_argument("--write", default="")
    options = parser.parse_args()
    if options.write:
        write(Path(options.write), options.rows)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.parquet"
        command = [sys.executable, __file__, "--rows", str(options.rows), "--write", str(path)]
        subprocess.run(command, check=True)
        from analysis import FileDesign

        meter = Meter()
        with meter.step("design", options.rows):
            d = FileDesign(path, **CLUSTERS)
        with meter.step("mean", options.rows):
            d.mean("y").tidy()
        with meter.step("20 domains, deff", options.rows):
            d.mean("y", by="domain", deff=True).tidy()
        with meter.step("cross-table with F test", options.rows):
            d.crosstab("a", "domain").test("F")
        with meter.step("three quantiles", options.rows):
            d.quantile("y", [0.25, 0.5, 0.75]).tidy()
        print(f"{options.rows:,} rows, file of {path.stat().st_size / 2**20:,.0f} MB")
        print(f"{'step':<44}{'seconds':>9}{'rows/s':>14}{'peak MB':>10}")
        for measure in meter.measures:
            print(measure.row())


if __name__ == "__main__":
    main()
