"""One check holds payments and linkage files to their approval, and remembers numbers long enough."""

import csv
import io
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from custody.cli import run
from custody.clock import JST
from custody.errors import ApprovalError, InputError, LedgerError
from custody.exchange_approval import consultations, find_approval, load_exchange
from custody.exchange_commands import check_file
from custody.exchange_memory import OnceMemory
from custody.ledger import Ledger, verify_ledger
from custody.messages import set_language

SHIPPED = sorted(path.name.removesuffix(".toml") for path in (files("custody") / "approvals").iterdir())
PAYMENTS = [name for name in SHIPPED if name not in ("22", "33")]
DAY = date(2010, 6, 10)
CANARY = "CANARY7731"


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


def at(day: date = DAY, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=JST)


def filled(folder: Path, name: str, *, memory: int = 458, validity: int = 400, grace: int = 58) -> str:
    """Copy a consultation and write in what the record does not say."""
    text = (files("custody") / "approvals" / f"{name}.toml").read_text(encoding="utf-8")
    for old, new in (
        ("# end =", "end = 2011-12-31"),
        ("# validity_days =", f"validity_days = {validity}"),
        ("# grace_days =", f"grace_days = {grace}"),
        ("memory_days = 458", f"memory_days = {memory}"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}-filled.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def row(columns: tuple[str, ...], number: int, **changed: str) -> dict[str, str]:
    values = dict.fromkeys(columns, f"{number:04d}")
    return {
        **values,
        "納付金額": "12300",
        "納付日時": "2010-06-09 21:15:00",
        "納期限": "2010-06-30",
        **changed,
    }


def write(path: Path, rows: list[dict[str, str]], encoding: str = "cp932") -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def good(folder: Path, name: str, first: int = 1, encoding: str = "cp932", **changed: str) -> Path:
    columns = consultations()[name].items
    rows = [row(columns, number) for number in range(first, first + 3)]
    rows[1].update({key: value for key, value in changed.items() if key in columns})
    return write(folder / f"pay{first}.csv", rows, encoding)


def test_the_twelve_consultations_are_read_and_say_what_they_lack() -> None:
    shipped = consultations()
    assert list(shipped) == [str(number) for number in range(22, 34)]
    assert {name: one.number for name, one in shipped.items()} == {n: f"諮問第{n}号" for n in shipped}
    kinds = [one.kind for one in shipped.values()]
    assert kinds == ["survey", *["outsourcing"] * 5, *["linkage"] * 6]
    assert all(
        shipped[name].end is None and "period.end" in shipped[name].lacks for name in SHIPPED if name != "22"
    )
    limited = {
        name for name in PAYMENTS if (rules := shipped[name].rules) and rules.limits == {"納付金額": 300_000}
    }
    assert limited == {"23", "25", "27", "28", "30", "32"}
    assert {shipped[name].media for name in ("28", "29")} == {("MO",)}
    assert {shipped[name].media for name in ("30", "31", "32")} == {("FD",)}
    starts = [shipped[str(n)].start for n in range(23, 28)]
    assert starts == [
        date(2010, 6, 1),
        date(2010, 5, 1),
        date(2010, 6, 1),
        date(2010, 6, 1),
        date(2010, 4, 1),
    ]
    assert starts == [shipped[str(n)].start for n in range(28, 33)]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_consultation_opens_nothing_until_what_the_record_leaves_out_is_written_in(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ApprovalError, match="APP-MISSING"):
        check_file(good(tmp_path, "28"), name, at=at())


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("name", PAYMENTS)
def test_a_file_inside_its_approval_passes_and_its_numbers_are_remembered(
    tmp_path: Path, name: str, encoding: str
) -> None:
    approval, memory = filled(tmp_path, name), tmp_path / "memory"
    report = check_file(good(tmp_path, name, encoding=encoding), approval, at=at(), memory=memory)
    assert (report.passes, report.rows, report.remembered) == (True, 3, 3)
    assert OnceMemory.open(memory).size() == 3
    kinds = dict(verify_ledger(memory / "ledger.sqlite").kinds)
    assert kinds == {"exchange.accepted": 1, "exchange.check": 1}


@pytest.mark.parametrize("name", PAYMENTS)
def test_one_extra_column_is_refused_without_repeating_its_name(tmp_path: Path, name: str) -> None:
    rows = [{**row(consultations()[name].items, n), f"氏名{CANARY}": CANARY} for n in (1, 2)]
    report = check_file(
        write(tmp_path / "a.csv", rows), filled(tmp_path, name), at=at(), memory=tmp_path / "m"
    )
    fault = report.faults[0]
    assert [(f.code, f.row, f.column) for f in report.faults] == [("EXC-COLUMN-EXTRA", 0, len(rows[0]))]
    assert CANARY not in fault.words()
    assert OnceMemory.open(tmp_path / "m").size() == 0


FAULTS = [
    ({"納付日時": "2012-01-01"}, "EXC-DATE-LATE"),
    ({"納付日時": "2009-12-31 10:00"}, "EXC-DATE-EARLY"),
    ({"納付日時": "2010-06-11"}, "EXC-DATE-FUTURE"),
    ({"納付日時": "2010-02-30"}, "EXC-DATE"),
    ({"納付日時": "2010-06-09 24:01"}, "EXC-DATE"),
    ({"納付日時": CANARY}, "EXC-DATE"),
    ({"納付日時": "平成22年6月9日"}, "EXC-DATE"),
    ({"納付日時": "2010-06/09"}, "EXC-DATE"),
    ({"納付金額": "300001"}, "EXC-LIMIT"),
    ({"納付金額": "-1"}, "EXC-AMOUNT"),
    ({"納付金額": "1_000"}, "EXC-AMOUNT"),
    ({"納付金額": "１２３"}, "EXC-AMOUNT"),
    ({"納付金額": CANARY}, "EXC-AMOUNT"),
    ({"通知書番号": "  "}, "EXC-BLANK"),
    ({"通知書番号": "0001"}, "EXC-TWICE"),
    ({"通知書番号": "０００１ "}, "EXC-TWICE"),
]


@pytest.mark.parametrize(
    ("changed", "code"), FAULTS, ids=[f"{code}-{n}" for n, (_, code) in enumerate(FAULTS)]
)
def test_a_fault_is_refused_by_row_and_column_never_by_value(
    tmp_path: Path, changed: dict[str, str], code: str
) -> None:
    path = good(tmp_path, "28", **changed)
    report = check_file(path, filled(tmp_path, "28"), at=at(), memory=tmp_path / "m")
    place = 1 + consultations()["28"].items.index(next(iter(changed)))
    assert [(f.code, f.row, f.column, f.name) for f in report.faults] == [
        (code, 2, place, next(iter(changed)))
    ]
    assert CANARY not in report.faults[0].words() + report.tidy().to_string()
    assert OnceMemory.open(tmp_path / "m").size() == 0
    with closing(Ledger.read(tmp_path / "m" / "ledger.sqlite")) as ledger:
        assert [(e.kind, e.facts["code"]) for e in ledger.events(after=1)] == [("exchange.refused", code)]


def test_a_limit_that_the_record_does_not_state_is_not_invented(tmp_path: Path) -> None:
    path = good(tmp_path, "29", 納付金額="300001")
    assert check_file(path, filled(tmp_path, "29"), at=at()).passes


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("税目,税目\r\n1,2\r\n".encode("cp932"), "EXC-COLUMN-TWICE"),
        (b"a,b\r\n1,2,3\r\n", "EXC-COLUMN-EXTRA"),
        (b"", "EXC-EMPTY"),
        (b'a,"b\r\n1,2\r\n', "EXC-CSV"),
        (b"PK\x03\x04\x00\x00", "EXC-ENCODING"),
        ("税目".encode("utf-16"), "EXC-ENCODING"),
        (b"a,b\r\n1,2\x1a\r\n", "EXC-ENCODING"),
        (b"a\r\n" + b"x" * 200_000, "EXC-CSV"),
    ],
    ids=range(8),
)
def test_what_is_no_exchange_file_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    approval = filled(tmp_path, "28")
    try:
        codes = {fault.code for fault in check_file(path, approval, at=at()).faults}
    except InputError as refusal:
        codes = {refusal.code}
    assert code in codes


