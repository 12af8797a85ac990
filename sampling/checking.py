"""Checking a draw inside the program, by the same stand-alone code that an auditor runs."""

import json
from dataclasses import dataclass
from pathlib import Path

from custody.errors import InputError
from custody.messages import gettext as _
from sampling import verify_draw
from sampling.allocation_check import allocation_problems

__all__ = ["DrawCheck", "check_draw"]


@dataclass(frozen=True, slots=True)
class DrawCheck:
    """What a second run of a draw found.

    Parameters
    ----------
    problems : tuple of str
        What differs; empty where the draw holds.
    persons, sample, strata : int
        Numbers of the certificate.
    """

    problems: tuple[str, ...]
    persons: int
    sample: int
    strata: int


def check_draw(
    certificate: Path, frame_keys: Path | None = None, sample_keys: Path | None = None
) -> DrawCheck:
    """Run a draw again from its files.

    Parameters
    ----------
    certificate : pathlib.Path
        ``draw-certificate.json``.
    frame_keys : pathlib.Path, optional
        ``frame-keys.csv``. Default: the file of that name beside the certificate.
    sample_keys : pathlib.Path, optional
        ``sample-keys.csv``, to compare person by person.

    Returns
    -------
    DrawCheck
        The differences.

    Raises
    ------
    InputError
        A file cannot be read as what it should be.
    """
    keys = certificate.with_name("frame-keys.csv") if frame_keys is None else frame_keys
    try:
        facts = json.loads(certificate.read_text(encoding="utf-8"))
        sample = None if sample_keys is None else verify_draw.read_keys(sample_keys)
        problems = verify_draw.verify(facts, verify_draw.read_keys(keys), sample) + allocation_problems(facts)
        strata = facts["strata"]
        return DrawCheck(
            problems=tuple(problems),
            persons=sum(record["persons"] for record in strata),
            sample=sum(record["sample"] for record in strata),
            strata=len(strata),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise InputError(
            "SAM-VERIFY-FILE",
            _("The draw cannot be run again: a file is missing or is not what it should be."),
            hint=_("Name draw-certificate.json and frame-keys.csv of one draw."),
        ) from None
