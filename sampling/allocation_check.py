"""Checking that the numbers drawn from the strata are those that the design gives (配分の検証)."""

import json
from collections.abc import Mapping
from typing import Any

from sampling.design import StratifiedDesign
from sampling.design_shares import share_reserve

__all__ = ["allocation_problems"]


def allocation_problems(facts: Mapping[str, Any]) -> list[str]:
    """Share the sample between the strata of a certificate again.

    Parameters
    ----------
    facts : mapping
        A parsed draw certificate; its design, or that of its ceremony, says how the sample is shared.

    Returns
    -------
    list of str
        What differs, by stratum; empty where nothing does, or where the certificate names no design.

    Notes
    -----
    The auditor's program `sampling.verify_draw` takes the numbers n_h from the certificate (after a ceremony
    they are those committed to). With one person a household they follow from the seed: then this shows that
    nobody chose them.
    """
    design = _design(facts)
    if design is None:
        return []
    there = [one for one in facts["strata"] if one.get("households", one["persons"])]
    sizes = [one.get("households", one["persons"]) for one in there]
    drawn = design.allocate(sizes, [one["stratum"] for one in there])
    rest = share_reserve(design.reserve, sizes, drawn) if design.reserve else [0] * len(there)
    return [
        f"stratum {one['stratum']}: the design draws {sample} and keeps {reserve} in reserve"
        for one, sample, reserve in zip(there, drawn, rest, strict=True)
        if (one["sample"], one.get("reserve", 0)) != (sample, reserve)
    ]


def _design(facts: Mapping[str, Any]) -> StratifiedDesign | None:
    if facts.get("design"):
        return StratifiedDesign(**json.loads(facts["design"]))
    if facts.get("ceremony"):
        return StratifiedDesign(**json.loads(facts["ceremony"]["design"])["design"])
    return None
