"""Answers on knowing of care prevention and taking part in it (Q41, Q45-Q48)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from synthetic_data.drawing import Pencil
from synthetic_data.tables import settings

KNOWS, HEARD, NOT_HEARD = 1, 2, 3


def awareness(pencil: Pencil) -> dict[str, Any]:
    """What one knows of care prevention (Q41), one draw a row.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    dict of str to numpy.ndarray
        1 knows, 2 has heard, 3 does not know.
    """
    answers = {}
    for column, item in settings("answers_model")["aware"].items():
        level, drawn = item["K"] * pencil.variables["K"], pencil.uniform(column)
        know, heard = expit(item["know"] + level), expit(item["heard"] + level)
        answers[column] = np.select([drawn < know, drawn < heard], [KNOWS, HEARD], NOT_HEARD)
    return answers


def taking_part(pencil: Pencil, answers: dict[str, Any]) -> dict[str, Any]:
    """Whether one has joined (Q45); who has joined has heard of the classes.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.
    answers : dict
        Needs ``Q41_JIGYO``.

    Returns
    -------
    dict of str to numpy.ndarray
        ``Q45`` and ``Q41_JIGYO``.
    """
    table = settings("answers_model")["ever_joined"]
    joined = pencil.chance("Q45", table["const"], table["terms"])
    now = pencil.share("Q45.now", table["now"])
    classes = answers["Q41_JIGYO"]
    heard = (classes < NOT_HEARD) ^ pencil.share("Q45.noise", table["noise"])
    return {
        "Q45": np.where(joined, np.where(now, 1, 2), np.where(heard, 3, 4)),
        "Q41_JIGYO": np.where(joined & (classes == NOT_HEARD), HEARD, classes),
    }


def intention(pencil: Pencil) -> dict[str, Any]:
    """Would one join each of six offers (Q46).

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    dict of str to numpy.ndarray
        1 surely … 4 no.
    """
    model = settings("answers_model")
    levels = model["intention_levels"]
    answers = {}
    for column, item in model["intention"].items():
        would = pencil.chance(column, item["const"], item["terms"])
        surely = pencil.share(f"{column}.surely", levels["surely"])
        rather_not = pencil.share(f"{column}.rather_not", levels["rather_not"])
        answers[column] = np.where(would, np.where(surely, 1, 2), np.where(rather_not, 3, 4))
    return answers


def conditions(pencil: Pencil, answers: dict[str, Any]) -> Any:
    """What would make joining easier (Q47), the last option being "in no case".

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.
    answers : dict
        Needs the rows of Q46.

    Returns
    -------
    numpy.ndarray
        Shape (people, 12), bool.
    """
    table = settings("answers_model")["marks"]["Q47"]
    would = np.any([answers[column] <= 2 for column in settings("answers_model")["intention"]], axis=0)
    never = ~would & pencil.chance("Q47.never", table["never"]["const"], table["never"]["terms"])
    marked = pencil.marks("Q47", table)
    marked[never] = False
    marked[~never & ~marked.any(axis=1), 0] = True
    return np.column_stack((marked, never))
