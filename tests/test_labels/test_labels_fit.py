"""Text shrinks to its floor, then wraps where a reader would break it, never inside a number or a word."""

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


@given(
    st.lists(
        st.text("東京都練馬区ハイツー・１２３-ab 　号番（）", min_size=1, max_size=30).filter(str.strip),
        min_size=1,
        max_size=2,
    ),
    st.floats(20, 120),
    st.floats(8, 60),
)
def test_whatever_is_fitted_is_whole_and_inside(parts: list[str], width: float, height: float) -> None:
    fitted = fit_block(parts, width, height, STYLE, MEASURE)
    if fitted is None:
        return
    blanks = str.maketrans("", "", " 　")
    assert "".join(fitted.lines).translate(blanks) == "".join(parts).translate(blanks)
    assert STYLE.floor <= fitted.size <= STYLE.size
    assert all(MEASURE.width(line) * fitted.size <= width + 1e-6 for line in fitted.lines)
    assert STYLE.height(len(fitted.lines), fitted.size) <= height + 1e-6
