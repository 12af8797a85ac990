"""Which columns a package of each kind may carry: the last check, and the first one when sealing."""

import csv
import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from custody.package_manifest import Kind

__all__ = ["PERSONAL", "columns_fit"]

PERSONAL: Final = frozenset(
    {"name", "address", "postal_code", "furigana", "resident_no", "person_key", "birth_date", "phone"}
)
"""Columns that say who somebody is."""

_ONLY: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "labels": frozenset({"postal_code", "address", "name", "token", "copy", "seals", "furigana"}),
        "voids": frozenset({"token"}),
    }
)
_NEVER: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"events": PERSONAL, "research": PERSONAL | {"token", "seals"}}
)


def columns_fit(kind: Kind, payload: bytes) -> bool:
    r"""Say whether a payload has only columns that its kind may carry, each once.

    Parameters
    ----------
    kind : {"labels", "events", "research", "voids"}
        What the package carries.
    payload : bytes
        CSV in UTF-8 with a header line.

    Returns
    -------
    bool
        False for a column that is not allowed, comes twice or has no name.

    Examples
    --------
    >>> columns_fit("labels", b"token,name\n"), columns_fit("labels", b"token,resident_no\n")
    (True, False)
    >>> columns_fit("research", b"rid,area,q1\n"), columns_fit("research", b"rid,token\n")
    (True, False)
    """
    header = next(csv.reader(io.StringIO(payload.decode("utf-8"), newline="")), [])
    names = set(header)
    if not all(header) or len(names) != len(header):
        return False
    return names <= _ONLY.get(kind, names) and names.isdisjoint(_NEVER.get(kind, frozenset()))
