"""Delimited text (CSV, tab, semicolon): pieces of whole lines, checked and parsed side by side.

While one piece is decoded and digested, pyarrow parses the one before. pyarrow sees memory only and never
calls back into Python from its own threads.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.decoding import CheckedStream, read_header, unreadable
from sampling.layout import RegisterLayout
from sampling.limits import limits
from sampling.parsed import ParsedFile, check_headers, no_rows

__all__ = ["parse_delimited"]

PARSE_BYTES: Final = 1 << 22
"""What pyarrow gives to one thread at a time; no row is longer."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is parsed: all columns of the file by name, those that are read, lines before the data."""

    path: Path
    encoding: str
    delimiter: str
    names: list[str]
    read: list[str]
    skipped: int


@dataclass(frozen=True, slots=True)
class _Notes:
    """Rows with too many or few columns."""

    rows: list[int] = field(default_factory=list)


def parse_delimited(path: Path, rules: RegisterLayout, encoding: str) -> ParsedFile:
    """Parse the columns of a layout.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    rules : RegisterLayout
        Names the columns to parse, by header or by number.
    encoding : str
        Encoding of the file.

    Returns
    -------
    ParsedFile
        One row for each line after the header.

    Raises
    ------
    InputError
        A wrong header, a byte that the encoding does not allow, a file that is not one row a line, no rows,
        or a line that is too long.
    """
    plan = _plan(path, rules, encoding)
    notes = _Notes()
    try:
        table, stream = _parse(plan, None)
    except pa.ArrowInvalid:  # a row with too many or few columns, or worse: once more, taking notes
        try:
            table, stream = _parse(plan, notes)
        except pa.ArrowInvalid:
            raise unreadable(path) from None
    lines = stream.lines + stream.open_line - plan.skipped
    if table.num_rows + len(notes.rows) != lines:
        raise unreadable(path)
    if not lines:
        raise no_rows(path)
    table = table.rename_columns(list(rules.columns))
    if rules.header:
        _check_header_rows(table, stream.table_encoding, path)
    return ParsedFile(
        table=table,
        misfits=tuple(notes.rows),
        encoding=stream.table_encoding,
        sha256=stream.sha256,
        misfit_codes=("column_count",) * len(notes.rows),
        ignored=len(plan.names) - len(plan.read),
    )


def _plan(path: Path, rules: RegisterLayout, encoding: str) -> _Plan:
    cells = read_header(path, encoding, rules.delimiter)
    if rules.header:
        check_headers(cells, rules, path)
        return _Plan(path, encoding, rules.delimiter, cells, list(rules.columns), 1)
    names = [str(number) for number in range(1, len(cells) + 1)]
    for rule in rules.fields:
        if (rule.position or 0) > len(names):
            raise InputError(
                "SAM-COLUMN-MISSING",
                _("The file has {count} columns; the layout asks for more.").format(count=len(names)),
                hint=_("Check that it is the right file, or give the layout of this ward (--layout)."),
                file=path.name,
                column=rule.column,
            )
    return _Plan(path, encoding, rules.delimiter, names, [str(rule.position) for rule in rules.fields], 0)


def _parse(plan: _Plan, notes: _Notes | None) -> tuple[Any, CheckedStream]:
    """Check and parse piece by piece; where `notes` are given, rows that do not fit are noted in them.

    pyarrow shows such rows as UTF-8 text and numbers them in one thread only, so both are arranged for then.
    """
    convert = pv.ConvertOptions(
        column_types={column: pa.binary() for column in plan.read},
        include_columns=plan.read,
        strings_can_be_null=False,
    )

    def parse(piece: bytes, before: int) -> Any:
        if notes is not None:
            _check_line_lengths(piece, before - plan.skipped, plan.path)
        return pv.read_csv(
            pa.BufferReader(piece),
            read_options=pv.ReadOptions(
                column_names=plan.names,
                skip_rows=plan.skipped if before == 0 else 0,
                block_size=PARSE_BYTES,
                use_threads=notes is None,
            ),
            parse_options=pv.ParseOptions(
                delimiter=plan.delimiter,
                ignore_empty_lines=False,
                invalid_row_handler=None if notes is None else _note(notes, before, plan.skipped),
            ),
            convert_options=convert,
        )

    tables: list[Future[Any]] = []
    with ThreadPoolExecutor(max_workers=1) as worker:
        before = 0
        with CheckedStream(plan.path, plan.encoding, to_utf8=notes is not None, worker=worker) as stream:
            for piece in _pieces(stream, plan):
                tables.append(worker.submit(parse, piece, before))
                before = stream.lines  # what is left over has no line end
                if len(tables) > 1:
                    tables[-2].result()  # never more than two pieces in memory
    return pa.concat_tables([table.result() for table in tables]), stream


def _note(notes: _Notes, before: int, skipped: int) -> Callable[[Any], str]:
    """Return what pyarrow calls for a row that does not fit, `before` lines of the file into it."""

    def note(row: Any) -> str:
        notes.rows.append(before + row.number - skipped)
        return "skip"

    return note


def _pieces(stream: CheckedStream, plan: _Plan) -> Iterator[bytes]:
    """Cut the checked bytes into pieces of whole lines."""
    rest = b""
    while block := stream.read(limits().block_bytes):
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join((rest, memoryview(block)[:end]))
            rest = block[end:]
        else:
            rest += block
        if len(rest) > PARSE_BYTES:
            raise _too_long(stream.lines + 1 - plan.skipped, plan.path)
    if rest:
        yield rest


def _check_line_lengths(piece: bytes, before: int, path: Path) -> None:
    ends = np.flatnonzero(np.frombuffer(piece, dtype=np.uint8) == ord("\n"))
    lengths = np.diff(ends, prepend=-1, append=len(piece))
    if lengths.max() > PARSE_BYTES:
        raise _too_long(before + int(lengths.argmax()) + 1, path)


def _check_header_rows(table: Any, encoding: str, path: Path) -> None:
    """Refuse a file whose header line stands again among its rows: two extracts were joined."""
    column = table.column_names[0]
    again = pc.index(table[column], pa.scalar(column.encode(encoding), type=pa.binary())).as_py()
    if again >= 0:
        raise InputError(
            "SAM-FILE-HEADER",
            _("The header line stands again among the rows: the file was put together from several."),
            hint=_("Ask for one extract; nothing of this file is used."),
            file=path.name,
            row=again + 1,
        )


def _too_long(row: int, path: Path) -> InputError:
    return InputError(
        "SAM-FILE-FIELD",
        _("A line is longer than {bytes:,} bytes.").format(bytes=PARSE_BYTES),
        hint=_("A quote is left open or a line end is lost: ask for the extract again."),
        file=path.name,
        row=max(row, 1),
    )
