"""Tables in and out: columns of a pandas, Arrow or Polars table as arrays, and rows of it as a new one."""

import hashlib
import importlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import InputError, SamplingError
from custody.messages import gettext as _
from sampling.method_design.ordering import key_order

__all__ = ["Levels", "Source", "as_levels", "as_numbers", "column_digest", "open_source"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
SHOWN: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A column as numbers of its values.

    Parameters
    ----------
    codes : ndarray of int64
        Shape (rows,): place of each row's value among `values`.
    values : pyarrow.Array
        Shape (levels,): the values that occur, ascending (texts by their UTF-8 bytes, whatever the locale).
    """

    codes: Ints
    values: Any


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A table as the caller holds it.

    Parameters
    ----------
    table : pandas.DataFrame or pyarrow.Table
        The rows.
    kind : {"pandas", "arrow", "polars"}
        What the caller gave, and gets.
    given : pandas.DataFrame, pyarrow.Table or polars.DataFrame
        The same as the caller gave it.
    walk : ndarray of int64, optional
        Shape (rows,): order in which a draw walks through the rows. None: as they are.
    """

    table: Any
    kind: str
    given: Any
    walk: Ints | None = None

    @property
    def names(self) -> list[str]:
        """Names of its columns."""
        return list(self.table.columns if self.kind == "pandas" else self.table.column_names)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.table)

    def row_number(self, there: NDArray[np.bool_]) -> int:
        """Number in the caller's table of the first row that meets a condition.

        Parameters
        ----------
        there : ndarray of bool
            Shape (rows,): the condition, in the order of the walk; met by one row at least.

        Returns
        -------
        int
            From 1.
        """
        places = np.flatnonzero(there)
        return int((places if self.walk is None else self.walk[places]).min()) + 1

    def column(self, name: str) -> Any:
        """One column without missing values, in the order of the walk.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        pyarrow.Array
            Shape (rows,).

        Raises
        ------
        InputError
            No such column, a missing value, or values of several kinds.
        """
        array = _arrow(self, name)
        if pa.types.is_floating(array.type):
            array = pc.fill_null(array, float("nan"))
            empty = np.isnan(array.to_numpy(zero_copy_only=False))
        else:
            empty = None if array.null_count == 0 else np.asarray(array.is_null())
        if empty is not None and empty.any():
            raise InputError(
                "SAM-MDESIGN-MISSING",
                _("{count:,} rows have no value in a column of the design.").format(count=int(empty.sum())),
                hint=_("Fill them, or leave those rows out of the frame."),
                row=int(np.flatnonzero(empty)[0]) + 1,
                column=name,
            )
        return array if self.walk is None else array.take(pa.array(self.walk))

    def sorted_by(self, key: str) -> "Source":
        """The same, walked through in the order of a key.

        Parameters
        ----------
        key : str
            Column with another value in each row.

        Returns
        -------
        Source

        Raises
        ------
        InputError
            A value that is missing or occurs twice.
        """
        array = self.column(key)
        order = key_order(array)
        ranked = array.take(pa.array(order))
        if len(ranked) > 1 and pc.any(pc.equal(ranked[1:], ranked[:-1])).as_py():
            same = np.flatnonzero(np.asarray(pc.equal(ranked[1:], ranked[:-1])))
            raise InputError(
                "SAM-MDESIGN-KEY",
                _("The key has the same value in several rows."),
                hint=_("Name a column with another value in each row."),
                row=int(order[same[0] + 1]) + 1,
                column=key,
            )
        return Source(self.table, self.kind, self.given, order)

    def take(self, places: Ints, extra: dict[str, Any]) -> Any:
        """Rows of the table with new columns, as the kind of table that the caller gave.

        Parameters
        ----------
        places : ndarray of int64
            Shape (n,): places in the walk.
        extra : dict
            Name → ndarray or pyarrow.Array of shape (n,).

        Returns
        -------
        pandas.DataFrame, pyarrow.Table or polars.DataFrame
            A new table.
        """
        rows = places if self.walk is None else self.walk[places]
        if self.kind == "pandas":
            new = {name: v.to_pandas().array if isinstance(v, pa.Array) else v for name, v in extra.items()}
            drawn = self.table.iloc[rows]
            return pd.concat([drawn, pd.DataFrame(new, index=drawn.index)], axis=1)
        if self.kind == "polars":
            new = importlib.import_module("polars").from_arrow(pa.table(extra))
            return self.given[rows].hstack(new)
        table = self.table
        for place, one in enumerate(table.schema):
            if one.type == pa.string_view():  # Arrow cannot take rows of these
                table = table.set_column(place, one.name, _without_views(table[one.name]))
        taken = table.take(pa.array(rows))
        for name, values in extra.items():
            taken = taken.append_column(name, values if isinstance(values, pa.Array) else pa.array(values))
        return taken


