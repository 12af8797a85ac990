"""The command of the public draw (公開抽選): commit, or withdraw the commitment."""

import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from custody.errors import ConfigError
from custody.messages import gettext as _
from sampling.frame_commands import (
    _date,
    _knowledge_date,
    at_option,
    example_of,
    register_options,
    say_files,
    survey_argument,
)

if TYPE_CHECKING:
    from sampling.register_files import RegisterFiles

__all__ = ["add_commit", "show_dice"]

REGISTERS: Final = ("residents", "certifications")
ROW: Final = 10
"""Throws in a row of the sheet."""


def add_commit(app: typer.Typer) -> None:
    """Add ``hyohon sampling commit``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("For a draw in public (公開抽選): bind the draw before the dice are thrown, or withdraw.")
    example = "commit survey2009 --residents residents.csv --certifications certifications.csv"

    @app.command("commit", help=text, epilog=example_of(example))
    @_unless_withdrawn
    @register_options
    def commit(
        survey: Annotated[Path, survey_argument()],
        files: "RegisterFiles",
        withdraw: Annotated[
            str | None,
            typer.Option(metavar="REASON", help=_("Withdraw the commitment, and say why; it stays visible.")),
        ] = None,
        redraw: Annotated[
            str | None, typer.Option(metavar="REASON", help=_("Declare the former draw void, and say why."))
        ] = None,
        knowledge_date: Annotated[str | None, _knowledge_date()] = None,
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.survey import Survey
        from sampling.ceremony_acts import commit_draw

        place = Survey.open(survey, at)
        made = commit_draw(place, files, knowledge_date=_date(knowledge_date), redraw_reason=redraw)
        _say_commitment(place, made)


def show_dice(texts: Sequence[str]) -> None:
    """Show the digits of each party as the sheet groups them, and ask a person at a terminal to compare.

    Parameters
    ----------
    texts : sequence of str
        What was typed; empty for a plain draw, which shows nothing.

    Raises
    ------
    SamplingError
        The dice cannot be used.
    typer.Abort
        The person says that they differ.
    """
    from custody.console import say
    from sampling.ceremony_dice import read_entropies

    for number, digits in enumerate(read_entropies(texts) if texts else (), start=1):
        rows = [digits[start : start + ROW] for start in range(0, len(digits), ROW)]
        say("  " + _("party {number}: {digits}").format(number=number, digits=" ".join(rows)))
    if texts and sys.stdin.isatty():
        typer.confirm(_("Does a second person read the same digits on the sheet?"), abort=True)


def _say_commitment(survey: Any, made: Any) -> None:
    from custody.console import say, step
    from sampling.ceremony_store import commitment_files, nonce_path

    step(_("frame"), persons=made.persons, strata=len(made.strata))
    say("  " + _("words to read aloud: {words}").format(words=" ".join(made.words)))
    say("  " + _("commitment: {digest}").format(digest=made.commitment))
    say_files((*commitment_files(survey), nonce_path(survey)))


def _unless_withdrawn(command: Callable[..., None]) -> Callable[..., None]:
    """Let the registers be left out where the commitment is withdrawn."""
    own = inspect.signature(command)

    def without_registers(**given: Any) -> None:
        if given["withdraw"] is not None:
            return _withdraw(given["survey"], given["withdraw"], given["at"])
        if missing := [name for name in REGISTERS if given[name] is None]:
            raise ConfigError(
                "SAM-CEREMONY-REGISTERS",
                _("A commitment needs the registers."),
                hint=_("Give {options}.").format(options=", ".join(f"--{name}" for name in missing)),
            )
        return command(**given)

    changed = [
        _optional(parameter) if name in REGISTERS else parameter for name, parameter in own.parameters.items()
    ]
    without_registers.__signature__ = own.replace(parameters=changed)  # type: ignore[attr-defined]
    annotations = {parameter.name: parameter.annotation for parameter in changed}
    without_registers.__annotations__ = annotations | {"return": None}
    return without_registers


def _optional(parameter: inspect.Parameter) -> inspect.Parameter:
    """Return the option of a file that need not be given, with the same help."""
    help_text = parameter.annotation.__metadata__[0].help
    return parameter.replace(default=None, annotation=Annotated[Path | None, typer.Option(help=help_text)])


def _withdraw(survey: Path, reason: str, at: str | None) -> None:
    from custody.console import step
    from custody.survey import Survey
    from sampling.ceremony_store import withdraw_commitment

    path = withdraw_commitment(Survey.open(survey, at), reason)
    step(_("commitment withdrawn"))
    say_files((path,))
