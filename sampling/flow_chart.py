"""The flow chart for the council (抽出の流れ図): from the register to the frame, as SVG and as PDF.

Both are drawn from one layout, in Japanese; neither holds a script, a date of making or a random identifier.
"""

from contextvars import copy_context
from html import escape
from io import BytesIO
from typing import Any, Final

from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.messages import set_language
from custody.pdf import draw_text, fit_size, new_canvas, save_canvas
from sampling.flow_layout import HEIGHT, WIDTH, Arrow, Box, Chart, Text, flow_layout
from sampling.frame import Frame

__all__ = ["flow_chart_pdf", "flow_chart_svg"]

FONTS: Final = (
    "'BIZ UDPGothic','BIZ UDGothic','Yu Gothic','Hiragino Sans','Noto Sans CJK JP','IPAexGothic',sans-serif"
)
TRAINING: Final = "訓練用 TRAINING"
NO_GLYPH: Final = "〓"
HEAD: Final = 4.0
SMALLEST: Final = 3.0
MAIN_GRAY: Final = 0.93


def flow_chart_svg(frame: Frame, *, title: str = "", training: bool = False) -> str:
    """Draw the flow of a frame as SVG.

    Parameters
    ----------
    frame : Frame
        The frame.
    title : str
        Title of the survey.
    training : bool
        Say that the people are invented (訓練用).

    Returns
    -------
    str
        An SVG document of A4 size; text is text. The same frame gives the same document everywhere.
    """
    return copy_context().run(_svg, frame, title, training)


def flow_chart_pdf(frame: Frame, *, title: str = "", training: bool = False) -> bytes:
    """Draw the flow of a frame as PDF.

    Parameters
    ----------
    frame, title, training
        As in `flow_chart_svg`.

    Returns
    -------
    bytes
        A PDF of one page; the same frame gives the same bytes on a machine with the same fonts.

    Raises
    ------
    LabelError
        No Japanese font is on this computer.
    """
    return copy_context().run(_pdf, frame, title, training)


def _svg(frame: Frame, title: str, training: bool) -> str:
    set_language("ja")
    chart = flow_layout(frame, title)
    name = escape(_("From the register to the frame"))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" id="hyohon-flow" lang="ja" role="img" '
        f'aria-labelledby="hyohon-flow-title" width="{WIDTH:g}" height="{HEIGHT:g}" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" font-family="{FONTS}" fill="#000">',
        f'<title id="hyohon-flow-title">{name}</title>',
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#fff"/>',
        *map(_svg_arrow, chart.arrows),
        *map(_svg_box, chart.boxes),
        *map(_svg_text, _marked(chart, training)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _marked(chart: Chart, training: bool) -> tuple[Text, ...]:
    mark = Text(WIDTH - 23, 20, TRAINING, 8, 120, "end")
    return (*chart.texts, mark) if training else chart.texts


def _svg_box(box: Box) -> str:
    fill = "#ededed" if box.main else "#fff"
    place = f'x="{box.x:g}" y="{box.y:.2f}" width="{box.width:g}" height="{box.height:.2f}"'
    return f'<rect {place} fill="{fill}" stroke="#000" stroke-width="{1 if box.main else 0.6}"/>'


def _svg_arrow(arrow: Arrow) -> str:
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in _head(arrow))
    return (
        f'<path d="M{arrow.x1:.2f} {arrow.y1:.2f}L{arrow.x2:.2f} {arrow.y2:.2f}" stroke="#000" '
        f'stroke-width="0.8"/><polygon points="{points}"/>'
    )


def _svg_text(line: Text) -> str:
    bold = ' font-weight="bold"' if line.bold else ""
    anchor = "" if line.anchor == "start" else f' text-anchor="{line.anchor}"'
    place = f'x="{line.x:.2f}" y="{line.y:.2f}" font-size="{line.size:g}"'
    return f"<text {place}{anchor}{bold}>{escape(line.text)}</text>"


def _head(arrow: Arrow) -> tuple[tuple[float, float], ...]:
    """Return the corners of an arrow's head; arrows go down or to the right."""
    x, y = arrow.x2, arrow.y2
    if arrow.x1 == arrow.x2:
        return (x, y), (x - HEAD / 2, y - HEAD), (x + HEAD / 2, y - HEAD)
    return (x, y), (x - HEAD, y - HEAD / 2), (x - HEAD, y + HEAD / 2)


def _pdf(frame: Frame, title: str, training: bool) -> bytes:
    set_language("ja")
    chart, chain, buffer = flow_layout(frame, title), FontChain.find(), BytesIO()
    canvas = new_canvas(buffer, "flow of the frame", training=training, pagesize=(WIDTH, HEIGHT), chain=chain)
    for arrow in chart.arrows:
        _pdf_arrow(canvas, arrow)
    for box in chart.boxes:
        canvas.setLineWidth(1 if box.main else 0.6)
        canvas.setFillGray(MAIN_GRAY if box.main else 1)
        canvas.rect(box.x, HEIGHT - box.y - box.height, box.width, box.height, fill=1)
    canvas.setFillGray(0)
    for line in chart.texts:
        _pdf_text(canvas, line, chain)
    canvas.showPage()
    return save_canvas(canvas, buffer)


def _pdf_arrow(canvas: Any, arrow: Arrow) -> None:
    canvas.setLineWidth(0.8)
    canvas.setFillGray(0)
    canvas.line(arrow.x1, HEIGHT - arrow.y1, arrow.x2, HEIGHT - arrow.y2)
    path = canvas.beginPath()
    first, *others = _head(arrow)
    path.moveTo(first[0], HEIGHT - first[1])
    for x, y in others:
        path.lineTo(x, HEIGHT - y)
    path.close()
    canvas.drawPath(path, stroke=0, fill=1)


def _pdf_text(canvas: Any, line: Text, chain: FontChain) -> None:
    text = line.text
    for character in chain.missing(text):
        text = text.replace(character, NO_GLYPH)
    size = fit_size(text, line.room, line.size, SMALLEST, chain) or SMALLEST
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[line.anchor] * chain.width(text, size)
    draw_text(canvas, line.x - shift, HEIGHT - line.y, text, size, chain)
