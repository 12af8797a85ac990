"""Columns of text into columns of meaning, whole columns at a time.

Every function takes one binary column as pyarrow parsed it and gives the typed column with the rows that
failed. Cells in the plain form are read as bytes; of the others each different cell is looked at once. A
value that failed is never kept or shown: only its row, the column and a code are.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.digits import (
    ZERO,
    Mask,
    byte_lengths,
    calendar_days,
    cells_of,
    digits_of,
    only_digits,
    spread,
    text_where,
    validity,
)
from sampling.eras import read_days
from sampling.layout import Field, FieldType
from sampling.limits import limits
from sampling.normalise import HYPHENS, clean_text
from sampling.text_fields import check_text
from sampling.typed import Failure, Rows, TypedColumn

__all__ = ["Failure", "TypedColumn", "read_field"]

HYPHEN: Final = ord("-")
EPOCH: Final = date(1970, 1, 1)
WIDE_DIGITS: Final = str.maketrans("０１２３４５６７８９", "0123456789")
POSTAL: Final = re.compile(rf"〒? ?([0-9]{{3}})(?:{HYPHENS}|ー)?([0-9]{{4}})")


Days = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell that is not in the plain form: its value, or why it has none, and what was done to read it."""

    value: str | None = None
    code: str = ""
    repair: str = ""
    note: str = ""


def read_field(column: Any, field: Field, encoding: str, *, confirm_repairs: bool = False) -> TypedColumn:
    """Read one column by its field.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or pyarrow.Array of binary
        The cells as they stand in the file, shape (rows,), no nulls.
    field : Field
        What the column is.
    encoding : str
        Encoding of the cells.
    confirm_repairs : bool
        Full-width digits and lost leading zeros of a number are repaired and counted; otherwise they fail.

    Returns
    -------
    TypedColumn
        Values and failures, in the order of the rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = pa.array([b"20091101", b"20090229", b"H21.11.1", b""])
    >>> read = read_field(cells, Field("applied_on", "申請日", "date", required=False), "cp932")
    >>> [str(day) for day in read.values.to_pylist()], [(f.rows.tolist(), f.code) for f in read.failures]
    (['2009-11-01', 'None', '2009-11-01', 'None'], [([1], 'impossible_date')])
    """
    if field.type in ("text", "kana"):
        return check_text(column, field, encoding)
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    raw = _Raw(array, byte_lengths(array) == 0, field, encoding, confirm_repairs)
    read = _READERS[field.type](raw)
    missing = Failure(np.flatnonzero(raw.empty), "missing")
    failures = (missing, *read.failures) if field.required else read.failures
    return replace(read, failures=tuple(failure for failure in failures if len(failure.rows)))


@dataclass(frozen=True, slots=True)
class _Raw:
    """A column as it stands in the file, and how it is to be read."""

    array: Any
    empty: Mask
    field: Field
    encoding: str
    confirm: bool


