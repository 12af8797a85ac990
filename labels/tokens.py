"""Tokens: the only name a letter has outside the ward.

A token is 13 random symbols and 2 check symbols of Crockford's base 32 (digits and capitals without
I, L, O, U). It has no meaning: nothing of the person, the order or the draw is in it. The check symbols make
the 15 symbols a word of a Reed-Solomon code over GF(32) with distance 3, so that every error in one or two
symbols and every swap of two is caught.
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from custody.errors import LabelError
from custody.messages import gettext as _

__all__ = [
    "ALPHABET",
    "DATA_SYMBOLS",
    "TOKEN_LENGTH",
    "KeyedSource",
    "SystemSource",
    "TokenSource",
    "format_token",
    "is_valid",
    "new_tokens",
    "parse_token",
    "valid_tokens",
]

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DATA_SYMBOLS = 13
CHECK_SYMBOLS = 2
TOKEN_LENGTH = DATA_SYMBOLS + CHECK_SYMBOLS
GROUPS = (4, 4, 4, 3)
PRIMITIVE = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)
ORDER = 31  # of the multiplicative group of GF(32)
NOT_A_SYMBOL = 255
FIVE_BITS = np.uint8(31)
LOOK_ALIKES = str.maketrans("ILO", "110")
HYPHENS = "-‐‑‒–—―−ー－_"
IGNORED = str.maketrans("", "", HYPHENS + " \t\r\n\u3000")

Symbols = NDArray[np.uint8]


class TokenSource(Protocol):
    """Where the random symbols of tokens come from."""

    def symbols(self, start: int, n: int) -> Symbols:
        """Return symbols number `start` to `start + n - 1`, shape (n, 13), values 0 to 31."""
        ...


@dataclass(frozen=True, slots=True)
class SystemSource:
    """Symbols from the operating system's random source; never the same twice."""

    def symbols(self, start: int, n: int) -> Symbols:
        """Return fresh random symbols.

        Parameters
        ----------
        start : int
            Not used: there is no order in a random source.
        n : int
            Number of tokens, 0 or more.

        Returns
        -------
        ndarray of uint8
            Shape (n, 13), values 0 to 31, uniform (32 divides 256).
        """
        raw = np.frombuffer(secrets.token_bytes(n * DATA_SYMBOLS), dtype=np.uint8)
        return raw.reshape(n, DATA_SYMBOLS) & FIVE_BITS


@dataclass(frozen=True, slots=True)
class KeyedSource:
    """Symbols derived from a key: the same key gives the same tokens, for training and tests.

    Parameters
    ----------
    key : bytes
        Secret of at least 16 bytes. Whoever holds it can list the tokens.

    Notes
    -----
    Token number c takes the first 13 bytes of HMAC-SHA256(key, c as 8 bytes, big-endian), 5 bits of each.

    Examples
    --------
    >>> new_tokens(2, KeyedSource(bytes(32))) == new_tokens(2, KeyedSource(bytes(32)))
    True
    """

    key: bytes

    def __post_init__(self) -> None:
        if len(self.key) < 16:
            raise LabelError(
                "LAB-TOKEN-KEY",
                _("The key for tokens is shorter than 16 bytes."),
                hint=_("Use the key that the key store made."),
            )

    def __repr__(self) -> str:
        return "KeyedSource(key=...)"

    def symbols(self, start: int, n: int) -> Symbols:
        """Return the symbols of tokens number `start` to `start + n - 1`.

        Parameters
        ----------
        start : int
            Number of the first token, from 0.
        n : int
            Number of tokens, 0 or more.

        Returns
        -------
        ndarray of uint8
            Shape (n, 13), values 0 to 31.
        """
        raw = b"".join(self._digest(counter) for counter in range(start, start + n))
        return np.frombuffer(raw, dtype=np.uint8).reshape(n, DATA_SYMBOLS) & FIVE_BITS

    def _digest(self, counter: int) -> bytes:
        return hmac.digest(self.key, counter.to_bytes(8, "big"), hashlib.sha256)[:DATA_SYMBOLS]


