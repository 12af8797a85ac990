"""The bundle for an inspection holds all that the ledger tells, the same bytes each time, and no person."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from custody.cli import run as command
from custody.clock import JST
from custody.errors import LedgerError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import Ledger, verify_ledger
from custody.packages import Origin, seal
from labels import audit_bundle
from labels.audit_bundle import AUDIT, AuditBundle, make_audit_bundle
from labels.job_printing import print_package
from labels.job_report import make_report
from labels.jobs import Job
from labels.letters_runs import print_letters
from labels.run_closing import close_run

Labels = Callable[[int], pd.DataFrame]
Sealed = Callable[..., Path]
MEMBERS = {
    "README.ja.txt",
    "SHA256SUMS",
    "exceptions.csv",
    "files.csv",
    "held-back.csv",
    "job.json",
    "letters.csv",
    "ledger.sqlite",
    "operators.csv",
    "packages.csv",
    "reasons.csv",
    "reconciliation.csv",
    "runs.csv",
    "second-scans.csv",
    "stock.csv",
    "verification.csv",
    "waves.csv",
}


@pytest.fixture
def table(labels: Labels) -> pd.DataFrame:
    """Thirty labels, of which the first has a character that no font has."""
    table = labels(30)
    table.loc[0, "name"] = "\ue000カナリア　キヨ"
    table["furigana"] = "カナリア　タロウ"
    return table


@pytest.fixture
def job(table: pd.DataFrame, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain) -> Job:
    """A job with a jam, a second scan, something come back, and its first run closed."""
    folder, package = tmp_path / "job", sealed(table)
    print_package(package, folder, keys=keys, fonts=bare_fonts, operator="ab", stock="KPC-E1121")
    print_package(
        package, folder, keys=keys, fonts=bare_fonts, operator="cd", reason="jam", sheets="3", stock="L7160"
    )
    with Job.open(folder).tracking() as tracking:
        tracking.scan([*table["token"][1:], table["token"][2], "xyz"])
        tracking.scan([table["token"][3]], "returned")
    opened = Job.open(folder)
    close_run(opened, 1, operator="ab")
    make_report(opened, keys)
    return opened


@pytest.fixture
def made(job: Job, tmp_path: Path) -> AuditBundle:
    return make_audit_bundle(job, tmp_path / "audit.zip")


def member(bundle: AuditBundle, name: str) -> pd.DataFrame:
    with zipfile.ZipFile(bundle.path) as archive:
        return pd.read_csv(io.BytesIO(archive.read(name)), encoding="utf-8-sig")


def test_bundle_holds_its_parts_with_their_digests(made: AuditBundle) -> None:
    assert set(made.members) == MEMBERS
    with zipfile.ZipFile(made.path) as archive:
        assert set(archive.namelist()) == MEMBERS
        lines = archive.read("SHA256SUMS").decode("ascii").splitlines()
        for line in lines:
            digest, name = line.split("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    assert len(lines) == len(MEMBERS) - 1
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == made.sha256


def test_bundle_is_recorded_with_the_end_of_the_ledger_that_it_shows(job: Job, made: AuditBundle) -> None:
    with Ledger.read(job.ledger_path) as ledger:
        (event,) = ledger.events(AUDIT)
        before = next(one for one in ledger.events(after=int(event.facts["seq"]) - 1))
    assert event.facts["sha256"] == made.sha256
    assert event.facts["hash"] == before.hash
    assert event.seq == before.seq + 1


def test_tables_say_who_printed_what_and_where_every_label_is(made: AuditBundle) -> None:
    runs = member(made, "runs.csv")
    assert runs["operator"].tolist() == ["ab", "cd"]
    assert runs[["labels", "mailed", "spoiled", "difference"]].to_numpy().tolist() == [
        [29, 24, 5, 0],
        [5, 5, 0, 0],
    ]
    assert runs["closed_by"].fillna("").tolist() == ["ab", ""]
    assert made.open_runs == 1
    counts = member(made, "reconciliation.csv").set_index("quantity")["value"]
    assert (counts["printed"], counts["mailed"], counts["difference"]) == (34, 29, 0)
    assert member(made, "held-back.csv").to_numpy().tolist() == [[1, "glyph", 1]]
    assert member(made, "operators.csv").to_numpy().tolist() == [["ab", 1, 29, 0, 1], ["cd", 1, 5, 0, 0]]
    assert member(made, "stock.csv")["sheets"].tolist() == [1, 3]
    assert member(made, "exceptions.csv")["code"].tolist() == ["duplicate", "invalid_token"]
    assert len(member(made, "second-scans.csv")) == 1
    packages = member(made, "packages.csv")
    counted = ["kind", "rows", "uses", "labels_printed", "letters_printed"]
    assert packages[counted].to_numpy().tolist() == [["labels", 30, 2, 34, 0]]


def test_letters_are_listed_with_the_digest_of_each_pdf(
    table: pd.DataFrame, keys: KeyStore, letters: ModuleType, tmp_path: Path, bare_fonts: FontChain
) -> None:
    origin = Origin("abcd1234", "食の調査", True, keys.recipient("staff"))
    seal(
        tmp_path / "letters.sp",
        kind="labels",
        payload=table.to_csv(index=False, lineterminator="\n").encode("utf-8"),
        facts=letters.package_facts(),
        recipient=keys.recipient("contractor"),
        signer=keys.signer("staff"),
        created=datetime(2009, 11, 4, 9, tzinfo=JST),
        origin=origin,
    )
    package, folder = tmp_path / "letters.sp", tmp_path / "job"
    print_letters(package, folder, "card", keys=keys, fonts=bare_fonts)
    print_package(package, folder, keys=keys, fonts=bare_fonts)
    covers = [
        print_letters(package, folder, "cover", keys=keys, fonts=bare_fonts, reason=why)
        for why in (None, "jam")
    ]
    covers[1].path.write_bytes(b"%PDF-1.4 other")
    made = make_audit_bundle(Job.open(folder), tmp_path / "audit.zip")
    listed = member(made, "letters.csv")
    names = ["run", "letter", "pages", "letters", "held_back", "state"]
    assert listed[names].to_numpy().tolist() == [
        [1, "card", 1, 0, 0, "same"],
        [2, "cover", 29, 29, 0, "same"],
        [3, "cover", 29, 29, 0, "changed"],
    ]
    assert listed["reason"].fillna("").tolist() == ["", "", "jam"]
    assert listed["pdf"].tolist()[1] == hashlib.sha256(covers[0].path.read_bytes()).hexdigest()
    assert listed["words"].str.fullmatch("[0-9a-f]{64}").all()
    used = member(made, "packages.csv")[["kind", "rows", "uses", "labels_printed", "letters_printed"]]
    assert used.to_numpy().tolist() == [["labels", 30, 4, 29, 58]]
    with zipfile.ZipFile(made.path) as archive:
        assert "依頼状など   3回" in archive.read("README.ja.txt").decode("utf-8-sig")


def test_ledger_in_the_bundle_is_the_ledger(job: Job, made: AuditBundle, tmp_path: Path) -> None:
    out = tmp_path / "inspector"
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(out)
    report = verify_ledger(out / "ledger.sqlite")
    assert report.events + 1 == verify_ledger(job.ledger_path).events
    facts = member(made, "verification.csv").set_index("quantity")["value"]
    assert facts["head_hash"] == report.head.hash
    assert command(["--lang", "en", "custody", "log", str(out), "--kind", "label.run"]) == 0


def test_same_ledger_gives_the_same_bytes(
    job: Job, made: AuditBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_bundle, "AUDIT", "label.audit")
    first = make_audit_bundle(job, tmp_path / "a.zip")
    with zipfile.ZipFile(first.path) as one:
        parts = {name: one.read(name) for name in one.namelist()}
    again = audit_bundle._zip(dict(reversed(parts.items())))
    assert again == first.path.read_bytes()
    copies = {audit_bundle._ledger_copy(job.ledger_path) for _time in range(3)}
    assert len(copies) == 1


def test_nothing_of_a_person_is_in_the_bundle(made: AuditBundle, table: pd.DataFrame, job: Job) -> None:
    words = {
        part
        for column in ("name", "furigana", "address")
        for text in table[column]
        for part in text.split("　")
    }
    words |= {"カナリア", "上石神井", "練馬区", *table["postal_code"]}
    spellings = [word.encode(code, "ignore") for word in words for code in ("utf-8", "cp932", "utf-16-le")]
    with zipfile.ZipFile(made.path) as archive:
        contents = [archive.read(name) for name in archive.namelist()]
    searched = [word for word in spellings if len(word) > 3]
    assert len(searched) > 100
    assert not [word for content in contents for word in searched if word in content]
    pdf = (job.out / "labels-run01.pdf").read_bytes()
    assert not [content for content in contents if b"%PDF-" in content or pdf[:64] in content]


def test_changed_and_missing_files_are_told(job: Job, tmp_path: Path) -> None:
    (job.out / "labels-run01.pdf").write_bytes(b"%PDF-1.4 other")
    (job.out / "labels-run02.pdf").unlink()
    (job.out / "report.csv").write_text("x", encoding="utf-8")
    made = make_audit_bundle(job, tmp_path / "audit.zip")
    states = member(made, "files.csv").set_index("path")["state"]
    assert states["out/labels-run01.pdf"] == states["out/report.csv"] == "changed"
    assert (states["out/labels-run02.pdf"], states["out/events.sp"], made.changed) == ("gone", "same", 3)
    with zipfile.ZipFile(made.path) as archive:
        text = archive.read("README.ja.txt").decode("utf-8-sig")
    assert "記録と違うもの 3件" in text
    assert "訓練用" in text


def test_job_without_a_scan_has_a_bundle_too(
    labels: Labels, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain
) -> None:
    print_package(sealed(labels(2)), tmp_path / "job", keys=keys, fonts=bare_fonts)
    made = make_audit_bundle(Job.open(tmp_path / "job"), tmp_path / "audit.zip")
    assert (made.changed, made.open_runs) == (0, 1)
    assert len(member(made, "letters.csv")) == 0
    assert list(member(made, "second-scans.csv").columns)[:2] == ["token", "wave"]


def test_no_bundle_of_a_broken_ledger(job: Job, tmp_path: Path) -> None:
    data = bytearray(job.ledger_path.read_bytes())
    place = data.find(b'"operator":"ab"')
    assert place > 0
    data[place + 12 : place + 14] = b"zz"
    job.ledger_path.write_bytes(bytes(data))
    with pytest.raises(LedgerError, match="LED-"):
        make_audit_bundle(job, tmp_path / "audit.zip")
    assert not (tmp_path / "audit.zip").exists()


def test_command_says_the_digest(job: Job, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "検査 1.zip"
    assert command(["--lang", "en", "labels", "audit", str(job.folder), "--out", str(out)]) == 0
    assert hashlib.sha256(out.read_bytes()).hexdigest() in capsys.readouterr().out
