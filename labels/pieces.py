"""What has become of each label, worked out from the events of a job's ledger and from nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from custody.ledger import Act, Event, Fact
from custody.messages import mark

__all__ = [
    "EXCEPTION_CODES",
    "FINAL_STATES",
    "SCAN_STATES",
    "STATES",
    "Piece",
    "Pieces",
    "ScanState",
    "State",
]

ScanState = Literal["mailed", "returned", "undeliverable", "refused", "spoiled"]
State = Literal["held_back", "printed", "spoiled", "voided", "mailed", "returned", "undeliverable", "refused"]
SCAN_STATES: Final[tuple[str, ...]] = get_args(ScanState)
STATES: Final[tuple[str, ...]] = get_args(State)
FINAL_STATES: Final = ("returned", "undeliverable", "refused")
"""returned: the questionnaire came back. undeliverable: あて所に尋ねあたりません etc. refused: 受取拒絶."""

RUN: Final = "label.run"
PRINTED: Final = "label.printed"
HELD_BACK: Final = "label.held_back"
MAILED: Final = "label.mailed"
SCANNED: Final = "label.scanned"
UNDONE: Final = "label.undone"
SET_ASIDE: Final = "label.set_aside"
VOIDS: Final = "label.voids"
VOIDED: Final = "label.voided"

EXCEPTION_CODES: Final = {
    "bad_date": mark("the date is not one"),
    "bad_state": mark("the state is not one"),
    "duplicate": mark("this label was scanned already"),
    "held_back": mark("this label was never printed"),
    "invalid_token": mark("the code is misread or mistyped"),
    "not_mailed": mark("this label was not recorded as mailed"),
    "old_copy": mark("a newer copy of this label was printed; this one is void"),
    "other_state": mark("another state was recorded for this label; undo it first"),
    "unknown_copy": mark("this job has printed no such copy of the label"),
    "unknown_token": mark("this job has printed no such label"),
    "voided": mark("staff voided this label; do not mail it, destroy it"),
}
"""Why a scan is set aside: code and what it means."""

LEFT_HAND: Final = ("mailed", "spoiled")
"""The states that follow upon ``printed``; the final states follow upon ``mailed``."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The newest label of a token.

    Parameters
    ----------
    token : str
        15 symbols.
    copy, run, wave : int
        Number of the copy (0 = never printed), of its print run and of its mailing.
    state : str
        One of `STATES`.
    date : str
        Day of the state, ``YYYY-MM-DD``, empty where it has none.
    mailed_on : str
        Day of the mailing, empty before it.
    undone : int
        How many states of this copy were undone.
    place : int
        Which label of its print run it is, from 1 (0 = never printed).
    """

    token: str
    copy: int
    run: int
    wave: int
    state: State
    date: str = ""
    mailed_on: str = ""
    undone: int = 0
    place: int = 0

    def may_become(self, state: ScanState) -> str | None:
        """Say whether a scan may change the state.

        Parameters
        ----------
        state : str
            The state scanned.

        Returns
        -------
        str or None
            None where it may, else one of `EXCEPTION_CODES`.
        """
        if state == self.state or (state == "mailed" and self.state in FINAL_STATES):
            return "duplicate"
        if self.state in ("held_back", "voided"):
            return self.state
        if self.state == "printed":
            return None if state in LEFT_HAND else "not_mailed"
        return None if self.state == "mailed" and state in FINAL_STATES else "other_state"

    def act(self, state: ScanState, date: str) -> Act:
        """Return the event that records a scan; its name may happen only once.

        Parameters
        ----------
        state : str
            The state scanned.
        date : str
            Day, ``YYYY-MM-DD``.

        Returns
        -------
        tuple of str and dict
            Kind and facts.
        """
        step = "final" if state in FINAL_STATES else "left"
        once = f"{self.token}.{self.copy}.{step}.{self.undone}"
        facts: dict[str, Fact] = {"token": self.token, "copy": self.copy, "state": state, "date": date}
        return MAILED if state == "mailed" else SCANNED, {**facts, "once": once}


class Pieces:
    """All labels of a job, brought up to date event by event."""

    def __init__(self) -> None:
        self.now: dict[str, Piece] = {}
        self.printed = 0
        self.void = 0
        self.spoiled_before = 0
        self.runs = 0
        self.seen = 0
        self.voided: set[str] = set()
        self._placed = 0

    def follow(self, events: Iterable[Event]) -> None:
        """Take in events in their order.

        Parameters
        ----------
        events : iterable of Event
            Events after number ``seen``.
        """
        for event in events:
            self._apply(event.kind, event.facts)
            self.seen = event.seq

    def in_state(self, state: State) -> Iterator[Piece]:
        """Yield the labels in a state.

        Parameters
        ----------
        state : str
            One of `STATES`.

        Yields
        ------
        Piece
            In the order of printing.
        """
        return (piece for piece in self.now.values() if piece.state == state)

    def _apply(self, kind: str, facts: Mapping[str, Fact]) -> None:
        token = str(facts.get("token", ""))
        if kind == RUN:
            self.runs += 1
            self._placed = 0
        elif kind == PRINTED:
            self._print(token, facts)
        elif kind == HELD_BACK:
            self.now.setdefault(token, Piece(token, 0, int(facts["run"]), int(facts["wave"]), "held_back"))
            self._keep_void(token)
        elif kind in (MAILED, SCANNED):
            self.now[token] = changed(self.now[token], str(facts["state"]), str(facts["date"]))
        elif kind == UNDONE:
            self.now[token] = undone(self.now[token])
            self._keep_void(token)
        elif kind == VOIDED:
            self.voided.add(token)
            self._keep_void(token)

    def _keep_void(self, token: str) -> None:
        """A void token's label that has not left the house is void, whatever is recorded of it later."""
        piece = self.now.get(token)
        if token in self.voided and piece is not None and piece.state in ("held_back", "printed"):
            self.now[token] = replace(piece, state="voided", date="")

    def _print(self, token: str, facts: Mapping[str, Fact]) -> None:
        before = self.now.get(token)
        self.printed += 1
        self._placed += 1
        if before is not None and before.state == "spoiled":
            self.spoiled_before += 1
        elif before is not None and before.state != "held_back":
            self.void += 1
        copy, run, wave = (int(facts[key]) for key in ("copy", "run", "wave"))
        self.now[token] = Piece(token, copy, run, wave, "printed", place=self._placed)
        self._keep_void(token)


def changed(piece: Piece, state: str, date: str) -> Piece:
    """Return a piece in another state.

    Parameters
    ----------
    piece : Piece
        The label.
    state, date : str
        New state and its day.

    Returns
    -------
    Piece
        A new object.
    """
    known: State = next(name for name in get_args(State) if name == state)
    mailed_on = date if state == "mailed" else piece.mailed_on
    return replace(piece, state=known, date=date, mailed_on=mailed_on)


def undone(piece: Piece) -> Piece:
    """Return a piece with its last state taken back.

    Parameters
    ----------
    piece : Piece
        The label, in a state that was scanned.

    Returns
    -------
    Piece
        A new object.
    """
    before, day = ("printed", "") if piece.state in LEFT_HAND else ("mailed", piece.mailed_on)
    return replace(changed(piece, before, day), undone=piece.undone + 1)
