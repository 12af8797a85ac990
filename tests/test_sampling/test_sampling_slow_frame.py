"""A second frame and draw, in slow plain Python from the same files, agree person by person."""

import csv
import hashlib
import hmac
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from sampling import StratifiedDesign, build_frame, draw, read_certifications, read_residents
from sampling.areas import default_areas

REFERENCE, KNOWN = date(2009, 11, 1), date(2009, 11, 2)
CARE = {"11", "12", "13", "21", "22", "23", "24", "25"}
SECRET = bytes(range(32))
KINDS = {"新規": "pending_new", "更新": "pending_renewal", "区分変更": "pending_change"}


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


def care_reason(rows_of_person: list[dict[str, str]]) -> str:
    reasons = set()
    for row in rows_of_person:
        applied, decided = day(row["申請日"]), day(row["認定日"])
        if applied > KNOWN:
            continue
        if decided and decided <= KNOWN:
            period = (day(row["有効期間開始日"]), day(row["有効期間終了日"]))
            if row["要介護状態区分"] in CARE and period[0] <= REFERENCE <= period[1]:
                reasons.add("certified_valid")
        elif applied <= REFERENCE:
            reasons.add(KINDS[row["申請区分"]])
    order = ("certified_valid", "pending_new", "pending_renewal", "pending_change")
    return next((reason for reason in order if reason in reasons), "")


def town_of(address: str) -> str:
    rest = address.removeprefix("東京都練馬区")
    return max((town for town in default_areas() if rest.startswith(town)), key=len)


def slow_frame(folder: Path) -> tuple[Counter[str], dict[str, dict[str, str]]]:
    """Judge one person after the other; return reasons and, by resident number, the persons left."""
    care: dict[str, list[dict[str, str]]] = {}
    for row in rows(folder / "certifications.csv"):
        care.setdefault(row["宛名番号"], []).append(row)
    reasons: Counter[str] = Counter()
    people = {}
    for row in rows(folder / "residents.csv"):
        age = age_on(day(row["生年月日"]), REFERENCE)
        removed = day(row["消除日"])
        if removed and removed <= REFERENCE:
            reason = "removed_record"
        elif day(row["住民となった日"]) > REFERENCE:
            reason = "moved_in_after"
        elif age < 65:
            reason = "under_65"
        elif row["支援措置"] == "1":
            reason = "protected"
        else:
            reason = care_reason(care.get(row["宛名番号"], []))
        reasons[reason] += 1
        if not reason:
            people[row["宛名番号"]] = describe(row, age)
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
