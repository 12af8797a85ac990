"""Each wave's label has its own life, a person's questionnaire counts once, and no order of scans matters."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custody.clock import SimulatedClock
from custody.errors import InputError, LabelError
from custody.ledger import Event, Fact
from labels import pieces as names
from labels.batches import ScanBatch
from labels.outcomes import may_get, outcome
from labels.pieces import FINAL_STATES, Piece, Pieces
from labels.reasons import find_reason, reasons
from labels.reconciliation import reconcile
from labels.scans import Scan, ScanMode, read_scans
from labels.seals import scanned_codes, seal_check
from labels.tokens import KeyedSource, is_valid, new_tokens
from labels.tracking import ScanLedger

CLOCK = SimulatedClock(datetime(2009, 11, 20, 10, 0))
TOKENS = new_tokens(40, KeyedSource(bytes(range(32))))
A, B, C, D, *_rest = TOKENS


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[ScanLedger]:
    """Four persons, two waves, all mailed; a third wave printed for A and B."""
    with ScanLedger.open(tmp_path / "ledger.sqlite", CLOCK) as opened:
        for wave in (1, 2):
            rows = [(token, 1) for token in (A, B, C, D)]
            opened.record_run({"run": wave}, rows, [], run=wave, wave=wave)
            opened.mail(f"2009-11-{9 * wave:02d}")
        opened.record_run({"run": 3}, [(A, 1), (B, 1)], [], run=3, wave=3)
        yield opened


def state_of(ledger: ScanLedger, token: str) -> tuple[str, int, str]:
    piece = ledger.outcomes()[token]
    return piece.state, piece.wave, piece.reason


@pytest.mark.parametrize(
    ("text", "state", "reason", "expected"),
    [
        (f"{A}.1.1", "returned", "", ("returned", 1, "")),
        (f"{A}.2.1", "returned", "", ("returned", 2, "")),
        (f"{A}.2.1.0A1B2C3D", "returned", "", ("returned", 2, "")),
        (A, "returned", "", ("returned", 2, "")),
        (A, "", "R.MOVED", ("undeliverable", 2, "MOVED")),
        (A, "", "あて所に尋ねあたりません", ("undeliverable", 2, "UNKNOWN")),
        (f"{A}.1.1", "refused", "declined", ("refused", 1, "DECLINED")),
        (f"{A}.3.1", "mailed", "", ("mailed", 3, "")),
        (A, "mailed", "", ("mailed", 3, "")),
        (f"{A}.3.1", "returned", "", "not_mailed"),
        (f"{A}.4.1", "returned", "", "unknown_copy"),
        (f"{A}.2.2", "returned", "", "unknown_copy"),
        (f"{C}.3.1", "mailed", "", "unknown_copy"),
        (f"{A}.2.1", "mailed", "", "duplicate"),
        (A, "returned", "MOVED", "bad_reason"),
        (A, "", "NONSENSE", "bad_reason"),
    ],
)
def test_a_scan_means_the_label_of_its_wave(text, state, reason, expected, ledger: ScanLedger) -> None:
    result = ledger.scan([Scan(1, text, state, "", reason)])
    if isinstance(expected, str):
        assert [found.code for found in result.exceptions] == [expected]
        return
    assert not result.exceptions
    assert state_of(ledger, A) == expected


def test_a_second_questionnaire_is_recorded_told_and_counts_once(ledger: ScanLedger) -> None:
    assert dict(ledger.scan([f"{A}.1.1"], "returned").accepted) == {"returned": 1}
    second = ledger.scan([f"{A}.2.1"], "returned")
    assert ([found.code for found in second.exceptions], dict(second.accepted)) == (["second_return"], {})
    third = ledger.scan([f"{A}.2.1", A], "returned")
    assert [found.code for found in third.exceptions] == ["duplicate", "duplicate"]
    assert ledger.reconcile().returned == 1
    assert (ledger.reconcile(1).returned, ledger.reconcile(2).returned) == (1, 1)
    assert ledger.undo(f"{A}.1.1", "misread").state == "mailed"  # the other one is still there
    assert (ledger.reconcile().returned, state_of(ledger, A)) == (1, ("returned", 2, ""))


def test_what_comes_back_after_a_questionnaire_is_recorded_as_ever(ledger: ScanLedger) -> None:
    ledger.scan([f"{A}.1.1"], "returned")
    later = ledger.scan([f"{A}.2.1"], reason="MOVED")
    assert (dict(later.accepted), later.exceptions) == ({"undeliverable": 1}, ())
    assert state_of(ledger, A) == ("returned", 1, "")


def test_of_two_questionnaires_the_one_that_came_first_counts(ledger: ScanLedger) -> None:
    ledger.scan(
        [Scan(1, f"{A}.1.1", "returned", "2009-11-19"), Scan(2, f"{A}.2.1", "returned", "2009-11-18")]
    )
    ledger.scan(
        [Scan(1, f"{B}.1.1", "returned", "2009-11-18"), Scan(2, f"{B}.2.1", "returned", "2009-11-18")]
    )
    assert (state_of(ledger, A)[1], state_of(ledger, B)[1]) == (2, 1)


def test_a_void_is_left_out_of_the_waves_that_held_it_back(ledger: ScanLedger) -> None:
    ledger.record_run({"run": 4}, [(B, 1)], [(C, "glyph")], run=4, wave=4)
    ledger.void([C, TOKENS[9]], "0" * 64)
    assert [ledger.reconcile(wave).left_out for wave in (1, 2, 3, 4, None)] == [0, 0, 0, 1, 1]


def test_a_bare_token_undoes_what_was_recorded_last(ledger: ScanLedger) -> None:
    ledger.scan([f"{A}.1.1"], reason="BLANK")
    ledger.scan([f"{A}.3.1"])
    assert [(ledger.undo(A, "x").wave, ledger.known(wave)[A].state) for wave in (3, 1)] == [
        (3, "printed"),
        (1, "mailed"),
    ]
    assert ledger.undo(A, "x").wave == 2
    assert ledger.undo(A, "x").wave == 1
    assert {piece.state for piece in ledger.pieces() if piece.token == A} == {"printed"}


def test_a_label_scanned_again_after_undo_keeps_nothing_of_the_first_reason(ledger: ScanLedger) -> None:
    ledger.scan([f"{A}.2.1"], reason="MOVED")
    assert ledger.undo(f"{A}.2.1", "misread").reason == ""
    ledger.scan([f"{A}.2.1"], "undeliverable")
    assert state_of(ledger, A) == ("undeliverable", 2, "")


def test_a_label_printed_for_a_void_token_is_void_from_the_start() -> None:
    pieces, numbers = Pieces(), {"token": A, "copy": 1, "run": 1, "wave": 1}
    acts: list[tuple[str, dict[str, Fact]]] = [
        (names.VOIDED, {"token": A}),
        (names.RUN, {"run": 1}),
        (names.PRINTED, {**numbers}),
    ]
    pieces.follow(Event(seq, "", kind, facts, "", "") for seq, (kind, facts) in enumerate(acts, start=1))
    assert pieces.newest[A].state == "voided"


def test_mail_of_a_wave_leaves_the_other_waves_in_hand(ledger: ScanLedger) -> None:
    ledger.record_run({"run": 4}, [(C, 1), (D, 1)], [], run=4, wave=4)
    assert ledger.mail("2009-11-20", wave=4) == 2
    assert {(piece.wave, piece.state) for piece in ledger.pieces() if piece.wave > 2} == {
        (3, "printed"),
        (4, "mailed"),
    }
    assert ledger.mail("2009-11-20") == 2


def test_undo_by_an_old_copy_or_a_made_up_seal_takes_nothing_back(ledger: ScanLedger) -> None:
    check = seal_check(f"{B}.3.2", "0A1B2C3D")
    ledger.record_run({"run": 4}, [(A, 2), (B, 2)], [], run=4, wave=3, checks={B: check})
    ledger.scan([f"{A}.3.2", f"{B}.3.2.0A1B2C3D"], "mailed")
    for text in (f"{A}.3.1", f"{A}.3.3", f"{B}.3.2.0A1B2C3E"):
        with pytest.raises(LabelError, match="LAB-UNDO"):
            ledger.undo(text, "misread")
    assert {piece.state for piece in ledger.pieces() if piece.wave == 3} == {"mailed"}
    assert ledger.undo(f"{A}.3.2", "misread").state == "printed"
    assert ledger.undo(f"{B.lower()}.3.2.0a1b2c3d", "misread").state == "printed"


def test_the_waves_reconcile_alone_and_together(ledger: ScanLedger) -> None:
    ledger.scan([f"{C}.1.1"], reason="MOVED")
    ledger.scan([f"{C}.2.1"], reason="FAMILY")
    ledger.scan([f"{A}.3.1"], "spoiled")
    ledger.record_run({"run": 4}, [(A, 2)], [], run=4, wave=3)
    one, two, three, whole = (ledger.reconcile(wave) for wave in (1, 2, 3, None))
    assert (one.printed, one.mailed, one.undeliverable, one.refused, one.closed) == (4, 4, 1, 0, True)
    assert (two.printed, two.mailed, two.undeliverable, two.refused, two.outstanding) == (4, 4, 0, 1, 3)
    assert (three.printed, three.spoiled, three.in_hand, three.difference) == (3, 1, 2, 0)
    assert (whole.tokens, whole.printed, whole.mailed, whole.difference) == (4, 11, 8, 0)
    assert (whole.undeliverable, whole.refused, whole.outstanding) == (0, 1, 3)


def test_a_void_takes_the_labels_of_every_wave_that_are_in_hand(ledger: ScanLedger) -> None:
    ledger.void([A, C], "0" * 64)
    assert [piece.state for piece in ledger.pieces() if piece.token == A] == ["mailed", "mailed", "voided"]
    assert ledger.mail(wave=3) == 1
    assert ledger.reconcile().voided == 1
    assert ledger.undo(f"{C}.2.1", "misread").state == "voided"


def test_every_reason_is_found_by_code_and_stamp_and_is_no_token() -> None:
    for reason in reasons().values():
        assert find_reason(reason.scan_code) == find_reason(reason.stamp) == reason
        assert reason.state in FINAL_STATES
        assert reason.aapor[0] in "123"
        assert not is_valid(reason.scan_code)
    assert len({reason.stamp for reason in reasons().values()}) == len(reasons())
    with pytest.raises(InputError, match="LAB-SCAN-REASON"):
        find_reason("R.")


def test_staff_hear_of_the_seal_that_was_scanned_last_and_not_taken_back(ledger: ScanLedger) -> None:
    ledger.scan([f"{A}.1.1.0A1B2C3D", f"{A}.2.1.0A1B2C3D", f"{B}.2.1.5A1B2C3D"], "returned")
    assert scanned_codes(ledger.ledger) == {A: "1.1.0A1B2C3D 2.1.0A1B2C3D", B: "2.1.5A1B2C3D"}
    ledger.undo(f"{A}.2.1", "copied")
    ledger.undo(B, "copied")
    assert scanned_codes(ledger.ledger) == {A: "1.1.0A1B2C3D"}
    ledger.scan([f"{A}.2.1.9A1B2C3D", f"{B}.2.1"], "returned")
    assert scanned_codes(ledger.ledger) == {A: "1.1.0A1B2C3D 2.1.9A1B2C3D"}


@pytest.mark.parametrize("frame", ["\ufeff{}", "\x02{}\x03", "{}\r", "\t{} ", "\x1d{}\x04", "　{}"])
def test_what_scanners_put_around_a_code_does_not_count(frame: str, ledger: ScanLedger) -> None:
    mode = ScanMode()
    assert mode.take(frame.format("R.MOVED"), 1) is None
    scan = mode.take(frame.format(f"{A}.2.1"), 2)
    assert scan is not None
    assert dict(ledger.scan([scan]).accepted) == {"undeliverable": 1}


def test_two_codes_run_together_are_no_reason() -> None:
    mode = ScanMode()
    assert mode.take("R.MOVEDR.END", 1) is mode.take("R.MOVEDEND", 2) is None
    scan = mode.take(A, 3)
    assert scan is not None
    with pytest.raises(InputError, match="LAB-SCAN-REASON"):
        find_reason(scan.reason)


def test_a_file_of_windows_unicode_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "scans.txt"
    for encoding in ("utf-16", "utf-8-sig", "cp932"):
        path.write_text(f"R.MOVED\r\n{A}\r\n", encoding=encoding, newline="")
        assert [(scan.text, scan.reason) for scan in read_scans(path)] == [(A, "MOVED")]
    path.write_text(f"Token\tDate\tReason\r\n{A}\t2009/11/20\t転居先不明\r\n", encoding="utf-16", newline="")
    assert read_scans(path) == [Scan(1, A, "", "2009/11/20", "転居先不明")]


def test_a_reason_holds_for_the_labels_after_it(tmp_path: Path) -> None:
    path = tmp_path / "scans.txt"
    lines = [B, "Ｒ．ＭＯＶＥＤ", f"{A}.1.1", "", "r.nonsense", C, "R.RETURNED", D, "R.END", D]
    path.write_text("\n".join(lines), encoding="utf-8")
    scans = [(scan.row, scan.text[:15], scan.state, scan.reason) for scan in read_scans(path)]
    assert scans == [
        (1, B, "", ""),
        (3, A, "", "MOVED"),
        (6, C, "", "NONSENSE"),
        (8, D, "returned", ""),
        (10, D, "", ""),
    ]


def test_a_csv_may_name_the_stamp(tmp_path: Path, ledger: ScanLedger) -> None:
    path = tmp_path / "scans.csv"
    path.write_text(f"token,reason,date\n{A},受取拒絶,2009-11-19\n{B},白票で返送,\n", encoding="cp932")
    assert dict(ledger.scan(read_scans(path)).accepted) == {"refused": 1, "returned": 1}
    assert state_of(ledger, B) == ("returned", 2, "BLANK")


@pytest.mark.parametrize(
    ("states", "kind", "expected"),
    [
        ([], "replacement", True),
        (["mailed"], "replacement", True),
        (["returned"], "replacement", False),
        (["returned"], "thanks", True),
        (["returned:BLANK"], "thanks", False),
        (["undeliverable"], "thanks", False),
        (["undeliverable:UNCLAIMED"], "replacement", True),
        (["undeliverable:FORWARDED"], "replacement", True),
        (["undeliverable:FORWARDED", "mailed"], "replacement", True),
        (["undeliverable:DECEASED", "mailed"], "thanks", False),
        (["mailed", "refused"], "thanks", False),
        (["refused", "returned"], "thanks", True),
        (["returned", "undeliverable:MOVED"], "replacement", False),
        (["mailed", "voided"], "replacement", True),  # the wave is void for another reason, or all are
        (["voided"], "advance", False),
    ],
)
def test_who_may_get_a_later_wave(states: list[str], kind: str, expected: bool) -> None:
    pieces = []
    for wave, text in enumerate(states, start=1):
        state, _, reason = text.partition(":")
        pieces.append(Piece(A, 1, wave, wave, state, "2009-11-20", reason=reason))  # type: ignore[arg-type]
    assert may_get(outcome(pieces), kind) is expected


LABELS = [f"{token}.{wave}.1" for token in TOKENS[:4] for wave in (1, 2)]
SCANS = st.lists(
    st.tuples(st.sampled_from(LABELS), st.sampled_from(["", *reasons()]), st.integers(1, 28)), max_size=14
)


class Fold:
    """A ledger in memory: acts become events, and the labels follow them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.pieces = Pieces()
        for wave in (1, 2):
            self.add(names.RUN, {"run": wave})
            for token in TOKENS[:4]:
                self.add(names.PRINTED, {"token": token, "copy": 1, "run": wave, "wave": wave})
            for piece in list(self.pieces.in_state("printed")):
                self.add(*piece.act("mailed", "2009-11-01"))

    def add(self, kind: str, facts: Mapping[str, Fact]) -> None:
        self.events.append(Event(len(self.events) + 1, "", kind, facts, "", ""))
        self.pieces.follow(self.events[-1:])

    def scan(self, scans: Iterable[tuple[str, str, int]]) -> ScanBatch:
        batch = ScanBatch(self.pieces, "returned", "2009-11-20")
        for row, (label, reason, day) in enumerate(scans, start=1):
            self.add(*batch.act(Scan(row, label, "", f"2009-11-{day:02d}", reason)))
        return batch

    def outcomes(self) -> dict[str, Piece | None]:
        return {token: outcome(self.pieces.of(token)) for token in TOKENS[:4]}


