"""Changed packages: flips, truncations, splices, swapped members and forged insides, none of which may open.

``python benchmarks/tamper.py`` makes 100,000 of them (a few minutes), opens each one as its addressee would,
and ends with 1 where one was accepted, one failed without a named error, or anything was written meanwhile.
"""

import argparse
import io
import itertools
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyrage

from custody.clock import JST
from custody.errors import PackageError
from custody.keys import KeyStore
from custody.package_members import MEMBERS, pack, unpack
from custody.packages import Origin, open_package, seal

CREATED: Final = datetime(2009, 11, 5, 10, tzinfo=JST)
CANARY: Final = "練馬　花子"
ODD_NAMES: Final = (
    "../../x",
    "/etc/x",
    "C:\\x",
    "a\\b",
    "payload\u202egpj.csv",
    "名簿.csv",
    "payload.csv/",
    "",
)
PAYLOADS: Final = (
    f"postal_code,address,name,token,copy\n176-0001,練馬1,{CANARY},7F3K9QXM2CDE4TX,1\n",
    f"postal_code,address,name,token,copy\n178-0063,大泉2,{CANARY},9F3K9QXM2CDE4TX,1\n",
)


@dataclass
class Watch:
    """Counts what is written while a package is opened (an audit hook, which stays for the process)."""

    on: bool = False
    writes: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an event of the interpreter."""
        if not self.on:
            return
        if event == "open":
            name, mode, flags = arguments[:3]
            if set(mode) & set("wax+") if isinstance(mode, str) else (flags or 0) & 0o3:
                self.writes.append(str(name))
        elif event.startswith(("tempfile.", "os.rename", "os.mkdir", "os.link", "os.symlink", "shutil.")):
            self.writes.append(event)


@dataclass(frozen=True)
class Bench:
    """Two valid packages, their insides, and the keys around them."""

    keys: KeyStore
    path: Path
    sealed: tuple[bytes, ...]
    insides: tuple[dict[str, bytes], ...]

    @classmethod
    def make(cls, folder: Path) -> "Bench":
        """Seal both packages."""
        keys = KeyStore(folder / "keys")
        for role in ("staff", "contractor"):
            keys.create(role)
        path = folder / "out" / "labels.sp"
        sealed = []
        for payload in PAYLOADS:
            seal(
                path,
                kind="labels",
                payload=payload.encode("utf-8"),
                facts={"wave": 1},
                recipient=keys.recipient("contractor"),
                signer=keys.signer("staff"),
                created=CREATED,
                origin=Origin("ab12cd34", "調査", True, keys.recipient("staff")),
            )
            sealed.append(path.read_bytes())
        reader = pyrage.x25519.Identity.from_str(keys.identity("contractor"))
        insides = tuple(unpack(bytes(pyrage.decrypt(data, [reader])), path.name) for data in sealed)
        return cls(keys, path, tuple(sealed), insides)

    def encrypt(self, inside: bytes) -> bytes:
        """Encrypt an inside to the contractor, as anybody can."""
        to = pyrage.x25519.Recipient.from_str(self.keys.recipient("contractor"))
        return bytes(pyrage.encrypt(inside, [to]))


def flip(bench: Bench, source: random.Random) -> bytes:
    """Change 1 to 8 bits of a package."""
    data = bytearray(source.choice(bench.sealed))
    for place in source.sample(range(len(data)), source.choice((1, 1, 1, 2, 8))):
        data[place] ^= 1 << source.randrange(8)
    return bytes(data)


def truncate(bench: Bench, source: random.Random) -> bytes:
    """Cut a package short, or leave out a stretch of it."""
    data = source.choice(bench.sealed)
    start = source.randrange(len(data))
    return data[:start] + (b"" if source.random() < 0.7 else data[source.randrange(start, len(data)) + 1 :])


def splice(bench: Bench, source: random.Random) -> bytes:
    """Join the beginning of one package to the end of another or of itself."""
    one, two = source.choice(bench.sealed), source.choice(bench.sealed)
    return one[: source.randrange(1, len(one))] + two[source.randrange(1, len(two)) :]


def swap(bench: Bench, source: random.Random) -> bytes:
    """Put members of two valid packages together, and encrypt them anew."""
    choice = source.choice([(0, 0, 1), (0, 1, 0), (1, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1)])
    members = {name: bench.insides[which][name] for name, which in zip(MEMBERS, choice, strict=True)}
    return bench.encrypt(pack(members))


def inner(bench: Bench, source: random.Random) -> bytes:
    """Change, cut or lengthen the decrypted inside, and encrypt it anew."""
    data = bytearray(pack(source.choice(bench.insides)))
    what = source.randrange(3)
    if what == 0:
        data[source.randrange(len(data))] ^= 1 << source.randrange(8)
    elif what == 1:
        del data[source.randrange(len(data)) :]
    else:
        place = source.randrange(len(data) + 1)
        data[place:place] = source.randbytes(source.randrange(1, 40))
    return bench.encrypt(bytes(data))


def rename(bench: Bench, source: random.Random) -> bytes:
    """Give a member an odd name, add a member, or compress them."""
    members = list(source.choice(bench.insides).items())
    place, name = source.randrange(3), source.choice(ODD_NAMES)
    packed = zipfile.ZIP_STORED
    if source.random() < 0.4:
        members[place] = (name, members[place][1])
    elif source.random() < 0.5:
        members.insert(place, (name, b"x"))
    else:
        packed = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packed) as archive:
        for member, data in members:
            archive.writestr(zipfile.ZipInfo(member), data, packed)
    return bench.encrypt(buffer.getvalue())


def forge(bench: Bench, source: random.Random) -> bytes:
    """Sign a changed manifest with the contractor's own key, in the name of staff or in its own."""
    members = dict(source.choice(bench.insides))
    text = members["manifest.json"].replace(b'"rows":1', b'"rows":%d' % source.randrange(10))
    if source.random() < 0.5:
        own, staff = bench.keys.public("contractor"), bench.keys.public("staff")
        text = text.replace(staff.ed25519.encode(), own.ed25519.encode())
        if source.random() < 0.5:
            text = text.replace(b'"role":"staff"', b'"role":"contractor"')
    signature = bench.keys.signer("contractor").sign(text)
    return bench.encrypt(pack(members | {"manifest.json": text, "manifest.sig": signature}))


