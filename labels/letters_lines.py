"""Breaking prose into lines: by the rules of Japanese setting (禁則), and at the ends of phrases.

An address is broken by `labels.fit.wrap`; a sentence is not an address.
"""

import unicodedata
from typing import Final

from labels.fit import BLANKS, NEVER_FIRST, NEVER_LAST, Measure

__all__ = ["break_lines"]

FIRST_NEVER: Final = NEVER_FIRST | frozenset("！？!?：；:;％%’”…‥」』】〕〟゛゜ヵヶ々〻") - frozenset(
    "番階室棟館丁目地"
)
LAST_NEVER: Final = NEVER_LAST | frozenset("【〔“‘￥＄#＃")
STOPS: Final = frozenset("、。，．」』）！？")
HONORIFIC: Final = frozenset("おご御")
COUNTERS: Final = frozenset("年月日時分秒人歳才号番回枚円年％")
FEW: Final = 2
LOOK_BACK: Final = 10
"""How many characters of a line may be given up for a better end."""
AFTER_STOP: Final = 0.0
AT_PHRASE: Final = 1.0
AT_PARTICLE: Final = 2.0
BETWEEN_KANJI: Final = 6.0
IN_KANA: Final = 9.0
ORPHAN: Final = 6.0
"""What an end of a line costs, in characters: after a stop; before a new phrase; after を or a counter;
between kanji; before kana and inside a date. What it costs more where one or two
characters are left for the last line."""


def break_lines(text: str, limit: float, measure: Measure) -> list[str] | None:
    """Break a paragraph into lines.

    Parameters
    ----------
    text : str
        One paragraph.
    limit : float
        Room on a line, in widths at 1 point.
    measure : Measure
        Widths of characters.

    Returns
    -------
    list of str or None
        The lines; None where a word is longer than a line.

    Notes
    -----
    No line begins with a closing mark, a stop or a small kana, and none ends with an opening mark; numbers
    stay with their counters, Latin words whole. Among the last characters of a line the
    cheapest end is chosen.

    Examples
    --------
    >>> from custody.fonts import FontChain
    >>> measure = Measure(FontChain.find())
    >>> break_lines("返信用の封筒に入れて、11月30日までに送ってください。", 14, measure)
    ['返信用の封筒に入れて、', '11月30日までに', '送ってください。']
    """
    lines: list[str] = []
    rest = text.strip(BLANKS)
    while rest:
        fits = _fitting(measure.widths(rest), limit)
        if fits == len(rest):
            return [*lines, rest]
        place = _end(rest, fits)
        if place is None:
            return None
        lines.append(rest[:place].rstrip(BLANKS))
        rest = rest[place:].lstrip(BLANKS)
    return lines


def _fitting(widths: list[float], limit: float) -> int:
    used = 0.0
    for count, width in enumerate(widths):
        used += width
        if used > limit + 1e-9:
            return count
    return len(widths)


def _end(text: str, fits: int) -> int | None:
    """Choose where a line ends: among the last places, then among all."""
    for places in (range(max(1, fits - LOOK_BACK), fits + 1), range(1, fits + 1)):
        costs = [(cost, place) for place in places if (cost := _cost(text, place)) is not None]
        rated = [
            (cost + (fits - place) + ORPHAN * (len(text) - place <= FEW), -place) for cost, place in costs
        ]
        if rated:
            return -min(rated)[1]
    return None


def _cost(text: str, place: int) -> float | None:
    """Rate an end of a line before `place`: None where it is not allowed."""
    before, after = text[place - 1], text[place]
    drawn = text[:place].rstrip(BLANKS)[-1:]  # a blank at the end of a line is not drawn
    if after in FIRST_NEVER or drawn in LAST_NEVER or after in BLANKS:
        return None
    if before in STOPS or before in BLANKS:
        return AFTER_STOP
    left, right = _kind(before), _kind(after)
    latin = {"digit", "latin"}
    if left in latin and (right in latin or after in COUNTERS):
        return None
    if after in LAST_NEVER or (left == "hiragana" and right != "hiragana" and before not in HONORIFIC):
        return AT_PHRASE
    if before in COUNTERS and right == "digit":
        return IN_KANA
    if before == "を" or before in COUNTERS:
        return AT_PARTICLE
    if (
        left == "hiragana"
        and after in HONORIFIC
        and text[place + 1 : place + 2]
        and _kind(text[place + 1]) == "other"
    ):
        return AT_PARTICLE
    return IN_KANA if right == "hiragana" else BETWEEN_KANJI


def _kind(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    if plain.isdecimal():
        return "digit"
    if plain.isascii() and plain.isalpha():
        return "latin"
    return "hiragana" if "\u3041" <= character <= "\u309f" else "other"
