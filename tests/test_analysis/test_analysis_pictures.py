"""Plots show each row once, in glyphs that the font has, and mark what may not be shown."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from matplotlib.font_manager import FontProperties, findfont

from analysis import SurveyDesign, area_map, forest_plot, pyramid_plot, tile_shapes
from custody.errors import AnalysisError

AREAS = ["練馬", "光が丘", "石神井", "大泉"]
TIDY = pd.DataFrame(
    {
        "地区": AREAS,
        "estimate": [0.125, 0.30, np.nan, 0.22],
        "ci_low": [0.1, 0.25, np.nan, 0.2],
        "ci_high": [0.15, 0.35, np.nan, np.nan],
        "n": [40, 160, 0, 90],
    }
)
TILES = tile_shapes({"練馬": (2, 1), "光が丘": (2, 0), "石神井": (1, 1), "大泉": (0, 0)})


def words(figure: Any) -> list[str]:
    axes = [text.get_text() for one in figure.axes for text in one.texts]
    legends = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    return [*axes, *legends, *(text.get_text() for text in figure.texts)]


def missing_glyphs(figure: Any) -> set[str]:
    figure.canvas.draw()
    found = set()
    for text in figure.findobj(lambda artist: hasattr(artist, "get_fontfamily") and artist.get_text()):
        tables = []
        for family in text.get_fontfamily():
            path = findfont(FontProperties(family=family), fallback_to_default=True)
            tables.append(TTFont(path, fontNumber=0).getBestCmap())
        found |= {c for c in text.get_text() if c != "\n" and not any(ord(c) in table for table in tables)}
    return found


def test_forest_writes_each_number_beside_its_row() -> None:
    figure = forest_plot(
        TIDY, labels=AREAS, title="外食", axis="%", percent=True, reference=0.2, training=True
    )
    assert words(figure)[:4] == ["12.5  (10.0～15.0)", "30.0  (25.0～35.0)", "…", "22.0"]
    assert "訓練用 TRAINING" in words(figure)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == AREAS
    sizes = [line.get_markersize() for line in figure.axes[0].lines if line.get_marker() == "s"]
    assert sizes[1] == pytest.approx(2 * sizes[0])  # area as n
    assert missing_glyphs(figure) == set()


def test_pyramid_mirrors_on_one_scale() -> None:
    left, right = TIDY.iloc[:2], TIDY.iloc[[3, 0]]
    figure = pyramid_plot(left, right, labels=["65-69", "70-74"], title="性・年齢別", percent=True)
    first, second = figure.axes
    assert first.get_xlim() == (second.get_xlim()[1], 0)
    bars = [
        [bar.get_path().get_extents(bar.get_patch_transform()).width for bar in axes.patches]
        for axes in (first, second)
    ]
    np.testing.assert_allclose(bars, [[12.5, 30.0], [22.0, 12.5]])
    assert missing_glyphs(figure) == set()
    with pytest.raises(AnalysisError) as caught:
        pyramid_plot(left, TIDY, labels=["65-69", "70-74"], title="")
    assert caught.value.code == "ANA-PLOT"


def test_map_hatches_what_is_hidden_and_explains_its_classes() -> None:
    figure = area_map(TIDY, "地区", TILES, title="外食", percent=True, classes=[15, 25])
    by_hatch = [patch.get_hatch() for patch in figure.axes[0].patches]
    assert by_hatch == [None, None, "////", None]
    assert words(figure)[-4:] == ["～15.0 %", "15.0～25.0 %", "25.0～ %", "非表示・該当なし"]
    shades = [patch.get_facecolor()[:3] for patch in figure.axes[0].patches]
    grey = [float(np.dot(shade, [0.299, 0.587, 0.114])) for shade in shades]
    assert grey[1] < grey[3] < grey[0]  # darker where more, in grey print too
    assert missing_glyphs(figure) == set()


def test_a_value_on_a_bound_is_in_the_class_above() -> None:
    four = TIDY.assign(estimate=[0.15, 0.3, 0.1, 0.15])
    figure = area_map(four, "地区", TILES, title="", percent=True, classes=[15, 25])
    first, second, third, fourth = [patch.get_facecolor() for patch in figure.axes[0].patches]
    assert first == fourth
    assert len({first, second, third}) == 3


def test_map_takes_geojson_with_holes() -> None:
    ring = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
    hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]  # the same way round: many files are like that
    shape = {"type": "MultiPolygon", "coordinates": [[ring, hole]]}
    one = pd.DataFrame({"area": ["A", "B"], "estimate": [1.0, 2.0]})
    figure = area_map(one, "area", {"A": shape, "B": TILES["大泉"]}, title="")
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())  # type: ignore[attr-defined]

    def colour(x: float, y: float) -> tuple[int, ...]:
        across, up = figure.axes[0].transData.transform((x, y))
        return tuple(int(part) for part in pixels[pixels.shape[0] - round(up), round(across), :3])

    assert colour(3.6, 3.6) != (255, 255, 255)
    assert colour(1.2, 1.2) == (255, 255, 255)


CASES: dict[str, Any] = {
    "no shape": lambda: area_map(TIDY, "地区", {"練馬": TILES["練馬"]}, title=""),
    "area twice": lambda: area_map(pd.concat([TIDY, TIDY]), "地区", TILES, title=""),
    "one class": lambda: area_map(TIDY, "地区", TILES, title="", classes=1),
    "nine classes": lambda: area_map(TIDY, "地区", TILES, title="", classes=range(8)),
}


@pytest.mark.parametrize("name", CASES)
def test_refused_by_name(name: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        CASES[name]()
    assert caught.value.code == "ANA-PLOT"


def test_an_estimate_draws_itself() -> None:
    frame = pd.DataFrame({"外食": list("abbabb"), "地区": ["練馬", "大泉"] * 3, "w": 2.0})
    estimate = SurveyDesign(frame, weights="w").mean("外食", by="地区")
    figure = estimate.plot(labels={"a": "毎日", "b": "ない"})
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["大泉  毎日", "大泉  ない", "練馬  毎日", "練馬  ない"]
    assert estimate.plot(forest=True).axes[0].texts[0].get_text().startswith("33.3")
