"""What a table on paper is made of: blocks, sheets, and the words of the report in one language."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from analysis.settings import read_settings
from custody.messages import Language

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TRAINING", "Block", "Sheet", "Words"]

TRAINING: Final = "訓練用 TRAINING"
"""Mark on everything that comes from a survey of invented people."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One table on paper.

    Attributes
    ----------
    title : str
        What stands above it.
    frame : pandas.DataFrame
        Cells: text, whole numbers, or fractional numbers already in the unit shown (percent, points).
    formats : str
        One letter a column, how its numbers are written: t text, c count, p one decimal, x three decimals,
        f all digits, r cells that are text already and stand to the right.
    note : str
        What stands below it.
    """

    title: str
    frame: "pd.DataFrame"
    formats: str
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One sheet of a workbook, one section of a report.

    Attributes
    ----------
    name : str
        Name of the sheet, at most 31 characters.
    blocks : tuple of Block
        Tables from top to bottom.
    lines : tuple of str
        Sentences above the tables.
    """

    name: str
    blocks: tuple[Block, ...]
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the report in one language, from ``data/food_report.toml``.

    Attributes
    ----------
    lang : {"ja", "en"}
        Language.
    """

    lang: Language

    def __call__(self, key: str) -> str:
        """Look up a word.

        Parameters
        ----------
        key : str
            Key under ``[words]``.

        Returns
        -------
        str
            The word.
        """
        return str(read_settings("food_report")["words"][key][self.lang])

    def banner(self, column: str) -> str:
        """Name a banner; crossed ones and the total too.

        Parameters
        ----------
        column : str
            Column, columns joined by "/", or "" for the total.

        Returns
        -------
        str
            The word.
        """
        if column == "":
            return self("total")
        if "/" in column:
            return self("cross_groups")
        return str(self._banner(column)[self.lang])

    def group(self, column: str, value: str) -> str:
        """Name a group of a banner.

        Parameters
        ----------
        column : str
            As in `banner`.
        value : str
            Value of the column, values joined by "/", or "" for the total.

        Returns
        -------
        str
            The word; the value itself where the settings do not know it.
        """
        if column == "":
            return self("total")
        pairs = zip(column.split("/"), value.split("/"), strict=True)
        found = [self._banner(name)["labels"].get(part, {}).get(self.lang, part) for name, part in pairs]
        return " ".join(found)

    def _banner(self, column: str) -> dict[str, Any]:
        for entry in read_settings("food_report")["banner"]:
            if entry["column"] == column:
                return dict(entry)
        return {"ja": column, "en": column, "labels": {}}
