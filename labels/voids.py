"""Voids (発送中止): labels of which staff said, after the hand-over, that nothing may be mailed."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from custody.errors import ConfigError, InputError, KeyFileError
from custody.files import record_file
from custody.keys import KeyStore
from custody.messages import gettext as _
from custody.package_receipts import receive
from custody.packages import Package, open_package
from labels.jobs import JOB_FILE, Job, package_denials, write_table
from labels.pieces import REACHED, RUN, Piece
from labels.stocks import Stock
from labels.tokens import valid_tokens
from labels.tracking import ScanLedger

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["VOID_COLUMNS", "VoidRun", "placed_table", "void_package", "voided_table"]

VOID_COLUMNS: Final = ("token",)
"""All that a contractor receives of a void."""


@dataclass(frozen=True, slots=True)
class VoidRun:
    """What a package of voids changed in a job.

    Parameters
    ----------
    tokens : int
        Tokens in the package.
    recorded : int
        Those that were not recorded before.
    to_destroy : int
        Labels printed and voided, all packages together: they are in `table`.
    mailed : int
        Labels of voided tokens that had left the house before; they stay mailed.
    unprinted : int
        Voided tokens without a printed label: `print_package` leaves them out.
    table : pathlib.Path
        ``out/voided.csv``: where each label to destroy stands.
    """

    tokens: int
    recorded: int
    to_destroy: int
    mailed: int
    unprinted: int
    table: Path

    def tidy(self) -> "pd.DataFrame":
        """Give the counts.

        Returns
        -------
        DataFrame
            Columns ``tokens, recorded, to_destroy, mailed, unprinted``; one row.
        """
        import pandas as pd

        names = ("tokens", "recorded", "to_destroy", "mailed", "unprinted")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])


def void_package(
    package: Path | str,
    folder: Path | str,
    *,
    keys: KeyStore,
    new: bool = False,
    at: str | None = None,
) -> VoidRun:
    """Open staff's package of voids and record it: nothing more is mailed to these tokens.

    Parameters
    ----------
    package : path
        ``voids.sp``, sealed to the contractor.
    folder : path
        The job folder.
    keys : KeyStore
        The contractor's keys.
    new : bool
        True makes the job folder, where nothing was printed yet.
    at : str, optional
        Simulated time, only for training surveys.

    Returns
    -------
    VoidRun
        Counts, and the list of labels to destroy. The same package a second time changes nothing.

    Raises
    ------
    PackageError
        The package may not be opened.
    ConfigError
        ``JOB-NONE`` where there is no job and `new` is False, ``JOB-SURVEY`` where it is another survey's.
    InputError
        ``LAB-VOIDS`` where the package does not hold tokens.

    Notes
    -----
    A package holds every token voided so far, so that a missed one does no harm. A void is never taken back.
    Record mailings first: a label that is recorded as mailed stays mailed.
    """
    folder = Path(folder)
    opened = _open(package, keys, folder, at)
    tokens = _tokens(opened, Path(package).name)
    if not new and not (folder / JOB_FILE).exists():
        raise ConfigError(
            "JOB-NONE",
            _("There is no job in this folder."),
            hint=_("Name the folder of the print job; add --new only if nothing was printed yet."),
            file=folder.name,
        )
    job = Job.start(folder, opened.manifest, at)
    with job.tracking() as tracking:
        receive(tracking.ledger, opened.manifest, Path(package).name, now=job.clock.now())
        recorded = tracking.void(tokens, opened.manifest.payload_sha256)
        table = voided_table(tracking)
        path = write_table(job.out / "voided.csv", table)
        if recorded:
            record_file(tracking.ledger, job.folder, path, "voided")
        voided = tracking.voided()
        labels = [piece for piece in tracking.pieces() if piece.token in voided and piece.copy]
    mailed = sum(piece.state in REACHED for piece in labels)
    unprinted = len(voided) - len({piece.token for piece in labels})
    return VoidRun(len(tokens), recorded, len(table), mailed, unprinted, path)


def voided_table(tracking: ScanLedger) -> "pd.DataFrame":
    """List the labels to destroy by their place.

    Parameters
    ----------
    tracking : ScanLedger
        The labels of a job.

    Returns
    -------
    DataFrame
        As `placed_table`.
    """
    return placed_table(
        tracking, [piece for piece in tracking.pieces() if piece.state == "voided" and piece.copy]
    )


def placed_table(tracking: ScanLedger, pieces: Iterable[Piece]) -> "pd.DataFrame":
    """List labels by their place on the printed sheets.

    Parameters
    ----------
    tracking : ScanLedger
        The labels of a job.
    pieces : iterable of Piece
        Printed labels.

    Returns
    -------
    DataFrame
        Columns ``run, sheet, place, row, column, copy, token``; place is counted on the sheet from 1, across
        and then down. In the order of printing.
    """
    import pandas as pd

    runs = {
        int(event.facts["run"]): (
            Stock.from_code(str(event.facts["stock"])),
            int(event.facts["first"]),
        )
        for event in tracking.ledger.events(RUN)
    }
    rows = [
        (piece.run, *_place(piece, *runs[piece.run]), piece.copy, piece.token)
        for piece in sorted(pieces, key=lambda piece: (piece.run, piece.place))
    ]
    return pd.DataFrame(rows, columns=["run", "sheet", "place", "row", "column", "copy", "token"])


def _place(piece: Piece, sheet: Stock, first: int) -> tuple[int, int, int, int]:
    """Return sheet, place on it, row and column of a label, each from 1."""
    page, place = divmod(piece.place - 1 + first - 1, sheet.per_sheet)
    row, column = divmod(place, sheet.columns)
    return page + 1, place + 1, row + 1, column + 1


def _open(package: Path | str, keys: KeyStore, folder: Path | str, at: str | None) -> Package:
    try:
        verifier = keys.verifier("staff")
    except KeyFileError:
        verifier = None
    with package_denials(folder, at):
        return open_package(package, kind="voids", identity=keys.identity("contractor"), verifier=verifier)


def _tokens(package: Package, name: str) -> list[str]:
    rows = list(csv.reader(io.StringIO(package.payload.decode("utf-8"), newline="")))
    tokens = [row[0] for row in rows[1:] if len(row) == 1]
    if tuple(rows[0]) != VOID_COLUMNS or len(tokens) < len(rows) - 1 or not valid_tokens(tokens).all():
        raise InputError(
            "LAB-VOIDS",
            _("The package of voids does not hold tokens only."),
            hint=_("Ask the ward for a new package."),
            file=name,
        )
    return tokens
