"""Backup of a ledger while it is in use, and putting a backup back, which leaves a trace.

Notes
-----
A backup is made by SQLite's online interface and stored without a write-ahead log, so the one file is whole.
A ledger in use has its newest events in ``ledger.sqlite-wal``: a copy of ``ledger.sqlite`` alone lacks them
and looks sound. Such a copy is told from a backup by its header, and refused.
"""

import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custody import ledger_file as store
from custody.checkpoints import Checkpoint, anchors_of, check_anchors, failing
from custody.clock import Clock
from custody.errors import LedgerError
from custody.files import cannot_write, make_folder, sync_folder
from custody.ledger import Ledger, LedgerReport, verify_ledger
from custody.messages import gettext as _

__all__ = ["RESTORED", "Restored", "backup_ledger", "restore_ledger", "verify_backup"]

RESTORED: Final = "ledger.restored"
FORMAT_AT: Final = 18
"""Offset of the write version in the header of an SQLite file: 1 without, 2 with a write-ahead log."""
_WITH_LOG: Final = 2


@dataclass(frozen=True, slots=True)
class Restored:
    """What putting a backup back did.

    Parameters
    ----------
    events : int
        Events of the backup.
    behind : int
        Checkpoints that the backup does not hold.
    aside : pathlib.Path or None
        The ledger that was there before, kept under another name.
    """

    events: int
    behind: int
    aside: Path | None


def backup_ledger(ledger: Path | str, to: Path | str) -> LedgerReport:
    """Copy a ledger to a new file, also while somebody writes to it, and verify the copy.

    Parameters
    ----------
    ledger : path
        The ledger; it is only read.
    to : path
        A new file.

    Returns
    -------
    LedgerReport
        Of the copy.

    Raises
    ------
    LedgerError
        The copy is not whole, or does not hold the checkpoints beside the ledger; then there is no file.
    InputError
        The file exists already or cannot be written.
    """
    ledger, to = store.existing(Path(ledger)), Path(to)
    if to.exists():
        raise cannot_write(to, FileExistsError())
    part = to.with_name(f".{to.name}.part")
    try:
        make_folder(to.parent, 0o777)
        part.unlink(missing_ok=True)
        _copy(ledger, part)
        verify_backup(part)
        check_anchors(part, anchors_of(ledger))
        part.replace(to)
        sync_folder(to.parent)
    except OSError as problem:
        raise cannot_write(to, problem) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return verify_backup(to)


def _copy(ledger: Path, to: Path, *, log: bool = False) -> None:
    """Copy by the online interface into a file with or without a write-ahead log."""
    to.touch(mode=0o600)
    try:
        with closing(store.open_to_read(ledger)) as source, closing(sqlite3.connect(to)) as target:
            target.execute("PRAGMA synchronous=FULL")
            source.backup(target)
            target.execute(f"PRAGMA journal_mode={'WAL' if log else 'DELETE'}")
    except sqlite3.Error as problem:
        raise store.database_error(ledger.name, problem) from None


def verify_backup(path: Path | str) -> LedgerReport:
    """Verify a file made by `backup_ledger`; refuse a bare copy of a ledger that was in use.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    LedgerReport
        When it is whole.

    Raises
    ------
    LedgerError
        ``LED-BARE`` for a bare copy; else as in `verify_ledger`.
    """
    path = store.existing(Path(path))
    with path.open("rb") as stream:
        header = stream.read(FORMAT_AT + 1)
    log = path.with_name(path.name + "-wal")
    whole = log.exists() and log.stat().st_size  # a reader leaves an empty one
    if header[FORMAT_AT : FORMAT_AT + 1] == bytes([_WITH_LOG]) and not whole:
        text = _("This is a bare copy of a ledger in use: its newest events (-wal) are missing.")
        hint = _("Make copies with `hyohon custody backup`.")
        raise LedgerError("LED-BARE", text, hint=hint, file=path.name)
    return verify_ledger(path)


def restore_ledger(
    backup: Path | str,
    ledger: Path | str,
    clock: Clock,
    *,
    anchors: tuple[Checkpoint, ...] = (),
    behind: bool = False,
) -> Restored:
    """Put a backup in a ledger's place and record that; what was there is kept under another name.

    Parameters
    ----------
    backup : path
        A file made by `backup_ledger`.
    ledger : path
        Where the ledger belongs.
    clock : Clock
        The survey's clock.
    anchors : tuple of Checkpoint
        All checkpoints that are known, from `checkpoints.anchors_of`.
    behind : bool
        True: also where the backup lacks events that a checkpoint shows to have been.

    Returns
    -------
    Restored
        How many events came back, and how many checkpoints do not hold.

    Raises
    ------
    LedgerError
        ``LED-ANCHOR`` where the backup is behind and ``behind`` is False, ``LED-BUSY`` where somebody
        writes, or the backup is no whole ledger; then nothing was changed.
    """
    backup, ledger = Path(backup), Path(ledger)
    report = verify_backup(backup)
    lost = tuple(failing(backup, anchors))
    if lost and not behind:
        check_anchors(backup, anchors)
    try:
        with tempfile.TemporaryDirectory(dir=ledger.parent, prefix=".restore-") as folder:
            new = Path(folder) / ledger.name
            _copy(backup, new, log=True)
            with Ledger.open(new, clock) as opened:
                opened.append(RESTORED, **_facts(report, lost))
            aside = _set_aside(ledger, anchors_moved=bool(lost))
            new.replace(ledger)
            sync_folder(ledger.parent)
    except OSError as problem:
        raise cannot_write(ledger, problem) from None
    return Restored(report.events, len(lost), aside)


def _facts(report: LedgerReport, lost: tuple[Checkpoint, ...]) -> dict[str, int | str]:
    last = max((one.seq for one in lost), default=0)
    return {
        "events": report.events,
        "head": report.head.hash,
        "behind": len(lost),
        "missing": max(last - report.events, 0),
    }


def _set_aside(ledger: Path, *, anchors_moved: bool) -> Path | None:
    """Give the ledger that is there, and checkpoints that no longer hold, the next free name."""
    if ledger.exists():
        _ask_for_rest(ledger)
    checkpoints = store.checkpoints_of(ledger)
    number = 1
    while any(_aside(path, number).exists() for path in (ledger, checkpoints)):
        number += 1
    if anchors_moved and checkpoints.exists():
        checkpoints.replace(_aside(checkpoints, number))
    if not ledger.exists():
        return None
    aside = _aside(ledger, number)
    ledger.replace(aside)
    for end in ("-wal", "-shm"):
        beside = ledger.with_name(ledger.name + end)
        if beside.exists():
            beside.replace(aside.with_name(aside.name + end))
    return aside


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}.before-restore-{number}{path.suffix}")


def _ask_for_rest(ledger: Path) -> None:
    """Refuse where another program is writing; a file that is no database has nobody."""
    try:
        with closing(sqlite3.connect(ledger, timeout=1, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as problem:
        refusal = store.database_error(ledger.name, problem)
        if refusal.code == "LED-BUSY":
            raise refusal from None
