"""Keys are made once, only their owner reads them, damaged ones are refused; recorded files are watched."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from custody.clock import SimulatedClock
from custody.errors import InputError, KeyFileError, LedgerError
from custody.files import changed_files, record_file, sha256_file, write_private, write_whole
from custody.keys import ROLES, SECRETS, KeyStore, PublicKeys, public_hex
from custody.ledger import Ledger

SEED = b"s" * 32


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    made = KeyStore(tmp_path / "keys")
    for role in ROLES:
        made.create(role)
    for name in SECRETS:
        made.create_secret(name)
    return made


def test_private_and_public_halves_belong_together(store: KeyStore) -> None:
    for role in ROLES:
        assert store.has(role)
        assert store.identity(role).startswith("AGE-SECRET-KEY-1")
        assert store.public(role) == PublicKeys(store.recipient(role), public_hex(store.signer(role)))
        store.verifier(role).verify(store.signer(role).sign(b"text"), b"text")
    assert len({store.secret(name) for name in SECRETS}) == len(SECRETS)
    assert {len(store.secret(name)) for name in SECRETS} == {32}


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX file modes")
def test_only_the_owner_can_read(store: KeyStore) -> None:
    modes = {path.stat().st_mode & 0o777 for path in store.folder.iterdir()}
    assert modes == {0o600}
    assert store.folder.stat().st_mode & 0o777 == 0o700


def test_keys_are_never_overwritten(store: KeyStore) -> None:
    before = store.identity("staff")
    for make in (lambda: store.create("staff"), lambda: store.create("person")):
        with pytest.raises(KeyFileError, match="KEY-EXISTS"):
            make()
    assert store.identity("staff") == before


def test_seed_repeats_secrets_and_signing_keys_and_each_name_has_its_own(tmp_path: Path) -> None:
    stores = [KeyStore(tmp_path / name) for name in "abc"]
    for made, seed in zip(stores, (SEED, SEED, b"t" * 32), strict=True):
        made.create("staff", seed)
        for name in SECRETS:
            made.create_secret(name, seed)
    first, same, other = [
        {made.public("staff").ed25519, *(made.secret(name).hex() for name in SECRETS)} for made in stores
    ]
    assert first == same
    assert first.isdisjoint(other)
    assert len(first) == 1 + len(SECRETS)
    assert stores[0].recipient("staff") != stores[1].recipient("staff")


@pytest.mark.parametrize(
    ("file", "content", "use", "code"),
    [
        ("staff.age.txt", b"AGE-SECRET-KEY-1QQQQ\n", lambda s: s.identity("staff"), "KEY-BAD"),
        ("staff.age.txt", b"# public key only\n", lambda s: s.identity("staff"), "KEY-BAD"),
        ("staff.age.txt", "鍵".encode(), lambda s: s.identity("staff"), "KEY-MISSING"),
        ("staff.age.txt", None, lambda s: s.identity("staff"), "KEY-MISSING"),
        (
            "staff.pem",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            lambda s: s.signer("staff"),
            "KEY-BAD",
        ),
        ("staff.pem", None, lambda s: s.signer("staff"), "KEY-MISSING"),
        ("staff.public.toml", b"age = 'x'\n", lambda s: s.recipient("staff"), "KEY-BAD"),
        ("staff.public.toml", b"age = 'x'\ned25519 = 'y'\n", lambda s: s.recipient("staff"), "KEY-PUBLIC"),
        ("staff.public.toml", None, lambda s: s.verifier("staff"), "KEY-MISSING"),
        ("person.secret", b"abc\n", lambda s: s.secret("person"), "KEY-BAD"),
        ("person.secret", None, lambda s: s.secret("person"), "KEY-MISSING"),
    ],
)
def test_damaged_or_missing_key_is_refused_without_showing_it(
    store: KeyStore, file: str, content: bytes | None, use: Callable[[KeyStore], object], code: str
) -> None:
    path = store.folder / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    with pytest.raises(KeyFileError) as caught:
        use(store)
    assert caught.value.code == code
    assert "QQQQ" not in str(caught.value)


@pytest.mark.parametrize(
    "use", [KeyStore.identity, KeyStore.public, KeyStore.secret, KeyStore.create, KeyStore.has]
)
def test_unknown_name_is_refused(store: KeyStore, use: Callable[[KeyStore, str], object]) -> None:
    with pytest.raises(KeyFileError, match="KEY-NAME"):
        use(store, "../staff")


def test_public_keys_of_the_survey_file_serve_where_the_folder_has_none(
    store: KeyStore, tmp_path: Path
) -> None:
    mine = KeyStore(tmp_path / "mine", {"contractor": store.public("contractor")})
    assert mine.recipient("contractor") == store.recipient("contractor")
    assert not mine.has("contractor")
    with pytest.raises(KeyFileError, match=r"KEY-PUBLIC-MISSING.*survey\.toml.*recipients"):
        mine.recipient("research")


def test_whole_file_replaces_and_private_file_never_does(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.bin"
    assert write_whole(path, b"one").read_bytes() == b"one"
    assert write_whole(path, b"two").read_bytes() == b"two"
    with pytest.raises(InputError, match="FILE-WRITE"):
        write_private(path, b"three")
    with pytest.raises(InputError, match="FILE-WRITE"):
        write_whole(path / "below a file", b"four")
    assert path.read_bytes() == b"two"
    assert [item.name for item in path.parent.iterdir()] == ["a.bin"]


def test_recorded_files_are_watched_by_their_newest_record(tmp_path: Path) -> None:
    names = ["same.csv", "changed.csv", "gone.csv"]
    with Ledger.open(tmp_path / "ledger.sqlite", SimulatedClock(datetime(2009, 11, 2))) as ledger:
        for text in (b"first", b"second"):
            for name in names:
                record_file(ledger, tmp_path, write_whole(tmp_path / "out" / name, text), "labels")
        (tmp_path / "out" / "changed.csv").write_bytes(b"first")
        (tmp_path / "out" / "gone.csv").unlink()
        states = {state.path: (state.state, state.seq) for state in changed_files(ledger, tmp_path)}
        assert states == {f"out/{name}": (name.split(".")[0], 4 + place) for place, name in enumerate(names)}
        japanese = write_whole(tmp_path / "名簿.csv", b"x")
        with pytest.raises(LedgerError, match="LED-FACT"):
            record_file(ledger, tmp_path, japanese, "labels")
    assert sha256_file(tmp_path / "out" / "same.csv")[:8] == "16367aac"
