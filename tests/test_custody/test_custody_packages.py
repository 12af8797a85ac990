"""A sealed package opens for its addressee if it is whole, signed by its sender and of the kind expected."""

import io
import json
import random
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyrage
import pytest
from cryptography.hazmat.primitives import serialization

from custody.clock import JST
from custody.errors import PackageError
from custody.keys import KeyStore
from custody.packages import Origin, open_package, seal

PAYLOAD = 'postal_code,address,name,token,copy\n176-0001,"練馬,1",練馬　花子,7F3K9QXM2CDE4TX,1\n'.encode()
CANARY = "練馬　花子"
CREATED = datetime(2009, 11, 5, 10, tzinfo=JST)
FLIPS = 300


@dataclass(frozen=True)
class Bench:
    keys: KeyStore
    path: Path

    def seal(self, **changes: Any) -> None:
        settings: dict[str, Any] = {
            "kind": "labels",
            "payload": PAYLOAD,
            "facts": {"wave": 1, "terms": ["A", "B"], "contact": {"phone": "03-0000-0000"}},
            "recipient": self.keys.recipient("contractor"),
            "signer": self.keys.signer("staff"),
            "created": CREATED,
            "origin": Origin("ab12cd34", "高齢者・食の実態調査", True, self.keys.recipient("staff")),
        }
        seal(self.path, **(settings | changes))

    def open(self, **changes: Any) -> bytes:
        settings: dict[str, Any] = {
            "kind": "labels",
            "identity": self.keys.identity("contractor"),
            "verifier": self.keys.verifier("staff"),
        }
        return open_package(self.path, **(settings | changes)).payload

    def members(self) -> dict[str, bytes]:
        identity = pyrage.x25519.Identity.from_str(self.keys.identity("contractor"))
        with zipfile.ZipFile(io.BytesIO(pyrage.decrypt(self.path.read_bytes(), [identity]))) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def write(self, data: bytes) -> None:
        to = pyrage.x25519.Recipient.from_str(self.keys.recipient("contractor"))
        self.path.write_bytes(pyrage.encrypt(data, [to]))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    store = KeyStore(tmp_path_factory.mktemp("keys"))
    for role in ("staff", "contractor", "research"):
        store.create(role)
    return store


@pytest.fixture
def bench(keys: KeyStore, tmp_path: Path) -> Bench:
    made = Bench(keys, tmp_path / "labels.sp")
    made.seal()
    return made


def test_addressee_reads_what_was_sealed(bench: Bench) -> None:
    opened = open_package(
        bench.path,
        kind="labels",
        identity=bench.keys.identity("contractor"),
        verifier=bench.keys.verifier("staff"),
    )
    assert opened.payload == PAYLOAD
    manifest = opened.manifest
    assert (manifest.rows, manifest.training, manifest.created) == (1, True, CREATED)
    assert manifest.facts == {"wave": 1, "terms": ["A", "B"], "contact": {"phone": "03-0000-0000"}}
    assert manifest.sender == bench.keys.public("staff")
    assert manifest.origin == Origin("ab12cd34", "高齢者・食の実態調査", True, bench.keys.recipient("staff"))
    assert CANARY not in repr(opened)
    assert CANARY.encode() not in bench.path.read_bytes()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda keys: {"identity": keys.identity("research")}, "PKG-DECRYPT"),
        (lambda keys: {"identity": "AGE-SECRET-KEY-1NOTHING"}, "PKG-KEY"),
        (lambda keys: {"verifier": keys.verifier("contractor")}, "PKG-SIGNATURE"),
        (lambda keys: {"kind": "events"}, "PKG-KIND"),
    ],
)
def test_wrong_reader_sender_or_kind_is_refused(
    bench: Bench, change: Callable[[KeyStore], dict[str, Any]], code: str
) -> None:
    with pytest.raises(PackageError, match=code):
        bench.open(**change(bench.keys))


def test_every_flip_and_truncation_is_refused_and_nothing_is_written(bench: Bench) -> None:
    data = bench.path.read_bytes()
    source = random.Random(7)
    spoilt = []
    for place in source.sample(range(len(data)), min(FLIPS, len(data))):
        spoilt.append(data[:place] + bytes([data[place] ^ (1 << source.randrange(8))]) + data[place + 1 :])
    spoilt += [data[:length] for length in range(0, len(data), 7)]
    spoilt += [data + b"\0", data + data, b"\0" + data, b""]
    before = sorted(bench.path.parent.iterdir())
    for bad in spoilt:
        bench.path.write_bytes(bad)
        with pytest.raises(PackageError) as caught:
            bench.open()
        assert CANARY not in str(caught.value)
    assert sorted(bench.path.parent.iterdir()) == before


