"""What has become of each label, worked out from the events of a job's ledger and from nothing else."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from custody.ledger import Act, Event, Fact
from custody.messages import mark
from labels.reasons import aapor_of

__all__ = [
    "EXCEPTION_CODES",
    "FINAL_STATES",
    "REACHED",
    "SCAN_STATES",
    "STATES",
    "Piece",
    "Pieces",
    "ScanState",
    "State",
    "changed",
    "undone",
]

ScanState = Literal[
    "mailed", "returned", "undeliverable", "refused", "spoiled", "destroyed", "returned_unused"
]
State = Literal[
    "held_back",
    "printed",
    "spoiled",
    "destroyed",
    "returned_unused",
    "voided",
    "mailed",
    "returned",
    "undeliverable",
    "refused",
]
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
RUN_CLOSED: Final = "label.run_closed"

EXCEPTION_CODES: Final = {
    "bad_date": mark("the date is not one"),
    "bad_reason": mark("the reason is not one, or it belongs to another state"),
    "bad_state": mark("the state is not one"),
    "duplicate": mark("this label was scanned already"),
    "future_date": mark("the date is after today; look at the file and at the clock of this computer"),
    "held_back": mark("this label was never printed"),
    "invalid_token": mark("the code is misread or mistyped"),
    "not_mailed": mark("this label was not recorded as mailed"),
    "old_copy": mark("a newer copy of this label was printed; this one is void"),
    "other_state": mark("another state was recorded for this label; undo it first"),
    "run_closed": mark("the print run of this label is closed; only letters that come back are recorded"),
    "second_return": mark("recorded; another questionnaire of this person came back before, both count once"),
    "unknown_copy": mark("this job has printed no such copy of the label"),
    "unknown_token": mark("this job has printed no such label"),
    "voided": mark("staff voided this label; do not mail it, destroy it"),
    "wrong_seal": mark("the seal is not the one of this label: the code may be made up; tell staff"),
}
"""Why a scan is set aside, or in one case worth a look: code and what it means."""

SECOND_RETURN: Final = "second_return"

LEFTOVER: Final = ("destroyed", "returned_unused")
"""What becomes of a label that is not mailed: destroyed here, or given back to staff unused."""

LEFT_HAND: Final = ("mailed", "spoiled", *LEFTOVER)
"""The states that follow upon ``printed``; the final states follow upon ``mailed``."""

REACHED: Final = ("mailed", *FINAL_STATES)
"""The states of a label that left the house."""

Key = tuple[str, int]
"""A label: token and wave."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The newest label of a token in a wave.

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
    reason : str
        Code of why it came back (`labels.reasons`), empty where none was given.
    check : str
        What tells a wrong seal (`labels.seals.seal_check`), empty where the label has none.
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
    reason: str = ""
    check: str = ""

    @property
    def name(self) -> str:
        """Token and copy, with the wave between them after the first: the beginning of ``once`` names."""
        return f"{self.token}.{self.copy}" if self.wave == 1 else f"{self.token}.{self.wave}.{self.copy}"

    @property
    def facts(self) -> dict[str, Fact]:
        """What an event says of which label it is: token and copy, and the wave after the first."""
        wave: dict[str, Fact] = {} if self.wave == 1 else {"wave": self.wave}
        return {"token": self.token, "copy": self.copy, **wave}

    @property
    def code(self) -> str:
        """What the code of the label holds before its seal: ``token.wave.copy``."""
        return f"{self.token}.{self.wave}.{self.copy}"

    @property
    def numbers(self) -> dict[str, int]:
        """Wave, copy and print run."""
        return {"wave": self.wave, "copy": self.copy, "run": self.run}

    @property
    def aapor(self) -> str:
        """Code of AAPOR for its state and reason."""
        return aapor_of(self.state, self.reason)

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
        if self.state == "voided" and state in LEFTOVER:
            return None
        if self.state in ("held_back", "voided"):
            return self.state
        if self.state == "printed":
            return None if state in LEFT_HAND else "not_mailed"
        return None if self.state == "mailed" and state in FINAL_STATES else "other_state"

    def act(self, state: ScanState, date: str, reason: str = "") -> Act:
        """Return the event that records a scan; its name may happen only once.

        Parameters
        ----------
        state : str
            The state scanned.
        date : str
            Day, ``YYYY-MM-DD``.
        reason : str
            Code of why it came back, empty where none was given.

        Returns
        -------
        tuple of str and dict
            Kind and facts.
        """
        step = "final" if state in FINAL_STATES else "left"
        why: dict[str, Fact] = {"reason": reason} if reason else {}
        facts: dict[str, Fact] = {**self.facts, "state": state, "date": date, **why}
        once = f"{self.name}.{step}.{self.undone}"
        return MAILED if state == "mailed" else SCANNED, {**facts, "once": once}


