"""The escrow key opens everything staff hold, also without our code, and is the way back after a loss."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
from pathlib import Path

import pyrage
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from custody.cli import run
from custody.errors import KeyFileError, PackageError
from custody.escrow import (
    ESCROW_FILE,
    create_escrow,
    drill,
    escrow_recipient,
    read_identity,
    rewrap,
    staff_readers,
)
from custody.files import record_file
from custody.packages import open_package, seal
from custody.survey import Survey, create_survey

LABELS = "postal_code,address,name,token,copy\n176-0001,練馬1,練馬　花子,7F3K9QXM2CDE4TX,1\n".encode()
VAULT = "token,name\r\n7F3K9QXM2CDE4TX,練馬　花子\r\n".encode()


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    return create_survey(tmp_path / "s", training=True, seed="escrow", at="2009-11-05T10:00")


@pytest.fixture
def safe(survey: Survey, tmp_path: Path) -> Path:
    """The private half, on a medium of its own; a package and a vault are sealed afterwards."""
    place = tmp_path / "safe" / "escrow.age.txt"
    create_escrow(survey, place)
    seal_labels(survey)
    seal_vault(survey)
    return place


def seal_labels(survey: Survey) -> Path:
    path = survey.out / "labels.sp"
    seal(
        path,
        kind="labels",
        payload=LABELS,
        facts={},
        recipient=survey.keys.recipient("contractor"),
        signer=survey.keys.signer("staff"),
        created=survey.clock.now(),
        origin=survey.origin,
    )
    return path


def seal_vault(survey: Survey) -> None:
    to = [pyrage.x25519.Recipient.from_str(one) for one in staff_readers(survey.keys)]
    survey.vault_path.write_bytes(pyrage.encrypt(VAULT, to))
    with survey.ledger() as ledger:
        record_file(ledger, survey.folder, survey.vault_path, "vault")


def never() -> str:
    raise AssertionError("no pass phrase was needed")


def opened(path: Path, identity: str) -> bytes:
    return bytes(pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(identity)]))


def test_without_an_escrow_key_files_are_for_their_addressee_alone(survey: Survey) -> None:
    assert (escrow_recipient(survey.keys), survey.origin.escrow) == ("", "")
    assert staff_readers(survey.keys) == (survey.keys.recipient("staff"),)
    assert seal_labels(survey).read_bytes().count(b"-> X25519") == 1


def test_drill_opens_all_of_it_and_writes_the_counts_to_the_ledger(survey: Survey, safe: Path) -> None:
    before = {path: path.read_bytes() for path in survey.folder.rglob("*.*") if path.name[:6] != "ledger"}
    result = drill(survey, read_identity(safe, never))
    assert (result.whole, result.opened, result.shut) == (True, ("out/labels.sp", "vault.age"), ())
    assert result.tidy()["opened"].all()
    with survey.ledger() as ledger:
        (event,) = ledger.events("escrow.drill")
    assert event.facts == {"opened": 2, "shut": 0}
    assert {path: path.read_bytes() for path in before} == before


def test_drill_names_what_another_key_or_an_older_file_keeps_shut(survey: Survey, tmp_path: Path) -> None:
    older = seal_labels(survey)
    seal_vault(survey)
    place = tmp_path / "safe.txt"
    create_escrow(survey, place)
    result = drill(survey, read_identity(place, never))
    assert (result.whole, result.opened) == (False, ())
    rewrap(survey, survey.keys.identity("staff"))
    seal_labels(survey)
    assert drill(survey, read_identity(place, never)).whole
    assert older.read_bytes().count(b"-> X25519") == 2
    stranger = str(pyrage.x25519.Identity.generate())
    assert drill(survey, stranger).shut == ("out/labels.sp", "vault.age")


def test_escrow_opens_expired_packages_but_no_changed_one_and_is_no_addressee(
    survey: Survey, safe: Path
) -> None:
    path, identity = survey.out / "labels.sp", read_identity(safe, never)
    found = open_package(path, kind="labels", identity=identity, escrow=True)
    assert (found.payload, found.manifest.escrow) == (LABELS, escrow_recipient(survey.keys))
    for wrong, as_escrow in ((identity, False), (survey.keys.identity("contractor"), True)):
        with pytest.raises(PackageError, match="PKG-RECIPIENT"):
            open_package(path, kind="labels", identity=wrong, escrow=as_escrow)
    path.write_bytes(path.read_bytes()[:-1])
    assert drill(survey, identity).shut == ("out/labels.sp",)


def test_lost_staff_key_has_a_way_back(survey: Survey, safe: Path) -> None:
    old = survey.keys.identity("staff")
    for path in survey.keys.folder.glob("staff.*"):
        path.unlink()
    survey.keys.create("staff")
    identity = read_identity(safe, never)
    with pytest.raises(KeyFileError, match="ESC-SHUT"):
        rewrap(survey, survey.keys.identity("staff"))
    assert list(rewrap(survey, identity)) == [survey.vault_path]
    assert opened(survey.vault_path, survey.keys.identity("staff")) == VAULT
    assert opened(survey.vault_path, identity) == VAULT
    with pytest.raises(pyrage.DecryptError):
        opened(survey.vault_path, old)
    with survey.ledger() as ledger:
        assert [event.facts for event in ledger.events("escrow.rewrap")] == [{"files": 1}]
        *_rest, last = ledger.events("file")
    assert last.facts["sha256"] == hashlib.sha256(survey.vault_path.read_bytes()).hexdigest()


def test_private_half_is_made_once_and_never_beside_what_it_opens(survey: Survey, tmp_path: Path) -> None:
    for place in (survey.folder / "e.txt", survey.out / "e.txt", survey.keys.folder / "e.txt"):
        with pytest.raises(KeyFileError, match="ESC-PLACE"):
            create_escrow(survey, place)
        assert not place.exists()
    place = tmp_path / "e.txt"
    create_escrow(survey, place)
    secret = read_identity(place, never)
    with pytest.raises(KeyFileError, match="ESC-EXISTS"):
        create_escrow(survey, tmp_path / "f.txt")
    for path in survey.folder.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes()


def test_damaged_public_half_stops_the_sealing(survey: Survey, safe: Path) -> None:
    (survey.keys.folder / ESCROW_FILE).write_text('age = "age1nobody"\n', encoding="ascii")
    with pytest.raises(KeyFileError, match="KEY-BAD"):
        seal_labels(survey)


def encrypted(content: bytes, passphrase: bytes, log_n: int = 4) -> bytes:
    """An age file for a pass phrase, by its specification, with a work factor for tests."""

    def text(data: bytes) -> bytes:
        return base64.b64encode(data).rstrip(b"=")

    def key(salt: bytes | None, info: bytes) -> bytes:
        return HKDF(hashes.SHA256(), 32, salt=salt, info=info).derive(file_key)

    salt, file_key, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrap = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 1 << log_n, 8, 1).derive(passphrase)
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (text(salt), log_n, text(body))
    mac = hmac.digest(key(None, b"header"), header, hashlib.sha256)
    chunk = ChaCha20Poly1305(key(nonce, b"payload")).encrypt(bytes(11) + b"\x01", content, None)
    return header + b" " + text(mac) + b"\n" + nonce + chunk


def test_wrong_pass_phrase_ten_times_is_refused_alike_and_changes_nothing(tmp_path: Path) -> None:
    identity, place = str(pyrage.x25519.Identity.generate()), tmp_path / "escrow.age"
    place.write_bytes(encrypted(f"{identity}\n".encode(), "正しい言葉".encode()))
    before, said = place.read_bytes(), set()
    for number in range(10):
        with pytest.raises(KeyFileError, match="ESC-PASSPHRASE") as caught:
            read_identity(place, lambda wrong=f"正しい言葉{number}": wrong)  # type: ignore[misc]
        said.add(str(caught.value))
    assert len(said) == 1
    assert "正しい" not in said.pop()
    assert place.read_bytes() == before
    assert list(tmp_path.iterdir()) == [place]
    assert read_identity(place, lambda: "正しい言葉") == identity


@pytest.mark.parametrize("content", [b"", b"AGE-SECRET-KEY-1NOTHING\n", "練馬".encode("cp932"), None])
def test_file_without_an_identity_is_refused(tmp_path: Path, content: bytes | None) -> None:
    place = tmp_path / "escrow.txt"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(KeyFileError, match="ESC-IDENTITY"):
        read_identity(place, never)


def test_commands_make_try_and_use_the_key(
    survey: Survey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, place = str(survey.folder), tmp_path / "escrow.age.txt"
    seal_vault(survey)
    assert run(["custody", "escrow", "new", folder, "--to", str(place)]) == 0
    assert "AGE-SECRET" not in capsys.readouterr().out
    assert run(["custody", "escrow", "drill", folder, "--identity", str(place)]) == 1
    assert "ESC-DRILL" in capsys.readouterr().err
    assert run(["custody", "escrow", "rewrap", folder]) == 0
    assert run(["custody", "escrow", "drill", folder, "--identity", str(place)]) == 0
    assert "1 / 1  (100%)" in capsys.readouterr().out


def programs(*names: str) -> None:
    absent = [name for name in names if shutil.which(name) is None]
    if absent:
        pytest.skip(f"needs {', '.join(absent)} (Debian packages age, unzip, openssl, coreutils)")


@pytest.mark.parametrize("who", ["contractor", "escrow"])
def test_auditor_opens_a_package_with_age_unzip_sha256sum_and_openssl(
    survey: Survey, safe: Path, tmp_path: Path, who: str
) -> None:
    """The commands of ``docs/custody.md``, none of them ours, by the addressee's key and by escrow's."""
    programs("age", "unzip", "sha256sum", "openssl")
    key = safe if who == "escrow" else survey.keys.folder / "contractor.age.txt"
    desk = tmp_path / "desk"
    desk.mkdir()

    def do(*command: str) -> bytes:
        return subprocess.run(command, cwd=desk, check=True, capture_output=True).stdout

    do("age", "-d", "-i", str(key), "-o", "labels.zip", str(survey.out / "labels.sp"))
    do("unzip", "-q", "labels.zip")
    manifest = json.loads((desk / "manifest.json").read_text(encoding="utf-8"))
    assert do("sha256sum", "payload.csv").split()[0].decode() == manifest["payload_sha256"]
    raw = bytes.fromhex("302a300506032b6570032100" + manifest["sender"]["ed25519"])
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(raw) + b"\n-----END PUBLIC KEY-----\n"
    (desk / "sender.pem").write_bytes(pem)
    verify = ("openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "sender.pem")
    do(*verify, "-in", "manifest.json", "-sigfile", "manifest.sig")
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    known = survey.keys.verifier("staff").public_bytes(serialization.Encoding.PEM, spki)
    assert known.split() == pem.split()
    assert (desk / "payload.csv").read_bytes() == LABELS
    (desk / "manifest.json").write_bytes((desk / "manifest.json").read_bytes() + b" ")
    with pytest.raises(subprocess.CalledProcessError):
        do(*verify, "-in", "manifest.json", "-sigfile", "manifest.sig")


@pytest.mark.parametrize("who", ["staff", "escrow"])
def test_auditor_opens_the_vault_with_age(survey: Survey, safe: Path, who: str) -> None:
    programs("age")
    key = safe if who == "escrow" else survey.keys.folder / "staff.age.txt"
    command = ["age", "-d", "-i", str(key), str(survey.vault_path)]
    assert subprocess.run(command, check=True, capture_output=True).stdout == VAULT
