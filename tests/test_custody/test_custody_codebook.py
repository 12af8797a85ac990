"""Answers that the codebook allows pass unchanged; a wrong one becomes its missing code and one log line."""

import copy
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from custody.codebook import ANSWER_RULES, Codebook, Item
from custody.errors import ConfigError, InputError
from custody.showif import parse_condition

BOOK = Codebook.load()
FORM: dict[str, Any] = {
    "name": "small",
    "version": "1",
    "title": {"ja": "小", "en": "Small"},
    "words": {word: {"ja": word, "en": word} for word in ("not_marked", "answered", "no_answer")}
    | {word: {"ja": word, "en": word} for word in ("not_asked", "multi_mark", "illegible", "out_of_range")},
    "missing": {
        "SA": {"no_answer": 99, "not_asked": 88, "multi_mark": 97, "illegible": 96},
        "MA": {"not_asked": 88},
        "NUM": {"no_answer": 999, "not_asked": 888, "illegible": 996, "out_of_range": 996},
    },
    "items": [
        {"code": "Q1", "type": "SA", "options": [1, 2]},
        {"code": "Q2", "type": "SA", "options": [1, 2, 3], "show_if": "Q1 == 1"},
        {"code": "Q3", "type": "NUM", "valid_range": [120, 190], "decimals": 1, "show_if": "Q1 in [1, 99]"},
        {"code": "Q4", "type": "NUM", "valid_range": [0, 32], "decimals": 0},
        {
            "code": "Q5",
            "type": "MA",
            "options": [1, 2, 3, 4],
            "columns": ["Q5_1", "Q5_2", "Q5_3", "Q5_4"],
            "no_answer_column": "Q5_NA",
            "exclusive_options": [4],
            "max_marks": 2,
            "show_if": "Q1 == 1",
        },
        {"code": "Q6", "type": "SA", "options": [1, 2], "show_if": "Q5_4 != 1"},
    ],
}
VALID: dict[str, Any] = {
    **{"Q1": 1, "Q2": 2, "Q3": 151.5, "Q4": 20, "Q6": 1},
    **{"Q5_1": 1, "Q5_2": 0, "Q5_3": 0, "Q5_4": 0, "Q5_NA": 0},
}
NONE_ASKED = {"Q1": 2, "Q2": 88, "Q3": 888} | dict.fromkeys([name for name in VALID if "Q5" in name], 88)


def complete(form: dict[str, Any]) -> dict[str, Any]:
    form = copy.deepcopy(form)
    for item in form["items"]:
        item |= {"section": {"ja": "節", "en": "Part"}, "text": {"ja": "問", "en": "Question"}}
        if "options" in item:
            item["options"] = [
                {"value": code, "ja": f"答{code}", "en": f"answer {code}"} for code in item["options"]
            ]
        if item["type"] == "NUM":
            item["unit"] = {"ja": "本", "en": "teeth"}
    return form


def load(form: dict[str, Any], folder: Path) -> Codebook:
    file = folder / "form.json"
    file.write_text(json.dumps(form, ensure_ascii=False), encoding="utf-8")
    return Codebook.load(file)


@pytest.fixture
def small(tmp_path: Path) -> Codebook:
    return load(complete(FORM), tmp_path)