def new_tokens(n: int, source: TokenSource | None = None) -> list[str]:
    """Make `n` different tokens.

    Parameters
    ----------
    n : int
        How many, 0 or more.
    source : TokenSource, optional
        Default: the operating system's random source. A `KeyedSource` only for training and tests. The seed
        of a draw is never a source: it may be published.

    Returns
    -------
    list of str
        `n` unique tokens of 15 symbols, without hyphens, in the order of the source.

    Raises
    ------
    LabelError
        If `n` is negative.

    Examples
    --------
    >>> tokens = new_tokens(3)
    >>> [len(token) for token in tokens], all(is_valid(token) for token in tokens)
    ([15, 15, 15], True)
    """
    if n < 0:
        raise LabelError(
            "LAB-TOKEN-COUNT", _("The number of tokens is negative."), hint=_("Ask for 0 tokens or more.")
        )
    source = SystemSource() if source is None else source
    found: dict[str, None] = {}
    start = 0
    while len(found) < n:  # a second round happens about once in 10^13 surveys
        missing = n - len(found)
        found.update(dict.fromkeys(_spell(_with_checks(source.symbols(start, missing)))))
        start += missing
    return list(found)


def format_token(token: str) -> str:
    """Write a token in groups, as it is printed for people.

    Parameters
    ----------
    token : str
        A token in any accepted spelling.

    Returns
    -------
    str
        Four groups, such as ``7F3K-9QXM-2CDE-4TX``.

    Raises
    ------
    LabelError
        If it is not a token.

    Examples
    --------
    >>> format_token("0123456789ABC59")
    '0123-4567-89AB-C59'
    """
    word, groups, at = parse_token(token), [], 0
    for length in GROUPS:
        groups.append(word[at : at + length])
        at += length
    return "-".join(groups)


def parse_token(text: str) -> str:
    """Read a token as a person or a scanner gives it.

    Parameters
    ----------
    text : str
        With or without hyphens (of any kind) and blanks, in capitals or small letters, half or full width;
        I and L are read as 1, O as 0.

    Returns
    -------
    str
        The token: 15 symbols, without hyphens.

    Raises
    ------
    LabelError
        With code ``LAB-TOKEN-LENGTH``, ``LAB-TOKEN-SYMBOL`` or ``LAB-TOKEN-CHECK``; the text itself is not in
        the message.

    Examples
    --------
    >>> parse_token("ol23-4567-89ab-c59")
    '0123456789ABC59'
    """
    word = (
        unicodedata.normalize("NFKC", text.translate(IGNORED))
        .translate(IGNORED)
        .upper()
        .translate(LOOK_ALIKES)
    )
    if len(word) != TOKEN_LENGTH:
        raise _refused("LAB-TOKEN-LENGTH", _("A token has 15 symbols; this one has another number."))
    values = _values([word])
    if (values == NOT_A_SYMBOL).any():
        raise _refused("LAB-TOKEN-SYMBOL", _("A token holds digits and capitals without I, L, O, U only."))
    if _syndromes(values).any():
        raise _refused("LAB-TOKEN-CHECK", _("The check symbols of this token do not agree."))
    return word


def is_valid(text: str) -> bool:
    """Say whether `parse_token` accepts the text.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    bool
        True where it is a token in any accepted spelling.

    Examples
    --------
    >>> is_valid("0123-4567-89AB-C59"), is_valid("0123-4567-89AB-C95")
    (True, False)
    """
    try:
        parse_token(text)
    except LabelError:
        return False
    return True


