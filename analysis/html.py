"""Tables as HTML without script, network or random identifiers."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["table_html"]


def table_html(frame: "pd.DataFrame", *, table_id: str, decimals: int = 4, title: str | None = None) -> str:
    """Draw a table as self-contained HTML.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    table_id : str
        Identifier of the element; the same table gives the same bytes.
    decimals : int
        Decimals of fractional columns.
    title : str, optional
        Heading.

    Returns
    -------
    str
        HTML.
    """
    from great_tables import GT

    fractional = [name for name, kind in frame.dtypes.items() if kind.kind == "f"]
    whole = [name for name, kind in frame.dtypes.items() if kind.kind in "iu"]
    table = GT(frame, id=table_id).fmt_number(columns=fractional, decimals=decimals)
    table = table.fmt_integer(columns=whole).sub_missing(missing_text="")
    if title is not None:
        table = table.tab_header(title=title)
    return str(table.as_raw_html())
