"""A second frame and draw, in slow plain Python from the same files, agree person by person."""

import csv
import hashlib
import hmac
import random
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from sampling import StratifiedDesign, build_frame, draw, read_certifications, read_residents
from sampling.areas import default_areas
from sampling.exclusions import Exclusions, NumberList
from sampling.frame_rules import RULES, SWITCHED, FrameRules

REFERENCE, KNOWN = date(2009, 11, 1), date(2009, 11, 2)
CARE = {"11", "12", "13", "21", "22", "23", "24", "25"}
SECRET = bytes(range(32))
KINDS = {"新規": "new", "更新": "renewal", "区分変更": "change"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="cp932", newline="") as stream:
        return list(csv.DictReader(stream))


def day(text: str) -> date | None:
    return date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None


def age_on(birth: date, when: date) -> int:
    """Years completed, counted one by one: the age rises at the end of the day before the birthday."""
    age = 0
    while True:
        year = birth.year + age + 1
        try:
            birthday = birth.replace(year=year)
        except ValueError:  # 29 February: the day before is 28 February in any year
            birthday = date(year, 3, 1)
        if birthday - timedelta(days=1) > when:
            return age
        age += 1


def care_facts(row: dict[str, str]) -> dict:
    """A row of the file in our own words."""
    level = row["要介護状態区分"]
    decision = "certified" if level in CARE else {"01": "not_eligible", "06": "checklist"}.get(level)
    return {
        "application": KINDS[row["申請区分"]],
        "applied_on": day(row["申請日"]),
        "decided_on": day(row["認定日"]),
        "decision": decision,
        "valid_from": day(row["有効期間開始日"]),
        "valid_to": day(row["有効期間終了日"]),
        "outcome": None,
    }


def standing(row: dict, known: date) -> str:
    """What became of one application, as far as it was known."""
    told = row["decided_on"] is None or row["decided_on"] <= known
    period = row["valid_from"] and row["valid_to"]
    renewal = (row["application"], row["outcome"], row["decision"]) == ("change", "rejected", "certified")
    if row["outcome"] and told and not (renewal and period):
        return "ended"
    if row["decision"] == "checklist" and told:
        return "checklist"
    if row["decided_on"] is not None and told:
        return {"certified": "granted", "not_eligible": "refused"}.get(row["decision"], "broken")
    return "broken" if row["decided_on"] is None and row["decision"] else "open"


def care_of(rows_of_person: list[dict], reference: date, known: date) -> tuple[list[str], str]:
    """Return the reasons of certification that hold, in their order, and how the last application ended."""
    states: dict[str, list[dict]] = {
        name: [] for name in ("ended", "checklist", "granted", "refused", "broken", "open")
    }
    for row in rows_of_person:
        if row["applied_on"] is None or row["applied_on"] <= known:
            day_of = row["applied_on"] or row["decided_on"] or row["valid_from"]
            states[standing(row, known)].append({**row, "day": day_of})
    whole = [row for row in states["granted"] if row["valid_from"] and row["valid_to"]]
    valid = [row for row in whole if row["valid_from"] <= reference <= row["valid_to"]]
    ends = [row for row in states["granted"] if row["valid_to"] and row["valid_to"] < reference]
    end = max((row["valid_to"] for row in ends), default=None)
    reasons = set()
    if valid:
        latest = max(row["day"] for row in valid)
        against = [row for row in states["refused"] if contradicts(row, latest, reference)]
        reasons.add("certification_unclear" if against else "certified_valid")
    reasons |= open_reasons(states["open"], end, reference)
    reasons |= unclear_reasons(states, end, reference)
    order = ("certified_valid", "pending_new", "pending_renewal", "pending_change", "certification_unclear")
    return [reason for reason in order if reason in reasons], past_of(states, ends, reasons, reference)


def contradicts(row: dict, latest: date, reference: date) -> bool:
    if row["valid_from"] and row["valid_to"] and row["valid_from"] <= reference <= row["valid_to"]:
        return True
    if row["day"] == latest:
        return True
    return row["application"] != "renewal" and latest < row["day"] <= reference


def open_reasons(waiting: list[dict], end: date | None, reference: date) -> set[str]:
    reasons = set()
    for row in waiting:
        limit = reference + timedelta(days=14) if row["application"] == "transfer" else reference
        if row["day"] is None or row["day"] > limit:
            continue
        if row["application"] in ("new", "transfer"):
            reasons.add("pending_new")
        if row["application"] in ("change", "ex_officio"):
            reasons.add("pending_change")
    renewals = [row["day"] for row in waiting if row["application"] == "renewal"]
    renewals = [applied for applied in renewals if applied and applied <= reference]
    if renewals:
        late = end is not None and min(renewals) > end
        reasons.add("pending_new" if late else "pending_renewal")
    return reasons


