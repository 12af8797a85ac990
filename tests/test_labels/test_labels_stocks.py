"""Every label sheet of the table fits on its paper without overlap, and is found by the names people use."""

import csv
import itertools
from importlib.resources import files

import pytest

from custody.errors import LabelError
from labels.stocks import DEFAULT_STOCK, PAPERS, TOLERANCE, Stock, catalogue, find_stocks, stock

GRID = {"paper": "A4", "columns": 2, "rows": 6, "width": 86.4, "height": 42.3}
PLACE = {"left": 18.6, "top": 21.2, "pitch_x": 86.4, "pitch_y": 42.3}


@pytest.mark.parametrize("sheet", catalogue(), ids=lambda sheet: sheet.name)
def test_labels_lie_on_the_paper_and_apart(sheet: Stock) -> None:
    paper_width, paper_height = PAPERS[sheet.paper]
    corners = [sheet.position(index) for index in range(sheet.per_sheet)]
    for x, y in corners:
        assert 0 <= x <= paper_width - sheet.width + TOLERANCE
        assert 0 <= y <= paper_height - sheet.height + TOLERANCE
    for (x1, y1), (x2, y2) in itertools.pairwise(corners):
        assert abs(x1 - x2) >= sheet.width - TOLERANCE or abs(y1 - y2) >= sheet.height - TOLERANCE


def test_names_are_unique_and_rows_left_out_have_a_reason() -> None:
    names = [sheet.name for sheet in catalogue()]
    assert len(names) == len(set(names)) == 430
    assert names == sorted(names, key=str.lower)
    table = files("labels").joinpath("data", "label_stocks_left_out.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    assert len(rows) == 20
    assert all(row["reason"] for row in rows)


@pytest.mark.parametrize(
    ("name", "number", "per_sheet"),
    [
        (DEFAULT_STOCK, "KPC-E1121-20N", 12),
        ("kokuyo kpc e1121 20n", "KPC-E1121-20N", 12),
        ("ＫＰＣ－Ｅ１１２１", "KPC-E1121-20N", 12),
        ("L7160", "L7160", 21),
        ("l716o", "L7160", 21),
        ("Hisago ELM007", "ELM007", 12),
        ("avery 5160", "5160", 30),
    ],
)
def test_stock_is_found_by_the_names_people_write(name: str, number: str, per_sheet: int) -> None:
    sheet = stock(name)
    assert (sheet.number, sheet.per_sheet) == (number, per_sheet)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("KPC-E1112-20N", "LAB-STOCK-NAME", "KPC-E1121-20N"),
        ("L7160X", "LAB-STOCK-NAME", "L7160"),
        ("Hisago", "LAB-STOCK-MANY", "whole number"),
        ("", "LAB-STOCK-NAME", "Kokuyo"),
        ("練馬", "LAB-STOCK-NAME", "Kokuyo"),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(name: str, code: str, said: str) -> None:
    with pytest.raises(LabelError) as refusal:
        stock(name)
    assert refusal.value.code == code
    assert said in str(refusal.value)


def test_search_looks_at_every_word() -> None:
    found = find_stocks("A4 12-up 86.4×42.3")
    assert {"Kokuyo KPC-E1121-20N", "A-one 31531", "Avery J88919", "Hisago ELM008"} <= {s.name for s in found}
    assert all(sheet.per_sheet == 12 for sheet in found)
    assert find_stocks("no such sheet") == ()
    assert find_stocks() == catalogue()


@pytest.mark.parametrize(
    "change",
    [
        {"columns": 3},
        {"rows": 7},
        {"pitch_x": 80.0},
        {"pitch_y": 40.0},
        {"left": -1.0},
        {"columns": 0},
        {"width": 0.0},
        {"width": float("nan")},
    ],
    ids=str,
)
def test_sheet_that_cannot_be_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(LabelError, match="LAB-STOCK-FIT"):
        Stock("own", "1", **{**GRID, **PLACE, **change})


@pytest.mark.parametrize("sheet", [Stock("own", "自社", **GRID, **PLACE), *catalogue()[::20]], ids=repr)
def test_code_for_the_ledger_names_the_grid(sheet: Stock) -> None:
    assert sheet.code.isascii()
    assert " " not in sheet.code
    assert Stock.from_code(sheet.code).same_grid(sheet)


def test_place_outside_the_sheet_is_refused() -> None:
    sheet = Stock("own", "1", **GRID, **PLACE)
    assert sheet.position(11) == pytest.approx((105.0, 232.7))
    assert sheet.same_grid(stock(DEFAULT_STOCK))
    for index in (-1, 12):
        with pytest.raises(LabelError, match="LAB-STOCK-PLACE"):
            sheet.position(index)
