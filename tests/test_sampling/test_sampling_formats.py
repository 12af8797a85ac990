"""The same cells come out of CSV in any encoding and of fixed width; a wrong file is refused by its fault."""

import random
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from custody.errors import InputError
from sampling import delimited, fixed_width, limits
from sampling.layout import Field, RegisterLayout, load_layout
from sampling.parsing import ParsedFile, parse_register

WIDTH = 49
FIELDS = (
    Field("resident_no", "宛名番号", "number", width=10),
    Field("name", "氏名", "text"),
    Field("kana", "氏名カナ", "kana"),
    Field("birth_date", "生年月日", "date"),
)
SPANS = ((1, 10), (11, 20), (31, 12), (43, 7))
PLAIN = RegisterLayout("住民", "resident_no", True, FIELDS)
NUMBERED = replace(
    PLAIN,
    header=False,
    fields=tuple(replace(f, position=n) for f, n in zip(FIELDS, (1, 2, 4, 5), strict=True)),
)
FIXED = replace(
    PLAIN,
    format="fixed",
    header=False,
    record_bytes=WIDTH,
    fields=tuple(replace(f, start=s, bytes=b) for f, (s, b) in zip(FIELDS, SPANS, strict=True)),
)
ROWS = [
    ("0000000001", "髙﨑　①子", "ﾀｶｻｷ ｲﾁｺ", "3100401"),
    ("0000000002", "表ソ能　欺", "ﾎﾟｿﾞ", "4010108"),  # second bytes 0x5C, 0x83 5C, 0x94 5C
    ("0000000003", "", "", ""),
]


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


