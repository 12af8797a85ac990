"""The layout of a label in vertical writing (縦書き): codes and token at the left, columns from the right."""

from dataclasses import replace
from typing import Any, Final

from custody.errors import LabelError
from custody.messages import gettext as _
from custody.pdf import MM
from labels.boxes import Box, LabelPlan
from labels.customer_barcode_draw import CLEAR_MM, barcode_size_mm, largest_size
from labels.fit import STEP
from labels.layout_barcode import barcode_note, why_not
from labels.look import Look
from labels.stocks import Stock

__all__ = ["GAP_MM", "plan_vertical"]

HALF_TOKEN: Final = 10  # characters of the longer half
TOKEN_WIDTH: Final = 0.72
POSTAL_WIDTH: Final = 5.8
"""Widest character of a token, and a postcode with its mark, em."""
NAME_COLUMNS: Final = 3
NAME_LENGTH: Final = 6.0
"""A usual name with its honorific, em: as large as leaves it room in a column."""
GAP_MM: Final = 1.0
"""White between the parts; a name that fits in no other way may have it on both sides."""
TINY: Final = 1e-6
LEAST_MARK: Final = 50.0
"""A narrower place beside the postcode (points) would make the training mark too small to be seen."""
SIDE_MM: Final = 8.0
"""Room for a barcode that stands at the right edge, with its white."""
LINE: Final = 1.15
"""Distance of the two lines of token and footer, as a multiple of their size."""


def plan_vertical(
    plan: LabelPlan,
    sheet: Stock,
    sizes: dict[str, Any],
    qr: dict[str, float],
    look: Look,
    foot: float = 0.0,
) -> LabelPlan:
    """Arrange a label anew for vertical writing.

    Parameters
    ----------
    plan : LabelPlan
        The plan for lines, without furigana and barcode.
    sheet : Stock
        The label sheet.
    sizes : dict
        Of the preset and of ``[barcode]`` in ``layout.toml``.
    qr : dict
        ``[qr]`` in ``layout.toml``.
    look : Look
        Whether furigana and customer barcode are wanted.
    foot : float
        What of the label's height is taken already and not in `sheet`, mm.

    Returns
    -------
    LabelPlan
        The postcode lies at the upper right, the columns under it, the name in the middle of the label, with
        furigana at its right; at the left the footer, the token in two lines and the QR code. The barcode
        lies under all, or stands at the right edge, where the label is too narrow for it.

    Raises
    ------
    LabelError
        ``LAB-VERTICAL`` where the label is too low.

    References
    ----------
    Japan Post, 郵便番号・バーコードマニュアル: in vertical writing the barcode stands alone, to the left or
    right of the addressee or below.
    """
    quiet = plan.qr.width / 21 * qr["quiet"]
    least, bottom = _strip_height(plan, quiet), (sheet.height - sizes["margin_y"]) * MM
    plan = replace(plan, postal=replace(plan.postal, top=sizes["margin_y"] * MM))
    if plan.postal.top + least > bottom:
        raise _too_low(sheet, foot + sheet.height + (plan.postal.top + least - bottom) / MM)
    right = sheet.width * MM - plan.postal.left
    if look.barcode:
        white = max(CLEAR_MM * MM, quiet)
        plan, right, bottom = _with_barcode(plan, sheet, sizes, (right, bottom, least, foot), white)
    return _arranged(plan, sheet, quiet, (right, bottom), sizes["furigana"]["height"] * MM * look.furigana)


def _strip_height(plan: LabelPlan, quiet: float) -> float:
    """Height of footer, token and code above each other, points."""
    token, footer = (plan.styles[key].size for key in ("token", "footer"))
    return 2 * LINE * (token + footer) + quiet + plan.qr.height


def _arranged(
    plan: LabelPlan, sheet: Stock, quiet: float, corner: tuple[float, float], ruby: float
) -> LabelPlan:
    """Place everything left of and above the lower right corner of what is not the barcode's."""
    (right, bottom), left, side, styles = corner, plan.postal.left, plan.qr.width, plan.styles
    token, footer, postal = (styles[key].size for key in ("token", "footer", "postal"))
    gap = GAP_MM * MM
    strip = max(side + quiet, HALF_TOKEN * TOKEN_WIDTH * token + gap)
    top, code_top = plan.postal.top + postal + gap, bottom - side
    names = styles["name"]
    fitting = max(int((bottom - top) / NAME_LENGTH / STEP) * STEP, names.floor)
    styles = styles | {"name": replace(names, size=min(names.size, fitting))}
    wide = max(plan.name.height, names.height(NAME_COLUMNS, names.floor) - 2 * gap)
    name_left = max((sheet.width * MM - wide) / 2, left + strip)
    ruby_left = name_left + wide + gap
    address_left = ruby_left + (ruby + gap if ruby else 0.0)
    mark_left = left + strip + gap
    mark = Box(mark_left, plan.postal.top, right - POSTAL_WIDTH * postal - gap - mark_left, postal)
    lower = plan.postal.top + 2 * LINE * footer + gap
    if mark.width < LEAST_MARK and lower + postal + gap <= code_top - quiet - 2 * LINE * token:
        mark = Box(left, lower, strip, postal)
    return replace(
        plan,
        vertical=True,
        styles=styles,
        postal=replace(plan.postal, left=right - POSTAL_WIDTH * postal, width=POSTAL_WIDTH * postal),
        address=(Box(address_left, top, right - address_left, bottom - top),),
        name=Box(name_left, top, wide, bottom - top),
        furigana=Box(ruby_left, top, ruby, bottom - top) if ruby else None,
        footer=Box(left, plan.postal.top, strip, 2 * LINE * footer),
        token=Box(left, code_top - quiet - 2 * LINE * token, strip, 2 * LINE * token),
        qr=Box(left, code_top, side, side),
        mark=mark,
    )


def _with_barcode(
    plan: LabelPlan,
    sheet: Stock,
    sizes: dict[str, Any],
    room: tuple[float, float, float, float],
    white: float,
) -> tuple[LabelPlan, float, float]:
    """Give the barcode its place; return where the rest ends at the right and at the bottom."""
    right, bottom, least, foot = room
    margin = sizes["bar_margin"] * MM
    fixed = (plan.postal.top + least + white + margin) / MM - 2 * CLEAR_MM
    size = largest_size(sheet.width - sizes["bar_slack"], sheet.height - fixed)
    if size is not None:
        length, height = (side * MM for side in barcode_size_mm(size))
        top = sheet.height * MM - margin - height
        if top - white >= plan.postal.top + least - TINY:
            bars = Box((sheet.width * MM - length) / 2, top, length, height)
            note = barcode_note(sheet, size)
            found = replace(plan, barcode=bars, barcode_size=size, barcode_note=note)
            return found, right, min(bottom, top - white)
    size = largest_size(sheet.height - sizes["bar_slack"], SIDE_MM)
    if size is None:
        return replace(plan, barcode_note=why_not(sheet, fixed, foot)), right, bottom
    length, height = (side * MM for side in barcode_size_mm(size))
    left = sheet.width * MM - margin - height
    bars = Box(left, (sheet.height * MM - length) / 2, height, length)
    found = replace(plan, barcode=bars, barcode_size=size, barcode_note=barcode_note(sheet, size))
    return found, left - CLEAR_MM * MM, bottom


def _too_low(sheet: Stock, height: float) -> LabelError:
    return LabelError(
        "LAB-VERTICAL",
        _("The labels of {name} are too low for vertical writing.").format(name=sheet.name),
        hint=_("Choose labels at least {height:.1f} mm high, or horizontal writing.").format(height=height),
    )
