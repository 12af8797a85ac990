"""Voids (発送中止): tokens to which nothing may be mailed, with their reasons, encrypted to the staff's key.

The ledger holds counts and the digest of the file; the contractor receives tokens, never a reason.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from custody.errors import SamplingError
from custody.files import sha256_file
from custody.ledger import Event
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.certificate import read_certificate
from sampling.releases import events_since_draw
from sampling.reread import REASONS
from sampling.vault import open_table

__all__ = [
    "VOIDS_COLUMNS",
    "Reading",
    "count_reasons",
    "handed_over",
    "load_voids",
    "readings",
    "refreshes",
    "voids_path",
]

VOIDS_COLUMNS: Final = ("token", "reason", "since", "handed_over")
"""since: day of the extracts that showed it first. handed_over: yes where the contractor has the token."""

Reading = tuple[date, Mapping[str, str]]
"""Day of the extracts, and digest by register."""


def voids_path(survey: Survey) -> Path:
    """Return where the voids of a survey lie, encrypted.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    pathlib.Path
        ``voids.age`` in its folder.
    """
    return survey.folder / "voids.age"


def load_voids(survey: Survey, tokens: "pd.Series[str]", *, repair: bool = False) -> pd.DataFrame:
    """Open the voids of the present draw.

    Parameters
    ----------
    survey : Survey
        The survey, with the staff's keys.
    tokens : pandas.Series of str
        Tokens of everybody in the vault, the reserve too; voids of an earlier draw are left out.
    repair : bool
        True for a refresh: the file may be newer than the ledger, as after a power cut between the two.

    Returns
    -------
    pandas.DataFrame
        Columns `VOIDS_COLUMNS`; empty before the first refresh.

    Raises
    ------
    SamplingError
        The file is gone, cannot be opened, or is not the one that the last refresh recorded.
    """
    done, path = refreshes(survey), voids_path(survey)
    if not done and not (repair and path.is_file()):
        return pd.DataFrame(columns=list(VOIDS_COLUMNS), dtype="str")
    if not path.is_file():
        raise SamplingError(
            "SAM-VOIDS-GONE",
            _("The file of voided tokens is gone: nobody knows any more who must not be mailed."),
            hint=_("Take voids.age from the backup."),
            file=path.name,
        )
    if not repair and sha256_file(path) != done[-1].facts["voids_sha256"]:
        raise SamplingError(
            "SAM-VOIDS-OTHER",
            _("The file of voided tokens is not the one that the last refresh recorded."),
            hint=_("Run `hyohon sampling refresh` again, then hand over."),
            file=path.name,
        )
    table = open_table(path, survey.keys.identity("staff"))
    table = table[table["token"].isin(tokens)].reset_index(drop=True)
    if done and len(table) < int(done[-1].facts["voided"]):
        raise SamplingError(
            "SAM-VOIDS-GONE",
            _("The file of voided tokens is an older one: persons are missing who must not be mailed."),
            hint=_("Take the newest voids.age from the backup."),
            file=path.name,
        )
    return table


def count_reasons(voids: pd.DataFrame) -> dict[str, int]:
    """Count voided persons by reason.

    Parameters
    ----------
    voids : pandas.DataFrame
        From `load_voids`.

    Returns
    -------
    dict of str to int
        Every reason of `sampling.reread.REASONS` → persons.
    """
    counts = voids["reason"].value_counts()
    return {reason: int(counts.get(reason, 0)) for reason in REASONS}


def refreshes(survey: Survey) -> list[Event]:
    """List the refreshes of the present draw.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    list of Event
        Ledger events ``refresh`` after the last draw, in their order.
    """
    return events_since_draw(survey, "refresh")


def handed_over(survey: Survey) -> bool:
    """Say whether the contractor has labels of the present draw.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    bool
        True after `hand_over_labels`.
    """
    return bool(events_since_draw(survey, "hand_over_labels"))


def readings(survey: Survey) -> list[Reading]:
    """List the readings of the registers that decided who is mailed: the draw, then each refresh.

    A frame that was only looked at decides nobody, however new it is.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    list of (datetime.date, mapping of str to str)
        Knowledge date, and digest by register; without the draw where its certificate is gone.

    Raises
    ------
    InputError
        The certificate was damaged.
    """
    found: list[Reading] = []
    path = survey.out / "draw-certificate.json"
    if path.is_file():
        certificate = read_certificate(path)
        found.append((certificate.knowledge_date, certificate.sources))
    for event in refreshes(survey):
        digests = {name: str(event.facts[f"{name}_sha256"]) for name in ("residents", "certifications")}
        found.append((date.fromisoformat(str(event.facts["knowledge_date"])), digests))
    return found
