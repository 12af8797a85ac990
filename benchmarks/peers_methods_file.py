"""Stratified SRS of 5,000 from a Parquet file, for peers_methods.py: prints case,seconds and case MB,peak.

Run: python benchmarks/peers_methods_file.py FOLDER REPEATS ROWS ENGINE, the engine hyohon, duckdb (the n
smallest of a random number in each stratum) or "duckdb, sieve" (the same among rows below a threshold, where
a small stratum may get too few). The file is written first where it is not there, by another process, so that
the peak is that of the draw.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from metering import peak_mb

STRATA, EACH, GROUP = 50, 100, 1_000_000
SMALLEST = """
    SELECT min_by(file_row_number, random(), $each)
    FROM read_parquet($path, file_row_number=true) GROUP BY area
"""
SIEVE = """
    SELECT file_row_number
    FROM (SELECT file_row_number, area, random() AS u FROM read_parquet($path, file_row_number=true))
    WHERE u < $least
    QUALIFY row_number() OVER (PARTITION BY area ORDER BY u) <= $each
"""

clock = time.process_time if os.environ.get("PEERS_CLOCK") == "cpu" else time.perf_counter


def write(path: Path, rows: int) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    names = np.array([f"町{code:02d}" for code in range(STRATA)], dtype=object)
    schema = pa.schema([("id", pa.int64()), ("area", pa.string()), ("age", pa.float64())])
    with pq.ParquetWriter(path, schema) as file:
        for first in range(0, rows, GROUP):
            count = min(GROUP, rows - first)
            area = pa.array(names[rng.integers(0, STRATA, count)])
            columns = [np.arange(first, first + count), area, rng.uniform(65, 100, count)]
            file.write_table(pa.table(columns, schema=schema))


def ours(path: Path) -> Callable[[], object]:
    import numpy as np

    from sampling.methods.from_file import stratified_srs_file

    rng, sizes = np.random.default_rng(1), {f"町{code:02d}": EACH for code in range(STRATA)}
    return lambda: stratified_srs_file(path, "area", sizes, rng=rng)


def duckdb(path: Path, rows: int, sieve: bool) -> Callable[[], object]:
    import duckdb as engine

    connection, values = engine.connect(), {"path": path.as_posix(), "each": EACH}
    connection.execute("SET threads = 1")
    if sieve:
        values["least"] = 1.6 * STRATA * EACH / rows
    return lambda: connection.execute(SIEVE if sieve else SMALLEST, values).fetchall()


def main() -> None:
    folder, repeats, rows, engine = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    path = folder / f"frame_{rows}.parquet"
    if engine == "write":
        write(path, rows)
        return
    if not path.exists():
        subprocess.run([sys.executable, __file__, str(folder), "0", str(rows), "write"], check=True)
    draw = ours(path) if engine == "hyohon" else duckdb(path, rows, engine.endswith("sieve"))
    name = f"stratified srs from a file of {rows}" + (" (sieve)" if "sieve" in engine else "")
    draw()
    for _turn in range(repeats):
        began = clock()
        draw()
        print(f"{name},{clock() - began}")
    print(f"{name} MB,{peak_mb()}")


if __name__ == "__main__":
    main()
