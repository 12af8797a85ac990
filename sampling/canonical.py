"""The fields of the three registers under our own names: what a layout may name, and what it must.

A layout says in which column, in which form and in which codes a ward keeps each of them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

__all__ = [
    "FIELDS",
    "FIXED_ENCODINGS",
    "KEYS",
    "MAX_DIGITS",
    "ONE_OF",
    "PARTIAL",
    "REQUIRED",
    "VALUES",
    "FieldType",
    "FileFormat",
    "RegisterKind",
]

FieldType = Literal["number", "date", "postal", "code", "text", "kana"]
FileFormat = Literal["delimited", "fixed", "excel", "parquet"]
RegisterKind = Literal["residents", "certifications", "qualifications"]

FIXED_ENCODINGS: Final = ("cp932", "utf-8", "ascii")
"""Encodings whose bytes can be cut into fields: a border in the middle of a character shows."""
MAX_DIGITS: Final = 18
"""A number of up to 18 digits fits 64 bits, which is how doubles are found."""

FIELDS: Final[Mapping[RegisterKind, Mapping[str, FieldType]]] = MappingProxyType(
    {
        "residents": MappingProxyType(
            {
                "resident_no": "number",
                "household_no": "number",
                "insured_no": "number",
                "name": "text",
                "kana": "kana",
                "alias": "text",
                "birth_date": "date",
                "sex": "code",
                "postal_code": "postal",
                "address": "text",
                "building": "text",
                "resident_since": "date",
                "removed_on": "date",
                "removal": "code",
                "protection": "code",
                "protection_from": "date",
                "protection_to": "date",
                "registered": "code",
                "institution": "code",
            }
        ),
        "certifications": MappingProxyType(
            {
                "resident_no": "number",
                "insured_no": "number",
                "name": "text",
                "kana": "kana",
                "birth_date": "date",
                "sex": "code",
                "postal_code": "postal",
                "address": "text",
                "building": "text",
                "application": "code",
                "applied_on": "date",
                "decided_on": "date",
                "decision": "code",
                "outcome": "code",
                "valid_from": "date",
                "valid_to": "date",
            }
        ),
        "qualifications": MappingProxyType(
            {
                "insured_no": "number",
                "resident_no": "number",
                "status": "code",
                "acquired_on": "date",
                "lost_on": "date",
            }
        ),
    }
)
"""Every field that a layout may name, with its type, in the order of the register's columns."""

REQUIRED: Final[Mapping[RegisterKind, tuple[str, ...]]] = MappingProxyType(
    {
        "residents": (
            "resident_no",
            "name",
            "birth_date",
            "sex",
            "postal_code",
            "address",
            "resident_since",
        ),
        "certifications": (
            "application",
            "applied_on",
            "decided_on",
            "decision",
            "valid_from",
            "valid_to",
        ),
        "qualifications": ("status",),
    }
)
"""The fields without which no frame can be built."""

ONE_OF: Final[Mapping[RegisterKind, tuple[str, ...]]] = MappingProxyType(
    {
        "residents": (),
        "certifications": ("resident_no", "insured_no"),
        "qualifications": ("insured_no", "resident_no"),
    }
)
"""At least one of these is named as well."""

KEYS: Final[Mapping[RegisterKind, tuple[str, ...]]] = MappingProxyType(
    {
        "residents": ("resident_no",),
        "certifications": ("resident_no", "insured_no"),
        "qualifications": ("insured_no", "resident_no"),
    }
)
"""Fields that may name the person of a row; the first one that a layout has is its key."""

PARTIAL: Final = frozenset({"birth_date"})
"""Dates whose month or day may be unknown."""

VALUES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "sex": frozenset({"M", "F"}),
        "removal": frozenset({"died", "moved", "struck"}),
        "protection": frozenset({"yes", "no"}),
        "registered": frozenset({"resident", "non_resident"}),
        "institution": frozenset({"yes", "no"}),
        "application": frozenset({"new", "renewal", "change", "ex_officio", "transfer"}),
        "decision": frozenset({"certified", "not_eligible", "checklist"}),
        "outcome": frozenset({"withdrawn", "rejected", "cancelled"}),
        "status": frozenset({"insured", "lives_elsewhere", "insured_elsewhere", "exempt"}),
    }
)
"""The values that a code may stand for: what the rules of the frame ask for."""
