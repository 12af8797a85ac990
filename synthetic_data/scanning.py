"""Scans of what comes back by post, with a few faulty rows."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import gammaincinv

from synthetic_data.streams import Streams
from synthetic_data.tables import settings

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NO_RETURN, ANSWERED, BLANK, UNDELIVERABLE, REFUSED = range(5)
SCANNED_AS = {ANSWERED: "returned", BLANK: "returned", UNDELIVERABLE: "undeliverable", REFUSED: "refused"}
RATE = 10_000
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def arrival_days(end: Ints, streams: Streams) -> Ints:
    """Days from mailing to arrival.

    Parameters
    ----------
    end : numpy.ndarray
        How each piece ends.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Whole days, 1 or more.

    Notes
    -----
    A shifted gamma distribution, drawn through its inverse distribution function.
    """
    table, n = settings("returns_model")["arrival"], len(end)
    drawn = streams.uniform("arrival", n)

    def waited(kind: dict[str, float]) -> Floats:
        return np.asarray(kind["least"] + kind["scale"] * gammaincinv(kind["shape"], drawn))

    early = streams.below("before_reminder", n, RATE) < table["before_reminder"]
    days = np.where(early, waited(table["before"]), waited(table["after"]))
    days = np.where(end == UNDELIVERABLE, waited(table["undeliverable"]), days)
    return np.asarray(np.minimum(np.rint(days), table["most_days"]), dtype=np.int64)


def scan_table(
    tokens: Any, end: Ints, mailed_on: datetime.date, streams: Streams, *, faults: bool = True
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Scans of what came back, with a few faulty ones.

    Parameters
    ----------
    tokens : numpy.ndarray
        Token of each person.
    end : numpy.ndarray
        How each piece ended.
    mailed_on : datetime.date
        Day of mailing.
    streams : Streams
        Source of chance.
    faults : bool
        Whether there are faulty rows.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        ``token``, ``state``, ``date`` by date; and how many rows of each faulty kind there are.
    """
    table = settings("returns_model")["scans"]
    came = np.flatnonzero(end != NO_RETURN)
    day = np.datetime64(mailed_on, "D") + arrival_days(end, streams)
    faulty = len(came) if faults else 0
    twice = streams.pick("scanned_twice", came, _some(faulty, table["duplicates"]))
    typed = streams.pick("mistyped", came, _some(faulty, table["mistyped"]))
    foreign = table["foreign"] if faulty else []
    wrong = [_mistype(token) for token in tokens[typed]]
    last = np.max(np.append(day[came], np.datetime64(mailed_on, "D")))
    rows = pd.DataFrame(
        {
            "token": [*tokens[came], *tokens[twice], *wrong, *foreign],
            "state": [SCANNED_AS[code] for code in (*end[came], *end[twice])]
            + ["returned"] * (len(wrong) + len(foreign)),
            "date": [str(d) for d in (*day[came], *day[twice], *day[typed], *[last] * len(foreign))],
        }
    )
    # faulty rows stand behind the good row of the same day
    rows = rows.sort_values("date", kind="stable", ignore_index=True)
    counts = {"rows": len(rows), "duplicate": len(twice), "mistyped": len(wrong), "foreign": len(foreign)}
    return rows, counts


def _some(n: int, rate: int) -> int:
    """So many per 10,000, at least one where there is anything."""
    return max(min(n, 1), round(n * rate / RATE))


def _mistype(token: str) -> str:
    """The token with its second symbol replaced by a neighbour, so that the check symbols fail."""
    return token[0] + SYMBOLS[(SYMBOLS.index(token[1]) + 1) % len(SYMBOLS)] + token[2:]
