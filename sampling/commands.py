"""Commands of the sampling room: frame, draw, verify, hand-over, answers, export-link."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from custody.errors import ConfigError, SamplingError
from custody.messages import gettext as _
from custody.messages import mark
from sampling.layout_commands import build_layout

if TYPE_CHECKING:
    from sampling.acts import FrameRun

__all__ = ["build"]

COUNT_NAMES: Final = (
    mark("accepted"),
    mark("answered"),
    mark("blank"),
    mark("drawn"),
    mark("failed"),
    mark("matched"),
    mark("no return"),
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
        frame, draw, verify, hand-over, answers, export-link.
    """
    app = typer.Typer(help=_("Registers, frame, draw, hand-overs, answers (staff)."), no_args_is_help=True)
    for add in (_add_frame, _add_draw, _add_verify, _add_hand_over, _add_answers, _add_export_link):
        add(app)
    app.add_typer(build_layout(), name="layout")
    return app


def _example(command: str) -> str:
    return _("Example:") + f"  hyohon sampling {command}"


def _add_frame(app: typer.Typer) -> None:
    text = _("Build the frame (抽出枠) from the two registers and show what each rule removed.")
    example = "frame survey2009 --residents residents.csv --certifications certifications.csv"

    @app.command("frame", help=text, epilog=_example(example))
    def frame(
        survey: Annotated[Path, _survey()],
        residents: Annotated[Path, _residents()],
        certifications: Annotated[Path, _certifications()],
        knowledge_date: Annotated[str | None, _knowledge_date()] = None,
        layout: Annotated[str, _layout()] = "demo",
        encoding: Annotated[str, _encoding()] = "cp932",
        at: Annotated[str | None, _at()] = None,
    ) -> None:
        from custody.survey import Survey
        from sampling.acts import RegisterFiles, frame_survey

        files = RegisterFiles(residents, certifications, layout, encoding)
        opened = Survey.open(survey, at)
        run = frame_survey(opened, files, knowledge_date=_date(knowledge_date))
        _say_frame(run)
        _say_files(run.files)


def _add_draw(app: typer.Typer) -> None:
    text = _("Draw the sample (抽出), seal the vault, and write the certificate.")
    example = (
        "draw survey2009 --residents residents.csv --certifications certifications.csv --seed 3141592653"
    )

    @app.command("draw", help=text, epilog=_example(example))
    def draw(
        survey: Annotated[Path, _survey()],
        residents: Annotated[Path, _residents()],
        certifications: Annotated[Path, _certifications()],
        seed: Annotated[
            str | None, typer.Option(help=_("From dice thrown in public; left out: the computer's dice."))
        ] = None,
        redraw: Annotated[
            str | None, typer.Option(metavar="REASON", help=_("Declare the former draw void, and say why."))
        ] = None,
        knowledge_date: Annotated[str | None, _knowledge_date()] = None,
        layout: Annotated[str, _layout()] = "demo",
        encoding: Annotated[str, _encoding()] = "cp932",
        at: Annotated[str | None, _at()] = None,
    ) -> None:
        from custody.console import say, step
        from custody.survey import Survey
        from sampling.acts import RegisterFiles, draw_sample

        files: RegisterFiles = RegisterFiles(residents, certifications, layout, encoding)
        run = draw_sample(
            Survey.open(survey, at),
            files,
            seed=seed,
            knowledge_date=_date(knowledge_date),
            redraw_reason=redraw,
        )
        certificate = run.sample.certificate
        step(_("frame"), persons=certificate.persons)
        step(_("sample"), drawn=certificate.sample, strata=len(certificate.strata))
        say("  " + _("seed: {seed}").format(seed=certificate.seed))
        _say_files(run.files)


