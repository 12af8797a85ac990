"""A register row is read as it stands or set aside by row and code; a wrong file is refused by its fault."""

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from custody.errors import ConfigError, InputError
from sampling import load_layout, read_certifications, read_residents
from sampling.limits import limits

CANARY = "秘密花子"

RESIDENT_FAULTS = [
    ({"宛名番号": "123"}, "宛名番号", "width"),
    ({"宛名番号": "00000000A1"}, "宛名番号", "format"),
    ({"宛名番号": ""}, "宛名番号", "missing"),
    ({"宛名番号": "０００００００００１"}, "宛名番号", "fullwidth_digits"),
    ({"生年月日": "19440230"}, "生年月日", "impossible_date"),
    ({"生年月日": "19430229"}, "生年月日", "impossible_date"),
    ({"生年月日": "19440000"}, "生年月日", "partial_date"),
    ({"生年月日": "44/02/03"}, "生年月日", "format"),
    ({"生年月日": "昭和64年1月8日"}, "生年月日", "era_border"),
    ({"生年月日": "18790101"}, "生年月日", "implausible_date"),
    ({"生年月日": ""}, "生年月日", "missing"),
    ({"性別": "3"}, "性別", "unknown_code"),
    ({"性別": " "}, "性別", "missing"),
    ({"性別": ""}, "性別", "missing"),
    ({"郵便番号": "176-001"}, "郵便番号", "format"),
    ({"氏名": ""}, "氏名", "missing"),
    ({"住所": ""}, "住所", "missing"),
    ({"消除日": "20091131"}, "消除日", "impossible_date"),
    ({"消除事由": "転居"}, "消除事由", "unknown_code"),
    ({"支援措置": "9"}, "支援措置", "unknown_code"),
]

CERTIFICATION_FAULTS = [
    ({"要介護状態区分": "要支援3"}, "要介護状態区分", "unknown_code"),
    ({"要介護状態区分": ""}, "要介護状態区分", "contradiction"),
    ({"認定日": ""}, "認定日", "contradiction"),
    ({"有効期間開始日": ""}, "有効期間開始日", "contradiction"),
    ({"有効期間終了日": ""}, "有効期間終了日", "contradiction"),
    ({"有効期間開始日": "20100201"}, "有効期間終了日", "contradiction"),
    ({"申請区分": "職権"}, "申請区分", "unknown_code"),
    ({"申請日": ""}, "申請日", "missing"),
    ({"宛名番号": "77"}, "宛名番号", "width"),
]


def log(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(table.itertuples(index=False, name=None))


@pytest.mark.parametrize(("change", "column", "code"), RESIDENT_FAULTS)
def test_resident_row_is_set_aside(desk, change, column, code) -> None:
    register = read_residents(desk.residents({}, change, clean=120))
    assert log(register.quarantine) == [(2, column, code)]
    assert (register.read, register.accepted, register.quarantined) == (122, 121, 1)


@pytest.mark.parametrize(("change", "column", "code"), CERTIFICATION_FAULTS)
def test_certification_row_is_set_aside_and_its_person_remembered(desk, change, column, code) -> None:
    ordinary = [{"宛名番号": f"{n:010d}"} for n in range(1, 110)]
    bad = {"宛名番号": "0000000500", **change}
    register = read_certifications(desk.certifications(*ordinary, bad))
    assert log(register.quarantine) == [(111, column, code)]
    assert register.unclear.to_pylist() == ([] if column == "宛名番号" else ["0000000500"])
    assert register.unattributed == (1 if column == "宛名番号" else 0)


def test_both_rows_of_one_resident_number_are_set_aside(desk) -> None:
    rows = [{"宛名番号": "0000000007"}, {}, {"宛名番号": "0000000007", "氏名": "練馬　次郎"}]
    register = read_residents(desk.residents(*rows, clean=300))
    # rows 1 and 3 here, and the ordinary row that was numbered 7 already
    assert log(register.quarantine) == [(n, "宛名番号", "duplicate") for n in (1, 3, 7)]
    assert register.accepted + register.quarantined == register.read == 303


def test_rows_with_more_or_fewer_columns_keep_the_row_numbers_right(desk) -> None:
    path = desk.residents(*[{}] * 4, {"性別": "8"}, clean=400)
    lines = path.read_bytes().split(b"\r\n")
    lines[2] += b",x"
    lines[4] = b"0000000004,1"
    path.write_bytes(b"\r\n".join(lines))
    register = read_residents(path)
    assert log(register.quarantine) == [
        (2, "", "column_count"),
        (4, "", "column_count"),
        (5, "性別", "unknown_code"),
    ]
    assert register.accepted + register.quarantined == register.read == 405


def test_row_numbers_hold_beyond_the_first_piece_of_a_long_file(desk) -> None:
    path = desk.residents({"性別": "8"}, clean=130_000)
    lines = path.read_bytes().split(b"\r\n")
    lines[-30] += b",x"
    lines[-20] = lines[-20].replace(b",1,1760001", b",5,1760001")
    path.write_bytes(b"\r\n".join(lines))
    assert path.stat().st_size > limits().block_bytes
    register = read_residents(path)
    last = len(lines) - 2
    assert log(register.quarantine) == [
        (1, "性別", "unknown_code"),
        (last - 28, "", "column_count"),
        (last - 18, "性別", "unknown_code"),
    ]
    assert register.read == last
    assert register.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_leading_zeros_and_hyphens_of_postal_codes(desk) -> None:
    register = read_residents(desk.residents({"郵便番号": "176-0002"}, clean=1))
    assert register.table["resident_no"].to_pylist() == ["0000000001", "0000000002"]
    assert register.table["postal_code"].to_pylist() == ["176-0002", "176-0001"]


def test_only_the_columns_of_the_layout_are_read(desk) -> None:
    register = read_residents(desk.residents({"氏名カナ": "ヒミツ"}, clean=1))
    assert "氏名カナ" not in register.columns
    assert register.ignored == 1
    assert register.table["kana"].null_count == register.accepted
    assert "certified" in read_certifications(desk.certifications()).table["decision"].to_pylist()


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16"])
def test_declared_encodings_give_the_same_register(desk, encoding) -> None:
    plain = read_residents(desk.residents({"氏名": "髙﨑　①"}, clean=3))
    text = (desk.folder / "residents.csv").read_bytes().decode("cp932")
    other = desk.folder / "other.csv"
    other.write_bytes(text.encode(encoding))
    register = read_residents(other, encoding=encoding)
    assert register.accepted == plain.accepted
    names = [value.decode(register.encoding) for value in register.table["name"].to_pylist()]
    assert names[0] == "髙﨑　①"


def recoded(path: Path, encoding: str) -> None:
    path.write_bytes(path.read_bytes().decode("cp932").encode(encoding))


def bad_byte(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-40] + b"\x81\x20" + data[-38:])


