"""A print run: labels on sheets as one PDF, with a list of what could not be printed and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from custody.clock import Clock
from custody.errors import LabelError
from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.whole_file import WholeFile
from labels.bags import Bag, bags_of
from labels.boxes import LabelPlan
from labels.layout import plan_label
from labels.look import Look
from labels.prepare import HOLD_REASONS, CheckedLabels, HeldBack, prepare_labels
from labels.sheets import RunOptions, draw_sheets
from labels.stocks import DEFAULT_STOCK, Stock
from labels.stocks import stock as find_stock

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PrintRun", "compose_run", "print_run"]


@dataclass(frozen=True, slots=True)
class PrintRun:
    """What a print run made. It holds no name and no address.

    Parameters
    ----------
    run : int
        Number of the run.
    stock : str
        Maker and number of the label sheet.
    labels : int
        Labels printed.
    sheets : int
        Sheets printed.
    held_back : tuple of HeldBack
        Labels not printed, by row.
    shrunk : tuple of int
        Rows whose name or address was set smaller to fit.
    pdf_sha256 : str
        Digest of the PDF, 64 lower hex digits.
    path : pathlib.Path
        The PDF.
    condensed : tuple of int
        Rows whose name or address was set narrower to fit (長体).
    based : tuple of int
        Rows printed with a base character for a variant that no font has; only where the run asked for it.
    barcodes : int
        Labels with a customer barcode.
    without_barcode : tuple of (int, str)
        Rows that got none although the stock carries it, each with the code of the reason.
    barcode_note : str
        How large the barcode is, or why this stock cannot carry it; empty where none was asked for.
    bags : tuple of Bag
        Labels by the first three digits of the postal code.
    """

    run: int
    stock: str
    labels: int
    sheets: int
    held_back: tuple[HeldBack, ...]
    shrunk: tuple[int, ...]
    pdf_sha256: str
    path: Path
    condensed: tuple[int, ...] = ()
    based: tuple[int, ...] = ()
    barcodes: int = 0
    without_barcode: tuple[tuple[int, str], ...] = ()
    barcode_note: str = ""
    bags: tuple[Bag, ...] = ()

    def __repr__(self) -> str:
        counts = f"{self.labels} labels, {self.sheets} sheets, {len(self.held_back)} held back"
        return f"PrintRun(run {self.run}: {counts})"

    def tidy(self) -> "pd.DataFrame":
        """Give the counts of the run.

        Returns
        -------
        DataFrame
            Columns ``run, stock, labels, sheets, held_back, condensed, shrunk, based, barcodes, pdf_sha256``;
            one row.
        """
        import pandas as pd

        row = {
            "run": self.run,
            "stock": self.stock,
            "labels": self.labels,
            "sheets": self.sheets,
            "held_back": len(self.held_back),
            "condensed": len(self.condensed),
            "shrunk": len(self.shrunk),
            "based": len(self.based),
            "barcodes": self.barcodes,
            "pdf_sha256": self.pdf_sha256,
        }
        return pd.DataFrame([row])

    def held_back_table(self) -> "pd.DataFrame":
        """List the labels that were not printed.

        Returns
        -------
        DataFrame
            Columns ``row, code, reason``: a row number, never a name.
        """
        import pandas as pd

        rows = [(held.row, held.code, _(HOLD_REASONS[held.code])) for held in self.held_back]
        return pd.DataFrame(rows, columns=["row", "code", "reason"])


def print_run(
    labels: "pd.DataFrame",
    path: Path | str,
    *,
    stock: Stock | str = DEFAULT_STOCK,
    run: int = 1,
    wave: int = 1,
    first_label: int = 1,
    training: bool = False,
    title: str = "",
    clock: Clock | None = None,
    fonts: FontChain | None = None,
    look: Look | None = None,
    progress: bool | None = None,
) -> PrintRun:
    """Print labels to a PDF.

    Parameters
    ----------
    labels : DataFrame
        Columns ``postal_code`` (``176-0001``), ``address`` (a full-width blank before the building, 方書),
        ``name``, ``token``, ``copy``. Printed in the order of the postal codes, as given within one.
    path : path
        The PDF. A reader sees the old file or the whole new one, never a half.
    stock : Stock or str
        The label sheet.
    run, wave : int
        Number of the print run and of the mailing, from 1.
    first_label : int
        Where to begin on the first sheet (1 = a whole sheet), for sheets already used in part.
    training : bool
        True marks every label and sheet 「訓練用 TRAINING」.
    title : str
        Title of the survey, for the sheet's margin and the PDF's title.
    clock : Clock, optional
        Puts the date of printing into the sheet's margin.
    fonts : FontChain, optional
        Default: the fonts of this computer.
    look : Look, optional
        Honorific, furigana, customer barcode, marks for bags, borders, printer.
    progress : bool, optional
        Whether to show on standard error how far it is; default only at a terminal.

    Returns
    -------
    PrintRun
        Counts, the labels held back, and the digest of the PDF.

    Raises
    ------
    InputError
        A column is missing, a token stands twice, or the disk refuses the file.
    LabelError
        The stock is unknown or too small, ``first_label`` is not on it, or no label can be printed.

    Notes
    -----
    Each label has a QR code of ``token.wave.copy`` (ISO/IEC 18004, level M, 14 mm) and the token in groups
    for people. A label is held back rather than cut off or printed with a box for a missing character.
    """
    options = RunOptions(
        stock=find_stock(stock) if isinstance(stock, str) else stock,
        run=run,
        wave=wave,
        first_label=first_label,
        training=training,
        title=title,
        printed_on=None if clock is None else clock.today(),
        look=Look() if look is None else look,
        show=progress,
    )
    with WholeFile(path) as file:
        made = compose_run(labels, file, options, fonts)
        file.keep()
    return made


def compose_run(
    labels: "pd.DataFrame",
    file: WholeFile,
    options: RunOptions,
    fonts: FontChain | None = None,
    rows: Sequence[int] | None = None,
) -> PrintRun:
    """Make a print run sheet by sheet, all but the end of its file, which is held until the file is kept.

    Parameters
    ----------
    labels : DataFrame
        As for `print_run`.
    file : WholeFile
        The PDF.
    options : RunOptions
        Stock, numbers, title.
    fonts : FontChain, optional
        Default: the fonts of this computer.
    rows : sequence of int, optional
        Row numbers of the labels; default 1, 2, 3, ...

    Returns
    -------
    PrintRun
        What the PDF will hold, and its digest.

    Raises
    ------
    InputError, LabelError
        As for `print_run`.
    """
    options.stock.position(options.first_label - 1)
    chain = FontChain.find() if fonts is None else fonts
    plan = plan_label(options.stock, options.look)
    checked = prepare_labels(labels, plan, chain, options.wave, rows, options.look, show=options.show)
    if not len(checked):
        why = "; ".join(dict.fromkeys(_(HOLD_REASONS[held.code]) for held in checked.held)) or "-"
        raise LabelError(
            "LAB-NOTHING",
            _("None of the {n:,} labels can be printed.").format(n=len(checked.held)),
            hint=_("Held back: {why}. Tell staff, and ask for a new package.").format(why=why),
        )
    file.hold(draw_sheets(checked, plan, options, chain, file))
    return _report(checked, plan, options, file)


def _report(checked: CheckedLabels, plan: LabelPlan, options: RunOptions, file: WholeFile) -> PrintRun:
    return PrintRun(
        run=options.run,
        stock=options.stock.name,
        labels=len(checked),
        sheets=options.sheets(len(checked)),
        held_back=tuple(checked.held),
        **{what: tuple(sorted(rows)) for what, rows in checked.rows.items()},
        pdf_sha256=file.sha256,
        path=file.path,
        barcodes=checked.barcodes,
        without_barcode=tuple(sorted(checked.without_barcode)),
        barcode_note=plan.barcode_note,
        bags=bags_of(checked.postal_codes()),
    )
