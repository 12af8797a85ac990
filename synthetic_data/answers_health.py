"""Answers on oneself, health, the Kihon checklist, body, mouth and going out (Q1-Q13, Q33-Q37)."""

from __future__ import annotations

from typing import Any

import numpy as np

from synthetic_data.drawing import Pencil
from synthetic_data.tables import settings
from synthetic_data.variables import Ints, add_up

HARD_UP = 2


def about_you(pencil: Pencil) -> dict[str, Any]:
    """Answers Q1 to Q8; adds the variable ``hard`` (economically hard).

    Parameters
    ----------
    pencil : Pencil
        Draws for the people; its variables gain ``hard``.

    Returns
    -------
    dict of str to numpy.ndarray
        Codes by column.
    """
    model, v = settings("answers_model"), pencil.variables
    form = model["form"]
    proxy = pencil.chance("Q1.proxy", form["proxy"]["const"], form["proxy"]["terms"])
    filler = np.where(proxy, np.where(pencil.share("Q1.scribe", form["scribe"]), 2, 3), 1)
    filler = np.where(pencil.share("Q1.other", form["other"]), 4, filler)
    economy = pencil.ordered("Q8", model["ordered"]["Q8"])
    v["hard"] = (economy <= HARD_UP).astype(float)
    return {
        "Q1": filler,
        "Q2": v["sex"],
        "Q3": v["age"],
        "Q4": np.where(pencil.share("Q4", form["area_unknown"]), 5, v["area"] + 1),
        "Q5": v["household"],
        "Q5a": pencil.ordered("Q5a", model["ordered"]["Q5a"]),
        "Q6": pencil.choice("Q6", model["choice"]["Q6"]),
        "Q7": pencil.choice("Q7", model["choice"]["Q7"]),
        "Q8": economy,
    }


def kihon(pencil: Pencil) -> dict[str, Any]:
    """Answers to the Kihon checklist (基本チェックリスト) without item 12; adds ``K13`` and ``K16``.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    dict of str to numpy.ndarray
        Codes by column, 1 yes and 2 no.
    """
    answers = {}
    for column, item in settings("answers_model")["kcl"].items():
        risk = pencil.chance(column, item["const"], item["terms"])
        answers[column] = np.where(risk, item["risk"], 3 - item["risk"])
    pencil.variables["K13"] = (answers["Q13_13"] == 1).astype(float)
    pencil.variables["K16"] = (answers["Q13_16"] == 2).astype(float)
    return answers


def body(pencil: Pencil, lost_weight: Any) -> dict[str, Any]:
    """Height and weight as told (Q11, Q12), with round numbers liked.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.
    lost_weight : numpy.ndarray
        True where checklist item 11 is at risk.

    Returns
    -------
    dict of str to numpy.ndarray
        ``Q11`` in cm, ``Q12`` in kg.
    """
    model, v, streams = settings("answers_model")["body"], pencil.variables, pencil.streams
    sides = [model["male"], model["female"]]

    def by_sex(key: str) -> Any:
        return np.array([side[key] for side in sides])[v["sex"] - 1]

    r = model["frailty_correlation"]
    own = r * v["eF"] + np.sqrt(1 - r * r) * streams.normal("answer.bmi", pencil.n)
    slope, usual = model["weight_loss"]
    bmi = by_sex("bmi") + by_sex("bmi_sd") * own + model["bmi_10y"] * v["za"] + slope * (lost_weight - usual)
    bmi = np.clip(bmi, *model["clip"])
    height = by_sex("height") + by_sex("height_10y") * v["za"]
    height = height + by_sex("height_sd") * streams.normal("answer.height", pencil.n)
    near_5 = pencil.share("height_to_5", model["height_to_5"])
    height = np.where(near_5, 5 * np.rint(height / 5), np.rint(height))
    weight = bmi * (height / 100) ** 2
    near_5 = pencil.share("weight_to_5", model["weight_to_5"])
    whole = np.where(near_5, 5 * np.rint(weight / 5), np.rint(weight))
    fine = np.rint(weight * 10) / 10
    weight = np.where(pencil.share("whole_kg", model["whole_kg"]), whole, fine)
    return {"Q11": np.clip(height, 125, 188), "Q12": np.clip(weight, 27, 118)}


def mouth(pencil: Pencil) -> dict[str, Any]:
    """Answers on teeth, dentures and chewing (Q33-Q36); adds ``teeth_few``.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    dict of str to numpy.ndarray
        Codes and the number of teeth by column.
    """
    model, v = settings("answers_model"), pencil.variables
    table = model["numbers"]["teeth"]
    level = add_up({name: table[name] for name in ("za", "DO", "F")}, v, table["mean"])
    noise = table["spread"] * pencil.streams.normal("answer.Q33", pencil.n)
    teeth = np.clip(np.rint(level + noise), 0, table["most"]).astype(np.int64)
    teeth = np.where(teeth > 30, table["many"], teeth)
    v["teeth_few"] = (teeth < 20).astype(float)
    dentures = pencil.choice("Q34", model["choice"]["Q34"])
    return {
        "Q33": teeth,
        "Q34": np.where((teeth >= table["many"]) & (dentures == 1), 3, dentures),
        "Q34a": pencil.ordered("Q34a", model["ordered"]["Q34a"]),
        "Q35": pencil.ordered("Q35", model["ordered"]["Q35"]),
        "Q36": pencil.choice("Q36", model["choice"]["Q36"]),
    }


def going_out(pencil: Pencil) -> dict[str, Ints]:
    """How often one goes out (Q37), in agreement with checklist item 16.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people; needs ``K16``.

    Returns
    -------
    dict of str to numpy.ndarray
        ``Q37``.
    """
    table = settings("answers_model")["going_out"]
    weekly = pencil.ordered("Q37.weekly", {"shares": table["weekly"], "terms": {"F": table["F"]}})
    less = pencil.ordered("Q37.less", {"shares": table["less"], "terms": {"F": table["F"]}})
    return {"Q37": np.where(pencil.variables["K16"] > 0, 4 + less, weekly)}
