"""No file is opened but by functions listed with their reason, and no register before the gate has agreed."""

import ast
import csv
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from custody.cli import run
from custody.survey import create_survey

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("analysis", "custody", "labels", "sampling", "synthetic_data")
LIST = ROOT / "tests" / "data" / "openings.csv"
BEHIND = {"evidence", "gate", "in memory", "key", "no survey", "program", "seal", "settings", "written here"}
READERS = {
    "Document",
    "OSFile",
    "ParquetDataset",
    "ParquetFile",
    "ZipFile",
    "connect",
    "csv_scan",
    "dataset",
    "fdopen",
    "from_csv_auto",
    "from_parquet",
    "fromfile",
    "genfromtxt",
    "input_stream",
    "load_workbook",
    "loadtxt",
    "memory_map",
    "open",
    "open_code",
    "open_csv",
    "parquet_scan",
    "read_bytes",
    "read_csv",
    "read_dta",
    "read_excel",
    "read_feather",
    "read_fwf",
    "read_json",
    "read_metadata",
    "read_orc",
    "read_parquet",
    "read_pickle",
    "read_sas",
    "read_sav",
    "read_schema",
    "read_spss",
    "read_stata",
    "read_table",
    "read_text",
    "read_xml",
}
"""Calls that open a file: pathlib, the standard library, pandas, pyarrow, DuckDB, openpyxl, pyreadstat."""


IN_SQL = re.compile(
    r"\b(?:read_(?:csv|parquet|json|blob|text)\w*|parquet_scan|sniff_csv|sqlite_scan|postgres_scan|glob)\(|\bATTACH\s"
)
"""What opens a file inside an SQL text."""


def calls(node: ast.AST, name: str = "") -> Iterator[tuple[str, ast.Call]]:
    """Yield every call with the dotted name of the function that it stands in."""
    for child in ast.iter_child_nodes(node):
        own = name
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own = f"{name}.{child.name}" if name else child.name
        if isinstance(child, ast.Call):
            yield own or "<module>", child
        yield from calls(child, own)


def opens(call: ast.Call) -> bool:
    """Say whether a call opens a file that may be anybody's.

    Not counted: the program's own data (``files("room")``), and ``Class.open``, whose own opening counts.
    """
    func = call.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if name not in READERS or "files(" in ast.unparse(func):
        return False
    owner = func.value if isinstance(func, ast.Attribute) else None
    return not (
        name == "open" and isinstance(owner, ast.Name) and owner.id[:1].isupper() and owner.id != "Path"
    )


def queries(node: ast.AST, name: str = "") -> Iterator[str]:
    """Yield the function of every text that opens a file by SQL; docstrings are none."""
    for child in ast.iter_child_nodes(node):
        own = name
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own = f"{name}.{child.name}" if name else child.name
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and IN_SQL.search(child.value):
            yield own or "<module>"
        yield from queries(child, own)


def found_in(text: str) -> set[str]:
    module = ast.parse(text)
    return {name for name, call in calls(module) if opens(call)} | set(queries(module))


@cache
def openings() -> set[tuple[str, str]]:
    return {
        (path.relative_to(ROOT).as_posix(), name)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for name in found_in(path.read_text(encoding="utf-8"))
    }


def listed() -> dict[tuple[str, str], tuple[str, str]]:
    with LIST.open(encoding="utf-8", newline="") as stream:
        return {(r["file"], r["function"]): (r["behind"], r["reason"]) for r in csv.DictReader(stream)}


def test_every_opening_is_listed_with_what_it_stands_behind_and_why() -> None:
    """A new one: read through `custody.files`, a gated reader or a package, or list it in openings.csv."""
    assert sorted(openings() - set(listed())) == []


def test_the_list_holds_nothing_that_is_gone_and_a_reason_for_each() -> None:
    assert sorted(set(listed()) - openings()) == []
    assert {behind for behind, _ in listed().values()} <= BEHIND
    assert all(len(reason) > 10 for _, reason in listed().values())


@pytest.mark.parametrize(
    "line",
    [
        "open(path)",
        "path.open('rb')",
        "Path(path).read_text(encoding='cp932')",
        "path.read_bytes()",
        "pd.read_csv(path)",
        "pv.read_csv(path)",
        "pq.ParquetFile(path)",
        "duckdb.connect(path)",
        "sqlite3.connect(path)",
        "openpyxl.load_workbook(path)",
        "pyreadstat.read_sav(path)",
        "np.loadtxt(path)",
        "Path.open(path)",
        "zipfile.ZipFile(path)",
        "connection.sql(f\"SELECT * FROM read_parquet('{path}')\")",
        "connection.execute('ATTACH ' + path)",
    ],
)
def test_a_new_opening_would_be_found(line: str) -> None:
    assert found_in(f"def reader(path):\n    return {line}\n") == {"reader"}


@pytest.mark.parametrize(
    "line", ["Survey.open(folder)", "files('custody').joinpath('a.toml').read_text()", "x.close()"]
)
def test_what_opens_no_foreign_file_is_not_counted(line: str) -> None:
    assert found_in(f"def reader(folder, x):\n    return {line}\n") == set()


OPENED: list[str] = []
WATCHING: list[bool] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if WATCHING and event == "open":
        OPENED.append(str(arguments[0]))


@pytest.fixture(scope="module")
def _hook() -> None:
    """Write down every file that Python opens, while asked to; a hook cannot be taken off again."""
    sys.addaudithook(_watch)


COMMANDS = {
    "frame": ["frame", "{survey}", "--residents", "{a}", "--certifications", "{b}"],
    "draw": ["draw", "{survey}", "--residents", "{a}", "--certifications", "{b}"],
    "preview": ["preview", "{survey}", "--residents", "{a}", "--certifications", "{b}"],
    "refresh": ["refresh", "{survey}", "--residents", "{a}", "--certifications", "{b}"],
    "answers": ["answers", "{survey}", "{a}", "--events", "{b}"],
}


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return create_survey(tmp_path_factory.mktemp("made") / "survey", training=True, seed="1").folder


@pytest.mark.usefixtures("_hook")
@pytest.mark.parametrize("command", list(COMMANDS))
def test_a_register_is_not_opened_where_the_gate_refuses(
    survey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """CER-019: the approval ended long ago; no byte of the files given is read."""
    given = {"a": tmp_path / "one.csv", "b": tmp_path / "two.csv"}
    for path in given.values():
        path.write_text("resident_no\n1\n", encoding="utf-8")
    places = {"survey": str(survey), **{name: str(path) for name, path in given.items()}}
    words = [word.format(**places) for word in COMMANDS[command]]
    OPENED.clear()
    WATCHING.append(True)
    try:
        code = run(["--lang", "en", "sampling", *words, "--at", "2012-01-05T10:00"])
    finally:
        WATCHING.clear()
    assert code == 1
    assert "APP-PERIOD" in capsys.readouterr().err
    assert any(name.endswith("approval.toml") for name in OPENED)
    assert not [name for name in OPENED if name in places.values()]
