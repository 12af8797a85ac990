"""A seal is what only the key gives; a made-up one is seen by the contractor and staff, and told by row."""

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from custody.errors import InputError, LabelError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import Ledger
from custody.packages import open_package
from labels.job_printing import print_package
from labels.job_report import make_report, scan_file
from labels.jobs import Job
from labels.scans import parse_code
from labels.seals import check_seals, fits_check, seal_check, seal_of, seals_field, seals_from_field
from labels.tokens import ALPHABET, KeyedSource, new_tokens

KEY = bytes(range(32))
TOKENS = new_tokens(40, KeyedSource(bytes(range(16))))
Labels = Callable[[int], pd.DataFrame]
Sealed = Callable[..., Path]


@pytest.fixture
def job(labels: Labels, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain) -> Path:
    """A job of six labels with seals for two copies, printed once and mailed."""
    table = labels(6)
    table["seals"] = [seals_field(KEY, token, 1, 2) for token in table["token"]]
    print_package(sealed(table), tmp_path / "job", keys=keys, fonts=bare_fonts)
    with Job.open(tmp_path / "job").tracking() as tracking:
        tracking.mail("2009-11-09")
    return tmp_path / "job"


def codes_of(job: Path, copy: int = 1) -> list[str]:
    with Job.open(job).tracking() as tracking:
        return [f"{token}.1.{copy}.{seal_of(KEY, token, 1, copy)}" for token in sorted(tracking.known())]


def scan(job: Path, lines: list[str], state: str = "returned") -> list[str]:
    path = job.parent / "scans.txt"
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    return [found.code for found in scan_file(Job.open(job), path, state).exceptions]


def test_seal_is_the_first_forty_bits_of_the_hmac() -> None:
    digest = hmac.new(KEY, f"{TOKENS[0]}.2.3".encode(), hashlib.sha256).hexdigest()
    number = int(digest[:10], 16)
    expected = ""
    for _place in range(8):
        number, value = divmod(number, 32)
        expected = ALPHABET[value] + expected
    assert seal_of(KEY, TOKENS[0], 2, 3) == expected
    with pytest.raises(LabelError, match="LAB-SEAL-KEY"):
        seal_of(b"short", TOKENS[0], 1, 1)


def test_every_label_copy_and_key_has_its_own_seal() -> None:
    seals = {
        seal_of(key, token, wave, copy)
        for key in (KEY, bytes(32))
        for token in TOKENS
        for wave in (1, 2, 11)
        for copy in (1, 2, 12)
    }
    assert len(seals) == 2 * len(TOKENS) * 9


def test_seals_of_a_package_are_read_as_written_and_nothing_else_is() -> None:
    assert seals_from_field(seals_field(KEY, TOKENS[0], 1, 3)) == [
        seal_of(KEY, TOKENS[0], 1, copy) for copy in (1, 2, 3)
    ]
    for text in ("ABC", "0123456U", "0123456789", "01234567,01234567"):
        with pytest.raises(InputError, match="LAB-SEALS"):
            seals_from_field(text)


def test_code_is_read_with_and_without_a_seal() -> None:
    seal = seal_of(KEY, TOKENS[0], 1, 2)
    read = parse_code(f"{TOKENS[0]}.1.2.{seal.lower()}")
    assert (read.token, read.wave, read.copy, read.seal) == (TOKENS[0], 1, 2, seal)
    assert parse_code(f"{TOKENS[0]}.1.2").seal == parse_code(TOKENS[0]).seal == ""


def test_check_finds_wrong_seals_and_does_not_give_the_right_one_away() -> None:
    code = f"{TOKENS[0]}.1.1"
    seal = seal_of(KEY, TOKENS[0], 1, 1)
    check = seal_check(code, seal)
    assert fits_check(seal, check, code)
    assert fits_check("", check, code)
    wrong = [seal_of(bytes([k]) * 16, TOKENS[0], 1, 1) for k in range(200)]
    assert not any(fits_check(one, check, code) for one in wrong)
    assert not fits_check(seal, check, f"{TOKENS[0]}.1.2")
    assert len(check) * 4 == 20  # bits: 2^20 seals fit, so that the ledger does not tell which one is right


def test_ledger_of_the_contractor_holds_no_seal_until_it_comes_back(job: Path) -> None:
    with Ledger.read(job / "ledger.sqlite") as ledger:
        events = list(ledger.events())
    texts = " ".join(str(event.facts) for event in events)
    assert not [code for code in codes_of(job) if code.rpartition(".")[2] in texts]
    assert sum("check" in event.facts for event in events) == 6


def test_contractor_sets_a_made_up_seal_aside(job: Path) -> None:
    right, other = codes_of(job)[:2]
    made_up = right.rpartition(".")[0] + "." + other.rpartition(".")[2]
    assert scan(job, [made_up]) == ["wrong_seal"]
    assert scan(job, [right]) == []
    assert scan(job, [right]) == ["duplicate"]


def test_staff_check_what_came_back_by_row_and_name_no_value(job: Path, keys: KeyStore) -> None:
    codes = codes_of(job)
    assert scan(job, [codes[0], codes[1].rpartition(".")[0], codes[2].partition(".")[0]]) == []
    made = make_report(Job.open(job), keys)
    opened = open_package(made.events, kind="events", identity=keys.identity("staff"))
    lines = opened.payload.decode("utf-8").splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","), strict=True)) for line in lines[1:]]
    found = check_seals(rows, KEY)
    assert found.counts == {"right": 1, "wrong": 0, "unknown": 0, "without": 2}
    assert found.tidy()["pieces"].sum() == 3
    strange = check_seals(rows, bytes(32))
    assert strange.rows == ((1, "seal-wrong"),)
    assert check_seals(rows, KEY, tokens=[rows[0]["token"]]).rows == (
        (2, "seal-unknown"),
        (3, "seal-unknown"),
    )
    assert not [row["token"] for row in rows if row["token"] in repr(strange)]


@pytest.mark.parametrize("code", ["1.1", "x", "1.1.01234567", "1.1.ＡＢＣＤＥＦＧＨ", "1.1.UUUUUUUU"])
def test_whatever_stands_in_the_events_is_judged(code: str) -> None:
    row = {"token": TOKENS[0], "state": "returned", "code": code}
    assert check_seals([row], KEY).rows == ((1, "seal-wrong"),)


def test_copies_beyond_the_seals_are_held_back(
    labels: Labels, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain
) -> None:
    table = labels(3)
    table["seals"] = [seals_field(KEY, token, 1, 2) for token in table["token"]]
    package, job = sealed(table), tmp_path / "job"
    print_package(package, job, keys=keys, fonts=bare_fonts)
    print_package(package, job, keys=keys, reason="jam", fonts=bare_fonts)
    with pytest.raises(LabelError, match="LAB-NOTHING"):
        print_package(package, job, keys=keys, reason="jam", fonts=bare_fonts)
    with Job.open(job).tracking() as tracking:
        assert {piece.copy for piece in tracking.pieces()} == {2}


def test_packages_without_seals_print_and_scan_as_ever(
    labels: Labels, sealed: Sealed, keys: KeyStore, tmp_path: Path, bare_fonts: FontChain
) -> None:
    table = labels(2)
    print_package(sealed(table), tmp_path / "job", keys=keys, fonts=bare_fonts)
    with Job.open(tmp_path / "job").tracking() as tracking:
        result = tracking.scan([f"{table['token'][0]}.1.1", table["token"][1]])
    assert dict(result.accepted) == {"mailed": 2}
