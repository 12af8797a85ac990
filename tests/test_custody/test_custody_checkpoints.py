"""Signed checkpoints show a ledger whose last events were cut off or whose older backup was put back."""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody import ledger_file as store
from custody import local_disk
from custody.checkpoints import (
    Checkpoint,
    anchors_of,
    checkpoint,
    keep_checkpoint,
    read_anchors,
    survey_checkpoint,
    verify_anchored,
)
from custody.cli import run
from custody.clock import JST, SimulatedClock
from custody.errors import InputError, LedgerError
from custody.keys import KeyStore
from custody.ledger import Head, Ledger
from custody.survey import Survey, create_survey

AT = datetime(2009, 11, 2, 9, tzinfo=JST)
CLOCK = SimulatedClock(AT)


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return create_survey(tmp_path / "survey", training=True, language="en", seed="1", at="2009-11-02T09:00")


def add(survey: Survey, count: int = 3) -> Checkpoint:
    with survey.ledger() as ledger:
        ledger.append_many("label.printed", ({"token": f"7F3K{number}"} for number in range(count)))
    made = survey_checkpoint(survey)
    assert made is not None
    return made


def cut(path: Path, after: int) -> None:
    """Cut the tail off as somebody would who knows SQLite: guards off, change, guards back."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute("DELETE FROM event WHERE seq > ?", (after,))
        for sql in store.TRIGGERS:
            raw.execute(sql)


def test_checkpoint_comes_back_as_it_was_signed(survey: Survey) -> None:
    """A stored line is read back equal, its signature holds, and the short form repeats its beginnings."""
    made = add(survey)
    (back,) = read_anchors(survey.out / "checkpoints.txt", key=survey.keys.public("staff").ed25519)
    assert back == made
    assert back.sound
    assert back.short.split() == ["4", made.hash[:16], made.signature[:8]]
    assert verify_anchored(survey.ledger_path, [back]).head == Head(made.seq, made.hash)


@pytest.mark.parametrize("place", [1, 2, 3, 4, 5, 6])
def test_each_changed_part_of_a_line_is_refused(survey: Survey, place: int) -> None:
    """No part of a stored checkpoint can be changed without the line being refused by its number."""
    add(survey)
    made = add(survey)
    words = made.line.split(" ")
    words[place] = words[place][:-1] + chr(ord(words[place][-1]) ^ 1)
    path = survey.out / "checkpoints.txt"
    first = path.read_text(encoding="ascii").splitlines()[0]
    path.write_text(f"{first}\n{' '.join(words)}\n", encoding="ascii")
    with pytest.raises(InputError, match="LED-CHECKPOINT") as caught:
        read_anchors(path)
    assert caught.value.row == 2


def test_checkpoint_of_another_key_does_not_count(survey: Survey, tmp_path: Path) -> None:
    """A line that somebody else signed rightly is refused where the role's key is known."""
    other = KeyStore(tmp_path / "keys")
    other.create("staff")
    with survey.ledger() as ledger:
        made = checkpoint(ledger.head(), AT, other.signer("staff"))
    path = keep_checkpoint(tmp_path / "other.txt", made)
    assert read_anchors(path) == (made,)
    with pytest.raises(InputError, match="LED-CHECKPOINT"):
        read_anchors(path, key=survey.keys.public("staff").ed25519)


@pytest.mark.parametrize(("kept", "named"), [(3, 4), (4, 7), (6, 7), (0, 4)])
def test_cut_tail_names_the_first_checkpoint_that_does_not_hold(
    survey: Survey, kept: int, named: int
) -> None:
    """Checkpoints stand at events 4, 7 and 10: the first after the cut is the one named."""
    for _number in range(3):
        add(survey)
    cut(survey.ledger_path, kept)
    with pytest.raises(LedgerError, match=rf"LED-ANCHOR.*checkpoint of event {named},"):
        verify_anchored(survey.ledger_path, anchors_of(survey.ledger_path))


def test_older_backup_put_back_is_refused_to_read_as_whole_and_to_append(
    survey: Survey, tmp_path: Path
) -> None:
    """An older copy is a sound chain, but neither verifies nor takes an event; the file stays as it is."""
    add(survey)
    shutil.copy(survey.ledger_path, tmp_path / "old.sqlite")
    add(survey)
    shutil.copy(tmp_path / "old.sqlite", survey.ledger_path)
    with pytest.raises(LedgerError, match=r"LED-ANCHOR.*event 7"):
        verify_anchored(survey.ledger_path, anchors_of(survey.ledger_path))
    with pytest.raises(LedgerError, match="LED-BEHIND"):
        survey.ledger()
    assert verify_anchored(survey.ledger_path, ()).events == 4
    assert run(["custody", "verify", str(survey.folder)]) == 1


