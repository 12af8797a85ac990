"""Lists of who is left out (除外): own wish, an earlier survey, institutions, insurance elsewhere."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import InputError
from custody.files import sha256_file
from custody.messages import gettext as _
from sampling.ages import born_by
from sampling.areas import fold_address
from sampling.encodings import forbidden
from sampling.frame import ListCount
from sampling.limits import limits
from sampling.registers import Register

__all__ = ["Exclusions", "NumberList", "insurance_marks", "list_marks", "read_exclusions"]

NUMBER_HEADERS: Final = ("宛名番号", "resident_no")
HOUSEHOLD_HEADERS: Final = ("世帯番号", "household_no")
ADDRESS_HEADERS: Final = ("住所", "address")
BUILDING_HEADERS: Final = ("方書", "building")
OUTSIDE: Final = ("insured_elsewhere", "exempt")

Marks = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class NumberList:
    """Numbers of a list, in the order of its file.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    numbers : pyarrow.Array of string
        Shape (rows,); digits only. Not shown.
    rows : tuple of int
        Row of each number in the file, 1 = first data row; empty where every row has one.
    """

    file: str
    numbers: Any = field(repr=False)
    rows: tuple[int, ...] = field(default=(), repr=False)

    def places(self, column: Any) -> Any:
        """Find the numbers in a column of a register.

        Parameters
        ----------
        column : pyarrow.ChunkedArray of string
            Numbers of the register, shape (persons,).

        Returns
        -------
        numpy.ndarray of bool
            Shape (persons,): True where the number is in the list.

        Raises
        ------
        InputError
            A number has another width than those of the register: a spreadsheet cut its leading zeros.
        """
        widths = pc.unique(pc.utf8_length(column)).drop_null()
        wrong = np.flatnonzero(
            ~pc.is_in(pc.utf8_length(self.numbers), value_set=_whole(widths)).to_numpy(False)
        )
        if len(wrong):
            raise InputError(
                "SAM-LIST-WIDTH",
                _("A number of the list has another width than those of the resident register."),
                hint=_(
                    "A spreadsheet may have cut its leading zeros: make the list again with text columns."
                ),
                file=self.file,
                row=self.rows[wrong[0]] if self.rows else int(wrong[0]) + 1,
            )
        found: NDArray[np.bool_] = pc.is_in(_whole(column), value_set=self.numbers).to_numpy(False)
        return found


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Who is left out by a list.

    Parameters
    ----------
    opted_out : NumberList, optional
        Residents who wished not to be asked (除外の申出).
    earlier_sample : NumberList, optional
        Residents drawn in an earlier survey.
    households : NumberList, optional
        Households (世帯番号) that are institutions.
    addresses : tuple of (str, str)
        Address and building of institutions; a blank building stands for any. Not shown.
    sources : mapping of str to str
        List → SHA-256 of its file.
    """

    opted_out: NumberList | None = None
    earlier_sample: NumberList | None = None
    households: NumberList | None = None
    addresses: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    sources: dict[str, str] = field(default_factory=dict)


def read_exclusions(
    *,
    opt_outs: str | Path | None = None,
    earlier: str | Path | None = None,
    institutions: str | Path | None = None,
) -> Exclusions:
    """Read the lists.

    Parameters
    ----------
    opt_outs : path, optional
        CSV with resident numbers in the column 宛名番号 (``resident_no``), or in its only or first column.
    earlier : path, optional
        The same, or the folder of an earlier survey, whose vault is opened with the staff's key.
    institutions : path, optional
        CSV with the column 住所 and, where one room or house is meant, 方書; or with the column 世帯番号.

    Returns
    -------
    Exclusions
        The lists.

    Raises
    ------
    InputError
        A file that is missing, empty, neither UTF-8 nor CP932, or without the column; a cell that is not a
        number, with its row.
    SamplingError
        The earlier survey has no vault, or it cannot be opened with the staff's key.

    Notes
    -----
    The encoding is found by strict decoding: UTF-8 first (with or without mark), then CP932.
    """
    given = {"opted_out": opt_outs, "earlier_sample": earlier, "institution": institutions}
    paths = {name: Path(path) for name, path in given.items() if path is not None}
    lists: dict[str, Any] = {}
    if "opted_out" in paths:
        lists["opted_out"] = _numbers(paths["opted_out"], NUMBER_HEADERS)
    if "earlier_sample" in paths:
        path = paths["earlier_sample"]
        lists["earlier_sample"] = _vault_numbers(path) if path.is_dir() else _numbers(path, NUMBER_HEADERS)
    if "institution" in paths:
        lists |= _institutions(paths["institution"])
    return Exclusions(**lists, sources={name: _digest(path) for name, path in paths.items()})


