"""What a contractor hands back: scans recorded, every label accounted for, and the states sealed to staff."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from custody.files import record_file
from custody.keys import KeyStore
from custody.ledger import verify_ledger
from custody.packages import seal
from labels.batches import ScanResult
from labels.jobs import Job, write_table
from labels.reconciliation import Reconciliation
from labels.scans import read_scans

__all__ = ["JobReport", "make_report", "scan_file"]

EVENT_COLUMNS: Final = ("token", "state", "date")


@dataclass(frozen=True, slots=True)
class JobReport:
    """A report.

    Parameters
    ----------
    reconciliation : Reconciliation
        Every label accounted for.
    table, events : pathlib.Path
        ``report.csv`` and the package for staff, ``events.sp``.
    """

    reconciliation: Reconciliation
    table: Path
    events: Path


def scan_file(job: Job, path: Path | str, state: str = "mailed") -> ScanResult:
    """Record a file of scans, and list those set aside in ``out/scan-exceptions.csv``.

    Parameters
    ----------
    job : Job
        The job.
    path : path
        As in `labels.scans.read_scans`.
    state : str
        For rows that give none.

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
        result = tracking.scan(scans, state)
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
        table, counts = tracking.table(), tracking.reconcile()
        events = table[list(EVENT_COLUMNS)].sort_values("token").to_csv(index=False, lineterminator="\n")
        path = job.out / "events.sp"
        seal(
            path,
            kind="events",
            payload=events.encode("utf-8"),
            facts={"head": {"seq": head.seq, "hash": head.hash}, "runs": tracking.runs},
            recipient=job.staff.age,
            signer=keys.signer("contractor"),
            created=job.clock.now(),
            origin=job.origin(keys),
        )
        report = write_table(job.out / "report.csv", counts.tidy())
        for made, role in ((path, "events"), (report, "report")):
            record_file(tracking.ledger, job.folder, made, role)
    return JobReport(counts, report, path)
