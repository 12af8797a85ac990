"""Who was drawn and not mailed to counts as drawn; response rates are shown with and without them."""

from collections.abc import Sequence

import pandas as pd

from analysis.blocks import Words
from analysis.disclosure import SmallCellRule
from analysis.layout import response_block
from analysis.questions import hide_response
from analysis.tables import response_table

RULE = SmallCellRule(min_base=10, min_count=10, complement=True, reference_below=30, mark="…")
STATUS: dict[str, Sequence[str]] = {
    "undeliverable": ["u"],
    "refused": ["r"],
    "returned": ["a", "b"],
    "valid": ["a"],
    "not_mailed": ["not_mailed"],
}


def sample(not_mailed: int) -> pd.DataFrame:
    kinds = ["a"] * 60 + ["u"] * 20 + ["r"] * 10 + ["b"] * 10 + ["not_mailed"] * not_mailed
    return pd.DataFrame({"sex": ["M", "F"] * (len(kinds) // 2), "status": kinds})


def test_rates_with_and_without_those_not_mailed_to() -> None:
    total = response_table(sample(40), STATUS, ["sex"]).iloc[0]
    assert (total["sampled"], total["not_mailed"], total["valid"]) == (140, 40, 60)
    assert (total["rate"], total["rate_mailed"], total["rate_reached"]) == (60 / 140, 60 / 100, 60 / 80)
    plain = response_table(sample(0), STATUS, ["sex"])
    assert not {"not_mailed", "rate_mailed"} & set(plain.columns)
    assert plain["rate"][0] == 60 / 100


def test_few_persons_not_mailed_to_are_hidden_and_no_rate_tells_them() -> None:
    hidden = hide_response(response_table(sample(4), STATUS, ["sex"]), RULE)
    assert hidden[["not_mailed", "rate_mailed", "rate_reached"]].isna().all(axis=None)
    assert hidden["rate"].notna().all()
    many = hide_response(response_table(sample(40), STATUS, ["sex"]), RULE)
    assert many[["not_mailed", "rate_mailed"]].notna().all(axis=None)


def test_the_report_names_both_bases() -> None:
    shown = response_block(response_table(sample(40), STATUS), Words("en"), RULE)
    assert list(shown.frame.columns)[-3:] == [
        "valid, % of drawn",
        "valid, % of mailed",
        "valid, % of delivered",
    ]
    assert shown.frame.iloc[0, 2:4].tolist() == [140, 40]
    usual = response_block(response_table(sample(0), STATUS), Words("en"), RULE)
    assert "not mailed" not in usual.frame.columns
