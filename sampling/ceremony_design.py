"""The design of a public draw as one text (抽出設計の記録): what is drawn from where, before any seed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from custody.survey import Survey
from sampling.coordination_file import load_coordination
from sampling.design import StratifiedDesign
from sampling.frame import Frame

__all__ = ["StratumPlan", "design_text", "plan_strata", "planned_text"]


@dataclass(frozen=True, slots=True)
class StratumPlan:
    """What is planned for a stratum.

    Parameters
    ----------
    stratum : str
        Its name.
    persons : int
        N_h, persons of the frame in it.
    sample : int or None
        n_h, persons to draw; None with one person a household, where the seed decides the share.
    reserve : int
        Persons who follow them in order; 0 where the sample is None.
    """

    stratum: str
    persons: int
    sample: int | None
    reserve: int = 0


def plan_strata(design: StratifiedDesign, frame: Frame) -> tuple[StratumPlan, ...]:
    """Say what a design draws from each stratum, as far as it is known before the seed.

    Parameters
    ----------
    design : StratifiedDesign
        The design.
    frame : Frame
        The frame.

    Returns
    -------
    tuple of StratumPlan
        Ordered by name; without samples where one person a household is drawn.

    Raises
    ------
    SamplingError
        The design does not fit the frame.
    """
    table = design.preview(frame).plan if design.one_per_household else design.plan(frame)
    names, persons = table["stratum"].astype(str).tolist(), table["persons"].astype(int).tolist()
    if design.one_per_household:
        return tuple(StratumPlan(*row, None) for row in zip(names, persons, strict=True))
    table = table if "reserve" in table else table.assign(reserve=0)
    sizes = (table[name].astype(int).tolist() for name in ("sample", "reserve"))
    return tuple(StratumPlan(*row) for row in zip(names, persons, *sizes, strict=True))


def design_text(
    design: StratifiedDesign,
    strata: Sequence[StratumPlan],
    *,
    prn_key_sha256: str = "",
    coordination: Mapping[str, Any] | None = None,
) -> str:
    """Write a design in one way only.

    Parameters
    ----------
    design : StratifiedDesign
        The design.
    strata : sequence of StratumPlan
        The plan; enters where every stratum's sample is known before the seed.
    prn_key_sha256 : str
        Digest of the permanent key, where the draw is coordinated with another survey's.
    coordination : mapping, optional
        With what and how.

    Returns
    -------
    str
        JSON with sorted keys and no blanks: design, and where they apply strata (lists of stratum, persons,
        sample, reserve), prn_key_sha256, coordination.

    Examples
    --------
    >>> text = design_text(StratifiedDesign(n=3, by=["sex"]), [StratumPlan("F", 9, 3)])
    >>> json.loads(text)["strata"]
    [['F', 9, 3, 0]]
    """
    values: dict[str, Any] = {"design": design.facts()}
    if all(plan.sample is not None for plan in strata):
        values["strata"] = [list(astuple(plan)) for plan in strata]
    if prn_key_sha256:
        values["prn_key_sha256"] = prn_key_sha256
    if coordination is not None:
        values["coordination"] = dict(coordination)
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def planned_text(survey: Survey, design: StratifiedDesign, frame: Frame) -> str:
    """Write down what a draw of the survey will do, in the words of the commitment.

    Parameters
    ----------
    survey : Survey
        The survey.
    design : StratifiedDesign
        Its design.
    frame : Frame
        Its frame.

    Returns
    -------
    str
        As `design_text`; where the survey follows another, with the coordination and its key's digest.
    """
    strata, coordination = plan_strata(design, frame), load_coordination(survey)
    if coordination is None:
        return design_text(design, strata)
    key = hashlib.sha256(survey.keys.secret("prn").hex().encode("ascii")).hexdigest()
    return design_text(design, strata, prn_key_sha256=key, coordination=coordination.facts())
