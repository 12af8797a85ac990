"""Read every QR code of a demo's label PDF back from its rendered pages: ``read_back.py demo``."""

import csv
import sys
from pathlib import Path

import pypdfium2
import zxingcpp

from custody.console import say

RESOLUTIONS = (150, 200, 300)


def tokens_read(pdf: Path, dpi: int) -> list[str]:
    """Return the tokens of all QR codes, page by page (a Micro QR is a chance pattern: none is printed)."""
    codes = []
    for page in pypdfium2.PdfDocument(pdf):
        image = page.render(scale=dpi / 72).to_pil()
        found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
        codes += [code.text.split(".")[0] for code in found if "Micro" not in str(code.format)]
    return codes


def main(folder: Path) -> int:
    """Compare what is read with the tokens of the sample."""
    with (folder / "returns" / "link.csv").open(encoding="utf-8-sig", newline="") as stream:
        wanted = sorted(row["token"] for row in csv.DictReader(stream))
    pdf = folder / "contractor" / "out" / "labels-run01.pdf"
    pages, complete = len(pypdfium2.PdfDocument(pdf)), True
    for dpi in RESOLUTIONS:
        read = sorted(tokens_read(pdf, dpi))
        complete &= read == wanted
        say(f"{dpi} dpi: {pages} pages, {len(set(read) & set(wanted)):,} of {len(wanted):,} codes read")
    return 0 if complete else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo")))