class _Odd:
    """The cells of a column that are neither empty nor plain: each different one is read once."""

    def __init__(self, raw: _Raw, plain: Mask, read: Callable[[str], _Cell]) -> None:
        self.rows: Rows = np.flatnonzero(~plain & ~raw.empty)
        coded = raw.array.take(pa.array(self.rows)).dictionary_encode()
        self.which = coded.indices.to_numpy().astype(np.int64)
        texts = [cell.decode(raw.encoding) for cell in coded.dictionary.to_pylist()]
        plain_texts = clean_text(pa.array(texts, type=pa.string())).to_pylist()
        self.cells = [_judged(*both, read, raw) for both in zip(texts, plain_texts, strict=True)]
        self._times = np.bincount(self.which, minlength=len(texts))

    def failures(self) -> tuple[Failure, ...]:
        """Rows by the reason for which they have no value."""
        codes = np.array([cell.code for cell in self.cells], dtype=np.str_)
        return tuple(
            Failure(self.rows[(codes == code)[self.which]], str(code)) for code in np.unique(codes) if code
        )

    def count(self, notes: list[str]) -> Mapping[str, int]:
        """Cells by note, one note for each different cell; "" for none."""
        total: Counter[str] = Counter()
        for note, times in zip(notes, self._times, strict=True):
            total[note] += int(times)
        return MappingProxyType({note: times for note, times in total.items() if note})

    def column(self, values: Any) -> TypedColumn:
        """Put the values that could be read into a column of text."""
        found = pa.array([cell.value for cell in self.cells], type=pa.string()).take(pa.array(self.which))
        return self.noted(patched(values, self.rows, found))

    def noted(self, values: Any, latest: Any = None) -> TypedColumn:
        """Return a column with what happened to its odd cells."""
        good = [cell if cell.value is not None else _Cell() for cell in self.cells]
        return TypedColumn(
            values,
            self.failures(),
            latest,
            self.count([cell.repair for cell in good]),
            self.count([cell.note for cell in good]),
        )


def patched(values: Any, rows: Rows, found: Any) -> Any:
    """Put values into some rows of a column.

    Parameters
    ----------
    values : pyarrow.Array
        Shape (rows,).
    rows : ndarray of int64
        Rising positions.
    found : pyarrow.Array
        Their values, of the same type.

    Returns
    -------
    pyarrow.Array
        Shape (rows,).

    Examples
    --------
    >>> patched(pa.array(["a", None]), np.array([1]), pa.array(["b"])).to_pylist()
    ['a', 'b']
    """
    if not len(rows):
        return values
    mask = np.zeros(len(values), dtype=np.bool_)
    mask[rows] = True
    return pc.replace_with_mask(values, pa.array(mask), found)


def _judged(text: str, plain: str, read: Callable[[str], _Cell], raw: _Raw) -> _Cell:
    """Read one cell; a cell of blanks is empty, and a repair counts only where it was confirmed."""
    if not plain:
        return _Cell(code="missing" if raw.field.required else "")
    cell = read(plain)
    if cell.repair and not raw.confirm:
        return _Cell(code=cell.repair)
    return cell if cell.note or plain == text or cell.value is None else replace(cell, note="blanks")


def _read_number(raw: _Raw) -> TypedColumn:
    width = raw.field.width or 0
    _digits, fits = digits_of(raw.array, width)
    values = text_where(raw.array, fits)
    if (fits | raw.empty).all():
        return TypedColumn(values, ())
    return _Odd(raw, fits, lambda text: _number(text, width)).column(values)


def _number(text: str, width: int) -> _Cell:
    """Read a number that is not `width` plain digits: wide digits and lost zeros are repairs."""
    folded = text.translate(WIDE_DIGITS)
    if not (folded.isascii() and folded.isdigit()):
        return _Cell(code="format")
    if len(folded) > width:
        return _Cell(code="width")
    repair = "width" if len(folded) < width else "fullwidth_digits" if folded != text else ""
    return _Cell(value=folded.zfill(width), repair=repair)


def _read_date(raw: _Raw) -> TypedColumn:
    digits, fits = digits_of(raw.array, 8)
    days, real = (spread(values, fits) for values in calendar_days(digits))
    last = days
    seen: TypedColumn = TypedColumn(None, ())
    if not (real | raw.empty).all():
        days, last, seen = _other_dates(raw, days, real)
    good = real.copy() if seen.values is None else seen.values
    early = np.zeros(len(good), dtype=np.bool_)
    if raw.field.earliest:
        early = good & (days < (limits().earliest_birth - EPOCH).days)
    good &= ~early
    first, latest = (
        pa.array(column, type=pa.int32(), mask=None if good.all() else ~good).cast(pa.date32())
        for column in (days, last)
    )
    failures = (*seen.failures, Failure(np.flatnonzero(early), "implausible_date"))
    return replace(seen, values=first, latest=latest, failures=failures)