def text(delimiter: str = ",", rows=ROWS, *, header: bool = True) -> str:
    lines = [[*row[:2], "読まない", *row[2:]] for row in rows]
    head = [["宛名番号", "氏名", "続柄", "氏名カナ", "生年月日"]] if header else []
    return "".join(delimiter.join(line) + "\r\n" for line in [*head, *lines])


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize(
    ("written", "declared"),
    [
        *[(name, name) for name in ("cp932", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")],
        ("utf-8-sig", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "UTF16"),
        ("cp932", "Windows-31J"),
    ],
)
@pytest.mark.parametrize("header", [True, False])
def test_delimited_text_in_every_encoding(folder, delimiter, written, declared, header) -> None:
    path = folder / "住民 一覧.csv"
    path.write_bytes(text(delimiter, header=header).encode(written))
    parsed = parse_register(path, replace(PLAIN if header else NUMBERED, delimiter=delimiter), declared)
    assert cells(parsed) == ROWS
    assert (parsed.ignored, parsed.misfits, parsed.rows) == (1, (), 3)


def test_quoted_cells_and_headers(folder) -> None:
    path = folder / "a.csv"
    path.write_bytes(
        '"宛名番号","氏名","続,柄","氏名カナ","生年月日"\n"1","a,""b""","","",""\n'.encode("cp932")
    )
    assert cells(parse_register(path, PLAIN, "cp932")) == [("1", 'a,"b"', "", "")]


def test_rows_of_another_length_are_kept_by_their_numbers_alone(folder) -> None:
    path = folder / "a.csv"
    path.write_bytes(text(rows=ROWS * 3).replace("髙﨑　①子", "髙,﨑", 1).encode("cp932") + b"9\r\n")
    parsed = parse_register(path, PLAIN, "cp932")
    assert parsed.misfits == (1, 10)
    assert parsed.misfit_codes == ("column_count", "column_count")
    assert parsed.misfit_lines == ()  # they may hold columns that nobody approved
    assert parsed.row_numbers(pa.array([0, 7]).to_numpy()) == [2, 9]
    assert "髙" not in repr(parsed)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def refused(path: Path, rules: RegisterLayout, encoding: str = "cp932") -> InputError:
    with pytest.raises(InputError) as refusal:
        parse_register(path, rules, encoding)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert "髙﨑" not in str(refusal.value)
    return refusal.value


ENCODINGS_REFUSED = [
    ("utf-16", "cp932", "looks like utf-16"),
    ("utf-16-le", "cp932", "looks like utf-16-le"),
    ("utf-16-be", "utf-8", "looks like utf-16-be"),
    ("utf-16-be", "utf-16-le", "byte offset"),
    ("utf-8", "cp932", "looks like utf-8"),
    ("utf-8-sig", "cp932", "looks like utf-8"),
    ("cp932", "utf-8", "looks like cp932"),
    ("cp932", "utf-16", "looks like cp932"),
]


@pytest.mark.parametrize(("written", "declared", "words"), ENCODINGS_REFUSED)
def test_another_encoding_is_named_with_the_declared_one(folder, written, declared, words) -> None:
    mark = b"\xfe\xff" if (written, declared) == ("utf-16-be", "utf-16-le") else b""
    fault = refused(write(folder / "a.csv", mark + text(rows=ROWS * 40).encode(written)), PLAIN, declared)
    assert fault.code == "SAM-FILE-ENCODING"
    assert words in str(fault)
    assert f"not text in {declared}" in str(fault)


@pytest.mark.parametrize("name", ["shift_jis", "sjis", "shift_jisx0213"])
def test_shift_jis_is_answered_with_the_right_name(folder, name) -> None:
    fault = refused(write(folder / "a.csv", text().encode("cp932")), PLAIN, name)
    assert (fault.code, "Say cp932" in str(fault)) == ("SAM-FILE-CODEC", True)


@pytest.mark.parametrize("name", ["hex", "rot13", "klingon", "", "utf-8\0", "mbcs", "utf-32"])
def test_what_is_no_encoding_of_a_register_is_refused(folder, name) -> None:
    assert refused(write(folder / "a.csv", text().encode("cp932")), PLAIN, name).code == "SAM-FILE-CODEC"


@pytest.mark.parametrize(("encoding", "unit"), [("cp932", 1), ("utf-8", 1), ("utf-16", 2), ("utf-16-be", 2)])
@pytest.mark.parametrize("byte", ["\x00", "\x1a"])
def test_control_characters_are_named_by_their_offset_in_the_file(folder, encoding, unit, byte) -> None:
    before = text(rows=ROWS * 10)
    path = write(folder / "a.csv", (before + byte + "x" + text()).encode(encoding))
    fault = refused(path, PLAIN, encoding)
    assert fault.code == "SAM-FILE-CONTROL"
    assert f"byte offset {len(before.encode(encoding)):,}" in str(fault)


def test_a_final_end_mark_of_dos_is_accepted(folder) -> None:
    data = text().encode("cp932")
    assert cells(parse_register(write(folder / "a.csv", data + b"\x1a"), PLAIN, "cp932")) == ROWS
    assert refused(write(folder / "b.csv", data + b"\x1a\x1a"), PLAIN).code == "SAM-FILE-CONTROL"
    assert refused(write(folder / "c.csv", data + b"\x1a\r\n"), PLAIN).code == "SAM-FILE-CONTROL"
    fixed = write(folder / "f.txt", records(ROWS, b"\r\n") + b"\x1a")
    assert cells(parse_register(fixed, FIXED, "cp932")) == ROWS


def test_a_field_of_many_megabytes_is_refused_by_its_row_after_two_blocks(folder, monkeypatch) -> None:
    seen: list[int] = []
    read = delimited.CheckedStream.read

    def counted(stream: delimited.CheckedStream, size: int = -1) -> bytes:
        data: bytes = read(stream, size)
        seen.append(len(data))
        return data

    monkeypatch.setattr(delimited.CheckedStream, "read", counted)
    for quote in (b"", b'"'):
        big = quote + b"x" * 40_000_000 + quote
        path = write(
            folder / "a.csv", text().replace("表ソ能　欺", "BIG").encode("cp932").replace(b"BIG", big)
        )
        seen.clear()
        fault = refused(path, PLAIN)
        assert (fault.code, fault.row) == ("SAM-FILE-FIELD", 2)
        assert 0 < sum(seen) <= 2 * limits.limits().block_bytes  # memory stays bounded


def test_a_line_that_pyarrow_would_not_read_is_refused_by_its_row(folder) -> None:
    long = b"x" * (delimited.PARSE_BYTES + 10)
    path = write(folder / "a.csv", text(rows=ROWS * 2).encode("cp932") + b"1," + long + b",,,\r\n1,,,,\r\n")
    fault = refused(path, PLAIN)
    assert (fault.code, fault.row) == ("SAM-FILE-FIELD", 7)


LINES_REFUSED = [
    ("", "SAM-FILE-EMPTY"),
    (" \r\n\r\n", "SAM-FILE-EMPTY"),
    (text(rows=[]), "SAM-FILE-EMPTY"),
    (text().replace("髙", '"髙'), "SAM-FILE-ROWS"),
    (text().replace("\r\n", "\r"), "SAM-FILE-ROWS"),
    (text() + text(), "SAM-FILE-HEADER"),
    (text().replace("続柄", "マイ ナンバー"), "SAM-COLUMN-FORBIDDEN"),
    (text().replace("続柄", "氏名"), "SAM-COLUMN-DOUBLE"),
    (text().replace("氏名カナ", "カナ"), "SAM-COLUMN-MISSING"),
    (text(";"), "SAM-COLUMN-MISSING"),
    (text(header=False), "SAM-COLUMN-MISSING"),
]


@pytest.mark.parametrize(("content", "code"), LINES_REFUSED)
def test_delimited_text_is_refused_by_its_fault(folder, content, code) -> None:
    assert refused(write(folder / "a.csv", content.encode("cp932")), PLAIN).code == code


def test_numbered_columns_beyond_the_last_are_refused(folder) -> None:
    fault = refused(write(folder / "a.csv", b"1,2,3,4\r\n"), NUMBERED)
    assert (fault.code, fault.column) == ("SAM-COLUMN-MISSING", "生年月日")


def record(row: tuple[str, ...], encoding: str = "cp932") -> bytes:
    return b"".join(
        cell.encode(encoding).ljust(length) for cell, (_start, length) in zip(row, SPANS, strict=True)
    )


def records(rows, end: bytes) -> bytes:
    return b"".join(record(row) + end for row in rows)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b""])
