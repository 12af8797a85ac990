"""Label sheets of your own and window envelopes (窓付き封筒), read from ``stocks.toml``."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, get_args

from custody.errors import ConfigError, LabelError
from custody.messages import gettext as _
from labels.stocks import OWN, WINDOW, Paper, Stock, stock

__all__ = ["STOCKS_FILE", "choose_stock", "contractor_file", "read_stocks", "window_stock"]

STOCKS_FILE: Final = "stocks.toml"
MEASURES: Final = ("width", "height", "left", "top", "pitch_x", "pitch_y")


def contractor_file(folder: Path | str, name: str) -> Path:
    """Find a file that lies in a job folder or, for all jobs, in the folder above it.

    Parameters
    ----------
    folder : path
        The job folder.
    name : str
        Such as ``printers.toml``.

    Returns
    -------
    pathlib.Path
        In the job folder where it is there or nowhere, else above it.
    """
    here, above = Path(folder) / name, Path(folder).resolve().parent / name
    return above if above.is_file() and not here.is_file() else here


def choose_stock(name: str, path: Path | str) -> Stock:
    """Find a label sheet among your own, then in the table.

    Parameters
    ----------
    name : str
        Name of a sheet of your own, or as for `labels.stock`.
    path : path
        ``stocks.toml``; need not be there.

    Returns
    -------
    Stock
        The sheet.

    Raises
    ------
    ConfigError
        The file cannot be read.
    LabelError
        There is no such sheet, or one of the file does not fit on its paper.
    """
    own = {one.number: one for one in read_stocks(path)}
    return own[name] if name in own else stock(name)


def read_stocks(path: Path | str) -> tuple[Stock, ...]:
    """Read the label sheets of your own.

    Parameters
    ----------
    path : path
        ``stocks.toml``: a table ``[[stock]]`` with name, paper, columns, rows and the measures of `Stock` for
        each sheet, a table ``[[window]]`` with name, paper, envelope, window and folded for each envelope.

    Returns
    -------
    tuple of Stock
        In the order of the file; empty where there is no such file.

    Raises
    ------
    ConfigError
        ``LAB-STOCKS`` where the file is not of this form.
    LabelError
        ``LAB-STOCK-FIT`` where a sheet does not fit on its paper.

    Examples
    --------
    >>> from importlib.resources import files
    >>> for sheet in read_stocks(files("labels") / "data" / "stocks_example.toml"):
    ...     print(sheet.describe())
    own 12面 特注: A4, 2 x 6 = 12, 86.4 x 42.3 mm
    window 洋長3 窓: A4, 1 x 1 = 1, 75 x 39 mm
    """
    path = Path(path)
    if not path.is_file():
        return ()
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        if set(entries) - {"stock", "window"}:
            raise KeyError
        sheets = [_own(entry) for entry in entries.get("stock", [])]
        return (*sheets, *(_window(entry) for entry in entries.get("window", [])))
    except LabelError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(
            "LAB-STOCKS",
            _("The file of label sheets cannot be read."),
            hint=_("See the example in labels/data/stocks_example.toml; lengths are numbers in mm."),
            file=path.name,
        ) from None


def window_stock(
    name: str,
    *,
    envelope: Sequence[float],
    window: Sequence[float],
    folded: Sequence[float],
    paper: Paper = "A4",
) -> Stock:
    """Work out where an address may stand on a sheet that goes into a window envelope.

    Parameters
    ----------
    name : str
        What you call it.
    envelope : sequence of float
        Width and height as the address is read, mm.
    window : sequence of float
        Distance of the window from the envelope's left and top edge, its width and height, mm.
    folded : sequence of float
        Width and height of the folded sheet, mm; its first panel is the top of the sheet.
    paper : {"A4", "Letter"}
        The sheet.

    Returns
    -------
    Stock
        One label a sheet: what the window shows however the sheet lies in the envelope. Its note says what
        the window may show besides: print nothing else there.

    Raises
    ------
    LabelError
        ``LAB-WINDOW`` where the sheet is larger than the envelope or has so much room in it that the window
        may miss the address.

    Notes
    -----
    The sheet may lie up to :math:`s` = envelope - folded to the right of, and below, the upper left corner.
    The window from :math:`a` to :math:`b` then surely shows :math:`[a, b - s]`, and may show
    :math:`[a - s, b]`.
    """
    (wide, high), (left, top, width, height) = (map(float, values) for values in (envelope, window))
    across, down = wide - float(folded[0]), high - float(folded[1])
    if min(across, down) < 0 or min(width - across, height - down) <= 0:
        raise LabelError(
            "LAB-WINDOW",
            _(
                "Window envelope {name}: the folded sheet does not fit, or it can slip out of the window."
            ).format(name=name),
            hint=_("Measure again, or fold the sheet so that it nearly fills the envelope."),
        )
    seen = (max(left - across, 0.0), left + width, max(top - down, 0.0), top + height)
    note = _("print nothing else from {:g} to {:g} mm across and {:g} to {:g} mm down").format(*seen)
    size = (width - across, height - down)
    return Stock(WINDOW, name, paper, 1, 1, *size, left, top, *size, note=note)


def _own(entry: dict[str, Any]) -> Stock:
    if set(entry) - {"name", "paper", "columns", "rows", "note", *MEASURES}:
        raise KeyError
    columns, rows = entry["columns"], entry["rows"]
    if not isinstance(columns, int) or not isinstance(rows, int):
        raise TypeError
    measures = {key: float(entry[key]) for key in MEASURES}
    note = _name(entry.get("note", "-"))
    return Stock(OWN, _name(entry["name"]), _paper(entry), columns, rows, **measures, note=note.strip("-"))


def _window(entry: dict[str, Any]) -> Stock:
    if set(entry) - {"name", "paper", "envelope", "window", "folded"}:
        raise KeyError
    sizes = {key: entry[key] for key in ("envelope", "window", "folded")}
    return window_stock(_name(entry["name"]), paper=_paper(entry), **sizes)


def _paper(entry: dict[str, Any]) -> Paper:
    papers: tuple[Paper, ...] = get_args(Paper)
    return papers[papers.index(entry.get("paper", "A4"))]


def _name(text: object) -> str:
    if not isinstance(text, str) or not text.strip() or not text.isprintable():
        raise ValueError
    return text
