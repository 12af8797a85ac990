"""A job prints a sealed package once, keeps no name but in the PDF, and hands back every token's state."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from custody.cli import run
from custody.errors import ConfigError, HyohonError, InputError, LabelError, PackageError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import verify_ledger
from custody.packages import open_package
from labels.job_printing import print_package
from labels.job_report import make_report, scan_file
from labels.jobs import Job, contractor_keys

Labels = Callable[[int], pd.DataFrame]
Sealed = Callable[..., Path]


@pytest.fixture
def table(labels: Labels) -> pd.DataFrame:
    """Fifteen labels, of which the first has a character that no font has."""
    table = labels(15)
    table.loc[0, "name"] = "\ue000田　太郎"
    return table


@pytest.fixture
def job(table: pd.DataFrame, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain) -> Path:
    """A job whose package was printed once."""
    folder = tmp_path / "job"
    print_package(sealed(table), folder, keys=keys, fonts=bare_fonts)
    return folder


def kinds(job: Path) -> dict[str, int]:
    return dict(verify_ledger(job / "ledger.sqlite").kinds)


def test_first_print_records_every_copy_and_lists_what_was_held_back(job: Path, table: pd.DataFrame) -> None:
    assert (job / "out" / "labels-run01.pdf").read_bytes().startswith(b"%PDF-")
    assert kinds(job) == {"label.held_back": 1, "label.printed": 14, "label.run": 1, "package.received": 1}
    held = pd.read_csv(job / "out" / "held-back.csv", encoding="utf-8-sig")
    assert held[["row", "code"]].to_numpy().tolist() == [[1, "glyph"]]
    with Job.open(job).tracking() as tracking:
        assert tracking.known()[table["token"][0]].state == "held_back"
        assert {piece.copy for piece in tracking.known().values()} == {0, 1}


def test_no_file_but_the_pdf_holds_a_name_or_an_address(
    job: Path, table: pd.DataFrame, keys: KeyStore
) -> None:
    make_report(Job.open(job), keys)
    names = {part for name in table["name"] for part in name.split("　")} | {"上石神井", "練馬区"}
    codes = ("utf-8", "cp932", "utf-16-le")
    spellings = [name.encode(code, "ignore") for name in names for code in codes]
    words = [word for word in spellings if len(word) > 3]  # two bytes may stand in a cipher by chance
    for path in job.rglob("*"):
        if path.is_file() and path.suffix != ".pdf":
            data = path.read_bytes()
            assert not [word for word in words if word in data]
            assert b"176-0000" not in data


def test_second_print_needs_a_reason_and_gives_the_next_copy(
    job: Path, table: pd.DataFrame, sealed: Sealed, keys: KeyStore, bare_fonts: FontChain
) -> None:
    package = sealed(table)
    with pytest.raises(LabelError, match="LAB-REPRINT"):
        print_package(package, job, keys=keys, fonts=bare_fonts)
    with pytest.raises(InputError, match="LAB-REASON"):
        print_package(package, job, keys=keys, reason="練馬さん", fonts=bare_fonts)
    assert not (job / "out" / "labels-run02.pdf").exists()
    mailed = table["token"][3]
    with Job.open(job).tracking() as tracking:
        tracking.scan([mailed])
    made = print_package(package, job, keys=keys, reason="jam", fonts=bare_fonts)
    assert (made.run, made.labels, made.path.name) == (2, 13, "labels-run02.pdf")
    with Job.open(job).tracking() as tracking:
        known = tracking.known()
        assert (known[mailed].copy, known[mailed].state) == (1, "mailed")
        assert (known[table["token"][5]].copy, known[table["token"][5]].run) == (2, 2)
        found = tracking.reconcile()
    assert (found.printed, found.mailed, found.void, found.in_hand, found.difference) == (27, 1, 13, 13, 0)


def test_labels_held_back_are_printed_later_without_a_reason(
    job: Path, table: pd.DataFrame, sealed: Sealed, keys: KeyStore, bare_fonts: FontChain
) -> None:
    mended = table.copy()
    mended.loc[0, "name"] = "吉田　太郎"
    made = print_package(sealed(mended, name="b.sp"), job, keys=keys, only_held_back=True, fonts=bare_fonts)
    assert (made.run, made.labels, made.sheets) == (2, 1, 1)
    with Job.open(job).tracking() as tracking:
        assert tracking.counts()["held_back"] == 0
        assert tracking.known()[table["token"][0]].copy == 1
    with pytest.raises(LabelError, match="LAB-NONE-LEFT"):
        print_package(sealed(mended, name="b.sp"), job, keys=keys, only_held_back=True, fonts=bare_fonts)


def test_everything_mailed_is_not_printed_again(
    job: Path, table: pd.DataFrame, sealed: Sealed, keys: KeyStore, bare_fonts: FontChain
) -> None:
    with Job.open(job).tracking() as tracking:
        assert tracking.mail() == 14
    with pytest.raises(LabelError, match="LAB-NOTHING") as refusal:
        print_package(sealed(table), job, keys=keys, reason="lost", fonts=bare_fonts)
    assert "外字" in str(refusal.value)  # no list is written where nothing is printed


def test_numbers_in_the_list_are_rows_of_the_package(
    job: Path, table: pd.DataFrame, sealed: Sealed, keys: KeyStore, bare_fonts: FontChain
) -> None:
    with Job.open(job).tracking() as tracking:
        tracking.scan(table["token"][1:5].tolist())
    broken = table.copy()
    broken.loc[9, "address"] = "東京都" * 60
    made = print_package(sealed(broken, name="b.sp"), job, keys=keys, reason="address", fonts=bare_fonts)
    assert [(held.row, held.code) for held in made.held_back] == [(1, "glyph"), (10, "address_too_long")]


def test_report_hands_every_token_to_staff_and_to_nobody_else(
    job: Path, table: pd.DataFrame, keys: KeyStore, tmp_path: Path
) -> None:
    scans = tmp_path / "scans.csv"
    scans.write_text(
        "token,state,date\n" + "".join(f"{t},mailed,2009-11-09\n" for t in table["token"]), "ascii"
    )
    result = scan_file(Job.open(job), scans)
    assert (dict(result.accepted), [found.code for found in result.exceptions]) == (
        {"mailed": 14},
        ["held_back"],
    )
    listed = pd.read_csv(job / "out" / "scan-exceptions.csv", encoding="utf-8-sig")
    assert listed[["row", "code"]].to_numpy().tolist() == [[1, "held_back"]]
    scans.write_text(f"{table['token'][2]}.1.1\n", "ascii")
    scan_file(Job.open(job), scans, state="returned")
    made = make_report(Job.open(job), keys)
    assert made.reconciliation.closed
    opened = open_package(
        made.events, kind="events", identity=keys.identity("staff"), verifier=keys.verifier("contractor")
    )
    rows = list(csv.DictReader(io.StringIO(opened.payload.decode("utf-8"))))
    assert {row["token"] for row in rows} == set(table["token"])
    states = {row["token"]: (row["state"], row["date"]) for row in rows}
    assert states[table["token"][0]] == ("held_back", "")
    assert states[table["token"][2]][0] == "returned"
    assert states[table["token"][3]] == ("mailed", "2009-11-09")
    assert opened.manifest.survey_id == "abcd1234"
    with pytest.raises(PackageError):
        open_package(made.events, kind="events", identity=keys.identity("contractor"))
    table_ = pd.read_csv(made.table, encoding="utf-8-sig").set_index("quantity")["value"]
    assert (table_["printed"], table_["returned"], table_["difference"]) == (14, 1, 0)


def test_job_takes_packages_of_its_own_survey_only(
    job: Path, labels: Labels, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain
) -> None:
    other = sealed(labels(3), survey_id="ffff0000", name="other.sp")
    with pytest.raises(ConfigError, match="JOB-SURVEY"):
        print_package(other, job, keys=keys, fonts=bare_fonts)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("x", encoding="ascii")
    with pytest.raises(ConfigError, match="JOB-FOLDER"):
        print_package(other, tmp_path / "full", keys=keys, fonts=bare_fonts)


def test_package_signed_by_somebody_else_makes_no_job(
    table: pd.DataFrame, sealed: Sealed, tmp_path: Path, keys: KeyStore, bare_fonts: FontChain
) -> None:
    package = sealed(table)
    stranger = KeyStore(tmp_path / "others")
    stranger.create("staff")
    mixed = KeyStore(tmp_path / "mixed")
    mixed.folder.mkdir()
    for source, names in ((keys, "contractor"), (stranger, "staff")):
        for path in source.folder.glob(f"{names}.*"):
            (mixed.folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(PackageError, match="PKG-SIGNATURE"):
        print_package(package, tmp_path / "job", keys=mixed, fonts=bare_fonts)
    assert not (tmp_path / "job").exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": "hyohon-job-1"}', "練馬"])
def test_damaged_job_file_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="JOB-FILE"):
        Job.open(tmp_path)


def test_real_job_knows_no_simulated_time(
    labels: Labels, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain
) -> None:
    package = sealed(labels(3), training=False)
    with pytest.raises(ConfigError, match="CFG-AT"):
        print_package(package, tmp_path / "a", keys=keys, operator="a.b", at="2009-11-05", fonts=bare_fonts)
    print_package(package, tmp_path / "b", keys=keys, operator="a.b", fonts=bare_fonts)
    assert b"TRAINING" not in (tmp_path / "b" / "out" / "labels-run01.pdf").read_bytes()
    assert json.loads((tmp_path / "b" / "job.json").read_text(encoding="utf-8"))["training"] is False
    with pytest.raises(ConfigError, match="CFG-AT"):
        Job.open(tmp_path / "b", at="2009-11-05")


def test_keys_lie_where_the_option_or_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYOHON_KEYS", raising=False)
    assert contractor_keys().folder.parts[-2:] == ("keys", "contractor")
    monkeypatch.setenv("HYOHON_KEYS", str(tmp_path))
    assert contractor_keys().folder == tmp_path
    assert contractor_keys("a").folder == Path("a")


def test_commands_lead_from_the_package_to_the_report(
    table: pd.DataFrame, sealed: Sealed, keys: KeyStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job, package, folder = str(tmp_path / "仕事 1"), str(sealed(table)), str(keys.folder)
    token = table["token"][4]
    scans = tmp_path / "scans.txt"
    scans.write_text(f"{token}.1.2\n{token}\nxyz\n", encoding="ascii")
    print_ = ["labels", "print", package, "--job", job, "--keys", folder]
    steps = [
        ([*print_, "--stock", "L7160", "--first-label", "3"], 0, "held back 1"),
        (print_, 1, "LAB-REPRINT"),
        ([*print_, "--reason", "torn"], 0, "labels-run02.pdf"),
        (["labels", "mail", job, "--date", "2009-11-09"], 0, "mailed 14"),
        (["labels", "scan", job, str(scans), "--state", "returned"], 0, "set aside"),
        (["labels", "undo", job, token, "--reason", "misread"], 0, "mailed"),
        (["labels", "undo", job, "xyz", "--reason", "misread"], 1, "LAB-TOKEN-LENGTH"),
        (["labels", "report", job, "--keys", folder], 0, "events.sp"),
        (["custody", "verify", job], 0, "ledger is whole"),
    ]
    for arguments, code, said in steps:
        assert run(["--lang", "en", *arguments]) == code
        output = capsys.readouterr()
        assert said in output.out + output.err


def test_stocks_are_listed_and_narrowed_by_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "en", "labels", "stocks", "kokuyo"]) == 0
    assert "KPC-E1121-20N" in capsys.readouterr().out
    assert run(["--lang", "en", "labels", "stocks", "a4", "12-up", "86.4x42.3"]) == 0
    assert "A-one 31531" in capsys.readouterr().out


def test_contractor_needs_neither_sampling_nor_analysis() -> None:
    script = """
