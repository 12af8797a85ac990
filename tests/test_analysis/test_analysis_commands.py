"""The analysis commands go from a sealed package, or a CSV, to the files and print the main figures."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from analysis import read_csv, read_research_package
from custody.cli import run
from custody.clock import JST
from custody.errors import InputError, KeyFileError, PackageError
from custody.keys import KeyStore
from custody.packages import Origin, seal

WHEN = datetime(2009, 11, 25, 9, 0, tzinfo=JST)


def as_csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8")


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    store = KeyStore(tmp_path / "keys")
    for role in ("staff", "research"):
        store.create(role)
    return store


@pytest.fixture
def package(research_table: pd.DataFrame, keys: KeyStore, tmp_path: Path) -> Path:
    path = tmp_path / "research.sp"
    origin = Origin("test-2009", "高齢者・食の実態調査", True, keys.recipient("staff"))
    seal(
        path,
        kind="research",
        payload=as_csv(research_table),
        facts={},
        origin=origin,
        recipient=keys.recipient("research"),
        signer=keys.signer("staff"),
        created=WHEN,
    )
    return path


def test_tables_from_a_package(package: Path, keys: KeyStore, capsys: pytest.CaptureFixture[str]) -> None:
    out = package.parent / "out"
    command = [
        "--lang",
        "en",
        "analysis",
        "tables",
        str(package),
        "--keys",
        str(keys.folder),
        "--out",
        str(out),
    ]
    assert run(command) == 0
    text = capsys.readouterr().out
    assert "valid answers" in text
    assert text.count("n 7") + text.count("n 6") + text.count("n 5") >= 1
    assert len([line for line in text.splitlines() if ", n " in line]) == 5
    assert "訓練用" in (out / "report.html").read_text(encoding="utf-8")
    for path in out.iterdir():
        assert path.name in text


def test_tables_from_a_csv_in_japanese(
    research_table: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.csv").write_bytes(as_csv(research_table))
    assert (
        run(["--lang", "ja", "analysis", "tables", str(tmp_path / "r.csv"), "--out", str(tmp_path / "o")])
        == 0
    )
    assert "食品摂取の多様性得点" in capsys.readouterr().out
    assert "訓練用" not in (tmp_path / "o" / "report.html").read_text(encoding="utf-8")


def test_describe(package: Path, keys: KeyStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "en", "analysis", "describe", str(package), "--keys", str(keys.folder)]) == 0
    assert "strata: 40" in capsys.readouterr().out


def test_package_without_keys_is_refused(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analysis", "tables", str(package), "--out", str(package.parent / "o")]) == 1
    assert "ANA-KEYS" in capsys.readouterr().err


def test_package_knows_its_sender(package: Path, keys: KeyStore, tmp_path: Path) -> None:
    data = read_research_package(package, keys)
    assert (data.sender_known, data.training, len(data.table)) == (True, True, 1200)
    assert data.table["stratum"].str.startswith("S").all()
    (keys.folder / "staff.public.toml").unlink()
    assert not read_research_package(package, keys.folder).sender_known
    stranger = KeyStore(tmp_path / "other")
    stranger.create("staff")
    (keys.folder / "staff.public.toml").write_bytes((stranger.folder / "staff.public.toml").read_bytes())
    with pytest.raises(PackageError):
        read_research_package(package, keys)


def test_package_needs_the_research_key(package: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyFileError):
        read_research_package(package, tmp_path / "none")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "ANA-FILE"),
        ("氏名\n".encode("cp932"), "ANA-ENCODING"),
        (b"", "ANA-COLUMN"),
        (b"stratum,fpc,status\nS1,3,answered\n", "ANA-COLUMN"),
        (b'stratum,fpc,base_weight,status\nS1,3\n"S2,4,5,6\n', "ANA-TABLE"),
    ],
)
def test_bad_csv(content: bytes | None, code: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_csv(path)
    assert caught.value.code == code
    assert caught.value.file == "bad.csv"


def test_import_is_light() -> None:
    heavy = ("pandas", "scipy", "matplotlib", "great_tables", "pyarrow", "reportlab", "duckdb")
    code = f"import sys, analysis, analysis.commands; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