MUTATORS: Final[tuple[Callable[[Bench, random.Random], bytes], ...]] = (
    flip,
    truncate,
    splice,
    swap,
    inner,
    rename,
    forge,
)


@dataclass
class Result:
    """Counts of a run: refusals by mutation and code, and what must be nothing."""

    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    same: int = 0
    accepted: int = 0
    crashed: int = 0
    written: int = 0
    left: int = 0

    @property
    def cases(self) -> int:
        """How many changed packages were opened."""
        return self.refused.total() + self.accepted + self.crashed

    @property
    def clean(self) -> bool:
        """Whether nothing got through and nothing was written."""
        return not (self.accepted or self.crashed or self.written or self.left)


def every_bit(bench: Bench) -> Iterator[tuple[str, bytes]]:
    """Yield a package with each bit changed, and each beginning of it."""
    data = bench.sealed[0]
    for place in range(len(data)):
        yield "cut", data[:place]
        for bit in range(8):
            yield "bit", data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


def at_random(bench: Bench, source: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield packages changed in every way in turn, without end."""
    for change in itertools.cycle(MUTATORS):
        yield change.__name__, change(bench, source)


def run(cases: int, folder: Path, seed: int = 7, *, every: bool = False) -> Result:
    """Open so many changed packages, or those of `every_bit`."""
    bench, source, result, watch = Bench.make(folder), random.Random(seed), Result(), Watch()
    sys.addaudithook(watch)
    identity, verifier = bench.keys.identity("contractor"), bench.keys.verifier("staff")
    temporary = folder / "temp"
    temporary.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(temporary)
    for name, data in every_bit(bench) if every else at_random(bench, source):
        if result.cases == cases and not every:
            break
        if data in bench.sealed:  # a splice of a package with itself at the same place
            result.same += 1
            continue
        bench.path.write_bytes(data)
        watch.on = True
        try:
            open_package(bench.path, kind="labels", identity=identity, verifier=verifier)
            result.accepted += 1
        except PackageError as refusal:
            result.refused[name, refusal.code] += 1
        except Exception as failure:  # whatever it is, it is counted against us
            result.crashed += 1
            print(f"{name}: {type(failure).__name__}", file=sys.stderr)
        finally:
            watch.on = False
    tempfile.tempdir = before
    result.written = len(watch.writes)
    marks = [CANARY.encode(code) for code in ("utf-8", "cp932", "utf-16-le")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    result.left = sum(any(mark in path.read_bytes() for mark in marks) for path in files)
    result.left += len(files) - 1 - len(list((folder / "keys").iterdir()))
    return result


def main() -> int:
    """Run and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--every-bit", action="store_true")
    chosen = parser.parse_args()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        result = run(chosen.cases, Path(folder), chosen.seed, every=chosen.every_bit)
    for (change, code), count in sorted(result.refused.items()):
        print(f"{change:<10} {code:<15} {count:>8,}")
    print(f"{result.cases:,} changed packages in {time.perf_counter() - began:,.0f} s, seed {chosen.seed}")
    print(f"accepted {result.accepted}, without a named error {result.crashed}")
    print(f"files written while opening {result.written}, plaintext or other files left {result.left}")
    return 0 if result.clean else 1


if __name__ == "__main__":
    sys.exit(main())
