"""What goes wrong with ledgers in offices: each ends with exit code 1 and a sentence that helps."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from custody import local_disk
from custody.checkpoints import survey_checkpoint
from custody.cli import run
from custody.errors import LedgerError
from custody.ledger_backup import backup_ledger
from custody.survey import Survey, create_survey

NAME = "練馬　花子"


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    made = create_survey(tmp_path / "survey", training=True, language="en", seed="1", at="2009-11-02T09:00")
    with made.ledger() as ledger:
        ledger.append_many("label.printed", ({"token": f"7F3KTX{number:04}"} for number in range(20)))
    assert survey_checkpoint(made) is not None
    return made


def verify(survey: Survey) -> int:
    return run(["custody", "verify", str(survey.folder)])


def one_byte(survey: Survey) -> None:
    data = survey.ledger_path.read_bytes()
    survey.ledger_path.write_bytes(data.replace(b"7F3KTX0003", b"7F3KTX0093"))


def without_guard(survey: Survey) -> None:
    with closing(sqlite3.connect(survey.ledger_path, isolation_level=None)) as raw:
        (sql,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'event_no_update'").fetchone()
        raw.execute("DROP TRIGGER event_no_update")
        raw.execute("UPDATE event SET facts = replace(facts, 'TX0003', 'TX0093')")
        raw.execute(sql)


@pytest.mark.parametrize("spoil", [one_byte, without_guard])
def test_change_of_an_old_event_is_named_by_its_number(
    survey: Survey, capsys: pytest.CaptureFixture[str], spoil: Callable[[Survey], None]
) -> None:
    """One byte in the file, or one row after a guard was dropped and put back: event 5 is named."""
    assert verify(survey) == 0
    spoil(survey)
    assert verify(survey) == 1
    assert "[LED-BROKEN] The ledger was changed: event 5 " in capsys.readouterr().err


@pytest.mark.parametrize("statement", ["UPDATE event SET kind = 'x' WHERE seq = 5", "DELETE FROM event"])
def test_update_and_delete_by_plain_sql_are_stopped(survey: Survey, statement: str) -> None:
    """The guards in the file stop any program, and the ledger stays whole."""
    refused = pytest.raises(sqlite3.IntegrityError, match="append-only")
    with closing(sqlite3.connect(survey.ledger_path)) as raw, refused:
        raw.execute(statement)
    assert verify(survey) == 0


def test_older_backup_in_its_place_is_neither_whole_nor_added_to(
    survey: Survey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Verify says which checkpoint does not hold; an everyday command is refused and says what to do."""
    backup_ledger(survey.ledger_path, tmp_path / "old.sqlite")
    with survey.ledger() as ledger:
        ledger.append("draw", n=3000)
    assert survey_checkpoint(survey) is not None
    shutil.copy(tmp_path / "old.sqlite", survey.ledger_path)
    assert verify(survey) == 1
    assert "[LED-ANCHOR]" in capsys.readouterr().err
    assert run(["custody", "checkpoint", str(survey.folder)]) == 1
    assert "hyohon custody restore" in capsys.readouterr().err


def test_copy_of_the_database_file_alone_is_refused(
    survey: Survey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``cp ledger.sqlite`` while a scanner is at work lacks the newest scans."""
    with survey.ledger() as ledger:
        ledger.append("label.scanned", token="7F3KTX0001")
        shutil.copy(survey.ledger_path, tmp_path / "copy.sqlite")
    assert run(["custody", "verify", str(tmp_path / "copy.sqlite")]) == 1
    assert "hyohon custody backup" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["vfat", "cifs"])
def test_survey_on_a_stick_or_share_is_not_written_to(
    survey: Survey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    """Writing is refused with the way out; the ledger can still be verified there."""
    (tmp_path / "mounts").write_text(f"x {survey.folder.resolve()} {kind} rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr(local_disk, "MOUNTS", tmp_path / "mounts")
    before = survey.ledger_path.read_bytes()
    assert run(["custody", "checkpoint", str(survey.folder)]) == 1
    assert "disk of this computer" in capsys.readouterr().err
    assert survey.ledger_path.read_bytes() == before
    assert verify(survey) == 0


@pytest.mark.parametrize("name", [NAME, "Nerima Hanako", "TARO,SUZUKI", "090(1234)5678"])
def test_personal_name_does_not_enter_an_event(survey: Survey, name: str) -> None:
    """The writer takes codes and digests only, and does not repeat what it refuses."""
    with survey.ledger() as ledger:
        before = ledger.head()
        with pytest.raises(LedgerError, match="LED-FACT") as caught:
            ledger.append("label.printed", token="7F3KTX0001", name=name)
        assert ledger.head() == before
    assert name not in str(caught.value)
