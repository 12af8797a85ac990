"""The order of a key: numbers ascending, texts by their UTF-8 bytes, whatever the locale."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = ["key_order"]

LONGEST: Final = 32
"""Bytes of a text up to which words of 8 bytes are sorted, twice as fast as Arrow sorts texts."""


def key_order(array: Any) -> NDArray[np.int64]:
    """Order of the rows by a key.

    Parameters
    ----------
    array : pyarrow.Array
        Shape (rows,): numbers, times or texts, none missing.

    Returns
    -------
    ndarray of int64
        Shape (rows,): places in rising order; equal ones as they come.

    Examples
    --------
    >>> key_order(pa.array(["標", "b", "ab", "a"])).tolist()
    [3, 2, 1, 0]
    """
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        words = _words(array.cast(pa.large_string()))
        if words is not None:
            return np.lexsort(words[::-1]).astype(np.int64)
    return np.asarray(pc.sort_indices(array).to_numpy(), dtype=np.int64)


def _words(text: Any) -> list[NDArray[np.uint64]] | None:
    """Texts as columns of big-endian words, short ones filled with 0; None where they are long or have 0s."""
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    lengths = np.diff(offsets)
    longest = int(lengths.max(initial=0))
    if not 0 < longest <= LONGEST:
        return None
    letters = np.frombuffer(text.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    if not letters.all():
        return None
    table = np.zeros((len(text), -(-longest // 8) * 8), dtype=np.uint8)
    table[np.arange(table.shape[1]) < lengths[:, None]] = letters  # row by row, as the letters lie
    return list(table.view(">u8").astype(np.uint64).T)
