"""What ``hyohon labels print`` can be told."""

from typing import Any

import typer

from custody.messages import gettext as _
from labels.control_commands import operator_option, second_option

__all__ = ["print_options"]


def print_options() -> dict[str, Any]:
    """Return the options of ``hyohon labels print``, in the language in use.

    Returns
    -------
    dict of str to typer option
        By the name of the parameter.
    """
    return {**_paper(), **_which(), **_people(), **_look()}


def _paper() -> dict[str, Any]:
    return {
        "package": typer.Argument(help=_("The sealed package, labels.sp.")),
        "job": typer.Option(help=_("Folder of the job; a new one for a new survey.")),
        "stock": typer.Option(help=_("Label sheet; `hyohon labels stocks` lists them.")),
        "printer": typer.Option(help=_("Printer of printers.toml; `hyohon labels test-sheet` makes one.")),
        "first_label": typer.Option(
            min=1, help=_("Where to begin on the first sheet, if it was used in part.")
        ),
    }


def _which() -> dict[str, Any]:
    return {
        "reason": typer.Option(help=_("To print again: jam, torn, misprint, lost, address or other.")),
        "held_back": typer.Option("--held-back", help=_("Print only the labels held back before.")),
        "spoiled": typer.Option(
            "--spoiled", help=_("Print only the labels recorded as spoiled or destroyed.")
        ),
        "sheets": typer.Option(help=_("Print only the labels on these sheets again, as 3,12-14.")),
        "of_run": typer.Option(help=_("Which run the sheets are of; default the last one.")),
    }


def _people() -> dict[str, Any]:
    return {
        "operator": operator_option(),
        "second_operator": second_option(),
        "purpose": typer.Option(help=_("What it is printed for, a short code.")),
        "keys": typer.Option(help=_("Folder of the contractor's keys.")),
        "at": typer.Option(help=_("Training only: simulated time.")),
    }


def _look() -> dict[str, Any]:
    return {
        "barcode": typer.Option(
            "--barcode", help=_("Print the customer barcode where the stock can carry it.")
        ),
        "code128": typer.Option("--code128", help=_("Repeat the QR code as Code 128; on wide labels only.")),
        "bags": typer.Option(help=_("Mark where a bag begins: first 2 or 3 digits of the postcode; 0 = no.")),
        "writing": typer.Option(help=_("horizontal, or vertical (縦書き): columns from right to left.")),
        "furigana": typer.Option(
            "--furigana", help=_("Print the readings of the names, where the package holds them.")
        ),
        "honorific": typer.Option(help=_("After the name: 様, 殿, 御中, 先生.")),
        "variants": typer.Option(help=_("A variant (異体字) that no font has: hold, or base character.")),
        "progress": typer.Option(
            "--progress/--no-progress", help=_("Show how far it is; default only at a terminal.")
        ),
        "borders": typer.Option("--borders", help=_("Draw the edges of the labels.")),
    }
