"""Ages by law and months by the calendar, on whole columns of dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]

ONE_DAY = np.timedelta64(1, "D")
ONE_MONTH = np.timedelta64(1, "M")


def parts(days: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
    """Split dates into year, month and day.

    Parameters
    ----------
    days : array_like of datetime64[D]
        Any shape.

    Returns
    -------
    tuple of numpy.ndarray
        Year, month 1 to 12, day 1 to 31; each of the shape of `days`.

    Examples
    --------
    >>> [int(part) for part in parts(np.datetime64("2009-11-01"))]
    [2009, 11, 1]
    """
    day = np.asarray(days, dtype="datetime64[D]")
    month = day.astype("datetime64[M]")
    months = month.astype(np.int64)
    return months // 12 + 1970, months % 12 + 1, (day - month).astype(np.int64) + 1


def build(year: Any, month: Any, day: Any) -> Days:
    """Dates of year, month and day; a day after the month's end becomes its last day.

    Parameters
    ----------
    year, month, day : int or numpy.ndarray
        Numbers of one shape.

    Returns
    -------
    numpy.ndarray
        datetime64[D].

    Examples
    --------
    >>> build(1945, 2, 29)
    array('1945-02-28', dtype='datetime64[D]')
    """
    first = ((np.asarray(year, dtype=np.int64) - 1970) * 12 + np.asarray(month) - 1).astype("datetime64[M]")
    last = (first + ONE_MONTH).astype("datetime64[D]") - ONE_DAY
    wanted = first.astype("datetime64[D]") + (np.asarray(day, dtype=np.int64) - 1)
    return np.asarray(np.minimum(wanted, last))


def legal_age(birth: npt.ArrayLike, on: npt.ArrayLike) -> Ints:
    """Age in years on a day, counted as Japanese law does.

    Parameters
    ----------
    birth : array_like of datetime64[D]
        Dates of birth.
    on : array_like of datetime64[D]
        The day or days asked for.

    Returns
    -------
    numpy.ndarray
        Whole years, int64.

    Notes
    -----
    A year of age is completed at the end of the day before the birthday (年齢計算ニ関する法律), so somebody
    born on 2 November 1944 is 65 on 1 November 2009. Those born on 29 February complete it on 28 February.

    Examples
    --------
    >>> born = np.array(["1944-11-02", "1944-11-03", "1944-02-29"], dtype="datetime64[D]")
    >>> legal_age(born, np.datetime64("2009-11-01")).tolist()
    [65, 64, 65]
    """
    year, month, day = parts(np.asarray(on, dtype="datetime64[D]") + ONE_DAY)
    birth_year, birth_month, birth_day = parts(birth)
    ahead = birth_month * 32 + birth_day > month * 32 + day
    return np.asarray(year - birth_year - ahead, dtype=np.int64)


def birth_interval(age: Ints, on: np.datetime64) -> tuple[Days, Days]:
    """First and last date of birth of those who are `age` years old by law on a day.

    Parameters
    ----------
    age : numpy.ndarray
        Whole years.
    on : numpy.datetime64
        The day.

    Returns
    -------
    tuple of numpy.ndarray
        First and last day, both included.

    Examples
    --------
    >>> first, last = birth_interval(np.array([65]), np.datetime64("2009-11-01"))
    >>> first[0], last[0]
    (np.datetime64('1943-11-03'), np.datetime64('1944-11-02'))
    """
    year, month, day = parts(on + ONE_DAY)
    last = build(year - age, month, day)
    first = build(year - age - 1, month, day) + ONE_DAY
    return first, last


def month_end(days: Days, months: npt.ArrayLike) -> Days:
    """Last day of the month that lies `months` months after the month of each date.

    Parameters
    ----------
    days : numpy.ndarray
        Dates.
    months : array_like of int
        Months to go on, may be negative.

    Returns
    -------
    numpy.ndarray
        datetime64[D].

    Examples
    --------
    >>> month_end(np.array(["2009-05-20"], dtype="datetime64[D]"), 6)
    array(['2009-11-30'], dtype='datetime64[D]')
    """
    month = np.asarray(days).astype("datetime64[M]") + np.asarray(months, dtype=np.int64)
    return np.asarray((month + ONE_MONTH).astype("datetime64[D]") - ONE_DAY)
