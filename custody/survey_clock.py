"""Which clock a survey or job goes by: the computer's, or for training one that stands still (``--at``)."""

from datetime import datetime
from pathlib import Path
from typing import Final

from custody.clock import JST, Clock, SimulatedClock, SystemClock
from custody.errors import ConfigError, LedgerError
from custody.ledger import Ledger
from custody.messages import gettext as _

__all__ = ["open_at"]

TRAINING_AT: Final = datetime(2009, 11, 2, 9, 0, tzinfo=JST)
"""The instant that a training survey shows where no ``--at`` is given before its first event."""


def open_at(at: str | None, *, training: bool, ledger: Path) -> Clock:
    """Choose the clock: the computer's, or for training a simulated one.

    Parameters
    ----------
    at : str, optional
        ISO date and time (Japan Standard Time where it names no zone), only for training.
    training : bool
        Whether the survey is for training.
    ledger : pathlib.Path
        In training without ``at`` the clock shows the time of the ledger's last event.

    Returns
    -------
    Clock
        The clock.

    Raises
    ------
    ConfigError
        ``at`` was given for a real survey, or is not a date and time.

    Examples
    --------
    >>> open_at("2009-11-05T10:00", training=True, ledger=Path("none")).today().isoformat()
    '2009-11-05'
    """
    if not training:
        if at is not None:
            text = _("A simulated time (--at) is only for training surveys.")
            raise ConfigError("CFG-AT", text, hint=_("Leave --at out: the computer's clock counts."))
        return SystemClock()
    if at is not None:
        try:
            return SimulatedClock(datetime.fromisoformat(at))
        except ValueError:
            hint = _("Write it like 2009-11-05T10:00.")
            raise ConfigError("CFG-AT", _("--at is not a date and time."), hint=hint) from None
    return SimulatedClock(_last_event(ledger) or TRAINING_AT)


def _last_event(path: Path) -> datetime | None:
    if not path.is_file():
        return None
    try:
        ledger = Ledger.read(path)
    except LedgerError as refusal:
        if refusal.code == "LED-EMPTY":  # made by a command that was stopped: it is as if there were none
            return None
        raise
    with ledger:
        last = next(ledger.events(after=max(ledger.head().seq - 1, 0)), None)
    return datetime.fromisoformat(last.at) if last else None
