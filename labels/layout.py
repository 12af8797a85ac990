"""Where each part of a label stands: boxes in points, worked out once for a stock."""

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from custody.errors import LabelError
from custody.messages import gettext as _
from custody.pdf import MM
from labels.boxes import Box, LabelPlan, with_furigana
from labels.code128 import code128_box, without_foot
from labels.fit import STEP, TextStyle
from labels.layout_barcode import with_barcode
from labels.layout_vertical import plan_vertical
from labels.look import Look
from labels.stocks import WINDOW, Stock

__all__ = ["Box", "LabelPlan", "SheetLine", "plan_label", "plan_sheet_line"]

PRESETS: Final = ("normal", "small")
STYLES: Final = ("postal", "address", "name", "furigana", "token", "footer")
ROOM: Final = 1.2
"""Parts are spread over at most this multiple of the natural height."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """The line in the margin of a sheet: ends and base line from the paper's lower left corner, points."""

    left: float
    right: float
    baseline: float
    size: float


def plan_label(sheet: Stock, look: Look | None = None) -> LabelPlan:
    """Work out where the parts of a label stand.

    Parameters
    ----------
    sheet : Stock
        The label sheet.
    look : Look, optional
        Whether furigana and customer barcode are wanted, and the direction of writing.

    Returns
    -------
    LabelPlan
        Boxes in points from the upper left corner of a label.

    Raises
    ------
    LabelError
        ``LAB-STOCK-SMALL`` where the label is too small for an address and its code, ``LAB-CODE128`` where
        it cannot carry a Code 128, ``LAB-VERTICAL`` where it is too low for columns.
    """
    look = Look() if look is None else look
    if not look.code128:
        return _plan(sheet, look)
    upper = without_foot(sheet)
    return replace(_plan(upper, look, sheet.height - upper.height), code128=code128_box(sheet))


def _plan(sheet: Stock, look: Look, foot: float = 0.0) -> LabelPlan:
    """Plan a label, or the part of it above a foot (mm)."""
    sizes = next((_sizes(name) for name in PRESETS if _is_for(_sizes(name), sheet)), None)
    if sizes is None:
        least = _sizes(PRESETS[-1])
        raise LabelError(
            "LAB-STOCK-SMALL",
            _("The labels of {name} are too small for an address and its code.").format(name=sheet.name),
            hint=_("Choose labels of at least {width:g} x {height:g} mm.").format(
                width=least["least_width"], height=least["least_height"]
            ),
        )
    plan = _arrange(sheet, sizes)
    if look.writing == "vertical":
        return plan_vertical(plan, sheet, sizes | _data()["barcode"], _data()["qr"], look, foot)
    if look.furigana:
        plan = with_furigana(plan, sizes["furigana"]["height"] * MM)
    if not look.barcode:
        return plan
    return with_barcode(plan, sheet, sizes | _data()["barcode"], _data()["qr"], foot)


def plan_sheet_line(sheet: Stock) -> SheetLine | None:
    """Find room for the line that names run and sheet.

    Parameters
    ----------
    sheet : Stock
        The label sheet.

    Returns
    -------
    SheetLine or None
        In the top margin, else in the bottom margin; None where both are too small. At the foot of a sheet
        for a window envelope, where the window does not show it.
    """
    sizes = _data()["sheet"]
    paper_width, paper_height = sheet.paper_size
    if sheet.vendor == WINDOW:
        return SheetLine(
            sizes["edge"] * MM, (paper_width - sizes["edge"]) * MM, sizes["edge"] * MM, sizes["size"]
        )
    bottom = paper_height - (sheet.top + (sheet.rows - 1) * sheet.pitch_y + sheet.height)
    if sheet.top >= sizes["least_margin"]:
        baseline = (paper_height - sheet.top + sizes["distance"]) * MM
    elif bottom >= sizes["least_margin"]:
        baseline = (bottom - sizes["distance"]) * MM - sizes["size"]
    else:
        return None
    return SheetLine(sizes["edge"] * MM, (paper_width - sizes["edge"]) * MM, baseline, sizes["size"])


def _arrange(sheet: Stock, sizes: dict[str, Any]) -> LabelPlan:
    """Postcode and address go to the top, name and token to the lower left, the code to the lower right."""
    scale, above = _scale(sheet, sizes)
    left, gap, name_height = (sizes[key] * scale * MM for key in ("margin_x", "gap", "name_height"))
    top, bottom = above + sizes["margin_y"] * MM, sheet.height * MM - above - sizes["margin_y"] * MM
    styles = {key: _style(sizes[key], scale) for key in STYLES}
    side, full = _data()["qr"]["side"] * MM, sheet.width * MM - 2 * left
    beside, above_qr = full - side - quiet_zone(), bottom - side - quiet_zone()
    footer_top = bottom - styles["footer"].size
    token_top = footer_top - gap - styles["token"].size
    name_top = token_top - gap - name_height
    address_top = top + styles["postal"].size + gap
    indent = sizes["name_indent"] * MM
    return LabelPlan(
        postal=Box(left, top, full, styles["postal"].size),
        address=(
            Box(left, address_top, full, min(name_top, above_qr) - address_top),
            Box(left, address_top, beside, name_top - address_top),
        ),
        name=Box(left + indent, name_top, beside - indent, name_height),
        token=Box(left, token_top, beside, styles["token"].size),
        footer=Box(left, footer_top, beside, styles["footer"].size),
        qr=Box(left + full - side, bottom - side, side, side),
        styles=styles,
    )


def _scale(sheet: Stock, sizes: dict[str, Any]) -> tuple[float, float]:
    """Return how much larger than wanted everything is set, and the white above and below, points."""
    fits = min(sheet.width / sizes["natural_width"], sheet.height / sizes["natural_height"])
    scale = min(max(fits, 1.0), sizes["most_scale"])
    return scale, max(sheet.height - sizes["natural_height"] * scale * ROOM, 0.0) / 2 * MM


def _style(values: dict[str, float], scale: float) -> TextStyle:
    size = int(values["size"] * scale / STEP) * STEP
    return TextStyle(size, min(values["floor"], size), values["leading"], values.get("condense", 1.0))


def quiet_zone() -> float:
    """Return the white needed around a QR code, points.

    Returns
    -------
    float
        Four modules of a code of 21 x 21 modules.
    """
    qr = _data()["qr"]
    return float(qr["side"] * MM / 21 * qr["quiet"])


def _is_for(sizes: dict[str, Any], sheet: Stock) -> bool:
    return bool(sheet.width >= sizes["least_width"] and sheet.height >= sizes["least_height"])


def _sizes(name: str) -> dict[str, Any]:
    sizes: dict[str, Any] = _data()[name]
    return sizes


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("labels").joinpath("data", "layout.toml").read_text(encoding="utf-8"))
