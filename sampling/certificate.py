"""The draw certificate (抽出証明書): what anyone needs to run the draw again, and nothing of a person."""

import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pandas as pd

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.ceremony import CeremonyRecord
from sampling.coordination import Coordination
from sampling.views import html_table

__all__ = ["RULE", "DrawCertificate", "HouseholdRecord", "StratumRecord", "read_certificate"]

RULE: Final = "hyohon draw v1"
_UNSAID: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "one_per_household": None,
        "method": "srs",
        "design": "",
        "coordination": None,
        "ceremony": None,
        "reserve_digest": "",
        "checkpoint": "",
    }
)
"""What a certificate does not mention."""


@dataclass(frozen=True, slots=True)
class StratumRecord:
    """One stratum of a draw.

    Parameters
    ----------
    stratum : str
        Its name.
    persons : int
        N_h, persons of the frame in it.
    sample : int
        n_h, persons drawn.
    threshold : str
        h of the last person drawn, 64 hex digits: who has a larger h was not drawn. "" where nobody was.
    households : int, optional
        N'_h, persons in it who were chosen in their households. None: every person could be drawn.
    after : str, optional
        Coordinated draws: the number after which the draw starts on the circle, 64 hex digits ("": zero).
    reserve : int, optional
        Persons in reserve.
    reserve_threshold : str, optional
        h of the last person in reserve (the threshold, where there is none).
    """

    stratum: str
    persons: int
    sample: int
    threshold: str
    households: int | None = None
    after: str | None = None
    reserve: int | None = None
    reserve_threshold: str | None = None


@dataclass(frozen=True, slots=True)
class HouseholdRecord:
    """How one person was chosen in every household before the draw.

    Parameters
    ----------
    rule, key_hex : str
        Name of the rule; SHA-256 of rule and seed, 64 hex digits.
    households : int
        Households of the frame, each person of an institution counted as one.
    largest : int
        More persons of one household number are an institution.
    institutions, institution_persons : int
        Such household numbers, and their persons, who count one by one.
    """

    rule: str
    key_hex: str
    households: int
    largest: int
    institutions: int
    institution_persons: int


