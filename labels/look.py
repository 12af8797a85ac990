"""How labels look: what a run may change without changing what is printed on which label."""

from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from custody.errors import InputError
from custody.messages import gettext as _
from labels.printers import Printer

__all__ = [
    "BAG_DIGITS",
    "HONORIFICS",
    "PLAIN",
    "VARIANTS",
    "WRITINGS",
    "Honorific",
    "Look",
    "Variants",
    "Writing",
]

Honorific = Literal["様", "殿", "御中", "先生", ""]
HONORIFICS: Final[tuple[str, ...]] = get_args(Honorific)
"""What may stand after a name; 様 for persons, 御中 for offices."""

Variants = Literal["hold", "base"]
VARIANTS: Final[tuple[str, ...]] = get_args(Variants)
"""A variant (異体字) that no font has: the label is held back, or the base character is printed."""

Writing = Literal["horizontal", "vertical"]
WRITINGS: Final[tuple[str, ...]] = get_args(Writing)
"""Lines from left to right (横書き), or columns from right to left (縦書き)."""

PLAIN: Final = Printer()
"""A printer that needs no correction."""

BAG_DIGITS: Final = (0, 2, 3)
"""Digits of the postal code that a bag for the post office has in common; 0 = no marks."""


@dataclass(frozen=True, slots=True)
class Look:
    """How labels look.

    Parameters
    ----------
    honorific : {"様", "殿", "御中", "先生", ""}
        After the name.
    furigana : bool
        True prints the column ``furigana`` small above the name.
    variants : {"hold", "base"}
        What becomes of a variant (異体字) that no font here has: the label is held back, or the base
        character is printed and the run lists the label.
    barcode : bool
        True prints the customer barcode (郵便カスタマバーコード) under the name where the stock can carry it.
    code128 : bool
        True repeats the QR code as Code 128 along the foot of the label; only on wide labels.
    borders : bool
        True draws the edges of the labels, for a proof on plain paper.
    bags : {0, 2, 3}
        Marks each label with which another group of this many digits of the postal code begins.
    printer : Printer
        Offset and scale of the printer.
    writing : {"horizontal", "vertical"}
        Lines from left to right, or columns from right to left (縦書き).

    Raises
    ------
    InputError
        ``LAB-LOOK`` where a value is none of these.

    Examples
    --------
    >>> Look(honorific="御中").honorific
    '御中'
    """

    honorific: Honorific = "様"
    furigana: bool = False
    variants: Variants = "hold"
    barcode: bool = False
    code128: bool = False
    borders: bool = False
    bags: Literal[0, 2, 3] = 0
    printer: Printer = PLAIN
    writing: Writing = "horizontal"

    def __post_init__(self) -> None:
        _check("honorific", self.honorific, HONORIFICS)
        _check("variants", self.variants, VARIANTS)
        _check("bags", self.bags, BAG_DIGITS)
        _check("writing", self.writing, WRITINGS)


def _check(name: str, value: Any, allowed: tuple[Any, ...]) -> None:
    if value not in allowed:
        shown = ", ".join(repr(one) if one == "" else str(one) for one in allowed)
        raise InputError(
            "LAB-LOOK",
            _("The option {name} has no such value.").format(name=name),
            hint=_("Choose one of: {values}.").format(values=shown),
        )
