"""The limits of this room, read from ``data/limits.toml``."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Limits", "limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the room refuses, each value explained in ``data/limits.toml``.

    Parameters
    ----------
    max_failed_share : float
        Largest share of failed rows of an accepted file, 0 to 1.
    earliest_birth : datetime.date
        A birth date before it is a fault.
    max_field_bytes, block_bytes, max_workbook_bytes : int
        Sizes in bytes.
    forbidden_words : tuple of str
        Words that no column name may hold.
    min_match_rate, min_elder_share : float
        Floors of the linkage, 0 to 1.
    judged_from : int
        Number of elders from which `min_elder_share` is judged.
    link_accept, link_review : float
        Probabilities from which a pair of the linkage is taken, and from which staff see it, 0 to 1.
    min_age : int
        Lowest age of the frame, years.
    age_bands : tuple of int
        Lower limits of the age bands, ascending, years.
    recent_mover_days, transfer_filing_days, renewal_window_days : int
        Spans of the certification rules, days.
    max_list_bytes : int
        Size of a list of exclusions, bytes.
    min_per_stratum : int
        Default floor of an allocation, persons.
    few_answers : int
        A preview warns of a domain with fewer expected answers.
    wide_margin : float
        A preview warns of a wider margin of a proportion, 0 to 1.
    largest_household : int
        Persons of the frame that share a household number, at most, to count as a household.
    min_found_share : float
        Floor of a refresh, share of the persons drawn, 0 to 1.
    max_extract_age_days : int
        Age of the registers at a hand-over that passes without a warning, days.
    warn_below_k : int
        Smallest cell of a research package that passes without a warning, persons.
    min_answered_share : float
        Share of the asked questions that an answer has at least, 0 to 1.
    complete_share : float
        Share from which an answer is complete, 0 to 1.
    hide_below : int
        Smallest count that a table of response shows, persons; zero is shown too.
    """

    max_failed_share: float
    earliest_birth: date
    max_field_bytes: int
    block_bytes: int
    max_workbook_bytes: int
    forbidden_words: tuple[str, ...]
    min_match_rate: float
    min_elder_share: float
    judged_from: int
    link_accept: float
    link_review: float
    min_age: int
    age_bands: tuple[int, ...]
    recent_mover_days: int
    transfer_filing_days: int
    renewal_window_days: int
    max_list_bytes: int
    min_per_stratum: int
    few_answers: int
    wide_margin: float
    largest_household: int
    min_found_share: float
    max_extract_age_days: int
    warn_below_k: int
    min_answered_share: float
    complete_share: float
    hide_below: int


@cache
def limits() -> Limits:
    """Read the limits.

    Returns
    -------
    Limits
        The values of ``data/limits.toml``.

    Examples
    --------
    >>> limits().min_age
    65
    """
    text = files("sampling").joinpath("data/limits.toml").read_text(encoding="utf-8")
    flat: dict[str, Any] = {}
    for table in tomllib.loads(text).values():
        flat |= {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
    return Limits(**flat)
