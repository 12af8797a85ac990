"""Reading an approval file: every field there, of its kind, filled and named one by one.

`read_approval` gives the checked values by dotted key. What the file holds is never repeated in a message: a
refusal names the field and what to write there.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from custody.errors import ApprovalError
from custody.messages import gettext as _
from custody.messages import mark

__all__ = ["FIELDS", "RECIPIENTS", "Field", "cannot_read", "plain", "read_approval"]

Kind = Literal["text", "texts", "names", "roles", "date", "count"]

RECIPIENTS: Final = ("contractor", "researcher")
"""The parties a package can be sealed for."""

_ALL_WORDS: Final = frozenset({"all", "any", "すべて", "全て", "全部", "一切"})


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


def plain(text: str) -> str:
    """Reduce a name to what is compared: one width, no blanks.

    Parameters
    ----------
    text : str
        As written.

    Returns
    -------
    str
        After NFKC, without white space.

    Examples
    --------
    >>> plain("ＵＳＢ メモリ")
    'USBメモリ'
    """
    return "".join(unicodedata.normalize("NFKC", text).split())


def read_approval(data: bytes, name: str) -> dict[str, Any]:
    """Check the content of an approval file.

    Parameters
    ----------
    data : bytes
        The file, UTF-8 (a byte order mark is passed over).
    name : str
        Its name, for messages.

    Returns
    -------
    dict of str to str, int, datetime.date or tuple of str
        One value for each of `FIELDS`, by key.

    Raises
    ------
    ApprovalError
        ``APP-UTF8``, ``APP-TOML``, ``APP-RENEW``, ``APP-KEY``, ``APP-MISSING``, ``APP-BLANK``, ``APP-TYPE``,
        ``APP-WILDCARD`` or ``APP-DATES``, naming the field.
    """
    given = _flat(_parsed(data, name), name)
    _refuse_other_keys(given, name)
    values = {field.key: _value(field, given, name) for field in FIELDS}
    _check_dates(values, name)
    return values


def _parsed(data: bytes, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        hint = _("Save it again as UTF-8.")
        raise ApprovalError("APP-UTF8", _("The approval is not UTF-8."), hint=hint, file=name) from None
    except (ValueError, RecursionError) as problem:
        found = re.search(r"\(at line (\d+)", str(problem))
        text = _("The approval is not valid TOML.")
        if found:
            text = _("The approval is not valid TOML at line {line}.").format(line=int(found[1]))
        hint = _("Compare the line with the training approval: quotes, brackets, each name only once.")
        raise ApprovalError("APP-TOML", text, hint=hint, file=name) from None


def _flat(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Put the fields of the table ``[period]`` beside the others, under dotted keys."""
    period = document.pop("period", {})
    if not isinstance(period, dict):
        hint = _("Write [period] on a line of its own, then start and end below it.")
        raise ApprovalError("APP-TYPE", _("This is not a table."), hint=hint, file=name, column="period")
    return document | {f"period.{key}": value for key, value in period.items()}


def _refuse_other_keys(given: Mapping[str, Any], name: str) -> None:
    known = {field.key for field in FIELDS}
    for key in given:
        if key.rpartition(".")[2].startswith("auto_renew"):
            text = _("An approval is never renewed by itself.")
            hint = _("Delete the line; ask for a new approval when the period is over.")
            raise ApprovalError("APP-RENEW", text, hint=hint, file=name, column=key)
        if key not in known:
            text = _("An approval has no such field.")
            hint = _("Correct the name or delete the field; the known ones are: {names}.")
            hint = hint.format(names=", ".join(field.key for field in FIELDS))
            raise ApprovalError("APP-KEY", text, hint=hint, file=name, column=key)


def _value(field: Field, given: Mapping[str, Any], name: str) -> Any:
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
    return "*" in word or word in _ALL_WORDS


def _check_dates(values: Mapping[str, Any], name: str) -> None:
    pairs = (
        ("period.start", "period.end", _("The period ends before it starts.")),
        ("period.end", "retention_until", _("The retention ends before the period does.")),
    )
    for first, last, text in pairs:
        if values[last] < values[first]:
            hint = _("Compare both dates with the decision on paper.")
            raise ApprovalError("APP-DATES", text, hint=hint, file=name, column=last)


def cannot_read(path: Path, problem: OSError) -> ApprovalError:
    """Say that an approval file cannot be read.

    Parameters
    ----------
    path : pathlib.Path
        The file; only its name is shown.
    problem : OSError
        Why.

    Returns
    -------
    ApprovalError
        ``APP-FILE``, to be raised.
    """
    if isinstance(problem, FileNotFoundError):
        text, hint = _("There is no approval here."), _("Put approval.toml into the survey folder.")
    else:
        text = _("The approval cannot be read ({reason}).").format(reason=type(problem).__name__)
        hint = _("Check that the file is not open elsewhere and that you may read it.")
    return ApprovalError("APP-FILE", text, hint=hint, file=path.name)
