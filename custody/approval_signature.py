"""The council's signature (署名) on an approval: Ed25519 over its bytes, in ``approval.sig`` beside it.

Where ``survey.toml`` names an ``approval_key``, the gate asks for the signature. Whoever decided signs with
``hyohon custody sign``, or with openssl alone: ``openssl pkeyutl -sign -rawin -inkey KEY.pem -in
approval.toml -out approval.sig``.
"""

import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from custody.approval_file import read_file
from custody.errors import ApprovalError, InputError, KeyFileError
from custody.files import write_private, write_whole
from custody.messages import gettext as _

__all__ = ["APPROVAL_KEY", "check_signature", "new_signing_key", "sign_approval", "signature_path"]

APPROVAL_KEY: Final = re.compile(r"[0-9a-f]{64}")
"""How an approval key is written in ``survey.toml``."""
SIGNATURE_BYTES: Final = 64


def signature_path(path: Path | str) -> Path:
    """Say where the signature of an approval lies.

    Parameters
    ----------
    path : path
        The approval file.

    Returns
    -------
    pathlib.Path
        Beside it, ending in ``.sig``.

    Examples
    --------
    >>> signature_path("survey/approval.toml").name
    'approval.sig'
    """
    return Path(path).with_suffix(".sig")


def check_signature(path: Path, data: bytes, key: str) -> None:
    """Hold an approval's bytes against the signature beside it.

    Parameters
    ----------
    path : pathlib.Path
        The approval file.
    data : bytes
        What was read from it.
    key : str
        Public key of whoever decides, 64 lower hex digits.

    Raises
    ------
    ApprovalError
        ``APP-UNSIGNED`` where there is no signature, ``APP-SIGNATURE`` where it is of another key, of another
        text, or none at all.
    """
    place = signature_path(path)
    try:
        with place.open("rb") as stream:
            signature = stream.read(SIGNATURE_BYTES + 1)
    except OSError:
        text = _("The approval is not signed, and survey.toml names the key that must sign it.")
        hint = _("Ask whoever decided for {name}, and put it beside the approval.").format(name=place.name)
        raise ApprovalError("APP-UNSIGNED", text, hint=hint, file=path.name) from None
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, data)
    except (InvalidSignature, ValueError):
        text = _("The signature is not that of the approval key over this text.")
        hint = _("Take approval and signature again from whoever decided; compare the key with the paper.")
        raise ApprovalError("APP-SIGNATURE", text, hint=hint, file=place.name) from None


def sign_approval(path: Path | str, key: Ed25519PrivateKey) -> Path:
    """Sign an approval.

    Parameters
    ----------
    path : path
        The approval file.
    key : Ed25519PrivateKey
        Key of whoever decided.

    Returns
    -------
    pathlib.Path
        The signature, 64 bytes; an earlier one is replaced.

    Raises
    ------
    ApprovalError
        The approval cannot be read.
    InputError
        The disk refuses.
    """
    return write_whole(signature_path(path), key.sign(read_file(Path(path))))


def new_signing_key(path: Path | str) -> Ed25519PrivateKey:
    """Read the signing key of whoever decides, or make it where there is none.

    Parameters
    ----------
    path : path
        A PEM file (PKCS 8, as openssl writes it).

    Returns
    -------
    Ed25519PrivateKey
        The key.

    Raises
    ------
    KeyFileError
        The file is no Ed25519 key, or cannot be read or written.

    Examples
    --------
    >>> import tempfile
    >>> from custody.keys import public_hex
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = new_signing_key(Path(folder) / "council.pem")
    ...     public_hex(made) == public_hex(new_signing_key(Path(folder) / "council.pem"))
    True
    """
    path = Path(path)
    try:
        if not path.exists():
            made = Ed25519PrivateKey.generate()
            pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
            write_private(path, made.private_bytes(pem, kind, serialization.NoEncryption()))
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except InputError as problem:
        raise KeyFileError("KEY-WRITE", problem.message, hint=problem.hint, file=problem.file) from None
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        raise _no_key(path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return key


def _no_key(path: Path) -> KeyFileError:
    hint = _("Name the PEM file of an Ed25519 key, or a new file to make one.")
    return KeyFileError("KEY-BAD", _("This is no signing key."), hint=hint, file=path.name)
