"""A layout with a slip is refused by its key; shipped ones read what they describe; check shows shapes."""

import re
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from custody.cli import run
from custody.errors import ConfigError, InputError
from sampling.canonical import FIELDS, REQUIRED, VALUES
from sampling.control_totals import read_totals
from sampling.layout import layout_text, load_layout, shipped_layouts
from sampling.layout_check import check_layout, masked, printable

CANARY = "秘密花子"
SHIPPED = (
    "certification_csv",
    "certification_fixed",
    "demo",
    "qualification_csv",
    "resident_csv",
    "resident_fixed",
)

SLIPS = [
    ("demo", 'name = "demo"', 'nmae = "demo"', "SAM-LAYOUT-KEY", "name"),
    ("demo", "[residents]", "[residnets]\n[residents]", "SAM-LAYOUT-KEY", "residents"),
    ("demo", "required = false", "requierd = false", "SAM-LAYOUT-KEY", "required"),
    ("demo", "[residents.fields.building]", "[residents.fields.biulding]", "SAM-LAYOUT-FIELDS", "building"),
    ("demo", "[residents.fields.name]", "[residents.fields.alias]", "SAM-LAYOUT-FIELDS", "name"),
    ("demo", 'type = "postal"', 'type = "text"', "SAM-LAYOUT-FIELD", "postal"),
    ("demo", 'type = "postal"', 'type = "postal"\nwidth = 7', "SAM-LAYOUT-FIELD", "width"),
    ("demo", 'type = "postal"', 'type = "postal"\ncodes = { "1" = "M" }', "SAM-LAYOUT-FIELD", "codes"),
    ("demo", "width = 10", "width = 19", "SAM-LAYOUT-FIELD", "18"),
    ("demo", "width = 10", "width = true", "SAM-LAYOUT-VALUE", "wrong type"),
    ("demo", "width = 10", 'width = "10"', "SAM-LAYOUT-VALUE", "wrong type"),
    ("demo", '21 = "certified"', '21 = "certifed"', "SAM-LAYOUT-FIELD", "Did you mean certified"),
    ("demo", "earliest = true", "partial = true\nearliest = 1", "SAM-LAYOUT-VALUE", "wrong type"),
    ("demo", 'column = "消除日"', 'column = "消除日"\npartial = true', "SAM-LAYOUT-FIELD", "birth date"),
    ("demo", 'column = "氏名"', 'column = "住所"', "SAM-LAYOUT-COLUMN", "same column"),
    ("demo", 'column = "方書"', 'column = "個人 番号"', "SAM-LAYOUT-FORBIDDEN", "individual number"),
    ("demo", 'column = "方書"', 'column = "振込口座"', "SAM-LAYOUT-FORBIDDEN", "bank account"),
    ("demo", 'column = "方書"', "column = 3", "SAM-LAYOUT-PLACE", "header = false"),
    ("demo", 'column = "方書"', 'column = "方書"\nstart = 3', "SAM-LAYOUT-PLACE", "fixed"),
    ("demo", "unique = true", 'unique = true\nformat = "csv"', "SAM-LAYOUT-VALUE", "delimited"),
    ("demo", "unique = true", 'unique = true\ndelimiter = "|"', "SAM-LAYOUT-VALUE", "tab"),
    ("demo", "unique = true", 'unique = true\nencoding = "shift_jis"', "SAM-LAYOUT-VALUE", "cp932"),
    ("demo", "unique = true", 'unique = true\nencoding = "klingon"', "SAM-LAYOUT-VALUE", "utf-16"),
    ("demo", "unique = true", "unique = true\nrecord_bytes = 300", "SAM-LAYOUT-PLACE", "record_bytes"),
    ("demo", 'key = "resident_no"', 'key = "resident_number"', "SAM-LAYOUT-VALUE", "resident_no"),
    ("demo", "[residents]", "[residents", "SAM-LAYOUT-TOML", "TOML"),
    ("demo", "unique = true", "unique = true\nunique = true", "SAM-LAYOUT-TOML", "TOML"),
    ("resident_fixed", "start = 23", "start = 20", "SAM-LAYOUT-OVERLAP", "overlaps"),
    ("resident_fixed", "start = 278", "start = 301", "SAM-LAYOUT-PLACE", "inside the record"),
    ("resident_fixed", "start = 1\n", "start = 0\n", "SAM-LAYOUT-PLACE", "inside the record"),
    ("resident_fixed", "start = 23\n", "", "SAM-LAYOUT-PLACE", "start and bytes"),
    ("resident_fixed", "record_bytes = 300", "", "SAM-LAYOUT-PLACE", "record_bytes"),
    ("resident_fixed", 'encoding = "cp932"', 'encoding = "utf-16"', "SAM-LAYOUT-VALUE", "cp932"),
    ("resident_fixed", 'empty = ["0"]', "empty = [0]", "SAM-LAYOUT-FIELD", "quotes"),
    ("certification_csv", 'type = "number"', 'type = "text"', "SAM-LAYOUT-FIELD", "number"),
    ("qualification_csv", '"exempt"', '"excempt"', "SAM-LAYOUT-FIELD", "Did you mean exempt"),
]


