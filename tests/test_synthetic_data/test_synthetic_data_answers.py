"""Answers of the whole frame have the marginals of the response model and obey the branches of the form."""

import numpy as np
import pandas as pd
import pytest

from custody.codebook import Codebook
from synthetic_data import make_ward, population_answers, population_truth
from synthetic_data.answers import raw_answers
from synthetic_data.mailing import return_chance
from synthetic_data.scores import score_table

SHARE = 0.012
"""Tolerance of shares: about 37,000 answers give standard errors below 0.0026; the reference simulation has
its own error (0.002) and another mix of ages and households (up to 0.005)."""

REFERENCE = {
    "kcl_frail_8": 0.212,
    "kcl_prefrail_4_7": 0.342,
    "kcl_motor": 0.181,
    "kcl_nutrition": 0.017,
    "kcl_oral": 0.191,
    "kcl_homebound": 0.063,
    "kcl_cognition": 0.374,
    "kcl_mood": 0.251,
    "kcl_1_20_ge_10": 0.062,
    "candidate_2009": 0.320,
    "lives_alone": 0.182,
    "would_join_any": 0.692,
    "ever_joined": 0.061,
    "knows_care_prevention": 0.30,
    "has_heard_of_care_prevention": 0.75,
}
"""Shares of a simulation of 60,000 elders by a second program (frame of the response model)."""

BY_SEX = {
    "dvs_3_or_less": (0.546, 0.395),
    "dvs_7_or_more": (0.102, 0.168),
    "eats_alone_at_all": (0.474, 0.478),
    "eats_alone_daily": (0.148, 0.161),
    "bmi_20_or_less": (0.122, 0.195),
}


@pytest.fixture(scope="module")
def ward():
    return make_ward(240_000, "answers")


@pytest.fixture(scope="module")
def answers(ward):
    return population_answers(ward)


@pytest.fixture(scope="module")
def truth(ward):
    return population_truth(ward)


@pytest.mark.parametrize(("name", "share"), REFERENCE.items())
def test_shares(truth, name, share):
    assert truth[name]["all"] == pytest.approx(share, abs=SHARE)


@pytest.mark.parametrize(("name", "shares"), BY_SEX.items())
def test_shares_by_sex(truth, name, shares):
    found = [truth[name]["sex"][sex] for sex in "MF"]
    assert found == pytest.approx(shares, abs=SHARE)


def test_dietary_variety(truth):
    # standard error below 0.02, reference rounded to 0.01
    assert truth["dvs"]["sex"]["M"] == pytest.approx(3.45, abs=0.06)
    assert truth["dvs"]["sex"]["F"] == pytest.approx(4.24, abs=0.06)


def test_frailty_rises_with_age(truth):
    assert sorted(truth["kcl_frail_8"]["age_band"].values()) == list(
        truth["kcl_frail_8"]["age_band"].values()
    )


def test_return_depends_on_frailty_as_published(ward, answers):
    _, variables = raw_answers(ward)
    chance = return_chance(variables)
    total = score_table(answers)["kcl_total"].to_numpy()

    def odds(flags):
        return (1 - chance[flags].mean()) / chance[flags].mean()

    robust = odds(total <= 3)
    assert chance.mean() == pytest.approx(0.60, abs=0.01)
    assert odds(total >= 8) / robust == pytest.approx(1.63, abs=0.1)  # model and Hachioji
    assert odds((total >= 4) & (total < 8)) / robust == pytest.approx(1.26, abs=0.08)


def test_codebook_finds_nothing_to_complain_of(answers):
    checked = Codebook.load("food_survey").check(answers, keep=("resident_no",))
    assert checked.log.empty
    pd.testing.assert_frame_equal(checked.table, answers)


def test_everybody_of_the_frame_answers_once(ward, answers):
    assert answers["resident_no"].tolist() == [f"{n:010d}" for n in ward.people.number[ward.frame]]


def test_answers_agree_with_the_register(ward, answers):
    people, who = ward.people, ward.frame
    assert (answers["Q2"] == people.sex[who]).all()
    assert (answers["Q3"] == people.age[who]).all()
    alone = (np.bincount(people.household)[people.household] == 1)[who]
    assert (answers["Q5"] == 1)[alone].mean() == pytest.approx(0.95, abs=0.01)
    assert (answers["Q5"] == 1)[~alone].mean() == pytest.approx(0.01, abs=0.003)


@pytest.mark.parametrize(
    "rule",
    [
        "Q5 == 1 and Q17_01 == 1",
        "Q13_16 == 2 and Q37 < 5",
        "Q13_16 == 1 and Q37 > 4",
        "Q14 == 1 and (Q15_B == 4 or Q15_L == 4 or Q15_D == 4)",
        "Q33 >= 28 and Q34 == 1",
        "Q45 <= 2 and Q41_JIGYO == 3",
        "Q10_14 == 1 and Q10_01 == 1",
        "Q47_12 == 1 and Q46_EX <= 2",
    ],
)
def test_answers_do_not_contradict_one_another(answers, rule):
    assert answers.query(rule).empty


def test_answers_are_the_wards_own(ward):
    again = make_ward(1_000, "again")
    pd.testing.assert_frame_equal(population_answers(again), population_answers(make_ward(1_000, "again")))


def test_truth_is_the_mean_of_the_answers(answers, truth):
    variety = (answers[[c for c in answers if c.startswith("Q19_")]] == 1).sum(axis=1)
    assert truth["dvs"]["all"] == pytest.approx(variety.mean(), abs=1e-6)  # rounded to six digits
    women = answers["Q2"] == 2
    assert truth["dvs"]["sex"]["F"] == pytest.approx(variety[women].mean(), abs=1e-6)
