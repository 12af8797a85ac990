"""Person keys: pseudonyms that only the holder of the secret can tie to a resident number."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

from custody.errors import SamplingError
from custody.messages import gettext as _

__all__ = ["hmac_pads", "person_keys"]

BLOCK: Final = 64
SHORTEST: Final = 16


def hmac_pads(secret: bytes) -> tuple[bytes, bytes]:
    """Return the inner and outer block of HMAC-SHA256.

    Parameters
    ----------
    secret : bytes
        At least 16 bytes.

    Returns
    -------
    tuple of bytes
        ``(inner, outer)``, 64 bytes each: HMAC(m) = SHA-256(outer || SHA-256(inner || m)).

    Raises
    ------
    SamplingError
        The secret is too short.

    References
    ----------
    RFC 2104 (1997), section 2.

    Examples
    --------
    >>> import hashlib, hmac
    >>> inner, outer = hmac_pads(bytes(32))
    >>> ours = hashlib.sha256(outer + hashlib.sha256(inner + b"x").digest()).digest()
    >>> ours == hmac.digest(bytes(32), b"x", "sha256")
    True
    """
    _check(secret)
    key = (hashlib.sha256(secret).digest() if len(secret) > BLOCK else secret).ljust(BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)


def person_keys(resident_numbers: Iterable[str], secret: bytes) -> list[str]:
    """Return the person keys of resident numbers.

    Parameters
    ----------
    resident_numbers : iterable of str
        As text, with leading zeros.
    secret : bytes
        At least 16 bytes.

    Returns
    -------
    list of str
        HMAC-SHA256(secret, number in UTF-8), 64 hex digits each.

    Raises
    ------
    SamplingError
        The secret is too short.

    Examples
    --------
    >>> person_keys(["0000000001"], bytes(32))[0][:16]
    '67bd39c32f4f8d1a'
    """
    _check(secret)
    return [hmac.digest(secret, number.encode(), "sha256").hex() for number in resident_numbers]


def _check(secret: bytes) -> None:
    if len(secret) < SHORTEST:
        raise SamplingError(
            "SAM-SECRET-SHORT",
            _("The secret for person keys is shorter than 16 bytes."),
            hint=_("Use the secret that the key store made."),
        )
