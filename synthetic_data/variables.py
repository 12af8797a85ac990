"""What lies behind the answers: frailty, ties, food, knowledge, and the household as it is lived."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from synthetic_data.households import CHILD, COUPLE, MAN, OLD_PARENT, WOMAN
from synthetic_data.streams import Streams
from synthetic_data.tables import settings
from synthetic_data.truth import areas_of
from synthetic_data.ward import Ward

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DOMAINS = ("DI", "DM", "DO", "DH", "DC", "DD")
ALONE, COUPLE_BOTH_OLD, COUPLE_ONE_OLD, TWO_GENERATIONS, THREE_GENERATIONS, OTHERWISE = range(1, 7)
GROWN = 65


def household_answer(ward: Ward, who: Ints, streams: Streams) -> Ints:
    """Household as answered (Q5), from the household in the register.

    Parameters
    ----------
    ward : Ward
        The ward.
    who : numpy.ndarray
        Places of people.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        1 alone … 6 other.

    Notes
    -----
    The register is not the household as it is lived: a few who stand alone in it live with relatives who are
    registered apart (世帯分離), and a few who do not are alone.
    """
    people, table = ward.people, settings("answers_model")["household"]
    households = len(people.household_number)
    size = np.bincount(people.household, minlength=households)

    def any_in_house(flags: Any) -> Any:
        return np.bincount(people.household, weights=flags, minlength=households) > 0

    couple = any_in_house(people.role == COUPLE)
    young = any_in_house((people.role == COUPLE) & (people.age < GROWN))
    child, old = any_in_house(people.role == CHILD), any_in_house(people.role == OLD_PARENT)
    kind = np.select(
        [size == 1, old & child, old, couple & ~child & ~young, couple & ~child, child],
        [ALONE, THREE_GENERATIONS, TWO_GENERATIONS, COUPLE_BOTH_OLD, COUPLE_ONE_OLD, TWO_GENERATIONS],
        OTHERWISE,
    )[people.household[who]]
    n = len(who)
    moved = streams.weighted("lived_with", table["with_whom"], n) + 1
    keeps = streams.below("lived_alone", n, 1000)
    was_alone = kind == ALONE
    lived = np.where(was_alone & (keeps >= table["alone_if_alone"]), moved, kind)
    return np.where(~was_alone & (keeps < table["alone_if_not"]), ALONE, lived)


def add_up(terms: dict[str, float], variables: dict[str, Any], const: float = 0.0) -> Floats:
    """A constant and terms, each a coefficient times a variable.

    Parameters
    ----------
    terms : dict
        Coefficient of each variable.
    variables : dict
        Values of the variables, each of shape (people,).
    const : float
        The constant.

    Returns
    -------
    numpy.ndarray
        Shape (people,).

    Examples
    --------
    >>> add_up({"za": 2.0}, {"za": np.array([0.5, -1.0])}, const=1.0).tolist()
    [2.0, -1.0]
    """
    total = np.full(len(next(iter(variables.values()))), const)
    for name, coefficient in terms.items():
        total += coefficient * variables[name]
    return total


def make_variables(ward: Ward, who: Ints, streams: Streams) -> dict[str, Any]:
    """Variables of the answer model for the people asked for.

    Parameters
    ----------
    ward : Ward
        The ward.
    who : numpy.ndarray
        Places of people.
    streams : Streams
        Source of chance.

    Returns
    -------
    dict of str to numpy.ndarray
        One array of shape (people,) for each variable named in the model file, and ``household`` (Q5),
        ``area`` (0 to 3), ``sex``, ``age``.
    """
    model, n = settings("answers_model"), len(who)
    people = ward.people
    household, area = household_answer(ward, who, streams), areas_of(people, ward.homes, who)
    v: dict[str, Any] = {"household": household, "area": area, "sex": people.sex[who], "age": people.age[who]}
    v["za"] = (v["age"] - 75) / 10
    v["female"], v["male"] = (v["sex"] == WOMAN).astype(float), (v["sex"] == MAN).astype(float)
    v["alone"] = (household == ALONE).astype(float)
    v["ma"] = v["male"] * v["alone"]
    spouse = (people.role[who] == COUPLE) | np.isin(household, (COUPLE_BOTH_OLD, COUPLE_ONE_OLD))
    v["couple"] = (spouse & (household != ALONE)).astype(float)
    v["family"] = np.isin(household, (TWO_GENERATIONS, THREE_GENERATIONS, OTHERWISE)).astype(float)
    v |= {f"area{place + 1}": (area == place).astype(float) for place in (1, 2, 3)}
    v |= {name: streams.normal(f"latent.{name}", n) for name in ("eF", "eS", "eE", "eK", "P", *DOMAINS)}
    latents = model["latents"]
    v["F"] = add_up(latents["F"], v) + v["eF"]
    v["S"] = add_up(latents["S"], v) + v["eS"]
    v["ea"] = eating_alone(v, streams)
    shift = np.stack((latents["E_shift_male"], latents["E_shift_female"]))
    v["E"] = add_up(latents["E"], v) + shift[v["sex"] - 1, v["ea"]] + v["eE"]
    v["K"] = add_up(latents["K"], v) + latents["K_own"] * v["eK"]
    return v


def eating_alone(variables: dict[str, Any], streams: Streams) -> Ints:
    """Days a week of eating alone (the most of the three meals) by sex and living alone.

    Parameters
    ----------
    variables : dict
        Needs ``female`` and ``alone``.
    streams : Streams
        Source of chance.

    Returns
    -------
    numpy.ndarray
        0: no day, 1: 1-3, 2: 4-6, 3: every day.
    """
    table = settings("answers_model")["eating_alone"]
    rows = [table[f"{sex}_{how}"] for sex in ("male", "female") for how in ("with_others", "alone")]
    return streams.weighted("eating_alone", rows, (2 * variables["female"] + variables["alone"]).astype(int))
