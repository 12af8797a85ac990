"""Waves (発送回): who gets a later mailing, and who does not and why.

The persons are those whom the first wave went to (`sampling.releases`): the pilot, the rest, the reserve.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import pandas as pd

from custody.errors import SamplingError
from custody.messages import gettext as _
from custody.messages import mark
from custody.survey import Survey
from custody.wave_settings import Wave
from labels.outcomes import may_get
from labels.pieces import Piece
from labels.reasons import find_reason
from sampling.events import Events
from sampling.releases import Release, events_since_draw, releases
from sampling.vault import answers_path, load_vault, open_table
from sampling.voids import load_voids

__all__ = ["SUPPRESSED", "WAVE_EVENT", "WavePersons", "find_wave", "persons_of_wave", "releases_for"]

WAVE_EVENT: Final = "hand_over_wave"

SUPPRESSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "voided": mark("voided by a refresh (died, moved, opted out, ...)"),
        "returned": mark("answered, or sent the questionnaire back"),
        "refused": mark("refused"),
        "deceased": mark("died"),
        "undeliverable": mark("letter could not be delivered"),
    }
)
"""Why somebody does not get a later wave, in the order in which the reasons are tried."""

DECEASED: Final = "DECEASED"


@dataclass(frozen=True, slots=True)
class WavePersons:
    """The persons of a wave.

    Parameters
    ----------
    wave : Wave
        The wave.
    releases : tuple of int
        Numbers of the releases that it is for.
    vault : pandas.DataFrame
        Rows of the vault of who gets it.
    suppressed : mapping of str to int
        Reason of `SUPPRESSED` → persons who do not.
    """

    wave: Wave
    releases: tuple[int, ...]
    vault: pd.DataFrame = field(repr=False)
    suppressed: Mapping[str, int]

    @property
    def package(self) -> str:
        """Name of its package: ``labels-wave2``, and after it the releases where not the first alone."""
        parts = "" if self.releases == (1,) else "-release" + "+".join(map(str, self.releases))
        return f"labels-wave{self.wave.number}{parts}"


def find_wave(survey: Survey, number: int) -> Wave:
    """Find a wave of the plan.

    Parameters
    ----------
    survey : Survey
        The survey.
    number : int
        From 1.

    Returns
    -------
    Wave
        The wave.

    Raises
    ------
    SamplingError
        ``SAM-WAVE`` where the survey plans none of that number.
    """
    found = [wave for wave in survey.waves if wave.number == number]
    if not found:
        text = _("The survey plans {count} mailings; there is no wave {number}.")
        raise SamplingError(
            "SAM-WAVE",
            text.format(count=len(survey.waves), number=number),
            hint=_('Add it to survey.toml: [[waves]], kind = "thanks" or "replacement", days = 14.'),
        )
    return found[0]


def releases_for(survey: Survey, wave: Wave, again: int | None = None) -> tuple[Release, ...]:
    """Say for which releases a later wave is to be made now.

    Parameters
    ----------
    survey : Survey
        A survey whose labels were handed over.
    wave : Wave
        The second wave or a later one.
    again : int, optional
        Only this release, whether it had the wave before or not.

    Returns
    -------
    tuple of Release
        Those that did not have the wave yet; where all had it, those that had it last.

    Raises
    ------
    SamplingError
        ``SAM-RELEASE`` where nothing was handed over, or there is no such release.
    """
    out = releases(survey)
    if again is not None:
        out = [release for release in out if release.number == again]
    if not out:
        raise SamplingError(
            "SAM-RELEASE",
            _("There is no release of that number yet."),
            hint=_("Hand the first wave over before the second."),
        )
    done = [
        {int(part) for part in str(event.facts["releases"]).split("+")}
        for event in events_since_draw(survey, WAVE_EVENT)
        if event.facts["wave"] == wave.number
    ]
    if again is not None:
        return tuple(out)
    left = [release for release in out if not any(release.number in numbers for numbers in done)]
    return tuple(left or [release for release in out if release.number in done[-1]])


def persons_of_wave(survey: Survey, wave: Wave, told: Events, again: int | None = None) -> WavePersons:
    """Find who gets a later wave.

    Parameters
    ----------
    survey : Survey
        A survey whose labels were handed over.
    wave : Wave
        The second wave or a later one.
    told : Events
        What the contractor reported last.
    again : int, optional
        Only this release.

    Returns
    -------
    WavePersons
        Who gets it. The thank-you card also goes to those who answered; a questionnaire that came to data
        entry counts as returned, whether it was scanned or not.

    Raises
    ------
    SamplingError
        As `releases_for`; the vault or the voids cannot be opened.
    """
    parts = releases_for(survey, wave, again)
    everybody = load_vault(survey, everybody=True)
    vault = pd.concat([part.of(everybody) for part in parts])
    voided = frozenset(load_voids(survey, everybody["token"])["token"])
    ends = _with_forms(survey, told)
    why = [_why_not(token, ends.get(token), voided, wave.kind) for token in vault["token"]]
    counts = Counter(reason for reason in why if reason)
    gets = vault[[not reason for reason in why]].reset_index(drop=True)
    numbers = tuple(part.number for part in parts)
    return WavePersons(wave, numbers, gets, {reason: counts[reason] for reason in SUPPRESSED})


def _why_not(token: str, end: Piece | None, voided: frozenset[str], kind: str) -> str:
    """Return the reason of `SUPPRESSED`, empty for who gets the wave."""
    if token in voided or (end is not None and end.state == "voided"):
        return "voided"
    if may_get(end, kind) or end is None:
        return ""
    return "deceased" if end.reason == DECEASED else end.state


def _with_forms(survey: Survey, told: Events) -> dict[str, Piece]:
    """Add to the contractor's states that of the forms taken in so far."""
    ends = dict(told.pieces)
    path = answers_path(survey)
    if path.is_file():
        taken = open_table(path, survey.keys.identity("staff"))
        for token, status in zip(taken["token"], taken["status"], strict=True):
            if status in ("answered", "blank"):
                reason = find_reason("BLANK").code if status == "blank" else ""
                ends[token] = Piece(token, 1, 0, 1, "returned", reason=reason)
    return ends
