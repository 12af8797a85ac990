"""Where everything stands on the flow chart: boxes, arrows and lines of text, before anything is drawn."""

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from custody.messages import gettext as _
from custody.messages import mark
from sampling.frame import Frame, Linkage
from sampling.frame_rules import RULE_TITLES
from sampling.limits import limits

__all__ = ["HEIGHT", "WIDTH", "Arrow", "Box", "Chart", "Text", "flow_layout", "linkage_lines", "rough_width"]

WIDTH: Final = 595.0
"""Of the page (A4 upright), points."""
HEIGHT: Final = 842.0
LEFT: Final = 51.0
RIGHT: Final = WIDTH - LEFT
TOP: Final = 48.0
MAIN_WIDTH: Final = 196.0
MAIN_HEIGHT: Final = 33.0
SIDE: Final = LEFT + MAIN_WIDTH + 32.0
PAD: Final = 6.0
GAP: Final = 7.0
ROW: Final = 11.6
BODY: Final = 8.0
SMALL: Final = 6.6
BOTTOM: Final = HEIGHT - 30
COMMA: Final = mark(", ")
"""Between the items of a list."""

STAGES: Final = (
    (
        mark("rows of the resident register"),
        ("quarantined", "removed_record", "non_resident", "moved_in_after"),
    ),
    (mark("residents on the reference date"), ("under_65", "age_undecidable")),
    (
        mark("residents of 65 and over"),
        (
            "protected",
            "certified_valid",
            "pending_new",
            "pending_renewal",
            "pending_change",
            "certification_unclear",
            "link_undecided",
        ),
    ),
    (
        mark("reachable and not certified for care"),
        (
            "insured_elsewhere",
            "exempt",
            "institution",
            "checklist",
            "lapsed",
            "not_eligible",
            "withdrawn",
            "recent_mover",
            "opted_out",
            "earlier_sample",
            "area_unknown",
        ),
    ),
)
"""The boxes from top to bottom, each with the rules that remove persons from it."""

SOURCE_TITLES: Final = {
    "residents": mark("resident register"),
    "certifications": mark("certification register"),
    "qualifications": mark("qualification register"),
    "opted_out": mark("list: wished not to be asked"),
    "earlier_sample": mark("list: drawn in an earlier survey"),
    "institution": mark("list: institutions"),
}

STEP_TITLES: Final = {
    "resident_no": mark("resident number"),
    "insured_no": mark("insured number"),
    "deterministic": mark("unique kana, birth date and sex"),
    "probabilistic": mark("probability"),
    "staff": mark("decision of staff"),
    "review": mark("waiting for staff"),
    "unmatched": mark("nobody here"),
}
"""What each step of the linkage goes by."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box; left and upper edge, width and height in points from the upper left corner of the page."""

    x: float
    y: float
    width: float
    height: float
    main: bool


