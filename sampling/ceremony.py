"""The public draw (公開抽選): a commitment first, dice afterwards, and the seed that follows from both.

Staff commit to the frame, the design, the program and a nonce that they keep secret. Then at least two
parties who are not staff throw dice. Commitment, nonce and dice make the seed: staff could not know the dice,
and who throws could not know the nonce. The functions here are pure; what staff do is in
`sampling.ceremony_acts`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Self

import pandas as pd

from custody.errors import InputError, SamplingError
from custody.messages import gettext as _
from sampling.ceremony_design import StratumPlan
from sampling.ceremony_words import fingerprint_words
from sampling.views import html_table

__all__ = [
    "RULE",
    "CeremonyRecord",
    "Commitment",
    "ceremony_seed",
    "check_commitment",
    "commitment_digest",
    "read_commitment",
    "sha256_text",
]

RULE: Final = "hyohon ceremony v1"


@dataclass(frozen=True, slots=True)
class Commitment:
    """What staff have bound themselves to before any dice; all of it is public.

    Parameters
    ----------
    rule : str
        `RULE`.
    commitment : str
        C, 64 hex digits (`commitment_digest`).
    frame_digest : str
        Digest of the frame's person keys and strata, as in the draw certificate.
    design : str
        Canonical JSON of the design and the planned strata (`design_text`).
    design_sha256, program_sha256, nonce_sha256 : str
        Digests of that text, of the program, and of the secret nonce's hex text.
    words : tuple of str
        C's first 64 bits, to be read aloud.
    strata : tuple of StratumPlan
        Ordered by name.
    n : int
        Persons to draw.
    reference_date, knowledge_date : datetime.date
        The two clocks of the frame.
    survey_id, title : str
        The survey.
    training : bool
        Invented people only.
    committed_at : str
        ISO date and time.
    draw_number, attempt : int
        Which draw of the survey; which commitment for it, 1 unless earlier ones were withdrawn.
    """

    rule: str
    commitment: str
    frame_digest: str
    design: str
    design_sha256: str
    program_sha256: str
    nonce_sha256: str
    words: tuple[str, ...]
    strata: tuple[StratumPlan, ...]
    n: int
    reference_date: date
    knowledge_date: date
    survey_id: str = ""
    title: str = ""
    training: bool = False
    committed_at: str = ""
    draw_number: int = 1
    attempt: int = 1

    @property
    def persons(self) -> int:
        """N, persons of the frame."""
        return sum(plan.persons for plan in self.strata)

    def tidy(self) -> pd.DataFrame:
        """Return the planned strata.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, persons, sample (empty with one person a household), reserve.
        """
        return pd.DataFrame([asdict(plan) for plan in self.strata]).astype({"sample": "Int64"})

    def to_json(self) -> str:
        """Write the commitment as JSON.

        Returns
        -------
        str
            Sorted keys, one blank of indentation, one line end at the end.
        """
        values: dict[str, Any] = asdict(self) | {
            name: getattr(self, name).isoformat() for name in ("reference_date", "knowledge_date")
        }
        return json.dumps(values, ensure_ascii=False, sort_keys=True, indent=1) + "\n"

    def __repr__(self) -> str:
        return f"<Commitment {self.commitment[:16]}: {self.n:,} of {self.persons:,} persons>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-commitment")


@dataclass(frozen=True, slots=True)
class CeremonyRecord:
    """A public draw as the certificate keeps it: everything that makes the seed.

    Parameters
    ----------
    rule, commitment : str
        `RULE`, and C.
    frame_digest, design, program_sha256 : str
        As in `Commitment`.
    nonce : str
        The secret of staff, revealed: 64 hex digits.
    entropies : tuple of str
        The dice of each party, digits only, in the order of the sheet.
    words : tuple of str
        C as words.
    """

    rule: str
    commitment: str
    frame_digest: str
    design: str
    program_sha256: str
    nonce: str
    entropies: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def seed(self) -> str:
        """The seed of the draw, 64 hex digits (`ceremony_seed`)."""
        return ceremony_seed(self.commitment, self.nonce, self.entropies)

    def problems(self) -> list[str]:
        """Check that the parts make the commitment.

        Returns
        -------
        list of str
            Names of what does not fit: ``rule``, ``commitment``, ``words``; empty where all does.
        """
        made = commitment_digest(
            self.frame_digest, sha256_text(self.design), self.program_sha256, sha256_text(self.nonce)
        )
        fits = {
            "rule": self.rule == RULE,
            "commitment": self.commitment == made,
            "words": self.words == fingerprint_words(made),
        }
        return [name for name, right in fits.items() if not right]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON takes it.

        Returns
        -------
        dict
            The fields; tuples as lists.
        """
        return asdict(self) | {"entropies": list(self.entropies), "words": list(self.words)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read a record back.

        Parameters
        ----------
        values : mapping
            From `to_dict`.

        Returns
        -------
        CeremonyRecord
            The same record.

        Raises
        ------
        TypeError, KeyError
            A field is missing or unknown.
        """
        return cls(**{**values, "entropies": tuple(values["entropies"]), "words": tuple(values["words"])})


def sha256_text(text: str) -> str:
    """Digest a text.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        SHA-256 of its UTF-8 bytes, 64 lower hex digits.
    """
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def commitment_digest(frame_digest: str, design_sha256: str, program_sha256: str, nonce_sha256: str) -> str:
    """Bind the four digests into one.

    Parameters
    ----------
    frame_digest, design_sha256, program_sha256, nonce_sha256 : str
        64 lower hex digits each.

    Returns
    -------
    str
        C = SHA-256 of the four, joined by ``|``.

    Examples
    --------
    >>> commitment_digest("a", "b", "c", "d") == sha256_text("a|b|c|d")
    True
    """
    return sha256_text("|".join((frame_digest, design_sha256, program_sha256, nonce_sha256)))


def ceremony_seed(commitment: str, nonce: str, entropies: Sequence[str]) -> str:
    """Make the seed of a public draw.

    Parameters
    ----------
    commitment, nonce : str
        64 lower hex digits each.
    entropies : sequence of str
        The dice of each party (`sampling.ceremony_dice.read_dice`), in the order of the sheet.

    Returns
    -------
    str
        SHA-256 of ``"hyohon ceremony v1|" + C + "|" + nonce + "|" + e1 + "|" + e2``, 64 hex digits.

    Examples
    --------
    >>> ceremony_seed("c", "n", ["1", "2"]) == sha256_text("hyohon ceremony v1|c|n|1|2")
    True
    """
    return sha256_text("|".join((RULE, commitment, nonce, *entropies)))


def check_commitment(
    commitment: Commitment, *, frame_digest: str, design_text: str, program_sha256: str
) -> None:
    """Refuse a draw that is not the one that was committed to.

    Parameters
    ----------
    commitment : Commitment
        What was committed to.
    frame_digest, design_text, program_sha256 : str
        What is about to be drawn.

    Raises
    ------
    SamplingError
        ``SAM-CEREMONY-CHANGED``; names which of frame, design and program is another.
    """
    same = {
        _("frame"): commitment.frame_digest == frame_digest,
        _("design"): commitment.design == design_text,
        _("program"): commitment.program_sha256 == program_sha256,
    }
    if others := [name for name, right in same.items() if not right]:
        raise SamplingError(
            "SAM-CEREMONY-CHANGED",
            _("This is not what was committed to; it differs in: {names}.").format(names=", ".join(others)),
            hint=_("Use the files, settings and program of the commitment, or withdraw it with a reason."),
        )


def read_commitment(path: str | Path) -> Commitment:
    """Read a commitment back from JSON.

    Parameters
    ----------
    path : str or pathlib.Path
        ``commitment.json``.

    Returns
    -------
    Commitment
        The same commitment.

    Raises
    ------
    InputError
        The file is not a commitment.
    """
    path = Path(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        strata = tuple(StratumPlan(**plan) for plan in values["strata"])
        dates = {name: date.fromisoformat(values[name]) for name in ("reference_date", "knowledge_date")}
        return Commitment(**{**values, **dates, "strata": strata, "words": tuple(values["words"])})
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            "SAM-CEREMONY-FILE",
            _("This is not the commitment of a public draw."),
            hint=_("Take commitment.json from the backup, or withdraw the commitment with a reason."),
            file=path.name,
        ) from None