@pytest.mark.parametrize(
    ("given", "expected", "log"),
    [
        pytest.param({}, {}, [], id="valid"),
        pytest.param({"Q1": "１", "Q3": " 151.5 ", "Q4": "20.0"}, {}, [], id="full-width-and-blanks"),
        pytest.param({"Q2": "多分"}, {"Q2": 99}, [("Q2", "not-a-number")], id="text"),
        pytest.param({"Q3": "inf"}, {"Q3": 999}, [("Q3", "not-a-number")], id="infinite"),
        pytest.param({"Q2": 7}, {"Q2": 99}, [("Q2", "not-in-list")], id="no-such-code"),
        pytest.param({"Q2": 1.5}, {"Q2": 99}, [("Q2", "not-in-list")], id="half-a-code"),
        pytest.param({"Q2": 97, "Q6": 96}, {"Q2": 97, "Q6": 96}, [], id="two-marks-and-illegible"),
        pytest.param({"Q2": 99, "Q4": 999}, {"Q2": 99, "Q4": 999}, [], id="coded-no-answer"),
        pytest.param({"Q3": 119.9}, {"Q3": 996}, [("Q3", "out-of-range")], id="below-range"),
        pytest.param({"Q3": 190.1}, {"Q3": 996}, [("Q3", "out-of-range")], id="above-range"),
        pytest.param({"Q3": 120, "Q4": 32}, {"Q3": 120, "Q4": 32}, [], id="ends-of-range"),
        pytest.param({"Q4": 20.5}, {"Q4": 996}, [("Q4", "out-of-range")], id="not-whole"),
        pytest.param({"Q2": None}, {"Q2": 99}, [("Q2", "not-answered-though-asked")], id="blank"),
        pytest.param({"Q4": "　"}, {"Q4": 999}, [("Q4", "not-answered-though-asked")], id="wide-blank"),
        pytest.param({"Q2": 88}, {"Q2": 99}, [("Q2", "not-answered-though-asked")], id="asked-after-all"),
        pytest.param({**NONE_ASKED}, {**NONE_ASKED}, [], id="not-asked"),
        pytest.param(
            {**NONE_ASKED, "Q2": None, "Q3": "", "Q5_1": 0, "Q5_2": None}, {**NONE_ASKED}, [], id="skipped"
        ),
        pytest.param({**NONE_ASKED, "Q2": 99}, {**NONE_ASKED}, [], id="skipped-coded-no-answer"),
        pytest.param(
            {**NONE_ASKED, "Q2": 2, "Q3": 150, "Q5_1": 1},
            {**NONE_ASKED},
            [("Q2", "answered-not-asked"), ("Q3", "answered-not-asked"), ("Q5_1", "answered-not-asked")],
            id="answered-not-asked",
        ),
        pytest.param(
            {"Q1": 9},
            {**NONE_ASKED, "Q1": 99, "Q3": 151.5},
            [("Q1", "not-in-list"), ("Q2", "answered-not-asked"), ("Q5_1", "answered-not-asked")],
            id="branch-on-checked-answer",
        ),
        pytest.param({"Q5_4": 1}, {"Q5_4": 0}, [("Q5_4", "exclusive-with-others")], id="exclusive"),
        pytest.param({"Q5_1": 0, "Q5_4": 1, "Q6": ""}, {"Q5_1": 0, "Q5_4": 1, "Q6": 88}, [], id="alone"),
        pytest.param({"Q5_2": 1}, {"Q5_2": 1}, [], id="most-marks"),
        pytest.param(
            {"Q5_2": 1, "Q5_3": 1}, {"Q5_2": 1, "Q5_3": 1}, [("Q5", "over-max-marks")], id="over-max-marks"
        ),
        pytest.param({"Q5_1": 0}, {"Q5_1": 0, "Q5_NA": 1}, [("Q5_NA", "no-mark")], id="no-mark"),
        pytest.param({"Q5_1": 0, "Q5_NA": 1}, {"Q5_1": 0, "Q5_NA": 1}, [], id="no-mark-said"),
        pytest.param({"Q5_2": None, "Q5_NA": None}, {}, [], id="unmarked-cells-blank"),
        pytest.param({"Q5_NA": 1}, {}, [("Q5_NA", "marked-no-answer")], id="marked-no-answer"),
        pytest.param({"Q5_2": 5}, {}, [("Q5_2", "not-in-list")], id="mark-of-another-kind"),
        pytest.param({"Q5_2": "x"}, {}, [("Q5_2", "not-a-number")], id="mark-as-text"),
    ],
)
@pytest.mark.parametrize("as_text", [False, True])
def test_rules(
    small: Codebook,
    given: dict[str, Any],
    expected: dict[str, Any],
    log: list[tuple[str, str]],
    as_text: bool,
) -> None:
    rows = [VALID, {**VALID, **given}]
    table = pd.DataFrame(rows, columns=list(VALID))
    if as_text:
        table = table.map(lambda value: None if pd.isna(value) else str(value)).astype("str")
    before = table.copy(deep=True)
    checked = small.check(table)
    assert checked.table.to_dict("records") == [VALID, {**VALID, **expected}]
    assert list(checked.log.itertuples(index=False, name=None)) == [(2, *line) for line in log]
    assert {code for _, code in log} <= set(ANSWER_RULES)
    pd.testing.assert_frame_equal(table, before)
    again = small.check(checked.table)
    assert again.log[again.log["code"] != "over-max-marks"].empty
    pd.testing.assert_frame_equal(again.table, checked.table)


