"""Commands for layouts: list, show, check."""

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from custody.errors import ConfigError, InputError
from custody.messages import gettext as _
from custody.messages import mark

if TYPE_CHECKING:
    from sampling.layout import RegisterKind
    from sampling.layout_check import LayoutCheck

__all__ = ["build_layout"]

COUNT_NAMES: Final = (mark("rows"), mark("failed"), mark("not read columns"))
"""Names of figures, for the catalogue."""
CELL_COLUMNS: Final = 36
"""Columns of a terminal that a cell takes; a longer one is cut."""


def build_layout() -> typer.Typer:
    """Build the subcommands of ``hyohon sampling layout`` in the language in use.

    Returns
    -------
    typer.Typer
        list, show, check.
    """
    app = typer.Typer(help=_("Layouts (レイアウト): what stands where in an extract."), no_args_is_help=True)
    for add in (_add_list, _add_show, _add_check):
        add(app)
    return app


def _example(command: str) -> str:
    return _("Example:") + f"  hyohon sampling layout {command}"


def _add_list(app: typer.Typer) -> None:
    @app.command("list", help=_("List the layouts that come with the toolkit."), epilog=_example("list"))
    def list_layouts() -> None:
        from custody.console import say
        from sampling.layout import load_layout, shipped_layouts

        for name in shipped_layouts():
            layout = load_layout(name)
            registers = (f"{kind} ({layout.register(kind).format})" for kind in layout.kinds)
            say(f"  {name:<22}{', '.join(registers)}")


def _add_show(app: typer.Typer) -> None:
    text = _("Print a layout, to copy into a file of this ward and edit.")

    @app.command("show", help=text, epilog=_example("show resident_csv"))
    def show(
        name: Annotated[str, typer.Argument(help=_("Name of a shipped layout, or a TOML file."))],
        out: Annotated[
            Path | None, typer.Option(help=_("Write it to this new file instead of the screen."))
        ] = None,
    ) -> None:
        from custody.console import say
        from sampling.layout import layout_text

        text = layout_text(name)
        if out is None:
            say(text.rstrip("\n"))
            return
        try:
            with out.open("x", encoding="utf-8") as stream:
                stream.write(text)
        except OSError:
            raise ConfigError(
                "SAM-LAYOUT-OUT",
                _("The file exists already, or cannot be written there."),
                hint=_("Name a new file."),
                file=out.name,
            ) from None
        say("  " + _("written: {name}").format(name=out.name))


def _add_check(app: typer.Typer) -> None:
    text = _("Show how the first rows of an extract are understood, and what fails in all of it.")

    @app.command("check", help=text, epilog=_example("check residents.csv --layout our-ward.toml"))
    def check(
        file: Annotated[Path, typer.Argument(help=_("The extract; it is only read."))],
        layout: Annotated[str, typer.Option(help=_("Name of a shipped layout, or a TOML file."))],
        register: Annotated[
            str | None,
            typer.Option(
                metavar="KIND",
                help=_("residents, certifications or qualifications, where the layout has several."),
            ),
        ] = None,
        rows: Annotated[int, typer.Option(min=0, max=100, help=_("How many of the first rows to show."))] = 5,
        encoding: Annotated[
            str | None, typer.Option(help=_("Encoding of the file; left out: the layout's."))
        ] = None,
        show_values: Annotated[
            bool,
            typer.Option("--show-values", help=_("Show the cells themselves: personal data on the screen.")),
        ] = False,
    ) -> None:
        from sampling.layout_check import check_layout

        found = check_layout(
            file, layout, kind=_kind(register), encoding=encoding, rows=rows, show_values=show_values
        )
        _say_check(found)
        _refuse(found, file)


def _kind(register: str | None) -> "RegisterKind | None":
    from sampling.canonical import FIELDS

    for kind in FIELDS:
        if kind == register:
            return kind
    if register is None:
        return None
    raise ConfigError(
        "SAM-LAYOUT-KIND",
        _("There is no such register."),
        hint=_("Write residents, certifications or qualifications."),
    )


def _say_check(found: "LayoutCheck") -> None:
    from custody.console import say, step

    step(
        f"{found.layout}, {found.kind}, {found.encoding}",
        rows=found.rows,
        failed=found.failed,
        not_read_columns=found.ignored,
    )
    for field, column, kind, empty, failed in found.fields.itertuples(index=False):
        counts = _("{empty:,} empty, {failed:,} fail").format(empty=empty, failed=failed)
        say(f"  {field}  {column}  {kind}: {counts}")
        for line in found.first[found.first["field"] == field].to_dict("records"):
            say(f"  {line['row']:>9}  {_cell(line['cell'])} -> {line['code'] or line['value']}")
    say("  " + (_("What fails, in all rows:") if len(found.failures) else _("Nothing fails.")))
    for line in found.failures.to_dict("records"):
        say(f"  {line['rows']:>9,}  {line['code']}  {line['column'] or _('(whole row)')}")


def _cell(text: str) -> str:
    """Cut and fill a cell to its columns of the terminal; a kanji takes two."""
    used, kept = 0, ""
    for char in text:
        wide = 2 if unicodedata.east_asian_width(char) in "WFA" else 1
        if used + wide > CELL_COLUMNS:
            break
        used, kept = used + wide, kept + char
    return kept + " " * (CELL_COLUMNS - used)


def _refuse(found: "LayoutCheck", file: Path) -> None:
    """End with a refusal where the register would be refused for its share of failed rows."""
    from sampling.limits import limits

    allowed = limits().max_failed_share
    if found.failed > allowed * found.rows or found.failed == found.rows:
        text = _("{failed:,} of {read:,} rows failed; at most {share:.0%} may.")
        raise InputError(
            "SAM-FILE-FAILED",
            text.format(failed=found.failed, read=found.rows, share=allowed),
            hint=_("Check the layout and the encoding, or ask for the extract again."),
            file=file.name,
        )
