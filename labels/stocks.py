"""Label sheets (ラベル用紙) that can be bought: their grid in millimetres, found by maker and number."""

import csv
import difflib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, Self, get_args

from custody.errors import LabelError
from custody.messages import gettext as _

__all__ = ["DEFAULT_STOCK", "OWN", "PAPERS", "WINDOW", "Paper", "Stock", "find_stocks", "stock"]

Paper = Literal["A4", "Letter"]
PAPERS: Final[dict[Paper, tuple[float, float]]] = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}
"""Width and height in mm, upright."""

DEFAULT_STOCK: Final = "Kokuyo KPC-E1121"
"""A4, 2 x 6 labels of 86.4 x 42.3 mm, made by several makers."""

OWN: Final = "own"
"""Maker of a sheet of your own."""
WINDOW: Final = "window"
"""Maker of a sheet that goes into a window envelope: nothing but the address may stand near the address."""

CODE_PARTS: Final = 9
TOLERANCE: Final = 0.1  # mm; published measures are rounded
SUGGESTIONS: Final = 5
SHORTEST_PREFIX: Final = 4


@dataclass(frozen=True, slots=True)
class Stock:
    """One kind of label sheet: a grid of equal labels on a sheet.

    Parameters
    ----------
    vendor, number : str
        Maker and the maker's number; ``"own"`` for sheets of your own, ``"window"`` for window envelopes.
    paper : {"A4", "Letter"}
        Upright sheet.
    columns, rows : int
        Labels across and down.
    width, height : float
        Of one label, mm.
    left, top : float
        From the sheet's left and top edge to the first label, mm.
    pitch_x, pitch_y : float
        From one label's edge to the same edge of the next, mm.
    note : str
        What a user should know.

    Raises
    ------
    LabelError
        ``LAB-STOCK-FIT`` where the labels do not fit on the paper or overlap.

    Examples
    --------
    >>> sheet = stock("KPC-E1121")
    >>> sheet
    Stock(Kokuyo KPC-E1121-20N: A4, 2 x 6 = 12, 86.4 x 42.3 mm)
    >>> sheet.position(1)
    (105.0, 21.2)
    """

    vendor: str
    number: str
    paper: Paper
    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    pitch_x: float
    pitch_y: float
    note: str = ""

    def __post_init__(self) -> None:
        if not self._fits():
            raise LabelError(
                "LAB-STOCK-FIT",
                _("Label sheet {name}: its labels do not fit on the paper, or they overlap.").format(
                    name=self.name
                ),
                hint=_("Measure the sheet again: paper, grid, edges and pitch in mm."),
            )

    def __repr__(self) -> str:
        return f"Stock({self.describe()})"

    @classmethod
    def from_row(cls, row: dict[str, str]) -> Self:
        """Read one row of the table of stocks.

        Parameters
        ----------
        row : dict of str to str
            Columns as in ``labels/data/label_stocks.csv``.

        Returns
        -------
        Stock
            The sheet.
        """
        paper: Paper = "A4" if row["paper"] == "A4" else "Letter"
        if row["paper"] not in get_args(Paper):
            raise ValueError(row["number"])
        return cls(
            vendor=row["vendor"],
            number=row["number"],
            paper=paper,
            columns=int(row["columns"]),
            rows=int(row["rows"]),
            width=float(row["width"]),
            height=float(row["height"]),
            left=float(row["left"]),
            top=float(row["top"]),
            pitch_x=float(row["pitch_x"]),
            pitch_y=float(row["pitch_y"]),
            note=row["note"],
        )

    @property
    def name(self) -> str:
        """Maker and number."""
        return f"{self.vendor} {self.number}"

    @classmethod
    def from_code(cls, code: str) -> "Stock":
        """Find a sheet by its `code`.

        Parameters
        ----------
        code : str
            As in a ledger.

        Returns
        -------
        Stock
            The sheet; one of your own without its name.

        Raises
        ------
        LabelError
            The table has no such sheet.

        Examples
        --------
        >>> Stock.from_code("own:A4:2:6:86.4:42.3:18.6:21.2:86.4:42.3").same_grid(stock("KPC-E1121"))
        True
        """
        vendor, *grid = code.split(":")
        if len(grid) != CODE_PARTS:
            return stock(code.replace("_", " "))
        paper: Paper = "A4" if grid[0] == "A4" else "Letter"
        columns, rows = int(grid[1]), int(grid[2])
        width, height, left, top, pitch_x, pitch_y = map(float, grid[3:])
        return cls(vendor, "", paper, columns, rows, width, height, left, top, pitch_x, pitch_y)

    @property
    def code(self) -> str:
        """ASCII code for a ledger: maker and number, or the grid of a sheet of your own."""
        if self.vendor in (OWN, WINDOW):
            return ":".join(
                [self.vendor, *(part if isinstance(part, str) else f"{part:g}" for part in self._grid())]
            )
        return self.name.replace(" ", "_")

    @property
    def per_sheet(self) -> int:
        """Labels on one sheet."""
        return self.columns * self.rows

    @property
    def paper_size(self) -> tuple[float, float]:
        """Width and height of the sheet, mm."""
        return PAPERS[self.paper]

    def position(self, index: int) -> tuple[float, float]:
        """Say where a label lies; labels are counted across, then down.

        Parameters
        ----------
        index : int
            0 to ``per_sheet - 1``.

        Returns
        -------
        tuple of float
            Distance of the label's upper left corner from the sheet's left and top edge, mm.

        Raises
        ------
        LabelError
            ``LAB-STOCK-PLACE`` where the sheet has no such label.
        """
        if not 0 <= index < self.per_sheet:
            raise LabelError(
                "LAB-STOCK-PLACE",
                _("The sheet {name} has no label of this number.").format(name=self.name),
                hint=_("Count from 1 to {n}, across and then down.").format(n=self.per_sheet),
            )
        row, column = divmod(index, self.columns)
        return self.left + column * self.pitch_x, self.top + row * self.pitch_y

    def same_grid(self, other: "Stock") -> bool:
        """Say whether another sheet can be printed with this one's layout.

        Parameters
        ----------
        other : Stock
            The other sheet.

        Returns
        -------
        bool
            True where paper, counts and all measures are the same.
        """
        return self._grid() == other._grid()

    def describe(self) -> str:
        """Describe the sheet in one line.

        Returns
        -------
        str
            Name, paper, grid and label size.
        """
        grid = f"{self.columns} x {self.rows} = {self.per_sheet}"
        return f"{self.name}: {self.paper}, {grid}, {self.width:g} x {self.height:g} mm"

    def _grid(self) -> tuple[str | float, ...]:
        sizes = (self.width, self.height, self.left, self.top, self.pitch_x, self.pitch_y)
        return (self.paper, self.columns, self.rows, *sizes)

    def _fits(self) -> bool:
        paper_width, paper_height = self.paper_size
        return (
            min(self.columns, self.rows) >= 1
            and min(self.width, self.height) > 0
            and min(self.left, self.top) >= 0
            and self.left + (self.columns - 1) * self.pitch_x + self.width <= paper_width + TOLERANCE
            and self.top + (self.rows - 1) * self.pitch_y + self.height <= paper_height + TOLERANCE
            and (self.columns == 1 or self.pitch_x >= self.width - TOLERANCE)
            and (self.rows == 1 or self.pitch_y >= self.height - TOLERANCE)
        )


