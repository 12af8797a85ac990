"""A large print run or run of letters takes no more memory than a small one, up to the rows themselves."""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import pandas as pd
import pypdfium2
import pytest

from custody.errors import InputError
from custody.fonts import FontChain
from custody.whole_file import WholeFile
from labels.fit import Fitted
from labels.letters_draw import ReadyLetter, write_letters
from labels.letters_layout import lay_out
from labels.letters_texts import letter_text
from labels.paged_pdf import PagedPdf
from labels.printing import print_run

HERE = Path(__file__).parent
SMALL, LARGE = 500, 2_000
SLOPE = 1.6
"""Most megabytes for a thousand labels more: rows, numbers and the ledger's. Kept pages take 4 to 6."""
PRINT = """
import json, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[2]]
from conftest import make_labels
from metering import peak_mb, reset_peak
from custody.fonts import FontChain
from labels.look import Look
from labels.printing import print_run
fonts = FontChain.find(["IPAexGothic"])
table, path, look = make_labels(int(sys.argv[3])), Path(sys.argv[4]), Look(barcode=True)
print_run(table.head(50), path, fonts=fonts, look=look)
reset_peak()
before = peak_mb()
made = print_run(table, path, fonts=fonts, look=look)
print(json.dumps({"labels": made.labels, "peak": peak_mb() - before}))
"""


def measured(count: int, folder: Path) -> dict[str, float]:
    """Print so many labels in a process of their own."""
    benchmarks = HERE.parents[1] / "benchmarks"
    arguments = [str(HERE), str(benchmarks), str(count), str(folder / f"{count}.pdf")]
    command = [sys.executable, "-c", PRINT, *arguments]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
def test_memory_of_a_run_does_not_grow_with_its_pages(tmp_path: Path) -> None:
    """Between 500 and 2,000 labels the peak grows by less than a third of what kept pages would take."""
    small, large = (measured(count, tmp_path) for count in (SMALL, LARGE))
    more = (large["labels"] - small["labels"]) / 1_000
    assert more > 1.2
    assert (large["peak"] - small["peak"]) / more < SLOPE


def test_page_is_in_the_file_before_the_next_is_drawn(bare_fonts: FontChain) -> None:
    """What a page shows has left the document when the page is shown, and the target has grown by it."""
    target = io.BytesIO()
    pdf = PagedPdf(target, "pages", (200, 100), bare_fonts)
    before = len(target.getvalue())
    for number in range(5):
        pdf.canvas._code.append("% " + str(number) * 50_000)
        pdf.show_page()
        assert len(target.getvalue()) > before
        before = len(target.getvalue())
    kept = [one for one in pdf.canvas._doc.idToObject.values() if getattr(one, "stream", None)]
    assert kept == []
    target.write(pdf.finish())
    document = pypdfium2.PdfDocument(target.getvalue())
    assert len(document) == 5
    document.close()


def test_letters_leave_the_memory_page_by_page(letters: ModuleType, bare_fonts: FontChain) -> None:
    """Every page of a run of letters is in the target before the end of the file is made."""
    page = lay_out(letter_text("cover", letters.letter_facts()), bare_fonts)
    name = Fitted(("練馬　太郎　様",), 14.0, False)
    people = [ReadyLetter(row, name, "0123-4567-89AB-C59") for row in range(1, 8)]
    target = io.BytesIO()
    tail = write_letters(page, people, bare_fonts, target, title="題", training=True, run=1)
    assert target.getvalue().count(b"/Type /Page\n") == 7
    assert tail.count(b"/Type /Page\n") == 0
    target.write(tail)
    document = pypdfium2.PdfDocument(target.getvalue())
    assert all("練馬" in one.get_textpage().get_text_bounded() for one in document)
    document.close()


def test_table_of_objects_points_at_every_object(
    labels: Callable[[int], pd.DataFrame], tmp_path: Path
) -> None:
    """Each entry of the cross-reference table is the place where the object of that number begins."""
    data = print_run(labels(40), tmp_path / "a.pdf").path.read_bytes()
    start = int(re.findall(rb"startxref\n(\d+)", data)[-1])
    table = data[start : data.index(b"trailer", start)].splitlines()
    assert table[:2] == [b"xref", b"0 %d" % (len(table) - 2)]
    for number, line in enumerate(table[3:], start=1):
        assert len(line) == 19
        place = int(line.split()[0])
        assert data[place:].startswith(b"%d 0 obj\n" % number)


def test_file_is_not_whole_on_the_disk_before_it_is_kept(
    labels: Callable[[int], pd.DataFrame],
    bare_fonts: FontChain,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When a run is composed and could still be refused, its part file has no fonts and no end."""
    seen: list[bytes] = []
    keep = WholeFile.keep

    def look(file: WholeFile) -> Path:
        assert not (tmp_path / "a.pdf").exists()
        assert file._stream is not None
        file._stream.flush()
        seen.extend(part.read_bytes() for part in tmp_path.iterdir())
        return keep(file)

    monkeypatch.setattr(WholeFile, "keep", look)
    data = print_run(labels(40), tmp_path / "a.pdf", fonts=bare_fonts).path.read_bytes()
    (part,) = seen
    assert data.startswith(part)
    assert part.count(b"/Type /Page\n") == data.count(b"/Type /Page\n") == 4
    assert b"FontFile2" in data
    assert b"%%EOF" not in part
    assert b"FontFile2" not in part


def test_file_that_is_not_kept_leaves_nothing(tmp_path: Path) -> None:
    """An error after some pieces removes the part, and the old file stays as it was."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with suppress(ZeroDivisionError), WholeFile(path) as file:
        file.write(b"new")
        raise ZeroDivisionError
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("a.bin", b"old")]
    with WholeFile(path) as file:
        file.write(b"new ")
        file.hold(b"end")
        digest = file.sha256
        file.keep()
    assert path.read_bytes() == b"new end"
    assert digest == hashlib.sha256(b"new end").hexdigest()


def test_disk_that_refuses_a_piece_is_named_without_its_path(tmp_path: Path) -> None:
    """A folder that is a file gives the usual refusal of a disk."""
    (tmp_path / "file").write_bytes(b"")
    with (
        WholeFile(tmp_path / "file" / "a.pdf") as file,
        pytest.raises(InputError, match="FILE-WRITE") as found,
    ):
        file.write(b"x")
    assert str(tmp_path) not in str(found.value)


@pytest.mark.parametrize(("asked", "shown"), [(None, False), (False, False), (True, True)])
def test_bar_is_shown_at_a_terminal_or_where_it_is_asked_for(
    asked: bool | None,
    shown: bool,
    labels: Callable[[int], pd.DataFrame],
    bare_fonts: FontChain,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Standard error of a test is no terminal: silent by default, a bar where it is asked for."""
    monkeypatch.setattr("custody.console.DELAY_SECONDS", 0.0)
    print_run(labels(30), tmp_path / "a.pdf", fonts=bare_fonts, progress=asked)
    told = capsys.readouterr()
    assert told.out == ""
    assert ("/3" in told.err) is shown
    assert not any(name in told.err for name in ("練馬", os.fspath(tmp_path)))
