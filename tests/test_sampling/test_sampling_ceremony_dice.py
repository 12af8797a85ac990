"""Dice typed in any width and grouping give one text; too few throws, slips and patterns are refused."""

import numpy as np
import pytest

from custody.errors import SamplingError
from sampling.ceremony_dice import SIX_SIDED, TEN_SIDED, dice_bits, read_dice, read_entropies

TEN = "3141592653589793238462643383279502884197"
SIX = "14261535246146325513426154623315264134251663524161"


@pytest.mark.parametrize(
    "typed",
    [
        " ".join(TEN[place : place + 5] for place in range(0, 40, 5)),
        "-".join(TEN),
        TEN.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        "　".join(TEN[place : place + 10] for place in range(0, 40, 10)) + "\r\n",
        TEN[:20] + "\t‐–—−－ー" + TEN[20:],
    ],
)
def test_width_and_grouping_do_not_matter(typed: str) -> None:
    assert read_dice(typed) == TEN


def test_fewest_throws_give_128_bits() -> None:
    assert dice_bits(read_dice(TEN)) >= 128
    assert dice_bits(read_dice(SIX)) >= 128
    assert dice_bits(SIX[:-1]) < 128
    assert (TEN_SIDED, SIX_SIDED) == (40, 50)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "SAM-DICE-DIGITS"),
        (TEN[:-1] + "O", "SAM-DICE-DIGITS"),
        (TEN[:-1] + "²", "SAM-DICE-DIGITS"),
        (TEN[:-1] + "٣", "SAM-DICE-DIGITS"),
        (TEN[:-1] + "七", "SAM-DICE-DIGITS"),
        (TEN[:-1], "SAM-DICE-FEW"),
        (SIX[:-1], "SAM-DICE-FEW"),
        ("7" * 40, "SAM-DICE-PATTERN"),
        ("0123456789" * 4, "SAM-DICE-PATTERN"),
        ("9876543210" * 4 + "98", "SAM-DICE-PATTERN"),
        ("13579" * 8, "SAM-DICE-PATTERN"),
        ("123456" * 9, "SAM-DICE-PATTERN"),
        (TEN[:20] * 2, "SAM-DICE-PATTERN"),
    ],
)
def test_slips_are_refused_without_repeating_the_digits(typed: str, code: str) -> None:
    with pytest.raises(SamplingError) as refusal:
        read_dice(typed)
    assert refusal.value.code == code
    assert not typed or typed not in str(refusal.value)


def test_honest_dice_are_never_refused() -> None:
    rng = np.random.default_rng(20091101)
    throws = rng.integers(0, 10, size=(5000, TEN_SIDED))
    texts = ["".join(map(str, row)) for row in throws]
    assert [read_dice(text) for text in texts] == texts
    sixes = ["".join(map(str, row)) for row in rng.integers(1, 7, size=(5000, SIX_SIDED))]
    assert [read_dice(text) for text in sixes] == sixes


@pytest.mark.parametrize("texts", [(), (TEN,), (TEN, TEN), (TEN, "-".join(TEN))])
def test_two_parties_with_their_own_throws_are_needed(texts: tuple[str, ...]) -> None:
    with pytest.raises(SamplingError, match="SAM-DICE-PARTIES"):
        read_entropies(texts)


def test_the_order_of_the_sheet_is_kept() -> None:
    assert read_entropies([SIX, TEN]) == (SIX, TEN)
