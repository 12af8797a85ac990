"""Names of encodings: which ones a register may be in, and which one a piece of a file looks like."""

import codecs
import unicodedata
from typing import Final

from custody.errors import InputError
from custody.messages import gettext as _
from sampling.limits import limits

__all__ = ["codec_name", "exact_codec", "forbidden", "likely_encoding", "mark_of"]

KNOWN: Final = frozenset(
    {"ascii", "cp932", "euc_jp", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"}
)
WIDE_SHARE: Final = 0.05
WIDE_RATIO: Final = 3
"""More zero bytes than this share, and so many times more at odd places than at even ones (or the other way
round), are UTF-16 and not a broken file: digits, commas and line ends have one each; a full-width blank has
one at the other place."""
ALIASES: Final = {"windows-31j": "cp932"}
NARROW: Final = frozenset({"shift_jis", "shift_jis_2004", "shift_jisx0213"})
"""What people call CP932; none of them decodes the bytes of its additional characters as Windows does."""
MARKS: Final = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def codec_name(encoding: str) -> str:
    """Return Python's own name of an encoding.

    Parameters
    ----------
    encoding : str
        Any name or alias.

    Returns
    -------
    str
        The canonical name, lower case.

    Raises
    ------
    InputError
        There is no such encoding, or it is not one that a register may be in.

    Examples
    --------
    >>> codec_name("Windows-31J"), codec_name("UTF8")
    ('cp932', 'utf-8')
    """
    try:
        name = codecs.lookup(ALIASES.get(encoding.lower(), encoding)).name
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        name = ""
    if name in NARROW:
        raise InputError(
            "SAM-FILE-CODEC",
            _("Shift_JIS lacks characters that Windows and the registers write (髙, 﨑, ①)."),
            hint=_("Say cp932: that is the name of what wards call Shift_JIS."),
        )
    if name not in KNOWN:
        raise InputError(
            "SAM-FILE-CODEC",
            _("There is no such encoding."),
            hint=_("Use cp932, utf-8, utf-8-sig or utf-16."),
        )
    return name


def mark_of(sample: bytes) -> str | None:
    """Name the encoding whose byte order mark a file begins with.

    Parameters
    ----------
    sample : bytes
        The beginning of the file.

    Returns
    -------
    str or None
        ``"utf-8"``, ``"utf-16"`` or None.

    Examples
    --------
    >>> mark_of("練馬".encode("utf-8-sig")), mark_of("練馬".encode("cp932"))
    ('utf-8', None)
    """
    return next((name for mark, name in MARKS.items() if sample.startswith(mark)), None)


def exact_codec(codec: str, start: bytes) -> str:
    """Return the codec that decodes a file piece by piece, with or without a byte order mark.

    Parameters
    ----------
    codec : str
        Declared encoding, as `codec_name` gives it.
    start : bytes
        The beginning of the file.

    Returns
    -------
    str
        ``utf-16-le`` or ``utf-16-be`` for ``utf-16`` (little endian, as Windows writes, where nothing else
        shows), ``utf-8`` for ``utf-8-sig``, else the same.

    Examples
    --------
    >>> exact_codec("utf-16", "練馬".encode("utf-16-be")), exact_codec("utf-8-sig", b"")
    ('utf-16-le', 'utf-8')
    """
    if codec == "utf-16":
        big = start.startswith(codecs.BOM_UTF16_BE) or likely_encoding(start, exact=False) == "utf-16-be"
        return "utf-16-be" if big else "utf-16-le"
    return "utf-8" if codec == "utf-8-sig" else codec


def likely_encoding(sample: bytes, *, exact: bool = True) -> str | None:
    """Name the encoding that a piece of a file is probably in.

    Parameters
    ----------
    sample : bytes
        Bytes from the file, beginning at a character.
    exact : bool
        The sample also ends with a character; otherwise its last three bytes may be cut.

    Returns
    -------
    str or None
        Name of the encoding; None where nothing fits or all is ASCII.

    Examples
    --------
    >>> likely_encoding("練馬区".encode("cp932")), likely_encoding("a,b".encode("utf-16-be"))
    ('cp932', 'utf-16-be')
    """
    marked = mark_of(sample)
    if marked:
        return marked
    for first, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = sample[first::2].count(0)
        if zeros > max(len(sample) * WIDE_SHARE, 2, WIDE_RATIO * sample[1 - first :: 2].count(0)):
            return codec
    if sample.isascii():
        return None
    for codec in ("utf-8", "cp932"):
        try:
            codecs.getincrementaldecoder(codec)("strict").decode(sample, final=exact)
        except UnicodeDecodeError:
            continue
        return codec
    return None


def forbidden(header: str) -> bool:
    """Say whether a column may not be in any file of a survey.

    Parameters
    ----------
    header : str
        Name of the column.

    Returns
    -------
    bool
        True for an individual number, a bank account and the like.

    Examples
    --------
    >>> forbidden("個人番号"), forbidden("宛名番号")
    (True, False)
    """
    plain = "".join(unicodedata.normalize("NFKC", header).casefold().split())
    return any(word in plain for word in limits().forbidden_words)
