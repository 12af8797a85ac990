"""Workbook, CSV, report and plots hold the numbers of the estimators, hide small cells, and call nobody."""

import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from analysis import FoodStudy, ResearchData, SurveyDesign, prepare_food_study
from analysis.blocks import TRAINING, Block, Sheet, Words
from analysis.export import write_csv, write_workbook
from analysis.plots import figure_png, interval_plot, likert_bars, sorted_bars
from analysis.publish import Results, compute_results, sections_of, sheets_of, write_results
from analysis.report import block_html, report_html


@pytest.fixture(scope="module")
def study(research_table: pd.DataFrame) -> FoodStudy:
    return replace(prepare_food_study(ResearchData(research_table)), training=True)


@pytest.fixture(scope="module")
def results(study: FoodStudy) -> Results:
    return compute_results(study)


@pytest.fixture(scope="module")
def folder(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tables")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*[Gg]lyph.*")
        write_results(results, out)
    return out


def test_files(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert {"tables.xlsx", "tables.csv", "report.html", "figures.png", "awareness.png"} <= names


def test_same_input_same_bytes(results: Results, folder: Path, tmp_path: Path) -> None:
    for path in write_results(results, tmp_path):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


def test_report_is_one_file_that_calls_nobody(folder: Path) -> None:
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page.lower()
    assert re.findall(r"(?:https?:)?//[a-z0-9.-]+", re.sub(r"base64,[^\"]*", "", page)) == []
    assert re.findall(r"\bon[a-z]+=|@import|url\(", page) == []
    assert page.startswith('<!DOCTYPE html><html lang="ja">')
    assert TRAINING in page
    assert "重みで直せないこと" in page
    assert "@media print" in page


def page_without_plots(results: Results) -> str:
    sections = sections_of(results, sheets_of(results), {"figures": b""})
    study = results.study
    return report_html(study.title, sections, Words(study.lang), training=study.training)


def test_training_mark_only_where_due(study: FoodStudy, results: Results, tmp_path: Path) -> None:
    real = replace(results, study=replace(study, training=False))
    assert TRAINING not in page_without_plots(real)
    write_workbook(tmp_path / "tables.xlsx", sheets_of(real), training=False)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    assert all(page["A1"].value != TRAINING for page in book)


def test_workbook_has_the_mark_on_each_sheet_and_no_formula(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    assert book.sheetnames == ["表の読み方", "回収状況", "主要指標", "単純集計", "クロス集計", "重みの調整"]
    for page in book:
        assert page["A1"].value == TRAINING
        assert {cell.data_type for row in page for cell in row} <= {"s", "n"}


def test_csv_holds_the_estimates(study: FoodStudy, folder: Path) -> None:
    raw = (folder / "tables.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(folder / "tables.csv", encoding="utf-8-sig", keep_default_na=False)
    row = table[(table["code"] == "DVS") & (table["group"] == "F")].iloc[0]
    wanted = study.respondents.mean("DVS", by="sex", na="domain").tidy().set_index("sex").loc["F"]
    for name in ("estimate", "se", "ci_low", "ci_high"):
        assert float(row[name]) == pytest.approx(wanted[name], abs=6e-5)
    assert int(row["n"]) == wanted["n"]


def test_no_small_count_leaves(folder: Path, results: Results) -> None:
    table = pd.read_csv(folder / "tables.csv", encoding="utf-8-sig")
    no_answer = table["answer"].eq("無回答")
    shown = table[table["count"].notna() & ~no_answer]
    assert ((shown["count"] == 0) | (shown["count"] >= results.rule.min_count)).all()
    assert table.loc[table["hidden"], ["count", "estimate", "se"]].isna().all(axis=None)
    assert table["hidden"].any()


def test_shares_of_a_question_add_up(results: Results) -> None:
    question = results.question("Q5")
    assert question is not None
    rows = question.rows[~question.rows["hidden"]]
    sums = rows.groupby(["banner", "group"])["estimate"].sum()
    whole = question.rows.groupby(["banner", "group"])["hidden"].any()
    np.testing.assert_allclose(sums[~whole], 1.0)


def test_several_answers_share_one_base(results: Results, study: FoodStudy) -> None:
    question = results.question("Q10")
    assert question is not None
    total = question.rows[question.rows["banner"] == ""]
    assert total["n"].nunique() == 1
    assert total["n"].iloc[0] == study.respondents.arrays.rows
    assert question.levels[-1][1] == "無回答"


def test_english_report(research_table: pd.DataFrame) -> None:
    page = page_without_plots(compute_results(prepare_food_study(ResearchData(research_table), lang="en")))
    assert '<html lang="en">' in page
    assert "What weights cannot repair" in page


def test_text_is_written_as_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": ["=1+1", "-", "http://x", "0012"], "b": [1.25, 2.0, 3.0, -4.0]})
    path = write_workbook(tmp_path / "t.xlsx", [Sheet("s", (Block("=title", frame, "tp"),))], training=False)
    page = openpyxl.load_workbook(path)["s"]
    assert [page.cell(row, 1).value for row in range(4, 8)] == ["=1+1", "-", "http://x", "0012"]
    assert {page.cell(row, 1).data_type for row in range(4, 8)} == {"s"}
    assert page.cell(4, 2).value == 1.2
    text = write_csv(tmp_path / "t.csv", frame).read_text(encoding="utf-8-sig")
    assert "'=1+1" in text
    assert "-4.0000" in text


def test_cells_are_escaped() -> None:
    html = block_html(Block("<b>", pd.DataFrame({"<i>": ["<u>&"]}), "t"))
    assert "<b>" not in html
    assert "&lt;u&gt;&amp;" in html


HTML_OBJECTS = {
    "estimate": lambda d: d.mean("y", by="g"),
    "design": lambda d: d,
    "description": lambda d: d.describe(),
}


@pytest.mark.parametrize("name", HTML_OBJECTS)
def test_notebook_html_is_fixed_and_calls_nobody(name: str) -> None:
    frame = pd.DataFrame({"y": [1.0, 2, 3, 4], "g": ["a", "a", "b", "b"], "w": 1.0})
    pages = {HTML_OBJECTS[name](SurveyDesign(frame, weights="w"))._repr_html_() for _round in range(2)}
    assert len(pages) == 1
    page = pages.pop()
    assert "<script" not in page.lower()
    assert "http" not in page
    assert 'id="hyohon-' in page
    assert "\n" not in repr(HTML_OBJECTS[name](SurveyDesign(frame, weights="w")))


TIDY = pd.DataFrame(
    {"estimate": [0.2, np.nan, 1.0], "ci_low": [0.1, np.nan, np.nan], "ci_high": [0.3, np.nan, np.nan]}
)
LABELS = ["女性", "髙齢者のいる世帯で一人暮らし", "無回答"]
SHARES = pd.DataFrame({"そう思う": [0.5, 0.2, 0.1], "無回答": [0.5, 0.8, np.nan]})
PLOTS = {
    "interval": lambda: interval_plot(TIDY, labels=LABELS, title="割合", axis="%", gaps=[1], training=True),
    "mean": lambda: interval_plot(TIDY, labels=LABELS, title="平均", percent=False),
    "likert": lambda: likert_bars(
        SHARES, labels=LABELS, bases=[10, 20, 1234], title="帯", no_answer="無回答"
    ),
    "sorted": lambda: sorted_bars(TIDY, labels=LABELS, title="理由", base=99, last=["無回答"]),
}


@pytest.mark.parametrize("name", PLOTS)
def test_plots_have_their_glyphs_and_cut_nothing(name: str) -> None:
    before = dict(__import__("matplotlib").rcParams)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = PLOTS[name]()
        png = figure_png(figure)
    assert png.startswith(b"\x89PNG")
    assert figure._repr_png_() == png
    edges = figure.bbox
    for text in figure.findobj(match=__import__("matplotlib").text.Text):
        if text.get_text().strip() and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= edges.x0 - 1
            assert box.y0 >= edges.y0 - 1
            assert box.y1 <= edges.y1 + 1
    assert dict(__import__("matplotlib").rcParams) == before
