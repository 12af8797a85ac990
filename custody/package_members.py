"""The inside of a sealed package: a stored zip of exactly three members, which is never written to disk."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Final

from custody.errors import PackageError
from custody.messages import gettext as _
from custody.package_manifest import MAX_MANIFEST_BYTES, refused

__all__ = ["MAX_MEMBER_BYTES", "MAX_PACKAGE_BYTES", "MEMBERS", "pack", "unpack"]

MEMBERS: Final = ("manifest.json", "manifest.sig", "payload.csv")
MAX_MEMBER_BYTES: Final = 64 * 1024 * 1024
MAX_PACKAGE_BYTES: Final = MAX_MEMBER_BYTES + 4 * 1024 * 1024
"""Payload, manifest and the overhead of encryption (16 bytes for each 64 KiB)."""


def pack(members: Mapping[str, bytes]) -> bytes:
    """Pack members in their fixed order; the same members give the same bytes.

    Parameters
    ----------
    members : mapping of str to bytes
        One for each of `MEMBERS`.

    Returns
    -------
    bytes
        A zip, nothing compressed.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in MEMBERS:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            archive.writestr(entry, members[name])
    return buffer.getvalue()


def unpack(data: bytes, name: str) -> dict[str, bytes]:
    """Take the members out, and refuse any archive that `pack` would not have written byte for byte.

    Parameters
    ----------
    data : bytes
        The decrypted inside of a package.
    name : str
        Name of the package, for messages.

    Returns
    -------
    dict of str to bytes
        One for each of `MEMBERS`.

    Raises
    ------
    PackageError
        ``PKG-MEMBERS``: other members or names, links, compression, lengths that lie, or bytes around them.

    Notes
    -----
    Nothing is inflated: a compressed member is refused by its header, so the largest memory is a few times
    the file's own size, which is bounded. Names are compared, never used as paths.
    """
    text = _("The package does not hold exactly the three parts it should.")
    refusal = refused("PKG-MEMBERS", text, name)
    try:
        members = _read(data, refusal)
        if len(members["manifest.json"]) > MAX_MANIFEST_BYTES or pack(members) != data:
            raise refusal
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError, OSError):
        raise refusal from None
    except (OverflowError, MemoryError, LookupError, struct.error, zlib.error):
        raise refusal from None
    return members


def _read(data: bytes, refusal: PackageError) -> dict[str, bytes]:
    """Read each member once, as many bytes as the archive itself could hold and no more."""
    members: dict[str, bytes] = {}
    left = len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if tuple(entry.filename for entry in entries) != MEMBERS:
            raise refusal
        for entry in entries:
            if entry.compress_type != zipfile.ZIP_STORED or max(entry.file_size, entry.compress_size) > left:
                raise refusal
            members[entry.filename] = archive.read(entry)  # stored: its checked size and no more
            left -= entry.file_size
    return members
