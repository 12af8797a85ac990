"""Deciding a batch of scans: what each would change, and which are set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from custody.errors import InputError, LabelError
from custody.ledger import Act
from custody.messages import gettext as _
from labels.pieces import (
    EXCEPTION_CODES,
    FINAL_STATES,
    SECOND_RETURN,
    SET_ASIDE,
    Key,
    Piece,
    Pieces,
    ScanState,
    changed,
)
from labels.reasons import find_reason
from labels.scans import Scan, ScannedCode, parse_code, parse_day
from labels.seals import fits_check

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ScanBatch", "ScanException", "ScanResult"]

NO_FORM: Final = ("advance", "thanks")
"""Kinds of waves without a questionnaire."""


@dataclass(frozen=True, slots=True)
class ScanException:
    """A scan that was set aside: its row and one of `labels.pieces.EXCEPTION_CODES`."""

    row: int
    code: str


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What became of a batch of scans.

    Parameters
    ----------
    accepted : mapping of str to int
        Scans recorded, by state.
    exceptions : tuple of ScanException
        Scans set aside, by row; also those recorded as the second questionnaire of a person.
    """

    accepted: Mapping[str, int]
    exceptions: tuple[ScanException, ...]

    def tidy(self) -> "pd.DataFrame":
        """List the scans set aside.

        Returns
        -------
        DataFrame
            Columns ``row, code, reason``; by row number only.
        """
        import pandas as pd

        rows = [(found.row, found.code, _(EXCEPTION_CODES[found.code])) for found in self.exceptions]
        return pd.DataFrame(rows, columns=["row", "code", "reason"])


class ScanBatch:
    """Decides scans one after the other, each knowing of those before it.

    Parameters
    ----------
    pieces : Pieces
        The labels as they are stored; never changed here.
    state, today : str
        For scans that give no state or day.
    reason : str
        For scans that give neither state nor reason.
    latest : str
        A scan of a later day is set aside (`custody.clock.last_day`).
    """

    def __init__(
        self, pieces: Pieces, state: str, today: str, reason: str = "", latest: str = "9999-12-31"
    ) -> None:
        self.accepted: dict[str, int] = {}
        self.exceptions: list[ScanException] = []
        self._pieces = pieces
        self._pending: dict[Key, Piece] = {}
        self._state = state
        self._today = today
        self._latest = latest
        self._reason = reason

    def act(self, scan: Scan) -> Act:
        """Decide one scan.

        Parameters
        ----------
        scan : Scan
            The scan.

        Returns
        -------
        tuple of str and dict
            The event of its new state, or of its being set aside.
        """
        try:
            code = parse_code(scan.text)
        except LabelError:
            return self._set_aside(scan, "invalid_token", "")
        wanted = self._wanted(scan)
        if wanted is None:
            return self._set_aside(scan, "bad_reason", code.token)
        labels = [self._pending.get((one.token, one.wave), one) for one in self._pieces.of(code.token)]
        if not labels:
            return self._set_aside(scan, "unknown_token", code.token)
        piece = _chosen(labels, code, wanted[0], self._pieces.kinds)
        if piece is None or (piece.copy and code.copy is not None and code.copy > piece.copy):
            return self._set_aside(scan, "unknown_copy", code.token)
        if piece.copy and code.copy is not None and code.copy < piece.copy:
            return self._set_aside(scan, "old_copy", code.token)
        if not fits_check(code.seal, piece.check, piece.code):
            return self._set_aside(scan, "wrong_seal", code.token)
        before = any(one.state == "returned" for one in labels if one.wave != piece.wave)
        kind, facts = self._change(scan, piece, *wanted, before=before)
        return kind, {**facts, "seal": code.seal} if code.seal and wanted[0] in FINAL_STATES else facts

    def _wanted(self, scan: Scan) -> tuple[str, str] | None:
        """Return the state and reason that a scan means; None where the two do not go together."""
        reason = scan.reason or ("" if scan.state else self._reason)
        if not reason:
            return scan.state or self._state, ""
        try:
            found = find_reason(reason)
        except InputError:
            return None
        return (found.state, found.code) if scan.state in ("", found.state) else None

    def _change(self, scan: Scan, piece: Piece, wanted: str, reason: str, *, before: bool) -> Act:
        day = parse_day(scan.date or self._today)
        state: ScanState | None = next((name for name in get_args(ScanState) if name == wanted), None)
        if state is None:
            return self._set_aside(scan, "bad_state", piece.token)
        if day is None:
            return self._set_aside(scan, "bad_date", piece.token)
        if day > self._latest:
            return self._set_aside(scan, "future_date", piece.token)
        problem = piece.may_become(state)
        if problem is None and piece.run in self._pieces.closed and state not in FINAL_STATES:
            problem = "run_closed"
        if problem is not None:
            return self._set_aside(scan, problem, piece.token, **piece.numbers)
        self._pending[piece.token, piece.wave] = changed(piece, state, day, reason)
        if state == "returned" and before:
            self.exceptions.append(ScanException(scan.row, SECOND_RETURN))
        else:
            self.accepted[state] = self.accepted.get(state, 0) + 1
        return piece.act(state, day, reason)

    def _set_aside(self, scan: Scan, code: str, token: str, **numbers: int) -> Act:
        self.exceptions.append(ScanException(scan.row, code))
        return SET_ASIDE, {"row": scan.row, "code": code, "token": token, **numbers}


def _chosen(labels: list[Piece], code: ScannedCode, state: str, kinds: Mapping[int, str]) -> Piece | None:
    """Return the label that a code means; a bare token means the one that the state can be of.

    What comes back is of the label mailed last, a questionnaire of the last one that was mailed with one.
    """
    if code.wave is not None:
        return next((one for one in labels if one.wave == code.wave), None)
    if state in FINAL_STATES:
        same = [one for one in labels if one.state == state]
        out = [one for one in labels if one.state == "mailed"]
        forms = [one for one in out if state == "returned" and kinds.get(one.wave) not in NO_FORM]
        return (same or forms or out or labels)[-1]
    return labels[-1]
