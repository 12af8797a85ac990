"""What SQLite asks of the disk, seen from inside: each write, sync, truncation, deletion; refused on demand.

SQLite reaches the disk through a table of C functions (a VFS). A copy of its own table, with five of them
replaced by Python, is made the default of this process through ctypes: no program, compiler or package more.
"""

import ctypes
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any

__all__ = ["Op", "Recorder", "recording", "why_not"]

Op = tuple[Any, ...]
"""Kind and file, then: offset and bytes of a ``write``, size of a ``truncate``, whether a ``create`` makes a
journal, new name of a ``rename``; ``delete``, ``sync``, ``sync folder`` have no more; ``told`` holds what."""

FULL, SYNC_FAILED, TRUNCATE_FAILED = 13, 1034, 1546
OPEN_CREATE, OPEN_JOURNALS = 0x4, 0x800 | 0x4000 | 0x80000
"""Flags of SQLite: may make the file; rollback journal, super-journal or write-ahead log."""

XOPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
XDELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
XWRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
XTRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
XSYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class Vfs(ctypes.Structure):
    """``sqlite3_vfs``, version 3."""

    _fields_ = (
        ("version", c_int),
        ("file_bytes", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("opens", XOPEN),
        ("delete", XDELETE),
        ("others", c_void_p * 14),
    )


class Methods(ctypes.Structure):
    """``sqlite3_io_methods``, version 3."""

    _fields_ = (
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", XWRITE),
        ("truncate", XTRUNCATE),
        ("sync", XSYNC),
        ("others", c_void_p * 13),
    )


def _library() -> ctypes.CDLL:
    """Return the library that Python's own module uses, not another one of this machine."""
    import _sqlite3

    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    library.sqlite3_libversion.restype = c_char_p
    library.sqlite3_vfs_find.restype = POINTER(Vfs)
    library.sqlite3_vfs_find.argtypes = [c_char_p]
    library.sqlite3_vfs_register.argtypes = [c_void_p, c_int]
    library.sqlite3_vfs_unregister.argtypes = [c_void_p]
    return library


def why_not() -> str:
    """Say why SQLite cannot be watched on this machine; empty where it can."""
    try:
        library = _library()
        found = library.sqlite3_vfs_find(None).contents
    except (AttributeError, ImportError, OSError, ValueError):
        return "the functions of SQLite inside this Python are not to be reached from outside"
    if library.sqlite3_libversion().decode() != sqlite3.sqlite_version or found.version < 3:
        return "this is another SQLite than Python's own"
    return "" if found.name == b"unix" else "the disk is watched on Linux"


class Recorder:
    """Keeps what was asked of the disk, and refuses writes from a certain one on.

    Attributes
    ----------
    log : list of Op
        In order.
    refuse_from : int or None
        Number of the first request (write, truncation or sync, from 0) that is refused; None refuses nothing.
    refuse_many : bool
        True refuses all that follow, as a full disk does; False that one alone.
    asked : int
        Requests so far.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[Op] = []
        self.refuse_from: int | None = None
        self.refuse_many = True
        self.asked = 0
        self._library = _library()
        self._real = self._library.sqlite3_vfs_find(None)
        self._names: dict[int, str] = {}
        self._methods: dict[int, tuple[Methods, Methods]] = {}
        self._of: dict[int, Methods] = {}
        self._ours = Vfs()
        ctypes.memmove(ctypes.byref(self._ours), self._real, ctypes.sizeof(Vfs))
        self._ours.name = b"torture"
        self._ours.opens, self._ours.delete = XOPEN(self._open), XDELETE(self._delete)
        self._calls = (XWRITE(self._write), XTRUNCATE(self._truncate), XSYNC(self._sync))

    def begin(self) -> None:
        """Make this the way of every database that is opened from now on."""
        self._library.sqlite3_vfs_register(ctypes.byref(self._ours), 1)

    def end(self) -> None:
        """Give the disk back."""
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._ours))
        self._library.sqlite3_vfs_register(self._real, 1)

    def refuses(self) -> bool:
        """Count a request, and say whether it is refused."""
        number, first = self.asked, self.refuse_from
        self.asked += 1
        return first is not None and (number >= first if self.refuse_many else number == first)

    def name_of(self, path: str | Path) -> str:
        """Name a file by its place in the folder."""
        return Path(path).relative_to(self.folder).as_posix()

    def _open(self, _vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        path = Path(ctypes.string_at(name).decode()) if name else None  # SQLite keeps the pointer itself
        new = path is not None and bool(flags & OPEN_CREATE) and not path.exists()
        code = int(self._real.contents.opens(ctypes.addressof(self._real.contents), name, file, flags, out))
        if code or path is None:
            return code
        self._names[file] = self.name_of(path)
        if new:
            self.log.append(("create", self._names[file], bool(flags & OPEN_JOURNALS)))
        table = ctypes.cast(file, POINTER(c_void_p))
        if table[0] not in self._methods:
            real = Methods.from_address(table[0])
            ours = Methods()
            ctypes.memmove(ctypes.byref(ours), table[0], ctypes.sizeof(Methods))
            ours.write, ours.truncate, ours.sync = self._calls
            self._methods[table[0]] = (real, ours)
        self._of[file], ours = self._methods[table[0]]
        table[0] = ctypes.addressof(ours)
        return code

    def _delete(self, _vfs: int, name: bytes, sync_folder: int) -> int:
        known = Path(name.decode()).exists()
        code = int(self._real.contents.delete(ctypes.addressof(self._real.contents), name, sync_folder))
        if not code and known:
            self.log.append(("delete", self.name_of(name.decode())))
            if sync_folder:
                self.log.append(("sync folder", "."))
        return code

    def _write(self, file: int, data: int, size: int, offset: int) -> int:
        if self.refuses():
            return FULL
        self.log.append(("write", self._names[file], offset, ctypes.string_at(data, size)))
        return int(self._of[file].write(file, data, size, offset))

    def _truncate(self, file: int, size: int) -> int:
        if self.refuses():
            return TRUNCATE_FAILED
        self.log.append(("truncate", self._names[file], size))
        return int(self._of[file].truncate(file, size))

    def _sync(self, file: int, flags: int) -> int:
        if self.refuses():
            return SYNC_FAILED
        self.log.append(("sync", self._names[file]))
        return int(self._of[file].sync(file, flags))


@contextmanager
def recording(folder: Path) -> Iterator[Recorder]:
    """Watch every database of a folder that is opened inside the block."""
    recorder = Recorder(folder)
    recorder.begin()
    try:
        yield recorder
    finally:
        recorder.end()
