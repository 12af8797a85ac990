"""A run has an operator and an allowance of spoils, and closes only when every label is accounted for."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from custody.cli import run as command
from custody.clock import SimulatedClock
from custody.errors import InputError, LabelError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import Fact, Ledger
from labels.job_printing import print_package
from labels.job_report import make_report
from labels.jobs import Job
from labels.photocopies import second_scans
from labels.pieces import RUN
from labels.print_control import allowance, check_spoils, print_runs
from labels.printing import PrintRun
from labels.run_closing import RunBalance, close_run, run_balance
from labels.scans import Scan
from labels.tracking import ScanLedger
from labels.waves import first_mailing

Labels = Callable[[int], pd.DataFrame]
Sealed = Callable[..., Path]
Print = Callable[..., PrintRun]
STOCK = "KPC-E1121"  # 12 labels a sheet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "job"


@pytest.fixture
def table(labels: Labels) -> pd.DataFrame:
    return labels(60)


@pytest.fixture
def print_(table: pd.DataFrame, sealed: Sealed, keys: KeyStore, folder: Path, bare_fonts: FontChain) -> Print:
    """Print the job's package, as operator ab."""
    package = sealed(table)

    def make(**options: object) -> PrintRun:
        chosen: dict[str, object] = {"operator": "ab", "stock": STOCK, **options}
        return print_package(package, folder, keys=keys, fonts=bare_fonts, **chosen)  # type: ignore[arg-type]

    return make


def scan(folder: Path, tokens: list[str], state: str) -> list[str]:
    with Job.open(folder).tracking() as tracking:
        return [found.code for found in tracking.scan(tokens, state).exceptions]


@pytest.mark.parametrize(("labels", "allowed"), [(1, 20), (1000, 20), (1001, 21), (3000, 60), (5000, 100)])
def test_allowance_is_a_share_and_some_at_least(labels: int, allowed: int) -> None:
    assert allowance(labels) == allowed


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, "LAB-OPERATOR-NONE"),
        ({"second_operator": "cd"}, "LAB-OPERATOR-NONE"),
        ({"operator": "山田"}, "LAB-OPERATOR"),
        ({"operator": "a b"}, "LAB-OPERATOR"),
        ({"operator": "ab", "purpose": "for Mr. X"}, "LAB-OPERATOR"),
        ({"operator": "ab", "second_operator": "AB"}, "LAB-OPERATOR-SAME"),
    ],
)
def test_real_survey_names_its_operator_by_a_short_code(
    options: dict[str, str],
    code: str,
    labels: Labels,
    sealed: Sealed,
    keys: KeyStore,
    folder: Path,
    bare_fonts: FontChain,
) -> None:
    package = sealed(labels(2), training=False)
    with pytest.raises(InputError, match=f"{code}\\b") as refusal:
        print_package(package, folder, keys=keys, fonts=bare_fonts, **options)  # type: ignore[arg-type]
    assert not folder.exists()
    assert not [value for value in options.values() if len(value) > 2 and value in str(refusal.value)]


def test_run_records_who_printed_what_and_why(print_: Print, folder: Path) -> None:
    made = print_(purpose="pilot")
    again = print_(reason="jam", sheets="2")
    with Job.open(folder).tracking() as tracking:
        first, second = print_runs(tracking.ledger)
    assert (first.operator, first.purpose, first.reason, first.second) == ("ab", "pilot", "", "")
    assert (first.labels, first.sheets, first.per_sheet) == (60, 5, 12)
    assert first.pdf == made.pdf_sha256
    assert len(first.package) == 64
    assert (second.reason, second.labels, again.labels) == ("jam", 12, 12)


def test_sheets_of_a_run_are_printed_again_by_their_numbers(print_: Print, folder: Path) -> None:
    print_(first_label=11)  # two labels on sheet 1, then twelve a sheet
    with Job.open(folder).tracking() as tracking:
        order = [piece.token for piece in sorted(tracking.pieces(), key=lambda piece: piece.place)]
    assert print_(reason="jam", sheets="1").labels == 2
    assert print_(reason="jam", sheets="2-3", of_run=1, second_operator="cd").labels == 24
    with Job.open(folder).tracking() as tracking:
        copies = {piece.token: piece.copy for piece in tracking.pieces()}
    assert [copies[token] for token in order] == [2] * 26 + [1] * 34
    for sheets in ("0", "2,x", "3-2", "4", "1,99"):  # the last run has three sheets
        with pytest.raises(InputError, match="LAB-SHEETS"):
            print_(reason="jam", sheets=sheets)
    with pytest.raises(LabelError, match="LAB-NONE-LEFT"):
        print_(reason="jam", sheets="2", of_run=1)  # all of them have newer copies
    with pytest.raises(InputError, match="LAB-RUN"):
        print_(reason="jam", sheets="1", of_run=9)


