"""``hyohon custody open``: look into a sealed package as an auditor would."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from custody.errors import KeyFileError, PackageError
from custody.messages import gettext as _

if TYPE_CHECKING:
    from custody.keys import KeyStore
    from custody.packages import Package

__all__ = ["add_open", "open_any"]

READERS: Final[dict[Literal["labels", "events", "research", "voids"], str]] = {
    "labels": "contractor",
    "events": "staff",
    "research": "research",
    "voids": "contractor",
}
"""Who opens a package of each kind."""


def open_any(path: Path, keys: "KeyStore") -> "Package":
    """Open a package of any kind with the keys that are in a folder.

    Parameters
    ----------
    path : pathlib.Path
        The ``.sp`` file.
    keys : KeyStore
        Keys of one role or several.

    Returns
    -------
    Package
        The package; its sender is the one that its own manifest names.

    Raises
    ------
    KeyFileError
        The folder holds no private keys.
    PackageError
        No key of the folder opens it, or a check fails.
    """
    from custody.packages import open_package

    problem: PackageError | None = None
    for kind, role in READERS.items():
        if not keys.has(role):
            continue
        try:
            return open_package(path, kind=kind, identity=keys.identity(role))
        except PackageError as refusal:
            if problem is None or refusal.code != "PKG-DECRYPT":
                problem = refusal
    if problem is not None:
        raise problem
    hint = _("Name the folder of your keys with --keys.")
    raise KeyFileError(
        "KEY-NONE", _("There are no private keys in this folder."), hint=hint, file=keys.folder.name
    )


def add_open(app: typer.Typer) -> None:
    """Add the command ``open``.

    Parameters
    ----------
    app : typer.Typer
        The custody commands.
    """
    text = _("Show what a sealed package says about itself; its content stays shut.")
    example = _("Example:") + "  hyohon custody open out/labels.sp --keys keys"

    @app.command("open", help=f"{text}\n\n{example}")
    def open_(
        package: Annotated[Path, typer.Argument(help=_("A sealed package (.sp)."))],
        keys: Annotated[Path, typer.Option("--keys", help=_("Folder of your keys."))],
    ) -> None:
        from custody.console import say
        from custody.keys import KeyStore

        manifest = open_any(package, KeyStore(keys)).manifest
        say(f"{manifest.title}" + ("  " + _("[training]") if manifest.training else ""))
        say(f"  kind       {manifest.kind}  ({manifest.schema})")
        say(f"  survey     {manifest.survey_id}")
        say(f"  created    {manifest.created.isoformat(timespec='seconds')}")
        say(f"  rows       {manifest.rows:,}")
        say(f"  sha256     {manifest.payload_sha256}")
        say(f"  sender     {manifest.sender.ed25519}")
        say("  facts      " + ", ".join(sorted(manifest.facts)))
        say("  " + _("Compare the sender's key with the one that you were given on paper."))
