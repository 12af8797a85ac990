"""Stratified simple random samples straight from a Parquet file, which is read once and never held."""

from collections.abc import Mapping
from os import PathLike
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from custody.errors import SamplingError
from custody.messages import gettext as _

from .inputs import check_n

__all__ = ["stratified_srs_file"]

ROWS: Final = 1 << 17
"""Rows read together (a few MB)."""
BLOCK: Final = 1 << 14
"""Rows looked at together: numbers that stay in the processor's cache."""


def stratified_srs_file(
    path: str | PathLike[str],
    stratum: str,
    sizes: Mapping[Any, int],
    *,
    rng: np.random.Generator,
    rows: int = ROWS,
) -> NDArray[np.int64]:
    """Draw a simple random sample without replacement in each stratum of a Parquet file.

    Parameters
    ----------
    path : str or path
        Parquet file; only the column of strata is read.
    stratum : str
        Name of that column: text or whole numbers, none missing.
    sizes : mapping
        Sample size of each stratum, by the value in the column; 0 where none is drawn.
    rng : numpy.random.Generator
        Source of randomness.
    rows : int, default 131,072
        Rows read together; the sample does not depend on it, nor on the file's row groups.

    Returns
    -------
    ndarray of int64
        Shape (sum n,): rising row numbers, the first row is 0.

    Raises
    ------
    SamplingError
        No such column, a missing stratum or one without a sample size, or a stratum with fewer rows than its
        sample size.

    Notes
    -----
    Row k gets the k-th number of the generator, and each stratum keeps the rows of its n smallest numbers.
    What is kept is the sum of the sample sizes and the candidates of some batches, however long the file is.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> table = pa.table({"area": ["a", "b", "a", "b"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "frame.parquet"
    ...     pq.write_table(table, file)
    ...     stratified_srs_file(file, "area", {"a": 2, "b": 0}, rng=np.random.default_rng(1)).tolist()
    [0, 2]
    """
    wanted = np.array([check_n(n) for n in sizes.values()], dtype=np.int64)
    places = {value: place for place, value in enumerate(sizes)}
    kept, first = _Kept(wanted), 0
    if stratum not in pq.read_schema(path).names:
        raise SamplingError(
            "SAM-METHOD-COLUMN",
            _("The file has no column of strata with this name."),
            hint=_("Give the name of the column as it stands in the file."),
        )
    with pq.ParquetFile(path, read_dictionary=[stratum]) as file:
        for batch in file.iter_batches(rows, columns=[stratum], use_threads=False):
            codes = _codes(batch.column(0), places)
            for start in range(0, len(codes), BLOCK):
                part = codes[start : start + BLOCK]
                kept.look(first + start, part, rng.random(len(part)))
            first += len(codes)
    return kept.drawn()


def _codes(column: Any, places: Mapping[Any, int]) -> NDArray[np.int32]:
    """Place of each row's stratum among the sample sizes, shape (rows,)."""
    if not isinstance(column, pa.DictionaryArray):
        column = pc.dictionary_encode(column)
    codes = np.array([places.get(value, -1) for value in column.dictionary.to_pylist()], dtype=np.int32)
    rows = (
        np.zeros(0, np.int32) if column.null_count else np.from_dlpack(column.indices)
    )  # to_numpy loads pandas
    if column.null_count or (codes.min(initial=0) < 0 and codes[rows].min(initial=0) < 0):
        raise SamplingError(
            "SAM-METHOD-STRATUM",
            _("Each stratum must have a sample size, and no row may be without a stratum."),
            hint=_("Give one sample size for each stratum, 0 where none is drawn."),
        )
    return np.asarray(rows if np.array_equal(codes, np.arange(len(codes))) else codes[rows], dtype=np.int32)


class _Kept:
    """The rows of the smallest numbers of each stratum so far."""

    __slots__ = ("_codes", "_limit", "_numbers", "_rows", "_small", "_wanted")

    def __init__(self, wanted: NDArray[np.int64]) -> None:
        self._wanted = wanted
        self._small = np.int16 if len(wanted) < 2**15 else np.int32  # 16 bits are sorted by counting
        self._limit = np.where(wanted > 0, 1.0, 0.0)  # only numbers below this can still be among them
        self._codes = [np.zeros(0, dtype=np.int32)]
        self._numbers, self._rows = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]

    def look(self, first: int, codes: NDArray[np.int32], numbers: NDArray[np.float64]) -> None:
        """Take the candidates of some rows; once there are twice as many as wanted, sift them."""
        near = np.flatnonzero(numbers < self._limit.max(initial=0.0))
        near = near[numbers[near] < self._limit[codes[near]]]
        self._codes.append(codes[near])
        self._numbers.append(numbers[near])
        self._rows.append(near + first)
        if sum(map(len, self._rows)) > 2 * int(self._wanted.sum()):
            self._sift()

    def _sift(self) -> None:
        """Keep the smallest numbers of each stratum."""
        codes, numbers = np.concatenate(self._codes), np.concatenate(self._numbers)
        rows = np.concatenate(self._rows)
        order = np.argsort(numbers)
        order = order[np.argsort(codes[order].astype(self._small), kind="stable")]
        codes = codes[order]
        counts = np.bincount(codes, minlength=len(self._wanted))
        rank = np.arange(len(order)) - (np.cumsum(counts) - counts)[codes]
        order = order[rank < self._wanted[codes]]
        full = (counts >= self._wanted) & (self._wanted > 0)
        last = np.cumsum(np.minimum(counts, self._wanted)) - 1
        self._codes, self._numbers, self._rows = (
            [codes[rank < self._wanted[codes]]],
            [numbers[order]],
            [rows[order]],
        )
        self._limit[full] = self._numbers[0][last[full]]

    def drawn(self) -> NDArray[np.int64]:
        """Return the rows kept in the end, rising; refuse a stratum that has too few."""
        self._sift()
        for n, count in zip(
            self._wanted, np.bincount(self._codes[0], minlength=len(self._wanted)), strict=True
        ):
            check_n(int(n), int(count) if count < n else None)
        return np.sort(self._rows[0])
