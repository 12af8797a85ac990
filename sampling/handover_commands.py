"""The command that hands packages over: labels to the contractor, answers to the researcher."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custody.errors import ConfigError
from custody.messages import gettext as _
from sampling.frame_commands import at_option, example_of, say_files, survey_argument
from sampling.refresh_commands import say_voids

if TYPE_CHECKING:
    from sampling.handover import HandOver

__all__ = ["add_hand_over"]

SHOWN_COLUMNS = 10


def add_hand_over(app: typer.Typer) -> None:
    """Add ``hyohon sampling hand-over``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Seal the package for the contractor (labels) or the researcher (answers).")

    @app.command("hand-over", help=text, epilog=example_of("hand-over survey2009 --to contractor"))
    def hand_over(
        survey: Annotated[Path, survey_argument()],
        to: Annotated[str, typer.Option(help=_("contractor or researcher."))],
        medium: Annotated[
            str, typer.Option(help=_("What it is carried on, as the approval names it."))
        ] = "USBメモリ",
        persons: Annotated[
            int | None, typer.Option("--next", help=_("Labels: only the next so many, 50 as a pilot."))
        ] = None,
        reserve: Annotated[
            int | None, typer.Option(help=_("Labels: the next so many of the reserve, after the sample."))
        ] = None,
        again: Annotated[
            int | None, typer.Option(help=_("Labels: the package of an earlier release again."))
        ] = None,
        wave: Annotated[
            int, typer.Option(min=1, help=_("Labels: the mailing, 1 the first; the plan is in survey.toml."))
        ] = 1,
        events: Annotated[Path | None, _events_option()] = None,
        furigana: Annotated[bool, _furigana_option()] = False,
        replicates: Annotated[bool, _replicates_option()] = False,
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.survey import Survey

        if wave > 1:
            _refuse_parts(to, persons, reserve)
            _wave(Survey.open(survey, at), wave, events, medium=medium, again=again, furigana=furigana)
            return
        parts = {"persons": persons, "reserve": reserve, "again": again}
        asked = {name: value for name, value in parts.items() if value is not None}
        opened = Survey.open(survey, at)
        _say(_made(opened, to, medium, asked, furigana=furigana, replicates=replicates))


def _events_option() -> Any:
    return typer.Option(help=_("Labels of a later mailing: the contractor's newest package of events (.sp)."))


def _furigana_option() -> Any:
    return typer.Option(
        "--furigana", help=_("Labels: also the readings of the names; the approval must name them.")
    )


def _replicates_option() -> Any:
    return typer.Option(
        "--replicates", help=_("Answers: replicate weights in place of strata and PSUs, for R survey.")
    )


def _made(
    survey: Any, to: str, medium: str, asked: dict[str, int], *, furigana: bool, replicates: bool
) -> "HandOver":
    from sampling.handover import hand_over_labels
    from sampling.research_handover import hand_over_research

    if to == "contractor" and len(asked) <= 1 and not replicates:
        return hand_over_labels(survey, medium=medium, furigana=furigana, **asked)
    if to == "researcher" and not asked and not furigana:
        return hand_over_research(survey, medium=medium, replicates=replicates)
    raise ConfigError(
        "SAM-TO",
        _("A package goes to the contractor or to the researcher."),
        hint=_("Write --to contractor, with at most one of --next, --reserve, --again, or --to researcher."),
    )


def _refuse_parts(to: str, persons: int | None, reserve: int | None) -> None:
    if to != "contractor" or persons is not None or reserve is not None:
        raise ConfigError(
            "SAM-TO",
            _("A later mailing goes to the contractor, for all who had the first one."),
            hint=_("Write --to contractor --wave 2 --events events.sp; --again for one release only."),
        )


def _wave(survey: Any, wave: int, events: Path | None, **how: Any) -> None:
    from custody.console import say, step
    from sampling.waves import SUPPRESSED
    from sampling.waves_handover import hand_over_wave

    made = hand_over_wave(survey, wave, events, **how)
    step(_("wave {number}").format(number=wave), persons=made.rows, left_out=sum(made.suppressed.values()))
    for reason, persons in made.suppressed.items():
        if persons:
            say(f"  {persons:>12,}  {_(SUPPRESSED[reason])}")
    if made.due is not None:
        say("  " + _("to be mailed on {day} by the plan").format(day=made.due.isoformat()))
    say_files((made.path,))


def _say(made: "HandOver") -> None:
    from custody.console import say, step
    from sampling.limits import limits

    step(_("package"), persons=made.rows)
    if made.release is not None and (made.left or made.release.number > 1):
        text = _("release {number}; {left:,} persons of the sample are not out yet")
        say("  " + text.format(number=made.release.number, left=made.left))
    say("  " + _("columns: {names}").format(names=_names(made.columns)))
    if made.smallest_cell is not None:
        step(_("area x age band x sex"), smallest_cell=made.smallest_cell)
        if made.smallest_cell < limits().warn_below_k:
            say("  " + _("Few persons share a cell: publish no table as fine as this."))
    _say_coarse(made)
    say_voids(made)
    say_files((made.path,))


def _say_coarse(made: "HandOver") -> None:
    from custody.console import say

    if made.anonymity is None or not made.anonymity.coarsened:
        return
    text = _("joined until {k} persons share each cell: {names}")
    say("  " + text.format(k=made.anonymity.k, names=", ".join(made.anonymity.coarsened)))
    if made.risk is not None and made.risk.tells and "stratum" in made.columns:
        say("  " + _("Strata or PSUs may still tell what was joined: see out/research-k.json."))


def _names(columns: tuple[str, ...]) -> str:
    shown = ", ".join(columns[:SHOWN_COLUMNS])
    if len(columns) <= SHOWN_COLUMNS:
        return shown
    return shown + _(" and {count} more").format(count=len(columns) - SHOWN_COLUMNS)
