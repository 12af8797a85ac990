"""Each step of the linkage takes whom it should, leaves whom it should, and says why."""

from datetime import date

import pyarrow as pa
import pytest

from custody.errors import ConfigError, SamplingError
from sampling.linkage import exact_links, link_registers

BORN, OTHER = date(1935, 4, 1), date(1941, 11, 23)
HANAKO = {"name": "練馬　花子", "kana": "ネリマ　ハナコ", "birth_date": BORN, "sex": "F"}
TARO = {"name": "石神井　太郎", "kana": "シャクジイ　タロウ", "birth_date": OTHER, "sex": "M"}
HOME = {"address": "東京都練馬区練馬１丁目２番３号"}
AWAY = {"address": "埼玉県新座市新堀９番７号"}
NUMBERS = [f"{number:010d}" for number in range(10)]
SECRET = bytes(32)


@pytest.fixture
def link(hand):
    """Link rows by hand; gives the places found and the links."""

    def made(residents, certifications, qualifications=None, **options):
        counts = {
            name: pa.array(options.pop(name, []), pa.string()) for name in ("unclear", "unclear_insured")
        }
        links = link_registers(
            hand("residents", residents),
            hand("certifications", certifications, **counts),
            qualifications=None if qualifications is None else hand("qualifications", qualifications),
            secret=SECRET,
            **options,
        )
        return links.resident_of_row.to_pylist(), links

    return made


def steps(links) -> dict[str, int]:
    table = links.steps[links.steps["rows"] > 0]
    return dict(zip(table["step"], table["rows"], strict=True))


def why(links) -> dict[str, int]:
    table = links.unmatched[links.unmatched["rows"] > 0]
    return dict(zip(table["why"], table["rows"], strict=True))


RESIDENTS = [
    {"resident_no": NUMBERS[1], **HANAKO},
    {"resident_no": NUMBERS[2], **TARO},
]


def test_a_number_finds_its_resident_and_every_row_of_hers(link) -> None:
    found, links = link(RESIDENTS, [{"resident_no": NUMBERS[n]} for n in (2, 1, 2)])
    assert found == [1, 0, 1]
    assert steps(links) == {"resident_no": 3}
    assert links.steps.set_index("step").loc["resident_no", "persons"] == 2


@pytest.mark.parametrize(
    ("claimed", "taken"),
    [
        (HANAKO, True),
        ({**HANAKO, "birth_date": OTHER}, True),
        ({**HANAKO, "sex": "M"}, True),
        ({**HANAKO, "kana": "オオイズミ　ジロウ"}, True),
        ({**HANAKO, "birth_date": OTHER, "sex": "M"}, False),
        ({**HANAKO, "birth_date": OTHER, "kana": "オオイズミ　ジロウ"}, False),
        ({**HANAKO, "birth_date": OTHER, "kana": "ネリマ　ハナ"}, True),
        ({**HANAKO, "birth_date": date(1935, 1, 1), "birth_latest": date(1935, 12, 31), "sex": "M"}, True),
        ({"birth_date": OTHER}, True),
        ({}, True),
    ],
)
def test_a_number_is_not_taken_where_birth_and_name_or_sex_are_somebody_elses(link, claimed, taken) -> None:
    found, links = link(RESIDENTS, [{"resident_no": NUMBERS[1], **claimed}])
    assert found == [0 if taken else None]
    assert links.counted["number_contradicted"] == (0 if taken else 1)


def test_a_number_of_somebody_else_does_not_hide_her_own_record(link) -> None:
    found, links = link(RESIDENTS, [{"resident_no": NUMBERS[1], **TARO}])
    assert found == [1]
    assert steps(links) == {"deterministic": 1}
    assert links.counted["number_contradicted"] == 1


def test_an_insured_number_finds_her_through_the_qualifications(link) -> None:
    cover = [
        {"insured_no": "100", "resident_no": NUMBERS[1], "status": "insured"},
        {"insured_no": "101", "resident_no": NUMBERS[1], "status": "insured"},
    ]
    found, links = link(
        RESIDENTS, [{"insured_no": "100"}, {"insured_no": "101"}, {"insured_no": "102"}], cover
    )
    assert found == [0, 0, None]
    assert steps(links) == {"insured_no": 2, "unmatched": 1}


def test_an_insured_number_finds_her_through_the_resident_register(link) -> None:
    residents = [{**RESIDENTS[0], "insured_no": "100"}, RESIDENTS[1]]
    assert link(residents, [{"insured_no": "100"}])[0] == [0]


def test_one_insured_number_of_two_residents_is_nobodys(link) -> None:
    cover = [{"insured_no": "100", "resident_no": NUMBERS[n], "status": "insured"} for n in (1, 2)]
    found, links = link(RESIDENTS, [{"insured_no": "100"}], cover)
    assert found == [None]
    assert links.counted["insured_ambiguous"] == 1
    assert link(RESIDENTS, [{"insured_no": "100", **TARO}], cover)[0] == [1]