def unclear_reasons(states: dict[str, list[dict]], end: date | None, reference: date) -> set[str]:
    for row in states["granted"]:
        missing = row["valid_from"] is None or row["valid_to"] is None
        if missing and (row["valid_from"] is None or row["valid_from"] <= reference):
            return {"certification_unclear"}
    for row in states["open"]:
        vague = row["application"] is None or row["applied_on"] is None
        if vague and (row["applied_on"] is None or row["applied_on"] <= reference):
            return {"certification_unclear"}
    if states["broken"]:
        return {"certification_unclear"}
    turned = [r["day"] for r in states["ended"] if (r["application"], r["outcome"]) == ("change", "rejected")]
    turned = [applied for applied in turned if applied]
    if end and turned and end - timedelta(days=60) <= max(turned) <= end:
        later = [row["day"] for row in states["refused"] if row["day"] and row["day"] >= max(turned)]
        return set() if later else {"certification_unclear"}
    return set()


def past_of(states: dict[str, list[dict]], ends: list[dict], reasons: set[str], reference: date) -> str:
    for row in states["checklist"]:
        start = row["valid_from"] or row["day"]
        if (start is None or start <= reference) and (
            row["valid_to"] is None or row["valid_to"] >= reference
        ):
            return "checklist"
    if reasons & {"pending_new", "pending_renewal"}:
        return ""
    last = {
        "lapsed": max((row["day"] for row in ends), default=None),
        "not_eligible": max((row["day"] for row in states["refused"] if row["day"]), default=None),
        "withdrawn": max((row["day"] for row in states["ended"] if row["day"]), default=None),
    }
    dated = {name: applied for name, applied in last.items() if applied}
    return max(dated, key=lambda name: dated[name], default="")  # the first of equals


def age_reason(person: dict, reference: date, known: date) -> str:
    ages = [age_on(person[name], reference) for name in ("birth_date", "birth_latest")]
    if person["birth_date"] > known:
        return "age_undecidable"
    if max(ages) < 65:
        return "under_65"
    return "age_undecidable" if min(ages) < 65 else ""


def protected(person: dict, reference: date, known: date) -> bool:
    start, end = person.get("protection_from"), person.get("protection_to")
    flag = person.get("protection") or ("yes" if start else "no")
    return flag == "yes" and (start is None or start <= known) and (end is None or end >= reference)


def judge_slowly(
    person: dict,
    rows_of_person: list[dict],
    marks: set[str],
    clocks: tuple[date, date],
    kept: set[str],
) -> tuple[str, set[str]]:
    """Return the rule by which one person leaves and the flags; `kept` are the rules switched off."""
    reference, known = clocks
    removed, since = person.get("removed_on"), person["resident_since"]
    if removed <= reference if removed else person.get("removal"):
        return "removed_record", set()
    if person.get("registered") == "non_resident":
        return "non_resident", set()
    if since > reference:
        return "moved_in_after", set()
    if reason := age_reason(person, reference, known):
        return reason, set()
    care, past = care_of(rows_of_person, reference, known)
    holds = {*care, *marks, past} - {""}
    if protected(person, reference, known):
        holds.add("protected")
    if (reference - since).days < 30:
        holds.add("recent_mover")
    if "unclear" in marks:
        holds.add("certification_unclear")
    if "undecided" in marks:
        holds.add("link_undecided")
    for rule in RULES:
        if rule in holds and rule not in kept:
            return rule, set()
    return "", holds & kept


def town_of(address: str) -> str:
    rest = address.removeprefix("東京都練馬区")
    return max((town for town in default_areas() if rest.startswith(town)), key=len)


def slow_frame(folder: Path) -> tuple[Counter[str], dict[str, dict[str, str]]]:
    """Judge one person after the other; return reasons and, by resident number, the persons left."""
    care: dict[str, list[dict]] = {}
    for row in rows(folder / "certifications.csv"):
        care.setdefault(row["宛名番号"], []).append(care_facts(row))
    reasons: Counter[str] = Counter()
    people = {}
    for row in rows(folder / "residents.csv"):
        person = {
            "birth_date": day(row["生年月日"]),
            "birth_latest": day(row["生年月日"]),
            "removed_on": day(row["消除日"]),
            "removal": row["消除事由"],
            "resident_since": day(row["住民となった日"]),
            "protection": "yes" if row["支援措置"] == "1" else "no",
        }
        kept = {"checklist", "lapsed", "not_eligible", "withdrawn", "recent_mover"}
        rows_of_person = care.get(row["宛名番号"], [])
        reason, _flags = judge_slowly(person, rows_of_person, set(), (REFERENCE, KNOWN), kept)
        reasons[reason] += 1
        if not reason:
            people[row["宛名番号"]] = describe(row, age_on(person["birth_date"], REFERENCE))
    return reasons, people


