"""Digits of dice, as they are written down or typed in, made one text that everybody gets (さいころの目)."""

import math
import re
from collections.abc import Sequence
from typing import Final

from custody.errors import SamplingError
from custody.messages import gettext as _

__all__ = ["PARTIES", "SIX_SIDED", "TEN_SIDED", "dice_bits", "read_dice", "read_entropies"]

PARTIES: Final = 2
"""At least so many throw, none of them staff."""
TEN_SIDED: Final = 40
"""Throws of a ten-sided die (0 to 9) that give 128 bits or more: 132.9."""
SIX_SIDED: Final = 50
"""Throws of a six-sided die (1 to 6) that give 128 bits or more: 129.2."""

_SIGNS: Final = str.maketrans("０１２３４５６７８９", "0123456789") | str.maketrans("", "", "-‐‑‒–—―−－ー")
_DIGITS: Final = re.compile(r"[0-9]+")
_SIXES: Final = re.compile(r"[1-6]+")


def read_dice(text: str) -> str:
    """Read the digits of one party.

    Parameters
    ----------
    text : str
        Digits, half or full width, with blanks and hyphens between them as one likes: 40 or more of a
        ten-sided die, or 50 or more of a six-sided one.

    Returns
    -------
    str
        The digits 0 to 9 alone, in their order.

    Raises
    ------
    SamplingError
        Something else than digits, too few, or a pattern that no dice give.

    Notes
    -----
    Digits that are all 1 to 6 are taken for a six-sided die. A text that repeats its beginning (all equal,
    0123456789 and again) is a slip or an example; 40 honest throws look so once in 10^19.

    Examples
    --------
    >>> read_dice("31415-92653 58979-32384 62643-38327 ９５０２８-84197")
    '3141592653589793238462643383279502884197'
    """
    digits = "".join(text.translate(_SIGNS).split())
    if not _DIGITS.fullmatch(digits):
        raise SamplingError(
            "SAM-DICE-DIGITS",
            _("The dice of a party are digits only; blanks and hyphens may stand between them."),
            hint=_("Type the digits as the sheet has them."),
        )
    if len(digits) < (SIX_SIDED if _SIXES.fullmatch(digits) else TEN_SIDED):
        raise SamplingError(
            "SAM-DICE-FEW",
            _(
                "{count} digits are too few: {ten} throws of a ten-sided die, or {six} of a six-sided one."
            ).format(count=len(digits), ten=TEN_SIDED, six=SIX_SIDED),
            hint=_("Compare with the sheet; throw the missing ones before all."),
        )
    if _repeats(digits):
        raise SamplingError(
            "SAM-DICE-PATTERN",
            _("The digits repeat themselves; dice do not."),
            hint=_("Type the digits as the sheet has them."),
        )
    return digits


def read_entropies(texts: Sequence[str]) -> tuple[str, ...]:
    """Read the digits of all parties, in the order of the sheet.

    Parameters
    ----------
    texts : sequence of str
        One text a party.

    Returns
    -------
    tuple of str
        As `read_dice`, in the same order.

    Raises
    ------
    SamplingError
        Fewer than two parties, the same digits twice, or as `read_dice`.
    """
    found = tuple(read_dice(text) for text in texts)
    if len(found) < PARTIES or len(set(found)) < len(found):
        raise SamplingError(
            "SAM-DICE-PARTIES",
            _("The dice of at least two parties are needed, each with its own throws."),
            hint=_("Give --dice once for each party, in the order of the sheet."),
        )
    return found


def dice_bits(digits: str) -> float:
    """Say how much chance is in the digits.

    Parameters
    ----------
    digits : str
        From `read_dice`.

    Returns
    -------
    float
        Bits: throws times log2 of the sides.

    Examples
    --------
    >>> round(dice_bits("3141592653589793238462643383279502884197"), 1)
    132.9
    """
    return len(digits) * math.log2(6 if _SIXES.fullmatch(digits) else 10)


def _repeats(digits: str) -> bool:
    """Say whether the text is a beginning of at most half its length, again and again."""
    return any(digits[period:] == digits[:-period] for period in range(1, len(digits) // 2 + 1))
