"""``hyohon custody approvals``, ``approval`` and ``sign``: what was decided, what it permits, who signed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from custody.errors import ConfigError
from custody.messages import gettext as _

if TYPE_CHECKING:
    from custody.exchange_approval import ExchangeApproval

__all__ = ["add_approvals"]


def add_approvals(app: typer.Typer) -> None:
    """Add the commands ``approvals``, ``approval`` and ``sign``.

    Parameters
    ----------
    app : typer.Typer
        The custody commands.
    """
    _add_list(app)
    _add_one(app)
    _add_sign(app)


def _add_list(app: typer.Typer) -> None:
    text = _(
        "List the consultations of the council's record, and what each still lacks before anything may pass."
    )

    @app.command(
        "approvals", help=f"{text}\n\n" + _("Example:") + "  hyohon custody approvals --copy 28 tax.toml"
    )
    def approvals(
        name: Annotated[str | None, typer.Option("--copy", help=_("Copy this one to fill it in."))] = None,
        to: Annotated[Path | None, typer.Argument(help=_("A new file for the copy."))] = None,
    ) -> None:
        from custody.console import say
        from custody.exchange_approval import consultations

        if (name is None) != (to is None):
            hint = _("Write it like: hyohon custody approvals --copy 28 tax.toml")
            raise ConfigError("CFG-COPY", _("A copy needs both a consultation and a new file."), hint=hint)
        if name is not None and to is not None:
            _copy(name, to)
            return
        for short, approval in consultations().items():
            say(f"  {short}  {approval.kind:<12} {approval.number}  {approval.purpose}")
            if approval.lacks:
                say("      " + _("not in the record: {fields}").format(fields=", ".join(approval.lacks)))


def _copy(name: str, to: Path) -> None:
    from importlib.resources import files

    from custody.console import say
    from custody.exchange_approval import consultations
    from custody.files import write_private

    if name not in consultations():
        hint = _("Choose one of: {names}.").format(names=", ".join(consultations()))
        raise ConfigError("CFG-COPY", _("There is no such consultation."), hint=hint)
    write_private(to, (files("custody") / "approvals" / f"{name}.toml").read_bytes())
    say("  " + _("Copied. Write in what the record does not say, then name the file with --approval."))


def _add_one(app: typer.Typer) -> None:
    text = _("Show what an approval permits, on which law it rests, and the duties that go with it.")

    @app.command("approval", help=f"{text}\n\n" + _("Example:") + "  hyohon custody approval survey2009")
    def approval(
        place: Annotated[
            str, typer.Argument(help=_("A survey folder, an approval file, or a number from 22 to 33."))
        ],
    ) -> None:
        from custody.exchange_approval import find_approval

        inside = Path(place) / "approval.toml"
        _show(find_approval(str(inside) if Path(place).is_dir() else place))


def _show(approval: "ExchangeApproval") -> None:
    from custody.console import say
    from custody.legal_bases import NEEDS, bases_named

    say(f"{approval.number}  {approval.purpose}")
    say("  " + _("period") + f"  {approval.start or '-'} - {approval.end or '-'}")
    for title, values in ((_("items"), approval.items), (_("media"), approval.media)):
        say(f"  {title}  " + (", ".join(values) or "-"))
    for basis in bases_named(approval.legal_bases):
        opens = ", ".join(_(NEEDS[need]) for need in basis.opens)
        say(f"  {basis.law} {basis.article}: {opens}")
        for duty in basis.duties:
            say(f"    - {duty}")
    if approval.conditions:
        say("  " + _("conditions"))
        for condition in approval.conditions:
            say(f"    - {condition}")
    lacks = [field for field in approval.lacks if field != "exchange"]
    if lacks:
        say("  " + _("not in the record: {fields}").format(fields=", ".join(lacks)))


def _add_sign(app: typer.Typer) -> None:
    text = _("Sign an approval as whoever decided; the surveys that name the key accept no other.")
    example = "hyohon custody sign survey2009/approval.toml --key council.pem"

    @app.command("sign", help=f"{text}\n\n" + _("Example:") + f"  {example}")
    def sign(
        file: Annotated[Path, typer.Argument(help=_("The approval file."))],
        key: Annotated[Path, typer.Option("--key", help=_("The signing key (PEM); a new file makes one."))],
    ) -> None:
        from custody.approval_signature import new_signing_key, sign_approval
        from custody.console import say
        from custody.exchange_approval import load_exchange
        from custody.keys import public_hex

        load_exchange(file)
        signer = new_signing_key(key)
        say(str(sign_approval(file, signer)))
        say(f'approval_key = "{public_hex(signer)}"')
        say("  " + _("Put this line at the head of survey.toml, and compare the key on paper."))
