"""A job prints, scans and reports wave by wave; reasons come from a sheet of codes, by hand or in a file."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
import zxingcpp

from custody.cli import run
from custody.errors import InputError, LabelError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.messages import set_language
from custody.packages import Origin, open_package, seal
from labels.job_printing import print_package
from labels.job_report import make_report
from labels.jobs import Job
from labels.live import scan_lines
from labels.reason_sheet import write_reason_sheet
from labels.reasons import REASON_MARK, reasons
from labels.scans import ScanMode, parse_code
from labels.waves import by_day, by_reason, by_wave, to_take_out

from .conftest import CREATED

WaveOf = Callable[..., Path]
WAVE_2_DAY = "2009-11-23T10:00"


@pytest.fixture
def table(labels: Callable[[int], pd.DataFrame]) -> pd.DataFrame:
    return labels(12)


@pytest.fixture
def package(tmp_path: Path, keys: KeyStore) -> WaveOf:
    """package(table, wave, kind): what staff seal for a wave."""

    def make(table: pd.DataFrame, wave: int, kind: str = "") -> Path:
        path = tmp_path / f"wave-{wave}.sp"
        seal(
            path,
            kind="labels",
            payload=table.to_csv(index=False, lineterminator="\n").encode(),
            facts={"wave": wave, **({"wave_kind": kind} if kind else {})},
            recipient=keys.recipient("contractor"),
            signer=keys.signer("staff"),
            created=CREATED,
            origin=Origin("abcd1234", "高齢者・食の実態調査", True, keys.recipient("staff")),
        )
        return path

    return make


@pytest.fixture
def job(table: pd.DataFrame, package: WaveOf, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain) -> Path:
    """Wave 1 printed and mailed; three came back: one answered, one moved, one not fetched."""
    folder = tmp_path / "job"
    print_package(package(table, 1, "questionnaire"), folder, keys=keys, fonts=bare_fonts)
    with Job.open(folder).tracking() as tracking:
        tracking.mail("2009-11-09")
        for row, reason in enumerate(("ANSWERED", "MOVED", "UNCLAIMED")):
            tracking.scan([f"{table['token'][row]}.1.1"], reason=reason)
    return folder


@pytest.mark.parametrize(
    ("kind", "left_out"), [("replacement", {0, 1}), ("thanks", {1}), ("", {0, 1})], ids=str
)
def test_a_later_wave_leaves_out_who_came_back_since(
    kind: str, left_out: set[int], job: Path, table: pd.DataFrame, package: WaveOf, keys: KeyStore, bare_fonts
) -> None:
    made = print_package(package(table, 2, kind), job, keys=keys, fonts=bare_fonts)
    assert made.labels == 12 - len(left_out)
    with Job.open(job).tracking() as tracking:
        assert set(table["token"]) - set(tracking.known(2)) == {table["token"][row] for row in left_out}
        runs = [dict(event.facts) for event in tracking.ledger.events("label.run")]
    assert (runs[1]["wave"], runs[1].get("kind", ""), runs[1]["suppressed"]) == (2, kind, len(left_out))
    assert "suppressed" not in runs[0]
    with pytest.raises(LabelError, match="LAB-REPRINT"):
        print_package(package(table, 2, kind), job, keys=keys, fonts=bare_fonts)


def test_the_label_carries_its_wave(
    job: Path, table: pd.DataFrame, package: WaveOf, keys: KeyStore, bare_fonts
) -> None:
    made = print_package(package(table, 2, "replacement"), job, keys=keys, fonts=bare_fonts)
    page = pypdfium2.PdfDocument(made.path)[0].render(scale=3).to_numpy()
    codes = [parse_code(code.text) for code in zxingcpp.read_barcodes(page) if "QR" in str(code.format)]
    assert {(code.wave, code.copy) for code in codes} == {(2, 1)}
    assert {code.token for code in codes} == set(table["token"][2:])


def test_reports_count_by_wave_day_and_reason(
    job: Path, table: pd.DataFrame, package: WaveOf, keys: KeyStore, bare_fonts
) -> None:
    print_package(package(table, 2, "replacement"), job, keys=keys, fonts=bare_fonts)
    with Job.open(job, WAVE_2_DAY).tracking() as tracking:
        tracking.mail("2009-11-23")
        token = table["token"]
        tracking.scan([f"{token[3]}.1.1", f"{token[3]}.2.1", f"{token[4]}.2.1"], "returned")
        days, waves, why = by_day(tracking), by_wave(tracking), by_reason(tracking)
    columns = ["wave", "kind", "labels", "mailed", "returned", "undeliverable", "outstanding"]
    assert waves[columns].to_numpy().tolist() == [
        [1, "questionnaire", 12, 12, 2, 2, 8],
        [2, "replacement", 10, 10, 1, 0, 8],
    ]
    assert days.to_numpy().tolist() == [
        [1, "2009-11-04", 0, 1, 2, 0, 1],
        [1, "2009-11-09", 12, 0, 0, 0, 1],
        [1, "2009-11-23", 0, 1, 0, 0, 2],
        [2, "2009-11-23", 10, 1, 0, 0, 1],
    ]
    assert why[["state", "reason", "labels"]].to_numpy().tolist() == [
        ["returned", "", 3],
        ["returned", "ANSWERED", 1],
        ["undeliverable", "MOVED", 1],
        ["undeliverable", "UNCLAIMED", 1],
    ]
    report = make_report(Job.open(job, WAVE_2_DAY), keys)
    assert (job / "out" / "days.csv").read_text(encoding="utf-8-sig").count("\n") == 5
    opened = open_package(report.events, kind="events", identity=keys.identity("staff"))
    assert opened.manifest.facts["first_mailing"] == "2009-11-09"
    rows = {row["token"]: row for row in csv.DictReader(io.StringIO(opened.payload.decode()))}
    assert len(rows) == 12
    assert {name: rows[token[1]][name] for name in ("state", "reason", "wave")} == {
        "state": "undeliverable",
        "reason": "MOVED",
        "wave": "1",
    }
    assert (rows[token[2]]["state"], rows[token[2]]["wave"]) == ("mailed", "2")  # reminded, nothing since
    assert (rows[token[3]]["state"], rows[token[3]]["wave"]) == ("returned", "1")


def test_labels_in_hand_of_who_answered_since_are_listed_by_their_place(
    job: Path, table: pd.DataFrame, package: WaveOf, keys: KeyStore, bare_fonts, capsys
) -> None:
    print_package(package(table, 2, "replacement"), job, keys=keys, fonts=bare_fonts)
    token = table["token"]
    with Job.open(job).tracking() as tracking:
        assert not len(to_take_out(tracking))
        tracking.scan([f"{token[4]}.1.1"], "returned")
        tracking.scan([f"{token[7]}.1.1"], reason="FAMILY")
        tracking.scan([f"{token[8]}.1.1"], reason="UNCLAIMED")
        found = to_take_out(tracking)
    assert found[["token", "run", "place"]].to_numpy().tolist() == [[token[4], 2, 3], [token[7], 2, 6]]
    assert run(["labels", "report", str(job), "--keys", str(keys.folder)]) == 0
    assert "out/take-out.csv" in capsys.readouterr().out
    assert len(pd.read_csv(job / "out" / "take-out.csv")) == 2


def test_mail_leaves_out_who_is_done_and_a_scan_says_that_it_went_all_the_same(
    job: Path, table: pd.DataFrame, package: WaveOf, keys: KeyStore, bare_fonts, capsys
) -> None:
    print_package(package(table, 2, "replacement"), job, keys=keys, fonts=bare_fonts)
    token = table["token"]
    with Job.open(job).tracking() as tracking:
        tracking.scan([f"{token[4]}.1.1"], "returned")
        tracking.scan([f"{token[7]}.1.1"], reason="FAMILY")
    capsys.readouterr()
    assert run(["--lang", "en", "labels", "mail", str(job), "--wave", "2"]) == 0
    said = capsys.readouterr().out
    assert "mailed 8\n" in said
    assert "2 labels in hand are of persons who are done: take them out, see out/take-out.csv." in said
    assert pd.read_csv(job / "out" / "take-out.csv")["token"].tolist() == [token[4], token[7]]
    with Job.open(job).tracking() as tracking:
        assert {one.token for one in tracking.to_stay()} == {token[4], token[7]}
        assert dict(tracking.scan([f"{token[4]}.2.1"], "mailed").accepted) == {"mailed": 1}
        assert tracking.mail(wave=2) == 0


def test_the_thank_you_card_goes_to_who_answered_since(
    job: Path, table: pd.DataFrame, package: WaveOf, keys: KeyStore, bare_fonts
) -> None:
    made = print_package(package(table, 2, "thanks"), job, keys=keys, fonts=bare_fonts)
    with Job.open(job).tracking() as tracking:
        tracking.scan([f"{table['token'][4]}.1.1"], "returned")
        assert tracking.mail(wave=2) == made.labels == 11


def test_a_bare_token_that_came_back_answered_means_a_wave_with_a_questionnaire(
    job: Path, table: pd.DataFrame, package: WaveOf, keys: KeyStore, bare_fonts
) -> None:
    print_package(package(table, 2, "thanks"), job, keys=keys, fonts=bare_fonts)
    with Job.open(job).tracking() as tracking:
        tracking.mail()
        tracking.scan([table["token"][5]], "returned")
        tracking.scan([table["token"][6]], reason="MOVED")
        assert by_wave(tracking)[["returned", "undeliverable"]].to_numpy().tolist() == [[2, 2], [0, 1]]


def test_sheets_of_another_mailing_are_not_printed_by_mistake(
    job: Path, table: pd.DataFrame, package: WaveOf, keys: KeyStore, bare_fonts
) -> None:
    second = package(table, 2, "thanks")
    print_package(second, job, keys=keys, fonts=bare_fonts)
    with pytest.raises(InputError, match="LAB-RUN-WAVE"):
        print_package(second, job, keys=keys, fonts=bare_fonts, reason="jam", sheets="1", of_run=1)


def stopped_after(line: str) -> Iterator[str]:
    """A scanner's line, and then Ctrl-C."""
    yield line
    raise KeyboardInterrupt