@dataclass(frozen=True, slots=True)
class Arrow:
    """A straight arrow between two points."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text on its base line; `room` is the width that it may take, points."""

    x: float
    y: float
    text: str
    size: float
    room: float
    anchor: Literal["start", "middle", "end"] = "start"
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything on the page.

    Parameters
    ----------
    boxes : tuple of Box
        In the order of drawing.
    arrows : tuple of Arrow
        Between them.
    texts : tuple of Text
        Every line of text.
    """

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    texts: tuple[Text, ...]


def flow_layout(frame: Frame, title: str) -> Chart:
    """Lay out the flow of a frame.

    Parameters
    ----------
    frame : Frame
        The frame.
    title : str
        Title of the survey.

    Returns
    -------
    Chart
        The page, in the language in use.
    """
    head = list(_head(frame, title))
    boxes, arrows, texts = _flow(frame, head[-1].y + 14)
    foot = _foot(frame, boxes[-1].y + boxes[-1].height + 18)
    chart = Chart(tuple(boxes), tuple(arrows), tuple(_fitted(line) for line in (*head, *texts, *foot)))
    lowest = max(line.y for line in chart.texts)
    return chart if lowest <= BOTTOM else _scaled(chart, BOTTOM / lowest)


def _scaled(chart: Chart, factor: float) -> Chart:
    """Make everything smaller, so that the page holds it."""

    def smaller(item: Any) -> Any:
        numbers = {name: getattr(item, name) for name in item.__slots__}
        return replace(
            item, **{name: value * factor for name, value in numbers.items() if isinstance(value, float)}
        )

    parts = (chart.boxes, chart.arrows, chart.texts)
    return Chart(*(tuple(smaller(item) for item in part) for part in parts))


def rough_width(text: str, size: float) -> float:
    """Estimate the width of a line, whatever the font: a wide character takes one em, another 0.58.

    Parameters
    ----------
    text : str
        The line.
    size : float
        Size of the font, points.

    Returns
    -------
    float
        Points.

    Examples
    --------
    >>> rough_width("練馬", 10), rough_width("ab", 10)
    (20.0, 11.6)
    """
    wide = sum(unicodedata.east_asian_width(character) in "WFA" for character in text)
    return size * (wide + 0.58 * (len(text) - wide))


def _fitted(line: Text) -> Text:
    """Make a line smaller until it fits its room; one that would be too small to read is cut."""
    size = min(line.size, line.size * line.room / max(rough_width(line.text, line.size), 1))
    if size >= 0.55 * line.size:
        return replace(line, size=round(size, 2))
    text = line.text
    while rough_width(text + "…", 0.55 * line.size) > line.room:
        text = text[:-1]
    return replace(line, text=text + "…", size=round(0.55 * line.size, 2))


def _head(frame: Frame, title: str) -> Iterator[Text]:
    width = RIGHT - LEFT
    yield Text(LEFT, TOP, _("From the register to the frame"), 16, width, bold=True)
    yield Text(LEFT, TOP + 18, title, 10, width)
    dates = _("Reference date: {reference}. Date of the extracts: {known}.")
    days = {"reference": frame.reference_date.isoformat(), "known": frame.knowledge_date.isoformat()}
    yield Text(LEFT, TOP + 32, dates.format(**days), BODY, width)


def _flow(frame: Frame, y: float) -> tuple[list[Box], list[Arrow], list[Text]]:
    """Set the boxes below each other, with what leaves to the right."""
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    texts: list[Text] = []
    left = frame.read
    middle = LEFT + MAIN_WIDTH / 2
    for name, rules in STAGES:
        boxes.append(Box(LEFT, y, MAIN_WIDTH, MAIN_HEIGHT, True))
        texts += _main(_(name), left, y)
        lines = _side(frame, rules)
        top = y + MAIN_HEIGHT + GAP
        height = max(line.y for line in lines) + PAD
        boxes.append(Box(SIDE, top, RIGHT - SIDE, height, False))
        texts += [replace(line, y=top + line.y) for line in lines]
        y = top + height + GAP
        arrows.append(Arrow(middle, top - GAP, middle, y))
        arrows.append(Arrow(middle, top + height / 2, SIDE, top + height / 2))
        left -= sum(frame.removed.get(rule, 0) for rule in rules)
    boxes.append(Box(LEFT, y, MAIN_WIDTH, MAIN_HEIGHT, True))
    texts += _main(_(RULE_TITLES["frame"]), left, y)
    return boxes, arrows, texts


def _main(name: str, count: int, y: float) -> list[Text]:
    middle, room = LEFT + MAIN_WIDTH / 2, MAIN_WIDTH - 2 * PAD
    return [
        Text(middle, y + 13, name, 8.5, room, "middle"),
        Text(middle, y + 27, f"{count:,}", 11, room, "middle", bold=True),
    ]


def _side(frame: Frame, rules: Sequence[str]) -> list[Text]:
    """List the rules that removed somebody, and in small type those that found nobody."""
    lines: list[Text] = []
    room = RIGHT - SIDE - 2 * PAD
    for rule in rules:
        if count := frame.removed.get(rule, 0):
            y = ROW * (sum(line.anchor == "end" for line in lines) + 1) - 1
            lines.append(Text(SIDE + PAD, y, _(RULE_TITLES[rule]), BODY, room - 48))
            lines.append(Text(RIGHT - PAD, y, f"− {count:,}", BODY, 46, "end"))
    shown = len(lines) // 2
    none = [
        _(RULE_TITLES[rule]) for rule in rules if not frame.removed.get(rule) and frame.rules.excludes(rule)
    ]
    nobody = _("nobody:")
    below = _wrapped([f"{nobody} {none[0]}", *none[1:]], room) if none else []
    lines += [Text(SIDE + PAD, ROW * (shown + n) - 1, text, SMALL, room) for n, text in enumerate(below, 1)]
    return lines or [Text(SIDE + PAD, ROW - 1, "− 0", BODY, room)]


def _wrapped(items: Iterable[str], room: float) -> list[str]:
    """Join items into lines that fit."""
    comma = _(COMMA)
    lines: list[str] = []
    for item in items:
        if lines and rough_width(f"{lines[-1]}{comma}{item}{comma}", SMALL) <= room:
            lines[-1] += f"{comma}{item}"
        elif lines:
            lines[-1] += comma.rstrip()
            lines.append(item)
        else:
            lines.append(item)
    return lines


def _foot(frame: Frame, y: float) -> Iterator[Text]:
    width = RIGHT - LEFT
    lines = [text for part in (_flags(frame), _staff(frame), _linkage(frame), _lists(frame)) for text in part]
    for place, text in enumerate(lines):
        yield Text(LEFT, y + 10 * place, text, SMALL + 0.4, width)
    y += 10 * len(lines) + 4
    yield Text(LEFT, y, _("Files (SHA-256):"), SMALL, width)
    for place, (name, digest) in enumerate(frame.sources.items(), 1):
        yield Text(LEFT, y + 9 * place, _(SOURCE_TITLES[name]), SMALL, 170)
        yield Text(LEFT + 176, y + 9 * place, digest, SMALL, width - 176)


def _flags(frame: Frame) -> list[str]:
    """List the rules that are switched off, with everybody they would have removed."""
    table = frame.flags
    return _counted(_("Kept in the frame with a flag:"), zip(table["flag"], table["persons"], strict=True))


def _staff(frame: Frame) -> list[str]:
    table = frame.staff_list
    found = [pair for pair in zip(table["reason"], table["persons"], strict=True) if pair[1]]
    return _counted(_("Left out until staff decide:"), found)


def _counted(word: str, pairs: Iterable[tuple[str, int]]) -> list[str]:
    items = [f"{_(RULE_TITLES[rule])} {count:,}" for rule, count in pairs]
    return _wrapped([f"{word} {items[0]}", *items[1:]], RIGHT - LEFT) if items else []


def _linkage(frame: Frame) -> list[str]:
    linkage = frame.linkage
    text = _(
        "Certification rows: {rows}; of a resident: {matched} ({rate}); certified, but under 65: {young}."
    )
    counts = {"rows": linkage.rows, "matched": linkage.matched, "young": linkage.certified_under_65}
    shown = {name: f"{count:,}" for name, count in counts.items()}
    first = text.format(rate=f"{linkage.rate:.1%}", **shown)
    return [first, *linkage_lines(linkage, room=RIGHT - LEFT)]


def linkage_lines(linkage: Linkage, *, room: float = math.inf) -> list[str]:
    """Say by which steps the certification rows were found, with the thresholds and the estimated errors.

    Parameters
    ----------
    linkage : Linkage
        Of a frame.
    room : float
        Width of a line, points.

    Returns
    -------
    list of str
        Sentences in the language in use; the thresholds and errors only where they were estimated.
    """
    steps = [f"{_(STEP_TITLES[step])} {rows:,}" for step, rows in linkage.steps.items() if rows]
    found = _("Rows found by:")
    lines = _wrapped([f"{found} {steps[0]}", *steps[1:]], room) if steps else []
    errors = {"false": linkage.false_match_rate, "missed": linkage.missed_match_rate}
    if any(errors.values()):
        bounds = _("A pair is taken from probability {accept}, and staff look at it from {review}.")
        lines.append(bounds.format(accept=limits().link_accept, review=limits().link_review))
        rates = _("Estimated: tied to another person {false}, not found {missed}.")
        lines.append(rates.format(**{name: _percent(rate) for name, rate in errors.items()}))
    return lines


def _percent(rate: float) -> str:
    return "< 0.001%" if 0 < rate < 0.00001 else f"{rate:.3%}"


def _lists(frame: Frame) -> list[str]:
    text = _("{title}: {entries} entries, {matched} of them in the register")
    items = [
        text.format(title=_(RULE_TITLES[item.name]), entries=f"{item.entries:,}", matched=f"{item.matched:,}")
        for item in frame.lists
    ]
    return _wrapped(items, RIGHT - LEFT)
