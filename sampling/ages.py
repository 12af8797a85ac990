"""Age by law (年齢計算ニ関する法律): an age is reached on the day before the birthday."""

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sampling.limits import limits

__all__ = ["age_band", "ages_on", "born_by"]


def born_by(age: int, day: date) -> date:
    """Return the last day of birth of those who have reached an age.

    Parameters
    ----------
    age : int
        Years, 1 or more.
    day : datetime.date
        The day on which it must be reached.

    Returns
    -------
    datetime.date
        Who was born on it reaches the age on `day` or before.

    Examples
    --------
    >>> born_by(65, date(2009, 11, 1)).isoformat()
    '1944-11-02'
    >>> born_by(65, date(2009, 2, 27)).isoformat(), born_by(65, date(2009, 2, 28)).isoformat()
    ('1944-02-28', '1944-03-01')
    """
    tomorrow = day + timedelta(days=1)
    try:
        return tomorrow.replace(year=tomorrow.year - age)
    except ValueError:  # tomorrow is 29 February, and the year of birth has none
        return date(tomorrow.year - age, 2, 28)


def ages_on(births: Any, day: date) -> Any:
    """Return ages on a day.

    Parameters
    ----------
    births : pyarrow.Array or ChunkedArray of date32
        Dates of birth, shape (persons,).
    day : datetime.date
        The day.

    Returns
    -------
    pyarrow.Array or ChunkedArray of int64
        Years, shape (persons,).

    Examples
    --------
    >>> births = pa.array([date(1944, 11, 2), date(1944, 11, 3), date(1944, 2, 29)])
    >>> ages_on(births, date(2009, 11, 1)).to_pylist()
    [65, 64, 65]
    """
    tomorrow = day + timedelta(days=1)
    born = pc.add(pc.multiply(pc.month(births), 100), pc.day(births))
    early = pc.greater(born, tomorrow.month * 100 + tomorrow.day).cast(pa.int64())
    return pc.subtract(pc.subtract(tomorrow.year, pc.year(births)), early)


def age_band(age: int) -> str:
    """Name the age band of an age.

    Parameters
    ----------
    age : int
        Years, from the lowest age of the frame.

    Returns
    -------
    str
        Such as ``65-69``; the last band is open.

    Examples
    --------
    >>> age_band(69), age_band(70), age_band(101)
    ('65-69', '70-74', '85+')
    """
    lower = limits().age_bands
    place = max(place for place, start in enumerate(lower) if age >= start)
    return f"{lower[place]}+" if place == len(lower) - 1 else f"{lower[place]}-{lower[place + 1] - 1}"
