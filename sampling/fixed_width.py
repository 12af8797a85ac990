"""Fixed-width records, cut by bytes as the vendors of CP932 systems count them: whole blocks at a time.

A field border that falls into the middle of a two-byte character belongs to another layout or to a cell that
was cut too short by its system; such a row goes to quarantine (``cut_character``).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.canonical import FIXED_ENCODINGS
from sampling.decoding import (
    FORBIDDEN_BYTES,
    check_mark,
    control_character,
    undecodable,
    without_end_mark,
)
from sampling.encodings import exact_codec, likely_encoding, mark_of
from sampling.filetypes import check_type, read_start
from sampling.layout import RegisterLayout
from sampling.limits import limits
from sampling.parsed import ParsedFile, no_rows

__all__ = ["parse_fixed"]

LF: Final = ord("\n")
CR: Final = ord("\r")
BLANK: Final = ord(" ")
WIDE_BLANK: Final = "\u3000"
UTF8_MARK_BYTES: Final = 3

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(slots=True)
class _Reader:
    """What has been read so far of one file; `row` is the number of the next record (0: a header line)."""

    path: Path
    rules: RegisterLayout
    encoding: str
    row: int
    sample: bytes
    offset: int
    first_bad: int | None = None
    columns: dict[str, list[Any]] = field(default_factory=dict)
    misfits: dict[int, tuple[str, int]] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Bytes of a record."""
        return self.rules.record_bytes or 0


def parse_fixed(path: Path, rules: RegisterLayout, encoding: str) -> ParsedFile:
    """Cut the fields of a layout out of every record.

    Parameters
    ----------
    path : pathlib.Path
        The file; records end with CRLF or LF, or follow each other without line ends.
    rules : RegisterLayout
        ``record_bytes`` and the bytes of each field.
    encoding : str
        ``cp932``, ``utf-8`` or ``ascii``.

    Returns
    -------
    ParsedFile
        Cells without trailing blanks, ASCII or full width.

    Raises
    ------
    InputError
        Records of another length than the layout says, bytes that the encoding does not allow in more than
        the allowed share of the records, control characters, or no records.
    """
    start = read_start(path)
    check_type(path, start, "fixed")
    check_mark(path, start, encoding)
    encoding = exact_codec(encoding, start)
    if encoding not in FIXED_ENCODINGS:
        text = _("A fixed-width file is cut by bytes: {names}.").format(names=", ".join(FIXED_ENCODINGS))
        raise InputError(
            "SAM-FILE-CODEC", text, hint=_("Ask for it in one of these encodings."), file=path.name
        )
    skipped = UTF8_MARK_BYTES if mark_of(start) else 0
    reader = _Reader(path, rules, encoding, int(not rules.header), start, skipped)
    reader.columns = {name: [] for name in rules.columns}
    digest = hashlib.sha256()
    blocks = _blocks(path, digest, skipped)
    lines = b"\n" in start
    for piece in _line_pieces(blocks, reader) if lines else _record_pieces(blocks, reader):
        flat = np.frombuffer(piece, dtype=np.uint8)
        _read_records(reader, flat, *(_lines(flat) if lines else _records(flat, reader.width)))
        reader.offset += len(piece)
    _check_misfits(reader)
    misfits = tuple(reader.misfits)
    cells = {name: pa.chunked_array(chunks, type=pa.binary()) for name, chunks in reader.columns.items()}
    return ParsedFile(
        table=pa.table(cells),
        misfits=misfits,
        encoding=encoding,
        sha256=digest.hexdigest(),
        misfit_codes=tuple(reader.misfits[row][0] for row in misfits),
    )


def _blocks(path: Path, digest: Any, skipped: int) -> Iterator[bytes]:
    """Read, digest and check for control characters, block by block; leave out a byte order mark."""
    size, done = path.stat().st_size, 0
    with path.open("rb") as stream:
        while block := stream.read(limits().block_bytes):
            digest.update(block)
            text = without_end_mark(block) if done + len(block) == size else block
            for byte in FORBIDDEN_BYTES:
                if byte in text:
                    raise control_character(byte, done + text.index(byte), path.name)
            yield text[skipped:] if done == 0 else text
            done += len(block)


