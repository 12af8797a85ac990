"""Deaths, races, power cuts and full disks: ``make torture``.

SIGKILL to scanning and printing processes at random instants; sixteen writers on one ledger; power cuts at
any write; a disk that is full at any write. After each: nothing acknowledged is lost, nothing counts twice,
the chain verifies, and no file is half there. It ends with an error code where anything does not hold.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from torture_children import Toll, may_fork
from torture_kills import kill_side_by_side

from custody.console import say

CYCLES, SEED = 10_000, 1
PARTS = ("kills",)


def report(title: str, toll: Toll) -> None:
    """Print the counts, and what did not hold."""
    say(title)
    for name, count in toll.counts.items():
        say(f"  {name:<32}{count:>12,}")
    say(f"  {'FAILURES':<32}{len(toll.failures):>12,}")
    for what in toll.failures[:20]:
        say(f"    {what}")


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=CYCLES, help="processes to kill")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop killing after that many")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=PARTS, help="default: all of them")
    options = parser.parse_args()
    if not may_fork():
        say("Only where processes fork (Linux): a spawned one takes a second to be there.")
        return 2
    with tempfile.TemporaryDirectory() as name:
        toll = kill_side_by_side(Path(name), options.seed, options.cycles, options.seconds)
        report("kill -9 at random instants", toll)
    return 1 if toll.failures else 0


if __name__ == "__main__":
    sys.exit(main())
