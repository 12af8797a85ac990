"""Rows of the certification register, each kind with dates that obey the rules of 2009."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from synthetic_data.dates import ONE_DAY, Days, month_end, parts
from synthetic_data.streams import Streams
from synthetic_data.tables import settings

Ints = npt.NDArray[np.int64]

NEW, RENEWAL, CHANGE = range(3)
UNDECIDED, REFUSED = -1, -2
CARE = 2
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the certification register as columns.

    Attributes
    ----------
    person : numpy.ndarray
        Place among the residents; below 0 for people who live elsewhere.
    kind : numpy.ndarray
        申請区分: 0 新規, 1 更新, 2 区分変更.
    level : numpy.ndarray
        Place in the list of levels; -1 undecided, -2 非該当.
    applied, decided, start, end : numpy.ndarray
        datetime64[D]: 申請日, 認定日, 有効期間開始日, 有効期間終了日; NaT where empty.
    """

    person: Ints
    kind: Ints
    level: Ints
    applied: Days
    decided: Days
    start: Days
    end: Days


class RowMaker:
    """Collects rows; each method makes one kind of row for a group of people.

    Parameters
    ----------
    reference, extract : numpy.datetime64
        Reference date, and the day on which the file was made.
    streams : Streams
        Source of chance.

    Notes
    -----
    Rules (介護保険法27条8項, 28条 and the rules of 2009): a new or changed decision takes effect on the day
    of application and lasts the rest of that month and six months (three to five if shortened; six months
    in all if it starts on the first day of a month). A renewal takes effect on the day after the old end,
    lasts 12 months (up to 24 for 要介護, fewer if shortened) and may be filed from 60 days before.
    """

    def __init__(self, reference: np.datetime64, extract: np.datetime64, streams: Streams) -> None:
        self.reference, self.extract, self.streams = reference, extract, streams
        self.table = settings("certification")
        self._blocks: list[Rows] = []

    def rows(self) -> Rows:
        """All rows made so far, one person's rows by day of application.

        Returns
        -------
        Rows
            Columns of equal length.
        """
        columns = {f.name: np.concatenate([getattr(b, f.name) for b in self._blocks]) for f in fields(Rows)}
        order = np.lexsort((columns["applied"], columns["person"]))
        return Rows(**{name: column[order] for name, column in columns.items()})

    def people(self) -> Ints:
        """Everybody who has a row so far.

        Returns
        -------
        numpy.ndarray
            Sorted, each once.
        """
        return np.unique(np.concatenate([block.person for block in self._blocks]))

    def _add(self, who: Ints, kind: Ints | int, level: Ints | int, applied: Days, **dates: Days) -> None:
        empty = np.full(len(who), NEVER)
        whole = np.zeros(len(who), dtype=np.int64)
        given = {name: dates.get(name, empty) for name in ("decided", "start", "end")}
        self._blocks.append(Rows(who, whole + kind, whole + level, applied, **given))

    def _lag(self, name: str, n: int) -> Ints:
        days = self.table["days"]
        return self.streams.below(f"lag.{name}", n, days["decision_span"]) + int(days["decision_least"])

    def _back(self, name: str, n: int, days: int) -> Ints:
        return self.streams.below(f"back.{name}", n, days)

    def valid(self, name: str, who: Ints, level: Ints) -> None:
        """Decisions in force on the reference date: new, renewed or changed.

        Parameters
        ----------
        name : str
            Name of the group (its streams).
        who, level : numpy.ndarray
            People and their care levels.
        """
        kind = self.streams.weighted(f"kind.{name}", self.table["valid"]["kind_weight"], len(who))
        renewed = kind == RENEWAL
        self._renewed_now(name, who[renewed], level[renewed])
        self._new_now(name, who[~renewed], level[~renewed], kind[~renewed])

    def _new_now(self, name: str, who: Ints, level: Ints, kind: Ints) -> None:
        months = self.streams.from_pairs(f"months.{name}", self.table["valid"]["new_months"], len(who))
        lag = self._lag(f"new.{name}", len(who))
        first = month_end(np.full(len(who), self.reference), -months - 1) + 2 * ONE_DAY
        latest = np.minimum(self.extract - lag, self.reference)
        span = np.maximum((latest - first).astype(np.int64) + 1, 1)
        applied = first + self.streams.below(f"applied.{name}", len(who), span)
        dates = {"decided": applied + lag, "start": applied, "end": new_period_end(applied, months)}
        self._add(who, kind, level, applied, **dates)

    def _renewed_now(self, name: str, who: Ints, level: Ints) -> None:
        months = self._renewal_months(name, level)
        ago = self.streams.below(f"ago.{name}", len(who), months)
        old_end = month_end(np.full(len(who), self.reference), -1 - ago)
        self._renewal(name, who, level, old_end, months)

    def _renewal_months(self, name: str, level: Ints) -> Ints:
        table = self.table["valid"]
        light = self.streams.from_pairs(f"light.{name}", table["renewal_months_support"], len(level))
        heavy = self.streams.from_pairs(f"heavy.{name}", table["renewal_months_care"], len(level))
        return np.where(level < CARE, light, heavy)

    def _renewal(self, name: str, who: Ints, level: Ints, old_end: Days, months: Ints) -> None:
        lag = self._lag(f"renewal.{name}", len(who))
        applied = old_end - self._back(f"renewal.{name}", len(who), self.table["days"]["renewal_window"] + 1)
        applied = np.maximum(np.minimum(applied, self.extract - lag), old_end - 60 * ONE_DAY)
        decided = np.minimum(applied + lag, self.extract)
        end = month_end(old_end, months)
        self._add(who, RENEWAL, level, applied, decided=decided, start=old_end + ONE_DAY, end=end)

    def _running_until(self, name: str, who: Ints, level: Ints, end: Days) -> None:
        """A renewed decision of twelve months with a given end."""
        self._renewal(name, who, level, month_end(end, -12), np.full(len(who), 12))

    def renewal_open(self, who: Ints, level: Ints) -> None:
        """Period soon over, renewal filed and undecided.

        Parameters
        ----------
        who, level : numpy.ndarray
            People and their care levels.
        """
        end = month_end(np.full(len(who), self.reference), 0)
        self._running_until("renewal_open", who, level, end)
        window = np.minimum((self.extract - (end - 60 * ONE_DAY)).astype(np.int64), 24)
        applied = self.extract - self.streams.below("applied.renewal_open", len(who), window + 1)
        self._add(who, RENEWAL, UNDECIDED, applied)

    def renewed_ahead(self, who: Ints, level: Ints) -> None:
        """Period soon over, renewal already decided: the new period begins after the reference date.

        Parameters
        ----------
        who, level : numpy.ndarray
            People and their care levels.
        """
        end = month_end(np.full(len(who), self.reference), 0)
        self._running_until("renewed_ahead", who, level, end)
        self._renewal("ahead", who, level, end, self._renewal_months("ahead", level))

    def change_open(self, who: Ints, level: Ints) -> None:
        """Period running on, 区分変更 filed and undecided.

        Parameters
        ----------
        who, level : numpy.ndarray
            People and their care levels.
        """
        ahead = 2 + self.streams.below("end.change_open", len(who), 7)
        self._running_until("change_open", who, level, month_end(np.full(len(who), self.reference), ahead))
        self._add(who, CHANGE, UNDECIDED, self.reference - self._back("change_open", len(who), 28))

    def expired_renewal(self, who: Ints, level: Ints) -> None:
        """Period over before the reference date, renewal filed in time, undecided.

        Parameters
        ----------
        who, level : numpy.ndarray
            People and their care levels.
        """
        end = month_end(np.full(len(who), self.reference), -1)
        self._running_until("expired_renewal", who, level, end)
        self._add(who, RENEWAL, UNDECIDED, end - self._back("expired_renewal", len(who), 40))

    def expired_change(self, who: Ints, level: Ints) -> None:
        """Period over before the reference date, 区分変更 filed in time, undecided.

        Parameters
        ----------
        who, level : numpy.ndarray
            People and their care levels.
        """
        end = month_end(np.full(len(who), self.reference), -1)
        self._running_until("expired_change", who, level, end)
        self._add(who, CHANGE, UNDECIDED, end - self._back("expired_change", len(who), 20))

    def decided_last(self, who: Ints, level: Ints) -> None:
        """New decision made on the day of the extract, in force back from its application.

        Parameters
        ----------
        who, level : numpy.ndarray
            People and their care levels.
        """
        applied = self.extract - self._lag("decided_last", len(who))
        decided = np.full(len(who), self.extract)
        end = new_period_end(applied, np.full(len(who), 6))
        self._add(who, NEW, level, applied, decided=decided, start=applied, end=end)

    def pending_new(self, who: Ints) -> None:
        """First application filed by the reference date, undecided; a few had a period long over.

        Parameters
        ----------
        who : numpy.ndarray
            People.
        """
        self._add(who, NEW, UNDECIDED, self.reference - self._back("pending_new", len(who), 44))
        self._lapsed("before_pending", who[:: int(self.table["days"]["every_pending_lapsed"])], 4)

    def applied_after(self, who: Ints) -> None:
        """First application filed after the reference date.

        Parameters
        ----------
        who : numpy.ndarray
            People.
        """
        self._add(who, NEW, UNDECIDED, np.full(len(who), self.extract))

    def not_eligible(self, who: Ints) -> None:
        """非該当: decided, but no certification and no period.

        Parameters
        ----------
        who : numpy.ndarray
            People.
        """
        applied = self.reference - 60 * ONE_DAY - self._back("not_eligible", len(who), 300)
        self._add(who, NEW, REFUSED, applied, decided=applied + self._lag("not_eligible", len(who)))

    def lapsed(self, who: Ints) -> None:
        """Period over before the reference date, nothing filed since.

        Parameters
        ----------
        who : numpy.ndarray
            People.
        """
        self._lapsed("lapsed", who, 0)

    def _lapsed(self, name: str, who: Ints, earlier: int) -> None:
        last = month_end(np.full(len(who), self.reference), -1 - earlier - self._back(name, len(who), 14))
        applied = month_end(last, -7) + 2 * ONE_DAY + self._back(f"{name}.day", len(who), 26)
        level = self.streams.below(f"level.{name}", len(who), 3)
        decided = applied + self._lag(name, len(who))
        self._add(who, NEW, level, applied, decided=decided, start=applied, end=last)


def new_period_end(start: Days, months: Ints) -> Days:
    """Last day of a new or changed decision.

    Parameters
    ----------
    start : numpy.ndarray
        First day, the day of application.
    months : numpy.ndarray
        Whole months beside the rest of the first month.

    Returns
    -------
    numpy.ndarray
        datetime64[D].

    Examples
    --------
    >>> starts = np.array(["2009-05-20", "2009-05-01"], dtype="datetime64[D]")
    >>> new_period_end(starts, np.array([6, 6])).tolist()
    [datetime.date(2009, 11, 30), datetime.date(2009, 10, 31)]
    """
    return month_end(start, months - (parts(start)[2] == 1))
