"""A commitment that is stopped, raced, lost or changed is whole, refused, or was never made."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pyrage
import pytest

from custody.errors import InputError, LedgerError, SamplingError
from custody.files import write_whole
from custody.survey import Survey
from sampling import RegisterFiles
from sampling.acts import FrameRun, _build
from sampling.ceremony_acts import commit_draw, open_ceremony, reveal, withdraw_commitment
from sampling.ceremony_store import ceremony_for_draw, commitment_files, nonce_path

E1, E2 = "3141592653589793238462643383279502884197", "2718281828459045235360287471352662497757"
Opened = Callable[[str], Survey]


def kinds(survey: Survey) -> list[str]:
    with survey.ledger() as ledger:
        return [event.kind for event in ledger.events() if event.kind != "file"]


def test_another_secret_is_noticed(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commit_draw(survey, files)
    staff = pyrage.x25519.Recipient.from_str(survey.keys.recipient("staff"))
    sealed = nonce_path(survey).read_bytes()
    for content in (pyrage.encrypt(b"0" * 64, [staff]), sealed[:-1] + bytes([sealed[-1] ^ 1]), b""):
        nonce_path(survey).write_bytes(content)
        with pytest.raises(SamplingError, match="SAM-CEREMONY-NONCE"):
            reveal(survey, (E1, E2))
    nonce_path(survey).unlink()
    with pytest.raises(SamplingError, match="SAM-CEREMONY-NONCE"):
        reveal(survey, (E1, E2))
    assert "reveal" not in kinds(survey)


def test_a_changed_or_lost_commitment_file_is_noticed(opened: Opened, files: RegisterFiles) -> None:
    survey = opened("2009-11-04T09:00")
    commitment = commit_draw(survey, files)
    path = commitment_files(survey)[0]
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(commitment.nonce_sha256, "0" * 64), encoding="utf-8")
    with pytest.raises(InputError, match="SAM-CEREMONY-FILE"):
        open_ceremony(survey)
    path.unlink()
    with pytest.raises(InputError, match="SAM-CEREMONY-FILE"):
        ceremony_for_draw(survey, (E1, E2))
    withdraw_commitment(survey, "file lost")
    assert open_ceremony(survey) is None


def test_a_stop_before_the_event_leaves_no_commitment(
    opened: Opened, files: RegisterFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = opened("2009-11-04T09:00")

    def full(*_given: object) -> None:
        raise LedgerError("LED-DISK", "planted stop", hint="")

    with monkeypatch.context() as planted:
        planted.setattr("custody.ledger._checked", full)
        with pytest.raises(LedgerError):
            commit_draw(survey, files)
    assert "commit" not in kinds(survey)
    assert open_ceremony(survey) is None
    assert commit_draw(survey, files).attempt == 1


def test_of_two_commitments_at_once_one_happens(
    opened: Opened, files: RegisterFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey, barrier = opened("2009-11-04T09:00"), Barrier(2)
    built = _build(survey, files, None)

    def build_together(*_given: object) -> FrameRun:
        barrier.wait(timeout=10)
        return built

    monkeypatch.setattr("sampling.ceremony_acts._build", build_together)

    def commit(_time: int) -> str:
        try:
            return commit_draw(survey, files).commitment
        except SamplingError as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(commit, range(2)), key=len)
    commitment = open_ceremony(survey)
    assert commitment is not None
    assert told == ["SAM-CEREMONY-OPEN", commitment.commitment]
    assert reveal(survey, (E1, E2)).problems() == []


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_a_full_disk_leaves_no_commitment(
    opened: Opened, files: RegisterFiles, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    survey, written = opened("2009-11-04T09:00"), []

    def write(path: Path, content: bytes) -> Path:
        if len(written) == at:
            raise InputError("FILE-WRITE", "planted stop", hint="")
        written.append(path)
        return write_whole(path, content)

    with monkeypatch.context() as planted:
        planted.setattr("sampling.ceremony_store.write_whole", write)
        with pytest.raises(InputError, match="planted"):
            commit_draw(survey, files)
    assert open_ceremony(survey) is None
    assert ceremony_for_draw(survey, ()) is None
    assert commit_draw(survey, files).attempt == 1
    assert reveal(survey, (E1, E2)).problems() == []


def test_a_stop_after_the_event_keeps_the_commitment(
    opened: Opened, files: RegisterFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = opened("2009-11-04T09:00")

    def stop(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as planted:
        planted.setattr("sampling.ceremony_store.record_file", stop)
        with pytest.raises(KeyboardInterrupt):
            commit_draw(survey, files)
    assert open_ceremony(survey) is not None
    assert reveal(survey, (E1, E2)).problems() == []
