"""An act passes the gate exactly when a complete approval covers all of it; the ledger holds every answer."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from itertools import product
from pathlib import Path

import pytest

from custody import gate
from custody.approval import ACTS, Approval
from custody.approval_file import FIELDS
from custody.clock import JST, SimulatedClock
from custody.errors import ApprovalError, LedgerError
from custody.gate import CARE_CERTIFICATION, CARE_QUALIFICATION, PAPER, RESIDENT_REGISTER, USB
from custody.ledger import Event, Ledger, verify_ledger
from custody.messages import set_language

TRAINING = files("custody").joinpath("data/approval_training.toml").read_text(encoding="utf-8")
BLANK = files("custody").joinpath("data/approval_blank.toml").read_text(encoding="utf-8")
PERSON = "練馬　太郎"
OUTSOURCING = '    "練馬区個人情報保護条例第13条(外部委託)",\n'
TODAY = '    "個人情報保護法69条2項2号",\n    "個人情報保護法66条",\n'

PERIOD_ACTS = {"frame", "draw", "refresh", "hand_over_labels"}
# The instant, then whether acts bound by the period and acts bound by the retention may happen.
TIMES = [
    (datetime(2009, 10, 31, 23, 59, 59, tzinfo=JST), False, False),
    (datetime(2009, 11, 1, 0, 0, 0, tzinfo=JST), True, True),
    (datetime(2009, 11, 30, 23, 59, 59, 999999, tzinfo=JST), True, True),
    (datetime(2009, 12, 1, 0, 0, 0, tzinfo=JST), False, True),  # APP-004
    (datetime(2011, 3, 31, 23, 59, 59, tzinfo=JST), False, True),
    (datetime(2011, 4, 1, 0, 0, 0, tzinfo=JST), False, False),
]
RECIPIENTS: list[tuple[str | None, set[str]]] = [
    (None, set(ACTS)),
    ("contractor", set(ACTS) - {"hand_over_research"}),
    ("researcher", set(ACTS) - {"hand_over_labels"}),
    ("printer", set()),
]


@dataclass(frozen=True, slots=True)
class Survey:
    """What the gate needs, and nothing more."""

    approval_path: Path
    ledger_path: Path
    clock: SimulatedClock


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return _write(tmp_path, TRAINING)


def _write(folder: Path, text: str) -> Path:
    path = folder / "approval.toml"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _survey(approval: Path, at: datetime) -> Survey:
    return Survey(approval, approval.with_name("ledger.sqlite"), SimulatedClock(at))


def _events(survey: Survey) -> list[Event]:
    with Ledger.open(survey.ledger_path, survey.clock) as ledger:
        return list(ledger.events())


def test_an_act_is_refused_exactly_when_outside_and_the_ledger_on_disk_holds_each_answer(
    path: Path,
) -> None:
    digest = Approval.load(path).sha256
    wanted = []
    acts = [*ACTS, "publish"]
    for time_, act, receiver in product(TIMES, acts, RECIPIENTS):
        in_time = time_[1] if act in PERIOD_ACTS else time_[2]
        inside = act in ACTS and in_time and act in receiver[1]
        survey = _survey(path, time_[0])
        try:
            granted = gate.permit(survey, act, items=[RESIDENT_REGISTER], media=USB, recipient=receiver[0])
        except ApprovalError as refusal:
            assert not inside, (time_, act, receiver)
            wanted.append(("denial", {"act": act if act in ACTS else "unknown", "code": refusal.code}))
        else:
            assert inside, (time_, act, receiver)
            assert (granted.act, granted.at, granted.approval_sha256) == (act, time_[0], digest)
            wanted.append(("permit", {"act": act, "approval": digest}))
    assert [(event.kind, event.facts) for event in _events(survey)] == wanted
    assert verify_ledger(survey.ledger_path).kinds.keys() == {"denial", "permit"}


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"act": "publish"}, "APP-ACT", ["frame", "answers"]),
        ({"when": datetime(2009, 12, 1)}, "APP-PERIOD", ["2009-12-01 00:00:00 JST", "2009-11-30 23:59:59"]),
        ({"items": ["課税情報"]}, "APP-ITEM", ["課税情報", CARE_CERTIFICATION]),
        ({"items": RESIDENT_REGISTER}, "APP-ITEM", [CARE_CERTIFICATION]),
        ({"media": "共有フォルダ"}, "APP-MEDIA", ["共有フォルダ", USB, PAPER]),
        ({"n": 5001}, "APP-N", ["5,001", "5,000"]),
        ({"n": -1}, "APP-N", ["-1"]),
        ({"recipient": PERSON}, "APP-RECIPIENT", ["somebody else", "contractor"]),
        (
            {"act": "hand_over_labels", "recipient": "researcher"},
            "APP-RECIPIENT",
            ["researcher", "contractor"],
        ),
    ],
)
def test_a_refusal_says_what_was_asked_and_allowed_and_what_to_do(
    path: Path, asked: dict[str, object], code: str, said: list[str]
) -> None:
    request = {"act": "draw", "when": datetime(2009, 11, 2), **asked}
    with pytest.raises(ApprovalError) as caught:
        Approval.load(path).permit(**request)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.hint
    assert all(part in caught.value.message for part in said)
    assert PERSON not in str(caught.value)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_the_period_is_read_in_japan_time_whatever_zone_the_machine_has(
    path: Path, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """APP-006; 14:59:59 UTC is 23:59:59 in Tokyo."""
    monkeypatch.setenv("TZ", zone)
    if os.name == "posix":
        time.tzset()
    try:
        approval = Approval.load(path)
        last = approval.permit("draw", when=datetime(2009, 11, 30, 14, 59, 59, tzinfo=UTC))
        assert last.at.isoformat() == "2009-11-30T23:59:59+09:00"
        assert approval.permit("draw", when=datetime(2009, 11, 30, 23, 59, 59)).at == last.at
        with pytest.raises(ApprovalError, match="APP-PERIOD"):
            approval.permit("draw", when=datetime(2009, 11, 30, 15, 0, 0, tzinfo=UTC))
    finally:
        monkeypatch.undo()
        if os.name == "posix":
            time.tzset()


BOTH = TRAINING[TRAINING.index('    "練馬区') : TRAINING.index(OUTSOURCING) + len(OUTSOURCING)]


@pytest.mark.parametrize(
    ("bases", "allowed"),
    [
        (BOTH, set(ACTS)),
        (TODAY, set(ACTS)),
        (BOTH.replace("16", "１６").replace("13", " １３ "), set(ACTS)),
        (BOTH.replace(OUTSOURCING, ""), set(ACTS) - {"hand_over_labels"}),  # APP-014
        (OUTSOURCING, set()),
        ('    "他の条例第16条",\n', set()),
    ],
    ids=["ordinance", "act", "wide", "no outsourcing", "no use", "another law"],
)
def test_legal_bases_open_the_acts_they_are_for(tmp_path: Path, bases: str, allowed: set[str]) -> None:
    year = 2026 if bases == TODAY else 2009
    text = TRAINING.replace(BOTH, bases).replace("= 2009-", f"= {year}-").replace("2011-", f"{year + 2}-")
    approval = Approval.load(_write(tmp_path, text))
    for act in ACTS:
        if act in allowed:
            assert approval.permit(act, when=datetime(year, 11, 2)).act == act
        else:
            with pytest.raises(ApprovalError, match="APP-BASIS"):
                approval.permit(act, when=datetime(year, 11, 2))


@pytest.mark.parametrize(
    ("bases", "decided", "law"),
    [(TODAY, "2009-10-22", "平成15年法律第57号"), (BOTH, "2023-04-01", "平成12年3月練馬区条例第79号")],
    ids=["act before its time", "ordinance after its time"],
)
def test_a_basis_opens_nothing_for_a_decision_of_a_day_on_which_it_was_not_law(
    tmp_path: Path, bases: str, decided: str, law: str
) -> None:
    text = TRAINING.replace(BOTH, bases).replace("decided_on = 2009-10-22", f"decided_on = {decided}")
    approval = Approval.load(_write(tmp_path, text))
    for act in ACTS:
        with pytest.raises(ApprovalError, match="APP-BASIS-DATE") as caught:
            approval.permit(act, when=datetime(2009, 11, 2))
        assert law in caught.value.message


BAD_FILES = [
    # APP-008: items, media and recipients are named
    *[
        (line, changed, code, key)
        for key, line in [
            ("items", 'items = ["介護保険認定情報", "住民基本台帳情報", "介護保険資格情報"]'),
            ("media", 'media = ["文書", "USBメモリ"]'),
            ("recipients", 'recipients = ["contractor", "researcher"]'),
        ]
        for changed, code in [
            (f"{key} = []", "APP-BLANK"),
            (f'{key} = [""]', "APP-BLANK"),
            (f'{key} = ["*"]', "APP-WILDCARD"),
            (f'{key} = ["＊"]', "APP-WILDCARD"),
            (f'{key} = ["すべて"]', "APP-WILDCARD"),
            (f'{key} = "*"', "APP-TYPE"),
            (f"{key} = [1]", "APP-TYPE"),
            ("", "APP-MISSING"),
        ]
    ],
    ("\nend = 2009-11-30", "", "APP-MISSING", "period.end"),
    ("\nend = 2009-11-30", '\nend = ""', "APP-BLANK", "period.end"),
    ("\nend = 2009-11-30", "\nend = 2009-10-31", "APP-DATES", "period.end"),
    ("\nend = 2009-11-30", f'\nend = "{PERSON}"', "APP-TYPE", "period.end"),
    ("\nend = 2009-11-30", "\nend = 2009-11-30T12:00:00", "APP-TYPE", "period.end"),
    ("\nend = 2009-11-30", "\nend = 2009-11-31", "APP-TOML", None),
    ("\nend = 2009-11-30", "\nend = 2009-11-30\nauto_renew = false", "APP-RENEW", "period.auto_renew"),
    ("max_n = 5000", "max_n = 5000\nauto_renew = true", "APP-RENEW", "auto_renew"),
    ("max_n = 5000", "max_n = 5000\nmax_m = 5000", "APP-KEY", "max_m"),
    ("max_n = 5000", "max_n = 0", "APP-BLANK", "max_n"),
    ("max_n = 5000", "max_n = -1", "APP-TYPE", "max_n"),
    ("max_n = 5000", "max_n = true", "APP-TYPE", "max_n"),
    ("max_n = 5000", 'max_n = "5000"', "APP-TYPE", "max_n"),
    ("max_n = 5000", "max_n = 5000\nmax_n = 6000", "APP-TOML", None),
    ("max_n = 5000", "max_n = " + "9" * 5000, "APP-TOML", None),
    ("max_n = 5000", "max_n = " + "[" * 5000, "APP-TOML", None),
    ("retention_until = 2011-03-31", "retention_until = 2009-11-29", "APP-DATES", "retention_until"),
    ('using_section = "在宅支援課"', "using_section = 7", "APP-TYPE", "using_section"),
    ('recipients = ["contractor", "researcher"]', f'recipients = ["{PERSON}"]', "APP-TYPE", "recipients"),
    (TRAINING[TRAINING.index("[period]") :], "period = 30", "APP-TYPE", "period"),
]


@pytest.mark.parametrize(("old", "new", "code", "column"), BAD_FILES)
def test_a_malformed_approval_is_refused_by_field_and_denied_in_the_ledger(
    tmp_path: Path, old: str, new: str, code: str, column: str | None
) -> None:
    assert TRAINING.count(old) == 1
    survey = _survey(_write(tmp_path, TRAINING.replace(old, new)), datetime(2009, 11, 2))
    with pytest.raises(ApprovalError) as caught:
        gate.permit(survey, "frame")
    assert (caught.value.code, caught.value.column, caught.value.file) == (code, column, "approval.toml")
    assert caught.value.hint
    assert PERSON not in str(caught.value)
    assert [event.facts for event in _events(survey)] == [{"act": "frame", "code": code}]


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (TRAINING.encode("cp932"), "APP-UTF8", "UTF-8"),
        (f'number = "1"\npurpose = {PERSON}\n'.encode(), "APP-TOML", "line 2"),
        (b'number = "1', "APP-TOML", "TOML"),
        (None, "APP-FILE", "no approval"),
    ],
    ids=["cp932", "line", "end of document", "no file"],
)
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, data: bytes | None, code: str, said: str
) -> None:
    path = tmp_path / "approval.toml"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ApprovalError) as caught:
        Approval.load(path)
    assert caught.value.code == code
    assert said in caught.value.message
    assert PERSON not in str(caught.value)


def test_a_folder_in_place_of_the_approval_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ApprovalError, match="APP-FILE"):
        Approval.load(tmp_path)


def test_the_blank_approval_asks_for_one_field_after_the_other_until_all_are_filled(tmp_path: Path) -> None:
    filled = {line.split(" = ")[0]: line for line in TRAINING.splitlines() if " = " in line}
    filled["legal_bases"] = 'legal_bases = ["第16条", "第13条"]'
    filled["conditions"] = 'conditions = ["条件なし"]'
    text = BLANK
    for field in FIELDS:
        with pytest.raises(ApprovalError) as caught:
            Approval.load(_write(tmp_path, text))
        assert (caught.value.code, caught.value.column) == ("APP-BLANK", field.key)
        assert caught.value.hint == field.hint
        key = field.key.rpartition(".")[2]
        lines = [filled[key] if line.startswith(f"{key} = ") else line for line in text.splitlines()]
        text = "\n".join(lines) + "\n"
    assert Approval.load(_write(tmp_path, text)).permit("hand_over_labels", when=datetime(2009, 11, 2))


def test_the_training_approval_is_read_whole(path: Path) -> None:
    approval = Approval.load(path)
    assert (approval.providing_section, approval.using_section) == ("介護保険課", "在宅支援課")
    assert approval.items == (CARE_CERTIFICATION, RESIDENT_REGISTER, CARE_QUALIFICATION)
    assert approval.media == (PAPER, USB)
    assert (approval.period.start, approval.period.end) == (date(2009, 11, 1), date(2009, 11, 30))
    assert "訓練用" in TRAINING


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "approval.toml"
    path.write_bytes(TRAINING.replace("\n", "\r\n").encode("utf-8-sig"))
    assert Approval.load(path).max_n == 5000


def test_a_clock_behind_the_ledger_gets_no_permit(path: Path) -> None:
    gate.permit(_survey(path, datetime(2009, 11, 20)), "frame")
    earlier = _survey(path, datetime(2009, 11, 10))
    with pytest.raises(LedgerError, match="LED-CLOCK"):
        gate.permit(earlier, "draw")
    assert len(_events(earlier)) == 1