def test_other_history_of_the_same_length_is_refused(survey: Survey) -> None:
    """A chain written anew after the cut, as long as before, does not hold the old checkpoint."""
    add(survey)
    line = (survey.out / "checkpoints.txt").read_bytes()
    cut(survey.ledger_path, 1)
    (survey.out / "checkpoints.txt").unlink()
    with survey.ledger() as ledger:
        ledger.append_many("label.printed", ({"token": f"9X{number}"} for number in range(3)))
    (survey.out / "checkpoints.txt").write_bytes(line)
    with pytest.raises(LedgerError, match=r"LED-ANCHOR.*event 4"):
        verify_anchored(survey.ledger_path, anchors_of(survey.ledger_path))
    with pytest.raises(LedgerError, match="LED-BEHIND"):
        survey.ledger()


def test_anchors_kept_elsewhere_count_too(
    survey: Survey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the survey's own checkpoints gone, those at another office still show the cut."""
    add(survey)
    add(survey)
    away = shutil.move(survey.out / "checkpoints.txt", tmp_path / "council.txt")
    command = ["custody", "verify", str(survey.folder)]
    assert run([*command, "--anchors", str(away)]) == 0
    cut(survey.ledger_path, 5)
    assert run(command) == 0
    assert run([*command, "--anchors", str(away)]) == 1
    assert "LED-ANCHOR" in capsys.readouterr().err


def test_emptied_ledger_is_found_with_a_checkpoint(survey: Survey) -> None:
    """A new, empty file in the ledger's place is no new ledger where a checkpoint is known."""
    add(survey)
    survey.ledger_path.unlink()
    survey.ledger_path.touch()
    with pytest.raises(LedgerError, match=r"LED-ANCHOR.*ends at event 0"):
        verify_anchored(survey.ledger_path, anchors_of(survey.ledger_path))
    with pytest.raises(LedgerError, match="LED-BEHIND"):
        survey.ledger()


@pytest.mark.parametrize("spoilt", ["hyohon-checkpoint-v1 x\n", "名前\n", "a b c\n"])
def test_file_of_checkpoints_that_was_spoilt_stops_appending(survey: Survey, spoilt: str) -> None:
    """Where nobody can tell whether the ledger is behind, nothing is added to it."""
    add(survey)
    (survey.out / "checkpoints.txt").write_text(spoilt, encoding="utf-8")
    with pytest.raises(LedgerError, match="LED-BEHIND"):
        survey.ledger()


def test_without_the_staff_key_there_is_no_checkpoint(survey: Survey) -> None:
    """A computer without the private key makes none and says so by None."""
    (survey.keys.folder / "staff.pem").unlink()
    assert survey_checkpoint(survey) is None


@pytest.mark.parametrize(
    ("mounted", "safe"),
    [
        ("ext4", True),
        ("overlay", True),
        ("vfat", False),
        ("exfat", False),
        ("nfs4", False),
        ("cifs", False),
        ("fuse.sshfs", False),
    ],
)
def test_ledger_on_a_network_share_or_fat_stick_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounted: str, safe: bool
) -> None:
    """By the name of the file system of the nearest mount above; reading is still allowed."""
    place = tmp_path / "a share"
    place.mkdir()
    with Ledger.open(place / "ledger.sqlite", CLOCK) as ledger:
        ledger.append("new")
    mounts = tmp_path / "mounts"
    escaped = str(place).replace(" ", "\\040")
    mounts.write_text(f"none / ext4 rw 0 0\n//a/b {escaped} {mounted} rw 0 0\nnone {escaped}2 nfs rw 0 0\n")
    monkeypatch.setattr(local_disk, "MOUNTS", mounts)
    assert local_disk.file_system(place / "x") == mounted
    if safe:
        Ledger.open(place / "ledger.sqlite", CLOCK).close()
    else:
        with pytest.raises(LedgerError, match="LED-DISK"):
            Ledger.open(place / "ledger.sqlite", CLOCK)
    with Ledger.read(place / "ledger.sqlite") as ledger:
        assert ledger.head().seq == 1


def test_checkpoint_before_another_time_has_another_signature() -> None:
    """The instant is part of what is signed."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    one, two = (checkpoint(Head(1, "a" * 64), AT + timedelta(hours=hours), key) for hours in (0, 1))
    assert one.signature != two.signature
    assert one.sound
    assert two.sound