@given(SCANS, st.data())
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_scanners_does_not_matter(
    scans: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    """Labels scanned once each, in any order and by any number of scanners, give the same outcomes."""
    once = list({label: (label, reason, day) for label, reason, day in scans}.values())
    one, other = Fold(), Fold()
    one.scan(once)
    other.scan(data.draw(st.permutations(once)))
    assert one.outcomes() == other.outcomes()
    assert reconcile(one.pieces) == reconcile(other.pieces)


@given(SCANS, st.lists(st.sampled_from(TOKENS[:4]), max_size=8), st.integers(1, 7))
@settings(max_examples=150, deadline=None)
def test_a_replay_in_pieces_gives_the_same_states(
    scans: list[tuple[str, str, int]], undo: list[str], size: int
) -> None:
    """Who follows the ledger now and then knows as much as who reads it at once; nothing is lost."""
    fold = Fold()
    batch = fold.scan(scans)
    for token in undo:
        piece = fold.pieces.last_step(token)
        if piece is not None:
            fold.add(names.UNDONE, {**piece.facts, "state": piece.state, "reason": "x"})
    again, whole = Pieces(), Pieces()
    for start in range(0, len(fold.events), size):
        again.follow(fold.events[start : start + size])
    whole.follow(fold.events)
    assert again.every == whole.every == fold.pieces.every
    assert again.newest == whole.newest
    second = sum(found.code == "second_return" for found in batch.exceptions)
    recorded = sum(event.kind == names.SCANNED for event in fold.events)
    aside = sum(event.kind == names.SET_ASIDE for event in fold.events)
    assert recorded == sum(batch.accepted.values()) + second
    assert recorded + aside == len(scans)
    onces = [event.facts["once"] for event in fold.events if "once" in event.facts]
    assert len(onces) == len(set(onces))


@given(SCANS)
@settings(max_examples=80, deadline=None)
def test_undoing_everything_leads_back_to_the_labels_as_printed(scans: list[tuple[str, str, int]]) -> None:
    fold = Fold()
    fold.scan(scans)
    for token in TOKENS[:4]:
        while (piece := fold.pieces.last_step(token)) is not None:
            fold.add(names.UNDONE, {**piece.facts, "state": piece.state, "reason": "x"})
    assert {piece.state for piece in fold.pieces.every.values()} == {"printed"}
