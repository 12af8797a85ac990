"""A person leaves the frame by the first rule that holds on both clocks; the counts sum exactly."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from custody.errors import SamplingError
from sampling import build_frame, read_certifications, read_residents
from sampling.areas import default_areas, place_of
from sampling.frame import RULES
from sampling.linkage import exact_links

PERSON = "0000000001"

OPEN = {"認定日": "", "要介護状態区分": "", "有効期間開始日": "", "有効期間終了日": ""}
LAPSED = {
    "申請日": "20080901",
    "認定日": "20081001",
    "有効期間開始日": "20080901",
    "有効期間終了日": "20090930",
}
REFUSED = {"要介護状態区分": "01", "有効期間開始日": "", "有効期間終了日": ""}

# rows of the certification register of one elder → the rule that removes the elder ("" none) and the flag
CLOCKS = {
    "valid on the reference date": ([{}], "certified_valid", ""),
    "last day of the period": ([{"有効期間終了日": "20091101"}], "certified_valid", ""),
    "period over the day before": ([{"有効期間終了日": "20091031"}], "", "lapsed"),
    "first day of the period": ([{"有効期間開始日": "20091101"}], "certified_valid", ""),
    "period from the day after": ([{"有効期間開始日": "20091102"}], "", ""),
    "decided after the date, known, back to the application": (
        [{"申請日": "20091015", "認定日": "20091102", "有効期間開始日": "20091015"}],
        "certified_valid",
        "",
    ),
    "decided after the extract: still open": (
        [{"申請日": "20091015", "認定日": "20091103", "有効期間開始日": "20091015"}],
        "pending_new",
        "",
    ),
    "new application open": ([{**OPEN, "申請日": "20091020"}], "pending_new", ""),
    "new application of the day itself": ([{**OPEN, "申請日": "20091101"}], "pending_new", ""),
    "new application of the day after": ([{**OPEN, "申請日": "20091102"}], "", ""),
    "renewal open, old period over": (
        [LAPSED, {**OPEN, "申請区分": "更新", "申請日": "20090915"}],
        "pending_renewal",
        "",
    ),
    "renewal open, old period running": (
        [{}, {**OPEN, "申請区分": "更新", "申請日": "20091015"}],
        "certified_valid",
        "",
    ),
    "change open, period running": (
        [{}, {**OPEN, "申請区分": "区分変更", "申請日": "20091015"}],
        "certified_valid",
        "",
    ),
    "change open, period over": (
        [LAPSED, {**OPEN, "申請区分": "区分変更", "申請日": "20090920"}],
        "pending_change",
        "",
    ),
    "lapsed, then applied anew": ([LAPSED, {**OPEN, "申請日": "20091001"}], "pending_new", ""),
    "lapsed, nothing filed": ([LAPSED], "", "lapsed"),
    "not eligible": ([REFUSED], "", "not_eligible"),
    "not eligible once, certified now": (
        [{**REFUSED, "申請日": "20080101", "認定日": "20080201"}, {}],
        "certified_valid",
        "",
    ),
    "transitional level 11": ([{"要介護状態区分": "11"}], "certified_valid", ""),
    "support level 12": ([{"要介護状態区分": "12"}], "certified_valid", ""),
    "support level 13": ([{"要介護状態区分": "13"}], "certified_valid", ""),
    "care level 25": ([{"要介護状態区分": "25"}], "certified_valid", ""),
}


@pytest.mark.parametrize("case", CLOCKS)
def test_two_clocks(desk, case) -> None:
    rows, rule, flag = CLOCKS[case]
    frame = desk.frame([{}, {}], [{"宛名番号": PERSON, **row} for row in rows])
    removed = {name: count for name, count in frame.removed.items() if count}
    flags = frame.table.set_index("resident_no")["certification_flag"]
    assert removed == Counter(["certified_valid", *([rule] if rule else [])])
    assert flags.get(PERSON) == (None if rule else flag)


# birth, reference date → in the frame: 65 is reached on the day before the birthday
AGES = [
    ("19441102", date(2009, 11, 1), True),
    ("19441103", date(2009, 11, 1), False),
    ("19441101", date(2009, 11, 1), True),
    ("19440229", date(2009, 2, 27), False),
    ("19440229", date(2009, 2, 28), True),
    ("19440301", date(2009, 2, 28), True),
    ("19480229", date(2013, 2, 28), True),
    ("19470301", date(2012, 2, 28), False),
    ("19470301", date(2012, 2, 29), True),
    ("19450101", date(2009, 12, 31), True),
    ("19450102", date(2009, 12, 31), False),
]


@pytest.mark.parametrize(("birth", "reference", "inside"), AGES)
def test_an_age_is_reached_on_the_day_before_the_birthday(desk, birth, reference, inside) -> None:
    people = [{"生年月日": birth}, {"生年月日": "19300101"}]
    table = desk.frame(people, reference=reference, known=reference).table.set_index("resident_no")
    assert (PERSON in table.index) is inside
    if inside:
        assert (table.loc[PERSON, "age"], table.loc[PERSON, "age_band"]) == (65, "65-69")


def test_age_bands(desk) -> None:
    births = ["19391103", "19391102", "19241103", "19241102", "19000101"]
    table = desk.frame([{"生年月日": birth} for birth in births]).table.sort_values("resident_no")
    assert table["age_band"].tolist()[:5] == ["65-69", "70-74", "80-84", "85+", "85+"]
    assert table["age"].tolist()[:5] == [69, 70, 84, 85, 109]


# one change of an ordinary elder → the rule
RESIDENCE = [
    ({"消除日": "20091101", "消除事由": "死亡"}, "removed_record"),
    ({"消除日": "20091102", "消除事由": "転出"}, None),
    ({"消除事由": "職権消除"}, "removed_record"),
    ({"住民となった日": "20091101"}, None),
    ({"住民となった日": "20091102"}, "moved_in_after"),
    ({"生年月日": "19600101"}, "under_65"),
    ({"支援措置": "1"}, "protected"),
    ({"住所": "東京都中野区中野１丁目１番１号"}, "area_unknown"),
    ({"住所": "東京都練馬区練馬新町１丁目１番１号"}, "area_unknown"),
    # several rules hold: the first counts
    ({"消除日": "20090101", "消除事由": "転出", "支援措置": "1", "生年月日": "19600101"}, "removed_record"),
    ({"住民となった日": "20091102", "生年月日": "19600101"}, "moved_in_after"),
    ({"支援措置": "1", "生年月日": "19600101"}, "under_65"),
]


@pytest.mark.parametrize(("change", "rule"), RESIDENCE)
def test_residence_rules_and_their_order(desk, change, rule) -> None:
    frame = desk.frame([change, {}])
    removed = {name: count for name, count in frame.removed.items() if count}
    assert removed == {"certified_valid": 1} | ({rule: 1} if rule else {})
    assert (PERSON in frame.table["resident_no"].tolist()) is (rule is None)


def test_flow_sums_from_register_to_frame_with_quarantine(desk) -> None:
    people = [{} for _ in range(150)]
    people[3] = {"性別": "9"}
    people[4] = {"生年月日": "19600101"}
    frame = desk.frame(people, [{"宛名番号": f"{n:010d}"} for n in range(20, 40)])
    flow = frame.flow
    assert flow["rule"].tolist() == ["register", "quarantined", *RULES, "frame"]
    assert flow["removed"].sum() + len(frame) == flow["remaining"].iloc[0] == 151
    assert (flow["remaining"].diff().fillna(0) == -flow["removed"]).all()
    assert flow["remaining"].iloc[-1] == len(frame) == len(frame.table) == 128
    assert (frame.removed["quarantined"], frame.removed["certified_valid"]) == (1, 21)


def test_who_has_a_failed_certification_row_is_not_drawn(desk) -> None:
    ordinary = [{"宛名番号": f"{n:010d}"} for n in range(10, 130)]
    unclear = {"宛名番号": PERSON, "要介護状態区分": "99"}
    frame = desk.frame([{} for _ in range(200)], [*ordinary, unclear])
    assert frame.removed["certification_unclear"] == 1
    assert frame.linkage.unclear == 1
    assert PERSON not in frame.table["resident_no"].tolist()


def test_two_hundred_insured_elsewhere_are_the_wrong_file(desk) -> None:
    strangers = [{"宛名番号": f"{n:010d}"} for n in range(5000, 5200)]
    with pytest.raises(SamplingError) as refusal:
        desk.frame([{}], strangers)
    assert refusal.value.code == "SAM-LINK-RATE"


def test_a_certification_file_cut_short_is_refused(desk) -> None:
    with pytest.raises(SamplingError) as refusal:
        desk.frame([{"宛名番号": f"{n:010d}"} for n in range(2000, 3100)])
    assert refusal.value.code == "SAM-LINK-SHARE"


def test_links_of_other_registers_are_refused(desk) -> None:
    residents = read_residents(desk.residents({}, {}))
    certifications = read_certifications(desk.certifications(of=1))
    days = {"reference_date": date(2009, 11, 1), "knowledge_date": date(2009, 11, 2)}
    links = exact_links(residents, certifications)
    assert len(build_frame(residents, certifications, **days, links=links)) == 1
    longer = replace(links, resident_of_row=pa.array([0, 1], pa.int32()))
    with pytest.raises(SamplingError, match="another certification register"):
        build_frame(residents, certifications, **days, links=longer)


def test_registers_and_clocks_are_not_exchanged(desk) -> None:
    residents = read_residents(desk.residents({}))
    certifications = read_certifications(desk.certifications(of=1))
    days = {"reference_date": date(2009, 11, 1), "knowledge_date": date(2009, 11, 2)}
    with pytest.raises(SamplingError, match="second"):
        build_frame(certifications, residents, **days)
    with pytest.raises(SamplingError, match="before the reference date"):
        build_frame(residents, certifications, **days | {"knowledge_date": date(2009, 10, 31)})
    with pytest.raises(SamplingError, match="Nobody is left"):
        build_frame(residents, certifications, **days)
    with pytest.raises(SamplingError, match="16 bytes"):
        build_frame(residents, certifications, **days, secret=b"short")


def test_frame_holds_names_and_addresses_whole_and_no_care_field(desk) -> None:
    frame = desk.frame([{"氏名": "髙﨑　ハナ", "方書": "メゾン練馬２０３号"}, {}])
    table = frame.table.set_index("resident_no")
    assert table.loc[PERSON, "name"] == "髙﨑　ハナ"
    assert table.loc[PERSON, "address"] == "東京都練馬区練馬１丁目２番３号　メゾン練馬２０３号"
    assert table.loc["0000000002", "address"] == "東京都練馬区練馬１丁目２番３号"
    assert list(frame.table.columns) == [
        *("person_key", "resident_no", "household_no", "name", "area", "town", "age", "age_band", "sex"),
        *("postal_code", "address", "certification_flag"),
    ]
    assert "髙﨑" not in repr(frame) + frame._repr_html_()


def test_strata_count_everybody_once(ward_frame) -> None:
    for by in ([], ["area"], ["area", "age_band", "sex"], ["town", "sex"]):
        strata = ward_frame.strata(by)
        assert strata["persons"].sum() == len(ward_frame)
        assert strata["stratum"].is_monotonic_increasing
        assert strata["stratum"].is_unique
    with pytest.raises(SamplingError):
        ward_frame.strata(["name"])


PLACES = [
    ("東京都練馬区西大泉１丁目", "西大泉"),
    ("東京都練馬区西大泉町１２番", "西大泉町"),
    ("西大泉町", "西大泉町"),
    ("練馬区中村北２", "中村北"),
    ("中村３", "中村"),
    ("東京都練馬区練馬四丁目", "練馬"),
    ("練馬４丁目", "練馬"),
    ("上石神井南町１番", "上石神井南町"),
    ("上石神井１丁目", "上石神井"),
    ("石神井１丁目", None),
    ("", None),
    ("東京都練馬区", None),
    ("東京都杉並区石神井町１丁目", None),
]


@pytest.mark.parametrize(("address", "town"), PLACES)
def test_the_longest_town_that_a_number_follows(address, town) -> None:
    found = place_of(address, default_areas(), "東京都練馬区")
    assert found == (None if town is None else (town, default_areas()[town]))
