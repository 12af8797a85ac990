"""Signed checkpoints (照合点) of a ledger: its end at an instant, kept outside it, so a cut tail is seen.

A chain of hashes alone does not show that its last events were cut off, or that an older backup was put back.
A checkpoint says "event 123 had this digest", signed by the role that keeps the ledger. Its short form is
printed; its whole line stands in ``out/checkpoints.txt`` and, better, at another office.

Notes
-----
A line holds, with one blank between, ``hyohon-checkpoint-v1 SEQ HASH AT ROLE KEY SIGNATURE``. The signature
(Ed25519, 128 hex digits) is over the ASCII text before it, without the blank; ``KEY`` is the public key in 64
hex digits, so that ``openssl`` can check a line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from custody import ledger_file as store
from custody.clock import JST
from custody.errors import InputError, LedgerError
from custody.files import write_whole
from custody.keys import public_hex
from custody.ledger import Head, Ledger, LedgerReport, verify_ledger
from custody.messages import gettext as _

if TYPE_CHECKING:
    from custody.survey import Survey

__all__ = [
    "Checkpoint",
    "anchors_of",
    "check_anchors",
    "checkpoint",
    "keep_checkpoint",
    "parse_checkpoint",
    "read_anchors",
    "survey_checkpoint",
    "verify_anchored",
]

MAGIC: Final = "hyohon-checkpoint-v1"
LINE: Final = re.compile(
    MAGIC
    + r" (0|[1-9][0-9]{0,14}) ([0-9a-f]{64}) ([0-9T:.+-]{29}) ([a-z]{1,16}) ([0-9a-f]{64}) ([0-9a-f]{128})"
)
SHORT_HASH: Final = 16
SHORT_SIGNATURE: Final = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed end of a ledger at an instant.

    Parameters
    ----------
    seq : int
        Number of the last event; 0 where there was none.
    hash : str
        Its digest, 64 lower hex digits.
    at : str
        Instant in Asia/Tokyo, ISO 8601 with milliseconds.
    role : str
        Who keeps the ledger and signed.
    key : str
        Public key of the signer, 64 lower hex digits.
    signature : str
        Ed25519, 128 lower hex digits.
    """

    seq: int
    hash: str
    at: str
    role: str
    key: str
    signature: str

    @property
    def line(self) -> str:
        """The whole checkpoint as one line of ASCII, without its end."""
        return f"{self._signed} {self.signature}"

    @property
    def short(self) -> str:
        """What is printed: number, first 16 digits of the digest, first 8 of the signature."""
        return f"{self.seq}  {self.hash[:SHORT_HASH]}  {self.signature[:SHORT_SIGNATURE]}"

    @property
    def sound(self) -> bool:
        """Whether the signature is the key's."""
        try:
            verifier = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.key))
            verifier.verify(bytes.fromhex(self.signature), self._signed.encode("ascii"))
        except (InvalidSignature, ValueError):
            return False
        return True

    @property
    def _signed(self) -> str:
        return _signed_text(self.seq, self.hash, self.at, self.role, self.key)


def _signed_text(seq: int, digest: str, at: str, role: str, key: str) -> str:
    return f"{MAGIC} {seq} {digest} {at} {role} {key}"


def checkpoint(head: Head, at: datetime, signer: Ed25519PrivateKey, role: str = "staff") -> Checkpoint:
    """Sign the end of a ledger.

    Parameters
    ----------
    head : Head
        The end, from `Ledger.head`.
    at : datetime
        When; from the survey's clock.
    signer : Ed25519PrivateKey
        The role's key.
    role : str
        Who signs.

    Returns
    -------
    Checkpoint
        The same head, time and key give the same signature.

    Examples
    --------
    >>> from custody.ledger import Head
    >>> key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    >>> made = checkpoint(Head(7, "ab" * 32), datetime(2009, 11, 2, tzinfo=JST), key)
    >>> made.short[:20], made.sound
    ('7  abababababababab ', True)
    """
    stamp = at.astimezone(JST).isoformat(timespec="milliseconds")
    key = public_hex(signer)
    signature = signer.sign(_signed_text(head.seq, head.hash, stamp, role, key).encode("ascii")).hex()
    return Checkpoint(head.seq, head.hash, stamp, role, key, signature)


def survey_checkpoint(survey: "Survey") -> Checkpoint | None:
    """Sign the end of a survey's ledger with the staff's key and keep the line in ``out/checkpoints.txt``.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    Checkpoint or None
        None where the staff's private key is not on this computer.
    """
    if not survey.keys.has("staff"):
        return None
    with survey.ledger() as ledger:
        head = ledger.head()
    made = checkpoint(head, survey.clock.now(), survey.keys.signer("staff"))
    keep_checkpoint(store.checkpoints_of(survey.ledger_path), made)
    return made


