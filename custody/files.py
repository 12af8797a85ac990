"""Files that are whole or not there, and the ledger's record of what was written.

`record_file` writes a file's digest to the ledger of a survey or job folder; `changed_files` later finds the
files that no longer match.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custody.errors import InputError
from custody.ledger import Event, Ledger
from custody.messages import gettext as _

__all__ = [
    "FileState",
    "changed_files",
    "is_part",
    "record_file",
    "recorded_files",
    "sha256_file",
    "write_private",
    "write_whole",
]

FILE_EVENT: Final = "file"
PART: Final = ".part"
PART_SECONDS: Final = 3600
"""A part file older than that was left behind by a crash."""
_CHUNK: Final = 1 << 20
_NOT_FOR_FOLDERS: Final = (errno.EINVAL, errno.ENOTSUP)
"""What some network disks answer where a folder is to be synchronised."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A recorded file and how it is now.

    Parameters
    ----------
    path : str
        Path inside the folder, with forward slashes.
    role : str
        What the file is, such as ``"labels"``.
    seq : int
        The ledger event that recorded it last.
    state : {"same", "changed", "gone"}
        How it compares with the record.
    """

    path: str
    role: str
    seq: int
    state: str


def sha256_file(path: Path | str) -> str:
    """Digest a file without reading it whole.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    str
        SHA-256, 64 lower hex digits.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_whole(path: Path | str, data: bytes) -> Path:
    """Write a file so that a reader sees the old one or the whole new one, also after a power cut.

    Parameters
    ----------
    path : path
        Where to; its folder is made if missing.
    data : bytes
        The content.

    Returns
    -------
    pathlib.Path
        The path.

    Raises
    ------
    InputError
        The disk or folder refuses; then the old file is untouched, or the new one is whole already.

    Notes
    -----
    The content goes to a part file beside it first. One that a crash left behind may hold names; it is
    removed when something is written into its folder an hour later or more.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        make_folder(path.parent, 0o777)
        _write_durably(part, data)
        remove_old_parts(path.parent, part.stat().st_mtime)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as problem:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise cannot_write(path, problem) from None
    return path


def is_part(path: Path | str) -> bool:
    """Say whether a file is one that `write_whole` has not finished, as after a crash.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    bool
        By its name.
    """
    name = Path(path).name
    return name.startswith(".") and name.endswith(PART)


def write_private(path: Path | str, data: bytes) -> Path:
    """Write a new file that only its owner may read (0600 where the platform has it).

    Parameters
    ----------
    path : path
        Where to; an existing file is never overwritten.
    data : bytes
        The content.

    Returns
    -------
    pathlib.Path
        The path.

    Raises
    ------
    InputError
        The file exists already, or the disk refuses.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        make_folder(path.parent, 0o700)
        _write_durably(part, data)
        _name_once(part, path)
        sync_folder(path.parent)
    except OSError as problem:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise cannot_write(path, problem) from None
    return path


def record_file(ledger: Ledger, folder: Path | str, path: Path | str, role: str) -> Event:
    """Record a file's digest in the ledger (event kind ``file``; facts ``role``, ``path``, ``sha256``).

    Parameters
    ----------
    ledger : Ledger
        The open ledger of the folder.
    folder : path
        The survey or job folder.
    path : path
        The file, inside the folder, with an ASCII name.
    role : str
        What the file is, a short ASCII code.

    Returns
    -------
    Event
        The event written.

    Raises
    ------
    LedgerError
        The name is not plain ASCII.
    """
    place = Path(path).resolve().relative_to(Path(folder).resolve()).as_posix()
    return ledger.append(FILE_EVENT, role=role, path=place, sha256=sha256_file(path))


def recorded_files(ledger: Ledger) -> dict[str, Event]:
    """Read the newest record of each file.

    Parameters
    ----------
    ledger : Ledger
        An open ledger.

    Returns
    -------
    dict of str to Event
        Path inside the folder → the last ``file`` event, in order of first recording.
    """
    newest: dict[str, Event] = {}
    for event in ledger.events(FILE_EVENT):
        newest[str(event.facts["path"])] = event
    return newest


def changed_files(ledger: Ledger, folder: Path | str) -> Iterator[FileState]:
    """Compare every recorded file with the disk.

    Parameters
    ----------
    ledger : Ledger
        The open ledger of the folder.
    folder : path
        The survey or job folder.

    Yields
    ------
    FileState
        One for each recorded file, unchanged ones too.
    """
    for place, event in recorded_files(ledger).items():
        path = Path(folder) / place
        if not path.is_file():
            state = "gone"
        else:
            state = "same" if sha256_file(path) == event.facts["sha256"] else "changed"
        yield FileState(place, str(event.facts["role"]), event.seq, state)


def _write_durably(path: Path, data: bytes) -> None:
    """Make a new file, durable; where the disk refuses the content, there is no file."""
    handle = open_new(path)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise


def open_new(path: Path) -> int:
    """Open a new file that only its owner may read."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)


def _name_once(part: Path, path: Path) -> None:
    """Give a whole file its name, never over another file."""
    if os.name != "posix":
        part.rename(path)  # Windows refuses where there is one
        return
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # a medium without hard links, such as a stick
        if path.exists():
            raise FileExistsError(path) from None
        part.rename(path)
    else:
        part.unlink()


def make_folder(folder: Path, mode: int) -> None:
    """Make a folder and those above it, durable."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    for made in missing:
        sync_folder(made.parent)


def remove_old_parts(folder: Path, now: float) -> None:
    """Remove what crashes left behind an hour ago or more."""
    for part in filter(is_part, folder.iterdir()):
        with suppress(OSError):
            if now - part.stat().st_mtime > PART_SECONDS:
                part.unlink()


def sync_folder(folder: Path) -> None:
    """Make the new name durable where the platform lets a folder be synchronised (not Windows)."""
    if os.name != "posix":
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a folder that may be written and not read
        return
    try:
        os.fsync(handle)
    except OSError as problem:
        if problem.errno not in _NOT_FOR_FOLDERS:
            raise
    finally:
        os.close(handle)


def cannot_write(path: Path, problem: OSError) -> InputError:
    """Say that a disk refuses a file, and what to do."""
    if isinstance(problem, FileExistsError):
        text, hint = (
            _("The file exists already and is not overwritten."),
            _("Move it away or choose another name."),
        )
    else:
        text = _("The file cannot be written ({reason}).").format(reason=type(problem).__name__)
        hint = _("Check that the disk is not full and that the folder may be written.")
    return InputError("FILE-WRITE", text, hint=hint, file=path.name)
