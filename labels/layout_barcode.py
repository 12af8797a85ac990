"""The layout of a label that carries a customer barcode (郵便カスタマバーコード) under the name."""

import math
from dataclasses import replace
from typing import Any, Final

from custody.messages import gettext as _
from custody.pdf import MM
from labels.boxes import Box, LabelPlan
from labels.customer_barcode_draw import CLEAR_MM, SMALLEST, barcode_fit, barcode_size_mm, largest_size
from labels.stocks import Stock

__all__ = ["barcode_note", "why_not", "with_barcode"]

GAP: Final = 0.8
"""Least white between address and name, mm."""
TOKEN_LENGTH: Final = 18  # characters, hyphens among them


def with_barcode(
    plan: LabelPlan, sheet: Stock, sizes: dict[str, Any], qr: dict[str, float], foot: float = 0.0
) -> LabelPlan:
    """Arrange a label anew so that it carries the largest barcode that fits.

    Parameters
    ----------
    plan : LabelPlan
        The plan without it.
    sheet : Stock
        The label sheet.
    sizes : dict
        Of the preset and of ``[barcode]`` in ``layout.toml``.
    qr : dict
        ``[qr]`` in ``layout.toml``.
    foot : float
        What of the label's height is taken already and not in `sheet`, mm.

    Returns
    -------
    LabelPlan
        With the barcode alone on its line, directly under the name, or as it was with a note that says why
        not.
    """
    name = max(sizes["bar_name_height"], plan.styles["name"].size / MM)
    name += 0.0 if plan.furigana is None else plan.furigana.height / MM
    head, token = qr["side"] * (1 + qr["quiet"] / 21), plan.styles["token"].size / MM
    fixed = 2 * sizes["bar_margin"] + head + name + token
    size = largest_size(sheet.width - sizes["bar_slack"], sheet.height - fixed)
    if size is None:
        return replace(plan, barcode_note=why_not(sheet, fixed, foot))
    spare = min(sheet.height - fixed - barcode_size_mm(size)[1] - 2 * CLEAR_MM, head)
    above = (sheet.height - fixed - barcode_size_mm(size)[1] - 2 * CLEAR_MM - spare) / 2
    top = (above + sizes["bar_margin"] + spare / 4) * MM
    return _arranged(plan, sheet, sizes, size, (top, (head + spare / 2) * MM, name * MM))


def _arranged(
    plan: LabelPlan, sheet: Stock, sizes: dict[str, Any], size: float, heights: tuple[float, float, float]
) -> LabelPlan:
    """Postcode and address beside the code; name, barcode and token under them, each as wide as the label."""
    (top, head, name_height), left, side = heights, plan.postal.left, plan.qr.width
    full, quiet = sheet.width * MM - 2 * left, head_quiet(plan)
    address_top = plan.address[0].top - plan.postal.top + top
    furigana = 0.0 if plan.furigana is None else plan.furigana.height
    bar_width, bar_height = (length * MM for length in barcode_size_mm(size))
    name_top, clear, indent = top + head, CLEAR_MM * MM, plan.name.left - left
    bar_top = name_top + name_height + clear
    token_top, token = bar_top + bar_height + clear, plan.styles["token"].size
    token_width = TOKEN_LENGTH * sizes["token_width"] * token
    name = Box(plan.name.left, name_top + furigana, full - indent, name_height - furigana)
    return replace(
        plan,
        postal=replace(plan.postal, top=top, width=full - side - quiet),
        address=(Box(left, address_top, full - side - quiet, name_top - GAP * MM - address_top),),
        name=name,
        furigana=plan.furigana and replace(plan.furigana, top=name_top, width=name.width),
        qr=Box(left + full - side, top, side, side),
        token=Box(left, token_top, token_width, token),
        footer=Box(
            left + token_width,
            token_top + (token - plan.styles["footer"].size) * 0.88,
            full - token_width,
            plan.styles["footer"].size,
        ),
        barcode=Box((sheet.width * MM - bar_width) / 2, bar_top, bar_width, bar_height),
        barcode_size=size,
        barcode_note=barcode_note(sheet, size),
    )


def head_quiet(plan: LabelPlan) -> float:
    """Return the white that the code needs on each side, points.

    Parameters
    ----------
    plan : LabelPlan
        A plan whose address has a box beside the code.

    Returns
    -------
    float
        Points.
    """
    return plan.postal.width - plan.address[-1].width - plan.qr.width


def barcode_note(sheet: Stock, size: float) -> str:
    """Say how large the barcode is.

    Parameters
    ----------
    sheet : Stock
        The label sheet.
    size : float
        Points.

    Returns
    -------
    str
        One sentence.
    """
    return _("The customer barcode is printed at {size:g} points on {name}.").format(
        size=size, name=sheet.name
    )


def why_not(sheet: Stock, fixed: float, foot: float) -> str:
    """Say why a stock cannot carry the barcode.

    Parameters
    ----------
    sheet : Stock
        The label sheet.
    fixed : float
        Height of all that stands above and below the barcode, mm.
    foot : float
        What of the label's height is taken already and not in `sheet`, mm.

    Returns
    -------
    str
        One sentence.
    """
    fits = barcode_fit(sheet)
    if fits.size is None:
        return fits.sentence
    least = math.ceil(2 * (foot + fixed + barcode_size_mm(SMALLEST)[1] + 2 * CLEAR_MM)) / 2
    return _(
        "The labels of {name} cannot carry the customer barcode beside address, name and code: they would "
        "have to be {height:.1f} mm high."
    ).format(name=sheet.name, height=least)
