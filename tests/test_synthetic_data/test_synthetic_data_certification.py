"""Certification rows obey the rules of 2009, and their number follows the rates by age and sex."""

import csv
from datetime import date, timedelta

import numpy as np
import pytest

from synthetic_data import certification as care
from synthetic_data import make_ward
from synthetic_data.households import INSTITUTION
from synthetic_data.tables import read_rows

REFERENCE, EXTRACT = date(2009, 11, 1), date(2009, 11, 2)


def day(text):
    return date(int(text[:4]), int(text[4:6]), int(text[6:])) if text else None


def month_number(when):
    return when.year * 12 + when.month


@pytest.fixture(scope="module")
def ward():
    return make_ward(60_000, "certification")


@pytest.fixture(scope="module")
def rows(ward, tmp_path_factory):
    path = ward.write(tmp_path_factory.mktemp("ward"))["certifications"]
    with path.open(encoding="cp932", newline="") as file:
        return list(csv.DictReader(file))


def test_decisions_come_after_applications_and_before_the_extract(rows):
    for row in rows:
        applied, decided = day(row["申請日"]), day(row["認定日"])
        assert applied <= EXTRACT
        if decided:
            assert applied < decided <= EXTRACT
            assert (decided - applied).days >= 20


def test_undecided_rows_are_empty_and_refusals_have_no_period(rows):
    for row in rows:
        period = row["有効期間開始日"] + row["有効期間終了日"]
        if not row["認定日"]:
            assert row["要介護状態区分"] + period == ""
        elif row["要介護状態区分"] == "01":
            assert period == ""
        else:
            assert len(period) == 16


def test_periods(rows):
    lengths = set()
    for row in rows:
        start, end = day(row["有効期間開始日"]), day(row["有効期間終了日"])
        if not start:
            continue
        assert (end + timedelta(days=1)).day == 1, "periods end with a month"
        months = month_number(end) - month_number(start)
        applied = day(row["申請日"])
        if row["申請区分"] == "更新":
            assert start.day == 1
            assert 0 < (start - applied).days <= 61, "filed in the last 60 days of the old period"
            assert months + 1 in (6, 12, 24)
            assert months + 1 <= 12 or row["要介護状態区分"] >= "21", "要支援 lasts 12 months at most"
        else:
            assert start == applied, "takes effect on the day of application"
            assert months + (start.day == 1) in (3, 4, 5, 6)
        lengths.add(months)
    assert len(lengths) > 4


def test_one_insured_number_for_each_person(rows):
    pairs = {(row["被保険者番号"], row["宛名番号"]) for row in rows}
    assert len(pairs) == len({number for number, _ in pairs}) == len({person for _, person in pairs})
    assert [row["被保険者番号"] for row in rows] == sorted(row["被保険者番号"] for row in rows)


def test_nobody_has_two_decisions_in_force(rows):
    in_force = [
        row["宛名番号"]
        for row in rows
        if row["有効期間開始日"] and day(row["有効期間開始日"]) <= REFERENCE <= day(row["有効期間終了日"])
    ]
    assert len(in_force) == len(set(in_force))


def test_rates_by_age_and_sex(ward):
    people = ward.people
    here = ~(people.removed <= np.datetime64(REFERENCE)) & (people.since <= np.datetime64(REFERENCE))
    held = np.isin(people.state, (care.VALID, care.PENDING_RENEWAL, care.PENDING_CHANGE))
    for cell in read_rows("certification_cells.csv"):
        inside = here & (people.sex == int(cell["sex"]))
        inside &= (people.age >= int(cell["from_age"])) & (people.age <= int(cell["to_age"]))
        expected = int(cell["rate_per_10000"]) * inside.sum() / 10_000
        assert abs(held[inside].sum() - expected) <= 1, "exact but for rounding"


def test_levels_follow_the_mix(ward):
    people, rows = ward.people, ward.certification.rows
    cells = [c for c in read_rows("certification_cells.csv") if c["from_age"] == "80" and c["sex"] == "2"]
    codes = ("12", "13", "21", "22", "23", "24", "25")
    shares = np.array([int(cells[0][code]) for code in codes]) / sum(int(cells[0][code]) for code in codes)
    person = rows.person[(rows.level >= 0) & (rows.person >= 0)]
    level = rows.level[(rows.level >= 0) & (rows.person >= 0)]
    who = (people.sex[person] == 2) & (people.age[person] >= 80) & (people.age[person] <= 84)
    who &= people.state[person] == care.VALID
    found = np.bincount(level[who], minlength=7)
    error = np.sqrt(shares * (1 - shares) / found.sum())
    # 4.5 standard errors for each of seven shares
    assert (abs(found / found.sum() - shares) < 4.5 * error).all()


def test_facility_residents_are_mostly_certified(ward):
    people = ward.people
    nursed = (people.role == INSTITUTION) & (people.state != 0)
    assert nursed.sum() > 0.6 * (people.role == INSTITUTION).sum()
