"""Keys of the three roles, and the secrets behind pseudonyms, as files in one folder.

A role (``staff``, ``contractor``, ``research``) has an age identity to open packages sent to it and an
Ed25519 key to sign what it sends. ``<role>.age.txt`` is a file the ``age`` program takes with ``-i``;
``<role>.pem`` is one for ``openssl``; ``<role>.public.toml`` may be given to anybody.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyrage
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from custody.errors import InputError, KeyFileError
from custody.files import write_private, write_whole
from custody.messages import gettext as _

__all__ = ["ROLES", "SECRETS", "KeyStore", "PublicKeys", "public_hex"]

ROLES: Final = ("staff", "contractor", "research")
SECRETS: Final = ("person", "prn", "token", "research", "seal")
"""``person``: residents' keys. ``prn``: their permanent random numbers, where surveys follow each other.
``token``: repeatable tokens, in training only. ``research``: rid. ``seal``: seals of labels' codes."""

SECRET_BYTES: Final = 32
_AGE_RECIPIENT: Final = re.compile(r"age1[02-9ac-hj-np-z]{58}")
_HEX_KEY: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """What others need to know of a role.

    Parameters
    ----------
    age : str
        Recipient for encryption, ``age1...``.
    ed25519 : str
        Public key that checks the role's signatures, 64 lower hex digits.
    """

    age: str
    ed25519: str

    def __post_init__(self) -> None:
        if not _AGE_RECIPIENT.fullmatch(self.age) or not _HEX_KEY.fullmatch(self.ed25519):
            raise KeyFileError(
                "KEY-PUBLIC",
                _("This is not a pair of public keys (age1... and 64 hex digits)."),
                hint=_("Copy both lines from `hyohon custody keys` of the other party."),
            )

    def verifier(self) -> Ed25519PublicKey:
        """Return the key that checks signatures."""
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.ed25519))


