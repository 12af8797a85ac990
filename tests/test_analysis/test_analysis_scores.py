"""Scores follow their published rules, and a blank answer never passes for a healthy one."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import derive_scores
from custody.codebook import Codebook

BOOK = Codebook.load("food_survey")
KCL = {f"Q13_{i:02d}": i for i in range(1, 26) if i != 12}
RISK_IS_NO = {1, 2, 3, 4, 5, 6, 7, 8, 16, 19}  # いいえ is the risk; はい for the others
FOODS = ["Q19_" + f for f in ("MEAT", "FISH", "EGG", "MILK", "SOY", "GYV", "SEA", "FRU", "POT", "OIL")]
BLANKS = (96, 97, 99)


def healthy() -> dict[str, float]:
    """A person who answers everything without any risk, and knows and wants nothing."""
    row = dict.fromkeys(BOOK.columns, 1.0)
    row |= {name: 1.0 if i in RISK_IS_NO else 2.0 for name, i in KCL.items()}
    row |= {"Q11": 160.0, "Q12": 60.0, "Q3": 72.0}
    row |= dict.fromkeys(FOODS, 4.0)
    row |= {name: 3.0 for name in BOOK.columns if name.startswith(("Q32_", "Q41_"))}
    row |= {name: 4.0 for name in BOOK.columns if name.startswith("Q46_")}
    return row


def score(**changes: Any) -> pd.Series:
    return derive_scores(pd.DataFrame([healthy() | changes])).iloc[0]


def risks(*items: int) -> dict[str, float]:
    """Risk answers for these items of the checklist."""
    return {f"Q13_{i:02d}": 2.0 if i in RISK_IS_NO else 1.0 for i in items}


def blanks(*items: int) -> dict[str, float]:
    return {f"Q13_{i:02d}": 99.0 for i in items}


STATES = [
    # column, answers, expected state
    ("KCL_MOTOR_STATE", {}, "not"),
    ("KCL_MOTOR_STATE", risks(6, 7), "not"),
    ("KCL_MOTOR_STATE", risks(6, 9, 10), "at_risk"),
    ("KCL_MOTOR_STATE", risks(6, 9, 10) | blanks(7, 8), "at_risk"),
    ("KCL_MOTOR_STATE", risks(6, 9) | blanks(7), "undetermined"),
    ("KCL_MOTOR_STATE", risks(6) | blanks(7), "not"),
    ("KCL_MOTOR_STATE", blanks(6, 7, 8), "undetermined"),
    ("KCL_NUTR_STATE", risks(11), "not"),
    ("KCL_NUTR_STATE", risks(11) | {"Q12": 45.0}, "at_risk"),  # BMI 17.6
    ("KCL_NUTR_STATE", risks(11) | {"Q12": 999.0}, "undetermined"),
    ("KCL_NUTR_STATE", {"Q12": 999.0}, "not"),
    ("KCL_NUTR_STATE", risks(11) | {"Q12": 47.4}, "not"),  # BMI 18.52
    ("KCL_ORAL_STATE", risks(13), "not"),
    ("KCL_ORAL_STATE", risks(13, 15), "at_risk"),
    ("KCL_ORAL_STATE", risks(13) | blanks(15), "undetermined"),
    ("KCL_HOME_STATE", risks(17), "not"),  # item 17 is a caution only
    ("KCL_HOME_STATE", risks(16), "at_risk"),
    ("KCL_HOME_STATE", blanks(16), "undetermined"),
    ("KCL_COG_STATE", risks(19), "at_risk"),
    ("KCL_COG_STATE", blanks(20), "undetermined"),
    ("KCL_MOOD_STATE", risks(21), "not"),
    ("KCL_MOOD_STATE", risks(21, 25), "at_risk"),
    ("KCL_1_20_STATE", risks(*range(1, 10)), "not"),
    ("KCL_1_20_STATE", risks(*range(1, 11)), "at_risk"),
    ("KCL_1_20_STATE", risks(*range(1, 10)) | blanks(20), "undetermined"),
    ("KCL_1_20_STATE", risks(*range(1, 10), 21, 22, 23), "not"),  # mood items do not count
    ("TOKUTEI_STATE", {}, "not"),
    ("TOKUTEI_STATE", risks(18, 19, 20, 16, 21, 22, 23), "not"),  # homebound, cognition, mood came later
    ("TOKUTEI_STATE", risks(14, 15), "at_risk"),
    ("TOKUTEI_STATE", risks(6, 7, 8), "at_risk"),
    ("TOKUTEI_STATE", risks(1, 2, 3, 4, 5, 6, 7, 13, 16, 18), "at_risk"),
    ("TOKUTEI_STATE", risks(14) | blanks(15), "undetermined"),
    ("TOKUTEI_STATE", risks(6, 7, 8) | blanks(15, 14, 1), "at_risk"),
    ("KCL_FRAIL_STATE", risks(*range(1, 9)), "at_risk"),
    ("KCL_FRAIL_STATE", risks(*range(1, 8)), "not"),
    ("KCL_FRAIL_STATE", risks(*range(1, 8)) | blanks(25), "undetermined"),
]


@pytest.mark.parametrize(("column", "answers", "expected"), STATES)
def test_three_states(column: str, answers: dict[str, float], expected: str) -> None:
    assert score(**answers)[column] == expected


@pytest.mark.parametrize("blank", BLANKS)
def test_every_code_of_no_answer_is_a_blank(blank: int) -> None:
    row = score(Q13_06=blank, Q13_07=blank, Q13_08=blank, Q19_EGG=blank)
    assert row["KCL_MOTOR_STATE"] == "undetermined"
    assert row["KCL_MOTOR_BLANK"] == 3
    assert pd.isna(row["DVS"])


NUMBERS = [
    ("KCL_TOTAL", risks(1, 11, 25), 3),
    ("KCL_TOTAL", risks(1, 11, 25) | blanks(2), np.nan),
    ("KCL_TOTAL", {"Q11": 999.0}, np.nan),  # item 12 needs height and weight
    ("KCL_TOTAL_HALF", risks(1, 11, 25) | blanks(2, 3, 4), 4),  # 3 + 1.5, rounded down
    ("KCL_CLASS", risks(1, 2, 3), "robust"),
    ("KCL_CLASS", risks(1, 2, 3, 4), "prefrail"),
    ("KCL_CLASS", risks(*range(1, 9)), "frail"),
    ("KCL_IADL", risks(1, 2), 2),
    ("BMI", {"Q11": 150.0, "Q12": 45.0}, 20.0),
    ("BMI", {"Q11": 60.0, "Q12": 160.0}, np.nan),  # height and weight swapped: out of range, blank
    ("BMI_CL", {"Q11": 150.0, "Q12": 60.0}, ">=25"),
    ("LOWBMI20", {"Q11": 150.0, "Q12": 45.0}, True),
    ("LOWBMI20", {"Q12": 999.0}, np.nan),
    ("DVS", {}, 0),
    ("DVS", {"Q19_MEAT": 1.0, "Q19_OIL": 1.0, "Q19_EGG": 2.0}, 2),  # once in two days does not count
    ("DVS", {"Q19_MEAT": 1.0, "Q19_OIL": 99.0}, np.nan),
    ("DVS_IMP", {"Q19_MEAT": 1.0, "Q19_OIL": 99.0, "Q19_EGG": 97.0}, 1),
    ("DVS_IMP", dict.fromkeys(FOODS[:3], 99.0), np.nan),
    ("DVS_LOW", dict.fromkeys(FOODS[:3], 1.0), True),
    ("DVS_LOW", dict.fromkeys(FOODS[:4], 1.0), False),
    ("DVS_CLASS", dict.fromkeys(FOODS[:7], 1.0), "7-10"),
    ("FFS", {"Q19_MEAT": 1.0, "Q19_FISH": 2.0, "Q19_EGG": 3.0}, 6),
    ("FFS_LOW", dict.fromkeys(FOODS, 2.0), False),  # 20 points
    ("EATALONE", {"Q16_B": 1.0, "Q16_L": 3.0, "Q16_D": 2.0}, 3),
    ("EATALONE", {"Q16_B": 1.0, "Q16_L": 3.0, "Q16_D": 99.0}, np.nan),
    ("EATALONE", {"Q16_B": 4.0, "Q16_L": 99.0, "Q16_D": 99.0}, np.nan),
    ("EATALONE", {"Q16_B": 88.0, "Q16_L": 2.0, "Q16_D": 1.0}, 2),  # breakfast not taken: not asked
    ("EATALONE_ANY", {"Q16_B": 99.0, "Q16_L": 2.0, "Q16_D": 1.0}, np.nan),
    ("EATALONE_ANY", {"Q16_B": 99.0, "Q16_L": 1.0, "Q16_D": 1.0}, np.nan),
    ("EATALONE_ANY", {"Q16_B": 88.0, "Q16_L": 88.0, "Q16_D": 88.0}, np.nan),
    ("EATALONE_DAILY", {"Q16_B": 3.0}, False),
    ("EATALONE_DAILY", {"Q16_B": 4.0}, True),
    ("SKIP", {"Q15_D": 2.0}, True),
    ("SKIP", {}, False),
    ("KNOW", {"Q32_K1": 1.0, "Q32_K2": 2.0, "Q32_K3": 2.0}, 2),  # K2 is false, K3 is true
    ("KNOW", {"Q32_K1": 99.0}, np.nan),
    ("AWARE_KNOW", {"Q41_YOBO": 1.0, "Q41_KOKU": 2.0}, 1),
    ("AWARE_HEARD", {"Q41_YOBO": 1.0, "Q41_KOKU": 2.0}, 2),
    ("AWARE_HEARD", {"Q41_YOBO": 97.0}, np.nan),
    ("AWARE_YOBO", {"Q41_YOBO": 2.0}, False),
    ("HEARD_YOBO", {"Q41_YOBO": 2.0}, True),
    ("INTENT_ANY", {}, False),
    ("INTENT_ANY", {"Q46_NUT": 2.0, "Q46_EX": 99.0}, np.nan),
    ("INTENT_ANY", {"Q46_EX": 99.0}, np.nan),
    ("JOINED", {"Q45": 2.0}, True),
    ("JOINED", {"Q45": 4.0}, False),
    ("JOINED", {"Q45": 99.0}, np.nan),
    ("AGE5", {"Q3": 85.0}, "85+"),
    ("AGE5", {"Q3": 999.0, "age_band": "70-74"}, "70-74"),
    ("AGE5", {"Q3": 999.0}, np.nan),
]


@pytest.mark.parametrize(("column", "answers", "expected"), NUMBERS)
def test_scores(column: str, answers: dict[str, float], expected: object) -> None:
    found = score(**answers)[column]
    if isinstance(expected, float) and np.isnan(expected):
        assert pd.isna(found)
    else:
        assert found == expected


def test_who_did_not_reply_has_no_score() -> None:
    table = pd.DataFrame([healthy(), dict.fromkeys(healthy(), np.nan)], index=[7, 9])
    scores = derive_scores(table)
    assert scores.index.tolist() == [7, 9]
    assert scores.loc[9].isna().all()
    assert scores.loc[7].notna().all()
    assert table.loc[7].to_dict() == healthy()


def test_codes_as_text_give_the_same_scores() -> None:
    numbers = pd.DataFrame([healthy() | risks(1, 6, 9)])
    text = numbers.map(lambda v: f"{v:g}")
    pd.testing.assert_frame_equal(derive_scores(text), derive_scores(numbers))
