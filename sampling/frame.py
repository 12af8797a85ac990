"""The frame (抽出枠): who may be drawn, with a count for every rule that left somebody out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from custody.errors import SamplingError
from custody.messages import gettext as _
from sampling.frame_rules import RULE_TITLES, RULES, STAFF_RULES, FrameRules
from sampling.keys import person_keys
from sampling.views import html_table

__all__ = [
    "RULES",
    "RULE_TITLES",
    "STRATUM_COLUMNS",
    "Frame",
    "Linkage",
    "ListCount",
    "check_strata",
    "key_digest",
]

STRATUM_COLUMNS: Final = ("area", "town", "age_band", "sex")
"""Columns of the frame that may define strata."""


@dataclass(frozen=True, slots=True)
class Linkage:
    """How the certification rows met the resident register.

    Parameters
    ----------
    rows : int
        Accepted certification rows.
    matched : int
        Those whose person is in the resident register.
    unclear : int
        Persons named by a quarantined certification row.
    unattributed : int
        Quarantined certification rows that name nobody: their persons cannot be kept out.
    undecided : int
        Persons that a row may belong to, without a decision of staff.
    certified_under_65 : int
        Certified persons who are out by their age (第2号被保険者); the rule ``under_65`` counts them.
    steps : mapping of str to int
        Step of the linkage (``resident_no`` to ``unmatched``) → certification rows that it decided.
    false_match_rate, missed_match_rate : float
        Estimated shares of persons tied to somebody else, and of persons not found, 0 to 1.
    """

    rows: int
    matched: int
    unclear: int
    unattributed: int
    undecided: int = 0
    certified_under_65: int = 0
    steps: Mapping[str, int] = field(default_factory=dict)
    false_match_rate: float = 0.0
    missed_match_rate: float = 0.0

    @property
    def rate(self) -> float:
        """Matched share of the rows, 0 to 1."""
        return self.matched / self.rows if self.rows else 0.0

    def tidy(self) -> pd.DataFrame:
        """Return the counts.

        Returns
        -------
        pandas.DataFrame
            Columns rows, matched, rate, unclear, unattributed, undecided, certified_under_65,
            false_match_rate, missed_match_rate; one row.
        """
        return pd.DataFrame(
            {
                "rows": [self.rows],
                "matched": [self.matched],
                "rate": [self.rate],
                "unclear": [self.unclear],
                "unattributed": [self.unattributed],
                "undecided": [self.undecided],
                "certified_under_65": [self.certified_under_65],
                "false_match_rate": [self.false_match_rate],
                "missed_match_rate": [self.missed_match_rate],
            }
        )


@dataclass(frozen=True, slots=True)
class ListCount:
    """How a list of exclusions met the resident register.

    Parameters
    ----------
    name : str
        ``opted_out``, ``earlier_sample``, ``institution``, ``insured_elsewhere`` or ``exempt``.
    entries : int
        Different entries of the list.
    matched : int
        Those that are in the resident register.
    """

    name: str
    entries: int
    matched: int


@dataclass(frozen=True, slots=True)
class Frame:
    """Everybody who may be drawn, at a reference date and as known on a knowledge date.

    Parameters
    ----------
    reference_date : datetime.date
        The day whose facts decide (基準日).
    knowledge_date : datetime.date
        The day on which the facts were extracted (抽出日).
    removed : mapping of str to int
        Rule → persons it removed, from ``quarantined`` and then in the order of `RULES`.
    read : int
        Data rows of the resident register.
    linkage : Linkage
        How the registers met.
    sources : mapping of str to str
        Register or list → SHA-256 of its file.
    data : pyarrow.Table
        One row a person. Not shown.
    rules : FrameRules
        The switches that it was built with.
    lists : tuple of ListCount
        The lists that it was built with.
    staff : pyarrow.Table, optional
        Columns resident_no, reason: who is left out until staff have looked. Not shown.
    """

    reference_date: date
    knowledge_date: date
    removed: Mapping[str, int]
    read: int
    linkage: Linkage
    sources: Mapping[str, str]
    data: Any = field(repr=False)
    rules: FrameRules = field(default_factory=FrameRules)
    lists: tuple[ListCount, ...] = ()
    staff: Any = field(default=None, repr=False)

    def __len__(self) -> int:
        return int(self.data.num_rows)

    @property
    def table(self) -> pd.DataFrame:
        """The persons of the frame.

        Returns
        -------
        pandas.DataFrame
            Columns person_key, resident_no, household_no, name, area, town, age (years), age_band, sex,
            postal_code, address, certification_flag (the rules that hold but are switched off, joined by
            ";"; never exported); one row a person, ordered by person key. A new object each time.
        """
        persons: pd.DataFrame = self.data.to_pandas()
        return persons

    @property
    def flow(self) -> pd.DataFrame:
        """How many persons each rule removed, from the register to the frame.

        Returns
        -------
        pandas.DataFrame
            Columns rule, removed, remaining; first ``register``, last ``frame``. The removed sum to register
            minus frame.
        """
        rules = ["register", *self.removed, "frame"]
        removed = [0, *self.removed.values(), 0]
        remaining = self.read - np.cumsum(removed)
        return pd.DataFrame({"rule": rules, "removed": removed, "remaining": remaining})

    def tidy(self) -> pd.DataFrame:
        """Return the flow: the same table as `flow`.

        Returns
        -------
        pandas.DataFrame
            Columns rule, removed, remaining.
        """
        return self.flow

    @property
    def flags(self) -> pd.DataFrame:
        """How many persons of the frame each switched-off rule would have removed.

        Returns
        -------
        pandas.DataFrame
            Columns flag, persons; every rule that is switched to "include", in the order of the rules. A
            person with two flags counts in both.
        """
        cells = pc.split_pattern(self.data["certification_flag"], ";")
        found = {
            pair["values"]: pair["counts"] for pair in pc.value_counts(pc.list_flatten(cells)).to_pylist()
        }
        kept = [rule for rule in self.rules.switches if not self.rules.excludes(rule)]
        return pd.DataFrame({"flag": kept, "persons": [int(found.get(rule, 0)) for rule in kept]})

    @property
    def staff_list(self) -> pd.DataFrame:
        """How many persons are left out only until staff have looked at them (確認を要する人).

        Returns
        -------
        pandas.DataFrame
            Columns reason, persons; the rules of `STAFF_RULES`.
        """
        persons = [self.removed.get(rule, 0) for rule in STAFF_RULES]
        return pd.DataFrame({"reason": list(STAFF_RULES), "persons": persons})

    @property
    def exclusion_lists(self) -> pd.DataFrame:
        """How each list of exclusions met the resident register.

        Returns
        -------
        pandas.DataFrame
            Columns list, entries, matched, unmatched; one row a list that was given.
        """
        return pd.DataFrame(
            [(item.name, item.entries, item.matched, item.entries - item.matched) for item in self.lists],
            columns=["list", "entries", "matched", "unmatched"],
        )

    def strata(self, by: Sequence[str]) -> pd.DataFrame:
        """Count the persons of each stratum.

        Parameters
        ----------
        by : sequence of str
            Columns out of `STRATUM_COLUMNS`; empty for one stratum, ``all``.

        Returns
        -------
        pandas.DataFrame
            Columns stratum (the values joined by "/"), those of `by`, persons; ordered by stratum.

        Raises
        ------
        SamplingError
            A column that cannot define strata.
        """
        check_strata(by)
        if not by:
            return pd.DataFrame({"stratum": ["all"], "persons": [len(self)]})
        counted = self.data.group_by(list(by)).aggregate([([], "count_all")]).to_pandas()
        counted = counted.rename(columns={"count_all": "persons"})
        counted.insert(0, "stratum", counted[list(by)].agg("/".join, axis=1))
        ordered: pd.DataFrame = counted.sort_values("stratum", ignore_index=True)
        return ordered

    @property
    def digest(self) -> str:
        """SHA-256 over the sorted lines ``person_key,area/age_band/sex``, lower-case hex."""
        return key_digest(self.data["person_key"], self.stratum(("area", "age_band", "sex")))

    def stratum(self, by: Sequence[str]) -> Any:
        """Return each person's stratum.

        Parameters
        ----------
        by : sequence of str
            As in `strata`.

        Returns
        -------
        pyarrow.ChunkedArray of string
            Shape (persons,), in the order of `table`.
        """
        check_strata(by)
        if not by:
            return pa.chunked_array([pa.array(["all"] * len(self), type=pa.string())])
        return pc.binary_join_element_wise(*(self.data[name] for name in by), "/")

    def rekeyed(self, secret: bytes) -> "Frame":
        """Return the same frame with other person keys.

        Parameters
        ----------
        secret : bytes
            Secret of the person keys, 16 bytes or more.

        Returns
        -------
        Frame
            Ordered by the new person keys.

        Raises
        ------
        SamplingError
            The secret is too short.
        """
        keys = person_keys(self.data["resident_no"].to_pylist(), secret)
        place = self.data.column_names.index("person_key")
        data = self.data.set_column(place, "person_key", pa.array(keys, type=pa.string()))
        return replace(self, data=data.sort_by("person_key"))

    def __repr__(self) -> str:
        clocks = f"reference {self.reference_date.isoformat()}, known {self.knowledge_date.isoformat()}"
        return f"<Frame: {len(self):,} of {self.read:,} persons, {clocks}>"

    def _repr_html_(self) -> str:
        return html_table(self.flow, name="hyohon-frame")


def check_strata(by: Sequence[str]) -> None:
    """Refuse columns that cannot define strata.

    Parameters
    ----------
    by : sequence of str
        Names of columns.

    Raises
    ------
    SamplingError
        A name is not in `STRATUM_COLUMNS`, or stands twice.
    """
    if not set(by) <= set(STRATUM_COLUMNS) or len(set(by)) < len(by):
        raise SamplingError(
            "SAM-DESIGN-BY",
            _("Strata can be made of: {columns}.").format(columns=", ".join(STRATUM_COLUMNS)),
            hint=_("Name each column once."),
        )


def key_digest(person_keys: Any, strata: Any) -> str:
    """Return the digest of a frame or sample.

    Parameters
    ----------
    person_keys, strata : pyarrow.ChunkedArray of string
        Shape (persons,).

    Returns
    -------
    str
        SHA-256 over the sorted lines ``person_key,stratum``, each with LF, lower-case hex.
    """
    lines = pc.binary_join_element_wise(person_keys, strata, ",")
    if not pc.all(pc.less_equal(lines[:-1], lines[1:])).as_py():
        lines = lines.take(pc.sort_indices(lines))
    ended = pc.binary_join_element_wise(lines, "", "\n")
    whole = ended.combine_chunks() if isinstance(ended, pa.ChunkedArray) else ended
    offsets = np.frombuffer(whole.buffers()[1], dtype=np.int32)[whole.offset : whole.offset + len(whole) + 1]
    return hashlib.sha256(memoryview(whole.buffers()[2])[offsets[0] : offsets[-1]]).hexdigest()
