"""The face of the reply envelope (返信用封筒): where the answers go, and the mark of the addressee who pays.

The mark (料金受取人払) has the size, stroke and height of digits that Japan Post asks for. The office that
approves the envelope wants to see a proof before it is printed.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from custody.errors import LabelError
from custody.fonts import FontChain
from custody.messages import gettext as _
from custody.pdf import MM
from labels.customer_barcode_draw import CLEAR_MM, customer_barcode_path, largest_size
from labels.customer_barcode_draw import UNIT_MM as BAR_MM
from labels.customer_barcode_make import barcode_of_number
from labels.fit import Measure, wrap
from labels.letters_data import letter_data
from labels.letters_draw import draw_page
from labels.letters_facts import LetterFacts, written_day
from labels.letters_layout import Line
from labels.letters_texts import fill, letter_parts
from labels.stream import ASCENT

__all__ = ["ENVELOPES", "check_permit", "envelope_pdf"]

ENVELOPES: Final = ("naga3", "kaku2")
"""長形3号 120 x 235 mm and 角形2号 240 x 332 mm."""
NEEDED: Final = (
    "reply_postcode",
    "reply_address",
    "reply_name",
    "permit_office",
    "permit_number",
    "permit_expires",
)
POSTCODE: Final = re.compile("[0-9]{3}-?[0-9]{4}")
BARCODE: Final = re.compile("[0-9A-Za-z-]{1,13}")
NUMBER: Final = re.compile("[0-9]{1,6}")
EDGE_MM: Final = 12.0
SMALL: Final = 7.0
MOST_LINES: Final = 4
BARCODE_SIZE: Final = 10.0
LEADING: Final = 1.3


def check_permit(facts: LetterFacts, today: date) -> None:
    """Refuse an envelope that may not be used for as long as the survey lasts.

    Parameters
    ----------
    facts : LetterFacts
        Of the survey.
    today : datetime.date
        Day of printing.

    Raises
    ------
    LabelError
        ``LET-MISSING`` where address, permit or day of the last mailing is missing, ``LET-EXPIRES`` where the
        permit ends before the last mailing, the last day for answers or today.

    Notes
    -----
    The last mailing is the day ``last_mailing`` of the survey, and the last of the planned waves counted from
    the day of the letter, or from today where that is later or not given.
    """
    for name in NEEDED if facts.last_wave_days else (*NEEDED, "last_mailing"):
        fill(f"{{{name}}}", facts, "envelope", 0)
    expires = facts.reply.expires
    planned = max(facts.sent_on or today, today) + timedelta(days=facts.last_wave_days)
    days = [day for day in (planned, facts.deadline, facts.last_mailing) if day is not None]
    if expires is None or expires < max(days):
        text = _("The permit of the reply envelope ends on {end}, before it is needed last ({day}).")
        raise LabelError(
            "LET-EXPIRES",
            text.format(end=facts.fields["permit_expires"], day=written_day(max(days))),
            hint=_("Ask the post office for a longer period, and write it in survey.toml ([letters.reply])."),
            file="envelope",
            column="expires",
        )


def envelope_pdf(
    facts: LetterFacts, chain: FontChain, *, envelope: str = "naga3", template: Path | None = None
) -> bytes:
    """Draw the face of the reply envelope.

    Parameters
    ----------
    facts : LetterFacts
        Of the survey; the permit checked with `check_permit`.
    chain : FontChain
        The fonts.
    envelope : {"naga3", "kaku2"}
        長3 or 角2.
    template : pathlib.Path, optional
        As in `labels.letters_texts.letter_parts`.

    Returns
    -------
    bytes
        The PDF, one page of the envelope's size.

    Raises
    ------
    LabelError
        ``LET-ENVELOPE`` where there is no such envelope, ``LET-REPLY`` where postcode or number are not of
        their form or a text is too long, ``LET-GLYPH`` where no font has a character.
    """
    if envelope not in ENVELOPES:
        raise LabelError(
            "LET-ENVELOPE",
            _("There is no such envelope."),
            hint=_("Choose one of: {names}.").format(names=", ".join(ENVELOPES)),
        )
    face = _Face(
        facts, chain, letter_data()["envelopes"][envelope], letter_parts("envelope", facts, template)
    )
    shapes, lines = face.draw()
    width, height = face.width, face.height
    title = f"{facts.title} {face.parts['name']}"
    return draw_page(width, height, lines, shapes, chain, title=title, training=facts.training)


@dataclass(frozen=True, slots=True)
class _Face:
    """Places the parts of the face, points from the lower left corner."""

    facts: LetterFacts
    chain: FontChain
    sizes: dict[str, float]
    parts: dict[str, str]

    @property
    def width(self) -> float:
        return self.sizes["width"] * MM

    @property
    def height(self) -> float:
        return self.sizes["height"] * MM

    def draw(self) -> tuple[list[str], list[Line]]:
        """Return shapes as PDF operators, and texts."""
        reply = self.facts.reply
        texts = [reply.address, reply.name, reply.permit_office, *"".join(self.parts.values()).splitlines()]
        if self.chain.missing("".join(texts)):
            raise _reply_error("LET-GLYPH", _("No font here has one of the characters of the letter."))
        frames, digits = self._postcode()
        mark, words = self._mark()
        where, below = self._address()
        return [*mark, *frames, *self._bars(), *self._barcode(below)], [*digits, *words, *where]

    def _postcode(self) -> tuple[list[str], list[Line]]:
        values = letter_data()["frames"]
        code = unicodedata.normalize("NFKC", self.facts.reply.postcode).strip()
        if POSTCODE.fullmatch(code) is None:
            raise _reply_error("LET-REPLY", _("The postcode is not written like 176-8501."), "postcode")
        measure, size = Measure(self.chain), values["digit_size"]
        x, shapes, lines = self._frames_left(), [], []
        y = self.height - (values["top"] + values["height"]) * MM
        for place, digit in enumerate(code.replace("-", "")):
            stroke = values["stroke"][place >= 3] * MM
            box = f"{x:.2f} {y:.2f} {values['width'] * MM:.2f} {values['height'] * MM:.2f} re"
            shapes.append(f"{_colour(values, 'RG')} {stroke:.2f} w {box} S")
            inner = (values["width"] * MM - measure.width(digit) * size) / 2
            baseline = y + (values["height"] * MM - size * ASCENT) / 2 + 0.07 * size
            lines.append(Line(x + inner, baseline, size, digit))
            x += values["pitch"][place] * MM if place < 6 else 0
        return shapes, lines

    def _frames_left(self) -> float:
        values = letter_data()["frames"]
        taken: float = values["right"] + values["width"] + sum(values["pitch"])
        return self.width - taken * MM

    def _mark(self) -> tuple[list[str], list[Line]]:
        """Frame, what it is, office, number; below it the period."""
        values, reply = letter_data()["mark"], self.facts.reply
        number = unicodedata.normalize("NFKC", reply.permit_number).strip()
        if NUMBER.fullmatch(number) is None:
            raise _reply_error(
                "LET-REPLY", _("The number of the permit is not one to six digits."), "permit_number"
            )
        left, width = self.sizes["mark_left"] * MM, values["width"] * MM
        top, height = self.height - self.sizes["mark_top"] * MM, values["height"] * MM
        shapes = [f"{_colour(values, 'RG')} {_colour(values, 'rg')}"]
        for inset in (0.0, values["inner"] * MM) if reply.deferred else (0.0,):
            shapes.append(
                _frame(left + inset, top - height + inset, width - 2 * inset, height - 2 * inset, values)
            )
        edge = (values["inner"] + values["stroke"]) * MM + 1.5
        rule = top - 6.2 * MM
        shapes.append(f"0.5 w {left + edge:.2f} {rule:.2f} m {left + width - edge:.2f} {rule:.2f} l S")
        rows = (
            (self.parts["mark"], 6.0, 2.2 * MM),
            (reply.permit_office.strip(), 10.0, 7.4 * MM),
            (self.parts["approved"], 10.0, 11.6 * MM),
            (number, values["number_size"], 16.0 * MM),
        )
        lines = [
            self._centred(text, size, left + edge, width - 2 * edge, top - down) for text, size, down in rows
        ]
        return shapes, lines + self._period(left, top - height - 1.5 * MM)

    def _period(self, left: float, top: float) -> list[Line]:
        rows = [row for row in self.parts["valid"].splitlines() if row.strip()]
        texts = [fill(row.strip(), self.facts, "envelope", 0) for row in rows]
        return [
            Line(left, top - SMALL * (ASCENT + place * LEADING), SMALL, text)
            for place, text in enumerate(texts)
        ]

    def _centred(self, text: str, size: float, left: float, width: float, top: float) -> Line:
        natural = max(Measure(self.chain).width(text), 1e-6)
        least = size if text.isdigit() else min(size, 5.0)
        size = min(size, width / natural)
        if size < least:
            raise _reply_error("LET-REPLY", _("A text of the reply envelope is too long."), "permit_office")
        return Line(left + (width - natural * size) / 2, top - size * ASCENT, size, text)

    def _bars(self) -> list[str]:
        """Draw the lines at the upper edge that an office's specimen may show, between mark and postcode."""
        values, count = letter_data()["mark"], self.facts.reply.lines
        if count > MOST_LINES:
            raise _reply_error("LET-REPLY", _("The reply envelope has room for four lines."), "lines")
        pitch, width, length = (values[key] * MM for key in ("line_pitch", "line_width", "line_length"))
        right_of_mark = (self.sizes["mark_left"] + values["width"]) * MM
        middle = (right_of_mark + self._frames_left()) / 2
        first = middle - pitch * (count - 1) / 2 - width / 2
        rows = (first + pitch * place for place in range(count))
        return [
            f"{_colour(values, 'rg')} {x:.2f} {self.height - length:.2f} {width:.2f} {length:.2f} re f"
            for x in rows
        ]

    def _address(self) -> tuple[list[Line], float]:
        """Set address and name; return the lower end too."""
        street, mark, building = self.facts.reply.address.strip().partition("\u3000")
        name = f"{self.facts.reply.name.strip()}\u3000{self.parts['suffix'].strip()}".strip()
        size = self.sizes["address_size"]
        top = self.height - self.sizes["address_top"] * MM
        lines = self._rows([street, building] if mark else [street], size, top, "address")
        top -= size * (LEADING * len(lines) + 0.6)
        names = self._rows([name], self.sizes["name_size"], top, "name")
        return [*lines, *names], top - self.sizes["name_size"] * (LEADING * len(names) + 0.6)

    def _rows(self, texts: list[str], size: float, top: float, column: str) -> list[Line]:
        """Set texts under each other, each in one line or two."""
        left, measure = self.sizes["address_left"] * MM, Measure(self.chain)
        limit = (self.width - left - EDGE_MM * MM) / size
        broken = [wrap(text, limit, measure) for text in texts]
        if not all(rows and len(rows) <= 2 for rows in broken):
            raise _reply_error("LET-REPLY", _("A text of the reply envelope is too long."), column)
        rows = [row for found in broken for row in found or ()]
        return [
            Line(left, top - size * (ASCENT + LEADING * place), size, row) for place, row in enumerate(rows)
        ]

    def _barcode(self, top: float) -> list[str]:
        """Draw the customer barcode under the name, where the office gave its number."""
        number = unicodedata.normalize("NFKC", self.facts.reply.barcode).strip()
        if not number:
            return []
        if BARCODE.fullmatch(number) is None:
            raise _reply_error(
                "LET-REPLY", _("The number of the customer barcode cannot be drawn."), "barcode"
            )
        made = barcode_of_number(self.facts.reply.postcode, number)
        left = self.sizes["address_left"]
        size = largest_size(self.sizes["width"] - left - EDGE_MM + 2 * CLEAR_MM, 20.0)
        if made.bars is None or size is None:
            raise _reply_error(
                "LET-REPLY", _("The number of the customer barcode cannot be drawn."), "barcode"
            )
        scale = BAR_MM * min(size, BARCODE_SIZE) / 10 * MM
        y = top - CLEAR_MM * MM - 6 * scale
        place = f"{scale:.4f} 0 0 {scale:.4f} {left * MM:.2f} {y:.2f} cm"
        return [f"q 0 g {place} {customer_barcode_path(made.bars)} f Q"]


def _frame(x: float, y: float, width: float, height: float, values: dict[str, Any]) -> str:
    """Draw a frame whose outer edge is the rectangle."""
    stroke = values["stroke"] * MM
    inner = (x + stroke / 2, y + stroke / 2, width - stroke, height - stroke)
    return f"{stroke:.3f} w " + " ".join(f"{length:.3f}" for length in inner) + " re S"


def _colour(values: dict[str, Any], operator: str) -> str:
    return " ".join(f"{part:g}" for part in values["colour"]) + f" {operator}"


def _reply_error(code: str, text: str, column: str | None = None) -> LabelError:
    hint = _("Correct it in survey.toml ([letters.reply]).")
    return LabelError(code, text, hint=hint, file="envelope", column=column)
