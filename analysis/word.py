"""Tables as a Word document, in fonts that a ward's computers have."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from analysis.blocks import TRAINING, Block
from analysis.export import text_width

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["write_word"]

FONT: Final = "Yu Gothic"
SIZE_PT: Final = 9
PAPER_MM: Final = 170.0
"""Width between the margins."""
FIXED_DAY: Final = datetime(2009, 11, 1)
"""Date in the file's properties, so that the same tables give the same text."""


def write_word(
    path: Path | str, blocks: Sequence[Block], *, training: bool = False, created: datetime | None = None
) -> Path:
    """Write tables under each other as a Word document (A4, portrait).

    Parameters
    ----------
    path : path
        The file, ending in ``.docx``.
    blocks : sequence of Block
        Tables, cells as text.
    training : bool
        Put the training mark on top.
    created : datetime.datetime, optional
        Date in the file's properties; None: a fixed day.

    Returns
    -------
    pathlib.Path
        The file.
    """
    import docx

    document = docx.Document()
    _set_up(document, created or FIXED_DAY)
    if training:
        _paragraph(document, TRAINING, bold=True)
    for block in blocks:
        if block.title:
            _paragraph(document, block.title, bold=True, keep=True)
        _table(document, block)
        _paragraph(document, block.note)
    document.save(str(path))
    return Path(path)


def _set_up(document: "Document", created: datetime) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(SIZE_PT)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)
    facts = document.core_properties
    facts.author, facts.title, facts.comments = "", "", ""
    facts.created = facts.modified = created.replace(tzinfo=None)


def _paragraph(document: "Document", text: str, *, bold: bool = False, keep: bool = False) -> None:
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(4)
    paragraph.paragraph_format.keep_with_next = keep
    paragraph.add_run(text).bold = bold


def _table(document: "Document", block: Block) -> None:
    """Write the cells; the heading repeats on each page and no row is cut."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    rows = [list(block.frame.columns), *block.frame.to_numpy().tolist()]
    table = document.add_table(rows=len(rows), cols=len(block.frame.columns), style="Table Grid")
    table.autofit = False
    for column, share in zip(table.columns, _shares(rows), strict=True):
        column.width = Mm(PAPER_MM * share)
        for cell in column.cells:
            cell.width = Mm(PAPER_MM * share)
    for number, (row, cells) in enumerate(zip(table.rows, rows, strict=True)):
        facts = row._tr.get_or_add_trPr()
        facts.append(OxmlElement("w:cantSplit"))
        if number == 0:
            facts.append(OxmlElement("w:tblHeader"))
        for cell, value, form in zip(row.cells, cells, block.formats, strict=True):
            _cell(cell, str(value), bold=number == 0, right=number > 0 and form != "t")
            if number == 0:
                shade = OxmlElement("w:shd")
                shade.set(qn("w:val"), "clear")
                shade.set(qn("w:fill"), "E8EEF4")
                cell._tc.get_or_add_tcPr().append(shade)


def _shares(rows: Sequence[Sequence[object]]) -> list[float]:
    """Share of the paper's width of each column, by its longest cell; very long ones are broken."""
    widths = [min(max(text_width(str(row[j])) for row in rows), 40.0) + 2 for j in range(len(rows[0]))]
    return [width / sum(widths) for width in widths]


def _cell(cell: Any, text: str, *, bold: bool, right: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1.5)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.add_run(text).bold = bold
