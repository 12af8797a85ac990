"""What is true of an invented ward, counted from how it was made."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from synthetic_data import certification as care
from synthetic_data.addresses import Homes
from synthetic_data.certification import Certification
from synthetic_data.dates import ONE_DAY, birth_interval
from synthetic_data.people import FRAME, RULES, People
from synthetic_data.residency import DIED, ELDER, MOVED_OUT, STRUCK_OFF
from synthetic_data.tables import towns

Ints = npt.NDArray[np.int64]

BANDS = ("65-69", "70-74", "75-79", "80-84", "85+")
AREAS = ("練馬", "光が丘", "石神井", "大泉")


def bands(age: Ints) -> Ints:
    """Age band of elders as a place in `BANDS`.

    Parameters
    ----------
    age : numpy.ndarray
        Ages from 65.

    Returns
    -------
    numpy.ndarray
        0 to 4.

    Examples
    --------
    >>> bands(np.array([65, 74, 103])).tolist()
    [0, 1, 4]
    """
    return np.asarray(np.clip((age - ELDER) // 5, 0, len(BANDS) - 1))


def areas_of(people: People, homes: Homes, who: Ints) -> Ints:
    """Area of people as a place in `AREAS`.

    Parameters
    ----------
    people, homes : People, Homes
        The ward.
    who : numpy.ndarray
        Places of people.

    Returns
    -------
    numpy.ndarray
        0 to 3.
    """
    area = np.array([AREAS.index(name) for name in towns().area])
    return np.asarray(area[homes.town[people.household[who]]])


def cells(people: People, homes: Homes) -> list[dict[str, Any]]:
    """Size of the frame by area, age band and sex.

    Parameters
    ----------
    people, homes : People, Homes
        The ward.

    Returns
    -------
    list of dict
        Keys ``area``, ``age_band``, ``sex`` (M or F), ``n``; all 40 cells, empty ones too.
    """
    who = np.flatnonzero(people.outcome == FRAME)
    cell = (areas_of(people, homes, who) * len(BANDS) + bands(people.age[who])) * 2 + people.sex[who] - 1
    counts = np.bincount(cell, minlength=len(AREAS) * len(BANDS) * 2)
    return [
        {"area": area, "age_band": band, "sex": sex, "n": int(counts[(a * len(BANDS) + b) * 2 + s])}
        for a, area in enumerate(AREAS)
        for b, band in enumerate(BANDS)
        for s, sex in enumerate("MF")
    ]


def flow(people: People) -> dict[str, int]:
    """How many people each rule removes, from register to frame.

    Parameters
    ----------
    people : People
        The register.

    Returns
    -------
    dict
        ``register``, each rule in its order, ``frame``; register minus the rules is the frame.
    """
    counts = np.bincount(people.outcome, minlength=FRAME + 1)
    removed = {rule: int(count) for rule, count in zip(RULES, counts, strict=False)}
    return {"register": len(people.outcome), **removed, "frame": int(counts[FRAME])}


def planted(people: People, dates: tuple[np.datetime64, np.datetime64]) -> dict[str, int]:
    """Special cases that were put into the resident register.

    Parameters
    ----------
    people : People
        The register.
    dates : tuple of numpy.datetime64
        Reference date and day of the extract.

    Returns
    -------
    dict
        Count of each case.
    """
    reference = dates[0]
    youngest = birth_interval(np.array([ELDER]), reference)[1][0]
    gone = people.removed <= reference

    def count(flags: Any) -> int:
        return int(np.count_nonzero(flags))

    return {
        "removed_moved_out": count(gone & (people.reason == MOVED_OUT)),
        "removed_died": count(gone & (people.reason == DIED)),
        "removed_struck_off": count(gone & (people.reason == STRUCK_OFF)),
        "removed_on_reference_date": count(people.removed == reference),
        "removed_after_reference_date": count(people.removed > reference),
        "born_on_last_day_for_65": count(people.birth == youngest),
        "born_one_day_too_late": count(people.birth == youngest + ONE_DAY),
        "protected_records": count(people.protected),
    }


def register_truth(
    people: People,
    homes: Homes,
    certification: Certification,
    seed: str,
    dates: tuple[np.datetime64, np.datetime64],
) -> dict[str, Any]:
    """Everything that is known of both registers.

    Parameters
    ----------
    people, homes, certification : People, Homes, Certification
        The ward.
    seed : str
        Its seed.
    dates : tuple of numpy.datetime64
        Reference date and day of the extract.

    Returns
    -------
    dict
        Plain values, ready for JSON.
    """
    reference, extract = dates
    living = ~(people.removed <= reference) & (people.since <= reference)
    elders = living & (people.age >= ELDER)
    kept = people.outcome == FRAME
    alone = np.bincount(people.household)[people.household] == 1
    return {
        "made_with": {"residents": len(people.number), "seed": seed, "reference_date": str(reference)},
        "extract_date": str(extract),
        "residents_rows": len(people.number),
        "households": len(people.household_number),
        "certification_rows": len(certification.rows.person),
        "residents_on_reference_date": int(np.count_nonzero(living)),
        "elders_65_on_reference_date": int(np.count_nonzero(elders)),
        "certified_65": int(np.count_nonzero(elders & (people.state == care.VALID))),
        "certified_40_64": int(np.count_nonzero(living & ~elders & (people.state == care.VALID))),
        "flow": flow(people),
        "kept_with_flag": {
            "lapsed": int(np.count_nonzero(kept & (people.state == care.LAPSED))),
            "not_eligible": int(np.count_nonzero(kept & (people.state == care.NOT_ELIGIBLE))),
        },
        "frame_cells": cells(people, homes),
        "frame_alone_in_register": int(np.count_nonzero(kept & alone)),
        "planted_residents": planted(people, dates),
        "planted_certifications": certification.planted,
    }
