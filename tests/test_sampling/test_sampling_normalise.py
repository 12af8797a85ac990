"""Names and addresses are written in one way, keep their characters, and what linkage compares is folded."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.normalise import clean_kana, clean_text, count_notes, fold_hyphens, fold_width

LETTERS = "練馬髙﨑神邊葛\U000e0100\ue000𠮷 \u3000\u00a0\u2003\u200b\ufeffﾈﾘﾏｶﾞーAzｱァ山1-=\t"
TEXTS = st.text(alphabet=LETTERS, max_size=20)


def text(cell: str) -> str:
    cleaned: str = clean_text(pa.array([cell]))[0].as_py()
    return cleaned


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("  練馬   太郎  ", "練馬　太郎"),
        ("練馬\u00a0\u2003太郎", "練馬　太郎"),
        ("練\u200b馬\ufeff", "練馬"),
        ("ﾈﾘﾏ ｶﾞﾝｼﾞﾛｳ", "ネリマ　ガンジロウ"),
        ("神﨑　髙子", "神﨑　髙子"),
        ("葛\U000e0100城\ue000", "葛\U000e0100城\ue000"),
        ("１−２ー３", "１−２ー３"),
        ("", ""),
        ("\u3000\u200b ", ""),
        ("\u3164\u2800\U000e0041", ""),
    ],
)
def test_text_is_written_in_one_way(cell, written) -> None:
    assert text(cell) == written


@given(TEXTS)
def test_writing_in_one_way_twice_changes_nothing(cell) -> None:
    assert text(text(cell)) == text(cell)


@given(TEXTS)
def test_no_character_but_blanks_invisible_ones_and_half_kana_changes(cell) -> None:
    def kept(value: str) -> str:
        return "".join(char for char in value if char in "練馬髙﨑神邊葛\U000e0100\ue000𠮷Az山1-=")

    assert kept(text(cell)) == kept(cell)


@given(st.lists(TEXTS, max_size=6))
def test_a_column_is_cleaned_cell_by_cell(cells) -> None:
    assert clean_text(pa.array(cells, pa.string())).to_pylist() == [text(cell) for cell in cells]
    alone = [clean_kana(pa.array([cell]))[0].as_py() for cell in cells]
    assert clean_kana(pa.array(cells, pa.string())).to_pylist() == alone


@pytest.mark.parametrize("cell", ["ﾈﾘﾏ ｷｮｳｺ", "ねりま　きょうこ", "ネリマ　キョウコ", " ﾈﾘﾏ　きょうコ "])
def test_a_reading_is_full_width_katakana(cell) -> None:
    assert clean_kana(pa.array([cell]))[0].as_py() == "ネリマ　キョウコ"


@pytest.mark.parametrize(
    ("cell", "written"), [("か゛ク゜", "ガク゚"), ("わ゛", "ヷ"), ("ｳﾞｧｰ", "ヴァー"), ("カ\u3099", "ガ")]
)
def test_voiced_marks_join_their_kana(cell, written) -> None:
    assert clean_kana(pa.array([cell]))[0].as_py() == written


@given(st.text(alphabet="ネリまがﾈｶﾞﾟ゛゜ーｰ 　ａ・ゟ", max_size=12))
def test_a_reading_written_twice_is_the_same(cell) -> None:
    once = clean_kana(pa.array([cell]))
    assert clean_kana(once).equals(once)


@pytest.mark.parametrize("hyphen", "-‐‑‒–—―−─━－ｰー﹣﹘⁃⁻₋˗➖")
def test_what_looks_like_a_hyphen_between_numbers_is_one(hyphen) -> None:
    assert fold_hyphens(pa.array([f"１{hyphen}2{hyphen}三"]))[0].as_py() == "１-2-三"


def test_the_long_vowel_mark_of_a_word_stays() -> None:
    assert fold_hyphens(pa.array(["コーポ練馬ー１", "メゾンー"])).to_pylist() == [
        "コーポ練馬ー１",
        "メゾンー",
    ]


@given(TEXTS)
def test_folding_the_width_is_nfkc(cell) -> None:
    assert fold_width(pa.array([cell]))[0].as_py() == unicodedata.normalize("NFKC", cell)


def test_notes_count_cells_and_not_characters() -> None:
    cells = pa.array(["ﾈﾘﾏﾈﾘﾏ", " 練  馬 ", "葛\U000e0100", "\ue000\ue001", "練\u200b馬", "練馬　太郎"])
    assert count_notes(cells) == {
        "halfwidth_kana": 1,
        "blanks": 1,
        "invisible": 1,
        "gaiji": 1,
        "ivs": 1,
    }
