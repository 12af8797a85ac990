"""The command that shows how a sample responded."""

from pathlib import Path
from typing import Annotated, Final

import typer

from custody.messages import gettext as _
from custody.messages import mark
from sampling.frame_commands import at_option, example_of, say_files, survey_argument

__all__ = ["add_response"]

COUNT_NAMES: Final = (mark("drawn"), mark("complete"), mark("partial"))
"""Names of figures, for the catalogue."""


def add_response(app: typer.Typer) -> None:
    """Add ``hyohon sampling response``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Show response, cooperation, refusal and contact rates by area, age band and sex (AAPOR).")

    @app.command("response", help=text, epilog=example_of("response survey2009"))
    def response(
        survey: Annotated[Path, survey_argument()],
        events: Annotated[
            Path | None,
            typer.Option(help=_("While in the field: the contractor's package of events (.sp).")),
        ] = None,
        e: Annotated[
            float | None,
            typer.Option(
                "--e", help=_("Share of eligible persons among those not known; left out: estimated.")
            ),
        ] = None,
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.console import say, step
        from custody.survey import Survey
        from sampling.response import response_survey
        from sampling.response_rates import RATES

        found = response_survey(Survey.open(survey, at), events=events, e=e)
        total, place = found.counts.counts[0], list(RATES).index("RR2")
        step(_("response"), drawn=int(total.sum()), complete=int(total[0]), partial=int(total[1]))
        plain, weighted = (100 * rates.values[0, place] for rates in (found.counts, found.weighted))
        say(
            "  "
            + _("RR2 {rate} %, weighted {weighted} %").format(rate=f"{plain:.1f}", weighted=f"{weighted:.1f}")
        )
        say_files(found.files)
