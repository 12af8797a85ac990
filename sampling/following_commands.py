"""The command that lets a new survey follow an earlier one (継続調査)."""

from pathlib import Path
from typing import Annotated, Final, cast

import typer

from custody.messages import gettext as _
from custody.messages import mark
from sampling.frame_commands import at_option, example_of

__all__ = ["add_follow"]

COUNT_NAMES: Final = (mark("arcs"), mark("panels"))
"""Names of figures, for the catalogue."""


def add_follow(app: typer.Typer) -> None:
    """Add ``hyohon sampling follow``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _(
        "Before its frame: let a new survey avoid, keep or rotate the sample of an earlier one (標本の協調)."
    )

    @app.command("follow", help=text, epilog=example_of("follow survey2010 survey2009"))
    def follow(
        new: Annotated[Path, typer.Argument(help=_("Folder of the new survey."))],
        old: Annotated[Path, typer.Argument(help=_("Folder of the survey before."))],
        coordination: Annotated[
            str | None,
            typer.Option(help=_("negative, positive, rotate or independent; left out: as [design] has it.")),
        ] = None,
        panels: Annotated[
            int | None, typer.Option(min=2, help=_("Rotation: a person stays for so many surveys."))
        ] = None,
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.console import say, step
        from custody.survey import Survey
        from sampling.coordination import Kind
        from sampling.following import coordination_path
        from sampling.following import follow as act

        newer = Survey.open(new, at)
        made = act(newer, Survey.open(old, at), kind=cast("Kind | None", coordination), panels=panels)
        step(made.kind, arcs=len(made.arcs), panels=made.panels)
        say("  " + _("written: {name}").format(name=coordination_path(newer).name))