def archive(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as made:
        for name, data in members:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.compress_type = 0, compression
            made.writestr(entry, data)
    return buffer.getvalue()


def changed(name: str, data: bytes) -> Callable[[dict[str, bytes]], bytes]:
    return lambda members: archive(list((members | {name: data}).items()))


def changed_manifest(**changes: Any) -> Callable[[dict[str, bytes]], bytes]:
    def change(members: dict[str, bytes]) -> bytes:
        values = json.loads(members["manifest.json"]) | changes
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return archive(list((members | {"manifest.json": text.encode()}).items()))

    return change


SPLICES: dict[str, tuple[Callable[[dict[str, bytes]], bytes], str]] = {
    "payload changed": (changed("payload.csv", PAYLOAD.replace(b"176", b"177")), "PKG-DIGEST"),
    "payload of no rows": (changed("payload.csv", b""), "PKG-DIGEST"),
    "signature of zeros": (changed("manifest.sig", bytes(64)), "PKG-SIGNATURE"),
    "signature too short": (changed("manifest.sig", b"x"), "PKG-SIGNATURE"),
    "rows changed": (changed_manifest(rows=2), "PKG-SIGNATURE"),
    "training changed": (changed_manifest(training=False), "PKG-SIGNATURE"),
    "kind changed": (changed_manifest(kind="events"), "PKG-SIGNATURE"),
    "member more": (lambda m: archive([*m.items(), ("run.exe", b"MZ")]), "PKG-MEMBERS"),
    "member less": (lambda m: archive(list(m.items())[:2]), "PKG-MEMBERS"),
    "other order": (lambda m: archive(list(reversed(m.items()))), "PKG-MEMBERS"),
    "member twice": (lambda m: archive([*list(m.items())[:2], list(m.items())[1]]), "PKG-MEMBERS"),
    "path outside": (lambda m: archive([(f"../{k}", v) for k, v in m.items()]), "PKG-MEMBERS"),
    "compressed": (lambda m: archive(list(m.items()), zipfile.ZIP_DEFLATED), "PKG-MEMBERS"),
    "data before": (lambda m: b"#!/bin/sh\n" + archive(list(m.items())), "PKG-MEMBERS"),
    "data behind": (lambda m: archive(list(m.items())) + b"tail", "PKG-MEMBERS"),
    "no archive": (lambda m: b"PK" + bytes(100), "PKG-MEMBERS"),
    "nothing": (lambda m: b"", "PKG-MEMBERS"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", SPLICES)
def test_package_put_together_anew_is_refused(bench: Bench, name: str) -> None:
    splice, code = SPLICES[name]
    bench.write(splice(bench.members()))
    with pytest.raises(PackageError, match=code):
        bench.open()


MANIFESTS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "duplicate key": lambda v: json.dumps(v, sort_keys=True).encode()[:-1] + b', "rows": 5}',
    "blanks": lambda v: json.dumps(v, sort_keys=True, ensure_ascii=False).encode(),
    "key more": lambda v: canonical(v | {"zone": 1}),
    "key less": lambda v: canonical({k: v[k] for k in v if k != "title"}),
    "text for number": lambda v: canonical(v | {"rows": "1"}),
    "true for number": lambda v: canonical(v | {"rows": True}),
    "NaN": lambda v: canonical(v | {"facts": {"x": float("nan")}}),
    "other schema": lambda v: canonical(v | {"schema": "hyohon-package-0"}),
    "sender unknown": lambda v: canonical(v | {"sender": {"age": "x", "ed25519": "y"}}),
    "no date": lambda v: canonical(v | {"created": "soon"}),
    "deep": lambda v: b"[" * 100_000,
    "not UTF-8": lambda v: b"\xff\xfe{}",
}


def canonical(values: dict[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("name", MANIFESTS)
def test_malformed_manifest_is_refused_even_when_signed(bench: Bench, name: str) -> None:
    members = bench.members()
    text = MANIFESTS[name](json.loads(members["manifest.json"]))
    signature = bench.keys.signer("staff").sign(text)
    bench.write(archive(list((members | {"manifest.json": text, "manifest.sig": signature}).items())))
    with pytest.raises(PackageError, match="PKG-MANIFEST"):
        bench.open()


def test_forwarded_package_is_refused(bench: Bench) -> None:
    """Who was sent it re-encrypts the inside for somebody else: the manifest names another addressee."""
    inside = archive(list(bench.members().items()))
    bench.path.write_bytes(
        pyrage.encrypt(inside, [pyrage.x25519.Recipient.from_str(bench.keys.recipient("research"))])
    )
    with pytest.raises(PackageError, match="PKG-RECIPIENT"):
        bench.open(identity=bench.keys.identity("research"))


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": b""},
        {"payload": "氏名\n".encode("cp932")},
        {"payload": b"a\n" + b"1\n" * (33 * 1024 * 1024)},
        {"recipient": "age1nobody"},
        {"kind": "letters"},
    ],
    ids=["empty", "cp932", "too large", "recipient", "kind"],
)
def test_what_cannot_be_sealed_is_refused_and_the_old_file_stays(
    bench: Bench, changes: dict[str, Any]
) -> None:
    before = bench.path.read_bytes()
    with pytest.raises(PackageError, match="PKG-SEAL"):
        bench.seal(**changes)
    assert bench.path.read_bytes() == before


def decrypt(bench: Bench, folder: Path) -> None:
    """Decrypt with the program ``age``, or with the library where the program is not installed."""
    (folder / "id.txt").write_text(bench.keys.identity("contractor"), encoding="ascii")
    if shutil.which("age"):
        command = ["age", "-d", "-i", "id.txt", "-o", "labels.zip", "labels.sp"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    else:
        identity = pyrage.x25519.Identity.from_str(bench.keys.identity("contractor"))
        (folder / "labels.zip").write_bytes(pyrage.decrypt(bench.path.read_bytes(), [identity]))


def test_auditor_opens_it_with_other_programs(bench: Bench, tmp_path: Path) -> None:
    absent = [name for name in ("unzip", "openssl") if shutil.which(name) is None]
    if absent:
        pytest.skip(f"needs {', '.join(absent)}")
    decrypt(bench, tmp_path)
    pem = bench.keys.verifier("staff").public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "sender.pem").write_bytes(pem)
    verify = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "sender.pem"]
    for command in (
        ["unzip", "-q", "labels.zip"],
        [*verify, "-in", "manifest.json", "-sigfile", "manifest.sig"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "payload.csv").read_bytes() == PAYLOAD