def test_missing_and_unknown_columns_are_logged_once_and_kept_ones_pass(small: Codebook) -> None:
    table = pd.DataFrame(
        {"練馬太郎": [1, 1], "Q1": [1, 2], "token": ["0A", " b"], "Q4": [5, 6]}, index=[7, 9]
    )
    checked = small.check(table, keep=("token",))
    assert tuple(checked.table.columns) == ("token", *small.columns)
    assert checked.table["token"].tolist() == ["0A", " b"]
    assert checked.table.index.tolist() == [7, 9]
    assert checked.table["Q2"].tolist() == [99, 88]
    assert checked.table["Q5_1"].tolist() == [0, 88]
    assert checked.table["Q5_NA"].tolist() == [1, 88]
    lost = ["Q2", "Q3", "Q5_1", "Q5_2", "Q5_3", "Q5_4", "Q6"]
    assert checked.log.to_dict("list") == {
        "row": [0] * 8,
        "column": ["#1", *lost],
        "code": ["unknown-column", *["missing-column"] * len(lost)],
    }


@pytest.mark.parametrize(
    ("columns", "keep", "code"),
    [(["Q1", "Q1"], (), "ANS-TWICE"), (["Q1", "Q2"], ("token",), "ANS-COLUMN")],
)
def test_header_that_cannot_be_used_is_refused(
    small: Codebook, columns: list[str], keep: tuple[str, ...], code: str
) -> None:
    with pytest.raises(InputError, match=code):
        small.check(pd.DataFrame([[1, 1]], columns=columns), keep=keep)


def test_no_rows_give_no_rows(small: Codebook) -> None:
    checked = small.check(pd.DataFrame(columns=list(VALID)))
    assert checked.table.empty
    assert checked.log.empty
    assert tuple(checked.table.columns) == small.columns


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("Q5 in [2,3]", [False, True, True, False]),
        ("Q5 not in [2,3]", [True, False, False, True]),
        ("Q5 == 1", [True, False, False, False]),
        ("Q5 != 1", [False, True, True, True]),
        ("Q5 < 2", [True, False, False, False]),
        ("Q5 >= 3", [False, False, True, True]),
        ("any([Q5 == 1, Q6 == 1])", [True, False, False, True]),
        ("all([Q5 > 1, Q6 == 1])", [False, False, False, True]),
        ("Q5 == 1 or Q5 == 2 and Q6 == 2", [True, True, False, False]),
        ("any([Q5 == 2, all([Q5 == 99, Q6 != 2])])", [False, True, False, True]),
    ],
)
def test_condition(text: str, holds: list[bool]) -> None:
    values = {"Q5": np.array([1.0, 2.0, 3.0, 99.0]), "Q6": np.array([2.0, 2.0, 2.0, 1.0])}
    assert parse_condition(text).evaluate(values).tolist() == holds


@pytest.mark.parametrize(
    "text",
    [
        *("", "Q5", "Q5 = 1", "Q5 in 1", "Q5 in []", "Q5 in (1, 2)", "Q5 == Q6", "1 == Q5", "Q5 == 'a'"),
        *("Q5 == True", "Q5 is 1", "1 < Q5 < 3", "not Q5 == 1", "any([])", "any(Q5 == 1)", "sum([Q5 == 1])"),
        *("__import__('os').getcwd() == 1", "Q5.x == 1", "Q5 == 1; Q6 == 1", "Q5 == 1\0", "Q5 == -1"),
        *("(" * 400 + "Q5 == 1" + ")" * 400, "Q5 == 1 or " * 60 + "Q5 == 1"),
    ],
)
def test_malformed_condition_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    form = complete(FORM)
    form["items"][1]["show_if"] = text
    with pytest.raises(ConfigError) as refused:
        load(form, tmp_path)
    assert refused.value.file == "form.json"
    assert refused.value.column == "items[2].show_if"
    assert refused.value.hint


