"""Memory and seconds of print runs that grow: text, QR code and customer barcode; each run is a process.

    python benchmarks/large_labels.py [--labels 5000 20000 100000] [--writing horizontal]

A package is sealed in one process and printed in another, as ``hyohon labels print`` does it: opened in
memory, checked, drawn, recorded label by label in the ledger. `peak` is the most memory that the printing
process held; `slope` is how much it grows from one row to the next, for a thousand labels more.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from metering import peak_mb

from custody.clock import JST
from custody.console import say
from custody.keys import KeyStore

STOCK: Final = "KPC-E1121-20N"


def seal_labels(folder: Path, count: int) -> None:
    """Seal so many invented labels to a contractor whose keys are made in the folder."""
    from peers_labels import rows

    from custody.packages import Origin, seal

    keys = KeyStore(folder / "keys")
    for role in ("staff", "contractor"):
        keys.create(role)
    seal(
        folder / "labels.sp",
        kind="labels",
        payload=rows(count).to_csv(index=False, lineterminator="\n").encode("utf-8"),
        facts={},
        recipient=keys.recipient("contractor"),
        signer=keys.signer("staff"),
        created=datetime(2009, 11, 4, 9, 0, tzinfo=JST),
        origin=Origin("abcd1234", "高齢者・食の実態調査", True, keys.recipient("staff")),
    )


def print_labels(folder: Path, writing: str) -> dict[str, float]:
    """Print the package of a folder and say what it took."""
    from labels.job_printing import print_package

    began = time.perf_counter()
    look: dict[str, Any] = {"writing": writing} if writing != "horizontal" else {}
    made = print_package(
        folder / "labels.sp",
        folder / "job",
        keys=KeyStore(folder / "keys"),
        stock=STOCK,
        barcode=True,
        **look,
    )
    size = made.path.stat().st_size / 1e6
    return {"labels": made.labels, "seconds": time.perf_counter() - began, "peak": peak_mb(), "size": size}


def run_alone(*arguments: str) -> str:
    """Run this script in another process and return what it printed last."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip().rpartition("\n")[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, nargs="+", default=[5_000, 20_000, 100_000])
    parser.add_argument("--writing", default="horizontal")
    parser.add_argument("--seal", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--print", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seal:
        seal_labels(options.seal, options.labels[0])
        return
    if options.print:
        say(json.dumps(print_labels(options.print, options.writing)))
        return
    head = ("labels", "seconds", "labels/s", "peak MB", "slope MB/1,000", "PDF MB")
    say("{:>8} {:>9} {:>9} {:>8} {:>15} {:>7}".format(*head))
    before: dict[str, float] = {}
    for count in options.labels:
        with tempfile.TemporaryDirectory() as folder:
            run_alone("--labels", str(count), "--seal", folder)
            found = json.loads(run_alone("--print", folder, "--writing", options.writing))
        more = found["labels"] - before["labels"] if before else 0
        slope = f"{1000 * (found['peak'] - before['peak']) / more:.2f}" if more else ""
        labels, seconds, peak = int(found["labels"]), found["seconds"], found["peak"]
        rate = labels / seconds
        say(f"{labels:8,} {seconds:9.1f} {rate:9,.0f} {peak:8.0f} {slope:>15} {found['size']:7.1f}")
        before = found


if __name__ == "__main__":
    main()
