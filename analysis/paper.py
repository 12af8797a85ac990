"""Estimates as tables on paper: one table from any tidy frame, written as Markdown, LaTeX, Excel or Word."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.blocks import Block, Sheet
from analysis.export import write_workbook
from analysis.lazy import LazyModule
from analysis.options import option_error
from analysis.word import write_word
from custody.messages import Language

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
else:
    pd = LazyModule("pandas")

__all__ = ["Presents", "latex", "markdown", "paper_block"]

HEADS: Final[Mapping[str, tuple[str, str]]] = {
    "term": ("項目", "Item"),
    "level": ("区分", "Level"),
    "estimate": ("推定値", "Estimate"),
    "se": ("標準誤差", "SE"),
    "interval": ("95%信頼区間", "95 % CI"),
    "df": ("自由度", "df"),
    "n": ("回答者数", "n"),
    "deff": ("デザイン効果", "deff"),
    "cv": ("変動係数", "CV"),
    "statistic": ("検定統計量", "Statistic"),
    "df_residual": ("分母自由度", "Residual df"),
    "p_value": ("p値", "p"),
}
"""Headings in Japanese and English."""
IN_UNITS: Final = ("estimate", "se", "ci_low", "ci_high")
"""Columns that become percent where shares are shown so."""
COUNTS: Final = ("n", "df")
LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
)


def paper_block(
    tidy: "pd.DataFrame",
    *,
    percent: bool,
    decimals: int = 1,
    labels: Mapping[str, str] | None = None,
    lang: Language = "ja",
    title: str = "",
    note: str = "",
) -> Block:
    """Shape a tidy frame for print.

    Parameters
    ----------
    tidy : pandas.DataFrame
        As `Estimate.tidy`, or any table of numbers.
    percent : bool
        Estimates are shares, written as percent.
    decimals : int
        Decimals of estimates, standard errors and limits, 0 to 6.
    labels : mapping of str to str, optional
        Words instead of names of variables, levels and groups.
    lang : {"ja", "en"}
        Language of headings.
    title, note : str
        What stands above and below.

    Returns
    -------
    Block
        One row a row of `tidy`; both limits in one column; "…" where there is no number.

    Examples
    --------
    >>> import pandas as pd
    >>> tidy = pd.DataFrame({"term": ["x"], "estimate": [0.25], "ci_low": [0.2], "ci_high": [0.3]})
    >>> paper_block(tidy, percent=True, lang="en").frame.to_dict("list")
    {'Item': ['x'], 'Estimate (%)': ['25.0'], '95 % CI': ['20.0–30.0']}
    """
    if not 0 <= decimals <= 6:
        raise option_error("decimals", decimals, ("0", "1", "2", "3", "4", "5", "6"))
    words, factor = dict(labels or {}), 100.0 if percent else 1.0
    to = "～" if lang == "ja" else "–"
    columns: dict[str, list[str]] = {}
    formats = ""
    for name in tidy.columns:
        if name == "ci_high" or (name == "level" and tidy[name].isna().all()):
            continue
        key = "interval" if name == "ci_low" else str(name)
        head = HEADS.get(key, (words.get(key, key),) * 2)[0 if lang == "ja" else 1]
        head = f"{head} (%)" if key == "estimate" and percent else head
        columns[head] = _cells(tidy, str(name), factor, decimals, words, to)
        formats += "t" if _is_text(tidy[name]) else "r"
    return Block(title, pd.DataFrame(columns), formats, note)


def _is_text(series: "pd.Series[Any]") -> bool:
    return not pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype)


def _cells(
    tidy: "pd.DataFrame", name: str, factor: float, decimals: int, words: Mapping[str, str], to: str
) -> list[str]:
    series = tidy[name]
    if _is_text(series):
        return ["" if pd.isna(value) else words.get(str(value), str(value)) for value in series]
    values = series.to_numpy(np.float64)
    if name == "ci_low":
        high = tidy["ci_high"].to_numpy(np.float64)
        return [_interval(a * factor, b * factor, decimals, to) for a, b in zip(values, high, strict=True)]
    if name in IN_UNITS:
        return [_number(value * factor, decimals) for value in values]
    if name == "p_value":
        return [_probability(value) for value in values]
    whole = name in COUNTS or pd.api.types.is_integer_dtype(series.dtype)
    return [_number(value, 0 if whole else 3) for value in values]


def _number(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}" if np.isfinite(value) else "…"


def _interval(low: float, high: float, decimals: int, to: str) -> str:
    return f"{_number(low, decimals)}{to}{_number(high, decimals)}" if np.isfinite([low, high]).any() else "…"


def _probability(value: float) -> str:
    if not np.isfinite(value):
        return "…"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def markdown(block: Block) -> str:
    r"""Write a table as Markdown.

    Parameters
    ----------
    block : Block
        The table, cells as text.

    Returns
    -------
    str
        Title, table and note; numbers to the right.

    Examples
    --------
    >>> import pandas as pd
    >>> print(markdown(Block("", pd.DataFrame({"a|b": ["x"], "n": ["3"]}), "tr")))
    | a\|b | n |
    |:--|--:|
    | x | 3 |
    """
    rows = [list(block.frame.columns), *block.frame.to_numpy().tolist()]
    lines = ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + "|".join(":--" if form == "t" else "--:" for form in block.formats) + "|")
    head = [f"**{block.title}**", ""] if block.title else []
    return "\n".join([*head, *lines, *(["", block.note] if block.note else [])])


def latex(block: Block) -> str:
    r"""Write a table as LaTeX, for the package booktabs.

    Parameters
    ----------
    block : Block
        The table, cells as text.

    Returns
    -------
    str
        A ``table`` environment; special characters are escaped.

    Examples
    --------
    >>> import pandas as pd
    >>> print(latex(Block("", pd.DataFrame({"a": ["5 %"]}), "t")).splitlines()[4])
    5 \% \\
    """
    rows = [
        " & ".join(str(cell).translate(LATEX) for cell in row) + r" \\"
        for row in block.frame.to_numpy().tolist()
    ]
    head = " & ".join(str(name).translate(LATEX) for name in block.frame.columns) + r" \\"
    lines = [r"\begin{tabular}{" + "".join("l" if form == "t" else "r" for form in block.formats) + "}"]
    lines += [r"\toprule", head, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}"]
    if not block.title and not block.note:
        return "\n".join(lines)
    caption = [r"\caption{" + block.title.translate(LATEX) + "}"] if block.title else []
    note = [r"\par\smallskip\footnotesize " + block.note.translate(LATEX)] if block.note else []
    return "\n".join([r"\begin{table}", r"\centering", *caption, *lines, *note, r"\end{table}"])


class Presents:
    """What can be written as a table on paper; anything with `tidy`."""

    __slots__ = ()

    if TYPE_CHECKING:

        def tidy(self) -> pd.DataFrame:  # noqa: D102
            ...

    def to_block(self, **options: Any) -> Block:
        """Shape the table for print.

        Parameters
        ----------
        **options
            As in `analysis.paper.paper_block`: percent, decimals, labels, lang, title, note. `percent` is by
            default True where every row is the share of a level.

        Returns
        -------
        Block
            The table.
        """
        given: dict[str, Any] = {"percent": self._shares()} | options
        return paper_block(self.tidy(), **given)

    def to_markdown(self, **options: Any) -> str:
        """Write the table as Markdown.

        Parameters
        ----------
        **options
            As in `to_block`.

        Returns
        -------
        str
            Markdown.
        """
        return markdown(self.to_block(**options))

    def to_latex(self, **options: Any) -> str:
        """Write the table as LaTeX (booktabs).

        Parameters
        ----------
        **options
            As in `to_block`.

        Returns
        -------
        str
            LaTeX.
        """
        return latex(self.to_block(**options))

    def to_word(self, path: Path | str, **options: Any) -> Path:
        """Write the table as a Word file.

        Parameters
        ----------
        path : path
            The file, ending in ``.docx``.
        **options
            As in `to_block`.

        Returns
        -------
        pathlib.Path
            The file.
        """
        return write_word(path, [self.to_block(**options)])

    def plot(
        self,
        *,
        title: str = "",
        labels: Mapping[str, str] | None = None,
        forest: bool = False,
        **options: Any,
    ) -> "Figure":
        """Draw the estimates with their intervals, one row each.

        Parameters
        ----------
        title : str
            Title.
        labels : mapping of str to str, optional
            Words instead of names of variables, levels and groups.
        forest : bool
            Numbers to the right, as `analysis.forest_plot`; otherwise `analysis.interval_plot`.
        **options
            Of that plot; `percent` is by default as in `to_block`.

        Returns
        -------
        matplotlib.figure.Figure
            The plot.
        """
        from analysis.forest import forest_plot
        from analysis.plots import interval_plot

        tidy, words = self.tidy(), dict(labels or {})
        names = [name for name in tidy.columns if name != "estimate" and _is_text(tidy[name])]
        names = [name for name in names if tidy[name].nunique() > 1] or names[:1]
        rows = [
            "  ".join(words.get(str(value), str(value)) for value in row if not pd.isna(value))
            for row in tidy[names].itertuples(index=False)
        ]
        draw = forest_plot if forest else interval_plot
        return draw(tidy, labels=rows, title=title, **({"percent": self._shares()} | options))

    def _shares(self) -> bool:
        """Whether every row is the share of a level."""
        kind, tidy = getattr(self, "kind", ""), self.tidy()
        if kind != "mean":
            return bool(kind == "proportion")
        return "level" in tidy.columns and bool(tidy["level"].notna().all())

    def to_excel(self, path: Path | str, *, title: str = "", note: str = "") -> Path:
        """Write the numbers, unrounded, as an Excel workbook.

        Parameters
        ----------
        path : path
            The file, ending in ``.xlsx``.
        title, note : str
            What stands above and below.

        Returns
        -------
        pathlib.Path
            The file.
        """
        tidy = self.tidy()
        formats = "".join("t" if _is_text(tidy[name]) else _excel_format(tidy[name]) for name in tidy.columns)
        return write_workbook(
            path, [Sheet("table", (Block(title, _excel_cells(tidy), formats, note),))], training=False
        )


def _excel_format(series: "pd.Series[Any]") -> str:
    return "c" if pd.api.types.is_integer_dtype(series.dtype) else "f"


def _excel_cells(tidy: "pd.DataFrame") -> "pd.DataFrame":
    """Text for words and for numbers that do not exist; a workbook has no NaN."""
    cells: dict[str, Sequence[Any]] = {}
    for name in tidy.columns:
        series = tidy[name]
        if _is_text(series):
            cells[str(name)] = ["" if pd.isna(value) else str(value) for value in series]
        else:
            cells[str(name)] = [value if np.isfinite(value) else "" for value in series.tolist()]
    return pd.DataFrame(cells, dtype=object)
