"""Waves (発送回): how many letters of each mailing went out and came back, and on which day."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from custody.messages import mark
from labels.pieces import FINAL_STATES, REACHED, RUN, Piece
from labels.reasons import reasons
from labels.tracking import ScanLedger
from labels.voids import placed_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KIND_TITLES", "by_day", "by_reason", "by_wave", "first_mailing", "to_take_out"]

KIND_TITLES: Final = {
    "advance": mark("advance letter"),
    "questionnaire": mark("questionnaire"),
    "thanks": mark("thank-you card to all"),
    "replacement": mark("replacement to who has not answered"),
}
"""Kinds of waves."""

COUNTED: Final = ("mailed", *FINAL_STATES)


def by_wave(tracking: ScanLedger) -> "pd.DataFrame":
    """Count the labels of each wave.

    Parameters
    ----------
    tracking : ScanLedger
        The labels of a job.

    Returns
    -------
    DataFrame
        Columns ``wave, kind, labels, printed, in_hand, mailed, spoiled, void, voided, returned,
        undeliverable, refused, outstanding``: labels; one row a wave. ``returned`` counts a person once, in
        the wave whose questionnaire came back first.
    """
    import pandas as pd

    kinds = _kinds(tracking)
    names = ("printed", "in_hand", "mailed", "spoiled", "void", "voided", "undeliverable", "refused")
    once = Counter(piece.wave for piece in tracking.outcomes().values() if piece.state == "returned")
    rows = []
    for wave in sorted({piece.wave for piece in tracking.pieces()}):
        counts = tracking.reconcile(wave)
        row = {name: getattr(counts, name) for name in names}
        rows.append(
            {
                "wave": wave,
                "kind": kinds.get(wave, ""),
                "labels": counts.tokens,
                **row,
                "returned": once[wave],
                "outstanding": counts.outstanding,
            }
        )
    columns = ["wave", "kind", "labels", *names[:-2], "returned", *names[-2:], "outstanding"]
    return pd.DataFrame(rows, columns=columns)


def by_day(tracking: ScanLedger) -> "pd.DataFrame":
    """Count by wave and day what was mailed and what came back.

    Parameters
    ----------
    tracking : ScanLedger
        The labels of a job.

    Returns
    -------
    DataFrame
        Columns ``wave, date, mailed, returned, undeliverable, refused, returned_so_far``; rows by wave and
        day, only days with something. A person's questionnaire counts once; ``returned_so_far`` adds up the
        days of the wave.
    """
    import pandas as pd

    counts = Counter(_days(tracking))
    keys = sorted({(wave, day) for wave, day, _state in counts})
    rows = [(wave, day, *(counts[wave, day, state] for state in COUNTED)) for wave, day in keys]
    table = pd.DataFrame(rows, columns=["wave", "date", *COUNTED]).astype(dict.fromkeys(COUNTED, "int64"))
    return table.assign(returned_so_far=table.groupby("wave")["returned"].cumsum())


def by_reason(tracking: ScanLedger) -> "pd.DataFrame":
    """Count why letters came back.

    Parameters
    ----------
    tracking : ScanLedger
        The labels of a job.

    Returns
    -------
    DataFrame
        Columns ``state, reason, stamp, labels``; only reasons that occur, in the order of the table, an
        empty reason where none was given.
    """
    import pandas as pd

    counts = Counter((one.state, one.reason) for one in tracking.pieces() if one.state in FINAL_STATES)
    order = {code: place for place, code in enumerate(["", *reasons()])}
    keys = sorted(counts, key=lambda key: (FINAL_STATES.index(key[0]), order.get(key[1], len(order))))
    rows = [
        (state, code, reasons()[code].title if code in reasons() else "", counts[state, code])
        for state, code in keys
    ]
    return pd.DataFrame(rows, columns=["state", "reason", "stamp", "labels"])


def first_mailing(tracking: ScanLedger) -> str:
    """Return the first day of the first wave's mailing, ``YYYY-MM-DD``; empty before it."""
    days = [piece.mailed_on for piece in tracking.pieces() if piece.wave == 1 and piece.mailed_on]
    return min(days, default="")


def to_take_out(tracking: ScanLedger) -> "pd.DataFrame":
    """List the labels of later waves in hand whose person answered, refused or was lost since the printing.

    Parameters
    ----------
    tracking : ScanLedger
        The labels of a job.

    Returns
    -------
    DataFrame
        As `labels.voids.placed_table`: take them out before the mailing and record them as spoiled or
        destroyed.
    """
    return placed_table(tracking, tracking.to_stay())


def _kinds(tracking: ScanLedger) -> dict[int, str]:
    """Return the kind of each wave that was printed."""
    runs = tracking.ledger.events(RUN)
    return {int(event.facts.get("wave", 1)): str(event.facts.get("kind", "")) for event in runs}


def _days(tracking: ScanLedger) -> Iterator[tuple[int, str, str]]:
    """Yield wave, day and what happened, for each label."""
    ends = tracking.outcomes()
    for piece in tracking.pieces():
        if piece.state in REACHED:
            yield piece.wave, piece.mailed_on, "mailed"
        if piece.state in FINAL_STATES and not _counted_elsewhere(piece, ends[piece.token]):
            yield piece.wave, piece.date, piece.state


def _counted_elsewhere(piece: Piece, end: Piece) -> bool:
    return piece.state == "returned" and end.state == "returned" and piece.wave != end.wave