def _line_pieces(blocks: Iterator[bytes], reader: _Reader) -> Iterator[bytes]:
    """Cut the blocks into pieces of whole lines."""
    rest = b""
    for block in blocks:
        whole = rest + block
        end = whole.rfind(b"\n") + 1
        if end:
            yield whole[:end]
        rest = whole[end:]
        if len(rest) > reader.width + limits().max_field_bytes:
            row = max(reader.row, 1)  # all lines before have been cut by now
            raise _refused(reader, _("A record is much longer than the layout says."), row)
    if rest:
        yield rest


def _record_pieces(blocks: Iterator[bytes], reader: _Reader) -> Iterator[bytes]:
    """Cut the blocks into pieces of whole records."""
    rest = b""
    for block in blocks:
        whole = rest + block
        end = len(whole) - len(whole) % reader.width
        if end:
            yield whole[:end]
        rest = whole[end:]
    if rest:
        text = _("The file has no line ends, and its length is not a multiple of {bytes} bytes.")
        raise _refused(reader, text.format(bytes=reader.width))


def _lines(flat: Bytes) -> tuple[Places, Places]:
    """Return where each line of a piece begins, and its length without its end."""
    ends = np.flatnonzero(flat == LF)
    if flat[-1] != LF:
        ends = np.append(ends, len(flat))
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts
    return starts, lengths - ((lengths > 0) & (flat[ends - 1] == CR))


def _records(flat: Bytes, width: int) -> tuple[Places, Places]:
    starts = np.arange(0, len(flat), width)
    return starts, np.full(len(starts), width)


def _read_records(reader: _Reader, flat: Bytes, starts: Places, lengths: Places) -> None:
    """Cut the records of one piece into cells; note those that do not fit."""
    rows = reader.row + np.arange(len(starts))
    reader.row += len(starts)
    if rows[0] == 0:
        rows, starts, lengths = rows[1:], starts[1:], lengths[1:]
    right = lengths == reader.width
    faults = {int(row): "record_length" for row in rows[~right]}
    records = _gather(flat, starts[right], reader.width)
    columns = np.ascontiguousarray(records.T)
    trail, bad = _characters(columns, reader.encoding)
    cut = _cut(trail, reader.rules)
    wrong = _inside(bad, reader.rules) & ~cut
    faults |= {int(row): "cut_character" for row in rows[right][cut]}
    faults |= {int(row): "undecodable" for row in rows[right][wrong]}
    if wrong.any() and reader.first_bad is None:
        first = int(np.flatnonzero(wrong)[0])
        reader.first_bad = reader.offset + int(starts[right][first]) + int(bad[:, first].argmax())
    for row in sorted(faults):
        place = row - int(rows[0])
        reader.misfits[row] = (faults[row], int(lengths[place]))
    if (cut | wrong).any():
        good = ~(cut | wrong)
        records, trail = records[good], trail[:, good]
    for rule in reader.rules.fields:
        span = slice((rule.start or 1) - 1, (rule.start or 1) - 1 + (rule.bytes or 0))
        cells = _cells(records[:, span], trail[span].T, reader.encoding)
        reader.columns[rule.column].append(cells)


def _gather(flat: Bytes, starts: Places, width: int) -> Bytes:
    """Return the records as rows, shape (records, width)."""
    steps = np.diff(starts)
    if len(starts) and (not len(steps) or (steps == steps[0]).all()):
        stride = int(steps[0]) if len(steps) else width
        return np.lib.stride_tricks.as_strided(flat[starts[0] :], (len(starts), width), (stride, 1))
    return np.asarray(flat[starts[:, None] + np.arange(width)])


def _characters(columns: Bytes, encoding: str) -> tuple[Mask, Mask]:
    """Find which bytes continue a character, and which begin none.

    Both are of the shape (width + 1, records): a last row tells of a character that the record's end cuts.
    """
    width, count = columns.shape
    trail = np.zeros((width + 1, count), dtype=np.bool_)
    bad = np.zeros((width + 1, count), dtype=np.bool_)
    if encoding == "cp932":
        lead, single, pair = _cp932_bytes()
        for place in range(width):  # whether a byte continues a character depends on the one before it
            np.logical_and(lead[columns[place]], ~trail[place], out=trail[place + 1])
        bad[:width] = ~trail[:width] & ~trail[1:] & ~single[columns]
        code = (columns[:-1].astype(np.uint16) << 8) | columns[1:]
        bad[: width - 1] |= trail[1:width] & ~pair[code]
    elif encoding == "utf-8":
        trail[:width] = (columns & 0xC0) == 0x80
        bad[0] = ~_decodes(columns.T, encoding)
    else:
        bad[:width] = columns >= 0x80
    return trail, bad


