"""Photocopies (複写): a copied label shows as a second scan, and here it is listed with both times."""

from typing import TYPE_CHECKING

from labels.pieces import MAILED, SCANNED, SET_ASIDE, UNDONE, Key
from labels.tracking import ScanLedger

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["second_scans"]


def second_scans(tracking: ScanLedger) -> "pd.DataFrame":
    """List every label that was scanned a second time for the same thing.

    Parameters
    ----------
    tracking : ScanLedger
        The labels of a job.

    Returns
    -------
    DataFrame
        Columns ``token, wave, copy, run, first_at, again_at, row``: the time of the scan that counts, of the
        second one, and its row in the file of scans. A hand that scans twice within seconds is the usual
        cause; two times hours apart, or far from one another, are worth a look at both pieces of paper.
    """
    import pandas as pd

    steps: dict[Key, list[str]] = {}
    rows = []
    for event in tracking.ledger.events():
        facts = event.facts
        label = str(facts.get("token", "")), int(facts.get("wave", 1))
        times = steps.setdefault(label, [])
        if event.kind in (MAILED, SCANNED):
            times.append(event.at)
        elif event.kind == UNDONE:
            del times[-1:]
        elif event.kind == SET_ASIDE and facts["code"] == "duplicate":
            numbers = (int(facts.get(name, 0)) for name in ("copy", "run"))
            rows.append((*label, *numbers, times[-1] if times else "", event.at, int(facts["row"])))
    columns = ["token", "wave", "copy", "run", "first_at", "again_at", "row"]
    return pd.DataFrame(rows, columns=columns)
