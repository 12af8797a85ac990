"""A label goes from printed to mailed to one end, once each, whoever scans it; all else is set aside."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from custody.clock import Clock, SimulatedClock, SystemClock
from custody.errors import InputError, LabelError, LedgerError
from custody.ledger import verify_ledger
from labels.pieces import EXCEPTION_CODES
from labels.scans import Scan, parse_day, read_scans
from labels.tokens import KeyedSource, format_token, new_tokens
from labels.tracking import ScanLedger

CLOCK = SimulatedClock(datetime(2009, 11, 9, 10, 0))
TOKENS = new_tokens(3_000, KeyedSource(bytes(range(32))))
A, B, C, D, E, F, *_rest = TOKENS
STRANGER = new_tokens(1, KeyedSource(bytes(32)))[0]


def printed(
    path: Path, tokens: list[str], held: list[str] | None = None, copy: int = 1, run: int = 1
) -> None:
    with ScanLedger.open(path, CLOCK) as ledger:
        rows = [(token, copy) for token in tokens]
        ledger.record_run({"run": run}, rows, [(token, "glyph") for token in held or []], run=run, wave=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[ScanLedger]:
    """Five labels printed and one held back; A, B and C mailed, C returned, D spoiled."""
    printed(path, [A, B, C, D, E], held=[F])
    with ScanLedger.open(path, CLOCK) as opened:
        opened.scan([A, B, C])
        opened.scan([C], state="returned")
        opened.scan([D], state="spoiled")
        yield opened


@pytest.mark.parametrize(
    ("text", "state", "date", "expected"),
    [
        (A, "returned", "2009-11-20", "returned"),
        (A, "undeliverable", "2009/11/5", "undeliverable"),
        (A, "refused", "20091105", "refused"),
        (f"{A}.1.1", "returned", "", "returned"),
        (f"{A.lower()}。１．１".replace("１．１", "１。１"), "returned", "", "returned"),
        (format_token(A), "returned", "", "returned"),
        (E, "mailed", "", "mailed"),
        (E, "spoiled", "", "spoiled"),
        (A, "mailed", "", "!duplicate"),
        (C, "returned", "", "!duplicate"),
        (C, "mailed", "", "!duplicate"),
        (C, "refused", "", "!other_state"),
        (A, "spoiled", "", "!other_state"),
        (D, "mailed", "", "!other_state"),
        (D, "returned", "", "!other_state"),
        (E, "returned", "", "!not_mailed"),
        (F, "mailed", "", "!held_back"),
        (f"{F}.1.1", "mailed", "", "!held_back"),
        (STRANGER, "returned", "", "!unknown_token"),
        (f"{A}.1.2", "returned", "", "!unknown_copy"),
        (A[1] + A[0] + A[2:], "returned", "", "!invalid_token"),
        (A + B, "returned", "", "!invalid_token"),
        ("練馬　太郎", "returned", "", "!invalid_token"),
        ("", "returned", "", "!invalid_token"),
        (A, "lost", "", "!bad_state"),
        (A, "returned", "2009-11-31", "!bad_date"),
    ],
)
def test_scan_changes_the_state_or_is_set_aside(
    text: str, state: str, date: str, expected: str, ledger: ScanLedger
) -> None:
    before = ledger.table()
    result = ledger.scan([Scan(1, text, state, date)])
    if expected.startswith("!"):
        assert [(found.row, found.code) for found in result.exceptions] == [(1, expected[1:])]
        assert not result.accepted
        assert ledger.table().equals(before)
        assert ledger.exceptions["code"].tolist() == [expected[1:]]
        return
    assert (dict(result.accepted), result.exceptions) == ({expected: 1}, ())
    row = ledger.table().set_index("token").loc[A if text != E else E]
    assert (row["state"], row["date"]) == (expected, parse_day(date) if date else "2009-11-09")


def test_every_exception_code_has_its_meaning_listed(ledger: ScanLedger) -> None:
    result = ledger.scan([STRANGER, "x", A])
    assert result.tidy()["row"].tolist() == [1, 2, 3]
    assert set(result.tidy()["code"]) <= set(EXCEPTION_CODES)
    assert result.tidy()["reason"].str.len().min() > 10
    assert ledger.exceptions["token"].tolist() == [STRANGER, "", A]


def test_same_token_twice_in_one_file_counts_once(ledger: ScanLedger) -> None:
    result = ledger.scan([E, format_token(E), f"{E}.1.1"])
    assert dict(result.accepted) == {"mailed": 1}
    assert [(found.row, found.code) for found in result.exceptions] == [(2, "duplicate"), (3, "duplicate")]


def test_counts_and_reconciliation_agree(ledger: ScanLedger) -> None:
    assert ledger.counts() == {
        "held_back": 1,
        "printed": 1,
        "spoiled": 1,
        "destroyed": 0,
        "returned_unused": 0,
        "voided": 0,
        "mailed": 2,
        "returned": 1,
        "undeliverable": 0,
        "refused": 0,
    }
    found = ledger.reconcile()
    assert (found.printed, found.mailed, found.spoiled, found.void, found.in_hand) == (5, 3, 1, 0, 1)
    assert (found.tokens, found.held_back, found.difference, found.closed) == (6, 1, 0, False)
    assert (found.returned, found.outstanding) == (1, 2)
    assert found.tidy().set_index("quantity")["value"]["printed"] == 5


def test_mailing_takes_every_label_in_hand_and_closes_the_run(ledger: ScanLedger) -> None:
    assert ledger.mail("2009-11-10") == 1
    assert ledger.mail() == 0
    assert ledger.reconcile().closed
    assert ledger.table().set_index("token")["date"][E] == "2009-11-10"
    with pytest.raises(InputError, match="LAB-DAY"):
        ledger.mail("10 November")


def test_undo_is_a_new_event_and_the_step_may_be_done_again(ledger: ScanLedger, path: Path) -> None:
    events = verify_ledger(path).events
    assert ledger.undo(f"{C}.1.1", "misread").state == "mailed"
    assert ledger.table().set_index("token")["date"][C] == "2009-11-09"
    assert not ledger.scan([C], state="undeliverable").exceptions
    assert ledger.undo(C, "misread").state == "mailed"
    assert ledger.undo(C, "misread").state == "printed"
    assert not ledger.scan([C]).exceptions
    assert ledger.undo(D, "found").state == "printed"
    assert verify_ledger(path).events == events + 6
    with ScanLedger.open(path, CLOCK) as again:
        assert again.table().equals(ledger.table())


def test_undo_needs_a_state_and_a_code_for_a_reason(ledger: ScanLedger) -> None:
    for token in (E, F, STRANGER):
        with pytest.raises(LabelError, match="LAB-UNDO"):
            ledger.undo(token, "misread")
    with pytest.raises(LedgerError, match="LED-FACT"):
        ledger.undo(A, "練馬太郎さんの申出")


def test_newer_copy_voids_the_old_one(ledger: ScanLedger, path: Path) -> None:
    printed(path, [D, E], copy=2, run=2)
    result = ledger.scan([f"{E}.1.1", f"{E}.1.2", D])
    assert dict(result.accepted) == {"mailed": 2}
    assert [found.code for found in result.exceptions] == ["old_copy"]
    found = ledger.reconcile()
    assert (found.printed, found.mailed, found.spoiled, found.void, found.in_hand) == (7, 5, 1, 1, 0)
    assert found.closed


def test_one_run_is_recorded_once(ledger: ScanLedger, path: Path) -> None:
    with pytest.raises(LedgerError, match="LED-TWICE"):
        printed(path, [STRANGER], run=1)
    with pytest.raises(LedgerError, match="LED-TWICE"):
        printed(path, [A], run=2)
    assert STRANGER not in ledger.known()


def test_unknown_state_is_refused_before_anything(ledger: ScanLedger) -> None:
    with pytest.raises(InputError, match="LAB-SCAN-STATE"):
        ledger.scan([A], state="eaten")


@pytest.mark.parametrize(
    ("clock", "day", "code"),
    [
        (CLOCK, "2009-11-09", None),
        (CLOCK, "2009-11-10", None),
        (CLOCK, "9999-12-31", None),
        (SystemClock(), "2009-12-26", None),
        (SystemClock(), SystemClock().today().isoformat(), None),
        (SystemClock(), (SystemClock().today() + timedelta(days=2)).isoformat(), "future_date"),
    ],
)
def test_day_that_has_not_come_is_set_aside_where_the_clock_is_real(
    path: Path, clock: Clock, day: str, code: str | None
) -> None:
    printed(path, [A, B])
    with ScanLedger.open(path, clock) as ledger:
        result = ledger.scan([Scan(1, A, "mailed", day)])
        assert [one.code for one in result.exceptions] == ([code] if code else [])
        assert ledger.known()[A].state == ("printed" if code else "mailed")
        if code:
            with pytest.raises(InputError, match="LAB-DAY-FUTURE"):
                ledger.mail(day)
        assert ledger.mail(None if code else day) == (2 if code else 1)


def test_three_thousand_scans_take_less_than_two_seconds(path: Path) -> None:
    printed(path, TOKENS)
    with ScanLedger.open(path, CLOCK) as ledger:
        start = time.process_time()
        assert dict(ledger.scan(TOKENS).accepted) == {"mailed": 3_000}
        assert time.process_time() - start < 2
        assert len(ledger.scan(TOKENS).exceptions) == 3_000
    assert verify_ledger(path).events == 1 + 3_000 + 3_000 + 3_000


def scan_all(path: Path, tokens: list[str]) -> int:
    with ScanLedger.open(path, SystemClock()) as ledger:
        return sum(len(ledger.scan([token]).accepted) for token in tokens)


def test_racing_scanners_accept_each_label_once(path: Path) -> None:
    tokens = TOKENS[:60]
    printed(path, tokens)
    orders = [(path, tokens[k:] + tokens[:k]) for k in (0, 5, 30, 55)]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        accepted = pool.starmap(scan_all, orders)
    assert sum(accepted) == 60
    with ScanLedger.open(path, CLOCK) as ledger:
        assert ledger.counts()["mailed"] == 60
        assert len(ledger.exceptions) == 180
    assert verify_ledger(path).events == 1 + 60 + 60 + 180


SCANNER = """
import sys
from pathlib import Path
from custody.clock import SystemClock
from labels.tracking import ScanLedger
with ScanLedger.open(Path(sys.argv[1]), SystemClock()) as ledger:
    for token in sys.stdin.read().split():
        if ledger.scan([token]).accepted:
            print(token, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is sent")
def test_killed_scanner_loses_no_acknowledged_scan(path: Path, tmp_path: Path) -> None:
    tokens = TOKENS[:400]
    printed(path, tokens)
    given = tmp_path / "tokens.txt"
    given.write_text("\n".join(tokens), encoding="ascii")
    acknowledged: list[str] = []
    for wait in (0.05, 0.15, 0.3):
        with given.open(encoding="ascii") as stdin:
            child = subprocess.Popen(
                [sys.executable, "-c", SCANNER, str(path)], stdin=stdin, stdout=subprocess.PIPE, text=True
            )
        assert child.stdout is not None
        acknowledged.append(child.stdout.readline().strip())
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        acknowledged += child.stdout.read().split()
        child.wait()
        child.stdout.close()
    verify_ledger(path)
    with ScanLedger.open(path, CLOCK) as ledger:
        mailed = {token for token, piece in ledger.known().items() if piece.state == "mailed"}
    acknowledged = [token for token in acknowledged if len(token) == 15]
    assert len(acknowledged) == len(set(acknowledged)) > 3
    assert set(acknowledged) <= mailed
    assert len(mailed) <= len(acknowledged) + 3


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"token,state,date\r\nAAA,returned,2009-11-20\r\n", [(1, "AAA", "returned", "2009-11-20")]),
        (
            "\ufefftoken,date,state\nAAA,,Returned\n\nBBB,,\n".encode(),
            [(1, "AAA", "returned", ""), (2, "BBB", "", "")],
        ),
        ("氏名,TOKEN\n練馬,AAA\n".encode("cp932"), [(1, "AAA", "", "")]),
        (b'"token"\n"AAA"\n', [(1, "AAA", "", "")]),
        (b"AAA\r\n\r\n  BBB.1.1 \r\n", [(1, "AAA", "", ""), (3, "BBB.1.1", "", "")]),
        (b"token\n", []),
        (b"", []),
    ],
)
def test_files_of_scanners_and_of_excel_are_read(
    content: bytes, expected: list[tuple[int, str, str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "scans.csv"
    path.write_bytes(content)
    assert [(scan.row, scan.text, scan.state, scan.date) for scan in read_scans(path)] == expected


def test_file_without_tokens_or_no_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "scans.csv"
    with pytest.raises(InputError, match="LAB-SCAN-FILE"):
        read_scans(path)
    path.write_bytes("番号,状態\n1,2\n".encode())
    with pytest.raises(InputError, match="LAB-SCAN-COLUMNS"):
        read_scans(path)
