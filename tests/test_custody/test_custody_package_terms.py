"""A package opens for its addressee, in its time, in its sender's role; old or odd ones are refused."""

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from custody import package_open
from custody.approval import Approval
from custody.clock import JST, SimulatedClock
from custody.errors import PackageError
from custody.keys import KeyStore
from custody.ledger import Ledger
from custody.package_members import MEMBERS, pack
from custody.package_receipts import issue, last_instant, receive, terms_for
from custody.packages import NO_TERMS, VALID_DAYS, Manifest, Origin, Package, Terms, open_package, seal
from custody.survey import create_survey

LABELS = 'postal_code,address,name,token,copy\n176-0001,"練馬,1",練馬　花子,7F3K9QXM2CDE4TX,1\n'.encode()
EVENTS = b"token,state,date,reason,wave,code\n7F3K9QXM2CDE4TX,mailed,2009-11-05,,1,\n"
CREATED = datetime(2009, 11, 5, 10, tzinfo=JST)
NEW_FIELDS = ("approval", "escrow", "expires", "medium", "package_id", "role", "serial")


@dataclass(frozen=True)
class Bench:
    keys: KeyStore
    path: Path

    def seal(self, **changes: Any) -> Manifest:
        settings: dict[str, Any] = {
            "kind": "labels",
            "payload": LABELS,
            "facts": {},
            "recipient": self.keys.recipient("contractor"),
            "signer": self.keys.signer("staff"),
            "created": CREATED,
            "origin": Origin("ab12cd34", "調査", False, self.keys.recipient("staff")),
        }
        return seal(self.path, **(settings | changes))

    def events(self, **changes: Any) -> Manifest:
        settings = {
            "kind": "events",
            "payload": EVENTS,
            "recipient": self.keys.recipient("staff"),
            "signer": self.keys.signer("contractor"),
            "origin": Origin("ab12cd34", "調査", False, self.keys.recipient("contractor")),
        }
        return self.seal(**(settings | changes))

    def open(self, **changes: Any) -> Package:
        settings: dict[str, Any] = {
            "kind": "labels",
            "identity": self.keys.identity("contractor"),
            "verifier": self.keys.verifier("staff"),
            "now": CREATED,
        }
        return open_package(self.path, **(settings | changes))

    def inside(self) -> dict[str, bytes]:
        identity = pyrage.x25519.Identity.from_str(self.keys.identity("contractor"))
        with zipfile.ZipFile(io.BytesIO(pyrage.decrypt(self.path.read_bytes(), [identity]))) as archive:
            return {name: archive.read(name) for name in MEMBERS}

    def put(self, inside: bytes, to: str = "contractor") -> None:
        recipient = pyrage.x25519.Recipient.from_str(self.keys.recipient(to))
        self.path.write_bytes(pyrage.encrypt(inside, [recipient]))

    def sign(self, signer: str = "staff", *, changes: dict[str, Any] | None = None, **more: Any) -> None:
        """Change the manifest and sign it anew with a role's own key."""
        members = self.inside()
        values = {
            key: value
            for key, value in (json.loads(members["manifest.json"]) | (changes or {}) | more).items()
            if value is not None
        }
        text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        signature = self.keys.signer(signer).sign(text)
        self.put(pack(members | {"manifest.json": text, "manifest.sig": signature}))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    store = KeyStore(tmp_path_factory.mktemp("keys"))
    for role in ("staff", "contractor", "research"):
        store.create(role)
    return store


@pytest.fixture
def bench(keys: KeyStore, tmp_path: Path) -> Bench:
    made = Bench(keys, tmp_path / "out" / "labels.sp")
    made.seal()
    return made


def held(bench: Bench) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted(bench.path.parent.iterdir())]


def test_manifest_says_what_the_sender_promised(bench: Bench) -> None:
    terms = Terms(3, "ab" * 32, CREATED + timedelta(days=2), "USBメモリ", "cd" * 16)
    assert bench.seal(terms=terms) == bench.open().manifest
    found = bench.open().manifest
    assert (found.serial, found.approval, found.expires) == (3, "ab" * 32, CREATED + timedelta(days=2))
    assert (found.medium, found.package_id, found.role) == ("USBメモリ", "cd" * 16, "staff")
    assert bench.seal().package_id != bench.seal().package_id
    assert bench.open().manifest.expires == CREATED + timedelta(days=VALID_DAYS)


