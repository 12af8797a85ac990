"""Columns of names and addresses: checked when they are read, turned into text only when they are needed."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sampling.decoding import to_text
from sampling.digits import byte_lengths
from sampling.encodings import codec_name
from sampling.layout import Field
from sampling.normalise import BIDI, C1_CONTROLS, clean_text
from sampling.typed import Failure, Rows, TypedColumn

__all__ = ["check_text"]

ALLOWED_CONTROLS: Final = (ord("\t"), ord("\n"), ord("\r"))
"""Control characters that a cell may hold: they count as blanks."""
DELETE: Final = 0x7F
BLANK_BYTES: Final = (*ALLOWED_CONTROLS, ord(" "))
WIDE_BEGINNINGS: Final = {"cp932": (*BLANK_BYTES, 0x81, 0xA0), "ascii": BLANK_BYTES}
UTF8_BEGINNINGS: Final = (*BLANK_BYTES, 0xC2, 0xCD, 0xD8, 0xE1, 0xE2, 0xE3, 0xEF, 0xF3)
"""First bytes of blanks and of invisible characters: only cells that begin so are looked at."""


def check_text(column: Any, field: Field, encoding: str) -> TypedColumn:
    """Leave the cells as they are, in the pieces they came in; look for what no name may hold.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or pyarrow.Array of binary
        The cells as they stand in the file, shape (rows,), no nulls.
    field : Field
        What the column is.
    encoding : str
        Encoding of the cells.

    Returns
    -------
    TypedColumn
        The same cells; failures ``missing``, ``control_character``, ``bidi_control``.
    """
    pieces = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    failures: list[Failure] = []
    start = 0
    for piece in pieces:
        failures += [Failure(f.rows + start, f.code) for f in _text_failures(piece, field, encoding)]
        start += len(piece)
    joined = [
        Failure(np.unique(np.concatenate([f.rows for f in failures if f.code == code])), code)
        for code in dict.fromkeys(f.code for f in failures)
    ]
    return TypedColumn(column, tuple(joined))


def _text_failures(cells: Any, field: Field, encoding: str) -> list[Failure]:
    found = []
    if field.required:
        found.append(Failure(_blank(cells, encoding), "missing"))
    found.append(Failure(_controls(cells), "control_character"))
    if codec_name(encoding) not in ("cp932", "ascii"):  # these have no such characters
        texts = cells.cast(pa.string())
        found.append(Failure(_matching(texts, BIDI), "bidi_control"))
        found.append(Failure(_matching(texts, C1_CONTROLS), "control_character"))
    return [failure for failure in found if len(failure.rows)]


def _matching(texts: Any, pattern: str) -> Rows:
    return np.flatnonzero(np.asarray(pc.match_substring_regex(texts, pattern=pattern)))


def _blank(cells: Any, encoding: str) -> Rows:
    """Return the cells that hold nothing to read: empty, or blanks and invisible characters alone."""
    empty = byte_lengths(cells) == 0
    first = np.full(len(cells), ord(" "), dtype=np.uint8)
    offsets, data = _bytes(cells)
    first[~empty] = data[offsets[:-1][~empty]]
    begins = WIDE_BEGINNINGS.get(codec_name(encoding), UTF8_BEGINNINGS)
    rows = np.flatnonzero(empty | np.isin(first, begins))
    if not len(rows):
        return rows
    texts = to_text(cells.take(pa.array(rows)), encoding)
    blank: Rows = rows[np.asarray(pc.equal(clean_text(texts), ""))]
    return blank


def _controls(cells: Any) -> Rows:
    """Return the cells with a control character that is no blank."""
    offsets, data = _bytes(cells)
    places = np.flatnonzero((data < ord(" ")) | (data == DELETE))
    places = places[~np.isin(data[places], ALLOWED_CONTROLS)]
    if not len(places):
        return places
    return np.unique(np.searchsorted(offsets, places, side="right") - 1)


def _bytes(cells: Any) -> tuple[Rows, Any]:
    """Return where each cell begins (and the last ends), and the bytes of all."""
    offsets = np.frombuffer(cells.buffers()[1], dtype=np.int32)[cells.offset : cells.offset + len(cells) + 1]
    data = np.frombuffer(cells.buffers()[2] or b"", dtype=np.uint8)[offsets[0] : offsets[-1]]
    return (offsets - offsets[0]).astype(np.int64), data
