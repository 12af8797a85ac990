"""A column after reading: its values, the rows that failed, and what was done to read the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Failure", "Rows", "TypedColumn"]

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Failure:
    """Rows of one column that failed for one reason.

    Parameters
    ----------
    rows : ndarray of int64
        Positions in the column, from 0.
    code : str
        ``missing``, ``width``, ``fullwidth_digits``, ``format``, ``impossible_date``, ``implausible_date``,
        ``era_border``, ``partial_date``, ``unknown_code``, ``bidi_control``, ``control_character``,
        ``duplicate`` or ``contradiction``; of misfits also what `ParsedFile` says.
    """

    rows: Rows
    code: str


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """One column after reading.

    Parameters
    ----------
    values : pyarrow.Array
        string (number, postal), dictionary of string (code), date32 (date) or binary (text, kana), shape
        (rows,); null where empty or failed.
    failures : tuple of Failure
        What failed.
    latest : pyarrow.Array of date32, optional
        Of a date: the last possible day; `values` holds the first. They differ where month or day is unknown.
    repairs : mapping of str to int
        Code → cells that were repaired because the caller confirmed it.
    normalised : mapping of str to int
        Code → cells that were read though they were not in the plain form.
    """

    values: Any
    failures: tuple[Failure, ...]
    latest: Any = None
    repairs: Mapping[str, int] = field(default_factory=dict)
    normalised: Mapping[str, int] = field(default_factory=dict)
