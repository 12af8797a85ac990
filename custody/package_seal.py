"""Sealing a package: checked, signed, encrypted to its addressee and to escrow, written whole, read back."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody.clock import JST
from custody.errors import InputError, PackageError
from custody.files import write_whole
from custody.keys import PublicKeys, public_hex
from custody.messages import gettext as _
from custody.package_columns import columns_fit
from custody.package_manifest import (
    KINDS,
    MAX_MANIFEST_BYTES,
    SCHEMA,
    SENDERS,
    VALID_DAYS,
    FactValue,
    Kind,
    Manifest,
    Origin,
    cannot_seal,
    canonical,
    count_rows,
    fingerprint,
)
from custody.package_members import MAX_MEMBER_BYTES, MEMBERS, pack

__all__ = ["NO_TERMS", "Terms", "seal"]

_MEDIUM_LENGTH: Final = 60


@dataclass(frozen=True, slots=True)
class Terms:
    """What a sender promises of a package beside its content; `custody.package_terms.issue` makes them.

    Parameters
    ----------
    serial : int
        Number in survey and kind, from 1; 0 where none is kept.
    approval : str
        Digest of the approval file, 64 lower hex digits, or empty.
    expires : datetime.datetime, optional
        Last instant at which it may be opened. Default: `VALID_DAYS` after it was sealed.
    medium : str
        What it leaves on, or empty.
    package_id : str
        32 lower hex digits. Default: random.
    """

    serial: int = 0
    approval: str = ""
    expires: datetime | None = None
    medium: str = ""
    package_id: str = ""


NO_TERMS: Final = Terms()


def seal(
    path: Path | str,
    *,
    kind: Kind,
    payload: bytes,
    facts: Mapping[str, FactValue],
    recipient: str,
    signer: Ed25519PrivateKey,
    created: datetime,
    origin: Origin,
    terms: Terms = NO_TERMS,
) -> Manifest:
    """Encrypt and sign a payload for one addressee, and write the package whole.

    Parameters
    ----------
    path : path
        Where the ``.sp`` file goes.
    kind : {"labels", "events", "research", "voids"}
        What it carries.
    payload : bytes
        CSV in UTF-8 with a header line, at most 64 MB.
    facts : mapping
        Texts, whole numbers, true or false, and lists and tables of them.
    recipient : str
        The addressee's age recipient.
    signer : Ed25519PrivateKey
        The sender's signing key.
    created : datetime.datetime
        Aware instant, from the survey's clock.
    origin : Origin
        The survey, the sender's age recipient, and the escrow recipient that can open the package too.
    terms : Terms
        Serial, approval, expiry, medium.

    Returns
    -------
    Manifest
        As sealed.

    Raises
    ------
    PackageError
        ``PKG-SEAL``: the payload is too large, no CSV or has a column that its kind may not carry, it would
        expire before it is made, or a recipient is no age recipient. ``PKG-WRITE``: the disk refuses or gives
        back other bytes than were written; then there is no file of this name.
    """
    if kind not in KINDS:
        raise cannot_seal(_("The kind of a package must be labels, events, research or voids."))
    if len(payload) > MAX_MEMBER_BYTES or len(canonical(facts)) > MAX_MANIFEST_BYTES // 2:
        raise cannot_seal(_("The package is larger than allowed (64 MB)."))
    manifest = _manifest(kind, payload, facts, recipient, signer, created, origin, terms)
    text = manifest.to_json()
    members = dict(zip(MEMBERS, (text, signer.sign(text), payload), strict=True))
    _write(Path(path), _encrypt(pack(members), recipient, origin.escrow))
    return manifest


def _manifest(
    kind: Kind,
    payload: bytes,
    facts: Mapping[str, FactValue],
    recipient: str,
    signer: Ed25519PrivateKey,
    created: datetime,
    origin: Origin,
    terms: Terms,
) -> Manifest:
    rows, at = count_rows(payload), created.astimezone(JST).replace(microsecond=0)
    if not columns_fit(kind, payload):
        raise cannot_seal(_("The content has a column that a package of this kind may not carry."))
    expires = at + timedelta(days=VALID_DAYS) if terms.expires is None else terms.expires.astimezone(JST)
    if expires < at or len(terms.medium) > _MEDIUM_LENGTH:
        raise cannot_seal(_("The package would expire before it is made, or its medium has too long a name."))
    return Manifest(
        kind=kind,
        schema=SCHEMA,
        survey_id=origin.survey_id,
        title=origin.title,
        training=origin.training,
        created=at,
        rows=rows,
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        recipient=fingerprint(recipient),
        sender=PublicKeys(origin.sender_age, public_hex(signer)),
        facts=dict(facts),
        package_id=terms.package_id or os.urandom(16).hex(),
        serial=terms.serial,
        role=SENDERS[kind],
        approval=terms.approval,
        expires=expires.replace(microsecond=0),
        medium=terms.medium,
        escrow=origin.escrow,
    )


def _encrypt(data: bytes, *recipients: str) -> bytes:
    try:
        to = [pyrage.x25519.Recipient.from_str(one) for one in recipients if one]
    except pyrage.RecipientError:
        raise cannot_seal(_("The addressee's key is not an age recipient (age1...).")) from None
    return bytes(pyrage.encrypt(data, to))


def _write(path: Path, data: bytes) -> None:
    """Write the package whole and read it back; one that came back changed is not left there."""
    try:
        write_whole(path, data)
        same = path.read_bytes() == data
    except InputError as problem:
        raise PackageError("PKG-WRITE", problem.message, hint=problem.hint, file=problem.file) from None
    except OSError:
        same = False
    if not same:
        path.unlink(missing_ok=True)
        text = _("The disk gave back other bytes than were written.")
        raise PackageError("PKG-WRITE", text, hint=_("Use another disk or medium."), file=path.name)
