"""What every format becomes: binary columns under the names of the layout, and the rows that did not fit."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.encodings import forbidden
from sampling.layout import RegisterLayout
from sampling.limits import limits

__all__ = ["ParsedFile", "check_headers", "check_lengths", "no_rows"]


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file's columns as they stand in it.

    Parameters
    ----------
    table : pyarrow.Table
        Binary columns under the column names of the layout, no nulls.
    misfits : tuple of int
        Row numbers (1 = first data row, ascending) of rows that could not be cut into cells; they are not in
        `table`.
    encoding : str
        Encoding of the cells.
    sha256 : str
        Digest of the file.
    misfit_codes : tuple of str
        Why, one for each of `misfits`: ``column_count``, ``record_length``, ``cut_character``,
        ``undecodable``, ``formula``, ``cell_error`` or ``rounded_number``.
    misfit_lines : tuple of bytes
        Of a workbook, those rows in the columns of the layout, for the encrypted file of staff. Of other
        files nothing is kept: a line that cannot be cut may hold columns that nobody approved.
    ignored : int
        Columns of the file that were not read (0 for fixed width).
    """

    table: Any = field(repr=False)
    misfits: tuple[int, ...]
    encoding: str
    sha256: str
    misfit_codes: tuple[str, ...] = ()
    misfit_lines: tuple[bytes, ...] = field(default=(), repr=False)
    ignored: int = 0

    @property
    def rows(self) -> int:
        """Data rows of the file, the misfits among them."""
        return int(self.table.num_rows) + len(self.misfits)

    def row_numbers(self, positions: NDArray[np.int64]) -> list[int]:
        """Return row numbers of the file (1 = first data row) of positions in the table.

        Parameters
        ----------
        positions : ndarray of int64
            Places in `table`.

        Returns
        -------
        list of int
            Row numbers.
        """
        if not self.misfits:
            return [int(position) + 1 for position in positions]
        kept = np.setdiff1d(np.arange(1, self.rows + 1), np.array(self.misfits))
        return [int(number) for number in kept[positions]]


def check_headers(headers: list[str], rules: RegisterLayout, path: Path) -> None:
    """Refuse a file with the wrong headers.

    Parameters
    ----------
    headers : list of str
        All headers of the file.
    rules : RegisterLayout
        Names the columns that must be there.
    path : pathlib.Path
        The file.

    Raises
    ------
    InputError
        A forbidden column, two columns of one name, or a column of the layout that is not there. Headers of
        the file are never shown: in a file without a header line they are somebody's data.
    """
    if any(forbidden(header) for header in headers):
        raise InputError(
            "SAM-COLUMN-FORBIDDEN",
            _("The file has a column that no survey may read (an individual number or a bank account)."),
            hint=_("Ask for an extract without it, and wipe this file."),
            file=path.name,
        )
    missing = [column for column in rules.columns if column not in headers]
    if missing:
        text = _("The file lacks a column of the layout.")
        if len(missing) == len(rules.columns):
            text = _(
                "The first line names no column of the layout: a header line is missing, or the delimiter "
                "is another one."
            )
        raise InputError(
            "SAM-COLUMN-MISSING",
            text,
            hint=_("Check that it is the right file, or give the layout of this ward (--layout)."),
            file=path.name,
            column=missing[0],
        )
    if len(set(headers)) < len(headers):
        raise InputError(
            "SAM-COLUMN-DOUBLE",
            _("Two columns of the file have the same header."),
            hint=_("Ask for an extract with one column of each name."),
            file=path.name,
        )


def check_lengths(table: Any, path: Path) -> None:
    """Refuse a file with a cell that no register holds.

    Parameters
    ----------
    table : pyarrow.Table
        Binary columns.
    path : pathlib.Path
        The file.

    Raises
    ------
    InputError
        A cell is longer than ``registers.max_field_bytes``; its row and column are named.
    """
    longest = limits().max_field_bytes
    for name in table.column_names:
        lengths = pc.binary_length(table[name])
        if (pc.max(lengths).as_py() or 0) > longest:
            raise InputError(
                "SAM-FILE-FIELD",
                _("A cell is longer than {bytes:,} bytes.").format(bytes=longest),
                hint=_("The file is probably broken: ask for the extract again."),
                file=path.name,
                row=int(np.flatnonzero(np.asarray(lengths) > longest)[0]) + 1,
                column=name,
            )


def no_rows(path: Path) -> InputError:
    """Make the refusal of a file without data rows.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    InputError
        To be raised.
    """
    return InputError(
        "SAM-FILE-EMPTY",
        _("The file has no data rows."),
        hint=_("Ask for the extract again."),
        file=path.name,
    )
