"""How a survey stands to the one before (``coordination.json``): read, and checked against the ledger."""

import json
from pathlib import Path
from typing import Final

from custody.errors import ConfigError, InputError, SamplingError
from custody.files import sha256_file
from custody.ledger import Event
from custody.messages import gettext as _
from custody.survey import Survey
from sampling.coordination import Coordination

__all__ = ["NONE", "coordination_path", "load_coordination", "other_kind"]

NONE: Final = "none"
"""What the settings say where a survey stands alone."""


def coordination_path(survey: Survey) -> Path:
    """Return where a survey keeps how it stands to the one before.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    pathlib.Path
        ``coordination.json`` in its folder.
    """
    return survey.folder / "coordination.json"


def load_coordination(survey: Survey) -> Coordination | None:
    """Return how the draw of a survey stands to the one before.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    Coordination or None
        None where the survey stands alone. Independent, where ``[design]`` says so and no survey is followed:
        the first of surveys that follow each other.

    Raises
    ------
    SamplingError
        ``[design]`` says something else than `follow` was told, or nobody said which survey is followed.
    InputError
        ``coordination.json`` is gone or is not the one that the ledger recorded.
    """
    event, wanted, path = _last_follow(survey), survey.design.coordination, coordination_path(survey)
    if event is None and not path.is_file():
        if wanted in (NONE, "independent"):
            return None if wanted == NONE else Coordination("independent")
        raise SamplingError(
            "SAM-FOLLOW-NONE",
            _("The settings coordinate this survey with an earlier one, and it is not said which."),
            hint=_("Run `hyohon sampling follow NEW OLD` first."),
        )
    if event is None or not path.is_file() or sha256_file(path) != event.facts["coordination_sha256"]:
        raise InputError(
            "SAM-FOLLOW-FILE",
            _("The file of the coordination is gone, or is not the one that the ledger recorded."),
            hint=_(
                "Take it from the backup, or run `hyohon sampling follow` again before the frame is built."
            ),
            file=path.name,
        )
    values = json.loads(path.read_text(encoding="utf-8"))
    if wanted not in (NONE, values["kind"]):
        raise other_kind()
    return Coordination.from_facts(values)


def other_kind() -> ConfigError:
    """Make the error for a kind that nobody knows, or that the settings contradict.

    Returns
    -------
    ConfigError
        ``SAM-FOLLOW-KIND``, to be raised by the caller.
    """
    return ConfigError(
        "SAM-FOLLOW-KIND",
        _("Coordination is independent, negative, positive or rotate, and as [design] has it."),
        hint=_("Make --coordination, --panels and the [design] of survey.toml agree."),
        file="survey.toml",
    )


def _last_follow(survey: Survey) -> Event | None:
    with survey.ledger() as ledger:
        return max(ledger.events("follow"), key=lambda event: event.seq, default=None)
