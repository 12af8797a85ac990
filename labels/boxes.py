"""Boxes of a label and the plan that they make."""

from dataclasses import dataclass, replace
from typing import Final

from labels.fit import TextStyle

__all__ = ["Box", "LabelPlan", "with_furigana"]

GAP: Final = 0.4
"""White above furigana, as a part of their size, where the address has this many lines left."""
LEAST_LINES: Final = 2


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle inside a label: left and top from the label's upper left corner, points."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """Boxes and styles of one label.

    Parameters
    ----------
    postal, name, token, footer : Box
        Where the texts stand.
    address : tuple of Box
        Boxes with the same upper left corner, tried in order: above the QR code in the whole width, then
        beside it.
    qr : Box
        The modules of the QR code, without the white around it.
    styles : dict of str to TextStyle
        For ``postal``, ``address``, ``name``, ``furigana``, ``token`` and ``footer``.
    furigana : Box or None
        One line above the name.
    barcode : Box or None
        The bars of the customer barcode, without the white around them.
    barcode_size : float
        Its size, points; 0 where there is none.
    barcode_note : str
        What to tell staff about the barcode on this stock; empty where none was asked for.
    code128 : Box or None
        Where the bars of the Code 128 may stand.
    vertical : bool
        True where address, name and furigana stand in columns (縦書き).
    mark : Box or None
        Where the training mark of a label with columns stands.
    """

    postal: Box
    address: tuple[Box, ...]
    name: Box
    token: Box
    footer: Box
    qr: Box
    styles: dict[str, TextStyle]
    furigana: Box | None = None
    barcode: Box | None = None
    barcode_size: float = 0.0
    barcode_note: str = ""
    code128: Box | None = None
    vertical: bool = False
    mark: Box | None = None


def with_furigana(plan: LabelPlan, height: float) -> LabelPlan:
    """Make room for one line of furigana above the name.

    Parameters
    ----------
    plan : LabelPlan
        A plan without furigana.
    height : float
        Of the line, points.

    Returns
    -------
    LabelPlan
        The name stays as large; where it has no room to spare, the address gives it.
    """
    name = plan.name
    more = max(0.0, plan.styles["name"].size + height - name.height)
    address = plan.styles["address"]
    spare = plan.address[-1].height - more - address.height(LEAST_LINES, address.floor)
    gap = max(0.0, min(plan.styles["furigana"].size * GAP, spare))
    top, rest = name.top - more, name.height + more - height
    return replace(
        plan,
        address=tuple(replace(box, height=box.height - more - gap) for box in plan.address),
        furigana=Box(name.left, top, name.width, height),
        name=Box(name.left, top + height, name.width, rest),
    )