def test_package_opens_up_to_its_last_second_and_no_clock_opens_one_of_tomorrow(bench: Bench) -> None:
    bench.seal(terms=Terms(expires=CREATED + timedelta(hours=1)))
    assert bench.open(now=CREATED + timedelta(hours=1)).payload == LABELS
    for now, code in (
        (CREATED + timedelta(hours=1, seconds=1), "PKG-EXPIRED"),
        (CREATED - timedelta(days=1, seconds=1), "PKG-CLOCK"),
        (None, "PKG-EXPIRED"),  # a real survey goes by the clock of this computer
    ):
        with pytest.raises(PackageError, match=code):
            bench.open(now=now)
    with pytest.raises(PackageError, match="PKG-SEAL"):
        bench.seal(terms=Terms(expires=CREATED - timedelta(seconds=1)))


REFUSALS: dict[str, tuple[Callable[[Bench], object], dict[str, str], str]] = {
    "contractor signs in the name of staff": (lambda b: b.sign("contractor"), {}, "PKG-SIGNATURE"),
    "contractor signs as itself": (lambda b: b.sign(role="contractor"), {}, "PKG-ROLE"),
    "unknown role": (lambda b: b.sign(role="mayor"), {}, "PKG-MANIFEST"),
    "other recipient named": (lambda b: b.sign(recipient="0" * 64), {}, "PKG-RECIPIENT"),
    "forwarded": (lambda b: b.put(pack(b.inside()), "research"), {"reader": "research"}, "PKG-RECIPIENT"),
    "wrong reader": (lambda b: None, {"reader": "research"}, "PKG-DECRYPT"),
    "row count wrong": (lambda b: b.sign(rows=2), {}, "PKG-DIGEST"),
    "digest wrong": (lambda b: b.sign(payload_sha256="0" * 64), {}, "PKG-DIGEST"),
    "other kind": (lambda b: b.sign(kind="voids"), {}, "PKG-KIND"),
    "no identifier": (lambda b: b.sign(package_id=""), {}, "PKG-MANIFEST"),
    "negative serial": (lambda b: b.sign(serial=-1), {}, "PKG-MANIFEST"),
    "field left out": (lambda b: b.sign(medium=None), {}, "PKG-MANIFEST"),
    "expires before made": (lambda b: b.sign(expires="2009-11-01T00:00:00+09:00"), {}, "PKG-MANIFEST"),
    "expires never": (lambda b: b.sign(expires="never"), {}, "PKG-MANIFEST"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_wrong_party_or_field_has_its_error_and_nothing_is_written(bench: Bench, name: str) -> None:
    spoil, options, code = REFUSALS[name]
    spoil(bench)
    before = held(bench)
    with pytest.raises(PackageError, match=code) as caught:
        bench.open(identity=bench.keys.identity(options.get("reader", "contractor")))
    assert held(bench) == before
    assert "花子" not in str(caught.value)


def test_own_package_is_not_taken_for_the_other_partys(bench: Bench) -> None:
    """With no key known beforehand, at least one's own key is not the sender's."""
    own = bench.keys.public("contractor")
    bench.sign("contractor", sender={"age": own.age, "ed25519": own.ed25519})
    with pytest.raises(PackageError, match="PKG-ROLE"):
        bench.open(verifier=None)


def test_package_of_the_first_version_is_read_with_derived_terms(bench: Bench) -> None:
    bench.sign(changes={"schema": "hyohon-package-1", **dict.fromkeys(NEW_FIELDS)})
    found = bench.open().manifest
    assert (found.serial, found.role, found.medium, found.escrow) == (0, "staff", "", "")
    assert found.expires == CREATED + timedelta(days=VALID_DAYS)
    assert found.package_id == bench.open().manifest.package_id
    with pytest.raises(PackageError, match="PKG-EXPIRED"):
        bench.open(now=CREATED + timedelta(days=VALID_DAYS, seconds=1))
    bench.seal()
    bench.sign(changes={"schema": "hyohon-package-1", **dict.fromkeys(NEW_FIELDS[1:])})
    with pytest.raises(PackageError, match="PKG-MANIFEST"):  # neither version: some fields of the second
        bench.open()


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("labels", "token,name,resident_no"),
        ("labels", "token,token"),
        ("labels", "token,"),
        ("voids", "token,reason"),
        ("events", "token,state,name"),
        ("research", "rid,token"),
        ("research", "rid,postal_code"),
    ],
)
def test_column_that_a_kind_may_not_carry_is_neither_sealed_nor_opened(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str, header: str
) -> None:
    with pytest.raises(PackageError, match="PKG-SEAL"):
        bench.seal(kind=kind, payload=f"{header}\n".encode())
    monkeypatch.setattr(package_open, "columns_fit", lambda *_a: False)
    with pytest.raises(PackageError, match="PKG-COLUMNS"):
        bench.open()


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/x", "C:\\x", "a\\b", "\u202evsc.daolyap", "名簿.csv", "payload.csv/", "payload"]
)
def test_member_with_an_odd_name_is_refused(bench: Bench, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, data in bench.inside().items():
            archive.writestr(zipfile.ZipInfo(member if member != "payload.csv" else name), data)
    inside = buffer.getvalue()
    before = sorted(bench.path.parents[1].rglob("*"))
    for data in (inside, inside.replace("名簿".encode(), "名簿xx".encode("cp932")[:6])):
        bench.put(data)
        with pytest.raises(PackageError, match="PKG-MEMBERS"):
            bench.open()
    assert sorted(bench.path.parents[1].rglob("*")) == before


def test_symbolic_link_and_lying_lengths_are_refused(bench: Bench) -> None:
    good = pack(bench.inside())
    link = bytearray(good)
    place = link.rindex(b"PK\x01\x02")
    link[place + 5] = 3  # made on Unix
    link[place + 38 : place + 42] = (0o120777 << 16).to_bytes(4, "little")
    lies = []
    for at in (20, 24):  # compressed and real size in the directory of the archive
        for size in (0, 1, 2**31 - 1, 2**32 - 1):
            changed = bytearray(good)
            changed[place + at : place + at + 4] = size.to_bytes(4, "little")
            lies.append(bytes(changed))
    for data in (bytes(link), *lies):
        bench.put(data)
        with pytest.raises(PackageError, match="PKG-MEMBERS"):
            bench.open()


def test_zip_bomb_is_refused_by_what_it_is_and_not_inflated(bench: Bench) -> None:
    members, buffer = bench.inside(), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in MEMBERS[:2]:
            archive.writestr(name, members[name])
        with archive.open("payload.csv", "w") as stream:
            for _mega in range(200):
                stream.write(bytes(1 << 20))
    bench.put(buffer.getvalue())
    assert bench.path.stat().st_size < 400_000
    tracemalloc.start()
    with pytest.raises(PackageError, match="PKG-MEMBERS"):
        bench.open()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_file_that_is_too_large_or_none_is_refused_before_it_is_decrypted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_open, "MAX_PACKAGE_BYTES", bench.path.stat().st_size - 1)
    monkeypatch.setattr(pyrage, "decrypt", None)
    with pytest.raises(PackageError, match="PKG-SIZE"):
        bench.open()
    bench.path.unlink()
    with pytest.raises(PackageError, match="PKG-FILE"):
        bench.open()
    bench.path.mkdir()
    with pytest.raises(PackageError, match="PKG-FILE"):
        bench.open()