@pytest.mark.parametrize(("name", "old", "new", "code", "words"), SLIPS)
def test_a_slip_is_refused_by_its_key_and_the_nearest_name(tmp_path, name, old, new, code, words) -> None:
    path = tmp_path / "our ward.toml"
    text = layout_text(name)
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_layout(path)
    assert refusal.value.code == code
    assert words in str(refusal.value)
    assert refusal.value.file == "our ward.toml"
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_a_toml_slip_is_named_by_its_line(tmp_path) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "x"\n[residents\n', encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_layout(path)
    assert refusal.value.row == 2


@pytest.mark.parametrize("name", ["demmo", "resident-csv", "no/such/file.toml", "", "a\0b"])
def test_an_unknown_layout_is_refused_with_the_nearest_name(name) -> None:
    with pytest.raises(ConfigError, match="no such layout") as refusal:
        load_layout(name)
    near = {"demmo": "demo", "resident-csv": "resident_csv"}.get(name)
    assert near is None or near in str(refusal.value)


def test_shipped_layouts_name_every_field_that_the_frame_needs() -> None:
    assert shipped_layouts() == SHIPPED
    for name in SHIPPED:
        layout = load_layout(name)
        for kind in layout.kinds:
            rules = layout.register(kind)
            names = [field.name for field in rules.fields]
            assert set(REQUIRED[kind]) <= set(names)
            assert all(FIELDS[kind][field.name] == field.type for field in rules.fields)


@pytest.mark.parametrize("name", ["demo", "certification_csv", "certification_fixed"])
def test_care_levels_become_certified_or_not(name) -> None:
    codes = load_layout(name).register("certifications").field("decision").codes
    assert {code for code, value in codes.items() if value == "certified"} == {
        *("11", "12", "13"),
        *("21", "22", "23", "24", "25"),
    }
    assert (codes["01"], codes["06"]) == ("not_eligible", "checklist")
    assert set(codes.values()) <= VALUES["decision"]


def test_a_layout_without_a_register_says_which_ones_it_has() -> None:
    layout = load_layout("resident_csv")
    assert (layout.kinds, layout.certifications) == (("residents",), None)
    with pytest.raises(ConfigError, match="only: residents"):
        layout.register("certifications")


RESIDENT = {
    "resident_no": "0000000001",
    "household_no": "0000000009",
    "name": "練馬　太郎",
    "kana": "ﾈﾘﾏ ﾀﾛｳ",
    "birth_date": "3100401",
    "sex": "1",
    "postal_code": "1760001",
    "address": "東京都練馬区練馬１丁目２番３号",
    "resident_since": "3450401",
    "removed_on": "0000000",
    "removal": "0",
    "protection": "1",
    "protection_from": "4210401",
    "protection_to": "0000000",
    "registered": "0",
}
CERTIFICATION = {
    "insured_no": "0000000005",
    "resident_no": "0000000000",
    "birth_date": "3100000",
    "sex": "2",
    "application": "3",
    "applied_on": "4210701",
    "decided_on": "0000000",
    "outcome": "1",
    "valid_from": "0000000",
    "valid_to": "0000000",
}


@pytest.mark.parametrize(
    ("name", "cells", "values"),
    [
        (
            "resident_fixed",
            RESIDENT,
            {"birth_date": "1935-04-01", "protection": "yes", "removal": "", "alias": None},
        ),
        ("certification_fixed", CERTIFICATION, {"resident_no": "", "application": "change", "valid_to": ""}),
    ],
)
def test_a_record_is_understood_by_the_shipped_fixed_layout(tmp_path, name, cells, values) -> None:
    rules = load_layout(name).register(load_layout(name).kinds[0])
    line = bytearray(b" " * rules.record_bytes)
    for rule in rules.fields:
        cell = cells.get(rule.name, "").encode("cp932")
        line[rule.start - 1 : rule.start - 1 + len(cell)] = cell
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(line) + b"\r\n")
    found = check_layout(path, name, show_values=True)
    assert found.tidy().empty
    seen = dict(zip(found.first["field"], found.first["value"], strict=True))
    assert {field: seen.get(field) for field in values} == values


