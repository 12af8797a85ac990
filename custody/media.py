"""Media (媒体): registered sticks by their id, and writing a package to one so that it is whole or not there.

Events: ``medium.added`` (facts medium, of), ``medium.retired`` (medium), ``medium.written`` (medium, sha256,
bytes). ``of`` is the digest of the approval's name for such media, since the ledger holds no free text.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from custody.approval import Approval
from custody.approval_file import plain
from custody.clock import Clock
from custody.errors import ConfigError, InputError, PackageError
from custody.files import is_part, sha256_file, write_whole
from custody.ledger import Ledger
from custody.messages import gettext as _
from custody.package_members import MAX_PACKAGE_BYTES

__all__ = [
    "HasMedia",
    "add_medium",
    "approved_medium",
    "copy_compared",
    "media",
    "put_on_medium",
    "retire_medium",
]

ADDED: Final = "medium.added"
RETIRED: Final = "medium.retired"
WRITTEN: Final = "medium.written"
_ID: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")
_OF_THE_SYSTEM: Final = frozenset(
    {"system volume information", "$recycle.bin", "lost+found", ".trashes", ".fseventsd", ".spotlight-v100"}
)
"""What operating systems put on a stick by themselves."""


class HasMedia(Protocol):
    """What media need of a survey."""

    @property
    def approval_path(self) -> Path:
        """The approval file."""
        ...

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""
        ...

    def ledger(self) -> Ledger:
        """Open the ledger."""
        ...


def media(ledger: Ledger) -> Mapping[str, str]:
    """List the registered media in use.

    Parameters
    ----------
    ledger : Ledger
        The survey's, open.

    Returns
    -------
    mapping of str to str
        Id → digest of the approval's name for it.
    """
    retired = {event.facts["medium"] for event in ledger.events(RETIRED)}
    added = {str(event.facts["medium"]): str(event.facts["of"]) for event in ledger.events(ADDED)}
    return {name: kind for name, kind in added.items() if name not in retired}


def add_medium(survey: HasMedia, medium: str, kind: str) -> None:
    """Register a medium.

    Parameters
    ----------
    survey : HasMedia
        The survey.
    medium : str
        The id written on it, as ``USB-01``: 2 to 32 characters A-Z, 0-9 and -.
    kind : str
        What it is, in the approval's words, as ``USBメモリ``.

    Raises
    ------
    ConfigError
        ``MED-ID``: no such id, or one that is or was in use. ``MED-KIND``: the approval has no such media.
    """
    names = Approval.load(survey.approval_path).media
    if plain(kind) not in {plain(name) for name in names}:
        text = _("The approval names no such media. Allowed: {names}.").format(names=", ".join(names))
        raise ConfigError("MED-KIND", text, hint=_("Use an approved medium, or ask for a new approval."))
    with survey.ledger() as ledger:
        taken = {event.facts["medium"] for event in ledger.events(ADDED)}
        if not _ID.fullmatch(medium) or medium in taken:
            text = _("An id of a medium has 2 to 32 characters A-Z, 0-9 and -, and is used once.")
            raise ConfigError("MED-ID", text, hint=_("Write another id on the medium, as USB-02."))
        ledger.append(ADDED, medium=medium, of=_digest(kind), once=f"medium.{medium}")


def retire_medium(survey: HasMedia, medium: str) -> None:
    """Take a medium out of use, as when it was destroyed or lost; its id is not used again.

    Parameters
    ----------
    survey : HasMedia
        The survey.
    medium : str
        Its id.

    Raises
    ------
    ConfigError
        ``MED-UNKNOWN``: no medium of this id is in use.
    """
    with survey.ledger() as ledger:
        if medium not in media(ledger):
            raise _unknown()
        ledger.append(RETIRED, medium=medium, once=f"medium.end.{medium}")


def approved_medium(survey: HasMedia, medium: str) -> str:
    """Return the approval's word for a medium, which the gate asks for.

    Parameters
    ----------
    survey : HasMedia
        The survey.
    medium : str
        A registered id, or the approval's word itself.

    Returns
    -------
    str
        The word; what is no registered id comes back as it is, for the gate to judge.
    """
    if not _ID.fullmatch(medium):
        return medium
    with survey.ledger() as ledger:
        kind = media(ledger).get(medium)
    names = Approval.load(survey.approval_path).media if kind is not None else ()
    return next((name for name in names if _digest(name) == kind), medium)


def put_on_medium(survey: HasMedia, package: Path, folder: Path, medium: str) -> Path:
    """Write a package to a registered, empty medium, and compare what lies there with what was sent.

    Parameters
    ----------
    survey : HasMedia
        The survey.
    package : pathlib.Path
        The ``.sp`` file.
    folder : pathlib.Path
        Where the medium is: its drive or mount point.
    medium : str
        Its registered id.

    Returns
    -------
    pathlib.Path
        The package on the medium. The same package again is allowed.

    Raises
    ------
    ConfigError
        ``MED-UNKNOWN``: the medium is not registered, or was retired.
    PackageError
        ``MED-NOT-EMPTY``: other files lie there; ``MED-WRITE``: the medium refuses, was pulled, or gives back
        other bytes. Then no package of this name lies there, and the one here is untouched.
    """
    with survey.ledger() as ledger:
        if medium not in media(ledger):
            raise _unknown()
        data = _read(package)
        _check_empty(folder, package.name, hashlib.sha256(data).hexdigest())
        path = copy_compared(data, folder / package.name)
        ledger.append(WRITTEN, medium=medium, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
    return path


def copy_compared(data: bytes, path: Path) -> Path:
    """Write a file under another name, make it durable, give it its name, read it again and compare.

    Parameters
    ----------
    data : bytes
        The content.
    path : pathlib.Path
        Where to.

    Returns
    -------
    pathlib.Path
        The path.

    Raises
    ------
    PackageError
        ``MED-WRITE``: the medium refuses, was pulled, or gives back other bytes than were written.
    """
    try:
        write_whole(path, data)
        _forget(path)
        same = path.read_bytes() == data
    except InputError as problem:
        raise _cannot(problem.message, path) from None
    except OSError as problem:
        text = _("The file cannot be written ({reason}).").format(reason=type(problem).__name__)
        raise _cannot(text, path) from None
    if not same:
        with suppress(OSError):
            path.unlink()
        raise _cannot(_("The medium gave back other bytes than were written."), path)
    return path


def _forget(path: Path) -> None:
    """Ask the system to read from the medium and not from its memory, where it can be asked."""
    if not hasattr(os, "posix_fadvise"):
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


def _check_empty(folder: Path, name: str, digest: str) -> None:
    """Refuse a medium with other files; their names are not repeated, since one may be a person's."""
    try:
        found = [
            one for one in folder.iterdir() if one.name.lower() not in _OF_THE_SYSTEM and not is_part(one)
        ]
        others = [one for one in found if one.name != name or sha256_file(one) != digest]
    except OSError as problem:
        text = _("The medium cannot be read ({reason}).").format(reason=type(problem).__name__)
        raise _cannot(text, folder) from None
    if others:
        kinds = sorted({one.suffix.lower() if one.is_file() else "/" for one in others})
        text = _("The medium is not empty: {count:,} other files or folders ({kinds}).")
        raise PackageError(
            "MED-NOT-EMPTY",
            text.format(count=len(others), kinds=" ".join(kinds)),
            hint=_("Look at what lies there, and use an empty registered medium."),
            file=name,
        )


def _read(package: Path) -> bytes:
    with suppress(OSError):
        if package.stat().st_size <= MAX_PACKAGE_BYTES:
            return package.read_bytes()
    hint = _("Name the .sp file, and check the medium it lies on.")
    raise PackageError("PKG-FILE", _("The package cannot be read."), hint=hint, file=package.name)


def _digest(kind: str) -> str:
    return hashlib.sha256(plain(kind).encode("utf-8")).hexdigest()[:16]


def _unknown() -> ConfigError:
    hint = _("Register it with `hyohon custody medium add`.")
    return ConfigError("MED-UNKNOWN", _("No medium of this id is in use."), hint=hint)


def _cannot(text: str, path: Path) -> PackageError:
    hint = _("The package here is untouched; use another medium, or write to this one again.")
    return PackageError("MED-WRITE", text, hint=hint, file=path.name)
