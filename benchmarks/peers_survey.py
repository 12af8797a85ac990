"""Survey estimates beside R survey, svy and samplics: the same data, one tool after the other in one run.

    python benchmarks/peers_survey.py [--repeats 5] [--rows 10000 1000000] [--cpu] [--peers PYTHON]

60 strata; 6,000 PSUs at 1,000,000 rows (600 at 10,000 rows and below). Each tool in a process of its own on
one thread, the first run of each case not counted, medians printed with the times ours they take, beside the
limits this project sets itself at 1,000,000 rows. Data are in memory before the clock starts, except
"from Parquet": that is the estimate straight from the file, the design's checks included. svy's design is
built anew for "design" and its Sample kept for the rest (its faster way); samplics has no design object, so
its figures hold it. R's quantiles by `svyquantile` (with interval); svy's and samplics's where they have any.
Memory: peak of the process over what it took with the data loaded, by case. A run of 1,000,000 rows by
samplics takes minutes: `--slow 1` runs it as often as the others. svy and samplics are taken from the Python
given, or put into an environment of their own in a temporary folder; R survey from Rscript (Debian:
r-cran-survey). `--cpu`: seconds of the processor rather than of the clock, for a machine that is busy.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
PEERS = ("svy==0.35.0", "samplics==0.6.1", "numpy", "pandas", "pyarrow")
COLUMNS = ("hyohon", "R survey", "svy", "samplics")
STRATA, DOMAINS = 60, 20
LIMITS = {
    "design": 0.1,
    "mean": 0.03,
    "total": 0.03,
    "20 domains": 0.1,
    "cross-table with F test": 0.1,
    "three quantiles": 0.35,
    "mean from Parquet": 0.1,
    "import analysis": 0.7,
}
"""Seconds at 1,000,000 rows."""
MOST_MEMORY = 0.3
"""Peak over the data, as a share of the data."""
ENVIRONMENT = {
    "PYTHONUTF8": "1",
    "PYTHONWARNINGS": "ignore",
    **dict.fromkeys(
        ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS"], "1"
    ),
}

Found = dict[str, list[float]]


def make_table(rows: int, seed: int = 20091101) -> pd.DataFrame:
    """A clustered sample: whole-number keys, weights, a number, domains, two questions with levels."""
    rng = np.random.default_rng(seed)
    psus = 6_000 if rows > 100_000 else 600
    psu = rng.integers(0, psus, rows)
    frame = pd.DataFrame({"psu": psu, "stratum": psu % STRATA, "fpc": 1_000.0})
    frame["y"] = rng.normal(50, 10, rows) + rng.normal(0, 2, psus)[psu]
    frame["w"] = rng.uniform(1, 5, rows)
    frame["domain"] = rng.integers(0, DOMAINS, rows)
    frame["a"] = pd.Categorical.from_codes(rng.integers(0, 4, rows), list("abcd"))
    frame["b"] = pd.Categorical.from_codes(rng.integers(0, 3, rows), list("xyz"))
    return frame


def write_inputs(folder: Path, rows: int) -> None:
    """The table as Parquet for Python and as CSV for R."""
    frame = make_table(rows)
    frame.to_parquet(folder / f"data_{rows}.parquet")
    frame.to_csv(folder / f"data_{rows}.csv", index=False, float_format="%.17g")


def measured(command: list[str]) -> tuple[Found, str]:
    """Numbers by case from the lines case,number that a command prints, and why it gave none."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **ENVIRONMENT},
    )
    found: Found = {}
    for line in done.stdout.splitlines():
        name, number = line.rsplit(",", 1)
        found.setdefault(name, []).append(float(number))
    said = done.stderr.strip()[-600:]
    return found, said


def peers_python(folder: Path, given: str) -> tuple[str, str]:
    """A Python that has svy and samplics, made where none is given, and why there is none."""
    if given:
        return given, ""
    place = folder / "peers"
    python = str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    uv = shutil.which("uv")
    make = [uv, "venv", "--quiet", str(place)] if uv else [sys.executable, "-m", "venv", str(place)]
    put = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    for command in (make, [*put, "--quiet", *PEERS]):
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode:
            return "", f"svy and samplics could not be installed: {done.stderr.strip()[-300:]}"
    return python, ""


