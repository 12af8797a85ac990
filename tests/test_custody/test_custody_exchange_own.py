"""Our own label packages and tokens pass the check that payments and linkage files pass, by the same code."""

from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest

from custody.approval import Approval
from custody.clock import JST
from custody.exchange_approval import ExchangeApproval, load_exchange
from custody.exchange_check import check_exchange
from custody.exchange_file import read_exchange_bytes
from custody.exchange_memory import OnceMemory
from custody.keys import KeyStore
from custody.packages import Origin, open_package, seal
from labels.job_report import EVENT_COLUMNS
from labels.prepare import LABEL_COLUMNS
from labels.tokens import KeyedSource, new_tokens

WHEN = datetime(2009, 11, 4, 9, tzinfo=JST)
LABELS = """
[exchange]
columns = ["postal_code", "address", "name", "token", "copy"]
once = ["token", "copy"]
validity_days = 90
grace_days = 30
memory_days = 120
"""
EVENTS = """
[exchange]
columns = ["token", "state", "date", "reason", "wave"]
dates = ["date"]
limits = { wave = 4 }
once = ["token"]
validity_days = 90
grace_days = 30
memory_days = 120
"""
TRAINING = files("custody").joinpath("data/approval_training.toml").read_text(encoding="utf-8")


def own_approval(folder: Path, rules: str) -> ExchangeApproval:
    path = folder / "approval.toml"
    path.write_text(TRAINING + rules, encoding="utf-8")
    assert Approval.load(path).exchange == load_exchange(path).rules
    return load_exchange(path)


def sealed(folder: Path, payload: bytes) -> bytes:
    """Return what the contractor finds in a package that staff have sealed."""
    keys = KeyStore(folder / "keys")
    for role in ("staff", "contractor"):
        keys.create(role)
    path = folder / "labels.sp"
    seal(
        path,
        kind="labels",
        payload=payload,
        facts={},
        recipient=keys.recipient("contractor"),
        signer=keys.signer("staff"),
        created=WHEN,
        origin=Origin("abcd1234", "調査", True, keys.recipient("staff")),
    )
    return open_package(path, kind="labels", identity=keys.identity("contractor")).payload


def test_our_own_label_package_passes_the_same_check_and_a_second_one_of_the_same_tokens_does_not(
    tmp_path: Path,
) -> None:
    tokens = new_tokens(20, KeyedSource(bytes(32)))
    lines = [f"176-0001,東京都練馬区練馬1-{n},練馬太郎,{token},1" for n, token in enumerate(tokens)]
    payload = "\n".join([",".join(LABEL_COLUMNS), *lines, ""]).encode()
    approval, memory = own_approval(tmp_path, LABELS), OnceMemory.open(tmp_path / "memory")
    table = read_exchange_bytes(sealed(tmp_path, payload), "labels.csv")
    assert check_exchange(table, approval, at=WHEN, memory=memory).passes
    again = check_exchange(table, approval, at=WHEN, memory=memory)
    assert {fault.code for fault in again.faults} == {"EXC-AGAIN"}
    assert len(again.faults) == len(tokens)
    wider = read_exchange_bytes(payload.replace(b",copy\n", b",copy,care_level\n"), "labels.csv")
    codes = [fault.code for fault in check_exchange(wider, approval, at=WHEN).faults]
    assert codes == ["EXC-COLUMN-EXTRA"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{0},returned,2009-11-20,,1", None),
        ("{0},returned,2009-12-01,,1", "EXC-DATE-LATE"),
        ("{0},returned,2009-11-20,,5", "EXC-LIMIT"),
        ("{1},returned,2009-11-20,,1", "EXC-TWICE"),
        ("{2},returned,2009-11-20,,1", "EXC-TWICE"),
    ],
)
def test_tokens_that_come_back_pass_the_same_check(tmp_path: Path, line: str, code: str | None) -> None:
    first, other = new_tokens(2, KeyedSource(bytes(32)))
    text = "\n".join([",".join(EVENT_COLUMNS), f"{other},undelivered,2009-11-19,,1"])
    text += "\n" + line.format(first, other, other.lower()) + "\n"
    approval, when = own_approval(tmp_path, EVENTS), datetime(2009, 11, 25, tzinfo=JST)
    report = check_exchange(read_exchange_bytes(text.encode(), "events.csv"), approval, at=when)
    assert [fault.code for fault in report.faults] == ([] if code is None else [code])