def describe(row: dict[str, str], age: int) -> dict[str, str]:
    band = "85+" if age >= 85 else f"{age // 5 * 5}-{age // 5 * 5 + 4}"
    return {
        "area": default_areas()[town_of(row["住所"])],
        "age_band": band,
        "sex": {"1": "M", "2": "F"}[row["性別"]],
        "postal_code": f"{row['郵便番号'][:3]}-{row['郵便番号'][3:]}",
        "address": row["住所"] + (f"　{row['方書']}" if row["方書"] else ""),
        "name": row["氏名"],
    }


def slow_draw(people: dict[str, dict[str, str]], seed: str, n: int) -> set[str]:
    """Draw by the written rule, stratum by stratum."""
    key = hashlib.sha256(f"hyohon draw v1|{seed}".encode()).hexdigest()
    strata: dict[str, list[tuple[str, str, str]]] = {}
    for number, person in people.items():
        name = "/".join(person[column] for column in ("area", "age_band", "sex"))
        person_key = hmac.new(SECRET, number.encode(), hashlib.sha256).hexdigest()
        h = hashlib.sha256(f"{key}|{person_key}".encode()).hexdigest()
        strata.setdefault(name, []).append((h, person_key, number))
    sizes = slow_allocation({name: len(persons) for name, persons in strata.items()}, n)
    return {number for name, persons in strata.items() for *_, number in sorted(persons)[: sizes[name]]}


def slow_allocation(sizes: dict[str, int], n: int) -> dict[str, int]:
    """Proportional with at least 2: strata under the floor are set to it and the rest is shared again."""
    fixed: dict[str, int] = {}
    while True:
        free = {name: size for name, size in sizes.items() if name not in fixed}
        left = n - sum(fixed.values())
        share = {name: Fraction(left * size, sum(free.values())) for name, size in free.items()}
        low = [name for name, quota in share.items() if quota < min(2, sizes[name])]
        if not low:
            break
        fixed |= {name: min(2, sizes[name]) for name in low}
    whole = {name: int(quota) for name, quota in share.items()}
    order = sorted(free, key=lambda name: (whole[name] - share[name], name))
    for name in order[: left - sum(whole.values())]:
        whole[name] += 1
    return fixed | whole


@pytest.fixture(scope="module")
def slow(ward: Path) -> tuple[Counter[str], dict[str, dict[str, str]]]:
    return slow_frame(ward)


@pytest.fixture(scope="module")
def fast(ward: Path):
    return build_frame(
        read_residents(ward / "residents.csv"),
        read_certifications(ward / "certifications.csv"),
        reference_date=REFERENCE,
        knowledge_date=KNOWN,
        secret=SECRET,
    )


def test_every_reason_has_the_same_count(slow, fast) -> None:
    reasons, people = slow
    assert {rule: count for rule, count in fast.removed.items() if count} == {
        reason: count for reason, count in reasons.items() if reason
    }
    assert len(reasons) >= 8  # the ward shows every rule
    assert len(fast) == len(people) == reasons[""]


def test_the_same_persons_with_the_same_facts(slow, fast) -> None:
    columns = ["area", "age_band", "sex", "postal_code", "address", "name"]
    assert fast.table.set_index("resident_no")[columns].to_dict("index") == slow[1]


@pytest.mark.parametrize(("seed", "n"), [("1", 200), ("さいころ 3141", 97), ("1", 80)])
def test_the_same_persons_drawn(slow, fast, seed, n) -> None:
    design = StratifiedDesign(n=n, by=["area", "age_band", "sex"])
    drawn = set(draw(fast, design, seed=seed).link["resident_no"])
    assert drawn == slow_draw(slow[1], seed, n)
    assert len(drawn) == n


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


@pytest.mark.parametrize("seed", SEEDS)
def test_random_registers_are_judged_alike_person_by_person(hand, seed) -> None:
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
    judged = {
        person["resident_no"]: judge_slowly(
            person,
            care[person["resident_no"]],
            marks[person["resident_no"]],
            (RANDOM_D, RANDOM_K),
            kept,
        )
        for person in residents
    }
    reasons = Counter(reason for reason, _flags in judged.values() if reason)
    assert {rule: count for rule, count in frame.removed.items() if count} == reasons
    flags = frame.table.set_index("resident_no")["certification_flag"]
    left = {number: flags_ for number, (reason, flags_) in judged.items() if not reason}
    assert {number: set(flag.split(";")) - {""} for number, flag in flags.items()} == left
    SHOWN.update(reasons.keys(), *left.values())


def test_the_random_registers_show_every_rule() -> None:
    assert set(SHOWN) == set(RULES) - {"area_unknown"}


RANDOM_MARKS = (
    "undecided",
    "unclear",
    "insured_elsewhere",
    "exempt",
    "institution",
    "opted_out",
    "earlier_sample",
)
SHOWN: set[str] = set()


def links_of(numbers: list[str], certifications: list[dict], marks: dict[str, set[str]]):
    place = {number: position for position, number in enumerate(numbers)}

    def marked(name: str):
        return np.array([place[n] for n in numbers if name in marks[n]], dtype=np.int32)

    return SimpleNamespace(
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
