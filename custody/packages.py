"""Sealed packages (``.sp``): what goes from one party to another, encrypted and signed.

A package is ``age( zip-stored[ manifest.json, manifest.sig, payload.csv ] )``. It is opened in memory, and
nothing of it is given out before every check has passed: size, decryption, members, signature over the bytes
of the manifest, role, addressee, dates, digest, number of rows and columns.

Notes
-----
An auditor opens one without this program::

    age -d -i staff.age.txt events.sp > events.zip
    unzip events.zip
    sha256sum payload.csv                       # equals payload_sha256 in manifest.json
    openssl pkeyutl -verify -rawin -pubin -inkey sender.pem -in manifest.json -sigfile manifest.sig

where ``sender.pem`` is the sender's public key: the 32 bytes of ``sender.ed25519`` in ``manifest.json`` after
the fixed 12 bytes ``302a300506032b6570032100``, in base 64 between the usual PEM lines. ``docs/custody.md``
has every command. The parts lie in ``package_manifest``, ``package_members``, ``package_seal`` and
``package_open``; `custody.package_receipts` remembers what was received.
"""

from custody.package_manifest import SCHEMA, SENDERS, VALID_DAYS, FactValue, Kind, Manifest, Origin
from custody.package_members import MAX_MEMBER_BYTES, MAX_PACKAGE_BYTES, MEMBERS
from custody.package_open import Package, check_dates, open_package
from custody.package_seal import NO_TERMS, Terms, seal

__all__ = [
    "MAX_MEMBER_BYTES",
    "MAX_PACKAGE_BYTES",
    "MEMBERS",
    "NO_TERMS",
    "SCHEMA",
    "SENDERS",
    "VALID_DAYS",
    "FactValue",
    "Kind",
    "Manifest",
    "Origin",
    "Package",
    "Terms",
    "check_dates",
    "open_package",
    "seal",
]
