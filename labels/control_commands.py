"""Commands of print control: close a print run, and make the bundle for an inspection."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from custody.messages import gettext as _

if TYPE_CHECKING:
    from labels.jobs import Job

__all__ = ["add_audit", "add_close", "operator_option", "say_take_out", "second_option"]


def operator_option() -> typer.models.OptionInfo:
    """Return the option that names who does it."""
    option: typer.models.OptionInfo = typer.Option(
        help=_("Initials or staff number of who does it; needed in a real survey.")
    )
    return option


def second_option() -> typer.models.OptionInfo:
    """Return the option that names the person who agrees."""
    option: typer.models.OptionInfo = typer.Option(
        help=_("Another person, who agrees to more spoils or to a loss.")
    )
    return option


def add_close(app: typer.Typer) -> None:
    """Add ``hyohon labels close``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Close a print run once every label of it is accounted for; without --run, list the runs.")

    @app.command("close", help=text, epilog=_("Example:") + "  hyohon labels close job --run 1 --operator ab")
    def close(
        job: Annotated[Path, typer.Argument(help=_("Folder of the job."))],
        run: Annotated[int | None, typer.Option(help=_("Number of the print run."))] = None,
        operator: Annotated[str, operator_option()] = "",
        second_operator: Annotated[str, second_option()] = "",
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say
        from labels.jobs import Job
        from labels.run_closing import close_run

        opened = Job.open(job, at)
        if run is None:
            _say_runs(opened)
            return
        made = close_run(opened, run, operator=operator, second=second_operator)
        for _run, _name, value, meaning in made.tidy().itertuples(index=False):
            say(f"  {value:>9,}  {meaning}")
        say(_("  Run {run} is closed.").format(run=run))


def add_audit(app: typer.Typer) -> None:
    """Add ``hyohon labels audit``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Make the bundle for an inspection: ledger, runs, reconciliation; no names.")

    @app.command("audit", help=text, epilog=_("Example:") + "  hyohon labels audit job --out audit.zip")
    def audit(
        job: Annotated[Path, typer.Argument(help=_("Folder of the job."))],
        out: Annotated[Path, typer.Option(help=_("The zip file to write."))],
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say, step
        from labels.audit_bundle import make_audit_bundle
        from labels.jobs import Job

        made = make_audit_bundle(Job.open(job, at), out)
        step(_("audit bundle"), files=len(made.members), changed=made.changed, open_runs=made.open_runs)
        say(f"  {made.path}")
        say(f"  SHA-256 {made.sha256}")


def say_take_out(n: int) -> None:
    """Say that labels in hand must not be mailed.

    Parameters
    ----------
    n : int
        How many.
    """
    from custody.console import say

    text = _("  {n:,} labels in hand are of persons who are done: take them out, see out/take-out.csv.")
    say(text.format(n=n))


def _say_runs(job: "Job") -> None:
    """Say in a line for each run what of it is accounted for."""
    from custody.console import step
    from labels.print_control import print_runs
    from labels.run_closing import run_balance

    with job.tracking() as tracking:
        for record in print_runs(tracking.ledger):
            counts = run_balance(tracking.ledger, record.run).counts
            title = _("run {run}, closed") if record.closed_at else _("run {run}, open")
            step(title.format(run=record.run), **counts)