def _add_verify(app: typer.Typer) -> None:
    text = _("Run a draw again from its certificate and the pseudonymous frame.")
    example = "verify out/draw-certificate.json --frame-keys out/frame-keys.csv"

    @app.command("verify", help=text, epilog=_example(example))
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

    @app.command("hand-over", help=text, epilog=_example("hand-over survey2009 --to contractor"))
    def hand_over(
        survey: Annotated[Path, _survey()],
        to: Annotated[str, typer.Option(help=_("contractor or researcher."))],
        medium: Annotated[
            str, typer.Option(help=_("What it is carried on, as the approval names it."))
        ] = "USBメモリ",
        at: Annotated[str | None, _at()] = None,
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
        _say_files((made.path,))


def _add_answers(app: typer.Typer) -> None:
    text = _("Take the answers in: check them against the codebook and the persons drawn.")

    @app.command("answers", help=text, epilog=_example("answers survey2009 answers.csv --events events.sp"))
    def answers(
        survey: Annotated[Path, _survey()],
        forms: Annotated[Path, typer.Argument(help=_("Answers of data entry, CSV in UTF-8."))],
        events: Annotated[Path, typer.Option(help=_("The contractor's package of events (.sp)."))],
        at: Annotated[str | None, _at()] = None,
    ) -> None:
        from custody.console import step
        from custody.survey import Survey
        from sampling.answers import take_answers

        taken = take_answers(Survey.open(survey, at), forms, events)
        step(_("forms"), read=taken.read, accepted=taken.accepted, set_aside=taken.set_aside)
        step(_("persons drawn"), **taken.statuses)
        step(_("log"), rows=len(taken.log))
        _say_files(taken.files)


def _add_export_link(app: typer.Typer) -> None:
    text = _("Training only: write who is behind each token, for invented answers.")

    @app.command("export-link", help=text, epilog=_example("export-link survey2009 --out link.csv"))
    def export(
        survey: Annotated[Path, _survey()],
        out: Annotated[Path, typer.Option(help=_("The CSV to write."))],
        at: Annotated[str | None, _at()] = None,
    ) -> None:
        from custody.console import step
        from custody.survey import Survey
        from sampling.handover import export_link

        step(_("link"), rows=export_link(Survey.open(survey, at), out))


def _say_frame(run: "FrameRun") -> None:
    from custody.console import say, step
    from sampling.frame import RULE_TITLES

    for title, register in (
        (_("resident register"), run.residents),
        (_("certification register"), run.certifications),
    ):
        step(
            title,
            read=register.read,
            accepted=register.accepted,
            quarantined=register.quarantined,
            not_read_columns=register.ignored,
        )
    linkage = run.frame.linkage
    step(_("linkage"), rows=linkage.rows, matched=linkage.matched, unattributed=linkage.unattributed)
    flow = run.frame.flow
    for rule, removed, remaining in zip(flow["rule"], flow["removed"], flow["remaining"], strict=True):
        say(f"  {remaining:>12,}  {-removed:>10,}  {_(RULE_TITLES[rule])}")


def _say_files(paths: tuple[Path, ...]) -> None:
    from custody.console import say

    for path in paths:
        say("  " + _("written: {name}").format(name=path.name))


def _names(columns: tuple[str, ...]) -> str:
    shown = ", ".join(columns[:10])
    return shown if len(columns) <= 10 else shown + _(" and {count} more").format(count=len(columns) - 10)


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigError("CFG-DATE", _("This is not a date."), hint=_("Write it like 2009-11-01.")) from None


# Options that several commands share; each call looks its text up in the language in use.
def _survey() -> Any:
    return typer.Argument(help=_("The survey folder."))


def _residents() -> Any:
    return typer.Option(help=_("Extract of the resident register (住民基本台帳), CSV."))


def _certifications() -> Any:
    return typer.Option(help=_("Extract of the certifications (介護保険認定情報), CSV."))


def _knowledge_date() -> Any:
    return typer.Option(help=_("Day of the extracts (抽出日), YYYY-MM-DD; left out: today."))


def _layout() -> Any:
    return typer.Option(help=_("Layout of the files: demo, or a TOML file."))


def _encoding() -> Any:
    return typer.Option(help=_("Encoding of the files."))


def _at() -> Any:
    return typer.Option(help=_("Training only: simulated time."))
