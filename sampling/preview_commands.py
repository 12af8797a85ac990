"""The command that shows what will be drawn, and how precise it will be, before anything is."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from custody.errors import ConfigError
from custody.messages import gettext as _
from custody.messages import mark
from sampling.frame_commands import at_option, example_of, register_options, say_files, survey_argument

if TYPE_CHECKING:
    from sampling.preview_acts import PreviewRun
    from sampling.register_files import RegisterFiles

__all__ = ["add_preview"]

COUNT_NAMES: Final = (mark("answers expected"), mark("to draw"), mark("warnings"))
"""Names of figures, for the catalogue."""


def add_preview(app: typer.Typer) -> None:
    """Add ``hyohon sampling preview``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Show what will be drawn from where, how precise it will be and what it costs; draws nothing.")
    example = "preview survey2009 --residents residents.csv --certifications certifications.csv --cost 240"

    @app.command("preview", help=text, epilog=example_of(example))
    @register_options
    def preview(
        survey: Annotated[Path, survey_argument()],
        files: "RegisterFiles",
        p: Annotated[float, typer.Option(help=_("Expected proportion (0.5: the least favourable)."))] = 0.5,
        cost: Annotated[
            float | None,
            typer.Option(help=_("Cost of one person drawn, in yen; left out: as survey.toml says.")),
        ] = None,
        level: Annotated[float, typer.Option(help=_("Confidence level of the margins."))] = 0.95,
        knowledge_date: Annotated[
            str | None, typer.Option(help=_("Day of the extracts (抽出日), YYYY-MM-DD; left out: today."))
        ] = None,
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.survey import Survey
        from sampling.preview_acts import preview_survey

        opened = Survey.open(survey, at)
        day = _date(knowledge_date)
        run = preview_survey(opened, files, p=p, cost=cost, level=level, knowledge_date=day)
        _say_preview(run)


def _say_preview(run: "PreviewRun") -> None:
    from custody.console import say, step

    preview = run.preview
    top = preview.precision().iloc[0]
    step(
        _("preview"),
        persons=int(top["persons"]),
        to_draw=int(top["sample"]),
        strata=len(preview.plan),
        answers_expected=round(float(top["answers"])),
        warnings=len(preview.warnings),
    )
    say("  " + _("margin in all: ±{points} points").format(points=f"{100 * preview.margin:.2f}"))
    say("  " + _("nothing is drawn yet"))
    say_files(run.files)


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigError("CFG-DATE", _("This is not a date."), hint=_("Write it like 2009-11-01.")) from None
