"""Estimates go to paper with the same numbers in Markdown, LaTeX, Excel and Word; nothing is run or lost."""

from pathlib import Path

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest

from analysis import SurveyDesign
from analysis.blocks import Block
from analysis.paper import latex, markdown, paper_block
from analysis.results import Estimate
from custody.errors import AnalysisError

FRAME = pd.DataFrame(
    {
        "食費 月": [310.5, 280.0, 455.25, 390.0, 205.0, 360.0],
        "外食": pd.Categorical(["毎日", "ない", "ない", "毎日", "=1+1", "ない"]),
        "地区": ["練馬", "大泉"] * 3,
        "w": 2.0,
    }
)


def estimate(level: bool) -> Estimate:
    d = SurveyDesign(FRAME, weights="w")
    return d.mean("外食", by="地区") if level else d.mean("食費 月")


def test_shares_are_percent_and_numbers_are_not() -> None:
    shares = estimate(True)
    block = shares.to_block()
    assert block.frame["推定値 (%)"].tolist() == [f"{value:.1f}" for value in shares.estimate * 100]
    numbers = estimate(False)
    assert numbers.to_block(decimals=3).frame["推定値"].tolist() == [f"{numbers.estimate[0]:,.3f}"]
    assert "区分" not in numbers.to_block().frame
    assert list(numbers.to_block(lang="en").frame) == ["Item", "Estimate", "SE", "95 % CI", "df", "n"]


def test_words_of_the_reader_stand_for_names() -> None:
    text = estimate(False).to_markdown(labels={"食費 月": "月の食費（円）"}, title="食費", note="注")
    assert text.splitlines()[0] == "**食費**"
    assert "| 月の食費（円） |" in text
    assert text.endswith("\n\n注")


def test_what_means_something_in_a_format_is_escaped() -> None:
    block = Block("50 % & more", pd.DataFrame({"a_b": ["x|y", r"\input{z}"], "n": ["1", "2"]}), "tr", "#1")
    text = latex(block)
    assert r"\caption{50 \% \& more}" in text
    assert r"\textbackslash{}input\{z\}" in text
    assert r"a\_b & n \\" in text
    assert r"| x\|y | 1 |" in markdown(block)


def test_word_holds_the_same_cells(tmp_path: Path) -> None:
    path = estimate(True).to_word(tmp_path / "表.docx", title="外食", note="注")
    document = docx.Document(str(path))
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    block = estimate(True).to_block()
    assert rows == [list(block.frame), *block.frame.to_numpy().tolist()]
    assert [p.text for p in document.paragraphs if p.text] == ["外食", "注"]
    assert document.core_properties.author == ""


def test_excel_holds_the_numbers_unrounded_and_runs_nothing(tmp_path: Path) -> None:
    one = estimate(True)
    path = one.to_excel(tmp_path / "表.xlsx", title="外食")
    rows = list(openpyxl.load_workbook(path)["table"].values)
    head = next(row for row in rows if "estimate" in row)
    place = head.index("estimate")
    found = [row[place] for row in rows[rows.index(head) + 1 :]]
    np.testing.assert_allclose(found, one.estimate, rtol=1e-14)
    cells = [cell for row in openpyxl.load_workbook(path)["table"].iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"] * 2


def test_what_has_no_number_says_so() -> None:
    tidy = pd.DataFrame({"estimate": [np.nan, 0.5], "ci_low": [np.nan, 0.4], "ci_high": [np.nan, np.nan]})
    block = paper_block(tidy.assign(p_value=[0.00004, 0.25]), percent=True, lang="en")
    assert block.frame["Estimate (%)"].tolist() == ["…", "50.0"]
    assert block.frame["95 % CI"].tolist() == ["…", "40.0–…"]
    assert block.frame["p"].tolist() == ["<0.001", "0.250"]


def test_too_many_decimals_are_refused() -> None:
    with pytest.raises(AnalysisError) as caught:
        estimate(False).to_markdown(decimals=9)
    assert caught.value.code == "ANA-OPTION"