def test_a_ragged_row_is_a_fault(tmp_path: Path) -> None:
    path = good(tmp_path, "28")
    path.write_bytes(path.read_bytes().replace(b"0002", b"0002,1", 1))
    assert [f.code for f in check_file(path, filled(tmp_path, "28"), at=at()).faults] == ["EXC-WIDTH"]


@pytest.mark.parametrize(
    ("days", "passes"), [(1, False), (89, False), (90, False), (91, False), (458, False), (459, True)]
)
def test_a_number_paid_once_is_refused_for_fifteen_months_and_forgotten_after(
    tmp_path: Path, days: int, passes: bool
) -> None:
    """Day 91 is the one on which a memory of ninety days would let it be paid again."""
    approval, memory = filled(tmp_path, "28"), tmp_path / "memory"
    assert check_file(good(tmp_path, "28"), approval, at=at(), memory=memory).passes
    later = at(DAY + timedelta(days=days))
    again = check_file(good(tmp_path, "28", encoding="utf-8"), approval, at=later, memory=memory)
    assert again.passes == passes
    assert [(f.code, f.row, f.days) for f in again.faults] == [("EXC-AGAIN", n, days) for n in (1, 2, 3)] * (
        not passes
    )
    assert OnceMemory.open(memory).size() == 3


