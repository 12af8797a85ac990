"""Printers (プリンター): how far each is off, as read from a test sheet, kept in ``printers.toml``."""

import math
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from custody.errors import ConfigError
from custody.files import write_whole
from custody.messages import gettext as _
from custody.pdf import MM
from labels.stocks import Stock

__all__ = ["PRINTERS_FILE", "Printer", "Readings", "correct", "find_printer", "read_printers", "save_printer"]

PRINTERS_FILE: Final = "printers.toml"
MOST_OFFSET: Final = 15.0  # mm; a printer further off takes the paper askew
MOST_SCALE: Final = 0.05  # a page more than 5 % too large or small was fitted to the paper by a viewer
FIELDS: Final = ("offset_x", "offset_y", "scale_x", "scale_y")


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer's correction.

    Parameters
    ----------
    name : str
        As people call it.
    offset_x, offset_y : float
        How far everything is moved to the right and down, mm, -15 to 15.
    scale_x, scale_y : float
        How much wider and higher everything is drawn, from the sheet's upper left corner, 0.95 to 1.05.

    Raises
    ------
    ConfigError
        ``LAB-PRINTER-RANGE`` where a number is outside these.

    Examples
    --------
    >>> Printer("2F", offset_x=0.5).operator(842)
    '1 0 0 1 1.417 0 cm'
    """

    name: str = ""
    offset_x: float = 0.0
    offset_y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0

    def __post_init__(self) -> None:
        offsets, scales = (self.offset_x, self.offset_y), (self.scale_x, self.scale_y)
        if all(abs(value) <= MOST_OFFSET for value in offsets) and all(
            abs(value - 1) <= MOST_SCALE + 1e-9 for value in scales
        ):
            return
        raise ConfigError(
            "LAB-PRINTER-RANGE",
            _("The correction of the printer is too large."),
            hint=_(
                "Offsets are -15 to 15 mm, scales 0.95 to 1.05. Print in actual size, not fitted to the page."
            ),
        )

    @property
    def corrects(self) -> bool:
        """True where the page is moved or scaled."""
        return any((self.offset_x, self.offset_y, self.scale_x != 1, self.scale_y != 1))

    def operator(self, paper_height: float) -> str:
        """Write the correction as a PDF operator, for the beginning of a page.

        Parameters
        ----------
        paper_height : float
            Height of the paper, points.

        Returns
        -------
        str
            ASCII.
        """
        down = paper_height * (1 - self.scale_y) - self.offset_y * MM
        return f"{self.scale_x:.6g} 0 0 {self.scale_y:.6g} {self.offset_x * MM:.4g} {down:.4g} cm"


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read on a test sheet: the mark that lies on the cut edge of a label, mm.

    Parameters
    ----------
    left, top : float
        Of the first label.
    right, bottom : float
        Of the last label.
    """

    left: float
    top: float
    right: float
    bottom: float


def correct(printer: Printer, sheet: Stock, read: Readings) -> Printer:
    """Work out a printer's correction from a test sheet.

    Parameters
    ----------
    printer : Printer
        The correction with which the test sheet was printed.
    sheet : Stock
        The label sheet.
    read : Readings
        The marks on the cut edges.

    Returns
    -------
    Printer
        With which the marks 0 lie on the edges.

    Notes
    -----
    The mark :math:`r` beside the edge :math:`x` was drawn at :math:`u = s_0 (x + r) + o_0` and came out at
    :math:`x`. With two edges, :math:`s = (u_2 - u_1) / (x_2 - x_1)` and :math:`o = u_1 - s x_1`.

    Examples
    --------
    >>> from labels import stock
    >>> correct(Printer("2F"), stock("KPC-E1121"), Readings(0.5, -1, 0.5, -1)).offset_x
    0.5
    """
    x, y = sheet.position(0)
    last_x, last_y = sheet.position(sheet.per_sheet - 1)
    across = _solve(printer.scale_x, printer.offset_x, (x, read.left), (last_x + sheet.width, read.right))
    down = _solve(printer.scale_y, printer.offset_y, (y, read.top), (last_y + sheet.height, read.bottom))
    return replace(printer, scale_x=across[0], offset_x=across[1], scale_y=down[0], offset_y=down[1])


def read_printers(path: Path | str) -> dict[str, Printer]:
    """Read the file of printers.

    Parameters
    ----------
    path : path
        ``printers.toml``: a table ``[[printer]]`` for each, with ``name``, ``offset_x``, ``offset_y`` (mm),
        ``scale_x`` and ``scale_y``.

    Returns
    -------
    dict of str to Printer
        By name; empty where there is no such file.

    Raises
    ------
    ConfigError
        ``LAB-PRINTERS`` where the file is not of this form.
    """
    path = Path(path)
    if not path.is_file():
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8-sig"))["printer"]
        printers = [_printer(entry) for entry in entries]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(
            "LAB-PRINTERS",
            _("The file of printers cannot be read."),
            hint=_(
                "Each printer has a table [[printer]] with name, offset_x, offset_y, scale_x and scale_y."
            ),
            file=path.name,
        ) from None
    return {printer.name: printer for printer in printers}


def find_printer(name: str, path: Path | str) -> Printer:
    """Find a printer by its name.

    Parameters
    ----------
    name : str
        The name; empty gives no correction.
    path : path
        ``printers.toml``.

    Returns
    -------
    Printer
        The printer.

    Raises
    ------
    ConfigError
        ``LAB-PRINTER`` where the file has no such printer.
    """
    known = read_printers(path) if name else {"": Printer()}
    if name not in known:
        raise ConfigError(
            "LAB-PRINTER",
            _("There is no printer of this name in {file}.").format(file=Path(path).name),
            hint=_("Known: {names}. `hyohon labels test-sheet` makes a new one.").format(
                names=", ".join(known) or "-"
            ),
        )
    return known[name]


def save_printer(printer: Printer, path: Path | str) -> Path:
    """Write a printer's correction into the file, in the place of an older one.

    Parameters
    ----------
    printer : Printer
        The printer; its name may not be empty.
    path : path
        ``printers.toml``; made where it is not there.

    Returns
    -------
    pathlib.Path
        The file.
    """
    known = {**read_printers(path), printer.name: printer}
    lines = [
        _("# Printers and how far each is off, from `hyohon labels test-sheet`: mm to the right and down.")
    ]
    for one in known.values():
        quoted = one.name.replace("\\", "\\\\").replace('"', '\\"')
        lines += ["", "[[printer]]", f'name = "{quoted}"']
        lines += [f"{field} = {getattr(one, field):.6g}" for field in FIELDS]
    return write_whole(Path(path), ("\n".join(lines) + "\n").encode("utf-8"))


def _printer(entry: dict[str, Any]) -> Printer:
    numbers = {field: float(entry[field]) for field in FIELDS if field in entry}
    if (
        set(entry) - {"name", *FIELDS}
        or not isinstance(entry["name"], str)
        or not entry["name"].isprintable()
    ):
        raise ValueError
    if not all(math.isfinite(number) for number in numbers.values()):
        raise ValueError
    return Printer(entry["name"], **numbers)


def _solve(
    scale: float, offset: float, first: tuple[float, float], last: tuple[float, float]
) -> tuple[float, float]:
    """Return scale and offset with which both edges come out where they should."""
    drawn = [scale * (edge + mark) + offset for edge, mark in (first, last)]
    new = (drawn[1] - drawn[0]) / (last[0] - first[0])
    return round(new, 6), round(drawn[0] - new * first[0], 3)
