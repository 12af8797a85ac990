"""Cells of a CSV that is opened in a spreadsheet: what begins like a formula is written as text."""

from typing import Final

__all__ = ["from_text_cell", "text_cell"]

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "'")


def text_cell(text: str) -> str:
    """Write a cell so that a spreadsheet takes it as text.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        With an apostrophe before it where it begins with ``=``, ``+``, ``-``, ``@``, a tab, a return or an
        apostrophe.

    Examples
    --------
    >>> text_cell("=1+1"), text_cell("練馬"), from_text_cell(text_cell("'=x"))
    ("'=1+1", '練馬', "'=x")
    """
    return f"'{text}" if text.startswith(DANGEROUS) else text


def from_text_cell(cell: str) -> str:
    """Read a cell of `text_cell` back.

    Parameters
    ----------
    cell : str
        As in the file.

    Returns
    -------
    str
        The text.
    """
    return cell[1:] if cell.startswith("'") else cell
