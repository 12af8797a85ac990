"""The page for the minutes (事前確定書): what was committed to, and room for the dice and the signatures."""

import tomllib
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any, Final

from custody.fonts import FontChain
from custody.pdf import A4, MM, draw_text, fit_size, new_canvas, save_canvas
from sampling.ceremony import Commitment

__all__ = ["commitment_pdf"]

LEFT: Final = 18 * MM
WIDTH: Final = A4[0] - 2 * LEFT
TOP: Final = A4[1] - 20 * MM
SMALL: Final = 7.0
BODY: Final = 9.0
CELL: Final = 7 * MM
"""Side of the box for one throw."""
ROWS: Final = 5
COLUMNS: Final = 10
NO_GLYPH: Final = "〓"


def commitment_pdf(commitment: Commitment, json_sha256: str) -> bytes:
    """Print a commitment.

    Parameters
    ----------
    commitment : Commitment
        The commitment.
    json_sha256 : str
        Digest of ``commitment.json``.

    Returns
    -------
    bytes
        A PDF of one page in Japanese; 訓練用 in training. The same commitment gives the same bytes on a
        machine with the same fonts.
    """
    words, buffer = _words(), BytesIO()
    chain = FontChain.find()
    page = _Sheet(new_canvas(buffer, "commitment", training=commitment.training, chain=chain), chain)
    page.line(words["title"], size=18, step=9 * MM)
    page.line(words["lead"], size=BODY, step=7 * MM)
    for name, text in _head(commitment):
        page.pair(name, text)
    page.y -= 3 * MM
    _draw_words(page, commitment)
    _draw_digests(page, commitment, json_sha256)
    page.line(words["dice"], size=11, step=5 * MM)
    page.line(words["dice_help"], size=SMALL, step=6 * MM)
    _draw_dice(page)
    _draw_after(page)
    page.canvas.showPage()
    return save_canvas(page.canvas, buffer)


def _head(commitment: Commitment) -> list[tuple[str, str]]:
    words = _words()
    attempt = words["attempt_text"].format(draw=commitment.draw_number, attempt=commitment.attempt)
    counts = {
        "persons": f"{commitment.persons:,}",
        "strata": len(commitment.strata),
        "n": f"{commitment.n:,}",
    }
    dates = f"{commitment.reference_date.isoformat()} ／ {commitment.knowledge_date.isoformat()}"
    return [
        (words["survey"], f"{commitment.title} ({commitment.survey_id})"),
        (words["attempt"], attempt + (words["attempt_again"] if commitment.attempt > 1 else "")),
        (words["committed_at"], commitment.committed_at),
        (words["dates"], dates),
        (words["planned"], words["planned_text"].format(**counts)),
    ]


def _draw_words(page: "_Sheet", commitment: Commitment) -> None:
    """Write the words in two lines of four, each with its number and its two hex digits."""
    page.line(_words()["words"], size=11, step=8 * MM)
    width = WIDTH / 4
    for place, word in enumerate(commitment.words):
        x = (place % 4) * width
        code = commitment.commitment[2 * place : 2 * place + 2]
        page.text(x, f"{place + 1}", SMALL, 5 * MM)
        page.text(x + 4 * MM, word, 16, width - 13 * MM)
        page.text(x + width - 8 * MM, code, SMALL, 7 * MM)
        if place % 4 == 3:
            page.y -= 9 * MM


def _draw_digests(page: "_Sheet", commitment: Commitment, json_sha256: str) -> None:
    words, bound = _words(), commitment.commitment
    page.line(words["commitment"], size=11, step=6.5 * MM)
    groups = [bound[start : start + 8] for start in range(0, len(bound), 8)]
    for line in (groups[:4], groups[4:]):
        for place, group in enumerate(line):
            page.text(place * WIDTH / 4, group, 14, WIDTH / 4 - MM)
        page.y -= 6.5 * MM
    for name in ("frame_digest", "design_sha256", "program_sha256", "nonce_sha256"):
        page.pair(words[name], getattr(commitment, name), size=SMALL)
    page.pair(words["json_sha256"], json_sha256, size=SMALL)
    page.y -= 4 * MM


def _draw_dice(page: "_Sheet") -> None:
    """Draw two blocks of boxes side by side, with lines for who threw and when."""
    words, half = _words(), WIDTH / 2
    top = page.y
    for x, party in ((0.0, words["party_1"]), (half + 3 * MM, words["party_2"])):
        page.y = top
        page.text(x, party, BODY, half - 5 * MM)
        page.y -= 2 * MM
        for row in range(ROWS):
            for column in range(COLUMNS):
                y = page.y - (row + 1) * CELL
                page.canvas.rect(LEFT + x + column * CELL, y, CELL, CELL, stroke=1, fill=0)
        page.y -= ROWS * CELL + 6 * MM
        for name in ("office", "name", "time"):
            page.blank(words[name], x, half - 8 * MM)


def _draw_after(page: "_Sheet") -> None:
    words = _words()
    page.y -= MM
    page.line(words["after"], size=11, step=6 * MM)
    for name in ("seed", "certificate", "witness", "staff"):
        page.blank(words[name], 0, WIDTH, label=80 * MM)


class _Sheet:
    """One page, written from top to bottom."""

    def __init__(self, canvas: Any, chain: FontChain) -> None:
        self.canvas, self.chain, self.y = canvas, chain, TOP
        canvas.setLineWidth(0.5)

    def text(self, x: float, text: str, size: float, width: float) -> None:
        """Write from the left, smaller where it is long; a character no font has becomes 〓."""
        for character in self.chain.missing(text):
            text = text.replace(character, NO_GLYPH)
        while text and (fitted := fit_size(text, width, size, 4.5, self.chain)) is None:
            text = text[:-1]
        if text:
            draw_text(self.canvas, LEFT + x, self.y, text, fitted or size, self.chain)

    def line(self, text: str, *, size: float, step: float) -> None:
        self.text(0, text, size, WIDTH)
        self.y -= step

    def pair(self, name: str, text: str, *, size: float = BODY) -> None:
        self.text(0, name, size, 48 * MM)
        self.text(50 * MM, text, size, WIDTH - 50 * MM)
        self.y -= size * 1.5

    def blank(self, name: str, x: float, width: float, *, label: float = 22 * MM) -> None:
        """Write a name and a line to write on."""
        self.text(x, name, BODY, label - MM)
        self.canvas.line(LEFT + x + label, self.y - MM, LEFT + x + width, self.y - MM)
        self.y -= 7.5 * MM


@cache
def _words() -> dict[str, str]:
    text = (files("sampling") / "data" / "ceremony_sheet.toml").read_text(encoding="utf-8")
    return {name: str(value) for name, value in tomllib.loads(text).items()}