CSV_ROWS = [
    (
        "resident_csv",
        "宛名番号,世帯番号,続柄,氏名,氏名カナ,通称名,生年月日,性別,郵便番号,住所,方書,住民となった日,消除日,消除事由,"
        "支援措置,支援措置開始日,支援措置終了日,住登外",
        "0000000001,0000000001,本人,練馬　太郎,ネリマ　タロウ,,昭和10年00月00日,男,176-0001,練馬１丁目,,"
        "平成元年1月8日,H21.10.1,転出,0,,,1",
        {"sex": "M", "removed_on": "2009-10-01", "registered": "non_resident", "postal_code": "176-0001"},
    ),
    (
        "certification_csv",
        "保険者番号,被保険者番号,宛名番号,氏名,氏名カナ,生年月日,性別,住所,申請区分,申請日,認定日,要介護状態区分,結果,"
        "有効期間開始日,有効期間終了日",
        "131201,0000000005,,練馬　花子,ﾈﾘﾏ ﾊﾅｺ,S10.4.1,女,練馬１丁目,職権,20090701,20090801,"
        "06,認定,20090701,20100131",
        {"decision": "checklist", "application": "ex_officio", "outcome": "", "birth_date": "1935-04-01"},
    ),
    (
        "qualification_csv",
        "被保険者番号,宛名番号,資格区分,資格取得日,資格喪失日",
        ",0000000001,他市町村被保険者,20090401,",
        {"insured_no": "", "status": "insured_elsewhere", "acquired_on": "2009-04-01"},
    ),
]


@pytest.mark.parametrize(("name", "header", "row", "values"), CSV_ROWS)
def test_a_row_is_understood_by_the_shipped_csv_layout(tmp_path, name, header, row, values) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"{header}\r\n{row}\r\n".encode("cp932"))
    found = check_layout(path, name, show_values=True)
    assert found.tidy().empty
    seen = dict(zip(found.first["field"], found.first["value"], strict=True))
    assert {field: seen[field] for field in values} == values


def numbered(*columns: str) -> str:
    """Give qualifications of a file without header line."""
    names = {"insured_no": "number", "resident_no": "number", "status": "code"}
    fields = zip(names.items(), columns, strict=True)
    tables = (
        f'[qualifications.fields.{name}]\n{column}\ntype = "{kind}"\nrequired = false\n'
        + ("width = 10\n" if kind == "number" else 'codes = { "9" = "exempt" }\n')
        for (name, kind), column in fields
    )
    return "[qualifications]\nheader = false\ndelimiter = 'tab'\n" + "".join(tables)