def list_marks(
    residents: Register, exclusions: Exclusions | None, reference: date, municipality: str
) -> tuple[Marks, tuple[ListCount, ...]]:
    """Mark the residents whom a list, or the register's own flag of institutions, names.

    Parameters
    ----------
    residents : Register
        The resident register.
    exclusions : Exclusions, optional
        The lists.
    reference : datetime.date
        Addresses of those who are too young on this day are not looked at.
    municipality : str
        What may stand before the town in an address.

    Returns
    -------
    marks : dict of str to ndarray of bool
        ``opted_out``, ``earlier_sample``, ``institution``; shape (residents,).
    counts : tuple of ListCount
        Entries of each list, and how many are in the register.

    Raises
    ------
    InputError
        A number has another width than those of the register.
    """
    table = residents.table
    marks: Marks = {}
    counts = []
    if "institution" in table.column_names and table["institution"].null_count < table.num_rows:
        marks["institution"] = pc.fill_null(
            pc.equal(table["institution"].cast(pa.string()), "yes"), False
        ).to_numpy()
    if exclusions is None:
        return marks, ()
    for name, column, numbers in (
        ("opted_out", "resident_no", exclusions.opted_out),
        ("earlier_sample", "resident_no", exclusions.earlier_sample),
        ("institution", "household_no", exclusions.households),
    ):
        if numbers is not None:
            found = numbers.places(table[column])
            marks[name] = marks.get(name, False) | found
            matched = pc.count_distinct(table[column].filter(pa.array(found))).as_py()
            counts.append(ListCount(name, len(numbers.numbers.unique()), matched))
    if exclusions.addresses:
        found, count = _at_addresses(residents, exclusions.addresses, reference, municipality)
        marks["institution"] = marks.get("institution", False) | found
        counts.append(count)
    return marks, tuple(counts)


def insurance_marks(
    residents: Register, qualifications: Register | None, reference: date
) -> tuple[Marks, tuple[ListCount, ...]]:
    """Mark the residents who are insured by another municipality, or outside the insurance.

    Parameters
    ----------
    residents : Register
        The resident register.
    qualifications : Register, optional
        The qualification register (介護保険資格情報).
    reference : datetime.date
        The qualification must hold this day.

    Returns
    -------
    marks : dict of str to ndarray of bool
        ``insured_elsewhere``, ``exempt``; shape (residents,).
    counts : tuple of ListCount
        Persons with each qualification, and how many are in the register.
    """
    if qualifications is None:
        return {}, ()
    table, day = qualifications.table, pa.scalar(reference, pa.date32())
    begun = pc.fill_null(pc.less_equal(table["acquired_on"], day), True)
    running = pc.fill_null(pc.greater(table["lost_on"], day), True)
    holds = pc.and_(begun, running)
    status = table["status"].cast(pa.string())
    marks: Marks = {}
    counts = []
    for name in OUTSIDE:
        rows = table.filter(pc.fill_null(pc.and_(holds, pc.equal(status, name)), False))
        numbers = _whole(rows["resident_no"].drop_null().unique())
        marks[name] = pc.is_in(_whole(residents.table["resident_no"]), value_set=numbers).to_numpy(False)
        unnamed = rows["resident_no"].null_count
        counts.append(ListCount(name, len(numbers) + unnamed, int(marks[name].sum())))
    return marks, tuple(counts)


def _at_addresses(
    residents: Register, wanted: Sequence[tuple[str, str]], reference: date, municipality: str
) -> tuple[NDArray[np.bool_], ListCount]:
    """Find the elders who live at one of these addresses, and how many of the addresses somebody lives at."""
    oldest = pa.scalar(born_by(limits().min_age, reference), pa.date32())
    old = pc.less_equal(residents.table["birth_date"], oldest)
    positions = np.flatnonzero(pc.fill_null(old, True).to_numpy())
    places = fold_address(residents.text("address", positions), municipality)
    whole = _joined(places, fold_address(residents.text("building", positions)))
    listed = fold_address(pa.array([place for place, _house in wanted], pa.string()), municipality)
    houses = fold_address(pa.array([house for _place, house in wanted], pa.string()))
    any_house = pc.equal(houses, "")
    one = _joined(listed, houses).filter(pc.invert(any_house)).unique()
    every = listed.filter(any_house).unique()
    met = pc.sum(pc.is_in(every, value_set=places)).as_py() or 0
    met += pc.sum(pc.is_in(one, value_set=whole)).as_py() or 0
    found = pc.or_(pc.is_in(places, value_set=every), pc.is_in(whole, value_set=one))
    marks = np.zeros(residents.accepted, dtype=np.bool_)
    marks[positions[found.to_numpy(False)]] = True
    return marks, ListCount("institution", len(every) + len(one), met)


