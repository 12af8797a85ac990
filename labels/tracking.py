"""Tracking: which label was printed, mailed, returned or undeliverable, in a ledger that many write to."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from custody.clock import Clock, last_day
from custody.errors import InputError, LabelError
from custody.ledger import Act, Fact, Ledger
from custody.messages import gettext as _
from labels import pieces as names
from labels.batches import ScanBatch, ScanResult
from labels.outcomes import outcome, to_stay
from labels.pieces import SCAN_STATES, STATES, Piece, Pieces
from labels.reasons import find_reason
from labels.reconciliation import Reconciliation, reconcile
from labels.scans import Scan, parse_code, passed_day
from labels.undoing import undo_act

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ScanLedger"]


class ScanLedger:
    """The labels of a job and what has become of them. Use `ScanLedger.open` as a context manager.

    Notes
    -----
    The state of a label follows from the hash-chained events alone. A scan is decided while this process
    holds the ledger's write lock, and the database itself refuses a second event of a copy's same step.

    Examples
    --------
    >>> import tempfile
    >>> from custody.clock import SystemClock
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with ScanLedger.open(Path(folder) / "ledger.sqlite", SystemClock()) as ledger:
    ...         ledger.record_run({"run": 1}, [("0123456789ABC59", 1)], [], run=1, wave=1)
    ...         first, second = ledger.scan(["0123456789ABC59.1.1"]), ledger.scan(["0123456789ABC59"])
    >>> dict(first.accepted), [found.code for found in second.exceptions]
    ({'mailed': 1}, ['duplicate'])
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._pieces = Pieces()
        self._refresh()

    @classmethod
    def open(cls, path: Path | str, clock: Clock) -> Self:
        """Open the ledger of a job.

        Parameters
        ----------
        path : path
            The SQLite file; made where it does not exist.
        clock : Clock
            Where times come from.

        Returns
        -------
        ScanLedger
            Open until the end of the ``with`` block.

        Raises
        ------
        LedgerError
            The file is not a ledger.
        """
        return cls(Ledger.open(path, clock), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ledger.close()

    @property
    def ledger(self) -> Ledger:
        """The ledger itself, open."""
        return self._ledger

    @property
    def runs(self) -> int:
        """How many print runs there were."""
        self._refresh()
        return self._pieces.runs

    def known(self, wave: int | None = None) -> Mapping[str, Piece]:
        """Look labels up.

        Parameters
        ----------
        wave : int, optional
            Only labels of this wave. Default: of each token's last wave.

        Returns
        -------
        mapping of str to Piece
            Token to its newest copy, read only.
        """
        self._refresh()
        if wave is None:
            return MappingProxyType(self._pieces.newest)
        return MappingProxyType({one.token: one for one in self._pieces.every.values() if one.wave == wave})

    def pieces(self) -> list[Piece]:
        """List the newest copy of every label of every wave.

        Returns
        -------
        list of Piece
            In the order of printing.
        """
        self._refresh()
        return list(self._pieces.every.values())

    def outcomes(self) -> dict[str, Piece]:
        """Say what became of each person: the label that tells it (`labels.outcomes.outcome`).

        Returns
        -------
        dict of str to Piece
            Token to one of its labels. A questionnaire that came back counts once, whatever wave it is of.
        """
        self._refresh()
        return {token: outcome(self._pieces.of(token)) or last for token, last in self._pieces.newest.items()}

    def to_stay(self) -> list[Piece]:
        """List the labels in hand that must not be mailed any more (`labels.outcomes.to_stay`)."""
        self._refresh()
        return to_stay(self._pieces)

    def voided(self) -> frozenset[str]:
        """Say for which tokens nothing may be mailed.

        Returns
        -------
        frozenset of str
            All that staff voided.
        """
        self._refresh()
        return frozenset(self._pieces.voided)

    def void(self, tokens: Iterable[str], package: str) -> int:
        """Record that nothing may be mailed for some tokens; those recorded before stay as they are.

        Parameters
        ----------
        tokens : iterable of str
            Tokens of staff's package.
        package : str
            Digest of its content, 64 hex digits.

        Returns
        -------
        int
            How many were not recorded before.
        """
        given = sorted(set(tokens))

        def decide() -> list[Act]:
            self._refresh()
            new = [token for token in given if token not in self._pieces.voided]
            acts: list[Act] = [(names.VOIDED, {"token": token, "once": f"{token}.voided"}) for token in new]
            about: dict[str, Fact] = {"package": package, "tokens": len(given), "new": len(new)}
            return [(names.VOIDS, about), *acts] if acts else []

        return max(len(self._ledger.append_decided(decide)) - 1, 0)

    def record_run(
        self,
        facts: Mapping[str, Fact],
        printed: Iterable[tuple[str, int]],
        held_back: Iterable[tuple[str, str]],
        *,
        run: int,
        wave: int,
        checks: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Record a print run: all of it or nothing.

        Parameters
        ----------
        facts : mapping
            About the run: counts, stock, digest of the PDF.
        printed : iterable of (str, int)
            Token and copy of each label printed.
        held_back : iterable of (str, str)
            Token and code of each label not printed.
        run, wave : int
            Numbers of the run and the mailing.
        checks : mapping of str to str
            Token → what tells a wrong seal of its label, where it has a seal (`labels.seals.seal_check`).

        Raises
        ------
        LedgerError
            ``LED-TWICE`` where another process recorded this run or one of these copies meanwhile.
        LabelError
            ``LAB-VOIDED`` where one of the labels was voided meanwhile.
        """

        def acts() -> Iterator[Act]:
            self._refresh()
            yield names.RUN, {**facts, "once": f"run.{run}"}
            for token, copy in printed:
                if token in self._pieces.voided:
                    raise _voided()
                label = Piece(token, copy, run, wave, "printed")
                check = {"check": checks[token]} if token in checks else {}
                once = f"{label.name}.printed"
                yield names.PRINTED, {"token": token, **label.numbers, **check, "once": once}
            for token, code in held_back:
                yield names.HELD_BACK, {"token": token, "code": code, "run": run, "wave": wave}

        self._ledger.append_flow(acts)

    def scan(self, scans: Iterable[Scan | str], state: str = "mailed", reason: str = "") -> ScanResult:
        """Record scans; those that cannot be right are set aside, and the rest is not kept waiting.

        Parameters
        ----------
        scans : iterable of Scan or str
            Tokens or QR contents, each with state and day where they were given.
        state : str
            One of `labels.pieces.SCAN_STATES`, for scans without one.
        reason : str
            For scans with neither state nor reason: why they came back, code or stamp (`labels.reasons`). It
            says the state too.

        Returns
        -------
        ScanResult
            When this returns, every accepted scan is on the disk.

        Raises
        ------
        InputError
            ``LAB-SCAN-STATE`` where `state` is none, ``LAB-SCAN-REASON`` where `reason` is none.
        LedgerError
            The disk refuses; then none of the batch is recorded.

        Notes
        -----
        ``printed`` → ``mailed``, ``spoiled``, ``destroyed`` or ``returned_unused``; ``mailed`` →
        ``returned``, ``undeliverable`` or ``refused``, label by label: each wave has its own. A code with a
        wave means the label of that wave; a bare token the label mailed last. The questionnaire of a second
        wave is recorded, told, and counts once.
        """
        if state not in SCAN_STATES:
            hint = _("Choose one of: {states}.").format(states=", ".join(SCAN_STATES))
            raise InputError("LAB-SCAN-STATE", _("There is no such state of a label."), hint=hint)
        given = [one if isinstance(one, Scan) else Scan(row, one) for row, one in enumerate(scans, start=1)]
        why = find_reason(reason).code if reason else ""
        days = (self._clock.today().isoformat(), last_day(self._clock).isoformat())
        batch = ScanBatch(self._pieces, state, days[0], why, days[1])

        def decide() -> list[Act]:
            self._refresh()
            return [batch.act(item) for item in given]

        self._ledger.append_decided(decide)
        return ScanResult(batch.accepted, tuple(batch.exceptions))

    def mail(self, day: str | None = None, wave: int | None = None) -> int:
        """Record the printed labels that are still in hand as mailed, but for those `to_stay`.

        Parameters
        ----------
        day : str, optional
            ``YYYY-MM-DD``; default today.
        wave : int, optional
            Only labels of this wave.

        Returns
        -------
        int
            How many.

        Raises
        ------
        InputError
            ``LAB-DAY`` where it is no day, ``LAB-DAY-FUTURE`` where it is after today.
        """
        today = self._clock.today().isoformat()
        chosen = passed_day(day, last_day(self._clock).isoformat()) if day is not None else today

        def decide() -> list[Act]:
            self._refresh()
            stay = {(piece.token, piece.wave) for piece in to_stay(self._pieces)}
            in_hand = [one for one in self._pieces.in_state("printed") if wave in (None, one.wave)]
            return [one.act("mailed", chosen) for one in in_hand if (one.token, one.wave) not in stay]

        return len(self._ledger.append_decided(decide))

    def undo(self, text: str, reason: str) -> Piece:
        """Take a label's last state back, by a new event.

        Parameters
        ----------
        text : str
            QR content, or a token: then the state that was recorded last of all its labels.
        reason : str
            A short code such as ``misread``: letters, digits and hyphens.

        Returns
        -------
        Piece
            The label as it is now.

        Raises
        ------
        LabelError
            Not a token, or as for `labels.undoing.undo_act`.
        LedgerError
            The reason is not a short code.
        """
        code = parse_code(text)

        def decide() -> list[Act]:
            self._refresh()
            return [undo_act(self._pieces, code, reason)]

        (event,) = self._ledger.append_decided(decide)
        self._refresh()
        return self._pieces.every[code.token, int(event.facts.get("wave", 1))]

    def counts(self) -> dict[str, int]:
        """Count labels by their present state.

        Returns
        -------
        dict of str to int
            Every state of `labels.pieces.STATES`.
        """
        self._refresh()
        counts = Counter[str](piece.state for piece in self._pieces.every.values())
        return {state: counts[state] for state in STATES}

    def table(self) -> "pd.DataFrame":
        """List the newest copy of every label.

        Returns
        -------
        DataFrame
            Columns ``token, state, date, copy, run, wave, reason``, in the order of printing.
        """
        import pandas as pd

        self._refresh()
        columns = ["token", "state", "date", "copy", "run", "wave", "reason"]
        rows = [[getattr(piece, name) for name in columns] for piece in self._pieces.every.values()]
        return pd.DataFrame(rows, columns=columns)

    @property
    def exceptions(self) -> "pd.DataFrame":
        """Every scan ever set aside: columns ``at, row, code, token`` (empty where it was no token)."""
        import pandas as pd

        found = self._ledger.events(names.SET_ASIDE)
        rows = [(one.at, *(one.facts[name] for name in ("row", "code", "token"))) for one in found]
        return pd.DataFrame(rows, columns=["at", "row", "code", "token"])

    def reconcile(self, wave: int | None = None) -> Reconciliation:
        """Account for every label.

        Parameters
        ----------
        wave : int, optional
            Only labels of this wave.

        Returns
        -------
        Reconciliation
            Printed against mailed, spoiled, void and in hand; mailed against what came back.
        """
        self._refresh()
        return reconcile(self._pieces, wave)

    def _refresh(self) -> None:
        self._pieces.follow(self._ledger.events(after=self._pieces.seen))


def _voided() -> LabelError:
    return LabelError(
        "LAB-VOIDED",
        _("Staff voided a label while it was being printed; nothing was recorded or written."),
        hint=_("Print again: voided labels are left out."),
    )
