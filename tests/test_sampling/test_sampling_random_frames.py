"""Random registers of every state are judged alike, person by person, by a second judge in plain Python."""

import random
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from sampling import build_frame
from sampling.exclusions import Exclusions, NumberList
from sampling.frame_rules import RULES, SWITCHED, FrameRules
from sampling.linkage import Links


def some_day(chance: random.Random, spread: int, *, none: float = 0.0) -> date | None:
    """A day around the two clocks, often just on a border."""
    if chance.random() < none:
        return None
    middle = chance.choice([RANDOM_D, RANDOM_K, RANDOM_D])
    return middle + timedelta(days=chance.choice([-1, 0, 1, chance.randint(-spread, spread)]))


def some_resident(chance: random.Random, number: str) -> dict:
    birth = date(1944, 11, 2) + timedelta(days=chance.choice([-1, 0, 1, chance.randint(-9000, 300)]))
    if chance.random() < 0.01:
        birth = RANDOM_K + timedelta(days=chance.choice([0, 1]))
    return {
        "resident_no": number,
        "birth_date": birth,
        "birth_latest": birth + timedelta(days=chance.choice([0, 0, 0, 30, 364])),
        "resident_since": chance.choice([date(1970, 1, 1)] * 5 + [some_day(chance, 40)]),
        "removed_on": some_day(chance, 40, none=0.9),
        "removal": chance.choice([None] * 15 + ["removed"]),
        "registered": chance.choice(["resident"] * 15 + ["non_resident", None]),
        "protection": chance.choice(["no"] * 10 + ["yes", None]),
        "protection_from": some_day(chance, 40, none=0.8),
        "protection_to": some_day(chance, 40, none=0.8),
        "institution": chance.choice(["no"] * 9 + ["yes"]),
    }


def some_row(chance: random.Random, number: str) -> dict:
    """A row of any state, also of those that no office would write."""
    return {
        "resident_no": number,
        "application": chance.choice(["new", "renewal", "change", "ex_officio", "transfer", None]),
        "applied_on": some_day(chance, 120, none=0.03),
        "decided_on": some_day(chance, 60, none=0.4),
        "decision": chance.choice(["certified", "certified", "not_eligible", "checklist", None, None]),
        "outcome": chance.choice([None] * 4 + ["withdrawn", "rejected", "cancelled"]),
        "valid_from": some_day(chance, 120, none=0.2),
        "valid_to": some_day(chance, 120, none=0.2),
    }


def usual_row(chance: random.Random, number: str) -> dict:
    """A row as an office writes it."""
    row = some_row(chance, number)
    row |= {
        "applied_on": row["applied_on"] or RANDOM_D,
        "outcome": None,
        "valid_from": None,
        "valid_to": None,
    }
    decision = chance.choice(["certified", "certified", "not_eligible", None])
    row |= {"decision": decision, "decided_on": row["applied_on"] + timedelta(days=25) if decision else None}
    if decision == "certified":
        end = row["applied_on"] + timedelta(days=chance.choice([30, 60, 180]))
        row |= {"valid_from": row["applied_on"], "valid_to": end}
    return row


def some_story(chance: random.Random, number: str) -> list[dict]:
    """A period that ends about the reference date, and applications on the borders of its rules."""
    near = chance.choice([-70, -30, -2, -1, 0, 1, 30])
    start, end = RANDOM_D - timedelta(days=150), RANDOM_D + timedelta(days=near)
    first = {**usual_row(chance, number), "applied_on": start, "decided_on": start, "decision": "certified"}
    story = [first | {"valid_from": start, "valid_to": end}]
    for _later in range(chance.choice([1, 1, 2, 3])):
        applied = chance.choice([start, end, end - timedelta(days=60), RANDOM_D])
        applied += timedelta(days=chance.choice([-1, 0, 0, 1]))
        told = chance.choice([None, applied + timedelta(days=1), RANDOM_K])
        row = {**some_row(chance, number), "applied_on": applied, "decided_on": told}
        plain = {"decision": None, "outcome": None, "valid_from": None, "valid_to": None}
        row |= chance.choice(
            [
                plain | {"decision": "not_eligible", "decided_on": told or applied},
                plain | {"application": "change", "outcome": "rejected"},
                plain | {"decided_on": None},
                {"outcome": None},
            ]
        )
        story.append(row)
    return story


def some_rows(chance: random.Random, number: str) -> list[dict]:
    if chance.random() < 0.5:
        return some_story(chance, number)
    kinds = (some_row, usual_row)
    return [chance.choice(kinds)(chance, number) for _row in range(chance.choice([0, 0, 1, 2, 3]))]


