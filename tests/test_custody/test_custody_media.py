"""A package is whole on a registered, empty medium or not there, wherever the stick is pulled."""

import errno
import os
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from custody import files
from custody.cli import run
from custody.errors import ConfigError, PackageError
from custody.files import is_part
from custody.gate import PAPER, USB
from custody.media import add_medium, approved_medium, copy_compared, media, put_on_medium, retire_medium
from custody.packages import Origin, open_package, seal
from custody.survey import Survey, create_survey

BLOCK = 4096
ROWS = 5_000


@pytest.fixture
def survey(tmp_path: Path) -> Survey:
    made = create_survey(tmp_path / "s", training=True, seed="media", at="2009-11-05T10:00")
    add_medium(made, "USB-01", USB)
    return made


@pytest.fixture
def package(survey: Survey) -> Path:
    """A package of several blocks."""
    path = survey.out / "voids.sp"
    seal(
        path,
        kind="voids",
        payload=b"token\n" + b"".join(b"%015d\n" % number for number in range(ROWS)),
        facts={},
        recipient=survey.keys.recipient("contractor"),
        signer=survey.keys.signer("staff"),
        created=survey.clock.now(),
        origin=Origin("ab12cd34", "調査", True, survey.keys.recipient("staff")),
    )
    return path


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def pulled_after(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """Let a medium take so many bytes, and then neither bytes nor the removal of a file."""
    real = os.fdopen

    class Pulled:
        def __init__(self, stream: BinaryIO) -> None:
            self.stream = stream

        def __enter__(self) -> "Pulled":
            return self

        def __exit__(self, *_what: object) -> None:
            self.stream.close()

        def write(self, data: bytes) -> int:
            self.stream.write(data[:length])
            self.stream.flush()
            raise OSError(errno.EIO, "Input/output error")

    def gone(*_a: object, **_k: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdopen", lambda handle, _mode: Pulled(real(handle, "wb")))
    monkeypatch.setattr(Path, "unlink", gone)


def test_stick_pulled_at_every_block_leaves_no_package_and_loses_none(
    survey: Survey, package: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, identity = package.read_bytes(), survey.keys.identity("contractor")
    assert len(data) > 15 * BLOCK
    for length in range(0, len(data), BLOCK):
        with monkeypatch.context() as pulled:
            pulled_after(pulled, length)
            with pytest.raises(PackageError, match="MED-WRITE") as caught:
                put_on_medium(survey, package, stick, "USB-01")
        assert "Traceback" not in str(caught.value)
        left = list(stick.iterdir())
        assert [path for path in left if not is_part(path)] == []
        for part in left:
            assert part.read_bytes() == data[:length]
            with pytest.raises(PackageError, match="PKG-DECRYPT"):
                open_package(part, kind="voids", identity=identity)
            part.unlink()
    assert package.read_bytes() == data
    path = put_on_medium(survey, package, stick, "USB-01")
    assert open_package(path, kind="voids", identity=identity).manifest.rows == ROWS


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("os.open", OSError(errno.EROFS, "Read-only file system")),
        ("os.open", PermissionError(errno.EACCES, "Permission denied")),
        ("os.fsync", OSError(errno.ENOSPC, "No space left on device")),
        ("pathlib.Path.replace", PermissionError(errno.EACCES, "file locked")),
    ],
    ids=["read-only", "locked folder", "full", "file locked"],
)
def test_medium_that_refuses_gives_a_named_error_and_keeps_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, problem: OSError
) -> None:
    path = copy_compared(b"old", tmp_path / "a.sp")

    def refuse(*_a: object, **_k: object) -> None:
        raise problem

    with monkeypatch.context() as refusing:
        refusing.setattr(call, refuse)
        with pytest.raises(PackageError, match="MED-WRITE"):
            copy_compared(b"new", path)
    assert (path.read_bytes(), [one.name for one in tmp_path.iterdir()]) == (b"old", ["a.sp"])


def test_medium_that_gives_back_other_bytes_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as lying:
        lying.setattr(Path, "read_bytes", lambda _path: b"nex")
        with pytest.raises(PackageError, match="MED-WRITE"):
            copy_compared(b"new", tmp_path / "a.sp")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["autorun.inf", "labels.sp", "名簿.csv", "voids.sp"])
def test_medium_with_other_files_is_refused_without_their_names(
    survey: Survey, package: Path, stick: Path, name: str
) -> None:
    (stick / "System Volume Information").mkdir()
    (stick / name).write_bytes(b"x")
    with pytest.raises(PackageError, match="MED-NOT-EMPTY") as caught:
        put_on_medium(survey, package, stick, "USB-01")
    assert "名簿" not in str(caught.value)
    assert (stick / name).read_bytes() == b"x"
    (stick / name).unlink()
    first = put_on_medium(survey, package, stick, "USB-01").read_bytes()
    assert put_on_medium(survey, package, stick, "USB-01").read_bytes() == first


def test_only_a_registered_medium_in_use_is_written_to(survey: Survey, package: Path, stick: Path) -> None:
    for wrong in ("USB-02", "usb-01", ""):
        with pytest.raises(ConfigError, match="MED-UNKNOWN"):
            put_on_medium(survey, package, stick, wrong)
    retire_medium(survey, "USB-01")
    for act in (
        lambda: put_on_medium(survey, package, stick, "USB-01"),
        lambda: retire_medium(survey, "USB-01"),
    ):
        with pytest.raises(ConfigError, match="MED-UNKNOWN"):
            act()
    with pytest.raises(ConfigError, match="MED-ID"):  # an id is not used for a second medium
        add_medium(survey, "USB-01", USB)
    assert list(stick.iterdir()) == []


@pytest.mark.parametrize(("medium", "kind", "code"), [("usb 1", USB, "MED-ID"), ("CD-1", "CD-R", "MED-KIND")])
def test_medium_outside_the_approval_or_with_an_odd_id_is_not_registered(
    survey: Survey, medium: str, kind: str, code: str
) -> None:
    with pytest.raises(ConfigError, match=code):
        add_medium(survey, medium, kind)


def test_gate_is_asked_for_the_approvals_word(survey: Survey) -> None:
    add_medium(survey, "DOC-1", PAPER)
    words: dict[str, Any] = {"USB-01": USB, "DOC-1": PAPER, USB: USB, "USB-09": "USB-09", "CD": "CD"}
    assert {medium: approved_medium(survey, medium) for medium in words} == words
    with survey.ledger() as ledger:
        assert set(media(ledger)) == {"USB-01", "DOC-1"}


def test_commands_register_write_and_retire(
    survey: Survey, package: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(survey.folder)
    assert run(["custody", "medium", "add", folder, "USB-07"]) == 0
    assert run(["custody", "medium", "write", folder, str(package), str(stick), "--id", "USB-07"]) == 0
    assert "USB-07  voids.sp" in capsys.readouterr().out
    assert run(["custody", "medium", "retire", folder, "USB-07"]) == 0
    assert run(["custody", "medium", "write", folder, str(package), str(stick), "--id", "USB-07"]) == 1
    with survey.ledger() as ledger:
        (event,) = ledger.events("medium.written")
    assert event.facts["sha256"] == files.sha256_file(package)
