"""Every selection method against theory, by many draws.

    python benchmarks/inclusion.py [--draws 100000] [--only NAME] [--mutant favour|size|pairs]

Inclusion frequencies of each unit, of each pair where joint probabilities are known (closed form, integral,
or all samples listed), and sizes, for every method on populations with equal and skewed sizes, certain units,
ties, units of size 0, n = 1 and n = N - 1. A frequency's |z| has the probability of the exact binomial tail;
the limit is Bonferroni's at 0.001 over all units of the run, and again over all pairs. Then balance (cube:
flight exact, landing beside simple random sampling), spread (local methods beside it) and the demo's draw.
One line each; the last line is the verdict, and the exit code 1 where something fails. Methods that take half
a millisecond a draw and more get a fifth of the draws. `--mutant` runs the same with methods that are a
little wrong: it must fail. `--only` takes part of a method's name, or balance, spread or demo.
"""

import argparse
import importlib
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache

import inclusion_quality
import numpy as np
from inclusion_cases import METHODS, OTHERS, cases
from inclusion_engine import Case, Mutant, Tally, Verdict, judge, limits, mutated, tally

from custody.console import say

DRAWS, PART, SLOWER, SEED = 100_000, 10_000, 5, 20091101
MUTANTS = ("favour", "size", "pairs")
EXTRAS: dict[str, Callable[[], tuple[str, bool]]] = {
    "balance": inclusion_quality.balance,
    "spread": inclusion_quality.spread,
    "demo": lambda: importlib.import_module("inclusion_demo").report(),
}


@lru_cache
def known(only: str = "") -> tuple[Case, ...]:
    """Cases of a run; each process makes them once."""
    return tuple(cases(only))


def covers(name: str) -> bool:
    """Whether a function of `sampling.methods` is held against theory."""
    return any(method.split(",")[0] == name for method in [*METHODS, *(pair[0] for pair in OTHERS)])


def fits(case: Case, mutant: Mutant | None) -> bool:
    """Whether a mutant changes something that is promised: sizes and pairs are not for all methods."""
    without = case.variance is None and case.size is not None
    if mutant == "pairs":  # of a method that is not systematic itself, on the population that pairs differ in
        even = "systematic" in case.method or "pivotal" in case.method or case.population in ("n=1", "n=N-1")
        return without and case.joint is not None and not even
    return mutant is None or (mutant == "size" and case.size is not None) or (mutant == "favour" and without)


def parts(draws: int, case: Case) -> list[int]:
    """Draws of a case in pieces; slow ones get a fifth."""
    wanted = draws // SLOWER if case.slow > 1 else draws
    return [min(PART, wanted - begin) for begin in range(0, wanted, PART)]


def one_part(only: str, place: int, number: int, draws: int, seed: int, mutant: Mutant | None) -> Tally:
    """Some of the draws of a case: the same whichever process makes them."""
    case = known(only)[place]
    rng = np.random.default_rng([seed, zlib.crc32(case.name.encode()), number])
    return tally(mutated(case, mutant) if mutant else case, draws, rng)


def run(
    draws: int = DRAWS, only: str = "", *, mutant: Mutant | None = None, workers: int = 2, seed: int = SEED
) -> Iterator[Verdict]:
    """Draw each case and judge it, in the order of the table."""
    places = [place for place, case in enumerate(known(only)) if fits(case, mutant)]
    bounds = limits([known(only)[place] for place in places])
    with ProcessPoolExecutor(workers) as pool:
        waiting = {
            place: [
                pool.submit(one_part, only, place, number, count, seed, mutant)
                for number, count in enumerate(parts(draws, known(only)[place]))
            ]
            for place in places
        }
        for place, futures in waiting.items():
            first, *others = [future.result() for future in futures]
            yield judge(known(only)[place], sum(others, first), bounds)


def line(verdict: Verdict, bounds: tuple[float, float]) -> str:
    case, counted = verdict.case, verdict.tally
    sizes = "{}".format(*counted.sizes) if len(set(counted.sizes)) == 1 else "{}-{}".format(*counted.sizes)
    pair = "joint -" if verdict.pair is None else f"joint {verdict.pair:.2f} / {bounds[1]:.2f}"
    text = f"{case.method:<41}{case.population:<23}N {len(case.expected):<3}n {sizes:<6}"
    text += f"draws {counted.draws:<8,}"
    text += f"|z| {verdict.unit:.2f} / {bounds[0]:.2f}  {pair:<20}"
    return text + ("ok" if not verdict.faults else "FAIL " + "; ".join(verdict.faults))


def methods(draws: int, only: str, mutant: Mutant | None, workers: int) -> int:
    """Print a line a case; the number of cases that fail."""
    chosen = [case for case in known(only) if fits(case, mutant)]
    bounds = limits(chosen)
    failed = 0
    for verdict in run(draws, only, mutant=mutant, workers=workers):
        say(line(verdict, bounds))
        failed += bool(verdict.faults)
    units, couples = sum(case.units for case in chosen), sum(case.couples for case in chosen)
    say(f"{len(chosen)} cases, {draws:,} draws each, {units:,} units, {couples:,} pairs: {failed} fail")
    return failed


def main() -> int:
    """Run what was asked for; 1 where something fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--only", default="")
    parser.add_argument("--mutant", choices=MUTANTS)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    failed = 0
    if known(options.only):
        failed += methods(options.draws, options.only, options.mutant, options.workers)
    for name, measure in EXTRAS.items():
        if not options.mutant and (not options.only or options.only == name):
            text, good = measure()
            say(text)
            failed += not good
    say("FAIL" if failed else "All methods agree with theory.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
