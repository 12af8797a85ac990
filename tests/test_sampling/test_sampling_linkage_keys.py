"""Keys of comparison: which spellings of a name or address are the same, and which stay apart."""

import unicodedata

import pyarrow as pa
import pytest

from sampling.linkage.keys import WILDCARD, address_keys, kana_key, kanji_key, name_part, variants

WARD = "東京都練馬区"


def one_key(key, *cells: str) -> bool:
    keys = key(pa.array(cells)).to_pylist()
    assert None not in keys
    return len(set(keys)) == 1


@pytest.mark.parametrize(
    "same",
    [
        ("ネリマ　キョウコ", "ﾈﾘﾏ ｷｮｳｺ", "ねりま　きょうこ", "ネリマキョウコ", "ネリマ・キョウコ"),
        ("キョウコ", "キヨウコ", "キョーコ", "キヨオコ"),
        ("ユウコ", "ユーコ", "ユウコ"),
        ("シズエ", "シヅエ"),
        ("フジコ", "フヂコ"),
        ("カヲル", "カオル"),
        ("マエダ", "マヘダ"),
        ("ケイコ", "ケーコ", "ケエコ"),
        ("オオノ", "オーノ", "オウノ"),
        ("イノウエ", "イノーエ", "ヰノウヱ"),
        ("ハットリ", "ハツトリ"),
        ("ガギグゲゴパピ", "ｶﾞｷﾞｸﾞｹﾞｺﾞﾊﾟﾋﾟ"),
        ("サトウ　ウメ", "サトウウメ"),
        ("ワタナベ　ヴィオラ", "ワタナベ　ブイオラ"),
        ("スミス　Anna", "スミス　ＡＮＮＡ"),
    ],
)
def test_one_reading_has_one_key_however_it_is_spelled(same) -> None:
    assert one_key(kana_key, *same)


@pytest.mark.parametrize(
    "apart",
    [
        ("オノ", "オオノ"),
        ("ユキ", "ユウキ"),
        ("ハナ", "バナ"),
        ("コンノ", "コノ"),
        ("アイ", "アキ"),
        ("シン", "シ"),
    ],
)
def test_other_readings_have_other_keys(apart) -> None:
    assert len(set(kana_key(pa.array(apart)).to_pylist())) == len(apart)


def test_a_kana_key_has_one_byte_for_each_kana() -> None:
    [key] = kana_key(pa.array(["ネリマ　キョウコ"])).to_pylist()
    assert key.isascii()
    assert len(key) == len("ネリマキヨウコ")


def test_long_vowels_do_not_reach_into_the_next_person() -> None:
    alone = [kana_key(pa.array([cell])).to_pylist()[0] for cell in ("サト", "ウメ", None, "", "オカ")]
    assert kana_key(pa.array(["サト", "ウメ", None, "", "オカ"])).to_pylist() == alone
    assert alone[2] is None
    assert alone[3] is None


@pytest.mark.parametrize("key", [kana_key, kanji_key])
def test_keys_of_a_slice_and_of_chunks_are_those_of_the_whole(key) -> None:
    cells = pa.array(["髙橋　花子", None, "ネリマ　キョウコ", "𠮷田　実", ""] * 3)
    whole = key(cells)
    assert key(cells[4:9]).equals(whole[4:9])
    assert key(pa.chunked_array([cells[:2], cells[2:]])).equals(whole)
    assert len(key(cells[:0])) == 0


@pytest.mark.parametrize(
    "same",
    [
        ("渡辺", "渡邊", "渡邉"),
        ("斎藤", "齋藤", "斉藤", "齊藤"),
        ("髙﨑　濵子", "高崎浜子", "髙崎　濱子"),
        ("國澤　櫻", "国沢桜"),
        ("廣瀬　眞惠", "広瀬　真恵"),
        ("龍", "竜"),
        ("葛\U000e0100城", "葛城"),
        ("𠮷田", "吉田"),
        ("神\ufe00田", "神田"),
        ("佐々木", "佐　々木"),
        ("SMITH Anna", "Ｓｍｉｔｈ　ａｎｎａ"),
    ],
)
def test_forms_of_one_kanji_have_one_key(same) -> None:
    assert one_key(kanji_key, *same)


@pytest.mark.parametrize("gaiji", ["\ue000", "\uf8ff", "〓", "■", "?", "\U000f0000", "\ufffd"])
def test_a_letter_that_the_file_could_not_write_is_a_wildcard(gaiji) -> None:
    assert kanji_key(pa.array([f"渡{gaiji}　清"])).to_pylist() == [f"渡{WILDCARD}清"]


def test_the_table_of_variants_is_large_and_says_nothing_twice() -> None:
    table = variants()
    assert len(table) >= 400
    assert not set(table) & set(table.values())
    assert all(len(letter) == 1 == len(form) for form, letter in table.items())
    assert all(unicodedata.normalize("NFKC", form) == form for form in table)
    for group in (
        "辺邊邉",
        "斎齋斉齊",
        "高髙",
        "崎﨑",
        "浜濱濵",
        "沢澤",
        "桜櫻",
        "国國",
        "広廣",
        "真眞",
        "竜龍",
        "恵惠",
    ):
        assert {table.get(letter, letter) for letter in group} == {group[0]}


def test_a_name_is_cut_only_where_it_has_one_blank() -> None:
    cells = pa.array(["練馬　京子", "練馬 京子", "練馬京子", "練馬　 京子", "A B C", None, "　"])
    assert name_part(cells, 0).to_pylist() == ["練馬", "練馬", None, "練馬", None, None, None]
    assert name_part(cells, 1).to_pylist() == ["京子", "京子", None, "京子", None, None, None]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("東京都練馬区練馬１丁目２番３号", "練馬|1-2-3"),
        ("練馬区練馬一丁目２－３", "練馬|1-2-3"),
        ("練馬1ー2‐3", "練馬|1-2-3"),
        ("東京都練馬区光が丘2-10-1", "光ケ丘|2-10-1"),
        ("練馬区光ヶ丘２丁目１０番１号", "光ケ丘|2-10-1"),
        ("東京都練馬区櫻台３丁目１番", "桜台|3-1"),
        ("東京都練馬区栄町１２番３号", "栄町|12-3"),
        ("埼玉県新座市新堀９番地７", "埼玉県新座市新堀|9-7"),
        ("不詳", "不詳|"),
        ("", None),
        (None, None),
    ],
)
def test_an_address_becomes_its_town_and_numbers(address, key) -> None:
    assert address_keys(pa.array([address], pa.string()), WARD).address.to_pylist() == [key]


def test_block_and_town_are_the_beginning_of_the_address() -> None:
    keys = address_keys(pa.array(["東京都練馬区練馬１丁目２番３号", "立野町４番５号"]), WARD)
    assert keys.block.to_pylist() == ["練馬|1", "立野町|4"]
    assert keys.town.to_pylist() == ["練馬", "立野町"]
