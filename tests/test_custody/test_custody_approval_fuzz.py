"""Whatever bytes an approval or an exchange file holds, it is read or refused by name, and never wider."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from custody.approval import Approval
from custody.approval_file import read_approval
from custody.errors import ApprovalError, InputError
from custody.exchange_approval import load_exchange
from custody.exchange_file import read_exchange_bytes

TRAINING = files("custody").joinpath("data/approval_training.toml").read_bytes()
LINKAGE = (files("custody") / "approvals" / "28.toml").read_bytes()
PAYMENTS = '通知書番号,納付日時,納付額\r\n0001,2010-06-01,300\r\n0002,2010-06-02,"4,00"\r\n'.encode("cp932")
PIECES = [
    b"[",
    b"]",
    b'"',
    b"'''",
    b"=",
    b"*",
    b"#",
    b"\n",
    b"\x00",
    b"\xff",
    b"a.b.c = 1\n",
    b"9" * 50,
    b"{",
    b"\xe3\x81",
]
CASES = 1500


def mutated(data: bytes, generator: np.random.Generator) -> bytes:
    """Cut, double, replace or insert a few pieces."""
    changed = bytearray(data)
    for _ in range(int(generator.integers(1, 6))):
        start = int(generator.integers(0, len(changed) + 1))
        end = min(len(changed), start + int(generator.integers(0, 40)))
        piece = PIECES[int(generator.integers(len(PIECES)))]
        changed[start:end] = [b"", bytes(changed[start:end]) * 2, piece, generator.bytes(3)][
            int(generator.integers(4))
        ]
    return bytes(changed)


@pytest.mark.parametrize("seed", range(2))
def test_a_mutated_approval_is_read_or_refused_by_its_own_error(seed: int, tmp_path: Path) -> None:
    generator, path, read = np.random.default_rng(seed), tmp_path / "approval.toml", 0
    codes: set[str] = set()
    for _ in range(CASES):
        path.write_bytes(mutated(TRAINING, generator))
        try:
            approval = Approval.load(path)
        except ApprovalError as refusal:
            codes.add(refusal.code[:4])
            continue
        read += 1
        assert approval.period.start <= approval.period.end <= approval.retention_until
        assert not any("*" in name for name in (*approval.items, *approval.media))
        assert set(approval.recipients) <= {"contractor", "researcher"}
        assert all((approval.items, approval.media, approval.conditions, approval.max_n > 0))
    assert 0 < read < CASES
    assert codes == {"APP-"}


def test_a_mutated_exchange_approval_is_read_or_refused_and_opens_nothing_that_the_record_leaves_out(
    tmp_path: Path,
) -> None:
    generator, path = np.random.default_rng(3), tmp_path / "28.toml"
    for _ in range(CASES):
        path.write_bytes(mutated(LINKAGE, generator))
        with pytest.raises(ApprovalError):
            load_exchange(path).in_use(date(2010, 6, 10))


def test_a_mutated_exchange_file_is_read_or_refused_by_its_own_error() -> None:
    generator, codes = np.random.default_rng(4), set()
    for _ in range(CASES):
        try:
            table = read_exchange_bytes(mutated(PAYMENTS, generator), "a.csv")
        except InputError as refusal:
            codes.add(refusal.code[:4])
        else:
            assert table.header
    assert codes == {"EXC-"}


def test_every_cut_of_an_approval_is_refused() -> None:
    """A file cut at any byte before its last date lacks something, or is not TOML."""
    last = TRAINING.rindex(b"end = 2009-11-30") + len(b"end = 2009-11-30")
    for place in range(0, last, 3):
        with pytest.raises(ApprovalError):
            read_approval(TRAINING[:place], "approval.toml")
