"""Thousands of changed ledgers: with checkpoints, every change of what an event says is found by name."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

CASES = 1_800


@pytest.fixture
def tamper(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    return importlib.import_module("tamper_ledger")


def test_every_change_of_content_is_found_with_checkpoints(tamper: ModuleType, tmp_path: Path) -> None:
    """`python benchmarks/tamper_ledger.py` makes 100,000. What leaves the content as it was: flips of unused
    bytes, and edits that the database itself refuses."""
    result = tamper.run(CASES, tmp_path, seed=11)
    assert (result.missed, result.crashed, result.clean) == ({}, {}, True)
    assert sum(result.found.values()) + sum(result.same.values()) == CASES
    assert set(result.same) <= {"edit", "flip"}
    assert {mutator for mutator, _code in result.found} == {one.__name__ for one in tamper.MUTATORS}


def test_without_checkpoints_cut_tails_older_copies_and_new_histories_are_missed(
    tamper: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without this the checkpoints would show nothing: these four leave a sound chain."""
    real = tamper.verify_anchored
    monkeypatch.setattr(tamper, "verify_anchored", lambda path, _anchors: real(path, ()))
    result = tamper.run(180, tmp_path, seed=11)
    assert {"cut", "older", "forge", "insert"} <= set(result.missed)
    assert not result.clean


def test_a_million_events_are_timed_as_a_thousand_are(tamper: ModuleType, tmp_path: Path) -> None:
    """The timing of `--events` writes and verifies what it says, whatever the number."""
    writing, verifying = tamper.time_verify(1_000, tmp_path)
    assert writing > 0
    assert verifying > 0
