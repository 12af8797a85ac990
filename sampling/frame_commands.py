"""Commands that read the registers: frame and draw, with the options that both share."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from custody.errors import ConfigError
from custody.messages import gettext as _
from custody.messages import mark

if TYPE_CHECKING:
    from sampling.acts import DrawRun, FrameRun
    from sampling.register_files import RegisterFiles

__all__ = [
    "add_draw",
    "add_frame",
    "at_option",
    "example_of",
    "register_options",
    "say_files",
    "survey_argument",
]

COUNT_NAMES: Final = (
    mark("certified under 65"),
    mark("entries"),
    mark("matched"),
    mark("repaired"),
    mark("undecided"),
    mark("unmatched"),
)
"""Names of figures, for the catalogue."""

REGISTER_TITLES: Final = {
    "residents": mark("resident register"),
    "certifications": mark("certification register"),
    "qualifications": mark("qualification register"),
}


def example_of(command: str) -> str:
    """Return the line of an example below the help of a command.

    Parameters
    ----------
    command : str
        What follows ``hyohon sampling``.

    Returns
    -------
    str
        In the language in use.
    """
    return _("Example:") + f"  hyohon sampling {command}"


def survey_argument() -> Any:
    """Return the argument that names the survey folder."""
    return typer.Argument(help=_("The survey folder."))


def at_option() -> Any:
    """Return the option of the simulated time."""
    return typer.Option(help=_("Training only: simulated time."))


def register_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of the registers and lists, and hand it the `RegisterFiles`.

    Parameters
    ----------
    command : callable
        Takes ``files``; its other parameters stay as they are.

    Returns
    -------
    callable
        What typer registers: the parameter ``files`` is replaced by one option for each field of
        `RegisterFiles`.
    """
    import inspect

    own = inspect.signature(command)
    options = _file_options()

    def with_files(**given: Any) -> None:
        from sampling.register_files import RegisterFiles

        command(files=RegisterFiles(**{name: given.pop(name) for name in options}), **given)

    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in options.items()
    ]
    others = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in own.parameters.items()
        if name != "files"
    ]
    with_files.__signature__ = inspect.Signature([others[0], *shared, *others[1:]])  # type: ignore[attr-defined]
    with_files.__annotations__ = {p.name: p.annotation for p in (*others, *shared)} | {"return": None}
    return with_files


def _file_options() -> dict[str, tuple[Any, Any]]:
    """Return the fields of `RegisterFiles` as options: name → type with help, default (`...`: needed)."""
    needed = {
        "residents": _("Extract of the resident register (住民基本台帳)."),
        "certifications": _("Extract of the certifications (介護保険認定情報)."),
    }
    paths = {
        "qualifications": _("Extract of the qualifications (介護保険資格情報)."),
        "opt_outs": _("List of residents who wished not to be asked (除外の申出), CSV with 宛名番号."),
        "institutions": _("List of institutions (施設), CSV with 住所 and 方書, or 世帯番号."),
        "earlier": _("Residents of an earlier survey: its folder, or a CSV with 宛名番号."),
        "review": _("The staff list (review.csv) with decisions."),
        "totals": _("Control totals (件数表), CSV with ファイル名 and 件数."),
    }
    layouts = {
        "residents_layout": _("Layout of the resident register, if it has its own."),
        "certifications_layout": _("Layout of the certifications, if it has its own."),
        "encoding": _("Encoding of the files; left out: as the layout says."),
    }
    options: dict[str, tuple[Any, Any]] = {
        name: (Annotated[Path, typer.Option(help=text)], ...) for name, text in needed.items()
    }
    options |= {name: (Annotated[Path | None, typer.Option(help=text)], None) for name, text in paths.items()}
    text = _("Layout of the files: a shipped one (hyohon sampling layout list), or a TOML file.")
    options["layout"] = (Annotated[str, typer.Option(help=text)], "demo")
    options |= {
        name: (Annotated[str | None, typer.Option(help=text)], None) for name, text in layouts.items()
    }
    text = _("Layout of the qualifications.")
    options["qualifications_layout"] = (Annotated[str, typer.Option(help=text)], "qualification_csv")
    text = _("Repair full-width digits and lost leading zeros of numbers; every repair is counted.")
    options["confirm_repairs"] = (Annotated[bool, typer.Option("--confirm-repairs", help=text)], False)
    return options


