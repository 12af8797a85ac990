"""``hyohon custody medium``: register media, take them out of use, and write a package to one."""

from pathlib import Path
from typing import Annotated

import typer

from custody.messages import gettext as _

__all__ = ["add_media"]


def add_media(app: typer.Typer) -> None:
    """Add the commands ``medium add``, ``medium retire`` and ``medium write``.

    Parameters
    ----------
    app : typer.Typer
        The custody commands.
    """
    medium = typer.Typer(help=_("Registered media, and writing packages to them."), no_args_is_help=True)
    _add_register(medium)
    _add_write(medium)
    app.add_typer(medium, name="medium")


def _add_register(app: typer.Typer) -> None:
    text, example = (
        _("Register a medium by the id written on it."),
        "hyohon custody medium add survey2009 USB-01",
    )

    @app.command("add", help=f"{text}\n\n" + _("Example:") + f"  {example}")
    def add(
        survey: Annotated[Path, typer.Argument(help=_("The survey folder."))],
        medium: Annotated[str, typer.Argument(help=_("Its id, as USB-01."))],
        kind: Annotated[str, typer.Option(help=_("What it is, in the approval's words."))] = "USBメモリ",
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.media import add_medium
        from custody.survey import Survey

        add_medium(Survey.open(survey, at), medium, kind)

    @app.command("retire", help=_("Take a medium out of use, as when it was destroyed or lost."))
    def retire(
        survey: Annotated[Path, typer.Argument(help=_("The survey folder."))],
        medium: Annotated[str, typer.Argument(help=_("Its id, as USB-01."))],
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.media import retire_medium
        from custody.survey import Survey

        retire_medium(Survey.open(survey, at), medium)


def _add_write(app: typer.Typer) -> None:
    text = _("Write a package to a registered, empty medium, read it again and compare.")
    example = "hyohon custody medium write survey2009 out/labels.sp /media/usb --id USB-01"

    @app.command("write", help=f"{text}\n\n" + _("Example:") + f"  {example}")
    def write(
        survey: Annotated[Path, typer.Argument(help=_("The survey folder."))],
        package: Annotated[Path, typer.Argument(help=_("A sealed package (.sp)."))],
        folder: Annotated[Path, typer.Argument(help=_("Where the medium is."))],
        medium: Annotated[str, typer.Option("--id", help=_("Its id, as USB-01."))],
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say
        from custody.files import sha256_file
        from custody.media import put_on_medium
        from custody.survey import Survey

        path = put_on_medium(Survey.open(survey, at), package, folder, medium)
        say(f"{medium}  {path.name}  {path.stat().st_size:,} bytes  sha256 {sha256_file(path)}")