@pytest.mark.parametrize(
    ("place", "change", "column"),
    [
        (0, {"show_if": "Q2 == 1"}, "items[1].show_if"),
        (0, {"show_if": "Q1 == 1"}, "items[1].show_if"),
        (0, {"type": "XX"}, "items[1].type"),
        (0, {"text": {"ja": "問", "en": ""}}, "items[1].text.en"),
        (0, {"text": "問"}, "items[1].text"),
        (0, {"options": []}, "items[1].options"),
        (0, {"options": [{"value": 1, "ja": "a", "en": "a"}] * 2}, "items[1].options"),
        (0, {"options": [{"value": 99, "ja": "a", "en": "a"}]}, "items[1].options"),
        (0, {"options": ["a"]}, "items[1].options[1]"),
        (0, {"score": {"kcl": {"1": 1}}}, "items[1].score.kcl"),
        (1, {"code": "Q1", "show_if": "Q1 == 1"}, "items[2].code"),
        (1, {"code": "Q5_4", "show_if": "Q1 == 1"}, "items[5].code"),
        (5, {"code": "Q5", "show_if": "Q1 == 1"}, "items[6].code"),
        (5, {"show_if": "Q5 == 1"}, "items[6].show_if"),
        (2, {"valid_range": [190, 120]}, "items[3].valid_range"),
        (2, {"valid_range": [120, float("nan")]}, "items[3].valid_range"),
        (2, {"valid_range": [120, 1000]}, "items[3].valid_range"),
        (2, {"decimals": -1}, "items[3].decimals"),
        (4, {"columns": ["Q5_1"]}, "items[5].columns"),
        (4, {"columns": ["a", "a", "b", "c"]}, "items[5].code"),
        (4, {"exclusive_options": [9]}, "items[5].exclusive_options"),
        (4, {"no_answer_column": 3}, "items[5].no_answer_column"),
        (4, {"max_marks": 0}, "items[5].max_marks"),
    ],
)
def test_wrong_field_is_refused_with_its_place(
    place: int, change: dict[str, Any], column: str, tmp_path: Path
) -> None:
    form = complete(FORM)
    form["items"][place] |= change
    with pytest.raises(ConfigError) as refused:
        load(form, tmp_path)
    assert (refused.value.file, refused.value.column) == ("form.json", column)
    assert refused.value.hint


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "CBK-NONE"),
        (b"\x83\x65", "CBK-UTF8"),
        (b"{", "CBK-JSON"),
        (b"[]", "CBK-JSON"),
        (b"{}", "CFG-FIELD"),
        (b"[" * 100_000, "CBK-JSON"),
    ],
)
def test_file_that_is_no_codebook_is_refused(content: bytes | None, code: str, tmp_path: Path) -> None:
    file = tmp_path / "form.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        Codebook.load(file)
    assert (refused.value.code, refused.value.file) == (code, "form.json")


def test_unknown_name_is_refused_with_the_known_names() -> None:
    with pytest.raises(ConfigError, match="food_survey"):
        Codebook.load("fod_survey")


def test_unknown_column_and_language_are_refused() -> None:
    with pytest.raises(ConfigError, match="CBK-COLUMN"):
        BOOK.labels("Q999", "ja")
    with pytest.raises(ConfigError, match="CFG-LANG"):
        BOOK.text("Q1", "fr")


