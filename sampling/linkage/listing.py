"""The rows of the staff list, and who a person of the certification register is in every extract."""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sampling.linkage.persons import Particulars
from sampling.linkage.result import REVIEW_COLUMNS

__all__ = ["identities", "review_rows"]

SIDES = ("resident", "certification")


def identities(people: Particulars, resident_no: Any, insured_no: Any) -> list[str]:
    """Return what names each person of the certification register in every extract.

    Parameters
    ----------
    people : Particulars
        Of length n.
    resident_no, insured_no : pyarrow.Array of string
        Their numbers, shape (n,).

    Returns
    -------
    list of str
        The insured number, else the resident number, else reading, name and birth date; marked by its kind.
    """
    prefixed = [
        pc.binary_join_element_wise(pa.scalar(kind), numbers, ":")
        for kind, numbers in (("i", insured_no), ("r", resident_no))
    ]
    born = people.born.cast(pa.string())
    words = pc.binary_join_element_wise(
        pa.scalar("p"), people.kana, people.name, born, "|", null_handling="replace"
    )
    named: list[str] = pc.coalesce(*prefixed, words).to_pylist()
    return named


def review_rows(
    pairs: list[str], probability: Any, resident: Particulars, person: Particulars
) -> pd.DataFrame:
    """Set both sides of each pair beside each other.

    Parameters
    ----------
    pairs : list of str
        Numbers of the pairs, shape (n,).
    probability : array of float
        Shape (n,).
    resident, person : Particulars
        Both sides, of length n.

    Returns
    -------
    pandas.DataFrame
        Columns `REVIEW_COLUMNS`; the decision is empty, and so is what a register does not know. Where day or
        month of birth are unknown, the first and last possible day are shown.
    """
    columns: dict[str, Any] = {"pair": pairs, "probability": [round(float(p), 4) for p in probability]}
    for side, people in zip(SIDES, (resident, person), strict=True):
        columns[f"{side}_kana"] = _words(people.kana)
        columns[f"{side}_name"] = _words(people.name)
        columns[f"{side}_birth"] = _births(people)
        columns[f"{side}_sex"] = _words(people.sex)
        columns[f"{side}_address"] = _words(people.address)
    columns["decision"] = [""] * len(pairs)
    return pd.DataFrame(columns)[list(REVIEW_COLUMNS)]


def _words(cells: Any) -> list[str]:
    words: list[str] = pc.fill_null(cells, "").to_pylist()
    return words


def _births(people: Particulars) -> list[str]:
    first, last = _words(people.born.cast(pa.string())), _words(people.born_latest.cast(pa.string()))
    return [one if one == two else f"{one}/{two}" for one, two in zip(first, last, strict=True)]
