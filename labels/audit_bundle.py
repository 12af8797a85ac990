"""The bundle for an inspection (立入検査): one file that shows what became of every label, without a name.

It holds the ledger and what follows from it. The same ledger and files give the same bytes.
"""

import hashlib
import io
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from custody.files import changed_files, sha256_file, write_whole
from custody.ledger import Ledger, LedgerReport, verify_ledger
from custody.ledger_file import open_to_read
from labels.audit_words import readme
from labels.jobs import JOB_FILE, Job
from labels.letters_runs import LETTER_RUN, letter_records
from labels.photocopies import second_scans
from labels.pieces import HELD_BACK, RUN, RUN_CLOSED, VOIDS
from labels.print_control import RunRecord, print_runs
from labels.run_closing import run_balance
from labels.tracking import ScanLedger
from labels.waves import by_reason, by_wave

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AUDIT", "AuditBundle", "make_audit_bundle"]

AUDIT: Final = "label.audit"
"""The event that records a bundle."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class AuditBundle:
    """A bundle that was made.

    Parameters
    ----------
    path : pathlib.Path
        The zip file.
    sha256 : str
        Its digest, 64 lower hex digits; also in the ledger.
    members : tuple of str
        Names of the files in it.
    changed : int
        Recorded files and PDFs of print runs that are changed or gone.
    open_runs : int
        Print runs that are not closed.
    """

    path: Path
    sha256: str
    members: tuple[str, ...]
    changed: int
    open_runs: int

    def tidy(self) -> "pd.DataFrame":
        """Give the counts.

        Returns
        -------
        DataFrame
            Columns ``members, changed, open_runs, sha256``; one row.
        """
        import pandas as pd

        row = {"members": len(self.members), "changed": self.changed, "open_runs": self.open_runs}
        return pd.DataFrame([{**row, "sha256": self.sha256}])


def make_audit_bundle(job: Job, path: Path | str) -> AuditBundle:
    """Make the bundle for an inspection, and record it.

    Parameters
    ----------
    job : Job
        The job.
    path : path
        The zip file to write.

    Returns
    -------
    AuditBundle
        Its digest, to be read out to the inspector.

    Raises
    ------
    LedgerError
        The ledger was changed: there is no bundle of a broken ledger.
    InputError
        The disk refuses the file.
    """
    report = verify_ledger(job.ledger_path)
    with job.tracking() as tracking:
        tables = _tables(job, tracking, report)
        members = {name: _csv(rows) for name, rows in tables.items()}
        members[JOB_FILE] = (job.folder / JOB_FILE).read_bytes()
        members["ledger.sqlite"] = _ledger_copy(job.ledger_path)
        states = [row["state"] for row in tables["files.csv"]]
        changed, unclosed = _bad(states), sum(not row["closed_at"] for row in tables["runs.csv"])
        members["README.ja.txt"] = readme(job, report, tables, changed, unclosed).encode("utf-8-sig")
        members["SHA256SUMS"] = _sums(members)
        data = _zip(members)
        made = write_whole(path, data)
        digest = hashlib.sha256(data).hexdigest()
        tracking.ledger.append(AUDIT, sha256=digest, seq=report.head.seq, hash=report.head.hash)
    return AuditBundle(made, digest, tuple(sorted(members)), changed, unclosed)


def _tables(job: Job, tracking: ScanLedger, report: LedgerReport) -> dict[str, Rows]:
    """Work out every table of the bundle."""
    ledger = tracking.ledger
    runs = print_runs(ledger)
    return {
        "verification.csv": _verification(report),
        "files.csv": _files(job, ledger, runs),
        "runs.csv": [
            {**asdict(record), **run_balance(ledger, record.run).counts, **_closer(ledger, record.run)}
            for record in runs
        ],
        "letters.csv": _letters(job, ledger),
        "reconciliation.csv": _records(tracking.reconcile().tidy()),
        "waves.csv": _records(by_wave(tracking)),
        "reasons.csv": _records(by_reason(tracking)),
        "exceptions.csv": _records(tracking.exceptions),
        "second-scans.csv": _records(second_scans(tracking)),
        "held-back.csv": _held_back(ledger),
        "stock.csv": _stock(runs),
        "operators.csv": _operators(runs, ledger),
        "packages.csv": _packages(ledger),
    }


def _verification(report: LedgerReport) -> Rows:
    facts = {
        "events": report.events,
        "head_seq": report.head.seq,
        "head_hash": report.head.hash,
        "first_at": report.first_at,
        "last_at": report.last_at,
        **{f"kind {kind}": count for kind, count in report.kinds.items()},
    }
    return [{"quantity": name, "value": value} for name, value in facts.items()]


def _files(job: Job, ledger: Ledger, runs: Iterable[RunRecord]) -> Rows:
    """Compare every recorded file, and the PDF of each run, with the disk."""
    found = [
        {"path": state.path, "role": state.role, "state": state.state}
        for state in changed_files(ledger, job.folder)
    ]
    for record in runs:
        path = job.out / f"labels-run{record.run:02d}.pdf"
        state = _state(path, record.pdf)
        found.append({"path": f"out/{path.name}", "role": "labels_pdf", "state": state})
    return sorted(found, key=lambda row: row["path"])


def _letters(job: Job, ledger: Ledger) -> Rows:
    """List the runs of letters, each with its PDF held against the disk; without any, the header alone."""
    rows: Rows = []
    for record in letter_records(ledger):
        path = job.out / f"letters-{record['letter']}-run{int(record['run']):02d}.pdf"
        rows.append({**record, "state": _state(path, str(record["pdf"]))})
    return rows or [dict.fromkeys(("run", "letter", "wave", "pages", "letters", "held_back", "pdf", "state"))]


def _state(path: Path, digest: str) -> str:
    if not path.is_file():
        return "gone"
    return "same" if sha256_file(path) == digest else "changed"


def _bad(states: Iterable[str]) -> int:
    return sum(state != "same" for state in states)


def _closer(ledger: Ledger, run: int) -> dict[str, str]:
    names = {"closed_by": "operator", "closed_with": "second"}
    facts = next((event.facts for event in ledger.events(RUN_CLOSED) if event.facts["run"] == run), {})
    return {column: str(facts.get(name, "")) for column, name in names.items()}


def _held_back(ledger: Ledger) -> Rows:
    counts = Counter(
        (int(event.facts["run"]), str(event.facts["code"])) for event in ledger.events(HELD_BACK)
    )
    return [{"run": run, "code": code, "labels": count} for (run, code), count in sorted(counts.items())]


def _stock(runs: Iterable[RunRecord]) -> Rows:
    totals: dict[str, Counter[str]] = {}
    for record in runs:
        used = {"runs": 1, "sheets": record.sheets, "labels": record.labels}
        totals.setdefault(record.stock, Counter()).update(used)
    return [{"stock": stock, **counts} for stock, counts in sorted(totals.items())]


def _operators(runs: Iterable[RunRecord], ledger: Ledger) -> Rows:
    counts: dict[str, Counter[str]] = {}
    for record in runs:
        counts.setdefault(record.operator, Counter()).update({"runs": 1, "labels": record.labels})
        counts.setdefault(record.second, Counter()).update({"agreed": 1})
    for event in ledger.events(RUN_CLOSED):
        counts.setdefault(str(event.facts.get("operator", "")), Counter()).update({"closed": 1})
    names = ("runs", "labels", "agreed", "closed")
    people = sorted(name for name in counts if name)
    return [{"operator": name, **{key: counts[name][key] for key in names}} for name in people]


def _packages(ledger: Ledger) -> Rows:
    """List what came from staff by its digest; what was in it is nowhere in the job."""
    found: dict[str, dict[str, Any]] = {}
    for event in (*ledger.events(RUN), *ledger.events(LETTER_RUN), *ledger.events(VOIDS)):
        facts, kind = event.facts, "voids" if event.kind == VOIDS else "labels"
        digest = str(facts.get("package", ""))
        sealed = {"sealed_at": facts.get("package_at", ""), "rows": facts.get("package_rows", "")}
        new = {"payload_sha256": digest, "kind": kind, **sealed, "first_used_at": event.at}
        row = found.setdefault(digest, {**new, "uses": 0, "labels_printed": 0, "letters_printed": 0})
        row["uses"] += 1
        row["first_used_at"] = min(row["first_used_at"], event.at)
        row["labels_printed"] += int(facts.get("labels", 0))
        row["letters_printed"] += int(facts.get("letters", 0))
        row["rows"] = facts.get("tokens", row["rows"])
    return list(found.values())


def _records(table: "pd.DataFrame") -> Rows:
    columns = [str(column) for column in table.columns]
    if not len(table):
        return [dict.fromkeys(columns)]
    return [dict(zip(columns, row, strict=True)) for row in table.itertuples(index=False, name=None)]


def _csv(rows: Rows) -> bytes:
    """Write a table for Excel; an empty one has its header where the columns are known."""
    import pandas as pd

    table = pd.DataFrame(rows).dropna(how="all")
    return table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _ledger_copy(path: Path) -> bytes:
    """Copy the ledger as one whole file, also while others write to it."""
    with closing(open_to_read(path)) as source, closing(sqlite3.connect(":memory:")) as target:
        source.backup(target)
        return target.serialize()


def _sums(members: Mapping[str, bytes]) -> bytes:
    lines = (f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members))
    return "".join(lines).encode("ascii")


def _zip(members: Mapping[str, bytes]) -> bytes:
    """Pack the members by name, stored as they are: the same members give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 0
            archive.writestr(entry, members[name])
    return buffer.getvalue()
