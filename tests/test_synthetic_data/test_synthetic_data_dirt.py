"""The dirty form has exactly the faults that its truth names: every row compared in plain Python."""

import csv
import hashlib
import json
import re
import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest

from custody.cli import run
from synthetic_data import load_ward, make_ward
from synthetic_data.dirt_plan import PER, make_plan
from synthetic_data.tables import settings

SIZE = 30_000
REFERENCE, KNOWN, BORDER = date(2009, 11, 1), date(2009, 11, 2), date(1944, 11, 2)
FIRST_YEAR = {"明治": 1868, "大正": 1912, "昭和": 1926, "平成": 1989}
ERA = dict(zip(FIRST_YEAR, ("MTSH"[k] + str(k + 1) for k in range(4)), strict=True))
ERA_ENDS = {"明治": date(1912, 7, 29), "大正": date(1926, 12, 24), "昭和": date(1989, 1, 7)}
SPELLINGS = (
    r"(?P<era>明治|大正|昭和|平成)(?P<year>元|\d+)年(?P<month>\d+)月(?P<day>\d+)日",
    r"(?P<era>[MTSH])(?P<year>\d+)\.(?P<month>\d+)\.(?P<day>\d+)",
    r"(?P<era>[1-4])-?(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)",
    r"(?P<era>)(?P<year>\d{4})/(?P<month>\d+)/(?P<day>\d+)",
    r"(?P<era>)(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
)
NAME_FAULTS = {"variant", "renamed", "gaiji"}
UNSEEN = {"no_number", "number_swapped", "duplicated", "contradictory", "unknown_code", "impossible_date"}

GOLDEN = {
    "residents.csv": "9e87094f24d6a77957cf3b50654253a5e4563fda963078409cf35444f27e118a",
    "certifications.csv": "b21906edc8b98b32faef5051b5f9ace97f4a11fa100fa1e4ab66cb54bb58fcb9",
    "qualifications.csv": "1dc8dc75af085768097b7d4f192349c56606add687214a46d7559eaee9a8ee35",
    "links-truth.csv": "ac191d7c0d7baaa111eab8884922671daf8db90f077e61883a4c50969d9dd6b6",
}
"""SHA-256 of the dirty files of make_ward(2_000, "golden"). They change only when the faults are meant to."""


def day_of(text):
    """Earliest and latest day of a date in any spelling; None where it is none."""
    if not text.strip("0"):
        return None, None
    found = next(match for s in SPELLINGS if (match := re.fullmatch(s, text)))
    era = next((name for name in ERA if found["era"] and found["era"] in name + ERA[name]), None)
    year = 1 if found["year"] == "元" else int(found["year"])
    year += FIRST_YEAR[era] - 1 if era else 0
    month, day = int(found["month"]), int(found["day"])
    first = date(year, month or 1, day or 1)
    last = date(year, month or 12, day or 28)
    while not day and (last + timedelta(1)).month == last.month:
        last += timedelta(1)
    if era in ERA_ENDS and first > ERA_ENDS[era]:
        raise ValueError("the era was over")
    return first, last


