"""The dirty form of an invented ward: registers as wards really have them, and the truth about faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from synthetic_data import certification as care
from synthetic_data.dirt_certifications import (
    IMPOSSIBLE_DATE,
    UNKNOWN_CODE,
    DirtyRows,
    certification_rows,
    dirty_rows,
)
from synthetic_data.dirt_plan import Plan, birth_border
from synthetic_data.dirt_qualifications import STATUS, qualification_rows
from synthetic_data.dirt_residents import (
    FAULTY,
    birth_bounds,
    in_file,
    protection,
    resident_rows,
    write_fixed,
)
from synthetic_data.dirt_text import swapped_digits
from synthetic_data.extracts import Extract, write_opt_outs
from synthetic_data.registers import write_register

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
ResidentsForm = Literal["csv", "fixed"]

RULES = (
    "quarantined",
    "removed_record",
    "non_resident",
    "moved_in_after",
    "under_65",
    "age_undecidable",
    "protected",
    "certified_valid",
    "pending_new",
    "pending_renewal",
    "pending_change",
    "certification_unclear",
    "insured_elsewhere",
    "exempt",
)
IN_FRAME = len(RULES)
RESIDENTS_FILES = {"csv": "residents.csv", "fixed": "residents.txt"}


def write_dirty(extract: Extract, plan: Plan, folder: Path, form: ResidentsForm = "csv") -> dict[str, Path]:
    """Write the dirty registers of one day.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.
    folder : pathlib.Path
        Where to; it is there.
    form : {"csv", "fixed"}
        Form of the resident register.

    Returns
    -------
    dict of str to pathlib.Path
        ``residents``, ``certifications``, ``qualifications``, ``links`` (the truth), ``opt_outs``.
    """
    residents = resident_rows(extract, plan, form)
    certifications, links = certification_rows(extract, plan, dirty_rows(extract, plan))
    put = write_fixed if form == "fixed" else write_register
    return {
        "residents": put(residents, folder / RESIDENTS_FILES[form]),
        "certifications": write_register(certifications, folder / "certifications.csv"),
        "qualifications": write_register(qualification_rows(extract, plan), folder / "qualifications.csv"),
        "links": write_register(links, folder / "links-truth.csv"),
        "opt_outs": write_opt_outs(extract, plan.who["opted_out"], folder),
    }


def dirty_outcome(extract: Extract, plan: Plan) -> Ints:
    """Which rule of the frame removes each resident, where every certification row finds its person.

    Parameters
    ----------
    extract : Extract
        The first extract.
    plan : Plan
        Who is met by which fault.

    Returns
    -------
    numpy.ndarray
        Shape (people,): place in `RULES`, `IN_FRAME`, or -1 for those whose row is not in the file.
    """
    people, n = extract.people, len(extract.people.number)
    earliest, latest = birth_bounds(extract, plan)
    border = birth_border(extract.reference)
    unclear = [plan.flags(name, n) for name in ("contradictory", "unknown_code", "impossible_date")]
    marked, begins, ends = protection(extract, plan)
    state = np.where(np.any(unclear, axis=0), care.NONE, people.state)
    conditions = {
        "quarantined": np.any([plan.flags(name, n) for name in FAULTY], axis=0),
        "removed_record": people.removed <= extract.reference,
        "non_resident": np.zeros(n, dtype=np.bool_),
        "moved_in_after": people.since > extract.reference,
        "under_65": earliest > border,
        "age_undecidable": latest > border,
        "protected": marked & (begins <= extract.day) & (ends >= extract.reference),
        "certified_valid": state == care.VALID,
        "pending_new": state == care.PENDING_NEW,
        "pending_renewal": state == care.PENDING_RENEWAL,
        "pending_change": state == care.PENDING_CHANGE,
        "certification_unclear": np.any(unclear, axis=0),
        "insured_elsewhere": plan.flags("insured_elsewhere", n),
        "exempt": plan.flags("exempt", n),
    }
    found = np.select([conditions[rule] for rule in RULES], np.arange(IN_FRAME), IN_FRAME)
    return np.where(in_file(extract, plan), found, -1).astype(np.int64)


def dirty_truth(extract: Extract, plan: Plan, form: ResidentsForm = "csv") -> dict[str, Any]:
    """What is true of the dirty form, as written under ``dirty`` in ``truth.json``.

    Parameters
    ----------
    extract : Extract
        The first extract.
    plan : Plan
        Who is met by which fault.
    form : {"csv", "fixed"}
        Form of the resident register.

    Returns
    -------
    dict
        Rows, planted people by fault, whose the rows are, and the flow by the default rules where every
        certification row finds its person.
    """
    dirty = dirty_rows(extract, plan)
    outcome = dirty_outcome(extract, plan)
    strangers = len(plan.strangers.number) + len(plan.who["away_row"])
    counts = np.bincount(outcome[outcome >= 0], minlength=IN_FRAME + 1).tolist()
    removed = dict(zip(RULES, counts[:IN_FRAME], strict=True))
    removed["non_resident"] += strangers
    qualified = qualification_rows(extract, plan)["資格区分"].to_pylist()
    return {
        "residents_form": form,
        "residents_rows": dirty_residents(extract, plan),
        "residents_quarantined": removed["quarantined"],
        "certification_rows": len(dirty.insured),
        "certification_quarantined": int(np.isin(dirty.fault, (UNKNOWN_CODE, IMPOSSIBLE_DATE)).sum()),
        "qualification_rows": {name: qualified.count(name) for name in STATUS},
        "planted": {name: len(who) for name, who in sorted(plan.who.items())},
        "strangers": len(plan.strangers.number),
        "number_swapped_is_another": _others_numbers(extract, plan),
        "links": _links(extract, plan, dirty),
        "flow": {"register": dirty_residents(extract, plan), **removed, "frame": counts[IN_FRAME]},
        "kept_with_flag": _kept(extract, plan, outcome),
    }


def dirty_residents(extract: Extract, plan: Plan) -> int:
    """Rows of the dirty resident register.

    Parameters
    ----------
    extract : Extract
        The registers on the day.
    plan : Plan
        Who is met by which fault.

    Returns
    -------
    int
        Residents and 住登外.
    """
    strangers = len(plan.strangers.number) + len(plan.who["away_row"])
    return int(in_file(extract, plan).sum()) + strangers


def _others_numbers(extract: Extract, plan: Plan) -> int:
    """How many of the wrong 宛名番号 are somebody else's in the file."""
    wrong = [swapped_digits(number) for number in extract.people.number[plan.who["number_swapped"]].tolist()]
    return int(np.isin(wrong, extract.people.number[in_file(extract, plan)]).sum())


def _links(extract: Extract, plan: Plan, dirty: DirtyRows) -> dict[str, dict[str, int]]:
    person = dirty.rows.person
    listed = in_file(extract, plan)[np.where(person >= 0, person, 0)]
    groups = {
        "resident": (person >= 0) & listed,
        "non_resident": plan.met("away_row", person),
        "lives_elsewhere": (person < 0) & ~plan.met("away_row", person),
        "absent": (person >= 0) & ~listed,
    }
    return {
        name: {"persons": len(np.unique(person[flags])), "rows": int(flags.sum())}
        for name, flags in groups.items()
    }


def _kept(extract: Extract, plan: Plan, outcome: Ints) -> dict[str, int]:
    inside = outcome == IN_FRAME
    state = extract.people.state
    n = len(state)
    return {
        "lapsed": int((inside & (state == care.LAPSED)).sum()),
        "not_eligible": int((inside & (state == care.NOT_ELIGIBLE)).sum()),
        "withdrawn": int((inside & plan.flags("withdrawn", n)).sum()),
        "opted_out": int((inside & plan.flags("opted_out", n)).sum()),
    }