def test_beyond_the_allowance_a_second_person_must_agree(print_: Print, folder: Path) -> None:
    print_()
    assert print_(reason="jam", sheets="1").labels == 12
    with pytest.raises(LabelError, match="LAB-SPOILS"):
        print_(reason="jam", sheets="2", of_run=1)
    assert print_(reason="jam", sheets="2", of_run=1, second_operator="cd").labels == 12
    with Job.open(folder).tracking() as tracking:
        scan_eight = [piece.token for piece in tracking.pieces() if piece.run == 1][:9]
    assert not scan(folder, scan_eight[:8], "spoiled")
    assert print_(reason="torn", spoiled=True).labels == 8  # 12 + 8 = the 20 that are allowed
    assert not scan(folder, scan_eight[8:], "spoiled")
    with pytest.raises(LabelError, match="LAB-SPOILS"):
        print_(reason="torn", spoiled=True)
    with Job.open(folder).tracking() as tracking:
        assert tracking.runs == 4


def test_copies_of_copies_count_against_the_first_run(print_: Print) -> None:
    print_()
    print_(reason="jam", sheets="1")
    with pytest.raises(LabelError, match="LAB-SPOILS"):
        print_(reason="jam", sheets="1", of_run=2)


@pytest.mark.parametrize(
    ("state", "again"), [("spoiled", 60), ("destroyed", 60), ("mailed", 59), ("returned_unused", 59)]
)
def test_a_label_that_left_the_house_is_not_printed_again(
    state: str, again: int, print_: Print, table: pd.DataFrame, folder: Path
) -> None:
    print_()
    assert not scan(folder, [table["token"][0]], state)
    assert print_(reason="jam", second_operator="cd").labels == again


def test_training_without_an_operator_prints_as_ever(print_: Print) -> None:
    print_(operator="")
    assert print_(operator="", reason="jam").labels == 60
    assert print_(reason="jam", sheets="1").labels == 12  # what was printed in training does not count


def test_run_closes_when_printed_is_mailed_spoiled_given_back_and_destroyed(
    print_: Print, table: pd.DataFrame, folder: Path
) -> None:
    print_()
    tokens = table["token"].tolist()
    scan(folder, tokens[:50], "mailed")
    scan(folder, tokens[50:53], "spoiled")
    print_(reason="torn", spoiled=True)
    scan(folder, tokens[53:57], "destroyed")
    with pytest.raises(LabelError, match="LAB-RUN-OPEN"):
        close_run(Job.open(folder), 1, operator="ab")
    scan(folder, tokens[57:], "returned_unused")
    made = close_run(Job.open(folder), 1, operator="ab")
    assert made.counts == {
        "printed": 60,
        "mailed": 50,
        "spoiled": 3,
        "returned_unused": 3,
        "destroyed": 4,
        "lost": 0,
        "voided": 0,
        "in_hand": 0,
        "difference": 0,
    }
    assert made.tidy()["value"].tolist() == list(made.counts.values())
    with pytest.raises(LabelError, match="LAB-RUN-CLOSED"):
        close_run(Job.open(folder), 1, operator="ab")
    with pytest.raises(InputError, match="LAB-RUN"):
        close_run(Job.open(folder), 7, operator="ab")
    with Job.open(folder).tracking() as tracking:
        assert [bool(record.closed_at) for record in print_runs(tracking.ledger)] == [True, False]
        found = tracking.reconcile()
    assert (found.destroyed, found.returned_unused, found.difference, found.in_hand) == (4, 3, 0, 3)


