"""The approval (承認): what the council allowed, and the one question "may this be done now?".

An approval file names the legal bases, purpose, sections, items, media, recipients, period, largest sample
and retention. `Approval.permit` answers for one act; everything outside is an `ApprovalError` that says what
was asked, what is allowed and what to do next.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, Self

from custody.approval_file import RECIPIENTS, plain, read_approval, read_file
from custody.approval_signature import check_signature
from custody.clock import JST
from custody.errors import ApprovalError
from custody.exchange_rules import ExchangeRules, read_rules
from custody.legal_bases import NEEDS, bases_named, legal_bases
from custody.messages import gettext as _
from custody.messages import mark

__all__ = ["ACTS", "Approval", "Period", "Permit", "legal_bases"]


@dataclass(frozen=True, slots=True)
class _Rule:
    """What binds one act: its name for people, its time window, the legal bases it needs, who may receive."""

    title: str
    window: Literal["period", "retention"]
    needs: tuple[str, ...] = ("use",)
    receivers: tuple[str, ...] = RECIPIENTS


_RULES: Final[Mapping[str, _Rule]] = MappingProxyType(
    {
        "frame": _Rule(mark("building the frame"), "period"),
        "draw": _Rule(mark("drawing the sample"), "period"),
        "refresh": _Rule(mark("reading the registers again before a mailing"), "period"),
        "hand_over_labels": _Rule(
            mark("handing over labels"), "period", ("use", "outsourcing"), ("contractor",)
        ),
        "hand_over_research": _Rule(
            mark("handing over research data"), "retention", receivers=("researcher",)
        ),
        "answers": _Rule(mark("taking in answers"), "retention"),
    }
)

ACTS: Final = tuple(_RULES)
"""The acts that need a permit."""

_REFUSALS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "APP-PURPOSE": (
            mark("Approval {number} does not cover {act} for the purpose {asked}. Allowed: {allowed}."),
            mark("Use the records for the approved purpose only, or ask for a new approval."),
        ),
        "APP-PERIOD": (
            mark("Approval {number} does not cover {act} at {asked}. Allowed: {allowed}."),
            mark("Work within these days, or ask for a new approval; check the clock of this computer."),
        ),
        "APP-ITEM": (
            mark("Approval {number} does not cover {act} with the item {asked}. Allowed: {allowed}."),
            mark("Leave the item out, or ask for a new approval that names it."),
        ),
        "APP-MEDIA": (
            mark("Approval {number} does not cover {act} on the medium {asked}. Allowed: {allowed}."),
            mark("Use an approved medium, or ask for a new approval that names it."),
        ),
        "APP-N": (
            mark("Approval {number} does not cover {act} for {asked} persons. Allowed: {allowed}."),
            mark("Lower the sample size, or ask for a new approval."),
        ),
        "APP-RECIPIENT": (
            mark("Approval {number} does not cover {act} to {asked}. Allowed: {allowed}."),
            mark("Hand over to an approved recipient only, or ask for a new approval."),
        ),
        "APP-BASIS": (
            mark("Approval {number} gives no legal basis for {act}: {asked} is missing. Allowed: {allowed}."),
            mark("Add the legal basis to the approval once it is granted, word for word as allowed."),
        ),
        "APP-BASIS-DATE": (
            mark(
                "Approval {number} rests for {act} on a law not in force then: {asked}. Allowed: {allowed}."
            ),
            mark("Compare the day of the decision with the paper, and name the law that was in force."),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Permit:
    """Proof that an act was asked for and allowed.

    Parameters
    ----------
    act : str
        One of `ACTS`.
    approval_number : str
        Number of the approval, such as ``"諮問第22号"``.
    approval_sha256 : str
        Digest of the approval file, 64 lower hex digits.
    at : datetime.datetime
        When it was allowed, Asia/Tokyo.
    """

    act: str
    approval_number: str
    approval_sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """Days in Asia/Tokyo, the last one included up to its end.

    Parameters
    ----------
    start, end : datetime.date
        First and last day.

    Examples
    --------
    >>> date(2009, 11, 30) in Period(date(2009, 11, 1), date(2009, 11, 30))
    True
    """

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class _Request:
    """One question to the approval."""

    act: str
    rule: _Rule
    when: datetime
    items: tuple[str, ...]
    media: str | None
    n: int | None
    recipient: str | None
    purpose: str | None


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval, as its file says.

    Parameters
    ----------
    number : str
        Number of the decision.
    decided_on : datetime.date
        Day of the decision.
    legal_bases : tuple of str
        Legal bases, in the words of ``data/legal_bases.toml``; other words open nothing.
    purpose, providing_section, using_section : str
        What for, whose records, who uses them.
    items, media : tuple of str
        Approved items and media, each by name.
    recipients : tuple of str
        From ``"contractor"`` and ``"researcher"``.
    max_n : int
        Largest sample, persons, at least 1.
    retention_until : datetime.date
        Last day for answers and research data, included.
    conditions : tuple of str
        Conditions of the decision.
    period : Period
        Days of use.
    sha256 : str
        Digest of the file's bytes, 64 lower hex digits.
    file : str
        Name of the file.
    supersedes : str
        Number of the earlier approval that it replaces, ``""`` where there is none.
    recipient_keys : mapping of str to tuple of str
        Recipient → the age keys to which a package may be sealed; a recipient not named here: any key.
    exchange : ExchangeRules, optional
        What `custody.exchange_check` holds files to.
    """

    number: str
    decided_on: date
    legal_bases: tuple[str, ...]
    purpose: str
    providing_section: str
    using_section: str
    items: tuple[str, ...]
    media: tuple[str, ...]
    recipients: tuple[str, ...]
    max_n: int
    retention_until: date
    conditions: tuple[str, ...]
    period: Period
    sha256: str
    file: str
    supersedes: str = ""
    recipient_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exchange: ExchangeRules | None = None

    @classmethod
    def load(cls, path: Path | str, *, signed_by: str = "") -> Self:
        """Read an approval file.

        Parameters
        ----------
        path : path
            The TOML file, UTF-8.
        signed_by : str
            Public key (64 lower hex digits) that must have signed the file; ``""``: none need have.

        Returns
        -------
        Approval
            With every field filled.

        Raises
        ------
        ApprovalError
            The file cannot be read, is not signed as asked, or a field is missing, blank, of another kind,
            unknown or too wide.

        Examples
        --------
        >>> from importlib.resources import as_file, files
        >>> with as_file(files("custody") / "data" / "approval_training.toml") as path:
        ...     approval = Approval.load(path)
        >>> approval.number, approval.max_n
        ('諮問第22号（訓練用）', 5000)
        """
        path = Path(path)
        data = read_file(path)
        if signed_by:
            check_signature(path, data, signed_by)
        values = read_approval(data, path.name)
        period = Period(values.pop("period.start"), values.pop("period.end"))
        table = values.pop("exchange")
        rules = read_rules(table, values["items"], path.name) if table is not None else None
        digest = hashlib.sha256(data).hexdigest()
        return cls(**values, exchange=rules, period=period, sha256=digest, file=path.name)

    def permit(
        self,
        act: str,
        *,
        when: datetime,
        items: Collection[str] = (),
        media: str | None = None,
        n: int | None = None,
        recipient: str | None = None,
        purpose: str | None = None,
    ) -> Permit:
        """Ask whether an act is allowed.

        Parameters
        ----------
        act : {"frame", "draw", "refresh", "hand_over_labels", "hand_over_research", "answers"}
            What is to be done.
        when : datetime.datetime
            The instant; without zone it is read as Japan Standard Time.
        items : collection of str
            Names of the items used.
        media : str, optional
            Name of the medium.
        n : int, optional
            Persons drawn or handed over, 0 or more.
        recipient : {"contractor", "researcher"}, optional
            Who receives.
        purpose : str, optional
            What for, in the words of the approval.

        Returns
        -------
        Permit
            When everything asked for is inside the approval.

        Raises
        ------
        ApprovalError
            ``APP-ACT``, ``APP-BASIS``, ``APP-BASIS-DATE``, ``APP-PURPOSE``, ``APP-PERIOD``, ``APP-ITEM``,
            ``APP-MEDIA``, ``APP-N`` or ``APP-RECIPIENT``, whichever comes first.

        Notes
        -----
        Frame, draw, refresh and labels: within the period. Answers and research data: from the period's
        start to `retention_until`. Every act needs a legal basis for the use; labels need one for the
        outsourcing too. Labels go to the contractor only, research data to the researcher only.
        """
        if act not in _RULES:
            text = _("The approval knows no such act. Allowed: {allowed}.").format(allowed=", ".join(ACTS))
            hint = _("Name one of these acts; anything else cannot be approved.")
            raise ApprovalError("APP-ACT", text, hint=hint, file=self.file)
        at = when.replace(tzinfo=JST) if when.tzinfo is None else when.astimezone(JST)
        request = _Request(act, _RULES[act], at, tuple(items), media, n, recipient, purpose)
        for check in (_check_basis, _check_purpose, _check_period, _check_names, _check_n, _check_recipient):
            check(self, request)
        return Permit(act, self.number, self.sha256, at)


