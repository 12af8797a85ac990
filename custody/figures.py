"""What all plots share: Japanese fonts, and figures that belong to no window and change no global setting.

matplotlib is loaded at the first plot: a contractor's computer has none.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FONTS", "figure_png", "japanese", "new_figure"]

FONTS: Final = ("BIZUDGothic", "IPAexGothic")
"""The gothic ones of the fonts that labels use; the second is always there."""


@contextmanager
def japanese() -> Iterator[None]:
    """Draw with Japanese fonts inside a ``with`` block.

    Yields
    ------
    None
        Once; afterwards matplotlib's settings are as before.

    Raises
    ------
    LabelError
        No Japanese font is on this computer.
    """
    import matplotlib as mpl

    with mpl.rc_context({"font.family": list(_families()), "axes.unicode_minus": False}):
        yield


def new_figure(width: float, height: float) -> "Figure":
    """Make an empty figure.

    Parameters
    ----------
    width, height : float
        Inches; 120 dots each.

    Returns
    -------
    matplotlib.figure.Figure
        Without pyplot; it shows itself at the end of a notebook cell.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = _figure_class()(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def figure_png(figure: "Figure") -> bytes:
    """Draw a figure as PNG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure.

    Returns
    -------
    bytes
        PNG.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


@cache
def _figure_class() -> "type[Figure]":
    """Make the class of our figures: a notebook shows one that is named at the end of a cell."""
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A figure that draws itself in a notebook, without pyplot."""

        def _repr_png_(self) -> bytes:
            return figure_png(self)

    return Picture


@cache
def _families() -> tuple[str, ...]:
    """Tell matplotlib of the Japanese fonts of this machine, the preferred one first."""
    from matplotlib import font_manager

    from custody.fonts import FontChain

    names = []
    for font in FontChain.find(FONTS).fonts:
        font_manager.fontManager.addfont(str(font.path))
        names.append(font_manager.FontProperties(fname=str(font.path)).get_name())
    return tuple(names)
