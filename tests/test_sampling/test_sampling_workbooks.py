"""Cells of Excel and Parquet become text without a guess; a file of another type is named by its own."""

import gzip
import random
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from custody.errors import InputError
from sampling import limits
from sampling.layout import Field, RegisterLayout
from sampling.parsing import ParsedFile, parse_register

FIELDS = (
    Field("resident_no", "宛名番号", "number", width=10),
    Field("name", "氏名", "text"),
    Field("kana", "氏名カナ", "kana"),
    Field("birth_date", "生年月日", "date"),
)
PLAIN = RegisterLayout("住民", "resident_no", True, FIELDS)
EXCEL, PARQUET = replace(PLAIN, format="excel"), replace(PLAIN, format="parquet")
NUMBERED = replace(
    EXCEL,
    header=False,
    fields=tuple(replace(f, position=n) for f, n in zip(FIELDS, (1, 2, 4, 5), strict=True)),
)
FIXED = replace(
    PLAIN,
    format="fixed",
    record_bytes=40,
    fields=tuple(replace(f, start=1 + 10 * n, bytes=10) for n, f in enumerate(FIELDS)),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "区 の ファイル"
    made.mkdir()
    return made


def cells(parsed: ParsedFile) -> list[tuple[str, ...]]:
    columns = [
        [cell.decode(parsed.encoding) for cell in column.to_pylist()] for column in parsed.table.columns
    ]
    return list(zip(*columns, strict=True))


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refused(path: Path, rules: RegisterLayout, encoding: str = "cp932") -> InputError:
    with pytest.raises(InputError) as refusal:
        parse_register(path, rules, encoding)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert "髙﨑" not in str(refusal.value)
    return refusal.value


def workbook(path: Path, rows: list[list[Any]], *, prepare=None, sheet: str = "住民") -> Path:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet
    for row in [["宛名番号", "氏名", "続柄", "氏名カナ", "生年月日"], *rows]:
        page.append(row)
    if prepare:
        prepare(page)
    book.save(path)
    return path


def test_excel_cells_become_text_without_invented_zeros(folder) -> None:
    rows: list[list[Any]] = [
        ["0000000001", "髙﨑　①子", "x", "ﾀｶ", "S10.4.1"],
        [2, "a", None, 0.5, date(1935, 4, 1)],
        [3.0, "", "", True, datetime(1935, 4, 1, 12, 30)],
        [],
        ["0000000004", None, None, None, None],
        [None, None],
    ]
    parsed = parse_register(workbook(folder / "住民 一覧.xlsx", rows), EXCEL, "cp932")
    assert cells(parsed) == [
        ("0000000001", "髙﨑　①子", "ﾀｶ", "S10.4.1"),
        ("2", "a", "0.5", "19350401"),
        ("3", "", "TRUE", "1935-04-01T12:30:00"),
        ("", "", "", ""),
        ("0000000004", "", "", ""),
    ]
    assert (parsed.ignored, parsed.encoding) == (1, "utf-8")


def test_excel_rows_that_cannot_be_trusted_are_set_aside(folder) -> None:
    rows: list[list[Any]] = [
        ["0000000001", "a", None, "", ""],
        ["0000000002", "=B2", None, "", ""],
        ["0000000003", "#N/A", None, "", ""],
        [1234567890123456, "a", None, "", ""],
        ["0000000005", "a", "=1+1", "", ""],
        ["0000000006", "a", None, "", "", "more"],
    ]
    parsed = parse_register(workbook(folder / "a.xlsx", rows), EXCEL, "cp932")
    assert list(zip(parsed.misfits, parsed.misfit_codes, strict=True)) == [
        (2, "formula"),
        (3, "cell_error"),
        (4, "rounded_number"),
        (6, "column_count"),
    ]
    assert parsed.rows == 6


def test_text_that_begins_like_a_formula_stays_text(folder) -> None:
    def as_text(page: Any) -> None:
        page["B2"].data_type = "s"

    path = workbook(folder / "a.xlsx", [["0000000001", '=HYPERLINK("x")', "", "", ""]], prepare=as_text)
    assert cells(parse_register(path, EXCEL, "cp932"))[0][1] == '=HYPERLINK("x")'


def test_excel_sheets_by_name_and_columns_by_number(folder) -> None:
    def second(page: Any) -> None:
        other = page.parent.create_sheet("認定")
        other.append([7, "a", "", "b", "c"])

    path = workbook(folder / "a.xlsx", [], prepare=second)
    rules = replace(NUMBERED, sheet="認定")
    assert cells(parse_register(path, rules, "cp932")) == [("7", "a", "b", "c")]
    assert refused(path, replace(EXCEL, sheet="資格")).code == "SAM-EXCEL-SHEET"
    assert refused(path, EXCEL).code == "SAM-FILE-EMPTY"


def formula_header(page: Any) -> None:
    page["C1"] = '="続柄"'


EXCEL_REFUSED = [
    (lambda page: page.merge_cells("B1:C1"), "SAM-EXCEL-HEADER"),
    (lambda page: page.merge_cells("A1:A2"), "SAM-EXCEL-HEADER"),
    (formula_header, "SAM-EXCEL-HEADER"),
    (lambda page: page.insert_rows(1), "SAM-COLUMN-MISSING"),
    (lambda page: page.delete_cols(2), "SAM-COLUMN-MISSING"),
    (lambda page: page.cell(1, 6, "口座番号"), "SAM-COLUMN-FORBIDDEN"),
    (lambda page: page.cell(1, 6, "氏名"), "SAM-COLUMN-DOUBLE"),
    (lambda page: page.cell(2, 2, "x" * 5000), "SAM-FILE-FIELD"),
]


@pytest.mark.parametrize(("spoil", "code"), EXCEL_REFUSED)
def test_excel_is_refused_by_its_fault(folder, spoil, code) -> None:
    path = workbook(folder / "a.xlsx", [["0000000001", "a", "b", "c", "d"]], prepare=spoil)
    assert refused(path, EXCEL).code == code


def test_a_workbook_that_unpacks_to_too_much_is_refused(folder, monkeypatch) -> None:
    from sampling import workbooks

    small = replace(limits.limits(), max_workbook_bytes=1000)
    monkeypatch.setattr(workbooks, "limits", lambda: small)
    assert refused(workbook(folder / "a.xlsx", []), EXCEL).code == "SAM-EXCEL-SIZE"


def test_parquet_columns_become_text(folder) -> None:
    path = folder / "a.parquet"
    table = {
        "宛名番号": pa.array([1, None]),
        "氏名": pa.array(["髙", None]).dictionary_encode(),
        "続柄": pa.array([1.5, 2]),
        "氏名カナ": pa.array([b"\xb1", "練".encode("cp932")]),
        "生年月日": pa.array([date(1935, 4, 1), None]),
    }
    pq.write_table(pa.table(table), path)
    parsed = parse_register(path, PARQUET, "cp932")
    assert cells(parsed) == [("1", "髙", "ｱ", "19350401"), ("", "", "練", "")]
    pq.write_table(pa.table(table | {"氏名": pa.array([1.5, 2])}), path)
    fault = refused(path, PARQUET)
    assert (fault.code, fault.column) == ("SAM-PARQUET-TYPE", "氏名")
    for cells_of in (pa.array(["a", "b\0c"]), pa.array([b"a", b"b\0c"])):
        pq.write_table(pa.table(table | {"氏名": cells_of}), path)
        fault = refused(path, PARQUET)
        assert (fault.code, fault.row, fault.column) == ("SAM-FILE-CONTROL", 2, "氏名")
    not_text = pa.array([b"\xff", b"a"]).view(pa.string())
    pq.write_table(pa.table(table | {"氏名": not_text}), path)
    assert refused(path, PARQUET).code == "SAM-PARQUET-BROKEN"
    two_lines = pa.array(["練馬\n１".encode("cp932"), b"\n"])
    pq.write_table(pa.table(table | {"氏名": two_lines}), path)
    assert [row[1] for row in cells(parse_register(path, PARQUET, "cp932"))] == ["練馬\n１", "\n"]
    fault = refused(path, PARQUET, "utf-8")
    assert (fault.code, fault.column) == ("SAM-FILE-ENCODING", "氏名")
    pq.write_table(pa.table(table).slice(0, 0), path)
    assert refused(path, PARQUET).code == "SAM-FILE-EMPTY"


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
ODS = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}
REAL_TYPES = [
    (lambda path: workbook(path, []), "Excel (.xlsx)"),
    (lambda path: write(path, OLE + "EncryptedPackage".encode("utf-16-le")), "password"),
    (lambda path: write(path, OLE + "Workbook".encode("utf-16-le")), "Excel (.xls)"),
    (lambda path: archive(path, ODS), "OpenDocument"),
    (lambda path: archive(path, {"a.csv": b"1"}), "ZIP"),
    (lambda path: archive(path, {"xl/workbook.bin": b"1"}), ".xlsb"),
    (lambda path: write(path, b"PK\x03\x04 cut short"), "damaged"),
    (lambda path: write(path, b"%PDF-1.7\n"), "PDF"),
    (lambda path: write(path, gzip.compress(b"1,2\n")), "gzip"),
    (lambda path: write(path, b"\xef\xbb\xbf<html><table>"), "web page"),
    (lambda path: write(path, b"age-encryption.org/v1\n"), "age"),
]