def rows_of(path):
    with path.open(encoding="cp932", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def ward():
    return make_ward(SIZE, "dirt")


@pytest.fixture(scope="module")
def files(ward, tmp_path_factory):
    return ward.write(tmp_path_factory.mktemp("dirty"), form="dirty")


@pytest.fixture(scope="module")
def dirty(files):
    return json.loads(files["truth"].read_text(encoding="utf-8"))["dirty"]


@pytest.fixture(scope="module")
def residents(files):
    return {row["宛名番号"]: row for row in rows_of(files["residents"])}


@pytest.fixture(scope="module")
def pairs(files):
    """Each certification row with its line of the truth."""
    certifications, links = rows_of(files["certifications"]), rows_of(files["links"])
    assert [link["row"] for link in links] == [str(k + 1) for k in range(len(certifications))]
    return list(zip(certifications, links, strict=True))


def faulty(row):
    try:
        day_of(row["生年月日"])
    except ValueError:
        return True
    return row["性別"] not in ("1", "2")


def certified_or_not(rows):
    """Reason of one person's rows, as the law has it on the reference date."""
    reasons, valid, refused, unclear = set(), set(), set(), False
    for row in rows:
        applied = day_of(row["申請日"])[0]
        try:
            start, end = day_of(row["有効期間開始日"])[0], day_of(row["有効期間終了日"])[0]
        except ValueError:
            unclear = True
            continue
        if row["要介護状態区分"] == "99":
            unclear = True
        elif row["結果"] == "認定" and start <= REFERENCE <= end:
            valid.add(applied)
        elif row["結果"] == "非該当":
            refused.add(applied)
        elif not row["結果"] and applied <= REFERENCE:
            reasons.add(
                {"新規": "pending_new", "更新": "pending_renewal", "区分変更": "pending_change"}[
                    row["申請区分"]
                ]
            )
    if valid and not any(day >= max(valid) for day in refused):
        return "certified_valid"
    for reason in ("pending_new", "pending_renewal", "pending_change"):
        if reason in reasons:
            return reason
    return "certification_unclear" if unclear or valid else None


def resident_reason(row):
    """First rule of the resident register that removes a person, or None."""
    if faulty(row):
        return "quarantined"
    earliest, latest = day_of(row["生年月日"])
    removed = day_of(row["消除日"])[0]
    begins, ends = day_of(row["支援措置開始日"])[0], day_of(row["支援措置終了日"])[0]
    checks = {
        "removed_record": removed is not None and removed <= REFERENCE,
        "non_resident": row["住登外"] == "1",
        "moved_in_after": day_of(row["住民となった日"])[0] > REFERENCE,
        "under_65": earliest > BORDER,
        "age_undecidable": latest > BORDER,
        "protected": row["支援措置"] == "1" and begins <= KNOWN and ends >= REFERENCE,
    }
    return next((rule for rule, holds in checks.items() if holds), None)


def test_flow_counted_again_from_the_files(files, residents, pairs, dirty):
    status = {row["宛名番号"]: row["資格区分"] for row in rows_of(files["qualifications"])}
    persons = defaultdict(list)
    for row, link in pairs:
        persons[link["resident_no"]].append(row)
    flow = Counter(register=len(residents))
    for number, row in residents.items():
        reason = resident_reason(row) or certified_or_not(persons.get(number, []))
        outside = {"他市町村被保険者": "insured_elsewhere", "適用除外": "exempt"}
        flow[reason or outside.get(status.get(number), "frame")] += 1
    assert dict(flow) == {rule: count for rule, count in dirty["flow"].items() if count}
    assert all(dirty["flow"].values())
    assert dirty["flow"]["register"] == sum(n for rule, n in dirty["flow"].items() if rule != "register")


def differences(row, resident):
    """What a certification row says otherwise than the resident's row."""

    def plain(text):
        return unicodedata.normalize("NFKC", text).replace("番", "-").removeprefix("東京都").rstrip("号")

    compared = {
        "name": row["氏名"] == resident["氏名"],
        "kana": plain(row["氏名カナ"]) == plain(resident["氏名カナ"]),
        "birth": day_of(row["生年月日"]) == day_of(resident["生年月日"]),
        "sex": row["性別"] == resident["性別"],
        "address": plain(row["住所"]) == plain(resident["住所"]),
    }
    return {name for name, same in compared.items() if not same}


def test_every_difference_is_planted_and_every_fault_makes_one(residents, pairs):
    seen = 0
    for row, link in pairs:
        resident = residents.get(link["resident_no"])
        if resident is None or resident["住登外"] == "1":
            continue
        errors = set(link["errors"].split(";")) - {""}
        expected = {"name" for _ in errors & NAME_FAULTS}
        expected |= {"kana" for name in errors if name.startswith("kana_") or name == "renamed"}
        expected |= {"birth" for name in errors if name.startswith(("birth_", "partial_"))}
        expected |= {"sex"} & errors
        met = differences(row, resident)
        assert met - {"address"} == expected
        assert "address" not in met or "moved" in errors
        seen += bool(expected)
    assert seen > 20


def test_numbers_are_right_empty_or_exchanged(pairs, dirty):
    empty, swapped = set(), set()
    for row, link in pairs:
        errors = link["errors"].split(";")
        if not link["resident_no"]:
            continue
        if not row["宛名番号"]:
            empty.add(link["resident_no"])
        elif row["宛名番号"] != link["resident_no"]:
            swapped.add(link["resident_no"])
            assert sorted(row["宛名番号"]) == sorted(link["resident_no"])
        assert ("no_number" in errors) == (not row["宛名番号"])
        assert ("number_swapped" in errors) == bool(
            row["宛名番号"] and row["宛名番号"] != link["resident_no"]
        )
    assert (len(empty), len(swapped)) == (dirty["planted"]["no_number"], dirty["planted"]["number_swapped"])
    assert len(empty) / dirty["links"]["resident"]["persons"] == pytest.approx(0.15, abs=0.005)


def test_planted_faults_stand_in_the_truth_of_the_rows(pairs, dirty):
    found = defaultdict(set)
    for _row, link in pairs:
        for name in filter(None, link["errors"].split(";")):
            found["kana" if name.startswith("kana_") else name].add(link["resident_no"])
    rates = settings("dirt")["certifications"]
    for name in set(rates) - {"mapped", "absent", "duplicated"}:
        assert len(found[name]) == dirty["planted"][name], name
    persons = dirty["links"]["resident"]["persons"]
    for name in ("kana", "moved", "renamed"):
        assert len(found[name]) == pytest.approx(persons * rates[name] / PER, abs=1)


def test_rows_without_a_person(residents, pairs, dirty):
    groups = Counter()
    for _row, link in pairs:
        number = link["resident_no"]
        assert (number in residents) == (not link["why"])
        groups[link["why"] or ("non_resident" if residents[number]["住登外"] == "1" else "resident")] += 1
    assert dict(groups) == {name: group["rows"] for name, group in dirty["links"].items()}
    assert all(groups[name] for name in ("resident", "non_resident", "lives_elsewhere", "absent"))


def test_quarantine_is_small_and_counted(residents, pairs, dirty):
    assert sum(map(faulty, residents.values())) == dirty["residents_quarantined"] == 3
    broken = [row for row, _ in pairs if row["要介護状態区分"] == "99" or row["有効期間開始日"] == "20090230"]
    assert len(broken) == dirty["certification_quarantined"] == 2
    big = make_ward(60_000, "share")
    rows, plan = len(big.certification.rows.person), make_plan(big.extract())
    assert len(plan.who["unknown_code"]) + len(plan.who["impossible_date"]) < 0.003 * rows


def test_qualifications_map_numbers_of_those_who_lack_one(files, pairs, dirty):
    rows = rows_of(files["qualifications"])
    truth = {row["被保険者番号"]: link["resident_no"] for row, link in pairs}
    known = {row["被保険者番号"]: row["宛名番号"] for row in rows if row["資格区分"] == "被保険者"}
    assert all(truth[number] == resident for number, resident in known.items() if number in truth)
    lacking = {row["被保険者番号"] for row, link in pairs if "no_number" in link["errors"].split(";")}
    assert len(lacking & known.keys()) >= dirty["planted"]["mapped"]
    assert dirty["planted"]["mapped"] == pytest.approx(0.6 * dirty["planted"]["no_number"], abs=1)
    assert Counter(row["資格区分"] for row in rows) == dirty["qualification_rows"]
    twice = Counter(row["宛名番号"] for row in rows if row["資格区分"] == "被保険者")
    assert sum(count == 2 for count in twice.values()) == dirty["planted"]["second_number"]
    assert all(not row["被保険者番号"] for row in rows if row["資格区分"] in ("他市町村被保険者", "適用除外"))


def test_gaiji_half_width_and_spellings(residents, dirty):
    private = [row for row in residents.values() if re.search("[\ue000-\ue757]", row["氏名"])]
    assert len(private) == dirty["planted"]["gaiji"]
    assert not any(re.search("[ァ-ヺ]", row["氏名カナ"]) for row in residents.values())
    births = Counter(row["生年月日"][:1] in "明大昭平" for row in residents.values())
    assert 0 < births[False] / sum(births.values()) < 0.04


def test_fixed_form_says_the_same(ward, files, residents, tmp_path):
    fixed = ward.write(tmp_path, form="dirty", residents_form="fixed")
    assert fixed["certifications"].read_bytes() == files["certifications"].read_bytes()
    records = fixed["residents"].read_bytes().split(b"\r\n")
    assert records.pop() == b""
    assert {len(record) for record in records} == {300}
    fields = {
        "宛名番号": (0, 10),
        "氏名": (22, 62),
        "氏名カナ": (62, 92),
        "生年月日": (92, 99),
        "住所": (107, 187),
    }
    fields |= {"住民となった日": (247, 254), "支援措置": (262, 263), "住登外": (277, 278)}
    for record, row in zip(records, residents.values(), strict=True):
        cells = {name: record[a:b].decode("cp932").rstrip() for name, (a, b) in fields.items()}
        if not faulty(row):
            assert day_of(cells["生年月日"]) == day_of(row["生年月日"])
        assert day_of(cells["住民となった日"]) == day_of(row["住民となった日"])
        assert all(cells[name] == row[name] for name in fields if "日" not in name)


def test_same_seed_same_bytes_and_the_same_ward(ward, files, tmp_path):
    again = make_ward(SIZE, "dirt").write(tmp_path, form="dirty")
    for name, path in files.items():
        assert hashlib.sha256(again[name].read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert load_ward(files["truth"].parent).counts == ward.counts


def test_golden_bytes(tmp_path):
    make_ward(2_000, "golden").write(tmp_path, form="dirty")
    assert {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in GOLDEN} == GOLDEN


def test_command_writes_the_same_files(tmp_path):
    command = ["synthetic", "ward", str(tmp_path / "c"), "--residents", "2000", "--seed", "golden"]
    assert run([*command, "--form", "dirty", "--residents-form", "fixed", "--later", "2009-12-02"]) == 0
    later = make_ward(2_000, "golden").later(date(2009, 12, 2))
    for path in later.write(tmp_path / "p", form="dirty", residents_form="fixed").values():
        assert (tmp_path / "c" / path.name).read_bytes() == path.read_bytes()


def test_later_extract_keeps_every_fault(ward, files, residents, pairs, tmp_path):
    later = ward.later(date(2009, 12, 2)).write(tmp_path, form="dirty")
    after = {row["宛名番号"]: row for row in rows_of(later["residents"])}
    fixed = ("氏名", "氏名カナ", "生年月日", "性別", "住民となった日", "住登外")
    assert all(
        row[name] == residents[n][name] for n, row in after.items() if n in residents for name in fixed
    )
    truth = json.loads(later["truth"].read_text(encoding="utf-8"))
    assert truth["residents_rows"] == len(after)
    rows, links = rows_of(later["certifications"]), rows_of(later["links"])
    assert truth["certification_rows"] == len(rows) == len(links) > len(pairs)

    def persons(some):
        return {
            row["被保険者番号"]: [row[name] for name in ("宛名番号", "氏名", "氏名カナ", "性別")]
            for row, link in some
            if "moved" not in link["errors"]
        }

    assert persons(pairs).items() <= persons(zip(rows, links, strict=True)).items()
    opted = [{row["宛名番号"] for row in rows_of(some["opt_outs"])} for some in (files, later)]
    assert opted[0] | set(truth["frame_residents"]["opted_out"]) == opted[1] > opted[0]
    for number in truth["frame_residents"]["died"]:
        assert (resident_reason(residents[number]), after[number]["消除事由"]) == (None, "死亡")
    assert not set(truth["frame_residents"]["not_found"]) & after.keys()
