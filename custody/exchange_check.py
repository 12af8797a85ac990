"""One check for every file that passes between two parties: columns, dates, limits, and once only.

`check_exchange` holds a CSV file to an approval (`custody.exchange_approval`). Whatever the business,
payments, linkage with another body, labels for a contractor, tokens that come back, the questions are one.
A fault names row and column and the reason, never a value.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from custody.approval import Period
from custody.approval_toml import plain
from custody.errors import InputError
from custody.exchange_approval import ExchangeApproval
from custody.exchange_file import ExchangeTable
from custody.exchange_memory import OnceMemory
from custody.exchange_rules import ExchangeRules, Once
from custody.messages import gettext as _
from custody.messages import mark

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REASONS", "ExchangeReport", "Fault", "check_exchange", "read_day", "refusal_of"]

REASONS: Final[Mapping[str, str]] = {
    "EXC-COLUMN-EXTRA": mark("a column that the approval does not name"),
    "EXC-COLUMN-MISSING": mark("an approved column is missing"),
    "EXC-COLUMN-TWICE": mark("a column stands twice"),
    "EXC-WIDTH": mark("the row has more or fewer cells than the header"),
    "EXC-DATE": mark("not a date"),
    "EXC-DATE-EARLY": mark("a date before the approved period"),
    "EXC-DATE-LATE": mark("a date after the approved period"),
    "EXC-DATE-FUTURE": mark("a date in the future"),
    "EXC-AMOUNT": mark("not a whole number"),
    "EXC-LIMIT": mark("above the approved limit"),
    "EXC-BLANK": mark("blank, though it may come a single time"),
    "EXC-TWICE": mark("came already in this file"),
    "EXC-AGAIN": mark("came already in an earlier file, within its memory"),
}
"""Code of a fault → what is wrong, in English for the catalogue."""

_AMOUNT: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_DAY: Final = re.compile(
    r"(?P<y>[0-9]{4})(?P<s>[-/]?)(?P<m>[0-9]{2})(?P=s)(?P<d>[0-9]{2})"
    r"(?:[ T]?(?P<h>[0-9]{2}):?(?P<n>[0-9]{2})(?::?(?P<c>[0-9]{2}))?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a file may not pass.

    Parameters
    ----------
    code : str
        From `REASONS`.
    row : int
        Data row, from 1; 0 for the header.
    column : int
        Column, from 1; 0 where there is none.
    name : str
        Approved name of the column, ``""`` where it has none (a name outside the approval is not repeated).
    days : int
        Days since it came before; 0 where that is not the reason.
    """

    code: str
    row: int
    column: int
    name: str = ""
    days: int = 0

    def words(self) -> str:
        """Say it in one line.

        Returns
        -------
        str
            Place, reason and code.

        Examples
        --------
        >>> from custody.messages import set_language
        >>> set_language("en")
        >>> print(Fault("EXC-LIMIT", 7, 2, "納付額").words())
        row 7, column 2 (納付額): above the approved limit [EXC-LIMIT]
        >>> set_language(None)
        """
        place = _("row {row:,}").format(row=self.row) if self.row else _("header")
        if self.column:
            place += ", " + _("column {number}").format(number=self.column)
        place += f" ({self.name})" if self.name else ""
        ago = " " + _("({days:,} days ago)").format(days=self.days) if self.code == "EXC-AGAIN" else ""
        return f"{place}: {_(REASONS[self.code])}{ago} [{self.code}]"


@dataclass(frozen=True, slots=True)
class ExchangeReport:
    """What a check found.

    Parameters
    ----------
    file : str
        Name of the file.
    sha256 : str
        Its digest.
    approval : str
        Number of the approval.
    rows, columns : int
        Data rows and columns.
    faults : tuple of Fault
        Empty where the file may pass; in order of row and column.
    remembered : int
        How many numbers were added to the memory.
    """

    file: str
    sha256: str
    approval: str
    rows: int
    columns: int
    faults: tuple[Fault, ...]
    remembered: int = 0

    @property
    def passes(self) -> bool:
        """Whether the file may pass."""
        return not self.faults

    def tidy(self) -> "pd.DataFrame":
        """Return the faults as a table.

        Returns
        -------
        pandas.DataFrame
            Columns code, row, column, name, days; one row for each fault.
        """
        import pandas as pd

        names = ("code", "row", "column", "name", "days")
        rows = [[getattr(fault, name) for name in names] for fault in self.faults]
        return pd.DataFrame(rows, columns=list(names))

    def _repr_html_(self) -> str:
        return str(self.tidy().to_html(index=False))


def check_exchange(
    table: ExchangeTable,
    approval: ExchangeApproval,
    *,
    at: datetime,
    memory: OnceMemory | None = None,
    keep: bool = True,
    medium: str | None = None,
) -> ExchangeReport:
    """Hold a file to its approval.

    Parameters
    ----------
    table : ExchangeTable
        The file, read by `custody.exchange_file.read_exchange_file`.
    approval : ExchangeApproval
        What it is held to.
    at : datetime.datetime
        The instant of the check, aware, in Asia/Tokyo.
    memory : OnceMemory, optional
        What came before; without it a number is only compared within the file.
    keep : bool
        False looks only: nothing is remembered.
    medium : str, optional
        On which medium the file came or goes.

    Returns
    -------
    ExchangeReport
        With every fault. What may come once is remembered only where there is none.

    Raises
    ------
    ApprovalError
        The approval lacks something, or is not in use on that day.
    InputError
        The memory cannot be used.
    """
    period = approval.in_use(at.date(), medium)
    rules = approval.rules
    assert rules is not None  # in_use has refused an approval without rules
    places, faults = _columns(table, rules)
    if not faults:
        faults = [fault for check in _checks(table, rules, places, period, at) for fault in check]
    digests: dict[str, int] = {}
    if rules.once is not None and not faults:
        digests, faults = _numbers(table, rules.once, places, approval, memory)
        if not faults and memory is not None:
            faults = _again(memory, rules.once, places, digests, approval, at.date(), keep)
    faults.sort(key=lambda fault: (fault.row, fault.column))
    kept = len(digests) if keep and memory is not None and not faults else 0
    counts = (len(table.rows), len(table.header))
    return ExchangeReport(table.file, table.sha256, approval.number, *counts, tuple(faults), kept)


