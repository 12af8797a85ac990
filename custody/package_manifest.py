"""The manifest of a sealed package: what it says about itself, as the exact bytes that are signed.

Version 2 names package, serial, sender's role, approval, expiry, medium and escrow key. Version 1 has none of
them: it is read, with an identifier made of its bytes and an expiry of `VALID_DAYS` after it was sealed.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from custody.clock import JST
from custody.errors import KeyFileError, PackageError
from custody.keys import PublicKeys
from custody.messages import gettext as _

__all__ = [
    "KINDS",
    "MAX_MANIFEST_BYTES",
    "SCHEMA",
    "SENDERS",
    "VALID_DAYS",
    "FactValue",
    "Kind",
    "Manifest",
    "Origin",
    "Role",
    "cannot_seal",
    "canonical",
    "count_rows",
    "fingerprint",
    "parse_manifest",
    "refused",
]

Kind = Literal["labels", "events", "research", "voids"]
Role = Literal["staff", "contractor"]
FactValue = str | int | bool | list[Any] | dict[str, Any]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SENDERS: Final[Mapping[Kind, Role]] = MappingProxyType(
    {"labels": "staff", "events": "contractor", "research": "staff", "voids": "staff"}
)
"""Who may send a package of each kind; another role's key seals none."""

SCHEMA: Final = "hyohon-package-2"
FIRST_SCHEMA: Final = "hyohon-package-1"
MAX_MANIFEST_BYTES: Final = 1024 * 1024
VALID_DAYS: Final = 400
"""Days that a package may be opened where no approval says how long: a fiscal year and the month after."""

