"""Cells of digits, read as bytes: whole columns at a time, no Python object a cell."""

from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = [
    "Mask",
    "byte_lengths",
    "calendar_days",
    "cells_of",
    "digits_of",
    "only_digits",
    "spread",
    "text_where",
    "validity",
    "whole_numbers",
]

ZERO: Final = ord("0")

Mask = NDArray[np.bool_]


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
    digits, fits = digits_of(array, width)
    numbers = np.zeros(len(digits), dtype=np.int64)
    for place in range(width):
        numbers *= 10
        numbers += digits[:, place]
    return spread(numbers, fits), fits


def byte_lengths(array: Any) -> NDArray[np.int32]:
    """Return the bytes of each cell.

    Parameters
    ----------
    array : pyarrow.Array of binary or string
        The cells, shape (rows,).

    Returns
    -------
    ndarray of int32
        Shape (rows,).
    """
    return np.diff(_offsets(array))


def _offsets(array: Any) -> NDArray[np.int32]:
    return np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset : array.offset + len(array) + 1]


def cells_of(array: Any, width: int) -> tuple[NDArray[np.uint8], Mask]:
    """Return the bytes of the cells of one width, and which rows they are.

    Parameters
    ----------
    array : pyarrow.Array of binary or string
        The cells, shape (rows,).
    width : int
        Bytes of a cell.

    Returns
    -------
    cells : ndarray of uint8
        Shape (those rows, width).
    fits : ndarray of bool
        Shape (rows,).
    """
    offsets = _offsets(array)
    fits = np.diff(offsets) == width
    data = np.frombuffer(array.buffers()[2] or b"", dtype=np.uint8)
    if fits.all():
        return data[offsets[0] : offsets[-1]].reshape(len(array), width), fits
    return data[offsets[:-1][fits][:, None] + np.arange(width)], fits


def digits_of(array: Any, width: int) -> tuple[NDArray[np.uint8], Mask]:
    """Return the digits of the cells of exactly `width` digits, and which rows those are.

    Parameters
    ----------
    array : pyarrow.Array of binary or string
        The cells, shape (rows,).
    width : int
        Number of digits.

    Returns
    -------
    digits : ndarray of uint8
        Shape (those rows, width), values 0 to 9.
    fits : ndarray of bool
        Shape (rows,).
    """
    cells, fits = cells_of(array, width)
    return only_digits(cells, fits)


def only_digits(cells: NDArray[np.uint8], fits: Mask) -> tuple[NDArray[np.uint8], Mask]:
    """Keep the cells that hold nothing but digits.

    Parameters
    ----------
    cells : ndarray of uint8
        Bytes, shape (cells, width).
    fits : ndarray of bool
        Which rows they are, shape (rows,).

    Returns
    -------
    digits : ndarray of uint8
        Values 0 to 9, shape (those cells, width).
    fits : ndarray of bool
        Which rows those are, shape (rows,).
    """
    digits = cells - ZERO  # below "0" wraps round to above 9
    if not digits.size or int(digits.max()) <= 9:
        return digits, fits
    good = np.asarray((digits <= 9).all(axis=1))
    return digits[good], spread(good, fits)


def spread(values: NDArray[Any], fits: Mask) -> NDArray[Any]:
    """Put values of the fitting rows back to their rows; zero elsewhere.

    Parameters
    ----------
    values : ndarray
        Shape (fitting rows, …).
    fits : ndarray of bool
        Shape (rows,).

    Returns
    -------
    ndarray
        Shape (rows, …).
    """
    if len(values) == len(fits):
        return values
    out = np.zeros((len(fits), *values.shape[1:]), dtype=values.dtype)
    out[fits] = values
    return out


def calendar_days(digits: NDArray[np.uint8]) -> tuple[NDArray[np.int32], Mask]:
    """Return the days of YYYYMMDD digits, and which of them are days of the calendar.

    Parameters
    ----------
    digits : ndarray of uint8
        Shape (cells, 8), values 0 to 9.

    Returns
    -------
    days : ndarray of int32
        Days since 1970-01-01, shape (cells,).
    real : ndarray of bool
        Shape (cells,).
    """
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


def text_where(array: Any, fits: Mask) -> Any:
    """Return ASCII cells as strings, null where they do not fit.

    Parameters
    ----------
    array : pyarrow.Array of binary or string
        The cells, shape (rows,).
    fits : ndarray of bool
        Shape (rows,).

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,), on the same memory.
    """
    _, offsets, data = array.buffers()
    bits = validity(np.concatenate([np.ones(array.offset, dtype=np.bool_), fits]))
    return pa.Array.from_buffers(pa.string(), len(array), [bits, offsets, data], offset=array.offset)


def validity(fits: Mask) -> Any:
    """Return the validity bitmap of a column.

    Parameters
    ----------
    fits : ndarray of bool
        Rows with a value, shape (rows,).

    Returns
    -------
    pyarrow.Buffer or None
        None where every value is there.
    """
    return None if fits.all() else pa.py_buffer(np.packbits(fits, bitorder="little"))
