"""A draw by other rules than those committed to is named by the check, also where all digests fit."""

import hashlib
import json
from dataclasses import replace
from typing import Literal

import pytest

from sampling import verify_draw
from sampling.allocation_check import allocation_problems
from sampling.ceremony import RULE, CeremonyRecord, commitment_digest, sha256_text
from sampling.ceremony_design import design_text, plan_strata
from sampling.ceremony_words import fingerprint_words
from sampling.coordination import Arc, Coordination
from sampling.design import StratifiedDesign
from sampling.drawing import draw
from sampling.frame import Frame
from sampling.frame_keys import frame_digest, frame_keys

DICE = ("3141592653589793238462643383279502884197", "2718281828459045235360287471352662497757")
PRN, OTHER_PRN = hashlib.sha256(b"permanent").hexdigest(), hashlib.sha256(b"ground").hexdigest()
PLAIN = StratifiedDesign(n=60, by=["sex"])
AVOID = Coordination("negative", (Arc("F", "", "3" * 64), Arc("M", "", "3" * 64)), 0, "1" * 64)
KEEP = Coordination("positive", AVOID.arcs, 0, "1" * 64)
Drawn = tuple[StratifiedDesign, Coordination | None, str | None]


def committed(frame: Frame, design: StratifiedDesign, coordination: Coordination | None) -> CeremonyRecord:
    """The record of a ceremony that committed to this design and coordination."""
    facts = None if coordination is None else coordination.facts()
    prn = "" if coordination is None else sha256_text(PRN)
    text = design_text(design, plan_strata(design, frame), prn_key_sha256=prn, coordination=facts)
    digest, program, nonce = frame_digest(frame_keys(frame, design)), sha256_text("program"), "5" * 64
    bound = commitment_digest(digest, sha256_text(text), program, sha256_text(nonce))
    return CeremonyRecord(RULE, bound, digest, text, program, nonce, DICE, fingerprint_words(bound))


def check(frame: Frame, record: CeremonyRecord, drawn: Drawn) -> list[str]:
    """Draw with the ceremony's seed, perhaps by other rules, and let the auditor check the certificate."""
    design, coordination, key = drawn
    sample = draw(frame, design, seed=record.seed, coordination=coordination, prn_key=key)
    certificate = json.loads(replace(sample.certificate, ceremony=record).to_json())
    rows = list(zip(*sample.frame_keys.to_pydict().values(), strict=True))
    return verify_draw.verify(certificate, rows)


CASES: dict[str, tuple[Drawn, Drawn, str]] = {
    "coordination added, with a key that was tried out": (
        (PLAIN, None, None),
        (PLAIN, AVOID, OTHER_PRN),
        "coordination",
    ),
    "coordination left out": ((PLAIN, AVOID, PRN), (PLAIN, None, None), "coordination"),
    "kept instead of avoided": ((PLAIN, AVOID, PRN), (PLAIN, KEEP, PRN), "coordination"),
    "another key": ((PLAIN, AVOID, PRN), (PLAIN, AVOID, OTHER_PRN), "permanent key"),
    "a reserve added, which moves the start": (
        (PLAIN, AVOID, PRN),
        (replace(PLAIN, reserve=7), AVOID, PRN),
        "strata",
    ),
    "another number in a stratum": (
        (PLAIN, None, None),
        (StratifiedDesign(n=60, by=["sex"], allocation="equal"), None, None),
        "strata",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_other_rules_after_the_dice_are_named(ward_frame: Frame, case: str) -> None:
    planned, drawn, named = CASES[case]
    record = committed(ward_frame, *planned[:2])
    assert check(ward_frame, record, planned) == []
    assert any(named in problem for problem in check(ward_frame, record, drawn))


@pytest.mark.parametrize(("method", "home"), [("srs", False), ("systematic", False), ("srs", True)])
def test_method_and_household_rule_are_those_committed_to(
    ward_frame: Frame, method: Literal["srs", "systematic"], home: bool
) -> None:
    design = StratifiedDesign(n=60, by=["sex"], method=method, one_per_household=home)
    record = committed(ward_frame, design, None)
    assert check(ward_frame, record, (design, None, None)) == []
    facts = json.loads(
        replace(draw(ward_frame, design, seed=record.seed).certificate, ceremony=record).to_json()
    )
    other = "srs" if method == "systematic" else "systematic"
    for swap in ({"method": other}, {"one_per_household": None if home else {"largest": 0}}):
        assert any("rules" in problem for problem in verify_draw._check_seed(facts | swap))


@pytest.mark.parametrize(
    "design",
    [
        PLAIN,
        replace(PLAIN, reserve=20),
        replace(PLAIN, allocation="equal", response={"F": 0.6, "M": 0.5}),
        replace(PLAIN, one_per_household=True),
        replace(PLAIN, allocation={"F": 35, "M": 25}),
        StratifiedDesign(n=200, by=["area", "age_band", "sex"], one_per_household=True, reserve=30),
    ],
)
def test_numbers_moved_between_strata_are_named(ward_frame: Frame, design: StratifiedDesign) -> None:
    facts = json.loads(draw(ward_frame, design, seed="5").certificate.to_json())
    assert allocation_problems(facts) == []
    first, second = facts["strata"][:2]
    first["sample"] += 1
    second["sample"] -= 1
    assert len(allocation_problems(facts)) >= 2
    assert allocation_problems({name: facts[name] for name in ("strata", "seed")}) == []
