"""A backup of a ledger is whole though somebody writes; putting it back hides nothing and leaves a trace."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from custody.checkpoints import anchors_of, survey_checkpoint, verify_anchored
from custody.cli import run
from custody.clock import JST, SimulatedClock
from custody.errors import InputError, LedgerError
from custody.ledger import Ledger, verify_ledger
from custody.ledger_backup import RESTORED, backup_ledger, restore_ledger, verify_backup
from custody.survey import Survey, create_survey

AT = datetime(2009, 11, 2, 9, tzinfo=JST)
CLOCK = SimulatedClock(AT)


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return create_survey(tmp_path / "survey", training=True, language="en", seed="1", at="2009-11-02T09:00")


def add(survey: Survey, count: int = 3) -> None:
    with survey.ledger() as ledger:
        ledger.append_many("label.printed", ({"token": f"7F3K{number}"} for number in range(count)))
    assert survey_checkpoint(survey) is not None


def test_backup_holds_what_was_acknowledged_while_the_ledger_is_open(survey: Survey, tmp_path: Path) -> None:
    """Events that are still in the write-ahead log are in the backup, which is one file without a log."""
    add(survey)
    with survey.ledger() as ledger:
        ledger.append("draw", n=3000)
        report = backup_ledger(survey.ledger_path, tmp_path / "b" / "backup.sqlite")
        head = ledger.head()
    assert report.head == head
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["backup.sqlite"]
    assert verify_backup(tmp_path / "b" / "backup.sqlite").head == head


def test_bare_copy_of_a_ledger_in_use_is_refused(survey: Survey, tmp_path: Path) -> None:
    """The copied file alone is a sound but older chain: only the missing log tells, and it is refused."""
    add(survey)
    bare = tmp_path / "copy.sqlite"
    with survey.ledger() as ledger:
        ledger.append("draw", n=3000)
        shutil.copy(survey.ledger_path, bare)
        newest = ledger.head().seq
    assert verify_ledger(bare).events < newest
    for refused in (
        lambda: verify_backup(bare),
        lambda: restore_ledger(bare, survey.ledger_path, CLOCK),
    ):
        with pytest.raises(LedgerError, match=r"LED-BARE.*custody backup"):
            refused()
    assert run(["custody", "verify", str(bare)]) == 1
    assert verify_ledger(survey.ledger_path).events == newest


def test_backup_never_takes_the_place_of_another_file(survey: Survey, tmp_path: Path) -> None:
    """A name that is taken is refused, and the file there is not touched."""
    (tmp_path / "b.sqlite").write_bytes(b"x")
    with pytest.raises(InputError, match="FILE-WRITE"):
        backup_ledger(survey.ledger_path, tmp_path / "b.sqlite")
    assert (tmp_path / "b.sqlite").read_bytes() == b"x"


def test_broken_ledger_makes_no_backup(survey: Survey, tmp_path: Path) -> None:
    """A chain that does not hold is named, and no file stands there afterwards."""
    add(survey)
    with closing(sqlite3.connect(survey.ledger_path, isolation_level=None)) as raw:
        guards = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _sql in guards:
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("UPDATE event SET kind = 'label.mailed' WHERE seq = 3")
        for _name, sql in guards:
            raw.execute(sql)
    (tmp_path / "b").mkdir()
    with pytest.raises(LedgerError, match=r"LED-BROKEN.*event 3"):
        backup_ledger(survey.ledger_path, tmp_path / "b" / "backup.sqlite")
    assert list((tmp_path / "b").iterdir()) == []


def test_newest_backup_comes_back_and_the_act_is_recorded(survey: Survey, tmp_path: Path) -> None:
    """A spoilt ledger is replaced by the backup and one event; the spoilt file is kept as it was."""
    add(survey)
    backup = tmp_path / "backup.sqlite"
    head = backup_ledger(survey.ledger_path, backup).head
    survey.ledger_path.write_bytes(b"spoilt" * 99)
    result = restore_ledger(backup, survey.ledger_path, CLOCK, anchors=anchors_of(survey.ledger_path))
    assert (result.events, result.behind) == (4, 0)
    assert result.aside is not None
    assert result.aside.read_bytes() == b"spoilt" * 99
    assert verify_anchored(survey.ledger_path, anchors_of(survey.ledger_path)).events == 5
    with Ledger.read(survey.ledger_path) as ledger:
        (event,) = ledger.events(RESTORED)
    assert dict(event.facts) == {"events": 4, "head": head.hash, "behind": 0, "missing": 0}


def test_backup_that_is_behind_comes_back_only_where_that_is_said(survey: Survey, tmp_path: Path) -> None:
    """Refused first, nothing changed; said so, the loss is counted in the ledger and still shows outside."""
    add(survey)
    backup = tmp_path / "backup.sqlite"
    backup_ledger(survey.ledger_path, backup)
    add(survey, 5)
    away = shutil.copy(survey.out / "checkpoints.txt", tmp_path / "council.txt")
    before = survey.ledger_path.read_bytes()
    command = ["custody", "restore", str(backup), "--to", str(survey.folder), "--at", "2009-11-03T09:00"]
    assert run(command) == 1
    assert survey.ledger_path.read_bytes() == before
    assert run([*command, "--behind"]) == 0
    with Ledger.read(survey.ledger_path) as ledger:
        (event,) = ledger.events(RESTORED)
    assert (event.seq, event.facts["behind"], event.facts["missing"]) == (5, 1, 5)
    assert run(["custody", "verify", str(survey.folder)]) == 0
    assert run(["custody", "verify", str(survey.folder), "--anchors", str(away)]) == 1
    assert verify_ledger(survey.folder / "ledger.before-restore-1.sqlite").events == 9
    add(Survey.open(survey.folder))


def test_clock_behind_the_backup_changes_nothing(survey: Survey, tmp_path: Path) -> None:
    """What cannot be recorded is not done: the ledger there stays in its place."""
    add(survey)
    backup_ledger(survey.ledger_path, tmp_path / "backup.sqlite")
    before = sorted(path.name for path in survey.folder.iterdir())
    with pytest.raises(LedgerError, match="LED-CLOCK"):
        restore_ledger(tmp_path / "backup.sqlite", survey.ledger_path, SimulatedClock(datetime(2009, 11, 1)))
    assert sorted(path.name for path in survey.folder.iterdir()) == before


def test_backup_is_not_put_under_somebody_who_writes(survey: Survey, tmp_path: Path) -> None:
    """While another program holds the write lock nothing is replaced."""
    add(survey)
    backup = tmp_path / "backup.sqlite"
    backup_ledger(survey.ledger_path, backup)
    with closing(sqlite3.connect(survey.ledger_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="LED-BUSY"):
            restore_ledger(backup, survey.ledger_path, CLOCK)
        other.execute("ROLLBACK")
    assert verify_ledger(survey.ledger_path).events == 4
    assert sorted(path.name for path in survey.folder.glob("*before*")) == []


def test_commands_make_and_check_a_backup(
    survey: Survey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`backup`, `verify FILE`, `checkpoint --to` and `restore` agree with each other."""
    file, kept = str(tmp_path / "backup.sqlite"), str(tmp_path / "council.txt")
    assert run(["custody", "checkpoint", str(survey.folder), "--to", kept]) == 0
    assert (tmp_path / "council.txt").read_bytes() == (survey.out / "checkpoints.txt").read_bytes()
    assert run(["custody", "backup", str(survey.folder), "--to", file]) == 0
    assert run(["custody", "verify", file, "--anchors", kept]) == 0
    assert run(["custody", "restore", file, "--to", str(survey.folder)]) == 0
    assert "ledger.before-restore-1.sqlite" in capsys.readouterr().out
