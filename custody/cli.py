"""The ``hyohon`` command: one command, with the subcommands of every room that is installed.

The language is settled before the commands are built, so that ``--help`` speaks it too. Refusals end with
exit code 1 and one message on standard error; wrong usage ends with 2.
"""

import importlib
import importlib.metadata
import importlib.util
import sys
import tomllib
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from custody.console import complain, safe_streams, say
from custody.errors import HyohonError
from custody.messages import LANGUAGES, PACKAGES, set_language
from custody.messages import gettext as _

__all__ = ["build_app", "main", "run"]

INTERRUPTED: Final = 130
MOUNT_NAMES: Final = {
    "custody": "custody",
    "sampling": "sampling",
    "labels": "labels",
    "analysis": "analysis",
    "synthetic_data": "synthetic",
}
"""Package → the name of its subcommands."""


def main() -> None:
    """Run the command with the arguments of this process and end it with the exit code."""
    safe_streams()
    sys.exit(run(sys.argv[1:]))


def run(argv: Sequence[str]) -> int:
    """Run one ``hyohon`` command inside this process.

    Parameters
    ----------
    argv : sequence of str
        The arguments after ``hyohon``.

    Returns
    -------
    int
        0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.

    Examples
    --------
    >>> run(["--version"])  # doctest: +ELLIPSIS
    hyohon ...
    0
    """
    arguments = [str(argument) for argument in argv]
    try:
        _settle_language(arguments)
        build_app()(args=arguments, prog_name="hyohon")
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        if code == INTERRUPTED:  # typer turns the keyboard's interrupt into this ending, without a word
            complain(_("Interrupted. What the ledger holds is complete; run the command again."))
        return code
    except HyohonError as refusal:
        complain(str(refusal))
        _trace(refusal, arguments)
        return 1
    except Exception as failure:
        complain(_unexpected(failure))
        _trace(failure, arguments)
        return 1
    return 0


def build_app() -> typer.Typer:
    """Build the root command in the language in use.

    Returns
    -------
    typer.Typer
        The root, with every installed room mounted under the name of `MOUNT_NAMES`.
    """
    app = typer.Typer(
        name="hyohon",
        help=_("hyohon (標本): a ward's mail survey of elders, from the council's approval to the table."),
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    _add_root_options(app)
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None or not _has_commands(package):
            continue
        room = importlib.import_module(f"{package}.commands")
        app.add_typer(room.build(), name=MOUNT_NAMES[package])
        if hasattr(room, "top_level"):
            room.top_level(app)
    return app


def _has_commands(package: str) -> bool:
    spec = importlib.util.find_spec(package)
    return spec is not None and any(
        (Path(folder) / "commands.py").is_file() for folder in spec.submodule_search_locations or ()
    )


def _add_root_options(app: typer.Typer) -> None:
    def show_version(wanted: bool) -> None:
        if wanted:
            say(f"hyohon {importlib.metadata.version('hyohon')}")
            raise typer.Exit

    @app.callback()
    def root(
        lang: Annotated[
            str | None, typer.Option("--lang", help=_("Language of messages: ja or en."), metavar="ja|en")
        ] = None,
        debug: Annotated[
            bool, typer.Option("--debug", help=_("Show where an error arose (never the data)."))
        ] = False,
        version: Annotated[
            bool,
            typer.Option("--version", help=_("Show the version."), callback=show_version, is_eager=True),
        ] = False,
    ) -> None:
        """Take the root options; all three have done their work before this runs."""


def _settle_language(arguments: list[str]) -> None:
    """Choose by ``--lang``, else by the survey folder named in the arguments, else by the environment."""
    wanted = _option(arguments, "--lang")
    set_language(wanted if wanted is not None else next(_survey_languages(arguments), None))


def _option(arguments: list[str], name: str) -> str | None:
    for place, argument in enumerate(arguments):
        if argument == name and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith(name + "="):
            return argument.removeprefix(name + "=")
    return None


def _survey_languages(arguments: list[str]) -> Iterator[str]:
    for argument in arguments:
        try:
            settings = tomllib.loads((Path(argument) / "survey.toml").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue  # not a survey folder, or one that its own command will refuse with a reason
        if settings.get("language") in LANGUAGES:
            yield settings["language"]


def _unexpected(failure: Exception) -> str:
    """Say where a fault of the program arose, and nothing of what it held."""
    frames = traceback.extract_tb(failure.__traceback__)
    roots = {Path(__file__).resolve().parent.parent / package: package for package in PACKAGES}
    ours = [frame for frame in frames if Path(frame.filename).resolve().parent in roots]
    frame = (ours or list(frames))[-1]
    where = f"{Path(frame.filename).stem}:{frame.lineno}"
    text = _("[UNEXPECTED] unexpected error in {where} ({kind}). Run again with --debug and report it.")
    return text.format(where=where, kind=type(failure).__name__)


def _trace(failure: Exception, arguments: list[str]) -> None:
    if "--debug" in arguments:
        complain("".join(traceback.format_tb(failure.__traceback__)) + type(failure).__name__)
