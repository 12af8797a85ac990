"""An invented ward is the same bytes for the same seed; its people, homes and names fit together."""

import csv
import hashlib
import tomllib
from collections import Counter, defaultdict
from datetime import date
from importlib.resources import files as files_of

import numpy as np
import pytest

from custody.errors import ConfigError, InputError
from synthetic_data import load_ward, make_ward
from synthetic_data.dates import legal_age
from synthetic_data.households import CHILD, COUPLE, INSTITUTION, LONE_PARENT, WOMAN
from synthetic_data.streams import Streams
from synthetic_data.tables import given_names, pyramid, read_rows, share_out, surnames, towns

SIZE = 6_000

GOLDEN = {
    "residents.csv": "370b394e2e7187ce07c08341a4960521249fa8e0f765434c67a802cab441a400",
    "certifications.csv": "2ec4d8f32b6122643447acb2ec6243dd9e1e6790c64b818de060910a4c12e8c6",
}
"""SHA-256 of the files of make_ward(2_000, "golden"). They change only when the ward is meant to change."""


@pytest.fixture(scope="module")
def ward():
    return make_ward(SIZE, "tests")


@pytest.fixture(scope="module")
def files(ward, tmp_path_factory):
    return ward.write(tmp_path_factory.mktemp("ward"))


@pytest.fixture(scope="module")
def rows(files):
    with files["residents"].open(encoding="cp932", newline="") as file:
        return list(csv.DictReader(file))


def test_same_seed_same_bytes(tmp_path):
    make_ward(2_000, "golden").write(tmp_path)
    digests = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in GOLDEN}
    assert digests == GOLDEN


def test_another_seed_other_people(ward):
    other = make_ward(SIZE, "other")
    assert (ward.people.surname[:100] != other.people.surname[:100]).any()


def test_streams_do_not_move_one_another():
    streams = Streams("s")
    before = streams.raw("a", 4).tolist()
    streams.raw("b", 99)
    assert streams.raw("a", 4).tolist() == before
    assert streams.raw("a", 8)[:4].tolist() == before
    assert streams.raw("b", 4).tolist() != before


def test_weighted_draws_follow_their_table():
    drawn = np.bincount(
        Streams("w").weighted("w", [[1, 0, 3], [5, 5, 0]], np.repeat([0, 1], 40_000)), minlength=3
    )
    # each share has a standard error below 0.0025: five of them
    assert drawn / 80_000 == pytest.approx([0.375, 0.25, 0.375], abs=0.0125)


def test_files_are_as_a_ward_hands_them_over(files, rows):
    raw = files["residents"].read_bytes()
    assert raw.count(b"\r\n") == raw.count(b"\n") == SIZE + 1
    assert raw.decode("cp932").encode("cp932") == raw
    assert '"' not in raw.decode("cp932")
    numbers = [row["宛名番号"] for row in rows]
    assert len(set(numbers)) == SIZE
    assert all(len(number) == 10 and number.startswith("0") for number in numbers)
    assert all(row["性別"] in "12" and row["支援措置"] in "01" and len(row["郵便番号"]) == 7 for row in rows)
    assert {row["消除事由"] for row in rows} == {"", "転出", "死亡", "職権消除"}
    assert all((row["消除日"] == "") == (row["消除事由"] == "") for row in rows)


def test_pyramid_is_exact(ward):
    expected = share_out(pyramid().ravel(), SIZE).reshape(-1, 2)
    assert (legal_age(ward.people.birth, np.datetime64("2009-11-01")) == ward.people.age).all()
    found = np.zeros_like(expected)
    np.add.at(found, (ward.people.age, ward.people.sex - 1), 1)
    assert (found == expected).all()


def test_tables_keep_the_published_totals():
    ages = pyramid()
    assert ages.sum(axis=0).tolist() == [350_647, 365_477]  # census of October 2010
    assert ages[:15].sum(axis=0).tolist() == [44_836, 42_567]
    assert int(ages[65:].sum()) == 132_500
    assert len(towns().town) == 46
    assert Counter(towns().area).keys() == {"練馬", "光が丘", "石神井", "大泉"}


def test_every_data_file_names_its_source():
    folder = files_of("synthetic_data").joinpath("data")
    listed = tomllib.loads(folder.joinpath("sources.toml").read_text(encoding="utf-8"))
    assert set(listed) == {entry.name for entry in folder.iterdir()} - {"sources.toml"}
    assert all(set(entry) == {"what", "source", "status"} for entry in listed.values())


def test_dates_of_a_record_follow_one_another(rows):
    for row in rows:
        assert row["生年月日"] <= row["住民となった日"]
        assert row["消除日"] == "" or row["住民となった日"] <= row["消除日"]


