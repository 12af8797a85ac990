"""Reading a register's bytes once: digest, strict decoding and line count in one pass.

pyarrow parses while the bytes are checked. The bytes of CP932, UTF-8 and ASCII are parsed as they are: no
comma, quote or line end can be the second byte of a character there. Others are turned into UTF-8 on the way.
"""

import codecs
import hashlib
import io
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.encodings import codec_name, forbidden, likely_encoding

__all__ = ["CheckedStream", "codec_name", "forbidden", "likely_encoding", "read_header", "to_text"]

PASSED_THROUGH: Final = frozenset({"cp932", "utf-8", "ascii"})
FORBIDDEN_BYTES: Final = (b"\x00", b"\x1a")
HEADER_BYTES: Final = 65536
SLICE_BYTES: Final = 32768
LINE_END: Final = ord("\n")
CONTAINERS: Final = {
    b"PK\x03\x04": "Excel (.xlsx) or ZIP",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "Excel (.xls)",
    b"%PDF": "PDF",
}


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
        self._codec = codec_name(encoding)
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
            The same bytes, or UTF-8.

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
        text = self._decode(raw)
        out = raw if self._through else text.encode("utf-8")
        self._refuse_control(out)
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
                raise self._undecodable(raw, start - waiting + fault.start) from None
            if not self._through:
                pieces.append(piece)
        return "".join(pieces)

    def _refuse_control(self, out: bytes) -> None:
        for byte in FORBIDDEN_BYTES:
            if byte in out:
                text = _("The file holds the control character 0x{byte:02X} at byte offset {offset:,}.")
                message = text.format(byte=byte[0], offset=self._read + out.index(byte))
                hint = _("Ask the section that made the extract for a clean text file.")
                raise InputError("SAM-FILE-CONTROL", message, hint=hint, file=self._name)

    def _undecodable(self, raw: bytes, place: int) -> InputError:
        text = _("The file is not text in {encoding}: byte offset {offset:,} cannot be decoded.")
        message = text.format(encoding=self._codec, offset=self._read + place)
        likely = likely_encoding(raw, exact=False)
        if likely and likely != self._codec:
            message += " " + _("It looks like {encoding}.").format(encoding=likely)
        hint = _("Say the right encoding (--encoding), or ask for the extract again.")
        return InputError("SAM-FILE-ENCODING", message, hint=hint, file=self._name)


def read_header(path: Path, encoding: str) -> list[str]:
    """Read the first line of a CSV file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    encoding : str
        Name of a Python codec.

    Returns
    -------
    list of str
        The column names, stripped of blanks, quotes and a byte order mark.

    Raises
    ------
    InputError
        The file is missing, empty, not a text file, or in another encoding.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(HEADER_BYTES)
    except OSError:
        raise _refused("SAM-FILE-NONE", _("The file cannot be opened."), path) from None
    if not start.strip():
        raise _refused("SAM-FILE-EMPTY", _("The file is empty."), path)
    for magic, kind in CONTAINERS.items():
        if start.startswith(magic):
            raise _refused("SAM-FILE-TYPE", _("This is not a CSV file: {kind}.").format(kind=kind), path)
    decoder = codecs.getincrementaldecoder(codec_name(encoding))("strict")
    try:
        text = decoder.decode(start).split("\n")[0]
    except UnicodeDecodeError as fault:
        likely = likely_encoding(start, exact=False) or _("unknown")
        message = _("The file is not text in {encoding}: byte offset {offset:,} cannot be decoded.").format(
            encoding=codec_name(encoding), offset=fault.start
        )
        message += " " + _("It looks like {encoding}.").format(encoding=likely)
        raise _refused("SAM-FILE-ENCODING", message, path) from None
    return [_plain(cell) for cell in text.split(",")]


def _plain(cell: str) -> str:
    return cell.strip().removeprefix("\ufeff").strip().strip('"').strip()


def _refused(code: str, message: str, path: Path) -> InputError:
    return InputError(
        code, message, hint=_("Ask the section that made the extract for the right file."), file=path.name
    )


def to_text(cells: Any, encoding: str) -> Any:
    """Turn a column of bytes into text, all cells at once.

    Parameters
    ----------
    cells : pyarrow.Array of binary
        Cells without line ends, shape (rows,), no nulls, already known to decode.
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
    lines = pc.binary_join_element_wise(cells, b"", b"\n")
    offsets = np.frombuffer(lines.buffers()[1], dtype=np.int32)[lines.offset : lines.offset + len(lines) + 1]
    joined = memoryview(lines.buffers()[2] or b"")[offsets[0] : offsets[-1]]
    text = str(joined, encoding).encode("utf-8")
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == LINE_END) - np.arange(len(cells))
    starts = np.concatenate([[0], ends]).astype(np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(cells), [None, pa.py_buffer(starts), pa.py_buffer(text.replace(b"\n", b""))]
    )
