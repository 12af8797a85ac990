"""Deaths, races, power cuts and full disks: ``make torture``.

SIGKILL to scanning and printing processes at random instants; sixteen writers on one ledger; power cuts at
any write; a disk that is full at any write. After each: nothing acknowledged is lost, nothing counts twice,
the chain verifies, and no file is half there. It ends with an error code where anything does not hold.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from torture_children import Toll, may_fork
from torture_cuts import Cuts, Mode, cut_many
from torture_full import refuse_each_request, refuse_each_size
from torture_kills import kill_side_by_side
from torture_race import race
from torture_vfs import why_not

from custody.console import say

CYCLES, SEED, TOKENS, WRITERS, CUTS, CONTROLS, STEP = 10_000, 1, 10_000, 16, 10_000, 1_000, 512
PARTS = ("kills", "race", "cuts", "full")


def show(title: str, toll: Toll, began: float) -> bool:
    """Print the counts, and what did not hold; return whether all held."""
    say(f"{title} ({time.perf_counter() - began:,.0f} s)")
    for name, count in toll.counts.items():
        say(f"  {name:<40}{count:>12,}")
    say(f"  {'FAILURES':<40}{len(toll.failures):>12,}")
    for what in toll.failures[:20]:
        say(f"    {what}")
    return not toll.failures


def kills(folder: Path, options: argparse.Namespace) -> bool:
    """Processes that die."""
    began = time.perf_counter()
    toll = kill_side_by_side(folder, options.seed, options.cycles, options.seconds)
    return show("kill -9 at random instants", toll, began)


def racing(folder: Path, options: argparse.Namespace) -> bool:
    """Sixteen writers on one ledger."""
    found = race(folder, options.tokens, WRITERS, options.seed)
    say(f"race ({found.seconds:,.0f} s)")
    say(f"  {found.writers} writers, {found.tokens:,} labels, each scanned by all, one call a scan")
    for name, count in sorted(found.answers.items()):
        say(f"  {name:<40}{count:>12,}")
    middle, late, longest = found.waits
    say(f"  wait of a call: median {middle:,.1f} ms, p99 {late:,.0f} ms, longest {longest:,.0f} ms")
    for what in found.faults:
        say(f"    {what}")
    return not found.faults


def power_cuts(_folder: Path, options: argparse.Namespace) -> bool:
    """FULL keeps all; NORMAL and OFF lose, else the simulator is wrong."""
    modes: dict[Mode, int] = {"FULL": options.cuts, "NORMAL": CONTROLS, "OFF": CONTROLS}
    found = {}
    for mode, cuts in modes.items():
        began = time.perf_counter()
        found[mode] = cut_many(mode, cuts, random.Random(options.seed))
        _show_cuts(found[mode], began)
    return not found["FULL"].bad and bool(found["NORMAL"].bad and found["OFF"].bad)


def _show_cuts(found: Cuts, began: float) -> None:
    seconds = time.perf_counter() - began
    say(f"power cuts, {found.mode}: {found.cuts:,} at {found.requests:,} requests ({seconds:,.0f} s)")
    for name, count in found.outcomes.most_common():
        say(f"  {name:<40}{count:>12,}")


def full(folder: Path, options: argparse.Namespace) -> bool:
    """A disk that refuses."""
    toll, began = Toll(), time.perf_counter()
    refuse_each_request(folder / "requests", toll)
    refuse_each_size(folder / "sizes", toll, options.step)
    return show("full disk", toll, began)


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=CYCLES, help="processes to kill")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop killing after that many")
    parser.add_argument("--tokens", type=int, default=TOKENS, help="labels of the race")
    parser.add_argument("--cuts", type=int, default=CUTS, help="power cuts with synchronous=FULL")
    parser.add_argument("--step", type=int, default=STEP, help="bytes from one file size refused to the next")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", choices=PARTS, action="append", help="default: all of them")
    options = parser.parse_args()
    reason = why_not() if may_fork() else "processes are killed where they fork (Linux)"
    if reason:
        say(f"Not on this machine: {reason}.")
        return 2
    acts = dict(zip(PARTS, (kills, racing, power_cuts, full), strict=True))
    good = []
    with tempfile.TemporaryDirectory() as name:
        for part in options.only or PARTS:
            folder = Path(name).resolve() / part
            folder.mkdir()
            good.append(acts[part](folder, options))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
