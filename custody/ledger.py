"""The ledger (台帳): an append-only list of acts in SQLite, each bound to the one before by a hash.

An event holds codes, counts, digests and tokens; by its schema it cannot hold a name or an address. What a
call has acknowledged is on the disk (``synchronous=FULL``), also after a power cut.

Notes
-----
``hash = SHA-256("hyohon ledger v1|" + body)`` in lower hex, where ``body`` is the JSON object
``{"at","facts","kind","prev","seq"}`` with sorted keys, no blanks and ASCII only; the first event has 64
zeros as ``prev``. A chain alone does not show that its last events were cut off: keep `Ledger.head` outside
(it is printed on certificates) and pass it to `verify_ledger` as ``anchor``.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from custody import ledger_file as store
from custody.clock import JST, Clock, SystemClock
from custody.errors import LedgerError
from custody.ledger_file import Fact
from custody.messages import gettext as _

__all__ = ["Act", "Event", "Fact", "Head", "Ledger", "LedgerReport", "verify_ledger"]

Act = tuple[str, Mapping[str, Fact]]
"""An event still to be written: its kind and its facts."""

CLOCK_TOLERANCE: Final = timedelta(seconds=2)  # smaller steps back (network time) take the last event's time


@dataclass(frozen=True, slots=True)
class Event:
    """One act.

    Parameters
    ----------
    seq : int
        Number, from 1 without gap.
    at : str
        Instant in Asia/Tokyo, ISO 8601 with milliseconds.
    kind : str
        What happened, such as ``"draw"`` or ``"label.printed"``.
    facts : mapping of str to int, bool or str
        Codes, counts, digests, tokens.
    prev, hash : str
        Digest of the event before and of this one, 64 lower hex digits.
    """

    seq: int
    at: str
    kind: str
    facts: Mapping[str, Fact]
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: number and digest of the last event (0 and 64 zeros when empty)."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What `verify_ledger` found in a sound ledger.

    Parameters
    ----------
    events : int
        How many events.
    head : Head
        The end of the chain.
    kinds : mapping of str to int
        Events by kind, sorted by name.
    first_at, last_at : str
        Times of the first and last event, empty where there is none.
    """

    events: int
    head: Head
    kinds: Mapping[str, int]
    first_at: str
    last_at: str


