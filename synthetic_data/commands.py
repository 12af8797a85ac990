"""Subcommands of this room: ``hyohon synthetic ward`` and ``hyohon synthetic returns``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from custody.console import say, step
from custody.messages import gettext as _

__all__ = ["build"]


def build() -> typer.Typer:
    """Build the subcommands in the language in use.

    Returns
    -------
    typer.Typer
        Mounted as ``hyohon synthetic``.
    """
    app = typer.Typer(help=_("An invented ward for tests and training."), no_args_is_help=True)

    @app.command(
        "ward",
        help=_("Invent a ward and write its two registers (CP932) and truth.json."),
        epilog=_("Example: hyohon synthetic ward registers --residents 700000 --seed 20091101"),
    )
    def ward_command(
        folder: Annotated[Path, typer.Argument(help=_("Folder for the files; made if missing."))],
        residents: Annotated[int, typer.Option(help=_("Rows of the resident register."))] = 700_000,
        seed: Annotated[str, typer.Option(help=_("The same seed gives the same files."))] = "20091101",
    ) -> None:
        from synthetic_data.ward import make_ward

        ward = make_ward(residents, seed)
        ward.write(folder)
        truth = ward.truth
        step(
            _("invented ward"),
            residents=truth["residents_rows"],
            elders=truth["elders_65_on_reference_date"],
            certifications=truth["certification_rows"],
            frame=truth["flow"]["frame"],
        )
        say(_("All people in these files are invented."))

    return app
