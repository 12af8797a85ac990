"""Whether a file lies on a disk of this computer that keeps what it has acknowledged."""

import sys
from pathlib import Path
from typing import Final

__all__ = ["file_system", "is_local"]

NOT_SAFE: Final = frozenset(
    {
        "afpfs",
        "afs",
        "cifs",
        "davfs",
        "exfat",
        "fat",
        "fat32",
        "fuse.curlftpfs",
        "fuse.davfs2",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "msdos",
        "ncpfs",
        "nfs",
        "nfs4",
        "remote",
        "smb2",
        "smb3",
        "smbfs",
        "vfat",
        "webdav",
    }
)
"""Names of file systems without dependable locks or without a journal: network shares, FAT sticks."""
MOUNTS: Final = Path("/proc/self/mounts")
DRIVE_REMOTE: Final = 4


def is_local(path: Path) -> bool:
    """Tell whether a ledger may be written here.

    Parameters
    ----------
    path : pathlib.Path
        The file; need not exist.

    Returns
    -------
    bool
        False on a network share or a FAT medium; True also where the platform does not tell.

    Examples
    --------
    >>> is_local(Path("ledger.sqlite"))
    True
    """
    return file_system(path) not in NOT_SAFE


def file_system(path: Path) -> str:
    """Return the lower-case name of the file system of a path.

    Parameters
    ----------
    path : pathlib.Path
        A file or folder; need not exist.

    Returns
    -------
    str
        Such as ``"ext4"``, ``"ntfs"``; ``"remote"`` for a Windows share; ``""`` where it is not known.
    """
    place = path.resolve()
    if sys.platform == "win32":
        return _windows(place)
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # a platform without this list
        return ""
    found = ("", "")
    for line in mounts:
        point, kind = line.split(" ")[1:3]
        point = point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        inside = point == "/" or f"{place}/".startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(found[0]):  # the later of two at one place lies on top
            found = (point, kind)
    return found[1].lower()


def _windows(place: Path) -> str:
    """Ask Windows for the kind of drive and the name of its file system."""
    if str(place).startswith("\\\\"):
        return "remote"
    import ctypes

    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009
    root = ctypes.c_wchar_p(place.anchor)
    if kernel.GetDriveTypeW(root) == DRIVE_REMOTE:
        return "remote"
    name = ctypes.create_unicode_buffer(64)
    done = kernel.GetVolumeInformationW(root, None, 0, None, None, None, name, len(name))
    return name.value.lower() if done else ""
