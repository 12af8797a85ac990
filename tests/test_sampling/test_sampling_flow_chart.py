"""The flow chart shows every count of the flow, whole and inside the page, the same in SVG and PDF."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pypdfium2
import pytest

from sampling.flow_chart import flow_chart_pdf, flow_chart_svg
from sampling.flow_layout import HEIGHT, STAGES, WIDTH, flow_layout, rough_width
from sampling.frame import RULES, ListCount
from sampling.frame_rules import FrameRules

SVG = "{http://www.w3.org/2000/svg}"
TITLE = "高齢者・食の実態調査 <A> & B"


@pytest.fixture
def full(ward_frame):
    """A frame with a count for every rule, and every kind of source."""
    removed = {rule: 1001 + 7 * place for place, rule in enumerate(["quarantined", *RULES])}
    names = ("qualifications", "opted_out", "earlier_sample", "institution")
    return replace(
        ward_frame,
        read=len(ward_frame) + sum(removed.values()),
        removed=removed,
        sources={**ward_frame.sources, **{name: str(place) * 64 for place, name in enumerate(names)}},
        lists=tuple(ListCount(name, 1200, 1198) for name in ("opted_out", "earlier_sample", "institution")),
    )


def svg_lines(text: str) -> list[str]:
    return [line.text or "" for line in ElementTree.fromstring(text).iter(f"{SVG}text")]


def pdf_text(data: bytes) -> str:
    page = pypdfium2.PdfDocument(data)[0]
    return page.get_textpage().get_text_range()


def test_every_rule_stands_in_one_box_in_the_order_of_the_flow() -> None:
    assert [rule for _name, rules in STAGES for rule in rules] == ["quarantined", *RULES]


def test_every_count_of_the_flow_is_shown(full) -> None:
    lines = svg_lines(flow_chart_svg(full, title=TITLE))
    for count in full.removed.values():
        assert lines.count(f"− {count:,}") == 1
    left = [full.read]
    for _name, rules in STAGES:
        left.append(left[-1] - sum(full.removed[rule] for rule in rules))
    assert left[-1] == len(full)
    shown = [line for line in lines if re.fullmatch(r"[\d,]{1,12}", line)]
    assert shown == [f"{count:,}" for count in left]
    assert set(full.sources.values()) <= set(lines)
    assert TITLE in lines


def test_a_rule_that_found_nobody_or_is_switched_off_is_named(ward_frame) -> None:
    lines = "、".join(svg_lines(flow_chart_svg(ward_frame)))
    assert "町名が分からない" in lines
    assert "− 0" not in lines
    strict = replace(ward_frame, rules=FrameRules({"lapsed": "exclude"}))
    assert flow_chart_svg(strict) != flow_chart_svg(ward_frame)


@pytest.mark.parametrize("which", ["full", "ward_frame"])
def test_everything_is_inside_the_page_and_its_room(request, which) -> None:
    chart = flow_layout(request.getfixturevalue(which), TITLE * 5)
    for line in chart.texts:
        width = rough_width(line.text, line.size)
        assert width <= line.room + 0.5
        start = {"start": line.x, "middle": line.x - width / 2, "end": line.x - width}[line.anchor]
        assert start >= 0
        assert start + width <= WIDTH
        assert 0 < line.y < HEIGHT - 20
    for upper, lower in zip(chart.boxes, chart.boxes[1:], strict=False):
        assert upper.y + upper.height < lower.y


def test_svg_is_a_document_without_script_and_always_the_same(full) -> None:
    text = flow_chart_svg(full, title=TITLE, training=True)
    root = ElementTree.fromstring(text)
    assert root.get("id") == "hyohon-flow"
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        *("svg", "title", "rect", "path", "polygon", "text"),
    }
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert text == flow_chart_svg(full, title=TITLE, training=True)
    assert "訓練用 TRAINING" in svg_lines(text)
    assert "訓練用 TRAINING" not in svg_lines(flow_chart_svg(full, title=TITLE))


def test_pdf_is_one_page_with_the_same_lines(full) -> None:
    data = flow_chart_pdf(full, title=TITLE, training=True)
    assert data == flow_chart_pdf(full, title=TITLE, training=True)
    assert len(pypdfium2.PdfDocument(data)) == 1
    found = "".join(pdf_text(data).split())
    for line in svg_lines(flow_chart_svg(full, title=TITLE, training=True)):
        assert "".join(line.split()) in found


def test_a_character_without_a_glyph_is_replaced_and_not_an_empty_box(full) -> None:
    assert "〓" in pdf_text(flow_chart_pdf(full, title="調査\U000f0000"))
