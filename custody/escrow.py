"""Escrow (予備の鍵): an offline key that opens everything staff hold, for the day a staff key is lost.

The private half lies in a safe, on paper or a medium of its own; ``escrow.public.toml`` beside the keys is
the public half. Where it is there, packages, vault and answers are encrypted to it too.
"""

import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyrage

from custody.errors import HyohonError, InputError, KeyFileError
from custody.files import record_file, recorded_files, write_private, write_whole
from custody.keys import KeyStore
from custody.messages import gettext as _
from custody.packages import open_package

if TYPE_CHECKING:
    import pandas as pd

    from custody.survey import Survey

__all__ = [
    "ESCROW_FILE",
    "Drill",
    "create_escrow",
    "drill",
    "escrow_recipient",
    "read_identity",
    "rewrap",
    "staff_readers",
]

ESCROW_FILE: Final = "escrow.public.toml"
AGE_MAGIC: Final = b"age-encryption.org/v1"
MAX_IDENTITY_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Drill:
    """What an escrow identity opened.

    Parameters
    ----------
    opened, shut : tuple of str
        Files that it opened, and those that it did not, by their place in the survey folder.
    """

    opened: tuple[str, ...]
    shut: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether everything was opened, and there was something."""
        return bool(self.opened) and not self.shut

    def tidy(self) -> "pd.DataFrame":
        """Return one row a file.

        Returns
        -------
        pandas.DataFrame
            Columns file, opened.
        """
        import pandas as pd

        rows = [(name, True) for name in self.opened] + [(name, False) for name in self.shut]
        return pd.DataFrame(rows, columns=["file", "opened"])


def escrow_recipient(keys: KeyStore) -> str:
    """Return the escrow recipient of a survey.

    Parameters
    ----------
    keys : KeyStore
        The survey's keys.

    Returns
    -------
    str
        ``age1...``, empty where none was made.

    Raises
    ------
    KeyFileError
        ``KEY-BAD`` where the file is damaged: nothing is sealed without it in silence.
    """
    path = keys.folder / ESCROW_FILE
    if not path.exists():
        return ""
    try:
        text = str(tomllib.loads(path.read_text(encoding="ascii"))["age"])
        return str(pyrage.x25519.Recipient.from_str(text))
    except (OSError, ValueError, KeyError, pyrage.RecipientError):
        hint = _("Take this file from your backup; without it nothing is encrypted to escrow.")
        raise KeyFileError("KEY-BAD", _("This key file is damaged."), hint=hint, file=path.name) from None


def staff_readers(keys: KeyStore) -> tuple[str, ...]:
    """Return to whom a file that staff hold is encrypted.

    Parameters
    ----------
    keys : KeyStore
        The survey's keys.

    Returns
    -------
    tuple of str
        The staff's age recipient, then the escrow recipient where there is one.
    """
    return tuple(one for one in (keys.recipient("staff"), escrow_recipient(keys)) if one)


def create_escrow(survey: "Survey", place: Path, passphrase: str = "") -> str:
    """Make the escrow pair: the private half goes to a medium, the public half to the keys' folder.

    Parameters
    ----------
    survey : Survey
        The survey.
    place : pathlib.Path
        A new file on a medium that goes into a safe; outside the survey and its keys.
    passphrase : str
        Where given, the file is encrypted with it.

    Returns
    -------
    str
        The escrow recipient.

    Raises
    ------
    KeyFileError
        ``ESC-EXISTS``: there is one already. ``ESC-PLACE``: the file would lie beside what it opens.
        ``KEY-WRITE``: a disk refuses.
    """
    public = survey.keys.folder / ESCROW_FILE
    if public.exists():
        text = _("There is an escrow key already; a second one would open nothing of before.")
        raise KeyFileError("ESC-EXISTS", text, hint=_("Try it with `hyohon custody escrow drill`."))
    inside = (survey.folder.resolve(), survey.keys.folder.resolve())
    if any(folder in place.resolve().parents for folder in inside):
        text = _("The private half of the escrow key may not lie beside what it opens.")
        raise KeyFileError("ESC-PLACE", text, hint=_("Name a file on a medium of its own."), file=place.name)
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    secret = f"# escrow\n# public key: {recipient}\n{identity}\n".encode("ascii")
    try:
        write_private(place, bytes(pyrage.passphrase.encrypt(secret, passphrase)) if passphrase else secret)
        write_private(public, f'role = "escrow"\nage = "{recipient}"\n'.encode("ascii"))
    except InputError as problem:
        raise KeyFileError("KEY-WRITE", problem.message, hint=problem.hint, file=problem.file) from None
    with survey.ledger() as ledger:
        ledger.append("escrow.made", recipient=recipient, passphrase=bool(passphrase))
    return recipient


def read_identity(path: Path, ask: Callable[[], str]) -> str:
    """Read an age identity, asking for the pass phrase where its file is encrypted with one.

    Parameters
    ----------
    path : pathlib.Path
        The file of the private half.
    ask : callable
        Returns the pass phrase; called once, and only where one is needed.

    Returns
    -------
    str
        ``AGE-SECRET-KEY-1...``

    Raises
    ------
    KeyFileError
        ``ESC-PASSPHRASE``: the pass phrase is wrong, or the file was damaged (which of them is not said).
        ``ESC-IDENTITY``: it cannot be read or holds no identity.
    """
    hint = _("Take the medium from the safe and name the file on it.")
    refusal = KeyFileError("ESC-IDENTITY", _("This file holds no escrow key."), hint=hint, file=path.name)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_IDENTITY_BYTES)
    except OSError:
        raise refusal from None
    if data.startswith(AGE_MAGIC):
        try:
            data = bytes(pyrage.passphrase.decrypt(data, ask()))
        except (pyrage.DecryptError, ValueError):
            text = _("The escrow key does not open with this pass phrase.")
            raise KeyFileError("ESC-PASSPHRASE", text, hint=_("Enter it again."), file=path.name) from None
    lines = [line.strip() for line in data.decode("ascii", errors="replace").splitlines()]
    found = [line for line in lines if line.startswith("AGE-SECRET-KEY-1")]
    try:
        pyrage.x25519.Identity.from_str(found[0])
    except (IndexError, pyrage.IdentityError):
        raise refusal from None
    return found[0]


def drill(survey: "Survey", identity: str, more: Iterable[Path] = ()) -> Drill:
    """Open everything of a survey with the escrow identity, in memory, and write the counts to the ledger.

    Parameters
    ----------
    survey : Survey
        The survey.
    identity : str
        From `read_identity`.
    more : iterable of pathlib.Path
        Packages that lie elsewhere, such as those received.

    Returns
    -------
    Drill
        What was opened and what was not.

    Raises
    ------
    LedgerError
        The ledger cannot be written.
    """
    found: dict[bool, list[str]] = {True: [], False: []}
    for path in (*_held(survey), *more):
        place = path.relative_to(survey.folder).as_posix() if survey.folder in path.parents else path.name
        found[_opens(path, identity)].append(place)
    result = Drill(tuple(found[True]), tuple(found[False]))
    with survey.ledger() as ledger:
        ledger.append("escrow.drill", opened=len(result.opened), shut=len(result.shut))
    return result


def rewrap(survey: "Survey", identity: str) -> Sequence[Path]:
    """Encrypt every file that staff hold anew, to the staff's key of today and to escrow.

    Parameters
    ----------
    survey : Survey
        The survey, with a new staff key where the old one was lost.
    identity : str
        The escrow identity after a loss, or the staff's own once an escrow key was made.

    Returns
    -------
    sequence of pathlib.Path
        The files. Packages stay as they are: seal them again with their hand-over.

    Raises
    ------
    KeyFileError
        ``ESC-SHUT``: a file is not opened by this identity; then none was changed.
    InputError, LedgerError
        A disk refuses.
    """
    to = [pyrage.x25519.Recipient.from_str(one) for one in staff_readers(survey.keys)]
    reader = pyrage.x25519.Identity.from_str(identity)
    paths = [path for path in _held(survey) if path.suffix == ".age"]
    sealed = {path: bytes(pyrage.encrypt(_content(path, reader), to)) for path in paths}
    with survey.ledger() as ledger:
        roles = {place: str(event.facts["role"]) for place, event in recorded_files(ledger).items()}
        for path, data in sealed.items():
            write_whole(path, data)
            place = path.relative_to(survey.folder).as_posix()
            if place in roles:
                record_file(ledger, survey.folder, path, roles[place])
        ledger.append("escrow.rewrap", files=len(sealed))
    return tuple(sealed)


def _content(path: Path, reader: Any) -> bytes:
    try:
        return bytes(pyrage.decrypt(path.read_bytes(), [reader]))
    except (OSError, pyrage.DecryptError):
        text = _("A file does not open with this key; nothing was changed.")
        raise KeyFileError(
            "ESC-SHUT", text, hint=_("Use the other key, or a backup."), file=path.name
        ) from None


def _held(survey: "Survey") -> list[Path]:
    """List the encrypted files of a survey folder, its keys left out."""
    found = [path for end in ("*.age", "*.sp") for path in survey.folder.rglob(end) if path.is_file()]
    return sorted(path for path in found if survey.keys.folder not in path.parents)


def _opens(path: Path, identity: str) -> bool:
    try:
        if path.suffix == ".sp":
            open_package(path, kind=None, identity=identity, escrow=True)
        else:
            _content(path, pyrage.x25519.Identity.from_str(identity))
    except HyohonError:
        return False
    return True
