"""From the bytes of an approval file to its table: size, encoding, TOML, no secret, no renewal by itself.

These checks look at the file as a whole, before any field is read; a refusal never repeats what it holds.
"""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from custody.errors import ApprovalError
from custody.messages import gettext as _

__all__ = ["MAX_BYTES", "holds_secret", "parsed", "plain", "refuse_renewal", "refuse_unknown"]

MAX_BYTES: Final = 64 * 1024
"""Largest approval file; a page of a council's record is a tenth of that."""
_SECRET: Final = re.compile(rb"AGE-SECRET-KEY-1|-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----", re.IGNORECASE)
_RENEWING_KEY: Final = re.compile(r"renew|rollover|evergreen|更新|延長")
_RENEWING_WORDS: Final = re.compile(
    r"自動(?:的に)?(?:更新|延長|継続)(?![^。、]{0,8}(?:しない|せず|なし|無し|行わない|認めない|できない))"
    r"|(?<!no )(?<!never )(?<!without )(?<!not )\bauto(?:matic(?:al)?(?:ly)?)?[ -]?(?:renew|exten|roll)",
    re.IGNORECASE,
)
_ODD: Final = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Categories of characters that nobody sees: controls, direction marks, private use."""


def plain(text: str) -> str:
    """Reduce a name to what is compared: one width, no blanks.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    str
        After NFKC, without white space.

    Examples
    --------
    >>> plain("ＵＳＢ メモリ")
    'USBメモリ'
    """
    return "".join(unicodedata.normalize("NFKC", text).split())


def holds_secret(data: bytes) -> bool:
    """Say whether a private key was pasted into a text.

    Parameters
    ----------
    data : bytes
        The text.

    Returns
    -------
    bool
        True where an age identity or a PEM private key begins.

    Examples
    --------
    >>> holds_secret(b'note = "AGE-SECRET-KEY-1QQQ"'), holds_secret(b'contractor_age = "age1qqq"')
    (True, False)
    """
    return _SECRET.search(data) is not None


def parsed(data: bytes, name: str) -> dict[str, Any]:
    """Read the table of an approval file.

    Parameters
    ----------
    data : bytes
        The file, UTF-8 (a byte order mark is passed over).
    name : str
        Its name, for messages.

    Returns
    -------
    dict
        The table.

    Raises
    ------
    ApprovalError
        ``APP-SIZE``, ``APP-SECRET``, ``APP-UTF8``, ``APP-TOML`` (also a name that stands twice),
        ``APP-CHARS`` or ``APP-RENEW``.
    """
    if len(data) > MAX_BYTES:
        text = _("The approval is larger than {limit:,} bytes.").format(limit=MAX_BYTES)
        hint = _("An approval is one page of text; put the right file here.")
        raise ApprovalError("APP-SIZE", text, hint=hint, file=name)
    if holds_secret(data):
        hint = _("Delete it from this file, and make new keys: who read the file could use the old one.")
        raise ApprovalError("APP-SECRET", _("The file holds a private key."), hint=hint, file=name)
    document = _table(data, name)
    for key, text in _texts(document):
        if any(unicodedata.category(letter) in _ODD for letter in text):
            hint = _("Type the text again; do not copy it from another program.")
            problem = _("A text of the approval holds a character that cannot be seen.")
            raise ApprovalError("APP-CHARS", problem, hint=hint, file=name, column=key)
        if _RENEWING_WORDS.search(unicodedata.normalize("NFKC", text)):
            raise _renewal(name, key)
    return document


def _table(data: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        hint = _("Save it again as UTF-8.")
        raise ApprovalError("APP-UTF8", _("The approval is not UTF-8."), hint=hint, file=name) from None
    except (ValueError, RecursionError) as problem:
        found = re.search(r"\(at line (\d+)", str(problem))
        text = _("The approval is not valid TOML.")
        if found:
            text = _("The approval is not valid TOML at line {line}.").format(line=int(found[1]))
        hint = _("Compare the line with the training approval: quotes, brackets, each name only once.")
        raise ApprovalError("APP-TOML", text, hint=hint, file=name) from None


def _texts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield every text with the name of the field that it stands in, to any depth."""
    waiting: list[tuple[str, Any]] = list(document.items())
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, Mapping):
            waiting.extend((f"{key}.{inner}", one) for inner, one in value.items())
        elif isinstance(value, list):
            waiting.extend((key, one) for one in value)


def refuse_renewal(keys: Collection[str], name: str) -> None:
    """Refuse any field that would renew an approval by itself, whatever its value.

    Parameters
    ----------
    keys : collection of str
        Dotted keys of the file.
    name : str
        Name of the file.

    Raises
    ------
    ApprovalError
        ``APP-RENEW``, naming the field.
    """
    for key in keys:
        if _RENEWING_KEY.search(plain(key).lower()):
            raise _renewal(name, key)


def refuse_unknown(keys: Collection[str], known: Collection[str], name: str) -> None:
    """Refuse a field that nobody reads, and name the one that was probably meant.

    Parameters
    ----------
    keys, known : collection of str
        Dotted keys of the file, and those that are read.
    name : str
        Name of the file.

    Raises
    ------
    ApprovalError
        ``APP-KEY``, naming the field.
    """
    for key in keys:
        if key in known:
            continue
        near = difflib.get_close_matches(key, list(known), n=1, cutoff=0.6)
        hint = _("Correct the name or delete the field; the known ones are: {names}.")
        hint = hint.format(names=", ".join(known))
        if near:
            hint = _("Did you mean {name}?").format(name=near[0]) + " " + hint
        text = _("An approval has no such field.")
        raise ApprovalError("APP-KEY", text, hint=hint, file=name, column=key)


def _renewal(name: str, key: str) -> ApprovalError:
    text = _("An approval is never renewed by itself.")
    hint = _("Delete the line; ask for a new approval when the period is over.")
    return ApprovalError("APP-RENEW", text, hint=hint, file=name, column=key)
