"""Commands of the labels room: find a label sheet, print a package, scan what comes and goes, report."""

from pathlib import Path
from typing import Annotated, Final

import typer

from custody.messages import gettext as _
from custody.messages import mark
from labels.control_commands import add_audit, add_close
from labels.letter_commands import add_letters
from labels.scan_commands import add_reasons, add_report, add_scan
from labels.sheet_commands import add_print, add_stocks, add_test_sheet

__all__ = ["build"]

COUNT_NAMES: Final = (
    mark("condensed"),
    mark("destroyed"),
    mark("difference"),
    mark("held back"),
    mark("in hand"),
    mark("labels"),
    mark("lost"),
    mark("mailed"),
    mark("open runs"),
    mark("printed"),
    mark("refused"),
    mark("returned"),
    mark("returned unused"),
    mark("set aside"),
    mark("sheets"),
    mark("shrunk"),
    mark("spoiled"),
    mark("undeliverable"),
    mark("mailed before"),
    mark("not printed"),
    mark("recorded"),
    mark("to destroy"),
    mark("tokens"),
    mark("voided"),
)
"""Names of figures and states, for the catalogue."""


def _example(command: str) -> str:
    return _("Example:") + f"  hyohon labels {command}"


def build() -> typer.Typer:
    """Build the subcommands of ``hyohon labels``.

    Returns
    -------
    typer.Typer
        stocks, print, test-sheet, void, scan, reasons, mail, undo, report, letters, close, audit.
    """
    app = typer.Typer(help=_("Print labels and track the letters (contractor)."), no_args_is_help=True)
    for add in (
        add_stocks,
        add_print,
        add_test_sheet,
        _add_void,
        add_scan,
        add_reasons,
        _add_mail,
        _add_undo,
        add_report,
    ):
        add(app)
    add_letters(app)
    add_close(app)
    add_audit(app)
    return app


def _add_void(app: typer.Typer) -> None:
    text = _("Open a package of voids: nothing more is mailed to these labels.")

    @app.command("void", help=text, epilog=_example("void job voids.sp"))
    def void(
        job: Annotated[Path, typer.Argument(help=_("Folder of the job."))],
        package: Annotated[Path, typer.Argument(help=_("The sealed package, voids.sp."))],
        keys: Annotated[Path | None, typer.Option(help=_("Folder of the contractor's keys."))] = None,
        new: Annotated[
            bool, typer.Option("--new", help=_("Make the job folder: nothing was printed yet."))
        ] = False,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say, step
        from labels.jobs import contractor_keys
        from labels.voids import void_package

        made = void_package(package, job, keys=contractor_keys(keys), new=new, at=at)
        counts = {"tokens": made.tokens, "recorded": made.recorded, "to_destroy": made.to_destroy}
        step(_("voids"), **counts, mailed_before=made.mailed, not_printed=made.unprinted)
        if made.to_destroy:
            text = _("  Take these labels out and destroy them; where they stand is listed in {path}.")
            say(text.format(path="out/voided.csv"))


def _add_mail(app: typer.Typer) -> None:
    text = _("Record all printed labels that are still in hand as mailed.")

    @app.command("mail", help=text, epilog=_example("mail job --date 2009-11-09"))
    def mail(
        job: Annotated[Path, typer.Argument(help=_("Folder of the job."))],
        date: Annotated[
            str | None, typer.Option(help=_("Day of mailing, YYYY-MM-DD; default today."))
        ] = None,
        wave: Annotated[int | None, typer.Option(min=1, help=_("Only the labels of this mailing."))] = None,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say, step
        from labels.control_commands import say_take_out
        from labels.jobs import Job, write_table
        from labels.waves import to_take_out

        opened = Job.open(job, at)
        with opened.tracking() as tracking:
            recorded, done = tracking.mail(date, wave), to_take_out(tracking)
        step(_("mailing recorded"), mailed=recorded)
        if not recorded:
            say(_("  No label was in hand to be mailed; `hyohon labels report` shows where they are."))
        if len(done):
            write_table(opened.out / "take-out.csv", done)
            say_take_out(len(done))


def _add_undo(app: typer.Typer) -> None:
    text = _("Take the last state of a label back. Nothing is deleted: the ledger gets a new event.")

    @app.command("undo", help=text, epilog=_example("undo job 0123-4567-89AB-C59 --reason misread"))
    def undo(
        job: Annotated[Path, typer.Argument(help=_("Folder of the job."))],
        token: Annotated[str, typer.Argument(help=_("Token of the label, or its QR code."))],
        reason: Annotated[str, typer.Option(help=_("Short code, as misread."))],
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say
        from labels.jobs import Job

        with Job.open(job, at).tracking() as tracking:
            piece = tracking.undo(token, reason)
        say(_("  The label is now: {state}").format(state=_(piece.state.replace("_", " "))))
