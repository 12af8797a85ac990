"""Keeping the message catalogues: ``python -m custody.catalogue analysis custody labels …`` (needs babel).

For each package: collect the sentences inside ``_()`` and ``mark()``, bring its Japanese ``.po`` up to
date (new sentences come in empty, vanished ones go), and compile the ``.mo`` that is read at run time.
Files hold no date of the day, so the same sources give the same bytes.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

__all__ = ["compiled", "sentences", "untranslated", "update"]

HEADER_DATE: Final = datetime(2009, 11, 1, tzinfo=UTC)
KEYWORDS: Final = {"_": None, "gettext": None, "mark": None}


def sentences(package: Path) -> dict[str, list[tuple[str, int]]]:
    """Collect the sentences of a package.

    Parameters
    ----------
    package : pathlib.Path
        Folder of the package.

    Returns
    -------
    dict of str to list of (str, int)
        Sentence → files where it stands (the number is 0: line numbers would change with every edit).
    """
    from babel.messages.extract import extract_from_file

    found: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package.parent).as_posix()
        for _line, message, _comments, _context in extract_from_file("python", path, keywords=KEYWORDS):
            if isinstance(message, str) and message:
                places = found.setdefault(message, [])
                if (place, 0) not in places:
                    places.append((place, 0))
    return found


def catalogue_path(package: Path) -> Path:
    """Return where the Japanese catalogue of a package lies.

    Parameters
    ----------
    package : pathlib.Path
        Folder of the package.

    Returns
    -------
    pathlib.Path
        The ``.po`` file.
    """
    return package / "locale" / "ja" / "LC_MESSAGES" / f"{package.name}.po"


def untranslated(package: Path) -> list[str]:
    """List the sentences without a Japanese text.

    Parameters
    ----------
    package : pathlib.Path
        Folder of the package.

    Returns
    -------
    list of str
        Sentences, in order of appearance.
    """
    catalogue = _read(catalogue_path(package))
    missing = []
    for text in sentences(package):
        entry = catalogue.get(text)
        if entry is None or not entry.string or entry.fuzzy:
            missing.append(text)
    return missing


def compiled(path: Path) -> bytes:
    """Compile a catalogue.

    Parameters
    ----------
    path : pathlib.Path
        A ``.po`` file.

    Returns
    -------
    bytes
        Content of the ``.mo`` file.
    """
    from babel.messages.mofile import write_mo

    buffer = BytesIO()
    write_mo(buffer, _without_header(_read(path)))
    return buffer.getvalue()


def update(package: Path) -> list[str]:
    """Bring ``.po`` and ``.mo`` of a package up to date.

    Parameters
    ----------
    package : pathlib.Path
        Folder of the package.

    Returns
    -------
    list of str
        Sentences still without a Japanese text.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    path = catalogue_path(package)
    old = _read(path)
    new = Catalog(locale="ja", charset="utf-8")
    for text, places in sorted(sentences(package).items()):
        entry = old.get(text)
        new.add(text, entry.string if entry is not None else "", locations=places, flags=_flags(text))
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, new, width=100, omit_header=True, sort_by_file=True, include_lineno=False)
    header = b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    path.write_bytes(header + buffer.getvalue())
    path.with_suffix(".mo").write_bytes(compiled(path))
    return untranslated(package)


def _flags(text: str) -> set[str]:
    return {"python-brace-format"} if "{" in text else set()


def _read(path: Path) -> "Catalog":
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    if not path.is_file():
        return Catalog(locale="ja", charset="utf-8")
    with path.open("rb") as stream:
        return read_po(stream, locale="ja", charset="utf-8")


def _without_header(catalogue: "Catalog") -> "Catalog":
    """Return a copy with a fixed header (babel would write the date of the day)."""
    from babel.messages.catalog import Catalog

    plain = Catalog(
        locale="ja", charset="utf-8", fuzzy=False, creation_date=HEADER_DATE, revision_date=HEADER_DATE
    )
    for entry in catalogue:
        if entry.id and entry.string and not entry.fuzzy:
            plain.add(entry.id, entry.string)
    return plain


def _main(names: Iterable[str]) -> int:
    root = Path(__file__).resolve().parent.parent
    open_texts = {name: update(root / name) for name in names}
    for name, texts in open_texts.items():
        sys.stdout.write(f"{name}: {len(texts)} without a Japanese text\n")
        sys.stdout.writelines(f"  {text}\n" for text in texts)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
