"""No room imports more than the design allows, shows more than it names, or names what it does not show."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "custody": set(),
    "labels": {"custody"},
    "sampling": {"labels", "custody"},
    "analysis": {"custody"},
    "synthetic_data": {"custody"},
}
# The demo and its command chain all rooms; they are the one place where that is allowed.
CHAINS_ALL = {ROOT / "synthetic_data" / "demo.py"}


def imported_rooms(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names & set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_room_imports_only_what_it_may(room: str) -> None:
    allowed = MAY_IMPORT[room] | {room}
    found = {
        path.name: imported_rooms(path) - allowed
        for path in (ROOT / room).rglob("*.py")
        if path not in CHAINS_ALL and imported_rooms(path) - allowed
    }
    assert found == {}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_import_loads_no_other_room(room: str) -> None:
    """Also what a library would import on the way: asked of a fresh interpreter."""
    code = (
        f"import sys, {room}, {room}.commands; "
        f"print(sorted(set({sorted(MAY_IMPORT)!r}) & {{name.split('.')[0] for name in sys.modules}}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ast.literal_eval(result.stdout)) <= MAY_IMPORT[room] | {room}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_all_is_sorted_and_is_what_is_visible(room: str) -> None:
    module = importlib.import_module(room)
    assert module.__all__ == sorted(module.__all__)
    for name in module.__all__:
        assert getattr(module, name).__doc__, f"{room}.{name} has no docstring"
    submodules = {path.stem for path in (ROOT / room).glob("*.py")}
    submodules |= {path.parent.name for path in (ROOT / room).glob("*/__init__.py")}
    visible = {name for name in vars(module) if not name.startswith("_")} - submodules
    assert visible - set(module.__all__) == set()
