"""The tree keeps its house rules: sizes, encodings, no swallowed error, nothing that runs on POSIX alone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["analysis", "custody", "labels", "sampling", "synthetic_data"]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
POSIX_ONLY = {
    "fork",
    "getuid",
    "geteuid",
    "mkfifo",
    "symlink",
    "chown",
    "killpg",
    "setsid",
    "uname",
    "symlink_to",
}
POSIX_MODULES = {"fcntl", "grp", "pwd", "resource", "termios", "pty"}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield (name, lines without the docstring) of each function."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = (node.body[0].end_lineno or 0) if ast.get_docstring(node) else node.lineno
            yield node.name, (node.end_lineno or 0) - start


@pytest.mark.parametrize("path", sources(*PACKAGES, "tests", "benchmarks"), ids=relative)
def test_file_and_functions_are_short(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= MAX_FILE_LINES
    assert [pair for pair in functions(path) if pair[1] > MAX_FUNCTION_LINES] == []


@pytest.mark.parametrize("path", sources(*PACKAGES, "benchmarks"), ids=relative)
def test_no_error_is_swallowed(path: Path) -> None:
    handlers = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler)]
    assert [h.lineno for h in handlers if len(h.body) == 1 and isinstance(h.body[0], ast.Pass)] == []
    assert [h.lineno for h in handlers if h.type is None] == []


def opens_text_without_encoding(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name not in {"open", "read_text", "write_text"}:
        return False
    constants = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    constants += [
        k.value.value for k in node.keywords if k.arg == "mode" and isinstance(k.value, ast.Constant)
    ]
    binary = any(re.fullmatch(r"[rwax+]*b[rwax+]*", text) for text in constants)
    own = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    is_class_open = own and node.func.value.id[:1].isupper() and node.func.value.id != "Path"  # type: ignore[attr-defined]
    of_module = own and node.func.value.id in {"os", "webbrowser", "Image"}  # type: ignore[attr-defined]
    return not (binary or is_class_open or of_module or any(k.arg == "encoding" for k in node.keywords))


@pytest.mark.parametrize("path", sources(*PACKAGES, "benchmarks"), ids=relative)
def test_runs_on_windows_too(path: Path) -> None:
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    assert [c.lineno for c in calls if opens_text_without_encoding(c)] == []
    attributes = [n for n in ast.walk(tree(path)) if isinstance(n, ast.Attribute) and n.attr in POSIX_ONLY]
    assert [n.lineno for n in attributes] == []
    imported = {
        alias.name for n in tree(path).body if isinstance(n, ast.Import) for alias in n.names
    }  # at the top of a file: inside a function it may stand behind a branch
    assert imported & POSIX_MODULES == set()


TEST_FILES = [path for path in sources("tests") if path.name.startswith("test_")]


@pytest.mark.parametrize("path", TEST_FILES, ids=relative)
def test_tests_readme_names_the_fact(path: Path) -> None:
    fact = (ast.get_docstring(tree(path)) or "").splitlines()[0]
    assert fact.endswith(".")
    readme = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    assert f"| `{path.relative_to(ROOT / 'tests').as_posix()}` | {fact} |" in readme
