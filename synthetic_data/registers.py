"""The two register files as a ward hands them over: Japanese header, CP932, CRLF, everything text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthetic_data.addresses import WIDE, Homes
from synthetic_data.certification_rows import REFUSED, UNDECIDED, Rows
from synthetic_data.dates import Days
from synthetic_data.people import People
from synthetic_data.residency import REASONS
from synthetic_data.tables import given_names, settings, surnames, towns

Ints = npt.NDArray[np.int64]

CHUNK_ROWS = 50_000
WARD_NAME = "東京都練馬区"
RESIDENT_COLUMNS = (
    "宛名番号",
    "世帯番号",
    "氏名",
    "氏名カナ",
    "生年月日",
    "性別",
    "郵便番号",
    "住所",
    "方書",
    "住民となった日",
    "消除日",
    "消除事由",
    "支援措置",
)
CERTIFICATION_COLUMNS = (
    "被保険者番号",
    "宛名番号",
    "申請区分",
    "申請日",
    "認定日",
    "要介護状態区分",
    "有効期間開始日",
    "有効期間終了日",
)


def text_dates(days: Days) -> Any:
    """Dates as eight digits, missing dates as empty text.

    Parameters
    ----------
    days : numpy.ndarray
        datetime64[D].

    Returns
    -------
    pyarrow.Array
        Text.

    Examples
    --------
    >>> text_dates(np.array(["2009-11-01", "NaT"], dtype="datetime64[D]")).to_pylist()
    ['20091101', '']
    """
    distinct, place = np.unique(days, return_inverse=True)
    words = ["" if np.isnat(day) else str(day).replace("-", "") for day in distinct]
    return chosen(words, place)


def chosen(words: Sequence[str], place: Ints) -> Any:
    """One word of a list for each row.

    Parameters
    ----------
    words : sequence of str
        The list.
    place : numpy.ndarray
        Place in the list, shape (rows,).

    Returns
    -------
    pyarrow.Array
        Text of shape (rows,).
    """
    return pa.array(words, type=pa.string()).take(pa.array(place))


def padded(numbers: Ints, width: int = 10) -> Any:
    """Numbers as text with leading zeros.

    Parameters
    ----------
    numbers : numpy.ndarray
        Whole numbers.
    width : int
        Number of digits.

    Returns
    -------
    pyarrow.Array
        Text.

    Examples
    --------
    >>> padded(np.array([12]), 5).to_pylist()
    ['00012']
    """
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")


def joined(*parts: Any) -> Any:
    """Text columns and constants put together, row by row.

    Parameters
    ----------
    *parts : pyarrow.Array or str
        At least one array.

    Returns
    -------
    pyarrow.Array
        Text.
    """
    return pc.binary_join_element_wise(*parts, "")


def street_addresses(homes: Homes) -> Any:
    """住所 of each household.

    Parameters
    ----------
    homes : Homes
        Where each household lives.

    Returns
    -------
    pyarrow.Array
        Text such as 東京都練馬区練馬１丁目２番３号.
    """
    digits = [str(number).translate(WIDE) for number in range(int(homes.ban.max(initial=0)) + 64)]
    most = int(towns().chome_count.max()) + 1
    fronts = [
        f"{WARD_NAME}{town}" + (f"{digits[chome]}丁目" if chome else "")
        for town in towns().town
        for chome in range(most)
    ]
    front = chosen(fronts, homes.town * most + homes.chome)
    return joined(front, chosen(digits, homes.ban), "番", chosen(digits, homes.go), "号")


def flat_addresses(homes: Homes) -> Any:
    """方書 of each household: building and room, empty for a house.

    Parameters
    ----------
    homes : Homes
        Where each household lives.

    Returns
    -------
    pyarrow.Array
        Text such as メゾン練馬２０３号.
    """
    digits = [""] + [str(number).translate(WIDE) for number in range(1, int(homes.room.max(initial=0)) + 1)]
    endings = ("", *homes.endings[1:])
    return joined(
        chosen(homes.names, homes.building), chosen(digits, homes.room), chosen(endings, homes.building)
    )


def resident_table(people: People, homes: Homes) -> Any:
    """The resident register as a table of text.

    Parameters
    ----------
    people : People
        Everybody in the register.
    homes : Homes
        Where each household lives.

    Returns
    -------
    pyarrow.Table
        The 13 columns of `RESIDENT_COLUMNS`.
    """
    household = pa.array(people.household)
    last, first = surnames(), given_names()
    postal = chosen(towns().postal_code, homes.town).take(household)
    columns = (
        padded(people.number),
        padded(people.household_number).take(household),
        joined(chosen(last.text, people.surname), "　", chosen(first.text, people.given)),
        joined(chosen(last.kana, people.surname), "　", chosen(first.kana, people.given)),
        text_dates(people.birth),
        chosen(("", "1", "2"), people.sex),
        postal,
        street_addresses(homes).take(household),
        flat_addresses(homes).take(household),
        text_dates(people.since),
        text_dates(people.removed),
        chosen(REASONS, people.reason),
        chosen(("0", "1"), people.protected.astype(np.int64)),
    )
    return pa.table(dict(zip(RESIDENT_COLUMNS, columns, strict=True)))


def certification_table(rows: Rows, people: People, insured: Ints, elsewhere: Ints) -> Any:
    """The certification register as a table of text.

    Parameters
    ----------
    rows : Rows
        Its rows.
    people : People
        The residents.
    insured : numpy.ndarray
        被保険者番号 of each row.
    elsewhere : numpy.ndarray
        宛名番号 of the people who live elsewhere.

    Returns
    -------
    pyarrow.Table
        The 8 columns of `CERTIFICATION_COLUMNS`, in rising order of 被保険者番号.
    """
    codes = settings("certification")["codes"]
    levels = (*codes["levels"], codes["not_eligible"], "")
    place = np.select([rows.level == UNDECIDED, rows.level == REFUSED], [8, 7], rows.level)
    numbers = np.concatenate((people.number, elsewhere[::-1]))
    columns = (
        padded(insured),
        padded(numbers[rows.person]),
        chosen(codes["kinds"], rows.kind),
        text_dates(rows.applied),
        text_dates(rows.decided),
        chosen(levels, place),
        text_dates(rows.start),
        text_dates(rows.end),
    )
    table = pa.table(dict(zip(CERTIFICATION_COLUMNS, columns, strict=True)))
    return table.take(pa.array(np.argsort(insured, kind="stable")))


def lines(table: Any) -> Iterator[bytes]:
    r"""A table as the bytes of a CP932 CSV file, a header first, in large pieces.

    Parameters
    ----------
    table : pyarrow.Table
        Text columns without commas, quotes or line ends.

    Yields
    ------
    bytes
        Whole lines, ended by CRLF.

    Examples
    --------
    >>> b"".join(lines(pa.table({"姓": ["髙橋"]}))).decode("cp932")
    '姓\r\n髙橋\r\n'
    """
    yield (",".join(table.column_names) + "\r\n").encode("cp932")
    for batch in table.to_batches(max_chunksize=CHUNK_ROWS):
        rows = pc.binary_join_element_wise(*batch.columns, ",")
        yield ("\r\n".join(rows.to_pylist()) + "\r\n").encode("cp932")


def write_register(table: Any, path: Path) -> Path:
    """Write one register file.

    Parameters
    ----------
    table : pyarrow.Table
        Text columns.
    path : pathlib.Path
        The file; an older one is replaced.

    Returns
    -------
    pathlib.Path
        The same path.
    """
    with path.open("wb") as file:
        for piece in lines(table):
            file.write(piece)
    return path