@pytest.mark.parametrize("block_bytes", [200, 1 << 23])
def test_fixed_width_is_cut_by_bytes_whatever_the_line_ends(folder, monkeypatch, end, block_bytes) -> None:
    small = replace(limits.limits(), block_bytes=block_bytes)
    monkeypatch.setattr(fixed_width, "limits", lambda: small)
    path = write(folder / "住民.txt", records(ROWS * 20, end))
    parsed = parse_register(path, FIXED, "cp932")
    assert cells(parsed) == ROWS * 20
    assert parsed.misfits == ()


def test_the_last_record_may_lack_its_line_end(folder) -> None:
    path = write(folder / "a.txt", records(ROWS, b"\r\n").rstrip(b"\r\n"))
    assert cells(parse_register(path, FIXED, "cp932")) == ROWS


def test_a_header_record_is_skipped_where_the_layout_says_so(folder) -> None:
    path = write(folder / "a.txt", b"HEADER 20091101\r\n" + records(ROWS, b"\r\n"))
    assert cells(parse_register(path, replace(FIXED, header=True), "cp932")) == ROWS


def test_full_width_and_ascii_padding_is_taken_off_the_end_only(folder) -> None:
    name = "　練　馬　　 　"
    path = write(folder / "a.txt", records([("0000000001", name, " ｱ ", "")], b"\n"))
    assert cells(parse_register(path, FIXED, "cp932")) == [("0000000001", "　練　馬", " ｱ", "")]
    kept = "能＠@"  # the bytes 0x81 0x97 0x40 end with a letter, not with padding
    path = write(folder / "b.txt", records([("0000000001", kept, "", "")], b"\n"))
    assert cells(parse_register(path, FIXED, "cp932"))[0][1] == kept


def test_a_border_that_cuts_a_character_and_a_record_of_another_length_are_set_aside(folder) -> None:
    nine = "あ".encode("cp932") * 9
    cut_end = b"0000000004" + nine + b"a" + b"\x82" + b"1".ljust(12) + b"3100101"
    cut_start = b"000000000" + "あ".encode("cp932") + b"b".ljust(19) + b"1".ljust(12) + b"3100101"
    broken = b"0000000006" + (b"\x82\x20" + b"b").ljust(20) + b"1".ljust(12) + b"3100101"
    lines = [record(row) for row in ROWS * 50]
    lines[3], lines[5], lines[7], lines[9] = cut_end, cut_start, lines[7] + b"x", b""
    path = write(folder / "a.txt", b"\r\n".join([*lines, broken]))
    parsed = parse_register(path, FIXED, "cp932")
    assert list(zip(parsed.misfits, parsed.misfit_codes, strict=True)) == [
        (4, "cut_character"),
        (6, "cut_character"),
        (8, "record_length"),
        (10, "record_length"),
        (151, "undecodable"),
    ]
    assert parsed.misfit_lines == ()
    assert parsed.table.num_rows == 146
    assert parsed.row_numbers(pa.array([3, 145]).to_numpy()) == [5, 150]


