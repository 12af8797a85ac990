"""Scanners and printers die at random instants: what was acknowledged is there, once, and no file is half."""

import importlib
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

KILLS, SECONDS, SEED = 400, 12.0, 20091104


@pytest.fixture(scope="module")
def torture() -> Iterator[ModuleType]:
    """The program of ``make torture``, which kills 10,000 times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        yield importlib.import_module("torture_kills")


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(),
    reason="processes are killed where they fork (Linux): a spawned one takes a second to be there",
)
def test_nothing_acknowledged_dies_with_the_process(torture: ModuleType, tmp_path: Path) -> None:
    toll = torture.kill_many(tmp_path / "shops", SEED, KILLS, SECONDS)
    assert toll.failures == []
    assert toll.counts["scanners killed"] > 5
    assert toll.counts["printers killed"] > 2
    assert toll.counts["scans acknowledged"] > 0
    assert toll.counts["scans in the ledgers"] >= toll.counts["scans acknowledged"]


def test_the_check_finds_a_lost_scan_a_half_file_and_a_file_without_a_run(
    torture: ModuleType, tmp_path: Path
) -> None:
    """What the parent looks for after each death, planted."""
    faults = torture.planted_faults(tmp_path / "shops", SEED)
    assert faults == [
        "scan: 1 acknowledged scans are lost",
        "print: a PDF that no run records",
        "print: a PDF under its final name is not the recorded one",
        "print: an acknowledged run has no file",
        "print: a run lost its file without a death",
    ]
