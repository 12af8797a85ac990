"""Quarantine (取り分け): rows that failed, by number, column and code; their values encrypted, for staff."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd

from custody import gate
from custody.errors import SamplingError
from custody.escrow import staff_readers
from custody.files import record_file, write_private, write_whole
from custody.messages import gettext as _
from custody.messages import mark
from custody.survey import Survey
from sampling.register import Register
from sampling.spreadsheet import text_cell
from sampling.vault import open_table, seal_table

__all__ = ["REASONS", "open_quarantine", "quarantine_table", "write_quarantine", "write_values"]

VALUES_FILE: Final = "quarantine.age"
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bidi_control": mark("The cell changes the direction of writing: take the invisible character out."),
        "cell_error": mark("The cell of the workbook shows an error: repair it, then save it again."),
        "column_count": mark("The row has too many or too few cells: look for a comma or a quote in it."),
        "contradiction": mark("The facts of the row exclude each other: correct them in the source."),
        "control_character": mark("The cell holds a control character: take it out."),
        "cut_character": mark("A border of the layout cuts a character in two: check the record."),
        "duplicate": mark("Two rows name one person: find out which is right; until then neither is used."),
        "era_border": mark("The day is outside its era: correct it in the source."),
        "format": mark("The cell is not in a form that the layout knows: correct it or the layout."),
        "formula": mark("The cell of the workbook is a formula: save its value."),
        "fullwidth_digits": mark("The number has full-width digits: correct them, or confirm the repair."),
        "implausible_date": mark("The date is too early to be true: correct it in the source."),
        "impossible_date": mark("There is no such day: correct it in the source."),
        "missing": mark("A cell that is needed is empty: fill it in the source."),
        "partial_date": mark("Month or day is unknown where a whole date is needed: complete it."),
        "record_length": mark("The record has another length than the layout says: check the record."),
        "rounded_number": mark("A spreadsheet rounded the number: its digits are lost; take the source."),
        "undecodable": mark("The row is not text in the encoding of the file: take the source."),
        "unknown_code": mark("The code is not in the layout: correct it, or add it to the layout."),
        "width": mark("The number has another width: zeros are lost, or it is another number."),
    }
)
"""What to do about each code, in English."""


def quarantine_table(registers: Iterable[Register]) -> pd.DataFrame:
    """List the failed rows of several registers.

    Parameters
    ----------
    registers : iterable of Register
        As read.

    Returns
    -------
    pandas.DataFrame
        Columns register, row (1 = first data row), column (header), code; one row for each failure.
    """
    tables = [register.quarantine.assign(register=register.kind) for register in registers]
    found: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return found[["register", "row", "column", "code"]]


def write_quarantine(survey: Survey, registers: Iterable[Register]) -> list[Path]:
    """Write which rows failed and why; what they hold only to an encrypted file.

    Parameters
    ----------
    survey : Survey
        The survey.
    registers : iterable of Register
        As read.

    Returns
    -------
    list of pathlib.Path
        ``out/quarantine.csv`` (with what to do, in the survey's language) and ``quarantine.age`` in the
        survey's folder, which only the staff's key opens; none where nothing failed, and then older ones are
        gone.
    """
    given = [register for register in registers if register.quarantined]
    paths = [survey.out / "quarantine.csv", survey.folder / VALUES_FILE]
    if not given:
        for path in paths:
            path.unlink(missing_ok=True)
        return []
    table = quarantine_table(given)
    table["what to do"] = [_(REASONS[code]) if code in REASONS else "" for code in table["code"]]
    text = table.to_csv(index=False, lineterminator="\r\n")
    sealed = seal_table(_values(given), staff_readers(survey.keys))
    return [write_whole(paths[0], text.encode("utf-8-sig")), write_whole(paths[1], sealed)]


def _values(registers: Iterable[Register]) -> pd.DataFrame:
    """Return the cells of failed rows of all registers, one line a cell."""
    tables = [
        register.failed_values.melt("row", var_name="column", value_name="cell").assign(
            register=register.kind
        )
        for register in registers
    ]
    cells = pd.concat(tables, ignore_index=True)
    order = cells.assign(number=cells["row"].astype("int64")).sort_values(
        ["register", "number"], kind="stable"
    )
    return order[["register", "row", "column", "cell"]]


def open_quarantine(survey: Survey) -> pd.DataFrame:
    """Open the cells of failed rows in memory.

    Parameters
    ----------
    survey : Survey
        A survey whose frame was built, with the staff's keys.

    Returns
    -------
    pandas.DataFrame
        Columns register, row, column, cell, all as text; one row for each cell of a failed row.

    Raises
    ------
    SamplingError
        Nothing is in quarantine, or the file cannot be opened.
    """
    path = survey.folder / VALUES_FILE
    if not path.is_file():
        raise SamplingError(
            "SAM-QUARANTINE-NONE",
            _("No row is in quarantine."),
            hint=_("Run `hyohon sampling frame` first; if it set no row aside, there is nothing to look at."),
        )
    return open_table(path, survey.keys.identity("staff"))


def write_values(survey: Survey, path: Path) -> int:
    """Write the cells of failed rows for the staff who correct them, and leave an event.

    Parameters
    ----------
    survey : Survey
        As in `open_quarantine`.
    path : pathlib.Path
        A CSV for Excel, readable by its owner alone. It holds personal values: wipe it after the correction.

    Returns
    -------
    int
        Failed rows in it.

    Raises
    ------
    ApprovalError
        Building a frame is not allowed now; nothing was opened.
    SamplingError
        As in `open_quarantine`.
    InputError
        The file exists already, or the disk refuses.
    """
    gate.permit(survey, "frame")
    cells = open_quarantine(survey)
    shown = cells.assign(cell=[text_cell(cell) for cell in cells["cell"]])
    rows = len(cells[["register", "row"]].drop_duplicates())
    with survey.ledger() as ledger:
        ledger.append("quarantine_shown", rows=rows)  # first: no such file without its event
        write_private(path, shown.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"))
        if path.resolve().is_relative_to(survey.folder.resolve()):
            record_file(ledger, survey.folder, path, "quarantine_values")
    return rows
