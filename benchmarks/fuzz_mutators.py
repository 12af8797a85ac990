"""What the fuzzer does to a file: changes of cells, lines and bytes, each by a given random generator."""

import random
from collections.abc import Callable
from typing import Any, Final

__all__ = ["NASTY", "mutate_bytes", "mutate_rows"]

Rows = list[list[Any]]

NASTY: Final[tuple[str, ...]] = (
    *("", " ", "　", "\u00a0", "-", "ー", "0", "00000000", "99999999", "NULL", "#N/A", "########", "ZQX"),
    *(
        "19440230",
        "19430229",
        "19440000",
        "00000401",
        "20991231",
        "18800101",
        "1944-02-03",
        "1944/2/3",
        "40118",
    ),
    *(
        "昭和65年1月1日",
        "平成元年1月7日",
        "昭和64年1月8日",
        "S10.4.1",
        "H21.11.1",
        "4-210401",
        "3100401",
        "令和99年1月1日",
    ),
    *(
        "明治45年7月30日",
        "大正元年7月29日",
        "平成21年13月1日",
        "昭和10年00月00日",
        "昭和10年不詳",
        "㍼10年4月1日",
        "元年",
    ),
    *(
        "2009-11-01 00:00:00",
        "2009-11-01T00:00:00+09:00",
        "1.23E+09",
        "1e308",
        "9" * 30,
        "-1",
        "9" * 5000,
        "0x1F",
    ),
    *(
        "０００１２３４５６７",
        "１７６－０００１",
        "〒176-0001",
        "1760001 ",
        "176‐0001",
        "90817263.0",
        "1,760,001",
        "²³",
    ),
    *(
        "\ue000外字",
        "葛\U000e0100城",
        "𠮷野",
        "髙﨑",
        "👵🏽",
        "가나다",
        "İstanbul",
        "e\u0301",
        "ﾊﾟﾊﾞ",
        "ハ゜",
        "ヷヸヹヺ",
    ),
    *(
        "秘密\u202eZQX",
        "秘\u200b密",
        "\ufeff秘密",
        "\u2066ZQX\u2069",
        "ZQX\u0085",
        "ZQX\u2028",
        "\x0bZQX",
        "\x7fZQX",
        "ZQX\x00",
        "\x1a",
    ),
    *(
        '=HYPERLINK("http://ZQX")',
        "+ZQX",
        "-ZQX",
        "@ZQX",
        "\tZQX",
        "\rZQX",
        "=1+1",
        "'ZQX",
        '"',
        '""',
        '"ZQX',
        'Z"Q"X',
    ),
    *(
        "ZQX,ZQX",
        "ZQX;ZQX",
        "ZQX\tZQX",
        "ZQX\nZQX",
        "ZQX\r\nZQX",
        "\\",
        "\\N",
        "%s%n{0}",
        "{ZQX}",
        "$(ZQX)",
        "'; DROP",
    ),
    *(
        "要支援3",
        "経過的要介護",
        "職権",
        "99",
        "1 ",
        " 1",
        "１",
        "男",
        "Ｍ",
        "合計",
        "個人番号",
        "口座番号",
        "宛名番号",
    ),
    *("A" * 4096, "秘" * 1366, "A" * 4097, "ZQX" * 3000),
)
"""Cells that registers came with, or should not."""
LONG: Final = "ZQX秘" * 40_000
CONTROLS: Final = bytes(range(32)) + b"\x7f\x80\xa0\xfd\xfe\xff"
PIECES: Final = (
    *(b"\x00", b"\x1a", b"\r", b"\n", b"\r\n", b"\n\r", b'"', b'""', b",", b";", b"\t", b"\\", b"'", b" "),
    *(
        b"\x81",
        b"\x81\x20",
        b"\x82\xa0",
        b"\xf0\x40",
        b"\xf9\xfc",
        b"\xfc\x4b",
        b"\xeb\x9f",
        b"\xe3\x81",
        b"\xf0\x9f\x91\xb5",
    ),
    *(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xe2\x80\xae",
        b"PK\x03\x04",
        b"PAR1",
    ),
)
ENDS: Final = (b"\r", b"\n", b"\r\n", b"\r\r\n", b"\n\n", b"", b"\x85", b"\x0c")


