"""Printing a sealed package of labels: opened in memory, printed, and every copy in the ledger."""

import io
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from custody.errors import InputError, KeyFileError, LabelError
from custody.fonts import FontChain
from custody.keys import KeyStore
from custody.ledger import Fact
from custody.messages import gettext as _
from custody.package_receipts import receive
from custody.packages import Manifest, Package, open_package
from custody.whole_file import WholeFile
from labels.bag_list import write_bags
from labels.jobs import Job, package_denials, write_table
from labels.look import Look
from labels.outcomes import may_get
from labels.own_stocks import (
    choose_stock,
    contractor_file,
    keep_package_stocks,
    make_stocks,
    package_stocks,
)
from labels.pieces import Piece
from labels.print_control import check_operators, check_spoils, print_runs, tokens_on_sheets
from labels.printers import PRINTERS_FILE, find_printer
from labels.printing import PrintRun, compose_run
from labels.seals import SEALS_COLUMN, seal_check, seals_from_field
from labels.sheets import RunOptions
from labels.stocks import DEFAULT_STOCK, Stock
from labels.tracking import ScanLedger

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REPRINT_REASONS", "ReprintReason", "print_package", "wave_of"]

ReprintReason = Literal["jam", "torn", "misprint", "lost", "address", "other"]
REPRINT_REASONS: Final[tuple[str, ...]] = get_args(ReprintReason)
"""Why labels are printed a second time."""

STILL_HERE: Final = ("held_back", "printed", "spoiled", "destroyed")
"""A label in one of these states has not left the house, so that a new copy may take its place."""

LAST_WAVE: Final = 999
"""The code on a label has room for three digits."""


def print_package(
    package: Path | str,
    folder: Path | str,
    *,
    keys: KeyStore,
    stock: str = DEFAULT_STOCK,
    first_label: int = 1,
    reason: str | None = None,
    only_held_back: bool = False,
    operator: str = "",
    second_operator: str = "",
    purpose: str = "mailing",
    spoiled: bool = False,
    sheets: str = "",
    of_run: int | None = None,
    at: str | None = None,
    fonts: FontChain | None = None,
    printer: str = "",
    progress: bool | None = None,
    **look: Any,
) -> PrintRun:
    """Open a sealed package, print its labels and record every copy.

    Parameters
    ----------
    package : path
        ``labels.sp``, sealed to the contractor.
    folder : path
        The job folder; made for the first package of a survey.
    keys : KeyStore
        The contractor's keys; where they know staff's public key, the package must be signed with it.
    stock : str
        The label sheet.
    first_label : int
        Where to begin on the first sheet.
    reason : {"jam", "torn", "misprint", "lost", "address", "other"}, optional
        Needed to print labels again: they get the next copy number and the old copies become void. Labels
        already mailed or voided are not printed again.
    only_held_back : bool
        True prints only those labels that no run has printed, as when a missing font was installed.
    operator, second_operator : str
        Who prints, and who agrees where more is printed again than a run allows; real surveys need the first.
    purpose : str
        What for, a short code.
    spoiled : bool
        True prints only labels recorded as spoiled or destroyed.
    sheets : str
        Only the labels on these sheets of a run, as ``12`` or ``3,12-14``.
    of_run : int, optional
        Which run `sheets` are of. Default: the last one of the wave.
    at : str, optional
        Simulated time, only for training surveys.
    fonts : FontChain, optional
        Default: the fonts of this computer.
    printer : str
        A printer of ``printers.toml``, in the job folder or above it; empty = no correction.
    progress : bool, optional
        Whether to show on standard error how far it is; default only at a terminal.
    **look
        Values of `labels.look.Look`, as ``barcode=True``. With ``bags``, the list of bags for the post office
        is written to ``out``.

    Returns
    -------
    PrintRun
        The run; its PDF lies in the job's ``out`` folder.

    Raises
    ------
    PackageError
        The package may not be opened.
    LabelError
        ``LAB-REPRINT`` where the labels were printed before and no reason is given, ``LAB-SPOILS`` where too
        many would be printed again without a second person.

    Notes
    -----
    The run is recorded before the PDF gets its name: after a crash between the two there is a recorded run
    without a file, never a printed label without a record. The package says which wave it is; of a later
    wave nobody is printed who came back since the package was made (`labels.outcomes.may_get`).
    """
    _check_reason(reason)
    drawn = Look(printer=find_printer(printer, contractor_file(folder, PRINTERS_FILE)), **look)
    manifest, data = _opened(package, keys, folder, at)
    own = package_stocks(manifest.facts)
    sheet = choose_stock(stock, folder, make_stocks(own, Path(package).name))
    check_operators(operator, second_operator, purpose, training=manifest.training)
    job = Job.start(folder, manifest, at)
    keep_package_stocks(job.folder, own)
    said = {"operator": operator, "second": second_operator, "purpose": purpose}
    wave, kind = wave_of(manifest)
    with ExitStack() as stack:
        tracking = stack.enter_context(job.tracking())
        receive(tracking.ledger, manifest, Path(package).name, now=job.clock.now())
        free = _may_be_mailed(data, tracking, wave, kind)
        picked = _picked(data["token"], tracking, wave, spoiled, sheets, of_run)
        chosen = _choose(data[free & picked], tracking.known(wave), reason, only_held_back)
        check_spoils(tracking.ledger, chosen["token"], wave, operator, second_operator)
        options = _options(job, sheet, (tracking.runs + 1, wave, first_label), drawn, progress)
        file = stack.enter_context(WholeFile(job.out / f"labels-run{options.run:02d}.pdf"))
        made = compose_run(chosen, file, options, fonts, rows=[row + 1 for row in chosen.index])
        held = {found.row - 1: found.code for found in made.held_back}
        printed = chosen.drop(index=list(held)).sort_values("postal_code", kind="stable")
        tracking.record_run(
            {
                **_facts(made, manifest, wave, kind),
                "first": first_label,
                "reason": reason or "",
                "per_sheet": sheet.per_sheet,
                "stock": sheet.code,
                **{key: value for key, value in said.items() if value},
                **({"suppressed": len(data) - int(free.sum())} if wave > 1 else {}),
            },
            zip(printed["token"], map(int, printed["copy"]), strict=True),
            [(str(data["token"][row]), code) for row, code in held.items()],
            run=options.run,
            wave=wave,
            checks=_checks(printed, wave),
        )
        file.keep()
    return _write_lists(job, made, bags=bool(drawn.bags))


