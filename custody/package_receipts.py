"""What a ledger remembers of packages: the number of each one made, and that each is received once.

Events: ``package.made`` (facts package, of, serial, expires) at the sender, ``package.received`` (facts
package, of, serial, sealed, sender) at the receiver, ``denial`` (act ``package``) for one that was refused.
"""

import os
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final, Protocol

from custody.approval import Approval
from custody.clock import JST, Clock
from custody.errors import LedgerError, PackageError
from custody.ledger import Act, Event, Ledger
from custody.messages import gettext as _
from custody.package_manifest import Kind, Manifest
from custody.package_open import check_dates
from custody.package_seal import Terms

__all__ = ["HasTerms", "issue", "last_instant", "receive", "terms_for"]

MADE: Final = "package.made"
RECEIVED: Final = "package.received"
LABEL_DAYS: Final = 30
"""Days after the period of use in which labels handed over on its last day can still be printed."""
STATES: Final = ("events", "voids")
"""Kinds that each tell the whole state: an older one may not undo a newer one."""


class HasTerms(Protocol):
    """What the terms of a package need of a survey."""

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


def last_instant(kind: Kind, approval: Approval) -> datetime:
    """Return the last instant at which a package may be opened.

    Parameters
    ----------
    kind : {"labels", "events", "research", "voids"}
        What it carries.
    approval : Approval
        The approval.

    Returns
    -------
    datetime.datetime
        23:59:59 in Asia/Tokyo: for labels `LABEL_DAYS` after the period of use and never after retention;
        for others, of the last day of retention.
    """
    day = approval.retention_until
    if kind == "labels":
        day = min(day, approval.period.end + timedelta(days=LABEL_DAYS))
    return datetime.combine(day, time(23, 59, 59), JST)


def terms_for(survey: HasTerms, kind: Kind, medium: str = "") -> Terms:
    """Number a package of staff, and take its dates from the approval.

    Parameters
    ----------
    survey : HasTerms
        The survey; its ledger keeps the number.
    kind : {"labels", "events", "research", "voids"}
        What it carries.
    medium : str
        What it leaves on.

    Returns
    -------
    Terms
        For `custody.packages.seal`.

    Raises
    ------
    ApprovalError, LedgerError
        The approval cannot be read or the ledger not be written.
    """
    approval = Approval.load(survey.approval_path)
    expires = max(last_instant(kind, approval), survey.clock.now())
    with survey.ledger() as ledger:
        return issue(ledger, kind, Terms(0, approval.sha256, expires, medium))


def issue(ledger: Ledger, kind: Kind, terms: Terms) -> Terms:
    """Give a package the next number of its kind, written to the sender's ledger.

    Parameters
    ----------
    ledger : Ledger
        The sender's, open.
    kind : {"labels", "events", "research", "voids"}
        What it carries.
    terms : Terms
        Approval, expiry and medium.

    Returns
    -------
    Terms
        With serial and identifier.

    Raises
    ------
    LedgerError
        The ledger cannot be written.
    """
    package_id = os.urandom(16).hex()

    def decide() -> list[Act]:
        serial = 1 + max((int(one.facts["serial"]) for one in _of(ledger, MADE, kind)), default=0)
        expires = "" if terms.expires is None else terms.expires.isoformat(timespec="seconds")
        return [(MADE, {"package": package_id, "of": kind, "serial": serial, "expires": expires})]

    event = ledger.append_decided(decide)[-1]
    return Terms(int(event.facts["serial"]), terms.approval, terms.expires, terms.medium, package_id)


def receive(
    ledger: Ledger, manifest: Manifest, name: str, *, now: datetime | None = None, once: bool = False
) -> bool:
    """Write down that a package was received, or refuse one that comes again.

    Parameters
    ----------
    ledger : Ledger
        The receiver's, open.
    manifest : Manifest
        Of a package that passed every check of `custody.packages.open_package`.
    name : str
        Name of its file, for messages.
    now : datetime.datetime, optional
        As in `open_package`.
    once : bool
        Refuse the same package a second time also where it is still the newest.

    Returns
    -------
    bool
        True the first time; False for the newest one, read again.

    Raises
    ------
    PackageError
        ``PKG-REPLAY``: the identifier was used by another package, or `once` and it was received before; or,
        of events and voids, a newer one of the same sender was received. ``PKG-EXPIRED``, ``PKG-CLOCK``.
        The ledger holds the denial.
    LedgerError
        The ledger cannot be written.

    Notes
    -----
    Older means sealed earlier and with a lower number: two jobs of one contractor number each on its own,
    and the clock of a training stands still.
    """
    try:
        check_dates(manifest, now, name)
        return _first(ledger, manifest, name, once=once)
    except PackageError as refusal:
        ledger.append("denial", act="package", code=refusal.code)
        raise


def _first(ledger: Ledger, manifest: Manifest, name: str, *, once: bool) -> bool:
    facts = _facts(manifest)

    def decide() -> list[Act]:
        before = list(_of(ledger, RECEIVED, manifest.kind))
        known = [one for one in before if one.facts["package"] == manifest.package_id]
        if known and (once or any(one.facts["content"] != facts["content"] for one in known)):
            raise _again(known[-1].at, name)
        if manifest.kind in STATES:
            newer = [one for one in before if _is_newer(one, manifest)]
            if newer:
                raise _again(newer[-1].at, name)
        return [] if known else [(RECEIVED, facts)]

    try:
        return bool(ledger.append_decided(decide))
    except LedgerError as refusal:
        if refusal.code != "LED-TWICE":
            raise
        raise _again("", name) from None


def _facts(manifest: Manifest) -> dict[str, str | int | bool]:
    return {
        "once": f"package.{manifest.package_id}",
        "package": manifest.package_id,
        "of": manifest.kind,
        "serial": manifest.serial,
        "sealed": manifest.created.isoformat(timespec="seconds"),
        "sender": manifest.sender.ed25519,
        "content": manifest.payload_sha256,
    }


def _is_newer(event: Event, manifest: Manifest) -> bool:
    """Say whether an event tells of a later package of the same sender."""
    if event.facts["sender"] != manifest.sender.ed25519:
        return False
    later = datetime.fromisoformat(str(event.facts["sealed"])) > manifest.created
    return later and int(event.facts["serial"]) > manifest.serial


def _of(ledger: Ledger, kind: str, carried: str) -> Iterator[Event]:
    return (event for event in ledger.events(kind) if event.facts["of"] == carried)


def _again(at: str, name: str) -> PackageError:
    text = _("This package, or a newer one in its place, was received before ({at}).").format(at=at[:19])
    hint = _("Use the newest package; look at `hyohon custody ledger` where you did not expect this.")
    return PackageError("PKG-REPLAY", text, hint=hint, file=name)
