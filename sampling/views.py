"""Small tables for notebooks: HTML without script or network, made from a tidy DataFrame."""

from html import escape

import pandas as pd

__all__ = ["html_page", "html_table"]

STYLE = (
    "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}"
    "caption{text-align:left;padding:.4em 0}th,td{border:1px solid #999;padding:.25em .7em;text-align:right}"
    "th:first-child,td:first-child{text-align:left}"
)


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


def html_page(table: pd.DataFrame, *, title: str, caption: str, training: bool) -> str:
    """Write a DataFrame as a page of its own.

    Parameters
    ----------
    table : pandas.DataFrame
        Few rows.
    title, caption : str
        Heading of the page and words above the table.
    training : bool
        Say that the people are invented (訓練用).

    Returns
    -------
    str
        A complete HTML document without script or network.
    """
    mark = "<p><strong>訓練用 TRAINING</strong></p>" if training else ""
    return (
        f'<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{mark}<h1>{escape(title)}</h1>"
        f"{html_table(table, name='hyohon-table', caption=caption)}</body></html>\n"
    )


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:,.4f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)
