"""The staff list: what stands in it, how decisions come back, and that they outlive the next extract."""

import csv
import io
from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from custody.errors import ConfigError, InputError, SamplingError
from sampling.linkage import Decisions, Links, link_registers, read_decisions
from sampling.linkage.result import REVIEW_COLUMNS
from sampling.linkage.review import review_csv
from sampling.spreadsheet import from_text_cell, text_cell

SECRET = bytes(range(32))
HOME = "東京都練馬区練馬１丁目２番３号"
HANAKO = {
    "name": "練馬　花子",
    "kana": "ネリマ　ハナコ",
    "birth_date": date(1935, 4, 1),
    "sex": "F",
    "address": HOME,
}
ELSEWHERE = "東京都練馬区桜台３丁目１番９号"


@pytest.fixture
def registers(hand):
    """Two residents of one name and birth date, and a certification row that may be either's."""
    people = [
        {"resident_no": f"{n:010d}", **HANAKO, "address": f"東京都練馬区旭丘{n}丁目{n}番{n}号"}
        for n in (1, 2)
    ]
    others = [
        {
            "resident_no": f"{n:010d}",
            "name": f"{letter}田　一郎",
            "kana": f"{kana}タ　イチロウ",
            "birth_date": date(1930, n % 12 + 1, n % 27 + 1),
            "sex": "M",
            "address": f"東京都練馬区中村{n}丁目{n}番",
        }
        for n, letter, kana in zip(range(3, 9), "本池山川森松", "ホイヤカモマ", strict=True)
    ]
    row = {**HANAKO, "insured_no": "0000000100", "address": ELSEWHERE}
    known = [{"resident_no": f"{n:010d}", "insured_no": f"{n:010d}"} for n in range(3, 9)]

    def made(*, turned: bool = False):
        residents = [*people, *others]
        return (
            hand("residents", residents[::-1] if turned else residents),
            hand("certifications", [row, *known]),
        )

    return made


def linked(registers, **options) -> Links:
    return link_registers(*registers, secret=SECRET, review=0.001, **options)


def test_two_candidates_alike_go_to_staff_and_neither_is_taken(registers) -> None:
    links = linked(registers())
    assert links.resident_of_row.to_pylist()[0] is None
    assert links.undecided.tolist() == [0, 1]
    assert list(links.review.columns) == list(REVIEW_COLUMNS)
    assert links.review["probability"].nunique() == 1
    assert links.review["probability"].max() <= 0.5
    assert set(links.review["decision"]) == {""}
    assert links.steps.set_index("step")["rows"]["review"] == 1
    first = links.review.iloc[0]
    assert (first["certification_kana"], first["certification_birth"]) == (HANAKO["kana"], "1935-04-01")
    assert first["certification_address"] == ELSEWHERE


def test_a_pair_has_the_same_number_in_every_extract_and_another_under_another_secret(registers) -> None:
    numbers = [set(linked(registers(turned=turned)).review["pair"]) for turned in (False, True)]
    assert numbers[0] == numbers[1]
    assert len(numbers[0]) == 2
    other = link_registers(*registers(), secret=bytes(32), review=0.001)
    assert not numbers[0] & set(other.review["pair"])
    assert not any("0000000100" in pair or "0000000001" in pair for pair in numbers[0])


@pytest.mark.parametrize("turned", [False, True])
def test_same_is_taken_and_different_never_comes_back(registers, turned) -> None:
    pairs = linked(registers()).review.set_index("resident_address")["pair"]
    first, second = (next(pairs[key] for key in pairs.index if f"旭丘{n}" in key) for n in (1, 2))
    people = registers(turned=turned)
    place = people[0].table["resident_no"].to_pylist().index
    same = linked(people, decisions=Decisions(same=frozenset({first})))
    assert same.resident_of_row.to_pylist()[0] == place("0000000001")
    assert same.steps.set_index("step")["rows"]["staff"] == 1
    assert not len(same.undecided)
    assert same.review.empty
    one = linked(people, decisions=Decisions(different=frozenset({first})))
    assert place("0000000001") not in one.undecided
    none = linked(people, decisions=Decisions(different=frozenset({first, second})))
    assert none.resident_of_row.to_pylist()[0] is None
    assert none.review.empty
    assert not len(none.undecided)


def test_one_person_decided_to_be_two_residents_is_refused(registers) -> None:
    both = frozenset(linked(registers()).review["pair"])
    with pytest.raises(SamplingError, match="SAM-LINK-DECISIONS"):
        linked(registers(), decisions=Decisions(same=both))


