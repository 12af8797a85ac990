"""The report as one HTML file: no script, no network, pictures inside, fit for paper."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from analysis.blocks import Block, Words

__all__ = ["Section", "block_html", "report_html"]

STYLE: Final = """
body{font-family:"BIZ UDPGothic","Yu Gothic","Hiragino Sans","Noto Sans CJK JP","IPAexGothic",sans-serif;
 color:#1a1a1a;line-height:1.65;max-width:62rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.15rem;border-bottom:2px solid #1b5e8c;margin-top:2.2rem}
nav ul,.notes{padding-left:1.3rem}.notes li{margin:.25rem 0}
.training{color:#b00020;border:2px solid #b00020;padding:.3rem .8rem;font-weight:bold}
table{border-collapse:collapse;font-size:.86rem;margin:.4rem 0 1.4rem}
caption{text-align:left;font-weight:bold;padding:.4rem 0}
th,td{border-bottom:1px solid #d5dbe0;padding:.18rem .6rem;min-width:2.4em;vertical-align:top}
thead th{background:#e8eef4;border-bottom:2px solid #9fb4c6;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n,td.s{white-space:nowrap}
th.n{max-width:9em;vertical-align:bottom}
tr.first td{border-top:2px solid #9fb4c6}
.wide{overflow-x:auto}figure{margin:1rem 0}img{max-width:100%;height:auto}footer{font-size:.8rem;color:#555}
@page{size:A4;margin:15mm}
@media print{body{max-width:none;padding:0;font-size:9.5pt}h2{break-after:avoid}figure,tr{break-inside:avoid}
 thead{display:table-header-group}.wide{overflow:visible}table{font-size:8pt}nav{display:none}}
"""


SHORT_WORD: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One section of a report.

    Attributes
    ----------
    key : str
        Key of its heading in `Words`; also its anchor.
    blocks : tuple of Block
        Tables.
    lines : tuple of str
        Sentences, shown as a list.
    pictures : tuple of (str, bytes)
        Alternative text and PNG.
    """

    key: str
    blocks: tuple[Block, ...] = ()
    lines: tuple[str, ...] = ()
    pictures: tuple[tuple[str, bytes], ...] = ()


def report_html(title: str, sections: Sequence[Section], words: Words, *, training: bool) -> str:
    """Write a report.

    Parameters
    ----------
    title : str
        Title of the survey.
    sections : sequence of Section
        Sections in order.
    words : Words
        Language.
    training : bool
        Put the training mark on top.

    Returns
    -------
    str
        A whole HTML document.
    """
    heading = f"{escape(title)} — {escape(words('title'))}"
    mark = ""
    if training:
        mark = f'<p class="training">{escape(words("training"))}: {escape(words("training_note"))}</p>'
    items = "".join(f'<li><a href="#{s.key}">{escape(words(s.key))}</a></li>' for s in sections)
    contents = f"<nav><strong>{escape(words('contents'))}</strong><ul>{items}</ul></nav>"
    body = "".join(_section_html(section, words) for section in sections)
    return (
        f'<!DOCTYPE html><html lang="{words.lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{heading}</title><style>{STYLE}</style></head>"
        f"<body>{mark}<h1>{heading}</h1>{contents}{body}</body></html>\n"
    )


def _section_html(section: Section, words: Words) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in section.lines)
    notes = f'<ul class="notes">{lines}</ul>' if lines else ""
    pictures = "".join(_picture_html(text, png) for text, png in section.pictures)
    blocks = "".join(block_html(block) for block in section.blocks)
    heading = f'<section id="{section.key}"><h2>{escape(words(section.key))}</h2>'
    return f"{heading}{notes}{pictures}{blocks}</section>"


def _picture_html(text: str, png: bytes) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<figure><img alt="{escape(text)}" src="data:image/png;base64,{data}"></figure>'


def block_html(block: Block) -> str:
    """Write one table.

    Parameters
    ----------
    block : Block
        The table; a row whose first cell differs from the one above gets a line on top.

    Returns
    -------
    str
        A table element.
    """
    kinds = [_cell_class(block, position) for position in range(len(block.formats))]
    names = zip(block.frame.columns, kinds, strict=True)
    head = "".join(f'<th scope="col"{kind}>{escape(str(name))}</th>' for name, kind in names)
    rows, before = [], None
    for cells in block.frame.itertuples(index=False):
        first = (
            ' class="first"' if before is not None and cells[0] != before and block.formats[1] == "t" else ""
        )
        before = cells[0]
        row = zip(cells, block.formats, kinds, strict=True)
        rows.append(f"<tr{first}>" + "".join(f"<td{k}>{_cell(c, f)}</td>" for c, f, k in row) + "</tr>")
    note = f"<p>{escape(block.note)}</p>" if block.note else ""
    return (
        f'<div class="wide"><table><caption>{escape(block.title)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>{note}</div>"
    )


def _cell_class(block: Block, position: int) -> str:
    """Numbers stand right; short words stay on one line."""
    if block.formats[position] != "t":
        return ' class="n"'
    longest = max((len(str(cell)) for cell in block.frame.iloc[:, position]), default=0)
    return ' class="s"' if longest <= SHORT_WORD else ""


def _cell(value: Any, kind: str) -> str:
    if isinstance(value, str):
        return escape(value)
    return {"c": f"{value:,.0f}", "x": f"{value:.3f}"}.get(kind, f"{value:.1f}")