def _refusal(approval: Approval, request: _Request, code: str, asked: str, allowed: str) -> ApprovalError:
    text, hint = _REFUSALS[code]
    message = _(text).format(number=approval.number, act=_(request.rule.title), asked=asked, allowed=allowed)
    return ApprovalError(code, message, hint=_(hint), file=approval.file)


def _check_basis(approval: Approval, request: _Request) -> None:
    """Look for each need among the bases named; one must have been law on the day of the decision."""
    named = bases_named(approval.legal_bases)
    for need in request.rule.needs:
        opening = [basis for basis in named if need in basis.opens]
        names = ", ".join(legal_bases()[need])
        if not opening:
            raise _refusal(approval, request, "APP-BASIS", _(NEEDS[need]), names)
        if not any(basis.in_force(approval.decided_on) for basis in opening):
            asked = ", ".join(f"{basis.law} {basis.article}" for basis in opening)
            raise _refusal(approval, request, "APP-BASIS-DATE", asked, names)


def _check_purpose(approval: Approval, request: _Request) -> None:
    if request.purpose is not None and plain(request.purpose) != plain(approval.purpose):
        raise _refusal(approval, request, "APP-PURPOSE", request.purpose, approval.purpose)


def _check_period(approval: Approval, request: _Request) -> None:
    period = approval.period
    if request.rule.window == "retention":
        period = Period(period.start, approval.retention_until)
    if request.when.date() not in period:
        asked = f"{request.when:%Y-%m-%d %H:%M:%S} JST"
        allowed = _("{start} to {end} 23:59:59 JST").format(start=period.start, end=period.end)
        raise _refusal(approval, request, "APP-PERIOD", asked, allowed)


def _check_names(approval: Approval, request: _Request) -> None:
    media = () if request.media is None else (request.media,)
    asked_allowed = (
        ("APP-ITEM", request.items, approval.items),
        ("APP-MEDIA", media, approval.media),
    )
    for code, asked, allowed in asked_allowed:
        known = {plain(name) for name in allowed}
        for name in asked:
            if plain(name) not in known:
                raise _refusal(approval, request, code, name, ", ".join(allowed))


def _check_n(approval: Approval, request: _Request) -> None:
    if request.n is not None and not 0 <= request.n <= approval.max_n:
        allowed = _("up to {n:,}").format(n=approval.max_n)
        raise _refusal(approval, request, "APP-N", f"{request.n:,}", allowed)


def _check_recipient(approval: Approval, request: _Request) -> None:
    """Refuse a recipient outside the approval; an unknown one is not repeated, since it may be a name."""
    asked = request.recipient
    allowed = [role for role in approval.recipients if role in request.rule.receivers]
    if asked is not None and asked not in allowed:
        shown = asked if asked in RECIPIENTS else _("somebody else")
        raise _refusal(approval, request, "APP-RECIPIENT", shown, ", ".join(allowed) or _("nobody"))