def test_ninety_days_of_memory_against_fifteen_months_are_refused_before_any_file_is_read(
    tmp_path: Path,
) -> None:
    approval = filled(tmp_path, "28", memory=90)
    with pytest.raises(ApprovalError, match="APP-MEMORY") as caught:
        check_file(good(tmp_path, "28"), approval, at=at(), memory=tmp_path / "memory")
    assert "90" in caught.value.message
    assert "458" in caught.value.hint
    forgetful = OnceMemory.open(tmp_path / "forgetful")  # what the refusal prevents
    codes = {forgetful.digest("28", ["0001"]): 1}
    assert forgetful.admit("28", codes, day=DAY, memory_days=90) == {}
    assert forgetful.admit("28", codes, day=DAY + timedelta(days=91), memory_days=90) == {}


def test_one_number_that_came_before_keeps_the_whole_file_out(tmp_path: Path) -> None:
    approval, memory = filled(tmp_path, "28"), tmp_path / "memory"
    check_file(good(tmp_path, "28", first=1), approval, at=at(), memory=memory)
    mixed = check_file(good(tmp_path, "28", first=3), approval, at=at(hour=13), memory=memory)
    assert [(f.code, f.row) for f in mixed.faults] == [("EXC-AGAIN", 1)]
    assert OnceMemory.open(memory).size() == 3
    assert check_file(good(tmp_path, "28", first=4), approval, at=at(hour=14), memory=memory).passes


