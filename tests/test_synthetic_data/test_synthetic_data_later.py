"""A later extract agrees with the first but for the events that its truth names, person by person."""

import csv
import datetime
import hashlib
import json

import pytest

from custody.errors import ConfigError
from synthetic_data import make_ward
from synthetic_data.later import REASONS

DAY = datetime.date(2009, 12, 2)
SIZE = 12_000


@pytest.fixture(scope="module")
def ward():
    return make_ward(SIZE, "later")


@pytest.fixture(scope="module")
def folders(ward, tmp_path_factory):
    first, last = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("last")
    ward.write(first)
    ward.later(DAY).write(last)
    return first, last


def rows_of(folder, name):
    with (folder / name).open(encoding="cp932", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def residents(folders):
    return tuple({row["宛名番号"]: row for row in rows_of(folder, "residents.csv")} for folder in folders)


@pytest.fixture(scope="module")
def truth(folders):
    return json.loads((folders[1] / "truth-later.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def frame(ward):
    return {f"{number:010d}" for number in ward.people.number[ward.frame].tolist()}


def test_reasons_counted_again_from_both_files(residents, truth, frame):
    before, after = residents
    day = truth["extract_date"].replace("-", "")
    found = {name: set() for name in ("died", "moved", "removed", "not_found", "protected", "moved_within")}
    reason = {"死亡": "died", "転出": "moved", "職権消除": "removed"}
    for number in frame:
        old, new = before[number], after.get(number)
        if new is None:
            found["not_found"].add(number)
        elif new["消除日"] and new["消除日"] <= day:
            found[reason[new["消除事由"]]].add(number)
        else:
            if (old["支援措置"], new["支援措置"]) == ("0", "1"):
                found["protected"].add(number)
            if (old["住所"], old["方書"]) != (new["住所"], new["方書"]):
                found["moved_within"].add(number)
    assert {name: set(truth["frame_residents"][name]) for name in found} == found
    assert all(found.values())


def test_certified_counted_again_from_both_files(folders, residents, truth, frame):
    gone = {n for name in REASONS[:4] for n in truth["frame_residents"][name]}
    certified, waits, early = set(), set(), set()
    first = truth["first_extract_date"].replace("-", "")
    for row in rows_of(folders[1], "certifications.csv"):
        number = row["宛名番号"]
        if number not in frame - gone:
            continue
        if not row["認定日"]:
            waits.add(number)
        elif row["認定日"] > first and row["要介護状態区分"] != "01":
            certified.add(number)
            if row["有効期間開始日"] <= "20091101":
                early.add(number)
    listed = {name: set(numbers) for name, numbers in truth["frame_residents"].items()}
    assert (listed["certified"], listed["applied"], listed["retroactive"]) == (
        certified,
        waits - certified,
        early,
    )
    assert certified
    assert waits
    assert early


def test_list_of_those_who_wish_not_to_be_asked(folders, truth, frame):
    listed = {row["宛名番号"] for row in rows_of(folders[1], "opt_outs.csv")}
    assert listed == set(truth["frame_residents"]["opted_out"])
    assert listed <= frame


def test_about_nine_in_a_thousand_elders_left_in_a_month(truth, frame):
    left = sum(truth["frame"][name] for name in REASONS[:4])
    assert 0.006 < left / len(frame) < 0.013


def test_everything_else_stays_as_it_was(residents, ward):
    before, after = residents
    kept = before.keys() & after.keys()
    fixed = ("世帯番号", "氏名", "氏名カナ", "生年月日", "性別", "住民となった日")
    assert all(before[number][name] == after[number][name] for number in kept for name in fixed)
    new = after.keys() - before.keys()
    assert new
    assert min(new) > max(before)
    assert all("20091102" < after[number]["住民となった日"] <= "20091202" for number in new)
    assert {after[n]["生年月日"] == after[n]["住民となった日"] for n in new} == {True, False}


def test_insured_numbers_stay(folders):
    before, after = (
        {row["宛名番号"]: row["被保険者番号"] for row in rows_of(folder, "certifications.csv")}
        for folder in folders
    )
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)


def test_same_day_same_bytes(ward, folders, tmp_path):
    for path in ward.later(DAY).write(tmp_path).values():
        other = (folders[1] / path.name).read_bytes()
        assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(other).digest()


def test_small_ward_shows_every_reason():
    later = make_ward(1_000, "small").later(datetime.date(2009, 11, 20))
    assert all(later.truth["frame"][name] for name in REASONS)


@pytest.mark.parametrize("day", [datetime.date(2009, 11, 2), datetime.date(2010, 6, 1)])
def test_other_days_are_refused(ward, day):
    with pytest.raises(ConfigError, match="later extract"):
        ward.later(day)