def open_source(frame: Any) -> Source:
    """Take a table as it is.

    Parameters
    ----------
    frame : pandas.DataFrame, pyarrow.Table, polars.DataFrame or any table with ``__arrow_c_stream__``
        The frame.

    Returns
    -------
    Source

    Raises
    ------
    InputError
        Not a table, without rows, or with two columns of one name.
    """
    if isinstance(frame, pd.DataFrame):
        source = Source(frame, "pandas", frame)
    elif hasattr(frame, "__arrow_c_stream__"):
        kind = "polars" if type(frame).__module__.split(".")[0] == "polars" else "arrow"
        source = Source(frame if isinstance(frame, pa.Table) else pa.table(frame), kind, frame)
    else:
        raise InputError(
            "SAM-MDESIGN-TABLE",
            _("The frame must be a pandas DataFrame, an Arrow table or a Polars DataFrame."),
            hint=_("Read the file into a table first."),
        )
    if source.rows == 0 or len(set(source.names)) < len(source.names):
        raise InputError(
            "SAM-MDESIGN-TABLE",
            _("The frame has no rows, or two columns of one name."),
            hint=_("Check the file and the filter."),
        )
    return source


def _arrow(source: Source, name: str) -> Any:
    """One column as one Arrow array, dictionaries decoded."""
    if name not in source.names:
        shown = ", ".join(map(str, source.names[:SHOWN])) + (" …" if len(source.names) > SHOWN else "")
        raise InputError(
            "SAM-MDESIGN-COLUMN",
            _("There is no such column; the table has {names}.").format(names=shown),
            hint=_("Check the spelling."),
            column=name,
        )
    try:
        array = pa.array(source.table[name]) if source.kind == "pandas" else source.table[name]
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        raise InputError(
            "SAM-MDESIGN-TYPE",
            _("The column holds neither numbers nor text."),
            hint=_("Turn its values into numbers or text."),
            column=name,
        ) from None
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_dictionary(array.type):
        return _without_views(array.dictionary).take(array.indices)
    return _without_views(array)


def _without_views(array: Any) -> Any:
    """The same with texts as Arrow computes with: Polars sends views, which many of its functions refuse."""
    return array.cast(pa.large_string()) if array.type == pa.string_view() else array


def as_numbers(array: Any, name: str) -> Floats:
    """A column of numbers.

    Parameters
    ----------
    array : pyarrow.Array
        Without missing values.
    name : str
        Its name.

    Returns
    -------
    ndarray of float64
        Shape (rows,).

    Raises
    ------
    InputError
        Text, dates or infinite values.

    Examples
    --------
    >>> as_numbers(pa.array([1, 2]), "n").tolist()
    [1.0, 2.0]
    """
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    values = array.cast(pa.float64()).to_numpy() if any(is_kind(array.type) for is_kind in kinds) else None
    if values is None or not np.all(np.isfinite(values)):
        raise InputError(
            "SAM-MDESIGN-NUMBERS",
            _("Finite numbers are needed here."),
            hint=_("Convert the column to numbers."),
            column=name,
        )
    return np.asarray(values, dtype=np.float64)


def as_levels(array: Any) -> Levels:
    """Number the values of a column.

    Parameters
    ----------
    array : pyarrow.Array
        Without missing values.

    Returns
    -------
    Levels

    Examples
    --------
    >>> as_levels(pa.array(["b", "a", "b"])).codes.tolist()
    [1, 0, 1]
    """
    encoded = array.dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return Levels(rank[encoded.indices.to_numpy()], encoded.dictionary.take(pa.array(order)))


def column_digest(array: Any) -> str:
    """SHA-256 of a column, the same from whatever table it comes.

    Parameters
    ----------
    array : pyarrow.Array
        Without missing values.

    Returns
    -------
    str
        64 hex digits.

    Notes
    -----
    Over the ASCII word ``int64``, ``float64``, ``time`` or ``text``, a line feed, the number of rows in
    decimals, a line feed, and then: whole and boolean numbers as 8-byte little-endian integers; other numbers
    as 8-byte little-endian IEEE 754 (-0 as 0); days and times as 8-byte little-endian microseconds since
    1970-01-01T00:00 (UTC where the time zone is known); all else as text: the length in bytes of each value
    as 4-byte little-endian integer, then the values' UTF-8 bytes, one after the other.

    Examples
    --------
    >>> column_digest(pa.array([1, 2], pa.int8())) == column_digest(pa.array([1, 2], pa.int64()))
    True
    """
    if pa.types.is_integer(array.type) or pa.types.is_boolean(array.type):
        whole = array.cast(pa.int64()).to_numpy(zero_copy_only=False)
        return _hashed("int64", len(array), whole.astype("<i8", copy=False).tobytes())
    if pa.types.is_floating(array.type) or pa.types.is_decimal(array.type):
        values = array.cast(pa.float64()).to_numpy() + 0.0
        return _hashed("float64", len(array), values.astype("<f8", copy=False).tobytes())
    if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
        zone = getattr(array.type, "tz", None)
        times = array.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64()).to_numpy()
        return _hashed("time", len(array), times.astype("<i8", copy=False).tobytes())
    try:
        text = array.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise SamplingError(
            "SAM-MDESIGN-TYPE",
            _("The column holds neither numbers nor text."),
            hint=_("Turn its values into numbers or text."),
        ) from None
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    data = text.buffers()[2]
    letters = memoryview(data)[int(offsets[0]) : int(offsets[-1])] if data is not None else b""
    return _hashed("text", len(text), np.diff(offsets).astype("<u4").tobytes(), letters)


def _hashed(kind: str, rows: int, *parts: Any) -> str:
    found = hashlib.sha256(f"{kind}\n{rows}\n".encode())
    for part in parts:
        found.update(part)
    return found.hexdigest()
