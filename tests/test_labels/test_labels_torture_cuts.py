"""Power cuts and full disks anywhere lose nothing acknowledged; with weaker settings of SQLite, they do."""

import importlib
import multiprocessing
import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SEED = 20091104
FORKS = "fork" in multiprocessing.get_all_start_methods()


@pytest.fixture(scope="module")
def torture() -> Iterator[dict[str, ModuleType]]:
    """The program of ``make torture``, by its modules."""
    names = ("children", "cuts", "disk", "full", "race", "vfs")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
        found = {name: importlib.import_module(f"torture_{name}") for name in names}
        if reason := found["vfs"].why_not():
            pytest.skip(f"requests of SQLite cannot be recorded: {reason}")
        yield found


@pytest.mark.parametrize(("mode", "loses"), [("FULL", False), ("NORMAL", True), ("OFF", True)])
def test_a_power_cut_at_any_write_loses_nothing_told_with_full_only(
    torture: dict[str, ModuleType], mode: str, loses: bool
) -> None:
    """The weaker settings are controls: a simulator that finds no loss there would find none anywhere."""
    found = torture["cuts"].cut_many(mode, 1, random.Random(SEED), 6)
    assert found.cuts == found.requests > 100
    assert (found.bad > 0) is loses, found.outcomes


def test_a_cut_keeps_what_was_synced_and_any_sectors_of_the_rest(torture: dict[str, ModuleType]) -> None:
    disk, rng = torture["disk"].Disk(), random.Random(SEED)
    for op in (("create", "a", True), ("write", "a", 0, b"1" * 1024), ("sync", "a"), ("create", "b", False)):
        disk.take(op)
    assert {frozenset(disk.cut(rng)) for _again in range(50)} == {frozenset("a"), frozenset("ab")}
    disk.take(("write", "a", 0, b"2" * 1024))
    seen = {disk.cut(rng)["a"] for _again in range(200)}
    assert seen == {left * 512 + right * 512 for left in (b"1", b"2") for right in (b"1", b"2")}
    disk.take(("sync", "a"))
    assert disk.cut(rng)["a"] == b"2" * 1024


def test_each_refused_write_is_a_clean_error_and_done_again_once(
    torture: dict[str, ModuleType], tmp_path: Path
) -> None:
    toll = torture["children"].Toll()
    torture["full"].refuse_each_request(tmp_path.resolve(), toll, step=5)
    assert toll.failures == []
    assert toll.counts["clean errors inside SQLite"] > 20


@pytest.mark.skipif(not FORKS, reason="RLIMIT_FSIZE is set in a forked process (Linux)")
def test_a_disk_full_at_any_size_leaves_no_half_file(torture: dict[str, ModuleType], tmp_path: Path) -> None:
    toll = torture["children"].Toll()
    torture["full"].refuse_each_size(tmp_path / "sizes", toll, step=16_384)
    assert toll.failures == []
    assert toll.counts["clean errors under a limit"] > 5
    assert toll.counts["runs recorded without a file"] > 0


@pytest.mark.skipif(not FORKS, reason="the writers are forked (Linux)")
def test_of_sixteen_writers_one_gets_each_label(torture: dict[str, ModuleType], tmp_path: Path) -> None:
    found = torture["race"].race(tmp_path, 60, 16, SEED)
    assert found.faults == ()
    assert found.answers == {"accepted": 60, "duplicate": 900}