def mutate_rows(rows: Rows, rng: random.Random) -> None:
    """Change cells, lines or columns in place."""
    rng.choice(_OF_ROWS)(rows, rng)


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return changed bytes."""
    return rng.choice(_OF_BYTES)(data, rng)


def _place(rows: Rows, rng: random.Random) -> tuple[list[Any], int]:
    row = rng.choice(rows) if rows else [""]
    return row, rng.randrange(len(row)) if row else 0


def _nasty_cell(rows: Rows, rng: random.Random) -> None:
    row, place = _place(rows[1:] or rows, rng)
    row[place : place + 1] = [rng.choice(NASTY)]


def _mixed_cell(rows: Rows, rng: random.Random) -> None:
    row, place = _place(rows[1:] or rows, rng)
    cell = str(row[place]) if row else ""
    at = rng.randint(0, len(cell))
    row[place : place + 1] = [cell[:at] + rng.choice(NASTY[:-4]) + cell[at:]]


def _long_cell(rows: Rows, rng: random.Random) -> None:
    row, place = _place(rows, rng)
    row[place : place + 1] = [LONG if rng.random() < 0.02 else LONG[: rng.randrange(1, 6000)]]


def _cell_elsewhere(rows: Rows, rng: random.Random) -> None:
    row, place = _place(rows, rng)
    other, there = _place(rows, rng)
    if row and other:
        row[place], other[there] = other[there], row[place]


def _fewer_cells(rows: Rows, rng: random.Random) -> None:
    row, place = _place(rows, rng)
    del row[place : place + rng.randint(1, 3)]


def _more_cells(rows: Rows, rng: random.Random) -> None:
    row, place = _place(rows, rng)
    row[place:place] = [rng.choice(("", "ZQX", row[place] if row else ""))] * rng.randint(1, 3)


def _column_out(rows: Rows, rng: random.Random) -> None:
    place = _place(rows, rng)[1]
    for row in rows:
        del row[place : place + 1]


def _column_in(rows: Rows, rng: random.Random) -> None:
    place = _place(rows, rng)[1]
    for number, row in enumerate(rows):
        row.insert(place, "ZQX" if number else rng.choice(("", "追加", "個人番号", "口座", "性別")))


def _columns_exchanged(rows: Rows, rng: random.Random) -> None:
    first, second = _place(rows, rng)[1], _place(rows, rng)[1]
    for row in rows:
        if max(first, second) < len(row):
            row[first], row[second] = row[second], row[first]


def _header_changed(rows: Rows, rng: random.Random) -> None:
    row, place = _place(rows[:1], rng)
    old = str(row[place]) if row else ""
    row[place : place + 1] = [rng.choice((*NASTY[:12], "男女", "氏名", old + " ", "　" + old, f'"{old}"'))]


def _line_removed(rows: Rows, rng: random.Random) -> None:
    if rows:
        del rows[rng.randrange(len(rows))]


def _line_again(rows: Rows, rng: random.Random) -> None:
    if rows:
        rows.insert(rng.randint(0, len(rows)), list(rng.choice(rows)))


def _line_in(rows: Rows, rng: random.Random) -> None:
    rows.insert(
        rng.randint(0, len(rows)), [rng.choice(("", "合計", "ZQX", "出力日"))] * rng.choice((0, 1, 2, 9))
    )


def _lines_exchanged(rows: Rows, rng: random.Random) -> None:
    if rows:
        first, second = rng.randrange(len(rows)), rng.randrange(len(rows))
        rows[first], rows[second] = rows[second], rows[first]


_OF_ROWS: Final[tuple[Callable[[Rows, random.Random], None], ...]] = (
    *(_nasty_cell,) * 8,
    *(_mixed_cell,) * 3,
    _long_cell,
    _cell_elsewhere,
    _fewer_cells,
    _more_cells,
    _column_out,
    _column_in,
    _columns_exchanged,
    _header_changed,
    _line_removed,
    _line_again,
    _line_in,
    _lines_exchanged,
)


def _flip(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _set(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    if changed:
        changed[rng.randrange(len(changed))] = rng.choice(CONTROLS)
    return bytes(changed)


def _put_in(data: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + rng.choice(PIECES) * rng.choice((1, 1, 1, 2, 7)) + data[at:]


def _noise(data: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + rng.randbytes(rng.randint(1, 40)) + data[at:]


def _take_out(data: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + data[at + rng.choice((1, 1, 2, 3, 10, 60)) :]


def _cut_short(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randint(0, len(data))]


def _cut_front(data: bytes, rng: random.Random) -> bytes:
    return data[rng.randint(0, len(data)) :]


def _piece_again(data: bytes, rng: random.Random) -> bytes:
    start, at = rng.randint(0, len(data)), rng.randint(0, len(data))
    return data[:at] + data[start : start + rng.randint(1, 200)] + data[at:]


def _line_ends(data: bytes, rng: random.Random) -> bytes:
    count = rng.choice((-1, -1, 1, 2))
    return data.replace(b"\r\n", rng.choice(ENDS), count)


def _last_end(data: bytes, rng: random.Random) -> bytes:
    return data.rstrip(b"\r\n") + rng.choice(
        (b"", b"\r", b"\n", b"\r\n\r\n", b"\r\n \r\n", b"\x1a", b"\x1a\x1a", b"\x00")
    )


def _mark(data: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00", b"\n", b" ", b'"')) + data


def _twice(data: bytes, rng: random.Random) -> bytes:
    return data + data


_OF_BYTES: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    *(_flip,) * 4,
    *(_set,) * 2,
    *(_put_in,) * 4,
    _noise,
    *(_take_out,) * 3,
    *(_cut_short,) * 2,
    _cut_front,
    _piece_again,
    _line_ends,
    _last_end,
    _mark,
    _twice,
)
