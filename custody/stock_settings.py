"""The ``[[stocks]]`` tables of `survey.toml`: label sheets and window envelopes (窓付き封筒) of your own.

Here only the form is checked; whether labels fit on the paper is for `labels.own_stocks`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from custody.messages import gettext as _
from custody.settings import Settings

__all__ = ["GRID", "PAPER_NAMES", "WINDOW_SIZES", "StockSettings", "read_stock_settings"]

PAPER_NAMES: Final = ("A4", "Letter")
GRID: Final = ("width", "height", "left", "top", "pitch_x", "pitch_y")
"""Measures of a label sheet, mm (`labels.stocks.Stock`)."""
WINDOW_SIZES: Final = {"envelope": 2, "window": 4, "folded": 2}
"""Measures of a window envelope, and how many numbers each has, mm (`labels.own_stocks.window_stock`)."""
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class StockSettings:
    """A label sheet or window envelope as a settings file has it.

    Parameters
    ----------
    name : str
        What you call it.
    place : str
        Where it stands in the file, as ``stocks[1]``.
    paper : str
        One of `PAPER_NAMES`.
    columns, rows : int
        Labels across and down; 1 for a window envelope.
    measures : mapping of str to float
        Those of `GRID`, mm; empty for a window envelope.
    window : mapping of str to tuple of float
        Those of `WINDOW_SIZES`, mm; empty for a label sheet.
    note : str
        What a user should know.
    """

    name: str
    place: str
    paper: str
    columns: int
    rows: int
    measures: Mapping[str, float]
    window: Mapping[str, tuple[float, ...]]
    note: str

    def facts(self) -> dict[str, Any]:
        """Return it as plain values, as a package carries it.

        Returns
        -------
        dict
            `read_stock_settings` reads it back.
        """
        if self.window:
            sizes: dict[str, Any] = {key: list(numbers) for key, numbers in self.window.items()}
        else:
            sizes = {"columns": self.columns, "rows": self.rows, **self.measures}
        return {"name": self.name, "paper": self.paper, **sizes, **({"note": self.note} if self.note else {})}


def read_stock_settings(values: Settings, *lists: str) -> tuple[StockSettings, ...]:
    """Read label sheets of your own.

    Parameters
    ----------
    values : Settings
        The root table of a file, or the facts of a package.
    *lists : str
        Names of the lists of tables. Default: ``stocks``.

    Returns
    -------
    tuple of StockSettings
        In the order of the file; empty where it has none. A table with ``envelope``, ``window`` and
        ``folded`` is a window envelope.

    Raises
    ------
    ConfigError
        ``CFG-FIELD`` with the table and the key, as ``stocks[2].width``.

    Examples
    --------
    >>> table = {"name": "12面 特注", "columns": 2, "rows": 6, "width": 86.4, "height": 42.3}
    >>> table |= {"left": 18.6, "top": 21.2, "pitch_x": 86.4, "pitch_y": 42.3}
    >>> (sheet,) = read_stock_settings(Settings("survey.toml", {"stocks": [table]}))
    >>> sheet.place, sheet.paper, sheet.measures["pitch_y"]
    ('stocks[1]', 'A4', 42.3)
    >>> read_stock_settings(Settings("labels.sp", {"stocks": [sheet.facts()]})) == (sheet,)
    True
    """
    found = [_one(table) for name in lists or ("stocks",) for table in _tables(values, name)]
    names: dict[str, str] = {}
    for one in found:
        if names.setdefault(one.name, one.place) != one.place:
            table = Settings(values.file, {}, one.place)
            raise table.refusal("name", _("another name than that of {place}").format(place=names[one.name]))
    return tuple(found)


def _tables(values: Settings, name: str) -> list[Settings]:
    given = values.values.get(name, [])
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given) or len(given) > MOST:
        raise values.refusal(name, _("tables in double square brackets"))
    return [Settings(values.file, one, f"{name}[{place}]") for place, one in enumerate(given, start=1)]


def _one(values: Settings) -> StockSettings:
    window = any(key in values.values for key in WINDOW_SIZES)
    values.only("name", "paper", "note", *(WINDOW_SIZES if window else ("columns", "rows", *GRID)))
    return StockSettings(
        name=_line(values, "name"),
        place=values.path,
        paper=values.choice("paper", PAPER_NAMES) if "paper" in values.values else PAPER_NAMES[0],
        columns=1 if window else values.integer("columns", least=1),
        rows=1 if window else values.integer("rows", least=1),
        measures={} if window else {key: _length(values, key, values.values.get(key)) for key in GRID},
        window={key: _lengths(values, key, n) for key, n in WINDOW_SIZES.items()} if window else {},
        note=_line(values, "note") if "note" in values.values else "",
    )


def _line(values: Settings, key: str) -> str:
    text = values.text(key)
    if not text.isprintable():
        raise values.refusal(key, _("a text in double quotes"))
    return text


def _length(values: Settings, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise values.refusal(key, _("a length in mm, without quotes"))
    return float(value)


def _lengths(values: Settings, key: str, n: int) -> tuple[float, ...]:
    given = values.values.get(key)
    if not isinstance(given, list) or len(given) != n:
        raise values.refusal(key, _("{n} lengths in mm in square brackets").format(n=n))
    return tuple(_length(values, key, one) for one in given)