def test_columns_are_found_by_their_number_where_there_is_no_header(tmp_path) -> None:
    layout, path = tmp_path / "own.toml", tmp_path / "a.tsv"
    layout.write_text(numbered("column = 4", "column = '宛名'\nposition = 1", "column = 2"), encoding="utf-8")
    rules = load_layout(layout).register("qualifications")
    assert (rules.columns, rules.key, rules.unique) == (("4", "宛名", "2"), "insured_no", False)
    path.write_bytes(b"0000000001\t9\tx\t0000000007\r\n")
    found = check_layout(path, layout, show_values=True)
    assert found.first["value"].tolist() == ["0000000007", "0000000001", "exempt"]
    assert (found.failed, found.ignored) == (0, 1)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (("column = 4", "column = 4", "column = 2"), "SAM-LAYOUT-COLUMN"),
        (("column = 4", "column = 'x'\nposition = 4", "column = 2"), "SAM-LAYOUT-OVERLAP"),
        (("column = 4", "column = 'x'", "column = 2"), "SAM-LAYOUT-PLACE"),
        (("column = 4", "column = 0", "column = 2"), "SAM-LAYOUT-PLACE"),
    ],
)
def test_numbered_columns_with_a_slip_are_refused(tmp_path, columns, code) -> None:
    layout = tmp_path / "own.toml"
    layout.write_text(numbered(*columns), encoding="utf-8")
    with pytest.raises(ConfigError) as refusal:
        load_layout(layout)
    assert refusal.value.code == code


def test_lost_zeros_of_a_spreadsheet_are_seen_by_layout_check(tmp_path, capsys) -> None:
    layout, path = tmp_path / "excel.toml", tmp_path / "資格 一覧.xlsx"
    text = layout_text("qualification_csv").replace('"delimited"', '"excel"\nsheet = "資格"')
    layout.write_text(text.replace('delimiter = ","', ""), encoding="utf-8")
    book = openpyxl.Workbook()
    book.active.title = "資格"
    book.active.append(["被保険者番号", "宛名番号", "資格区分", "資格取得日", "資格喪失日"])
    for number in range(150):
        book.active.append([f"{number:010d}", f"{number:010d}", "被保険者", "20090401", None])
    book.active.append([77, "0000000077", "被保険者", date(2009, 4, 1), None])
    book.save(path)
    code, text = shown(capsys, "check", str(path), "--layout", str(layout), "--rows", "0")
    assert code == 0
    assert re.search(r"1  width  被保険者番号", text)
    assert "rows 151, failed 1" in text


def shown(capsys, *words: str) -> tuple[int, str]:
    code = run(["sampling", "layout", *words])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_layout_list_and_show_print_what_load_layout_reads(capsys, tmp_path) -> None:
    assert shown(capsys, "list")[1].split("\n")[0].split()[0] == SHIPPED[0]
    code, text = shown(capsys, "show", "resident_fixed")
    assert (code, text.strip()) == (0, layout_text("resident_fixed").strip())
    out = tmp_path / "our ward.toml"
    assert shown(capsys, "show", "demo", "--out", str(out))[0] == 0
    assert load_layout(out).residents == load_layout("demo").residents
    assert shown(capsys, "show", "demo", "--out", str(out))[0] == 1  # never over an existing file
    assert shown(capsys, "show", "demmo")[0] == 1


def test_layout_check_shows_a_reading_as_the_register_gives_it(desk) -> None:
    own = layout_text("demo").replace(
        "[residents.fields.birth_date]",
        '[residents.fields.kana]\ncolumn = "氏名カナ"\ntype = "kana"\n\n[residents.fields.birth_date]',
    )
    layout = desk.folder / "own.toml"
    layout.write_text(own, encoding="utf-8")
    path = desk.residents({"氏名カナ": " ﾈﾘﾏ  ﾊﾅｺ"}, clean=1)
    first = check_layout(path, layout, kind="residents", rows=1, show_values=True).first.set_index("field")
    assert tuple(first.loc["kana", ["cell", "value"]]) == (" ﾈﾘﾏ  ﾊﾅｺ", "ネリマ　ハナコ")


