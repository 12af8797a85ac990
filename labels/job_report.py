"""What a contractor hands back: scans recorded, every label accounted for, and the states sealed to staff."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from custody.files import record_file
from custody.keys import KeyStore
from custody.ledger import verify_ledger
from custody.package_receipts import issue
from custody.packages import NO_TERMS, seal
from labels.batches import ScanResult
from labels.jobs import Job, write_table
from labels.photocopies import second_scans
from labels.reconciliation import Reconciliation
from labels.scans import read_scans
from labels.seals import scanned_codes
from labels.tracking import ScanLedger
from labels.waves import by_day, by_reason, by_wave, first_mailing, to_take_out

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JobReport", "make_report", "scan_file"]

EVENT_COLUMNS: Final = ("token", "state", "date", "reason", "wave")
"""Of each person: the label that tells what became of the person (`labels.outcomes.outcome`); then ``code``:
``wave.copy.seal`` of every letter that came back and whose seal was scanned, for staff to check."""


@dataclass(frozen=True, slots=True)
class JobReport:
    """A report.

    Parameters
    ----------
    reconciliation : Reconciliation
        Every label accounted for.
    table, events : pathlib.Path
        ``report.csv`` and the package for staff, ``events.sp``.
    waves, days, reasons : pandas.DataFrame
        Counts by wave, by wave and day, and by reason (`labels.waves`); also written as ``waves.csv``,
        ``days.csv`` and ``reasons.csv``.
    take_out : pandas.DataFrame
        Labels of later waves in hand whose person is done (`labels.waves.to_take_out`): ``take-out.csv``.
    second_scans : pandas.DataFrame
        Labels scanned twice (`labels.photocopies`); also written as ``second-scans.csv``.
    """

    reconciliation: Reconciliation
    table: Path
    events: Path
    waves: "pd.DataFrame" = field(repr=False)
    days: "pd.DataFrame" = field(repr=False)
    reasons: "pd.DataFrame" = field(repr=False)
    take_out: "pd.DataFrame" = field(repr=False)
    second_scans: "pd.DataFrame" = field(repr=False)


def scan_file(job: Job, path: Path | str, state: str = "mailed", reason: str = "") -> ScanResult:
    """Record a file of scans, and list those set aside in ``out/scan-exceptions.csv``.

    Parameters
    ----------
    job : Job
        The job.
    path : path
        As in `labels.scans.read_scans`.
    state, reason : str
        For rows that give none; a reason says the state too.

    Returns
    -------
    ScanResult
        Recorded and set aside.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    scans = read_scans(path)
    with job.tracking() as tracking:
        result = tracking.scan(scans, state, reason)
    write_table(job.out / "scan-exceptions.csv", result.tidy())
    return result


def make_report(job: Job, keys: KeyStore) -> JobReport:
    """Verify the ledger, account for every label, and seal the states of all labels to staff.

    Parameters
    ----------
    job : Job
        The job.
    keys : KeyStore
        The contractor's keys, to sign.

    Returns
    -------
    JobReport
        Counts and the files made.

    Raises
    ------
    LedgerError
        The ledger was changed.
    """
    head = verify_ledger(job.ledger_path).head
    with job.tracking() as tracking:
        counts, tables = tracking.reconcile(), (by_wave(tracking), by_day(tracking), by_reason(tracking))
        done, twice = to_take_out(tracking), second_scans(tracking)
        path = job.out / "events.sp"
        seal(
            path,
            kind="events",
            payload=_events(tracking).encode("utf-8"),
            facts={
                "head": {"seq": head.seq, "hash": head.hash},
                "runs": tracking.runs,
                "first_mailing": first_mailing(tracking),
            },
            recipient=job.staff.age,
            signer=keys.signer("contractor"),
            created=job.clock.now(),
            origin=job.origin(keys),
            terms=issue(tracking.ledger, "events", NO_TERMS),
        )
        report = write_table(job.out / "report.csv", counts.tidy())
        for made, role in ((path, "events"), (report, "report")):
            record_file(tracking.ledger, job.folder, made, role)
    names = ("waves", "days", "reasons", "take-out", "second-scans")
    for name, table in zip(names, (*tables, done, twice), strict=True):
        write_table(job.out / f"{name}.csv", table)
    return JobReport(counts, report, path, *tables, done, twice)


def _events(tracking: ScanLedger) -> str:
    """Write what became of each person, in the order of the tokens."""
    ends = sorted(tracking.outcomes().items())
    codes = scanned_codes(tracking.ledger)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*EVENT_COLUMNS, "code"])
    writer.writerows(
        [*(getattr(end, name) for name in EVENT_COLUMNS), codes.get(token, "")] for token, end in ends
    )
    return stream.getvalue()
