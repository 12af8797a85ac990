"""What every elder of the frame would answer: the truth behind the returns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from custody.codebook import Codebook, Item
from synthetic_data import answers_food as food
from synthetic_data import answers_health as health
from synthetic_data import answers_prevention as prevention
from synthetic_data.drawing import Pencil
from synthetic_data.registers import padded
from synthetic_data.streams import Streams
from synthetic_data.tables import settings
from synthetic_data.variables import make_variables
from synthetic_data.ward import Ward

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

CODEBOOK = "food_survey"
RESIDENT_NO = "resident_no"


def simple_items(pencil: Pencil, done: dict[str, Any]) -> dict[str, Any]:
    """Answers that need nothing but the model's table: orders and lists not answered elsewhere.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.
    done : dict
        Columns answered already; they are left out.

    Returns
    -------
    dict of str to numpy.ndarray
        Codes by column.
    """
    model = settings("answers_model")
    ordered = {name: pencil.ordered(name, t) for name, t in model["ordered"].items() if name not in done}
    choices = {name: pencil.choice(name, t) for name, t in model["choice"].items() if name not in done}
    return ordered | choices


def finish_marks(item: Item, marked: Flags, pencil: Pencil) -> Flags:
    """Keep the rules of a question with several answers: most marks, exclusive option, at least one mark.

    Parameters
    ----------
    item : Item
        The question.
    marked : numpy.ndarray
        Shape (people, options), or without the exclusive option that stands last.
    pencil : Pencil
        Draws for the people.

    Returns
    -------
    numpy.ndarray
        Shape (people, options), bool.
    """
    if item.max_marks is not None:
        order = np.stack(
            [pencil.streams.below(f"order.{c}", pencil.n, 1 << 30) for c in item.columns[: marked.shape[1]]],
            axis=1,
        )
        order = np.where(marked, order, 1 << 31)
        limit = np.partition(order, item.max_marks - 1, axis=1)[:, item.max_marks - 1]
        marked = marked & (order <= limit[:, None])
    empty = ~marked.any(axis=1)
    if marked.shape[1] < len(item.columns):
        return np.column_stack((marked, empty))
    marked[empty, -1] = True
    return marked


def all_answers(pencil: Pencil, book: Codebook) -> dict[str, Any]:
    """Answers to all questions, as if everybody were asked everything.

    Parameters
    ----------
    pencil : Pencil
        Draws for the people.
    book : Codebook
        The questionnaire.

    Returns
    -------
    dict of str to numpy.ndarray
        One array for each column of the codebook.
    """
    a = health.about_you(pencil)
    a |= health.kihon(pencil)
    a |= health.body(pencil, a["Q13_11"] == 1)
    for part in (food.meals, food.foods, food.kitchen, food.shopping, food.knowledge):
        a |= part(pencil)
    a |= health.mouth(pencil) | health.going_out(pencil)
    a |= prevention.awareness(pencil)
    a |= prevention.taking_part(pencil, a)
    a |= prevention.intention(pencil)
    a["Q48"] = pencil.streams.from_pairs("answer.Q48", settings("answers_model")["numbers"]["Q48"], pencil.n)
    a |= simple_items(pencil, a)
    for item in book.items:
        if item.type != "MA":
            continue
        table = settings("answers_model")["marks"][item.code]
        marked = prevention.conditions(pencil, a) if item.code == "Q47" else pencil.marks(item.code, table)
        marked = finish_marks(item, marked, pencil)
        a |= dict(zip(item.columns, marked.T.astype(np.int64), strict=True))
        a[str(item.no_answer_column)] = np.zeros(pencil.n, dtype=np.int64)
    return a


def set_not_asked(answers: dict[str, Any], book: Codebook) -> dict[str, Flags]:
    """Give the code "not asked" (非該当) where the branch leads past a question; change `answers` in place.

    Parameters
    ----------
    answers : dict of str to numpy.ndarray
        Codes by column.
    book : Codebook
        The questionnaire.

    Returns
    -------
    dict of str to numpy.ndarray
        Who was asked, by code of each question with a branch.
    """
    asked: dict[str, Flags] = {}
    for item in book.items:
        if item.show_if is None:
            continue
        needed = {name: answers[name].astype(np.float64) for name in item.show_if.columns}
        asked[item.code] = item.show_if.evaluate(needed)
        for column in item.data_columns:
            answers[column] = np.where(asked[item.code], answers[column], item.missing.not_asked)
    return asked


def raw_answers(ward: Ward) -> tuple[dict[str, Any], dict[str, Any]]:
    """Answers of everybody in the frame as if everybody were asked everything, and what lies behind them.

    Parameters
    ----------
    ward : Ward
        The ward.

    Returns
    -------
    tuple of dict
        Answers by column, and variables by name; arrays of shape (frame,).
    """
    streams = Streams(ward.seed)
    pencil = Pencil(streams, make_variables(ward, ward.frame, streams))
    return all_answers(pencil, Codebook.load(CODEBOOK)), pencil.variables


def answer_frame(answers: dict[str, Any], book: Codebook) -> pd.DataFrame:
    """Answers as a table in the order of the codebook.

    Parameters
    ----------
    answers : dict of str to numpy.ndarray
        Codes by column.
    book : Codebook
        The questionnaire.

    Returns
    -------
    pandas.DataFrame
        Whole numbers; floating point where the codebook has decimals.
    """
    kinds = {name: np.float64 if book.item(name).decimals else np.int64 for name in book.columns}
    return pd.DataFrame({name: np.asarray(answers[name], dtype=kind) for name, kind in kinds.items()})


def population_answers(ward: Ward) -> pd.DataFrame:
    """Answers of everybody in the frame, complete and without error.

    Parameters
    ----------
    ward : Ward
        The ward.

    Returns
    -------
    pandas.DataFrame
        One row for each person of the frame in the order of the register: ``resident_no`` (宛名番号, text)
        and the columns of the codebook ``food_survey``; 88 or 888 where the branch leads past a question.

    Notes
    -----
    The answers belong to the ward: its seed decides them, whoever is drawn later. What the survey should
    find is therefore known exactly (`population_truth`).

    Examples
    --------
    >>> from synthetic_data import make_ward
    >>> answers = population_answers(make_ward(2_000, seed="example"))
    >>> answers.shape[0], answers.columns[:4].tolist()
    (307, ['resident_no', 'Q1', 'Q2', 'Q3'])
    """
    return answer_table(ward)[0]


def answer_table(ward: Ward) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Answers of everybody in the frame, and what lies behind them.

    Parameters
    ----------
    ward : Ward
        The ward.

    Returns
    -------
    tuple of pandas.DataFrame and dict
        The table of `population_answers`, and variables of the answer model by name, each of shape (frame,).
    """
    book = Codebook.load(CODEBOOK)
    answers, variables = raw_answers(ward)
    set_not_asked(answers, book)
    table = answer_frame(answers, book)
    table.insert(0, RESIDENT_NO, padded(ward.people.number[ward.frame]).to_pandas())
    return table, variables
