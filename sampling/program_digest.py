"""One digest over the program that draws (プログラムの同一性): the same program has the same one."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["PACKAGES", "SUFFIXES", "program_sha256"]

PACKAGES: Final = ("custody", "labels", "sampling")
"""The packages that decide who is drawn."""
SUFFIXES: Final = (".py", ".sql", ".toml")
"""Code and settings; catalogues of messages and tables of words are left out."""


def program_sha256(root: Path | str | None = None) -> str:
    """Digest the program that draws.

    Parameters
    ----------
    root : path, optional
        Folder that holds the packages `PACKAGES`. Default: where this package is installed.

    Returns
    -------
    str
        SHA-256 over the sorted lines ``path sha256``, each with LF, 64 lower hex digits.

    Notes
    -----
    ``path`` begins with the package's name and has forward slashes; ``sha256`` is that of the file's bytes
    with CRLF turned into LF, so that Windows and Unix agree. An auditor gets the same by a shell command
    (``docs/ceremony.md``).

    Examples
    --------
    >>> len(program_sha256())
    64
    """
    return _installed() if root is None else _digest(Path(root))


@cache
def _installed() -> str:
    """Digest the installed program once a process: what is loaded does not change with the files."""
    return _digest(Path(__file__).resolve().parent.parent)


def _digest(folder: Path) -> str:
    lines = [line.encode("utf-8") for package in PACKAGES for line in _lines(folder, package)]
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


def _lines(folder: Path, package: str) -> Iterator[str]:
    for path in (folder / package).rglob("*"):
        if path.suffix in SUFFIXES and path.is_file():
            content = path.read_bytes().replace(b"\r\n", b"\n")
            yield f"{path.relative_to(folder).as_posix()} {hashlib.sha256(content).hexdigest()}\n"
