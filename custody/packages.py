"""Sealed packages (``.sp``): what goes from one party to another, encrypted and signed.

A package is ``age( zip-stored[ manifest.json, manifest.sig, payload.csv ] )``. It is opened in memory, and
nothing of it is given out before every check has passed: size, decryption, members, signature over the bytes
of the manifest, kind, addressee, digest and number of rows.

Notes
-----
An auditor opens one without this program::

    age -d -i staff.age.txt events.sp > events.zip
    unzip events.zip
    sha256sum payload.csv                       # equals payload_sha256 in manifest.json
    openssl pkeyutl -verify -rawin -pubin -inkey sender.pem -in manifest.json -sigfile manifest.sig

where ``sender.pem`` is the sender's public key: the 32 bytes of ``sender.ed25519`` in ``manifest.json`` after
the fixed 12 bytes ``302a300506032b6570032100``, in base 64 between the usual PEM lines.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from custody.clock import JST
from custody.errors import InputError, KeyFileError, PackageError
from custody.files import write_whole
from custody.keys import PublicKeys, public_hex
from custody.messages import gettext as _

__all__ = ["FactValue", "Kind", "Manifest", "Origin", "Package", "open_package", "seal"]

Kind = Literal["labels", "events", "research", "voids"]
FactValue = str | int | bool | list[Any] | dict[str, Any]

SCHEMA: Final = "hyohon-package-1"
MEMBERS: Final = ("manifest.json", "manifest.sig", "payload.csv")
MAX_MEMBER_BYTES: Final = 64 * 1024 * 1024
MAX_PACKAGE_BYTES: Final = MAX_MEMBER_BYTES + 4 * 1024 * 1024
"""Payload, manifest and the overhead of encryption (16 bytes for each 64 KiB)."""
MAX_MANIFEST_BYTES: Final = 1024 * 1024
_FIELDS: Final = {
    "created": str,
    "facts": dict,
    "kind": str,
    "payload_sha256": str,
    "recipient": str,
    "rows": int,
    "schema": str,
    "sender": dict,
    "survey_id": str,
    "title": str,
    "training": bool,
}


@dataclass(frozen=True, slots=True)
class Origin:
    """Which survey a package belongs to, and who answers it.

    Parameters
    ----------
    survey_id : str
        Identifier of the survey.
    title : str
        Title of the survey.
    training : bool
        True for a survey of invented people (訓練用).
    sender_age : str
        The sender's age recipient, to which an answer is sealed.
    """

    survey_id: str
    title: str
    training: bool
    sender_age: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a package says about itself.

    Parameters
    ----------
    kind : {"labels", "events", "research", "voids"}
        What it carries.
    schema : str
        Version of the format.
    survey_id, title : str
        The survey.
    training : bool
        True for a survey of invented people.
    created : datetime.datetime
        When it was sealed, Asia/Tokyo.
    rows : int
        Data rows of the payload, its header not counted.
    payload_sha256 : str
        Digest of the payload, 64 lower hex digits.
    recipient : str
        SHA-256 of the addressee's age recipient: who opens it is who it was meant for.
    sender : PublicKeys
        The sender's public keys.
    facts : mapping
        Further facts of the kind (title of the letter, waves, strata, ...); no data of persons.
    """

    kind: Kind
    schema: str
    survey_id: str
    title: str
    training: bool
    created: datetime
    rows: int
    payload_sha256: str
    recipient: str
    sender: PublicKeys
    facts: Mapping[str, FactValue]

    @property
    def origin(self) -> Origin:
        """The survey and the sender, as another package of the survey needs them."""
        return Origin(self.survey_id, self.title, self.training, self.sender.age)

    def to_json(self) -> bytes:
        """Write the manifest as the canonical bytes that are signed.

        Returns
        -------
        bytes
            JSON in UTF-8 with sorted keys and no blanks.
        """
        values = {name: getattr(self, name) for name in _FIELDS}
        values["created"] = self.created.isoformat(timespec="seconds")
        values["sender"] = {"age": self.sender.age, "ed25519": self.sender.ed25519}
        values["facts"] = dict(self.facts)
        return _canonical(values)


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
        The survey and the sender's age recipient.

    Returns
    -------
    Manifest
        As sealed.

    Raises
    ------
    PackageError
        The payload is too large or no CSV, the recipient is no age recipient, or the disk refuses.
    """
    if kind not in get_args(Kind):
        raise _cannot_seal(_("The kind of a package must be labels, events, research or voids."))
    if len(payload) > MAX_MEMBER_BYTES or len(_canonical(facts)) > MAX_MANIFEST_BYTES // 2:
        raise _cannot_seal(_("The package is larger than allowed (64 MB)."))
    manifest = Manifest(
        kind=kind,
        schema=SCHEMA,
        survey_id=origin.survey_id,
        title=origin.title,
        training=origin.training,
        created=created.astimezone(JST).replace(microsecond=0),
        rows=_count_rows(payload),
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        recipient=_fingerprint(recipient),
        sender=PublicKeys(origin.sender_age, public_hex(signer)),
        facts=dict(facts),
    )
    text = manifest.to_json()
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
        members = dict(zip(MEMBERS, (text, signer.sign(text), payload), strict=True))
        write_whole(path, pyrage.encrypt(_zip(members), [to]))
    except pyrage.RecipientError:
        raise _cannot_seal(_("The addressee's key is not an age recipient (age1...).")) from None
    except InputError as problem:
        raise PackageError("PKG-WRITE", problem.message, hint=problem.hint, file=problem.file) from None
    return manifest


def open_package(
    path: Path | str, *, kind: Kind, identity: str, verifier: Ed25519PublicKey | None = None
) -> Package:
    """Decrypt a package in memory and give it out when every check has passed.

    Parameters
    ----------
    path : path
        The ``.sp`` file.
    kind : {"labels", "events", "research", "voids"}
        What is expected.
    identity : str
        The reader's age identity.
    verifier : Ed25519PublicKey, optional
        The sender's key, known beforehand. Without it the key inside the package is used, which shows that
        the package is whole but not who sent it; compare ``manifest.sender`` then by other means.

    Returns
    -------
    Package
        Manifest and payload; nothing was written to disk.

    Raises
    ------
    PackageError
        It is not a package, is damaged or changed, is meant for somebody else, is signed by somebody else, or
        carries something else.
    """
    path = Path(path)
    reader = _identity(identity)
    members = _unzip(_decrypt(path, reader), path.name)
    text, signature, payload = (members[name] for name in MEMBERS)
    manifest = _verified(text, signature, verifier, path.name)
    if manifest.kind != kind:
        text_kind = _("The package carries {found}, not {wanted}.").format(found=manifest.kind, wanted=kind)
        raise _refused("PKG-KIND", text_kind, path.name)
    if manifest.recipient != _fingerprint(str(reader.to_public())):
        raise _refused("PKG-RECIPIENT", _("The package is meant for somebody else."), path.name)
    if (
        hashlib.sha256(payload).hexdigest() != manifest.payload_sha256
        or _count_rows(payload) != manifest.rows
    ):
        raise _refused("PKG-DIGEST", _("The content does not agree with the manifest."), path.name)
    return Package(manifest, payload)


def _verified(text: bytes, signature: bytes, verifier: Ed25519PublicKey | None, name: str) -> Manifest:
    """Parse the manifest once its signature is known to be good (a known key is tried before parsing)."""
    refusal = _refused("PKG-SIGNATURE", _("The signature is not the sender's."), name)
    try:
        if verifier is not None:
            verifier.verify(signature, text)
        manifest = _parse(text, name)
        manifest.sender.verifier().verify(signature, text)
    except InvalidSignature:
        raise refusal from None
    if verifier is not None and public_hex(verifier) != manifest.sender.ed25519:
        raise refusal
    return manifest


def _decrypt(path: Path, reader: Any) -> bytes:
    try:
        if path.stat().st_size > MAX_PACKAGE_BYTES:
            raise _refused("PKG-SIZE", _("The file is larger than a package may be."), path.name)
        data = path.read_bytes()
    except OSError:
        text, hint = (
            _("The package cannot be read."),
            _("Name the .sp file, and check the medium it lies on."),
        )
        raise PackageError("PKG-FILE", text, hint=hint, file=path.name) from None
    try:
        return bytes(pyrage.decrypt(data, [reader]))
    except pyrage.DecryptError:
        text = _("The package cannot be opened with this key, or it was damaged on its way.")
        raise _refused("PKG-DECRYPT", text, path.name) from None


def _identity(identity: str) -> Any:
    try:
        return pyrage.x25519.Identity.from_str(identity)
    except pyrage.IdentityError:
        hint = _("Name the folder that holds your keys.")
        raise PackageError("PKG-KEY", _("This is not an age identity."), hint=hint) from None


def _zip(members: Mapping[str, bytes]) -> bytes:
    """Pack members in their fixed order; the same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in MEMBERS:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            archive.writestr(entry, members[name])
    return buffer.getvalue()