def _columns(table: ExchangeTable, rules: ExchangeRules) -> tuple[dict[str, int], list[Fault]]:
    """Place the approved columns; every column of the file must be one of them, once."""
    places: dict[str, int] = {}
    faults = []
    for number, name in enumerate(map(plain, table.header), 1):
        if name not in rules.columns:
            faults.append(Fault("EXC-COLUMN-EXTRA", 0, number))
        elif name in places:
            faults.append(Fault("EXC-COLUMN-TWICE", 0, number, name))
        places.setdefault(name, number)
    faults += [Fault("EXC-COLUMN-MISSING", 0, 0, name) for name in rules.columns if name not in places]
    return places, faults


def _checks(
    table: ExchangeTable, rules: ExchangeRules, places: Mapping[str, int], period: Period, at: datetime
) -> Iterator[Iterator[Fault]]:
    width = len(table.header)
    yield (Fault("EXC-WIDTH", row, 0) for row, cells in enumerate(table.rows, 1) if len(cells) != width)
    for name in rules.dates:
        yield _column(table, name, places[name], lambda cell: _date_fault(cell, period, at))
    for name, limit in rules.limits.items():
        yield _column(table, name, places[name], partial(_amount_fault, limit=limit))


def _column(
    table: ExchangeTable, name: str, place: int, fault_of: Callable[[str], str | None]
) -> Iterator[Fault]:
    for row, cells in enumerate(table.rows, 1):
        if len(cells) == len(table.header) and (code := fault_of(cells[place - 1])) is not None:
            yield Fault(code, row, place, name)


def _date_fault(cell: str, period: Period, at: datetime) -> str | None:
    day = read_day(cell)
    if day is None:
        return "EXC-DATE"
    if day < period.start:
        return "EXC-DATE-EARLY"
    if day > period.end:
        return "EXC-DATE-LATE"
    return "EXC-DATE-FUTURE" if day > at.date() else None


def read_day(cell: str) -> date | None:
    """Read a date, with or without a time.

    Parameters
    ----------
    cell : str
        ``2010-06-01``, ``2010/06/01`` or ``20100601``, and a time such as ``09:30`` or ``093000`` after it.

    Returns
    -------
    datetime.date or None
        None where it is no such date, or the time is none.

    Examples
    --------
    >>> read_day("2010/06/01 23:59"), read_day("2010-02-30"), read_day("２０１００６０１")
    (datetime.date(2010, 6, 1), None, None)
    """
    found = _DAY.fullmatch(cell.strip())
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(found[part] or 0) for part in "ymdhnc")
        return datetime(year, month, day, hour, minute, second).date()
    except ValueError:
        return None


def _amount_fault(cell: str, limit: int) -> str | None:
    if not _AMOUNT.fullmatch(cell):
        return "EXC-AMOUNT"
    return "EXC-LIMIT" if int(cell) > limit else None


def _numbers(
    table: ExchangeTable,
    once: Once,
    places: Mapping[str, int],
    approval: ExchangeApproval,
    memory: OnceMemory | None,
) -> tuple[dict[str, int], list[Fault]]:
    """Turn what may come once into digests → row; blank ones and those that stand twice are faults."""
    digests: dict[str, int] = {}
    faults = []
    chosen = [places[name] for name in once.columns]
    mask = memory or OnceMemory.blind()
    for row, cells in enumerate(table.rows, 1):
        values = [plain(cells[place - 1]).upper() for place in chosen]
        if not all(values):
            faults.append(Fault("EXC-BLANK", row, chosen[values.index("")], once.columns[values.index("")]))
            continue
        code = mask.digest(approval.number, values)
        if code in digests:
            faults.append(Fault("EXC-TWICE", row, chosen[0], once.columns[0]))
        digests.setdefault(code, row)
    return digests, faults


def _again(
    memory: OnceMemory,
    once: Once,
    places: Mapping[str, int],
    digests: Mapping[str, int],
    approval: ExchangeApproval,
    day: date,
    keep: bool,
) -> list[Fault]:
    came = memory.admit(approval.number, digests, day=day, memory_days=once.memory_days, keep=keep)
    name = once.columns[0]
    return [Fault("EXC-AGAIN", row, places[name], name, days) for row, days in came.items()]


def refusal_of(report: ExchangeReport) -> InputError:
    """Make the error of a file that may not pass.

    Parameters
    ----------
    report : ExchangeReport
        With one fault or more.

    Returns
    -------
    InputError
        The code of the first fault; says how many there are.
    """
    first = report.faults[0]
    text = _("The file may not pass under approval {number}: {count:,} faults. The first: {reason}.")
    text = text.format(number=report.approval, count=len(report.faults), reason=_(REASONS[first.code]))
    hint = _("Nothing of it was taken. Send it back to whoever made it, with the rows and columns listed.")
    return InputError(
        first.code, text, hint=hint, file=report.file, row=first.row or None, column=first.name or None
    )