def _other_dates(raw: _Raw, days: Days, real: Mask) -> tuple[Days, Days, TypedColumn]:
    """Read era dates and other forms; the values of the column are the mask of rows that have a day."""
    odd = _Odd(raw, real, lambda text: _Cell(value=text))
    texts = [cell.value or "" for cell in odd.cells]
    table = read_days(texts, partial=raw.field.partial)
    odd.cells = [
        cell if cell.value is None else replace(cell, code=code, value=None if code else cell.value)
        for cell, code in zip(odd.cells, table.codes, strict=True)
    ]
    first, last, good = days.copy(), days.copy(), real.copy()
    first[odd.rows], last[odd.rows] = table.first[odd.which], table.last[odd.which]
    good[odd.rows] = np.array([cell.value is not None for cell in odd.cells], dtype=np.bool_)[odd.which]
    return first, last, odd.noted(good)


def _read_postal(raw: _Raw) -> TypedColumn:
    plain, fits = digits_of(raw.array, 7)
    digits = spread(plain, fits)
    if not fits.all():
        cells, eight = cells_of(raw.array, 8)
        inner, numeric = only_digits(np.delete(cells, 3, axis=1), eight)
        digits = digits + spread(inner, numeric)  # no row has 7 digits and 8 characters
        fits = fits | (numeric & spread(cells[:, 3] == HYPHEN, eight))
    out = np.full((len(fits), 8), HYPHEN, dtype=np.uint8)
    out[:, :3] = digits[:, :3] + ZERO
    out[:, 4:] = digits[:, 3:] + ZERO
    out[~fits] = ZERO  # keeps the bytes valid text; the rows are null
    offsets = np.arange(len(fits) + 1, dtype=np.int32) * 8
    values = pa.Array.from_buffers(
        pa.string(), len(fits), [validity(fits), pa.py_buffer(offsets), pa.py_buffer(out)]
    )
    return TypedColumn(values, ()) if (fits | raw.empty).all() else _Odd(raw, fits, _postal).column(values)


def _postal(text: str) -> _Cell:
    """Read 〒176-0001, １７６－０００１ and the like."""
    found = POSTAL.fullmatch(unicodedata.normalize("NFKC", text))
    if found is None:
        return _Cell(code="format")
    return _Cell(value=f"{found[1]}-{found[2]}", note="postal_form")


def _read_code(raw: _Raw) -> TypedColumn:
    codes = raw.field.codes
    known = pa.array([code.encode(raw.encoding) for code in codes], type=pa.binary())
    place = pc.index_in(raw.array, value_set=known)
    values = list(dict.fromkeys(codes.values()))
    of = pa.array([values.index(value) for value in codes.values()], type=pa.int32())
    indices = of.take(place)
    seen = TypedColumn(None, ())
    plain = np.asarray(place.is_valid())
    if not (plain | raw.empty).all():
        folded = {unicodedata.normalize("NFKC", code): value for code, value in codes.items()}
        odd = _Odd(raw, plain, lambda text: _code(text, folded))
        found = [None if cell.value is None else values.index(cell.value) for cell in odd.cells]
        taken = pa.array(found, type=pa.int32()).take(pa.array(odd.which))
        indices, seen = patched(indices, odd.rows, taken), odd.noted(None)
    return replace(seen, values=pa.DictionaryArray.from_arrays(indices, pa.array(values, type=pa.string())))


def _code(text: str, folded: Mapping[str, str]) -> _Cell:
    value = folded.get(unicodedata.normalize("NFKC", text))
    return _Cell(code="unknown_code") if value is None else _Cell(value=value, note="code_form")


_READERS: Final[Mapping[FieldType, Callable[[_Raw], TypedColumn]]] = MappingProxyType(
    {
        "number": _read_number,
        "date": _read_date,
        "postal": _read_postal,
        "code": _read_code,
    }
)