def _options(
    job: Job, sheet: Stock, numbers: tuple[int, int, int], look: Look, show: bool | None
) -> RunOptions:
    """Say what stands on the sheets; the numbers are run, wave and first label."""
    run, wave, first_label = numbers
    return RunOptions(
        stock=sheet,
        run=run,
        wave=wave,
        first_label=first_label,
        training=job.training,
        title=job.title,
        printed_on=job.clock.today(),
        look=look,
        show=show,
    )


def _write_lists(job: Job, made: PrintRun, *, bags: bool) -> PrintRun:
    """Write the list of labels held back and the list of bags of a run, and return the run."""
    write_table(job.out / "held-back.csv", made.held_back_table())
    if bags:
        write_bags(job.out, made, title=job.title, training=job.training, day=job.clock.today())
    return made


def _opened(
    package: Path | str, keys: KeyStore, folder: Path | str, at: str | None
) -> tuple[Manifest, "pd.DataFrame"]:
    """Open a package; what was decrypted leaves the memory as soon as it is a table."""
    try:
        verifier = keys.verifier("staff")
    except KeyFileError:
        verifier = None
    with package_denials(folder, at):
        opened = open_package(package, kind="labels", identity=keys.identity("contractor"), verifier=verifier)
    return opened.manifest, _payload(opened)


def _check_reason(reason: str | None) -> None:
    if reason is not None and reason not in REPRINT_REASONS:
        raise InputError(
            "LAB-REASON",
            _("There is no such reason for printing again."),
            hint=_("Choose one of: {reasons}.").format(reasons=", ".join(REPRINT_REASONS)),
        )


def _payload(package: Package) -> "pd.DataFrame":
    import pandas as pd

    return pd.read_csv(io.BytesIO(package.payload), dtype=str, keep_default_na=False, encoding="utf-8")


