"""Pages of letters look as they did when a person looked at them, up to what a renderer may change."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from custody.fonts import FontChain

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "labels"
MEAN_DIFFERENCE = 3.0
"""Grey levels of 255, over the whole page: smoothing of edges differs between versions of the renderer."""
MOVED = 0.0015
"""Share of blocks of 4 x 4 pixels that may differ by a quarter of the scale; another name changes more."""
PAGES = ("cover", "cover_named", "advance", "notice", "card", "naga3", "kaku2")


def blocks(page: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean grey of blocks of 4 x 4 pixels."""
    height, width = (length // 4 * 4 for length in page.shape)
    cut = page[:height, :width].astype(float)
    return cut.reshape(height // 4, 4, width // 4, 4).mean(axis=(1, 3))


def alike(page: NDArray[np.uint8], golden: NDArray[np.uint8]) -> bool:
    if page.shape != golden.shape:
        return False
    difference = np.abs(page.astype(float) - golden.astype(float)).mean()
    moved = (np.abs(blocks(page) - blocks(golden)) > 64).mean()
    return bool(difference < MEAN_DIFFERENCE and moved < MOVED)


@pytest.mark.parametrize("name", PAGES)
def test_page_is_the_golden_one(name: str, letters: ModuleType, bare_fonts: FontChain) -> None:
    page = letters.pixels(letters.golden_pdf(name, bare_fonts), letters.GOLDEN_DPI)
    assert alike(page, np.asarray(Image.open(GOLDEN / f"letter_{name}.png").convert("L")))


def test_another_letter_or_a_moved_line_is_not_the_golden_one() -> None:
    pages = {name: np.asarray(Image.open(GOLDEN / f"letter_{name}.png").convert("L")) for name in PAGES}
    assert not alike(pages["cover"], pages["cover_named"])
    assert not alike(pages["cover"], pages["notice"])
    for page in pages.values():
        assert alike(page, page)
        assert not alike(np.roll(page, 3, axis=0), page)
