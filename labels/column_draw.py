"""Drawing the texts of a label in vertical writing (縦書き)."""

from typing import Final

from custody.fonts import FontChain
from custody.pdf import TRAINING_TEXT
from labels.boxes import Box, LabelPlan
from labels.columns import ColumnMeasure, place_columns
from labels.fit import Fitted, Measure
from labels.prepare import ReadyLabel
from labels.stream import ASCENT, PageStream

__all__ = ["ColumnDrawer"]

TOKEN_BREAK: Final = 10
"""Characters of the token on its first line: two groups and a hyphen."""
MARK_SIZE: Final = 7.0


class ColumnDrawer:
    """Draws the texts of one label after the other.

    Parameters
    ----------
    plan : LabelPlan
        A plan with columns.
    stream : PageStream
        Of the page.
    chain : FontChain
        The fonts.
    """

    def __init__(self, plan: LabelPlan, stream: PageStream, chain: FontChain) -> None:
        self._plan = plan
        self._stream = stream
        self._heights = ColumnMeasure(chain)
        self._measure = Measure(chain)

    def label(self, label: ReadyLabel, x: float, y: float) -> None:
        """Draw postcode, address, name, furigana and token.

        Parameters
        ----------
        label : ReadyLabel
            The label.
        x, y : float
            Its upper left corner from the page's lower left corner, points.
        """
        plan = self._plan
        postal = plan.styles["postal"].size
        right = x + plan.postal.left + plan.postal.width - self._measure.width(label.postal) * postal
        self._stream.text(right, y - plan.postal.top - postal * ASCENT, postal, label.postal)
        self._columns(plan.address[0], "address", label.address, x, y)
        self._columns(plan.name, "name", label.name, x, y, centred=True)
        if plan.furigana is not None and label.furigana is not None:
            self._columns(plan.furigana, "furigana", label.furigana, x, y, centred=True)
        token = label.token
        self._lines(plan.token, "token", (token[:TOKEN_BREAK], token[TOKEN_BREAK:]), x, y)

    def foot(self, lines: tuple[str, ...], x: float, y: float, *, training: bool) -> None:
        """Draw what is grey: number and copy, and the training mark.

        Parameters
        ----------
        lines : tuple of str
            Run and copy; number.
        x, y : float
            The label's upper left corner from the page's lower left corner, points.
        training : bool
            Whether the label bears the mark.
        """
        self._lines(self._plan.footer, "footer", lines, x, y)
        mark = self._plan.mark
        if training and mark is not None:
            size = min(MARK_SIZE, mark.width / self._measure.width(TRAINING_TEXT))
            self._stream.text(x + mark.left, y - mark.top - size * ASCENT, size, TRAINING_TEXT)

    def _lines(self, box: Box, key: str, lines: tuple[str, ...], x: float, y: float) -> None:
        style = self._plan.styles[key]
        size, leading = style.size, box.height / (len(lines) * style.size)
        baseline = y - box.top - size * ASCENT
        for line in lines:
            self._stream.text(x + box.left, baseline, size, line)
            baseline -= size * leading

    def _columns(
        self, box: Box, key: str, text: Fitted, x: float, y: float, *, centred: bool = False
    ) -> None:
        """Draw columns from the right edge and the top of a box, or in its middle."""
        style, right, top = self._plan.styles[key], x + box.left + box.width, y - box.top
        if centred:
            longest = max(self._heights.width(line) for line in text.lines) * text.size * text.stretch
            right -= (box.width - style.height(len(text.lines), text.size)) / 2
            top -= max(box.height - longest, 0.0) / 2
        self._stream.glyphs(place_columns(text, style, right, top, self._heights))
