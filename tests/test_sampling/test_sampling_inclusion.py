"""Units, pairs and sizes of every method come as theory says on any population; wrong methods fail."""

import importlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(str(BENCHMARKS))
    inclusion = importlib.import_module("inclusion")
    engine = importlib.import_module("inclusion_engine")
    quality = importlib.import_module("inclusion_quality")
    table = importlib.import_module("inclusion_cases")

DRAWS, SLOW = 600, 60
SEED = 20091101
TOOLS = {  # of the package that draw nothing
    "approximate_joint",
    "balance",
    "expected_overlap",
    "inclusion_probabilities",
    "joint_hits",
    "joint_inclusion",
    "murthy_inclusion",
    "serpentine",
    "simulate_joint",
    "stratified_inclusion_probabilities",
    "voronoi_balance",
}


@pytest.fixture(scope="module")
def cases():
    return inclusion.known()


@pytest.mark.parametrize("population", [*(p.name for p in table.populations()), "of its own"])
def test_every_method_on_a_population(cases, population) -> None:
    """The short form of ``benchmarks/inclusion.py``: Bonferroni's limit stands for all of them together."""
    names, bounds = {p.name for p in table.populations()}, engine.limits(cases)
    chosen = [case for case in cases if case.population == population]
    if population == "of its own":
        chosen = [case for case in cases if case.population not in names]
    assert len(chosen) > 5
    for number, case in enumerate(chosen):
        rng = np.random.default_rng([SEED, number])
        counted = engine.tally(case, SLOW if case.slow else DRAWS, rng)
        assert engine.judge(case, counted, bounds).faults == (), case.name


def test_every_method_of_the_package_is_in_the_table() -> None:
    from sampling import methods

    functions = {name for name in methods.__all__ if name.islower()}
    assert {name for name in functions if not inclusion.covers(name)} == TOOLS


def find(cases, method: str, population: str):
    return next(case for case in cases if (case.method, case.population) == (method, population))


MUTATED = [
    ("favour", "srs", "equal", 100_000, "unit"),
    ("size", "pps_systematic", "ties", 8_000, "size"),
    ("pairs", "sampford", "ties", 4_000, "pair"),
]


@pytest.mark.parametrize(("mutant", "method", "population", "draws", "word"), MUTATED)
def test_a_method_that_is_a_little_wrong_is_found(cases, mutant, method, population, draws, word) -> None:
    """A unit one percentage point too often, a unit missing once in a thousand, a fifth drawn otherwise."""
    case = find(cases, method, population)
    bounds = engine.limits(cases)
    for changed, times in ((case, draws // 4), (engine.mutated(case, mutant), draws)):
        counted = engine.tally(changed, times, np.random.default_rng(SEED))
        faults = engine.judge(changed, counted, bounds).faults
        assert bool(faults) == (changed is not case), faults
    assert word in " ".join(faults)


def test_the_impossible_is_found_at_once(cases) -> None:
    """A certain unit missed once, a pair drawn that cannot be, hits that cannot vary."""
    case = find(cases, "pps_systematic", "skewed")
    counted = engine.tally(case, 1_000, np.random.default_rng(SEED))
    assert not engine.judge(case, counted, (8.0, 8.0)).faults
    hits, pairs = counted.hits.copy(), counted.pairs.copy()
    hits[int(np.argmax(case.expected))] -= 1
    first, second = np.argwhere(case.joint == 0)[0]
    pairs[first, second] += 1
    pairs[second, first] += 1
    wrong = engine.judge(case, replace(counted, hits=hits, pairs=pairs), (8.0, 8.0)).faults
    assert [fault.split()[0] for fault in wrong] == ["unit", "pair"]
    z = engine.hits_z(np.array([2_000, 2_001]), 1_000, np.array([2.0, 2.0]), np.zeros(2))
    assert z.tolist() == [0.0, np.inf]


def test_binomial_tails_and_limits() -> None:
    """Far in the middle the tail is the normal one; the limit of one comparison at 0.001 is 3.29."""
    z = engine.binomial_z(np.array([50_000, 50_474, 49_526]), 100_000, np.full(3, 0.5))
    np.testing.assert_allclose(z, [0.0, 3.0, 3.0], atol=0.01)
    assert engine.limit(1) == pytest.approx(3.2905, abs=1e-4)
    assert engine.binomial_z(np.array([12]), 1_000, np.array([1e-3]))[0] > 5  # nothing normal about it


def test_balance_and_spread_beside_simple_random_sampling(monkeypatch) -> None:
    for name, few in (("FLIGHTS", 5), ("LANDINGS", 25), ("SPREADS", 6)):
        monkeypatch.setattr(quality, name, few)
    for measure in (quality.balance, quality.spread):
        text, good = measure()
        assert good, text
    monkeypatch.setattr(quality, "HALF", 0.05)
    assert not quality.balance()[1]
    assert not quality.spread()[1]


@pytest.mark.parametrize(("extra", "code"), [([], 0), (["--mutant", "size"], 1)])
def test_the_command_says_so(extra, code) -> None:
    command = [
        sys.executable,
        str(BENCHMARKS / "inclusion.py"),
        "--only",
        "srs_with",
        "--draws",
        "4000",
        *extra,
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == code, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last == ("FAIL" if code else "All methods agree with theory.")