def changed(old: bytes, new: bytes, count: int = -1):
    return lambda path: path.write_bytes(path.read_bytes().replace(old, new, count))


def text(japanese: str) -> bytes:
    return japanese.encode("cp932")


REFUSALS = [
    (lambda path: path.write_bytes(b""), "SAM-FILE-EMPTY", "empty"),
    (lambda path: path.unlink(), "SAM-FILE-NONE", "cannot be opened"),
    (
        lambda path: path.write_bytes(path.read_bytes().split(b"\r\n")[0] + b"\r\n"),
        "SAM-FILE-EMPTY",
        "no data rows",
    ),
    (lambda path: recoded(path, "utf-8"), "SAM-FILE-ENCODING", "utf-8"),
    (lambda path: recoded(path, "utf-8-sig"), "SAM-FILE-ENCODING", "utf-8"),
    (lambda path: recoded(path, "utf-16"), "SAM-FILE-ENCODING", "utf-16"),
    (bad_byte, "SAM-FILE-ENCODING", "byte offset"),
    (changed(b"\r\n0000000002", b"\r\n\x000000000002"), "SAM-FILE-CONTROL", "0x00"),
    (changed(b"\r\n0000000002", b"\r\n\x1a0000000002"), "SAM-FILE-CONTROL", "0x1A"),
    (lambda path: path.write_bytes(b"PK\x03\x04" + path.read_bytes()), "SAM-FILE-TYPE", "xlsx"),
    (changed(text("氏名カナ"), text("個人番号")), "SAM-COLUMN-FORBIDDEN", "individual number"),
    (changed(text("氏名カナ"), text("マイナンバー")), "SAM-COLUMN-FORBIDDEN", "individual number"),
    (changed(text("氏名カナ"), text("氏名")), "SAM-COLUMN-DOUBLE", "same header"),
    (changed(text("性別"), text("男女")), "SAM-COLUMN-MISSING", "性別"),
    (changed(b"1,1760001", b'1,"1760001', 1), "SAM-FILE-ROWS", "quote"),
    (changed(text("メゾン"), b"x" * 5000, 1), "SAM-FILE-FIELD", "longer"),
    (changed(b"19350401,1,", b"19350401,7,", 4), "SAM-FILE-FAILED", "failed"),
]


@pytest.mark.parametrize(("spoil", "code", "words"), REFUSALS)
def test_file_is_refused_by_its_fault(desk, spoil, code, words) -> None:
    path = desk.residents({"氏名": CANARY, "方書": "メゾン１号"}, clean=300)
    spoil(path)
    with pytest.raises(InputError) as refusal:
        read_residents(path)
    assert refusal.value.code == code
    assert words in str(refusal.value)
    assert refusal.value.file == "residents.csv"
    assert CANARY not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_bad_byte_is_named_by_its_offset_also_far_into_the_file(desk) -> None:
    path = desk.residents(clean=1500)
    data = path.read_bytes()
    at = data.index("練馬".encode("cp932"), 80_000)
    path.write_bytes(data[:at] + b"\x81\x20" + data[at + 2 :])
    with pytest.raises(InputError, match=f"{at:,}"):
        read_residents(path)


def test_one_percent_of_failed_rows_passes_and_more_does_not(desk) -> None:
    bad = {"性別": "9"}
    assert read_residents(desk.residents(bad, clean=99)).quarantined == 1
    with pytest.raises(InputError, match="2 of 100 rows failed"):
        read_residents(desk.residents(bad, bad, clean=98))


