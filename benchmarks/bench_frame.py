"""From two registers to a sample, beside the bare cost of reading the same two files with pyarrow.

    python benchmarks/bench_frame.py residents.csv certifications.csv [--repeats 3]

Each measurement runs in a fresh process (imports apart, peak memory its own); figures are medians over the
repeats.
"""

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from metering import Measure, Meter

LIMIT_RATIO = 3.0
LIMIT_MB = 1500.0
OURS = ("read residents", "read certifications", "frame", "draw")


def measure(residents_csv: Path | str, certifications_csv: Path | str, *, repeats: int = 3) -> dict[str, Any]:
    """Measure both ways.

    Returns
    -------
    dict
        ``pyarrow`` (seconds), ``steps`` (list of step, seconds, rows, peak_mb), ``seconds`` (ours in all),
        ``ratio``, ``rows_per_second``, ``peak_mb`` (ours), ``pyarrow_peak_mb``.
    """
    files = (str(residents_csv), str(certifications_csv))
    base: list[list[dict[str, Any]]] = []
    ours: list[list[dict[str, Any]]] = []
    for _ in range(repeats):  # in turn, so that a busy machine is busy for both
        base.append(_child("pyarrow", files))
        ours.append(_child("hyohon", files))
    steps = [_median([run[place] for run in ours]) for place in range(len(ours[0]))]
    seconds = statistics.median(sum(step["seconds"] for step in run) for run in ours)
    alone = statistics.median(sum(step["seconds"] for step in run) for run in base)
    return {
        "pyarrow": alone,
        "steps": steps,
        "seconds": seconds,
        "ratio": seconds / alone,
        "rows_per_second": steps[0]["rows"] / seconds,
        "peak_mb": max(step["peak_mb"] for run in ours for step in run),
        "pyarrow_peak_mb": max(step["peak_mb"] for run in base for step in run),
    }


def _median(measures: list[dict[str, Any]]) -> dict[str, Any]:
    return measures[0] | {"seconds": statistics.median(one["seconds"] for one in measures)}


def _child(way: str, files: tuple[str, str]) -> list[dict[str, Any]]:
    command = [sys.executable, str(Path(__file__)), *files, "--child", way]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"the measured process ended with {done.returncode}: {done.stderr[-500:]}")
    measures: list[dict[str, Any]] = json.loads(done.stdout)
    return measures


def _pyarrow_alone(files: list[Path]) -> Meter:
    """Read both files as text and do nothing else."""
    import pyarrow as pa
    import pyarrow.csv as pv

    meter = Meter()
    headers = [path.open(encoding="cp932").readline().strip().split(",") for path in files]
    for path, header in zip(files, headers, strict=True):
        with meter.step(f"pyarrow {path.name}"):
            pv.read_csv(
                path,
                read_options=pv.ReadOptions(encoding="cp932"),
                convert_options=pv.ConvertOptions(column_types={name: pa.string() for name in header}),
            )
    return meter


def _hyohon(files: list[Path]) -> Meter:
    """Read, join and draw 3,000."""
    from sampling import StratifiedDesign, build_frame, draw, read_certifications, read_residents

    meter = Meter()
    with meter.step(OURS[0], rows=_rows(files[0])):
        residents = read_residents(files[0])
    with meter.step(OURS[1], rows=_rows(files[1])):
        certifications = read_certifications(files[1])
    with meter.step(OURS[2], rows=residents.read):
        frame = build_frame(
            residents,
            certifications,
            reference_date=date(2009, 11, 1),
            knowledge_date=date(2009, 11, 2),
            secret=bytes(32),
        )
    with meter.step(OURS[3], rows=len(frame)):
        draw(frame, StratifiedDesign(n=min(3000, len(frame)), by=["area", "age_band", "sex"]), seed="bench")
    return meter


def _rows(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(1 for _line in stream) - 1


def table(found: dict[str, Any]) -> str:
    """Write the figures as lines of text."""
    alone = Measure("pyarrow alone, both files as text", found["pyarrow"], 0, found["pyarrow_peak_mb"])
    steps = [Measure(**step) for step in found["steps"]]
    ours = Measure("read, join and draw", found["seconds"], steps[0].rows, found["peak_mb"])
    lines = [f"{'step':<44}{'seconds':>9}{'rows/s':>14}{'peak MB':>10}{'ratio':>8}"]
    lines += [one.row(found["pyarrow"]) for one in (alone, *steps, ours)]
    lines.append(f"limits: ratio {LIMIT_RATIO}, peak {LIMIT_MB:,.0f} MB")
    return "\n".join(lines)


def main() -> int:
    """Print the table; exit code 1 where a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("residents", type=Path)
    parser.add_argument("certifications", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", choices=("pyarrow", "hyohon"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    files = [options.residents, options.certifications]
    if options.child:
        meter = _pyarrow_alone(files) if options.child == "pyarrow" else _hyohon(files)
        print(json.dumps([asdict(one) for one in meter.measures]))
        return 0
    found = measure(*files, repeats=options.repeats)
    print(table(found))
    return int(found["ratio"] > LIMIT_RATIO or found["peak_mb"] > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
