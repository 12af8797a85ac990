"""Names that fit the decade of birth and the sex, shared in a household as the register has it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from synthetic_data.dates import Days, parts
from synthetic_data.households import OLD_PARENT, OTHER, WOMAN, Living
from synthetic_data.streams import Streams
from synthetic_data.tables import given_names, settings, surnames

Ints = npt.NDArray[np.int64]
ROUNDS = 6


def draw_surnames(living: Living, streams: Streams) -> Ints:
    """Surname of each person, as a place in the table of surnames.

    Parameters
    ----------
    living : Living
        People in household order.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Shape (people,).

    Notes
    -----
    A household shares one surname, except some old parents (the wife's) and some people living two by two.
    """
    shares = settings("households")["names"]
    weight = surnames().weight
    households = int(living.household[-1]) + 1
    n = len(living.age)
    surname = streams.weighted("surname", weight, households)[living.household]
    in_law = streams.below("in_law", households, 1000) < shares["wifes_parent"]
    other = (living.role == OLD_PARENT) & in_law[living.household]
    second = np.r_[False, living.household[1:] == living.household[:-1]] & (living.role == OTHER)
    other |= second & (streams.below("other_surname", n, 1000) < shares["other_surname"])
    changed = streams.weighted("second_surname", weight, households)[living.household]
    return np.where(other, changed, surname)


def draw_given_names(living: Living, birth: Days, streams: Streams) -> Ints:
    """Given name of each person, as a place in the table of given names.

    Parameters
    ----------
    living : Living
        People in household order.
    birth : numpy.ndarray
        Dates of birth.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Shape (people,).

    Notes
    -----
    Nobody is given the name of another member of the household: such names are drawn again, a few times.
    """
    names = given_names()
    codes = np.unique(np.array(names.text), return_inverse=True)[1]
    period = np.searchsorted(names.first_year, parts(birth)[0], side="right") - 1
    row = 2 * np.maximum(period, 0) + (living.sex == WOMAN)
    given = streams.weighted("given", names.weight, row)
    for attempt in range(ROUNDS):
        order = np.lexsort((codes[given], living.household))
        key = living.household[order] * len(codes) + codes[given[order]]
        again = order[np.r_[False, key[1:] == key[:-1]]]
        if not len(again):
            break
        given[again] = streams.weighted(f"given.{attempt}", names.weight, row[again])
    return np.asarray(given)
