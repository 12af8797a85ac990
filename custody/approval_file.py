"""Reading an approval file: every field there, of its kind, filled and named one by one.

`read_approval` gives the checked values by dotted key. What the file holds is never repeated in a message: a
refusal names the field and what to write there.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from custody.approval_toml import MAX_BYTES, parsed, plain, refuse_renewal, refuse_unknown
from custody.errors import ApprovalError
from custody.messages import gettext as _
from custody.messages import mark

__all__ = [
    "FIELDS",
    "RECIPIENTS",
    "Field",
    "check_dates",
    "field_value",
    "flat",
    "plain",
    "read_approval",
    "read_file",
    "superseded",
]

Kind = Literal["text", "texts", "names", "roles", "date", "count"]

RECIPIENTS: Final = ("contractor", "researcher")
"""The parties a package can be sealed for."""

_ALL_WORDS: Final = frozenset(
    {"all", "any", "every", "everything", "すべて", "全て", "全部", "一切", "全項目", "全情報", "任意"}
)
_OPTIONAL: Final = ("kind", "supersedes", "recipient_keys", "exchange")
"""Fields that a survey's approval may have besides `FIELDS`."""
_AGE_KEY: Final = re.compile(r"age1[02-9ac-hj-np-z]{58}")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an approval file.

    Parameters
    ----------
    key : str
        Name in the file, with a dot inside a table.
    kind : {"text", "texts", "names", "roles", "date", "count"}
        What it holds; names and roles are listed one by one.
    hint : str
        What to write there.
    """

    key: str
    kind: Kind
    hint: str


FIELDS: Final = (
    Field("number", "text", mark('Write the number of the decision, such as "諮問第22号".')),
    Field("decided_on", "date", mark("Write the day of the decision without quotes, such as 2009-10-22.")),
    Field("legal_bases", "texts", mark('List the legal bases, such as ["練馬区個人情報保護条例第16条"].')),
    Field("purpose", "text", mark("Write the purpose as approved.")),
    Field("providing_section", "text", mark("Write the section that provides the records.")),
    Field("using_section", "text", mark("Write the section that uses the records.")),
    Field("items", "names", mark('List each approved item by its name, such as ["介護保険認定情報"].')),
    Field("media", "names", mark('List each approved medium by its name, such as ["文書", "USBメモリ"].')),
    Field("recipients", "roles", mark('List the approved recipients: "contractor", "researcher" or both.')),
    Field("max_n", "count", mark("Write the largest number of persons as a whole number, such as 5000.")),
    Field("retention_until", "date", mark("Write the last day of keeping without quotes: 2011-03-31.")),
    Field("conditions", "texts", mark('List the conditions; where there are none, write ["条件なし"].')),
    Field("period.start", "date", mark("Write the first day under [period] without quotes: 2009-11-01.")),
    Field("period.end", "date", mark("Write the last day under [period] without quotes: 2009-11-30.")),
)

_KINDS: Final[Mapping[Kind, Callable[[Any], bool]]] = MappingProxyType(
    {
        "text": lambda value: isinstance(value, str),
        "date": lambda value: isinstance(value, date) and not isinstance(value, datetime),
        "count": lambda value: isinstance(value, int) and not isinstance(value, bool) and value > 0,
    }
)


def read_approval(data: bytes, name: str) -> dict[str, Any]:
    """Check the content of a survey's approval file.

    Parameters
    ----------
    data : bytes
        The file, UTF-8 (a byte order mark is passed over).
    name : str
        Its name, for messages.

    Returns
    -------
    dict of str to str, int, datetime.date, tuple of str or dict
        One value for each of `FIELDS`, by key, then ``supersedes`` (``""`` where it is not given),
        ``recipient_keys`` and ``exchange`` (the table as written, or None).

    Raises
    ------
    ApprovalError
        ``APP-SIZE``, ``APP-SECRET``, ``APP-UTF8``, ``APP-TOML``, ``APP-CHARS``, ``APP-RENEW``, ``APP-KEY``,
        ``APP-KIND``, ``APP-MISSING``, ``APP-BLANK``, ``APP-TYPE``, ``APP-WILDCARD``, ``APP-DATES`` or
        ``APP-SUPERSEDES``, naming the field.
    """
    given = flat(parsed(data, name), name)
    refuse_renewal(given, name)
    refuse_unknown(given, (*(field.key for field in FIELDS), *_OPTIONAL), name)
    _check_kind(given, name)
    values = {field.key: field_value(field, given, name) for field in FIELDS}
    check_dates(values, name)
    values["supersedes"] = superseded(values["number"], given, name)
    values["recipient_keys"] = _recipient_keys(given, name)
    values["exchange"] = given.get("exchange")
    return values


def flat(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Put the fields of the table ``[period]`` beside the others, under dotted keys.

    Parameters
    ----------
    document : dict
        The table of the file.
    name : str
        Name of the file.

    Returns
    -------
    dict
        The fields by dotted key; other tables stay as they are.

    Raises
    ------
    ApprovalError
        ``APP-TYPE`` where ``period`` is no table.
    """
    others = {key: value for key, value in document.items() if key != "period"}
    period = document.get("period", {})
    if not isinstance(period, dict):
        hint = _("Write [period] on a line of its own, then start and end below it.")
        raise ApprovalError("APP-TYPE", _("This is not a table."), hint=hint, file=name, column="period")
    return others | {f"period.{key}": value for key, value in period.items()}


