"""Judging everybody in the resident register by the rules of the frame, in DuckDB, never row by row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sampling.ages import born_by
from sampling.frame_rules import STAFF_RULES, SWITCHED, FrameRules
from sampling.keys import hmac_pads
from sampling.limits import limits

__all__ = ["BATCH_ROWS", "MARKS", "Clocks", "Judged", "judge", "judge_reasons"]

BATCH_ROWS: Final = 65536
"""Rows that DuckDB takes at a time: small enough for every core to have work."""

MARKS: Final = (
    "unclear",
    "undecided",
    "insured_elsewhere",
    "exempt",
    "institution",
    "opted_out",
    "earlier_sample",
)
"""What may be marked of a resident before judging."""

DATE: Final = pa.date32()
TEXT: Final = pa.string()
RESIDENT: Final = {
    "resident_no": TEXT,
    "birth_date": DATE,
    "birth_latest": DATE,
    "resident_since": DATE,
    "removed_on": DATE,
    "removal": TEXT,
    "protection": TEXT,
    "protection_from": DATE,
    "protection_to": DATE,
    "registered": TEXT,
}
CERTIFICATION: Final = {
    "application": TEXT,
    "applied_on": DATE,
    "decided_on": DATE,
    "decision": TEXT,
    "outcome": TEXT,
    "valid_from": DATE,
    "valid_to": DATE,
}


@dataclass(frozen=True, slots=True)
class Clocks:
    """The two clocks of a frame.

    Parameters
    ----------
    reference : datetime.date
        The day whose facts decide (基準日).
    known : datetime.date
        The day on which they were extracted (抽出日).
    """

    reference: date
    known: date

    def parameters(self) -> dict[str, Any]:
        """Return the days and spans that the rules ask for.

        Returns
        -------
        dict
            Name of a parameter of ``eligibility.sql`` → date or number of days.
        """
        limit = limits()
        return {
            "reference": self.reference,
            "known": self.known,
            "born_by": born_by(limit.min_age, self.reference),
            "movers_from": self.reference - timedelta(days=limit.recent_mover_days - 1),
            "transfer_until": self.reference + timedelta(days=limit.transfer_filing_days),
            "renewal_window": limit.renewal_window_days,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """Everybody after judging.

    Parameters
    ----------
    removed : mapping of str to int
        Rule → persons it removed.
    survivors : pyarrow.Table
        Columns position (in the resident register), flag, person_key; ordered by person key. Not shown.
    staff : pyarrow.Table
        Columns position, reason of those who are left out until staff have looked at them. Not shown.
    elders : int
        Persons who are in by residence and age.
    applied : int
        Those of them who have any certification row.
    certified_under_65 : int
        Persons with a valid certification who are out by their age.
    """

    removed: Mapping[str, int]
    survivors: Any = field(repr=False)
    staff: Any = field(repr=False)
    elders: int
    applied: int
    certified_under_65: int


def judge(
    residents: Any,
    certifications: Any,
    resident_of_row: Any,
    marks: Mapping[str, NDArray[np.bool_]],
    clocks: Clocks,
    rules: FrameRules,
    secret: bytes,
) -> Judged:
    """Apply the rules.

    Parameters
    ----------
    residents, certifications : pyarrow.Table
        Accepted rows of the registers.
    resident_of_row : pyarrow.Array of int32
        Shape (certification rows,): the row's person in `residents`, null where there is none.
    marks : mapping of str to ndarray of bool
        Names out of `MARKS` → shape (residents,); those that are not there mark nobody.
    clocks : Clocks
        Reference and knowledge date.
    rules : FrameRules
        The switches.
    secret : bytes
        Secret of the person keys, 16 bytes or more.

    Returns
    -------
    Judged
        Counts by rule, and who is left.

    Raises
    ------
    SamplingError
        The secret is too short.
    """
    inner, outer = hmac_pads(secret)
    with duckdb.connect(":memory:") as engine:
        _judge_all(engine, _residents(residents, marks), certifications, resident_of_row, clocks, rules)
        (counts,) = engine.sql(COUNTS).fetchall()
        found = engine.sql("SELECT reason, count(*) FROM judged GROUP BY reason").fetchall()
        staff = engine.sql(STAFF, params={"rules": list(STAFF_RULES)}).to_arrow_table()
        (query,) = _statements(engine, "survivors")
        left = engine.sql(query.query, params={"inner": inner, "outer": outer}).to_arrow_table()
    removed = {reason: int(count) for reason, count in found if reason}
    return Judged(removed, left, staff, *map(int, counts))


def judge_reasons(
    residents: Any,
    certifications: Any,
    resident_of_row: Any,
    marks: Mapping[str, NDArray[np.bool_]],
    clocks: Clocks,
    rules: FrameRules,
) -> NDArray[np.object_]:
    """Apply the rules, and say of each person by which one they leave.

    Parameters
    ----------
    residents, certifications, resident_of_row, marks, clocks, rules
        As in `judge`.

    Returns
    -------
    ndarray of str
        Shape (residents,): a rule, "" for who is left.
    """
    with duckdb.connect(":memory:") as engine:
        _judge_all(engine, _residents(residents, marks), certifications, resident_of_row, clocks, rules)
        found = engine.sql("SELECT reason FROM judged ORDER BY position").to_arrow_table()
    return np.asarray(found["reason"].to_pylist(), dtype=np.object_)


def _judge_all(
    engine: Any,
    residents: Any,
    certifications: Any,
    resident_of_row: Any,
    clocks: Clocks,
    rules: FrameRules,
) -> None:
    """Leave the table ``judged`` in the engine."""
    values = clocks.parameters() | {rule: rules.excludes(rule) for rule in SWITCHED}
    engine.register("residents", residents)
    rows = _columns(certifications, CERTIFICATION)
    engine.register("certifications", rows.append_column("person", resident_of_row))
    for query in _statements(engine, "eligibility"):
        engine.execute(query, {name: values[name] for name in query.named_parameters})


COUNTS: Final = """
SELECT
    (SELECT count(*) FROM judged WHERE elder),
    (SELECT count(*) FROM judged WHERE elder AND applied),
    (SELECT count(*) FROM person JOIN judged USING (position) WHERE valid AND reason = 'under_65')
"""
STAFF: Final = "SELECT position, reason FROM judged WHERE list_contains($rules, reason) ORDER BY position"


def _statements(engine: Any, name: str) -> Iterator[Any]:
    text = files("sampling").joinpath(f"data/{name}.sql").read_text(encoding="utf-8")
    yield from engine.extract_statements(text)


def _residents(table: Any, marks: Mapping[str, NDArray[np.bool_]]) -> Any:
    """Return what the rules need of each resident, in small batches."""
    narrow = _columns(table, RESIDENT)
    nobody = pa.array(np.zeros(table.num_rows, dtype=np.bool_))
    for name in MARKS:
        narrow = narrow.append_column(name, pa.array(marks[name]) if name in marks else nobody)
    narrow = narrow.append_column("position", pa.array(np.arange(table.num_rows, dtype=np.int32)))
    return pa.Table.from_batches(narrow.to_batches(max_chunksize=BATCH_ROWS), schema=narrow.schema)


def _columns(table: Any, wanted: Mapping[str, Any]) -> Any:
    """Select columns; one that a layout does not name is null, and a day of birth has no later one."""
    columns = {
        name: table[name] if name in table.column_names else pa.nulls(table.num_rows, kind)
        for name, kind in wanted.items()
    }
    if "birth_latest" in columns and columns["birth_latest"].null_count == table.num_rows:
        columns["birth_latest"] = columns["birth_date"]
    return pa.table(columns).unify_dictionaries()