def add_frame(app: typer.Typer) -> None:
    """Add ``hyohon sampling frame``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Build the frame (抽出枠) from the registers and show what each rule removed.")
    example = "frame survey2009 --residents residents.csv --certifications certifications.csv"

    @app.command("frame", help=text, epilog=example_of(example))
    @register_options
    def frame(
        survey: Annotated[Path, survey_argument()],
        files: "RegisterFiles",
        knowledge_date: Annotated[str | None, _knowledge_date()] = None,
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.survey import Survey
        from sampling.acts import frame_survey

        run = frame_survey(Survey.open(survey, at), files, knowledge_date=_date(knowledge_date))
        _say_frame(run)
        say_files(run.files)


def add_draw(app: typer.Typer) -> None:
    """Add ``hyohon sampling draw``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Draw the sample (抽出), seal the vault, and write the certificate.")
    example = (
        "draw survey2009 --residents residents.csv --certifications certifications.csv --seed 3141592653"
    )

    @app.command("draw", help=text, epilog=example_of(example))
    @register_options
    def draw(
        survey: Annotated[Path, survey_argument()],
        files: "RegisterFiles",
        seed: Annotated[
            str | None, typer.Option(help=_("From dice thrown in public; left out: the computer's dice."))
        ] = None,
        dice: Annotated[list[str] | None, _dice()] = None,
        redraw: Annotated[
            str | None, typer.Option(metavar="REASON", help=_("Declare the former draw void, and say why."))
        ] = None,
        knowledge_date: Annotated[str | None, _knowledge_date()] = None,
        at: Annotated[str | None, at_option()] = None,
    ) -> None:
        from custody.survey import Survey
        from sampling.acts import draw_sample
        from sampling.ceremony_commands import show_dice

        show_dice(dice or ())
        run = draw_sample(
            Survey.open(survey, at),
            files,
            seed=seed,
            entropies=tuple(dice or ()),
            knowledge_date=_date(knowledge_date),
            redraw_reason=redraw,
        )
        _say_draw(run)
        say_files(run.files)


def _say_draw(run: "DrawRun") -> None:
    from custody.console import say, step

    certificate = run.sample.certificate
    step(_("frame"), persons=certificate.persons)
    step(_("sample"), drawn=certificate.sample, strata=len(certificate.strata))
    say("  " + _("seed: {seed}").format(seed=certificate.seed))


def _say_frame(run: "FrameRun") -> None:
    from custody.console import say, step
    from sampling.flow_layout import linkage_lines
    from sampling.frame_rules import RULE_TITLES

    for register in run.registers:
        step(
            _(REGISTER_TITLES[register.kind]),
            read=register.read,
            accepted=register.accepted,
            quarantined=register.quarantined,
            not_read_columns=register.ignored,
            repaired=int(register.repairs["cells"].sum()),
        )
    linkage = run.frame.linkage
    step(
        _("linkage"),
        rows=linkage.rows,
        matched=linkage.matched,
        unattributed=linkage.unattributed,
        undecided=linkage.undecided,
        certified_under_65=linkage.certified_under_65,
    )
    for line in linkage_lines(linkage):
        say(f"  {line}")
    for item in run.frame.lists:
        step(_(RULE_TITLES[item.name]), entries=item.entries, unmatched=item.entries - item.matched)
    flow = run.frame.flow
    for rule, removed, remaining in zip(flow["rule"], flow["removed"], flow["remaining"], strict=True):
        say(f"  {remaining:>12,}  {-removed:>10,}  {_(RULE_TITLES[rule])}")
    flags = run.frame.flags
    for flag, persons in zip(flags["flag"], flags["persons"], strict=True):
        if persons:
            say(f"  {persons:>12,}  " + _("kept with a flag: {reason}").format(reason=_(RULE_TITLES[flag])))


def say_files(paths: tuple[Path, ...]) -> None:
    """Name the files that an act has written.

    Parameters
    ----------
    paths : tuple of pathlib.Path
        The files.
    """
    from custody.console import say

    for path in paths:
        say("  " + _("written: {name}").format(name=path.name))


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise ConfigError("CFG-DATE", _("This is not a date."), hint=_("Write it like 2009-11-01.")) from None


def _dice() -> Any:
    return typer.Option(metavar="DIGITS", help=_("After a commitment: the dice of a party; once for each."))


def _knowledge_date() -> Any:
    return typer.Option(help=_("Day of the extracts (抽出日), YYYY-MM-DD; left out: today."))