@pytest.mark.parametrize(("make", "words"), REAL_TYPES)
@pytest.mark.parametrize("rules", [PLAIN, FIXED, EXCEL, PARQUET], ids=lambda rules: rules.format)
def test_a_file_of_another_type_is_named_by_its_real_type(folder, rules, make, words) -> None:
    path = folder / "住民.csv"
    make(path)
    if rules is EXCEL and words == "Excel (.xlsx)":
        assert refused(path, rules).code == "SAM-FILE-EMPTY"
        return
    fault = refused(path, rules)
    assert fault.code == "SAM-FILE-TYPE"
    assert words in str(fault)


def test_text_where_a_workbook_is_declared_and_the_other_way_round(folder) -> None:
    plain = write(folder / "a.xlsx", "宛名番号,氏名\r\n".encode("cp932"))
    assert refused(plain, EXCEL).code == refused(plain, PARQUET).code == "SAM-FILE-TYPE"
    assert 'format = "excel"' in str(refused(workbook(folder / "b.csv", []), PLAIN))


@pytest.mark.parametrize("rules", [EXCEL, PARQUET], ids=lambda rules: rules.format)
def test_damaged_containers_are_refused_without_a_trace(folder, rules) -> None:
    whole = folder / "whole"
    if rules is EXCEL:
        workbook(whole, [["0000000001", "﨑", "", "", ""]] * 50)
    else:
        pq.write_table(pa.table({name: ["﨑"] * 50 for name in PLAIN.columns}), whole)
    data = whole.read_bytes()
    chosen = random.Random(3)
    for number in range(40):
        spoiled = bytearray(data)
        for _change in range(3):
            spoiled[chosen.randrange(len(data))] = chosen.randrange(256)
        path = write(folder / f"{number}.bin", bytes(spoiled[: chosen.randrange(len(data) // 2, len(data))]))
        refused(path, rules)
