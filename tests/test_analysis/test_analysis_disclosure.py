"""No cell of 1 to 9 persons leaves in a table, and none can be had back from the rest of its row."""

import numpy as np
import pandas as pd
import pytest

from analysis.disclosure import SmallCellRule, hidden_cells, small_cell_rule
from analysis.questions import hide_figures, hide_response
from analysis.tables import response_table

RULE = SmallCellRule(min_base=10, min_count=10, complement=True, reference_below=30, mark="…")
STATUS = {"undeliverable": ["u"], "refused": ["r"], "returned": ["a", "b"], "valid": ["a"]}


@pytest.mark.parametrize(
    ("counts", "open_cells", "expected"),
    [
        ([50, 30, 20], [0, 0, 0], [0, 0, 0]),
        ([50, 9, 41], [0, 0, 0], [0, 1, 1]),  # one alone: the next smallest too
        ([50, 9, 8, 33], [0, 0, 0, 0], [0, 1, 1, 0]),
        ([95, 5], [0, 0], [1, 1]),
        ([100, 0], [0, 0], [0, 0]),
        ([90, 5, 5], [0, 0, 1], [1, 1, 0]),  # 無回答 stays
        ([50, 45, 5], [0, 0, 1], [0, 0, 0]),
        ([4, 3, 2], [0, 0, 0], [1, 1, 1]),  # a small base hides the row
        ([4, 3, 2], [0, 0, 1], [1, 1, 1]),
    ],
)
def test_hidden_cells(counts: list[int], open_cells: list[int], expected: list[int]) -> None:
    row = np.array([counts])
    hidden = hidden_cells(row.sum(axis=1), row, RULE, np.array(open_cells, dtype=bool))
    assert hidden[0].astype(int).tolist() == expected


def test_limits_come_from_the_data_file() -> None:
    rule = small_cell_rule()
    assert (rule.min_base, rule.min_count, rule.complement) == (10, 10, True)


@pytest.mark.parametrize(
    ("count", "n", "hidden"),
    [(50, 100, False), (9, 100, True), (91, 100, True), (0, 100, False), (0, 9, True)],
)
def test_figures_of_few_persons(count: int, n: int, hidden: bool) -> None:
    values = {name: [0.5] for name in ("estimate", "se", "ci_low", "ci_high", "undetermined")}
    row = hide_figures(pd.DataFrame(values | {"count": [count], "n": [n]}), RULE).iloc[0]
    assert row["hidden"] == hidden
    assert bool(row[list(values)].isna().all()) == hidden


def test_response_table_counts_and_hides() -> None:
    frame = pd.DataFrame({"sex": ["M"] * 60 + ["F"] * 40, "area": ["x"] * 100})
    frame["status"] = ["a"] * 30 + ["n"] * 15 + ["u"] * 15 + ["a"] * 25 + ["b"] * 2 + ["r"] * 10 + ["u"] * 3
    plain = response_table(frame, STATUS, ["sex", ["sex", "area"]])
    assert plain["group"].tolist() == ["", "F", "M", "F/x", "M/x"]
    assert plain.iloc[0, 2:7].tolist() == [100, 18, 10, 57, 55]
    assert plain["rate"][0] == 55 / 100
    assert plain["rate_reached"][0] == 55 / 82
    hidden = hide_response(plain, RULE)
    assert hidden["undeliverable"].isna().tolist() == [False, True, True, True, True]  # 18 - 15 would tell 3
    assert hidden["valid"].tolist() == [55, 25, 30, 25, 30]
    assert hidden["rate_reached"].isna().tolist() == [False, True, True, True, True]