@dataclass(frozen=True, slots=True)
class DrawCertificate:
    """A draw, as it can be checked.

    Parameters
    ----------
    rule, version : str
        Name of the rule of the draw; version of this program.
    seed, key_hex : str
        The seed, and SHA-256 of rule and seed, 64 hex digits.
    frame_digest, sample_digest : str
        SHA-256 over the sorted lines ``person_key,stratum``, each with LF, 64 hex digits; with one person a
        household, those of the frame are ``person_key,stratum,household_key``.
    strata : tuple of StratumRecord
        Ordered by name.
    by : tuple of str
        Columns of the strata.
    allocation : str
        ``proportional`` or ``equal``.
    reference_date, knowledge_date : datetime.date
        The two clocks of the frame.
    flow : mapping of str to int
        Rule → persons removed, with ``register`` and ``frame``.
    sources : mapping of str to str
        Register → SHA-256 of its file.
    survey_id, title : str
        The survey; empty for a trial.
    training : bool
        Invented people only.
    approval, approval_sha256 : str
        Number and digest of the approval (承認).
    drawn_at : str
        ISO date and time.
    ledger_seq : int
        Number of the ledger's last event before the draw was recorded.
    ledger_hash : str
        Its digest.
    draw_number : int
        1 for the first draw of the survey; more after a draw was declared void.
    redraw_reason : str
        Why the draw before was declared void; empty for the first.
    one_per_household : HouseholdRecord, optional
        The choice within households. None: there was none, and the certificate does not mention it.
    method : str
        ``srs`` or ``systematic``; the certificate mentions only the latter.
    design : str
        Canonical JSON of what decides the draw besides frame and seed (`StratifiedDesign.facts_text`).
    coordination : Coordination, optional
        How the draw stands to the one before; key_hex then is the permanent key. None: not mentioned.
    ceremony : CeremonyRecord, optional
        Commitment, nonce and dice that made the seed. None: not mentioned.
    reserve_digest : str
        As `sample_digest`, of the persons in reserve; "" (not mentioned) where there are none.
    checkpoint : str
        Signed line of the ledger before the draw (`custody.checkpoints`); "" (not mentioned): not signed.
    """

    rule: str
    version: str
    seed: str
    key_hex: str
    frame_digest: str
    sample_digest: str
    strata: tuple[StratumRecord, ...]
    by: tuple[str, ...]
    allocation: str
    reference_date: date
    knowledge_date: date
    flow: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    survey_id: str = ""
    title: str = ""
    training: bool = False
    approval: str = ""
    approval_sha256: str = ""
    drawn_at: str = ""
    ledger_seq: int = 0
    ledger_hash: str = ""
    draw_number: int = 1
    redraw_reason: str = ""
    one_per_household: HouseholdRecord | None = None
    method: str = "srs"
    design: str = ""
    coordination: Coordination | None = None
    ceremony: CeremonyRecord | None = None
    reserve_digest: str = ""
    checkpoint: str = ""

    @property
    def persons(self) -> int:
        """N, persons of the frame."""
        return sum(record.persons for record in self.strata)

    @property
    def sample(self) -> int:
        """n, persons drawn."""
        return sum(record.sample for record in self.strata)

    @property
    def reserve(self) -> int:
        """Persons in reserve."""
        return sum(record.reserve or 0 for record in self.strata)

    def tidy(self) -> pd.DataFrame:
        """Return the strata.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, persons, sample, threshold, then those of households, after, reserve and
            reserve_threshold that the draw has; ordered by stratum.
        """
        return pd.DataFrame([_said(record) for record in self.strata])

    def to_json(self) -> str:
        """Write the certificate as JSON.

        Returns
        -------
        str
            Sorted keys, one blank of indentation, one line end at the end; the same certificate gives the
            same text.
        """
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        values = {name: value for name, value in values.items() if value != _UNSAID.get(name, ...)}
        values |= {
            "strata": [_said(record) for record in self.strata],
            "flow": dict(self.flow),
            "sources": dict(self.sources),
            "reference_date": self.reference_date.isoformat(),
            "knowledge_date": self.knowledge_date.isoformat(),
        }
        if self.one_per_household is not None:
            values["one_per_household"] = asdict(self.one_per_household)
        if self.coordination is not None:
            values["coordination"] = self.coordination.facts()
        if self.ceremony is not None:
            values["ceremony"] = self.ceremony.to_dict()
        return json.dumps(values, ensure_ascii=False, sort_keys=True, indent=1) + "\n"

    def __repr__(self) -> str:
        return f"<DrawCertificate: {self.sample:,} of {self.persons:,} persons, {len(self.strata)} strata>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-certificate")


def _said(record: StratumRecord) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if value is not None}


def program_version() -> str:
    """Return the version of the installed program.

    Returns
    -------
    str
        Such as ``0.1.0``.
    """
    return importlib.metadata.version("hyohon")


def read_certificate(path: str | Path) -> DrawCertificate:
    """Read a certificate back from JSON.

    Parameters
    ----------
    path : str or pathlib.Path
        A file written by `DrawCertificate.to_json`.

    Returns
    -------
    DrawCertificate
        The same certificate.

    Raises
    ------
    InputError
        The file is not a draw certificate.
    """
    path = Path(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        strata = tuple(StratumRecord(**record) for record in values["strata"])
        dates = {name: date.fromisoformat(values[name]) for name in ("reference_date", "knowledge_date")}
        read: dict[str, Any] = {"strata": strata, "by": tuple(values["by"])}
        if "one_per_household" in values:
            read["one_per_household"] = HouseholdRecord(**values["one_per_household"])
        if "coordination" in values:
            read["coordination"] = Coordination.from_facts(values["coordination"])
        if "ceremony" in values:
            read["ceremony"] = CeremonyRecord.from_dict(values["ceremony"])
        return DrawCertificate(**{**values, **dates, **read})
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            "SAM-CERT-FILE",
            _("This is not a draw certificate."),
            hint=_("Name the file draw-certificate.json."),
            file=path.name,
        ) from None
