"""The registers as they stand on one day: what an extract of an invented ward is written from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthetic_data.addresses import Homes
from synthetic_data.certification_rows import Rows
from synthetic_data.people import People, rising_numbers
from synthetic_data.registers import certification_table, padded, resident_table, write_register
from synthetic_data.streams import Streams
from synthetic_data.tables import settings

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Insured:
    """Numbers that only the care insurance gives.

    Attributes
    ----------
    person : numpy.ndarray
        Shape (insured,): rising places of everybody with a certification row; -1 - k lives elsewhere.
    number : numpy.ndarray
        Shape (insured,): 被保険者番号 of each.
    elsewhere : numpy.ndarray
        Shape (away,): 宛名番号 (住登外) of the k-th person who lives elsewhere.
    """

    person: Ints
    number: Ints
    elsewhere: Ints

    def of(self, person: Ints) -> Ints:
        """被保険者番号 of people who have one.

        Parameters
        ----------
        person : numpy.ndarray
            Places, each in `person`.

        Returns
        -------
        numpy.ndarray
            Shape of the argument.
        """
        return np.asarray(self.number[np.searchsorted(self.person, person)])


@dataclass(frozen=True, slots=True)
class Extract:
    """Both registers on the day of an extract.

    Attributes
    ----------
    seed : str
        Seed of the ward.
    reference, day : numpy.datetime64
        Reference date of the survey, and the day of this extract.
    people, homes, rows : People, Homes, Rows
        The registers as numbers.
    insured : Insured
        Numbers of the care insurance.
    kept : numpy.ndarray
        Shape (people,), bool: the resident's row is in the file.
    first : int
        How many of the people were there on the day of the first extract; later ones stand behind them.
    protected_before : numpy.ndarray
        Shape (people,), bool: 支援措置 on the day of the first extract.
    """

    seed: str
    reference: np.datetime64
    day: np.datetime64
    people: People
    homes: Homes
    rows: Rows
    insured: Insured
    kept: Flags
    first: int
    protected_before: Flags

    def residents(self) -> Any:
        """The resident register as a table of text.

        Returns
        -------
        pyarrow.Table
            13 columns.
        """
        table = resident_table(self.people, self.homes)
        return table if self.kept.all() else table.filter(pa.array(self.kept))

    def certifications(self) -> Any:
        """The certification register as a table of text.

        Returns
        -------
        pyarrow.Table
            8 columns.
        """
        insured = self.insured.of(self.rows.person)
        return certification_table(self.rows, self.people, insured, self.insured.elsewhere)


def insure(rows: Rows, seed: str) -> Insured:
    """Give everybody with a certification row a number, in an order that says nothing of the person.

    Parameters
    ----------
    rows : Rows
        The certification register.
    seed : str
        Seed of the ward.

    Returns
    -------
    Insured
        The numbers.
    """
    numbers, streams = settings("residency")["numbers"], Streams(seed)
    distinct = np.unique(rows.person)
    insured = rising_numbers(
        "insured", len(distinct), numbers["insured_first"], numbers["insured_step"], streams
    )
    insured = insured[np.argsort(streams.raw("insured_order", len(distinct)), kind="stable")]
    away = max(0, -int(distinct[0])) if len(distinct) else 0
    elsewhere = rising_numbers("elsewhere", away, numbers["elsewhere_first"], numbers["person_step"], streams)
    return Insured(distinct, insured, elsewhere)


def first_extract(
    seed: str,
    dates: tuple[np.datetime64, np.datetime64],
    people: People,
    homes: Homes,
    rows: Rows,
) -> Extract:
    """The extract that the frame is built from.

    Parameters
    ----------
    seed : str
        Seed of the ward.
    dates : tuple of numpy.datetime64
        Reference date and day of the extract.
    people, homes, rows : People, Homes, Rows
        The ward.

    Returns
    -------
    Extract
        Everybody is in it.
    """
    kept = np.ones(len(people.number), dtype=np.bool_)
    numbers = insure(rows, seed)
    return Extract(seed, *dates, people, homes, rows, numbers, kept, len(people.number), people.protected)


def write_extract(extract: Extract, where: Path) -> dict[str, Path]:
    """Write both registers in the demo form (CP932).

    Parameters
    ----------
    extract : Extract
        The registers on a day.
    where : pathlib.Path
        Their folder; it is there.

    Returns
    -------
    dict of str to pathlib.Path
        ``residents`` and ``certifications``.
    """
    return {
        "residents": write_register(extract.residents(), where / "residents.csv"),
        "certifications": write_register(extract.certifications(), where / "certifications.csv"),
    }


def write_opt_outs(extract: Extract, who: Ints, where: Path) -> Path:
    """Write the list of those who wish not to be asked (CP932).

    Parameters
    ----------
    extract : Extract
        The registers on a day.
    who : numpy.ndarray
        Places of people.
    where : pathlib.Path
        The folder.

    Returns
    -------
    pathlib.Path
        ``opt_outs.csv``: one column, 宛名番号.
    """
    table = pa.table({"宛名番号": padded(extract.people.number[who])})
    return write_register(table, where / "opt_outs.csv")


def write_json(truth: dict[str, Any], path: Path) -> Path:
    """Write what is true (UTF-8).

    Parameters
    ----------
    truth : dict
        Plain values.
    path : pathlib.Path
        The file.

    Returns
    -------
    pathlib.Path
        The same path.
    """
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path