def keep_checkpoint(path: Path | str, made: Checkpoint) -> Path:
    """Add a checkpoint to a file of checkpoints; one that stands there already is not added again.

    Parameters
    ----------
    path : path
        The file; made where there is none.
    made : Checkpoint
        The checkpoint.

    Returns
    -------
    pathlib.Path
        The file, whole on the disk.

    Raises
    ------
    InputError
        The file holds something else, or cannot be written.
    """
    path = Path(path)
    kept = read_anchors(path) if path.exists() else ()
    if made in kept:
        return path
    return write_whole(path, "".join(f"{one.line}\n" for one in (*kept, made)).encode("ascii"))


def parse_checkpoint(line: str) -> Checkpoint | None:
    """Read one line, without checking the signature.

    Parameters
    ----------
    line : str
        As `Checkpoint.line` gives it.

    Returns
    -------
    Checkpoint or None
        None where it is no checkpoint.
    """
    matched = LINE.fullmatch(line.strip())
    return Checkpoint(int(matched[1]), *matched.groups()[1:]) if matched else None


def read_anchors(path: Path | str, *, key: str | None = None) -> tuple[Checkpoint, ...]:
    """Read a file of checkpoints and check every signature.

    Parameters
    ----------
    path : path
        The file; empty lines do not matter.
    key : str, optional
        The only public key that counts; default: the one in each line.

    Returns
    -------
    tuple of Checkpoint
        As they stand in the file.

    Raises
    ------
    InputError
        ``LED-CHECKPOINT``: the file cannot be read, or a line (named) is no checkpoint or signed wrongly.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        raise _no_checkpoint(path.name, None) from None
    found = []
    for row, line in enumerate(lines, start=1):
        if line.strip():
            one = parse_checkpoint(line)
            if one is None or not one.sound or (key is not None and one.key != key):
                raise _no_checkpoint(path.name, row)
            found.append(one)
    return tuple(found)


def _no_checkpoint(name: str, row: int | None) -> InputError:
    return InputError(
        "LED-CHECKPOINT",
        _("This is not a checkpoint of the ledger signed by the role that keeps it."),
        hint=_("Compare it with the printed checkpoint; keep this file and tell the person responsible."),
        file=name,
        row=row,
    )


def anchors_of(
    ledger: Path | str, more: Iterable[Path | str] = (), *, key: str | None = None
) -> tuple[Checkpoint, ...]:
    """Read the checkpoints beside a ledger and those in other files.

    Parameters
    ----------
    ledger : path
        The ledger; its own file of checkpoints need not exist.
    more : iterable of paths
        Files kept elsewhere.
    key : str, optional
        As in `read_anchors`.

    Returns
    -------
    tuple of Checkpoint
        By number.

    Raises
    ------
    InputError
        As in `read_anchors`.
    """
    own = store.checkpoints_of(Path(ledger))
    files = [*([own] if own.exists() else []), *more]
    return tuple(
        sorted((one for file in files for one in read_anchors(file, key=key)), key=lambda one: one.seq)
    )


def verify_anchored(path: Path | str, anchors: Sequence[Checkpoint]) -> LedgerReport:
    """Follow the whole chain and hold it to checkpoints.

    Parameters
    ----------
    path : path
        The ledger; it is only read.
    anchors : sequence of Checkpoint
        From `anchors_of`.

    Returns
    -------
    LedgerReport
        When everything fits.

    Raises
    ------
    LedgerError
        As in `verify_ledger`; ``LED-ANCHOR`` names the first checkpoint that does not hold.
    """
    try:
        report = verify_ledger(path)
    except LedgerError as refusal:
        known = [one for one in anchors if one.seq]
        if refusal.code == "LED-EMPTY" and known:
            raise _not_held(Path(path).name, min(known, key=lambda one: one.seq), 0) from None
        raise
    check_anchors(path, anchors)
    return report


def check_anchors(path: Path | str, anchors: Iterable[Checkpoint]) -> None:
    """Hold a ledger to checkpoints without following its chain.

    Parameters
    ----------
    path : path
        The ledger; it is only read.
    anchors : iterable of Checkpoint
        What must hold.

    Raises
    ------
    LedgerError
        ``LED-ANCHOR`` names the first, by number, that does not hold.
    """
    path = Path(path)
    for one in failing(path, anchors):
        with Ledger.read(path) as ledger:
            raise _not_held(path.name, one, ledger.head().seq)


def failing(path: Path, anchors: Iterable[Checkpoint]) -> Iterator[Checkpoint]:
    """Yield, by number, the checkpoints that a ledger does not hold."""
    try:
        with closing(store.open_to_read(store.existing(path))) as connection:
            for one in sorted(anchors, key=lambda one: one.seq):
                if not store.holds(connection, one.seq, one.hash):
                    yield one
    except store.FAULTS as problem:
        raise store.database_error(path.name, problem) from None


def _not_held(name: str, one: Checkpoint, end: int) -> LedgerError:
    text = _("The ledger (which ends at event {end}) does not hold the checkpoint of event {seq}, {at}.")
    return LedgerError(
        "LED-ANCHOR", text.format(end=end, seq=one.seq, at=one.at), hint=store.report_hint(), file=name
    )
