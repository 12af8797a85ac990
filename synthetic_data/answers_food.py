"""Answers on meals, food, kitchen, shopping and knowledge of food (Q14-Q32)."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthetic_data.drawing import Pencil
from synthetic_data.tables import settings
from synthetic_data.variables import Ints

MEALS = ("Q15_B", "Q15_L", "Q15_D")
SELDOM = 4


def meals(pencil: Pencil) -> dict[str, Any]:
    """Number of meals, meals left out, and days of eating each meal alone (Q14, Q15, Q16).

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    dict of str to numpy.ndarray
        Codes by column.
    """
    model = settings("answers_model")
    answers = {}
    for meal in MEALS:
        item = model["meals"][meal]
        left_out = pencil.chance(meal, item["const"], item["terms"])
        level = pencil.table(f"{meal}.level", model["meals"]["levels"])
        answers[meal] = np.where(left_out, 1 + level, 1)
    seldom = np.stack([answers[meal] == SELDOM for meal in MEALS], axis=1)
    number = np.array([1, 2, 3, 3])[seldom.sum(axis=1)]
    open_number = pencil.share("Q14", model["meals"]["undecided"]) & ~seldom.any(axis=1)
    answers["Q14"] = np.where(open_number, 4, number)
    return answers | meals_alone(pencil, seldom)


def meals_alone(pencil: Pencil, seldom: Any) -> dict[str, Any]:
    """Days of eating each meal alone; the greatest of the meals eaten is the variable ``ea``.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people; needs ``ea``.
    seldom : numpy.ndarray
        Shape (people, 3): meals hardly ever eaten.

    Returns
    -------
    dict of str to numpy.ndarray
        ``Q16_B``, ``Q16_L``, ``Q16_D``: 1 no day … 4 every day.
    """
    table, v = settings("answers_model")["eating_alone"], pencil.variables
    weights = np.tile(np.array(table["meal"], dtype=np.int64), (8, 1))
    weights[(np.arange(8)[:, None] >> np.arange(3)) & 1 == 1] = 0
    weights[7] = table["meal"]
    code = seldom.astype(np.int64) @ np.array([1, 2, 4])
    most = pencil.table("Q16.most", weights, code) - 1
    alike = (v["alone"] > 0) & pencil.share("Q16.alike", table["all_three"])
    answers = {}
    for place, column in enumerate(("Q16_B", "Q16_L", "Q16_D")):
        lower = np.maximum(v["ea"] - (pencil.table(column, table["lower"]) - 1), 0)
        answers[column] = 1 + np.where(alike | (most == place), v["ea"], lower)
    return answers


def foods(pencil: Pencil) -> dict[str, Any]:
    """How often each of ten food groups is eaten (Q19).

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    dict of str to numpy.ndarray
        1 almost every day … 4 hardly ever.
    """
    model, v = settings("answers_model"), pencil.variables
    rest = model["food_not_daily"]
    below, more = rest["low_E"]
    often, some, hardly = rest["shares"]
    lower = [often - more // 2, some - (more - more // 2), hardly + more]
    answers = {}
    for column, item in model["food"].items():
        terms = {"female": item["female"] - item["male"], "E": item["E"]}
        daily = pencil.chance(column, item["male"], terms)
        other = pencil.table(f"{column}.rest", [rest["shares"], lower], (v["E"] < below).astype(np.int64))
        answers[column] = np.where(daily, 1, 1 + other)
    return answers


def kitchen(pencil: Pencil) -> dict[str, Any]:
    """Who cooks and shops, how often, how well (Q22-Q24, Q26).

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    dict of str to numpy.ndarray
        Codes by column.
    """
    model, v = settings("answers_model"), pencil.variables
    table = model["kitchen"]
    cooks_share = [table[f"{sex}_{how}"] for sex in ("male", "female") for how in ("with_others", "alone")]
    place = (2 * v["female"] + v["alone"]).astype(int)
    cooks = pencil.streams.below("answer.Q22", pencil.n, 1000) < np.array(cooks_share)[place]
    helper = [table["helped_if_alone"], table["helped_if_couple"], table["helped_if_family"]]
    who = np.select([v["alone"] > 0, v["couple"] > 0], [0, 1], 2)
    others = pencil.table("Q22.other", helper, who)
    shop_helper = pencil.table("Q26.other", helper, who)
    shops = cooks & pencil.share("Q26", table["shops_too"])
    often = pencil.ordered("Q23", model["ordered"]["Q23"])
    skill = pencil.ordered("Q24", model["ordered"]["Q24"])
    return {
        "Q22": np.where(cooks, 1, others),
        "Q23": np.where(cooks, np.array([0, 1, 2, 2, 1, 1])[often], np.maximum(often, 2)),
        "Q24": np.where(cooks, np.minimum(skill, 3), skill),
        "Q26": np.where(shops, 1, np.array([0, 1, 2, 3, 4, 5, 4])[shop_helper]),
    }


def shopping(pencil: Pencil) -> dict[str, Any]:
    """Trouble with shopping, minutes to the shop, lack of money (Q27, Q28, Q29).

    Parameters
    ----------
    pencil : Pencil
        Draws for the people; needs ``hard``.

    Returns
    -------
    dict of str to numpy.ndarray
        Codes and minutes by column.
    """
    model = settings("answers_model")
    hard, money = model["hard_shopping"], model["money_short"]
    trouble = pencil.chance("Q27", hard["const"], hard["terms"])
    very = pencil.share("Q27.very", hard["very"])
    rather_not = pencil.share("Q27.rather_not", hard["rather_not"])
    short = pencil.chance("Q29", money["const"], money["terms"])
    return {
        "Q27": np.where(trouble, np.where(very, 1, 2), np.where(rather_not, 3, 4)),
        "Q28": pencil.streams.from_pairs("answer.Q28", model["numbers"]["Q28"], pencil.n),
        "Q29": np.where(short, pencil.table("Q29.level", money["levels"]), 4),
    }


def knowledge(pencil: Pencil) -> dict[str, Ints]:
    """Six facts on food in old age (Q32): right, wrong or not known.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    dict of str to numpy.ndarray
        1 true, 2 false, 3 do not know.
    """
    table = settings("answers_model")["knowledge"]
    answers = {}
    for column in (name for name in table if name.startswith("Q32")):
        item = table[column]
        listing = {"shares": [item["share"]], "terms": {"1": {"K": table["K"]}}}
        right = pencil.marks(column, listing)[:, 0]
        unknown = pencil.share(f"{column}.unknown", table["dont_know"])
        answers[column] = np.where(right, item["right"], np.where(unknown, 3, 3 - item["right"]))
    return answers
