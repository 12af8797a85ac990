"""``hyohon custody escrow``: make the escrow key, try it, and encrypt anew after a loss."""

from pathlib import Path
from typing import Annotated

import typer

from custody.errors import KeyFileError
from custody.messages import gettext as _

__all__ = ["add_escrow"]


def add_escrow(app: typer.Typer) -> None:
    """Add the commands ``escrow new``, ``escrow drill`` and ``escrow rewrap``.

    Parameters
    ----------
    app : typer.Typer
        The custody commands.
    """
    text = _("The offline key that opens everything staff hold, for the day a key is lost.")
    escrow = typer.Typer(help=text, no_args_is_help=True)
    _add_new(escrow)
    _add_drill(escrow)
    _add_rewrap(escrow)
    app.add_typer(escrow, name="escrow")


def _add_new(app: typer.Typer) -> None:
    text = _("Make the escrow key; its private half is written to the file named, and nowhere else.")
    example = "hyohon custody escrow new survey2009 --to /media/safe/escrow.age.txt"

    @app.command("new", help=f"{text}\n\n" + _("Example:") + f"  {example}")
    def new(
        survey: Annotated[Path, typer.Argument(help=_("The survey folder."))],
        to: Annotated[Path, typer.Option("--to", help=_("A new file on a medium for the safe."))],
        passphrase: Annotated[bool, typer.Option(help=_("Ask for a pass phrase for the file."))] = False,
    ) -> None:
        from custody.console import say
        from custody.escrow import create_escrow
        from custody.survey import Survey

        secret = (
            typer.prompt(_("Pass phrase"), hide_input=True, confirmation_prompt=True) if passphrase else ""
        )
        recipient = create_escrow(Survey.open(survey), to, secret)
        say(f"escrow  {recipient}")
        say("  " + _("Lock the medium away, then run `hyohon custody escrow rewrap` with the staff's key."))


def _add_drill(app: typer.Typer) -> None:
    text = _("Open everything of a survey with the escrow key, in memory, and say how much was opened.")
    example = "hyohon custody escrow drill survey2009 --identity /media/safe/escrow.age.txt"

    @app.command("drill", help=f"{text}\n\n" + _("Example:") + f"  {example}")
    def drill_(
        survey: Annotated[Path, typer.Argument(help=_("The survey folder."))],
        identity: Annotated[Path, typer.Option("--identity", help=_("The file of the private half."))],
        package: Annotated[list[Path] | None, typer.Option(help=_("A package that lies elsewhere."))] = None,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say
        from custody.escrow import drill, read_identity
        from custody.survey import Survey

        result = drill(Survey.open(survey, at), read_identity(identity, _ask), package or ())
        total = len(result.opened) + len(result.shut)
        say(f"{len(result.opened):,} / {total:,}  ({len(result.opened) / total if total else 0:.0%})")
        for name in result.shut:
            say("  " + _("not opened: {name}").format(name=name))
        if not result.whole:
            hint = _("Run `hyohon custody escrow rewrap`, and make packages of before the escrow key again.")
            raise KeyFileError("ESC-DRILL", _("The escrow key does not open everything."), hint=hint)


def _add_rewrap(app: typer.Typer) -> None:
    text = _("Encrypt vault and answers anew, to the staff's key of today and to escrow.")
    example = "hyohon custody escrow rewrap survey2009 --identity /media/safe/escrow.age.txt"

    @app.command("rewrap", help=f"{text}\n\n" + _("Example:") + f"  {example}")
    def rewrap_(
        survey: Annotated[Path, typer.Argument(help=_("The survey folder."))],
        identity: Annotated[
            Path | None, typer.Option("--identity", help=_("The escrow key. Default: the staff's key."))
        ] = None,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say
        from custody.escrow import read_identity, rewrap
        from custody.survey import Survey

        opened = Survey.open(survey, at)
        key = opened.keys.identity("staff") if identity is None else read_identity(identity, _ask)
        for path in rewrap(opened, key):
            say(f"  {path.name}")


def _ask() -> str:
    return str(typer.prompt(_("Pass phrase"), hide_input=True))