class Ledger:
    """An open ledger. Use `Ledger.open` as a context manager.

    Examples
    --------
    >>> import tempfile
    >>> from custody.clock import SimulatedClock
    >>> clock = SimulatedClock(datetime(2009, 11, 2))
    >>> with tempfile.TemporaryDirectory() as folder, Ledger.open(Path(folder) / "a.sqlite", clock) as ledger:
    ...     event = ledger.append("frame", elders=129512)
    ...     print(event.seq, event.at, ledger.head().hash == event.hash)
    1 2009-11-02T00:00:00.000+09:00 True
    """

    def __init__(self, connection: sqlite3.Connection, clock: Clock, name: str) -> None:
        self._connection = connection
        self._clock = clock
        self._name = name

    @classmethod
    def open(cls, path: Path | str, clock: Clock) -> Self:
        """Open a ledger for appending; make it where it does not exist.

        Parameters
        ----------
        path : path
            The SQLite file, on a local disk.
        clock : Clock
            Where the times of events come from.

        Returns
        -------
        Ledger
            Open until ``close()`` or the end of the ``with`` block.

        Raises
        ------
        LedgerError
            No ledger, not to be opened, or older than its last checkpoint (``LED-BEHIND``).
        """
        path = Path(path)
        try:
            store.make_file(path)
            connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        except (OSError, sqlite3.Error) as problem:
            raise store.database_error(path.name, problem) from None
        try:
            store.prepare(connection)
            store.check_to_append(connection, path)
        except sqlite3.Error as problem:
            connection.close()
            raise store.database_error(path.name, problem) from None
        except LedgerError:
            connection.close()
            raise
        return cls(connection, clock, path.name)

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Open an existing ledger for reading only, also on a medium that cannot be written.

        Raises
        ------
        LedgerError
            There is none, it is empty (``LED-EMPTY``), or it cannot be read.
        """
        path = store.existing(Path(path))
        try:
            connection = store.open_to_read(path)
            if not store.is_empty(connection):
                return cls(connection, SystemClock(), path.name)
        except store.FAULTS as problem:
            raise store.database_error(path.name, problem) from None
        connection.close()
        raise store.empty(path.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def append(self, kind: str, /, **facts: Fact) -> Event:
        """Write one event and wait until it is on the disk.

        Parameters
        ----------
        kind : str
            Lower-case ASCII letters, ``_`` and ``.``, at most 64.
        **facts : int, bool or str
            Keys ``[a-z_][a-z0-9_]{0,31}``; texts ``[A-Za-z0-9._:+/=-]{0,200}``; integers within ±(2^53 - 1).

        Returns
        -------
        Event
            The event as stored.

        Raises
        ------
        LedgerError
            A fact that may not enter, a clock behind the last event, or a disk that refuses.
        """
        return self._write(lambda: [(kind, facts)])[-1]

    def append_many(self, kind: str, rows: Iterable[Mapping[str, Fact]]) -> int:
        """Write many events of one kind in one transaction: all or none.

        Parameters
        ----------
        kind : str
            As in `append`.
        rows : iterable of mappings
            The facts of each event.

        Returns
        -------
        int
            How many were written.

        Raises
        ------
        LedgerError
            As in `append`; then nothing was written.
        """
        gathered = [(kind, facts) for facts in rows]
        return len(self._write(lambda: gathered))

    def append_decided(self, decide: Callable[[], Iterable[Act]]) -> list[Event]:
        """Look at the newest events and write what follows from them, with nobody writing in between.

        Parameters
        ----------
        decide : callable
            Called while this ledger holds the write lock; it may read `events` and returns the acts to write,
            each a kind and its facts. The fact ``once`` names an act that may happen a single time.

        Returns
        -------
        list of Event
            The events as stored, one transaction: all or none.

        Raises
        ------
        LedgerError
            As in `append`; ``LED-TWICE`` where the database holds an act of the same ``once``.
        """
        return self._write(lambda: list(decide()))

    def append_flow(self, decide: Callable[[], Iterable[Act]]) -> None:
        """Write acts as they come, as `append_decided` does, without gathering them in memory.

        Parameters
        ----------
        decide : callable
            As in `append_decided`; what it reads after the first act may hold acts of its own.

        Raises
        ------
        LedgerError
            As in `append_decided`; then nothing was written.
        """
        self._write(decide, gather=False)

    def _write(self, decide: Callable[[], Iterable[Act]], *, gather: bool = True) -> list[Event]:
        events: list[Event] = []
        try:
            store.begin(self._connection)
            try:
                chain = self._chain(decide(), events if gather else None)
                self._connection.executemany(store.INSERT, chain)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.IntegrityError as problem:
            if problem.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE":
                raise store.twice(self._name) from None
            raise store.database_error(self._name, problem) from None
        except sqlite3.Error as problem:
            raise store.database_error(self._name, problem) from None
        return events

    def _chain(self, acts: Iterable[Act], events: list[Event] | None) -> Iterator[tuple[object, ...]]:
        """Yield the values of each event; the events themselves go to a list, where one is given."""
        last = self._connection.execute(store.SELECT + " ORDER BY seq DESC LIMIT 1").fetchone()
        seq, previous, digest = (last[0], last[1], last[5]) if last else (0, "", store.GENESIS)
        at = self._stamp(previous)
        for kind, facts in acts:
            seq, prev, text = seq + 1, digest, _checked(kind, facts)
            digest = store.digest_of(seq, at, kind, text, prev)
            if events is not None:
                events.append(Event(seq, at, kind, dict(facts), prev, digest))
            yield seq, at, kind, text, prev, digest, store.once_of(facts)

    def _stamp(self, previous: str) -> str:
        now = self._clock.now().astimezone(JST)
        at = now.isoformat(timespec="milliseconds")
        if previous and at < previous:
            if datetime.fromisoformat(previous) - now > CLOCK_TOLERANCE:
                text = _("The clock shows an earlier time than the last event of the ledger ({at}).")
                raise LedgerError(
                    "LED-CLOCK",
                    text.format(at=previous),
                    hint=_("Set the clock of this computer right; in a training survey choose a later --at."),
                    file=self._name,
                )
            return previous
        return at

    def events(self, kind: str | None = None, *, after: int = 0) -> Iterator[Event]:
        """Read events in order.

        Parameters
        ----------
        kind : str, optional
            Only events of this kind.
        after : int
            Only events with a higher number.

        Yields
        ------
        Event
            One after the other; nothing is gathered in memory.
        """
        where, values = (" AND kind = ?", (after, kind)) if kind is not None else ("", (after,))
        query = store.SELECT + " WHERE seq > ?" + where + " ORDER BY seq"
        with closing(self._connection.execute(query, values)) as rows:
            for seq, at, name, facts, prev, digest, _once in rows:
                yield Event(seq, at, name, json.loads(facts), prev, digest)

    def head(self) -> Head:
        """Return the end of the chain.

        Returns
        -------
        Head
            Number and digest of the last event; 0 and 64 zeros when there is none.
        """
        row = self._connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(*row) if row else Head(0, store.GENESIS)


def _checked(kind: str, facts: Mapping[str, Fact]) -> str:
    if not store.KIND.fullmatch(kind):
        raise store.not_allowed("kind")
    return store.canonical(facts)


def verify_ledger(path: Path | str, *, anchor: Head | None = None) -> LedgerReport:
    """Follow the whole chain and name the first event that does not fit.

    Parameters
    ----------
    path : path
        The ledger; it is only read.
    anchor : Head, optional
        A head kept outside (from a certificate): the event of that number must have that digest.

    Returns
    -------
    LedgerReport
        Counts and the head, when everything fits.

    Raises
    ------
    LedgerError
        The first broken event, a missing guard, a missing anchor, an unreadable or still empty file.
    """
    path = store.existing(Path(path))
    try:
        with closing(store.open_to_read(path)) as connection:
            if store.is_empty(connection) and anchor is not None and anchor.seq:
                raise store.cut(path.name, 0)
            store.check_schema(connection, path.name)
            return _follow(connection, path.name, anchor)
    except store.FAULTS as problem:
        raise store.database_error(path.name, problem) from None


def _follow(connection: sqlite3.Connection, name: str, anchor: Head | None) -> LedgerReport:
    seq, at, digest, first_at = 0, "", store.GENESIS, ""
    kinds: dict[str, int] = {}
    met = anchor is None or anchor.seq == 0
    for found in connection.execute(store.SELECT + " ORDER BY seq"):
        wanted = seq + 1
        right = store.digest_of(found[0], found[1], found[2], found[3], found[4])
        fits = found[0] == wanted and found[4] == digest and found[5] == right and found[1] >= at
        if not fits or not store.once_fits(found[3], found[6]):
            raise store.broken(name, wanted)
        seq, at, digest = found[0], found[1], found[5]
        first_at = first_at or at
        kinds[found[2]] = kinds.get(found[2], 0) + 1
        if anchor is not None and seq == anchor.seq:
            if digest != anchor.hash:
                raise store.broken(name, seq)
            met = True
    if not met:
        raise store.cut(name, seq)
    return LedgerReport(seq, Head(seq, digest), dict(sorted(kinds.items())), first_at, at)
