"""Sheets of labels and the test sheet look as when a person looked at them, up to what a renderer may change.

``python tests/test_labels/test_labels_layout_golden.py`` draws them anew; look at each before it is kept.
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from numpy.typing import NDArray
from PIL import Image

from custody.fonts import FontChain
from labels.look import Look
from labels.own_stocks import window_stock
from labels.printers import Printer
from labels.printing import print_run
from labels.stocks import stock
from labels.test_sheet import make_test_sheet

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "labels"
DPI = 60
MEAN_DIFFERENCE = 3.0
"""Grey levels of 255, over the whole page: smoothing of edges differs between versions of the renderer."""
MOVED = 0.0015
"""Share of blocks of 4 x 4 pixels that may differ by a quarter of the scale; another name changes more."""
WINDOW = window_stock("N3", envelope=(235, 120), window=(20, 15, 100, 60), folded=(210, 99))
RUNS: dict[str, dict[str, Any]] = {
    "plain": {"stock": "KPC-E1121", "first_label": 3},
    "barcode": {"stock": "KPC-E1121", "look": Look(barcode=True, furigana=True, bags=3, borders=True)},
    "small": {"stock": "L7160", "look": Look(furigana=True, bags=3, honorific="御中", barcode=True)},
    "edge": {"stock": "A-one 31538", "look": Look(barcode=True, bags=2)},
    "letter": {"stock": "Avery 5163", "look": Look(barcode=True, printer=Printer("2F", 2, 3, 0.99, 0.99))},
    "window": {"stock": WINDOW, "look": Look(barcode=True)},
    "vertical": {"stock": "KPC-E1121", "look": Look(writing="vertical", barcode=True, furigana=True, bags=3)},
    "vertical_narrow": {"stock": "ELM012", "look": Look(writing="vertical", borders=True)},
    "vertical_side": {"stock": "L7164", "look": Look(writing="vertical", barcode=True, furigana=True)},
}
NAMES = (*RUNS, "test")


def conftest() -> Any:
    """The invented labels beside this file."""
    spec = importlib.util.spec_from_file_location("conftest_labels", Path(__file__).with_name("conftest.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name: str, folder: Path) -> NDArray[np.uint8]:
    """Draw the first page of one of the sheets."""
    path, fonts = folder / f"{name}.pdf", FontChain.find(["IPAexGothic"])
    if name == "test":
        make_test_sheet(path, stock("KPC-E1121"), Printer("2F", 0.5, -0.5), fonts=fonts)
    else:
        table = conftest().make_labels(21)
        table = table.assign(furigana="ねりま　たろう", postal_code=["176-0001"] * 8 + ["179-0081"] * 13)
        table["address"] = table["address"].str.replace("上石神井南町", "練馬")
        table.loc[1, "name"] = "葛\U000e0101西　髙子"
        if name.startswith("vertical"):
            table.loc[2, "address"] = "東京都練馬区練馬3-10-205　Maison・ド・ヴュー（Ｂ棟）１０Ｆ、東側"
            table.loc[3, "address"] = "東京都練馬区練馬１２丁目１０３番－８号　コーポ「ちょっとー」A-101"
            table.loc[4, "name"] = "﨑田　ジョージ"
        print_run(table, path, fonts=fonts, training=True, title="高齢者・食の実態調査", **RUNS[name])
    return pypdfium2.PdfDocument(path)[0].render(scale=DPI / 72, grayscale=True).to_numpy().squeeze()


def blocks(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean grey of blocks of 4 x 4 pixels."""
    height, width = (length // 4 * 4 for length in pixels.shape)
    cut = pixels[:height, :width].astype(float)
    return cut.reshape(height // 4, 4, width // 4, 4).mean(axis=(1, 3))


def alike(one: NDArray[np.uint8], golden: NDArray[np.uint8]) -> bool:
    if one.shape != golden.shape:
        return False
    difference = np.abs(one.astype(float) - golden.astype(float)).mean()
    moved = (np.abs(blocks(one) - blocks(golden)) > 64).mean()
    return bool(difference < MEAN_DIFFERENCE and moved < MOVED)


def golden(name: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(GOLDEN / f"sheet_{name}.png").convert("L"))


@pytest.mark.parametrize("name", NAMES)
def test_sheet_is_the_golden_one(name: str, tmp_path: Path) -> None:
    assert alike(page(name, tmp_path), golden(name))


@pytest.mark.parametrize("name", NAMES)
def test_another_sheet_or_a_moved_line_is_not_the_golden_one(name: str) -> None:
    kept = golden(name)
    assert alike(kept, kept)
    assert not alike(np.roll(kept, 2, axis=0), kept)
    assert not any(alike(golden(other), kept) for other in NAMES if other != name)


if __name__ == "__main__":
    import tempfile

    GOLDEN.mkdir(exist_ok=True)
    for wanted in NAMES:
        with tempfile.TemporaryDirectory() as temporary:
            drawn = page(wanted, Path(temporary))
        Image.fromarray(drawn // 17 * 17).save(GOLDEN / f"sheet_{wanted}.png", optimize=True)
