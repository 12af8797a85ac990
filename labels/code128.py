"""Code 128 (ISO/IEC 15417) along the foot of wide labels, for hand scanners that read no QR code.

It repeats what the QR code holds; the seal only where the label is wide enough for it.
"""

import tomllib
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from custody.errors import LabelError
from custody.messages import gettext as _
from custody.pdf import MM
from labels.boxes import Box
from labels.stocks import Stock
from labels.stream import qr_path

__all__ = ["code128_box", "code128_content", "code128_modules", "code128_operators", "without_foot"]

SYMBOLS: Final = 21
"""Characters of ``token.wave.copy`` where wave and copy have two digits."""

CODE_MODULES: Final = 11
FRAME_MODULES: Final = 2 * CODE_MODULES + 13
"""Modules of a character, and of start, check and stop together."""


def code128_modules(text: str) -> NDArray[np.bool_]:
    """Make a Code 128.

    Parameters
    ----------
    text : str
        Content, ASCII.

    Returns
    -------
    ndarray of bool
        Shape (k,), one value a module from left to right; True = dark. Begins and ends dark.

    Examples
    --------
    >>> len(code128_modules("0A.1")), code128_modules("0A.1")[:2].tolist()
    (79, [True, True])
    """
    import zxingcpp

    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.Code128)
    dark: NDArray[np.bool_] = np.asarray(code.to_image(scale=1, add_quiet_zones=False))[0] == 0
    return dark


def without_foot(sheet: Stock) -> Stock:
    """Give the label sheet whose labels end above the Code 128.

    Parameters
    ----------
    sheet : Stock
        The label sheet.

    Returns
    -------
    Stock
        The same grid with lower labels, for the rest of what a label holds.

    Raises
    ------
    LabelError
        ``LAB-CODE128`` where the labels are too narrow or too low.
    """
    sizes = _sizes()
    width = (FRAME_MODULES + SYMBOLS * CODE_MODULES + 2 * sizes["quiet"]) * sizes["module"] + sizes["slack"]
    height = sheet.height - sizes["height"] - sizes["margin"]
    if sheet.width < width or height < sizes["least_rest"]:
        raise LabelError(
            "LAB-CODE128",
            _("The labels of {name} are too small for a Code 128.").format(name=sheet.name),
            hint=_("Leave --code128 out, or choose labels of at least {width:.1f} x {height:.1f} mm.").format(
                width=width, height=sizes["least_rest"] + sheet.height - height
            ),
        )
    return replace(sheet, height=height)


def code128_box(sheet: Stock) -> Box:
    """Say where the bars may stand on a label.

    Parameters
    ----------
    sheet : Stock
        The label sheet.

    Returns
    -------
    Box
        Points; the white on both sides is outside.
    """
    sizes = _sizes()
    side = sizes["quiet"] * sizes["module"] + sizes["slack"] / 2
    top = sheet.height - sizes["margin"] - sizes["height"]
    return Box(side * MM, top * MM, (sheet.width - 2 * side) * MM, sizes["height"] * MM)


def code128_content(content: str, width: float) -> str:
    """Choose what fits.

    Parameters
    ----------
    content : str
        Of the QR code: ``token.wave.copy``, with a seal or without.
    width : float
        Of the box, points.

    Returns
    -------
    str
        All of it, or ``token.wave.copy``, or nothing where not even that fits (waves or copies from 100).

    Examples
    --------
    >>> code128_content("0123456789ABC59.1.2.BH08N95E", 91 * MM)
    '0123456789ABC59.1.2'
    """
    plain = ".".join(content.split(".")[:3])
    return next((text for text in (content, plain) if _width(len(text)) <= width), "")


def code128_operators(text: str, box: Box, x: float, y: float) -> str:
    """Write the bars as PDF operators, in the middle of a box.

    Parameters
    ----------
    text : str
        Content.
    box : Box
        Of `code128_box`.
    x, y : float
        Upper left corner of the label from the page's lower left corner, points.

    Returns
    -------
    str
        One rectangle a bar, a module as the unit; the operators of equal bars are kept and used again. The
        first bar begins on a whole dot of 1/150 inch, so that printers and scans keep every edge sharp.
    """
    modules = code128_modules(text)
    module = _sizes()["module"] * MM
    dot = module / 2
    left = round((x + box.left + (box.width - len(modules) * module) / 2) / dot) * dot
    bottom = y - box.top - box.height
    path = qr_path(modules[np.newaxis, :])
    return f"q {module:.5f} 0 0 {box.height:.3f} {left:.3f} {bottom:.3f} cm {path} f Q"


def _width(symbols: int) -> float:
    """Return the most points that so many characters take (pairs of digits take less)."""
    return (FRAME_MODULES + symbols * CODE_MODULES) * _sizes()["module"] * MM


@cache
def _sizes() -> dict[str, float]:
    text = files("labels").joinpath("data", "code128.toml").read_text(encoding="utf-8")
    return {name: float(value) for name, value in tomllib.loads(text)["code128"].items()}