def valid_tokens(tokens: Iterable[str]) -> NDArray[np.bool_]:
    """Check many tokens at once.

    Parameters
    ----------
    tokens : iterable of str
        Tokens in the canonical spelling (15 symbols, no hyphens); any other spelling is False.

    Returns
    -------
    ndarray of bool
        One value for each token, in their order.

    Examples
    --------
    >>> valid_tokens(["0123456789ABC59", "1023456789ABC59", ""]).tolist()
    [True, False, False]
    """
    words = [str(token) for token in tokens]
    sized = np.fromiter((len(word) == TOKEN_LENGTH for word in words), dtype=np.bool_, count=len(words))
    values = _values([word if good else "0" * TOKEN_LENGTH for word, good in zip(words, sized, strict=True)])
    good_symbols = (values != NOT_A_SYMBOL).all(axis=1)
    values[~good_symbols] = 0
    fits: NDArray[np.bool_] = sized & good_symbols & ~_syndromes(values).any(axis=1)
    return fits


def _refused(code: str, message: str) -> LabelError:
    return LabelError(code, message, hint=_("Scan the code again, or type the 15 symbols under it."))


def _powers() -> Symbols:
    """Return alpha^0 to alpha^30 in GF(32), alpha being the root of the primitive polynomial."""
    powers = np.ones(ORDER, dtype=np.uint8)
    for k in range(1, ORDER):
        doubled = int(powers[k - 1]) << 1
        powers[k] = doubled ^ PRIMITIVE if doubled & 32 else doubled
    return powers


def _product_table() -> Symbols:
    """Return the multiplication table of GF(32), shape (32, 32)."""
    powers = _powers()
    logs = np.zeros(32, dtype=np.int64)
    logs[powers] = np.arange(ORDER)
    table: Symbols = powers[(logs[:, None] + logs[None, :]) % ORDER]
    table[0, :] = 0
    table[:, 0] = 0
    return table


def _weighted_table() -> Symbols:
    """Return alpha^i times every symbol, for the places i = 0 to 14 of a token: shape (15, 32)."""
    return _product_table()[_powers()[:TOKEN_LENGTH]]


PRODUCT = _product_table()
WEIGHTED = _weighted_table()
PLACES = np.arange(TOKEN_LENGTH)
INVERSE_STEP = int(
    np.flatnonzero(PRODUCT[_powers()[DATA_SYMBOLS] ^ _powers()[DATA_SYMBOLS + 1]] == 1)[0]
)  # 1 / (alpha^13 + alpha^14)
CODES = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
VALUE_OF = np.full(128, NOT_A_SYMBOL, dtype=np.uint8)
VALUE_OF[CODES] = np.arange(32)


def _syndromes(values: Symbols) -> Symbols:
    """Return sum(c_i) and sum(alpha^i c_i) over the places given, shape (n, 2); both are 0 for a token."""
    plain = np.bitwise_xor.reduce(values, axis=1)
    weighted = np.bitwise_xor.reduce(WEIGHTED[PLACES[: values.shape[1]], values], axis=1)
    return np.stack([plain, weighted], axis=1)


def _with_checks(data: Symbols) -> Symbols:
    """Add the two check symbols: solve p + q = s0, alpha^13 p + alpha^14 q = s1 for each row."""
    s0, s1 = _syndromes(data).T
    first = PRODUCT[WEIGHTED[TOKEN_LENGTH - 1, s0] ^ s1, INVERSE_STEP]
    return np.column_stack([data, first, s0 ^ first])


def _spell(values: Symbols) -> list[str]:
    text = CODES[values].tobytes().decode("ascii")
    return [text[at : at + TOKEN_LENGTH] for at in range(0, len(text), TOKEN_LENGTH)]


def _values(words: list[str]) -> Symbols:
    """Return the values of words of 15 characters, shape (n, 15); 255 where a character is no symbol."""
    points = np.array(words, dtype=f"U{TOKEN_LENGTH}").view(np.uint32).reshape(len(words), TOKEN_LENGTH)
    return np.where(points < 128, VALUE_OF[np.minimum(points, 127)], np.uint8(NOT_A_SYMBOL))
