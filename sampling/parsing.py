"""From the bytes of a register to binary columns: pieces of whole lines, checked and parsed side by side.

While one piece is decoded and digested, pyarrow parses the one before. pyarrow sees memory only and never
calls back into Python from its own threads.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
from numpy.typing import NDArray

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.decoding import CheckedStream
from sampling.layout import RegisterLayout
from sampling.limits import limits

__all__ = ["ParsedFile", "parse_file"]

PARSE_BYTES: Final = 1 << 22
"""What pyarrow gives to one thread at a time; no row is longer."""


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file's columns as they stand in it.

    Parameters
    ----------
    table : pyarrow.Table
        Binary columns under their headers.
    misfits : tuple of int
        Row numbers (1 = first data row) of rows with too many or few columns; they are not in `table`.
    encoding : str
        Encoding of the cells.
    sha256 : str
        Digest of the file.
    """

    table: Any
    misfits: tuple[int, ...]
    encoding: str
    sha256: str

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
        total = self.table.num_rows + len(self.misfits)
        kept = np.setdiff1d(np.arange(1, total + 1), np.array(self.misfits))
        return [int(number) for number in kept[positions]]


def parse_file(path: Path, headers: list[str], rules: RegisterLayout, encoding: str) -> ParsedFile:
    """Parse the columns of a layout.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    headers : list of str
        All its headers in their order.
    rules : RegisterLayout
        Names the columns to parse.
    encoding : str
        Encoding of the file.

    Returns
    -------
    ParsedFile
        One row for each line after the header.

    Raises
    ------
    InputError
        A byte that the encoding does not allow, a file that is not one row a line, no rows, or a cell that is
        too long.
    """
    misfits: list[int] = []
    try:
        table, stream = _parse(path, headers, rules, encoding, None)
    except pa.ArrowInvalid:  # a row with too many or few columns, or worse: once more, taking notes
        try:
            table, stream = _parse(path, headers, rules, encoding, misfits)
        except pa.ArrowInvalid:
            raise _unreadable(path) from None
    lines = stream.lines + stream.open_line - 1
    if table.num_rows + len(misfits) != lines:
        raise _unreadable(path)
    if not lines:
        raise InputError(
            "SAM-FILE-EMPTY",
            _("The file has no data rows."),
            hint=_("Ask for the extract again."),
            file=path.name,
        )
    _check_lengths(table, path)
    return ParsedFile(table, tuple(misfits), stream.table_encoding, stream.sha256)


def _parse(
    path: Path, headers: list[str], rules: RegisterLayout, encoding: str, misfits: list[int] | None
) -> tuple[Any, CheckedStream]:
    """Check and parse piece by piece; where `misfits` is given, rows that do not fit are noted in it.

    pyarrow shows such rows as UTF-8 text and numbers them in one thread only, so both are arranged for then.
    """
    convert = pv.ConvertOptions(
        column_types={column: pa.binary() for column in rules.columns},
        include_columns=list(rules.columns),
        strings_can_be_null=False,
    )

    def parse(piece: bytes, before: int) -> Any:
        first = before == 0
        return pv.read_csv(
            pa.BufferReader(piece),
            read_options=pv.ReadOptions(
                column_names=headers,
                skip_rows=int(first),
                block_size=PARSE_BYTES,
                use_threads=misfits is None,
            ),
            parse_options=pv.ParseOptions(
                ignore_empty_lines=False,
                invalid_row_handler=None if misfits is None else _note(misfits, before),
            ),
            convert_options=convert,
        )

    tables: list[Future[Any]] = []
    with ThreadPoolExecutor(max_workers=1) as worker:
        before = 0
        with CheckedStream(path, encoding, to_utf8=misfits is not None, worker=worker) as stream:
            for piece in _pieces(stream, path):
                tables.append(worker.submit(parse, piece, before))
                before = stream.lines  # what is left over has no line end
                if len(tables) > 1:
                    tables[-2].result()  # never more than two pieces in memory
    return pa.concat_tables([table.result() for table in tables]), stream


def _note(misfits: list[int], before: int) -> Callable[[Any], str]:
    """Return what pyarrow calls for a row that does not fit, `before` lines of the file into it."""

    def note(row: Any) -> str:
        misfits.append(before + row.number - 1)
        return "skip"

    return note


def _pieces(stream: CheckedStream, path: Path) -> Iterator[bytes]:
    """Cut the checked bytes into pieces of whole lines."""
    rest = b""
    while block := stream.read(limits().block_bytes):
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((rest, memoryview(block)[:end]))
            rest = block[end:]
        else:
            rest += block
        if len(rest) > limits().block_bytes:
            raise _unreadable(path)
    if rest:
        yield rest


def _unreadable(path: Path) -> InputError:
    return InputError(
        "SAM-FILE-ROWS",
        _("The file is not one row a line: a quote is left open, or a line end is lost."),
        hint=_("Ask for the extract again; nothing of this file is used."),
        file=path.name,
    )


def _check_lengths(table: Any, path: Path) -> None:
    longest = limits().max_field_bytes
    for name in table.column_names:
        start = 0
        for chunk in table[name].chunks:
            long = np.flatnonzero(np.diff(np.frombuffer(chunk.buffers()[1], dtype=np.int32)) > longest)
            if len(long):
                raise InputError(
                    "SAM-FILE-FIELD",
                    _("A cell is longer than {bytes:,} bytes.").format(bytes=longest),
                    hint=_("The file is probably broken: ask for the extract again."),
                    file=path.name,
                    row=start + int(long[0]) + 1,
                    column=name,
                )
            start += len(chunk)