import importlib, pkgutil, sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("sampling", "analysis", "synthetic_data"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Wall())
import labels
for module in pkgutil.walk_packages(labels.__path__, "labels."):
    importlib.import_module(module.name)
print("fine")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "fine", done.stderr


@pytest.mark.skipif(os.name != "posix", reason="the process ends itself at a chosen moment")
def test_print_killed_before_the_file_is_recorded_and_needs_a_reason(
    table: pd.DataFrame, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain
) -> None:
    package, job = sealed(table), tmp_path / "job"
    script = """
import os, sys
import labels.job_printing as printing
from custody.keys import KeyStore
from pathlib import Path
printing.WholeFile.keep = lambda file: os._exit(9)
printing.print_package(sys.argv[1], sys.argv[2], keys=KeyStore(Path(sys.argv[3])))
"""
    arguments = [sys.executable, "-c", script, str(package), str(job), str(keys.folder)]
    assert subprocess.run(arguments, check=False, capture_output=True).returncode == 9
    assert not list(job.glob("out/*.pdf"))
    with pytest.raises(HyohonError, match="LAB-REPRINT"):
        print_package(package, job, keys=keys, fonts=bare_fonts)
    assert print_package(package, job, keys=keys, reason="lost", fonts=bare_fonts).run == 2
