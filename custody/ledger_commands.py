"""Commands about the ledger: checkpoint, backup, restore, anomalies; and what ``verify`` does with it."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from custody.errors import ConfigError
from custody.messages import gettext as _

if TYPE_CHECKING:
    from custody.checkpoints import Checkpoint
    from custody.clock import Clock
    from custody.ledger import LedgerReport

__all__ = ["add_ledger", "verify_folder"]

LEDGER: Final = "ledger.sqlite"
UNREAD: Final = "2009-11-02T09:00"
"""A time for opening a training survey without asking its ledger, which may be spoilt."""


def add_ledger(app: typer.Typer) -> None:
    """Add the commands about the ledger.

    Parameters
    ----------
    app : typer.Typer
        The custody commands.
    """
    _add_checkpoint(app)
    _add_backup(app)
    _add_restore(app)
    _add_anomalies(app)


def verify_folder(folder: Path, more: Iterable[Path] = ()) -> "LedgerReport":
    """Hold the ledger of a survey or job folder to its chain and to all checkpoints.

    Parameters
    ----------
    folder : pathlib.Path
        The folder, or a backup of its ledger.
    more : iterable of pathlib.Path
        Files of checkpoints kept elsewhere, beside ``out/checkpoints.txt``.

    Returns
    -------
    LedgerReport
        When everything fits.

    Raises
    ------
    LedgerError
        As in `custody.checkpoints.verify_anchored`.
    InputError
        A file of checkpoints that cannot be used.
    """
    from custody.checkpoints import check_anchors, verify_anchored
    from custody.console import say
    from custody.ledger_backup import verify_backup

    anchors = _anchors(folder, more)
    if folder.is_file():
        report = verify_backup(folder)
        check_anchors(folder, anchors)
    else:
        report = verify_anchored(folder / LEDGER, anchors)
    if anchors:
        say("  " + _("checkpoints that hold: {count:,}").format(count=len(anchors)))
    return report


def _anchors(folder: Path, more: Iterable[Path]) -> "tuple[Checkpoint, ...]":
    """Read the checkpoints; in a survey folder only those count that its staff signed."""
    from custody.checkpoints import anchors_of
    from custody.errors import KeyFileError
    from custody.settings import Settings
    from custody.survey import SURVEY_FILE, Survey

    key = None
    if (folder / SURVEY_FILE).is_file():
        try:
            at = UNREAD if Settings.read(folder / SURVEY_FILE).boolean("training") else None
            key = Survey.open(folder, at).keys.public("staff").ed25519
        except KeyFileError:  # an auditor has the folder and not the keys
            key = None
    return anchors_of(folder / LEDGER, more, key=key)


def _add_checkpoint(app: typer.Typer) -> None:
    text = _("Sign where the ledger stands (照合点), to be printed and kept at another office.")
    example = _("Example:") + "  hyohon custody checkpoint survey2009"

    @app.command("checkpoint", help=f"{text}\n\n{example}")
    def checkpoint_(
        survey: Annotated[Path, typer.Argument(help=_("The survey folder."))],
        to: Annotated[Path | None, typer.Option("--to", help=_("Add it to this file too."))] = None,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.checkpoints import keep_checkpoint, survey_checkpoint
        from custody.console import say
        from custody.survey import Survey

        opened = Survey.open(survey, at)
        made = survey_checkpoint(opened)
        if made is None:
            opened.keys.signer("staff")  # refuses, with what to do
            return
        if to is not None:
            keep_checkpoint(to, made)
        say(f"  {made.short}")
        say(f"  {made.line}")


def _add_backup(app: typer.Typer) -> None:
    text = _("Copy the ledger to one file, also while it is in use, and verify the copy.")
    example = _("Example:") + "  hyohon custody backup survey2009 --to backup/ledger-20091105.sqlite"

    @app.command("backup", help=f"{text}\n\n{example}")
    def backup(
        folder: Annotated[Path, typer.Argument(help=_("A survey folder or a contractor's job folder."))],
        to: Annotated[Path, typer.Option("--to", help=_("A new file."))],
    ) -> None:
        from custody.console import say, step
        from custody.ledger_backup import backup_ledger

        report = backup_ledger(folder / LEDGER, to)
        step(_("ledger is whole"), events=report.events)
        say(_("  last event: {seq}  {digest}").format(seq=report.head.seq, digest=report.head.hash))


def _add_restore(app: typer.Typer) -> None:
    text = _("Put a backup of the ledger back; what was there is kept, and the act is recorded.")
    example = _("Example:") + "  hyohon custody restore backup/ledger-20091105.sqlite --to survey2009"

    @app.command("restore", help=f"{text}\n\n{example}")
    def restore(
        backup: Annotated[Path, typer.Argument(help=_("A file made by `hyohon custody backup`."))],
        to: Annotated[Path, typer.Option("--to", help=_("The survey folder."))],
        anchors: Annotated[list[Path] | None, typer.Option(help=_("Checkpoints kept elsewhere."))] = None,
        behind: Annotated[
            bool,
            typer.Option("--behind", help=_("Also where newer events are lost; this is recorded.")),
        ] = False,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.checkpoints import survey_checkpoint
        from custody.console import say, step
        from custody.ledger_backup import restore_ledger
        from custody.survey import Survey

        known = _anchors(to, anchors or ())
        clock = _clock_beside(to, backup, at)
        result = restore_ledger(backup, to / LEDGER, clock, anchors=known, behind=behind)
        step(_("ledger is whole"), events=result.events)
        if result.aside is not None:
            say("  " + _("the ledger before is kept as {name}").format(name=result.aside.name))
        survey_checkpoint(Survey.open(to))


def _clock_beside(folder: Path, backup: Path, at: str | None) -> "Clock":
    """Choose the clock of a survey whose ledger may be spoilt: in training it is that of the backup."""
    from custody.settings import Settings
    from custody.survey import SURVEY_FILE
    from custody.survey_clock import open_at

    training = Settings.read(folder / SURVEY_FILE).boolean("training")
    return open_at(at, training=training, ledger=backup)


def _add_anomalies(app: typer.Typer) -> None:
    text = _("List what to ask about, by week (異常一覧): counts and numbers of events, nothing of a person.")
    example = _("Example:") + "  hyohon custody anomalies survey2009 --week 2009-W45"

    @app.command("anomalies", help=f"{text}\n\n{example}")
    def anomalies(
        folder: Annotated[Path, typer.Argument(help=_("A survey folder or a contractor's job folder."))],
        week: Annotated[str | None, typer.Option(help=_("Only this week, as 2009-W45."))] = None,
    ) -> None:
        from custody.anomalies import ANOMALIES, find_anomalies, ranges
        from custody.console import say
        from custody.ledger import Ledger

        if week is not None:
            _check_week(week)
        verify_folder(folder)
        with Ledger.read(folder / LEDGER) as ledger:
            found = find_anomalies(ledger.events(), week).found
        for one in found:
            say(f"  {one.week}  {len(one.events):>7,}  {_(ANOMALIES[one.name])}: {ranges(one.events)}")
        if not found:
            say("  " + _("nothing to ask about"))


def _check_week(week: str) -> None:
    try:
        year, number = week.split("-W")
        right = f"{date.fromisocalendar(int(year), int(number), 1).isocalendar().year}-W{int(number):02}"
    except ValueError:
        right = ""
    if week != right:
        raise ConfigError("CFG-WEEK", _("This is not a week."), hint=_("Write it like 2009-W45."))
