"""Setting a letter on its page: as large as it fits, never below the floor, every text inside the margins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from custody.errors import LabelError
from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.pdf import MM
from labels.fit import STEP, Measure, TextStyle
from labels.letters_data import letter_data
from labels.letters_lines import break_lines
from labels.letters_texts import Block, LetterText
from labels.stream import ASCENT

__all__ = ["LetterPage", "Line", "Paper", "Rectangle", "lay_out", "paper_of"]

BAR: Final = 0.28
"""Width of the bar before a heading and its distance from the text, em."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper: size, margins and sizes of text, all in points."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    size: float
    floor: float
    foot: float

    @property
    def room(self) -> float:
        """Width between the margins."""
        return self.width - self.left - self.right


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: start of its base line from the page's lower left corner, points."""

    x: float
    baseline: float
    size: float
    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle: lower left corner, width and height, points; filled, or with this stroke."""

    x: float
    y: float
    width: float
    height: float
    stroke: float = 0.0


@dataclass(frozen=True, slots=True)
class LetterPage:
    """A page whose every text fits.

    Parameters
    ----------
    paper : Paper
        The paper.
    size : float
        Size of the body, points.
    lines : tuple of Line
        Texts that all copies share.
    rectangles : tuple of Rectangle
        Frames and bars.
    addressee : Line or None
        Where the name goes (its text is that of a letter without names); None where the letter has none.
    foot : str
        The small line at the foot, with ``{token}``; blank for none.
    """

    paper: Paper
    size: float
    lines: tuple[Line, ...]
    rectangles: tuple[Rectangle, ...]
    addressee: Line | None
    foot: str


def paper_of(name: str) -> Paper:
    """Look a paper up.

    Parameters
    ----------
    name : str
        A table under ``papers`` of the data file.

    Returns
    -------
    Paper
        In points.
    """
    values = letter_data()["papers"][name]
    lengths = {key: values[key] * MM for key in ("width", "height", "left", "right", "top", "bottom")}
    return Paper(**lengths, size=values["size"], floor=values["floor"], foot=values["foot"])


def lay_out(text: LetterText, chain: FontChain) -> LetterPage:
    """Set a letter on one page.

    Parameters
    ----------
    text : LetterText
        Its words.
    chain : FontChain
        The fonts.

    Returns
    -------
    LetterPage
        As large as it fits.

    Raises
    ------
    LabelError
        ``LET-GLYPH`` where no font has a character of a line, ``LET-LONG`` where the words need more than one
        page at the smallest size.
    """
    _check_glyphs(text, chain)
    paper, measure = paper_of(text.paper), Measure(chain)
    foot = paper.foot * 2 if text.foot else 0.0
    room = paper.height - paper.top - paper.bottom - foot
    for size, leading in _tries(paper):
        natural = _Setter(paper, measure, size, leading).set(text.blocks)
        if natural is None or natural.used > room:
            continue
        stretch = min(1 + (room - natural.used) / natural.gaps, letter_data()["style"]["stretch"])
        made = _Setter(paper, measure, size, leading, max(stretch, 1.0)).set(text.blocks) or natural
        return LetterPage(paper, size, tuple(made.lines), tuple(made.rectangles), made.addressee, text.foot)
    raise LabelError(
        "LET-LONG",
        _("The letter is too long for one page in large print ({floor:g} points).").format(floor=paper.floor),
        hint=_("Shorten its texts."),
        file=text.kind,
    )


def _tries(paper: Paper) -> Iterator[tuple[float, float]]:
    steps = int((paper.size - paper.floor) / STEP)
    for step in range(steps + 1):
        for leading in letter_data()["style"]["leading"]:
            yield paper.size - STEP * step, leading


def _check_glyphs(text: LetterText, chain: FontChain) -> None:
    for block in text.blocks:
        if chain.missing(block.text):
            raise _no_glyph(text.kind, block.row)
    if chain.missing(text.foot):
        raise _no_glyph(text.kind, None)


def _no_glyph(kind: str, row: int | None) -> LabelError:
    return LabelError(
        "LET-GLYPH",
        _("No font here has one of the characters of the letter."),
        hint=_("Write it otherwise, or install a font that has it."),
        file=kind,
        row=row,
    )


@dataclass(slots=True)
class _Setter:
    """Sets blocks from the top down with one size; the space used is counted from the upper margin."""

    paper: Paper
    measure: Measure
    size: float
    leading: float
    stretch: float = 1.0
    used: float = 0.0
    gaps: float = 1e-9
    lines: list[Line] = field(default_factory=list)
    rectangles: list[Rectangle] = field(default_factory=list)
    addressee: Line | None = None
    style: dict[str, Any] = field(default_factory=lambda: letter_data()["style"])

    def set(self, blocks: Sequence[Block]) -> "_Setter | None":
        """Set all blocks; None where a word is longer than its line."""
        before, index = "gap", 0
        while index < len(blocks):
            block = blocks[index]
            framed = [block]
            while block.kind == "frame" and index + 1 < len(blocks) and blocks[index + 1].kind == "frame":
                index += 1
                framed.append(blocks[index])
            if block.kind in ("heading", "frame", "title") and before != "gap":
                self._gap()
            fits = self._frame(framed) if block.kind == "frame" else self._one(block)
            if not fits:
                return None
            before, index = block.kind, index + 1
        return self

    def _one(self, block: Block) -> bool:
        if block.kind == "gap":
            return self._gap()
        if block.kind == "addressee":
            return self._addressee(block)
        if block.kind in ("title", "heading"):
            size = self.size * self.style[block.kind]
            indent = 0.0 if block.kind == "title" else 2 * BAR * size
            return self._paragraph(block, size, indent=indent, bold=True)
        if block.kind == "item":
            indent = self.style["indent"] * self.size
            self.lines.append(Line(self.paper.left, self._baseline(self.size), self.size, "・"))
            return self._paragraph(block, self.size, indent=indent)
        return self._paragraph(block, self.size)

    def _gap(self) -> bool:
        height = self.style["gap"] * self.size
        self.gaps += height
        self.used += height * self.stretch
        return True

    def _baseline(self, size: float) -> float:
        return self.paper.height - self.paper.top - self.used - size * ASCENT - size * (self.leading - 1) / 2

    def _paragraph(self, block: Block, size: float, *, indent: float = 0.0, bold: bool = False) -> bool:
        broken = break_lines(block.text, (self.paper.room - indent) / size, self.measure)
        if broken is None:
            return False
        top = self.used
        for text in broken:
            spare = self.paper.room - indent - self.measure.width(text) * size
            shift = {"title": spare / 2, "right": spare}.get(block.kind, 0.0)
            x = self.paper.left + indent + shift
            self.lines.append(Line(x, self._baseline(size), size, text, bold))
            self.used += size * self.leading
        if block.kind == "heading":
            height, white = self.used - top, size * (self.leading - 1) / 2
            y = self.paper.height - self.paper.top - self.used + white
            self.rectangles.append(Rectangle(self.paper.left, y, BAR * size, height - 2 * white))
        return True

    def _addressee(self, block: Block) -> bool:
        """Leave room for a name in two lines, or one; without names the text of the template stands there."""
        style = name_style()
        height = max(style.height(2, style.floor), style.size) + style.size * 0.5
        text = block.text
        size = min(style.size, self.paper.room / max(self.measure.width(text), 1.0))
        top = self.paper.height - self.paper.top - self.used
        self.addressee = Line(self.paper.left, top - style.size * ASCENT, size, text)
        self.used += height
        return size >= self.paper.floor

    def _frame(self, blocks: Sequence[Block]) -> bool:
        white = self.style["frame"] * self.size
        top = self.used
        self.used += white
        inner = replace(self.paper, left=self.paper.left + 2 * white, right=self.paper.right + 2 * white)
        outer, self.paper = self.paper, inner
        fits = [self._paragraph(block, self.size) for block in blocks]
        self.paper = outer
        self.used += white
        bottom = outer.height - outer.top - self.used
        self.rectangles.append(Rectangle(outer.left, bottom, outer.room, self.used - top, 1.0))
        return all(fits)


def name_style() -> TextStyle:
    """Return how names are set.

    Returns
    -------
    TextStyle
        Size, floor and leading.
    """
    values = letter_data()["style"]["name"]
    return TextStyle(values["size"], values["floor"], values["leading"])
