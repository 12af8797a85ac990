"""How the ledger lies in its SQLite file: the table, its guards, what may enter, and how an event is hashed.

This is the inner side of `custody.ledger`; nothing else writes to a ledger file.
"""

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from custody.errors import LedgerError
from custody.local_disk import is_local
from custody.messages import gettext as _

__all__: list[str] = []

Fact = int | bool | str
"""What a fact of an event may be."""

DOMAIN: Final = "hyohon ledger v1|"
GENESIS: Final = "0" * 64
LARGEST_INT: Final = 2**53 - 1
WAIT_SECONDS: Final = 30
TRY_SECONDS: Final = 0.001
"""How long to wait for others who write, and between two tries."""
KEY: Final = re.compile(r"[a-z_][a-z0-9_]{0,31}")
KIND: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
TEXT: Final = re.compile(r"[A-Za-z0-9._:+/=-]{0,200}")

TABLE: Final = (
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, facts TEXT NOT NULL, "
    "prev TEXT NOT NULL, hash TEXT NOT NULL, once TEXT UNIQUE) STRICT"
)
"""``once`` repeats the fact of that name, so that the database itself refuses an act's second time."""
TRIGGERS: Final = (
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON event "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
    "CREATE TRIGGER event_in_order BEFORE INSERT ON event "
    "WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM event) "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
)
SELECT: Final = "SELECT seq, at, kind, facts, prev, hash, once FROM event"
INSERT: Final = "INSERT INTO event (seq, at, kind, facts, prev, hash, once) VALUES (?, ?, ?, ?, ?, ?, ?)"


