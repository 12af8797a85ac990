"""Changed ledgers: flips, row edits past the guards, swaps, inserts, cut tails, older copies, new histories.

``python benchmarks/tamper_ledger.py`` makes 100,000 of them, verifies each with the signed checkpoints that
were kept outside, and ends with 1 where one that differs in content was taken for whole. A change that leaves
every event as it was (a flip in unused bytes) is no change of content; these are counted apart.
``--events 1000000`` times ``verify`` on a ledger of that size instead.
"""

import argparse
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custody import ledger_file as store
from custody.checkpoints import Checkpoint, checkpoint, verify_anchored
from custody.clock import JST, SimulatedClock, SystemClock
from custody.errors import LedgerError
from custody.ledger import Act, Ledger, verify_ledger
from custody.ledger_backup import backup_ledger

AT: Final = datetime(2009, 11, 2, 9, tzinfo=JST)
EVENTS: Final = 40
EVERY: Final = 8
"""A checkpoint is kept after so many events; the last one stands at the end."""

Row = tuple[int, str, str, str, str, str, str | None]


@dataclass(frozen=True)
class Bench:
    """A whole ledger, its older copies, and the checkpoints kept outside."""

    path: Path
    copies: tuple[bytes, ...]
    rows: tuple[Row, ...]
    anchors: tuple[Checkpoint, ...]

    @property
    def whole(self) -> bytes:
        """The ledger as one file."""
        return self.copies[-1]

    @classmethod
    def make(cls, folder: Path, signer: Ed25519PrivateKey) -> "Bench":
        """Write a ledger, with a backup and a checkpoint now and then."""
        path, copies, anchors = folder / "source.sqlite", [], []
        for part in range(EVENTS // EVERY):
            with Ledger.open(path, SimulatedClock(AT)) as ledger:
                for number in range(EVERY):
                    step = part * EVERY + number
                    ledger.append("label.scanned", token=f"7F3KTX{step:04d}", copy=1, once=f"scan.{step}")
                anchors.append(checkpoint(ledger.head(), AT, signer))
            backup_ledger(path, folder / f"copy-{part}.sqlite")
            copies.append((folder / f"copy-{part}.sqlite").read_bytes())
        with closing(sqlite3.connect(path)) as raw:
            rows = tuple(raw.execute(store.SELECT + " ORDER BY seq").fetchall())
        return cls(folder / "changed.sqlite", tuple(copies), rows, tuple(anchors))


def _edit(bench: Bench, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the file as somebody who knows SQLite: guards off, change, guards back."""
    bench.path.write_bytes(bench.whole)
    with closing(sqlite3.connect(bench.path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        raw.execute("PRAGMA journal_mode=MEMORY")
        raw.execute("BEGIN")
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        with suppress(sqlite3.IntegrityError):  # the database refused: content as it was
            change(raw)
        for sql in store.TRIGGERS:
            raw.execute(sql)
        raw.execute("COMMIT")


def flip(bench: Bench, source: random.Random) -> None:
    """Change 1 to 8 bits of the file."""
    data = bytearray(bench.whole)
    for place in source.sample(range(len(data)), source.choice((1, 1, 2, 8))):
        data[place] ^= 1 << source.randrange(8)
    bench.path.write_bytes(bytes(data))


def truncate(bench: Bench, source: random.Random) -> None:
    """Cut the file short."""
    bench.path.write_bytes(bench.whole[: source.randrange(len(bench.whole))])


def edit(bench: Bench, source: random.Random) -> None:
    """Write another value into one column of one row."""
    column, value = source.choice(
        (
            ("at", "2009-11-02T09:00:00.001+09:00"),
            ("kind", "label.mailed"),
            ("facts", '{"copy":2}'),
            ("prev", "a" * 64),
            ("hash", "b" * 64),
            ("once", f"scan.{source.randrange(9999)}"),
            ("seq", EVENTS + 1 + source.randrange(9)),
        )
    )
    row = source.randrange(1, EVENTS + 1)
    _edit(bench, lambda raw: raw.execute(f"UPDATE event SET {column} = ? WHERE seq = ?", (value, row)))  # noqa: S608


def swap(bench: Bench, source: random.Random) -> None:
    """Let two events change places: everything but their numbers, or only what they say."""
    one, two = source.sample(range(EVENTS), 2)
    columns = slice(1, 7) if source.random() < 0.5 else slice(2, 4)
    rows = [list(row) for row in bench.rows]
    rows[one][columns], rows[two][columns] = rows[two][columns], rows[one][columns]
    _rewrite(bench, [rows[one], rows[two]])


def _rewrite(bench: Bench, rows: list[list[int | str | None]], *, after: int = EVENTS) -> None:
    def change(raw: sqlite3.Connection) -> None:
        raw.execute("DELETE FROM event WHERE seq > ?", (after,))
        raw.executemany("DELETE FROM event WHERE seq = ?", [(row[0],) for row in rows])
        raw.executemany(store.INSERT, rows)

    _edit(bench, change)


def insert(bench: Bench, source: random.Random) -> None:
    """Put an event between others, and number and chain all that follow anew."""
    place = source.randrange(EVENTS)
    added: list[int | str | None] = [
        0,
        AT.isoformat(timespec="milliseconds"),
        "label.mailed",
        '{"copy":1}',
        "",
        "",
        None,
    ]
    _rewrite(bench, _chained(bench, place, [added, *map(list, bench.rows[place:])]), after=place)


def forge(bench: Bench, source: random.Random) -> None:
    """Change or leave out one event and chain all that follow anew: as sound as the true one."""
    place = source.randrange(EVENTS)
    rest: list[list[int | str | None]] = [list(row) for row in bench.rows[place + 1 :]]
    if source.random() < 0.5:
        rest.insert(0, [*bench.rows[place][:2], "label.mailed", *bench.rows[place][3:]])
    _rewrite(bench, _chained(bench, place, rest), after=place)


def _chained(bench: Bench, place: int, rest: list[list[int | str | None]]) -> list[list[int | str | None]]:
    prev = bench.rows[place - 1][5] if place else store.GENESIS
    for seq, row in enumerate(rest, start=place + 1):
        row[0], row[4] = seq, prev
        prev = store.digest_of(seq, str(row[1]), str(row[2]), str(row[3]), prev)
        row[5] = prev
    return rest


def delete(bench: Bench, source: random.Random) -> None:
    """Delete one event."""
    row = source.randrange(1, EVENTS + 1)
    _edit(bench, lambda raw: raw.execute("DELETE FROM event WHERE seq = ?", (row,)))


def cut(bench: Bench, source: random.Random) -> None:
    """Cut the last events off."""
    row = source.randrange(EVENTS)
    _edit(bench, lambda raw: raw.execute("DELETE FROM event WHERE seq > ?", (row,)))


def older(bench: Bench, source: random.Random) -> None:
    """Put an older copy back, which is sound in itself."""
    bench.path.write_bytes(source.choice(bench.copies[:-1]))


MUTATORS: Final = (flip, truncate, edit, swap, insert, forge, delete, cut, older)


@dataclass(frozen=True)
class Result:
    """How many were changed, and what became of them."""

    cases: int
    found: Counter[tuple[str, str]]
    missed: Counter[str]
    same: Counter[str]
    crashed: Counter[str]

    @property
    def clean(self) -> bool:
        """Whether every change of content was found, with a named error."""
        return not self.missed and not self.crashed


def run(cases: int, folder: Path, seed: int = 1) -> Result:
    """Change ledgers in turn by every mutator, and verify each with the checkpoints."""
    source = random.Random(seed)
    bench = Bench.make(folder, Ed25519PrivateKey.from_private_bytes(source.randbytes(32)))
    found: Counter[tuple[str, str]] = Counter()
    missed, same, crashed = (Counter[str]() for _number in range(3))
    for number in range(cases):
        mutator = MUTATORS[number % len(MUTATORS)]
        _clear(bench.path)
        mutator(bench, source)
        try:
            verify_anchored(bench.path, bench.anchors)
        except LedgerError as refusal:
            found[mutator.__name__, refusal.code] += 1
        except Exception as failure:
            crashed[f"{mutator.__name__} {type(failure).__name__}"] += 1
        else:
            (same if tuple(_rows(bench.path)) == bench.rows else missed)[mutator.__name__] += 1
    return Result(cases, found, missed, same, crashed)


def _rows(path: Path) -> Iterator[Row]:
    with Ledger.read(path) as ledger:
        yield from ledger._connection.execute(store.SELECT + " ORDER BY seq")


def _clear(path: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + end).unlink(missing_ok=True)


def time_verify(events: int, folder: Path) -> tuple[float, float]:
    """Return the seconds that writing and verifying so many events take."""
    path = folder / "ledger.sqlite"
    acts: Iterator[Act] = (
        ("label.printed", {"token": f"T{i:014d}", "copy": 1, "run": i // 1000}) for i in range(events)
    )
    started = time.perf_counter()
    with Ledger.open(path, SystemClock()) as ledger:
        ledger.append_flow(lambda: acts)
    written = time.perf_counter()
    if verify_ledger(path).events != events:
        raise AssertionError
    return written - started, time.perf_counter() - written


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--events", type=int, help="time verify on so many events instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.events:
            writing, verifying = time_verify(options.events, Path(folder))
            print(f"{options.events:,} events: written in {writing:.1f} s, verified in {verifying:.1f} s")
            return 0
        started = time.perf_counter()
        result = run(options.cases, Path(folder), options.seed)
    for (mutator, code), count in sorted(result.found.items()):
        print(f"{mutator:<10} {code:<16} {count:>8,}")
    for title, counts in (("content as it was", result.same), ("CRASHED", result.crashed)):
        print(f"{title}: {dict(counts)}")
    seconds = time.perf_counter() - started
    print(f"{result.cases:,} changed ledgers in {seconds:.0f} s; not found: {dict(result.missed)}")
    return int(not result.clean)


if __name__ == "__main__":
    sys.exit(main())