def test_closed_run_takes_what_comes_back_and_nothing_else(
    print_: Print, table: pd.DataFrame, folder: Path
) -> None:
    print_()
    first, second, *rest = table["token"]
    scan(folder, [first, second], "mailed")
    scan(folder, rest, "destroyed")
    close_run(Job.open(folder), 1, operator="ab")
    assert scan(folder, [rest[0]], "mailed") == ["other_state"]
    with Job.open(folder).tracking() as tracking, pytest.raises(LabelError, match="LAB-RUN-CLOSED"):
        tracking.undo(rest[0], "misread")
    with Job.open(folder).tracking() as tracking, pytest.raises(LabelError, match="LAB-RUN-CLOSED"):
        tracking.undo(second, "misread")
    assert scan(folder, [first], "returned") == []
    with Job.open(folder).tracking() as tracking:
        assert tracking.undo(first, "misread").state == "mailed"
        assert not tracking.scan([first], "undeliverable").exceptions
        assert run_balance(tracking.ledger, 1).mailed == 2


def test_lost_labels_need_a_second_person_to_close_the_run(
    print_: Print, table: pd.DataFrame, folder: Path
) -> None:
    print_()
    scan(folder, table["token"][1:].tolist(), "mailed")
    print_(reason="lost")
    with pytest.raises(LabelError, match="LAB-RUN-LOST"):
        close_run(Job.open(folder), 1, operator="ab")
    assert close_run(Job.open(folder), 1, operator="ab", second="cd").lost == 1


def test_voided_labels_are_destroyed_before_the_run_closes(
    print_: Print, table: pd.DataFrame, folder: Path
) -> None:
    print_()
    void, *rest = table["token"]
    with Job.open(folder).tracking() as tracking:
        tracking.void([void], "0" * 64)
    scan(folder, rest, "mailed")
    with pytest.raises(LabelError, match="1 voided"):
        close_run(Job.open(folder), 1, operator="ab")
    assert scan(folder, [void], "mailed") == ["voided"]
    assert scan(folder, [void], "destroyed") == []
    assert close_run(Job.open(folder), 1, operator="ab").destroyed == 1


def test_a_photocopy_is_listed_with_both_times(
    print_: Print, table: pd.DataFrame, folder: Path, keys: KeyStore
) -> None:
    print_(at="2009-11-05T09:00")
    token = table["token"][0]
    for at, state in (("06", "mailed"), ("20", "returned"), ("21", "returned"), ("23", "returned")):
        with Job.open(folder, f"2009-11-{at}T10:00").tracking() as tracking:
            tracking.scan([Scan(4, f"{token}.1.1")], state)
    with Job.open(folder).tracking() as tracking:
        found = second_scans(tracking)
    assert found[["token", "wave", "copy", "run", "row"]].to_numpy().tolist() == [[token, 1, 1, 1, 4]] * 2
    assert found["first_at"].str[:10].tolist() == ["2009-11-20"] * 2
    assert found["again_at"].str[:10].tolist() == ["2009-11-21", "2009-11-23"]
    made = make_report(Job.open(folder), keys)
    assert len(made.second_scans) == 2
    assert "2009-11-21" in (folder / "out" / "second-scans.csv").read_text(encoding="utf-8-sig")


def test_the_first_time_of_a_second_scan_is_that_of_the_state_that_still_counts(
    print_: Print, table: pd.DataFrame, folder: Path
) -> None:
    print_()
    token = table["token"][0]
    for day, state in ((10, "mailed"), (11, "returned"), (12, ""), (13, "mailed"), (14, "returned")):
        with Job.open(folder, f"2009-11-{day}T10:00").tracking() as tracking:
            if state:
                tracking.scan([token], state)
            else:
                tracking.undo(token, "misread")
    with Job.open(folder, "2009-11-15T10:00").tracking() as tracking:
        tracking.scan([token], "returned")
        found = second_scans(tracking)
    assert found["first_at"].str[8:10].tolist() == ["10", "14"]
    assert found["again_at"].str[8:10].tolist() == ["13", "15"]


