"""A second frame and draw, in slow plain Python from the same files, agree person by person."""

import csv
import hashlib
import hmac
from collections import Counter
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from sampling import StratifiedDesign, build_frame, draw, read_certifications, read_residents
from sampling.areas import default_areas

REFERENCE, KNOWN = date(2009, 11, 1), date(2009, 11, 2)
CARE = {"11", "12", "13", "21", "22", "23", "24", "25"}
SECRET = bytes(range(32))
KINDS = {"新規": "new", "更新": "renewal", "区分変更": "change"}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="cp932", newline="") as stream:
        return list(csv.DictReader(stream))


def day(text: str) -> date | None:
    return date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None


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


def town_of(address: str) -> str:
    rest = address.removeprefix("東京都練馬区")
    return max((town for town in default_areas() if rest.startswith(town)), key=len)


def slow_frame(folder: Path, judge) -> tuple[Counter[str], dict[str, dict[str, str]]]:
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
        reason, _flags = judge.judge_slowly(person, rows_of_person, set(), (REFERENCE, KNOWN), kept)
        reasons[reason] += 1
        if not reason:
            people[row["宛名番号"]] = describe(row, judge.age_on(person["birth_date"], REFERENCE))
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
def slow(ward: Path, slow_judge) -> tuple[Counter[str], dict[str, dict[str, str]]]:
    return slow_frame(ward, slow_judge)


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