def _joined(places: Any, houses: Any) -> Any:
    return pc.binary_join_element_wise(places, houses, "|")


def _institutions(path: Path) -> dict[str, Any]:
    rows = _rows(path)
    header = rows[0]
    if any(name in header for name in HOUSEHOLD_HEADERS):
        return {"households": _numbers(path, HOUSEHOLD_HEADERS)}
    place = next((header.index(name) for name in ADDRESS_HEADERS if name in header), None)
    if place is None:
        raise _refused(
            "SAM-LIST-COLUMN", _("The list needs the column 住所, and may have 方書; or 世帯番号."), path
        )
    house = next((header.index(name) for name in BUILDING_HEADERS if name in header), None)
    for number, row in enumerate(rows[1:], 1):
        if any(row) and not _cell(row, place):
            raise _refused("SAM-LIST-ADDRESS", _("A row of the list has no address."), path, number)
    kept = [row for row in rows[1:] if any(row)]
    return {"addresses": tuple((_cell(row, place), _cell(row, house)) for row in kept)}


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place] if place is not None and place < len(row) else ""


def _numbers(path: Path, headers: Sequence[str]) -> NumberList:
    """Read one column of numbers; a list without a header begins with a number."""
    rows = _rows(path)
    place = next((rows[0].index(name) for name in headers if name in rows[0]), 0)
    body = rows if _is_number(rows[0][place]) else rows[1:]
    kept = [(number, _cell(row, place)) for number, row in enumerate(body, 1) if any(row)]
    for number, cell in kept:
        if not _is_number(cell):
            message = _("A cell of the list is not a number: digits 0 to 9 only, with all leading zeros.")
            raise _refused("SAM-LIST-NUMBER", message, path, number)
    if not kept:
        raise _refused("SAM-LIST-EMPTY", _("The list has no rows."), path)
    numbers = pa.array([cell for _row, cell in kept], pa.string())
    return NumberList(path.name, numbers, tuple(row for row, _cell_ in kept))


def _is_number(cell: str) -> bool:
    return cell.isascii() and cell.isdigit()


def _rows(path: Path) -> list[list[str]]:
    """Read a small CSV; cells without blanks at their ends, the header first."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(limits().max_list_bytes + 1)
    except OSError:
        raise _refused("SAM-FILE-NONE", _("The file cannot be opened."), path) from None
    if len(raw) > limits().max_list_bytes:
        message = _("The list is larger than {bytes:,} bytes: it is probably another file.")
        raise _refused("SAM-LIST-SIZE", message.format(bytes=limits().max_list_bytes), path)
    text = _decoded(raw, path)
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""))]
    except csv.Error:
        raise _refused("SAM-LIST-CSV", _("The list is not CSV: a quote is left open."), path) from None
    if not rows or not any(rows[0]):
        raise _refused("SAM-FILE-EMPTY", _("The file is empty."), path)
    if any(forbidden(header) for header in rows[0]):
        message = _("The file has a column that no survey may read (an individual number or a bank account).")
        raise _refused("SAM-COLUMN-FORBIDDEN", message, path)
    return rows


def _decoded(raw: bytes, path: Path) -> str:
    if b"\x00" in raw:
        raise _refused("SAM-LIST-ENCODING", _("The list is not a CSV file in UTF-8 or CP932."), path)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused("SAM-LIST-ENCODING", _("The list is not a CSV file in UTF-8 or CP932."), path)


def _vault_numbers(folder: Path) -> NumberList:
    from custody.survey import Survey
    from sampling.vault import load_vault

    survey = Survey.open(folder)
    return NumberList(
        survey.vault_path.name, pa.array(load_vault(survey)["resident_no"].tolist(), pa.string())
    )


def _digest(path: Path) -> str:
    """Digest the file, or the vault in a survey's folder."""
    return sha256_file(path / "vault.age" if path.is_dir() else path)


def _whole(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _refused(code: str, message: str, path: Path, row: int | None = None) -> InputError:
    hint = _("Correct the list, and run again.")
    return InputError(code, message, hint=hint, file=path.name, row=row)
