"""Commands of the sampling room, from the layout of a register to the answers."""

from pathlib import Path
from typing import Annotated, Final

import typer

from custody.errors import SamplingError
from custody.messages import gettext as _
from custody.messages import mark
from sampling.ceremony_commands import add_commit
from sampling.following_commands import add_follow
from sampling.frame_commands import add_draw, add_frame, at_option, example_of, say_files, survey_argument
from sampling.handover_commands import add_hand_over
from sampling.layout_commands import build_layout
from sampling.preview_commands import add_preview
from sampling.quarantine_commands import add_quarantine
from sampling.refresh_commands import add_refresh
from sampling.response_commands import add_response

__all__ = ["build"]

COUNT_NAMES: Final = (
    mark("accepted"),
    mark("answered"),
    mark("blank"),
    mark("drawn"),
    mark("failed"),
    mark("matched"),
    mark("no return"),
    mark("not mailed"),
    mark("not read columns"),
    mark("persons"),
    mark("quarantined"),
    mark("read"),
    mark("refused"),
    mark("rows"),
    mark("set aside"),
    mark("smallest cell"),
    mark("strata"),
    mark("unattributed"),
    mark("undeliverable"),
)
"""Names of figures, for the catalogue."""


def build() -> typer.Typer:
    """Build the subcommands of ``hyohon sampling`` in the language in use.

    Returns
    -------
    typer.Typer
        frame, preview, quarantine, follow, commit, draw, verify, refresh, hand-over, answers, response,
        export-link; layout has more.
    """
    app = typer.Typer(help=_("Registers, frame, draw, hand-overs, answers (staff)."), no_args_is_help=True)
    for add in (
        add_frame,
        add_preview,
        add_quarantine,
        add_follow,
        add_commit,
        add_draw,
        _add_verify,
        add_refresh,
        add_hand_over,
        _add_answers,
        add_response,
        _add_export_link,
    ):
        add(app)
    app.add_typer(build_layout(), name="layout")
    return app


def _add_verify(app: typer.Typer) -> None:
    text = _("Run a draw again from its certificate and the pseudonymous frame.")
    example = "verify survey2009/out/draw-certificate.json"

    @app.command("verify", help=text, epilog=example_of(example))
    def verify(
        certificate: Annotated[Path, typer.Argument(help=_("The file draw-certificate.json."))],
        frame_keys: Annotated[
            Path | None, typer.Option(help=_("The file frame-keys.csv; left out: the one beside it."))
        ] = None,
        sample_keys: Annotated[
            Path | None, typer.Option(help=_("The file sample-keys.csv, to compare person by person."))
        ] = None,
    ) -> None:
        from custody.console import say, step
        from sampling.checking import check_draw

        held = check_draw(certificate, frame_keys, sample_keys)
        for problem in held.problems:
            say(f"  {problem}")
        if held.problems:
            raise SamplingError(
                "SAM-VERIFY",
                _("The draw does not hold: {count} differences.").format(count=len(held.problems)),
                hint=_("Find out which file was changed; the ledger has the digests of all three."),
                file=certificate.name,
            )
        step(_("the draw holds"), drawn=held.sample, persons=held.persons, strata=held.strata)


def _add_answers(app: typer.Typer) -> None:
    text = _("Take the answers in: check them against the codebook and the persons drawn.")

    @app.command("answers", help=text, epilog=example_of("answers survey2009 answers.csv --events events.sp"))
    def answers(
        survey: Annotated[Path, survey_argument()],
        forms: Annotated[Path, typer.Argument(help=_("Answers of data entry, CSV in UTF-8."))],
        events: Annotated[Path, typer.Option(help=_("The contractor's package of events (.sp)."))],
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.console import step
        from custody.survey import Survey
        from sampling.answers import take_answers

        taken = take_answers(Survey.open(survey, at), forms, events)
        step(_("forms"), read=taken.read, accepted=taken.accepted, set_aside=taken.set_aside)
        step(_("persons drawn"), **taken.statuses)
        step(_("log"), rows=len(taken.log))
        say_files(taken.files)


def _add_export_link(app: typer.Typer) -> None:
    text = _("Training only: write who is behind each token, for invented answers.")

    @app.command("export-link", help=text, epilog=example_of("export-link survey2009 --out link.csv"))
    def export(
        survey: Annotated[Path, survey_argument()],
        out: Annotated[Path, typer.Option(help=_("The CSV to write."))],
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.console import step
        from custody.survey import Survey
        from sampling.handover import export_link

        step(_("link"), rows=export_link(Survey.open(survey, at), out))
