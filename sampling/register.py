"""A register after reading: accepted rows, counts, and what was set aside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.canonical import FIELDS, FieldType, RegisterKind
from sampling.decoding import to_text
from sampling.normalise import clean_kana, clean_text, count_notes
from sampling.views import html_table

__all__ = ["COLUMN_TYPES", "Register", "counts_table"]

COLUMN_TYPES: Final[Mapping[FieldType, Any]] = {
    "number": pa.string(),
    "postal": pa.string(),
    "date": pa.date32(),
    "code": pa.dictionary(pa.int32(), pa.string()),
    "text": pa.binary(),
    "kana": pa.binary(),
}
"""What a column of each field type holds in `Register.table`."""


@dataclass(frozen=True, slots=True)
class Register:
    """One register after reading.

    Parameters
    ----------
    kind : {"residents", "certifications", "qualifications"}
        Which register.
    layout, encoding, sha256 : str
        Name of the layout, encoding of the text columns, digest of the file's bytes (lower-case hex).
    read : int
        Data rows in the file.
    columns : tuple of str
        Headers of the columns that were read.
    ignored : int
        Number of columns that were not read.
    table : pyarrow.Table
        The accepted rows with every column of `FIELDS` (all null where the layout has none), and after
        ``birth_date``, the first possible day, ``birth_latest``, the last. Texts and readings are bytes of
        the file: `text` reads them. Not shown by ``repr``.
    quarantine : pandas.DataFrame
        Columns row (1 = first data row), column (header), code; one row for each failure.
    quarantined : int
        Rows that failed (a row may fail for several reasons).
    unclear : pyarrow.Array
        Resident numbers of failed rows (for certifications: persons who may be certified), each once.
    unclear_insured : pyarrow.Array
        Insured numbers of failed rows whose resident number is not known, each once.
    unattributed : int
        Failed rows with neither number.
    repairs : pandas.DataFrame
        Columns column, code, cells: numbers that were repaired because that was confirmed.
    forms : pandas.DataFrame
        The same columns: cells that were not in the plain form and were read all the same.
    headers : mapping of str to str
        Our name → header, for the columns that were read.
    failed_values : pandas.DataFrame
        Column row, then the cells of failed rows as they stood: only for the encrypted file of staff.
    """

    kind: RegisterKind
    layout: str
    encoding: str
    sha256: str
    read: int
    columns: tuple[str, ...]
    ignored: int
    table: Any = field(repr=False)
    quarantine: pd.DataFrame = field(repr=False)
    quarantined: int
    unclear: Any = field(repr=False)
    unclear_insured: Any = field(repr=False)
    unattributed: int
    repairs: pd.DataFrame = field(repr=False)
    forms: pd.DataFrame = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    failed_values: pd.DataFrame = field(repr=False)

    @property
    def accepted(self) -> int:
        """Rows that passed every check."""
        return int(self.table.num_rows)

    def text(self, name: str, positions: NDArray[np.integer[Any]] | None = None) -> Any:
        """Read names, readings or addresses.

        Parameters
        ----------
        name : str
            A column of texts or readings.
        positions : ndarray of int, optional
            Rows of `table`. Default: all.

        Returns
        -------
        pyarrow.Array of string
            Shape (rows,), written in one way (`clean_text`, `clean_kana`); empty where there is none.
        """
        plain = self._plain(name, positions)
        return clean_kana(plain) if FIELDS[self.kind][name] == "kana" else clean_text(plain)

    def _plain(self, name: str, positions: NDArray[np.integer[Any]] | None = None) -> Any:
        """Return cells as they stand in the file, as text."""
        cells = self.table[name]
        if positions is not None:
            cells = cells.take(pa.array(positions))
        cells = cells.combine_chunks()
        if isinstance(cells, pa.ChunkedArray):
            cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], pa.binary())
        filled = pc.fill_null(cells, b"")
        return (
            filled.cast(pa.string())
            if self.encoding in ("utf-8", "ascii")
            else to_text(filled, self.encoding)
        )

    @property
    def normalised(self) -> pd.DataFrame:
        """Cells that are written in one way, and cells with characters that a font may lack.

        Returns
        -------
        pandas.DataFrame
            Columns column (header), code, cells. Codes of texts: ``blanks``, ``invisible``,
            ``halfwidth_kana``, and, kept as they are, ``gaiji`` (private use) and ``ivs``. Every text is read
            for it.
        """
        found = [
            (self.headers[name], code, cells)
            for name, kind in FIELDS[self.kind].items()
            if kind in ("text", "kana") and name in self.headers
            for code, cells in count_notes(self._plain(name)).items()
        ]
        return pd.concat([self.forms, counts_table(found)], ignore_index=True)

    def tidy(self) -> pd.DataFrame:
        """Return what was read, as counts.

        Returns
        -------
        pandas.DataFrame
            Columns register, read, accepted, quarantined, columns_read, columns_ignored; one row.
        """
        return pd.DataFrame(
            {
                "register": [self.kind],
                "read": [self.read],
                "accepted": [self.accepted],
                "quarantined": [self.quarantined],
                "columns_read": [len(self.columns)],
                "columns_ignored": [self.ignored],
            }
        )

    def __repr__(self) -> str:
        counts = f"read {self.read:,}, accepted {self.accepted:,}, quarantined {self.quarantined:,}"
        return f"<Register {self.kind} ({self.layout}): {counts}>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-register")


def counts_table(found: list[tuple[str, str, int]]) -> pd.DataFrame:
    """Make a table of cells by column and code.

    Parameters
    ----------
    found : list of tuple
        Header, code, cells.

    Returns
    -------
    pandas.DataFrame
        Columns column, code, cells.

    Examples
    --------
    >>> counts_table([("氏名", "gaiji", 2)]).to_dict("records")
    [{'column': '氏名', 'code': 'gaiji', 'cells': 2}]
    """
    return pd.DataFrame(
        {
            "column": pd.array([column for column, _code, _cells in found], dtype="str"),
            "code": pd.array([code for _column, code, _cells in found], dtype="str"),
            "cells": np.array([cells for _column, _code, cells in found], dtype=np.int64),
        }
    )
