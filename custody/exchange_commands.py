"""``hyohon custody check``: hold a file that passes between two parties to its approval."""

from contextlib import closing
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from custody.errors import ApprovalError, ConfigError
from custody.messages import gettext as _
from custody.messages import mark

if TYPE_CHECKING:
    from custody.exchange_check import ExchangeReport

__all__ = ["add_check", "check_file"]

SHOWN: Final = 20
"""Faults that are listed one by one."""

_NAMES: Final = (mark("rows"), mark("columns"), mark("remembered"))
"""Names that are printed with figures: here so that the catalogue has them."""


def check_file(
    file: Path | str,
    approval: str,
    *,
    at: datetime,
    memory: Path | str | None = None,
    medium: str | None = None,
) -> "ExchangeReport":
    """Hold a file to its approval; with a memory, write down the check and remember what may come once.

    Parameters
    ----------
    file : path
        The CSV file.
    approval : str
        A file, or the short name of a consultation, such as ``"28"``.
    at : datetime.datetime
        The instant of the check, aware, in Asia/Tokyo.
    memory : path, optional
        Folder of the memory, made where it does not exist.
    medium : str, optional
        On which medium the file came or goes.

    Returns
    -------
    ExchangeReport
        With every fault.

    Raises
    ------
    ApprovalError
        The approval is none, lacks something, or is not in use that day.
    InputError
        File or memory cannot be read.
    LedgerError
        A check of a later instant was written down already.
    """
    from custody.clock import SimulatedClock
    from custody.exchange_approval import find_approval
    from custody.exchange_check import check_exchange
    from custody.exchange_file import read_exchange_file
    from custody.exchange_memory import OnceMemory
    from custody.ledger import Ledger

    held, table = find_approval(approval), read_exchange_file(file)
    if memory is None:
        return check_exchange(table, held, at=at, medium=medium)
    once = OnceMemory.open(memory)
    with closing(Ledger.open(Path(memory) / "ledger.sqlite", SimulatedClock(at))) as ledger:
        names = {"approval": held.sha256, "sha256": table.sha256}
        ledger.append("exchange.check", **names)  # an earlier --at than the last one is refused here
        try:
            report = check_exchange(table, held, at=at, memory=once, medium=medium)
        except ApprovalError as refusal:
            ledger.append("denial", act="exchange", code=refusal.code, **names)
            raise
        if report.passes:
            ledger.append("exchange.accepted", rows=report.rows, remembered=report.remembered, **names)
        else:
            first = report.faults[0].code
            ledger.append(
                "exchange.refused", rows=report.rows, faults=len(report.faults), code=first, **names
            )
    return report


def add_check(app: typer.Typer) -> None:
    """Add the command ``check``.

    Parameters
    ----------
    app : typer.Typer
        The custody commands.
    """
    text = _("Hold a file to its approval: columns, dates, limits, and what may come a single time.")
    example = "hyohon custody check payments.csv --approval tax.toml --memory memory"

    @app.command("check", help=f"{text}\n\n" + _("Example:") + f"  {example}")
    def check(
        file: Annotated[Path, typer.Argument(help=_("A CSV file in UTF-8 or CP932."))],
        approval: Annotated[
            str, typer.Option(help=_("An approval file, or a consultation of `hyohon custody approvals`."))
        ],
        at: Annotated[
            str | None, typer.Option(help=_("Day of the check, not in the future; else now."))
        ] = None,
        memory: Annotated[
            Path | None, typer.Option(help=_("Folder that remembers what may come once, as keyed digests."))
        ] = None,
        medium: Annotated[str | None, typer.Option(help=_("Medium on which the file came or goes."))] = None,
    ) -> None:
        from custody.console import complain, say, step
        from custody.exchange_check import refusal_of

        report = check_file(file, approval, at=_instant(at), memory=memory, medium=medium)
        if report.passes:
            counts = {"rows": report.rows, "columns": report.columns, "remembered": report.remembered}
            step(_("the file may pass"), **counts)
            if memory is None:
                say("  " + _("Not held against earlier files: name a folder with --memory."))
            return
        for fault in report.faults[:SHOWN]:
            complain("  " + fault.words())
        raise refusal_of(report)


def _instant(at: str | None) -> datetime:
    from custody.clock import JST, SystemClock

    now = SystemClock().now()
    if at is None:
        return now
    try:
        given = datetime.fromisoformat(at)
    except ValueError:
        hint = _("Write it like 2010-06-01.")
        raise ConfigError("CFG-AT", _("--at is not a date and time."), hint=hint) from None
    if len(at) <= len("2010-06-01"):  # a day means its end, so that several checks of a day follow each other
        given = datetime.combine(given.date(), time(23, 59, 59))
    given = given.replace(tzinfo=JST) if given.tzinfo is None else given.astimezone(JST)
    if given.date() > now.date():
        hint = _("Leave --at out: the computer's clock counts.")
        raise ConfigError("CFG-AT", _("The day of a check is not in the future."), hint=hint)
    return min(given, now)