def test_every_byte_changed_and_every_truncation_is_refused(bench: Bench) -> None:
    """One bit of each byte, in turn; ``python benchmarks/tamper.py --every-bit`` changes each bit."""
    bench.seal(payload=b"token\n", facts={})
    data, before = bench.path.read_bytes(), len(list(bench.path.parents[1].rglob("*")))
    spoilt = [data[:length] for length in range(len(data))]
    for place in range(len(data)):
        spoilt.append(data[:place] + bytes([data[place] ^ (1 << place % 8)]) + data[place + 1 :])
    for bad in spoilt:
        bench.path.write_bytes(bad)
        with pytest.raises(PackageError, match="PKG-DECRYPT"):
            bench.open()
    assert len(list(bench.path.parents[1].rglob("*"))) == before


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with Ledger.open(tmp_path / "ledger.sqlite", SimulatedClock(CREATED)) as opened:
        yield opened


def test_old_events_are_refused_once_newer_ones_were_received(bench: Bench, ledger: Ledger) -> None:
    first = bench.events(terms=Terms(serial=1))
    later = CREATED + timedelta(hours=1)
    second = bench.events(terms=Terms(serial=2), created=later)
    assert receive(ledger, first, "events.sp", now=later)
    assert not receive(ledger, first, "events.sp", now=later)  # the newest, read again
    assert receive(ledger, second, "events.sp", now=later)
    with pytest.raises(PackageError, match="PKG-REPLAY"):
        receive(ledger, first, "events.sp", now=later)
    assert not receive(ledger, second, "events.sp", now=later)
    with pytest.raises(PackageError, match="PKG-REPLAY"):
        receive(ledger, second, "events.sp", now=later, once=True)
    denials = [event.facts["code"] for event in ledger.events("denial")]
    assert denials == ["PKG-REPLAY", "PKG-REPLAY"]