def prepare(connection: sqlite3.Connection) -> None:
    """Set durable settings on a connection and make the table where the file is new."""
    for pragma in (
        f"busy_timeout={WAIT_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "trusted_schema=OFF",
        "cell_size_check=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        for statement in (TABLE, *TRIGGERS):
            connection.execute(statement)
    connection.execute("COMMIT")
    connection.execute("PRAGMA synchronous=FULL")


def begin(connection: sqlite3.Connection) -> None:
    """Begin a transaction that writes, after those who are writing now.

    SQLite's own waiting sleeps up to 0.1 s between two tries: beside writers that never rest, one may not get
    its turn in half a minute. A try each millisecond does.
    """
    until = time.monotonic() + WAIT_SECONDS
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as problem:
                if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(TRY_SECONDS)
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")


def make_file(path: Path) -> None:
    """Make the file where it is not there, on a local disk that keeps its promises."""
    if not is_local(path):
        text = _(
            "The ledger may not lie on a network share or a FAT medium: it would not survive a power cut."
        )
        raise LedgerError(
            "LED-DISK", text, hint=_("Move the whole folder to a disk of this computer."), file=path.name
        )
    path.touch(mode=0o600)


def existing(path: Path) -> Path:
    """Return the path of a ledger that is there."""
    if not path.is_file():
        hint = _("Name a survey folder or a job folder.")
        raise LedgerError("LED-NONE", _("There is no ledger here."), hint=hint, file=path.name)
    return path


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a ledger for reading only, also on a medium that cannot be written."""
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, timeout=30, isolation_level=None)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size:
            raise
        # a medium that cannot be written, and nobody is writing
        connection = sqlite3.connect(f"{address}?immutable=1", uri=True, isolation_level=None)
    return connection


FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What reading a spoilt file may end in; the second where SQLite's own message repeats spoilt text."""


def checkpoints_of(path: Path) -> Path:
    """Return where the signed checkpoints of a ledger are kept (see `custody.checkpoints`)."""
    return path.parent / "out" / "checkpoints.txt"


def holds(connection: sqlite3.Connection, seq: int, digest: str) -> bool:
    """Tell whether the event of a number has a digest; 0 is the beginning."""
    found = connection.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    return digest == (GENESIS if seq == 0 else found and found[0])


def check_to_append(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse to append where table or guards are not ours, or an older copy of the ledger was put back.

    Signatures are left to ``hyohon custody verify``: a line that is none refuses too.
    """
    check_schema(connection, path.name)
    try:
        lines = checkpoints_of(path).read_text(encoding="ascii", errors="replace").split("\n")
    except FileNotFoundError:
        return
    except OSError as problem:
        raise database_error(path.name, problem) from None
    last = next((line.split(" ") for line in reversed(lines) if line.strip()), None)
    if last is None:
        return
    known = len(last) > 2 and last[1].isascii() and last[1].isdigit() and len(last[1]) <= 15
    if not known or not holds(connection, int(last[1]), last[2]):
        text = _("The ledger does not hold its last stored checkpoint: nothing is added to it.")
        raise LedgerError("LED-BEHIND", text, hint=restore_hint(), file=path.name)


def is_empty(connection: sqlite3.Connection) -> bool:
    """Tell whether the file has no table yet: whoever made it was stopped before the first act."""
    return not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def check_schema(connection: sqlite3.Connection, name: str) -> None:
    """Refuse a ledger that is empty, or whose table or triggers are not exactly ours."""
    if is_empty(connection):
        raise empty(name)
    found = {row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if found != {TABLE, *TRIGGERS}:
        text = _("The table or the guards of the ledger were changed.")
        raise LedgerError("LED-SCHEMA", text, hint=report_hint(), file=name)


def canonical(facts: Mapping[str, Fact]) -> str:
    """Write facts as canonical JSON, after checking that no free text gets in."""
    for key, value in facts.items():
        if not KEY.fullmatch(key):
            raise not_allowed("")
        if isinstance(value, str):
            if not TEXT.fullmatch(value):
                raise not_allowed(key)
        elif not isinstance(value, int) or abs(value) > LARGEST_INT:
            raise not_allowed(key)
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def once_of(facts: Mapping[str, Fact]) -> str | None:
    """Return the name of an act that may happen a single time, where the facts give one."""
    value = facts.get("once")
    if value is not None and not isinstance(value, str):
        raise not_allowed("once")
    return value


def once_fits(facts: str, once: str | None) -> bool:
    """Tell whether the column ``once`` repeats what the hashed facts say."""
    if once is None and '"once":' not in facts:
        return True
    try:
        return bool(json.loads(facts).get("once") == once)
    except ValueError:
        return False


def digest_of(seq: int, at: str, kind: str, facts: str, prev: str) -> str:
    """Hash one event (see the notes of `custody.ledger`)."""
    body = f'{{"at":"{at}","facts":{facts},"kind":"{kind}","prev":"{prev}","seq":{seq}}}'
    return hashlib.sha256((DOMAIN + body).encode("utf-8")).hexdigest()


def not_allowed(key: str) -> LedgerError:
    """Return the refusal of a fact that may not enter."""
    return LedgerError(
        "LED-FACT",
        _("This may not enter the ledger: only whole numbers, true or false, and short ASCII codes."),
        hint=_("Record a code, a count or a digest instead of the text."),
        column=key if KEY.fullmatch(key) else None,
    )


def twice(name: str) -> LedgerError:
    """Return the refusal of an act that may happen once and has happened."""
    text = _("The ledger holds this act already; it may happen only once.")
    return LedgerError("LED-TWICE", text, hint=_("Read the ledger again before you decide."), file=name)


def broken(name: str, seq: int) -> LedgerError:
    """Return the refusal of a chain that breaks at an event."""
    text = _("The ledger was changed: event {seq} does not fit the chain.").format(seq=seq)
    return LedgerError("LED-BROKEN", text, hint=report_hint(), file=name)


def empty(name: str) -> LedgerError:
    """Return the refusal of a ledger that nobody has written to."""
    return LedgerError(
        "LED-EMPTY",
        _("The ledger is new and empty: whoever made it was stopped before anything was recorded."),
        hint=_(
            "Run the command that was stopped again. If there were records before, this is another file: "
            "keep it, and compare it with a backup."
        ),
        file=name,
    )


def cut(name: str, seq: int) -> LedgerError:
    """Return the refusal of a ledger that ends before an event that is known outside."""
    text = _("The ledger ends at event {seq}, before the event that was recorded outside.").format(seq=seq)
    return LedgerError("LED-CUT", text, hint=report_hint(), file=name)


def restore_hint() -> str:
    """Return what to do with a ledger that is older than its checkpoints."""
    return _("Put the newest backup back with `hyohon custody restore`; keep this file and report it.")


def report_hint() -> str:
    """Return what to do with a ledger that was changed."""
    return _("Keep this file as it is, tell the person responsible, and compare it with a backup.")


def database_error(name: str, problem: sqlite3.Error | OSError | UnicodeDecodeError) -> LedgerError:
    """Return the refusal for another who writes, or a fault of the file or disk, by its SQLite name only."""
    if getattr(problem, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LedgerError(
            "LED-BUSY",
            _("Another program holds the ledger and did not let go; nothing was recorded."),
            hint=_(
                "Wait until the other command or scanner is done, then do this again. If none is running, "
                "end what hangs, or restart the computer; the ledger must lie on a local disk."
            ),
            file=name,
        )
    reason = getattr(problem, "sqlite_errorname", None) or type(problem).__name__
    text = _("The ledger cannot be used ({reason}).").format(reason=reason)
    hint = _("Check that the disk is not full, that the file may be written, and that it is a ledger.")
    return LedgerError("LED-FILE", text, hint=hint, file=name)