def test_the_same_number_under_another_approval_is_another_thing(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    for name, hour in (("28", 12), ("29", 13)):
        assert check_file(
            good(tmp_path, name), filled(tmp_path, name), at=at(hour=hour), memory=memory
        ).passes


def test_the_memory_holds_no_number_and_cannot_be_searched_without_its_key(tmp_path: Path) -> None:
    columns = consultations()["28"].items
    rows = [row(columns, n, 通知書番号=f"{CANARY}{n}") for n in range(5)]
    memory = tmp_path / "memory"
    assert check_file(write(tmp_path / "a.csv", rows), filled(tmp_path, "28"), at=at(), memory=memory).passes
    kept = b"".join(path.read_bytes() for path in sorted(memory.rglob("*")))
    assert CANARY.encode() not in kept
    ours, other = OnceMemory.open(memory), OnceMemory.blind()
    with closing(sqlite3.connect(memory / "once.sqlite")) as database:
        stored = {digest for (digest,) in database.execute("SELECT digest FROM once")}
    assert {ours.digest("諮問第28号", [f"{CANARY}{n}"]) for n in range(5)} == stored
    assert not {other.digest("諮問第28号", [f"{CANARY}{n}"]) for n in range(5)} & stored


@pytest.mark.parametrize("loss", ["key", "short key", "database"])
def test_a_memory_without_its_key_or_with_a_broken_file_is_refused(tmp_path: Path, loss: str) -> None:
    approval, memory = filled(tmp_path, "28"), tmp_path / "memory"
    check_file(good(tmp_path, "28"), approval, at=at(), memory=memory)
    if loss == "key":
        (memory / "once.secret").unlink()
    elif loss == "short key":
        (memory / "once.secret").write_text("00", encoding="ascii")
    else:
        (memory / "once.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(InputError, match="EXC-MEMORY"):
        check_file(good(tmp_path, "28", first=9), approval, at=at(hour=13), memory=memory)


def test_an_earlier_instant_than_the_last_check_is_refused(tmp_path: Path) -> None:
    approval, memory = filled(tmp_path, "28"), tmp_path / "memory"
    check_file(good(tmp_path, "28"), approval, at=at(), memory=memory)
    with pytest.raises(LedgerError, match="LED-CLOCK"):
        check_file(good(tmp_path, "28", first=9), approval, at=at(DAY - timedelta(days=1)), memory=memory)
    assert OnceMemory.open(memory).size() == 3


@pytest.mark.parametrize("day", [date(2010, 5, 31), date(2012, 1, 1)])
def test_a_check_outside_the_period_is_refused_and_denied_in_the_ledger(tmp_path: Path, day: date) -> None:
    memory = tmp_path / "memory"
    with pytest.raises(ApprovalError, match="APP-PERIOD"):
        check_file(good(tmp_path, "28"), filled(tmp_path, "28"), at=at(day), memory=memory)
    assert verify_ledger(memory / "ledger.sqlite").kinds["denial"] == 1


@pytest.mark.parametrize(("medium", "allowed"), [("ＭＯ", True), ("FD", False), ("メール添付", False)])
def test_a_file_on_another_medium_is_refused(tmp_path: Path, medium: str, allowed: bool) -> None:
    approval = filled(tmp_path, "28")
    if allowed:
        assert check_file(good(tmp_path, "28"), approval, at=at(), medium=medium).passes
        return
    with pytest.raises(ApprovalError, match="APP-MEDIA"):
        check_file(good(tmp_path, "28"), approval, at=at(), medium=medium)


def test_of_two_checks_at_once_exactly_one_takes_a_number(tmp_path: Path) -> None:
    memory = OnceMemory.open(tmp_path / "memory")
    codes = [{memory.digest("28", [str(number)]): 1} for number in range(20) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(lambda one: memory.admit("28", one, day=DAY, memory_days=9), codes))
    assert [bool(one) != bool(two) for one, two in zip(came[::2], came[1::2], strict=True)] == [True] * 20
    assert memory.size() == 20


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("第17条(電子計算組織の結合)", "第16条", "APP-BASIS"),
        ("練馬区個人情報保護条例第17条(電子計算組織の結合)", "個人情報保護法66条", "APP-BASIS"),
        ("start = 2010-06-01", "start = 2023-04-01", "APP-BASIS-DATE"),
        ('kind = "linkage"', 'kind = "gift"', "APP-KIND"),
        ('kind = "linkage"', 'kind = "outsourcing"', "APP-BASIS"),
        ('number = "諮問第28号"', "", "APP-MISSING"),
    ],
)
def test_an_exchange_needs_a_basis_of_its_own_kind_in_force(
    tmp_path: Path, old: str, new: str, code: str
) -> None:
    path = Path(filled(tmp_path, "28"))
    text = path.read_text(encoding="utf-8").replace("end = 2011-12-31", "end = 2024-12-31")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ApprovalError) as caught:
        load_exchange(path).in_use(date(2023, 6, 1))
    assert caught.value.code == code


def test_the_command_lists_copies_checks_and_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--lang", "en", "custody", "approvals"]) == 0
    assert capsys.readouterr().out.count("諮問第") == 12
    copy = tmp_path / "copy.toml"
    assert run(["--lang", "en", "custody", "approvals", str(copy), "--copy", "28"]) == 0
    assert find_approval(str(copy)).sha256 == find_approval("28").sha256
    approval, memory = filled(tmp_path, "28"), str(tmp_path / "memory")
    rest = ["--approval", approval, "--memory", memory, "--at"]
    check = ["--lang", "en", "custody", "check"]
    assert run([*check, str(good(tmp_path, "28")), *rest, "2010-06-10"]) == 0
    assert "rows 3" in capsys.readouterr().out
    assert run([*check, str(good(tmp_path, "28")), *rest, "2010-09-09"]) == 1
    assert "(91 days ago) [EXC-AGAIN]" in capsys.readouterr().err
    assert run([*check, str(good(tmp_path, "28")), *rest, "9999-01-01"]) == 1
    assert "CFG-AT" in capsys.readouterr().err


def test_no_refusal_of_the_command_shows_a_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = consultations()["28"].items
    approval = filled(tmp_path, "28")
    for name in (*columns, f"氏名{CANARY}"):
        rows = [{**row(columns, n), name: CANARY} for n in (1, 2)]
        path = str(write(tmp_path / "a.csv", rows))
        run(["--debug", "custody", "check", path, "--approval", approval, "--at", "2010-06-10"])
    shown = capsys.readouterr()
    assert CANARY not in shown.out + shown.err
    assert "EXC-TWICE" in shown.err