def test_nothing_of_a_row_is_in_the_views(desk) -> None:
    register = read_residents(desk.residents({"氏名": CANARY}, {"氏名": CANARY, "性別": "9"}, clean=120))
    shown = (
        repr(register)
        + register._repr_html_()
        + register.quarantine.to_string()
        + register.tidy().to_string()
    )
    assert CANARY not in shown
    assert "0000000002" not in shown


def demo_layout() -> str:
    return (Path(__file__).parents[2] / "sampling" / "layouts" / "demo.toml").read_text(encoding="utf-8")


def test_a_ward_reads_its_own_columns_and_codes_by_its_own_layout(desk) -> None:
    own = desk.folder / "own.toml"
    own.write_text(
        demo_layout()
        .replace('column = "性別"', 'column = "SEX"')
        .replace('"1" = "M", "2" = "F"', '"男" = "M", "女" = "F"'),
        encoding="utf-8",
    )
    path = desk.residents({"性別": "女"}, clean=0)
    path.write_bytes(path.read_bytes().replace(text("性別"), b"SEX"))
    assert read_residents(path, layout=own).table["sex"].to_pylist() == ["F"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"1" = "M"', '"1" = "X"', "SAM-LAYOUT-FIELD"),
        ('21 = "certified"', '21 = "certifed"', "SAM-LAYOUT-FIELD"),
        ("width = 10", "", "SAM-LAYOUT-FIELD"),
        ('column = "氏名"', 'column = "住所"', "SAM-LAYOUT-COLUMN"),
        ("[residents.fields.name]", "[residents.fields.nickname]", "SAM-LAYOUT-FIELDS"),
        ("[residents]", "[residents", "SAM-LAYOUT-TOML"),
    ],
)
def test_a_layout_with_a_slip_is_refused(tmp_path, old, new, code) -> None:
    path = tmp_path / "own.toml"
    path.write_text(demo_layout().replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_layout(path)
    assert refusal.value.code == code


def test_an_unknown_layout_or_encoding_is_refused(desk) -> None:
    with pytest.raises(ConfigError, match="no such layout"):
        load_layout("nowhere")
    with pytest.raises(InputError, match="no such encoding"):
        read_residents(desk.residents(clean=1), encoding="klingon")


@pytest.mark.parametrize("cell", ["①23", "²", "1.23E+09", "123.0", "-123", "1 23", "٧"])
def test_what_is_no_number_is_not_repaired_to_one(desk, cell) -> None:
    rows = [{"宛名番号": f"{n:010d}"} for n in range(1, 120)] + [{"宛名番号": cell}]
    path = desk.write("residents.csv", [{**desk_row(desk), **row} for row in rows], encoding="utf-8")
    register = read_residents(path, encoding="utf-8", confirm_repairs=True)
    assert log(register.quarantine) == [(120, "宛名番号", "format")]


@pytest.mark.parametrize(
    "cell", ["176-0001", "〒176-0001", "〒 176−0001", "１７６－０００１", "176ー0001", "176‐0001"]
)
def test_a_postal_code_in_another_form_is_the_same(desk, cell) -> None:
    rows = [{**desk_row(desk), "宛名番号": "0000000001", "郵便番号": cell}]
    register = read_residents(desk.write("residents.csv", rows, encoding="utf-8"), encoding="utf-8")
    assert register.table["postal_code"].to_pylist() == ["176-0001"]


def test_who_applied_before_birth_is_set_aside(desk) -> None:
    cells = {"被保険者番号": "0000000001", "宛名番号": "0000000001", "氏名": "", "氏名カナ": "", "性別": ""}
    cells |= {"生年月日": "S10.4.1", "住所": "", "申請区分": "新規", "申請日": "H21.7.1"}
    cells |= {"認定日": "", "要介護状態区分": "", "結果": "", "有効期間開始日": "", "有効期間終了日": ""}
    rows = [*[cells] * 150, {**cells, "生年月日": "H21.7.2"}]
    register = read_certifications(desk.write("certifications.csv", rows), layout="certification_csv")
    assert log(register.quarantine) == [(151, "生年月日", "contradiction")]


def desk_row(desk: Any) -> dict[str, str]:
    """Return an ordinary resident by header."""
    header, row = desk.residents(clean=1).read_bytes().decode("cp932").split("\r\n")[:2]
    return dict(zip(header.split(","), row.split(","), strict=True))


@pytest.mark.parametrize(
    ("name", "code"),
    [("練\x85馬", "control_character"), ("\u3164", "missing"), ("\u034f\U000e0041", "missing")],
)
def test_a_name_of_controls_or_of_nothing_visible_is_set_aside(desk, name, code) -> None:
    rows = [{**desk_row(desk), "宛名番号": f"{n:010d}"} for n in range(1, 150)]
    path = desk.write("residents.csv", [{**rows[0], "氏名": name}, *rows[1:]], encoding="utf-8")
    assert log(read_residents(path, encoding="utf-8").quarantine) == [(1, "氏名", code)]
