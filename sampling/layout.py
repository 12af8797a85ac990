"""Layouts as data: which column of a register holds what, and in which codes.

A layout is a TOML file with one table for each register. Some are shipped (`shipped_layouts`); a ward copies
the nearest one and edits it.
"""

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from custody.errors import ConfigError, InputError
from custody.messages import gettext as _
from sampling.canonical import (
    FIELDS,
    FIXED_ENCODINGS,
    KEYS,
    MAX_DIGITS,
    ONE_OF,
    PARTIAL,
    REQUIRED,
    VALUES,
    FieldType,
    FileFormat,
    RegisterKind,
)
from sampling.encodings import codec_name, forbidden
from sampling.layout_types import Field, Layout, RegisterLayout

__all__ = [
    "Field",
    "FieldType",
    "FileFormat",
    "Layout",
    "RegisterKind",
    "RegisterLayout",
    "layout_text",
    "load_layout",
    "shipped_layouts",
]

KINDS: Final[tuple[RegisterKind, ...]] = ("residents", "certifications", "qualifications")
FORMATS: Final[tuple[FileFormat, ...]] = ("delimited", "fixed", "excel", "parquet")
DELIMITERS: Final = {",": ",", "comma": ",", "\t": "\t", "tab": "\t", ";": ";", "semicolon": ";"}
REGISTER_KEYS: Final = {
    "title": str,
    "key": str,
    "unique": bool,
    "format": str,
    "encoding": str,
    "delimiter": str,
    "header": bool,
    "record_bytes": int,
    "sheet": str,
    "fields": dict,
}
FIELD_KEYS: Final = {
    "column": (str, int),
    "position": int,
    "type": str,
    "required": bool,
    "width": int,
    "codes": dict,
    "earliest": bool,
    "partial": bool,
    "start": int,
    "bytes": int,
    "empty": list,
}


def shipped_layouts() -> tuple[str, ...]:
    """Name the layouts that come with the toolkit.

    Returns
    -------
    tuple of str
        Their names, sorted.

    Examples
    --------
    >>> "demo" in shipped_layouts()
    True
    """
    folder = files("sampling").joinpath("layouts")
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml")))


