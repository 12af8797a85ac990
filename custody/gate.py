"""The gate: every act on personal data asks here first, and the answer enters the ledger.

`permit` loads the survey's approval, asks it, writes the event ``permit`` (facts ``act``, ``approval``) or
``denial`` (facts ``act``, ``code``) and only then lets the act go on. Where the survey names an approval key,
the approval must be signed by it; where the approval names keys of recipients, packages go to those only.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final, Protocol

from custody.approval import ACTS, Approval, Permit
from custody.clock import Clock
from custody.errors import ApprovalError, KeyFileError
from custody.ledger import Ledger
from custody.messages import gettext as _

__all__ = [
    "CARE_CERTIFICATION",
    "CARE_QUALIFICATION",
    "FURIGANA",
    "PAPER",
    "RESIDENT_REGISTER",
    "USB",
    "HasApproval",
    "permit",
]

RESIDENT_REGISTER: Final = "住民基本台帳情報"
CARE_CERTIFICATION: Final = "介護保険認定情報"
CARE_QUALIFICATION: Final = "介護保険資格情報"
FURIGANA: Final = "氏名の振り仮名"
PAPER: Final = "文書"
USB: Final = "USBメモリ"

_KEY_ROLES: Final = {"contractor": "contractor", "researcher": "research"}
"""Recipient → the role whose keys it holds."""


class HasApproval(Protocol):
    """What the gate needs of a survey: its approval, its ledger and its clock."""

    @property
    def approval_path(self) -> Path:
        """The approval file."""
        ...

    @property
    def ledger_path(self) -> Path:
        """The ledger."""
        ...

    @property
    def clock(self) -> Clock:
        """Where the time comes from."""
        ...


def permit(
    survey: HasApproval,
    act: str,
    *,
    items: Collection[str] = (),
    media: str | None = None,
    n: int | None = None,
    recipient: str | None = None,
) -> Permit:
    """Ask for an act, and write the answer into the survey's ledger.

    Parameters
    ----------
    survey : HasApproval
        The survey.
    act : {"frame", "draw", "refresh", "hand_over_labels", "hand_over_research", "answers"}
        What is to be done.
    items : collection of str
        Names of the items used, such as `RESIDENT_REGISTER`.
    media : str, optional
        Name of the medium, such as `USB`.
    n : int, optional
        Persons drawn or handed over.
    recipient : {"contractor", "researcher"}, optional
        Who receives.

    Returns
    -------
    Permit
        When the act is allowed; the ledger holds it already.

    Raises
    ------
    ApprovalError
        The act is outside the approval, or the approval cannot be used; the ledger holds the denial.
    LedgerError
        The ledger cannot be written, or its last event is later than the clock; then nothing is allowed.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import datetime
    >>> from importlib.resources import files
    >>> from types import SimpleNamespace
    >>> from custody.clock import SimulatedClock
    >>> text = files("custody").joinpath("data/approval_training.toml").read_bytes()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place, clock = Path(folder), SimulatedClock(datetime(2009, 11, 2))
    ...     _ = (place / "approval.toml").write_bytes(text)
    ...     survey = SimpleNamespace(
    ...         approval_path=place / "approval.toml", ledger_path=place / "ledger.sqlite", clock=clock
    ...     )
    ...     permit(survey, "draw", items=[RESIDENT_REGISTER], n=3000).at.isoformat()
    '2009-11-02T00:00:00+09:00'
    """
    key = str(getattr(survey, "approval_key", ""))
    with Ledger.open(survey.ledger_path, survey.clock) as ledger:
        try:
            approval = Approval.load(survey.approval_path, signed_by=key)
            granted = approval.permit(
                act,
                when=survey.clock.now(),
                items=items,
                media=media,
                n=n,
                recipient=recipient,
                purpose=getattr(survey, "purpose", "") or None,
            )
            _check_recipient_key(survey, approval, recipient)
        except ApprovalError as refusal:
            ledger.append("denial", act=act if act in ACTS else "unknown", code=refusal.code)
            raise
        signer = {"signer": key} if key else {}
        ledger.append("permit", act=act, approval=granted.approval_sha256, **signer)
    return granted


def _check_recipient_key(survey: HasApproval, approval: Approval, recipient: str | None) -> None:
    """Refuse a package for a key that the approval does not name, where it names any for the recipient."""
    named = approval.recipient_keys.get(recipient or "", ())
    if not named:
        return
    keys = getattr(survey, "keys", None)
    try:
        known = keys is not None and keys.recipient(_KEY_ROLES[str(recipient)]) in named
    except KeyFileError:
        known = False
    if not known:
        text = _("Approval {number} does not name the key of this recipient.").format(number=approval.number)
        hint = _("Compare the key with the paper; a new key needs a new approval or the old one completed.")
        raise ApprovalError("APP-KEY-UNKNOWN", text, hint=hint, file=approval.file)
