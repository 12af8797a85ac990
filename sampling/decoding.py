"""Reading a register's bytes once: digest, strict decoding and line count in one pass.

pyarrow parses while the bytes are checked. The bytes of CP932, UTF-8 and ASCII are parsed as they are: no
comma, tab, semicolon, quote or line end can be the second byte of a character there. Others are turned into
UTF-8 on the way.
"""

import codecs
import csv
import hashlib
import io
import os
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.encodings import codec_name, exact_codec, likely_encoding, mark_of
from sampling.filetypes import START_BYTES, check_type, read_start

__all__ = [
    "FORBIDDEN_BYTES",
    "CheckedStream",
    "check_mark",
    "control_character",
    "read_header",
    "to_text",
    "undecodable",
    "unreadable",
    "without_end_mark",
]

PASSED_THROUGH: Final = frozenset({"cp932", "utf-8", "ascii"})
FORBIDDEN_BYTES: Final = (b"\x00", b"\x1a")
END_MARK: Final = b"\x1a"
"""Ctrl-Z: what DOS programs write after the last byte of a text file."""
SLICE_BYTES: Final = 32768
SEPARATOR: Final = b"\x00"
"""Between cells that are decoded together: no cell holds it, and it is no part of a character."""
BYTE_ORDER_MARK: Final = "\ufeff"


class CheckedStream(io.RawIOBase):
    """A binary stream that hands on a file's bytes and refuses what is not text in the encoding.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    encoding : str
        Name of a Python codec; the file must decode strictly.
    to_utf8 : bool
        Hand on UTF-8 whatever the file's encoding.
    worker : concurrent.futures.Executor, optional
        One thread that digests the bytes meanwhile; it is done before `sha256` is asked for.

    Attributes
    ----------
    sha256 : str
        Digest of the bytes as they lie on the disk, once all are read.
    lines : int
        Line ends (LF) seen so far.
    table_encoding : str
        Encoding of the bytes handed on.
    """

    def __init__(
        self, path: Path, encoding: str, *, to_utf8: bool = False, worker: Executor | None = None
    ) -> None:
        super().__init__()
        self._name = path.name
        self._source = path.open("rb", buffering=0)
        self._size = os.fstat(self._source.fileno()).st_size
        self._declared = codec_name(encoding)
        self._codec = exact_codec(self._declared, self._source.read(START_BYTES))
        self._source.seek(0)
        self._mark_bytes = 0
        self._through = self._codec in PASSED_THROUGH and not to_utf8
        self._decoder = codecs.getincrementaldecoder(self._codec)("strict")
        self._digest = hashlib.sha256()
        self._worker = worker
        self._read = 0
        self.lines = 0
        self.open_line = False
        self.table_encoding = self._codec if self._through else "utf-8"

    @property
    def sha256(self) -> str:
        """Digest of the bytes read so far, lower-case hex."""
        return self._digest.hexdigest()

    def readable(self) -> bool:
        """Say that this stream can be read."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._source.close()
        super().close()

    def read(self, size: int = -1) -> bytes:
        """Read, check and hand on the next bytes.

        Parameters
        ----------
        size : int
            At most so many bytes of the file; -1 for all.

        Returns
        -------
        bytes
            The same bytes, or UTF-8; without a Ctrl-Z that ends the file.

        Raises
        ------
        InputError
            A byte that the encoding does not allow, with its offset.
        """
        raw = self._source.read(size)
        if self._worker is None:
            self._digest.update(raw)
        else:
            self._worker.submit(self._digest.update, raw)
        waiting = len(self._decoder.getstate()[0])
        text = self._decode(raw)
        out = raw if self._through else text.encode("utf-8")
        if self._read + len(raw) == self._size:
            out = without_end_mark(out)
        for byte in FORBIDDEN_BYTES:
            if byte in out:
                raise self._control(byte, out, text, waiting)
        self._read += len(raw)
        self.lines += out.count(b"\n")
        if out:
            self.open_line = not out.endswith(b"\n")
        return out

    def _decode(self, raw: bytes) -> str:
        """Decode strictly, in slices that stay in the cache; keep the text only where it is needed."""
        pieces = []
        view = memoryview(raw)
        for start in range(0, max(len(raw), 1), SLICE_BYTES):
            waiting = len(self._decoder.getstate()[0])
            try:
                piece = self._decoder.decode(view[start : start + SLICE_BYTES], final=not raw)
            except UnicodeDecodeError as fault:
                offset = self._read + start - waiting + fault.start
                raise undecodable(self._declared, offset, raw, self._name) from None
            if not self._through:
                pieces.append(piece)
        text = "".join(pieces)
        if self._read or not text.startswith(BYTE_ORDER_MARK):
            return text
        self._mark_bytes = len(BYTE_ORDER_MARK.encode(self._codec))
        return text[1:]

    def _control(self, byte: bytes, out: bytes, text: str, waiting: int) -> InputError:
        offset = self._read + out.index(byte)
        if not self._through:
            before = text[: text.index(byte.decode("ascii"))]
            skipped = 0 if self._read else self._mark_bytes
            offset = self._read - waiting + skipped + len(before.encode(self._codec))
        return control_character(byte, offset, self._name)


def control_character(byte: bytes, offset: int, name: str) -> InputError:
    """Make the refusal of a file with a control character.

    Parameters
    ----------
    byte : bytes
        The character, one byte.
    offset : int
        Where it is, from 0.
    name : str
        Name of the file.

    Returns
    -------
    InputError
        To be raised.
    """
    text = _("The file holds the control character 0x{byte:02X} at byte offset {offset:,}.")
    message = text.format(byte=byte[0], offset=offset)
    hint = _("Ask the section that made the extract for a clean text file.")
    return InputError("SAM-FILE-CONTROL", message, hint=hint, file=name)


def undecodable(codec: str, offset: int, sample: bytes, name: str) -> InputError:
    """Make the refusal of a file in another encoding.

    Parameters
    ----------
    codec : str
        The declared encoding.
    offset : int
        First byte that cannot be decoded, from 0.
    sample : bytes
        Bytes of the file, to guess by.
    name : str
        Name of the file.

    Returns
    -------
    InputError
        To be raised.
    """
    text = _("The file is not text in {encoding}: byte offset {offset:,} cannot be decoded.")
    message = text.format(encoding=codec, offset=offset)
    likely = likely_encoding(sample, exact=False)
    if likely and likely != codec:
        message += " " + _("It looks like {encoding}.").format(encoding=likely)
    hint = _("Say the right encoding (--encoding), or ask for the extract again.")
    return InputError("SAM-FILE-ENCODING", message, hint=hint, file=name)


def unreadable(path: Path) -> InputError:
    """Make the refusal of a file whose lines are not its rows.

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
        "SAM-FILE-ROWS",
        _("The file is not one row a line: a quote is left open, or a line end is lost."),
        hint=_("Ask for the extract again; nothing of this file is used."),
        file=path.name,
    )


