"""``hyohon labels letters``: covering letter, notice, reply envelope, card, from a package or a survey."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from custody.errors import ConfigError
from custody.messages import gettext as _
from custody.messages import mark

if TYPE_CHECKING:
    from labels.letters_runs import LetterRun

__all__ = ["add_letters"]

COUNT_NAMES: Final = (mark("pages"), mark("letters"), mark("held back"))
"""Names of figures, for the catalogue."""
AGAIN: Final = mark("To print again: jam, torn, misprint, lost, address or other.")
EXAMPLE: Final = "hyohon labels letters out/labels.sp --job job --kind cover"


def add_letters(app: typer.Typer) -> None:
    """Add the command ``letters``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the labels room.
    """
    text = _("Print letters: covering letter, public notice, reply envelope, thank-you card, advance letter.")

    @app.command("letters", help=text, epilog=_("Example:") + f"  {EXAMPLE}")
    def letters(
        kind: Annotated[str, _option(_("cover, notice, envelope, card or advance."))],
        package: Annotated[Path | None, typer.Argument(help=_("The sealed package, labels.sp."))] = None,
        job: Annotated[Path | None, _option(_("Folder of the job; a new one for a new survey."))] = None,
        survey: Annotated[
            Path | None, _option(_("Staff: the survey folder, one page without names."))
        ] = None,
        plain: Annotated[bool, _option(_("One page without a name, to copy."), "--plain")] = False,
        envelope: Annotated[str, _option(_("Reply envelope: naga3 (長3) or kaku2 (角2)."))] = "naga3",
        template: Annotated[Path | None, _option(_("The ward's own words: a TOML or text file."))] = None,
        reason: Annotated[str | None, _option(_(AGAIN))] = None,
        keys: Annotated[Path | None, _option(_("Folder of the contractor's keys."))] = None,
        at: Annotated[str | None, _option(_("Training only: simulated time."))] = None,
    ) -> None:
        from labels.letters_runs import preview_letters, print_letters

        words: dict[str, Any] = {"envelope": envelope, "template": template}
        if survey is not None and package is None and job is None:
            from custody.survey import Survey

            _say(preview_letters(Survey.open(survey, at), kind, **words))
            return
        if survey is not None or package is None or job is None:
            raise _what()
        from labels.jobs import contractor_keys

        store = contractor_keys(keys)
        _say(print_letters(package, job, kind, keys=store, plain=plain, reason=reason, at=at, **words))


def _option(text: str, *names: str) -> Any:
    return typer.Option(*names, help=text)


def _what() -> ConfigError:
    return ConfigError(
        "LET-WHAT",
        _("Name a package with --job, or a survey folder with --survey."),
        hint=_("Example:") + f" {EXAMPLE}",
    )


def _say(made: "LetterRun") -> None:
    from custody.console import say, step

    counts = {"pages": made.pages, "letters": made.letters}
    title = _("letters") + f" {made.kind}"
    step(title, **counts, held_back=len(made.held_back))
    if made.held_back:
        place = "out/letters-held-back.csv"
        say(_("  Letters held back are listed in {path}; report them to staff.").format(path=place))
    say(f"  {made.path}")