def test_identifier_serves_one_package_only(bench: Bench, ledger: Ledger) -> None:
    one = bench.seal(terms=Terms(1, package_id="ab" * 16))
    receive(ledger, one, "labels.sp", now=CREATED)
    other = bench.seal(terms=Terms(1, package_id="ab" * 16), payload=LABELS + LABELS.split(b"\n")[1])
    voids = bench.seal(terms=Terms(1, package_id="ab" * 16), kind="voids", payload=b"token\n")
    for again in (other, voids):
        with pytest.raises(PackageError, match="PKG-REPLAY"):
            receive(ledger, again, "labels.sp", now=CREATED)


def test_two_jobs_of_one_contractor_number_each_on_its_own(bench: Bench, ledger: Ledger) -> None:
    receive(ledger, bench.events(terms=Terms(serial=5)), "a.sp", now=CREATED)
    assert receive(ledger, bench.events(terms=Terms(serial=1)), "b.sp", now=CREATED)


def test_expired_package_is_refused_by_the_ledgers_clock_in_training_too(
    bench: Bench, ledger: Ledger
) -> None:
    origin = Origin("ab12cd34", "調査", True, bench.keys.recipient("staff"))
    manifest = bench.seal(origin=origin, terms=Terms(expires=CREATED))
    assert bench.open(now=None).manifest == manifest  # nobody said what day it is
    with pytest.raises(PackageError, match="PKG-EXPIRED"):
        receive(ledger, manifest, "labels.sp", now=CREATED + timedelta(seconds=1))
    assert [event.facts["code"] for event in ledger.events("denial")] == ["PKG-EXPIRED"]


def test_serials_run_for_each_kind_without_gap(ledger: Ledger) -> None:
    made = [issue(ledger, kind, NO_TERMS) for kind in ("labels", "labels", "voids", "labels")]
    assert [terms.serial for terms in made] == [1, 2, 1, 3]
    assert len({terms.package_id for terms in made}) == len(made)


def test_terms_of_staff_come_from_the_approval(tmp_path: Path) -> None:
    survey = create_survey(tmp_path / "s", training=True, seed="t", at="2009-11-05T10:00")
    approval = Approval.load(survey.approval_path)
    terms = terms_for(survey, "labels", "USBメモリ")
    assert (terms.approval, terms.medium, terms.serial) == (approval.sha256, "USBメモリ", 1)
    assert terms.expires == datetime(2009, 12, 30, 23, 59, 59, tzinfo=JST)
    for kind in ("research", "voids", "events"):
        assert last_instant(kind, approval).date() == approval.retention_until
