"""The command that reads the registers again before a mailing, and what a hand-over says of its voids."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from custody.errors import ConfigError
from custody.messages import gettext as _
from custody.messages import mark
from sampling.frame_commands import at_option, example_of, register_options, say_files, survey_argument

if TYPE_CHECKING:
    from sampling.handover import HandOver
    from sampling.refresh import RefreshRun
    from sampling.register_files import RegisterFiles

__all__ = ["add_refresh", "say_voids"]

COUNT_NAMES: Final = (
    mark("address changed"),
    mark("drawn"),
    mark("left out"),
    mark("may be mailed"),
    mark("name changed"),
    mark("voided now"),
    mark("voided so far"),
)
"""Names of figures, for the catalogue."""


def add_refresh(app: typer.Typer) -> None:
    """Add ``hyohon sampling refresh``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _(
        "Before every mailing: read later extracts and void the letters to those who died, moved, were put "
        "under protection, opted out or applied for care since."
    )
    example = "refresh survey2009 --residents later.csv --certifications later-certifications.csv"

    @app.command("refresh", help=text, epilog=example_of(example))
    @register_options
    def refresh(
        survey: Annotated[Path, survey_argument()],
        files: "RegisterFiles",
        knowledge_date: Annotated[
            str | None,
            typer.Option(help=_("Day of the later extracts (抽出日), YYYY-MM-DD; left out: today.")),
        ] = None,
        medium: Annotated[
            str, typer.Option(help=_("What the package of voids is carried on, as the approval names it."))
        ] = "USBメモリ",
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.survey import Survey
        from sampling.refresh import refresh_survey

        opened = Survey.open(survey, at)
        _say_refresh(refresh_survey(opened, files, knowledge_date=_date(knowledge_date), medium=medium))


def say_voids(made: "HandOver") -> None:
    """Say who was left out of a package of labels, and whether the registers are too old to mail by.

    Parameters
    ----------
    made : HandOver
        The package.
    """
    from custody.console import say, step
    from sampling.limits import limits
    from sampling.reread import REASON_TITLES

    if made.receiver != "contractor":
        return
    step(_("voided before"), left_out=sum(made.voided.values()))
    for reason, persons in made.voided.items():
        if persons:
            say(f"  {persons:>12,}  {_(REASON_TITLES[reason])}")
    age, most = made.extract_age_days, limits().max_extract_age_days
    if age is not None and age > most:
        text = _(
            "WARNING: the registers were read {age} days ago (at most {most}). Somebody may have died or "
            "moved since. Ask for new extracts, run `hyohon sampling refresh`, and hand over again before "
            "mailing."
        )
        say("  " + text.format(age=age, most=most))


def _say_refresh(run: "RefreshRun") -> None:
    from custody.console import say, step
    from sampling.reread import REASON_TITLES

    step(
        _("persons drawn"),
        drawn=run.drawn,
        voided_now=sum(run.new.values()),
        voided_so_far=sum(run.voided.values()),
        may_be_mailed=run.to_mail,
    )
    for reason, title in REASON_TITLES.items():
        if run.persons[reason] or run.voided[reason]:
            say(f"  {run.persons[reason]:>12,}  {run.new[reason]:>10,}  {_(title)}")
    step(_("to be mailed"), address_changed=run.address_changed, name_changed=run.name_changed)
    if run.to_void:
        text = _(
            "  For the contractor: {count:,} tokens in {path}; have them recorded before anything is mailed."
        )
        say(text.format(count=run.to_void, path="out/voids.sp"))
    say_files(run.files)


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigError("CFG-DATE", _("This is not a date."), hint=_("Write it like 2009-11-01.")) from None