def test_layout_check_masks_cells_unless_told_otherwise(desk, capsys) -> None:
    path = desk.residents({"氏名": CANARY, "性別": "9"}, clean=150)
    words = ("check", str(path), "--layout", "demo", "--register", "residents")
    code, text = shown(capsys, *words)
    assert code == 0
    assert CANARY not in text
    assert not re.search(r"[1-8]\d{6,}", text)
    assert "漢漢漢漢" in text
    assert "unknown_code" in text
    code, text = shown(capsys, *words, "--show-values", "--rows", "1")
    assert code == 0
    assert CANARY in text
    assert "1935-04-01" in text


def test_layout_check_counts_what_fails_in_all_rows(desk) -> None:
    bad = [{"性別": "9", "生年月日": "19440230"}, {"性別": ""}, {"宛名番号": "12"}]
    path = desk.residents(*bad, clean=5)
    path.write_bytes(path.read_bytes() + b"1,2\r\n")
    found = check_layout(path, "demo", kind="residents")
    counts = {(line.column, line.code): line.rows for line in found.tidy().itertuples()}
    assert counts[("性別", "unknown_code")] == counts[("性別", "missing")] == 1
    assert counts[("生年月日", "impossible_date")] == counts[("宛名番号", "width")] == 1
    assert counts[("", "column_count")] == 1
    assert (found.rows, found.failed, found.ignored) == (9, 4, 1)
    assert "0000000004" not in repr(found)


def test_layout_check_refuses_what_the_register_would_refuse(desk, capsys) -> None:
    path = desk.residents(*[{"性別": "男"}] * 3, clean=1)
    code, text = shown(capsys, "check", str(path), "--layout", "demo", "--register", "residents")
    assert code == 1
    assert "3 of 4 rows failed" in text
    assert shown(capsys, "check", str(path), "--layout", "demo")[0] == 1  # which register?
    assert shown(capsys, "check", str(path), "--layout", "demo", "--register", "resident")[0] == 1


def test_shapes_tell_widths_apart_and_hide_gaiji() -> None:
    assert masked("渡邉　ﾜﾀﾅﾍﾞ ワタ わた ABC ａ１1-2") == "漢漢　ｶｶｶｶｶ カカ かか AAA Ａ９9-9"
    assert masked("\ue000\U00020bb7") == "〓漢"
    assert printable("花\u200b子\x1b[31m") == "花<U+200B>子<U+001B>[31m"


TOTALS_REFUSED = [
    ("", "SAM-TOTALS-EMPTY"),
    ("ファイル名,人数\na.csv,3\n", "SAM-TOTALS-COLUMN"),
    ("ファイル名,件数,件数\na.csv,3,3\n", "SAM-TOTALS-COLUMN"),
    ("ファイル名,件数\na.csv,三\n", "SAM-TOTALS-LINE"),
    ("ファイル名,件数\na.csv,-3\n", "SAM-TOTALS-LINE"),
    ("ファイル名,件数\na.csv,3\na.csv,4\n", "SAM-TOTALS-LINE"),
    ("ファイル名,件数\n,3\n", "SAM-TOTALS-LINE"),
    ("ファイル名,件数\na.csv\n", "SAM-TOTALS-LINE"),
    ("ファイル名,件数\0\n", "SAM-TOTALS-TEXT"),
]


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_control_totals_are_read(tmp_path, encoding) -> None:
    path = tmp_path / "件数表 11月.csv"
    path.write_text(
        'ファイル名,件数\r\n住民 一.csv,"160,000"\r\nb.txt,２１\r\n', encoding=encoding, newline=""
    )
    assert read_totals(path) == {"住民 一.csv": 160_000, "b.txt": 21}
    path.write_text("rows,file\n3,a.csv\n", encoding=encoding)
    assert read_totals(path) == {"a.csv": 3}


@pytest.mark.parametrize(("text", "code"), TOTALS_REFUSED)
def test_control_totals_with_a_slip_are_refused(tmp_path, text, code) -> None:
    path = Path(tmp_path) / "totals.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read_totals(path)
    assert refusal.value.code == code
    with pytest.raises(InputError, match="cannot be opened"):
        read_totals(tmp_path / "none.csv")