@cache
def catalogue() -> tuple[Stock, ...]:
    """Return all sheets of the table, sorted by maker and number."""
    table = files("labels").joinpath("data", "label_stocks.csv").read_text(encoding="utf-8")
    return tuple(Stock.from_row(row) for row in csv.DictReader(table.splitlines()))


def stock(name: str) -> Stock:
    """Find a label sheet by its number, or maker and number.

    Parameters
    ----------
    name : str
        Such as ``"Kokuyo KPC-E1121-20N"``, ``"kpc e1121"`` or ``"L7160"``: capitals, blanks and hyphens do
        not count, O counts as 0, and the start of a number is enough where it leads to one grid only.

    Returns
    -------
    Stock
        The sheet.

    Raises
    ------
    LabelError
        ``LAB-STOCK-NAME`` with the nearest names, or ``LAB-STOCK-MANY`` where several grids fit the name.

    Examples
    --------
    >>> stock("avery l7160").per_sheet
    21
    """
    wanted = _key(name)
    found = [sheet for sheet in catalogue() if wanted in _keys(sheet)]
    if not found and len(wanted) >= SHORTEST_PREFIX:
        found = [sheet for sheet in catalogue() if any(key.startswith(wanted) for key in _keys(sheet))]
    if not found:
        raise LabelError(
            "LAB-STOCK-NAME",
            _("There is no label sheet of this name."),
            hint=_("Did you mean: {names}? `hyohon labels stocks` lists all.").format(names=_nearest(wanted)),
        )
    if not all(sheet.same_grid(found[0]) for sheet in found):
        raise LabelError(
            "LAB-STOCK-MANY",
            _("Several label sheets fit this name: {names}.").format(names=_names(found)),
            hint=_("Give the maker and the whole number."),
        )
    return found[0]


def find_stocks(text: str = "", own: tuple[Stock, ...] = ()) -> tuple[Stock, ...]:
    """Search the label sheets.

    Parameters
    ----------
    text : str
        Words that must all occur in the description (name, paper, ``12-up``, ``86.4x42.3``, note).
        Empty: all.
    own : tuple of Stock
        Sheets of your own (`labels.own_stocks.read_stocks`).

    Returns
    -------
    tuple of Stock
        Your own first, then sorted by maker and number; empty where nothing fits.

    Examples
    --------
    >>> [sheet.name for sheet in find_stocks("a-one 12-up")]
    ['A-one 31531']
    """
    words = unicodedata.normalize("NFKC", text).casefold().replace("×", "x").split()
    return tuple(sheet for sheet in (*own, *catalogue()) if all(word in _searchable(sheet) for word in words))


def _searchable(sheet: Stock) -> str:
    size = f"{sheet.width:g}x{sheet.height:g}"
    return f"{sheet.describe()} {sheet.per_sheet}-up {size} {sheet.note}".casefold()


def _key(name: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold())).replace("o", "0")


def _keys(sheet: Stock) -> tuple[str, str]:
    return _key(sheet.number), _key(sheet.name)


def _nearest(wanted: str) -> str:
    names = {key: sheet for sheet in reversed(catalogue()) for key in _keys(sheet)}
    close = difflib.get_close_matches(wanted, names, n=SUGGESTIONS, cutoff=0.5)
    return _names([names[key] for key in close] or [stock(DEFAULT_STOCK)])


def _names(sheets: list[Stock]) -> str:
    unique = list(dict.fromkeys(sheet.name for sheet in sheets))
    more = ", ..." if len(unique) > SUGGESTIONS else ""
    return ", ".join(unique[:SUGGESTIONS]) + more
