"""A printer's offset and scale are read from a test sheet, kept by name, and put every sheet right."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from numpy.typing import NDArray

from custody.cli import run
from custody.errors import ConfigError
from custody.fonts import FontChain
from labels.look import Look
from labels.printers import Printer, Readings, correct, find_printer, read_printers, save_printer
from labels.printing import print_run
from labels.stocks import Stock, catalogue, stock
from labels.test_sheet import RULER, make_test_sheet, mark_places, panel_place, target_places

PIXEL = 200 / 25.4
Labels = Callable[[int], pd.DataFrame]


def ink(path: Path) -> NDArray[np.bool_]:
    page = pypdfium2.PdfDocument(path)[0]
    return page.render(scale=200 / 72, grayscale=True).to_numpy().squeeze() < 128


def meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(one[k] < other[k] + other[k + 2] and other[k] < one[k] + one[k + 2] for k in (0, 1))


@pytest.mark.parametrize(
    ("moved", "stretched"),
    [((0.5, -1.0), (1.0, 1.0)), ((-1.2, 0.4), (1.004, 0.997)), ((0.0, 0.0), (1.0, 1.0))],
)
@pytest.mark.parametrize("name", ["KPC-E1121", "Avery 5160", "A-one 31538"])
def test_readings_of_a_printer_that_is_off_put_it_right(
    name: str, moved: tuple[float, float], stretched: tuple[float, float]
) -> None:
    """The paper: a printer that moves and stretches; its user reads the mark on each cut edge."""
    sheet = stock(name)
    edges = (*sheet.position(0), *sheet.position(sheet.per_sheet - 1))
    edges = (*edges[:2], edges[2] + sheet.width, edges[3] + sheet.height)

    def printed(one: Printer, place: float, axis: int) -> float:
        scale, offset = ((one.scale_x, one.offset_x), (one.scale_y, one.offset_y))[axis]
        return stretched[axis] * (scale * place + offset) + moved[axis]

    def read(one: Printer) -> Readings:
        scales = (one.scale_x, one.scale_y)
        marks = [
            (edge - printed(one, edge, k % 2)) / (stretched[k % 2] * scales[k % 2])
            for k, edge in enumerate(edges)
        ]
        return Readings(*marks)

    one = correct(Printer("2F"), sheet, read(Printer("2F")))
    assert [printed(one, edge, k % 2) for k, edge in enumerate(edges)] == pytest.approx(edges, abs=0.01)
    again = correct(one, sheet, read(one))
    assert (again.offset_x, again.scale_y) == pytest.approx((one.offset_x, one.scale_y), abs=0.01)


def test_correction_moves_and_scales_the_ink_from_the_upper_left(
    labels: Labels, bare_fonts: FontChain, tmp_path: Path
) -> None:
    sheet = Stock("own", "1", "A4", 1, 1, 100, 285, 40, 6, 0, 0)  # margins too small for the line
    table = labels(1)

    def edges(printer: Printer) -> list[float]:
        look = Look(borders=True, printer=printer)
        made = print_run(table, tmp_path / "a.pdf", stock=sheet, fonts=bare_fonts, look=look)
        rows, columns = np.nonzero(ink(made.path))
        return [round(float(x) / PIXEL, 1) for x in (columns.min(), rows.min(), columns.max(), rows.max())]

    plain, moved = edges(Printer()), edges(Printer("2F", 2, 3, 1.01, 0.99))
    assert plain == pytest.approx([40, 6, 140, 291], abs=0.2)
    assert moved == pytest.approx([42.4, 8.9, 143.4, 291.1], abs=0.2)


def test_printers_are_kept_by_name(tmp_path: Path) -> None:
    path = tmp_path / "printers.toml"
    assert read_printers(path) == {}
    first, second = Printer('2階 "A"', 0.5, -1, 1.002, 1), Printer("2F", scale_y=0.99)
    save_printer(first, path)
    save_printer(Printer("2F"), path)
    save_printer(second, path)
    assert read_printers(path) == {first.name: first, "2F": second}
    assert find_printer("2F", path) == second
    assert find_printer("", path) == Printer()
    with pytest.raises(ConfigError, match="LAB-PRINTER") as refusal:
        find_printer("3F", path)
    assert "2F" in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "printer = 1",
        "[[printer]]",
        '[[printer]]\nname = "a"\noffset = 1',
        '[[printer]]\nname = "a"\noffset_x = nan',
        '[[printer]]\nname = "a"\noffset_x = "1 mm"',
        "練馬",
    ],
)
def test_file_of_printers_of_another_form_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "printers.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="LAB-PRINTERS"):
        read_printers(path)


@pytest.mark.parametrize("change", [{"offset_x": 16}, {"scale_y": 0.94}, {"offset_y": float("nan")}], ids=str)
def test_correction_too_large_to_be_true_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="LAB-PRINTER-RANGE"):
        Printer("2F", **change)


def test_parts_of_the_test_sheet_lie_apart_on_every_sheet_of_the_table() -> None:
    for sheet in catalogue():
        marks, panel, targets = (
            [place for place, _ in mark_places(sheet)],
            panel_place(sheet),
            target_places(sheet),
        )
        assert not any(meet(panel, mark) for mark in marks), sheet
        assert not any(meet(target, other) for target in targets for other in (panel, *marks)), sheet
        assert panel[0] >= 0
        assert panel[1] >= 0
        assert panel[1] + panel[3] <= sheet.paper_size[1]
        assert targets or sheet.per_sheet == 1 or sheet.height < 20, sheet


@pytest.mark.parametrize("name", ["KPC-E1121", "L7160", "Avery 5160"])
def test_marks_and_rulers_are_where_they_say(name: str, bare_fonts: FontChain, tmp_path: Path) -> None:
    sheet = stock(name)
    page = ink(make_test_sheet(tmp_path / "a.pdf", sheet, fonts=bare_fonts))
    (left, top, _wide, _high), _ = mark_places(sheet)[0]
    if left > 0:
        start = round((left - 0.3) * PIXEL)
        row = page[round((top + 3) * PIXEL), start : round((left + 10.3) * PIXEL)]
        marks = (np.flatnonzero(np.diff(row.astype(int)) == 1) + 1 + start) / PIXEL
        assert len(marks) == 21
        assert np.diff(marks) == pytest.approx(np.full(20, 0.5), abs=0.15)
        assert marks[10] == pytest.approx(sheet.left, abs=0.25)
    panel = panel_place(sheet)
    ruler = page[
        round((panel[1] + 6) * PIXEL), round((panel[0] + 5) * PIXEL) : round((panel[0] + 162) * PIXEL)
    ]
    ticks = np.flatnonzero(np.diff(ruler.astype(int)) == 1)
    assert len(ticks) == RULER[0] + 1
    assert (ticks[-1] - ticks[0]) / PIXEL == pytest.approx(RULER[0], abs=0.15)


def test_words_of_the_test_sheet_say_how_to_read_it(bare_fonts: FontChain, tmp_path: Path) -> None:
    path = make_test_sheet(tmp_path / "a.pdf", stock("L7160"), Printer("2階", 0.5), fonts=bare_fonts)
    text = pypdfium2.PdfDocument(path)[0].get_textpage().get_text_range()
    for part in ("Avery L7160", "2階", "横 +0.5 mm", "実際のサイズ", "--read", "①", "④", "printers.toml"):
        assert part in text


def test_command_makes_a_printer_from_the_readings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["--lang", "en", "labels", "test-sheet", "--stock", "L7160", "--folder", str(tmp_path)]
    assert run(base) == 0
    assert (tmp_path / "test-sheet.pdf").exists()
    assert not (tmp_path / "printers.toml").exists()
    assert run([*base, "--printer", "2F", "--read", "-0.5,1,-0.5,1"]) == 0
    assert find_printer("2F", tmp_path / "printers.toml") == Printer("2F", -0.5, 1.0)
    for wrong in ("1,2,3", "a,b,c,d", "9,0,0,0", "nan,0,0,0"):
        assert run([*base, "--printer", "2F", "--read", wrong]) == 1
        assert "LAB-READ" in capsys.readouterr().err
    assert run([*base, "--read", "0,0,0,0"]) == 1
