"""Commands around the paper: list label sheets, print a package, make a printer's test sheet."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from custody.messages import gettext as _
from labels.control_commands import operator_option, second_option

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
    ) -> None:
        from custody.console import say
        from labels.own_stocks import STOCKS_FILE, read_stocks
        from labels.stocks import find_stocks

        found = find_stocks(" ".join(words or ()), read_stocks(STOCKS_FILE))
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

    @app.command("print", help=text, epilog=_("Example:") + example)
    def print_(
        package: Annotated[Path, typer.Argument(help=_("The sealed package, labels.sp."))],
        job: Annotated[Path, typer.Option(help=_("Folder of the job; a new one for a new survey."))],
        stock: Annotated[
            str, typer.Option(help=_("Label sheet; `hyohon labels stocks` lists them."))
        ] = "Kokuyo KPC-E1121",
        printer: Annotated[
            str, typer.Option(help=_("Printer of printers.toml; `hyohon labels test-sheet` makes one."))
        ] = "",
        first_label: Annotated[
            int, typer.Option(min=1, help=_("Where to begin on the first sheet, if it was used in part."))
        ] = 1,
        reason: Annotated[
            str | None,
            typer.Option(help=_("To print again: jam, torn, misprint, lost, address or other.")),
        ] = None,
        held_back: Annotated[
            bool, typer.Option("--held-back", help=_("Print only the labels held back before."))
        ] = False,
        spoiled: Annotated[
            bool, typer.Option("--spoiled", help=_("Print only the labels recorded as spoiled or destroyed."))
        ] = False,
        sheets: Annotated[
            str, typer.Option(help=_("Print only the labels on these sheets again, as 3,12-14."))
        ] = "",
        of_run: Annotated[
            int | None, typer.Option(help=_("Which run the sheets are of; default the last one."))
        ] = None,
        operator: Annotated[str, operator_option()] = "",
        second_operator: Annotated[str, second_option()] = "",
        purpose: Annotated[str, typer.Option(help=_("What it is printed for, a short code."))] = "mailing",
        barcode: Annotated[
            bool,
            typer.Option("--barcode", help=_("Print the customer barcode where the stock can carry it.")),
        ] = False,
        bags: Annotated[
            int, typer.Option(help=_("Mark where a bag begins: first 2 or 3 digits of the postcode; 0 = no."))
        ] = 0,
        honorific: Annotated[str, typer.Option(help=_("After the name: 様, 殿, 御中, 先生."))] = "様",
        variants: Annotated[
            str, typer.Option(help=_("A variant (異体字) that no font has: hold, or base character."))
        ] = "hold",
        borders: Annotated[bool, typer.Option("--borders", help=_("Draw the edges of the labels."))] = False,
        keys: Annotated[Path | None, typer.Option(help=_("Folder of the contractor's keys."))] = None,
        at: Annotated[str | None, typer.Option(help=_("Training only: simulated time."))] = None,
    ) -> None:
        from labels.job_printing import print_package
        from labels.jobs import contractor_keys

        made = print_package(
            package,
            job,
            keys=contractor_keys(keys),
            stock=stock,
            first_label=first_label,
            reason=reason,
            only_held_back=held_back,
            spoiled=spoiled,
            sheets=sheets,
            of_run=of_run,
            operator=operator,
            second_operator=second_operator,
            purpose=purpose,
            at=at,
            printer=printer,
            barcode=barcode,
            bags=bags,
            honorific=honorific,
            variants=variants,
            borders=borders,
        )
        _say_run(made)


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
        from labels.own_stocks import STOCKS_FILE, choose_stock, contractor_file
        from labels.printers import PRINTERS_FILE, Printer, correct, read_printers, save_printer
        from labels.test_sheet import make_test_sheet

        sheet, file = choose_stock(stock, contractor_file(folder, STOCKS_FILE)), folder / PRINTERS_FILE
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
