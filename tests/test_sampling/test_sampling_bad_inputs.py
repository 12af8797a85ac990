"""Every bad resident register of the table is refused, set aside, left out or kept, and no value shows."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from custody.errors import HyohonError, InputError
from sampling import load_layout, read_residents

NAME, ADDRESS, EXTRA = "秘密　花子", "東京都練馬区秘匿１丁目２番３号", "カナリア極秘"
SHOWN_NEVER = ("秘密", "花子", "秘匿", "カナリア", "00000000", "9081726354", "19350401")
TABLE = Path(__file__).parents[1] / "data" / "bad_register_inputs.csv"
with TABLE.open(encoding="utf-8", newline="") as stream:
    ROWS = {row["id"]: row for row in csv.DictReader(stream) if row["register"] == "residents"}
CLEAN = 300
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
Spoil = Callable[[Path], Any]


def cp932(text: str) -> bytes:
    return text.encode("cp932")


def write(make: Callable[[bytes], bytes]) -> Spoil:
    """Change the bytes of the file."""
    return lambda path: path.write_bytes(make(path.read_bytes()))


def put(old: str | bytes, new: str | bytes, count: int = -1) -> Spoil:
    """Replace text of the file."""
    old, new = (cp932(part) if isinstance(part, str) else part for part in (old, new))
    return write(lambda data: data.replace(old, new, count))


def lines(change: Callable[[list[bytes]], Iterable[bytes]]) -> Spoil:
    """Change the list of lines, without their ends."""
    return write(lambda data: b"".join(line + b"\r\n" for line in change(data.split(b"\r\n")[:-1])))


def with_password(path: Path) -> None:
    names = "".join(("Root Entry", "EncryptionInfo", "EncryptedPackage"))
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + names.encode("utf-16-le") + bytes(500)
    )


def zipped(path: Path) -> None:
    data = path.read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("residents.csv", data)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def recoded(encoding: str) -> Spoil:
    return write(lambda data: data.decode("cp932").encode(encoding))


FORBIDDEN = ("個人番号", "マイナンバー", "口座番号", "個人　番号", "個人番号")
REFUSED: dict[str, tuple[Spoil, dict[str, Any]]] = {
    "REG-001": (write(lambda data: b""), {}),
    "REG-003": (write(lambda data: data), {"encoding": "utf-8"}),
    "REG-005": (recoded("utf-16"), {}),
    "REG-027": (put("氏名カナ", "個人番号"), {}),
    "REG-029": (put("氏名カナ", "氏名"), {}),
    "REG-031": (put(NAME, '"' + NAME, 1), {}),
    "REG-033": (put(b"\r\n0000000200", b"\r\n\x1a0000000200"), {}),
    "REG-035": (put(ADDRESS, "秘" * 5_000_000, 1), {}),
    "REG-037": (write(lambda data: data), {"rows": CLEAN + 1}),
    "REG-041": (with_password, {}),
    "REG-044": (lines(lambda every: every[:1]), {}),
    "REG-045": (lines(lambda every: every[1:]), {}),
    "REG-046": (put(",", ";"), {}),
    "REG-047": (put("\r\n", "\r"), {}),
    "REG-048": (lines(lambda every: [*every[:200], every[0], *every[200:]]), {}),
    "REG-053": (write(lambda data: b"\xef\xbb\xbf" + data), {}),
    "REG-054": (
        lines(lambda every: [*every[:9], every[9].decode("cp932").encode("utf-8"), *every[10:]]),
        {},
    ),
    "REG-055": (write(lambda data: data.rstrip(b"\r\n") + b"\x97"), {}),
    "REG-062": (put("性別", "男女", 1), {}),
    "REG-063": (
        lines(lambda every: [line.replace(b",1,176", b",9,176") for line in every[:3]] + every[3:101]),
        {},
    ),
    "REG-064": (write(lambda data: data), {"encoding": "Shift_JIS"}),
    "REG-065": (folder, {}),
    "REG-066": (write(lambda data: b"%PDF-1.4\n" + data), {}),
    "REG-067": (put(b"\r\n0000000200", b"\r\n\x000000000200"), {}),
    "REG-069": (lines(lambda every: [every[0], *every]), {}),
    "REG-077": (zipped, {}),
}


def refusal(path: Path, **options: Any) -> HyohonError:
    """Return the refusal of a file; nothing of a row is in it or behind it."""
    with pytest.raises(InputError) as caught:
        read_residents(path, **options)
    error = caught.value
    assert not [value for value in SHOWN_NEVER if value in f"{error} {error.args} {error.column}"]
    assert error.__suppress_context__ or error.__context__ is None
    assert error.hint
    return error


def ordinary(desk: Any, *changes: dict[str, str], clean: int = CLEAN, encoding: str = "cp932") -> Path:
    """Write residents whose values are canaries."""
    header, first = desk.residents(clean=1).read_bytes().decode("cp932").split("\r\n")[:2]
    usual = dict(zip(header.split(","), first.split(","), strict=True))
    usual |= {"氏名": NAME, "住所": ADDRESS, "氏名カナ": EXTRA}
    every = [*(changes or ({},)), *[{}] * clean]
    rows = [{**usual, "宛名番号": f"{number:010d}", **change} for number, change in enumerate(every, 1)]
    path: Path = desk.write("residents.csv", rows, encoding=encoding)
    return path


def check_table(identifier: str, outcome: str) -> dict[str, str]:
    row = ROWS[identifier]
    assert row["outcome"] == outcome
    return row


@pytest.mark.parametrize("identifier", REFUSED)
def test_the_file_is_refused_and_the_text_says_what_to_do(desk, identifier) -> None:
    row = check_table(identifier, "refused")
    path = ordinary(desk, *[{}] * CLEAN, clean=0)
    spoil, options = REFUSED[identifier]
    spoil(path)
    error = refusal(path, **options)
    assert error.code == row["code"]
    assert [words for words in row["words"].split(";") if words not in str(error)] == []


@pytest.mark.parametrize("header", FORBIDDEN)
def test_a_forbidden_column_is_found_however_it_is_written(desk, header) -> None:
    path = ordinary(desk)
    text = path.read_bytes().decode("cp932").replace("氏名カナ", header)
    path.write_bytes(text.encode("utf-8"))
    assert refusal(path, encoding="utf-8").code == "SAM-COLUMN-FORBIDDEN"


def test_workbooks_and_old_files_under_another_name_are_named(desk) -> None:
    path = ordinary(desk)
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    with io.BytesIO() as out:
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        ods = out.getvalue()
    for data, kind in ((old + "Workbook".encode("utf-16-le") + bytes(99), "(.xls)"), (ods, "(.ods)")):
        path.write_bytes(data)
        error = refusal(path)
        assert (error.code, kind in str(error)) == ("SAM-FILE-TYPE", True)


SET_ASIDE: dict[str, tuple[str, list[dict[str, str]]]] = {
    "REG-009": ("宛名番号", [{"宛名番号": "123"}]),
    "REG-011": ("宛名番号", [{"宛名番号": "０００００００００７"}]),
    "REG-015": ("生年月日", [{"生年月日": "19440230"}, {"生年月日": "昭和19年2月30日"}]),
    "REG-017": (
        "生年月日",
        [{"生年月日": text} for text in ("昭和65年1月1日", "平成元年1月7日", "S64.1.8", "昭和元年12月24日")],
    ),
    "REG-019": ("生年月日", [{"生年月日": "18790101"}, {"生年月日": "明治12年1月1日"}]),
    "REG-021": ("性別", [{"性別": "3"}]),
    "REG-043": ("氏名", [{"氏名": "秘密\u202e子花"}, {"氏名": "秘密\u2067子花"}]),
    "REG-056": ("生年月日", [{"生年月日": "1935-04-01 12:30"}]),
    "REG-057": ("生年月日", [{"生年月日": "40118"}]),
    "REG-058": ("宛名番号", [{"宛名番号": "9.0817E+09"}]),
    "REG-059": ("生年月日", [{"生年月日": "########"}]),
    "REG-068": ("", [{"氏名": ""}, {"住所": "　"}, {"生年月日": ""}, {"性別": ""}]),
}


def read(desk: Any, *changes: dict[str, str], **options: Any) -> Any:
    """Read residents written in UTF-8."""
    return read_residents(ordinary(desk, *changes, encoding="utf-8"), encoding="utf-8", **options)


def log(register: Any) -> list[tuple[Any, ...]]:
    return list(register.quarantine.itertuples(index=False, name=None))


def balanced(register: Any, quarantined: int, read: int) -> None:
    """Check the counts, and that nothing of a row is in what can be seen."""
    assert (register.read, register.quarantined) == (read, quarantined)
    assert register.accepted == read - quarantined
    tables = (register.quarantine, register.repairs, register.normalised, register.tidy())
    shown = "".join((repr(register), register._repr_html_(), *(table.to_csv() for table in tables)))
    assert not [value for value in SHOWN_NEVER if value in shown]


@pytest.mark.parametrize("identifier", SET_ASIDE)
def test_the_row_is_set_aside_by_number_column_and_code(desk, identifier) -> None:
    row = check_table(identifier, "set aside")
    column, changes = SET_ASIDE[identifier]
    for change in changes:
        register = read(desk, {}, change)
        assert log(register) == [(2, column or next(iter(change)), row["code"])], change
        balanced(register, 1, CLEAN + 2)


@pytest.mark.parametrize(
    ("identifier", "spoil", "found"),
    [
        ("REG-049", lambda every: [*every, cp932("合計,300")], [302]),
        ("REG-061", lambda every: [*every[:5], every[5] + b",x", b"0000000006,1", *every[7:]], [5, 6]),
    ],
)
def test_a_line_of_other_cells_is_set_aside_by_its_number(desk, identifier, spoil, found) -> None:
    row = check_table(identifier, "set aside")
    path = ordinary(desk)
    lines(spoil)(path)
    register = read_residents(path)
    assert log(register) == [(number, "", row["code"]) for number in found]
    assert register.read == register.accepted + register.quarantined == max(301, found[-1])


def test_an_empty_line_at_the_end_is_counted(desk) -> None:  # REG-050
    path = ordinary(desk)
    lines(lambda every: [*every, b""])(path)
    register = read_residents(path)
    code = check_table("REG-050", "set aside")["code"]
    assert {(row, code) for row, _column, code in log(register)} == {(302, code)}
    assert (register.read, register.quarantined) == (302, 1)


def test_two_rows_of_one_number_are_both_set_aside(desk) -> None:  # REG-013
    register = read(desk, {}, {"宛名番号": "0000000001", "氏名": "秘密　次郎"})
    assert log(register) == [(n, "宛名番号", check_table("REG-013", "set aside")["code"]) for n in (1, 2)]
    balanced(register, 2, CLEAN + 2)


@pytest.mark.parametrize(
    ("identifier", "cell"), [("REG-009", "400"), ("REG-011", f"{400:010d}".translate(WIDE))]
)
def test_a_number_is_repaired_with_a_confirmation_only(desk, identifier, cell) -> None:
    register = read(desk, {"宛名番号": cell}, confirm_repairs=True)
    assert register.table["resident_no"][0].as_py() == "0000000400"
    assert list(register.repairs.itertuples(index=False, name=None)) == [
        ("宛名番号", check_table(identifier, "set aside")["code"], 1)
    ]
    balanced(register, 0, CLEAN + 1)
    twice = read(desk, {"宛名番号": cell}, {"宛名番号": "0000000400"}, confirm_repairs=True)
    assert [code for _row, _column, code in log(twice)] == ["duplicate"] * 2


@pytest.mark.parametrize(
    ("identifier", "name", "kept"),
    [
        ("REG-007", "葛\U000e0100城　\ue000子", "葛\U000e0100城　\ue000子"),
        ("REG-043", "秘\u200b密\u00a0花子", "秘密　花子"),
        ("REG-071", "ﾋﾐﾂ  ﾊﾅｺ", "ヒミツ　ハナコ"),
    ],
)
def test_unusual_characters_are_kept_or_written_in_one_way_and_counted(desk, identifier, name, kept) -> None:
    register = read(desk, {"氏名": name})
    assert register.text("name")[0].as_py() == kept
    counted = register.normalised.set_index("code")["cells"]
    for code in ROWS[identifier]["code"].split(";") if identifier != "REG-043" else ["invisible"]:
        assert counted[code] == 1
    balanced(register, 0, CLEAN + 1)


@pytest.mark.parametrize("first", ["=HYPERLINK(1)", "+8", "-8", "@x", "\tx", "\rx"])
def test_a_name_that_a_spreadsheet_would_run_is_stored_exactly(desk, first) -> None:  # REG-039
    check_table("REG-039", "accepted")
    register = read(desk, {"氏名": f'"{first}花子"'})
    assert register.accepted == CLEAN + 1
    assert register.table["name"][0].as_py() == f"{first}花子".encode()


def test_order_of_columns_quotes_and_further_columns_do_not_matter(desk) -> None:  # REG-051, 052, 072
    plain = read_residents(ordinary(desk))
    other = ordinary(desk)
    rows = list(csv.reader(io.StringIO(other.read_bytes().decode("cp932"), newline="")))
    with other.open("w", encoding="cp932", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([[*reversed(row), ""] for row in rows])
    register = read_residents(other)
    assert register.table.equals(plain.table)
    assert register.ignored == plain.ignored + 1
    quoted = read(desk, {"方書": '"メゾン, ""秘匿"" １０１"'})
    assert quoted.table["building"][0].as_py() == 'メゾン, "秘匿" １０１'.encode()


def test_utf_16_is_read_where_it_is_declared(desk) -> None:  # REG-005
    register = read_residents(ordinary(desk, encoding="utf-16"), encoding="utf-16")
    assert register.text("name")[0].as_py() == NAME
    balanced(register, 0, CLEAN + 1)


def fixed(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> Path:
    """Write 120 records of the layout resident_fixed; one of them is changed."""
    rules = load_layout("resident_fixed").register("residents")
    cells = {"name": NAME, "birth_date": "3100401", "sex": "1", "postal_code": "1760001", "address": ADDRESS}
    cells |= {"resident_since": "3450401", "protection": "0", "registered": "0"}
    records = []
    for number in range(1, 121):
        record = bytearray(b" " * (rules.record_bytes or 0))
        for field in rules.fields:
            text = f"{number:010d}" if field.type == "number" else cells.get(field.name, "")
            record[(field.start or 1) - 1 : (field.start or 1) - 1 + len(cp932(text))] = cp932(text)
        records.append(bytes(record))
    records[6] = spoil(records[6])
    path = tmp_path / "residents.txt"
    path.write_bytes(b"".join(record + b"\r\n" for record in records))
    return path


@pytest.mark.parametrize(
    ("identifier", "spoil"),
    [
        ("REG-073", lambda record: record[:-1]),
        ("REG-074", lambda record: record[:22] + cp932("あ" * 10) + b" " + cp932("あ" * 10) + record[63:]),
    ],
)
def test_a_fixed_record_is_set_aside_by_its_number(tmp_path, identifier, spoil) -> None:
    row = check_table(identifier, "set aside")
    register = read_residents(fixed(tmp_path, spoil), layout="resident_fixed")
    assert log(register) == [(7, "", row["code"])]
    assert (register.read, register.accepted) == (120, 119)
    assert register.text("name")[0].as_py() == NAME


def test_a_fixed_file_of_other_records_is_refused_with_both_lengths(tmp_path) -> None:  # REG-075
    path = fixed(tmp_path, bytes)
    write(lambda data: data.replace(b" \r\n", b"\r\n"))(path)
    error = refusal(path, layout="resident_fixed")
    assert error.code == check_table("REG-075", "refused")["code"]
    assert [words for words in ROWS["REG-075"]["words"].split(";") if words not in str(error)] == []


def test_a_number_that_excel_cut_is_set_aside(desk) -> None:  # REG-076
    rows = list(csv.reader(io.StringIO(ordinary(desk).read_bytes().decode("cp932"), newline="")))
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active["A3"] = 2
    book.save(desk.folder / "residents.xlsx")
    layout = load_layout("demo")
    rules = replace(layout.register("residents"), format="excel")
    register = read_residents(desk.folder / "residents.xlsx", layout=replace(layout, residents=rules))
    assert log(register) == [(2, "宛名番号", check_table("REG-076", "set aside")["code"])]
    balanced(register, 1, CLEAN + 1)


def test_every_row_of_the_table_has_its_test() -> None:
    frames = Path(__file__).with_name("test_sampling_bad_certifications.py")
    source = "".join(path.read_text(encoding="utf-8") for path in (Path(__file__), frames))
    numbers = {identifier: identifier.removeprefix("REG-") for identifier in ROWS}
    untested = [
        name for name, number in numbers.items() if name not in source and f", {number}" not in source
    ]
    assert untested == []
