"""The invented ward: made from a seed, written as two register files and the truth about them."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from custody.errors import ConfigError, InputError
from custody.messages import gettext as _
from synthetic_data.addresses import Homes, find_homes
from synthetic_data.certification import Certification, certify
from synthetic_data.extracts import Extract, first_extract, write_extract, write_json
from synthetic_data.households import live_together
from synthetic_data.later import Later, later_extract
from synthetic_data.people import FRAME, People, register
from synthetic_data.registers import resident_table
from synthetic_data.residency import settle
from synthetic_data.streams import Streams
from synthetic_data.tables import settings
from synthetic_data.truth import register_truth

Ints = npt.NDArray[np.int64]

LEAST_RESIDENTS = 200
MOST_EXTRACT_DAYS = 20
REFERENCE_DATE = datetime.date(2009, 11, 1)
TRUTH_FILE = "truth.json"


@dataclass(frozen=True, slots=True, repr=False)
class Ward:
    """An invented ward.

    Attributes
    ----------
    seed : str
        The seed it was made from.
    reference_date, extract_date : datetime.date
        Reference date of the survey, and the day on which both files were made.
    people : People
        The rows of the resident register as numbers.
    homes : Homes
        Where each household lives.
    certification : Certification
        The certification register as numbers.

    See Also
    --------
    make_ward : makes one.
    """

    seed: str
    reference_date: datetime.date
    extract_date: datetime.date
    people: People
    homes: Homes
    certification: Certification

    def __repr__(self) -> str:
        n, households = len(self.people.number), len(self.people.household_number)
        return f"Ward({n:,} residents, {households:,} households, reference date {self.reference_date})"

    @property
    def frame(self) -> Ints:
        """Places of the people in the frame.

        Returns
        -------
        numpy.ndarray
            Rising, shape (frame,).
        """
        return np.flatnonzero(self.people.outcome == FRAME)

    @property
    def truth(self) -> dict[str, Any]:
        """What is true of the registers and what the survey should find, as written to ``truth.json``.

        Returns
        -------
        dict
            `counts`, and under ``population`` the means of `population_truth`.

        Notes
        -----
        It is worked out at each call: about 1.5 s for 700,000 residents.
        """
        from synthetic_data.scores import population_truth

        return {**self.counts, "population": population_truth(self)}

    @property
    def counts(self) -> dict[str, Any]:
        """What is true of the registers: every count, known from how the ward was made.

        Returns
        -------
        dict
            The first part of ``truth.json``.
        """
        return register_truth(self.people, self.homes, self.certification, self.seed, self.dates())

    def dates(self) -> tuple[np.datetime64, np.datetime64]:
        """Reference date and day of the extract.

        Returns
        -------
        tuple of numpy.datetime64
            Both days.
        """
        return np.datetime64(self.reference_date, "D"), np.datetime64(self.extract_date, "D")

    def residents(self) -> pd.DataFrame:
        """The resident register as text, one row for each person.

        Returns
        -------
        pandas.DataFrame
            13 columns with Japanese names.
        """
        frame: pd.DataFrame = resident_table(self.people, self.homes).to_pandas()
        return frame

    def certifications(self) -> pd.DataFrame:
        """The certification register as text, one row for each application or decision.

        Returns
        -------
        pandas.DataFrame
            8 columns with Japanese names.
        """
        frame: pd.DataFrame = self.extract().certifications().to_pandas()
        return frame

    def write(
        self,
        folder: str | Path,
        form: Literal["demo", "dirty"] = "demo",
        residents_form: Literal["csv", "fixed"] = "csv",
    ) -> dict[str, Path]:
        """Write the register files (CP932) and the truth (UTF-8).

        Parameters
        ----------
        folder : str or pathlib.Path
            Where to; made if missing.
        form : {"demo", "dirty"}
            Clean registers in the layout ``demo``; or registers as wards really have them, in the layouts
            ``resident_csv`` (or ``resident_fixed``), ``certification_csv`` and ``qualification_csv``, with
            the faults of ``dirt.toml``.
        residents_form : {"csv", "fixed"}
            Of the dirty form: ``residents.csv`` or, with records of fixed width, ``residents.txt``.

        Returns
        -------
        dict of str to pathlib.Path
            ``residents``, ``certifications`` and ``truth``; of the dirty form also ``qualifications``,
            ``opt_outs`` (people who wished not to be asked) and ``links``: whose each certification row is.
        """
        where = Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        if form == "dirty":
            return self._write_dirty(where, residents_form)
        paths = write_extract(self.extract(), where)
        return paths | {"truth": write_json(self.truth, where / TRUTH_FILE)}

    def _write_dirty(self, where: Path, form: Literal["csv", "fixed"]) -> dict[str, Path]:
        from synthetic_data.dirt import dirty_truth, write_dirty
        from synthetic_data.dirt_plan import make_plan

        extract = self.extract()
        plan = make_plan(extract)
        paths = write_dirty(extract, plan, where, form)
        truth = {**self.truth, "dirty": dirty_truth(extract, plan, form)}
        return paths | {"truth": write_json(truth, where / TRUTH_FILE)}

    def extract(self) -> Extract:
        """Both registers on the day of the extract, as numbers.

        Returns
        -------
        Extract
            What the files are written from.
        """
        rows = self.certification.rows
        return first_extract(self.seed, self.dates(), self.people, self.homes, rows)

    def later(self, date: datetime.date) -> Later:
        """The same ward some weeks later, and who of the frame died, moved or was certified since.

        Parameters
        ----------
        date : datetime.date
            Day of the later extract, at most 120 days after the first.

        Returns
        -------
        Later
            The later extract; nothing is written.

        Raises
        ------
        custody.errors.ConfigError
            If the day is not after the first extract, or too long after it.

        Examples
        --------
        >>> ward = make_ward(2_000, seed="example")
        >>> ward.later(datetime.date(2009, 12, 2)).truth["frame"]["died"] > 0
        True
        """
        most = settings("later")["bounds"]["most_days"]
        if not 1 <= (date - self.extract_date).days <= most:
            raise ConfigError(
                "SYN-WARD-LATER",
                _("A later extract must be made 1 to {most} days after the first.").format(most=most),
                hint=_("Give a day after the day of the first extract."),
            )
        return later_extract(self.extract(), date)


def make_ward(
    residents: int = 700_000,
    seed: str = "20091101",
    reference_date: datetime.date = REFERENCE_DATE,
    extract_date: datetime.date | None = None,
) -> Ward:
    """Invent a ward: people in households, homes, names, records and certifications.

    Parameters
    ----------
    residents : int
        Rows of the resident register, 200 or more. It counts every row: removed records and people who came
        after the reference date are among them.
    seed : str
        The same seed gives the same ward.
    reference_date : datetime.date
        Ages, residence and certification are as at this day.
    extract_date : datetime.date, optional
        Day on which the files were made, by default the day after the reference date; at most 20 days later.

    Returns
    -------
    Ward
        The ward; nothing is written.

    Raises
    ------
    custody.errors.ConfigError
        If the numbers are outside these bounds.

    Examples
    --------
    >>> ward = make_ward(2_000, seed="example")
    >>> ward
    Ward(2,000 residents, 912 households, reference date 2009-11-01)
    >>> ward.counts["flow"]["register"], ward.counts["flow"]["frame"]
    (2000, 307)
    """
    extract = extract_date or reference_date + datetime.timedelta(days=1)
    _check(residents, (extract - reference_date).days)
    streams = Streams(seed)
    reference = np.datetime64(reference_date, "D")
    living = live_together(residents, streams)
    residency = settle(living, reference, streams)
    certification = certify(living, residency, reference, np.datetime64(extract, "D"), streams)
    people = register(living, residency, certification, reference, streams)
    homes = find_homes(living, streams)
    return Ward(seed, reference_date, extract, people, homes, certification)


def load_ward(folder: str | Path) -> Ward:
    """Make the ward again whose registers lie in a folder.

    Parameters
    ----------
    folder : str or pathlib.Path
        A folder written by `Ward.write`.

    Returns
    -------
    Ward
        The same ward, made anew from the seed in ``truth.json``.

    Raises
    ------
    custody.errors.InputError
        If there is no ``truth.json``, or if it was written by another version whose wards differ.
    """
    path = Path(folder) / TRUTH_FILE
    hint = _("Make the ward again with hyohon synthetic ward.")
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        made, extract = truth["made_with"], datetime.date.fromisoformat(truth["extract_date"])
        reference = datetime.date.fromisoformat(made["reference_date"])
        ward = make_ward(int(made["residents"]), str(made["seed"]), reference, extract)
    except (OSError, ValueError, KeyError, TypeError) as cause:
        text = _("The folder holds no readable truth.json of an invented ward.")
        raise InputError("SYN-WARD-TRUTH", text, hint=hint, file=path.name) from cause
    if ward.counts != {key: truth.get(key) for key in ward.counts}:
        text = _("The ward in the folder was made by another version.")
        raise InputError("SYN-WARD-VERSION", text, hint=hint, file=path.name)
    return ward


def _check(residents: int, days: int) -> None:
    if residents < LEAST_RESIDENTS:
        raise ConfigError(
            "SYN-WARD-SIZE",
            _("An invented ward needs at least {least} residents.").format(least=LEAST_RESIDENTS),
            hint=_("Give a larger number of residents."),
        )
    if not 0 <= days <= MOST_EXTRACT_DAYS:
        raise ConfigError(
            "SYN-WARD-EXTRACT",
            _("The extract must be made 0 to {most} days after the reference date.").format(
                most=MOST_EXTRACT_DAYS
            ),
            hint=_("Give a later reference date or an earlier day of the extract."),
        )