def test_different_holds_against_the_unique_key_too(hand) -> None:
    people = hand("residents", [{"resident_no": "0000000001", **HANAKO}])
    rows = hand("certifications", [{**HANAKO, "insured_no": "5"}])
    free = link_registers(people, rows, secret=SECRET)
    assert free.resident_of_row.to_pylist() == [0]
    from sampling.linkage.review import pair_id

    refused = Decisions(different=frozenset({pair_id("0000000001", "i:5", SECRET)}))
    links = link_registers(people, rows, secret=SECRET, decisions=refused)
    assert links.resident_of_row.to_pylist() == [None]
    assert links.review.empty


def test_decisions_need_the_secret_of_the_list(registers) -> None:
    with pytest.raises(ConfigError, match="SAM-LINK-SECRET"):
        link_registers(*registers(), decisions=Decisions())


def filled(links: Links, words: list[str], encoding: str) -> bytes:
    """Write decisions into the list as a spreadsheet saves it."""
    rows = list(csv.reader(io.StringIO(review_csv(links).decode("utf-8-sig"))))
    for row, word in zip(rows[1:], words, strict=True):
        row[-1] = word
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp932"])
@pytest.mark.parametrize(
    ("words", "counts"),
    [
        (["同一", "別人"], (1, 1, 0)),
        (["same", "different"], (1, 1, 0)),
        (["", " 別人 "], (0, 1, 1)),
        (["", ""], (0, 0, 2)),
    ],
)
def test_decisions_are_read_as_they_were_saved(registers, tmp_path, encoding, words, counts) -> None:
    links = linked(registers())
    file = tmp_path / "review.csv"
    file.write_bytes(filled(links, words, encoding))
    found = read_decisions(file)
    assert (len(found.same), len(found.different), found.blank) == counts
    assert found.same | found.different <= set(links.review["pair"])
    assert not any(pair in repr(found) for pair in links.review["pair"])


PAIR, OTHER = "P" + "0" * 24, "P" + "1" * 24


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        (f"照合番号,判定\n{PAIR},同一\n{OTHER},たぶん\n", "SAM-REVIEW-DECISION", 2),
        (f"照合番号,判定\n{PAIR},同一\n{PAIR},別人\n", "SAM-REVIEW-PAIR", 2),
        ("照合番号,判定\n,同一\n", "SAM-REVIEW-PAIR", 1),
        (f"照合番号,メモ\n{PAIR},同一\n", "SAM-REVIEW-COLUMN", None),
        (f"照合番号,判定,判定\n{PAIR},同一,別人\n", "SAM-REVIEW-COLUMN", None),
        ("", "SAM-REVIEW-COLUMN", None),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_its_row(tmp_path, content, code, row) -> None:
    file = tmp_path / "review.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_decisions(file)
    assert (caught.value.code, caught.value.row) == (code, row)
    assert "たぶん" not in str(caught.value)
    assert PAIR not in str(caught.value)


def test_a_missing_list_and_one_in_another_encoding_are_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="SAM-REVIEW-FILE"):
        read_decisions(tmp_path / "none.csv")
    file = tmp_path / "review.csv"
    file.write_bytes("照合番号,判定\n".encode("cp932") + b"\x81")
    with pytest.raises(InputError, match="SAM-REVIEW-ENCODING"):
        read_decisions(file)


@pytest.mark.parametrize("text", ["=1+1", "+81", "-5", "@x", "\tx", "\rx", "'x", "''=x", "練馬", "", "ア=イ"])
def test_a_cell_is_text_for_a_spreadsheet_and_reads_back_exactly(text) -> None:
    cell = text_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert from_text_cell(cell) == text


def test_a_name_that_is_a_formula_runs_nothing_in_the_list() -> None:
    row = dict.fromkeys(REVIEW_COLUMNS, "") | {
        "pair": PAIR,
        "probability": 0.5,
        "resident_name": "=HYPERLINK(1)",
    }
    links = Links(resident_of_row=pa.array([], pa.int32()), review=pd.DataFrame([row]))
    table = pd.read_csv(io.BytesIO(review_csv(links)), dtype="str", keep_default_na=False)
    assert table["住基氏名"].tolist() == ["'=HYPERLINK(1)"]
    assert table["確率"].tolist() == ["0.5000"]


def test_residents_beyond_the_room_of_the_list_wait_for_staff_too(hand) -> None:
    alike = [
        {"resident_no": f"{n:010d}", **HANAKO, "address": f"東京都練馬区旭丘{n}丁目{n}番{n}号"}
        for n in range(1, 6)
    ]
    row = hand("certifications", [{**HANAKO, "insured_no": "5", "address": ELSEWHERE}])
    links = linked((hand("residents", alike), row))
    assert len(links.review) == 3
    assert links.undecided.tolist() == [0, 1, 2, 3, 4]
