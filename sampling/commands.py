"""Commands of the sampling room, from the layout of a register to the answers."""

from pathlib import Path
from typing import Annotated, Final

import typer

from custody.errors import ConfigError, SamplingError
from custody.messages import gettext as _
from custody.messages import mark
from sampling.ceremony_commands import add_commit
from sampling.frame_commands import add_draw, add_frame, at_option, example_of, say_files, survey_argument
from sampling.layout_commands import build_layout
from sampling.preview_commands import add_preview
from sampling.quarantine_commands import add_quarantine
from sampling.refresh_commands import add_refresh, say_voids

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
        frame, preview, quarantine, commit, draw, verify, refresh, hand-over, answers, export-link; layout
        has more.
    """
    app = typer.Typer(help=_("Registers, frame, draw, hand-overs, answers (staff)."), no_args_is_help=True)
    for add in (
        add_frame,
        add_preview,
        add_quarantine,
        add_commit,
        add_draw,
        _add_verify,
        add_refresh,
        _add_hand_over,
        _add_answers,
        _add_export_link,
    ):
        add(app)
    app.add_typer(build_layout(), name="layout")
    return app


def _add_verify(app: typer.Typer) -> None:
    text = _("Run a draw again from its certificate and the pseudonymous frame.")
    example = "verify out/draw-certificate.json --frame-keys out/frame-keys.csv"

    @app.command("verify", help=text, epilog=example_of(example))
    def verify(
        certificate: Annotated[Path, typer.Argument(help=_("The file draw-certificate.json."))],
        frame_keys: Annotated[Path, typer.Option(help=_("The file frame-keys.csv."))],
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


def _add_hand_over(app: typer.Typer) -> None:
    text = _("Seal the package for the contractor (labels) or the researcher (answers).")

    @app.command("hand-over", help=text, epilog=example_of("hand-over survey2009 --to contractor"))
    def hand_over(
        survey: Annotated[Path, survey_argument()],
        to: Annotated[str, typer.Option(help=_("contractor or researcher."))],
        medium: Annotated[
            str, typer.Option(help=_("What it is carried on, as the approval names it."))
        ] = "USBメモリ",
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.console import say, step
        from custody.survey import Survey
        from sampling.handover import hand_over_labels, hand_over_research
        from sampling.limits import limits

        acts = {"contractor": hand_over_labels, "researcher": hand_over_research}
        if to not in acts:
            raise ConfigError(
                "SAM-TO",
                _("A package goes to the contractor or to the researcher."),
                hint=_("Write --to contractor or --to researcher."),
            )
        made = acts[to](Survey.open(survey, at), medium=medium)
        step(_("package"), persons=made.rows)
        say("  " + _("columns: {names}").format(names=_names(made.columns)))
        if made.smallest_cell is not None:
            step(_("area x age band x sex"), smallest_cell=made.smallest_cell)
            if made.smallest_cell < limits().warn_below_k:
                say("  " + _("Few persons share a cell: publish no table as fine as this."))
        say_voids(made)
        say_files((made.path,))


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


def _names(columns: tuple[str, ...]) -> str:
    shown = ", ".join(columns[:10])
    return shown if len(columns) <= 10 else shown + _(" and {count} more").format(count=len(columns) - 10)
