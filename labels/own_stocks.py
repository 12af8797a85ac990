"""Label sheets and window envelopes (窓付き封筒) of your own, from settings files or a package."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from custody.errors import LabelError
from custody.files import write_whole
from custody.messages import gettext as _
from custody.settings import Settings
from custody.stock_settings import StockSettings, read_stock_settings
from labels.stocks import OWN, PAPERS, TOLERANCE, WINDOW, Paper, Stock, stock

__all__ = [
    "SETTINGS_FILES",
    "choose_stock",
    "contractor_file",
    "keep_package_stocks",
    "make_stocks",
    "own_stocks",
    "package_stocks",
    "read_stocks",
    "window_stock",
]

SURVEY_FILE: Final = "survey.toml"
STOCKS_FILE: Final = "stocks.toml"
SETTINGS_FILES: Final = (SURVEY_FILE, STOCKS_FILE)
"""Files that a contractor may write by hand, in a job folder or above it."""
PACKAGE_FILE: Final = "package-stocks.toml"
"""Where a job keeps the sheets that came with its last package."""


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


def choose_stock(name: str, folder: Path | str, package: Iterable[Stock] = ()) -> Stock:
    """Find a label sheet among your own, then in the table.

    Parameters
    ----------
    name : str
        Name of a sheet of your own, or as for `labels.stock`.
    folder : path
        As for `own_stocks`.
    package : iterable of Stock
        Sheets that came with a package; those of the folder's files go before them.

    Returns
    -------
    Stock
        The sheet.

    Raises
    ------
    ConfigError
        A file is not of the form that it should have.
    LabelError
        There is no such sheet, or one of the file does not fit on its paper.
    """
    own = {one.number: one for one in (*own_stocks(folder), *package)[::-1]}
    return own[name] if name in own else stock(name)


def own_stocks(folder: Path | str) -> tuple[Stock, ...]:
    """Gather the label sheets of your own that hold in a folder.

    Parameters
    ----------
    folder : path
        A job folder or a survey folder; need not be there.

    Returns
    -------
    tuple of Stock
        Of ``survey.toml``, then ``stocks.toml`` (each in the folder, else above it), then those that came
        with the job's last package. Of one name the first counts.

    Raises
    ------
    ConfigError, LabelError
        As in `read_stocks`.
    """
    files = [contractor_file(folder, name) for name in SETTINGS_FILES] + [Path(folder) / PACKAGE_FILE]
    found: dict[str, Stock] = {}
    for sheet in (sheet for file in files for sheet in read_stocks(file)):
        found.setdefault(sheet.number, sheet)
    return tuple(found.values())


def read_stocks(path: Path | str) -> tuple[Stock, ...]:
    """Read the label sheets of your own from a file.

    Parameters
    ----------
    path : path
        ``survey.toml``, of which only the tables ``[[stocks]]`` are read, or ``stocks.toml``, which holds
        nothing else (``[[stock]]`` and ``[[window]]`` of earlier versions are read too). A sheet has name,
        paper, columns, rows and the measures of `Stock`; an envelope name, paper, envelope, window, folded.

    Returns
    -------
    tuple of Stock
        In the order of the file; empty where there is no such file.

    Raises
    ------
    ConfigError
        ``CFG-FIELD`` with table and key where the file is not of this form.
    LabelError
        ``LAB-STOCK-FIT`` or ``LAB-WINDOW``, with table and key, where a sheet does not fit on its paper.

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
    values = Settings.read(path)
    if path.name == SURVEY_FILE:
        return make_stocks(read_stock_settings(values), path.name)
    values.only("stocks", "stock", "window")
    return make_stocks(read_stock_settings(values, "stocks", "stock", "window"), path.name)


def make_stocks(settings: Iterable[StockSettings], file: str) -> tuple[Stock, ...]:
    """Make label sheets of their settings: each must fit on its paper, without overlap.

    Parameters
    ----------
    settings : iterable of StockSettings
        As read from a file or a package.
    file : str
        Name of the file, for messages.

    Returns
    -------
    tuple of Stock
        In their order.

    Raises
    ------
    LabelError
        As in `read_stocks`.
    """
    return tuple(_made(one, file) for one in settings)


def package_stocks(facts: Mapping[str, Any]) -> tuple[StockSettings, ...]:
    """Take the label sheets out of what a package says of itself.

    Parameters
    ----------
    facts : mapping
        Of the manifest.

    Returns
    -------
    tuple of StockSettings
        Empty where staff gave none.

    Raises
    ------
    ConfigError
        They are not of the form that they should have.
    """
    return read_stock_settings(Settings("labels.sp", facts))


def keep_package_stocks(folder: Path, settings: Iterable[StockSettings]) -> None:
    """Keep the sheets of a package in the job, so that a test sheet can be printed on them.

    Parameters
    ----------
    folder : pathlib.Path
        The job folder.
    settings : iterable of StockSettings
        Where there is none, what an earlier package brought stays.
    """
    tables = [one.facts() for one in settings]
    lines = ["# Label sheets that came with the ward's package; written again with each package."]
    for table in tables:
        lines += ["", "[[stocks]]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
    if tables:
        write_whole(folder / PACKAGE_FILE, ("\n".join(lines) + "\n").encode("utf-8"))


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


def _made(one: StockSettings, file: str) -> Stock:
    paper: Paper = "A4" if one.paper == "A4" else "Letter"
    try:
        if one.window:
            return window_stock(one.name, paper=paper, **one.window)
        return Stock(OWN, one.name, paper, one.columns, one.rows, **one.measures, note=one.note)
    except LabelError as refusal:
        column = f"{one.place}.{_to_blame(one, *PAPERS[paper])}"
        raise LabelError(refusal.code, refusal.message, hint=refusal.hint, file=file, column=column) from None


def _to_blame(one: StockSettings, paper_width: float, paper_height: float) -> str:
    """Name the key that a person should measure again first."""
    if one.window:
        return "window"
    ways = (
        ("width", "left", "pitch_x", "columns", one.columns, paper_width),
        ("height", "top", "pitch_y", "rows", one.rows, paper_height),
    )
    for size, start, pitch, count, n, paper in ways:
        wide, first, step = (one.measures[key] for key in (size, start, pitch))
        if not 0 < wide <= paper:
            return size
        if n > 1 and step < wide - TOLERANCE:
            return pitch
        if first + (n - 1) * step + wide > paper + TOLERANCE:
            return start if n == 1 else count
    return "paper"