@pytest.mark.parametrize("item", BOOK.items, ids=[item.code for item in BOOK.items])
def test_shipped_item_is_well_formed(item: Item) -> None:
    texts = [item.section, item.text, *[option.text for option in item.options]]
    texts += [item.unit] if item.unit is not None else []
    assert all(text.ja.strip() and text.en.strip() and text.en.isascii() for text in texts)
    labels = [option.text for option in item.options]
    assert len({text.ja for text in labels}) == len({text.en for text in labels}) == len(labels)
    assert item.values == tuple(range(1, len(item.values) + 1))
    assert all(name.startswith(item.code) for name in item.data_columns)
    earlier = BOOK.columns[: BOOK.columns.index(item.data_columns[0])]
    assert item.show_if is None or set(item.show_if.columns) <= set(earlier)
    assert (item.matrix is None) == (item.type != "MATRIX_SA")
    assert bool(item.score) == (
        (item.role or "").split(":")[0] in {"kcl", "dvs", "food_knowledge", "attitude"}
    )
    assert item.source is not None or not {"kcl", "dvs"} & {score.scale for score in item.score}
    for column in item.data_columns:
        assert BOOK.item(column) is item
        assert BOOK.labels(column, "ja").keys() == BOOK.labels(column, "en").keys()
        assert BOOK.text(column, "ja")


def test_shipped_codebook_as_a_whole() -> None:
    assert len(BOOK.items) == 121
    assert len(set(BOOK.columns)) == len(BOOK.columns) == 245
    kcl = [item for item in BOOK.items if item.points("kcl")]
    assert sorted(int(item.code[4:]) for item in kcl) == [n for n in range(1, 26) if n != 12]
    yes_is_risk = [int(item.code[4:]) for item in kcl if item.points("kcl") == {1: 1, 2: 0}]
    assert yes_is_risk == [9, 10, 11, 13, 14, 15, 17, 18, 20, 21, 22, 23, 24, 25]
    assert [item.points("dvs") for item in BOOK.items if item.role == "dvs"] == [
        {1: 1, 2: 0, 3: 0, 4: 0}
    ] * 10
    assert BOOK.labels("Q2", "ja", missing=True) == {
        **{1: "男性", 2: "女性"},
        **{96: "判読不能", 97: "複数マーク", 88: "非該当", 99: "無回答"},
    }
    assert BOOK.labels("Q12", "ja", missing=True)[996] == "範囲外・判読不能"
    assert BOOK.missing("Q12").out_of_range == 996
    assert BOOK.missing("Q10_01").no_answer is None
    assert hash(BOOK) == hash(Codebook.load())


def random_answers(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(20091101)
    table: dict[str, Any] = {}
    for item in BOOK.items:
        for name in item.data_columns:
            if item.type == "MA":
                table[name] = rng.integers(0, 2, rows) * (name != item.no_answer_column)
            elif item.valid_range is not None:
                table[name] = rng.integers(int(item.valid_range[0]), int(item.valid_range[1]), rows)
            else:
                table[name] = rng.choice(item.values, rows)
    return pd.DataFrame(table)


@pytest.mark.parametrize("as_text", [False, True])
def test_large_table_is_quick_and_settles_at_once(as_text: bool) -> None:
    table = random_answers(3000)
    given = table.astype("str") if as_text else table
    start = time.process_time()
    checked = BOOK.check(given)
    assert time.process_time() - start < 1.0
    again = BOOK.check(checked.table)
    assert set(again.log["code"]) <= {"over-max-marks"}
    pd.testing.assert_frame_equal(again.table, checked.table)
    asked_of_all = [item.code for item in BOOK.items if item.show_if is None and item.type != "MA"]
    pd.testing.assert_frame_equal(checked.table[asked_of_all], table[asked_of_all], check_dtype=False)


def test_log_never_holds_a_value() -> None:
    canary = 31415926
    rows = {name: [canary, f"{canary}x", f"住所{canary}"] for name in (*BOOK.columns, f"氏名{canary}")}
    checked = BOOK.check(pd.DataFrame(rows, dtype=object))
    assert str(canary) not in checked.log.to_csv()
    assert checked.log["row"].max() == 3
    assert set(checked.log["column"]) <= {*BOOK.columns, *[item.code for item in BOOK.items], f"#{len(rows)}"}
    assert set(checked.log["code"]) <= set(ANSWER_RULES)
    assert not (checked.table == canary).any(axis=None)
