"""The hand-over of a later wave: labels of the same persons under the same tokens, without who is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from custody import gate
from custody.errors import ConfigError, SamplingError
from custody.files import record_file, sha256_file
from custody.media import approved_medium
from custody.messages import gettext as _
from custody.packages import FactValue
from custody.survey import Survey
from custody.wave_settings import Wave
from sampling.acts import refusals
from sampling.events import Events, read_events
from sampling.furigana import readings_item
from sampling.handover import label_table, seal_for, with_seals
from sampling.label_facts import label_facts
from sampling.releases import sample_size
from sampling.waves import SUPPRESSED, WAVE_EVENT, WavePersons, find_wave, persons_of_wave

__all__ = ["WaveHandOver", "hand_over_wave"]


@dataclass(frozen=True, slots=True, repr=False)
class WaveHandOver:
    """A package of a later wave that was made.

    Parameters
    ----------
    path : pathlib.Path
        The package.
    wave : Wave
        The wave.
    releases : tuple of int
        Numbers of the releases that it is for.
    rows : int
        Persons in it.
    suppressed : mapping of str to int
        Reason of `sampling.waves.SUPPRESSED` → persons left out. The receiver never learns it.
    due : datetime.date or None
        Day of the mailing by the plan; None where the contractor has not mailed the first wave yet.
    """

    path: Path
    wave: Wave
    releases: tuple[int, ...]
    rows: int
    suppressed: Mapping[str, int]
    due: date | None = field(default=None)

    def __repr__(self) -> str:
        return f"<WaveHandOver: wave {self.wave.number} ({self.wave.kind}), {self.rows:,} persons>"

    def tidy(self) -> pd.DataFrame:
        """Return the counts.

        Returns
        -------
        pandas.DataFrame
            Columns reason, persons: ``gets it``, then the reasons of `sampling.waves.SUPPRESSED`.
        """
        rows = [("gets it", self.rows), *((name, self.suppressed[name]) for name in SUPPRESSED)]
        return pd.DataFrame(rows, columns=["reason", "persons"])


def hand_over_wave(
    survey: Survey,
    number: int,
    events: Path | None,
    *,
    medium: str = gate.USB,
    again: int | None = None,
    furigana: bool = False,
) -> WaveHandOver:
    """Seal the labels of a later wave for the contractor: ``out/labels-wave2.sp``.

    Parameters
    ----------
    survey : Survey
        A survey whose first wave was handed over.
    number : int
        2 or more, of the plan in survey.toml.
    events : pathlib.Path or None
        The contractor's newest package of events.
    medium : str
        What the package leaves on; the approval names the media.
    again : int, optional
        Only the persons of this release, as often as wanted.
    furigana : bool
        As in `sampling.handover.hand_over_labels`.

    Returns
    -------
    WaveHandOver
        The package, and who was left out for which reason.

    Raises
    ------
    ApprovalError
        The approval does not allow it; the vault stays shut.
    ConfigError
        ``SAM-WAVE-EVENTS``: no events were given, so nobody would know who answered.
    SamplingError, InputError, KeyFileError, PackageError
        There is no such wave, nobody is left, or a file cannot be used.
    """
    gate.permit(
        survey,
        "hand_over_labels",
        items=readings_item(furigana),
        media=approved_medium(survey, medium),
        n=sample_size(survey),
        recipient="contractor",
    )
    with refusals(survey, "hand_over_labels"):
        wave = find_wave(survey, number)
        told = read_events(survey, _given(events))
        persons = persons_of_wave(survey, wave, told, again)
        table = with_seals(survey, label_table(persons.vault, furigana=furigana), number)
        if not len(table):
            raise SamplingError(
                "SAM-WAVE-NOBODY",
                _("Nobody is left to get this wave."),
                hint=_("Look at the contractor's events: are they the newest, of this survey?"),
            )
        facts: dict[str, FactValue] = {**label_facts(survey), "wave": number, "wave_kind": wave.kind}
        path = seal_for(survey, "labels", table, facts, "contractor", persons.package, medium=medium)
    _record(survey, path, persons, told, furigana=furigana)
    due = wave.due(told.first_mailing) if told.first_mailing is not None else None
    return WaveHandOver(path, wave, persons.releases, len(table), persons.suppressed, due)


def _given(events: Path | None) -> Path:
    if events is None:
        raise ConfigError(
            "SAM-WAVE-EVENTS",
            _("A later wave needs the contractor's events: who answered, refused or cannot be reached."),
            hint=_("Ask the contractor for a report, and add --events events.sp."),
        )
    return events


def _record(survey: Survey, path: Path, persons: WavePersons, told: Events, *, furigana: bool) -> None:
    with survey.ledger() as ledger:
        record_file(ledger, survey.folder, path, path.stem)
        ledger.append(
            WAVE_EVENT,
            sha256=sha256_file(path),
            wave=persons.wave.number,
            kind=persons.wave.kind,
            releases="+".join(map(str, persons.releases)),
            rows=len(persons.vault),
            events_sha256=told.sha256,
            **({"furigana": True} if furigana else {}),
            **persons.suppressed,
        )
