"""The weekly list of anomalies (異常一覧): what a person responsible looks at in a ledger, by number only.

Nothing here proves a wrong: a second scan may be a slip, an act at night a late shift. The list says how many
and which events, so that somebody asks; it repeats no token and no code of a person.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from custody.ledger import Event
from custody.messages import mark

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ANOMALIES", "Anomalies", "Anomaly", "find_anomalies", "ranges"]

ANOMALIES: Final = {
    "repeat_scan": mark("labels scanned again"),
    "unknown_token": mark("labels that this job did not print"),
    "denial": mark("refused acts"),
    "night": mark("events at night"),
    "reprint": mark("many labels printed again"),
}
"""What is looked for: name and title."""
PRINTED: Final = "label.printed"
SET_ASIDE: Final = "label.set_aside"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One kind of anomaly in one week.

    Parameters
    ----------
    week : str
        ISO week in Japan Standard Time, ``"2009-W45"``.
    name : str
        One of `ANOMALIES`.
    events : tuple of int
        Numbers of the events, ascending.
    """

    week: str
    name: str
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Anomalies:
    """What `find_anomalies` found.

    Parameters
    ----------
    found : tuple of Anomaly
        By week, then in the order of `ANOMALIES`.
    """

    found: tuple[Anomaly, ...]

    def tidy(self) -> "pd.DataFrame":
        """Return one row for each anomaly.

        Returns
        -------
        pandas.DataFrame
            Columns week, anomaly, count, events (text such as ``"3-5 9"``).
        """
        import pandas as pd

        rows = [(one.week, one.name, len(one.events), ranges(one.events)) for one in self.found]
        return pd.DataFrame(rows, columns=["week", "anomaly", "count", "events"])


def find_anomalies(events: Iterable[Event], week: str | None = None) -> Anomalies:
    """Look through a ledger.

    Parameters
    ----------
    events : iterable of Event
        From `Ledger.events`, in order.
    week : str, optional
        Only this ISO week, ``"2009-W45"``; default: all.

    Returns
    -------
    Anomalies
        Weeks without any are left out.

    Notes
    -----
    Copies after the first are an anomaly where they are many: `custody/data/anomalies.toml` says how many,
    as it does for the hours of night.

    Examples
    --------
    >>> late = Event(7, "2009-11-02T23:10:00.000+09:00", "draw", {}, "", "")
    >>> [(one.week, one.name, one.events) for one in find_anomalies([late]).found]
    [('2009-W45', 'night', (7,))]
    """
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    printed: dict[str, int] = defaultdict(int)
    for event in events:
        at = datetime.fromisoformat(event.at)
        year, number, _day = at.isocalendar()
        name_of_week = f"{year}-W{number:02}"
        if week is not None and name_of_week != week:
            continue
        printed[name_of_week] += event.kind == PRINTED
        for name in _names(event, at.hour):
            found[name_of_week, name].append(event.seq)
    order = list(ANOMALIES)
    kept = {key for key, seqs in found.items() if key[1] != "reprint" or _many(len(seqs), printed[key[0]])}
    keys = sorted(kept, key=lambda key: (key[0], order.index(key[1])))
    return Anomalies(tuple(Anomaly(*key, tuple(found[key])) for key in keys))


def _names(event: Event, hour: int) -> Iterator[str]:
    """Yield what an event is an anomaly of."""
    rules = _rules()
    if event.kind == SET_ASIDE and event.facts.get("code") in rules["repeat_scans"]:
        yield "repeat_scan"
    if event.kind == SET_ASIDE and event.facts.get("code") in rules["unknown_tokens"]:
        yield "unknown_token"
    if event.kind in rules["denials"]:
        yield "denial"
    if hour >= rules["night_from"] or hour < rules["night_to"]:
        yield "night"
    if event.kind == PRINTED and int(event.facts.get("copy", 1)) > 1:
        yield "reprint"


def _many(again: int, printed: int) -> bool:
    rules = _rules()
    return again >= int(rules["reprints_least"]) or again >= float(rules["reprints_share"]) * printed


@cache
def _rules() -> dict[str, Any]:
    text = (files("custody") / "data" / "anomalies.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def ranges(numbers: Iterable[int]) -> str:
    """Write ascending numbers as ranges.

    Parameters
    ----------
    numbers : iterable of int
        Ascending.

    Returns
    -------
    str
        Numbers and ranges with one blank between.

    Examples
    --------
    >>> ranges([3, 4, 5, 9])
    '3-5 9'
    """
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)
