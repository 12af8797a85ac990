"""One clock for the whole toolkit, in Japan Standard Time."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

__all__ = ["JST", "Clock", "SimulatedClock", "SystemClock", "last_day"]

JST: Final = ZoneInfo("Asia/Tokyo")


class Clock(Protocol):
    """Anything that tells the time in Asia/Tokyo."""

    def now(self) -> datetime:
        """Return the present instant, aware, in Asia/Tokyo."""
        ...

    def today(self) -> date:
        """Return the present date in Asia/Tokyo."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The computer's clock, read in Asia/Tokyo whatever zone the computer is set to."""

    def now(self) -> datetime:
        """Return the present instant, aware, in Asia/Tokyo."""
        return datetime.now(JST)

    def today(self) -> date:
        """Return the present date in Asia/Tokyo."""
        return self.now().date()


@dataclass(frozen=True, slots=True)
class SimulatedClock:
    """A clock that stands still, for training surveys (訓練) and tests.

    Parameters
    ----------
    at : datetime.datetime
        The instant it shows. A value without zone is read as Japan Standard Time.

    Examples
    --------
    >>> SimulatedClock(datetime(2009, 11, 2, 9, 0)).now().isoformat()
    '2009-11-02T09:00:00+09:00'
    """

    at: datetime

    def now(self) -> datetime:
        """Return the fixed instant, aware, in Asia/Tokyo."""
        return self.at.replace(tzinfo=JST) if self.at.tzinfo is None else self.at.astimezone(JST)

    def today(self) -> date:
        """Return the fixed date in Asia/Tokyo."""
        return self.now().date()


def last_day(clock: Clock) -> date:
    """Return the last day for which something may be recorded as done.

    Parameters
    ----------
    clock : Clock
        The clock of a survey or job.

    Returns
    -------
    datetime.date
        Today; any day where the clock is simulated, since it stands still while the training goes on.

    Examples
    --------
    >>> last_day(SimulatedClock(datetime(2009, 11, 2))).year, last_day(SystemClock()) == SystemClock().today()
    (9999, True)
    """
    return date.max if isinstance(clock, SimulatedClock) else clock.today()
