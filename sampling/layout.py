"""Layouts as data: which column of a register holds what, and in which codes.

A layout is a TOML file with one table for each register. ``demo`` is shipped; a ward gives its own file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from custody.errors import ConfigError
from custody.messages import gettext as _

__all__ = ["Field", "FieldType", "Layout", "RegisterKind", "RegisterLayout", "load_layout"]

FieldType = Literal["number", "date", "postal", "code", "text"]
RegisterKind = Literal["residents", "certifications"]

MAX_DIGITS: Final = 18
"""A number of up to 18 digits fits 64 bits, which is how doubles are found."""

NEEDED: Final[Mapping[RegisterKind, Mapping[str, FieldType]]] = MappingProxyType(
    {
        "residents": MappingProxyType(
            {
                "resident_no": "number",
                "household_no": "number",
                "name": "text",
                "birth_date": "date",
                "sex": "code",
                "postal_code": "postal",
                "address": "text",
                "building": "text",
                "resident_since": "date",
                "removed_on": "date",
                "removal": "code",
                "protection": "code",
            }
        ),
        "certifications": MappingProxyType(
            {
                "resident_no": "number",
                "application": "code",
                "applied_on": "date",
                "decided_on": "date",
                "decision": "code",
                "valid_from": "date",
                "valid_to": "date",
            }
        ),
    }
)
"""The fields that the frame reads, with their types; a layout names exactly these."""

VALUES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "sex": frozenset({"M", "F"}),
        "removal": frozenset({"removed"}),
        "protection": frozenset({"yes", "no"}),
        "application": frozenset({"new", "renewal", "change"}),
        "decision": frozenset({"certified", "not_eligible"}),
    }
)
"""The values that a code may stand for: what the rules of the frame ask for."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a register.

    Parameters
    ----------
    name : str
        Our name.
    column : str
        Header of the column in the file.
    type : {"number", "date", "postal", "code", "text"}
        How the cells are read (see ``layouts/demo.toml``).
    required : bool
        An empty cell is a fault.
    width : int or None
        Digits of a number.
    codes : mapping of str to str
        Code in the file → value in the register.
    earliest : bool
        A date before ``registers.earliest_birth`` is a fault.
    """

    name: str
    column: str
    type: FieldType
    required: bool = True
    width: int | None = None
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    earliest: bool = False


@dataclass(frozen=True, slots=True)
class RegisterLayout:
    """The layout of one register.

    Parameters
    ----------
    title : str
        Name of the register, as the approval names the item.
    key : str
        Field that names the person.
    unique : bool
        The key may stand in one row only.
    fields : tuple of Field
        All fields that are read, in their order.
    """

    title: str
    key: str
    unique: bool
    fields: tuple[Field, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Headers of the columns that are read."""
        return tuple(field.column for field in self.fields)


@dataclass(frozen=True, slots=True)
class Layout:
    """Both registers of one ward.

    Parameters
    ----------
    name : str
        Name of the layout.
    residents, certifications : RegisterLayout
        One for each register.
    """

    name: str
    residents: RegisterLayout
    certifications: RegisterLayout


def load_layout(layout: str | Path | Layout) -> Layout:
    """Read a layout.

    Parameters
    ----------
    layout : str, pathlib.Path or Layout
        Name of a shipped layout (``"demo"``), a TOML file, or a layout that is returned as it is.

    Returns
    -------
    Layout
        The checked layout.

    Raises
    ------
    ConfigError
        There is no such layout, or a field is missing, unknown or of an unknown type.

    Examples
    --------
    >>> load_layout("demo").residents.columns[:3]
    ('宛名番号', '世帯番号', '氏名')
    """
    if isinstance(layout, Layout):
        return layout
    shipped = files("sampling").joinpath(f"layouts/{layout}.toml")
    source = shipped if shipped.is_file() else Path(layout)
    if not source.is_file():
        raise _refused(
            "SAM-LAYOUT-NONE", _("There is no such layout."), _("Use demo, or name a TOML file that exists.")
        )
    try:
        raw = tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise _refused(
            "SAM-LAYOUT-TOML",
            _("The layout is not valid TOML in UTF-8."),
            _("Start from a copy of the layout demo."),
        ) from None
    return Layout(
        name=str(raw.get("name", source.name)),
        residents=_register(raw, "residents"),
        certifications=_register(raw, "certifications"),
    )


def _register(raw: Mapping[str, Any], kind: RegisterKind) -> RegisterLayout:
    table = raw.get(kind, {})
    named = table.get("fields", {})
    needed = NEEDED[kind]
    if set(named) != set(needed):
        wrong = ", ".join(sorted(set(named) ^ set(needed)))
        text = _("The layout of {kind} must name exactly the fields that the frame reads; wrong: {wrong}.")
        raise _refused(
            "SAM-LAYOUT-FIELDS",
            text.format(kind=kind, wrong=wrong),
            _("Start from a copy of the layout demo."),
        )
    fields = tuple(_field(name, needed[name], settings) for name, settings in named.items())
    if len({field.column for field in fields}) < len(fields):
        raise _refused(
            "SAM-LAYOUT-COLUMN",
            _("Two fields of the layout name the same column."),
            _("Name each column once."),
        )
    return RegisterLayout(
        title=str(table.get("title", kind)),
        key=str(table.get("key", "resident_no")),
        unique=bool(table.get("unique", kind == "residents")),
        fields=fields,
    )


def _field(name: str, kind: FieldType, settings: Mapping[str, Any]) -> Field:
    codes = {str(code): str(value) for code, value in settings.get("codes", {}).items()}
    width = settings.get("width")
    fits = isinstance(width, int) and 1 <= width <= MAX_DIGITS if kind == "number" else width is None
    known = bool(codes) and set(codes.values()) <= VALUES[name] if kind == "code" else not codes
    if settings.get("type") != kind or "column" not in settings or not fits or not known:
        text = _("The field {name} needs a column, the type {kind}, and its width (number) or codes (code).")
        raise _refused(
            "SAM-LAYOUT-FIELD",
            text.format(name=name, kind=kind),
            _("Compare it with the same field of the layout demo."),
        )
    return Field(
        name=name,
        column=str(settings["column"]),
        type=kind,
        required=bool(settings.get("required", True)),
        width=width,
        codes=MappingProxyType(codes),
        earliest=bool(settings.get("earliest", False)),
    )


def _refused(code: str, message: str, hint: str) -> ConfigError:
    return ConfigError(code, message, hint=hint)
