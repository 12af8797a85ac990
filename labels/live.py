"""Scanning one by one: a hand scanner types a line, the line is on the disk, and only then it is answered."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from custody.console import say
from custody.messages import gettext as _
from labels.batches import ScanException, ScanResult
from labels.jobs import Job, write_table
from labels.pieces import EXCEPTION_CODES, SCAN_STATES
from labels.reasons import reasons
from labels.scans import ScanMode

__all__ = ["scan_lines"]

BELL = "\a"
"""Makes the terminal sound: look at the screen."""
MISREAD: Final = "invalid_token"
KANA: Final = re.compile("[ぁ-ゖァ-ヺｦ-ｯｱ-ﾝ]")
"""What a keyboard with Japanese input makes of a scanner's letters; ー stands for a hyphen and is read."""


def scan_lines(job: Job, lines: Iterable[str], state: str = "mailed", reason: str = "") -> ScanResult:
    """Record labels one by one as they are scanned, and say after each what was recorded.

    Parameters
    ----------
    job : Job
        The job.
    lines : iterable of str
        What the scanner types: ``R.MOVED`` and the like, and labels.
    state, reason : str
        Until a code on the sheet says otherwise.

    Returns
    -------
    ScanResult
        All of it; the rows are those of the lines. Those set aside are in ``out/scan-exceptions.csv``.

    Raises
    ------
    InputError
        There is no such state or reason.

    Notes
    -----
    Several computers may scan into one job: each line is decided by the newest state of the ledger.
    """
    mode, accepted, aside = ScanMode(), Counter[str](), list[ScanException]()
    with job.tracking() as tracking:
        tracking.scan([], state, reason)  # refuses a state or reason that is none before anything is scanned
        for row, line in enumerate(_until_stopped(lines), start=1):
            scan = mode.take(line, row) if line.strip() else None
            if scan is None:
                if line.strip():
                    say("  → " + _mode_title(mode.code))
                continue
            found = tracking.scan([scan], state, reason)
            accepted.update(found.accepted)
            aside.extend(found.exceptions)
            say(_answer(row, found, line))
    result = ScanResult(dict(accepted), tuple(aside))
    write_table(job.out / "scan-exceptions.csv", result.tidy())
    return result


def _until_stopped(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines to their end, or until somebody presses Ctrl-C: all that was answered is on the disk."""
    with suppress(KeyboardInterrupt):
        yield from lines


def _mode_title(code: str) -> str:
    if code in reasons():
        return reasons()[code].title
    if code.casefold() in SCAN_STATES:
        return _(code.casefold())
    return (
        (BELL + _("NOT A REASON: labels are set aside until you scan another code"))
        if code
        else _("as before")
    )


def _answer(row: int, found: ScanResult, line: str) -> str:
    if not found.exceptions:
        return f"  {row:>6,}  {_(next(iter(found.accepted)))}"
    code = found.exceptions[0].code
    hint = "  " + _("Turn Japanese input (IME) off.") if code == MISREAD and KANA.search(line) else ""
    return f"{BELL}  {row:>6,}  ! {_(EXCEPTION_CODES[code])}{hint}"
