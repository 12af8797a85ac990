"""A disk that forgets: what may be there after a power cut, from what was asked of it before.

What was synced is there. Of the rest each sector of 512 bytes may be there or not, in any mixture, and so may
the name of each new, renamed or deleted file, until its folder was synced. SQLite syncs the folder of a new
journal with the journal's first sync.
"""

import random
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from torture_vfs import Op

__all__ = ["Disk"]

SECTOR: Final = 512


@dataclass(slots=True)
class Inode:
    """Content of a file: what is durable, and the requests since."""

    durable: bytearray = field(default_factory=bytearray)
    waiting: list[Op] = field(default_factory=list)
    folder_too: bool = False


class Disk:
    """Files by name, taken through the log request by request."""

    def __init__(self) -> None:
        self.live: dict[str, Inode] = {}
        self.durable: dict[str, Inode] = {}
        self.waiting: list[tuple[str, Inode | None]] = []
        self.told: list[Op] = []

    def take(self, op: Op) -> None:
        """Take one request."""
        kind, name, *rest = op
        if kind == "told":
            self.told.append(op)
        elif kind == "create":
            self._create(name, folder_too=bool(rest[0]))
        elif kind == "delete":
            self.live.pop(name, None)
            self.waiting.append((name, None))
        elif kind == "rename":
            self.live[rest[0]] = self.live.pop(name)
            self.waiting += [(rest[0], self.live[rest[0]]), (name, None)]
        elif kind == "sync folder":
            self._sync_folder(name)
        elif kind == "sync":
            self._sync(name)
        else:
            if name not in self.live:  # made outside of SQLite
                self._create(name, folder_too=False)
            self.live[name].waiting.append(op)

    def _create(self, name: str, *, folder_too: bool) -> None:
        self.live[name] = Inode(folder_too=folder_too)
        self.waiting.append((name, self.live[name]))

    def _sync(self, name: str) -> None:
        inode = self.live[name]
        for op in inode.waiting:
            change(inode.durable, op)
        inode.waiting.clear()
        if inode.folder_too:
            inode.folder_too = False
            self._sync_folder(str(PurePosixPath(name).parent))

    def _sync_folder(self, folder: str) -> None:
        rest = []
        for name, inode in self.waiting:
            if str(PurePosixPath(name).parent) == folder:
                put(self.durable, name, inode)
            else:
                rest.append((name, inode))
        self.waiting = rest

    def cut(self, rng: random.Random) -> dict[str, bytes]:
        """Cut the power now, and return the files that are found afterwards."""
        share = rng.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        names = dict(self.durable)
        for name, inode in self.waiting:
            if rng.random() < share:
                put(names, name, inode)
        torn = rng.random() < 0.7
        return {name: survived(inode, share, torn, rng) for name, inode in names.items()}


def put(names: dict[str, Inode], name: str, inode: Inode | None) -> None:
    """Give a file its name, or take the name away."""
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode


def survived(inode: Inode, share: float, torn: bool, rng: random.Random) -> bytes:
    """Return a content that the file may have: each waiting request, or each sector of it, there or not."""
    content = bytearray(inode.durable)
    for op in inode.waiting:
        for part in sectors(op) if torn else [op]:
            if rng.random() < share:
                change(content, part)
    return bytes(content)


def sectors(op: Op) -> list[Op]:
    """Split a write at the edges of sectors."""
    if op[0] != "write":
        return [op]
    kind, name, offset, data = op
    first = SECTOR - offset % SECTOR
    starts = [0, *range(first, len(data), SECTOR)]
    return [
        (kind, name, offset + start, data[start:end])
        for start, end in zip(starts, [*starts[1:], None], strict=True)
    ]


def change(content: bytearray, op: Op) -> None:
    """Write or truncate; a hole reads as zeros."""
    if op[0] == "truncate":
        size = op[2]
        del content[size:]
        content.extend(bytes(size - len(content)))
    else:
        offset, data = op[2], op[3]
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data
