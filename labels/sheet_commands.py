"""Commands around the paper: list label sheets, print a package, make a printer's test sheet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custody.messages import gettext as _
from labels.print_options import print_options

if TYPE_CHECKING:
    from labels.printers import Readings
    from labels.printing import PrintRun

__all__ = ["add_print", "add_stocks", "add_test_sheet"]

HERE = Path()


def add_stocks(app: typer.Typer) -> None:
    """Add ``hyohon labels stocks``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("List label sheets, your own first; words narrow the list down.")

    @app.command("stocks", help=text, epilog=_("Example:") + "  hyohon labels stocks A4 12-up")
    def stocks(
        words: Annotated[
            list[str] | None, typer.Argument(help=_("Maker, number, paper, 12-up, 86.4x42.3, ..."))
        ] = None,
        folder: Annotated[
            Path, typer.Option(help=_("Folder of a job or survey with label sheets of its own."))
        ] = HERE,
    ) -> None:
        from custody.console import say
        from labels.own_stocks import own_stocks
        from labels.stocks import find_stocks

        found = find_stocks(" ".join(words or ()), own_stocks(folder))
        for sheet in found:
            say(sheet.describe() + (f"  ({sheet.note})" if sheet.note else ""))
        say(_("{n:,} label sheets").format(n=len(found)))


def add_print(app: typer.Typer) -> None:
    """Add ``hyohon labels print``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Open a sealed package of labels and print it to a PDF in the job folder.")
    example = "  hyohon labels print out/labels.sp --job job --stock KPC-E1121"

    of = print_options()

    @app.command("print", help=text, epilog=_("Example:") + example)
    def print_(
        package: Annotated[Path, of["package"]],
        job: Annotated[Path, of["job"]],
        stock: Annotated[str, of["stock"]] = "Kokuyo KPC-E1121",
        printer: Annotated[str, of["printer"]] = "",
        first_label: Annotated[int, of["first_label"]] = 1,
        reason: Annotated[str | None, of["reason"]] = None,
        held_back: Annotated[bool, of["held_back"]] = False,
        spoiled: Annotated[bool, of["spoiled"]] = False,
        sheets: Annotated[str, of["sheets"]] = "",
        of_run: Annotated[int | None, of["of_run"]] = None,
        operator: Annotated[str, of["operator"]] = "",
        second_operator: Annotated[str, of["second_operator"]] = "",
        purpose: Annotated[str, of["purpose"]] = "mailing",
        barcode: Annotated[bool, of["barcode"]] = False,
        code128: Annotated[bool, of["code128"]] = False,
        bags: Annotated[int, of["bags"]] = 0,
        honorific: Annotated[str, of["honorific"]] = "様",
        variants: Annotated[str, of["variants"]] = "hold",
        writing: Annotated[str, of["writing"]] = "horizontal",
        furigana: Annotated[bool, of["furigana"]] = False,
        borders: Annotated[bool, of["borders"]] = False,
        progress: Annotated[bool | None, of["progress"]] = None,
        keys: Annotated[Path | None, of["keys"]] = None,
        at: Annotated[str | None, of["at"]] = None,
    ) -> None:
        given = dict(locals())  # before any other name is bound: what was typed
        from labels.job_printing import print_package
        from labels.jobs import contractor_keys

        given["keys"] = contractor_keys(given["keys"])
        given["only_held_back"] = given.pop("held_back")
        _say_run(print_package(given.pop("package"), given.pop("job"), **given))


def add_test_sheet(app: typer.Typer) -> None:
    """Add ``hyohon labels test-sheet``.

    Parameters
    ----------
    app : typer.Typer
        The commands of the room.
    """
    text = _("Print a sheet that shows how far a printer is off, and keep what was read on it.")
    example = '  hyohon labels test-sheet --stock KPC-E1121 --printer 2F --read "0.5,-1,0.5,-1"'

    @app.command("test-sheet", help=text, epilog=_("Example:") + example)
    def test_sheet(
        stock: Annotated[
            str, typer.Option(help=_("Label sheet; `hyohon labels stocks` lists them."))
        ] = "Kokuyo KPC-E1121",
        printer: Annotated[str, typer.Option(help=_("What you call the printer."))] = "",
        read: Annotated[
            str, typer.Option(help=_("The four numbers read on the sheet: left, top, right, bottom."))
        ] = "",
        folder: Annotated[
            Path,
            typer.Option(help=_("Where printers.toml and the sheet lie; a job folder or the one above.")),
        ] = HERE,
    ) -> None:
        from custody.console import say
        from labels.own_stocks import choose_stock
        from labels.printers import PRINTERS_FILE, Printer, correct, read_printers, save_printer
        from labels.test_sheet import make_test_sheet

        sheet, file = choose_stock(stock, folder), folder / PRINTERS_FILE
        one = read_printers(file).get(printer, Printer(printer))
        if read:
            one = correct(one, sheet, _readings(read, printer))
            say(f"  {save_printer(one, file)}")
        say(f"  {make_test_sheet(folder / 'test-sheet.pdf', sheet, one)}")


def _readings(text: str, printer: str) -> "Readings":
    from custody.errors import InputError
    from labels.printers import Readings

    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        left = top = right = bottom = float("nan")
    if not printer or not all(abs(value) <= 5 for value in (left, top, right, bottom)):
        raise InputError(
            "LAB-READ",
            _("The readings of the test sheet are not four numbers, or the printer has no name."),
            hint=_('As: --printer 2F --read "0.5,-1,0.5,-1" (left, top, right, bottom; -5 to 5 mm).'),
        )
    return Readings(left, top, right, bottom)


def _say_run(made: "PrintRun") -> None:
    from custody.console import say, step
    from labels.bags import discount_sentence

    title = _("print run {run}").format(run=made.run)
    counts: dict[str, Any] = {"labels": made.labels, "sheets": made.sheets}
    step(
        title, **counts, condensed=len(made.condensed), shrunk=len(made.shrunk), held_back=len(made.held_back)
    )
    if made.held_back:
        text = _("  Labels held back are listed in {path}; report them to staff.")
        say(text.format(path="out/held-back.csv"))
    if made.based:
        text = _("  {n:,} labels have base characters in place of variants; tell staff.")
        say(text.format(n=len(made.based)))
    if made.barcode_note:
        say("  " + made.barcode_note)
        say("  " + discount_sentence(made.barcodes))
    say(f"  {made.path}")
