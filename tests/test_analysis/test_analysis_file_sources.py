"""Files and tables of any name are read, bad ones are refused by name, and memory does not grow with rows."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis import FileDesign, SurveyDesign
from analysis.file_engine import connect
from custody.errors import AnalysisError

CLUSTERS: dict[str, Any] = {"weights": "w", "strata": "s", "psu": "p"}
STATUS = Path("/proc/self/status")


def people(rows: int = 300, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"s": rng.integers(0, 3, rows), "N": 40})
    frame["p"] = frame["s"] * 10 + rng.integers(0, 5, rows)
    frame["w"] = rng.uniform(1, 3, rows)
    frame["y"] = rng.normal(5, 1, rows)
    frame["t"] = rng.choice(["a", "b"], rows)
    frame["m"] = rng.random(rows) < 0.5
    return frame


def same(table: pd.DataFrame, file: FileDesign, **options: Any) -> None:
    a = SurveyDesign(table, **(options or CLUSTERS)).mean(["y", "t"], by="m")
    pd.testing.assert_frame_equal(file.mean(["y", "t"], by="m").tidy(), a.tidy(), rtol=1e-10)


def test_several_files_are_one_table(tmp_path: Path) -> None:
    """A list of paths and a pattern both read all files; signs of one in a real name mean themselves."""
    first, second = people(seed=1), people(seed=2)
    first.to_parquet(tmp_path / "年[1]*.parquet")
    second.to_parquet(tmp_path / "年[2].parquet")
    both = pd.concat([first, second], ignore_index=True)
    same(both, FileDesign([tmp_path / "年[1]*.parquet", tmp_path / "年[2].parquet"], **CLUSTERS))
    same(both, FileDesign(str(tmp_path / "*.parquet"), **CLUSTERS))
    same(first, FileDesign(str(tmp_path / "年[1]*.parquet"), **CLUSTERS))


def test_tables_of_duckdb(tmp_path: Path) -> None:
    """A table in a DuckDB file, and a view of a connection, whatever their names, are read and left alone."""
    frame, name = people(), '回答.2026 "x"; DROP'
    path = tmp_path / "調査 1.duckdb"
    quoted = '"' + name.replace('"', '""') + '"'
    with duckdb.connect(str(path)) as connection:
        connection.register("given", frame)
        connection.execute(f"CREATE TABLE {quoted} AS FROM given")
    same(frame, FileDesign(path, table=name, **CLUSTERS))
    with duckdb.connect() as connection:
        connection.register(name, frame)
        same(frame, FileDesign(connection, table=name, **CLUSTERS))


def test_columns_of_any_name(tmp_path: Path) -> None:
    """Names with quotes, blanks, Japanese, and those that queries use themselves, name columns."""
    names = {"s": 'a"b', "p": "k0", "w": "重 み", "N": "w", "y": "v0", "t": "count(*)", "m": "rows"}
    frame = people().rename(columns=names)
    frame.to_parquet(tmp_path / "a.parquet")
    options: dict[str, Any] = {"weights": "重 み", "strata": 'a"b', "psu": "k0", "fpc": "w"}
    a, b = SurveyDesign(frame, **options), FileDesign(tmp_path / "a.parquet", **options)
    for by in ("rows", ["rows", "count(*)"]):
        pd.testing.assert_frame_equal(b.total("v0", by).tidy(), a.total("v0", by).tidy(), rtol=1e-10)
    chosen = frame["count(*)"] == "a"
    assert b.subset({"count(*)": "a"}).mean("v0").se == pytest.approx(a.subset(chosen).mean("v0").se)


def test_levels_may_be_any_text(tmp_path: Path) -> None:
    """Levels that look like SQL or a wildcard are levels, also as values of a subset."""
    frame = people()
    frame["t"] = np.where(frame["t"] == "a", "x' OR 1=1 --", '%"$s0')
    frame.to_parquet(tmp_path / "a.parquet")
    file = FileDesign(tmp_path / "a.parquet", **CLUSTERS)
    same(frame, file)
    for level in frame["t"].unique():
        few = SurveyDesign(frame, **CLUSTERS).subset(frame["t"] == level).total("y")
        assert file.subset({"t": level}).total("y").se == pytest.approx(few.se, rel=1e-10)


BAD: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "no such column": ("ANA-COLUMN", {}, {"strata": "nobody"}),
    "column in another case": ("ANA-COLUMN", {}, {"strata": "S"}),
    "missing weight": ("ANA-DESIGN-MISSING", {"w": None}, {}),
    "missing stratum": ("ANA-DESIGN-MISSING", {"s": None}, {}),
    "missing fpc": ("ANA-DESIGN-MISSING", {"N": None}, {"fpc": "N"}),
    "negative weight": ("ANA-WEIGHT-NEGATIVE", {"w": -1.0}, {}),
    "infinite weight": ("ANA-WEIGHT-SUM", {"w": np.inf}, {}),
    "text weight": ("ANA-TYPE", {}, {"weights": "t"}),
    "unit in two strata": ("ANA-PSU-STRATA", {"s": 2, "p": 0}, {}),
    "fpc varies": ("ANA-FPC-VARIES", {"N": 41}, {"fpc": "N"}),
    "fpc too small": ("ANA-FPC-SMALL", {}, {"fpc": "few"}),
    "fpc of zero": ("ANA-FPC-SMALL", {}, {"fpc": "none"}),
    "lonely unit": ("ANA-LONELY", {"s": 9, "p": 99}, {}),
    "no weights": ("ANA-NO-WEIGHT", {}, {"weights": None}),
    "strata for more stages than units": ("ANA-STAGES", {}, {"strata": ["s", "s"]}),
    "unknown rule": ("ANA-OPTION", {}, {"lonely_psu": "guess"}),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_designs_are_refused_as_those_of_tables(tmp_path: Path, name: str) -> None:
    """Each fault of a design gets the code that the loaded table gives, and no row number of a query."""
    code, changed, options = BAD[name]
    frame = people().assign(few=3, none=0).astype({"s": object, "N": object})
    for column, value in changed.items():
        frame.loc[7, column] = value
    numeric = {column: frame[column].astype("Int64") for column in ("s", "N", "p")}
    frame = frame.assign(**numeric)
    frame.to_parquet(tmp_path / "a.parquet")
    for make in (
        lambda: SurveyDesign(frame, **(CLUSTERS | options)),
        lambda: FileDesign(tmp_path / "a.parquet", **(CLUSTERS | options)),
    ):
        with pytest.raises(AnalysisError) as error:
            make()
        assert error.value.code == code
    assert error.value.row is None


def test_bad_calls_are_refused(tmp_path: Path) -> None:
    """Unknown columns and levels, missing and infinite values, wrong subsets are refused by name."""
    frame = people().assign(hole=1.0, far=1.0, flag=True)
    frame.loc[3, "hole"], frame.loc[3, "far"] = np.nan, np.inf
    frame["flag"] = frame["flag"].astype(object).where(frame.index != 3, None)
    frame.to_parquet(tmp_path / "a.parquet")
    d = FileDesign(tmp_path / "a.parquet", **CLUSTERS)
    calls: list[tuple[str, Any]] = [
        ("ANA-COLUMN", lambda: d.mean("nobody")),
        ("ANA-COLUMN", lambda: d.mean("y", by="nobody")),
        ("ANA-COLUMN", lambda: d.crosstab("t", "nobody")),
        ("ANA-MISSING", lambda: d.mean("hole")),
        ("ANA-MISSING", lambda: d.mean("y", by="hole")),
        ("ANA-MISSING", lambda: d.crosstab("t", "hole")),
        ("ANA-TYPE", lambda: d.mean("far")),
        ("ANA-TYPE", lambda: d.ratio("y", "t")),
        ("ANA-LEVEL", lambda: d.proportion("t", "c")),
        ("ANA-OPTION", lambda: d.mean("y", na="drop")),  # type: ignore[arg-type]
        ("ANA-OPTION", lambda: d.mean([])),
        ("ANA-OPTION", lambda: d.proportion("t", method="wald")),  # type: ignore[arg-type]
        ("ANA-OPTION", lambda: d.crosstab("t", "t")),
        ("ANA-MASK", lambda: d.subset("t")),
        ("ANA-MASK", lambda: d.subset("flag")),
        ("ANA-LEVEL", lambda: d.subset({"t": ["a", "c"]})),
        ("ANA-LEVEL", lambda: d.subset({"s": "1"})),
        ("ANA-LEVEL", lambda: d.subset({"t": 1})),
        ("ANA-LEVEL", lambda: d.subset({"t": "a"}).subset({"t": "b"})),
        ("ANA-EMPTY", lambda: d.subset({"t": []})),
    ]
    for code, call in calls:
        with pytest.raises(AnalysisError) as error:
            call()
        assert error.value.code == code


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    """No file, a file of another kind, a missing table and a connection without a table name are refused."""
    (tmp_path / "a.parquet").write_text("no", encoding="utf-8")
    people().head(0).to_parquet(tmp_path / "empty.parquet")
    sources: list[tuple[Any, dict[str, Any]]] = [
        (tmp_path / "none.parquet", {}),
        (tmp_path / "a.parquet", {}),
        (tmp_path / "none.duckdb", {"table": "t"}),
        (duckdb.connect(), {}),
        (duckdb.connect(), {"table": "t"}),
        (5, {}),
        ([], {}),
    ]
    for source, options in sources:
        with pytest.raises(AnalysisError) as error:
            FileDesign(source, weights="w", **options)
        assert error.value.code == "ANA-FILE"
    with pytest.raises(AnalysisError) as error:
        FileDesign(tmp_path / "empty.parquet", weights="w")
    assert error.value.code == "ANA-EMPTY"
    people().to_parquet(tmp_path / "full.parquet")
    with pytest.raises(AnalysisError) as error:
        FileDesign(tmp_path / "full.parquet", weights="w", psu=[None, "p"])
    assert error.value.code == "ANA-STAGES"


PEAK = """
import sys
from pathlib import Path
from analysis import FileDesign
d = FileDesign(sys.argv[1], weights="w", strata="s", psu="p", memory_limit="200MB")
d.mean("y", by="g", deff=True).tidy()
d.quantile("y", 0.5)
FileDesign(sys.argv[1], weights="w", strata="s", memory_limit="200MB").total("y", by="g").tidy()
lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
print(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not STATUS.exists(), reason="the system does not tell a process its peak memory")
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Two million more rows of 40 bytes need less than a fifth of their size more."""
    peaks, sizes = [], (200_000, 2_200_000)
    for rows in sizes:
        rng = np.random.default_rng(1)
        unit = rng.integers(0, 300, rows)
        frame = pd.DataFrame({"p": unit, "s": unit % 10, "g": rng.integers(0, 5, rows)})
        frame = frame.assign(y=rng.normal(size=rows), w=rng.uniform(1, 2, rows))
        path = tmp_path / f"{rows}.parquet"
        frame.to_parquet(path, row_group_size=100_000)
        command = [sys.executable, "-c", PEAK, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
        peaks.append(int(done.stdout))
    assert (peaks[1] - peaks[0]) / (sizes[1] - sizes[0]) < 8


def test_each_design_has_a_connection_of_its_own_to_one_engine() -> None:
    one, two = connect(None, 1, "1GB"), connect(None, 1, "1GB")
    one.execute("CREATE TEMP TABLE mine AS SELECT 1 AS x")
    with pytest.raises(duckdb.CatalogException):
        two.execute("FROM mine")
    one.close()
    assert two.execute("SELECT 2").fetchall() == [(2,)]
