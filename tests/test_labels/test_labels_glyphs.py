"""Names with variants and rare characters print as the register has them, or are held back and counted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pypdfium2
import pytest
from numpy.typing import NDArray

from custody.fonts import FontChain
from labels.look import Look
from labels.printing import print_run

Labels = Callable[[int], pd.DataFrame]
KNOWN, OTHER, UNKNOWN = "葛\U000e0100西　太郎", "葛\U000e0101西　太郎", "葛\U000e01ef西　太郎"


def named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table.assign(name=name)


def picture(path: Path) -> NDArray[np.uint8]:
    return pypdfium2.PdfDocument(path)[0].render(scale=2, grayscale=True).to_numpy().squeeze()


def text_of(path: Path) -> str:
    return pypdfium2.PdfDocument(path)[0].get_textpage().get_text_range()


def test_known_variants_print_each_with_its_own_glyph(
    labels: Labels, fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(2)
    pages = {}
    for number, name in enumerate((KNOWN, OTHER, "葛西　太郎")):
        made = print_run(named(table, name), tmp_path / f"{number}.pdf", fonts=fonts)
        assert (made.held_back, made.based, made.labels) == ((), (), 2)
        pages[name] = picture(made.path)
    assert not np.array_equal(pages[KNOWN], pages[OTHER])
    same = [np.array_equal(pages[name], pages["葛西　太郎"]) for name in (KNOWN, OTHER)]
    assert sorted(same) == [False, True]  # one of the two is the usual form


def test_unknown_variant_is_held_back_or_printed_by_its_base_and_listed(
    labels: Labels, fonts: FontChain, tmp_path: Path
) -> None:
    table = labels(3)
    table.loc[1, "name"] = UNKNOWN
    held = print_run(table, tmp_path / "a.pdf", fonts=fonts)
    assert [(one.row, one.code) for one in held.held_back] == [(2, "glyph")]
    assert held.based == ()
    based = print_run(table, tmp_path / "b.pdf", fonts=fonts, look=Look(variants="base"))
    assert (based.held_back, based.based, based.labels) == ((), (2,), 3)
    assert "葛西　太郎" in text_of(based.path)
    assert based.tidy().loc[0, "based"] == 1


def test_base_is_not_asked_for_where_the_variant_is_known(
    labels: Labels, fonts: FontChain, tmp_path: Path
) -> None:
    table = named(labels(2), KNOWN)
    exact = print_run(table, tmp_path / "a.pdf", fonts=fonts)
    base = print_run(table, tmp_path / "b.pdf", fonts=fonts, look=Look(variants="base"))
    assert (exact.pdf_sha256, base.based) == (base.pdf_sha256, ())


@pytest.mark.parametrize("name", ["髙橋　﨑子", "神\ufa19　福\ufa1b", "瀨戸　栁子"])
def test_compatibility_characters_are_not_folded_into_others(
    name: str, labels: Labels, fonts: FontChain, tmp_path: Path
) -> None:
    made = print_run(named(labels(1), name), tmp_path / "a.pdf", fonts=fonts)
    assert made.labels == 1
    assert f"{name} 様" in text_of(made.path)


def test_characters_above_four_digits_print_and_copy_as_themselves(labels: Labels, tmp_path: Path) -> None:
    fonts = FontChain.find()
    if fonts.missing("𠮷"):
        pytest.skip("needs IPAmj Mincho (Debian package fonts-ipamj-mincho)")
    name = "𠮷田　邉\U000e0112子"
    made = print_run(named(labels(1), name), tmp_path / "a.pdf", fonts=fonts)
    assert made.labels == 1
    assert f"{name} 様" in text_of(made.path)


def test_order_of_names_does_not_change_what_is_drawn(
    labels: Labels, fonts: FontChain, tmp_path: Path
) -> None:
    """Codes of variants go by code point, not by use: other labels printed before change no byte."""
    table = named(labels(2), KNOWN)
    first = print_run(table, tmp_path / "a.pdf", fonts=fonts)
    print_run(named(labels(2), "辻\U000e0100　祇\U000e0100子"), tmp_path / "b.pdf", fonts=fonts)
    assert print_run(table, tmp_path / "c.pdf", fonts=fonts).pdf_sha256 == first.pdf_sha256
