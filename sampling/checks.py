"""Checks of whole rows: doubled persons, and facts that do not fit together."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.canonical import KEYS, RegisterKind
from sampling.digits import Mask, whole_numbers
from sampling.layout import RegisterLayout
from sampling.typed import Failure

__all__ = ["Found", "row_checks"]

Found = tuple[str, Failure]
"""Our name of the column that is named for it, and the rows."""

LIFE: Final[Mapping[RegisterKind, str]] = MappingProxyType(
    {"residents": "resident_since", "certifications": "applied_on"}
)
"""A day that is not before the birth: moving in, the application."""


def row_checks(table: Any, rules: RegisterLayout, whole: Mask) -> list[Found]:
    """Find rows that cannot be right though each cell is.

    Parameters
    ----------
    table : pyarrow.Table
        Every column of the register under our names, shape (rows, …).
    rules : RegisterLayout
        What the layout says of the register.
    whole : ndarray of bool
        Rows whose cells are all right, shape (rows,); only they are held against contradictions.

    Returns
    -------
    list of tuple
        Column and `Failure`: ``duplicate`` two rows of one person where the layout says that there is one,
        ``missing`` no number that names the person, ``contradiction`` facts that exclude each other.
    """
    found = [_nameless(table, rules)]
    if rules.unique:
        found.append((rules.key, _duplicates(table[rules.key], rules)))
    if rules.kind == "certifications":
        found += _certification_contradictions(table, whole)
    if rules.kind in LIFE:
        found.append(_born_after(table, LIFE[rules.kind], whole))
    return [(name, failure) for name, failure in found if len(failure.rows)]


def _nameless(table: Any, rules: RegisterLayout) -> Found:
    """Find rows in which every number that could name the person is empty, where none of them is required."""
    keys = [rule for name in KEYS[rules.kind] if (rule := rules.field(name)) is not None]
    rows = np.zeros(table.num_rows, dtype=np.bool_)
    if keys and not any(rule.required for rule in keys):
        rows = np.logical_and.reduce([np.asarray(table[rule.name].is_null()) for rule in keys])
    return keys[0].name if keys else rules.key, Failure(np.flatnonzero(rows), "missing")


def _duplicates(column: Any, rules: RegisterLayout) -> Failure:
    key = rules.field(rules.key)
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    numbers, fits = whole_numbers(
        pc.fill_null(array, "") if array.null_count else array, (key.width if key else None) or 0
    )
    if (np.diff(numbers) > 0).all():  # a register in the order of its numbers has none twice
        return Failure(np.zeros(0, dtype=np.int64), "duplicate")
    twice = pd.Series(numbers).duplicated(keep=False).to_numpy() & fits
    return Failure(np.flatnonzero(twice), "duplicate")


def _certification_contradictions(table: Any, whole: Mask) -> list[Found]:
    """Find rows whose facts exclude each other: a decision without its day, a period without an end …."""
    names = ("decided_on", "decision", "outcome", "valid_from", "valid_to", "applied_on")
    null = {name: np.asarray(table[name].is_null()) for name in names}
    days = {name: _days(table[name]) for name in names if name.endswith(("_on", "_from", "_to"))}
    certified = np.asarray(pc.fill_null(pc.equal(table["decision"], "certified"), False))
    backwards = ~null["valid_from"] & ~null["valid_to"] & (days["valid_from"] > days["valid_to"])
    early = ~null["decided_on"] & ~null["applied_on"] & (days["decided_on"] < days["applied_on"])
    found = [
        ("decision", null["decision"] & ~null["decided_on"] & null["outcome"]),
        ("decided_on", (~null["decision"] & null["decided_on"]) | early),
        ("valid_from", certified & null["valid_from"]),
        ("valid_to", (certified & null["valid_to"]) | backwards),
    ]
    return [(name, Failure(np.flatnonzero(where & whole), "contradiction")) for name, where in found]


def _born_after(table: Any, later: str, whole: Mask) -> Found:
    """Find people who were born after a day of their life."""
    born, day = _days(table["birth_date"]), _days(table[later])
    both = np.asarray(pc.and_(table["birth_date"].is_valid(), table[later].is_valid()))
    return "birth_date", Failure(np.flatnonzero(both & (born > day) & whole), "contradiction")


def _days(column: Any) -> NDArray[np.int32]:
    return np.asarray(pc.fill_null(column.cast(pa.int32()), 0).to_numpy())
