"""Each step of a survey at full size, in one table: ``make bench``.

First the bare cost: pyarrow alone reading the two registers as text, beside reading, joining and drawing
(imports apart, a fresh process each). Then every command of the demo, as users run it. Seconds on a shared
machine vary; the ratio to pyarrow comes from the same run.
"""

import argparse
import contextlib
import io
import sys
import tempfile
from pathlib import Path

import bench_frame
from metering import Meter

from custody.cli import run
from custody.console import say
from synthetic_data.demo import demo_steps

RESIDENTS, SAMPLE = 700_000, 3_000
WHOLE_REGISTER = ("synthetic ward", "sampling frame", "sampling draw")


def measure_commands(out: Path, residents: int, sample: int) -> Meter:
    """Run the demo's commands one after the other in this process, each measured."""
    meter = Meter()
    for step in demo_steps(out, residents=residents, sample=sample, seed="bench"):
        name = " ".join(step.argv[: 1 if step.argv[0] == "new" else 2])
        rows = residents if name in WHOLE_REGISTER else sample
        with meter.step(f"hyohon {name}", rows), contextlib.redirect_stdout(io.StringIO()):
            code = run(step.argv)
        if code:
            raise SystemExit(f"hyohon {name} ended with {code}")
    return meter


def main() -> int:
    """Print both tables; fail where the frame takes more than its limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    parser.add_argument("--sample", type=int, default=SAMPLE)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        (out / "returns").mkdir()
        commands = measure_commands(out, options.residents, options.sample)
        registers = out / "registers"
        found = bench_frame.measure(
            registers / "residents.csv", registers / "certifications.csv", repeats=options.repeats
        )
    say(f"{options.residents:,} residents, sample {options.sample:,}\n\n{bench_frame.table(found)}\n")
    say(f"{'command':<44}{'seconds':>9}{'rows/s':>14}{'peak MB':>10}")
    for measure in commands.measures:
        say(measure.row())
    say(f"{'all commands':<44}{sum(m.seconds for m in commands.measures):>9.3f}")
    return 0 if found["ratio"] <= bench_frame.LIMIT_RATIO and found["peak_mb"] <= bench_frame.LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
