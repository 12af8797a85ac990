"""What an approval says of the files that pass under it: columns, dates, limits, and what may come only once.

The table ``[exchange]`` of an approval file::

    [exchange]
    columns = ["通知書番号", "納付日時", "納付額"]   # left out: the approved items themselves
    dates = ["納付日時"]                             # each within the period, and not in the future
    limits = { "納付額" = 300000 }                   # whole numbers from 0 up to this
    once = ["通知書番号"]                            # together they may come a single time
    validity_days = 400                              # how long such a number can come in at all
    grace_days = 58                                  # and how much later it may still be on its way
    memory_days = 458                                # how long it is remembered: at least both together
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from custody.approval_toml import plain, refuse_unknown
from custody.errors import ApprovalError
from custody.messages import gettext as _

__all__ = ["ExchangeRules", "Once", "read_rules"]

_DAYS: Final = ("validity_days", "grace_days", "memory_days")
_KEYS: Final = ("columns", "dates", "limits", "once", *_DAYS)
_LONGEST: Final = 36_525
"""A hundred years; more is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class Once:
    """What may come a single time.

    Parameters
    ----------
    columns : tuple of str
        Columns whose values together may not come again.
    validity_days, grace_days, memory_days : int
        Days for which a number can come in, for which it may still be on its way after that, and for which it
        is remembered; the last is at least the sum of the others.
    """

    columns: tuple[str, ...]
    validity_days: int
    grace_days: int
    memory_days: int


@dataclass(frozen=True, slots=True)
class ExchangeRules:
    """What a file must keep to.

    Parameters
    ----------
    columns : tuple of str
        The columns, all of them and no other, in any order.
    dates : tuple of str
        Columns of dates that lie within the period.
    limits : mapping of str to int
        Column → the largest whole number allowed.
    once : Once, optional
        What may come a single time.
    """

    columns: tuple[str, ...]
    dates: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    once: Once | None = None


def read_rules(table: Any, items: Sequence[str], name: str) -> ExchangeRules:
    """Read the table ``[exchange]`` of an approval file.

    Parameters
    ----------
    table : dict
        The table.
    items : sequence of str
        The approved items: the columns, where the table names none.
    name : str
        Name of the file, for messages.

    Returns
    -------
    ExchangeRules
        Checked.

    Raises
    ------
    ApprovalError
        ``APP-TYPE``, ``APP-KEY``, ``APP-MISSING``, or ``APP-MEMORY`` where what may come once is forgotten
        before it has lost its validity.

    Examples
    --------
    >>> rules = read_rules({"dates": ["paid"], "limits": {"yen": 300000}}, ["no", "paid", "yen"], "a.toml")
    >>> rules.columns, rules.once
    (('no', 'paid', 'yen'), None)
    """
    if not isinstance(table, dict):
        raise _wrong(name, "exchange")
    refuse_unknown(tuple(table), _KEYS, name)
    columns = _columns(table, "columns", name) if "columns" in table else tuple(map(plain, items))
    dates = _columns(table, "dates", name, columns) if "dates" in table else ()
    limits = table.get("limits", {})
    if not isinstance(limits, dict) or not all(_is_count(limit) for limit in limits.values()):
        raise _wrong(name, "exchange.limits")
    named = {plain(column): limit for column, limit in limits.items()}
    if not set(named) <= set(columns):
        raise _wrong(name, "exchange.limits")
    return ExchangeRules(columns, dates, named, _once(table, columns, name))


def _once(table: Mapping[str, Any], columns: tuple[str, ...], name: str) -> Once | None:
    if "once" not in table:
        if surplus := next((key for key in _DAYS if key in table), None):
            raise _wrong(name, f"exchange.{surplus}")
        return None
    named = _columns(table, "once", name, columns)
    days = [_day_count(table, key, name) for key in _DAYS]
    once = Once(named, *days)
    if once.memory_days < once.validity_days + once.grace_days:
        text = _(
            "Numbers are remembered for {memory:,} days, but can come in for {validity:,} and {grace:,} more."
        ).format(memory=once.memory_days, validity=once.validity_days, grace=once.grace_days)
        hint = _("Remember them for at least {days:,} days; else what was paid once could be paid again.")
        hint = hint.format(days=once.validity_days + once.grace_days)
        raise ApprovalError("APP-MEMORY", text, hint=hint, file=name, column="exchange.memory_days")
    return once


def _columns(
    table: Mapping[str, Any], key: str, name: str, known: tuple[str, ...] | None = None
) -> tuple[str, ...]:
    value = table[key]
    good = isinstance(value, list) and value and all(isinstance(one, str) and one.strip() for one in value)
    if not good:
        raise _wrong(name, f"exchange.{key}")
    columns = tuple(plain(one) for one in value)
    twice = len(set(columns)) != len(columns)
    wild = any("*" in column for column in columns)
    if twice or wild or (known is not None and not set(columns) <= set(known)):
        raise _wrong(name, f"exchange.{key}")
    return columns


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _day_count(table: Mapping[str, Any], key: str, name: str) -> int:
    if key not in table:
        text = _("A field of the approval is missing.")
        hint = _("Write how many days, as a whole number, such as {key} = 90.").format(key=key)
        raise ApprovalError("APP-MISSING", text, hint=hint, file=name, column=f"exchange.{key}")
    if not _is_count(table[key]) or table[key] > _LONGEST:
        raise _wrong(name, f"exchange.{key}")
    return int(table[key])


def _wrong(name: str, key: str) -> ApprovalError:
    text = _("A field of the approval does not hold what belongs there.")
    hint = _("Lists name columns of the file, one by one; limits and days are whole numbers from 0.")
    return ApprovalError("APP-TYPE", text, hint=hint, file=name, column=key)