def test_rows_of_one_insured_number_are_one_person(link) -> None:
    rows = [{"resident_no": NUMBERS[1], "insured_no": "100"}, {"insured_no": "100"}]
    found, links = link(RESIDENTS, rows)
    assert found == [0, 0]
    assert steps(links) == {"resident_no": 2}
    clash = [*rows, {"resident_no": NUMBERS[2], "insured_no": "100"}]
    assert link(RESIDENTS, clash)[0] == [0, None, 1]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({**HANAKO, **HOME}, 0),
        ({**HANAKO, "kana": "ﾈﾘﾏ ﾊﾅｺ"}, 0),
        ({**HANAKO, "name": "錬馬　花子", **HOME}, 0),
        ({**HANAKO, **AWAY}, 0),
    ],
)
def test_reading_birth_and_sex_find_her_where_they_are_unique(link, row, found) -> None:
    places, links = link(RESIDENTS, [row])
    assert places == [found]
    assert steps(links) == {"deterministic": 1}


def test_two_alike_residents_are_never_chosen_between_by_the_unique_key(link) -> None:
    twice = [*RESIDENTS, {"resident_no": NUMBERS[3], **HANAKO, **AWAY}]
    _found, links = link(twice, [{**HANAKO, "address": "東京都練馬区桜台３丁目１番９号"}])
    assert "deterministic" not in steps(links)
    places, links = link(twice, [{**HANAKO, **AWAY}])
    assert places in ([2], [None])
    assert "deterministic" not in steps(links)


def test_a_removed_record_counts_as_a_match_and_as_a_double(link) -> None:
    gone = {"resident_no": NUMBERS[3], **HANAKO, "removed_on": date(2009, 5, 1), "removal": "removed"}
    found, links = link([gone, RESIDENTS[1]], [HANAKO])
    assert found == [0]
    assert links.counted["removed_record"] == 1
    assert "deterministic" not in steps(link([*RESIDENTS, gone], [HANAKO])[1])


@pytest.mark.parametrize(
    ("row", "cover", "reason"),
    [
        ({"insured_no": "100"}, [{"insured_no": "100", "status": "lives_elsewhere"}], "lives_elsewhere"),
        ({"insured_no": "100"}, [{"insured_no": "100", "lost_on": BORN}], "insurance_ended"),
        ({"insured_no": "100"}, None, "no_particulars"),
        ({"name": "大泉　春", "kana": "オオイズミ　ハル", "birth_date": date(1929, 2, 3)}, None, "not_found"),
        (
            {"name": "大泉　春", "kana": "オオイズミ　ハル", "birth_date": date(1929, 2, 3), **AWAY},
            None,
            "lives_elsewhere",
        ),
    ],
)
def test_whoever_is_not_found_has_a_reason(link, row, cover, reason) -> None:
    found, links = link(RESIDENTS, [row], cover)
    assert found == [None]
    assert why(links) == {reason: 1}


def test_residents_of_quarantined_rows_are_named_by_either_number(link) -> None:
    cover = [{"insured_no": "100", "resident_no": NUMBERS[2], "status": "insured"}]
    rows = [{"resident_no": NUMBERS[1], "insured_no": "200"}]
    for options, places in (
        ({"unclear": [NUMBERS[2], "9999999999"]}, [1]),
        ({"unclear_insured": ["100", "999"]}, [1]),
        ({"unclear_insured": ["200"]}, [0]),
        ({}, []),
    ):
        assert link(RESIDENTS, rows, cover, **options)[1].unclear_residents.tolist() == places


def test_the_steps_sum_to_the_rows_and_the_tidy_table_has_them_all(link) -> None:
    rows = [{"resident_no": NUMBERS[1]}, TARO, {"insured_no": "5"}, {"insured_no": "5"}]
    _found, links = link(RESIDENTS, rows)
    tidy = links.tidy()
    assert tidy["rows"].sum() == len(rows)
    assert tidy["persons"].sum() == 3
    assert list(tidy.columns) == ["step", "why", "persons", "rows"]
    assert links.steps["rows"].sum() == len(rows)


def test_exact_links_know_only_the_resident_number(hand) -> None:
    rows = [{"resident_no": NUMBERS[2]}, TARO, {"resident_no": "9999999999"}]
    links = exact_links(hand("residents", RESIDENTS), hand("certifications", rows))
    assert links.resident_of_row.to_pylist() == [1, None, None]
    assert steps(links) == {"resident_no": 1, "unmatched": 2}
    assert not len(links.undecided)


@pytest.mark.parametrize("empty", [[], [{"insured_no": None}]])
def test_no_rows_and_rows_without_anything_are_no_fault(link, empty) -> None:
    found, links = link(RESIDENTS, empty)
    assert found == [None] * len(empty)
    assert links.false_match_rate == links.missed_match_rate == 0.0


def test_exchanged_registers_and_impossible_thresholds_are_refused(hand, link) -> None:
    people, rows = hand("residents", RESIDENTS), hand("certifications", [HANAKO])
    with pytest.raises(SamplingError, match="SAM-LINK-REGISTER"):
        link_registers(rows, people)
    with pytest.raises(SamplingError, match="SAM-SECRET-SHORT"):
        link_registers(people, rows, secret=b"short")
    for accept, review in ((0.5, 0.5), (0.5, 0.9), (1.0, 0.5), (0.9, 0.0)):
        with pytest.raises(ConfigError, match="SAM-LINK-THRESHOLDS"):
            link(RESIDENTS, [HANAKO], accept=accept, review=review)


def test_nothing_that_shows_links_shows_a_person(link) -> None:
    _found, links = link(RESIDENTS, [HANAKO, {**TARO, "birth_date": BORN}])
    shown = repr(links) + links._repr_html_() + links.tidy().to_string()
    assert not any(word in shown for word in ("練馬", "ネリマ", "1935", NUMBERS[1]))
