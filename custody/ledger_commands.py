"""``hyohon custody`` commands about the ledger: checkpoint."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from custody.messages import gettext as _

if TYPE_CHECKING:
    from custody.checkpoints import Checkpoint
    from custody.ledger import LedgerReport

__all__ = ["add_ledger", "verify_folder"]

LEDGER = "ledger.sqlite"


def add_ledger(app: typer.Typer) -> None:
    """Add the commands about the ledger.

    Parameters
    ----------
    app : typer.Typer
        The custody commands.
    """
    _add_checkpoint(app)


def verify_folder(folder: Path, more: Iterable[Path] = ()) -> "LedgerReport":
    """Hold the ledger of a survey or job folder to its chain and to all checkpoints.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
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
    from custody.checkpoints import verify_anchored
    from custody.console import say

    anchors = _anchors(folder, more)
    report = verify_anchored(folder / LEDGER, anchors)
    if anchors:
        say("  " + _("checkpoints that hold: {count:,}").format(count=len(anchors)))
    return report


def _anchors(folder: Path, more: Iterable[Path]) -> "tuple[Checkpoint, ...]":
    """Read the checkpoints; in a survey folder only those count that its staff signed."""
    from custody.checkpoints import anchors_of
    from custody.errors import KeyFileError
    from custody.survey import SURVEY_FILE, Survey

    key = None
    if (folder / SURVEY_FILE).is_file():
        try:
            key = Survey.open(folder).keys.public("staff").ed25519
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
