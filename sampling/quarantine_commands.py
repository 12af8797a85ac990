"""Command for quarantine: write the cells of failed rows for those who correct them."""

from pathlib import Path
from typing import Annotated

import typer

from custody.messages import gettext as _
from sampling.frame_commands import at_option, example_of, survey_argument

__all__ = ["add_quarantine"]


def add_quarantine(app: typer.Typer) -> None:
    """Add ``hyohon sampling quarantine``.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    text = _(
        "Write the cells of rows in quarantine (取り分け) for the staff who correct them, and wipe it after."
    )

    @app.command("quarantine", help=text, epilog=example_of("quarantine survey2009 --out failed.csv"))
    def quarantine(
        survey: Annotated[Path, survey_argument()],
        out: Annotated[Path, typer.Option(help=_("The CSV to write; it holds personal values."))],
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.console import say, step
        from custody.survey import Survey
        from sampling.quarantine import write_values

        step(_("quarantine"), rows=write_values(Survey.open(survey, at), out))
        say("  " + _("This file holds personal values: correct the source, then wipe it."))