def collect(
    folder: Path, rows: int, repeats: int, slow: int, peers: str
) -> tuple[dict[str, Found], dict[str, str]]:
    """Every tool's seconds by case, and what kept a case empty."""
    found: dict[str, Found] = {column: {} for column in COLUMNS}
    why: dict[str, str] = {}
    data = str(folder / f"data_{rows}")
    own = [sys.executable, str(HERE / "peers_survey_ours.py"), data, str(repeats)]
    found["hyohon"], why["hyohon"] = measured(own)
    rscript = shutil.which("Rscript")
    if rscript:
        command = [rscript, str(HERE / "peers_survey.R"), data, str(repeats)]
        found["R survey"], why["R survey"] = measured(command)
    else:
        why["R survey"] = "Rscript is not installed"
    for column in ("svy", "samplics") if peers else ():
        turns = slow if column == "samplics" and rows > 100_000 else repeats
        script = str(HERE / f"peers_survey_{column}.py")
        found[column], why[column] = measured([peers, script, data, str(turns)])
    return found, why


def show(found: dict[str, Found], why: dict[str, str], rows: int, repeats: int) -> bool:
    """The tables of seconds and of memory; True where no limit is passed."""
    print(f"\n## {rows:,} rows\n")
    print(f"seconds ({ENVIRONMENT['PEERS_CLOCK']}), medians of {repeats}; in brackets: times ours\n")
    print("| case | " + " | ".join(COLUMNS) + " | limit | |\n|" + "---|" * (len(COLUMNS) + 3))
    good = True
    names = dict.fromkeys(name for column in COLUMNS for name in found[column] if not name.endswith(" MB"))
    for name in names:
        middle = {c: statistics.median(found[c][name]) for c in COLUMNS if found[c].get(name)}
        own = middle.get("hyohon")
        cells = [f"{middle[c]:.4f}" if c in middle else "-" for c in COLUMNS]
        for place, column in enumerate(COLUMNS[1:], start=1):
            if column in middle and own:
                cells[place] += f" ({middle[column] / own:,.1f})"
        limit = LIMITS.get(name) if rows >= 1_000_000 or name == "import analysis" else None
        kept = limit is None or (own is not None and own <= limit)
        good &= kept
        verdict = "" if limit is None else "pass" if kept else "FAIL"
        print(f"| {name} | " + " | ".join(cells) + f" | {limit or ''} | {verdict} |")
    good &= show_memory(found, rows)
    for column in COLUMNS:
        if why.get(column):
            print(f"{column}: {why[column]}")
    return good


def show_memory(found: dict[str, Found], rows: int) -> bool:
    """Peak over the data by case; True where ours stays under the limit at full size."""
    names = [name for name in dict.fromkeys(n for c in COLUMNS for n in found[c]) if name.endswith(" MB")]
    if not names:
        return True
    print("\nmemory, MB: the data, then the peak over the process with the data, by case\n")
    print("| case | " + " | ".join(COLUMNS) + " | of the data | |\n|" + "---|" * (len(COLUMNS) + 3))
    own = {name: max(found["hyohon"].get(name, [0.0])) for name in names}
    data, good = own.get("data MB", 0.0), True
    for name in names:
        cells = [f"{max(found[c][name]):,.1f}" if found[c].get(name) else "-" for c in COLUMNS]
        share = own[name] / data if data else 0.0
        judged = rows >= 1_000_000 and name in found["hyohon"] and name != "data MB"
        judged = judged and "Parquet" not in name
        kept = not judged or share <= MOST_MEMORY
        good &= kept
        verdict = ("pass" if kept else "FAIL") if judged else ""
        print(f"| {name.removesuffix(' MB')} | " + " | ".join(cells) + f" | {share:.0%} | {verdict} |")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument(
        "--slow", type=int, default=0, help="runs of samplics at 1,000,000 rows (0: as the others)"
    )
    parser.add_argument(
        "--peers", default="", help='a Python that has svy and samplics; "none": leave them out'
    )
    arguments = parser.parse_args()
    ENVIRONMENT["PEERS_CLOCK"] = "cpu" if arguments.cpu else "wall"
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peers, fault = ("", "") if arguments.peers == "none" else peers_python(folder, arguments.peers)
        for rows in arguments.rows:
            write_inputs(folder, rows)
            turns = arguments.slow or arguments.repeats
            found, why = collect(folder, rows, arguments.repeats, turns, peers)
            good &= show(found, why, rows, arguments.repeats)
        if fault:
            print(fault)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
