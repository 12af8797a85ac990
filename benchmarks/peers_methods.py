"""Selection methods beside R sampling, svy and DuckDB: the same sizes, one after the other in one run.

    python benchmarks/peers_methods.py [--repeats 5] [--large] [--cpu] [--svy PYTHON]

Ours in two columns: with numba (extra `fast`) and without. svy is taken from this environment, from the
Python given, or put into an environment of its own in a temporary folder; R sampling from Rscript. Each in a
process of its own on one thread, the first run of each case not counted (ours: numba's machine code is made
then). What is timed: the draw alone, inclusion probabilities given; "from sizes" with the probabilities, as
svy works. svy's Sample is made anew for each draw, untimed, since it draws in place. From a file: reading
included, the peak that of the whole process. `--large`: also a file of 36,000,000 rows (600 MB of temporary
disk). `--cpu`: seconds of the processor rather than of the clock, for a machine that is busy with other work.
"""

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
SVY = "svy==0.35.0"
SMALL, LARGE, STRATA = 10_000, 750_000, 20
COLUMNS = ("numba", "numpy", "R sampling", "svy", "DuckDB")
PUBLISHED = {"cube": 0.004, "local pivotal 1": 0.028, "local pivotal 2": 0.009, "correlated poisson": 0.023}
"""Seconds of R BalancedSampling 2.0.6 (C++), on a machine where R sampling's cube took PUBLISHED_CUBE."""
PUBLISHED_CUBE = 1.22
ENVIRONMENT = {
    "PYTHONUTF8": "1",
    "PYTHONWARNINGS": "ignore",
    **dict.fromkeys(
        ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS"], "1"
    ),
}

Found = dict[str, dict[str, list[float]]]


def write_inputs(folder: Path) -> None:
    """Sizes, balancing variables, points and strata: .npy for Python, .txt for R."""
    rng = np.random.default_rng(20260401)
    inputs = {
        "small": rng.lognormal(0, 1, SMALL),
        "even": rng.uniform(1, 4, SMALL),
        "large": rng.lognormal(0, 1, LARGE),
        "variables": rng.lognormal(0, 1, (SMALL, 5)),
        "points": rng.random((SMALL, 2)),
        "strata": np.sort(rng.integers(0, STRATA, LARGE)),
        "sizes": np.full(STRATA, 5_000 // STRATA),
    }
    for name, values in inputs.items():
        np.save(folder / f"{name}.npy", values)
        if name != "points":
            np.savetxt(folder / f"{name}.txt", values, fmt="%.17g")


def measured(command: list[str], **environment: str) -> tuple[dict[str, list[float]], str]:
    """Seconds by case from the lines case,seconds that a command prints, and why it gave none."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **ENVIRONMENT, **environment},
    )
    found: dict[str, list[float]] = {}
    for line in done.stdout.splitlines():
        name, seconds = line.rsplit(",", 1)
        found.setdefault(name, []).append(float(seconds))
    return found, done.stderr.strip()[-300:] if done.returncode else ""


def svy_python(folder: Path, given: str) -> tuple[str, str]:
    """A Python that has svy, made where none is given and this one has it not; and why there is none."""
    if given:
        return given, ""
    if importlib.util.find_spec("svy"):
        return sys.executable, ""
    place = folder / "svy"
    uv = shutil.which("uv")
    python = str(place / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    make = [uv, "venv", "--quiet", str(place)] if uv else [sys.executable, "-m", "venv", str(place)]
    put = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    for command in (make, [*put, "--quiet", SVY, "numpy"]):
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if done.returncode:
            return "", f"{SVY} could not be installed: {done.stderr.strip()[-300:]}"
    return python, ""


def collect(folder: Path, repeats: int, large: bool, svy: str) -> tuple[Found, dict[str, str]]:
    """Every column's seconds by case, and what kept a column empty."""
    found: Found = {}
    why: dict[str, str] = {}
    turns = str(repeats)
    cases = [sys.executable, str(HERE / "peers_methods_ours.py"), str(folder), turns]
    found["numba"], why["numba"] = measured(cases, HYOHON_COMPILED="1")
    if not importlib.util.find_spec("numba"):
        found["numba"], why["numba"] = {}, "numba is not installed (extra `fast`)"
    found["numpy"], why["numpy"] = measured(cases, HYOHON_COMPILED="0")
    rscript = shutil.which("Rscript")
    if rscript:
        command = [rscript, str(HERE / "peers_methods.R"), str(folder), turns]
        found["R sampling"], why["R sampling"] = measured(command)
    else:
        found["R sampling"], why["R sampling"] = {}, "Rscript is not installed"
    found["svy"] = {}
    python, why["svy"] = svy_python(folder, svy)
    if python:
        command = [python, str(HERE / "peers_methods_svy.py"), str(folder), turns]
        found["svy"], why["svy"] = measured(command)
    found["DuckDB"] = {}
    for rows in (LARGE, 36_000_000) if large else (LARGE,):
        for column, engine in (("numpy", "hyohon"), ("DuckDB", "duckdb"), ("DuckDB", "duckdb, sieve")):
            script = str(HERE / "peers_methods_file.py")
            seconds, fault = measured([sys.executable, script, str(folder), turns, str(rows), engine])
            found[column].update(seconds)
            why[column] = fault or why.get(column, "")
    return found, why


def show(found: Found, why: dict[str, str], repeats: int) -> None:
    """The table: medians, how many times ours the others take, and the published C++ figures."""
    print(
        f"seconds ({ENVIRONMENT['PEERS_CLOCK']}), medians of {repeats} (R's Tillé: 1); "
        "in brackets: times our numba, else our numpy figure\n"
    )
    print("| case | " + " | ".join(COLUMNS) + " |\n|" + "---|" * (len(COLUMNS) + 1))
    for name in dict.fromkeys(name for column in COLUMNS for name in found[column]):
        middle = {c: statistics.median(found[c][name]) for c in COLUMNS if found[c].get(name)}
        own = middle.get("numba", middle.get("numpy"))
        digits = 0 if name.endswith("MB") else 4
        cells = [f"{middle[c]:.{digits}f}" if c in middle else "-" for c in COLUMNS]
        for place, column in enumerate(COLUMNS[2:], start=2):
            if column in middle and own:
                cells[place] += f" ({middle[column] / own:,.1f})"
        print(f"| {name} | " + " | ".join(cells) + " |")
    for column in COLUMNS:
        if why.get(column):
            print(f"{column}: {why[column]}")
    if found["R sampling"].get("cube") and found["numba"]:
        here = statistics.median(found["R sampling"]["cube"])
        print(
            f"\nR sampling's cube: {here:.3f} s here, {PUBLISHED_CUBE} s where BalancedSampling was measured."
        )
        print(
            "| case | BalancedSampling there | scaled to here | ours / there | ours / scaled |\n|"
            + "---|" * 5
        )
        for name, there in PUBLISHED.items():
            ours, scaled = statistics.median(found["numba"][name]), there * here / PUBLISHED_CUBE
            print(f"| {name} | {there} | {scaled:.4f} | {ours / there:.2f} | {ours / scaled:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--svy", default="", help="a Python that has svy")
    arguments = parser.parse_args()
    ENVIRONMENT["PEERS_CLOCK"] = "cpu" if arguments.cpu else "wall"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        found, why = collect(folder, arguments.repeats, arguments.large, arguments.svy)
    show(found, why, arguments.repeats)


if __name__ == "__main__":
    main()
