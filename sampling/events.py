"""What the contractor reports (返送状況): the last state of each letter, with its reason and wave."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import get_args

from custody.errors import InputError
from custody.messages import gettext as _
from custody.package_receipts import receive
from custody.packages import open_package
from custody.survey import Survey
from labels.pieces import Piece, State
from labels.scans import parse_day

__all__ = ["Events", "read_events"]


@dataclass(frozen=True, slots=True)
class Events:
    """The contractor's package of events, opened.

    Parameters
    ----------
    pieces : mapping of str to Piece
        Token → the label that tells what became of the person; copy and run are not in the package.
    first_mailing : datetime.date or None
        First day of the first wave's mailing.
    sha256 : str
        Digest of what it says, 64 hex digits.
    rows : tuple of mappings
        As they stand in the package, with the seals that were scanned (`labels.seals.check_seals`).
    """

    pieces: Mapping[str, Piece] = field(repr=False)
    first_mailing: date | None
    sha256: str
    rows: tuple[Mapping[str, str], ...] = field(default=(), repr=False)

    def state(self, token: str) -> str:
        """Return the state of a token's label, empty for one that the contractor does not know."""
        return self.pieces[token].state if token in self.pieces else ""

    def reason(self, token: str) -> str:
        """Return the code of why a letter came back, empty where none is known."""
        return self.pieces[token].reason if token in self.pieces else ""


def read_events(survey: Survey, path: Path) -> Events:
    """Open the contractor's package of events.

    Parameters
    ----------
    survey : Survey
        The survey, with the staff's keys and the contractor's public key.
    path : pathlib.Path
        ``events.sp``; one of an earlier version has no reasons and no waves.

    Returns
    -------
    Events
        One label a token.

    Raises
    ------
    PackageError, KeyFileError
        It may not be opened.
    InputError
        It belongs to another survey, or a row is not what a contractor's program writes.
    """
    package = open_package(
        path,
        kind="events",
        identity=survey.keys.identity("staff"),
        verifier=survey.keys.verifier("contractor"),
        now=survey.clock.now(),
    )
    if package.manifest.survey_id != survey.survey_id:
        raise InputError(
            "SAM-EVENTS-SURVEY",
            _("The events belong to another survey."),
            hint=_("Ask the contractor for the package of this survey."),
            file=path.name,
        )
    with survey.ledger() as ledger:
        receive(ledger, package.manifest, path.name, now=survey.clock.now())
    rows = tuple(csv.DictReader(io.StringIO(package.payload.decode("utf-8"), newline="")))
    pieces = {row["token"]: _piece(row, number, path.name) for number, row in enumerate(rows, start=1)}
    day = parse_day(str(package.manifest.facts.get("first_mailing", "")))
    first = date.fromisoformat(day) if day else None
    return Events(pieces, first, package.manifest.payload_sha256, rows)


def _piece(row: Mapping[str, str], number: int, file: str) -> Piece:
    state: State | None = next((name for name in get_args(State) if name == row["state"]), None)
    wave = row.get("wave") or "1"
    if state is None or not wave.isascii() or not wave.isdigit():
        raise InputError(
            "SAM-EVENTS-ROW",
            _("The events hold a state or wave that this version does not know."),
            hint=_("Ask the contractor to make the package again with the version that staff use."),
            file=file,
            row=number,
        )
    return Piece(row["token"], 1, 0, int(wave), state, row["date"], reason=row.get("reason") or "")
