"""Thousands of changed packages: none opens, each has a named error, nothing is written meanwhile."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

CASES = 1_400


@pytest.fixture
def tamper(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    return importlib.import_module("tamper")


def test_no_changed_package_is_accepted_and_none_leaves_anything(tamper: ModuleType, tmp_path: Path) -> None:
    """`python benchmarks/tamper.py` opens 100,000."""
    result = tamper.run(CASES, tmp_path, seed=11)
    assert (result.accepted, result.crashed, result.written, result.left) == (0, 0, 0, 0)
    assert result.cases == CASES
    assert {change for change, _code in result.refused} == {one.__name__ for one in tamper.MUTATORS}


def test_watch_sees_what_is_written(tamper: ModuleType, tmp_path: Path) -> None:
    """Without this the counts of nothing would say nothing."""
    watch = tamper.Watch(on=True)
    sys.addaudithook(watch)
    try:
        (tmp_path / "a.csv").write_text("x", encoding="ascii")
        (tmp_path / "a.csv").read_text(encoding="ascii")
        (tmp_path / "b").mkdir()
    finally:
        watch.on = False
    assert watch.writes == [str(tmp_path / "a.csv"), "os.mkdir"]


def test_count_of_plaintext_sees_a_name_that_was_left(
    tamper: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tamper.open_package

    def careless(path: Path, **options: object) -> object:
        (path.parent / "payload.csv").write_text(tamper.CANARY, encoding="cp932")
        return real(path, **options)

    monkeypatch.setattr(tamper, "open_package", careless)
    result = tamper.run(3, tmp_path)
    assert (result.left, result.written, result.clean) == (2, 3, False)