def _check_kind(given: Mapping[str, Any], name: str) -> None:
    if given.get("kind", "survey") != "survey":
        text = _("This is not the approval of a survey.")
        hint = _('Leave kind out, or write kind = "survey"; other approvals are for `hyohon custody check`.')
        raise ApprovalError("APP-KIND", text, hint=hint, file=name, column="kind")


def superseded(number: str, given: Mapping[str, Any], name: str) -> str:
    """Read which earlier approval this one replaces.

    Parameters
    ----------
    number : str
        Number of this approval.
    given : mapping
        The fields of the file.
    name : str
        Name of the file.

    Returns
    -------
    str
        Its number, ``""`` where none is named.

    Raises
    ------
    ApprovalError
        ``APP-SUPERSEDES`` where it is no text, is blank, or is this approval itself.
    """
    earlier = given.get("supersedes")
    if earlier is None:
        return ""
    if not isinstance(earlier, str) or not plain(earlier) or plain(earlier) == plain(number):
        text = _("An approval replaces one earlier approval, named by its number.")
        hint = _("Write the number of the earlier decision, or delete the line.")
        raise ApprovalError("APP-SUPERSEDES", text, hint=hint, file=name, column="supersedes")
    return earlier.strip()


def _recipient_keys(given: Mapping[str, Any], name: str) -> dict[str, tuple[str, ...]]:
    """Read the keys to which packages may be sealed, by recipient; none named: any key of the survey."""
    table = given.get("recipient_keys", {})
    good = isinstance(table, dict) and all(
        role in RECIPIENTS
        and isinstance(keys, list)
        and keys
        and all(isinstance(key, str) and _AGE_KEY.fullmatch(key) for key in keys)
        for role, keys in table.items()
    )
    if not good:
        text = _("The keys of recipients are not written as they must be.")
        hint = _('Write under [recipient_keys]: contractor = ["age1..."], one text for each key.')
        raise ApprovalError("APP-TYPE", text, hint=hint, file=name, column="recipient_keys")
    return {role: tuple(keys) for role, keys in table.items()}


def field_value(field: Field, given: Mapping[str, Any], name: str) -> Any:
    """Check one field.

    Parameters
    ----------
    field : Field
        What is wanted.
    given : mapping
        The fields of the file.
    name : str
        Name of the file.

    Returns
    -------
    str, int, datetime.date or tuple of str
        Its value.

    Raises
    ------
    ApprovalError
        ``APP-MISSING``, ``APP-BLANK``, ``APP-TYPE`` or ``APP-WILDCARD``.
    """
    refusal = partial(ApprovalError, hint=_(field.hint), file=name, column=field.key)
    if field.key not in given:
        raise refusal("APP-MISSING", _("A field of the approval is missing."))
    value = given[field.key]
    if _is_blank(value):
        raise refusal("APP-BLANK", _("A field of the approval is still blank."))
    if field.kind in _KINDS:
        if not _KINDS[field.kind](value):
            raise refusal("APP-TYPE", _("A field of the approval does not hold what belongs there."))
        return value.strip() if isinstance(value, str) else value
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise refusal("APP-TYPE", _("A field of the approval is not a list of texts."))
    if field.kind in ("names", "roles") and any(_is_wildcard(entry) for entry in value):
        raise refusal("APP-WILDCARD", _("An approval names everything one by one, never all at once."))
    if field.kind == "roles" and not set(value) <= set(RECIPIENTS):
        raise refusal("APP-TYPE", _("A recipient of the approval is not known."))
    return tuple(entry.strip() for entry in value)


def _is_blank(value: Any) -> bool:
    if isinstance(value, list):
        return not value or any(isinstance(entry, str) and not entry.strip() for entry in value)
    if isinstance(value, str):
        return not value.strip()
    return value == 0 and not isinstance(value, bool)


def _is_wildcard(entry: str) -> bool:
    word = plain(entry).lower()
    return "*" in word or "?" in word or "%" in word or word in _ALL_WORDS


def check_dates(values: Mapping[str, Any], name: str) -> None:
    """Refuse a period or a retention that ends before it starts.

    Parameters
    ----------
    values : mapping
        Checked fields; ``retention_until`` may be missing.
    name : str
        Name of the file.

    Raises
    ------
    ApprovalError
        ``APP-DATES``.
    """
    pairs = (
        ("period.start", "period.end", _("The period ends before it starts.")),
        ("period.end", "retention_until", _("The retention ends before the period does.")),
    )
    for first, last, text in pairs:
        if last in values and values[last] < values[first]:
            hint = _("Compare both dates with the decision on paper.")
            raise ApprovalError("APP-DATES", text, hint=hint, file=name, column=last)


def read_file(path: Path) -> bytes:
    """Read an approval file, and of one that is too large no more than shows it.

    Parameters
    ----------
    path : pathlib.Path
        The file; only its name is shown.

    Returns
    -------
    bytes
        At most one byte more than `custody.approval_toml.MAX_BYTES`.

    Raises
    ------
    ApprovalError
        ``APP-FILE`` where it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        text, hint = _("There is no approval here."), _("Put approval.toml into the survey folder.")
        raise ApprovalError("APP-FILE", text, hint=hint, file=path.name) from None
    except OSError as problem:
        text = _("The approval cannot be read ({reason}).").format(reason=type(problem).__name__)
        hint = _("Check that the file is not open elsewhere and that you may read it.")
        raise ApprovalError("APP-FILE", text, hint=hint, file=path.name) from None