def check_mark(path: Path, start: bytes, encoding: str) -> None:
    """Refuse a file whose first bytes show another encoding than the declared one.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    start : bytes
        Its beginning.
    encoding : str
        Name of a Python codec.

    Raises
    ------
    InputError
        The byte order mark is of another encoding, or every second byte is 0 (UTF-16).
    """
    codec = codec_name(encoding)
    likely = likely_encoding(start, exact=False)
    if likely is None:
        return
    declared_wide, really_wide = codec.startswith("utf-16"), likely.startswith("utf-16")
    turned = codec == "utf-16-be" and start.startswith(codecs.BOM_UTF16_LE)
    turned |= codec == "utf-16-le" and start.startswith(codecs.BOM_UTF16_BE)
    marked = mark_of(start)
    if declared_wide != really_wide or turned or (marked == "utf-8" and not codec.startswith("utf-8")):
        raise undecodable(codec, 0, start, path.name)


def without_end_mark(out: bytes) -> bytes:
    """Take off the Ctrl-Z that ends a file of DOS.

    Parameters
    ----------
    out : bytes
        The last bytes of the file.

    Returns
    -------
    bytes
        The same without one final 0x1A.

    Examples
    --------
    >>> without_end_mark(b"1,2" + bytes([26]))
    b'1,2'
    """
    return out.removesuffix(END_MARK)


def read_header(path: Path, encoding: str, delimiter: str = ",") -> list[str]:
    """Read the first line of a CSV file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    encoding : str
        Name of a Python codec.
    delimiter : str
        What stands between two cells.

    Returns
    -------
    list of str
        The column names, stripped of blanks, quotes and a byte order mark.

    Raises
    ------
    InputError
        The file is missing, empty, not a text file, or in another encoding.
    """
    start = read_start(path)
    check_type(path, start, "delimited")
    check_mark(path, start, encoding)
    codec = exact_codec(codec_name(encoding), start)
    decoder = codecs.getincrementaldecoder(codec)("strict")
    try:
        line = decoder.decode(start).split("\n")[0]
    except UnicodeDecodeError as fault:
        raise undecodable(codec_name(encoding), fault.start, start, path.name) from None
    plain = line.removeprefix(BYTE_ORDER_MARK).rstrip("\r").replace("\0", "")
    try:
        cells = next(csv.reader([plain], delimiter=delimiter), [""])
    except csv.Error:
        raise unreadable(path) from None
    return [cell.strip().strip('"').strip() for cell in cells]


def to_text(cells: Any, encoding: str) -> Any:
    """Turn a column of bytes into text, all cells at once.

    Parameters
    ----------
    cells : pyarrow.Array of binary
        Cells without NUL, shape (rows,), no nulls, already known to decode.
    encoding : str
        Their encoding.

    Returns
    -------
    pyarrow.Array of string
        Shape (rows,).

    Examples
    --------
    >>> import pyarrow as pa
    >>> to_text(pa.array(["練馬".encode("cp932"), b""]), "cp932").to_pylist()
    ['練馬', '']
    """
    lines = pc.binary_join_element_wise(cells, b"", SEPARATOR)
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    joined = memoryview(lines.buffers()[2] or b"")[offsets[0] : offsets[-1]]
    text = str(joined, encoding).encode("utf-8")
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == SEPARATOR[0]) - np.arange(len(cells))
    starts = np.concatenate([[0], ends]).astype(np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(cells), [None, pa.py_buffer(starts), pa.py_buffer(text.replace(SEPARATOR, b""))]
    )
