"""Opening a package: in memory, and nothing given out before every check has passed.

The order is: size, decryption, members, signature, role and kind, addressee, dates, digest and rows, columns.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custody.clock import JST, SystemClock
from custody.errors import PackageError
from custody.keys import public_hex
from custody.messages import gettext as _
from custody.package_columns import columns_fit
from custody.package_manifest import (
    SENDERS,
    Kind,
    Manifest,
    count_rows,
    fingerprint,
    parse_manifest,
    refused,
)
from custody.package_members import MAX_PACKAGE_BYTES, MEMBERS, unpack

__all__ = ["Package", "check_dates", "open_package"]

CLOCKS_APART: Final = timedelta(days=1)
"""How far the clocks of sender and receiver may differ."""


@dataclass(frozen=True, slots=True, repr=False)
class Package:
    """An opened package, in memory only.

    Parameters
    ----------
    manifest : Manifest
        What it says about itself.
    payload : bytes
        The CSV, UTF-8.
    """

    manifest: Manifest
    payload: bytes

    def __repr__(self) -> str:
        return f"Package({self.manifest.kind}, {self.manifest.rows} rows)"


def open_package(
    path: Path | str,
    *,
    kind: Kind | None,
    identity: str,
    verifier: Ed25519PublicKey | None = None,
    now: datetime | None = None,
    escrow: bool = False,
) -> Package:
    """Decrypt a package in memory and give it out when every check has passed.

    Parameters
    ----------
    path : path
        The ``.sp`` file.
    kind : {"labels", "events", "research", "voids"} or None
        What is expected; None takes any.
    identity : str
        The reader's age identity.
    verifier : Ed25519PublicKey, optional
        The sender's key, known beforehand. Without it the key inside the package is used, which shows that
        the package is whole but not who sent it; compare ``manifest.sender`` then by other means.
    now : datetime.datetime, optional
        The receiver's clock. Default: the computer's for a real survey; in training, dates are not checked.
    escrow : bool
        Open it with the escrow identity, in a drill or after a loss of keys, also when it has expired.

    Returns
    -------
    Package
        Manifest and payload; nothing was written to disk.

    Raises
    ------
    PackageError
        ``PKG-FILE``, ``PKG-SIZE``, ``PKG-KEY``, ``PKG-DECRYPT``, ``PKG-MEMBERS``, ``PKG-SIGNATURE``,
        ``PKG-MANIFEST``, ``PKG-KIND``, ``PKG-ROLE``, ``PKG-RECIPIENT``, ``PKG-EXPIRED``, ``PKG-CLOCK``,
        ``PKG-DIGEST`` or ``PKG-COLUMNS``: the first check that fails.

    Notes
    -----
    Whether a package was used before is asked by `custody.package_receipts.receive`, which has the
    receiver's ledger.
    """
    path = Path(path)
    reader = _identity(identity)
    members = unpack(_decrypt(_read(path), reader, path.name), path.name)
    text, signature, payload = (members[name] for name in MEMBERS)
    manifest = _verified(text, signature, verifier, path.name)
    _check_parties(manifest, kind, str(reader.to_public()), path.name, escrow=escrow)
    if not escrow:
        check_dates(manifest, now, path.name)
    _check_payload(manifest, payload, path.name)
    return Package(manifest, payload)


def check_dates(manifest: Manifest, now: datetime | None, name: str) -> None:
    """Refuse a package that has expired, or was made later than the receiver's clock shows.

    Parameters
    ----------
    manifest : Manifest
        Of the package.
    now : datetime.datetime or None
        As in `open_package`.
    name : str
        Name of the package, for messages.

    Raises
    ------
    PackageError
        ``PKG-EXPIRED`` or ``PKG-CLOCK``.
    """
    if now is None and manifest.training:
        return
    at = SystemClock().now() if now is None else now.astimezone(JST)
    if at > manifest.expires:
        text = _("The package expired at {at}.").format(at=manifest.expires.isoformat(timespec="seconds"))
        raise refused("PKG-EXPIRED", text, name)
    if not manifest.training and manifest.created - at > CLOCKS_APART:
        text = _("The package was made later than the clock of this computer shows.")
        hint = _("Set the clock right and open it again; where it is right, ask the sender.")
        raise PackageError("PKG-CLOCK", text, hint=hint, file=name)


def _check_parties(manifest: Manifest, kind: Kind | None, reader: str, name: str, *, escrow: bool) -> None:
    if kind is not None and manifest.kind != kind:
        text_kind = _("The package carries {found}, not {wanted}.").format(found=manifest.kind, wanted=kind)
        raise refused("PKG-KIND", text_kind, name)
    if manifest.role != SENDERS[manifest.kind] or manifest.sender.age == reader:
        text = _("The package is signed in the name of a role that may not send it.")
        raise refused("PKG-ROLE", text, name)
    meant = manifest.escrow == reader if escrow else manifest.recipient == fingerprint(reader)
    if not meant:
        raise refused("PKG-RECIPIENT", _("The package is meant for somebody else."), name)


def _check_payload(manifest: Manifest, payload: bytes, name: str) -> None:
    refusal = refused("PKG-DIGEST", _("The content does not agree with the manifest."), name)
    if hashlib.sha256(payload).hexdigest() != manifest.payload_sha256:
        raise refusal
    try:
        rows = count_rows(payload)
    except PackageError:
        raise refusal from None
    if rows != manifest.rows:
        raise refusal
    if not columns_fit(manifest.kind, payload):
        text = _("The content has a column that a package of this kind may not carry.")
        raise refused("PKG-COLUMNS", text, name)


def _verified(text: bytes, signature: bytes, verifier: Ed25519PublicKey | None, name: str) -> Manifest:
    """Parse the manifest once its signature is known to be good (a known key is tried before parsing)."""
    refusal = refused("PKG-SIGNATURE", _("The signature is not the sender's."), name)
    try:
        if verifier is not None:
            verifier.verify(signature, text)
        manifest = parse_manifest(text, name)
        manifest.sender.verifier().verify(signature, text)
    except InvalidSignature:
        raise refusal from None
    if verifier is not None and public_hex(verifier) != manifest.sender.ed25519:
        raise refusal
    return manifest


def _read(path: Path) -> bytes:
    """Read a file that is no longer than a package may be, whatever its directory entry says."""
    try:
        if not path.is_file():
            raise OSError
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read(min(size, MAX_PACKAGE_BYTES) + 1)
    except (OSError, ValueError):
        text, hint = (
            _("The package cannot be read."),
            _("Name the .sp file, and check the medium it lies on."),
        )
        raise PackageError("PKG-FILE", text, hint=hint, file=path.name) from None
    if len(data) > MAX_PACKAGE_BYTES:
        raise refused("PKG-SIZE", _("The file is larger than a package may be."), path.name)
    return data


def _decrypt(data: bytes, reader: Any, name: str) -> bytes:
    try:
        return bytes(pyrage.decrypt(data, [reader]))
    except pyrage.DecryptError:
        text = _("The package cannot be opened with this key, or it was damaged on its way.")
        raise refused("PKG-DECRYPT", text, name) from None


def _identity(identity: str) -> Any:
    try:
        return pyrage.x25519.Identity.from_str(identity)
    except pyrage.IdentityError:
        hint = _("Name the folder that holds your keys.")
        raise PackageError("PKG-KEY", _("This is not an age identity."), hint=hint) from None
