"""Commands around the scanner: scan what comes and goes, the reasons on paper, the report."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custody.messages import gettext as _
from labels.control_commands import say_take_out

if TYPE_CHECKING:
    from labels.batches import ScanResult

__all__ = ["add_reasons", "add_report", "add_scan"]

HERE = Path("-")
"""Instead of a file: what is scanned here, now."""


def add_scan(app: typer.Typer) -> None:
    """Add ``hyohon labels scan``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Record scanned labels: from a file, or one by one as a hand scanner types them.")

    @app.command("scan", help=text, epilog=_("Example:") + "  hyohon labels scan job --reason MOVED")
    def scan(
        job: Annotated[Path, typer.Argument(help=_("Folder of the job."))],
        scans: Annotated[
            Path,
            typer.Argument(
                help=_("CSV with token, state, date, reason, or one code a line; left out: scanned here.")
            ),
        ] = HERE,
        state: Annotated[
            str,
            typer.Option(
                help=_(
                    "Where a row gives none: mailed, returned, undeliverable, refused, spoiled, destroyed, "
                    "returned_unused."
                )
            ),
        ] = "mailed",
        reason: Annotated[
            str,
            typer.Option(help=_("Why they came back, code or stamp; `hyohon labels reasons` lists them.")),
        ] = "",
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from labels.job_report import scan_file
        from labels.jobs import Job
        from labels.live import scan_lines

        opened = Job.open(job, at)
        if scans == HERE:
            _say_scans(scan_lines(opened, sys.stdin, state, reason))
        else:
            _say_scans(scan_file(opened, scans, state, reason))


def add_reasons(app: typer.Typer) -> None:
    """Add ``hyohon labels reasons``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("List why letters come back, or print a sheet of codes to lay beside the scanner.")

    @app.command("reasons", help=text, epilog=_("Example:") + "  hyohon labels reasons --sheet reasons.pdf")
    def show(
        sheet: Annotated[Path | None, typer.Option(help=_("The PDF to write."))] = None,
    ) -> None:
        from custody.console import say
        from labels.reason_sheet import write_reason_sheet
        from labels.reasons import reasons

        if sheet is not None:
            say(f"  {write_reason_sheet(sheet)}")
            return
        for one in reasons().values():
            say(f"  {one.code:<11} {one.state:<14} {one.aapor:<6} {one.stamp}  ({one.english})")


def add_report(app: typer.Typer) -> None:
    """Add ``hyohon labels report``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Account for every label, and seal the states of all labels for staff (out/events.sp).")

    @app.command("report", help=text, epilog=_("Example:") + "  hyohon labels report job")
    def report(
        job: Annotated[Path, typer.Argument(help=_("Folder of the job."))],
        keys: Annotated[Path | None, typer.Option(help=_("Folder of the contractor's keys."))] = None,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say
        from labels.job_report import make_report
        from labels.jobs import Job, contractor_keys

        made = make_report(Job.open(job, at), contractor_keys(keys))
        for _name, value, meaning in made.reconciliation.tidy().itertuples(index=False):
            say(f"  {value:>9,}  {meaning}")
        if not made.reconciliation.closed:
            say(_("  Not closed: labels are in hand or not accounted for."))
        if len(made.take_out):
            say_take_out(len(made.take_out))
        if len(made.second_scans):
            text = _("  {n:,} scans of a label that was scanned before: see out/second-scans.csv.")
            say(text.format(n=len(made.second_scans)))
        if len(made.waves) > 1:
            _say_waves(made.waves)
        say(_("  For staff: {path}").format(path=made.events))


def _say_waves(waves: Any) -> None:
    """Say in a line for each wave what went out and came back."""
    from custody.console import step
    from labels.waves import KIND_TITLES

    for row in waves.to_dict("records"):
        title = _("wave {number}").format(number=row["wave"])
        kind = _(KIND_TITLES[row["kind"]]) if row["kind"] in KIND_TITLES else ""
        counts = {name: row[name] for name in ("printed", "mailed", "returned", "undeliverable", "refused")}
        step(f"{title} {kind}".strip(), **counts)


def _say_scans(result: "ScanResult") -> None:
    from custody.console import say, step

    step(_("scans recorded"), **dict(result.accepted), set_aside=len(result.exceptions))
    if result.exceptions:
        say(_("  Scans set aside are listed in {path}.").format(path="out/scan-exceptions.csv"))