def wave_of(manifest: Manifest) -> tuple[int, str]:
    """Read from a package which mailing it is for.

    Parameters
    ----------
    manifest : Manifest
        Of a package of labels.

    Returns
    -------
    tuple of int and str
        Number of the wave, 1 where none is given, and its kind ("" where staff planned a single one).
    """
    number, kind = manifest.facts.get("wave", 1), manifest.facts.get("wave_kind", "")
    return (number if isinstance(number, int) and 1 <= number <= LAST_WAVE else 1), str(kind)


def _may_be_mailed(data: "pd.DataFrame", tracking: ScanLedger, wave: int, kind: str) -> "pd.Series[bool]":
    """Say row by row who is not voided and, after the first wave, has not answered, refused or moved."""
    free: pd.Series[bool] = ~data["token"].isin(tracking.voided())
    if wave == 1:
        return free
    ends = tracking.outcomes()
    return free & data["token"].map(lambda token: may_get(ends.get(token), kind)).astype(bool)


def _picked(
    tokens: "pd.Series[str]",
    tracking: ScanLedger,
    wave: int,
    spoiled: bool,
    sheets: str,
    of_run: int | None,
) -> "pd.Series[bool]":
    """Say row by row whose label is asked for: all, those spoiled, or those on some sheets."""
    if sheets:
        runs = [record.run for record in print_runs(tracking.ledger) if record.wave == wave]
        run = of_run if of_run is not None else max(runs, default=0)
        return tokens.isin(tokens_on_sheets(tracking.ledger, tracking.pieces(), sheets, run, wave))
    if spoiled:
        known = tracking.known(wave).values()
        return tokens.isin([piece.token for piece in known if piece.state in ("spoiled", "destroyed")])
    return tokens.notna()


def _choose(
    data: "pd.DataFrame", known: Mapping[str, Piece], reason: str | None, only_held_back: bool
) -> "pd.DataFrame":
    """Take the rows to print now, each with the copy number that comes next."""
    pieces = [known.get(token) for token in data["token"]]
    again = [piece is not None and piece.copy > 0 for piece in pieces]
    if only_held_back:
        kept = [not printed for printed in again]
    elif any(again) and reason is None:
        raise LabelError(
            "LAB-REPRINT",
            _("{n:,} labels of this package were printed already.").format(n=sum(again)),
            hint=_(
                "Print them again with --reason (jam, torn, misprint, lost, address, other): the old copies "
                "become void. Or print only the labels held back: --held-back."
            ),
        )
    else:
        kept = [piece is None or piece.state in STILL_HERE for piece in pieces]
    if not any(kept):
        raise LabelError(
            "LAB-NONE-LEFT",
            _("No label of this package is left to print."),
            hint=_("Those mailed or voided are not printed again; staff can send a new package."),
        )
    chosen = data.loc[kept].copy()
    next_copies = [str(piece.copy + 1) if piece and piece.copy else "" for piece in pieces]
    numbers = [number for number, keep in zip(next_copies, kept, strict=True) if keep]
    chosen["copy"] = [new or old for new, old in zip(numbers, chosen["copy"], strict=True)]
    return chosen if SEALS_COLUMN not in chosen else chosen.assign(seal=_seals(chosen))


def _seals(chosen: "pd.DataFrame") -> list[str]:
    """Take the seal of each label's copy out of the package; empty where it holds none for it."""
    places = (int(copy) - 1 if copy.isdecimal() and int(copy) > 0 else -1 for copy in chosen["copy"])
    given = (seals_from_field(text) for text in chosen[SEALS_COLUMN])
    return [
        seals[place] if 0 <= place < len(seals) else "" for place, seals in zip(places, given, strict=True)
    ]


def _checks(printed: "pd.DataFrame", wave: int) -> dict[str, str]:
    """Say what the ledger keeps of each seal that was printed."""
    if "seal" not in printed:
        return {}
    rows = zip(printed["token"], printed["copy"], printed["seal"], strict=True)
    return {token: seal_check(f"{token}.{wave}.{copy}", seal) for token, copy, seal in rows}


def _facts(made: PrintRun, manifest: Manifest, wave: int, kind: str) -> dict[str, Fact]:
    return {
        "run": made.run,
        "wave": wave,
        **({"kind": kind} if kind else {}),
        "labels": made.labels,
        "sheets": made.sheets,
        "held_back": len(made.held_back),
        "pdf": made.pdf_sha256,
        "package": manifest.payload_sha256,
        "package_rows": manifest.rows,
        "package_at": manifest.created.isoformat(),
    }
