"""Commands of the custody room: make a survey, see where it stands, verify its evidence."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from custody.approvals_commands import add_approvals
from custody.errors import ApprovalError, ConfigError
from custody.escrow_commands import add_escrow
from custody.exchange_commands import add_check
from custody.ledger_commands import add_ledger
from custody.media_commands import add_media
from custody.messages import gettext as _
from custody.messages import language, mark
from custody.package_commands import add_open

if TYPE_CHECKING:
    from custody.ledger import Ledger
    from custody.survey import Survey

__all__ = ["build", "top_level"]

STAGES: Final = (
    ("new", mark("survey folder made")),
    ("frame", mark("frame built")),
    ("draw", mark("sample drawn")),
    ("refresh", mark("registers read again before mailing")),
    ("hand_over_labels", mark("labels handed over")),
    ("answers", mark("answers taken in")),
    ("hand_over_research", mark("research package handed over")),
)
"""Ledger event kinds that mark the stages of a survey."""

WAVE_TITLES: Final = {
    "advance": mark("advance letter"),
    "questionnaire": mark("questionnaire"),
    "thanks": mark("thank-you card to all"),
    "replacement": mark("replacement to who has not answered"),
}
"""Kinds of waves."""


def _example(command: str) -> str:
    return "\n\n" + _("Example:") + f"  {command}"


def build() -> typer.Typer:
    """Build the subcommands of ``hyohon custody``.

    Returns
    -------
    typer.Typer
        verify, log, keys, open.
    """
    app = typer.Typer(help=_("Evidence, keys and sealed packages."), no_args_is_help=True)
    _add_verify(app)
    _add_log(app)
    _add_keys(app)
    add_open(app)
    add_escrow(app)
    add_ledger(app)
    add_media(app)
    add_approvals(app)
    add_check(app)
    return app


def top_level(app: typer.Typer) -> None:
    """Add the root commands ``new`` and ``status``.

    Parameters
    ----------
    app : typer.Typer
        The root command.
    """
    _add_new(app)
    _add_status(app)


def _add_new(app: typer.Typer) -> None:
    text = _("Make a survey folder: settings, approval, ledger, keys.")

    @app.command("new", help=text + _example("hyohon new survey2009"))
    def new(
        folder: Annotated[Path, typer.Argument(help=_("A new folder."))],
        training: Annotated[
            bool, typer.Option("--training", help=_("For training: invented people only."))
        ] = False,
        title: Annotated[str, typer.Option(help=_("Title of the survey."))] = "高齢者・食の実態調査",
        reference_date: Annotated[
            str, typer.Option(help=_("Eligibility is as of this day (基準日), YYYY-MM-DD."))
        ] = "2009-11-01",
        sample: Annotated[int, typer.Option(min=1, help=_("Persons to draw."))] = 3000,
        survey_language: Annotated[
            str | None,
            typer.Option("--lang", help=_("Language of messages: ja or en."), metavar="ja|en"),
        ] = None,
        seed: Annotated[str | None, typer.Option(help=_("Training only: repeatable secrets."))] = None,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.console import say, step
        from custody.survey import create_survey

        survey = create_survey(
            folder,
            training=training,
            language=survey_language or language(),
            title=title,
            reference_date=_date(reference_date),
            sample=sample,
            seed=seed,
            at=at,
        )
        step(_("survey folder"), persons_to_draw=sample, areas=len(set(survey.areas.values())))
        if training:
            say(_("  For training: invented people only. A complete invented approval is filled in."))
        else:
            say(_("  Next: fill in approval.toml and survey.toml, then run `hyohon sampling frame`."))


def _add_status(app: typer.Typer) -> None:
    text = _("Show where a survey stands: stages done, last event, retention.")

    @app.command("status", help=text + _example("hyohon status survey2009"))
    def status(
        folder: Annotated[Path, typer.Argument(help=_("The survey folder."))],
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from custody.approval import Approval
        from custody.console import say
        from custody.survey import Survey

        survey = Survey.open(folder, at)
        say(f"{survey.title}" + ("  " + _("[training]") if survey.training else ""))
        with survey.ledger() as ledger:
            for kind, name in STAGES:
                times = [event.at for event in ledger.events(kind)]
                when = times[-1][:16].replace("T", " ") if times else "-"
                say(f"  {when:<17} {_(name)}")
            _say_out(ledger)
            _say_waves(survey, ledger)
            _say_response(ledger)
            say(_("  events in the ledger: {count:,}").format(count=ledger.head().seq))
        try:
            until = Approval.load(survey.approval_path).retention_until
        except ApprovalError as refusal:
            say("  " + _("The approval cannot be used yet:") + f" {refusal}")
            return
        days = (until - survey.clock.today()).days
        say(_("  data may be kept until {until} ({days:,} days)").format(until=until, days=days))
        if days < 0:
            say(_("  OVERDUE: the data must be destroyed now."))


def _say_out(ledger: "Ledger") -> None:
    """Say how many of the persons drawn last were handed over, where it is a part or there is a reserve."""
    from custody.console import say

    drawn = list(ledger.events("draw"))
    if not drawn:
        return
    n, reserve = (int(drawn[-1].facts.get(name, 0)) for name in ("n", "reserve"))
    parts = [event.facts for event in ledger.events("hand_over_labels", after=drawn[-1].seq)]
    out = max((int(facts.get("last", n)) for facts in parts), default=0)
    if reserve or (parts and out != n):
        text = _("  handed over: {out:,} persons of {n:,} and {reserve:,} in reserve")
        say(text.format(out=out, n=n, reserve=reserve))


def _say_waves(survey: "Survey", ledger: "Ledger") -> None:
    """Say of each later wave that is planned when its labels were handed over last, and for how many."""
    from custody.console import say

    drawn = max((event.seq for event in ledger.events("draw")), default=0)
    handed = {int(event.facts["wave"]): event for event in ledger.events("hand_over_wave", after=drawn)}
    for wave in survey.waves[1:]:
        event = handed.get(wave.number)
        when = event.at[:16].replace("T", " ") if event else "-"
        line = f"  {when:<17} " + _("wave {number}: {kind}").format(
            number=wave.number, kind=_(WAVE_TITLES[wave.kind])
        )
        say(line + (" " + _("({n:,} persons)").format(n=event.facts["rows"]) if event else ""))


def _say_response(ledger: "Ledger") -> None:
    """Say the response that was counted last."""
    from custody.console import say

    counted = list(ledger.events("response"))
    if counted:
        event = counted[-1]
        drawn, complete, partial = (int(event.facts[name]) for name in ("drawn", "complete", "partial"))
        text = _("response: {complete:,} complete and {partial:,} partial of {drawn:,} drawn")
        when = event.at[:16].replace("T", " ")
        say(f"  {when:<17} " + text.format(complete=complete, partial=partial, drawn=drawn))


def _add_verify(app: typer.Typer) -> None:
    text = _("Check the ledger's chain and that every recorded file is unchanged.")

    @app.command("verify", help=text + _example("hyohon custody verify survey2009"))
    def verify(
        folder: Annotated[Path, typer.Argument(help=_("A survey or job folder, or a backup."))],
        anchors: Annotated[list[Path] | None, typer.Option(help=_("Checkpoints kept elsewhere."))] = None,
    ) -> None:
        from custody.console import say, step
        from custody.files import changed_files
        from custody.ledger import Ledger
        from custody.ledger_commands import verify_folder

        report = verify_folder(folder, anchors or ())
        if folder.is_file():  # a backup: the ledger alone
            step(_("ledger is whole"), events=report.events)
            return
        path = folder / "ledger.sqlite"
        with Ledger.read(path) as ledger:
            states = list(changed_files(ledger, folder))
        bad = [state for state in states if state.state != "same"]
        step(_("ledger is whole"), events=report.events)
        say(_("  last event: {seq}  {digest}").format(seq=report.head.seq, digest=report.head.hash))
        for state in bad:
            line = _("  {state}: {path} (event {seq})")
            say(line.format(state=_(state.state), path=state.path, seq=state.seq))
        if bad:
            hint = _("Compare with a backup; find out who changed them, and record it.")
            problem = _("{count} recorded files are changed or gone.").format(count=len(bad))
            raise ConfigError("VER-FILES", problem, hint=hint, file=folder.name)
        step(_("recorded files are unchanged"), files=len(states))


_NAMES: Final = (
    mark("changed"),
    mark("gone"),
    mark("persons to draw"),
    mark("areas"),
    mark("events"),
    mark("files"),
)
"""Names that are printed with figures or states: here so that the catalogue has them."""


def _add_log(app: typer.Typer) -> None:
    text = _("List the events of a ledger. It holds no names or addresses.")

    @app.command("log", help=text + _example("hyohon custody log survey2009 --kind draw"))
    def log(
        folder: Annotated[Path, typer.Argument(help=_("A survey folder or a contractor's job folder."))],
        kind: Annotated[str | None, typer.Option(help=_("Only events of this kind."))] = None,
    ) -> None:
        from custody.console import say
        from custody.ledger import Ledger, verify_ledger

        verify_ledger(folder / "ledger.sqlite")
        with Ledger.read(folder / "ledger.sqlite") as ledger:
            for event in ledger.events(kind):
                facts = " ".join(f"{key}={value}" for key, value in event.facts.items())
                say(f"{event.seq:>7} {event.at[:19]} {event.kind:<20} {facts}")


def _add_keys(app: typer.Typer) -> None:
    text = _("Show the public keys of a role for the other party; make the keys where there are none.")
    example = "hyohon custody keys survey2009\n\n  hyohon custody keys --role contractor --folder keys"

    @app.command("keys", help=text + _example(example))
    def keys(
        survey: Annotated[
            Path | None, typer.Argument(help=_("A survey folder, for the keys of staff."))
        ] = None,
        role: Annotated[str, typer.Option(help=_("staff, contractor or research."))] = "staff",
        folder: Annotated[Path | None, typer.Option(help=_("Folder of the keys."))] = None,
    ) -> None:
        from custody.console import say
        from custody.keys import KeyStore
        from custody.survey import Survey

        if (survey is None) == (folder is None):
            hint = _("Write one of the two examples of `hyohon custody keys --help`.")
            raise ConfigError("CFG-KEYS", _("Name either a survey or a folder of keys."), hint=hint)
        store = Survey.open(survey).keys if survey is not None else KeyStore(folder or Path())
        if not store.has(role):
            store.create(role)
        public = store.public(role)
        say(f'{role}_age = "{public.age}"')
        say(f'{role}_ed25519 = "{public.ed25519}"')


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        hint = _("Write it like 2009-11-01.")
        raise ConfigError("CFG-DATE", _("This is not a date."), hint=hint) from None
