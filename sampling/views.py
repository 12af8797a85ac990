"""Small tables for notebooks: HTML without script or network, made from a tidy DataFrame."""

from html import escape

import pandas as pd

__all__ = ["html_table"]


def html_table(table: pd.DataFrame, *, name: str, caption: str = "") -> str:
    """Write a DataFrame as an HTML table.

    Parameters
    ----------
    table : pandas.DataFrame
        Few rows; whole numbers are shown with thousands separators.
    name : str
        Fixed identifier of the element.
    caption : str
        Words above the table.

    Returns
    -------
    str
        One ``<table>`` element; every cell is escaped.

    Examples
    --------
    >>> import pandas as pd
    >>> html_table(pd.DataFrame({"n": [1200]}), name="x")
    '<table id="x"><thead><tr><th>n</th></tr></thead><tbody><tr><td>1,200</td></tr></tbody></table>'
    """
    head = "".join(f"<th>{escape(str(column))}</th>" for column in table.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_shown(cell))}</td>" for cell in row) + "</tr>"
        for row in table.itertuples(index=False)
    )
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<table id="{escape(name)}">{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.4f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