def layout_text(layout: str | Path) -> str:
    """Return the text of a layout file, to copy and edit.

    Parameters
    ----------
    layout : str or pathlib.Path
        Name of a shipped layout, or a file.

    Returns
    -------
    str
        The TOML.

    Raises
    ------
    ConfigError
        There is no such layout, or it is not UTF-8.
    """
    name = str(layout)
    if name in shipped_layouts():
        return files("sampling").joinpath(f"layouts/{name}.toml").read_text(encoding="utf-8")
    path = Path(layout)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise _not_toml(path.name, None) from None
    except (OSError, ValueError):
        text = _("There is no such layout.") + _near(name, shipped_layouts())
        hint = _("Name a layout of `hyohon sampling layout list`, or a TOML file that exists.")
        raise ConfigError("SAM-LAYOUT-NONE", text, hint=hint) from None


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
        There is no such layout, or it has an unknown key or field, lacks a field that the frame needs, or a
        field whose column, type, codes or bytes do not fit. The message names the key and the nearest one.

    Examples
    --------
    >>> load_layout("demo").residents.columns[:3]
    ('宛名番号', '世帯番号', '氏名')
    """
    if isinstance(layout, Layout):
        return layout
    name = Path(layout).name
    try:
        raw = tomllib.loads(layout_text(layout))
    except (ValueError, RecursionError) as fault:  # ValueError: no TOML, or a number of thousands of digits
        line = re.search(r"at line (\d+)", str(fault))
        raise _not_toml(name, int(line[1]) if line else None) from None
    check = _Checker(name)
    check.keys(raw, {"name": str} | dict.fromkeys(KINDS, dict), "")
    registers = {kind: _register(raw[kind], kind, check) for kind in KINDS if kind in raw}
    if not registers:
        raise check.refused("SAM-LAYOUT-FIELDS", _("The layout describes no register."), "")
    return Layout(name=str(raw.get("name", name)), **registers)


class _Checker:
    """Refuses what a layout file may not hold; knows the name of the file."""

    def __init__(self, name: str) -> None:
        self._name = name

    def refused(self, code: str, message: str, where: str) -> ConfigError:
        """Make the refusal; `where` is the key in the file, such as ``residents.fields.sex``."""
        hint = _("Compare it with a layout that works (hyohon sampling layout show demo).")
        return ConfigError(code, message, hint=hint, file=self._name, column=where or None)

    def keys(self, table: Mapping[str, Any], known: Mapping[str, Any], where: str) -> None:
        """Refuse unknown keys and values of the wrong type."""
        for key, value in table.items():
            place = f"{where}.{key}".lstrip(".")
            if key not in known:
                text = _("The layout has an unknown key.") + _near(key, known)
                raise self.refused("SAM-LAYOUT-KEY", text, place)
            right = isinstance(value, known[key])
            if not right or (isinstance(value, bool) and known[key] is not bool):
                raise self.refused("SAM-LAYOUT-VALUE", _("This key has a value of the wrong type."), place)

    def choice(self, value: str, allowed: Collection[str], where: str) -> None:
        """Refuse a word that is not one of `allowed`."""
        if value not in allowed:
            text = _("Allowed here: {names}.").format(names=", ".join(map(repr, allowed)))
            raise self.refused("SAM-LAYOUT-VALUE", text + _near(value, allowed), where)


def _register(table: Mapping[str, Any], kind: RegisterKind, check: _Checker) -> RegisterLayout:
    check.keys(table, REGISTER_KEYS, kind)
    check.choice(table.get("format", "delimited"), FORMATS, f"{kind}.format")
    check.choice(table.get("delimiter", ","), DELIMITERS, f"{kind}.delimiter")
    named = table.get("fields", {})
    _check_names(named, kind, check)
    form = table.get("format", "delimited")
    header = table.get("header", form in ("delimited", "excel"))
    fields = tuple(
        _field(name, FIELDS[kind][name], settings, check, f"{kind}.fields.{name}")
        for name, settings in named.items()
    )
    rules = RegisterLayout(
        title=table.get("title", kind),
        key=table.get("key", next(key for key in KEYS[kind] if key in named)),
        unique=table.get("unique", kind == "residents"),
        fields=fields,
        kind=kind,
        format=form,
        encoding=_encoding(table.get("encoding", "cp932"), form, check, f"{kind}.encoding"),
        delimiter=DELIMITERS[table.get("delimiter", ",")],
        header=header,
        record_bytes=table.get("record_bytes"),
        sheet=table.get("sheet"),
    )
    check.choice(rules.key, [name for name in KEYS[kind] if name in named], f"{kind}.key")
    _check_columns(rules, check)
    _check_places(rules, check)
    return rules


def _encoding(name: str, form: FileFormat, check: _Checker, where: str) -> str:
    try:
        codec = codec_name(name)
    except InputError as fault:
        raise check.refused("SAM-LAYOUT-VALUE", f"{fault.message} {fault.hint}", where) from None
    if form == "fixed":
        check.choice(codec, FIXED_ENCODINGS, where)
    return codec


def _check_names(named: Mapping[str, Any], kind: RegisterKind, check: _Checker) -> None:
    known = FIELDS[kind]
    for name, settings in named.items():
        if name not in known:
            text = _("The register {kind} has no such field.").format(kind=kind) + _near(name, known)
            raise check.refused("SAM-LAYOUT-FIELDS", text, f"{kind}.fields.{name}")
        if not isinstance(settings, dict):
            raise check.refused("SAM-LAYOUT-VALUE", _("A field is a table."), f"{kind}.fields.{name}")
    lacking = [name for name in REQUIRED[kind] if name not in named]
    if ONE_OF[kind] and not any(name in named for name in ONE_OF[kind]):
        lacking.append(" | ".join(ONE_OF[kind]))
    if lacking:
        text = _("The layout lacks fields without which no frame can be built: {names}.")
        raise check.refused("SAM-LAYOUT-FIELDS", text.format(names=", ".join(lacking)), f"{kind}.fields")


def _field(name: str, kind: FieldType, settings: Mapping[str, Any], check: _Checker, where: str) -> Field:
    check.keys(settings, FIELD_KEYS, where)
    codes = {str(code): value for code, value in settings.get("codes", {}).items()}
    width = settings.get("width")
    problem = _field_problem(name, kind, settings, codes)
    if problem:
        raise check.refused("SAM-LAYOUT-FIELD", problem, where)
    column = settings.get("column", name)
    return Field(
        name=name,
        column=str(column),
        type=kind,
        required=settings.get("required", True),
        width=width,
        codes=MappingProxyType(codes),
        earliest=settings.get("earliest", False),
        partial=settings.get("partial", False),
        start=settings.get("start"),
        bytes=settings.get("bytes"),
        position=settings.get("position", column if isinstance(column, int) else None),
        empty=tuple(str(cell) for cell in settings.get("empty", ())),
    )


def _field_problem(
    name: str, kind: FieldType, settings: Mapping[str, Any], codes: Mapping[str, Any]
) -> str | None:
    """Say what is wrong with the settings of one field, or None."""
    width = settings.get("width")
    if settings.get("type") != kind:
        return _("This field has the type {kind}.").format(kind=kind)
    if kind == "number" and not (width and 1 <= width <= MAX_DIGITS):
        return _("A number has a width of 1 to {most} digits.").format(most=MAX_DIGITS)
    if kind != "number" and width is not None:
        return _("Only a number has a width.")
    if kind != "code" and codes:
        return _("Only a field of the type code has codes.")
    if kind == "code" and not codes:
        return _("A field of the type code lists its codes.")
    for value in codes.values():
        if not isinstance(value, str) or value not in VALUES[name]:
            allowed = _("A code stands for one of: {names}.").format(names=", ".join(sorted(VALUES[name])))
            return allowed + _near(str(value), VALUES[name])
    if kind != "date" and settings.get("earliest"):
        return _("Only a date has an earliest day.")
    if settings.get("partial") and name not in PARTIAL:
        return _("Only a birth date may be known in part.")
    if not all(isinstance(cell, str) for cell in settings.get("empty", ())):
        return _("The cells that count as empty are written in quotes.")
    return None


def _check_columns(rules: RegisterLayout, check: _Checker) -> None:
    seen: set[str] = set()
    for field in rules.fields:
        where = f"{rules.kind}.fields.{field.name}"
        if forbidden(field.column):
            text = _("A column that no survey may read (an individual number or a bank account).")
            raise check.refused("SAM-LAYOUT-FORBIDDEN", text, where)
        if field.column in seen:
            raise check.refused(
                "SAM-LAYOUT-COLUMN", _("Two fields of the layout name the same column."), where
            )
        seen.add(field.column)


def _check_places(rules: RegisterLayout, check: _Checker) -> None:
    """Check that every field says where it stands, in the way of the format, and no two at one place."""
    numbered = rules.format in ("delimited", "excel") and not rules.header
    for field in rules.fields:
        where = f"{rules.kind}.fields.{field.name}"
        placed = field.start is not None and field.bytes is not None
        if rules.format == "fixed" and not placed:
            raise check.refused("SAM-LAYOUT-PLACE", _("A fixed-width field has start and bytes."), where)
        if rules.format != "fixed" and (field.start is not None or field.bytes is not None):
            text = _("Only a file of the format fixed has start and bytes.")
            raise check.refused("SAM-LAYOUT-PLACE", text, where)
        if numbered != (field.position is not None):
            text = _("A column is named by its header, or by its number (from 1) where header = false.")
            raise check.refused("SAM-LAYOUT-PLACE", text, where)
    _check_overlaps(rules, check)


def _check_overlaps(rules: RegisterLayout, check: _Checker) -> None:
    if rules.format == "fixed":
        spans = sorted((field.start or 0, field.bytes or 0, field.name) for field in rules.fields)
        last = rules.record_bytes or 0
    else:
        spans = sorted(
            (field.position, 1, field.name) for field in rules.fields if field.position is not None
        )
        last = max((start for start, _length, _name in spans), default=0)
    if (rules.record_bytes is not None) != (rules.format == "fixed") or last < 0:
        text = _("A file of the format fixed, and no other, has record_bytes.")
        raise check.refused("SAM-LAYOUT-PLACE", text, rules.kind)
    end = 0
    for start, length, name in spans:
        where = f"{rules.kind}.fields.{name}"
        if start < 1 or length < 1 or start + length - 1 > last:
            text = _("This field does not lie inside the record (byte 1 to {last}).").format(last=last)
            raise check.refused("SAM-LAYOUT-PLACE", text, where)
        if start <= end:
            raise check.refused("SAM-LAYOUT-OVERLAP", _("This field overlaps the one before it."), where)
        end = start + length - 1


def _near(name: str, allowed: Collection[str]) -> str:
    """Return a sentence that names what was probably meant, with a blank before it; or nothing."""
    close = difflib.get_close_matches(name, list(allowed), n=1)
    return " " + _("Did you mean {name}?").format(name=close[0]) if close else ""


def _not_toml(name: str, line: int | None) -> ConfigError:
    return ConfigError(
        "SAM-LAYOUT-TOML",
        _("The layout is not valid TOML in UTF-8."),
        hint=_("Start from a copy of a layout that works (hyohon sampling layout show demo)."),
        file=name,
        row=line,
    )