def test_labels_scanned_one_by_one_are_answered_and_counted(
    job: Path, table: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    token = table["token"]
    lines = ["R.DECEASED\n", f"{token[5]}.1.1\n", "\n", "R.NONSENSE\n", f"{token[6]}\n", "R.END\n", token[7]]
    result = scan_lines(Job.open(job), lines, "returned")
    said = capsys.readouterr().out.splitlines()
    assert dict(result.accepted) == {"undeliverable": 1, "returned": 1}
    assert [(found.row, found.code) for found in result.exceptions] == [(5, "bad_reason")]
    assert len(said) == 6
    assert said[4 - 1].startswith("\a")
    assert "5,bad_reason," in (job / "out" / "scan-exceptions.csv").read_text(encoding="utf-8-sig")
    assert dict(scan_lines(Job.open(job), stopped_after(f"{token[8]}.1.1"), "returned").accepted) == {
        "returned": 1
    }
    with pytest.raises(InputError, match="LAB-SCAN-REASON"):
        scan_lines(Job.open(job), ["x"], reason="NONSENSE")


def test_a_code_typed_through_japanese_input_is_set_aside_with_what_to_do(
    job: Path, table: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    full = "".join(chr(ord(sign) + 0xFEE0) for sign in f"{table['token'][5]}.1.1").replace("．", "。")
    set_language("en")
    result = scan_lines(Job.open(job), [full, "あＢＣ。１。１", "ABC.1.1"], "returned")
    set_language(None)
    said = capsys.readouterr().out.splitlines()
    assert dict(result.accepted) == {"returned": 1}
    assert ["IME" in line for line in said] == [False, True, False]


def test_a_mailing_of_nothing_says_so(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "en", "labels", "mail", str(job)]) == 0
    assert "No label was in hand" in capsys.readouterr().out


def test_the_sheet_of_reasons_reads_back(tmp_path: Path, fonts: FontChain) -> None:
    path = write_reason_sheet(tmp_path / "reasons.pdf", fonts)
    document = pypdfium2.PdfDocument(path)
    assert len(document) == 1
    page = np.ascontiguousarray(document[0].render(scale=200 / 72).to_numpy())
    read = {code.text for code in zxingcpp.read_barcodes(page)}
    others = {"R.MAILED", "R.SPOILED", "R.DESTROYED", "R.RETURNED_UNUSED", "R.END"}
    assert read == {reason.scan_code for reason in reasons().values()} | others
    mode = ScanMode()
    for code in others - {"R.END"}:
        mode.take(code, 1)
        scan = mode.take("0123456789ABC59", 2)
        assert scan is not None
        assert (REASON_MARK + scan.state.upper(), scan.reason) == (code, "")


def test_commands_take_a_reason_a_wave_and_the_keyboard(
    job: Path, table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: KeyStore
) -> None:
    token = table["token"]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"R.REFUSED\n{token[8]}.1.1\n"))
    scans = tmp_path / "scans.txt"
    scans.write_text(f"{token[9]}\n", encoding="ascii")
    for arguments in (
        ["scan", str(job)],
        ["scan", str(job), str(scans), "--reason", "白票で返送"],
        ["mail", str(job), "--wave", "2"],
        ["undo", str(job), f"{token[9]}.1.1", "--reason", "misread"],
        ["reasons"],
        ["reasons", "--sheet", str(tmp_path / "reasons.pdf")],
        ["report", str(job), "--keys", str(keys.folder)],
    ):
        assert run(["labels", *arguments]) == 0, arguments
    assert run(["labels", "scan", str(job), str(scans), "--reason", "NONSENSE"]) == 1
    with Job.open(job).tracking() as tracking:
        states = [tracking.known()[token[row]].state for row in (8, 9)]
    assert states == ["refused", "mailed"]