class Pieces:
    """All labels of a job, brought up to date event by event.

    Attributes
    ----------
    every : dict of (str, int) to Piece
        Token and wave → newest copy, in the order of printing.
    newest : dict of str to Piece
        Token → the label of its last wave.
    printed, void, spoiled_before, destroyed_before : Counter of int
        Wave → labels printed (all copies), made void by a newer copy, and spoiled or destroyed before one.
    closed : set of int
        Print runs that were closed.
    kinds : dict of int to str
        Wave → its kind, for waves that have one (``thanks``).
    """

    def __init__(self) -> None:
        self.every: dict[Key, Piece] = {}
        self.newest: dict[str, Piece] = {}
        self.printed: Counter[int] = Counter()
        self.void: Counter[int] = Counter()
        self.spoiled_before: Counter[int] = Counter()
        self.destroyed_before: Counter[int] = Counter()
        self.closed: set[int] = set()
        self.kinds: dict[int, str] = {}
        self.runs = 0
        self.seen = 0
        self.voided: set[str] = set()
        self._placed = 0
        self._steps: dict[str, list[int]] = {}

    @property
    def waves(self) -> list[int]:
        """The waves that have labels, rising."""
        return sorted({wave for _token, wave in self.every})

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
        return (piece for piece in self.every.values() if piece.state == state)

    def of(self, token: str) -> list[Piece]:
        """List the labels of a token.

        Parameters
        ----------
        token : str
            15 symbols.

        Returns
        -------
        list of Piece
            By wave; empty for a token that this job does not know.
        """
        last = self.newest.get(token)
        waves = range(1, last.wave + 1) if last is not None else ()
        return [piece for wave in waves if (piece := self.every.get((token, wave))) is not None]

    def last_step(self, token: str) -> Piece | None:
        """Return the label of a token whose state was recorded last and can be taken back.

        Parameters
        ----------
        token : str
            15 symbols.

        Returns
        -------
        Piece or None
            None where nothing is to be undone.
        """
        steps = self._steps.get(token)
        return self.every[token, steps[-1]] if steps else None

    def _set(self, piece: Piece) -> None:
        self.every[piece.token, piece.wave] = piece
        last = self.newest.get(piece.token)
        if last is None or last.wave <= piece.wave:
            self.newest[piece.token] = piece

    def _apply(self, kind: str, facts: Mapping[str, Fact]) -> None:
        token, wave = str(facts.get("token", "")), int(facts.get("wave", 1))
        if kind == RUN:
            self.runs += 1
            self._placed = 0
            self.kinds |= {wave: str(facts["kind"])} if "kind" in facts else {}
        elif kind == PRINTED:
            self._print(token, facts)
        elif kind == HELD_BACK:
            if (token, wave) not in self.every:
                self._set(Piece(token, 0, int(facts["run"]), wave, "held_back"))
            self._keep_void(token)
        elif kind in (MAILED, SCANNED):
            state, day, reason = (str(facts.get(name, "")) for name in ("state", "date", "reason"))
            self._set(changed(self.every[token, wave], state, day, reason))
            self._steps.setdefault(token, []).append(wave)
        elif kind == UNDONE:
            self._set(undone(self.every[token, wave]))
            self._forget(token, wave)
            self._keep_void(token)
        elif kind == VOIDED:
            self.voided.add(token)
            self._keep_void(token)
        elif kind == RUN_CLOSED:
            self.closed.add(int(facts["run"]))

    def _forget(self, token: str, wave: int) -> None:
        """Take the last step of a wave from those that can be undone."""
        steps = self._steps.get(token, [])
        if wave in steps:
            del steps[len(steps) - 1 - steps[::-1].index(wave)]

    def _keep_void(self, token: str) -> None:
        """A void token's label that has not left the house is void, whatever is recorded of it later."""
        if token not in self.voided:
            return
        for piece in self.of(token):
            if piece.state in ("held_back", "printed"):
                self._set(replace(piece, state="voided", date=""))

    def _print(self, token: str, facts: Mapping[str, Fact]) -> None:
        copy, run, wave = (int(facts[key]) for key in ("copy", "run", "wave"))
        before = self.every.get((token, wave))
        self.printed[wave] += 1
        self._placed += 1
        if before is not None and before.state == "spoiled":
            self.spoiled_before[wave] += 1
        elif before is not None and before.state == "destroyed":
            self.destroyed_before[wave] += 1
        elif before is not None and before.state != "held_back":
            self.void[wave] += 1
        self._steps[token] = [step for step in self._steps.get(token, ()) if step != wave]
        check = str(facts.get("check", ""))
        self._set(Piece(token, copy, run, wave, "printed", place=self._placed, check=check))
        self._keep_void(token)


def changed(piece: Piece, state: str, date: str, reason: str = "") -> Piece:
    """Return a piece in another state.

    Parameters
    ----------
    piece : Piece
        The label.
    state, date, reason : str
        New state, its day, and the code of why it came back.

    Returns
    -------
    Piece
        A new object.
    """
    known: State = next(name for name in get_args(State) if name == state)
    mailed_on = date if state == "mailed" else piece.mailed_on
    return replace(piece, state=known, date=date, mailed_on=mailed_on, reason=reason)


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