def test_cells_of_any_characters_come_back_as_they_were(folder) -> None:
    chosen = random.Random(20091101)
    letters = "アｱﾞ髙①―～＼ソ表能@[\\]`{|}~Aa0 　・ー練馬區"
    rows = []
    for number in range(3000):
        name = "".join(chosen.choices(letters, k=10)).rstrip(" 　")
        rows.append((f"{number:010d}", name, "", ""))
    path = write(folder / "a.txt", records(rows, b"\r\n"))
    assert cells(parse_register(path, FIXED, "cp932")) == rows


def test_fixed_width_in_utf_8_counts_bytes_too(folder) -> None:
    rows = [("0000000001", "練馬　一", "ﾈﾘ", ""), ("0000000002", "あ" * 6, "", "")]
    data = b"\xef\xbb\xbf" + b"".join(record(row, "utf-8") + b"\n" for row in rows)
    assert cells(parse_register(write(folder / "a.txt", data), FIXED, "utf-8")) == rows
    bad = data.replace("あ".encode() * 6 + b" " * 3, b"aaa" + "あ".encode() * 6)
    parsed = parse_register(write(folder / "b.txt", bad), FIXED, "utf-8")
    assert parsed.misfit_codes == ("cut_character",)


FIXED_REFUSED = [
    (records(ROWS, b"\r\n"), 48, "cp932", "SAM-FILE-RECORD", "49 bytes"),
    (records(ROWS, b""), 48, "cp932", "SAM-FILE-RECORD", "multiple of 48"),
    (b"".join(record(row, "utf-8") + b"\n" for row in ROWS), 45, "cp932", "SAM-FILE-RECORD", "utf-8"),
    (records(ROWS, b"\n").replace(b"  ", b"\x85\x40"), WIDTH, "cp932", "SAM-FILE-ENCODING", "offset 20"),
    (records(ROWS, b"\n"), WIDTH, "utf-8", "SAM-FILE-ENCODING", "looks like cp932"),
    (records(ROWS, b"\n"), WIDTH, "ascii", "SAM-FILE-ENCODING", "looks like cp932"),
    (records(ROWS, b"\n"), WIDTH, "utf-16", "SAM-FILE-ENCODING", "cp932"),
    (records([(*ROWS[0][:3], "a")], b"\n"), WIDTH, "euc_jp", "SAM-FILE-CODEC", "cut by bytes"),
    (records(ROWS, b"\n").replace(b"  ", b"\0\0"), WIDTH, "cp932", "SAM-FILE-CONTROL", "0x00"),
    (b"0" * 10_000_000 + b"\n", WIDTH, "cp932", "SAM-FILE-RECORD", ""),
    (records(ROWS, b"\n") + b"0" * 9_000_000, WIDTH, "cp932", "SAM-FILE-RECORD", "row 4"),
    (b"", WIDTH, "cp932", "SAM-FILE-EMPTY", "empty"),
]


@pytest.mark.parametrize(("data", "width", "encoding", "code", "words"), FIXED_REFUSED)
def test_fixed_width_is_refused_by_its_fault(folder, data, width, encoding, code, words) -> None:
    rules = replace(FIXED, record_bytes=width, fields=FIXED.fields[:3])
    fault = refused(write(folder / "a.txt", data), rules, encoding)
    assert fault.code == code
    assert words in str(fault)


def test_cells_that_the_layout_calls_empty_are_empty(folder) -> None:
    rules = replace(FIXED, fields=(*FIXED.fields[:3], replace(FIXED.fields[3], empty=("0000000", "9999999"))))
    rows = [(*ROWS[0][:3], last) for last in ("0000000", "9999999", "0000001")]
    parsed = parse_register(write(folder / "a.txt", records(rows, b"\n")), rules, "cp932")
    assert [row[3] for row in cells(parsed)] == ["", "", "0000001"]


@pytest.mark.parametrize("name", ["resident_fixed", "certification_fixed"])
def test_shipped_fixed_layouts_cut_a_record_into_all_their_fields(folder, name) -> None:
    layout = load_layout(name)
    rules = layout.register(layout.kinds[0])
    line = bytearray(b" " * rules.record_bytes)
    for n, rule in enumerate(rules.fields):
        line[rule.start - 1 : rule.start - 1 + rule.bytes] = bytes([ord("A") + n]) * rule.bytes
    parsed = parse_register(write(folder / "a.txt", bytes(line) + b"\r\n"), rules, rules.encoding)
    assert cells(parsed)[0] == tuple(chr(ord("A") + n) * rule.bytes for n, rule in enumerate(rules.fields))
