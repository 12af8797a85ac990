"""Scores with blanks: counts, three states, and what can be decided although an answer is missing.

Arrays hold NaN where there is no answer. Nothing here knows a questionnaire; `analysis.scores` does.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.arrays import BoolArray, FloatArray, IntArray

__all__ = [
    "AT_RISK",
    "NOT_AT_RISK",
    "UNDETERMINED",
    "Count",
    "all_answered",
    "any_state",
    "any_value",
    "count_points",
    "largest",
    "risk_state",
]

AT_RISK: Final = 0
NOT_AT_RISK: Final = 1
UNDETERMINED: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """Points of several items.

    Attributes
    ----------
    points : FloatArray
        (rows,) sum over the answered items.
    blanks : IntArray
        (rows,) items without an answer.
    """

    points: FloatArray
    blanks: IntArray

    def complete(self) -> FloatArray:
        """Points where every item is answered.

        Returns
        -------
        FloatArray
            (rows,) NaN where an item is blank.
        """
        return np.where(self.blanks == 0, self.points, np.nan)

    def half_a_blank(self) -> FloatArray:
        """Points with half a point for each blank, rounded down.

        Returns
        -------
        FloatArray
            (rows,).
        """
        return np.floor(self.points + 0.5 * self.blanks)

    def blanks_as_zero(self, most_blanks: int) -> FloatArray:
        """Points with blanks as 0 where there are few.

        Parameters
        ----------
        most_blanks : int
            Rows with more blanks stay NaN.

        Returns
        -------
        FloatArray
            (rows,).
        """
        return np.where(self.blanks <= most_blanks, self.points, np.nan)


def count_points(points: FloatArray) -> Count:
    """Sum points over items and count the blanks.

    Parameters
    ----------
    points : FloatArray
        (rows, items) points, NaN where blank.

    Returns
    -------
    Count
        Sums and blanks.
    """
    return Count(np.nansum(points, axis=1), np.isnan(points).sum(axis=1, dtype=np.int64))


def risk_state(count: Count, cut: float) -> IntArray:
    """Decide whether a cut-off is reached, if blanks (up to one point each) cannot change it.

    Parameters
    ----------
    count : Count
        Points and blanks; an item has 0 or 1 point.
    cut : float
        At risk from this many points.

    Returns
    -------
    IntArray
        (rows,) AT_RISK, NOT_AT_RISK or UNDETERMINED.

    Examples
    --------
    >>> risk_state(Count(np.array([3.0, 1.0, 2.0]), np.array([2, 1, 1])), 3).tolist()
    [0, 1, 2]
    """
    reached = count.points >= cut
    open_ = ~reached & (count.points + count.blanks >= cut)
    return np.where(reached, AT_RISK, np.where(open_, UNDETERMINED, NOT_AT_RISK)).astype(np.int64)


def any_state(states: IntArray) -> IntArray:
    """Combine states by "or".

    Parameters
    ----------
    states : IntArray
        (rows, criteria).

    Returns
    -------
    IntArray
        (rows,) AT_RISK where one criterion is; NOT_AT_RISK where all are not; otherwise UNDETERMINED.
    """
    some, none = (states == AT_RISK).any(axis=1), (states == NOT_AT_RISK).all(axis=1)
    return np.where(some, AT_RISK, np.where(none, NOT_AT_RISK, UNDETERMINED)).astype(np.int64)


def any_value(answers: FloatArray, asked: BoolArray, values: Collection[int]) -> FloatArray:
    """Tell whether any of several questions was answered with one of some values.

    Parameters
    ----------
    answers : FloatArray
        (rows, questions) codes, NaN where there is no answer.
    asked : BoolArray
        (rows, questions) False where the question was not put.
    values : collection of int
        Codes that count.

    Returns
    -------
    FloatArray
        (rows,) 1 where one counts, 0 where none does; NaN where an asked question is blank or none was asked.

    Notes
    -----
    A row with a blank is left out even where another answer settles it: to keep the settled ones would keep
    rows that say yes and drop rows that say no, and the share would come out too high.

    Examples
    --------
    >>> rows = np.array([[1.0, 3.0], [2.0, np.nan], [1.0, 1.0]])
    >>> any_value(rows, np.ones((3, 2), dtype=bool), [2, 3]).tolist()
    [1.0, nan, 0.0]
    """
    hit = np.isin(answers, list(values)).any(axis=1)
    return np.where(all_answered(answers, asked), hit, np.nan)


def largest(answers: FloatArray, asked: BoolArray) -> FloatArray:
    """Take the largest code of several questions.

    Parameters
    ----------
    answers : FloatArray
        (rows, questions) codes, NaN where there is no answer.
    asked : BoolArray
        (rows, questions) False where the question was not put.

    Returns
    -------
    FloatArray
        (rows,) NaN where an asked question is blank (see `any_value`), or none was asked.

    Examples
    --------
    >>> rows = np.array([[1.0, 3.0, 2.0], [4.0, np.nan, 1.0]])
    >>> largest(rows, np.ones((2, 3), dtype=bool)).tolist()
    [3.0, nan]
    """
    most = np.max(np.where(np.isnan(answers), -np.inf, answers), axis=1)
    return np.where(all_answered(answers, asked), most, np.nan)


def all_answered(answers: FloatArray, asked: BoolArray) -> BoolArray:
    """Tell which rows have an answer to every question that was put, and were put at least one.

    Parameters
    ----------
    answers : FloatArray
        (rows, questions) codes, NaN where there is no answer.
    asked : BoolArray
        (rows, questions) False where the question was not put.

    Returns
    -------
    BoolArray
        (rows,) True where nothing is open.
    """
    return np.asarray((~np.isnan(answers) | ~asked).all(axis=1) & asked.any(axis=1))