@cache
def _cp932_bytes() -> tuple[Mask, Mask, Mask]:
    """Return which bytes of CP932 begin a pair, stand alone, and which pairs are characters."""
    lead = np.zeros(256, dtype=np.bool_)
    lead[0x81:0xA0] = lead[0xE0:0xFD] = True
    single = np.array([_is_text(bytes([byte])) for byte in range(256)]) & ~lead
    pair = np.zeros(65536, dtype=np.bool_)
    for first in np.flatnonzero(lead):
        pair[first * 256 : first * 256 + 256] = [_is_text(bytes([first, last])) for last in range(256)]
    return lead, single, pair


def _is_text(code: bytes) -> bool:
    try:
        return len(code.decode("cp932")) == 1
    except UnicodeDecodeError:
        return False


def _decodes(records: Bytes, encoding: str) -> Mask:
    """Say which records are text; one look at all of them where none is broken."""
    found = np.ones(len(records), dtype=np.bool_)
    rows = np.ascontiguousarray(records)
    try:
        rows.tobytes().decode(encoding)
    except UnicodeDecodeError:
        for place, row in enumerate(rows):
            try:
                row.tobytes().decode(encoding)
            except UnicodeDecodeError:
                found[place] = False
    return found


def _cut(trail: Mask, rules: RegisterLayout) -> Mask:
    """Say in which records a border of a field that is read cuts a character."""
    borders = {(rule.start or 1) - 1 for rule in rules.fields}
    borders |= {(rule.start or 1) - 1 + (rule.bytes or 0) for rule in rules.fields}
    return np.asarray(trail[sorted(borders)].any(axis=0))


def _inside(bad: Mask, rules: RegisterLayout) -> Mask:
    """Say in which records a field that is read (or the record as a whole) holds a broken character."""
    found = bad[0].copy()
    for rule in rules.fields:
        found |= bad[(rule.start or 1) - 1 : (rule.start or 1) - 1 + (rule.bytes or 0)].any(axis=0)
    return np.asarray(found)


def _cells(cells: Bytes, trail: Mask, encoding: str) -> Any:
    """Return the cells of one field without trailing blanks, ASCII or full width."""
    count, width = cells.shape
    padding = _padding(cells, trail, encoding)
    lengths = width - (~padding[:, ::-1]).argmax(axis=1)
    lengths[padding.all(axis=1)] = 0
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    data = cells[np.arange(width) < lengths[:, None]]
    return pa.Array.from_buffers(pa.binary(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _padding(cells: Bytes, trail: Mask, encoding: str) -> Mask:
    padding = cells == BLANK
    wide = b"" if encoding == "ascii" else WIDE_BLANK.encode(encoding)
    last = cells.shape[1] - len(wide) + 1
    if wide and last > 0:
        found = ~trail[:, :last]
        for place, byte in enumerate(wide):
            found = found & (cells[:, place : place + last] == byte)
        for place in range(len(wide)):
            padding[:, place : place + last] |= found
    return np.asarray(padding)


def _check_misfits(reader: _Reader) -> None:
    """Refuse a file whose records say that the layout or the encoding is another one."""
    read = reader.row - 1
    if read < 1:
        raise no_rows(reader.path)
    codes = [code for code, _length in reader.misfits.values()]
    if codes.count("record_length") > read // 2:
        lengths = [length for code, length in reader.misfits.values() if code == "record_length"]
        text = _("The records are {found:,} bytes long; the layout says {declared:,}.")
        raise _refused(reader, text.format(found=int(np.median(lengths)), declared=reader.width))
    if codes.count("undecodable") > limits().max_failed_share * read:
        raise undecodable(reader.encoding, reader.first_bad or 0, reader.sample, reader.path.name)


def _refused(reader: _Reader, message: str, row: int | None = None) -> InputError:
    likely = likely_encoding(reader.sample, exact=False)
    if likely and likely != reader.encoding:
        message += " " + _("It looks like {encoding}.").format(encoding=likely)
    return InputError(
        "SAM-FILE-RECORD",
        message,
        hint=_("Set record_bytes in the layout (line ends not counted), or ask for the right file."),
        file=reader.path.name,
        row=row,
    )