@dataclass(frozen=True, slots=True)
class KeyStore:
    """A folder of keys.

    Parameters
    ----------
    folder : pathlib.Path
        Where the key files lie; need not exist yet.
    known : mapping of str to PublicKeys
        Public keys of other parties that were written in the survey file; a file in the folder goes first.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = KeyStore(Path(folder))
    ...     store.create("contractor")
    ...     print(store.recipient("contractor")[:4], store.has("contractor"), store.has("staff"))
    age1 True False
    """

    folder: Path
    known: Mapping[str, PublicKeys] = field(default_factory=dict)

    def has(self, role: str) -> bool:
        """Tell whether the private keys of a role are in the folder.

        Parameters
        ----------
        role : str
            One of `ROLES`.

        Returns
        -------
        bool
            True where all files of the role are there.
        """
        return all(path.is_file() for path in self._role_paths(role))

    def has_secret(self, name: str) -> bool:
        """Tell whether a secret is in the folder.

        Parameters
        ----------
        name : str
            One of `SECRETS`.

        Returns
        -------
        bool
            True where its file is there.
        """
        return self._secret_path(name).is_file()

    def create(self, name: str, seed: bytes | None = None) -> None:
        """Make the keys of a role, or a secret.

        Parameters
        ----------
        name : str
            One of `ROLES` or `SECRETS`; ``"research"`` means the role (see `create_secret`).
        seed : bytes, optional
            Only for training surveys and tests: secrets and signing keys follow from it. Without it they come
            from the operating system; age identities always do.

        Raises
        ------
        KeyFileError
            The name is unknown, or its keys exist already (they are never overwritten).
        """
        if name in ROLES:
            _write_new(_role_files(name, self._role_paths(name), seed), name)
        else:
            self.create_secret(name, seed)

    def create_secret(self, name: str, seed: bytes | None = None) -> None:
        """Make a secret. Staff hold all of them, also ``"research"``, whose role keys the researcher holds.

        Parameters
        ----------
        name : str
            One of `SECRETS`.
        seed : bytes, optional
            As in `create`.

        Raises
        ------
        KeyFileError
            The name is unknown, or the secret exists already.
        """
        _write_new({self._secret_path(name): _bytes_for(f"secret {name}", seed).hex() + "\n"}, name)

    def replace_secret(self, name: str, secret: bytes) -> None:
        """Put another survey's secret (32 bytes) in the place of this one's, before anything uses it.

        Raises
        ------
        InputError
            The disk refuses.
        """
        write_whole(self._secret_path(name), (secret.hex() + "\n").encode("ascii"))

    def identity(self, role: str) -> str:
        """Return a role's age identity, which opens what was sent to the role.

        Parameters
        ----------
        role : str
            One of `ROLES`.

        Returns
        -------
        str
            ``AGE-SECRET-KEY-1...``

        Raises
        ------
        KeyFileError
            The file is missing or holds no identity.
        """
        path = self._role_path(role, "age.txt")
        lines = [line.strip() for line in _read(path, role).splitlines()]
        found = [line for line in lines if line.startswith("AGE-SECRET-KEY-1")]
        if len(found) != 1:
            raise _bad(path)
        _age_public(found[0], path)
        return found[0]

    def recipient(self, role: str) -> str:
        """Return a role's age recipient, to which packages are encrypted.

        Parameters
        ----------
        role : str
            One of `ROLES`.

        Returns
        -------
        str
            ``age1...``

        Raises
        ------
        KeyFileError
            Neither the folder nor the survey file knows it.
        """
        return self.public(role).age

    def signer(self, role: str) -> Ed25519PrivateKey:
        """Return a role's signing key.

        Parameters
        ----------
        role : str
            One of `ROLES`.

        Returns
        -------
        Ed25519PrivateKey
            The private key.

        Raises
        ------
        KeyFileError
            The file is missing or is no Ed25519 key.
        """
        path = self._role_path(role, "pem")
        try:
            key = serialization.load_pem_private_key(_read(path, role).encode("ascii"), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise _bad(path) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise _bad(path)
        return key

    def verifier(self, role: str) -> Ed25519PublicKey:
        """Return the key that checks a role's signatures.

        Parameters
        ----------
        role : str
            One of `ROLES`.

        Returns
        -------
        Ed25519PublicKey
            The public key.

        Raises
        ------
        KeyFileError
            Neither the folder nor the survey file knows it.
        """
        return self.public(role).verifier()

    def public(self, role: str) -> PublicKeys:
        """Return both public keys of a role.

        Parameters
        ----------
        role : str
            One of `ROLES`.

        Returns
        -------
        PublicKeys
            From the folder, else from the survey file.

        Raises
        ------
        KeyFileError
            Neither knows the role.
        """
        path = self._role_path(role, "public.toml")
        if not path.is_file() and role in self.known:
            return self.known[role]
        if not path.is_file() and role != "staff":
            text = _("The public keys of {name} are not known here.").format(name=role)
            hint = _("Ask for the two lines of `hyohon custody keys` and put them under [recipients].")
            raise KeyFileError("KEY-PUBLIC-MISSING", text, hint=hint, file="survey.toml")
        text = _read(path, role)
        try:
            values = tomllib.loads(text)
            return PublicKeys(str(values["age"]), str(values["ed25519"]))
        except (ValueError, KeyError):
            raise _bad(path) from None

    def secret(self, name: str) -> bytes:
        """Return a secret of 32 bytes.

        Parameters
        ----------
        name : str
            One of `SECRETS`.

        Returns
        -------
        bytes
            The secret.

        Raises
        ------
        KeyFileError
            The file is missing or damaged.
        """
        path = self._secret_path(name)
        text = _read(path, name).strip()
        if not _HEX_KEY.fullmatch(text):
            raise _bad(path)
        return bytes.fromhex(text)

    def _role_paths(self, role: str) -> list[Path]:
        return [self._role_path(role, end) for end in ("age.txt", "pem", "public.toml")]

    def _role_path(self, role: str, end: str) -> Path:
        if role not in ROLES:
            raise _unknown(role)
        return self.folder / f"{role}.{end}"

    def _secret_path(self, name: str) -> Path:
        if name not in SECRETS:
            raise _unknown(name)
        return self.folder / f"{name}.secret"


def public_hex(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Write the public half of a signing key as text.

    Parameters
    ----------
    key : Ed25519PrivateKey or Ed25519PublicKey
        Either half.

    Returns
    -------
    str
        64 lower hex digits.
    """
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes_raw().hex()


def _role_files(role: str, paths: list[Path], seed: bytes | None) -> dict[Path, str]:
    identity = pyrage.x25519.Identity.generate()
    signer = Ed25519PrivateKey.from_private_bytes(_bytes_for(f"sign {role}", seed))
    pem = signer.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
    public = identity.to_public()
    private_text = f"# {role}\n# public key: {public}\n{identity}\n"
    public_text = f'role = "{role}"\nage = "{public}"\ned25519 = "{public_hex(signer)}"\n'
    return dict(zip(paths, (private_text, pem, public_text), strict=True))


def _write_new(contents: Mapping[Path, str], name: str) -> None:
    if any(path.exists() for path in contents):
        text = _("Keys of this name exist already and are not overwritten.")
        raise KeyFileError("KEY-EXISTS", text, hint=_("Use them, or choose another folder."), column=name)
    for path, content in contents.items():
        try:
            write_private(path, content.encode("ascii"))
        except InputError as problem:
            raise KeyFileError("KEY-WRITE", problem.message, hint=problem.hint, file=problem.file) from None


def _bytes_for(label: str, seed: bytes | None) -> bytes:
    if seed is None:
        return os.urandom(SECRET_BYTES)
    return HKDF(hashes.SHA256(), SECRET_BYTES, salt=None, info=f"hyohon v1 {label}".encode()).derive(seed)


def _age_public(identity: str, path: Path) -> str:
    try:
        return str(pyrage.x25519.Identity.from_str(identity).to_public())
    except pyrage.IdentityError:
        raise _bad(path) from None


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        text = _("The key of {name} is missing or cannot be read.").format(name=name)
        hint = _("Make keys with `hyohon custody keys`, or name the folder that holds them.")
        raise KeyFileError("KEY-MISSING", text, hint=hint, file=path.name) from None


def _bad(path: Path) -> KeyFileError:
    hint = _("Take this file from your backup; a new key cannot open what was sent to the old one.")
    return KeyFileError("KEY-BAD", _("This key file is damaged."), hint=hint, file=path.name)


def _unknown(name: str) -> KeyFileError:
    hint = _("Choose one of: {names}.").format(names=", ".join(dict.fromkeys(ROLES + SECRETS)))
    return KeyFileError("KEY-NAME", _("There is no key of this name."), hint=hint)
