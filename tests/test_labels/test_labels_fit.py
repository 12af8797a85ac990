"""Text is condensed, then shrunk to its floor, and wrapped where a reader would break it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custody.fonts import FontChain
from labels.fit import Measure, TextStyle, fit_block, wrap

MEASURE = Measure(FontChain.find(["IPAexGothic"]))
STYLE = TextStyle(10.0, 8.0, 1.2)


@pytest.mark.parametrize(
    ("text", "em", "lines"),
    [
        ("東京都練馬区練馬１丁目２番３号", 20, ["東京都練馬区練馬１丁目２番３号"]),
        ("東京都練馬区練馬１丁目２番３号", 14, ["東京都練馬区練馬１丁目", "２番３号"]),
        ("東京都練馬区練馬１丁目１２３番３号", 13, ["東京都練馬区練馬１丁目", "１２３番３号"]),
        ("東京都練馬区栄町１２番３号", 9, ["東京都練馬区栄町", "１２番３号"]),
        ("シティハイツ・ブロードウェイ練馬春日町", 16, ["シティハイツ・ブロードウェイ", "練馬春日町"]),
        ("メゾン練馬 ２０３号室", 8, ["メゾン練馬", "２０３号室"]),
        ("グランドパレス弐番館１１０３号室", 12, ["グランドパレス弐番館", "１１０３号室"]),
        ("バーソロミュー・ジョンソン・スミス 様", 13, ["バーソロミュー・", "ジョンソン・スミス 様"]),
        ("Residence ABC 101", 5.5, ["Residence", "ABC 101"]),
        ("コーポー（西館）", 5, ["コーポー", "（西館）"]),
        ("１２３４５６７８９０", 5, None),
        ("Residence", 3, None),
        ("", 5, []),
    ],
)
def test_lines_end_where_a_reader_would_break(text: str, em: float, lines: list[str] | None) -> None:
    assert wrap(text, em, MEASURE) == lines


@pytest.mark.parametrize(
    ("parts", "width", "height", "lines", "size"),
    [
        (["練馬１丁目２番３号"], 90, 10, 1, 10.0),
        (["練馬１丁目２番３号"], 80, 100, 1, 8.5),
        (["練馬１丁目２番３号"], 72, 100, 2, 10.0),
        (["練馬１丁目２番３号"], 72, 10, 1, 8.0),
        (["練馬１丁目２番３号"], 71, 10, None, None),
        (["練馬１丁目２番３号", "練馬荘"], 90, 22, 2, 10.0),
        (["練馬１丁目２番３号", "練馬荘"], 90, 20, 2, 9.0),
        (["練馬１丁目２番３号", "練馬荘"], 60, 34, 3, 10.0),
        (["練馬１丁目２番３号", "練馬荘"], 90, 17, None, None),
    ],
)
def test_size_is_the_largest_that_fits(
    parts: list[str], width: float, height: float, lines: int | None, size: float | None
) -> None:
    fitted = fit_block(parts, width, height, STYLE, MEASURE)
    assert (
        (lines, size) == (None, None) if fitted is None else (len(fitted.lines), fitted.size) == (lines, size)
    )
    assert fitted is None or fitted.shrunk is (size < STYLE.size)


CONDENSED = TextStyle(10.0, 8.0, 1.2, condense=0.7)


@pytest.mark.parametrize(
    ("parts", "width", "height", "lines", "size", "stretch"),
    [
        (["練馬１丁目２番３号"], 90, 10, 1, 10.0, 1.0),
        (["練馬１丁目２番３号"], 80, 100, 1, 10.0, 0.88),
        (["練馬１丁目２番３号"], 66, 100, 2, 10.0, 1.0),  # wrapping lets the characters be a quarter wider
        (["練馬１丁目２番３号"], 66, 10, 1, 10.0, 0.73),
        (["練馬１丁目２番３号"], 58, 10, 1, 9.0, 0.71),
        (["練馬１丁目２番３号"], 50, 10, None, None, None),
        (["練馬１丁目２番３号", "練馬荘"], 80, 20, 2, 9.0, 0.98),  # too low for the wanted size
        (["練馬１丁目２番３号", "練馬荘"], 36, 34, 3, 10.0, 0.72),
    ],
)
def test_condensing_comes_before_shrinking(
    parts: list[str],
    width: float,
    height: float,
    lines: int | None,
    size: float | None,
    stretch: float | None,
) -> None:
    found = fit_block(parts, width, height, CONDENSED, MEASURE)
    assert (found and (len(found.lines), found.size, found.stretch)) == (lines and (lines, size, stretch))
    assert found is None or (found.shrunk, found.condensed) == (size < 10, stretch < 1)


def test_variant_is_as_wide_as_its_glyph_and_never_cut_from_its_selector() -> None:
    text = "葛\U000e0100葛\U000e0101葛\U000e0100"
    assert MEASURE.widths(text) == [1.0, 0.0] * 3
    assert MEASURE.width(text) == 3.0
    for em in (1, 1.5, 2):
        wrapped = wrap(text, em, MEASURE)
        assert wrapped is not None
        assert "".join(wrapped) == text
        assert all(len(line) % 2 == 0 for line in wrapped)


@pytest.mark.parametrize("style", [STYLE, CONDENSED], ids=["shrunk", "condensed"])
@given(
    st.lists(
        st.text("東京都練馬区ハイツー・１２３-ab 　号番（）", min_size=1, max_size=30).filter(str.strip),
        min_size=1,
        max_size=2,
    ),
    st.floats(20, 120),
    st.floats(8, 60),
)
def test_whatever_is_fitted_is_whole_and_inside(
    style: TextStyle, parts: list[str], width: float, height: float
) -> None:
    fitted = fit_block(parts, width, height, style, MEASURE)
    if fitted is None:
        return
    blanks = str.maketrans("", "", " 　")
    assert "".join(fitted.lines).translate(blanks) == "".join(parts).translate(blanks)
    assert style.floor <= fitted.size <= style.size
    assert style.condense <= fitted.stretch <= 1
    assert all(MEASURE.width(line) * fitted.size * fitted.stretch <= width + 1e-6 for line in fitted.lines)
    assert style.height(len(fitted.lines), fitted.size) <= height + 1e-6
