"""The memory of what may come a single time: keyed digests with their days, never the numbers themselves.

A folder of its own holds ``once.secret`` (the key, 32 bytes), ``once.sqlite`` (digest and day) and
``ledger.sqlite`` (each check, as counts and digests). A digest is HMAC-SHA256 with the key, so that nobody
without it can try out numbers. What is older than its approval's ``memory_days`` is forgotten at each check.
"""

import hashlib
import hmac
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from custody.errors import InputError
from custody.files import write_private
from custody.messages import gettext as _

__all__ = ["OnceMemory"]

SECRET_FILE: Final = "once.secret"
DATABASE: Final = "once.sqlite"
_SECRET_BYTES: Final = 32
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS once (digest TEXT PRIMARY KEY, day TEXT NOT NULL, approval TEXT NOT NULL)"
    " STRICT, WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class OnceMemory:
    """What came before, under one approval or several.

    Parameters
    ----------
    folder : pathlib.Path
        Where it lies; made where it does not exist.
    secret : bytes
        Key of the digests, 32 bytes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     memory = OnceMemory.open(Path(folder) / "memory")
    ...     code = memory.digest("28", ["0001"])
    ...     first = memory.admit("28", {code: 1}, day=date(2010, 6, 1), memory_days=458)
    ...     again = memory.admit("28", {code: 1}, day=date(2010, 8, 31), memory_days=458)
    >>> first, again
    ({}, {1: 91})
    """

    folder: Path
    secret: bytes

    @classmethod
    def open(cls, folder: Path | str) -> "OnceMemory":
        """Open a memory, or begin one.

        Parameters
        ----------
        folder : path
            Its folder.

        Returns
        -------
        OnceMemory
            Ready.

        Raises
        ------
        InputError
            ``EXC-MEMORY``: its key is lost or damaged, or the folder cannot be used.
        """
        folder = Path(folder)
        place = folder / SECRET_FILE
        if not place.is_file():
            if (folder / DATABASE).exists():  # with a new key every number would look new
                raise _unusable(folder)
            write_private(place, os.urandom(_SECRET_BYTES).hex().encode("ascii"))
        try:
            with place.open("rb") as stream:
                secret = bytes.fromhex(stream.read(3 * _SECRET_BYTES).decode("ascii"))
        except (OSError, ValueError):
            raise _unusable(folder) from None
        if len(secret) != _SECRET_BYTES:
            raise _unusable(folder)
        return cls(folder, secret)

    @classmethod
    def blind(cls) -> "OnceMemory":
        """Return one that remembers nothing: its key is new each time, and it must not be asked to admit.

        Returns
        -------
        OnceMemory
            For digests within one file.
        """
        return cls(Path(), os.urandom(_SECRET_BYTES))

    def digest(self, approval: str, values: Sequence[str]) -> str:
        """Turn what may come once into what is kept of it.

        Parameters
        ----------
        approval : str
            Number of the approval: the same number under another approval is another thing.
        values : sequence of str
            The values of the columns, as compared.

        Returns
        -------
        str
            64 lower hex digits.
        """
        text = "\x1f".join([approval, *values]).encode("utf-8")
        return hmac.new(self.secret, text, hashlib.sha256).hexdigest()

    def admit(
        self, approval: str, digests: Mapping[str, int], *, day: date, memory_days: int, keep: bool = True
    ) -> dict[int, int]:
        """Hold digests against the memory, and remember them where none came before: all or none.

        Parameters
        ----------
        approval : str
            Number of the approval; only what came under it is forgotten.
        digests : mapping of str to int
            Digest → row of the file.
        day : datetime.date
            The day of the check.
        memory_days : int
            How long they are remembered.
        keep : bool
            False only looks.

        Returns
        -------
        dict of int to int
            Row → days since it came, of those that came before; nothing was kept where there is any.

        Raises
        ------
        InputError
            ``EXC-MEMORY`` where the memory cannot be read or written.
        """
        with self._writing() as database:
            oldest = (day - timedelta(days=memory_days)).isoformat()
            if keep:
                database.execute("DELETE FROM once WHERE approval = ? AND day < ?", (approval, oldest))
            came = self._came(database, digests, oldest)
            if keep and not came:
                rows = [(digest, day.isoformat(), approval) for digest in digests]
                database.executemany("INSERT OR REPLACE INTO once VALUES (?, ?, ?)", rows)
        return {row: (day - date.fromisoformat(when)).days for row, when in came.items()}

    def _came(self, database: sqlite3.Connection, digests: Mapping[str, int], oldest: str) -> dict[int, str]:
        query = "SELECT day FROM once WHERE digest = ? AND day >= ?"
        found = ((row, database.execute(query, (code, oldest)).fetchone()) for code, row in digests.items())
        return {row: str(hit[0]) for row, hit in found if hit is not None}

    def size(self) -> int:
        """Count what is remembered.

        Returns
        -------
        int
            How many digests.
        """
        with self._writing() as database:
            return int(database.execute("SELECT count(*) FROM once").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the memory alone, in one transaction: kept whole at the end, undone by any error."""
        try:
            with closing(
                sqlite3.connect(self.folder / DATABASE, timeout=30, isolation_level=None)
            ) as database:
                for pragma in ("synchronous = EXTRA", "secure_delete = ON", "trusted_schema = OFF"):
                    database.execute(f"PRAGMA {pragma}")
                database.execute("BEGIN IMMEDIATE")
                database.execute(_TABLE)
                yield database
                database.execute("COMMIT")
        except sqlite3.Error:
            raise _unusable(self.folder) from None


def _unusable(folder: Path) -> InputError:
    text = _("The memory of numbers cannot be used: its key or its file is lost, damaged or locked.")
    hint = _("Take the folder from your backup; with a new one, what came before would pass again.")
    return InputError("EXC-MEMORY", text, hint=hint, file=folder.name)