def test_households_share_address_and_mostly_the_surname(rows):
    homes = defaultdict(list)
    for row in rows:
        homes[row["世帯番号"]].append(row)
    assert all(len({(r["郵便番号"], r["住所"], r["方書"]) for r in home}) == 1 for home in homes.values())
    several = [home for home in homes.values() if len(home) > 1]
    shared = sum(len({r["氏名"].split("　")[0] for r in home}) == 1 for home in several)
    assert 0.95 < shared / len(several) < 1
    assert all(len({r["氏名"] for r in home}) == len(home) for home in homes.values())
    assert 2.0 < SIZE / len(homes) < 2.3  # census 2010: about 2.1


def test_addresses_are_whole_and_rooms_differ(rows):
    town_of = {code: place for place, code in enumerate(towns().postal_code)}
    wide = str.maketrans("０１２３４５６７８９", "0123456789")
    places = defaultdict(set)
    for row in rows:
        place = town_of[row["郵便番号"]]
        front = "東京都練馬区" + towns().town[place]
        assert row["住所"].startswith(front)
        assert row["住所"].endswith("号")
        rest = row["住所"][len(front) :].translate(wide)
        chome, _, block = rest.rpartition("丁目")
        assert (0 < int(chome or 0) <= towns().chome_count[place]) or (
            chome == "" and not towns().chome_count[place]
        )
        ban, go = block[:-1].split("番")
        assert 0 < int(ban) < 120
        assert 0 < int(go) < 40
        places[row["住所"], row["方書"]].add(row["世帯番号"])
    assert all(len(households) == 1 for households in places.values())
    assert 0.4 < sum(1 for _, flat in places if flat) / len(places) < 0.7


def test_kana_belong_to_the_kanji_and_names_to_decade_and_sex(rows):
    families = set(zip(surnames().text, surnames().kana, strict=True))
    given = {(int(r["first_year"]), r["sex"], r["name"], r["kana"]) for r in read_rows("given_names.csv")}
    first_years = given_names().first_year.tolist()
    for row in rows:
        (family, name), (family_kana, kana) = row["氏名"].split("　"), row["氏名カナ"].split("　")
        assert (family, family_kana) in families
        period = max(year for year in first_years if year <= int(row["生年月日"][:4]))
        assert (period, row["性別"], name, kana) in given
    assert any("髙" in row["氏名"] or "﨑" in row["氏名"] or "邊" in row["氏名"] for row in rows)


def test_families_are_possible(ward):
    people = ward.people
    mother = np.full(people.household[-1] + 1, -1)
    grown = np.isin(people.role, (COUPLE, LONE_PARENT)) & (people.sex == WOMAN)
    mother[people.household[grown]] = people.age[grown]
    child = (people.role == CHILD) & (mother[people.household] >= 0)
    gap = mother[people.household[child]] - people.age[child]
    assert gap.min() >= 14
    assert np.quantile(gap, 0.98) < 46
    order = np.lexsort((people.birth, people.household))
    order = order[people.role[order] == CHILD]
    days = np.diff(people.birth[order]).astype(int)
    same = np.diff(people.household[order]) == 0
    assert not (same & (days > 0) & (days < 280)).any()


def test_elders_alone_are_about_as_many_as_the_model_says(ward):
    people = make_ward(60_000, "alone").people
    alone = np.bincount(people.household)[people.household] == 1
    elders = (people.age >= 65) & (people.role != INSTITUTION)
    # elders alone by sex in the model: 13 % and 23 %; the standard error is below 0.7 points
    assert alone[elders & (people.sex == 1)].mean() == pytest.approx(0.13, abs=0.025)
    assert alone[elders & (people.sex == 2)].mean() == pytest.approx(0.23, abs=0.025)


def test_ward_comes_back_from_its_folder(ward, files, tmp_path):
    assert load_ward(files["truth"].parent).counts == ward.counts
    with pytest.raises(InputError, match="SYN-WARD-TRUTH"):
        load_ward(tmp_path)
    changed = files["truth"].read_text(encoding="utf-8").replace('"households": ', '"households": 1')
    (tmp_path / "truth.json").write_text(changed, encoding="utf-8")
    with pytest.raises(InputError, match="SYN-WARD-VERSION"):
        load_ward(tmp_path)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"residents": 100}, "SYN-WARD-SIZE"),
        ({"residents": 500, "extract_date": date(2009, 10, 1)}, "SYN-WARD-EXTRACT"),
    ],
)
def test_impossible_wards_are_refused(settings, code):
    with pytest.raises(ConfigError, match=code):
        make_ward(**settings)


@pytest.mark.parametrize(("residents", "reference"), [(200, date(2009, 11, 1)), (1_000, date(2012, 2, 28))])
def test_small_wards_and_other_days_work(residents, reference):
    counts = make_ward(residents, "small", reference_date=reference).counts
    flow = counts["flow"]
    assert flow["register"] - sum(flow[rule] for rule in list(flow)[1:-1]) == flow["frame"]
