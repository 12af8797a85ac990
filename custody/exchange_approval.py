"""Approvals of exchanges (結合・外部委託): what may pass in files, read from the same kind of TOML file.

A survey's approval (`custody.approval`) must have every field filled. A record of a council often says less;
what it does not say stays out of the file. Such an approval is listed with what it lacks, and opens nothing
until the ward has written it in.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from custody.approval import Period
from custody.approval_file import FIELDS, check_dates, field_value, flat, read_file, superseded
from custody.approval_toml import parsed, plain, refuse_renewal, refuse_unknown
from custody.errors import ApprovalError
from custody.exchange_rules import ExchangeRules, read_rules
from custody.legal_bases import NEEDS, bases_named, legal_bases
from custody.messages import gettext as _

__all__ = ["KINDS", "ExchangeApproval", "consultations", "find_approval", "load_exchange"]

ExchangeKind = Literal["survey", "use", "outsourcing", "linkage"]
KINDS: Final = ("survey", "use", "outsourcing", "linkage")
"""What an approval is of; ``survey`` needs a basis of use, the others one of the same name."""

_NEEDED: Final = ("number", "legal_bases", "purpose", "items", "media", "period.start", "period.end")
_OTHERS: Final = ("kind", "supersedes", "recipients", "recipient_keys", "exchange")


@dataclass(frozen=True, slots=True)
class ExchangeApproval:
    """An approval under which files pass.

    Parameters
    ----------
    number : str
        Number of the decision.
    kind : {"survey", "use", "outsourcing", "linkage"}
        What it is of.
    legal_bases : tuple of str
        As written.
    purpose : str
        What for.
    items, media : tuple of str
        Approved items and media.
    conditions : tuple of str
        Conditions.
    start, end : datetime.date or None
        First and last day; None where the file says none.
    decided_on : datetime.date or None
        Day of the decision.
    supersedes : str
        Number of the earlier approval that it replaces.
    rules : ExchangeRules or None
        What files are held to.
    lacks : tuple of str
        Fields that must still be written in before anything can pass.
    sha256, file : str
        Digest and name of the file.
    """

    number: str
    kind: str
    legal_bases: tuple[str, ...]
    purpose: str
    items: tuple[str, ...]
    media: tuple[str, ...]
    conditions: tuple[str, ...]
    start: date | None
    end: date | None
    decided_on: date | None
    supersedes: str
    rules: ExchangeRules | None
    lacks: tuple[str, ...]
    sha256: str
    file: str

    def in_use(self, day: date, medium: str | None = None) -> Period:
        """Ask whether files may pass on a day, and on a medium.

        Parameters
        ----------
        day : datetime.date
            The day, in Asia/Tokyo.
        medium : str, optional
            Name of the medium, such as ``"MO"``.

        Returns
        -------
        Period
            The approved days.

        Raises
        ------
        ApprovalError
            ``APP-MISSING`` (something must still be written in), ``APP-BASIS``, ``APP-BASIS-DATE``,
            ``APP-PERIOD`` or ``APP-MEDIA``.
        """
        if self.lacks or self.start is None or self.end is None:
            hints = {field.key: field.hint for field in FIELDS}
            hint = _(
                "The record does not say it. Copy the file, write it in from the decision, and name the copy."
            )
            hint = (_(hints[self.lacks[0]]) + " " if self.lacks[0] in hints else "") + hint
            text = _("A field of the approval is missing.")
            raise ApprovalError("APP-MISSING", text, hint=hint, file=self.file, column=self.lacks[0])
        self._check_basis()
        period = Period(self.start, self.end)
        if day not in period:
            text = _("Approval {number} does not cover {day}. Allowed: {start} to {end}.")
            text = text.format(number=self.number, day=day, start=self.start, end=self.end)
            hint = _("Work within these days, or ask for a new approval; check the clock of this computer.")
            raise ApprovalError("APP-PERIOD", text, hint=hint, file=self.file)
        if medium is not None and plain(medium) not in map(plain, self.media):
            text = _("Approval {number} does not cover the medium {asked}. Allowed: {allowed}.")
            text = text.format(number=self.number, asked=medium, allowed=", ".join(self.media))
            hint = _("Use an approved medium, or ask for a new approval that names it.")
            raise ApprovalError("APP-MEDIA", text, hint=hint, file=self.file)
        return period

    def _check_basis(self) -> None:
        need = "use" if self.kind == "survey" else self.kind
        opening = [basis for basis in bases_named(self.legal_bases) if need in basis.opens]
        day = self.decided_on or self.start or date.min
        if not any(basis.in_force(day) for basis in opening):
            code = "APP-BASIS-DATE" if opening else "APP-BASIS"
            text = _("Approval {number} gives no legal basis in force for {need}.")
            hint = _("Allowed: {names}.").format(names=", ".join(legal_bases()[need]))
            text = text.format(number=self.number, need=_(NEEDS[need]))
            raise ApprovalError(code, text, hint=hint, file=self.file, column="legal_bases")


def load_exchange(path: Path | str) -> ExchangeApproval:
    """Read an approval under which files pass; the approval of a survey is read too.

    Parameters
    ----------
    path : path
        The TOML file, UTF-8.

    Returns
    -------
    ExchangeApproval
        With what it lacks.

    Raises
    ------
    ApprovalError
        As `custody.approval.Approval.load`, but for fields that are not there: those are named in `lacks`.
    """
    path = Path(path)
    return _approval(read_file(path), path.name)


def _approval(data: bytes, name: str) -> ExchangeApproval:
    given = flat(parsed(data, name), name)
    refuse_renewal(given, name)
    refuse_unknown(given, (*(field.key for field in FIELDS), *_OTHERS), name)
    kind = given.get("kind", "survey")
    if kind not in KINDS:
        hint = _("Choose one of: {names}.").format(names=", ".join(KINDS))
        text = _("There is no such kind of approval.")
        raise ApprovalError("APP-KIND", text, hint=hint, file=name, column="kind")
    values = {f.key: field_value(f, given, name) for f in FIELDS if f.key in given and f.key != "recipients"}
    if "number" not in values or "items" not in values:
        field = next(f for f in FIELDS if f.key == ("items" if "number" in values else "number"))
        text = _("A field of the approval is missing.")
        raise ApprovalError("APP-MISSING", text, hint=_(field.hint), file=name, column=field.key)
    if "period.start" in values and "period.end" in values:
        check_dates(values, name)
    rules, lacking = _rules(given, values["items"], name)
    return _made(kind, values, rules, lacking, given, hashlib.sha256(data).hexdigest(), name)


def _rules(
    given: Mapping[str, Any], items: tuple[str, ...], name: str
) -> tuple[ExchangeRules | None, list[str]]:
    """Read the rules; of what may come once, days that are not said are named instead of refused."""
    table = given.get("exchange")
    if table is None:
        return None, ["exchange"]
    days = ("validity_days", "grace_days", "memory_days")
    absent = [f"exchange.{key}" for key in days if isinstance(table, dict) and key not in table]
    if isinstance(table, dict) and "once" in table and absent:
        known = {key: value for key, value in table.items() if key not in ("once", *days)}
        read_rules({**table, **{key: table.get(key, 0) for key in days[:2]}, days[2]: 36_525}, items, name)
        return read_rules(known, items, name), absent
    return read_rules(table, items, name), []


def _made(
    kind: str,
    values: Mapping[str, Any],
    rules: ExchangeRules | None,
    lacking: list[str],
    given: Mapping[str, Any],
    sha256: str,
    name: str,
) -> ExchangeApproval:
    return ExchangeApproval(
        number=values["number"],
        kind=kind,
        legal_bases=values.get("legal_bases", ()),
        purpose=values.get("purpose", ""),
        items=values["items"],
        media=values.get("media", ()),
        conditions=values.get("conditions", ()),
        start=values.get("period.start"),
        end=values.get("period.end"),
        decided_on=values.get("decided_on"),
        supersedes=superseded(values["number"], given, name),
        rules=rules,
        lacks=(*(key for key in _NEEDED if key not in values), *lacking),
        sha256=sha256,
        file=name,
    )


def consultations() -> dict[str, ExchangeApproval]:
    """Read the consultations of the council's record that ship with the toolkit (諮問第22号から第33号).

    Returns
    -------
    dict of str to ExchangeApproval
        Short name, such as ``"28"``, → the approval, in order.

    Examples
    --------
    >>> names = list(consultations())
    >>> names[0], names[-1], len(names)
    ('22', '33', 12)
    """
    folder = files("custody") / "approvals"
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return {one.name.removesuffix(".toml"): _approval(one.read_bytes(), one.name) for one in found}


def find_approval(name: str) -> ExchangeApproval:
    """Find an approval by the short name of a consultation, or by its file.

    Parameters
    ----------
    name : str
        ``"28"``, or the path of a TOML file.

    Returns
    -------
    ExchangeApproval
        The approval.

    Raises
    ------
    ApprovalError
        There is none, or it cannot be read.

    Examples
    --------
    >>> find_approval("28").kind
    'linkage'
    """
    shipped = consultations()
    return shipped[name] if name in shipped else load_exchange(name)