_FIRST_FIELDS: Final = {
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
_FIELDS: Final = _FIRST_FIELDS | {
    "approval": str,
    "escrow": str,
    "expires": str,
    "medium": str,
    "package_id": str,
    "role": str,
    "serial": int,
}
_ID: Final = re.compile(r"[0-9a-f]{32}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


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
    escrow : str
        The survey's escrow recipient (``age1...``), to which every package is encrypted too; empty for none.
    """

    survey_id: str
    title: str
    training: bool
    sender_age: str
    escrow: str = ""


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
    package_id : str
        32 lower hex digits, different for every package.
    serial : int
        Number of the package in its survey and kind, from 1; 0 where none was kept.
    role : {"staff", "contractor"}
        As whom the sender signed.
    approval : str
        Digest of the approval file, 64 lower hex digits; empty where the sender has none.
    expires : datetime.datetime
        Last instant at which it may be opened, Asia/Tokyo.
    medium : str
        What it leaves on: the approval's name of the medium or a registered id; empty where not said.
    escrow : str
        The escrow recipient that can open it too (``age1...``), empty for none.
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
    package_id: str
    serial: int
    role: Role
    approval: str
    expires: datetime
    medium: str
    escrow: str

    @property
    def origin(self) -> Origin:
        """The survey and the sender, as another package of the survey needs them."""
        return Origin(self.survey_id, self.title, self.training, self.sender.age, self.escrow)

    def to_json(self) -> bytes:
        """Write the manifest as the canonical bytes that are signed.

        Returns
        -------
        bytes
            JSON in UTF-8 with sorted keys and no blanks.
        """
        values = {name: getattr(self, name) for name in _FIELDS}
        values["created"] = self.created.isoformat(timespec="seconds")
        values["expires"] = self.expires.isoformat(timespec="seconds")
        values["sender"] = {"age": self.sender.age, "ed25519": self.sender.ed25519}
        values["facts"] = dict(self.facts)
        return canonical(values)


def parse_manifest(text: bytes, name: str) -> Manifest:
    """Read the bytes of a manifest, of either version.

    Parameters
    ----------
    text : bytes
        The member ``manifest.json``.
    name : str
        Name of the package, for messages.

    Returns
    -------
    Manifest
        With every field of its version, each of its type.

    Raises
    ------
    PackageError
        ``PKG-MANIFEST`` where a field is missing, unknown or of another form, or the bytes are not canonical.
    """
    refusal = refused("PKG-MANIFEST", _("The manifest is not of the form that it should have."), name)
    try:
        values = json.loads(text.decode("utf-8"))
        if not isinstance(values, dict) or canonical(values) != text:
            raise refusal
        fields = _FIRST_FIELDS if values.get("schema") == FIRST_SCHEMA else _FIELDS
        if set(values) != set(fields) or any(type(values[key]) is not kind for key, kind in fields.items()):
            raise refusal
        if values["schema"] not in (FIRST_SCHEMA, SCHEMA) or values["kind"] not in KINDS:
            raise refusal
        if values["rows"] < 0:
            raise refusal
        values["sender"] = PublicKeys(**values["sender"])
        values["created"] = datetime.fromisoformat(values["created"]).astimezone(JST)
        if fields is _FIRST_FIELDS:
            return Manifest(**(values | _first_terms(values, text)))
        values["expires"] = datetime.fromisoformat(values["expires"]).astimezone(JST)
        if not _well_formed(values):
            raise refusal
    except (ValueError, TypeError, OverflowError, RecursionError, KeyFileError):
        raise refusal from None
    return Manifest(**values)


def _first_terms(values: Mapping[str, Any], text: bytes) -> dict[str, Any]:
    """Say what a package of version 1 did not say itself."""
    return {
        "package_id": hashlib.sha256(text).hexdigest()[:32],
        "serial": 0,
        "role": SENDERS[values["kind"]],
        "approval": "",
        "expires": values["created"] + timedelta(days=VALID_DAYS),
        "medium": "",
        "escrow": "",
    }


def _well_formed(values: Mapping[str, Any]) -> bool:
    """Check the fields of version 2 for their form; whether they fit the reader is asked later."""
    if not _ID.fullmatch(values["package_id"]) or values["serial"] < 0:
        return False
    if values["approval"] and not _DIGEST.fullmatch(values["approval"]):
        return False
    return values["role"] in get_args(Role) and values["expires"] >= values["created"]


def canonical(values: Mapping[str, Any]) -> bytes:
    """Write a mapping as the one text that stands for it.

    Parameters
    ----------
    values : mapping
        Texts, whole numbers, true or false, and lists and tables of them.

    Returns
    -------
    bytes
        JSON in UTF-8 with sorted keys and no blanks.

    Examples
    --------
    >>> canonical({"b": 1, "a": "練馬"}).decode()
    '{"a":"練馬","b":1}'
    """
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def count_rows(payload: bytes) -> int:
    r"""Count the data rows of a payload.

    Parameters
    ----------
    payload : bytes
        CSV in UTF-8 with a header line.

    Returns
    -------
    int
        Rows without the header.

    Raises
    ------
    PackageError
        ``PKG-SEAL``: it is no such CSV.

    Examples
    --------
    >>> count_rows(b"a,b\n1,2\n")
    1
    """
    try:
        rows = sum(1 for _row in csv.reader(io.StringIO(payload.decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        rows = 0
    if rows == 0:
        raise cannot_seal(_("The content of a package must be CSV in UTF-8 with a header."))
    return rows - 1


def fingerprint(recipient: str) -> str:
    """Digest an age recipient.

    Parameters
    ----------
    recipient : str
        ``age1...``

    Returns
    -------
    str
        SHA-256, 64 lower hex digits.
    """
    return hashlib.sha256(recipient.encode("utf-8")).hexdigest()


def cannot_seal(text: str) -> PackageError:
    """Say why a package cannot be made."""
    return PackageError("PKG-SEAL", text, hint=_("Correct it and make the package again."))


def refused(code: str, text: str, name: str) -> PackageError:
    """Say why a package must not be used."""
    hint = _("Do not use it; ask the sender for a new package by a way other than this file.")
    return PackageError(code, text, hint=hint, file=name)
