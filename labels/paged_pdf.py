"""A PDF whose pages leave the memory as soon as they are finished.

reportlab keeps the operators of every page until the file is saved. Here each page is written and forgotten;
fonts, the list of pages and the table of objects come at the end. All that is private to a document of
reportlab is used in this file.
"""

from typing import Any, Final, Protocol

from custody.fonts import FontChain
from custody.pdf import new_canvas

__all__ = ["PagedPdf", "Target"]

ENTRY: Final = "{offset:010d} {generation:05d} n \n"
FREE: Final = "0000000000 65535 f \n"


class Target(Protocol):
    """Whatever takes the bytes of a file in their order."""

    def write(self, data: bytes, /) -> int:
        """Take the next bytes and return how many."""
        ...


class PagedPdf:
    r"""A canvas whose pages are written one by one.

    Parameters
    ----------
    target : Target
        A buffer, or a `custody.whole_file.WholeFile`.
    title : str
        Title in the metadata; never a person's name.
    pagesize : (float, float)
        Width and height, points.
    chain : FontChain
        Fonts of the document.
    subject : str
        Subject in the metadata.

    Attributes
    ----------
    canvas : reportlab.pdfgen.canvas.Canvas
        To draw on; call `show_page` in place of its own method.

    Examples
    --------
    >>> from io import BytesIO
    >>> from custody.fonts import FontChain
    >>> target = BytesIO()
    >>> pdf = PagedPdf(target, "two pages", (200, 100), FontChain.find())
    >>> for _number in range(2):
    ...     pdf.canvas.drawString(10, 10, "練馬区")
    ...     pdf.show_page()
    >>> written = target.write(pdf.finish())
    >>> target.getvalue()[:5], target.getvalue().count(b"/Type /Page\n")
    (b'%PDF-', 2)
    """

    def __init__(
        self,
        target: Target,
        title: str,
        pagesize: tuple[float, float],
        chain: FontChain,
        *,
        subject: str = "",
    ) -> None:
        from io import BytesIO

        from reportlab.pdfbase.pdfdoc import PDFFile

        self.canvas = new_canvas(BytesIO(), title, training=False, pagesize=pagesize, chain=chain)
        self.canvas.setSubject(subject)
        self._document = self.canvas._doc
        self._target = target
        self._offsets: dict[str, int] = {}
        self._written = target.write(PDFFile(self._document._pdfVersion).format(None))

    def show_page(self) -> None:
        """Finish the page that is open on the canvas, write it and begin another."""
        from reportlab.pdfbase.pdfdoc import PDFZCompress

        self.canvas.showPage()
        document, pages = self._document, self._document.Pages.pages
        page = pages[-1]
        page.check_format(document)
        page.Contents.filters = [PDFZCompress]
        pages[-1] = document.Reference(page)
        for one in (page, page.Contents):
            document.Reference(one)
            name = one.__InternalName__
            data = self._object(name)
            self._offsets[name] = self._written
            self._written += self._target.write(data)
            document.idToObject[name] = None

    def finish(self) -> bytes:
        """Make what is still missing: fonts, the list of pages, the table of objects.

        Returns
        -------
        bytes
            The end of the file, to be written after the pages.
        """
        self._document.format = self._end
        tail: bytes = self._document.GetPDFData(self.canvas)
        return tail

    def _object(self, name: str) -> bytes:
        from reportlab.pdfbase.pdfdoc import PDFIndirectObject

        document = self._document
        data: bytes = PDFIndirectObject(name, document.idToObject[name]).format(document)
        return data

    def _end(self) -> bytes:
        document, parts, at = self._document, [], self._written
        document.encrypt.prepare(document)
        catalog, info = document.Reference(document.Catalog), document.Reference(document.info)
        number = 1
        while number in document.numberToId:  # formatting one object may bring others into being
            name = document.numberToId[number]
            if name not in self._offsets:
                parts.append(self._object(name))
                self._offsets[name] = at
                at += len(parts[-1])
            number += 1
        return b"".join([*parts, self._table(number, at, catalog, info)])

    def _table(self, count: int, at: int, catalog: Any, info: Any) -> bytes:
        """Write where each object lies (xref), and the trailer."""
        from reportlab.pdfbase.pdfdoc import PDFTrailer

        document = self._document
        offsets = [self._offsets[document.numberToId[number]] for number in range(1, count)]
        entries = "".join(ENTRY.format(offset=offset, generation=0) for offset in offsets)
        trailer = PDFTrailer(startxref=at, Size=count, Root=catalog, Info=info, ID=document.ID())
        end: bytes = trailer.format(document)
        return f"xref\n0 {count}\n{FREE}{entries}".encode("ascii") + end