def _unzip(data: bytes, name: str) -> dict[str, bytes]:
    """Take the members out, and refuse any archive that we would not have written byte for byte."""
    refusal = _refused("PKG-MEMBERS", _("The package does not hold exactly the three parts it should."), name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if tuple(entry.filename for entry in entries) != MEMBERS:
                raise refusal
            if any(
                entry.compress_type != zipfile.ZIP_STORED or entry.file_size > len(data) for entry in entries
            ):
                raise refusal
            members = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError, OSError):
        raise refusal from None
    if _zip(members) != data or len(members["manifest.json"]) > MAX_MANIFEST_BYTES:
        raise refusal
    return members


def _parse(text: bytes, name: str) -> Manifest:
    refusal = _refused("PKG-MANIFEST", _("The manifest is not of the form that it should have."), name)
    try:
        values = json.loads(text.decode("utf-8"))
        if not isinstance(values, dict) or set(values) != set(_FIELDS) or _canonical(values) != text:
            raise refusal
        if any(type(values[field]) is not wanted for field, wanted in _FIELDS.items()):
            raise refusal
        if values["schema"] != SCHEMA or values["kind"] not in get_args(Kind) or values["rows"] < 0:
            raise refusal
        sender = PublicKeys(**values["sender"])
        created = datetime.fromisoformat(values["created"]).astimezone(JST)
    except (ValueError, TypeError, RecursionError, KeyFileError):
        raise refusal from None
    return Manifest(**{**values, "sender": sender, "created": created})


def _canonical(values: Mapping[str, Any]) -> bytes:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def _count_rows(payload: bytes) -> int:
    try:
        rows = sum(1 for _row in csv.reader(io.StringIO(payload.decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise _cannot_seal(_("The content of a package must be CSV in UTF-8 with a header.")) from None
    if rows == 0:
        raise _cannot_seal(_("The content of a package must be CSV in UTF-8 with a header."))
    return rows - 1


def _fingerprint(recipient: str) -> str:
    return hashlib.sha256(recipient.encode("utf-8")).hexdigest()


def _cannot_seal(text: str) -> PackageError:
    return PackageError("PKG-SEAL", text, hint=_("Correct it and make the package again."))


def _refused(code: str, text: str, name: str) -> PackageError:
    hint = _("Do not use it; ask the sender for a new package by a way other than this file.")
    return PackageError(code, text, hint=hint, file=name)