RANDOM_D, RANDOM_K = date(2009, 11, 1), date(2009, 11, 20)
SEEDS = range(24)


def both(hand, slow_judge, seed: int):
    """Build a random frame, and judge its people a second time: number → reason and flags."""
    chance = random.Random(seed)
    numbers = [f"{n:010d}" for n in range(1, 501)]
    residents = [some_resident(chance, number) for number in numbers]
    care = {number: some_rows(chance, number) for number in numbers}
    marks = {
        number: {mark for mark in RANDOM_MARKS if chance.random() < 0.04}
        | ({"institution"} if person["institution"] == "yes" else set())
        for number, person in zip(numbers, residents, strict=True)
    }
    kept = {rule for rule in SWITCHED if chance.random() < 0.5}
    frame = build_frame(
        hand("residents", residents),
        hand("certifications", certifications := [row for rows_ in care.values() for row in rows_]),
        reference_date=RANDOM_D,
        knowledge_date=RANDOM_K,
        rules=FrameRules({rule: "include" if rule in kept else "exclude" for rule in SWITCHED}),
        links=links_of(numbers, certifications, marks),
        qualifications=hand("qualifications", qualifications_of(chance, marks)),
        exclusions=exclusions_of(marks),
    )
    return frame, {
        number: slow_judge.judge_slowly(person, care[number], marks[number], (RANDOM_D, RANDOM_K), kept)
        for number, person in zip(numbers, residents, strict=True)
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_random_registers_are_judged_alike_person_by_person(hand, slow_judge, seed) -> None:
    frame, judged = both(hand, slow_judge, seed)
    reasons = Counter(reason for reason, _flags in judged.values() if reason)
    assert {rule: count for rule, count in frame.removed.items() if count} == reasons
    assert frame.flow["removed"].sum() + len(frame) == frame.read == len(judged)
    assert frame.flow["remaining"].iloc[-1] == len(frame)
    flags = frame.table.set_index("resident_no")["certification_flag"]
    left = {number: flags_ for number, (reason, flags_) in judged.items() if not reason}
    assert {number: set(flag.split(";")) - {""} for number, flag in flags.items()} == left


def test_the_random_registers_show_every_rule(hand, slow_judge) -> None:
    judged = [both(hand, slow_judge, seed)[1] for seed in range(3)]
    shown = {rule for people in judged for reason, flags in people.values() for rule in (reason, *flags)}
    assert shown - {""} == set(RULES) - {"area_unknown"}


RANDOM_MARKS = (
    "undecided",
    "unclear",
    "insured_elsewhere",
    "exempt",
    "institution",
    "opted_out",
    "earlier_sample",
)


def links_of(numbers: list[str], certifications: list[dict], marks: dict[str, set[str]]):
    place = {number: position for position, number in enumerate(numbers)}

    def marked(name: str):
        return np.array([place[n] for n in numbers if name in marks[n]], dtype=np.int32)

    return Links(
        resident_of_row=pa.array([place[row["resident_no"]] for row in certifications], pa.int32()),
        undecided=marked("undecided"),
        unclear_residents=marked("unclear"),
    )


def qualifications_of(chance: random.Random, marks: dict[str, set[str]]) -> list[dict]:
    """Rows that hold on the reference date for those who are marked, and rows that do not for others."""
    found = []
    for number, of_person in marks.items():
        for status in ("insured_elsewhere", "exempt"):
            if status in of_person:
                start, end = (
                    chance.choice([None, RANDOM_D]),
                    chance.choice([None, RANDOM_D + timedelta(days=1)]),
                )
            else:
                start, end = chance.choice([(RANDOM_D + timedelta(days=1), None), (None, RANDOM_D)])
            row = {"resident_no": number, "status": status, "acquired_on": start, "lost_on": end}
            found += [row] * (status in of_person or chance.random() < 0.1)
        found.append({"resident_no": number, "status": chance.choice(["insured", "lives_elsewhere"])})
    return found


def exclusions_of(marks: dict[str, set[str]]) -> Exclusions:
    lists = {
        name: NumberList(
            "list.csv", pa.array([n for n, of_person in marks.items() if mark in of_person], pa.string())
        )
        for name, mark in (
            ("opted_out", "opted_out"),
            ("earlier_sample", "earlier_sample"),
            ("households", "institution"),
        )
    }
    return Exclusions(**lists)
