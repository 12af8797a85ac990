"""The message catalogue: one English text, one Japanese text, chosen at run time.

The English text is the message identifier. Each installed package may carry
``<package>/locale/ja/LC_MESSAGES/<package>.mo``; they are merged here. Write
``_("Read {rows:,} rows").format(rows=n)`` and never an f-string inside ``_()``.
"""

import gettext as _stdlib_gettext
import importlib.util
import locale
import os
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

__all__ = ["LANGUAGES", "PACKAGES", "Language", "gettext", "language", "mark", "set_language"]

Language = Literal["en", "ja"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "ja")
PACKAGES: Final = ("analysis", "custody", "labels", "sampling", "synthetic_data")

_chosen: ContextVar[Language | None] = ContextVar("hyohon_language", default=None)


def set_language(name: str | None) -> None:
    """Choose the language of messages for this context.

    Parameters
    ----------
    name : {"en", "ja"} or None
        None forgets the choice, so that the environment decides again.

    Raises
    ------
    ConfigError
        The name is not one of `LANGUAGES`.

    Examples
    --------
    >>> set_language("en")
    >>> language()
    'en'
    >>> set_language(None)
    """
    if name is not None and name not in LANGUAGES:
        from custody.errors import (
            ConfigError,
        )  # errors reads messages: the import stands here to break the circle

        raise ConfigError("CFG-LANG", "The language must be en or ja.", hint="Choose --lang ja or --lang en.")
    _chosen.set(name)


def language() -> Language:
    """Return the language in use.

    Returns
    -------
    {"en", "ja"}
        The chosen one; else ``HYOHON_LANG``; else Japanese where the locale is Japanese; else English.
    """
    return _chosen.get() or _from_environment()


def _from_environment() -> Language:
    wanted = os.environ.get("HYOHON_LANG", "")
    if wanted in LANGUAGES:
        return wanted
    names = [os.environ.get(key, "") for key in ("LC_ALL", "LC_MESSAGES", "LANG")]
    name = next((value for value in names if value), None) or locale.getlocale()[0] or ""
    return "ja" if name.lower().startswith(("ja", "japanese")) else "en"


def gettext(message: str) -> str:
    """Translate one message into the language in use.

    Parameters
    ----------
    message : str
        English text, possibly with ``str.format`` fields.

    Returns
    -------
    str
        The translated text, or the English text where no translation exists.

    Examples
    --------
    >>> set_language("en")
    >>> gettext("Read {rows:,} rows").format(rows=1200)
    'Read 1,200 rows'
    >>> set_language(None)
    """
    return _japanese().get(message, message) if language() == "ja" else message


def mark(message: str) -> str:
    """Mark a text for the catalogue without translating it now (for tables of names).

    Parameters
    ----------
    message : str
        English text.

    Returns
    -------
    str
        The same text.
    """
    return message


@cache
def _japanese() -> Mapping[str, str]:
    merged: dict[str, str] = {}
    for package in PACKAGES:
        file = catalogue_file(package)
        if file is None or not file.is_file():
            continue
        with file.open("rb") as stream:
            entries = vars(_stdlib_gettext.GNUTranslations(stream))["_catalog"]
        merged.update({key: text for key, text in entries.items() if key and isinstance(key, str)})
    return MappingProxyType(merged)


def catalogue_file(package: str) -> Path | None:
    """Locate the compiled Japanese catalogue of a package without importing it.

    Parameters
    ----------
    package : str
        Import name.

    Returns
    -------
    pathlib.Path or None
        Where the ``.mo`` file belongs; None where the package is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "locale" / "ja" / "LC_MESSAGES" / f"{package}.mo"
