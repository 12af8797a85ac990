"""A file is whole under its name or not there, whatever the disk refuses and wherever the power is cut."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from custody.errors import InputError
from custody.files import is_part, write_private, write_whole

CONTENT = b"x" * 10_000
WRITERS = [write_whole, write_private]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def refuse(*_what: object) -> None:
    raise OSError(errno.ENOSPC, "no space left on device")


@pytest.mark.parametrize("call", ["os.fsync", "os.open", "pathlib.Path.mkdir"])
@pytest.mark.parametrize("write", WRITERS)
def test_refused_file_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], Path], call: str
) -> None:
    monkeypatch.setattr(call, lambda *_a, **_k: refuse())
    with pytest.raises(InputError, match="FILE-WRITE"):
        write(tmp_path / "new" / "key.txt", CONTENT)
    monkeypatch.undo()
    assert [name for name in names(tmp_path) if name != "new"] == []
    assert write(tmp_path / "new" / "key.txt", CONTENT).read_bytes() == CONTENT


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace"])
def test_refused_change_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = write_whole(tmp_path / "a.pdf", b"old")
    monkeypatch.setattr(call, lambda *_a, **_k: refuse())
    with pytest.raises(InputError, match="FILE-WRITE"):
        write_whole(path, CONTENT)
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["a.pdf"])


@pytest.mark.skipif(os.name != "posix", reason="Windows has no sync of a folder")
@pytest.mark.parametrize("write", WRITERS)
def test_everything_is_synced_before_its_name_and_every_new_folder_in_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], Path]
) -> None:
    synced: list[tuple[int, bool]] = []
    path, real = tmp_path / "job" / "out" / "a.pdf", os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        synced.append((os.fstat(handle).st_ino, path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write(path, CONTENT)
    above = {(folder.stat().st_ino, False) for folder in (tmp_path, tmp_path / "job")}
    assert set(synced[:2]) == above
    assert synced[2:] == [(path.stat().st_ino, False), (path.parent.stat().st_ino, True)]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no sync of a folder")
@pytest.mark.parametrize(("code", "refused"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_network_disk_that_syncs_no_folder_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, refused: bool
) -> None:
    real = os.fsync

    def fsync(handle: int) -> None:
        if os.path.samestat(os.fstat(handle), tmp_path.stat()):
            raise OSError(code, "no sync of a folder")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    if refused:
        with pytest.raises(InputError, match="FILE-WRITE"):
            write_whole(tmp_path / "a.pdf", CONTENT)
    else:
        write_whole(tmp_path / "a.pdf", CONTENT)
    assert (tmp_path / "a.pdf").read_bytes() == CONTENT


@pytest.mark.skipif(os.name != "posix", reason="Windows renames and refuses by itself")
def test_medium_without_hard_links_keeps_private_files_whole_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_what: object) -> None:
        raise PermissionError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    path = write_private(tmp_path / "key.txt", CONTENT)
    with pytest.raises(InputError, match="exists already"):
        write_private(path, b"other")
    assert (path.read_bytes(), names(tmp_path)) == (CONTENT, ["key.txt"])
    assert path.stat().st_mode & 0o077 == 0


def test_part_file_of_a_crash_is_removed_after_an_hour_and_no_other_file(tmp_path: Path) -> None:
    left, fresh, other = (tmp_path / name for name in (".a.pdf.12ab.part", ".b.pdf.34cd.part", "c.part"))
    for path in (left, fresh, other):
        path.write_bytes(b"half")
    long_ago = time.time() - 7200
    for path in (left, other):
        os.utime(path, (long_ago, long_ago))
    write_whole(tmp_path / "d.pdf", CONTENT)
    assert names(tmp_path) == sorted([fresh.name, "c.part", "d.pdf"])
    assert [is_part(path) for path in (left, other)] == [True, False]
