"""Every example in a docstring gives what it says."""

import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from custody import messages

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["analysis", "custody", "labels", "sampling", "synthetic_data"]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if path.stem not in {"__init__", "__main__"}
)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("HYOHON_LANG", "en")
    monkeypatch.chdir(tmp_path)
    messages.set_language(None)
    yield
    messages.set_language(None)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