def test_jobs_printed_before_there_was_control_are_read(tmp_path: Path, print_: Print, folder: Path) -> None:
    print_()
    with Ledger.read(folder / "ledger.sqlite") as ledger:
        (facts,) = [dict(event.facts) for event in ledger.events(RUN)]
    for name in ("operator", "purpose", "per_sheet"):
        del facts[name]
    with Job.open(folder).tracking() as tracking:
        tracking.record_run(
            {key: value for key, value in facts.items() if key != "once"}, [], [], run=2, wave=1
        )
        old = print_runs(tracking.ledger)[1]
    assert (old.per_sheet, old.operator, old.purpose) == (12, "", "")


def test_command_lists_and_closes_runs(
    print_: Print, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_()
    job = str(folder)
    steps = [
        (["close", job], 0, "in hand 60"),
        (["close", job, "--run", "1", "--operator", "ab"], 1, "LAB-RUN-OPEN"),
        (["mail", job], 0, "mailed 60"),
        (["close", job, "--run", "1", "--operator", "ab"], 0, "Run 1 is closed"),
        (["close", job], 0, "closed"),
    ]
    for arguments, code, said in steps:
        assert command(["--lang", "en", "labels", *arguments]) == code
        output = capsys.readouterr()
        assert said in output.out + output.err


def test_every_copy_of_a_label_counts_once_in_its_own_run(print_: Print, folder: Path) -> None:
    print_()
    print_(reason="jam", sheets="1")
    print_(reason="torn", sheets="1", second_operator="cd")
    with Job.open(folder).tracking() as tracking:
        found = [run_balance(tracking.ledger, run) for run in (1, 2, 3)]
    assert [(one.printed, one.spoiled, one.in_hand, one.difference) for one in found] == [
        (60, 12, 48, 0),
        (12, 12, 0, 0),
        (12, 0, 12, 0),
    ]


def test_a_copy_destroyed_before_it_is_replaced_stays_destroyed_whatever_the_reason(
    print_: Print, table: pd.DataFrame, folder: Path
) -> None:
    print_()
    assert not scan(folder, [table["token"][0]], "destroyed")
    assert not scan(folder, [table["token"][1]], "spoiled")
    assert print_(reason="lost", spoiled=True).labels == 2
    with Job.open(folder).tracking() as tracking:
        found = run_balance(tracking.ledger, 1)
    assert (found.destroyed, found.spoiled, found.lost, found.in_hand, found.difference) == (1, 1, 0, 58, 0)


@pytest.mark.parametrize(
    "one", ["mailed", "spoiled", "returned_unused", "destroyed", "lost", "voided", "in_hand", ""]
)
def test_a_run_is_balanced_where_nothing_is_in_hand_void_or_missing(one: str) -> None:
    names = ("mailed", "spoiled", "returned_unused", "destroyed", "lost", "voided", "in_hand")
    counts = {**dict.fromkeys(names, 0), **({one: 9} if one else {})}
    assert RunBalance(1, 9, **counts).balanced is (one not in ("voided", "in_hand", ""))
    assert not RunBalance(1, 8, **counts).balanced
    assert RunBalance(1, 8, **counts).difference == (-1 if one else 8)


def test_spoils_of_one_mailing_do_not_count_in_another(tmp_path: Path, table: pd.DataFrame) -> None:
    tokens = table["token"].tolist()
    facts: dict[str, Fact] = {"labels": 60, "sheets": 5, "per_sheet": 12, "operator": "ab"}
    with ScanLedger.open(tmp_path / "ledger.sqlite", SimulatedClock(datetime(2009, 11, 9, 9))) as tracking:
        for run, wave, printed, copy in ((1, 1, tokens, 1), (2, 2, tokens, 1), (3, 1, tokens[:20], 2)):
            rows = [(token, copy) for token in printed]
            tracking.record_run({**facts, "run": run, "wave": wave}, rows, [], run=run, wave=wave)
        check_spoils(tracking.ledger, tokens[:20], 2, "ab", "")
        with pytest.raises(LabelError, match="of run 2"):
            check_spoils(tracking.ledger, tokens[:21], 2, "ab", "")
        with pytest.raises(LabelError, match="of run 1"):
            check_spoils(tracking.ledger, tokens[:1], 1, "ab", "")
        assert first_mailing(tracking) == ""
        tracking.mail("2009-11-09", wave=2)
        assert first_mailing(tracking) == ""  # the plan counts from the first wave
        tracking.mail("2009-11-08", wave=1)
        assert first_mailing(tracking) == "2009-11-08"
