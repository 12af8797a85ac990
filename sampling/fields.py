"""Columns of text into columns of meaning, whole columns at a time.

Every function takes one binary column as pyarrow parsed it and gives the typed column with the rows that
failed. A value that failed is never kept or shown: only its row, the column and a code are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.layout import Field, FieldType
from sampling.limits import limits

__all__ = ["Failure", "TypedColumn", "read_field", "whole_numbers"]

ZERO: Final = ord("0")
HYPHEN: Final = ord("-")
EPOCH: Final = date(1970, 1, 1)

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Failure:
    """Rows of one column that failed for one reason.

    Parameters
    ----------
    rows : ndarray of int64
        Positions in the column, from 0.
    code : str
        ``missing``, ``width``, ``format``, ``impossible_date``, ``implausible_date``, ``unknown_code``,
        ``duplicate``, ``column_count`` or ``contradiction``.
    """

    rows: Rows
    code: str


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """One column after reading.

    Parameters
    ----------
    values : pyarrow.Array
        string (number, postal), dictionary of string (code), date32 (date) or binary (text), shape (rows,);
        null where empty or failed.
    failures : tuple of Failure
        What failed.
    """

    values: Any
    failures: tuple[Failure, ...]


def read_field(column: Any, field: Field, encoding: str) -> TypedColumn:
    """Read one column by its field.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or pyarrow.Array of binary
        The cells as they stand in the file, shape (rows,), no nulls.
    field : Field
        What the column is.
    encoding : str
        Encoding of the cells (for codes that are not ASCII).

    Returns
    -------
    TypedColumn
        Values and failures, in the order of the rows.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = pa.array([b"20091101", b"20090229", b""])
    >>> read = read_field(cells, Field("applied_on", "申請日", "date", required=False), "cp932")
    >>> read.values.to_pylist(), [(f.rows.tolist(), f.code) for f in read.failures]
    ([datetime.date(2009, 11, 1), None, None], [([1], 'impossible_date')])
    """
    if field.type == "text":
        return _read_text(column, field)
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    empty = _lengths(array) == 0
    read = _READERS[field.type](array, field, encoding)
    failures = [_without(failure, empty) for failure in read.failures]
    if field.required:
        failures.insert(0, Failure(np.flatnonzero(empty), "missing"))
    return TypedColumn(read.values, tuple(failure for failure in failures if len(failure.rows)))


def whole_numbers(array: Any, width: int) -> tuple[NDArray[np.int64], Mask]:
    """Read cells of exactly `width` ASCII digits as whole numbers.

    Parameters
    ----------
    array : pyarrow.Array of binary or string
        The cells, shape (rows,).
    width : int
        Number of digits, 1 to 18.

    Returns
    -------
    numbers : ndarray of int64
        Shape (rows,); 0 where a cell does not fit.
    fits : ndarray of bool
        Shape (rows,); True where a cell fits.
    """
    digits, fits = _digits(array, width)
    numbers = np.zeros(len(digits), dtype=np.int64)
    for place in range(width):
        numbers *= 10
        numbers += digits[:, place]
    return _spread(numbers, fits), fits


def _lengths(array: Any) -> NDArray[np.int32]:
    return np.diff(_offsets(array))


def _offsets(array: Any) -> NDArray[np.int32]:
    return np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset : array.offset + len(array) + 1]


def _cells(array: Any, width: int) -> tuple[NDArray[np.uint8], Mask]:
    """Return the bytes of the cells of one width, shape (those rows, width), and which rows they are."""
    offsets = _offsets(array)
    fits = np.diff(offsets) == width
    data = np.frombuffer(array.buffers()[2] or b"", dtype=np.uint8)
    if fits.all():
        return data[offsets[0] : offsets[-1]].reshape(len(array), width), fits
    return data[offsets[:-1][fits][:, None] + np.arange(width)], fits


def _digits(array: Any, width: int) -> tuple[NDArray[np.uint8], Mask]:
    """Return the digits of the cells of exactly `width` digits, and which rows those are."""
    cells, fits = _cells(array, width)
    return _only_digits(cells, fits)


def _only_digits(cells: NDArray[np.uint8], fits: Mask) -> tuple[NDArray[np.uint8], Mask]:
    digits = cells - ZERO  # below "0" wraps round to above 9
    if not digits.size or int(digits.max()) <= 9:
        return digits, fits
    good = np.asarray((digits <= 9).all(axis=1))
    return digits[good], _spread(good, fits)


def _spread(values: NDArray[Any], fits: Mask) -> NDArray[Any]:
    """Put values of the fitting rows back to their rows; zero elsewhere."""
    if len(values) == len(fits):
        return values
    out = np.zeros((len(fits), *values.shape[1:]), dtype=values.dtype)
    out[fits] = values
    return out


def _read_number(array: Any, field: Field, encoding: str) -> TypedColumn:
    width = field.width or 0
    _, fits = _digits(array, width)
    failures = (
        Failure(np.flatnonzero(~fits & (_lengths(array) != width)), "width"),
        Failure(np.flatnonzero(~fits & (_lengths(array) == width)), "format"),
    )
    return TypedColumn(_text(array, fits), failures)


def _read_date(array: Any, field: Field, encoding: str) -> TypedColumn:
    digits, fits = _digits(array, 8)
    days, real = (_spread(values, fits) for values in _days(digits))
    early = np.zeros(len(fits), dtype=np.bool_)
    if field.earliest:
        early = real & (days < (limits().earliest_birth - EPOCH).days)
    failures = (
        Failure(np.flatnonzero(~fits), "format"),
        Failure(np.flatnonzero(fits & ~real), "impossible_date"),
        Failure(np.flatnonzero(early), "implausible_date"),
    )
    good = real & ~early
    return TypedColumn(pa.array(days, type=pa.int32(), mask=_unless(good)).cast(pa.date32()), failures)


def _days(digits: NDArray[np.uint8]) -> tuple[NDArray[np.int32], Mask]:
    """Return days since 1970-01-01 of YYYYMMDD digits and which of them are days of the calendar."""
    year, month, day = (_joined(digits[:, part]) for part in (slice(0, 4), slice(4, 6), slice(6, 8)))
    count = year.astype(np.int32) * 12 + np.clip(month, 1, 12) - 1
    first = _month_starts()[count]
    length = _month_starts()[count + 1] - first
    real = (year > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= length)
    return first + day - 1, real


def _joined(digits: NDArray[np.uint8]) -> NDArray[np.int16]:
    number = digits[:, 0].astype(np.int16)
    for place in range(1, digits.shape[1]):
        number *= 10
        number += digits[:, place]
    return number


@cache
def _month_starts() -> NDArray[np.int32]:
    """Return the first day of every month from year 0 to 10000, in days since 1970-01-01."""
    months = np.arange(-1970 * 12, (10001 - 1970) * 12, dtype=np.int64)
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)


def _read_postal(array: Any, field: Field, encoding: str) -> TypedColumn:
    plain, fits = _digits(array, 7)
    digits = _spread(plain, fits)
    if not fits.all():
        cells, eight = _cells(array, 8)
        inner, numeric = _only_digits(np.delete(cells, 3, axis=1), eight)
        digits = digits + _spread(inner, numeric)  # no row has 7 digits and 8 characters
        fits = fits | (numeric & _spread(cells[:, 3] == HYPHEN, eight))
    out = np.full((len(fits), 8), HYPHEN, dtype=np.uint8)
    out[:, :3] = digits[:, :3] + ZERO
    out[:, 4:] = digits[:, 3:] + ZERO
    out[~fits] = ZERO  # keeps the bytes valid text; the rows are null
    offsets = np.arange(len(fits) + 1, dtype=np.int32) * 8
    values = pa.Array.from_buffers(
        pa.string(), len(fits), [_validity(fits), pa.py_buffer(offsets), pa.py_buffer(out)]
    )
    return TypedColumn(values, (Failure(np.flatnonzero(~fits), "format"),))


def _read_code(array: Any, field: Field, encoding: str) -> TypedColumn:
    place = pc.index_in(array, value_set=pa.array([code.encode(encoding) for code in field.codes]))
    values = list(dict.fromkeys(field.codes.values()))
    of = pa.array([values.index(value) for value in field.codes.values()], type=pa.int32())
    column = pa.DictionaryArray.from_arrays(of.take(place), pa.array(values, type=pa.string()))
    return TypedColumn(column, (Failure(np.flatnonzero(place.is_null()), "unknown_code"),))


def _read_text(column: Any, field: Field) -> TypedColumn:
    """Leave the cells as they are, in the pieces they came in."""
    if not field.required or pc.min(pc.binary_length(column)).as_py():
        return TypedColumn(column, ())
    empty = np.asarray(pc.equal(pc.binary_length(column), 0))
    return TypedColumn(column, (Failure(np.flatnonzero(empty), "missing"),))


_READERS: Final[Mapping[FieldType, Callable[[Any, Field, str], TypedColumn]]] = MappingProxyType(
    {
        "number": _read_number,
        "date": _read_date,
        "postal": _read_postal,
        "code": _read_code,
    }
)


def _text(array: Any, fits: Mask) -> Any:
    """Return ASCII cells as strings, null where they do not fit."""
    _, offsets, data = array.buffers()
    validity = _validity(np.concatenate([np.ones(array.offset, dtype=np.bool_), fits]))
    return pa.Array.from_buffers(pa.string(), len(array), [validity, offsets, data], offset=array.offset)


def _validity(fits: Mask) -> Any:
    """Return the validity bitmap of a column, or None where every value is there."""
    return None if fits.all() else pa.py_buffer(np.packbits(fits, bitorder="little"))


def _unless(good: Mask) -> Mask | None:
    return None if good.all() else ~good


def _without(failure: Failure, empty: Mask) -> Failure:
    return Failure(failure.rows[~empty[failure.rows]], failure.code)
