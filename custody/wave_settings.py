"""The ``[[waves]]`` tables of `survey.toml`: which mailings follow one another (発送の計画).

Without any table there is a single mailing of the questionnaire, as ever.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, get_args

from custody.messages import gettext as _
from custody.settings import Settings

__all__ = ["ONE_WAVE", "WAVE_KINDS", "Wave", "WaveKind", "read_waves"]

WaveKind = Literal["advance", "questionnaire", "thanks", "replacement"]
"""advance: 予告状. questionnaire: 調査票. thanks: 礼状兼督促はがき, to all. replacement: 調査票の再送."""

WAVE_KINDS: Final[tuple[str, ...]] = get_args(WaveKind)
MOST: Final = 20
LONGEST: Final = 366


@dataclass(frozen=True, slots=True)
class Wave:
    """A mailing.

    Parameters
    ----------
    number : int
        From 1; the code on a label says it.
    kind : {"advance", "questionnaire", "thanks", "replacement"}
        What is mailed.
    days : int
        Days after the first mailing, 0 for the first.
    """

    number: int
    kind: WaveKind
    days: int = 0

    def due(self, first: date) -> date:
        """Return the day of the mailing.

        Parameters
        ----------
        first : datetime.date
            Day of the first mailing.

        Returns
        -------
        datetime.date
            So many days later.

        Examples
        --------
        >>> Wave(2, "thanks", 7).due(date(2009, 11, 9)).isoformat()
        '2009-11-16'
        """
        return first + timedelta(days=self.days)


ONE_WAVE: Final = (Wave(1, "questionnaire"),)


def read_waves(values: Settings) -> tuple[Wave, ...]:
    """Read the plan of the mailings.

    Parameters
    ----------
    values : Settings
        The root table of a survey.

    Returns
    -------
    tuple of Wave
        At least one, in their order.

    Raises
    ------
    ConfigError
        A line that nobody reads, or a plan that cannot be: the first wave is 0 days after itself, later ones
        follow, the questionnaire goes out once, after advance letters and before all else.

    Examples
    --------
    >>> table = {"waves": [{"kind": "questionnaire", "days": 0}, {"kind": "thanks", "days": 7}]}
    >>> [(wave.number, wave.kind, wave.days) for wave in read_waves(Settings("survey.toml", table))]
    [(1, 'questionnaire', 0), (2, 'thanks', 7)]
    >>> read_waves(Settings("survey.toml", {})) == ONE_WAVE
    True
    """
    given = values.values.get("waves", [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given) or len(given) > MOST:
        raise values.refusal("waves", _("tables in double square brackets"))
    tables = [Settings(values.file, one, f"waves[{place}]") for place, one in enumerate(given, start=1)]
    waves = tuple(_wave(number, table) for number, table in enumerate(tables, start=1))
    for table, wave, before in zip(tables, waves, (None, *waves), strict=False):
        least = 0 if before is None else before.days + 1
        if wave.days < least or (before is None and wave.days > 0) or wave.days > LONGEST:
            raise table.refusal("days", _("0 for the first wave, and rising from wave to wave"))
    kinds = "".join(wave.kind[0] for wave in waves)
    if kinds and not re.fullmatch("a*q[tr]*", kinds):
        raise values.refusal(
            "waves", _("the questionnaire once, after advance letters and before the others")
        )
    return waves or ONE_WAVE


def _wave(number: int, values: Settings) -> Wave:
    values.only("kind", "days")
    kind = values.choice("kind", WAVE_KINDS)
    return Wave(
        number, next(one for one in get_args(WaveKind) if one == kind), values.integer("days", least=0)
    )
