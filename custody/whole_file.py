"""A file written piece by piece that is whole under its name or not there."""

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from custody.files import PART, cannot_write, make_folder, open_new, remove_old_parts, sync_folder

__all__ = ["WholeFile"]


class WholeFile:
    """A file written piece by piece, which gets its name when it is whole. Use it as a context manager.

    Parameters
    ----------
    path : path
        Where to; its folder is made if missing, and nothing else happens before the first piece.

    Notes
    -----
    The pieces go to a part file beside it, as with `custody.files.write_whole`. What `hold` was given is not
    on the disk before `keep`: until then nobody can make a whole file of the part. Without `keep`, the part
    is removed at the end of the ``with`` block.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, WholeFile(Path(folder) / "a.txt") as file:
    ...     done = file.write(b"beginning, ")
    ...     file.hold(b"end")
    ...     print(file.path.exists(), file.keep().read_bytes())
    False b'beginning, end'
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}{PART}")
        self._stream: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            if self._stream is not None:
                self._stream.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """Digest of what was written and held, 64 lower hex digits."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        """Write the next piece.

        Parameters
        ----------
        data : bytes
            The piece.

        Returns
        -------
        int
            Its length.

        Raises
        ------
        InputError
            ``FILE-WRITE`` where the disk or folder refuses.
        """
        self._digest.update(data)
        self._put(data)
        return len(data)

    def hold(self, data: bytes) -> None:
        """Take the last piece, which is written when the file is kept.

        Parameters
        ----------
        data : bytes
            The piece; it counts for the digest.
        """
        self._digest.update(data)
        self._held += data

    def keep(self) -> Path:
        """Write what is held and give the file its name.

        Returns
        -------
        pathlib.Path
            The path.

        Raises
        ------
        InputError
            ``FILE-WRITE`` where the disk or folder refuses; then the old file is untouched.
        """
        stream = self._put(self._held)
        try:
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            remove_old_parts(self.path.parent, self._part.stat().st_mtime)
            self._part.replace(self.path)
            sync_folder(self.path.parent)
        except OSError as problem:
            raise cannot_write(self.path, problem) from None
        return self.path

    def _put(self, data: bytes) -> BinaryIO:
        try:
            if self._stream is None:
                make_folder(self.path.parent, 0o777)
                self._stream = os.fdopen(open_new(self._part), "wb")
            self._stream.write(data)
        except OSError as problem:
            raise cannot_write(self.path, problem) from None
        return self._stream
