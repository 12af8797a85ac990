"""What the survey should find: means and shares of the whole frame, by sex, age and area."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from synthetic_data.answers import RESIDENT_NO, answer_table
from synthetic_data.mailing import return_chance
from synthetic_data.tables import settings
from synthetic_data.truth import AREAS, BANDS, areas_of, bands
from synthetic_data.ward import Ward

DIGITS = 6
NOT_ASKED = 88


def kihon_scores(answers: pd.DataFrame) -> dict[str, Any]:
    """Scores of the Kihon checklist (基本チェックリスト) of complete answers.

    Parameters
    ----------
    answers : pandas.DataFrame
        Complete answers.

    Returns
    -------
    dict of str to numpy.ndarray
        Number of risk answers in all and at risk (True) by domain; ``bmi``.
    """
    items = settings("answers_model")["kcl"]
    risk = {int(name[-2:]): (answers[name] == item["risk"]).to_numpy(int) for name, item in items.items()}
    bmi = (answers["Q12"] / (answers["Q11"] / 100) ** 2).to_numpy()
    risk[12] = (bmi < 18.5).astype(int)

    def total(first: int, last: int) -> Any:
        return sum(risk[number] for number in range(first, last + 1))

    motor, nutrition, oral, first_20 = total(6, 10) >= 3, total(11, 12) == 2, total(13, 15) >= 2, total(1, 20)
    return {
        "kcl_total": total(1, 25),
        "kcl_frail_8": total(1, 25) >= 8,
        "kcl_prefrail_4_7": (total(1, 25) >= 4) & (total(1, 25) < 8),
        "kcl_motor": motor,
        "kcl_nutrition": nutrition,
        "kcl_oral": oral,
        "kcl_homebound": risk[16] == 1,
        "kcl_cognition": total(18, 20) >= 1,
        "kcl_mood": total(21, 25) >= 2,
        "kcl_1_20_ge_10": first_20 >= 10,
        "candidate_2009": (first_20 >= 10) | motor | nutrition | oral,
        "bmi": bmi,
        "bmi_20_or_less": bmi <= 20,
    }


def score_table(answers: pd.DataFrame) -> pd.DataFrame:
    """Scores and yes-or-no facts of complete answers, one column each.

    Parameters
    ----------
    answers : pandas.DataFrame
        As `population_answers` gives them.

    Returns
    -------
    pandas.DataFrame
        One row for each person; floating point.
    """

    def rows(start: str) -> pd.DataFrame:
        return answers[[name for name in answers.columns if name.startswith(start)]]

    variety = (rows("Q19_") == 1).sum(axis=1)
    alone = rows("Q16_").where(rows("Q16_") < NOT_ASKED, 0).max(axis=1)
    facts = settings("answers_model")["knowledge"]
    right = sum(
        (answers[name] == facts[name]["right"]).astype(int) for name in facts if name.startswith("Q32")
    )
    columns = {
        "dvs": variety,
        "dvs_3_or_less": variety <= 3,
        "dvs_7_or_more": variety >= 7,
        **kihon_scores(answers),
        "lives_alone": answers["Q5"] == 1,
        "eats_alone_at_all": alone >= 2,
        "eats_alone_daily": alone == 4,
        "health_good": answers["Q9"] <= 2,
        "food_shopping_hard": answers["Q27"] <= 2,
        "food_facts_known": right,
        "knows_care_prevention": answers["Q41_YOBO"] == 1,
        "has_heard_of_care_prevention": answers["Q41_YOBO"] <= 2,
        "ever_joined": answers["Q45"] <= 2,
        "would_join_any": (rows("Q46_") <= 2).any(axis=1),
    }
    return pd.DataFrame({name: np.asarray(values, dtype=np.float64) for name, values in columns.items()})


def population_scores(ward: Ward) -> pd.DataFrame:
    """Scores of everybody in the frame, and each person's chance to send the form back.

    Parameters
    ----------
    ward : Ward
        The ward.

    Returns
    -------
    pandas.DataFrame
        One row for each person of the frame, index ``resident_no`` (宛名番号, text): ``area``, ``age_band``,
        ``sex`` (M, F), ``return_chance`` (0 to 1), and the scores that `population_truth` averages.

    Examples
    --------
    >>> from synthetic_data import make_ward
    >>> scores = population_scores(make_ward(2_000, seed="example"))
    >>> bool(scores["return_chance"].between(0, 1).all())
    True
    """
    who, people = ward.frame, ward.people
    answers, variables = answer_table(ward)
    known = {
        "area": np.array(AREAS)[areas_of(people, ward.homes, who)],
        "age_band": np.array(BANDS)[bands(people.age[who])],
        "sex": np.array(["M", "F"])[people.sex[who] - 1],
        "return_chance": return_chance(variables),
    }
    table = pd.concat([pd.DataFrame(known), score_table(answers)], axis=1)
    return table.set_index(pd.Index(answers[RESIDENT_NO], name=RESIDENT_NO))


def population_truth(ward: Ward) -> dict[str, dict[str, Any]]:
    """Means and shares over the whole frame: what the survey should find.

    Parameters
    ----------
    ward : Ward
        The ward.

    Returns
    -------
    dict
        For each score ``all``, ``sex`` (M, F), ``age_band``, ``area``: the mean (a share for yes-or-no
        facts), rounded to 6 digits; None for an empty group.

    Examples
    --------
    >>> from synthetic_data import make_ward
    >>> truth = population_truth(make_ward(2_000, seed="example"))
    >>> sorted(truth["dvs"])
    ['age_band', 'all', 'area', 'sex']
    """
    table = population_scores(ward)
    groups = {"sex": ("M", "F"), "age_band": BANDS, "area": AREAS}
    scores = table.drop(columns=[*groups, "return_chance"])
    truth: dict[str, dict[str, Any]] = {name: {"all": _mean(scores[name])} for name in scores.columns}
    for group, labels in groups.items():
        means = scores.groupby(table[group]).mean().reindex(labels)
        for name in scores.columns:
            truth[name][group] = {
                label: None if np.isnan(value) else round(float(value), DIGITS)
                for label, value in zip(labels, means[name], strict=True)
            }
    return truth


def _mean(values: Any) -> float | None:
    return round(float(values.mean()), DIGITS) if len(values) else None
