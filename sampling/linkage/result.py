"""What the linkage (名寄せ) found: whose each certification row is, by which step, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sampling.registers import Register
from sampling.views import html_table

__all__ = [
    "REVIEW_COLUMNS",
    "STEPS",
    "WHYS",
    "Links",
    "counts_by",
    "distinct_places",
    "exact_links",
    "places_of",
    "whole",
]

STEPS: Final = (
    "resident_no",
    "insured_no",
    "deterministic",
    "probabilistic",
    "staff",
    "review",
    "unmatched",
)
"""The steps in their order; a person of the certification register is counted in one of them."""
WHYS: Final = ("lives_elsewhere", "insurance_ended", "no_particulars", "not_found")
"""Why a person of the certification register has no resident: insured here and living elsewhere (住所地特例,
or an address outside), insurance ended (died or moved, and the record is no longer in the extract), no name
or birth date to compare, or nobody like that. Who is found as a removed record (除票) is not among them."""
REVIEW_COLUMNS: Final = (
    "pair",
    "probability",
    "resident_kana",
    "certification_kana",
    "resident_name",
    "certification_name",
    "resident_birth",
    "certification_birth",
    "resident_sex",
    "certification_sex",
    "resident_address",
    "certification_address",
    "decision",
)
"""The columns of the staff list (review.csv); the last is empty."""

Positions = NDArray[np.int32]


def _nobody() -> Positions:
    return np.zeros(0, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Links:
    """Whose each certification row is.

    Parameters
    ----------
    resident_of_row : pyarrow.Array of int32
        Shape (accepted certification rows,): place of the row's person in ``residents.table``, null where the
        row belongs to nobody there.
    undecided : ndarray of int32
        Places of residents whom a person on the staff list may be; they are not drawn. Rising.
    unclear_residents : ndarray of int32
        Places of residents named by certification rows in quarantine; they are not drawn. Rising.
    steps : pandas.DataFrame
        Columns step, persons, rows: every person of the certification register in the step that decided.
    unmatched : pandas.DataFrame
        Columns why, persons, rows of the last step.
    false_match_rate : float
        Expected share of the matched persons who are tied to somebody else, 0 to 1.
    missed_match_rate : float
        Expected share of the persons in the register who were not found, 0 to 1.
    thresholds : mapping of str to float
        ``accept`` and ``review``: the probabilities from which a pair is taken, and from which staff see it.
    counted : mapping of str to int
        What was met on the way: ``number_contradicted`` (persons whose resident number is somebody else's),
        ``insured_ambiguous`` (persons whose insured number is two residents'), ``insured_contradicted``,
        ``removed_record`` (persons found who are no residents any more), ``listed_persons`` and
        ``listed_pairs`` of the staff list.
    review : pandas.DataFrame
        The staff list, columns `REVIEW_COLUMNS`: personal values, for the private file of staff only.

    See Also
    --------
    link_registers : finds them in every step.
    exact_links : by resident number only.
    """

    resident_of_row: Any = field(repr=False)
    undecided: Positions = field(default_factory=_nobody, repr=False)
    unclear_residents: Positions = field(default_factory=_nobody, repr=False)
    steps: pd.DataFrame = field(default_factory=lambda: counts_by("step", STEPS, []), repr=False)
    unmatched: pd.DataFrame = field(default_factory=lambda: counts_by("why", WHYS, []), repr=False)
    false_match_rate: float = 0.0
    missed_match_rate: float = 0.0
    thresholds: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    counted: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    review: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=REVIEW_COLUMNS), repr=False)

    def tidy(self) -> pd.DataFrame:
        """Return the counts as one table.

        Returns
        -------
        pandas.DataFrame
            Columns step, why, persons, rows; the step ``unmatched`` is split by its reasons.
        """
        steps = self.steps[self.steps["step"] != "unmatched"].assign(why="")
        rest = self.unmatched.assign(step="unmatched")
        return pd.concat([steps, rest], ignore_index=True)[["step", "why", "persons", "rows"]]

    def __repr__(self) -> str:
        rows, matched = len(self.resident_of_row), len(self.resident_of_row) - self.resident_of_row.null_count
        return f"<Links: {matched:,} of {rows:,} certification rows, {len(self.review):,} pairs for staff>"

    def _repr_html_(self) -> str:
        return html_table(self.tidy(), name="hyohon-links")


def exact_links(residents: Register, certifications: Register) -> Links:
    """Link by resident number (宛名番号) only.

    Parameters
    ----------
    residents, certifications : Register
        From `read_residents` and `read_certifications`.

    Returns
    -------
    Links
        Rows whose number is in the resident register, a removed record among them.
    """
    rows = certifications.table["resident_no"].combine_chunks()
    found = places_of(rows, residents.table["resident_no"])
    persons = rows.dictionary_encode()
    step = np.where(np.asarray(found.is_valid()), "resident_no", "unmatched")
    lone = np.asarray(persons.indices.is_null())
    person = np.where(
        lone, len(persons.dictionary) + np.arange(len(rows)), persons.indices.fill_null(0).to_numpy()
    )
    unmatched = step == "unmatched"
    why = np.full(int(unmatched.sum()), "not_found")
    return Links(
        resident_of_row=found,
        unclear_residents=distinct_places(certifications.unclear, residents.table["resident_no"]),
        steps=counts_by("step", STEPS, step, person),
        unmatched=counts_by("why", WHYS, why, person[unmatched]),
    )


def places_of(numbers: Any, column: Any) -> Any:
    """Find numbers in a column that holds each of them once.

    Parameters
    ----------
    numbers : pyarrow.Array of string
        Shape (n,); nulls are nobody.
    column : pyarrow.ChunkedArray of string
        Numbers of the register, shape (persons,).

    Returns
    -------
    pyarrow.Array of int32
        Shape (n,): place in `column`; null where it is not there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> places_of(pa.array(["7", None, "5", "7"]), pa.chunked_array([["5"], ["6", "7"]])).to_pylist()
    [2, None, 0, 2]
    """
    numbers = whole(numbers).dictionary_encode()
    asked = numbers.dictionary
    if not len(asked):
        return pa.nulls(len(numbers), pa.int32())
    hit = pc.index_in(whole(column), value_set=asked)  # the short side is hashed
    place = np.full(len(asked), -1, dtype=np.int32)
    there = np.flatnonzero(np.asarray(hit.is_valid()))
    place[hit.drop_null().to_numpy()] = there
    return pa.array(place, mask=place < 0).take(numbers.indices)


def distinct_places(numbers: Any, column: Any) -> Positions:
    """Find the places of numbers, each once, rising.

    Parameters
    ----------
    numbers : pyarrow.Array of string
        Numbers, shape (n,).
    column : pyarrow.ChunkedArray of string
        Numbers of the register.

    Returns
    -------
    ndarray of int32
        Places in `column`.
    """
    found: Positions = np.unique(places_of(numbers, column).drop_null().to_numpy()).astype(np.int32)
    return found


def whole(column: Any) -> Any:
    """Return a column in one piece.

    Parameters
    ----------
    column : pyarrow.Array or pyarrow.ChunkedArray
        Any column.

    Returns
    -------
    pyarrow.Array
        The same values.
    """
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def counts_by(name: str, values: tuple[str, ...], of_row: Any, person: Any = None) -> pd.DataFrame:
    """Count persons and rows by a value.

    Parameters
    ----------
    name : str
        Name of the first column.
    values : tuple of str
        Every value, in its order; those that do not occur are counted 0.
    of_row : sequence of str
        Value of each row.
    person : sequence of int, optional
        Person of each row. Default: every row is a person of its own.

    Returns
    -------
    pandas.DataFrame
        Columns `name`, persons, rows.

    Examples
    --------
    >>> counts_by("step", ("a", "b"), ["a", "a"], [1, 1]).values.tolist()
    [['a', 1, 2], ['b', 0, 0]]
    """
    frame = pd.DataFrame({"value": np.asarray(of_row, dtype=object)})
    frame["person"] = np.arange(len(frame)) if person is None else person
    groups = frame.groupby("value")["person"]
    persons = groups.nunique().reindex(values, fill_value=0)
    rows = groups.size().reindex(values, fill_value=0)
    return pd.DataFrame(
        {name: list(values), "persons": persons.to_numpy("int64"), "rows": rows.to_numpy("int64")}
    )
