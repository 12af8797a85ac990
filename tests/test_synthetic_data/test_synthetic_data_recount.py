"""The truth of an invented ward agrees with a second, slow count in plain Python from the written files."""

import csv
import json
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest

from synthetic_data import make_ward

REFERENCE, EXTRACT = date(2009, 11, 1), date(2009, 11, 2)
LEVELS = {"12", "13", "21", "22", "23", "24", "25"}


def read(path):
    with path.open(encoding="cp932", newline="") as file:
        return list(csv.DictReader(file))


def day(text):
    return date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None


def age_by_law(birth, on):
    """Completed years; a year is complete on the day before the birthday."""
    eve = on + timedelta(days=1)
    return eve.year - birth.year - ((eve.month, eve.day) < (birth.month, birth.day))


def rule_of(person, certifications):
    removed, since = day(person["消除日"]), day(person["住民となった日"])
    if removed and removed <= REFERENCE:
        return "removed_record"
    if since > REFERENCE:
        return "moved_in_after"
    if age_by_law(day(person["生年月日"]), REFERENCE) < 65:
        return "under_65"
    if person["支援措置"] == "1":
        return "protected"
    open_kinds = set()
    for row in certifications:
        decided, applied = day(row["認定日"]), day(row["申請日"])
        if decided and decided <= EXTRACT and row["要介護状態区分"] in LEVELS:
            if day(row["有効期間開始日"]) <= REFERENCE <= day(row["有効期間終了日"]):
                return "certified_valid"
        elif not decided and applied <= REFERENCE:
            open_kinds.add(row["申請区分"])
    for kind, rule in (("新規", "pending_new"), ("更新", "pending_renewal"), ("区分変更", "pending_change")):
        if kind in open_kinds:
            return rule
    return "frame"


def flag_of(certifications):
    if any(row["要介護状態区分"] == "01" for row in certifications):
        return "not_eligible"
    if any(row["有効期間終了日"] and day(row["有効期間終了日"]) < REFERENCE for row in certifications):
        return "lapsed"
    return ""


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    files = make_ward(20_000, "recount").write(tmp_path_factory.mktemp("ward"))
    residents, certifications = read(files["residents"]), read(files["certifications"])
    by_person = defaultdict(list)
    for row in certifications:
        by_person[row["宛名番号"]].append(row)
    truth = json.loads(files["truth"].read_text(encoding="utf-8"))
    rules = [rule_of(person, by_person[person["宛名番号"]]) for person in residents]
    return residents, certifications, by_person, rules, truth


def test_flow(counted):
    residents, _, _, rules, truth = counted
    assert {"register": len(residents), **Counter(rules)} == truth["flow"]
    assert min(truth["flow"].values()) > 0, "every rule removes somebody"


def test_flags_of_those_kept(counted):
    residents, _, by_person, rules, truth = counted
    flags = Counter(
        flag_of(by_person[person["宛名番号"]])
        for person, rule in zip(residents, rules, strict=True)
        if rule == "frame"
    )
    del flags[""]
    assert flags == truth["kept_with_flag"]
    assert min(flags.values()) > 0


def test_cells_of_the_frame(counted):
    from synthetic_data.tables import read_rows

    area_of = {row["postal_code"]: row["area"] for row in read_rows("towns.csv")}
    residents, _, _, rules, truth = counted
    found = Counter()
    for person, rule in zip(residents, rules, strict=True):
        if rule == "frame":
            age = age_by_law(day(person["生年月日"]), REFERENCE)
            band = "85+" if age >= 85 else f"{age // 5 * 5}-{age // 5 * 5 + 4}"
            found[area_of[person["郵便番号"]], band, "MF"[int(person["性別"]) - 1]] += 1
    cells = {(c["area"], c["age_band"], c["sex"]): c["n"] for c in truth["frame_cells"]}
    assert len(cells) == 40
    assert +Counter(cells) == found


def test_other_counts(counted):
    residents, certifications, by_person, rules, truth = counted
    live = [
        p
        for p, rule in zip(residents, rules, strict=True)
        if rule not in ("removed_record", "moved_in_after")
    ]
    assert truth["residents_rows"] == len(residents) == 20_000
    assert truth["certification_rows"] == len(certifications)
    assert truth["residents_on_reference_date"] == len(live)
    elders = [p for p in live if age_by_law(day(p["生年月日"]), REFERENCE) >= 65]
    assert truth["elders_65_on_reference_date"] == len(elders)
    size = Counter(person["世帯番号"] for person in residents)
    assert truth["households"] == len(size)
    alone = sum(size[p["世帯番号"]] == 1 for p, rule in zip(residents, rules, strict=True) if rule == "frame")
    assert truth["frame_alone_in_register"] == alone
    planted = truth["planted_residents"]
    assert planted["removed_on_reference_date"] == sum(p["消除日"] == "20091101" for p in residents)
    assert planted["removed_after_reference_date"] == sum(p["消除日"] > "20091101" for p in residents)
    assert planted["born_on_last_day_for_65"] == sum(p["生年月日"] == "19441102" for p in residents) > 0
    assert planted["born_one_day_too_late"] == sum(p["生年月日"] == "19441103" for p in residents) > 0
    numbers = {person["宛名番号"] for person in residents}
    assert truth["planted_certifications"]["lives_elsewhere"] == len(by_person.keys() - numbers)


def test_planted_certifications(counted):
    _, certifications, by_person, _, truth = counted
    planted = truth["planted_certifications"]
    assert min(planted.values()) > 0
    late = sum(row["申請日"] > "20091101" and row["申請区分"] == "新規" for row in certifications)
    assert planted["applied_after"] == late
    ahead = sum(row["有効期間開始日"] > "20091101" for row in certifications)
    assert planted["renewed_ahead"] == ahead
    both = [
        rows
        for rows in by_person.values()
        if len(rows) > 1 and rows[-1]["申請区分"] == "更新" and not rows[-1]["認定日"]
    ]
    assert planted["second_row_renewal"] + planted["expired_renewal_pending"] == len(both)
