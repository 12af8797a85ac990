"""Everybody in the register as columns of numbers, and what the frame's rules make of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthetic_data import certification as care
from synthetic_data.certification import Certification
from synthetic_data.dates import Days
from synthetic_data.households import Living
from synthetic_data.names import draw_given_names, draw_surnames
from synthetic_data.residency import ELDER, Residency
from synthetic_data.streams import Streams
from synthetic_data.tables import settings

Ints = npt.NDArray[np.int64]

RULES = (
    "removed_record",
    "moved_in_after",
    "under_65",
    "protected",
    "certified_valid",
    "pending_new",
    "pending_renewal",
    "pending_change",
)
FRAME = len(RULES)


@dataclass(frozen=True, slots=True)
class People:
    """The rows of the resident register.

    Attributes
    ----------
    number : numpy.ndarray
        Shape (people,): 宛名番号, rising.
    household : numpy.ndarray
        Shape (people,): place of the household.
    household_number : numpy.ndarray
        Shape (households,): 世帯番号.
    surname, given : numpy.ndarray
        Shape (people,): places in the tables of names.
    age, sex, role : numpy.ndarray
        Shape (people,): age by law at the reference date; 1 man, 2 woman; role in the household.
    birth, since, removed : numpy.ndarray
        Shape (people,), datetime64[D].
    reason : numpy.ndarray
        Shape (people,): 消除事由 as a place in the list of reasons.
    protected : numpy.ndarray
        Shape (people,), bool: 支援措置.
    state : numpy.ndarray
        Shape (people,): state of certification at the reference date.
    outcome : numpy.ndarray
        Shape (people,): place in `RULES` of the first rule that removes the person, or `FRAME`.
    """

    number: Ints
    household: Ints
    household_number: Ints
    surname: Ints
    given: Ints
    age: Ints
    sex: Ints
    role: Ints
    birth: Days
    since: Days
    removed: Days
    reason: Ints
    protected: npt.NDArray[np.bool_]
    state: Ints
    outcome: Ints


def judge(living: Living, residency: Residency, state: Ints, reference: np.datetime64) -> Ints:
    """Which rule of the frame removes each person.

    Parameters
    ----------
    living : Living
        People in household order.
    residency : Residency
        Their records.
    state : numpy.ndarray
        State of certification.
    reference : numpy.datetime64
        Reference date.

    Returns
    -------
    numpy.ndarray
        Place in `RULES`, or `FRAME`; the first rule that holds decides.
    """
    conditions = (
        residency.removed <= reference,
        residency.since > reference,
        living.age < ELDER,
        residency.protected,
        state == care.VALID,
        state == care.PENDING_NEW,
        state == care.PENDING_RENEWAL,
        state == care.PENDING_CHANGE,
    )
    return np.select(conditions, np.arange(FRAME), FRAME).astype(np.int64)


def rising_numbers(name: str, n: int, first: int, step: int, streams: Streams) -> Ints:
    """Numbers that rise in uneven steps, as numbers given out over the years do.

    Parameters
    ----------
    name : str
        Name of the stream.
    n : int
        How many.
    first, step : int
        First number and largest step.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        Shape (n,), each number once.
    """
    return np.asarray(first + np.cumsum(streams.below(name, n, step) + 1) - 1)


def register(
    living: Living,
    residency: Residency,
    certification: Certification,
    reference: np.datetime64,
    streams: Streams,
) -> People:
    """Put the columns of the resident register together.

    Parameters
    ----------
    living : Living
        People in household order.
    residency : Residency
        Their records.
    certification : Certification
        Their certification.
    reference : numpy.datetime64
        Reference date.
    streams : Streams
        Source of chance.

    Returns
    -------
    People
        One entry for each row.
    """
    numbers = settings("residency")["numbers"]
    n, households = len(living.age), int(living.household[-1]) + 1
    return People(
        number=rising_numbers("number", n, numbers["person_first"], numbers["person_step"], streams),
        household=living.household,
        household_number=rising_numbers(
            "household_number", households, numbers["household_first"], numbers["household_step"], streams
        ),
        surname=draw_surnames(living, streams),
        given=draw_given_names(living, residency.birth, streams),
        age=living.age,
        sex=living.sex,
        role=living.role,
        birth=residency.birth,
        since=residency.since,
        removed=residency.removed,
        reason=residency.reason,
        protected=residency.protected,
        state=certification.state,
        outcome=judge(living, residency, certification.state, reference),
    )
